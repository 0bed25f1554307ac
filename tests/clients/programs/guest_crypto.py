"""A program with an OpenSSL of its own: its hashes and its ssl must work and be its own before and after a
model was opened. MODEL goes to stdout; what the program's OpenSSL is, to stderr.

    guest_crypto.py MODEL before|after
"""

import ctypes
import sys


def model():
    with open(sys.argv[1], "rb") as f:
        return f.read()


def crypto():
    import hashlib
    import ssl

    assert hashlib.new("sha256", b"").hexdigest()[:8] == "e3b0c442"
    assert hashlib.scrypt(b"p", salt=b"s", n=16, r=1, p=1)[:2]
    ssl.create_default_context()
    assert len(ssl.RAND_bytes(16)) == 16
    return ssl.OPENSSL_VERSION


def mapped(name):
    """The file of that kind in this process."""
    with open("/proc/self/maps") as f:
        found = {line.split()[-1] for line in f if name in line}
    assert len(found) == 1, found
    return found.pop()


def its_own():
    """What libcrypto says of itself is what Python's ssl module says; and nobody else in the process says
    anything."""
    path = mapped("libcrypto")
    version = ctypes.CDLL(path).OpenSSL_version
    version.restype = ctypes.c_char_p
    assert version(0).decode() == crypto()
    shim = ctypes.CDLL(mapped("libctshim.so"))
    for handle in (shim, ctypes.CDLL(None)):
        for name in ("OpenSSL_version", "EVP_DigestInit_ex", "CRYPTO_malloc", "cJSON_Parse"):
            try:
                found = ctypes.cast(getattr(handle, name), ctypes.c_void_p).value
            except AttributeError:
                continue
            assert handle is not shim and found, name
    return path


def main():
    got = None
    for step in {"before": (crypto, model, crypto), "after": (model, crypto, model)}[sys.argv[2]]:
        result = step()
        got = result if step is model else got
    print(crypto(), its_own(), file=sys.stderr)
    sys.stdout.buffer.write(got)


main()
