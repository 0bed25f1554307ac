"""A row: its cells run in turn, and what became of each."""

import statistics
import subprocess

from measure import Failed, Run, settle, warm_cache, warm_memory


class Row:
    """One work by several peers."""

    def __init__(self, id_, about, goals, data):
        self.id, self.about, self.goals, self.data = id_, about, goals, data
        self.cells = {}

    def skip(self, name, why):
        self.cells[name] = {"skipped": why}

    def run(self, found, runs, line, reference=None):
        """Run `found` (column -> a measure.Run, or a function of `digest`) in turn: once to warm up and compare, then
        `runs` times. `reference` gives the right sums and digests where no column called plain does."""
        expected = None
        if found and "plain" not in found and reference and any(n != "roofline" for n in found):
            expected = self.once("plain", reference, True, line)
        self.cells |= {name: {"runs": []} for name in found}
        for i in range(runs + 1):
            order = self.order([n for n in found if "runs" in self.cells[n]], i)
            ahead = [found[n] for n in order if isinstance(found[n], Run)]
            try:
                self.prepare(ahead, i == 0)
                for name in order:
                    line.show(self.id, name, i, runs)
                    got = self.once(name, found[name], i == 0, line)
                    expected = expected or (got if name == "plain" else None)
                    self.keep(name, got, expected, counted=i > 0)
            finally:
                for run in ahead:
                    run.close()

    @staticmethod
    def order(names, i):
        """Another one begins each time; but at first plain says what is right."""
        if i == 0:
            return sorted(names, key=lambda n: n != "plain")
        turn = i % len(names) if names else 0
        return names[turn:] + names[:turn]

    @staticmethod
    def prepare(ahead, digest):
        """Start all workers of a round: imports take longer than most works. Not where there are many."""
        for run in ahead:
            run.prepare(digest)
            if len(run.workers) > 1:
                run.close()
        settle(ahead)

    def once(self, name, run, digest, line):
        try:
            return run(digest)
        except (Failed, OSError, subprocess.SubprocessError) as e:
            line.say(f"{self.id} {name}: {e}")
            return {"failed": str(e)}

    def keep(self, name, got, expected, counted):
        if "failed" in got:
            self.cells[name] = {"failed": got["failed"]}
        elif expected and "failed" not in expected and (wrong := self.wrong(got, expected)):
            self.cells[name] = {"failed": wrong}
        elif counted:
            self.cells[name]["runs"].append(got)

    @staticmethod
    def wrong(got, expected):
        for what in ("sums", "digests"):
            # A digest is there in the first run only.
            if got.get(what) and expected.get(what) and got[what] != expected[what]:
                return f"what was read is not what the plain file holds ({what})"
        return None

    def result(self):
        return {"work": self.id, "about": self.about, "data": self.data, "goals": self.goals,
                "cells": {name: self.summary(cell) for name, cell in self.cells.items()}}

    @staticmethod
    def summary(cell):
        if not cell.get("runs"):
            return cell if "runs" not in cell else {"skipped": "not run"}
        found = dict(cell)
        seconds = [r["seconds"] for r in cell["runs"]]
        found["min"], found["median"] = min(seconds), statistics.median(seconds)
        for what in ("rss", "cgroup"):
            values = [r[what] for r in cell["runs"] if r.get(what) is not None]
            found[what] = max(values) if values else None
        return found


def roofline(options, files, cipher, size):
    """The column of the C program: the best of its three ways, each from nothing."""
    program = options.build / "roofline"
    place = files.folder / f"roofline-{cipher}-{size}"
    made = []

    def run(_digest):
        if not made:
            if not place.exists():
                part = place.with_suffix(".part")
                subprocess.run([program, "make", part, str(size), cipher], check=True)
                part.rename(place)
            made.append(place)
        warm_memory(size)
        warm_cache([place])
        done = subprocess.run([program, "run", place, cipher], check=True, capture_output=True, text=True)
        ways = [line.split() for line in done.stdout.splitlines()]
        took, read, way = min(ways, key=lambda w: float(w[0]) / int(w[1]))
        # Whole chunks only: for the same number of bytes as the others.
        return {"seconds": float(took) / 1e3 * size / int(read), "way": way, "sums": [], "digests": []}
    return run
