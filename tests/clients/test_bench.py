"""The bench says what is wrong: a wrong answer never gets a time, and a goal that was missed is called so."""

import json
import sys

import pytest

from harness import BUILD, ROOT, Shim

BENCH = ROOT / "tests" / "bench"
sys.path.append(str(BENCH))

from goals import judged  # noqa: E402
from works import Goal  # noqa: E402

MIB = 1 << 20


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """One row, by the plain file, in mode lazy, and by a lazy one that forgets the library and so reads ciphertext."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "build").mkdir()
    for name in ("libctshim.so", "ctshim"):
        (folder / "build" / name).symlink_to(BUILD / name)
    argv = [sys.executable, BENCH / "bench.py", "--build", folder / "build", "--size", "40M", "--runs", "1",
            "--work", "W1", "--peer", "plain,lazy,lazy+LD_PRELOAD=", "--docs", folder / "docs"]
    done = Shim(folder).run(argv, on=False, timeout=300).check(1)
    return done, json.loads((folder / "build" / "bench-part.json").read_text()), folder / "docs"


def test_right_answers_get_times(measured):
    cells = measured[1]["sections"][0]["rows"][0]["cells"]
    assert cells["plain"]["min"] > 0 and cells["lazy"]["min"] > 0


def test_wrong_answer_gets_none(measured):
    done, result, _ = measured
    cell = result["sections"][0]["rows"][0]["cells"]["lazy+LD_PRELOAD="]
    assert "min" not in cell and "not what the plain file holds" in cell["failed"], cell
    assert "FAILED" in done.text and b"Traceback" not in done.err, done.describe()


def test_page_and_chart(measured):
    docs = measured[2]
    assert "| W1 |" in (docs / "bench.md").read_text()
    assert "<svg" in (docs / "bench.svg").read_text()
    assert str(ROOT) not in (docs / "bench.md").read_text()


def cells(**seconds):
    return {"data": 100 * MIB, "cells": {n: {"min": s, "cgroup": None, "rss": int(s * MIB)} for n, s in seconds.items()}}


@pytest.mark.parametrize("goal, seconds, verdict", [
    (Goal("lazy", "<=", 2, "plain"), {"lazy": 1.9, "plain": 1.0}, "reached"),
    (Goal("lazy", "<=", 2, "plain"), {"lazy": 2.1, "plain": 1.0}, "missed"),
    (Goal("lazy", "<=", 0.8, "theirs"), {"lazy": 0.9, "theirs": 1.0}, "missed"),
    (Goal("lazy", "<=", 0.8, "theirs"), {"lazy": 0.79, "theirs": 1.0}, "reached"),
    (Goal("lazy", "<=", 2, "plain", 5), {"lazy": 0.0055, "plain": 0.001}, "reached"),
    (Goal("lazy", "<=", 2, "plain", 5), {"lazy": 0.0065, "plain": 0.001}, "missed"),
    (Goal("lazy", "faster", 3, "theirs"), {"lazy": 1.0, "theirs": 3.1}, "reached"),
    (Goal("lazy", "faster", 3, "theirs"), {"lazy": 1.0, "theirs": 2.9}, "missed"),
    (Goal("lazy", "faster", 3, "theirs"), {"lazy": 1.0}, None),
    (Goal("lazy", "memory", 1, "data", 48), {"lazy": 147}, "reached"),
    (Goal("lazy", "memory", 1, "data", 48), {"lazy": 149}, "missed"),
    (Goal("lazy", "memory", 1, "64 MiB", 6), {"lazy": 71}, "missed"),
    (Goal("lazy", "of", 0.3, "data"), {"lazy": 29}, "reached"),
    (Goal("lazy", "of", 0.3, "data"), {"lazy": 31}, "missed"),
])
def test_verdicts(goal, seconds, verdict):
    assert judged(goal, cells(**seconds))["verdict"] == verdict
