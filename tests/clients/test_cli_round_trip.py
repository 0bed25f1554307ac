"""ctshim encrypt and decrypt: there and back in every variant."""

import json

import pytest

import reference
import sealer
from cli import VARIANTS, left_in


@pytest.mark.parametrize("version, alg, chunk", VARIANTS)
def test_round_trip(version, alg, chunk, shim, keysets, plain_models, tmp_path):
    """Back byte for byte what stock safetensors wrote, and what lies between is right by an
    implementation that shares no code."""
    model = "damage" if chunk == "1" else "torch"
    plain = plain_models(model)
    size = ["--chunk-size", chunk] if chunk else []
    result = shim.ctshim(
        "encrypt", plain, tmp_path / "e", "--keys", keysets[alg], "--version", version, "--alg", alg, *size
    )
    assert result.check().err == b""
    encrypted, original = (tmp_path / "e").read_bytes(), plain.read_bytes()
    about = json.loads(reference.metadata(encrypted)["__crypto_keys__"])
    assert about["version"] == version and about["enc"]["alg"].replace("-", "").lower() == alg
    assert not {"k", "x", "d"} & (set(about["enc"]) | set(about["sign"]))
    assert reference.data_start(encrypted) % 4096 == 0
    assert sealer.unseal(encrypted, json.loads(keysets[alg].read_text())) == reference.image(
        original, encrypted
    )
    for name, (_, _, data) in reference.tensors(original).items():
        assert len(data) < 16 or reference.tensors(encrypted)[name][2] != data, "in the clear"
    shim.ctshim("decrypt", tmp_path / "e", tmp_path / "d", "--keys", keysets[alg]).check()
    assert (tmp_path / "d").read_bytes() == original
    assert left_in(tmp_path) == ["d", "e"]


@pytest.mark.parametrize("case", ["no metadata", "no tensors", "one empty tensor", "scalar only"])
def test_round_trip_of_odd_files(case, shim, keys, tmp_path):
    import numpy as np
    from safetensors.numpy import save

    plain = {
        "no metadata": lambda: save({"a": np.arange(1000, dtype=np.float32)}),
        "no tensors": lambda: save({}, {"only": "metadata"}),
        "one empty tensor": lambda: save({"a": np.zeros((0, 3), np.float16)}),
        "scalar only": lambda: save({"a": np.asarray(1.5)}),
    }[case]()
    (tmp_path / "p").write_bytes(plain)
    shim.ctshim("encrypt", "p", "e", "--keys", keys, cwd=tmp_path).check()
    shim.ctshim("verify", "e", "--keys", keys, cwd=tmp_path).check()
    shim.ctshim("decrypt", "e", "d", "--keys", keys, cwd=tmp_path).check()
    assert (tmp_path / "d").read_bytes() == plain
    image = reference.image(plain, (tmp_path / "e").read_bytes())
    assert shim.run(["cat", "e"], keys=keys, cwd=tmp_path).out == image
