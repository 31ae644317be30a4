#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# uplink.sh - a client behind a NAT and an unmodified gateway that knows nothing of L2TP, on the LAN
# of the LNS, exchange native ESP through Culvert: in L2TP on one side, as plain IP on the other.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

OURS=198.18.5.1
GATEWAY=198.18.5.9
SILENT=198.18.5.8 # where nobody is
BEHIND=192.168.7 # the client's own network
MORE=150 # routes, that culvertctl needs several pages for

reason=$(guest_missing)
[ -z "$reason" ] || tap_skip_all "$reason"
reason=$(lns_missing)
[ -z "$reason" ] || tap_skip_all "$reason"

# One cable for the tunnels and the LAN, as a small site has it: the gateway is a guest on it.
lan() {
	world_namespace lan && world_plug lan wan0 &&
		ip -n "$WORLD_PREFIX-lan" link add lan0 type bridge &&
		ip -n "$WORLD_PREFIX-lan" link set wan0 master lan0 &&
		ip -n "$WORLD_PREFIX-lan" link set lan0 up
}

uplink() {
	cat >>"$RUN/lns/culvert.yaml" <<YAML
interfaces: [ { name: lan, addresses: $OURS/24 } ]
routes: [ { to: 203.0.113.0/24, via: [ $SILENT, $GATEWAY ] }, { to: 10.88.0.0/16, via: discard },
  $(seq -s ', ' -f '{ to: 100.64.%g.0/24, via: discard }' 1 $MORE) ]
YAML
	sed -i "s|name: userA,|& routes: $BEHIND.0/24,|" "$RUN/lns/culvert.yaml"
}

boot() {
	guest_boot A siteA && guest_boot G lan && guest_wait A && guest_wait G &&
		guest_run G "ip addr flush dev vec0
ip addr add $GATEWAY/24 dev vec0
ip route add 10.88.0.0/16 via $OURS
ip route add $BEHIND.0/24 via $OURS
ip addr add 203.0.113.7/32 dev lo"
}

dial() {
	client_dial A user=userA password=pass-a secret=tunnelsecret && client_wait A &&
		guest_run A 'ip route add 198.18.5.0/24 dev ppp0
ip route add 203.0.113.0/24 dev ppp0'
}

strongswan() {
	local a
	a=$(client_address A)
	ipsec_start A peer=G local="$a" remote="$GATEWAY" inner=172.31.1.1 peer-inner=172.31.2.1 &&
		ipsec_start G peer=A local="$GATEWAY" remote="$a" inner=172.31.2.1 peer-inner=172.31.1.1
}

esp_ping() {
	guest_run "$1" "ping -c 3 -i 0.2 -W 5 -s 1200 -I $2 $3"
}

# Though its clients are reachable: who is on the LAN is none. With gateways, all of it is as before.
only_gateways() {
	reload 's|policy: ipsec|&, gateways: 198.18.5.10|' && ! ipsec_initiate A 2 &&
		[ "$(lns_drops POLICY_ISOLATED)" -gt 0 ] && reload "s|gateways: [0-9.]*|gateways: [ $GATEWAY, 203.0.113.7 ]|"
}

# It begins: what it sends first goes to an address of the pool by Culvert.
gateway_begins() {
	strongswan && ipsec_initiate G && esp_ping G 172.31.2.1 172.31.1.1
}

# esp FROM SOURCE TARGET: one of no meaning.
esp() {
	guest_run "$1" "ip addr | grep -qw $2 || ip addr add $2/32 dev lo
python3 -c \"
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
s.bind(('$2', 0))
s.sendto(bytes(64), ('$3', 0))\""
}

seen() {
	world_until 10 eval '[ -n "$(capture_find lns '"'$1'"' | head -1)" ]'
}

# By the one of two next hops that answers, all flows.
beyond() {
	local i
	for i in $(seq 8); do
		esp A "$(client_address A)" 203.0.113.7 || return 1
	done
	world_until 10 eval '[ "$(capture_find lns "esp && !udp && !icmp && ip.dst == 203.0.113.7" | wc -l)" = 8 ]'
}

