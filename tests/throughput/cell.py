# SPDX-License-Identifier: BSD-3-Clause
"""One cell of the matrix: a search, then latency, bursts and a soak at what was found.

Everything is recorded as it comes, in a dictionary that JSON takes: who is interrupted has what was
known until then.
"""
import burst
from backend import BackendError
from beside import difference
from goals import LOWER, UNDECIDED, UPPER, classify
from search import Search

IMIX_BYTES = (7 * 64 + 4 * 576 + 1400) / 12  # of an inner packet, as both generators mix them
LATENCY_AT = (90, 50, 10)  # percent of what was found
SOAK_AT = 90
SOAK_PART_S = 60  # a soak is made of trials, to be seen and stopped


def groups(goals):
    """Goals that share a search: those with one final trial duration. A long trial counts for shorter goals
    with all its time, and a lossy short one against a longer goal that nothing excuses: with these
    together, what is found for one depended on what else is sought."""
    found = {}
    for goal in goals:
        found.setdefault(goal.final_s, []).append(goal)
    return list(found.values())


def merged(parts):
    """Sums of what beside.difference() says of several trials; None: of none it is known."""
    parts = [part for part in parts if part is not None]
    if not parts:
        return None

    def add(total, part):
        for key, value in part.items():
            if isinstance(value, dict):
                add(total.setdefault(key, {}), value)
            else:
                total[key] = total.get(key, 0) + value
        return total
    total = {}
    for part in parts:
        add(total, part)
    return total


