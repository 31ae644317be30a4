#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# beside.sh - what rebind.sh does to Culvert's clients done to those of another LNS, Debian's l2tpns: a NAT that
# reboots under an unmodified client with IPsec, which is dark then.
#
# Speaks TAP.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
. "$HERE/lib/l2tpns.sh"

NAT=192.0.2.11

tap_requires guest l2tpns
command -v conntrack >/dev/null || tap_skip_all "conntrack is missing (./dpdk-setup.sh install gets it)"

topology() {
	world_site siteA $NAT && world_site siteB 192.0.2.12 && nat_silent siteA && nat_kind siteA $NAT block &&
		l2tpns_configure secret=tunnelsecret userA:pass-a:10.88.1.11 userB:pass-b:10.88.1.12
}

boot() {
	guest_boot A siteA && guest_boot B siteB && guest_wait A && guest_wait B
}

dial() {
	client_dial A user=userA password=pass-a secret=tunnelsecret &&
		client_dial B user=userB password=pass-b secret=tunnelsecret && client_wait A && client_wait B
}

strongswan() {
	ipsec_both A B 172.31.1.1 172.31.2.1 && ipsec_initiate A
}

# The mapping that comes then is another one, and no packet has an answer.
reboots() {
	nat_kind siteA $NAT block && nat_forget siteA && world_until 60 stays_dark
}

stays_dark() {
	flow_dark && [ "$DARK" -gt 5000 ]
}

tap_plan 7
world_open
tap_logs "$RUN"/guest-{A,B}/{xl2tpd,pppd,charon,flow}.log "$RUN/l2tpns/log"
tap_need "sites" topology
tap_need "two guests boot" boot
tap_need "l2tpns and FreeRADIUS serve" l2tpns_start
tap_need "both get a tunnel, a session and an address" dial
tap_need "IKE, and TCP and UDP through ESP" eval 'strongswan && flow_start B'
tap_check "the NAT reboots: with l2tpns it stays dark" reboots &&
	tap_note "in the dark: UDP $DARK ms, TCP $DARK_TCP ms, and on, until the client dials anew"
tap_check "nothing is left behind" world_vanish
tap_end
