#!/usr/bin/env python3
"""Writes rego_token_rows.h: JSON Web Tokens of each algorithm, made with the package cryptography, and what becomes of them."""

import base64
import datetime
import hashlib
import hmac
import json
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {"256": ec.SECP256R1(), "384": ec.SECP384R1(), "512": ec.SECP521R1()}
CLAIMS = {"aud": ["a", "b"], "exp": 3000, "iss": "x", "nbf": 1000}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def token(alg: str, sign, header=None, claims=None) -> str:
    parts = [b64(json.dumps(p, separators=(",", ":")).encode()) for p in ({"alg": alg, **(header or {})}, claims or CLAIMS)]
    text = ".".join(parts)
    return text + "." + b64(sign(text.encode()))


def pem(key) -> str:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def certificate(key) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    begin = datetime.datetime(2020, 1, 1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + datetime.timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def signers() -> dict:
    """For each algorithm: what signs, and public keys in the forms that there are."""
    found = {}
    rsa_key = rsa.generate_private_key(65537, 2048)
    n = rsa_key.public_key().public_numbers()
    rsa_forms = [pem(rsa_key.public_key()), certificate(rsa_key),
                 json.dumps({"kty": "RSA", "n": number(n.n), "e": number(n.e)})]
    for bits, kind in HASHES.items():
        pss = padding.PSS(padding.MGF1(kind), kind.digest_size)
        found["RS" + bits] = (lambda m, k=kind: rsa_key.sign(m, padding.PKCS1v15(), k)), rsa_forms
        found["PS" + bits] = (lambda m, k=kind, p=pss: rsa_key.sign(m, p, k)), rsa_forms
        key = ec.generate_private_key(CURVES[bits])
        size = (key.key_size + 7) // 8

        def sign_ec(message, k=key, h=kind, s=size):
            return b"".join(p.to_bytes(s, "big") for p in decode_dss_signature(k.sign(message, ec.ECDSA(h))))

        e = key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-" + ("521" if bits == "512" else bits), "x": number(e.x, size), "y": number(e.y, size)}
        found["ES" + bits] = sign_ec, [pem(key.public_key()), certificate(key), json.dumps(jwk)]
    ed = ed25519.Ed25519PrivateKey.generate()
    raw = ed.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    found["EdDSA"] = ed.sign, [pem(ed.public_key()), json.dumps({"kty": "OKP", "crv": "Ed25519", "x": b64(raw)})]
    return found


def mac(bits: str, secret: bytes):
    return lambda message: hmac.new(secret, message, getattr(hashlib, "sha" + bits)).digest()


def rows() -> list:
    out = []
    term = '{"aud": ["a", "b"], "exp": 3000, "iss": "x", "nbf": 1000}'
    never = "[false, {}, {}]"
    time = 2000 * 10**9
    all_signers = signers()
    rsa_pem = all_signers["RS256"][1][0]
    for alg, (sign, forms) in all_signers.items():
        name = "io.jwt.verify_" + alg.lower()
        made = token(alg, sign)
        broken = made[:-5] + ("A" if made[-5] != "A" else "B") + made[-4:]
        good = f'[true, {{"alg": "{alg}"}}, {term}]'
        for form in forms:
            out.append(([name, made, form], "true"))
            out.append((["io.jwt.decode_verify", made, {"cert": form, "time": time, "aud": "b", "iss": "x"}], good))
        out.append(([name, broken, forms[0]], "false"))
        out.append((["io.jwt.decode_verify", broken, {"cert": forms[0], "time": time, "aud": "a"}], never))
        if alg[:2] not in ("RS", "PS"):
            out.append(([name, made, rsa_pem], "false"))
    for bits in HASHES:
        made = token("HS" + bits, mac(bits, b"secret"))
        out.append((["io.jwt.verify_hs" + bits, made, "secret"], "true"))
        out.append((["io.jwt.verify_hs" + bits, made, "other"], "false"))
    made = token("HS256", mac("256", b"secret"))
    good = f'[true, {{"alg": "HS256"}}, {term}]'
    constraints = {"secret": "secret", "time": time, "aud": "a"}
    for change, result in (
            ({}, good), ({"secret": "other"}, never), ({"aud": "c"}, never), ({"iss": "y"}, never), ({"alg": "HS384"}, never),
            ({"alg": "HS256"}, good), ({"time": 3000 * 10**9}, never), ({"time": 2999.5e9}, good), ({"time": 999.5e9}, never),
            ({"time": 1000 * 10**9}, good), ({"time": -1}, "failed: token time constraint: must not be negative"),
            ({"x": 1}, "failed: unknown token validation constraint: x"), ({"secret": ""}, "failed: no key constraint"),
            ({"cert": rsa_pem}, "failed: duplicate key constraints"), ({"aud": 1}, "failed: aud constraint: must be a string")):
        out.append((["io.jwt.decode_verify", made, {**constraints, **change}], result))
    # A public key is no secret: nobody signs with it.
    confused = token("HS256", mac("256", rsa_pem.encode()))
    out.append((["io.jwt.decode_verify", confused, {"cert": rsa_pem, "time": time, "aud": "a"}], never))
    none = token("none", lambda m: b"")
    out.append((["io.jwt.decode_verify", none, {"cert": rsa_pem, "time": time, "aud": "a"}], never))
    sign, forms = all_signers["RS256"]
    sets = json.dumps({"keys": [{**json.loads(all_signers["ES256"][1][2]), "kid": "k1", "alg": "ES256"},
                                {**json.loads(forms[2]), "kid": "k2", "alg": "RS256"}]})
    for kid, result in (("k2", "true"), ("k1", "false"), ("k3", "true")):
        out.append((["io.jwt.verify_rs256", token("RS256", sign, {"kid": kid}), sets], result))
    critical = token("RS256", sign, {"crit": ["unk"], "unk": 1})
    out.append((["io.jwt.decode_verify", critical, {"cert": rsa_pem, "time": time, "aud": "a"}], never))
    out.append((["io.jwt.verify_rs256", made, rsa_pem + "x"], "failed: extra data after a PEM certificate block"))
    out.append((["io.jwt.verify_rs256", made, '{"kty":"x"}'], "failed: failed to parse a JWK key (set)"))
    out.append((["io.jwt.verify_rs256", made, "x"], "failed: failed to parse a JWK key (set)"))
    for claim in ("exp", "nbf"):
        odd = token("HS256", mac("256", b"s"), None, {claim: "soon"})
        out.append((["io.jwt.decode_verify", odd, {"secret": "s"}], f"failed: {claim} value must be a number"))
    nested = token("HS256", mac("256", b"secret"), {"cty": "JWT"}, made)
    out.append((["io.jwt.decode", nested], '[{"alg": "HS256"}, ' + term + ', "'
                + base64.urlsafe_b64decode(made.split(".")[2] + "==").hex() + '"]'))
    for bad, why in (("a", "encoded JWT had no period separators"), ("a.b", "encoded JWT must have 3 sections, found 2"),
                     ("e30.e(0.", "JWT payload had invalid encoding: illegal base64 data at input byte 1"),
                     ("eyJlbmMiOjF9.e30.", "JWT is a JWE object, which is not supported"),
                     ("W10.e30.", "bad JWT header: decoded JSON type was not an Object")):
        out.append((["io.jwt.decode", bad], "failed: " + why))
    out.append((["io.jwt.decode", 1], "type: operand 1 must be string but got number"))
    return out


def main() -> None:
    out = pathlib.Path(__file__).with_name("rego_token_rows.h")
    with out.open("w") as f:
        f.write("/* Written by make_rego_tokens.py. Rows as in rego_builtin_rows.h. */\n")
        for call, result in rows():
            f.write("{" + json.dumps(json.dumps(call, separators=(",", ":"))) + ",\n\t" + json.dumps(result) + "},\n")


if __name__ == "__main__":
    main()
