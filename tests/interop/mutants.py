"""Mutated files: whatever was done to a valid file, what is served is its plaintext or nothing.

Stock safetensors under the shim maps the file and reads it, `ctshim decrypt` tries too, and so does the other
implementation. Where that and ours part, `parting.py` must say why.
"""

import random

import mutations
from bases import pair
from differential import expect
from parting import OTHER, REFUSED, SERVED, explained

PER_PAIR = 40  # mutants of one pair of files, about


def mutant(seed, number, tools):
    """(what was done, the base, the bytes): the same for the same seed and number, but for what writers draw."""
    a, b = pair(seed, number // PER_PAIR, tools)
    rng = random.Random(f"{seed} mutant {number}")
    names = list(mutations.MUTATIONS)
    while True:
        name = rng.choice(names)
        try:
            data = mutations.MUTATIONS[name](rng, a, b)
        except mutations.NotHere:
            continue
        if data != a.data:
            return name, a, data


def verdict(answer, content):
    if not answer.ok:
        return REFUSED
    return SERVED if answer.content == content else OTHER


def ours(name, base, path, tools):
    """What we make of it, in every way that we read."""
    keys, found = tools.folder / "keys.jwk", set()
    env = {"CTSHIM_REQUIRE": "encrypted"} if name == mutations.STRIPPED else {}
    for how, mode in (("open", "eager"), ("bytes", "eager"), ("open", "memfd")):
        answer = tools.served.load(path, keys=keys, how=how, env=env | {"CTSHIM_SERVE": mode})
        verdict_here = verdict(answer, base.content)
        expect(not answer.died, f"{how}, {mode}: {answer.kind}: {answer.error}")
        expect(verdict_here != OTHER, f"OTHER BYTES are served: {how}, {mode}")
        said = [line for line in answer.said.splitlines() if line.startswith("ctshim: ")]
        if verdict_here == REFUSED and not said:
            expect(not tools.bare.load(path, how=how).ok, f"{how}, {mode}: refused without a word: {answer.error}")
        expect(all(line.startswith(f"ctshim: {path}: ") for line in said), f"not about the file: {said}")
        found.add(verdict_here)
    expect(len(found) == 1, f"it depends on the way: {found}")
    return found.pop()


def decrypted(base, path, keys, tools):
    """What the command makes of it."""
    out = tools.folder / "decrypted"
    out.unlink(missing_ok=True)
    done = tools.run("decrypt", path, out, "--keys", keys)
    expect(done.returncode in (0, 1), f"ctshim decrypt: status {done.returncode}")
    if done.returncode:
        expect(done.stderr.startswith(f"ctshim: {path}: ".encode()), f"ctshim decrypt says {done.stderr!r}")
        expect(not out.exists(), "ctshim decrypt fails and leaves a file")
        return REFUSED
    return verdict(tools.bare.load(out, how="bytes"), base.content)


def theirs(base, path, tools):
    """What they make of it: (verdict, the answer), through `safe_open`, and of a copy in memory."""
    library, keys = tools.theirs[tools.versions[-1]], base.case.keys.text()
    answer = library.load(path, keys=keys, how="open")
    mapped, whole = verdict(answer, base.content), verdict(library.load(path, keys=keys), base.content)
    return mapped if mapped == whole else f"{mapped} ({whole} by deserialize)", answer


def run_case(seed, number, tools):
    """None, or the words for what went wrong; tools.note is what was done and what came of it."""
    name, base, data = mutant(seed, number, tools)
    tools.clear()
    path, keys = tools.folder / "encrypted", tools.folder / "keys.jwk"
    keys.write_text(base.case.keys.text())
    keys.chmod(0o600)
    path.write_bytes(data)
    try:
        here = ours(name, base, path, tools)
        command = decrypted(base, path, keys, tools)
        # The command proves every tag; a program that gets no byte of a tensor does not ask for its tag.
        expect(command == here or name in (mutations.EMPTY_TAG, mutations.STRIPPED),
               f"{here} under the shim, {command} by the command")
        there, answer = theirs(base, path, tools)
        tools.note = name, here, there
        expect(explained(name, here, there), f"{here} here, {there} there ({answer.kind}: {answer.error})")
    except (AssertionError, OSError) as e:
        return f"{name}: {e}\n{base.case.describe()}"
    return None
