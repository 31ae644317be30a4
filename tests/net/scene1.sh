#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# scene1.sh - the network of config/SCENE-1.md, with the files that are written there: two customers with the
# same addresses, each with a gateway that has a tunnel of its own, and what becomes of their clients when a
# gateway is restarted or goes silent.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

GATEWAY=10.88.0.20
BEHIND=172.31.0.1
GATEWAY6=2001:db8:88:20::20 BEHIND6=2001:db8:ff::1
declare -A NAME=([A]=alice [B]=bob [C]=carol [G]=red-gateway [H]=blue-gateway)
declare -A REALM=([A]=red [B]=blue [C]=red [G]=red [H]=blue)

tap_requires guest lns

# each GUESTS COMMAND...: for all of these at the same time: COMMAND GUEST.
each() {
	local guests=$1 guest jobs=() job rc=0
	shift
	for guest in $guests; do
		"$@" "$guest" &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job" || rc=1
	done
	return $rc
}

# The machines boot meanwhile.
boot() {
	scene1_boot &
	certificates && wait $!
}

certificates() {
	scene1_certificates red gateway alice carol && scene1_certificates blue gateway bob
}

# swan GUEST: strongSwan, with what its customer's CA gave it.
swan() {
	# shellcheck disable=SC2034 # scene_swan's
	local SCENE_PKI=pki-${REALM[$1]}
	case $1 in
	[GH]) scene_swan 1 "$1" gateway/swanctl.conf gateway ;;
	*) scene_swan 1 "$1" client/swanctl.conf "${NAME[$1]}" ;;
	esac
}

dial() {
	scene_dial 1 "$1" "${NAME[$1]}" && client_wait "$1"
}

up() {
	swan "$1" && dial "$1"
}

# Two customers' machines, one address at home and one inside.
addresses() {
	[ "$(client_address G)" = $GATEWAY ] && [ "$(client_address H)" = $GATEWAY ] &&
		[ "$(client_address A)" = 10.88.1.7 ] && [ "$(client_address B)" = 10.88.1.7 ] &&
		[[ $(client_address C) == 10.88.1.* ]] && [ "$(lns_rows sessions '{peer}' | sort -u | wc -l)" = 5 ]
}

# reach GUEST: until the network behind the gateway answers; what is lost meanwhile is sent again.
reach() {
	guest_run "$1" "for try in \$(seq 60); do
	ping -c 1 -W 1 $BEHIND && exit 0
done
exit 1"
}

# steady GUEST: large ones, and none is lost.
steady() {
	guest_pings "$1" 10 -i 0.1 -s 1200 $BEHIND
}

# addressed6 GUEST: it has formed its IPv6 address.
addressed6() {
	scene_address6 "$1" 2001:db8:88:
}

# reach6 GUEST: the same over IPv6, which waits for nobody's first packet; 1200 bytes, without loss.
reach6() {
	addressed6 "$1" && guest_run "$1" "$IPSEC_ENV
timeout 60 swanctl --initiate --child net6" && guest_pings "$1" 10 -i 0.1 -s 1200 $BEHIND6
}

