# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# demo-scene-1.sh - config/SCENE-1.md as a demo, for demo.sh.

GATEWAY=10.88.0.20
BEHIND=172.31.0.1
declare -A NAME=([A]=alice [B]=bob [C]=carol [G]=red-gateway [H]=blue-gateway)

demo_picture() {
	cat <<'TEXT'
Culvert's demo of scene 1: gateways in realms of their own. All files are those of config/SCENE-1.md.

    alice (red)  10.0.0.2 --- [ NAT ] 192.0.2.11 --+                   +-- 172.16.5.9  [ red's gateway ]
                                                   +-- [ Culvert ] ----+
    carol (red)  10.0.0.3 --+                      |                   +-- 172.16.5.10 [ blue's gateway ]
                            +-[ NAT ] 192.0.2.12 --+
    bob   (blue) 10.0.0.2 --+                       behind either gateway: 172.31.0.0/24

Red and blue are customers, with the same addresses at home, in the tunnels and behind their gateways. All five are
small virtual machines: alice is A, bob B, carol C, the gateways G and H. The NATs have filters as a hotel's.
TEXT
}

demo_without() {
	local dropped
	need "the internet" eval 'world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12'
	need "the LAN" scene_lan
	need "the virtual machines" scene1_boot
	say "five guests are up; alice and bob both are 10.0.0.2"
	need "alice's ESP attempt" guest_run A "python3 -c \"
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
for sequence in range(1, 4):
    s.sendto(b'culv' + sequence.to_bytes(4, 'big') + bytes(64), ('192.0.2.12', 0))\""
	dropped=$(world_dropped siteA ipsec-out)
	need "ESP was to be dropped" [ "$dropped" = 3 ]
	say "alice sends ESP: the filter dropped all $dropped packets"
	need "alice's attempt inside" guest_run A "! ping -c 1 -W 1 $GATEWAY"
	say "and her gateway's address, $GATEWAY, is nowhere in the internet"
}

# up CUSTOMER GUEST...: strongSwan, with the customer's CA, and then the tunnel.
up() {
	# shellcheck disable=SC2034 # scene_swan's
	local SCENE_PKI=pki-$1 guest
	shift
	for guest; do
		if [[ ${NAME[$guest]} == *-gateway ]]; then
			scene_swan 1 "$guest" gateway/swanctl.conf gateway
		else
			scene_swan 1 "$guest" client/swanctl.conf "${NAME[$guest]}"
		fi && scene_dial 1 "$guest" "${NAME[$guest]}" && client_wait "$guest" || return 1
	done
}

# both GUESTS-OF-RED GUESTS-OF-BLUE: at the same time.
both() {
	# shellcheck disable=SC2086 # several guests
	up red $1 &
	# shellcheck disable=SC2086
	up blue $2 && wait $!
}

# reach GUEST: until the network behind its gateway answers.
reach() {
	need "${NAME[$1]}'s ping through ESP" guest_run "$1" "for try in \$(seq 60); do
	ping -c 1 -W 1 $BEHIND && exit
done
exit 1"
	say "${NAME[$1]} pings $BEHIND behind the own gateway: answered"
}

demo_with() {
	need "captures" eval 'capture_start wan to-lns lns && capture_start lan to-lns lan'
	need "two CAs" eval 'scene1_certificates red gateway alice carol && scene1_certificates blue gateway bob'
	need "Culvert" eval 'scene_lns 1 && lns_start'
	say "Culvert is ready with config/scene-1.yaml"
	need "the gateways' strongSwan and tunnels" both G H
	say "red's gateway has dialled in and got $(client_address G), blue's $(client_address H)"
	need "the clients' strongSwan and tunnels" both 'A C' B
	say "alice of red got $(client_address A), bob of blue $(client_address B), carol of red $(client_address C)"
	reach A
	reach B
	reach C
}

demo_prove() {
	local guest
	for guest in G H; do
		need "the gateway's word" guest_run $guest "$IPSEC_ENV
swanctl --list-sas"
		say "who has IPsec with ${NAME[$guest]}:" \
			"$(sed -nE "s/^ +remote +'([a-z]+)\.example'.*/\1/p" "$RUN/said" | sort -u | xargs)"
	done
	need "ESP on the LAN" world_until 5 demo_native
	need "pings in the clear" [ -z "$(capture_find lan "icmp && ip.addr == $BEHIND")" ]
	say "on the LAN there was ESP inside the gateways' tunnels, and no ping in the clear"
	say "the same address in two realms"
	show lookup red 10.88.1.7
	show lookup blue 10.88.1.7
}

demo_native() {
	[ "$(capture_find lan 'l2tp && esp' | wc -l)" -ge 2 ]
}

demo_ask() {
	need "the refusal of a plain ping" guest_run A "! ping -c 3 -i 0.2 -W 1 $GATEWAY"
	title "What culvertctl says"
	show realms
	show sessions
	say "POLICY_SENDER was alice pinging the gateway without IPsec"
	show drops
}

demo_summary() {
	cat <<'TEXT'

What you saw
    Two customers used the same addresses side by side, each with an IPsec gateway that has no public address, and
    neither reached the other's. config/SCENE-1.md has each file that it takes, and says how to know that it works.
TEXT
}
