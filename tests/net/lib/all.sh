# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# all.sh - every library, for a script in tests/net.

for library in world nat guest client client6 ipsec flow lns ours load tap capture scene; do
	# shellcheck disable=SC1090
	. "$(dirname "${BASH_SOURCE[0]}")/$library.sh"
done
unset library
