# SPDX-License-Identifier: BSD-3-Clause
"""Outer IPv4, UDP, ARP and ICMP that are wrong, and fragments of all kinds."""
import random
import socket
import struct
import time

from frames import (
    ALL, ARP, HELLO, ICMP, arp, avp, checksum, control, data, ether, icmp, ipv4, sccrq, udp)
from wire import MAC, OTHER, OTHER_MAC, PATIENCE_S, US, Wrong

FENCE = 200


def ip_cases(wire):
    """The outer IPv4 header and UDP's (RFC 791, 768, 1122)."""
    d, p = wire.datagram, wire.packet
    good = sccrq(60000)
    for text, drop, wrong in (
            ("header length 4 words", "IP_HEADER", {"first": 0x44}),
            ("header length 15 words in 13", "IP_HEADER", {"first": 0x4F}),
            ("total length below the header's", "IP_LENGTH", {"total": 19}),
            ("total length 0", "IP_LENGTH", {"total": 0}),
            ("total length beyond the frame", "IP_LENGTH", {"total": 1400}),
            ("version 5", "IP_VERSION", {"first": 0x55}),
            ("version 6 where 4 is said", "IP_VERSION", {"first": 0x65}),
            ("wrong header checksum", "IP_CHECKSUM", {"wrong_sum": 1})):
        payload = bytes(30) if drop == "IP_HEADER" else good
        yield f"IP: {text}", f"CLASSIFY_{drop}", d(payload, ip=wrong)
    for source in ("0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
                   "192.0.2.255"):
        yield f"IP: SCCRQ from {source}", "CLASSIFY_MARTIAN", d(good, source=source)
        yield (f"IP: echo request from {source}", "CLASSIFY_MARTIAN",
               p(icmp(8), ICMP, source=source))
    yield "IP: SCCRQ from culvertd's own address (land)", "CLASSIFY_LAND", d(good, source=wire.lns)
    yield "IP: ping from culvertd's own address", "CLASSIFY_LAND", p(icmp(8), ICMP, source=wire.lns)
    yield "IP: to another address", "CLASSIFY_DESTINATION", p(
        udp((US, 1701), ("192.0.2.77", 1701), good), target="192.0.2.77")
    yield "IP: to the subnet's broadcast", "CLASSIFY_DESTINATION", p(
        icmp(8), ICMP, target="192.0.2.255")
    for name, number in (("TCP", 6), ("GRE", 47), ("ESP", 50), ("protocol 255", 255)):
        yield f"IP: {name}", "CLASSIFY_PROTOCOL", p(bytes(20), number)
    for text, fragment in (("first", 0x2000), ("later", 3), ("beyond 65,535 bytes", 0x1FFF),
                           ("last", 0x2003)):
        yield f"IP: fragment, {text}", "CLASSIFY_FRAGMENT", d(good, ip={"fragment": fragment})
    yield "IP: a fragment of 8 bytes", "CLASSIFY_FRAGMENT", p(bytes(8), fragment=0x2000)
    yield "UDP: length beyond the packet", "CLASSIFY_UDP_LENGTH", d(good, length=len(good) + 9)
    yield "UDP: length 7", "CLASSIFY_UDP_LENGTH", d(good, length=7)
    yield "UDP: header cut", "CLASSIFY_UDP_LENGTH", p(bytes(7))
    yield "UDP: wrong checksum", "CLASSIFY_UDP_CHECKSUM", d(good, wrong_sum=1)
    yield "UDP: source port 0", "CLASSIFY_MARTIAN", d(good, port=0)
    yield "UDP: a port where nobody listens", "CLASSIFY_UDP_PORT", d(good, to=1702)
    frame = d(good)
    yield "Ethernet: for another station", "CLASSIFY_MAC", OTHER_MAC + frame[6:]
    yield "Ethernet: IP for all stations", "CLASSIFY_MAC", ALL + frame[6:]
    yield "Ethernet: 24 bytes of IPv4", "CLASSIFY_RUNT", frame[:24]
    yield "Ethernet: nothing in it", "CLASSIFY_RUNT", frame[:14]
    for kind in (0x8863, 0x88CC, 0x0004):
        yield f"Ethernet: type {kind:#06x}", "CLASSIFY_ETHERTYPE", ether(
            wire.lns_mac, MAC, bytes(60), kind)
    yield "Ethernet: a VLAN tag", "CLASSIFY_VLAN", ether(
        wire.lns_mac, MAC, b"\0\7\x08\x00" + frame[14:], 0x8100)


