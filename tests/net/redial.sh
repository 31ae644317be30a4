#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# redial.sh - culvert-client in a namespace behind a NAT, without IPsec: dialled by what discovery finds,
# moved to another address, stopped, dialled anew when the LNS dies, refused, killed. No guests: so the client may be
# a sanitized one, which a guest can't run.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_CLIENT name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

CLIENT=$(readlink -f "${CULVERT_CLIENT:-$(dirname "$LNS_PROGRAM")/../culvert-client/culvert-client}")
OURS=10.88.1.10
GATEWAY=192.0.2.3

tap_requires world lns
[ -x "$CLIENT" ] || tap_skip_all "no culvert-client (./dpdk-setup.sh build makes it)"
[ -c /dev/net/tun ] || tap_skip_all "no /dev/net/tun"

configure() {
	lns_configure secret=tunnelsecret policy=any userA:pass-a
	sed -i -e "s|name: userA,|& address: $OURS,|; s|pool: |dns: [10.88.0.53], &|" \
		-e "s|^listeners:.*|listeners: [ { port: wan, address: $LNS_ADDRESS/24 }, { port: wan, address: 192.0.2.2/24 }, { port: wan, address: $GATEWAY/24, udp-port: 4500 } ]\ndiscovery: { rfc5780: true }|" \
		"$RUN/lns/culvert.yaml"
	mkdir -p "$RUN/client" && chmod 755 "$RUN" # which it enters as nobody, too
	(umask 077 && echo pass-a >"$RUN/client/password" && echo tunnelsecret >"$RUN/client/secret")
	cat >"$RUN/client/client.yaml" <<YAML
directory: $RUN/client/run
log-level: debug
connections:
  - name: office
    gateway: 10.88.1.20
    lns: [192.0.2.77, $LNS_ADDRESS]
    way: needed
    secret-file: $RUN/client/secret
    user: userA
    password-file: $RUN/client/password
    dead-after: 3s
YAML
}

client() {
	world_in host "$CLIENT" -c "$RUN/client/client.yaml" "$@"
}

# field PATH: of what status says.
field() {
	client status office --json | python3 -c '
import functools, json, sys
print(functools.reduce(lambda o, key: o[key], sys.argv[1].split("."), json.load(sys.stdin)))' "$1"
}

ping_lns() {
	world_in host ping -c 3 -i 0.2 -W 5 -I l2tp-office 10.88.0.1
}

# runs PATTERN [TIMES]: its log has so many lines of it.
runs() {
	[ "$(grep -cE "$1" "$RUN/run.log")" -ge "${2:-1}" ]
}

start() {
	world_spawn host run "$CLIENT" -c "$RUN/client/client.yaml" run office && world_until 60 runs ipsec-up
}

found() {
	start && ping_lns && [ "$(field lns)" = "$LNS_ADDRESS:1701" ] &&
		field reason | grep 'does not answer IKE directly' && [ "$(field address)" = $OURS ]
}

# Where the NAT, which gives ports of its own choice, has put the tunnel: as the LNS itself says.
seen() {
	[ "$(field seen)" = "$(lns_rows tunnels '{peer}')" ]
}

# beside COMMAND...: of its packets none goes into the tunnel; its exit code.
beside() {
	local rc
	world_in host nft -f - <<'NFT' || return 99
table ip inside {
	chain out {
		type filter hook output priority filter
		oifname "l2tp-office" udp dport { 500, 4500 } counter
	}
}
NFT
	"$@"
	rc=$?
	world_in host nft list table ip inside | grep -q 'counter packets 0 ' || rc=99
	world_in host nft delete table ip inside
	return $rc
}

# Discovery has the same names for the same.
mapped() {
	local seen
	world_until 10 seen && seen=$(field seen) && [ "${seen%:*}" = 192.0.2.11 ] &&
		[ "${seen#*:}" != "$(field local | cut -d: -f2)" ] && [ "$(field nat)" = True ] &&
		[ "$(field keep_s)" = 1.0 ] && client status office | grep -F "mapping    $seen, by a NAT;" &&
		client status office --json >"$RUN/status" &&
		beside client discover office --json >"$RUN/discovered"
	[ $? = 6 ] && python3 - "$RUN/status" "$RUN/discovered" <<'PYTHON'
import json, sys
status, found = (json.load(open(name)) for name in sys.argv[1:])
nat, lns = found["nat"][0], found["lns"][1]
same = [(found, "gateway"), (found, "reason"), (found, "way"), (nat, "local"), (nat, "seen"), (nat, "nat"), (lns, "rtt_ms")]
missing = [key for where, key in same if type(status.get(key)) is not type(where[key])]
sys.exit(f"not as discovery has it: {missing}" if missing else 0)
PYTHON
}

