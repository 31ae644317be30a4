#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# stall.sh - what stands still costs nobody else anything: a log that nobody reads, a control thread
# that is gone for a minute, a worker; and the watchdog says who it is.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

STOPPED_S=60         # the control thread
PINGS=330 PING_S=0.2 # go on for longer

tap_requires guest lns

# ---- a log that nobody reads ----

# Its standard error is a pipe that this script keeps open, and reads when it likes.
start_with_pipe() {
	rm -f "$RUN/pipe" && mkfifo "$RUN/pipe" && exec 7<>"$RUN/pipe" &&
		world_spawn lns culvertd sh -c 'cd "$1" && exec "$2" -c culvert.yaml 2>"$3" 7>&-' \
			culvertd "$RUN/lns" "$(readlink -f "$LNS_PROGRAM")" "$RUN/pipe" &&
		world_until 30 lns_ctl status
}

# many_lines N: so many and more, each for an answered request. Pipe and buffer hold some 7,000.
many_lines() {
	timeout 400 python3 - "$RUN/lns/control.sock" "$1" <<'PYTHON'
import json
import socket
import sys

ask = json.dumps({"command": "log-level", "arguments": {"level": "info"}}).encode() + b"\n"
for n in range(int(sys.argv[2])):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(sys.argv[1])
        s.sendall(ask)
        if b'"info"' not in s.recv(4096):
            sys.exit(f"no answer to request {n}")
PYTHON
}

serves() {
	timeout 5 "$LNS_CTL" --socket "$RUN/lns/control.sock" status &&
		world_in wan ping -c 3 -i 0.2 -W 2 "$LNS_ADDRESS"
}

own_counter() {
	timeout 10 "$LNS_CTL" --socket "$RUN/lns/control.sock" --json counters | python3 -c '
import json, sys
print({r["name"]: r["value"] for r in json.load(sys.stdin)["rows"]}[sys.argv[1]])' "$1"
}

counted() {
	local lost
	lost=$(own_counter log-lines-lost)
	echo "lost: $lost"
	[ "$lost" -gt 1000 ] && [ "$lost" -lt 10000 ]
}

# What waited is read, then the gap is told with its size, then lines follow as before: each request
# has its line, or is counted, with some other line perhaps (a busy machine makes threads late).
goes_on() {
	local lost lines
	lost=$(own_counter log-lines-lost)
	world_spawn lns reader cat "$RUN/pipe" && world_until 20 grep -q "log-lost" "$RUN/reader.log" &&
		timeout 10 "$LNS_CTL" --socket "$RUN/lns/control.sock" log-level warning &&
		timeout 10 "$LNS_CTL" --socket "$RUN/lns/control.sock" log-level info &&
		world_until 10 lines_follow || return 1
	world_stop reader
	grep log-lost "$RUN/reader.log"
	lines=$(grep -c 'info *log-level' "$RUN/reader.log")
	[ "$(grep -c "warning log-lost lines=$lost " "$RUN/reader.log")" = 1 ] &&
		[ "$lines" -ge $((10001 - lost)) ] && [ "$lines" -le $((10005 - lost)) ] &&
		! grep -vE '^([0-9T:.-]+Z (info|warning|error) |Terminated$)' "$RUN/reader.log"
}

lines_follow() {
	tail -1 "$RUN/reader.log" | grep -q "log-level level=info"
}

# The bytes in the pipe, whose room is 65,536.
unread() {
	python3 -c 'import fcntl, struct, termios
print(*struct.unpack("i", fcntl.ioctl(7, termios.FIONREAD, bytes(4))))'
}

# Stalled again, with lines that wait behind a full pipe; SIGTERM is obeyed within its time.
stops_though_nobody_reads() {
	many_lines 3000 && [ "$(unread)" -gt 60000 ] && lns_stop
}

# ---- the watchdog ----

WATCHED="the watchdog says who is late, and systemd hears nothing meanwhile"

# What systemd would hear: a line for each datagram, with its time in ms.
start_watched() {
	world_spawn lns systemd python3 -u -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    word = s.recv(100).decode()
    print(int(time.monotonic() * 1000), word)' "$RUN/notify" &&
		world_until 10 test -S "$RUN/notify" &&
		NOTIFY_SOCKET=$RUN/notify WATCHDOG_USEC=4000000 lns_start && world_until 10 pinged 3
}

pinged() {
	[ "$(grep -c WATCHDOG=1 "$RUN/systemd.log")" -ge "$1" ]
}

