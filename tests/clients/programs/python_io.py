"""Everything that plain Python can read a file with."""

import array
import ctypes
import fcntl
import filecmp
import hashlib
import io
import json
import mmap
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading

from checks import equal, main, same

PAGE = mmap.PAGESIZE


def check_read_whole(c):
    with open(c.model, "rb") as f:
        equal(f.read(), c.expected)


def check_read_twice(c):
    for _ in range(2):
        with open(c.model, "rb") as f:
            equal(f.read(), c.expected)


def check_read_sizes(c):
    for size in (4097, 65536, 100003, (2 << 20) + 1, c.size - 1, c.size):
        fd, got = c.open(), []
        while part := os.read(fd, size):
            same(len(part) == size or sum(map(len, got)) + len(part) == c.size, True, "full counts")
            got.append(part)
        equal(b"".join(got), c.expected, f"reads of {size}")


def check_read_small(c):
    fd = c.open()
    for size in (1, 2, 7, 8, 13):
        at = c.random.randrange(c.size - 2000)
        os.lseek(fd, at, os.SEEK_SET)
        equal(b"".join(os.read(fd, size) for _ in range(100)), c.expected[at:at + 100 * size])


def check_read_more_than_there_is(c):
    fd = c.open()
    equal(os.read(fd, c.size + 12345), c.expected)
    same(os.read(fd, 1), b"", "at the end")
    os.lseek(fd, -10, os.SEEK_END)
    equal(os.read(fd, 1 << 20), c.expected[-10:])
    same(os.lseek(fd, 0, os.SEEK_CUR), c.size, "position")


def check_read_past_the_end(c):
    fd = c.open()
    os.lseek(fd, c.size + 100, os.SEEK_SET)
    same(os.read(fd, 100), b"")
    same(os.lseek(fd, 0, os.SEEK_CUR), c.size + 100, "position")
    os.lseek(fd, 0, os.SEEK_SET)
    equal(os.read(fd, 100), c.expected[:100])


def check_read_nothing(c):
    fd = c.open()
    same(os.read(fd, 0), b"")
    same(os.lseek(fd, 0, os.SEEK_CUR), 0, "position")
    equal(os.read(fd, 1000), c.expected[:1000])


def check_readinto(c):
    for buffering in (0, -1):
        with open(c.model, "rb", buffering=buffering) as f:
            room = bytearray(b"\xa5" * (c.size + 4096))
            at = 0
            while count := f.readinto(memoryview(room)[at:]):
                at += count
            same(at, c.size, "bytes read")
            equal(room[:c.size], c.expected)
            equal(room[c.size:], b"\xa5" * 4096, "what lies behind")


def check_readinto_array(c):
    numbers = array.array("I", bytes(40000))
    with open(c.model, "rb") as f:
        f.seek(1001)
        same(f.readinto(numbers), 40000)
    equal(numbers.tobytes(), c.expected[1001:41001])


def check_buffered(c):
    for size in (16, 512, 8192, 1 << 20):
        with open(c.model, "rb", buffering=size) as f:
            for at, length in c.ranges(8, 20000):
                f.seek(at)
                equal(f.read(length), c.expected[at:at + length])
                same(f.tell(), at + length, "tell")
            f.seek(0)
            equal(f.peek(1)[:1], c.expected[:1], "peek")
            equal(f.read1(16), c.expected[:16], "read1")


def check_lines(c):
    with open(c.model, "rb") as f:
        equal(b"".join(f), c.expected)
    with open(c.model, "rb", buffering=1000) as f:
        equal(f.readline(), io.BytesIO(c.expected).readline())


def check_text(c):
    with open(c.model, encoding="latin-1", newline="") as f:
        equal(f.read().encode("latin-1"), c.expected)


def check_seek_tell(c):
    with open(c.model, "rb", buffering=0) as f:
        same(f.seek(0, os.SEEK_END), c.size)
        same(f.seek(-77, os.SEEK_END), c.size - 77)
        equal(f.read(), c.expected[-77:])
        f.seek(12)
        same(f.seek(5000, os.SEEK_CUR), 5012)
        equal(f.read(99), c.expected[5012:5111])
        same(f.tell(), 5111)
        f.seek(0)
        equal(f.readall(), c.expected)