# The NAT's patience is measured although the tunnel, which speaks each second, does not need it.
measured() {
	world_until 90 runs 'mapping .*alive_s=[1-9]' && [ "$(field mapping_alive_s)" -ge 20 ] &&
		[ "$(field keep_s)" = 1.0 ] && client status office | grep ' outlives [0-9]* s of silence'
}

network_changes() {
	local ns=$WORLD_PREFIX-host
	ip -n "$ns" addr add 10.0.0.3/24 dev eth0 && ip -n "$ns" addr del 10.0.0.2/24 dev eth0 &&
		ip -n "$ns" addr replace 10.0.0.3/24 dev eth0 && ip -n "$ns" route replace default via 10.0.0.1 &&
		world_until 20 runs 'moved .*from=10.0.0.3:' && lns_said 'tunnel-moved .*by=challenge' && ping_lns &&
		world_until 10 seen &&
		[ "$(field dials)" = 1 ] && [ "$(field moves)" = 1 ]
}

lns_dies() {
	kill -KILL "$(cat "$RUN/culvertd.pid")" && world_until 30 runs 'relay-down .*no longer answers' &&
		world_until 5 test -e "$RUN/culvertd.rc" && [ "$(field state)" != up ] &&
		lns_start && world_until 120 runs relay-up 2 && ping_lns
}

# stopped SECONDS COMMAND...: the client, until the command has been run and so much time has passed, as if its
# machine slept.
stopped() {
	local pid since=$EPOCHSECONDS seconds=$1 rc=0
	shift
	pid=$(cat "$RUN/run.pid")
	kill -STOP "$pid" && "$@" && world_until 30 passed "$since" "$seconds" || rc=1
	kill -CONT "$pid"
	return $rc
}

passed() {
	[ $((EPOCHSECONDS - $1)) -gt "$2" ]
}

# For less than an LNS waits: the session goes on, though more than dead-after has passed.
paused() {
	local dials moves
	dials=$(field dials) && moves=$(field moves) && stopped 4 true && world_until 10 runs 'woken .*after_s=' &&
		ping_lns && [ "$(field dials)" = "$dials" ] && [ "$(field moves)" = "$moves" ]
}

lns_restarts() {
	kill -KILL "$(cat "$RUN/culvertd.pid")" && world_until 5 test -e "$RUN/culvertd.rc" && lns_start
}

# The LNS has forgotten it meanwhile: that is noticed at once, not after another dead-after. Of a pause up to two
# seconds are not seen, as the clock is looked at every two.
forgotten() {
	local ups
	ups=$(grep -c ' relay-up ' "$RUN/run.log") && stopped 8 lns_restarts &&
		world_until 20 runs 'relay-down .*reason="the LNS has not answered since nothing ran here"' &&
		world_until 60 runs ' relay-up ' $((ups + 1)) && ping_lns
}

# With a resolvconf that notes what it is told, seen by this client alone.
names_servers() {
	cat >"$RUN/client/resolvconf" <<SH
#!/bin/sh
echo "\$@" >>"$RUN/client/told"
[ "\$1" != -a ] || cat >>"$RUN/client/told"
SH
	cat >"$RUN/client/wrapped" <<SH
#!/bin/sh
mount -t tmpfs none /usr/local/sbin && cp "$RUN/client/resolvconf" /usr/local/sbin/ || exit 1
for program in /usr/sbin/resolvconf /usr/bin/resolvconf; do
	[ ! -e \$program ] || mount --bind "$RUN/client/resolvconf" \$program || exit 1
done
exec "$CLIENT" "\$@"
SH
	chmod +x "$RUN/client/resolvconf" "$RUN/client/wrapped"
	sed -i 's/^    dead-after: .*/&\n    dns: true/' "$RUN/client/client.yaml"
	world_spawn host run "$RUN/client/wrapped" -c "$RUN/client/client.yaml" run office &&
		world_until 60 runs ipsec-up && world_until 10 grep -x 'nameserver 10.88.0.53' "$RUN/client/told" &&
		[ "$(head -1 "$RUN/client/told")" = '-a l2tp-office' ] && down &&
		[ "$(tail -1 "$RUN/client/told")" = '-d l2tp-office' ]
}