# said_late WHO THREAD: the log names it once when it stands still for 5 s, and says when that is
# over; systemd hears nothing from 2 s on, and is told again afterwards.
said_late() {
	local gap
	: >"$RUN/$LNS_LOG" && : >"$RUN/systemd.log" && "$HERE/freeze.py" "$(cat "$RUN/culvertd.pid")" \
		"$2" 5 && world_until 10 grep -E " late-over $1 ms=[5-9][0-9]{3}$" "$RUN/$LNS_LOG" &&
		world_until 10 pinged 5 || return 1
	cat "$RUN/$LNS_LOG"
	gap=$(awk '/WATCHDOG/ { if (NR > 1 && $1 - t > gap) gap = $1 - t; t = $1 } END { print gap }' \
		"$RUN/systemd.log")
	echo "systemd heard nothing for $gap ms"
	[ "$gap" -gt 2500 ] && [ "$(grep -cE " late $1 ms=2[0-9]{3}$" "$RUN/$LNS_LOG")" = 1 ] &&
		[ "$(grep -c ' late ' "$RUN/$LNS_LOG")" = 1 ]
}

stop_watched() {
	[ "$(own_counter control-late) $(own_counter workers-late)" = "1 1" ] && lns_stop &&
		[ "$(tail -1 "$RUN/systemd.log" | cut -d ' ' -f 2)" = STOPPING=1 ]
	local rc=$?
	world_stop systemd
	return $rc
}

# ---- a control thread that stands still ----

# Without echoes of their own, which only the control thread answers.
dial() {
	client_dial A user=userA password=pass-a secret=tunnelsecret echo=0 &&
		client_dial B user=userB password=pass-b secret=tunnelsecret echo=0 &&
		client_wait A && client_wait B &&
		guest_run A "ping -c 3 -i 0.2 -W 5 $(client_address B)"
}

stop_control() {
	world_spawn lns freeze "$HERE/freeze.py" "$(cat "$RUN/culvertd.pid")" main $STOPPED_S &&
		world_until 10 grep -qx stopped "$RUN/freeze.log" &&
		! timeout 3 "$LNS_CTL" --socket "$RUN/lns/control.sock" status
}

# Both NATs forget where Culvert is, again and again: its answers to ARP bring the traffic back.
forget_neighbours() {
	while [ ! -e "$RUN/pinged" ]; do
		ip -n "$WORLD_PREFIX-siteA" neigh flush dev wan0
		ip -n "$WORLD_PREFIX-siteB" neigh flush dev wan0
		sleep 2
	done
}

relayed_meanwhile() {
	local rc=0 forgetting
	forget_neighbours >/dev/null 2>&1 &
	forgetting=$!
	GUEST_BOUND=120 guest_run A "ping -i $PING_S -c $PINGS -w 100 $(client_address B)" || rc=1
	touch "$RUN/pinged"
	wait $forgetting
	cat "$RUN/freeze.log"
	return $rc
}

nothing_lost() {
	relayed_meanwhile >"$RUN/relayed" || return 1
	tail -5 "$RUN/relayed"
	pings_answered "$RUN/relayed" "$PINGS"
}

# ---- a worker that stands still ----

# A worker that polls is always in the middle of something: nothing can be freed before it goes on.
# What looks for leaks at the end would trace it, too.
start_polling() {
	sed -i 's/^workers: {/& idle: poll,/' "$RUN/lns/culvert.yaml" &&
		ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 lns_start && dial
}

# Its session can't take leave, and ends by its timers while the worker still stands still; Culvert
# answers all the time. Its counters, and the line about its end, come when the worker goes on.
ends_meanwhile() {
	local rows serial ended=no
	serial=$(lns_rows sessions '{user} {serial}' | awk '$1 == "userA" { print $2 }')
	world_spawn lns freeze "$HERE/freeze.py" "$(cat "$RUN/culvertd.pid")" "(rte|lcore|dpdk)-worker-?1" \
		25 && world_until 10 grep -qx stopped "$RUN/freeze.log" &&
		timeout 2 "$LNS_CTL" --socket "$RUN/lns/control.sock" kick user userA || return 1
	while ! grep -qx 'going on' "$RUN/freeze.log"; do
		rows=$(timeout 2 "$LNS_CTL" --socket "$RUN/lns/control.sock" --json sessions) || {
			echo "no answer"
			return 1
		}
		[ $ended = yes ] || grep -q userA <<<"$rows" || {
			ended=yes
			timeout 2 "$LNS_CTL" --socket "$RUN/lns/control.sock" --json ended >"$RUN/early"
			lns_ctl session "$serial" >"$RUN/leaving"
		}
		sleep 0.5
	done
	[ $ended = yes ] && ! grep -q userA "$RUN/early" && cat "$RUN/leaving" &&
		grep -E '^reason +ended by the administrator' "$RUN/leaving" &&
		grep -E '^packets from it +[1-9]' "$RUN/leaving" &&
		lns_said "session-end .*serial=$serial .*user=userA .*rx_packets=[1-9]" &&
		[ "$(grep -c session-end "$RUN/$LNS_LOG")" = 1 ]
}

