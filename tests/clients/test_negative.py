"""Damage, wrong keys, refusals: an error with the documented number, one line that names file and
cause, and never a wrong byte."""

import errno
import json
import os
import re
import sys

import pytest

import models
import sealer
from configs import Config
from reference import data_start, header, header_text
from sealer import flip, flip_in_text, forge

READS = ("read", "small reads", "pread", "preadv")
MAPS = ("shared mapping", "private mapping")
WAYS = (*READS, *MAPS, "stdio")

V2 = Config("damage", 2, chunk="65536")
V1 = Config("damage", 1)


class Victim:
    """An encrypted model and what the tests do to it."""

    def __init__(self, files):
        self.files = files
        self.bytes = files.encrypted.read_bytes()
        self.start = data_start(self.bytes)
        self.head = header(self.bytes)
        self.keys = json.loads(files.keys.read_text())

    def at(self, tensor, offset=0):
        """Where a byte of a tensor lies in the file."""
        return self.start + self.head[tensor]["data_offsets"][0] + offset


@pytest.fixture(scope="module")
def victim(pair):
    return lambda config: Victim(pair(config))


@pytest.fixture
def look(shim, probe, tmp_path):
    """Write `data` to a file and read a range of it in every way: way -> outcome, and messages."""

    def get(victim, data, offset=0, length=None, *, on=True, serve="eager", keys="the right ones"):
        path = tmp_path / "model.safetensors"
        path.write_bytes(data)
        length = length or len(victim.bytes) - offset
        result = shim.run([probe, path, victim.files.expected, offset, length], on=on,
                          serve=serve if on else None, quiet=False,
                          keys=victim.files.keys if keys == "the right ones" else keys).check()
        outcome = dict(line.split(": ", 1) for line in result.text.splitlines())
        assert tuple(outcome) == WAYS, result.describe()
        for line in result.messages:
            assert re.fullmatch(rf"ctshim: {re.escape(str(path))}: [^:].*", line), line
        return outcome, result.messages

    return get


def refused_at_open(number):
    return {way: f"open {number}" for way in WAYS}


def never_wrong(outcome):
    assert not [o for o in outcome.values() if o.startswith(("WRONG", "SHORT"))], outcome


def test_undamaged(victim, look):
    """What the other tests damage is right to begin with."""
    for config in (V1, V2):
        for serve in ("eager", "memfd"):
            outcome, messages = look(victim(config), victim(config).bytes, serve=serve)
            assert outcome == {way: "right" for way in WAYS} and not messages
        outcome, _ = look(victim(config), victim(config).bytes, on=False)
        assert all(o.startswith("WRONG") for o in outcome.values())


# Damage in the data: which byte, the bounds of its message in the tensor, what the message says.
DATA = [
    (V2, "first", 10, (0, 65536), "tensor 'first', chunk 1 of 3: "),
    (V2, "first", 70000, (65536, 131072), "tensor 'first', chunk 2 of 3: "),
    (V2, "first", 159999, (131072, 160000), "tensor 'first', chunk 3 of 3: "),
    (V2, "second", 65535, (0, 65536), "tensor 'second', chunk 1 of 2: "),
    (V2, "second", 65536, (65536, 100003), "tensor 'second', chunk 2 of 2: "),
    (V2, "tiny", 99, (0, 100), "tensor 'tiny', chunk 1 of 1: "),
    (V1, "first", 0, (0, 160000), "tensor 'first': "),
    (V1, "first", 159999, (0, 160000), "tensor 'first': "),
    (V1, "second", 50000, (0, 100003), "tensor 'second': "),
    (V1, "tiny", 0, (0, 100), "tensor 'tiny': "),
]
data_damage = pytest.mark.parametrize(
    "config, tensor, offset, message, says", DATA,
    ids=[f"v{c.version}-{t}-{o}" for c, t, o, _, _ in DATA])