def check_pread(c):
    fd = c.open()
    for at, length in c.ranges(100, 300000):
        equal(os.pread(fd, length, at), c.expected[at:at + length], f"{length} at {at}")
    same(os.lseek(fd, 0, os.SEEK_CUR), 0, "pread leaves the position")


def check_pread_at_the_end(c):
    fd = c.open()
    equal(os.pread(fd, 1000, c.size - 10), c.expected[-10:])
    same(os.pread(fd, 1000, c.size), b"")
    same(os.pread(fd, 1000, c.size + (1 << 40)), b"")


def check_readv(c):
    fd = c.open()
    os.lseek(fd, 501, os.SEEK_SET)
    parts = [bytearray(n) for n in (1, 0, 4095, 4096, 70001, 3)]
    total = sum(map(len, parts))
    same(os.readv(fd, parts), total)
    equal(b"".join(parts), c.expected[501:501 + total])
    same(os.lseek(fd, 0, os.SEEK_CUR), 501 + total, "position")
    os.lseek(fd, -5000, os.SEEK_END)
    same(os.readv(fd, parts), 5000, "at the end")
    equal(b"".join(parts)[:5000], c.expected[-5000:])


def check_preadv(c):
    fd = c.open()
    for at, _ in c.ranges(20, 1):
        parts = [bytearray(n) for n in (13, 4096, 0, 30011)]
        want = c.expected[at:at + 13 + 4096 + 30011]
        same(os.preadv(fd, parts, at), len(want))
        equal(b"".join(parts)[:len(want)], want)
    same(os.lseek(fd, 0, os.SEEK_CUR), 0, "position")


def check_preadv_many(c):
    fd = c.open()
    parts = [bytearray(61) for _ in range(1024)]
    same(os.preadv(fd, parts, 77), 61 * 1024)
    equal(b"".join(parts), c.expected[77:77 + 61 * 1024])


def check_dup_shares_position(c):
    fd, at = c.open(), c.data + 1000
    for twin in (os.dup(fd), fcntl.fcntl(fd, fcntl.F_DUPFD, 20), os.dup2(fd, 33),
                 fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 0)):
        c.descriptors.append(twin)
        os.lseek(fd, at, os.SEEK_SET)
        equal(os.read(twin, 500), c.expected[at:at + 500])
        equal(os.read(fd, 500), c.expected[at + 500:at + 1000])
        same(os.lseek(twin, 0, os.SEEK_CUR), at + 1000, "position of the twin")


def check_dup_outlives_the_first(c):
    fd = c.open()
    twin = os.dup(fd)
    os.close(fd)
    with os.fdopen(twin, "rb") as f:
        equal(f.read(), c.expected)


def check_fdopen(c):
    fd = c.open()
    os.lseek(fd, 1234, os.SEEK_SET)
    with os.fdopen(os.dup(fd), "rb") as f:
        same(f.tell(), 1234)
        equal(f.read(), c.expected[1234:])


def check_sendfile(c):
    """Refused so that the caller reads instead, or served with plaintext: never ciphertext."""
    fd = c.open()
    with open(c.path("sent"), "wb") as out:
        try:
            sent = os.sendfile(out.fileno(), fd, 0, 100000)
        except OSError:
            sent = None
    if sent is not None:
        with open(c.path("sent"), "rb") as f:
            equal(f.read(), c.expected[:sent])


def check_copy_file_range(c):
    fd = c.open()
    with open(c.path("ranged"), "wb") as out:
        try:
            copied = os.copy_file_range(fd, out.fileno(), 100000, 0, 0)
        except OSError:
            copied = None
    if copied is not None:
        with open(c.path("ranged"), "rb") as f:
            equal(f.read(), c.expected[:copied])


def check_socket_sendfile(c):
    left, right = socket.socketpair()
    got = []

    def receive():
        while part := right.recv(1 << 16):
            got.append(part)

    thread = threading.Thread(target=receive)
    thread.start()
    try:
        with open(c.model, "rb") as f:
            left.sendfile(f)
    finally:
        left.close()
        thread.join()
        right.close()
    equal(b"".join(got), c.expected)


def check_shutil_copyfile(c):
    shutil.copyfile(c.model, c.path("copy"))
    with open(c.path("copy"), "rb") as f:
        equal(f.read(), c.expected)


