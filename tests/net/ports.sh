#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# ports.sh - a port on an interface: whose ARP is believed there, tagged frames, a ring that is too
# small for a pause, a link that goes down, a device that is removed, a second culvertd.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

tap_requires world lns

configure() {
	lns_configure secret=none userA:pass-a
	sed -i 's|secret-file: tunnel.secret|secret: none|' "$RUN/lns/culvert.yaml"
	mkdir "$RUN/second" && cp "$RUN"/lns/*.secret "$RUN/second/" &&
		sed "s|$RUN/lns/|$RUN/second/|" "$RUN/lns/culvert.yaml" >"$RUN/second/culvert.yaml"
}

peer() {
	world_in peer env PYTHONDONTWRITEBYTECODE=1 "$HERE/ports.py" peer0 "$LNS_ADDRESS" "$@" \
		-- "$LNS_CTL" --socket "$RUN/lns/control.sock"
}

# ---- a second one ----

# refused: it says by whom, ends with 1, and the first goes on.
refused() {
	local rc=0
	world_in lns env -C "$RUN/second" timeout 20 "$(readlink -f "$LNS_PROGRAM")" -c culvert.yaml \
		>"$RUN/second.log" 2>&1 || rc=$?
	cat "$RUN/second.log"
	[ $rc = 1 ] && grep "error.* port-failed port=wan device=lns0 pid=$(cat "$RUN/culvertd.pid") \
reason=\"another culvertd serves this interface\"" "$RUN/second.log" && peer alive
}

# Elsewhere an interface of the same name is another one.
served_elsewhere() {
	world_namespace other && world_plug other lns0 &&
		world_spawn other second env -C "$RUN/second" "$(readlink -f "$LNS_PROGRAM")" \
			-c culvert.yaml && world_until 30 grep -q ' ready ' "$RUN/second.log" || return 1
	world_stop second 5
}

served_after_a_crash() {
	kill -KILL "$(cat "$RUN/culvertd.pid")" && world_until 5 test -e "$RUN/culvertd.rc" &&
		lns_start && peer alive
}

# ---- the ring ----

# pause FRAMES: so many come while culvertd stands still; those beyond 4,096 are counted.
pause() {
	local pid missed drops
	pid=$(cat "$RUN/culvertd.pid")
	kill -STOP "$pid"
	world_in wan python3 - "$1" <<'PYTHON'
import socket
import sys

with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
    s.bind(("to-lns", 0))
    for _ in range(int(sys.argv[1])):
        s.send(b"\2\0\0\0\0\1" + b"\2\0\0\0\0\2" + b"\x88\xb5" + bytes(46))
PYTHON
	kill -CONT "$pid"
	missed=$(lns_rows ports '{rx_missed}') drops=$(lns_drops RX_RING_FULL)
	lns_rows ports '{rx_descriptors} {rx_missed} {kernel_rx_dropped}'
	echo "missed $missed, dropped $drops"
	[ "$(lns_rows queues '{port} {queue} {rx_ring_full} {tx_full}')" = "wan 0 $missed 0" ] || return 1
	if [ "$1" -le 4000 ]; then
		[ "$missed" = 0 ] && [ "$drops" = 0 ]
	else
		[ "$missed" -gt 0 ] && [ "$missed" -le $(($1 - 4096)) ] && [ "$drops" = "$missed" ]
	fi
}

# ---- the link ----

link_is() {
	[ "$(lns_rows ports '{link}')" = "$1" ]
}

# says TIMES EVENT LINK: the log has the event so often, and culvertctl shows the link.
says() {
	world_until 10 link_is "$3" && [ "$(grep -c " $2 port=wan device=lns0" "$RUN/$LNS_LOG")" = "$1" ]
}

cable_out() {
	ip -n "$WORLD_PREFIX-wan" link set to-lns down && says 1 port-down down
}

cable_in() {
	ip -n "$WORLD_PREFIX-wan" link set to-lns up && says 1 port-up up && peer alive
}

interface_down_and_up() {
	ip -n "$WORLD_PREFIX-lns" link set lns0 down && says 2 port-down down &&
		ip -n "$WORLD_PREFIX-lns" link set lns0 up && says 2 port-up up && peer alive
}

removed() {
	ip -n "$WORLD_PREFIX-lns" link del lns0 && says 1 port-gone gone
}

world_open
tap_logs "$RUN/$LNS_LOG"
configure
world_namespace peer && world_plug peer peer0 || exit 2

tap_need "Culvert is ready" lns_start
tap_lines peer frames
tap_check "3,000 frames in a pause: none is lost" pause 3000
tap_check "6,000 frames in a pause: ports and drops count what the ring had no room for" pause 6000
tap_check "a second culvertd on the interface is refused" refused
tap_check "another on an interface of that name elsewhere is not" served_elsewhere
tap_check "a new one starts after a crash" served_after_a_crash
tap_check "a link that goes down is logged once and shown" cable_out
tap_check "and that it is up again" cable_in
tap_check "an interface that is set down, and up" interface_down_and_up
tap_check "a device that is removed is logged and shown" removed
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
