"""Mode lazy, as programs see it: nothing is decrypted before it is touched, and what cannot be is a bus error."""

import os
import signal
import subprocess
import sys
import time

import pytest

import models
import reference
import sealer
from configs import Config

MIB = 1 << 20

TOUCH = """
import mmap, os, sys
path, *places = sys.argv[1:]
fd = os.open(path, os.O_RDONLY)
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
os.close(fd)
for place in map(int, places):
    print(m[place:place + 16].hex(), flush=True)
"""


@pytest.fixture(scope="module")
def files(pair):
    return pair(Config("big"))


def place_of(image, tensor, at):
    return reference.data_start(image) + reference.header(image)[tensor]["data_offsets"][0] + at


def expected(image, places):
    return [image[p:p + 16].hex() for p in places]


@pytest.mark.parametrize("serve, on_touch", [("lazy", True), ("eager", False)])
def test_a_damaged_chunk(serve, on_touch, files, shim, tmp_path):
    """What is whole can be read; the chunk that is not is a bus error, and a line that names it."""
    image, model = files.image, tmp_path / "model"
    bad = place_of(image, "large", 5 * MIB)
    good = [0, place_of(image, "large", 0), len(image) - 16]
    model.write_bytes(sealer.flip(files.encrypted.read_bytes(), bad))
    result = shim.python(TOUCH, model, *good, bad, keys=files.keys, serve=serve, quiet=False)
    lines = result.text.split()
    if on_touch:
        assert result.status == -signal.SIGBUS and lines == expected(image, good), result.describe()
    else:
        assert result.status == 1 and not lines, result.describe()
    assert len(result.messages) == 1 and "tensor 'large', chunk 3 of 5: authentication failed" in result.messages[0]
    model.write_bytes(files.encrypted.read_bytes())
    shim.python(TOUCH, model, *good, bad, keys=files.keys, serve=serve).check()


HANDLED = """
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
out = os.open(sys.argv[3], os.O_RDWR | os.O_CREAT)
view = memoryview(m)[int(sys.argv[2]):]
try:
    print(os.write(out, view))
except OSError as e:
    print(-e.errno)
"""


def test_a_damaged_chunk_handed_to_the_kernel(files, shim, tmp_path):
    """write() of memory that cannot be decrypted fails, and writes nothing of it."""
    image, model, out = files.image, tmp_path / "model", tmp_path / "out"
    bad = place_of(image, "large", 5 * MIB)
    model.write_bytes(sealer.flip(files.encrypted.read_bytes(), bad))
    result = shim.python(HANDLED, model, bad, out, keys=files.keys, serve="lazy", quiet=False).check()
    assert int(result.text) == -14 and out.read_bytes() == b"" and "authentication failed" in result.messages[0]
    shim.python(HANDLED, files.encrypted, bad, out, keys=files.keys, serve="lazy").check()
    assert out.read_bytes() == image[bad:]


CUT = TOUCH.replace("for place", "m[:1]; input()\nfor place")


