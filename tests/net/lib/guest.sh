# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# guest.sh - clients with a kernel of their own: User-Mode Linux, which has the PPP, L2TP and
# ESP that the machine's own kernel may lack. Needs world.sh.

GUEST_LIB=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

# guest_missing: what this machine lacks for guests, in words; nothing when it is fit.
guest_missing() {
	local tool
	[ "$(id -u)" = 0 ] || {
		echo "not root"
		return
	}
	for tool in ip nft ethtool linux.uml cc busybox xl2tpd pppd charon-systemd swanctl openssl tcpdump tshark; do
		command -v "$tool" >/dev/null || {
			echo "$tool is missing (./dpdk-setup.sh install gets it)"
			return
		}
	done
	[ -c /dev/net/tun ] || echo "no /dev/net/tun"
}

# guest_boot NAME SITE [ADDRESS]: starts a guest in a site's LAN, also one that guest_kill ended; does
# not wait for it.
guest_boot() {
	local name=$1 site=$2 address=${3:-10.0.0.2} box=$RUN/guest-$1 number
	guest_preload || return 1
	if [ -e "$box/number" ]; then # it was there before, and its cable still is
		number=$(cat "$box/number")
		rm -f "$box"/{ready,address} "$box"/*.{cmd,out,rc}
	else
		mkdir -p "$box" && number=$(find "$RUN" -maxdepth 1 -name 'guest-*' -type d | wc -l) &&
			ip -n "$WORLD_PREFIX-$site" tuntap add dev "tap$number" mode tap &&
			ip -n "$WORLD_PREFIX-$site" link set "tap$number" master lan0 up || return 1
	fi
	echo 0 >"$box/last" && echo "$site" >"$box/site" && echo "$number" >"$box/number" || return 1
	world_spawn "$site" "console-$name" env ${GUEST_TMPDIR:+TMPDIR="$GUEST_TMPDIR"} \
		LD_PRELOAD="$RUN/uml-xstate.so" linux.uml mem=96M "umid=$name" "uml_dir=$box/" \
		rootfstype=hostfs root=/dev/root rootflags=/ ro quiet con=null con0=null,fd:1 \
		"vec0:transport=tap,ifname=tap$number,depth=64,gro=0,mac=02:00:00:00:02:0$number" \
		init="$GUEST_LIB/guest-init.sh" GUEST_BOX="$box" GUEST_NAME="$name" \
		GUEST_ADDRESS="$address/24" GUEST_GATEWAY=10.0.0.1
}

# Once a world: the preloaded ptrace(), and a place for UML's memory, an executable file.
guest_preload() {
	[ ! -e "$RUN/uml-xstate.so" ] || return 0
	if findmnt -no OPTIONS /dev/shm | grep -qw noexec; then
		GUEST_TMPDIR=$RUN
	fi
	cc -O2 -shared -fPIC -o "$RUN/uml-xstate.so" "$GUEST_LIB/uml-xstate.c"
}

# guest_wait NAME: until it is booted.
guest_wait() {
	world_until 90 test -e "$RUN/guest-$1/ready"
}

# guests_boot: A and B, each behind a NAT of its own.
guests_boot() {
	guest_boot A siteA && guest_boot B siteB && guest_wait A && guest_wait B
}

# guest_run NAME TEXT: runs shell text in the guest, prints what it prints, returns its exit code.
# What it leaves in the guest's /tmp/box is in RUN/guest-NAME.
guest_run() {
	local box=$RUN/guest-$1 number
	number=$(($(cat "$box/last") + 1))
	echo "$number" >"$box/last"
	printf '%s\n' "$2" >"$box/new"
	mv "$box/new" "$box/$number.cmd"
	if ! world_until "${GUEST_BOUND:-90}" test -e "$box/$number.rc"; then
		echo "guest $1: no answer to: $2"
		return 124
	fi
	cat "$box/$number.out"
	return "$(cat "$box/$number.rc")"
}

# guest_pings NAME COUNT OPTION... TARGET: each ping is answered. Prints what ping says.
guest_pings() {
	local name=$1 count=$2
	shift 2
	guest_run "$name" "ping -c $count -w 30 $*" >"$RUN/pings-$name"
	cat "$RUN/pings-$name"
	pings_answered "$RUN/pings-$name" "$count"
}

# pings_answered FILE COUNT: so many were answered, from the first one on. What it is asked of is the
# output of `ping -c COUNT -w SECONDS`, which waits for the last one, and meanwhile sends more: without
# -w ping waits for it no longer than twice the time that others took.
pings_answered() {
	local answered
	answered=$(sed -n 's/.* from .*icmp_seq=\([0-9]*\) .*/\1/p' "$1" | awk -v n="$2" '$1 <= n' | sort -nu | wc -l)
	[ "$answered" = "$2" ] || {
		echo "of $2 pings $answered were answered"
		return 1
	}
}

# guest_kill NAME: it is gone without a word, as when its power fails.
guest_kill() {
	local pids more
	pids=$(cat "$RUN/console-$1.pid")
	more=$pids
	while [ -n "$more" ]; do # its processes are children of it
		more=$(pgrep -P "$(echo $more | tr ' ' ,)")
		pids+=" $more"
	done
	# shellcheck disable=SC2086 # several words
	kill -KILL $pids
	world_until 5 test -e "$RUN/console-$1.rc"
}

# guest_end NAME: switches it off.
guest_end() {
	touch "$RUN/guest-$1/halt"
	world_until 10 test -e "$RUN/console-$1.rc" || world_stop "console-$1"
}
