#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vlan.sh - VLANs, whose other ends are those of real kernels: tunnels by one of them, plain IP of two
# realms, which have the same addresses, by one with a tag and one with two (802.1ad). They come and
# go by reloads, under traffic.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

OURS=198.18.5.1
HOST=198.18.5.9
SIX=2001:db8:5
LNS_MAC=

tap_requires guest lns

# One trunk for all: a bridge that passes frames on with their tags.
trunk() {
	world_namespace trunk && world_plug trunk wan0 &&
		ip -n "$WORLD_PREFIX-trunk" link add lan0 type bridge &&
		ip -n "$WORLD_PREFIX-trunk" link set wan0 master lan0 &&
		ip -n "$WORLD_PREFIX-trunk" link set lan0 up
}

# What a line says behind # it is for: configure WITHOUT leaves those lines out.
configure() {
	grep -v "# $1\$" >"$RUN/lns/culvert.yaml" <<YAML
control: { socket: $RUN/lns/control.sock }
workers: { count: 0, hugepages: never, memory: 256 }
ports: [ { name: wan, device: "af_packet:lns0" } ]
vlans:
  - { name: access, vlan: 300 }
  - { name: lan-red, vlan: 100 }                                                      # red
  - { name: lan-blue, outer: 30, vlan: 100, tpid: 802.1ad }                           # blue
listeners: [ { port: access, address: $LNS_ADDRESS/24 } ]
tunnels: { secrets: [ { secret-file: tunnel.secret } ] }
ppp: { auth: [chap-md5] }
filters: [ { name: all, policy: any, gateways: any } ]
groups:
  - { name: red, realm: red, address: 10.88.0.1, pool: 10.88.1.0/24, filter: all }    # red
  - { name: blue, realm: blue, address: 10.88.0.1, pool: 10.88.1.0/24, filter: all }  # blue
interfaces:
  - { name: red, port: lan-red, realm: red, addresses: [$OURS/24, "$SIX::1/64"] }      # red
  - { name: blue, port: lan-blue, realm: blue, addresses: $OURS/24 }                  # blue
users:
  - { name: userA, password-file: userA.secret, group: red }                          # red
  - { name: userB, password-file: userB.secret, group: blue }                         # blue
YAML
}

# Guests' own addresses are of no use; what they say of IPv6 on a wrong VLAN would be counted.
boot() {
	local guest
	for guest in A B; do
		guest_boot $guest trunk || return 1
	done
	for guest in A B; do
		guest_wait $guest && guest_run $guest 'sysctl -qw net.ipv6.conf.all.disable_ipv6=1
sysctl -qw net.ipv6.conf.default.disable_ipv6=1
ip addr flush dev vec0' || return 1
	done
}

# vlans: each client's is the one of tunnels; hosts of both realms are in namespaces of the second
# one's guest.
vlans() {
	local guest number=11
	for guest in A B; do
		guest_run $guest "ip link add link vec0 name access type vlan id 300
ip addr add 192.0.2.$number/24 dev access && ip link set access up" || return 1
		number=$((number + 1))
	done
	guest_run B "ip netns add red && ip netns add blue && ip link add link vec0 name red type vlan id 100 &&
ip link add link vec0 name outer type vlan proto 802.1ad id 30 && ip link set outer up &&
ip link add link outer name blue type vlan id 100 || exit 1
for realm in red blue; do
	ip link set \$realm netns \$realm && ip -n \$realm addr add $HOST/24 dev \$realm &&
		ip -n \$realm link set \$realm up && ip -n \$realm route add 10.88.0.0/16 via $OURS || exit 1
done
ip netns exec red sysctl -qw net.ipv6.conf.red.disable_ipv6=0 net.ipv6.conf.red.accept_dad=0
ip -n red addr add $SIX::9/64 dev red nodad"
}

dial() {
	client_dial "$1" user="user$1" password=pass secret=tunnelsecret && client_wait "$1" &&
		guest_run "$1" 'ip route add 198.18.5.0/24 dev ppp0'
}

# host REALM COMMAND: in the host's namespace of a realm.
host() {
	guest_run B "ip netns exec $1 $2"
}

# echoes REALM: echo requests that its host has had.
echoes() {
	host "$1" 'cat /proc/net/snmp' | awk '$1 == "Icmp:" && n++ { print $10 }' | tr -d '\r'
}

