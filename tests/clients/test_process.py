"""Processes: threads, forks, vforks, descriptors that are inherited, programs that start programs."""

import hashlib
import os
import subprocess
import sys

import pytest

from configs import CONFIGS, Config
from harness import Checks

THREADS = Checks("threads.c")


@pytest.mark.parametrize("config", CONFIGS[:8], ids=str)
@pytest.mark.parametrize("name", THREADS.names)
def test_threads(name, config, outcomes, compile_program):
    THREADS.verdict(name, config, *outcomes(THREADS, config, [compile_program("threads.c")]))


both_modes = pytest.mark.parametrize("serve", ["eager", "memfd"])


def with_and_without(shim, code, small, serve, *args, **options):
    """What a Python program prints under the shim; without it, it must print something else."""
    got = shim.python(code, small.encrypted, *args, keys=small.keys, serve=serve, **options).check().out
    bare = shim.python(code, small.encrypted, *args, on=False, **options).out
    assert got != bare
    return got


@both_modes
def test_inherited_descriptor(serve, shim, small):
    """The parent is not under the shim: the child finds a descriptor that it never opened."""
    fd = os.open(small.encrypted, os.O_RDONLY)
    try:
        os.lseek(fd, 20000, os.SEEK_SET)
        code = "import os, sys; sys.stdout.buffer.write(os.read(int(sys.argv[2]), 5000))"
        result = shim.python(code, small.encrypted, fd, keys=small.keys, serve=serve, pass_fds=[fd])
        assert result.check().out == small.image[20000:25000]
        os.lseek(fd, 20000, os.SEEK_SET)
        bare = shim.python(code, small.encrypted, fd, on=False, pass_fds=[fd])
        assert bare.out != small.image[20000:25000]
    finally:
        os.close(fd)


@both_modes
@pytest.mark.parametrize("command", [["cat"], ["sha256sum"], ["tail", "-c", "1000"], ["od"],
                                     [sys.executable, "-c", "import sys; print(hash(sys.stdin.buffer.read()))"]])
def test_standard_input(command, serve, shim, small):
    def run(path, on):
        with open(path, "rb") as f:
            return shim.run(command, stdin=f, on=on, keys=small.keys, serve=serve if on else None,
                            env={"PYTHONHASHSEED": "1"}).check().out
    assert run(small.encrypted, True) == run(small.expected, False) != run(small.encrypted, False)


@both_modes
def test_standard_input_from_the_middle(serve, shim, small):
    with open(small.encrypted, "rb", buffering=0) as f:
        f.seek(33333)
        assert shim.run(["cat"], stdin=f, keys=small.keys, serve=serve).check().out == small.image[33333:]


@both_modes
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method, serve, shim, small, tmp_path):
    """Workers that read parts of what the parent opened, or open it themselves."""
    script = tmp_path / "workers.py"
    script.write_text(
        "import hashlib, multiprocessing, os, sys\n"
        "def work(part):\n"
        "    with open(sys.argv[1], 'rb') as f:\n"
        "        f.seek(part * 50000)\n"
        "        return f.read(50000)\n"
        "if __name__ == '__main__':\n"
        "    open(sys.argv[1], 'rb').read()\n"
        "    with multiprocessing.get_context(sys.argv[2]).Pool(3) as pool:\n"
        "        sys.stdout.buffer.write(b''.join(pool.map(work, range(20))))\n")
    run = [sys.executable, script, small.encrypted, method]
    assert shim.run(run, keys=small.keys, serve=serve).check().out == small.image
    assert shim.run(run, on=False).out != small.image


