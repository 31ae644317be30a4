#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""config/THROUGHPUT.md: its configurations are right and fit each other, and its tables are what
rates.py makes. usage: test_page.py CULVERTD CONFIG-FOLDER"""
import ipaddress
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import types
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "tools"), os.path.join(HERE, os.pardir, "throughput")]
sys.dont_write_bytecode = True
import l2tp_streams  # noqa: E402
import made_up  # noqa: E402
import options  # noqa: E402
import rates  # noqa: E402
import standin  # noqa: E402
import tap  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None
sys.modules["trex"] = types.ModuleType("trex")
sys.modules["trex.stl"] = types.ModuleType("trex.stl")
sys.modules["trex.stl"].api = standin
import culvert_profile  # noqa: E402

CULVERTD, CONFIG = map(os.path.abspath, sys.argv[1:])
MADE = made_up.sessions(2)
with open(os.path.join(CONFIG, "THROUGHPUT.md"), encoding="utf-8") as file:
    PAGE = file.read()


def shown(name):
    """What the page shows as this file."""
    return re.search(rf"^```[a-z]+ file={re.escape(name)}\n(.*?)^```$", PAGE, re.M | re.S).group(1)


class Page(unittest.TestCase):
    def test_check(self):
        """culvertd --check takes throughput.yaml, with the files that are beside it"""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("throughput.yaml", shown("throughput.yaml")), ("tunnel.secret", "secret\n"),
                               ("users.txt", "u0:the-password:bench\nu99:the-password:bench\n")):
                with open(os.open(os.path.join(folder, name), os.O_CREAT | os.O_WRONLY, 0o600), "w",
                          encoding="utf-8") as out:
                    out.write(text)
            ran = subprocess.run([CULVERTD, "--check", "throughput.yaml"], cwd=folder, capture_output=True,
                                 text=True, timeout=60)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""), ran.stdout)
            self.assertNotIn("warning", ran.stdout)

    def test_copy(self):
        """it is the file in config"""
        with open(os.path.join(CONFIG, "throughput.yaml"), encoding="utf-8") as copy:
            self.assertEqual(shown("throughput.yaml"), copy.read())

    @unittest.skipUnless(yaml, "no python3-yaml")
    def test_ends(self):
        """TRex's ports and BNG Blaster's are the other ends of Culvert's"""
        ours, trex = yaml.safe_load(shown("throughput.yaml")), yaml.safe_load(shown("trex_cfg.yaml"))[0]
        near, far = trex["port_info"]
        listener, route = ours["listeners"][0], ours["routes"][0]
        self.assertEqual(near, {"ip": listener["gateway"], "default_gw": listener["address"].split("/")[0]})
        self.assertEqual(far, {"ip": route["via"], "default_gw": ours["interfaces"][0]["addresses"].split("/")[0]})
        self.assertEqual((route["to"], ours["filters"][0]["gateways"]), (l2tp_streams.NETWORK,) * 2)
        threads = trex["platform"]["dual_if"][0]["threads"]
        used = [*threads, trex["platform"]["master_thread_id"], trex["platform"]["latency_thread_id"]]
        self.assertEqual((len(threads), len(set(used))), (trex["c"], len(used)))
        blaster = json.loads(shown("blaster.json"))
        link = ipaddress.ip_interface(listener["address"]).network
        addresses = [client["client-address"] for client in blaster["l2tp-client"]]
        self.assertEqual(len(set(addresses)), len(addresses))
        self.assertTrue(all(ipaddress.ip_address(address) in link for address in addresses))
        self.assertEqual({client["server-address"] for client in blaster["l2tp-client"]}, {near["default_gw"]})
        groups = {client["group-id"] for client in blaster["l2tp-client"]}
        self.assertEqual({access["l2tp-client-group-id"] for access in blaster["interfaces"]["access"]}, groups)

    def test_tables(self):
        """its tables are those of rates.py"""
        for table in (rates.workers_table(rates.CYCLES), rates.lines_table()):
            self.assertIn("\n" + "\n".join(table) + "\n", PAGE)

    def test_sums(self):
        """what rates.py computes, by hand, and a frame's bytes as they are built"""
        self.assertEqual(round(rates.line_mpps(10, 46 - rates.TUNNEL, True), 2), 14.88)  # 64 bytes: RFC 2544
        self.assertEqual(round(rates.line_mpps(100, 1400, False), 2), 8.69)
        self.assertEqual(rates.worker_mpps(100, 3.0, 4), 120)
        frame = l2tp_streams.plan(MADE, l2tp_streams.UP, 64, 1)[0].frame
        self.assertEqual(rates.wire_bytes(64, True), len(frame) + 4 + 20)
        self.assertEqual(rates.wire_bytes("imix", True), (7 * 140 + 4 * 652 + 1476) / 12)

    def test_commands(self):
        """searches and streams that it and the READMEs show are such that are taken"""
        texts = [PAGE]
        for folder in ("throughput", "trex"):
            with open(os.path.join(HERE, os.pardir, folder, "README.md"), encoding="utf-8") as text:
                texts.append(text.read())
        shown_lines = [line.strip() for text in texts for line in text.replace("\\\n", " ").split("\n") if line.startswith("    ")]
        searches = [line.split(" throughput ", 1)[1] for line in shown_lines if line.startswith("./dpdk-setup.sh throughput --")]
        starts = [line.split(" -t ", 1)[1] for line in shown_lines if " -t --table" in line]
        self.assertGreater(len(searches), 3)
        self.assertGreater(len(starts), 4)
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)  # where they write to
            for line in searches:
                options.parse(shlex.split(line))
            os.chdir(HERE)
        for line in starts:
            culvert_profile.arguments(shlex.split(line))

    def test_links(self):
        """the files that it names are there"""
        for path in sorted(set(re.findall(r"`((?:tests|config|lib)/[\w./-]+)", PAGE))):
            self.assertTrue(os.path.exists(os.path.join(CONFIG, os.pardir, path)), path)


if __name__ == "__main__":
    tap.main()
