#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# inside6.sh - IPv6 inside a session of culvert-client's: an address by Culvert's router advertisement, routes
# and rules to IPv6 peers, both families and IPv6 alone, and an LNS that has none. Two clients behind NATs, in
# namespaces.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_CLIENT name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

CLIENT=$(readlink -f "${CULVERT_CLIENT:-$(dirname "$LNS_PROGRAM")/../culvert-client/culvert-client}")
POOL6=2001:db8:1::/48 LNS6=2001:db8:1::1 DNS6=2001:db8::53

tap_requires world lns
[ -x "$CLIENT" ] || tap_skip_all "no culvert-client (./dpdk-setup.sh build makes it)"
[ -c /dev/net/tun ] || tap_skip_all "no /dev/net/tun"

# client_yaml CLIENT PEER: userA of a, userB of b.
client_yaml() {
	mkdir -p "$RUN/$1" && (umask 077 && echo "pass-$1" >"$RUN/$1/password" && echo tunnelsecret >"$RUN/$1/secret")
	cat >"$RUN/$1/client.yaml" <<YAML
directory: $RUN/$1/run
connections:
  - name: office
    lns: $LNS_ADDRESS
    way: relay
    peers: [$2]
    secret-file: $RUN/$1/secret
    user: user${1^^}
    password-file: $RUN/$1/password
    dead-after: 3s
YAML
}

configure() {
	lns_configure secret=tunnelsecret policy=any userA:pass-a userB:pass-b &&
		sed -i "s|policy: any|&, pool6: \"$POOL6\", dns6: [ \"$DNS6\" ]|" "$RUN/lns/culvert.yaml" || return 1
	chmod 755 "$RUN" # which they enter as nobody, too
	client_yaml a $POOL6 && client_yaml b "$POOL6, 10.88.0.0/16"
}

client() {
	local which=$1
	shift
	world_in "$which" "$CLIENT" -c "$RUN/$which/client.yaml" "$@"
}

# field CLIENT NAME: of what status says.
field() {
	client "$1" status office --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2"
}

# runs CLIENT PATTERN [TIMES]: its log has so many lines of it.
runs() {
	[ "$(grep -cE "$2" "$RUN/$1.log")" -ge "${3:-1}" ]
}

start() {
	world_spawn "$1" "$1" "$CLIENT" -c "$RUN/$1/client.yaml" run office && world_until 30 runs "$1" ipsec-up &&
		world_until 30 runs "$1" 'relay-ipv6 .*address=2001:db8:1:'
}

both() {
	start a && start b && client a status && client b status
}

# It is in the prefix that Culvert says is its user's, and the interface has it.
addressed() {
	local address
	address=$(field a address6) && lns_rows sessions '{user} {prefix6} {ipv6cp}' | tee "$RUN/rows" &&
		python3 - "$address" "$RUN/rows" <<'PYTHON' && [ "$(field a dns)" = "['$DNS6']" ] &&
import ipaddress, sys
rows = dict(line.split(" ", 1) for line in open(sys.argv[2]).read().splitlines())
prefix, state = rows["userA"].split()
sys.exit(state != "Opened" or ipaddress.ip_address(sys.argv[1]) not in ipaddress.ip_network(prefix))
PYTHON
		ip -n "$WORLD_PREFIX-a" -6 addr show dev l2tp-office | tee "$RUN/addresses" &&
		grep " $address/128 " "$RUN/addresses" && grep " $(field a link6)/64 scope link" "$RUN/addresses" &&
		client a status | grep "^  address    $address\$"
}

# ping6 CLIENT ADDRESS [OPTIONS...]: from its address inside.
ping6() {
	local which=$1 to=$2
	shift 2
	world_in "$which" ping -6 -c 3 -i 0.2 -W 5 -I "$(field "$which" address6)" "$@" "$to"
}

reach() {
	ping6 a $LNS6 && ping6 a "$(field b address6)" -s 1300 && ping6 b "$(field a address6)" &&
		world_in a ping -6 -c 1 -W 5 "$(field a peer6)%l2tp-office"
}

# Only what has our address, or is IPsec's, and no route beside.
only_ipsec() {
	local ns=$WORLD_PREFIX-a
	ip -n "$ns" -6 route get "$(field b address6)" ipproto udp dport 4500 | grep l2tp-office &&
		! ip -n "$ns" -6 route get "$(field b address6)" ipproto tcp dport 80 2>&1 | grep l2tp-office &&
		! ip -n "$ns" -6 route show | grep -v 'fe80\|proto kernel' | grep l2tp-office && world_in a ip -6 rule
}

