"""The record of decisions: CTSHIM_AUDIT and CTSHIM_AUDIT_REQUIRED."""

import datetime
import hashlib
import json
import os
import re
import socket
import subprocess
import sys

import pytest

from policies import load

DEFAULT = "package model\nallow = true"
YES, NO = "package model\n\nallow if true\n", "package model\n\nallow := false\n"
SITE = 'package site\n\nallow if input.environment == "production"\n'
OPEN = "import sys\nopen(sys.argv[1], 'rb').close()"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def decisions(path):
    """The lines of a record, each of which must be whole."""
    text = path.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def attempt(shim, model, keys, **env):
    return shim.python(OPEN, model, keys=keys, env=env, quiet=False)


def test_a_line_for_each_decision(shim, keys, guarded, tmp_path):
    log = tmp_path / "audit.log"
    cases = [(DEFAULT, None, "allow", None, None), (YES, None, "allow", None, None),
             (NO, None, "deny", "file", "data.model.allow is false"),
             (DEFAULT, SITE, "deny", "operator", "data.site.allow is undefined"),
             (YES, "/nonexistent/x.rego", "deny", "configuration", None)]
    for n, (policy, site, decision, by, why) in enumerate(cases):
        model = guarded(policy)
        result = attempt(shim, model, keys, CTSHIM_AUDIT=log, CTSHIM_POLICY=site)
        assert (result.status == 0) == (decision == "allow"), result.describe()
        lines = decisions(log)
        assert len(lines) == n + 1
        line = lines[-1]
        assert line["decision"] == decision and line.get("by") == by
        assert why is None or line["why"] == why
        assert ("why" in line) == (decision == "deny")
        assert line["model"] == {"path": str(model), "size": model.stat().st_size, "enc_kid": "model-key",
                                 "sign_kid": "model-signer"}
        assert line["process"]["executable"] == os.path.realpath(sys.executable)
        assert line["process"]["uid"] == os.geteuid() and line["process"]["pid"] > 1
        assert line["host"] == os.uname().nodename
        assert line["policy"] == {"file": sha256(policy)} | ({"operator": sha256(SITE)} if site == SITE else {})
        moment = datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
        assert abs((datetime.datetime.now(datetime.timezone.utc) - moment).total_seconds()) < 600
    assert log.stat().st_mode & 0o777 == 0o600


def test_none_is_kept_unasked(shim, keys, guarded, tmp_path):
    model = guarded(YES)
    before = sorted(os.listdir(tmp_path))
    assert attempt(shim, model, keys).status == 0
    assert sorted(os.listdir(tmp_path)) == before


def test_sixteen_processes_at_once(shim, keys, guarded, tmp_path):
    """No line is lost, and none is torn."""
    log, rounds, processes = tmp_path / "audit.log", 25, 16
    good, bad = guarded(YES), guarded(NO)
    program = f"""
import os, sys
for n in range({rounds}):
    for path in sys.argv[1:]:
        try:
            open(path, "rb").close()
        except PermissionError:
            pass
"""
    env = shim.env(keys=keys, CTSHIM_AUDIT=log, CTSHIM_LOG="off")
    running = [subprocess.Popen([sys.executable, "-c", program, good, bad], env=env) for _ in range(processes)]
    assert [p.wait(timeout=120) for p in running] == [0] * processes
    lines = decisions(log)
    assert len(lines) == processes * rounds * 2
    for p in running:
        mine = [line for line in lines if line["process"]["pid"] == p.pid]
        assert [(line["decision"], line["model"]["path"]) for line in mine] == [
            ("allow", str(good)), ("deny", str(bad))] * rounds


@pytest.mark.parametrize("where", ["/dev/full", "/nonexistent/audit.log", "/", "fd:77", "fd:x",
                                   "syslog:/nonexistent/log"])
def test_a_record_that_cannot_be_made(where, shim, keys, guarded):
    """It is told; and it denies where it is required."""
    model = guarded(YES)
    result = attempt(shim, model, keys, CTSHIM_AUDIT=where)
    assert result.status == 0 and f"CTSHIM_AUDIT: the decision cannot be recorded in {where} (" in result.messages[0]
    result = attempt(shim, model, keys, CTSHIM_AUDIT=where, CTSHIM_AUDIT_REQUIRED="1")
    assert result.status == 1 and b"PermissionError" in result.err
    assert "CTSHIM_AUDIT_REQUIRED is 1: loading is denied" in result.messages[0], result.describe()
    # With the default policy, too.
    result = attempt(shim, guarded(DEFAULT), keys, CTSHIM_AUDIT=where, CTSHIM_AUDIT_REQUIRED="1")
    assert result.status == 1 and "loading is denied" in result.messages[0]


