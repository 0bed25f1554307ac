"""Keys that are drawn at random, in every form in which the format's users write them."""

import base64
import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_LENGTH = {"aes128gcm": 16, "aes256gcm": 32, "chacha20poly1305": 32}
ALGORITHMS = tuple(KEY_LENGTH)
RFC_NAMES = {"aes128gcm": "A128GCM", "aes256gcm": "A256GCM", "chacha20poly1305": "C20P"}


@dataclass(frozen=True)
class Keys:
    """One master key and one signing key, and other people's around them."""
    master: dict
    signer: dict
    before: tuple = ()
    after: tuple = ()

    def text(self, change=dict):
        """The JWK Set. `change` gives each key another form."""
        return json.dumps({"keys": [change(k) for k in (*self.before, self.master, self.signer, *self.after)]})


def encode(data):
    return base64.b64encode(data).decode()


def draw_master(rng, alg):
    return {"kty": "oct", "alg": alg, "k": encode(rng.randbytes(KEY_LENGTH[alg]))}


def draw_signer(rng):
    seed = rng.randbytes(32)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return {"kty": "okp", "alg": "ed25519", "x": encode(public), "d": encode(seed)}


def draw(rng, alg, kid=None, jku=None):
    """`kid()` and `jku()` draw texts, or None for a key without. A key without a kid is the first of
    its kind: that is how readers find it."""
    def named(key):
        found = {"kid": kid and kid(), "jku": jku and jku()}
        return key | {k: v for k, v in found.items() if v is not None}

    master, signer = named(draw_master(rng, alg)), named(draw_signer(rng))
    others = [draw_master(rng, rng.choice(ALGORITHMS)) | {"kid": "another"},
              draw_signer(rng) | {"kid": "another"},
              {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "none of ours"}]
    others = tuple(rng.sample(others, rng.randrange(4)))
    if "kid" in master and "kid" in signer and rng.random() < .5:
        return Keys(master, signer, before=others)
    return Keys(master, signer, after=others)


def rfc(key):
    """A key as tools after RFC 7517 and RFC 8037 write it."""
    def url(text):
        return text.replace("+", "-").replace("/", "_").rstrip("=")

    key = {n: url(v) if n in ("k", "x", "d") else v for n, v in key.items()}
    if key["kty"] == "okp":
        key |= {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA"}
    elif key["kty"] == "oct":
        key["alg"] = RFC_NAMES[key["alg"]]
    return key


def public(key):
    """A key without what only its owner needs."""
    return {n: v for n, v in key.items() if n != "d"}
