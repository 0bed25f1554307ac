"""Before the library's own constructor, and after everything else has ended: models read in other libraries' constructors
and destructors, whichever was loaded first, and in handlers of every way to end."""

import shutil
import subprocess
import sys

import pytest

from configs import every_mode
from harness import LIBRARY, PROGRAMS

BEGIN = ["first-constructor", "constructor"]
END = ["destructor", "last-destructor"]


def build(target, *arguments, compiler="cc"):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    command = [compiler, "-D_GNU_SOURCE", "-O1", "-g", "-pthread", "-o", target, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Libraries that read a model when they are loaded, and a program that needs one of them."""
    place = tmp_path_factory.mktemp("early")

    def library(who, *options):
        return build(place / f"lib{who}.so", "-shared", "-fPIC", "-Wl,-Bsymbolic", f'-DWHO="{who}"', PROGRAMS / "early.c", *options)

    for who in ("needed", "before", "behind", "opened"):
        library(who)
    build(place / "ends", PROGRAMS / "ends.cc", f"-L{place}", "-lneeded", f"-Wl,-rpath,{place}", compiler="c++")
    return place


def lines(shim, argv, serve, small, preload, on=True, **env):
    """who -> {when: what was seen}, in order."""
    env |= {"EARLY_MODEL": small.encrypted, "EARLY_EXPECTED": small.expected,
            "LD_PRELOAD": ":".join(str(p) for p in preload) or None}
    result = shim.run(argv, keys=small.keys, serve=serve, env=env, on=on).check()
    said = {}
    for line in result.text.splitlines():
        who, when, what = line.split(" ", 2)
        said.setdefault(who, {})[when] = what
    return said


def check(shim, argv, serve, small, preload, expected):
    """All that must be read is read right; and without the library none of it is."""
    served = lines(shim, argv, serve, small, [LIBRARY if p is ... else p for p in preload])
    bare = lines(shim, argv, None, small, [p for p in preload if p is not ...], on=False)
    for who, moments in expected.items():
        assert served[who] == dict.fromkeys(moments, "right"), (who, served)
        assert bare[who] == dict.fromkeys(moments, "wrong"), (who, bare)


@every_mode
@pytest.mark.parametrize("how, moments", [
    ("return", ["main", "thread-local", "on-exit", "atexit", "static"]),
    ("thread-exit", ["main", "thread-local", "on-exit", "atexit", "static"]),
    ("quick", ["main", "at-quick-exit"]),
    ("thread", ["main", "thread", "thread-local", "thread-key"]),
])
def test_ends(how, moments, serve, shim, small, built):
    """The needed library's constructors run before the preloaded one's, its destructors after."""
    moments = BEGIN + moments + (END if how in ("return", "thread-exit") else [])
    check(shim, [built / "ends", how], serve, small, [...], {"needed": moments})


@every_mode
@pytest.mark.parametrize("order", [["before", ...], [..., "behind"], ["before", ..., "behind"]], ids=str)
def test_preloaded_beside_it(order, serve, shim, small, built):
    preload = [p if p is ... else built / f"lib{p}.so" for p in order]
    expected = {who: BEGIN + END for who in order if who is not ...}
    check(shim, ["/bin/true"], serve, small, preload, expected)


@every_mode
def test_loaded_and_unloaded(serve, shim, small, built):
    code = "import _ctypes, sys; h = _ctypes.dlopen(sys.argv[1], 2); _ctypes.dlclose(h)"
    check(shim, [sys.executable, "-c", code, built / "libopened.so"], serve, small, [...], {"opened": BEGIN + END})


@every_mode
def test_standard_input_in_a_constructor(serve, shim, small, built):
    """The program's input is a model, and a library's constructor has read elsewhere before ours looks at it."""
    def run(on):
        with open(small.encrypted, "rb") as f:
            env = {"EARLY_MODEL": small.encrypted, "EARLY_EXPECTED": small.expected,
                   "LD_PRELOAD": f"{built / 'libbehind.so'}" + (f":{LIBRARY}" if on else "")}
            return shim.run(["cat"], stdin=f, keys=small.keys, serve=serve, env=env, on=on).out
    assert small.image in run(True) and small.image not in run(False)
