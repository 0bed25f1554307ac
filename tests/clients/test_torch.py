"""Stock safetensors with torch, and torch's own ways to a file."""

import importlib.util
import sys

import pytest

from configs import SERVING_MODES, Config
from harness import Checks
from test_safetensors import INSTALLED, OTHERS, path_to

CHECKS = Checks("pytorch.py")

# Importing torch takes its time: one process for each of these.
RUNS = [
    (INSTALLED, Config("torch", 2, chunk="4096")),
    (INSTALLED, Config("torch", 2, chunk="4096", serve="memfd")),
    (INSTALLED, Config("torch", 1)),
    (INSTALLED, Config("torch", 1, "chacha20poly1305", serve="memfd")),
    (INSTALLED, Config("big", 2)),
    *((version, Config("torch", 2, chunk="4096", serve=serve)) for version in OTHERS for serve in SERVING_MODES),
    (OTHERS[-1], Config("torch", 1, "aes128gcm")),
]

pytestmark = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")


@pytest.mark.parametrize("version, config", RUNS, ids=lambda v: str(v))
@pytest.mark.parametrize("name", CHECKS.names)
def test_torch(name, version, config, outcomes):
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, [sys.executable, CHECKS.source], path_to(version)))
