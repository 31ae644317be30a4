# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# scene.sh - the networks of the pages config/SCENE-*.md, set up with the files that are written there.
# Needs all the others.

SCENE_CONFIG=$GUEST_LIB/../../../config

# scene_page SCENE: the page of a scene: of 2 SCENE-2.md, of two-lns TWO-LNS.md.
scene_page() {
	case $1 in
	[0-9]) echo "$SCENE_CONFIG/SCENE-$1.md" ;;
	*) echo "$SCENE_CONFIG/${1^^}.md" ;;
	esac
}

# scene_file SCENE NAME: what the page of a scene shows as this file; fails if it shows none.
scene_file() {
	awk -v want="file=$2" '
		inside && /^```$/ { exit }
		inside { print; lines++ }
		/^```/ && $2 == want { inside = 1 }
		END { exit !lines }' "$(scene_page "$1")"
}

# scene_shows SCENE FILE...: the page has these configurations as they are in config.
scene_shows() {
	local scene=$1 file
	shift
	for file; do
		scene_file "$scene" "$file" | diff - "$SCENE_CONFIG/$file" || return 1
	done
}

# scene_as NAME: alice's files as those of another client, red's gateway's as those of another customer's.
scene_as() {
	sed "s/alice/$1/g; s/red-gateway/$1/g"
}

# scene_lan: Culvert's two ports are wan0 and lan0; by the latter a LAN, which guests can be on.
scene_lan() {
	local lns=$WORLD_PREFIX-lns lan=$WORLD_PREFIX-lan
	scene_port && world_namespace lan && ip -n "$lan" link add lan0 type bridge &&
		ip -n "$lan" link set lan0 up &&
		ip -n "$lan" link add to-lns type veth peer name lan0 netns "$lns" &&
		ip -n "$lan" link set to-lns master lan0 up && ip -n "$lns" link set lan0 up &&
		world_in lan ethtool -K to-lns tx off tso off gso off gro off >/dev/null &&
		world_in lns ethtool -K lan0 tx off tso off gso off gro off >/dev/null
}

# scene_two_lns: Culvert b is in the namespace lns2, with wan0 as Culvert a has it; core0 leads from one to
# the other by a bridge, which sees what passes.
scene_two_lns() {
	local core=$WORLD_PREFIX-core name ns
	scene_port && world_namespace lns2 && world_plug lns2 wan0 && world_namespace core &&
		ip -n "$core" link add lan0 type bridge && ip -n "$core" link set lan0 up || return 1
	for name in lns lns2; do
		ns=$WORLD_PREFIX-$name
		ip -n "$core" link add "to-$name" type veth peer name core0 netns "$ns" &&
			ip -n "$core" link set "to-$name" master lan0 up && ip -n "$ns" link set core0 up &&
			world_in core ethtool -K "to-$name" tx off tso off gso off gro off >/dev/null &&
			world_in $name ethtool -K core0 tx off tso off gso off gro off >/dev/null || return 1
	done
}

# scene_lns SCENE [FILE]: the configuration as the page has it; beside it what is this place's own. The
# password of alice is alices-password, the secret in lan-tunnel.secret the-lan-tunnel-secret.
scene_lns() {
	local yaml=$RUN/$LNS_NAME/culvert.yaml file
	mkdir -p "$RUN/$LNS_NAME" && scene_file "$1" "${2:-scene-$1.yaml}" >"$yaml" || return 1
	for file in $(grep -oE '[a-z0-9-]+\.secret' "$yaml" | sort -u); do
		if [[ $file == *tunnel.secret ]]; then
			lns_secret "$file" "the-${file%.secret}-secret"
		else
			lns_secret "$file" "${file%.secret}s-password"
		fi || return 1
	done
	cat >>"$yaml" <<YAML
control: { socket: $RUN/$LNS_NAME/control.sock }
workers: { count: 0, hugepages: never, memory: 256 }
YAML
}

