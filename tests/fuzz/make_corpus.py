#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes the fuzz targets' first inputs from tests/captures (those of `config`, and of `frame` over
IPv4, are by hand), those of `auto6`, `stun` and `ike` from the packets of their unit tests, `vici` from its own.

usage: make_corpus.py    writes tests/fuzz/corpus; needed only after a change of the captures or of
                         the form of records (fuzz.h)
"""
import ipaddress
import pathlib
import re
import socket
import struct

HERE = pathlib.Path(__file__).resolve().parent
WAIT, FIX = 0x8000, 0x4000
CHALLENGE, RESPONSE, ASSIGNED_SESSION = 11, 13, 14


def datagrams(path):
    """Yields (from the client?, UDP payload) of a capture of Ethernet frames."""
    data = path.read_bytes()
    at = 24
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        if frame[12:14] != b"\x08\x00" or frame[23] != 17:
            continue
        ip = frame[14:14 + struct.unpack_from("!H", frame, 16)[0]]
        udp = ip[(ip[0] & 15) * 4:]
        length = struct.unpack_from("!H", udp, 4)[0]
        yield struct.unpack_from("!H", udp, 2)[0] == 1701, udp[8:length]


def parse(datagram):
    """(control?, session ID, payload) of an L2TP datagram."""
    flags = struct.unpack_from("!H", datagram)[0]
    at = 4 if flags & 0x4000 else 2
    session = struct.unpack_from("!H", datagram, at + 2)[0]
    at += 4 + (4 if flags & 0x0800 else 0)
    if flags & 0x0200:
        at += 2 + struct.unpack_from("!H", datagram, at)[0]
    return bool(flags & 0x8000), session, datagram[at:]


def avps(body):
    """(attribute type, whole AVP) of each."""
    at = 0
    while at + 6 <= len(body):
        size = max(struct.unpack_from("!H", body, at)[0] & 0x3ff, 6)
        yield struct.unpack_from("!H", body, at + 4)[0], body[at:at + size]
        at += size


def without_secret(body):
    """For a peer that has none."""
    return b"".join(avp for kind, avp in avps(body) if kind not in (CHALLENGE, RESPONSE))


def message_type(body):
    return struct.unpack_from("!H", body, 6)[0] if len(body) >= 8 else 0


def record(data, choice=0, flags=0):
    return struct.pack("!H", flags | choice << 11 | len(data)) + data


def ppp_record(frame):
    """A frame as code and data; None where the target can't write its header."""
    if frame[:2] == b"\xff\x03":
        frame = frame[2:]
    if frame[0] & 1:
        return None
    protocol, code = struct.unpack_from("!HB", frame)
    length = struct.unpack_from("!H", frame, 4)[0]
    choice = {0xc021: 0, 0x8021: 2, 0xc023: 4, 0xc223: 4, 0x80fd: 5, 0x8057: 6}.get(protocol)
    if choice is None:
        return None
    data = b"" if code == 2 and protocol in (0xc021, 0x8021) else frame[6:2 + length]
    return record(bytes([code]) + data, choice, FIX)


