"""Invents models, and what is to be done with them: the same for the same seed and number.

Sizes at the boundaries of chunks, and texts that JSON escapes, are drawn far more often than
evenly: that is where two implementations part.
"""

import random
from dataclasses import dataclass, field, replace

import keymaker
from dtypes import NUMPY, THEY_READ, THEY_WRITE, step
from plain import Tensor

MIB = 1 << 20
BYTES = ("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0")
CHUNKS = (1, 7, 16, 255, 256, 4096, 4097, 65536, MIB, MIB + 1, 3 * MIB, 1 << 32, 1 << 53)
MOST_CHUNKS = 3000  # of one tensor
# Bytes of a whole model, at most, and how often.
BUDGETS = ((64 << 10, 60), (512 << 10, 31), (6 * MIB, 7), (20 * MIB, 1.6), (64 * MIB, .4))
# Tensors of no bytes in one model that the other implementation has to read: it puts them into a
# random order, and rejects the file when that is not the order which was signed.
MOST_EMPTY = 3

WORDS = ("model", "layers", "0", "11", "weight", "bias", "self_attn", "q_proj", "embed tokens", "a/b", "*", "[x]",
         "?", "\\", '"', "'", "{}", "--", "__x__", "data_offsets", "\u00e9", "\u4e16\u754c", "\U0001f600",
         "\u2028", "\u202e", "\ufeff", "\uffff", "\U0010ffff", "e\u0301", "\x7f", "\x80", "\t", "\n", "\r", "\b",
         "\f", "\x01", "\x1f", "%s", "%n", "</script>")


@dataclass
class Case:
    """One model and what is done with it."""
    kind: str  # "read": they write, we read; "write": the other way round
    seed: int
    number: int
    tensors: list
    metadata: dict | None
    alg: str
    version: int
    chunk: int | None  # None: what the writer takes by itself
    sealed: list | None  # names; None: all
    keys: keymaker.Keys
    local: str | None
    remote: str | None
    writer: str  # read: which version of theirs
    odd: bool  # write: the plain file is none that stock writers would write
    forms: bool  # write: our key file is as RFC 7517's tools write it
    serving: dict = field(default_factory=dict)
    how: str = "open"

    @property
    def name(self):
        return f"{self.kind}:{self.number}"

    def rng(self, purpose):
        return random.Random(f"{self.seed} {self.name} {purpose}")

    def pool(self):
        """The bytes of all tensors. (A generator gives less than 256 MiB at once.)"""
        rng, size = self.rng("bytes"), sum(t.size for t in self.tensors)
        return b"".join(rng.randbytes(min(64 * MIB, size - at)) for at in range(0, size, 64 * MIB))

    def sealed_tensors(self):
        return [t for t in self.tensors if self.sealed is None or t.name in self.sealed]

    def describe(self):
        """All that was drawn, in lines."""
        tensors = "\n".join(f"    {short(t.name)} {t.dtype} {list(t.shape)} {t.size} bytes"
                            for t in self.tensors[:20])
        if len(self.tensors) > 20:
            tensors += f"\n    and {len(self.tensors) - 20} more"
        rest = {k: v for k, v in vars(self).items() if k not in ("kind", "number", "tensors")}
        return "\n".join([f"case {self.name}", *(f"  {k}: {short(v)}" for k, v in rest.items()),
                          f"  tensors:\n{tensors}"])


def short(value):
    text = ascii(value)
    return text if len(text) <= 300 else f"{text[:200]}... ({len(text)} characters)"


def text(rng, words=4):
    """A text: of ordinary words, of odd ones, or very long."""
    drawn = rng.choice([".", "", " "]).join(rng.choice(WORDS) for _ in range(rng.randint(1, words)))
    return drawn * rng.randint(100, 3000) if rng.random() < .01 else drawn


def name(rng, taken):
    """A tensor's name."""
    while True:
        drawn = "" if rng.random() < .01 else text(rng)
        if drawn not in taken and drawn != "__metadata__":
            return drawn


def metadata(rng):
    if rng.random() < .2:
        return None
    drawn = {"format": "pt"} if rng.random() < .5 else {}
    for _ in range(rng.choice([0, 1, 1, 2, 5])):
        drawn[text(rng, 2)] = text(rng, 12)
    return drawn


def chunk_size(rng):
    if rng.random() < .2:
        return None
    return rng.choice(CHUNKS) if rng.random() < .7 else int(2 ** rng.uniform(0, 22))


def size(rng, chunk, room):
    """Bytes of one tensor, at most `room`."""
    most = min(room, chunk * MOST_CHUNKS)
    if rng.random() < .6:
        edges = [0, 0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, 2 * chunk, 2 * chunk + 1, 3 * chunk, most]
        return rng.choice([e for e in edges if e <= most])
    return int(2 ** rng.uniform(0, most.bit_length())) % (most + 1)


