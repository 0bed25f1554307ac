"""CTSHIM_CIPHER: which implementation decrypts AES-GCM. Whichever it is, programs get the same bytes."""

import json
import re

import pytest

from configs import Config

BACKENDS = ("openssl", "ipsec-mb")
# OpenSSL's own variable: the processor has no VAES, for whoever asks OpenSSL.
NO_VAES = {"OPENSSL_ia32cap": ":~0x20000000000"}


def cat(shim, path, keys, status=0, **env):
    return shim.run(["cat", path], keys=keys, env=env, quiet=False).check(status)


def backend_in_use(result):
    """What the library says at CTSHIM_LOG=info: once."""
    said = re.findall(r"AES-GCM runs on (\S+)", result.err.decode())
    assert len(said) == 1, result.describe()
    return said[0]


@pytest.fixture(params=BACKENDS)
def backend(request, shim, small):
    """Each that can be used here."""
    result = shim.run(["cat", small.encrypted], keys=small.keys, env={"CTSHIM_CIPHER": request.param}, quiet=False)
    if result.status != 0 and request.param != "openssl" and b"cannot be used" in result.err:
        pytest.skip(result.messages[0])
    result.check()
    return request.param


def damaged(path, to):
    """Its last byte, which is a tensor's, is another."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    to.write_bytes(content)
    return to


@pytest.mark.parametrize("algorithm", ["aes128gcm", "aes256gcm", "chacha20poly1305"])
@pytest.mark.parametrize("version", [1, 2])
def test_same_bytes(backend, algorithm, version, shim, pair, tmp_path):
    model = pair(Config("numpy", version=version, alg=algorithm, **({"chunk": "4096"} if version == 2 else {})))
    result = cat(shim, model.encrypted, model.keys, CTSHIM_CIPHER=backend, CTSHIM_LOG="info")
    assert result.out == model.image != model.encrypted.read_bytes()
    assert backend_in_use(result) == backend
    wrong = damaged(model.encrypted, tmp_path / "damaged.safetensors")
    assert "authentication failed" in cat(shim, wrong, model.keys, 1, CTSHIM_CIPHER=backend).messages[-1]


@pytest.mark.parametrize("sealed_by", BACKENDS)
def test_the_command(sealed_by, backend, shim, small, tmp_path):
    """What one has encrypted, each decrypts and verifies."""
    sealed, opened = tmp_path / "sealed.safetensors", tmp_path / "opened.safetensors"
    env = {"CTSHIM_CIPHER": sealed_by}
    result = shim.ctshim("encrypt", small.plain, sealed, "--keys", small.keys, "--chunk-size", "1000", env=env)
    if result.status != 0 and "cannot be used" in result.messages[0]:
        pytest.skip(result.messages[0])
    result.check()
    env = {"CTSHIM_CIPHER": backend}
    shim.ctshim("verify", sealed, "--keys", small.keys, env=env).check()
    shim.ctshim("decrypt", sealed, opened, "--keys", small.keys, env=env).check()
    assert opened.read_bytes() == small.plain.read_bytes()
    wrong = damaged(sealed, tmp_path / "damaged.safetensors")
    assert b"authentication failed" in shim.ctshim("verify", wrong, "--keys", small.keys, env=env).check(1).out


@pytest.mark.parametrize("value", ["fast", "OpenSSL", "ipsec_mb", "openssl "])
def test_values_not_understood(value, shim, small):
    result = cat(shim, small.encrypted, small.keys, 1, CTSHIM_CIPHER=value)
    assert result.out == b"" and len(result.messages) == 1 and b"Invalid argument" in result.err
    for message in (result.messages[0], shim.ctshim("verify", small.encrypted, "--keys", small.keys,
                                                    env={"CTSHIM_CIPHER": value}).check(1).messages[0]):
        assert f"CTSHIM_CIPHER is '{value}'" in message and "auto, openssl or ipsec-mb" in message
    assert shim.run(["cat", small.plain], env={"CTSHIM_CIPHER": value}).out == small.plain.read_bytes()


def test_a_processor_without(shim, small):
    """By itself the library takes what there is; what is asked for and is not there is an error."""
    result = cat(shim, small.encrypted, small.keys, CTSHIM_LOG="info", **NO_VAES)
    assert result.out == small.image and backend_in_use(result) == "openssl"
    for value in ("auto", "openssl", ""):
        assert cat(shim, small.encrypted, small.keys, CTSHIM_CIPHER=value, **NO_VAES).out == small.image
    result = cat(shim, small.encrypted, small.keys, 1, CTSHIM_CIPHER="ipsec-mb", **NO_VAES)
    assert result.out == b"" and len(result.messages) == 1
    refused = shim.ctshim("doctor", "--json", "--model", small.encrypted, "--keys", small.keys,
                          env={"CTSHIM_CIPHER": "ipsec-mb"} | NO_VAES).check(1)
    step = json.loads(refused.out)["model"]["steps"][-1]
    assert (step["step"], step["status"]) == ("settings", "failed")
    for message in (result.messages[0], step["message"]):
        assert "CTSHIM_CIPHER is 'ipsec-mb', which cannot be used" in message and "use auto or openssl" in message


def test_the_doctor_names_it(backend, shim, small):
    told = shim.ctshim("doctor", "--json", "--model", small.encrypted, "--keys", small.keys,
                       env={"CTSHIM_CIPHER": backend}).check()
    settings = next(s for s in json.loads(told.out)["model"]["steps"] if s["step"] == "settings")
    assert settings["status"] == "ok" and f"AES-GCM by {backend}" in settings["message"]
