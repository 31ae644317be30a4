#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests of what stands around the search: bursts, what Culvert counts, machine, compare, CSV, SVG."""
import csv
import io
import json
import os
import sys
import tempfile
import xml.dom.minidom

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "tools")]
sys.dont_write_bytecode = True
import beside  # noqa: E402
import burst  # noqa: E402
import compare  # noqa: E402
import machine  # noqa: E402
import options  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402
import tap  # noqa: E402
from cell import Cell, groups, merged  # noqa: E402
from goals import PRESETS, Trial  # noqa: E402
from simulated import Simulated  # noqa: E402


def longest(most, passes):
    """What burst.longest() finds, and how many bursts it took."""
    ways = burst.longest(most)
    length, count = next(ways), 0
    while True:
        assert 0 < length <= most
        count += 1
        try:
            length = ways.send(passes(length))
        except StopIteration as stop:
            return stop.value, count


def test_longest_burst():
    """the longest burst is found within 1 %, whatever it is"""
    for truth in (0, 1, 9, 1000, 1024, 1025, 77_777, 999_999):
        found, count = longest(1_000_000, lambda n, truth=truth: n <= truth)
        assert found <= truth <= max(found * 1.011, found + 8), (truth, found)
        assert count < 30, count
    assert longest(1_000_000, lambda n: True)[0] == 1_000_000
    assert longest(64, lambda n: True)[0] == 64


def test_buffer_time():
    """the time that buffers hold is that of the relay's buffer, less what it relays meanwhile"""
    system = Simulated(1_000_000, buffer=5000)
    length = longest(1_000_000, lambda n: system.burst(n).loss_ratio == 0)[0]
    bursts = burst.Bursts((length,) * 3, 1_000_000, 10_000_000, 1_000_000)
    assert abs(bursts.buffer_s - 5000 / 10_000_000) < 0.01 * bursts.buffer_s, bursts.buffer_s
    assert (bursts.irregular, bursts.deviation) == ("", 0)


def test_irregular_bursts():
    """bursts that say little are marked, and hold no time"""
    for lengths, rate, why in (((0, 5), 1e7, "no burst arrived whole"), ((), 1e7, "no burst arrived whole"),
                               ((64, 100), 1e7, "the longest burst passed"),
                               ((50,), 9e5, "bursts are not faster than the throughput")):
        bursts = burst.Bursts(lengths, 100, rate, 1_000_000)
        assert (bursts.irregular, bursts.buffer_s) == (why, None), bursts.irregular


def ctl(folder, text):
    """A culvertctl that says this, whatever it is asked."""
    path = os.path.join(folder, "ctl")
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return beside.Beside([path])


def test_beside():
    """drops by name and frames per worker are what came between two answers"""
    with tempfile.TemporaryDirectory() as folder:
        asked = ctl(folder, f"""cat >/dev/null; n=$(cat {folder}/n 2>/dev/null || echo 0)
case $2 in
drops) echo '{{"rows":[{{"name":"L2TP_SESSION","packets":'$((5 + n))'}},{{"name":"OLD","packets":3}}]}}' ;;
workers) echo '{{"rows":[{{"worker":0,"cpu":null,"rx_packets":'$((100 + 10 * n))',"tx_packets":7}}]}}'; echo $((n + 1)) >{folder}/n ;;
ports) echo '{{"rows":[{{"port":"wan","rx_missed":'$n',"tx_errors":0}}]}}' ;;
queues) echo '{{"rows":[{{"port":"wan","queue":0,"tx_full":'$((2 * n))',"rx_ring_full":null}}]}}' ;;
status) echo '{{"version":"1"}}' ;;
esac""")
        first, second = asked.read(), asked.read()
        found = beside.difference(first, second)
        assert found == {"drops": {"L2TP_SESSION": 1}, "workers": {"0": {"rx": 10, "tx": 0}},
                         "ports": {"wan": {"rx_missed": 1}}, "queues": {"wan/0": {"tx_full": 2}}}, found
        assert beside.words(found) == "drops L2TP_SESSION 1; frames of workers 0: 10; wan rx_missed 1; wan/0 tx_full 2"
        assert beside.words({"drops": {}, "workers": {}, "ports": {}, "queues": {}}) == "drops none"
        assert asked.status() == {"version": "1"}
        # it began anew in between: it counts from 0
        assert beside.difference(second, first)["workers"]["0"]["rx"] == 100
        assert beside.difference(None, first) is None and beside.words(None) == ""


