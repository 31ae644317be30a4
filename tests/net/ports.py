#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A peer, and a forger of its ARP, on the link of a running culvertd.

usage: ports.py INTERFACE LNS-ADDRESS frames|alive -- CULVERTCTL...

Speaks to culvertd over raw frames on INTERFACE, whose kernel has no address of its own. frames:
prints "ok TEXT" or "not ok TEXT" for each case; alive: ends with 0 if culvertd answers ARP.
"""
import socket
import struct
import sys
import time

from frames import ALL, ARP, SCCRP, arp, avps_of, control, ether, sccrq
from wire import MAC, OTHER_MAC, US, Tunnel, Wire, Wrong

VLAN = 0x8100
FORGED, FORGED_IN_TURN = 3000, 50


class WatchedWire(Wire):
    """Counts culvertd's frames that go to the forger."""

    astray = 0

    def receive(self, seconds):
        frame = super().receive(seconds)
        self.astray += frame is not None and frame[:6] == OTHER_MAC
        return frame


def tagged(frame, priority, vlan=0):
    return frame[:12] + struct.pack("!HH", VLAN, priority << 13 | vlan) + frame[12:]


def arp_request(wire):
    return ether(ALL, MAC, arp(1, MAC, US, bytes(6), wire.lns), ARP)


def is_arp_answer(frame):
    return frame[12:14] == b"\x08\x06" and frame[21] == 2 and frame[:6] == MAC


def tagged_arp(wire):
    for priority in range(8):
        wire.send(tagged(arp_request(wire), priority))
        wire.until(is_arp_answer, f"answer, untagged, to ARP of priority {priority}")


def tagged_sccrq(wire):
    wire.send(tagged(wire.datagram(sccrq(4711), port=4711), 5))
    wire.message(4711, SCCRP, "SCCRP", 4711)


def of_a_vlan(wire):
    before = wire.counts().get("CLASSIFY_VLAN", 0)
    wire.send(tagged(arp_request(wire), 0, 7))
    wire.send(tagged(wire.datagram(sccrq(4712), port=4712), 5, 7))
    tagged_arp(wire)
    if wire.strays:
        raise Wrong("frames of a VLAN were answered")
    after = wire.counts()["CLASSIFY_VLAN"]
    if after != before + 2:
        raise Wrong(f"CLASSIFY_VLAN rose by {after - before}, not 2")


def forged_arp(wire):
    """What culvertd sends to a known peer goes there, at 1,000 forged replies a second."""
    tunnel = Tunnel(wire).establish()
    forged = ether(wire.lns_mac, OTHER_MAC, arp(2, OTHER_MAC, US, wire.lns_mac, wire.lns), ARP)
    start = time.monotonic()
    for sent in range(0, FORGED, FORGED_IN_TURN):
        for _ in range(FORGED_IN_TURN):
            wire.send(forged)
        tunnel.hello()
        time.sleep(max(0, start + (sent + FORGED_IN_TURN) / 1000 - time.monotonic()))
    if wire.astray:
        raise Wrong(f"{wire.astray} frames went to the forger")
    doubted = wire.counts().get("LOCAL_ARP_DOUBTED", 0) + wire.counts().get("PUNT_ARP_FULL", 0)
    if not doubted:
        raise Wrong("no forged reply was seen")
    print(f"# {doubted} forged replies were doubted")
    tunnel.close()


def alive(wire):
    """Asks until there is an answer: a bridge is late with a port whose link has just come up."""
    for _ in range(20):
        wire.send(arp_request(wire))
        frame = wire.receive(0.5)
        if frame and is_arp_answer(frame):
            return 0
    raise Wrong("no answer to ARP")


def main(arguments):
    interface, lns, what = arguments[:3]
    wire = WatchedWire(interface, lns, arguments[arguments.index("--") + 1:])
    if what == "alive":
        return alive(wire)
    for text, case in (
            ("priority-tagged ARP is answered without a tag", tagged_arp),
            ("a priority-tagged SCCRQ is answered without a tag", tagged_sccrq),
            ("frames of a VLAN are dropped by that name", of_a_vlan),
            ("1,000 forged ARP replies a second move no peer", forged_arp)):
        wire.drain()
        try:
            case(wire)
            print(f"ok {text}", flush=True)
        except Wrong as wrong:
            print(f"# {wrong}\nnot ok {text}", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Wrong as wrong:
        sys.exit(str(wrong))