# scene_instead SCENE FILE: of the configuration interfaces and routes as the page has them in that file, and
# what else is there.
scene_instead() {
	local yaml=$RUN/$LNS_NAME/culvert.yaml
	awk '/^[a-z]/ { out = /^(interfaces|routes):/ } !out' "$yaml" >"$yaml.new" &&
		scene_file "$1" "$2" >>"$yaml.new" && mv "$yaml.new" "$yaml"
}

# scene_port: Culvert's one port is wan0.
scene_port() {
	local lns=$WORLD_PREFIX-lns
	ip -n "$lns" link set lns0 down && ip -n "$lns" link set lns0 name wan0 up
}

SCENE_PKI=pki # whose CA scene_certificates and scene_swan are about: a folder of RUN

# scene_certificates SCENE NAME...: as the page makes them.
scene_certificates() {
	local scene=$1 pki=$RUN/$SCENE_PKI
	shift
	mkdir -p "$pki" && scene_file "$scene" certificates >"$pki/certificates" &&
		(cd "$pki" && sh ./certificates "$@")
}

# scene_dial SCENE GUEST USER [WORDS]: the client's files into the guest, a NAME-gateway's those of a gateway,
# and xl2tpd begins to dial; where the page has a script for that, it is given the words.
scene_dial() {
	local box=$RUN/guest-$2 file from=client
	[[ $3 != *-gateway ]] || from=gateway
	rm -rf "$box/client" && mkdir -p "$box/client" && rm -f "$box/address" || return 1
	for file in ip-down dial; do
		scene_file "$1" "$from/$file" >"$box/client/$file" || rm "$box/client/$file"
	done
	for file in xl2tpd.conf l2tp-secrets options.culvert chap-secrets ip-up; do
		scene_file "$1" "$from/$file" | scene_as "$3" >"$box/client/$file" || return 1
	done
	guest_run "$2" "set -- ${*:4}"'
cd /tmp/box/client
mkdir -p /etc/ppp/ip-up.d /etc/ppp/ip-down.d
cp xl2tpd.conf l2tp-secrets /etc/xl2tpd
cp options.culvert chap-secrets /etc/ppp
cp ip-up /etc/ppp/ip-up.d/culvert
printf "debug\nlogfile /tmp/box/pppd.log\n" >>/etc/ppp/options.culvert
cat >/etc/ppp/ip-up <<"X"
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin PPP_IFACE=$1
'"$IPSEC_ENV"'
run-parts /etc/ppp/ip-up.d
echo $4 >/tmp/box/address.new
mv /tmp/box/address.new /tmp/box/address
X
cat >/etc/ppp/ip-down <<"X"
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin PPP_IFACE=$1
run-parts /etc/ppp/ip-down.d
rm -f /tmp/box/address
X
[ ! -e ip-down ] || cp ip-down /etc/ppp/ip-down.d/culvert
chmod -R 755 /etc/ppp/ip-*
chmod 600 /etc/ppp/chap-secrets /etc/xl2tpd/l2tp-secrets
xl2tpd -D -c /etc/xl2tpd/xl2tpd.conf -s /etc/xl2tpd/l2tp-secrets -p /run/xl2tpd.pid \
	-C /run/xl2tpd/l2tp-control >/tmp/box/xl2tpd.log 2>&1 &
[ -e dial ] || exit 0
for wait in $(seq 100); do [ -p /run/xl2tpd/l2tp-control ] && break; sleep 0.1; done
cp dial /run/culvert-dial
sh /run/culvert-dial "$@" >/tmp/box/dial.log 2>&1 &'
}

