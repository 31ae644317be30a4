# SPDX-License-Identifier: BSD-3-Clause
"""Streams of TRex's that are an LNS's load, of a table of sessions.

One variable of TRex's field engine reaches one value a frame, and what an LNS checks belongs together:
outer source, port, both IDs, inner source. So each of these fields is a list of values, all of one
length and in one order, that step together. A written field that holds a checksum holds its value, too,
so nothing is summed up while frames are sent. TRex's API is an argument of build(), and plan() knows
nothing of it.

A plan says frames in bytes; sizes are those of the inner IP packet.
"""
import os
import random
import struct
import sys
from dataclasses import dataclass, field, replace

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "net"))
from frames import UDP, data, ether, ipv4, udp  # noqa: E402

UP, DOWN, CLIENTS = "up", "down", "clients"
DIRECTIONS = (UP, DOWN, CLIENTS)
ROWS_A_STREAM = 4096  # of more the server might not take the request (REQUEST_BYTES)
REQUEST_BYTES = 999_999  # of JSON, that the server takes at once
CHUNK_BYTES = 500_000  # a client sends a request once it is longer: so each stream is below the rest
SMALLEST, LARGEST = 64, 9000
IMIX = {64: 7, 576: 4, 1400: 1}  # as the bench has it
TTL = 64
ESP, SPI = 50, 0x0C1F7E57
DONT_FRAGMENT = 0x4000  # what does not fit is to be seen, and not to be cut
NETWORK = "198.18.0.0/16"  # behind the LNS's uplink (RFC 2544, C.2.2)
STAMP_ROWS = 1000  # a stream that TRex stamps has one core to itself

# Offsets in a frame without a VLAN tag: outer IPv4 at 14, UDP at 34, L2TP without a Length at 42, PPP's
# four bytes at 48, inner IPv4 at 52. A header from TTL to source: TTL, protocol, checksum, source.
OUTER, OUTER_TTL, OUTER_SOURCE, OUTER_TARGET, UDP_SOURCE, IDS = 14, 22, 26, 30, 34, 44
INNER, INNER_TTL, INNER_TARGET = 52, 60, 68
PPP_IPV4 = b"\xff\x03\x00\x21"


class BadPlan(ValueError):
    """What was asked for cannot be made of this table."""


@dataclass(frozen=True)
class Column:
    """One field, and what is written there, frame after frame."""
    name: str
    offset: int
    size: int
    values: list


@dataclass(frozen=True)
class Stream:
    """Frames that differ in their columns, so many a second."""
    name: str
    frame: bytes  # with the values of the first row; Ethernet addresses are TRex's
    columns: list
    pps: float
    sum_at: int = 0  # the IPv4 header that TRex sums up; 0: none
    stamp: str = ""  # "latency" or "tagged": what TRex writes into its last 16 bytes
    group: int = 0  # the number of it
    pairs: list = field(default_factory=list)  # (inner source, inner target) of each row


def network_hosts(network):
    """How many hosts a network a.b.c.d/N has for us, and a function from a number to the address."""
    address, _, bits = network.partition("/")
    try:
        first, = struct.unpack("!I", bytes(_octets(address)))
        bits = int(bits) if bits else 32
    except (ValueError, struct.error):
        raise BadPlan(f"a network is written as 198.18.0.0/16, not {network[:40]!r}") from None
    if not 8 <= bits <= 32:
        raise BadPlan(f"{network}: a network of 8 to 32 bits")
    first &= -1 << 32 - bits
    count = (1 << 32 - bits) - 2 if bits < 31 else 1 << 32 - bits
    base = first + (bits < 31)

    def host(number):
        return ".".join(map(str, struct.pack("!I", base + number % count)))
    return count, host


def _octets(text):
    octets = [int(part) for part in text.split(".")]
    if len(octets) != 4 or not all(part.isdigit() for part in text.split(".")):
        raise ValueError(text)
    return octets


def payload(size):
    """What stands behind an inner header: ESP with an SPI, and bytes that tell their place."""
    return struct.pack("!II", SPI, 1) + bytes(i & 0xFF for i in range(size - 28))


def inner_packet(source, target, size):
    return ipv4(source, target, payload(size), ESP, fragment=DONT_FRAGMENT, ttl=TTL, number=0)


def tunnelled(session, packet):
    """The frame of a client's that sends a packet in its session."""
    message = data(session.tunnel, session.session, PPP_IPV4 + packet, flags=2)
    datagram = udp(session.peer, session.lns, message, checked=False)
    return ether(bytes(6), bytes(6), ipv4(session.peer[0], session.lns[0], datagram, UDP,
                                          fragment=DONT_FRAGMENT, ttl=TTL, number=0))


def _head(source, target, length, protocol):
    return ipv4(source, target, b"", protocol, total=length, fragment=DONT_FRAGMENT, ttl=TTL, number=0)


def _tunnel_rows(rows, size):
    """[(values of the five fields)] of [(session, inner source, inner target)]."""
    outer_length = size + INNER - OUTER
    for session, source, target in rows:
        outer = _head(session.peer[0], session.lns[0], outer_length, UDP)
        inner = _head(source, target, size, ESP)
        yield (int.from_bytes(outer[8:16], "big"), session.peer[1],
               session.tunnel << 16 | session.session,
               int.from_bytes(inner[8:16], "big"), int.from_bytes(inner[16:20], "big"))


TUNNEL_FIELDS = (("outer", OUTER_TTL, 8), ("port", UDP_SOURCE, 2), ("ids", IDS, 4),
                 ("inner", INNER_TTL, 8), ("target", INNER_TARGET, 4))