@data_damage
def test_damaged_data(config, tensor, offset, message, says, victim, look):
    v = victim(config)
    data = flip(v.bytes, v.at(tensor, offset), bit=offset % 8)
    begin, end = v.at(tensor, message[0]), v.at(tensor, message[1])
    expected = ({way: f"read {errno.EIO}" for way in READS} | {way: f"map {errno.EIO}" for way in MAPS}
                | {"stdio": f"open {errno.EBADMSG}"})
    # The message itself, a part of it, and more than it on both sides.
    for at, length in ((begin, end - begin), (begin + 3, end - begin - 5), (begin, 1)):
        outcome, messages = look(v, data, at, length)
        assert outcome == expected
        assert messages and all(says in line for line in messages), messages
    outcome, messages = look(v, data, 0, len(v.bytes))
    never_wrong(outcome)
    assert outcome["read"] == f"read {errno.EIO}" and outcome["shared mapping"] == f"map {errno.EIO}"
    # The kernel gives what it has before it reports an error; small reads got so far.
    assert outcome["small reads"] == f"read {errno.EIO}"


@data_damage
def test_damaged_data_elsewhere(config, tensor, offset, message, says, victim, look):
    """Messages that are whole stay readable."""
    v = victim(config)
    data = flip(v.bytes, v.at(tensor, offset))
    other = "second" if tensor == "first" else "first"
    outcome, messages = look(v, data, v.at(other, 8192), 20000)
    assert outcome == {way: "right" for way in (*READS, *MAPS)} | {"stdio": f"open {errno.EBADMSG}"}
    assert len(messages) == 1 and says in messages[0]
    outcome, _ = look(v, data, 0, v.start)
    assert all(outcome[way] == "right" for way in READS)


@data_damage
def test_damaged_data_in_memfd(config, tensor, offset, message, says, victim, look):
    v = victim(config)
    outcome, messages = look(v, flip(v.bytes, v.at(tensor, offset)), serve="memfd")
    assert outcome == refused_at_open(errno.EBADMSG)
    assert all(says in line for line in messages)


@data_damage
def test_damaged_data_without_the_shim(config, tensor, offset, message, says, victim, look):
    v = victim(config)
    begin, end = v.at(tensor, message[0]), v.at(tensor, message[1])
    outcome, _ = look(v, flip(v.bytes, v.at(tensor, offset)), begin, end - begin, on=False)
    assert all(o.startswith("WRONG") for o in outcome.values())


@pytest.mark.parametrize("config", [Config("big"), Config("big", 1)], ids=str)
def test_damage_in_a_large_tensor(config, victim, look):
    """Where several chunks are opened in parallel, one bad one among them spoils the whole read."""
    v = victim(config)
    for offset in (0, 5 << 20, (9 << 20) + 12344):
        outcome, messages = look(v, flip(v.bytes, v.at("large", offset)), v.at("large"), (9 << 20) + 12345)
        assert [outcome[w] for w in ("read", "pread", "preadv")] == [f"read {errno.EIO}"] * 3, outcome
        assert [outcome[w] for w in MAPS] == [f"map {errno.EIO}"] * 2
        never_wrong(outcome)
        chunk = f"chunk {(offset >> 21) + 1} of 5" if config.version == 2 else "tensor 'large': "
        assert all("tensor 'large'" in line and chunk in line for line in messages)


def swap_chunks(v):
    """The first two chunks of a tensor, each authentic, in each other's place."""
    a, b, step = v.at("first"), v.at("first", 65536), 65536
    return v.bytes[:a] + v.bytes[b:b + step] + v.bytes[a:b] + v.bytes[b + step:]


def test_swapped_chunks(victim, look):
    v = victim(V2)
    outcome, _ = look(v, swap_chunks(v), v.at("first"), 160000)
    never_wrong(outcome)
    assert outcome["pread"] == f"read {errno.EIO}"


def edit_tag(v):
    field = "tag" if v.head["__metadata__"]["__crypto_keys__"].find('"2"') < 0 else "tags"
    return forge(v.bytes, lambda h: sealer.edit_entry(h, "first", field, lambda b: flip(b, 3)), v.keys)


def edit_nonce(v):
    field = "iv" if "base_iv" not in v.head["__metadata__"]["__encryption__"] else "base_iv"
    return forge(v.bytes, lambda h: sealer.edit_entry(h, "first", field, lambda b: flip(b, 3)), v.keys)


