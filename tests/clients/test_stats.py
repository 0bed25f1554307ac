"""What a process says of what it decrypted: CTSHIM_STATS, CTSHIM_STATS_DIR and ctshim stats, against what is known."""

import fcntl
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

import pytest

import models
import reference
from configs import Config
from harness import COMMAND, ROOT

FIGURES = re.findall(r"^STAT\(\w+, (\w+)\)$", (ROOT / "preload" / "stats.def").read_text(), re.M)

# A client that shows its own figures, as they are while it runs, after each step.
BEGIN = """
import json, mmap, os, subprocess, sys
path, command = sys.argv[1:3]
def show(*what):
    env = {k: v for k, v in os.environ.items() if k != 'LD_PRELOAD'}
    done = subprocess.run([command, 'stats', str(os.getpid()), '--json', *what], env=env, capture_output=True)
    print((json.dumps(json.loads(done.stdout)) if done.returncode == 0 else done.stderr.decode().strip()), flush=True)
def touch(m, part=1.0):
    for at in range(0, int(len(m) * part), 4096):
        m[at]
def mapped(path):
    with open(path, 'rb') as f:
        return mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
"""

CHUNK = 2 << 20  # of the encrypted file


@pytest.fixture(scope="module")
def big(pair):
    return pair(Config("big"))


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "figures"
    place.mkdir()
    return place


@pytest.fixture
def watch(shim, big, folder):
    """Run steps of a client: what it printed, parsed, and the lines that the library wrote."""
    def run(code, *args, pair=big, serve="eager", status=0, **env):
        env = {"CTSHIM_STATS": "1", "CTSHIM_STATS_DIR": folder} | env
        result = shim.python(BEGIN + code, pair.encrypted, COMMAND, *args, keys=pair.keys, serve=serve, env=env,
                             quiet=False).check(status)
        shown = [json.loads(line) if line.startswith("{") else line for line in result.text.splitlines()]
        return shown, result.messages
    return run


@pytest.fixture(scope="module")
def many(tmp_path_factory, shim, keys):
    """A directory of 300 tiny models."""
    place = tmp_path_factory.mktemp("many")
    head = reference.compact({"t": {"dtype": "U8", "shape": [64], "data_offsets": [0, 64]}})
    (place / "plain").write_bytes(struct.pack("<Q", len(head)) + head + bytes(64))
    shim.ctshim("encrypt", place / "plain", place / "0", "--keys", keys).check()
    for i in range(1, 300):
        shutil.copyfile(place / "0", place / str(i))
    return place


def sealed(pair):
    """Bytes of all tensors: none is in the clear."""
    return sum(e - b for b, e in (t["data_offsets"] for t in reference.header(pair.plain.read_bytes()).values()
                                  if "data_offsets" in t))


def only(shown):
    """The one model of the one process."""
    process, = shown["processes"]
    model, = process["models"]
    return model