PLAIN_FIELDS = (("header", OUTER_TTL, 8), ("target", OUTER_TARGET, 4))


def _columns(fields, rows):
    return [Column(name, offset, size, list(values))
            for (name, offset, size), values in zip(fields, zip(*rows))]


def _traffic(sessions, direction, network, rng):
    """[(session, inner source, inner target)], each session once. A session of the plain
    side's is the one that the packet is for."""
    order = list(sessions)
    rng.shuffle(order)
    if direction == CLIENTS:
        if len(order) < 2:
            raise BadPlan("one session alone has nobody to send to: there must be two")
        half = len(order) // 2
        rows = [(s, s.address, order[(i + half) % len(order)].address) for i, s in enumerate(order)]
    elif direction in (UP, DOWN):
        _, host = network_hosts(network)
        rows = [(s, s.address, host(i)) if direction == UP else (s, host(i), s.address)
                for i, s in enumerate(order)]
    else:
        raise BadPlan(f"a direction is one of {', '.join(DIRECTIONS)}, not {direction!r}")
    return rows


def sizes_of(size):
    """{bytes: its share} of a number, its text, or "imix"."""
    if size == "imix":
        return IMIX
    try:
        size = int(size)
    except (TypeError, ValueError):
        raise BadPlan(f"a size is a number or imix, not {size!r}") from None
    if not SMALLEST <= size <= LARGEST:
        raise BadPlan(f"an inner packet has {SMALLEST} to {LARGEST} bytes, not {size}")
    return {size: 1}


def make(name, rows, direction, size, pps):
    """One stream of rows as _traffic() has them."""
    session, source, target = rows[0]
    packet = inner_packet(source, target, size)
    pairs = [row[1:] for row in rows]
    if direction == DOWN:
        heads = (_head(source, target, size, ESP) for _, source, target in rows)
        values = ((int.from_bytes(head[8:16], "big"), int.from_bytes(head[16:20], "big"))
                  for head in heads)
        return Stream(name, ether(bytes(6), bytes(6), packet), _columns(PLAIN_FIELDS, values), pps,
                      pairs=pairs)
    return Stream(name, tunnelled(session, packet),
                  _columns(TUNNEL_FIELDS, _tunnel_rows(rows, size)), pps, pairs=pairs)


def blocks(rows, direction):
    """Rows in blocks of ROWS_A_STREAM at most, in each of which the LNS's end is one: it stands in the
    frame. Blocks of one end are about as long: a stream of few rows would be too slow to be told from none."""
    ends = {}
    for row in rows:
        ends.setdefault(None if direction == DOWN else row[0].lns, []).append(row)
    for of_end in ends.values():
        number = -(-len(of_end) // ROWS_A_STREAM)
        for at in range(number):
            yield of_end[len(of_end) * at // number:len(of_end) * (at + 1) // number]


def plan(sessions, direction, size, pps, seed=1, network=NETWORK):
    """Streams that send pps packets a second in all; of one seed the same ones each time. Each session
    is in one row of each size."""
    if not pps > 0:
        raise BadPlan(f"{pps} packets a second: more than 0")
    sizes, rng, made = sizes_of(size), random.Random(seed), []
    rows = _traffic(sessions, direction, network, rng)
    for length, share in sizes.items():
        rng.shuffle(rows)
        of_size = pps * share / sum(sizes.values())
        for number, block in enumerate(blocks(rows, direction)):
            made.append(make(f"{direction}-{length}-{number}", block, direction, length,
                             of_size * len(block) / len(rows)))
    return made


def stamped(sessions, direction, size, pps, kind, group, seed=1, network=NETWORK):
    """One stream that TRex stamps, kind "latency" or "tagged", beside the load: its rate is a fixed
    one. Of an LNS with several ends it has the sessions of one.

    TRex writes the IP identification of the first header of a latency stream, and so has to sum it up
    itself: there the source alone is a column, and not the checksum."""
    length, = sizes_of(size) if size != "imix" else (min(IMIX),)
    rng = random.Random(seed)
    rows = _traffic(sessions, direction, network, rng)
    rng.shuffle(rows)
    block = max(blocks(rows, direction), key=len)[:STAMP_ROWS]
    stream = make(f"{kind}-{direction}-{length}", block, direction, length, pps)
    if kind == "latency":
        first = stream.columns[0]
        source = Column("source", OUTER_SOURCE, 4, [value & 0xFFFFFFFF for value in first.values])
        stream = replace(stream, columns=[source, *stream.columns[1:]], sum_at=OUTER)
    elif kind != "tagged":
        raise BadPlan(f"a stamp is latency or tagged, not {kind!r}")
    return replace(stream, stamp=kind, group=group)


def build(api, streams):
    """TRex's streams of planned ones; api: the module trex.stl.api, or what stands in for it."""
    return [_stream(api, stream) for stream in streams]


def _stream(api, stream):
    program = [api.STLVmFlowVar(name=column.name, size=column.size, op="inc", value_list=list(column.values))
               for column in stream.columns]
    program += [api.STLVmWrFlowVar(fv_name=column.name, pkt_offset=column.offset)
                for column in stream.columns]
    if stream.sum_at:
        program.append(api.STLVmFixIpv4(offset=stream.sum_at))
    stamp = None
    if stream.stamp == "latency":
        stamp = api.STLFlowLatencyStats(pg_id=stream.group)
    elif stream.stamp:
        stamp = api.STLTaggedPktGroup(tpgid=stream.group)
    return api.STLStream(
        name=stream.name, mode=api.STLTXCont(pps=stream.pps), flow_stats=stamp,
        packet=api.STLPktBuilder(pkt_buffer=stream.frame, vm=api.STLScVmRaw(program)))