# The routes of its user lead to the client, may be sent from, and are not of anybody else: until a
# reload takes them.
behind_the_client() {
	esp A $BEHIND.1 $GATEWAY && esp G "$GATEWAY" $BEHIND.2 &&
		seen "esp && !udp && ip.src == $BEHIND.1 && ip.dst == $GATEWAY" &&
		seen "l2tp && esp && ip.src == $GATEWAY && ip.dst == $BEHIND.2" &&
		[ "$(lns_rows sessions '{routes}')" = $BEHIND.0/24 ] &&
		shows "lookup default $BEHIND.1" 'leads to +session' 'user +userA' "by +$BEHIND.0/24" &&
		[ "$(lns_drops INGRESS_SPOOFED)" = 0 ] && esp A 192.168.8.1 $GATEWAY &&
		world_until 5 eval '[ "$(lns_drops INGRESS_SPOOFED)" = 1 ]' &&
		reload "s|routes: $BEHIND.0/24,||" &&
		esp A $BEHIND.1 $GATEWAY && world_until 5 eval '[ "$(lns_drops INGRESS_SPOOFED)" = 2 ]' &&
		shows "lookup default $BEHIND.1" 'leads to +none'
}

# By the group's policy, either way; both are counted.
plain_is_refused() {
	! guest_run A "ping -c 2 -i 0.2 -W 1 $GATEWAY" && [ "$(lns_drops POLICY_SENDER)" = 2 ] &&
		! guest_run G "ping -c 2 -i 0.2 -W 1 $(client_address A)" &&
		[ "$(lns_drops POLICY_RECEIVER)" = 2 ]
}

# As a client of the pool that nobody has: in silence, by the route that discards.
nobody_is_discarded() {
	! guest_run G "ping -c 2 -i 0.2 -W 1 10.88.1.200" && [ "$(lns_drops ROUTE_DISCARD)" = 2 ]
}

gateway_mac() {
	guest_run G 'cat /sys/class/net/vec0/address' | tr -d '\r'
}

# shows COMMAND PATTERN...: culvertctl's table has a line for each pattern.
shows() {
	local command=$1 pattern
	shift
	# shellcheck disable=SC2086 # a word each
	lns_ctl $command >"$RUN/table" && cat "$RUN/table" || return 1
	for pattern; do
		grep -qE "^$pattern\$" "$RUN/table" || return 1
	done
}

# What there is, to whom packets go and how many went; as the schema says, and a shell completes.
uplink_is_shown() {
	local mac
	mac=$(gateway_mac)
	shows interfaces "lan +wan +- +default +any +sessions +1 +[1-9][0-9]* .* [1-9][0-9]* .* $OURS/24" &&
		shows realms "default +1 +1 +1 +0 +$((MORE + 6)) +10.88.1.0/24" &&
		shows "routes default" "default +203.0.113.0/24 +via +$GATEWAY +lan +resolved +$mac" \
			"default +203.0.113.0/24 +via +$SILENT +lan +asking +-" \
			"default +198.18.5.0/24 +connected +- +lan +- +-" \
			"default +$OURS/32 +own +- +- +- +-" "default +10.88.0.0/16 +discard +- +- +- +-" &&
		[ "$(lns_rows routes '{realm} {prefix}' | sort | uniq -c | wc -l)" = $((MORE + 6)) ] &&
		shows "routes default leads_to=via" && [ "$(wc -l <"$RUN/table")" = 3 ] &&
		shows "routes interface=lan leads_to=own" "no such route" &&
		shows neighbours "$GATEWAY +wan +- +lan +resolved +$mac +[0-9ms]+ +1" &&
		CULVERT_SOCKET=$RUN/lns/control.sock "$LNS_CTL" --complete 2 culvertctl lookup d | grep -x default &&
		if python3 -c 'import jsonschema' 2>/dev/null; then
			"$HERE/answers.py" --of interfaces,realms,routes,neighbours "$LNS_CTL" \
				--socket "$RUN/lns/control.sock"
		fi
}

# As the pings before and behind it went.
where_it_would_go() {
	local mac
	mac=$(gateway_mac)
	shows "lookup default $(client_address A)" 'leads to +session' 'user +userA' \
		"tunnel's peer +192.0.2.11:[0-9]+" "by +$(client_address A)/32" &&
		shows "lookup default $GATEWAY" 'leads to +connected' 'by +198.18.5.0/24' \
			"interface +lan" 'its state +resolved' "its MAC address +$mac" &&
		shows "lookup default 203.0.113.7" 'leads to +via' 'by +203.0.113.0/24' \
			"next hop +$GATEWAY" "interface +lan" "its MAC address +$mac" &&
		shows "lookup default 198.18.5.77" 'leads to +connected' 'its state +unknown' &&
		shows "lookup default $OURS" 'leads to +own' &&
		shows "lookup default 10.88.1.200" 'leads to +discard' 'by +10.88.0.0/16' &&
		shows "lookup default 8.8.8.8" 'leads to +none' 'by +-'
}

