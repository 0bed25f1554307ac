"""Python's own ways to read a file."""

import shutil
import sys

import pytest

from configs import CONFIGS, every_config
from harness import Checks

CHECKS = Checks("python_io.py")

# Distributions build their Python against fortified libc names; the one that runs the tests may not be.
SYSTEM = "/usr/bin/python3"


@every_config
@pytest.mark.parametrize("name", CHECKS.names)
def test_python(name, config, outcomes):
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, [sys.executable, CHECKS.source]))


@pytest.mark.parametrize("config", CONFIGS[:2], ids=str)
@pytest.mark.parametrize("name", CHECKS.names)
def test_system_python(name, config, outcomes):
    if shutil.which(SYSTEM) is None:
        pytest.skip(f"{SYSTEM} is not installed")
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, [SYSTEM, CHECKS.source]))
