"""Mutated files: what is served is the plaintext or nothing. `make interop` tries many more of them."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))

import mutants  # noqa: E402
import mutations  # noqa: E402
from bases import pair  # noqa: E402
from fixed import tools  # noqa: E402, F401
from models import SEED  # noqa: E402
from parting import OTHER, REASONS, REFUSED, SERVED, explained  # noqa: E402

COUNT = 160


@pytest.mark.parametrize("number", range(COUNT))
def test_mutant(number, tools):
    wrong = mutants.run_case(SEED, number, tools)
    if wrong:
        pytest.fail(f"make interop SEED={SEED} CASE=mutant:{number}\n{wrong}", pytrace=False)


@pytest.mark.parametrize("name", mutations.MUTATIONS)
def test_each_mutation_changes_the_file(name, tools):
    """Twice the same for the same seed, otherwise for another, and never the file as it was."""
    for group in range(40):
        a, b = pair(SEED, group, tools)
        try:
            once, again = (mutations.MUTATIONS[name](random.Random(f"{SEED} {name}"), a, b) for _ in range(2))
        except mutations.NotHere:
            continue
        assert once == again
        if once != a.data:
            return
    pytest.fail("no file was changed by it")


def test_every_reason_is_of_use():
    for names, here, theres in REASONS:
        for name in names:
            assert any(m.startswith(name) for m in mutations.MUTATIONS), name
        assert here != OTHER and all(there != here for there in theres)
    assert not explained("a bit of the length", REFUSED, SERVED) and not explained("reordered", SERVED, REFUSED)


@pytest.mark.parametrize("wrong, says", [("content", "OTHER BYTES are served"), ("parting", "served here, refused there")])
def test_what_is_wrong_is_found(wrong, says, tools, monkeypatch):
    """A mutant that is served as something else, or that they refuse without a reason, does not pass."""
    a, b = pair(SEED, 0, tools)
    data = mutations.reordered(random.Random(1), a, b)
    monkeypatch.setattr(mutants, "mutant", lambda *_: ("reordered", a, data))
    assert mutants.run_case(SEED, 0, tools) is None
    if wrong == "content":
        monkeypatch.setattr(a, "content", (a.content[0], {"another": "metadata"}))
    else:
        monkeypatch.setattr(mutants, "theirs", lambda *_: (REFUSED, tools.bare.load("/nowhere")))
    assert says in mutants.run_case(SEED, 0, tools)
