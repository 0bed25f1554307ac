"""The command: help, version, wrong usage, output that cannot be written."""

import re
import subprocess

import pytest

from cli import left_in
from harness import COMMAND

NAMES = ("keygen", "encrypt", "decrypt", "inspect", "verify", "run", "stats")


@pytest.mark.parametrize("name", NAMES)
def test_help(name, shim):
    for argv in ((name, "--help"), ("help", name)):
        result = shim.ctshim(*argv).check()
        assert "Usage: ctshim " + name in result.text and "Example:" in result.text
        assert "Exit status:" in result.text and result.err == b""


def test_general_help(shim):
    text = shim.ctshim("--help").check().text
    assert all(re.search(rf"^ +{name} ", text, re.M) for name in NAMES)
    assert re.fullmatch(r"ctshim \d+\.\d+\.\d+\n", shim.ctshim("--version").check().text)


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("nonsense",),
        ("encrypt",),
        ("encrypt", "a"),
        ("encrypt", "a", "b"),
        ("encrypt", "a", "b", "c", "--keys", "k"),
        ("encrypt", "a", "b", "--keys", "k", "--alg", "rot13"),
        ("encrypt", "a", "b", "--keys", "k", "--chunk-size", "0"),
        ("encrypt", "a", "b", "--keys", "k", "--chunk-size", "2X"),
        ("encrypt", "a", "b", "--keys", "k", "--version", "3"),
        ("encrypt", "a", "b", "--keys", "k", "--threads", "0"),
        ("encrypt", "a", "b", "--keys", "k", "--nonsense"),
        ("encrypt", "a", "b", "--keys", "k", "--chunk-size", "-1"),
        ("encrypt", "a", "b", "--keys"),
        ("encrypt", "a", "b", "--keys", "k", "--chunk-size", "99999999999999999999"),
        ("encrypt", "a", "b", "--keys", "k", "--version", "1", "--chunk-size", "4096"),
        ("decrypt", "a"),
        ("inspect",),
        ("inspect", "a", "b"),
        ("verify",),
        ("keygen",),
        ("keygen", "x"),
        ("run",),
        ("run", "--"),
        ("keygen", "-o", "x", "--alg", "des"),
        ("keygen", "--public", "-o", "x"),
        ("run", "--serve", "fast", "--", "true"),
    ],
)
def test_wrong_usage(argv, shim, tmp_path):
    result = shim.ctshim(*argv, cwd=tmp_path)
    assert (
        result.status == 2 and result.out == b"" and result.err.startswith((b"ctshim", b"Usage"))
    ), result.describe()
    assert left_in(tmp_path) == []


def test_output_that_cannot_be_written(shim, small):
    with open("/dev/full", "w") as full:
        for argv in (["inspect", small.encrypted], ["inspect", "--json", small.encrypted], ["--help"]):
            done = subprocess.run(
                [COMMAND, *argv], stdout=full, stderr=subprocess.PIPE, env=shim.env(on=False)
            )
            assert done.returncode == 1 and done.stderr
