#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""An L2TP call over IPv6 whose data the kernel carries, for guests without L2TP's netlink.

usage: dial6.py OWN-ADDRESS LNS-ADDRESS PORT PPPD-WORD...

Control messages are made here; connecting PPPoL2TP sockets makes the kernel's tunnel and session;
PPP is pppd, by its plugin. When pppd ends, or on SIGTERM, the tunnel is hung up.
"""
import ctypes
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys

SCCRQ, SCCRP, SCCCN, STOPCCN, ICRQ, ICRP, ICCN, CDN = 1, 2, 3, 4, 10, 11, 12, 14
AF_PPPOX, PX_PROTO_OL2TP = 24, 1


def avp(kind, value):
    return struct.pack("!HHH", 0x8000 | 6 + len(value), 0, kind) + value


def u16(value):
    return struct.pack("!H", value)


def u32(value):
    return struct.pack("!I", value)


class Tunnel:
    """A control connection, one message in flight."""

    def __init__(self, own, lns, port):
        self.lns = lns
        self.udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.udp.bind((own, port))
        self.udp.connect((lns, 1701))  # the kernel wants it connected
        self.id, self.call_id = random.randrange(1, 65536), random.randrange(1, 65536)
        self.peer = self.call = self.ns = self.nr = 0

    def send(self, kind=0, avps=b"", call=0):
        """kind 0: a ZLB."""
        body = (avp(0, u16(kind)) if kind else b"") + avps
        self.udp.send(struct.pack("!6H", 0xC802, 12 + len(body), self.peer, call, self.ns, self.nr)
                      + body)

    def receive(self, seconds):
        """(type, AVPs) of the next message in turn; None: none came."""
        while select.select([self.udp], [], [], seconds)[0]:
            datagram = self.udp.recv(2000)
            if len(datagram) <= 12 or not datagram[0] & 0x80:
                continue
            if struct.unpack("!H", datagram[8:10])[0] != self.nr:
                self.send()
                continue
            self.nr = self.nr + 1 & 0xFFFF
            found, at = {}, 12
            while at + 6 <= len(datagram):
                size, _, kind = struct.unpack("!3H", datagram[at:at + 6])
                found[kind] = datagram[at + 6:at + (size & 1023)]
                at += max(size & 1023, 6)
            return struct.unpack("!H", found[0])[0], found
        return None

    def ask(self, kind, avps, wanted):
        """Sends until it is answered."""
        for _ in range(8):
            self.send(kind, avps)
            message = self.receive(1)
            if message and message[0] == wanted:
                self.ns = self.ns + 1 & 0xFFFF
                return message[1]
            if message and message[0] in (STOPCCN, CDN):
                sys.exit(f"refused: {message[1].get(1)}")
        sys.exit(f"no answer to message {kind}")

    def tell(self, kind, avps=b"", call=0):
        self.send(kind, avps, call)
        self.ns = self.ns + 1 & 0xFFFF

    def pppol2tp(self, session, peer_session):
        """A socket of the kernel's; session 0 makes the tunnel (struct sockaddr_pppol2tpin6)."""
        made = socket.socket(AF_PPPOX, socket.SOCK_DGRAM, PX_PROTO_OL2TP)
        to = (struct.pack("=HIiiHHHH", AF_PPPOX, PX_PROTO_OL2TP, 0, self.udp.fileno(), self.id,
                          session, self.peer, peer_session) +
              struct.pack("=H", socket.AF_INET6) + u16(1701) + u32(0) +
              socket.inet_pton(socket.AF_INET6, self.lns) + u32(0))
        if ctypes.CDLL(None, use_errno=True).connect(made.fileno(), to, len(to)):
            sys.exit(f"PPPoL2TP: {os.strerror(ctypes.get_errno())}")
        return made


def main():
    own, lns, port, *words = sys.argv[1:]
    tunnel = Tunnel(own, lns, int(port))
    answer = tunnel.ask(SCCRQ, avp(2, b"\1\0") + avp(3, u32(3)) + avp(7, b"dial6") +
                        avp(9, u16(tunnel.id)) + avp(10, u16(8)), SCCRP)
    tunnel.peer = struct.unpack("!H", answer[9])[0]
    tunnel.tell(SCCCN)
    kept = tunnel.pppol2tp(0, 0)
    answer = tunnel.ask(ICRQ, avp(14, u16(tunnel.call_id)) + avp(15, u32(1)), ICRP)
    tunnel.call = struct.unpack("!H", answer[14])[0]
    session = tunnel.pppol2tp(tunnel.call_id, tunnel.call)
    tunnel.tell(ICCN, avp(24, u32(10**9)) + avp(19, u32(1)), tunnel.call)
    with subprocess.Popen(["pppd", *words, "plugin", "pppol2tp.so", "pppol2tp",
                           str(session.fileno())], pass_fds=[session.fileno()]) as ppp:
        signal.signal(signal.SIGTERM, lambda *_: ppp.terminate())
        while ppp.poll() is None:
            message = tunnel.receive(0.2)
            if message:
                tunnel.send()
            if message and message[0] in (STOPCCN, CDN):
                ppp.terminate()
    tunnel.tell(STOPCCN, avp(9, u16(tunnel.id)) + avp(1, u16(1)))
    tunnel.receive(1)
    kept.close()


main()
