"""ctshim doctor on running processes, with and without the library."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from doctor import build, diagnose, examine, findings, message
from harness import LIBRARY

SLEEP = """
#include <stdio.h>
#include <unistd.h>
int main(void) { puts("ready"); fflush(stdout); sleep(60); return 0; }
"""


@contextmanager
def running(argv, **env):
    """A process that has said a line, so that it is past its start."""
    process = subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env={"PATH": os.environ["PATH"]} | {k: str(v) for k, v in env.items()})
    try:
        process.stdout.readline()
        yield process.pid
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def sleeper(tmp_path_factory):
    return build(tmp_path_factory.mktemp("sleeper"), "sleeper", SLEEP)


def test_with_and_without_the_library(shim, sleeper):
    with running([sleeper]) as pid:
        target = examine(shim, pid, status=1)
        assert findings(target) == {"preload-absent"} and "ctshim run" in message(target, "preload-absent")
        assert target["pid"] == pid and target["program"] == str(sleeper) and target["kind"] == "process"
    with running([sleeper], LD_PRELOAD=LIBRARY) as pid:
        target = examine(shim, pid, status=0)
        assert target["served"] and not findings(target)


def test_preload_lost(shim, sleeper, tmp_path):
    with running([sleeper], LD_PRELOAD=tmp_path / "libctshim.so") as pid:
        target = examine(shim, pid, status=1)
        assert "preload-lost" in findings(target, "problem")
        assert str(tmp_path) in message(target, "preload-lost")


def test_environment_lost(shim, sleeper, tmp_path):
    """The library is there, but not in the environment that the program was started with."""
    launcher = build(tmp_path, "launcher", f"""
        #include <stdlib.h>
        #include <unistd.h>
        int main(int argc, char **argv) {{ unsetenv("LD_PRELOAD"); execv(argv[1], argv + 1); return 1; }}
        """)
    with running([launcher, sleeper], LD_PRELOAD=LIBRARY) as pid:
        assert findings(examine(shim, pid, status=1)) == {"preload-absent"}


def test_the_library_was_replaced(shim, sleeper, tmp_path):
    copy = tmp_path / "libctshim.so"
    shutil.copy(LIBRARY, copy)
    with running([sleeper], LD_PRELOAD=copy) as pid:
        copy.unlink()
        shutil.copy(LIBRARY, copy)
        target = examine(shim, pid, status=0)
        assert findings(target) == {"library-replaced"}


def test_static_process(shim, tmp_path):
    static = build(tmp_path, "static", SLEEP, "-static")
    if static is None:
        pytest.skip("no static libc")
    with running([static], LD_PRELOAD=LIBRARY) as pid:
        assert findings(examine(shim, pid, status=1)) == {"static"}


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_privileged_process(shim, tmp_path):
    program = build(tmp_path, "program", SLEEP)
    os.chown(program, 65534, 65534)
    program.chmod(0o4755)
    with running([program], LD_PRELOAD=LIBRARY) as pid:
        if "65534" not in open(f"/proc/{pid}/status").read():
            pytest.skip("the file system ignores set-user-ID")
        assert "privileges" in findings(examine(shim, pid, status=1), "problem")


FILTER = """
import ctypes, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(allow)))
ok = libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
print("ready" if ok else "refused", flush=True)
time.sleep(60)
"""


def test_seccomp(shim):
    def status(pid):
        return dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status") if ":\t" in line)

    with running([sys.executable, "-c", FILTER], LD_PRELOAD=LIBRARY) as pid:
        if status(pid).get("Seccomp", "").strip() != "2":
            pytest.skip("no seccomp filters here")
        target = examine(shim, pid, status=0)
        assert findings(target, "warning") == {"seccomp"} and "no_new_privs" in message(target, "seccomp")


def test_what_a_process_loaded_later(shim, tmp_path):
    """A library that the program opened itself, with system calls of its own."""
    code = """
        #include <sys/syscall.h>
        long raw(void) { long r; __asm__ volatile("syscall" : "=a"(r) : "a"(SYS_read) : "rcx", "r11"); return r; }
        """
    library = build(tmp_path, "libraw.so", code, "-shared", "-fPIC", "-O2")
    if library is None:
        pytest.skip("the sample is x86-64 code")
    load = f"import ctypes, time; ctypes.CDLL({str(library)!r}); print('ready', flush=True); time.sleep(60)"
    with running([sys.executable, "-c", load], LD_PRELOAD=LIBRARY) as pid:
        target = examine(shim, pid, status=0)
        assert findings(target, "warning") == {"system-calls"} and str(library) in message(target, "system-calls")
        assert target["mode"] == "memfd"
    assert not findings(examine(shim, sys.executable, status=0))


def test_a_process_that_ends(shim, sleeper):
    with running([sleeper]) as pid:
        pass
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            break
        time.sleep(0.01)
    assert findings(examine(shim, pid, status=1)) == {"not-found"}
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert findings(examine(shim, zombie.pid, status=1)) == {"unreadable"}
    zombie.wait()


def test_no_secret_of_a_process_is_shown(shim, sleeper):
    with running([sleeper], LD_PRELOAD=LIBRARY, CRYPTOTENSOR_KEYS="secret-secret") as pid:
        result = shim.ctshim("doctor", "--all", pid).check()
        assert b"secret-secret" not in result.out + result.err


def test_a_model_with_the_settings_of_a_process(shim, sleeper, small, tmp_path):
    """Its keys, found from its directory, and not ours."""
    shutil.copy(small.keys, tmp_path / "k.jwk")
    (tmp_path / "k.jwk").chmod(0o600)
    model = small.encrypted
    for env, step, status in (({"CRYPTOTENSOR_KEY_JKU": "k.jwk", "CTSHIM_SERVE": "memfd"}, "served", "ok"),
                              ({"CRYPTOTENSOR_KEY_JKU": "other.jwk"}, "keys", "failed"), ({}, "keys", "failed"),
                              ({"CRYPTOTENSOR_KEY_JKU": "k.jwk", "CTSHIM_DISABLE": "1"}, "settings", "failed")):
        launch = ["sh", "-c", f"cd '{tmp_path}' && exec '{sleeper}'"]
        with running(launch, LD_PRELOAD=LIBRARY, **env) as pid:
            for ours in ({}, {"CRYPTOTENSOR_KEY_JKU": str(small.keys), "CTSHIM_SERVE": "wrong"}):
                answer = diagnose(shim, "--model", model.name, pid, status=0 if status == "ok" else 1, env=ours,
                                  cwd=model.parent)
                last = answer["model"]["steps"][-1]
                assert (last["step"], last["status"]) == (step, status), answer["model"]
                assert answer["targets"][0]["served"]
    with running([sleeper], LD_PRELOAD=LIBRARY) as pid:
        diagnose(shim, "--model", model.name, "--keys", "k.jwk", pid, status=1, cwd=model.parent)
        shutil.copy(model, tmp_path / "m")
        diagnose(shim, "--model", "m", "--keys", "k.jwk", pid, status=0, cwd=tmp_path)
