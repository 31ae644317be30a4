#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""transfer.py serve ADDRESS FILE: takes one TCP connection on port 5003 until it is closed. FILE says every 100 ms how
many bytes came and for how long at most none did, in ms: "BYTES DARK"; and at the end their SHA-256, too.

transfer.py send OWN ADDRESS BYTES SECONDS: sends so many random bytes there, evenly in so many seconds or, after a
stop, as fast as TCP lets it; then prints their SHA-256."""
import hashlib
import os
import socket
import sys
import time

PORT, TELL_S, PIECE = 5003, 0.1, 16384


def tell(path, *words):
    with open(path + ".new", "w", encoding="ascii") as file:
        print(*words, file=file)
    os.rename(path + ".new", path)


def serve(address, path):
    listener = socket.create_server((address, PORT))
    connection = listener.accept()[0]
    connection.settimeout(TELL_S)
    count, dark, digest = 0, 0.0, hashlib.sha256()
    last = tell_at = time.monotonic()
    while True:
        try:
            data = connection.recv(65536)
        except TimeoutError:
            data = None
        now = time.monotonic()
        dark = max(dark, now - last)
        if data:
            count, last = count + len(data), now
            digest.update(data)
        if data == b"":
            tell(path, count, round(dark * 1000), digest.hexdigest())
            return
        if now >= tell_at:
            tell_at = now + TELL_S
            tell(path, count, round(dark * 1000))


def send(own, address, count, seconds):
    connection = socket.create_connection((address, PORT), source_address=(own, 0))
    digest, sent, start = hashlib.sha256(), 0, time.monotonic()
    while sent < count:
        time.sleep(max(0.0, start + seconds * sent / count - time.monotonic()))
        data = os.urandom(min(PIECE, count - sent))
        connection.sendall(data)
        digest.update(data)
        sent += len(data)
    connection.close()
    print(digest.hexdigest())


if sys.argv[1] == "serve":
    serve(*sys.argv[2:])
else:
    send(*sys.argv[2:4], int(sys.argv[4]), float(sys.argv[5]))
