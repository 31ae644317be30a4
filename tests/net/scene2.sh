#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# scene2.sh - the network of config/SCENE-2.md, with the files that are written there: two clients
# behind one NAT, and a gateway on Culvert's LAN that knows nothing of L2TP; over IPv4 and IPv6. Then the
# same with that gateway elsewhere, by a router with BGP.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
. "$HERE/lib/frr.sh"

GATEWAY=198.51.100.9
OTHER=198.51.100.10 # of the same guest: on the LAN, and no gateway of the configuration's
ALICE=198.51.100.129
BOB=198.51.100.130
BEHIND=172.31.0.1
GATEWAY6=2001:db8:5::9 ALICE6=2001:db8:5:81::7 BOB6=2001:db8:5:82::7 BEHIND6=2001:db8:ff::1
SPI=0xc0ffee01 # both clients' kernels are to choose this one for what comes in

tap_requires guest lns frr

# each COMMAND WORDS...: for both clients at the same time: COMMAND GUEST NAME ADDRESS WORDS...
each() {
	local command=$1 jobs=() job rc=0
	shift
	"$command" A alice $ALICE "$@" &
	jobs+=($!)
	"$command" B bob $BOB "$@" &
	jobs+=($!)
	for job in "${jobs[@]}"; do
		wait "$job" || rc=1
	done
	return $rc
}

dial() {
	scene_dial 2 "$1" "$2" && client_wait "$1" && [ "$(client_address "$1")" = "$3" ]
}

# Both have formed the address that the gateway's file says.
addresses6() {
	address6 A $ALICE6 && address6 B $BOB6
}

address6() {
	guest_run "$1" "for wait in \$(seq 100); do
	ip -6 addr show dev ppp0 scope global | grep 'inet6 $2/' && exit
	sleep 0.1
done
ip -6 addr; exit 1"
}

# One NAT, two of its ports.
peers() {
	local peers
	peers=$(lns_rows sessions '{peer}' | sort -u)
	echo "$peers"
	[ "$(wc -l <<<"$peers")" = 2 ] && ! grep -v '^192\.0\.2\.11:' <<<"$peers"
}

swan() {
	scene_swan 2 "$1" client/swanctl.conf "$2" "spi_min = $SPI" "spi_max = $SPI"
}

gateway_swan() {
	scene_swan 2 G gateway/swanctl.conf -
}

initiate() {
	guest_run "$1" "$IPSEC_ENV
timeout 60 swanctl --initiate --child ${4:-net}"
}

# 50 packets each of either family, a tenth of a second apart: all are under way at once, none is lost.
esp_ping() {
	guest_run "$1" "ping -c 50 -w 30 -i 0.1 -s 1200 $BEHIND6 >/tmp/box/ping6 &
ping -c 50 -w 30 -i 0.1 -s 1200 $BEHIND
wait" | tee "$RUN/ping-$1"
	cat "$RUN/guest-$1/ping6"
	pings_answered "$RUN/ping-$1" 50 && pings_answered "$RUN/guest-$1/ping6" 50
}

same_spi() {
	[ "$(guest_run G 'ip xfrm state' | grep -c "proto esp spi $SPI ")" = 4 ]
}

# seen TAG FILTER: at least one such packet was captured.
seen() {
	world_until 10 eval '[ -n "$(capture_find '"$1 '$2'"' | head -1)" ]'
}

native() {
	local to
	for to in $ALICE $BOB; do
		seen lan "esp && !udp && ip.src == $to && ip.dst == $GATEWAY" &&
			seen lan "esp.spi == $SPI && !udp && ip.src == $GATEWAY && ip.dst == $to" &&
			seen lns "l2tp && esp.spi == $SPI && ip.dst == $to" || return 1
	done
	for to in $ALICE6 $BOB6; do
		seen lan "esp && ipv6.src == $to && ipv6.dst == $GATEWAY6" &&
			seen lan "esp && ipv6.src == $GATEWAY6 && ipv6.dst == $to" &&
			seen lns "l2tp && esp && ipv6.dst == $to" || return 1
	done
	[ -z "$(capture_find lan 'l2tp || udp.port == 4500 || icmpv6.type == 128')" ]
}