@both_modes
def test_programs_that_start_programs(serve, shim, small):
    code = ("import os, subprocess, sys\n"
            "f = open(sys.argv[1], 'rb'); f.read(1000)\n"
            "subprocess.run(['cat', sys.argv[1]], check=True)\n"
            "os.system('cat \"%s\"' % sys.argv[1])\n"
            "sys.stdout.buffer.write(os.popen('cat \"%s\" | sha256sum' % sys.argv[1]).read().encode())\n"
            "sys.stdout.buffer.write(f.read(1000))\n")
    got = with_and_without(shim, code, small, serve, env={"PYTHONUNBUFFERED": "1"})
    digest = hashlib.sha256(small.image).hexdigest().encode() + b"  -\n"
    assert got == small.image + small.image + digest + small.image[1000:2000]


@both_modes
def test_close_fds_in_children(serve, shim, small):
    """subprocess closes descriptors in a vfork child; the parent keeps its own."""
    code = ("import os, subprocess, sys\n"
            "f = open(sys.argv[1], 'rb', buffering=0)\n"
            "for n in range(20):\n"
            "    subprocess.run(['true'], close_fds=True, stdin=subprocess.DEVNULL)\n"
            "    f.seek(n * 1000)\n"
            "    sys.stdout.buffer.write(f.read(1000))\n")
    assert with_and_without(shim, code, small, serve) == small.image[:20000]


@both_modes
def test_exec_keeps_an_open_descriptor(serve, shim, small):
    code = ("import os, sys\n"
            "fd = os.open(sys.argv[1], 0); os.set_inheritable(fd, True); os.read(fd, 10000)\n"
            "os.dup2(fd, 0)\n"
            "os.execvp('cat', ['cat'])\n")
    assert with_and_without(shim, code, small, serve) == small.image[10000:]


@both_modes
def test_exec_under_another_number(serve, shim, small):
    code = ("import os, sys\n"
            "fd = os.open(sys.argv[1], 0); os.read(fd, 10000); os.dup2(fd, 9)\n"
            "os.execvp('sh', ['sh', '-c', 'cat <&9'])\n")
    assert with_and_without(shim, code, small, serve) == small.image[10000:]


def test_environment_goes_at_once(shim, small):
    """A program that clears its environment after opening keeps what it opened."""
    code = ("import os, sys\n"
            "f = open(sys.argv[1], 'rb'); f.read(10); os.environ.clear()\n"
            "sys.stdout.buffer.write(f.read())\n")
    assert with_and_without(shim, code, small, "eager") == small.image[10:]


@both_modes
def test_file_replaced_while_it_is_read(serve, shim, small, pair, tmp_path):
    """A new file under the name is another file; the open one stays what it was."""
    other = pair(Config("numpy", 1))
    path, new = tmp_path / "model.safetensors", tmp_path / "new"
    path.write_bytes(small.encrypted.read_bytes())
    new.write_bytes(other.encrypted.read_bytes())
    code = ("import os, sys\n"
            "f = open(sys.argv[1], 'rb'); a = f.read(9000)\n"
            "os.rename(sys.argv[2], sys.argv[1])\n"
            "sys.stdout.buffer.write(a + f.read() + open(sys.argv[1], 'rb').read())\n")
    result = shim.python(code, path, new, keys=small.keys, serve=serve)
    assert result.check().out == small.image + other.image


