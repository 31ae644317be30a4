#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Counts test cases in meson's JSON logs and prints what failed or was skipped.

usage: count.py LOG...

Tests that speak TAP count by their lines, others as one case each. The last line is
`N passed, N failed, N skipped`; the exit code is 0 only if something passed and nothing failed.
"""
import json
import re
import sys

TAP = re.compile(r"^(ok|not ok)\b\s*\d*\s*-?\s*(.*)$")
SHOWN = 60  # lines of what a failed program printed, from its first failure on; then as many of its end


def cases(test):
    """Yields (result, name) of one test program."""
    found = []
    for line in test.get("stdout", "").splitlines():
        match = TAP.match(line)
        if not match:
            continue
        ok, name = match.groups()
        if re.search(r"#\s*skip", name, re.I):
            found.append(("skipped", name))
        else:
            found.append(("passed" if ok == "ok" else "failed", name))
    good = test["result"] in ("OK", "SKIP")
    if not good and not any(result == "failed" for result, _ in found):
        found.append(("failed", test["result"].lower()))
    if not found:
        found.append(("skipped" if test["result"] == "SKIP" else "passed", ""))
    return found


def shown(test):
    """The lines of what a failed test printed that say most: from its first failure on, and its end."""
    lines = (test.get("stdout", "") + test.get("stderr", "")).splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith("not ok")), len(lines))
    if first + 2 * SHOWN >= len(lines):
        return lines[min(first, max(len(lines) - SHOWN, 0)):]
    return lines[first:first + SHOWN] + ["..."] + lines[-SHOWN:]


def main(paths):
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        with open(path, encoding="utf-8") as log:
            tests = [json.loads(line) for line in log if line.strip()]
        for test in tests:
            results = cases(test)
            for result, name in results:
                total[result] += 1
                if result != "passed":
                    print(f"{result}: {test['name']}: {name}")
            if any(result == "failed" for result, _ in results):
                print("\n".join("    " + line for line in shown(test)))
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**total))
    return 0 if total["passed"] and not total["failed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
