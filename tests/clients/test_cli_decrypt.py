"""ctshim decrypt: which keys, and never a damaged file."""

import json

import reference
import sealer
from cli import left_in


def test_decrypt_with_wrong_keys(shim, keysets, small, tmp_path):
    wrong = tmp_path / "wrong.jwk"
    wrong.write_text(json.dumps(sealer.new_keys(enc_kid="model-key", sign_kid="model-signer", seed=5)))
    for keys in (wrong, keysets["aes128gcm"]):
        result = shim.ctshim("decrypt", small.encrypted, tmp_path / "out", "--keys", keys).check(1)
        assert str(small.encrypted) in result.messages[0] and left_in(tmp_path) == ["wrong.jwk"]


def test_keys_from_the_environment(shim, keys, small, tmp_path):
    for env in ({"CRYPTOTENSOR_KEY_JKU": keys}, {"CRYPTOTENSOR_KEYS": keys.read_text()}):
        shim.ctshim("decrypt", small.encrypted, tmp_path / "out", "--force", env=env).check()
        assert (tmp_path / "out").read_bytes() == small.plain.read_bytes()
        shim.ctshim("verify", small.encrypted, env=env).check()
    shim.ctshim("verify", small.encrypted).check(1)


def test_damaged_file_is_not_decrypted(shim, keys, big, tmp_path):
    """Not even in part: the output appears when all of it was authenticated."""
    data = big.encrypted.read_bytes()
    for at in (len(data) - 1, reference.data_start(data), reference.data_start(data) - 1, 30):
        (tmp_path / "in").write_bytes(sealer.flip(data, at))
        shim.ctshim("decrypt", "in", "out", "--keys", keys, cwd=tmp_path).check(1)
        assert left_in(tmp_path) == ["in"]
