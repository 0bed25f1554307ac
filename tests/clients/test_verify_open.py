"""CTSHIM_VERIFY=open: a file of which any byte was changed cannot be opened, in whatever way."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

import sealer
from configs import Config
from reference import data_start, header

OPEN, USE = {"CTSHIM_VERIFY": "open"}, {"CTSHIM_VERIFY": "use"}
MIB = 1 << 20

CHUNKS = Config("damage", 2, chunk="65536")
WHOLE = Config("damage", 1)

# Which byte is changed, and what the message says of it: the file's first and last byte, and one between.
DAMAGE = [
    (CHUNKS, "first", 0, "tensor 'first', chunk 1 of 3: authentication failed"),
    (CHUNKS, "first", 70000, "tensor 'first', chunk 2 of 3: authentication failed"),
    (CHUNKS, "tiny", 99, "tensor 'tiny', chunk 1 of 1: authentication failed"),
    (WHOLE, "first", 0, "tensor 'first': authentication failed"),
    (WHOLE, "second", 50000, "tensor 'second': authentication failed"),
    (WHOLE, "tiny", 99, "tensor 'tiny': authentication failed"),
]
every_damage = pytest.mark.parametrize("config, tensor, at, says", DAMAGE, ids=lambda v: str(v)[:30])
every_threads = pytest.mark.parametrize("threads", ["1", "4"])


@pytest.fixture
def damaged(pair, tmp_path):
    """A copy of a model, with a bit of one tensor turned over: its path."""
    def get(config, tensor, at):
        data = pair(config).encrypted.read_bytes()
        place = data_start(data) + header(data)[tensor]["data_offsets"][0] + at
        path = tmp_path / "model.safetensors"
        path.write_bytes(sealer.flip(data, place, bit=at % 8))
        return path
    return get


@pytest.fixture
def ways(shim, probe, pair):
    """Open and read a file in every way: way -> outcome, and the messages."""
    def get(path, config, env, serve="eager"):
        files = pair(config)
        result = shim.run([probe, path, files.expected, 0, len(files.image)], env=env, serve=serve,
                          keys=files.keys, quiet=False).check()
        return dict(line.split(": ", 1) for line in result.text.splitlines()), result.messages
    return get


@every_threads
@every_damage
def test_damage(config, tensor, at, says, threads, damaged, ways):
    path = damaged(config, tensor, at)
    outcome, messages = ways(path, config, OPEN | {"CTSHIM_THREADS": threads})
    assert set(outcome.values()) == {f"open {errno.EBADMSG}"} and len(outcome) == 7
    # One line for each open that failed.
    assert len(messages) == 7 and all(says in line for line in messages)


@every_damage
def test_damage_without(config, tensor, at, says, damaged, ways):
    """The same opens where nothing is said, or the default; then reading fails, and so does a mapping."""
    path = damaged(config, tensor, at)
    for env in ({}, USE):
        outcome, _ = ways(path, config, env)
        assert outcome.pop("stdio") == f"open {errno.EBADMSG}"
        assert set(outcome.values()) == {f"read {errno.EIO}", f"map {errno.EIO}"}


@pytest.mark.parametrize("serve", ["eager", "lazy", "memfd"])
@pytest.mark.parametrize("config", [CHUNKS, WHOLE], ids=str)
def test_undamaged(config, serve, pair, ways):
    outcome, messages = ways(pair(config).encrypted, config, OPEN, serve)
    assert set(outcome.values()) == {"right"} and not messages


SAFETENSORS = """
import sys
from safetensors import safe_open
with safe_open(sys.argv[1], 'np') as f:
    print('open', flush=True)
    print(f.get_tensor('exact').shape, flush=True)
    print(f.get_tensor('large').shape)
