#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""flap.py INTERFACE COMMAND ADDRESS...: a host on the LAN that sends numbered ESP to clients, who send
it back. COMMAND: "all": to each of the addresses, of which each comes back; "none": to each, and none
does. What had no answer after 20 s in which nothing came is lost. Prints how many came."""

import socket
import struct
import sys
import time

SO_RCVBUFFORCE = 33  # of Linux
BOUND = 20
AT_ONCE = 50  # the kernel's queue for one who is not known holds no more


def numbered(number):
    return struct.pack("!II", 0x100, number) + bytes(56)


def main():
    interface, command, addresses = sys.argv[1], sys.argv[2], sys.argv[3:]
    out = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
    out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    out.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    out.setblocking(False)
    run = int(time.time() * 1000) & 0xFFFFFF  # what is late of another run is not of this one
    missing = {(socket.inet_aton(a), run + i): a for i, a in enumerate(addresses)}
    sent = list(missing)
    came = 0
    last = time.monotonic()
    for at in range(0, len(sent) + AT_ONCE, AT_ONCE):
        for address, number in sent[at:at + AT_ONCE]:
            try:
                out.sendto(numbered(number), (socket.inet_ntoa(address), 0))
            except OSError as e:
                if command == "all":
                    print(f"{socket.inet_ntoa(address)}: {e}")
        # the next ones when these are there, or the time is over
        want = 0 if command == "none" else max(0, len(sent) - at - AT_ONCE)
        last = time.monotonic()
        while len(missing) > want and time.monotonic() - last < (BOUND if command == "all" else 0.02):
            try:
                packet, _ = out.recvfrom(2048)
            except BlockingIOError:
                time.sleep(0.001)
                continue
            number = struct.unpack_from("!I", packet, 24)[0]
            if missing.pop((packet[12:16], number), None) is not None:
                came += 1
                last = time.monotonic()
        if command == "all" and len(missing) > want:
            break
    print(f"{came} of {len(sent)} came back")
    return came != (len(sent) if command == "all" else 0)


if __name__ == "__main__":
    sys.exit(main())
