#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# relayfirst.sh - culvert-client with `way: relay-first`, and an unmodified gateway that both Culvert and the
# client's NAT lead to: IPsec comes up by the relay, moves to the direct way by MOBIKE when that works, and
# back when it breaks; a TCP connection and a UDP flow go on through all of it.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_CLIENT name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

UPLINK=198.18.5.1
GATEWAY=198.18.5.9
OURS=10.88.1.10

tap_requires guest lns ours
command -v conntrack >/dev/null || tap_skip_all "conntrack is missing (./dpdk-setup.sh install gets it)"

# The gateway is on the cable of the LNS, and so is the site's NAT.
cables() {
	world_site siteA 192.0.2.11 && world_namespace lan && world_plug lan wan0 &&
		ip -n "$WORLD_PREFIX-lan" link add lan0 type bridge &&
		ip -n "$WORLD_PREFIX-lan" link set wan0 master lan0 &&
		ip -n "$WORLD_PREFIX-lan" link set lan0 up &&
		ip -n "$WORLD_PREFIX-siteA" route add 198.18.5.0/24 dev wan0 &&
		nat_kind siteA 192.0.2.11 port && shut
}

# Nothing passes between the site and the gateway but what the relay carries, and nobody is told.
shut() {
	world_in siteA nft -f - <<NFT
table ip shut {
	chain shut {
		type filter hook forward priority -10
		ip daddr $GATEWAY drop
		ip saddr $GATEWAY drop
	}
}
NFT
}

open() {
	world_in siteA nft delete table ip shut
}

configure() {
	lns_configure secret=tunnelsecret userA:pass-a
	sed -i "s|name: userA,|& address: $OURS,|; s|policy: ipsec|&, gateways: $GATEWAY|" "$RUN/lns/culvert.yaml"
	echo "interfaces: [ { name: lan, addresses: $UPLINK/24 } ]" >>"$RUN/lns/culvert.yaml"
}

boot() {
	guest_boot A siteA && guest_boot G lan && guest_wait A && guest_wait G && ours_choose A &&
		guest_run G "ip addr flush dev vec0
ip addr add $GATEWAY/24 dev vec0
ip route add 10.88.0.0/16 via $UPLINK
ip route add 192.0.2.0/24 dev vec0"
}

# strongswan [yes|no]: whether it prefers the best path.
strongswan() {
	mkdir -p "$RUN/guest-A/strongswan.d" &&
		printf 'charon {\n\tprefer_best_path = %s\n}\n' "${1:-yes}" >"$RUN/guest-A/strongswan.d/path.conf" &&
		ipsec_start G peer=A local=$GATEWAY remote=%any mobike=yes inner=172.31.2.1 peer-inner=172.31.1.1 &&
		ipsec_start A peer=G local=%any remote=$GATEWAY mobike=yes inner=172.31.1.1 peer-inner=172.31.2.1
}

client_configure() {
	ours_configure A pass-a tunnelsecret "gateway: $GATEWAY" "lns: $LNS_ADDRESS" 'way: relay-first' \
		'user: userA' 'dead-after: 6s' 'look: 5s' \
		'ipsec: { start: strongswan, child: net, connection: peer, timeout: 60s }'
}

# by WAY LOCAL: that is how it goes, from that address.
by() {
	[ "$(ours_field A way)" = "$1" ] && [ "$(ours_field A ipsec.sa.local)" = "$2" ]
}

# identity: of all that would be another one after a new handshake.
identity() {
	ours_field A ipsec.sa.spi_in && ours_field A ipsec.sa.spi_out && ours_field A dials &&
		lns_rows sessions '{user} {session} {serial} {address}' && guest_run A 'cat /run/flow.pid'
}

# through PATTERN WHAT...: that happens, its log then has one line more of it, and all goes on as it was.
through() {
	local who pattern=$1 before
	shift
	before=$(grep -cE "$pattern" "$RUN/guest-A/run.log")
	who=$(identity) && flow_lit || return 1
	flow_watch && "$@" &&
		world_until 60 ours_said A "$pattern" $((before + 1)) && flow_lit || return 1
	flow_dark
	diff <(echo "$who") <(identity)
}

# Its relay dies where there is no other way, and then there is one: which it takes, while the relay is dialled
# until it is back.
relay_dies() {
	local spi
	spi=$(ours_field A ipsec.sa.spi_in) && kill -KILL "$(cat "$RUN/culvertd.pid")" &&
		world_until 30 ours_said A 'relay-down .*no longer answers' && world_until 5 test -e "$RUN/culvertd.rc" &&
		open && world_until 60 ours_said A ' direct ' 3 && flow_lit && [ "$(ours_field A state)" != up ] && lns_start &&
		world_until 120 ours_said A relay-up 2 && flow_lit && by direct 10.0.0.3 &&
		[ "$(ours_field A ipsec.sa.spi_in)" = "$spi" ]
}