def check_shutil_copy_others(c):
    for copy in (shutil.copy, shutil.copy2):
        copy(c.model, c.path("copy2"))
        with open(c.path("copy2"), "rb") as f:
            equal(f.read(), c.expected)
    with open(c.model, "rb") as f, open(c.path("copy3"), "wb") as out:
        shutil.copyfileobj(f, out, 77777)
    with open(c.path("copy3"), "rb") as f:
        equal(f.read(), c.expected)


def check_filecmp(c):
    same(filecmp.cmp(c.model, c.expected_path, shallow=False), True)


def check_hashlib(c):
    digest = getattr(hashlib, "file_digest", lambda f, name: hashlib.new(name, f.read()))  # since 3.11
    with open(c.model, "rb") as f:
        same(digest(f, "sha256").hexdigest(), hashlib.sha256(c.expected).hexdigest())


def check_mmap_shared(c):
    with open(c.model, "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m:
        same(len(m), c.size)
        equal(m, c.expected)
        at = c.expected.index(c.expected[5000:5032])
        same(m.find(c.expected[5000:5032]), at, "find")


def check_mmap_access_read(c):
    with open(c.model, "rb") as f:
        m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
    equal(m[:], c.expected)
    m.close()


def check_mmap_copy(c):
    """A private mapping can be written to; nobody else sees it."""
    with open(c.model, "rb") as f:
        first = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY)
        second = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY)
        first[100:110] = b"0123456789"
        first[c.size - 1] = c.expected[-1] ^ 0xff
        equal(second, c.expected)
        with open(c.model, "rb") as again:
            equal(again.read(), c.expected)
        changed = bytearray(c.expected)
        changed[100:110], changed[-1] = b"0123456789", c.expected[-1] ^ 0xff
        equal(first, changed)
        second.close()
        equal(first, changed)
        first.close()


