#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# reload.sh - the configuration, with 100,000 users, read again under 4,000 sessions that exchange
# packets: none is lost, whoever is not concerned stays, who is gone ends, and what is wrong or needs
# a restart changes nothing.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_LOAD name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

USERS=${USERS:-100000}
SESSIONS=4000
OTHER='' # listeners
RATE=2000 # packets a second, of all

tap_requires world lns load
[ "$(nproc)" -gt 1 ] || tap_skip_all "one CPU: who dials would take it from who serves"

neighbour() {
	world_namespace load && world_plug load eth0
}

# configure USERS [MTU]: users u0 to u(USERS - 1).
configure() {
	cat >"$RUN/lns/culvert.yaml" <<YAML
control: { socket: $RUN/lns/control.sock }
workers: { count: 0, hugepages: never, memory: 256 }
ports: [ { name: wan, device: "af_packet:lns0" } ]
listeners: [ { address: $LNS_ADDRESS/24 }$OTHER ]
tunnels: { secrets: [ { secret: none } ] }
ppp: { echo: 1h }
groups: [ { name: clients, address: 10.88.0.1, pool: 10.64.0.0/12, clients: reachable, mtu: ${2:-1400} } ]
users-file: users
limits: { sessions: 5000, sessions-per-tunnel: 5000, setups-per-second: 20000 }
YAML
	(umask 077 && seq -f 'u%.0f:p:clients' 0 $(($1 - 1)) >"$RUN/lns/users")
}

dial() {
	load_lac load lac 192.0.2.60 u $SESSIONS --pps $RATE --seconds 0 --json $LNS_ADDRESS &&
		world_until 60 has_sessions $SESSIONS
}

# reload RC PATTERN [OPTION...]: what is printed has the pattern.
reload() {
	local rc=$1 pattern=$2 got=0
	shift 2
	lns_ctl reload "$@" >"$RUN/said" 2>&1 || got=$?
	tail -12 "$RUN/said"
	[ $got = "$rc" ] && grep -qE -- "$pattern" "$RUN/said"
}

# Four times, with users in and out, an MTU to and fro.
changes() {
	local n
	for n in 1 2; do
		configure $((USERS - 10)) 1300 &&
			reload 0 '^changes: 11; sessions changed: 0, ended: 0$' &&
			configure "$USERS" &&
			reload 0 '^changes: 11; sessions changed: 0, ended: 0$' || return 1
	done
	grep -oE 'result=applied ms=[0-9]+' "$RUN/$LNS_LOG"
}

