"""Cells and tables as text."""

MIB = 1 << 20


def time_text(seconds):
    if seconds < 0.0995:
        return f"{seconds * 1e3:.{2 if seconds < 0.00995 else 1}f} ms"
    return f"{seconds * 1e3:.0f} ms" if seconds < 9.995 else f"{seconds:.1f} s"


def columns_of(rows):
    """All columns of a section, in the order in which they came; the first row's skipped ones too."""
    found = {}
    for row in rows:
        found |= dict.fromkeys(row["cells"])
    known = ["cat", "plain", "cp", "cp alone", "ctshim", "lazy", "eager", "memfd", "theirs", "their save", "gocryptfs",
             "roofline"]
    return sorted(found, key=lambda n: known.index(n) if n in known else 5.5)


def base_of(row):
    """The column that the others' ratios are of."""
    return next((n for n in ("plain", "cp") if "min" in row["cells"].get(n, {})), None)


def ratio_text(ratio):
    return f"{ratio:.{2 if ratio < 9.995 else 1 if ratio < 99.95 else 0}f}"


def pair(left, right):
    return f"{left} {right:>6}"


def peaks(cell):
    """RSS, and what the group counted."""
    values = [(cell or {}).get(w) for w in ("rss", "cgroup")]
    known = ["-" if v is None else f"{v / MIB:.0f}" for v in values]
    return "" if known == ["-", "-"] else " / ".join(known)


def lines_of(row, names, verbose):
    """(label, a text for each column)."""
    cells = [row["cells"].get(n) for n in names]
    base = row["cells"].get(base_of(row))

    def ratio(cell, what):
        return ratio_text(cell[what] / base[what]) if base else ""
    yield "best", [word(c) or c and pair(time_text(c["min"]), ratio(c, "min")) or "" for c in cells]
    wanted = [("median", lambda c: pair(time_text(c["median"]), ratio(c, "median"))), ("peak, MiB", peaks)]
    if verbose:
        wanted += [("processor, s", lambda c: f"{min(r.get('cpu', 0) for r in c['runs']):.3f}"),
                   ("page faults", lambda c: str(c["runs"][-1].get("faults", ""))),
                   ("way", lambda c: c["runs"][-1].get("way", "").replace("mapped-and-", ""))]
        wanted += [(f"run {i + 1}", lambda c, i=i: time_text(c["runs"][i]["seconds"]))
                   for i in range(max((len(c["runs"]) for c in cells if c and "min" in c), default=0))]
    for label, text in wanted:
        yield label, [text(c) if c and "min" in c else "" for c in cells]


def table(rows, verbose=False):
    """Lines of text. Times with their ratio to the first column, peaks as RSS / control group."""
    shown = None
    for row in rows:
        names = columns_of([row]) if any("+" in n for n in row["cells"]) else columns_of(
            [r for r in rows if not any("+" in n for n in r["cells"])])
        if names != shown:
            widths = [max(16, len(n) + 2) for n in names]
            yield f"{'':16}" + "".join(f"{n:>{w}}" for n, w in zip(names, widths))
            shown = names
        yield f"{row['work']}  {row['about']}"
        for label, texts in lines_of(row, names, verbose):
            if any(texts):
                yield f"    {label:12}" + "".join(f"{t:>{w}}" for t, w in zip(texts, widths))


def word(cell):
    """What stands where a time would."""
    return "" if cell is None else "FAILED" if "failed" in cell else "skipped" if "skipped" in cell else ""


def why(rows):
    """Each reason for a skipped or failed cell, once."""
    found = {}
    for row in rows:
        for name, cell in row["cells"].items():
            for state in ("skipped", "failed"):
                if state in cell:
                    found.setdefault((name, state, cell[state]), []).append(row["work"])
    return [f"{name} {state} ({', '.join(works)}): {reason}" for (name, state, reason), works in found.items()]
