#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# life.sh - what lasts: clients come back by themselves after Culvert was stopped, killed or has
# thrown them out; a client that vanished is replaced by itself; culvertctl tells all of it.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

STOP_BOUND_MS=3000

tap_requires guest lns

dial() {
	client_dial A user=userA password=pass-a secret=tunnelsecret redial=yes &&
		client_dial B user=userB password=pass-b secret=tunnelsecret redial=yes &&
		dialled_in A userA none && dialled_in B userB none
}

# session_of USER: the ID of the user's open session.
session_of() {
	lns_rows sessions '{user} {state} {session}' | awk -v u="$1" '$1 == u && $2 == "open" { print $3 }'
}

# serial_of USER: its serial.
serial_of() {
	lns_rows sessions '{user} {state} {serial}' | awk -v u="$1" '$1 == u && $2 == "open" { print $3 }'
}

# dialled_in GUEST USER OLD: waits until the client has another session than OLD, and uses it.
dialled_in() {
	world_until 90 has_session "$@" && guest_run "$1" 'ping -c 1 -W 5 10.88.0.1'
}

has_session() {
	local address
	[ -n "$(session_of "$2")" ] && [ "$(session_of "$2")" != "$3" ] || return 1
	address=$(lns_rows sessions '{user} {address}' | awk -v u="$2" '$1 == u { print $2 }')
	[ "$(client_address "$1")" = "$address" ] && guest_run "$1" "ip addr show | grep 'inet $address '"
}

# json COMMAND PYTHON: culvertctl's JSON answer is `a`, and the expression is true of it.
json() {
	lns_ctl --json "$1" >"$RUN/json" && cat "$RUN/json" && python3 -c '
import json, sys
a = json.load(open(sys.argv[1]))
sys.exit(not eval(f"({sys.argv[2]})", {"a": a, "rows": a.get("rows"), "one": lambda key: {
    row[key]: row for row in a["rows"]}}))' "$RUN/json" "$2"
}

# table PATTERN COMMAND...: a line of the table for people.
table() {
	local pattern=$1
	shift
	lns_ctl "$@" >"$RUN/table" && cat "$RUN/table" && grep -qE "$pattern" "$RUN/table"
}

shows_sessions() {
	local a b id
	a=$(client_address A) b=$(client_address B) id=$(session_of userA)
	json sessions "one('user')['userA']['address'] == '$a' and one('user')['userB']['address'] == '$b'
		and len(rows) == 2 and all(r['state'] == 'open' and r['auth'] == 'chap-md5' and
		r['rx_packets'] > 5 and r['tx_bytes'] > 1000 for r in rows)" &&
		table "^SESSION +USER +ADDRESS +STATE +PEER " sessions &&
		table "^$id +userA +$a +open +192.0.2.11:[0-9]+ +chap-md5 " sessions user=userA &&
		! grep userB "$RUN/table" && table "userB +$b +open +192.0.2.12:" sessions 192.0.2.12 &&
		says_wrong "there is no user 'nobody'" sessions user=nobody
}

# says_wrong TEXT WORDS...: culvertctl refuses, and says why.
says_wrong() {
	local text=$1
	shift
	! lns_ctl "$@" >"$RUN/table" 2>&1 && cat "$RUN/table" && grep -qF -- "$text" "$RUN/table"
}

# only USER... : those are the users of the last table's rows.
only() {
	[ "$(awk 'NR > 1 { print $2 }' "$RUN/table" | sort | tr '\n' ' ')" = "$* " ]
}

# A peer with its port and without, several filters at once, and the other tables that have some.
filters() {
	local a b
	b=$(lns_rows sessions '{user} {peer}' | awk '$1 == "userB" { print $2 }')
	table 192.0.2.11: sessions peer=192.0.2.11 && only userA &&
		table "$b" sessions "peer=$b" && only userB &&
		table "^no sessions$" sessions "peer=${b%:*}:1" &&
		table "^SESSION" sessions state=open group=clients filter=clients && only userA userB &&
		table userA sessions state=open user=userA auth=chap-md5 && only userA &&
		table "^no sessions$" sessions user=userA "peer=${b%:*}" &&
		table "^no sessions$" sessions userA 192.0.2.12 &&
		table userA sessions "listener=$LNS_ADDRESS:1701" userA && only userA &&
		table client-A tunnels peer=192.0.2.11 state=established && ! grep client-B "$RUN/table" &&
		table client-B tunnels host=client-B && ! grep client-A "$RUN/table" &&
		table '^no tunnels$' tunnels host=client-B peer=192.0.2.11 &&
		table '^no such session has ended$' ended user=userA state=refused &&
		says_wrong "state is one of connecting" sessions state=up &&
		says_wrong "there is no group 'client'; there are clients" sessions group=client &&
		says_wrong "there is no filter 'none'; there are ipsec, any, clients" sessions filter=none &&
		says_wrong "no column 'rx'; columns are session, user," sessions rx=1 &&
		says_wrong "no column 'user'; columns are tunnel, peer," tunnels user=userA
}