def shape(rng, count, even):
    """A shape of that many elements, at random a scalar's; with `even`, the last dimension is even."""
    last, drawn = count, []
    if count == 0:
        drawn = [rng.choice([0, 1, 3]) for _ in range(rng.randrange(4))]
        last = rng.choice([0, 2, 6]) if 0 in drawn else 0
    else:
        for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
            factor = rng.choice([1, 2, 3, 4, 5, 7, 16])
            if last % ((1 + even) * factor) == 0:
                drawn.append(factor)
                last //= factor
    return () if count == 1 and rng.random() < .5 else (*drawn, last)


def tensors(rng, types, chunk, most_empty):
    """The tensors of one model."""
    room = rng.choices([b for b, _ in BUDGETS], [w for _, w in BUDGETS])[0]
    how_many = rng.choice([0, 1, 1, 1, 1, 2, 2, 3, 4, 5, 8, 13]) if rng.random() < .97 else rng.randint(50, 300)
    drawn, taken, offset, empty = [], set(), 0, 0
    for _ in range(how_many):
        dtype = rng.choice(types if rng.random() < .6 else BYTES)  # which fit a chunk exactly
        elements, quantum = step(dtype)
        wanted = size(rng, chunk, (room - offset) // rng.choice([1, 1, 2, 4]))
        quanta = (wanted + rng.choice([0, quantum - 1])) // quantum
        if quanta == 0:
            empty += 1
            if empty > most_empty:
                continue
        drawn_shape = shape(rng, quanta * elements, even=dtype == "F4")
        tensor = Tensor(name(rng, taken), dtype, drawn_shape, offset, quanta * quantum)
        taken.add(tensor.name)
        drawn.append(tensor)
        offset = min(offset + tensor.size, room)
    return drawn


def place(drawn):
    """Tensors one behind another in the pool."""
    at, placed = 0, []
    for t in drawn:
        placed.append(replace(t, offset=at))
        at += t.size
    return placed


def local_policy(rng):
    """The default policy, with comments and white space that mean nothing; None: not given."""
    if rng.random() < .4:
        return None

    def comment():
        return "# " + text(rng, 8).replace("\n", " ") if rng.random() < .6 else ""

    def lines():
        return "".join(f"{comment()}\n" for _ in range(rng.randrange(3)))

    blank = rng.choice([" ", "  ", "\t"])
    return (f"{lines()}package{blank}model{blank}{comment()}\n{lines()}"
            f"allow{blank}={blank}true{blank}{comment()}{rng.choice(['', chr(10)])}{lines()}")


def selection(rng, drawn):
    """The names of the tensors that are encrypted; None: every one."""
    if rng.random() < .5:
        return None
    share = rng.choice([.1, .5, .9])
    return [t.name for t in drawn if rng.random() < share] or rng.choice([None, None, []])


def keys(rng, alg):
    return keymaker.draw(
        rng, alg, kid=(lambda: text(rng, 3)) if rng.random() < .75 else None,
        jku=(lambda: rng.choice(["", "file:///", "https://keys.example/"]) + text(rng)) if rng.random() < .3 else None)


def serving(rng):
    return {"CTSHIM_SERVE": rng.choice(["eager", "eager", "memfd"]), "CTSHIM_THREADS": str(rng.randint(1, 6))}


def invent(kind, seed, number, versions):
    """Case `number`: `versions` are those of theirs that are installed, oldest first."""
    rng = random.Random(f"{seed} {kind} {number}")
    alg, writer = rng.choice(keymaker.ALGORITHMS), rng.choice([versions[0], versions[-1], versions[-1]])
    oldest = writer.startswith("0.1.")
    version = 1 if rng.random() < .3 or (kind == "read" and oldest) else 2
    chunk = chunk_size(rng) if version == 2 else None
    drawn = place(tensors(rng, THEY_WRITE if kind == "read" else THEY_READ, chunk or 2 * MIB,
                          1000 if kind == "read" else MOST_EMPTY))
    case = Case(kind, seed, number, drawn, metadata(rng) if drawn else None, alg, version, chunk,
                selection(rng, drawn), keys(rng, alg), local_policy(rng),
                text(rng, 12) if kind == "read" and rng.random() < .5 else None, writer,
                rng.random() < .5, rng.random() < .3, serving(rng))
    if rng.random() < .3 or (kind == "write" and any(t.dtype not in NUMPY for t in drawn)):
        case.how = "bytes"
    if kind == "write" and (case.sealed == [] or "" in [t.name for t in drawn]):
        case.sealed = None  # the command refuses to encrypt nothing, and has no pattern for no name
    return case
