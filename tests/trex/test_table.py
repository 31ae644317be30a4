#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests of sessions_table.py: what it reads, and what it says of tables that are wrong."""
import os
import random
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "tools")]
sys.dont_write_bytecode = True
import made_up  # noqa: E402
import sessions_table  # noqa: E402
import tap  # noqa: E402
from sessions_table import BadTable, parse  # noqa: E402

HEAD = ",".join(sessions_table.COLUMNS)
ROW = "7,9,192.0.2.1,1701,192.0.2.9,40000,10.0.0.1"
OTHER = "7,10,192.0.2.1,1701,192.0.2.9,40000,10.0.0.2"


class Reads(unittest.TestCase):
    def test_round(self):
        """what was written is read"""
        made = made_up.sessions(300, 7)
        self.assertEqual(parse(made_up.csv(made)), made)

    def test_order(self):
        """columns in another order, with spaces, CRLF and an empty line at the end"""
        names = list(sessions_table.COLUMNS)
        self.assertEqual(parse([", ".join(names[::-1]) + "\r\n",
                                ", ".join(ROW.split(",")[::-1]) + "\r\n", "\r\n"]), parse([HEAD, ROW]))

    def test_file(self):
        """a file; none is there; it is no text"""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.csv")
            with self.assertRaisesRegex(BadTable, "t.csv: No such file"):
                sessions_table.read(path)
            with open(path, "w", encoding="ascii") as file:
                file.write(f"{HEAD}\n{ROW}\n")
            self.assertEqual(sessions_table.read(path), parse([HEAD, ROW]))
            with open(path, "wb") as file:
                file.write(random.Random(1).randbytes(5000))
            with self.assertRaisesRegex(BadTable, "t.csv"):
                sessions_table.read(path)


class Refuses(unittest.TestCase):
    def refused(self, lines, *words):
        with self.assertRaises(BadTable) as caught:
            parse(lines, "t.csv")
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_empty(self):
        """an empty file, and a head without sessions"""
        self.refused([], "t.csv: it is empty")
        self.refused([HEAD], "t.csv: no session is in it")

    def test_columns(self):
        """columns that lack, are there twice, or are none"""
        self.refused(["tunnel,session", ROW], "t.csv:1: no column lns_address, lns_port")
        self.refused([HEAD + ",tunnel", ROW], "t.csv:1: twice there: tunnel")
        self.refused([HEAD + ",user", ROW], "t.csv:1: unknown: 'user'")
        self.refused([ROW], "t.csv:1: no column")

    def test_fields(self):
        """wrong fields, by line and name, all in one run"""
        self.refused([HEAD, ROW, "0,65536,192.0.2.1,1701,192.0.2.9,4,10.0.0.3", "a" + OTHER, "7,10",
                      OTHER.replace("192.0.2.9", "192.0.2.256"), OTHER.replace("10.0.0.2", "::1"),
                      OTHER.replace("40000", "-1"), OTHER.replace("10.0.0.2", "224.0.0.1")],
                     "t.csv:3: tunnel: a number from 1 to 65535, not '0'", "t.csv:4: tunnel", "t.csv:5: 2 fields",
                     "t.csv:6: peer_address: an IPv4 address, not '192.0.2.256'", "t.csv:7: address",
                     "t.csv:8: peer_port", "t.csv:9: address: no host has 224.0.0.1")

    def test_digits(self):
        """digits that are not ASCII's, signs, points"""
        for number in ("\u0667", "+7", "7.0", "0x7", "", "1" * 30):
            self.refused([HEAD, number + ROW[1:]], "t.csv:2: tunnel")

    def test_twice(self):
        """a session or an address that is there twice, with both lines"""
        self.refused([HEAD, ROW, OTHER, ROW], "t.csv:4: the session is that of line 2")
        self.refused([HEAD, ROW, OTHER.replace("10.0.0.2", "10.0.0.1")],
                     "t.csv:3: the address is that of line 2")

    def test_long(self):
        """a line without end, an open quotation, zero bytes"""
        self.refused([HEAD, "1" * 10000], "t.csv:2: no line of a table")
        self.refused([HEAD, '"7,9'], "t.csv:2:")
        self.refused([HEAD, ROW + "\0"], "t.csv:2: no line of a table")

    def test_many(self):
        """of a thousand faults ten are told"""
        self.refused([HEAD] + ["x"] * 1000, "t.csv:11:", "and perhaps more")

    def test_rubbish(self):
        """10,000 mutated tables are read or refused, and nothing else"""
        rng = random.Random(3)
        good = "\n".join(made_up.csv(made_up.sessions(3, 2)))
        for _ in range(10000):
            text = list(good)
            for _ in range(rng.randrange(1, 6)):
                text[rng.randrange(len(text))] = chr(rng.choice((0, 10, 34, 44, 46, 48, 57, 255, 8364)))
            try:
                parse("".join(text).split("\n"))
            except BadTable:
                pass


class Lacs(unittest.TestCase):
    def test_subsets(self):
        """1, 8 and 1,000 LACs: so many peers, with all of their sessions"""
        made = made_up.sessions(4000, 1000)
        for lacs in (1, 8, 1000):
            of = sessions_table.of_lacs(made, lacs)
            chosen = {s.peer for s in of}
            self.assertEqual(len(chosen), lacs)
            self.assertEqual(sorted(of, key=repr), sorted((s for s in made if s.peer in chosen), key=repr))

    def test_seed(self):
        """of one seed the same LACs, of another others, of those with most sessions first"""
        made = made_up.sessions(400, 100) + made_up.sessions(401, 401, seed=9)[-1:]
        self.assertEqual(sessions_table.of_lacs(made, 8, 5), sessions_table.of_lacs(made, 8, 5))
        self.assertNotEqual(sessions_table.of_lacs(made, 8, 5), sessions_table.of_lacs(made, 8, 6))
        self.assertNotIn(made[-1], sessions_table.of_lacs(made, 100))

    def test_too_many(self):
        """more than there are, and none"""
        with self.assertRaisesRegex(BadTable, "9 LACs are asked for, and the table's sessions come from 8"):
            sessions_table.of_lacs(made_up.sessions(100, 8), 9)
        with self.assertRaisesRegex(BadTable, "0 LACs: at least 1"):
            sessions_table.of_lacs(made_up.sessions(100, 8), 0)


if __name__ == "__main__":
    tap.main()
