#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The search of tests/throughput with TRex's trials, and what stands in for TRex's client: it finds what the
device carries, and knows when the generator is the limit."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "throughput"), os.path.join(HERE, os.pardir, "tools")]
sys.dont_write_bytecode = True
import made_up  # noqa: E402
import standin  # noqa: E402
import tap  # noqa: E402
import trex_backend  # noqa: E402
import trex_trial  # noqa: E402
from goals import PRESETS  # noqa: E402
from search import Search  # noqa: E402
from standin_client import Client  # noqa: E402

MADE = made_up.sessions(50, 10)


def sought(client, goal, direction="both", size="imix"):
    """What a search finds for a goal."""
    trials = trex_trial.Trials(client, standin, MADE, direction, clock=client.clock, sleep=client.sleep)
    backend = trex_backend.Trex(lambda: ({"sessions": len(MADE)}, trials, client.reset))
    backend.up()
    search = Search([PRESETS[goal]], start=100_000, max_load=10_000_000)
    while (ask := search.next()) is not None:
        search.take(backend.trial(ask.load, ask.duration_s, size))
    result, = search.results()
    return result


class Searches(unittest.TestCase):
    def test_device(self):
        """without loss, and in a trial of 60 s, it finds the device's rate"""
        for goal in ("ndr", "lossless"):
            for direction in ("both", "clients"):
                result = sought(Client(device_pps=1_234_567, deaf_s=0.05, own=2), goal, direction)
                self.assertEqual((result.why, result.late), ((), False))
                self.assertLessEqual(result.lower, 1_234_567)
                self.assertGreater(result.lower, 1_234_567 * 0.99)
                self.assertGreater(result.upper, 1_234_567 * 0.995)

    def test_generator(self):
        """where TRex is late first, the result says that it was TRex"""
        result = sought(Client(capacity_pps=300_000), "ndr", "clients")
        self.assertTrue(result.late)
        self.assertLess(result.lower, 310_000)


if __name__ == "__main__":
    tap.main()
