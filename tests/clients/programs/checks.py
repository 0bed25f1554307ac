"""What client programs in Python share: PROGRAM MODEL EXPECTED SCRATCH runs every function called
check_… or same_… and prints a line of JSON for each."""

import json
import os
import random
import sys


class Context:
    """`model` is the path that is read, `expected` are the bytes that must come out of it."""

    def __init__(self, model, expected, scratch):
        self.model, self.scratch = model, scratch
        self.expected_path = expected
        with open(expected, "rb") as f:
            self.expected = f.read()
        self.size = len(self.expected)
        self.data = 8 + int.from_bytes(self.expected[:8], "little")  # where tensors begin
        self.random = random.Random(len(self.expected))
        self.descriptors = []

    def open(self, flags=os.O_RDONLY, path=None):
        """A descriptor of the model, which is closed when the check ends."""
        fd = os.open(path or self.model, flags)
        self.descriptors.append(fd)
        return fd

    def path(self, name):
        return os.path.join(self.scratch, name)

    def ranges(self, count, longest):
        """Random (offset, length) pairs inside the file, some at its edges."""
        yield from ((0, 1), (0, 8), (7, 2), (self.size - 1, 1), (0, min(longest, self.size)))
        for _ in range(count):
            at = self.random.randrange(self.size)
            yield at, self.random.randrange(1, min(longest, self.size - at) + 1)

    def close(self):
        for fd in self.descriptors:
            try:
                os.close(fd)
            except OSError:
                pass
        self.descriptors = []


def equal(got, want, what="content"):
    got, want = bytes(got), bytes(want)
    if got != want:
        at = next((i for i in range(min(len(got), len(want))) if got[i] != want[i]), None)
        where = f", first difference at {at}" if at is not None else ""
        raise AssertionError(f"{what}: {len(got)} bytes instead of {len(want)}{where}")


def same(got, want, what="value"):
    if got != want:
        raise AssertionError(f"{what}: {got!r:.300} instead of {want!r:.300}")


def main(names, context=None):
    context = context or Context(*map(os.path.abspath, sys.argv[1:4]))
    for name, function in list(names.items()):
        if not name.startswith(("check_", "same_")):
            continue
        try:
            function(context)
            says = "ok"
        except BaseException as e:  # a client may raise anything, panics of Rust included
            says = f"{type(e).__name__}: {e}"[:2000] or "failed"
        context.close()
        print(json.dumps({"check": name, "says": says}), flush=True)
