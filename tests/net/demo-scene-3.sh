# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# demo-scene-3.sh - config/SCENE-3.md as a demo, for demo.sh.

declare -A NAME=([A]=alice [B]=bob [C]=carol [D]=dave)

demo_picture() {
	cat <<'TEXT'
Culvert's demo of scene 3: IPsec between any two of four clients. All files are those of config/SCENE-3.md.

    alice 10.0.0.2 --+                                                          +-- bob  10.0.0.2
                     +-- [ NAT ] 192.0.2.11 -- internet -- 192.0.2.12 [ NAT ] --+
    carol 10.0.0.3 --+                            |                             +-- dave 10.0.0.3
                                       192.0.2.1 [ Culvert ]

All four are small virtual machines: alice is A, bob B, carol C, dave D. No address of another stands in any
of their files. The NATs have filters as a hotel's: neither IKE nor ESP goes out.
TEXT
}

# all COMMAND: for all four at the same time: COMMAND GUEST NAME.
all() {
	local guest jobs=() job rc=0
	for guest in A B C D; do
		"$@" $guest "${NAME[$guest]}" &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job" || rc=1
	done
	return $rc
}

demo_without() {
	local dropped
	need "the internet" eval 'world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12'
	need "Culvert's port" scene_port
	need "the virtual machines" scene3_boot
	say "four guests are up, two behind each NAT"
	need "alice's ESP attempt" guest_run A "python3 -c \"
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
for sequence in range(1, 4):
    s.sendto(b'culv' + sequence.to_bytes(4, 'big') + bytes(64), ('192.0.2.12', 0))\""
	dropped=$(world_dropped siteA ipsec-out)
	need "ESP was to be dropped" [ "$dropped" = 3 ]
	say "alice sends ESP to bob's NAT, 192.0.2.12: her own filter dropped all $dropped packets"
	need "alice's attempt inside" guest_run A '! ping -c 1 -W 1 10.88.1.2'
	say "the address that bob will have, 10.88.1.x, is nowhere in the internet"
}

dial() {
	scene_dial 3 "$1" "$2" && client_wait "$1"
}

swan() {
	scene_swan 3 "$1" client/swanctl.conf "$2"
}

# meet FROM TO: says after how many pings there was an answer.
meet() {
	local lost
	need "${NAME[$1]}'s ping to ${NAME[$2]}" guest_run "$1" "for try in \$(seq 60); do
	ping -c 1 -W 1 $(client_address "$2") >/dev/null && echo \$try && exit
done
exit 1"
	lost=$(($(tail -1 "$RUN/said") - 1))
	say "${NAME[$1]} pings ${NAME[$2]} at $(client_address "$2"): answered by ESP, after $lost that were lost"
}

demo_with() {
	need "a capture at Culvert's port" capture_start wan to-lns lns
	need "certificates" scene_certificates 3 alice bob carol dave
	need "Culvert's configuration" scene_lns 3
	need "Culvert's start" lns_start
	say "Culvert is ready with config/scene-3.yaml"
	need "the clients' dialling" all dial
	say "all have dialled in: alice got $(client_address A), bob $(client_address B)," \
		"carol $(client_address C), dave $(client_address D)"
	need "strongSwan on all four" all swan
	say "strongSwan waits with a trap on each, for packets to 10.88.1.0/24; there is no SA yet"
	meet A B
	meet C D
	meet A C
	meet B D
	meet A D
	meet C B
}

demo_prove() {
	need "nothing in the clear" eval '! capture_find lns "l2tp && icmp && ip.dst == 10.88.1.0/24" | grep .'
	need "ESP" world_until 5 demo_native
	say "of all these pings none was in the clear on the wire: $(demo_esp) packets of native ESP in L2TP"
	show sessions
}

demo_esp() {
	capture_find lns 'l2tp && esp && !udpencap' | wc -l
}

demo_native() {
	[ "$(demo_esp)" -ge 24 ]
}

demo_ask() {
	need "dave without strongSwan" ipsec_stop D
	need "the refusal of a plain ping" guest_run D "! ping -c 3 -i 0.2 -W 1 $(client_address A)"
	title "What culvertctl says"
	say "POLICY_SENDER was dave pinging alice once his strongSwan was stopped"
	show drops
}

demo_summary() {
	cat <<'TEXT'

What you saw
    Any two of four clients behind NATs that pass no IPsec found each other by their addresses over PPP, and
    the first packet brought IPsec up. config/SCENE-3.md has each file that it takes.
TEXT
}
