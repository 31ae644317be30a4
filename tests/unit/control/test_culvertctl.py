#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""culvertctl without a culvertd: its help, completion and schema come from one table.

usage: test_culvertctl.py CULVERTCTL    speaks TAP
"""
import json
import os
import subprocess
import sys

CTL = sys.argv[1]
ENVIRONMENT = dict(os.environ, CULVERT_SOCKET="/nonexistent/control.sock")
NUMBER = 0


def run(*words):
    return subprocess.run([CTL, *words], capture_output=True, text=True, env=ENVIRONMENT, timeout=60)


def check(what, fine):
    global NUMBER
    NUMBER += 1
    print(("ok" if fine else "not ok"), NUMBER, "-", what)


def skip(what, why):
    global NUMBER
    NUMBER += 1
    print("ok", NUMBER, "-", what, "# skip", why)


def completes(*words):
    """What is offered for the last word."""
    answer = run("--complete", str(len(words)), "culvertctl", *words)
    return answer.stdout.split("\n")[:-1] if answer.returncode == 0 else None


def columns(row):
    return list(row["properties"])


def main():
    whole = json.loads(run("schema").stdout)
    answers = whole["$defs"]
    check("the schema has an answer of each command that culvertd answers",
          [c for c in completes("") if c != "schema"] == list(answers))
    check("each stands in the help, once at the start of a line",
          all(run("--help").stdout.count(f"\n    {c} ") + run("--help").stdout.count(f"\n    {c}\n") >= 1
              for c in completes("")))
    check("the schema of one command is that part of the whole",
          all({**answers[c], "$schema": whole["$schema"]} == json.loads(run("schema", c).stdout)
              for c in answers))
    try:
        from jsonschema import Draft202012Validator
        Draft202012Validator.check_schema(whole)
        fits = Draft202012Validator(answers["neighbours"]).is_valid
        row = {"address": "192.0.2.9", "port": "wan", "vlan": None, "interface": "lan", "state": "asking", "mac": None,
               "confirmed_s_ago": None, "sessions": 1}
        check("it is a JSON schema, and takes rows as they should be",
              fits({"rows": [row]}) and fits({"rows": []}))
        check("and no others", not any(fits({"rows": [wrong]}) for wrong in (
            {**row, "state": "lost"}, {**row, "port": None}, {**row, "sessions": "1"},
            {**row, "sessions": -1}, {**row, "more": 1},
            {k: v for k, v in row.items() if k != "mac"})))
    except ImportError as error:
        skip("it is a JSON schema, and takes rows as they should be", error)
        skip("and no others", error)
    check("filters are completed to the columns that may be filtered",
          completes("sessions", "s") == ["session=", "state=", "serial="] and
          completes("--json", "tunnels", "") == ["tunnel=", "peer=", "host=", "state=", "listener="])
    offered = {c: [w[:-1] for w in completes(c, "")] for c in answers
               if completes(c, "") and completes(c, "")[0].endswith("=")}
    check("which are columns of the answer", sorted(offered) == [
          "ended", "interfaces", "neighbours", "peers", "queues", "realms", "routes", "sessions",
          "tunnels", "xstats"] and
          all(set(keys) <= set(columns(answers[c]["properties"]["rows"]["items"]))
              for c, keys in offered.items()))
    check("a second filter, too", completes("ended", "state=refused", "rea") == ["reason="])
    check("and to the words that a column takes, as bash splits them and whole",
          completes("sessions", "state", "=", "o") == ["open"] and
          completes("ended", "state", "=") == ["ended", "refused"] and
          completes("sessions", "lcp", "=", "Ope") == ["Opened"] and
          completes("sessions", "user", "=", "a") == [])
    check("words of a command, levels, commands and options",
          completes("kick", "") == ["user", "tunnel", "peer"] and
          completes("drain", "") == ["on", "off"] and completes("drain", "on", "") == [] and
          completes("log-level", "") == "error warning info debug".split() and
          completes("schema", "ne") == ["neighbours"] and completes("-s", "/x", "sta") == ["status"] and
          completes("sessions", "--w") == ["--watch"] and completes("sessions", "--t") == ["--trex"] and completes("pools", "x") == [] and
          completes("nosuch", "") == [] and
          all(run("--complete", at, "culvertctl", "status").returncode == 0 for at in ("-9", "99", "x")))
    check("a realm may stand before filters; it and an address are what lookup needs",
          completes("routes", "default", "lea") == ["leads_to="] and
          completes("routes", "leads_to", "=", "d") == ["discard"] and
          completes("lookup", "default", "1") == [] and run("lookup").returncode == 2 and
          run("lookup", "default", "10.88.1.1", "more").returncode == 2 and
          "'lookup' needs an argument: a realm and an address" in run("lookup").stderr)
    wrong = run("schema", "nosuch")
    check("a schema of no command is wrong usage", wrong.returncode == 2 and
          "no command that culvertd answers is called 'nosuch'" in wrong.stderr)
    check("as is --watch of what is shown once", run("--watch", "schema").returncode == 2)
    print(f"1..{NUMBER}")


main()