@pytest.mark.parametrize("config", [V1, V2], ids=str)
@pytest.mark.parametrize("edit", [edit_tag, edit_nonce])
def test_wrong_tag_that_is_signed(edit, config, victim, look):
    """A tag of another message under a good signature: only reading the data shows it."""
    v = victim(config)
    data = edit(v)
    outcome, messages = look(v, data, v.at("first"), 1000)
    assert outcome == ({way: f"read {errno.EIO}" for way in READS} | {way: f"map {errno.EIO}" for way in MAPS}
                       | {"stdio": f"open {errno.EBADMSG}"})
    assert all("tensor 'first'" in line for line in messages)
    assert look(v, data, serve="memfd")[0] == refused_at_open(errno.EBADMSG)


# Damage in the header, each with the errno of the open and words of the message.
def meta(change):
    """An edit of the metadata object; not signed anew."""
    return lambda v: forge(v.bytes, lambda h: change(h["__metadata__"]))


def signed(change, policy=False):
    return lambda v: forge(v.bytes, change, v.keys)


def set_json(key, **values):
    def change(head):
        inner = json.loads(head["__metadata__"][key])
        inner.update(values)
        head["__metadata__"][key] = sealer.compact(inner).decode()
    return change


def drop(key):
    return lambda head: head["__metadata__"].pop(key)


def text_at(v, piece, plus=0):
    """Where a piece of the header's text lies in the file."""
    return 8 + header_text(v.bytes).index(piece) + plus


def with_name_nobody_bears(head):
    entries = json.loads(head["__metadata__"]["__encryption__"])
    entries["nobody"] = entries["tiny"]
    del entries["tiny"]
    head["__metadata__"]["__encryption__"] = sealer.compact(entries).decode()


def repeated_key(v):
    """A second member of the same name, where parsers disagree about which one counts."""
    text = header_text(v.bytes)
    text = text[:-1] + b',"tiny":' + sealer.compact(v.head["tiny"]) + b"}"
    return v.bytes[:8] + text.ljust(v.start - 8) + v.bytes[v.start:]


