#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a running culvertd answers is what culvertctl's schema says.

usage: answers.py [--of COMMAND,...] CULVERTCTL WORDS...
0: all answers fit; 1: one does not; 77: no jsonschema

There must be tunnels, sessions, neighbours, and sessions that ended; but of some commands alone, which
need no argument, only rows of theirs.
"""
import json
import subprocess
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit(77)

ONLY = sys.argv[2].split(",") if sys.argv[1] == "--of" else None
CTL = sys.argv[3:] if ONLY else sys.argv[1:]


def ask(*words):
    return json.loads(subprocess.run([*CTL, "--json", *words], check=True, capture_output=True,
                                     text=True, timeout=60).stdout)


def rows(*words):
    found = ask(*words)["rows"]
    if not found:
        sys.exit(f"no rows: {words}")
    return found


def main():
    schema = json.loads(subprocess.run([*CTL, "schema"], check=True, capture_output=True,
                                       text=True).stdout)
    if ONLY:
        sys.exit(1 if sum(differs(schema["$defs"][command], command) for command in ONLY) else 0)
    session, tunnel, ended = rows("sessions")[0], rows("tunnels")[0], rows("ended")[0]
    asked = {
        "tunnel": [[tunnel["tunnel"]]],
        "session": [[session["session"]], [session["serial"]], [ended["serial"]]],
        "log-level": [["info"]],
        "trace": [[session["session"], "1"]],
        "lookup": [[rows("realms")[0]["realm"], address]
                   for address in (session["address"], "203.0.113.7", "2001:db8:ffff::1")],
        "interfaces": [],  # here is none: uplink.sh has one
        "peers": [],  # likewise: dial.sh has some
        "kick": [],  # tried last: it ends what others look at
    }
    wrong = 0
    for command, answer in schema["$defs"].items():
        for words in asked.get(command, [[]]):
            wrong += differs(answer, command, *words)
    wrong += differs(schema["$defs"]["kick"], "kick", session["serial"])
    sys.exit(1 if wrong else 0)


def differs(schema, *words):
    found = ask(*words)
    errors = list(Draft202012Validator(schema).iter_errors(found))
    for error in errors[:3]:
        print(f"{' '.join(words)}: {list(error.path)}: {error.message[:200]}")
    # lines may have no rows: the same configuration again has nothing to tell
    if "lines" not in found and "rows" in found and not found["rows"]:
        print(f"{' '.join(words)}: no rows")
        return 1
    print(f"{' '.join(words)}: {'wrong' if errors else 'fits'}")
    return 1 if errors else 0


main()
