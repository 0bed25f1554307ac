"""Programs that open no encrypted model do not notice the shim."""

import collections
import os
import re
import shutil
import subprocess
import sys

import pytest

from harness import LIBRARY, Checks
from ordinary_commands import TREE, commands

COMMANDS = commands()
STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed")

# A fixed name and time, so that git's objects are the same each time.
GIT = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "N"), ("EMAIL", "e@example.org"), ("DATE", "2001-01-01T00:00:00Z"))}


def plant(folder):
    for name, text in TREE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1"))
        os.utime(path, (1e9, 1e9))


def harvest(folder):
    """What a command left behind: name -> kind and content."""
    left = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.startswith(".git") or "__pycache__" in name:
            continue  # holds times and process numbers
        if path.is_symlink():
            left[name] = os.readlink(path)
        elif path.is_file():
            left[name] = path.read_bytes() if not name.endswith((".gz", ".tgz", ".tar", ".txz", ".zip", "g", "db",
                                                                 ".o", "hello", "h")) else None
        else:
            left[name] = path.is_dir()
    return left


def words(text, folder):
    """Output without what differs between any two runs."""
    text = text.replace(str(folder).encode(), b"DIR")
    text = re.sub(rb"0x[0-9a-f]{6,}", b"ADDRESS", text)
    text = re.sub(rb"(sh: \d+: |line \d+: +)\d+ ", rb"\1PID ", text)
    return re.sub(rb"(/tmp/\S+|clone\.\d+)", b"TMP", text)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[:60])
