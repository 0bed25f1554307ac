"""CTSHIM_RESIDENT: plaintext that is not needed any more is let go of, and comes back as it was; what the program wrote stays."""

import hashlib

import pytest

import models
import reference
import sealer
from configs import Config

MIB = 1 << 20
SIZE = 160 * MIB

SUM = """
import hashlib, mmap, os, sys
def anonymous():
    return int(next(l for l in open('/proc/self/status') if l.startswith('RssAnon')).split()[1]) << 10
path, writable = sys.argv[1], sys.argv[2] == 'writable'
fd = os.open(path, os.O_RDONLY)
before = anonymous()
prot = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
m = mmap.mmap(fd, 0, prot=prot, flags=mmap.MAP_PRIVATE)
os.close(fd)
digest, most = hashlib.sha256(), 0
with memoryview(m) as view:
    for at in range(0, len(view), 1 << 20):
        digest.update(view[at:at + (1 << 20)])
        most = max(most, anonymous())
print(digest.hexdigest(), most - before)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory, shim, keys):
    """version -> a model of some size, encrypted, and the digest of what it is to programs."""
    place = tmp_path_factory.mktemp("bounded")
    plain = place / "plain"
    block, count = models.generator("bounded").randbytes(4 * MIB), SIZE // (16 * MIB)
    tensors = {f"t{i:02}": {"dtype": "U8", "shape": [16 * MIB], "data_offsets": [i * 16 * MIB, (i + 1) * 16 * MIB]}
               for i in range(count)}
    with open(plain, "wb") as f:
        f.write(sealer.assemble({}, b"", text=reference.compact(tensors)))
        for i in range(SIZE // len(block)):
            f.write(bytes([i]) + block[1:])

    def get(version, made={}):
        if version not in made:
            encrypted = place / f"v{version}"
            shim.ctshim("encrypt", plain, encrypted, "--keys", keys, "--version", version).check()
            image = shim.run(["cat", encrypted], keys=keys).check().out
            assert image[-SIZE:] == plain.read_bytes()[-SIZE:]
            made[version] = encrypted, image
        return made[version]

    return get


@pytest.mark.parametrize("how", ["readable", "writable"])
@pytest.mark.parametrize("version", [2, 1])
def test_as_much_as_is_allowed(version, how, model, shim, keys):
    """All of it is summed with a part of it in memory; without a bound all of it stays."""
    encrypted, image = model(version)
    grown = {}
    for bound in ("64M", None):
        said = shim.python(SUM, encrypted, how, keys=keys, serve="lazy", env={"CTSHIM_RESIDENT": bound}).check().text.split()
        assert said[0] == hashlib.sha256(image).hexdigest()
        grown[bound] = int(said[1])
    assert grown["64M"] < 1.1 * 64 * MIB + 8 * MIB < SIZE <= grown[None], grown
    assert shim.python(SUM, encrypted, how, on=False).check().text.split()[0] != hashlib.sha256(image).hexdigest()


WRITTEN = """
import mmap, os, random, sys
path, image, seed = sys.argv[1], open(sys.argv[2], 'rb').read(), int(sys.argv[3])
fd = os.open(path, os.O_RDONLY)
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ | mmap.PROT_WRITE, flags=mmap.MAP_PRIVATE)
draw, expected = random.Random(seed), bytearray(image)
for _ in range(400):
    at, n = draw.randrange(len(image)), draw.choice([1, 5000, 300_000])
    n = min(n, len(image) - at)
    if draw.random() < .1:
        m[at:at + n] = expected[at:at + n] = draw.randbytes(n)
    assert m[at:at + n] == expected[at:at + n], (at, n)
r, w = os.pipe()
for _ in range(20):
    at = draw.randrange(len(image) - 60_000)
    with memoryview(m) as view:
        assert os.write(w, view[at:at + 60_000]) == 60_000
    got = b''
    while len(got) < 60_000: got += os.read(r, 60_000 - len(got))
    assert got == expected[at:at + 60_000]
at = draw.randrange(len(image) - 60_000)
os.write(w, b'x' * 60_000)
with memoryview(m) as view:
    n = os.readv(r, [view[at:at + 60_000]])
expected[at:at + n] = b'x' * n
pid = os.fork()
assert m[:] == expected
if pid == 0: os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
m.close()
print('good')
"""


@pytest.mark.parametrize("version, chunk, bound", [(2, "65536", "2M"), (2, "65536", "32M"), (2, "2M", "8M"), (2, "2M", None),
                                                   (1, "2M", "12M"), (1, "2M", "64M"), (1, "2M", None)])
def test_what_was_written_stays(version, chunk, bound, pair, shim, tmp_path):
    """At random, and much more than fits; what is handed to the kernel, or comes from there, is right, too."""
    files = pair(Config("big", version=version, chunk=chunk))
    image = tmp_path / "image"
    image.write_bytes(files.image)
    result = shim.python(WRITTEN, files.encrypted, image, models.SEED, keys=files.keys, serve="lazy",
                         env={"CTSHIM_RESIDENT": bound}, timeout=120)
    assert result.check().text.split() == ["good"], models.SEED
    assert "AssertionError" in shim.python(WRITTEN, files.encrypted, image, models.SEED, on=False).err.decode()


THREADS = """
import hashlib, mmap, os, random, sys, threading
path, image, seed = sys.argv[1], open(sys.argv[2], 'rb').read(), int(sys.argv[3])
fd = os.open(path, os.O_RDONLY)
maps = [mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE) for _ in range(2)]
wrong = []
def work(number):
    draw = random.Random(seed + number)
    for _ in range(150):
        m, at = draw.choice(maps), draw.randrange(len(image))
        n = draw.choice([16, 4096, 2_000_000])
        if hashlib.sha1(memoryview(m)[at:at + n]).digest() != hashlib.sha1(image[at:at + n]).digest():
            wrong.append((at, n))
threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(wrong))
"""


@pytest.mark.parametrize("bound", ["1M", "4M"])
def test_threads_that_want_more_than_there_is_room_for(bound, pair, shim, tmp_path):
    """(Chunks of 2 MiB would be decrypted anew for each window.)"""
    files = pair(Config("big", chunk="65536"))
    image = tmp_path / "image"
    image.write_bytes(files.image)
    run = lambda **options: shim.python(THREADS, files.encrypted, image, models.SEED, timeout=120, **options).check().text
    assert int(run(keys=files.keys, serve="lazy", env={"CTSHIM_RESIDENT": bound})) == 0, models.SEED
    assert int(run(on=False)) > 0


def test_torch_takes_its_share(model, shim, keys):
    """Torch's mapping is one that it may write to."""
    encrypted, image = model(2)
    code = """
import sys
from safetensors import safe_open
with safe_open(sys.argv[1], 'pt') as f:
    print(sum(int(f.get_slice(n)[:].long().sum()) for n in sorted(f.keys())))
"""
    said = {on: shim.python(code, encrypted, keys=keys if on else None, serve="lazy" if on else None, on=on,
                            env={"CTSHIM_RESIDENT": "64M"}).check().text for on in (True, False)}
    assert int(said[True]) == sum(image[-SIZE:]) != int(said[False])


@pytest.mark.parametrize("value", ["x", "1023K", "-1", "64MB", "0"])
def test_a_bound_that_is_none(value, pair, shim):
    files = pair(Config("big"))
    result = shim.python(SUM, files.encrypted, "readable", keys=files.keys, env={"CTSHIM_RESIDENT": value}, quiet=False)
    assert result.status == 1 and len(result.messages) == 1 and "CTSHIM_RESIDENT" in result.messages[0]
