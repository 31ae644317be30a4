#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# up.sh - culvert-client in a guest behind a NAT that passes no IPsec: up, IPsec by strongSwan, status,
# down, and nothing is left; wrong passwords, dead LNSs, a client that is killed; xl2tpd as LNS.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_CLIENT name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"
. "$HERE/lib/xl2tpd.sh"

OTHER=192.0.2.9 # the gateway's outer address, where it will be an LNS itself
GATEWAY=10.88.1.20
OURS=10.88.1.10

tap_requires guest lns ours

# The gateway is a guest on the cable of the LNS.
cables() {
	world_namespace lan && world_plug lan wan0 &&
		ip -n "$WORLD_PREFIX-lan" link add lan0 type bridge &&
		ip -n "$WORLD_PREFIX-lan" link set wan0 master lan0 &&
		ip -n "$WORLD_PREFIX-lan" link set lan0 up
}

configure() {
	lns_configure secret=tunnelsecret userA:pass-a userG:pass-g
	sed -i -e "s|name: userA,|& address: $OURS,|; s|name: userG,|& address: $GATEWAY,|; s|^groups: .*policy: [a-z]*|&, pool6: '2001:db8:1::/48'|" \
		-e "s|^listeners:.*|listeners: [ { port: wan, address: $LNS_ADDRESS/24 }, { port: wan, address: 192.0.2.2/24 } ]\ndiscovery: { rfc5780: true }|" \
		"$RUN/lns/culvert.yaml"
}

boot() {
	guest_boot A siteA && guest_boot G lan && guest_wait A && guest_wait G && ours_choose A &&
		guest_run G "ip addr flush dev vec0
ip addr add $OTHER/24 dev vec0
ip addr add 172.31.7.1/32 dev lo
sysctl -qw net.ipv4.ip_forward=1"
}

# A client of xl2tpd's, with strongSwan. The other client of the relay is the one that it awaits.
gateway() {
	client_dial G user=userG password=pass-g secret=tunnelsecret && client_wait G &&
		ipsec_start G peer=A local=$GATEWAY remote=$OURS inner=172.31.2.1 peer-inner=172.31.1.1
}

