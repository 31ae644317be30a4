#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Proves that an LNS relayed IPsec bit for bit, from a capture at its port.

usage: proof.py [--lns ADDRESS] CAPTURE.pcap

Every ESP or AH packet (also ESP in UDP 4500) that left the LNS inside L2TP must be one that came
in, once, with no other difference than the inner TTL, which is one less, and the inner IP header's
checksum, which is right. The exit code is 0 if all are and there was at least one, 1 with the
first packet that is not, 2 if the capture cannot be read.
"""
import argparse
import socket
import struct
import sys
from collections import Counter, defaultdict, namedtuple

L2TP_PORT = 1701
NAT_T_PORT = 4500
UDP, ESP, AH = 17, 50, 51
IPV4, IPV6 = 4, 6
PPP_IP = {0x0021: IPV4, 0x0057: IPV6}

# One IPsec packet inside L2TP: the frame's number, "esp" and so on, its IP version and its bytes.
Inner = namedtuple("Inner", "frame kind version data")


class Malformed(Exception):
    """The bytes are not what they say they are."""


def frames(capture):
    """Yields the Ethernet frames of a pcap file."""
    magic = capture.read(4)
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<",
             b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}.get(magic)
    header = capture.read(20)
    if order is None or len(header) < 20:
        raise Malformed("not a pcap file")
    if struct.unpack(order + "I", header[16:])[0] & 0xFFFF != 1:
        raise Malformed("not a capture of Ethernet")
    while len(record := capture.read(16)) == 16:
        _, _, length, whole = struct.unpack(order + "4I", record)
        if length < whole:
            raise Malformed("the capture holds packets cut short; use tcpdump -s 0")
        yield capture.read(length)


def datagram(frame):
    """The source, destination and payload of a UDP datagram in IPv4, or None. Ports are in the
    addresses: (address, port)."""
    offset = 18 if frame[12:14] == b"\x81\x00" else 14
    if frame[offset - 2:offset] != b"\x08\x00" or len(frame) < offset + 20:
        return None
    ip = frame[offset:]
    header = (ip[0] & 15) * 4
    total, flags = struct.unpack("!H2xH", ip[2:8])
    ip = ip[:total]
    if ip[9] != UDP or len(ip) < header + 8:
        return None
    if flags & 0x3FFF:
        raise Malformed("an outer fragment")
    source, destination, length = struct.unpack("!HHH", ip[header:header + 6])
    if not 8 <= length <= len(ip) - header:
        raise Malformed("UDP length beyond the packet")
    return ((socket.inet_ntoa(ip[12:16]), source), (socket.inet_ntoa(ip[16:20]), destination),
            ip[header + 8:header + length])


def ppp_frame(message):
    """What an L2TP data message carries; None for a control message (RFC 2661, 3.1)."""
    if len(message) < 6:
        raise Malformed("L2TP header cut short")
    flags = struct.unpack("!H", message[:2])[0]
    if flags & 0x000F != 2:
        raise Malformed("not L2TP version 2")
    if flags & 0x8000:
        return None
    offset = 2
    if flags & 0x4000:
        length = struct.unpack("!H", message[2:4])[0]
        if length > len(message):
            raise Malformed("L2TP Length beyond the datagram")
        message = message[:length]
        offset += 2
    offset += 4
    if flags & 0x0800:
        offset += 4
    if flags & 0x0200:
        if len(message) < offset + 2:
            raise Malformed("L2TP header cut short")
        offset += 2 + struct.unpack("!H", message[offset:offset + 2])[0]
    if offset > len(message):
        raise Malformed("L2TP header beyond the message")
    return message[offset:]


def inner_packet(ppp):
    """The IP version and the packet in a PPP frame, or None for another protocol. The address
    and control field may be left out, and the protocol field be one byte."""
    if ppp[:2] == b"\xff\x03":
        ppp = ppp[2:]
    if not ppp:
        raise Malformed("PPP frame without a protocol")
    size = 1 if ppp[0] & 1 else 2
    version = PPP_IP.get(int.from_bytes(ppp[:size], "big"))
    packet = ppp[size:]
    if version is None:
        return None
    if len(packet) < (20 if version == IPV4 else 40) or packet[0] >> 4 != version:
        raise Malformed("inner IP header broken")
    if version == IPV4:
        total = struct.unpack("!H", packet[2:4])[0]
    else:
        total = 40 + struct.unpack("!H", packet[4:6])[0]
    if total > len(packet):
        raise Malformed("inner packet cut short")
    return version, packet[:total]


def ipsec_kind(version, packet):
    """"esp", "ah", "esp-in-udp", or None."""
    protocol, later, header = (
        (packet[9], struct.unpack("!H", packet[6:8])[0] & 0x1FFF, (packet[0] & 15) * 4)
        if version == IPV4 else (packet[6], 0, 40))
    if protocol in (ESP, AH):
        return "esp" if protocol == ESP else "ah"
    if protocol == UDP and not later and len(packet) >= header + 12:
        ports = struct.unpack("!HH", packet[header:header + 4])
        if NAT_T_PORT in ports and packet[header + 8:header + 12] != bytes(4):
            return "esp-in-udp"
    return None


def ttl(packet):
    """Time to live, or hop limit."""
    return packet.data[8 if packet.version == IPV4 else 7]


def constant(packet):
    """The bytes that may not change: all but TTL and header checksum."""
    data = bytearray(packet.data)
    if packet.version == IPV4:
        data[8] = data[10] = data[11] = 0
    else:
        data[7] = 0
    return bytes(data)


def checksum_is_right(packet):
    """IPv4: the ones' complement sum over the whole header is all ones. IPv6 has none."""
    if packet.version == IPV6:
        return True
    header = packet.data[:(packet.data[0] & 15) * 4]
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF


