# SPDX-License-Identifier: BSD-3-Clause
"""Results as text, CSV and JSON, from the records of cell.py."""
import csv
import io
import json
import os

import beside

FORMAT = "culvert-throughput"
VERSION = 1
CSV_COLUMNS = ("size", "sessions", "lacs", "goal", "lower_pps", "upper_pps", "throughput_pps", "width", "inner_mbps",
               "generator", "why", "error", "trials", "seconds", "burst_mean", "buffer_us", "soak_lost",
               *(f"p{q}_us_at_{at}" for at in (90, 50, 10) for q in ("50", "99", "99.9")))


class BadFile(ValueError):
    """A file of results that is none."""


def write(path, text):
    """All or nothing: a file of before stays whole until then."""
    part = f"{path}.part{os.getpid()}"
    try:
        with open(part, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.unlink(part)


def as_json(run):
    return json.dumps({"format": FORMAT, "version": VERSION, **run}, indent=1, allow_nan=False) + "\n"


def read(path):
    """A file that as_json() made. Raises BadFile, OSError."""
    with open(path, encoding="utf-8") as file:
        try:
            run = json.load(file)
        except (ValueError, RecursionError) as error:
            raise BadFile(f"{path} is no JSON: {error}") from None
    if not isinstance(run, dict) or run.get("format") != FORMAT:
        raise BadFile(f"{path} is not of './dpdk-setup.sh throughput --json'")
    if run.get("version") != VERSION:
        raise BadFile(f"{path} is of another version: {run.get('version')!r:.20}, not {VERSION}")
    cells = run.get("cells")
    if not isinstance(cells, list) or not all(
            isinstance(cell, dict) and isinstance(cell.get("results"), list)
            and all(isinstance(result, dict) for result in cell["results"]) for cell in cells):
        raise BadFile(f"{path} has no cells with results")
    return run


def as_csv(run):
    out = io.StringIO()
    table = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\n")
    table.writeheader()
    for cell in run["cells"]:
        more = {f"{q}_us_at_{at['percent']}": at.get(q) for at in cell["latency"] for q in ("p50", "p99", "p99.9")}
        for result in cell["results"]:
            table.writerow({
                "size": cell["size"], "sessions": cell["sessions"], "lacs": cell["lacs"],
                **{key: result[key] for key in ("goal", "lower_pps", "upper_pps", "throughput_pps", "width", "inner_mbps")},
                "generator": int(result["generator"]), "why": "; ".join(result["why"]), "error": cell["error"],
                "trials": len(cell["trials"]), "seconds": cell["seconds"],
                "burst_mean": (cell["burst"] or {}).get("mean"), "buffer_us": (cell["burst"] or {}).get("buffer_us"),
                "soak_lost": (cell["soak"] or {}).get("lost"), **more})
    return out.getvalue()


def number(value):
    return "-" if value is None else f"{value:,}" if isinstance(value, (int, float)) else str(value)


def columns(rows):
    """Text of rows, in columns: numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(text.ljust(width) if i in (0, 3, len(row) - 1) else text.rjust(width)
                        for i, (text, width) in enumerate(zip(row, widths))).rstrip()


def population(cell):
    return f"size {cell['size']}" + "".join(f", {cell[key]:,} {what}" for key, what in
                                            (("sessions", "sessions"), ("lacs", "LACs")) if cell[key])


def note(result):
    """What there is to know of a result, and is irregular."""
    parts = ["IRREGULAR: " + "; ".join(result["why"])] if result["why"] else []
    if result["generator"]:
        parts.append("the generator's limit: what failed was late")
    return "; ".join(parts)


def goal_line(goal):
    """All of a goal's attributes: RFC 9971 has them in each report."""
    return (f"{goal['name']}: {goal['loss_ratio']:.4g} of a trial's packets lost at most, in all but {goal['exceed_ratio']:.4g} "
            f"of {goal['sum_s']:g} s; trials of {goal['initial_s']:g} s, {goal['final_s']:g} s at last; bounds "
            f"{goal['width']:.4g} of the upper one apart at most")


def generator_line(said):
    """How many sessions there were, if not all, and whose generator it was."""
    parts = [f"{said['sessions']:,} of {said['wanted']:,} sessions were up"] if said["sessions"] < said["wanted"] else []
    return "; ".join(parts + ([f"TRex {said['version']}"] if said.get("version") else []))


def table(run):
    """Lines for people: rates of all cells, and below what was counted at them."""
    rows = [("SIZE", "SESSIONS", "LACS", "GOAL", "PACKETS/S", "FAILED AT", "THROUGHPUT", "MBIT/S INSIDE", "")]
    for cell in run["cells"]:
        for result in cell["results"]:
            rows.append((str(cell["size"]), number(cell["sessions"]), number(cell["lacs"]), result["goal"],
                         number(result["lower_pps"]), number(result["upper_pps"]), number(result["throughput_pps"]),
                         number(result["inner_mbps"]), note(result)))
    yield from columns(rows)
    yield from (goal_line(goal) for goal in run["goals"])
    for cell in run["cells"]:
        lines = list(details(cell))
        if lines:
            yield ""
            yield population(cell) + ":"
            yield from ("  " + line for line in lines)


def details(cell):
    if cell["error"]:
        yield f"FAILED: {cell['error']}"
    if cell["generator"] and (said := generator_line(cell["generator"])):
        yield said
    if cell["stopped"]:
        yield "interrupted: this is what was known"
    for result in cell["results"]:
        for where, load in (("lower", "lower_pps"), ("upper", "upper_pps")):
            said = beside.words(result[f"culvert_{where}"])
            if said:
                yield f"{result['goal']}, {number(result[load])} packets/s: {said}"
    if cell["beside"]:
        yield f"what Culvert counted is not all known: {cell['beside']}"
    for at in cell["latency"]:
        known = ", ".join(f"{key} {at[key]:,.6g} us" for key in ("min", "p50", "p99", "p99.9", "max") if key in at)
        lossy = (f", LATE ({at['late']}): not at this rate" if at["late"] else
                 f", lost {at['loss_ratio']:.3%}" if at["loss_ratio"] else "")
        yield f"latency at {at['percent']} % of {at['of']}, {at['pps']:,} packets/s: {known or 'unknown'}{lossy}"
    yield from burst_lines(cell["burst"])
    yield from soak_lines(cell["soak"])


def burst_lines(burst):
    if burst is None:
        return
    if "skipped" in burst:
        yield f"bursts skipped: {burst['skipped']}"
        return
    held = "" if burst["buffer_us"] is None else f"; buffers hold {burst['buffer_us']:,} us"
    marked = f"; IRREGULAR: {burst['why']}" if burst["why"] else ""
    yield (f"longest burst without loss, {burst['repeats']} times: {burst['mean']:,} packets on average "
           f"({burst['min']:,} to {burst['max']:,}, deviation {burst['deviation']:,}) at {burst['pps']:,} packets/s"
           f"{held}; to within {burst['step']:.0%} of the length, of at most {burst['most']:,}{marked}")


def soak_lines(soak):
    if soak is None:
        return
    said = beside.words(soak["culvert"])
    yield (f"soak of {soak['seconds']:,g} s at 90 % of {soak['of']}, {soak['pps']:,} packets/s: {soak['lost']:,} of "
           f"{soak['sent']:,} lost, {soak['late']} of {soak['trials']} trials late: "
           f"{'passed' if soak['passed'] else 'NOT PASSED'}{'; ' if said else ''}{said}")
