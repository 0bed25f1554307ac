"""Files that are not in memory: what is read from the disk for what, and that it is right."""

import hashlib
import os
import re
import shutil
import subprocess
import sys

import pytest

from configs import SERVING_MODES

MIB = 1 << 20


def cold(path):
    """Have the kernel forget a file's bytes; skip where it cannot."""
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    try:
        os.preadv(fd, [bytearray(1)], 5 * MIB, os.RWF_NOWAIT)
    except BlockingIOError:
        return
    except OSError as e:
        pytest.skip(f"whether a file is in memory cannot be told here: {e}")
    finally:
        os.close(fd)
    pytest.skip("files stay in memory here")


READ = """
import hashlib, mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
size = os.fstat(fd).st_size
if sys.argv[2] == 'map': data = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
else: data = b''.join(iter(lambda: os.read(fd, int(sys.argv[2])), b''))
print(hashlib.sha256(data).hexdigest())
"""


@pytest.mark.parametrize("serve", SERVING_MODES)
@pytest.mark.parametrize("how", ["map", "1000000000", "3000000", "131072"])
def test_cold(how, serve, big, shim, tmp_path):
    model = tmp_path / "model"
    shutil.copyfile(big.encrypted, model)
    cold(model)
    result = shim.python(READ, model, how, keys=big.keys, serve=serve).check()
    assert result.text.strip() == hashlib.sha256(big.image).hexdigest()
    bare = shim.python(READ, model, how, on=False).check()
    assert bare.text.strip() == hashlib.sha256(model.read_bytes()).hexdigest() != result.text.strip()


TOUCHED = (7, 2, 5, 1, 8, 4, 6, 3)  # tenths
TOUCH = """
import mmap, os, sys
def read(): return int(next(l for l in open('/proc/self/io') if l.startswith('read_bytes')).split()[1])
fd = os.open(sys.argv[1], os.O_RDONLY)
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
before = read()
if sys.argv[2] == 'all': sum(m[i] for i in range(0, len(m), 4096))
else:
    for i in map(int, sys.argv[3:]): m[len(m) * i // 10]
print(read() - before)
"""


@pytest.fixture(scope="module")
def model(large, keys, shim, tmp_path_factory):
    """400 MiB, encrypted: one sequence of 200 chunks."""
    path = tmp_path_factory.mktemp("near") / "model"
    shim.ctshim("encrypt", large, path, "--keys", keys).check()
    yield path
    path.unlink()


def test_touches_here_and_there(model, keys, shim):
    """A touched window costs its own bytes on the disk, and those of the chunks at its two ends."""
    size, cost = model.stat().st_size, {}
    for how in ("few", "all"):
        cold(model)
        cost[how] = int(shim.python(TOUCH, model, how, *TOUCHED, keys=keys, serve="lazy").check().text)
    if cost["all"] == 0:
        pytest.skip("what is read from this file system's disk is not counted")
    window, chunk = 8 * MIB, 2 * MIB
    assert cost["few"] <= 8 * (window + 2 * chunk) and cost["all"] >= .95 * size, cost


@pytest.fixture
def asked(shim, keys, tmp_path):
    """Runs TOUCH under strace: what the kernel was asked to read, [start, end), and the places that were looked at."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        pytest.skip("tracing is not permitted here")

    def run(model, how, on=True, touched=TOUCHED):
        trace = tmp_path / "trace"
        shim.run(["strace", "-f", "-o", trace, "-e", "trace=fadvise64,preadv2", sys.executable, "-c", TOUCH, model, how,
                  *touched], on=on, keys=keys if on else None, serve="lazy" if on else None).check()
        text = trace.read_text()
        ranges = [(int(m[1]), int(m[1]) + int(m[2]))
                  for m in re.finditer(r"fadvise64\(\d+, (\d+), (\d+), POSIX_FADV_WILLNEED", text)]
        return ranges, [int(m[1]) for m in re.finditer(r"1, (\d+), RWF_NOWAIT", text)]
    return run


def test_asked_for_in_sequence(model, asked):
    """What is ahead of a reader, to the end of the file and no further."""
    size = model.stat().st_size
    cold(model)
    ranges, looks = asked(model, "all")
    assert ranges and all(0 <= start < end <= size for start, end in ranges)
    assert max(looks) < size and max([*looks, *(end for _, end in ranges)]) >= .95 * size
    cold(model)
    assert asked(model, "all", on=False) == ([], [])


def test_asked_for_here_and_there(model, asked):
    """What was touched, and nothing ahead of it."""
    size, around = model.stat().st_size, (8 + 2) * MIB
    cold(model)
    ranges, looks = asked(model, "few")
    assert ranges
    for at in (*looks, *(at for pair in ranges for at in pair)):
        assert any(abs(at - size * i // 10) <= around for i in TOUCHED), at


@pytest.mark.skipif(tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) < (6, 5), reason="no cachestat")
def test_asked_for_behind_what_is_there(model, asked):
    """The kernel's read-ahead has come to the middle of what is needed: that its beginning is there does not mean all is."""
    at = model.stat().st_size * TOUCHED[0] // 10
    cold(model)
    fd = os.open(model, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)  # no more than what is read
    os.pread(fd, 4 * MIB + 4096, at - 4 * MIB)
    os.close(fd)
    ranges, looks = asked(model, "few", touched=TOUCHED[:1])
    assert min(looks) <= at < max(end for _, end in ranges)


def test_not_asked_for_in_memory(model, asked):
    """A look now and then tells that nothing is to be asked for."""
    for how in ("all", "few"):
        hashlib.sha256(model.read_bytes())
        ranges, looks = asked(model, how)
        assert ranges == [] and 0 < len(looks) <= model.stat().st_size // MIB


FILTERED = """
import ctypes, struct
def step(code, jt, jf, k): return struct.pack("HBBI", code, jt, jf, k)
text = step(0x20, 0, 0, 0) + step(0x15, 0, 1, 451) + step(6, 0, 0, 0x80000000) + step(6, 0, 0, 0x7fff0000)
steps = ctypes.create_string_buffer(text)
libc = ctypes.CDLL(None, use_errno=True)
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 4, ctypes.addressof(steps)))
if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, program, 0, 0) != 0: raise SystemExit("no filters here")
"""
CACHESTAT = FILTERED + "libc.syscall(451, 0, 0, 0, 0)\nprint('alive')\n"


@pytest.mark.parametrize("serve", SERVING_MODES)
@pytest.mark.parametrize("how", ["map", "3000000"])
def test_filter_that_ends_programs(how, serve, big, shim, tmp_path):
    """A filter of system calls that knows none of Linux 6.5 does not end a program for a cold file."""
    twin = shim.python(CACHESTAT, on=False)
    if b"no filters here" in twin.err:
        pytest.skip("no seccomp filters here")
    assert twin.status < 0 and b"alive" not in twin.out
    path = tmp_path / "model"
    shutil.copyfile(big.encrypted, path)
    cold(path)
    result = shim.python(FILTERED + READ, path, how, keys=big.keys, serve=serve).check()
    assert result.text.strip() == hashlib.sha256(big.image).hexdigest()
