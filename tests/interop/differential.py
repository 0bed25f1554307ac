"""Both implementations on the same invented model: whatever one writes, the other must read as what
it was.

    read     they write; stock safetensors under the shim, plain reads, and `ctshim decrypt` follow
    write    `ctshim encrypt` writes; their library, and `ctshim decrypt`, follow
    rewrap   one of both writes, one of both exchanges the keys; all of these follow
"""

import hashlib
import itertools
import json
import random
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

    def run(self, *args):
        """Run the command."""
        return subprocess.run([COMMAND, *args], capture_output=True, timeout=120)

    def ctshim(self, *args, status=0):
        """Run the command, which must end as foreseen."""
        done = self.run(*args)
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


def they_write(case, tools):
    """Their file, as folder/encrypted; the plain file that it stands for. Folder/keys.jwk has the keys."""
    folder, pool = tools.folder, case.pool()
    (folder / "pool").write_bytes(pool)
    write_keys(folder / "keys.jwk", case.keys.text(keymaker.public))
    saved = tools.theirs[case.writer].save(
        folder / "encrypted", data=folder / "pool", tensors=[t.request() for t in case.tensors],
        metadata=case.metadata, config=their_config(case))
    expect(saved.ok, f"their {case.writer} does not write it: {saved.kind}: {saved.error}")
    # Their writer sorts metadata by key, and leaves an empty one out where it encrypts.
    metadata = case.metadata and dict(sorted(case.metadata.items(), key=lambda i: i[0].encode()))
    return plain.stock_file(case.tensors, (metadata or None) if case.sealed_tensors() else metadata, pool)


def write_keys(path, text):
    path.write_text(text)
    path.chmod(0o600)


def read_case(case, tools):
    """They write, we read."""
    folder = tools.folder
    want = they_write(case, tools)
    if not case.sealed_tensors():
        return nothing_sealed(case, tools, want)
    encrypted, decrypted, keys = folder / "encrypted", folder / "decrypted", folder / "keys.jwk"
    content = plain.content(case.tensors, case.metadata, case.pool())
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


def we_write(case, tools):
    """Our file, as folder/encrypted, of folder/plain. Folder/keys.jwk has the keys."""
    folder, pool = tools.folder, case.pool()
    source, encrypted, keys = folder / "plain", folder / "encrypted", folder / "keys.jwk"
    if case.odd:
        source.write_bytes(plain.odd_file(case.tensors, case.metadata, pool, case.rng("odd")))
    else:
        source.write_bytes(plain.stock_file(case.tensors, case.metadata or None, pool))
    write_keys(keys, case.keys.text(keymaker.rfc if case.forms else dict))
    said = tools.ctshim("encrypt", source, encrypted, "--keys", keys, *our_options(case, folder)).stderr
    expect(not said, f"ctshim encrypt says: {said.decode(errors='replace')}")


def they_read(case, tools):
    """Those of their versions that can read it."""
    newest, oldest = tools.versions[-1], tools.versions[0]
    return [newest] if case.version == 2 or newest == oldest else [newest, oldest]


def write_case(case, tools):
    """We write, they read."""
    folder, encrypted, decrypted = tools.folder, tools.folder / "encrypted", tools.folder / "decrypted"
    we_write(case, tools)
    sealed = sealed_names(encrypted)
    expect(sealed == {t.name for t in case.sealed_tensors()}, f"other tensors are encrypted: {sealed!a}")
    content = plain.content(case.tensors, case.metadata, case.pool())
    for version in they_read(case, tools):
        answer = load_theirs(tools.theirs[version], encrypted, case)
        same_content(answer, content, f"their {version}")
    tools.ctshim("decrypt", encrypted, decrypted, "--keys", folder / "keys.jwk")
    if case.odd:
        same_content(tools.bare.load(decrypted, how="bytes"), content, "ctshim decrypt")
    else:
        same_bytes(decrypted, (folder / "plain").read_bytes(), "ctshim decrypt")
    if sum(t.size for t in case.sealed_tensors()) >= 8:
        expect(tools.bare.load(encrypted).tensors != content[0], "it is not encrypted")


def patiently(case, ask):
    """Their answer; where they fall into the trap of tensors of no bytes, the first that is no complaint about the
    signature."""
    for _ in range(TRIES[sum(t.size == 0 for t in case.tensors)]):
        answer = ask()
        if answer.ok or "Signature verification failed" not in answer.error:
            break
    return answer


def load_theirs(theirs, path, case, keys=None):
    keys = (keys or case.keys).text(keymaker.public)
    return patiently(case, lambda: theirs.load(path, keys=keys, how=case.how))


def header_of(path):
    with open(path, "rb") as f:
        return json.loads(f.read(int.from_bytes(f.read(8), "little")))


def sealed_names(path):
    return set(json.loads(header_of(path)["__metadata__"]["__encryption__"]))


def rewrap_case(case, tools):
    """One writes, one exchanges the keys, all read with the new keys and none with the old."""
    folder, rng, newest = tools.folder, case.rng("rewrap"), tools.theirs[tools.versions[-1]]
    (they_write if case.kind == "read" else we_write)(case, tools)
    few = sum(t.size == 0 for t in case.tensors) in TRIES  # or they could hardly ever read it
    encrypted, old, new = folder / "encrypted", folder / "keys.jwk", folder / "new.jwk"
    keys, before = keymaker.draw(rng, case.alg, kid=iter(["new", "new signer"]).__next__), encrypted.read_bytes()
    write_keys(new, keys.text())
    if few and rng.random() < .5:
        given = {"enc_key": keys.master, "sign_key": keys.signer}
        done = patiently(case, lambda: newest.rewrap(encrypted, new=given, keys=case.keys.text()))
        expect(done.ok, f"their rewrap_file: {done.kind}: {done.error}")
    else:
        write_keys(old, case.keys.text())
        tools.ctshim("rewrap", encrypted, "--keys", old, "--new-keys", new)
    expect(body_of(encrypted.read_bytes()) == body_of(before), "its data was touched")
    content = plain.content(case.tensors, case.metadata, case.pool())
    answer = tools.served.load(encrypted, keys=new, how=case.how, env=case.serving)
    same_content(answer, content, "stock safetensors under the shim")
    expect(not tools.served.load(encrypted, keys=old).ok, "the old keys open it")
    tools.ctshim("verify", encrypted, "--keys", new)
    for version in they_read(case, tools) if few and case.how == "bytes" or few and case.kind == "write" else ():
        same_content(load_theirs(tools.theirs[version], encrypted, case, keys), content, f"their {version}")
        expect(not tools.theirs[version].load(encrypted, keys=case.keys.text()).ok, "the old keys open it for them")


def body_of(data):
    return data[8 + int.from_bytes(data[:8], "little"):]


def invent_rewrap(seed, number, versions):
    """A model that either can write, and of which something is encrypted."""
    kind = random.Random(f"{seed} rewrap {number}").choice(["read", "write"])
    for turn in itertools.count():
        case = invent(kind, f"{seed} rewrap {turn}", number, versions)
        if case.sealed_tensors():
            return case


KINDS = {"read": read_case, "write": write_case, "rewrap": rewrap_case}


def run_case(kind, seed, number, tools):
    """Run one case: None, or the words for what went wrong."""
    case = (invent_rewrap(seed, number, tools.versions) if kind == "rewrap"
            else invent(kind, seed, number, tools.versions))
    tools.clear()
    try:
        KINDS[kind](case, tools)
    except (AssertionError, subprocess.TimeoutExpired, OSError) as e:
        return f"{e}\n{case.describe()}"
    return None
