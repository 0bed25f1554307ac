"""transformers' from_pretrained: the same logits from a plain model and from its encrypted form."""

import hashlib
import importlib.util
import json
import os
import sys

import pytest

from configs import every_mode
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
    for kind in ("plain", "encrypted"):
        for model in MODELS:
            as_downloaded(place / kind / model, place / "hub" / f"models--{kind}--{model}")
    return place


def as_downloaded(folder, cache):
    """A directory as the Hugging Face libraries keep it: links to files whose names are their digests."""
    snapshot = cache / "snapshots" / "0123456789abcdef"
    for path in (snapshot, cache / "blobs", cache / "refs"):
        path.mkdir(parents=True)
    (cache / "refs" / "main").write_text(snapshot.name)
    for file in folder.iterdir():
        blob = cache / "blobs" / hashlib.sha256(file.read_bytes()).hexdigest()
        os.link(file, blob)
        (snapshot / file.name).symlink_to(os.path.relpath(blob, snapshot))


@pytest.fixture(scope="module")
def logits(folders, shim, keys):
    """(shim's serving mode, or None without it) -> directory -> digest of logits, or the error."""
    seen = {}

    def get(serve):
        if serve not in seen:
            # Importing takes long: one process loads everything, plain and encrypted.
            names = [f"{kind}/{model}" for kind in ("plain", "encrypted") for model in MODELS]
            result = shim.run([sys.executable, PROGRAMS / "logits.py", *(folders / n for n in names),
                               *(f"hub:{n}" for n in names)], on=serve is not None, serve=serve, keys=keys,
                              timeout=180, env={"HF_HOME": folders}).check()
            lines = [json.loads(line) for line in result.text.splitlines() if line.startswith("{")]
            seen[serve] = {line["model"]: line["says"] for line in lines}
        return seen[serve]

    return get


def test_sharded_directories_are_sharded(folders):
    for model in MODELS:
        shards = list((folders / "encrypted" / model).glob("*.safetensors"))
        assert (len(shards) > 2) == model.endswith("-sharded")


@pytest.mark.parametrize("where", ["", "hub:"], ids=["directory", "hub"])
@every_mode
@pytest.mark.parametrize("model", MODELS)
def test_equal_logits(model, serve, where, logits):
    want = logits(None)[f"plain/{model}"]
    assert not [said for said in want.values() if said.startswith("error")], want
    assert logits(serve)[f"{where}encrypted/{model}"] == want
    assert logits(serve)[f"{where}plain/{model}"] == want


@pytest.mark.parametrize("where", ["", "hub:"], ids=["directory", "hub"])
@pytest.mark.parametrize("model", MODELS)
def test_without_the_shim(model, where, logits):
    bare, plain = logits(None)[f"{where}encrypted/{model}"], logits(None)[f"plain/{model}"]
    assert not [way for way in plain if bare[way] == plain[way]]
