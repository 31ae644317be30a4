#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# door.sh - forged SCCRQs by the ten thousand a second keep no honest caller out and hurt no open
# session: from anybody's addresses, from one address, from one port. Behind a gateway, so that the
# answers go somewhere.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app; FLOOD the
# one that forges; RATE requests a second.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

GATEWAY=192.0.2.254 CALLERS=192.0.2.60 SECONDS_EACH=8
RATE=${RATE:-20000}
FLOOD=${FLOOD:-$HERE/../../build/tests/net/flood}

tap_requires guest lns
[ -x "$FLOOD" ] || tap_skip_all "no $FLOOD (./dpdk-setup.sh build makes it)"
[ "$(nproc)" -gt 1 ] || tap_skip_all "one CPU: who forges would take it from who serves"

# The callers, and who forges: the gateway of a forged address is where its answers end.
neighbours() {
	world_namespace callers && world_plug callers eth0 &&
		ip -n "$WORLD_PREFIX-callers" addr add $CALLERS/24 dev eth0 &&
		world_namespace forger && world_plug forger eth0 &&
		ip -n "$WORLD_PREFIX-forger" addr add $GATEWAY/24 dev eth0
}

configure() {
	lns_configure secret=tunnelsecret policy=any userA:pass-a userB:pass-b &&
		sed -i "s|{ secret-file: tunnel.secret }|{ peer: $CALLERS/32, secret: none }, &|
			s|address: $LNS_ADDRESS/24|&, gateway: $GATEWAY|" "$RUN/lns/culvert.yaml" &&
		echo "limits: { tunnels: 2000 }" >>"$RUN/lns/culvert.yaml"
}

dial() {
	client_dial A user=userA password=pass-a secret=tunnelsecret &&
		client_dial B user=userB password=pass-b secret=tunnelsecret &&
		client_wait A && client_wait B
}

call() {
	world_in callers env PYTHONDONTWRITEBYTECODE=1 "$HERE/callers.py" "$LNS_ADDRESS" 100
}

# beside MODE: callers and a session's pings, while requests are forged.
beside() {
	local mac rc=0
	mac=$(ip -n "$WORLD_PREFIX-lns" -o link show lns0 | sed -n 's|.*link/ether \([^ ]*\).*|\1|p')
	rm -f "$RUN/guest-A/ping"
	guest_run A "ping -q -i 0.1 -c $((SECONDS_EACH * 10)) -W 2 $(client_address B) \
		>/tmp/box/ping.new 2>&1; mv /tmp/box/ping.new /tmp/box/ping" &
	world_spawn forger "forge-$1" "$FLOOD" eth0 "$mac" "$LNS_ADDRESS" "$1" "$RATE" "$SECONDS_EACH" ||
		return 1
	call >"$RUN/call-$1" || rc=1
	world_until 30 test -e "$RUN/forge-$1.rc" -a -e "$RUN/guest-A/ping" || rc=1
	wait
	cat "$RUN/call-$1" "$RUN/forge-$1.log" "$RUN/guest-A/ping"
	return $rc
}

# The open session's pings. Where two cores carry guests, forger and Culvert, the interface's ring
# overflows now and then; sessions that the flood hurts lose most of them.
unhurt() {
	local lost
	lost=$(sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p' "$RUN/guest-A/ping")
	echo "$lost % lost"
	[ -n "$lost" ] && [ "${lost%.*}" -le 10 ]
}

remembered() {
	lns_ctl --json status >"$RUN/status" && cat "$RUN/status" &&
		python3 -c '
import json, sys
rows = json.load(open(sys.argv[1]))
row = rows.get("rows", [rows])[0]
sys.exit(not 0 < row["half_open_tunnels"] <= 32768)' "$RUN/status"
}

world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 && neighbours || exit 2
tap_logs "$RUN/$LNS_LOG"
configure

tap_need "two guests boot" guests_boot
tap_need "Culvert is ready" lns_start
tap_need "both dial in" dial
tap_check "callers get in when nobody forges" call
for mode in random address port; do
	tap_check "callers get in beside $RATE forged SCCRQs a second: $mode" beside $mode
	tap_note "$(cat "$RUN/call-$mode"), $(cat "$RUN/forge-$mode.log")"
	tap_check "and the open session's packets arrive: $mode" unhurt
	tap_note "$(grep loss "$RUN/guest-A/ping")"
done
tap_check "what is kept of the forged ones is bounded" remembered
tap_check "both sessions are still the same" test -z "$(lns_ctl ended | grep user)"
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_plan "$TAP_NUMBER"
tap_end
