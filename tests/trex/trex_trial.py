# SPDX-License-Identifier: BSD-3-Clause
"""TRex as a search's generator: one trial at a time, with counters read when its traffic has stopped."""
import time
from dataclasses import replace

import l2tp_streams
import sessions_table

BOTH = "both"
QUIET_S = 0.3  # for what is on its way
JITTER_S = 0.02  # by which what it takes to hear that a port has stopped varies
DEAF_S = 0.5  # the longest that this may take
CORES = 16  # each of which may round a stream's frames down
ROUNDED = 1e-3  # of what is asked for
PATIENCE_S = 5  # beyond twice the time, until a trial is ended
POLL_S = 0.005
QUANTILES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999))


class Unfit(RuntimeError):
    """No trial of this generator's would say anything."""


class Trials:
    """client: a connected STLClient that owns both ports; api: trex.stl.api.

    ports: the one on the clients' side, and the one on the uplink's. direction: "up", "down", "clients",
    or "both" of up and down, each with half of the rate. lacs: of so many alone. latency_pps: of time
    stamps beside the load, which TRex sees in software mode alone (--software); 0: latencies are None."""

    def __init__(self, client, api, sessions, direction, lacs=None, ports=(0, 1), seed=1,
                 network=l2tp_streams.NETWORK, latency_pps=0, clock=time.monotonic, sleep=time.sleep):
        if lacs is not None:
            sessions = sessions_table.of_lacs(sessions, lacs, seed)
        self.client, self.api, self.sessions, self.streams = client, api, sessions, 0
        self.seed, self.network, self.latency_pps = seed, network, latency_pps
        self.clock, self.sleep = clock, sleep
        near, far = ports
        ways = {l2tp_streams.UP: (near, far), l2tp_streams.DOWN: (far, near),
                l2tp_streams.CLIENTS: (near, near)}
        if direction != BOTH and direction not in ways:
            raise l2tp_streams.BadPlan(f"no direction {direction!r}")
        names = (l2tp_streams.UP, l2tp_streams.DOWN) if direction == BOTH else (direction,)
        self.planned = {}
        self.deaf_s = None  # what it takes to hear of the end
        self.ways = [(name, *ways[name]) for name in names]
        self.ports = sorted({port for _, *ends in self.ways for port in ends})
        self.senders = sorted({sender for _, sender, _ in self.ways})
        client.reset(ports=self.ports)

    def trial(self, pps, seconds, size):
        """Sends pps packets a second in all, for so long, and says what came of it.

        TRex sends all that it was asked for, though late. So took_seconds is how long it took, less what
        it takes to hear of the end (which is measured before the first trial, with next to no load);
        unsent is what by then was not sent, or at that pace was sent after its time. Both are exact to
        JITTER_S, CORES and ROUNDED. TRex looks at no contents: wrong is None. What an LNS sends of its own
        makes up for packets that were lost, a few of a trial: switch off hellos and echoes."""
        if self.deaf_s is None:
            self._listen()
        self._prepare(pps, size)
        took = self._send(seconds) - self.deaf_s
        if took < seconds + JITTER_S:
            took = seconds
        self.sleep(QUIET_S)
        stats = self.client.get_stats(ports=self.ports)
        self.client.wait_on_traffic(ports=self.senders, timeout=PATIENCE_S, rx_delay_ms=0)
        return self._answer(stats, pps, seconds, size, took)

    def _listen(self):
        self._prepare(10, l2tp_streams.SMALLEST)
        deaf_s = min(max(0, self._send(0.2) - 0.2) for _ in range(3))
        if deaf_s > DEAF_S:
            raise Unfit(f"TRex's ports are heard to stop {deaf_s:.1f} s late with next to no load: "
                        f"it would hide a trial that is late (its machine has other work, or too few cores)")
        self.deaf_s = deaf_s

    def _prepare(self, pps, size):
        self.client.remove_all_streams(ports=self.senders)
        self.streams = 0
        for number, (way, sender, _) in enumerate(self.ways, 1):
            of_way = pps / len(self.ways)
            stamps = min(self.latency_pps, of_way / 10)
            planned = [replace(stream, pps=stream.pps * (of_way - stamps)) for stream in self._shares(way, size)]
            if stamps > 0:
                planned.append(l2tp_streams.stamped(self.sessions, way, size, stamps, "latency", number,
                                                    self.seed, self.network))
            self.streams += len(planned)
            self.client.add_streams(l2tp_streams.build(self.api, planned), ports=[sender])
        self.client.clear_stats(ports=self.ports)

    def _shares(self, way, size):
        """Streams of one packet a second in all: trials differ in their rates alone."""
        if (way, size) not in self.planned:
            self.planned[way, size] = l2tp_streams.plan(self.sessions, way, size, 1, self.seed, self.network)
        return self.planned[way, size]

    def _send(self, seconds):
        """How long it took, until it was heard to be over, or was ended."""
        self.client.start(ports=self.senders, mult="1", duration=seconds, force=True)
        begun = self.clock()
        while self.client.is_traffic_active(ports=self.senders):
            if self.clock() - begun > 2 * seconds + PATIENCE_S:
                self.client.stop(ports=self.senders)
                break
            self.sleep(POLL_S)
        return self.clock() - begun

    def _answer(self, stats, pps, seconds, size, took):
        sent = sum(stats[sender]["opackets"] for _, sender, _ in self.ways)
        received = sum(stats[receiver]["ipackets"] for _, _, receiver in self.ways)
        lost = sum(max(0, stats[sender]["opackets"] - stats[receiver]["ipackets"])
                   for _, sender, receiver in self.ways)
        unsent = round(pps * seconds) - sent
        if unsent <= max(self.streams * CORES, ROUNDED * pps * seconds):
            unsent = 0
        unsent += round(sent * (1 - seconds / took))
        groups = [stats.get("latency", {}).get(number, {}) for number in range(1, len(self.ways) + 1)]
        return {"event": "trial", "pps": pps, "seconds": seconds, "size": str(size), "sent": sent,
                "received": min(received, sent), "lost": lost,
                "reordered": sum(g.get("err_cntrs", {}).get("out_of_order", 0) for g in groups),
                "wrong": None, "took_seconds": took, "unsent": unsent,
                "latency_us": latency([g["latency"] for g in groups if "latency" in g]),
                "outer_bytes": sum(stats[sender]["obytes"] for _, sender, _ in self.ways)}


def latency(groups):
    """Of TRex's packet groups together. Its histogram has the lower ends of ranges, ten of a decade: a
    quantile is the upper end of its range, or the highest value that was seen."""
    counts = {}
    for group in groups:
        for low, count in group["histogram"].items():
            counts[int(low)] = counts.get(int(low), 0) + count
    total = sum(counts.values())
    if not total:
        return dict.fromkeys(("min", "p50", "p90", "p99", "p99.9", "max"))
    most = max(group["total_max"] for group in groups)
    said = {"min": min(group["total_min"] for group in groups)}
    for name, part in QUANTILES:
        passed = 0
        for low in sorted(counts):
            passed += counts[low]
            if passed >= part * total:
                said[name] = min(most, low + 10 ** max(1, len(str(low)) - 1))
                break
    return said | {"max": most}
