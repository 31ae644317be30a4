#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The bound of an input's time is of CPU time: one that spins is found and kept, one that waits longer
# than that, as every input does on a busy machine, is none. usage: planted.sh BUILD (speaks TAP)
set -u
planted=$1/tests/fuzz/fuzz_planted
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf spin >"$work/spin"
printf wait >"$work/wait"

run() {
	FUZZ_INPUT_CPU_S=1 timeout 120 "$planted" -timeout=0 -artifact_prefix="$work/found-" "$1" \
		>"$work/log" 2>&1
}

check() {
	if "${@:3}"; then
		echo "ok $1 - $2"
	else
		echo "not ok $1 - $2"
		tail -20 "$work/log" | sed 's/^/# /'
	fi
}

spins() {
	! run "$work/spin" && grep -q 'an input takes bounded CPU time' "$work/log"
}

echo "1..2"
check 1 "an input that spins for more than its CPU time is found" spins
check 2 "an input that waits longer than that is none" run "$work/wait"
