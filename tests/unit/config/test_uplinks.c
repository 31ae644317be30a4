/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces inside realms, and routes: each alone, and with listeners, pools and each other. */
#include "harness.h"

#define GROUPS                                                                        \
	"groups: [{ name: a, realm: red, address: 10.88.0.1, pool: 10.88.1.0/24 },\n" \
	"  { name: b, realm: blue, address: 10.88.0.1, pool: 10.88.1.0/24 }]\n"
#define PORTS                                                                           \
	"ports: [{ name: wan, device: \"tap:a\" }, { name: lan, device: \"tap:b\" }]\n" \
	"listeners: [{ port: wan, address: 192.0.2.1/24 }]\n"
#define INTERFACES(items) "interfaces: [" items "]\n"
#define ROUTES(items) "routes: [" items "]\n"
#define GATEWAYS                                                      \
	"groups: [{ name: a, address: 10.88.0.1, pool: 10.88.1.0/24," \
	" policy: ipsec, gateways: 203.0.113.9/32 }]\n"
#define LAN "{ name: lan, addresses: [198.18.5.1/24, \"2001:db8:5::1/64\"] }"

#define USERS(more) "users: [{ name: u, password-file: bob.secret, " more " }]\n"

static struct loaded t;

static const struct bad wrong[] = {
	{INTERFACES("{ name: lan }"),
		"t.yaml:1:14: interfaces[0].addresses: is required: own addresses there with their "
		"prefix lengths: the realm leads to these networks\n"},
	{INTERFACES("{ name: lan, addresses: 198.18.5.1 }"),
		"t.yaml:1:38: interfaces[0].addresses: 198.18.5.1 lacks its prefix length, as in "
		"198.18.5.1/24\n"},
	{INTERFACES("{ name: lan, addresses: 198.18.5.0/24 }"),
		"t.yaml:1:38: interfaces[0].addresses: 198.18.5.0/24 is the network's own first "
		"address\n"},
	{INTERFACES("{ name: lan, addresses: \"2001:db8:5::1/96\" }"),
		"t.yaml:1:38: interfaces[0].addresses: a network of IPv6 has 64 bits at most, or "
		"the address has 128\n"},
	{INTERFACES("{ name: lan, addresses: 10.88.1.7/24 }"),
		"t.yaml:1:38: interfaces[0].addresses: is in a pool of its realm: a client could "
		"get it\n"},
	{"groups: [{ name: a, address: 10.88.0.1, pool: 10.88.1.0/24, pool6: '2001:db8::/32',\n"
	 "  delegate: 'fd00::/16', delegate-length: 56 }]\n" INTERFACES(
		 "{ name: lan, addresses: ['2001:db8:5::1/64', 'fd00:5::1/64', 'fd01::1/64'] }"),
		"t.yaml:3:39: interfaces[0].addresses[0]: is in a pool of its realm: a client "
		"could get it\n"
		"t.yaml:3:59: interfaces[0].addresses[1]: is in a pool of its realm: a client "
		"could get it\n"},
	{INTERFACES("{ name: lan, addresses: [198.18.5.1/24, '2001:db8:5::1/56'] }")
			USERS("address: 198.18.5.1, prefix6: '2001:db8:5::/64'"),
		"t.yaml:1:39: interfaces[0].addresses[0]: is the address of user u\n"
		"t.yaml:1:54: interfaces[0].addresses[1]: is in a prefix that a user of its realm "
		"has\n"
		"t.yaml:2:56: warning: users[0].address: the address is in no pool of its realm, "
		"though its group has one: taken as it is\n"},
	{INTERFACES("{ name: lan, addresses: '2001:db8:5::1/56' }")
			USERS("delegated: '2001:db8:5::/56'"),
		"t.yaml:1:38: interfaces[0].addresses: is in a prefix that a user of its realm "
		"has\n"},
	{INTERFACES("{ name: lan, addresses: 198.18.5.1/24, filter: none }"),
		"t.yaml:1:61: interfaces[0].filter: there is no filter none, only ipsec, any\n"},
	{INTERFACES("{ name: lan, addresses: [198.18.5.1/24, 198.18.5.2/24] }"),
		"t.yaml:1:54: interfaces[0].addresses[1]: interfaces[0] has the same network\n"},
	{INTERFACES(LAN ", { name: two, addresses: 198.18.6.1/24 }"),
		"t.yaml:1:77: interfaces[1]: interfaces[0] is on the same port: there is one on "
		"each\n"},
	{INTERFACES(LAN ", { name: lan, addresses: 198.18.6.1/24 }"),
		"t.yaml:1:77: interfaces[1]: interfaces[0] is on the same port: there is one on "
		"each\n"
		"t.yaml:1:85: interfaces[1].name: lan is already that of interfaces[0]\n"},
	{PORTS INTERFACES("{ name: x, port: lan, addresses: 192.0.2.1/24 }"),
		"t.yaml:3:47: interfaces[0].addresses: is the address of listeners[0], on another "
		"port\n"},
	{GROUPS INTERFACES("{ name: lan, addresses: 198.18.5.1/24 }"),
		"t.yaml:3:14: interfaces[0].realm: is required, as there are 2 of them: red, "
		"blue\n"},
	{GROUPS INTERFACES("{ name: lan, realm: rod, addresses: 198.18.5.1/24 }"),
		"t.yaml:3:34: interfaces[0].realm: there is no realm rod; did you mean red?\n"},
	{INTERFACES(LAN) ROUTES("{ to: 203.0.113.0/24 }"),
		"t.yaml:2:10: routes[0].via: is required: router in the network of an interface of "
		"the realm, or several, of which each flow has one that answers; or discard: "
		"dropped in silence\n"},
	{INTERFACES(LAN) ROUTES("{ to: 203.0.113.0/24, via: 198.18.6.1 }"),
		"t.yaml:2:37: routes[0].via: 198.18.6.1 is in no network of an interface of the "
		"realm\n"},
	{INTERFACES(LAN) ROUTES("{ to: 203.0.113.0/24, via: 198.18.5.1 }"),
		"t.yaml:2:37: routes[0].via: is our own address\n"},
	{INTERFACES(LAN) ROUTES("{ to: 203.0.113.0/24, via: [198.18.5.9, 198.18.6.1] }"),
		"t.yaml:2:50: routes[0].via[1]: 198.18.6.1 is in no network of an interface of the "
		"realm\n"},
	{INTERFACES(LAN) ROUTES("{ to: 203.0.113.0/24, via: [198.18.5.9, 198.18.5.9] }"),
		"t.yaml:2:50: routes[0].via[1]: is there twice\n"},
	{INTERFACES(LAN) ROUTES("{ to: 203.0.113.0/24, via: [198.18.5.9, discard] }"),
		"t.yaml:2:50: routes[0].via[1]: discard is for a route that has no router beside "
		"it\n"},
	{INTERFACES(LAN) ROUTES("{ to: 203.0.113.0/24, via: [] }"),
		"t.yaml:2:37: routes[0].via: must have 1 to 16 items, not 0\n"},
	{INTERFACES(LAN) ROUTES("{ to: 203.0.113.0/24, via: \"fe80::1\" }"),
		"t.yaml:2:37: routes[0].via: is of another family than what the route leads to\n"},
	{INTERFACES(LAN) ROUTES("{ to: \"::/0\", via: \"fe80::1\" }"),
		"t.yaml:2:29: routes[0].via: fe80::1 is in no network of an interface of the "
		"realm; where it is link-local, interface says by which it is\n"},
	{INTERFACES(LAN) ROUTES("{ to: 203.0.113.0/24, via: [198.18.5.255, 198.18.5.0] }"),
		"t.yaml:2:38: routes[0].via[0]: 198.18.5.255 is no host in 198.18.5.0/24\n"
		"t.yaml:2:52: routes[0].via[1]: 198.18.5.0 is no host in 198.18.5.0/24\n"},
	{INTERFACES(LAN) ROUTES("{ to: 203.0.113.0/24, via: blackhole }"),
		"t.yaml:2:37: routes[0].via: blackhole is neither a router's address, as 192.0.2.1 "
		"or 2001:db8::1, nor discard\n"},
	{INTERFACES(LAN) ROUTES(
		 "{ to: 224.0.0.0/4, via: discard }, { to: 'fe80::/10', via: discard }"),
		"t.yaml:2:16: routes[0].to: is of 0/8, 127/8, multicast or reserved: no network "
		"has it\n"
		"t.yaml:2:51: routes[1].to: is neither global nor unique local: a part of 2000::/3 "
		"or fc00::/7\n"},
	{INTERFACES(LAN) ROUTES(
		 "{ to: 198.18.5.0/24, via: discard }, { to: '2001:db8:5::1/128', via: "
		 "discard },\n  { to: 10.88.0.1/32, via: discard }"),
		"t.yaml:2:16: routes[0].to: is the network of interfaces[0]\n"
		"t.yaml:2:53: routes[1].to: is our own address on interfaces[0]\n"
		"t.yaml:3:9: routes[2].to: is our own address in groups[0]\n"},
	{INTERFACES(LAN) ROUTES("{ to: 203.0.113.1/24, via: discard }"),
		"t.yaml:2:16: routes[0].to: 203.0.113.1/24 has bits set beyond its length; the "
		"prefix is 203.0.113.0/24\n"},
	{INTERFACES(LAN) ROUTES("{ to: '2001:db8::/96', via: discard }"),
		"t.yaml:2:16: routes[0].to: has a length of more than 64 bits, and not "
		"128\n"},
	{INTERFACES(LAN) ROUTES(
		 "{ to: 0.0.0.0/0, via: discard }, { to: 0.0.0.0/0, via: 198.18.5.9 }"),
		"t.yaml:2:49: routes[1].to: routes[0] leads to the same\n"},
	{INTERFACES("{ name: lan, addresses: 198.18.5.1/24, kernel: 0123456789abcdef }"),
		"t.yaml:1:61: interfaces[0].kernel: must have 1 to 15 characters, not 16\n"},
	{INTERFACES("{ name: lan, addresses: 198.18.5.1/24, kernel: .. }"),
		"t.yaml:1:61: interfaces[0].kernel: is no name that an interface can have\n"},
	{PORTS INTERFACES("{ name: x, port: lan, addresses: 198.18.5.1/24, kernel: b }"),
		"t.yaml:3:70: interfaces[0].kernel: b is the device of a port\n"},
	{PORTS INTERFACES("{ name: x, port: lan, addresses: 198.18.5.1/24, kernel: up },"
			  "{ name: y, port: wan, addresses: 198.18.6.1/24, kernel: up }"),
		"t.yaml:3:131: interfaces[1].kernel: up is that of interfaces[0]\n"},
	{"kernel-tables: [{ table: 0 }]\n",
		"t.yaml:1:26: kernel-tables[0].table: 0 is out of range: 1 to 4294967295\n"},
	{GROUPS "kernel-tables: [{ realm: red }, { realm: blue }, { realm: red, table: 9 }]\n",
		"t.yaml:3:50: kernel-tables[2]: kernel-tables[0] is of the same realm\n"},
	{INTERFACES(LAN) ROUTES("{ to: 0.0.0.0/0, via: 198.18.5.9, interface: wan }"),
		"t.yaml:2:55: routes[0].interface: there is no interface wan; did you mean lan?\n"},
};