# It ended well, and nothing of it is there.
nothing_left() {
	world_until 10 test -e "$RUN/run.rc" && [ "$(cat "$RUN/run.rc")" = 0 ] &&
		! ip -n "$WORLD_PREFIX-host" link show l2tp-office && ! ip -n "$WORLD_PREFIX-host" rule | grep 1701 &&
		[ -z "$(find "$RUN/client/run" -type s)" ]
}

down() {
	client down office && nothing_left
}

# A password that is wrong is not tried again and again.
refused() {
	local said
	echo pass-x >"$RUN/client/password"
	said=$(client up office) && return 1
	echo "$said"
	grep -q 'did not take user and password' <<<"$said" && nothing_left || return 1
	world_spawn host run "$CLIENT" -c "$RUN/client/client.yaml" run office &&
		world_until 30 runs 'wait .*ms=[4-7][0-9]{4}$' && [ "$(field state)" = waiting ] && client down office &&
		nothing_left && echo pass-a >"$RUN/client/password"
}

killed() {
	start && kill -KILL "$(cat "$RUN/run.pid")" && world_until 5 test -e "$RUN/run.rc" &&
		ip -n "$WORLD_PREFIX-host" rule | grep 1701 && ! ip -n "$WORLD_PREFIX-host" link show l2tp-office &&
		start && runs 'swept .*rules=6' && ping_lns && down
}

# vici: who listens as strongSwan does, for root alone, and says nothing.
vici() {
	rm -f "$RUN/client/vici"
	world_spawn host vici python3 -c 'import os, socket, sys
os.umask(0o177)
with socket.socket(socket.AF_UNIX) as s:
    s.bind(sys.argv[1])
    s.listen()
    held = s.accept()
    s.accept()' "$RUN/client/vici" && world_until 10 test -S "$RUN/client/vici"
}

# strongSwan begins anew, for root alone, who we are no longer: it ends, for systemd to start it again.
barred() {
	sed -i "s|way: relay|&\n    ipsec: { start: strongswan, child: net, socket: $RUN/client/vici }|" "$RUN/client/client.yaml" && vici &&
		world_spawn host run "$CLIENT" -c "$RUN/client/client.yaml" run office && world_until 60 runs relay-up &&
		{ world_stop vici || true; } && vici && world_until 60 test -e "$RUN/run.rc" && [ "$(cat "$RUN/run.rc")" = 1 ] &&
		runs 'ipsec-failed .*Permission denied' && ! ip -n "$WORLD_PREFIX-host" rule | grep 1701
	local rc=$?
	world_stop vici
	return $rc
}

# The gateway is the LNS, which takes L2TP where IKE goes: that the network changes moves no tunnel into itself.
beside_itself() {
	sed -i -e "s|gateway: .*|gateway: $GATEWAY|; s|lns: .*|lns: $GATEWAY|; s|way: needed|&\n    ports: 4500|; s|way: needed|way: relay|" \
		"$RUN/client/client.yaml"
	start && ping_lns && ip -n "$WORLD_PREFIX-host" addr add 10.0.0.4/24 dev eth0 && world_until 10 passed $EPOCHSECONDS 2 &&
		ping_lns && [ "$(field dials)" = 1 ] && [ "$(field moves)" = 0 ] && down
}

tap_plan 16
world_open
world_site siteA 192.0.2.11 && nat_host host siteA 10.0.0.2 && nat_kind siteA 192.0.2.11 hash || exit 2
tap_logs "$RUN/run.log" "$RUN/culvertd.log"
configure

tap_need "Culvert is ready" lns_start
tap_need "discovery finds the LNS that answers, and it is dialled" found
tap_check "status says where the NAT has put the tunnel" mapped
tap_check "how long the NAT keeps what is silent is measured, and the tunnel speaks as often as before" measured
tap_check "the network changes: the session goes on from the new address" network_changes
tap_check "an LNS that dies is dialled until it is back" lns_dies
tap_check "nothing runs for a while: the session goes on" paused
tap_check "nothing ran, and the LNS has forgotten it: it is dialled anew" forgotten
tap_check "down: nothing is left" down
tap_check "who is not let in waits" refused
tap_check "one that was killed is started again, and what it left is taken away" killed
tap_check "DNS servers are named, and are so no longer when it has ended" names_servers
tap_check "the gateway is the LNS, on UDP 4500: the tunnel goes beside itself" beside_itself
tap_check "a strongSwan that begins anew for root alone: it ends" barred
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "nothing is left behind" world_vanish
tap_end
