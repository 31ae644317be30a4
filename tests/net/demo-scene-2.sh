# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# demo-scene-2.sh - config/SCENE-2.md as a demo, for demo.sh.

GATEWAY=198.51.100.9
BEHIND=172.31.0.1

demo_picture() {
	cat <<'TEXT'
Culvert's demo of scene 2: a gateway that knows nothing of L2TP. All files are those of config/SCENE-2.md.

    alice 10.0.0.2 --+                                               public LAN, 198.51.100.0/24
                     +-- [ NAT, filter ] 192.0.2.11 -- internet -- 192.0.2.1 [ Culvert ] --+
    bob   10.0.0.3 --+                                                                     |
                                  172.31.0.0/24 behind it -- [ gateway ] 198.51.100.9 -----+

All three are small virtual machines: alice is A, bob B, the gateway G. It has strongSwan, no route to the
clients and no word about Culvert. The filter is a hotel's: neither IKE nor ESP goes out.
TEXT
}

demo_without() {
	local dropped
	need "the internet" world_site site 192.0.2.11
	need "the LAN" scene_lan
	need "a route" ip -n "$WORLD_PREFIX-site" route add 198.51.100.0/24 via 192.0.2.254
	need "the virtual machines" scene2_boot
	say "three guests are up; alice and bob are behind one NAT"
	need "alice's ESP attempt" guest_run A "python3 -c \"
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
for sequence in range(1, 4):
    s.sendto(b'culv' + sequence.to_bytes(4, 'big') + bytes(64), ('$GATEWAY', 0))\""
	dropped=$(world_dropped site ipsec-out)
	need "ESP was to be dropped" [ "$dropped" = 3 ]
	say "alice sends ESP to the gateway, $GATEWAY: the filter dropped all $dropped packets"
}

demo_with() {
	need "captures" eval 'capture_start wan to-lns lns && capture_start lan to-lns lan'
	need "Culvert's configuration" scene_lns 2
	need "Culvert's start" lns_start
	say "Culvert is ready with config/scene-2.yaml"
	need "the clients' dialling" eval 'scene_dial 2 A alice && scene_dial 2 B bob &&
		client_wait A && client_wait B'
	A=$(client_address A) B=$(client_address B)
	say "both have dialled in; over PPP alice got $A of the LAN's addresses, bob $B"
	need "strongSwan on the gateway" scene_swan 2 G gateway/swanctl.conf -
	need "strongSwan on alice's machine" scene_swan 2 A client/swanctl.conf alice
	need "strongSwan on bob's machine" scene_swan 2 B client/swanctl.conf bob
	need "IKE of alice" ipsec_initiate A
	say "alice's IKE with the gateway agreed on keys"
	need "IKE of bob" guest_run G "$IPSEC_ENV
timeout 60 swanctl --initiate --child net-bob"
	say "with bob it was the gateway that began"
	need "alice's ping through ESP" guest_run A "ping -c 5 -i 0.2 -W 5 $BEHIND"
	say "alice pings $BEHIND, behind the gateway, inside ESP:" \
		"$(sed -nE 's|^rtt .* = [^/]*/([^/]*)/.*|\1 ms there and back|p' "$RUN/said")"
	need "bob's ping through ESP" guest_run B "ping -c 5 -i 0.2 -W 5 $BEHIND"
	say "so does bob"
}

# Native on the LAN, and the gateway's own word for where the clients are.
demo_prove() {
	local mac esp
	mac=$(world_in lns cat /sys/class/net/lan0/address)
	need "the gateway's neighbours" guest_run G "ip neigh show $A | grep -i $mac"
	say "the gateway takes alice for a neighbour: $A is at $mac, which is Culvert's"
	need "ESP on the LAN" world_until 5 demo_native
	esp=$(capture_find lan 'esp && !udp' | wc -l)
	need "L2TP on the LAN" [ -z "$(capture_find lan l2tp)" ]
	say "on the LAN there were $esp packets of plain ESP and nothing of L2TP"
}

demo_native() {
	[ "$(capture_find lan 'esp && !udp' | wc -l)" -ge 20 ]
}

demo_ask() {
	need "the refusal of a plain ping" guest_run A "! ping -c 3 -i 0.2 -W 1 $GATEWAY"
	title "What culvertctl says"
	say "each session: both come from one NAT"
	show sessions
	say "POLICY_SENDER was alice pinging the gateway without IPsec"
	show drops
}

demo_summary() {
	cat <<'TEXT'

What you saw
    Two clients behind one NAT that passes no IPsec spoke native ESP with a gateway that has no idea of
    tunnels. config/SCENE-2.md has each file that it takes, and says how to know that it works.
TEXT
}
