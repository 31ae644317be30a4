#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A TRex server that runs in this namespace, through culvertd: short trials at low rates lose nothing.

usage: trex_server.py TREX-HOME TABLE -- CULVERTCTL...

Prints "ok TEXT" or "not ok TEXT" for each direction.
"""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "throughput"))
sys.dont_write_bytecode = True
import trex_backend  # noqa: E402
from backend import BackendError  # noqa: E402

RATE, SECONDS, STAMPS = 1000, 3, 100
PATIENCE_S = 60


def connected(home, table, direction):
    """A server needs some seconds until it answers."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return trex_backend.connect(home, "127.0.0.1", table, direction, (0, 1), None, STAMPS)
        except BackendError:
            if time.monotonic() > end:
                raise
            time.sleep(1)


def drops(culvertctl):
    said = subprocess.run([*culvertctl, "--json", "drops"], check=True, capture_output=True, timeout=30).stdout
    return {row["name"]: row["packets"] for row in json.loads(said)["rows"]}


def main(home, table, _, *culvertctl):
    for direction in ("clients", "up", "down", "both"):
        _, trials, end = connected(home, table, direction)
        try:
            trials.trial(RATE / 10, 1, 64)  # each side is known to the other then
            before = drops(culvertctl)
            said = trials.trial(RATE, SECONDS, "imix")
        finally:
            end()
        good = said["lost"] == 0 and said["sent"] > RATE * SECONDS * 0.9 and drops(culvertctl) == before and \
            said["latency_us"]["p50"] is not None
        print(f"{'ok' if good else 'not ok'} TRex itself, {direction}: nothing is lost\n# {said}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
