"""The environment variables."""

import json
import os
import shutil
import sys

import pytest

import sealer

READ = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"


@pytest.fixture
def model(small):
    """The path of an encrypted model, and what it must give."""
    return small.encrypted, small.image


def read(shim, model, status=0, **env):
    return shim.run(["cat", model[0]], env=env, quiet=False).check(status)


def served(shim, model, **env):
    """The model is served, and nothing is said."""
    result = read(shim, model, **env)
    assert result.out == model[1] and result.err == b"", result.describe()
    bare = shim.run(["cat", model[0]], env=env, on=False)
    assert bare.out == model[0].read_bytes() != model[1]


def test_keys_inline(shim, model, keys):
    served(shim, model, CRYPTOTENSOR_KEYS=keys.read_text())


def test_keys_inline_compact(shim, model, keys):
    served(shim, model, CRYPTOTENSOR_KEYS=json.dumps(json.loads(keys.read_text()), separators=(",", ":")))


@pytest.mark.parametrize("form", [
    "file://{path}", "{path}", "file://{relative}", "{relative}", "file://~/{name}", "~/{name}",
    "file://./{name}", "./{name}"])
def test_key_file(form, shim, model, keys, home):
    copy = home / "my keys.jwk"
    copy.write_text(keys.read_text())
    copy.chmod(0o600)
    value = form.format(path=copy, relative=os.path.relpath(copy, home), name=copy.name)
    served(shim, model, CRYPTOTENSOR_KEY_JKU=value)
    copy.unlink()


def test_key_file_is_relative_to_the_program(shim, model, keys, tmp_path):
    (tmp_path / "here.jwk").write_text(keys.read_text())
    env = {"CRYPTOTENSOR_KEY_JKU": "here.jwk"}
    assert shim.run(["cat", model[0]], env=env, cwd=tmp_path).out == model[1]
    assert shim.run(["cat", model[0]], env=env, cwd="/", quiet=False).check(1).out == b""


@pytest.mark.parametrize("first", ["oct", "okp"])
def test_both_variables_are_searched(first, shim, model, keys, tmp_path):
    """One key in the environment, the other in the file; either alone is not enough."""
    both = json.loads(keys.read_text())["keys"]
    inline = {"keys": [k for k in both if k["kty"].lower() == first]}
    path = tmp_path / "half.jwk"
    path.write_text(json.dumps({"keys": [k for k in both if k["kty"].lower() != first]}))
    path.chmod(0o600)
    served(shim, model, CRYPTOTENSOR_KEYS=json.dumps(inline), CRYPTOTENSOR_KEY_JKU=path)
    assert read(shim, model, 1, CRYPTOTENSOR_KEYS=json.dumps(inline)).messages
    assert read(shim, model, 1, CRYPTOTENSOR_KEY_JKU=path).messages


def test_right_key_among_others(shim, model, keys, keysets):
    many = [*sealer.new_keys(seed=1)["keys"], *json.loads(keys.read_text())["keys"],
            *sealer.new_keys("aes128gcm", "x", "y", seed=2)["keys"]]
    served(shim, model, CRYPTOTENSOR_KEYS=json.dumps({"keys": many}))


