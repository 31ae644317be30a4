#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# dial.sh - Culvert opens tunnels: to Debian's xl2tpd and pppd, a gateway that must prove which user it
# is, found by DNS; and to another Culvert, to which it proves itself, by an incoming and an outgoing
# call. Clients reach what is behind them; peers that crash are dialled again.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

GATEWAY=192.0.2.9
HUB=192.0.2.2

reason=$(guest_missing)
[ -z "$reason" ] || tap_skip_all "$reason"
reason=$(lns_missing)
[ -z "$reason" ] || tap_skip_all "$reason"

# The gateway is a guest on the cable of the LNS; the other Culvert has one of its own.
cables() {
	world_namespace lan && world_plug lan wan0 &&
		ip -n "$WORLD_PREFIX-lan" link add lan0 type bridge &&
		ip -n "$WORLD_PREFIX-lan" link set wan0 master lan0 &&
		ip -n "$WORLD_PREFIX-lan" link set lan0 up &&
		world_namespace lns2 && world_plug lns2 wan0
}

configure() {
	lns_configure secret=tunnelsecret policy=any userA:pass-a
	lns_secret branch.secret pass-branch
	lns_secret userG.secret pass-g
	cat >>"$RUN/lns/culvert.yaml" <<YAML
  - { name: userG, password-file: userG.secret, address: 10.88.1.20, routes: 172.31.7.0/24 }
dial:
  - { name: gateway, to: gw.culvert.test, secret-file: tunnel.secret, peer-user: userG }
  - { name: hub, to: $HUB, secret-file: tunnel.secret, host-name: branch-7, call: incoming,
      address: 10.66.0.1, user: branch, password-file: branch.secret }
YAML
	lns_use lns2
	lns_configure secret=tunnelsecret policy=any
	lns_secret branch.secret pass-branch
	sed -i -e 's|lns0|wan0|; s|192.0.2.1/|'"$HUB"'/|; s|10\.88\.|10.66.|g; s|host-name: culvert|host-name: hub|' \
		-e 's|secret-file: tunnel.secret|&, outgoing: accept|' \
		-e 's|^users:.*|users: [ { name: branch, password-file: branch.secret, routes: 10.88.0.0/16 } ]|' \
		"$RUN/lns2/culvert.yaml"
	lns_use lns
}

# A resolver of its own for the daemon: what it starts as has the files of the machine covered.
resolver() {
	echo 'nameserver 127.0.0.1' >"$RUN/resolv.conf"
	echo '127.0.0.1 localhost' >"$RUN/hosts"
	cat >"$RUN/culvertd" <<SH
#!/bin/sh
mount --bind "$RUN/resolv.conf" /etc/resolv.conf && mount --bind "$RUN/hosts" /etc/hosts || exit 1
exec "$(readlink -f "$LNS_PROGRAM")" "\$@"
SH
	chmod +x "$RUN/culvertd"
	world_spawn lns names "$HERE/names.py" "$RUN/names" && world_until 10 grep -q ready "$RUN/names.log"
}

boot() {
	guest_boot A siteA && guest_boot G lan && guest_wait A && guest_wait G &&
		guest_run G "ip addr flush dev vec0
ip addr add $GATEWAY/24 dev vec0
ip addr add 172.31.7.1/32 dev lo
sysctl -qw net.ipv4.ip_forward=1"
}

# What a gateway's administrator writes. PPP's other end is told apart by its address.
gateway() {
	guest_run G '
cat >/etc/xl2tpd/xl2tpd.conf <<X
[global]
port = 1701
access control = no
[lns default]
assign ip = no
challenge = yes
name = gateway
hostname = gateway
length bit = yes
require authentication = no
pppoptfile = /etc/ppp/options.lns
X
echo "* * tunnelsecret" >/etc/xl2tpd/l2tp-secrets
printf "%s\n" "name userG" noauth noipdefault ipcp-accept-local ipcp-accept-remote noccp novj \
	"mtu 1400" "mru 1400" debug "logfile /tmp/box/pppd.log" >/etc/ppp/options.lns
echo "\"userG\" * \"pass-g\" *" >/etc/ppp/chap-secrets
printf "#!/bin/sh\n/usr/sbin/ip route replace 10.88.0.0/16 dev \$1\n" >/etc/ppp/ip-up
chmod 755 /etc/ppp/ip-up
chmod 600 /etc/ppp/chap-secrets /etc/xl2tpd/l2tp-secrets
xl2tpd -D -c /etc/xl2tpd/xl2tpd.conf -s /etc/xl2tpd/l2tp-secrets -p /run/xl2tpd.pid \
	-C /run/xl2tpd/l2tp-control >>/tmp/box/xl2tpd.log 2>&1 &'
}

