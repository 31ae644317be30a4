# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# frr.sh - FRR in namespaces of a world: one instance each, with its files in /etc/frr and /run/frr
# under the namespace's name, since its daemons, which run as frr, read no other places. Needs
# world.sh. frr_open has them removed with the world.

FRR_DAEMONS="zebra bfdd bgpd"

frr_missing() {
	local tool
	for tool in zebra bfdd bgpd; do
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
	[ -n "$prefix" ] && rm -rf "/etc/frr/$prefix"-* "/run/frr/$prefix"-*
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

# frr_ask NAME COMMAND...: what its shell says.
frr_ask() {
	local name=$1 command words=()
	shift
	for command; do words+=(-c "$command"); done
	world_in "$name" vtysh -N "$WORLD_PREFIX-$name" "${words[@]}"
}