# The LNS is asked on its VLAN alone.
only_there() {
	guest_run A "ping -c 2 -i 0.1 -W 5 $LNS_ADDRESS" && host red "ping -c 2 -i 0.1 -W 5 $OURS" &&
		host red "ping -c 2 -i 0.1 -W 5 $SIX::1" && ! host red "busybox arping -c 1 -w 1 -I red $LNS_ADDRESS" &&
		! guest_run A "busybox arping -c 1 -w 1 -I access $OURS"
}

shows() {
	lns_ctl "$1" >"$RUN/table" && cat "$RUN/table" && grep -qE "$2" "$RUN/table"
}

red_alone() {
	local before
	before=$(echoes red)
	guest_run A "ping -c 3 -i 0.1 -W 5 -s 1300 $HOST" && [ "$(echoes red)" = $((before + 3)) ] &&
		host red "ping -c 3 -i 0.1 -W 5 $(client_address A)" &&
		shows interfaces "^red +wan +100 +red .* $OURS/24 $SIX::1/64" &&
		shows neighbours "^$HOST +wan +100 +red +resolved" &&
		shows neighbours '^192.0.2.11 +wan +300 +- +resolved'
}

blue_comes() {
	configure nothing && lns_ctl reload &&
		shows interfaces "^blue +wan +30.100 +blue .* $OURS/24" && dial B
}

# Both clients have one address, and both hosts. Nothing of one is seen by the other.
same_addresses() {
	local red blue
	red=$(echoes red) blue=$(echoes blue)
	[ "$(client_address A)" = "$(client_address B)" ] || return 1
	guest_run B "ping -c 4 -i 0.1 -W 5 -s 1300 $HOST" &&
		[ "$(echoes red)/$(echoes blue)" = "$red/$((blue + 4))" ] &&
		guest_run A "ping -c 2 -i 0.1 -W 5 $HOST" &&
		[ "$(echoes red)/$(echoes blue)" = "$((red + 2))/$((blue + 4))" ] &&
		host blue "ping -c 2 -i 0.1 -W 5 $(client_address B)"
}

# A packet socket carries 1,492 bytes behind two tags, the outer one 0x88a8. What is larger is cut, or
# its sender is told.
full_size() {
	local before
	before=$(echoes blue)
	host blue "ip link set blue mtu 1492"
	guest_run B "ip link set ppp0 mtu 1500 && ping -c 2 -i 0.1 -W 5 -M dont -s 1472 $HOST &&
ping -c 2 -i 0.1 -W 5 -M do -s 1464 $HOST || exit 1
ping -c 1 -W 5 -M do -s 1472 $HOST >/tmp/box/told; grep 'mtu = 1492' /tmp/box/told || ! cat /tmp/box/told" &&
		[ "$(echoes blue)" = $((before + 4)) ]
}

# Two tags go out, the outer one of its own type.
tags_on_the_wire() {
	local ours="eth.src == $LNS_MAC"
	[ -n "$(capture_find lns "$ours && vlan.id == 300 && l2tp" | head -1)" ] &&
		[ -n "$(capture_find lns "$ours && vlan.id == 100 && !ieee8021ad && icmp" | head -1)" ] &&
		[ -n "$(capture_find lns "$ours && ieee8021ad.id == 30 && vlan.id == 100 && icmp" | head -1)" ] &&
		[ -z "$(capture_find lns "$ours && ip && !vlan" | head -1)" ]
}

# Two frames to the LNS by each of four VLANs that are not there: they are dropped by name.
wrong_vlans() {
	local before
	before=$(lns_drops CLASSIFY_VLAN)
	guest_run B "ip addr add 198.51.100.9/32 dev lo
for on in vec0/101 vec0/30 outer/101 access/300; do
	ip link add link \${on%/*} name wrong type vlan id \${on#*/} && ip link set wrong up &&
		ip route add 198.51.100.1 dev wrong src 198.51.100.9 &&
		ip neigh add 198.51.100.1 lladdr $LNS_MAC dev wrong || exit 2
	ping -c 2 -i 0.1 -W 0.2 198.51.100.1
	ip link del wrong
done" && world_until 5 eval '[ "$(lns_drops CLASSIFY_VLAN)" = '$((before + 8))' ]'
}

