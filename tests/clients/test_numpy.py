"""numpy's maps and reads."""

import sys

import pytest

from configs import every_config
from harness import Checks

CHECKS = Checks("pynumpy.py")


@every_config
@pytest.mark.parametrize("name", CHECKS.names)
def test_numpy(name, config, outcomes):
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, [sys.executable, CHECKS.source]))
