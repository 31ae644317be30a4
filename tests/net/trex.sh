#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# trex.sh - the frames that TRex sends by tests/trex, from what stands in for it, through a running culvertd
# with the configuration of config/THROUGHPUT.md: of some LACs with hundreds of sessions, client to client, to
# an uplink and from there. See streams_through.py. Where there is a TRex (TREX_HOME, else /opt/trex), it sends
# them itself as well; that part has been written by its documents, and not been run.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, and CULVERT_LOAD the one that
# dials, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

LACS=1000 SESSIONS=2 # of each
MTU=9216 MRU=9000
BENCH=10.99.0.2

tap_requires world lns load

# jumbo NAMESPACE INTERFACE
jumbo() {
	ip -n "$WORLD_PREFIX-$1" link set "$2" mtu $MTU
}

# As a generator with two ports: the one on the clients' side, and one at the uplink, in one namespace.
cables() {
	world_namespace bench && world_plug bench near0 &&
		ip -n "$WORLD_PREFIX-bench" addr add 192.0.2.60/24 dev near0 &&
		ip -n "$WORLD_PREFIX-lns" link add up0 type veth peer name far0 netns "$WORLD_PREFIX-bench" &&
		world_in lns ethtool -K up0 tx off tso off gso off gro off >/dev/null &&
		world_in bench ethtool -K far0 tx off tso off gso off gro off >/dev/null &&
		jumbo lns lns0 && jumbo lns up0 && jumbo bench near0 && jumbo bench far0 &&
		jumbo wan to-lns && jumbo wan to-bench &&
		ip -n "$WORLD_PREFIX-lns" link set up0 up && ip -n "$WORLD_PREFIX-bench" link set far0 up &&
		ip -n "$WORLD_PREFIX-bench" addr add $BENCH/24 dev far0
}

# The configuration of config/THROUGHPUT.md, with what it says of packets of 9,000 bytes, but for what this
# machine has not.
configure() {
	mkdir -p "$RUN/lns"
	sed -E "s|\"pci:[0-9a-f:]+\.0\"|\"af_packet:lns0\", mtu: $MTU|
		s|\"pci:[0-9a-f:]+\.1\"|\"af_packet:up0\", mtu: $MTU|; s|^ppp: \{|& mru: $MRU,|
		s|^workers:.*|workers: { count: 0, hugepages: never, memory: 256 }|
		s|secret-file: tunnel.secret|secret: none|" "$HERE/../../config/throughput.yaml" >"$RUN/lns/culvert.yaml"
	echo "control: { socket: $RUN/lns/control.sock }" >>"$RUN/lns/culvert.yaml"
	(umask 077 && seq -f 'u%.0f:p:bench' 0 $((SESSIONS - 1)) >"$RUN/lns/users.txt")
}

# As the page has it: who has dialled is gone before frames are sent, and nobody is told.
dial() {
	echo p >"$RUN/password"
	world_spawn bench load "$LOAD" --port af_packet:near0 --own 192.0.2.60 --from 100.64.0.0/22 --hello 0 --echo 0 \
		--sessions $((LACS * SESSIONS)) --per-tunnel $SESSIONS --user u%u --users $SESSIONS \
		--password-file "$RUN/password" --auth chap-md5 --mru $MRU --trex $LNS_ADDRESS &&
		world_until 60 told && kill -KILL "$(cat "$RUN/load.pid")"
}

told() {
	[ "$(grep -cE '^[0-9]+,' "$RUN/load.log")" = $((LACS * SESSIONS)) ]
}

# Both ends say the same of each session.
table() {
	lns_ctl sessions --trex >"$RUN/sessions.csv" || return 1
	head -n 3 "$RUN/sessions.csv"
	diff <(sort "$RUN/sessions.csv") <(grep -E '^[0-9]+,|^tunnel,' "$RUN/load.log" | sort)
}

# trex_home: where there is a TRex, server and all; nothing: there is none.
trex_home() {
	local home
	for home in "${TREX_HOME:-}" /opt/trex /opt/trex/v*; do
		[ ! -x "$home/_t-rex-64" ] || echo "$home"
	done | tail -n 1
}

# trex_serves HOME: a server with both ports, whose addresses are its own and not the kernel's. Its start
# script is left out: that ends processes by their name.
trex_serves() {
	ip -n "$WORLD_PREFIX-bench" addr flush dev near0 && ip -n "$WORLD_PREFIX-bench" addr flush dev far0 || return 1
	cat >"$RUN/trex.yaml" <<YAML
- version: 2
  port_limit: 2
  low_end: true
  interfaces: [ near0, far0 ]
  port_info: [ { ip: 192.0.2.60, default_gw: $LNS_ADDRESS }, { ip: $BENCH, default_gw: 10.99.0.1 } ]
YAML
	world_spawn bench trex env -C "$1" LD_LIBRARY_PATH="$1" ./_t-rex-64 -i --cfg "$RUN/trex.yaml" --software \
		--no-watchdog --no-scapy-server
}

world_open
tap_logs "$RUN/$LNS_LOG" "$RUN/load.log"
configure
tap_need "a generator with two ports" cables
tap_need "Culvert is ready" lns_start
tap_need "$LACS LACs with $SESSIONS sessions each come up, and who dialled goes" dial
tap_need "a table of them, of both ends" table
tap_lines world_in bench env PYTHONDONTWRITEBYTECODE=1 "$HERE/streams_through.py" "$RUN/sessions.csv" \
	near0 far0 -- "$LNS_CTL" --socket "$RUN/lns/control.sock"
HOME_OF_TREX=$(trex_home)
if [ -z "$HOME_OF_TREX" ]; then
	tap_skip "a TRex server sends them itself" "no TRex (TREX_HOME says where; else it is looked for in /opt/trex)"
else
	tap_logs "$RUN/trex.log"
	tap_check "a TRex server starts" trex_serves "$HOME_OF_TREX"
	tap_lines world_in bench env PYTHONDONTWRITEBYTECODE=1 "$HERE/trex_server.py" "$HOME_OF_TREX" \
		"$RUN/sessions.csv" -- "$LNS_CTL" --socket "$RUN/lns/control.sock"
	world_stop trex
fi
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
