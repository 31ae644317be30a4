#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests of l2tp_streams.py and floods.py: the frames that TRex's stand-in plays, byte by byte."""
import collections
import os
import random
import struct
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "tools")]
sys.dont_write_bytecode = True
import floods  # noqa: E402
import l2tp_streams  # noqa: E402
import made_up  # noqa: E402
import standin  # noqa: E402
import tap  # noqa: E402
from frames import avps_of, checksum  # noqa: E402
from l2tp_streams import CLIENTS, DOWN, UP, BadPlan  # noqa: E402
from sessions_table import Session  # noqa: E402

ONE = Session(0x1234, 0xABCD, ("192.0.2.1", 1701), ("192.0.2.9", 40001), "10.64.0.1")
OTHER = Session(0xFFFE, 0x0001, ("192.0.2.1", 1701), ("198.51.100.7", 1701), "10.64.0.2")
# a client to another: RFC 791, RFC 768, RFC 2661 3.1, RFC 1661, RFC 4303, by hand
BY_HAND = bytes.fromhex(
    "000000000000" "000000000000" "0800"
    "45000066" "00004000" "4011b67c" "c0000209" "c0000201"
    "9c4106a5" "00520000"
    "0002" "1234" "abcd"
    "ff030021"
    "45000040" "00004000" "4032260a" "0a400001" "0a400002"
    "0c1f7e57" "00000001") + bytes(range(36))


def decoded(frame):
    """What an LNS reads in a client's frame, all sums checked."""
    assert not checksum(frame[14:34]) and not checksum(frame[52:72])
    assert frame[40:42] == b"\0\0" and frame[42:44] == b"\0\2" and frame[48:52] == b"\xff\3\0\x21"
    assert struct.unpack("!H", frame[16:18])[0] == len(frame) - 14
    assert struct.unpack("!H", frame[38:40])[0] == len(frame) - 34
    assert struct.unpack("!H", frame[54:56])[0] == len(frame) - 52
    source, target = ".".join(map(str, frame[64:68])), ".".join(map(str, frame[68:72]))
    return Session(*struct.unpack("!HH", frame[44:48]),
                   (".".join(map(str, frame[30:34])), struct.unpack("!H", frame[36:38])[0]),
                   (".".join(map(str, frame[26:30])), struct.unpack("!H", frame[34:36])[0]),
                   source), target


def rounds(planned, number=1):
    """[(planned, frame)] of so many rounds of each stream."""
    for stream, of in zip(planned, l2tp_streams.build(standin, planned)):
        for frame in standin.played(of, number * len(stream.pairs)):
            yield stream, frame


