#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# look.sh - culvertctl looks at thousands of sessions, on a Culvert whose control thread shares its
# core with the worker: packets hardly notice. See look.py.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

SESSIONS=5000

tap_requires world lns
[ "$(nproc)" -ge 2 ] || tap_skip_all "one CPU: the watcher, the packets and Culvert would share it"

configure() {
	local users='' i
	for ((i = 0; i * 1000 < SESSIONS; i++)); do
		users+=" u$i:secret"
	done
	# shellcheck disable=SC2086 # several words
	lns_configure secret=none auth=pap $users
	sed -i 's|secret-file: tunnel.secret|secret: none|
		s|pool: \[[^]]*\]|pool: 10.88.0.0/16, user-sessions: 1000|' "$RUN/lns/culvert.yaml"
	echo "limits: { sessions-per-tunnel: $SESSIONS, setups-per-second: 100000 }" \
		>>"$RUN/lns/culvert.yaml"
}

world_open
tap_logs "$RUN/$LNS_LOG"
configure
ip -n "$WORLD_PREFIX-wan" addr add 192.0.2.11/24 dev br0

tap_need "Culvert is ready" lns_start
# a sanitized one is some times slower
[ "$(nm -D "$LNS_PROGRAM" 2>/dev/null | grep -c __asan_init)" = 0 ] || export LOOK_SLOWER=5
tap_lines world_in wan env PYTHONDONTWRITEBYTECODE=1 "$HERE/look.py" "$LNS_ADDRESS" "$SESSIONS" \
	"$LNS_CTL" --socket "$RUN/lns/control.sock"
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
