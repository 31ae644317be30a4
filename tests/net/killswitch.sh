#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# killswitch.sh - culvert-client's kill switch: what of a host leaves for protected networks, in both
# families, and what it forwards there.
#
# Speaks TAP. CULVERT_CLIENT names the program, by default that in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
CLIENT=$(readlink -f "${CULVERT_CLIENT:-$HERE/../../build/app/culvert-client/culvert-client}")

FAR=10.1.0.1 FAR6=2001:db8:1::1       # in the protected networks
RESOLVER=10.1.0.53                     # there, too
LNS=10.1.0.17 LNS6=2001:db8:1::17      # likewise
BESIDE=10.2.0.1 BESIDE6=2001:db8:2::1 # not

tap_requires guest

# box - far: a cable, all networks are behind far.
hosts() {
	local address
	world_namespace box && world_namespace far && world_namespace behind || return 1
	ip -n "$WORLD_PREFIX-box" link add far0 type veth peer name box0 netns "$WORLD_PREFIX-far" &&
		ip -n "$WORLD_PREFIX-behind" link add box1 type veth peer name in0 netns "$WORLD_PREFIX-box"
	world_in box sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv4.ip_forward=1
	world_in far sysctl -qw net.ipv6.conf.all.disable_ipv6=0
	for address in 10.9.0.2/24 2001:db8:9::2/64; do
		ip -n "$WORLD_PREFIX-box" address add $address dev far0 nodad
	done
	for address in 10.9.0.1/24 2001:db8:9::1/64; do
		ip -n "$WORLD_PREFIX-far" address add $address dev box0 nodad
	done
	for address in $FAR $RESOLVER $LNS $BESIDE $FAR6 $LNS6 $BESIDE6; do
		ip -n "$WORLD_PREFIX-far" address add $address dev lo
	done
	ip -n "$WORLD_PREFIX-box" address add 10.8.0.1/24 dev in0
	ip -n "$WORLD_PREFIX-behind" address add 10.8.0.2/24 dev box1
	ip -n "$WORLD_PREFIX-box" link set far0 up && ip -n "$WORLD_PREFIX-far" link set box0 up &&
		ip -n "$WORLD_PREFIX-box" link set in0 up && ip -n "$WORLD_PREFIX-behind" link set box1 up &&
		ip -n "$WORLD_PREFIX-box" route add default via 10.9.0.1 &&
		ip -n "$WORLD_PREFIX-box" -6 route add default via 2001:db8:9::1 &&
		ip -n "$WORLD_PREFIX-far" route add 10.8.0.0/24 via 10.9.0.2 &&
		ip -n "$WORLD_PREFIX-behind" route add default via 10.8.0.1 &&
		world_until 10 world_in box ping -c 1 -W 1 $FAR && world_until 10 world_in box ping -c 1 -W 1 $FAR6
}

# configure NAME PROTECTED: a connection of this name, whose file is $RUN/NAME.yaml.
configure() {
	cat >"$RUN/$1.yaml" <<X
connections:
  - name: $1
    gateway: $FAR
    lns: [$LNS, "$LNS6"]
    ports: [1701, 443]
    secret: none
    user: alice
    password-file: alice.secret
    kill-switch: true
    protected: [$2]
    resolvers: $RESOLVER
X
	(umask 077 && echo hush >"$RUN/alice.secret")
}

# switch_on NAMESPACE NAME
switch_on() {
	world_in "$1" "$CLIENT" --config "$RUN/$2.yaml" kill-switch "$2"
}

send_all() {
	world_in box "$HERE/leaks.py" $FAR $RESOLVER $LNS $BESIDE $FAR6 $LNS6 $BESIDE6
	world_in behind "$HERE/leaks.py" $FAR $BESIDE
}

# left NAME FILTER: how many packets of a capture there were of these.
left() {
	capture_find "$1" "!icmp && !icmpv6 && $2" | wc -l # errors quote what they are about
}

# passed FILTER / held FILTER: each such packet left when there was no kill switch, and left again, or
# did not.
passed() {
	local before after
	before=$(left before "$1") after=$(left after "$1")
	[ "$before" -gt 0 ] && [ "$after" = "$before" ] || {
		echo "$1: $before before, $after after"
		return 1
	}
}

held() {
	local before after
	before=$(left before "$1") after=$(left after "$1")
	[ "$before" -gt 0 ] && [ "$after" = 0 ] || {
		echo "$1: $before before, $after after"
		return 1
	}
}

both() {
	capture_start far box0 before && send_all && capture_stop before && switch_on box office &&
		capture_start far box0 after && send_all && capture_stop after
}

