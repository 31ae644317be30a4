#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# inner6.sh - IPv6 inside PPP with clients that nobody here wrote: Debian's pppd and the kernel form an
# address by our router advertisement, dhcpcd and wide-dhcpv6-client get a prefix for the network
# behind a client, and both reach the LNS and the other client.
#
# Speaks TAP. CULVERTD names the daemon, by default build/app/culvertd/culvertd.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

tap_requires guest lns
for tool in dhcpcd dhcp6c; do
	command -v $tool >/dev/null || tap_skip_all "$tool is missing (./dpdk-setup.sh install gets it)"
done

POOL6=2001:db8:1: DELEGATE=2001:db8:1 # how texts of what they hold begin
LNS6=2001:db8:1::1

configure() {
	lns_configure secret=tunnelsecret policy=any userA:pass-a userB:pass-b &&
		sed -i 's|policy: any|&, pool6: "2001:db8:1::/48", delegate: "2001:db8:100::/40",\
    dns6: [ "2001:db8::53" ]|' "$RUN/lns/culvert.yaml" && grep pool6 "$RUN/lns/culvert.yaml"
}

# A is a router: it takes advertisements only if it was told to before ppp0 is there.
prepare() {
	local guest
	guest_run A 'sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_ra=2
/run/modprobe dummy numdummies=0
ip link add lan0 type dummy && ip link set lan0 up' || return 1
	for guest in A B; do
		guest_run $guest 'for d in dhcpcd dhcpv6; do
	[ ! -d /var/lib/$d ] || mount -t tmpfs tmpfs /var/lib/$d || exit 1
done' || return 1
	done
}

dial() {
	client_dial A user=userA password=pass-a secret=tunnelsecret &&
		client_dial B user=userB password=pass-b secret=tunnelsecret mode=userspace &&
		client_wait A && client_wait B
}

