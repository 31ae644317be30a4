# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# demo-nat.sh - culvert-client finds out at three sites whether it needs the relay, and a NAT reboots under a
# transfer, for demo.sh.

CLIENT=$(readlink -f "${CULVERT_CLIENT:-$(dirname "$LNS_PROGRAM")/../culvert-client/culvert-client}")
OTHER=192.0.2.2 GATEWAY=198.51.100.9 OURS=198.51.100.129
HOTEL=192.0.2.13 HOTEL_LATER=192.0.2.23
INSIDE=172.31.1.1 BEHIND=172.31.2.1
MEGABYTES=12 SECONDS_LONG=12 # the transfer
DEMO_LOOK=demo_look
GUEST_CLIENT=/tmp/box/culvert-client

demo_picture() {
	cat <<'TEXT'
Culvert's demo of discovery, and of a NAT that reboots. One client, three sites, the same configuration:

    campus  192.0.2.10, no NAT ----------------+
    home    10.0.0.2 -- [ NAT ] 192.0.2.12 ----+-- internet -- 192.0.2.1, 192.0.2.2:443 [ Culvert ] --+
    hotel   10.0.0.2 -- [ NAT, firewall ] -----+                                                      |
                              192.0.2.13       +---- 198.51.100.9 [ IPsec gateway ] 172.31.2.1 -------+

The hotel's firewall lets out TCP and UDP, but neither IKE (UDP 500 and 4500) nor ESP nor UDP 1701. The gateway
is strongSwan, and knows nothing of L2TP. The client in the hotel is A, the gateway G, both small virtual machines.
TEXT
}

# on_wire NAME: a LAN whose guests are on the internet's own cable.
on_wire() {
	world_namespace "$1" && world_plug "$1" wan0 &&
		ip -n "$WORLD_PREFIX-$1" link add lan0 type bridge &&
		ip -n "$WORLD_PREFIX-$1" link set wan0 master lan0 &&
		ip -n "$WORLD_PREFIX-$1" link set lan0 up
}

# Each knows the way to the gateway.
sites() {
	local name
	world_namespace campus && world_plug campus eth0 &&
		ip -n "$WORLD_PREFIX-campus" addr add 192.0.2.10/24 dev eth0 &&
		ip -n "$WORLD_PREFIX-campus" route add 198.51.100.0/24 dev eth0 &&
		world_site home 192.0.2.12 && nat_kind home 192.0.2.12 port && nat_host laptop home 10.0.0.2 &&
		world_site hotel $HOTEL && nat_kind hotel $HOTEL block && nat_firewall hotel hotel &&
		nat_silent hotel && on_wire lan || return 1
	for name in home hotel; do
		ip -n "$WORLD_PREFIX-$name" route add 198.51.100.0/24 dev wan0 || return 1
	done
}

# Guests have a /tmp of their own: what they run comes with their boxes.
boot() {
	guest_boot A hotel && guest_boot G lan && guest_wait A && guest_wait G &&
		cp "$HERE/transfer.py" "$RUN/guest-A/" && cp "$HERE/transfer.py" "$RUN/guest-G/" && choose_client &&
		guest_run A 'modprobe -d /run/modules tun' && guest_run G "ip addr flush dev vec0
ip addr add $GATEWAY/24 dev vec0
ip route add 192.0.2.0/24 dev vec0"
}

# A sanitized client finds no room for its shadows in a guest: the plain one is taken there.
choose_client() {
	cp "$CLIENT" "$RUN/guest-A/culvert-client" && guest_run A "$GUEST_CLIENT --version" && return
	cp "$HERE/../../build/app/culvert-client/culvert-client" "$RUN/guest-A/" &&
		guest_run A "$GUEST_CLIENT --version"
}

# Of both ends of the SA.
strongswan() {
	ipsec_start G peer=A local=$GATEWAY remote=%any inner=$BEHIND peer-inner=$INSIDE &&
		ipsec_start A peer=G local=%any remote=$GATEWAY inner=$INSIDE peer-inner=$BEHIND
}

