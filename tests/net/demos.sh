#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# demos.sh - each demo runs to its end, shows what it is to show, and leaves nothing behind.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

declare -A PID=()

# begin SCENE: demo.sh with it, in the background.
begin() {
	"$HERE/demo.sh" "$1" >"$RUN/demo-$1.log" 2>&1 &
	PID[$1]=$!
}

# shows SCENE LINE...: it comes to its end, and its output has these (patterns), in this order.
shows() {
	local scene=$1 out=$RUN/demo-$1.log pid=${PID[$1]} rest line
	shift
	wait "$pid" || {
		tail -20 "$out"
		return 1
	}
	rest=$(cat "$out")
	for line; do
		rest=$(sed -n "/$line/,\$p" <<<"$rest")
		[ -n "$rest" ] || {
			echo "does not say, or not there: $line"
			tail -40 "$out"
			return 1
		}
	done
	! ip netns | grep "^cv$pid-"
}

# What can't be shown is refused, and what can be is said.
names() {
	local said rc=0
	said=$("$HERE/demo.sh" scene-9 2>&1) || rc=$?
	echo "$said"
	[ $rc = 2 ] && grep -q 'there are: clients scene-1 scene-2 scene-3 two-lns nat$' <<<"$said" &&
		"$HERE/demo.sh" --help | grep -q '^    scene-2 '
}

tap_requires guest lns
tap_plan 8
world_open

tap_check "a scene that is not there is refused, with those that are" names
begin clients # two at a time: they wait more than they work
begin scene-1
tap_check "two clients behind two NATs" shows clients \
	"own filter dropped all 3 packets" "B got 10.88.1" "arrived whole" "bit for bit" \
	"userB  *10.88.1" POLICY_SENDER "^What you saw"
begin scene-2
tap_check "scene 1: gateways in realms of their own" shows scene-1 \
	"filter dropped all 3 packets" "dialled in and got 10.88.0.20, blue's 10.88.0.20" \
	"alice of red got 10.88.1.7, bob of blue 10.88.1.7" "bob pings 172.31.0.1" \
	"IPsec with red-gateway: alice carol" "IPsec with blue-gateway: bob" "user  *alice" "user  *bob" \
	"blue-gateway  *10.88.0.20" POLICY_SENDER "^What you saw"
begin scene-3
tap_check "scene 2: a gateway that knows nothing of L2TP" shows scene-2 \
	"filter dropped all 3 packets" "alice got 198.51.100.129" "gateway that began" "which is Culvert's" \
	"plain ESP and nothing of L2TP" "bob  *198.51.100.130" POLICY_SENDER "^What you saw"
begin two-lns
tap_check "scene 3: IPsec between any two of four clients" shows scene-3 \
	"filter dropped all 3 packets" "dave 10.88.1" "alice pings bob at 10.88.1" "carol pings bob at 10.88.1" \
	"none was in the clear" "dave  *10.88.1" POLICY_SENDER "^What you saw"
begin nat
tap_check "two Culverts" shows two-lns "filter dropped all 3 packets" "bob b and got 203.0.113" \
	"alice pings bob at 203.0.113" "nothing of L2TP" "next hop  *10.255.0.2" "dialled a and got 198.51.100" \
	"bob pings alice at 198.51.100" "bob  *198.51.100" "^What you saw"
tap_check "discovery at three sites, and a NAT that reboots" shows nat "none: the gateway does not answer IKE" \
	"^\[.*campus: .*: directly" "direct-udp: the gateway" "^\[.*home: a NAT .*: directly" "no answer" \
	"192.0.2.2:443  *relay: the gateway does not" "^\[.*hotel: a firewall .*: by the relay" \
	"IPsec is up over 192.0.2.2:443" "4 of 12 MB" "has no mappings" \
	"tunnel-moved .*peer=192.0.2.23:.* by=challenge" "12 of 12 MB" "all 12000000 bytes" "in the dark" \
	"session and SA are the same" "office: up, relay way" "192.0.2.23:.*established" "^What you saw"
tap_check "nothing is left behind" world_vanish
tap_end