def arp_cases(wire):
    """RFC 826."""
    def a(*words, to=ALL, **wrong):
        return ether(to, OTHER_MAC, arp(*words, **wrong), ARP)
    good = (1, OTHER_MAC, OTHER, bytes(6), wire.lns)
    yield "ARP: cut short", "LOCAL_ARP_MALFORMED", a(*good)[:41]
    yield "ARP: for another kind of network", "LOCAL_ARP_MALFORMED", a(
        *good, head=bytes.fromhex("000608000604"))
    yield "ARP: with addresses of another length", "LOCAL_ARP_MALFORMED", a(
        *good, head=bytes.fromhex("000108000806"))
    yield "ARP: somebody claims culvertd's address", "LOCAL_ARP_CONFLICT", a(
        2, OTHER_MAC, wire.lns, ALL, wire.lns)
    yield "ARP: somebody asks with culvertd's address", "LOCAL_ARP_CONFLICT", a(
        1, OTHER_MAC, wire.lns, bytes(6), US)
    yield "ARP: a reply that nobody asked for", "LOCAL_ARP_IGNORED", a(
        2, OTHER_MAC, OTHER, wire.lns_mac, wire.lns, to=wire.lns_mac)
    yield "ARP: a request for another", "LOCAL_ARP_IGNORED", a(
        1, OTHER_MAC, OTHER, bytes(6), "192.0.2.77")
    yield "ARP: a station with a multicast MAC", "LOCAL_ARP_IGNORED", a(
        2, b"\x01\0\x5e\0\0\1", US, wire.lns_mac, wire.lns)
    yield "ARP: somebody claims our address, and gets nothing", "LOCAL_ARP_DOUBTED", a(
        2, OTHER_MAC, US, ALL, US)


def icmp_cases(wire):
    """RFC 792, 1122: nothing but an echo request is answered."""
    p = wire.packet
    about = ipv4(wire.lns, US, udp((wire.lns, 1701), (US, 1701), control(HELLO, 7)))[:28]
    yield "ICMP: wrong checksum", "LOCAL_ICMP_CHECKSUM", p(icmp(8, wrong_sum=1), ICMP)
    yield "ICMP: cut short", "LOCAL_ICMP_CHECKSUM", p(icmp(8)[:7], ICMP)
    yield "ICMP: echo request of code 1", "LOCAL_ICMP_IGNORED", p(icmp(8, 1), ICMP)
    yield "ICMP: echo reply", "LOCAL_ICMP_IGNORED", p(icmp(0), ICMP)
    yield "ICMP: echo request behind a source route", "LOCAL_ICMP_IGNORED", p(
        icmp(8), ICMP, options=b"\x83\7\4\1\2\3\4\0")
    yield "ICMP: fragment of an echo request without its first", "LOCAL_ICMP_IGNORED", p(
        icmp(8), ICMP, fragment=0x2001)
    for mtu in (0, 68, 1280):
        yield f"ICMP: no such tunnel's path takes {mtu} bytes", "LOCAL_ICMP_IGNORED", p(
            icmp(3, 4, struct.pack("!HH", 0, mtu), about), ICMP)
    sent = ipv4(wire.lns, US, udp((wire.lns, 1701), (US, 1701), data(7, 7, bytes(60))), total=1400)
    for mtu, drop in ((0, "MTU"), (575, "MTU"), (1400, "MTU"), (1000, "FORGED")):
        yield (f"ICMP: a packet that nobody was sent did not fit {mtu} bytes", f"PATH_{drop}",
               p(icmp(3, 4, struct.pack("!HH", 0, mtu), sent), ICMP))
    yield "ICMP: an error about an ICMP error", "LOCAL_ICMP_IGNORED", p(
        icmp(3, 1, bytes(4), ipv4(wire.lns, US, icmp(3, 1, bytes(4), about), ICMP)), ICMP)
    for text, kind in (("quench", 4), ("redirect", 5), ("time exceeded", 11), ("timestamp", 13)):
        yield f"ICMP: {text}", "LOCAL_ICMP_IGNORED", p(icmp(kind, payload=about), ICMP)


def odd_echoes(judge, wire):
    """RFC 1812 4.3.3.6: in fragments, and with options that record the way."""
    def answer(part):
        return wire.until(lambda f: f[23] == ICMP and f[30:34] == socket.inet_aton(US) and
                          f[20:22] == struct.pack("!H", part) and f[14:], "part of an echo answer")

    def in_fragments():
        whole = icmp(8, payload=random.randbytes(1500))
        wire.send(wire.packet(whole[:1000], ICMP, fragment=0x2000))
        wire.send(wire.packet(whole[1000:], ICMP, fragment=125))
        got = answer(0x2000)[20:] + answer(125)[20:]
        if got[0] != 0 or got[4:] != whole[4:] or checksum(got) != 0:
            raise Wrong(f"the answer is {got.hex()}")

    def recorded():
        wire.send(wire.packet(icmp(8), ICMP, options=b"\7\x0b\4" + bytes(9)))
        got = answer(0)
        if got[20:32] != b"\7\x0b\x08" + socket.inet_aton(wire.lns) + bytes(5):
            raise Wrong(f"the options are {got[20:32].hex()}")
    judge.judge("ICMP: an echo request in two fragments is answered", {}, in_fragments)
    judge.judge("ICMP: record route in an echo request names us", {}, recorded)