# It is told that it failed to stop, which systemd would end with SIGKILL.
stops_though_a_worker_hangs() {
	local from=$SECONDS
	world_spawn lns freeze "$HERE/freeze.py" "$(cat "$RUN/culvertd.pid")" "(rte|lcore|dpdk)-worker-?1" \
		60 && world_until 10 grep -qx stopped "$RUN/freeze.log" &&
		kill "$(cat "$RUN/culvertd.pid")" && world_within 8 test -e "$RUN/culvertd.rc" || return 1
	echo "ended after $((SECONDS - from)) s, exit code $(cat "$RUN/culvertd.rc")"
	[ "$(cat "$RUN/culvertd.rc")" = 1 ] && lns_said 'stop-failed reason="worker 0 does not stop"'
}

# They are what they were: the same sessions, a ping is answered, control asks and answers.
still_there() {
	world_until 30 test -e "$RUN/freeze.rc" && grep -qx 'going on' "$RUN/freeze.log" && sleep 5 &&
		[ "$(lns_rows sessions '{user} {session} {state}' | sort)" = "$(cat "$RUN/sessions")" ] &&
		guest_run A "ping -c 3 -i 0.2 -W 5 $(client_address B) && ping -c 3 -i 0.2 -W 5 10.88.0.1"
}

world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 &&
	ip -n "$WORLD_PREFIX-wan" addr add 192.0.2.9/24 dev br0 || exit 2
tap_logs "$RUN"/guest-{A,B}/{xl2tpd,pppd}.log "$RUN/$LNS_LOG"

lns_configure secret=tunnelsecret userA:pass-a
tap_need "Culvert is ready, and its log goes into a pipe" start_with_pipe
tap_check "a log that nobody reads: 10,000 requests that log are answered" many_lines 10000
tap_check "a log that nobody reads: Culvert serves culvertctl, and answers pings" serves
tap_check "a log that nobody reads: the lines lost are counted" counted
tap_check "the reader goes on: the gap is told where it is, and lines follow" goes_on
tap_check "a log that nobody reads: Culvert ends within its time, with exit code 0" \
	stops_though_nobody_reads
exec 7>&-

if [ "$(nproc)" -lt 2 ]; then
	tap_skip "a control thread stopped for $STOPPED_S s" "needs 2 CPUs: on one it is the worker too"
	tap_skip "$WATCHED" "needs 2 CPUs"
else
	lns_configure secret=tunnelsecret policy=any workers=1 userA:pass-a userB:pass-b
	tap_need "Culvert is ready, and systemd hears of it again and again" start_watched
	tap_check "$WATCHED: control" said_late who=control main
	tap_check "$WATCHED: worker" said_late "who=worker worker=0" "(rte|lcore|dpdk)-worker-?1"
	tap_check "Culvert ends, having counted both" stop_watched
	tap_need "two guests boot" guests_boot
	tap_need "Culvert is ready, with a worker of its own" lns_start
	tap_need "both clients get a session, and reach each other" dial
	lns_rows sessions '{user} {session} {state}' | sort >"$RUN/sessions"
	tap_need "the control thread is stopped" stop_control
	tap_check "a control thread stopped for $STOPPED_S s: open sessions lose nothing" nothing_lost
	tap_check "it goes on: the sessions are the same" still_there
	tap_check "Culvert ends within its time, with exit code 0" lns_stop
	tap_need "Culvert is ready, its worker polls, and both clients are there" start_polling
	tap_check "a worker that stands still: a session ends meanwhile, culvertctl is answered" \
		ends_meanwhile
	tap_check "a worker that stands still: SIGTERM is obeyed, with exit code 1" \
		stops_though_a_worker_hangs
fi
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