def test_required_and_made(shim, keys, guarded, tmp_path):
    result = attempt(shim, guarded(YES), keys, CTSHIM_AUDIT=tmp_path / "log", CTSHIM_AUDIT_REQUIRED="1")
    assert result.status == 0 and not result.messages and len(decisions(tmp_path / "log")) == 1


def test_required_but_nowhere(shim, keys, guarded):
    result = load(shim, guarded(YES), keys, env={"CTSHIM_AUDIT_REQUIRED": "1"})
    assert "there is no CTSHIM_AUDIT" in result.messages[0] and result.text.split()[0] == "EINVAL"


def test_a_descriptor(shim, keys, guarded):
    for policy, decision in ((YES, "allow"), (NO, "deny")):
        result = attempt(shim, guarded(policy), keys, CTSHIM_AUDIT="fd:1")
        assert json.loads(result.text)["decision"] == decision


def test_a_pipe_whose_reader_sleeps(shim, keys, guarded):
    """The program is not held up for ever, and one without a reader does not end it."""
    model = guarded(YES)
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while True:
            os.write(write, bytes(4096))
    except BlockingIOError:
        pass
    result = shim.python(OPEN, model, keys=keys, env={"CTSHIM_AUDIT": f"fd:{write}"}, pass_fds=(write,), quiet=False)
    assert result.status == 0 and "its reader does not keep up" in result.messages[0], result.describe()
    os.close(read)
    result = shim.python(OPEN, model, keys=keys, env={"CTSHIM_AUDIT": f"fd:{write}"}, pass_fds=(write,), quiet=False)
    assert result.status == 0 and "Broken pipe" in result.messages[0], result.describe()
    os.close(write)


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["datagrams", "stream"])
def test_syslog(kind, shim, keys, guarded, tmp_path):
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, kind) as daemon:
        daemon.bind(str(path))
        daemon.settimeout(10)
        if kind == socket.SOCK_STREAM:
            daemon.listen()
        for policy, priority, decision in ((YES, 86, "allow"), (NO, 84, "deny")):
            attempt(shim, guarded(policy), keys, CTSHIM_AUDIT=f"syslog:{path}")
            if kind == socket.SOCK_STREAM:
                connection = daemon.accept()[0]
                message = connection.makefile("rb").read()
                assert message.endswith(b"\0")
                message = message[:-1]
            else:
                message = daemon.recv(65536)
            found = re.fullmatch(rb"<(\d+)>ctshim\[(\d+)\]: (\{.*\})", message)
            line = json.loads(found[3])
            assert int(found[1]) == priority and line["decision"] == decision
            assert int(found[2]) == line["process"]["pid"]


def test_the_systems_log(shim, keys, guarded):
    if os.geteuid() != 0 or os.path.lexists("/dev/log"):
        pytest.skip("/dev/log is taken, or cannot be made")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind("/dev/log")
        try:
            daemon.settimeout(10)
            model = guarded(YES)
            assert attempt(shim, model, keys, CTSHIM_AUDIT="syslog", CTSHIM_AUDIT_REQUIRED="1").status == 0
            assert str(model).encode() in daemon.recv(65536)
        finally:
            os.unlink("/dev/log")


def test_decrypt_is_recorded(shim, keys, guarded, tmp_path):
    """Plaintext comes out of it; nothing does of verify and explain."""
    log, model = tmp_path / "log", guarded(YES)
    env = {"CTSHIM_AUDIT": log}
    shim.ctshim("verify", model, "--keys", keys, env=env).check()
    shim.ctshim("policy", "explain", model, env=env).check()
    assert not log.exists()
    shim.ctshim("decrypt", model, tmp_path / "plain", "--keys", keys, env=env).check()
    shim.ctshim("decrypt", guarded(NO), tmp_path / "plain2", "--keys", keys, env=env).check(1)
    assert [line["decision"] for line in decisions(log)] == ["allow", "deny"]
    assert decisions(log)[0]["model"]["path"] == str(model)
