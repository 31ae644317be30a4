# SPDX-License-Identifier: BSD-3-Clause
"""Frames around an inner packet, written and read: Ethernet, IP, UDP, L2TP (RFC 2661, 3.1) and PPP
(RFC 1661, 2), byte by byte, since scapy knows neither L2TP's Offset nor compressed PPP headers as
they are. Sums are scapy's.
"""
import ipaddress
import struct

from scapy.utils import checksum

LNS4, LNS6 = "192.0.2.1", "2001:db8::1"
INNER_LNS4, INNER_LNS6 = "10.88.0.1", "2001:db8:ffff::1"
PEER_MAC = b"\x02\0\0\0\0\x09"
UDP, FRAGMENT = 17, 44
L2TP_PORT = 1701
LENGTH, SEQUENCE, OFFSET, PRIORITY = 0x4000, 0x0800, 0x0200, 0x0100
PPP_IP, PPP_IPV6 = 0x21, 0x57


class Wrong(Exception):
    """A frame that came out is not what a receiver takes."""


def must(right, text):
    if not right:
        raise Wrong(text)


def packed(address):
    return ipaddress.ip_address(address).packed


def pseudo(source, target, length, protocol):
    """RFC 768, RFC 8200 section 8.1; addresses as bytes."""
    if len(source) == 4:
        return source + target + struct.pack("!BBH", 0, protocol, length)
    return source + target + struct.pack("!II", length, protocol)


def sum_right(data):
    return checksum(data) == 0


class Form:
    """How a peer writes one data message. Any combination is right (RFC 2661, 3.1)."""

    def __init__(self, random, session):
        self.length = random.random() < 0.5
        self.sequence = session.sequenced or random.random() < 0.3
        self.ns = random.randrange(65536)
        self.offset = random.choice([None, None, 0, 1, 7, random.randrange(60)])
        self.acfc, self.pfc = random.random() < 0.5, random.random() < 0.5
        self.priority = random.random() < 0.1
        self.reserved = random.choice([0, 0, 0, 0x3430])
        self.padding = random.randrange(30) if random.random() < 0.1 else 0
        self.tos = random.randrange(256) if random.random() < 0.3 else 0
        self.checked = session.v6 or random.random() < 0.8

    def message(self, session, packet, six):
        """The L2TP message, and what may stand behind it in a datagram."""
        flags = (2 | self.reserved | LENGTH * self.length | SEQUENCE * self.sequence |
                 OFFSET * (self.offset is not None) | PRIORITY * self.priority)
        ids = struct.pack("!HH", session.tunnel, session.session)
        rest = ids + (struct.pack("!HH", self.ns, 0) if self.sequence else b"")
        if self.offset is not None:
            rest += struct.pack("!H", self.offset) + b"\xa5" * self.offset
        rest += b"" if self.acfc else b"\xff\x03"
        rest += b"" if self.pfc else b"\0"
        rest += bytes([PPP_IPV6 if six else PPP_IP]) + packet
        head = struct.pack("!H", flags)
        if self.length:
            head += struct.pack("!H", 4 + len(rest))
        return head + rest + b"\xee" * self.padding


def datagram(source, target, port, payload, checked=True):
    """A UDP datagram to us; addresses as bytes."""
    head = struct.pack("!HHHH", port, L2TP_PORT, 8 + len(payload), 0)
    if not checked:
        return head + payload
    total = checksum(pseudo(source, target, 8 + len(payload), UDP) + head + payload) or 0xFFFF
    return head[:6] + struct.pack("!H", total) + payload


def ipv4_header(source, target, length, protocol, number, fragment=0, tos=0, ttl=61):
    head = struct.pack("!BBHHHBBH", 0x45, tos, 20 + length, number, fragment, ttl, protocol, 0)
    total = checksum(head + source + target)
    return head[:10] + struct.pack("!H", total) + source + target


def ipv6_header(source, target, length, protocol, tos=0, hops=61, flow=0):
    return struct.pack("!IHBB", 6 << 28 | tos << 20 | flow, length, protocol, hops) + source + target


