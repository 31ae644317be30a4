#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""rates.py [CYCLES...]: what cycles a packet are worth, and what a line carries, as the tables of
config/THROUGHPUT.md."""
import sys

from l2tp_streams import IMIX

SIZES = (64, 128, 256, 512, 1024, 1400, "imix", 9000)
LINES_GBIT = (10, 25, 40, 100)
TUNNEL = 20 + 8 + 6 + 4  # IPv4, UDP, L2TP without its optional fields, PPP (RFC 2661, 3.1; RFC 1661, 2)
FRAME = 14 + 4  # Ethernet's header and its check sequence
WIRE = 8 + 12  # preamble and the gap between frames
LEAST = 46  # bytes in a frame
CYCLES = (55, 80, 100, 170, 250)
CLOCKS_GHZ = (2.0, 2.5, 3.0, 3.5)
WORKERS = (2, 4, 8, 16)
MIDDLE_GHZ = 3.0


def wire_bytes(size, tunnelled):
    """What a packet of so many bytes takes of a line's time; of IMIX the mean."""
    if size == "imix":
        return sum(wire_bytes(s, tunnelled) * share for s, share in IMIX.items()) / sum(IMIX.values())
    return max(LEAST, size + TUNNEL * tunnelled) + FRAME + WIRE


def line_mpps(gbit, size, tunnelled):
    """Millions of packets a second that fill it one way."""
    return gbit * 1e3 / 8 / wire_bytes(size, tunnelled)


def worker_mpps(cycles, ghz, workers=1):
    """Millions of packets a second of so many workers, if none waits for another."""
    return ghz * 1e3 / cycles * workers


def table(head, rows):
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]


def workers_table(cycles):
    head = ["cycles a packet"] + [f"1 at {ghz:g} GHz" for ghz in CLOCKS_GHZ]
    head += [f"{workers} at {MIDDLE_GHZ:g} GHz" for workers in WORKERS]
    return table(head, [[each] + [f"{worker_mpps(each, ghz):.1f}" for ghz in CLOCKS_GHZ] +
                        [f"{worker_mpps(each, MIDDLE_GHZ, n):.0f}" for n in WORKERS] for each in cycles])


def lines_table():
    head = ["inner bytes", "on the line, clients", "uplink"]
    head += [f"{gbit}G clients" for gbit in LINES_GBIT] + [f"{gbit}G uplink" for gbit in LINES_GBIT]
    return table(head, [
        [size] + [f"{wire_bytes(size, side):.0f}" for side in (True, False)] +
        [f"{line_mpps(gbit, size, side):.2f}" for side in (True, False) for gbit in LINES_GBIT] for size in SIZES])


def main(cycles):
    print("\n".join([*workers_table([int(c) for c in cycles] or CYCLES), "", *lines_table()]))


if __name__ == "__main__":
    main(sys.argv[1:])
