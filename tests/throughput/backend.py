# SPDX-License-Identifier: BSD-3-Clause
"""What all backends have: the search asks one for trials, and knows no more of it.

    up()                         sets up; {"sessions": N, "wanted": N, "seconds": S}, or what there is
    trial(pps, seconds, size)    a Trial, whose counters were read when all traffic had stopped
    burst(packets, size)         a Trial of packets back to back
    close()                      ends everything; may be called at any time, and again
"""
from goals import LATE, Trial

LATENCIES = ("min", "p50", "p90", "p99", "p99.9", "max")


class BackendError(Exception):
    """The backend failed: no more trials; what it says is for people."""


def number(answer, key, least=0):
    """A number of an answer that may hold anything. Raises BackendError."""
    value = answer.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < 1e18:
        raise BackendError(f"'{key}' is no number that can be: {value!r:.60}")
    return value


def trial_of(answer, load, duration_s, late_ratio=LATE):
    """A Trial of what a generator counted. load and duration as they were asked for; None for both:
    a burst, which has the load that it had. Raises BackendError."""
    took = number(answer, "took_seconds")
    sent = number(answer, "sent")
    if load is None:
        load, duration_s = (sent / took if took else 0.0), took
    more = {key: number(answer, key) for key in ("reordered", "inner_bytes", "outer_bytes") if answer.get(key) is not None}
    latency = answer.get("latency_us") or {}
    if not isinstance(latency, dict):
        raise BackendError(f"'latency_us' is no object: {latency!r:.60}")
    more["latency_us"] = {key: number(latency, key) for key in LATENCIES if latency.get(key) is not None}
    # of TRex nobody has looked at contents: null
    unsent, wrong = (int(number(answer, key)) if answer.get(key) is not None else 0 for key in ("unsent", "wrong"))
    return Trial(load, duration_s, int(sent), int(number(answer, "received")), took, unsent, wrong, late_ratio, more)