ipsec_passes() {
	local at
	for at in "ip.dst == $FAR" "ipv6.dst == $FAR6"; do
		passed "udp.dstport == 500 && $at" && passed "udp.dstport == 4500 && $at" &&
			passed "esp && !udp && $at" && passed "ah && $at" || return 1
	done
}

tunnel_passes() {
	local at
	for at in "ip.dst == $LNS" "ipv6.dst == $LNS6"; do
		passed "udp.dstport == 1701 && $at" && passed "udp.dstport == 443 && $at" &&
			passed "udp.dstport == 3478 && $at" && held "udp.dstport == 9 && $at" &&
			held "tcp.dstport == 80 && $at" || return 1
	done
}

rest_is_held() {
	local at port
	for at in "ip.dst == $FAR" "ipv6.dst == $FAR6"; do
		for port in 1701 443 3478 53 9; do
			held "udp.dstport == $port && $at" || return 1
		done
		held "tcp.dstport == 80 && $at" && held "tcp.dstport == 53 && $at" && held "gre && $at" || return 1
	done
}

others_pass() {
	local at
	for at in "ip.dst == $BESIDE" "ipv6.dst == $BESIDE6"; do
		passed "udp.dstport == 9 && $at" && passed "tcp.dstport == 80 && $at" && passed "gre && $at" ||
			return 1
	done
}

resolver_passes() {
	passed "udp.dstport == 53 && ip.dst == $RESOLVER" && passed "tcp.dstport == 53 && ip.dst == $RESOLVER" &&
		held "udp.dstport == 9 && ip.dst == $RESOLVER"
}

forwarded() {
	held "udp.dstport == 9 && ip.src == 10.8.0.2 && ip.dst == $FAR" &&
		passed "udp.dstport == 9 && ip.src == 10.8.0.2 && ip.dst == $BESIDE"
}

# routed_by CAPTURE: what goes to a network that is not protected first.
routed_by() {
	capture_start far box0 "$1" && world_in box "$HERE/leaks.py" --by $BESIDE $FAR &&
		world_in box "$HERE/leaks.py" --by $BESIDE6 $FAR6 && capture_stop "$1"
}

source_routed() {
	world_in box nft delete table inet culvert-client-office && routed_by before-routed && switch_on box office &&
		routed_by after-routed && [ "$(left before-routed "udp.dstport == 9 && ip")" = 1 ] &&
		[ "$(left before-routed "udp.dstport == 9 && ipv6")" = 1 ] && [ "$(left after-routed udp)" = 0 ]
}

# A table in place of another one lets some out that come between the two.
set_again() {
	capture_start far box0 again && world_spawn box flood "$HERE/leaks.py" --flood 4 $FAR || return 1
	for _ in $(seq 40); do
		switch_on box office || return 1
	done
	world_until 20 grep -q . "$RUN/flood.log" && capture_stop again && cat "$RUN/flood.log" &&
		[ "$(cat "$RUN/flood.log")" -gt 1000 ] && [ "$(left again "udp.dstport == 9")" = 0 ]
}

# flushed [OPTION]: whoever flushes all rules takes the switch along; what runs puts it back.
flushed() {
	world_spawn box client "$CLIENT" --config "$RUN/office.yaml" "$@" run office &&
		world_until 20 world_in box "$CLIENT" --config "$RUN/office.yaml" status office || return 1
	for _ in 1 2 3; do
		world_in box nft flush ruleset
		world_until 10 world_in box nft list table inet culvert-client-office || return 1
	done
	grep -E 'kill-switch-gone connection=office put-back=yes' "$RUN/client.log" && ! world_in box ping -c 1 -W 1 $FAR &&
		world_in box nft list table inet culvert-client-office | grep $LNS || return 1
	world_stop client
	world_in box nft list table inet culvert-client-office >/dev/null
}

flushed_by_key() {
	sed -i "1i directory: $RUN/run\nrun-as: nobody" "$RUN/office.yaml"
	sed -i 's/    kill-switch/    way: relay\n&/' "$RUN/office.yaml"
	flushed
}

# Without the key nobody puts it back; with the option, who runs does.
flushed_by_option() {
	sed -i '/kill-switch/d' "$RUN/office.yaml"
	world_in box nft flush ruleset && flushed --kill-switch
}

# Taken away by force also where the configuration has none any more.
forced() {
	sed -i '/kill-switch\|protected\|resolvers/d' "$RUN/office.yaml"
	world_in box "$CLIENT" --config "$RUN/office.yaml" down --force office && [ -z "$(world_in box nft list ruleset)" ]
}

