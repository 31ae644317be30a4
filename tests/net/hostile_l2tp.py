# SPDX-License-Identifier: BSD-3-Clause
"""L2TP's header (RFC 2661, 3.1 and 5.8), of control and of data, as none should be."""
import struct

from frames import (
    CDN, CONTROL, HELLO, ICCN, LENGTH, OFFSET, PRIORITY, SCCCN, SEQUENCE, STOPCCN, avp, avps_of,
    control, data, sccrq)
from wire import OTHER, US, Tunnel, Wrong

PACE = 100  # messages that may be on their way
PPP_IP, PPP_IPV6 = b"\xff\x03\x00\x21", b"\xff\x03\x00\x57"


def l2tp_header_cases(wire, held):
    """RFC 2661, 3.1; where it meets no tunnel or session."""
    hello, d = held.peer, wire.datagram
    for size in (0, 1, 5):
        yield f"L2TP: {size} bytes", "CLASSIFY_L2TP_SHORT", d(control(None)[:size])
        if size:
            yield f"L2TP: {size} bytes of data", "CLASSIFY_L2TP_SHORT", d(data(1, 1, b"")[:size])
    yield "L2TP: control header cut", "CLASSIFY_L2TP_LENGTH", d(control(None)[:11])
    yield ("L2TP: data header shorter than its flags say", "CLASSIFY_L2TP_LENGTH",
           d(data(1, 1, b"", SEQUENCE | LENGTH | 2)))
    yield ("L2TP: Length of control beyond the datagram", "CLASSIFY_L2TP_LENGTH",
           d(control(HELLO, hello, length=21), port=held.port))
    yield ("L2TP: Length of data beyond the datagram", "CLASSIFY_L2TP_LENGTH",
           d(data(1, 1, PPP_IP, length=13)))
    for length in (0, 7):
        yield (f"L2TP: Length {length} of data, below its header's", "CLASSIFY_L2TP_LENGTH",
               d(data(1, 1, PPP_IP, length=length)))
    for version, drop in ((0, "OTHER"), (1, "L2F"), (3, "L2TPV3"), (4, "OTHER"), (15, "OTHER")):
        for kind, flags in (("control", CONTROL), ("data", LENGTH)):
            message = (control(HELLO, hello, flags=flags & ~15 | version) if kind == "control"
                       else data(1, 1, PPP_IP, LENGTH | version))
            yield f"L2TP: {kind} of version {version}", f"CLASSIFY_VERSION_{drop}", d(message)
    for text, flags in (("without Length", CONTROL & ~LENGTH), ("without Ns", CONTROL & ~SEQUENCE),
                        ("with Offset", CONTROL | OFFSET), ("with Priority", CONTROL | PRIORITY)):
        yield (f"L2TP: control {text}", "CLASSIFY_CONTROL_HEADER",
               d(control(HELLO, hello, flags=flags), port=held.port))
    yield ("L2TP: data whose Offset ends beyond it", "CLASSIFY_L2TP_OFFSET",
           d(data(1, 1, b"\xff\x03", LENGTH | OFFSET | 2, after=b"\xff\xff")))
    yield "L2TP: data without PPP", "CLASSIFY_PPP_HEADER", d(data(1, 1, b""))
    yield ("L2TP: PPP protocol of two even bytes", "INGRESS_UNKNOWN_SESSION",
           d(data(1, 1, b"\xff\x03\x00\x20")))