# Whatever was there is forgotten, so that it is the gateway that begins all of it.
gateway_begins() {
	guest_run B "$IPSEC_ENV
swanctl --terminate --ike gateway
swanctl --terminate --ike gateway6" && initiate G - - net-bob && initiate G - - net-bob6 &&
		guest_run G "ping -c 3 -i 0.2 -W 5 -I $BEHIND $BOB && ping -c 3 -i 0.2 -W 5 -I $BEHIND6 $BOB6" &&
		guest_run B "ping -c 3 -i 0.2 -W 5 $BEHIND && ping -c 3 -i 0.2 -W 5 $BEHIND6"
}

ah() {
	initiate G - - ah-bob && guest_run B "ping -c 3 -i 0.2 -W 5 -s 1000 $GATEWAY" &&
		seen lan "ah && !udp && ip.src == $BOB" && seen lan "ah && !udp && ip.dst == $BOB"
}

# esp GUEST TARGET: an ESP packet of no meaning.
esp() {
	guest_run "$1" "ip route replace $2/32 dev ppp0
python3 -c \"
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
s.sendto(bytes(64), ('$2', 0))\""
}

# rises NAME BY COMMAND...: the command, whatever becomes of it, makes that many drops.
rises() {
	local name=$1 by=$2 before
	shift 2
	before=$(lns_drops "$name")
	"$@"
	world_until 5 eval '[ "$(lns_drops '"$name"')" = '$((before + by))' ]'
}

# Only IPsec, and with the gateway alone: no other host of the LAN, no other client.
strict() {
	guest_run G "ip addr replace $OTHER/24 dev vec0"
	rises POLICY_SENDER 2 guest_run A "ping -c 2 -i 0.2 -W 1 $GATEWAY" &&
		rises POLICY_RECEIVER 2 guest_run G "ping -c 2 -i 0.2 -W 1 -I $GATEWAY $ALICE" &&
		rises POLICY_ISOLATED 1 esp A $OTHER && rises POLICY_ISOLATED 1 esp A $BOB &&
		rises POLICY_SENDER 2 guest_run A "ping -c 2 -i 0.2 -W 1 $GATEWAY6" &&
		rises POLICY_ISOLATED 2 guest_run A "$(esp6 2001:db8:5::10 $BOB6)"
}

# esp6 TARGET...: text for a guest, which sends each an ESP packet of no meaning.
esp6() {
	printf "python3 -c \"
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 50)
for target in sys.argv[1:]:
    s.sendto(bytes(64), (target, 0))\" %s\n" "$*"
}

# answers ADDRESS...: prints those that Culvert's MAC address comes for, to the gateway's ARP and ND requests.
answers() {
	guest_run G "ip neigh flush dev vec0
ip -6 neigh flush dev vec0
for address in $*; do
	ping -c 1 -W 3 \$address >/dev/null &
done
wait
for address in $*; do
	! ip neigh show \$address | grep -qi ' lladdr $(world_in lns cat /sys/class/net/lan0/address) ' || echo \$address
done" | xargs
}

# Alice's are gone a moment after her session; bob's and the free ones are as they were.
gone() {
	local all=($ALICE $BOB 198.51.100.200 $ALICE6 $BOB6 2001:db8:5:83::7)
	[ "$(answers "${all[@]}")" = "$ALICE $BOB $ALICE6 $BOB6" ] && client_hang_up A &&
		world_until 20 eval '[ "$(lns_rows sessions "{user}")" = bob ]' &&
		[ "$(answers "${all[@]}")" = "$BOB $BOB6" ] && guest_run B "ping -c 3 -i 0.2 -W 5 $BEHIND"
}

discarded() {
	rises ROUTE_DISCARD 1 esp B $ALICE && rises ROUTE_DISCARD 1 guest_run B "$(esp6 $ALICE6)"
}

# ---- the gateway elsewhere, by a router with BGP ----

