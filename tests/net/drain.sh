#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# drain.sh - an LNS before its maintenance: newcomers are told to try another one, who is there notices
# nothing, and then they end one by one.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

tap_requires guest lns

dial() {
	client_dial "$1" "user=user$1" password=pass secret=tunnelsecret
}

dial_well() {
	dial "$1" && client_wait "$1" && guest_run "$1" 'ping -c 1 -W 5 10.88.0.1'
}

# is KEY VALUE: culvertctl drain says so.
is() {
	lns_ctl --json drain >"$RUN/json" && cat "$RUN/json" && python3 -c '
import json, sys
sys.exit(json.load(open(sys.argv[1]))[sys.argv[2]] != json.loads(sys.argv[3]))' "$RUN/json" "$1" "$2"
}

drained() {
	lns_ctl drain on >"$RUN/said" && cat "$RUN/said" && grep -qE '^draining +yes$' "$RUN/said" &&
		grep -qE '^  sessions end within +-$' "$RUN/said" && grep -qE '^sessions +1$' "$RUN/said" &&
		lns_ctl status | grep -E '^draining +yes$' && lns_said 'drain tunnels=1 sessions=1 over_s=0'
}

# xl2tpd reads of it in the StopCCN. B's flow goes on all the while.
newcomer_refused() {
	guest_run B 'ping -c 400 -w 120 -i 0.05 10.88.0.1 >/tmp/box/flow 2>&1 &' && dial A &&
		client_says A xl2tpd.log "Connection closed to $LNS_ADDRESS.*drained" 30 &&
		lns_said 'tunnel-refused .*by=us result=2 error=7 ' && [ ! -e "$RUN/guest-A/address" ] &&
		[ "$(lns_counter drain-tunnels)" -gt 0 ]
}

reloaded() {
	sed -i 's/^identity:.*//; 1i identity: { host-name: renamed }' "$RUN/lns/culvert.yaml" &&
		lns_ctl reload && is draining true && [ "$(lns_ctl --json status | grep -c renamed)" = 1 ]
}

undisturbed() {
	world_until 60 grep -q 'packets transmitted' "$RUN/guest-B/flow" && pings_answered "$RUN/guest-B/flow" 400
}

taken_again() {
	lns_ctl drain off | grep -E '^draining +no$' && is draining false && is since_s null &&
		lns_said 'drain-end ' && client_hang_up A && dial_well A
}

# Both end, politely, and one before the other.
one_by_one() {
	lns_ctl drain on 8s >"$RUN/said" && cat "$RUN/said" && grep -qE '^  sessions end within +8s$' "$RUN/said" && world_until 8 eval 'is sessions 1' &&
		lns_said 'session-end .*reason="ended by the administrator"' &&
		world_until 10 eval 'is sessions 0' && world_until 10 eval 'is tunnels 0' && is ended 2 &&
		is left_s null && lns_said 'drained after_s=' &&
		client_says A pppd.log 'rcvd \[LCP TermReq' && client_says B pppd.log 'rcvd \[LCP TermReq'
}

tap_plan 12
world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 || exit 2
for guest in A B; do
	tap_logs "$RUN/guest-$guest/"{console,xl2tpd,pppd}.log
done
tap_logs "$RUN/$LNS_LOG"
lns_configure secret=tunnelsecret userA:pass userB:pass

tap_need "capture at the LNS's port" capture_start wan to-lns lns
tap_need "two guests boot" guests_boot
tap_need "Culvert is ready" lns_start
tap_need "a client is there" dial_well B
tap_check "culvertctl drain on, which status and the log say, too" drained
tap_check "a newcomer is told to try another LNS" newcomer_refused
tap_check "a reload changes what it may, and ends no drain" reloaded
tap_check "who was there has noticed nothing" undisturbed
tap_check "drain off: newcomers are taken" taken_again
tap_check "drain on 8s: sessions end politely, one by one, and then their tunnels" one_by_one
tap_check "nothing malformed and no wrong checksum from Culvert" \
	eval 'capture_stop lns && capture_sound lns "$LNS_ADDRESS"'
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_end
