#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends a running culvertd over IPv6 what nobody should, and sees each end in its counter.

usage: hostile6.py INTERFACE LNS-ADDRESS LNS-MAC CULVERTCTL...

Raw frames on INTERFACE, whose kernel has no IPv6. After each case the counter that it names has
risen, by as much as was sent. In between culvertd answers a neighbour solicitation and a ping. Prints
"ok TEXT" or "not ok TEXT" for each.
"""
import json
import select
import socket
import struct
import subprocess
import sys
import time

from frames import (
    HELLO, ICMPV6, IPV6, UDP, control, data, ether, icmp6, ipv6, packed6, udp6)

US, STRANGER, ALL_NODES = "2001:db8::66", "2001:db8:77::1", "ff02::1"
MAC, OTHER_MAC = b"\x02\0\0\0\x0c\x66", b"\x02\0\0\0\x0c\x67"
ROUTING, OPTIONS, HOP_BY_HOP = 43, 60, 0
PATIENCE_S = 5


class Wire:
    """Our end of the cable."""

    def __init__(self, interface, lns, mac, culvertctl):
        self.lns, self.lns_mac, self.culvertctl = lns, bytes.fromhex(mac.replace(":", "")), culvertctl
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((interface, 0))

    def drops(self, name):
        rows = json.loads(subprocess.run([*self.culvertctl, "--json", "drops"], check=True,
                                         capture_output=True, timeout=30).stdout)["rows"]
        return next((row["packets"] for row in rows if row["name"] == name), 0)

    def send(self, packet, to=None):
        self.socket.send(ether(to or self.lns_mac, MAC, packet, IPV6))

    def until(self, wanted):
        end = time.monotonic() + PATIENCE_S
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                break
            frame = self.socket.recv(2048)
            if frame[6:12] == self.lns_mac and frame[12:14] == b"\x86\xdd" and wanted(frame[14:]):
                return True
        return False

    def answers(self):
        """A solicitation on the group of its address, and a ping."""
        about = packed6(self.lns)
        group = "ff02::1:ff" + about[13:14].hex() + ":" + about[14:16].hex()
        ask = icmp6(US, group, 135, bytes(4) + about + b"\1\1" + MAC)
        self.send(ipv6(US, group, ask, ICMPV6, 255), b"\x33\x33\xff" + about[13:16])
        if not self.until(lambda p: p[40] == 136 and p[48:64] == about):
            return "no neighbour advertisement"
        self.send(ipv6(US, self.lns, icmp6(US, self.lns, 128, b"\0\1\0\2" + bytes(32)), ICMPV6))
        return None if self.until(lambda p: p[40] == 129 and p[24:40] == packed6(US)) else "no echo"


def cases(wire):
    """(text, drop, IPv6 packet, MAC address or None) of each. What is for all nodes is sent to
    culvertd's MAC address: others on the link would believe it. Wrong versions and lengths are
    left out: a bridge drops them."""
    lns = wire.lns

    def d(payload=control(HELLO, 7), source=US, next_header=UDP, before=b""):
        return ipv6(source, lns, before + udp6(source, lns, payload), next_header)
    for source in ("::", "::1", "ff02::1", "::ffff:192.0.2.1"):
        yield f"from {source}", "CLASSIFY_MARTIAN", d(source=source), None
    yield "from its own address", "CLASSIFY_LAND", d(source=lns), None
    yield "to another address", "CLASSIFY_DESTINATION", ipv6(
        US, "2001:db8::99", udp6(US, "2001:db8::99", control(HELLO, 7))), None
    yield "in a frame to a group", "CLASSIFY_MAC", d(), b"\x33\x33\0\0\0\1"
    yield "TCP", "CLASSIFY_PROTOCOL", ipv6(US, lns, bytes(20), 6), None
    yield "nine extension headers", "CLASSIFY_IP_EXTENSION", d(
        next_header=OPTIONS, before=(bytes([OPTIONS]) + b"\0\1\4\0\0\0\0") * 8 +
        bytes([UDP]) + b"\0\1\4\0\0\0\0"), None
    yield "an extension header beyond the packet", "CLASSIFY_IP_EXTENSION", d(
        next_header=OPTIONS, before=bytes([UDP]) + b"\xc8\1\4\0\0\0\0"), None
    yield "hop-by-hop options behind others", "CLASSIFY_IP_EXTENSION", d(
        next_header=OPTIONS, before=bytes([HOP_BY_HOP]) + b"\0\1\4\0\0\0\0" + bytes([UDP]) +
        b"\0\1\4\0\0\0\0"), None
    yield "a route through it", "CLASSIFY_IP_EXTENSION", d(
        next_header=ROUTING, before=bytes([UDP]) + b"\0\0\1\0\0\0\0"), None
    datagram = udp6(US, lns, control(HELLO, 7))
    yield "UDP without a checksum", "CLASSIFY_UDP_NO_CHECKSUM", ipv6(
        US, lns, datagram[:6] + b"\0\0" + datagram[8:]), None
    yield "UDP with a wrong checksum", "CLASSIFY_UDP_CHECKSUM", ipv6(
        US, lns, datagram[:-1] + bytes([datagram[-1] ^ 1])), None
    yield "UDP beyond its packet", "CLASSIFY_UDP_LENGTH", ipv6(
        US, lns, udp6(US, lns, b"x", length=99)), None
    yield "another UDP port", "CLASSIFY_UDP_PORT", ipv6(US, lns, udp6(US, lns, b"xx", to=9)), None
    yield "L2TPv3", "CLASSIFY_VERSION_L2TPV3", d(b"\xc8\3\0\x0c" + bytes(8)), None
    yield "data of a session that is not here", "INGRESS_UNKNOWN_SESSION", d(
        data(9, 9, b"\xff\3\0\x21" + bytes(20))), None
    # Neighbor Discovery, RFC 4861 section 7.1
    about = bytes(4) + packed6(lns)
    option = b"\1\1" + MAC
    yield "ND from a router away", "LOCAL_ND_MALFORMED", ipv6(
        US, lns, icmp6(US, lns, 135, about + option), ICMPV6, 254), None
    yield "ND with an option of no length", "LOCAL_ND_MALFORMED", ipv6(
        US, lns, icmp6(US, lns, 135, about + b"\1\0" + MAC), ICMPV6, 255), None
    yield "ND with a wrong checksum", "LOCAL_ICMP_CHECKSUM", ipv6(
        US, lns, icmp6(US, lns, 135, about)[:-1] + b"\xee", ICMPV6, 255), None
    yield "somebody claims its address", "LOCAL_ND_CONFLICT", ipv6(
        lns, ALL_NODES, icmp6(lns, ALL_NODES, 136, b"\x20" + about[1:] + b"\2\1" + OTHER_MAC),
        ICMPV6, 255), None
    yield "an advertisement that nobody asked for", "LOCAL_ND_IGNORED", ipv6(
        US, lns, icmp6(US, lns, 136, b"\x60\0\0\0" + packed6(US) + b"\2\1" + MAC), ICMPV6, 255), None
    yield "somebody claims its gateway's", "LOCAL_ND_DOUBTED", ipv6(
        "fe80::1", lns, icmp6("fe80::1", lns, 136, b"\x60\0\0\0" + packed6("fe80::1") + b"\2\1" +
                              OTHER_MAC), ICMPV6, 255), None
    yield "a router's advertisement", "LOCAL_ND_ROUTER", ipv6(
        "fe80::66", ALL_NODES, icmp6("fe80::66", ALL_NODES, 134, b"\x40\0\7\x08" + bytes(8)),
        ICMPV6, 255), None
    yield "a redirect", "LOCAL_ND_ROUTER", ipv6(
        "fe80::1", lns, icmp6("fe80::1", lns, 137, bytes(4) + packed6("fe80::66") +
                              packed6(STRANGER)), ICMPV6, 255), None
    yield "an echo request to all nodes", "LOCAL_ICMP_IGNORED", ipv6(
        US, ALL_NODES, icmp6(US, ALL_NODES, 128, bytes(40)), ICMPV6), None
    quote = ipv6(lns, US, udp6(lns, US, control(HELLO, 7)))
    yield "Packet Too Big that says less than any link has", "PATH_MTU", ipv6(
        US, lns, icmp6(US, lns, 2, struct.pack("!I", 100) + quote), ICMPV6), None


def main():
    wire = Wire(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
    bad = False

    def say(text, wrong):
        nonlocal bad
        bad |= bool(wrong)
        print(f"not ok {text}\n# {wrong}" if wrong else f"ok {text}", flush=True)
    say("it answers a neighbour solicitation and a ping", wire.answers())
    for text, drop, packet, mac in cases(wire):
        before = wire.drops(drop)
        wire.send(packet, mac)
        end = time.monotonic() + PATIENCE_S
        while wire.drops(drop) == before and time.monotonic() < end:
            time.sleep(0.05)
        say(text, None if wire.drops(drop) > before else f"{drop} is {before} still")
    before = wire.drops("LOCAL_ND_DOUBTED") + wire.drops("PUNT_ARP_SHARE") + wire.drops(
        "PUNT_ARP_FULL")
    for i in range(2000):
        mac = b"\x02\0\0\1" + struct.pack("!H", i)
        wire.send(ipv6("fe80::1", wire.lns, icmp6(
            "fe80::1", wire.lns, 136, b"\x60\0\0\0" + packed6("fe80::1") + b"\2\1" + mac), ICMPV6,
            255))
    end = time.monotonic() + PATIENCE_S
    seen = 0
    while seen < 2000 and time.monotonic() < end:
        time.sleep(0.1)
        seen = wire.drops("LOCAL_ND_DOUBTED") + wire.drops("PUNT_ARP_SHARE") + wire.drops(
            "PUNT_ARP_FULL") - before
    say("2,000 stations claim the gateway's address in vain",
        None if seen >= 1900 else f"{seen} of them were not believed")
    say("it answers still", wire.answers())
    return bad


if __name__ == "__main__":
    sys.exit(main())
