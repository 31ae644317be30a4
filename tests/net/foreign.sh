#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# foreign.sh - culvert-load against LNSs by others: Debian's l2tpns with FreeRADIUS, and xl2tpd with pppd in a
# guest. Many clients come up, hold, and exchange packets through them.
#
# Speaks TAP. CULVERT_LOAD names the program, by default the one in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
. "$HERE/lib/l2tpns.sh"
. "$HERE/lib/xl2tpd.sh"
XL2TPD=192.0.2.9 # where the guest is

tap_requires guest load world

# load LNS USER OPTION...: its clients are on the link.
load() {
	world_in load timeout 120 "$LOAD" --port af_packet:eth0 --from 192.0.2.128/25 --password-file "$RUN/password" \
		--secret-file "$RUN/secret" --user "$2" --pps 500 --seconds 3 --json "${@:3}" "$1" >"$RUN/json"
	cat "$RUN/json"
}

# good SESSIONS TUNNELS: all of them are up, none has ended, and what was sent arrived as it was.
good() {
	python3 - "$RUN/json" "$@" <<-'PY'
		import json, sys
		seen = json.load(open(sys.argv[1]))
		people, data = seen["sessions"], seen["data"]
		assert [people["up"], people["tunnels"], people["fell"], people["unanswered"]] == [
		    int(sys.argv[2]), int(sys.argv[3]), 0, 0], people
		assert data["received"] == data["sent"] > 1000 and data["wrong"] == data["doubled"] == 0, data
	PY
}

l2tpns() {
	local users=()
	for number in $(seq 0 49); do
		users+=("user$number:pass")
	done
	l2tpns_configure secret=tunnelsecret "${users[@]}" && l2tpns_start
}

# The kernel forwards what it takes off; it may send redirects, which are others' packets.
by_l2tpns() {
	load $L2TPNS_ADDRESS user%u --auth chap-md5 --users 50 "$@"
}

xl2tpd() {
	world_namespace lan && world_plug lan wan0 && ip -n "$WORLD_PREFIX-lan" link add lan0 type bridge &&
		ip -n "$WORLD_PREFIX-lan" link set wan0 master lan0 && ip -n "$WORLD_PREFIX-lan" link set lan0 up &&
		guest_boot X lan && guest_wait X && guest_run X "ip addr flush dev vec0
ip addr add $XL2TPD/24 dev vec0
sysctl -qw net.ipv4.ip_forward=1" && xl2tpd_serve X tunnelsecret '*' pass && world_until 20 listens
}

listens() {
	grep -q 'Listening on IP address' "$RUN/guest-X/xl2tpd.log"
}

tap_plan 7
world_open
tap_logs "$RUN"/{l2tpns/log,l2tpns-out.log,radius.log} "$RUN"/guest-X/{xl2tpd,pppd}.log
echo pass >"$RUN/password"
echo tunnelsecret >"$RUN/secret"
tap_need "a namespace for the clients" eval 'world_namespace load && world_plug load eth0'
missing=$(l2tpns_missing)
if [ -n "$missing" ]; then
	for TAP_NUMBER in 2 3 4; do
		echo "ok $TAP_NUMBER - l2tpns # SKIP $missing"
	done
else
	tap_check "l2tpns and FreeRADIUS serve" l2tpns
	tap_check "50 clients, a tunnel each" eval 'by_l2tpns --sessions 50; good 50 50'
	tap_check "50 sessions in five tunnels" eval 'by_l2tpns --sessions 50 --per-tunnel 10; good 50 5'
fi
tap_check "xl2tpd serves in a guest" xl2tpd
tap_check "12 clients of it" eval 'load $XL2TPD user --sessions 12; good 12 12'
tap_check "nothing is left behind" world_vanish
tap_end
