"""Beside libraries that rewrite libc's mmap and its kin and go on through syscall(2), as UCX does (Debian's torch
loads it): what they see, and what the program gets."""

import platform
import re

import pytest

from configs import Config
from harness import LIBRARY, Checks

MAPS = Checks("maps.c")
pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the jump that it writes is x86-64's")


@pytest.fixture(scope="module")
def rewriter(compile_program):
    return compile_program("rewriter.c", options=("-O1", "-g", "-shared", "-fPIC"))


@pytest.mark.parametrize("serve", ["eager", "memfd"])
@pytest.mark.parametrize("name", MAPS.names)
def test_maps(name, serve, rewriter, outcomes, compile_program):
    config = Config("numpy", chunk="4096", serve=serve)
    program = compile_program("maps.c")
    shimmed, _ = outcomes(MAPS, config, [program], env={"LD_PRELOAD": f"{LIBRARY}:{rewriter}"})
    _, bare = outcomes(MAPS, config, [program])
    MAPS.verdict(name, config, shimmed, bare)


BY_NAME_AND_NUMBER = """
import ctypes, mmap, sys
libc = ctypes.CDLL(None)
libc.syscall.restype = ctypes.c_long
L = ctypes.c_long
for _ in range(1000):
    m = mmap.mmap(-1, 8192)
    m.close()
    at = libc.syscall(L(9), L(0), L(8192), L(3), L(34), L(-1), L(0))
    assert at > 0 and libc.syscall(L(28), L(at), L(8192), L(4)) == 0 and libc.syscall(L(11), L(at), L(8192)) == 0
"""


def test_each_call_arrives_once(rewriter, shim):
    """A library that watches memory sees as many calls under ours as without it; those by number were never its."""
    def calls(preload):
        result = shim.python(BY_NAME_AND_NUMBER, python="/usr/bin/python3", env={
            "LD_PRELOAD": preload, "REWRITER_SAYS": 1, "PYTHONHASHSEED": 0}).check()
        return int(re.search(r"rewriter: (\d+) calls", result.err.decode())[1])

    bare, under = calls(rewriter), calls(f"{LIBRARY}:{rewriter}")
    assert bare >= 2000
    # Ours is loaded and looks up names, which costs a mapping or two; calls by number pass libc's function by
    # without ours, and once under it at most.
    assert bare <= under <= bare + 100
