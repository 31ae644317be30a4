#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The frames that TRex would send, through a running culvertd: each arrives where it should, as it should.

usage: streams_through.py TABLE NEAR FAR -- CULVERTCTL...

TABLE: of sessions that are open; whoever opened them is stopped. NEAR and FAR: interfaces on the clients'
and on the uplink's side, whose kernel answers ARP. Prints "ok TEXT" or "not ok TEXT" for each case.
"""
import collections
import os
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "trex"))
sys.dont_write_bytecode = True
import floods  # noqa: E402
import l2tp_streams  # noqa: E402
import sessions_table  # noqa: E402
import standin  # noqa: E402
from frames import LENGTH, SCCRP, avps_of, checksum  # noqa: E402
from l2tp_streams import CLIENTS, DOWN, UP  # noqa: E402
from wire import Wire, Wrong, udp_of  # noqa: E402

AT_ONCE = 128  # frames on their way: a port's ring has room for more
PATIENCE_S = 20
SO_RCVBUFFORCE = 33  # which Python does not name
SIZES = (64, 576, 1400, 9000)
FLOOD = 400


class Port(Wire):
    """One of our ends; lns_mac: of culvertd's port at the other."""

    def __init__(self, interface, lns, culvertctl, port):
        super().__init__(interface, lns, culvertctl)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        row = next(row for row in self.ask("ports")["rows"] if row["port"] == port)
        self.lns_mac = bytes.fromhex(row["mac"].replace(":", ""))
        self.macs = self.lns_mac + self.socket.getsockname()[4]

    def came(self):
        """What has come, up to now, from culvertd to us: IPv4 alone."""
        while select.select([self.socket], [], [], 0)[0]:
            frame = self.socket.recv(65536)
            if frame[:12] == self.macs[6:] + self.macs[:6] and frame[12:14] == b"\x08\x00":
                yield frame


class Bench:
    def __init__(self, table, near, far, culvertctl):
        self.sessions = sessions_table.read(table)
        self.of = {session.address: session for session in self.sessions}
        lns = self.sessions[0].lns[0]
        self.near, self.far = Port(near, lns, culvertctl, "clients"), Port(far, lns, culvertctl, "uplink")
        self.answered = set()  # addresses of those who asked for a tunnel
        self.theirs = {}  # the IDs by which a client knows its session

    def ends(self, direction):
        return {UP: (self.near, self.far), DOWN: (self.far, self.near), CLIENTS: (self.near, self.near)}[direction]

    def inner(self, frame, direction):
        """The packet in a frame of culvertd's, if it is right around it; None: it is no data."""
        packet = frame[14:14 + struct.unpack("!H", frame[16:18])[0]]
        if checksum(packet[:20]):
            raise Wrong(f"outer checksum: {frame[:60].hex()}")
        if direction == UP:
            return packet if packet[9] == l2tp_streams.ESP else None
        port, message = udp_of(frame) or (0, b"\x80")
        if message[0] & 0x80:
            if avps_of(message).get(0) == struct.pack("!H", SCCRP):
                self.answered.add(frame[30:34])
            return None
        at = 4 if struct.unpack("!H", message[:2])[0] & LENGTH else 2
        ids, packet = message[at:at + 4], message[at + 4:]
        packet = packet[2:] if packet[:2] == b"\xff\x03" else packet
        if packet[:2] != b"\0\x21":
            return None
        packet = packet[2:]
        owner = self.of[socket.inet_ntoa(packet[16:20])]
        to = (socket.inet_ntoa(frame[30:34]), port)
        if to != owner.peer or socket.inet_ntoa(frame[26:30]) != owner.lns[0] or \
                self.theirs.setdefault(owner.address, ids) != ids:
            raise Wrong(f"for {owner.address} it went to {to}, IDs {ids.hex()}")
        return packet

    def exchange(self, frames, direction):
        """Sends them, and waits for as many: each packet is one that was sent, a hop later."""
        sender, receiver = self.ends(direction)
        at = 14 if direction == DOWN else l2tp_streams.INNER
        missing = collections.Counter()
        end = time.monotonic() + PATIENCE_S
        for begin in range(0, len(frames), AT_ONCE):
            for frame in frames[begin:begin + AT_ONCE]:
                missing[hopped(frame[at:])] += 1
                sender.send(frame)
            while missing.total():
                if time.monotonic() > end:
                    raise Wrong(f"{missing.total()} of {len(frames)} frames did not arrive")
                select.select([receiver.socket], [], [], 0.2)
                for frame in receiver.came():
                    packet = self.inner(frame, direction)
                    if packet is None:
                        continue
                    if packet not in missing:
                        raise Wrong(f"nobody sent {packet[:48].hex()}")
                    missing[packet] -= 1
                    if not missing[packet]:
                        del missing[packet]

    def drops(self):
        return {row["name"]: row["packets"] for row in self.near.ask("drops")["rows"]}

    def risen(self, before):
        return {name: packets - before.get(name, 0) for name, packets in self.drops().items()
                if packets != before.get(name, 0)}

    def frames(self, stream, number):
        sender, _ = self.ends(DOWN if stream.name.startswith("down") else UP)
        built, = l2tp_streams.build(standin, [stream])
        return list(standin.played(built, number, sender.macs))


