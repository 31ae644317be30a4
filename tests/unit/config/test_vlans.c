/* SPDX-License-Identifier: BSD-3-Clause */
/* VLANs: each alone, with ports and each other, and whatever is on them. */
#include "difference.h"

#define PORTS                                                                                  \
	"ports: [{ name: wan, device: \"tap:a\" }, { name: lan, device: \"tap:b\", mtu: 1400 " \
	"}]\n"
#define VLANS(items) "vlans: [" items "]\n"
#define LISTENERS(items) "listeners: [" items "]\n"
#define INTERFACES(items) "interfaces: [" items "]\n"
#define WAN "{ port: wan, address: 192.0.2.1/24 }"
#define REALMS                                                                        \
	"groups: [{ name: a, realm: red, address: 10.88.0.1, pool: 10.88.1.0/24 },\n" \
	"  { name: b, realm: blue, address: 10.88.0.1, pool: 10.88.1.0/24 }]\n"
#define TRUNK "ports: [{ name: wan, device: \"af_packet:a\" }]\n"
#define TWO "{ name: a, outer: 7, vlan: 1"
#define A_AND_B "{ name: a, vlan: 100 }, { name: b, outer: 100, vlan: 100 }"

static const struct bad wrong[] = {
	{VLANS("{ vlan: 100 }"),
		"t.yaml:1:9: vlans[0].name: is required: name by which listeners and interfaces "
		"refer to the VLAN, as to a port\n"},
	{VLANS("{ name: a }"), "t.yaml:1:9: vlans[0].vlan: is required: VLAN ID; frames without a "
			       "tag are the port's own\n"},
	{VLANS("{ name: a, vlan: 0 }"),
		"t.yaml:1:26: vlans[0].vlan: 0 is out of range: 1 to 4094\n"},
	{VLANS("{ name: a, vlan: 4095 }"),
		"t.yaml:1:26: vlans[0].vlan: 4095 is out of range: 1 to 4094\n"},
	{VLANS("{ name: a, vlan: 100.200 }"),
		"t.yaml:1:26: vlans[0].vlan: 100.200 is not a whole number from 1 to 4094\n"},
	{VLANS("{ name: a, vlan: 1, outer: 4095 }"),
		"t.yaml:1:36: vlans[0].outer: 4095 is out of range: 1 to 4094\n"},
	{VLANS("{ name: a, vlan: 1, outer: 2, tpid: 0x9100 }"),
		"t.yaml:1:45: vlans[0].tpid: 0x9100 is not one of 802.1ad, 802.1q\n"},
	{VLANS("{ name: a, vlan: 1, tpid: 802.1q }"),
		"t.yaml:1:35: vlans[0].tpid: needs the key outer, too: it is of the outer tag\n"},
	{PORTS LISTENERS(WAN) VLANS("{ name: a, vlan: 1 }"),
		"t.yaml:3:9: vlans[0].port: is required, as there are 2 of them: wan, lan\n"},
	{PORTS LISTENERS(WAN) VLANS("{ name: a, port: van, vlan: 1 }"),
		"t.yaml:3:26: vlans[0].port: there is no port van; did you mean wan?\n"},
	{PORTS LISTENERS(WAN) VLANS("{ name: a, port: lan, vlan: 1, mtu: 1401 }"),
		"t.yaml:3:45: vlans[0].mtu: 1401 is more than the mtu of port lan, which is "
		"1400\n"},
	/* a packet socket counts two tags, or one */
	{TRUNK VLANS(TWO ", mtu: 1493 }"),
		"t.yaml:2:44: vlans[0].mtu: 1493 is more than 1492: by af_packet, 8 bytes of the "
		"two tags count in the mtu of port wan, which is 1500\n"},
	{TRUNK VLANS(TWO ", tpid: 802.1q, mtu: 1497 }"),
		"t.yaml:2:58: vlans[0].mtu: 1497 is more than 1496: by af_packet, 4 bytes of the "
		"two tags count in the mtu of port wan, which is 1500\n"},
	{"ports: [{ name: wan, device: \"af_packet:a\", mtu: 1280 }]\n" VLANS(TWO " }")
			LISTENERS("{ port: a, address: \"2001:db8::1/64\" }"),
		"t.yaml:3:33: listeners[0].address: IPv6 needs an mtu of 1280 at least, and port a "
		"has 1272\n"},
	{PORTS LISTENERS(WAN) VLANS("{ name: lan, port: wan, vlan: 1 }"),
		"t.yaml:3:17: vlans[0].name: lan is already that of ports[1]\n"},
	{VLANS("{ name: a, vlan: 1 }, { name: a, vlan: 2 }"),
		"t.yaml:1:39: vlans[1].name: a is already that of vlans[0]\n"},
	{VLANS("{ name: a, vlan: 1 }, { name: b, vlan: 1 }"),
		"t.yaml:1:48: vlans[1].vlan: vlans[0] is the same VLAN on the same port\n"},
	{VLANS("{ name: a, outer: 7, vlan: 1 }, { name: b, outer: 7, vlan: 1 }"),
		"t.yaml:1:68: vlans[1].vlan: vlans[0] is the same VLAN on the same port\n"},
	/* where it is used */
	{PORTS VLANS("{ name: a, port: lan, vlan: 1 }") LISTENERS("{ address: 192.0.2.1/24 }"),
		"t.yaml:3:13: listeners[0].port: is required, as there are 3 of them: wan, lan, "
		"a\n"},
	{VLANS(A_AND_B) LISTENERS("{ port: customer, address: 192.0.2.1/24 }"),
		"t.yaml:2:21: listeners[0].port: there is no port or VLAN customer, only wan, a, "
		"b\n"},
	{VLANS("{ name: a, vlan: 1, mtu: 1200 }")
			LISTENERS("{ port: a, address: \"2001:db8::1/64\" }"),
		"t.yaml:2:33: listeners[0].address: IPv6 needs an mtu of 1280 at least, and port a "
		"has 1200\n"},
	{VLANS("{ name: a, vlan: 1, mtu: 1200 }")
			INTERFACES("{ name: x, port: a, addresses: \"2001:db8::1/64\" }"),
		"t.yaml:2:45: interfaces[0].addresses: IPv6 needs an mtu of 1280 at least, and "
		"port a has 1200\n"},
	{VLANS("{ name: a, vlan: 1, mtu: 1500 }")
			LISTENERS("{ port: a, address: 192.0.2.1/24 }") "ppp: { mru: 1501 }\n",
		"t.yaml:3:13: ppp.mru: 1501 and 44 bytes of headers do not fit listeners[0]: port "
		"a has an mtu of 1500\n"},
	{VLANS(A_AND_B) INTERFACES("{ name: x, port: b, addresses: 198.18.5.1/24 }, "
				   "{ name: y, port: b, addresses: 198.18.6.1/24 }"),
		"t.yaml:2:62: interfaces[1]: interfaces[0] is on the same VLAN: there is one on "
		"each\n"},
	/* in one realm an address is one interface's, on whatever VLANs */
	{VLANS(A_AND_B) INTERFACES("{ name: x, port: a, addresses: 198.18.5.1/24 }, "
				   "{ name: y, port: b, addresses: 198.18.5.1/24 }"),
		"t.yaml:2:93: interfaces[1].addresses: interfaces[0] has the same address\n"},
	{VLANS(A_AND_B) INTERFACES("{ name: x, port: a, addresses: 198.18.5.1/24 }, "
				   "{ name: y, port: b, addresses: 198.18.5.2/24 }"),
		"t.yaml:2:93: interfaces[1].addresses: interfaces[0] has the same network\n"},
	/* ports without tags are one outside */
	{REALMS PORTS VLANS("{ name: a, port: lan, vlan: 1 }") LISTENERS(WAN)
			INTERFACES("{ name: x, port: lan, realm: red, addresses: 192.0.2.1/24 }"),
		"t.yaml:6:59: interfaces[0].addresses: is the address of listeners[0], on another "
		"port\n"},
	{REALMS PORTS LISTENERS(WAN)
			INTERFACES("{ name: x, port: wan, realm: red, addresses: 198.18.5.1/24 }, "
				   "{ name: y, port: lan, realm: blue, addresses: 198.18.5.1/24 }"),
		"t.yaml:5:122: interfaces[1].addresses: interfaces[0] has the same address\n"},
};

