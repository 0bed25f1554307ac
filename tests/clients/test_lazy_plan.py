"""What lazy mappings decrypt for the touches that clients really make: each tensor's beginning, a share of each, all of it."""

import json
import struct
import types

import pytest

import models
import reference
from harness import COMMAND

MIB = 1 << 20
CHUNK = 2 * MIB
LONG, SMALL, COUNT = 16 * MIB, 5000, 8

CLIENT = """
import json, mmap, os, subprocess, sys, time
path, image, command, data, steps = sys.argv[1], open(sys.argv[2], 'rb').read(), *sys.argv[3:]
fd = os.open(path, os.O_RDONLY)
m = mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
for first, count in json.loads(steps):
    if count == 1: time.sleep(.02) # others get on meanwhile
    for at in range(int(data) + first, int(data) + first + count, 4096):
        assert m[at] == image[at], at
env = {k: v for k, v in os.environ.items() if k != 'LD_PRELOAD'}
def figures():
    said = subprocess.run([command, 'stats', str(os.getpid()), '--json'], env=env, capture_output=True).stdout
    return json.loads(said)['processes'][0]['models'][0] if said else {}
while True: # what was asked for comes, too
    now = figures()
    time.sleep(.2)
    if now == figures(): break
print(json.dumps(now))
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory, shim, keys):
    """Eight long tensors with a small one before each; their offsets in the data."""
    place = tmp_path_factory.mktemp("plan")
    tensors, at, begins = {}, 0, []
    for i in range(COUNT):
        for name, size in (("small", SMALL), ("long", LONG)):
            tensors[f"{i}.{name}"] = {"dtype": "U8", "shape": [size], "data_offsets": [at, at + size]}
            begins += [at] if name == "long" else []
            at += size
    head = reference.compact(tensors)
    (place / "plain").write_bytes(struct.pack("<Q", len(head)) + head + models.generator("plan").randbytes(at))
    shim.ctshim("encrypt", place / "plain", place / "encrypted", "--keys", keys, "--chunk-size", "2M").check()
    (place / "image").write_bytes(shim.run(["cat", place / "encrypted"], keys=keys).check().out)
    data = 8 + struct.unpack("<Q", (place / "encrypted").read_bytes()[:8])[0]
    assert (place / "image").read_bytes()[data:] == (place / "plain").read_bytes()[8 + len(head):]
    return types.SimpleNamespace(place=place, data=data, begins=begins, size=at)


@pytest.fixture
def touch(model, shim, keys, tmp_path):
    """Touch these parts of the data, (offset, count), one after another, or a byte at these offsets; what it took, once all
    that was asked for is there."""
    def run(steps, threads=3, on=True):
        env = {"CTSHIM_STATS_DIR": tmp_path, "CTSHIM_THREADS": str(threads)} if on else {}
        result = shim.python(CLIENT, model.place / "encrypted", model.place / "image", COMMAND, model.data,
                             json.dumps([s if isinstance(s, tuple) else (s, 1) for s in steps]), keys=keys if on else None, serve="lazy" if on else None, on=on, env=env)
        return json.loads(result.check().text) if on else result
    return run


def test_the_beginning_of_a_tensor(touch, model):
    """It costs its own first chunk and what lies on its first page, but not the tensor before."""
    figures = touch([model.begins[3]])
    assert CHUNK <= figures["decrypted_bytes"] <= CHUNK + 2 * SMALL and figures["faults"] == 1
    assert figures["resident_now"] <= CHUNK and figures["ahead_asked"] == 0


def test_the_beginnings_of_all_tensors(touch, model):
    """After a few the others are foreseen, and nothing beside them: of each tensor the first chunk, and not the last of the one
    before, as nobody visits the small ones in between."""
    figures = touch(model.begins)
    assert 0 < figures["ahead_asked"] and figures["faults"] < COUNT
    assert figures["decrypted_bytes"] == figures["first_decrypted_bytes"] <= COUNT * (CHUNK + 2 * SMALL)
    alone = touch(model.begins, threads=1)
    assert alone["faults"] == COUNT and alone["decrypted_bytes"] <= COUNT * (CHUNK + 2 * SMALL)


def test_small_tensors_and_long_ones(touch, model):
    """Who visits all of them has the small ones foreseen, too, and with these the chunk whose end is on their first page."""
    figures = touch([at for begin in model.begins for at in (begin - SMALL, begin)])
    assert 0 < figures["ahead_asked"] and figures["faults"] < 2 * COUNT
    assert COUNT * CHUNK < figures["decrypted_bytes"] == figures["first_decrypted_bytes"] <= COUNT * (2 * CHUNK + SMALL)
    alone = touch([model.begins[3] - SMALL, model.begins[3]], threads=1)
    assert alone["faults"] == 2 and 2 * CHUNK <= alone["decrypted_bytes"] <= 2 * CHUNK + SMALL


def test_beginnings_without_an_order(touch, model):
    """What was touched here and there foresees nothing."""
    figures = touch([model.begins[i] for i in (6, 1, 4, 0)])
    assert figures["ahead_asked"] == 0 and figures["faults"] == 4
    assert figures["decrypted_bytes"] <= 4 * (CHUNK + 2 * SMALL)


def test_a_share_of_each_tensor(touch, model):
    """The second quarter of each: at most as much again is decrypted for the first ones, little for the others."""
    quarter = LONG // 4
    figures = touch([(at + quarter, quarter) for at in model.begins])
    assert figures["decrypted_bytes"] == figures["first_decrypted_bytes"] < .8 * model.size
    assert figures["resident_now"] < .65 * model.size


def test_all_of_it(touch, model):
    """Beginnings first, then everything: each byte once."""
    figures = touch([*model.begins, (0, model.size)])
    assert figures["decrypted_bytes"] == figures["first_decrypted_bytes"] == model.size
    assert figures["windows_by_fault"] + figures["windows_ahead"] == figures["windows_now"]


def test_without_the_library(touch, model):
    assert "AssertionError" in touch(model.begins, on=False).err.decode()
