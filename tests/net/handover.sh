#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# handover.sh - the network of config/HANDOVER.md, with the files that are written there: two LACs hand over
# calls, one is trusted with what it negotiated; a router of ours has the pool's route.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

GATEWAY=203.0.113.9

tap_requires world lns

# lac NAME ADDRESS: a LAC on the carrier's network.
lac() {
	world_namespace "$1" && world_plug "$1" eth0 && ip -n "$WORLD_PREFIX-$1" addr add "$2/24" dev eth0
}

# Our router, which stands for the rest of the world, too. It is a plain one: its kernel routes and answers.
edge() {
	local lns=$WORLD_PREFIX-lns edge=$WORLD_PREFIX-edge
	world_namespace edge && ip -n "$edge" link add to-lns type veth peer name core0 netns "$lns" &&
		ip -n "$lns" link set core0 up && ip -n "$edge" link set to-lns up &&
		ip -n "$edge" addr add 10.255.0.2/30 dev to-lns && ip -n "$edge" addr add $GATEWAY/32 dev lo &&
		world_in edge ethtool -K to-lns tx off tso off gso off gro off >/dev/null &&
		world_in lns ethtool -K core0 tx off tso off gso off gro off >/dev/null &&
		scene_file handover edge | while read -r line; do
			ip -n "$edge" ${line#ip } || return 1
		done
}

serve() {
	scene_lns handover handover.yaml && (umask 077 && scene_file handover subscribers.txt >"$RUN/lns/subscribers.txt") &&
		lns_start
}

# hand_over LAC SECRET USER PASSWORD: in the background; what it says is in RUN/LAC.log.
hand_over() {
	world_stop "$1"
	world_spawn "$1" "$1" env PYTHONDONTWRITEBYTECODE=1 "$HERE/handover.py" $LNS_ADDRESS "$@"
}

# says LAC LINE...: until it has said these (patterns); then all that it said.
says() {
	local name=$1 line rc=0
	shift
	for line; do
		world_until 20 grep -qx "$line" "$RUN/$name.log" || rc=1
	done
	cat "$RUN/$name.log"
	return $rc
}

# To the subscriber, from somebody out there.
answer() {
	world_in edge python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
s.bind(('$GATEWAY', 0))
s.sendto(b'from the gateway' + bytes(40), ('$1', 0))"
}

# LCP is not said again, and the proof that the carrier heard is checked here.
trusted() {
	hand_over lac1 the-lac1-tunnel-secret alice alices-password
	says lac1 tunnel 'CHAP success 9' 'address 198\.51\.100\.[0-9]*' && ! grep anew "$RUN/lac1.log" &&
		lns_rows sessions '{user} {peer}' | grep -x "alice 192.0.2.60:1701" && exchanged lac1 &&
		[ "$(lns_ctl --json counters | counted proxy-taken)" = 1 ]
}

counted() {
	python3 -c '
import json, sys
print(sum(r["value"] for r in json.load(sys.stdin)["rows"] if r["name"] == sys.argv[1]))' "$1"
}

# exchanged LAC: ESP from the subscriber as plain IP, and back into his session.
exchanged() {
	local address
	address=$(sed -n 's/^address //p' "$RUN/$1.log")
	world_until 10 eval '[ -n "$(capture_find edge "esp && !udp && ip.src == '"$address"' && ip.dst == '$GATEWAY'")" ]' &&
		answer "$address" && says "$1" 'ESP from the gateway' && world_until 10 test -e "$RUN/$1.rc"
}

# The other LAC says the same, and its caller is asked again.
renegotiated() {
	hand_over lac2 the-lac2-tunnel-secret alice alices-password
	says lac2 tunnel 'LCP anew' 'CHAP success .*' 'address 198\.51\.100\.[0-9]*' && exchanged lac2 &&
		[ "$(lns_ctl --json counters | counted proxy-taken)" = 1 ]
}

# Trusted as the LAC is, what the caller answered it is checked.
wrong_password() {
	hand_over lac1 the-lac1-tunnel-secret alice no-password
	says lac1 tunnel 'CHAP failure 9' && ! grep address "$RUN/lac1.log" &&
		world_until 10 eval 'lns_ctl ended | grep "wrong user name or password"'
}

# Neither of the two takes the other for whom he says he is.
wrong_secret() {
	hand_over lac2 no-secret alice alices-password
	says lac2 'it does not know the secret' && world_until 20 test -e "$RUN/lac2.rc" &&
		grep '^refused ' "$RUN/lac2.log" && lns_said 'tunnel-refused peer=192.0.2.61:1701 .*result=4 '
}

# The page of Windows' and Apple's clients has one, too.
clients() {
	mkdir -p "$RUN/clients" && scene_file clients clients.yaml >"$RUN/clients/clients.yaml" &&
		(umask 077 && echo a-secret | tee "$RUN"/clients/{tunnel,alice}.secret) &&
		env -C "$RUN/clients" "$(readlink -f "$LNS_PROGRAM")" --check clients.yaml
}

tap_plan 11
world_open
tap_logs "$RUN"/lac1.log "$RUN"/lac2.log "$RUN/$LNS_LOG"
scene_port || exit 2

tap_check "the page shows the configuration as it is" scene_shows handover handover.yaml
tap_check "the page of Windows' and Apple's clients has a right one" clients
tap_need "two LACs and a router" eval 'lac lac1 192.0.2.60 && lac lac2 192.0.2.61 && edge'
tap_need "a capture on the router" capture_start edge to-lns edge
tap_need "Culvert is ready, with the page's configuration" serve
tap_check "a trusted LAC: nothing is asked again, and ESP goes out and comes back" trusted
tap_check "another LAC: its caller is asked again, and ESP goes out and comes back" renegotiated
tap_check "a wrong password at a trusted LAC is refused" wrong_password
tap_check "a LAC with a wrong secret gets no tunnel" wrong_secret
tap_check "Culvert ends well" lns_stop
tap_check "nothing is left behind" world_vanish
tap_end
