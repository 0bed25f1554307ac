"""A second implementation of the file format, in Python, for the tests' own use.

It writes files that the command would never write (signed rightly, yet broken), and opens files
without any of the project's code. Sizes are small, so everything is done in memory.
"""

import base64
import json
import random

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from reference import RESERVED, compact, data_start, header, header_text

DEFAULT_POLICY = "package model\nallow = true"
KEY_LENGTH = {"aes128gcm": 16, "aes256gcm": 32, "chacha20poly1305": 32}


def encode(data):
    return base64.b64encode(data).decode()


def decode(text):
    return base64.b64decode(text, validate=True)


def cipher(alg, key):
    return (ChaCha20Poly1305 if alg == "chacha20poly1305" else AESGCM)(key)


def new_keys(alg="aes256gcm", enc_kid="enc", sign_kid="sign", seed=0):
    """A key set as the format's deployed files carry it."""
    rng = random.Random(f"keys {seed} {alg}")
    seed_bytes = rng.randbytes(32)
    public = Ed25519PrivateKey.from_private_bytes(seed_bytes).public_key().public_bytes_raw()
    return {"keys": [
        {"kty": "oct", "alg": alg, "kid": enc_kid, "k": encode(rng.randbytes(KEY_LENGTH[alg]))},
        {"kty": "okp", "alg": "ed25519", "kid": sign_kid, "d": encode(seed_bytes),
         "x": encode(public)},
    ]}


def any_base64(text):
    """Base64 in either alphabet, padded or not."""
    text = text.replace("-", "+").replace("_", "/").rstrip("=")
    return decode(text + "=" * (-len(text) % 4))


def master_of(keys):
    return next(any_base64(k["k"]) for k in keys["keys"] if k["kty"].lower() == "oct")


def signer_of(keys):
    return next(Ed25519PrivateKey.from_private_bytes(any_base64(k["d"]))
                for k in keys["keys"] if k["kty"].lower() == "okp" and "d" in k)


def canonical(head):
    """The bytes that the signature covers."""
    meta = {k: v for k, v in sorted(head["__metadata__"].items(), key=lambda i: i[0].encode())
            if k != "__signature__"}
    named = [(n, t) for n, t in head.items() if n != "__metadata__"]
    named.sort(key=lambda i: tuple(i[1]["data_offsets"]))
    return compact({"__metadata__": meta} | {
        n: {k: t[k] for k in ("dtype", "shape", "data_offsets")} for n, t in named})


def sign(head, keys):
    head["__metadata__"]["__signature__"] = encode(signer_of(keys).sign(canonical(head)))


def assemble(head, data, pad=8, text=None):
    """A file of a header and its data."""
    text = text if text is not None else compact(head)
    text += b" " * (-(8 + len(text)) % pad)
    return len(text).to_bytes(8, "little") + text + data


def chunk_nonce(base, index):
    return base[:8] + (int.from_bytes(base[8:], "big") + index).to_bytes(4, "big")


def seal(plain, keys, *, version=2, alg="aes256gcm", chunk=2 << 20, names=None, policy=DEFAULT_POLICY,
         pad=8, seed=0, edit=None):
    """Encrypt `plain`. `edit(head)` may change the header before it is signed."""
    rng = random.Random(f"seal {seed}")
    head = header(plain)
    body = bytearray(plain[data_start(plain):])
    master = cipher(alg, master_of(keys))
    entries = {}
    for name, t in head.items():
        if name == "__metadata__" or (names is not None and name not in names):
            continue
        begin, end = t["data_offsets"]
        key, key_iv, base = rng.randbytes(KEY_LENGTH[alg]), rng.randbytes(12), rng.randbytes(8)
        wrapped = master.encrypt(key_iv, key, None)
        entry = {"wrapped_key": encode(wrapped[:-16]), "key_iv": encode(key_iv),
                 "key_tag": encode(wrapped[-16:])}
        base += bytes([0, 0, 0, 7])
        if version == 1:
            sealed = cipher(alg, key).encrypt(base, bytes(body[begin:end]), None)
            body[begin:end] = sealed[:-16]
            entry |= {"iv": encode(base) if end > begin else "",
                      "tag": encode(sealed[-16:]) if end > begin else ""}
        else:
            tags = b""
            for i, at in enumerate(range(begin, max(end, begin + 1), chunk)):
                stop = min(at + chunk, end)
                sealed = cipher(alg, key).encrypt(chunk_nonce(base, i), bytes(body[at:stop]), None)
                body[at:stop] = sealed[:-16]
                tags += sealed[-16:]
            entry |= {"base_iv": encode(base), "tags": encode(tags)}
        entries[name] = entry
    kid = {k["kty"].lower(): k["kid"] for k in keys["keys"]}
    about = {"version": str(version),
             "enc": {"kty": "oct", "alg": alg, "kid": kid["oct"]},
             "sign": {"kty": "okp", "alg": "ed25519", "kid": kid["okp"]}}
    if version == 2:
        about["chunk_size"] = chunk
    policy_text = {"local": policy, "remote": DEFAULT_POLICY}
    meta = dict(head.get("__metadata__") or {}) | {
        "__crypto_keys__": compact(about).decode(), "__encryption__": compact(entries).decode(),
        "__policy__": compact(policy_text).decode()}
    head = {"__metadata__": meta} | {n: t for n, t in head.items() if n != "__metadata__"}
    if edit:
        edit(head)
    sign(head, keys)
    return assemble(head, bytes(body), pad)


