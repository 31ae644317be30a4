/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices, addresses, prefixes and the words of groups that are wrong. */
#include "harness.h"

static const struct bad wrong_addresses[] = {
	{"ports:\n"
	 "  - { name: wan, device: lns0 }\n",
		"t.yaml:2:26: ports[0].device: lns0 is not a device: af_packet:INTERFACE, "
		"xdp:INTERFACE, memif:/SOCKET, pci:ADDRESS or tap:NAME\n"},
	{"ports:\n"
	 "  - { name: wan, device: \"af_packet:\" }\n",
		"t.yaml:2:26: ports[0].device: af_packet: must have, after 'af_packet:', the name "
		"of an interface, at most 15 characters\n"},
	{"ports:\n"
	 "  - { name: wan, device: \"af_packet:sixteen-letters-\" }\n",
		"t.yaml:2:26: ports[0].device: af_packet:sixteen-letters- must have, after "
		"'af_packet:', the name of an interface, at most 15 characters\n"},
	{"ports:\n"
	 "  - { name: wan, device: \"af_packet:a/b\" }\n",
		"t.yaml:2:26: ports[0].device: af_packet:a/b must have, after 'af_packet:', the "
		"name of an interface, at most 15 characters\n"},
	{"ports:\n"
	 "  - { name: wan, device: \"memif:run/x\" }\n",
		"t.yaml:2:26: ports[0].device: memif:run/x must have, after 'memif:', the absolute "
		"path of a socket, at most 107 bytes, without comma\n"},
	{"ports:\n"
	 "  - { name: wan, device: \"memif:/a,b\" }\n",
		"t.yaml:2:26: ports[0].device: memif:/a,b must have, after 'memif:', the absolute "
		"path of a socket, at most 107 bytes, without comma\n"},
	{"ports:\n"
	 "  - { name: wan, device: \"pci:3b:00\" }\n",
		"t.yaml:2:26: ports[0].device: pci:3b:00 must have, after 'pci:', a PCI address, "
		"as 0000:3b:00.0\n"},
	{"ports:\n"
	 "  - { name: wan, device: \"0000:3b:00.8\" }\n",
		"t.yaml:2:26: ports[0].device: 0000:3b:00.8 is not a device: af_packet:INTERFACE, "
		"xdp:INTERFACE, memif:/SOCKET, pci:ADDRESS or tap:NAME\n"},
	{"ports:\n"
	 "  - { name: wan, device: \"tap:caf\303\251\" }\n",
		"t.yaml:2:26: ports[0].device: tap:caf\\xc3\\xa9 must have, after 'tap:', a name "
		"for an interface, at most 15 characters\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1 }\n",
		"t.yaml:2:16: listeners[0].address: 192.0.2.1 lacks its prefix length, as in "
		"192.0.2.1/24\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.0/24 }\n",
		"t.yaml:2:16: listeners[0].address: 192.0.2.0/24 is the network's own first "
		"address\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.255/24 }\n",
		"t.yaml:2:16: listeners[0].address: 192.0.2.255/24 is the network's own broadcast "
		"address\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/33 }\n",
		"t.yaml:2:16: listeners[0].address: 192.0.2.1/33 is not an IPv4 address with its "
		"prefix length, as 192.0.2.1/24\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.300/24 }\n",
		"t.yaml:2:16: listeners[0].address: 192.0.2.300/24 is not an IPv4 address with its "
		"prefix length, as 192.0.2.1/24\n"},
	{"ports:\n"
	 "  - { name: wan, device: \"af_packet:lns0\", mtu: 1279 }\n"
	 "listeners:\n"
	 "  - { address: \"2001:db8::1/64\" }\n",
		"t.yaml:4:16: listeners[0].address: IPv6 needs an mtu of 1280 at least, and port "
		"wan has 1279\n"},
	{"listeners:\n"
	 "  - { address: \"2001:db8::1/129\" }\n",
		"t.yaml:2:16: listeners[0].address: 2001:db8::1/129 is not an IPv6 address with "
		"its prefix length, as 2001:db8::1/64\n"},
	{"listeners:\n"
	 "  - { address: \"::ffff:192.0.2.1/64\" }\n",
		"t.yaml:2:16: listeners[0].address: ::ffff:192.0.2.1/64 is not an IPv6 address "
		"with its prefix length, as 2001:db8::1/64\n"},
	{"listeners:\n"
	 "  - { address: \"2001:db8::1\" }\n",
		"t.yaml:2:16: listeners[0].address: 2001:db8::1 lacks its prefix length, as in "
		"2001:db8::1/64\n"},
	{"listeners:\n"
	 "  - { address: \"2001:db8::1/0\" }\n",
		"t.yaml:2:16: listeners[0].address: 2001:db8::1/0 must have a prefix length of 1 "
		"to 128\n"},
	{"listeners:\n"
	 "  - { address: \"2001:db8::/64\" }\n",
		"t.yaml:2:16: listeners[0].address: 2001:db8::/64 is the network's own first "
		"address\n"},
	{"listeners:\n"
	 "  - { address: \"::1/64\" }\n",
		"t.yaml:2:16: listeners[0].address: ::1/64 is not an address that a host can "
		"have\n"},
	{"listeners:\n"
	 "  - { address: \"ff02::1/64\" }\n",
		"t.yaml:2:16: listeners[0].address: ff02::1/64 is not an address that a host can "
		"have\n"},
	{"listeners:\n"
	 "  - { address: \"fe80::1/64\" }\n",
		"t.yaml:2:16: listeners[0].address: fe80::1/64 is link-local: peers elsewhere do "
		"not reach it; the port has one of its own\n"},
	{"listeners:\n"
	 "  - { address: \"2001:db8::1/64\", gateway: 192.0.2.254 }\n",
		"t.yaml:2:43: listeners[0].gateway: 192.0.2.254 is of another family than the "
		"address: a listener has IPv4 or IPv6\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, gateway: \"fe80::1\" }\n",
		"t.yaml:2:39: listeners[0].gateway: fe80::1 is of another family than the address: "
		"a listener has IPv4 or IPv6\n"},
	{"listeners:\n"
	 "  - { address: \"2001:db8::1/64\", gateway: \"2001:db8:0:1::1\" }\n",
		"t.yaml:2:43: listeners[0].gateway: 2001:db8:0:1::1 is outside 2001:db8::1/64\n"},
	{"listeners:\n"
	 "  - { address: \"2001:db8::1/64\", gateway: \"2001:db8:0::1\" }\n",
		"t.yaml:2:43: listeners[0].gateway: is the listener's own address\n"},
	{"listeners:\n"
	 "  - { address: \"2001:db8::1/64\", gateway: \"ff02::2\" }\n",
		"t.yaml:2:43: listeners[0].gateway: ff02::2 is not an address that a host can "
		"have\n"},
	{"listeners:\n"
	 "  - { address: \"2001:db8::1/64\", gateway: \"fe80::1%wan\" }\n",
		"t.yaml:2:43: listeners[0].gateway: fe80::1%wan is not an IPv6 address, as "
		"2001:db8::1 or fe80::1\n"},
	{"listeners:\n"
	 "  - { address: \"2001:db8::1/128\" }\n",
		"t.yaml:2:5: listeners[0].gateway: is needed where the address is a /128\n"},
	{"listeners:\n"
	 "  - { address: \"2001:db8::1/64\" }\n"
	 "  - { address: \"2001:DB8:0::1/56\" }\n",
		"t.yaml:3:16: listeners[1].address: listeners[0] has the same address and "
		"udp-port\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { peer: \"2001:db8::1/32\", secret: none }\n",
		"t.yaml:3:15: tunnels.secrets[0].peer: 2001:db8::1/32 has bits set beyond its "
		"length; the prefix is 2001:db8::/32\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { peer: \"2001:db8:/32\", secret: none }\n",
		"t.yaml:3:15: tunnels.secrets[0].peer: 2001:db8:/32 is not an IPv6 prefix, as "
		"2001:db8::/32\n"},
	{"listeners:\n"
	 "  - { address: 127.0.0.1/8 }\n",
		"t.yaml:2:16: listeners[0].address: 127.0.0.1/8 is not an address that a host can "
		"have\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/0 }\n",
		"t.yaml:2:16: listeners[0].address: 192.0.2.1/0 must have a prefix length of 1 to "
		"32\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, gateway: 192.0.3.1 }\n",
		"t.yaml:2:39: listeners[0].gateway: 192.0.3.1 is outside 192.0.2.1/24\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, gateway: 192.0.2.1 }\n",
		"t.yaml:2:39: listeners[0].gateway: is the listener's own address\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, gateway: 192.0.2.255 }\n",
		"t.yaml:2:39: listeners[0].gateway: 192.0.2.255 is no host in 192.0.2.1/24\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/32 }\n",
		"t.yaml:2:5: listeners[0].gateway: is needed where the address is a /32\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, gateway: 192.0.2 }\n",
		"t.yaml:2:39: listeners[0].gateway: 192.0.2 is not an IPv4 address, as "
		"192.0.2.1\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, gateway: 224.0.0.1 }\n",
		"t.yaml:2:39: listeners[0].gateway: 224.0.0.1 is not an address that a host can "
		"have\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, gateway: 192.0.2.9, gateway-mac: 2:0:5e:0:0:1 }\n",
		"t.yaml:2:63: listeners[0].gateway-mac: 2:0:5e:0:0:1 is not a MAC address, as "
		"02:00:5e:10:00:01\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, gateway: 192.0.2.9, gateway-mac: 01:00:5e:10:00:01 }\n",
		"t.yaml:2:63: listeners[0].gateway-mac: 01:00:5e:10:00:01 is not the MAC address "
		"of "
		"one station\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, gateway-mac: 02:00:5e:10:00:01 }\n",
		"t.yaml:2:43: listeners[0].gateway-mac: needs the key gateway, too\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24, gateway: 192.0.2.9, gateway-mac: 02:00:5e:10:00:01 }\n"
	 "  - { address: 192.0.2.2/24, gateway: 192.0.2.9 }\n"
	 "  - { address: 192.0.2.3/24, gateway: 192.0.2.9, gateway-mac: 02:00:5e:10:00:02 }\n",
		"t.yaml:4:63: listeners[2].gateway-mac: listeners[0] has the same gateway with "
		"another gateway-mac\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { peer: 198.51.100.7/24, secret: none }\n",
		"t.yaml:3:15: tunnels.secrets[0].peer: 198.51.100.7/24 has bits set beyond its "
		"length; the prefix is 198.51.100.0/24\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { peer: lac1, secret: none }\n",
		"t.yaml:3:15: tunnels.secrets[0].peer: lac1 is not an IPv4 prefix, as "
		"192.0.2.0/24\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.5/24 }\n",
		"t.yaml:2:42: groups[0].pool: 10.88.1.5/24 has bits set beyond its length; the "
		"prefix is 10.88.1.0/24\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: [10.88.1.0/24, 10.88.2.1/23] }\n",
		"t.yaml:2:57: groups[0].pool[1]: 10.88.2.1/23 has bits set beyond its length; the "
		"prefix is 10.88.2.0/23\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.0.0.0/7 }\n",
		"t.yaml:2:42: groups[0].pool: 10.0.0.0/7 is too large: a length of /8 or more\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 127.0.0.0/24 }\n",
		"t.yaml:2:42: groups[0].pool: 127.0.0.0/24 has no addresses that a host can "
		"have\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 0.0.0.0/8 }\n",
		"t.yaml:2:42: groups[0].pool: 0.0.0.0/8 has no addresses that a host can have\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: { a: b } }\n",
		"t.yaml:2:42: groups[0].pool: must be one value, not a mapping\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: }\n",
		"t.yaml:2:36: groups[0].pool: must be a list or one value\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, dns: [1.1.1.1, 8.8.8.8, 9.9.9.9] "
	 "}\n",
		"t.yaml:2:61: groups[0].dns: must have 0 to 2 items, not 3\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, dns: 1.1.1.1 }\n",
		"t.yaml:2:61: groups[0].dns: must be a list\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, wins: [1.1.1] }\n",
		"t.yaml:2:63: groups[0].wins[0]: 1.1.1 is not an IPv4 address, as 192.0.2.1\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, gateways: [\"fe80::/10\", \"2001:db8::1/32\"] }\n",
		"t.yaml:2:47: groups[0].gateways[0]: fe80::/10 is neither global nor unique "
		"local: a part of 2000::/3 or fc00::/7\n"
		"t.yaml:2:60: groups[0].gateways[1]: 2001:db8::1/32 has bits set beyond its "
		"length; the prefix is 2001:db8::/32\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, gateways: [203.0.113.1/24] }\n",
		"t.yaml:2:67: groups[0].gateways[0]: 203.0.113.1/24 has bits set beyond its "
		"length; the prefix is 203.0.113.0/24\n"},
};

