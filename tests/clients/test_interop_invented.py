"""Invented models, written by either implementation and read by the other. `make interop` runs many
more of them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))

import differential  # noqa: E402
from fixed import case, specs, tools  # noqa: E402, F401
from inventor import invent  # noqa: E402
from models import SEED  # noqa: E402

COUNT = 40


@pytest.mark.parametrize("number", range(COUNT))
@pytest.mark.parametrize("kind", differential.KINDS)
def test_invented(kind, number, tools):
    wrong = differential.run_case(kind, SEED, number, tools)
    if wrong:
        pytest.fail(f"make interop SEED={SEED} CASE={kind}:{number}\n{wrong}", pytrace=False)


@pytest.mark.parametrize("kind", ["read", "write"])
def test_a_case_is_the_same_again(kind):
    once, again = (invent(kind, SEED, 3, ["0.1.0", "0.2.3"]) for _ in range(2))
    assert once == again and once.pool() == again.pool()
    assert once != invent(kind, SEED + 1, 3, ["0.1.0", "0.2.3"])


def changed(function, where):
    """`function`, with one byte of its result changed."""
    def wrapper(*args):
        data = bytearray(function(*args))
        data[where] ^= 1
        return bytes(data)
    return wrapper


def other_metadata(function):
    def wrapper(*args):
        tensors, metadata = function(*args)
        return tensors, metadata | {"format": "np"}
    return wrapper


def other_tensor(function):
    def wrapper(*args):
        tensors, metadata = function(*args)
        return tensors | {"t1": ("U8", (9,), "0" * 64)}, metadata
    return wrapper


@pytest.mark.parametrize("kind, module, name, change, says", [
    ("read", "plain", "stock_file", lambda f: changed(f, -1), "not the plaintext image"),
    ("read", "plain", "content", other_tensor, "stock safetensors under the shim: tensor 't1'"),
    ("read", "plain", "content", other_metadata, "stock safetensors under the shim: metadata"),
    ("read", None, "image", lambda f: changed(f, 70), "not the plaintext image"),
    ("read", None, "same_bytes", lambda f: lambda path, want, who: f(path, want + b" ", who), "ctshim decrypt"),
    ("write", "plain", "content", other_tensor, "their "),
    ("write", "plain", "content", other_metadata, "their "),
    ("write", None, "same_bytes", lambda f: lambda path, want, who: f(path, want + b" ", who), "ctshim decrypt"),
    ("rewrap", "plain", "content", other_tensor, "stock safetensors under the shim: tensor 't1'"),
    ("rewrap", None, "body_of", lambda f: lambda data: f(data) + data[8:6000], "its data was touched"),
    ("write", None, "sealed_names", lambda f: lambda path: f(path) - {"t1"}, "other tensors are encrypted"),
])
def test_what_is_wrong_is_found(kind, module, name, change, says, tools, monkeypatch):
    """Every comparison can fail: with one expectation changed, it does."""
    one = case("write" if kind == "rewrap" else kind, specs(("F32", [40]), ("U8", [9])))
    tools.clear()
    differential.KINDS[kind](one, tools)
    tools.clear()
    place = getattr(differential, module) if module else differential
    monkeypatch.setattr(place, name, change(getattr(place, name)))
    with pytest.raises(differential.Disagreement, match=says):
        differential.KINDS[kind](one, tools)


@pytest.mark.parametrize("kind", ["read", "write"])
def test_plaintext_is_no_ciphertext(kind, tools, monkeypatch):
    """A file that was not encrypted at all does not pass for one."""
    one = case(kind, specs(("F32", [40])))
    tools.clear()
    monkeypatch.setattr(tools, "bare", tools.served)
    tools.served.stop()
    tools.served.env["CTSHIM_LOG"] = "off"
    tools.served.env["CRYPTOTENSOR_KEY_JKU"] = f"file://{tools.folder}/keys.jwk"
    try:
        with pytest.raises(differential.Disagreement, match="same without the shim|not encrypted"):
            differential.KINDS[kind](one, tools)
    finally:
        tools.served.stop()
        del tools.served.env["CRYPTOTENSOR_KEY_JKU"], tools.served.env["CTSHIM_LOG"]
