#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# many.sh - three clients behind one NAT address, none of them from port 1701, and one behind
# another, on a Culvert with a worker thread: IPsec between sites and inside one; what clients and
# strangers may not do is dropped under its name. With kinds.sh and relay.sh each two of ESP and AH,
# tunnel and transport mode, kernel and userspace L2TP, CHAP, PAP and MS-CHAPv2 meet.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

STRANGER=192.0.2.99

tap_requires guest lns

boot() {
	local guest
	guest_boot A siteA 10.0.0.2 && guest_boot B siteA 10.0.0.3 && guest_boot C siteA 10.0.0.4 &&
		guest_boot D siteB 10.0.0.2 || return 1
	for guest in A B C D; do
		guest_wait $guest || return 1
	done
}

dial() {
	local guest
	client_dial A user=userA password=pass-a secret=tunnelsecret method=pap &&
		client_dial B user=userB password=pass-b secret=tunnelsecret mode=userspace &&
		client_dial C user=userC password=pass-c secret=tunnelsecret method=mschapv2 mode=userspace &&
		client_dial D user=userD password=pass-d secret=tunnelsecret || return 1
	for guest in A B C D; do
		client_wait $guest || return 1
	done
}

# One outer address, three ports, and the other one; each authenticated as it wanted.
sessions() {
	lns_rows sessions '{user} {state} {auth} {peer}' | sort | tee "$RUN/sessions"
	diff - <(sed -E 's/:[0-9]+$//' "$RUN/sessions") <<'TEXT' &&
userA open pap 192.0.2.11
userB open chap-md5 192.0.2.11
userC open mschapv2 192.0.2.11
userD open chap-md5 192.0.2.12
TEXT
		[ "$(sed 's/.*://' "$RUN/sessions" | grep -vx 1701 | sort -u | wc -l)" -ge 3 ] &&
		[ "$(awk '/192.0.2.11:/ { print $4 }' "$RUN/sessions" | sort -u | wc -l)" = 3 ]
}

worker() {
	lns_rows workers '{worker} {rx_packets}' | grep -xE '0 [1-9][0-9]*' &&
		lns_ctl --json status | grep '"shared_core": false'
}

# counted DROP NUMBER COMMAND...: the command fails, as nothing comes back, and the drop rises so.
counted() {
	local drop=$1 number=$2 before
	shift 2
	before=$(lns_packets drops "$drop")
	! "$@" || return 1
	world_until 10 risen "$drop" $((before + number)) || {
		lns_ctl drops
		echo "$drop was $before"
		return 1
	}
}

risen() {
	[ "$(lns_packets drops "$1")" = "$2" ]
}

lns_packets() {
	lns_rows "$1" '{name} {packets}' | awk -v name="$2" '$1 == name { print $2 }'
}

# Without IPsec between them.
ping_refused() {
	ipsec_stop A && ipsec_stop D &&
		counted POLICY_SENDER 3 guest_run A "ping -c 3 -i 0.2 -W 1 $(client_address D)"
}

# One SYN, from a socket that gives up at once; D's web server sees nobody.
web_refused() {
	guest_run D 'busybox nc -l -p 80 </dev/null >/tmp/web 2>&1 &' &&
		counted POLICY_SENDER 1 guest_run A "python3 -c \"
import socket
s = socket.socket()
s.settimeout(0.5)
s.connect(('$(client_address D)', 80))\"" &&
		guest_run D 'pgrep -f "nc -l -p 80" && [ ! -s /tmp/web ]'
}

# Another source than the session's: some private address, and B's.
spoofing_refused() {
	local address
	for address in 10.99.9.9 "$(client_address B)"; do
		guest_run A "ip addr add $address/32 dev ppp0" &&
			counted INGRESS_SPOOFED 3 \
				guest_run A "ping -c 3 -i 0.2 -W 1 -I $address $(client_address D)" &&
			guest_run A "ip addr del $address/32 dev ppp0" || return 1
	done
}

