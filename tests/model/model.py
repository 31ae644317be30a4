# SPDX-License-Identifier: BSD-3-Clause
"""What must come out of an L2TP network server, slowly and by the RFCs: 2661 (L2TP), 1661 (PPP),
791, 792, 1812 (IPv4), 8200, 4443 (IPv6), 6040 and 9601 (ECN), 2983 (DSCP), 6691 (MSS)."""
import struct

from scapy.utils import checksum

from form import INNER_LNS4, INNER_LNS6, Wrong, must, packed, pseudo, sum_right

ICMP, TCP, UDP, ESP, AH, ICMPV6 = 1, 6, 17, 50, 51, 58
EXTENSIONS = (0, 43, 44, 60)
IKE = (500, 4500)
SEND_ACFC, SEND_PFC, SEND_LENGTH, SEND_SEQUENCE, SEND_ECN = 1, 2, 4, 8, 16
PORT_MTU = 1500
# What a sender's packets lead to: relayed in the order in which they came; those that waited for
# their first fragment, which have none; answers of ours, likewise.
IN_ORDER, WAITED, ANSWER = range(3)


class Session:
    """What both ends have agreed on, and what is counted of it."""

    def __init__(self, index, v6, send, mtu, policy):
        self.index, self.v6, self.send, self.mtu, self.policy = index, v6, send, mtu, policy
        self.tunnel, self.session = 1000 + index, 2000 + 7 * index
        self.peer_tunnel, self.peer_session = 0x7F00 + 3 * index, 0xFE00 + index
        self.peer = f"2001:db8::1:{index + 1:x}" if v6 else f"192.0.2.{20 + index}"
        self.port = 41000 + index
        self.address4 = f"10.88.2.{index}"
        # IPv6 takes links of at least 1,280 bytes (RFC 8200, 5)
        self.prefix6 = f"2001:db8:{0x100 + index:x}::" if mtu >= 1280 else None
        self.acfc, self.pfc = bool(send & SEND_ACFC), bool(send & SEND_PFC)
        self.length, self.sequenced = bool(send & SEND_LENGTH), bool(send & SEND_SEQUENCE)
        self.ecn = bool(send & SEND_ECN)
        self.ns = self.nr = self.number = 0
        headers = ((40 if v6 else 20) + 8 + 6 + 2 * self.length + 4 * self.sequenced +
                   (1 if self.acfc else 3) + (not self.pfc))
        self.fits = min(mtu, PORT_MTU - headers)  # what the smaller of both takes

    def next_number(self):
        self.number = self.number % 65535 + 1
        return self.number

    def line(self):
        """As push.c reads it."""
        prefix = f"{self.prefix6}/64" if self.prefix6 else "-"
        return (f"{6 if self.v6 else 4} {self.tunnel} {self.session} {self.peer_tunnel} "
                f"{self.peer_session} {self.peer} {self.port} {self.send} {self.address4} {prefix} "
                f"{self.mtu} {self.policy}")

    def owns(self, address):
        if len(address) == 4:
            return address == packed(self.address4)
        return self.prefix6 is not None and address[:8] == packed(self.prefix6)[:8]


def summed4(header):
    """An IPv4 header with its checksum."""
    bare = header[:10] + b"\0\0" + header[12:]
    return bare[:10] + struct.pack("!H", checksum(bare)) + bare[12:]