def test_command(command, shim, keys, scratch):
    tool = re.match(r"\w[\w+-]*(?![\w=+-])", command)
    if tool and tool[0] not in ("no-such-command-at-all",) and subprocess.run(
            ["bash", "-c", f"type {tool[0]}"], capture_output=True).returncode != 0:
        pytest.skip(f"{tool[0]} is not installed")
    seen = []
    for on in (False, True):
        # The same name for both, so that it can appear in the output.
        folder = scratch() / "here"
        folder.mkdir()
        plant(folder)
        env = GIT | {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
        result = shim.run(["bash" if "<<<" in command else "sh", "-c", COMMANDS[command]], on=on, cwd=folder,
                          keys=keys, env=env, timeout=30)
        seen.append((result.status, words(result.out, folder), words(result.err, folder), harvest(folder)))
        shutil.rmtree(folder)
    bare, shimmed = seen
    assert shimmed[0] == bare[0], f"status: {seen}"
    assert shimmed[1] == bare[1], f"stdout: {seen}"
    assert shimmed[2] == bare[2], f"stderr: {seen}"
    assert shimmed[3] == bare[3], "files left behind"


@pytest.mark.parametrize("source", ["reads.c", "stdio.c", "maps.c"])
def test_plain_models_in_c(source, shim, small, scratch, compile_program):
    """All that holds of an encrypted model under the shim holds of a plain one."""
    checks, program = Checks(source), compile_program(source)
    run_on_plain(checks, [program], shim, small, scratch)


@pytest.mark.parametrize("source", ["python_io.py", "pynumpy.py", "pysafetensors.py"])
def test_plain_models_in_python(source, shim, small, scratch):
    checks = Checks(source)
    run_on_plain(checks, [sys.executable, checks.source], shim, small, scratch)


def run_on_plain(checks, argv, shim, small, scratch):
    folder = scratch()
    model = folder / "model.safetensors"
    shutil.copyfile(small.plain, model)
    expected = folder / "expected.bin"
    shutil.copyfile(small.plain, expected)
    for serve in (None, "memfd"):
        # No key either: a plain file needs none.
        result = shim.run([*argv, model, expected, folder], serve=serve)
        assert set(checks.outcome(result).values()) == {"ok"}, result.describe()
        for path in folder.iterdir():
            if path not in (model, expected):
                path.unlink()


ALMOST = {
    "nothing": b"",
    "a byte": b"x",
    "eight bytes": b"\x08" + bytes(7),
    "header length only": (300).to_bytes(8, "little") + b"{" + b" " * 400,
    "words in the data": (19).to_bytes(8, "little") + b'{"__metadata__":{}}' + b"__encryption__" * 50,
    "words in other data": (16).to_bytes(8, "little") + b'{"a":{},"bc":{}}' + b"__encryption__" * 50,
    "words in text": b"__metadata__ __encryption__ " * 100,
    "json": b'{"__metadata__": {"__encryption__": "{}"}}' * 20,
    "zeros": bytes(100000),
    "huge length": b"\xff" * 8 + b'{"a":{"__encryption__":"{}"}}' * 20,
    "huge length of metadata": b"\xff" * 8 + b'{"__metadata__":{"__encryptions__":"{}"}}' * 20,
}


@pytest.mark.parametrize("case", ALMOST)
def test_files_that_are_almost_models(case, shim, tmp_path):
    path = tmp_path / "file.safetensors"
    path.write_bytes(ALMOST[case])
    for command in (["cat", path], ["sha256sum", path], ["cmp", path, path]):
        bare, shimmed = (shim.run(command, on=on) for on in (False, True))
        assert (shimmed.status, shimmed.out, shimmed.err) == (bare.status, bare.out, bare.err)
    code = "import sys; open(sys.argv[1], 'r+b').write(b'y')"  # writing stays possible
    assert shim.python(code, path).status == 0


def counted(shim, tmp_path, on, argv, keys=None, only=None):
    """System calls of a program, by name."""
    log = tmp_path / "trace"
    preload = [f"LD_PRELOAD={shim.env()['LD_PRELOAD']}"] if on else []
    shim.run([STRACE, "-f", "-qq", "-o", log, *(["-e", f"trace={only}"] if only else []), "env", *preload, *argv],
             on=False, keys=keys).check()
    calls = collections.Counter()
    lines = log.read_text(errors="replace").splitlines()
    for line in lines:
        if call := re.match(r"\d+ +(\w+)\(", line):
            calls[call[1]] += 1
    return calls, lines


BUSY = """
import os, sys
path, times = sys.argv[1], int(sys.argv[2])
r, w = os.pipe()
fd = os.open(path, os.O_RDONLY)
out = os.open("/dev/null", os.O_WRONLY)
for _ in range(times):
    os.read(fd, 1); os.pread(fd, 1, 0); os.lseek(fd, 0, 0); os.readv(fd, [bytearray(1)])
    os.write(w, b"x"); os.read(r, 1); os.write(out, b"x"); os.fstat(fd); os.close(os.dup(out))
"""


@needs_strace
@pytest.mark.parametrize("kind", ["a text", "a plain model"])
def test_no_system_call_more_for_a_read(kind, shim, small, tmp_path):
    """A hundred reads, pipes, duplicates and closes more cost the same with the shim as without."""
    path = small.plain if kind == "a plain model" else __file__
    cost = {}
    for on in (False, True):
        few, many = (counted(shim, tmp_path, on, [sys.executable, "-c", BUSY, path, times])[0]
                     for times in ("1", "101"))
        cost[on] = many - few
    assert cost[True] == cost[False], (cost[True] - cost[False], cost[False] - cost[True])


OPENS = """
import os, sys
for _ in range(int(sys.argv[2])):
    os.close(os.open(sys.argv[1], os.O_RDONLY))
"""


@needs_strace
def test_what_an_open_costs(shim, tmp_path):
    """For a regular file: what it is, whose process this is, and one sniff. Less for anything else."""
    for path, allowed in ((__file__, {"fstat", "newfstatat", "getpid", "pread64"}),
                          ("/dev/null", {"fstat", "newfstatat", "getpid"}),
                          ("/", {"fstat", "newfstatat", "getpid"})):
        cost = {}
        for on in (False, True):
            few, many = (counted(shim, tmp_path, on, [sys.executable, "-c", OPENS, path, times])[0]
                         for times in ("1", "101"))
            cost[on] = many - few
        extra = cost[True] - cost[False]
        assert set(extra) <= allowed and all(n <= 100 for n in extra.values()), (path, extra)


@needs_strace
def test_what_starting_costs(shim, tmp_path):
    """Little more than loading two libraries."""
    bare, shimmed = (counted(shim, tmp_path, on, ["true"])[0] for on in (False, True))
    extra = shimmed - bare
    assert sum(extra.values()) < 40, extra
    assert not [c for c in extra if c in ("clone", "clone3", "socket", "write", "exit", "kill", "rt_sigaction")], extra


@needs_strace
def test_files_opened_by_the_shim(shim, small, tmp_path):
    """The library and what it needs, then keys and nothing else: no configuration of OpenSSL's."""
    def opened(on, argv, keys=None):
        lines = counted(shim, tmp_path, on, argv, keys, only="%file")[1]
        return {m[1] for line in lines if (m := re.search(r'open\w*\([^"]*"([^"]+)"', line))}

    idle = opened(True, ["cat", __file__]) - opened(False, ["cat", __file__])
    assert all(re.search(r"libctshim\.so|libcjson|/proc/self/fd/", path) for path in idle), idle
    busy = opened(True, ["cat", small.encrypted], small.keys) - idle - opened(False, ["cat", small.encrypted])
    assert not [path for path in busy if "ssl" in path or path.endswith(".cnf")], busy
    assert busy <= {str(small.keys), "/sys/fs/cgroup/cpu.max", "/proc/self/maps"} | {
        path for path in busy if path.startswith(("/proc/self/", "/sys/devices/system/cpu"))}, busy


def test_no_thread_stays(shim, small):
    code = ("import os, sys; n = lambda: len(os.listdir('/proc/self/task')); a = n(); "
            "d = open(sys.argv[1], 'rb').read(); print(a, n())")
    assert shim.python(code, small.plain).text == "1 1\n"
    assert shim.python(code, small.encrypted, keys=small.keys).text == "1 1\n"


NUMBERS = """
import os, sys
fds = [os.open(sys.argv[1], 0) for _ in range(4)]
f = open(sys.argv[1], 'rb')
r, w = os.pipe()
d = os.dup(fds[0])
os.read(fds[0], 5000)
os.close(fds[1])
again = os.open('/dev/null', 0)
print(fds, f.fileno(), r, w, d, again, sorted(map(int, os.listdir('/proc/self/fd')))[:12])
"""


@pytest.mark.parametrize("serve", ["eager", "memfd"])
def test_descriptor_numbers(serve, shim, small):
    """The shim takes no low number, whatever is opened."""
    bare = shim.python(NUMBERS, small.plain, on=False).text
    assert shim.python(NUMBERS, small.plain, serve=serve).text == bare
    assert shim.python(NUMBERS, small.encrypted, serve=serve, keys=small.keys).text == bare


def test_limits_on_descriptors(shim, small):
    """The last number can be had for a model, too."""
    code = ("import os, resource, sys\n"
            "resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))\n"
            "l = []\n"
            "try:\n"
            "    while True: l.append(os.open(sys.argv[1], 0))\n"
            "except OSError as e: print(e.errno, len(l), os.read(l[-1], 10) == os.pread(l[0], 10, 0))\n")
    bare = shim.python(code, small.plain, on=False).text
    assert shim.python(code, small.plain).text == bare
    assert shim.python(code, small.encrypted, keys=small.keys).text == bare


def test_environment_and_arguments_are_untouched(shim):
    env = shim.run(["env"]).text.splitlines()
    bare = shim.run(["env"], on=False).text.splitlines()
    assert [line for line in env if not line.startswith("LD_PRELOAD=")] == bare


def test_memory_of_an_idle_program(shim):
    """No heap and no tables before a model is met: less than a megabyte of private memory more."""
    code = ("import re; print(sum(int(k) for k in re.findall(r'Private_Dirty: +(\\d+)', "
            "open('/proc/self/smaps').read())))")
    with open(LIBRARY, "rb") as f:
        os.fsync(f.fileno())  # pages of a file that is not on the disk yet count as dirty
    bare, shimmed = (min(int(shim.python(code, on=on).text) for _ in range(3)) for on in (False, True))
    assert shimmed - bare < 1024, (bare, shimmed)
