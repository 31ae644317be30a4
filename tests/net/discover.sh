#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# discover.sh - culvert-client discover: which way IPsec can go from behind each kind of NAT and firewall, by
# names from DNS, with Culvert as the LNS and strongSwan as the gateway; and what it makes of nonsense.
#
# Speaks TAP. CULVERTD, CULVERTCTL and CULVERT_CLIENT name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

OTHER=192.0.2.2 NAT=192.0.2.11 GATEWAY=192.0.2.7 BARE=192.0.2.8 FAKE=192.0.2.66
LNS6=2001:db8:1::1 GATEWAY6=2001:db8:1::7
CLIENT=$(readlink -f "${CULVERT_CLIENT:-$(dirname "$LNS_PROGRAM")/../culvert-client/culvert-client}")

tap_requires lns
for tool in turnutils_natdiscovery conntrack charon-systemd swanctl; do
	command -v $tool >/dev/null || tap_skip_all "$tool is missing (./dpdk-setup.sh install gets it)"
done
[ -x "$CLIENT" ] || tap_skip_all "no culvert-client (./dpdk-setup.sh build makes it)"

configure() {
	lns_configure secret=tunnelsecret policy=any userA:pass-a &&
		sed -i "s|^listeners:.*|listeners: [ { address: $LNS_ADDRESS/24 }, { address: $OTHER/24, udp-port: 443 }, { address: '$LNS6/64' } ]|" \
			"$RUN/lns/culvert.yaml" &&
		echo "discovery: { rfc5780: true }" >>"$RUN/lns/culvert.yaml" || return 1
	cat >"$RUN/resolv.conf" <<X
nameserver 127.0.0.1
options timeout:1 attempts:1
X
	cp "$RUN/lns/tunnel.secret" "$RUN/lns/userA.secret" "$RUN/" && echo wrong >"$RUN/wrong.secret" && chmod 600 "$RUN"/*.secret
	cat >"$RUN/client.yaml" <<YAML
connections:
  - { name: office, gateway: ipsec.example.net, ports: [1701, 443], secret-file: tunnel.secret, user: userA, password-file: userA.secret }
  - { name: told, gateway: $GATEWAY, lns: [$FAKE, $OTHER], ports: [1701, 443], secret-file: wrong.secret, user: userA, password-file: userA.secret }
  - { name: always, gateway: ipsec.example.net, way: relay, ports: 443, secret-file: tunnel.secret, user: userA, password-file: userA.secret }
YAML
	cat >"$RUN/discover" <<SH
#!/bin/sh
mount --bind "$RUN/resolv.conf" /etc/resolv.conf || exit 99
exec timeout 60 "$CLIENT" discover "\$@"
SH
	chmod +x "$RUN/discover"
	names_usual && world_spawn host names "$HERE/names.py" "$RUN/names" && world_until 10 grep -q ready "$RUN/names.log"
}

names_usual() {
	cat >"$RUN/names" <<X
ipsec.example.net $GATEWAY
l2tp.example.net $OTHER
l2tp.example.net $LNS6
X
}

# discover HOST EXIT WORDS...: the table or JSON is in RUN/found.
discover() {
	local host=$1 want=$2 rc=0
	shift 2
	world_in "$host" unshare -m "$RUN/discover" "$@" >"$RUN/found" 2>"$RUN/found.err" || rc=$?
	cat "$RUN/found" "$RUN/found.err"
	[ $rc = "$want" ] || {
		echo "exit code $rc instead of $want"
		return 1
	}
}

# said EXPRESSION: Python's, true of f, the JSON.
said() {
	python3 - "$RUN/found" "$1" <<'PY'
import json, sys
f = json.load(open(sys.argv[1]))
lns = {(each["address"], port["port"]): port["l2tp"] for each in f["lns"] for port in each["ports"]}
nat = {each["family"]: each for each in f["nat"]}
ike = {(each["address"], port["port"]): port for each in f["gateways"] for port in each["ike"]}
if not eval(sys.argv[2]):
    sys.exit(f"not so: {sys.argv[2]}")
PY
}

# charon in a namespace, without ESP: it answers IKE_SA_INIT.
gateway() {
	mkdir -p "$RUN/swan" && cat >"$RUN/swan/strongswan.conf" <<X
charon {
	load = random nonce aes sha1 sha2 hmac gmp kdf kernel-netlink socket-default vici
	install_routes = no
	dos_protection = no
	filelog {
		log {
			path = $RUN/charon.log
			default = 1
			flush_line = yes
		}
	}
}
swanctl {
	load = random nonce sha1 sha2 gmp
}
X
	cat >"$RUN/swan/swanctl.conf" <<X
connections {
	peer {
		proposals = aes128-sha256-modp2048
		remote {
			auth = psk
		}
		local {
			auth = psk
			id = gateway.example
		}
	}
}
X
	cat >"$RUN/charon" <<SH
#!/bin/sh
mount -t tmpfs tmpfs /run && charon-systemd &
for wait in \$(seq 200); do
	swanctl --load-all --file "$RUN/swan/swanctl.conf" && break
	sleep 0.1
done
echo loaded
wait
SH
	chmod +x "$RUN/charon"
	world_spawn gateway gateway unshare -m env STRONGSWAN_CONF="$RUN/swan/strongswan.conf" "$RUN/charon" &&
		world_until 30 grep -q '^loaded' "$RUN/gateway.log"
}

# ---- kinds of NAT ----

# behind KIND [MAPPING FILTERING]: what it is in our words; left out: what coturn says of it.
behind() {
	local said mapping=${2:-} filtering=${3:-}
	nat_kind site $NAT "$1" && discover host 0 --json --lns $LNS_ADDRESS $GATEWAY || return 1
	if [ -z "$mapping" ]; then
		said=$(world_in host timeout 40 turnutils_natdiscovery -m -f $LNS_ADDRESS 2>&1)
		mapping=$(sed -n 's/^.*NAT with \(.*\) Mapping.*$/\1/p' <<<"$said" | head -1)
		filtering=$(sed -n 's/^.*NAT with \(.*\) Filtering.*$/\1/p' <<<"$said" | head -1)
	fi
	echo "coturn: '$mapping' '$filtering'"
	said "{'Endpoint Independent': 'endpoint-independent', 'Address Dependent': 'address-dependent', 'Address and Port Dependent': 'address- and port-dependent'}['$mapping'] == nat['IPv4']['mapping'] and nat['IPv4']['mapping_sure']" &&
		said "nat['IPv4']['filtering'].replace('- and port-dependent', ' and port dependent').replace('-', ' ') == '$filtering'.lower()" &&
		said "nat['IPv4']['nat'] == ('$1' != 'routed') and nat['IPv4']['seen'].startswith('$NAT:' if '$1' != 'routed' else '10.0.0.2:')" &&
		said "all(ike['$GATEWAY', port]['answered'] for port in (500, 4500))"
}

# What an LNS says is told in its words.
in_words() {
	discover host 0 --lns $LNS_ADDRESS $GATEWAY && grep -E "^l2tp .*: a challenge, but no secret is configured" "$RUN/found"
}

# ---- firewalls ----

# profile NAME EXIT WAY TO
profile() {
	nat_firewall site "$1" && discover host "$2" --json -c "$RUN/client.yaml" office &&
		said "f['way'] == '$3' and f['to'] == '$4'"
}

# What the rows say beside the decision.
open_rows() {
	profile open 0 direct-udp $GATEWAY &&
		said "lns['$OTHER', 443] == 'accepted' and lns['$OTHER', 1701] == 'no answer'" &&
		said "'not asked' in f['lns'][1]['stun_says'] and f['lns'][1]['address'] == '$LNS6'" &&
		said "'accepted' in ike['$GATEWAY', 500]['says'] and 'a NAT before us' in ike['$GATEWAY', 500]['says']" &&
		said "'INVALID_KE_PAYLOAD' in ike['$GATEWAY', 4500]['says']" &&
		said "ike['$GATEWAY', 500]['from_port'] == 500 and f['lns_by'] == 'rule'" &&
		world_until 10 no_tunnels
}

# Each was closed.
no_tunnels() {
	[ -z "$(lns_rows tunnels '{peer}')" ]
}

# Without a NAT ESP may be blocked, and nothing shows it.
bare() {
	nat_kind site $NAT routed && profile noesp 0 direct-udp $GATEWAY && said "'encap = yes' in f['advice']" &&
		said "'no NAT' in ike['$GATEWAY', 500]['says'] and f['nat'][0]['nat'] is False" || return 1
	nat_kind site $NAT port
}

always() {
	nat_firewall site open && discover host 6 --json -c "$RUN/client.yaml" always && said "f['way'] == 'relay'"
}

# As people see it.
table() {
	nat_firewall site hotel && discover host 6 -c "$RUN/client.yaml" office &&
		grep -E "^nat +10\.0\.0\.2:[0-9]+ +yes, seen as $NAT:" "$RUN/found" &&
		grep -E "^mapping +IPv4 +endpoint-independent$" "$RUN/found" &&
		grep -E "^filtering +IPv4 +address- and port-dependent$" "$RUN/found" &&
		grep -E "^ike +$GATEWAY:4500 +no answer" "$RUN/found" && grep -E "^l2tp +$OTHER:443 +accepted" "$RUN/found" &&
		grep -E "^way +$OTHER:443 +relay: the gateway does not answer IKE directly" "$RUN/found"
}

# ---- the way that is taken ----

client() {
	world_in host "$CLIENT" --config "$RUN/up.yaml" "$@"
}

# way_is WAY: what runs has it.
way_is() {
	client status office --json | python3 -c '
import json, sys
s = json.load(sys.stdin)
print(s["state"], s["way"])
sys.exit(s["state"] != "up" or s["way"] != sys.argv[1])' "$1"
}

by_relay() {
	cat >"$RUN/up.yaml" <<YAML
directory: $RUN/up
run-as: root
connections:
  - { name: office, gateway: $GATEWAY, lns: $OTHER, ports: 443, secret-file: tunnel.secret, user: userA, password-file: userA.secret, look: 1s, ipsec: { start: command, up: /bin/true, down: /bin/true } }
YAML
	nat_firewall site hotel && client up office && way_is relay && [ "$(lns_rows sessions '{user}')" = userA ]
}

# IKE passes again. Who looks for that does not ask through the relay.
directly() {
	nat_firewall site open && world_until 40 way_is direct && world_until 10 no_tunnels &&
		! world_in host ip rule | grep 1701 && ! world_in host ip link show l2tp-office up | grep inet &&
		client down office
}

# What does not come up directly is looked at anew: IKE is blocked again, and so it is the relay.
falls_back() {
	sed -i "s|up: /bin/true|up: [/usr/bin/test, -e, $RUN/well]|" "$RUN/up.yaml" &&
		world_spawn host falls "$CLIENT" --config "$RUN/up.yaml" run office &&
		world_until 30 grep -q 'ipsec-failed' "$RUN/falls.log" && world_until 20 way_is direct && nat_firewall site hotel &&
		world_until 120 grep -q ' relay-up ' "$RUN/falls.log" && touch "$RUN/well" &&
		world_until 30 grep -q ' ipsec-up ' "$RUN/falls.log" && way_is relay && client down office &&
		nat_firewall site open && sed -i "s|up: \[[^]]*\]|up: /bin/true|" "$RUN/up.yaml"
}

# The gateway answers the first packet of IKE directly, and yet IPsec does not come up: by the relay, where it
# stays.
half_direct() {
	sed -i "s|up: /bin/true|up: [/usr/bin/test, -e, $RUN/half]|" "$RUN/up.yaml" &&
		world_spawn host half "$CLIENT" --config "$RUN/up.yaml" run office &&
		world_until 30 grep -q 'ipsec-failed' "$RUN/half.log" && world_until 20 way_is direct &&
		world_until 120 grep -q ' relay-up ' "$RUN/half.log" && touch "$RUN/half" &&
		world_until 30 grep -q ' ipsec-up ' "$RUN/half.log" && way_is relay &&
		grep 'found .*way=relay .*did not come up directly' "$RUN/half.log" && client down office &&
		sed -i "s|up: \[[^]]*\]|up: /bin/true|" "$RUN/up.yaml"
}

# Everything is protected, and who the LNS is only DNS says.
with_kill_switch() {
	sed -e "s|gateway: $GATEWAY, lns: $OTHER|gateway: ipsec.example.net, kill-switch: true, protected: [0.0.0.0/0, '::/0']|" \
		-i "$RUN/up.yaml"
	cat >"$RUN/up.sh" <<SH
#!/bin/sh
mount --bind "$RUN/resolv.conf" /etc/resolv.conf && exec "$CLIENT" --config "$RUN/up.yaml" up office
SH
	chmod +x "$RUN/up.sh"
	nat_firewall site hotel && world_in host unshare -m "$RUN/up.sh" && way_is relay &&
		world_in host nft list set inet culvert-client-office lns4 | grep $OTHER &&
		! world_in host ping -c 1 -W 1 $GATEWAY && client down --force office && nat_firewall site open
}

in_use() {
	world_spawn host taken python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 500))
print("bound", flush=True)
time.sleep(600)' && world_until 10 grep -q bound "$RUN/taken.log" && profile open 0 direct-udp $GATEWAY &&
		said "ike['$GATEWAY', 500]['answered'] and ike['$GATEWAY', 500]['from_port'] != 500"
	local rc=$?
	world_stop taken
	return $rc
}

six() {
	discover six 0 --json --lns $LNS6 $GATEWAY6 && said "nat['IPv6']['nat'] is False and nat['IPv6']['seen'].startswith('[2001:db8:1::6]:')" &&
		said "lns['$LNS6', 1701] == 'answered' and f['way'] == 'direct-udp' and ike['$GATEWAY6', 500]['answered']"
}

# Nobody is there, and ICMP says so.
nobody() {
	discover host 1 --json $BARE && said "'refused' in ike['$BARE', 500]['says'] and f['way'] == 'none'"
}

# ---- names ----

srv() {
	cat >>"$RUN/names" <<X
vpn.example.net $BARE
_l2tp._udp.vpn.example.net SRV 20 0 1701 b.example.net
_l2tp._udp.vpn.example.net SRV 10 0 443 a.example.net
_l2tp._udp.vpn.example.net SRV 30 0 1701 none.example.net
a.example.net $OTHER
b.example.net $LNS_ADDRESS
none-at-all.example.net $BARE
_l2tp._udp.none-at-all.example.net SRV 0 0 0 .
X
	discover host 6 --json vpn.example.net && said "f['lns_by'] == 'SRV' and f['to'] == '$OTHER:443'" &&
		said "[(each['address'], each['priority']) for each in f['lns']] == [('$OTHER', 10), ('$LNS_ADDRESS', 20), (None, 30)]" &&
		said "[port['port'] for each in f['lns'][:2] for port in each['ports']] == [443, 1701]" &&
		discover host 1 --json none-at-all.example.net && said "f['lns'] == [] and 'there is none' in f['lns_error']"
}

# Of two that neither priority nor weight tells apart the one that has answered is first, whatever chance says.
near() {
	local try
	cat >>"$RUN/names" <<X
near.example.net $BARE
_l2tp._udp.near.example.net SRV 10 5 1701 bare.example.net
_l2tp._udp.near.example.net SRV 10 5 443 a.example.net
bare.example.net $BARE
X
	for try in 1 2 3 4 5; do
		discover host 6 --json near.example.net &&
			said "[each['address'] for each in f['lns']] == ['$OTHER', '$BARE'] and f['lns'][0]['rtt_ms'] > 0" ||
			return 1
	done
}

# Of the configuration first, and a secret that is not the LNS's.
told() {
	nat_firewall site hotel && discover host 6 --json -c "$RUN/client.yaml" told &&
		said "f['lns_by'] == 'configuration' and f['lns'][0]['address'] == '$FAKE'" &&
		said "lns['$FAKE', 1701] == 'no answer' and lns['$OTHER', 443] == 'answered' and 'secret' in f['advice']"
}

# More records than are asked; one of nonsense; a server that says nothing.
hostile_names() {
	local i
	nat_firewall site open
	{
		echo "many.example.net $BARE"
		for i in $(seq 10 21); do
			echo "_l2tp._udp.many.example.net SRV 1 1 17$i a.example.net"
		done
		echo "_l2tp._udp.many.example.net SRV 0 1 1799 a.example.net" # the last one, and the best
		echo "odd.example.net $BARE"
		echo "_l2tp._udp.odd.example.net RAW 0001"
	} >>"$RUN/names"
	discover host 1 --json many.example.net && said "len(f['lns']) == 8 and f['lns'][0]['ports'][0]['port'] == 1799" &&
		discover host 1 --json odd.example.net && said "f['lns'] == [] and f['lns_error']" || return 1
	mv "$RUN/names" "$RUN/names.off"
	discover host 1 --json ipsec.example.net && said "f['gateways'] == [] and f['gateway_error'] and f['lns'] == []"
	local rc=$?
	mv "$RUN/names.off" "$RUN/names"
	return $rc
}

# One that answers everything with nonsense, often: as gateway and as LNS.
hostile_answers() {
	world_namespace fake && world_plug fake eth0 && ip -n "$WORLD_PREFIX-fake" addr add $FAKE/24 dev eth0 || return 1
	world_spawn fake fake python3 -c '
import os, select, socket
all = []
for port in 500, 4500, 1701, 3478:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", port))
    all.append(s)
print("ready", flush=True)
while True:
    for s in select.select(all, [], [])[0]:
        got, who = s.recvfrom(2000)
        for n in range(50):
            for odd in (got, got[:8 + n], got[:17] + b"\x20\x25\x20" + got[20:], b"\xff" * 1400, os.urandom(n), b"",
                        b"\x01\x01\0\0" + got[4:20], b"\xc8\x02\xff\xff" + bytes(n)):
                s.sendto(odd, who)
' && world_until 10 grep -q ready "$RUN/fake.log" && discover host 1 --json --lns $FAKE $FAKE &&
		said "lns['$FAKE', 1701] == 'no answer' and not f['lns'][0]['stun'] and f['way'] == 'none'" &&
		said "not any(ike['$FAKE', port]['answered'] for port in (500, 4500))"
}

# ---- wrong usage ----

usage() {
	local words
	while read -r words; do
		# shellcheck disable=SC2086 # several words
		discover host 2 $words || return 1
	done <<'X'
bad..name!
--lns
--lns a$b ipsec.example.net
--port 0 ipsec.example.net
--port 65536 ipsec.example.net
--port 1x ipsec.example.net
one two
X
	discover host 2 && discover host 3 -c /nonexistent office && discover host 2 -c "$RUN/client.yaml" --lns $OTHER office
}

tap_plan 35
world_open
world_site site $NAT && nat_host host site 10.0.0.2 || exit 2
for name in gateway:$GATEWAY bare:$BARE; do
	world_namespace "${name%%:*}" && world_plug "${name%%:*}" eth0 &&
		ip -n "$WORLD_PREFIX-${name%%:*}" addr add "${name#*:}/24" dev eth0 &&
		ip -n "$WORLD_PREFIX-${name%%:*}" route add 10.0.0.0/24 via $NAT || exit 2
done
world_namespace six && world_plug six eth0 || exit 2
for name in six:2001:db8:1::6 gateway:$GATEWAY6; do
	world_in "${name%%:*}" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0 &&
		ip -n "$WORLD_PREFIX-${name%%:*}" addr add "${name#*:}/64" dev eth0 nodad || exit 2
done
tap_logs "$RUN/$LNS_LOG" "$RUN/charon.log" "$RUN/gateway.log"

tap_need "names are served" configure
tap_need "Culvert is ready" lns_start
tap_need "strongSwan is ready" gateway
for kind in routed full address port block hash symmetric; do
	tap_check "as coturn says: $kind" behind $kind
done
tap_check "a port for each address" behind target 'Address Dependent' 'Address and Port Dependent'
nat_kind site $NAT port
tap_check "an LNS that wants a secret" in_words
tap_check "nothing is blocked: directly" open_rows
tap_check "ESP is blocked: directly, in UDP" profile noesp 0 direct-udp $GATEWAY
tap_check "the same without a NAT: UDP has to be asked for" bare
tap_check "IKE and UDP 1701 are blocked: by the relay's other port" profile hotel 6 relay $OTHER:443
tap_check "only TCP passes: no way" profile tcp443 1 none -
tap_check "way: relay" always
tap_check "the table" table
tap_check "up: by the relay, where IKE is blocked" by_relay
tap_check "and directly, when it no longer is" directly
tap_check "directly it fails, and then goes no more: by the relay" falls_back
tap_check "IKE is answered directly, but IPsec fails: by the relay" half_direct
tap_check "by the relay with a kill switch, where only DNS knows the LNS" with_kill_switch
tap_check "UDP 500 is in use: from another port" in_use
tap_check "IPv6" six
tap_check "nobody is there, and ICMP says so" nobody
tap_check "SRV: by priority, with their ports; and a service that is not there" srv
tap_check "the nearest of equals" near
tap_check "LNSs of the configuration, and a wrong secret" told
tap_check "a DNS server that says too much, nonsense, nothing" hostile_names
tap_check "answers that are nonsense" hostile_answers
tap_check "wrong usage" usage
tap_check "Culvert ends well" lns_stop
tap_check "nothing is left behind" world_vanish
tap_end
