#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# against.sh - Culvert and another LNS in turns in the same place: a namespace with a veth, one CPU, the other
# one for culvert-load. What each takes of calls a second and of packets between clients, and the ratios.
#
# CULVERTD, CULVERTCTL and CULVERT_LOAD name the programs, by default those in build/app.
#
# usage: against.sh l2tpns [--json] [--sessions N] [--size BYTES] | --help
set -u -o pipefail
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/../net/lib/all.sh"
. "$HERE/../net/lib/l2tpns.sh"
SESSIONS=1000 SIZE=128 JSON= OTHER=
A_TUNNEL=10 # l2tpns has 500 tunnels at most
ROUNDS=3    # the best of so many: anything else on the machine takes away

usage() {
	cat <<-TEXT
		usage: ./dpdk-setup.sh bench --against l2tpns [--json] [--sessions N] [--size BYTES]

		Culvert and another LNS in turns in the same place (root): a namespace with a veth, one CPU, and
		culvert-load on another one. Prints calls a second (tunnel secret and CHAP; l2tpns asks FreeRADIUS, which
		has the second CPU as well), and the packets a second that go between clients without loss (ndr of
		./dpdk-setup.sh throughput, with trials of a second, a sum of five and a width of 5 %), and the ratios.
		  --sessions N   from 20 to 4000 (default 1000), ten in a tunnel
		  --size BYTES   of the IP packet inside, or imix (default 128)
		  --json         for programs
	TEXT
}

wrong() {
	echo "bench: $1" >&2
	usage >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
	--help | -h)
		usage
		exit 0
		;;
	--json) JSON=yes ;;
	--sessions)
		SESSIONS=${2-}
		[[ $SESSIONS =~ ^[0-9]{2,4}$ ]] && [ "$SESSIONS" -ge 20 ] && [ "$SESSIONS" -le 4000 ] ||
			wrong "--sessions: '$SESSIONS' is not a number from 20 to 4000"
		shift
		;;
	--size)
		SIZE=${2-}
		[ "$SIZE" = imix ] || { [[ $SIZE =~ ^[0-9]{2,4}$ ]] && [ "$SIZE" -ge 52 ] && [ "$SIZE" -le 1400 ]; } ||
			wrong "--size: '$SIZE' is not a number from 52 to 1400, or imix"
		shift
		;;
	l2tpns) OTHER=l2tpns ;;
	*) wrong "--against: '$1' is no LNS that this knows, as l2tpns, and no option of it" ;;
	esac
	shift
done
[ -n "$OTHER" ] || wrong "--against: which LNS?"

missing=$(world_missing)
[ -n "$missing" ] || missing=$(lns_missing)
[ -n "$missing" ] || missing=$(l2tpns_missing)
[ -n "$missing" ] || missing=$(load_missing)
mapfile -t CPUS < <(taskset -cp $$ | sed 's/.*: //' | tr , '\n' | sed 's/^\([0-9]*\)-\([0-9]*\)$/seq \1 \2/; t run; s/^/echo /; :run' | sh)
[ -n "$missing" ] || [ "${#CPUS[@]}" -ge 2 ] || missing="it takes two CPUs"
[ -z "$missing" ] || {
	echo "bench: --against $OTHER: $missing" >&2
	exit 3
}
MEASURED=${CPUS[-1]} ELSE=${CPUS[0]}

