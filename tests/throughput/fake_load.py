#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What stands in for culvert-load: it answers as a relay in invented time would have it, at once, or does
what it is told to do wrong, at the start or at the Nth line. usage: fake_load.py RATE[:HICCUPS]
[WRONG[@N] [WORDS...]]"""
import json
import signal
import sys
import time

sys.dont_write_bytecode = True
from simulated import Simulated  # noqa: E402


def answer(event, trial, size):
    print(json.dumps({
        "event": event, "pps": trial.load, "seconds": trial.duration_s, "size": size, "sent": trial.sent,
        "received": trial.received, "lost": trial.sent - trial.received, "reordered": 0, "wrong": 0,
        "took_seconds": trial.took_s, "unsent": trial.unsent, "inner_bytes": trial.sent * 100,
        "latency_us": {"min": 5, "p50": 7, "p90": 9, "p99": 12.5, "p99.9": 30, "max": 99}}), flush=True)


def wrongly(wrong, count, words=()):
    """What it was told to do wrong, at the trial of that number; count 0: at the start."""
    what, _, at = wrong.partition("@")
    if not what or count != int(at or 0):
        return
    if what == "die":
        print("out of memory, or so", *words, file=sys.stderr)
        sys.exit(3)
    if what == "killed":
        signal.raise_signal(signal.SIGKILL)
    if what == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(1000)
    if what == "stop":
        if words:
            open(words[0], "w", encoding="utf-8").close()
        time.sleep(1000)
    if what == "long":
        print("x" * 200_000, flush=True)
    lines = {"garbage": "what?", "list": "[1]", "deep": "[" * 50_000, "bytes": "\udcff\udcfe", "event": '{"event":"up"}',
             "error": '{"event":"error","what":"no such size"}', "nan": '{"event":"trial","sent":NaN}',
             "few": '{"event":"up","sessions":7,"wanted":10,"seconds":1}',
             "none": '{"event":"up","sessions":0,"wanted":0,"seconds":1}',
             "text": '{"event":"trial","sent":"many","received":1,"took_seconds":1}',
             "minus": '{"event":"trial","sent":5,"received":-1,"took_seconds":1}',
             "latency": '{"event":"trial","sent":5,"received":5,"took_seconds":1,"latency_us":3}'}
    if what in lines:
        sys.stdout.reconfigure(errors="surrogateescape")
        print(lines[what], flush=True)


def main(rate, wrong="", *words):
    rate, _, hiccups = rate.partition(":")
    system = Simulated(int(rate), float(hiccups or 0), buffer=3000)
    wrongly(wrong, 0, words)
    print(json.dumps({"event": "up", "sessions": 10, "wanted": 10, "seconds": 0.1}), flush=True)
    for count, line in enumerate(sys.stdin, 1):
        wrongly(wrong, count, words)
        asked = line.split()
        if asked[0] == "trial":
            answer("trial", system.trial(int(asked[1]), float(asked[2])), asked[3])
        elif asked[0] == "burst":
            answer("burst", system.burst(int(asked[1])), asked[2])
        else:
            print(json.dumps({"event": "error", "what": line.strip()}), flush=True)
    print("hung up", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
