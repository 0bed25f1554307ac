"""Valid files for mutation: pairs of models with the same tensors, keys and settings, and other bytes."""

import random
from dataclasses import dataclass

import keymaker
from plain import Tensor, content, stock_file
from inventor import Case

CHUNKS = (16, 100, 256)
SIZES = (1, 16, 99, 100, 256, 300, 512, 700)


@dataclass
class Base:
    """A valid file, and what it means."""
    case: Case
    data: bytes
    content: tuple


def tensors(rng):
    """A few small tensors: always two of one size, with several chunks; now and then one of no bytes."""
    twin = rng.choice(SIZES[4:])
    sizes = [twin, twin, *(rng.choice(SIZES) for _ in range(rng.randrange(3)))] + [0] * (rng.random() < .3)
    rng.shuffle(sizes)
    names = rng.sample(["a", "b", "layer.0.weight", "layer.1.weight", 'é"\\', "z" * 40], len(sizes))
    drawn, at = [], 0
    for name, size in zip(names, sizes):
        drawn.append(Tensor(name, "U8", (size,), at, size))
        at += size
    return drawn


def draw(seed, group, versions):
    """Two cases that differ in their bytes alone."""
    rng = random.Random(f"{seed} base {group}")
    alg, kind, version = rng.choice(keymaker.ALGORITHMS), rng.choice(["read", "write"]), rng.choice([1, 2, 2])
    drawn, kid = tensors(rng), iter(["enc", "sign"]).__next__
    sealed = None if rng.random() < .7 else [t.name for t in drawn if rng.random() < .7 or t.size == drawn[0].size]
    metadata = rng.choice([None, {"format": "pt"}, {"format": "np", "Title": 'a "b" \\ é', "zz": ""}])
    keys = keymaker.draw(rng, alg, kid=kid)
    return [Case(f"base {kind}", seed, 2 * group + which, drawn, metadata, alg, version,
                 rng.choice(CHUNKS) if version == 2 else None, sealed, keys, None, None, versions[-1], False, False)
            for which in range(2)]


def written(case, tools):
    """The file, by either implementation."""
    folder, pool = tools.folder, case.pool()
    keys, encrypted = folder / "keys.jwk", folder / "encrypted"
    tools.clear()
    keys.write_text(case.keys.text())
    keys.chmod(0o600)
    if case.kind == "base read":
        (folder / "pool").write_bytes(pool)
        config = {"enc_key": case.keys.master, "sign_key": case.keys.signer, "version": str(case.version)}
        config |= ({"chunk_size": case.chunk} if case.chunk else {}) | ({"tensors": case.sealed} if case.sealed else {})
        tools.theirs[case.writer].save(encrypted, data=folder / "pool", tensors=[t.request() for t in case.tensors],
                                       metadata=case.metadata, config=config).check()
    else:
        (folder / "plain").write_bytes(stock_file(case.tensors, case.metadata, pool))
        only = [a for name in case.sealed or () for a in ("--tensors", "".join(
            "\\" + c if c in "\\*?[" else c for c in name))]
        tools.ctshim("encrypt", folder / "plain", encrypted, "--keys", keys, "--version", str(case.version),
                     *(["--chunk-size", str(case.chunk)] if case.chunk else []), *only)
    return Base(case, encrypted.read_bytes(), content(case.tensors, case.metadata or {}, pool))


def pair(seed, group, tools):
    """The two files of a group; each process makes them once."""
    made = tools.__dict__.setdefault("bases", {})
    if (seed, group) not in made:
        made.clear()
        made[seed, group] = [written(case, tools) for case in draw(seed, group, tools.versions)]
    return made[seed, group]