/* What leads somewhere, and is not what was meant. */
static const struct bad odd[] = {
	{INTERFACES("{ name: lan, addresses: 198.18.5.1/24, kernel: up, filter: any }") GATEWAYS
		"kernel-tables: [{ announce-table: 7, announce-metric: 3 }]\n",
		"t.yaml:3:35: warning: kernel-tables[0].announce-table: is of no use without "
		"announce: pools\n"
		"t.yaml:3:55: warning: kernel-tables[0].announce-metric: is of no use without "
		"announce: pools\n"},
	{"kernel-tables: [{ announce: pools }]\n",
		"t.yaml:1:17: warning: kernel-tables[0]: no interface of realm default has kernel: "
		"nothing that is learned leads anywhere\n"},
};

static void
what_is_wrong_is_named(void **state)
{
	(void)state;
	wants_all(odd, sizeof(odd) / sizeof(odd[0]));
	wants_all(wrong, sizeof(wrong) / sizeof(wrong[0]));
}

static void
what_it_says(void **state)
{
	const struct cfg_interface *lan;
	const struct cfg_route *route;
	char text[4096];

	(void)state;
	load(&t, with_rest(text, sizeof(text),
			 INTERFACES(LAN)
				 ROUTES("{ to: \"::/0\", interface: lan, via: \"fe80::1\" }, "
					"{ to: 203.0.113.0/24, via: [198.18.5.9, 198.18.5.8] }, "
					"{ to: 10.88.0.0/16, via: discard }")));
	assert_int_equal(t.rc, 0);
	lan = cfg_interface_find(t.cfg, "lan");
	assert_non_null(lan);
	assert_int_equal(lan->n_addresses, 2);
	assert_int_equal(lan->addresses[1].length, 64);
	assert_string_equal(t.cfg->filters[lan->filter].name, "any");
	route = cfg_route_find(t.cfg, "default/203.0.113.0/24");
	assert_non_null(route);
	assert_int_equal(route->n_via, 2);
	assert_int_equal(route->via[1].interface, 0); /* which was not said */
	assert_int_equal(cv_ipv4_value(&route->via[1].ip), 0xc6120508);
	assert_false(route->via[0].discard);
	route = cfg_route_find(t.cfg, "default/10.88.0.0/16");
	assert_non_null(route);
	assert_true(route->via[0].discard);
	assert_int_equal(route->n_via, 1);
	unload(&t);
}