# networks SHIFT: the first 1,000 users have one behind them each, that of the user so many before.
networks() {
	(umask 077 && awk -v shift="$1" 'NR > 1000 { print; next }
		{ n = (NR + shift) % 1000; printf "%s:,,,172.%d.%d.0/24\n", $0, 16 + n / 256, n % 256 }' \
		"$RUN/lns/users" >"$RUN/lns/users.new") && mv "$RUN/lns/users.new" "$RUN/lns/users"
}

# In a ring, and each one another's: whoever is told first, nobody falls.
networks_change_hands() {
	local shift
	for shift in 0 1 501; do
		configure "$USERS" && networks $shift &&
			reload 0 '^changes: [0-9]+; sessions changed: 1000, ended: 0$' || return 1
	done
	[ "$(lns_rows sessions '{routes}' | sort -u | grep -c /24)" = 1000 ] && configure "$USERS" &&
		reload 0 '; sessions changed: 1000, ended: 0$' && has_sessions $SESSIONS
}

on_hangup() {
	local before
	before=$(grep -c 'reload by=SIGHUP' "$RUN/$LNS_LOG")
	configure $((USERS - 1)) && kill -HUP "$(cat "$RUN/culvertd.pid")" &&
		world_until 20 hung_up_again "$before" &&
		lns_said 'reload by=SIGHUP result=applied .*changes: 1; sessions changed: 0, ended: 0'
}

hung_up_again() {
	[ "$(grep -c 'reload by=SIGHUP' "$RUN/$LNS_LOG")" -gt "$1" ]
}

# The last ten of those who are there, and 90,000 whom nobody misses.
goodbye() {
	configure $((SESSIONS - 10)) &&
		reload 0 '^changes: [0-9]+; sessions that would end: 10$' --dry-run &&
		grep '^10 sessions end: the user is gone (u' "$RUN/said" &&
		reload 6 '^sessions that would end: 10; nothing has changed$' --keep-sessions &&
		[ "$(sessions)" = $SESSIONS ] &&
		reload 0 '^changes: [0-9]+; sessions changed: 0, ended: 10$' &&
		world_until 20 has_sessions $((SESSIONS - 10))
}

sessions() {
	lns_ctl --json status | sed -nE 's/^ *"sessions": ([0-9]+),?$/\1/p' | head -1
}

has_sessions() {
	[ "$(sessions)" = "$1" ]
}

# What culvertd can't take changes nothing, and says why.
wrong() {
	configure $((SESSIONS - 10)) && echo 'colour: red' >>"$RUN/lns/culvert.yaml" &&
		reload 6 '^culvert.yaml:10:1: colour: unknown key' &&
		grep '^errors: 1; nothing has changed$' "$RUN/said" &&
		configure 1 && rm "$RUN/lns/users" && reload 6 'users' &&
		has_sessions $((SESSIONS - 10))
}

restart_needed() {
	configure $((SESSIONS - 10)) 1200 && sed -i 's/count: 0/count: 1/' "$RUN/lns/culvert.yaml" &&
		reload 6 '^changed: workers.count: 0 -> 1 \(restart\)$' &&
		grep '^changes: 2, of which 1 need a restart; nothing has changed$' "$RUN/said"
}

same() {
	configure $((SESSIONS - 10)) && reload 0 '^nothing is different$'
}

# A listener goes whose peer does not answer: he is told in vain, and left. Who asks for the next
# change meanwhile gets it.
silent_peer() {
	local silent before
	OTHER=', { address: 192.0.2.2/24 }' configure $((SESSIONS - 10)) &&
		reload 0 '^changes: 1; ' &&
		load_lac load silent 192.0.2.60 u 2 --pps 10 --seconds 0 192.0.2.2 &&
		world_until 20 has_sessions 2 || return 1
	silent=$(cat "$RUN/silent.pid")
	kill -STOP "$silent"
	before=$(grep -c 'reload by=SIGHUP' "$RUN/$LNS_LOG")
	configure $((SESSIONS - 10)) && kill -HUP "$(cat "$RUN/culvertd.pid")" &&
		lns_said 'session-end .* user=u0 .* reason="the listener is gone"' &&
		configure $((SESSIONS - 11)) && kill -HUP "$(cat "$RUN/culvertd.pid")" &&
		world_until 20 hung_up_again $((before + 2)) &&
		lns_said 'reload by=SIGHUP result=applied .*changes: 1; .*, ended: 2"' &&
		! world_within 8 test -e "$RUN/culvertd.rc" &&
		reload 0 '^nothing is different$'
	local rc=$?
	kill -CONT "$silent"
	return $rc
}

# The packets of those who stayed; ten have not, which is an error of the exit code's.
lost_none() {
	local rc=0 log=$RUN/lac.log
	load_end lac || rc=$?
	[ $rc = 1 ] && [ "$(load_number "$log" sessions up)/$(load_number "$log" sessions fell)" = $((SESSIONS - 10))/10 ] &&
		[ "$(load_number "$log" data sent)" -ge 1000 ] && [ "$(load_number "$log" data wrong)" = 0 ] &&
		[ "$(load_number "$log" data lost)" = "$(load_number "$log" data lost_to_changes)" ]
}

world_open
tap_logs "$RUN/$LNS_LOG" "$RUN/lac.log" "$RUN/said"
mkdir -p "$RUN/lns"
configure "$USERS"
tap_need "clients are on the same wire" neighbour
tap_need "Culvert is ready, with $USERS users" lns_start
tap_need "$SESSIONS sessions come up" dial
tap_check "it reads its file again, four times: all stay" changes
tap_check "networks behind 1,000 users go to others of them: all stay" networks_change_hands
tap_check "so it does on SIGHUP" on_hangup
tap_check "who is gone ends: foretold, refused, and done" goodbye
tap_check "a wrong file changes nothing" wrong
tap_check "what needs a restart changes nothing" restart_needed
tap_check "the same file changes nothing" same
tap_check "no packet was lost between those who stayed" lost_none
tap_check "a listener goes whose peer has fallen silent" silent_peer
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
