# SPDX-License-Identifier: BSD-3-Clause
"""What strangers send an LNS beside its load, as streams: requests with forged sources, data messages for
sessions that nobody has, packets in a session that name another's address as their source."""
import random
import struct

from l2tp_streams import (
    CLIENTS, DONT_FRAGMENT, INNER_TTL, OUTER_TTL, ROWS_A_STREAM, TTL, UDP_SOURCE, BadPlan, Column,
    Stream, blocks, make, network_hosts)
from frames import UDP, avp, ether, ipv4, sccrq, udp

KINDS = ("sccrq", "unknown", "spoofed")
STRANGERS = "198.19.0.0/16"  # whose answers need a way back: the LNS's gateway
PACKET_BYTES = 64  # of what a data message carries
HOST = b"stranger"


def _sccrq(sessions, rng, pps):
    """SCCRQs (RFC 2661, 6.1), each with a source, a port and an Assigned Tunnel ID of its own."""
    _, host = network_hosts(STRANGERS)
    lns, values, frame = sessions[0].lns, [], None
    for number in range(ROWS_A_STREAM):
        source, tunnel = (host(number), rng.randrange(1024, 65536)), rng.randrange(1, 65536)
        message = sccrq(tunnel, HOST)
        packet = ipv4(source[0], lns[0], udp(source, lns, message, checked=False), UDP, ttl=TTL,
                      fragment=DONT_FRAGMENT, number=0)
        frame = frame or ether(bytes(6), bytes(6), packet)
        values.append((int.from_bytes(packet[8:16], "big"), source[1], tunnel))
    assigned = frame.index(avp(9, struct.pack("!H", values[0][2]))) + 6
    fields = (("source", OUTER_TTL, 8), ("port", UDP_SOURCE, 2), ("tunnel", assigned, 2))
    return Stream("flood-sccrq", frame, [Column(*of, list(v)) for of, v in zip(fields, zip(*values))], pps)


def _data(sessions, rng, pps, kind):
    """Data messages from the table's own peers, wrong in one thing."""
    order = list(sessions)
    rng.shuffle(order)
    rows = [(s, s.address, order[(i + 1) % len(order)].address) for i, s in enumerate(order)]
    block = max(blocks(rows, CLIENTS), key=len)
    stream = make(f"flood-{kind}", block, CLIENTS, PACKET_BYTES, pps)
    columns = {column.name: column for column in stream.columns}
    frame = bytearray(stream.frame)
    if kind == "unknown":
        known = {s.tunnel << 16 | s.session for s in sessions}
        at, values = columns["ids"], []
        while len(values) < len(block):
            ids = rng.randrange(1, 1 << 16) << 16 | rng.randrange(1, 1 << 16)
            if ids not in known:
                values.append(ids)
    else:
        # the inner header of who is next in the row, so that its checksum is right
        at, values = columns["inner"], columns["inner"].values[1:] + columns["inner"].values[:1]
        targets = columns["target"].values
        columns["target"].values[:] = targets[1:] + targets[:1]
        frame[INNER_TTL + 8:INNER_TTL + 12] = columns["target"].values[0].to_bytes(4, "big")
    at.values[:] = values
    frame[at.offset:at.offset + at.size] = values[0].to_bytes(at.size, "big")
    return Stream(stream.name, bytes(frame), stream.columns, pps)


def flood(sessions, kind, pps, seed=1):
    """A stream of one of KINDS, pps frames a second."""
    rng = random.Random(seed)
    if kind not in KINDS:
        raise BadPlan(f"a flood is one of {', '.join(KINDS)}, not {kind!r}")
    if kind == "sccrq":
        return _sccrq(sessions, rng, pps)
    if kind == "spoofed" and len(sessions) < 2:
        raise BadPlan("a spoofed source takes another session's address: there must be two")
    return _data(sessions, rng, pps, kind)
