#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What those who look cost those who are looked at.

usage: look.py LNS SESSIONS CULVERTCTL...

Opens SESSIONS sessions in one tunnel (PAP, users u0, u1, ... of 1,000 sessions each, password
"secret") from this namespace's address. Then packets go from the first to the second, one a
millisecond, twice: alone, and while culvertctl asks for all sessions again and again. The kernel's
stamps on what arrives tell how long each took; on a busy machine that is more about the machine, so
what must hold is what Culvert says of itself: the CPU time of its longest answer, for which packets
have waited (LOOK_SLOWER times as much where it is sanitized). Prints lines of TAP without numbers.
"""
import json
import os
import socket
import struct
import subprocess
import sys
import time

from frames import CONTROL, avp, avps_of, ipv4

BOUND_US = 8000  # of CPU time that one answer may keep packets from a worker
WINDOW = 60
LCP, PAP, IPCP = 0xC021, 0xC023, 0x8021
REQUEST, ACK, NAK = 1, 2, 3
ESP = 50
SCCRP, SCCCN, ICRQ, ICRP, ICCN = 2, 3, 10, 11, 12
TUNNEL = 77
SO_TIMESTAMPNS = 35


def u16(*values):
    return struct.pack(f"!{len(values)}H", *values)


class Lac:
    """One tunnel, and what its sessions have come to."""

    def __init__(self, lns):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("", 1701))
        self.socket.connect((lns, 1701))
        self.socket.settimeout(1)
        self.ns = self.nr = self.acked = self.peer = 0
        self.calls = {}  # ours -> theirs
        self.open = {}  # ours -> address

    def control(self, kind, session=0, avps=b""):
        body = b"" if kind is None else avp(0, u16(kind)) + avps
        self.socket.send(
            u16(CONTROL, 12 + len(body), self.peer, session, self.ns, self.nr) + body)
        self.ns += kind is not None

    def ppp(self, session, protocol, payload):
        self.socket.send(u16(2, self.peer, self.calls[session]) + b"\xff\3" + u16(protocol) + payload)

    def request(self, session, protocol, code, options=b"", ident=1):
        self.ppp(session, protocol, struct.pack("!BBH", code, ident, 4 + len(options)) + options)

    def receive(self):
        """(type or None, session, AVPs) of a control message, or (protocol, session, packet)."""
        message = self.socket.recv(2048)
        flags = struct.unpack("!H", message[:2])[0]
        if flags & 0x8000:
            _, session, ns, nr = struct.unpack("!4H", message[4:12])
            self.acked = max(self.acked, nr)
            if len(message) == 12:
                return None, session, b""
            if ns != self.nr:
                self.control(None)
                return None, session, b""
            self.nr += 1
            kind = struct.unpack("!H", message[18:20])[0]
            return kind, session, dict(avps_of(message))
        at = 4 if flags & 0x4000 else 2
        session = struct.unpack("!H", message[at + 2:at + 4])[0]
        ppp = message[at + 4:]
        ppp = ppp[2:] if ppp[:2] == b"\xff\3" else ppp
        if ppp[0] & 1:
            return ppp[0], session, ppp[1:]
        return struct.unpack("!H", ppp[:2])[0], session, ppp[2:]

    def answer(self, protocol, session, packet):
        """The client's side of LCP, PAP and IPCP, where nothing is lost."""
        code, ident, length = struct.unpack("!BBH", packet[:4])
        options = packet[4:length]
        if code == REQUEST and protocol in (LCP, IPCP):
            self.request(session, protocol, ACK, options, ident)
            if protocol == LCP:
                self.request(session, LCP, REQUEST)
            else:
                self.request(session, IPCP, REQUEST, b"\3\6\0\0\0\0")
        elif code == ACK and protocol == LCP:
            name = b"u%d" % ((session - 1) // 1000)
            self.request(session, PAP, REQUEST,
                         bytes([len(name)]) + name + b"\6secret")
        elif code == NAK and protocol == IPCP:
            self.request(session, IPCP, REQUEST, options, 2)
        elif code == ACK and protocol == IPCP:
            self.open[session] = socket.inet_ntoa(options[2:6])

    def take(self):
        kind, session, rest = self.receive()
        if kind == ICRP:
            self.calls[session] = struct.unpack("!H", rest[14])[0]
            self.control(ICCN, self.calls[session], avp(24, bytes(4)) + avp(19, bytes(4)))
        elif kind in (LCP, PAP, IPCP):
            self.answer(kind, session, rest)
        elif kind not in (None, ICRP) and isinstance(rest, dict):
            self.control(None)
        return kind, session, rest

    def dial(self, sessions):
        self.control(1, avps=avp(2, u16(0x100)) + avp(3, bytes(4)) + avp(7, b"look") +
                     avp(9, u16(TUNNEL)) + avp(10, u16(1024)))
        kind, _, avps = self.receive()
        assert kind == SCCRP, f"no SCCRP but {kind}"
        self.peer = struct.unpack("!H", avps[9])[0]
        self.control(SCCCN)
        asked = 0
        idle = 0
        while len(self.open) < sessions:
            while asked < sessions and asked - len(self.open) < WINDOW:
                asked += 1
                self.control(ICRQ, avps=avp(14, u16(asked)) + avp(15, bytes(4)))
            try:
                self.take()
                idle = 0
            except socket.timeout:
                idle += 1
                assert idle < 10, f"{len(self.open)} of {asked} sessions came up"


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def delays(lac, number):
    """Milliseconds of each packet from the first session to the second, and how many are lost."""
    took, sent, bound = [], {}, time.monotonic() + 60
    for i in range(number):
        packet = ipv4(lac.open[1], lac.open[2], bytes(30) + u16(i & 0xFFFF), ESP)
        sent[i & 0xFFFF] = time.time()
        lac.ppp(1, 0x21, packet)
        end = time.monotonic() + 0.001
        while time.monotonic() < end:
            collect(lac, sent, took)
    while sent and time.monotonic() < bound and collect(lac, sent, took, 0.5):
        pass
    return took, len(sent)


def collect(lac, sent, took, wait=0.001):
    lac.socket.settimeout(wait)
    try:
        message, ancillary, _, _ = lac.socket.recvmsg(2048, 256)
    except (socket.timeout, BlockingIOError):
        return False
    if message[0] & 0x80:
        return True
    seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
    number = struct.unpack("!H", message[-2:])[0]
    if number in sent:
        took.append(1000 * (seconds + nanoseconds / 1e9 - sent.pop(number)))
    return True


def say(good, text):
    print("ok" if good else "not ok", text, flush=True)


def page(ctl):
    """How many rows one request gets, asked as culvertctl asks."""
    path = ctl[ctl.index("--socket") + 1]
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b'{"command": "sessions"}\n')
        answer = b""
        while True:
            more = s.recv(1 << 16)
            if not more:
                break
            answer += more
    return json.loads(answer)["result"]


