#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests of proof.py, on made-up packets: what it must accept, and that it finds every fault."""
import contextlib
import io
import os
import struct
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import proof  # noqa: E402

LNS = "192.0.2.1"
CLIENT_A, CLIENT_B = ("192.0.2.11", 40001), ("192.0.2.12", 50002)
ESP_BYTES = struct.pack("!II", 0xC0FFEE, 1) + bytes(range(200))


def address(text):
    return bytes(int(part) for part in text.split("."))


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ipv4(protocol, payload, ttl, ends=("10.88.1.1", "10.88.1.2")):
    header = bytearray(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, 0x4000, ttl,
                                   protocol, 0, address(ends[0]), address(ends[1])))
    header[10:12] = checksum(bytes(header)).to_bytes(2, "big")
    return bytes(header) + payload


def ipv6(next_header, payload, hops):
    return struct.pack("!IHBB", 6 << 28, len(payload), next_header, hops) + bytes(32) + payload


def udp(source, destination, payload):
    return struct.pack("!HHHH", source, destination, 8 + len(payload), 0) + payload


def frame(source, destination, message):
    packet = ipv4(17, udp(source[1], destination[1], message), 64, (source[0], destination[0]))
    return bytes(12) + b"\x08\x00" + packet


# The forms of an L2TP header and of a PPP header that carry the same packet.
def plain(ppp):
    return struct.pack("!HHH", 0x0002, 5, 6) + ppp


def with_length(ppp):
    return struct.pack("!HHHH", 0x4002, 8 + len(ppp), 5, 6) + ppp + b"after Length"


def with_all(ppp):
    return struct.pack("!HHHHHHH3s", 0x4A02, 17 + len(ppp), 5, 6, 1, 1, 3, b"pad") + ppp


def came(packet, ppp=b"\xff\x03\x00\x21", header=plain, client=CLIENT_A):
    return frame(client, (LNS, 1701), header(ppp + packet))


def left(packet, ppp=b"\xff\x03\x00\x21", header=plain, client=CLIENT_B):
    return frame((LNS, 1701), client, header(ppp + packet))


def esp(ttl, payload=ESP_BYTES):
    return ipv4(50, payload, ttl)


def run(*sent, order="<", magic=0xA1B2C3D4):
    """proof.py's exit code and words for a capture of these frames."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as capture:
        capture.write(struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1))
        for one in sent:
            capture.write(struct.pack(order + "4I", 0, 0, len(one), len(one)) + one)
        capture.flush()
        words = io.StringIO()
        with contextlib.redirect_stdout(words):
            code = proof.main(["--lns", LNS, capture.name])
    return code, words.getvalue()


def flip(packet, where):
    changed = bytearray(packet)
    changed[where] ^= 0x10
    return bytes(changed)


CONTROL = frame((LNS, 1701), CLIENT_A, struct.pack("!HHHHHH", 0xC802, 12, 5, 0, 1, 1))
AH_BYTES = b"\x32\x04\x00\x00" + ESP_BYTES
IN_UDP = udp(4500, 4500, ESP_BYTES)
GOOD = (came(esp(64)), left(esp(63)))

CASES = [
    ("a packet relayed as it came", 0, "1 packets of 228 bytes", GOOD),
    ("one that left before it came, as seen by two cores", 0, "1 packets", GOOD[::-1]),
    ("Length and offset fields, PPP header compressed", 0, "esp: 3 packets came in, 3 left", (
        came(esp(64), b"\x00\x21", with_length), left(esp(63), b"\x21", plain),
        came(esp(9), b"\xff\x03\x21", with_all), left(esp(8), b"\x00\x21", with_length),
        came(esp(2), b"\x21"), left(esp(1), b"\xff\x03\x00\x21", with_all))),
    ("AH", 0, "ah: 1 packets", (came(ipv4(51, AH_BYTES, 64)), left(ipv4(51, AH_BYTES, 63)))),
    ("ESP in UDP 4500", 0, "esp-in-udp: 1 packets",
     (came(ipv4(17, IN_UDP, 64)), left(ipv4(17, IN_UDP, 63)))),
    ("ESP in IPv6", 0, "esp: 1 packets",
     (came(ipv6(50, ESP_BYTES, 64), b"\xff\x03\x00\x57"), left(ipv6(50, ESP_BYTES, 63), b"\x57"))),
    ("one that came and was lost", 0, "esp: 2 packets came in, 1 left",
     (came(esp(64, ESP_BYTES[::-1])),) + GOOD),
    ("control messages and other traffic", 0, "1 packets", (
        CONTROL, frame(CLIENT_A, CLIENT_B, b"hello"), came(b"\xc0\x21", b"\xff\x03"), bytes(60),
        came(ipv4(1, b"ping", 64)), left(ipv4(1, b"gnip", 64))) + GOOD),
    ("a changed first byte of ESP", 1, "differs at byte 20", (GOOD[0], left(flip(esp(63), 20)))),
    ("a changed last byte", 1, "differs at byte 227", (GOOD[0], left(flip(esp(63), -1)))),
    ("a changed TOS byte", 1, "differs at byte 1", (GOOD[0], left(flip(esp(63), 1)))),
    ("a byte less", 1, "left, but did not come", (GOOD[0], left(esp(63, ESP_BYTES[:-1])))),
    ("a TTL less by two", 1, "came with TTL 64 (frame 1), left with 62", (GOOD[0], left(esp(62)))),
    ("a TTL that stays", 1, "left with 64", (GOOD[0], left(esp(64)))),
    ("a TTL of zero", 1, "left with 0", (came(esp(1)), left(esp(0)))),
    ("a wrong checksum", 1, "wrong inner header checksum", (GOOD[0], left(flip(esp(63), 10)))),
    ("a packet doubled", 1, "more often than it came", GOOD + GOOD[1:]),
    ("a packet that came from nowhere", 1, "no esp packet came in at all", GOOD[1:]),
    ("a fault after good packets", 1, "frame 4",
     GOOD + (came(esp(64, b"x" * 40)), left(esp(63, b"x" * 39 + b"y")))),
    ("an inner packet cut short", 1, "cut short", (GOOD[0], left(esp(63)[:-1]))),
    ("only packets that came", 1, "no IPsec packet left", GOOD[:1]),
    ("an empty capture", 1, "no IPsec packet left", ()),
]


def main():
    checks = [(what, run(*sent), code, words) for what, code, words, sent in CASES]
    checks.append(("a big-endian capture in ns", run(*GOOD, order=">", magic=0xA1B23C4D), 0, "1 p"))
    checks.append(("a file that is no capture", run(magic=1), 2, "not a pcap file"))
    print(f"1..{len(checks)}")
    failed = 0
    for number, (what, (code, said), wanted, words) in enumerate(checks, 1):
        good = code == wanted and words in said
        failed += not good
        verdict = {0: "proves", 1: "finds", 2: "refuses"}[wanted]
        print(f"{'ok' if good else 'not ok'} {number} - {verdict} {what}")
        if not good:
            print(f"# exit code {code}, wanted {wanted} and {words!r}; it said:")
            print("".join(f"# {line}\n" for line in said.splitlines()), end="")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