class Packet:
    """An inner packet as a router sees it."""

    def __init__(self, data):
        self.data, self.six = data, data[0] >> 4 == 6
        self.first_fragment = self.later = self.more = False
        if self.six:
            self.tos = struct.unpack("!H", data[:2])[0] >> 4 & 255
            self.hops, self.source, self.target = data[7], data[8:24], data[24:40]
            self.dont, self.id = True, None
            self._extensions()
        else:
            self.tos, self.hops, self.header = data[1], data[8], (data[0] & 15) * 4
            self.source, self.target, self.protocol = data[12:16], data[16:20], data[9]
            field = struct.unpack("!H", data[6:8])[0]
            self.dont, self.more, self.later = bool(field & 0x4000), bool(field & 0x2000), \
                field & 0x1FFF != 0
            self.offset, self.id = (field & 0x1FFF) * 8, (self.protocol, data[4:6])
        self.first_fragment = self.more and not self.later

    def _extensions(self):
        self.protocol, self.header, self.offset = self.data[6], 40, 0
        while self.protocol in EXTENSIONS and not self.later:
            head = self.data[self.header:]
            if self.protocol == 44:
                field = struct.unpack("!H", head[2:4])[0]
                self.offset, self.more, self.id = field & 0xFFF8, bool(field & 1), head[4:8]
                self.later = self.offset != 0
            self.header += 8 if self.protocol == 44 else (head[1] + 1) * 8
            self.protocol = head[0]

    def behind(self):
        return self.data[self.header:]

    def with_tos(self, tos):
        if self.six:
            first = struct.unpack("!I", self.data[:4])[0] & 0xF00FFFFF | tos << 20
            return Packet(struct.pack("!I", first) + self.data[4:])
        head = summed4(self.data[:1] + bytes([tos]) + self.data[2:self.header])
        return Packet(head + self.behind())

    def forwarded(self):
        """A hop less."""
        if self.six:
            return self.data[:7] + bytes([self.hops - 1]) + self.data[8:]
        return summed4(self.data[:8] + bytes([self.hops - 1]) + self.data[9:self.header]) + \
            self.behind()

    def is_error(self):
        """ICMP that no error may answer."""
        kind = self.behind()[:1]
        if self.six:
            return self.protocol == ICMPV6 and (not kind or kind[0] < 128 or kind[0] == 137)
        return self.protocol == ICMP and (not kind or kind[0] in (3, 4, 5, 11, 12))

    def copied_options(self):
        """RFC 791, 3.1: those that are in each fragment, to whole words."""
        found, at, options = b"", 0, self.data[20:self.header]
        while at < len(options) and options[at] != 0:
            size = 1 if options[at] == 1 else options[at + 1]
            found += options[at:at + size] if options[at] & 128 else b""
            at += size
        return found + bytes(-len(found) % 4)


class Expected:
    """Something that has to come out, to a session."""
    to = None

    def whole_with(self, out):
        """Whether nothing of it is missing with this frame; raises Wrong if that is another."""
        must(self.to is out.session, f"to session {out.session.index}, not {self.to.index}")
        return self.see(out.inner)


class Relayed(Expected):
    """This very packet."""

    def __init__(self, to, data):
        self.to, self.data = to, data

    def see(self, data):
        must(data == self.data, f"relayed otherwise than\n{self.data.hex()}")
        return True


class Cut(Expected):
    """RFC 791, 3.2: parts of it, in order, that are the packet."""

    def __init__(self, to, packet):
        self.to, self.whole, self.end = to, packet, 0

    def see(self, data):
        part, whole = Packet(data), self.whole
        head, options = data[:part.header], whole.data[20:whole.header]
        must(sum_right(head) and struct.unpack("!H", data[2:4])[0] == len(data),
             "a part's checksum or length")
        must(not part.six and data[1] == whole.data[1] and data[4:6] == whole.data[4:6], "a part's ID")
        must(part.hops == whole.hops - 1 and data[9] == whole.data[9], "a part's TTL")
        must(head[12:20] == whole.data[12:20] and not part.dont, "a part's addresses or DF")
        must(head[20:] == (whole.copied_options() if self.end else options), "a part's options")
        must(part.offset == whole.offset + self.end, f"a part at {part.offset}")
        body = part.behind()
        must(body and body == whole.behind()[self.end:self.end + len(body)], "a part's bytes")
        self.end += len(body)
        last = self.end == len(whole.behind())
        must(part.more == (not last or whole.more), "a part's MF")
        must(last or len(body) % 8 == 0, "a part of no whole units")
        return last


