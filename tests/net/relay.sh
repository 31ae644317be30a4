#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# relay.sh - two clients with the same private address, behind two NATs that remap ports and pass
# no IPsec, exchange ESP through Culvert: it arrives bit for bit.
#
# Speaks TAP. CULVERTD names the daemon, by default build/app/culvertd/culvertd.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

MEGABYTES=4

tap_requires guest lns

dial() {
	client_dial A user=userA password=pass-a secret=tunnelsecret &&
		client_dial B user=userB password=pass-b secret=tunnelsecret &&
		client_wait A && client_wait B
}

# Neither NAT left its client the port 1701.
ports_moved() {
	local nat
	for nat in 192.0.2.11 192.0.2.12; do
		[ -n "$(capture_find lns "ip.src#1 == $nat && udp.dstport == 1701 && udp.srcport != 1701" |
			head -1)" ] || return 1
	done
}

strongswan() {
	ipsec_both A B 172.31.1.1 172.31.2.1
}

# A sends some megabytes of noise to B over ESP. B's nc reads from a pipe that stays silent: at
# the end of its input it would close the connection.
transfer() {
	guest_run B 'timeout 120 busybox nc -l -p 5000 <>/run/never >/tmp/noise &' &&
		guest_run A "head -c ${MEGABYTES}M /dev/urandom >/tmp/noise
for try in \$(seq 50); do
	busybox nc 172.31.2.1 5000 </tmp/noise && exit
	sleep 0.1
done
exit 1" && world_until 60 same_noise
}

same_noise() {
	[ "$(guest_run A 'sha256sum </tmp/noise')" = "$(guest_run B 'sha256sum </tmp/noise')" ]
}

# By the default policy, which counts what it drops.
plain_ping_is_refused() {
	local dropped
	! guest_run A "ping -c 2 -i 0.2 -W 1 $(client_address B)" || return 1
	dropped=$(lns_drops POLICY_SENDER)
	echo "POLICY_SENDER is $dropped, not 2"
	[ "$dropped" = 2 ]
}

# What xl2tpd and pppd do on SIGTERM: the sessions end with a word.
hang_up() {
	client_hang_up A B &&
		lns_said 'session-end .*user=userA .*rx_packets=[1-9]' &&
		lns_said 'session-end .*user=userB .*rx_packets=[1-9]'
}

# IPsec went out of the sites inside L2TP alone.
nothing_beside() {
	local site counter
	for site in siteA siteB; do
		for counter in ipsec-out ike-out; do
			[ "$(world_dropped $site $counter)" = 0 ] || {
				echo "$site: $counter: $(world_dropped $site $counter)"
				return 1
			}
		done
	done
}

tap_plan 15
world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 || exit 2
for guest in A B; do
	tap_logs "$RUN"/guest-$guest/{console,xl2tpd,pppd,charon}.log
done
tap_logs "$RUN/$LNS_LOG"
lns_configure secret=tunnelsecret userA:pass-a userB:pass-b

tap_need "capture at the LNS's port" capture_start wan to-lns lns
tap_need "two guests boot, both are 10.0.0.2" guests_boot
tap_need "Culvert is ready" lns_start
tap_need "both clients get a tunnel, a session and an address" dial
tap_note "A has $(client_address A), B has $(client_address B)"
tap_need "strongSwan starts on both" strongswan
tap_need "IKE from A to B" ipsec_initiate A
tap_check "ping of 1200 bytes through ESP" \
	guest_run A 'ping -c 3 -i 0.2 -W 5 -s 1200 -I 172.31.1.1 172.31.2.1'
tap_check "$MEGABYTES MB over TCP through ESP arrive whole" transfer
tap_check "a plain ping between the clients is refused and counted" plain_ping_is_refused
tap_check "both hang up" hang_up
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "the capture is complete, and the NATs moved the ports" \
	eval 'capture_stop lns && ports_moved && nothing_beside'
tap_check "every ESP packet left Culvert bit for bit as it came" \
	"$HERE/proof.py" --lns "$LNS_ADDRESS" "$RUN/lns.pcap"
tap_check "tshark finds nothing malformed and no wrong checksum from Culvert" \
	capture_sound lns "$LNS_ADDRESS"
tap_check "nothing is left behind" world_vanish
tap_end
