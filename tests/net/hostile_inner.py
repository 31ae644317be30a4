# SPDX-License-Identifier: BSD-3-Clause
"""Inner packets that are wrong, of a client whose session goes on, and L2TP's forms around right
ones."""
import socket
import struct
import time

from client import ESP, IP, IPV6
from frames import (
    ICMP, ICMPV6, LENGTH, OFFSET, PRIORITY, SEQUENCE, UDP, checksum, control, data, icmp, icmp6,
    ipv4, ipv6, packed6, sccrq, udp)
from hostile_ip import burst
from wire import PATIENCE_S, Wrong

LNS, LNS6 = "10.88.0.1", "2001:db8:1::1"  # inside
OTHER_REALM, OTHER_REALM6 = "10.99.1.7", "2001:db8:9:7::1"
HOP_BY_HOP, TCP, ROUTING, FRAGMENT, OPTIONS = 0, 6, 43, 44, 60


def inner_cases(pair):
    """IPv4 (RFC 791, 1122), by what stands in the packet."""
    a, b = pair.a.address, pair.b.address
    body = bytes(range(40))

    def p(source=a, target=b, payload=body, protocol=ESP, **wrong):
        return ipv4(source, target, payload, protocol, **wrong)
    for version in (0, 5, 6, 15):
        yield f"version {version}", "INGRESS_INNER_VERSION", p(first=version << 4 | 5)
    yield "19 bytes", "INGRESS_INNER_SHORT", p()[:19]
    yield "nothing at all", "INGRESS_INNER_SHORT", b""
    yield "header of 4 words", "INGRESS_INNER_HEADER", p(first=0x44)
    yield "header beyond the packet", "INGRESS_INNER_HEADER", p(payload=bytes(30), first=0x4F)
    yield "total length below the header's", "INGRESS_INNER_LENGTH", p(total=19)
    yield "total length 0", "INGRESS_INNER_LENGTH", p(total=0)
    yield "total length beyond the message", "INGRESS_INNER_LENGTH", p(total=61)
    yield "wrong header checksum", "INGRESS_INNER_CHECKSUM", p(wrong_sum=1)
    for text, source in (("another client", b), ("nobody", "0.0.0.0"), ("the LNS", LNS),
                         ("127.0.0.1", "127.0.0.1"), ("a broadcast", "255.255.255.255"),
                         ("another realm's client", OTHER_REALM)):
        yield f"from {text}", "INGRESS_SPOOFED", p(source=source)
    for text, option in (("loose", b"\x83\7\4"), ("strict", b"\x89\7\4")):
        yield (f"{text} source route", "INGRESS_SOURCE_ROUTE",
               p(options=option + socket.inet_aton(LNS) + b"\0"))
    yield "option without end", "INGRESS_SOURCE_ROUTE", p(options=b"\x07\x28\4\0")
    yield "option of length 1", "INGRESS_SOURCE_ROUTE", p(options=b"\x07\1\0\0")
    yield "to itself", "INGRESS_TO_SELF", p(target=a)
    for target in ("0.0.0.0", "127.0.0.1", "224.0.0.5", "255.255.255.255"):
        yield f"to {target}", "INGRESS_DESTINATION", p(target=target)
    yield "to the pool's broadcast", "ROUTE_NO_ROUTE", p(target="10.88.1.255")
    yield "to another realm's client", "ROUTE_NO_ROUTE", p(target=OTHER_REALM)
    yield "to what is outside", "ROUTE_NO_ROUTE", p(target="192.0.2.1")
    yield "ESP to the LNS", "ROUTE_LNS", p(target=LNS)
    nested = udp((a, 1701), (LNS, 1701), sccrq(9))
    yield "an SCCRQ to the LNS", "ROUTE_LNS", p(target=LNS, payload=nested, protocol=UDP)
    nested = udp((a, 1701), (LNS, 1701), data(pair.b.tunnel.peer, pair.b.session,
                                              b"\xff\3\0\x21" + p()))
    yield "another session's data to the LNS", "ROUTE_LNS", p(
        target=LNS, payload=nested, protocol=UDP)
    nested = udp((a, 1701), ("192.0.2.1", 1701), sccrq(9))
    yield "an SCCRQ to its outer address", "ROUTE_NO_ROUTE", p(
        target="192.0.2.1", payload=nested, protocol=UDP)
    yield "TTL 0", "RELAY_TTL_ZERO", p(ttl=0)
    yield "TCP", "POLICY_SENDER", p(protocol=TCP)
    yield "UDP too short for its ports", "POLICY_SHORT", p(payload=bytes(3), protocol=UDP)
    yield "an ICMP error about a packet that nobody sent", "POLICY_SENDER", p(
        payload=icmp(3, 4, struct.pack("!HH", 0, 68), p()[:28]), protocol=ICMP)


