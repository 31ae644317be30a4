#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Random packets through the data path and through a model that knows the RFCs and not the code.

usage: test_model.py PUSH [PACKETS [SEED]]

PUSH is tests/model/push. Speaks TAP. Each batch has a seed of its own; a failure says which, and
shows the least that fails: "test_model.py PUSH 1 SEED" does it again. Runs with Debian's python3,
whose package scapy is.
"""
import random
import struct
import subprocess
import sys

try:
    import packets
except ImportError as error:
    print(f"1..1\nok 1 - the model # SKIP python3-scapy is missing (./dpdk-setup.sh install gets it): {error}")
    sys.exit(0)
from form import Form, Out, Wrong, outer
from model import SEND_ECN, Model, Packet, Session

PACKETS, SEED, BATCH = 2000, 20261126, 16
SESSIONS = 48


def sessions():
    """All that both ends may agree on, over both families, for receivers of all sizes."""
    rng = random.Random(1)
    return [Session(i, i % 2 == 1, rng.randrange(16) | SEND_ECN * (i % 5 == 0),
                    (1400, 1400, 1280, 576, 1492, 300)[i // 2 % 6], "ipsec" if i % 3 == 0 else "any")
            for i in range(SESSIONS)]


class Push:
    """The data path, in a process of its own."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.mac = self._read()
        self.sessions = sessions()
        for session in self.sessions:
            self._write(b"S", session.line().encode())

    def _write(self, kind, data=b""):
        self.process.stdin.write(kind + struct.pack("<H", len(data)) + data)

    def _read(self):
        head = self.process.stdout.read(2)
        if len(head) != 2:
            raise Wrong(f"the data path has ended: exit code {self.process.wait()}")
        return self.process.stdout.read(struct.unpack("<H", head)[0])

    def round(self, frames):
        """What comes out for them."""
        try:
            for frame in frames:
                self._write(b"F", frame)
            self._write(b"R")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the reader says so
        found = []
        while frame := self._read():
            found.append(frame)
        return found

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.stdout.close()
        return self.process.wait()


class Message:
    """A data message, in one or several frames."""

    def __init__(self, rng, session, packet):
        self.session, self.packet = session, packet
        self.form = Form(rng, session)
        self.again = False
        self.cut = rng.random() < 0.25
        self.cuts_from = rng.random()

    def frames(self, mac):
        six = self.packet[0] >> 4 == 6
        message = self.form.message(self.session, self.packet, six)
        cuts = []
        if self.cut:
            rng = random.Random(self.cuts_from)
            places = range(48, len(message), 8)  # of any size but the first
            cuts = sorted(rng.sample(places, min(len(places), rng.randrange(1, 8))))
            frames = list(outer(self.session, self.form, message, mac, cuts))
            rng.shuffle(frames)
            return frames
        return list(outer(self.session, self.form, message, mac))


def batch(rng, all_sessions):
    """Messages of a few senders, as they are sent."""
    senders, messages = rng.sample(all_sessions, 3), []
    while len(messages) < BATCH:
        session = rng.choice(senders)
        to = rng.choice([s for s in all_sessions if s is not session])
        six = bool(session.prefix6 and to.prefix6) and rng.random() < 0.5
        source = session.prefix6 + "1" if six else session.address4
        target = to.prefix6 + "2" if six else to.address4
        if rng.random() < 0.04:
            found = [packets.echo(rng, source, six)]
        elif rng.random() < 0.02:  # of somebody else
            found = (packets.inner6(rng, to.prefix6 + "3", target) if six else
                     packets.inner4(rng, to.address4, target))[:1]
        else:
            found = (packets.inner6 if six else packets.inner4)(rng, source, target)
        messages += [Message(rng, session, packet) for packet in found]
    return messages


def arrange(rng, messages):
    """Senders' frames may come in any order, one sender's in its own; where Ns tell the order, two
    messages are now and then turned round."""
    for a, b in zip(messages, messages[1:]):
        if a.session is b.session and a.session.sequenced and rng.random() < 0.3:
            i = messages.index(a)
            messages[i:i + 2] = [b, a]
    return messages


def run(push, messages, rng):
    """One batch through both. Raises Wrong."""
    model = Model(push.sessions)
    for message in messages:
        session = message.session
        if session.sequenced:
            message.form.ns = session.ns
            session.ns = session.ns + 1 & 0xFFFF
        model.arrive(session, message.packet, message.form.tos)
    frames = [f for m in arrange(rng, list(messages)) for f in m.frames(push.mac)]
    for frame in push.round(frames):
        try:
            model.see(Out(frame, push.mac, push.sessions))
        except Wrong as wrong:
            raise Wrong(f"{wrong}\nthe frame {frame.hex()}") from None
    model.settle()


def replay(program, seed, keep=None):
    """A batch on a data path of its own; keep: only those messages. What is wrong, or None."""
    push, rng = Push(program), random.Random(seed)
    messages = batch(rng, push.sessions)
    chosen = messages if keep is None else [messages[i] for i in keep]
    try:
        run(push, chosen, rng)
        return None, chosen
    except Wrong as wrong:
        return str(wrong), chosen
    finally:
        push.close()


def least(program, seed):
    """The fewest messages of a batch with which it fails, and how."""
    wrong, messages = replay(program, seed)
    if wrong is None:
        return "nothing, on a data path of its own: it needs the batches before", []
    keep = list(range(len(messages)))
    for i in list(keep):
        fewer = [k for k in keep if k != i]
        again, chosen = replay(program, seed, fewer) if fewer else (None, [])
        if again is not None:
            keep, wrong, messages = fewer, again, chosen
    return wrong, messages


def show(program, seed, wrong):
    print(f"# batch of seed {seed}: again by test_model.py PUSH 1 {seed}")
    for line in wrong.splitlines():
        print(f"# {line}")
    wrong, messages = least(program, seed)
    print("# the least that fails:")
    for line in wrong.splitlines():
        print(f"#   {line}")
    for message in messages:
        form = {k: v for k, v in vars(message.form).items() if v}
        packet = Packet(message.packet)
        print(f"# session {message.session.index} ({message.session.line()})")
        print(f"#   {form} protocol {packet.protocol}, {len(packet.data)} bytes, in "
              f"{len(message.frames(b'mac' * 2))} frames: {message.packet.hex()}")


def main():
    program = sys.argv[1]
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else PACKETS
    first = int(sys.argv[3]) if len(sys.argv) > 3 else SEED
    push, done, seed = Push(program), 0, first
    print("1..1", flush=True)
    while done < wanted:
        rng = random.Random(seed)
        messages = batch(rng, push.sessions)
        try:
            run(push, messages, rng)
        except Wrong as wrong:
            print("not ok 1 - what comes out is what the model says")
            show(program, seed, str(wrong))
            return 1
        done, seed = done + len(messages), seed + 1
    code = push.close()
    print(f"# {done} packets, seeds {first} to {seed - 1}; exit code {code}")
    print(f"{'not ok' if code else 'ok'} 1 - what comes out is what the model says")
    return code != 0


if __name__ == "__main__":
    sys.exit(main())
