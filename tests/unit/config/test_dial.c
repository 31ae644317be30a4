/* SPDX-License-Identifier: BSD-3-Clause */
/* Peers that are dialled: each alone, and with listeners, groups, users and each other. */
#include "harness.h"

#define DIAL(items) "dial: [" items "]\n"
#define ME "secret: none, user: me, password-file: alice.secret"
#define ONE(keys) DIAL("{ name: a, " ME ", " keys " }")
#define GROUPS                                                                        \
	"groups: [{ name: x, realm: red, address: 10.88.0.1, pool: 10.88.1.0/24 },\n" \
	"  { name: y, realm: blue, address: 10.88.0.1, pool: 10.88.1.0/24 }]\n"
#define BOB "users: [{ name: bob, password-file: alice.secret, address: 10.88.1.7 }]\n"

static struct loaded t;

static const struct bad wrong[] = {
	{DIAL("{ name: a }"),
		"t.yaml:1:8: dial[0].to: is required: where it is, one after the other: address or "
		"DNS name, with :PORT unless 1701\n"
		"t.yaml:1:8: dial[0].secret-file: is required, or secret: none\n"
		"t.yaml:1:8: dial[0].user: is required, with password-file; or peer-user: the user "
		"that it must prove to be; or an entry of hand-on with it\n"},
	{DIAL("{ name: a, to: 192.0.2.9, secret: none, user: me }"),
		"t.yaml:1:8: dial[0].password-file: is required with user\n"},
	{DIAL("{ name: a, to: 192.0.2.9, secret: hush, user: me, password: hush }"),
		"t.yaml:1:42: dial[0].secret: secrets come from files: write secret-file: FILE, or "
		"secret: none\n"
		"t.yaml:1:68: dial[0].password: secrets come from files: write password-file: "
		"FILE\n"},
	{DIAL("{ name: a, to: 192.0.2.9, secret: none, secret-file: alice.secret, peer-user: x }"),
		"t.yaml:1:42: dial[0].secret: either secret-file or secret: none, not both\n"
		"t.yaml:1:86: dial[0].peer-user: there is no such user\n"},
	{DIAL("{ name: a, to: 192.0.2.9, " ME ", peer-user: bob }") BOB,
		"t.yaml:1:54: dial[0].user: either user, as which we prove ourselves to it, or "
		"peer-user, not both\n"},
	{DIAL("{ name: a, to: 192.0.2.9, secret: none, peer-user: bob, address: 10.88.1.7, "
	      "password-file: alice.secret }") BOB,
		"t.yaml:1:73: dial[0].address: is what the user of peer-user has: say it there\n"
		"t.yaml:1:99: dial[0].password-file: is the user's who is said in peer-user: leave "
		"it out\n"},
	{ONE("to: []"), "t.yaml:1:76: dial[0].to: must have 1 to 8 items, not 0\n"},
	{ONE("to: 192.0.2"),
		"t.yaml:1:76: dial[0].to: 192.0.2 is neither an address nor a DNS name\n"},
	{ONE("to: \"192.0.2.9:0\""),
		"t.yaml:1:76: dial[0].to: 192.0.2.9:0 is not ADDRESS, NAME, or one of them with "
		":PORT, as 192.0.2.1, [2001:db8::1]:1701 or lns.example.net\n"},
	{ONE("to: \"[2001:db8::1]\""),
		"t.yaml:1:76: dial[0].to: [2001:db8::1] is not ADDRESS, NAME, or one of them with "
		":PORT, as 192.0.2.1, [2001:db8::1]:1701 or lns.example.net\n"},
	{ONE("to: 224.0.0.1"),
		"t.yaml:1:76: dial[0].to: 224.0.0.1 is not the address of a host elsewhere\n"},
	{ONE("to: a..example"),
		"t.yaml:1:76: dial[0].to: a..example is neither an address nor a DNS name\n"},
	{ONE("to: -gw.example"),
		"t.yaml:1:76: dial[0].to: -gw.example is neither an address nor a DNS name\n"},
	{ONE("to: [gw.example.net, gw.example.net]"),
		"t.yaml:1:93: dial[0].to[1]: gw.example.net is already in the list\n"},
	{ONE("to: \"2001:db8::1\""), "t.yaml:1:76: dial[0].to: is of IPv6, and no listener is\n"},
	{"listeners: [{ address: 192.0.2.1/24 }, { address: \"2001:db8::1/64\" }]\n" ONE(
		 "to: [192.0.2.9, \"2001:db8::9\"], listener: \"192.0.2.1:1701\""),
		"t.yaml:2:88: dial[0].to[1]: is of IPv6, and its listener is not\n"},
	{ONE("to: 192.0.2.1"), "t.yaml:1:76: dial[0].to: is our own: listeners[0]\n"},
	{ONE("to: \"192.0.2.1:1702\""), "t.yaml:1:76: dial[0].to: is our own: listeners[0]\n"},
	{"routes: [{ to: 172.20.0.0/16, via: discard }]\n" ONE(
		 "to: 192.0.2.9, start: traffic, routes: 172.20.0.0/16"),
		"t.yaml:2:94: dial[0].start: traffic for 172.20.0.0/16 goes by routes[0]\n"},
	{ONE("to: 192.0.2.9, idle: 10m"), "t.yaml:1:93: dial[0].idle: needs start: traffic; a peer "
					  "that is always there is not "
					  "hung up\n"},
	{ONE("to: 192.0.2.9, start: traffic"),
		"t.yaml:1:94: dial[0].start: traffic needs routes, for which it is to come\n"},
	{DIAL("{ name: a, to: 192.0.2.9, secret: none, peer-user: u, start: traffic }") "users: [{ "
											"name: u, "
											"password-"
											"file: "
											"alice."
											"secret "
											"}]\n",
		"t.yaml:1:69: dial[0].start: traffic needs routes of the user of peer-user\n"},
	{GROUPS ONE("to: 192.0.2.9"),
		"t.yaml:3:8: dial[0].group: is required with user, as there are 2 of them\n"},
	{ONE("to: 192.0.2.9, address: 10.88.1.9"),
		"t.yaml:1:96: dial[0].address: is in a pool of its realm: a client could get it\n"},
	{ONE("to: 192.0.2.9, address: 10.88.0.1"),
		"t.yaml:1:96: dial[0].address: is our own in groups[0]\n"},
	{ONE("to: 192.0.2.9, address: 198.18.5.7") "interfaces: [{ name: lan, addresses: "
						   "198.18.5.1/24 }]\n",
		"t.yaml:1:96: dial[0].address: is in the network of interfaces[0]: it is "
		"somebody's there\n"},
	{ONE("to: 192.0.2.9, routes: 172.20.0.1/16"),
		"t.yaml:1:95: dial[0].routes: 172.20.0.1/16 has bits set beyond its length; the "
		"prefix is 172.20.0.0/16\n"},
	{DIAL("{ name: a, to: 192.0.2.9, " ME ", routes: 172.20.0.0/16 },\n"
	      "{ name: b, to: 192.0.2.8, " ME ", routes: 172.20.0.0/16 }"),
		"t.yaml:2:88: dial[1].routes: 172.20.0.0/16 is already that of the peer "
		"in t.yaml:1\n"},
	{DIAL("{ name: a, to: 192.0.2.9, " ME " },\n{ name: a, to: 192.0.2.8, " ME " }"),
		"t.yaml:2:9: dial[1].name: is already that of dial[0]\n"},
	{DIAL("{ name: bob, to: 192.0.2.9, " ME " }") BOB,
		"t.yaml:1:16: dial[0].name: is the name of a user, too: its sessions would be "
		"his\n"},
	{DIAL("{ name: a, to: 192.0.2.9, secret: none, peer-user: bob },\n"
	      "{ name: b, to: 192.0.2.8, secret: none, peer-user: bob }") BOB,
		"t.yaml:2:52: dial[1].peer-user: is already that of dial[0]\n"},
	{ONE("to: 192.0.2.9") "limits: { tunnels: 1 }\n",
		"t.yaml:2:20: limits.tunnels: there must be more than there are peers in dial\n"},
	{ONE("to: 192.0.2.9, call: both"),
		"t.yaml:1:93: dial[0].call: both is not one of incoming, outgoing\n"},
};

