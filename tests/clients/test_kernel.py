"""Where libc is not in the way. In mode memfd a descriptor that was opened through it stays right wherever it
goes: in line system calls, rings, other processes."""

import sys

import pytest

from configs import Config
from harness import Checks

CHECKS = Checks("kernel.c")
CONFIGS = [Config("numpy", 2, chunk="4096", serve="memfd"), Config("numpy", 1, serve="memfd"), Config("big", serve="memfd")]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("name", CHECKS.names)
def test_kernel(name, config, outcomes, compile_program):
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, [compile_program("kernel.c")]))


def test_standard_input(shim, small, tmp_path):
    """`prog < MODEL`: exchanged before the program starts, for the programs that it starts too."""
    code = ("import os, subprocess, sys\n"
            "clean = {k: v for k, v in os.environ.items() if k != 'LD_PRELOAD'}\n"
            "sys.stdout.buffer.write(subprocess.run(['cat'], env=clean, capture_output=True).stdout)\n")
    for on in (True, False):
        with open(small.encrypted, "rb") as f:
            got = shim.run([sys.executable, "-c", code], stdin=f, on=on, keys=small.keys, serve="memfd" if on else None)
        assert (got.check().out == small.image) == on
