"""ctshim doctor --model: keys, settings, and one model from its header to its last byte."""

import json
import shutil

import pytest

import sealer
from configs import Config
from doctor import build, diagnose, examine
from harness import COMMAND
from reference import data_start

STEPS = ["keys", "settings", "model", "key ids", "signature", "policy", "data keys", "tags", "served"]


def check(shim, model, *args, status, keys=None, env=None):
    """The steps that were taken: (name, status) pairs; and the last one's message."""
    options = ["--keys", keys] if keys is not None else []
    steps = diagnose(shim, "--model", model, *options, *args, status=status, env=env)["model"]["steps"]
    return [(s["step"], s["status"]) for s in steps], steps[-1]["message"]


def fails_at(shim, model, step, words, keys=None, env=None):
    """All steps before are well, and this one says `words`."""
    steps, message = check(shim, model, status=1, keys=keys, env=env)
    assert steps[-1] == (step, "failed") and words in message, (steps, message)
    assert [n for n, s in steps[:-1] if s != "warning"] == STEPS[: STEPS.index(step)]
    assert all(s != "failed" for _, s in steps[:-1])


@pytest.mark.parametrize("serve", [None, "eager", "memfd"])
@pytest.mark.parametrize("config", [Config("numpy", chunk="4096"), Config("big"), Config("numpy", 1),
                                    Config("numpy", 2, "chacha20poly1305", "1000", exclude=("weight",))], ids=str)
def test_all_is_well(config, serve, shim, pair):
    files = pair(config)
    steps, _ = check(shim, files.encrypted, status=0, keys=files.keys, env={"CTSHIM_SERVE": serve})
    assert steps == [(name, "ok") for name in STEPS]


def test_with_a_command(shim, small):
    answer = diagnose(shim, "--model", small.encrypted, "--keys", small.keys, "--", "cat", "x", status=0)
    assert answer["model"]["readable"] and answer["targets"][0]["served"]
    answer = diagnose(shim, "--model", small.encrypted, "--keys", small.keys, "--", "env", "-i", "cat", status=1)
    assert answer["model"]["readable"] and not answer["targets"][0]["served"]


def test_keys_from_the_environment(shim, small):
    for env in ({"CRYPTOTENSOR_KEY_JKU": f"file://{small.keys}"}, {"CRYPTOTENSOR_KEYS": small.keys.read_text()}):
        steps, _ = check(shim, small.encrypted, status=0, env=env)
        assert steps == [(name, "ok") for name in STEPS]
    fails_at(shim, small.encrypted, "keys", "no keys")
    fails_at(shim, small.encrypted, "keys", "CRYPTOTENSOR_KEYS", env={"CRYPTOTENSOR_KEYS": "{"})
    fails_at(shim, small.encrypted, "keys", "/none.jwk", env={"CRYPTOTENSOR_KEY_JKU": "/none.jwk"})
    fails_at(shim, small.encrypted, "keys", "CRYPTOTENSOR_KEY_JKU", env={"CRYPTOTENSOR_KEY_JKU": "https://x/k"})
    fails_at(shim, small.encrypted, "keys", "none.jwk", keys="none.jwk")


def test_a_key_file_that_others_can_read(shim, small, tmp_path):
    keys = tmp_path / "k.jwk"
    keys.write_text(small.keys.read_text())
    keys.chmod(0o644)
    steps, _ = check(shim, small.encrypted, status=0, keys=keys)
    assert ("key file", "warning") in steps
    keys.chmod(0o600)
    assert ("key file", "warning") not in check(shim, small.encrypted, status=0, keys=keys)[0]


def test_wrong_keys(shim, small, tmp_path):
    """Missing ones, others under the same names, and one half of the set."""
    def key_file(name, keys):
        (tmp_path / name).write_text(json.dumps(keys))
        (tmp_path / name).chmod(0o600)
        return tmp_path / name

    right = json.loads(small.keys.read_text())["keys"]
    other = sealer.new_keys(enc_kid="model-key", sign_kid="model-signer", seed=7)["keys"]
    master = [k for k in right if k["kty"] == "oct"]
    signing = [k for k in right if k["kty"] != "oct"]
    fails_at(shim, small.encrypted, "key ids", "model-signer", keys=key_file("master", {"keys": master}))
    fails_at(shim, small.encrypted, "key ids", "model-key", keys=key_file("signing", {"keys": signing}))
    fails_at(shim, small.encrypted, "signature", "bad signature", keys=key_file("other", {"keys": other}))
    mixed = key_file("mixed", {"keys": other[:1] + signing})
    fails_at(shim, small.encrypted, "data keys", "wrong master key", keys=mixed)


def test_damage(shim, small, tmp_path):
    model, good = tmp_path / "model.safetensors", small.encrypted.read_bytes()
    model.write_bytes(sealer.flip(good, data_start(good) + 5000))
    fails_at(shim, model, "tags", "tensor", keys=small.keys)
    model.write_bytes(sealer.flip_in_text(good, b"wrapped_key"))
    fails_at(shim, model, "signature", "bad signature", keys=small.keys)
    for length in (0, 7, 100, data_start(good) - 1, len(good) - 1):
        model.write_bytes(good[:length])
        assert check(shim, model, status=1, keys=small.keys)[0][-1] == ("model", "failed")
    fails_at(shim, tmp_path / "none", "model", "cannot open", keys=small.keys)
    fails_at(shim, tmp_path, "model", "directory", keys=small.keys)