BAD, NO = errno.EBADMSG, errno.EACCES
HEADER = {
    "bit in metadata": (BAD, "signature", lambda v: flip(v.bytes, text_at(v, b'"format":"pt"', 10))),
    "bit in a tensor's name": (BAD, "", lambda v: flip(v.bytes, text_at(v, b'"second":{"dtype"', 3))),
    "bit in a dtype": (BAD, "", lambda v: flip(v.bytes, text_at(v, b'"dtype":"F32"', 9), 3)),
    "bit in a shape": (BAD, "", lambda v: flip(v.bytes, text_at(v, b'"shape":[40000]', 9))),
    "bit in an offset": (BAD, "", lambda v: flip(v.bytes, text_at(v, b'"data_offsets":[0,160000]', 18))),
    "bit in the JSON's grammar": (BAD, "header", lambda v: flip(v.bytes, text_at(v, b'"second":{', 9))),
    "bit in the name __encryption__": (BAD, "__encryption__", lambda v: flip(
        v.bytes, text_at(v, b'"__encryption__":"', 13))),
    "bit in the name __metadata__": (BAD, "", lambda v: flip(v.bytes, text_at(v, b'"__metadata__":', 5))),
    "bit in padding": (BAD, "header", lambda v: flip(v.bytes, v.start - 1)),
    "bit in the header's length": (BAD, "", lambda v: flip(v.bytes, 0)),
    "bit in the signature": (BAD, "signature", lambda v: flip_in_text(v.bytes, b'"__signature__":"')),
    "bit in a tag": (BAD, "signature", lambda v: flip_in_text(v.bytes, b'tag')),
    "bit in a wrapped key": (BAD, "signature", lambda v: flip_in_text(v.bytes, b'wrapped_key\\":\\"')),
    "bit in a key's nonce": (BAD, "signature", lambda v: flip_in_text(v.bytes, b'key_iv\\":\\"')),
    "bit in the policy": (BAD, "signature", lambda v: flip(v.bytes, text_at(v, b"allow = true", 9))),
    "signature of zeros": (BAD, "signature", meta(lambda m: m.update(__signature__="A" * 86 + "=="))),
    "signature too short": (BAD, "__signature__", meta(lambda m: m.update(__signature__="AAAA"))),
    "no signature": (BAD, "__signature__", meta(lambda m: m.pop("__signature__"))),
    "no keys": (BAD, "__crypto_keys__", signed(drop("__crypto_keys__"))),
    "no policy": (BAD, "__policy__", signed(drop("__policy__"))),
    "a metadata member more": (BAD, "signature", meta(lambda m: m.update(more="text"))),
    "a tensor's encryption left out": (BAD, "signature", lambda v: forge(v.bytes, lambda h: h[
        "__metadata__"].update(__encryption__=sealer.compact({k: e for k, e in json.loads(
            h["__metadata__"]["__encryption__"]).items() if k != "tiny"}).decode()))),
    "another signer's signature": (BAD, "signature", lambda v: forge(
        v.bytes, lambda h: None, sealer.new_keys(seed=99))),
    "version 3": (BAD, "version", signed(set_json("__crypto_keys__", version="3"))),
    "chunk size 0": (BAD, "chunk_size", signed(set_json("__crypto_keys__", version="2", chunk_size=0))),
    "unknown cipher": (BAD, "cipher", signed(set_json(
        "__crypto_keys__", enc={"kty": "oct", "alg": "rot13", "kid": "model-key"}))),
    "a name that no tensor bears": (BAD, "nobody", signed(with_name_nobody_bears)),
    "wrapped key that is signed": (NO, "master key", lambda v: forge(v.bytes, lambda h: sealer.edit_entry(
        h, "first", "wrapped_key", lambda b: flip(b, 0)), v.keys)),
    "key's tag that is signed": (NO, "master key", lambda v: forge(v.bytes, lambda h: sealer.edit_entry(
        h, "second", "key_tag", lambda b: flip(b, 0)), v.keys)),
    "policy that denies": (NO, "policy", signed(set_json(
        "__policy__", local="package model\nallow = false"))),
    "policy with a condition": (NO, "policy", signed(set_json(
        "__policy__", local="package model\nallow { input.user == \"me\" }"))),
    "policy that is empty": (NO, "policy", signed(set_json("__policy__", local=""))),
    "unknown master key": (NO, "model-kez", signed(set_json(
        "__crypto_keys__", enc={"kty": "oct", "alg": "aes256gcm", "kid": "model-kez"}))),
    "unknown signer": (NO, "model-signez", signed(set_json(
        "__crypto_keys__", sign={"kty": "okp", "alg": "ed25519", "kid": "model-signez"}))),
    "repeated key": (BAD, "", repeated_key),
    "cut by a byte": (BAD, "", lambda v: v.bytes[:-1]),
    "cut in the middle": (BAD, "", lambda v: v.bytes[:len(v.bytes) // 2]),
    "cut behind the header": (BAD, "", lambda v: v.bytes[:v.start]),
    "grown by a byte": (BAD, "", lambda v: v.bytes + b"\0"),
    "grown by a page": (BAD, "", lambda v: v.bytes + bytes(4096)),
}


@pytest.mark.parametrize("serve", ["eager", "memfd"])
@pytest.mark.parametrize("config", [V1, V2], ids=["v1", "v2"])
@pytest.mark.parametrize("case", HEADER)
def test_bad_header(case, config, serve, victim, look):
    number, words, damage = HEADER[case]
    v = victim(config)
    data = damage(v)
    assert data != v.bytes
    outcome, messages = look(v, data, serve=serve)
    assert outcome == refused_at_open(number), messages
    assert len(messages) == len(WAYS) and all(words in line for line in messages), messages
    if serve == "eager":
        assert look(v, data, on=False)[0] != outcome


@pytest.mark.parametrize("config", [V1, V2], ids=["v1", "v2"])
@pytest.mark.parametrize("part", ["header", "data"])
def test_random_bits(part, config, shim, victim, tmp_path):
    """Whichever bit it is: an error, and nothing that is not plaintext before it."""
    v, rng = victim(config), models.generator(f"{part} {config}")
    path = tmp_path / "model.safetensors"
    for _ in range(60):
        # Not the brace that begins the header, or the high bytes of its length: without them it is no
        # safetensors file, and no client takes it for one.
        at = rng.randrange(9, v.start) if part == "header" else rng.randrange(v.start, len(v.bytes))
        path.write_bytes(flip(v.bytes, at, rng.randrange(8)))
        result = shim.run(["cat", path], keys=v.files.keys, quiet=False)
        assert result.status == 1 and len(result.messages) == 1, (at, result.describe())
        assert v.files.image.startswith(result.out) and len(result.out) < len(v.files.image), at
        assert part == "data" or result.out == b"", at


@pytest.mark.parametrize("policy", ["package model\nallow = true\n",
                                    "# all\npackage model # m\n\n  allow=true  "])
def test_default_policy_in_other_words(policy, victim, look):
    v = victim(V2)
    data = forge(v.bytes, set_json("__policy__", local=policy), v.keys)
    assert set(look(v, data)[0].values()) <= {"right", "WRONG byte at 0"} and \
        look(v, data, v.start, 1000)[0] == {way: "right" for way in WAYS}


def other_keys(v, kty, **changes):
    """The right key set with one key made another one."""
    wrong = sealer.new_keys(seed=7)["keys"]
    return {"keys": [k | ({n: w[n] for n in ("k", "x", "d") if n in w} if k["kty"] == w["kty"] == kty else {})
                     | (changes if k["kty"] == kty else {})
                     for k, w in zip(sorted(v.keys["keys"], key=lambda k: k["kty"]), wrong)]}


KEYS = {
    "wrong master key": (NO, "wrong master key", lambda v: other_keys(v, "oct")),
    "wrong signer": (BAD, "signature", lambda v: other_keys(v, "okp")),
    "master key of another name": (NO, "model-key", lambda v: other_keys(v, "oct", kid="other")),
    "signer of another name": (NO, "model-signer", lambda v: other_keys(v, "okp", kid="other")),
    "no master key": (NO, "model-key", lambda v: {"keys": [k for k in v.keys["keys"] if k["kty"] != "oct"]}),
    "no signer": (NO, "model-signer", lambda v: {"keys": [k for k in v.keys["keys"] if k["kty"] != "okp"]}),
    "no keys at all": (NO, "", lambda v: {"keys": []}),
}


@pytest.mark.parametrize("serve", ["eager", "memfd"])
@pytest.mark.parametrize("config", [V1, V2], ids=["v1", "v2"])
@pytest.mark.parametrize("case", KEYS)
def test_bad_keys(case, config, serve, victim, look, tmp_path):
    number, words, make = KEYS[case]
    v = victim(config)
    path = tmp_path / "keys.jwk"
    path.write_text(json.dumps(make(v)))
    outcome, messages = look(v, v.bytes, serve=serve, keys=path)
    assert outcome == refused_at_open(number), messages
    assert len(messages) == len(WAYS) and all(words in line for line in messages), messages


def test_no_key_given(victim, look):
    outcome, messages = look(victim(V2), victim(V2).bytes, keys=None)
    assert outcome == refused_at_open(errno.EACCES)
    assert all("CRYPTOTENSOR_KEY" in line for line in messages)


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"keys": 5}', '{"keys": [{"kty": "oct", "k": "!"}]}',
                                  '{"keys": [{"kty": "oct", "kid": "model-key", "k": "AAAA"}]}'])
