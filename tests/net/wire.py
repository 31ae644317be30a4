# SPDX-License-Identifier: BSD-3-Clause
"""Our end of a cable to culvertd, and a tunnel over it, frame by frame."""
import json
import select
import socket
import struct
import subprocess
import time

from frames import (
    ALL, ARP, CONTROL, HELLO, ICCN, ICMPV6, ICRP, ICRQ, IPV6, SCCCN, SCCRP, STOPCCN, UDP, arp, avp,
    avps_of, control, ether, icmp6, ipv4, ipv6, packed6, sccrq, udp, udp6)

US, OTHER, GATEWAY = "192.0.2.50", "192.0.2.51", "192.0.2.254"
MAC, OTHER_MAC = b"\x02\0\0\0\x0c\x50", b"\x02\0\0\0\x0c\x51"
US6, GATEWAY6 = "2001:db8::50", "fe80::1"
PATIENCE_S = 10
CALL = 7  # our ID of a session


def udp_of(frame):
    """Our port and the payload of a datagram over either family; None: it is none."""
    if frame[12:14] == b"\x08\x00" and frame[23] == UDP:
        at, end = 34, 14 + struct.unpack("!H", frame[16:18])[0]
    elif frame[12:14] == b"\x86\xdd" and frame[20] == UDP:
        at, end = 54, 54 + struct.unpack("!H", frame[18:20])[0]
    else:
        return None
    return struct.unpack("!H", frame[at + 2:at + 4])[0], frame[at + 8:end]


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
        self.clients = []  # whose frames are taken wherever one is read

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

    def receive(self, seconds, enough=lambda: False):
        """culvertd's next frame that is neither an ARP request for us nor a client's, or None, as
        soon as there is enough."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not enough():
            if not select.select([self.socket], [], [], left)[0]:
                break
            frame = self.socket.recv(65536)
            if frame[6:12] != self.lns_mac:
                continue
            if frame[12:14] == b"\x08\x06" and frame[21] == 1:
                asked = socket.inet_ntoa(frame[38:42])
                if asked in (US, OTHER, GATEWAY):
                    self.send(ether(self.lns_mac, MAC,
                                    arp(2, MAC, asked, self.lns_mac, self.lns), ARP))
                continue
            if self._asks_for_us6(frame):
                continue
            if any(client.take(frame) for client in self.clients):
                continue
            return frame
        return None

    def _asks_for_us6(self, frame):
        """Answers a neighbour solicitation (RFC 4861, 4.3), and takes MLD reports for nothing."""
        if frame[12:14] != b"\x86\xdd":
            return False
        asked = frame[62:78]
        if frame[20] == ICMPV6 and frame[54] == 135 and asked in (packed6(US6), packed6(GATEWAY6)):
            advert = b"\x60\0\0\0" + asked + b"\2\1" + MAC
            self.send(ether(self.lns_mac, MAC, ipv6(asked, frame[22:38], icmp6(
                asked, frame[22:38], 136, advert), ICMPV6, 255), IPV6))
        return frame[20] == 0 or (frame[20] == ICMPV6 and frame[54] in (135, 143))

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
            to, found = udp_of(frame) or (None, b"")
            if to != port or len(found) < 12:
                return None
            if tunnel is not None and struct.unpack("!H", found[4:6])[0] != tunnel:
                return None
            first = avps_of(found).get(0)
            return found if first == (None if kind is None else struct.pack("!H", kind)) else None
        return self.until(wanted, what)


class Wire6:
    """The same cable, to culvertd's IPv6 address."""

    def __init__(self, wire, lns):
        self.wire, self.lns = wire, lns

    def __getattr__(self, name):
        return getattr(self.wire, name)

    def packet(self, payload, next_header=UDP, source=US6, **wrong):
        """A frame with an IPv6 packet."""
        return ether(self.lns_mac, MAC, ipv6(source, self.lns, payload, next_header, **wrong), IPV6)

    def framed(self, packet, mac=None):
        return ether(mac or self.lns_mac, MAC, packet, IPV6)

    def datagram(self, payload, source=US6, port=1701):
        return self.packet(udp6(source, self.lns, payload, port), source=source)


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
            port, found = udp_of(frame) or (None, b"")
            return (port == self.port and found[:2] == struct.pack("!H", CONTROL) and
                    struct.unpack("!H", found[10:12])[0] == self.ns)
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
        self.send(ICRQ, avp(14, struct.pack("!H", CALL)) + avp(15, b"\0\0\0\1"))
        answer = self.wire.message(self.port, ICRP, "ICRP", self.id)
        self.nr += 1
        return struct.unpack("!H", avps_of(answer)[14])[0]

    def connect(self, session):
        self.send(ICCN, avp(24, b"\0\0\x27\x10") + avp(19, b"\0\0\0\1"), session)
        self.acknowledged()