static void
what_is_wrong_is_named(void **state)
{
	(void)state;
	wants_all(wrong, sizeof(wrong) / sizeof(wrong[0]));
}

/* The same address and network on two VLANs in two realms, and outside. */
static void
what_it_says(void **state)
{
	const struct cfg *cfg;
	const struct cfg_vlan *b;

	(void)state;
	load(&t, with_rest(text, sizeof(text),
			 REALMS PORTS VLANS(
				 "{ name: a, port: wan, vlan: 100, mtu: 1300 }, { name: b, port: "
				 "lan, outer: 4094, vlan: 1, tpid: 802.1q }, { name: c, port: lan, "
				 "vlan: 1 }") LISTENERS("{ port: c, address: 198.18.5.1/24 }")
				 INTERFACES("{ name: x, port: a, realm: red, addresses: "
					    "198.18.5.1/24 }, { name: y, port: b, realm: blue, "
					    "addresses: [198.18.5.1/24, \"2001:db8:5::1/64\"] "
					    "}")));
	assert_int_equal(t.rc, 0);
	cfg = t.cfg;
	assert_int_equal(cfg->n_vlans, 3);
	b = cfg_vlan_find(cfg, "lan/4094/1");
	assert_ptr_equal(b, &cfg->vlans[1]);
	assert_true(b->vlan == 1 && b->outer == 4094 && b->tpid == CFG_TPID_8021Q);
	assert_int_equal(cfg->vlans[2].tpid, CFG_TPID_8021AD);
	assert_ptr_equal(cfg_lan_vlan(cfg, cfg->interfaces[0].lan), &cfg->vlans[0]);
	assert_ptr_equal(cfg_lan_port(cfg, cfg->interfaces[0].lan), &cfg->ports[0]);
	assert_int_equal(cfg_lan_mtu(cfg, cfg->interfaces[0].lan), 1300);
	assert_ptr_equal(cfg_lan_vlan(cfg, cfg->interfaces[1].lan), b);
	assert_ptr_equal(cfg_lan_port(cfg, cfg->interfaces[1].lan), &cfg->ports[1]);
	assert_int_equal(cfg_lan_mtu(cfg, cfg->interfaces[1].lan), 1400);
	assert_ptr_equal(cfg_lan_vlan(cfg, cfg->listeners[0].lan), &cfg->vlans[2]);
	assert_string_equal(cfg_lan_name(cfg, cfg->listeners[0].lan), "c");
	assert_string_equal(cfg_lan_name(cfg, 1), "lan");
	assert_null(cfg_lan_vlan(cfg, 1));
	unload(&t);
	/* left out, it is the port, whatever VLANs there are */
	load(&t, with_rest(text, sizeof(text), VLANS(A_AND_B)));
	assert_int_equal(t.rc, 0);
	assert_int_equal(t.cfg->listeners[0].lan, 0);
	unload(&t);
}