# peer NAME FORMAT: a row of culvertctl peers, as lns_rows has it.
peer() {
	lns_rows peers "{peer} $2" | grep "^$1 "
}

# up NAME...: so many seconds.
up() {
	local name
	for name; do
		world_until 60 eval "peer $name '{state}' | grep -q 'up\$'" || {
			lns_ctl peers
			return 1
		}
	done
}

ping_from() {
	guest_run "$1" "ping -c 3 -i 0.2 -W 5 -s 1200 ${3:+-I $3} $2"
}

# Nobody answers for the name, which the log says in lines of its own. Clients are served meanwhile, and
# other peers dialled.
silent_names() {
	client_dial A user=userA password=pass-a secret=tunnelsecret && client_wait A &&
		world_until 40 eval 'peer gateway "{reason}" | grep -q gw.culvert.test' &&
		guest_run A 'ip route add 10.66.0.0/16 dev ppp0
ip route add 172.31.7.0/24 dev ppp0' &&
		peer hub '{state} {at} {local} {address}' | grep "^hub up $HUB:1701 10.66.1.1 10.66.0.1\$" &&
		world_until 20 grep -qE 'warning libevent text=".*127.0.0.1' "$RUN/culvertd.log" &&
		! grep '^\[' "$RUN/culvertd.log"
}

# With the record there.
found() {
	echo "gw.culvert.test $GATEWAY" >"$RUN/names.new" && mv "$RUN/names.new" "$RUN/names" || return 1
	up gateway && peer gateway '{at} {address}' | grep "$GATEWAY:1701 10.88.1.20\$" &&
		lns_said "tunnel-up .*peer=$GATEWAY:1701 .*host=gateway"
}

shown() {
	lns_ctl peers && lns_ctl peers state=up && lns_ctl lookup default 172.31.7.1 | grep -E 'user +userG' &&
		lns_ctl lookup default 10.66.0.1 | grep -E 'user +hub' &&
		lns_use lns2 && lns_rows sessions '{user} {address}' | grep -x 'branch 10.66.1.1' &&
		lns_rows tunnels '{host}' | grep -x branch-7 && lns_use lns || return 1
	if python3 -c 'import jsonschema' 2>/dev/null; then
		"$HERE/answers.py" --of peers "$LNS_CTL" --socket "$RUN/lns/control.sock"
	fi
}

strongswan() {
	local a
	a=$(client_address A)
	ipsec_start A peer=G local="$a" remote=10.88.1.20 inner=172.31.1.1 peer-inner=172.31.2.1 &&
		ipsec_start G peer=A local=10.88.1.20 remote="$a" inner=172.31.2.1 peer-inner=172.31.1.1 &&
		ipsec_initiate A && ping_from A 172.31.2.1 172.31.1.1
}

# Its power fails, in effect: nobody says a word, and what is started again knows of nothing. Who
# restarts within the time of echoes is dialled again by an administrator at once.
crash() {
	guest_run G 'pkill -KILL xl2tpd; pkill -KILL pppd; rm -f /run/xl2tpd.pid; sleep 0.5; true' &&
		gateway && lns_ctl kick user userG && lns_said 'peer-down peer=gateway' &&
		up gateway && ping_from A 172.31.7.1
}

# The other Culvert stops, which it says; in its time it is there again.
hub_restarts() {
	lns_use lns2 && lns_stop && lns_use lns &&
		world_until 20 eval 'peer hub "{state}" | grep -qvw up' && lns_said 'peer-down peer=hub' &&
		lns_use lns2 && lns_start && lns_use lns && up hub && ping_from A 10.66.0.1
}

# reload SED: the file otherwise, taken while it runs.
reload() {
	sed -i "$1" "$RUN/lns/culvert.yaml" && lns_ctl reload
}

outgoing() {
	local serial
	serial=$(lns_rows sessions '{user} {serial}' | grep '^userG ')
	reload 's/call: incoming/call: outgoing/' && up hub && ping_from A 10.66.0.1 &&
		[ "$(lns_rows sessions '{user} {serial}' | grep '^userG ')" = "$serial" ] &&
		[ "$(peer hub '{local}')" != 'hub 10.66.1.1' ]
}

