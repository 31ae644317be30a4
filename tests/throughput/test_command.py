#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests of throughput.py as its user has it: files, exit codes, what is wrong in a command line, Ctrl-C."""
import csv
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.dom.minidom

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "tools")]
sys.dont_write_bytecode = True
import tap  # noqa: E402

FAKE = [sys.executable, os.path.join(HERE, "fake_load.py")]
FOLDER = tempfile.TemporaryDirectory()


def path(name):
    return os.path.join(FOLDER.name, name)


def run(*words, code=0, says="", said_by="stderr"):
    """The command's output; it ends with this code and says this."""
    done = subprocess.run([sys.executable, os.path.join(HERE, "throughput.py"), *words], cwd=FOLDER.name,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != code or not re.search(says, getattr(done, said_by)) or "Traceback" in done.stderr:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def wrong(says, *words):
    run(*words, code=2, says=says)


def fake(*words):
    return ["--", *FAKE, *words]


def test_help():
    """--help has all options, and where to go on"""
    said = run("--help")
    for word in ("compare A B", "EXIT STATUS", "--soak SECONDS", "lossless", "--trex-home"):
        assert word in said, word


def test_matrix():
    """a matrix: table, JSON, CSV and SVG have each cell"""
    said = run("--size", "64,imix,1400", "--sessions", "1,1000", "--lacs", "1,8", "--json", "m.json", "--csv", "m.csv",
               "--svg", "m.svg", *fake("1000000:0.05", "", "{sessions}", "x={lacs}"))
    assert re.search(r"^pdr: 0.005 of a trial's packets lost at most, in all but 0.5 of 21 s; trials of 1 s, 1 s at last; "
                     r"bounds 0.005 of the upper one apart at most$", said, re.M), said
    assert "to within 1% of the length, of at most 1,000,000" in said, said
    assert len(re.findall(r"^(64|imix|1400) +1(,000)? +[18] +[np]dr +[0-9,]+ ", said, re.M)) == 24, said
    with open(path("m.json"), encoding="utf-8") as file:
        found = json.load(file)
    assert len(found["cells"]) == 12 and found["machine"]["cpu"]
    assert {cell["generator"]["sessions"] for cell in found["cells"]} == {10}
    for cell in found["cells"]:
        for result, truth in zip(cell["results"], (1_000_000, 1_005_025)):
            assert not result["why"] and truth * 0.995 <= result["lower_pps"] <= truth, cell["results"]
        found_pdr = cell["results"][1]["lower_pps"]
        assert [(at["percent"], at["pps"]) for at in cell["latency"]] == \
            [(percent, found_pdr * percent // 100) for percent in (90, 50, 10)] and cell["latency"][0]["p99.9"] == 30
        mbps = cell["results"][0]["lower_pps"] * {64: 64, "imix": 346, 1400: 1400}[cell["size"]] * 8 / 1e6
        assert abs(cell["results"][0]["inner_mbps"] - mbps) < 0.1, cell["results"]
        assert cell["burst"]["repeats"] == 5 and abs(cell["burst"]["buffer_us"] - 300) < 5, cell["burst"]
        assert len(cell["trials"]) > 50 and cell["soak"] is None
    with open(path("m.csv"), encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 24
    xml.dom.minidom.parse(path("m.svg"))


def test_population():
    """sessions, LACs and sessions a LAC are put into the generator's words"""
    said = run("--sessions", "10,1001", "--lacs", "8", *fake("1000000", "die", "{sessions}/{lacs}/{per_lac}"), code=1)
    assert "10/8/2" in said and "1001/8/126" in said, said


def test_presets():
    """each preset finds the rate"""
    for goal in ("lossless", "ndr", "pdr", "lossless,ndr,pdr"):
        said = run("--goal", goal, "--latency", "0", "--burst", "0", *fake("2000000"))
        assert len(re.findall(r"(lossless|ndr|pdr) +(1,99|2,00)[0-9],[0-9]{3} ", said)) == len(goal.split(",")), said


def test_overridden():
    """options change goals: all, or one of them"""
    run("--loss", "pdr=2", "--width", "5", "--final", "ndr=0.5", "--sum", "3", "--json", "o.json", "--goal", "ndr,pdr",
        "--burst", "0", *fake("1000000"))
    with open(path("o.json"), encoding="utf-8") as file:
        found = json.load(file)
    ndr, pdr = found["goals"]
    assert (ndr["loss_ratio"], ndr["final_s"], ndr["initial_s"], ndr["sum_s"], ndr["width"]) == (0, 0.5, 0.5, 3, 0.05)
    assert (pdr["loss_ratio"], pdr["final_s"], pdr["sum_s"]) == (0.02, 1, 3)
    assert 0.95 / 0.98 <= found["cells"][0]["results"][1]["lower_pps"] / 1_000_000 <= 1 / 0.98


def test_missing_sessions():
    """with --missing, how many sessions there were stands beside the rates"""
    run("--missing", "--burst", "0", "--latency", "0", "--json", "few.json", *fake("1000000", "few"), code=1,
        says="7 of 10 sessions were up", said_by="stdout")


def test_irregular():
    """an irregular result is printed as such, and the exit code is 1"""
    run("--max", "300000", *fake("1000000"), code=1, says="300,000 +- +300,000 .*IRREGULAR: the highest load passed", said_by="stdout")
    run("--max-time", "0.000001", *fake("1000000"), code=1, says="IRREGULAR: stopped before there was a bound", said_by="stdout")
    run("--min", "90000", *fake("1000"), code=1, says="- +90,000 .*IRREGULAR: the lowest load failed", said_by="stdout")


def test_soak():
    """a soak is judged by the goal, and decides on the exit code"""
    run("--goal", "ndr", "--soak", "150", "--burst", "0", "--latency", "0", *fake("1000000"), says="soak of 150 s .* 0 of .*: passed", said_by="stdout")
    run("--goal", "ndr", "--soak", "600", "--burst", "0", "--latency", "0", *fake("1000000:0.1"), code=1,
        says="soak of 600 s .*NOT PASSED", said_by="stdout")


def test_generator_fails():
    """a generator that dies, hangs or talks garbage: said, with what was known, and the next cell is tried"""
    said = run("--size", "64,128", *fake("1000000", "die@9"), code=1, says="FAILED: .*exit code 3; it said: out of memory", said_by="stdout")
    assert said.count("FAILED:") == 2 and "stopped before" in said, said
    run("--up", "1", *fake("1000000", "stop"), code=1, says="its sessions are not up after 1 s", said_by="stdout")
    run(*fake("1000000", "garbage"), code=1, says="no JSON object: 'what\\?'", said_by="stdout")
    run("--", "/nonexistent/load", code=1, says="load does not start: No such file", said_by="stdout")


def test_wrong_options():
    """what is wrong in a command line is said, with exit code 2"""
    load = fake("1000000")
    wrong("culvert-load's command line is needed, behind --")
    wrong("culvert-load's command line is needed", "--")
    wrong("a goal is one of lossless, ndr, pdr, not 'fast'", "--goal", "fast", *load)
    wrong("'ndr,ndr' has one twice", "--goal", "ndr,ndr", *load)
    wrong("imix, or bytes from 28 to 9,000, not '27'", "--size", "27", *load)
    wrong("makes packets of 52 to 9,000 bytes, not 51", "--size", "64,51", *load)
    wrong("makes packets of 64 to 9,000 bytes, not 63", "--backend", "trex", "--table", "x", "--size", "63")
    wrong("unrecognized arguments: culvert-load LNS; culvert-load's command line stands behind --", "culvert-load", "LNS")
    wrong("not '1e3'", "--size", "1e3", *load)
    wrong("not ''", "--size", "64,", *load)
    wrong("not '-5'", "--sessions=-5", *load)
    wrong("not '٣'", "--sessions", "٣", *load)
    wrong("at most 100 of them", "--sessions", ",".join(map(str, range(1, 102))), *load)
    wrong("--sessions is given, and the command has no {sessions}", "--sessions", "1,2", *load)
    wrong("the command has {lacs}, and --lacs is not given", *load, "{lacs}")
    wrong("the command has {per_lac}, and --sessions is not given", "--lacs", "1", *load, "{per_lac}")
    wrong("--min is above --max", "--min", "5", "--max", "4", *load)
    wrong("packets a second from 1", "--max", "0", *load)
    wrong("goal ndr: the loss ratio is from 0 to less than 100 %", "--loss", "100", *load)
    wrong("a number, not 'nan%'", "--loss", "nan%", *load)
    wrong("the loss ratio", "--loss", "nan", *load)
    wrong("goal ndr: the width", "--width", "0", *load)
    wrong("'lossless' is not among the goals ndr, pdr", "--loss", "lossless=1", *load)
    wrong("the initial trial is not longer than the final one", "--initial", "5", *load)
    wrong("seconds from 0 to 86400|seconds from 0 to 86,400", "--latency", "inf", *load)
    wrong("unrecognized arguments: --frob", "--frob", *load)
    wrong("unrecognized arguments: --sess", "--sess", "1", *load)
    wrong("--json: /nonexistent/a can't be written", "--json", "/nonexistent/a", *load)
    wrong("can't be written", "--svg", "/", *load)
    wrong("--config /nonexistent: .*No such file", "--config", "/nonexistent", *load)
    wrong("--server-machine .*: Expecting value", "--server-machine", "/dev/null", *load)
    wrong("No closing quotation", "--culvertctl", "ssh 'x", *load)
    wrong("Culvert can't be asked: /nonexistent drops: No such file", "--culvertctl", "/nonexistent", *load)
    wrong("--table is for --backend trex", "--table", "x", *load)
    wrong("--backend trex needs --table", "--backend", "trex")
    wrong("a command behind -- is for --backend load", "--backend", "trex", "--table", "x", *load)
    wrong("--ports: two of them", "--backend", "trex", "--table", "x", "--ports", "1")
    wrong("1100 cells: at most 1000", "--size", ",".join(map(str, range(64, 164))), "--lacs",
          "1,2,3,4,5,6,7,8,9,10,11", *load, "{lacs}")
    wrong("compare: two files", "compare", "a")
    wrong("compare: .*No such file", "compare", "/nonexistent", "/nonexistent")
    wrong("is no JSON", "compare", "/dev/null", "/dev/null")
    wrong("machine: unexpected 'x'", "machine", "x")


def test_configuration():
    """the configuration is in the JSON: its hash, and its text without secrets"""
    with open(path("c.yaml"), "w", encoding="utf-8") as file:
        file.write("tunnels: { secrets: [ { secret: hush } ] }\n")
    with open(path("dut.json"), "w", encoding="utf-8") as file:
        file.write(run("machine"))
    run("--config", "c.yaml", "--server-machine", "dut.json", "--json", "c.json", "--burst", "0", *fake("1000000"))
    with open(path("c.json"), encoding="utf-8") as file:
        text = file.read()
    found = json.loads(text)
    assert len(found["configuration"]["sha256"]) == 64 and "hush" not in text and found["server_machine"]["kernel"]


def test_control():
    """what Culvert counted is beside each rate, and a culvertctl that fails later does not end it"""
    with open(path("ctl"), "w", encoding="utf-8") as file:
        file.write("""#!/bin/sh
n=$(cat n 2>/dev/null || echo 0)
[ ! -e broken ] || [ "$n" -lt 20 ] || exit 3
case $4 in
drops) echo $((n + 1)) >n; echo '{"rows":[{"name":"RATE_IN","packets":'$n'}]}' ;;
workers) echo '{"rows":[{"worker":0,"rx_packets":'$n'},{"worker":1,"rx_packets":0}]}' ;;
*) echo '{"rows":[]}' ;;
esac
""")
    os.chmod(path("ctl"), 0o755)
    with open(path("sock"), "w", encoding="utf-8"):
        pass
    words = ("--goal", "ndr", "--burst", "0", "--latency", "0", "--culvertctl", "./ctl", "--control", "sock", *fake("1000000"))
    said = run(*words)
    assert re.search(r"ndr, 99[0-9],[0-9]{3} packets/s: drops RATE_IN [0-9]+; frames of workers 0: [0-9]+, 1: 0\n", said), said
    os.unlink(path("n"))
    with open(path("broken"), "w", encoding="utf-8"):
        pass
    run(*words, says="what Culvert counted is not all known: ./ctl drops: exit code 3", said_by="stdout")


def test_compare():
    """compare tells what is slower from what is not"""
    for name, rate in (("a", "1000000"), ("b", "1001000"), ("slow", "900000"), ("fast", "1200000")):
        run("--goal", "ndr", "--burst", "0", "--latency", "0", "--json", name, *fake(rate))
    run("compare", "a", "b", says="no larger than the widths", said_by="stdout")
    run("compare", "a", "fast", says="1\\.(19|20)[0-9] .*faster", said_by="stdout")
    run("compare", "a", "slow", code=1, says="0\\.(89|90)[0-9] .*slower", said_by="stdout")


def test_no_trex():
    """--backend trex without a TRex, or a table that is none, says why"""
    with open(path("t.csv"), "w", encoding="utf-8") as file:
        file.write("tunnel,session,lns_address,lns_port,peer_address,peer_port,address\n1,2,192.0.2.1,1701,192.0.2.2,1701,10.0.0.1\n")
    run("--backend", "trex", "--table", "t.csv", "--trex-home", "/nonexistent", code=1,
        says="FAILED: (there is no TRex in /nonexistent|the profiles for TRex can't be loaded)", said_by="stdout")
    run("--backend", "trex", "--table", "/nonexistent", code=1, says="FAILED: (/nonexistent: .*No such file|the profiles)", said_by="stdout")


def interrupted(number, there, *words):
    """Starts it, sends it and its group a signal once that file is there, as a terminal does, and returns
    code and output; its child is gone."""
    with subprocess.Popen([sys.executable, os.path.join(HERE, "throughput.py"), *words], cwd=FOLDER.name,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while not os.path.exists(there) and process.poll() is None:
            time.sleep(0.05)
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False)
        os.killpg(process.pid, number)
        out, errors = process.communicate(timeout=120)
    assert "it has ended" not in out, out  # by the same signal: it is for us to end it
    assert children.stdout.split(), "there was no generator"
    for child in children.stdout.split():
        assert not os.path.exists(f"/proc/{child}"), child
    assert "Traceback" not in errors, errors
    return process.returncode, out, errors


def test_interrupted():
    """Ctrl-C and SIGTERM: the generator is ended, what is known is printed and written"""
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        got, out, errors = interrupted(number, path(f"at{code}"), "--json", f"{code}.json",
                                       *fake("1000000", "stop@12", path(f"at{code}")))
        assert got == code and "interrupted: this is what was known" in errors, (got, errors)
        assert "IRREGULAR: stopped before" in out, out
        with open(path(f"{code}.json"), encoding="utf-8") as file:
            cell = json.load(file)["cells"][0]
        assert cell["stopped"] and len(cell["trials"]) == 11 and cell["trials"][0]["for"] == "warm-up", cell


def test_door():
    """./dpdk-setup.sh throughput is this command, with files from where it is called"""
    door = os.path.join(HERE, os.pardir, os.pardir, "dpdk-setup.sh")
    done = subprocess.run([door, "throughput", "--burst", "0", "--latency", "0", "--json", "door.json", *fake("1000000")],
                          cwd=FOLDER.name, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and os.path.exists(path("door.json")), done.stderr
    done = subprocess.run([door, "throughput"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2 and "./dpdk-setup.sh throughput --help" in done.stderr, done.stderr


if __name__ == "__main__":
    tap.main()
