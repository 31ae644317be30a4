#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

# What can be shown: demo-NAME.sh each, with the functions that demo() calls. DEMO_LOOK, if it has one, is a
# function that prints more ways to look around.
SCENES="clients scene-1 scene-2 scene-3 two-lns nat"

usage() {
	cat <<'TEXT'
NAME
    demo.sh - shows clients behind NATs exchanging IPsec through Culvert

SYNOPSIS
    demo.sh [SCENE] [--keep]    a demo, about a minute; --keep leaves all of it running
    demo.sh --run DIR A TEXT    runs shell text in a guest (A, B, ...) of a demo that was kept
    demo.sh --end DIR           ends a demo that was kept

SCENES
    clients    two clients behind two NATs exchange IPsec; if no scene is named
    scene-1    two customers with the same addresses, each with an IPsec gateway that holds a
               tunnel of its own: config/SCENE-1.md
    scene-2    two clients behind one NAT, and an IPsec gateway on Culvert's LAN that
               knows nothing of L2TP: config/SCENE-2.md
    scene-3    four clients behind two NATs, and IPsec between any two by their first
               packet: config/SCENE-3.md
    two-lns    two Culverts that route to each other, a client of each; one is killed, and
               its client dials the other: config/TWO-LNS.md
    nat        culvert-client at three sites: directly, directly through a NAT, and by the relay
               where a firewall blocks IPsec; there the NAT reboots during a transfer, which
               goes on: config/REBINDING.md

DESCRIPTION
    Everything happens in network namespaces and virtual machines of the demo's own and
    vanishes with it. It needs root. CULVERTD names the daemon if it is not in build/.
TEXT
}

# say WORDS: a line of progress; title WORDS: a heading.
say() {
	printf '[%3ds] %s\n' "$SECONDS" "$*"
}

title() {
	printf '\n%s\n' "$*"
}

# need WHAT COMMAND...: the command succeeds, or the demo ends and shows why.
need() {
	local what=$1
	shift
	if ! "$@" >"$RUN/said" 2>&1; then
		say "FAILED: $what"
		tap_tail "$RUN/said" "$RUN"/guest-?/{xl2tpd,pppd,charon}.log "$RUN/$LNS_LOG"
		exit 1
	fi
}

# show WORDS: culvertctl, as a person would call it.
show() {
	need "culvertctl" lns_ctl "$@"
	printf '  $ culvertctl %s\n' "$*"
	sed 's/^/  /' "$RUN/said"
}

look_around() {
	cat <<TEXT

All of it is still running. To look around:
    in a client      $0 --run $RUN A 'swanctl --list-sas; ip addr'
    on the wire      ip netns exec $WORLD_PREFIX-wan tcpdump -n -i to-lns
    A's NAT          ip netns exec $WORLD_PREFIX-$(cat "$RUN/guest-A/site") nft list ruleset
    Culvert's log    tail -f $RUN/$LNS_LOG
    ask Culvert      $(readlink -f "$LNS_CTL") -s $RUN/lns/control.sock sessions
                     (status, tunnels, drops, counters, ended, ...; --help says all)
    what passed      tshark -r $RUN/lns.pcap -d udp.port==1701,l2tp
TEXT
	"${DEMO_LOOK:-:}"
	cat <<TEXT
To end it all:
    $0 --end $RUN
TEXT
}

demo() {
	local reason
	reason=$(guest_missing)
	[ -n "$reason" ] || reason=$(lns_missing)
	[ -z "$reason" ] || {
		echo "demo.sh: this cannot run here: $reason" >&2
		exit 1
	}
	demo_picture
	title "Without Culvert"
	world_open
	demo_without
	title "With Culvert"
	demo_with
	demo_prove
	demo_ask
	demo_summary
	[ "$1" = keep ] || return 0
	trap - EXIT HUP INT TERM
	look_around
}

# adopt DIR: a kept demo.
adopt() {
	world_adopt "$1" || {
		echo "demo.sh: no kept demo in '$1'" >&2
		exit 1
	}
}

# words WORDS: SCENE and KEEP, or how it is used.
words() {
	SCENE='' KEEP=end
	local word
	for word in "$@"; do
		if [ "$word" = --keep ]; then
			KEEP=keep
		elif [ -z "$SCENE" ] && [[ " $SCENES " == *" $word "* ]]; then
			SCENE=$word
		else
			echo "demo.sh: '$word' can't be shown; there are: $SCENES" >&2
			exit 2
		fi
	done
	SCENE=${SCENE:-clients}
}

case ${1-} in
--run)
	[ $# = 4 ] || {
		usage >&2
		exit 2
	}
	adopt "$2"
	guest_run "$3" "$IPSEC_ENV
$4"
	;;
--end)
	adopt "${2-}"
	world_close
	;;
--help | -h) usage ;;
--knows) # for dpdk-setup.sh: whether the words after it are right
	words "${@:2}"
	;;
*)
	words "$@"
	# shellcheck disable=SC1090
	. "$HERE/demo-$SCENE.sh"
	demo $KEEP
	;;
esac