static const struct bad wrong_words[] = {
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, user-sessions: 0 }\n",
		"t.yaml:2:71: groups[0].user-sessions: 0 is neither replace nor a number from 1 to "
		"1000\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, user-sessions: many }\n",
		"t.yaml:2:71: groups[0].user-sessions: many is neither replace nor a number from 1 "
		"to 1000\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, user-sessions: 1001 }\n",
		"t.yaml:2:71: groups[0].user-sessions: 1001 is neither replace nor a number from 1 "
		"to 1000\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: ipsecs }\n",
		"t.yaml:2:64: groups[0].policy: ipsecs is neither ipsec nor any nor a list of "
		"rules, as [esp, udp/500]\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: [] }\n",
		"t.yaml:2:64: groups[0].policy: must have 1 to 16384 rules, not 0\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: { esp: 1 } }\n",
		"t.yaml:2:64: groups[0].policy: a mapping is neither ipsec nor any nor a list of "
		"rules, as [esp, udp/500]\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: [esp, foo] }\n",
		"t.yaml:2:70: groups[0].policy[1]: foo is not a rule: esp, ah, gre, icmp, ipip, "
		"l2tp, a protocol number, or tcp, udp, sctp with ports, as udp/500 or "
		"tcp/1000-2000\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: [esp/4] }\n",
		"t.yaml:2:65: groups[0].policy[0]: esp/4: only tcp, udp and sctp have ports\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: [udp/0] }\n",
		"t.yaml:2:65: groups[0].policy[0]: udp/0: ports are 1 to 65535, as udp/500 or "
		"tcp/1000-2000\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: [udp/9-8] }\n",
		"t.yaml:2:65: groups[0].policy[0]: udp/9-8: ports are 1 to 65535, as udp/500 or "
		"tcp/1000-2000\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: [udp/70000] }\n",
		"t.yaml:2:65: groups[0].policy[0]: udp/70000: ports are 1 to 65535, as udp/500 or "
		"tcp/1000-2000\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: [tcp/] }\n",
		"t.yaml:2:65: groups[0].policy[0]: tcp/: ports are 1 to 65535, as udp/500 or "
		"tcp/1000-2000\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: [256] }\n",
		"t.yaml:2:65: groups[0].policy[0]: 256 is not a rule: esp, ah, gre, icmp, ipip, "
		"l2tp, a protocol number, or tcp, udp, sctp with ports, as udp/500 or "
		"tcp/1000-2000\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: [[esp]] }\n",
		"t.yaml:2:65: groups[0].policy[0]: must be one value, not a list\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, policy: }\n",
		"t.yaml:2:56: groups[0].policy: has no value: give one or leave the key out\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, clients: reachabel }\n",
		"t.yaml:2:65: groups[0].clients: reachabel is not one of isolated, reachable; did "
		"you mean reachable?\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, realm: \"a b\" }\n",
		"t.yaml:2:63: groups[0].realm: must have letters, digits, '.', '_' and '-' alone; "
		"character 2 is none\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, mtu: 100 }\n",
		"t.yaml:2:61: groups[0].mtu: 100 is out of range: 576 to 9216\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0, pool: 10.88.1.0/24 }\n",
		"t.yaml:2:25: groups[0].address: 10.88.0 is not an IPv4 address, as 192.0.2.1\n"},
};

static void
wrong_addresses_are_refused(void **state)
{
	(void)state;
	wants_all(wrong_addresses, sizeof(wrong_addresses) / sizeof(wrong_addresses[0]));
}

static void
wrong_words_are_refused(void **state)
{
	(void)state;
	wants_all(wrong_words, sizeof(wrong_words) / sizeof(wrong_words[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_addresses_are_refused),
		cmocka_unit_test(wrong_words_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
