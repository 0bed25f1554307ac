"""docs/bench.svg: a panel for each work, a bar for each peer, shorter is faster. Drawn for light and dark pages."""

from html import escape

from tables import ratio_text

WIDTH, MARGIN, GAP, PANEL = 960, 24, 28, 442
TOP, TITLE, BAR, SPACE, AFTER = 92, 30, 15, 5, 20
LABEL, VALUE = 84, 118  # room for the names at the left, the numbers at the right
SHOWN = ("plain", "cp", "lazy", "eager", "memfd", "ctshim", "theirs", "gocryptfs")
NAMES = {"theirs": "Rust impl.", "ctshim": "ctshim", "cp": "cp + sync"}
CLASSES = {"plain": "plain", "cp": "plain", "lazy": "lazy", "ctshim": "lazy", "eager": "eager", "memfd": "memfd",
           "theirs": "theirs", "gocryptfs": "other"}

STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; font-size: 12px; }
.page { fill: #ffffff; } .panel { fill: #f6f8fa; } .title { font-size: 20px; font-weight: 600; }
.work { font-size: 13px; font-weight: 600; } .quiet { fill: #59636e; } .right { text-anchor: end; }
.strong { font-weight: 600; } .roof { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 3 2; }
.plain { fill: #8c959f; } .lazy { fill: #0969da; } .eager { fill: #54aeff; } .memfd { fill: #a5d2ff; }
.theirs { fill: #d4722c; } .other { fill: #b08fd8; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .page { fill: #0d1117; } .panel { fill: #161b22; } .quiet { fill: #9198a1; }
.roof { stroke: #e6edf3; } .plain { fill: #6e7681; } .lazy { fill: #4493f8; } .eager { fill: #316dca; }
.memfd { fill: #27497d; } .theirs { fill: #e0823d; } .other { fill: #8e6bbf; }
}
"""


def text(x, y, words, kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(words)}</text>'


def duration(seconds):
    """Three digits."""
    value, unit = (seconds * 1e3, "ms") if seconds < 1 else (seconds, "s")
    return f"{value:.{max(0, 2 - len(str(int(value))) + 1) if value < 100 else 0}f} {unit}"


def bars(row):
    return [(n, row["cells"][n]["min"]) for n in SHOWN if "min" in row["cells"].get(n, {})]


def height(row):
    return TITLE + len(bars(row)) * (BAR + SPACE) + (BAR + SPACE if roof(row) else 0) + 12


def roof(row):
    return row["cells"].get("roofline", {}).get("min")


def panel(row, x, y, tall):
    """One work."""
    yield f'<rect x="{x}" y="{y}" width="{PANEL}" height="{tall}" rx="8" class="panel"/>'
    yield (f'<text x="{x + 12}" y="{y + 20}"><tspan class="work">{escape(row["work"])}</tspan>'
           f'<tspan class="quiet" dx="8">{escape(row["about"])}</tspan></text>')
    found = bars(row)
    roofed = [i for i, (n, _) in enumerate(found) if n != "plain"] if roof(row) else []
    longest, base = max(s for _, s in found), dict(found).get("plain") or dict(found).get("cp")
    room, left, at = PANEL - LABEL - VALUE - 24, x + 12 + LABEL, y + TITLE
    for name, seconds in found:
        mine = name in ("lazy", "ctshim")
        length = max(1.5, room * seconds / longest)
        yield text(left - 8, at + BAR - 3, NAMES.get(name, name), "right" + (" strong" if mine else ""))
        yield f'<rect x="{left}" y="{at}" width="{length:.1f}" height="{BAR}" rx="2" class="{CLASSES[name]}"/>'
        beside = f" · {ratio_text(seconds / base)} ×" if base and name not in ("plain", "cp") else ""
        yield text(left + length + 6, at + BAR - 3, duration(seconds) + beside, "strong" if mine else "quiet")
        at += BAR + SPACE
    if roofed:
        edge = left + room * min(1, roof(row) / longest)
        top = y + TITLE + roofed[0] * (BAR + SPACE) - 2  # the plain file's bar has nothing to do with it
        yield f'<line x1="{edge:.1f}" x2="{edge:.1f}" y1="{top}" y2="{at - 2}" class="roof"/>'
        yield text(edge + 6, at + BAR - 5, f"roofline {duration(roof(row))}", "quiet")


def shown_rows(result):
    sections = {s["id"]: s["rows"] for s in result["sections"]}
    rows = [r for r in sections.get("main", []) if r["work"] != "R1"] + sections.get("commands", [])
    return [r for r in rows if bars(r)]


def draw(result):
    """The whole picture."""
    rows = shown_rows(result)
    out, y = [], TOP
    for i in range(0, len(rows), 2):
        pair = rows[i:i + 2]
        tall = max(height(r) for r in pair)
        for j, row in enumerate(pair):
            out += panel(row, MARGIN + j * (PANEL + GAP), y, tall)
        y += tall + AFTER
    machine, total = result["machine"], y + 8
    head = [text(MARGIN, 40, "Loading an encrypted model", "title"),
            text(MARGIN, 62, f"best of {result['runs']} interleaved runs; shorter is faster; × is the time beside the "
                 f"plain file's; {result['size'] / (1 << 30):g} GiB of bf16, AES-256-GCM, warm page cache", "quiet"),
            text(MARGIN, 80, f"{machine['processor'].split(' (')[0]}, {machine['cores']} cores, "
                 f"Linux {machine['kernel']}; lazy, eager, memfd: the library's modes", "quiet")]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total:.0f}" width="{WIDTH}" '
            f'height="{total:.0f}" role="img" aria-label="Time to load an encrypted model, by work and peer">\n'
            f'<style>{STYLE}</style>\n<rect width="100%" height="100%" class="page" rx="6"/>\n'
            + "\n".join(head + out) + "\n</svg>\n")
