# SPDX-License-Identifier: BSD-3-Clause
"""Trials, search goals, and what the trials at one load say of a goal (RFC 9971).

Pure: neither clock nor I/O. Loads are packets a second, ratios from 0 to 1, durations seconds.
"""
from dataclasses import dataclass, field

ROUNDING_S = 1e-6  # by which sums of durations may be off
LATE = 0.01  # of a trial's duration that sending may take longer before it counts as lossy

LOWER, UPPER, UNDECIDED = "lower", "upper", "undecided"


@dataclass(frozen=True)
class Trial:
    """One trial, as the generator counted it once all traffic had stopped."""
    load: float
    duration_s: float
    sent: int
    received: int
    took_s: float
    unsent: int = 0
    wrong: int = 0
    late_ratio: float = LATE
    more: dict = field(default_factory=dict, compare=False)  # what else there is to report

    @property
    def late(self):
        """Why the load was not what was asked for, in a word; empty: it was."""
        if self.took_s > self.duration_s * (1 + self.late_ratio):
            return "stretched"
        if self.unsent > 0:
            return "unsent"
        if self.sent < int(self.load * self.duration_s) * (1 - self.late_ratio):
            return "too few sent"
        return ""

    @property
    def loss_ratio(self):
        """Of what was sent. A trial that was late has lost everything, whatever arrived of it: it
        says nothing of this load."""
        if self.late or self.sent <= 0:
            return 1.0
        # what came wrong is not received; what came twice is wrong all the same
        return min(1.0, max(0, self.sent - self.received, self.wrong) / self.sent)

    @property
    def effective_s(self):
        """What it weighs among the trials of its load."""
        return max(self.duration_s, self.took_s)


@dataclass(frozen=True)
class Goal:
    """A search goal (RFC 9971 calls these Goal Loss Ratio, ..., Goal Width). The width is the
    distance of the bounds, relative to the upper one."""
    name: str
    loss_ratio: float = 0.0
    exceed_ratio: float = 0.5
    initial_s: float = 1.0
    final_s: float = 1.0
    sum_s: float = 21.0
    width: float = 0.005

    def wrong(self):
        """What is wrong with it, in words; None: nothing."""
        for what, value in (("loss ratio", self.loss_ratio), ("exceed ratio", self.exceed_ratio)):
            if not 0 <= value < 1:
                return f"the {what} is from 0 to less than 100 %"
        if not 0 < self.width < 1:
            return "the width is more than 0 and less than 100 %"
        for what, value in (("initial trial", self.initial_s), ("final trial", self.final_s)):
            if not 0.01 <= value <= 86400:
                return f"the {what} takes 0.01 to 86400 s"
        if self.initial_s > self.final_s:
            return "the initial trial is not longer than the final one"
        if not self.final_s <= self.sum_s <= 864000:
            return "the duration sum is at least a final trial, and at most 864000 s"
        return None


PRESETS = {
    "lossless": Goal("lossless", exceed_ratio=0.0, final_s=60.0, sum_s=60.0),
    "ndr": Goal("ndr"),
    "pdr": Goal("pdr", loss_ratio=0.005),
}


def classify(goal, trials):
    """What the load is at which these trials were made: LOWER, UPPER or UNDECIDED (RFC 9971,
    Load Classification). Short trials that lost count only as far as short ones that did not are
    too few to excuse them."""
    good = bad = short_good = short_bad = 0.0
    for trial in trials:
        full = trial.duration_s >= goal.final_s
        if trial.loss_ratio <= goal.loss_ratio:
            good, short_good = good + trial.effective_s * full, short_good + trial.effective_s * (not full)
        else:
            bad, short_bad = bad + trial.effective_s * full, short_bad + trial.effective_s * (not full)
    excused = short_good * goal.exceed_ratio / (1 - goal.exceed_ratio)
    bad += max(0.0, short_bad - excused)
    whole = max(good + bad, goal.sum_s)
    allowed = whole * goal.exceed_ratio
    if bad > allowed:  # though all that is missing were good
        return UPPER
    if whole - good <= allowed:  # though all that is missing were bad
        return LOWER
    return UNDECIDED


def conditional_throughput(goal, trials):
    """Packets a second that arrive at this load at least, in all trials but those that may exceed
    the loss ratio; what is missing of the duration sum counts as lost (RFC 9971, Conditional
    Throughput). None: there is no full-length trial."""
    full = sorted((t for t in trials if t.duration_s >= goal.final_s), key=lambda t: t.loss_ratio)
    if not full:
        return None
    remaining = max(goal.sum_s, sum(t.effective_s for t in full)) * (1 - goal.exceed_ratio)
    loss = 1.0
    for trial in full:
        loss = trial.loss_ratio
        remaining -= trial.effective_s
        if remaining <= ROUNDING_S:
            break
    else:
        loss = 1.0
    return full[0].load * (1 - loss)