def windows(pair):
    """Of a lazy mapping: the file's header, half a MiB each, and where a long tensor begins those of the small ones before it,
    its own up to its first chunk's last page, and one for the chunk before."""
    size, page = 1 << 19, 4096
    data = 8 + int.from_bytes(pair.image[:8], "little")
    tensors = sorted(t["data_offsets"] for t in reference.header(pair.plain.read_bytes()).values() if "data_offsets" in t)
    header = -(-data // page) * page
    starts = {0, header, *range(0, len(pair.image), size)}
    for i, (begin, end) in enumerate(tensors):
        if end - begin < 2 << 20:
            continue
        first = i
        while first > 0 and tensors[first - 1][1] - tensors[first - 1][0] < 2 << 20 and begin - tensors[first - 1][0] <= 1 << 18:
            first -= 1
        starts |= {(data + begin) // page * page, (data + tensors[first][0]) // page * page}
        if end - begin > CHUNK:
            starts.add((data + begin + CHUNK) // page * page)
        if first > 0:
            before, stop = tensors[first - 1]
            starts.add(-(-(data + before + (stop - before - 1) // CHUNK * CHUNK) // page) * page)
    return len({at for at in starts if at == 0 or header <= at < len(pair.image)})


def chunks(pair):
    return sum(-(-(e - b) // CHUNK) for b, e in (
        t["data_offsets"] for t in reference.header(pair.plain.read_bytes()).values() if "data_offsets" in t))


WHOLE = {
    "read": ("eager", "f = open(path, 'rb', buffering=0); os.read(f.fileno(), 1 << 30)", "read_decrypted_bytes"),
    "map": ("eager", "m = mapped(path)", "mapping_decrypted_bytes"),
    "memfd": ("memfd", "f = open(path, 'rb')", "memory_file_decrypted_bytes"),
}


@pytest.mark.parametrize("way", WHOLE)
def test_all_at_once(way, watch, big):
    """Every byte once, each straight to where it belongs."""
    serve, code, figure = WHOLE[way]
    (shown,), lines = watch(f"{code}\nshow()", serve=serve)
    model = only(shown)
    assert set(FIGURES) < set(model) and model["file"] == str(big.encrypted)
    assert model["size"] == len(big.image) and model["encrypted_bytes"] == sealed(big)
    assert model[figure] == model["decrypted_bytes"] == model["first_decrypted_bytes"] == sealed(big)
    assert model["decrypted_messages"] == chunks(big) and model["part_decrypted_bytes"] == 0
    assert model["decrypt_nanoseconds"] > 0 and model["failures"] == 0
    bytes_ = model["read_bytes"] + model["mapping_bytes"] + model["memory_file_bytes"]
    assert bytes_ == len(big.image) and model["reads"] + model["mappings"] + model["memory_files"] == 1
    pages = -(-len(big.image) // 4096) * 4096
    assert model["resident_most"] == (pages if way == "map" else 0)
    assert len(lines) == 1 and "each once" in lines[0] and str(big.encrypted) in lines[0], lines
    assert f"served {len(big.image) / (1 << 20):.1f}"[:-2] in lines[0]


def test_small_reads_in_sequence(watch, big):
    """Each chunk once, though by parts; and what is read again is decrypted again, and said to be."""
    code = """
f = open(path, 'rb', buffering=0)
while f.read(100_000): pass
show()
f.seek(0)
while f.read(100_000): pass
show()
"""
    (first, second), lines = watch(code)
    first, second = only(first), only(second)
    assert first["reads"] == -(-len(big.image) // 100_000) and first["read_bytes"] == len(big.image)
    assert first["decrypted_bytes"] == first["first_decrypted_bytes"] == sealed(big)
    assert first["part_decrypted_bytes"] > sealed(big) // 2
    assert second["decrypted_bytes"] == 2 * sealed(big) and second["first_decrypted_bytes"] == sealed(big)
    assert second["decrypted_messages"] == 2 * chunks(big)
    assert len(lines) == 1 and "of it again" in lines[0] and "each once" not in lines[0]


def test_lazy(watch, big):
    """A quarter costs little more than a quarter; all of it costs each byte once."""
    (before, quarter, whole, gone), lines = watch("""
m = mapped(path)
show()
touch(m, .25)
show()
touch(m)
show()
m.close()
show()
""", serve="lazy", CTSHIM_THREADS="1")
    before, quarter, whole, gone = map(only, (before, quarter, whole, gone))
    assert before["lazy_mappings"] == 1 and before["lazy_mapping_bytes"] == len(big.image)
    assert before["decrypted_bytes"] == before["windows_now"] == before["resident_now"] == before["faults"] == 0
    size, window, pages = len(big.image), 1 << 19, -(-len(big.image) // 4096) * 4096
    assert 0 < quarter["decrypted_bytes"] < .6 * size and quarter["windows_now"] <= size / 4 // window + 4
    assert whole["decrypted_bytes"] == whole["first_decrypted_bytes"] == sealed(big)
    assert whole["faults"] <= whole["windows_by_fault"] == whole["windows_now"] == windows(big)
    assert whole["window_bytes"] == whole["resident_now"] == pages
    assert whole["windows_ahead"] == whole["ahead_asked"] - whole["ahead_asked"] == 0
    assert gone["windows_now"] == gone["resident_now"] == 0 and gone["resident_most"] == pages
    assert len(lines) == 1 and f"{whole['windows_by_fault']} windows filled" in lines[0]


def test_read_ahead(watch, big):
    """Who fills which window is a matter of chance; that each is filled once is not."""
    (shown,), lines = watch("m = mapped(path)\ntouch(m)\nshow()", serve="lazy", CTSHIM_THREADS="3")
    model, count = only(shown), windows(big)
    assert model["windows_by_fault"] + model["windows_ahead"] == model["windows_now"] == count
    assert model["decrypted_bytes"] == sealed(big) and model["windows_ahead"] <= model["ahead_asked"]
    assert model["faults"] >= model["faults_waited"] and model["ahead_passed"] <= count
    assert "windows filled" in lines[0]


def test_handed_to_the_kernel(watch, big):
    (shown,), lines = watch("m = mapped(path)\nos.write(os.open('/dev/null', os.O_WRONLY), m)\nshow()", serve="lazy")
    model = only(shown)
    assert model["windows_by_call"] == model["windows_now"] == windows(big) and model["faults"] == 0


def test_failures(shim, big, folder, tmp_path):
    damaged = tmp_path / "damaged"
    data = bytearray(big.encrypted.read_bytes())
    data[-1] ^= 1
    damaged.write_bytes(data)
    code = BEGIN + "f = open(path, 'rb', buffering=0)\ntry: f.read(1 << 30)\nexcept OSError: pass\nshow()"
    result = shim.python(code, damaged, COMMAND, keys=big.keys, quiet=False,
                         env={"CTSHIM_STATS": "1", "CTSHIM_STATS_DIR": folder}).check()
    model = only(json.loads(result.text))
    assert model["failures"] == 1 and model["read_bytes"] == 0 and model["decrypted_bytes"] < sealed(big)
    assert len(result.messages) == 2 and "authentication failed" in result.messages[0] and "1 failed" in result.messages[1]


def test_a_line_each_time(watch, big):
    """A line when the last descriptor and mapping go, of what happened since the one before; none for nothing."""
    (shown,), lines = watch("""
for size in (1000, 0, 5000):
    with open(path, 'rb', buffering=0) as f:
        if size: f.read(size)
    os.write(2, b'closed\\n')
m = mapped(path)
with open(path, 'rb', buffering=0) as f:
    f.read(10)
os.write(2, b'closed\\n')
show()
m.close()
os.write(2, b'unmapped\\n')
""")
    assert ["1000 bytes" in lines[0], "4.8 KiB" in lines[1], "1 mapping of" in lines[2]] == [True] * 3 and len(lines) == 3
    assert "1 read of 10 bytes" in lines[2] and only(shown)["read_bytes"] == 6010


def test_lines_come_when_they_should(shim, big):
    """In the order of events: with the closing of it, and at the end what is still open."""
    code = BEGIN + """
f = open(path, 'rb', buffering=0); f.read(1000); f.close()
os.write(2, b'first\\n')
g = open(path, 'rb', buffering=0); g.read(1000)
os.write(2, b'second\\n')
"""
    result = shim.python(code, big.encrypted, COMMAND, keys=big.keys, env={"CTSHIM_STATS": "1"}, quiet=False).check()
    kinds = ["line" if x.startswith("ctshim: ") else x for x in result.err.decode().splitlines()]
    assert kinds == ["line", "first", "second", "line"]


@pytest.mark.parametrize("env", [{}, {"CTSHIM_STATS": "0"}, {"CTSHIM_STATS": ""}, {"CTSHIM_STATS_DIR": ""}], ids=str)
def test_nothing_asked(env, shim, big):
    """The negative twin: not a word, and not a file."""
    shim.python(BEGIN + "open(path, 'rb').read()", big.encrypted, COMMAND, keys=big.keys, env=env).check()


def test_without_the_library(shim, big, folder):
    """The other twin: there is nothing to be said of ciphertext."""
    env = {"CTSHIM_STATS": "1", "CTSHIM_STATS_DIR": folder}
    result = shim.python(BEGIN + "open(path, 'rb').read()\nshow()", big.encrypted, COMMAND, on=False, env=env).check()
    assert result.err == b"" and "keeps no figures" in result.text and not list(folder.iterdir())


def test_no_model(watch, folder):
    """Programs that open none have no file."""
    _, lines = watch("open('/etc/passwd').read()\nprint(json.dumps(os.listdir(sys.argv[3])))", folder)
    assert not lines and not list(folder.iterdir())
    (shown,), _ = watch("open('/etc/passwd').read()\nshow()")
    assert "keeps no figures in" in shown and "CTSHIM_STATS_DIR=" in shown


def test_the_file(watch, folder, big):
    """It is there while the process lives, for its user only, and has no key in it."""
    (mode, text), _ = watch("""
f = open(path, 'rb', buffering=0); f.read(1000)
os.umask(0o777)
name = f'{sys.argv[3]}/ctshim.{os.getpid()}'
print(json.dumps({'mode': os.stat(name).st_mode & 0o7777}))
env = {k: v for k, v in os.environ.items() if k != 'LD_PRELOAD'}
data = subprocess.run(['cat', name], env=env, capture_output=True).stdout
print(json.dumps({'text': data.replace(b'\\0', b' ').decode('latin-1')}))
""", folder)
    assert mode["mode"] == 0o600 and not list(folder.iterdir())
    assert str(big.encrypted) in text["text"] and str(big.keys) not in text["text"]
    secrets = [key[part] for key in json.loads(big.keys.read_text())["keys"] for part in ("k", "d") if part in key]
    assert len(secrets) == 2 and not any(s in text["text"] for s in secrets)


FORK = """
f = open(path, 'rb', buffering=0); f.read(1 << 20)
m = mapped(path)
show()
pid = os.fork()
if pid == 0:
    show()
    f.seek(0); f.read(3000)
    show()
    {end}
os.waitpid(pid, 0)
show()
"""


@pytest.mark.parametrize("end, said", [("sys.exit()", 2), ("os._exit(0)", 1)])
def test_a_forked_child(end, said, watch, folder):
    """It counts for itself, from nothing; its file appears when it decrypts. What exits says so, what does not, not."""
    (before, nothing, child, after), lines = watch(FORK.format(end=end))
    before, child, after = map(only, (before, child, after))
    assert "keeps no figures" in nothing
    assert child["read_bytes"] == 3000 and child["mappings"] == 0 and child["resident_now"] == before["resident_now"]
    assert {k: v for k, v in after.items() if k != "open"} == {k: v for k, v in before.items() if k != "open"}
    assert len(lines) == said and sum("1 read of 2.9 KiB" in line for line in lines) == said - 1
    watch("f = open(path, 'rb', buffering=0); f.read(10)")
    assert not list(folder.iterdir()), "what a child left that did not exit is not swept"


def test_a_child_of_a_parent_that_has_said_a_line(watch):
    """What was said before the fork is the parent's; what the parent does after it changes nothing in the child."""
    (shown,), lines = watch("""
for n in range(3):
    with open(path, 'rb', buffering=0) as f: f.read(5000)
f = open(path, 'rb', buffering=0)
ready, go = os.pipe()
if os.fork() == 0:
    os.read(ready, 1)
    f.read(2048)
    show()
    sys.exit()
f.read(1 << 20)
os.environ.pop('CTSHIM_STATS_DIR')
os.write(go, b'x')
os.wait()
""")
    assert only(shown)["read_bytes"] == 2048 and len(lines) == 5
    assert [("1 read of 4.8 KiB" in line) for line in lines] == [True] * 3 + [False] * 2
    assert "1 read of 2.0 KiB" in lines[3] and "1 read of 1.0 MiB" in lines[4]


def test_a_child_whose_parent_goes_on(watch, many, tmp_path):
    """It has the registry of the moment of the fork, and comes to the library when its parent's is another long since."""
    (shown,), lines = watch("""
import time
def use(first, last, size):
    for n in range(first, last):
        with open(f'{sys.argv[3]}/{n}', 'rb', buffering=0) as f: f.read(size)
use(0, 1, 1 << 20)
use(0, 1, 1 << 20)
f = open(f'{sys.argv[3]}/0', 'rb', buffering=0)
pid = os.fork()
if pid == 0:
    while not os.path.exists(sys.argv[4]): time.sleep(.01) # no call that the library stands in front of
    f.read(17)
    show()
    sys.exit()
f.close()
use(1, 300, 9)
os.mkdir(sys.argv[4])
os.waitpid(pid, 0)
""", many, tmp_path / "go")
    model, = (m for m in shown["processes"][0]["models"] if m["reads"] > 0)
    assert model["file"] == str(many / "0") and model["read_bytes"] == 17 and model["open"]
    assert len(lines) == 2 + 299 + 1 and sum("1 read of 17 bytes" in line for line in lines) == 1
    assert not any("EiB" in line for line in lines)


def test_a_fork_in_mode_lazy(watch):
    """The child has what its parent decrypted, decrypts the rest, and its figures add up."""
    (child, parent), _ = watch("""
m = mapped(path)
touch(m, .3)
pid = os.fork()
if pid == 0:
    touch(m)
    show()
    m.close()
    os._exit(0)
os.waitpid(pid, 0)
show()
""", serve="lazy", CTSHIM_THREADS="1")
    child, parent = only(child), only(parent)
    assert child["windows_now"] == parent["windows_now"] + child["windows_by_fault"]
    assert child["resident_now"] == parent["resident_now"] + child["window_bytes"]
    assert 0 < child["decrypted_bytes"] == child["first_decrypted_bytes"] and parent["windows_by_fault"] > 0


VFORK = r"""
#include <fcntl.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	static char bytes[5000];
	if (argc > 2)
		read(open(argv[1], O_RDONLY), bytes, 10);
	if (vfork() == 0) {
		int fd = open(argv[1], O_RDONLY);
		_exit(read(fd, bytes, sizeof bytes) == sizeof bytes && close(fd) == 0 ? 0 : 9);
	}
	write(2, "parent\n", 7);
	return 0;
}
"""


@pytest.mark.parametrize("more", [(), ("first",)])
def test_a_vforked_child_says_nothing(more, shim, big, folder, tmp_path):
    """It runs in its parent's memory: what it does is counted there, and told by the parent."""
    (tmp_path / "v.c").write_text(VFORK)
    subprocess.run(["cc", "-D_GNU_SOURCE", "-w", "-o", tmp_path / "v", tmp_path / "v.c"], check=True)
    result = shim.run([tmp_path / "v", big.encrypted, *more], keys=big.keys, quiet=False,
                      env={"CTSHIM_STATS": "1", "CTSHIM_STATS_DIR": folder}).check()
    said = result.err.decode().splitlines()
    assert said[0] == "parent" and len(said) == 2 and f"{1 + len(more)} read" in said[1], said
    assert not list(folder.iterdir())


def test_a_forked_child_that_starts_a_program_first(watch):
    """The first to come to the library in a forked child is a vforked one of its own: they are told apart."""
    (shown,), lines = watch("""
f = open(path, 'rb', buffering=0); f.read(1000)
if os.fork() == 0:
    subprocess.run(['true'])
    f.read(1 << 20)
    show()
    sys.exit()
os.wait()
""")
    assert only(shown)["read_bytes"] == 1 << 20 and len(lines) == 2 and "1 read of 1.0 MiB" in lines[0]


WAIT = BEGIN + """
f = open(path, 'rb', buffering=0); f.read(int(sys.argv[3]))
print('ready', flush=True)
sys.stdin.read()
"""


@pytest.fixture
def waiting(shim, big, folder):
    """Starts processes that have read so many bytes and wait."""
    started = []

    def start(size, **env):
        env = shim.env(keys=big.keys, CTSHIM_STATS_DIR=folder, **env)
        process = subprocess.Popen([sys.executable, "-c", WAIT, big.encrypted, COMMAND, str(size)], env=env,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_two_processes(waiting, shim, folder, big):
    one, other = waiting(1000), waiting(2000)
    shown = json.loads(shim.ctshim("stats", "--json", "--dir", folder).check().text)
    assert {p["pid"]: p["models"][0]["read_bytes"] for p in shown["processes"]} == {one.pid: 1000, other.pid: 2000}
    assert [p["own_pid"] for p in shown["processes"]] == [p["pid"] for p in shown["processes"]]
    text = shim.ctshim("stats", other.pid, env={"CTSHIM_STATS_DIR": folder}).check().text
    assert f"process {other.pid} (python" in text and str(one.pid) not in text and "2.0 KiB" in text
    one.communicate(b"")
    other.communicate(b"")
    assert not list(folder.iterdir())
    assert f"no process keeps figures in {folder}" in shim.ctshim("stats", "-d", folder).check().text
    assert json.loads(shim.ctshim("stats", "-d", folder, "--json").check().text) == {"processes": []}


def test_killed(waiting, shim, folder):
    """What is left is not shown, and goes when the next process comes; what others have there stays."""
    process = waiting(1000)
    left = folder / f"ctshim.{process.pid}"
    shutil.copyfile(left, folder / "ctshim.1.9")  # as of a process that had the number 1 in its own namespace
    process.kill()
    process.wait()
    others = {"ctshim.12": b"a user's own", "ctshim.txt": b"", "notes": b"x", "ctshim.13": b""}
    for name, data in others.items():
        (folder / name).write_bytes(data)
    (folder / "ctshim.14").symlink_to(folder / "notes")
    os.mkfifo(folder / "ctshim.15")
    assert left.exists()
    failed = shim.ctshim("stats", process.pid, "--dir", folder).check(1)
    assert f"there is no process {process.pid}" in failed.messages[0]
    assert "no process keeps" in shim.ctshim("stats", "--dir", folder).check().text
    second = waiting(10)
    names = {p.name for p in folder.iterdir()}
    assert names == {*others, "ctshim.14", "ctshim.15", f"ctshim.{second.pid}"}
    assert (folder / "notes").read_bytes() == b"x"
    second.communicate(b"")
    assert {p.name for p in folder.iterdir()} == {*others, "ctshim.14", "ctshim.15"}


def test_a_name_that_is_taken(waiting, shim, folder, big):
    """Nothing that stands in the way is written to, followed or waited for."""
    code = """
import os, sys
target = sys.argv[3]
os.symlink('victim', f'{target}/ctshim.{os.getpid()}')
os.mkfifo(f'{target}/ctshim.{os.getpid()}.1')
""" + BEGIN + "f = open(path, 'rb', buffering=0); f.read(10)\nshow()\nprint(json.dumps(sorted(os.listdir(sys.argv[3]))))"
    result = shim.python(code, big.encrypted, COMMAND, folder, keys=big.keys, env={"CTSHIM_STATS_DIR": folder}).check()
    shown, names = map(json.loads, result.text.splitlines())
    assert only(shown)["read_bytes"] == 10 and len(names) == 3 and not (folder / "victim").exists()
    assert len(list(folder.iterdir())) == 2


def test_another_program_in_the_same_process(waiting, shim, big, folder):
    """exec: the number stays, but not the program whose figures they were."""
    code = BEGIN + "f = open(path, 'rb', buffering=0); f.read(10)\nos.environ.pop('LD_PRELOAD')\n" \
                   "os.execv(command, [command, 'stats', str(os.getpid())])"
    result = shim.python(code, big.encrypted, COMMAND, keys=big.keys, env={"CTSHIM_STATS_DIR": folder}, quiet=False)
    assert result.status == 1 and "keeps no figures" in result.messages[0], result.describe()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_that_somebody_else_made(waiting, shim, folder):
    """Figures are believed that the process's own user wrote, not what another put there under a lock."""
    process = waiting(1000)
    data = (folder / f"ctshim.{process.pid}").read_bytes()
    forged = folder / "ctshim.99"
    forged.write_bytes(data)
    with open(forged, "r+b") as f:
        fcntl.lockf(f, fcntl.LOCK_EX)
        shown = json.loads(shim.ctshim("stats", "--json", "-d", folder).check().text)
        assert sorted(p["pid"] for p in shown["processes"]) == sorted([process.pid, os.getpid()])
        os.chown(forged, 65534, 65534)
        shown = json.loads(shim.ctshim("stats", "--json", "-d", folder).check().text)
        assert [p["pid"] for p in shown["processes"]] == [process.pid]


def test_hostile_files(waiting, shim, folder):
    """Random damage to a file of figures: the command ends as it should, and says nothing that steers a terminal."""
    process = waiting(1000)
    data = (folder / f"ctshim.{process.pid}").read_bytes()
    rng = models.generator("hostile figures")
    print(f"seed {models.SEED}")
    path = folder / "ctshim.5"
    for _ in range(30):
        changed = bytearray(data)
        for _ in range(rng.choice([1, 10, 1000])):
            changed[rng.randrange(rng.choice([64, 3000, len(data)]))] = rng.randrange(256)
        path.write_bytes(changed[:rng.choice([len(data), len(data), 1500, 0])])
        with open(path, "r+b") as f:
            fcntl.lockf(f, fcntl.LOCK_EX)
            for option in ("--json", "--dir"):
                argv = ["stats", "--dir", folder, *(["--json"] if option == "--json" else [])]
                result = shim.ctshim(*argv).check()
                assert "\x1b" not in result.text and "\x07" not in result.text
                if option == "--json":
                    assert any(p["pid"] == process.pid for p in json.loads(result.text)["processes"])


@pytest.mark.parametrize("what, reason", [("missing", "make it"), ("file", "make it"), ("full", "taken")])
def test_a_directory_that_will_not_do(what, reason, shim, big, tmp_path):
    """One line, and the program goes on; its children do not say it again."""
    place = tmp_path / "place"
    code = BEGIN + """
if sys.argv[3]:
    for n in ['', *(f'.{i}' for i in range(1, 100))]:
        os.mkdir(f'{sys.argv[3]}/ctshim.{os.getpid()}{n}')
f = open(path, 'rb', buffering=0); f.read(10)
f = open(path, 'rb', buffering=0); print(len(f.read()))
if os.fork() == 0:
    f.seek(0); f.read(10); os._exit(0)
os.wait()
"""
    if what == "file":
        place.write_bytes(b"")
    elif what == "full":
        place.mkdir()
    result = shim.python(code, big.encrypted, COMMAND, place if what == "full" else "", keys=big.keys,
                         env={"CTSHIM_STATS_DIR": place}, quiet=False).check()
    assert int(result.text) == len(big.image) and len(result.messages) == 1, result.describe()
    assert "no figures can be kept there" in result.messages[0] and reason in result.messages[0]


def test_a_limit_on_files(shim, big, folder):
    """A file that is too large would be a signal."""
    result = shim.run(["sh", "-c", 'ulimit -f 1; exec dd "if=$1" bs=1M status=none', "sh", big.encrypted],
                      keys=big.keys, env={"CTSHIM_STATS_DIR": folder}, quiet=False).check()
    assert result.out == big.image and "ulimit -f" in result.messages[0] and not list(folder.iterdir())


@pytest.mark.parametrize("env", [{"CTSHIM_STATS_DIR": "figures"}, {"CTSHIM_STATS": "yes"}], ids=str)
def test_variables_that_are_not_understood(env, shim, big):
    result = shim.run(["cat", big.encrypted], keys=big.keys, env=env, quiet=False)
    assert result.status == 1 and next(iter(env)) in result.messages[0]


def test_output_that_is_gone(shim, big, folder):
    """Closed, or a pipe that nobody reads: the program ends as it would."""
    env = shim.env(keys=big.keys, CTSHIM_STATS="1", CTSHIM_STATS_DIR=folder)
    code = "import os, sys\nfd = os.open(sys.argv[1], os.O_RDONLY)\nassert len(os.read(fd, 999)) == 999\n" \
           "import signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL)\nos.close(fd)\nos.read(os.open(sys.argv[1], 0), 99)"
    argv = [sys.executable, "-c", code, big.encrypted]
    closed = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *argv], env=env)
    assert closed.returncode == 0
    read, write = os.pipe()
    os.close(read)
    assert subprocess.run(argv, env=env, stderr=write).returncode == 0
    os.close(write)
    assert not list(folder.iterdir())


def test_a_log_file(shim, big, tmp_path):
    """Where log lines go, figures go too, also when errors are not wanted."""
    log = tmp_path / "log"
    env = {"CTSHIM_STATS": "1", "CTSHIM_LOG_FILE": log, "CTSHIM_LOG": "off"}
    shim.run(["dd", f"if={big.encrypted}", "of=/dev/null", "bs=1M", "status=none"], keys=big.keys, env=env).check()
    line, = log.read_text().splitlines()
    assert line.startswith(f"ctshim: {big.encrypted}: served ") and "each once" in line


def test_many_models(watch, many):
    """More than are remembered, one after the other: those that were let go of are still shown, as long as there is room."""
    (seventy, all_), lines = watch("""
for count in (range(70), range(70, 300)):
    for i in count:
        with open(f'{sys.argv[3]}/{i}', 'rb', buffering=0) as f: f.read()
    show()
""", many)
    assert len(lines) == 300 and all("decrypted 64 bytes in 1 message, each once" in line for line in lines)
    counts = [sum(m["decrypted_bytes"] == 64 for m in p["processes"][0]["models"]) for p in (seventy, all_)]
    assert counts == [70, 255]
    assert sum(m["open"] for m in seventy["processes"][0]["models"]) in range(64, 67)
    assert any(m["file"] == str(many / "299") for m in all_["processes"][0]["models"])


def test_threads(watch, big):
    """Figures of many threads add up."""
    (shown,), _ = watch("""
import threading
fd = os.open(path, os.O_RDONLY)
def work():
    for i in range(200): os.pread(fd, 100, i * 80000)
threads = [threading.Thread(target=work) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
show()
""")
    model = only(shown)
    assert model["reads"] == 1600 and model["read_bytes"] == 160000
    assert .9 * sealed(big) < model["first_decrypted_bytes"] <= sealed(big) and model["part_decrypted_bytes"] > 0


def test_watch(waiting, shim, folder):
    """Again each second, until the process is gone."""
    process = waiting(1000)
    env = shim.env(on=False)
    watching = subprocess.Popen([COMMAND, "stats", str(process.pid), "-d", folder, "-w"], env=env, stdout=subprocess.PIPE)
    time.sleep(1.5)
    process.communicate(b"")
    out, _ = watching.communicate(timeout=20)
    assert watching.returncode == 0 and out.count(f"process {process.pid}".encode()) >= 2


def test_wrong_usage_of_the_command(shim, tmp_path):
    for argv in ((), ("--dir", tmp_path, "abc"), ("--dir", tmp_path, "1", "2"), ("--dir", tmp_path, "0")):
        assert shim.ctshim("stats", *argv).status == 2
    missing = shim.ctshim("stats", "--dir", tmp_path / "none").check(1)
    assert "none: it cannot be read" in missing.messages[0]
    unknown = shim.ctshim("stats", os.getpid(), "--dir", tmp_path).check(1)
    assert f"process {os.getpid()} keeps no figures in {tmp_path}: start it" in unknown.messages[0]


def test_signal_that_ends_it(waiting, folder):
    """A process that is killed says nothing."""
    process = waiting(1000, CTSHIM_STATS="1")
    process.send_signal(signal.SIGTERM)
    assert process.communicate()[1] == b""
