"""Inputs that are bad or missing, and outputs that are there already."""

import pytest

import models
import sealer
from cli import left_in


def test_never_clobbers(shim, keys, small, tmp_path):
    out = tmp_path / "out"
    out.write_bytes(b"precious")
    for argv in (
        ("encrypt", small.plain, out, "--keys", keys),
        ("decrypt", small.encrypted, out, "--keys", keys),
    ):
        result = shim.ctshim(*argv).check(1)
        assert str(out) in result.messages[0] and out.read_bytes() == b"precious"
        assert left_in(tmp_path) == ["out"]
        shim.ctshim(*argv, "--force").check()
        assert out.read_bytes() != b"precious"
        out.write_bytes(b"precious")


def test_never_onto_itself(shim, keys, small, tmp_path):
    path = tmp_path / "model"
    path.write_bytes(small.plain.read_bytes())
    for out in (path, tmp_path / "." / "model"):
        assert shim.ctshim("encrypt", path, out, "--keys", keys).status in (1, 2)
    assert path.read_bytes() == small.plain.read_bytes() and left_in(tmp_path) == ["model"]


BAD_INPUTS = {
    "nothing": lambda: b"",
    "text": lambda: b"hello world, this is no model\n" * 20,
    "header cut": lambda: models.make("damage")[:50],
    "data cut": lambda: models.make("damage")[:-1],
    "grown": lambda: models.make("damage") + b"x",
    "not json": lambda: (16).to_bytes(8, "little") + b"{" * 16,
    "reserved": lambda: sealer.assemble({"__metadata__": {"__policy__": "x"}}, b""),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_bad_input(case, shim, keys, tmp_path):
    (tmp_path / "in").write_bytes(BAD_INPUTS[case]())
    for argv in (("encrypt", "in", "out", "--keys", keys), ("decrypt", "in", "out", "--keys", keys)):
        result = shim.ctshim(*argv, cwd=tmp_path).check(1)
        assert len(result.messages) == 1 and "in: " in result.messages[0]
        assert left_in(tmp_path) == ["in"]


def test_missing_files(shim, keys, small, tmp_path):
    for argv in (
        ("encrypt", "none", "out", "--keys", keys),
        ("encrypt", small.plain, "out", "--keys", "none"),
        ("encrypt", small.plain, "none/out", "--keys", keys),
        ("decrypt", "none", "out", "--keys", keys),
        ("inspect", "none"),
        ("verify", "none", "--keys", keys),
        ("verify", small.encrypted, "--keys", "none"),
    ):
        result = shim.ctshim(*argv, cwd=tmp_path).check(1)
        assert b"none" in result.err + result.out, result.describe()
        assert left_in(tmp_path) == []