# With everything protected, neighbours are found yet, so IPsec goes on.
all_of_it() {
	configure all '0.0.0.0/0, "::/0"' && switch_on box all || return 1
	ip -n "$WORLD_PREFIX-box" neigh flush dev far0
	! world_in box ping -c 1 -W 1 $BESIDE && ! world_in box ping -c 1 -W 1 $BESIDE6 &&
		world_in box ping -c 1 -W 1 127.0.0.1 && capture_start far box0 all &&
		world_in box "$HERE/leaks.py" $BESIDE6 $BESIDE && capture_stop all &&
		[ "$(left all "udp.dstport == 500")" = 2 ] && [ "$(left all "tcp || gre")" = 0 ]
}

# Each connection has a table of its own; the second one goes, the first one stays.
own_tables() {
	world_in box nft delete table inet culvert-client-all && world_in box ping -c 1 -W 1 $BESIDE &&
		! world_in box ping -c 1 -W 1 $FAR && switch_on box office &&
		[ "$(world_in box nft list tables | wc -l)" = 1 ]
}

# As somebody types it who has no right to.
complains() {
	local said
	said=$(world_in box setpriv --reuid 65534 --clear-groups "$CLIENT" --config "$RUN/office.yaml" \
		kill-switch office 2>&1) && return 1
	echo "$said" | grep -E 'culvert-client: .*(permitted|denied)' || return 1
	said=$(world_in box "$CLIENT" --config "$RUN/office.yaml" kill-switch offce 2>&1)
	[ $? = 2 ] && echo "$said" | grep -F "has no connection 'offce'; it has office"
}

# ---- IPsec of the kernel's own ----

KEYS="enc cbc(aes) 0x00112233445566778899aabbccddeeff auth hmac(sha256)
	0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

kernel_has_esp() {
	# shellcheck disable=SC2086 # several words
	world_in behind ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 1 mode tunnel $KEYS 2>/dev/null
}

# xfrm add|delete: SAs and policies between the two, at both.
xfrm() {
	local host
	for host in box far; do
		if [ "$1" = delete ]; then
			world_in $host ip xfrm state flush && world_in $host ip xfrm policy flush
			continue
		fi
		# shellcheck disable=SC2086 # several words
		world_in $host ip xfrm state add src 10.9.0.2 dst 10.9.0.1 proto esp spi 0x1001 mode tunnel $KEYS &&
			world_in $host ip xfrm state add src 10.9.0.1 dst 10.9.0.2 proto esp spi 0x1002 \
				mode tunnel $KEYS || return 1
	done
	[ "$1" = delete ] ||
		{ policy box out 10.9.0.2 $FAR 10.9.0.2 10.9.0.1 && policy box in $FAR 10.9.0.2 10.9.0.1 10.9.0.2 &&
			policy far in 10.9.0.2 $FAR 10.9.0.2 10.9.0.1 && policy far out $FAR 10.9.0.2 10.9.0.1 10.9.0.2; }
}

# policy HOST WAY FROM TO OUTER-FROM OUTER-TO
policy() {
	world_in "$1" ip xfrm policy add src "$3" dst "$4" dir "$2" tmpl src "$5" dst "$6" proto esp mode tunnel
}

# What it encrypts leaves, also where the gateway is in a protected network itself; without it, nothing.
encrypted() {
	configure both "10.1.0.0/16, 10.9.0.0/24" && switch_on box both && xfrm add &&
		world_in box ping -c 3 -i 0.2 -W 2 $FAR && xfrm delete && ! world_in box ping -c 1 -W 1 $FAR
}

tap_plan 18
world_open

tap_need "a host, one behind it, and networks beyond" hosts
tap_need "one packet of each kind before and after" eval \
	"configure office '10.1.0.0/16, \"2001:db8:1::/48\"' && both"
tap_check "IKE, ESP and AH leave for protected networks" ipsec_passes
tap_check "so does the tunnel to the LNS, and nothing else to it" tunnel_passes
tap_check "and DNS to the resolver that is named" resolver_passes
tap_check "nothing else does" rest_is_held
tap_check "other networks are as they were" others_pass
tap_check "the same of what is forwarded" forwarded
tap_check "nor what is to go to other networks first, and from there to these" source_routed
tap_check "set again under a flood, nothing comes between" set_again
tap_check "with everything protected neighbours are found yet" all_of_it
tap_check "each connection has a table of its own" own_tables
tap_check "who may not is told so, and who mistypes, too" complains
if kernel_has_esp; then
	tap_check "what IPsec has encrypted leaves, and nothing when it is gone" encrypted
else
	tap_skip "what IPsec has encrypted leaves" "this kernel has no ESP"
fi
tap_check "rules are flushed by somebody else: the switch comes back" flushed_by_key
tap_check "the same with --kill-switch in place of the key" flushed_by_option
tap_check "and goes by force, also where the configuration no longer has it" forced
tap_check "nothing is left behind" world_vanish
tap_end
