# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# load.sh - culvert-load, and what it says. Needs world.sh.

LOAD=$(readlink -f "${CULVERT_LOAD:-$(dirname "${BASH_SOURCE[0]}")/../../../build/app/culvert-load/culvert-load}")

# load_missing: why it cannot run here, in words; nothing if it can.
load_missing() {
	[ -x "$LOAD" ] || echo "no culvert-load (./dpdk-setup.sh build makes it)"
}

# load_number FILE KEY...: a number of the last JSON in it.
load_number() {
	python3 -c '
import json, sys
o = json.loads([line for line in open(sys.argv[1]) if line.startswith("{")][-1])
for key in sys.argv[2:]:
    o = o[key]
print(o)' "$@"
}

# load_lac NAMESPACE TAG ADDRESS NAME SESSIONS OPTION... LNS: a LAC on the wire, at eth0, by world_spawn: one tunnel,
# users NAME0, NAME1, ..., each with the password "p". What it reads is RUN/TAG.in, where there is such.
load_lac() {
	local place=$1 tag=$2 address=$3 name=$4 sessions=$5 input=$RUN/$2.in
	shift 5
	[ -e "$input" ] || input=/dev/null
	echo p >"$RUN/p.secret"
	# shellcheck disable=SC2016 # expanded by the inner shell
	world_spawn "$place" "$tag" sh -c 'exec "$@" <"$0"' "$input" "$LOAD" --port af_packet:eth0 --from "$address/32" \
		--source-port 1701 --sessions "$sessions" --per-tunnel "$sessions" --user "$name%u" --users "$sessions" \
		--password-file "$RUN/p.secret" --auth chap-md5 "$@"
}

# load_end TAG: of --seconds 0, and what it has seen. Returns its exit code.
load_end() {
	kill -INT "$(cat "$RUN/$1.pid")" && world_until 20 test -e "$RUN/$1.rc" && cat "$RUN/$1.log" &&
		return "$(cat "$RUN/$1.rc")"
}
