"""Rust's ways to read a file, compiled by rustc alone."""

import shutil
import subprocess

import pytest

from configs import every_client_config
from harness import Checks

CHECKS = Checks("rust_io.rs")

pytestmark = pytest.mark.skipif(shutil.which("rustc") is None, reason="rustc is not installed")


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("rust") / "rust_io"
    done = subprocess.run(["rustc", "--edition=2021", "-C", "debuginfo=0", "-o", path, CHECKS.source],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path


@every_client_config
@pytest.mark.parametrize("name", CHECKS.names)
def test_rust(name, config, outcomes, program):
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, [program]))


@every_client_config
def test_damaged_or_no_key(config, all_fail, program):
    all_fail(CHECKS, config, [program])
