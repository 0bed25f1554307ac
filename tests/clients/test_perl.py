"""Perl's ways to read a file."""

import shutil

import pytest

from configs import every_client_config
from harness import Checks

CHECKS = Checks("perl_io.pl")

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="perl is not installed")


@every_client_config
@pytest.mark.parametrize("name", CHECKS.names)
def test_perl(name, config, outcomes):
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, ["perl", CHECKS.source]))


@every_client_config
def test_damaged_or_no_key(config, all_fail):
    all_fail(CHECKS, config, ["perl", CHECKS.source])