class Frames(unittest.TestCase):
    def test_by_hand(self):
        """two clients: frames of 64 bytes, byte by byte"""
        played = sorted(frame for _, frame in rounds(l2tp_streams.plan([ONE, OTHER], CLIENTS, 64, 10)))
        self.assertIn(BY_HAND.hex(), [frame.hex() for frame in played])
        self.assertEqual(len(played), 2)

    def test_whole(self):
        """each played frame is the one that is built of its session at once"""
        made = made_up.sessions(50, 7)
        of = {s.address: s for s in made}
        for size in (64, 576, 9000):
            for _, frame in rounds(l2tp_streams.plan(made, CLIENTS, size, 10)):
                session, target = decoded(frame)
                self.assertEqual(frame, l2tp_streams.tunnelled(
                    of[session.address], l2tp_streams.inner_packet(session.address, target, size)))

    def test_once(self):
        """each session is seen once a round, with its own IDs, address and port, in all rounds alike"""
        for number in (2, 3, 501, 1000):
            made = made_up.sessions(number, min(number, 20))
            planned = l2tp_streams.plan(made, CLIENTS, 64, 10)
            seen = [decoded(frame) for _, frame in rounds(planned, 2)]
            self.assertEqual(seen[:number], seen[number:])
            self.assertEqual({s for s, _ in seen}, set(made))
            self.assertEqual(len({target for _, target in seen}), number)
            self.assertFalse([s for s, target in seen if s.address == target])

    def test_pairs(self):
        """of an even number of sessions each two send to each other"""
        seen = {s.address: target for _, f in rounds(l2tp_streams.plan(made_up.sessions(1000, 9), CLIENTS, 64, 1))
                for s, target in (decoded(f),)}
        self.assertTrue(all(seen[seen[address]] == address for address in seen))

    def test_said(self):
        """the pairs that a plan names are those of its frames, in order"""
        for way in (UP, CLIENTS):
            planned = l2tp_streams.plan(made_up.sessions(99, 9), way, 64, 1)
            self.assertEqual([(s.address, t) for _, f in rounds(planned) for s, t in (decoded(f),)],
                             [pair for stream in planned for pair in stream.pairs])

    def test_up(self):
        """to the network behind the uplink: each session to a host of its own"""
        made = made_up.sessions(1000, 9)
        seen = [decoded(f) for _, f in rounds(l2tp_streams.plan(made, UP, 1400, 10, network="203.0.113.64/26"))]
        self.assertEqual({s for s, _ in seen}, set(made))
        self.assertEqual({t for _, t in seen}, {f"203.0.113.{i}" for i in range(65, 127)})

    def test_down(self):
        """from there: plain IP, to each session once a round"""
        made = made_up.sessions(1000, 9)
        seen = []
        for _, frame in rounds(l2tp_streams.plan(made, DOWN, 200, 10)):
            self.assertEqual((len(frame), checksum(frame[14:34]), frame[23]), (214, 0, 50))
            self.assertEqual(frame[26:28], bytes((198, 18)))
            seen.append(".".join(map(str, frame[30:34])))
        self.assertEqual(sorted(seen), sorted(s.address for s in made))

    def test_ends(self):
        """two ends of the LNS: a client's frames go to the one that it dialled"""
        made = made_up.sessions(101, 7, ends=(("192.0.2.1", 1701), ("192.0.2.2", 443)))
        planned = l2tp_streams.plan(made, CLIENTS, 64, 10)
        self.assertEqual({decoded(f)[0] for _, f in rounds(planned)}, set(made))
        self.assertAlmostEqual(sum(s.pps for s in planned), 10)


