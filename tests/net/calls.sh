#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# calls.sh - what Culvert's loop asks of the kernel: where worker and control share a core it looks at
# its descriptors by time, not each round; and it reads its eventfd once each time it was woken.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

LOOKS_A_S=1000 # epoll_waits a second at most, where the loop does not sleep
WAKES=400

tap_requires world lns
command -v cc >/dev/null || tap_skip_all "no C compiler"

# calls N: the count that lib/calls.c keeps.
calls() {
	od -An -t u8 -j $((8 * $1)) -N 8 "$RUN/calls" | tr -d ' '
}

start_counted() {
	rm -f "$RUN/calls"
	# shellcheck disable=SC2030 # for culvertd alone
	(export LD_PRELOAD=$RUN/calls.so CALLS_FILE=$RUN/calls &&
		ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 lns_start)
}

# within_rate COMMAND...: while it runs, the loop looks at its descriptors no oftener than it may.
within_rate() {
	local from looks took
	from=$(date +%s%3N) looks=$(calls 0)
	"$@" || return 1
	looks=$(($(calls 0) - looks)) took=$(($(date +%s%3N) - from))
	echo "$looks epoll_waits in $took ms"
	[ "$looks" -le $((LOOKS_A_S * took / 1000 + 50)) ] && [ "$looks" -gt 10 ]
}

# Packets 2 ms apart: between each two of them the worker goes round many times for nothing. They
# are more than one source has answers for.
trickle() {
	world_in wan ping -q -i 0.002 -c 1000 "$LNS_ADDRESS" |
		grep -E '^1000 packets transmitted, [1-9][0-9]{2,3} received'
}

# Messages that nobody answers, each of which wakes the control thread.
wakes() {
	world_in wan python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(int(sys.argv[2])):
    s.sendto(bytes.fromhex("c802000c00000000") + bytes(4), (sys.argv[1], 1701))
    time.sleep(0.005)' "$LNS_ADDRESS" $WAKES
}

# A busy machine wakes it once for several.
read_once() {
	local reads writes
	reads=$(calls 1) writes=$(calls 2)
	wakes || return 1
	reads=$(($(calls 1) - reads)) writes=$(($(calls 2) - writes))
	echo "$reads reads of $writes writes, for $WAKES messages"
	[ "$reads" -gt 0 ] && [ "$writes" -le $((WAKES + 20)) ] && [ "$reads" -le $((writes + 20)) ]
}

world_open
ip -n "$WORLD_PREFIX-wan" addr add 192.0.2.9/24 dev br0 || exit 2
tap_logs "$RUN/$LNS_LOG"
tap_need "a library that counts calls" \
	cc -O2 -shared -fPIC -o "$RUN/calls.so" "$HERE/lib/calls.c" -ldl

lns_configure secret=none userA:pass-a
tap_need "Culvert is ready, and shares its core" start_counted
tap_check "idle, it looks at its descriptors by time" within_rate sleep 3
tap_check "with packets some ms apart it looks at its descriptors by time" within_rate trickle
tap_check "Culvert ends within its time, with exit code 0" lns_stop

if [ "$(nproc)" -lt 2 ]; then
	tap_skip "the eventfd is read once each time that it was written to" "needs 2 CPUs"
else
	lns_configure secret=none workers=1 userA:pass-a
	tap_need "Culvert is ready, with a worker of its own" start_counted
	tap_check "the eventfd is read once each time that it was written to" read_once
	tap_check "Culvert ends within its time, with exit code 0" lns_stop
fi
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
