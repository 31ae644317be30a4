# SPDX-License-Identifier: BSD-3-Clause
"""Runs hostile cases: each is counted by its name, nothing else changes, and culvertd goes on."""
import random
import subprocess

from frames import ICMP, icmp
from wire import Tunnel, Wrong, udp_of


class Judge:
    """Runs cases, and counts what changed."""

    def __init__(self, wire, held, pair):
        self.wire, self.held, self.pair = wire, held, pair
        self.before = wire.counts()
        self.failed = 0

    def answers(self):
        """culvertd answers ARP, ping and SCCRQ, knows the tunnel that is held, and two clients
        reach each other over both families."""
        wire = self.wire
        wire.arp_answers()
        token = random.randbytes(8)
        wire.send(wire.packet(icmp(8, payload=token), ICMP))
        wire.until(lambda f: f[12:14] == b"\x08\x00" and f[23] == ICMP and f[34] == 0 and
                   f[42:50] == token, "echo reply")
        Tunnel(wire).establish().close()
        self.held.hello()
        self.pair.works()

    def strays(self):
        """What came back unasked. What is for tunnels of ours is not: they have timers."""
        strays, self.wire.strays = self.wire.strays, []
        ours = range(20001, 20001 + Tunnel.number)
        return [frame.hex(" ", 2) for frame in strays[:100]
                if (udp_of(frame) or (0,))[0] not in ours]

    def judge(self, text, expected, act):
        """One case: act() is done, and then these names have risen by these numbers, beside the
        one for tunnels that we opened."""
        wrong, tunnels = [], Tunnel.established
        try:
            act()
            self.answers()
        except (Wrong, OSError, subprocess.SubprocessError) as error:
            wrong.append(str(error))
        after = self.wire.counts()
        risen = {name: after[name] - self.before.get(name, 0) for name in after}
        risen = {name: by for name, by in risen.items() if by}
        self.before = after
        expected = expected | {"tunnels-opened": Tunnel.established - tunnels}
        if risen != expected:
            wrong.append(f"risen: {risen}, expected: {expected}")
        wrong += [f"unasked: {frame}" for frame in self.strays()[:2]]
        self.say(text, wrong)

    def say(self, text, wrong):
        print("not ok" if wrong else "ok", text, flush=True)
        for line in wrong:
            print(f"# {line}", flush=True)
        self.failed += bool(wrong)

    def each(self, cases):
        """Cases of one frame and one drop: (text, drop or None, frame)."""
        for text, drop, frame in cases:
            self.judge(text, {drop: 1} if drop else {}, lambda frame=frame: self.wire.send(frame))