# The machine has another address: strongSwan moves the SA, the client its tunnel.
readdress() {
	guest_run A 'ip addr add 10.0.0.3/24 dev vec0
ip addr del 10.0.0.2/24 dev vec0
ip addr replace 10.0.0.3/24 dev vec0
ip route replace default via 10.0.0.1' && world_until 30 eval 'by direct 10.0.0.3'
}

# No NAT on the way to the gateway, and a firewall that passes IKE alone: strongSwan believes it, and the client
# does not.
without_esp() {
	world_in siteA nft insert rule ip nat to ip daddr $GATEWAY accept && guest_run G 'ip route replace 10.0.0.0/24 via 192.0.2.11' &&
		world_in siteA nft -f - <<'NFT' && nat_forget siteA && open
table ip noesp {
	chain noesp {
		type filter hook forward priority -10
		meta l4proto esp drop
	}
}
NFT
}

# ESP passes again: as its own network has not changed, it does not try again.
stays_away() {
	world_in siteA nft delete table ip noesp && flow_lit && by relay $OURS
}

# A strongSwan that leaves no way as long as it is there.
unwilling() {
	guest_run A 'kill $(cat /run/flow.pid)' && ours A down office && shut && strongswan no && ours_run A &&
		by relay $OURS && flow_start G && open &&
		world_until 60 ours_said A 'relay-wanted .*prefer_best_path' && by relay $OURS && flow_lit
}

down() {
	ours A down office && guest_run A '! ip link show l2tp-office && ! ip rule | grep 1701 && ! pgrep culvert-client'
}

# The relay leads to the gateway, and nothing comes back by it: what is to be by the relay at first goes directly.
useless() {
	guest_run G "ip route del 10.88.0.0/16 && ip route add blackhole $OURS/32" && strongswan yes &&
		guest_run A "sed -i 's/timeout: 60s/timeout: 10s/' /run/client/client.yaml" && ours_run A && by direct 10.0.0.3 &&
		ours_field A reason | grep 'does not come up by the relay' && down
}

# Nobody waits in vain for a relay that is not there.
without_lns() {
	ours A up office && by direct 10.0.0.3 && down
}

tap_plan 24
world_open
cables || exit 2
for guest in A G; do
	tap_logs "$RUN"/guest-$guest/{console,charon,flow}.log
done
tap_logs "$RUN/guest-A/run.log" "$RUN/culvertd.log"
configure

tap_need "two guests boot" boot
tap_need "Culvert is ready" lns_start
tap_need "strongSwan starts on both" strongswan
tap_need "the client's configuration is right" client_configure
tap_need "IPsec comes up, by the relay" eval 'ours_run A && by relay $OURS'
tap_need "TCP and UDP through ESP" flow_start G
tap_check "the direct way does not work: it stays with the relay" \
	eval 'world_until 60 ours_said A " looked .*later=none" 2 && by relay $OURS && ! ours_said A direct-wanted && flow_lit'
tap_check "the direct way works: it moves there" through ' direct ' open
tap_note "dark for $DARK ms (UDP)"
tap_check "status says so, and the relay stands by" \
	eval 'by direct 10.0.0.2 && ours A status office && [ "$(ours_field A lns)" = $LNS_ADDRESS:1701 ]'
tap_check "it breaks: back to the relay" through ' ipsec-moved ' shut
tap_note "dark for $DARK ms (UDP), with dead-after: 6s"
tap_check "and that is where it is" by relay $OURS
tap_check "it works again: there again" through ' direct ' open
tap_check "the NAT forgets the SA's mapping: it goes on" \
	eval 'nat_forget siteA && flow_lit && by direct 10.0.0.2'
tap_check "the client's address changes: the SA and the tunnel move" through ' moved ' readdress
tap_check "back to the relay" eval 'through " relay-wanted " shut && world_until 30 eval "by relay $OURS"'
tap_check "the relay dies, and the direct way works: it moves, and waits for the relay" relay_dies
tap_check "a direct way without ESP: back to the relay" \
	eval 'shut && world_until 60 eval "by relay $OURS" && through "relay-wanted .*encap" without_esp'
tap_check "it is not tried again" stays_away
tap_check "a strongSwan that does not move: it is said, and nothing lost" unwilling
tap_check "down: nothing is left" down
tap_check "the relay leads to no SA, and the direct way works: directly" useless
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "up, without an LNS: directly" without_lns
tap_check "nothing is left behind" world_vanish
tap_end
