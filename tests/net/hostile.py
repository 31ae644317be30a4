#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends a running culvertd what nobody should, and sees that it minds none of it.

usage: hostile.py INTERFACE LNS-ADDRESS PID CULVERTCTL...

Speaks to culvertd over raw frames on INTERFACE, whose kernel has no address of its own, and reads
its counters with CULVERTCTL. After each case the counters that it names have risen by exactly
that much and no other has, nothing came back that was not asked for, and culvertd still answers
ARP, ping and an SCCRQ. Prints "ok TEXT" or "not ok TEXT" for each, and what was wrong.
"""
import json
import random
import select
import socket
import struct
import subprocess
import sys
import time

from frames import (
    ALL, ARP, CDN, CONTROL, HELLO, ICCN, ICMP, ICRP, ICRQ, LENGTH, OFFSET, PRIORITY, SCCCN, SCCRP,
    SEQUENCE, STOPCCN, UDP, arp, avp, avps_of, checksum, control, data, ether, icmp, ipv4, sccrq,
    udp)

US, OTHER, GATEWAY = "192.0.2.50", "192.0.2.51", "192.0.2.254"
MAC, OTHER_MAC = b"\x02\0\0\0\x0c\x50", b"\x02\0\0\0\x0c\x51"
PATIENCE_S = 10
PPP_IP, PPP_IPV6 = b"\xff\x03\x00\x21", b"\xff\x03\x00\x57"
FLOOD, FENCE = 20000, 200
HALF_OPEN = 5000  # as hostile.sh configures it
RSS_MAX_KB = 8 << 10  # for so many callers, and 1,024 neighbours


class Wrong(Exception):
    """culvertd did not do what it should."""


class Wire:
    """Our end of the cable: frames out, culvertd's frames in, its ARP requests answered."""

    def __init__(self, interface, lns, culvertctl):
        self.lns, self.culvertctl = lns, culvertctl
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((interface, 0))
        self.lns_mac = bytes.fromhex(self.ask("ports")["rows"][0]["mac"].replace(":", ""))
        self.strays = []

    def ask(self, command):
        """culvertctl's answer."""
        return json.loads(subprocess.run([*self.culvertctl, "--json", command], check=True,
                                         capture_output=True, timeout=30).stdout)

    def counts(self):
        """Every drop and counter that is not 0."""
        found = {row["name"]: row["packets"] for row in self.ask("drops")["rows"]}
        found |= {row["name"]: row["value"] for row in self.ask("counters")["rows"]}
        return {name: value for name, value in found.items() if value}

    def send(self, frame):
        self.socket.send(frame)

    def packet(self, payload, protocol=UDP, source=US, target=None, **wrong):
        """A frame with an IPv4 packet to culvertd."""
        return ether(self.lns_mac, MAC,
                     ipv4(source, target or self.lns, payload, protocol, **wrong))

    def datagram(self, payload, source=US, port=1701, to=1701, ip=None, **wrong):
        """A frame with a UDP datagram; ip: what is wrong with its IPv4 header."""
        whole = udp((source, port), (self.lns, to), payload, **wrong)
        return self.packet(whole, source=source, **(ip or {}))

    def receive(self, seconds):
        """culvertd's next frame that is no ARP request for us, or None."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                break
            frame = self.socket.recv(2048)
            if frame[6:12] != self.lns_mac:
                continue
            if frame[12:14] == b"\x08\x06" and frame[21] == 1:
                asked = socket.inet_ntoa(frame[38:42])
                if asked in (US, OTHER, GATEWAY):
                    self.send(ether(self.lns_mac, MAC,
                                    arp(2, MAC, asked, self.lns_mac, self.lns), ARP))
                continue
            return frame
        return None

    def drain(self):
        """Lets everything go that has come so far."""
        while self.receive(0.2):
            pass
        self.strays.clear()

    def until(self, wanted, what):
        """Waits for a frame of which wanted(frame) is true and returns that; others are strays."""
        end = time.monotonic() + PATIENCE_S
        while (left := end - time.monotonic()) > 0:
            frame = self.receive(left)
            found = frame and wanted(frame)
            if found:
                return found
            if frame:
                self.strays.append(frame)
        raise Wrong(f"no {what} within {PATIENCE_S} s")

    def arp_answers(self):
        """culvertd says where its address is."""
        self.send(ether(ALL, MAC, arp(1, MAC, US, bytes(6), self.lns), ARP))
        self.until(lambda f: f[12:14] == b"\x08\x06" and f[21] == 2 and f[22:28] == self.lns_mac,
                   "ARP reply")

    def message(self, port, kind, what, tunnel=None):
        """Waits for a control message to a port of ours (kind None: a ZLB)."""
        def wanted(frame):
            if frame[12:14] != b"\x08\x00" or frame[23] != UDP or frame[36:38] != port:
                return None
            found = frame[42:]
            if tunnel is not None and struct.unpack("!H", found[4:6])[0] != tunnel:
                return None
            first = avps_of(found).get(0)
            return found if first == (None if kind is None else struct.pack("!H", kind)) else None
        port = struct.pack("!H", port)
        return self.until(wanted, what)


class Tunnel:
    """An L2TP tunnel that we open from a port of our own."""

    number = established = 0  # in all

    def __init__(self, wire, message=None, **wrong):
        """message(ID): the SCCRQ, if it is to be a special one."""
        Tunnel.number += 1
        self.id, self.port, self.wire = Tunnel.number, 20000 + Tunnel.number, wire
        self.ns = self.nr = 1
        wire.send(wire.datagram((message or sccrq)(self.id), port=self.port, **wrong))
        answer = wire.message(self.port, SCCRP, "SCCRP", self.id)
        self.peer = struct.unpack("!H", avps_of(answer)[9])[0]

    def frame(self, kind, avps=b"", session=0, ns=None, nr=None, **wrong):
        """The next control message, or one with another Ns or Nr; sending it is up to others."""
        message = control(kind, self.peer, session, self.ns if ns is None else ns,
                          self.nr if nr is None else nr, avps)
        return self.wire.datagram(message, port=self.port, **wrong)

    def send(self, kind, avps=b"", session=0):
        self.wire.send(self.frame(kind, avps, session))
        self.ns += kind is not None

    def acknowledged(self):
        """Waits for the ZLB that acknowledges all we sent; what else is on its way is dropped."""
        def wanted(frame):
            return (frame[36:38] == struct.pack("!H", self.port) and
                    frame[42:44] == struct.pack("!H", CONTROL) and
                    struct.unpack("!H", frame[52:54])[0] == self.ns)
        self.wire.until(wanted, f"acknowledgement of Ns {self.ns - 1}")

    def establish(self):
        self.send(SCCCN)
        self.acknowledged()
        Tunnel.established += 1
        return self

    def hello(self):
        """culvertd still knows this tunnel, and acknowledges what comes in order."""
        self.send(HELLO)
        self.acknowledged()

    def close(self):
        self.send(STOPCCN, avp(9, struct.pack("!H", self.id)) + avp(1, b"\0\1"))
        self.acknowledged()

    def session(self):
        """Opens a call: culvertd's session ID. LCP's frames that now come are dropped."""
        self.send(ICRQ, avp(14, b"\0\7") + avp(15, b"\0\0\0\1"))
        answer = self.wire.message(self.port, ICRP, "ICRP", self.id)
        self.nr += 1
        return struct.unpack("!H", avps_of(answer)[14])[0]

    def connect(self, session):
        self.send(ICCN, avp(24, b"\0\0\x27\x10") + avp(19, b"\0\0\0\1"), session)
        self.acknowledged()


class Judge:
    """Runs cases, and counts what changed."""

    def __init__(self, wire, held):
        self.wire, self.held = wire, held
        self.before = wire.counts()
        self.failed = 0

    def answers(self):
        """culvertd answers ARP, ping and SCCRQ, and knows the tunnel that is held."""
        wire = self.wire
        wire.arp_answers()
        token = random.randbytes(8)
        wire.send(wire.packet(icmp(8, payload=token), ICMP))
        wire.until(lambda f: f[12:14] == b"\x08\x00" and f[23] == ICMP and f[34] == 0 and
                   f[42:50] == token, "echo reply")
        Tunnel(wire).establish().close()
        self.held.hello()

    def strays(self):
        """What came back unasked. What is for tunnels of ours is not: they have timers."""
        strays, self.wire.strays = self.wire.strays, []
        ours = range(20001, 20001 + Tunnel.number)
        return [frame.hex(" ", 2) for frame in strays[:100]
                if not (frame[12:14] == b"\x08\x00" and frame[23] == UDP and
                        struct.unpack("!H", frame[36:38])[0] in ours)]

    def judge(self, text, expected, act):
        """One case: act() is done, and then these names have risen by these numbers, beside the
        one for tunnels that we opened."""
        wrong, tunnels = [], Tunnel.established
        try:
            act()
            self.answers()
        except (Wrong, OSError, subprocess.SubprocessError) as error:
            wrong.append(str(error))
        after = self.wire.counts()
        risen = {name: after[name] - self.before.get(name, 0) for name in after}
        risen = {name: by for name, by in risen.items() if by}
        self.before = after
        expected = expected | {"tunnels-opened": Tunnel.established - tunnels}
        if risen != expected:
            wrong.append(f"risen: {risen}, expected: {expected}")
        wrong += [f"unasked: {frame}" for frame in self.strays()[:2]]
        self.say(text, wrong)

    def say(self, text, wrong):
        print("not ok" if wrong else "ok", text, flush=True)
        for line in wrong:
            print(f"# {line}", flush=True)
        self.failed += bool(wrong)

    def each(self, cases):
        """Cases of one frame and one drop: (text, drop or None, frame)."""
        for text, drop, frame in cases:
            self.judge(text, {drop: 1} if drop else {}, lambda frame=frame: self.wire.send(frame))


def l2tp_header_cases(wire, held):
    """RFC 2661, 3.1; where it meets no tunnel or session."""
    hello, d = held.peer, wire.datagram
    for size in (0, 1, 5):
        yield f"L2TP: {size} bytes", "CLASSIFY_L2TP_SHORT", d(control(None)[:size])
        if size:
            yield f"L2TP: {size} bytes of data", "CLASSIFY_L2TP_SHORT", d(data(1, 1, b"")[:size])
    yield "L2TP: control header cut", "CLASSIFY_L2TP_LENGTH", d(control(None)[:11])
    yield ("L2TP: data header shorter than its flags say", "CLASSIFY_L2TP_LENGTH",
           d(data(1, 1, b"", SEQUENCE | LENGTH | 2)))
    yield ("L2TP: Length of control beyond the datagram", "CLASSIFY_L2TP_LENGTH",
           d(control(HELLO, hello, length=21), port=held.port))
    yield ("L2TP: Length of data beyond the datagram", "CLASSIFY_L2TP_LENGTH",
           d(data(1, 1, PPP_IP, length=13)))
    for length in (0, 7):
        yield (f"L2TP: Length {length} of data, below its header's", "CLASSIFY_L2TP_LENGTH",
               d(data(1, 1, PPP_IP, length=length)))
    for version, drop in ((0, "OTHER"), (1, "L2F"), (3, "L2TPV3"), (4, "OTHER"), (15, "OTHER")):
        for kind, flags in (("control", CONTROL), ("data", LENGTH)):
            message = (control(HELLO, hello, flags=flags & ~15 | version) if kind == "control"
                       else data(1, 1, PPP_IP, LENGTH | version))
            yield f"L2TP: {kind} of version {version}", f"CLASSIFY_VERSION_{drop}", d(message)
    for text, flags in (("without Length", CONTROL & ~LENGTH), ("without Ns", CONTROL & ~SEQUENCE),
                        ("with Offset", CONTROL | OFFSET), ("with Priority", CONTROL | PRIORITY)):
        yield (f"L2TP: control {text}", "CLASSIFY_CONTROL_HEADER",
               d(control(HELLO, hello, flags=flags), port=held.port))
    yield ("L2TP: data whose Offset ends beyond it", "CLASSIFY_L2TP_OFFSET",
           d(data(1, 1, b"\xff\x03", LENGTH | OFFSET | 2, after=b"\xff\xff")))
    yield "L2TP: data without PPP", "CLASSIFY_PPP_HEADER", d(data(1, 1, b""))
    yield ("L2TP: PPP protocol of two even bytes", "INGRESS_UNKNOWN_SESSION",
           d(data(1, 1, b"\xff\x03\x00\x20")))


def l2tp_tunnel_cases(wire, held):
    """What meets the tunnel that is held, or none."""
    d = wire.datagram
    yield ("tunnel: its ID, another port", "CLASSIFY_CONTROL_SOURCE",
           d(control(HELLO, held.peer), port=4))
    yield ("tunnel: its ID, another address", "CLASSIFY_CONTROL_SOURCE",
           d(control(STOPCCN, held.peer, ns=1, nr=1, avps=avp(9, b"\0\1") + avp(1, b"\0\1")),
             source=OTHER, port=held.port))
    unknown = held.peer ^ 1
    yield "tunnel: none with that ID", "control-no-tunnel", d(control(HELLO, unknown))
    yield "tunnel 0: HELLO", "control-not-sccrq", d(control(HELLO))
    yield "tunnel 0: ZLB", "control-not-sccrq", d(control(None))
    yield ("tunnel 0: StopCCN that names no tunnel of that peer", "control-not-sccrq",
           d(control(STOPCCN, avps=avp(9, struct.pack("!H", held.id)) + avp(1, b"\0\1"))))
    yield "tunnel: Ns far ahead", None, held.frame(HELLO, ns=held.ns + 20000)
    yield "tunnel: Nr of what was never sent", None, held.frame(None, nr=9)
    yield "tunnel: Nr far behind", None, held.frame(None, nr=40000)
    yield ("data: session 0", "INGRESS_UNKNOWN_SESSION",
           d(data(held.peer, 0, PPP_IP), port=held.port))
    yield ("data: no such session", "INGRESS_UNKNOWN_SESSION",
           d(data(held.peer, 99, PPP_IP), port=held.port))
    yield "data: no such tunnel", "INGRESS_UNKNOWN_SESSION", d(data(unknown, 99, PPP_IP))
    yield "data: tunnel 0, session 0", "INGRESS_UNKNOWN_SESSION", d(data(0, 0, PPP_IP))


def l2tp_in_order(judge, wire, held):
    """Cases of more than one message."""
    def duplicates():
        for _ in range(3):
            wire.send(held.frame(SCCCN, ns=1))
            wire.message(held.port, None, "another acknowledgement", held.id)
    judge.judge("tunnel: Ns of long ago is acknowledged again", {}, duplicates)

    def zlbs():
        for _ in range(1000):
            wire.send(held.frame(None))
        held.hello()
        late = wire.receive(0.2)
        if late or wire.strays:
            raise Wrong(f"a ZLB was answered: {(late or wire.strays[0]).hex(' ', 2)}")
    judge.judge("tunnel: no ZLB answers a ZLB, 1,000 of them", {}, zlbs)

    def swapped():
        first, second = held.frame(HELLO), held.frame(HELLO, ns=held.ns + 1)
        for frame in (second, first, second):  # again, as if no acknowledgement had come
            wire.send(frame)
        held.ns += 2
        held.acknowledged()
    judge.judge("tunnel: a message before its turn is not lost for good", {}, swapped)

    for text, change in (("trailing bytes", lambda m: m + bytes(100)),
                         ("reserved bits", lambda m: bytes([m[0] | 0x34, m[1] | 0xF0]) + m[2:])):
        judge.judge(f"L2TP: an SCCRQ with {text} is answered", {},
                    lambda c=change: Tunnel(wire, lambda i: c(sccrq(i))).establish().close())
    judge.judge("UDP: an SCCRQ with checksum 0 is answered", {},
                lambda: Tunnel(wire, checked=False).establish().close())
    judge.judge("IP: an SCCRQ behind options is answered", {},
                lambda: Tunnel(wire, ip={"options": b"\1\1\1\0"}).establish().close())


def session_cases(judge, wire, held):
    """Data messages around a session's life."""
    def sends(*messages, port=None, source=US):
        for message in messages:
            wire.send(wire.datagram(message, port=port or held.port, source=source))

    session = held.session()
    message = data(held.peer, session, PPP_IP + bytes(20))
    judge.judge("data: IP before ICCN", {"INGRESS_NOT_OPEN": 1}, lambda: sends(message))
    held.connect(session)
    other = Tunnel(wire).establish()
    judge.before = wire.counts()
    judge.judge("data: IP before IPCP is open", {"INGRESS_NOT_OPEN": 1}, lambda: sends(message))
    judge.judge("data: another port", {"INGRESS_SOURCE": 1}, lambda: sends(message, port=9))
    judge.judge("data: another address", {"INGRESS_SOURCE": 1},
                lambda: sends(message, source=OTHER))
    judge.judge("data: IPv6, not negotiated", {"INGRESS_IPV6": 2, "ppp-malformed": 4},
                lambda: sends(*[data(held.peer, session, PPP_IPV6 + bytes(40))] * 6))
    judge.judge("data: in another tunnel's session", {"INGRESS_UNKNOWN_SESSION": 1},
                lambda: sends(data(other.peer, session, PPP_IP), port=other.port))
    judge.judge("data: sequence numbers that go backwards are no reason to drop",
                {"INGRESS_NOT_OPEN": 3},
                lambda: sends(*(data(held.peer, session, PPP_IP + bytes(20), LENGTH | SEQUENCE | 2,
                                     after=struct.pack("!HH", ns, 0)) for ns in (5, 3, 65535))))
    held.send(CDN, avp(1, b"\0\3") + avp(14, b"\0\7"), session)
    held.acknowledged()
    judge.judge("data: after CDN", {"INGRESS_UNKNOWN_SESSION": 1}, lambda: sends(message))

    def behind():
        for turn in range(10):
            session = held.session()
            frames = [held.frame(ICCN, avp(24, b"\0\0\x27\x10") + avp(19, b"\0\0\0\1"), session),
                      wire.datagram(data(held.peer, session, b"\xff\x03\xc0\x21\1%c\0\4" % turn),
                                    port=held.port)]
            held.ns += 1
            for frame in reversed(frames) if turn % 2 else frames:
                wire.send(frame)
            wire.until(lambda f, ack=b"\xc0\x21\2%c\0\4" % turn: f.endswith(ack),
                       f"Configure-Ack for LCP of call {turn}")
            held.send(CDN, avp(1, b"\0\3") + avp(14, b"\0\7"), session)
            held.acknowledged()

    def sequenced():
        session, expected = held.session(), 0
        held.send(ICCN, avp(24, b"\0\0\x27\x10") + avp(19, b"\0\0\0\1") + avp(39, b""), session)
        for turn in range(5):
            # its own request comes first; then an answer to each of ours
            if turn:
                sends(data(held.peer, session, b"\xff\x03\xc0\x21\1%c\0\4" % turn))
            frame = wire.until(lambda f: f[36:38] == struct.pack("!H", held.port) and
                               not f[42] & 0x80 and f, f"PPP frame {turn}")
            flags, _, _, _, ns, nr = struct.unpack("!6H", frame[42:54])
            if (flags, ns, nr) != (LENGTH | SEQUENCE | 2, expected, 0):
                raise Wrong(f"flags {flags:04x}, Ns {ns}, Nr {nr} in PPP frame {turn}")
            expected += 1
        held.send(CDN, avp(1, b"\0\3") + avp(14, b"\0\7"), session)
        held.acknowledged()
    judge.judge("data: where sequencing is required LCP carries Ns, from 0 up", {}, sequenced)
    judge.judge("data: LCP right behind ICCN or just before it is answered, 10 of 10", {}, behind)
    other.close()


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
    for source in ("0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"):
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
    for kind in (0x86DD, 0x8863, 0x88CC, 0x0004):
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