def inner6_cases(pair):
    """IPv6 (RFC 8200, 4291, 4443) likewise."""
    a, b = pair.a.address6(), pair.b.address6()
    body = bytes(range(40))

    def p(source=a, target=b, payload=body, next_header=ESP, **wrong):
        return ipv6(source, target, payload, next_header, **wrong)

    def chain(*kinds, last=ESP):
        """Extension headers of 8 bytes each."""
        payload = body
        for kind, after in reversed(list(zip(kinds, [*kinds[1:], last]))):
            payload = bytes([after]) + {ROUTING: b"\0\0\1\0\0\0\0", FRAGMENT: b"\0\0\0\0\0\0\7"}.get(
                kind, b"\0\1\4\0\0\0\0") + payload
        return p(payload=payload, next_header=kinds[0])
    for version in (0, 4, 15):
        yield f"version {version}", "INGRESS_INNER_VERSION", p(first=version << 28)
    yield "39 bytes", "INGRESS_INNER_SHORT", p()[:39]
    yield "payload beyond the message", "INGRESS_INNER_LENGTH", p(length=41)
    for source in (b, "::", "::1", "ff02::1", LNS6, OTHER_REALM6, "2001:db8:dead::1"):
        text = source if isinstance(source, str) else "another client"
        yield f"from {text}", "INGRESS_SPOOFED", p(source=source)
    yield "to itself", "INGRESS_TO_SELF", p(target=pair.a.address6(2))
    for target in ("::", "::1", "::ffff:10.88.1.1", "ff0e::1", "ff01::1"):
        yield f"to {target}", "INGRESS_DESTINATION", p(target=target)
    yield "to a group that nobody listens to", "ROUTE_MULTICAST", p(target="ff02::5")
    yield "to nobody on its link", "ROUTE_LNS", p(target="fe80::9")
    yield "from its link-local address to another client", "ROUTE_SCOPE", p(
        source=packed6("fe80::")[:8] + pair.a.identifier)
    yield "to another realm's client", "ROUTE_NO_ROUTE", p(target=OTHER_REALM6)
    yield "ESP to the LNS", "ROUTE_LNS", p(target=LNS6)
    yield "hop-by-hop options behind others", "INGRESS_INNER_EXTENSIONS", chain(OPTIONS, HOP_BY_HOP)
    yield "nine extension headers", "INGRESS_INNER_EXTENSIONS", chain(*[OPTIONS] * 9)
    yield "two fragment headers", "INGRESS_INNER_EXTENSIONS", chain(FRAGMENT, FRAGMENT)
    yield "an extension header beyond the packet", "INGRESS_INNER_EXTENSIONS", p(
        payload=b"\x32\xc8" + bytes(38), next_header=OPTIONS)
    yield "a route by others", "INGRESS_SOURCE_ROUTE", p(
        payload=bytes([ESP]) + b"\2\0\1" + bytes(4) + packed6(LNS6) + body, next_header=ROUTING)
    yield "TCP", "POLICY_SENDER", p(next_header=TCP)
    yield "UDP too short for its ports", "POLICY_SHORT", p(payload=bytes(3), next_header=UDP)
    yield "an ICMP error about a packet that nobody sent", "POLICY_SENDER", p(
        payload=icmp6(a, b, 2, b"\0\0\0\x44" + p()), next_header=ICMPV6)


def told(pair, protocol, packet, kind, code, quoted_at):
    """An error about the packet comes back, and quotes it."""
    pair.a.inbox.clear()
    pair.a.send(protocol, packet)
    at = quoted_at - 8
    got = pair.a.until(protocol, lambda p: p[at:at + 2] == bytes([kind, code]), "ICMP error")
    if got[quoted_at:quoted_at + 40] != packet[:40]:
        raise Wrong(f"the error quotes {got[quoted_at:].hex()}")


