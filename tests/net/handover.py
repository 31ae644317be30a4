#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""handover.py LNS HOST SECRET USER PASSWORD: a LAC that has negotiated LCP with a caller, had him prove who
he is, and hands both on with the call (RFC 2661, 4.4.5). Says what happens, a line each; once the caller has
an address he sends ESP to 203.0.113.9, and waits for ESP from there."""
import hashlib
import socket
import struct
import sys

from client import ACK, CHALLENGE, CHAP, ESP, IP, IPCP, LCP, NAK, REQUEST, RESPONSE, SUCCESS, ppp_of
from frames import (
    CDN, ICCN, ICRP, ICRQ, LENGTH, SCCCN, SCCRP, SCCRQ, STOPCCN, TYPE, avp, avps_of, control, data, ipv4)

TUNNEL, CALL, ID = 7, 5, 9
FAILURE = 4
GATEWAY = "203.0.113.9"
ASKED = b"the carrier's own challenge"
# The LAC's last request: CHAP with MD5; the caller's: an MRU. A magic number in each.
SENT, RECEIVED = bytes.fromhex("0305c22305" "050601020304"), bytes.fromhex("01040578" "050609080706")


def short(value):
    return struct.pack("!H", value)


class Lac:
    def __init__(self, lns, host, secret):
        self.host, self.secret = host.encode(), secret.encode()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("", 1701))
        self.socket.connect((lns, 1701))
        self.socket.settimeout(20)
        self.ns = self.nr = self.peer = self.session = 0

    def send(self, kind, avps=b"", session=0):
        self.socket.send(control(kind, self.peer, session, self.ns, self.nr, avps))
        self.ns += kind is not None

    def ppp(self, protocol, body):
        self.socket.send(data(self.peer, self.session, b"\xff\x03" + short(protocol) + body, LENGTH | 2))

    def read(self):
        """(message type, AVPs) of the next control message, or (PPP protocol, what it carries)."""
        while True:
            message = self.socket.recv(2048)
            if not struct.unpack("!H", message[:2])[0] & TYPE:
                return ppp_of(message)[1:]
            if len(message) > 12 and struct.unpack("!H", message[8:10])[0] == self.nr:
                self.nr += 1
                self.send(None)
                found = avps_of(message)
                return struct.unpack("!H", found[0])[0], found

    def control(self, wanted):
        kind, found = self.read()
        if kind in (STOPCCN, CDN):
            raise SystemExit(f"refused {found[1][4:].decode()}")
        if kind != wanted:
            raise SystemExit(f"{kind} in place of {wanted}")
        return found

    def proof(self, kind, challenge):
        return hashlib.md5(bytes([kind]) + self.secret + challenge).digest()

    def tunnel(self):
        self.send(SCCRQ, avp(2, b"\1\0") + avp(7, self.host) + avp(3, b"\0\0\0\3") + avp(9, short(TUNNEL)) +
                  avp(10, short(4)) + avp(11, ASKED))
        found = self.control(SCCRP)
        self.peer = struct.unpack("!H", found[9])[0]
        if found[13] != self.proof(SCCRP, ASKED):
            print("it does not know the secret", flush=True)
        self.send(SCCCN, avp(13, self.proof(SCCCN, found[11])))
        print("tunnel", flush=True)

    def call(self, user, password):
        self.send(ICRQ, avp(14, short(CALL)) + avp(15, b"\0\0\0\1") + avp(22, b"4930123") + avp(21, b"4930456"))
        self.session = struct.unpack("!H", self.control(ICRP)[14])[0]
        answer = hashlib.md5(bytes([ID]) + password.encode() + ASKED).digest()
        self.send(ICCN, avp(24, b"\0\0\x27\x10") + avp(19, b"\0\0\0\1") + avp(26, RECEIVED) + avp(27, SENT) +
                  avp(28, RECEIVED) + avp(29, short(2)) + avp(30, user.encode()) + avp(31, ASKED) +
                  avp(32, short(ID)) + avp(33, answer), self.session)


class Caller:
    """What the subscriber's own device says, once it is through to the LNS."""

    def __init__(self, lac, user, password):
        self.lac, self.user, self.password, self.address = lac, user.encode(), password.encode(), None

    def say(self, protocol, code, identifier, body):
        self.lac.ppp(protocol, struct.pack("!BBH", code, identifier, 4 + len(body)) + body)

    def open(self):
        """Until it has an address."""
        while self.address is None:
            protocol, body = self.lac.read()
            if protocol in (CDN, STOPCCN):
                raise SystemExit("ended")
            code, number, told = body[0], body[1], body[4:struct.unpack("!H", body[2:4])[0]]
            if protocol in (LCP, IPCP) and code == REQUEST:
                self.say(protocol, ACK, number, told)
                if protocol == LCP:
                    print("LCP anew", flush=True)
                    self.say(LCP, REQUEST, 1, RECEIVED)
            elif protocol == CHAP and code == CHALLENGE:
                value = hashlib.md5(bytes([number]) + self.password + told[1:1 + told[0]]).digest()
                self.say(CHAP, RESPONSE, number, b"\x10" + value + self.user)
            elif protocol == CHAP and code in (SUCCESS, FAILURE):
                print("CHAP success" if code == SUCCESS else "CHAP failure", number, flush=True)
                self.say(IPCP, REQUEST, 2, b"\3\6\0\0\0\0")
            elif protocol == IPCP and code == NAK:
                self.say(IPCP, REQUEST, 3, told)
            elif protocol == IPCP and code == ACK and number == 3:
                self.address = socket.inet_ntoa(told[2:6])
        print("address", self.address, flush=True)

    def exchange(self):
        self.lac.ppp(IP, ipv4(self.address, GATEWAY, b"from the subscriber" + bytes(40), ESP))
        while True:
            protocol, body = self.lac.read()
            if protocol == IP and body[9] == ESP and body[12:16] == socket.inet_aton(GATEWAY):
                print("ESP", body[20:].rstrip(b"\0").decode(), flush=True)
                return


def main(lns, host, secret, user, password):
    lac = Lac(lns, host, secret)
    lac.tunnel()
    lac.call(user, password)
    caller = Caller(lac, user, password)
    caller.open()
    caller.exchange()
    lac.send(STOPCCN, avp(9, short(TUNNEL)) + avp(1, b"\0\1"))


if __name__ == "__main__":
    main(*sys.argv[1:])