# client_yaml SED-COMMAND...: what the client has, but for what is said otherwise.
client_yaml() {
	ours_configure A "${PASSWORD:-pass-a}" tunnelsecret "gateway: $GATEWAY" "lns: $LNS_ADDRESS" 'way: relay' 'user: userA' \
		'dead-after: 3s' 'ipsec: { start: strongswan, child: net, connection: peer, timeout: 60s }' || return 1
	[ $# = 0 ] || { guest_run A "$(printf 'sed -i "%s" /run/client/client.yaml\n' "$@")" && ours A check; }
}

ping_through() {
	guest_run A 'ping -c 3 -i 0.2 -W 5 -s 1200 -I 172.31.1.1 172.31.2.1'
}

# What is left of it in the guest, in words.
left() {
	guest_run A 'ip link show l2tp-office && echo "an interface"
ip rule | grep 1701 && echo rules
ip -6 rule | grep 1701 && echo "rules for IPv6"
ip route show table 1701 | grep . && echo routes
pgrep -a culvert && echo processes
[ -d /run/culvert-client ] && find /run/culvert-client -type s | grep . && echo sockets
true' 2>/dev/null
}

nothing_left() {
	local lines
	lines=$(left | grep -v 'FIB table does not exist\|Dump terminated\|does not exist')
	[ -z "$lines" ] || {
		echo "left: $lines"
		return 1
	}
}

up() {
	ours A up office && ours A up office | grep 'runs already'
}

# It says which way, by which LNS, and what strongSwan has agreed; who runs it is nobody.
status() {
	ours A status && [ "$(ours_field A state)" = up ] && [ "$(ours_field A way)" = relay ] &&
		[ "$(ours_field A lns)" = $LNS_ADDRESS:1701 ] && [ "$(ours_field A address)" = $OURS ] &&
		[ "$(ours_field A ipsec.sa.remote)" = $GATEWAY ] && [ "$(ours_field A ipsec.up)" = True ] &&
		[ "$(ours_field A ipsec.sa.bytes_out)" -gt 3000 ] && [ "$(ours_field A sent.packets)" -gt 3 ] &&
		guest_run A 'ps -o user= -p $(pgrep -o culvert-client)' | grep -x nobody
}

# Nothing but IPsec takes that way: not even a ping of the gateway.
only_ipsec() {
	local sent
	sent=$(ours_field A sent.packets) &&
		guest_run A "! ping -c 2 -i 0.2 -W 1 $GATEWAY
ip route get $GATEWAY | grep vec0 && ip route get $LNS_ADDRESS | grep vec0" &&
		[ "$(ours_field A sent.packets)" = "$sent" ]
}

down() {
	ours A down office && nothing_left &&
		! guest_run A "$IPSEC_ENV
swanctl --list-sas | grep ESTABLISHED" && lns_said 'session-end .*user=userA'
}

# refused TEXT: it does not come up, says that, and leaves nothing.
refused() {
	local said
	said=$(ours A up office) && return 1
	echo "$said"
	grep -q "$1" <<<"$said" && nothing_left
}

wrong_password() {
	PASSWORD=pass-x client_yaml && refused 'did not take user and password'
}

wrong_secret() {
	client_yaml && guest_run A 'echo other >/run/client/secret' && refused 'not authorized'
}

nobody_there() {
	client_yaml "s/lns: .*/lns: 192.0.2.77/" && refused 'does not answer'
}

# The gateway answers nobody: there is a way, but no SA.
silent_gateway() {
	client_yaml 's/gateway: .*/gateway: 10.88.1.99/; s/timeout: 60s/timeout: 3s/' &&
		guest_run G 'pkill -STOP charon-systemd' && refused 'IPsec' && guest_run G 'pkill -CONT charon-systemd'
}

no_strongswan() {
	client_yaml 's|start: strongswan|&, socket: /run/none.vici|' && refused '/run/none.vici: No such file'
}

# Its rules are left, and where they lead to is not. They are found and taken away.
killed() {
	client_yaml && ours A up office || return 1
	guest_run A 'pkill -KILL culvert-client
until ! pgrep culvert-client; do sleep 0.1; done' &&
		left | grep rules && ours A status | grep -x 'office: down' &&
		ours A up office && [ "$(guest_run A 'ip rule | grep -c 1701:')" = 6 ] && ping_through
}

# What is stopped does not hear of its end.
forced() {
	guest_run A 'pkill -STOP culvert-client' && ours A down --force office && nothing_left &&
		ours A down office
	[ $? = 4 ]
}

# In the foreground, as systemd has it, with a socket that it tells of its state.
foreground() {
	client_yaml && guest_run A "rm -f /run/notify
python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(\"/run/notify\")
os.chmod(\"/run/notify\", 0o777)
while True:
    open(\"/tmp/box/notified\", \"a\").write(s.recv(500).decode() + \"\\n\")' 9<&- >/dev/null 2>&1 &
until [ -S /run/notify ]; do sleep 0.1; done
NOTIFY_SOCKET=/run/notify '$OURS_PROGRAM' -c /run/client/client.yaml run office >/tmp/box/run.log 2>&1 &" &&
		world_until 60 ours_said A ipsec-up && ping_through && grep -x READY=1 "$RUN/guest-A/notified"
}

# The LNS crashes. It is given up, dialled until it is there again, and IPsec goes on as it was. The gateway's
# charon may hear of its address before the interface is up, and then gives its route up.
lns_dies() {
	local spi
	spi=$(ours_field A ipsec.sa.spi_in) && kill -KILL "$(cat "$RUN/culvertd.pid")" &&
		world_until 30 ours_said A 'relay-down .*no longer answers' && world_until 5 test -e "$RUN/culvertd.rc" &&
		lns_start && world_until 90 ours_said A relay-up 2 && client_dial G user=userG password=pass-g secret=tunnelsecret &&
		client_wait G && guest_run G 'ip route replace 172.31.1.1/32 dev ppp0 src 172.31.2.1' &&
		world_until 60 ping_through && [ "$(ours_field A ipsec.sa.spi_in)" = "$spi" ] &&
		[ "$(ours_field A dials)" -ge 2 ]
}

# The guest has another address: the session goes on from there, as does IPsec in it.
network_changes() {
	local spi
	spi=$(ours_field A ipsec.sa.spi_in) && guest_run A 'ip addr add 10.0.0.3/24 dev vec0
ip addr del 10.0.0.2/24 dev vec0
ip addr replace 10.0.0.3/24 dev vec0
ip route replace default via 10.0.0.1' && world_until 20 ours_said A 'moved .*from=10.0.0.3:' &&
		lns_said 'tunnel-moved .*sessions=1 by=challenge' && ping_through &&
		[ "$(ours_field A dials)" = 1 ] && [ "$(ours_field A moves)" = 1 ] && [ "$(ours_field A ipsec.sa.spi_in)" = "$spi" ]
}

# Site B is another LAN, behind another NAT, with the same private addresses. For these site A answers on its own
# LAN alone.
sites() {
	world_site siteA 192.0.2.11 && world_site siteB 192.0.2.12 &&
		world_in siteA sysctl -qw net.ipv4.conf.all.arp_ignore=1 &&
		ip -n "$WORLD_PREFIX-siteA" link add hop0 type bridge &&
		ip -n "$WORLD_PREFIX-siteA" link add hop1 type veth peer name hop2 netns "$WORLD_PREFIX-siteB" &&
		ip -n "$WORLD_PREFIX-siteA" link set hop1 master hop0 up && ip -n "$WORLD_PREFIX-siteA" link set hop0 up &&
		ip -n "$WORLD_PREFIX-siteB" link set hop2 master lan0 up
}

# flowed N: so many of both ways came back in all.
flowed() {
	local udp tcp dark
	read -r udp dark tcp dark <"$RUN/guest-A/flow" && [ "$udp" -ge "$1" ] && [ "$tcp" -ge "$1" ]
} 2>/dev/null

# goes BRIDGE ADDRESS LAST OUTER MOVES: A's cable is in that LAN by now, where it gets that address; the tunnel
# follows it to the NAT there, and what flows goes on. DARK says for how long nothing did, at most, since it flows.
goes() {
	local udp tcp dark
	world_until 10 flowed 20 && ip -n "$WORLD_PREFIX-siteA" link set "tap$(cat "$RUN/guest-A/number")" master "$1" &&
		guest_run A "ip addr add $2/24 dev vec0
ip addr del $3/24 dev vec0
ip addr replace $2/24 dev vec0
ip neigh flush dev vec0
ip route replace default via 10.0.0.1" && world_until 20 ours_said A "moved .*from=$2:" &&
		lns_said "tunnel-moved .*peer=$4:.* by=challenge" && read -r udp dark tcp dark <"$RUN/guest-A/flow" &&
		world_until 60 flowed $(((udp > tcp ? udp : tcp) + 20)) && read -r _ dark _ tcp <"$RUN/guest-A/flow" &&
		DARK="UDP $dark ms, TCP $tcp ms" && [ "$(ours_field A moves)" = "$5" ] && [ "$(ours_field A dials)" = 1 ]
}

moves_site() {
	local spi
	spi=$(ours_field A ipsec.sa.spi_in) && guest_run G "python3 $HERE/flow.py serve 172.31.2.1 >/tmp/box/flow.log 2>&1 &" &&
		guest_run A "python3 $HERE/flow.py run 172.31.1.1 172.31.2.1 /tmp/box/flow >/tmp/box/flow.log 2>&1 &
echo \$! >/run/flow.pid" && world_until 30 flowed 20 && goes hop0 10.0.0.33 10.0.0.3 192.0.2.12 2 &&
		goes lan0 10.0.0.34 10.0.0.33 192.0.2.11 3 && [ "$(ours_field A ipsec.sa.spi_in)" = "$spi" ] &&
		guest_run A 'kill $(cat /run/flow.pid)' && guest_run G 'pkill -f flow.py'
}

# Who may be silent for long learns how long the NAT stands it, and is not silent for longer: when that
# is known, the last sign of life is older.
holds_mapping() {
	client_yaml 's/dead-after: 3s/dead-after: 600s/' &&
		ours_run A && world_until 90 ours_said A 'mapping .*alive_s=[1-9]' && [ "$(ours_field A mapping_alive_s)" -ge 20 ] &&
		world_until 10 eval '[ "$(ours_field A heard_s)" -lt 15 ]' && ours A down office && nothing_left
}

# SIGTERM, as systemd sends it.
terminated() {
	guest_run A 'pkill -TERM culvert-client
for wait in $(seq 200); do pgrep culvert-client >/dev/null || exit 0; sleep 0.1; done; exit 1' &&
		ours_said A stopped && nothing_left
}

# xl2tpd and pppd serve; the gateway is an address of theirs.
other_lns() {
	client_hang_up G && ipsec_stop G && xl2tpd_serve G tunnelsecret userA pass-a &&
		ipsec_start G peer=A local=172.31.7.1 remote=%any inner=172.31.2.1 peer-inner=172.31.1.1 &&
		ipsec_start A peer=G local=%any remote=172.31.7.1 inner=172.31.1.1 peer-inner=172.31.2.1 &&
		client_yaml "s/lns: .*/lns: $OTHER/; s/gateway: .*/gateway: 172.31.7.1/" &&
		ours A up office && ping_through && [ "$(ours_field A lns)" = $OTHER:1701 ] && ours A down office && nothing_left
}

# It is left to discovery, which finds that the gateway does not answer, and the second LNS does.
needs_relay() {
	client_yaml 's/way: relay/way: needed/; s/lns: .*/lns: [192.0.2.77, 192.0.2.1]/' && ours A up office &&
		[ "$(ours_field A way)" = relay ] && ours_field A reason | grep 'does not answer IKE directly' &&
		[ "$(ours_field A lns)" = $LNS_ADDRESS:1701 ] && ping_through && ours A down office && nothing_left
}

# The gateway has IPv6 alone, inside, by router advertisement as the client has.
over_ipv6() {
	local there
	there=$(guest_run G 'ip -6 -o addr show dev ppp0 scope global' | grep -o '2001:db8:1:[^/]*' | head -1)
	[ -n "$there" ] && ipsec_start G peer=A local="$there" remote=%any inner=172.31.2.1 peer-inner=172.31.1.1 &&
		ipsec_start A peer=G local=%any remote="$there" inner=172.31.1.1 peer-inner=172.31.2.1 &&
		client_yaml "s/gateway: .*/gateway: $there/" && ours A up office && ping_through && ours A status office &&
		[ "$(ours_field A ipsec.sa.remote)" = "$there" ] && [ "$(ours_field A ipsec.sa.local)" = "$(ours_field A address6)" ] &&
		ours A down office && nothing_left
}

# The NAT lets IKE and ESP in UDP through: IPsec starts without the relay.
needs_none() {
	nat_kind siteA 192.0.2.11 port &&
		ipsec_start G peer=A local=$OTHER remote=%any inner=172.31.2.1 peer-inner=172.31.1.1 &&
		ipsec_start A peer=G local=%any remote=$OTHER inner=172.31.1.1 peer-inner=172.31.2.1 &&
		client_yaml "s/way: relay/way: needed/; s/gateway: .*/gateway: $OTHER/" && ours A up office &&
		[ "$(ours_field A way)" = direct ] && [ "$(ours_field A ipsec.sa.remote)" = $OTHER ] && ping_through &&
		! guest_run A 'ip rule | grep 1701' && ours A down office && nothing_left
}

# IPsec went out of the site inside L2TP alone.
nothing_beside() {
	[ "$(world_dropped siteA ipsec-out)" = 0 ] && [ "$(world_dropped siteA ike-out)" = 0 ]
}

# A command of the user's, run as root, without a shell.
command_starts() {
	guest_run A 'cat >/run/client/go <<X
#!/bin/sh
id -u >/tmp/box/ran
printf "%s\n" "\$@" >>/tmp/box/ran
X
chmod 755 /run/client/go' &&
		client_yaml 's|ipsec: .*|ipsec: { start: command, up: [/run/client/go, a b, c*], down: [/usr/bin/touch, /tmp/box/ended], timeout: 5s }|' &&
		ours A up office && cat "$RUN/guest-A/ran" && [ "$(tr '\n' , <"$RUN/guest-A/ran")" = '0,a b,c*,' ] &&
		ours A down office && [ -e "$RUN/guest-A/ended" ] && nothing_left
}

command_hangs() {
	client_yaml 's|ipsec: .*|ipsec: { start: command, up: [/bin/sleep, 1000], timeout: 1s }|' &&
		refused 'not done in time' && ! guest_run A 'pgrep -f "sleep 1000"'
}

tap_plan 31
world_open
sites && cables || exit 2
tap_logs "$RUN"/guest-A/{run,charon}.log "$RUN"/guest-G/{xl2tpd,pppd,charon}.log "$RUN/culvertd.log"
configure

tap_need "two guests boot" boot
tap_need "Culvert is ready" lns_start
tap_need "the gateway is a client of the relay" gateway
tap_need "strongSwan has a connection, and nobody starts it" \
	ipsec_start A peer=G local=%any remote=$GATEWAY inner=172.31.1.1 peer-inner=172.31.2.1
tap_need "the client's configuration is right" client_yaml
tap_need "up: tunnel, interface, routes, IPsec" up
tap_check "ping of 1200 bytes through ESP" ping_through
tap_check "status says by which way, and what strongSwan has" status
tap_check "nothing but IPsec goes there" only_ipsec
tap_check "down: nothing is left" down
tap_check "a wrong password is said, and nothing left" wrong_password
tap_check "a wrong secret" wrong_secret
tap_check "an LNS that is not there" nobody_there
tap_check "a gateway that does not answer" silent_gateway
tap_check "a strongSwan that does not run" no_strongswan
tap_check "one that was killed is started again, and what it left is taken away" killed
tap_check "one that does not hear is taken down by force" forced
tap_check "a command starts IPsec" command_starts
tap_check "one that hangs is killed" command_hangs
tap_check "in the foreground: ready when IPsec is up" foreground
tap_check "the network changes: same session, same SA, from the new address" network_changes
tap_check "it goes to another site, with another NAT, and back: IPsec, TCP and UDP in it go on" moves_site &&
	tap_note "in the dark, at most: $DARK"
tap_check "an LNS that dies is dialled until it is back, and IPsec goes on as it was" lns_dies
tap_check "SIGTERM ends it, and nothing is left" terminated
tap_check "it holds the NAT's mapping" holds_mapping
tap_check "left to discovery: the relay, as the gateway does not answer" needs_relay
tap_check "IPsec over IPv6 inside" over_ipv6
tap_check "xl2tpd is an LNS as good" other_lns
tap_check "no IPsec left the site beside the relay" nothing_beside
tap_check "left to discovery: directly, where that works" needs_none
tap_check "nothing is left behind" world_vanish
tap_end