def test_beside_fails():
    """a culvertctl that fails is no reason to end, and is told"""
    with tempfile.TemporaryDirectory() as folder:
        for text, said in (("echo 'culvertd is not running' >&2; exit 3", "culvertd is not running"),
                           ("exit 3", "exit code 3"), ("echo garbage", "Expecting value"), ("echo '[]'", "no rows"),
                           ("echo '{\"rows\":[1]}'", "no rows"), ("echo '{\"rows\":3}'", "no rows")):
            asked = ctl(folder, text)
            assert asked.read() is None and said in asked.failed, asked.failed
    assert beside.Beside(["/nonexistent/ctl"]).read() is None
    odd = {"drops": [{"packets": 3}, {"name": [], "packets": True}], "workers": [{}], "ports": [{"port": 1, "rx_missed": "x"}], "queues": []}
    assert beside.difference(odd, odd)["drops"] == {}


def test_merged():
    """what several trials say is added up"""
    one = {"drops": {"A": 1}, "workers": {"0": {"rx": 5}}, "ports": {}}
    assert merged([one, None, one, {"drops": {"B": 2}, "workers": {}, "ports": {}}]) == \
        {"drops": {"A": 2, "B": 2}, "workers": {"0": {"rx": 10}}, "ports": {}}
    assert merged([None]) is None and one["drops"] == {"A": 1}


def test_groups():
    """goals with one final trial duration share a search, others do not"""
    names = [[goal.name for goal in group] for group in groups([PRESETS[n] for n in ("ndr", "lossless", "pdr")])]
    assert names == [["ndr", "pdr"], ["lossless"]]


class Slow:
    """A relay that becomes faster or slower by so much a second, within its limits."""

    def __init__(self, rate, change, least, most):
        self.rate, self.change, self.least, self.most = rate, change, least, most

    def trial(self, load, duration_s, _):
        sent = int(load * duration_s)
        received = min(sent, int(self.rate * duration_s))
        self.rate = min(self.most, max(self.least, self.rate + self.change * duration_s))
        return Trial(load, duration_s, sent, received, duration_s)


def cell_of(backend, *words, asks=None):
    """A cell's record, of a search in this backend."""
    o = options.parse([*words, "--latency", "0", "--", "x"])
    cell = Cell({"size": 64, "sessions": None, "lacs": None, "generator": None}, backend, asks, o, lambda text: None, lambda: 0)
    cell.run()
    return cell.record


def test_again():
    """who was slow at first, or has become slower, has no regular result; who is steady has one"""
    for name, up, down in (("ndr", 1000, -2000), ("lossless", 10_000, -500)):
        for system, why in ((Slow(400_000, up, 0, 1_000_000), "passed"), (Slow(1_000_000, down, 0, 1e9), "failed"),
                            (Slow(1_000_000, 0, 0, 1e9), None)):
            words = ("--goal", name, "--burst", "0")
            found, = cell_of(system, *words)["results"]
            said = [text for text in found["why"] if text.startswith("tried again, ")]
            assert [text.split()[-1] for text in found["why"]] == [why] * bool(why) and len(said) == bool(why), (name, found)
    record = cell_of(Slow(400_000, 10_000, 0, 1_000_000), "--goal", "lossless", "--burst", "0", "--once")
    assert not record["results"][0]["why"] and "again" not in {trial["for"] for trial in record["trials"]}


class Noisy:
    """simulated.py's relay as a backend."""

    def __init__(self, *about):
        self.system = Simulated(*about)

    def trial(self, load, duration_s, _):
        return self.system.trial(load, duration_s)


def test_too_noisy():
    """with hiccups in 30 % of the seconds a search may fall below the truth; it says so then"""
    for seed in range(30):
        found, = cell_of(Noisy(1_000_000, 0.3, seed), "--goal", "ndr", "--burst", "0")["results"]
        assert found["why"] or found["lower_pps"] > 990_000, (seed, found)


