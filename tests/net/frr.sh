#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# frr.sh - FRR beside Culvert, as config/ROUTING.md says: BGP with BFD to two routers over
# the kernel's interfaces for Culvert's own, pools and networks behind clients announced, routes
# learned; a router dies, and ESP of a session goes on by the other.
#
#   client -- L2TP -- [lns: Culvert, FRR] -- r1 --+
#                                        \-- r2 --+-- [gw: gateway, FRR]
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
. "$HERE/lib/frr.sh"

BFD_MS=${BFD_MS:-100} # three of them lost: a router is dead
GATEWAY=203.0.113.1 GATEWAY6=2001:db8:ff::1
POOL=10.88.1.0/24 POOL6=2001:db8:88::/48
BEHIND=198.18.100.0/24 BEHIND6=2001:db8:77::/48 # the client

tap_requires world lns frr

network() {
	local i
	router r1 && router r2 && router gw && cable lns nic1 r1 lns && cable lns nic2 r2 lns &&
		cable r1 gw gw r1 && cable r2 gw gw r2 && packet_port nic1 && packet_port nic2 || return 1
	for i in 1 2; do
		plug_in r$i lns 198.18.$i.2/24 2001:db8:$i::2/64 &&
			plug_in r$i gw 198.18.1$i.2/24 2001:db8:1$i::2/64 &&
			plug_in gw r$i 198.18.1$i.1/24 2001:db8:1$i::1/64 || return 1
	done
	plug_in gw lo $GATEWAY/32 $GATEWAY6/128
}

configure() {
	lns_configure secret=none userA:pass-a
	sed -i 's|af_packet:lns0" }|tap:wire" }, { name: nic1, device: "af_packet:nic1" },\
  { name: nic2, device: "af_packet:nic2" }|
		s|password-file: user|group: clients, routes: [ '$BEHIND', "'$BEHIND6'" ], &|
		s|secret-file: tunnel.secret|secret: none|
		s|policy: ipsec }|policy: ipsec, gateways: any, pool6: "'$POOL6'" },\
  { name: others, realm: other, address: 10.99.0.1, pool: 10.99.1.0/24 }|' "$RUN/lns/culvert.yaml"
	cat >>"$RUN/lns/culvert.yaml" <<YAML
interfaces:
  - { name: r1, port: nic1, realm: default, kernel: up1, addresses: [198.18.1.1/24, "2001:db8:1::1/64"] }
  - { name: r2, port: nic2, realm: default, kernel: up2, addresses: [198.18.2.1/24, "2001:db8:2::1/64"] }
kernel-tables: [ { realm: default, announce: pools } ]
YAML
}

# What is the same everywhere. A daemon's file begins at "@@".
common() {
	cat <<CONF
hostname $1
log file /run/frr/$WORLD_PREFIX-$1/log
@@ zebra
no zebra nexthop kernel enable
@@ bfdd
bfd
 profile fast
  transmit-interval $BFD_MS
  receive-interval $BFD_MS
  detect-multiplier 3
@@ bgpd
CONF
}

# bgp AS ID EXTRA PEER:AS...: of either family; EXTRA is in each address family.
bgp() {
	local as=$1 id=$2 extra=$3 peer
	shift 3
	cat <<CONF
router bgp $as
 bgp router-id $id
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 no bgp network import-check
 timers bgp 3 9
CONF
	for peer; do
		cat <<CONF
 neighbor ${peer%=*} remote-as ${peer#*=}
 neighbor ${peer%=*} bfd profile fast
 neighbor ${peer%=*} timers connect 1
 neighbor ${peer%=*} advertisement-interval 0
CONF
	done
	for family in 4 6; do
		echo " address-family ipv$family unicast"
		echo "$extra" | grep -E "^ *$family " | sed "s/^ *$family / /"
		echo "  maximum-paths 8"
		for peer; do
			case $peer in
			*:*) [ $family = 6 ] && echo "  neighbor ${peer%=*} activate" ;;
			*) [ $family = 4 ] && echo "  neighbor ${peer%=*} activate" ;;
			esac
		done
		echo " exit-address-family"
	done
}