# The one file that the client has, at each site.
client_file() {
	(umask 077 && mkdir -p "$RUN/client" && echo alices-password >"$RUN/client/alice.password" &&
		echo tunnelsecret >"$RUN/client/tunnel.secret") || return 1
	cat >"$RUN/client/client.yaml" <<YAML
connections:
  - name: office
    gateway: $GATEWAY
    lns: [$LNS_ADDRESS, $OTHER]
    ports: [1701, 443]
    way: needed
    secret-file: tunnel.secret
    user: alice
    password-file: alice.password
    ipsec: { start: strongswan, child: net, connection: peer, timeout: 60s }
YAML
	cp -a "$RUN/client" "$RUN/guest-A/" && guest_run A 'cp -a /tmp/box/client /run/'
}

client() {
	guest_run A "$GUEST_CLIENT -c /run/client/client.yaml $*"
}

# field PATH: of what its status says, as ipsec.sa.spi_in.
field() {
	client status office --json | python3 -c '
import functools, json, sys
print(functools.reduce(lambda o, key: o[key], sys.argv[1].split("."), json.load(sys.stdin)))' "$1"
}

# Without an LNS there is none: exit code 1.
no_way() {
	client discover $GATEWAY
	[ $? = 1 ]
}

demo_without() {
	need "culvert-client was to be built" [ -x "$CLIENT" ]
	need "the sites" sites
	need "the virtual machines" boot
	need "the client's configuration" client_file
	need "strongSwan on both" strongswan
	say "the gateway is ready, and so is the hotel's guest, who tries to reach it:"
	need "no way was to be found" no_way
	sed 's/^/  /' "$RUN/said"
}

configure() {
	lns_configure secret=tunnelsecret policy=ipsec alice:alices-password &&
		sed -i -e "s|^listeners:.*|listeners: [ { address: $LNS_ADDRESS/24 }, { address: $OTHER/24, udp-port: 443 } ]|" \
			-e "s|address: 10.88.0.1, pool: .10.88.1.0/24., clients: reachable|address: 198.51.100.1, pool: 198.51.100.128/25, rebind: challenge|; s|policy: ipsec|filter: to-gateway|" \
			-e "s|name: alice,|& address: $OURS,|" "$RUN/lns/culvert.yaml" &&
		cat >>"$RUN/lns/culvert.yaml" <<YAML
filters: [ { name: to-gateway, policy: ipsec, gateways: $GATEWAY/32 } ]
interfaces: [ { name: lan, addresses: 198.51.100.1/24, proxy: sessions } ]
discovery: { rfc5780: true }
YAML
}

# discover SITE: the table is in RUN/found-SITE, the exit code in RUN/found-SITE.rc.
discover() {
	local rc=0
	case $1 in
	hotel) client discover office ;;
	home) world_in laptop "$CLIENT" -c "$RUN/client/client.yaml" discover office ;;
	*) world_in "$1" "$CLIENT" -c "$RUN/client/client.yaml" discover office ;;
	esac >"$RUN/found-$1" 2>&1 || rc=$?
	echo $rc >"$RUN/found-$1.rc"
}

# decided SITE EXIT WAY: that is what it found.
decided() {
	cat "$RUN/found-$1"
	[ "$(cat "$RUN/found-$1.rc")" = "$2" ] && grep -qE "^way +[^ ]+ +$3: " "$RUN/found-$1"
}

# found SITE EXIT WAY WORDS: its table, and in words what it would do.
found() {
	need "another way was to be found: $1" decided "$1" "$2" "$3"
	title "  $1 \$ culvert-client discover office"
	sed "s/^/  /" "$RUN/found-$1"
	say "$1: $4"
}

demo_with() {
	local site jobs=()
	need "a capture at Culvert's port" capture_start wan to-lns lns
	need "Culvert's configuration" configure
	need "Culvert's start" lns_start
	say "Culvert is ready on 192.0.2.1 and 192.0.2.2:443; the client asks at all three sites"
	for site in campus home hotel; do
		discover $site &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	found campus 0 direct-udp "no NAT, and nothing is blocked: directly"
	found home 0 direct-udp "a NAT that lets UDP 4500 through: directly, though the relay could be had"
	found hotel 6 relay "a firewall that blocks IKE and ESP: by the relay, on its UDP port that is open"
	title "In the hotel"
	say "the hotel's guest: culvert-client up office"
	need "up" client up office
	need "a relay" [ "$(field way)" = relay ]
	need "the ping through ESP" guest_run A "ping -c 3 -i 0.2 -W 5 -s 1200 -I $INSIDE $BEHIND"
	say "IPsec is up over $(field lns); ping of 1200 bytes inside ESP, $INSIDE to $BEHIND:" \
		"$(sed -nE 's|^rtt .* = [^/]*/([^/]*)/.*|\1 ms|p' "$RUN/said")"
}

