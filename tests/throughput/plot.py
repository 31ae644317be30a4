# SPDX-License-Identifier: BSD-3-Clause
"""Rates by size as SVG, a panel for each goal, a line for each number of sessions and LACs."""
from xml.sax.saxutils import escape

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM = 920, 340, 90, 270, 50, 60
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#7f7f7f")
DASHES = ("", "7 3", "2 3", "9 3 2 3")
TICKS = 5


def step_of(most):
    """The distance of ticks: 1, 2 or 5 times a power of ten."""
    rough = most / TICKS
    power = 10 ** (len(str(int(rough))) - 1) if rough >= 1 else 1
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough)


def short(value):
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


def text(x, y, said, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(str(said))}</text>'


def unique(values):
    return list(dict.fromkeys(values))


def panel(run, goal, top, sizes, lines):
    """One goal's: axes, grid, lines, legend."""
    points = {(c["size"], c["sessions"], c["lacs"]): r for c in run["cells"] for r in c["results"] if r["goal"] == goal}
    known = [r["lower_pps"] for r in points.values() if r["lower_pps"]]
    step = step_of(max(known, default=1))
    most = step * (int(max(known, default=1) / step) + 1)
    right, bottom = WIDTH - RIGHT, top + PANEL - BOTTOM
    high = bottom - top - TOP

    def x_of(size):
        return LEFT + (right - LEFT) * (sizes.index(size) + 0.5) / len(sizes)

    def y_of(pps):
        return bottom - high * pps / most

    yield text((LEFT + right) / 2, top + 24, f"{goal}: packets a second (relevant lower bound)", more='font-weight="bold"')
    for tick in range(int(most / step) + 1):
        y = y_of(tick * step)
        yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>'
        yield text(LEFT - 8, y + 4, short(tick * step), "end")
    yield f'<path d="M{LEFT} {top + TOP}V{bottom}H{right}" fill="none" stroke="#000"/>'
    for size in sizes:
        yield text(x_of(size), bottom + 18, size)
    yield text((LEFT + right) / 2, bottom + 40, "inner packet, bytes")
    yield text(0, 0, "packets/s", more=f'transform="translate(22 {(top + TOP + bottom) / 2:.1f}) rotate(-90)"')
    for number, (sessions, lacs) in enumerate(lines):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
        found = [(x_of(size), y_of(r["lower_pps"]), r) for size in sizes
                 if (r := points.get((size, sessions, lacs))) and r["lower_pps"]]
        if len(found) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in found)
            yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        for x, y, r in found:  # hollow: irregular
            fill = "#fff" if r["why"] else colour
            yield (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" stroke="{colour}" stroke-width="2" fill="{fill}">'
                   f'<title>{r["lower_pps"]:,}</title></circle>')
        y = top + TOP + 10 + 18 * number
        yield (f'<line x1="{right + 14}" y1="{y - 4}" x2="{right + 40}" y2="{y - 4}" stroke="{colour}" '
               f'stroke-width="2" stroke-dasharray="{dash}"/>')
        yield text(right + 46, y, ", ".join(f"{count:,} {what}" for count, what in
                                            ((sessions, "sessions"), (lacs, "LACs")) if count), "start")


def svg(run):
    """The whole picture; hollow points are irregular results."""
    goals = unique(r["goal"] for c in run["cells"] for r in c["results"]) or ["nothing"]
    sizes = unique(c["size"] for c in run["cells"])
    lines = unique((c["sessions"], c["lacs"]) for c in run["cells"])
    each = max(PANEL, TOP + BOTTOM + 20 + 18 * len(lines))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {each * len(goals) + 24}" '
             f'width="{WIDTH}" font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="#fff"/>']
    for number, goal in enumerate(goals):
        parts += panel(run, goal, number * each, sizes, lines)
    parts.append(text(LEFT, each * len(goals) + 12, "Hollow points are irregular results.", "start", 'fill="#555"'))
    return "\n".join([*parts, "</svg>"]) + "\n"
