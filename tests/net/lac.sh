#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# lac.sh - a LAC's 40,000 calls come up in one tunnel at a round trip of 20 ms, and end with it. The
# time that a fast machine needs is tests/scenario's; here windows of a few messages would not do.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app; CALLS says
# how many.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

CALLS=${CALLS:-40000}

tap_requires world lns
[ "$(nproc)" -gt 1 ] || tap_skip_all "one CPU: who calls would take it from who serves"

# Nobody speaks PPP: its requests are few, and have time.
configure() {
	lns_configure secret=none userA:pass-a &&
		sed -i 's|secret-file: tunnel.secret|secret: none|
			s|^ppp: {|& restart: 30s, lcp-timeout: 300s,|' "$RUN/lns/culvert.yaml" &&
		cat >>"$RUN/lns/culvert.yaml" <<YAML
limits: { setups-per-second: 20000, sessions: 50000, sessions-per-tunnel: 50000 }
YAML
	mkfifo "$RUN/looked"
}

call() {
	world_in lac env PYTHONDONTWRITEBYTECODE=1 "$HERE/lac.py" "$LNS_ADDRESS" "$CALLS" \
		<"$RUN/looked" >"$RUN/lac" 2>&1 &
	LAC=$!
	exec 7>"$RUN/looked"
	world_until 150 grep -q . "$RUN/lac" && cat "$RUN/lac" &&
		grep -qE "^$CALLS of $CALLS calls" "$RUN/lac"
}

sessions() {
	lns_ctl --json status | tee "$RUN/status" | grep -E "\"sessions\": $CALLS\b"
}

hang_up() {
	exec 7>&-
	wait $LAC || return 1 # it says whether they came up in time
	world_until 30 none_left
}

none_left() {
	lns_ctl --json status | grep -qE '"sessions": 0\b'
}

neighbour() {
	world_namespace lac && world_plug lac eth0 &&
		ip -n "$WORLD_PREFIX-lac" addr add 192.0.2.60/24 dev eth0
}

world_open
tap_logs "$RUN/$LNS_LOG"
configure
tap_need "a LAC is on the same wire" neighbour
tap_need "Culvert is ready" lns_start
tap_check "$CALLS calls come up in one tunnel at a round trip of 20 ms" call
sed 's/^/# /' "$RUN/lac"
tap_check "culvertctl counts them" sessions
tap_check "they end with their tunnel" hang_up
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
