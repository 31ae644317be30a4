# SPDX-License-Identifier: BSD-3-Clause
"""The search of RFC 9971: which trial is next, and what is known for each goal.

    search = Search(goals)
    while (ask := search.next()) is not None:
        search.take(trial of ask.load and ask.duration_s)
    search.results()

Pure: neither clock nor I/O. It begins low and doubles, since a generator that is asked for more than
it can send tells nothing, and since bounds that were found at lower loads first stay. Each goal is
approached in phases, from short trials, few of them and a coarse width, to its own: a phase begins
where the one before it ended, and trusts nothing but trials. All trials count for all goals.
"""
import dataclasses
import math
from dataclasses import dataclass

from goals import LOWER, UNDECIDED, UPPER, Goal, Trial, classify, conditional_throughput

COARSER, COARSEST = 4, 0.25  # width of a phase against that of the next one; the widest
FASTER = 8  # duration and duration sum, likewise
FAR = 0.25  # the least step from a lower bound, where the upper one that a phase before had found is none
FIRST_TRIALS = 3  # at a load in a first phase, where a goal lets some exceed its loss ratio


@dataclass(frozen=True)
class Ask:
    """A trial to be made."""
    goal: Goal
    load: int
    duration_s: float


@dataclass(frozen=True)
class Result:
    """What is known for a goal. Irregular: `why` says why there are no two bounds close enough."""
    goal: Goal
    lower: int | None  # relevant lower bound
    upper: int | None  # relevant upper bound
    throughput: float | None  # conditional throughput at the lower bound
    why: tuple  # empty: regular
    late: bool  # what makes the upper bound one are trials that the generator was late with
    lower_trials: tuple
    upper_trials: tuple

    @property
    def width(self):
        if self.lower is None or self.upper is None:
            return None
        return (self.upper - self.lower) / self.upper


def phases(goal):
    """The goal itself is the last."""
    found, final = [goal], goal
    first_sum = goal.initial_s * (FIRST_TRIALS if goal.exceed_ratio > 0 else 1)
    while goal.final_s > goal.initial_s or goal.sum_s > first_sum:
        duration = max(goal.initial_s, goal.final_s / FASTER)
        goal = dataclasses.replace(
            goal, final_s=duration, sum_s=max(duration, min(goal.sum_s, max(first_sum, goal.sum_s / FASTER))),
            width=min(max(final.width, COARSEST), goal.width * COARSER))
        found.insert(0, goal)
        if goal.final_s <= goal.initial_s and goal.sum_s <= max(first_sum, duration):
            break
    return found


class Bounds:
    """The relevant bounds of a goal (or phase) among the loads with trials."""

    def __init__(self, goal, trials):
        kinds = {load: classify(goal, made) for load, made in trials.items()}
        self.upper = min((load for load, kind in kinds.items() if kind == UPPER), default=None)
        self.lower = max((load for load, kind in kinds.items()
                          if kind == LOWER and (self.upper is None or load < self.upper)), default=None)
        self.undecided = [load for load, kind in kinds.items() if kind == UNDECIDED]

    def close(self, goal):
        return (self.lower is not None and self.upper is not None
                and self.upper - self.lower <= max(self.upper * goal.width, 1))


class Focus:
    """The way to one goal."""

    def __init__(self, goal, search):
        self.search = search
        self.phases = phases(goal)
        self.hints = ()  # loads that the phase before found
        self.step = 0.5  # by how much to go beyond the only bound there is
        self.load = None  # that is measured until it is decided

    def next(self):
        """Load and duration of the next trial, or None: nothing is left to do."""
        while True:
            phase = self.phases[0]
            trials = self.search.trials
            if self.load is not None and classify(phase, trials.get(self.load, ())) == UNDECIDED:
                return self.load, phase.final_s
            bounds = Bounds(phase, trials)
            self.load = self.choose(phase, bounds)
            if self.load is not None:
                continue
            if len(self.phases) == 1:
                return None
            self.phases.pop(0)
            self.hints = tuple(load for load in (bounds.lower, bounds.upper) if load is not None)
            self.step = self.phases[0].width

    def choose(self, phase, bounds):
        """An undecided load, or None."""
        lower, upper = bounds.lower, bounds.upper
        # one after the other, the lower one first
        for hint in self.hints:
            if hint in bounds.undecided and (upper is None or hint < upper) and (lower is None or hint > lower):
                return hint
        if bounds.close(phase):
            return None
        if lower is None and upper is None:
            return self.search.start
        if upper is None:
            if len(self.hints) == 2 and lower >= max(self.hints):
                self.step = max(self.step, FAR)  # what failed before does not: that was noise, and says nothing
            return self.further(lower, max(lower + 1, round(lower / (1 - self.step))))
        if lower is None:
            return self.further(upper, min(upper - 1, round(upper * (1 - self.step))))
        return min(upper - 1, max(lower + 1, round(math.sqrt(lower * upper))))

    def further(self, bound, load):
        """This load, if it may be. The step is twice as far the next time, up to half the load."""
        self.step = min(0.5, self.step * 2)
        load = max(self.search.min_load, min(self.search.max_load, load))
        return load if load != bound else None


class Search:
    """One search for several goals. max_load: what the generator or the line can do, if known."""

    def __init__(self, goals, min_load=1000, max_load=10 ** 9, start=None):
        self.goals = list(goals)
        self.min_load, self.max_load = int(min_load), int(max_load)
        self.start = min(self.max_load, max(self.min_load, int(start or self.min_load)))
        self.trials = {}
        self.count = 0
        self._foci = [Focus(goal, self) for goal in self.goals]
        self._asked = None

    def next(self):
        """The Ask for the next trial, or None: all goals are reached, or can't be."""
        for goal, focus in zip(self.goals, self._foci):
            found = focus.next()
            if found is not None:
                self._asked = Ask(goal, *found)
                return self._asked
        return None

    def take(self, trial: Trial):
        """The trial that next() asked for."""
        self.trials.setdefault(self._asked.load, []).append(trial)
        self.count += 1

    def rough(self, goal):
        """(lower, upper) bound by the trials of the goal's present phase, each None if there is none: what
        is known before a result is."""
        bounds = Bounds(self._foci[self.goals.index(goal)].phases[0], self.trials)
        return bounds.lower, bounds.upper

    def results(self):
        """A Result for each goal, in their order; also before the search is over."""
        return [self._result(goal) for goal in self.goals]

    def _result(self, goal):
        bounds = Bounds(goal, self.trials)
        why = []
        if bounds.upper is None and bounds.lower == self.max_load:
            why.append("the highest load passed")
        elif bounds.lower is None and bounds.upper == self.min_load:
            why.append("the lowest load failed")
        elif bounds.lower is None or bounds.upper is None:
            why.append("stopped before there were two bounds" if bounds.lower or bounds.upper
                       else "stopped before there was a bound")
            why += [f"by few trials {load:,} {what}" for load, what in
                    zip(self.rough(goal), ("passed", "failed")) if load is not None]
        elif bounds.upper - bounds.lower > bounds.upper * goal.width:
            why.append("the bounds are one packet a second apart" if bounds.close(goal)
                       else "stopped before the bounds were close enough")
        at_lower = tuple(self.trials.get(bounds.lower, ()))
        at_upper = tuple(self.trials.get(bounds.upper, ()))
        lost = [t for t in at_upper if t.loss_ratio > goal.loss_ratio]
        return Result(goal, bounds.lower, bounds.upper,
                      conditional_throughput(goal, at_lower) if at_lower else None, tuple(why),
                      bool(lost) and all(t.late for t in lost), at_lower, at_upper)