# A program listens to a group, and the kernel says so to the link.
listener() {
	world_spawn a listener python3 -c 'import socket, struct, sys, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
             socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("@I", socket.if_nametoindex("l2tp-office")))
time.sleep(600)' && world_until 20 world_in a grep -E 'Icmp6OutMLDv2Reports[[:space:]]+[1-9]' /proc/net/dev_snmp6/l2tp-office
	local rc=$?
	world_stop listener
	return $rc
}

# That does not go to the LNS.
no_chatter() {
	capture_find first "icmpv6.type == 143 || icmpv6.type == 131" | tee "$RUN/chatter"
	[ ! -s "$RUN/chatter" ] && [ -n "$(capture_find first "icmpv6.type == 133" | head -1)" ]
}

has_address() {
	[ "$(field a address6)" = "$1" ]
}

# A new session, with the same address, which the kernel did not lose for it.
again() {
	local address
	address=$(field a address6) && world_spawn a monitor ip -6 monitor address && lns_ctl kick user userA &&
		world_until 30 runs a ' relay-up ' 2 && world_until 30 has_address "$address" && ping6 a $LNS6 && ! grep "$address" "$RUN/monitor.log"
	local rc=$?
	world_stop monitor
	return $rc
}

# Others can know the address: it is the same when the connection is brought up again.
kept() {
	local address
	address=$(field a address6) && [ "$(field b address6)" != "$address" ] && client a down office &&
		world_until 10 test -e "$RUN/a.rc" && start a && [ "$(field a address6)" = "$address" ]
}

down() {
	client a down office && client b down office && world_until 10 test -e "$RUN/a.rc" &&
		! ip -n "$WORLD_PREFIX-a" -6 rule | grep 1701 && ! ip -n "$WORLD_PREFIX-a" link show l2tp-office
}

alone() {
	sed -i 's|address: 10.88.0.1, pool: \[10.88.1.0/24\], ||' "$RUN/lns/culvert.yaml" && lns_ctl reload && start a &&
		runs a 'relay-up .*address=2001:db8:1:' && ping6 a $LNS6 && [ "$(field a address)" = None ] && client a down office
}

# The peers have IPv6 alone, and the LNS has none: that is said. A client with other peers does not mind.
none() {
	local said
	sed -i "s|groups: .*|groups: [ { name: clients, address: 10.88.0.1, pool: [10.88.1.0/24], policy: any } ]|" "$RUN/lns/culvert.yaml"
	lns_ctl reload || return 1
	said=$(client a up office) && return 1
	echo "$said"
	grep 'no address of the family' <<<"$said" && client b up office && [ "$(field b address6)" = None ] &&
		client b down office
}

# A machine without IPv6 has IPv4.
machine_without() {
	world_in b sysctl -qw net.ipv6.conf.all.disable_ipv6=1 && sed -i 's|policy: any|&, pool6: "2001:db8:1::/48"|' "$RUN/lns/culvert.yaml" &&
		lns_ctl reload && world_spawn b b "$CLIENT" -c "$RUN/b/client.yaml" run office && world_until 30 runs b ipsec-up &&
		world_until 30 runs b 'no-ipv6 .*reason=' && world_in b ping -c 1 -W 5 -I l2tp-office 10.88.0.1 && client b down office
}

tap_plan 18
world_open
world_site siteA 192.0.2.11 && nat_host a siteA 10.0.0.2 && world_site siteB 192.0.2.12 && nat_host b siteB 10.0.0.2 || exit 2
for host in a b; do
	world_in $host sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 || exit 2
done
tap_logs "$RUN/a.log" "$RUN/b.log" "$RUN/culvertd.log"

tap_need "a configuration with IPv6 prefixes" configure
tap_need "Culvert is ready" lns_start
tap_need "capture at the LNS's port" capture_start wan to-lns first
tap_need "both clients are up, each with an IPv6 address" both
tap_check "it is of the user's prefix, with the LNS's name server" addressed
tap_check "they reach the LNS, and each other" reach
tap_check "IPsec goes there, and nothing else" only_ipsec
tap_check "dialled anew: the same address, which has stayed" again
tap_need "a program listens to a group" listener
tap_need "the capture ends" capture_stop first
tap_check "the LNS hears nothing of what a kernel tells a link" no_chatter
tap_check "brought up again: the same address" kept
tap_check "down: nothing is left" down
tap_check "IPv6 alone" alone
tap_check "an LNS without IPv6: said where it is needed" none
tap_check "a machine without IPv6 has IPv4" machine_without
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_end