def read(capture, lns):
    """The IPsec packets that came to the LNS, and those that left it."""
    came, left = [], []
    for number, frame in enumerate(frames(capture), 1):
        from_lns = False
        try:
            found = datagram(frame)
            if found is None:
                continue
            source, destination, message = found
            from_lns = source == (lns, L2TP_PORT)
            if not from_lns and destination != (lns, L2TP_PORT):
                continue
            ppp = ppp_frame(message)
            inner = ppp and inner_packet(ppp)
            kind = inner and ipsec_kind(*inner)
        except Malformed as error:
            if from_lns or frame[26:30] == socket.inet_aton(lns):
                raise Malformed(f"frame {number} from the LNS: {error}") from error
            continue
        if kind:
            (left if from_lns else came).append(Inner(number, kind, *inner))
    return came, left


def difference(packet, came):
    """In words, why no packet that came in is this one."""
    def likeness(other):
        return sum(a == b for a, b in zip(other.data, packet.data)) - abs(
            len(other.data) - len(packet.data))
    alike = [other for other in came if other.kind == packet.kind]
    if not alike:
        return f"no {packet.kind} packet came in at all"
    nearest = max(alike, key=likeness)
    one, two = constant(nearest), constant(packet)
    where = next((i for i, (a, b) in enumerate(zip(one, two)) if a != b), min(len(one), len(two)))
    return (f"nearest is frame {nearest.frame}, from which it differs at byte {where}: "
            f"came {one[where:where + 8].hex(' ') or 'its end'}, "
            f"left {two[where:where + 8].hex(' ') or 'its end'}")


def prove(came, left):
    """Returns what is wrong with the first packet that is not as it came, or None."""
    waiting = defaultdict(list)
    for packet in came:
        waiting[constant(packet)].append(packet)
    for packet in left:
        name = f"frame {packet.frame}, {packet.kind} of {len(packet.data)} bytes"
        known = constant(packet)
        if known not in waiting:
            return f"{name}: left, but did not come: {difference(packet, came)}"
        if not waiting[known]:
            return f"{name}: left more often than it came"
        origin = waiting[known].pop(0)
        if ttl(packet) != ttl(origin) - 1 or ttl(packet) == 0:
            return f"{name}: came with TTL {ttl(origin)} (frame {origin.frame}), left with {ttl(packet)}"
        if not checksum_is_right(packet):
            return f"{name}: wrong inner header checksum {packet.data[10:12].hex()}"
    return None


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--lns", default="192.0.2.1", help="the LNS's address")
    parser.add_argument("capture")
    options = parser.parse_args(arguments)
    try:
        with open(options.capture, "rb") as capture:
            came, left = read(capture, options.lns)
    except (OSError, Malformed) as error:
        print(f"{options.capture}: {error}")
        return 1 if "from the LNS" in str(error) else 2
    for kind, count in sorted(Counter(packet.kind for packet in came + left).items()):
        out = sum(packet.kind == kind for packet in left)
        print(f"{kind}: {count - out} packets came in, {out} left")
    wrong = prove(came, left)
    if wrong:
        print(f"NOT bit for bit: {wrong}")
        return 1
    if not left:
        print("NOT proved: no IPsec packet left the LNS")
        return 1
    total = sum(len(packet.data) for packet in left)
    print(f"bit for bit: {len(left)} packets of {total} bytes left as they came, but for TTL - 1")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
