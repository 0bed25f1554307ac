"""The command: keygen, encrypt, decrypt, inspect, verify, run."""

import importlib.util
import json
import os
import pty
import re
import select
import shutil
import signal
import stat
import subprocess
import sys
import time

import pytest

import models
import reference
import sealer
from harness import COMMAND, LIBRARY

NAMES = ("keygen", "encrypt", "decrypt", "inspect", "verify", "run")


def left_in(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# --- in general ---


@pytest.mark.parametrize("name", NAMES)
def test_help(name, shim):
    for argv in ((name, "--help"), ("help", name)):
        result = shim.ctshim(*argv).check()
        assert "Usage: ctshim " + name in result.text and "Example:" in result.text
        assert "Exit status:" in result.text and result.err == b""


def test_general_help(shim):
    text = shim.ctshim("--help").check().text
    assert all(re.search(rf"^ +{name} ", text, re.M) for name in NAMES)
    assert re.fullmatch(r"ctshim \d+\.\d+\.\d+\n", shim.ctshim("--version").check().text)


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("nonsense",),
        ("encrypt",),
        ("encrypt", "a"),
        ("encrypt", "a", "b"),
        ("encrypt", "a", "b", "c", "--keys", "k"),
        ("encrypt", "a", "b", "--keys", "k", "--alg", "rot13"),
        ("encrypt", "a", "b", "--keys", "k", "--chunk-size", "0"),
        ("encrypt", "a", "b", "--keys", "k", "--chunk-size", "2X"),
        ("encrypt", "a", "b", "--keys", "k", "--version", "3"),
        ("encrypt", "a", "b", "--keys", "k", "--threads", "0"),
        ("encrypt", "a", "b", "--keys", "k", "--nonsense"),
        ("encrypt", "a", "b", "--keys", "k", "--chunk-size", "-1"),
        ("encrypt", "a", "b", "--keys"),
        ("encrypt", "a", "b", "--keys", "k", "--chunk-size", "99999999999999999999"),
        ("encrypt", "a", "b", "--keys", "k", "--version", "1", "--chunk-size", "4096"),
        ("decrypt", "a"),
        ("inspect",),
        ("inspect", "a", "b"),
        ("verify",),
        ("keygen",),
        ("keygen", "x"),
        ("run",),
        ("run", "--"),
        ("keygen", "-o", "x", "--alg", "des"),
        ("keygen", "--public", "-o", "x"),
        ("run", "--serve", "fast", "--", "true"),
    ],
)
def test_wrong_usage(argv, shim, tmp_path):
    result = shim.ctshim(*argv, cwd=tmp_path)
    assert (
        result.status == 2 and result.out == b"" and result.err.startswith((b"ctshim", b"Usage"))
    ), result.describe()
    assert left_in(tmp_path) == []


def test_output_that_cannot_be_written(shim, small):
    with open("/dev/full", "w") as full:
        for argv in (["inspect", small.encrypted], ["inspect", "--json", small.encrypted], ["--help"]):
            done = subprocess.run(
                [COMMAND, *argv], stdout=full, stderr=subprocess.PIPE, env=shim.env(on=False)
            )
            assert done.returncode == 1 and done.stderr


# --- keygen ---


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


# --- encrypt and decrypt ---


VARIANTS = [
    ("2", "aes256gcm", "2M"),
    ("2", "aes256gcm", "4096"),
    ("2", "aes128gcm", "1000"),
    ("2", "chacha20poly1305", "1"),
    ("2", "chacha20poly1305", "1MiB"),
    ("1", "aes256gcm", None),
    ("1", "aes128gcm", None),
    ("1", "chacha20poly1305", None),
    ("2", "aes256gcm", "3G"),
]


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


