#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Behaves badly towards culvertd's control socket, then runs a command while it goes on.

usage: rude.py SOCKET MANNER COMMAND...

MANNER is garbage, endless, half, crowd or deaf. The exit code is the command's: it should be
served as if nobody were rude. 1 also if the answer to the rudeness was not the right one.
"""
import json
import os
import socket
import subprocess
import sys

CROWD = 200
QUESTION = b'{"command": "drops", "arguments": {}}\n'
NOT_REQUESTS = [
    b"\n", b"\0\n", b"status\n", b"[]\n", b"{}\n", b"null\n", b'"status"\n', b'{"command": 7}\n',
    b'{"command": "status", "arguments": []}\n', b'{"command": "status", "command": "drops"}\n',
    b'{"command": "\xff"}\n', b'{"command": "no\\u0000such"}\n', b'{"command": "nosuch"}\n',
    b"[" * 4000 + b"\n", b'{"command": "session", "arguments": {"session": {}}}\n',
    b'{"command": "log-level"}\n', b'{"command": "kick", "arguments": {"user": null}}\n',
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", b"GET / HTTP/1.1\r\n",
]


def connect(path):
    """A connection on which nothing is waited for for long."""
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(path)
    peer.settimeout(20)
    return peer


def answer(peer):
    """Everything until the other end closes."""
    data = b""
    while part := peer.recv(65536):
        data += part
    return data


def refused(data):
    """Whether the answer says in words what is wrong with the request."""
    error = json.loads(data)["error"]
    return error["code"] == "usage" and error["message"]


def garbage(path):
    """Lines that are no requests: each is told so."""
    for line in NOT_REQUESTS:
        with connect(path) as peer:
            peer.sendall(line)
            assert refused(answer(peer)), f"{line!r}: not refused"
    with connect(path) as peer:
        peer.sendall(os.urandom(3000).replace(b"\n", b"") + b"\n")
        assert refused(answer(peer))
    return []


def endless(path):
    """A line of 100 kB without end: cut off."""
    with connect(path) as peer:
        try:
            peer.sendall(b"x" * 100_000)
            assert answer(peer) == b"", "an answer to no question"
        except ConnectionError:
            pass  # it hung up on us, as it should
    return []


def half(path):
    """Half a request, then nothing."""
    peer = connect(path)
    peer.sendall(QUESTION[:10])
    return [peer]


def crowd(path):
    """Connections that say nothing, more than it keeps."""
    return [connect(path) for _ in range(CROWD)]


def deaf(path):
    """Readers that never read; some hang up before their answer comes."""
    peers = [connect(path) for _ in range(CROWD)]
    for peer in peers:
        try:
            peer.sendall(QUESTION)
        except ConnectionError:
            pass  # one of those that had to go
    for peer in peers[::2]:
        peer.close()
    return peers[1::2]


def main(arguments):
    path, manner, *command = arguments
    manners = {"garbage": garbage, "endless": endless, "half": half, "crowd": crowd, "deaf": deaf}
    held = manners[manner](path)
    result = subprocess.run(command, check=False, timeout=20).returncode
    for peer in held:
        peer.close()
    return result or subprocess.run(command, check=False, timeout=20).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