@pytest.mark.parametrize("spelling", ["rfc", "deployed", "public"])
def test_key_spellings(spelling, shim, model, keys):
    """What RFC 7517 tools write, what deployed files carry, and a set without the signing seed."""
    spelled = []
    for key in json.loads(keys.read_text())["keys"]:
        raw = {n: sealer.any_base64(key[n]) for n in ("k", "x", "d") if n in key}
        text = {n: sealer.encode(b) for n, b in raw.items()}
        if spelling == "rfc":
            text = {n: t.replace("+", "-").replace("/", "_").rstrip("=") for n, t in text.items()}
            about = ({"kty": "oct", "alg": "A256GCM"} if "k" in raw else
                     {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA"})
        else:
            about = {"kty": "oct", "alg": "aes256gcm"} if "k" in raw else {"kty": "okp", "alg": "ed25519"}
        if spelling == "public":
            text.pop("d", None)
        spelled.append(about | {"kid": key["kid"]} | text)
    served(shim, model, CRYPTOTENSOR_KEYS=json.dumps({"keys": spelled}))


def test_set_by_the_program_itself(shim, model, keys):
    """Variables are read when a model is met, not when the library is loaded."""
    code = f"import os, sys; os.environ['CRYPTOTENSOR_KEY_JKU'] = sys.argv[2]; {READ}"
    result = shim.python(code, model[0], keys)
    assert result.out == model[1]
    code = (f"import os, sys; os.environ['CRYPTOTENSOR_KEYS'] = open(sys.argv[2]).read(); "
            f"os.environ['CTSHIM_SERVE'] = 'memfd'; {READ}")
    assert shim.python(code, model[0], keys).out == model[1]


def test_empty_is_unset(shim, model, keys):
    served(shim, model, CRYPTOTENSOR_KEY_JKU=keys, CRYPTOTENSOR_KEYS="", CTSHIM_SERVE="", CTSHIM_THREADS="",
           CTSHIM_MATCH="", CTSHIM_LOG="", CTSHIM_LOG_FILE="", CTSHIM_DISABLE="", CTSHIM_CIPHER="")


@pytest.mark.parametrize("variable, value", [
    ("CTSHIM_SERVE", "fast"), ("CTSHIM_SERVE", "Eager"), ("CTSHIM_SERVE", "eager "),
    ("CTSHIM_SERVE", "eagermemfd"),
    ("CTSHIM_THREADS", "0"), ("CTSHIM_THREADS", "-1"), ("CTSHIM_THREADS", "many"), ("CTSHIM_THREADS", "2x"),
    ("CTSHIM_THREADS", "99999999999999999999"), ("CTSHIM_LOG", "loud"), ("CTSHIM_LOG", "ERROR!"),
    ("CTSHIM_DISABLE", "yes"), ("CTSHIM_VERIFY", "always"), ("CTSHIM_VERIFY", "Open"), ("CTSHIM_VERIFY", "1"),
])
def test_values_not_understood(variable, value, shim, model, keys):
    """An error that names the variable, not a silent default."""
    result = read(shim, model, 1, CRYPTOTENSOR_KEY_JKU=keys, **{variable: value})
    assert result.out == b"" and b"Invalid argument" in result.err
    assert len(result.messages) == 1 and variable in result.messages[0] and value.strip() in result.messages[0]


@pytest.mark.parametrize("variable, value", [("CTSHIM_SERVE", "fast"), ("CTSHIM_LOG", "loud")])
def test_values_not_understood_disturb_no_other_file(variable, value, shim, small, keys):
    result = shim.run(["cat", small.plain], env={variable: value})
    assert result.out == small.plain.read_bytes() and result.err == b""


@pytest.mark.parametrize("variable", ["CRYPTOTENSOR_KEYS", "CRYPTOTENSOR_KEY_JKU"])
def test_keys_not_understood(variable, shim, model):
    result = read(shim, model, 1, **{variable: "no such thing"})
    assert result.out == b"" and variable in result.messages[0]


@pytest.mark.parametrize("value", ["https://example.org/keys", "file://", "http://localhost/x"])
def test_key_addresses_not_understood(value, shim, model):
    result = read(shim, model, 1, CRYPTOTENSOR_KEY_JKU=value)
    assert result.out == b"" and "CRYPTOTENSOR_KEY_JKU" in result.messages[0], result.describe()


@pytest.mark.parametrize("threads", ["1", "2", "7", "64"])
def test_threads(threads, shim, big):
    result = shim.run(["cat", big.encrypted], keys=big.keys, env={"CTSHIM_THREADS": threads})
    assert result.out == big.image


def test_threads_bounds_helpers(shim, big):
    """With one thread, nobody else works for the reader."""
    if shutil.which("strace"):
        code = "import sys, os; f = os.open(sys.argv[1], 0); os.read(f, 1 << 30)"
        counts = {}
        for threads in ("1", "4"):
            trace = big.keys.parent / f"trace{threads}"
            shim.run(["strace", "-f", "-o", trace, "-e", "trace=clone,clone3", "env",
                      f"LD_PRELOAD={shim.env()['LD_PRELOAD']}", f"CTSHIM_THREADS={threads}",
                      sys.executable, "-c", code, big.encrypted], on=False, keys=big.keys).check()
            counts[threads] = trace.read_text().count("CLONE_THREAD")
        assert counts["1"] == 0 and 1 <= counts["4"] <= 4, counts
    else:
        pytest.skip("strace is not installed")


@pytest.mark.parametrize("globs, matches", [
    ("*", True), ("*.safetensors", True), ("{path}", True), ("{folder}/*", True), ("/nowhere/*:{path}", True),
    ("*/mod?l.safetensors", True), ("*/[m]odel.*:", True),
    ("*.bin", False), ("/nowhere/*", False), ("model.safetensors", False), ("{path}x", False), (":", False),
])
def test_match(globs, matches, shim, model, keys):
    """A file that no glob selects passes through untouched, as ciphertext."""
    value = globs.format(path=model[0], folder=model[0].parent)
    result = read(shim, model, CRYPTOTENSOR_KEY_JKU=keys, CTSHIM_MATCH=value)
    assert result.out == (model[1] if matches else model[0].read_bytes())
    assert result.err == b""


def test_match_is_on_the_resolved_path(shim, model, keys, tmp_path):
    link = tmp_path / "blob"
    link.symlink_to(model[0])
    env = {"CRYPTOTENSOR_KEY_JKU": keys, "CTSHIM_MATCH": "*.safetensors"}
    assert shim.run(["cat", "blob"], env=env, cwd=tmp_path).out == model[1]
    assert shim.run(["cat", link], env=env | {"CTSHIM_MATCH": "*/blob"}).out == model[0].read_bytes()


def test_unmatched_needs_no_key(shim, model):
    result = read(shim, model, CTSHIM_MATCH="*.none")
    assert result.out == model[0].read_bytes() and result.err == b""


def test_disable(shim, model, keys):
    result = read(shim, model, CRYPTOTENSOR_KEY_JKU=keys, CTSHIM_DISABLE="1")
    assert result.out == model[0].read_bytes() and result.err == b""
    served(shim, model, CRYPTOTENSOR_KEY_JKU=keys, CTSHIM_DISABLE="0")


def test_log_levels(shim, model, keys):
    """Each level says at least what the one before it says; the default says nothing of success."""
    said = {}
    for level in ("off", "error", "warn", "info", "debug"):
        result = read(shim, model, CRYPTOTENSOR_KEY_JKU=keys, CTSHIM_LOG=level)
        assert result.out == model[1]
        said[level] = result.err.decode().splitlines()
        assert all(line.startswith("ctshim: ") for line in said[level])
    assert said["off"] == said["error"] == said["warn"] == []
    assert said["info"] and any(str(model[0]) in line for line in said["info"])
    assert len(said["debug"]) > len(said["info"])


def test_log_of_failures(shim, model):
    assert read(shim, model, 1, CTSHIM_LOG="off").messages == []
    for level in ("error", "warn", "info", "debug"):
        assert read(shim, model, 1, CTSHIM_LOG=level).messages


def test_log_file(shim, model, keys, tmp_path):
    log = tmp_path / "log"
    for _ in range(2):
        result = read(shim, model, 1, CTSHIM_LOG_FILE=log)
        assert result.messages == []
    lines = log.read_text().splitlines()
    assert len(lines) == 2 and all(line.startswith(f"ctshim: {model[0]}: ") for line in lines)
    result = read(shim, model, CRYPTOTENSOR_KEY_JKU=keys, CTSHIM_LOG_FILE=log, CTSHIM_LOG="debug")
    assert result.err == b"" and len(log.read_text().splitlines()) > 2


def test_log_file_that_cannot_be_written(shim, model):
    """A message is not lost for that."""
    result = read(shim, model, 1, CTSHIM_LOG_FILE="/does/not/exist/log")
    assert len(result.messages) == 1


def test_names_cannot_steer_a_terminal(shim, model, tmp_path):
    path = tmp_path / "a\x1b[31mb\nctshim: forged: line.safetensors"
    path.write_bytes(model[0].read_bytes())
    result = shim.run([sys.executable, "-c", "import sys; open(sys.argv[1])", path], quiet=False).check(1)
    line = [line for line in result.messages if "needs" in line or "key" in line]
    assert len(result.messages) == 1 and line and "\x1b" not in line[0]


def test_key_material_is_never_shown(shim, model, keys, tmp_path):
    secrets = [k[n] for k in json.loads(keys.read_text())["keys"] for n in ("k", "d") if n in k]
    for env in ({"CRYPTOTENSOR_KEYS": keys.read_text()[:-3]},
                {"CRYPTOTENSOR_KEYS": keys.read_text().replace("oct", "odd")},
                {"CRYPTOTENSOR_KEYS": json.dumps({"keys": [{"kty": "oct", "k": s} for s in secrets]})},
                {"CRYPTOTENSOR_KEYS": keys.read_text(), "CTSHIM_LOG": "debug"}):
        result = shim.run(["cat", model[0]], env=env, quiet=False)
        assert not any(secret[:20] in result.err.decode() for secret in secrets), env


def test_readable_key_file_is_warned_of(shim, model, keys, tmp_path):
    path = tmp_path / "keys.jwk"
    path.write_text(keys.read_text())
    path.chmod(0o644)
    assert read(shim, model, CRYPTOTENSOR_KEY_JKU=path).err == b""
    result = read(shim, model, CRYPTOTENSOR_KEY_JKU=path, CTSHIM_LOG="warn")
    assert len(result.messages) == 1 and str(path) in result.messages[0] and result.out == model[1]
