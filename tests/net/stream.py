#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""stream.py client INTERFACE LNS GATEWAY GATEWAY6 FILE CULVERTCTL...: a session of userA's that sends
ESP packets of 16 SPIs to a gateway, of either family each 10 ms two of them, until it is killed. FILE says
every 100 ms how many were sent of each family, how many came back, as if of all SPIs so many as of the one of
which the fewest did, and for how long at most none did of one, in ms: "SENT BACK DARK SENT6 BACK6 DARK6".
Who removes FILE has darkness counted from then on.

stream.py gateway ADDRESS ADDRESS6: the gateway, which sends each back."""
import os
import select
import socket
import struct
import sys
import time

from client import ESP, IP, IPV6, Client
from frames import ipv4, ipv6
from wire import Wire

EVERY_S, TELL_S = 0.01, 0.1
FIRST_SPI, SPIS, AT_ONCE = 0x1000, 16, 2


class Flow:
    """Packets of a family, by their SPIs and numbers."""

    def __init__(self):
        self.sent = 0
        self.back = [0] * SPIS
        self.lighten(time.monotonic())

    def lighten(self, now):
        self.last = [now] * SPIS
        self.dark = 0.0

    def next(self):
        self.sent += 1
        return struct.pack("!II", FIRST_SPI + self.sent % SPIS, self.sent) + bytes(24)

    def came(self, esp):
        now = time.monotonic()
        i = struct.unpack("!I", esp[:4])[0] - FIRST_SPI
        self.back[i] += 1
        self.dark = max(self.dark, now - self.last[i])
        self.last[i] = now

    def told(self, now):
        dark = max(self.dark, now - min(self.last))
        return self.sent, SPIS * min(self.back), round(dark * 1000)


def client(interface, lns, gateway, gateway6, path, *culvertctl):
    wire = Wire(interface, lns, culvertctl)
    us = Client(wire, "userA", "pass-a")
    flows = {IP: Flow(), IPV6: Flow()}
    send_at = tell_at = time.monotonic()
    while True:
        now = time.monotonic()
        if now >= send_at:
            for _ in range(AT_ONCE):
                us.send(IP, ipv4(us.address, gateway, flows[IP].next(), ESP))
                us.send(IPV6, ipv6(us.address6(), gateway6, flows[IPV6].next(), ESP))
            send_at = max(send_at + EVERY_S, now - 5 * EVERY_S)
        wire.receive(max(0.0, send_at - time.monotonic()), lambda: us.inbox)
        for protocol, body in us.inbox:
            if protocol in flows and body[9 if protocol == IP else 6] == ESP:
                flows[protocol].came(body[20 if protocol == IP else 40:])
        us.inbox.clear()
        if now >= tell_at:
            tell_at = now + TELL_S
            if not os.path.exists(path):
                for flow in flows.values():
                    flow.lighten(now)
            with open(path + ".new", "w", encoding="ascii") as file:
                print(*(x for flow in flows.values() for x in flow.told(now)), file=file)
            os.rename(path + ".new", path)


def gateway(address, address6):
    four = socket.socket(socket.AF_INET, socket.SOCK_RAW, ESP)
    six = socket.socket(socket.AF_INET6, socket.SOCK_RAW, ESP)
    four.bind((address, 0))
    six.bind((address6, 0))
    while True:
        for ready in select.select([four, six], [], [])[0]:
            packet, sender = ready.recvfrom(2048)
            try:
                ready.sendto(packet[20:] if ready is four else packet, sender)
            except OSError:
                pass  # no way back now


if __name__ == "__main__":
    {"client": client, "gateway": gateway}[sys.argv[1]](*sys.argv[2:])