def in_fragments(frame, *cuts, number=1):
    """The fragments of a frame's IPv4 packet, cut at these bytes of what it carries."""
    payload, source, target = frame[34:], *(socket.inet_ntoa(frame[i:i + 4]) for i in (26, 30))
    bounds = [0, *cuts, len(payload)]
    for at, end in zip(bounds, bounds[1:]):
        more = 0x2000 if end < len(payload) else 0
        yield frame[:14] + ipv4(source, target, payload[at:end], frame[23], number=number,
                                fragment=at // 8 | more)


def fragments(judge, wire, held):
    """RFC 791, 3.2: put together whatever their order; hostile ones are not, and push out nobody.
    In each case one tunnel's HELLO comes in fragments."""
    filler = avp(4711, bytes(600), flags=0)  # not mandatory, and unknown: ignored (RFC 2661, 4.1)

    def hello(order, cuts, number, between=lambda: None):
        """between: what is done when the first part has left."""
        parts = list(in_fragments(held.frame(HELLO, filler), *cuts, number=number))
        held.ns += 1
        wire.send(parts[order[0]])
        between()
        for i in order[1:]:
            wire.send(parts[i])
        held.acknowledged()

    def give_up(*parts):
        """Fragments that do not belong together."""
        for at, end, more in parts:
            wire.send(wire.packet(bytes(end - at), number=99,
                                  fragment=at // 8 | (0x2000 if more else 0)))

    def ended():
        """How many fragments have, for want of the others."""
        now = wire.counts()
        return sum(now.get(f"REASSEMBLE_{name}", 0) for name in ("GAVE_WAY", "TIMEOUT", "OVERLAP"))

    def end(number):
        """So many do, within the time that they may wait."""
        late = time.monotonic() + PATIENCE_S
        while time.monotonic() < late and ended() < number:
            time.sleep(0.2)
        if ended() != number:
            raise Wrong(f"{ended()} of {number} have ended")

    eight = list(range(80, 600, 80))
    judge.judge("fragments: two of them", {}, lambda: hello((0, 1), [304], 1))
    judge.judge("fragments: the last one first", {}, lambda: hello((1, 0), [304], 2))
    judge.judge("fragments: eight, from the middle", {},
                lambda: hello((3, 7, 0, 5, 1, 6, 4, 2), eight, 3))
    judge.judge("fragments: one is cut again, and 8 bytes are left", {},
                lambda: hello((2, 1, 0), [496, 504], 5))
    judge.judge("fragments: each comes twice", {"REASSEMBLE_DUPLICATE": 1},
                lambda: hello((1, 1, 0), [304], 4))
    judge.judge("fragments: one overlaps another by 8 bytes", {"REASSEMBLE_OVERLAP": 2},
                lambda: give_up((0, 504, True), (496, 600, True)))
    judge.judge("fragments: two ends", {"REASSEMBLE_OVERLAP": 2},
                lambda: give_up((504, 600, False), (504, 608, False)))
    judge.judge("fragments: nine of a packet", {"REASSEMBLE_TOO_MANY": 9}, lambda: [
        wire.send(wire.packet(bytes(48), number=98, fragment=i * 6 | 0x2000)) for i in range(9)])
    judge.judge("fragments: a packet of 65,000 bytes", {"REASSEMBLE_TOO_BIG": 2}, lambda: [
        wire.send(wire.packet(bytes(64), number=97, fragment=at // 8 | 0x2000))
        for at in (0, 65000)])

    def unfinished():
        before = ended()
        wire.send(wire.packet(bytes(64), number=96, fragment=0x2000))
        end(before + 1)
    judge.judge("fragments: one that stays alone ends", {"REASSEMBLE_TIMEOUT": 1}, unfinished)

    def first(_):
        return wire.packet(random.randbytes(64), source=random_address(), fragment=0x2000,
                           number=random.randrange(65536))
    before, wrong = ended(), []
    try:
        for i in range(10):
            hello((0, 1), [304], 100 + i, lambda: burst(wire, first, 2000))
        end(before + 20000)
    except Wrong as error:
        wrong = [str(error)]
    judge.say("fragments: 20,000 first ones from anywhere push out none of a tunnel's", wrong)
    judge.before = wire.counts()


def burst(wire, frame, number):
    """Sends frame(0) to frame(number - 1). After every FENCE culvertd has to answer, so that none
    is lost on the way to it: that makes the numbers exact."""
    for i in range(number):
        wire.send(frame(i))
        if i % FENCE == FENCE - 1:
            wire.arp_answers()


def random_address():
    """Any address that may be a source, but in culvertd's own network."""
    while True:
        first, rest = random.randrange(1, 224), random.randbytes(3)
        if first not in (127, 192):
            return socket.inet_ntoa(bytes([first]) + rest)
