#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""names.py FILE - a DNS server at 127.0.0.1 that has the A records of FILE, a line NAME ADDRESS each, read
anew for each question. Without the file it says nothing at all, as one that is down."""
import socket
import struct
import sys

NAME_ERROR = 3


def question(message):
    """The name, its type, and where the question ends."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    return ".".join(labels).lower(), struct.unpack_from("!H", message, at + 1)[0], at + 5


def answer(message, records):
    name, kind, end = question(message)
    found = records.get(name, []) if kind == 1 else []
    flags = 0x8580 | (0 if name in records else NAME_ERROR)
    head = struct.pack("!HHHHHH", struct.unpack_from("!H", message)[0], flags, 1, len(found), 0, 0)
    return head + message[12:end] + b"".join(
        struct.pack("!HHHIH", 0xc00c, 1, 1, 0, 4) + socket.inet_aton(address) for address in found)


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    print("ready", flush=True)
    while True:
        message, client = server.recvfrom(512)
        records = {}
        try:
            with open(sys.argv[1], encoding="ascii") as lines:
                for line in lines:
                    name, address = line.split()
                    records.setdefault(name, []).append(address)
        except FileNotFoundError:
            continue
        server.sendto(answer(message, records), client)


main()