def test_file_changed_in_place(shim, small, pair, tmp_path):
    """Written anew under the same inode: the next open sees the new content, never a mixture."""
    other = pair(Config("numpy", 1))
    path = tmp_path / "model.safetensors"
    path.write_bytes(small.encrypted.read_bytes())
    code = ("import sys\n"
            "a = open(sys.argv[1], 'rb').read()\n"
            "print('read', flush=True); input()\n"
            "sys.stdout.buffer.write(a + open(sys.argv[1], 'rb').read())\n")
    with subprocess.Popen([sys.executable, "-c", code, path], env=shim.env(keys=small.keys), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as program:
        assert program.stdout.readline() == b"read\n"
        path.write_bytes(other.encrypted.read_bytes())
        out, _ = program.communicate(b"\n", timeout=60)
    assert out == small.image + other.image


def test_file_damaged_while_it_is_open(shim, small, tmp_path):
    """What changes behind an open descriptor is noticed when it is read."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(small.encrypted.read_bytes())
    code = ("import os, sys\n"
            "fd = os.open(sys.argv[1], 0); a = os.pread(fd, 100, 0)\n"
            "print('read', flush=True); input()\n"
            "try:\n"
            "    print(os.pread(fd, 4096, 300000) == open(sys.argv[2], 'rb').read()[300000:304096])\n"
            "except OSError as e: print(e.errno)\n")
    with subprocess.Popen([sys.executable, "-c", code, path, small.expected], env=shim.env(keys=small.keys),
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout.readline() == b"read\n"
        with open(path, "r+b") as f:
            f.seek(300100)
            byte = f.read(1)
            f.seek(300100)
            f.write(bytes([byte[0] ^ 1]))
        out, err = program.communicate(b"\n", timeout=60)
    assert out == b"5\n" and err.startswith(b"ctshim: "), (out, err)


def test_file_cut_while_it_is_open(shim, small, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(small.encrypted.read_bytes())
    code = ("import os, sys\n"
            "fd = os.open(sys.argv[1], 0); a = os.pread(fd, 100, 0)\n"
            "print('read', flush=True); input()\n"
            "try: print(len(os.pread(fd, 4096, 300000)))\n"
            "except OSError as e: print('error', e.errno)\n")
    with subprocess.Popen([sys.executable, "-c", code, path], env=shim.env(keys=small.keys),
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout.readline() == b"read\n"
        os.truncate(path, 200000)
        out, _ = program.communicate(b"\n", timeout=60)
    # The kernel would say that there is nothing; an error is right too, other bytes are not.
    assert out.startswith(b"error") or out == b"0\n", out


def test_many_models_in_one_process(shim, pair, tmp_path):
    """Several files, ciphers and key sets, in turn and all open at once."""
    pairs = [pair(Config("numpy", 2, chunk="4096")), pair(Config("numpy", 1)),
             pair(Config("numpy", 2, chunk="4096", exclude=("weight", "layer.1.*")))]
    code = ("import sys\n"
            "files = [open(p, 'rb') for p in sys.argv[1:]]\n"
            "for at in range(0, 700000, 10000):\n"
            "    for f in files: f.seek(at); sys.stdout.buffer.write(f.read(10000))\n")
    got = shim.run([sys.executable, "-c", code, *(p.encrypted for p in pairs)], keys=pairs[0].keys).check().out
    assert got == b"".join(p.image[at:at + 10000] for at in range(0, 700000, 10000) for p in pairs)


def test_memory_is_given_back(shim, big):
    """Opening, mapping and closing again and again does not add up."""
    code = ("import mmap, os, sys\n"
            "def rss(): return int(open('/proc/self/statm').read().split()[1]) * 4096 >> 20\n"
            "seen = []\n"
            "for n in range(12):\n"
            "    fd = os.open(sys.argv[1], 0); m = mmap.mmap(fd, 0, prot=1); m[:]; m.close()\n"
            "    os.pread(fd, 1 << 24, 5); os.close(fd); seen.append(rss())\n"
            "print(seen[-1] - seen[3], len(os.listdir('/proc/self/fd')))\n")
    grown, descriptors = map(int, shim.python(code, big.encrypted, keys=big.keys).check().text.split())
    assert grown < 16 and descriptors == 4, (grown, descriptors)


def test_one_view_for_many_opens(shim, big):
    """Two readers of one file share what is decrypted; a hundred open descriptors cost little."""
    code = ("import os, sys\n"
            "def rss(): return int(open('/proc/self/statm').read().split()[1]) * 4096 >> 20\n"
            "os.pread(os.open(sys.argv[1], 0), 1000, 5000); a = rss()\n"
            "for n in range(100): os.pread(os.open(sys.argv[1], 0), 1000, 5000 + n)\n"
            "print(rss() - a)\n")
    assert int(shim.python(code, big.encrypted, keys=big.keys).check().text) < 8
