#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""ESP packets of many sizes from one host to another: each arrives once, in order, byte for byte.

usage: carry.py recv BOARD COUNT | carry.py send BOARD TARGET COUNT

BOARD is a file that both see, in which the receiver says how many have come: no more than a window of
them is under way, so that nothing waits where it could be dropped.
"""
import hashlib
import mmap
import socket
import struct
import sys
import time

WINDOW, QUIET_S, PROTOCOL = 256, 20, 50
# runs of equal sizes, one that ends with a shorter packet, single ones, the smallest and the largest
SIZES = [1300] * 70 + [1300, 100] + [64] * 130 + [1000] * 5 + [999] + [1380] * 64 + [8, 1380, 8, 700]


def body(n):
    """What the nth packet carries: its number, then bytes that follow from it."""
    block = hashlib.sha256(struct.pack("!I", n)).digest()
    size = SIZES[n % len(SIZES)]
    return (struct.pack("!I", n) + block * 44)[:size]


def board(path):
    """Its first 8 bytes: how many have come."""
    with open(path, "r+b") as f:
        return mmap.mmap(f.fileno(), 8)


def come(b):
    return struct.unpack("!Q", b[:8])[0]


def receive(path, count):
    b = board(path)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTOCOL) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        s.settimeout(QUIET_S)
        print("listening", flush=True)
        for n in range(count):
            packet = s.recv(65536)
            got, want = packet[(packet[0] & 15) * 4:], body(n)
            if got != want:
                first = struct.unpack("!I", got[:4])[0] if len(got) >= 4 else None
                sys.exit(f"packet {n}: {len(got)} bytes beginning with {first}, not {len(want)}")
            b[:8] = struct.pack("!Q", n + 1)
    print(f"{count} packets")


def send(path, target, count):
    b = board(path)
    begun = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTOCOL) as s:
        for n in range(count):
            s.sendto(body(n), (target, 0))
            quiet = time.monotonic()
            while n - come(b) >= WINDOW:
                if time.monotonic() - quiet > QUIET_S:
                    sys.exit(f"{n + 1} were sent, {come(b)} have come")
                time.sleep(0.0005)
    print(f"{count} packets in {time.monotonic() - begun:.1f} s")


if sys.argv[1] == "recv":
    receive(sys.argv[2], int(sys.argv[3]))
else:
    send(sys.argv[2], sys.argv[3], int(sys.argv[4]))