# address6 GUEST INTERFACE BEGINNING: its address that begins so, once it has one.
address6() {
	guest_run "$1" "for wait in \$(seq 200); do
	a=\$(ip -6 -o addr show dev $2 scope global 2>/dev/null | grep -o 'inet6 $3[^/]*' | head -1)
	[ -z \"\$a\" ] || { echo \${a#inet6 }; exit; }
	sleep 0.1
done
ip -6 addr; ip -6 route; exit 1"
}

# Each has an address in a /64 of its own, and a way out.
slaac() {
	local a b
	a=$(address6 A ppp0 $POOL6) && b=$(address6 B ppp0 $POOL6) || {
		echo "$a" "$b"
		return 1
	}
	echo "$a $b"
	prefix64 "$a" >"$RUN/prefix"
	[ "$(prefix64 "$a")" != "$(prefix64 "$b")" ] &&
		guest_run A "ip -6 route | grep '^default via fe80::.* dev ppp0'" &&
		guest_run B "ip -6 route | grep '^default via fe80::.* dev ppp0'" &&
		told userA "$(prefix64 "$a")" && told userB "$(prefix64 "$b")"
}

prefix64() {
	python3 -c 'import ipaddress, sys
print(ipaddress.IPv6Network(sys.argv[1] + "/64", strict=False))' "$1"
}

# told USER PREFIX: culvertctl shows that it has it, delegated or as its /64.
told() {
	lns_rows sessions '{user} {prefix6} {delegated} {ipv6cp}' | tee /dev/stderr |
		grep -E "^$1 (.* )?$2 .*Opened"
}

ping6() { # GUEST ADDRESS [OPTIONS]
	guest_run "$1" "ping -6 -c 3 -i 0.2 -W 5 ${3:-} $2"
}

to_lns() {
	local local6
	local6=$(lns_rows sessions '{user} {local6}' | sed -n 's/^userA //p')
	ping6 A $LNS6 && ping6 B $LNS6 && ping6 A "$local6%ppp0"
}

to_each_other() {
	ping6 A "$(address6 B ppp0 $POOL6)" && ping6 B "$(address6 A ppp0 $POOL6)" '-s 1300'
}

# Nothing that we sent inside is malformed or has a wrong checksum.
sound() {
	local bad
	capture_stop first && capture_sound first "$LNS_ADDRESS" || return 1
	for what in icmpv6.type==134 icmpv6.type==129; do
		[ -n "$(capture_find first "$what && ip.src == $LNS_ADDRESS" | head -1)" ] || {
			echo "no $what"
			return 1
		}
	done
	bad=$(capture_find first "ip.src == $LNS_ADDRESS && icmpv6.checksum.status == 0")
	[ -z "$bad" ] || {
		printf '%s\n' "$bad"
		return 1
	}
}

dhcpcd_start() {
	guest_run A "printf '%s\n' noipv4 'allowinterfaces ppp0 lan0' 'nohook resolv.conf, hostname' release \
	'option dhcp6_name_servers' 'interface ppp0' '  ia_pd 1/::/56 lan0/1/64' >/run/dhcpcd.conf
dhcpcd -6 -B -d -f /run/dhcpcd.conf ppp0 >/tmp/box/dhcpcd.log 2>&1 & echo \$! >/run/dhcpcd.pid"
}

delegated_to_a() {
	lns_rows sessions '{user} {delegated}' | sed -n 's/^userA //p'
}

is_delegated() {
	local prefix
	prefix=$(delegated_to_a)
	[ "$prefix" != None ] && echo "$prefix" >"$RUN/delegated"
}

# lan0 has an address of what culvertctl says is delegated, and B reaches it.
behind() {
	local a
	a=$(address6 A lan0 $DELEGATE) || {
		echo "$a"
		return 1
	}
	is_delegated && echo "$a in $(cat "$RUN/delegated")" &&
		python3 -c 'import ipaddress, sys
p = ipaddress.IPv6Network(sys.argv[2])
sys.exit(p.prefixlen != 56 or ipaddress.IPv6Address(sys.argv[1]) not in p)' "$a" "$(cat "$RUN/delegated")" &&
		ping6 B "$a"
}

with_dhcpcd() {
	dhcpcd_start && behind
}

released() {
	[ "$(delegated_to_a)" = None ]
}

dhcpcd_ends() {
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run A 'kill $(cat /run/dhcpcd.pid)' && world_until 10 released
}

# Behind it there is what dhcpcd was given.
with_wide() {
	local before
	before=$(cat "$RUN/delegated")
	guest_run A "printf '%s\n' 'interface ppp0 {' 'send ia-pd 1;' \
	' request domain-name-servers; script \"/bin/true\"; };' \
	'id-assoc pd 1 { prefix-interface lan0 { sla-id 2; sla-len 8; }; };' >/run/dhcp6c.conf
ip -6 addr flush dev lan0 scope global
dhcp6c -f -D -c /run/dhcp6c.conf ppp0 >/tmp/box/dhcp6c.log 2>&1 & echo \$! >/run/dhcp6c.pid" && behind &&
		[ "$(cat "$RUN/delegated")" = "$before" ]
}

wide_ends() {
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run A 'kill $(cat /run/dhcp6c.pid)' && world_until 10 released
}

stateless() {
	guest_run B "printf '%s\n' 'interface ppp0 {' 'information-only;' \
	' request domain-name-servers; script \"/bin/true\"; };' >/run/dhcp6c.conf
timeout 5 dhcp6c -f -D -c /run/dhcp6c.conf ppp0 >/tmp/box/dhcp6c.log 2>&1; grep -i 'nameserver.*2001:db8::53' /tmp/box/dhcp6c.log"
}

# A user's /64 is the same when he dials again. (dhcpcd takes the kernel's address and routes along
# when it ends.)
again() {
	local after
	client_dial A user=userA password=pass-a secret=tunnelsecret && client_wait A &&
		after=$(address6 A ppp0 $POOL6) || return 1
	after=$(prefix64 "$after")
	echo "before $(cat "$RUN/prefix"), after $after"
	[ "$after" = "$(cat "$RUN/prefix")" ]
}

# Who hangs up leaves nothing: his prefix leads nowhere.
gone() {
	local a
	a=$(address6 A ppp0 $POOL6)
	ping6 B "$a" && client_hang_up A && ! ping6 B "$a" '-W 1'
}

# A group that gives no addresses: pppd takes the Protocol-Reject of IPCP, and lives by IPV6CP.
alone() {
	sed -i 's|address: 10.88.0.1, pool: \[10.88.1.0/24\], ||' "$RUN/lns/culvert.yaml" &&
		lns_ctl reload && client_dial A user=userA password=pass-a secret=tunnelsecret &&
		address6 A ppp0 $POOL6 || return 1
	lns_rows sessions '{user} {address} {ipcp} {ipv6cp}' | tee /dev/stderr | grep -x 'userA None - Opened' &&
		ping6 A $LNS6 && ! guest_run A "ip -4 -o addr show dev ppp0 | grep ." &&
		lns_ctl sessions --trex user=userA 2>"$RUN/left-out" | wc -l | grep -x 1 &&
		grep -x 'culvertctl: sessions left out, .*: 1' "$RUN/left-out"
}

tap_plan 20
world_open
world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 || exit 2
for guest in A B; do
	tap_logs "$RUN"/guest-$guest/{console,xl2tpd,pppd,dhcpcd,dhcp6c}.log
done
tap_logs "$RUN/$LNS_LOG"

tap_need "a configuration with IPv6 prefixes" configure
tap_need "two guests boot" guests_boot
tap_need "one routes for a network of its own" prepare
tap_need "Culvert is ready" lns_start
tap_need "capture at the LNS's port" capture_start wan to-lns first
tap_need "both dial in, with kernel and userspace L2TP" dial
tap_need "pppd and the kernel: an address by router advertisement, each in its own /64" slaac
tap_check "both reach the LNS over IPv6" to_lns
tap_check "they reach each other" to_each_other
tap_check "what went out is sound" sound
tap_check "dhcpcd: a prefix for the network behind, which the other client reaches" with_dhcpcd
tap_check "dhcpcd gives it back" dhcpcd_ends
tap_need "it dials again, and has the same /64" again
tap_check "wide-dhcpv6-client: the same prefix" with_wide
tap_check "wide-dhcpv6-client gives it back" wide_ends
tap_check "wide-dhcpv6-client asks for name servers alone" stateless
tap_check "hung up: nothing leads there any more" gone
tap_check "a group without IPv4: pppd lives by IPV6CP alone" alone
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_end