flow() {
	guest_run "$1" "ping -c $2 -w 120 -i 0.05 $HOST >/tmp/box/flow 2>&1 &"
}

flowed() {
	world_until 30 grep -q 'packets transmitted' "$RUN/guest-$1/flow" && cat "$RUN/guest-$1/flow"
}

# What is left of a flow is ended: with a deadline ping ends by itself at the first ICMP error.
flow_over() {
	guest_run "$1" 'pkill ping || ! pgrep ping'
}

# A realm, its VLAN and its users go while both carry data: only its own ends.
realm_goes() {
	local before
	flow A 1000 && flow B 60 &&
		world_until 10 grep -q 'icmp_seq=10 ' "$RUN/guest-A/flow" &&
		world_until 10 grep -q 'icmp_seq=10 ' "$RUN/guest-B/flow" &&
		configure red && lns_ctl reload &&
		world_until 20 eval '[ "$(lns_rows sessions {user})" = userB ]' &&
		[ "$(lns_rows realms '{realm}')/$(lns_rows interfaces '{interface}')" = blue/blue ] &&
		world_until 20 eval '! test -e "$RUN/guest-A/address"' && flowed B && flow_over A &&
		pings_answered "$RUN/guest-B/flow" 60 || {
		echo "sessions of: $(lns_rows sessions '{user}'); realms: $(lns_rows realms '{realm}'); A:"
		tail -n 3 "$RUN/guest-A/flow"
		return 1
	}
	before=$(lns_drops CLASSIFY_VLAN)
	! host red "busybox arping -c 1 -w 1 -I red $OURS" && [ "$(lns_drops CLASSIFY_VLAN)" -gt "$before" ] || {
		echo "answered, or not counted: CLASSIFY_VLAN from $before to $(lns_drops CLASSIFY_VLAN)"
		return 1
	}
}

realm_comes_back() {
	configure nothing && lns_ctl reload && dial A && guest_run A "ping -c 2 -i 0.1 -W 5 $HOST" &&
		guest_run B "ping -c 2 -i 0.1 -W 5 $HOST"
}

# Blue's host stays where it is, and Culvert's interface of blue moves to red's VLAN and red's to
# blue's: each client is then served by the other's host.
realms_change_places() {
	local red blue
	red=$(echoes red) blue=$(echoes blue)
	sed -i 's/port: lan-red,/port: lan-new,/; s/port: lan-blue,/port: lan-red,/; s/port: lan-new,/port: lan-blue,/' \
		"$RUN/lns/culvert.yaml" && lns_ctl reload &&
		shows interfaces '^red +wan +30.100 +red' &&
		guest_run A "ping -c 2 -i 0.1 -W 5 $HOST" && guest_run B "ping -c 3 -i 0.1 -W 5 $HOST" &&
		[ "$(echoes red)/$(echoes blue)" = "$((red + 3))/$((blue + 2))" ]
}

tap_plan 17
world_open
trunk || exit 2
for guest in A B; do
	tap_logs "$RUN/guest-$guest/"{console,xl2tpd,pppd}.log
done
tap_logs "$RUN/$LNS_LOG"
lns_configure secret=tunnelsecret userA:pass userB:pass
configure blue
LNS_MAC=$(world_in lns cat /sys/class/net/lns0/address)

tap_need "capture at the LNS's port" capture_start wan to-lns lns
tap_need "two guests boot" boot
tap_need "with VLANs, and hosts of two realms" vlans
tap_need "Culvert is ready" lns_start
tap_check "it answers on each VLAN for what is its own there, over IPv6 too" only_there
tap_need "a tunnel and session by a VLAN" dial A
tap_check "plain IP by another one" red_alone
tap_need "a VLAN with two tags and a realm come by a reload" blue_comes
tap_check "the same addresses in two realms by two VLANs" same_addresses
tap_check "packets of full size behind two tags" full_size
tap_check "frames have the tags" tags_on_the_wire
tap_check "what comes by other VLANs is dropped and counted" wrong_vlans
tap_check "a realm goes while its session carries data, and nothing else does" realm_goes
tap_check "and comes back" realm_comes_back
tap_check "two realms change their VLANs at once" realms_change_places
tap_check "nothing malformed and no wrong checksum from Culvert" \
	eval 'capture_stop lns && capture_sound lns "$LNS_ADDRESS"'
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_end