def l2tp_tunnel_cases(wire, held):
    """What meets the tunnel that is held, or none."""
    d = wire.datagram
    yield ("tunnel: its ID, another port", "CLASSIFY_CONTROL_SOURCE",
           d(control(HELLO, held.peer), port=4))
    yield ("tunnel: its ID, another address", "CLASSIFY_CONTROL_SOURCE",
           d(control(STOPCCN, held.peer, ns=1, nr=1, avps=avp(9, b"\0\1") + avp(1, b"\0\1")),
             source=OTHER, port=held.port))
    unknown = held.peer ^ 1
    yield "tunnel: none with that ID", "control-no-tunnel", d(control(HELLO, unknown))
    yield "tunnel 0: HELLO", "control-not-sccrq", d(control(HELLO))
    yield "tunnel 0: ZLB", "control-not-sccrq", d(control(None))
    yield ("tunnel 0: StopCCN that names no tunnel of that peer", "control-not-sccrq",
           d(control(STOPCCN, avps=avp(9, struct.pack("!H", held.id)) + avp(1, b"\0\1"))))
    yield "tunnel: Ns far ahead", None, held.frame(HELLO, ns=held.ns + 20000)
    yield "tunnel: Nr of what was never sent", None, held.frame(None, nr=9)
    yield "tunnel: Nr far behind", None, held.frame(None, nr=40000)
    yield ("data: session 0", "INGRESS_UNKNOWN_SESSION",
           d(data(held.peer, 0, PPP_IP), port=held.port))
    yield ("data: no such session", "INGRESS_UNKNOWN_SESSION",
           d(data(held.peer, 99, PPP_IP), port=held.port))
    yield "data: no such tunnel", "INGRESS_UNKNOWN_SESSION", d(data(unknown, 99, PPP_IP))
    yield "data: tunnel 0, session 0", "INGRESS_UNKNOWN_SESSION", d(data(0, 0, PPP_IP))


def l2tp_in_order(judge, wire, held):
    """Cases of more than one message."""
    def duplicates():
        for _ in range(3):
            wire.send(held.frame(SCCCN, ns=1))
            wire.message(held.port, None, "another acknowledgement", held.id)
    judge.judge("tunnel: Ns of long ago is acknowledged again", {}, duplicates)

    def zlbs():
        for _ in range(1000):
            wire.send(held.frame(None))
        held.hello()
        late = wire.receive(0.2)
        if late or wire.strays:
            raise Wrong(f"a ZLB was answered: {(late or wire.strays[0]).hex(' ', 2)}")
    judge.judge("tunnel: no ZLB answers a ZLB, 1,000 of them", {}, zlbs)

    def swapped():
        first, second = held.frame(HELLO), held.frame(HELLO, ns=held.ns + 1)
        for frame in (second, first, second):  # again, as if no acknowledgement had come
            wire.send(frame)
        held.ns += 2
        held.acknowledged()
    judge.judge("tunnel: a message before its turn is not lost for good", {}, swapped)

    for text, change in (("trailing bytes", lambda m: m + bytes(100)),
                         ("reserved bits", lambda m: bytes([m[0] | 0x34, m[1] | 0xF0]) + m[2:])):
        judge.judge(f"L2TP: an SCCRQ with {text} is answered", {},
                    lambda c=change: Tunnel(wire, lambda i: c(sccrq(i))).establish().close())
    judge.judge("UDP: an SCCRQ with checksum 0 is answered", {},
                lambda: Tunnel(wire, checked=False).establish().close())
    judge.judge("IP: an SCCRQ behind options is answered", {},
                lambda: Tunnel(wire, ip={"options": b"\1\1\1\0"}).establish().close())


