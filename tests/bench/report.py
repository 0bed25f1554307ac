"""What the bench says while it runs, prints, and writes below docs/."""

import shutil
import sys

import chart
import docs_page
import overhead
from tables import table, why

TITLES = {
    "main": "AES-256-GCM, version 2",
    "v1": "AES-256-GCM, version 1 (every tensor one message)",
    "chacha": "ChaCha20-Poly1305, version 2",
    "gpt2": "GPT-2 small, 548 MB, AES-256-GCM, version 2",
    "commands": "The command",
    "cold": "Nothing in the page cache, local disk",
    "slow": "Nothing in the page cache, slow network file system (simulated)",
}


class Progress:
    """A line on the terminal that says what is under way; nothing where stderr is none."""

    def __init__(self):
        self.terminal, self.section, self.shown = sys.stderr.isatty(), "", False

    def show(self, work, name, run, runs):
        if self.terminal:
            text = f"{self.section} {work} {name}: " + (f"run {run} of {runs}" if run else "warming up")
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r" + text[:width].ljust(width))
            sys.stderr.flush()
            self.shown = True

    def say(self, text):
        """A line that stays."""
        self.clear()
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def commands(self, work, found):
        """How to run each cell by hand."""
        for name, run in found.items():
            if hasattr(run, "command"):
                print(f"# {work} {name}\n{run.command()}")

    def clear(self):
        if self.shown:
            sys.stderr.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            sys.stderr.flush()
            self.shown = False


def print_section(name, rows, options):
    print(f"\n{TITLES[name]}")
    for text in (*table(rows, options.verbose), *why(rows), *(said(rows) if options.verbose else ())):
        print(text)
    sys.stdout.flush()


def said(rows):
    """What the library said in each cell's last run."""
    for row in rows:
        for name, cell in row["cells"].items():
            yield from (f"{row['work']} {name}: {line}" for line in (cell.get("runs") or [{}])[-1].get("said", []))


def print_overhead(results):
    if results:
        print("\nPrograms that open no model")
        overhead.show(results)


def print_goals(result):
    lines = [(row["work"], goal) for section in result["sections"] for row in section["rows"] for goal in row["goals"]]
    if lines:
        print(f"\n{'goal':64}{'reached':>18}  verdict")
    for work, goal in lines:
        text = f"{work}: {goal['who']} {goal['text']}"
        print(f"{text:64}{goal['reached'] or '':>18}  {goal['verdict'] or 'not measured'}")
    for note in result["notes"]:
        print(f"note: {note}")


def write_docs(result, folder):
    folder.mkdir(exist_ok=True)
    (folder / "bench.svg").write_text(chart.draw(result))
    notes = (folder / "bench-notes.md").exists()
    (folder / "bench.md").write_text(docs_page.page(result, TITLES, notes))
