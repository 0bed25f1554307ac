"""Rows that begin with nothing of the file in the page cache: from the local disk, and from a slow network file system.

`cat FILE >/dev/null` of the same (encrypted) file is the column that the others are held against. Each run drops the
file's pages first and looks with mincore(2) whether they are gone. (The control group counts the file's pages here.)
"""

import ctypes
import mmap
import os
import subprocess
import time

import measure
import peers
from rows import Row
from works import COLD_GOAL, WORKS as WARM

WORKS = {"C1": ("W1", "cold: open, list keys, take one tensor of 8 MiB"),
         "C2": ("W2", "cold: load all, touch every page"),
         "C4": ("W4", "cold: load(open(f).read())"),
         "C6": ("W6", "cold: a quarter of every large tensor")}
WHOLE = ("C2", "C4")
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
libc.mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)


def cached(path):
    """The share of a file that lies in the page cache."""
    with open(path, "rb") as f:
        size = os.fstat(f.fileno()).st_size
        at = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, f.fileno(), 0)
        assert at != ctypes.c_void_p(-1).value
        pages = -(-size // mmap.PAGESIZE)
        seen = ctypes.create_string_buffer(pages)
        failed = libc.mincore(at, size, seen)
        libc.munmap(at, size)
        if failed:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
    return sum(b & 1 for b in seen.raw) / pages


def drop(paths):
    """Take the files out of the page cache; fails when they stay."""
    for path in paths:
        for _ in range(20):
            with open(path, "rb") as f:
                os.fdatasync(f.fileno())  # pages that were not written yet stay
                os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            if (left := cached(path)) < 0.001:
                break
            time.sleep(0.05)
        else:
            raise OSError(f"{left:.0%} of it stays in the page cache")


class Moved:
    """A peer whose files are reached through another file system."""

    def __init__(self, peer, place):
        self.peer, self.place = peer, place

    def __getattr__(self, name):
        return getattr(self.peer, name)

    def paths(self, name, variant):
        found, beneath = self.peer.paths(name, variant)
        measure.warm_cache(beneath)  # what is slow is the simulated network alone
        return [self.place(p) for p in found], [self.place(p) for p in found]


def cat(paths):
    """The column that the others are held against."""
    def run(_digest):
        drop(paths)
        began = time.monotonic()
        subprocess.run(["cat", *paths], stdout=subprocess.DEVNULL, check=True)
        return {"seconds": time.monotonic() - began, "sums": [], "digests": []}
    return run


def rows(section, options, files, mounts, group, line):
    """The rows of one of the two sections. The slow one takes the smaller model, as it shows the same sooner."""
    name = "main" if section == "cold" or options.size <= 600 << 20 else "gpt2"
    place = mounts.slow if section == "slow" else (lambda path: path)
    why = mounts.slow_missing() if section == "slow" else None
    for id_, (warm, about) in WORKS.items():
        if options.work and id_ not in options.work:
            continue
        row = Row(id_, about, COLD_GOAL if id_ in WHOLE else (), files.data_size(name))
        if why:
            row.skip("lazy", why)
            yield row
            continue
        found = {}
        encrypted = files.encrypted(name)
        if section == "slow":
            measure.warm_cache(encrypted)
        if id_ in WHOLE:
            found["cat"] = cat([place(p) for p in encrypted])
        for text in options.peer or ("plain", *peers.MODES, "theirs"):
            if text in ("roofline", "gocryptfs", "cat"):
                continue
            peer = peers.Peer(text, options.build, files, mounts)
            if missing := peer.missing(warm):
                row.skip(text, missing)
                continue
            moved = Moved(peer, place) if section == "slow" else peer
            found[text] = measure.cell(moved, WARM[warm], name, "v2", group, before=drop)
        plain = peers.Peer("plain", options.build, files, mounts)
        row.run(found, options.runs, line, measure.cell(plain, WARM[warm], name, "v2", group))
        yield row
