#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# xdp.sh - a port on an interface by AF_XDP: both families, VLANs, sessions that lose nothing, and what
# is said where it can't be.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_LOAD name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

SESSIONS=100
RATE=1000 # packets a second, of all
LNS6=2001:db8::1
OURS=198.18.5.1
DRIVER=$(find /usr/lib /usr/local/lib -path '*/dpdk/pmds-*/librte_net_af_xdp.so' 2>/dev/null | head -1)

tap_requires world lns load
[ -n "$DRIVER" ] || tap_skip_all "this DPDK has no net_af_xdp"
python3 -c 'import socket; socket.socket(44, socket.SOCK_RAW, 0)' 2>/dev/null ||
	tap_skip_all "this kernel has no AF_XDP"

configure() {
	cat >"$RUN/lns/culvert.yaml" <<YAML
control: { socket: $RUN/lns/control.sock }
workers: { count: 1, hugepages: never, memory: 256 }
ports: [ { name: wan, device: "xdp:lns0" } ]
vlans: [ { name: seven, vlan: 7 } ]
listeners: [ { port: wan, address: $LNS_ADDRESS/24 }, { port: wan, address: "$LNS6/64" } ]
tunnels: { secrets: [ { secret: none } ] }
groups: [ { name: clients, address: 10.88.0.1, pool: 10.64.0.0/12, clients: reachable } ]
interfaces: [ { name: seven, port: seven, addresses: $OURS/24 } ]
users-file: users
YAML
}

users() {
	(umask 077 && seq -f 'u%.0f:p:clients' 0 $((SESSIONS - 1)) >"$RUN/lns/users")
}

neighbour() {
	world_namespace load && world_plug load eth0 &&
		world_in load sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0 &&
		ip -n "$WORLD_PREFIX-load" addr add 192.0.2.60/24 dev eth0 &&
		ip -n "$WORLD_PREFIX-load" addr add 2001:db8::60/64 dev eth0 nodad
}

# Its groups' frames come as well: who asks for its IPv6 address does so by one.
is_asked() {
	world_in load ping -c 3 -i 0.2 -W 5 "$LNS_ADDRESS" &&
		world_in load ping -c 3 -i 0.2 -W 5 "$LNS6" &&
		[ "$(lns_rows ports '{driver} {link} {queues}')" = 'net_af_xdp up 1' ]
}

by_a_vlan() {
	capture_start wan to-lns vlan && world_in wan python3 - "$HERE" $OURS <<'PYTHON' || return 1
import socket
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from frames import ALL, ARP, arp, ether
mac = b"\2\0\0\0\0\7"
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
    s.bind(("to-lns", 0))
    for tag in b"\x81\0\0\7", b"\x81\0\0\x08":
        frame = ether(ALL, mac, arp(1, mac, "198.18.5.9", bytes(6), sys.argv[2]), ARP)
        s.send(frame[:12] + tag + frame[12:])
PYTHON
	world_until 5 eval '[ -n "$(capture_find vlan "vlan.id == 7 && arp.opcode == 2")" ]' &&
		[ "$(lns_drops CLASSIFY_VLAN)" = 1 ] && capture_stop vlan &&
		[ -z "$(capture_find vlan 'vlan.id == 8 && arp.opcode == 2')" ]
}

# The kernel has 192.0.2.60.
exchange() {
	load_lac load lac 192.0.2.61 u $SESSIONS --pps $RATE --seconds 2 --json $LNS_ADDRESS &&
		world_until 60 test -e "$RUN/lac.rc" && cat "$RUN/lac.log" &&
		[ "$(load_number "$RUN/lac.log" data sent)" -ge 1000 ] &&
		[ "$(load_number "$RUN/lac.log" data lost)/$(load_number "$RUN/lac.log" data wrong)" = 0/0 ] &&
		[ "$(load_number "$RUN/lac.log" sessions up)/$(load_number "$RUN/lac.log" sessions fell)" = $SESSIONS/0 ]
}

second() {
	cp "$RUN/lns/culvert.yaml" "$RUN/lns/other.yaml" && sed -i 's|control.sock|other.sock|' "$RUN/lns/other.yaml"
	! timeout 20 ip netns exec "$WORLD_PREFIX-lns" env -C "$RUN/lns" "$(readlink -f "$LNS_PROGRAM")" \
		-c other.yaml >"$RUN/other.log" 2>&1 && cat "$RUN/other.log" &&
		grep -q 'device=lns0 .*another culvertd serves this interface' "$RUN/other.log"
}

gone() {
	lns_stop && ! ip -n "$WORLD_PREFIX-lns" link show lns0 | grep -i xdp
}

# fails PATTERN [COMMAND...]: it does not start, and says why.
fails() {
	local pattern=$1
	shift
	! world_in lns env -C "$RUN/lns" timeout 20 "$@" "$(readlink -f "$LNS_PROGRAM")" -c culvert.yaml \
		>"$RUN/failed.log" 2>&1
	cat "$RUN/failed.log"
	grep -E "port-failed port=wan device=lns0 step=\"[a-z ]+\" reason=\"$pattern" "$RUN/failed.log"
}

# Without the right to open such a socket.
not_given() {
	fails 'the kernel gives none: it needs AF_XDP \(CONFIG_XDP_SOCKETS\), root, .* af_packet:lns0 would do' \
		setpriv --bounding-set -net_raw
}

# A DPDK that was built without the driver: its directory has all others.
no_driver() {
	local all
	all=$(dirname "$DRIVER")
	mkdir "$RUN/drivers" && cp -a "$all/." "$RUN/drivers/" &&
		rm "$RUN/drivers/"librte_net_af_xdp.* &&
		fails 'this DPDK has no driver for AF_XDP \(net_af_xdp\); af_packet:lns0 would do' \
			unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$RUN/drivers" "$all"
}

too_many_queues() {
	world_in lns ethtool -L lns0 rx 2 tx 2 && lns_start &&
		lns_said 'port-queues port=wan device=lns0 .*ethtool -L lns0 combined 1' && lns_stop
}

tap_plan 11
world_open
tap_logs "$RUN/$LNS_LOG" "$RUN/lac.log"
mkdir -p "$RUN/lns"
# DPDK's driver does not give back what libxdp has for a port, 80 bytes: sanitizers are not to count it
echo 'leak:libxdp.so' >"$RUN/leaks"
export LSAN_OPTIONS="suppressions=$RUN/leaks:print_suppressions=0"
configure && users
tap_need "clients are on the same wire" neighbour
tap_need "Culvert is ready" lns_start
tap_check "it is asked for by ARP, ND and echo" is_asked
tap_check "frames of a VLAN, and of a wrong one" by_a_vlan
tap_check "$SESSIONS sessions exchange packets, and lose none" exchange
tap_check "a second culvertd is refused" second
tap_check "Culvert ends within its time, and leaves no program behind" gone
tap_check "what the kernel refuses is an error" not_given
tap_check "a DPDK without the driver is another" no_driver
tap_check "queues that nobody takes are told" too_many_queues
tap_check "nothing is left behind" world_vanish
tap_end
