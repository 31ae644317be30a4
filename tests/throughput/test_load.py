#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests of the backends: culvert-load's stand-in does everything wrong, and TRex's is an object."""
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "tools")]
sys.dont_write_bytecode = True
import tap  # noqa: E402
import trex_backend  # noqa: E402
from backend import BackendError, trial_of  # noqa: E402
from goals import PRESETS  # noqa: E402
from load import Load  # noqa: E402
from search import Search  # noqa: E402

FAKE = os.path.join(HERE, "fake_load.py")
SHORT_S = 1.0  # where something hangs


def load(*words, **more):
    return Load([sys.executable, FAKE, *words], **more)


def refused(text, *calls):
    """Each call until one raises a BackendError that has this text."""
    try:
        for call in calls:
            call()
    except BackendError as error:
        if not re.search(text, str(error)):
            raise AssertionError(f"'{error}' does not say '{text}'") from None
        return
    raise AssertionError(f"nothing was refused: {text}")


def of(backend):
    """What is asked of one, in turn."""
    return backend.up, lambda: backend.trial(1000, 1.0, "imix"), lambda: backend.burst(2000, "64")


def gone(process):
    return process.poll() is not None


def test_trials():
    """trials, bursts and latencies come as they were counted, and it hangs up at the end"""
    backend = load("1000000")
    assert backend.up() == {"sessions": 10, "wanted": 10, "seconds": 0.1}
    trial = backend.trial(2_000_000, 2.0, "imix")
    assert (trial.load, trial.duration_s, trial.sent, trial.received) == (2_000_000, 2.0, 4_000_000, 2_000_000)
    assert trial.loss_ratio == 0.5 and trial.more["latency_us"]["p99.9"] == 30
    burst = backend.burst(1000, 64)
    assert (burst.sent, burst.received, burst.late, round(burst.load)) == (1000, 1000, "", 10_000_000)
    process = backend.process
    backend.close()
    assert process.returncode == 0
    backend.close()


def test_does_not_start():
    """a program that is not there is named"""
    refused("nosuch does not start: No such file", Load(["/nonexistent/nosuch"]).up)
    refused("^/?proc does not start|proc does not start: Perm", Load(["/proc"]).up)


def test_dies():
    """who dies is said to, with its last words"""
    for wrong in ("die", "die@1", "die@2"):
        backend = load("1000000", wrong)
        refused("fake|python3.*: it has ended, with exit code 3; it said: out of memory, or so", *of(backend))
        backend.close()
    backend = load("1000000", "killed@1")
    refused("it has ended, by SIGKILL", *of(backend))
    backend.close()


def test_hangs():
    """who hangs is waited for so long and no longer, and is ended"""
    for wrong, text in (("hang", "its sessions are not up after 1 s"), ("hang@1", "no answer to a trial after 5 s"),
                        ("stop@2", "no answer to a burst after 3.2 s")):
        backend = load("1000000", wrong, up_s=SHORT_S if "@" not in wrong else 60, answer_s=3 * SHORT_S, end_s=SHORT_S)
        refused(text, *of(backend))
        process, before = backend.process, time.monotonic()
        backend.close()
        assert gone(process) and time.monotonic() - before < 60


def test_garbage():
    """what is no answer is shown, and ends it"""
    for wrong, text in (("garbage", "no JSON object: 'what\\?'"), ("list@1", "no JSON object"), ("deep@1", "no JSON object"),
                        ("bytes@1", "no JSON object"), ("event@1", "its answer is 'up', not 'trial'"),
                        ("long@1", "a line of more than 65536 bytes"), ("error@1", "it refused: 'no such size'"),
                        ("nan@1", "'took_seconds' is no number|'sent' is no number"), ("text@1", "'sent' is no number"),
                        ("minus@1", "'received' is no number"), ("latency@1", "'latency_us' is no object")):
        backend = load("1000000", wrong)
        refused(text, *of(backend))
        backend.close()


def test_sessions():
    """fewer sessions than wanted are refused, but where that is said to be enough"""
    backend = load("1000000", "few")
    refused("7 of 10 sessions are up", backend.up)
    backend.close()
    backend = load("1000000", "few", missing=True)
    assert backend.up()["sessions"] == 7
    backend.close()
    backend = load("1000000", "none", missing=True)
    refused("0 of 0 sessions are up", backend.up)
    backend.close()