class Plans(unittest.TestCase):
    def test_blocks(self):
        """10,000 sessions are three streams, about as long, at rates by their rows, in random order"""
        made = made_up.sessions(10000, 50)
        planned = l2tp_streams.plan(made, CLIENTS, 64, 1e6)
        self.assertEqual(sorted(len(s.pairs) for s in planned), [3333, 3333, 3334])
        self.assertEqual([s.pps for s in planned], [len(s.pairs) * 100 for s in planned])
        for number, lengths in ((4096, [4096]), (4097, [2048, 2049])):
            planned_so = l2tp_streams.plan(made[:number], UP, 64, 1)
            self.assertEqual(sorted(len(s.pairs) for s in planned_so), lengths)
        order = [pair[0] for s in planned for pair in s.pairs]
        self.assertEqual(sorted(order), sorted(s.address for s in made))
        self.assertNotEqual(order, [s.address for s in made])

    def test_fields(self):
        """five writes, as many values each, the first ones in the frame, and no checksum instruction"""
        stream, = l2tp_streams.plan(made_up.sessions(100, 5), CLIENTS, 64, 1)
        self.assertEqual([(c.offset, c.size, len(c.values)) for c in stream.columns],
                         [(22, 8, 100), (34, 2, 100), (44, 4, 100), (60, 8, 100), (68, 4, 100)])
        for column in stream.columns:
            at = stream.frame[column.offset:column.offset + column.size]
            self.assertEqual(at, column.values[0].to_bytes(column.size, "big"))
        built, = l2tp_streams.build(standin, [stream])
        self.assertEqual(collections.Counter(type(c).__name__ for c in built.packet.commands),
                         {"STLVmFlowVar": 5, "STLVmWrFlowVar": 5})

    def test_seed(self):
        """one seed, one plan; another seed, another"""
        made = made_up.sessions(300, 5)
        for way in l2tp_streams.DIRECTIONS:
            plans = [l2tp_streams.plan(made, way, "imix", 100, seed) for seed in (4, 4, 5)]
            self.assertEqual(plans[0], plans[1])
            self.assertNotEqual(plans[0], plans[2])

    def test_imix(self):
        """IMIX: each size in streams of its own, 7, 4 and 1 in a dozen, each with all pairs"""
        made = made_up.sessions(500, 5)
        for way, overhead in ((CLIENTS, 52), (UP, 52), (DOWN, 14)):
            planned = l2tp_streams.plan(made, way, "imix", 1200)
            self.assertEqual([(len(s.frame) - overhead, s.pps) for s in planned],
                             [(64, 700), (576, 400), (1400, 100)])
            self.assertEqual(len({pair for stream in planned for pair in stream.pairs}), 500)
            self.assertNotEqual(planned[0].pairs, planned[1].pairs)
            for stream in planned:
                frames = [f for _, f in rounds([stream])]
                self.assertEqual(len(set(frames)), 500)
                self.assertFalse([f for f in frames if checksum(f[14:34])])
                self.assertFalse([f for f in frames if way != DOWN and checksum(f[52:72])])

    def test_request(self):
        """a stream fits a request however large its values are, behind a client's other half"""
        rows = [Session(65535, 65535, ("223.255.255.254", 65535), ("223.255.255.254", 65535), "223.255.255.254")
                ] * 4096
        for way in l2tp_streams.DIRECTIONS:
            stream, = l2tp_streams.build(standin, [
                l2tp_streams.make("x" * 40, [(s, s.address, s.address) for s in rows], way, 9000, 1 / 3)])
            self.assertLess(standin.request_bytes(stream),
                            l2tp_streams.REQUEST_BYTES - l2tp_streams.CHUNK_BYTES)
        stream, = l2tp_streams.build(standin, [l2tp_streams.plan(made_up.sessions(4096), UP, 9000, 1)[0]])
        self.assertGreater(standin.request_bytes(stream), 200000)  # it is what is counted

    def test_refused(self):
        """what cannot be planned is told"""
        made = made_up.sessions(10, 2)
        for said, *args in (
                ("64 to 9000 bytes, not 63", made, UP, 63, 1), ("64 to 9000 bytes, not 9001", made, UP, "9001", 1),
                ("a number or imix, not 'big'", made, UP, "big", 1), ("more than 0", made, UP, 64, 0),
                ("more than 0", made, UP, 64, float("nan")), ("not 'sideways'", made, "sideways", 64, 1),
                ("one session alone", made[:1], CLIENTS, 64, 1)):
            with self.assertRaisesRegex(BadPlan, said):
                l2tp_streams.plan(*args)
        for network in ("x", "1.2.3/8", "1.2.3.4/33", "1.2.3.4/x", "1.2.3.400/24", "0.0.0.0/0"):
            with self.assertRaises(BadPlan):
                l2tp_streams.plan(made, UP, 64, 1, network=network)


