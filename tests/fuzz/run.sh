#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs each fuzz target on its corpus, the same number of inputs on any machine, and speaks TAP.
# usage: run.sh BUILD [TIMES [TARGET...]]
#
# TIMES: as many runs more than usual, which takes some 20 s of CPU for all. An input may take 10 s of
# CPU, all of a target CPU_S * TIMES: the wall clock, and so how busy the machine is, does not count.
# New inputs are thrown away. What crashes is printed in hex behind `#`; to repeat it:
#   xxd -r -p >INPUT; BUILD/tests/fuzz/fuzz_TARGET INPUT
set -u

build=$1
times=${2:-1}
shift $(($# < 2 ? $# : 2))
here=$(cd "$(dirname "$0")" && pwd)
seed=20261123
CPU_S=120
hex_lines=512

declare -A max_len=([header]=64 [message]=1500 [tunnel]=4096 [ppp]=4096 [auto6]=1024 [config]=8192 [rtnl]=2048 [stun]=1500 [vici]=4096 [ike]=1500 [lns]=4096 [frame]=4096)
declare -A runs=([header]=800000 [message]=300000 [tunnel]=30000 [ppp]=16000 [auto6]=400000 [config]=12000 [rtnl]=100000 [stun]=800000 [vici]=200000 [ike]=300000 [lns]=6000 [frame]=100000)
[ $# -gt 0 ] || set -- header message tunnel ppp auto6 config rtnl stun vici ike lns frame

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "1..$#"
n=0
for target in "$@"; do
	n=$((n + 1))
	more=
	[ "$target" != config ] || more=$here/../../config
	mkdir "$work/$target" "$work/$target.found"
	if (ulimit -t $((CPU_S * times)) && exec "$build/tests/fuzz/fuzz_$target" \
		-runs=$((${runs[$target]} * times)) -seed=$seed \
		-max_len="${max_len[$target]}" -timeout=0 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$work/$target.found/" "$work/$target" "$here/corpus/$target" $more) \
		>"$work/log" 2>&1; then
		done=$(awk '/number_of_executed_units/ {print $2}' "$work/log")
		cover=$(grep -o 'cov: [0-9]*' "$work/log" | tail -1)
		echo "ok $n - fuzz $target: $done runs, $cover, seed $seed"
	else
		echo "not ok $n - fuzz $target, seed $seed"
		tail -40 "$work/log" | sed 's/^/# /'
		for input in "$work/$target.found"/*; do
			[ -f "$input" ] || continue
			echo "# ${input##*/}:"
			od -An -v -tx1 "$input" | head -$hex_lines | sed 's/^/# /'
		done
	fi
done
