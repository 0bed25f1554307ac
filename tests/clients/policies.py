"""Policies for tests: those that docs/policy.md shows, and programs that load what they guard."""

import re

from harness import ROOT

PAGE = ROOT / "docs" / "policy.md"

# Stock safetensors, and what the system call under it says: it reports every failing open as a missing file.
LOAD = """
import errno, hashlib, os, sys
from safetensors.numpy import load_file
try:
    os.close(os.open(sys.argv[1], os.O_RDONLY))
except OSError as e:
    print(errno.errorcode[e.errno])
try:
    tensors = load_file(sys.argv[1])
    print(hashlib.sha256(b"".join(n.encode() + tensors[n].tobytes() for n in sorted(tensors))).hexdigest())
except Exception as e:
    print(type(e).__name__)
"""


def documented():
    """Heading -> the module below it, of the ten policies; the same for the operator's part of the page."""
    ten, operators = PAGE.read_text().split("\n## Ten policies\n")[1].split("\n## An operator's policy\n")
    found = {}
    for section in ten.split("\n### ")[1:]:
        heading, blocks = section.split("\n", 1)[0], re.findall(r"```rego\n(.*?)```", section, re.S)
        assert len(blocks) == 1, heading
        found[heading] = blocks[0]
    return found, re.findall(r"```rego\n(.*?)```", operators, re.S)


def digest(shim, plain):
    """What LOAD prints of a plain model."""
    return shim.python(LOAD, plain, on=False).check().text.split()[-1]


def load(shim, model, keys, env=None, argv=()):
    """Load it under the library."""
    return shim.python(LOAD, model, *argv, keys=keys, env=env, quiet=False).check()


def denied(result, model, *says):
    """Refused with EACCES, no byte handed out, and one line for each opening that says why."""
    assert result.text.split() == ["EACCES", "FileNotFoundError"], result.describe()
    assert result.messages, result.describe()
    for line in result.messages:
        assert line.startswith(f"ctshim: {model}: ") and all(s in line for s in says), (says, result.describe())
    return result
