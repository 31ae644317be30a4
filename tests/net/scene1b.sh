#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# scene1b.sh - the part of config/SCENE-1.md where Culvert dials the gateway, with the files that are written
# there: a client reaches the network behind it by IPsec; a gateway that crashed is dialled again.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

GATEWAY=10.88.0.20
BEHIND=172.31.0.1

tap_requires guest lns

boot() {
	{ guest_boot A siteA 10.0.0.2 && guest_boot G lan 172.16.5.9 && guest_wait A && guest_wait G &&
		scene1_behind G; } &
	scene1_certificates red gateway alice && wait $!
}

# The gateway's xl2tpd waits, with the page's files.
gateway() {
	local box=$RUN/guest-G/files file
	mkdir -p "$box" && for file in gateway/{options.culvert,l2tp-secrets,chap-secrets,ip-up} gateway-b/xl2tpd.conf; do
		scene_file 1 $file >"$box/${file#*/}" || return 1
	done
	guest_run G 'cd /tmp/box/files
cp xl2tpd.conf l2tp-secrets /etc/xl2tpd
cp options.culvert chap-secrets /etc/ppp
printf "debug\nlogfile /tmp/box/pppd.log\n" >>/etc/ppp/options.culvert
(echo "#!/bin/sh"; echo "export PATH=/usr/sbin:/usr/bin:/sbin:/bin PPP_IFACE=\$1"; cat ip-up) >/etc/ppp/ip-up
chmod 755 /etc/ppp/ip-up
chmod 600 /etc/ppp/chap-secrets /etc/xl2tpd/l2tp-secrets
xl2tpd -D -c /etc/xl2tpd/xl2tpd.conf -s /etc/xl2tpd/l2tp-secrets -p /run/xl2tpd.pid \
	-C /run/xl2tpd/l2tp-control >>/tmp/box/xl2tpd.log 2>&1 &'
}

up() {
	lns_rows peers '{peer} {state} {at} {address}' | grep -x "red up 172.16.5.9:1701 $GATEWAY" &&
		lns_rows sessions '{user} {address}' | grep -x "red-gateway $GATEWAY"
}

swan() {
	local SCENE_PKI=pki-red # scene_swan's
	scene_swan 1 G gateway/swanctl.conf gateway && scene_swan 1 A client/swanctl.conf alice
}

alice() {
	scene_dial 1 A alice && client_wait A && [ "$(client_address A)" = 10.88.1.7 ]
}

# What is lost meanwhile is sent again.
reach() {
	guest_run A "for try in \$(seq 60); do
	ping -c 1 -W 1 $BEHIND && exit 0
done
exit 1" && guest_pings A 10 -i 0.1 -s 1200 $BEHIND
}

# Nobody says a word; Culvert's echoes find out, and it dials until it is answered.
crashes() {
	guest_run G 'pkill -KILL xl2tpd; pkill -KILL pppd; rm -f /run/xl2tpd.pid
for wait in $(seq 100); do [ -e /sys/class/net/ppp0 ] || exit 0; sleep 0.1; done; exit 1' &&
		lns_said 'peer-down peer=red' 60 && ! up && gateway && world_until 90 up && reach
}

# Somebody on the LAN dials Culvert there: that is no longer for anybody.
refused() {
	guest_run G 'cat >/tmp/lac.conf <<X
[global]
port = 1702
[lac culvert]
lns = 172.16.5.1
autodial = yes
X
timeout 6 xl2tpd -D -c /tmp/lac.conf -s /etc/xl2tpd/l2tp-secrets -p /run/lac.pid -C /run/lac-control; true' &&
		lns_said 'tunnel-refused peer=172.16.5.9:1702 '
}

tap_plan 13
world_open
world_site siteA 192.0.2.11 && scene_lan || exit 2
tap_logs "$RUN"/guest-{A,G}/{charon,pppd,xl2tpd}.log "$RUN/$LNS_LOG"

tap_check "the page shows the configuration as it is" scene_shows 1 scene-1b.yaml
tap_need "a capture on the LAN" capture_start lan to-lns lan
tap_need "a client behind a NAT and a gateway boot, and a CA makes certificates" boot
tap_need "Culvert is ready, with the page's configuration" eval 'scene_lns 1 scene-1b.yaml && lns_start'
tap_check "culvertctl peers says that nobody answers" \
	world_until 20 eval 'lns_rows peers "{peer} {state}" | grep "^red connecting"'
tap_need "the gateway waits, is dialled, and proves who it is" eval 'gateway && world_until 60 up'
tap_need "strongSwan starts on both" swan
tap_need "the client dials" alice
tap_check "it reaches the network behind the gateway, 1200 bytes, without loss" reach
tap_check "a gateway that crashed is dialled again" crashes
tap_check "nobody on the LAN may dial" refused
tap_check "Culvert ends well, and tshark finds nothing wrong in what it sent" \
	eval 'lns_stop && capture_stop lan && capture_sound lan 172.16.5.1'
tap_check "nothing is left behind" world_vanish
tap_end
