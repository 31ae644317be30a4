#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs each fuzz target for some seconds on its corpus, and speaks TAP.
# usage: run.sh BUILD [SECONDS] [TARGET...]
#
# New inputs are thrown away. What crashes is printed in hex behind `#`; to repeat it:
#   xxd -r -p >INPUT; BUILD/tests/fuzz/fuzz_TARGET INPUT
set -u

build=$1
seconds=${2:-5}
shift $(($# < 2 ? $# : 2))
here=$(cd "$(dirname "$0")" && pwd)
seed=20261123
runs=5000000
hex_lines=512

declare -A max_len=([header]=64 [message]=1500 [tunnel]=4096 [ppp]=4096 [config]=8192 [lns]=4096 [frame]=4096)
[ $# -gt 0 ] || set -- header message tunnel ppp config lns frame

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "1..$#"
n=0
for target in "$@"; do
	n=$((n + 1))
	more=
	[ "$target" != config ] || more=$here/../../config
	mkdir "$work/$target" "$work/$target.found"
	if "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -runs=$runs -seed=$seed \
		-max_len="${max_len[$target]}" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$work/$target.found/" "$work/$target" "$here/corpus/$target" $more \
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
