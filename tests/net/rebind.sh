#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# rebind.sh - NATs that forget, under unmodified clients: two behind one NAT behind a carrier's, one with
# IPsec, a TCP connection and a UDP flow to a third. After whatever becomes of the mappings it all goes on
# without a new handshake of anybody.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

NAT=192.0.2.11 OTHER_NAT=192.0.2.21

tap_requires guest lns
command -v conntrack >/dev/null || tap_skip_all "conntrack is missing (./dpdk-setup.sh install gets it)"

topology() {
	world_site siteA $NAT && world_site siteB 192.0.2.12 && nat_carrier carrier $NAT siteA &&
		nat_silent siteA && nat_silent carrier && nat_kind siteA 100.64.0.2 block && nat_kind carrier $NAT symmetric
}

configure() {
	lns_configure secret=tunnelsecret auth='mschapv2, chap-md5, pap' workers=0 userA:pass-a userB:pass-b userC:pass-c
	rebind_by challenge
}

# rebind_by HOW: in the file.
rebind_by() {
	sed -i "s/^groups: \[ { name: clients, \(rebind: [a-z]*, \)\?/groups: [ { name: clients, rebind: $1, /" \
		"$RUN/lns/culvert.yaml"
}

reload_by() {
	rebind_by "$1" && lns_ctl reload
}

boot() {
	guest_boot A siteA && guest_boot B siteB && guest_boot C siteA 10.0.0.3 &&
		guest_wait A && guest_wait B && guest_wait C
}

# Of C nothing is heard but echoes: the one by which it is found elsewhere is lost each time, and what becomes of
# the NAT here in a minute must not cost it six in a row.
dial() {
	client_dial A user=userA password=pass-a secret=tunnelsecret method=mschapv2 &&
		client_dial B user=userB password=pass-b secret=tunnelsecret &&
		client_dial C user=userC password=pass-c secret=tunnelsecret method=chap-md5 echo=2 &&
		client_wait A && client_wait B && client_wait C
}

strongswan() {
	ipsec_both A B 172.31.1.1 172.31.2.1 && ipsec_initiate A
}

# identity: of all that would be another one after a new handshake: pppd, xl2tpd, tunnels, sessions, SAs.
identity() {
	local guest
	for guest in A C; do
		guest_run $guest 'pgrep pppd; pgrep xl2tpd' || return 1
	done
	guest_run A "$IPSEC_ENV
swanctl --list-sas | grep -oE '(peer|net): #[0-9]+|(in|out) +[0-9a-f]{8}'; cat /run/flow.pid" || return 1
	lns_rows sessions '{user} {session} {serial} {address}' | sort
}

# moves CLIENT: how often its tunnel has moved.
moves() {
	lns_rows tunnels '{host} {moves}' | awk -v host="client-$1" '$1 == host { print $2 }'
}

moved() {
	[ "$(moves "$1")" -gt "$2" ]
}

# through WHAT...: before it all is lit; then that happens, A's tunnel moves, and all goes on as it was.
through() {
	local who before rc=0
	before=$(moves A)
	who=$(identity) && flow_lit || return 1
	flow_watch
	"$@" || return 1
	world_until 60 moved A "$before" || { lns_ctl tunnels; lns_ctl counters | grep paths; rc=1; }
	flow_lit 60 || { cat "$RUN/guest-A/flow"; rc=1; }
	flow_dark
	diff <(echo "$who") <(identity) && [ $rc = 0 ]
}

# A's and C's mappings at the carrier are pinned, by those at home.
pin() {
	nat_kind siteA 100.64.0.2 pinned && nat_kind carrier $NAT pinned &&
		nat_pin siteA 100.64.0.2 10.0.0.2:1701=2001 10.0.0.3:1701=2002 &&
		nat_pin carrier $NAT 100.64.0.2:2001="$1" 100.64.0.2:2002="$2"
}

repin() {
	nat_pin carrier $NAT 100.64.0.2:2001="$1" 100.64.0.2:2002="$2"
}

both_swapped() {
	local c
	c=$(moves C)
	through repin 41002 41001 && world_until 60 moved C "$c" && peers_are 41002 41001
}

peers_are() {
	lns_rows sessions '{user} {peer}' | tee /dev/stderr | sort | grep -A9 userA | tr '\n' ' ' |
		grep -qE "userA $NAT:$1 .*userC $NAT:$2 "
}

home_reboots() {
	nat_kind carrier $NAT symmetric && nat_kind siteA 100.64.0.2 block
}

carrier_reboots() {
	nat_kind carrier $NAT symmetric && nat_forget carrier
}

other_address() {
	nat_readdress carrier $OTHER_NAT/24
}

old_address() {
	nat_readdress carrier $NAT/24
}

