#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# scene3.sh - the network of config/SCENE-3.md, with the files that are written there: four clients
# behind two NATs, of which any two bring up IPsec by their first packet.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

declare -A NAME=([A]=alice [B]=bob [C]=carol [D]=dave)

tap_requires guest lns

# each COMMAND...: for all four at the same time: COMMAND GUEST NAME.
each() {
	local guest jobs=() job rc=0
	for guest in A B C D; do
		"$@" $guest "${NAME[$guest]}" &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job" || rc=1
	done
	return $rc
}

dial() {
	scene_dial 3 "$1" "$2" && client_wait "$1" && [[ $(client_address "$1") == 10.88.1.* ]]
}

# Two NATs, two ports of each.
peers() {
	local peers
	peers=$(lns_rows sessions '{peer}' | sort -u)
	echo "$peers"
	[ "$(wc -l <<<"$peers")" = 4 ] && [ "$(grep -c '^192\.0\.2\.11:' <<<"$peers")" = 2 ] &&
		[ "$(grep -c '^192\.0\.2\.12:' <<<"$peers")" = 2 ]
}

swan() {
	scene_swan 3 "$1" client/swanctl.conf "$2"
}

trapped() {
	guest_run "$1" "$IPSEC_ENV
swanctl --list-pols" | grep TRANSPORT
}

# meet FROM TO: what is lost meanwhile is sent again, until it is answered.
meet() {
	guest_run "$1" "for try in \$(seq 60); do
	ping -c 1 -W 1 $(client_address "$2") && exit 0
done
exit 1"
}

# answer FROM TO: the other way, of a size that no cell hides in; none is lost.
answer() {
	guest_pings "$1" 5 -i 0.2 -s 1200 "$(client_address "$2")"
}

# pairs COMMAND PAIR...: COMMAND FIRST SECOND, for all pairs at once.
pairs() {
	local command=$1 pair jobs=() rc=0
	shift
	for pair; do
		"$command" "${pair%?}" "${pair#?}" &
		jobs+=($!)
	done
	for pair in "${jobs[@]}"; do
		wait "$pair" || rc=1
	done
	return $rc
}

six_pairs() {
	pairs meet AB CD && pairs meet AC BD && pairs meet AD BC
}

six_back() {
	pairs answer BA DC && pairs answer CA DB && pairs answer DA CB
}

meet6() {
	scene_meet6 "$1" 2001:db8:88: "$2" 2001:db8:88:
}

six_pairs6() {
	pairs meet6 AB CD && pairs meet6 AC BD && pairs meet6 AD BC
}

# Of both families. charon's answer may lack an SA that it is busy with, so it is asked again.
three_each() {
	guest_run "$1" "$IPSEC_ENV
for try in \$(seq 100); do
	swanctl --list-sas >/tmp/sas
	[ \$(grep -c 'INSTALLED, TRANSPORT' /tmp/sas) -ge 6 ] && exit 0
	sleep 0.2
done
cat /tmp/sas
exit 1"
}

# In both directions ESP, and nothing that is not IPsec, from client to client.
only_esp() {
	local pair from to
	for pair in AB AC AD BC BD CD; do
		from=$(client_address "${pair%?}") to=$(client_address "${pair#?}")
		world_until 10 seen "ip.src == $from && ip.dst == $to" &&
			seen "ip.src == $to && ip.dst == $from" || return 1
	done
	from=$(scene_address6 A 2001:db8:88:) to=$(scene_address6 B 2001:db8:88:)
	world_until 10 seen "ipv6.src == $from && ipv6.dst == $to" &&
		! capture_find lns "l2tp && icmpv6.type == 128" | grep . || return 1
	! capture_find lns "l2tp && ip.src == 10.88.1.0/24 && ip.dst == 10.88.1.0/24 && !esp &&
		udp.port != 500" | grep .
}

seen() {
	capture_find lns "l2tp && esp && !udpencap && $1" | head -1 | grep .
}

# Whose strongSwan is gone sends in the clear, which the filter refuses.
in_the_clear() {
	local before
	before=$(lns_drops POLICY_SENDER)
	ipsec_stop D && ! guest_run D "ping -c 2 -i 0.2 -W 1 $(client_address A)" &&
		world_until 5 eval '[ "$(lns_drops POLICY_SENDER)" = '$((before + 2))' ]'
}

# Without a good-bye, and back with another address: by that one it is met, and meets the others.
comes_back() {
	local was
	was=$(client_address D)
	guest_run D 'pkill -KILL xl2tpd; pkill -KILL pppd; rm -f /run/xl2tpd.pid
for wait in $(seq 100); do [ -e /sys/class/net/ppp0 ] || exit 0; sleep 0.1; done; exit 1' &&
		dial D dave && swan D dave && [ "$(client_address D)" != "$was" ] && meet A D && meet D B
}

# As it is by default: under running sessions.
isolated() {
	local before
	sed -i 's/^    clients: reachable/    clients: isolated /' "$RUN/lns/culvert.yaml" && lns_ctl reload || return 1
	before=$(lns_drops POLICY_ISOLATED)
	! guest_run A "ping -c 2 -i 0.2 -W 1 $(client_address B)" &&
		world_until 5 eval '[ "$(lns_drops POLICY_ISOLATED)" -ge '$((before + 2))' ]'
}

tap_plan 19
world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 && scene_port || exit 2
for guest in A B C D; do
	tap_logs "$RUN"/guest-$guest/{console,charon,pppd}.log
done
tap_logs "$RUN/$LNS_LOG"

tap_check "the page shows the configuration as it is" scene_shows 3 scene-3.yaml
tap_need "a capture at Culvert's port" capture_start wan to-lns lns
tap_need "four clients behind two NATs boot" scene3_boot
tap_need "certificates, as the page makes them" scene_certificates 3 alice bob carol dave
tap_need "Culvert is ready, with the page's configuration" eval 'scene_lns 3 && lns_start'
tap_need "all four get sessions" each dial
tap_check "they come from two NATs" peers
tap_need "strongSwan starts on all four" each swan
tap_check "each has a trap and no SA" each trapped
tap_need "six pairs: the first packet brings IPsec up" six_pairs
tap_check "six pairs the other way, 1200 bytes, without loss" six_back
tap_check "six pairs over IPv6: the first packet brings IPsec up, then 1200 bytes without loss" six_pairs6
tap_check "each has SAs with the three others" each three_each
tap_check "it is native ESP of all pairs, and nothing but IPsec left Culvert" only_esp
tap_check "a client without IPsec is refused" in_the_clear
tap_check "a client that crashes comes back with another address, and is met there" comes_back
tap_check "clients: isolated, by a reload: no two of them meet" isolated
tap_check "Culvert ends well, and tshark finds nothing wrong in what it sent" \
	eval 'lns_stop && capture_stop lns && capture_sound lns "$LNS_ADDRESS"'
tap_check "nothing is left behind" world_vanish
tap_end
