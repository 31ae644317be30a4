#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests of goals.py and search.py: what is a bound, and that noise doesn't mislead the search."""
import dataclasses
import os
import random
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "tools")]
sys.dont_write_bytecode = True
import tap  # noqa: E402
from goals import LOWER, PRESETS, UNDECIDED, UPPER, Goal, Trial, classify, conditional_throughput  # noqa: E402
from search import Search, phases  # noqa: E402
from simulated import Simulated, bisection, run  # noqa: E402

NDR, PDR, LOSSLESS = PRESETS["ndr"], PRESETS["pdr"], PRESETS["lossless"]
SEEDS = range(20)


def trials(count, lost=0, duration_s=1.0, load=1000, **kinds):
    sent = int(load * duration_s)
    return [Trial(load, duration_s, sent, sent - lost, kinds.pop("took_s", duration_s), **kinds)] * count


def expect(found, wanted):
    if found != wanted:
        raise AssertionError(f"{found!r}, and not {wanted!r}")


def test_presets():
    """the presets are what they are called"""
    values = {name: dataclasses.astuple(goal)[1:] for name, goal in PRESETS.items()}
    expect(values, {"lossless": (0.0, 0.0, 1.0, 60.0, 60.0, 0.005), "ndr": (0.0, 0.5, 1.0, 1.0, 21.0, 0.005),
                    "pdr": (0.005, 0.5, 1.0, 1.0, 21.0, 0.005)})
    expect({goal.wrong() for goal in PRESETS.values()}, {None})


def test_wrong_goals():
    """goals that can't be are named"""
    for wrong in ({"loss_ratio": 1}, {"loss_ratio": -0.1}, {"loss_ratio": float("nan")}, {"exceed_ratio": 1},
                  {"width": 0}, {"width": float("nan")}, {"initial_s": 2.0}, {"initial_s": 0},
                  {"sum_s": 0.5}, {"final_s": float("inf")}, {"sum_s": float("nan")}):
        if dataclasses.replace(NDR, **wrong).wrong() is None:
            raise AssertionError(f"{wrong} is taken")


def test_nothing_measured():
    """a load without trials is undecided"""
    expect(classify(NDR, []), UNDECIDED)


def test_half_of_the_sum():
    """exceed 50 %: 10 of 21 s are not enough either way, and 11 are"""
    expect([classify(NDR, trials(n)) for n in (10, 11)], [UNDECIDED, LOWER])
    expect([classify(NDR, trials(n, lost=1)) for n in (10, 11)], [UNDECIDED, UPPER])
    expect(classify(NDR, trials(10) + trials(10, lost=1)), UNDECIDED)
    expect(classify(NDR, trials(11) + trials(10, lost=1)), LOWER)
    expect(classify(NDR, trials(10) + trials(11, lost=1)), UPPER)


def test_more_than_the_sum():
    """beyond the duration sum all trials count, and a bound may change"""
    expect(classify(NDR, trials(11) + trials(11, lost=1)), LOWER)
    expect(classify(NDR, trials(11) + trials(12, lost=1)), UPPER)


def test_loss_ratio():
    """a trial may lose as much as the goal says, and no more"""
    expect([classify(PDR, trials(11, lost=n)) for n in (5, 6)], [LOWER, UPPER])


def test_lossless():
    """lossless: one full trial is enough, and one short one that lost, too"""
    expect(classify(LOSSLESS, trials(1, duration_s=60)), LOWER)
    expect(classify(LOSSLESS, trials(59)), UNDECIDED)
    expect(classify(LOSSLESS, trials(59) + trials(1, lost=1)), UPPER)
    expect(classify(LOSSLESS, trials(1, duration_s=60) + trials(1, lost=1)), UPPER)


def test_short_trials():
    """short trials that did not lose excuse as many that did, and no full-length ones"""
    goal = Goal("tst009", final_s=60, sum_s=120)
    expect(classify(goal, trials(30) + trials(30, lost=1)), UNDECIDED)
    expect(classify(goal, trials(30) + trials(91, lost=1)), UPPER)
    expect(classify(goal, trials(30) + trials(90, lost=1)), UNDECIDED)
    expect(classify(goal, trials(500) + trials(2, lost=1, duration_s=60)), UPPER)
    expect(classify(goal, trials(1, duration_s=60)), LOWER)
    expect(classify(goal, trials(1, duration_s=60) + trials(61, lost=1)), UPPER)


def test_longer_trials():
    """a trial longer than the goal's counts with all its time"""
    expect(classify(NDR, trials(1, duration_s=11)), LOWER)
    expect(classify(NDR, trials(1, took_s=11)), UPPER)  # and one that took longer with what it took