# Between Culvert's port and the LAN is a router now.
router_between() {
	local lan=$WORLD_PREFIX-lan
	router edge && ip -n "$lan" link set to-lns nomaster netns "$WORLD_PREFIX-edge" &&
		ip -n "$lan" link add to-edge type veth peer name lan netns "$WORLD_PREFIX-edge" &&
		ip -n "$lan" link set to-edge master lan0 up &&
		world_in lan ethtool -K to-edge tx off tso off gso off gro off >/dev/null &&
		world_in edge ethtool -K lan tx off tso off gso off gro off >/dev/null &&
		plug_in edge to-lns 10.255.1.2/30 2001:db8:e::2/64 &&
		plug_in edge lan 198.51.100.2/25 2001:db8:5::2/57 && packet_port lan0 &&
		guest_run G "ip addr flush dev vec0
ip addr add $GATEWAY/25 dev vec0
ip addr add $GATEWAY6/57 dev vec0 nodad
ip route replace default via 198.51.100.2 src $GATEWAY
ip -6 route replace default via 2001:db8:5::2"
}

with_bgp() {
	scene_lns 2 && scene_instead 2 bgp/scene-2.yaml && lns_start &&
		scene_file 2 bgp/router.conf | frr_serve edge && scene_file 2 bgp/frr.conf | frr_serve lns
}

# Culvert leads to the gateway by the router, the router to the pools by Culvert.
routed() {
	world_until 60 has edge 4 198.51.100.128/25 to-lns && world_until 60 has edge 6 2001:db8:5:80::/57 to-lns &&
		world_until 60 leads $GATEWAY lan && world_until 60 leads $GATEWAY6 lan
}

again() {
	guest_run A 'rm -f /tmp/box/address' && guest_run B 'rm -f /tmp/box/address' && client_hang_up A B
	each dial && addresses6 && gateway_swan && each swan && each initiate && each initiate net6
}

# What nobody has does not go to and fro between the two.
discarded_once() {
	rises ROUTE_DISCARD 1 guest_run G "python3 -c \"
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
s.sendto(bytes(64), ('198.51.100.200', 0))\""
}

tap_plan 24
world_open
frr_open
world_site site 192.0.2.11 && scene_lan || exit 2
for guest in A B G; do
	tap_logs "$RUN"/guest-$guest/{console,charon,pppd}.log
done
tap_logs "$RUN/$LNS_LOG"

tap_check "the page shows the configuration as it is" \
	eval 'scene_file 2 scene-2.yaml | diff - "$SCENE_CONFIG/scene-2.yaml"'
tap_need "captures on the tunnels' side and on the LAN" \
	eval 'capture_start wan to-lns lns && capture_start lan to-lns lan'
tap_need "two clients behind one NAT and a gateway boot" scene2_boot
tap_need "Culvert is ready, with the page's configuration" eval 'scene_lns 2 && lns_start'
tap_need "both clients get the addresses that they are to have" each dial
tap_check "both have their IPv6 addresses, too" addresses6
tap_check "both come from the same NAT" peers
tap_need "strongSwan starts on the gateway" gateway_swan
tap_need "strongSwan starts on both clients" each swan
tap_need "IKE from both clients, over either family" eval 'each initiate && each initiate net6'
tap_check "both ping the network behind the gateway at the same time, without loss" each esp_ping
tap_check "the gateway sends to both with the same SPI, over either family" same_spi
tap_check "it is native ESP on the LAN, and inside L2TP on the other side" native
tap_check "the gateway may begin" gateway_begins
tap_check "AH passes, begun by the gateway" ah
tap_check "nothing but IPsec, and nobody but the gateway" strict
tap_check "a client that is gone is not answered for, and other sessions go on" \
	eval 'gone && discarded'
tap_check "Culvert ends well, and tshark finds nothing wrong in what it sent" \
	eval 'lns_stop && capture_stop lns && capture_stop lan && capture_sound lns "$LNS_ADDRESS"'
tap_need "the gateway moves behind a router with BGP, and Culvert has FRR, as the page says" \
	eval 'router_between && with_bgp'
tap_need "each knows by BGP what is behind the other, in both families" routed
tap_need "the clients dial again, with IKE over either family" again
tap_check "both ping the network behind the gateway at the same time, without loss" each esp_ping
tap_check "what no client has ends at Culvert" discarded_once
tap_check "nothing is left behind" frr_vanish
tap_end
