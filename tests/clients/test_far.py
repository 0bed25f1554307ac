"""Files on a slow network file system, simulated: what the kernel is asked for before it is needed, and that it is right."""

import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time
import types

import pytest

import models
import reference
from configs import SERVING_MODES
from harness import BUILD

MIB = 1 << 20
LONG, SMALL, COUNT = 12 * MIB, 2 * MIB + 5000, 10
LATENCY_US, LINE = 200, 4 << 30

READ = """
import hashlib, mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
if sys.argv[2] == 'map': data = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
else: data = b''.join(iter(lambda: os.read(fd, int(sys.argv[2])), b''))
print(hashlib.sha256(data).hexdigest())
"""
TOUCH = """
import json, mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
os.write(2, b'now')
for first, count in json.loads(sys.argv[2]):
    sum(m[at] for at in range(first, first + count, 4096))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder, and where the slow file system shows it."""
    program, fuse = BUILD / "slowfs", shutil.which("fusermount3") or shutil.which("fusermount")
    if not program.exists() or fuse is None or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("there is no FUSE here, or its headers were missing")
    folder, shown = tmp_path_factory.mktemp("folder"), tmp_path_factory.mktemp("shown")
    server = subprocess.Popen([program, folder, shown, str(LATENCY_US), str(LINE)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if os.path.ismount(shown) or server.poll() is not None:
                break
            time.sleep(.05)
        if not os.path.ismount(shown):
            pytest.skip("FUSE may not be used here")
        yield folder, shown
    finally:
        subprocess.run([fuse, "-u", "-z", shown], capture_output=True)
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def model(place, shim, keys):
    """Long tensors with one of two windows before each; where each of both begins in the file."""
    folder, shown = place
    tensors, at, begins = {}, 0, []
    for i in range(COUNT):
        for name, size in (("small", SMALL), ("long", LONG)):
            tensors[f"{i}.{name}"] = {"dtype": "U8", "shape": [size], "data_offsets": [at, at + size]}
            begins.append((name, at))
            at += size
    head = reference.compact(tensors)
    (folder / "plain").write_bytes(struct.pack("<Q", len(head)) + head + models.generator("far").randbytes(at))
    shim.ctshim("encrypt", folder / "plain", folder / "encrypted", "--keys", keys, "--chunk-size", "512K").check()
    image = shim.run(["cat", folder / "encrypted"], keys=keys).check().out
    data = 8 + struct.unpack("<Q", image[:8])[0]
    assert image[data:] == (folder / "plain").read_bytes()[8 + len(head):]
    return types.SimpleNamespace(path=shown / "encrypted", bytes=(folder / "encrypted").read_bytes(), image=image,
                                 begins=[data + at for _, at in begins],
                                 long=[data + at for name, at in begins if name == "long"])


def forget(path):
    """Have the kernel forget a file's bytes."""
    with open(path, "rb") as f:
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@pytest.mark.parametrize("serve", SERVING_MODES)
@pytest.mark.parametrize("how", ["map", "1000000000", "3000000"])
def test_right(how, serve, model, shim, keys):
    forget(model.path)
    result = shim.python(READ, model.path, how, keys=keys, serve=serve).check()
    assert result.text.strip() == hashlib.sha256(model.image).hexdigest()
    bare = shim.python(READ, model.path, how, on=False).check()
    assert bare.text.strip() == hashlib.sha256(model.bytes).hexdigest() != result.text.strip()


@pytest.fixture
def asked(shim, keys, model, tmp_path):
    """Runs TOUCH under strace: the ranges that the kernel was asked for, [start, end)."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        pytest.skip("tracing is not permitted here")

    def run(steps, on=True, **env):
        forget(model.path)
        trace = tmp_path / "trace"
        shim.run(["strace", "-f", "-o", trace, "-e", "trace=fadvise64,write", sys.executable, "-c", TOUCH, model.path,
                  json.dumps([s if isinstance(s, tuple) else (s, 1) for s in steps])], on=on, keys=keys if on else None,
                 serve="lazy" if on else None, env=env).check()
        return [(int(m[1]), int(m[1]) + int(m[2])) for m in re.finditer(
            r"fadvise64\(\d+, (\d+), (\d+), POSIX_FADV_WILLNEED", trace.read_text().split('"now"', 1)[1])]
    return run


def has(ranges, offset):
    return any(start <= offset < end for start, end in ranges)


def covered(ranges):
    """Bytes in any of them."""
    total, at = 0, 0
    for start, end in sorted(ranges):
        total += max(0, end - max(at, start))
        at = max(at, end)
    return total


def read_ahead(path):
    device = os.stat(path).st_dev
    try:
        with open(f"/sys/class/bdi/{os.major(device)}:{os.minor(device)}/read_ahead_kb") as f:
            return int(f.read()) << 10
    except OSError as e:
        pytest.skip(f"what is read ahead cannot be told here: {e}")


def set_read_ahead(path, size):
    device = os.stat(path).st_dev
    try:
        with open(f"/sys/class/bdi/{os.major(device)}:{os.minor(device)}/read_ahead_kb", "w") as f:
            f.write(f"{size >> 10}\n")
    except OSError as e:
        pytest.skip(f"what is read ahead cannot be set here: {e}")


@pytest.mark.parametrize("size", [128 << 10, MIB])
def test_all_of_it(size, asked, model):
    """All is asked for, at most as much at once as the kernel reads ahead, which cuts what is more; and much at once, where
    it does not."""
    set_read_ahead(model.path, size)
    ranges = asked([(0, len(model.image))])
    assert all(0 <= start < end <= len(model.image) for start, end in ranges)
    assert max(end - start for start, end in ranges) == size == read_ahead(model.path)
    assert covered(ranges) >= .95 * len(model.image)


def test_beginnings(asked, model):
    """Who touches one after another has those asked for that he has not come to, short ones too, and little else. One thread:
    nobody decrypts ahead."""
    ranges = asked(model.begins[:2], CTSHIM_THREADS="1")
    assert has(ranges, model.begins[2]) and has(ranges, model.begins[3]) and has(ranges, model.begins[4])
    assert covered(ranges) <= 16 * MIB
    ranges = asked(model.begins[:12], CTSHIM_THREADS="1")
    assert all(has(ranges, at) for at in model.begins)
    assert covered(ranges) <= .6 * len(model.image)


def test_one_beginning_and_a_part(asked, model):
    """Between beginnings something else was touched: nothing beyond is asked for."""
    steps = [step for at in model.long[:6:2] for step in (at, (at + LONG // 2, 4096))]
    ranges = asked(steps, CTSHIM_THREADS="1")
    assert ranges and covered(ranges) <= len(steps) * 3 * MIB
    assert not any(has(ranges, at) for at in model.long[1:6:2])


def test_beginnings_backwards(asked, model):
    ranges = asked(model.long[6:0:-1], CTSHIM_THREADS="1")
    assert not any(has(ranges, at) for at in (*model.long[:1], *model.long[7:]))


def test_without_the_library(asked, model):
    assert asked(model.begins, on=False) == []
