# SPDX-License-Identifier: BSD-3-Clause
"""A profile for TRex's console: an LNS's load, of a table of sessions.

    start -f tests/trex/culvert_profile.py --port 0 -t --table /tmp/sessions.csv --traffic up --pps 1000000

`-t --help` tells what there is. The rate is what --pps says where start has no -m, or -m 1.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from trex.stl import api  # noqa: E402

import floods  # noqa: E402
import l2tp_streams  # noqa: E402
import sessions_table  # noqa: E402

BOTH = "both"


def arguments(tunables):
    parser = argparse.ArgumentParser(prog="culvert_profile.py", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--table", required=True, help="CSV file of culvertctl sessions --trex")
    parser.add_argument("--traffic", default=l2tp_streams.CLIENTS, choices=[*l2tp_streams.DIRECTIONS, BOTH],
                        help="clients to the uplink, the uplink to clients, clients to clients; both: up on "
                             "even ports, down on odd ones")
    parser.add_argument("--pps", type=float, default=1000, help="packets a second of a port, in all")
    parser.add_argument("--size", default="64", help="bytes of the inner packet, 64 to 9000, or imix")
    parser.add_argument("--lacs", type=int, help="sessions of so many LACs alone")
    parser.add_argument("--network", default=l2tp_streams.NETWORK, help="what is behind the LNS's uplink")
    parser.add_argument("--seed", type=int, default=1, help="of the order of rows, and of floods")
    parser.add_argument("--latency", type=float, default=0, metavar="PPS",
                        help="beside the load, a stream with time stamps, packet group 1")
    parser.add_argument("--tagged", type=float, default=0, metavar="PPS",
                        help="beside it, a stream with numbers, tagged packet group 0 (after tpg_enable)")
    parser.add_argument("--flood", choices=floods.KINDS, help="what strangers send, beside it")
    parser.add_argument("--flood-pps", type=float, default=1000)
    return parser.parse_args(tunables)


class Profile:
    def get_streams(self, tunables=(), **where):
        args = arguments(list(tunables))
        sessions = sessions_table.read(args.table)
        if args.lacs is not None:
            sessions = sessions_table.of_lacs(sessions, args.lacs, args.seed)
        way = args.traffic
        if way == BOTH:
            way = l2tp_streams.DOWN if where.get("direction", 0) % 2 else l2tp_streams.UP
        streams = l2tp_streams.plan(sessions, way, args.size, args.pps, args.seed, args.network)
        for kind, group in (("latency", 1), ("tagged", 0)):
            pps = getattr(args, kind)
            if pps > 0:
                streams.append(l2tp_streams.stamped(sessions, way, args.size, pps, kind, group, args.seed,
                                                    args.network))
        if args.flood and way != l2tp_streams.DOWN:
            streams.append(floods.flood(sessions, args.flood, args.flood_pps, args.seed))
        return l2tp_streams.build(api, streams)


def register():
    return Profile()
