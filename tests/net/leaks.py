#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends one packet of each kind; what is refused here is no failure. usage: leaks.py TARGET..."""
import socket
import sys

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


for target in sys.argv[1:]:
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    for port in UDP_PORTS:
        attempt(family, socket.SOCK_DGRAM, 0, target, port)
    for port in TCP_PORTS:
        attempt(family, socket.SOCK_STREAM, 0, target, port)
    for protocol in RAW:
        attempt(family, socket.SOCK_RAW, protocol, target, 0)
