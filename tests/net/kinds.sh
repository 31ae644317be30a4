#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# kinds.sh - each kind of IPsec passes bit for bit: ESP and AH, tunnel and transport mode, ESP in
# UDP 4500; between a client with MS-CHAPv2 and kernel L2TP (no Length field, full PPP headers)
# and one with PAP and userspace L2TP (Length field, compressed PPP headers).
#
# Speaks TAP. CULVERTD names the daemon, by default build/app/culvertd/culvertd.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

tap_requires guest lns

dial() {
	# the shell and pppd each take one backslash of two away: it says CORP\userA
	client_dial A user='CORP\\\\userA' password=pass-a secret=tunnelsecret method=mschapv2 &&
		client_dial B user=userB password=pass-b secret=tunnelsecret method=pap mode=userspace &&
		client_wait A && client_wait B
}

# Both forms of headers are really there.
forms() {
	[ -n "$(capture_find first 'ip.src#1 == 192.0.2.12 && l2tp.type == 0 && l2tp.length_bit == 1' |
		head -1)" ] && grep -E 'LCP ConfAck .*<pcomp> <accomp>' "$RUN/guest-B/pppd.log"
}

# passes KIND MODE ENCAP SEEN: IKE and ping, and the capture proves what proof.py calls SEEN.
passes() {
	local tag=$1-$2-$3
	capture_start wan to-lns "$tag" && ipsec_between A B kind="$1" mode="$2" encap="$3" || return 1
	capture_stop "$tag" && "$HERE/proof.py" --lns "$LNS_ADDRESS" "$RUN/$tag.pcap" >"$RUN/proved"
	local rc=$?
	cat "$RUN/proved"
	[ $rc = 0 ] && grep -E "^$4: [6-9] packets came in, [6-9] left" "$RUN/proved" &&
		capture_sound "$tag" "$LNS_ADDRESS"
}

tap_plan 11
world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 || exit 2
for guest in A B; do
	tap_logs "$RUN"/guest-$guest/{console,xl2tpd,pppd,charon}.log
done
tap_logs "$RUN/$LNS_LOG"
lns_configure secret=tunnelsecret auth='chap-md5, mschapv2, pap' userA:pass-a userB:pass-b

tap_need "two guests boot" guests_boot
tap_need "Culvert is ready" lns_start
tap_need "capture at the LNS's port" capture_start wan to-lns first
tap_need "MS-CHAPv2 with kernel L2TP, PAP with userspace L2TP: both get an address" dial
tap_check "ESP in transport mode" passes esp transport no esp
tap_check "the second client sends a Length field and asked for short PPP headers" forms
tap_check "ESP in UDP 4500, tunnel mode" passes esp tunnel yes esp-in-udp
tap_check "AH in tunnel mode" passes ah tunnel no ah
tap_check "AH in transport mode" passes ah transport no ah
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_end