def floods(judge, wire):
    """Many of one kind."""
    judge.judge("IP: 5,000 first fragments of one number, no two the same",
                {"REASSEMBLE_OVERLAP": 5000}, lambda: burst(
                    wire, lambda i: wire.packet(random.randbytes(64), fragment=0x2000), 5000))
    judge.judge("ARP: 2,000 stations announce themselves", {"LOCAL_ARP_IGNORED": 2000},
                lambda: burst(wire, lambda i: ether(ALL, OTHER_MAC, arp(
                    2, OTHER_MAC, f"192.0.2.{i % 20 + 200}", ALL, wire.lns), ARP), 2000))
    echo = wire.packet(icmp(8), ICMP)
    burst(wire, lambda i: echo, 6000)
    wire.strays.clear()
    limited = wire.counts().get("LOCAL_ECHO_LIMIT", 0)
    judge.say("ICMP: 6,000 echo requests are answered up to a rate",
              [] if limited else ["LOCAL_ECHO_LIMIT is 0"])
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:  # the rate's bucket fills again
        try:
            judge.answers()
            break
        except Wrong:
            pass
    wire.strays.clear()
    judge.before = wire.counts()


def memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line.split()[1] for line in status if line.startswith("VmRSS:")))


def random_address():
    """Any address that may be a source, but in culvertd's own network."""
    while True:
        first, rest = random.randrange(1, 224), random.randbytes(3)
        if first not in (127, 192):
            return socket.inet_ntoa(bytes([first]) + rest)