def windows(judge, wire):
    """RFC 2661, 5.8: windows that none should have, numbers that come round again."""
    def with_window(number):
        return lambda i: sccrq(i).replace(avp(10, b"\0\4"), avp(10, struct.pack("!H", number)))

    def none():
        port = 20000 + Tunnel.number  # answers to it are nobody's
        wire.send(wire.datagram(with_window(0)(port), port=port))
        answer = wire.message(port, STOPCCN, "StopCCN")
        if avps_of(answer)[1][:2] != b"\0\2":
            raise Wrong(f"its Result Code is {avps_of(answer)[1].hex()}")
    judge.judge("tunnel: a Receive Window Size of 0 is refused", {"tunnels-failed": 1}, none)
    judge.judge("tunnel: one of 65,535 is taken", {},
                lambda: Tunnel(wire, with_window(65535)).establish().close())

    def round_again():
        tunnel = Tunnel(wire).establish()
        for _ in range(66000 // PACE):
            for _ in range(PACE):
                wire.send(tunnel.frame(HELLO))
                tunnel.ns = tunnel.ns + 1 & 0xFFFF
            tunnel.acknowledged()
        tunnel.close()
    judge.judge("tunnel: 66,000 HELLOs are acknowledged, past Ns 65,535", {}, round_again)


def session_cases(judge, wire, held):
    """Data messages around a session's life."""
    def sends(*messages, port=None, source=US):
        for message in messages:
            wire.send(wire.datagram(message, port=port or held.port, source=source))

    session = held.session()
    message = data(held.peer, session, PPP_IP + bytes(20))
    judge.judge("data: IP before ICCN", {"INGRESS_NOT_OPEN": 1}, lambda: sends(message))
    held.connect(session)
    other = Tunnel(wire).establish()
    judge.before = wire.counts()
    judge.judge("data: IP before IPCP is open", {"INGRESS_NOT_OPEN": 1}, lambda: sends(message))
    judge.judge("data: another port", {"INGRESS_SOURCE": 1}, lambda: sends(message, port=9))
    judge.judge("data: another address", {"INGRESS_SOURCE": 1},
                lambda: sends(message, source=OTHER))
    judge.judge("data: IPv6, not negotiated", {"INGRESS_IPV6": 2, "ppp-malformed": 4},
                lambda: sends(*[data(held.peer, session, PPP_IPV6 + bytes(40))] * 6))
    judge.judge("data: in another tunnel's session", {"INGRESS_UNKNOWN_SESSION": 1},
                lambda: sends(data(other.peer, session, PPP_IP), port=other.port))
    judge.judge("data: sequence numbers that go backwards are no reason to drop",
                {"INGRESS_NOT_OPEN": 3},
                lambda: sends(*(data(held.peer, session, PPP_IP + bytes(20), LENGTH | SEQUENCE | 2,
                                     after=struct.pack("!HH", ns, 0)) for ns in (5, 3, 65535))))
    held.send(CDN, avp(1, b"\0\3") + avp(14, b"\0\7"), session)
    held.acknowledged()
    judge.judge("data: after CDN", {"INGRESS_UNKNOWN_SESSION": 1}, lambda: sends(message))

    def behind():
        for turn in range(10):
            session = held.session()
            frames = [held.frame(ICCN, avp(24, b"\0\0\x27\x10") + avp(19, b"\0\0\0\1"), session),
                      wire.datagram(data(held.peer, session, b"\xff\x03\xc0\x21\1%c\0\4" % turn),
                                    port=held.port)]
            held.ns += 1
            for frame in reversed(frames) if turn % 2 else frames:
                wire.send(frame)
            wire.until(lambda f, ack=b"\xc0\x21\2%c\0\4" % turn: f.endswith(ack),
                       f"Configure-Ack for LCP of call {turn}")
            held.send(CDN, avp(1, b"\0\3") + avp(14, b"\0\7"), session)
            held.acknowledged()

    def sequenced():
        session, expected = held.session(), 0
        held.send(ICCN, avp(24, b"\0\0\x27\x10") + avp(19, b"\0\0\0\1") + avp(39, b""), session)
        for turn in range(5):
            # its own request comes first; then an answer to each of ours
            if turn:
                sends(data(held.peer, session, b"\xff\x03\xc0\x21\1%c\0\4" % turn))
            frame = wire.until(lambda f: f[36:38] == struct.pack("!H", held.port) and
                               not f[42] & 0x80 and f, f"PPP frame {turn}")
            flags, _, _, _, ns, nr = struct.unpack("!6H", frame[42:54])
            if (flags, ns, nr) != (LENGTH | SEQUENCE | 2, expected, 0):
                raise Wrong(f"flags {flags:04x}, Ns {ns}, Nr {nr} in PPP frame {turn}")
            expected += 1
        held.send(CDN, avp(1, b"\0\3") + avp(14, b"\0\7"), session)
        held.acknowledged()
    judge.judge("data: where sequencing is required LCP carries Ns, from 0 up", {}, sequenced)
    judge.judge("data: LCP right behind ICCN or just before it is answered, 10 of 10", {}, behind)
    other.close()
