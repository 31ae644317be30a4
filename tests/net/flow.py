#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""flow.py serve ADDRESS: sends back what comes by TCP and UDP, ports 5001 and 5002.

flow.py run OWN ADDRESS FILE: one TCP connection and one UDP flow to there, a message on each every 20 ms, until
it is killed. FILE says every 100 ms how many came back of each, and for how long at most none did, in ms: "UDP
DARK TCP DARK". Who removes FILE, or sends SIGCONT, has darkness counted from then on. TCP's bytes must come back as they
went: else, and when the connection breaks, FILE says "broken", and it ends."""
import os
import select
import signal
import socket
import sys
import threading
import time

EVERY_S, TELL_S, TCP, UDP, BYTES = 0.02, 0.1, 5001, 5002, 200


def send_back(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


def serve(address):
    tcp, udp = (socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM))
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((address, TCP))
    tcp.listen(4)
    udp.bind((address, UDP))

    def datagrams():
        while True:
            data, peer = udp.recvfrom(2048)
            try:
                udp.sendto(data, peer)
            except OSError:  # an SA that is just being replaced
                pass

    threading.Thread(target=datagrams, daemon=True).start()
    while True:
        threading.Thread(target=send_back, args=tcp.accept()[:1], daemon=True).start()


class Way:
    """What came back one way, and when."""

    def __init__(self):
        self.back = 0
        self.lighten(time.monotonic())

    def lighten(self, now):
        self.last, self.dark = now, 0.0

    def came(self, n):
        now = time.monotonic()
        self.back += n
        self.dark = max(self.dark, now - self.last)
        self.last = now

    def told(self):
        return f"{self.back} {round(max(self.dark, time.monotonic() - self.last) * 1000)}"


def message(number):
    return b"%-*d" % (BYTES, number)


def tell(path, text):
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(text + "\n")
    os.rename(path + ".new", path)


def connected(own, address):
    """A TCP connection, as soon as somebody listens there."""
    while True:
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.bind((own, 0))
        try:
            s.connect((address, TCP))
            return s
        except ConnectionRefusedError:
            s.close()
            time.sleep(0.1)


def run(own, address, path):
    tcp, udp = connected(own, address), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((own, 0))
    udp.connect((address, UDP))
    for s in tcp, udp:
        s.setblocking(False)
    ways = {tcp: Way(), udp: Way()}

    def goes_on(*_):
        for way in ways.values():
            way.lighten(time.monotonic())

    signal.signal(signal.SIGCONT, goes_on)
    number, unsent, held = 0, b"", b""
    send_at = tell_at = time.monotonic()
    tell(path, "0 0 0 0")
    while True:
        now = time.monotonic()
        if now >= send_at:
            send_at += EVERY_S
            number += 1
            unsent = (unsent + message(number))[-64 * BYTES:] if len(unsent) % BYTES == 0 else unsent
            for s, data in (udp, message(number)), (tcp, unsent):
                try:
                    sent = s.send(data)
                    unsent = unsent[sent:] if s is tcp else unsent
                except BlockingIOError:
                    pass
                except OSError:
                    if s is tcp:
                        raise
        if now >= tell_at:
            tell_at = now + TELL_S
            if not os.path.exists(path):
                for way in ways.values():
                    way.lighten(now)
            tell(path, ways[udp].told() + " " + ways[tcp].told())
        for s in select.select([tcp, udp], [], [], max(0.0, send_at - time.monotonic()))[0]:
            try:
                data = s.recv(65536)
            except OSError:  # a datagram that ICMP says of that nobody took it
                if s is tcp:
                    raise
                continue
            if s is udp:
                ways[udp].came(1)
                continue
            if not data:
                raise ConnectionError("closed")
            held += data
            while len(held) >= BYTES:
                got, held = int(held[:BYTES]), held[BYTES:]
                if got <= run.last:
                    raise ValueError(f"{got} behind {run.last}")
                run.last = got
                ways[tcp].came(1)


run.last = 0

if sys.argv[1] == "serve":
    serve(sys.argv[2])
else:
    try:
        run(*sys.argv[2:])
    except (OSError, ValueError) as e:
        tell(sys.argv[4], f"broken: {e}")
