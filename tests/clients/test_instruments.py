"""Programs that are watched while they read: built with sanitizers, under valgrind, strace and gdb."""

import shutil
import subprocess
import sys

import pytest

from configs import MODE_CONFIGS, every_mode, every_mode_config
from harness import Checks

PROGRAMS = {n: Checks(n) for n in ("reads.c", "maps.c", "stdio.c", "streams.cc", "threads.c")}
ADDRESS = ("-O1", "-g", "-fsanitize=address", "-fno-omit-frame-pointer")
UNDEFINED = ("-O1", "-g", "-fsanitize=undefined", "-fno-sanitize-recover=all")

# The sanitizer's library may stand before ours or behind it, or be a part of the program.
ARRANGEMENTS = {
    "before": (ADDRESS, {"LD_PRELOAD": "{asan}:SHIM"}),
    "behind": (ADDRESS, {"LD_PRELOAD": "SHIM", "ASAN_OPTIONS": "verify_asan_link_order=0"}),
    "static": ((*ADDRESS, "-static-libasan"), {"ASAN_OPTIONS": "verify_asan_link_order=0"}),
    "undefined": (UNDEFINED, {}),
}
# Each in the first mode; where modes differ, also in the others.
RUNS = [(arrangement, name, MODE_CONFIGS[0]) for arrangement, names in {
    "before": PROGRAMS, "behind": ("reads.c", "maps.c", "threads.c"), "static": ("reads.c", "maps.c", "stdio.c"),
    "undefined": ("reads.c", "maps.c", "streams.cc")}.items() for name in names]
RUNS += [("before", n, c) for n in ("reads.c", "maps.c") for c in MODE_CONFIGS[1:]]


def library(name):
    """Where the compiler has a library."""
    path = subprocess.run(["cc", f"-print-file-name={name}"], capture_output=True, text=True).stdout.strip()
    if "/" not in path:
        pytest.skip(f"the compiler has no {name}")
    return path


@pytest.mark.parametrize("arrangement, name, config", RUNS, ids=str)
def test_sanitizer(arrangement, name, config, outcomes, compile_program):
    options, env = ARRANGEMENTS[arrangement]
    asan = library("libasan.so")
    env = {k: v.format(asan=asan) for k, v in env.items()}
    program = compile_program(name, options=options, compiler="c++" if name.endswith(".cc") else "cc")
    shimmed, bare = outcomes(PROGRAMS[name], config, [program], env)
    for check in PROGRAMS[name].names:
        PROGRAMS[name].verdict(check, config, shimmed, bare)


def test_sanitizer_still_finds(shim, small, compile_program, tmp_path):
    """A program that reads a model and then overruns what it read is stopped, as without the library."""
    source = tmp_path / "overrun.c"
    source.write_text("#include <fcntl.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
                      "int main(int argc, char **argv)\n{\n"
                      "\tint fd = open(argv[argc - 1], O_RDONLY);\n\tchar *room = malloc(100);\n"
                      "\tif (read(fd, room, 100) != 100)\n\t\treturn 3;\n"
                      "\treturn read(fd, room + 1, 100) == 100 ? 0 : 4;\n}\n")
    program = compile_program(source, options=ADDRESS)
    for on in (True, False):
        result = shim.run([program, small.encrypted], on=on, keys=small.keys,
                          env={"LD_PRELOAD": f"{library('libasan.so')}:SHIM"})
        assert result.status not in (0, 3, 4) and b"heap-buffer-overflow" in result.err, result.describe()


def right(result):
    """Did the program that reads in every way find everything right?"""
    lines = [line for line in result.text.splitlines() if ": " in line]
    return len(lines) == 7 and all(line.endswith(": right") for line in lines)


def whole(files):
    return [files.encrypted, files.expected, 0, files.expected.stat().st_size]


@every_mode_config
def test_valgrind(config, shim, pair, probe, compile_program, scratch):
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed")
    run = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite"]
    files, checks = pair(config), PROGRAMS["stdio.c"]
    assert right(shim.run([*run, probe, *whole(files)], keys=files.keys, serve=config.serve).check())
    assert not right(shim.run([*run, probe, *whole(files)], on=False))
    result = shim.run([*run, compile_program("stdio.c"), files.encrypted, files.expected, scratch()], keys=files.keys,
                      serve=config.serve).check()
    assert set(checks.outcome(result).values()) == {"ok"}, result.describe()


@pytest.fixture(scope="session")
def traced():
    """The beginning of a command line that traces, where that is allowed."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        pytest.skip("tracing is not permitted here")
    return ["strace", "-f", "-o", "/dev/null"]


@every_mode
def test_strace(serve, shim, small, probe, traced):
    def run(argv, on=True):
        return shim.run([*traced, *argv], on=on, keys=small.keys, serve=serve if on else None)

    assert right(run([probe, *whole(small)]).check())
    assert not right(run([probe, *whole(small)], on=False))
    script = 'cat "$0"; (cat < "$0"); sha256sum < "$0"'
    assert run(["sh", "-c", script, small.encrypted]).check().out.startswith(small.image * 2)
    code = ("import multiprocessing as m, subprocess, sys\n"
            "def part(n):\n"
            "    with open(sys.argv[1], 'rb') as f: return f.seek(n * 30000) * b'' + f.read(30000)\n"
            "with m.get_context('fork').Pool(3) as p: got = b''.join(p.map(part, range(40)))\n"
            "got += subprocess.run(['cat', sys.argv[1]], capture_output=True).stdout\n"
            "sys.stdout.buffer.write(got)\n")
    assert run([sys.executable, "-c", code, small.encrypted]).check().out == small.image * 2
    assert run([sys.executable, "-c", code, small.encrypted], on=False).out != small.image * 2


@every_mode
def test_gdb(serve, shim, small, probe):
    """Stopped and continued, with gdb and the shell that it starts under the library too. (A mapping that is filled
    where it is touched begins with a signal, which gdb is to let pass.)"""
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    run = ["gdb", "-batch", "-nx", "-iex", "set debuginfod enabled off", "-ex", "set confirm off",
           "-ex", "handle SIGSEGV nostop noprint pass", "-ex", "break judge", "-ex", "run", *(["-ex", "continue"] * 7),
           "-ex", "print $_exitcode", "--args", probe, *whole(small)]
    result = shim.run(run, keys=small.keys, serve=serve)
    if b"ptrace" in result.err:
        pytest.skip("tracing is not permitted here")
    said = [line for line in result.check().text.splitlines() if ": right" in line]
    assert len(said) == 7 and "$1 = 0" in result.text, result.describe()
    assert ": right" not in shim.run(run, on=False).text