def check_mmap_offsets(c):
    fd = c.open()
    last = (c.size - 1) // PAGE * PAGE
    for at, length in ((PAGE, 1), (PAGE, PAGE), (2 * PAGE, 3 * PAGE + 17), (PAGE * 7, PAGE * 9 - 1),
                       (last, c.size - last), (last // 2 // PAGE * PAGE, 12345)):
        for access in (mmap.ACCESS_READ, mmap.ACCESS_COPY):
            with mmap.mmap(fd, length, access=access, offset=at) as m:
                equal(m, c.expected[at:at + length], f"{length} at {at}")


def check_mmap_after_close(c):
    fd = os.open(c.model, os.O_RDONLY)
    m = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
    os.close(fd)
    same(os.open("/dev/null", os.O_RDONLY), fd, "the number is free again")
    os.close(fd)
    equal(m, c.expected)


def check_mmap_threads(c):
    fd, wrong = c.open(), []

    def work(seed):
        with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as m:
            if m[:] != c.expected:
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    same(wrong, [])


def check_mapping_goes_to_the_kernel(c):
    fd = c.open()
    with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as m:
        with open(c.path("written"), "wb", buffering=0) as out:
            view, at = memoryview(m), 0
            while at < c.size:
                at += out.write(view[at:])
            view.release()
    with open(c.path("written"), "rb") as f:
        equal(f.read(), c.expected)


def check_threads_pread(c):
    fd, wrong = c.open(), []
    plans = [list(c.ranges(40, 50000)) for _ in range(8)]

    def work(plan):
        for at, length in plan:
            if os.pread(fd, length, at) != c.expected[at:at + length]:
                wrong.append((at, length))

    threads = [threading.Thread(target=work, args=(p,)) for p in plans]
    [t.start() for t in threads]
    [t.join() for t in threads]
    same(wrong, [])


def check_many_open_at_once(c):
    fds = [c.open() for _ in range(200)]
    same(len(set(fds)), 200)
    for n, fd in enumerate(fds):
        equal(os.pread(fd, 100, n * 37), c.expected[n * 37:n * 37 + 100])


def check_other_names(c):
    """The same file by a link, a relative path, a directory descriptor and through /proc."""
    folder, name = os.path.split(c.model)
    link, hard = c.path("link"), c.path("hard")
    os.symlink(c.model, link)
    os.link(c.model, hard)
    fd = c.open()
    for path in (link, hard, os.path.relpath(c.model), f"/proc/self/fd/{fd}", f"/dev/fd/{fd}",
                 os.fsencode(c.model), pathlib.Path(c.model)):
        with open(path, "rb") as f:
            equal(f.read(), c.expected, str(path))
    directory = c.open(os.O_RDONLY | os.O_DIRECTORY, folder)
    inner = os.open(name, os.O_RDONLY, dir_fd=directory)
    c.descriptors.append(inner)
    equal(os.read(inner, c.size), c.expected, "openat")
    os.unlink(link)
    os.unlink(hard)


def check_open_flags(c):
    for flags in (os.O_CLOEXEC, os.O_NOFOLLOW, os.O_NONBLOCK, os.O_NOATIME, os.O_NOCTTY, os.O_SYNC,
                  os.O_CREAT, os.O_APPEND):
        fd = c.open(os.O_RDONLY | flags)
        equal(os.read(fd, 5000), c.expected[:5000], f"flags {flags:#o}")
        same(os.get_inheritable(fd), False)


def check_path_methods(c):
    equal(pathlib.Path(c.model).read_bytes(), c.expected)


def check_deleted_while_open(c):
    shutil.copyfile(c.model, c.path("gone"))  # plaintext under the shim: only its name is wanted
    os.unlink(c.path("gone"))
    os.link(c.model, c.path("gone"))
    with open(c.path("gone"), "rb") as f:
        os.unlink(c.path("gone"))
        equal(f.read(), c.expected)


def check_number_reused_by_plain_file(c):
    """A descriptor number that had a model is another file's the next moment."""
    for leave in (os.close, lambda fd: os.closerange(fd, fd + 1), lambda fd: os.fdopen(fd, "rb").close()):
        for _ in range(3):
            fd = os.open(c.model, os.O_RDONLY)
            equal(os.read(fd, 300), c.expected[:300])
            leave(fd)
            other = os.open(__file__, os.O_RDONLY)
            same(other, fd, "the lowest number")
            with open(__file__, "rb") as f:
                equal(os.read(other, 300), f.read(300), "the plain file")
            os.close(other)


def check_number_taken_over_by_dup2(c):
    fd = c.open()
    with open(__file__, "rb", buffering=0) as f:
        text = f.read()
        f.seek(0)
        os.dup2(f.fileno(), fd)
        equal(os.read(fd, 1000), text[:1000], "the plain file")
    fd, place = c.open(), os.dup(0)
    c.descriptors.append(place)
    os.dup2(fd, place)
    equal(os.read(place, 4000), c.expected[:4000])


def check_fork(c):
    """A child goes on where its parent was, and the parent where the child stopped."""
    fd = c.open()
    equal(os.read(fd, 1001), c.expected[:1001])
    child = os.fork()
    if child == 0:
        good = os.read(fd, 5003) == c.expected[1001:6004] and os.pread(fd, c.size, 0) == c.expected
        os._exit(0 if good else 1)
    same(os.waitpid(child, 0)[1], 0, "the child's status")
    equal(os.read(fd, 100), c.expected[6004:6104])


def check_fork_with_mapping(c):
    fd = c.open()
    with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as m:
        child = os.fork()
        if child == 0:
            os._exit(0 if m[:] == c.expected else 1)
        same(os.waitpid(child, 0)[1], 0, "the child's status")
        equal(m, c.expected)


def check_child_process(c):
    """A child with its own standard input, and one that inherits a descriptor."""
    with open(c.model, "rb") as f:
        equal(subprocess.run(["cat"], stdin=f, capture_output=True).stdout, c.expected, "stdin")
    fd = c.open()
    os.lseek(fd, 4321, os.SEEK_SET)
    code = "import os, sys; sys.stdout.buffer.write(os.read(int(sys.argv[1]), 100))"
    out = subprocess.run([sys.executable, "-c", code, str(fd)], pass_fds=[fd], capture_output=True)
    equal(out.stdout, c.expected[4321:4421], "inherited")
    equal(os.read(fd, 100), c.expected[4421:4521], "position after the child")


def check_children_while_it_is_mapped(c):
    """subprocess closes descriptors in children that may share the parent's memory."""
    fd = c.open()
    with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as m:
        for turn in range(5):
            subprocess.run(["true"], check=True, close_fds=True)
            subprocess.run("exit 0", shell=True, check=True, stdin=fd, stdout=subprocess.DEVNULL)
            same(os.posix_spawnp("true", ["true"], os.environ) > 0, True, "a process id")
            os.wait()
            os.lseek(fd, turn * 30000, os.SEEK_SET)
            equal(os.read(fd, 30000), c.expected[turn * 30000:(turn + 1) * 30000], "read afterwards")
            equal(os.pread(fd, 5000, c.size - 5000), c.expected[-5000:], "pread afterwards")
        equal(m, c.expected)


def check_serving_it_over_http(c):
    """http.server copies with shutil; a request for a part of it ends early."""
    import functools
    import http.server
    import urllib.request

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=os.path.dirname(c.model))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            where = f"http://127.0.0.1:{server.server_port}/{os.path.basename(c.model)}"
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            for _ in range(2):
                with opener.open(where) as answer:
                    same(int(answer.headers["Content-Length"]), c.size)
                    equal(answer.read(), c.expected)
            with opener.open(f"file://{c.model}") as answer:
                equal(answer.read(), c.expected, "by a file: address")
        finally:
            server.shutdown()
            thread.join()


def check_archives(c):
    """Compressed and packed by the standard library, and unpacked again."""
    import gzip
    import tarfile
    import zipfile
    with open(c.model, "rb") as f, gzip.open(c.path("m.gz"), "wb", 1) as out:
        out.write(f.read(200000))
    with gzip.open(c.path("m.gz")) as f:
        equal(f.read(), c.expected[:200000], "gzip")
    with tarfile.open(c.path("m.tar"), "w") as out:
        out.add(c.model, "m")
    with tarfile.open(c.path("m.tar")) as f:
        equal(f.extractfile("m").read(), c.expected, "tar")
    with zipfile.ZipFile(c.path("m.zip"), "w") as out:
        out.write(c.model, "m")
    with zipfile.ZipFile(c.path("m.zip")) as f:
        equal(f.read("m"), c.expected, "zip")


def check_open_by_others(c):
    """The interpreter's other layers: FileIO, codecs, an opener, fileinput, linecache."""
    import codecs
    import fileinput
    equal(io.FileIO(c.model).readall(), c.expected, "FileIO")
    with io.open_code(c.model) as f:
        equal(f.read(), c.expected, "open_code")
    with codecs.open(c.model, "rb") as f:
        equal(f.read(), c.expected, "codecs")
    with open(c.model, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NOATIME)) as f:
        equal(f.read(), c.expected, "opener")
    with fileinput.input([c.model], mode="rb") as f:
        equal(b"".join(f), c.expected, "fileinput")
    with io.BufferedRandom(io.FileIO(c.expected_path, "r+")) as f, open(c.model, "rb") as g:
        equal(g.read(), f.read(), "two at once")


