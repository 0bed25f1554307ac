"""One run of one cell: workers are started and wait, memory and page cache are warmed, then they are let go."""

import ctypes
import json
import mmap
import os
import select
import shlex
import subprocess
import time
from pathlib import Path

import peers

WORKER = Path(__file__).resolve().parent / "worker.py"
PATIENCE = 300  # seconds for one worker
MIB = 1 << 20


class Failed(Exception):
    """A worker did not do its work; the text says what it said."""


def warm_memory(size):
    """Touch and free `size` bytes: the first touch of memory that a hypervisor has not backed yet is many times slower
    than any later one, and must not fall to whoever runs first."""
    size = min(size, available() - 512 * MIB)
    if size <= 0:
        return
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as area:
        area.madvise(mmap.MADV_HUGEPAGE)
        view = (ctypes.c_char * size).from_buffer(area)
        ctypes.memset(view, 1, size)
        del view


def available():
    with open("/proc/meminfo") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("MemAvailable:"))


def no_room(peer, work, data):
    """In words, when the machine has not the memory that this cell takes."""
    # A program that maps a file twice has it twice in mode eager; the file itself should stay cached.
    need = work.memory(data) * (2 if peer.kind == "eager" else 1) + data
    free = available()
    return None if need < 0.9 * free else f"it takes {need / 2**30:.1f} GiB of memory, {free / 2**30:.1f} are free"


def warm_cache(paths):
    """Bring the files into the page cache."""
    buffer = bytearray(4 * MIB)
    for path in paths:
        with open(path, "rb", buffering=0) as f:
            while f.readinto(buffer):
                pass


class Group:
    """A control group below the one we are in, that counts what a worker uses. `missing` says why there is none."""

    def __init__(self):
        self.path, self.missing = None, None
        try:
            place = self.own() / f"ctshim-bench-{os.getpid()}"
            place.mkdir()
        except OSError as e:
            self.missing = f"no group could be made to count memory in: {e.strerror}"
            return
        except LookupError as e:
            self.missing = str(e)
            return
        if any((place / n).exists() for n in ("memory.max_usage_in_bytes", "memory.peak")):
            self.path = place
        else:
            place.rmdir()
            self.missing = "the group that we are in counts no memory for groups below it"

    @staticmethod
    def own():
        for line in Path("/proc/self/cgroup").read_text().split("\n"):
            _, controllers, path = (line.split(":", 2) + ["", ""])[:3]
            if "memory" in controllers.split(","):
                return Path("/sys/fs/cgroup/memory" + path)
        if Path("/sys/fs/cgroup/cgroup.controllers").exists():
            return Path("/sys/fs/cgroup" + path_of_two())
        raise LookupError("no memory controller is mounted")

    def close(self):
        for _ in range(50):
            try:
                return self.path and self.path.rmdir()
            except OSError:
                time.sleep(0.05)  # its last process is on its way out


def path_of_two():
    """Our place in the tree of control groups version 2."""
    return next(line.split("::", 1)[1] for line in Path("/proc/self/cgroup").read_text().split("\n") if "::" in line)


