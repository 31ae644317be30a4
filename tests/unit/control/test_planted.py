#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What culvertctl does with any command: pages, rows left out, options of a command, answers that
are lines with an exit code. Its commands are planted ones, and so is the culvertd that it asks.

usage: test_planted.py CULVERTCTL    speaks TAP
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading

CTL = sys.argv[1]
NUMBER = 0


class Daemon(threading.Thread):
    """Gives one answer after another, and keeps what it was asked."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.asked, self.answers = [], []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        self.start()

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            with peer:
                line = b""
                while not line.endswith(b"\n"):
                    line += peer.recv(4096)
                self.asked.append(json.loads(line))
                peer.sendall(json.dumps(self.answers.pop(0)).encode() + b"\n")


def check(what, fine):
    global NUMBER
    NUMBER += 1
    print(("ok" if fine else "not ok"), NUMBER, "-", what)


def main():
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(folder + "/socket")
        environment = dict(os.environ, CULVERT_SOCKET=folder + "/socket")

        def ctl(*words, answers=()):
            daemon.asked.clear()
            daemon.answers[:] = [a if "error" in a else {"result": a} for a in answers]
            return subprocess.run([CTL, *words], capture_output=True, text=True, env=environment,
                                  timeout=60)

        def rows(*named, following=0):
            return {"rows": [{"name": n, "count": c} for n, c in named], "next": following}

        plan = {"lines": ["one", "two"], "summary": "2 things", "exit": 6}
        got = ctl("plan", answers=[plan])
        check("lines, the summary, and the exit code that it has",
              got.stdout == "one\ntwo\n2 things\n" and got.returncode == 6 and got.stderr == "")
        got = ctl("--json", "plan", answers=[plan])
        check("as JSON, too", json.loads(got.stdout) == plan and got.returncode == 6)
        got = ctl("plan", answers=[{"lines": [], "summary": "", "exit": 0}])
        check("nothing, and all is well", got.stdout == "" and got.returncode == 0)
        ctl("plan", answers=[plan])
        plain = daemon.asked[0]
        ctl("--keep", "plan", "--dry-run", answers=[plan])
        check("a command's options stand anywhere, and are in the request",
              plain == {"command": "plan", "arguments": {}} and
              daemon.asked[0] == {"command": "plan", "arguments": {"keep": True, "dry-run": True}})
        ctl("switch", "on", answers=[{"name": "x", "count": 1}])
        word = daemon.asked[0]["arguments"]
        ctl("switch", "on", "5m", answers=[{"name": "x", "count": 1}])
        timed = daemon.asked[0]["arguments"]
        got = ctl("switch", answers=[{"name": "x", "count": 12345}])
        check("a word without an argument is said in the request; what was done is shown by its labels",
              word == {"on": True} and timed == {"on": "5m"} and daemon.asked[0]["arguments"] == {} and
              got.stdout == "count  12,345\n")
        got = ctl("other", "--dry-run")
        check("those of another command are wrong usage", got.returncode == 2 and
              "'other' has no option --dry-run" in got.stderr and not daemon.asked)
        check("what is not to be repeated is not", ctl("--watch", "plan").returncode == 2)
        text = ctl("--help").stdout
        check("the help has the options below their command",
              "    plan [--dry-run]     what will be\n      --dry-run          only say it\n"
              "      --keep             end nothing\n    other                no options\n" in text)
        got = ctl("--complete", "2", "culvertctl", "plan", "--")
        check("they are completed", "--dry-run" in got.stdout.split() and
              "--dry-run" not in ctl("--complete", "2", "culvertctl", "other", "--").stdout)
        got = ctl("things", "name=b", answers=[rows(("a", 1), ("b", 0), following=7), rows(following=9),
                                               rows(("long one", 12345))])
        check("pages are asked for until the last, with the same filters",
              [r["arguments"] for r in daemon.asked] == [
                  {"filters": ["name=b"]}, {"filters": ["name=b"], "cursor": 7},
                  {"filters": ["name=b"], "cursor": 9}])
        check("and are one table, aligned, without the rows that are 0",
              got.stdout == "NAME       COUNT\na              1\nlong one  12,345\n")
        check("no rows at all", ctl("things", answers=[rows()]).stdout == "no things\n" and
              ctl("things", "a", answers=[rows()]).stdout == "no such things\n")
        got = ctl("--json", "things", answers=[rows(("a", 0), following=1), rows(("b", None))])
        check("in JSON all are there",
              json.loads(got.stdout) == {"rows": [{"name": "a", "count": 0}, {"name": "b", "count": None}]})
        got = ctl("--csv", "things", "a", answers=[
            {**rows(("a", 12345), ("b,", None), following=7), "left_out": 2},
            {**rows(('c"', 0)), "left_out": 1}])
        check("an option that makes CSV of rows: by its own columns, page after page, with filters",
              got.stdout == 'count,name\n12345,a\n,"b,"\n0,"c"""\n' and got.returncode == 0 and
              [r["arguments"] for r in daemon.asked] == [
                  {"csv": True, "filters": ["a"]}, {"csv": True, "filters": ["a"], "cursor": 7}])
        check("what has no row there is told apart from the rows", got.stderr == "culvertctl: left out: 3\n")
        got = ctl("things", "--csv", answers=[{**rows(), "left_out": 0}])
        check("no rows are a line of keys", got.stdout == "count,name\n" and got.stderr == "")
        got = ctl("things", "--csv", answers=[{"error": {"code": "usage", "message": "no column"}}])
        check("nothing but the error where it fails",
              got.stdout == "" and got.returncode == 2 and got.stderr == "culvertctl: no column\n")
        check("it goes with neither --json nor --watch",
              all(ctl(o, "things", "--csv").returncode == 2 and not daemon.asked for o in ("--json", "--watch")))
        schema = json.loads(ctl("schema", "plan").stdout)
        check("the schema of lines", sorted(schema["required"]) == ["exit", "lines", "summary"] and
              list(schema["properties"]) == ["lines", "summary", "exit"])
    print(f"1..{NUMBER}")


main()
