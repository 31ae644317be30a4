#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""callers.py LNS NUMBER: so many honest callers, one every 40 ms, each from a port of its own.

Each sends its SCCRQ at once, after 1 s and after 3 s more, its SCCCN when it is answered, and is
in when that is acknowledged. Prints how many were in within 5 s of their first request; fails
where it were fewer than 95 in a hundred.
"""
import selectors
import socket
import struct
import sys
import time

from frames import SCCCN, SCCRP, avps_of, control, sccrq

BOUND_S, PACE_S = 5, 0.04
ASKS_S = (0, 1, 4)


class Caller:
    def __init__(self, lns, begin):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect((lns, 1701))
        self.begin, self.asked, self.tunnel, self.took = begin, 0, None, None
        self.request = sccrq(self.socket.getsockname()[1], b"honest")

    def act(self, now):
        """What is due by now; an SCCCN that nobody acknowledged is sent again, too."""
        if self.took is not None or self.asked == len(ASKS_S):
            return
        if now >= self.begin + ASKS_S[self.asked]:
            self.asked += 1
            self.send(self.request)

    def send(self, message):
        try:
            self.socket.send(message)
        except OSError:
            pass  # as lost as any other

    def read(self, now):
        try:
            message = self.socket.recv(2048)
        except OSError:
            return
        if len(message) < 12:
            return
        kind = avps_of(message).get(0)
        if kind == struct.pack("!H", SCCRP):
            self.tunnel = struct.unpack("!H", avps_of(message)[9])[0]
            self.send(control(SCCCN, self.tunnel, ns=1, nr=1))
        elif kind is None and self.tunnel is not None and self.took is None:
            self.took = now - self.begin


def main(lns, number):
    start = time.monotonic()
    callers = [Caller(lns, start + i * PACE_S) for i in range(number)]
    ready = selectors.DefaultSelector()
    for caller in callers:
        ready.register(caller.socket, selectors.EVENT_READ, caller)
    end = start + number * PACE_S + BOUND_S
    while time.monotonic() < end and any(c.took is None for c in callers):
        for key, _ in ready.select(0.01):
            key.data.read(time.monotonic())
        for caller in callers:
            caller.act(time.monotonic())
    times = sorted(c.took for c in callers if c.took is not None and c.took <= BOUND_S)
    print(f"{len(times)} of {number} callers in within {BOUND_S} s", end="")
    print(f", half of them within {times[len(times) // 2]:.3f} s" if times else "")
    return 0 if len(times) * 100 >= number * 95 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
