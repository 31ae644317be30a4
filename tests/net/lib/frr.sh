# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# frr.sh - FRR in namespaces of a world: one instance each, with its files in /etc/frr and /run/frr
# under the namespace's name, since its daemons, which run as frr, read no other places. Needs
# world.sh; what looks into Culvert needs lns.sh. frr_open has them removed with the world.

FRR_DAEMONS="zebra bfdd bgpd" # in this order

frr_missing() {
	local tool
	for tool in zebra bfdd bgpd ospfd ospf6d; do
		[ -x /usr/lib/frr/$tool ] || {
			echo "no FRR (./dpdk-setup.sh install gets it)"
			return
		}
	done
}

# frr_open: after world_open.
frr_open() {
	trap 'frr_close; rm -f "$RUN.said"' EXIT
}

frr_close() {
	local prefix=$WORLD_PREFIX
	world_close
	# what ospfd writes has the same name whoever it is
	[ -n "$prefix" ] && rm -rf "/etc/frr/$prefix"-* "/run/frr/$prefix"-* /run/frr/ospf{,6}d-gr.json
}

# frr_configure NAME: the files of a namespace's daemons, from standard input: a daemon's begin at
# "@@ DAEMON"; what is before the first is each one's.
frr_configure() {
	local dir=/etc/frr/$WORLD_PREFIX-$1
	mkdir -p "$dir" "/run/frr/$WORLD_PREFIX-$1"
	echo 'no service integrated-vtysh-config' >"$dir/vtysh.conf"
	for daemon in $FRR_DAEMONS; do : >"$dir/$daemon.conf"; done
	awk -v dir="$dir" -v daemons="$FRR_DAEMONS" 'BEGIN { n = split(daemons, all, " ") }
		/^@@/ { to = $2; next }
		to != "" { print >(dir "/" to ".conf"); next }
		{ for (i = 1; i <= n; i++) print >(dir "/" all[i] ".conf") }'
	chown -R frr:frr "$dir" "/run/frr/$WORLD_PREFIX-$1"
}

# frr_start NAME: all its daemons, which stay in the background.
frr_start() {
	local daemon name=$WORLD_PREFIX-$1
	for daemon in $FRR_DAEMONS; do
		world_in "$1" "/usr/lib/frr/$daemon" -N "$name" -f "/etc/frr/$name/$daemon.conf" -d \
			>>"$RUN/frr-$1.log" 2>&1 || return 1
	done
}

# frr_serve NAME: all its daemons, with the frr.conf from standard input, as the package has vtysh read it.
frr_serve() {
	local name=$WORLD_PREFIX-$1
	cat >"$RUN/frr-$1.conf"
	echo "log file /run/frr/$name/log" | frr_configure "$1" && frr_start "$1" &&
		world_in "$1" vtysh -N "$name" -f "$RUN/frr-$1.conf"
}

# frr_ask NAME COMMAND...: what its shell says.
frr_ask() {
	local name=$1 command words=()
	shift
	for command; do words+=(-c "$command"); done
	world_in "$name" vtysh -N "$WORLD_PREFIX-$name" "${words[@]}"
}

# frr_vanish: closes the world, and fails if something of it is still there.
frr_vanish() {
	world_vanish && rm -rf "/etc/frr/$WORLD_PREFIX"-* "/run/frr/$WORLD_PREFIX"-* /run/frr/ospf{,6}d-gr.json
}

# ---- cables and routers ----

# cable NAME INTERFACE NAME INTERFACE
cable() {
	local a=$WORLD_PREFIX-$1 b=$WORLD_PREFIX-$3
	ip -n "$a" link add "$2" type veth peer name "$4" netns "$b" &&
		world_in "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null &&
		world_in "$3" ethtool -K "$4" tx off tso off gso off gro off >/dev/null
}

# router NAME: a namespace that forwards, and keeps its addresses when a link goes.
router() {
	world_namespace "$1" && world_in "$1" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.{all,default}.disable_ipv6=0 net.ipv6.conf.all.forwarding=1 \
		net.ipv6.conf.{all,default}.accept_dad=0 net.ipv6.conf.{all,default}.keep_addr_on_down=1
}

# plug_in NAME INTERFACE ADDRESS...
plug_in() {
	local name=$1 interface=$2 address
	shift 2
	for address; do ip -n "$WORLD_PREFIX-$name" addr add "$address" dev "$interface" || return 1; done
	ip -n "$WORLD_PREFIX-$name" link set "$interface" up
}

# packet_port INTERFACE [NAME]: a port of Culvert's whose frames the kernel must not see as well: it has an
# interface of its own for them.
packet_port() {
	local name=${2:-lns}
	world_in "$name" sysctl -qw "net.ipv6.conf.$1.disable_ipv6=1" &&
		ip -n "$WORLD_PREFIX-$name" link set "$1" arp off up &&
		world_in "$name" nft "table netdev $1 { chain in {
			type filter hook ingress device $1 priority 0; policy drop; }; }"
}

# ---- routes ----

# has NAME FAMILY PREFIX WHERE: a route of the kernel's leads there.
has() {
	ip -n "$WORLD_PREFIX-$1" -"$2" route show "$3" | grep -q "dev $4"
}

has_not() {
	[ -z "$(ip -n "$WORLD_PREFIX-$1" -"$2" route show "$3")" ]
}

# leads ADDRESS ROUTER...: Culvert sends it by one of these, whose MAC address it knows.
leads() {
	local address=$1 router
	shift
	lns_ctl lookup default "$address" >"$RUN/lookup"
	cat "$RUN/lookup"
	grep -qE 'leads to +via' "$RUN/lookup" || return 1
	for router; do grep -qE "interface +$router\$" "$RUN/lookup" && return; done
	return 1
}

# ---- packets of stream.py, which says in $RUN/flow how they go ----

# stream_client ADDRESS ADDRESS6: a session by port wire that sends to these; stream_gateway NAME ADDRESS
# ADDRESS6: who sends it back, in that namespace; stream NAME ADDRESS ADDRESS6: both.
stream_client() {
	world_spawn lns stream env PYTHONDONTWRITEBYTECODE=1 "$HERE/stream.py" client wire \
		"$LNS_ADDRESS" "$1" "$2" "$RUN/flow" "$LNS_CTL" --socket "$RUN/lns/control.sock"
}

stream_gateway() {
	world_spawn "$1" gateway env PYTHONDONTWRITEBYTECODE=1 "$HERE/stream.py" gateway "$2" "$3"
}

stream() {
	stream_gateway "$@" && stream_client "$2" "$3" && flows 50
}

flow() {
	awk -v n="$1" '{ print $n }' "$RUN/flow"
}

# So many more packets came back of either family.
flows() {
	local four six
	world_until 10 test -e "$RUN/flow"
	four=$(flow 2) six=$(flow 5)
	world_until 20 eval '[ "$(flow 2)" -ge '$((four + $1))' ] && [ "$(flow 5)" -ge '$((six + $1))' ]'
}
