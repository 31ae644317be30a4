# SPDX-License-Identifier: BSD-3-Clause
"""What stands in for TRex's STLClient, in invented time: it counts what its streams would send through a
device that loses, and is late or deaf as a test wants it."""


class Client:
    """loss: the part that the device loses; device_pps: what it passes at most, of both directions together;
    capacity_pps: of the generator, a port of which is late above it; own: frames that the device sends by
    itself; stuck: the traffic never ends by itself; deaf_s: how long after its end that is known; rounded:
    frames that each stream is short of."""

    def __init__(self, loss=0.0, device_pps=1e9, capacity_pps=1e9, own=0, stuck=False, latency=None, deaf_s=0.0,
                 rounded=0):
        self.loss, self.device_pps, self.capacity_pps, self.own = loss, device_pps, capacity_pps, own
        self.stuck, self.latency = stuck, latency
        self.now, self.calls, self.streams, self.active_until, self.read_at = 0.0, [], {}, {}, None
        self.sent, self.before, self.stopped = {}, {}, 0.0
        self.deaf_s, self.rounded = deaf_s, rounded

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def reset(self, ports):
        self.calls.append(("reset", tuple(ports)))

    def remove_all_streams(self, ports):
        for port in ports:
            self.streams[port] = []

    def add_streams(self, streams, ports):
        for port in ports:
            self.streams.setdefault(port, []).extend(streams)

    def clear_stats(self, ports):
        self.sent, self.before = {}, {}

    def start(self, ports, mult, duration, force):
        assert mult == "1" and force
        for port, (number, _, _) in self.sent.items():
            self.before[port] = self.before.get(port, 0) + number
        for port in ports:
            pps = sum(stream.mode.pps for stream in self.streams[port])
            took = duration * max(1, pps / self.capacity_pps)
            self.active_until[port] = self.now + took
            short = self.rounded * len(self.streams[port])
            self.sent[port] = (max(0, round(pps * duration) - short), self.now, took)
        self.stopped = None

    def is_traffic_active(self, ports):
        if self.stopped is not None:
            return set()
        return {p for p in ports if self.stuck or self.now < self.active_until[p] + self.deaf_s}

    def stop(self, ports):
        self.stopped = self.now

    def wait_on_traffic(self, ports, timeout, rx_delay_ms):
        assert not self.is_traffic_active(ports)

    def get_stats(self, ports):
        ends = [self.stopped if self.stopped is not None else self.active_until[p] for p in self.sent]
        self.read_at = self.now - max(ends)
        stats = {port: {"opackets": 0, "ipackets": 0, "obytes": 0} for port in ports}
        rate = sum(number / took for number, _, took in self.sent.values())
        loss = max(self.loss, 1 - self.device_pps / rate if rate else 0)
        for port, (number, begun, took) in self.sent.items():
            if self.stuck:
                number = round(number * min(1, (self.stopped - begun) / took / 10))
            there = port if len(ports) == 1 else next(p for p in ports if p != port)
            stats[port]["opackets"] += number + self.before.get(port, 0)
            stats[port]["obytes"] += number * len(self.streams[port][0].packet.frame)
            stats[there]["ipackets"] += number - round(number * loss) + self.own
        if self.latency:
            stats["latency"] = self.latency
        return stats
