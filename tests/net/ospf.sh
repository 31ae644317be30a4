#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# ospf.sh - FRR's ospfd and ospf6d beside Culvert, as config/ROUTING.md says: Hello and updates to
# groups pass by the kernel's interface for Culvert's own; what is learned leads to a gateway, and
# the pools are known to the router.
#
#   client -- L2TP -- [lns: Culvert, FRR] -- [r1: FRR, the gateway's address]
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
. "$HERE/lib/frr.sh"

FRR_DAEMONS="zebra bfdd ospfd ospf6d"
GATEWAY=203.0.113.1 GATEWAY6=2001:db8:ff::1
POOL=10.88.1.0/24 POOL6=2001:db8:88::/48 BEHIND=198.18.100.0/24

tap_requires world lns frr

network() {
	router r1 && cable lns nic1 r1 lns && packet_port nic1 &&
		plug_in r1 lns 198.18.1.2/24 2001:db8:1::2/64 && plug_in r1 lo $GATEWAY/32 $GATEWAY6/128
}

configure() {
	lns_configure secret=none userA:pass-a
	sed -i 's|af_packet:lns0" }|tap:wire" }, { name: nic1, device: "af_packet:nic1" }|
		s|password-file: user|group: clients, routes: '$BEHIND', &|
		s|secret-file: tunnel.secret|secret: none|
		s|policy: ipsec }|policy: ipsec, gateways: any, pool6: "'$POOL6'" }|' "$RUN/lns/culvert.yaml"
	cat >>"$RUN/lns/culvert.yaml" <<YAML
interfaces:
  - { name: r1, port: nic1, addresses: [198.18.1.1/24, "2001:db8:1::1/64"] }
YAML
}

session() {
	lns_start && stream_client $GATEWAY $GATEWAY6 && lns_said 'session-ipv6 .* user=userA'
}

# Nothing of it was there before; the session was.
beside_the_kernel() {
	local ns=$WORLD_PREFIX-lns
	! ip -n "$ns" link show up1 && sed -i 's/port: nic1, /&kernel: up1, /' "$RUN/lns/culvert.yaml" &&
		echo 'kernel-tables: [ { announce: pools } ]' >>"$RUN/lns/culvert.yaml" && lns_ctl reload &&
		world_until 20 ip -n "$ns" link show up1 &&
		world_until 20 eval '[ "$(ip -n '"$ns"' route show proto 201 | wc -l)" = 2 ]' &&
		ip -n "$ns" route show proto 201 | grep "blackhole $BEHIND" &&
		ip -n "$ns" route show proto 201 | grep "blackhole $POOL" &&
		ip -n "$ns" -6 route show proto 201 | grep "blackhole $POOL6"
}

# speaker NAME ID INTERFACE EXTRA PASSIVE...: OSPF of either family by an interface; EXTRA is told to both.
speaker() {
	local name=$1 id=$2 interface=$3 extra=$4
	cat <<CONF
hostname $name
log file /run/frr/$WORLD_PREFIX-$name/log
route-map CULVERT permit 10
 match metric 1701
 set metric 20
@@ zebra
no zebra nexthop kernel enable
@@ bfdd
bfd
 profile fast
  transmit-interval 200
  receive-interval 200
@@ ospfd
interface $interface
 ip ospf area 0
 ip ospf bfd
 ip ospf bfd profile fast
 ip ospf hello-interval 1
 ip ospf dead-interval 4
router ospf
 ospf router-id $id
 timers throttle spf 0 50 500
 timers throttle lsa all 0
 timers lsa min-arrival 0
$extra
@@ ospf6d
interface $interface
 ipv6 ospf6 area 0
 ipv6 ospf6 bfd profile fast
 ipv6 ospf6 hello-interval 1
 ipv6 ospf6 dead-interval 4
router ospf6
 ospf6 router-id $id
 timers throttle spf 0 50 500
$extra
CONF
}

routers() {
	speaker r1 198.18.1.2 lns ' redistribute connected' | frr_configure r1
	speaker lns 198.18.1.1 up1 ' redistribute kernel route-map CULVERT' | frr_configure lns
	frr_start r1 && frr_start lns
}

# Each has seen the other's Hellos, and has all that it knows.
adjacent() {
	frr_ask lns 'show ip ospf neighbor' | grep -E '198.18.1.2 .*Full' &&
		frr_ask r1 'show ip ospf neighbor' | grep -E '198.18.1.1 .*Full' &&
		frr_ask lns 'show ipv6 ospf6 neighbor' | grep -E '198.18.1.2 .*Full' &&
		frr_ask r1 'show ipv6 ospf6 neighbor' | grep -E '198.18.1.1 .*Full' &&
		[ "$(frr_ask lns 'show bfd peers brief' | grep -cw up)" = 2 ]
}

learned() {
	leads $GATEWAY r1 && leads $GATEWAY6 r1
}

announced() {
	has r1 4 $POOL lns && has r1 4 $BEHIND lns && has r1 6 $POOL6 lns
}

leads_nowhere() {
	lns_ctl lookup default $GATEWAY | grep -E 'leads to +none' &&
		lns_ctl lookup default $GATEWAY6 | grep -E 'leads to +none'
}

# A Hello comes no more: the neighbour is dead, and so is what it said.
falls_silent() {
	world_in r1 nft "table netdev quiet { chain c { type filter hook egress device lns priority 0;
		ip protocol 89 drop; ip6 nexthdr 89 drop; }; }" &&
		world_until 30 leads_nowhere && world_in r1 nft delete table netdev quiet &&
		world_until 60 learned && world_until 30 announced && flows 50
}

withdrawn() {
	ip -n "$WORLD_PREFIX-r1" addr del $GATEWAY/32 dev lo &&
		ip -n "$WORLD_PREFIX-r1" addr del $GATEWAY6/128 dev lo && world_until 20 leads_nowhere
}

tap_plan 10
world_open
frr_open
tap_logs "$RUN/$LNS_LOG" "$RUN/stream.log"
network || exit 2
configure

tap_need "Culvert is ready, and has a session" session
tap_need "a reload gives the kernel an interface, the pools, and what is behind the session" beside_the_kernel
tap_need "FRR starts beside it and on a router" routers
tap_need "OSPF is full between them, in both families, and BFD is up" world_until 60 adjacent
tap_check "what the router tells leads to it" world_until 30 learned
tap_check "the pools, of either family, and what is behind the session are known to it" world_until 30 announced
tap_check "ESP of a session goes to the gateway and back" eval 'stream_gateway r1 $GATEWAY $GATEWAY6 && flows 50'
tap_check "the router says nothing any more, and speaks again" falls_silent
tap_check "what it withdraws leads nowhere" withdrawn
tap_check "nothing is left behind" frr_vanish
tap_end