def main(lns, sessions, *ctl):
    sessions = int(sessions)
    lac = Lac(lns)
    lac.dial(sessions)
    say(True, f"{sessions} sessions are up")
    got = page(list(ctl))
    say(0 < len(got["rows"]) <= 100 and got["next"] > 0,
        "one request gets no more than 100 of them, and where the next begins")
    whole = json.loads(subprocess.run([*ctl, "--json", "sessions"], check=True,
                                      capture_output=True).stdout)["rows"]
    say(len({row["session"] for row in whole}) == sessions == len(whole),
        "culvertctl sessions has each of them once")
    lac.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    delays(lac, 300)
    alone, lost_alone = delays(lac, 3000)
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    watcher = subprocess.Popen(
        ["sh", "-c", 'n=0; while "$@" >/dev/null; do n=$((n + 1)); done', "sh", *ctl, "--json",
         "sessions"], env=environment)
    looked, lost = delays(lac, 3000)
    still = watcher.poll() is None
    watcher.terminate()
    watcher.wait()
    status = json.loads(subprocess.run([*ctl, "--json", "status"], check=True,
                                       capture_output=True).stdout)
    a, b = percentile(alone, 0.99), percentile(looked, 0.99)
    print(f"# delay of 99 of 100 packets: {a:.2f} ms alone, {b:.2f} ms while sessions are looked "
          f"at; the longest {max(alone):.2f} and {max(looked):.2f} ms; "
          f"{lost_alone} and {lost} lost of 3000", flush=True)
    print(f"# the longest answer took {status['longest_answer_us']} us of CPU", flush=True)
    say(still and lost == 0, "no packet is lost while they are looked at again and again")
    say(0 < status["longest_answer_us"] < BOUND_US * int(os.environ.get("LOOK_SLOWER", 1)),
        f"no answer has kept the worker from packets for more than {BOUND_US} us of CPU")


if __name__ == "__main__":
    main(*sys.argv[1:])
