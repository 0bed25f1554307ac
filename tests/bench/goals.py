"""Whether the goals were reached: each compares two cells of one row, by the best of their runs."""

import re
from dataclasses import asdict

MIB = 1 << 20


def used(cell):
    """Peak memory: what the control group counted, where there is one. (Pages of a mapped file that lie in the page
    cache are in a process's RSS too, whoever else has them.)"""
    return cell.get("cgroup") if cell.get("cgroup") is not None else cell.get("rss")


def bytes_of(name, row):
    """What a memory goal compares with: the data, so many MiB, or a cell's peak."""
    if name == "data":
        return row["data"]
    if number := re.fullmatch(r"(\d+) MiB", name):
        return int(number.group(1)) * MIB
    return used(row["cells"].get(name, {}))


def judged(goal, row):
    """The goal as a dict, with what was reached in words, and a verdict; None where a cell is missing."""
    found = asdict(goal) | {"text": goal.text(), "reached": None, "verdict": None}
    ours = row["cells"].get(goal.who, {})
    if goal.kind in ("memory", "of"):
        mine, other = used(ours), bytes_of(goal.peer, row)
        if mine is None or other is None:
            return found
        bound = goal.factor * other + goal.extra * MIB
        reached = f"{mine / row['data']:.2f} × data" if goal.kind == "of" else \
            f"{goal.peer} {'+' if mine >= other else '−'} {abs(mine - other) / MIB:.0f} MiB"
        return found | {"reached": reached, "verdict": "reached" if mine <= bound else "missed"}
    beside = row["cells"].get(goal.peer, {})
    if "min" not in ours or "min" not in beside:
        return found
    ratio = ours["min"] / beside["min"]
    if goal.kind == "<=":
        good = ratio <= goal.factor or 0 < goal.extra >= (ours["min"] - beside["min"]) * 1e3
        text = f"{ratio:.2f} ×"
        text += f" ({(ours['min'] - beside['min']) * 1e3:+.1f} ms)" if goal.extra else ""
    else:
        good, text = 1 / ratio >= goal.factor, f"{1 / ratio:.2f} ×"
    return found | {"reached": text, "verdict": "reached" if good else "missed"}


def judge(rows):
    for row in rows:
        row["goals"] = [judged(goal, row) for goal in row["goals"]]
