#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests of culvert_profile.py: with what stands in for TRex's API, and, where TREX_HOME or /opt/trex has
one, with TRex's own Python API, which needs no server to make streams."""
import glob
import json
import os
import subprocess
import sys
import tempfile
import types
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "tools")]
sys.dont_write_bytecode = True
import l2tp_streams  # noqa: E402
import made_up  # noqa: E402
import standin  # noqa: E402
import tap  # noqa: E402

sys.modules["trex"] = types.ModuleType("trex")
sys.modules["trex.stl"] = types.ModuleType("trex.stl")
sys.modules["trex.stl"].api = standin
import culvert_profile  # noqa: E402

API = "automation/trex_control_plane/interactive"
# What trex_trial.py asks of its client.
CALLS = [("get_server_version", {}), ("reset", {"ports": [0]}), ("remove_all_streams", {"ports": [0]}), ("clear_stats", {"ports": [0]}),
         ("add_streams", {"streams": [], "ports": [0]}), ("get_stats", {"ports": [0]}), ("stop", {"ports": [0]}),
         ("start", {"ports": [0], "mult": "1", "duration": 1, "force": True}), ("is_traffic_active", {"ports": [0]}),
         ("wait_on_traffic", {"ports": [0], "timeout": 5, "rx_delay_ms": 0})]
# Run by TRex's side: the profile as its console loads it, streams as it would tell them the server.
LOADS = """
import json, sys
from trex.stl.api import STLProfile
profile = STLProfile.load_py(sys.argv[1], direction=0, port_id=0, tunables=json.loads(sys.argv[2]))
import inspect
from trex.stl.api import STLClient
for name, given in json.loads(sys.argv[3]):
    inspect.signature(getattr(STLClient, name)).bind(None, **given)
print(json.dumps([stream.to_json() for stream in profile.get_streams()]))
"""


def trex():
    """Where TRex's Python API is, or None."""
    found = [path for home in (os.environ.get("TREX_HOME"), "/opt/trex") if home
             for path in [os.path.join(home, API), *sorted(glob.glob(os.path.join(home, "v*", API)))]]
    return next((path for path in found if os.path.isdir(os.path.join(path, "trex", "stl"))), None)


class Profile(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.table = os.path.join(self.folder.name, "sessions.csv")
        self.made = made_up.sessions(200, 20)
        with open(self.table, "w", encoding="ascii") as file:
            file.write("\n".join(made_up.csv(self.made)) + "\n")

    def tearDown(self):
        self.folder.cleanup()

    def streams(self, *tunables, direction=0):
        return culvert_profile.register().get_streams(["--table", self.table, *tunables], direction=direction,
                                                      port_id=direction)

    def test_load(self):
        """the load alone is that of the plan"""
        want = l2tp_streams.build(standin, l2tp_streams.plan(self.made, l2tp_streams.UP, "imix", 5000, 3))
        got = self.streams("--traffic", "up", "--size", "imix", "--pps", "5000", "--seed", "3")
        self.assertEqual([s.to_json() for s in got], [s.to_json() for s in want])

    def test_both(self):
        """both: up on even ports, down on odd ones, where a flood has no sense"""
        up = self.streams("--traffic", "both", "--flood", "unknown")
        down = self.streams("--traffic", "both", "--flood", "unknown", direction=1)
        self.assertEqual([[s.name for s in way] for way in (up, down)], [["up-64-0", "flood-unknown"], ["down-64-0"]])

    def test_beside(self):
        """latency and tagged streams and a flood, at rates of their own, of so many LACs"""
        got = self.streams("--lacs", "3", "--latency", "100", "--tagged", "200", "--flood", "sccrq",
                           "--flood-pps", "300")
        self.assertEqual([(s.mode.pps, s.flow_stats and s.flow_stats.rule) for s in got],
                         [(1000, None), (100, "latency"), (200, "tpg"), (300, None)])
        self.assertEqual(len({v for c in got[0].packet.commands if getattr(c, "name", "") == "port"
                              and hasattr(c, "values") for v in c.values}), 3)

    def test_wrong(self):
        """wrong tunables and tables end in words"""
        with self.assertRaisesRegex(ValueError, "21 LACs"):
            self.streams("--lacs", "21")
        with self.assertRaisesRegex(ValueError, "nowhere.csv: No such file"):
            self.streams("--table", "/nowhere.csv")
        for wrong in (["--traffic", "x"], ["--pps", "x"], ["--flood", "x"], ["--no-such"]):
            with self.assertRaises(SystemExit), open(os.devnull, "w", encoding="ascii") as null:
                old, sys.stderr = sys.stderr, null
                try:
                    self.streams(*wrong)
                finally:
                    sys.stderr = old

    @unittest.skipUnless(trex(), "no TRex (TREX_HOME says where; else it is looked for in /opt/trex)")
    def test_trex(self):
        """TRex's own API loads it, tells its server what the stand-in does, and has what trials ask for"""
        for tunables in (["--traffic", "up", "--size", "imix"], ["--traffic", "down", "--size", "9000"],
                         ["--latency", "100", "--tagged", "100", "--flood", "sccrq", "--lacs", "8"]):
            ran = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", LOADS, os.path.join(HERE, "culvert_profile.py"),
                 json.dumps(["--table", self.table, *tunables]), json.dumps(CALLS)],
                capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": trex()})
            self.assertEqual(ran.returncode, 0, ran.stderr)
            got = json.loads(ran.stdout.splitlines()[-1])
            want = [s.to_json() for s in self.streams(*tunables)]
            self.assertEqual(len(got), len(want))
            for one, other in zip(got, want):
                self.assertEqual({key: one[key] for key in other}, json.loads(json.dumps(other)))
                self.assertLessEqual(set(one) - set(other), {"name", "next"})


if __name__ == "__main__":
    tap.main()