def test_policy(shim, small, tmp_path):
    keys = json.loads(small.keys.read_text())
    for policy, step in (("package model\nallow = false", "policy"), (sealer.DEFAULT_POLICY, None)):
        (tmp_path / "m").write_bytes(sealer.seal(small.plain.read_bytes(), keys, policy=policy))
        if step:
            fails_at(shim, tmp_path / "m", step, "policy", keys=small.keys)
        else:
            check(shim, tmp_path / "m", status=0, keys=small.keys)


def test_a_plain_model(shim, small):
    fails_at(shim, small.plain, "model", "not encrypted", keys=small.keys)


@pytest.mark.parametrize("name, value, words", [
    ("CTSHIM_SERVE", "lazyy", "CTSHIM_SERVE"), ("CTSHIM_THREADS", "0", "CTSHIM_THREADS"),
    ("CTSHIM_LOG", "loud", "CTSHIM_LOG"), ("CTSHIM_DISABLE", "yes", "CTSHIM_DISABLE"),
    ("CTSHIM_DISABLE", "1", "unset"), ("CTSHIM_MATCH", "*.gguf", "CTSHIM_MATCH"),
    ("CTSHIM_REQUIRE", "x", "CTSHIM_REQUIRE"), ("CTSHIM_CIPHER", "rot13", "CTSHIM_CIPHER"),
])
def test_settings(name, value, words, shim, small):
    """As the library itself would refuse them, or pass the model by."""
    fails_at(shim, small.encrypted, "settings", words, keys=small.keys, env={name: value})


def test_settings_that_are_well(shim, small, tmp_path):
    for env in ({"CTSHIM_DISABLE": "0"}, {"CTSHIM_MATCH": "/none:*.safetensors"}, {"CTSHIM_REQUIRE": "encrypted"},
                {"CTSHIM_LOG": "debug", "CTSHIM_LOG_FILE": tmp_path / "log"}, {"CTSHIM_THREADS": "3"}):
        assert check(shim, small.encrypted, status=0, keys=small.keys, env=env)[0] == [(n, "ok") for n in STEPS]
    steps, _ = check(shim, small.encrypted, status=0, keys=small.keys, env={"CTSHIM_SERV": "memfd"})
    assert ("settings", "warning") in steps


def test_a_library_that_does_not_serve(shim, small, tmp_path):
    """The last step is a real one: a library that loads and does nothing is found out."""
    shutil.copy(COMMAND, tmp_path / "ctshim")
    steps = []
    for code in ("int nothing;\n", None):
        if code is not None:
            assert build(tmp_path, "libctshim.so", code, "-shared", "-fPIC")
        else:
            (tmp_path / "libctshim.so").unlink()
        result = shim.run([tmp_path / "ctshim", "doctor", "--json", "--model", small.encrypted, "--keys", small.keys],
                          on=False).check(1)
        steps.append(json.loads(result.out)["model"]["steps"][-1])
    assert [(s["step"], s["status"]) for s in steps] == [("served", "failed")] * 2
    assert "other bytes" in steps[0]["message"] and "libctshim.so" in steps[1]["message"]


def test_a_library_that_serves_reads_alone(shim, small, tmp_path):
    """One that gives open() the right file, and mmap() zeros."""
    shutil.copy(COMMAND, tmp_path / "ctshim")
    code = f"""
        #include <fcntl.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        int open(const char *path, int flags, ...)
        {{
            return (int)syscall(SYS_openat, AT_FDCWD, strstr(path, "model.safetensors") ? "{small.expected}" : path,
                                flags, 0600);
        }}
        void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
        {{
            int zeros = ZEROS && fd >= 0;
            if (zeros)
                return (void *)syscall(SYS_mmap, at, len, prot, flags | MAP_ANONYMOUS, -1, 0);
            return (void *)syscall(SYS_mmap, at, len, prot, flags, fd, offset);
        }}
        """
    for zeros, status in (("0", 0), ("1", 1)):
        assert build(tmp_path, "libctshim.so", code.replace("ZEROS", zeros), "-shared", "-fPIC")
        result = shim.run([tmp_path / "ctshim", "doctor", "--model", small.encrypted, "--keys", small.keys], on=False)
        assert ("mapping" in result.check(status).text) == (status == 1), result.describe()


def test_no_key_is_shown(shim, small, tmp_path):
    """Neither in what is well nor in what is not."""
    keys = json.loads(small.keys.read_text())
    secrets = [k[field] for k in keys["keys"] for field in ("k", "d") if field in k]
    assert len(secrets) == 2
    text = small.keys.read_text()
    for inline in (text, text[:-5], text.replace('"kty"', '"xty"'), text.replace("oct", "OCT!"), secrets[0]):
        for options in ((), ("--json",), ("--all",)):
            result = shim.ctshim("doctor", *options, "--model", small.encrypted, "cat",
                                 env={"CRYPTOTENSOR_KEYS": inline})
            assert result.status in (0, 1)
            assert not any(s.encode() in result.out + result.err for s in secrets), result.describe()


def test_under_the_library_itself(shim, small):
    """LD_PRELOAD may be set already, as in a service's environment."""
    result = shim.run([COMMAND, "doctor", "--model", small.encrypted, "cat"], keys=small.keys, on=True)
    assert "can be read by programs" in result.check().text
    assert examine(shim, "cat", status=0)["served"]