def unseal(encrypted, keys):
    """The plaintext image of an encrypted file; raises when anything is not as it must be."""
    head = header(encrypted)
    meta = head["__metadata__"]
    signer_of(keys).public_key().verify(decode(meta["__signature__"]), canonical(head))
    about = json.loads(meta["__crypto_keys__"])
    alg = about["enc"]["alg"].replace("-", "").lower()
    chunk = about.get("chunk_size", 2 << 20 if about["version"] == "2" else None)
    master = cipher(alg, master_of(keys))
    body = bytearray(encrypted[data_start(encrypted):])
    for name, entry in json.loads(meta["__encryption__"]).items():
        begin, end = head[name]["data_offsets"]
        key = master.decrypt(decode(entry["key_iv"]),
                             decode(entry["wrapped_key"]) + decode(entry["key_tag"]), None)
        step = chunk or max(end - begin, 1)
        base = decode(entry["base_iv" if chunk else "iv"])
        tags = decode(entry["tags" if chunk else "tag"])
        if not chunk and begin == end:
            continue
        for i, at in enumerate(range(begin, max(end, begin + 1), step)):
            stop = min(at + step, end)
            body[at:stop] = cipher(alg, key).decrypt(
                chunk_nonce(base, i), bytes(body[at:stop]) + tags[16 * i:16 * i + 16], None)
    shown = {k: v for k, v in meta.items() if k not in RESERVED}
    plain_head = ({"__metadata__": shown} if shown else {}) | {
        n: t for n, t in head.items() if n != "__metadata__"}
    length = int.from_bytes(encrypted[:8], "little")
    return encrypted[:8] + compact(plain_head).ljust(length) + bytes(body)


def forge(encrypted, edit, keys=None):
    """`encrypted` with a header that `edit(head)` changed; signed anew when `keys` are given.
    The header keeps its length, so that the data stays where it was."""
    head = header(encrypted)
    edit(head)
    if keys is not None:
        sign(head, keys)
    length = int.from_bytes(encrypted[:8], "little")
    text = compact(head)
    assert len(text) <= length, "no room for the forged header"
    return encrypted[:8] + text.ljust(length) + encrypted[data_start(encrypted):]


def edit_entry(head, tensor, field, change):
    """Change one base64 field of a tensor's encryption parameters, through `change(bytes)`."""
    entries = json.loads(head["__metadata__"]["__encryption__"])
    entries[tensor][field] = encode(change(decode(entries[tensor][field])))
    head["__metadata__"]["__encryption__"] = compact(entries).decode()


def flip(data, at, bit=0):
    """`data` with one bit turned over."""
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]


def flip_in_text(encrypted, before):
    """Turn over one bit of a base64 character a little behind the text `before` in the header,
    such that it stays a base64 character: nothing but cryptography can notice."""
    head = header_text(encrypted)
    at = head.index(before) + len(before)
    while not (chr(head[at]).isalnum() and chr(head[at] ^ 1).isalnum()):
        at += 1
    return flip(encrypted, 8 + at)


__all__ = ["InvalidTag", "seal", "unseal", "forge", "flip", "flip_in_text", "edit_entry", "new_keys",
           "sign", "assemble", "DEFAULT_POLICY", "master_of", "compact"]
