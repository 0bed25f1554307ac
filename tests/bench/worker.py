"""Does one piece of work in a process of its own, with everything imported before the clock runs.

    worker.py REQUEST      REQUEST: JSON of {"work": "W2", "package": "safetensors", "files": [...], ...}

It says "ready" and waits for a line, sets its peaks back, says "set" and waits again, works, and answers with a
line of JSON. Every work touches each page of what it read and adds up a byte of each, so that no run can be fast by
not reading; the first run of a cell also gives the SHA-256 of everything (after the clock has stopped), which must be
the plain file's.
"""

import hashlib
import json
import os
import resource
import sys
import time

import numpy

from memory import Memory

PAGE = 4096


def touch(tensor):
    """The sum of one byte of every page, and of the last."""
    flat = tensor.reshape(-1).view(torch.uint8)
    return int(flat[::PAGE].sum()) + int(flat[-1]) if flat.numel() else 0


def words(tensor):
    """The sum of all bytes, taken as words, without a copy that would count as memory."""
    flat = tensor.reshape(-1).view(torch.uint8).numpy()
    whole = flat.size // 8 * 8
    with numpy.errstate(over="ignore"):
        return int(numpy.add.reduce(flat[:whole].view(numpy.uint64))) + int(flat[whole:].sum(dtype=numpy.uint64))


class Work:
    """One work; what it kept alive is in `kept`, as a program keeps its weights."""

    def __init__(self, request, package, torch_part):
        self.files, self.package, self.torch_part = request["files"], package, torch_part
        self.tensor = request.get("tensor")
        self.digest = hashlib.sha256() if request.get("digest") else None
        self.sum, self.bytes, self.kept = 0, 0, {}

    def opened(self, path, **how):
        return self.package.safe_open(path, framework="pt", **how)

    def take(self, tensors):
        """Touch all of them."""
        for tensor in tensors.values():
            self.sum += touch(tensor)
            self.bytes += tensor.nbytes

    def check(self):
        """Add what was read last to the digest."""
        if self.digest:
            for name in sorted(self.kept):
                flat = self.kept[name].reshape(-1).view(torch.uint8)
                self.digest.update(name.encode() + memoryview(flat.contiguous().numpy()))

    def w1(self):
        """Open, list the names, take one tensor."""
        with self.opened(self.files[0]) as f:
            names = list(f.keys())
            assert self.tensor in names
            self.kept = {self.tensor: f.get_tensor(self.tensor)}
        self.take(self.kept)

    def w2(self):
        """Load all."""
        self.kept = self.torch_part.load_file(self.files[0])
        self.take(self.kept)

    def w3(self):
        """Load all, copy every tensor, file after file, each given up before the next."""
        for path in self.files:
            loaded = self.torch_part.load_file(path)
            copies = {name: tensor.clone() for name, tensor in loaded.items()}
            del loaded
            self.take(copies)
            self.kept |= copies

    def w4(self):
        """From bytes that were read in one piece."""
        with open(self.files[0], "rb") as f:
            self.kept = self.torch_part.load(f.read())
        self.take(self.kept)

    def w5(self):
        """By reads, one a tensor."""
        with self.opened(self.files[0], backend="pread") as f:
            self.kept = {name: f.get_tensor(name) for name in f.keys()}
        self.take(self.kept)

    def w6(self):
        """The second quarter of every large tensor, as the second of four ranks takes it."""
        with self.opened(self.files[0]) as f:
            for name in f.keys():
                piece = f.get_slice(name)
                shape = piece.get_shape()
                if len(shape) < 2 or shape[0] < 64:
                    continue
                quarter = shape[0] // 4
                self.kept[name] = piece[quarter:2 * quarter]
        self.take(self.kept)

    def w8(self):
        """Open and list many files."""
        for path in self.files:
            with self.opened(path) as f:
                names = sorted(f.keys())
                self.sum += len(names)
                if self.digest:
                    self.digest.update("\n".join(names).encode())

    def w9(self):
        """Save what was loaded before the clock began, encrypted."""
        self.torch_part.save_file(self.given, self.target, config=self.config)

    def w10(self):
        """Sum every byte, tensor by tensor, keeping none of them."""
        with self.opened(self.files[0]) as f:
            for name in f.keys():
                tensor = f.get_tensor(name)
                self.sum += words(tensor)
                self.bytes += tensor.nbytes

    def plain_save(self):
        """Load an encrypted file and save it in the clear."""
        import safetensors.torch
        safetensors.torch.save_file(self.torch_part.load_file(self.files[0]), self.target)


def prepare(request):
    """The package, its part for torch, and the work."""
    if request["package"] == "cryptotensors":
        # Behind everything else: only the package itself comes from there.
        sys.path.append(request["site"])
        import cryptotensors as package
        import cryptotensors.torch as torch_part
    else:
        import safetensors as package
        import safetensors.torch as torch_part
    work = Work(request, package, torch_part)
    if request["work"] == "w9":
        import safetensors.torch
        work.given = {k: v.clone() for k, v in safetensors.torch.load_file(request["files"][0]).items()}
        work.config = request["config"]
    work.target = request.get("target")
    torch.zeros(1 << 20).sum()  # torch's threads are there before the clock runs
    return work


def main():
    request = json.loads(sys.argv[1])
    if request.get("cgroup"):
        with open(os.path.join(request["cgroup"], "cgroup.procs"), "w") as f:
            f.write(str(os.getpid()))
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    work = prepare(request)
    run, memory = getattr(work, request["work"]), Memory(request.get("cgroup"))
    for said in ("ready", "set"):
        print(said, file=out, flush=True)
        sys.stdin.readline()
        if said == "ready":
            memory.start()
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic_ns()
    run()
    ended, after = time.monotonic_ns(), resource.getrusage(resource.RUSAGE_SELF)
    answer = {"began": began, "ended": ended, "sum": work.sum, "bytes": work.bytes,
              "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
              "faults": after.ru_minflt - before.ru_minflt} | memory.peaks()
    work.check()
    answer["digest"] = work.digest.hexdigest() if work.digest else None
    work.kept.clear()  # what the library says when a model is given up comes before the answer
    print(json.dumps(answer), file=out, flush=True)
    os._exit(0)


if __name__ == "__main__":
    import torch
    main()
