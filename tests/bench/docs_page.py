"""docs/bench.md: every figure in it comes from the run."""

import re

from mounts import LATENCY_US, LINE, READ_AHEAD_KB
from tables import base_of, columns_of, peaks, ratio_text, time_text, why, word

INTRO = """# What loading costs

`{command}` measured this and wrote this page; `make bench SIZE=256M RUNS=3` tries it and leaves the page alone.

![Time to load, by work and peer](bench.svg)

Each cell is a process of its own, with everything imported before its clock runs; the columns of a row take turns,
{runs} runs each after one that warms up, and before each run as much memory as it needs is touched and freed. A cell shows
its best run, in brackets the median, and the best as a ratio to the plain file's. What each cell read was compared with
the plain file: a SHA-256 of everything once, a sum over one byte of every page in each run.

- **plain**: stock safetensors, the plain file. **lazy**, **eager**, **memfd**: the same program under the library, the
  encrypted file, in that mode. **theirs**: the package `cryptotensors` (Rust), the same encrypted file. **gocryptfs**:
  stock safetensors, the plain file on a gocryptfs mount whose ciphertext lies in the page cache.
- **roofline**: a C program that decrypts as many bytes of the page cache with all cores into fresh huge pages, and does
  nothing else.
- Memory is the peak above what the process had before, in MiB: as RSS / as counted by a control group. RSS includes the
  mapped pages of files, which lie in the page cache whoever maps them; the control group does not count these. Goals
  are judged by the second where it is there.
"""
ABOUT = {
    "main": """{size} GiB of bf16 in tensors of 32 MiB with small ones between; W3s: eight files of together that size;
W8: a hundred files of 1 MiB.""",
    "v1": "The same tensors.",
    "chacha": "The same tensors.",
    "gpt2": "The names and shapes of the published model, for which others publish numbers.",
    "commands": """`ctshim` waits until its output is on the disk; **cp** is `cp` followed by `sync FILE`, **cp alone** is
not. **theirs** saves tensors that are in memory already, and loads and saves in the clear; it does not wait for the
disk. **gocryptfs** copies into the mount and out of it, and syncs. Memory includes the pages of files that were
written.""",
    "cold": """The file's pages were dropped before each run, and looked for with mincore(2). **cat** is `cat` of the
encrypted file to /dev/null. The control group counts the file's pages here.""",
    "slow": """{model}. A file system in user space whose reads take a round trip of {latency} ms each and share a line of
{line} MB/s, with {ahead} KiB of read-ahead where that may be set.""",
}


def cell_text(cell, base):
    if cell is None or "min" not in cell:
        return word(cell).lower() if cell else ""
    ratio = f" **{ratio_text(cell['min'] / base['min'])}**" if base and cell is not base else ""
    return f"{time_text(cell['min'])} ({time_text(cell['median'])}){ratio}"


def markdown(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(c).replace("|", "\\|") for c in row) + " |"


def section(one, titles, result):
    """Times and memory of one section."""
    rows = one["rows"]
    yield f"\n## {titles[one['id']]}\n"
    yield ABOUT[one["id"]].format(size=f"{result['size'] / (1 << 30):g}", latency=f"{LATENCY_US / 1000:g}",
                                  line=f"{LINE / 1e6:.0f}", ahead=READ_AHEAD_KB,
                                  model=f"A model of {rows[0]['data'] / 1e6:.0f} MB") + "\n"
    groups = [[r for r in rows if not any("+" in n for n in r["cells"])],
              [r for r in rows if any("+" in n for n in r["cells"])]]
    for group in filter(None, groups):
        names = columns_of(group)
        yield from markdown(["", *names], ([f"{r['work']} {r['about']}", *(
            cell_text(r["cells"].get(n), r["cells"].get(base_of(r))) for n in names)] for r in group))
        yield "\nPeak memory, MiB:\n"
        used = [n for n in names if n not in ("roofline", "cat")]
        yield from markdown(["", *used], ([r["work"], *(peaks(r["cells"].get(n)) for n in used)] for r in group))
        yield ""
    for reason in why(rows):
        yield "- " + re.sub(r"/\S+/", "…/", reason)  # no place of this machine


def goals(result):
    yield "\n## Goals\n"
    rows = []
    for one in result["sections"]:
        for row in one["rows"]:
            where = {"cold": " (disk)", "slow": " (network)"}.get(one["id"], "")
            rows += [(row["work"] + where, f"{g['who']} {g['text']}", g["reached"] or "",
                      f"**{g['verdict']}**" if g["verdict"] == "missed" else g["verdict"] or "not measured")
                     for g in row["goals"]]
    yield from markdown(["work", "goal", "reached", ""], rows)


def machine(result):
    yield "\n## The machine\n"
    yield from markdown(["part", ""], result["machine"].items())
    for note in result["notes"]:
        yield "\n" + re.sub(r"/\S+/", "…/", note) + "."


def overhead(result):
    if not result["overhead"]:
        return
    yield "\n## Programs that open no model\n"
    yield "What the library costs them; medians.\n"
    yield from markdown(["", "without", "with", "difference", "ratio"], (
        (r["work"], f"{r['without']:.1f} {r['unit']}", f"{r['with']:.1f} {r['unit']}",
         f"{r['with'] - r['without']:+.1f} {r['unit']}", f"{r['with'] / r['without']:.3f}")
        for r in result["overhead"]))


def command(result):
    """What measures it again."""
    size, runs = result["size"], result["runs"]
    return "make bench" + ("" if size == 2 << 30 else f" SIZE={size >> 20}M") + ("" if runs == 5 else f" RUNS={runs}")


def page(result, titles, notes):
    """The page; `notes`: is there a page of notes beside it?"""
    lines = [INTRO.format(command=command(result), runs=result["runs"]), *goals(result)]
    if notes:
        lines.append("\nWhere time goes in what was missed: [bench-notes.md](bench-notes.md).")
    lines += machine(result)
    for one in result["sections"]:
        lines += section(one, titles, result)
    lines += overhead(result)
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"