# who: what would be another one after any new handshake: session, call, SA.
who() {
	lns_rows sessions '{user} {session} {serial}' && field ipsec.sa.spi_in && field ipsec.sa.spi_out && field dials
}

# came MEGABYTES: so many are at the gateway.
came() {
	local bytes
	read -r bytes _ <"$RUN/guest-G/transfer" && [ "$bytes" -ge $(($1 * 1000000)) ]
} 2>/dev/null

# progress TO: megabyte by megabyte.
progress() {
	while [ "$DONE" -lt "$1" ]; do
		DONE=$((DONE + 2))
		need "$DONE MB at the gateway" world_until 60 came $DONE
		say "  $DONE of $MEGABYTES MB are there"
	done
}

# It is off for a second, has forgotten all mappings, and its provider gives it another address.
nat_reboots() {
	local ns=$WORLD_PREFIX-hotel
	ip -n "$ns" link set wan0 down && sleep 1 && nat_readdress hotel $HOTEL_LATER/24 &&
		nat_kind hotel $HOTEL_LATER block && nat_firewall hotel hotel &&
		ip -n "$ns" link set wan0 up && ip -n "$ns" route add 198.51.100.0/24 dev wan0
}

demo_prove() {
	local before bytes dark sum DONE=0
	title "The NAT reboots"
	need "who it is" who
	before=$(cat "$RUN/said")
	need "the gateway's listening" guest_run G "timeout 120 python3 /tmp/box/transfer.py serve $BEHIND /tmp/box/transfer >/tmp/box/serve.log 2>&1 &
until busybox netstat -ltn | grep -q :5003; do sleep 0.1; done"
	need "the transfer's start" guest_run A "timeout 120 python3 /tmp/box/transfer.py send $INSIDE $BEHIND ${MEGABYTES}000000 $SECONDS_LONG >/tmp/box/sent 2>&1 &"
	say "$MEGABYTES MB begin to go by TCP, inside ESP, inside the tunnel from $(lns_rows sessions '{peer}')"
	progress 4
	need "the NAT's reboot" nat_reboots
	say "  the hotel's NAT reboots: it was off for a second, has no mappings, and another address, $HOTEL_LATER"
	need "the tunnel's move" lns_said 'tunnel-moved ' 60
	say "  $(grep -o 'tunnel-moved .*' "$RUN/said" | head -1)"
	progress $MEGABYTES
	need "the transfer's end" world_until 60 grep -q ' .* ' "$RUN/guest-G/transfer"
	read -r bytes dark sum <"$RUN/guest-G/transfer"
	need "what was sent" world_until 10 grep -qx "$sum" "$RUN/guest-A/sent"
	need "the same session and SA" eval 'diff <(echo "$before") <(who)'
	say "all $bytes bytes arrived as they were sent; in the dark, with the second that the NAT was off:" \
		"$(awk -v ms="$dark" 'BEGIN { printf "%.2f s", ms / 1000 }')"
	say "session and SA are the same: nobody had to dial or to shake hands again"
}

demo_ask() {
	title "What is said of it"
	need "status" client status office
	printf '  $ culvert-client status office\n'
	sed 's/^/  /' "$RUN/said"
	show tunnels
	show sessions
}

demo_look() {
	cat <<TEXT
    the client       $0 --run $RUN A '$GUEST_CLIENT -c /run/client/client.yaml status'
                     (discover office, down office, up office, ...; --help says all)
    forget mappings  ip netns exec $WORLD_PREFIX-hotel conntrack -D -p udp
TEXT
}

demo_summary() {
	cat <<'TEXT'

What you saw
    The client asked before it dialled: where the gateway answers IKE it goes there directly, and only where a
    firewall forbids that it takes the relay, by the port that is open. There the NAT forgot it and got another
    address; Culvert had the client prove itself at the new one, and the TCP transfer inside IPsec went on.
    config/REBINDING.md says how, and what forgers can do.
TEXT
}
