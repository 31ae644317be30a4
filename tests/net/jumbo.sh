#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# jumbo.sh - a port with an MTU of 9,216 and an MRU of 8,900: packets of that size pass between two
# sessions. See jumbo.py. On a packet socket, since DPDK's TAP devices take no such MTU.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

MRU=8900

tap_requires world lns

# configure DEVICE MTU
configure() {
	lns_configure secret=none userA:pass-a userB:pass-b userC:pass-c
	sed -i "s|\"af_packet:lns0\"|\"$1\", mtu: $2|
		s|secret-file: tunnel.secret|secret: none|
		s|chap-md5\]|&, mru: $MRU|
		s|policy: ipsec|&, pool6: \"2001:db8:1::/48\"|" "$RUN/lns/culvert.yaml"
}

cable() {
	ip -n "$WORLD_PREFIX-lns" link add jumbo0 mtu 9216 type veth peer name jumbo1 mtu 9216 &&
		world_in lns ethtool -K jumbo0 tx off gro off gso off tso off &&
		world_in lns ethtool -K jumbo1 tx off gro off gso off tso off &&
		ip -n "$WORLD_PREFIX-lns" link set jumbo0 up && ip -n "$WORLD_PREFIX-lns" link set jumbo1 up
}

refused() {
	local rc=0
	configure af_packet:jumbo0 8943
	(cd "$RUN/lns" && "$(readlink -f "$LNS_PROGRAM")" --check culvert.yaml) >"$RUN/check.log" 2>&1 || rc=$?
	cat "$RUN/check.log"
	[ $rc != 0 ] && grep 'ppp.mru: 8900 and 44 bytes of headers do not fit listeners\[0\]: port wan has an mtu of 8943' \
		"$RUN/check.log"
}

world_open
tap_logs "$RUN/$LNS_LOG"
tap_check "--check refuses an MRU that no port carries" refused
tap_need "a cable for jumbo frames" cable
configure af_packet:jumbo0 9216
tap_need "Culvert is ready" lns_start
tap_lines world_in lns env PYTHONDONTWRITEBYTECODE=1 "$HERE/jumbo.py" jumbo1 "$LNS_ADDRESS" \
	$MRU "$LNS_CTL" --socket "$RUN/lns/control.sock"
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
