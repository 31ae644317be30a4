# SPDX-License-Identifier: BSD-3-Clause
"""Outer IPv6 that is wrong, fragments of it, and forged ICMPv6, where no bridge is before us."""
import struct
import time

import hostile6
from frames import HELLO, ICMPV6, UDP, avp, control, icmp6, ipv6, udp6
from wire import PATIENCE_S, US6, Wrong

FRAGMENT = 44


def shapes(wire6):
    """Frames that a bridge drops: (text, drop, frame)."""
    frame = wire6.datagram(control(HELLO, 7))
    head, packet = frame[:14], frame[14:]
    for version in (0, 4, 5, 15):
        yield (f"version {version}", "CLASSIFY_IP_VERSION",
               head + bytes([version << 4]) + packet[1:])
    for text, length in (("by one byte", len(packet) - 39), ("by far", 60000)):
        yield (f"payload beyond the frame {text}", "CLASSIFY_IP_LENGTH",
               head + packet[:4] + struct.pack("!H", length) + packet[6:])
    yield "39 bytes", "CLASSIFY_RUNT", frame[:14 + 39]
    yield "no payload", "CLASSIFY_UDP_LENGTH", wire6.packet(b"")
    yield "a UDP header that is cut", "CLASSIFY_UDP_LENGTH", wire6.packet(bytes(7))
    yield "from the LNS's own address", "CLASSIFY_LAND", wire6.datagram(
        control(HELLO, 7), source=wire6.lns)


def part(wire6, at, body, more, number, protocol=UDP, source=US6):
    head = struct.pack("!BBHI", protocol, 0, at | more, number)
    return wire6.packet(head + body, FRAGMENT, source)


def in_parts(frame, cut, wire6, number):
    """A datagram's frame in two."""
    body = frame[54:]
    return [part(wire6, 0, body[:cut], 1, number), part(wire6, cut, body[cut:], 0, number)]


def fragments(judge, wire6, held6):
    """RFC 8200, 4.5; 5722: those that fit are put together, others are not."""
    filler = avp(4711, bytes(600), flags=0)

    def hello(order, number, between=()):
        parts = in_parts(held6.frame(HELLO, filler), 304, wire6, number)
        held6.ns += 1
        wire6.send(parts[order[0]])
        for frame in between:
            wire6.send(frame)
        for i in order[1:]:
            wire6.send(parts[i])
        held6.acknowledged()

    def wait(name, number):
        before = wire6.counts().get(name, 0)
        end = time.monotonic() + PATIENCE_S
        yield
        while wire6.counts().get(name, 0) < before + number:
            if time.monotonic() > end:
                raise Wrong(f"{name} did not rise by {number}")
            wire6.receive(0.1)

    def alone():
        waiting = wait("REASSEMBLE_TIMEOUT", 1)
        next(waiting)
        wire6.send(part(wire6, 0, bytes(64), 1, 40))
        for _ in waiting:
            pass

    def all_of(frames):
        for frame in frames:
            wire6.send(frame)
    judge.judge("outer IPv6 fragments: two of them", {}, lambda: hello((0, 1), 31))
    judge.judge("outer IPv6 fragments: the last one first", {}, lambda: hello((1, 0), 32))
    judge.judge("outer IPv6 fragments: one comes twice", {"REASSEMBLE_DUPLICATE": 1},
                lambda: hello((1, 1, 0), 33))
    judge.judge("outer IPv6 fragments: others of the same number, from elsewhere",
                {"REASSEMBLE_TIMEOUT": 1}, lambda: (hello((0, 1), 34, [part(
                    wire6, 304, bytes(64), 0, 34, source="2001:db8::51")]), time.sleep(3)))
    judge.judge("outer IPv6 fragments: one overlaps another", {"REASSEMBLE_OVERLAP": 2},
                lambda: all_of([part(wire6, 0, bytes(504), 1, 35),
                                part(wire6, 496, bytes(64), 0, 35)]))
    judge.judge("outer IPv6 fragments: two ends", {"REASSEMBLE_OVERLAP": 2},
                lambda: all_of([part(wire6, 504, bytes(64), 0, 36),
                                part(wire6, 504, bytes(72), 0, 36)]))
    judge.judge("outer IPv6 fragments: nine of a packet", {"REASSEMBLE_TOO_MANY": 9},
                lambda: all_of([part(wire6, i * 48, bytes(48), 1, 37) for i in range(9)]))
    judge.judge("outer IPv6 fragments: of 8 bytes, of no whole units, empty, beyond 65,535",
                {"CLASSIFY_FRAGMENT": 4}, lambda: all_of([
                    part(wire6, 0, bytes(8), 1, 38), part(wire6, 0, bytes(100), 1, 38),
                    part(wire6, 800, b"", 0, 38), part(wire6, 65528, bytes(64), 0, 38)]))
    judge.judge("outer IPv6 fragments: of TCP", {"CLASSIFY_FRAGMENT": 1}, lambda: all_of([
        part(wire6, 0, bytes(64), 1, 39, protocol=6)]))
    judge.judge("outer IPv6 fragments: one that stays alone ends", {"REASSEMBLE_TIMEOUT": 1}, alone)


def paths(judge, pair, wire6):
    """ICMPv6 about packets of a session that is open (RFC 4443, 8201)."""
    b = pair.b

    def error(mtu, message, to=None, kind=2):
        datagram = udp6(wire6.lns, US6, message, 1701, to or b.tunnel.port)
        quoted = ipv6(wire6.lns, US6, datagram, length=1400)
        return wire6.packet(icmp6(US6, wire6.lns, kind, struct.pack("!I", mtu) + quoted), ICMPV6)
    right = struct.pack("!HHH", 2, b.tunnel.id, 7) + bytes(60)
    for text, drop, frame in (
            ("says 1,279 bytes", "PATH_MTU", error(1279, right)),
            ("says as much as it had", "PATH_MTU", error(1440, right)),
            ("names another session", "PATH_FORGED", error(
                1300, struct.pack("!HHH", 2, b.tunnel.id, 99) + bytes(60))),
            ("names another port", "PATH_FORGED", error(1300, right, 9)),
            ("says unreachable", "LOCAL_ICMP_IGNORED", error(0, right, kind=1))):
        judge.judge(f"ICMPv6 about a packet to an open session {text}", {drop: 1},
                    lambda f=frame: wire6.send(f))


def outer6(judge, wire6):
    """The cases of hostile6.py among others."""
    for text, drop, frame in shapes(wire6):
        judge.judge(f"outer IPv6: {text}", {drop: 1}, lambda f=frame: wire6.send(f))
    for text, drop, packet, mac in hostile6.cases(wire6):
        frame = wire6.framed(packet, mac)
        judge.judge(f"outer IPv6: {text}", {drop: 1}, lambda f=frame: wire6.send(f))
