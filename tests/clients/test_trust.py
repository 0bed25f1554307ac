"""Whose key may vouch for a file: never one that the file itself brings along."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

import reference
import sealer
from harness import ROOT

READ = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"


@pytest.fixture
def attack(tmp_path, plain_models):
    """A model that an attacker sealed under keys of his own, naming his key file in the header."""
    plain = plain_models("damage").read_bytes()

    def make(enc_kid="theirs", sign_kid="theirs-signer", jku=None, place="attacker", named=True):
        folder = tmp_path / place
        folder.mkdir(exist_ok=True)
        key_file = folder / "keys.jwk"
        keys = sealer.new_keys(enc_kid=enc_kid, sign_kid=sign_kid, seed=666)
        key_file.write_text(json.dumps(keys))
        key_file.chmod(0o600)

        def name_key_file(head):
            about = json.loads(head["__metadata__"]["__crypto_keys__"])
            for which in ("enc", "sign") if named else ():
                about[which]["jku"] = f"file://{key_file}" if jku is None else jku
            head["__metadata__"]["__crypto_keys__"] = json.dumps(about)

        model = tmp_path / "model.safetensors"
        model.write_bytes(sealer.seal(plain, keys, chunk=4096, edit=name_key_file))
        return model, key_file

    make.image = lambda model: reference.image(plain, model.read_bytes())
    return make


def read(shim, model, keys, key_path=None, **env):
    return shim.python(READ, model, keys=keys, quiet=False, env={"CTSHIM_KEY_PATH": key_path, **env})


def refused(shim, model, keys, key_path, says):
    """By the library with EACCES, and by the command, both saying why."""
    result = read(shim, model, keys, key_path)
    assert result.status == 1 and not result.out and b"PermissionError" in result.err, result.describe()
    assert len(result.messages) == 1 and str(model) in result.messages[0] and says in result.messages[0]
    env = {"CTSHIM_KEY_PATH": key_path, "CRYPTOTENSOR_KEY_JKU": keys}
    result = shim.ctshim("verify", model, env=env)
    assert result.status == 1 and says in result.text, result.describe()


def served(shim, model, keys, key_path, image):
    assert read(shim, model, keys, key_path).check().out == image
    env = {"CTSHIM_KEY_PATH": key_path, "CRYPTOTENSOR_KEY_JKU": keys}
    shim.ctshim("verify", model, env=env).check()
    shim.ctshim("decrypt", model, model.with_name("plain"), "--force", env=env).check()


def test_key_file_of_the_header_is_not_believed(shim, keys, attack):
    model, key_file = attack()
    refused(shim, model, keys, None, "needs the verification key 'theirs-signer'")
    refused(shim, model, keys, None,
            f"names the key file '{key_file}', which is read only below a directory that CTSHIM_KEY_PATH lists")
    # With no keys at all, too.
    result = read(shim, model, None)
    assert result.status == 1 and not result.out and "needs the verification key" in result.messages[0]


def test_key_file_in_a_listed_directory_is(shim, keys, attack):
    """The control: nothing but the operator's word is missing above."""
    model, key_file = attack()
    for listed in (key_file.parent, f"/nowhere:{key_file.parent}/", "/"):
        served(shim, model, keys, listed, attack.image(model))
    served(shim, model, None, key_file.parent, attack.image(model))


@pytest.mark.parametrize("listed", ["{0}/other", "{0}/attack", "{0}/attacker/keys.jwk", "", "attacker", ":"])
def test_other_directories_do_not_count(listed, shim, keys, attack, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "attack").mkdir()
    model, _ = attack()
    refused(shim, model, keys, listed.format(tmp_path), "needs the verification key")


