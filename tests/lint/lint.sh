#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The rules of the tree, run and not read. usage: lint.sh SOURCE BUILD (speaks TAP)
set -u
shopt -s lastpipe
cd "$1" || exit 1
build=$2
n=0

# check NAME: ok if the standard input is empty, else its lines are what is wrong.
check() {
	local lines
	lines=$(cat)
	n=$((n + 1))
	if [ -z "$lines" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		head -20 <<<"$lines" | sed 's/^/# /'
	fi
}

. tests/lint/rooms.sh
. tests/lint/drops.sh

compiled "$build" | check "lib: there is something to look at"
breaks_layers . 2>/dev/null | check "lib: a folder includes only what it may"
breaks_purity . "$build" | check "lib: no DPDK, sockets, clocks, threads or files outside the data path"
breaks_order . "$build" | check "lib: no circle of folders"
breaks_calls . "$build" |
	check "datapath: a worker calls neither the control thread nor what may write a table"
breaks_tables . | check "datapath: a worker writes no table"
breaks_drops . | check "datapath: each cause of a drop has a unit test that names it"

for folder in $pure datapath; do
	objdump -t "$build/lib/$folder/libculvert_$folder.a" 2>/dev/null |
		awk -v f="$folder" '/ O \.(data|bss)(\.[a-z_]+\.[0-9]+)?[ \t]/ {print f ": " $NF}'
done | check "lib: no mutable globals"

# What a library must know from outside is an action that is answered, so that nothing can re-enter. What
# a configuration names is read, and a line of the log goes out, by functions of the caller's that come
# back without a call into the library.
git grep -hoE '^#include "[a-z0-9]+/[a-z_]+\.h"' -- app | sort -u | sed 's/.*"\(.*\)"/lib\/\1/' |
	xargs -r grep -sHnE '\(\*[a-z_]+\)\(' |
	grep -vE '^lib/(base/log\.h:[0-9]+:.*\(\*emit\)|config/config\.h:[0-9]+:.*\(\*read\))' |
	check "lib: no library that the daemon uses calls it back"

# Of all releases of DPDK alike: what differs is in one file, headers' types differ (compat.h says how).
headers='ip[46]?|tcp|udp|icmp|arp|l2tpv2|ppp|gre|esp|net'
{
	git grep -nE 'ALLOW_(EXPERIMENTAL|INTERNAL)_API' -- . ':!tests/lint/lint.sh'
	nm -D "$build/app/culvertd/culvertd" "$build/tests/bench/bench" |
		grep -E ' rte_.*@(EXPERIMENTAL|INTERNAL)' | sort -u
	grep -rnE '\bRTE_VER(SION|_YEAR|_MONTH)|rte_version\.h' lib app tests --include=*.[ch] |
		grep -v '^lib/datapath/compat\.h:'
	grep -rnE "^#include <rte_($headers)\.h>" lib --include=*.[ch]
} 2>/dev/null | check "DPDK: nothing experimental, no version but in compat.h, no types for packets' headers"

{
	git ls-files 'lib/datapath/*.[ch]' | xargs grep -HnE 'rte_(pktmbuf|mempool)_(free|put)' |
		grep -vE '^lib/datapath/ends\.h:|rte_mempool_free\(dp->pool\)'
	grep -rnE 'drops\[.*(\+\+|\+=)' lib/datapath |
		grep -vE '^lib/datapath/ends\.h:|DP_DROP_RX_RING_FULL'
} | check "datapath: a packet ends in the helpers that name and count it"

grep -rn 'session=%u' lib/lns lib/ppp app --include=*.[ch] | grep -v 'session=%u serial=%' |
	check "a log line that names a session says its serial"

git ls-files '*.c' '*.h' 2>/dev/null | xargs -r clang-format --dry-run 2>&1 |
	grep -E 'warning|error' | check "clang-format: all sources"

git ls-files '*.c' '*.h' '*.sh' '*.py' '*.build' 'dpdk-setup.sh' 2>/dev/null |
	xargs -r grep -L 'SPDX-License-Identifier: BSD-3-Clause' | check "each source names its licence"

git ls-files 'lib/*.c' 'lib/*.h' 'app/*.c' 2>/dev/null | xargs -r grep -nE 'TODO|FIXME|XXX' |
	check "nothing is left for later in lib and app"

echo "1..$n"
