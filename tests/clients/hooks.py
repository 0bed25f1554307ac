"""The list of what the library stands in front of, as preload/hooks.def has it."""

import re

from harness import ROOT

TEXT = (ROOT / "preload" / "hooks.def").read_text()
FUNCTIONS = re.findall(r"^HOOK\([^,]*, *(\w+),", TEXT, re.M)
ALIASES = dict(re.findall(r"^ALIAS\((\w+), *(\w+)\)", TEXT, re.M))
NAMES = [*FUNCTIONS, *ALIASES]
