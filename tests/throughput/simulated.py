# SPDX-License-Identifier: BSD-3-Clause
"""A relay and its generator in invented time, to test the search on."""
import random

from goals import Trial


class Simulated:
    """Relays `rate` packets a second, but for hiccups: in that share of the seconds it does nothing for
    1 to 50 ms, at whatever load. `generator`: packets a second that can be sent at most; what is asked
    beyond takes longer ("duration stretching"), and all of it arrives if the relay can."""

    def __init__(self, rate, hiccups=0.0, seed=1, generator=None, buffer=1000):
        self.rate, self.hiccups, self.generator, self.buffer = rate, hiccups, generator, buffer
        self.random = random.Random(seed)
        self.trials = 0

    def trial(self, load, duration_s):
        self.trials += 1
        sent = int(load * duration_s)
        pace = min(load, self.generator or load)
        received = min(sent, int(self.rate * sent / pace)) if pace else 0
        for _ in range(max(1, round(duration_s))):
            if self.random.random() < self.hiccups:
                received -= int(pace * self.random.uniform(0.001, 0.05))
        return Trial(load, duration_s, sent, max(0, received), sent / pace if pace else duration_s)

    def burst(self, packets, line_rate=10_000_000):
        """Back to back: what the buffer doesn't hold meanwhile is lost."""
        took = packets / line_rate
        return Trial(line_rate, took, packets, min(packets, int(self.rate * took) + self.buffer), took)


def run(search, system, limit=100_000):
    """Searches in the system; the seconds that the trials would have taken."""
    seconds = 0.0
    while (ask := search.next()) is not None:
        trial = system.trial(ask.load, ask.duration_s)
        seconds += trial.effective_s
        search.take(trial)
        if search.count > limit:
            raise AssertionError(f"the search does not end: {search.count} trials")
    return seconds


def bisection(system, low, high, width=0.005):
    """What RFC 2544 is often made of: one trial of 1 s a load."""
    while (high - low) / high > width:
        load = (low + high) // 2
        trial = system.trial(load, 1.0)
        if trial.loss_ratio > 0:
            high = load
        else:
            low = load
    return low
