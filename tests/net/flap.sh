#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# flap.sh - the cable of an uplink is pulled and put back, ten times, while a thousand sessions exchange
# packets with each other, and another thousand with a host on that LAN: no session ends, what goes
# elsewhere is not concerned, and all that is sent while the cable is in arrives.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_LOAD name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

SESSIONS=1000 # of each kind
RATE=1000     # packets a second between the first ones
OURS=198.18.5.1
HOST=198.18.5.9

tap_requires world lns load

# Two LACs on the wire. The LAN is a switch: up0 is Culvert's cable to it, lan0 that of a host, whom the second
# LAC's process plays as well.
cables() {
	world_namespace near && world_plug near eth0 && world_namespace far && world_plug far eth0 &&
		world_namespace switch && ip -n "$WORLD_PREFIX-switch" link add br0 type bridge &&
		ip -n "$WORLD_PREFIX-switch" link set br0 up && port lns up0 && port far lan0
}

# port NAMESPACE INTERFACE: a cable to the switch.
port() {
	ip -n "$WORLD_PREFIX-$1" link add "$2" type veth peer name "to-$2" netns "$WORLD_PREFIX-switch" &&
		world_in "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null &&
		world_in switch ethtool -K "to-$2" tx off tso off gso off gro off >/dev/null &&
		ip -n "$WORLD_PREFIX-$1" link set "$2" up && ip -n "$WORLD_PREFIX-switch" link set "to-$2" master br0 up
}

configure() {
	mkdir -p "$RUN/lns"
	cat >"$RUN/lns/culvert.yaml" <<YAML
control: { socket: $RUN/lns/control.sock }
workers: { count: 0, hugepages: never, memory: 256 }
ports: [ { name: wan, device: "af_packet:lns0" }, { name: lan, device: "af_packet:up0" } ]
listeners: [ { port: wan, address: $LNS_ADDRESS/24 } ]
tunnels: { secrets: [ { secret: none } ] }
filters: [ { name: esp, policy: ipsec, gateways: $HOST } ]
groups: [ { name: clients, address: 10.88.0.1, pool: 10.64.0.0/12, clients: reachable, filter: esp } ]
interfaces: [ { name: lan, port: lan, addresses: $OURS/24 } ]
users-file: users
limits: { sessions: 4000, sessions-per-tunnel: 2000, setups-per-second: 20000 }
YAML
	(umask 077 && for name in near far; do
		seq -f "$name%.0f:p:clients" 0 $((SESSIONS - 1))
	done >"$RUN/lns/users")
}

dial() {
	mkfifo "$RUN/far.in" || return 1
	load_lac near near 192.0.2.60 near $SESSIONS --pps $RATE --seconds 0 --json $LNS_ADDRESS &&
		load_lac far far 192.0.2.61 far $SESSIONS --trials --uplink-port af_packet:lan0 --uplink-host $HOST \
			--uplink-gateway $OURS $LNS_ADDRESS || return 1
	exec 7>"$RUN/far.in"
	world_until 60 grep -q '"event": "up"' "$RUN/far.log" && cat "$RUN/far.log" &&
		[ "$(load_number "$RUN/far.log" sessions)" = $SESSIONS ] && world_until 60 each_is_up
}

each_is_up() {
	[ "$(lns_rows sessions '{user}' | wc -l)" = $((2 * SESSIONS)) ]
}

answers() {
	grep -c '"event"' "$RUN/far.log"
}

answered_again() {
	[ "$(answers)" -gt "$1" ]
}

# exchange all|none PACKETS: so many between sessions and the host, half of them each way; all arrive as they
# were, or none does.
exchange() {
	local before log=$RUN/far.log
	before=$(answers)
	echo "burst $2 64" >&7
	world_until 20 answered_again "$before" && tail -n 1 "$log" &&
		[ "$(load_number "$log" sent)/$(load_number "$log" wrong)" = "$2/0" ] &&
		[ "$(load_number "$log" received)" = $(($([ "$1" = all ] && echo "$2") + 0)) ]
}

# With each, behind two packets that make each end known to the other: few wait for that.
exchange_all() {
	exchange all 2 && exchange all $((2 * SESSIONS))
}

# What Culvert has said of the port, up or down: how often.
said() {
	grep -c "port-$1 port=lan " "$RUN/$LNS_LOG"
}

said_again() {
	[ "$(said "$1")" -gt "$2" ]
}

# turn up|down: until Culvert has seen it.
turn() {
	local before
	before=$(said "$1")
	ip -n "$WORLD_PREFIX-switch" link set to-up0 "$1" && world_until 20 said_again "$1" "$before"
}

out_and_back() {
	exchange_all && turn down && exchange none 400 && turn up && exchange_all
}

flaps() {
	local n
	for n in $(seq 10); do
		turn down && exchange none 100 && turn up && exchange_all || return 1
	done
}

stayed() {
	local rc=0 ended log=$RUN/near.log
	ended=$(grep -c session-end "$RUN/$LNS_LOG")
	exec 7>&-
	world_until 20 test -e "$RUN/far.rc" && [ "$(cat "$RUN/far.rc")/$ended" = 0/0 ] || return 1
	load_end near || rc=$?
	[ $rc = $(($(load_number "$log" data unsent) > 0)) ] && [ "$(load_number "$log" data sent)" -ge 1000 ] &&
		[ "$(load_number "$log" data lost)/$(load_number "$log" data wrong)" = 0/0 ] &&
		[ "$(load_number "$log" sessions up)/$(load_number "$log" sessions fell)" = $SESSIONS/0 ]
}

world_open
tap_logs "$RUN/$LNS_LOG" "$RUN/near.log" "$RUN/far.log"
configure
tap_need "clients, and a host on a LAN of its own" cables
tap_need "Culvert is ready" lns_start
tap_need "$SESSIONS sessions of each kind come up" dial
tap_check "the cable is out, and back: each session goes on" out_and_back
tap_check "it is pulled ten times: all that is sent while it is in arrives" flaps
tap_check "no session ended, and none of their own packets was lost" stayed
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
