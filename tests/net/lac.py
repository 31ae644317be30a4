#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""lac.py LNS CALLS: a LAC that brings up so many calls in one tunnel, at a round trip of 20 ms.

What arrives is looked at 20 ms later. It keeps to the window that the LNS announces, and sends
again what has no acknowledgement after 1 s. Prints how long it took; its calls carry no PPP.
"""
import collections
import socket
import struct
import sys
import time

from frames import ICCN, ICRP, ICRQ, SCCCN, STOPCCN, avp, avps_of, control, sccrq

ROUND_TRIP_S, AGAIN_S = 0.02, 1.0
SO_RCVBUFFORCE = 33  # which Python does not name
TUNNEL = 7


def before(a, b):
    return 0 < (b - a) & 0xFFFF < 0x8000


class Lac:
    def __init__(self, lns):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.socket.connect((lns, 1701))
        self.socket.setblocking(False)
        self.arrived = collections.deque()
        self.waiting = collections.deque()  # (session, type, AVPs) behind the window
        self.flying = collections.deque()  # [Ns, session, type, AVPs, sent at]
        self.ns, self.nr, self.peer, self.window, self.owes = 1, 0, 0, 4, False
        self.up, self.sent_again = 0, 0

    def open(self):
        for _ in range(5):
            self.socket.send(sccrq(TUNNEL, b"lac").replace(avp(10, b"\0\4"), avp(10, b"\0\x80")))
            end = time.monotonic() + 1
            while time.monotonic() < end:
                try:
                    found = avps_of(self.socket.recv(2048))
                except OSError:
                    time.sleep(0.001)
                    continue
                if 9 in found:
                    self.peer = struct.unpack("!H", found[9])[0]
                    self.window = struct.unpack("!H", found[10])[0]
                    self.nr = 1
                    self.put(0, SCCCN, b"")
                    return
        raise SystemExit("no SCCRP")

    def put(self, session, kind, avps):
        self.waiting.append((session, kind, avps))

    def transmit(self, flying, now):
        ns, session, kind, avps, _ = flying
        flying[4] = now
        self.socket.send(control(kind, self.peer, session, ns, self.nr, avps))
        self.owes = False

    def send(self):
        now = time.monotonic()
        while self.waiting and len(self.flying) < self.window:
            flying = [self.ns, *self.waiting.popleft(), now]
            self.ns = self.ns + 1 & 0xFFFF
            self.flying.append(flying)
            self.transmit(flying, now)
        if self.flying and now > self.flying[0][4] + AGAIN_S:
            for flying in self.flying:
                self.transmit(flying, now)
                self.sent_again += 1
        if self.owes:
            self.owes = False
            self.socket.send(control(None, self.peer, 0, self.ns, self.nr))

    def take(self, message):
        flags, _, _, session, ns, nr = struct.unpack("!6H", message[:12])
        if not flags & 0x8000:
            return
        while self.flying and before(self.flying[0][0], nr):
            self.flying.popleft()
        if len(message) == 12:
            return
        self.owes = True
        if ns != self.nr:
            return
        self.nr = self.nr + 1 & 0xFFFF
        found = avps_of(message)
        if struct.unpack("!H", found[0])[0] == ICRP:
            theirs = struct.unpack("!H", found[14])[0]
            self.put(theirs, ICCN, avp(24, b"\0\0\x27\x10") + avp(19, b"\0\0\0\1"))
            self.up += 1
        else:
            raise SystemExit(f"a message that should not be there: {found}")

    def round(self):
        try:
            for _ in range(64):
                self.arrived.append((time.monotonic() + ROUND_TRIP_S, self.socket.recv(2048)))
        except OSError:
            pass
        while self.arrived and self.arrived[0][0] <= time.monotonic():
            self.take(self.arrived.popleft()[1])
        self.send()

    def until_quiet(self, seconds):
        """All that we sent is acknowledged; false: not within the time."""
        end = time.monotonic() + seconds
        while self.waiting or self.flying:
            self.round()
            if time.monotonic() > end:
                return False
        return True


def main(lns, calls):
    lac = Lac(lns)
    lac.open()
    if not lac.until_quiet(5):
        raise SystemExit("no tunnel")
    for session in range(1, calls + 1):
        lac.put(0, ICRQ, avp(14, struct.pack("!H", session)) + avp(15, struct.pack("!I", session)))
    start = time.monotonic()
    well = lac.until_quiet(120)
    took = time.monotonic() - start
    print(f"{lac.up} of {calls} calls in {took:.1f} s, window {lac.window}, "
          f"{lac.sent_again} messages sent again", flush=True)
    if sys.stdin.readline():  # until the caller has looked
        pass
    lac.put(0, STOPCCN, avp(9, struct.pack("!H", TUNNEL)) + avp(1, b"\0\1"))
    lac.until_quiet(5)
    return 0 if well and lac.up == calls and took < 60 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
