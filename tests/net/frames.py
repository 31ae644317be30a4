# SPDX-License-Identifier: BSD-3-Clause
"""Frames, right or wrong, from Ethernet to L2TP: each part takes what is to be wrong in it."""
import socket
import struct

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
ICMP, UDP, ICMPV6 = 1, 17, 58
ALL = b"\xff" * 6

# Message Types (RFC 2661, 3.2)
SCCRQ, SCCRP, SCCCN, STOPCCN, HELLO, ICRQ, ICRP, ICCN, CDN = 1, 2, 3, 4, 6, 10, 11, 12, 14

# Bits of the L2TP header
TYPE, LENGTH, SEQUENCE, OFFSET, PRIORITY = 0x8000, 0x4000, 0x0800, 0x0200, 0x0100
CONTROL = TYPE | LENGTH | SEQUENCE | 2


def checksum(data):
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ether(target, source, payload, kind=IPV4):
    return target + source + struct.pack("!H", kind) + payload


def arp(operation, mac, ip, target_mac, target_ip, head=bytes.fromhex("0001080006" "04")):
    return (head + struct.pack("!H", operation) + mac + socket.inet_aton(ip) + target_mac +
            socket.inet_aton(target_ip))


def ipv4(source, target, payload, protocol=UDP, first=None, total=None, fragment=0, ttl=64,
         options=b"", wrong_sum=0, number=77):
    """first: version and header length; wrong_sum: what is added to the checksum; number: the
    identification."""
    length = 20 + len(options)
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x40 | length // 4 if first is None else first, 0,
        length + len(payload) if total is None else total, number, fragment, ttl, protocol, 0,
        socket.inet_aton(source), socket.inet_aton(target)) + options
    total_sum = (checksum(header) + wrong_sum) & 0xFFFF
    return header[:10] + struct.pack("!H", total_sum) + header[12:] + payload


def udp(source, target, payload, length=None, checked=True, wrong_sum=0):
    """source and target are (address, port); checked=False: checksum 0."""
    header = struct.pack("!HHHH", source[1], target[1],
                         8 + len(payload) if length is None else length, 0)
    if not checked:
        return header + payload
    pseudo = (socket.inet_aton(source[0]) + socket.inet_aton(target[0]) +
              struct.pack("!HH", UDP, 8 + len(payload)))
    total = (checksum(pseudo + header + payload) or 0xFFFF) + wrong_sum & 0xFFFF
    return header[:6] + struct.pack("!H", total) + payload


def icmp(kind, code=0, rest=b"\0\1\0\1", payload=b"", wrong_sum=0):
    message = struct.pack("!BBH", kind, code, 0) + rest + payload
    total = (checksum(message) + wrong_sum) & 0xFFFF
    return message[:2] + struct.pack("!H", total) + message[4:]


def packed6(address):
    """Text, or bytes already."""
    return address if isinstance(address, bytes) else socket.inet_pton(socket.AF_INET6, address)


def ipv6(source, target, payload, next_header=UDP, hops=64, length=None, first=0x60000000):
    return (struct.pack("!IHBB", first, len(payload) if length is None else length, next_header,
                        hops) + packed6(source) + packed6(target) + payload)


def summed6(source, target, payload, next_header, at):
    """The payload with its checksum at so many bytes."""
    pseudo = packed6(source) + packed6(target) + struct.pack("!II", len(payload), next_header)
    total = checksum(pseudo + payload) or 0xFFFF
    return payload[:at] + struct.pack("!H", total) + payload[at + 2:]


def udp6(source, target, payload, port=1701, to=1701, length=None):
    whole = struct.pack("!HHHH", port, to, 8 + len(payload), 0) + payload
    whole = summed6(source, target, whole, UDP, 6)
    return whole if length is None else whole[:4] + struct.pack("!H", length) + whole[6:]


def icmp6(source, target, kind, rest, code=0):
    """rest: what follows the checksum."""
    return summed6(source, target, struct.pack("!BBH", kind, code, 0) + rest, ICMPV6, 2)


def avp(kind, value, flags=0x8000):
    return struct.pack("!HHH", flags | 6 + len(value), 0, kind) + value


def control(kind, tunnel=0, session=0, ns=0, nr=0, avps=b"", flags=CONTROL, length=None):
    """A control message; kind None: a ZLB."""
    body = b"" if kind is None else avp(0, struct.pack("!H", kind)) + avps
    return struct.pack("!HHHHHH", flags, 12 + len(body) if length is None else length,
                       tunnel, session, ns, nr) + body


def sccrq(tunnel, host=b"hostile"):
    """What opens a tunnel where no secret is needed."""
    return control(SCCRQ, avps=avp(2, b"\1\0") + avp(7, host) + avp(3, b"\0\0\0\3") +
                   avp(9, struct.pack("!H", tunnel)) + avp(10, b"\0\4"))


def data(tunnel, session, ppp, flags=LENGTH | 2, length=None, after=b""):
    """A data message; after: what stands behind the IDs, as Ns, Nr and Offset."""
    head = b""
    if flags & LENGTH:
        whole = 8 + len(after) + len(ppp)
        head = struct.pack("!H", whole if length is None else length)
    return struct.pack("!H", flags) + head + struct.pack("!HH", tunnel, session) + after + ppp


def avps_of(message):
    """{type: value} of a control message."""
    found, at = {}, 12
    while at + 6 <= len(message):
        flags, _, kind = struct.unpack("!HHH", message[at:at + 6])
        length = flags & 0x3FF
        found[kind] = message[at + 6:at + length]
        at += max(length, 6)
    return found
