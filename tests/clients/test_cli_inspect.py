"""ctshim inspect: what it says of encrypted, plain, hostile and huge files."""

import json

import reference
import sealer


def test_inspect_json(shim, small):
    about = json.loads(shim.ctshim("inspect", "--json", small.encrypted).check().text)
    data = small.encrypted.read_bytes()
    assert about["size"] == len(data) and about["data_offset"] == reference.data_start(data)
    assert about["encrypted"] is True and about["encryption"]["version"] == 2
    assert about["encryption"]["cipher"] == "aes256gcm" and about["encryption"]["chunk_size"] == 4096
    assert about["encryption"]["master_key"]["kid"] == "model-key"
    assert about["encryption"]["signing_key"]["kid"] == "model-signer"
    assert "allow" in about["encryption"]["policy"]["local"]
    assert about["metadata"] == reference.metadata(small.plain.read_bytes())
    head = reference.header(small.plain.read_bytes())
    assert {t["name"]: {k: t[k] for k in ("dtype", "shape", "data_offsets")} for t in about["tensors"]} == {
        n: t for n, t in head.items() if n != "__metadata__"
    }
    assert all(t["encrypted"] for t in about["tensors"])


def test_inspect_plain(shim, small):
    about = json.loads(shim.ctshim("inspect", "--json", small.plain).check().text)
    assert about["encrypted"] is False and len(about["tensors"]) == len(
        reference.tensors(small.plain.read_bytes())
    )
    text = shim.ctshim("inspect", small.plain).check().text
    assert "weight" in text and "F32" in text


def test_inspect_cannot_be_steered(shim, tmp_path):
    head = {
        "__metadata__": {"x\x1b[2J": "y\x1b[31m\u202e"},
        "t\x1b]0;title\x07": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
    }
    (tmp_path / "f").write_bytes(sealer.assemble(head, b"x"))
    result = shim.ctshim("inspect", tmp_path / "f").check()
    assert "\x1b" not in result.text and "\x07" not in result.text and "\u202e" not in result.text
    assert (
        json.loads(shim.ctshim("inspect", "--json", tmp_path / "f").check().text)["metadata"]
        == head["__metadata__"]
    )


def test_exact_numbers(shim, tmp_path):
    """Offsets past 2^32 are exact: a sparse file of 5 GiB."""
    size = (5 << 30) + 1
    head = reference.compact({"a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}})
    path = tmp_path / "huge"
    with open(path, "wb") as f:
        f.write(sealer.assemble({}, b"", text=head))
        f.truncate(f.tell() + size)
    about = json.loads(shim.ctshim("inspect", "--json", path).check().text)
    assert about["tensors"][0]["shape"] == [size] and about["tensors"][0]["data_offsets"] == [0, size]
