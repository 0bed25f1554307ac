"""How fast encrypted models load, beside plain ones and beside other ways to keep them encrypted: `make bench`.

    python tests/bench/bench.py [--size 2G] [--runs 5]                                  everything
    python tests/bench/bench.py --work W2 --peer plain,lazy --runs 5 --size 512M     one row of the table, two columns
    python tests/bench/bench.py --work W2,W6 --peer lazy,lazy@OTHER/build            two builds in turn, in one run
    python tests/bench/bench.py --work W1 --peer lazy,lazy+CTSHIM_VERIFY=open        with a variable set for one peer
    python tests/bench/bench.py --work C2 --section cold,slow --peer lazy --size 512M      cold disk, slow network

Works: W1 … W8 and R1 (works.py), W9 (commands.py), C1 C2 C4 C6 from a cold page cache (cold.py). Peers: peers.py, and
`roofline` in W2. Sections: main, v1, chacha, gpt2, commands, cold, slow, overhead. Where any of them is named, the table
is printed and written to BUILD/bench-part.json only. Build first: make all bench-programs.

Every cell runs once to warm up (and to compare a digest of what it read with the plain file's), then --runs times;
the columns of a row take turns. --verbose adds processor time, page faults, the single runs, and what the library said
(lazy+CTSHIM_STATS=1). --commands prints how to run a cell by hand. The status is 1 when a cell failed; a goal that was
missed is no failure.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import cold
import commands
import goals
import machine
import measure
import overhead
import peers
import report
from files import Files, size_of
from mounts import Mounts
from rows import Row, roofline
from works import WORKS

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("plain", "lazy", "eager", "memfd", "theirs", "gocryptfs")
SECTIONS = {
    "main": ("main", "v2", "aes256gcm", ("W1", "W2", "W3", "W3s", "W4", "W5", "W6", "W7", "W8", "R1")),
    "v1": ("main", "v1", "aes256gcm", ("W1", "W2", "W3", "W6")),
    "chacha": ("main", "chacha", "chacha20poly1305", ("W1", "W2", "W3", "W6")),
    "gpt2": ("gpt2", "v2", "aes256gcm", ("W1", "W2", "W3", "W4", "W5", "W6")),
}
OTHERS = ("commands", "cold", "slow", "overhead")
RESIDENT = "lazy+CTSHIM_RESIDENT=64M"


def names(text):
    return [t for t in text.split(",") if t]


def parse():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--build", type=Path, default=ROOT / "build")
    options.add_argument("--folder", type=Path, help="where the models lie (default: BUILD/bench)")
    options.add_argument("--size", type=size_of, default=2 << 30, help="data of the main file (default: 2G)")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--work", type=names, help="only these rows")
    options.add_argument("--peer", type=names, help="only these columns")
    options.add_argument("--section", type=names, help="only these sections")
    options.add_argument("--docs", type=Path, help="write bench.md and bench.svg there, whatever was measured; the "
                         "whole table of 2G goes to docs/ without")
    options.add_argument("--redraw", type=Path, metavar="JSON", help="measure nothing: write --docs from this file")
    options.add_argument("--commands", action="store_true", help="measure nothing: print what runs each cell by hand "
                         "(under perf or strace, say)")
    options.add_argument("--verbose", action="store_true")
    options = options.parse_args()
    options.folder = options.folder or options.build / "bench"
    known = [*WORKS, "W9", *cold.WORKS]
    for work in options.work or ():
        if work not in known:
            sys.exit(f"{work}: no such work: they are {', '.join(known)}")
    for section in options.section or ():
        if section not in (*SECTIONS, *OTHERS):
            sys.exit(f"{section}: no such section: they are {', '.join((*SECTIONS, *OTHERS))}")
    return options


def wanted(options):
    """The sections to run. A work that is named is run in the main section, or where it belongs."""
    if options.section:
        return options.section
    if not options.work:
        return [*SECTIONS, *OTHERS]
    places = [("main", set(WORKS)), ("commands", {"W9"}), ("cold", set(cold.WORKS))]
    return [name for name, ids in places if ids & set(options.work)]


def columns(options, section, work, files, mounts):
    """A row's peers."""
    texts = options.peer or [*COLUMNS, "roofline"]
    if not options.peer:
        if section in ("v1", "chacha"):
            texts.remove("gocryptfs")  # as in the main section: its file is a plain one
        if work.id == "R1":
            texts = ["plain", "lazy", RESIDENT]
    if work.id != "W2":
        texts = [t for t in texts if t != "roofline"]
    return [t if t == "roofline" else peers.Peer(t, options.build, files, mounts) for t in texts]


def load_section(name, options, files, mounts, group, line):
    """The rows of one kind of file."""
    model, variant, cipher, ids = SECTIONS[name]
    rows = []
    for id_ in ids:
        if options.work and id_ not in options.work:
            continue
        work = WORKS[id_]
        row = Row(id_, work.about, work.goals if name == "main" else (), files.data_size(work.file or model))
        found = {}
        for peer in columns(options, name, work, files, mounts):
            if peer == "roofline":
                found[peer] = roofline(options, files, cipher, row.data)
            elif why := peer.missing(id_) or measure.no_room(peer, work, row.data):
                row.skip(peer.text, why)
            else:
                found[peer.text] = measure.cell(peer, work, work.file or model, variant, group)
        if options.commands:
            line.commands(id_, found)
            continue
        plain = peers.Peer("plain", options.build, files, mounts)
        row.run(found, options.runs, line, measure.cell(plain, work, work.file or model, variant, group))
        rows.append(row)
    return rows


def run_section(name, options, files, mounts, group, line):
    if name == "commands":
        return commands.rows(options, files, mounts, group, line)
    if name in ("cold", "slow"):
        return cold.rows(name, options, files, mounts, group, line)
    return load_section(name, options, files, mounts, group, line)


def main():
    options = parse()
    if options.redraw:
        report.write_docs(json.loads(options.redraw.read_text()), options.docs or ROOT / "docs")
        return 0
    part = bool(options.work or options.peer or options.section)
    line = report.Progress()
    files = Files(options.folder, options.size, options.build / "ctshim", line.say)
    group = measure.Group()
    result = {"machine": machine.parts(), "size": options.size, "runs": options.runs,
              "notes": [group.missing] if group.missing else [], "sections": [], "overhead": []}
    with Mounts(options, line.say) as mounts:
        try:
            for name in wanted(options):
                line.section = name
                if name == "overhead":
                    quick = options.size < 1 << 30
                    result["overhead"] = overhead.measured(options.build / "libctshim.so", quick, line.say)
                    continue
                try:
                    rows = [row.result() for row in run_section(name, options, files, mounts, group, line)]
                except (OSError, subprocess.SubprocessError) as e:
                    # No disk left, say: what the other sections measured stays.
                    result["notes"].append(f"{report.TITLES[name]}: not measured: {e}")
                    continue
                if rows:
                    goals.judge(rows)
                    result["sections"].append({"id": name, "rows": rows})
                    line.clear()
                    report.print_section(name, rows, options)
        finally:
            line.clear()
            group.close()
    if options.commands:
        return 0
    report.print_overhead(result["overhead"])
    report.print_goals(result)
    place = options.build / ("bench-part.json" if part else "bench.json")
    place.write_text(json.dumps(result, indent=1) + "\n")
    if options.docs or (not part and options.size == 2 << 30):
        report.write_docs(result, options.docs or ROOT / "docs")
    return any("not measured" in note for note in result["notes"]) or any(
        "failed" in c for s in result["sections"] for r in s["rows"] for c in r["cells"].values())


if __name__ == "__main__":
    sys.exit(main())