"""


@pytest.mark.parametrize("config", [Config("big"), Config("big", 1)], ids=str)
def test_safetensors(config, damaged, pair, shim):
    path, keys = damaged(config, "large", 5 * MIB), pair(config).keys
    result = shim.python(SAFETENSORS, path, env=OPEN, keys=keys, serve="lazy", quiet=False)
    assert result.status == 1 and result.out == b"" and len(result.messages) == 1, result.describe()
    assert "authentication failed" in result.messages[0]
    if config.version == 2:  # what is whole is served without
        result = shim.python(SAFETENSORS, path, keys=keys, serve="lazy", quiet=False)
        assert result.status == -signal.SIGBUS and result.text == "open\n(1024, 1024)\n", result.describe()
    shim.python(SAFETENSORS, pair(config).encrypted, env=OPEN, keys=keys, serve="lazy").check()


@pytest.mark.parametrize("serve", ["eager", "memfd"])
def test_a_tensor_of_no_bytes(serve, shim, keys, tmp_path, plain_models):
    """It has a tag in version 2, of which no read will ever ask."""
    secret = json.loads(keys.read_text())
    good = sealer.seal(plain_models("damage").read_bytes(), secret, chunk=65536)
    bad = sealer.forge(good, lambda head: sealer.edit_entry(head, "nothing", "tags", lambda t: sealer.flip(t, 3)),
                       secret)
    path = tmp_path / "model"
    for data, env, status in ((good, OPEN, 0), (bad, OPEN, 1)):
        path.write_bytes(data)
        result = shim.run(["cat", path], env=env, keys=keys, serve=serve, quiet=False).check(status)
        assert bool(result.out) == (status == 0)
    assert "tensor 'nothing', chunk 1 of 1: authentication failed" in result.messages[0]
    if serve == "eager":
        assert shim.run(["cat", path], env=USE, keys=keys).check().out


def test_tensors_in_the_clear(shim, pair, tmp_path):
    """Their data has no tag."""
    config = Config("damage", 2, chunk="65536", exclude=("second",))
    data = pair(config).encrypted.read_bytes()
    path = tmp_path / "model"
    for tensor, status in (("second", 0), ("first", 1)):
        path.write_bytes(sealer.flip(data, data_start(data) + header(data)[tensor]["data_offsets"][0]))
        shim.run(["cat", path], env=OPEN, keys=pair(config).keys, quiet=False).check(status)


INHERITED = "import os, sys; print(len(os.read(int(sys.argv[1]), 1 << 20)))"


def test_descriptors_that_were_there_before(damaged, pair, shim):
    """Inherited ones fail where they are first used; standard input as it does for a model that is refused."""
    config, tensor, at, says = DAMAGE[2]
    path, keys = damaged(config, tensor, at), pair(config).keys
    for env, status in ((OPEN, 1), (USE, 0)):
        with open(path, "rb") as f:
            os.lseek(f.fileno(), 0, os.SEEK_SET)
            code = INHERITED.replace("1 << 20", "1000")
            result = shim.python(code, f.fileno(), env=env, keys=keys, pass_fds=[f.fileno()], quiet=False).check(status)
            assert (f"[Errno {errno.EBADMSG}]" in result.err.decode()) == bool(status)
        with open(path, "rb") as f:
            result = shim.run(["head", "-c", "1000"], stdin=f, env=env, keys=keys, quiet=False).check(status)
            assert len(result.out) == (0 if status else 1000)
            assert all(says in line for line in result.messages) and bool(result.messages) == bool(status)


READ_BYTES = """
import os, sys, threading
def read(): return int(next(l for l in open('/proc/self/io') if l.startswith('rchar')).split()[1])
def once():
    try: os.close(os.open(sys.argv[1], os.O_RDONLY))
    except OSError as e: print(e.errno)
def cost(count):
    before = read()
    threads = [threading.Thread(target=once) for _ in range(count)]
    for t in threads: t.start()
    for t in threads: t.join()
    return read() - before
print(cost(4), cost(1), cost(4))
os.utime(sys.argv[1])
print(cost(1))
"""


def test_once_for_each_file(shim, big, tmp_path):
    """Threads that open it at once pay once together, later ones nothing; who changes the file pays anew."""
    model = tmp_path / "model"
    shutil.copyfile(big.encrypted, model)
    size = model.stat().st_size
    cost = [int(n) for n in shim.python(READ_BYTES, model, keys=big.keys, env=OPEN).check().text.split()]
    assert size < cost[0] < 1.5 * size and max(cost[1:3]) < size / 10 and size < cost[3] < 1.5 * size, cost
    cost = [int(n) for n in shim.python(READ_BYTES, model, keys=big.keys, env=USE).check().text.split()]
    assert max(cost) < size / 10, cost


LATER = """
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
print('open', flush=True)
input()
os.read(fd, 1 << 30)
"""


def test_what_is_changed_later(damaged, pair, shim):
    """A file that was good when it was opened is checked again as it is read."""
    config, tensor, at, says = DAMAGE[1]
    bad = damaged(config, tensor, at)
    damage, good = bad.read_bytes(), pair(config).encrypted.read_bytes()
    bad.write_bytes(good)
    program = subprocess.Popen(
        [sys.executable, "-c", LATER, bad], env=shim.env(keys=pair(config).keys, **OPEN),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout.readline() == "open\n"
    with open(bad, "r+b") as f:
        f.write(damage)
    _, err = program.communicate("\n", timeout=60)
    assert program.returncode == 1 and f"[Errno {errno.EIO}]" in err and says in err


PEAK = """
import os, sys
def peak(): return int(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1]) << 10
before = peak()
try: print('open', os.open(sys.argv[1], os.O_RDONLY) >= 0)
except OSError as e: print('failed', e.errno)
print(peak() - before)
"""


@pytest.mark.parametrize("version", [1, 2])
def test_peak_memory(version, shim, keys, large, tmp_path):
    """A tensor of 400 MiB, of one message in version 1, is checked to its last byte in little memory."""
    model = tmp_path / "model"
    shim.ctshim("encrypt", large, model, "--keys", keys, "--version", version).check()
    said, grown = shim.python(PEAK, model, keys=keys, env=OPEN).check().text.splitlines()
    assert said == "open True" and int(grown) < 16 * MIB
    with open(model, "r+b") as f:
        f.seek(-1, os.SEEK_END)
        last = f.read(1)[0]
        f.seek(-1, os.SEEK_END)
        f.write(bytes([last ^ 1]))
    result = shim.python(PEAK, model, keys=keys, env=OPEN, quiet=False).check()
    said, grown = result.text.splitlines()
    assert said == f"failed {errno.EBADMSG}" and int(grown) < 16 * MIB and len(result.messages) == 1
    assert shim.python(PEAK, model, keys=keys, env=USE).check().text.startswith("open")