def test_duration_stretching():
    """a trial whose time was not kept has lost, whatever arrived"""
    for late in ({"took_s": 1.02}, {"unsent": 1}):
        expect(classify(PDR, trials(11, **late)), UPPER)
        expect(trials(1, **late)[0].loss_ratio, 1.0)
    expect(classify(PDR, trials(11, took_s=1.009)), LOWER)
    expect(Trial(1000, 1.0, 900, 900, 1.0).late, "too few sent")
    expect(Trial(1000, 1.0, 0, 0, 1.0).loss_ratio, 1.0)
    expect(Trial(1000, 1.0, 1000, 1003, 1.0).loss_ratio, 0.0)
    expect(Trial(1000, 1.0, 1000, 1000, 1.0, wrong=1).loss_ratio, 0.001)


def test_conditional_throughput():
    """conditional throughput is that of the worst trial that is not excused"""
    expect(conditional_throughput(NDR, trials(11)), 1000)
    expect(conditional_throughput(PDR, trials(11, lost=5)), 995)
    expect(conditional_throughput(PDR, trials(10) + trials(1, lost=2) + trials(10, lost=100)), 998)
    expect(conditional_throughput(PDR, trials(10)), 0)  # what is missing may all be lost
    expect(conditional_throughput(LOSSLESS, trials(59)), None)


def test_rounding():
    """sums of durations that are off by a rounding do not lose a throughput"""
    goal = Goal("seventy", exceed_ratio=0.7, sum_s=10)
    expect(classify(goal, trials(3)), LOWER)
    expect([conditional_throughput(goal, trials(3) + trials(n, lost=10)) for n in (0, 7)], [1000, 1000])


def test_phases():
    """phases end in the goal, and begin short and coarse"""
    for goal in (*PRESETS.values(), Goal("one", sum_s=1.0), Goal("long", final_s=600, sum_s=86400, width=0.3)):
        found = phases(goal)
        expect(found[-1], goal)
        expect({phase.wrong() for phase in found}, {None})
        if len(found) > 1:
            expect(found[0].final_s, goal.initial_s)
            assert found[0].width >= goal.width and found[0].sum_s < goal.sum_s
    expect([phase.final_s for phase in phases(LOSSLESS)], [1.0, 7.5, 60.0])


def found_within(goal, rate, hiccups):
    """The lower bounds of searches in noisy systems; each with the truth within its width."""
    lowers = []
    for seed in SEEDS:
        search = Search([goal], start=100_000)
        run(search, Simulated(rate, hiccups, seed))
        result = search.results()[0]
        expect(result.why, ())
        truth = rate / (1 - goal.loss_ratio)
        if not (result.lower <= truth * 1.00001 and result.lower >= truth * (1 - goal.width)
                and result.width <= goal.width):
            raise AssertionError(f"seed {seed}: {result.lower} to {result.upper}")
        lowers.append(result.lower)
    return lowers


def test_noise():
    """hiccups in 5 % and 20 % of the seconds: ndr and pdr are right within their width, always"""
    for goal in (NDR, PDR):
        for hiccups in (0, 0.05, 0.2):
            found_within(goal, 1_000_000, hiccups)
            found_within(goal, 31_415_926, hiccups)


def test_noise_costs_little():
    """a first phase that noise has misled is left at once, and not in steps of its own width"""
    counts = []
    for seed in SEEDS:
        search = Search([NDR], start=100_000)
        run(search, Simulated(1_000_000, 0.2, seed))
        counts.append(search.count)
    assert statistics.fmean(counts) < 135, counts


def test_bisection_falls():
    """and a bisection with one trial a load falls far below the truth there"""
    for hiccups, lowest, median in ((0.05, 0.6, 1.01), (0.2, 0.3, 0.95)):
        found = [bisection(Simulated(1_000_000, hiccups, seed), 1000, 2_000_000) for seed in SEEDS]
        print(hiccups, sorted(found))
        assert min(found) < lowest * 1_000_000, min(found)
        assert statistics.median(found) < median * 1_000_000, statistics.median(found)


def test_each_preset():
    """without noise each preset, alone and beside others, finds the rate"""
    for goals in ([LOSSLESS], [NDR], [PDR], [NDR, PDR], [PDR, NDR]):
        search = Search(goals, start=100_000)
        run(search, Simulated(7_654_321))
        for result in search.results():
            expect(result.why, ())
            truth = 7_654_321 / (1 - result.goal.loss_ratio)
            assert truth * (1 - result.goal.width) <= result.lower <= truth * 1.00001 < result.upper * 1.00001
            assert result.throughput <= result.lower


def test_lossless_is_strict():
    """lossless falls where ndr does not: each hiccup counts"""
    search = Search([LOSSLESS], start=100_000)
    run(search, Simulated(1_000_000, 0.2))
    result = search.results()[0]
    assert result.lower is None or result.lower < 900_000