static void
what_is_wrong_is_named(void **state)
{
	(void)state;
	wants_all(wrong, sizeof(wrong) / sizeof(wrong[0]));
}

static void
what_it_says(void **state)
{
	const struct cfg_dial *d;
	char text[4096];

	(void)state;
	load(&t, with_rest(text, sizeof(text),
			 "listeners: [{ address: 192.0.2.1/24 }, { address: \"2001:db8::1/64\" "
			 "}]\n" BOB DIAL(
				 "{ name: a, " ME ", to: [gw.example.net, "
				 "\"lns.example.net:1702\", \"2001:db8::9\", "
				 "\"[2001:db8::8]:1703\", \"192.0.2.9:1704\"], address: 10.99.0.1, "
				 "routes: [172.20.0.0/16, \"2001:db8:20::/48\"], start: traffic, "
				 "idle: 10m, call: outgoing }, { name: b, to: 192.0.2.9, "
				 "secret-file: alice.secret, peer-user: bob }")));
	if (t.rc != 0)
		print_error("%s", t.text);
	assert_int_equal(t.rc, 0);
	assert_int_equal(t.cfg->n_dials, 2);
	d = cfg_dial_find(t.cfg, "a");
	assert_ptr_equal(d, cfg_dial_by_id(t.cfg, 0));
	assert_int_equal(d->n_to, 5);
	assert_string_equal(d->to[0].name, "gw.example.net");
	assert_int_equal(d->to[0].at.port, 1701);
	assert_string_equal(d->to[1].name, "lns.example.net");
	assert_string_equal(d->to[1].text, "lns.example.net:1702");
	assert_int_equal(d->to[1].at.port, 1702);
	assert_null(d->to[2].name);
	assert_int_equal(d->to[2].at.port, 1701);
	assert_int_equal(d->to[3].at.ip.bytes[15], 8);
	assert_int_equal(d->to[3].at.port, 1703);
	assert_int_equal(d->to[4].at.ip.family, CV_IPV4);
	assert_int_equal(d->to[4].at.port, 1704);
	assert_int_equal(d->listener, UINT32_MAX);
	assert_true(d->none);
	assert_int_equal(d->call, CFG_CALL_OUTGOING);
	assert_int_equal(d->start, CFG_START_TRAFFIC);
	assert_int_equal(d->idle_ns, UINT64_C(600) * 1000 * 1000 * 1000);
	assert_int_equal(d->group, 0);
	assert_int_equal(d->n_routes, 2);
	assert_int_equal(d->password.len, 10);
	d = cfg_dial_find(t.cfg, "b");
	assert_false(d->none);
	assert_string_equal(d->peer_user, "bob");
	assert_null(d->user);
	assert_int_equal(d->call, CFG_CALL_INCOMING);
	assert_int_equal(d->start, CFG_START_ALWAYS);
	unload(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(what_it_says),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