failed() {
	echo "against.sh: $1 failed" >&2
	tail -n 5 "$RUN"/*.log >&2
	exit 1
}

progress() {
	echo "[${SECONDS}s] $1" >&2
}

open_world() {
	world_open
	echo pass >"$RUN/password"
	echo tunnelsecret >"$RUN/secret"
	world_namespace load && world_plug load eth0
}

serve_culvert() {
	lns_configure secret=tunnelsecret policy=any $(seq -f 'user%.0f:pass' 0 $((SESSIONS - 1))) &&
		sed -i 's|\[10.88.1.0/24\]|[10.88.0.0/16], user-sessions: 1000, gateways: any|; s/level: info/level: warning/' \
			"$RUN/lns/culvert.yaml" &&
		echo 'limits: { setups-per-second: 100000, half-open: 4000 }' >>"$RUN/lns/culvert.yaml" &&
		world_spawn lns culvertd env -C "$RUN/lns" "$(readlink -f "$LNS_PROGRAM")" -c culvert.yaml &&
		world_until 30 lns_ctl status && world_pin "$MEASURED" culvertd
}

serve_l2tpns() {
	# without a redirect for each packet, which its kernel would send
	world_in lns sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 &&
		l2tpns_configure secret=tunnelsecret pool=10.89.0.0/16 debug=0 \
		$(seq -f 'user%.0f:pass' 0 $((SESSIONS - 1))) && l2tpns_start &&
		world_pin "$MEASURED" l2tpns-out && world_pin "$ELSE" radius
}

load_options() {
	echo --port af_packet:eth0 --from 192.0.2.128/25 --password-file "$RUN/password" --secret-file "$RUN/secret" \
		--users $SESSIONS --auth chap-md5 --sessions "$SESSIONS" --per-tunnel $A_TUNNEL --cpu "$ELSE" --quiet
}

# calls NAME: a second, into RUN/NAME.calls. A session that comes up twice, since the LNS was late and asked
# again, is none the worse here.
calls() {
	# shellcheck disable=SC2046 # several words
	world_in load "$LOAD" $(load_options) --json "$LNS_ADDRESS" >"$RUN/json"
	python3 -c '
import json, sys
people = json.load(sys.stdin)["sessions"]
print(people["up_per_second"])
sys.exit(people["up"] != people["wanted"])' <"$RUN/json" >>"$RUN/$1.calls"
}

# rate NAME: packets a second between clients.
rate() {
	# shellcheck disable=SC2046 # several words
	world_in load python3 "$HERE/../throughput/throughput.py" --quiet --goal ndr --initial 0.5 --final 1 --sum 5 --width 5 \
		--max 1000000 --start 20000 --size "$SIZE" --latency 0 --burst 0 --json "$RUN/$1.json" \
		-- "$LOAD" $(load_options) "$LNS_ADDRESS" >"$RUN/$1.found"
}

measure() {
	progress "$1"
	open_world >&2 || failed "the place"
	"serve_$1" >&2 || failed "$1"
	for _ in $(seq $ROUNDS); do
		calls "$1" || failed "calls of $1"
		sleep 2
	done
	rate "$1"
	[ $? -le 1 ] && [ -s "$RUN/$1.json" ] || failed "the rate of $1" # 1: it found no bound, or an irregular one
	sort -g "$RUN/$1.calls" | tail -1 >"$RESULTS/$1.calls"
	cp "$RUN/$1.json" "$RUN/$1.found" "$RESULTS"
}

RESULTS=$(mktemp -d "${TMPDIR:-/tmp}/culvert-against.XXXXXX") || exit 2
trap 'rm -rf "$RESULTS"' EXIT
for lns in culvert "$OTHER"; do
	# a world is its shell's
	(measure "$lns") || exit 1
done
python3 - "$RESULTS" "$OTHER" "$SESSIONS" "$SIZE" $JSON <<'PY'
import json
import sys

folder, other, sessions, size, *as_json = sys.argv[1:]
names = ["culvert", other]
rows, notes = [], []


def found(name):
    """What the search found: packets a second, and whether culvert-load was what could not do more."""
    return json.load(open(f"{folder}/{name}.json"))["cells"][0]["results"][0]


calls = [float(open(f"{folder}/{name}.calls").read()) for name in names]
results = [found(name) for name in names]
rates = [result["lower_pps"] for result in results]
for name, unit, values in (("calls", "calls/s", calls), ("relay", "packets/s", rates)):
    ratio = values[0] / values[1] if all(values) else None
    rows.append({"name": name, "unit": unit, **dict(zip(names, values)), "ratio": ratio})
for name, result in zip(names, results):
    if result["generator"]:
        notes.append(f"relay, {name}: at least; culvert-load, or the veth, could do no more")
if as_json:
    print(json.dumps({"sessions": int(sessions), "size": size, "rows": rows, "notes": notes}))
    sys.exit()
print(f"{sessions} sessions, ten in a tunnel; packets of {size} inside; one CPU each")
print(f"{'':8}{'':12}{names[0]:>12}{names[1]:>12}{'ratio':>8}")
for row in rows:
    values = "".join("           -" if row[name] is None else f"{row[name]:12,.0f}" for name in names)
    print(f"{row['name']:8}{row['unit']:12}{values}" + ("       -" if row["ratio"] is None else f"{row['ratio']:8.2f}"))
for note in notes:
    print(note)
PY
