#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# l2tpns.sh - an LNS by others, Debian's l2tpns with FreeRADIUS: culvert-client has a session with it by tunnel
# secret and CHAP; so has Culvert, which dials it as a peer, and carries what its own clients send there.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_CLIENT name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
. "$HERE/lib/l2tpns.sh"

CLIENT=$(readlink -f "${CULVERT_CLIENT:-$(dirname "$LNS_PROGRAM")/../culvert-client/culvert-client}")
OURS=10.88.1.77
CULVERT=192.0.2.2

tap_requires world lns l2tpns
[ -x "$CLIENT" ] || tap_skip_all "no culvert-client (./dpdk-setup.sh build makes it)"

# box NAME NUMBER LNS USER PASSWORD SECRET: a host with a client.
box() {
	world_namespace "$1" && world_plug "$1" eth0 && ip -n "$WORLD_PREFIX-$1" address add "192.0.2.$2/24" dev eth0 &&
		mkdir -p "$RUN/$1" && (umask 077 && echo "$5" >"$RUN/$1/password" && echo "$6" >"$RUN/$1/secret") &&
		cat >"$RUN/$1/client.yaml" <<X
directory: $RUN/$1/run
run-as: root
connections:
  - name: office
    peers: 10.88.0.0/16
    lns: $3
    way: relay
    secret-file: secret
    user: $4
    password-file: password
    dead-after: 10s
X
}

client() {
	local name=$1
	shift
	world_in "$name" "$CLIENT" --config "$RUN/$name/client.yaml" "$@"
}

# field NAME PATH: of what status says.
field() {
	client "$1" status office --json | python3 -c '
import functools, json, sys
print(functools.reduce(lambda o, key: o[key], sys.argv[1].split("."), json.load(sys.stdin)))' "$2"
}

# The other Culvert, which serves clients of its own and dials l2tpns.
culvert() {
	world_namespace lns2 && world_plug lns2 wan0 && lns_use lns2 &&
		lns_configure secret=culvertsecret policy=any userB:pass-b || return 1
	lns_secret l2tpns.secret tunnelsecret
	lns_secret branch.secret pass-branch
	sed -i -e "s|lns0|wan0|; s|$LNS_ADDRESS/|$CULVERT/|; s|10\.88\.|10.77.|g" "$RUN/lns2/culvert.yaml" &&
		cat >>"$RUN/lns2/culvert.yaml" <<X && lns_start
dial:
  - { name: l2tpns, to: $L2TPNS_ADDRESS, secret-file: l2tpns.secret, call: incoming,
      address: $L2TPNS_INSIDE, user: branch, password-file: branch.secret }
X
}

up() {
	client a up office && [ "$(field a address)" = $OURS ] && [ "$(field a lns)" = "$L2TPNS_ADDRESS:1701" ] &&
		l2tpns_said "$OURS"
}

# ping_inside NAME: what its session leads to, with packets that just fit.
ping_inside() {
	local mtu
	mtu=$(field "$1" mtu) &&
		world_in "$1" ping -c 20 -i 0.02 -W 5 -w 30 -M do -s $((mtu - 28)) -I l2tp-office $L2TPNS_INSIDE >"$RUN/pings"
	cat "$RUN/pings"
	pings_answered "$RUN/pings" 20
}

counted() {
	[ "$(field a sent.packets)" -ge 20 ] && [ "$(field a received.packets)" -ge 20 ] &&
		[ "$(field a sent.dropped)/$(field a received.dropped)" = 0/0 ]
}

# It knows, and the address is free again.
down() {
	client a down office && l2tpns_said 'Received StopCCN' && l2tpns_said 'Kill session 1 \(userA\)'
}

# refused FILE WRONG RIGHT PATTERN: with the wrong one `up` ends, and says so.
refused() {
	local said
	echo "$2" >"$RUN/a/$1" && said=$(client a up office 2>&1) && return 1
	echo "$said"
	echo "$3" >"$RUN/a/$1" && grep -qE "$4" <<<"$said"
}

# A row of culvertctl peers.
peer() {
	lns_rows peers '{peer} {state} {at} {local} {address}' | grep '^l2tpns '
}

dialled() {
	world_until 60 eval 'peer | grep "^l2tpns up "' || {
		lns_ctl peers
		return 1
	}
	peer | grep "^l2tpns up $L2TPNS_ADDRESS:1701 10.88.1.78 $L2TPNS_INSIDE\$"
}

through_culvert() {
	client b up office && ping_inside b
}

tap_plan 12
world_open
tap_logs "$RUN"/{l2tpns/log,l2tpns-out.log,radius.log,culvertd-lns2.log}
l2tpns_configure secret=tunnelsecret "userA:pass-a:$OURS" branch:pass-branch:10.88.1.78:10.77.0.0/16 || exit 2

tap_need "l2tpns and FreeRADIUS serve" l2tpns_start
tap_need "a host, and one of another Culvert's" eval \
	'box a 51 $L2TPNS_ADDRESS userA pass-a tunnelsecret && box b 52 $CULVERT userB pass-b culvertsecret'
tap_need "culvert-client has a session with l2tpns, and the address that RADIUS has for it" up
tap_check "the largest packets go through it" ping_inside a
tap_check "they are counted, and none was dropped" counted
tap_check "down, which l2tpns is told" down
tap_check "an LNS that does not know our tunnel secret is refused" \
	refused secret anothersecret tunnelsecret 'secret|authori'
tap_check "who is not let in is told so" refused password pass-x pass-a 'did not take user and password'
tap_need "another Culvert" culvert
tap_check "it dials l2tpns, and proves itself as a user" dialled
tap_check "its clients reach what is behind l2tpns" through_culvert
tap_check "nothing is left behind" world_vanish
tap_end
