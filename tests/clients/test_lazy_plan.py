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
FIRST = 6 * MIB

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
    """A tensor, then eight longer ones with a small one before each; their offsets in the data."""
    place = tmp_path_factory.mktemp("plan")
    tensors, at, begins = {"first": {"dtype": "U8", "shape": [FIRST], "data_offsets": [0, FIRST]}}, FIRST, []
    for i in range(COUNT):
        for name, size in (("small", SMALL), ("long", LONG)):
            tensors[f"{i}.{name}"] = {"dtype": "U8", "shape": [size], "data_offsets": [at, at + size]}
            begins += [at] if name == "long" else []
            at += size
    head = reference.compact(tensors)
    (place / "plain").write_bytes(struct.pack("<Q", len(head)) + head + models.generator("plan").randbytes(at))
    for name, size in (("encrypted", "2M"), ("fine", "512K")):
        shim.ctshim("encrypt", place / "plain", place / name, "--keys", keys, "--chunk-size", size).check()
    data = {}
    for name in ("encrypted", "fine"):
        image = shim.run(["cat", place / name], keys=keys).check().out
        data[name] = 8 + struct.unpack("<Q", (place / name).read_bytes()[:8])[0]
        assert image[data[name]:] == (place / "plain").read_bytes()[8 + len(head):]
        (place / f"{name}.image").write_bytes(image)
    return types.SimpleNamespace(place=place, data=data, begins=begins, size=at)


@pytest.fixture
def touch(model, shim, keys, tmp_path):
    """Touch these parts of the data, (offset, count), one after another, or a byte at these offsets; what it took, once all
    that was asked for is there."""
    def run(steps, threads=3, on=True, name="encrypted"):
        env = {"CTSHIM_STATS_DIR": tmp_path, "CTSHIM_THREADS": str(threads)} if on else {}
        steps = json.dumps([s if isinstance(s, tuple) else (s, 1) for s in steps])
        result = shim.python(CLIENT, model.place / name, model.place / f"{name}.image", COMMAND, model.data[name], steps,
                             keys=keys if on else None, serve="lazy" if on else None, on=on, env=env)
        return json.loads(result.check().text) if on else result
    return run


def test_the_beginning_of_a_tensor(touch, model):
    """It costs its own first chunk and what lies on its first page, but not the tensor before."""
    first, both = touch([model.begins[6]]), touch([model.begins[6], model.begins[3]])
    assert both["faults"] == first["faults"] + 1 and both["ahead_asked"] == 0
    assert CHUNK <= both["decrypted_bytes"] - first["decrypted_bytes"] <= CHUNK + 2 * SMALL
    assert both["resident_now"] - first["resident_now"] <= CHUNK


def test_the_first_touch(touch, model):
    """Nobody opens a file for one page of it: what shares a huge page with the first is there, too, but not the tensor before.
    Of the second only a chunk is."""
    at = model.data["fine"] + model.begins[3]
    first, both = touch([model.begins[3]], name="fine"), touch([model.begins[3], model.begins[6]], name="fine")
    assert first["faults"] == 1 and first["resident_now"] == -at % (2 * MIB) + at % 4096
    assert both["faults"] == 2 and both["resident_now"] - first["resident_now"] <= MIB // 2
    assert first["ahead_asked"] == both["ahead_asked"] == 0


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


def test_a_share_of_tensors_of_different_lengths(touch, model):
    """In a longer one windows are a smaller share: what the first one taught is put right by those after it."""
    figures = touch([(FIRST // 4, FIRST // 4), *((at + LONG // 4, LONG // 4) for at in model.begins)])
    assert figures["resident_now"] <= FIRST + COUNT * (LONG // 4 + MIB) + 4 * MIB


def test_all_of_it(touch, model):
    """Beginnings first, then everything: each byte once."""
    figures = touch([*model.begins, (0, model.size)])
    assert figures["decrypted_bytes"] == figures["first_decrypted_bytes"] == model.size
    assert figures["windows_by_fault"] + figures["windows_ahead"] == figures["windows_now"]


def test_without_the_library(touch, model):
    assert "AssertionError" in touch(model.begins, on=False).err.decode()
