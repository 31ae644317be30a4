#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# carry.sh - two of culvert-client's exchange ESP of many sizes through Culvert: each packet arrives once,
# in order and byte for byte, in trains and, where the way has become narrower than these, alone.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_CLIENT name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
CLIENT=$(readlink -f "${CULVERT_CLIENT:-$(dirname "$LNS_PROGRAM")/../culvert-client/culvert-client}")

PACKETS=6000

tap_requires world lns
[ -c /dev/net/tun ] || tap_skip_all "no /dev/net/tun"

# box NAME NUMBER: a host with a client of its own.
box() {
	world_namespace "$1" && world_plug "$1" eth0 && ip -n "$WORLD_PREFIX-$1" address add "192.0.2.$2/24" dev eth0 &&
		mkdir -p "$RUN/$1" && (umask 077 && echo "pass-$1" >"$RUN/$1/password" && echo tunnelsecret >"$RUN/$1/secret") &&
		cat >"$RUN/$1/client.yaml" <<X
directory: $RUN/$1/run
run-as: root
connections:
  - name: office
    peers: 10.88.0.0/16
    lns: $LNS_ADDRESS
    way: relay
    secret-file: secret
    user: user$1
    password-file: password
X
}

client() {
	local name=$1
	shift
	world_in "$name" "$CLIENT" --config "$RUN/$name/client.yaml" "$@"
}

up() {
	client a up office && client b up office
}

# field NAME PATH: of what status says.
field() {
	client "$1" status office --json | python3 -c '
import functools, json, sys
print(functools.reduce(lambda o, key: o[key], sys.argv[1].split("."), json.load(sys.stdin)))' "$2"
}

# carry FROM TO
carry() {
	local to rc=0
	to=$(field "$2" address) && truncate -s 0 "$RUN/board" && truncate -s 8 "$RUN/board" &&
		world_spawn "$2" receiver "$HERE/carry.py" recv "$RUN/board" $PACKETS &&
		world_until 10 grep -q listening "$RUN/receiver.log" || return 1
	timeout 200 ip netns exec "$WORLD_PREFIX-$1" "$HERE/carry.py" send "$RUN/board" "$to" $PACKETS || rc=1
	world_until 30 test -e "$RUN/receiver.rc" || rc=1
	cat "$RUN/receiver.log"
	[ $rc = 0 ] && [ "$(cat "$RUN/receiver.rc")" = 0 ]
}

nothing_dropped() {
	[ "$(field a sent.dropped)/$(field a received.dropped)/$(field b sent.dropped)/$(field b received.dropped)" = 0/0/0/0 ]
}

# The kernel cuts trains up for as narrow a way no more: what still fits goes alone.
narrow() {
	ip -n "$WORLD_PREFIX-a" link set eth0 mtu 1300 && carry a b
}

tap_plan 8
world_open
tap_logs "$RUN"/culvertd.log
lns_configure secret=tunnelsecret usera:pass-a userb:pass-b
tap_need "Culvert, and two hosts" eval 'lns_start && box a 51 && box b 52'
tap_need "both are up" up
tap_check "$PACKETS ESP packets of many sizes one way" carry a b
tap_check "and the other" carry b a
tap_check "none was dropped" nothing_dropped
tap_check "the way gets narrower" narrow
tap_check "down" eval 'client a down office && client b down office'
tap_check "nothing is left behind" world_vanish
tap_end