def test_broken_key_file(text, victim, look, tmp_path):
    path = tmp_path / "keys.jwk"
    if text is not None:
        path.write_text(text)
    outcome, messages = look(victim(V2), victim(V2).bytes, keys=path)
    assert outcome == refused_at_open(errno.EACCES), messages
    assert all(str(path) in line for line in messages), "the message names the key file"


def test_one_line_for_one_failure(shim, victim, keysets, tmp_path):
    path = tmp_path / "model.safetensors"
    v = victim(V2)
    path.write_bytes(flip(v.bytes, v.at("first", 5)))
    read = "import sys; f = open(sys.argv[1], 'rb'); f.seek(int(sys.argv[2])); f.read(100)"
    result = shim.python(read, path, v.at("first"), keys=v.files.keys, quiet=False).check(1)
    assert len(result.messages) == 1 and b"[Errno 5]" in result.err
    result = shim.python(read, path, 0, keys=keysets["aes128gcm"], quiet=False).check(1)
    assert len(result.messages) == 1 and b"PermissionError: [Errno 13]" in result.err
    path.write_bytes(v.bytes[:-1])
    result = shim.python(read, path, 0, keys=v.files.keys, quiet=False).check(1)
    assert len(result.messages) == 1 and b"[Errno 74]" in result.err