class Short:
    """Sends the first 1,000 packets of a burst, and passes what it sends."""

    def trial(self, load, duration_s, _):
        sent = int(load * duration_s)
        return Trial(load, duration_s, sent, min(sent, int(500_000 * duration_s)), duration_s)

    def burst(self, packets, _):
        sent = min(packets, 1000)
        return Trial(1e7, sent / 1e7, sent, sent, sent / 1e7)


def test_short_burst():
    """a burst that was not sent whole did not arrive whole"""
    assert cell_of(Short(), "--goal", "ndr", "--burst", "1")["burst"]["max"] <= 1000


class Counting:
    """A Culvert that has dropped one more packet each time it is asked, and what was asked of it."""
    failed, count = "", 0

    def read(self):
        self.count += 1
        return {"drops": [{"name": "RATE_IN", "packets": self.count}], "workers": [], "ports": [], "queues": []}


def test_counts_at_bounds():
    """drops at a bound are those of the search's trials, and not of a warm-up or a soak at the same load"""
    record = cell_of(Short(), "--goal", "ndr", "--burst", "0", "--start", "400000", "--max", "400000", asks=Counting())
    searched = [trial for trial in record["trials"] if trial["for"] == "ndr" and trial["pps"] == 400_000]
    assert len(record["trials"]) > len(searched), record["trials"]
    assert record["results"][0]["culvert_lower"]["drops"] == {"RATE_IN": len(searched)}, record["results"]


