"""Programs in C and C++, in the ways in which they are compiled."""

import pytest

from configs import CONFIGS, every_config
from harness import Checks

READS, STDIO, MAPS = Checks("reads.c"), Checks("stdio.c"), Checks("maps.c")
STREAMS, LAZY = Checks("streams.cc"), Checks("lazy.c")

# Large-file and fortified builds call libc by other names.
PLAIN = ("-O1", "-g")
FORTIFIED = ("-O2", "-g", "-D_FILE_OFFSET_BITS=64", "-D_FORTIFY_SOURCE=2")

both_builds = pytest.mark.parametrize("options", [PLAIN, FORTIFIED], ids=["plain", "fortified"])


def verdict(checks, name, config, options, outcomes, compile_program):
    compiler = "c++" if checks.source.suffix == ".cc" else "cc"
    program = compile_program(checks.source.name, options=options, compiler=compiler)
    checks.verdict(name, config, *outcomes(checks, config, [program]))


@both_builds
@every_config
@pytest.mark.parametrize("name", READS.names)
def test_reads(name, config, options, outcomes, compile_program):
    verdict(READS, name, config, options, outcomes, compile_program)


@both_builds
@every_config
@pytest.mark.parametrize("name", STDIO.names)
def test_stdio(name, config, options, outcomes, compile_program):
    verdict(STDIO, name, config, options, outcomes, compile_program)


@every_config
@pytest.mark.parametrize("name", MAPS.names)
def test_maps(name, config, outcomes, compile_program):
    verdict(MAPS, name, config, FORTIFIED, outcomes, compile_program)


ON_DEMAND = [c for c in CONFIGS if c.model == "big" or c.serve == "lazy"]


@pytest.mark.parametrize("config", ON_DEMAND, ids=str)
@pytest.mark.parametrize("name", LAZY.names)
def test_lazy(name, config, outcomes, compile_program):
    verdict(LAZY, name, config, FORTIFIED, outcomes, compile_program)


@pytest.mark.parametrize("config", CONFIGS[:8], ids=str)
@pytest.mark.parametrize("name", STREAMS.names)
def test_streams(name, config, outcomes, compile_program):
    verdict(STREAMS, name, config, ("-O1", "-std=c++17"), outcomes, compile_program)
