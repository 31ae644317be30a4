# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# world.sh - a small internet in network namespaces, which vanishes with the script.
#
#   guests -- lan0 [site A: NAT, filter] wan0 --+
#                                               +-- bridge [wan] -- lns0 [lns]
#   guests -- lan0 [site B: NAT, filter] wan0 --+
#
# Namespaces carry the script's process ID, so that several runs can coexist. Every process
# of a world runs inside one of its namespaces: that is how world_close finds them all.

RUN=             # this world's directory: logs, mailboxes, secrets; RUN.said is tap.sh's
WORLD_PREFIX=    # what the names of its namespaces start with

# world_missing: what this machine lacks for a world, in words; nothing when it is fit.
world_missing() {
	local tool
	[ "$(id -u)" = 0 ] || {
		echo "not root"
		return
	}
	for tool in ip ethtool sysctl python3; do
		command -v "$tool" >/dev/null || {
			echo "$tool is missing (./dpdk-setup.sh install gets it)"
			return
		}
	done
}

# world_open: makes the directory and has everything removed when the script ends, however.
world_open() {
	RUN=$(mktemp -d "${TMPDIR:-/tmp}/culvert-net.XXXXXX") || exit 2
	WORLD_PREFIX=cv$$
	echo "$WORLD_PREFIX" >"$RUN/prefix"
	: >"$RUN/namespaces"
	trap 'world_close; rm -f "$RUN.said"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	world_namespace wan
	ip -n "$WORLD_PREFIX-wan" link add br0 type bridge
	ip -n "$WORLD_PREFIX-wan" link set br0 up
	world_namespace lns
	world_plug lns lns0
}

# world_adopt DIRECTORY: takes over a world which another script left running.
world_adopt() {
	RUN=$1
	[ -f "$RUN/prefix" ] && WORLD_PREFIX=$(cat "$RUN/prefix")
}

# world_close: ends every process in the namespaces, then removes them and the directory.
world_close() {
	[ -n "$RUN" ] && [ -d "$RUN" ] || return 0
	local name
	# shellcheck disable=SC2046 # several words
	kill $(jobs -p) 2>/dev/null
	world_kill TERM
	world_until 5 world_is_empty || world_kill KILL
	world_until 5 world_is_empty
	while read -r name; do
		ip netns del "$WORLD_PREFIX-$name"
	done <"$RUN/namespaces"
	world_until 5 rm -rf "$RUN" # again if an exit code was just being written
}

# world_vanish: closes it, and fails if something of it is still there.
world_vanish() {
	local pid pids command
	pids=$(world_pids)
	world_close
	for pid in $pids; do
		command=$(tr '\0' ' ' <"/proc/$pid/cmdline") # empty once it has ended
		[ -z "$command" ] || {
			echo "still running: $command"
			return 1
		}
	done 2>/dev/null
	! ip netns | grep "^$WORLD_PREFIX-" && [ ! -e "$RUN" ]
}

world_pids() {
	local name
	while read -r name; do
		ip netns pids "$WORLD_PREFIX-$name"
	done <"$RUN/namespaces"
}

world_kill() {
	local pid
	for pid in $(world_pids); do
		kill "-$1" "$pid" 2>/dev/null
	done
}

world_is_empty() {
	[ -z "$(world_pids)" ]
}

# world_until SECONDS COMMAND...: repeats the command until it succeeds, SECONDS at most. While other
# work keeps a CPU from those who want one, as the kernel counts, a quarter of the time counts.
world_until() {
	local left=$(($1 * 1000000)) passed lost then kept
	shift
	then=${EPOCHREALTIME/[.,]/}
	world_kept_from_cpu
	kept=$WORLD_KEPT
	until "$@" >/dev/null 2>&1; do
		passed=$((${EPOCHREALTIME/[.,]/} - then))
		world_kept_from_cpu
		lost=$((WORLD_KEPT - kept))
		left=$((left - passed + (lost < passed * 3 / 4 ? lost : passed * 3 / 4)))
		[ $left -gt 0 ] || return 1
		then=$((then + passed)) kept=$WORLD_KEPT
		sleep 0.05
	done
}

