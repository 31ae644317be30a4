#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# flap.sh - the cable of an uplink is pulled and put back, ten times, while a thousand sessions exchange
# packets with each other and with a host on that LAN: no session ends, what goes elsewhere is not
# concerned, and all that is sent while the cable is in arrives.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app, HERD the one
# that dials.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

HERD=${HERD:-$HERE/../../build/tests/net/herd}
SESSIONS=1000
RATE=1000 # packets a second between them
OURS=198.18.5.1
HOST=198.18.5.9

tap_requires world lns
[ -x "$HERD" ] || tap_skip_all "no $HERD (./dpdk-setup.sh build makes it)"

# The LAN has a cable of its own: lan0 is its host's end, up0 Culvert's.
cables() {
	world_namespace herd && world_plug herd eth0 &&
		ip -n "$WORLD_PREFIX-herd" addr add 192.0.2.60/24 dev eth0 &&
		world_namespace host &&
		ip -n "$WORLD_PREFIX-lns" link add up0 type veth peer name lan0 netns "$WORLD_PREFIX-host" &&
		world_in lns ethtool -K up0 tx off tso off gso off gro off >/dev/null &&
		world_in host ethtool -K lan0 tx off tso off gso off gro off >/dev/null &&
		ip -n "$WORLD_PREFIX-lns" link set up0 up &&
		ip -n "$WORLD_PREFIX-host" addr add $HOST/24 dev lan0 && cable up
}

# cable up|down, at the host's end. The kernel forgets routes by what is down.
cable() {
	ip -n "$WORLD_PREFIX-host" link set lan0 "$1" || return 1
	[ "$1" = down ] || ip -n "$WORLD_PREFIX-host" route replace 10.64.0.0/12 via $OURS
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
limits: { sessions: 2000, sessions-per-tunnel: 2000, setups-per-second: 20000 }
YAML
	(umask 077 && seq -f 'u%.0f:p:clients' 0 $((SESSIONS - 1)) >"$RUN/lns/users")
}

dial() {
	mkfifo "$RUN/go" || return 1
	world_in herd "$HERD" "$LNS_ADDRESS" $SESSIONS $RATE <"$RUN/go" >"$RUN/herd" 2>&1 &
	DIALLER=$!
	exec 7>"$RUN/go"
	world_until 60 grep -q '^up' "$RUN/herd" && grep -x "up $SESSIONS" "$RUN/herd" &&
		lns_rows sessions '{address}' >"$RUN/addresses" && [ "$(wc -l <"$RUN/addresses")" = $SESSIONS ]
}

# exchange all|none [HOW MANY]: with so many sessions, or each.
exchange() {
	# shellcheck disable=SC2046 # many words
	world_in host env PYTHONDONTWRITEBYTECODE=1 "$HERE/flap.py" lan0 "$1" \
		$(head -n "${2:-$SESSIONS}" "$RUN/addresses")
}

# The same with all, behind one packet that makes each end known to the other: few wait for that.
exchange_all() {
	exchange all 1 && exchange all
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
	cable "$1" && world_until 20 said_again "$1" "$before"
}

out_and_back() {
	exchange_all && turn down && exchange none 200 && turn up && exchange_all
}

flaps() {
	local n
	for n in $(seq 10); do
		turn down && exchange none 50 && turn up && exchange_all || return 1
	done
}

# The herd's own sessions end when it has told.
stayed() {
	local rc=0 ended
	ended=$(grep -c session-end "$RUN/$LNS_LOG")
	exec 7>&-
	wait $DIALLER || rc=$?
	cat "$RUN/herd"
	[ $rc/"$ended" = 0/0 ] &&
		grep -qE '^sent [1-9][0-9]{3,} received [0-9]+ lost 0 down 0$' "$RUN/herd"
}

world_open
tap_logs "$RUN/$LNS_LOG" "$RUN/herd"
configure
tap_need "a herd, and a host on a LAN of its own" cables
tap_need "Culvert is ready" lns_start
tap_need "$SESSIONS sessions come up" dial
tap_check "the cable is out, and back: each session goes on" out_and_back
tap_check "it is pulled ten times: all that is sent while it is in comes back" flaps
tap_check "no session ended, and none of their own packets was lost" stayed
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
