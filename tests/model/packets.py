# SPDX-License-Identifier: BSD-3-Clause
"""Random inner packets that clients may send, made by scapy. Each kind is a list of packets that
belong together: one, or the fragments of one."""
import itertools
import logging

logging.getLogger("scapy").setLevel(logging.ERROR)

# pylint: disable=wrong-import-position
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption, IPOption_RR, fragment  # noqa: E402
from scapy.layers.inet6 import (  # noqa: E402
    ICMPv6DestUnreach, ICMPv6EchoRequest, ICMPv6PacketTooBig, IPv6, IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN)
from scapy.layers.ipsec import AH, ESP  # noqa: E402
from scapy.packet import Raw  # noqa: E402

from form import INNER_LNS4, INNER_LNS6  # noqa: E402

NUMBERS = itertools.count(1)  # identifications: no two packets have the same


def number():
    return next(NUMBERS) % 65536


def size(random):
    """Of a payload: odd ones, small ones, few that are large."""
    return random.randrange(1440) if random.random() < 0.25 else random.randrange(160)


def payload(random, length=None):
    return random.randbytes(size(random) if length is None else length)


def upper(random, quoted):
    """What stands behind the IP header, and of what protocol. quoted: an ESP packet that the
    receiver may have sent."""
    kind = random.choice(("esp", "esp", "ah", "udp", "udp", "ike", "tcp", "syn", "echo", "error",
                          "other"))
    if kind == "esp":
        return ESP(spi=random.getrandbits(32), seq=random.getrandbits(32), data=payload(random))
    if kind == "ah":
        return AH(nh=4, payloadlen=4, spi=random.getrandbits(32), seq=7,
                  icv=random.randbytes(12)) / Raw(payload(random))
    if kind == "udp":
        return UDP(sport=random.randrange(1, 65536), dport=random.choice((53, 1701, 40000))) / Raw(
            payload(random))
    if kind == "ike":
        port = random.choice((500, 4500))
        other = random.randrange(1024, 65536)
        return (UDP(sport=port, dport=other) if random.random() < 0.5 else
                UDP(sport=other, dport=port)) / Raw(payload(random))
    if kind in ("tcp", "syn"):
        options = [("NOP", None)] * random.randrange(3)
        if kind == "syn":
            options += [("MSS", random.choice((536, 1000, 1240, 1360, 1460, 8960))), ("SAckOK", b"")]
        return TCP(sport=443, dport=random.randrange(65536), flags="S" if kind == "syn" else "PA",
                   options=options) / Raw(payload(random, 0 if kind == "syn" else None))
    if kind == "other":
        return Raw(payload(random))
    if quoted.version == 4:
        if kind == "error":
            return ICMP(type=random.choice((3, 11)), code=1) / Raw(bytes(quoted)[:60])
        return ICMP(type=random.choice((8, 0, 13)), id=7, seq=9) / Raw(payload(random))
    if kind == "error":
        error = random.choice((ICMPv6DestUnreach(code=3), ICMPv6PacketTooBig(mtu=1300)))
        return error / Raw(bytes(quoted)[:80])
    return ICMPv6EchoRequest(id=7, seq=9, data=payload(random))


def options(random):
    """RFC 791, 3.1: record route, router alert, security, one that nobody knows, copied or not."""
    if random.random() < 0.75:
        return []
    known = [IPOption_RR(routers=["0.0.0.0"] * random.randrange(1, 4)),
             IPOption(b"\x94\x04\0\0"), IPOption(b"\x82\x0b" + random.randbytes(9)),
             IPOption(b"\x01"), IPOption(b"\x5e\x05abc"), IPOption(b"\xde\x06abcd")]
    return random.sample(known, random.randrange(1, 4))


def hops(random):
    return 1 if random.random() < 0.02 else random.choice((64, 128, 255, 2))


def inner4(random, source, target):
    quoted = IP(src=target, dst=source, proto=50) / Raw(random.randbytes(40))
    inside = upper(random, quoted)
    packet = IP(src=source, dst=target, tos=random.randrange(256), id=number(), ttl=hops(random),
                flags="DF" if random.random() < 0.3 else 0, options=options(random)) / inside
    if isinstance(inside, Raw):
        packet.proto = random.choice((4, 41, 47, 132, 253))
    if random.random() < 0.12 and not isinstance(inside, (TCP, ICMP)):
        packet.flags, packet.ttl = 0, 64
        parts = [bytes(p) for p in fragment(packet, random.choice((64, 200, 600)))][:5]
        if random.random() < 0.3:
            parts.reverse()
        return parts
    return [bytes(packet)]


def inner6(random, source, target):
    quoted = IPv6(src=target, dst=source, nh=50) / Raw(random.randbytes(40))
    inside = upper(random, quoted)
    packet = IPv6(src=source, dst=target, tc=random.randrange(256), fl=random.randrange(1 << 20),
                  hlim=hops(random))
    last = random.choice((4, 41, 47, 132, 253)) if isinstance(inside, Raw) else None
    cut = random.random() < 0.12 and not isinstance(inside, TCP) and inside.name[:4] != "ICMP"
    if cut:
        packet.hlim = 64
        return fragments6(random, packet, inside, last)
    if random.random() < 0.3:
        chain = [IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(4))]),
                 IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(random.choice((4, 12))))]),
                 IPv6ExtHdrRouting(type=4, segleft=0, addresses=["2001:db8:9::1"]),
                 IPv6ExtHdrFragment(offset=0, m=0, id=number()),
                 IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])]
        for header in (h for h in chain if random.random() < 0.5):
            packet /= header
    packet /= inside
    if last is not None:
        packet.getlayer(len(packet.layers()) - 2).nh = last
    return [bytes(packet)]


def fragments6(random, packet, inside, last):
    """RFC 8200, 4.5."""
    whole = bytes(packet / inside)[40:]
    protocol = last if last is not None else bytes(packet / inside)[6]
    room, ident, parts = random.choice((48, 200, 608)), number(), []
    for at in range(0, len(whole), room):
        head = IPv6ExtHdrFragment(nh=protocol, offset=at // 8, m=int(at + room < len(whole)),
                                  id=ident)
        parts.append(bytes(packet / head / Raw(whole[at:at + room])))
    parts = parts[:5]
    if random.random() < 0.3:
        parts.reverse()
    return parts


def echo(random, source, six):
    """To our own inner address."""
    data = payload(random, random.randrange(240))  # fits all sessions
    if six:
        return bytes(IPv6(src=source, dst=INNER_LNS6, hlim=64, tc=random.randrange(256)) /
                     ICMPv6EchoRequest(id=1, seq=2, data=data))
    return bytes(IP(src=source, dst=INNER_LNS4, id=number(), tos=random.randrange(256)) /
                 ICMP(type=8, id=1, seq=2) / Raw(data))
