/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks behind users. */
#include "harness.h"

#define GROUPS                                                                \
	"groups:\n"                                                           \
	"  - { name: a, realm: x, address: 10.88.0.1, pool: 10.88.1.0/24,\n"  \
	"      address6: '2001:db8::1', pool6: '2001:db8:1::/48' }\n"         \
	"  - { name: b, realm: y, address: 10.88.0.1, pool: 10.99.1.0/24 }\n" \
	"interfaces: [{ name: lan, realm: x, addresses: 198.18.5.1/24 }]\n"   \
	"users:\n"
#define ALICE(routes) \
	"  - { name: alice, password-file: alice.secret, group: a, routes: " routes " }\n"
#define BOB(group, routes) \
	"  - { name: bob, password-file: bob.secret, group: " group ", routes: " routes " }\n"

/* With addresses and prefixes of his own. */
#define CARL(group, own) \
	"  - { name: carl, password-file: bob.secret, group: " group ", " own " }\n"
#define PEER(more)                                                                              \
	"dial: [{ name: hub, to: 192.0.2.9, secret: none, user: u, password-file: bob.secret, " \
	"group: a, " more " }]\n"

/* What is said of the interface where nothing is refused. */
#define UNUSED                                                                                \
	"t.yaml:5:14: warning: interfaces[0]: no client may use it: no filter of a group of " \
	"realm "                                                                              \
	"x has gateways\n"

/* Likewise of an address that is in no pool. */
#define IN_NO_POOL(at)                                                                           \
	"t.yaml:" at                                                                             \
	": warning: users[1].address: the address is in no pool of its realm, though its group " \
	"has one: taken as it is\n"

static struct loaded t;

static void
they_are_read(void **state)
{
	char text[4096];

	(void)state;
	load(&t, with_rest(text, sizeof(text),
			 GROUPS ALICE("[192.168.7.0/24, '2001:db8:7::/48', 10.88.0.0/16]")
				 BOB("b", "0.0.0.0/0")));
	assert_int_equal(t.rc, 0);
	assert_int_equal(t.cfg->users[0].n_routes, 3);
	assert_int_equal(t.cfg->users[0].routes[0].length, 24);
	assert_int_equal(t.cfg->users[0].routes[1].ip.family, CV_IPV6);
	assert_int_equal(t.cfg->users[1].n_routes, 1);
	assert_int_equal(t.cfg->users[1].routes[0].length, 0);
	unload(&t);
}

static const struct bad wrong[] = {
	{GROUPS ALICE("192.168.7.1/24"),
		"t.yaml:7:67: users[0].routes: 192.168.7.1/24 has bits set "
		"beyond its length; the prefix is 192.168.7.0/24\n"},
	{GROUPS ALICE("[192.168.7.0/24, 192.168.7.0/24]"),
		"t.yaml:7:84: users[0].routes[1]: 192.168.7.0/24 is there twice\n"},
	{GROUPS ALICE("192.168.7.0/24") BOB("a", "[10.7.0.0/16, 192.168.7.0/24]"),
		"t.yaml:8:77: users[1].routes[1]: 192.168.7.0/24 is already that of the user in "
		"t.yaml:7\n"},
	{GROUPS ALICE("10.88.1.64/26"),
		"t.yaml:7:67: users[0].routes: 10.88.1.64/26 is in a pool of "
		"its realm: another client could get it\n"},
	{GROUPS ALICE("'2001:db8:1:5::/64'"), "t.yaml:7:67: users[0].routes: 2001:db8:1:5::/64 is "
					      "in a pool of its realm: another "
					      "client could get it\n"},
	{GROUPS ALICE("10.88.0.1"),
		"t.yaml:7:67: users[0].routes: 10.88.0.1/32 is the server's own "
		"address in this realm\n"},
	{GROUPS ALICE("198.18.5.128/25"), "t.yaml:7:67: users[0].routes: 198.18.5.128/25 is in the "
					  "network of an interface of "
					  "its realm\n"},
	{GROUPS ALICE("127.0.0.0/8"), "t.yaml:7:67: users[0].routes: 127.0.0.0/8 is of 0/8, 127/8, "
				      "multicast or reserved: no network has it\n"},
	{GROUPS ALICE("'fe80::/64'"),
		"t.yaml:7:67: users[0].routes: fe80::/64 is neither global nor "
		"unique local: a part of 2000::/3 or fc00::/7\n"},
	{GROUPS ALICE("'2001:db8:7::/96'"), "t.yaml:7:67: users[0].routes: 2001:db8:7::/96 has a "
					    "length of more than 64 bits, and not 128\n"},
	/* to whom it would go whatever is said of it: the longer prefix is asked first */
	{GROUPS ALICE("[10.1.0.0/16, 10.9.9.9/32]") CARL("a", "address: 10.9.9.9"),
		"t.yaml:7:81: users[0].routes[1]: 10.9.9.9/32 is in 10.9.9.9/32, which the user in "
		"t.yaml:8 has\n" IN_NO_POOL("8:65")},
	{GROUPS ALICE("'2001:db8:7:5::/64'") CARL("a", "delegated: '2001:db8:7::/48'"),
		"t.yaml:7:67: users[0].routes: 2001:db8:7:5::/64 is in 2001:db8:7::/48, which the "
		"user in t.yaml:8 has\n"},
	{GROUPS ALICE("'2001:db8:7:5::9/128'") CARL("a", "prefix6: '2001:db8:7:5::/64'"),
		"t.yaml:7:67: users[0].routes: 2001:db8:7:5::9/128 is in 2001:db8:7:5::/64, which "
		"the user in t.yaml:8 has\n"},
	{GROUPS CARL("a", "delegated: '2001:db8:7::/48', routes: '2001:db8:9::/48'")
			ALICE("['2001:db8:7::/48', '2001:db8:7:1::/64']"),
		"t.yaml:8:68: users[1].routes[0]: 2001:db8:7::/48 is in 2001:db8:7::/48, which the "
		"user in t.yaml:7 has\n"
		"t.yaml:8:87: users[1].routes[1]: 2001:db8:7:1::/64 is in 2001:db8:7::/48, which "
		"the user in t.yaml:7 has\n"},
	{GROUPS ALICE("10.9.9.9") PEER("address: 10.9.9.9"),
		"t.yaml:7:67: users[0].routes: 10.9.9.9/32 is in 10.9.9.9/32, which the peer in "
		"t.yaml:8 has\n"},
	/* which it may contain; and his own may be in his own */
	{GROUPS ALICE("[10.9.0.0/16, '2001:db8:7::/48']") CARL("a",
		 "address: 10.9.9.9, prefix6: '2001:db8:7:5::/64', routes: '2001:db8:7:5::9/128'"),
		UNUSED IN_NO_POOL("8:65")},
	{GROUPS ALICE("'2001:db8:7::/64'") CARL("b", "delegated: '2001:db8:7::/48'"), UNUSED},
	/* in another realm it is another network */
	{GROUPS ALICE("192.168.7.0/24") BOB("b", "192.168.7.0/24"), UNUSED},
	{GROUPS BOB("b", "[10.88.1.0/24, 198.18.5.0/24]"), UNUSED},
};

static void
what_can_not_be_is_refused(void **state)
{
	(void)state;
	wants_all(wrong, sizeof(wrong) / sizeof(wrong[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_read),
		cmocka_unit_test(what_can_not_be_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