goes() {
	reload '/name: hub,/,/branch.secret/s/^/#/' && ! peer hub '{state}' &&
		lns_use lns2 && world_until 20 eval '[ -z "$(lns_rows sessions "{user}")" ]' && lns_use lns &&
		! ping_from A 10.66.0.1 && ping_from A 172.31.7.1
}

# Traffic has it dialled, and it is hung up when there is none for a while.
on_demand() {
	reload '/#.*name: hub,/,/#.*branch.secret/{s/^#//
s|branch.secret }|branch.secret, routes: 10.66.0.0/16, start: traffic, idle: 4s }|}' &&
		peer hub '{state}' | grep 'resting$' && lns_ctl lookup default 10.66.0.9 | grep -E 'leads to +peer' &&
		first_answered hub 10.66.0.1 && ping_from A 10.66.0.1 &&
		world_until 30 eval "peer hub '{state}' | grep 'resting\$'" && lns_said 'peer-down peer=hub reason="no traffic'
}

# first_answered PEER ADDRESS: the very packet that has it dialled is. What is at the other end may
# be slow to set its routes: so it is tried anew.
first_answered() {
	local waited _
	for _ in 1 2 3; do
		waited=$(lns_edges ROUTE_WAIT)
		world_until 30 eval "peer $1 '{state}' | grep 'resting\$'" || return 1
		if guest_run A "ping -c 1 -W 10 $2"; then
			[ "$(lns_edges ROUTE_WAIT)" -gt "$waited" ]
			return
		fi
	done
	return 1
}

# Echo requests for the network behind the gateway that Culvert has sent it.
requests_to_gateway() {
	capture_find lns "l2tp && icmp.type == 8 && ip.src#1 == $LNS_ADDRESS && ip.dst == 172.31.7.1" | wc -l
}

# pppd at the other end has a kernel and an ip-up, which may be slower: so the packet that had it dialled
# comes there, and what comes next is answered.
gateway_on_demand() {
	local waited sent
	reload 's/peer-user: userG }/peer-user: userG, start: traffic, idle: 2s }/' &&
		world_until 30 eval "peer gateway '{state}' | grep 'resting\$'" || return 1
	waited=$(lns_edges ROUTE_WAIT) sent=$(requests_to_gateway)
	guest_run A "ping -c 1 -W 5 172.31.7.1" || true
	world_until 20 eval '[ "$(requests_to_gateway)" = '$((sent + 1))' ]' &&
		[ "$(lns_edges ROUTE_WAIT)" = $((waited + 1)) ] && ping_from A 172.31.7.1
}

tap_plan 21
world_open
world_site siteA 192.0.2.11 && cables || exit 2
tap_logs "$RUN"/guest-G/{xl2tpd,pppd,charon}.log "$RUN/guest-A/pppd.log" "$RUN/culvertd.log" \
	"$RUN/culvertd-lns2.log"
configure

tap_need "a DNS server of the test's own" resolver
tap_need "capture at the LNS's port" capture_start wan to-lns lns
tap_need "the client's and the gateway's guest boot" boot
tap_need "the other Culvert is ready" eval 'lns_use lns2 && lns_start && lns_use lns'
tap_need "Culvert is ready" eval 'LNS_PROGRAM=$RUN/culvertd lns_start'
tap_check "a name that nobody answers for holds nobody up" silent_names
tap_need "xl2tpd begins to listen" gateway
tap_need "it is found by DNS, dialled, and proves that it is the user" found
tap_check "culvertctl shows both, and where their networks lead" shown
tap_check "the client reaches the network behind the gateway" ping_from A 172.31.7.1
tap_check "and the other Culvert" ping_from A 10.66.0.1
tap_check "ping of 1200 bytes through ESP between client and gateway" strongswan
tap_check "a gateway that crashed is dialled again" crash
tap_check "as is the other Culvert when it is back" hub_restarts
tap_check "it is dialled anew by an outgoing call, and others lose nothing" outgoing
tap_check "a reload that drops it hangs up" goes
tap_check "it is dialled when there is traffic, which waits, and hung up when there is none" on_demand
tap_check "so is the gateway, which is sent the very packet that had it dialled" gateway_on_demand
tap_check "Culvert ends within its time, with exit code 0" lns_stop
tap_check "tshark finds nothing malformed and no wrong checksum from Culvert" \
	eval 'capture_stop lns && capture_sound lns "$LNS_ADDRESS"'
tap_check "nothing is left behind" world_vanish
tap_end