class Told(Expected):
    """An error about a packet to its sender (RFC 792, 1812 section 4.3.2; RFC 4443)."""

    def __init__(self, session, packet, kind, code, rest=0):
        self.to, self.packet, self.kind, self.code, self.rest = session, packet, kind, code, rest

    def see(self, data):
        packet = self.packet
        got, six = Packet(data), packet.six
        icmp = data[40:] if six else data[20:]
        must(got.six == six and got.protocol == (ICMPV6 if six else ICMP), "no ICMP")
        must(got.source == packed(INNER_LNS6 if six else INNER_LNS4), "an error's source")
        must(got.target == packet.source, "an error's target")
        if six:
            must(struct.unpack("!H", data[4:6])[0] == len(icmp), "an error's length")
            must(sum_right(pseudo(got.source, got.target, len(icmp), ICMPV6) + icmp), "its checksum")
        else:
            must(data[0] == 0x45 and struct.unpack("!H", data[2:4])[0] == len(data), "its length")
            must(sum_right(data[:20]) and sum_right(icmp), "an error's checksums")
            # RFC 1812 section 4.3.2.5
            must(got.tos >> 5 in (6, 7) and got.tos & 0x1C == packet.tos & 0x1C, "an error's TOS")
        must(got.tos & 3 == 0 and got.hops >= 32, "an error's ECN or TTL")
        must(icmp[:2] == bytes([self.kind, self.code]), f"ICMP {icmp[0]}/{icmp[1]}")
        must(struct.unpack("!I", icmp[4:8])[0] == self.rest, "ICMP's MTU")
        most = min(1280 if six else 576, self.to.fits) - (len(data) - len(icmp)) - 8
        must(icmp[8:] == packet.data[:most], "what an error quotes")
        return True


class Echo(Expected):
    """RFC 1812 section 4.3.3.6, RFC 4443 section 4.2: an answer with the same data."""

    def __init__(self, session, packet):
        self.to, self.packet = session, packet

    def see(self, data):
        asked, got = self.packet, Packet(data)
        must(got.six == asked.six and got.protocol == asked.protocol, "no ICMP")
        must((got.source, got.target) == (asked.target, asked.source), "an echo's addresses")
        kind = 129 if asked.six else 0
        must(got.behind()[:2] == bytes([kind, 0]), "no echo reply")
        must(got.behind()[4:] == asked.behind()[4:], "an echo's data")
        about = pseudo(got.source, got.target, len(got.behind()), ICMPV6) if asked.six else b""
        must(sum_right(about + got.behind()), "an echo's checksum")
        must(asked.six or sum_right(data[:20]), "an echo's header checksum")
        return True


