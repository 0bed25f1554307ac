"""transformers' from_pretrained: the same logits from a plain model and from its encrypted form."""

import importlib.util
import json
import sys

import pytest

from harness import PROGRAMS

pytestmark = pytest.mark.skipif(importlib.util.find_spec("transformers") is None,
                                reason="transformers is not installed")

MODELS = ("bert", "bert-sharded", "gpt2", "gpt2-sharded")


@pytest.fixture(scope="module")
def folders(tmp_path_factory, shim, keys):
    """Plain model directories, made by save_pretrained, and what the command makes of them."""
    place = tmp_path_factory.mktemp("transformers")
    shim.run([sys.executable, PROGRAMS / "tiny_models.py", place / "plain"], on=False,
             timeout=180).check()
    shim.ctshim("encrypt", place / "plain", place / "encrypted", "--keys", keys).check()
    return place


@pytest.fixture(scope="module")
def logits(folders, shim, keys):
    """(shim's serving mode, or None without it) -> directory -> digest of logits, or the error."""
    seen = {}

    def get(serve):
        if serve not in seen:
            # Importing takes long: one process loads everything, plain and encrypted.
            paths = [folders / kind / model for kind in ("plain", "encrypted") for model in MODELS]
            result = shim.run([sys.executable, PROGRAMS / "logits.py", *paths], on=serve is not None,
                              serve=serve, keys=keys, timeout=180).check()
            lines = [json.loads(line) for line in result.text.splitlines() if line.startswith("{")]
            seen[serve] = {line["model"]: line["says"] for line in lines}
        return seen[serve]

    return get


def test_sharded_directories_are_sharded(folders):
    for model in MODELS:
        shards = list((folders / "encrypted" / model).glob("*.safetensors"))
        assert (len(shards) > 2) == model.endswith("-sharded")


@pytest.mark.parametrize("serve", ["eager", "memfd"])
@pytest.mark.parametrize("model", MODELS)
def test_equal_logits(model, serve, logits):
    want = logits(None)[f"plain/{model}"]
    assert want["logits"]
    assert logits(serve)[f"encrypted/{model}"] == want
    assert logits(serve)[f"plain/{model}"] == want


@pytest.mark.parametrize("model", MODELS)
def test_without_the_shim(model, logits):
    assert logits(None)[f"encrypted/{model}"] != logits(None)[f"plain/{model}"]
