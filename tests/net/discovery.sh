#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# discovery.sh - who is behind a NAT asks Culvert how he is seen: coturn's clients, through each kind
# of NAT, and what is not answered.
#
# Speaks TAP. CULVERTD and CULVERTCTL name the programs, by default those in build/app.
set -u
HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/lib/all.sh"

OTHER=192.0.2.2 NAT=192.0.2.11 LNS6=2001:db8:1::1

tap_requires lns
for tool in turnutils_stunclient turnutils_natdiscovery conntrack; do
	command -v $tool >/dev/null || tap_skip_all "$tool is missing (./dpdk-setup.sh install gets it)"
done

configure() {
	lns_configure secret=tunnelsecret policy=any userA:pass-a &&
		sed -i "s|^listeners:.*|listeners: [ { address: $LNS_ADDRESS/24 }, { address: $OTHER/24 }, { address: '$LNS6/64' } ]|" \
			"$RUN/lns/culvert.yaml" &&
		echo "discovery: { rfc5780: true, echo-port: 7 }" >>"$RUN/lns/culvert.yaml"
}

# stun HOST [ADDRESS]: as the client prints it. It waits for ever where an answer is filtered.
stun() {
	world_in "$1" timeout 3 turnutils_stunclient -p 3478 "${2:-$LNS_ADDRESS}"
	true
}

seen_as() {
	stun "$1" "${3:-$LNS_ADDRESS}" | tee /dev/stderr | grep -E "UDP reflexive addr: $2:[0-9]+"
}

# behind KIND MAPPING FILTERING: what natdiscovery says of it.
behind() {
	local said
	nat_kind site $NAT "$1" || return 1
	said=$(world_in host timeout 40 turnutils_natdiscovery -m -f $LNS_ADDRESS 2>&1)
	grep -E "NAT with|reflexive|Other addr" <<<"$said"
	grep -q "NAT with $2 Mapping" <<<"$said" && grep -q "NAT with $3 Filtering" <<<"$said"
}

# Mapped by the target's address alone. natdiscovery takes the other address out of the second answer, too,
# and so asks the first address for the third: so three questions of our own, from one socket.
by_target() {
	nat_kind site $NAT target && world_in host python3 - $LNS_ADDRESS $OTHER <<'PY'
import os, socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
first, other = sys.argv[1:]
ports = []
for target in (first, 3478), (other, 3478), (other, 3479):
    s.sendto(bytes.fromhex("000100002112a442") + os.urandom(12), target)
    got = s.recv(200)
    at = got.index(bytes.fromhex("00200008"), 20) + 4
    ports.append(struct.unpack("!H", got[at + 2:at + 4])[0] ^ 0x2112)
print(ports)
sys.exit(0 if ports[0] != ports[1] == ports[2] else 1)
PY
}

ENDPOINT='Endpoint Independent' ADDRESS='Address Dependent' PORT='Address and Port Dependent'

text() {
	world_in host python3 - "$LNS_ADDRESS" <<'PY' | grep -E "^$NAT:[0-9]+$"
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.sendto(b"?" * 32, (sys.argv[1], 7))
sys.stdout.write(s.recv(100).decode())
PY
}

# By a reload: this one's network no longer, a neighbour's still.
only_from() {
	sed -i 's|^discovery:.*|discovery: { from: 192.0.2.12/32 }|' "$RUN/lns/culvert.yaml" && lns_ctl reload || return 1
	! seen_as host $NAT && seen_as other 192.0.2.12 && [ "$(lns_drops LOCAL_DISCOVERY_FROM)" -gt 0 ]
}

off() {
	sed -i 's|^discovery:.*|discovery: { stun-port: 0 }|' "$RUN/lns/culvert.yaml" && lns_ctl reload || return 1
	! seen_as other 192.0.2.12
}

# Some of everything that is no question; then one that is.
odd() {
	world_in host python3 - "$LNS_ADDRESS" <<'PY' && seen_as host $NAT
import os, socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.5)
cookie = bytes.fromhex("2112a442")
def message(kind, body=b"", length=None, magic=cookie):
    return struct.pack("!HH", kind, len(body) if length is None else length) + magic + os.urandom(12) + body
for odd in [b"", b"\0", os.urandom(20), message(0x0101), message(0x0111), message(0x0011), message(0x0003),
            message(0x0001, magic=b"\0\0\0\0"), message(0x0001, length=4), message(0x0001, b"\0\1\0\x40" + bytes(4)),
            message(0x0001, struct.pack("!HHI", 0x8028, 4, 0xdeadbeef)), message(0x0001, b"ab", length=2)]:
    s.sendto(odd, (sys.argv[1], 3478))
try:
    got = s.recv(100)
    sys.exit(f"answered: {got.hex()}")
except socket.timeout:
    pass
s.sendto(message(0x0001, struct.pack("!HHI", 0x7777, 4, 0)), (sys.argv[1], 3478))
got = s.recv(100)
sys.exit(0 if got[:2] == b"\x01\x11" and b"\x00\x09" in got else f"no 420: {got.hex()}")
PY
}

tap_plan 19
world_open
world_site site $NAT && world_site site2 192.0.2.12 && nat_host host site 10.0.0.2 && nat_host other site2 10.0.0.2 || exit 2
world_namespace six && world_plug six eth0 && world_in six sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0 &&
	ip -n "$WORLD_PREFIX-six" addr add 2001:db8:1::6/64 dev eth0 nodad || exit 2
configure
tap_logs "$RUN/$LNS_LOG"

tap_need "capture at the LNS's port" capture_start wan to-lns lns
tap_need "Culvert is ready" lns_start
tap_check "a client behind a NAT sees its outer address" seen_as host $NAT
tap_check "as does one over IPv6" seen_as six 2001:db8:1::6 $LNS6
tap_check "and in plain text" text
tap_check "no NAT" behind routed "$ENDPOINT" "$ENDPOINT"
tap_check "a full cone" behind full "$ENDPOINT" "$ENDPOINT"
tap_check "address-restricted" behind address "$ENDPOINT" "$ADDRESS"
tap_check "port-restricted" behind port "$ENDPOINT" "$PORT"
tap_check "with ports of a block" behind block "$ENDPOINT" "$PORT"
tap_check "with other ports" behind hash "$ENDPOINT" "$PORT"
tap_check "a port for each address" by_target
tap_check "symmetric" behind symmetric "$PORT" "$PORT"
tap_check "what is no question has no answer, or 420" odd
tap_check "discovery.from, by a reload" only_from
tap_check "stun-port: 0, by a reload" off
tap_check "Culvert ends well" lns_stop
tap_check "tshark finds nothing malformed and no wrong checksum from Culvert" \
	eval 'capture_stop lns && ! capture_find lns "ip.src == $LNS_ADDRESS && (_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0)" | grep .'
tap_check "nothing is left behind" world_vanish
tap_end