other_block() {
	nat_kind carrier $NAT blocks "$1" && nat_forget carrier
}

# The flow stands still for longer than mappings live; then it is A that speaks first.
silence() {
	nat_kind carrier $NAT symmetric && world_in carrier sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1 \
		net.netfilter.nf_conntrack_udp_timeout_stream=1 &&
		guest_run A 'kill -STOP $(cat /run/flow.pid)' && world_until 30 quiet &&
		guest_run A 'kill -CONT $(cat /run/flow.pid)' &&
		world_in carrier sysctl -qw net.netfilter.nf_conntrack_udp_timeout=30 \
			net.netfilter.nf_conntrack_udp_timeout_stream=120
}

quiet() {
	[ "$(world_in carrier conntrack -L -p udp 2>/dev/null | wc -l)" = 0 ]
}

# Off: nobody asks, and it is dark as with any other LNS, until it is turned on.
dark_without() {
	local before
	before=$(moves A)
	reload_by off && flow_lit && carrier_reboots && world_until 30 stays_dark && [ "$(moves A)" = "$before" ] &&
		[ "$(lns_drops INGRESS_SOURCE)" -gt 50 ]
}

# For 5 s, which is more than ever without `off`.
stays_dark() {
	flow_dark && [ "$DARK" -gt 5000 ]
}

# What looks like A's packets, and control messages of its tunnel, from 20 ports of another host.
forge() {
	local ids
	ids=$(lns_rows sessions '{user} {session}' | awk '$1 == "userA" { print $2 }')
	ip -n "$WORLD_PREFIX-wan" addr replace 192.0.2.77/24 dev br0
	world_in wan env PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1 python3 -c '
import socket, struct, sys
from frames import data, ipv4
lns, ids, source, target = sys.argv[1:]
tunnel, session = map(int, ids.split("/"))
message = data(tunnel, session, b"\xff\3\0\x21" + ipv4(source, target, struct.pack("!II", 7, 1) + bytes(64), 50))
answer = data(tunnel, session, b"\xff\3\xc2\x23\2\1" + struct.pack("!HB", 58, 49) + bytes(49) + b"userA")
echo = data(tunnel, session, b"\xff\3\xc0\x21\x0a\1" + struct.pack("!H", 28) + bytes(24))
hello = struct.pack("!HHHHHHHHHH", 0xc802, 20, tunnel, 0, 7, 7, 0x8008, 0, 0, 6)
sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(20)]
for round in range(500):
    for s in sockets:
        for m in message, answer, echo, hello:
            s.sendto(m, (lns, 1701))' "$LNS_ADDRESS" "$ids" "$(client_address A)" "$(client_address B)"
}

forgers_move_nothing() {
	local who before
	before=$(moves A)
	who=$(identity) && flow_lit || return 1
	flow_watch
	forge && flow_lit && lns_said 'paths-unproved .* from=192\.0\.2\.77:' 30 || return 1
	flow_dark
	[ "$(moves A)" = "$before" ] && diff <(echo "$who") <(identity)
}

# check TEXT COMMAND...: and how long it was dark.
check() {
	DARK='' DARK_TCP=''
	tap_check "$@" && tap_note "in the dark: UDP $DARK ms, TCP $DARK_TCP ms"
}

all_of_it() {
	check "$1: the home NAT reboots" through home_reboots
	check "$1: the carrier's NAT reboots, and is symmetric" through carrier_reboots
	check "$1: the public address changes" through other_address
	check "$1: and back" through old_address
	check "$1: the mapping times out in silence" through silence
	check "$1: ports from a carrier's block" through other_block 20000-20999
	check "$1: another block" through other_block 21000-21999
	check "$1: a port for each client" through pin 41001 41002
	check "$1: another port" through repin 41003 41002
	check "$1: back, and the two clients' ports are swapped" eval 'through repin 41001 41002 && both_swapped'
	check "$1: a forger who knows all IDs moves nothing" forgers_move_nothing
}

world_open
topology || exit 2
for guest in A B C; do
	tap_logs "$RUN"/guest-$guest/{console,xl2tpd,pppd,charon,flow}.log
done
tap_logs "$RUN/$LNS_LOG"

tap_need "the configuration is there" configure
tap_need "three guests boot" boot
tap_need "Culvert is ready" lns_start
tap_need "all get a tunnel, a session and an address" dial
tap_need "strongSwan and IKE, from A to B" strongswan
tap_need "TCP and UDP through ESP" flow_start B
all_of_it challenge
tap_need "by echo from now on" reload_by echo
all_of_it echo
check "off: it stays dark" dark_without
tap_check "and has light again when it is turned on" eval 'reload_by challenge && flow_lit'
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_plan $TAP_NUMBER
tap_end