# world_kept_from_cpu: WORLD_KEPT is the microseconds since the machine's start in which somebody
# waited for a CPU; 0 where the kernel does not count them.
world_kept_from_cpu() {
	local total=total=0
	[ ! -r /proc/pressure/cpu ] || read -r _ _ _ _ total </proc/pressure/cpu
	WORLD_KEPT=${total#total=}
}

# world_within SECONDS COMMAND...: the same by the clock alone, where the time is what is tested.
world_within() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# world_namespace NAME: a namespace without IPv6's own chatter.
world_namespace() {
	echo "$1" >>"$RUN/namespaces"
	ip netns add "$WORLD_PREFIX-$1" &&
		world_in "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 &&
		ip -n "$WORLD_PREFIX-$1" link set lo up
}

# world_in NAME COMMAND...: runs a command in a namespace.
world_in() {
	local name=$1
	shift
	ip netns exec "$WORLD_PREFIX-$name" "$@"
}

# world_spawn NAME TAG COMMAND...: the same in the background; the process ID is in
# RUN/TAG.pid, what it prints in RUN/TAG.log, and at its end the exit code in RUN/TAG.rc.
world_spawn() {
	local name=$1 file=$RUN/$2
	shift 2
	rm -f "$file.pid" "$file.rc"
	# No subshell of this script may stay: it would hold the script's standard output open.
	# shellcheck disable=SC2016 # expanded by the inner shell
	ip netns exec "$WORLD_PREFIX-$name" sh -c '
		"$@" &
		echo $! >"$0.pid.new"
		mv "$0.pid.new" "$0.pid"
		wait $!
		echo $? >"$0.rc.new"
		mv "$0.rc.new" "$0.rc"' "$file" "$@" </dev/null >"$file.log" 2>&1 &
	disown
	world_until 10 test -e "$file.pid"
}

# world_stop TAG [SECONDS]: SIGTERM, after SECONDS SIGKILL; returns the exit code.
world_stop() {
	local file=$RUN/$1 bound=${2:-5}
	[ -e "$file.pid" ] || return 0
	[ -e "$file.rc" ] || kill "$(cat "$file.pid")" 2>/dev/null
	if ! world_within "$bound" test -e "$file.rc"; then
		kill -KILL "$(cat "$file.pid")" 2>/dev/null
		world_until 5 test -e "$file.rc"
	fi
	rm -f "$file.pid"
	return "$(cat "$file.rc" 2>/dev/null || echo 124)"
}

# world_pin CPU TAG: a process of world_spawn's runs on this CPU alone, with all its threads and children; CPU
# may be empty: where it may.
world_pin() {
	local pid main
	main=$(cat "$RUN/$2.pid")
	[ -z "$1" ] || for pid in $main $(pgrep -P "$main"); do
		taskset -apc "$1" "$pid" >/dev/null
	done
}

# world_plug NAME INTERFACE: a cable to the bridge. Packet sockets must not see unfinished
# checksums or packets glued together, so both ends do without offloads.
world_plug() {
	local wan=$WORLD_PREFIX-wan ns=$WORLD_PREFIX-$1
	ip -n "$wan" link add "to-$1" type veth peer name "$2" netns "$ns" &&
		ip -n "$wan" link set "to-$1" master br0 up &&
		ip -n "$ns" link set "$2" up || return 1
	world_in wan ethtool -K "to-$1" tx off tso off gso off gro off >/dev/null &&
		world_in "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null
}

# world_site NAME ADDRESS: a site behind a NAT with the outer ADDRESS (a /24). It remaps every
# source port; its filter lets nothing in that was not asked for, and no IPsec and IKE out.
world_site() {
	local ns=$WORLD_PREFIX-$1
	world_namespace "$1" && world_plug "$1" wan0 &&
		ip -n "$ns" addr add "$2/24" dev wan0 &&
		ip -n "$ns" link add lan0 type bridge &&
		ip -n "$ns" addr add 10.0.0.1/24 dev lan0 &&
		ip -n "$ns" link set lan0 up &&
		world_in "$1" sysctl -qw net.ipv4.ip_forward=1 &&
		world_in "$1" nft -f - <<'NFT'
table ip nat {
	chain post {
		type nat hook postrouting priority srcnat
		oifname "wan0" masquerade random
	}
}
table ip filter {
	counter ipsec-out { }
	counter ike-out { }
	counter uninvited { }
	chain forward {
		type filter hook forward priority filter
		oifname "wan0" meta l4proto { esp, ah } counter name "ipsec-out" drop
		oifname "wan0" udp dport { 500, 4500 } counter name "ike-out" drop
		iifname "wan0" ct state invalid,new counter name "uninvited" drop
	}
	chain input {
		type filter hook input priority filter
		iifname "wan0" ct state invalid,new counter name "uninvited" drop
	}
}
NFT
}

# world_dropped NAME COUNTER: how many packets a site's filter dropped for that reason.
world_dropped() {
	world_in "$1" nft list counter ip filter "$2" | awk '$1 == "packets" { print $2 }'
}