# knows GUEST NAME...: a gateway's clients are these.
knows() {
	local guest=$1 names
	shift
	names=$(guest_run "$guest" "$IPSEC_ENV
swanctl --list-sas" | sed -nE "s/^ +remote +'([a-z]+)\.example'.*/\1/p" | sort -u | xargs)
	echo "$guest: $names"
	[ "$names" = "$*" ]
}

# Native ESP in all tunnels, and nothing that is not IPsec left Culvert.
native() {
	seen lns "l2tp && esp && ipv6.dst == $GATEWAY6" && seen lan "l2tp && esp && ipv6.src == $GATEWAY6" &&
		seen lan "l2tp && esp && ipv6.dst == $GATEWAY6" &&
		! capture_find lan "icmpv6.type == 128" | grep . && ! capture_find lns "icmpv6.type == 128" | grep . &&
		seen lns "l2tp && esp && ip.dst == $GATEWAY" && seen lan "l2tp && esp && ip.src == $GATEWAY" &&
		seen lan "l2tp && esp && ip.dst == $GATEWAY" && ! capture_find lan "icmp && ip.addr == $BEHIND ||
		udp.port == 4500" | grep . && ! capture_find lns "icmp && ip.addr == $BEHIND || udp.port == 4500" | grep .
}

seen() {
	world_until 10 eval '[ -n "$(capture_find '"$1 '$2'"' | head -1)" ]'
}

# rises "NAME BY..." COMMAND...: the command, whatever becomes of it, makes these drops.
rises() {
	local wanted before
	wanted=$1 before=$(lns_numbers)
	shift
	"$@"
	world_until 5 risen "$before" "$wanted"
}

risen() {
	local after name by
	after=$(lns_numbers)
	set -- "$1" $2 # names and numbers
	while [ $# -gt 1 ]; do
		name=$2 by=$3
		[ $(($(drops_in "$after" "$name") - $(drops_in "$1" "$name"))) = "$by" ] || return 1
		set -- "$1" "${@:4}"
	done
}

drops_in() {
	sed -nE "s/^drop name=$2 packets=([0-9]+).*/\1/p" <<<"$1" | tail -1 | grep . || echo 0
}

# ESP TARGET...: text for a guest, which sends each an ESP packet of no meaning.
esp() {
	printf 'ip route replace %s/32 dev ppp0\n' "$@"
	printf "python3 -c \"
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
for target in sys.argv[1:]:
    s.sendto(bytes(64), (target, 0))\" %s\n" "$*"
}

# Only the own gateway, and only IPsec, in both directions; not another client of the same customer, nor one
# whose address only the other customer has.
stray() {
	local carol jobs=()
	carol=$(client_address C)
	guest_run A "ping -c 2 -i 0.2 -W 1 $GATEWAY
$(esp "$carol" 10.88.0.21)" &
	jobs+=($!)
	guest_run G 'ping -c 2 -i 0.2 -W 1 10.88.1.7' &
	jobs+=($!)
	guest_run H "$(esp "$carol")" &
	wait "${jobs[@]}" $!
}

strict() {
	rises "POLICY_SENDER 4 POLICY_ISOLATED 1 ROUTE_NO_ROUTE 2" stray
}

# Each realm's addresses lead to its own.
lookups() {
	local realm
	for realm in red blue; do
		lns_ctl lookup $realm $GATEWAY | grep -E "user +$realm-gateway$" &&
			lns_ctl lookup $realm $GATEWAY6 | grep -E "user +$realm-gateway$" || return 1
	done
	lns_ctl lookup red 10.88.1.7 | grep -E 'user +alice$' && lns_ctl lookup blue 10.88.1.7 | grep -E 'user +bob$'
}

# Red's falls silent: Culvert finds out, and to blue's client that is nothing.
silent() {
	guest_kill G
	guest_run B "ping -c 100 -w 60 -i 0.1 $BEHIND" >"$RUN/ping-B" &
	lns_said 'session-end .* user=red-gateway .*reason="the peer does not answer echoes"' 60 && wait $! &&
		pings_answered "$RUN/ping-B" 100 && lns_ctl lookup red $GATEWAY | grep 'no route' &&
		[ "$(lns_rows sessions '{user}' | sort | xargs)" = "alice blue-gateway bob carol" ]
}

# It boots, with its strongSwan and its tunnel, and nobody touches the clients.
boots() {
	guest_boot G lan 172.16.5.9 && guest_wait G && scene1_behind G && up G &&
		[ "$(client_address G)" = $GATEWAY ] && reach A && reach C && knows G alice carol
}

# crashes GUEST ADDRESS: its L2TP, without a good-bye; it dials anew and gets the same address, so that DPD
# finds nothing wrong. But what strongSwan had led into ppp0 is gone.
crashes() {
	guest_run "$1" 'pkill -KILL xl2tpd; pkill -KILL pppd; rm -f /run/xl2tpd.pid
for wait in $(seq 100); do [ -e /sys/class/net/ppp0 ] || exit 0; sleep 0.1; done; exit 1' &&
		dial "$1" && [ "$(client_address "$1")" = "$2" ] && reach B && steady B
}

# Of blue's gateway strongSwan, then L2TP; bob's strongSwan does the rest.
restarted() {
	ipsec_stop H && swan H && reach B && knows H bob && crashes H $GATEWAY
}

tap_plan 20
world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 && scene_lan || exit 2
for guest in A B C G H; do
	tap_logs "$RUN"/guest-$guest/{console,charon,pppd,xl2tpd}.log
done
tap_logs "$RUN/$LNS_LOG"

tap_check "the page shows the configuration as it is" scene_shows 1 scene-1.yaml
tap_need "captures on the clients' side and on the LAN" \
	eval 'capture_start wan to-lns lns && capture_start lan to-lns lan'
tap_need "two customers' clients behind two NATs and two gateways boot, two CAs make certificates" boot
tap_need "Culvert is ready, with the page's configuration" eval 'scene_lns 1 && lns_start'
tap_need "strongSwan starts on all five, and they dial" each "G H A B C" up
tap_check "both customers' gateways have the same address, and so have two clients" addresses
tap_need "the clients reach the network behind the gateway" each "A B C" reach
tap_check "all three at once, 1200 bytes, without loss" each "A B C" steady
tap_check "over IPv6, too" eval 'each "G H" addressed6 && each "A B C" reach6'
tap_check "each gateway has its own customer's clients, and no others" \
	eval 'knows G alice carol && knows H bob'
tap_check "it is native ESP in the tunnels of both sides, and nothing is in the clear" native
tap_check "culvertctl lookup tells the realms apart" lookups
tap_check "nobody but the own gateway, and nothing but IPsec" strict
tap_check "a gateway falls silent: its session ends, and the other customer loses nothing" silent
boots >"$RUN/boots" 2>&1 &
BOOTS=$!
tap_check "the other gateway's strongSwan is restarted, then its L2TP: its client is through again" restarted
tap_check "a client whose L2TP crashed dials anew, and is through again" crashes B 10.88.1.7
tap_check "the silent gateway is switched on and dials, and its clients are through again" \
	eval 'wait $BOOTS || { cat "$RUN/boots"; false; }'
tap_check "again all three at once, without loss" each "A B C" steady
tap_check "Culvert ends well, and tshark finds nothing wrong in what it sent" \
	eval 'lns_stop && capture_stop lns && capture_stop lan && capture_sound lns "$LNS_ADDRESS" && capture_sound lan 172.16.5.1'
tap_check "nothing is left behind" world_vanish
tap_end
