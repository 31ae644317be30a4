#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# twolns.sh - the network of config/TWO-LNS.md, with the files that are written there: two Culverts that
# route to each other over IPv4 and IPv6, a client of each, and what the clients do when one of the two
# stops; then the same with FRR in place of static routes.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
. "$HERE/lib/frr.sh"

POOL_A=198.51.100 POOL_B=203.0.113
POOL6_A=2001:db8:a: POOL6_B=2001:db8:b: # how texts of addresses there begin

tap_requires guest lns frr

serve_a() {
	lns_use lns && scene_lns two-lns two-lns-a.yaml && lns_start
}

serve_b() {
	lns_use lns2 && scene_lns two-lns two-lns-b.yaml && lns_start
}

boot() {
	guest_boot A siteA && guest_boot B siteB && guest_wait A && guest_wait B
}

# on GUEST POOL: it has an address of that one.
on() {
	[[ $(cat "$RUN/guest-$1/address") == "$2".* ]]
}

dial() {
	scene_dial two-lns A alice culvert-a culvert-b && scene_dial two-lns B bob culvert-b culvert-a &&
		world_until 60 on A $POOL_A && world_until 60 on B $POOL_B
}

swan() {
	scene_swan two-lns A client/swanctl.conf alice && scene_swan two-lns B client/swanctl.conf bob
}

# meet FROM TO: what is lost meanwhile is sent again, until it is answered.
meet() {
	guest_run "$1" "for try in \$(seq 60); do
	ping -c 1 -W 1 $(client_address "$2") && exit 0
done
exit 1"
}

# There and back, without loss.
steady() {
	guest_pings A 10 -i 0.1 -s 1200 "$(client_address B)" &&
		guest_pings B 5 -i 0.2 -s 1200 "$(client_address A)"
}

seen() {
	world_until 10 eval '[ -n "$(capture_find '"$1 '$2'"' | head -1)" ]'
}

# Between the two it is plain IP, and inside L2TP on the tunnels of each.
native() {
	local a b
	a=$(client_address A) b=$(client_address B)
	seen core "esp && !udp && ip.src == $a && ip.dst == $b" &&
		seen core "esp && !udp && ip.src == $b && ip.dst == $a" &&
		seen a "l2tp && esp && ip.dst == $a" && seen b "l2tp && esp && ip.dst == $b" &&
		a=$(scene_address6 A $POOL6_A) && b=$(scene_address6 B $POOL6_B) &&
		seen core "esp && ipv6.src == $a && ipv6.dst == $b" &&
		seen core "esp && ipv6.src == $b && ipv6.dst == $a" && seen b "l2tp && esp && ipv6.dst == $b" &&
		[ -z "$(capture_find core 'l2tp || icmp.type == 8 || icmpv6.type == 128')" ]
}

# Each leads to the other's client by the other, and to its own by his tunnel.
lookups() {
	lns_use lns2 && lns_ctl lookup default "$(client_address B)" | grep -E 'user +bob' &&
		lns_ctl lookup default "$(client_address A)" | grep -E 'next hop +10.255.0.1$' &&
		lns_use lns && lns_ctl lookup default "$(client_address A)" | grep -E 'user +alice' &&
		lns_ctl lookup default "$(client_address B)" | grep -E 'next hop +10.255.0.2$' &&
		lns_ctl lookup default "$(client_address B)" | grep -E 'its state +resolved' &&
		lns_ctl lookup default "$(scene_address6 B $POOL6_B)" | grep -E 'next hop +2001:db8:c::2$'
}

# esp TARGET: from alice, of no meaning, to what her traps do not take.
esp() {
	guest_run A "ip route replace $1/32 dev ppp0
python3 -c \"
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
s.sendto(bytes(64), ('$1', 0))\""
}

esp6() {
	guest_run A "python3 -c \"
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 50)
s.sendto(bytes(64), ('$1', 0))\""
}

# rises NAME COMMAND...: the command makes one drop of this name on the Culvert that is in use.
rises() {
	local name=$1 before
	shift
	before=$(lns_drops "$name")
	"$@"
	world_until 5 eval '[ "$(lns_drops '"$name"')" = '$((before + 1))' ]'
}

# Of the other's network what no client has ends there, and does not come back; beyond both, here.
ends() {
	lns_use lns2 && rises ROUTE_DISCARD esp $POOL_B.7 && rises ROUTE_DISCARD esp6 2001:db8:b:7::7 &&
		lns_use lns && rises ROUTE_DISCARD esp $POOL_A.7 && rises ROUTE_DISCARD esp6 2001:db8:a:7::7 &&
		rises ROUTE_NO_ROUTE esp 192.0.2.99
}

# Without a word: bob finds out by his echoes.
b_dies() {
	lns_use lns2
	kill -KILL "$(cat "$RUN/$LNS_TAG.pid")" && world_until 60 on B $POOL_A &&
		lns_use lns && [ "$(lns_rows sessions '{user}' | sort | xargs)" = "alice bob" ]
}

