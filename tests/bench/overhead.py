"""What the library costs a program that opens no model: with and without it, in turn, in one run.

    overhead.py BUILD [--json FILE] [--quick]       alone; it is also a section of bench.py's report
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def build(source, folder):
    program = folder / Path(source).stem
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", program, HERE / source], check=True)
    return program


def environment(library):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CTSHIM_", "CRYPTOTENSOR_", "LD_"))}
    return env | ({"LD_PRELOAD": str(library)} if library else {})


def in_turn(rounds, measure, library):
    """Medians of `measure(environment)` without and with the library."""
    values = ([], [])
    for i in range(rounds + 1):
        for which, lib in enumerate((None, library)):
            value = measure(environment(lib))
            if i > 0:  # the first round warms up
                values[which].append(value)
    return tuple(statistics.median(v) for v in values)


def printed(argv):
    """Measures by what a program prints."""
    def measure(env):
        return float(subprocess.run(argv, env=env, check=True, capture_output=True, text=True).stdout)
    return measure


def wall(argv, cwd):
    """Measures by the clock, in milliseconds."""
    def measure(env):
        began = time.perf_counter()
        subprocess.run(argv, env=env, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
        return (time.perf_counter() - began) * 1e3
    return measure


def started(program, count, library, argv):
    done = subprocess.run([program, str(count), library, *argv], env=environment(None), check=True,
                          capture_output=True, text=True)
    return tuple(float(x) for x in done.stdout.split())


def make_tree(folder, files):
    """A git work tree of many small files."""
    quiet = dict(cwd=folder, check=True, stdout=subprocess.DEVNULL)
    for i in range(files):
        place = folder / f"d{i % 100:02}" / f"e{i % 7}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"f{i}.txt").write_text(f"{i}\n" * 40)
    subprocess.run(["git", "init", "-q"], **quiet)
    subprocess.run(["git", "add", "."], **quiet)
    subprocess.run(["git", "-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "tree"], **quiet)
    return folder


def rows(library, folder, quick):
    calls, start = build("calls.c", folder), build("start.c", folder)
    few, many = (5, 20_000) if quick else (15, 200_000)
    ordinary = folder / "ordinary.txt"
    ordinary.write_text("ordinary text\n" * 100_000)
    source = sorted((ROOT / "format").glob("*.c"))[:4]
    compile_ = ["cc", "-O1", "-std=gnu11", "-D_GNU_SOURCE", "-I", ROOT / "crypto", "-I", ROOT / "format", "-c",
                *source]
    yield "start of true", "µs", *started(start, 40 if quick else 400, library, ["true"])
    yield "start of python3 -c pass", "µs", *started(start, 10 if quick else 60, library,
                                                     [sys.executable, "-c", "pass"])
    yield "open and close a file", "ns", *in_turn(few, printed([calls, "open", str(many), ordinary]), library)
    yield "read a byte of a file", "ns", *in_turn(few, printed([calls, "file", str(many), ordinary]), library)
    yield "write and read a byte of a pipe", "ns", *in_turn(few, printed([calls, "pipe", str(many)]), library)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        tree = make_tree(Path(place), 2_000 if quick else 20_000)
        yield "git status, large tree", "ms", *in_turn(few, wall(["git", "status"], tree), library)
        yield "compile four files", "ms", *in_turn(few, wall(compile_, place), library)


def measured(library, quick, say=lambda text: None):
    """Every row as a dict."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for name, unit, without, with_ in rows(Path(library).resolve(), Path(folder), quick):
            say(f"{name}: {without:.1f} {unit} without, {with_:.1f} {unit} with the library")
            results.append({"work": name, "unit": unit, "without": without, "with": with_})
    return results


def show(results):
    print(f"{'':34}{'without':>12}{'with':>12}{'difference':>14}{'ratio':>8}")
    for r in results:
        without, with_, unit = r["without"], r["with"], r["unit"]
        print(f"{r['work']:34}{without:9.1f} {unit}{with_:9.1f} {unit}{with_ - without:+11.1f} {unit}"
              f"{with_ / without:8.3f}")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("build", type=Path)
    options.add_argument("--json", type=Path)
    options.add_argument("--quick", action="store_true")
    options = options.parse_args()
    results = measured(options.build / "libctshim.so", options.quick)
    show(results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
