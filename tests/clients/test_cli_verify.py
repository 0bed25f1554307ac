"""ctshim verify: good, bad and plain files, alone and in a directory."""

import json

import reference
import sealer


def test_verify(shim, keys, keysets, pair, small, tmp_path):
    good = tmp_path / "good.safetensors"
    good.write_bytes(small.encrypted.read_bytes())
    data = small.encrypted.read_bytes()
    bad = {
        "tag": sealer.flip(data, len(data) - 1),
        "signature": sealer.flip_in_text(data, b'"__signature__":"'),
        "format": data[:-1],
    }
    assert shim.ctshim("verify", good, "--keys", keys).check().text.startswith(f"{good}: ok")
    for fault, content in bad.items():
        path = tmp_path / f"{fault}.safetensors"
        path.write_bytes(content)
        result = shim.ctshim("verify", good, path, "--keys", keys).check(1)
        lines = result.text.splitlines()
        assert lines[0].startswith(f"{good}: ok") and any(
            str(path) in line for line in lines + result.messages
        )
        said = json.loads(shim.ctshim("verify", good, path, "--keys", keys, "--json").check(1).text)
        assert [(s["file"], s["status"], s.get("fault")) for s in said] == [
            (str(good), "ok", None),
            (str(path), "failed", fault),
        ]
    said = json.loads(shim.ctshim("verify", good, "--keys", keysets["aes128gcm"], "--json").check(1).text)
    assert said[0]["fault"] == "key"
    result = shim.ctshim("verify", tmp_path, "--keys", keys).check(1)
    assert len((result.text + "".join(result.messages)).splitlines()) >= 4


def test_verify_names_the_chunk(shim, keys, big, tmp_path):
    data = big.encrypted.read_bytes()
    at = reference.data_start(data) + reference.header(data)["large"]["data_offsets"][0] + (5 << 20)
    (tmp_path / "f").write_bytes(sealer.flip(data, at))
    result = shim.ctshim("verify", tmp_path / "f", "--keys", keys).check(1)
    assert "tensor 'large', chunk 3 of 5" in result.text + result.err.decode()


def test_verify_plain(shim, keys, small, tmp_path):
    """A plain file that was meant to be encrypted is no success."""
    shim.ctshim("verify", small.plain, "--keys", keys).check(1)
    (tmp_path / "a.safetensors").write_bytes(small.plain.read_bytes())
    shim.ctshim("verify", tmp_path, "--keys", keys).check(1)
    (tmp_path / "b.safetensors").write_bytes(small.encrypted.read_bytes())
    assert "plain" in shim.ctshim("verify", tmp_path, "--keys", keys).check(0).text
