#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# race.sh - culvert-client and several LNSs, and several ports of one: who is there first is taken, with
# one session and no more; who is better is taken when he is back, and another one when he dies.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_CLIENT name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
CLIENT=$(readlink -f "${CULVERT_CLIENT:-$(dirname "$LNS_PROGRAM")/../culvert-client/culvert-client}")

BOX=192.0.2.50 NOBODY=192.0.2.77 OTHER=192.0.2.2

tap_requires world lns
[ -c /dev/net/tun ] || tap_skip_all "no /dev/net/tun"

serve() {
	lns_use lns && lns_configure secret=tunnelsecret userA:pass-a &&
		sed -i "s|^listeners: .*|listeners: [ { address: $LNS_ADDRESS/24 }, { address: $LNS_ADDRESS/24, udp-port: 443 }, { address: $LNS_ADDRESS/24, udp-port: 4500 } ]|" \
			"$RUN/lns/culvert.yaml" && lns_start
}

serve_other() {
	world_namespace lns2 && world_plug lns2 lns0 && lns_use lns2 && lns_configure secret=tunnelsecret userA:pass-a &&
		sed -i "s|$LNS_ADDRESS/24|$OTHER/24|; s|10\.88|10.89|g" "$RUN/lns2/culvert.yaml" && lns_start
}

box() {
	world_namespace box && world_plug box eth0 && ip -n "$WORLD_PREFIX-box" address add $BOX/24 dev eth0 &&
		mkdir -p "$RUN/box" && (umask 077 && echo pass-a >"$RUN/box/password" && echo tunnelsecret >"$RUN/box/secret") &&
		world_in box nft 'table inet blocked { set ports { type inet_service; }; set hosts { type ipv4_addr; };
			chain out { type filter hook output priority 0; udp dport @ports drop; ip daddr @hosts drop; }; }'
}

block() {
	world_in box nft "add element inet blocked $1 { $2 }"
}

unblock() {
	world_in box nft "flush set inet blocked ports; flush set inet blocked hosts"
}

# configure LNS PORTS
configure() {
	cat >"$RUN/box/client.yaml" <<X
directory: $RUN/box/run
run-as: root
connections:
  - name: office
    peers: 10.88.0.0/15
    lns: [$1]
    ports: [$2]
    way: relay
    secret-file: secret
    user: userA
    password-file: password
    look: 1s
    dead-after: 2s
X
}

client() {
	world_in box "$CLIENT" --config "$RUN/box/client.yaml" "$@"
}

# by ADDRESS:PORT: what it is up by now.
by() {
	client status office --json | python3 -c '
import json, sys
s = json.load(sys.stdin)
print(s["state"], s["lns"])
sys.exit(s["state"] != "up" or s["lns"] != sys.argv[1])' "$1"
}

# one_session NAME: at that LNS, in one tunnel: the others are closed.
one_session() {
	lns_use "$1" && world_until 10 eval '[ "$(lns_rows sessions {user})/$(lns_rows tunnels {state} | sort | uniq -c | xargs)" = "userA/1 established" ]'
}

down() {
	client down office
}

first_is_not_there() {
	configure "$NOBODY, $LNS_ADDRESS" 1701 && client up office && by $LNS_ADDRESS:1701 && one_session lns && down
}

in_order() {
	configure "$LNS_ADDRESS" "1701, 443, 4500" && client up office && by $LNS_ADDRESS:1701 && one_session lns && down
}

by_another_port() {
	block ports 1701 && client up office && by $LNS_ADDRESS:443 && one_session lns
}

back() {
	unblock && world_until 30 by $LNS_ADDRESS:1701 && one_session lns && client status office && down
}

dies() {
	configure "$LNS_ADDRESS, $OTHER" "1701, 443" && client up office && by $LNS_ADDRESS:1701 || return 1
	block hosts $LNS_ADDRESS
	world_until 30 by $OTHER:1701 && one_session lns2 && unblock && world_until 30 by $LNS_ADDRESS:1701 &&
		lns_use lns2 && world_until 10 eval '[ -z "$(lns_rows tunnels {state} | grep established)" ]' &&
		lns_use lns && world_until 30 eval '[ "$(lns_rows sessions {user})" = userA ]' && down
}

# With a wrong secret none proves itself, however many there are.
none() {
	local said
	echo other >"$RUN/box/secret"
	said=$(client up office) && return 1
	echo "$said"
	grep -q "not authorized" <<<"$said" && [ "$(lns_rows sessions '{user}')" = "" ]
}

tap_plan 9
world_open
tap_logs "$RUN"/culvertd.log "$RUN"/culvertd-lns2.log
tap_need "Culvert on three ports, another one, and a host" eval 'serve && serve_other && box'
tap_check "the first LNS is not there: the second one is taken" first_is_not_there
tap_check "of several ports the first one, and the others' tunnels are closed" in_order
tap_check "UDP 1701 is blocked: the next port is taken" by_another_port
tap_check "the better port is taken when it is back" back
tap_check "the LNS dies: another one is dialled, and the better one again when it is back" dies
tap_check "none who does not know the secret is taken" none
tap_check "both Culverts end in order" eval 'lns_use lns && lns_stop && lns_use lns2 && lns_stop'
tap_check "nothing is left behind" world_vanish
tap_end