def outer(session, form, message, mac, cuts=()):
    """The frames that carry a message: one, or as many fragments as cuts has places between."""
    source, target = packed(session.peer), packed(LNS6 if session.v6 else LNS4)
    whole = datagram(source, target, session.port, message, form.checked)
    bounds, number = [0, *cuts, len(whole)], session.next_number()
    for at, end in zip(bounds, bounds[1:]):
        part, more = whole[at:end], end < len(whole)
        if session.v6:
            if cuts:
                part = struct.pack("!BBHI", UDP, 0, at | more, number) + part
            head = ipv6_header(source, target, len(part), FRAGMENT if cuts else UDP, form.tos)
        else:
            head = ipv4_header(source, target, len(part), UDP, number, at // 8 | more << 13,
                               form.tos)
        yield (mac + PEER_MAC + (b"\x86\xdd" if session.v6 else b"\x08\x00") + head + part)


class Out:
    """A frame that came out, and what a receiver makes of it. Raises Wrong where that is not what
    the session agreed on."""

    def __init__(self, frame, mac, sessions):
        must(frame[:6] == PEER_MAC and frame[6:12] == mac, "MAC addresses")
        packet, self.v6 = frame[14:], frame[12:14] == b"\x86\xdd"
        must(self.v6 or frame[12:14] == b"\x08\x00", "EtherType")
        udp = self._ipv6(packet) if self.v6 else self._ipv4(packet)
        port, to, length = struct.unpack("!HHH", udp[:6])
        must(port == L2TP_PORT and length == len(udp), "UDP's port or length")
        must(udp[6:8] != b"\0\0", "no UDP checksum")
        must(sum_right(pseudo(self.source, self.target, length, UDP) + udp), "UDP's checksum")
        self.session = next((s for s in sessions if s.port == to and s.v6 == self.v6), None)
        must(self.session, f"nobody has port {to}")
        must(packed(self.session.peer) == self.target, "outer target")
        must(self.source == packed(LNS6 if self.v6 else LNS4), "outer source")
        self._l2tp(udp[8:])
        inner_tos = (struct.unpack("!H", self.inner[:2])[0] >> 4 & 255 if self.six
                     else self.inner[1])
        # RFC 2983, uniform; RFC 9601: no ECN to who did not say that he knows it
        must(self.tos == inner_tos & (255 if self.session.ecn else 252), "outer DSCP or ECN")

    def _ipv4(self, packet):
        must(packet[0] == 0x45 and sum_right(packet[:20]), "outer header or its checksum")
        self.tos, length = packet[1], struct.unpack("!H", packet[2:4])[0]
        must(length == len(packet), "outer total length")
        must(packet[6:8] == b"\0\0" and packet[9] == UDP, "outer fragment field or protocol")
        self.source, self.target = packet[12:16], packet[16:20]
        return packet[20:]

    def _ipv6(self, packet):
        first, length, protocol, _ = struct.unpack("!IHBB", packet[:8])
        must(first >> 28 == 6 and length == len(packet) - 40, "outer version or length")
        must(protocol == UDP, "outer next header")
        self.tos = first >> 20 & 255
        self.source, self.target = packet[8:24], packet[24:40]
        return packet[40:]

    def _l2tp(self, message):
        s = self.session
        flags, at = struct.unpack("!H", message[:2])[0], 2
        must(flags == 2 | LENGTH * s.length | SEQUENCE * s.sequenced, f"L2TP's flags {flags:04x}")
        if s.length:
            must(struct.unpack("!H", message[2:4])[0] == len(message), "L2TP's Length")
            at = 4
        must(message[at:at + 4] == struct.pack("!HH", s.peer_tunnel, s.peer_session), "IDs")
        at += 4
        if s.sequenced:
            must(message[at:at + 4] == struct.pack("!HH", s.nr, 0), "Ns")
            s.nr = s.nr + 1 & 0xFFFF
            at += 4
        if not s.acfc:
            must(message[at:at + 2] == b"\xff\x03", "PPP's address and control")
            at += 2
        if not s.pfc:
            must(message[at] == 0, "PPP's protocol of two bytes")
            at += 1
        must(message[at] in (PPP_IP, PPP_IPV6), "PPP's protocol")
        self.six, self.inner = message[at] == PPP_IPV6, message[at + 1:]
        must(len(self.inner) >= (40 if self.six else 20), "inner packet cut short")
        must(len(self.inner) <= s.fits, f"{len(self.inner)} bytes to who takes {s.fits}")
