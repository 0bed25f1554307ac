"""Where libc is not in the way: in mode memfd a descriptor that libc opened is plaintext wherever it goes."""

import pytest

from configs import Config
from harness import Checks

REACH = Checks("reach.c")
CONFIGS = [Config("numpy", 2, chunk="4096", serve="memfd"), Config("numpy", 1, serve="memfd")]


@pytest.fixture(scope="session")
def outsider(compile_program):
    """A program that no library can be preloaded into."""
    return compile_program("outsider.c", options=("-O1", "-static"))


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("name", REACH.names)
@pytest.mark.parametrize("required", [None, "encrypted"], ids=["", "required"])
def test_reach(name, config, required, outcomes, compile_program, outsider, shim, pair):
    """Also where plain models are refused: the plaintext of an encrypted one is none."""
    env = {"STATIC_PROGRAM": outsider, "CTSHIM_REQUIRE": required, "CTSHIM_MATCH": "*model.safetensors*"}
    argv = [compile_program("reach.c")]
    REACH.verdict(name, config, *outcomes(REACH, config, argv, env))
    if name == "check_ring":
        files = pair(config)
        said = shim.run([*argv, files.encrypted, files.expected, shim.home, name], keys=files.keys, serve="memfd")
        if "no ring: " in said.text:
            pytest.skip("the kernel lets nobody have a ring: " + said.text.split("no ring: ")[1].splitlines()[0])
