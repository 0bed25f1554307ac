"""Loads each model in several ways and prints what it computes: logits.py DIRECTORY|hub:NAME..."""

import hashlib
import json
import os
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM

torch.set_num_threads(1)  # sums in one order
TOKENS = torch.arange(7, 39).reshape(2, 16) * 23 % 1000


# Loaded as it is mostly done, read instead of mapped, converted, by one thread, from a dictionary.
WAYS = {
    "default": {}, "read": {"disable_mmap": True}, "half": {"dtype": torch.bfloat16},
    "strict": {"use_safetensors": True, "low_cpu_mem_usage": True, "dtype": "auto"}, "one thread": {},
    "dictionary": {},
}


def files(folder):
    return sorted(os.path.join(folder, n) for n in os.listdir(folder) if n.endswith(".safetensors"))


def load(way, name):
    config = AutoConfig.from_pretrained(name)
    auto = AutoModelForMaskedLM if config.model_type == "bert" else AutoModelForCausalLM
    os.environ["HF_DEACTIVATE_ASYNC_LOAD"] = str(int(way == "one thread"))
    if way == "dictionary" and os.path.isdir(name):
        model = auto.from_config(config)
        model.load_state_dict({k: t for path in files(name) for k, t in load_file(path).items()}, strict=False)
        model.tie_weights()
        return model.eval()
    return auto.from_pretrained(name, **WAYS[way]).eval()


def digest(way, name):
    model = load(way, name)
    with torch.inference_mode():
        logits = model(TOKENS).logits
    weights = hashlib.sha256(logits.float().numpy().tobytes())
    for key, tensor in sorted(model.state_dict().items()):
        weights.update(key.encode() + tensor.contiguous().view(torch.uint8).numpy().tobytes())
    return weights.hexdigest()


for name in sys.argv[1:]:
    says = {}
    for way in WAYS:
        try:
            says[way] = digest(way, name.removeprefix("hub:"))
        except Exception as e:
            says[way] = f"error: {type(e).__name__}: {e}"[:500]
    print(json.dumps({"model": "/".join(os.path.normpath(name).split(os.sep)[-2:]), "says": says}), flush=True)