# scene_swan SCENE GUEST FILE USER [OPTION...]: strongSwan with the page's file, and with the certificate
# of that name if there is one; options are charon's.
scene_swan() {
	local scene=$1 guest=$2 file=$3 user=$4 pki=$RUN/guest-$2/pki from=$RUN/$SCENE_PKI
	local options=$RUN/guest-$2/strongswan.d/page.conf
	shift 4
	rm -rf "$pki" && mkdir -p "$pki"/{x509ca,x509,private} "${options%/*}" || return 1
	if [ -e "$from/$user.crt" ]; then
		cp "$from/ca.crt" "$pki/x509ca" && cp "$from/$user.crt" "$pki/x509" &&
			cp "$from/$user.key" "$pki/private" || return 1
	fi
	scene_file "$scene" "${file%/*}/strongswan.conf" >"$options" || rm "$options"
	scene_file "$scene" "$file" | if [[ $file == client/* ]]; then scene_as "$user"; else cat; fi \
		>"$RUN/guest-$guest/swanctl.conf" || return 1
	ipsec_charon "$guest" "$@" && guest_run "$guest" "$IPSEC_ENV
rm -rf /run/strongswan/{x509ca,x509,private}
cp -r /tmp/box/pki/. /tmp/box/swanctl.conf /run/strongswan
swanctl --load-all --file /run/strongswan/swanctl.conf"
}

# scene1_boot: alice's machine A behind the NAT of siteA, bob's B and carol's C behind siteB's; red's gateway G
# and blue's H on the LAN.
scene1_boot() {
	local guest
	guest_boot A siteA 10.0.0.2 && guest_boot B siteB 10.0.0.2 && guest_boot C siteB 10.0.0.3 &&
		guest_boot G lan 172.16.5.9 && guest_boot H lan 172.16.5.10 || return 1
	for guest in A B C G H; do
		guest_wait $guest || return 1
	done
	scene1_behind G && scene1_behind H
}

# scene1_behind GUEST: the network behind a gateway: a host of it.
scene1_behind() {
	guest_run "$1" 'ip addr add 172.31.0.1/24 dev lo
ip addr add 2001:db8:ff::1/64 dev lo nodad'
}

# scene1_certificates CUSTOMER NAME...: of its own CA, whose folder is SCENE_PKI=pki-CUSTOMER.
scene1_certificates() {
	local SCENE_PKI=pki-$1
	scene_certificates 3 "${@:2}"
}

# scene2_boot: alice's machine A and bob's B behind the NAT of `site`, the gateway G on the LAN.
scene2_boot() {
	guest_boot A site 10.0.0.2 && guest_boot B site 10.0.0.3 && guest_boot G lan &&
		guest_wait A && guest_wait B && guest_wait G &&
		guest_run G 'ip addr flush dev vec0
ip addr add 198.51.100.9/24 dev vec0
ip addr add 172.31.0.1/24 dev lo
ip addr add 2001:db8:5::9/56 dev vec0 nodad
ip addr add 2001:db8:ff::1/64 dev lo nodad'
}

# scene3_boot: alice's machine A and carol's C behind the NAT of siteA, bob's B and dave's D behind siteB's.
scene3_boot() {
	local guest
	guest_boot A siteA 10.0.0.2 && guest_boot B siteB 10.0.0.2 && guest_boot C siteA 10.0.0.3 &&
		guest_boot D siteB 10.0.0.3 || return 1
	for guest in A B C D; do
		guest_wait $guest || return 1
	done
}

# scene_address6 GUEST BEGINNING: what it has formed on its way into the tunnel.
scene_address6() {
	guest_run "$1" "for wait in \$(seq 200); do
	ip -6 -o addr show scope global | sed -n 's| */.*||; s|.* inet6 $2|$2|p' | grep . && exit
	sleep 0.1
done
exit 1"
}

# scene_meet6 FROM BEGINNING TO BEGINNING: what is lost until IPsec is up is sent again, until it is answered;
# then 1200 bytes without loss, by IPsec between two addresses of these beginnings.
scene_meet6() {
	local from to
	from=$(scene_address6 "$1" "$2") && to=$(scene_address6 "$3" "$4") && echo "from $from to $to" &&
		guest_run "$1" "for try in \$(seq 60); do
	ping -c 1 -W 1 $to && break
done" && guest_pings "$1" 5 -i 0.1 -s 1200 "$to" &&
		guest_run "$1" "ip xfrm state | grep 'src $from dst $to'"
}