class Stamped(unittest.TestCase):
    def test_latency(self):
        """latency: the server's IP identification is in, and all sums are right"""
        made = made_up.sessions(1500, 5)
        for way, columns in ((CLIENTS, 5), (UP, 5), (DOWN, 2)):
            planned = l2tp_streams.stamped(made, way, 128, 1000, "latency", 7)
            self.assertEqual((len(planned.pairs), len(planned.columns), planned.pps), (1000, columns, 1000))
            self.assertEqual((planned.columns[0].offset, planned.columns[0].size), (26, 4))  # no sum in it
            stream, = l2tp_streams.build(standin, [planned])
            self.assertEqual((stream.flow_stats.rule, stream.flow_stats.number), ("latency", 7))
            frames = list(standin.played(stream, 1000))
            self.assertEqual(len({f[26:52] + f[60:72] for f in frames}), 1000)
            for frame in frames:
                self.assertEqual((frame[18:20], checksum(frame[14:34])), (b"\x60\0", 0))
                if way != DOWN:
                    self.assertIn(decoded(frame)[0], made)

    def test_tagged(self):
        """tagged: the table's sums stay, the last 16 bytes are TRex's, and none of a checksum"""
        made = made_up.sessions(50, 5)
        stream, = l2tp_streams.build(standin, [l2tp_streams.stamped(made, CLIENTS, 64, 9, "tagged", 3)])
        self.assertEqual((stream.flow_stats.rule, stream.flow_stats.number, stream.mode.pps), ("tpg", 3, 9))
        frames = list(standin.played(stream, 50))
        self.assertEqual({decoded(f)[0] for f in frames}, set(made))
        self.assertEqual(len({f[-16:] for f in frames}), 50)
        self.assertEqual({f[61] for f in frames}, {50})

    def test_refused(self):
        """a stamp that is none"""
        with self.assertRaisesRegex(BadPlan, "latency or tagged"):
            l2tp_streams.stamped(made_up.sessions(5), UP, 64, 9, "other", 3)


class Floods(unittest.TestCase):
    def frames(self, kind, made, number=4096):
        stream, = l2tp_streams.build(standin, [floods.flood(made, kind, 100)])
        return list(standin.played(stream, number))

    def test_sccrq(self):
        """SCCRQs: each of a source of its own, all whole"""
        frames = self.frames("sccrq", made_up.sessions(5))
        self.assertEqual(len({f[26:30] for f in frames}), 4096)
        for frame in frames:
            self.assertEqual(checksum(frame[14:34]), 0)
            self.assertEqual(struct.unpack("!H", frame[44:46])[0], len(frame) - 42)
            avps = avps_of(frame[42:])
            self.assertEqual((avps[0], avps[7]), (b"\0\1", floods.HOST))
        self.assertGreater(len({avps_of(f[42:])[9] for f in frames}), 3000)

    def test_unknown(self):
        """data for sessions that nobody has, from where somebody has one"""
        made = made_up.sessions(500, 9)
        known, peers = {(s.tunnel, s.session) for s in made}, {s.peer for s in made}
        for frame in self.frames("unknown", made, 500):
            session, _ = decoded(frame)
            self.assertNotIn((session.tunnel, session.session), known)
            self.assertIn(session.peer, peers)

    def test_unknown_is_not_known(self):
        """IDs that are drawn, and are somebody's, are drawn again"""
        rng, drawn = random.Random(1), made_up.sessions(2)
        rng.shuffle(list(drawn))  # as a flood of this seed does first
        ids = rng.randrange(1, 1 << 16), rng.randrange(1, 1 << 16)
        drawn[1] = Session(*ids, drawn[1].lns, drawn[1].peer, drawn[1].address)
        for frame in self.frames("unknown", drawn, 2):
            self.assertNotEqual(struct.unpack("!HH", frame[44:48]), ids)

    def test_spoofed(self):
        """packets in a session with another's address as their source, all sums right"""
        made = made_up.sessions(500, 9)
        of = {(s.tunnel, s.session): s for s in made}
        for number in (2, 500):
            for frame in self.frames("spoofed", made[:number], number):
                session, _ = decoded(frame)
                owner = of[session.tunnel, session.session]
                self.assertEqual(session.peer, owner.peer)
                self.assertNotEqual(session.address, owner.address)

    def test_refused(self):
        """a flood that is none, and one that needs two"""
        with self.assertRaisesRegex(BadPlan, "one of sccrq, unknown, spoofed"):
            floods.flood(made_up.sessions(5), "x", 1)
        with self.assertRaisesRegex(BadPlan, "must be two"):
            floods.flood(made_up.sessions(1), "spoofed", 1)


if __name__ == "__main__":
    tap.main()
