#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# hostile.sh - wrong frames, packets, datagrams and L2TP headers on the wire, and floods of them:
# each is counted by its name, nothing else changes, and Culvert goes on serving. See hostile.py.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

tap_requires world lns

# No secret, a router, and short lives for tunnels that nobody answers for. On a TAP device, since
# bridges and packet sockets drop wrong headers and put fragments together before anybody sees them.
configure() {
	lns_configure secret=none userA:pass-a userB:pass-b
	# one who comes from elsewhere is not asked, so that each case counts what it is about (rebind.sh asks)
	sed -i 's/name: clients,/name: clients, rebind: off,/' "$RUN/lns/culvert.yaml"
	sed -i 's|af_packet:lns0|tap:wire|
		s|secret-file: tunnel.secret|secret: none|
		s|^tunnels: {|& hello: 0s, retransmit: { first: 1s, max: 1s, times: 3 },|
		s|{ port: wan, address: 192.0.2.1/24|&, gateway: 192.0.2.254 }, { port: wan, address: "2001:db8::1/64", gateway: "fe80::1"|
		s|policy: ipsec }|policy: ipsec, pool6: "2001:db8:1::/48" },\
  { name: others, address: 10.99.0.1, pool: [10.99.1.0/24], pool6: "2001:db8:9::/48", realm: other }|
		s|password-file: user|group: clients, &|' "$RUN/lns/culvert.yaml"
	echo 'limits: { half-open: 5000 }' >>"$RUN/lns/culvert.yaml"
}

world_open
tap_logs "$RUN/$LNS_LOG"
configure
# an allocator that keeps what is freed would look like a leak
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1:malloc_context_size=3

tap_need "Culvert is ready" lns_start
tap_lines world_in lns env PYTHONDONTWRITEBYTECODE=1 "$HERE/hostile.py" wire "$LNS_ADDRESS" \
	2001:db8::1 "$(cat "$RUN/culvertd.pid")" "$LNS_CTL" --socket "$RUN/lns/control.sock"
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
