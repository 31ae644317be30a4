#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# wholesale.sh - the network of config/WHOLESALE.md, with the files that are written there: Debian's xl2tpd
# and pppd dial, and their calls go on by realm to another Culvert, which takes what was agreed, and to
# xl2tpd, which begins anew. ESP passes from client to client through both tunnels; ends are passed on.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

tap_requires guest lns

# isp-b is a guest on the cable of the LNS; isp-a has one of its own.
cables() {
	scene_port && world_namespace lan && world_plug lan wan0 &&
		ip -n "$WORLD_PREFIX-lan" link add lan0 type bridge &&
		ip -n "$WORLD_PREFIX-lan" link set wan0 master lan0 &&
		ip -n "$WORLD_PREFIX-lan" link set lan0 up &&
		world_namespace lns2 && world_plug lns2 wan0
}

boot() {
	guest_boot A siteA && guest_boot B siteB && guest_boot G lan && guest_wait A && guest_wait B &&
		guest_wait G && guest_run G "ip addr flush dev vec0
ip addr add 192.0.2.9/24 dev vec0
ip route add default via 192.0.2.254 2>/dev/null; true"
}

isp_b() {
	local box=$RUN/guest-G
	scene_file wholesale isp-b/xl2tpd.conf >"$box/xl2tpd.conf" &&
		scene_file wholesale isp-b/options.lns >"$box/options.lns" && guest_run G '
cp /tmp/box/xl2tpd.conf /etc/xl2tpd/xl2tpd.conf
cp /tmp/box/options.lns /etc/ppp/options.lns
printf "%s\n" debug "logfile /tmp/box/pppd.log" >>/etc/ppp/options.lns
echo "* * the-isp-b-tunnel-secret" >/etc/xl2tpd/l2tp-secrets
echo "\"bob@isp-b.example\" * \"bobs-password\" *" >/etc/ppp/chap-secrets
chmod 600 /etc/ppp/chap-secrets /etc/xl2tpd/l2tp-secrets
xl2tpd -D -c /etc/xl2tpd/xl2tpd.conf -s /etc/xl2tpd/l2tp-secrets -p /run/xl2tpd.pid \
	-C /run/xl2tpd/l2tp-control >>/tmp/box/xl2tpd.log 2>&1 &'
}

serve() {
	lns_use lns2 && scene_lns wholesale isp-a.yaml && lns_start && lns_use lns &&
		scene_lns wholesale wholesale.yaml && lns_start
}

# dial GUEST NAME REALM: by xl2tpd, until it has an address of this network.
dial() {
	client_dial "$1" user="$2${3:+@$3}" password="${2}s-password" secret=the-access-tunnel-secret "${@:5}" &&
		client_wait "$1" && [[ $(client_address "$1") == $4.* ]] &&
		guest_run "$1" "ip route replace ${4%.*}.0.0/16 dev ppp0"
}

at_isp_a() {
	lns_use lns2
	"$@"
	local rc=$?
	lns_use lns
	return $rc
}

handed() {
	lns_rows sessions '{user} {state} {handed_to} {address}' | grep -c "^$1 handed-on $2 None\$"
}

# The other Culvert asks its customer nothing twice.
alice() {
	dial A alice isp-a.example 10.66.1 && [ "$(handed alice@isp-a.example isp-a)" = 2 ] &&
		lns_said 'session-handed-on .*user=alice@isp-a.example to=isp-a at=192.0.2.2:1701' &&
		[ "$(at_isp_a lns_counter proxy-taken)" = 1 ] &&
		at_isp_a lns_rows sessions '{user} {peer}' | grep -x 'alice@isp-a.example 192.0.2.1:1701' &&
		[ "$(grep -c 'sent \[LCP ConfReq' "$RUN/guest-A/pppd.log")" -le 2 ]
}

ping_from() {
	guest_pings "$1" 5 -i 0.2 -s 1200 "$2"
}

peers() {
	lns_ctl peers && lns_rows peers '{peer} {state}' | grep -x 'isp-a up' &&
		lns_rows peers '{peer} {state}' | grep -x 'isp-b resting'
}

bob_at_a() {
	dial B bob isp-a.example 10.66.1 && [ "$(handed bob@isp-a.example isp-a)" = 2 ]
}

esp() {
	ipsec_between A B && world_until 10 seen 192.0.2.1 192.0.2.2 && seen 192.0.2.2 192.0.2.1 &&
		seen 192.0.2.11 192.0.2.1 && seen 192.0.2.1 192.0.2.12
}

seen() {
	capture_find lns "l2tp && esp && !udpencap && ip.src#1 == $1 && ip.dst#1 == $2" | head -1 | grep .
}

# Both ends are asked for their own: what passed one half passed the other.
counted() {
	local serial other
	serial=$(lns_rows sessions '{user} {serial} {peer}' | awk '$1 == "alice@isp-a.example" && $3 !~ /192.0.2.2:/ { print $2 }')
	other=$(lns_rows sessions '{serial} {other}' | awk -v s="$serial" '$1 == s { print $2 }')
	lns_ctl session "$serial" && lns_ctl session "$other" &&
		lns_rows sessions '{serial} {rx_packets} {tx_packets}' | awk -v a="$serial" -v b="$other" '
			$1 == a { rx = $2 } $1 == b { tx = $3 } END { exit !(rx > 10 && tx >= rx - 5) }'
}

