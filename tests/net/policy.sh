#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# policy.sh - what the configuration says of groups and listeners is what the data path does: who
# may send what to whom, realms that never meet, another UDP port. Two clients behind two NATs, and
# for each case a Culvert of its own.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

STRANGER=192.0.2.99
A=10.88.1.7 B=10.88.2.7 # where the two are in one realm
USER_C='  - { name: userC, password-file: userC.secret, group: b, address: 10.88.1.99 }'

tap_requires guest lns

# What comes to some UDP ports of B: a line for each datagram, its port and its text.
listen() {
	guest_run B 'python3 -u -c "
import selectors, socket
ready = selectors.DefaultSelector()
for port in range(4999, 5003):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((\"\", port))
    ready.register(s, selectors.EVENT_READ, port)
print(\"listening\")
while True:
    for key, _ in ready.select():
        print(key.data, key.fileobj.recv(100).decode())
" >/tmp/box/udp 2>&1 &' && world_until 30 grep -qx listening "$RUN/guest-B/udp"
}

# configure GROUP_A GROUP_B USER_A USER_B [LISTENER]: what these have besides what all have. Clients of
# a group that does not say are reachable.
configure() {
	local yaml=$RUN/lns/culvert.yaml a=$1 b=$2
	[[ $a == *clients:* ]] || a+=', clients: reachable'
	[[ $b == *clients:* ]] || b+=', clients: reachable'
	lns_configure secret=tunnelsecret userA:pass-a userB:pass-b userC:pass-c || return 1
	sed -i "/^groups:/,\$d; /^listeners:/s!/24!&${5:+, $5}!" "$yaml"
	cat >>"$yaml" <<YAML
filters:
  - { name: ports, policy: [udp/5000-5001, icmp] }
groups:
  - { name: a, address: 10.88.0.1, $a }
  - { name: b, address: 10.88.0.1, $b }
users:
  - { name: userA, password-file: userA.secret, group: a${3:+, $3} }
  - { name: userB, password-file: userB.secret, group: b${4:+, $4} }
YAML
}

dial() {
	local lns=${1:-$LNS_ADDRESS}
	client_dial A user=userA password=pass-a secret=tunnelsecret lns="$lns" &&
		client_dial B user=userB password=pass-b secret=tunnelsecret lns="$lns" &&
		client_wait A && client_wait B && goes_by_ppp A && goes_by_ppp B
}

# goes_by_ppp GUEST: what it sends to clients does not go the way of the session before.
goes_by_ppp() {
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run "$1" 'for wait in $(seq 100); do
	ip route get 10.88.255.254 | grep -q " dev ppp" && exit 0
	sleep 0.1
done
exit 1'
}

# The clients go first, so that the next Culvert hears nothing of these sessions.
hang_up() {
	client_hang_up A B && lns_stop
}

# serve GROUP_A GROUP_B: both clients in one realm, on a Culvert that has these groups.
serve() {
	hang_up && configure "pool: [10.88.1.0/24], $1" "pool: [10.88.2.0/24], $2" \
		"address: $A" "address: $B" && lns_start && dial &&
		[ "$(client_address A) $(client_address B)" = "$A $B" ]
}

# ping_from GUEST ADDRESS
ping_from() {
	guest_run "$1" "ping -c 2 -i 0.2 -W 1 $2"
}

# dropped LINE...: "PACKETS NAME" of all that policies, routing and classification have dropped.
dropped() {
	world_until 10 dropped_now "$@" || {
		lns_ctl drops
		echo "expected: $*"
		return 1
	}
}

dropped_now() {
	diff <([ $# = 0 ] || printf '%s\n' "$@" | sort) <(lns_rows drops '{packets} {name}' |
		grep -E '^[1-9][0-9]* (POLICY|ROUTE|CLASSIFY)_' | sort)
}

# forbidden GUEST ADDRESS LINE...: nothing comes back, and that is what has been dropped.
forbidden() {
	! ping_from "$1" "$2" && dropped "${@:3}"
}

# told GUEST ADDRESS TEXT: the ping's sender learns of its fate by ICMP.
told() {
	guest_run "$1" "ping -c 1 -W 2 $2" >"$RUN/told"
	cat "$RUN/told"
	grep -q "From 10.88.0.1 .*$3" "$RUN/told"
}

# passes TEXT: everything, in both directions.
passes() {
	ping_from A $B && ping_from B $A && send "$1" 5002 && arrives "$1" 5002 && dropped
}

# send TEXT PORT...: a datagram from A to each of these ports of B.
send() {
	local text=$1
	shift
	guest_run A "for port in $*; do echo -n $text >/dev/udp/$B/\$port; done"
}

# arrives TEXT PORT...: these came with that text, in that order, and no other.
arrives() {
	local text=$1
	shift
	world_until 10 grep -qx "${*: -1} $text" "$RUN/guest-B/udp"
	diff <(printf "%s $text\n" "$@") <(grep " $text\$" "$RUN/guest-B/udp")
}

# ports_of_rules TEXT: what is not permitted goes first: once the last one is there, the others would
# be, too.
ports_of_rules() {
	send "$1" 4999 5002 5000 5001 && arrives "$1" 5000 5001 && dropped '2 POLICY_SENDER'
}

# 3,000 bytes come in fragments; the answer to the other names the server.
odd_pings() {
	ping_from A "-s 3000 10.88.0.1" || return 1
	guest_run A "ping -R -n -c 1 -W 2 10.88.0.1" >"$RUN/recorded"
	cat "$RUN/recorded"
	grep -A4 "^RR:" "$RUN/recorded" | grep -q 10.88.0.1
}

# B's port is its peer's: 5001 is denied, 5002 is not named.
keyed_rules() {
	send "$1" 5001 5002 4999 5000 && arrives "$1" 4999 5000 && dropped '2 POLICY_SENDER'
}

keyed_direction() {
	guest_run B "echo -n back >/dev/udp/$A/4999" && dropped '2 POLICY_SENDER' '1 POLICY_RECEIVER'
}

told_and_not() {
	told A $B 'Packet filtered' && ! told B $A filtered
}

same_address() {
	hang_up && configure 'realm: one, pool: [10.88.1.0/24], policy: any' \
		'realm: two, pool: [10.88.1.0/24], policy: any' '' '' &&
		cat >>"$RUN/lns/culvert.yaml" <<<"$USER_C" && lns_start && dial || return 1
	lns_rows sessions '{user} {state} {address}' | sort | tee "$RUN/sessions"
	diff "$RUN/sessions" - <<TEXT
userA open $(client_address A)
userB open $(client_address A)
TEXT
}

# The echoes of the server's inner address go to who asked, though both are at one address.
own_answers() {
	local before
	before=$(sent_to userB)
	ping_from A 10.88.0.1 && [ "$(sent_to userA) $(sent_to userB)" = "2 $before" ] &&
		ping_from B 10.88.0.1 && [ "$(sent_to userA) $(sent_to userB)" = "2 $((before + 2))" ] &&
		dropped
}

sent_to() {
	lns_rows sessions '{user} {tx_packets}' | awk -v user="$1" '$1 == user { print $2 }'
}

# B is now at an address of realm two that nobody has in realm one.
realms_apart() {
	client_dial B user=userC password=pass-c secret=tunnelsecret && client_wait B &&
		[ "$(client_address B)" = 10.88.1.99 ] &&
		forbidden A 10.88.1.99 '2 ROUTE_NO_ROUTE' &&
		forbidden B "$(client_address A)" '4 ROUTE_NO_ROUTE' &&
		[ "$(sent_to userC)" = 2 ] # what told it so
}

other_port() {
	hang_up && configure 'pool: [10.88.1.0/24], policy: any' \
		'pool: [10.88.2.0/24], policy: any' "address: $A" "address: $B" \
		'udp-port: 1702' && lns_start && dial "$LNS_ADDRESS:1702" && ping_from A $B && dropped
}

# An SCCRQ to 1701, then one to 1702, from one socket: the first answer, an SCCRP, is from 1702.
other_port_alone() {
	ip -n "$WORLD_PREFIX-wan" addr add $STRANGER/24 dev br0 &&
		world_in wan env PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1 python3 -c '
import socket, sys
from frames import SCCRP, sccrq
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(10)
    for port in 1701, 1702:
        s.sendto(sccrq(77), (sys.argv[1], port))
    answer, source = s.recvfrom(2000)
print(source, answer.hex())
sys.exit(source[1] != 1702 or answer[18:20] != bytes((0, SCCRP)))' "$LNS_ADDRESS" &&
		dropped '1 CLASSIFY_UDP_PORT'
}

tap_plan 33
world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 || exit 2
for guest in A B; do
	tap_logs "$RUN"/guest-$guest/{console,xl2tpd,pppd}.log
done
tap_logs "$RUN/$LNS_LOG"

tap_need "two guests boot" guests_boot
tap_need "one listens at some UDP ports" listen

tap_check "policy: any: both dial" serve 'policy: any, clients: reachable' 'policy: any'
tap_check "ping and UDP pass" passes any
tap_check "the server answers pings in fragments and with record route" odd_pings

tap_check "clients: isolated, in A's group alone: both dial" \
	serve 'policy: any, clients: isolated' 'policy: any'
tap_check "A's ping counts as POLICY_ISOLATED" forbidden A $B '2 POLICY_ISOLATED'
tap_check "B's to A does, too" forbidden B $A '4 POLICY_ISOLATED'
tap_check "and is told that its packet was filtered" told B $A 'Packet filtered'

tap_check "isolated, and B is one of the gateways: both dial" \
	serve "policy: any, clients: isolated, gateways: [$B/32]" 'policy: any'
tap_check "ping and UDP pass" passes gateway

tap_check "policy: [udp/5000-5001, icmp]: both dial" \
	serve 'policy: [udp/5000-5001, icmp]' 'policy: [udp/5000-5001, icmp]'
tap_check "ping passes" ping_from A $B
tap_check "UDP to 5000 and 5001 passes; to 4999 and 5002 it counts as POLICY_SENDER" \
	ports_of_rules rules

tap_check "rules with keys, for A's group alone: both dial" serve \
	"policy: [{deny: udp/5001, peer: 10.88.2.0/24}, {permit: udp, peer: $B, peer-port: 4999-5001, direction: in}, icmp]" \
	'policy: any'
tap_check "ping passes" ping_from A $B
tap_check "UDP to 4999 and 5000 passes; to 5001 and 5002 it counts as POLICY_SENDER" \
	keyed_rules keyed
tap_check "what B sends to A by UDP counts as POLICY_RECEIVER" keyed_direction

tap_check "filter: a listed one that both groups share: both dial" serve 'filter: ports' 'filter: ports'
tap_check "ping passes" ping_from A $B
tap_check "UDP passes by its rules" ports_of_rules shared

tap_check "policy: ipsec, for the receiver alone: both dial" serve 'policy: any' 'policy: ipsec, refusals: silent'
tap_check "a ping counts as POLICY_RECEIVER" forbidden A $B '2 POLICY_RECEIVER'
tap_check "one from there counts as POLICY_SENDER" \
	forbidden B $A '2 POLICY_RECEIVER' '2 POLICY_SENDER'
tap_check "A is told, B in a group with refusals: silent is not" told_and_not

tap_check "two realms with one pool: both clients get the same address" same_address
tap_check "each gets the answers to its own pings of the server" own_answers
tap_check "nothing goes from realm to realm: ROUTE_NO_ROUTE" realms_apart
tap_check "and the sender is told that there is no way" \
	told A 10.88.1.99 'Destination Net Unreachable'

tap_check "udp-port: 1702: both dial there, and ping passes" other_port
tap_check "an SCCRQ is answered from 1702; to 1701 it counts as CLASSIFY_UDP_PORT" \
	other_port_alone
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_end
