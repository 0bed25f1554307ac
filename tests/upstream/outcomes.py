"""What each test of one run came to, from pytest's junit report."""

import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    verdict: str  # passed, failed or skipped
    encrypted: int  # files that it saved and that were encrypted


class Outcomes(dict):
    """Test, as FILE::CLASS::NAME, -> Outcome."""

    def count(self, verdict):
        return Counter(o.verdict for o in self.values())[verdict]

    @property
    def encrypted(self):
        return sum(o.encrypted for o in self.values())


def verdict(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def test_name(case):
    """test_numpy.py::Case::test_save: short enough to be read and written by people."""
    module, *rest = case.get("classname").removeprefix("tests.").split(".")
    return "::".join([f"{module}.py", *rest, case.get("name")])


def read(report):
    """The Outcomes in a report; a test that is there twice (its teardown failed too) failed."""
    outcomes = Outcomes()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        files = sum(int(p.get("value")) for p in case.iter("property") if p.get("name") == "encrypted")
        name, said = test_name(case), verdict(case)
        if name in outcomes:
            said = "failed" if "failed" in (said, outcomes[name].verdict) else said
        outcomes[name] = Outcome(said, files)
    return outcomes