class Worker:
    """A process that does one work once."""

    def __init__(self, request, environment):
        self.process = subprocess.Popen([peers.python(), WORKER, json.dumps(request)], env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said = b""
        self.talks = any(name in environment for name in ("CTSHIM_STATS", "CTSHIM_LOG"))

    def line(self):
        """Its next line; fails when it dies or takes too long."""
        out, deadline = b"", time.monotonic() + PATIENCE
        streams = [self.process.stdout, self.process.stderr]
        while not out.endswith(b"\n"):
            for stream in select.select(streams, [], [], max(0, deadline - time.monotonic()))[0]:
                got = os.read(stream.fileno(), 1 << 16)
                if stream is self.process.stderr:
                    self.said += got
                    streams = streams if got else [self.process.stdout]
                    continue
                out += got
                if not got:
                    self.fail("it ended")
            if time.monotonic() > deadline:
                self.fail(f"no answer in {PATIENCE} s")
        return out.decode()

    def fail(self, what):
        self.process.kill()
        self.said += self.process.stderr.read()
        tail = self.said.decode(errors="replace").strip().split("\n")[-3:]
        raise Failed(f"{what} (status {self.process.wait()}): {' | '.join(tail)}")

    def wait_for(self, word):
        if self.line() != word + "\n":
            self.fail(f"it was not {word}")

    def go(self):
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def answer(self):
        found = json.loads(self.line())
        self.said += self.process.stderr.read()
        self.process.wait()
        found["said"] = [s for s in self.said.decode(errors="replace").split("\n") if s.startswith("ctshim")]
        if found["said"] and not self.talks:
            raise Failed(" | ".join(found["said"]))
        return found


class Run:
    """One cell, run once: `prepare()` starts its workers, `finish()` lets them go. Several runs may be prepared, so
    that their imports are over, before the first of them is finished."""

    def __init__(self, requests, environment, before, group):
        """`requests(digest)`: what each worker is asked; `before()` runs when all are ready."""
        self.requests, self.environment, self.before, self.group = requests, environment, before, group
        self.workers = []

    def command(self):
        """What to type to run it by hand, under perf or strace say."""
        (request, *_) = self.requests(False)
        changed = {k: v for k, v in self.environment.items() if os.environ.get(k) != v and "\n" not in v}
        words = [*(f"{k}={v}" for k, v in changed.items()), peers.python(), str(WORKER),
                 json.dumps({k: v for k, v in request.items() if k not in ("cgroup", "digest")})]
        return "printf 'go\\ngo\\n' | env " + " ".join(map(shlex.quote, words))

    def prepare(self, digest):
        for request in self.requests(digest):
            self.workers.append(Worker(request, self.environment))

    def finish(self):
        try:
            for w in self.workers:
                w.wait_for("ready")
            self.before()
            for step in ("set", None):
                for w in self.workers:
                    w.go()
                for w in self.workers if step else ():
                    w.wait_for(step)
            return combined([w.answer() for w in self.workers], self.group)
        finally:
            self.close()

    def __call__(self, digest):
        if not self.workers:
            self.prepare(digest)
        return self.finish()

    def close(self):
        for w in self.workers:
            w.close()
        self.workers = []


def settle(runs):
    """Wait until the workers of all prepared runs are ready (or failed, which their own turn reports)."""
    streams = {w.process.stdout for run in runs for w in run.workers}
    deadline = time.monotonic() + PATIENCE
    while streams and time.monotonic() < deadline:
        streams -= set(select.select(list(streams), [], [], 1)[0])  # what it said stays to be read


def combined(answers, group):
    """One result of the answers of workers that ran at once."""
    cgroup = [a["cgroup"] for a in answers]
    return {
        "seconds": (max(a["ended"] for a in answers) - min(a["began"] for a in answers)) / 1e9,
        "cpu": sum(a["cpu"] for a in answers), "faults": sum(a["faults"] for a in answers),
        "rss": sum(a["rss"] for a in answers),
        "cgroup": max(cgroup) if group.path and None not in cgroup else None,
        "sums": sorted({a["sum"] for a in answers}), "digests": sorted({a["digest"] for a in answers if a["digest"]}),
        "bytes": sum(a["bytes"] for a in answers), "said": [line for a in answers for line in a["said"]],
    }


def cell(peer, work, name, variant, group, before=None):
    """The Run of a peer's `work` (a works.Work); `before(paths)` instead of warming the page cache."""
    paths, cached = peer.paths(name, variant)
    request = {"work": work.method, "files": [str(p) for p in paths], "tensor": work.tensor(name),
               "cgroup": group.path and str(group.path)} | peer.request()

    def ready():
        needed = work.memory(peer.files.data_size(name))
        warm_memory(needed if peer.kind == "plain" else 2 * needed)
        (before or warm_cache)(cached)

    return Run(lambda digest: [request | {"digest": digest}] * work.processes, peer.environment(), ready, group)
