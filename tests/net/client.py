# SPDX-License-Identifier: BSD-3-Clause
"""A client on the wire: a tunnel, a session and PPP until it has its addresses. It answers what
keeps a session whenever frames are read, and sends what it is told to, right or wrong."""
import hashlib
import random
import socket
import struct
import time

from frames import (
    ICMPV6, LENGTH, SEQUENCE, TYPE, checksum, data, icmp6, ipv4, ipv6, packed6)
from wire import CALL, PATIENCE_S, Tunnel, Wrong, udp_of

LCP, CHAP, IPCP, IPV6CP, IP, IPV6 = 0xC021, 0xC223, 0x8021, 0x8057, 0x21, 0x57
REQUEST, ACK, NAK, ECHO, ECHO_REPLY = 1, 2, 3, 9, 10
CHALLENGE, RESPONSE, SUCCESS = 1, 2, 3
ESP = 50
ALL_ROUTERS = "ff02::2"


def ppp_of(message):
    """Session, PPP protocol and what it carries, of an L2TP data message."""
    flags, at = struct.unpack("!H", message[:2])[0], 2
    at += 2 if flags & LENGTH else 0
    session = struct.unpack("!H", message[at + 2:at + 4])[0]
    at += 4 + (4 if flags & SEQUENCE else 0)
    at += 2 if message[at:at + 2] == b"\xff\x03" else 0
    return session, struct.unpack("!H", message[at:at + 2])[0], message[at + 2:]