routers() {
	local i
	for i in 1 2; do
		{ common r$i && bgp 64510 198.18.$i.2 '' 198.18.$i.1=64500 2001:db8:$i::1=64500 \
			198.18.1$i.1=64511 2001:db8:1$i::1=64511; } | frr_configure r$i
	done
	{ common gw && bgp 64511 $GATEWAY "4 network 203.0.113.0/24
6 network 2001:db8:ff::/48" 198.18.11.2=64510 2001:db8:11::2=64510 198.18.12.2=64510 \
		2001:db8:12::2=64510; } | frr_configure gw
	{ common lns && echo 'route-map CULVERT permit 10
 match metric 1701
 set metric 0
!' && bgp 64500 198.18.1.1 "4 redistribute kernel route-map CULVERT
6 redistribute kernel route-map CULVERT" 198.18.1.2=64510 2001:db8:1::2=64510 \
		198.18.2.2=64510 2001:db8:2::2=64510; } | frr_configure lns
	for i in gw r1 r2 lns; do frr_start $i || return 1; done
}

announced() {
	has r1 4 $POOL lns && has r2 4 $POOL lns && has r1 6 $POOL6 lns && has r2 6 $POOL6 lns
}

behind_is_announced() {
	has r1 4 $BEHIND lns && has r2 4 $BEHIND lns && has r1 6 $BEHIND6 lns && has r2 6 $BEHIND6 lns
}

# The networks behind it go with a session, and nothing else does.
session_ends() {
	world_until 30 announced && world_until 30 behind_is_announced &&
		lns_ctl kick "$(lns_rows sessions '{serial}' | head -1)" &&
		world_until 20 has_not r1 4 $BEHIND && world_until 20 has_not r2 4 $BEHIND &&
		world_until 20 has_not r1 6 $BEHIND6 && world_until 20 has_not r2 6 $BEHIND6 && announced
}

# The kernel's interfaces are as Culvert's own: MAC address, MTU, addresses.
interfaces_alike() {
	local i mac
	for i in 1 2; do
		mac=$(world_in lns cat /sys/class/net/nic$i/address)
		ip -n "$WORLD_PREFIX-lns" link show up$i | grep "ether $mac" &&
			ip -n "$WORLD_PREFIX-lns" addr show up$i | grep "198.18.$i.1/24" &&
			ip -n "$WORLD_PREFIX-lns" addr show up$i | grep "2001:db8:$i::1/64" || return 1
	done
}

learned() {
	leads $GATEWAY r1 r2 && leads $GATEWAY6 r1 r2
}

# count_esp NAME: from now on, what comes to a router from Culvert.
count_esp() {
	world_in "$1" nft "table netdev carried { chain in { type filter hook ingress device lns priority 0;
		ip protocol 50 counter; ip6 nexthdr 50 counter; }; }"
}

# So many packets of either family, at least.
counted_esp() {
	[ "$(world_in "$1" nft list table netdev carried |
		awk -v most="$2" '/packets/ { for (i = 1; i < NF; i++) n += $i == "packets" && $(i + 1) >= most }
			END { print n + 0 }')" = 2 ]
}

# Of a prefix that both announce, both are next hops that answer.
both_lead() {
	local prefix
	lns_rows routes '{prefix} {leads_to} {interface} {next_hop_state}' >"$RUN/routes"
	for prefix in 203.0.113.0/24 2001:db8:ff::/48; do
		grep -qx "$prefix via r1 resolved" "$RUN/routes" &&
			grep -qx "$prefix via r2 resolved" "$RUN/routes" || return 1
	done
}

both_carry() {
	world_until 20 both_lead || {
		cat "$RUN/routes"
		return 1
	}
	count_esp r1 && count_esp r2 && world_until 20 counted_esp r1 20 && world_until 20 counted_esp r2 20 &&
		world_in r1 nft delete table netdev carried && world_in r2 nft delete table netdev carried
}

bfd_is_up() {
	[ "$(frr_ask lns 'show bfd peers brief' | grep -cw up)" = 4 ]
}

# darken NAME: nothing gets in or out, and its links stay: as when its power goes, seen from afar.
darken() {
	local i
	for i in lns gw; do
		world_in "$1" nft "table netdev cut-$i {
			chain a { type filter hook ingress device $i priority 0; policy drop; }
			chain b { type filter hook egress device $i priority 0; policy drop; }; }" || return 1
	done
}

lighten() {
	local i
	for i in lns gw; do world_in "$1" nft delete table netdev cut-$i || return 1; done
}

# The router that carries the session's packets now, and the other one.
in_use() {
	if leads $GATEWAY r1 >/dev/null; then echo "r1 r2"; else echo "r2 r1"; fi
}

dies() {
	local dead other began=${EPOCHREALTIME/[.,]/}
	read -r dead other < <(in_use)
	echo "$dead" >"$RUN/dead"
	rm -f "$RUN/flow"
	darken "$dead" && world_until 20 leads $GATEWAY "$other" && world_until 20 leads $GATEWAY6 "$other" &&
		flows 50 || return 1
	echo "# $dead died: by $other after $(((${EPOCHREALTIME/[.,]/} - began) / 1000)) ms with looking," \
		"longest silence $(flow 3) ms, of IPv6 $(flow 6) ms" >>"$RUN/times"
}

revives() {
	lighten "$(cat "$RUN/dead")" && world_until 30 bfd_is_up &&
		world_until 30 has lns 4 203.0.113.0/24 "up${1#r}" && flows 50
}

