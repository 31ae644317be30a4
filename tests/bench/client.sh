#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# client.sh - what culvert-client carries, for the bench. In a User-Mode Linux guest, beside xl2tpd with the
# kernel's L2TP and xl2tpd's user-space mode: all three up at once, measured in turns. And natively in a
# namespace: what goes through, and what CPU time its one thread takes for that.
#
# What goes is TCP, between an address of the client's, which says whose session it takes, and a host behind
# Culvert. Nothing larger than the MTU goes into a session, as is so with ESP. Sessions that are idle say a
# word now and then.
#
# Prints "NAME VALUE" for each row, or "NAME - REASON" where this machine can't. CULVERTD, CULVERTCTL and
# CULVERT_CLIENT name the programs.
#
# usage: client.sh ROUNDS SECONDS MTU [CPU-OF-WHAT-IS-MEASURED CPU-OF-ALL-ELSE]
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/../net/lib/all.sh"

ROUNDS=$1 TIME=$2 MTU=$3 MEASURED=${4-} ELSE=${5-}
CLIENT=$(readlink -f "$CULVERT_CLIENT")
BEHIND=198.18.5.9 # the host behind Culvert
KINDS="kernel xl2tpd culvert"
TICKS=$(getconf CLK_TCK)

# none WHAT... REASON: these rows are not measured.
none() {
	local row
	for row in "${@:1:$#-1}"; do
		echo "client.$row - ${*: -1}"
	done
}

# failed WHAT: it can't go on.
failed() {
	echo "client.sh: $1 failed" >&2
	tail -n 5 -q "$RUN"/*.log "$RUN"/guest-A/*.log 2>/dev/null >&2
	exit 1
}

# ---- Culvert, and who is behind it ----

serve() {
	lns_configure secret=tunnelsecret policy=any kernel:pass xl2tpd:pass culvert:pass native:pass &&
		sed -i "s|policy: any|&, gateways: any|" "$RUN/lns/culvert.yaml" &&
		echo "interfaces: [ { name: lan, addresses: 198.18.5.1/24 } ]" >>"$RUN/lns/culvert.yaml" &&
		lns_start && world_pin "$ELSE" culvertd &&
		world_namespace core && world_plug core eth0 &&
		ip -n "$WORLD_PREFIX-core" addr add $BEHIND/24 dev eth0 &&
		ip -n "$WORLD_PREFIX-core" route add 10.88.0.0/16 via 198.18.5.1 &&
		world_spawn core iperf3 iperf3 --forceflush -s && world_pin "$ELSE" iperf3 &&
		world_until 10 grep -q listening "$RUN/iperf3.log"
}

# client_yaml DIRECTORY USER: of culvert-client.
client_yaml() {
	cat <<X
directory: $1
run-as: root
connections:
  - { name: relay, peers: 198.18.5.0/24, lns: $LNS_ADDRESS, way: relay, mtu: $MTU, secret-file: $1/secret, user: $2,
      password-file: $1/password }
X
}

# address_of: the address in what `ip -4 -o addr` says.
address_of() {
	sed -n 's|.* inet \([0-9.]*\)[ /].*|\1|p'
}

# mbits: Mbit/s that arrived, of what iperf3 says in JSON.
mbits() {
	python3 -c '
import json, sys
print(json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"] / 1e6)'
}

# back up|down: what tells iperf3.
back() {
	[ "$1" = up ] || echo -R
}

# report ROW: the median of what has been noted for it.
report() {
	sort -g "$RUN/$1" | awk -v name="client.$1" '{ v[NR] = $1 } END {
		print name, NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# ---- in a guest ----

guest() {
	world_namespace lan && world_plug lan wan0 &&
		ip -n "$WORLD_PREFIX-lan" link add lan0 type bridge &&
		ip -n "$WORLD_PREFIX-lan" link set wan0 master lan0 &&
		ip -n "$WORLD_PREFIX-lan" link set lan0 up &&
		guest_boot A lan && guest_wait A && world_pin "$MEASURED" console-A && guest_run A 'ip addr flush dev vec0
ip addr add 192.0.2.9/24 dev vec0
modprobe -d /run/modules tun'
}

dial_kernel() {
	client_dial A user=kernel password=pass secret=tunnelsecret mtu="$MTU" && client_wait A
}

# A second xl2tpd, with the files of the first but for what differs.
dial_xl2tpd() {
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run A 'cd /etc
rm -f /tmp/box/address
sed "s/^port = .*/port = 1702/; s/^force userspace = .*/force userspace = yes/; s|options.lns|options.user|" \
	xl2tpd/xl2tpd.conf >xl2tpd/user.conf
sed "s/^name .*/name xl2tpd/; s/^unit .*/unit 1/; s|pppd.log|pppd-user.log|" ppp/options.lns >ppp/options.user
echo "xl2tpd * pass *" >>ppp/chap-secrets
xl2tpd -D -c /etc/xl2tpd/user.conf -s /etc/xl2tpd/l2tp-secrets -p /run/xl2tpd-user.pid \
	-C /run/xl2tpd/user-control >/tmp/box/xl2tpd-user.log 2>&1 &' && client_wait A &&
		guest_run A 'for unit in 0 1; do
	own=$(ip -4 -o addr show dev ppp$unit | sed -n "s|.* inet \([0-9.]*\) .*|\1|p")
	ip rule add from "$own" table 20$unit && ip route add default dev ppp$unit table 20$unit || exit 1
done'
}