# One tunnel with L2TP's counters, one session with PPP's.
counters() {
	local a
	a=$(session_of userA)
	table '^host name +client-A$' tunnel "${a%/*}" && grep -E '^ +[1-9][0-9]* +rx_messages ' "$RUN/table" &&
		table '^user +userA$' session "$a" && grep -E '^ +[1-9][0-9]* +tx_frames ' "$RUN/table"
}

neighbours() {
	table "^192.0.2.11 +wan +- +- +resolved +([0-9a-f]{2}:){5}[0-9a-f]{2} +[0-9]+s +1$" neighbours &&
		table '^no neighbours$' neighbours state=asking address=192.0.2.11
}

# Ends the session that it looked at, which is dialled again.
answers() {
	local a b
	a=$(session_of userA) b=$(session_of userB)
	"$HERE/answers.py" "$LNS_CTL" --socket "$RUN/lns/control.sock" &&
		world_until 60 both_back "$a" "$b" && dialled_in A userA none && dialled_in B userB none
}

both_back() {
	[ -n "$(session_of userA)" ] && [ -n "$(session_of userB)" ] &&
		[ "$(session_of userA) $(session_of userB)" != "$1 $2" ]
}

# A tunnel goes with its session, and is dialled again; so do all of a peer.
kick_tunnel() {
	local a b
	a=$(session_of userA) b=$(session_of userB)
	table '^ended: 1 tunnel$' kick tunnel "${a%/*}" &&
		dialled_in A userA "$a" && [ "$(session_of userB)" = "$b" ] &&
		table "^$a +userA .* ended +192.0.2.11:.* ended by the administrator" ended &&
		table "^$a +userA " ended user=userA state=ended peer=192.0.2.11 && a=$(session_of userA) &&
		table '^ended: 1 tunnel$' kick peer 192.0.2.11 && dialled_in A userA "$a" &&
		[ "$(session_of userB)" = "$b" ] && says_wrong 'has no tunnel' kick peer 192.0.2.99
}

shows_one_session() {
	local id serial
	id=$(session_of userA) serial=$(serial_of userA)
	lns_ctl --json session "$id" >"$RUN/json" && grep '"user": "userA"' "$RUN/json" &&
		table "^inner address +$(client_address A)$" session "$id" && grep -E '^LCP +Opened' "$RUN/table" &&
		table "^session +$id$" session "$serial" && grep -E "^serial +$serial$" "$RUN/table" &&
		table "^$id +userA .* $serial " sessions "session=$serial" && only userA &&
		lns_said "session-up .*session=${id#*/} serial=$serial .*user=userA" &&
		[ "$(completed session "$serial")" = "$serial" ] &&
		completed session "${serial%??}" | grep -qx "$serial" && [ "$(completed kick user use | sort | xargs)" = "userA userB" ]
}

# completed WORDS...: what a shell is offered for the last one.
completed() {
	CULVERT_SOCKET=$RUN/lns/control.sock "$LNS_CTL" --complete $# culvertctl "$@"
}

# Packets are shown as they come, and why each left; it ends by itself.
traces() {
	local a b pid rc
	a=$(serial_of userA) b=$(client_address B)
	lns_ctl trace "$a" 8 >"$RUN/trace" 2>&1 &
	pid=$!
	world_until 20 shows_a_packet && kill -0 $pid && ! guest_run A "ping -c 20 -i 0.2 -W 1 $b"
	wait $pid
	rc=$?
	cat "$RUN/trace"
	[ $rc = 0 ] && grep -qE '> 10.88.0.1, ICMP, 84 bytes, TTL 64$' "$RUN/trace" &&
		grep -qE '^  ROUTE_ECHO +echo requests to our inner address, answered$' "$RUN/trace" &&
		grep -qE "> $b, ICMP, 84 bytes, TTL 64$" "$RUN/trace" &&
		grep -qE "^  POLICY_SENDER +dropped: the sender's filter" "$RUN/trace" &&
		[ "$(tail -1 "$RUN/trace")" = "8 of 8 packets of session $(session_of userA)" ]
}