def test_never_clobbers(shim, keys, small, tmp_path):
    out = tmp_path / "out"
    out.write_bytes(b"precious")
    for argv in (
        ("encrypt", small.plain, out, "--keys", keys),
        ("decrypt", small.encrypted, out, "--keys", keys),
    ):
        result = shim.ctshim(*argv).check(1)
        assert str(out) in result.messages[0] and out.read_bytes() == b"precious"
        assert left_in(tmp_path) == ["out"]
        shim.ctshim(*argv, "--force").check()
        assert out.read_bytes() != b"precious"
        out.write_bytes(b"precious")


def test_never_onto_itself(shim, keys, small, tmp_path):
    path = tmp_path / "model"
    path.write_bytes(small.plain.read_bytes())
    for out in (path, tmp_path / "." / "model"):
        assert shim.ctshim("encrypt", path, out, "--keys", keys).status in (1, 2)
    assert path.read_bytes() == small.plain.read_bytes() and left_in(tmp_path) == ["model"]


BAD_INPUTS = {
    "nothing": lambda: b"",
    "text": lambda: b"hello world, this is no model\n" * 20,
    "header cut": lambda: models.make("damage")[:50],
    "data cut": lambda: models.make("damage")[:-1],
    "grown": lambda: models.make("damage") + b"x",
    "not json": lambda: (16).to_bytes(8, "little") + b"{" * 16,
    "reserved": lambda: sealer.assemble({"__metadata__": {"__policy__": "x"}}, b""),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_bad_input(case, shim, keys, tmp_path):
    (tmp_path / "in").write_bytes(BAD_INPUTS[case]())
    for argv in (("encrypt", "in", "out", "--keys", keys), ("decrypt", "in", "out", "--keys", keys)):
        result = shim.ctshim(*argv, cwd=tmp_path).check(1)
        assert len(result.messages) == 1 and "in: " in result.messages[0]
        assert left_in(tmp_path) == ["in"]


def test_missing_files(shim, keys, small, tmp_path):
    for argv in (
        ("encrypt", "none", "out", "--keys", keys),
        ("encrypt", small.plain, "out", "--keys", "none"),
        ("encrypt", small.plain, "none/out", "--keys", keys),
        ("decrypt", "none", "out", "--keys", keys),
        ("inspect", "none"),
        ("verify", "none", "--keys", keys),
        ("verify", small.encrypted, "--keys", "none"),
    ):
        result = shim.ctshim(*argv, cwd=tmp_path).check(1)
        assert b"none" in result.err + result.out, result.describe()
        assert left_in(tmp_path) == []


def test_encrypted_already(shim, keys, small, tmp_path):
    result = shim.ctshim("encrypt", small.encrypted, tmp_path / "out", "--keys", keys).check(1)
    assert "encrypted already" in result.messages[0] and left_in(tmp_path) == []


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


@pytest.fixture
def model_directory(tmp_path, plain_models):
    """A directory as model hubs hand them out: shards, configuration, links into a cache."""
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_text('{"a": 1}\n')
    (folder / "empty").write_bytes(b"")
    (folder / "sub" / "notes.txt").write_text("notes")
    shutil.copyfile(plain_models("numpy"), folder / "a.safetensors")
    shutil.copyfile(plain_models("damage"), folder / "sub" / "b.safetensors")
    blob = tmp_path / "blobs" / "0123abcd"
    blob.parent.mkdir()
    shutil.copyfile(plain_models("torch"), blob)
    (folder / "linked.safetensors").symlink_to("../blobs/0123abcd")
    return folder


def test_directory(model_directory, shim, keys, tmp_path):
    out, back = tmp_path / "encrypted", tmp_path / "back"
    shim.ctshim("encrypt", model_directory, out, "--keys", keys).check()
    assert left_in(out) == left_in(model_directory)
    for name, data in tree(model_directory).items():
        written = (out / name).read_bytes()
        if not name.endswith(".safetensors"):
            assert written == data
            continue
        assert sealer.unseal(written, json.loads(keys.read_text())) == reference.image(data, written)
        assert shim.run(["cat", out / name], keys=keys).out == reference.image(data, written)
    result = shim.ctshim("verify", out, "--keys", keys).check()
    assert len(result.text.splitlines()) == 3 and all(": ok" in line for line in result.text.splitlines())
    shim.ctshim("decrypt", out, back, "--keys", keys).check()
    assert tree(back) == tree(model_directory)
    assert left_in(tmp_path / "model") == left_in(model_directory)


def test_directory_is_not_written_over(model_directory, shim, keys, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "config.json").write_text("mine")
    shim.ctshim("encrypt", model_directory, out, "--keys", keys).check(1)
    assert tree(out) == {"config.json": b"mine"}


def test_directory_with_a_bad_file(model_directory, shim, keys, tmp_path):
    (model_directory / "bad.safetensors").write_bytes(b"not a model at all, but some text" * 10)
    result = shim.ctshim("encrypt", model_directory, tmp_path / "out", "--keys", keys).check(1)
    assert "bad.safetensors" in result.messages[0] and not (tmp_path / "out").exists()
    assert sorted(os.listdir(tmp_path)) == ["blobs", "model"]


def test_modes_of_files(shim, keys, small, tmp_path):
    """A model is as readable as any other new file; it is no secret any more, or it is plain again."""
    shim.run(
        ["sh", "-c", 'umask 022; "$0" encrypt "$1" out --keys "$2"', COMMAND, small.plain, keys],
        on=False,
        cwd=tmp_path,
    ).check()
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) & 0o600 == 0o600