# A cable: the kernel's interface has no carrier, and Culvert knows before anybody tells it.
cable_out() {
	local dead other
	read -r dead other < <(in_use)
	rm -f "$RUN/flow"
	ip -n "$WORLD_PREFIX-$dead" link set lns down &&
		world_until 20 eval 'ip -n '"$WORLD_PREFIX-lns link show up${dead#r}"' | grep -q NO-CARRIER' &&
		world_until 20 leads $GATEWAY "$other" && flows 50 || return 1
	echo "# cable of $dead out: longest silence $(flow 3) ms, of IPv6 $(flow 6) ms" >>"$RUN/times"
	ip -n "$WORLD_PREFIX-$dead" link set lns up && world_until 30 bfd_is_up && flows 50
}

# A route of a table goes where it is taken back, and one that the file says counts more.
by_hand() {
	local ns=$WORLD_PREFIX-lns
	ip -n "$ns" route add 198.51.100.0/24 via 198.18.2.2 dev up2 proto static &&
		world_until 10 leads 198.51.100.7 r2 && echo added &&
		ip -n "$ns" route replace 198.51.100.0/24 via 198.18.1.2 dev up1 proto static &&
		world_until 10 leads 198.51.100.7 r1 &&
		ip -n "$ns" route add blackhole 198.51.100.128/25 proto static &&
		world_until 10 eval 'lns_ctl lookup default 198.51.100.200 | grep -qE "leads to +discard"' &&
		echo 'routes: [ { realm: default, to: 198.51.100.0/24, via: 198.18.2.2 } ]' >>"$RUN/lns/culvert.yaml" &&
		lns_ctl reload && world_until 10 leads 198.51.100.7 r2 &&
		sed -i '/^routes:/d' "$RUN/lns/culvert.yaml" && lns_ctl reload &&
		world_until 10 leads 198.51.100.7 r1 &&
		ip -n "$ns" route del 198.51.100.0/24 && ip -n "$ns" route del blackhole 198.51.100.128/25 &&
		world_until 10 eval 'lns_ctl lookup default 198.51.100.7 | grep -qE "leads to +none"' &&
		ip -n "$ns" route add 2001:db8:99::/48 proto static \
			nexthop via 2001:db8:1::2 dev up1 nexthop via 2001:db8:2::2 dev up2 &&
		world_until 10 hops_of 2001:db8:99::/48 'r1 r2 ' &&
		ip -n "$ns" route del 2001:db8:99::/48 via 2001:db8:1::2 dev up1 &&
		world_until 10 hops_of 2001:db8:99::/48 'r2 ' && ip -n "$ns" route del 2001:db8:99::/48 && return
	ip -n "$ns" -6 route
	lns_ctl routes
	return 1
}

# hops_of PREFIX INTERFACES: by which it leads, each with a space behind it.
hops_of() {
	[ "$(lns_rows routes '{prefix} {interface}' | awk -v p="$1" '$1 == p { print $2 }' | sort | tr '\n' ' ')" = "$2" ]
}

# An interface moves to another realm, and what was learned by it is not in its way; that realm has it
# from the same table.
moves() {
	local ns=$WORLD_PREFIX-lns file=$RUN/lns/culvert.yaml refused
	refused=$(grep -c result=refused "$RUN/$LNS_LOG")
	ip -n "$ns" route add 198.51.100.0/24 via 198.18.2.2 dev up2 proto static &&
		world_until 10 leads 198.51.100.7 r2 &&
		sed -i 's/name: r2, port: nic2, realm: default/name: r2, port: nic2, realm: other/
			s/announce: pools }/&, { realm: other }/' "$file" &&
		lns_ctl reload &&
		world_until 10 leads $GATEWAY r1 && world_until 10 leads $GATEWAY6 r1 &&
		lns_ctl lookup default 198.51.100.7 | grep -E "leads to +none" &&
		ip -n "$ns" route replace 198.51.100.0/24 via 198.18.2.2 dev up2 proto static &&
		world_until 10 eval 'lns_ctl lookup other 198.51.100.7 | grep -qE "interface +r2"' &&
		[ "$(grep -c result=refused "$RUN/$LNS_LOG")" = "$refused" ] &&
		sed -i 's/name: r2, port: nic2, realm: other/name: r2, port: nic2, realm: default/
			s/, { realm: other }//' "$file" &&
		lns_ctl reload && world_until 30 bfd_is_up && interfaces_alike && flows 50
}

