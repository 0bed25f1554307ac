"""Python's own ways to read a file, in the interpreters that are there."""

import os
import sys

import pytest

from configs import every_client_config, every_config
from harness import Checks

CHECKS = Checks("python_io.py")

# Distributions build their Python against fortified libc names (__open64_2); the one that runs the tests
# may not be. Other versions lie beside it on some.
SYSTEM = ["/usr/bin/python3", *(p for p in (f"/usr/bin/python3.{n}" for n in range(9, 16))
                                if os.access(p, os.X_OK) and not os.path.samefile(p, "/usr/bin/python3"))]


@every_config
@pytest.mark.parametrize("name", CHECKS.names)
def test_python(name, config, outcomes):
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, [sys.executable, CHECKS.source]))


@pytest.mark.parametrize("python", SYSTEM)
@every_client_config
@pytest.mark.parametrize("name", CHECKS.names)
def test_system_python(name, config, python, outcomes):
    if not os.access(python, os.X_OK):
        pytest.skip(f"{python} is not installed")
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, [python, CHECKS.source]))