class Model:
    """All sessions, and what each packet that arrives must lead to."""

    def __init__(self, sessions):
        self.sessions = sessions
        self.expected = {}  # by sender and order
        self.firsts, self.waiting = set(), {}

    def arrive(self, session, data, outer_tos):
        """A packet of a session, out of its message. outer_tos: of what it came in."""
        packet = Packet(data)
        if not session.owns(packet.source) or session.owns(packet.target):
            return
        packet = self._congested(packet, outer_tos & 3)
        if packet is not None:
            self._route(session, packet)

    @staticmethod
    def _congested(packet, outer):
        """RFC 6040, 4.2. None: it is lost."""
        inner = packet.tos & 3
        if outer == 3 and inner == 0:
            return None
        if outer == 3 or (outer == 1 and inner == 2):
            return packet.with_tos(packet.tos & 252 | outer)
        return packet

    def _route(self, session, packet):
        if packet.target in (packed(INNER_LNS4), packed(INNER_LNS6)):
            self._expect(session, Echo(session, packet))
            return
        to = next(s for s in self.sessions if s.owns(packet.target))
        about = (session.index, packet.source, packet.target, packet.id)
        if "ipsec" in (session.policy, to.policy):
            allowed = self._permitted(packet, about)
            if allowed is None:
                self.waiting.setdefault(about, []).append((to, packet))
                return
            if not allowed:
                self._tell(session, packet, *((1, 1) if packet.six else (3, 13)))
                return
        self._forward(session, to, packet)
        if packet.first_fragment:
            self.firsts.add(about)
            for other, late in self.waiting.pop(about, ()):
                self._forward(session, other, late, WAITED)

    def _permitted(self, packet, about):
        """ESP, AH, IKE, and errors about these. None: its first fragment is to come."""
        if packet.protocol in (ESP, AH):
            return True
        if packet.protocol == UDP:
            if packet.later:
                return True if about in self.firsts else None
            return any(port in IKE for port in struct.unpack("!HH", packet.behind()[:4]))
        if packet.protocol == (ICMPV6 if packet.six else ICMP) and packet.is_error():
            quoted = Packet(packet.behind()[8:])
            return quoted.source == packet.target and quoted.protocol in (ESP, AH)
        return False

    def _forward(self, session, to, packet, order=IN_ORDER):
        packet = self._clamped(session, to, packet)
        if packet.hops == 0:
            return
        if packet.hops == 1:
            self._tell(session, packet, *((3, 0) if packet.six else (11, 0)))
        elif len(packet.data) <= to.fits:
            self._expect(session, Relayed(to, packet.forwarded()), order)
        elif not packet.dont:
            self._expect(session, Cut(to, packet), order)
        else:
            self._tell(session, packet, *((2, 0) if packet.six else (3, 4)), to.fits)

    @staticmethod
    def _clamped(session, to, packet):
        """RFC 6691: what opens a TCP connection says no more than fits both ways."""
        segment = packet.behind()
        if packet.protocol != TCP or packet.later or not segment[13] & 2:
            return packet
        most = min(session.fits, to.fits) - (60 if packet.six else 40)
        at, end = 20, (segment[12] >> 4) * 4
        while at < end and segment[at] != 0:
            size = 1 if segment[at] == 1 else segment[at + 1]
            if segment[at] == 2 and struct.unpack("!H", segment[at + 2:at + 4])[0] > most:
                bare = segment[:16] + b"\0\0" + segment[18:at + 2] + struct.pack("!H", most) + \
                    segment[at + 4:]
                total = checksum(pseudo(packet.source, packet.target, len(bare), TCP) + bare)
                return Packet(packet.data[:packet.header] + bare[:16] + struct.pack("!H", total) +
                              bare[18:])
            at += size
        return packet

    def _tell(self, session, packet, kind, code, rest=0):
        if not packet.is_error() and (packet.six or not packet.later):
            self._expect(session, Told(session, packet, kind, code, rest))

    def _expect(self, session, what, order=ANSWER):
        self.expected.setdefault((session.index, order), []).append(what)

    def see(self, out):
        """A frame that came out, as form.Out."""
        source = Packet(out.inner).source
        if source in (packed(INNER_LNS4), packed(INNER_LNS6)):
            self._one_of(self.expected.get((out.session.index, ANSWER), []), out)
            return
        sender = next((s for s in self.sessions if s.owns(source)), None)
        must(sender, "a packet of nobody")
        queue = self.expected.get((sender.index, IN_ORDER), [])
        try:
            must(queue, f"nothing more of session {sender.index} was to come")
            if queue[0].whole_with(out):
                queue.pop(0)
        except Wrong:
            if not self.expected.get((sender.index, WAITED)):
                raise
            self._one_of(self.expected[sender.index, WAITED], out)

    @staticmethod
    def _one_of(queue, out):
        wrong = None
        for i, what in enumerate(queue):
            try:
                if what.whole_with(out):
                    del queue[i]
                return
            except Wrong as error:
                wrong = wrong or error
        raise wrong or Wrong("nothing more was to come")

    def settle(self):
        """Nothing is left of a batch."""
        for (index, _), queue in self.expected.items():
            must(not queue, f"of session {index}: {len(queue)} packets did not come, first a "
                            f"{queue[0].__class__.__name__ if queue else ''}")
        self.firsts.clear()
        self.waiting.clear()