# With a word, and after the other is there again: both go there.
a_stops() {
	world_stop culvertd-lns2
	serve_b && lns_use lns && lns_stop && world_until 60 on A $POOL_B && world_until 60 on B $POOL_B &&
		lns_use lns2 && [ "$(lns_rows sessions '{user}' | sort | xargs)" = "alice bob" ]
}

# ---- the same with FRR ----

# swapped: a's file becomes b's.
swapped() {
	sed 's/6450[01]/@&/g; s/10\.255\.0\.[12]/@&/g; s/2001:db8:c::[12]/@&/g
		s/@64500/64501/g; s/@64501/64500/g; s/@10\.255\.0\.1/10.255.0.2/g; s/@10\.255\.0\.2/10.255.0.1/g
		s/@2001:db8:c::1/2001:db8:c::2/g; s/@2001:db8:c::2/2001:db8:c::1/g'
}

serve_frr_a() {
	lns_use lns && scene_lns two-lns two-lns-a.yaml && scene_instead two-lns frr/a.yaml && lns_start
}

serve_frr_b() {
	lns_use lns2 && scene_lns two-lns two-lns-b.yaml && scene_instead two-lns frr/b.yaml && lns_start
}

# Nobody dials, both are others from now on.
with_frr() {
	guest_run A 'pkill -f culvert-dial' && guest_run B 'pkill -f culvert-dial' && client_hang_up A B
	lns_use lns2 && lns_stop
	packet_port core0 lns && packet_port core0 lns2 && serve_frr_a && serve_frr_b &&
		scene_file two-lns frr/a.conf | frr_serve lns &&
		scene_file two-lns frr/a.conf | swapped | frr_serve lns2
}

# knows NAME KIND NEXT-HOP ADDRESS...: so that Culvert leads there.
knows() {
	local kind=$2 address
	lns_use "$1"
	shift 2
	for address; do
		lns_ctl lookup default "$address" | grep -E "leads to +$kind\$" || return 1
	done
}

routed() {
	world_until 60 knows lns via $POOL_B.200 ${POOL6_B}8000::1 && knows lns discard $POOL_A.7 ${POOL6_A}7::7 &&
		world_until 60 knows lns2 via $POOL_A.200 ${POOL6_A}8000::1
}

# Its pools are known no more as soon as it is gone, and again when it is back.
frr_b_dies() {
	lns_use lns2
	kill -KILL "$(cat "$RUN/$LNS_TAG.pid")" && world_until 20 knows lns none $POOL_B.200 ${POOL6_B}8000::1 &&
		world_until 60 on B $POOL_A && meet B A && world_stop culvertd-lns2
	serve_frr_b && world_until 60 knows lns via $POOL_B.200 ${POOL6_B}8000::1
}

# What either Culvert has dropped.
# shellcheck disable=SC2034 # TAP_TELL is the library's
tell_drops() {
	local name
	for name in lns lns2; do
		lns_use $name && lns_ctl drops
	done
}
TAP_TELL=tell_drops

tap_plan 22
world_open
frr_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 && scene_two_lns || exit 2
for guest in A B; do
	tap_logs "$RUN"/guest-$guest/{console,charon,pppd,xl2tpd,dial}.log
done
tap_logs "$RUN"/culvertd.log "$RUN"/culvertd-lns2.log

tap_check "the page shows the configurations as they are" \
	scene_shows two-lns two-lns-a.yaml two-lns-b.yaml
tap_need "captures at both Culverts and between them" eval 'capture_start wan to-lns a &&
	capture_start wan to-lns2 b && capture_start core to-lns core'
tap_need "two clients behind two NATs boot" boot
tap_need "certificates" scene_certificates 3 alice bob
tap_need "both Culverts are ready, with the page's configurations" eval 'serve_a && serve_b'
tap_need "each client dials its own, and gets an address of it" dial
tap_need "strongSwan starts on both" swan
tap_need "the first packet from one's client to the other's brings IPsec up" meet A B
tap_check "the same over IPv6, then 1200 bytes without loss" scene_meet6 A $POOL6_A B $POOL6_B
tap_check "both ways, 1200 bytes, without loss" steady
tap_check "between the Culverts it is native ESP, and nothing else of the clients" native
tap_check "culvertctl lookup says so on both" lookups
tap_check "what no client has ends where it belongs, and goes round in no circle" ends
tap_check "one is killed, and its client dials the other" b_dies
tap_check "both clients of one Culvert meet" eval 'meet B A && scene_meet6 B $POOL6_A A $POOL6_A'
tap_check "it is back, the other one stops, and both clients dial it" a_stops
tap_check "they meet there, too" meet A B
tap_need "with FRR in place of static routes both are ready, as the page says" with_frr
tap_check "each knows the other's pools by BGP, in both families" routed
tap_check "the clients meet by these" eval 'dial && swan && meet A B && steady'
tap_check "one is killed: its pools are known no more, its client dials the other; it is back" frr_b_dies
tap_check "nothing is left behind" frr_vanish
tap_end
