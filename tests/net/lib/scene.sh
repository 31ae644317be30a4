# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# scene.sh - the networks of the pages config/SCENE-*.md, set up with the files that are written there.
# Needs all the others.

SCENE_CONFIG=$GUEST_LIB/../../../config

# scene_file SCENE NAME: what the page of a scene shows as this file; fails if it shows none.
scene_file() {
	awk -v want="file=$2" '
		inside && /^```$/ { exit }
		inside { print; lines++ }
		/^```/ && $2 == want { inside = 1 }
		END { exit !lines }' "$SCENE_CONFIG/SCENE-$1.md"
}

# scene_as NAME: alice's files as those of another client.
scene_as() {
	sed "s/alice/$1/g"
}

# scene_lan: Culvert's two ports are wan0 and lan0; by the latter a LAN, which guests can be on.
scene_lan() {
	local lns=$WORLD_PREFIX-lns lan=$WORLD_PREFIX-lan
	ip -n "$lns" link set lns0 down && ip -n "$lns" link set lns0 name wan0 up &&
		world_namespace lan && ip -n "$lan" link add lan0 type bridge &&
		ip -n "$lan" link set lan0 up &&
		ip -n "$lan" link add to-lns type veth peer name lan0 netns "$lns" &&
		ip -n "$lan" link set to-lns master lan0 up && ip -n "$lns" link set lan0 up &&
		world_in lan ethtool -K to-lns tx off tso off gso off gro off >/dev/null &&
		world_in lns ethtool -K lan0 tx off tso off gso off gro off >/dev/null
}

# scene_lns SCENE: the configuration as the page has it; beside it what is this place's own.
scene_lns() {
	mkdir -p "$RUN/lns" && scene_file "$1" "scene-$1.yaml" >"$RUN/lns/culvert.yaml" || return 1
	cat >>"$RUN/lns/culvert.yaml" <<YAML
control: { socket: $RUN/lns/control.sock }
workers: { count: 0, hugepages: never, memory: 256 }
YAML
	lns_secret tunnel.secret the-tunnel-secret && lns_secret alice.secret alices-password &&
		lns_secret bob.secret bobs-password
}

# scene_dial SCENE GUEST USER: the client's files into the guest, and xl2tpd begins to dial.
scene_dial() {
	local box=$RUN/guest-$2 file
	mkdir -p "$box/client" && rm -f "$box/address" || return 1
	for file in xl2tpd.conf l2tp-secrets options.culvert chap-secrets ip-up; do
		scene_file "$1" "client/$file" | scene_as "$3" >"$box/client/$file" || return 1
	done
	guest_run "$2" '
cd /tmp/box/client
mkdir -p /etc/ppp/ip-up.d
cp xl2tpd.conf l2tp-secrets /etc/xl2tpd
cp options.culvert chap-secrets /etc/ppp
cp ip-up /etc/ppp/ip-up.d/culvert
printf "debug\nlogfile /tmp/box/pppd.log\n" >>/etc/ppp/options.culvert
cat >/etc/ppp/ip-up <<"X"
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin PPP_IFACE=$1
run-parts /etc/ppp/ip-up.d
echo $4 >/tmp/box/address.new
mv /tmp/box/address.new /tmp/box/address
X
chmod 755 /etc/ppp/ip-up /etc/ppp/ip-up.d/culvert
chmod 600 /etc/ppp/chap-secrets /etc/xl2tpd/l2tp-secrets
xl2tpd -D -c /etc/xl2tpd/xl2tpd.conf -s /etc/xl2tpd/l2tp-secrets -p /run/xl2tpd.pid \
	-C /run/xl2tpd/l2tp-control >/tmp/box/xl2tpd.log 2>&1 &'
}

# scene_swan SCENE GUEST FILE USER [OPTION...]: strongSwan with the page's file; options are charon's.
scene_swan() {
	local scene=$1 guest=$2 file=$3 user=$4
	shift 4
	scene_file "$scene" "$file" | if [[ $file == client/* ]]; then scene_as "$user"; else cat; fi \
		>"$RUN/guest-$guest/swanctl.conf" || return 1
	ipsec_charon "$guest" "$@" && guest_run "$guest" "$IPSEC_ENV
cp /tmp/box/swanctl.conf /run/strongswan
swanctl --load-all --file /run/strongswan/swanctl.conf"
}

# scene2_boot: alice's machine A and bob's B behind the NAT of `site`, the gateway G on the LAN.
scene2_boot() {
	guest_boot A site 10.0.0.2 && guest_boot B site 10.0.0.3 && guest_boot G lan &&
		guest_wait A && guest_wait B && guest_wait G &&
		guest_run G 'ip addr flush dev vec0
ip addr add 198.51.100.9/24 dev vec0
ip addr add 172.31.0.1/24 dev lo'
}
