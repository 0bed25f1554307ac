"""The life of processes: children of every kind, descriptors that arrive in every way, handlers, cancellation, limits,
files that change. Programs of checks, each in every serving mode."""

import errno

import pytest

from configs import Config, every_mode
from harness import Checks

PROGRAMS = [Checks(name) for name in ("family.c", "arrivals.c", "changes.c", "interrupts.c", "limits.c")]


@every_mode
@pytest.mark.parametrize("checks, name", [(c, n) for c in PROGRAMS for n in c.names],
                         ids=[f"{c.source.stem}-{n}" for c in PROGRAMS for n in c.names])
def test_life(checks, name, serve, outcomes, compile_program, pair):
    config = Config("numpy", 2, chunk="4096", serve=serve)
    other = pair(Config("damage", 2, chunk="4096"))
    # What goes wrong there is logged; the checks say whether it may go wrong.
    env = {"OTHER_MODEL": other.encrypted, "OTHER_EXPECTED": other.expected,
           "CTSHIM_LOG": "off" if checks.source.stem in ("changes", "limits") else None}
    checks.verdict(name, config, *outcomes(checks, config, [compile_program(checks.source.name)], env))


LIMITED = """
import os, resource, sys
which, most = getattr(resource, sys.argv[2]), int(sys.argv[3])
resource.setrlimit(which, (most, resource.getrlimit(which)[1]))
try:
    sys.stdout.buffer.write(os.read(os.open(sys.argv[1], 0), 9000))
except OSError as e:
    print(e.errno)
"""


@pytest.mark.parametrize("serve, limit, most, error, told", [
    ("eager", "RLIMIT_NOFILE", 4, errno.EMFILE, "ulimit -n"),
    ("memfd", "RLIMIT_NOFILE", 4, errno.EMFILE, "ulimit -n"),
    ("memfd", "RLIMIT_FSIZE", 1000, errno.EFBIG, "ulimit -f"),
])
def test_limits_are_told(serve, limit, most, error, told, shim, small):
    """An error that no plain file would give comes with the reason."""
    result = shim.python(LIMITED, small.encrypted, limit, most, keys=small.keys, serve=serve, quiet=False).check()
    assert result.text == f"{error}\n", result.describe()
    assert len(result.messages) == 1 and told in result.messages[0], result.describe()
    enough = shim.python(LIMITED, small.encrypted, limit, 10000000 if "FSIZE" in limit else 100, keys=small.keys,
                         serve=serve)
    assert enough.out == small.image[:9000]
