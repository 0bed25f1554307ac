"""ctshim keygen: key files, algorithms, the public half."""

import json
import stat

import pytest

import sealer
from cli import left_in
from harness import COMMAND


def test_keygen(shim, tmp_path):
    path = tmp_path / "k.jwk"
    for umask in (0, 0o022, 0o777):
        shim.run(
            ["sh", "-c", f"umask {umask:o}; exec \"$0\" keygen -o \"$1\" --force", COMMAND, path], on=False
        ).check()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    keys = json.loads(path.read_text())["keys"]
    assert sorted(k["kty"].lower() for k in keys) == ["oct", "okp"]
    assert all(k["kid"] for k in keys)
    assert len(sealer.master_of({"keys": keys})) == 32
    seed = sealer.signer_of({"keys": keys})
    public = next(k["x"] for k in keys if k["kty"].lower() == "okp")
    assert seed.public_key().public_bytes_raw() == sealer.any_base64(public), "x belongs to d"


@pytest.mark.parametrize(
    "alg, length",
    [
        ("aes128gcm", 16),
        ("aes256gcm", 32),
        ("chacha20poly1305", 32),
        ("A128GCM", 16),
        ("AES-256-GCM", 32),
        ("C20P", 32),
    ],
)
def test_keygen_algorithms(alg, length, shim, tmp_path):
    shim.ctshim(
        "keygen", "-o", "k", "--alg", alg, "--enc-kid", "my enc", "--sign-kid", "my sign", cwd=tmp_path
    ).check()
    keys = json.loads((tmp_path / "k").read_text())
    assert len(sealer.master_of(keys)) == length
    assert {k["kid"] for k in keys["keys"]} == {"my enc", "my sign"}


def test_keygen_makes_new_keys_each_time(shim, tmp_path):
    made = set()
    for n in range(5):
        shim.ctshim("keygen", "-o", tmp_path / str(n)).check()
        made.add(sealer.master_of(json.loads((tmp_path / str(n)).read_text())))
    assert len(made) == 5


def test_keygen_never_overwrites(shim, tmp_path):
    path = tmp_path / "k.jwk"
    shim.ctshim("keygen", "-o", path).check()
    before = path.read_bytes()
    result = shim.ctshim("keygen", "-o", path).check(1)
    assert str(path) in result.messages[0] and path.read_bytes() == before
    shim.ctshim("keygen", "-o", path, "--force").check()
    assert path.read_bytes() != before
    dangling = tmp_path / "link"
    dangling.symlink_to(tmp_path / "elsewhere")
    shim.ctshim("keygen", "-o", dangling).check(1)
    assert left_in(tmp_path) == ["k.jwk", "link"]
    assert shim.ctshim("keygen", "-o", tmp_path / "no" / "such").status == 1


def test_keygen_public(shim, tmp_path, small, keys):
    path = tmp_path / "public.jwk"
    shim.ctshim("keygen", "--public", "--keys", keys, "-o", path).check()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not [k for k in json.loads(path.read_text())["keys"] if "d" in k]
    shim.ctshim("verify", small.encrypted, "--keys", path).check()
    assert shim.run(["cat", small.encrypted], keys=path).check().out == small.image
    result = shim.ctshim("encrypt", small.plain, tmp_path / "x", "--keys", path).check(1)
    assert "sign" in result.messages[0] and left_in(tmp_path) == ["public.jwk"]