def test_numbers():
    """numbers that can't be are refused, and what nobody has counted is none"""
    good = {"sent": 10, "received": 10, "took_seconds": 1}
    assert trial_of({**good, "wrong": None, "unsent": None, "latency_us": None}, 10, 1.0).loss_ratio == 0
    assert trial_of({**good, "latency_us": {"p50": None, "max": 3}}, 10, 1.0).more["latency_us"] == {"max": 3}
    for wrong in ({"sent": True}, {"sent": None}, {"received": "1"}, {"took_seconds": float("nan")}, {"unsent": -1},
                  {"wrong": 1e30}, {"took_seconds": float("inf")}, {"outer_bytes": []}, {"latency_us": {"p50": "x"}},
                  {"latency_us": [1]}):
        refused("is no ", lambda wrong=wrong: trial_of({**good, **wrong}, 10, 1.0))
    assert trial_of({"sent": 0, "received": 0, "took_seconds": 0}, None, None).loss_ratio == 1


class Trials:
    """In the place of tests/trex's."""
    sessions = [1, 2, 3]
    wrong = None
    ended = 0

    def trial(self, pps, seconds, size):
        if self.wrong:
            raise self.wrong
        return {"event": "trial", "pps": pps, "seconds": seconds, "size": size, "sent": 1000, "received": 990,
                "wrong": None, "took_seconds": seconds, "unsent": 0, "outer_bytes": 5, "latency_us": {"p50": None}}

    def end(self):
        self.ended += 1


def test_trex():
    """TRex's trials are trials, and its errors are told"""
    trials = Trials()
    backend = trex_backend.Trex(lambda: ({"sessions": 3}, trials, trials.end))
    assert backend.up() == {"sessions": 3}
    trial = backend.trial(1000, 1.0, 64)
    assert (trial.late, trial.loss_ratio) == ("", 0.01)
    refused("makes no bursts", lambda: backend.burst(1, 64))
    trials.wrong = RuntimeError("port 0 is gone")
    refused("TRex: port 0 is gone", lambda: backend.trial(1000, 1.0, 64))
    backend.close()
    backend.close()
    assert trials.ended == 1


def test_trex_version():
    """TRex's release is what its server says; or it is not known"""
    class Client:
        said = {"version": "v3.08", "build_date": "x"}

        def get_server_version(self):
            return self.said
    client = Client()
    assert trex_backend.api_version(client) == "v3.08"
    client.said = None
    assert trex_backend.api_version(client) is None


def test_trex_search():
    """a search with TRex's trials, its client a stand-in: what it loses, and its own limit, named so"""
    sys.path.insert(0, trex_backend.PROFILES)
    import made_up
    import standin
    import standin_client
    import trex_trial
    for client, lower, why, late in ((standin_client.Client(capacity_pps=300_000), 300_000, (), True),
                                     (standin_client.Client(loss=0.01), None, ("the lowest load failed",), False),
                                     (standin_client.Client(own=3), 1_000_000, ("the highest load passed",), False)):
        trials = trex_trial.Trials(client, standin, made_up.sessions(20, 2), "both", clock=client.clock, sleep=client.sleep)
        backend = trex_backend.Trex(lambda trials=trials: ({"sessions": 20}, trials, lambda: None))
        backend.up()
        search = Search([PRESETS["ndr"]], 50_000, 1_000_000, 100_000)
        while (ask := search.next()) is not None:
            search.take(backend.trial(ask.load, ask.duration_s, 64))
        result = search.results()[0]
        print(result.lower, result.upper, result.why, result.late)
        assert (result.why, result.late) == (why, late)
        assert result.lower == lower or (late and abs(result.lower / 2 / lower - 1) < 0.06), result.lower


def test_no_trex():
    """where there is no TRex, that is said, and what would help"""
    refused("there is no TRex in /nonexistent: --trex-home, or TREX_HOME", lambda: trex_backend.import_api("/nonexistent"))


if __name__ == "__main__":
    tap.main()