/* Where networks are in each other, a next hop is where packets to itself go. */
static void
longest_network_has_the_next_hop(void **state)
{
	static const char *const nets[] = {"198.18.0.1/16", "198.18.5.1/24"};
	const struct cfg_route *route;
	char text[4096], all[1024];

	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		snprintf(all, sizeof(all),
			PORTS INTERFACES("{ name: a, port: wan, addresses: %s },"
					 "{ name: b, port: lan, addresses: %s }")
				ROUTES("{ to: 0.0.0.0/1, via: [198.18.5.9, 198.18.6.255] }"),
			nets[first], nets[1 - first]);
		load(&t, with_rest(text, sizeof(text), all));
		assert_int_equal(t.rc, 0);
		route = cfg_route_find(t.cfg, "default/0.0.0.0/1");
		assert_non_null(route);
		assert_int_equal(route->via[0].interface, 1 - first);
		assert_int_equal(route->via[1].interface, first);
		unload(&t);
	}
}

/* Ten in each of a thousand realms; what is there twice is found, wherever it is. */
static void
thousand_realms(void **state)
{
	enum { REALMS = 1000, EACH = 10, BYTES = 128 * REALMS * EACH };
	char *text = malloc(BYTES), *rest = malloc(BYTES);
	size_t used = 0;

	(void)state;
	assert_non_null(text);
	assert_non_null(rest);
	for (unsigned twice = 0; twice < 2; twice++) {
		used = (size_t)snprintf(text, BYTES, "groups:\n");
		for (unsigned i = 0; i < REALMS; i++)
			used += (size_t)snprintf(text + used, BYTES - used,
				"- { name: g%u, realm: r%u, address: 10.88.0.1, pool: 10.88.1.0/24 "
				"}\n",
				i, i);
		used += (size_t)snprintf(text + used, BYTES - used, "routes:\n");
		for (unsigned i = 0; i < REALMS * EACH; i++)
			used += (size_t)snprintf(text + used, BYTES - used,
				"- { realm: r%u, to: 203.0.%u.0/24, via: discard }\n", i % REALMS,
				twice != 0 && i == 9007 ? 1 : i / REALMS);
		load(&t, with_rest(rest, BYTES, text));
		if (twice == 0) {
			assert_int_equal(t.rc, 0);
			assert_int_equal(t.cfg->n_routes, REALMS * EACH);
		} else {
			assert_string_equal(t.text,
				"t.yaml:10010:20: routes[9007].to: routes[1007] "
				"leads to the same\n");
		}
		unload(&t);
	}
	free(text);
	free(rest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(what_it_says),
		cmocka_unit_test(longest_network_has_the_next_hop),
		cmocka_unit_test(thousand_realms),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
