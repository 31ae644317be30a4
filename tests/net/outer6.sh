#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# outer6.sh - a client whose L2TP runs over IPv6, by its kernel, and one over IPv4: ESP passes between
# them. Meanwhile the wire carries what hostile6.py has of wrong IPv6.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

LAN=2001:db8:a

tap_requires guest lns

# A listener of each family; who dials from the client's network over IPv6 needs no secret.
configure() {
	lns_configure secret=tunnelsecret policy=any userA:pass-a userB:pass-b
	sed -i "s|^listeners: .*|listeners:\n  - { address: $LNS_ADDRESS/24 }\n  - { address: \"2001:db8::1/64\", gateway: \"fe80::1\" }|
		s|^tunnels: .*|tunnels: { secrets: [ { peer: \"$LAN::/64\", listener: \"[2001:db8::1]:1701\", secret: none }, { secret-file: tunnel.secret } ] }|" \
		"$RUN/lns/culvert.yaml"
}

dial() {
	client6_dial A $LAN user=userA password=pass-a &&
		client_dial B user=userB password=pass-b secret=tunnelsecret &&
		client_wait A && client_wait B
}

pings() {
	guest_run A "ping -c 3 -i 0.2 -W 5 -s 1300 $(client_address B)" &&
		guest_run B "ping -c 3 -i 0.2 -W 5 -s 1300 $(client_address A)"
}

shown() {
	lns_rows tunnels '{listener} {peer}' | grep -F "[2001:db8::1]:1701 [$LAN::2]:1703" &&
		lns_ctl sessions "peer=[$LAN::2]:1703" | grep userA &&
		lns_rows neighbours '{address} {state}' | grep -i 'fe80::1'
}

hostile() {
	world_namespace rude && world_plug rude rude0
}

lns_mac() {
	lns_rows ports '{mac}' | head -1
}

no_wrong_sums() {
	[ -z "$(capture_find lns 'eth.src == '"$1"' && ipv6 &&
		(udp.checksum.status == 0 || udp.checksum == 0 || _ws.malformed)')" ] &&
		[ -n "$(capture_find lns 'eth.src == '"$1"' && ipv6 && l2tp.type == 0')" ]
}

world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 &&
	client6_site siteA 2001:db8::a $LAN || exit 2
tap_logs "$RUN"/guest-A/{dial6,pppd}.log "$RUN"/guest-B/{xl2tpd,pppd}.log "$RUN/$LNS_LOG"
configure

tap_need "capture at the LNS's port" capture_start wan to-lns lns
tap_need "two guests boot" guests_boot
tap_need "Culvert is ready" lns_start
tap_check "its IPv6 address answers a ping from beyond the gateway" \
	world_in siteA ping -6 -c 2 -i 0.2 -W 5 -I $LAN::1 2001:db8::1
tap_need "one client over IPv6, one over IPv4 get an address" dial
tap_check "they are shown as they are" shown
tap_check "pings of 1300 bytes both ways" pings
tap_check "ESP by strongSwan between the two" ipsec_between A B
mac=$(lns_mac)
tap_need "a rude station on the link" hostile
tap_lines world_in rude env PYTHONDONTWRITEBYTECODE=1 "$HERE/hostile6.py" rude0 2001:db8::1 \
	"$mac" "$LNS_CTL" --socket "$RUN/lns/control.sock"
tap_check "the sessions work as before" pings
tap_check "the client over IPv6 hangs up" client6_hang_up A
tap_check "its session has ended with a word" lns_said 'session-end .*user=userA .*rx_packets=[1-9]'
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "the capture is whole" capture_stop lns
tap_check "what Culvert sent over IPv6 has right checksums" no_wrong_sums "$mac"
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
