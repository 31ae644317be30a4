# SPDX-License-Identifier: BSD-3-Clause
"""Two files of results beside each other."""
import report

SAME = ("cpu", "kernel", "command_line", "governor", "hugepages", "versions", "nics")


def by_key(run):
    return {(str(cell.get("size")), cell.get("sessions"), cell.get("lacs"), result.get("goal")): result
            for cell in run["cells"] for result in cell["results"]}


def _positive(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def verdict(a, b):
    """What the difference of two results is worth: (ratio or None, text)."""
    rates = a.get("lower_pps"), b.get("lower_pps")
    if not all(_positive(rate) for rate in rates):
        return None, "nothing was found in " + " and ".join(
            name for name, rate in zip("AB", rates) if not _positive(rate))
    ratio = rates[1] / rates[0]
    odd = [name for name, result in (("A", a), ("B", b)) if result.get("why") or not _positive(result.get("width"))]
    if odd:
        return ratio, "IRREGULAR in " + " and ".join(odd) + ": it can't be said"
    if abs(rates[1] - rates[0]) / max(rates) > max(a["width"], b["width"]):
        return ratio, "slower" if ratio < 1 else "faster"
    return ratio, "no larger than the widths"


def differences(a, b):
    """Lines on what else is not alike."""
    for what in ("server_machine", "machine"):
        old, new = a.get(what) or {}, b.get(what) or {}
        if isinstance(old, dict) and isinstance(new, dict):
            for key in SAME:
                if old.get(key) != new.get(key):
                    yield f"{what.replace('_', ' ')}, {key}: {old.get(key)!s:.100} | {new.get(key)!s:.100}"
    hashes = [(run.get("configuration") or {}).get("sha256") for run in (a, b)]
    if hashes[0] != hashes[1]:
        yield f"configuration: {str(hashes[0])[:12]} | {str(hashes[1])[:12]}"
    goals = [run.get("goals") for run in (a, b)]
    if goals[0] != goals[1]:
        yield "the goals are not the same"


def compare(a, b):
    """Lines, and whether B is nowhere slower than A, and something could be said."""
    old, new = by_key(a), by_key(b)
    both = [key for key in old if key in new]
    rows = [("SIZE", "SESSIONS", "LACS", "GOAL", "A", "B", "B/A", "WIDTHS", "")]
    said = []
    for key in both:
        ratio, text = verdict(old[key], new[key])
        said.append(text)
        widths = " ".join("-" if not _positive(r.get("width")) else f"{r['width']:.2%}" for r in (old[key], new[key]))
        rows.append((key[0], report.number(key[1]), report.number(key[2]), str(key[3]),
                     report.number(old[key].get("lower_pps")), report.number(new[key].get("lower_pps")),
                     "-" if ratio is None else f"{ratio:.3f}", widths, text))
    lines = list(report.columns(rows)) if both else ["A and B have nothing in common"]
    for name, only in (("A", [k for k in old if k not in new]), ("B", [k for k in new if k not in old])):
        if only:
            lines.append(f"only in {name}: " + ", ".join("/".join(map(str, key)) for key in only))
    lines += differences(a, b)
    return lines, bool(said) and all(text in ("faster", "no larger than the widths") for text in said)
