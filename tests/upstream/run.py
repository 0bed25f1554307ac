"""The test suite of stock safetensors, under the library, with the files that it saves encrypted.

    run.py [VERSION]...   exit status 0: all is as it should be; 1: it is not; 77: skipped, saying why

Each run is the whole suite. The first, without the library, says how each test should end. Those
under the library must end test by test as that one, whatever is encrypted; without the library, each
test that reads values of encrypted files must fail. `expected.py` names every exception.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients"))

from expected import READS_NO_VALUE, SEES_HEADER  # noqa: E402
from fetch import NotFetched, installed_version, suite  # noqa: E402
from harness import COMMAND, LIBRARY, alternates  # noqa: E402
from running import PLACE, Keys, Run, Suite, left_out  # noqa: E402

SKIPPED = 77
V1, SMALL = ("--version", "1"), ("--chunk-size", "4096")
BASELINE = Run("baseline", shim=False)
RUNS = [
    Run("plain", shim=True),
    Run("v2", shim=True, seal=()),
    Run("v2-small-chunks", shim=True, seal=SMALL),
    Run("v1", shim=True, seal=V1),
    Run("v2-lazy", shim=True, seal=(), serve="lazy"),
    Run("v2-memfd", shim=True, seal=(), serve="memfd"),
    Run("v2-bare", shim=False, seal=()),
    Run("v1-bare", shim=False, seal=V1),
]


def should(run, name, baseline, outcome):
    """The ways in which a test may end in a run."""
    if baseline.verdict != "passed" or not outcome.encrypted:
        return {baseline.verdict}
    if run.shim:
        return {"failed"} if name in SEES_HEADER else {"passed"}
    return {"passed", "failed"} if name in READS_NO_VALUE else {"failed"}


def faults(run, baseline, outcomes, said):
    """What is not as it should be, a line each."""
    wrong = [f"{name}: there in one run only" for name in sorted(baseline.keys() ^ outcomes.keys())]
    for name in sorted(baseline.keys() & outcomes.keys()):
        may, got = should(run, name, baseline[name], outcomes[name]), outcomes[name].verdict
        if got not in may:
            wrong.append(f"{name}: {got}, should be {' or '.join(sorted(may))}")
    if (run.seal is not None) != (outcomes.encrypted > 0):
        wrong.append(f"{outcomes.encrypted} files were encrypted")
    return wrong + [f"the library said: {line}" for line in said]


def row(what, cells):
    print(f"{what:<60}" + "".join(f"{cell:>10}" for cell in cells), flush=True)


def show(run, outcomes, wrong):
    """A row of the table, and what is wrong below it."""
    counts = [outcomes.count(verdict) for verdict in ("passed", "failed", "skipped")]
    row(run.what, [*counts, outcomes.encrypted, "WRONG" if wrong else "ok"])
    for line in wrong:
        print(f"    {line}", flush=True)


def examine(tests):
    """All runs of one suite; whether all were as they should be."""
    print()
    row(f"safetensors {tests.version}", ("passed", "failed", "skipped", "encrypted", ""))
    baseline, _ = tests.run(BASELINE)
    wrong = [f"{n}: fails without the library too" for n, o in baseline.items() if o.verdict == "failed"]
    if not baseline.count("passed"):
        wrong.append("no test passed")
    show(BASELINE, baseline, wrong)
    good = not wrong
    for run in RUNS:
        outcomes, said = tests.run(run)
        wrong = faults(run, baseline, outcomes, said)
        show(run, outcomes, wrong)
        good = good and not wrong
    return good


def show_exceptions():
    print("\nWith the library and encrypted files, these tests fail, because a program sees a header as"
          "\nlong as the encrypted file's, with spaces at its end:")
    for name, reads in SEES_HEADER.items():
        print(f"    {name}: compares {reads}")


def versions(wanted):
    """Versions of stock safetensors that are here -> where they lie; None: installed."""
    here = {installed_version(): None} | alternates()
    if absent := [v for v in wanted if v not in here]:
        sys.exit(f"upstream tests: safetensors {', '.join(absent)} is not here: there are {', '.join(here)}")
    return {v: place for v, place in here.items() if not wanted or v in wanted}


def main():
    for built in (LIBRARY, COMMAND):
        if not built.is_file():
            sys.exit(f"upstream tests: {built}: not there: run make first")
    chosen = versions(sys.argv[1:])
    try:
        sources = {version: suite(version, PLACE) for version in chosen}
    except NotFetched as e:
        print(f"upstream tests: skipped: {e}")
        sys.exit(SKIPPED)
    keys = Keys(PLACE / "home")
    for file, missing in left_out().items():
        print(f"left out: {file}: not installed: {', '.join(missing)}")
    good = [examine(Suite(version, sources[version], place, keys)) for version, place in chosen.items()]
    show_exceptions()
    print(f"upstream tests: {'all' if all(good) else 'NOT all'} as it should be; reports are in {PLACE}")
    sys.exit(not all(good))


main()