def test_the_key_file_is_where_it_really_lies(shim, keys, attack, tmp_path):
    """Neither links nor '..' lead out of a listed directory; links to a listed directory lead in."""
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    _, key_file = attack()
    (trusted / "link.jwk").symlink_to(key_file)
    for jku in (f"file://{trusted}/link.jwk", f"file://{trusted}/../attacker/keys.jwk",
                f"file://{trusted}/%2e%2e/attacker/keys.jwk", f"{trusted}/../attacker/keys.jwk"):
        model, _ = attack(jku=jku)
        refused(shim, model, keys, trusted, "needs the verification key")
    inside = trusted / "keys.jwk"
    inside.write_bytes(key_file.read_bytes())
    inside.chmod(0o600)
    (tmp_path / "way-in").symlink_to(trusted)
    model, _ = attack(jku=f"file://{tmp_path}/way-in/keys.jwk")
    served(shim, model, keys, trusted, attack.image(model))
    served(shim, model, keys, tmp_path / "way-in", attack.image(model))


@pytest.mark.parametrize("jku", ["https://example.invalid/keys.jwk", "keys.jwk", "file://keys.jwk", "~/keys.jwk",
                                 "file://", "", "/nowhere/keys.jwk", "file:///etc/passwd"])
def test_other_kinds_of_names_lead_nowhere(jku, shim, keys, attack):
    model, key_file = attack(jku=jku)
    refused(shim, model, keys, key_file.parent, "needs the verification key")
    followable = jku.startswith(("/", "file:///"))
    result = read(shim, model, keys, key_file.parent)
    assert (f"names '{jku}', which is never followed" in result.messages[0]) != followable


def test_what_is_no_file_is_not_opened(shim, keys, attack, tmp_path):
    """A pipe nobody writes to would hold the program up; opening a device can do things."""
    model, key_file = attack(jku=f"file://{tmp_path}/pipe")
    os.mkfifo(tmp_path / "pipe")
    refused(shim, model, keys, tmp_path, "needs the verification key")
    model, key_file = attack(jku=f"file://{tmp_path}")
    refused(shim, model, keys, tmp_path.parent, "needs the verification key")
    result = read(shim, model, keys, tmp_path.parent, CTSHIM_LOG="warn")
    assert any("which is no file" in line for line in result.messages)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_key_file_elsewhere_is_looked_at_but_not_opened(shim, keys, attack, tmp_path):
    model, key_file = attack()

    def opened(listed):
        """The flags with which the header's key file was opened, by its own name or as found."""
        log = tmp_path / "trace"
        environment = {"CTSHIM_KEY_PATH": listed, "LD_PRELOAD": shim.env()["LD_PRELOAD"]}
        settings = [f"{n}={v}" for n, v in environment.items()]
        shim.run(["strace", "-f", "-y", "-o", log, "-e", "trace=openat", "env", *settings, "cat", model], on=False,
                 keys=keys)
        text = log.read_text(errors="replace")
        return [m[1] for m in re.finditer(rf"(O_\w[\w|]*).*= \d+<{re.escape(str(key_file))}>", text)]

    elsewhere, here = opened(tmp_path / "other"), opened(key_file.parent)
    assert elsewhere and all("O_PATH" in flags for flags in elsewhere), elsewhere
    assert any("O_PATH" not in flags for flags in here), here


@pytest.mark.parametrize("taken", [("okp", "oct"), ("okp",)], ids=["both names", "the signer's name"])
def test_the_operators_own_keys_come_first(taken, shim, keys, attack):
    """An attacker who takes the operator's key ids gets the operator's keys, also from a listed directory, and also
    where only his master key is missing."""
    mine = {k["kty"]: k["kid"] for k in json.loads(keys.read_text())["keys"]}
    names = {"okp": "theirs-signer", "oct": "theirs"} | {kty: mine[kty] for kty in taken}
    model, key_file = attack(enc_kid=names["oct"], sign_kid=names["okp"])
    for listed in (None, key_file.parent) if len(taken) == 2 else (key_file.parent,):
        result = read(shim, model, keys, listed)
        assert result.status == 1 and not result.out
        assert "bad signature" in result.messages[0]
        env = {"CTSHIM_KEY_PATH": listed, "CRYPTOTENSOR_KEY_JKU": keys}
        result = shim.ctshim("verify", model, env=env)
        assert result.status == 1 and "bad signature" in result.text, result.describe()
    served(shim, model, None, key_file.parent, attack.image(model))  # nothing else is wrong with it