def test_shared_trials():
    """several goals in one search cost less than each alone"""
    alone = 0
    for goals in ([NDR], [PDR]):
        search = Search(goals, start=100_000)
        run(search, Simulated(1_000_000, 0.05))
        alone += search.count
    search = Search([NDR, PDR], start=100_000)
    run(search, Simulated(1_000_000, 0.05))
    assert search.count < alone * 0.85, (search.count, alone)


def test_short_first():
    """lossless makes few trials of 60 s"""
    system, search = Simulated(1_000_000), Search([LOSSLESS], start=100_000)
    seconds = run(search, system)
    assert seconds < 6 * 60, seconds


def test_generator_too_slow():
    """a generator that is slower than the relay: its limit is found, and named as such"""
    search = Search([NDR], start=100_000)
    run(search, Simulated(10_000_000, generator=300_000))
    result = search.results()[0]
    expect((result.why, result.late), ((), True))
    assert 300_000 * 0.995 <= result.lower <= 300_000 * 1.01, result.lower
    run(search := Search([NDR], start=100_000), Simulated(300_000, generator=10_000_000))
    expect(search.results()[0].late, False)


def test_highest_passed():
    """the highest load passed: irregular, with it as lower bound"""
    search = Search([NDR], max_load=500_000, start=100_000)
    run(search, Simulated(1_000_000))
    result = search.results()[0]
    expect((result.lower, result.upper, result.why), (500_000, None, ("the highest load passed",)))
    expect(result.throughput, 500_000)


def test_lowest_failed():
    """the lowest load failed: irregular, with it as upper bound"""
    search = Search([NDR], min_load=10_000, start=100_000)
    run(search, Simulated(9_000))
    result = search.results()[0]
    expect((result.lower, result.upper, result.why), (None, 10_000, ("the lowest load failed",)))


def test_stopped():
    """a search that is stopped says what is known, marked"""
    search = Search([NDR, PDR], start=100_000)
    expect({r.why for r in search.results()}, {("stopped before there was a bound",)})
    system = Simulated(1_000_000)
    marks = []
    for _ in range(12):
        ask = search.next()
        search.take(system.trial(ask.load, ask.duration_s))
    expect(search.results()[0].why, ("stopped before there was a bound", "by few trials 800,000 passed",
                                     "by few trials 1,131,371 failed"))
    while (ask := search.next()) is not None:
        search.take(system.trial(ask.load, ask.duration_s))
        marks.append(search.results()[0].why[:1])
    expect(list(dict.fromkeys(marks)), [("stopped before there was a bound",), ("stopped before there were two bounds",),
                                        ("stopped before the bounds were close enough",), ()])


def test_close_as_can_be():
    """loads are whole packets a second: what can't be closer is marked, and ends"""
    search = Search([NDR], min_load=1, start=8)
    run(search, Simulated(30))
    result = search.results()[0]
    expect((result.lower, result.upper, result.why), (30, 31, ("the bounds are one packet a second apart",)))


def test_loss_inversion():
    """a lower load that fails is believed, and not a higher one that passes"""
    search = Search([NDR], start=100_000)
    run(search, Simulated(1_000_000))
    lower = search.results()[0].lower
    for _ in range(11):
        search.trials.setdefault(50_000, []).append(Trial(50_000, 1.0, 50_000, 49_000, 1.0))
    expect(search.results()[0].upper, 50_000)
    assert search.next() is not None and search.next().load < 50_000 < lower


def test_ends():
    """whatever is measured, the search ends, within its loads"""
    for seed in range(200):
        rng = random.Random(seed)
        goals = [Goal(str(i), loss_ratio=rng.choice((0, 0.005, 0.3)), exceed_ratio=rng.choice((0, 0.25, 0.5, 0.9)),
                      initial_s=1.0, final_s=rng.choice((1.0, 5.0, 60.0)), sum_s=rng.choice((60.0, 100.0)),
                      width=rng.choice((0.005, 0.1, 0.9))) for i in range(rng.randrange(1, 4))]
        low, high = rng.choice(((1, 10 ** 9), (1000, 2_000_000), (10, 11), (5, 5)))
        search = Search(goals, low, high, start=rng.choice((None, 100_000, 1)))
        while (ask := search.next()) is not None:
            assert low <= ask.load <= high, ask
            sent = int(ask.load * ask.duration_s)
            search.take(Trial(ask.load, ask.duration_s, sent, rng.choice((sent, sent, 0, int(sent * 0.999))),
                              ask.duration_s * rng.choice((1, 1, 1, 3))))
            assert search.count < 50_000, goals
        for result in search.results():
            assert result.why or result.width <= result.goal.width


if __name__ == "__main__":
    tap.main()