CLIENTS = {
    "safe_open": "from safetensors import safe_open\n"
                 "with safe_open(p, 'np') as f: [f.get_tensor(k) for k in f.keys()]",
    "load_file": "from safetensors.numpy import load_file; load_file(p)",
    "load": "from safetensors.numpy import load; load(open(p, 'rb').read())",
    "memmap": "import numpy; numpy.memmap(p, 'u1', mode='r').sum()",
    "fromfile": "import numpy; n = numpy.fromfile(p, 'u1'); assert len(n) == __import__('os').path.getsize(p)",
    "mmap": "import mmap; f = open(p, 'rb'); mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[:]",
    "copyfile": "import shutil; shutil.copyfile(p, p + '.copy')",
}


@pytest.mark.parametrize("serve", ["eager", "memfd"])
@pytest.mark.parametrize("damage", ["wrong key", "bit in data", "bit in header"])
@pytest.mark.parametrize("client", CLIENTS)
def test_clients_fail(client, damage, serve, shim, victim, tmp_path):
    """Ordinary clients end with an exception; without the shim they go on with ciphertext."""
    v = victim(V2)
    path, keys = tmp_path / "model.safetensors", tmp_path / "keys.jwk"
    path.write_bytes({"wrong key": v.bytes, "bit in data": flip(v.bytes, v.at("second", 90000)),
                      "bit in header": HEADER["bit in metadata"][2](v)}[damage])
    keys.write_text(json.dumps(other_keys(v, "oct") if damage == "wrong key" else v.keys))
    code = f"import sys; p = sys.argv[1]\n{CLIENTS[client]}\nprint('done')"
    result = shim.python(code, path, keys=keys, serve=serve, quiet=False)
    assert result.status == 1 and result.out == b"" and b"Error" in result.err, result.describe()
    assert result.messages and all(str(path) in line for line in result.messages)
    assert shim.python(code, path, keys=keys, on=False).text == "done\n"
    copy = tmp_path / "model.safetensors.copy"
    if client == "copyfile":
        os.unlink(copy)  # the bare run's
        shim.python(code, path, keys=keys, serve=serve, quiet=False)
        # What was copied before the damage is right, and there is no more.
        assert not copy.exists() or v.files.image.startswith(copy.read_bytes())


def test_writes_are_refused(shim, small, scratch, compile_program):
    """Checks that provoke errors, in all ways of opening for writing and of copying in the kernel."""
    from harness import Checks
    checks = Checks("refusals.c")
    program = compile_program("refusals.c")
    for serve in ("eager", "memfd", None):
        folder = scratch()
        model = folder / "model.safetensors"
        model.write_bytes(small.encrypted.read_bytes())
        result = shim.run([program, model, small.expected, folder], on=serve is not None, serve=serve,
                          keys=small.keys, quiet=False)
        says = checks.outcome(result)
        if serve is not None:
            if serve == "memfd":  # the kernel copies plaintext: nothing to refuse
                says |= {"check_sendfile": "ok", "check_copy_file_range": "ok", "check_raw_copies": "ok"}
            assert says == {name: "ok" for name in checks.names}, result.describe()
            assert all(str(model) in line for line in result.messages), result.messages
        else:
            for name in checks.names:
                # A file system without O_DIRECT refuses it by itself.
                if name != "check_direct":
                    assert (says[name] == "ok") == name.startswith("same_"), (name, says[name])
        assert model.read_bytes() == small.encrypted.read_bytes()


def test_exit_status_of_commands(shim, victim, keysets, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(victim(V2).bytes)
    for command in (["cat"], ["sha256sum"], ["head", "-c", "100"], ["od"], ["wc", "-l"]):
        result = shim.run([*command, path], keys=keysets["aes128gcm"], quiet=False)
        assert result.status == 1 and len(result.messages) == 1, result.describe()
        assert not result.out.strip() or command == ["wc", "-l"]
    result = shim.run([sys.executable, "-c", "import sys; sys.stdin.buffer.read()"],
                      stdin=open(path, "rb"), keys=keysets["aes128gcm"], quiet=False)
    assert result.status != 0 and result.messages, result.describe()
    for command in ("cat", "sha256sum"):
        with open(path, "rb") as f:
            result = shim.run([command], stdin=f, keys=keysets["aes128gcm"], quiet=False)
        assert result.status != 0 and result.out == b"" and result.messages, result.describe()
