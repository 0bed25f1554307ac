"""Stock safetensors, in the versions that are there, with numpy."""

import sys

import pytest
import safetensors

from configs import CONFIGS, Config
from harness import Checks, alternates

CHECKS = Checks("pysafetensors.py")
INSTALLED = safetensors.__version__
OTHERS = ("0.7.0", "0.5.3", "0.4.5")  # what is in use: shared maps in the last, private ones in the others


def path_to(version):
    """PYTHONPATH that makes `import safetensors` find this version."""
    if version == INSTALLED:
        return None
    if version not in alternates():
        pytest.skip(f"safetensors {version} is not in .venv/alt (scripts/setup puts it there)")
    return {"PYTHONPATH": alternates()[version]}


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("version", (INSTALLED, *OTHERS))
@pytest.mark.parametrize("name", CHECKS.names)
def test_safetensors(name, version, config, outcomes):
    if config.model != "numpy":
        config = Config("numpy", config.version, config.alg, "2M", config.serve)
    CHECKS.verdict(name, config, *outcomes(CHECKS, config, [sys.executable, CHECKS.source], path_to(version)))


@pytest.mark.parametrize("version", OTHERS)
def test_versions_are_the_ones_meant(version, shim):
    out = shim.python("import safetensors; print(safetensors.__version__)", on=False,
                      env=path_to(version)).check()
    assert out.text.strip() == version
