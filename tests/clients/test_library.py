"""The library as a file, and as a guest in processes that have cryptography of their own."""

import re
import shutil
import subprocess
import sys

import pytest

import models
from harness import LIBRARY, ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("readelf") is None or shutil.which("nm") is None, reason="binutils are not installed"
)

MUSL_SAYS = "libctshim_needs_glibc_and_this_program_uses_musl"  # see preload/musl.c


def tool(*argv):
    return subprocess.run(
        argv, capture_output=True, text=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    ).stdout


def test_needs_little():
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", tool("readelf", "-dW", LIBRARY))
    # cJSON is linked statically where its source could be had: see scripts/cjson-source.
    cjson = "" if (ROOT / ".deps" / "cjson" / "cJSON.c").exists() else r"|libcjson\.so\.\d+"
    assert all(re.fullmatch(rf"libc\.so\.6|ld-linux.*\.so\.\d+{cjson}", name) for name in needed), needed


def test_shows_no_openssl():
    """Its copy must never be bound to by, or bind to, another one in the process."""
    names = tool("nm", "-D", LIBRARY)
    assert not re.search(r"\b(EVP_|OPENSSL_|CRYPTO_|SSL_|OSSL_|BIO_|ERR_)\w*", names)


def test_writes_nothing_at_exit(shim):
    """No handler that runs after the program's own; no finaliser that frees what hooks still need."""
    undefined = tool("nm", "-D", "--undefined-only", LIBRARY)
    imported = {line.split()[-1].split("@")[0] for line in undefined.splitlines()}
    assert not imported & {
        "atexit",
        "on_exit",
        "exit",
        "_exit",
        "abort_handler",
        "printf",
        "puts",
        "system",
    }


GUEST = """
import sys
def model(): return open(sys.argv[1], 'rb').read()
def crypto():
    import ssl, hashlib, hmac
    ssl.create_default_context()
    assert hashlib.new('sha256', b'').hexdigest()[:8] == 'e3b0c442'
    assert hashlib.scrypt(b'p', salt=b's', n=16, r=1, p=1)[:2]
    ssl.RAND_bytes(16)
    return ssl.OPENSSL_VERSION
def other():
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    a = AESGCM(b'k' * 32)
    assert a.decrypt(b'n' * 12, a.encrypt(b'n' * 12, b'text', None), None) == b'text'
    k = Ed25519PrivateKey.generate()
    k.public_key().verify(k.sign(b'm'), b'm')
order = {'before': [crypto, model, crypto], 'after': [model, crypto, model], 'other': [other, model, other, crypto]}
got = [f() for f in order[sys.argv[2]]]
sys.stdout.buffer.write(next(g for g in got if isinstance(g, bytes)))
"""


@pytest.mark.parametrize("order", ["before", "after", "other"])
@pytest.mark.parametrize("python", [sys.executable, "/usr/bin/python3"], ids=["tests", "system"])
def test_lives_beside_other_openssl(python, order, shim, small):
    """Python's ssl, and the cryptography package, before and after a model was opened."""
    if shutil.which(python) is None or (order == "other" and python != sys.executable):
        pytest.skip("not installed")
    if order == "other":
        pytest.importorskip("cryptography")
    assert (
        shim.python(GUEST, small.encrypted, order, python=python, keys=small.keys).check().out
        == small.image
    )


def test_a_bad_openssl_configuration_is_not_read(shim, small, tmp_path):
    config = tmp_path / "openssl.cnf"
    config.write_text("openssl_conf = broken\n[broken]\nproviders = nowhere\nfips = yes\n")
    result = shim.run(
        ["cat", small.encrypted],
        keys=small.keys,
        env={"OPENSSL_CONF": config, "OPENSSL_MODULES": "/nowhere"},
    )
    assert result.out == small.image


@pytest.mark.parametrize(
    "other", ["libasan.so", "libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libfaketime.so.1"]
)
def test_beside_other_preloads(other, shim, small):
    """Libraries that replace the allocator are there before ours and behind it."""
    found = subprocess.run(
        ["cc", f"-print-file-name={other}"], capture_output=True, text=True
    ).stdout.strip()
    if "/" not in found:
        pytest.skip(f"{other} is not installed")
    for preload in (f"{LIBRARY}:{found}", f"{found}:{LIBRARY}"):
        result = shim.run(
            ["cat", small.encrypted],
            keys=small.keys,
            env={"LD_PRELOAD": preload, "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"},
        )
        assert result.check().out == small.image
        result = shim.run(
            ["sha256sum", small.encrypted, small.plain],
            keys=small.keys,
            env={"LD_PRELOAD": preload, "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"},
        )
        result.check()


def test_loaded_twice_and_by_another_path(shim, small, tmp_path):
    copy = tmp_path / "libctshim.so"
    shutil.copyfile(LIBRARY, copy)
    for preload in (f"{LIBRARY} {LIBRARY}", f"{LIBRARY}:{copy}"):
        assert (
            shim.run(["cat", small.encrypted], keys=small.keys, env={"LD_PRELOAD": preload}).check().out
            == small.image
        )


def test_has_a_heap_of_its_own():
    """What serves a read may not call the program's allocator: a signal handler may have interrupted that."""
    undefined = tool("nm", "-D", "--undefined-only", LIBRARY)
    imported = {line.split()[-1].split("@")[0] for line in undefined.splitlines()}
    assert not imported & {"malloc", "calloc", "realloc", "free", "strdup", "strndup", "posix_memalign",
                           "aligned_alloc", "memalign", "asprintf", "getline"}


def test_heap(compile_program):
    program = compile_program("heap.c", "../../../preload/memory.c", options=("-O1", "-g", f"-I{ROOT / 'preload'}"))
    done = subprocess.run([program, str(models.SEED)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"seed {models.SEED}: {done.stderr}"