# More than waits, told at once: what is lost is found by reading all of it.
overrun() {
	local ns=$WORLD_PREFIX-lns pid before
	pid=$(cat "$RUN/culvertd.pid") before=$(routes_now)
	seq 0 29999 | awk '{ printf "route add 100.%d.%d.%d/32 via 198.18.1.2 dev up1 proto static\n",
		64 + $1 / 65536, $1 / 256 % 256, $1 % 256 }' >"$RUN/batch"
	ip -n "$ns" -batch "$RUN/batch" && world_until 20 has_routes $((before + 30000)) &&
		sed 's/add/del/' "$RUN/batch" | head -29000 >"$RUN/batch2" || return 1
	kill -STOP "$pid"
	ip -n "$ns" -batch "$RUN/batch2"
	kill -CONT "$pid"
	world_until 20 has_routes $((before + 1000)) && [ "$(lns_counter kernel-overruns)" -ge 1 ] &&
		ip -n "$ns" route flush proto static && world_until 20 has_routes "$before"
}

routes_now() {
	lns_rows realms '{routes}' | head -1
}

has_routes() {
	[ "$(routes_now)" = "$1" ]
}

# Pools come and go with the configuration, and with Culvert.
withdrawn() {
	sed -i 's/announce: pools/announce: off/' "$RUN/lns/culvert.yaml" && lns_ctl reload &&
		world_until 10 has_not r1 4 $POOL && world_until 10 has_not r2 6 $POOL6 &&
		sed -i 's/announce: off/announce: pools/' "$RUN/lns/culvert.yaml" && lns_ctl reload &&
		world_until 10 announced
}

# What somebody takes from the kernel that is ours comes again.
taken() {
	local ns=$WORLD_PREFIX-lns
	ip -n "$ns" route flush proto 201 && ip -n "$ns" -6 route flush proto 201 &&
		world_until 20 eval 'ip -n '"$ns"' route show proto 201 | grep '"$POOL" &&
		world_until 20 eval 'ip -n '"$ns"' -6 route show proto 201 | grep '"$POOL6" &&
		lns_said 'kernel-announce result=again' && ip -n "$ns" link del up1 &&
		lns_said 'kernel-interface name=up1 result=gone' && world_until 20 interfaces_alike &&
		world_until 30 bfd_is_up && world_until 30 announced
}

# Killed, it leaves its pools in the kernel: those that nobody wants any more are gone when it starts.
starts_clean() {
	kill -KILL "$(cat "$RUN/culvertd.pid")" && world_until 5 test -e "$RUN/culvertd.rc" || return 1
	ip -n "$WORLD_PREFIX-lns" route show type blackhole | grep "$POOL" &&
		sed -i 's|10.88.1.0/24|10.89.1.0/24|' "$RUN/lns/culvert.yaml" && lns_start &&
		world_until 10 eval '! ip -n '"$WORLD_PREFIX-lns"' route show type blackhole | grep '"$POOL" &&
		world_until 30 has r1 4 10.89.1.0/24 lns && world_until 30 has r2 4 10.89.1.0/24 lns && return
	ip -n "$WORLD_PREFIX-lns" -d addr
	ip -n "$WORLD_PREFIX-lns" route
	frr_ask lns 'show bgp summary' 'show bfd peers brief' 'show interface brief'
	return 1
}

stops() {
	lns_stop && [ -z "$(ip -n "$WORLD_PREFIX-lns" route show type blackhole)" ] &&
		! ip -n "$WORLD_PREFIX-lns" link show up1
}

tap_plan 21
world_open
frr_open
tap_logs "$RUN/$LNS_LOG" "$RUN/stream.log"
network || exit 2
configure

tap_need "Culvert is ready" lns_start
tap_need "the kernel has an interface for each uplink, with its MAC address and addresses" interfaces_alike
tap_need "FRR starts beside it and on three routers" routers
tap_need "BGP is up by them: Culvert knows ways to the gateway, of either family" world_until 30 learned
tap_check "the pools, of either family, are known to both routers" world_until 30 announced
tap_check "BFD is up with both, of either family" world_until 30 bfd_is_up
tap_need "ESP of a session goes to the gateway and back" stream gw $GATEWAY $GATEWAY6
tap_check "networks behind it, of either family, are known to both routers" world_until 30 behind_is_announced
tap_check "both routers are next hops of what both announce, and carry flows" both_carry
tap_check "the router in use dies: it goes on by the other one" dies
tap_check "that one is back" revives "$(cat "$RUN/dead" 2>/dev/null)"
tap_check "a cable is out, and in again: it goes on" cable_out
tap_check "routes by hand come, change and go; the configuration's own count more" by_hand
tap_check "an interface moves to another realm with a reload, and back" moves
tap_check "the session ends: what was behind it is known no more" session_ends
tap_check "30,000 routes, and more told at once than waits: none too many, none too few" overrun
tap_check "pools are withdrawn and announced again" withdrawn
tap_check "what somebody takes from the kernel comes again" taken
tap_check "killed and started, it takes out what nobody wants any more" starts_clean
tap_check "stopped, it leaves neither routes nor interfaces" stops
cat "$RUN/times"
tap_check "nothing is left behind" frr_vanish
tap_end
