"""Make golden.h: files as the format's own library writes them (pip install cryptotensors).

    python tests/unit/make_golden.py > tests/unit/golden.h

Keys are fixed; data keys and nonces are the library's, new each time.
"""

import base64
import os
import tempfile

from cryptotensors import __version__, serialize_file

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

TENSORS = {
    'w\u00f6rter "q"\\': ("uint8", [10], bytes(range(10))),
    "w": ("float32", [2, 2], bytes(range(100, 116))),
    "clear": ("int16", [2], b"\1\2\3\4"),
    "empty": ("float16", [0, 3], b""),
}
SEALED = ['w\u00f6rter "q"\\', "w", "empty"]
METADATA = {"note": "tab\there/\x7f", "format": "np"}

FILES = [
    ("v1_aes256", "aes256gcm", 32, {"version": "1"}),
    ("v1_chacha", "chacha20poly1305", 32, {"version": "1"}),
    ("v2_aes128_chunk4", "aes128gcm", 16, {"version": "2", "chunk_size": 4}),
    ("v2_aes256_chunk16", "aes256gcm", 32, {"version": "2", "chunk_size": 16}),
    ("v2_chacha_default", "chacha20poly1305", 32, {"version": "2"}),
]


def make(alg, key_len, extra):
    def b64(b):
        return base64.b64encode(b).decode()

    config = {
        "enc_key": {"kty": "oct", "alg": alg, "k": b64(bytes(range(1, key_len + 1))), "kid": "golden-enc"},
        "sign_key": {"kty": "okp", "alg": "ed25519", "x": b64(PUBLIC), "d": b64(SEED), "kid": "golden-sign"},
        "tensors": SEALED,
        **extra,
    }
    tensors = {k: {"dtype": d, "shape": s, "data": b} for k, (d, s, b) in TENSORS.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f")
        serialize_file(tensors, path, METADATA, config)
        with open(path, "rb") as f:
            return f.read()


def literal(data):
    out, line, escaped = [], "", False
    for byte in data:
        c = chr(byte)
        if c in '"\\':
            piece, hexed = "\\" + c, False
        elif 0x20 <= byte < 0x7F and c != "?":
            # A hexadecimal escape would swallow a digit behind it.
            piece, hexed = ('""' if escaped and c in "0123456789abcdefABCDEF" else "") + c, False
        else:
            piece, hexed = "\\x%02x" % byte, True
        line, escaped = line + piece, hexed
        if len(line) > 84:
            out.append(line)
            line, escaped = "", False
    out.append(line)
    return "\n".join('\t"%s"' % line for line in out if line)


print("/* Made by make_golden.py with cryptotensors %s; not to be edited. */" % __version__)
print("#ifndef CT_TEST_GOLDEN_H\n#define CT_TEST_GOLDEN_H\n\n#include <stddef.h>\n")
for name, alg, key_len, extra in FILES:
    print("static const char %s[] =\n%s;\n" % (name, literal(make(alg, key_len, extra))))
print("static const struct golden {\n\tconst char *name, *bytes;\n\tsize_t size, key_len;\n} golden[] = {")
for name, alg, key_len, extra in FILES:
    print('\t{"%s", %s, sizeof %s - 1, %d},' % (name, name, name, key_len))
print("};\n\n#endif")