trace() {
	local serial
	serial=$(lns_rows sessions '{user} {serial} {peer}' | awk '$1 == "alice@isp-a.example" && $3 !~ /192.0.2.2:/ { print $2 }')
	guest_run A 'ping -c 20 -i 0.2 -W 1 10.66.0.1 >/tmp/box/ping.log 2>&1 &' &&
		lns_ctl trace "$serial" 4 | grep -i switch
}

# xl2tpd hangs up the old call; the new one goes elsewhere, and is begun anew there.
bob_at_b() {
	dial B bob isp-b.example 10.55.1 && [ "$(handed bob@isp-b.example isp-b)" = 2 ] &&
		[ "$(handed bob@isp-a.example isp-a)" = 0 ] && lns_rows peers '{peer} {state}' | grep -x 'isp-b up' &&
		grep 'sent \[CHAP Success' "$RUN/guest-G/pppd.log" &&
		world_until 10 eval '! at_isp_a lns_rows sessions "{user}" | grep bob'
}

carol() {
	dial B carol '' 10.88.1 && lns_rows sessions '{user} {state} {handed_to}' | grep -x 'carol open None' &&
		ping_from B 10.88.0.1
}

# The ISP does not know her by this password.
wrong_password() {
	client_dial B user=bob@isp-a.example password=wrong secret=the-access-tunnel-secret &&
		client_says B pppd.log 'CHAP authentication failed' &&
		world_until 20 eval 'at_isp_a lns_ctl ended | grep "wrong user name or password"' &&
		world_until 20 eval '[ "$(handed bob@isp-a.example isp-a)" = 0 ]'
}

# The ISP's administrator ends her session: her pppd hears of it, and nothing is left here.
kicked() {
	at_isp_a lns_ctl kick user alice@isp-a.example &&
		world_until 20 eval '! [ -e "$RUN/guest-A/address" ]' &&
		world_until 20 eval '[ "$(handed alice@isp-a.example isp-a)" = 0 ]' &&
		lns_ctl ended | grep 'alice@isp-a.example'
}

# The ISP's LNS stops while calls are in it, and is back; the caller dials on.
restarted() {
	dial A alice isp-a.example 10.66.1 redial=yes && lns_use lns2 && lns_stop && lns_use lns &&
		lns_said 'peer-down peer=isp-a' && world_until 30 eval '! [ -e "$RUN/guest-A/address" ]' &&
		lns_use lns2 && lns_start && lns_use lns && world_until 60 again
}

# The interface of the call before may be there still, and the new one have the next number.
again() {
	[ -e "$RUN/guest-A/address" ] &&
		guest_run A 'ip route replace 10.66.0.0/16 dev "$(ls /sys/class/net | grep ppp | tail -1)"' &&
		ping_from A 10.66.0.1
}

# A configuration without the peer ends its calls, and nobody else's.
reloaded() {
	dial B carol '' 10.88.1 && sed -i '/name: isp-a,/d; /to: isp-a,/d' "$RUN/lns/culvert.yaml" &&
		lns_ctl reload && world_until 30 eval '[ -z "$(lns_rows sessions "{handed_to}" | grep isp)" ]' &&
		ping_from B 10.88.0.1
}

tap_plan 21
world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 && cables || exit 2
tap_logs "$RUN"/guest-{A,B,G}/pppd.log "$RUN/guest-A/xl2tpd.log" "$RUN/culvertd.log" "$RUN/culvertd-lns2.log"

tap_check "the page shows the configuration as it is" scene_shows wholesale wholesale.yaml
tap_need "a capture at Culvert's port" capture_start wan to-lns lns
tap_need "two clients and isp-b boot" boot
tap_need "xl2tpd begins to listen at isp-b" isp_b
tap_need "both Culverts are ready, with the page's configurations" serve
tap_check "one peer is up, the other rests" world_until 20 peers
tap_need "alice's call goes on to isp-a, which takes what was agreed" alice
tap_check "1200 bytes to isp-a and back" ping_from A 10.66.0.1
tap_check "bob's, too" bob_at_a
tap_check "ESP from alice to bob, by way of isp-a" esp
tap_check "what came by one half left by the other" counted
tap_check "a trace shows it" trace
tap_check "bob's next call goes to isp-b, where xl2tpd begins anew" bob_at_b
tap_check "1200 bytes to isp-b and back" ping_from B 10.55.0.1
tap_check "carol is ours" carol
tap_check "a wrong password is the ISP's to refuse" wrong_password
tap_check "an end at the ISP is the caller's" kicked
tap_check "an ISP that stops and is back" restarted
tap_check "a reload that drops a peer ends its calls alone" reloaded
tap_check "tshark finds nothing malformed and no wrong checksum from Culvert" \
	eval 'lns_stop && capture_stop lns && capture_sound lns "$LNS_ADDRESS"'
tap_check "nothing is left behind" world_vanish
tap_end
