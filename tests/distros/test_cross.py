"""The aarch64 build under qemu: what a client reads, and how the files are made."""

import re
import shutil
import subprocess

import pytest
from cross import BUILT, TRIPLET, emulator
from folders import TIMEOUT, Result

import models
import reference
from harness import PROGRAMS, Checks
from test_library import MUSL_SAYS
from test_reach import NEWEST, dynamic, segments, versions

LIBRARY, COMMAND = BUILT / "libctshim.so", BUILT / "ctshim"
C_PROGRAMS = ("reads.c", "stdio.c", "maps.c")
ROOT_OF_LIBC = f"/usr/{TRIPLET}"

# What qemu's user mode does otherwise than a kernel, and has nothing to do with the library.
FORK = "it ignores MADV_WIPEONFORK, by which a child of fork is told from one of vfork"
EMULATION = {
    "check_openat2": "it has no openat2",
    "check_popen": "the shell is one of this machine's, without the library",
    "check_flags": "it has no MAP_SHARED_VALIDATE",
    "same_no_plaintext_in_core_dumps": "its smaps do not tell what stays out of a core dump",
    "check_freopen_standard_input": FORK,
    "check_dup2_onto_standard_input": FORK,
}


def emulate(argv, keys=None, on=False, **env):
    """Run a program of the other processor; the library is preloaded into it, not into qemu."""
    env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"} | env
    guest = {"LD_PRELOAD": LIBRARY} if on else {}
    guest |= {"CRYPTOTENSOR_KEY_JKU": keys} if keys else {}
    settings = [o for name, value in guest.items() for o in ("-E", f"{name}={value}")]
    done = subprocess.run([emulator(), "-L", ROOT_OF_LIBC, *settings, *map(str, argv)], env=env,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=5 * TIMEOUT)
    return Result(argv, done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Keys, and a model in both forms, made by the command of that build."""
    place = tmp_path_factory.mktemp("cross")
    for keys in ("keys", "wrong"):
        emulate([COMMAND, "keygen", "-o", place / f"{keys}.jwk", "--enc-kid", "model-key",
                 "--sign-kid", "model-signer"]).check()
    plain, encrypted = place / "plain", place / "encrypted"
    plain.write_bytes(models.make("numpy"))
    emulate([COMMAND, "encrypt", plain, encrypted, "--keys", place / "keys.jwk", "--chunk-size", "4096"]).check()
    (place / "expected").write_bytes(reference.image(plain.read_bytes(), encrypted.read_bytes()))
    return place


def test_command(files):
    emulate([COMMAND, "verify", files / "encrypted", "--keys", files / "keys.jwk"]).check()
    assert emulate([COMMAND, "verify", files / "encrypted", "--keys", files / "wrong.jwk"]).status == 1
    emulate([COMMAND, "decrypt", files / "encrypted", files / "again", "--keys", files / "keys.jwk"]).check()
    assert (files / "again").read_bytes() == (files / "plain").read_bytes()


@pytest.fixture(scope="module")
def outcome(files):
    """Runs a program of checks with the library or without it."""
    seen = {}

    def get(source, on):
        if (source, on) not in seen:
            program = files / source[:-2]
            subprocess.run([f"{TRIPLET}-gcc", "-D_GNU_SOURCE", "-O1", "-pthread", "-o", program, PROGRAMS / source],
                           check=True)
            scratch = files / "scratch"
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            shutil.copy(files / "encrypted", scratch / "model")
            seen[source, on] = emulate([program, scratch / "model", files / "expected", scratch],
                                       keys=files / "keys.jwk", on=on)
        return seen[source, on]

    return get


@pytest.mark.parametrize("source, name", [(s, n) for s in C_PROGRAMS for n in Checks(s).names])
def test_reading(source, name, outcome):
    """pread, mmap, stdio: as from the plain file; without the library, not."""
    if name in EMULATION:
        pytest.skip(f"qemu: {EMULATION[name]}")
    program = Checks(source)
    shimmed, bare = (program.outcome(outcome(source, on))[name] for on in (True, False))
    assert shimmed == "ok", shimmed
    assert (bare != "ok") == name.startswith("check_"), bare


def test_wrong_key_is_refused(files, outcome):
    outcome("reads.c", True)
    result = emulate([files / "reads", files / "encrypted", files / "expected", files / "scratch"],
                     keys=files / "wrong.jwk", on=True)
    assert result.messages and str(files / "encrypted") in result.messages[0], result.describe()


@pytest.mark.parametrize("built", [LIBRARY, COMMAND], ids=["library", "command"])
def test_files(built):
    assert max(versions(built)) == NEWEST
    assert "GNU_RELRO" in segments(built) and re.search(r"BIND_NOW|FLAGS.*NOW", dynamic(built))
    assert not re.search(r"TEXTREL|RPATH|RUNPATH", dynamic(built))
    assert not re.search(r"GNU_STACK.*RWE|LOAD.* RWE ", segments(built))
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic(built))
    assert set(needed) <= {"libc.so.6", "ld-linux-aarch64.so.1"}


def test_musl_has_one_thing_to_say():
    names = subprocess.run(["readelf", "--dyn-syms", "-W", LIBRARY], capture_output=True, text=True).stdout
    assert re.search(rf"IFUNC +GLOBAL +DEFAULT +\d+ {MUSL_SAYS}", names)
