#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests of trex_trial.py, with what stands in for TRex's client: loss, lateness, a port that never stops."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "tools")]
sys.dont_write_bytecode = True
import made_up  # noqa: E402
import standin  # noqa: E402
import tap  # noqa: E402
import trex_trial  # noqa: E402
from l2tp_streams import BadPlan  # noqa: E402
from sessions_table import BadTable  # noqa: E402
from standin_client import Client  # noqa: E402

MADE = made_up.sessions(100, 10)
KEYS = {"event", "pps", "seconds", "size", "sent", "received", "lost", "reordered", "wrong", "took_seconds",
        "unsent", "latency_us", "outer_bytes"}


def trials(client, direction="clients", **more):
    return trex_trial.Trials(client, standin, MADE, direction, clock=client.clock, sleep=client.sleep, **more)


class Trial(unittest.TestCase):
    def test_clean(self):
        """nothing lost: all keys, nothing unsent, and the counters are read when it is quiet"""
        for way, ports in (("clients", (0,)), ("up", (0, 1)), ("down", (0, 1)), ("both", (0, 1))):
            client = Client()
            said = trials(client, way).trial(10000, 2, 64)
            self.assertEqual(set(said), KEYS)
            self.assertEqual((said["sent"], said["received"], said["lost"], said["unsent"], said["size"]),
                             (20000, 20000, 0, 0, "64"))
            self.assertEqual(said["took_seconds"], 2)
            self.assertGreaterEqual(client.read_at, trex_trial.QUIET_S)
            self.assertEqual(client.calls, [("reset", ports)])
            self.assertEqual(set(said["latency_us"].values()), {None})

    def test_loss(self):
        """what the device loses is lost, in each direction"""
        for way in ("clients", "up", "down", "both"):
            said = trials(Client(loss=0.01), way).trial(10000, 1, "imix")
            self.assertEqual((said["sent"], said["lost"], said["received"]), (10000, 100, 9900))

    def test_own(self):
        """frames of the device's own do not make it negative"""
        said = trials(Client(own=3), "both").trial(10000, 1, 64)
        self.assertEqual((said["lost"], said["received"]), (0, 10000))

    def test_late(self):
        """a generator that is late: its time is told, and what came too late is unsent"""
        said = trials(Client(capacity_pps=5000)).trial(10000, 2, 64)
        self.assertEqual((said["sent"], said["lost"]), (20000, 0))
        self.assertAlmostEqual(said["took_seconds"], 4, delta=0.05)
        self.assertAlmostEqual(said["unsent"], 10000, delta=100)

    def test_slightly_late(self):
        """by a twentieth of a second is late, too; hearing of it late, and rounding, are not"""
        said = trials(Client(capacity_pps=10000 / 1.05, deaf_s=0.08)).trial(10000, 1, 64)
        self.assertAlmostEqual(said["took_seconds"], 1.05, delta=0.02)
        self.assertGreater(said["unsent"], 200)
        said = trials(Client(deaf_s=0.08, rounded=8)).trial(10000, 1, "imix")
        self.assertEqual((said["took_seconds"], said["unsent"], said["sent"]), (1, 0, 9976))
        said = trials(Client(rounded=200)).trial(10000, 1, 64)
        self.assertEqual(said["unsent"], 200)

    def test_stuck(self):
        """one that never ends is ended, and what it did not send is unsent"""
        client = Client()
        of = trials(client)
        of.trial(10000, 2, 64)
        client.stuck, begun = True, client.now
        said = of.trial(10000, 2, 64)
        self.assertLess(client.now - begun, 10)
        self.assertGreater(said["unsent"], 1000)
        self.assertGreater(said["took_seconds"], 4)

    def test_unfit(self):
        """a generator that is deaf from the start makes no trials"""
        for client in (Client(deaf_s=0.6), Client(stuck=True)):
            with self.assertRaisesRegex(trex_trial.Unfit, "heard to stop"):
                trials(client).trial(10000, 2, 64)

    def test_again(self):
        """a second trial has only its own streams and counters"""
        client = Client(loss=0.5)
        of = trials(client, "both")
        of.trial(10000, 2, "imix")
        planned = of.planned["up", "imix"]
        of.trial(20000, 2, "imix")
        self.assertIs(planned, of.planned["up", "imix"])  # they are made once
        said = of.trial(600, 1, 64)
        self.assertEqual((said["sent"], said["lost"]), (600, 300))
        self.assertEqual([len(client.streams[port]) for port in (0, 1)], [1, 1])

    def test_lacs(self):
        """of so many LACs alone"""
        client = Client()
        trials(client, lacs=2).trial(1000, 1, 64)
        ports = next(c.values for c in client.streams[0][0].packet.commands if getattr(c, "name", "") == "port")
        self.assertEqual((len(ports), len(set(ports))), (20, 2))
        with self.assertRaises(BadTable):
            trials(client, lacs=11)
        with self.assertRaises(BadPlan):
            trials(client, "sideways")

    def test_latency(self):
        """latencies of both directions together, as upper ends, and reordering; the rate stays the same"""
        groups = {1: {"latency": {"histogram": {10: 50, 20: 40}, "total_min": 11, "total_max": 29},
                      "err_cntrs": {"out_of_order": 2}},
                  2: {"latency": {"histogram": {10: 8, 100: 1, 2000: 1}, "total_min": 9, "total_max": 2100},
                      "err_cntrs": {"out_of_order": 1}}}
        client = Client(latency=groups)
        said = trials(client, "both", latency_pps=100).trial(10000, 1, 64)
        self.assertEqual(said["latency_us"], {"min": 9, "p50": 20, "p90": 30, "p99": 200, "p99.9": 2100, "max": 2100})
        self.assertEqual((said["reordered"], said["sent"]), (3, 10000))
        kinds = [[s.flow_stats.number for s in client.streams[p] if s.flow_stats] for p in (0, 1)]
        self.assertEqual(kinds, [[1], [2]])
        said = trials(client, "both", latency_pps=1_000_000).trial(10000, 1, 64)
        self.assertEqual(said["sent"], 10000)  # stamps are a tenth of it at most
        self.assertTrue(all(s.mode.pps <= 4500 for p in (0, 1) for s in client.streams[p]))


if __name__ == "__main__":
    tap.main()