class Lossy:
    """Loses 0.2 % of all, whatever the load."""

    def trial(self, load, duration_s, _):
        sent = int(load * duration_s)
        return Trial(load, duration_s, sent, sent - sent // 500, duration_s)


def test_soak_by_goal():
    """a soak passes with the loss that its goal permits"""
    soak = cell_of(Lossy(), "--goal", "pdr", "--burst", "0", "--max", "200000", "--soak", "120")["soak"]
    assert soak["passed"] and soak["lost"] > 0 and soak["trials"] == 2, soak


def test_secrets():
    """a configuration's secrets are not in what is recorded; the names of their files are"""
    text = machine.without_secrets("""\
users: [ { name: a, password: "hush}x", password-file: a.secret }, { name: b, secret: hush } ]
tunnels: { secrets: [ { secret: none }, { secret-file: t.secret } ] }
- secret: |
    hush
      hush
  name: c
- "password": 'hush x'
password: &p hush
secret:
  hush
name: last
""")
    assert "hush" not in text, text
    for kept in ("password-file: a.secret", "secret: none", "secret-file: t.secret", "name: c", "name: last"):
        assert kept in text, text
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\xff\xfea: 1\n")
        file.flush()
        assert len(machine.configuration(file.name)["sha256"]) == 64


def test_machine():
    """the machine is described, in what JSON takes"""
    said = machine.describe()
    json.dumps(said)
    for key in ("cpu", "kernel", "hugepages", "nics", "versions"):
        assert key in said


def result(goal="ndr", lower=1000, upper=1004, why=(), width=0.004):
    return {"goal": goal, "lower_pps": lower, "upper_pps": upper, "throughput_pps": lower, "width": width,
            "why": list(why), "generator": False, "inner_mbps": None, "culvert_lower": None, "culvert_upper": None}


def run_of(*results, size="imix", sessions=10, lacs=1, **more):
    return {"format": report.FORMAT, "version": report.VERSION, "machine": {"cpu": "x"}, "goals": [], **more,
            "cells": [{"size": size, "sessions": sessions, "lacs": lacs, "results": list(results), "error": None, "generator": None,
                       "stopped": False, "latency": [], "burst": None, "soak": None, "beside": None, "seconds": 1,
                       "trials": []}]}


def test_compare():
    """a difference counts if it is larger than the widths of both"""
    for lower, width, text, good in ((1000, 0.004, "no larger than the widths", True), (1020, 0.004, "faster", True),
                                     (980, 0.004, "slower", False), (980, 0.03, "no larger than the widths", True)):
        lines, fine = compare.compare(run_of(result()), run_of(result(lower=lower, width=width)))
        assert text in lines[1] and fine == good and f"{lower / 1000:.3f}" in lines[1], lines


def test_compare_irregular():
    """of irregular results, of nothing found and of nothing in common nothing can be said"""
    for b, text in ((result(why=["the highest load passed"], upper=None, width=None), "IRREGULAR in B"),
                    (result(lower=None, width=None), "nothing was found in B"), (result(goal="pdr"), "nothing in common"),
                    ({}, "nothing in common"), (result(width="x"), "IRREGULAR in B"), (result(lower="x"), "nothing was found")):
        lines, fine = compare.compare(run_of(result()), run_of(b))
        assert not fine and text in "\n".join(lines), lines
    lines, _ = compare.compare(run_of(result()), run_of(result(), machine={"cpu": "y"}, configuration={"sha256": "f" * 64}))
    assert any("cpu: x | y" in line for line in lines) and any("configuration" in line for line in lines), lines


def test_read():
    """a file that is none of ours is refused in words"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f.json")
        for text, said in (("", "is no JSON"), ("[]", "is not of"), ("{}", "is not of"), ("[" * 100_000, "is no JSON"),
                           ('{"format":"culvert-throughput","version":9}', "of another version"),
                           ('{"format":"culvert-throughput","version":1,"cells":[{}]}', "no cells with results"),
                           ('{"format":"culvert-throughput","version":1,"cells":[{"results":[1]}]}', "no cells with results")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            try:
                report.read(path)
                raise AssertionError(f"{text:.40} is read")
            except report.BadFile as error:
                assert said in str(error), error
        report.write(path, report.as_json(run_of(result())))
        assert report.read(path)["cells"][0]["results"][0]["lower_pps"] == 1000
        assert os.listdir(folder) == ["f.json"]


def many():
    run = run_of(result())
    run["cells"] = [cell for size in (64, "imix", 1400) for sessions in (1, 1000, None) for lacs in (1, 8, None)
                    for cell in run_of(result(lower=size if size == 64 else 12_345_678), result("pdr", why=["<&>"]),
                                       result("x<&\"", lower=None, upper=None, width=None, why=["not begun"]),
                                       size=size, sessions=sessions, lacs=lacs)["cells"]]
    return run


def test_csv():
    """CSV has a row for each goal of each cell, and as many fields in each"""
    rows = list(csv.reader(io.StringIO(report.as_csv(many()))))
    assert len(rows) == 1 + 3 * 9 * 3 and {len(row) for row in rows} == {len(report.CSV_COLUMNS)}


def test_svg():
    """SVG is well-formed, with a panel for each goal, all lines, and points within"""
    for run in (many(), run_of(result()), run_of(), {"cells": []}):
        picture = plot.svg(run)
        root = xml.dom.minidom.parseString(picture).documentElement
        assert root.tagName == "svg"
        height = float(root.getAttribute("viewBox").split()[3])
        for point in root.getElementsByTagName("circle"):
            assert 0 < float(point.getAttribute("cx")) < plot.WIDTH and 0 < float(point.getAttribute("cy")) < height
        for said in root.getElementsByTagName("text"):
            assert float(said.getAttribute("y")) <= height
    picture = plot.svg(many())
    assert plot.svg(run_of(result(why=["x"]))).count('fill="#fff"><title>') == 1  # hollow: irregular
    assert plot.svg(run_of(result())).count('fill="#fff"><title>') == 0
    for said in ("ndr: packets a second", "pdr: packets", "x&lt;&amp;", "1,000 sessions, 8 LACs", "inner packet, bytes", "packets/s", ">imix<"):
        assert said in picture, said


def test_table():
    """irregular results are marked as such"""
    text = "\n".join(report.table(many()))
    assert text.count("IRREGULAR: <&>") == 27
    run = run_of(result())
    run["cells"][0]["results"][0]["generator"] = True
    run["cells"][0]["generator"] = {"sessions": 7, "wanted": 10, "version": "v3.08"}
    text = "\n".join(report.table(run))
    assert "the generator's limit" in text and "  7 of 10 sessions were up; TRex v3.08\n" in text + "\n", text
    run["cells"][0]["latency"] = [{"percent": 90, "of": "ndr", "pps": 900, "late": late, "loss_ratio": loss, "p50": 3}
                                  for late, loss in (("", 0), ("", 0.1), ("stretched", 1.0))]
    text = "\n".join(report.table(run))
    assert "p50 3 us\n" in text and "lost 10.000%\n" in text and "LATE (stretched): not at this rate" in text, text


if __name__ == "__main__":
    tap.main()
