# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# demo-clients.sh - two clients behind two NATs, for demo.sh: what it shows where no scene is named.

MEGABYTES=8

demo_picture() {
	cat <<'TEXT'
Culvert's demo: IPsec between two clients, where it could not pass.

    client A, 10.0.0.2 -- [ NAT, filter ] 192.0.2.11 --+
                                                       +-- internet -- 192.0.2.1 [ Culvert ]
    client B, 10.0.0.2 -- [ NAT, filter ] 192.0.2.12 --+

The clients are small virtual machines with Debian's xl2tpd, pppd and strongSwan. The filters are
a hotel's: out go UDP and TCP, but neither IKE (UDP 500) nor ESP (which has no ports).
TEXT
}

# Each attempt is made and must fail; the counters of A's filter tell the reason.
demo_without() {
	local dropped
	need "the internet" world_site siteA 192.0.2.11
	need "the internet" world_site siteB 192.0.2.12
	need "the virtual machines" guests_boot
	say "two guests are up, both are 10.0.0.2"
	need "A's ESP attempt" guest_run A "python3 -c \"
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
for sequence in range(1, 4):
    s.sendto(b'culv' + sequence.to_bytes(4, 'big') + bytes(64), ('192.0.2.12', 0))\""
	dropped=$(world_dropped siteA ipsec-out)
	need "ESP was to be dropped" [ "$dropped" = 3 ]
	say "A sends ESP to B's NAT, 192.0.2.12: A's own filter dropped all $dropped packets"

	IPSEC_RETRANSMIT_S=0.5 IPSEC_RETRANSMITS=1 need "strongSwan on A" ipsec_start A peer=B \
		local=10.0.0.2 remote=192.0.2.12 inner=172.31.1.1 peer-inner=172.31.2.1
	if ipsec_initiate A 5 >"$RUN/said" 2>&1; then
		say "FAILED: IKE passed without Culvert"
		exit 1
	fi
	need "strongSwan's end on A" ipsec_stop A
	dropped=$(world_dropped siteA ike-out)
	need "IKE was to be dropped" [ "$dropped" -gt 0 ]
	say "A tries IKE with 192.0.2.12: no answer, A's filter dropped all $dropped packets"

	need "B's attempt" guest_run B '! ping -c 1 -W 1 192.0.2.11'
	need "the NAT was to refuse" [ "$(world_dropped siteA uninvited)" -gt 0 ]
	say "B pings 192.0.2.11: A's NAT has no idea for whom that is, and dropped it"
	say "and 10.0.0.2, by which A and B know themselves, is to each of them itself"
}

dial() {
	client_dial A user=userA password=pass-a secret=tunnelsecret &&
		client_dial B user=userB password=pass-b secret=tunnelsecret &&
		client_wait A && client_wait B
}

demo_with() {
	need "a capture at Culvert's port" capture_start wan to-lns lns
	lns_configure secret=tunnelsecret userA:pass-a userB:pass-b
	need "Culvert's start" lns_start
	say "Culvert is ready on 192.0.2.1: on DPDK, with one configuration file of a dozen lines"

	need "the clients' dialling" dial
	A=$(client_address A) B=$(client_address B)
	say "both have dialled in: a tunnel (L2TP, in UDP 1701, which NATs pass), in it a session (PPP)"
	say "over PPP A got the address $A, and B got $B"

	need "strongSwan on A" ipsec_start A peer=B local="$A" remote="$B" \
		inner=172.31.1.1 peer-inner=172.31.2.1
	need "strongSwan on B" ipsec_start B peer=A local="$B" remote="$A" \
		inner=172.31.2.1 peer-inner=172.31.1.1
	need "IKE" ipsec_initiate A
	say "IKE between $A and $B agreed on keys, which Culvert does not know"

	need "the ping through ESP" guest_run A 'ping -c 3 -i 0.2 -W 5 -I 172.31.1.1 172.31.2.1'
	say "ping inside ESP, from A's 172.31.1.1 to B's 172.31.2.1:" \
		"$(sed -nE 's|^rtt .* = [^/]*/([^/]*)/.*|\1 ms there and back|p' "$RUN/said")"
	transfer
}

transfer() {
	local seconds
	need "B's listening" guest_run B 'timeout 60 busybox nc -l -p 5000 <>/run/never >/tmp/noise &'
	need "the transfer" guest_run A "head -c ${MEGABYTES}M /dev/urandom >/tmp/noise
TIMEFORMAT=%R
for try in \$(seq 50); do
	time busybox nc 172.31.2.1 5000 </tmp/noise && exit
	sleep 0.1
done
exit 1"
	seconds=$(tail -1 "$RUN/said")
	need "the comparison" [ "$(guest_run A 'sha256sum </tmp/noise')" = \
		"$(guest_run B 'sha256sum </tmp/noise')" ]
	RATE=$(awk -v mb=$MEGABYTES -v s="$seconds" 'BEGIN { printf "%.0f Mbit/s", mb * 8.388608 / s }')
	say "$MEGABYTES MB over TCP inside ESP arrived whole in $seconds s, $RATE"
}

demo_prove() {
	need "a look at the capture" world_until 5 "$HERE/proof.py" "$RUN/lns.pcap"
	PROOF=$("$HERE/proof.py" "$RUN/lns.pcap" | tail -1)
	say "$PROOF"
}

# A ping without IPsec is what Culvert's policy is for.
demo_ask() {
	need "the refusal of a plain ping" guest_run A "! ping -c 3 -i 0.2 -W 1 $B"
	title "What culvertctl says"
	say "each session: whose it is, the address it got, where it comes from, what passed"
	show sessions
	say "each packet that went no further, by cause; POLICY_SENDER was A pinging B without IPsec"
	show drops
}

demo_summary() {
	cat <<TEXT

What you saw
    Two clients with the same private address, behind NATs whose filters pass no IPsec,
    exchanged IPsec at $RATE. Culvert relayed each ESP packet from one client's tunnel
    to the other's as it was; it took one off the TTL, as a router does, and touched no
    other byte, and it could not have read one.
TEXT
}