/* What a packet of 1,500 bytes and tags is to a packet socket of that MTU, and to others. */
static void
two_tags_take_room_by_a_packet_socket(void **state)
{
	static const struct {
		const char *vlan;
		uint16_t mtu;
	} rows[] = {
		{"{ name: a, vlan: 1 }", 1500},
		{TWO " }", 1492},
		{TWO ", tpid: 802.1q }", 1496},
		{TWO ", mtu: 1492 }", 1492},
		{TWO ", mtu: 1300 }", 1300},
		{"{ name: a, vlan: 1, mtu: 1500 }", 1500},
	};
	char items[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(items, sizeof(items), TRUNK VLANS("%s"), rows[i].vlan);
		load(&t, with_rest(text, sizeof(text), items));
		assert_int_equal(t.rc, 0);
		assert_int_equal(cfg_lan_mtu(t.cfg, 1), rows[i].mtu);
		assert_int_equal(cfg_lan_mtu(t.cfg, 0), 1500);
		unload(&t);
	}
}

/* A VLAN is its port and IDs. */
static void
names_may_change(void **state)
{
	static const char one[] = PORTS VLANS("{ name: a, port: wan, vlan: 100 }")
		LISTENERS("{ port: a, address: 192.0.2.1/24 }");

	(void)state;
	wants(one,
		PORTS VLANS("{ name: b, port: wan, vlan: 100 }")
			LISTENERS("{ port: b, address: 192.0.2.1/24 }"),
		"changed vlans[wan/100].name live: a -> b\n");
	wants(one,
		PORTS VLANS("{ name: a, port: wan, vlan: 101 }")
			LISTENERS("{ port: a, address: 192.0.2.1/24 }"),
		"removed vlans[wan/100] live\nadded vlans[wan/101] live\n"
		"changed listeners[192.0.2.1:1701].port live: a -> a\n");
	wants(one,
		PORTS VLANS("{ name: a, port: wan, outer: 7, vlan: 100 }")
			LISTENERS("{ port: wan, address: 192.0.2.1/24 }"),
		"removed vlans[wan/100] live\nadded vlans[wan/7/100] live\n"
		"changed listeners[192.0.2.1:1701].port live: a -> wan\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(what_it_says),
		cmocka_unit_test(two_tags_take_room_by_a_packet_socket),
		cmocka_unit_test(names_may_change),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
