# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Every cause of a drop is made to happen by a test that names it; for lint.sh and planted.sh.

# drop_causes ROOT: the names in the table of drops.
drop_causes() {
	sed -n '/^#define DP_DROPS(X)/,/^$/p' "$1/lib/datapath/drop.h" | grep -oE '\bX\([A-Z0-9_]+' | cut -c3-
}

# breaks_drops ROOT: causes that no unit test of the data path names, but to say that there were
# none. That a test which names one makes it happen is else for its reader to see.
breaks_drops() {
	local cause causes
	causes=$(drop_causes "$1")
	[ -n "$causes" ] || echo "no drops in the table"
	for cause in $causes; do
		grep -rhw "DP_DROP_$cause" "$1/tests/unit/datapath" | grep -vE "DP_DROP_$cause\), 0\)" >/dev/null ||
			echo "$cause: no test in tests/unit/datapath makes it happen"
	done
}
