"""A pytest plugin: encrypts every model that the tests save, behind their back.

Only the writing side is touched. Whatever reads the files is stock, and finds the key, if anything
does, through the library. CTSHIM_UPSTREAM_SEAL says how: what `seal.py` takes after the file's name.
Without it nothing is encrypted. The junit report has each test's number of encrypted files.
"""

import builtins
import functools
import io
import os
import shlex
import subprocess
import sys

import pytest
import safetensors

import seal

HOW = shlex.split(os.environ.get("CTSHIM_UPSTREAM_SEAL", ""))
encrypted = []


def encrypt(path):
    """Encrypt a file that has just been written, in a process that is not under the library."""
    clean = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
    done = subprocess.run([sys.executable, "-E", "-S", seal.__file__, os.fspath(path), *HOW], env=clean)
    if done.returncode != seal.NO_MODEL:
        done.check_returncode()
        encrypted.append(path)


def encrypting(serialize_file):
    """The one function through which stock safetensors writes files, and encryption after it."""
    @functools.wraps(serialize_file)
    def wrapped(tensors, filename, *args, **named):
        serialize_file(tensors, filename, *args, **named)
        encrypt(filename)
    return wrapped


class Writer(io.BufferedWriter):
    """A file that a test writes itself; encrypted when it is closed, if it is a model then."""

    def close(self):
        if not self.closed:
            super().close()
            encrypt(self.name)


def opening(stock):
    """The built-in open, with a Writer for new models."""
    @functools.wraps(stock)
    def wrapped(file, mode="r", *args, **named):
        if mode == "wb" and str(file).endswith(".safetensors"):
            return Writer(io.FileIO(file, "wb"))
        return stock(file, mode, *args, **named)
    return wrapped


def pytest_configure():
    """Before any module of tests binds a name."""
    if HOW:
        safetensors.serialize_file = encrypting(safetensors.serialize_file)
        builtins.open = opening(builtins.open)


def pytest_sessionstart():
    """Refuse to prove anything about another library or version than was meant."""
    with open("/proc/self/maps") as maps:
        loaded = "libctshim.so" in maps.read()
    if loaded != ("LD_PRELOAD" in os.environ):
        pytest.exit("LD_PRELOAD and what is loaded differ", returncode=4)
    if safetensors.__version__ != os.environ["CTSHIM_UPSTREAM_VERSION"]:
        pytest.exit(f"{safetensors.__file__} is {safetensors.__version__}", returncode=4)


@pytest.fixture(autouse=True)
def count_encrypted(record_property):
    before = len(encrypted)
    yield
    record_property("encrypted", len(encrypted) - before)
