#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends one packet of each kind; what is refused here is no failure. usage: leaks.py TARGET...
leaks.py --by HOP TARGET: one that says itself that it is to go to HOP first. leaks.py --flood S TARGET: one kind,
for S seconds, and how many were tried."""
import socket
import struct
import sys
import time

UDP_PORTS = (500, 4500, 1701, 443, 3478, 53, 9)
TCP_PORTS = (53, 80)
RAW = (50, 51, 47)  # ESP, AH, GRE


def attempt(family, kind, protocol, target, port):
    with socket.socket(family, kind, protocol) as s:
        s.setblocking(False)
        try:
            if kind == socket.SOCK_STREAM:
                s.connect((target, port))
            else:
                s.sendto(bytes(32), (target, port))
        except OSError:
            pass  # refused, or a connection that goes on without us


def by_hop(hop, target):
    """Loose source routing (RFC 791 section 3.1), and a segment routing header (RFC 8754)."""
    if ":" not in target:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x83\x07\x04" + socket.inet_aton(hop) + b"\0")
            s.sendto(bytes(32), (target, 9))
        return
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.connect((hop, 9))
        source = s.getsockname()[0]
    source, hop6, last = (socket.inet_pton(socket.AF_INET6, each) for each in (source, hop, target))
    rest = bytes([17, 4, 4, 1, 1, 0, 0, 0]) + last + hop6 + struct.pack("!HHHH", 9, 9, 40, 0) + bytes(32)
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
        s.sendto(struct.pack("!IHBB", 6 << 28, len(rest), 43, 64) + source + hop6 + rest, (hop, 0))


def flood(seconds, target):
    end, tried = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        attempt(socket.AF_INET, socket.SOCK_DGRAM, 0, target, 9)
        tried += 1
    print(tried)


def one_of_each(targets):
    for target in targets:
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        for port in UDP_PORTS:
            attempt(family, socket.SOCK_DGRAM, 0, target, port)
        for port in TCP_PORTS:
            attempt(family, socket.SOCK_STREAM, 0, target, port)
        for protocol in RAW:
            attempt(family, socket.SOCK_RAW, protocol, target, 0)


if sys.argv[1] == "--by":
    try:
        by_hop(*sys.argv[2:4])
    except OSError:
        pass  # refused
elif sys.argv[1] == "--flood":
    flood(float(sys.argv[2]), sys.argv[3])
else:
    one_of_each(sys.argv[1:])
