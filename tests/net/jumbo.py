#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Two clients whose paths carry jumbo frames exchange packets far above 1,500 bytes.

usage: jumbo.py INTERFACE LNS-ADDRESS MRU CULVERTCTL...

MRU: what culvertd offers, as its configuration says, and what the clients offer. Prints "ok TEXT" or
"not ok TEXT" for each.
"""
import random
import struct
import sys

from client import ESP, IP, IPV6, Client
from frames import checksum, ipv4, ipv6
from hostile_inner import told
from wire import Wire, Wrong


def through(a, b, size, six, **form):
    """A packet of so many bytes from one to the other, bit for bit but for a hop."""
    if six:
        packet = ipv6(a.address6(), b.address6(), random.randbytes(size - 40), ESP)
    else:
        packet = ipv4(a.address, b.address, random.randbytes(size - 20), ESP, fragment=0x4000)
    b.inbox.clear()
    a.send(IPV6 if six else IP, packet, **form)
    got = b.until(IPV6 if six else IP, lambda p: p[-16:] == packet[-16:], f"{size} bytes")
    if six:
        right = got == packet[:7] + b"\x3f" + packet[8:]
    else:
        right = (got[:8] + got[9:10] + got[12:] == packet[:8] + packet[9:10] + packet[12:] and
                 got[8] == 63 and not checksum(got[:20]))
    if not right:
        raise Wrong(f"{size} bytes came as {len(got)}: {got[:60].hex()}")


def sizes(a, b, most):
    for six in (False, True):
        for size in (100, 1500, 1501, 2049, 4097, 8191, most - 1, most):
            through(a, b, size, six)
            through(b, a, size, six, flags=2, head=b"\x57" if six else b"\x21")


def too_large(a, b, pair, most):
    """What is larger than the receiver's MRU is told, with that MRU; nothing else has changed."""
    packet = ipv4(a.address, b.address, bytes(most + 1 - 20), ESP, fragment=0x4000)
    told(pair, IP, packet, 3, 4, 28)
    through(a, b, most, False)


def cut(a, b):
    """8,900 bytes that may be cut, to who takes 1,400: in parts, in order, that are the packet."""
    body = random.randbytes(8880)
    b.inbox.clear()
    a.send(IP, ipv4(a.address, b.address, body, ESP, number=4711))
    got = b""
    while len(got) < len(body):
        part = b.until(IP, lambda p: p[4:6] == struct.pack("!H", 4711), "the next part")
        field = struct.unpack("!H", part[6:8])[0]
        if (field & 0x1FFF) * 8 != len(got) or len(part) > 1400 or checksum(part[:20]):
            raise Wrong(f"a part of {len(part)} bytes at {field:#x}")
        got += part[20:]
    if got != body:
        raise Wrong("the parts are not the packet")


def main(interface, lns, mru, *culvertctl):
    wire = Wire(interface, lns, list(culvertctl))
    mru, bad = int(mru), False

    def check(text, act):
        nonlocal bad
        try:
            act()
            print(f"ok {text}", flush=True)
        except Wrong as wrong:
            bad = True
            print(f"not ok {text}\n# {wrong}", flush=True)
    a, b = (Client(wire, f"user{name}", f"pass-{name.lower()}", mru=mru) for name in "AB")
    small = Client(wire, "userC", "pass-c", mru=1400)

    class Pair:  # as told() has it
        pass
    pair = Pair()
    pair.a, pair.b = a, b
    check(f"culvertd offers an MRU of {mru}", lambda: a.offers(mru))
    check("packets of up to 8,900 bytes pass both ways, IPv4 and IPv6", lambda: sizes(a, b, mru))
    check("one byte more is told, with the MTU that fits", lambda: too_large(a, b, pair, mru))
    check("to a client that takes 1,400 they go in parts", lambda: cut(a, small))
    return bad


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
