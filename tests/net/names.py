#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""names.py FILE - a DNS server at 127.0.0.1 that has the records of FILE, read anew for each question, a line
each: NAME ADDRESS; NAME SRV PRIORITY WEIGHT PORT TARGET; NAME RAW HEX (a SRV record of these bytes). Without the
file it says nothing at all, as one that is down."""
import ipaddress
import socket
import struct
import sys

NAME_ERROR = 3
A, AAAA, SRV = 1, 28, 33


def question(message):
    """The name, its type, and where the question ends."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    return ".".join(labels).lower(), struct.unpack_from("!H", message, at + 1)[0], at + 5


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def record(words):
    """The type and the data of a line, without its name."""
    if words[0] == "SRV":
        return SRV, struct.pack("!HHH", *map(int, words[1:4])) + wire(words[4])
    if words[0] == "RAW":
        return SRV, bytes.fromhex(words[1])
    address = ipaddress.ip_address(words[0])
    return (A if address.version == 4 else AAAA), address.packed


def answer(message, records):
    name, kind, end = question(message)
    found = [data for is_kind, data in records.get(name, []) if is_kind == kind]
    flags = 0x8580 | (0 if name in records else NAME_ERROR)
    head = struct.pack("!HHHHHH", struct.unpack_from("!H", message)[0], flags, 1, len(found), 0, 0)
    return head + message[12:end] + b"".join(
        struct.pack("!HHHIH", 0xc00c, kind, 1, 0, len(data)) + data for data in found)


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
                    words = line.split()
                    records.setdefault(words[0], []).append(record(words[1:]))
        except FileNotFoundError:
            continue
        server.sendto(answer(message, records), client)


main()