def late_fragments(judge, pair):
    """Later fragments of UDP show no ports, and their first one does not come."""
    a, b = pair.a, pair.b

    def wait(name, number):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if pair.wire.counts().get(name, 0) >= number:
                return
            time.sleep(0.1)
            pair.wire.receive(0.01)
        raise Wrong(f"{name} did not reach {number}")

    def four():
        before = pair.wire.counts().get("POLICY_FRAGMENT", 0)
        for i in range(3):
            a.send(IP, ipv4(a.address, b.address, bytes(64), UDP, fragment=100 + i, number=4000))
        wait("POLICY_FRAGMENT", before + 3)

    def six():
        before = pair.wire.counts().get("POLICY_FRAGMENT", 0)
        for i in range(3):
            head = struct.pack("!BBHI", UDP, 0, 800 + 64 * i, 4001)
            a.send(IPV6, ipv6(a.address6(), b.address6(), head + bytes(64), FRAGMENT))
        wait("POLICY_FRAGMENT", before + 3)
    judge.judge("inner IPv4: three later fragments of UDP without their first",
                {"POLICY_FRAGMENT": 3}, four)
    judge.judge("inner IPv6: three later fragments of UDP without their first",
                {"POLICY_FRAGMENT": 3}, six)


def inner(judge, pair):
    """All of them."""
    for name, protocol, cases in (("IPv4", IP, inner_cases), ("IPv6", IPV6, inner6_cases)):
        for text, drop, packet in cases(pair):
            judge.judge(f"inner {name}: {text}", {drop: 1},
                        lambda p=packet, kind=protocol: pair.a.send(kind, p))
    a, b = pair.a, pair.b
    judge.judge("inner IPv4: TTL 1 is answered", {}, lambda: told(
        pair, IP, ipv4(a.address, b.address, bytes(40), ESP, ttl=1), 11, 0, 28))
    judge.judge("inner IPv4: what does not fit is answered", {}, lambda: told(
        pair, IP, ipv4(a.address, b.address, bytes(1440), ESP, fragment=0x4000), 3, 4, 28))
    for hops in (0, 1):
        judge.judge(f"inner IPv6: hop limit {hops} is answered", {}, lambda h=hops: told(
            pair, IPV6, ipv6(a.address6(), b.address6(), bytes(40), ESP, hops=h), 3, 0, 48))
    judge.judge("inner IPv6: what does not fit is answered", {}, lambda: told(
        pair, IPV6, ipv6(a.address6(), b.address6(), bytes(1400), ESP), 2, 0, 48))
    late_fragments(judge, pair)


