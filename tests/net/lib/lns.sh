# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# lns.sh - Culvert in the namespace lns: on DPDK's packet socket on lns0, whose address the kernel
# does not have. Needs world.sh. Its directory is RUN/lns, its log RUN/culvertd.log.

LNS_ADDRESS=192.0.2.1
LNS_NAME=lns         # its namespace, and directory in RUN
LNS_TAG=culvertd     # what world_spawn calls it
LNS_LOG=culvertd.log # in RUN
LNS_PROGRAM=${CULVERTD:-$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../../build/app/culvertd/culvertd}

LNS_CTL=${CULVERTCTL:-$(dirname "$LNS_PROGRAM")/../culvertctl/culvertctl}

# lns_use NAME: what follows is about the Culvert in this namespace, where there are several.
lns_use() {
	LNS_NAME=$1 LNS_TAG=culvertd
	[ "$1" = lns ] || LNS_TAG=culvertd-$1
	LNS_LOG=$LNS_TAG.log
}

# lns_missing: why it cannot run here, in words; nothing if it can.
lns_missing() {
	[ -x "$LNS_PROGRAM" ] && [ -x "$LNS_CTL" ] ||
		echo "no culvertd and culvertctl (./dpdk-setup.sh build makes them)"
}

# lns_configure secret=SECRET [auth=chap-md5] [policy=ipsec] [workers=0] USER:PASSWORD...
lns_configure() {
	local secret='' auth=chap-md5 policy=ipsec workers=0 word dir=$RUN/$LNS_NAME users=''
	mkdir -p "$dir"
	for word in "$@"; do
		case $word in
		secret=* | auth=* | policy=* | workers=*) local "${word?}" ;;
		*:*)
			lns_secret "${word%%:*}.secret" "${word#*:}"
			users+="
  - { name: ${word%%:*}, password-file: ${word%%:*}.secret }"
			;;
		esac
	done
	lns_secret tunnel.secret "$secret"
	cat >"$dir/culvert.yaml" <<YAML
identity: { host-name: culvert }
log: { level: info }
control: { socket: $dir/control.sock }
workers: { count: $workers, hugepages: never, memory: 256 }
ports: [ { name: wan, device: "af_packet:lns0" } ]
listeners: [ { port: wan, address: $LNS_ADDRESS/24 } ]
tunnels: { secrets: [ { secret-file: tunnel.secret } ] }
ppp: { auth: [$auth] }
groups: [ { name: clients, address: 10.88.0.1, pool: [10.88.1.0/24], clients: reachable, policy: $policy } ]
users:$users
YAML
}

# lns_secret FILE SECRET: a file for the daemon alone.
lns_secret() {
	(umask 077 && printf '%s\n' "$2" >"$RUN/$LNS_NAME/$1")
}

# lns_start: until it is ready to serve.
lns_start() {
	world_spawn "$LNS_NAME" "$LNS_TAG" env -C "$RUN/$LNS_NAME" "$(readlink -f "$LNS_PROGRAM")" -c culvert.yaml &&
		world_until 30 lns_is_ready
}

lns_is_ready() {
	grep -qE '^[^ ]+ info +ready ' "$RUN/$LNS_LOG"
}

# lns_stop: fails if it does not end well within the three seconds that it has.
lns_stop() {
	world_stop "$LNS_TAG" 5
}

# lns_ctl WORDS...: culvertctl.
lns_ctl() {
	"$LNS_CTL" --socket "$RUN/$LNS_NAME/control.sock" "$@"
}

# lns_rows COMMAND FORMAT: a line for each row of culvertctl's answer, in Python's format(), as
# '{user} {address}'.
lns_rows() {
	lns_ctl --json "$1" | python3 -c '
import json, sys
for row in json.load(sys.stdin)["rows"]:
    print(sys.argv[1].format(**row))' "$2"
}

# lns_said PATTERN [SECONDS]: waits for a line in its log and prints it.
lns_said() {
	world_until "${2:-20}" grep -E "$1" "$RUN/$LNS_LOG" && grep -E "$1" "$RUN/$LNS_LOG"
}

# lns_counter NAME: the value now; lns_drops NAME: the packets dropped for that reason; lns_edges NAME:
# those that went that way.
lns_counter() {
	lns_numbers | awk -v name="name=$1" '$1 == "counter" && $2 == name { sub("value=", "", $3); n = $3 }
		END { print n + 0 }'
}

lns_drops() {
	lns_numbers | awk -v name="name=$1" '$1 == "drop" && $2 == name { sub("packets=", "", $3); n = $3 }
		END { print n + 0 }'
}

lns_edges() {
	lns_numbers | awk -v name="name=$1" '$1 == "edge" && $2 == name { sub("packets=", "", $3); n = $3 }
		END { print n + 0 }'
}

# All its numbers, which it prints on SIGUSR1: what is new in the log, once it grows no more.
lns_numbers() {
	local before
	before=$(wc -l <"$RUN/$LNS_LOG")
	kill -USR1 "$(cat "$RUN/$LNS_TAG.pid")"
	world_until 5 lns_printed_since "$before" || return 1
	tail -n +"$((before + 1))" "$RUN/$LNS_LOG" | sed -nE 's/^.*((counter|drop|edge) name=)/\1/p'
}

lns_printed_since() {
	local lines
	lines=$(wc -l <"$RUN/$LNS_LOG")
	sleep 0.1
	[ "$lines" -gt "$1" ] && [ "$(wc -l <"$RUN/$LNS_LOG")" = "$lines" ]
}