class Cell:
    """about: {"size", "sessions", "lacs", "generator": what it said when it was up}. say(text): progress. clock(): seconds."""

    def __init__(self, about, backend, beside, options, say, clock):
        self.backend, self.beside, self.options, self.say, self.clock = backend, beside, options, say, clock
        self.size = about["size"]
        self.record = {**about, "error": None, "stopped": False, "results": [], "latency": [], "burst": None,
                       "soak": None, "beside": None, "seconds": 0.0, "trials": []}
        self.searches = []
        self.unsettled = {}  # by goal: what a bound was when it was tried again

    def run(self):
        """All of it. Raises what ends everything (Ctrl-C); the record is whole then, too."""
        begun = self.clock()
        try:
            self._warm_up()
            for goals in groups(self.options.goals):
                self._search(goals, begun)
            self._again(begun)
            self._results()
            at = self._found()
            if at is not None:
                self._latency(at)
                self._bursts(at)
                self._soak(at)
        except BackendError as error:
            self.record["error"] = str(error)
        except BaseException:
            self.record["stopped"] = True
            raise
        finally:
            self._results()
            self.record["seconds"] = round(self.clock() - begun, 3)
            if self.beside is not None and self.beside.failed:
                self.record["beside"] = self.beside.failed

    def fail(self, why):
        """There is no backend."""
        self.record["error"] = why
        self._results()

    def _measure(self, what, load, make):
        """A trial with what Culvert counted meanwhile; and its record."""
        before = self.beside.read() if self.beside else None
        trial = make()
        after = self.beside.read() if self.beside else None
        record = {"for": what, "pps": round(load or trial.load), "seconds": trial.duration_s, "sent": trial.sent,
                  "received": trial.received, "wrong": trial.wrong, "unsent": trial.unsent,
                  "took_seconds": trial.took_s, "late": trial.late, "loss_ratio": trial.loss_ratio,
                  **trial.more, "culvert": difference(before, after)}
        self.record["trials"].append(record)
        return trial, record

    def _warm_up(self):
        """Neighbours that have been silent are asked again: what that costs is no trial's loss."""
        pps = min(self.options.start, self.options.max)
        if self.options.warm_up:
            self.say(f"warm-up: {pps:,} packets/s")
            self._measure("warm-up", pps, lambda: self.backend.trial(pps, self.options.warm_up, self.size))

    def _search(self, goals, begun):
        o = self.options
        search = Search(goals, o.min, o.max, o.start)
        self.searches.append(search)
        while (ask := search.next()) is not None:
            if self._late(begun):
                return
            known = ", ".join(f"{load:,} {what}" for load, what in
                              zip(search.rough(ask.goal), ("passed", "failed")) if load is not None)
            self.say(f"{ask.goal.name}: trial {search.count + 1}, {ask.load:,} packets/s for {ask.duration_s:g} s"
                     + (f" ({known})" if known else ""))
            trial, _ = self._measure(ask.goal.name, ask.load,
                                     lambda: self.backend.trial(ask.load, ask.duration_s, self.size))
            search.take(trial)

    def _again(self, begun):
        """Each bound once more, a width beyond, by trials of their own, which count for nothing else: a
        server that was slow at first, or has become so, has other bounds by now, and the search did not see it."""
        o = self.options
        for result in (result for search in self.searches for result in search.results() if not result.why):
            goal, found = result.goal, self.unsettled.setdefault(result.goal.name, [])
            for load, other, what in ((min(o.max, int(result.upper * (1 + goal.width)) + 1), LOWER, "passed"),
                                      (max(o.min, int(result.lower * (1 - goal.width))), UPPER, "failed")):
                trials = []
                while classify(goal, trials) == UNDECIDED and not o.once and not self._late(begun):
                    self.say(f"{goal.name}: again, {load:,} packets/s for {goal.final_s:g} s")
                    trials.append(self._measure("again", load, lambda load=load, goal=goal: self.backend.trial(
                        load, goal.final_s, self.size))[0])
                if classify(goal, trials) == other:
                    found.append(f"tried again, {load:,} {what}")

    def _late(self, begun):
        return self.options.max_time and self.clock() - begun > self.options.max_time

    def _at(self, load):
        """What Culvert counted in the search's trials at a load."""
        names = {goal.name for goal in self.options.goals}
        return merged(t["culvert"] for t in self.record["trials"] if t["pps"] == load and t["for"] in names)

    def _results(self):
        by_name = {result.goal.name: result for search in self.searches for result in search.results()}
        self.record["results"] = [self._result(by_name[goal.name]) if goal.name in by_name else
                                  {"goal": goal.name, "lower_pps": None, "upper_pps": None, "throughput_pps": None,
                                   "width": None, "why": ["not begun"], "generator": False, "inner_mbps": None,
                                   "culvert_lower": None, "culvert_upper": None}
                                  for goal in self.options.goals]

    def _result(self, result):
        each = IMIX_BYTES if self.size == "imix" else self.size
        mbps = None if result.lower is None else round(result.lower * each * 8 / 1e6, 1)
        return {"goal": result.goal.name, "lower_pps": result.lower, "upper_pps": result.upper,
                "throughput_pps": None if result.throughput is None else round(result.throughput),
                "width": result.width, "why": [*result.why, *self.unsettled.get(result.goal.name, ())],
                "generator": result.late, "inner_mbps": mbps,
                "culvert_lower": self._at(result.lower), "culvert_upper": self._at(result.upper)}

    def _found(self):
        """The goal that latencies, bursts and soak are about, and its lower bound: the one that permits most."""
        found = [(goal.loss_ratio, result["lower_pps"], goal) for goal, result in
                 zip(self.options.goals, self.record["results"]) if result["lower_pps"]]
        return max(found, key=lambda one: one[:2])[1:] if found else None

    def _latency(self, at):
        load, goal = at
        for percent in LATENCY_AT if self.options.latency else ():
            pps = max(1, load * percent // 100)
            self.say(f"latency at {percent} % of {goal.name}: {pps:,} packets/s")
            trial, record = self._measure("latency", pps, lambda: self.backend.trial(pps, self.options.latency, self.size))
            self.record["latency"].append({"percent": percent, "of": goal.name, "pps": pps,
                                           "loss_ratio": trial.loss_ratio, "late": trial.late,
                                           **record.get("latency_us", {})})

    def _bursts(self, at):
        if not self.options.burst:
            return
        lengths, rates = [], []
        try:
            for repeat in range(self.options.burst):
                lengths.append(self._burst(f"burst {repeat + 1} of {self.options.burst}", lengths, rates))
        except BackendError as error:
            if lengths or rates:
                raise
            self.record["burst"] = {"skipped": str(error)}
        else:
            best = max((r["throughput_pps"] or 0 for r in self.record["results"]), default=0)
            bursts = burst.Bursts(tuple(lengths), self.options.burst_most, sum(rates) / len(rates), best or None)
            self.record["burst"] = {"repeats": len(lengths), "mean": round(bursts.mean, 1), "min": min(lengths),
                                    "max": max(lengths), "deviation": round(bursts.deviation, 1),
                                    "pps": round(bursts.rate), "buffer_us": None if bursts.buffer_s is None else
                                    round(bursts.buffer_s * 1e6, 1), "step": burst.RESOLUTION, "most": bursts.most,
                                    "why": bursts.irregular, "of": at[1].name}

    def _burst(self, what, before, rates):
        ways = burst.longest(self.options.burst_most, max(burst.FIRST, before[-1] if before else 0))
        length = next(ways)
        while True:
            self.say(f"{what}: {length:,} packets")
            trial, _ = self._measure("burst", None, lambda: self.backend.burst(length, self.size))
            rates.append(trial.load)
            whole = trial.sent >= length and trial.loss_ratio == 0
            try:
                length = ways.send(whole)
            except StopIteration as stop:
                return stop.value

    def _soak(self, at):
        load, goal = at
        if not self.options.soak:
            return
        pps, left = max(1, load * SOAK_AT // 100), self.options.soak
        soak = self.record["soak"] = {"pps": pps, "of": goal.name, "wanted_seconds": left, "seconds": 0, "sent": 0,
                                      "lost": 0, "late": 0, "lossy": 0, "trials": 0, "passed": False, "culvert": None}
        parts = []
        while left > 0:
            seconds = min(left, SOAK_PART_S)
            self.say(f"soak: {pps:,} packets/s, {left:g} s to go, {soak['lost']:,} lost")
            trial, record = self._measure("soak", pps, lambda: self.backend.trial(pps, seconds, self.size))
            left -= seconds
            parts.append(record["culvert"])
            soak["seconds"] += seconds
            soak["sent"] += trial.sent
            soak["lost"] += max(0, trial.sent - trial.received)
            soak["late"] += bool(trial.late)
            soak["lossy"] += trial.loss_ratio > goal.loss_ratio
            soak["trials"] += 1
            soak["culvert"] = merged(parts)
        soak["passed"] = not soak["lossy"]


def good(record):
    """All that was asked for was found."""
    return (not record["error"] and not record["stopped"] and bool(record["results"])
            and not any(r["why"] for r in record["results"])
            and not (record["soak"] and not record["soak"]["passed"]))
