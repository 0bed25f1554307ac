"""ctshim encrypt, verify, decrypt: directories as model hubs hand them out."""

import json
import os
import shutil

import pytest

import reference
import sealer
from cli import left_in


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def model_directory(tmp_path, plain_models):
    """A directory as model hubs hand them out: shards, configuration, links into a cache."""
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_text('{"a": 1}\n')
    (folder / "empty").write_bytes(b"")
    (folder / "sub" / "notes.txt").write_text("notes")
    shutil.copyfile(plain_models("numpy"), folder / "a.safetensors")
    shutil.copyfile(plain_models("damage"), folder / "sub" / "b.safetensors")
    blob = tmp_path / "blobs" / "0123abcd"
    blob.parent.mkdir()
    shutil.copyfile(plain_models("torch"), blob)
    (folder / "linked.safetensors").symlink_to("../blobs/0123abcd")
    return folder


def test_directory(model_directory, shim, keys, tmp_path):
    out, back = tmp_path / "encrypted", tmp_path / "back"
    shim.ctshim("encrypt", model_directory, out, "--keys", keys).check()
    assert left_in(out) == left_in(model_directory)
    for name, data in tree(model_directory).items():
        written = (out / name).read_bytes()
        if not name.endswith(".safetensors"):
            assert written == data
            continue
        assert sealer.unseal(written, json.loads(keys.read_text())) == reference.image(data, written)
        assert shim.run(["cat", out / name], keys=keys).out == reference.image(data, written)
    result = shim.ctshim("verify", out, "--keys", keys).check()
    assert len(result.text.splitlines()) == 3 and all(": ok" in line for line in result.text.splitlines())
    shim.ctshim("decrypt", out, back, "--keys", keys).check()
    assert tree(back) == tree(model_directory)
    assert left_in(tmp_path / "model") == left_in(model_directory)


def test_directory_is_not_written_over(model_directory, shim, keys, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "config.json").write_text("mine")
    shim.ctshim("encrypt", model_directory, out, "--keys", keys).check(1)
    assert tree(out) == {"config.json": b"mine"}


def test_directory_with_a_bad_file(model_directory, shim, keys, tmp_path):
    (model_directory / "bad.safetensors").write_bytes(b"not a model at all, but some text" * 10)
    result = shim.ctshim("encrypt", model_directory, tmp_path / "out", "--keys", keys).check(1)
    assert "bad.safetensors" in result.messages[0] and not (tmp_path / "out").exists()
    assert sorted(os.listdir(tmp_path)) == ["blobs", "model"]
