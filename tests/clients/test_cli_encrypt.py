"""ctshim encrypt: fresh secrets, chosen tensors, policies, modes of files."""

import json
import stat

import reference
from cli import left_in
from harness import COMMAND


def test_encrypting_twice_gives_other_bytes(shim, keys, plain_models, tmp_path):
    """No data key and no nonce is used twice."""
    seen = set()
    for n in range(3):
        shim.ctshim("encrypt", plain_models("numpy"), tmp_path / str(n), "--keys", keys).check()
        entries = json.loads(reference.metadata((tmp_path / str(n)).read_bytes())["__encryption__"])
        for entry in entries.values():
            new = {entry["wrapped_key"], entry["key_iv"], entry["base_iv"]}
            assert len(new) == 3 and not new & seen
            seen |= new


def test_chunks(shim, keys, plain_models, tmp_path):
    """512 KiB, another size where it is wanted, none in version 1."""
    for number, (options, size) in enumerate({(): 512 << 10, ("--chunk-size", "3K"): 3072, ("--version", "1"): None}.items()):
        out = tmp_path / str(number)
        shim.ctshim("encrypt", plain_models("numpy"), out, "--keys", keys, *options).check()
        assert json.loads(reference.metadata(out.read_bytes())["__crypto_keys__"]).get("chunk_size") == size


def test_selected_tensors(shim, keys, plain_models, tmp_path):
    plain = plain_models("numpy")
    sets = {
        ("--tensors", "layer.*"): lambda n: n.startswith("layer."),
        ("--tensors", "weight", "--tensors", "mask"): lambda n: n in ("weight", "mask"),
        ("--exclude", "layer.1.*"): lambda n: not n.startswith("layer.1."),
        ("--tensors", "layer.*", "--exclude", "*.int"): lambda n: n.startswith("layer.")
        and n != "layer.1.int",
        ("--exclude", "*"): lambda n: False,
    }
    for number, (options, chosen) in enumerate(sets.items()):
        out = tmp_path / str(number)
        result = shim.ctshim("encrypt", plain, out, "--keys", keys, *options)
        if options == ("--exclude", "*"):
            # Nothing to encrypt: either said so, or a signed file without secrets.
            if result.status != 0:
                assert result.status in (1, 2) and not out.exists()
                continue
        result.check()
        sealed = json.loads(reference.metadata(out.read_bytes())["__encryption__"])
        assert set(sealed) == {n for n in reference.tensors(plain.read_bytes()) if chosen(n)}
        for name, (_, _, data) in reference.tensors(plain.read_bytes()).items():
            if not chosen(name):
                assert reference.tensors(out.read_bytes())[name][2] == data
        assert shim.run(["cat", out], keys=keys).out == reference.image(
            plain.read_bytes(), out.read_bytes()
        )
        shim.ctshim("decrypt", out, tmp_path / "d", "--keys", keys, "--force").check()
        assert (tmp_path / "d").read_bytes() == plain.read_bytes()


def test_policy(shim, keys, plain_models, tmp_path):
    policy = tmp_path / "p.rego"
    policy.write_text("package model\n\nallow { input.day == \"sunday\" }\n")
    shim.ctshim(
        "encrypt", plain_models("numpy"), tmp_path / "e", "--keys", keys, "--policy", policy
    ).check()
    carried = json.loads(reference.metadata((tmp_path / "e").read_bytes())["__policy__"])
    assert carried["local"] == policy.read_text()
    result = shim.ctshim("verify", tmp_path / "e", "--keys", keys).check(1)
    assert "policy" in result.text + result.err.decode()
    assert policy.read_text().split()[-3] in shim.ctshim("inspect", tmp_path / "e").check().text
    shim.run(["cat", tmp_path / "e"], keys=keys, quiet=False).check(1)


def test_encrypted_already(shim, keys, small, tmp_path):
    result = shim.ctshim("encrypt", small.encrypted, tmp_path / "out", "--keys", keys).check(1)
    assert "encrypted already" in result.messages[0] and left_in(tmp_path) == []


def test_modes_of_files(shim, keys, small, tmp_path):
    """A model is as readable as any other new file; it is no secret any more, or it is plain again."""
    shim.run(
        ["sh", "-c", 'umask 022; "$0" encrypt "$1" out --keys "$2"', COMMAND, small.plain, keys],
        on=False,
        cwd=tmp_path,
    ).check()
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) & 0o600 == 0o600
