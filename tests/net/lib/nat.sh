# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# nat.sh - NATs of every kind that nftables can make, in place of a site's own. Needs world.sh.

# nat_kind SITE ADDRESS KIND: from now on; mappings are forgotten. The site's outer address is ADDRESS.
#   routed          none
#   full            who has sent is reached by anybody (a full cone)
#   address         by those addresses that he has sent to
#   port            by address and port: Linux's own
#   block           the same, with ports of a range
#   hash            the same, with other ports, whatever the target
#   target          a port for each target address
#   symmetric       a port for each target address and port
#   pinned          as nat_pin says
#   blocks FROM-TO  a carrier's: ports of the block that each customer has, here all the same one
nat_kind() {
	local ns=$WORLD_PREFIX-$1 address=$2 to=masquerade back=''
	case $3 in
	routed) to='' ;;
	full) back='iifname "wan0" dnat ip to udp dport map @held' ;;
	address) back='iifname "wan0" udp dport . ip saddr @met dnat ip to udp dport map @held' ;;
	port) ;;
	block) to='meta l4proto { tcp, udp } masquerade to :40000-40999' ;;
	hash) to="meta l4proto udp snat ip to $address : jhash ip saddr . udp sport mod 65536 seed 7" ;;
	target) to="meta l4proto udp snat ip to $address : jhash ip saddr . ip daddr . udp sport mod 65536 seed 7" ;;
	symmetric) to='masquerade fully-random' ;;
	pinned) to='meta l4proto udp snat ip to ip saddr . udp sport map @pinned' ;;
	blocks) to="meta l4proto { tcp, udp } snat to $address:$4 random" ;;
	*)
		echo "nat_kind: unknown $3"
		return 2
		;;
	esac
	world_in "$1" sysctl -qw net.ipv4.ip_forward=1 &&
		world_in "$1" nft -f - <<NFT || return 1
table ip filter; delete table ip filter
table ip nat; delete table ip nat
table ip nat {
	map held { type inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 30s; }
	set met { type inet_service . ipv4_addr; flags dynamic,timeout; timeout 30s; }
	map pinned { type ipv4_addr . inet_service : ipv4_addr . inet_service; }
	chain back { type nat hook prerouting priority dstnat; $back; }
	chain to { type nat hook postrouting priority srcnat; ${to:+oifname "wan0" $to}; }
	chain note {
		type filter hook postrouting priority 110
		oifname "wan0" ct direction original meta l4proto udp update @held { udp sport : ct original ip saddr . ct original proto-src } update @met { udp sport . ip daddr }
	}
}
NFT
	world_in "$1" sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null # a bridge would translate first
	world_in "$1" conntrack -F >/dev/null 2>&1
	ip -n "$ns" route flush cache
}

# nat_host NAME SITE ADDRESS: a host in a site's LAN, which is a namespace.
nat_host() {
	local ns=$WORLD_PREFIX-$1 site=$WORLD_PREFIX-$2
	world_namespace "$1" && ip -n "$site" link add "to-$1" type veth peer name eth0 netns "$ns" &&
		ip -n "$site" link set "to-$1" master lan0 up &&
		ip -n "$ns" addr add "$3/24" dev eth0 && ip -n "$ns" link set eth0 up &&
		ip -n "$ns" route add default via 10.0.0.1
}

# nat_firewall SITE PROFILE: what leaves the site beside answers, from now on.
#   open     everything
#   noesp    no ESP and AH
#   hotel    neither these nor IKE nor UDP 1701
#   tcp443   the web and DNS
nat_firewall() {
	local rule
	case $2 in
	open) rule=accept ;;
	noesp) rule='meta l4proto { tcp, udp, icmp } accept' ;;
	hotel) rule='udp dport != { 500, 1701, 4500 } accept; meta l4proto { tcp, icmp } accept' ;;
	tcp443) rule='tcp dport { 53, 80, 443 } accept; udp dport 53 accept' ;;
	*)
		echo "nat_firewall: unknown $2"
		return 2
		;;
	esac
	world_in "$1" nft -f - <<NFT || return 1
table ip firewall; delete table ip firewall
table ip firewall {
	chain out {
		type filter hook forward priority filter; policy drop
		ct state established,related accept
		iifname "wan0" ct status dnat accept
		iifname "wan0" drop
		$rule
	}
}
NFT
	world_in "$1" conntrack -F >/dev/null 2>&1 || true
}

# nat_pin SITE ADDRESS CLIENT:PORT=PORT...: which outer port of ADDRESS each has, all at once; of kind pinned.
nat_pin() {
	local site=$1 address=$2 word inside elements=''
	shift 2
	for word; do
		inside=${word%=*}
		elements+="${elements:+, }${inside%:*} . ${inside#*:} : $address . ${word#*=}"
	done
	world_in "$site" nft -f - <<<"flush map ip nat pinned; add element ip nat pinned { $elements }" &&
		nat_forget "$site"
}

# nat_forget SITE: its mappings, as in a reboot.
nat_forget() {
	world_in "$1" conntrack -D -p udp >/dev/null 2>&1
	true
}

# nat_silent SITE: what comes for a mapping that it has forgotten it drops without a word. Else its own stack
# says that nobody has that port, and an entry takes it from whoever is to have it next, for 30 s.
nat_silent() {
	world_in "$1" nft -f - <<'NFT'
table ip silent {
	chain in {
		type filter hook input priority filter
		iifname "wan0" udp dport != 0 drop
	}
}
NFT
}

# nat_readdress SITE NEW/LENGTH: its outer address is another one. Of masquerade the kernel forgets the
# mappings of the one that goes.
nat_readdress() {
	local ns=$WORLD_PREFIX-$1
	ip -n "$ns" addr flush dev wan0 && ip -n "$ns" addr add "$2" dev wan0
}

# nat_carrier NAME ADDRESS SITE: a carrier's NAT with the outer ADDRESS, between a site's and the world.
nat_carrier() {
	local ns=$WORLD_PREFIX-$1 site=$WORLD_PREFIX-$3
	world_namespace "$1" && world_plug "$1" wan0 && ip -n "$ns" addr add "$2/24" dev wan0 &&
		ip -n "$site" link del wan0 &&
		ip -n "$ns" link add lan0 type veth peer name wan0 netns "$site" &&
		world_in "$1" ethtool -K lan0 tx off tso off gso off gro off >/dev/null &&
		world_in "$3" ethtool -K wan0 tx off tso off gso off gro off >/dev/null &&
		ip -n "$ns" addr add 100.64.0.1/24 dev lan0 && ip -n "$ns" link set lan0 up &&
		ip -n "$site" addr add 100.64.0.2/24 dev wan0 && ip -n "$site" link set wan0 up &&
		ip -n "$site" route add default via 100.64.0.1
}
