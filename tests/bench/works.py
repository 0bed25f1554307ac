"""The works, the rows of the table, each with the goal that it has to reach.

A goal compares two columns of one row: `Goal("lazy", "<=", 1.2, "plain")` is reached when lazy takes at most 1.2 times
plain's time, `Goal("lazy", "faster", 2, "theirs")` when it is at least twice as fast.
"""

from dataclasses import dataclass, field

from files import PICKED

MIB = 1 << 20


@dataclass(frozen=True)
class Goal:
    """What one column must reach beside another, in the time of one run."""
    who: str
    kind: str          # "<=" (time), "faster" (speed), "memory" (peak above the other's), "of" (memory by data)
    factor: float
    peer: str
    extra: float = 0   # milliseconds, or MiB, that it may be more whatever the factor says

    def text(self):
        if self.kind == "<=":
            more = f", or {self.extra:g} ms more" if self.extra else ""
            return f"≤ {self.factor:g} × {self.peer}{more}"
        if self.kind == "faster":
            return f"≥ {self.factor:g} × as fast as {self.peer}"
        if self.kind == "memory":
            return f"memory ≤ {self.peer} + {self.extra:g} MiB"
        return f"memory ≤ {self.factor:g} × data"


@dataclass(frozen=True)
class Work:
    """One row."""
    id: str
    method: str        # in worker.Work
    about: str
    file: str = ""     # a file of its own instead of the section's
    processes: int = 1
    times: float = 1   # memory that it needs, times the data
    goals: tuple = field(default=())

    def tensor(self, name):
        """What W1 takes; something of a like size from another file."""
        return "h.0.mlp.c_fc.weight" if name == "gpt2" else PICKED

    def memory(self, data):
        return int(data * self.times * self.processes)


WORKS = {w.id: w for w in (
    Work("W1", "w1", "open, list keys, take one tensor of 8 MiB", times=0.05, goals=(
        Goal("lazy", "<=", 2, "plain", 5), Goal("lazy", "<=", 0.8, "theirs"))),
    Work("W2", "w2", "load all, touch every page", goals=(
        Goal("lazy", "faster", 0.85, "roofline"), Goal("lazy", "faster", 2, "theirs"),
        Goal("lazy", "faster", 4, "gocryptfs"), Goal("lazy", "memory", 1, "data", 48))),
    Work("W3", "w3", "load all, copy every tensor to fresh memory", times=2, goals=(Goal("lazy", "<=", 1.2, "plain"),)),
    Work("W3s", "w3", "the same for eight shards, one after another", file="shards", times=2, goals=(
        Goal("lazy", "<=", 1.0, "plain"),)),
    Work("W4", "w4", "load(open(f).read())", times=2, goals=(
        Goal("lazy", "<=", 1.0, "plain"), Goal("lazy", "memory", 1, "plain", 48))),
    Work("W5", "w5", 'backend="pread", all tensors', goals=(
        Goal("lazy", "<=", 1.1, "plain"), Goal("lazy", "memory", 1, "plain", 48))),
    Work("W6", "w6", "a quarter of every large tensor by get_slice", times=0.5, goals=(
        Goal("lazy", "faster", 3, "theirs"), Goal("lazy", "of", 0.3, "data"))),
    Work("W7", "w2", "four processes load the same file at once", processes=4),
    Work("W8", "w8", "open and list 100 shards", file="many", times=0.2, goals=(Goal("lazy", "<=", 3, "plain"),)),
    Work("R1", "w10", "sum every byte with at most 64 MiB of plaintext (CTSHIM_RESIDENT=64M)", goals=(
        Goal("lazy+CTSHIM_RESIDENT=64M", "memory", 1, "64 MiB", 6.4),)),
)}

COMMAND_GOALS = {
    "encrypt": (Goal("ctshim", "faster", 5, "theirs"), Goal("ctshim", "faster", 0.6, "cp")),
    "decrypt": (Goal("ctshim", "faster", 5, "their save"), Goal("ctshim", "faster", 0.6, "cp")),
}
COLD_GOAL = (Goal("lazy", "<=", 1.1, "cat"),)
