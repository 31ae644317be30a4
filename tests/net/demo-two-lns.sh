# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# demo-two-lns.sh - config/TWO-LNS.md as a demo, for demo.sh.

demo_picture() {
	cat <<'TEXT'
Culvert's demo of two Culverts that route to each other. All files are those of config/TWO-LNS.md.

    alice 10.0.0.2 -- [ NAT ] -- internet -- [ NAT ] -- bob 10.0.0.2
                                 |      |
              [ Culvert a ] 192.0.2.1  192.0.2.2 [ Culvert b ]
              its clients: 198.51.100.x    |     its clients: 203.0.113.x
                        |                        |
                        +--- 10.255.0.0/30 ------+

alice is A, bob B, small virtual machines. The NATs have filters as a hotel's: neither IKE nor ESP goes out.
TEXT
}

demo_without() {
	local dropped
	need "the internet" eval 'world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12'
	need "the link between the two" scene_two_lns
	need "the virtual machines" eval 'guest_boot A siteA && guest_boot B siteB && guest_wait A && guest_wait B'
	say "two guests are up, both are 10.0.0.2"
	need "alice's ESP attempt" guest_run A "python3 -c \"
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
for sequence in range(1, 4):
    s.sendto(b'culv' + sequence.to_bytes(4, 'big') + bytes(64), ('192.0.2.12', 0))\""
	dropped=$(world_dropped siteA ipsec-out)
	need "ESP was to be dropped" [ "$dropped" = 3 ]
	say "alice sends ESP to bob's NAT, 192.0.2.12: her own filter dropped all $dropped packets"
}

# on GUEST POOL: it has an address of that one.
on() {
	[[ $(cat "$RUN/guest-$1/address") == "$2".* ]]
}

# meet FROM TO NAMES: until there is an answer.
meet() {
	need "a ping through ESP" guest_run "$1" "for try in \$(seq 60); do
	ping -c 1 -W 1 $(client_address "$2") && exit
done
exit 1"
	say "$3 at $(client_address "$2"): answered, by ESP that the first packet brought up"
}

demo_with() {
	need "a capture between the two" capture_start core to-lns core
	need "certificates" scene_certificates 3 alice bob
	need "Culvert a" eval 'scene_lns two-lns two-lns-a.yaml && lns_start'
	need "Culvert b" eval 'lns_use lns2 && scene_lns two-lns two-lns-b.yaml && lns_start'
	say "both Culverts are ready, with config/two-lns-a.yaml and two-lns-b.yaml"
	need "the clients' dialling" eval 'scene_dial two-lns A alice culvert-a culvert-b &&
		scene_dial two-lns B bob culvert-b culvert-a &&
		world_until 60 on A 198.51.100 && world_until 60 on B 203.0.113'
	say "alice dialled a and got $(client_address A), bob b and got $(client_address B)"
	need "strongSwan on both" eval 'scene_swan two-lns A client/swanctl.conf alice &&
		scene_swan two-lns B client/swanctl.conf bob'
	meet A B "alice pings bob"
}

demo_native() {
	[ "$(capture_find core 'esp && !udp' | wc -l)" -ge 2 ]
}

demo_prove() {
	need "ESP between the two" world_until 5 demo_native
	need "L2TP between the two" [ -z "$(capture_find core l2tp)" ]
	say "between the Culverts that was native ESP, and nothing of L2TP"
	lns_use lns
	say "Culvert a says where packets for bob go"
	show lookup default "$(client_address B)"
	lns_use lns2
	kill -KILL "$(cat "$RUN/$LNS_TAG.pid")"
	say "Culvert b is killed ..."
	need "bob's dialling a" world_until 60 on B 198.51.100
	say "... and bob has noticed, dialled a and got $(client_address B)"
	meet B A "bob pings alice"
}

demo_ask() {
	lns_use lns
	title "What culvertctl says"
	say "both are Culvert a's clients now"
	show sessions
}

demo_summary() {
	cat <<'TEXT'

What you saw
    Two Culverts routed native IPsec of their clients to each other as two routers do; and when one of them
    died its client went on by the other. config/TWO-LNS.md has each file that it takes.
TEXT
}
