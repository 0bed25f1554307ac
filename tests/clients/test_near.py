"""Files that are not in memory: what is read from the disk for what, and that it is right."""

import hashlib
import os
import shutil

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


TOUCH = """
import mmap, os, sys
def read(): return int(next(l for l in open('/proc/self/io') if l.startswith('read_bytes')).split()[1])
fd = os.open(sys.argv[1], os.O_RDONLY)
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
before = read()
if sys.argv[2] == 'all': sum(m[i] for i in range(0, len(m), 4096))
else:
    for i in (7, 2, 5, 1, 8, 4, 6, 3): m[len(m) * i // 10]
print(read() - before)
"""


def test_touches_here_and_there(large, keys, shim, tmp_path):
    """A touched window costs its own bytes on the disk, and those of the chunks at its two ends."""
    model = tmp_path / "model"
    shim.ctshim("encrypt", large, model, "--keys", keys).check()
    size, cost = model.stat().st_size, {}
    for how in ("few", "all"):
        cold(model)
        cost[how] = int(shim.python(TOUCH, model, how, keys=keys, serve="lazy").check().text)
    if cost["all"] == 0:
        pytest.skip("what is read from this file system's disk is not counted")
    window, chunk = 8 * MIB, 2 * MIB
    assert cost["few"] <= 8 * (window + 2 * chunk) and cost["all"] >= .95 * size, cost