def hopped(packet):
    """As it is a hop later: TTL less by one, and the sum that belongs to it."""
    head = packet[:8] + bytes((packet[8] - 1,)) + packet[9:10] + b"\0\0" + packet[12:20]
    return head[:10] + struct.pack("!H", checksum(head)) + packet[10 + 2:20] + packet[20:]


def load(bench, direction, lacs=None):
    """Two rounds of each size, and IMIX: every pair, and nothing is dropped."""
    sessions = bench.sessions if lacs is None else sessions_table.of_lacs(bench.sessions, lacs)
    before = bench.drops()
    for size in (*SIZES, "imix"):
        pairs = set()
        for stream in l2tp_streams.plan(sessions, direction, size, 1000):
            bench.exchange(bench.frames(stream, 2 * len(stream.pairs)), direction)
            pairs.update(stream.pairs)
        if len(pairs) != len(sessions):
            raise Wrong(f"{len(pairs)} pairs of {len(sessions)} sessions")
    if bench.risen(before):
        raise Wrong(f"dropped: {bench.risen(before)}")


def stamps(bench):
    """What TRex writes over the end arrives, and the IP identification of its own is no matter."""
    before = bench.drops()
    for direction in (CLIENTS, UP, DOWN):
        for kind in ("latency", "tagged"):
            stream = l2tp_streams.stamped(bench.sessions, direction, 128, 100, kind, 1)
            sender, _ = bench.ends(direction)
            built, = l2tp_streams.build(standin, [stream])
            bench.exchange(list(standin.played(built, len(stream.pairs), sender.macs)), direction)
    if bench.risen(before):
        raise Wrong(f"dropped: {bench.risen(before)}")


def beside(bench, strangers):
    """So many frames of strangers beside a load that passes."""
    for stream in l2tp_streams.plan(bench.sessions, CLIENTS, 64, 1000):
        frames = bench.frames(stream, len(stream.pairs))
        for begin in range(0, len(frames), 20):
            for frame in strangers[begin:begin + 20]:
                bench.near.send(frame)
            bench.exchange(frames[begin:begin + 20], CLIENTS)


def until(wanted, what):
    """Waits for wanted(), and says otherwise what() there was."""
    end = time.monotonic() + PATIENCE_S
    while not wanted():
        if time.monotonic() > end:
            raise Wrong(f"{what()}")
        time.sleep(0.1)


def flood(bench, kind, drop):
    """Strangers' frames, and they alone, are dropped, under this name alone."""
    before = bench.drops()
    beside(bench, bench.frames(floods.flood(bench.sessions, kind, 100), FLOOD))
    until(lambda: bench.risen(before) == {drop: FLOOD}, lambda: bench.risen(before))


def requests(bench):
    """Each forged SCCRQ is answered, as anybody's, and no frame is dropped."""
    before = bench.drops()
    beside(bench, bench.frames(floods.flood(bench.sessions, "sccrq", 100), FLOOD))

    def all_answered():
        for frame in bench.near.came():
            bench.inner(frame, CLIENTS)
        return len(bench.answered) == FLOOD
    until(all_answered, lambda: f"{len(bench.answered)} of {FLOOD} were answered")
    if bench.risen(before):
        raise Wrong(f"dropped: {bench.risen(before)}")


def known(bench):
    """A packet each way, until it arrives: both sides are then known to each other."""
    for direction in (UP, DOWN, CLIENTS):
        stream = l2tp_streams.plan(bench.sessions, direction, 64, 1)[0]
        bench.exchange(bench.frames(stream, 1), direction)


def main(table, near, far, _, *culvertctl):
    bench = Bench(table, near, far, list(culvertctl))
    cases = [("a packet passes each way", known)]
    cases += [(f"{what}: each session's frames arrive, none is dropped", lambda b, way=way: load(b, way))
              for way, what in ((CLIENTS, "client to client"), (UP, "upstream"), (DOWN, "downstream"))]
    cases += [(f"the same of {lacs} LAC{'s' * (lacs > 1)} alone", lambda b, lacs=lacs: load(b, CLIENTS, lacs))
              for lacs in (1, 8)]
    cases += [("streams with latency and numbers arrive whole", stamps),
              ("forged SCCRQs beside the load are answered", requests),
              ("data for unknown sessions is dropped as that", lambda b: flood(b, "unknown", "INGRESS_UNKNOWN_SESSION")),
              ("spoofed sources are dropped as that", lambda b: flood(b, "spoofed", "INGRESS_SPOOFED"))]
    for text, case in cases:
        try:
            case(bench)
            print(f"ok {text}", flush=True)
        except Wrong as wrong:
            print(f"not ok {text}\n# {wrong}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
