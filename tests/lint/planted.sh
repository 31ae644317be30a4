#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Each rule of rooms.sh finds the breach that it is there for: planted into a copy of the sources, or
# compiled. usage: planted.sh SOURCE BUILD (speaks TAP)
set -u
source=$1 build=$2
. "$source/tests/lint/rooms.sh"
. "$source/tests/lint/drops.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

# ok TEXT CONDITION...
ok() {
	n=$((n + 1))
	if "${@:2}"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' "$work/said"
	fi
}

finds() { grep -q -- "$1" "$work/said"; }
silent() { [ ! -s "$work/said" ]; }

# plant RULE FILE LINE WHAT: the line at the end of a file of the copy; the rule must name WHAT.
plant() {
	local file=$work/tree/$2
	mkdir -p "$(dirname "$file")"
	printf '%s\n' "$3" >>"$file"
	"$1" "$work/tree" "$build" >"$work/said" 2>&1
	ok "$1: $2: ${3/$'\n'/ }" finds "$4"
	rm "$file"
	rmdir --ignore-fail-on-non-empty "$(dirname "$file")"
	[ ! -e "$source/$2" ] || cp "$source/$2" "$file"
}

# compile ROOM_OR_FOLDER SOURCE: into a made-up build, as the real one has it.
compile() {
	local out=$work/build/lib/$1/libculvert_$1.a
	case $1 in
	worker | control | table | host)
		mkdir -p "$work/build/lib/datapath/x.p"
		cc -x c -c -o "$work/build/lib/datapath/x.p/$1_planted.c.o" - <<<"$2"
		;;
	*)
		mkdir -p "$(dirname "$out")"
		cc -x c -c -o "$work/$1.o" - <<<"$2"
		rm -f "$out"
		ar rc "$out" "$work/$1.o"
		;;
	esac
}

mkdir "$work/tree"
cp -r "$source/lib" "$work/tree/lib"
for rule in breaks_layers breaks_purity breaks_order breaks_calls breaks_tables; do
	"$rule" "$source" "$build" >"$work/said" 2>&1
	ok "$rule: says nothing of the tree as it is" silent
done

plant breaks_layers lib/base/text.c '#include "crypto/crypto.h"' lib/base/text.c
plant breaks_layers lib/wire/nd.c '#include "datapath/layout.h"' lib/wire/nd.c
plant breaks_layers lib/l2tp/call.c '#include "ppp/link.h"' lib/l2tp/call.c
plant breaks_layers lib/ppp/link.c '#include "l2tp/tunnel.h"' lib/ppp/link.c
plant breaks_layers lib/dial/dial.c '#include "lns/lns.h"' lib/dial/dial.c
plant breaks_layers lib/lns/lns.c '#include "dial/dial.h"' lib/lns/lns.c
plant breaks_layers lib/config/load.c '#include "lns/lns.h"' lib/config/load.c
plant breaks_layers lib/datapath/worker/tx.c '#include "l2tp/tunnel.h"' worker/tx.c
plant breaks_layers lib/datapath/table/session.c '#include "lns/lns.h"' table/session.c
plant breaks_layers lib/newcomer/new.c '#include "base/err.h"' 'newcomer: nothing says'
plant breaks_purity lib/wire/nd.c '#include <rte_ether.h>' lib/wire/nd.c
plant breaks_purity lib/dial/dial.c '#include <sys/socket.h>' lib/dial/dial.c
plant breaks_order lib/base/text.c '#include "lns/lns.h"' loop
plant breaks_tables lib/datapath/worker/x.c 'static struct dp_egress *e;' worker/x.c
plant breaks_tables lib/datapath/worker/x.c 'w->dp->egress[slot].mtu = 5;' worker/x.c
plant breaks_tables lib/datapath/worker/x.c 'dp->ingress[p->slot].flags |= 1;' worker/x.c
plant breaks_tables lib/datapath/worker/x.c 'dp->sessions++;' worker/x.c
plant breaks_tables lib/datapath/worker/x.c '++dp->sessions;' worker/x.c
plant breaks_tables lib/datapath/worker/x.c '__atomic_store_n(&dp->nexthops[3], 0, 0);' 'dp->nexthops'
plant breaks_tables lib/datapath/worker/x.c $'x = __atomic_fetch_add(\n\t&dp->sessions, 1, 0);' sessions
plant breaks_tables lib/datapath/worker/x.c 'memset(&w->dp->egress[1], 0, 64);' worker/x.c
plant breaks_tables lib/datapath/worker/x.c '*(uint16_t *)&dp->egress[1].mtu = 5;' worker/x.c

compile base 'int cv_x(void); int lns_x(void); int cv_x(void) { return lns_x(); }'
compile lns 'int cv_x(void); int lns_x(void); int lns_x(void) { return cv_x(); }'
breaks_order "$source" "$work/build" >"$work/said" 2>&1
ok "breaks_order: base and lns call each other" finds loop
compile ppp 'int socket(int, int, int); int ppp_x(void); int ppp_x(void) { return socket(1, 2, 3); }'
breaks_purity "$source" "$work/build" >"$work/said" 2>&1
ok "breaks_purity: ppp calls socket" finds 'ppp calls socket'

compile control 'void dp_x_learn(void); void dp_x_learn(void) {}'
compile table 'void dp_x_set(void *dp); void dp_x_set(void *dp) { (void)dp; }'
compile host 'void dp_x_open(void); void dp_x_open(void) {}'
compile worker 'void dp_x_learn(void); void dp_x_set(void *); void dp_x_open(void); void f(void *);
	void f(void *dp) { dp_x_learn(); dp_x_set(dp); dp_x_open(); }'
breaks_calls "$source" "$work/build" >"$work/said" 2>&1
ok "breaks_calls: a worker calls the control thread's" finds 'worker calls control: dp_x_learn'
ok "breaks_calls: a worker calls what sets a table" finds 'may write a table: dp_x_set'
ok "breaks_calls: a worker calls the machine" finds 'worker calls host: dp_x_open'

mkdir -p "$work/tree/tests/unit/datapath"
cp "$source"/tests/unit/datapath/*.c "$work/tree/tests/unit/datapath/"
breaks_drops "$work/tree" >"$work/said" 2>&1
ok "breaks_drops: says nothing of the tree as it is" silent
sed -i 's/X(POLICY_SHORT,/X(POLICY_NEWCOMER, "new") X(POLICY_SHORT,/' "$work/tree/lib/datapath/drop.h"
breaks_drops "$work/tree" >"$work/said" 2>&1
ok "breaks_drops: a cause without a test" finds POLICY_NEWCOMER
echo 'assert_int_equal(drops(&b, DP_DROP_POLICY_NEWCOMER), 0);' >"$work/tree/tests/unit/datapath/test_none.c"
breaks_drops "$work/tree" >"$work/said" 2>&1
ok "breaks_drops: a cause of which a test sees none" finds POLICY_NEWCOMER

compiled "$work/nowhere" >"$work/said" 2>&1
ok "compiled: nothing was" finds 'nothing compiled: lib/base'
compiled "$build" >"$work/said" 2>&1
ok "compiled: all was" silent
echo "1..$n"