def test_a_named_file_counts_alone_for_the_command(shim, keys, attack):
    model, key_file = attack()
    env = {"CTSHIM_KEY_PATH": key_file.parent}
    assert shim.ctshim("verify", model, "--keys", keys, env=env).status == 1
    shim.ctshim("verify", model, "--keys", key_file).check()
    result = shim.ctshim("run", "--keys", keys, "cat", model, env=env)
    assert result.status == 1 and not result.out and "verification key" in result.messages[0]
    assert shim.ctshim("run", "cat", model, env=env).check().out == attack.image(model)


def test_keys_are_exchanged_under_the_same_rule(shim, keys, attack):
    model, key_file = attack()
    sealed = model.read_bytes()
    new = ["--new-keys", keys, model]
    for env in ({"CRYPTOTENSOR_KEY_JKU": keys}, {"CRYPTOTENSOR_KEY_JKU": keys, "CTSHIM_KEY_PATH": key_file / "x"}):
        result = shim.ctshim("rewrap", *new, env=env)
        assert result.status == 1 and "needs the verification key" in result.messages[-2], result.describe()
        assert model.read_bytes() == sealed
    env = {"CTSHIM_KEY_PATH": key_file.parent}
    assert shim.ctshim("rewrap", *new, "--keys", keys, env=env).status == 1
    image = attack.image(model)
    shim.ctshim("rewrap", *new, env=env).check()
    assert model.read_bytes() != sealed
    result = read(shim, model, keys)
    assert result.check().out.rstrip()[-1000:] == image.rstrip()[-1000:]


def test_readable_by_others_is_a_warning_only(shim, attack):
    model, key_file = attack()
    said = {}
    for mode in (0o600, 0o644):
        key_file.chmod(mode)
        result = read(shim, model, None, key_file.parent, CTSHIM_LOG="warn").check()
        assert result.out == attack.image(model)
        said[mode] = [line for line in result.messages if "chmod 600" in line and str(key_file) in line]
    assert not said[0o600] and len(said[0o644]) == 1, said


THEIRS = ROOT / ".venv" / "theirs" / "0.2.3" / "bin" / "python"
LOAD = """
import hashlib, json, sys
import cryptotensors
assert cryptotensors.__version__ == "0.2.3", cryptotensors.__version__
with open(sys.argv[1], "rb") as f: found = cryptotensors.deserialize(f.read())
print(json.dumps({n: hashlib.sha256(t["data"]).hexdigest() for n, t in found}))
"""


def their_python():
    for python in (THEIRS, sys.executable):
        if os.path.exists(python) and subprocess.run(
                [python, "-c", "import cryptotensors; assert cryptotensors.__version__ == '0.2.3'"],
                capture_output=True).returncode == 0:
            return python
    pytest.skip("cryptotensors 0.2.3 is installed neither in .venv/theirs/0.2.3 nor beside the tests")


def test_the_other_implementation_believes_the_header(shim, keys, attack):
    """Why it matters: the package cryptotensors takes an attacker's file for one of the operator's, as long as the
    attacker leaves the operator's key ids alone. Should that change, so should what is said of it."""
    python = their_python()
    mine = {k["kty"]: k["kid"] for k in json.loads(keys.read_text())["keys"]}
    same = {"enc_kid": mine["oct"], "sign_kid": mine["okp"]}

    def loads(model, given):
        result = shim.python(LOAD, model, python=python, on=False, env={"CRYPTOTENSOR_KEYS": given})
        return json.loads(result.text) if result.status == 0 else result.err.decode().splitlines()[-1]

    given = keys.read_text()
    model, _ = attack()
    wanted = {n: hashlib.sha256(data).hexdigest()
              for n, (_, _, data) in reference.tensors(attack.image(model)).items()}
    forged = loads(model, given)
    assert forged == wanted
    assert loads(attack()[0], None) == forged, "and with no key of the operator's at all"
    assert "No suitable provider" in loads(attack(named=False)[0], given)  # the header's jku it was, and nothing else
    assert "Signature verification failed" in loads(attack(**same)[0], given)
