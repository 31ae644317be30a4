#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The bench runs, and says what it promises to programs; no figure fails. usage: test_bench.py BENCH"""
import json
import os
import subprocess
import sys

BENCH = sys.argv[1]

# Names that programs rely on, with the number of rows of each when little is measured.
NAMES = """relay relay.udp relay.cold limit limit.cold macswap macswap.cold relay.gateways relay.gateways6 relay.rules relay.rules10k relay.rules6
relay.listeners relay.vlans relay.length relay.compressed relay.nosum relay.outer6 relay.inner6 relay.both6 relay.lac1 relay.lac8 relay.lac1000
switch switch.both6 uplink.relay decap encap relay.scan relay.nobody
flood.unknown flood.source flood.spoofed flood.refused flood.unroutable flood.checksum flood.port
flood.stranger flood.version flood.sccrq flood.control flood.stun flood.answered stun stun.relay stun.flood stun.cost
rebind.forged rebind.followed rebind.cost workers.limit workers.two workers.lac1
workers.lac8 workers.lac1000 churn churn.rate relay.memif macswap.memif relay.memif.imix
macswap.memif.imix latency.p50 latency.p99 latency.p999 latency.p50.load90 latency.p99.load90
latency.p999.load90 setup setup.address setup.port
setup.tunnel setup.wire setup.forged memory memory.session memory.lac
memory.lac.session lookup.routes10 lookup.routes1m timers.tick timers.fire
client.up client.down client.kernel.up client.kernel.down client.xl2tpd.up client.xl2tpd.down
client.native.up client.native.down client.thread.up client.thread.down
client.packet.up client.packet.down load.calls load.up load.held load.memory""".split()
# what is measured outside of the bench, which --brief leaves out
OUTSIDE = [name for name in NAMES if name.startswith(("client.", "load."))]
NEED_TWO_CPUS = [name for name in NAMES if name.startswith(("workers.", "churn", "latency."))
                 or ".memif" in name]
MACHINE = {"cpu": str, "cpus_allowed": int, "cpus_used": list, "tsc_ghz": float,
           "core_clocks_per_cycle": float, "kernel": str, "dpdk": str, "hugepages": bool,
           "transparent_hugepages": str, "load": float}
ROW = {"name": (str,), "sessions": (int, type(None)), "frame_bytes": (int, type(None)),
       "value": (float, type(None)), "unit": (str,), "goal": (float, type(None)),
       "limit": (float, type(None))}
count = 0


def check(name, wrong):
    global count
    count += 1
    print(f"{'not ok' if wrong else 'ok'} {count} - {name}")
    for line in wrong[:20]:
        print(f"# {line}")


def run(*args):
    return subprocess.run([BENCH, *args], capture_output=True, text=True, timeout=500)


def of_type(value, types):
    return isinstance(value, types) and not (isinstance(value, bool) and bool not in types)


def row_faults(row):
    if list(row) != list(ROW):
        return [f"keys of {row}"]
    faults = [f"{key} of {row}" for key, types in ROW.items() if not of_type(row[key], types)]
    if row["value"] is not None and row["value"] <= 0 and row["unit"] != "%":
        faults.append(f"value of {row}")
    return faults


def looks():
    listed = run("--list").stdout.split("\n")
    check("--list has the names that programs rely on, and no other",
          sorted(set(NAMES) ^ {line.split()[0] for line in listed if line}))
    ran = run("--brief", "--json")
    check("it runs", [] if ran.returncode == 0 else [f"exit code {ran.returncode}"] + ran.stderr.split("\n"))
    out = json.loads(ran.stdout)
    check("machine and rows, and no more", sorted(set(out) ^ {"machine", "rows"}))
    machine = out["machine"]
    check("the machine", [f"{key}: {machine.get(key)!r}" for key in MACHINE.keys() | machine.keys()
                          if key not in MACHINE or not of_type(machine.get(key), (MACHINE[key],))])
    allowed = sorted(os.sched_getaffinity(0))
    check("the last CPUs that may be used are used",
          [] if machine["cpus_used"] == allowed[::-1][:2] else [f"{machine['cpus_used']} of {allowed}"])
    rows = out["rows"]
    check("each row is what it should be", [fault for row in rows for fault in row_faults(row)])
    keys = [(row["name"], row["sessions"], row["frame_bytes"]) for row in rows]
    check("no row is there twice", sorted({str(key) for key in keys if keys.count(key) > 1}))
    check("each name has a row, and each row a name",
          sorted(set(NAMES) ^ {row["name"].removesuffix(".p10") for row in rows}))
    lacking = OUTSIDE + (NEED_TWO_CPUS if len(allowed) < 2 else [])
    check("each row has a value", [row["name"] for row in rows
                                   if row["value"] is None and row["name"] not in lacking])
    relay = [row for row in rows if row["name"] == "relay"]
    check("relay has a goal and, in the same run, the limit", [row["name"] for row in relay
          if row["goal"] is None or row["limit"] is None] + ([] if relay else ["no relay"]))


def options():
    for args in (["--no-such"], ["--only", "no-such"], ["--only", "no-such."], ["--only"],
                 ["--sessions", "0"], ["--sessions", "1x"], ["--sessions", "-1"], ["extra"]):
        ran = run(*args)
        check(f"{' '.join(args)} is refused", [] if ran.returncode == 2 and ran.stderr and not ran.stdout
              else [f"exit code {ran.returncode}: {ran.stdout}{ran.stderr}"])
    ran = run("--help")
    check("--help", [] if ran.returncode == 0 and "EXIT STATUS" in ran.stdout else [ran.stderr])
    first = min(os.sched_getaffinity(0))
    ran = subprocess.run(["taskset", "-c", str(first), BENCH, "--brief", "--json", "--only", "limit"],
                         capture_output=True, text=True, timeout=100)
    out = json.loads(ran.stdout)
    check("it stays on the CPU that it was given", [] if out["machine"]["cpus_used"] == [first]
          and {row["name"] for row in out["rows"]} == {"limit", "limit.p10"} else [ran.stdout + ran.stderr])


looks()
options()
print(f"1..{count}")