def forms(judge, pair):
    """RFC 2661, 3.1, of a session that is open: what may be there, and what may not."""
    a, b = pair.a, pair.b
    packet = ipv4(a.address, b.address, bytes(range(64)), ESP)

    def passes(**form):
        a_form = dict(form)
        behind = a_form.pop("behind", b"")
        change = a_form.pop("change", lambda m: m)
        b.inbox.clear()
        pair.wire.send(a.frame(change(a.message(IP, packet, **a_form)) + behind))
        got = b.until(IP, lambda p: p[20:] == packet[20:], "ESP")
        if got[12:] != packet[12:] or checksum(got[:20]):
            raise Wrong(f"it came as {got.hex()}")
    for text, form in (
            ("without Length", {"flags": 2}),
            ("with 100 bytes behind its Length", {"behind": b"\xee" * 100}),
            ("with padding behind the packet", {"flags": 2, "behind": b"\xee" * 9}),
            ("with sequence numbers that nobody asked for",
             {"flags": LENGTH | SEQUENCE | 2, "after": b"\xff\xff\0\0"}),
            ("with Offset 0", {"flags": LENGTH | OFFSET | 2, "after": b"\0\0"}),
            ("with Offset 37", {"flags": LENGTH | OFFSET | 2, "after": b"\0\x25" + bytes(37)}),
            ("with Priority", {"flags": LENGTH | PRIORITY | 2}),
            ("with reserved bits", {"change": lambda m: bytes([m[0] | 0x34, m[1] | 0xF0]) + m[2:]}),
            ("with PPP's header compressed", {"head": b"\x21"}),
            ("with PPP's protocol of one byte", {"head": b"\xff\3\x21"}),
            ("without PPP's address", {"head": b"\0\x21"})):
        judge.judge(f"data of an open session {text} passes", {}, lambda f=form: passes(**f))
    whole = a.message(IP, packet)
    for text, drop, message in (
            ("Length below the header's", "CLASSIFY_L2TP_LENGTH", whole[:2] + b"\0\7" + whole[4:]),
            ("Length beyond the datagram", "CLASSIFY_L2TP_LENGTH",
             whole[:2] + struct.pack("!H", len(whole) + 1) + whole[4:]),
            ("Length that cuts the packet", "INGRESS_INNER_LENGTH",
             whole[:2] + struct.pack("!H", len(whole) - 1) + whole[4:]),
            ("Offset beyond the end", "CLASSIFY_L2TP_OFFSET", a.message(
                IP, packet, flags=LENGTH | OFFSET | 2, after=b"\x01\0")),
            ("version 3", "CLASSIFY_VERSION_L2TPV3", bytes([whole[0], 3]) + whole[2:]),
            ("version 1", "CLASSIFY_VERSION_L2F", bytes([whole[0], 1]) + whole[2:])):
        judge.judge(f"data of an open session: {text}", {drop: 1},
                    lambda m=message: pair.wire.send(a.frame(m)))
    judge.judge("data of an open session: from another port", {"INGRESS_SOURCE": 1},
                lambda: pair.wire.send(pair.wire.datagram(whole, port=9)))
    judge.judge("data of an open session: control in its tunnel from another port",
                {"CLASSIFY_CONTROL_SOURCE": 1},
                lambda: pair.wire.send(pair.wire.datagram(
                    control(None, a.tunnel.peer, 0, a.tunnel.ns, a.tunnel.nr), port=9)))


def paths(judge, pair):
    """ICMP about outer packets of a session that is open: RFC 1191, 1812."""
    wire, b = pair.wire, pair.a  # who is reached over IPv4
    port = b.tunnel.port

    def error(mtu, message, code=4, kind=3, to=None):
        quoted = ipv4(wire.lns, "192.0.2.50", udp((wire.lns, 1701), (
            "192.0.2.50", to or port), message), total=1400)[:28 + 12]
        return wire.packet(icmp(kind, code, struct.pack("!HH", 0, mtu), quoted), ICMP)

    # what was sent to it: its own IDs; Length or not
    right = struct.pack("!HHH", 2, b.tunnel.id, 7)
    for text, drop, frame in (
            ("says 575 bytes", "PATH_MTU", error(575, right)),
            ("says 0 bytes", "PATH_MTU", error(0, right)),
            ("names another session", "PATH_FORGED", error(1000, struct.pack(
                "!HHH", 2, b.tunnel.id, 99))),
            ("names another port", "PATH_FORGED", error(1000, right, to=9)),
            ("says unreachable", "LOCAL_ICMP_IGNORED", error(0, right, code=3)),
            ("says time exceeded", "LOCAL_ICMP_IGNORED", error(0, right, code=0, kind=11))):
        judge.judge(f"ICMP about a packet to an open session {text}", {drop: 1},
                    lambda f=frame: wire.send(f))

    forged = error(1000, struct.pack("!HHH", 2, b.tunnel.id, 99))
    before = wire.counts()
    burst(wire, lambda _: forged, 3000)
    judge.answers()
    after = wire.counts()
    risen = sum(after.get(name, 0) - before.get(name, 0) for name in (
        "PATH_FORGED", "PATH_LIMIT", "PUNT_PATH_SHARE", "PUNT_PATH_FULL"))
    judge.say("ICMP about a session's packets, 3,000 forged in a row: each is counted",
              [] if risen == 3000 else [f"{risen}: {after}"])
    judge.before = after

    def large():
        a = pair.b
        packet = ipv4(a.address, b.address, bytes(1300), ESP, fragment=0x4000)
        b.inbox.clear()
        a.send(IP, packet)
        b.until(IP, lambda p: len(p) == len(packet), "1,320 bytes")
    judge.judge("and packets of 1,320 bytes with DF still pass", {}, large)
