"""Plain files, made without either implementation: what a model's tensors and metadata come to."""

import hashlib
import json
from dataclasses import dataclass

from dtypes import RANK, TYPES, asked_shape


@dataclass(frozen=True)
class Tensor:
    """A tensor; its bytes lie at `offset` in the model's pool of random bytes."""
    name: str
    dtype: str
    shape: tuple
    offset: int
    size: int

    def request(self):
        """As `Theirs.save` wants it."""
        return (self.name, TYPES[self.dtype][1], asked_shape(self.dtype, self.shape), self.offset, self.size)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def stock_order(tensors):
    """As stock writers lay them out: wide types first, then by name."""
    return sorted(tensors, key=lambda t: (-RANK[t.dtype], t.name.encode()))


def entries(tensors):
    """name -> entry of the header, for tensors that lie in this order."""
    head, at = {}, 0
    for t in tensors:
        head[t.name] = {"dtype": t.dtype, "shape": list(t.shape), "data_offsets": [at, at + t.size]}
        at += t.size
    return head


def assemble(text, tensors, pool, padding=b""):
    """A file: `text` is the header's JSON."""
    text += padding
    data = b"".join(pool[t.offset:t.offset + t.size] for t in tensors)
    return len(text).to_bytes(8, "little") + text + data


def stock_file(tensors, metadata, pool):
    """Byte for byte what stock safetensors writes, with metadata in the order given; that of stock
    is random."""
    tensors = stock_order(tensors)
    text = compact(({} if metadata is None else {"__metadata__": metadata}) | entries(tensors))
    return assemble(text, tensors, pool, b" " * (-len(text) % 8))


def odd_string(text, rng):
    """JSON of a string, with escapes that writers seldom use."""
    out = []
    for c in text:
        if c in '"\\' or c < " ":
            out.append(json.dumps(c) if rng.random() < .5 else f'"\\u{ord(c):04X}"')
        elif c == "/" and rng.random() < .5:
            out.append('"\\/"')
        elif rng.random() < .2:
            out.append(json.dumps(c, ensure_ascii=True))
        else:
            out.append(f'"{c}"')
    return '"' + "".join(piece[1:-1] for piece in out) + '"'


def odd_json(value, rng):
    """JSON with white space, members in another order, and odd escapes."""
    def space():
        return rng.choice(["", "", "", " ", "\n", "\t", "\r\n  "])

    if isinstance(value, str):
        return odd_string(value, rng)
    if isinstance(value, list):
        return "[" + ",".join(space() + odd_json(v, rng) + space() for v in value) + "]"
    if isinstance(value, dict):
        members = list(value.items())
        rng.shuffle(members)
        return "{" + ",".join(space() + odd_string(k, rng) + space() + ":" + space() + odd_json(v, rng) + space()
                              for k, v in members) + "}"
    return json.dumps(value)


def odd_file(tensors, metadata, pool, rng):
    """A file that readers accept and stock writers would not write: its layout, the order of its
    header and the header's JSON are drawn at random."""
    tensors = list(tensors)
    rng.shuffle(tensors)
    head = ({} if metadata is None else {"__metadata__": metadata}) | entries(tensors)
    text = odd_json(head, rng).encode()
    return assemble(text, tensors, pool, b" " * rng.choice([0, 1, 7, 100, 5000]))


def content(tensors, metadata, pool):
    """What a reader must find, as `Answer.content` has it."""
    pool = memoryview(pool)
    return {
        t.name: (t.dtype, tuple(t.shape), hashlib.sha256(pool[t.offset:t.offset + t.size]).hexdigest())
        for t in tensors
    }, metadata or {}