def write(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def headers(name, packets):
    seen = set()
    for _, datagram in packets:
        kind = (datagram[:2], len(datagram) > 12)
        if kind not in seen:
            seen.add(kind)
            write("header", f"{name}-{datagram[:2].hex()}-{len(datagram)}", datagram[:48])


def messages(name, packets):
    for _, datagram in packets:
        control, _, body = parse(datagram)
        if control and body:
            write("message", f"{name}-{message_type(body)}", body)


def tunnel(name, packets):
    out, call = b"", 0
    for to_server, datagram in packets:
        control, session, body = parse(datagram)
        if not control or not to_server or message_type(body) < 4:
            continue
        for kind, avp in avps(body):
            if kind == ASSIGNED_SESSION:
                call = struct.unpack_from("!H", avp, 6)[0]
        session = call if session else 0
        out += record(struct.pack("!H", session) + body, 0, FIX)
    for flags in range(0, 8, 3):
        write("tunnel", f"{name}-{flags}", bytes([flags]) + out)
    write("tunnel", f"{name}-raw", b"\0" + b"".join(record(d) for c, d in packets if d[0] & 0x80))


def outgoing():
    """A peer's OCRQ, which is answered and connected, or not; then calls that the server asks for,
    answered by OCRP and OCCN, and one by what belongs to an incoming call."""
    def message(kind, *values):
        return b"".join(struct.pack("!HHH", 0x8000 | 6 + len(value), 0, avp) + value
                        for avp, value in ((0, struct.pack("!H", kind)), *values))

    def assigned(session):
        return ASSIGNED_SESSION, struct.pack("!H", session)

    def number(value):
        return struct.pack("!I", value)

    request = ((15, number(1)), (16, number(9600)), (17, number(100000000)), (18, number(3)),
               (19, number(3)), (21, b"5551234"))
    connected = (24, number(100000000)), (19, number(1)), (39, b"")

    def at(session, body, choice=0):
        return record(struct.pack("!H", session) + body, choice, FIX)

    placed = at(0, message(7, assigned(5), *request)) + at(0, message(7, assigned(6), *request), 2)
    ended = at(5, message(14, (1, b"\0\3"), assigned(5))) + at(6, message(14, (1, b"\0\3")))
    asked = at(8, message(8, assigned(88)), 5) + at(8, message(9, *connected))
    wrong = at(9, message(11, assigned(99)), 5) + at(10, message(9, *connected), 5)
    write("tunnel", "outgoing", b"\0" + placed + asked + ended + wrong)
    write("tunnel", "outgoing-hidden", b"\3" + asked + placed + wrong + ended)


def ppp(name, packets, method):
    for role in range(2):
        frames = [parse(d)[2] for to_server, d in packets
                  if to_server != bool(role) and not parse(d)[0]]
        frames = [f for f in frames if f]
        fixed = b"".join(r for r in map(ppp_record, frames) if r)
        raw = b"".join(record(f, 0, WAIT) for f in frames[:12])
        for phase in (1, 2, 3, 5):
            first = bytes([role | method << 1 | phase << 3])
            if phase in (1, 3):
                write("ppp", f"{name}-{role}-{phase}", first + fixed)
            elif role == 0:
                write("ppp", f"{name}-{role}-{phase}-raw", first + raw)


def pap_call(user=b"userb", address="0a580101"):
    """Frames of a client with PAP as records for `lns`: the secret is all users' password."""
    def data(protocol, code, payload, ident=1):
        packet = struct.pack("!HBBH", protocol, code, ident, 4 + len(payload)) + payload
        return record(b"\xff\x03" + packet, 6, FIX)
    acknowledge = record(b"", 6, FIX)
    pap = bytes([len(user)]) + user + b"\x0ctunnelsecret"
    return [data(0xc021, 1, bytes.fromhex("05061234abcd")), acknowledge,
            data(0xc023, 1, pap), acknowledge,
            data(0x8021, 1, bytes.fromhex("030600000000810600000000")),
            data(0x8021, 1, bytes.fromhex("0306" + address), 2),
            data(0xc021, 9, bytes.fromhex("1234abcd")), data(0xc021, 5, b"bye")]


def proxy_avps():
    """What a LAC adds to its ICCN: LCP, and the same user's PAP."""
    lcp = bytes.fromhex("05061234abcd")
    values = {26: lcp, 27: bytes.fromhex("0304c0230506aabbccdd"), 28: lcp, 29: b"\0\3",
              30: b"userb", 32: b"\0\7", 33: b"tunnelsecret"}
    return b"".join(struct.pack("!HHH", 6 + len(value), 0, kind) + value
                    for kind, value in values.items())


def lns(name, packets):
    client = [parse(d) for to_server, d in packets if to_server]
    control = {message_type(body): without_secret(body)
               for is_control, _, body in client if is_control and body}
    opening = record(control[1], 0, FIX) + record(control[3], 0, FIX)
    call = record(control[10], 0, FIX) + record(control[12], 2, FIX)
    frames = b"".join(record(body, 6, FIX) for is_control, _, body in client
                      if not is_control and body)
    rest = b"".join(record(control[kind], choice, FIX | WAIT)
                    for kind, choice in ((14, 2), (6, 0), (4, 0)) if kind in control)
    write("lns", f"{name}-call", opening + call + frames + rest)
    write("lns", f"{name}-pap", opening + call + b"".join(pap_call()))
    hold, now, users, accept, address, other, profile, same = (
        record(b"", choice) for choice in range(8))
    calls = pap_call()
    write("lns", f"{name}-late", hold + opening + call + b"".join(calls[:3]) + record(b"x", 0, WAIT) +
          users + users + b"".join(calls[3:6]) + profile + same + b"".join(calls[6:]) + users)
    write("lns", f"{name}-accepted", hold + opening + call + b"".join(calls[:3]) + address + profile +
          b"".join(calls[3:5]) + accept + other + now + profile + b"".join(calls[5:]) + rest)
    write("lns", f"{name}-proxy",
          opening + record(control[10], 0, FIX) + record(control[12] + proxy_avps(), 2, FIX) +
          b"".join(pap_call()[3:]))
    packet = bytes.fromhex("ff03002145000014000000004032000a58020100000000")
    up = b"".join(pap_call(b"al", "0a580201")[:6])
    elsewhere = record(packet, 4, FIX) + record(b"", 4, FIX)
    write("lns", f"{name}-elsewhere", opening + call + up + elsewhere + calls[6] +
          record(packet, 4, FIX | WAIT) + elsewhere + record(packet, 4, FIX | WAIT) + rest)
    write("lns", f"{name}-again", opening + call + opening + call + b"".join(pap_call()) + rest)
    write("lns", f"{name}-raw", b"".join(record(d, int(i % 3 == 0)) for i, (_, d)
                                         in enumerate(packets) if len(d) < 400)[:4000])


def auto6():
    """Packets of real clients: whole, and as ICMPv6 or DHCPv6 whose headers the target writes."""
    text = (HERE.parent / "unit/auto6/captured.h").read_text()
    for name, body in re.findall(r"uint8_t (\w+)\[\] = \{(.*?)\};", text, re.S):
        packet = bytes(int(byte, 16) for byte in re.findall(r"0x(\w\w)", body))
        write("auto6", f"{name}-packet", b"\x08" + packet)
        write("auto6", name, b"\x0a" + packet[48:] if packet[6] == 17 else b"\x01" + packet[40:])
    prefix = bytes.fromhex("03044040 00000e10 00000708 00000000 20010db8000000070000000000000000")
    servers = bytes.fromhex("19030000 00000e10 20010db8000000000000000000000053")
    write("auto6", "advertisement", b"\x01" + bytes.fromhex("86000000 40400708 00000000 00000000") + prefix + servers)


def ike():
    """The messages of the unit tests, as they are and with our SPI and their length put right."""
    text = (HERE.parent / "unit/ike/vectors.h").read_text()
    for name, body in re.findall(r"UNUSED (\w+)\[\] = \{(.*?)\}", text, re.S):
        data = bytes(int(byte, 16) for byte in re.findall(r"0x(\w\w)", body))
        write("ike", name, bytes([1 if data[:4] == bytes(4) else 0]) + data)
        write("ike", name + "-fix", bytes([13 if data[:4] == bytes(4) else 12]) + data)
    head = bytes(8) + bytes(8)
    for name, data in {
            "version1": head + bytes.fromhex("0b100500000000000000000000" "0000000c00000001010000050000")[:24],
            "notify-spi": head + bytes.fromhex("29202220" "00000000" "00000000" "0000000c" "0104000e" "01020304"),
    }.items():
        write("ike", name, bytes([12]) + data)


def stun():
    """Messages of RFC 5769 and RFC 8489 to servers of each kind, and what only such a server takes;
    questions to the plain echo. The first byte is the target's."""
    text = (HERE.parent / "unit/stun/vectors.h").read_text()
    for name, body in re.findall(r"uint8_t UNUSED (\w+)\[\] = \{(.*?)\};", text, re.S):
        write("stun", name, b"\0" + bytes(int(byte, 16) for byte in re.findall(r"0x(\w\w)", body)))

    def request(*attributes, ident=b"\x21\x12\xa4\x42abcdefghijkl", kind=1):
        body = b"".join(struct.pack("!HH", number, len(value)) + value + bytes(-len(value) % 4)
                        for number, value in attributes)
        return struct.pack("!HH", kind, len(body)) + ident + body
    fingerprint = 0x8028, bytes(4)
    mapped = 1, b"\0\1\x9c\x41\xc0\0\2\x0b"
    for name, first, data in (
            ("binding", 0, request()), ("binding-six", 4, request()),
            ("fingerprint", 8, request((0x8022, b"abc"), fingerprint)),
            ("unknown", 12, request((0x24, b"abcd"), (3, bytes(4)), (0x24, b""), fingerprint)),
            ("classic", 1, request((3, b"\0\0\0\6"), ident=b"0123456789abcdef")),
            ("change", 2, request((3, b"\0\0\0\6"))),
            ("port", 6, request((0x27, b"\4\xd2\0\0"), (3, b"\0\0\0\2"))),
            ("padding", 14, request((0x26, bytes(300)), fingerprint)),
            ("padding-little", 26, request((0x26, bytes(300)), fingerprint)),
            ("both", 3, request((0x27, b"\4\xd2\0\0"), (0x26, b"abc"))),
            ("behind-integrity", 0, request((8, bytes(20)), (0x24, b""))),
            ("answer-behaviour", 0, request(mapped, (0x802b, mapped[1]), (0x802c, mapped[1]), kind=0x101)),
            ("answer-error", 0, request((9, b"\0\0\4\x14no"), (10, b"\0\3"), kind=0x111)),
            ("echo", 0, b"where am I, of all places?"), ("echo-six", 4, b"\n" * 24),
            ("echo-answer", 0, b"192.0.2.11:40001\n"),
            ("echo-answer-six", 4, b"[2001:db8::1]:40001\n")):
        write("stun", name, bytes([first]) + data)


def vici():
    """What charon says to a client, as packets, and one of them as a stream in pieces."""
    def text(value, size):
        return len(value).to_bytes(size, "big") + value.encode()

    def message(tree):
        return b"".join(
            b"\1" + text(key, 1) + message(value) + b"\2" if isinstance(value, dict) else
            b"\4" + text(key, 1) + b"".join(b"\5" + text(item, 2) for item in value) + b"\6"
            if isinstance(value, list) else b"\3" + text(key, 1) + text(value, 2)
            for key, value in tree.items())

    def event(name, tree):
        return b"\7" + text(name, 1) + message(tree)
    child = {"name": "net", "state": "INSTALLED", "mode": "TUNNEL", "protocol": "ESP", "encap": "yes",
             "spi-in": "c0ffee01", "spi-out": "c0ffee02", "bytes-in": "1234", "bytes-out": "99",
             "install-time": "3", "local-ts": ["10.88.1.2/32"], "remote-ts": ["10.1.0.0/16"]}
    sa = {"office": {"uniqueid": "1", "state": "ESTABLISHED", "local-host": "10.88.1.2",
                     "local-port": "4500", "remote-host": "10.88.0.1", "remote-port": "4500",
                     "established": "3", "child-sas": {"net-1": child}}}
    begin = [b"\5"] * 5 + [b"\1" + message({"daemon": "charon", "version": "5.9.8"})]
    yes = b"\1" + message({"success": "yes"})
    no = b"\1" + message({"success": "no", "errmsg": "CHILD_SA config 'net' not found"})
    up = [event("ike-updown", {"up": "yes", **sa}), event("child-updown", {"up": "yes", **sa})]
    moved = event("ike-update", {"local-host": "192.168.1.2", "local-port": "4500", **sa})
    for name, packets, flags, choice in (
            ("up", begin + [yes] + up + [moved], WAIT, 0), ("refused", begin + [no, up[0]], WAIT, 1),
            ("list", begin + [event("list-sa", sa), b"\1"], WAIT, 2),
            ("unknown", begin[:2] + [b"\6"], 0, 0), ("unknown-command", begin + [b"\2"], WAIT, 2)):
        write("vici", name, b"\1" + b"".join(record(packet, choice, flags) for packet in packets))
    stream = b"".join(len(packet).to_bytes(4, "big") + packet for packet in begin + [yes] + up)
    write("vici", "stream", b"\0" + b"".join(record(stream[at:at + 29], 0, WAIT)
                                            for at in range(0, len(stream), 29)))


def frames6():
    """Frames over IPv6 for `frame`, whose listener is 2001:db8::1: what each stage has a branch for.
    The target writes our MAC address, the payload's length and the checksum."""
    ours, peer, router = (socket.inet_pton(socket.AF_INET6, text)
                          for text in ("2001:db8::1", "2001:db8::b", "fe80::1"))
    group = bytes.fromhex("ff0200000000000000000001ff") + ours[13:]
    mac, udp, icmp = b"\2\0\0\0\0\x0b", 17, 58

    def frame(payload, next_header, source=peer, target=ours, hops=64, to=bytes(6)):
        return record(to + mac + b"\x86\xdd" + struct.pack(
            "!IHBB", 6 << 28, len(payload), next_header, hops) + source + target + payload, 0, FIX)

    def datagram(l2tp):
        return struct.pack("!4H", 40000, 1701, 8 + len(l2tp), 0) + l2tp

    def nd(kind, about, option, flags=0):
        return bytes([kind, 0, 0, 0, flags, 0, 0, 0]) + about + bytes([option, 1]) + mac

    def inner(session, source, target):
        esp = struct.pack("!BBHHHBBH", 0x45, 0, 60, 7, 0, 64, 50, 0) + bytes(
            [10, 88, 1, source, 10, 88, 1, target]) + bytes(40)
        total = ~(sum(struct.unpack("!10H", esp[:20])) % 0xffff) & 0xffff
        return (struct.pack("!3H", 2, 11, session) + b"\xff\3\0\x21" + esp[:10] +
                struct.pack("!H", total) + esp[12:])
    esp = inner(23, 24, 22)
    over_ipv4 = datagram(inner(21, 22, 24))
    over_ipv4 = bytes(6) + mac + b"\x08\0" + struct.pack(
        "!BBHHHBBH", 0x45, 0, 20 + len(over_ipv4), 7, 0, 64, udp, 0) + bytes(
            [192, 0, 2, 11, 192, 0, 2, 1]) + over_ipv4
    hello = bytes.fromhex("c8020014000b00000000000080080000" "00000006")
    ask = frame(nd(135, ours, 1), icmp, target=group, hops=255, to=b"\x33\x33\xff" + ours[13:])
    for name, data in {
            "solicit": ask,
            "solicit-nobody": frame(nd(135, ours, 1)[:24], icmp, source=bytes(16), target=group,
                                    hops=255, to=b"\x33\x33\xff" + ours[13:]),
            "advert": frame(nd(136, peer, 2, 0x60), icmp, hops=255),
            "advert-gateway-then-esp": frame(nd(136, router, 2, 0xe0), icmp, source=router,
                                             hops=255) + frame(datagram(esp), udp),
            "router-advert": frame(bytes([134] + [0] * 15), icmp, source=router, hops=255),
            "echo": frame(b"\x80\0\0\0\0\1\0\2" + bytes(16), icmp),
            "error": frame(b"\2\0\0\0\0\0\5\0" + bytes(48), icmp),
            "esp": frame(datagram(esp), udp),
            "advert-then-esp-to-it": frame(nd(136, peer, 2, 0x60), icmp, hops=255) +
            record(over_ipv4, 0, FIX),
            "known-tunnel": frame(datagram(hello), udp),
            "unknown-tunnel": frame(datagram(hello[:5] + b"\0" + hello[6:]), udp),
            "options": frame(bytes([60]) + b"\0\1\4\0\0\0\0" + bytes([43]) +
                             b"\0\1\4\0\0\0\0" + bytes([udp]) + bytes(7) + datagram(esp), 0),
            "fragments": frame(bytes([udp]) + b"\0\0\1\0\0\0\7" + datagram(esp)[:48], 44) +
            frame(bytes([udp]) + b"\0\0\x30\0\0\0\7" + datagram(esp)[48:], 44),
    }.items():
        write("frame", f"six-{name}", data)


def frame6(payload, following, source="2001:db8:a:15::1", target="2001:db8:a:16::1", hops=64,
           session=21, ecn=(0, 0)):
    """A record for `frame`: an inner IPv6 packet of a session; its checksums come right there."""
    inner = (struct.pack("!IHBB", 6 << 28 | ecn[1] << 20, len(payload), following, hops) +
             ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed + payload)
    l2tp = struct.pack("!HHHHH", 2, 11, session, 0xff03, 0x0057) + inner
    udp = struct.pack("!HHHH", 40000, 1701, 8 + len(l2tp), 0) + l2tp
    ip = struct.pack("!BBHHHBBHII", 0x45, ecn[0], 20 + len(udp), 1, 0, 64, 17, 0,
                     0xc000020b, 0xc0000201)
    return record(bytes(6) + bytes((2, 0, 0, 0, 0, 9)) + b"\x08\x00" + ip + udp, 0, FIX)


def inner_frames6():
    """Inner IPv6: what is relayed, answered, handed over and dropped."""
    esp, udp, icmp, fragment, lns = 50, 17, 58, 44, "2001:db8:ffff::1"
    data = bytes(range(64))

    def datagram(port, size=8):
        return struct.pack("!HHHH", port, port, 8 + size, 0) + data[:size]

    def part(offset, more, body, ident=7, following=udp):
        return struct.pack("!BBHI", following, 0, offset | more, ident) + body

    def message(kind, body=bytes(4), code=0):
        return struct.pack("!BBH", kind, code, 0) + body

    options = bytes.fromhex("0001040000000000")
    quoted = struct.pack("!IHBB", 6 << 28, 1400, esp, 60) + \
        ipaddress.ip_address("2001:db8:a:16::1").packed + \
        ipaddress.ip_address("2001:db8:a:15::1").packed + data
    packets = {
        "esp": frame6(data, esp),
        "ike": frame6(datagram(500), udp),
        "forbidden": frame6(datagram(53), udp),
        "extensions": frame6(bytes((60,)) + options[1:] + bytes((esp,)) + options[1:] + data, 0),
        "too-many": frame6((bytes((60,)) + options[1:]) * 9 + data, 60),
        "source-route": frame6(bytes((esp, 2, 0, 1)) + bytes(20) + data, 43),
        "fragments": frame6(part(0, 1, datagram(4500, 32)), fragment) +
                     frame6(part(40, 0, data), fragment),
        "later-first": frame6(part(40, 0, data), fragment) +
                       frame6(part(0, 1, datagram(4500, 32)), fragment),
        "ah": frame6(bytes((6, 4)) + data, 51),
        "delegated": frame6(data, esp, "2001:db8:b:15ff::1", "2001:db8:b:1601::1"),
        "hops-1": frame6(data, esp, hops=1),
        "too-big": frame6(data * 20, esp),
        "no-route": frame6(data, esp, target="2001:db8:c::1"),
        "scope": frame6(data, esp, "fe80::7"),
        "error": frame6(message(2, struct.pack("!I", 1280)) + quoted, icmp),
        "echo": frame6(message(128) + data, icmp, target=lns),
        "echo-link": frame6(message(128) + data, icmp, "fe80::7", "ff02::1"),
        "echo-large": frame6(part(0, 1, message(128) + data + bytes(4), following=icmp), fragment,
                             target=lns) +
                      frame6(part(72, 0, data, following=icmp), fragment, target=lns),
        "echo-parts": frame6(message(128) + data * 3, icmp, "2001:db8:a:16::1", lns, session=22),
        "congestion": frame6(data, esp, ecn=(3, 2)),
        "solicit": frame6(message(133), icmp, "fe80::7", "ff02::2", 255),
        "dhcp": frame6(struct.pack("!HHHH", 546, 547, 24, 0) + bytes.fromhex("01000001") + data[:12],
                       udp, "fe80::7", "ff02::1:2"),
        "mld": frame6(bytes.fromhex("3a000502000001008f0000000000000104000000") +
                      ipaddress.ip_address("ff02::1:ff00:7").packed, 0, "fe80::7", "ff02::16", 1),
        "advert": frame6(message(136, bytes(20)), icmp, "fe80::7", "ff02::1", 255),
    }
    for name, frames in packets.items():
        write("frame", f"inner6-{name}", frames)


def netlink():
    """What the kernel says of routes that FRR has set (tests/unit/rtnl), in bodies for `rtnl`: whole
    messages are these behind a header. Choices: NEWROUTE 0, DELROUTE 2, NEWNEXTHOP 3, DELNEXTHOP 5,
    NEWLINK 6; without FIX a sweep's begin 4 and end 5, and a link that comes or goes 6."""
    four, six, table, bgp = socket.AF_INET, socket.AF_INET6, 254, 186
    unicast, blackhole = 1, 6

    def attribute(kind, value):
        return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)

    def number(kind, value):
        return attribute(kind, struct.pack("=I", value))

    def address(kind, text):
        return attribute(kind, ipaddress.ip_address(text).packed)

    def route(to, *attributes, metric=20, kind=unicast, protocol=bgp, flags=0):
        net = ipaddress.ip_network(to)
        family = four if net.version == 4 else six
        return struct.pack("=BBBBBBBBI", family, net.prefixlen, 0, 0, table, protocol, 0, kind, flags) + \
            number(15, table) + (attribute(1, net.network_address.packed) if net.prefixlen else b"") + \
            number(6, metric) + b"".join(attributes)

    def via(gateway, link):
        return address(5, gateway) + number(4, link)

    def several(*hops):
        return attribute(9, b"".join(
            struct.pack("=HBBi", 8 + len(address(5, gateway)), flags, 0, link) + address(5, gateway)
            for gateway, link, flags in hops))

    def hop(ident, gateway, link):
        family = four if "." in gateway else six
        return struct.pack("=BBBBI", family, 0, 0, 0, 0) + number(1, ident) + address(6, gateway) + \
            number(5, link)

    def group(ident, *members):
        return bytes(8) + number(1, ident) + attribute(
            2, b"".join(struct.pack("=IBBH", member, 0, 0, 0) for member in members))

    def new(body, flags=FIX):
        return record(body, 0, flags)

    def message(kind, body):
        return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body

    ecmp = route("203.0.113.0/24", several(("192.0.2.2", 1, 0), ("192.0.2.6", 3, 0)))
    dead = route("203.0.113.0/24", several(("192.0.2.2", 1, 1), ("192.0.2.6", 3, 0)))
    one6, two6 = (route("2001:db8::/32", several(*hops)) for hops in (
        (("fe80::2", 1, 0),), (("fe80::2", 1, 0), ("fe80::6", 3, 0))))
    objects = record(hop(10, "192.0.2.2", 1), 3, FIX) + record(hop(11, "192.0.2.6", 3), 3, FIX) + \
        record(group(20, 10, 11), 4, FIX) + new(route("0.0.0.0/0", number(30, 20)))
    link = record(struct.pack("=BBHiII", 0, 0, 1, 3, 0x41, 0) + attribute(3, b"up2\0"), 6, FIX)
    for name, data in {
            "ecmp": new(ecmp) + new(dead, FIX | WAIT) + new(ecmp, FIX | WAIT) + record(ecmp, 2, FIX | WAIT),
            "six": new(two6) + record(two6, 2, FIX | WAIT) + new(one6) + new(
                route("2001:db8:1::/48", attribute(18, struct.pack("=H", six) +
                                                   ipaddress.ip_address("fe80::2").packed), number(4, 1))),
            "metrics": new(route("10.0.0.0/8", via("192.0.2.2", 1))) +
            new(route("10.0.0.0/8", via("192.0.2.6", 3), metric=30)) + record(b"\1", 6, WAIT) + link,
            "discard": new(route("198.51.100.0/24", kind=blackhole)) +
            new(route("198.51.100.0/24", via("192.0.2.2", 1), metric=30)),
            "own": new(route("10.88.0.0/16", kind=blackhole, protocol=201, metric=1701)),
            "objects": objects + record(group(20, 11), 4, FIX | WAIT) +
            record(hop(11, "192.0.2.6", 3), 5, FIX | WAIT) + objects,
            "object-late": new(route("0.0.0.0/0", via("192.0.2.2", 1), number(30, 10))) +
            record(hop(10, "192.0.2.6", 3), 3, FIX | WAIT) + record(hop(10, "192.0.2.6", 3), 5, FIX | WAIT),
            "sweep": objects + new(ecmp) + record(b"", 4, WAIT) + objects + record(b"", 5) +
            new(ecmp, FIX | WAIT),
            "raw": record(message(24, ecmp) + message(25, ecmp) + message(104, hop(10, "192.0.2.2", 1)) +
                          message(3, bytes(4)) + message(2, struct.pack("=i", -2)) + message(4, b"")),
    }.items():
        write("rtnl", name, data)


def main():
    auto6()
    stun()
    vici()
    ike()
    netlink()
    outgoing()
    frames6()
    inner_frames6()
    for path in sorted((HERE.parent / "captures").glob("*.pcap")):
        packets = list(datagrams(path))
        name = path.name.split("-")[0]
        headers(name, packets)
        messages(name, packets)
        tunnel(name, packets)
        ppp(name, packets, {"pap": 1, "chap": 2, "mschapv2": 3}[name])
        lns(name, packets)


if __name__ == "__main__":
    main()
