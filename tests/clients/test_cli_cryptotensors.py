"""Files from and for the newest version of the other implementation, through the functions that its
users call. (The tests called test_interop_… go far deeper.)"""

import json
import sys
from pathlib import Path

import pytest

import models
import sealer
from cli import VARIANTS

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))

from workers import python_of, versions  # noqa: E402

needs_cryptotensors = pytest.mark.skipif(
    not versions(), reason="the package cryptotensors is not installed (it has no build for this Python)"
)
THEIRS = python_of(versions()[-1]) if versions() else None
WRITE = """
import json, sys, numpy as np
from cryptotensors.numpy import save_file
keys = json.load(open(sys.argv[2]))['keys']
enc = next(k for k in keys if k['kty'].lower() == 'oct')
sign = next(k for k in keys if k['kty'].lower() == 'okp')
rng = np.random.default_rng(3)
t = {'a': rng.standard_normal((300, 401), np.float32), 'z': np.zeros((0, 3), np.float16),
     'e\\u00e9"q': np.asarray(np.float64(3.5)),
     'large': rng.integers(0, 255, 5_000_001, np.uint8)}
save_file(t, sys.argv[1], metadata={'format': 'np', 'c': 'd\\n'}, config={'enc_key': enc, 'sign_key': sign})
"""
READ = """
import sys
from cryptotensors.numpy import load_file
for name, t in sorted(load_file(sys.argv[1]).items()): print(name, t.dtype, t.shape, hash(t.tobytes()))
"""
STOCK = READ.replace("cryptotensors", "safetensors")


@needs_cryptotensors
@pytest.mark.parametrize("alg", ["aes128gcm", "aes256gcm", "chacha20poly1305"])
def test_files_of_the_rust_implementation(alg, shim, keysets, tmp_path):
    """Its files are verified, decrypted, and served to stock clients."""
    keys = keysets[alg]
    shim.python(WRITE, "m.st", keys, cwd=tmp_path, on=False, python=THEIRS).check()
    shim.ctshim("verify", "m.st", "--keys", keys, cwd=tmp_path).check()
    shim.ctshim("decrypt", "m.st", "plain.st", "--keys", keys, cwd=tmp_path).check()
    fixed = {"PYTHONHASHSEED": "1"}
    want = shim.python(STOCK, "plain.st", cwd=tmp_path, on=False, env=fixed).check().out
    for serve in ("eager", "memfd"):
        got = shim.python(STOCK, "m.st", cwd=tmp_path, keys=keys, serve=serve, env=fixed).check().out
        assert got == want and len(want.splitlines()) == 4
    assert shim.python(STOCK, "m.st", cwd=tmp_path, on=False, env=fixed).out != want
    encrypted = (tmp_path / "m.st").read_bytes()
    image = sealer.unseal(encrypted, json.loads(keys.read_text()))
    assert shim.run(["cat", "m.st"], cwd=tmp_path, keys=keys).out == image


@needs_cryptotensors
@pytest.mark.parametrize("version, alg, chunk", [v for v in VARIANTS if v[2] not in ("1", "3G")])
def test_files_for_the_rust_implementation(version, alg, chunk, shim, keysets, plain_models, tmp_path):
    """What we write, it reads. (It refuses two tensors of no bytes at one place now and then: none here.)"""
    import numpy as np
    from safetensors.numpy import save

    rng = np.random.default_rng(models.SEED)
    plain = save(
        {
            "a": rng.standard_normal((300, 401), np.float32),
            "b": rng.integers(0, 255, 3_000_001, np.uint8),
            "c\u00e9": np.asarray(np.float64(2.5)),
        },
        {"format": "np", "x\n": '"'},
    )
    (tmp_path / "p").write_bytes(plain)
    size = ["--chunk-size", chunk] if chunk else []
    shim.ctshim(
        "encrypt", "p", "e", "--keys", keysets[alg], "--alg", alg, "--version", version, *size, cwd=tmp_path
    ).check()
    fixed = {"PYTHONHASHSEED": "1"}
    want = shim.python(STOCK, "p", cwd=tmp_path, on=False, env=fixed).check().out
    got = shim.python(
        READ, "e", cwd=tmp_path, on=False, python=THEIRS,
        env=fixed | {"CRYPTOTENSOR_KEYS": keysets[alg].read_text()},
    )
    assert got.check().out == want