def test_a_file_that_is_cut_under_a_mapping(files, shim, tmp_path):
    """As with any mapping of a file: a bus error where the file is no more; never other bytes."""
    model = tmp_path / "model"
    model.write_bytes(files.encrypted.read_bytes())
    end = len(files.image) - 16
    env = shim.env(keys=files.keys, serve="lazy")
    program = subprocess.Popen([sys.executable, "-c", CUT, model, str(end)], env=env, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(200):  # until it waits for input
        with open(f"/proc/{program.pid}/wchan") as f:
            if "pipe" in f.read():
                break
        time.sleep(.05)
    os.truncate(model, len(files.image) // 2)
    out, err = program.communicate("\n", timeout=60)
    assert program.returncode == -signal.SIGBUS and out == "", (program.returncode, out, err)
    assert "became shorter" in err


RSS = """
import mmap, os, sys
def rss(): return int(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1]) << 10
fd = os.open(sys.argv[1], os.O_RDONLY)
before = rss()
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
for at in range(1, 9): m[len(m) * at // 9]
print(rss() - before)
"""


def test_only_what_is_touched_takes_memory(shim, keys, large, tmp_path):
    encrypted = tmp_path / "large"
    shim.ctshim("encrypt", large, encrypted, "--keys", keys).check()
    grown = {mode: int(shim.python(RSS, encrypted, keys=keys, serve=mode).check().text) for mode in ("lazy", "eager")}
    assert grown["lazy"] < 128 * MIB < 400 * MIB <= grown["eager"]


FAULTHANDLER = """
import ctypes, faulthandler, mmap, os, sys
faulthandler.enable()
fd = os.open(sys.argv[1], os.O_RDONLY)
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
if sys.argv[2] == 'late': faulthandler.disable(); m[1]; faulthandler.enable()
print(m[len(m) // 2:len(m) // 2 + 16].hex(), flush=True)
ctypes.string_at(8)
"""


@pytest.mark.parametrize("when", ["early", "late"])
def test_faulthandler(when, files, shim):
    """Python's own handler of the same signal says what a real fault is, and nothing of ours."""
    image = files.image
    result = shim.python(FAULTHANDLER, files.encrypted, when, keys=files.keys, serve="lazy", quiet=False)
    assert result.status == -signal.SIGSEGV and result.err.count(b"Fatal Python error: Segmentation fault") == 1
    assert result.text.split() == expected(image, [len(image) // 2])


LOADER = """
import sys, torch
from safetensors import safe_open
class Rows(torch.utils.data.Dataset):
    def __init__(self, path):
        self.file = safe_open(path, 'pt')
        self.tensor = self.file.get_tensor('large').view(torch.uint8).flatten()
    def __len__(self): return 64
    def __getitem__(self, i):
        step = self.tensor.numel() // 64
        return int(self.tensor[i * step:(i + 1) * step].long().sum())
rows = Rows(sys.argv[1])
loader = torch.utils.data.DataLoader(rows, num_workers=2, batch_size=8, multiprocessing_context=sys.argv[2])
print([int(x) for batch in loader for x in batch])
"""


def test_workers_of_a_data_loader(files, shim):
    """Forked while the mapping is hardly touched; each worker decrypts for itself."""
    served = shim.python(LOADER, files.encrypted, "fork", keys=files.keys, serve="lazy", timeout=120).check()
    assert served.text == shim.python(LOADER, files.plain, "fork", on=False, timeout=120).check().text
    bare = shim.python(LOADER, files.encrypted, "fork", on=False, timeout=120)
    assert bare.text != served.text


def test_threads_end_with_the_last_mapping(files, shim):
    code = """
import mmap, os, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
count = lambda: len(os.listdir('/proc/self/task'))
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
m[1]
before = count()
m.close()
for _ in range(100):
    if count() == 1: break
    time.sleep(.1)
print(before, count())
"""
    env = {"CTSHIM_THREADS": "3"}
    result = shim.python(code, files.encrypted, keys=files.keys, serve="lazy", env=env).check()
    assert result.text.split() == ["4", "1"]
    result = shim.python(code, files.encrypted, keys=files.keys, serve="lazy", env={"CTSHIM_THREADS": "1"}).check()
    assert result.text.split() == ["1", "1"]


SEQUENCE = """
import hashlib, mmap, os, random, sys
path, seed, image = sys.argv[1:]
rng, want = random.Random(seed), open(image, 'rb').read()
fd = os.open(path, os.O_RDONLY)
for round in range(30):
    m = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=rng.choice([mmap.MAP_PRIVATE, mmap.MAP_SHARED]))
    m.madvise(rng.choice([mmap.MADV_NORMAL, mmap.MADV_RANDOM, mmap.MADV_SEQUENTIAL, mmap.MADV_WILLNEED]))
    at = rng.randrange(len(want))
    for _ in range(rng.randrange(40)):
        step = rng.choice([1, 100, 4096, 1 << 20, 3 << 20])
        assert m[at:at + step] == want[at:at + step], (round, at, step)
        at = (at + step) % len(want) if rng.random() < .8 else rng.randrange(len(want))
    m.close()
"""


def test_any_sequence_of_touches(files, shim):
    print(f"seed {models.SEED}")
    shim.python(SEQUENCE, files.encrypted, models.SEED, files.expected, keys=files.keys, serve="lazy", timeout=120).check()
    assert shim.python(SEQUENCE, files.encrypted, models.SEED, files.expected, on=False).status == 1