def sccrq_flood(judge, wire, pid):
    """20,000 SCCRQs, twice."""
    def request(i):
        return wire.datagram(sccrq(i + 1), source=random_address(), port=random.randrange(1, 65536))

    for attempt in ("first", "second"):
        before, kept = wire.counts(), memory_kb(pid)
        wrong = []
        try:
            burst(wire, request, FLOOD)
            wire.strays.clear()
            judge.held.hello()
        except Wrong as error:
            wrong.append(str(error))
        grown = memory_kb(pid) - kept
        after = wire.counts()
        risen = {name: after[name] - before.get(name, 0) for name in after}
        counted = sum(by for name, by in risen.items()
                      if name.startswith("limit-") or name in ("PUNT_NEW_FULL", "PUNT_NEW_SHARE"))
        print(f"# {attempt} flood: {grown} kB more, {counted} of {FLOOD} over a limit", flush=True)
        if not FLOOD - HALF_OPEN - 1000 <= counted <= FLOOD:
            wrong.append(f"over a limit are {counted}: {risen}")
        if not risen.get("limit-half-open"):
            wrong.append("limit-half-open did not rise")
        if grown > RSS_MAX_KB:
            wrong.append(f"it took {grown} kB")
        judge.say(f"{FLOOD:,} SCCRQs from anywhere, {attempt} time: counted, memory bounded, "
                  "a tunnel beside them still served", wrong)
        settle(judge, wire)


def settle(judge, wire):
    """Until the callers of the flood are forgotten."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        status = wire.ask("status")
        if status["half_open_tunnels"] == 0 and status["tunnels"] < 5:
            break
        wire.drain()
    wire.drain()
    judge.before = wire.counts()
    judge.judge("and after it new tunnels are taken again", {}, lambda: None)


def main(arguments):
    interface, lns, pid, *culvertctl = arguments
    wire = Wire(interface, lns, culvertctl)
    held = Tunnel(wire).establish()
    judge = Judge(wire, held)
    judge.judge("nothing wrong: nothing counted", {}, lambda: None)
    judge.each(l2tp_header_cases(wire, held))
    judge.each(l2tp_tunnel_cases(wire, held))
    l2tp_in_order(judge, wire, held)
    session_cases(judge, wire, held)
    judge.each(ip_cases(wire))
    judge.each(arp_cases(wire))
    judge.each(icmp_cases(wire))
    odd_echoes(judge, wire)
    fragments(judge, wire, held)
    floods(judge, wire)
    sccrq_flood(judge, wire, pid)
    held.close()
    return judge.failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