# Another machine has an address of ours, and then the client's: each is said once, with its MAC address.
# What is ours goes on being ours.
conflicts() {
	local mac address before
	mac=$(gateway_mac)
	for address in "$OURS" "$(client_address A)"; do
		before=$(lns_drops LOCAL_ARP_CONFLICT)
		guest_run G "python3 - <<'PY'
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((\"vec0\", 0x0806))
mac = s.getsockname()[4]
ip = socket.inet_aton(\"$address\")
for n in range(5):
    s.send(b\"\xff\" * 6 + mac + struct.pack(\"!HHHBBH\", 0x0806, 1, 0x0800, 6, 4, 2) + mac + ip + bytes(6) + ip)
PY" && world_until 5 eval '[ "$(lns_drops LOCAL_ARP_CONFLICT)" = '$((before + 5))' ]' &&
			lns_said "address-conflict address=$address port=wan mac=$mac of=" &&
			[ "$(grep -c "address-conflict address=$address " "$RUN/$LNS_LOG")" = 1 ] || return 1
	done
	guest_run G "ping -c 2 -i 0.2 -W 5 $OURS" && esp_ping A 172.31.1.1 172.31.2.1
}

# The gateway's network card is another one: it is found again when it no longer answers.
another_card() {
	guest_run G 'ip link set vec0 down
ip link set vec0 address 02:00:00:00:05:99
ip link set vec0 up
ip route replace 10.88.0.0/16 via '"$OURS" &&
		world_until 90 esp_ping A 172.31.1.1 172.31.2.1
}

# reload SED: the file otherwise, taken while it runs.
reload() {
	sed -i "$1" "$RUN/lns/culvert.yaml" && lns_ctl reload
}

# The LAN goes with a reload, and what a route needs of it does not go before the route.
goes_and_comes() {
	! reload 's/^interfaces:/#&/' && reload '/^routes:/,/]$/s/^/#/' || return 1
	! esp_ping A 172.31.1.1 172.31.2.1 || return 1
	reload 's/^#\(interfaces:\|routes:\|  {\)/\1/' && esp_ping A 172.31.1.1 172.31.2.1
}

tap_plan 23
world_open
world_site siteA 192.0.2.11 && lan || exit 2
for guest in A G; do
	tap_logs "$RUN"/guest-$guest/{console,charon}.log
done
tap_logs "$RUN/guest-A/pppd.log" "$RUN/$LNS_LOG"
lns_configure secret=tunnelsecret userA:pass-a
uplink

tap_need "capture at the LNS's port" capture_start wan to-lns lns
tap_need "the client's and the gateway's guest boot" boot
tap_need "Culvert is ready" lns_start
tap_need "the client gets a session" dial
tap_check "the gateway pings Culvert's address on the LAN" guest_run G "ping -c 2 -i 0.2 -W 5 $OURS"
tap_check "the client does, too" guest_run A "ping -c 2 -i 0.2 -W 5 $OURS"
tap_need "strongSwan starts on both" strongswan
tap_check "a reachable client reaches nobody there whom gateways do not name" only_gateways
tap_need "IKE from the client to the gateway" ipsec_initiate A
tap_check "ping of 1200 bytes through native ESP" esp_ping A 172.31.1.1 172.31.2.1
tap_check "the gateway may begin" gateway_begins
tap_check "culvertctl shows interface, realm, routes and neighbour" uplink_is_shown
tap_check "culvertctl lookup says where packets go" where_it_would_go
tap_check "of two next hops the one that answers has all flows" beyond
tap_check "a network behind the client, by its user's routes" behind_the_client
tap_check "a plain ping is refused either way, and counted" plain_is_refused
tap_check "what no client has is discarded" nobody_is_discarded
tap_check "another machine has an address of Culvert's, and the client's: the log says which" conflicts
tap_check "the gateway's MAC address changes" another_card
tap_check "the LAN goes and comes with a reload" goes_and_comes
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "tshark finds nothing malformed and no wrong checksum from Culvert" \
	eval 'capture_stop lns && capture_sound lns "$LNS_ADDRESS"'
tap_check "nothing is left behind" world_vanish
tap_end
