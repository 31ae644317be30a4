# SPDX-License-Identifier: BSD-3-Clause
"""What Culvert counted meanwhile: drops by name, frames per worker, losses of ports and queues."""
import json
import subprocess

VIEWS = ("drops", "workers", "ports", "queues")
ASK_S = 10
LOSSES = ("rx_missed", "rx_no_buffer", "rx_errors", "tx_errors", "kernel_rx_dropped", "kernel_rx_errors",
          "kernel_tx_dropped", "kernel_tx_errors", "rx_ring_full", "tx_full")


class Beside:
    """command: words that stand before "drops" or "workers", as ["culvertctl", "--socket", PATH]."""

    def __init__(self, command):
        self.command = command
        self.failed = ""  # the last reason why there is nothing to say

    def read(self):
        """All of it now, or None, and `failed` says why. A server that is asked is not a server that fails:
        a search goes on without."""
        read = {}
        for view in VIEWS:
            rows = self._ask(view)
            if rows is None:
                return None
            read[view] = rows
        self.failed = ""
        return read

    def status(self):
        """The row of "status", or {}."""
        answer = self._run("status")
        return answer if isinstance(answer, dict) else {}

    def _run(self, view):
        command = [*self.command, "--json", view]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=ASK_S,
                                  start_new_session=True, check=False)
            if done.returncode != 0:
                said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
                raise ValueError(said[-1])
            return json.loads(done.stdout)
        except (OSError, ValueError, RecursionError, subprocess.TimeoutExpired) as error:
            text = getattr(error, "strerror", None) or str(error)
            self.failed = f"{self.command[0]} {view}: {text[:200]}"
            return None

    def _ask(self, view):
        answer = self._run(view)
        if answer is None:
            return None
        rows = answer.get("rows") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.failed = f"{self.command[0]} {view}: the answer has no rows"
            return None
        return rows


def _counts(rows, names, *keys):
    found = {}
    for row in rows:
        name = "/".join(str(row.get(name)) for name in names)
        for key in keys:
            value = row.get(key)
            if isinstance(value, int) and not isinstance(value, bool):
                found[(name, key)] = value
    return found


def difference(before, after):
    """{"drops": {name: packets}, "workers": {worker: {"rx", "tx"}}, "ports": {port: {counter: lost}},
    "queues": {port/queue: {counter: lost}}} of two answers of read(); None: one is missing. A server that
    began anew counts from 0."""
    if before is None or after is None:
        return None

    def moved(view, names, *keys):
        old = _counts(before[view], names, *keys)
        for (row, key), value in sorted(_counts(after[view], names, *keys).items()):
            was = old.get((row, key), 0)
            yield row, key, value - was if value >= was else value

    lost = {"ports": {}, "queues": {}}
    for view, names in (("ports", ("port",)), ("queues", ("port", "queue"))):
        for place, key, count in moved(view, names, *LOSSES):
            if count:
                lost[view].setdefault(place, {})[key] = count
    workers = {}
    for worker, key, count in moved("workers", ("worker",), "rx_packets", "tx_packets", "handed_over"):
        workers.setdefault(worker, {})[key.removesuffix("_packets")] = count
    return {"drops": {name: count for name, _, count in moved("drops", ("name",), "packets") if count},
            "workers": workers, **lost}


def words(found):
    """For a line of text."""
    if found is None:
        return ""
    parts = ["drops " + (", ".join(f"{name} {count:,}" for name, count in found["drops"].items()) or "none")]
    if found["workers"]:
        parts.append("frames of workers " + ", ".join(f"{worker}: {of['rx']:,}" for worker, of in
                                                      found["workers"].items() if "rx" in of))
    parts += [f"{place} {key} {count:,}" for view in ("ports", "queues") for place, of in found[view].items()
              for key, count in of.items()]
    return "; ".join(parts)