class Client:
    """One session, open for IPv4 and IPv6."""

    def __init__(self, wire, user, password, mru=None):
        self.wire, self.user, self.password = wire, user.encode(), password.encode()
        self.address = self.prefix = self.offered = None
        self.mru = mru
        self.tunnel = Tunnel(wire).establish()
        self.inbox = []  # PPP protocols and contents that have come, and nobody has asked for
        wire.clients.append(self)
        self.session = self.tunnel.session()
        self.tunnel.connect(self.session)
        self._negotiate()

    def message(self, protocol, body, flags=LENGTH | 2, after=b"", head=None):
        """An L2TP data message; head: PPP's header, if it is another than the whole one."""
        if head is None:
            head = b"\xff\x03" + struct.pack("!H", protocol)
        return data(self.tunnel.peer, self.session, head + body, flags, after=after)

    def frame(self, message, **wrong):
        return self.wire.datagram(message, port=self.tunnel.port, **wrong)

    def send(self, protocol, body, **form):
        self.wire.send(self.frame(self.message(protocol, body, **form)))

    def _control(self, protocol, code, identifier, body=b""):
        self.send(protocol, struct.pack("!BBH", code, identifier, 4 + len(body)) + body)

    def mine(self, frame):
        """PPP protocol and contents of a data message to this session, or None."""
        port, message = udp_of(frame) or (None, b"")
        if port != self.tunnel.port or struct.unpack("!H", message[:2])[0] & TYPE:
            return None
        session, protocol, body = ppp_of(message)
        return (protocol, body) if session == CALL else None

    def take(self, frame):
        """Takes what is for this client, and answers whether it still lives. False: it is not."""
        found = self.mine(frame)
        if found and found[0] == LCP and found[1][0] == ECHO:
            self._control(LCP, ECHO_REPLY, found[1][1], bytes(4) + found[1][8:])
        elif found:
            self.inbox.append(found)
        return found is not None

    def until(self, protocol, wanted, what):
        """The body of the next PPP frame of which wanted(body) is true; others stay."""
        end = time.monotonic() + PATIENCE_S
        while True:
            for found in self.inbox:
                if found[0] == protocol and wanted(found[1]):
                    self.inbox.remove(found)
                    return found[1]
            left = end - time.monotonic()
            if left <= 0:
                raise Wrong(f"no {what} within {PATIENCE_S} s")
            before = len(self.inbox)
            frame = self.wire.receive(left, lambda n=before: len(self.inbox) > n)
            if frame:
                self.wire.strays.append(frame)

    def _agree(self, protocol, options):
        """Our Configure-Request with what is told instead where it is not right yet, and theirs."""
        theirs = self.until(protocol, lambda b: b[0] == REQUEST, "Configure-Request")
        self.offered = self.offered or theirs[4:]  # LCP's is the first
        self._control(protocol, ACK, theirs[1], theirs[4:struct.unpack("!H", theirs[2:4])[0]])
        for number in range(1, 5):
            self._control(protocol, REQUEST, number, options)
            answer = self.until(protocol, lambda b, n=number: b[0] in (ACK, NAK) and b[1] == n,
                                "Configure-Ack")
            told = answer[4:struct.unpack("!H", answer[2:4])[0]]
            if answer[0] == ACK:
                return told
            options = told
        raise Wrong("a Nak war")

    def _negotiate(self):
        mru = b"" if self.mru is None else struct.pack("!BBH", 1, 4, self.mru)
        self._agree(LCP, mru + b"\5\6" + random.randbytes(4))
        asked = self.until(CHAP, lambda b: b[0] == CHALLENGE, "CHAP challenge")
        value = hashlib.md5(asked[1:2] + self.password + asked[5:5 + asked[4]]).digest()
        self._control(CHAP, RESPONSE, asked[1], b"\x10" + value + self.user)
        self.until(CHAP, lambda b: b[0] == SUCCESS, "CHAP success")
        # both are offered at once: what is read for one is not lost for the other
        self.address = socket.inet_ntoa(self._agree(IPCP, b"\3\6" + bytes(4))[2:6])
        self.identifier = b"\0\0\0\0\0\0\0" + bytes([self.tunnel.id & 255 or 1])
        self._agree(IPV6CP, b"\1\x0a" + self.identifier)
        link = packed6("fe80::")[:8] + self.identifier
        ask = icmp6(link, ALL_ROUTERS, 133, bytes(4))
        self.send(IPV6, ipv6(link, ALL_ROUTERS, ask, ICMPV6, 255))
        told = self.until(IPV6, lambda p: p[6] == ICMPV6 and p[40] == 134, "router advertisement")
        at = told.index(b"\3\4\x40")  # RFC 4861, 4.6.2: a prefix of 64 bits
        self.prefix = told[at + 16:at + 24]

    def offers(self, mru):
        """That is the MRU (RFC 1661, 6.1) in culvertd's LCP request."""
        if struct.pack("!BBH", 1, 4, mru) not in self.offered:
            raise Wrong(f"it offered {self.offered.hex()}")

    def address6(self, host=1):
        return self.prefix + struct.pack("!Q", host)


class Pair:
    """Two clients that go on exchanging ESP, whatever happens beside them."""

    def __init__(self, wire, a, b):
        self.wire, self.a, self.b = wire, a, b

    def works(self):
        for one, other in ((self.a, self.b), (self.b, self.a)):
            other.inbox.clear()
            token = random.randbytes(random.randrange(20, 400))
            packet = ipv4(one.address, other.address, token, ESP, number=random.randrange(65536))
            one.send(IP, packet)
            got = other.until(IP, lambda p, t=token: p.endswith(t), "ESP")
            if got[:8] + got[9:10] + got[12:] != packet[:8] + packet[9:10] + packet[12:] or \
                    got[8] != packet[8] - 1 or checksum(got[:20]):
                raise Wrong(f"ESP came as {got.hex()}, sent {packet.hex()}")
            packet = ipv6(one.address6(), other.address6(), token, ESP)
            one.send(IPV6, packet)
            got = other.until(IPV6, lambda p, t=token: p.endswith(t), "ESP over IPv6")
            if got != packet[:7] + b"\x3f" + packet[8:]:
                raise Wrong(f"ESP over IPv6 came as {got.hex()}, sent {packet.hex()}")
