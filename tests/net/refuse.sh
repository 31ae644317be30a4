#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# refuse.sh - Culvert refuses a wrong password and a wrong tunnel secret: it says so to the client,
# in its log and in its counters, and goes on serving those that are right.
#
# Speaks TAP. CULVERTD names the daemon, by default build/app/culvertd/culvertd.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

tap_requires guest lns

dial_well() {
	client_dial "$1" "user=user$1" "password=$2" secret=tunnelsecret &&
		client_wait "$1" && guest_run "$1" 'ping -c 1 -W 5 10.88.0.1'
}

# refused USER PASSWORD METHOD REASON: pppd and xl2tpd are told, the log says whom and why, and
# nobody got an address. xl2tpd reads of it in our CDN, or its pppd has ended before that with 19, as
# the peer has not believed it.
refused() {
	client_dial A "user=$1" "password=$2" secret=tunnelsecret "method=$3" &&
		client_says A pppd.log 'rcvd \[(CHAP Failure|PAP AuthNak) .*"[^"]+"\]' 30 &&
		client_says A xl2tpd.log \
			"Connection closed to $LNS_ADDRESS.*\(.*password\)|pppd exited for call [0-9]+ with code 19" 30 &&
		lns_said "session-refused .*user=$1 .*method=$3 .*reason=\"$4\"" &&
		[ ! -e "$RUN/guest-A/address" ]
}

# The client leaves its own challenge out, or it would hang up first.
wrong_secret() {
	client_dial A user=userA password=pass-a secret=not-the-secret challenge=no &&
		client_says A xl2tpd.log "Connection closed to $LNS_ADDRESS.*[Cc]hallenge" 30 &&
		lns_said 'tunnel-refused .*by=us result=4 ' &&
		[ ! -e "$RUN/guest-A/address" ]
}

counts() {
	local value
	value=$(lns_counter "$1")
	echo "$1 is $value, not $2"
	[ "$value" = "$2" ]
}

undisturbed() {
	guest_run B 'ping -c 1 -W 5 10.88.0.1' && ! grep -E 'Terminating|terminated' "$RUN/guest-B/pppd.log"
}

no_secrets_in_log() {
	! grep -E 'pass-[ab]|not-the|tunnelsecret' "$RUN/$LNS_LOG"
}

tap_plan 20
world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 || exit 2
tap_logs "$RUN"/guest-A/{console,xl2tpd,pppd}.log "$RUN/$LNS_LOG"
lns_configure secret=tunnelsecret auth='chap-md5, mschapv2, pap' userA:pass-a userB:pass-b

tap_need "capture at the LNS's port" capture_start wan to-lns lns
tap_need "two guests boot" guests_boot
tap_need "Culvert is ready" lns_start
tap_need "client B gets a session" dial_well B pass-b
for method in chap-md5 mschapv2 pap; do
	tap_check "a wrong password is refused, $method" \
		refused userA not-the-password $method "wrong password"
done
tap_check "an unknown user is refused" refused nobody pass-a chap-md5 "no such user"
tap_check "user-auth-failed counts the three" counts user-auth-failed 3
tap_check "user-unknown counts the one" counts user-unknown 1
tap_check "a wrong tunnel secret is refused with StopCCN and its reason" wrong_secret
tap_check "tunnel-auth-failed counts it" counts tunnel-auth-failed 1
tap_check "client A is served once all is right" dial_well A pass-a
tap_check "client B's session was not disturbed" undisturbed
tap_check "no secret or password is in the log" no_secrets_in_log
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "and told client B so, with a StopCCN" \
	client_says B xl2tpd.log "Connection closed to $LNS_ADDRESS, port 1701" 10
tap_check "the capture is complete" capture_stop lns
tap_check "tshark finds nothing malformed and no wrong checksum from Culvert" \
	capture_sound lns "$LNS_ADDRESS"
tap_check "nothing is left behind" world_vanish
tap_end
