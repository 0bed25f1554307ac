"""Other allocators in front of the library and behind it: they look up their own names while it looks up
its own, and allocate while it is asked to open a file."""

import subprocess
import sys

import pytest

from configs import MODE_CONFIGS, every_mode_config
from harness import PROGRAMS, Checks

ALLOCATORS = {"jemalloc": "libjemalloc.so.2", "tcmalloc": "libtcmalloc_minimal.so.4"}
CHECKS = {n: Checks(n) for n in ("reads.c", "maps.c", "stdio.c", "streams.cc", "threads.c", "python_io.py")}
# All of them in the first mode; where modes differ, in the others.
RUNS = [(n, c) for n in CHECKS for c in MODE_CONFIGS if c is MODE_CONFIGS[0] or n in ("maps.c", "streams.cc")]

allocators = pytest.mark.parametrize("allocator", ALLOCATORS)
orders = pytest.mark.parametrize("order", ["{}:SHIM", "SHIM:{}"], ids=["before", "behind"])


def loaded(allocator):
    """The library's file name, if the linker finds it."""
    name = ALLOCATORS[allocator]
    said = subprocess.run(["true"], env={"LD_PRELOAD": name}, capture_output=True, text=True)
    if said.stderr:
        pytest.skip(f"{name} is not installed")
    return name


def judge(name, config, env, outcomes, compile_program):
    checks = CHECKS[name]
    program = ([sys.executable, PROGRAMS / name] if name.endswith(".py") else
               [compile_program(name, compiler="c++" if name.endswith(".cc") else "cc")])
    shimmed, bare = outcomes(checks, config, program, env)
    for check in checks.names:
        checks.verdict(check, config, shimmed, bare)


@orders
@allocators
@pytest.mark.parametrize("name, config", RUNS, ids=str)
def test_allocator(name, config, allocator, order, outcomes, compile_program):
    judge(name, config, {"LD_PRELOAD": order.format(loaded(allocator))}, outcomes, compile_program)


@orders
@allocators
def test_the_allocator_is_there(allocator, order, shim):
    name = loaded(allocator)
    maps = shim.python("print(open('/proc/self/maps').read())", env={"LD_PRELOAD": order.format(name)}).check()
    assert name.split(".")[0] in maps.text and "libctshim" in maps.text


@orders
@every_mode_config
@pytest.mark.parametrize("name", ["maps.c", "reads.c", "python_io.py"])
def test_wrappers(name, config, order, outcomes, compile_program):
    """A library whose functions are nothing but syscall()."""
    wrappers = compile_program("wraps.c", options=("-shared", "-fPIC", "-fno-builtin"))
    judge(name, config, {"LD_PRELOAD": order.format(wrappers)}, outcomes, compile_program)
