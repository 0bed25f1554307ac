"""Both implementations on the same invented model: whatever one writes, the other must read as what
it was.

    read     they write; stock safetensors under the shim, plain reads, and `ctshim decrypt` follow
    write    `ctshim encrypt` writes; their library, and `ctshim decrypt`, follow
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients"))

import plain  # noqa: E402
import keymaker  # noqa: E402
from inventor import invent  # noqa: E402
from reference import difference, image  # noqa: E402
from workers import COMMAND, Served, Theirs, versions  # noqa: E402

# Their library finds the right order of two tensors of no bytes every second time, of three every
# sixth.
TRIES = {0: 1, 1: 1, 2: 60, 3: 200}


class Disagreement(AssertionError):
    """The two implementations part, or one of them fails."""


def expect(true, what):
    if not true:
        raise Disagreement(what)


class Tools:
    """The processes that do the work; one set for each process that runs cases."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.versions = versions()
        self.theirs = {v: Theirs(v) for v in self.versions}
        self.served, self.bare = Served(), Served(preload=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in (*self.theirs.values(), self.served, self.bare):
            worker.stop()

    def clear(self):
        """Make room for the next case's files."""
        for path in self.folder.iterdir():
            path.unlink()

    def ctshim(self, *args, status=0):
        """Run the command, which must end as foreseen."""
        done = subprocess.run([COMMAND, *args], capture_output=True, timeout=120)
        expect(done.returncode == status,
               f"ctshim {' '.join(map(ascii, args))}: status {done.returncode}: {done.stderr.decode(errors='replace')}")
        return done


def their_config(case):
    """What their `serialize_file` is told."""
    config = {"enc_key": case.keys.master, "sign_key": case.keys.signer}
    if case.sealed is not None:
        config["tensors"] = case.sealed
    if not case.writer.startswith("0.1."):  # which knows neither
        config |= {"version": str(case.version)} | ({"chunk_size": case.chunk} if case.chunk else {})
    policy = {k: v for k, v in (("local", case.local), ("remote", case.remote)) if v is not None}
    return config | ({"policy": policy} if policy else {})


def same_content(answer, want, who):
    expect(answer.ok, f"{who}: {answer.kind}: {answer.error}\n{answer.said}")
    found = answer.content
    for name in want[0].keys() | found[0].keys():
        got, expected = found[0].get(name), want[0].get(name)
        expect(got == expected, f"{who}: tensor {name!a} is {got} instead of {expected}")
    expect(found[1] == want[1], f"{who}: metadata {found[1]!a} instead of {want[1]!a}")


def same_bytes(path, want, who):
    wrong = difference(Path(path).read_bytes(), want)
    expect(wrong is None, f"{who}: {wrong}")


def read_case(case, tools):
    """They write, we read."""
    folder, pool = tools.folder, case.pool()
    encrypted, decrypted, keys = folder / "encrypted", folder / "decrypted", folder / "keys.jwk"
    (folder / "pool").write_bytes(pool)
    keys.write_text(case.keys.text(keymaker.public))
    keys.chmod(0o600)
    saved = tools.theirs[case.writer].save(
        encrypted, data=folder / "pool", tensors=[t.request() for t in case.tensors], metadata=case.metadata,
        config=their_config(case))
    expect(saved.ok, f"their {case.writer} does not write it: {saved.kind}: {saved.error}")
    # Their writer sorts metadata by key.
    metadata = case.metadata and dict(sorted(case.metadata.items(), key=lambda i: i[0].encode()))
    if not case.sealed_tensors():
        return nothing_sealed(case, tools, plain.stock_file(case.tensors, metadata, pool))

    want = plain.stock_file(case.tensors, metadata or None, pool)  # an empty one is left out
    content = plain.content(case.tensors, case.metadata, pool)
    shown = image(want, encrypted.read_bytes())
    answer = tools.served.read(encrypted, keys=keys, env=case.serving)
    expect(answer.ok and not answer.said, f"reading: {answer.kind}: {answer.error}\n{answer.said}")
    expect((answer.size, answer.sha256) == (len(shown), hashlib.sha256(shown).hexdigest()),
           "what is read is not the plaintext image")
    answer = tools.served.load(encrypted, keys=keys, how=case.how, env=case.serving)
    same_content(answer, content, "stock safetensors under the shim")
    tools.ctshim("decrypt", encrypted, decrypted, "--keys", keys)
    same_bytes(decrypted, want, "ctshim decrypt")
    if sum(t.size for t in case.sealed_tensors()) >= 8:
        expect(tools.bare.load(encrypted).tensors != content[0], "it reads the same without the shim")
    return None


def nothing_sealed(case, tools, want):
    """Told to encrypt no tensor, they write a plain file; it passes through as it is."""
    encrypted = tools.folder / "encrypted"
    same_bytes(encrypted, want, "their plain file")
    answer = tools.served.read(encrypted, env=case.serving)
    expect(answer.ok and answer.sha256 == hashlib.sha256(want).hexdigest(), "a plain file does not pass")


def escaped(name):
    """A pattern that matches nothing but this name."""
    return "".join("\\" + c if c in "\\*?[" else c for c in name)


def our_options(case, folder):
    """What `ctshim encrypt` is told."""
    options = ["--alg", case.alg, "--version", str(case.version)]
    if case.chunk:
        options += ["--chunk-size", str(case.chunk)]
    if case.local is not None:
        (folder / "policy.rego").write_text(case.local, newline="")
        options += ["--policy", folder / "policy.rego"]
    if case.sealed is not None:
        others = [t.name for t in case.tensors if t.name not in case.sealed]
        given, names = ("--tensors", case.sealed) if case.rng("filter").random() < .5 else ("--exclude", others)
        for name in names:
            options += [given, escaped(name)]
    return options


def write_case(case, tools):
    """We write, they read."""
    folder, pool = tools.folder, case.pool()
    source, encrypted, decrypted = folder / "plain", folder / "encrypted", folder / "decrypted"
    if case.odd:
        source.write_bytes(plain.odd_file(case.tensors, case.metadata, pool, case.rng("odd")))
    else:
        source.write_bytes(plain.stock_file(case.tensors, case.metadata or None, pool))
    keys = folder / "keys.jwk"
    keys.write_text(case.keys.text(keymaker.rfc if case.forms else dict))
    keys.chmod(0o600)
    said = tools.ctshim("encrypt", source, encrypted, "--keys", keys, *our_options(case, folder)).stderr
    expect(not said, f"ctshim encrypt says: {said.decode(errors='replace')}")
    sealed = sealed_names(encrypted)
    expect(sealed == {t.name for t in case.sealed_tensors()}, f"other tensors are encrypted: {sealed!a}")

    content = plain.content(case.tensors, case.metadata, pool)
    readers = [tools.versions[-1]] if case.version == 2 else [tools.versions[-1], tools.versions[0]]
    for version in readers:
        answer = load_theirs(tools.theirs[version], encrypted, case)
        same_content(answer, content, f"their {version}")
    tools.ctshim("decrypt", encrypted, decrypted, "--keys", keys)
    if case.odd:
        same_content(tools.bare.load(decrypted, how="bytes"), content, "ctshim decrypt")
    else:
        same_bytes(decrypted, source.read_bytes(), "ctshim decrypt")
    if sum(t.size for t in case.sealed_tensors()) >= 8:
        expect(tools.bare.load(encrypted).tensors != content[0], "it is not encrypted")


def load_theirs(theirs, path, case):
    """Their answer; where they fall into the trap of tensors of no bytes, the first that is no
    complaint about the signature."""
    empty = sum(t.size == 0 for t in case.tensors)
    for _ in range(TRIES[empty]):
        answer = theirs.load(path, keys=case.keys.text(keymaker.public), how=case.how)
        if answer.ok or "Signature verification failed" not in answer.error:
            break
    return answer


def header_of(path):
    with open(path, "rb") as f:
        return json.loads(f.read(int.from_bytes(f.read(8), "little")))


def sealed_names(path):
    return set(json.loads(header_of(path)["__metadata__"]["__encryption__"]))


KINDS = {"read": read_case, "write": write_case}


def run_case(kind, seed, number, tools):
    """Run one case: None, or the words for what went wrong."""
    case = invent(kind, seed, number, tools.versions)
    tools.clear()
    try:
        KINDS[kind](case, tools)
    except (AssertionError, subprocess.TimeoutExpired, OSError) as e:
        return f"{e}\n{case.describe()}"
    return None