# --- interruption ---


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A plain model that takes a while: 400 MiB of zeros, without blocks on the disk."""
    path = tmp_path_factory.mktemp("large") / "large.safetensors"
    size = 400 << 20
    head = reference.compact({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}})
    with open(path, "wb") as f:
        f.write(sealer.assemble({}, b"", text=head))
        f.truncate(f.tell() + size)
    yield path
    path.unlink()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_interrupted(number, large, shim, keys, tmp_path):
    """No partial file under the name, and none beside it when the signal can be caught."""
    with subprocess.Popen(
        [COMMAND, "encrypt", large, "out", "--keys", keys, "--threads", "1"],
        cwd=tmp_path,
        env=shim.env(on=False),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        deadline = time.monotonic() + 10
        # Not before it has begun to write.
        while not any(p.stat().st_blocks > 2048 for p in tmp_path.iterdir()):
            assert time.monotonic() < deadline and program.poll() is None
            time.sleep(0.005)
        program.send_signal(number)
        out, err = program.communicate(timeout=30)
    assert program.returncode in (-number, 128 + number), (program.returncode, err)
    assert not (tmp_path / "out").exists()
    if number != signal.SIGKILL:
        assert left_in(tmp_path) == []


def test_interrupted_in_a_directory(large, shim, keys, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "config.json").write_text("{}")
    (tmp_path / "in" / "m.safetensors").symlink_to(large)
    with subprocess.Popen(
        [COMMAND, "encrypt", "in", "out", "--keys", keys, "--threads", "1"],
        cwd=tmp_path,
        env=shim.env(on=False),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        time.sleep(0.15)
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=30)
    assert program.returncode != 0 and sorted(os.listdir(tmp_path)) == ["in"]


def test_memory_is_bounded(large, shim, keys, tmp_path):
    """Streams: far less memory than the model has bytes, version 1 (one message) included."""
    measure = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)\n"
    )
    for version in ("1", "2"):
        for argv in (
            ["encrypt", large, "e", "--version", version, "--force"],
            ["decrypt", "e", "d", "--force"],
            ["verify", "e"],
        ):
            result = shim.python(measure, COMMAND, *argv, "--keys", keys, cwd=tmp_path, on=False).check()
            assert int(result.text) <= 128, (argv, result.text)
    for name in "ed":
        (tmp_path / name).unlink()  # large


def test_progress_on_a_terminal(large, shim, keys, tmp_path):
    """A bar with rate and time left, for people only."""
    primary, secondary = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "encrypt", large, "out", "--keys", keys, "--threads", "1"],
        cwd=tmp_path,
        stdout=secondary,
        stderr=secondary,
        env=shim.env(on=False, TERM="xterm"),
    ) as program:
        os.close(secondary)
        said = b""
        while True:
            ready, _, _ = select.select([primary], [], [], 30)
            try:
                part = os.read(primary, 65536) if ready else b""
            except OSError:
                part = b""
            if not part:
                break
            said += part
    os.close(primary)
    assert program.returncode == 0
    assert b"%" in said and b"/s" in said and b"\r" in said, said[-500:]
    assert b"\r" not in shim.ctshim("encrypt", large, tmp_path / "again", "--keys", keys).check().err


def test_disk_full(shim, keys, small):
    """What cannot be written is said, and leaves nothing."""
    if not os.path.ismount("/dev/shm"):
        pytest.skip("/dev/shm is no file system of its own")
    script = 'ulimit -f 100; trap "" XFSZ; exec "$0" encrypt "$1" "$2" --keys "$3"'
    out = small.keys.parent / "too-large"
    result = shim.run(["bash", "-c", script, COMMAND, small.plain, out, keys], on=False)
    assert result.status == 1 and result.messages and not out.exists(), result.describe()
    assert not [n for n in os.listdir(out.parent) if "too-large" in n]


# --- inspect and verify ---


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


# --- run ---


def test_run(shim, keys, small):
    assert shim.ctshim("run", "--keys", keys, "--", "cat", small.encrypted).check().out == small.image
    assert shim.ctshim("run", "--keys", keys, "cat", small.encrypted).check().out == small.image
    assert (
        shim.ctshim("run", "--keys", keys, "--serve", "memfd", "--", "cat", small.encrypted).check().out
        == small.image
    )
    env = {"CRYPTOTENSOR_KEY_JKU": keys}
    assert shim.ctshim("run", "--", "cat", small.encrypted, env=env).check().out == small.image


def test_run_serves_as_told(shim, keys, small):
    show = "import os, sys; fd = os.open(sys.argv[1], 0); print(os.readlink(f'/proc/self/fd/{fd}').split(':')[0])"
    for mode in ("eager", "memfd"):
        out = shim.ctshim(
            "run", "--keys", keys, "--serve", mode, "--", sys.executable, "-c", show, small.encrypted
        ).check()
        assert ("memfd" in out.text) == (mode == "memfd")


def test_run_takes_relative_keys(shim, keys, small, tmp_path):
    """The key file is found even when the program changes its directory."""
    (tmp_path / "k.jwk").write_text(keys.read_text())
    (tmp_path / "k.jwk").chmod(0o600)
    result = shim.ctshim(
        "run", "--keys", "k.jwk", "--", "sh", "-c", f"cd /; cat '{small.encrypted}'", cwd=tmp_path
    )
    assert result.check().out == small.image


@pytest.mark.parametrize(
    "script, status", [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -TERM $$", -15)]
)
def test_run_ends_as_the_command_does(script, status, shim, keys):
    assert shim.ctshim("run", "--keys", keys, "--", "sh", "-c", script).status == status


def test_run_passes_arguments_and_input(shim, keys):
    result = shim.ctshim(
        "run",
        "--keys",
        keys,
        "--",
        "sh",
        "-c",
        'printf "%s|" "$0" "$@"; cat',
        "a b",
        "--keys",
        "*",
        "",
        input=b"from stdin",
    )
    assert result.check().out == b"a b|--keys|*||from stdin"


def test_run_keeps_an_existing_preload(shim, keys):
    libm = subprocess.run(
        ["cc", "-print-file-name=libm.so.6"], capture_output=True, text=True
    ).stdout.strip()
    result = shim.ctshim("run", "--keys", keys, "--", "env", env={"LD_PRELOAD": libm}).check()
    preload = re.search(r"^LD_PRELOAD=(.*)$", result.text, re.M)[1]
    first, *rest = re.split(r"[ :]", preload)
    assert os.path.samefile(first, LIBRARY) and rest == [libm]


def test_run_refuses(shim, keys, tmp_path):
    (tmp_path / "text").write_text("no program")
    assert shim.ctshim("run", "--keys", keys, "--", "no-such-command").check(127).messages
    assert shim.ctshim("run", "--keys", keys, "--", tmp_path / "none").check(127).messages
    assert shim.ctshim("run", "--keys", keys, "--", tmp_path / "text").check(126).messages
    assert shim.ctshim("run", "--keys", keys, "--", tmp_path).check(126).messages
    for bad in ("none.jwk", "text"):
        assert bad in shim.ctshim("run", "--keys", bad, "--", "true", cwd=tmp_path).check(1).messages[0]


def test_run_refuses_static_programs(shim, keys, tmp_path):
    (tmp_path / "s.c").write_text("int main(void) { return 0; }\n")
    if subprocess.run(
        ["cc", "-static", "-o", tmp_path / "s", tmp_path / "s.c"], capture_output=True
    ).returncode:
        pytest.skip("no static libc")
    result = shim.ctshim("run", "--keys", keys, "--", tmp_path / "s").check(126)
    assert "static" in result.messages[0]


def test_run_without_its_library(shim, keys, tmp_path):
    """ld.so would go on without a preload; run does not."""
    alone = tmp_path / "bin" / "ctshim"
    alone.parent.mkdir()
    shutil.copy(COMMAND, alone)
    result = shim.run([alone, "run", "--keys", keys, "--", "true"], on=False).check(126)
    assert "libctshim.so" in result.messages[0]
    (alone.parent / "libctshim.so").write_bytes(b"\x7fELF damaged")
    assert shim.run([alone, "run", "--keys", keys, "--", "true"], on=False).check(126).messages


def test_run_finds_its_library(shim, keys, small, tmp_path):
    for place in ("bin", "lib"):
        root = tmp_path / place
        (root / "bin").mkdir(parents=True)
        (root / place).mkdir(exist_ok=True)
        shutil.copy(COMMAND, root / "bin" / "ctshim")
        shutil.copy(LIBRARY, root / place / "libctshim.so")
        link = tmp_path / f"link-{place}"
        link.symlink_to(root / "bin" / "ctshim")
        for command in (root / "bin" / "ctshim", link):
            assert (
                shim.run([command, "run", "--keys", keys, "--", "cat", small.encrypted], on=False)
                .check()
                .out
                == small.image
            )


def test_run_of_scripts(shim, keys, small, tmp_path):
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ncat '{small.encrypted}'\n")
    script.chmod(0o755)
    assert shim.ctshim("run", "--keys", keys, "--", script).check().out == small.image
    python = tmp_path / "script.py"
    python.write_text(
        f"#!/usr/bin/env python3\nimport sys\nsys.stdout.buffer.write(open({str(small.encrypted)!r}, 'rb').read())\n"
    )
    python.chmod(0o755)
    assert shim.ctshim("run", "--keys", keys, "--", python).check().out == small.image


# --- the other implementation ---


needs_cryptotensors = pytest.mark.skipif(
    importlib.util.find_spec("cryptotensors") is None, reason="the package cryptotensors is not installed"
)
WRITE = """
import json, sys, numpy as np
from cryptotensors.numpy import save_file
keys = json.load(open(sys.argv[2]))['keys']
enc = next(k for k in keys if k['kty'].lower() == 'oct'); sign = next(k for k in keys if k['kty'].lower() == 'okp')
rng = np.random.default_rng(3)
t = {'a': rng.standard_normal((300, 401), np.float32), 'z': np.zeros((0, 3), np.float16), 'e\\u00e9"q': np.asarray(np.float64(3.5)),
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
    shim.python(WRITE, "m.st", keys, cwd=tmp_path, on=False).check()
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
        READ, "e", cwd=tmp_path, on=False, env=fixed | {"CRYPTOTENSOR_KEYS": keysets[alg].read_text()}
    )
    assert got.check().out == want
