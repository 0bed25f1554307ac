"""The life of processes: children of every kind, descriptors that arrive in every way, handlers, cancellation, limits,
files that change. Programs of checks, each in every serving mode."""

import pytest

from configs import Config, every_mode
from harness import Checks

PROGRAMS = [Checks(name) for name in ("family.c", "arrivals.c", "changes.c", "interrupts.c")]


@every_mode
@pytest.mark.parametrize("checks, name", [(c, n) for c in PROGRAMS for n in c.names],
                         ids=[f"{c.source.stem}-{n}" for c in PROGRAMS for n in c.names])
def test_life(checks, name, serve, outcomes, compile_program, pair):
    config = Config("numpy", 2, chunk="4096", serve=serve)
    other = pair(Config("damage", 2, chunk="4096"))
    # What goes wrong in files that change is logged; the checks say whether it may go wrong.
    env = {"OTHER_MODEL": other.encrypted, "OTHER_EXPECTED": other.expected,
           "CTSHIM_LOG": "off" if checks.source.stem == "changes" else None}
    checks.verdict(name, config, *outcomes(checks, config, [compile_program(checks.source.name)], env))
