#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# load.sh - what Culvert takes of calls, for the bench: culvert-load and culvertd, two programs that a memif
# joins, each on a CPU of its own. Calls go all the way: tunnel authentication, MS-CHAPv2, IPCP.
#
# Prints "NAME VALUE" for each row, or "NAME - REASON" where it could not be measured. CULVERTD and CULVERT_LOAD
# name the programs.
#
# usage: load.sh CALLS SESSIONS HELD-SECONDS CPU-OF-CULVERTD CPU-OF-ALL-ELSE
set -u
CALLS=$1 SESSIONS=$2 HELD=$3 MEASURED=$4 ELSE=$5
A_TUNNEL=10 # sessions in a tunnel, where there are many: a server has IDs for 65,535 tunnels
[ "$SESSIONS" -le 500000 ] || A_TUNNEL=20
UP_MOST=$((100 + SESSIONS / 1000)) # seconds
RUN=$(mktemp -d "${TMPDIR:-/tmp}/culvert-bench.XXXXXX") || exit 2
DAEMON='' HOLDER=''
TICKS=$(getconf CLK_TCK)
trap 'stop; rm -rf "$RUN"' EXIT

failed() {
	echo "load.sh: $1 failed" >&2
	tail -n 5 "$RUN"/*.log >&2
	exit 1
}

# What runs: culvert-load, what it reads from, the daemon.
stop() {
	local pid
	for pid in $(cat "$RUN/sleep" 2>/dev/null) $HOLDER $DAEMON; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	rm -f "$RUN/sleep"
	DAEMON='' HOLDER=''
}

# serve WORKERS CPUS: workers 0: one thread does all.
serve() {
	(umask 077 && echo pass >"$RUN/password" && echo tunnelsecret >"$RUN/secret")
	{
		cat <<-YAML
			log: { level: warning }
			control: { socket: $RUN/control.sock }
			workers: { count: $1, hugepages: never, memory: $((1024 + SESSIONS / 400)) }
			ports: [ { name: wan, device: "memif:$RUN/memif.sock" } ]
			listeners: [ { port: wan, address: 192.0.2.1/24, gateway: 192.0.2.60 } ]
			tunnels: { secrets: [ { secret-file: secret } ] }
			ppp: { auth: [mschapv2] }
			limits: { tunnels: 65000, tunnels-per-peer: 60000, half-open: 10000, setups-per-second: 100000,
			  sessions: $((SESSIONS + 40000)), sessions-per-tunnel: 60000 }
			groups: [ { name: clients, address: 10.255.0.1, pool: [10.64.0.0/12], policy: any, user-sessions: 1000 } ]
			users:
		YAML
		for number in $(seq 0 $(((SESSIONS > CALLS ? SESSIONS : CALLS) / 1000 + 1))); do
			echo "  - { name: user$number, password-file: password }"
		done
	} >"$RUN/culvert.yaml"
	(cd "$RUN" && exec taskset -c "$2" "$CULVERTD" -c culvert.yaml) >"$RUN/culvertd.log" 2>&1 &
	DAEMON=$!
	for _ in $(seq 100); do
		[ ! -S "$RUN/memif.sock" ] || return 0
		kill -0 "$DAEMON" || return 1
		sleep 0.1
	done
	return 1
}

# exec: who runs this in the background has culvert-load's own pid
load() (
	exec "$CULVERT_LOAD" --port "memif:$RUN/memif.sock" --from 203.0.113.0/24 --own 192.0.2.60 --password-file "$RUN/password" \
		--secret-file "$RUN/secret" --cpu "$ELSE" --json "$@" 192.0.2.1 2>>"$RUN/load.log"
)

# number KEY...: of the JSON on standard input.
number() {
	python3 -c '
import json, sys
o = json.load(sys.stdin)
for key in sys.argv[1:]:
    o = o[key]
print(o)' "$@"
}

# One thread of culvertd, one of culvert-load; the best of three, since anything else on the machine takes away.
calls() {
	: >"$RUN/best"
	for _ in 1 2 3; do
		serve 0 "$MEASURED" || failed culvertd
		load --sessions "$CALLS" --users $((CALLS / 1000 + 1)) --give-up 100 >"$RUN/json" || failed "calls"
		number sessions up_per_second <"$RUN/json" >>"$RUN/best"
		stop
	done
	echo "load.calls $(sort -g "$RUN/best" | tail -1)"
}

# spent: of culvertd's control thread, in ticks.
spent() {
	sed 's/.*) //' "/proc/$DAEMON/task/$DAEMON/stat" | awk '{ print $12 + $13 }'
}

resident_kib() {
	awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}

# Many sessions, and a worker that polls: only the control thread's time counts. The first echoes come 20 s
# after a session has; so long they are held before.
held() {
	local before=0 after
	serve 1 "$MEASURED,$ELSE" || failed culvertd
	before=$(resident_kib "$DAEMON")
	load --sessions "$SESSIONS" --users $((SESSIONS / 1000 + 1)) --per-tunnel $A_TUNNEL --give-up $UP_MOST --trials \
		< <(sleep 1000 & echo $! >"$RUN/sleep"; wait) >"$RUN/lines" &
	HOLDER=$!
	for _ in $(seq $((UP_MOST * 10 + 50))); do
		! grep -q up "$RUN/lines" || break
		sleep 0.1
	done
	grep -q up "$RUN/lines" || failed "holding"
	[ "$(number sessions <"$RUN/lines")" = "$SESSIONS" ] || failed "to come up"
	echo "load.up $(number seconds <"$RUN/lines")"
	echo "load.memory $((($(resident_kib "$DAEMON") - before) * 1024 / SESSIONS))"
	sleep 20
	before=$(spent)
	sleep "$HELD"
	after=$(spent)
	echo "load.held $(((after - before) * 100 / TICKS)) $HELD" | awk '{ print $1, $2 / $3 }'
	kill "$(cat "$RUN/sleep")"
	wait "$HOLDER" || failed "to hold all"
	stop
}

calls
held
