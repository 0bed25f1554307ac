"""Many cases at once, on all processors: python tests/interop/run.py [--seed N] [--count N]
[--mutants N] [--case KIND:NUMBER]

A case is known by its seed, its kind and its number, and is the same whenever it is run. (Except for
what the writers of encrypted files draw themselves: keys, nonces, and orders of hash tables.)
"""

import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from functools import partial

import differential
import mutants
from workers import BUILD, COMMAND, LIBRARY, versions

KEPT = BUILD / "interop"  # files of cases that failed
tools = None  # of this process


def runners():
    """kind -> run(seed, number, tools), which returns None or the words for what went wrong, and works in
    tools.folder."""
    return {kind: partial(differential.run_case, kind) for kind in differential.KINDS} | {"mutant": mutants.run_case}


def prepare(place):
    """In each process: its own workers, which end when it does, and a folder for its files."""
    global tools
    os.nice(5)
    tools = differential.Tools(tempfile.mkdtemp(dir=place))


def run(job):
    kind, seed, number = job
    tools.note = None
    try:
        wrong = runners()[kind](seed, number, tools)
    except Exception as e:  # a fault of the tests' own: it must not pass for a case that went well
        wrong = f"{type(e).__name__}: {e}"
    if wrong:
        keep = KEPT / f"{kind}-{seed}-{number}"
        shutil.rmtree(keep, ignore_errors=True)
        shutil.copytree(tools.folder, keep)
        wrong += f"\n  files: {keep}"
    return kind, number, wrong, tools.note


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("CTSHIM_TEST_SEED", random.randrange(1 << 32))))
    parser.add_argument("--count", type=int, default=1000, help="cases in each direction (default: %(default)s)")
    parser.add_argument("--mutants", type=int, default=6000, help="cases of mutation (default: %(default)s)")
    parser.add_argument("--case", help="only this one, say read:17")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def jobs(options):
    kinds = runners()
    if options.case:
        kind, _, number = options.case.partition(":")
        if kind not in kinds or not number.isdigit():
            sys.exit(f"interop: --case {options.case}: not KIND:NUMBER with KIND one of {', '.join(kinds)}")
        return [(kind, options.seed, int(number))]
    counts = {kind: options.mutants if kind == "mutant" else options.count for kind in kinds}
    return [(kind, options.seed, n) for kind, count in counts.items() for n in range(count)]


def show(notes):
    """What became of mutants: a line for each way to change a file."""
    for what in sorted({what for what, _, _ in filter(None, notes)}):
        became = ", ".join(f"{count} {ours}" if ours == theirs else f"{count} {ours} here, {theirs} there"
                           for (name, ours, theirs), count in sorted(n for n in notes.items() if n[0])
                           if name == what)
        print(f"  {what:<40} {became}")


def main():
    chosen = options()
    for needed in (LIBRARY, COMMAND):
        if not needed.is_file():
            sys.exit(f"interop: {needed}: not there: run make first")
    if not versions():
        sys.exit("interop: the other implementation is not installed: scripts/setup installs it, for Python 3.13 "
                 "and older")
    todo, start = jobs(chosen), time.monotonic()
    print(f"interop: seed {chosen.seed}, {len(todo)} cases, with {', '.join(versions())}", flush=True)
    passed, failed, notes = dict.fromkeys((kind for kind, _, _ in todo), 0), 0, Counter()
    with (tempfile.TemporaryDirectory(prefix="interop-") as place,
          multiprocessing.Pool(min(chosen.jobs, len(todo)), prepare, [place]) as pool):
        for kind, number, wrong, note in pool.imap_unordered(run, todo, chunksize=4):
            notes[note] += note is not None
            if wrong:
                failed += 1
                print(f"interop: FAILED: make interop SEED={chosen.seed} CASE={kind}:{number}\n{wrong}", flush=True)
            else:
                passed[kind] += 1
    show(notes)
    counts = ", ".join(f"{kind} {count}" for kind, count in passed.items())
    print(f"interop: seed {chosen.seed}: {sum(passed.values())} passed ({counts}), {failed} failed, "
          f"{time.monotonic() - start:.0f} s")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