# One is in what the trace has written so far, which goes on.
shows_a_packet() {
	guest_run A 'ping -c 1 -W 5 10.88.0.1' && grep -q '^packet 1, from it, ' "$RUN/trace"
}

shows_status() {
	json status "a['open_sessions'] == 2 and a['tunnels'] == 2 and
		a['pid'] == $(cat "$RUN/culvertd.pid") and
		a['ended_tunnels'] == 0 and a['control_percent'] > 0 and
		0 < a['free_packet_buffers'] <= a['packet_buffers'] and
		a['pools'][0]['group'] == 'clients' and a['pools'][0]['used'] == 2 and
		{r['limit']: r['used'] for r in a['limits']}['sessions'] == 2" &&
		table '^host name +culvert$' status && grep -E '^control thread busy +[0-9.]+ %$' "$RUN/table" &&
		grep '^no limit is near, and none was hit$' "$RUN/table" &&
		grep -E '^clients +default +2 +254 +0.8 %$' "$RUN/table" &&
		table '^clients +default +2 +254 ' pools
}

# Of each limit: what is used, the most, how much there is, and whom that has refused.
shows_limits() {
	json limits "{'tunnels', 'packet-buffers', 'to-control-new', 'from-control', 'ended-sessions'} <= set(one('limit')) and
		one('limit')['sessions']['used'] == 2 == one('limit')['sessions']['highest'] and
		one('limit')['sessions-per-tunnel']['used'] is None and
		one('limit')['sessions-per-tunnel']['highest'] == 1 and
		one('limit')['pool-addresses']['used'] == 2 and
		one('limit')['packet-buffers']['used'] < one('limit')['packet-buffers']['of'] and
		one('limit')['rx-rings']['of'] == 4096 and all(r['hit'] == 0 for r in rows)" &&
		table '^sessions +2 +2 +[0-9,]+ +0 +that live$' limits
}

shows_tunnels() {
	json tunnels "sorted(r['host'] for r in rows) == ['client-A', 'client-B'] and
		all(r['state'] == 'established' and r['sessions'] == 1 for r in rows)" &&
		table '192.0.2.11:[0-9]+ +client-A +established +1 ' tunnels
}

shows_packets() {
	json ports "rows[0]['port'] == 'wan' and rows[0]['link'] == 'up' and rows[0]['rx_packets'] > 20" &&
		json workers "len(rows) == 1 and rows[0]['rx_packets'] > 20 and rows[0]['rounds'] > 0" &&
		json queues "len(rows) == 1 and rows[0]['port'] == 'wan' and rows[0]['rx_packets'] > 20 and
			rows[0]['tx_packets'] > 20 and rows[0]['rx_ring_full'] == 0 == rows[0]['tx_full']" &&
		json xstats "one('name')['rx_good_packets']['value'] > 20 and all(r['port'] == 'wan' for r in rows)" &&
		table '^wan +[0-9,]+ +tx_good_packets$' xstats port=wan && ! grep -E '^wan +0 ' "$RUN/table" &&
		json edges "one('name')['TX_SENT']['packets'] > 20" &&
		json counters "one('name')['sessions-opened']['value'] == 2" &&
		! guest_run A "ping -c 2 -i 0.2 -W 1 $(client_address B)" &&
		json drops "one('name')['POLICY_SENDER']['packets'] == 2" &&
		table "^ +2 +POLICY_SENDER +the sender's filter" drops && ! grep -E '^ +0 ' "$RUN/table"
}

# The client is told, dials again, and its neighbour is not disturbed.
kick() {
	local a b serial
	a=$(session_of userA) b=$(session_of userB)
	table '^ended: 1 session$' kick user userA && client_says A pppd.log 'rcvd \[LCP TermReq' 20 &&
		dialled_in A userA "$a" && [ "$(session_of userB)" = "$b" ] &&
		table "^$a +userA .* ended +192.0.2.11:.* ended by the administrator" ended &&
		table '^reason +ended by the administrator' session "$a" &&
		a=$(session_of userA) && table '^ended: 1 session$' kick "$a" && dialled_in A userA "$a" &&
		a=$(session_of userA) serial=$(serial_of userA) &&
		table '^ended: 1 session$' kick "$serial" && dialled_in A userA "$a" &&
		table '^reason +ended by the administrator' session "$serial" &&
		table "^$a +userA .* $serial .* ended by the administrator" ended "serial=$serial"
}

milliseconds() {
	date +%s%3N
}

