# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# client6.sh - a site that is routed over IPv6, and an L2TP client in a guest behind it whose kernel
# carries L2TP over IPv6 (xl2tpd has none). Needs client.sh.

# client6_site SITE ADDRESS LAN: the site gets a global ADDRESS (/64) outside and LAN::1 inside,
# routes, and is what Culvert has as its gateway: fe80::1.
client6_site() {
	local ns=$WORLD_PREFIX-$1
	world_in "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 \
		net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.wan0.disable_ipv6=0 \
		net.ipv6.conf.lan0.disable_ipv6=0 net.ipv6.conf.all.forwarding=1 &&
		ip -n "$ns" addr add fe80::1/64 dev wan0 nodad &&
		ip -n "$ns" addr add "$2/64" dev wan0 nodad &&
		ip -n "$ns" addr add "$3::1/64" dev lan0 nodad
}

# client6_dial GUEST LAN user=U password=P [lns=2001:db8::1]: the guest gets LAN::2, and dials from
# port 1703. What happens then is as with client_dial.
client6_dial() {
	local guest=$1 lan=$2 user='' password='' lns=2001:db8::1 word
	shift 2
	for word in "$@"; do
		local "${word?}"
	done
	guest_run "$guest" "
rm -f /tmp/box/address /tmp/box/dial6.log /tmp/box/pppd.log
/run/modprobe ipv6
ip addr replace $lan::2/64 dev vec0 nodad
ip -6 route replace default via $lan::1
cat >/etc/ppp/options.six <<X
$(client_ppp_options "$user" chap-md5 1400 5)
nodetach
X
printf '\"%s\" * \"%s\" *\n' '$user' '$password' >/etc/ppp/chap-secrets
cat >/etc/ppp/ip-up <<X
#!/bin/sh
/usr/sbin/ip route replace 10.88.0.0/16 dev \\\$1
echo \\\$4 >/tmp/box/address.new
mv /tmp/box/address.new /tmp/box/address
X
chmod 755 /etc/ppp/ip-up
chmod 600 /etc/ppp/chap-secrets
python3 $GUEST_LIB/dial6.py $lan::2 $lns 1703 file /etc/ppp/options.six >/tmp/box/dial6.log 2>&1 &
echo \$! >/run/dial6.pid"
}

# client6_hang_up GUEST: ends pppd, and so the call and the tunnel.
client6_hang_up() {
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run "$1" '
kill "$(cat /run/dial6.pid)"
for wait in $(seq 200); do
	kill -0 "$(cat /run/dial6.pid)" 2>/dev/null || exit 0
	sleep 0.1
done
exit 1'
}
