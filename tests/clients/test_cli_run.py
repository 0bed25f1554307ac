"""ctshim run: programs under the shim, and what it refuses to run."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from harness import COMMAND, LIBRARY


def test_run(shim, keys, small):
    assert shim.ctshim("run", "--keys", keys, "--", "cat", small.encrypted).check().out == small.image
    assert shim.ctshim("run", "--keys", keys, "cat", small.encrypted).check().out == small.image
    assert (
        shim.ctshim("run", "--keys", keys, "--serve", "memfd", "--", "cat", small.encrypted).check().out
        == small.image
    )
    env = {"CRYPTOTENSOR_KEY_JKU": keys}
    assert shim.ctshim("run", "--", "cat", small.encrypted, env=env).check().out == small.image


def test_run_serves_as_told(shim, keys, small):
    show = "import os, sys; fd = os.open(sys.argv[1], 0); print(os.readlink(f'/proc/self/fd/{fd}').split(':')[0])"
    for mode in ("eager", "memfd"):
        out = shim.ctshim(
            "run", "--keys", keys, "--serve", mode, "--", sys.executable, "-c", show, small.encrypted
        ).check()
        assert ("memfd" in out.text) == (mode == "memfd")


def test_run_takes_relative_keys(shim, keys, small, tmp_path):
    """The key file is found even when the program changes its directory."""
    (tmp_path / "k.jwk").write_text(keys.read_text())
    (tmp_path / "k.jwk").chmod(0o600)
    result = shim.ctshim(
        "run", "--keys", "k.jwk", "--", "sh", "-c", f"cd /; cat '{small.encrypted}'", cwd=tmp_path
    )
    assert result.check().out == small.image


@pytest.mark.parametrize(
    "script, status", [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -TERM $$", -15)]
)
def test_run_ends_as_the_command_does(script, status, shim, keys):
    assert shim.ctshim("run", "--keys", keys, "--", "sh", "-c", script).status == status


def test_run_passes_arguments_and_input(shim, keys):
    result = shim.ctshim(
        "run",
        "--keys",
        keys,
        "--",
        "sh",
        "-c",
        'printf "%s|" "$0" "$@"; cat',
        "a b",
        "--keys",
        "*",
        "",
        input=b"from stdin",
    )
    assert result.check().out == b"a b|--keys|*||from stdin"


def test_run_keeps_an_existing_preload(shim, keys):
    libm = subprocess.run(
        ["cc", "-print-file-name=libm.so.6"], capture_output=True, text=True
    ).stdout.strip()
    result = shim.ctshim("run", "--keys", keys, "--", "env", env={"LD_PRELOAD": libm}).check()
    preload = re.search(r"^LD_PRELOAD=(.*)$", result.text, re.M)[1]
    first, *rest = re.split(r"[ :]", preload)
    assert os.path.samefile(first, LIBRARY) and rest == [libm]


def test_run_refuses(shim, keys, tmp_path):
    (tmp_path / "text").write_text("no program")
    assert shim.ctshim("run", "--keys", keys, "--", "no-such-command").check(127).messages
    assert shim.ctshim("run", "--keys", keys, "--", tmp_path / "none").check(127).messages
    assert shim.ctshim("run", "--keys", keys, "--", tmp_path / "text").check(126).messages
    assert shim.ctshim("run", "--keys", keys, "--", tmp_path).check(126).messages
    for bad in ("none.jwk", "text"):
        assert bad in shim.ctshim("run", "--keys", bad, "--", "true", cwd=tmp_path).check(1).messages[0]


def test_run_refuses_static_programs(shim, keys, tmp_path):
    (tmp_path / "s.c").write_text("int main(void) { return 0; }\n")
    if subprocess.run(
        ["cc", "-static", "-o", tmp_path / "s", tmp_path / "s.c"], capture_output=True
    ).returncode:
        pytest.skip("no static libc")
    result = shim.ctshim("run", "--keys", keys, "--", tmp_path / "s").check(126)
    assert "static" in result.messages[0]


def test_run_without_its_library(shim, keys, tmp_path):
    """ld.so would go on without a preload; run does not."""
    alone = tmp_path / "bin" / "ctshim"
    alone.parent.mkdir()
    shutil.copy(COMMAND, alone)
    result = shim.run([alone, "run", "--keys", keys, "--", "true"], on=False).check(126)
    assert "libctshim.so" in result.messages[0]
    (alone.parent / "libctshim.so").write_bytes(b"\x7fELF damaged")
    assert shim.run([alone, "run", "--keys", keys, "--", "true"], on=False).check(126).messages


def test_run_finds_its_library(shim, keys, small, tmp_path):
    for place in ("bin", "lib"):
        root = tmp_path / place
        (root / "bin").mkdir(parents=True)
        (root / place).mkdir(exist_ok=True)
        shutil.copy(COMMAND, root / "bin" / "ctshim")
        shutil.copy(LIBRARY, root / place / "libctshim.so")
        link = tmp_path / f"link-{place}"
        link.symlink_to(root / "bin" / "ctshim")
        for command in (root / "bin" / "ctshim", link):
            assert (
                shim.run([command, "run", "--keys", keys, "--", "cat", small.encrypted], on=False)
                .check()
                .out
                == small.image
            )


def test_run_of_scripts(shim, keys, small, tmp_path):
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ncat '{small.encrypted}'\n")
    script.chmod(0o755)
    assert shim.ctshim("run", "--keys", keys, "--", script).check().out == small.image
    python = tmp_path / "script.py"
    python.write_text(
        f"#!/usr/bin/env python3\nimport sys\nsys.stdout.buffer.write(open({str(small.encrypted)!r}, 'rb').read())\n"
    )
    python.chmod(0o755)
    assert shim.ctshim("run", "--keys", keys, "--", python).check().out == small.image