# Both clients have the StopCCN within the bound, and culvertd has ended well.
stopped() {
	local from took
	rm -f "$RUN"/guest-?/address
	from=$(milliseconds)
	kill "$(cat "$RUN/culvertd.pid")"
	world_until 10 told || return 1
	took=$(($(milliseconds) - from))
	echo "the clients were told after $took ms"
	world_until 10 test -e "$RUN/culvertd.rc" && [ "$(cat "$RUN/culvertd.rc")" = 0 ] &&
		[ "$took" -lt $STOP_BOUND_MS ]
}

told() {
	local guest
	for guest in A B; do
		grep "Connection closed to $LNS_ADDRESS, port 1701 (the server shuts down)" \
			"$RUN/guest-$guest/xl2tpd.log" || return 1
	done
}

killed() {
	kill -KILL "$(cat "$RUN/culvertd.pid")" && world_until 5 test -e "$RUN/culvertd.rc"
}

# A line a session with IPv4, as a load generator needs it; who is filtered out is no line.
shows_trex() {
	local id peer
	id=$(session_of userA)
	lns_ctl sessions --trex >"$RUN/table" 2>"$RUN/left-out" && cat "$RUN/table" "$RUN/left-out" &&
		[ "$(head -1 "$RUN/table")" = tunnel,session,lns_address,lns_port,peer_address,peer_port,address ] &&
		[ "$(wc -l <"$RUN/table")" = 3 ] && [ ! -s "$RUN/left-out" ] &&
		peer=$(lns_rows sessions '{user} {peer}' | sed -n 's/^userA //p') &&
		grep -qx "${id/\//,},$LNS_ADDRESS,1701,${peer/:/,},$(client_address A)" "$RUN/table" &&
		lns_ctl sessions --trex user=userB >"$RUN/table" && [ "$(wc -l <"$RUN/table")" = 2 ] &&
		grep -q ",$(client_address B)$" "$RUN/table"
}

back() {
	dialled_in A userA none && dialled_in B userB none
}

# A's machine is gone without a word; another one of its user is there before anybody noticed.
replaced() {
	local a
	a=$(session_of userA)
	guest_kill A && guest_boot C siteA 10.0.0.3 && guest_wait C &&
		client_dial C user=userA password=pass-a secret=tunnelsecret &&
		dialled_in C userA "$a" && world_until 30 table \
		"^$a +userA .* ended +192.0.2.11:.* replaced by a newer session of the same user" ended &&
		[ "$(lns_counter user-replaced)" = 1 ]
}

tap_plan 30
world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 || exit 2
for guest in A B C; do
	tap_logs "$RUN"/guest-$guest/{console,xl2tpd,pppd,charon}.log
done
tap_logs "$RUN/$LNS_LOG"
lns_configure secret=tunnelsecret userA:pass-a userB:pass-b

tap_need "two guests boot" guests_boot
tap_need "Culvert is ready" lns_start
tap_need "both clients get a session" dial
tap_check "IPsec between them" ipsec_between A B
tap_check "culvertctl status shows them counted" shows_status
tap_check "culvertctl limits shows what may run out" shows_limits
tap_check "culvertctl sessions shows both, filtered and as JSON" shows_sessions
tap_check "culvertctl session shows one" shows_one_session
tap_check "culvertctl sessions --trex is the table that load generators take" shows_trex
tap_check "culvertctl's filters: a peer without port, several at once, of tunnels and ended" filters
tap_check "culvertctl tunnel and session show what L2TP and PPP counted" counters
tap_check "culvertctl neighbours shows next hops" neighbours
tap_check "culvertctl tunnels shows both" shows_tunnels
tap_check "culvertctl drops, edges, counters, ports and workers show what passed" shows_packets
tap_check "culvertctl trace shows packets as they come, and why they leave" traces
tap_check "culvertctl kick ends a session; the client is told and dials again" kick
if python3 -c 'import jsonschema' 2>/dev/null; then
	tap_check "each answer of culvertctl is what its schema says" answers
else
	tap_skip "each answer of culvertctl is what its schema says" "python3-jsonschema is missing"
fi
tap_check "culvertctl kick ends a tunnel, or all of a peer, and no other" kick_tunnel
tap_check "SIGTERM: both clients have a StopCCN within $STOP_BOUND_MS ms, exit code 0" stopped
tap_need "Culvert is started again" lns_start
tap_check "both clients dial again by themselves" back
tap_check "IPsec between them again" ipsec_between A B
tap_check "Culvert is killed" killed
tap_need "and started again" lns_start
tap_check "both clients notice, and dial again by themselves" back
tap_check "IPsec between them once more" ipsec_between A B
tap_check "a client that vanished is replaced when its user dials again" replaced
tap_check "IPsec with the new one" ipsec_between C B
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_end