def check_header_is_clean(c):
    """What is shown is plain safetensors: no reserved key, the data where the header says."""
    with open(c.model, "rb") as f:
        length = int.from_bytes(f.read(8), "little")
        head = json.loads(f.read(length))
    same([k for k in head.get("__metadata__", {}) if k.startswith("__")], [])
    same(max(t["data_offsets"][1] for n, t in head.items() if n != "__metadata__"),
         c.size - 8 - length)


def check_ctypes_buffer(c):
    """libc's read, called through ctypes, into memory that ctypes owns."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.read.restype, libc.read.argtypes = ctypes.c_ssize_t, (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
    room = ctypes.create_string_buffer(50000)
    same(libc.read(c.open(), room, 50000), 50000)
    equal(room.raw, c.expected[:50000])


def same_stat(c):
    fd = c.open()
    same(os.fstat(fd).st_size, c.size)
    same(os.stat(c.model).st_size, c.size)
    same(os.path.getsize(c.model), c.size)
    same(os.lseek(fd, 0, os.SEEK_END), c.size)


def same_closed_descriptor(c):
    fd = os.open(c.model, os.O_RDONLY)
    os.close(fd)
    try:
        os.read(fd, 1)
    except OSError as e:
        same(e.errno, 9, "EBADF")
    else:
        raise AssertionError("read from a closed descriptor")


def same_empty_requests(c):
    fd = c.open()
    same(os.read(fd, 0), b"")
    same(os.pread(fd, 0, 5), b"")
    same(os.readv(fd, [bytearray(0)]), 0)


if __name__ == "__main__":
    main(globals())