dial_culvert() {
	guest_run A "umask 077
mkdir -p /run/client
echo pass >/run/client/password
echo tunnelsecret >/run/client/secret
cat >/run/client/client.yaml <<X
$(client_yaml /run/client culvert)
X
'$CLIENT' -c /run/client/client.yaml up relay"
}

# flow KIND up|down: through its session.
flow() {
	local device
	case $1 in
	kernel) device=ppp0 ;;
	xl2tpd) device=ppp1 ;;
	culvert) device=l2tp-relay ;;
	esac
	guest_run A "iperf3 -J -c $BEHIND -B $(guest_run A "ip -4 -o addr show dev $device" | address_of) -t $TIME $(back "$2")" |
		mbits
}

measure_guest() {
	local kind way row
	guest >&2 && dial_kernel >&2 && dial_xl2tpd >&2 && dial_culvert >&2 || failed "dialling in the guest"
	for _ in $(seq "$ROUNDS"); do
		for kind in $KINDS; do
			for way in up down; do
				row=$kind.$way
				flow "$kind" $way >>"$RUN/${row#culvert.}" || failed "$row"
			done
		done
	done
	for row in kernel.up kernel.down xl2tpd.up xl2tpd.down up down; do
		report $row
	done
	guest_end A
}

# ---- natively ----

# As with a NIC: what comes within some microseconds is looked at together (GRO).
host() {
	world_namespace host && world_plug host eth0 && world_in host ethtool -K eth0 gro on &&
		world_in host sh -c 'echo 50000 >/sys/class/net/eth0/gro_flush_timeout &&
			echo 1 >/sys/class/net/eth0/napi_defer_hard_irqs' &&
		ip -n "$WORLD_PREFIX-host" addr add 192.0.2.51/24 dev eth0 &&
		mkdir -p "$RUN/host" && (umask 077 && echo pass >"$RUN/host/password" && echo tunnelsecret >"$RUN/host/secret") &&
		client_yaml "$RUN/host" native >"$RUN/host/client.yaml" &&
		world_spawn host client "$CLIENT" -c "$RUN/host/client.yaml" run relay &&
		world_until 30 grep -q ipsec-up "$RUN/client.log" && world_pin "$MEASURED" client
}

# spent: its CPU time in ticks, and packets and bytes that it has carried.
spent() {
	local stat
	stat=$(cat "/proc/$(cat "$RUN/client.pid")/stat") && awk '{ print $12 + $13 }' <<<"${stat##*) }" &&
		world_in host "$CLIENT" -c "$RUN/host/client.yaml" status relay --json | python3 -c '
import json, sys
way = json.load(sys.stdin)
print(way["sent"]["packets"] + way["received"]["packets"], way["sent"]["bytes"] + way["received"]["bytes"])'
}

# flow_native up|down
flow_native() {
	local own before after
	own=$(ip -n "$WORLD_PREFIX-host" -4 -o addr show dev l2tp-relay | address_of) && before=$(spent) &&
		world_in host ${ELSE:+taskset -c "$ELSE"} iperf3 -J -c $BEHIND -B "$own" -t "$TIME" $(back "$1") >"$RUN/said" &&
		after=$(spent) && mbits <"$RUN/said" >>"$RUN/native.$1" || return 1
	# shellcheck disable=SC2086 # three words each
	echo $before $after | awk -v hz="$TICKS" '{ print ($4 - $1) * 1e9 / hz / ($5 - $2) }' >>"$RUN/packet.$1"
	# shellcheck disable=SC2086 # likewise
	echo $before $after | awk -v hz="$TICKS" '{ print ($6 - $3) * 8 / 1e6 / (($4 - $1) / hz) }' >>"$RUN/thread.$1"
}

measure_native() {
	local row
	host || failed "the native client"
	for _ in $(seq "$ROUNDS"); do
		flow_native up && flow_native down || failed "the native client's flow"
	done
	for row in native thread packet; do
		report $row.up
		report $row.down
	done
}

# ---- all ----

guest_rows="up down kernel.up kernel.down xl2tpd.up xl2tpd.down"
native_rows="native.up native.down thread.up thread.down packet.up packet.down"
lacks=$(world_missing)
[ -n "$lacks" ] || lacks=$(lns_missing)
[ -n "$lacks" ] || command -v iperf3 >/dev/null || lacks="iperf3 is missing (./dpdk-setup.sh install gets it)"
[ -n "$lacks" ] || [ -c /dev/net/tun ] || lacks="no /dev/net/tun"
if [ -n "$lacks" ]; then
	# shellcheck disable=SC2086 # several words
	none $guest_rows $native_rows "$lacks"
	exit 0
fi
world_open
serve >&2 || failed "Culvert"
lacks=$(guest_missing)
if [ -n "$lacks" ]; then
	# shellcheck disable=SC2086 # several words
	none $guest_rows "$lacks"
else
	measure_guest
fi
measure_native