# forge NAMESPACE SPI: what looks like an ESP packet from A to D, in A's session, from elsewhere.
forge() {
	local id
	id=$(lns_rows sessions '{user} {session}' | awk '$1 == "userA" { print $2 }')
	world_in "$1" env PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1 python3 -c '
import socket, struct, sys
from frames import data, ipv4
lns, ids, source, target, spi = sys.argv[1:]
esp = struct.pack("!II", int(spi, 16), 1) + bytes(64)
tunnel, session = map(int, ids.split("/"))
message = data(tunnel, session, b"\xff\3\0\x21" + ipv4(source, target, esp, 50))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    for _ in range(3):
        s.sendto(message, (lns, 1701))
sys.exit("sent")' "$LNS_ADDRESS" "$id" "$(client_address A)" "$(client_address D)" "$2"
}

# From another address, and from another port of the right one: counted, and it went nowhere.
strangers_refused() {
	local tag=forged spi
	ip -n "$WORLD_PREFIX-wan" addr add $STRANGER/24 dev br0 && capture_start wan to-lns $tag &&
		counted INGRESS_SOURCE 3 forge wan 0xbad00001 &&
		counted INGRESS_SOURCE 3 forge siteA 0xbad00002 && capture_stop $tag || return 1
	for spi in 0xbad00001 0xbad00002; do
		[ "$(capture_find $tag "esp.spi == $spi && ip.dst#1 == $LNS_ADDRESS" | wc -l)" = 3 ] &&
			[ -z "$(capture_find $tag "esp.spi == $spi && ip.src#1 == $LNS_ADDRESS")" ] || return 1
	done
}

# Nothing was lost for want of room or by a fault, and both sites' filters saw L2TP alone.
clean() {
	local site
	lns_rows drops '{packets} {name}' | awk '$1 > 0' | tee "$RUN/drops"
	# who forged is asked whether he is A: his host says that nobody has that port by now
	! grep -vE ' (POLICY_SENDER|INGRESS_SPOOFED|INGRESS_SOURCE|LOCAL_ARP_IGNORED|LOCAL_ICMP_IGNORED)$' "$RUN/drops" ||
		return 1
	for site in siteA siteB; do
		[ "$(world_dropped $site ipsec-out) $(world_dropped $site ike-out)" = "0 0" ] || return 1
	done
}

tap_plan 17
world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 || exit 2
for guest in A B C D; do
	tap_logs "$RUN"/guest-$guest/{console,xl2tpd,pppd,charon}.log
done
tap_logs "$RUN/$LNS_LOG"
lns_configure secret=tunnelsecret auth='chap-md5, mschapv2, pap' workers=1 \
	userA:pass-a userB:pass-b userC:pass-c userD:pass-d

tap_need "four guests boot, three of them in one site" boot
tap_need "Culvert is ready" lns_start
tap_need "capture at the LNS's port" capture_start wan to-lns lns
tap_need "all four get a session and an address" dial
tap_check "three come from one address and three ports, as PAP, CHAP and MS-CHAPv2" sessions
if [ "$(nproc)" -ge 2 ]; then
	tap_check "a worker thread carries their packets" worker
else
	tap_skip "a worker thread carries their packets" "one CPU, which control and worker share"
fi
tap_check "IPsec from one of the three to the other site: AH in transport mode" \
	ipsec_between A D kind=ah mode=transport
tap_check "IPsec between two of the three: ESP in tunnel mode" ipsec_between B C
tap_check "the capture is complete" capture_stop lns
tap_check "every packet of both left Culvert bit for bit as it came" \
	"$HERE/proof.py" --lns "$LNS_ADDRESS" "$RUN/lns.pcap"
tap_check "a ping that policy forbids counts as POLICY_SENDER" ping_refused
tap_check "so does TCP to port 80" web_refused
tap_check "an inner source that is another's counts as INGRESS_SPOOFED" spoofing_refused
tap_check "data from a wrong outer address or port counts as INGRESS_SOURCE" strangers_refused
tap_check "nothing else was dropped" clean
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_end
