#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends a running culvertd what nobody should, and sees that it minds none of it.

usage: hostile.py INTERFACE LNS-ADDRESS LNS-IPV6-ADDRESS PID CULVERTCTL...

Speaks to culvertd over raw frames on INTERFACE, whose kernel has no address of its own, and reads
its counters with CULVERTCTL. After each case the counters that it names have risen by exactly
that much and no other has, nothing came back that was not asked for, culvertd still answers ARP,
ping and an SCCRQ, and two clients reach each other over both families. Prints "ok TEXT" or "not ok TEXT" for each, and what was wrong.
"""
import random
import sys
import time

from client import Client, Pair
from frames import ALL, ARP, ICMP, arp, ether, icmp, sccrq
from hostile_ip import (
    arp_cases, burst, fragments, icmp_cases, ip_cases, odd_echoes, random_address)
from hostile_inner import forms, inner, paths
from hostile_ip6 import fragments as fragments6
from hostile_ip6 import outer6
from hostile_ip6 import paths as paths6
from hostile_l2tp import (
    l2tp_header_cases, l2tp_in_order, l2tp_tunnel_cases, session_cases, windows)
from judge import Judge
from wire import OTHER_MAC, PATIENCE_S, Tunnel, Wire, Wire6, Wrong

FLOOD = 20000
HALF_OPEN = 5000  # as hostile.sh configures it
RSS_MAX_KB = 8 << 10  # for so many callers, and 1,024 neighbours


def floods(judge, wire):
    """Many of one kind."""
    judge.judge("IP: 5,000 first fragments of one number, no two the same",
                {"REASSEMBLE_OVERLAP": 5000}, lambda: burst(
                    wire, lambda i: wire.packet(random.randbytes(64), fragment=0x2000), 5000))
    judge.judge("ARP: 2,000 stations announce themselves", {"LOCAL_ARP_IGNORED": 2000},
                lambda: burst(wire, lambda i: ether(ALL, OTHER_MAC, arp(
                    2, OTHER_MAC, f"192.0.2.{i % 20 + 200}", ALL, wire.lns), ARP), 2000))
    echo = wire.packet(icmp(8), ICMP)
    burst(wire, lambda i: echo, 6000)
    wire.strays.clear()
    limited = wire.counts().get("LOCAL_ECHO_LIMIT", 0)
    judge.say("ICMP: 6,000 echo requests are answered up to a rate",
              [] if limited else ["LOCAL_ECHO_LIMIT is 0"])
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:  # the rate's bucket fills again
        try:
            judge.answers()
            break
        except Wrong:
            pass
    wire.strays.clear()
    judge.before = wire.counts()


def memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line.split()[1] for line in status if line.startswith("VmRSS:")))


def sccrq_flood(judge, wire, pid):
    """20,000 SCCRQs, twice."""
    def request(i):
        return wire.datagram(sccrq(i + 1), source=random_address(), port=random.randrange(1, 65536))

    for attempt in ("first", "second"):
        before, kept = wire.counts(), memory_kb(pid)
        wrong = []
        try:
            burst(wire, request, FLOOD)
            wire.strays.clear()
            judge.held.hello()
        except Wrong as error:
            wrong.append(str(error))
        grown = memory_kb(pid) - kept
        after = wire.counts()
        risen = {name: after[name] - before.get(name, 0) for name in after}
        counted = sum(by for name, by in risen.items()
                      if name.startswith("limit-") or name in ("PUNT_NEW_FULL", "PUNT_NEW_SHARE"))
        print(f"# {attempt} flood: {grown} kB more, {counted} of {FLOOD} over a limit", flush=True)
        if not FLOOD - HALF_OPEN - 1000 <= counted <= FLOOD:
            wrong.append(f"over a limit are {counted}: {risen}")
        if not risen.get("limit-half-open"):
            wrong.append("limit-half-open did not rise")
        if grown > RSS_MAX_KB:
            wrong.append(f"it took {grown} kB")
        judge.say(f"{FLOOD:,} SCCRQs from anywhere, {attempt} time: counted, memory bounded, "
                  "a tunnel beside them still served", wrong)
        settle(judge, wire)


def settle(judge, wire):
    """Until the callers of the flood are forgotten."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        status = wire.ask("status")
        if status["half_open_tunnels"] == 0 and status["tunnels"] < 5:
            break
        wire.drain()
    wire.drain()
    judge.before = wire.counts()
    judge.judge("and after it new tunnels are taken again", {}, lambda: None)


def main(arguments):
    interface, lns, lns6, pid, *culvertctl = arguments
    wire = Wire(interface, lns, culvertctl)
    wire6 = Wire6(wire, lns6)
    held, held6 = Tunnel(wire).establish(), Tunnel(wire6).establish()
    # one of the two is reached over IPv6
    pair = Pair(wire, Client(wire, "userA", "pass-a"), Client(wire6, "userB", "pass-b"))
    judge = Judge(wire, held, pair)
    judge.judge("nothing wrong: nothing counted", {}, lambda: None)
    judge.each(l2tp_header_cases(wire, held))
    judge.each(l2tp_tunnel_cases(wire, held))
    l2tp_in_order(judge, wire, held)
    windows(judge, wire)
    session_cases(judge, wire, held)
    forms(judge, pair)
    judge.each(ip_cases(wire))
    judge.each(arp_cases(wire))
    judge.each(icmp_cases(wire))
    odd_echoes(judge, wire)
    fragments(judge, wire, held)
    outer6(judge, wire6)
    fragments6(judge, wire6, held6)
    inner(judge, pair)
    paths(judge, pair)
    paths6(judge, pair, wire6)
    floods(judge, wire)
    sccrq_flood(judge, wire, pid)
    held.close()
    held6.close()
    return judge.failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
