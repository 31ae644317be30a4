#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# demos.sh - each demo runs to its end, shows what it is to show, and leaves nothing behind.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

# shows SCENE LINE...: demo.sh with it, and that its output has these (patterns), in this order.
shows() {
	local scene=$1 out=$RUN/demo-$1.log rest line pid
	shift
	"$HERE/demo.sh" "$scene" >"$out" 2>&1 &
	pid=$!
	wait $pid || {
		tail -20 "$out"
		return 1
	}
	rest=$(cat "$out")
	for line; do
		rest=$(sed -n "/$line/,\$p" <<<"$rest")
		[ -n "$rest" ] || {
			echo "does not say, or not there: $line"
			tail -40 "$out"
			return 1
		}
	done
	! ip netns | grep "^cv$pid-"
}

# What can't be shown is refused, and what can be is said.
names() {
	local said rc=0
	said=$("$HERE/demo.sh" scene-9 2>&1) || rc=$?
	echo "$said"
	[ $rc = 2 ] && grep -q 'there are: clients scene-2$' <<<"$said" &&
		"$HERE/demo.sh" --help | grep -q '^    scene-2 '
}

tap_requires guest lns
tap_plan 4
world_open

tap_check "a scene that is not there is refused, with those that are" names
tap_check "two clients behind two NATs" shows clients \
	"own filter dropped all 3 packets" "B got 10.88.1" "arrived whole" "bit for bit" \
	"userB  *10.88.1" POLICY_SENDER "^What you saw"
tap_check "scene 2: a gateway that knows nothing of L2TP" shows scene-2 \
	"filter dropped all 3 packets" "alice got 198.51.100.129" "gateway that began" "which is Culvert's" \
	"plain ESP and nothing of L2TP" "bob  *198.51.100.130" POLICY_SENDER "^What you saw"
tap_check "nothing is left behind" world_vanish
tap_end
