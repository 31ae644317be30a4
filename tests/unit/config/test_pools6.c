/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 prefixes of groups and users: each alone, and all of a realm with each other. */
#include "harness.h"

#define GROUP(keys) "groups:\n  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, " keys " }\n"
#define SECOND(keys) "  - { name: b, address: 10.88.0.1, pool: 10.88.2.0/24, " keys " }\n"
#define USER(name, keys) "  - { name: " name ", password-file: bob.secret, group: a, " keys " }\n"

static struct loaded t;

static const struct bad wrong[] = {
	{GROUP("pool6: 10.0.0.0/48"),
		"t.yaml:2:63: groups[0].pool6: 10.0.0.0/48 is not an IPv6 prefix, as "
		"2001:db8::/64\n"},
	{GROUP("pool6: \"2001:db8::\""),
		"t.yaml:2:63: groups[0].pool6: 2001:db8:: is not an IPv6 prefix, as "
		"2001:db8::/64\n"},
	{GROUP("pool6: 2001:db8::1/48"),
		"t.yaml:2:63: groups[0].pool6: 2001:db8::1/48 has bits set beyond its length; the "
		"prefix is 2001:db8::/48\n"},
	{GROUP("pool6: 2001:db8::/65"),
		"t.yaml:2:63: groups[0].pool6: 2001:db8::/65 must have a length of /16 to /64\n"},
	{GROUP("pool6: fe80::/48"),
		"t.yaml:2:63: groups[0].pool6: fe80::/48 is neither global nor unique local: a "
		"part of 2000::/3 or fc00::/7\n"},
	{GROUP("pool6: 2001:db8::/64"),
		"t.yaml:2:63: groups[0].pool6: has no /64 left beside that of the server's own "
		"address\n"},
	{GROUP("address6: 192.0.2.1"),
		"t.yaml:2:66: groups[0].address6: 192.0.2.1 is not an IPv6 address, as "
		"2001:db8::1\n"},
	{GROUP("address6: \"ff02::1\""),
		"t.yaml:2:66: groups[0].address6: ff02::1 is neither a global nor a unique local "
		"address: one in 2000::/3 or fc00::/7\n"},
	{GROUP("delegate-length: 56"),
		"t.yaml:2:73: groups[0].delegate-length: needs the key delegate, too\n"},
	{GROUP("pool6: 2001:db8::/48, delegate: [2001:db8:100::/48, 2001:db8:200::/60]"),
		"t.yaml:2:108: groups[0].delegate[1]: 2001:db8:200::/60 holds no prefix of the "
		"delegate-length, 56\n"},
	/* of a realm */
	{GROUP("pool6: [2001:db8::/40, 2001:db8:1::/48]"),
		"t.yaml:2:79: groups[0].pool6[1]: 2001:db8:1::/48 overlaps 2001:db8::/40, pool6 in "
		"the same realm, t.yaml:2\n"},
	{GROUP("pool6: 2001:db8::/48") SECOND("pool6: 2001:db8::/49"),
		"t.yaml:3:63: groups[1].pool6: 2001:db8::/49 overlaps 2001:db8::/48, pool6 in the "
		"same realm, t.yaml:2\n"},
	{GROUP("pool6: 2001:db8::/48") SECOND("pool6: 2001:db9::/48, delegate: 2001:db8::/40"),
		"t.yaml:3:88: groups[1].delegate: 2001:db8::/40 overlaps 2001:db8::/48, pool6 in "
		"the same realm, t.yaml:2\n"},
	{GROUP("pool6: 2001:db8::/48, delegate: 2001:db8:100::/40, address6: 2001:db8:100::1"),
		"t.yaml:2:117: groups[0].address6: 2001:db8:100::/64 overlaps 2001:db8:100::/40, "
		"delegate in the same realm, t.yaml:2\n"},
	/* of users */
	{GROUP("mtu: 1400") "users:\n" USER("u", "prefix6: 2001:db8::/63"),
		"t.yaml:4:62: users[0].prefix6: 2001:db8::/63 must have a length of /64, not "
		"/63\n"},
	{GROUP("pool6: 2001:db8::/48") "users:\n" USER("u", "prefix6: 2001:db8:0:7::/64")
			USER("v", "prefix6: 2001:db8:0:7::/64"),
		"t.yaml:5:62: users[1].prefix6: 2001:db8:0:7::/64 overlaps 2001:db8:0:7::/64, "
		"prefix6 in the same realm, t.yaml:4\n"},
	{GROUP("pool6: 2001:db8::/48") "users:\n" USER("u", "prefix6: 2001:db8::/64"),
		"t.yaml:4:62: users[0].prefix6: 2001:db8::/64 overlaps 2001:db8::/64, the "
		"server's own address6 in the same realm, t.yaml:2\n"},
	{GROUP("pool6: 2001:db8::/48, delegate: 2001:db8:100::/40") "users:\n" USER(
		 "u", "delegated: 2001:db8:100::/48"),
		"t.yaml:4:64: users[0].delegated: 2001:db8:100::/48 overlaps 2001:db8:100::/40, "
		"delegate in the same realm, t.yaml:2\n"},
	{GROUP("pool6: 2001:db8::/48") "users:\n" USER("u", "delegated: 2001:db8:0:100::/56"),
		"t.yaml:4:64: users[0].delegated: 2001:db8:0:100::/56 overlaps 2001:db8::/48, "
		"pool6 in the same realm, t.yaml:2\n"},
};

static void
is_ip(const struct cv_ip *ip, const char *wanted)
{
	char text[CV_IP_TEXT];

	assert_string_equal(cv_ip_text(ip, text), wanted);
}

static void
is_prefix(const struct cv_prefix *prefix, const char *wanted)
{
	char text[CV_PREFIX_TEXT];

	assert_string_equal(cv_prefix_text(prefix, text), wanted);
}

static void
what_is_wrong_is_refused(void **state)
{
	(void)state;
	wants_all(wrong, sizeof(wrong) / sizeof(wrong[0]));
}

static void
what_is_right_is_taken(void **state)
{
	static const char text[] = GROUP(
		"pool6: [2001:db8::/48, 2001:db8:4::/48], delegate: 2001:db8:100::/40, dns6: "
		"[2001:db8::53]") SECOND("pool6: 2001:db8:8::/48, address6: 2001:db8::1, realm: "
					 "other") "users:\n" USER("u", "prefix6: 2001:db8:0:7::/64")
		USER("v", "prefix6: 2001:db8:9::/64, delegated: "
			  "2001:db8:100:700::/56") USER("w", "delegated: fd00::/48");
	/* whether users have some of it for their own, on their links, and delegated */
	static const struct {
		const char *prefix;
		bool links, delegated;
	} asked[] = {
		{"2001:db8:0:7::/64", true, false},
		{"2001:db8:0:6::/63", true, false},
		{"2001:db8:0:8::/64", false, false},
		{"2001:db8:0:6::/64", false, false},
		{"2001:db8::/32", true, true},
		{"2001:db8:100:700::/56", false, true},
		{"2001:db8:100:780::/60", false, true},
		{"2001:db8:100:800::/56", false, false},
		{"fd00:0:0:1::/64", false, true},
		{"fd00:0:1::/64", false, false},
		{"2001:db7::/64", false, false},
	};
	const struct cfg_group *g;
	char all[4096];

	(void)state;
	load(&t, with_rest(all, sizeof(all), text));
	assert_string_equal(t.text, "");
	g = &t.cfg->groups[0];
	assert_int_equal(g->n_pool6, 2);
	is_prefix(&g->pool6[1], "2001:db8:4::/48");
	is_ip(&g->address6, "2001:db8::1"); /* nobody said it */
	assert_int_equal(g->delegate_length, 56);
	is_prefix(&g->delegate[0], "2001:db8:100::/40");
	is_ip(&g->dns6[0], "2001:db8::53");
	assert_int_equal(g->dns6[1].family, 0);
	/* the same addresses in another realm are others */
	is_ip(&t.cfg->groups[1].address6, "2001:db8::1");
	assert_int_equal(t.cfg->groups[1].n_delegate, 0);
	assert_int_equal(t.cfg->n_fixed6, 4);
	is_prefix(&t.cfg->fixed6[0].prefix, "2001:db8:0:7::/64");
	is_prefix(&t.cfg->fixed6[1].prefix, "2001:db8:9::/64");
	is_prefix(&t.cfg->fixed6[2].prefix, "2001:db8:100:700::/56");
	is_prefix(&t.cfg->fixed6[3].prefix, "fd00::/48");
	assert_true(t.cfg->fixed6[2].delegated && !t.cfg->fixed6[1].delegated);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct cv_prefix p;

		assert_int_equal(cv_prefix_parse(asked[i].prefix, &p), 0);
		assert_int_equal(cfg_fixed6_overlaps(t.cfg, false, 0, &p), asked[i].links);
		assert_int_equal(cfg_fixed6_overlaps(t.cfg, true, 0, &p), asked[i].delegated);
		assert_false(cfg_fixed6_overlaps(t.cfg, false, 1, &p));
	}
	unload(&t);
	/* without any of it there is none */
	load(&t, with_rest(all, sizeof(all), ""));
	assert_int_equal(t.cfg->groups[0].address6.family, 0);
	assert_int_equal(t.cfg->n_fixed6, 0);
	unload(&t);
}

static void
delegation_without_a_pool_is_warned_about(void **state)
{
	char all[4096];

	(void)state;
	load(&t, with_rest(all, sizeof(all), GROUP("delegate: 2001:db8:100::/40")));
	assert_int_equal(t.rc, 0);
	assert_string_equal(t.text,
		"t.yaml:2:66: warning: groups[0].delegate: without pool6 only users with a prefix6 "
		"of their own have IPv6\n");
	unload(&t);
}

/* ---- groups without IPv4 ---- */

#define ONLY6(keys) "groups: [{ name: a, pool6: 2001:db8::/48" keys " }]\n"
#define NAMED(keys) "users: [{ name: u, password-file: bob.secret" keys " }]\n"

static const struct bad without_ipv4[] = {
	{ONLY6(", pool: 10.88.1.0/24"),
		"t.yaml:1:10: groups[0].address: is required: the server's own address inside the "
		"tunnels\n"},
	{"groups: [{ name: a, mtu: 1400 }]\n",
		"t.yaml:1:10: groups[0].address: is required: the server's own address inside the "
		"tunnels\n"},
	{ONLY6("") NAMED(", address: 10.88.1.7"),
		"t.yaml:2:56: users[0].address: needs the key address of the group, the server's "
		"own\n"},
	{"groups: [{ name: a, address: 10.88.0.1 }]\n" NAMED(""),
		"t.yaml:1:10: groups[0].pool: is required, as users of the group have no address "
		"of their own\n"},
	/* and what is right */
	{ONLY6("") NAMED(""), ""},
	{ONLY6(", address: 10.88.0.1") NAMED(", address: 10.88.1.7"), ""},
	{"groups: [{ name: a, address: 10.88.0.1 }]\n" NAMED(", prefix6: 2001:db8::/64"), ""},
};

static void
a_group_may_have_ipv6_alone(void **state)
{
	(void)state;
	wants_all(without_ipv4, sizeof(without_ipv4) / sizeof(without_ipv4[0]));
}

/* ---- what is outside of the tunnels ---- */

#define LISTENERS                                  \
	"listeners:\n"                             \
	"  - { address: \"2001:db8:ff::1/60\" }\n" \
	"  - { address: 192.0.2.1/24, gateway: 192.0.2.254 }\n"
#define IPV4(keys) "groups: [{ name: a, address: 10.88.0.1, " keys " }]\n"

static const struct bad outside[] = {
	{LISTENERS GROUP("pool6: 2001:db8:ff::/48"),
		"t.yaml:5:63: groups[0].pool6: 2001:db8:ff::/48 holds 2001:db8:ff::1, the address "
		"of listeners[0]\n"},
	{LISTENERS GROUP("pool6: 2001:db8:1::/48, delegate: 2001:db8:ff:8::/62, "
			 "delegate-length: 64"),
		"t.yaml:5:90: groups[0].delegate: 2001:db8:ff:8::/62 overlaps 2001:db8:ff::/60, "
		"the network of listeners[0]\n"},
	{LISTENERS GROUP("pool6: 2001:db8::/48") "users:\n" USER(
		 "u", "prefix6: 2001:db8:ff:1::/64"),
		"t.yaml:7:62: users[0].prefix6: 2001:db8:ff:1::/64 overlaps 2001:db8:ff::/60, the "
		"network of listeners[0]\n"},
	{LISTENERS GROUP("pool6: 2001:db8::/48") "users:\n" USER(
		 "u", "delegated: 2001:db8:ff::/56"),
		"t.yaml:7:64: users[0].delegated: 2001:db8:ff::/56 holds 2001:db8:ff::1, the "
		"address of listeners[0]\n"},
	{LISTENERS IPV4("pool: 192.0.2.128/25"),
		"t.yaml:4:47: groups[0].pool: 192.0.2.128/25 holds 192.0.2.254, the gateway of "
		"listeners[1]\n"},
	{LISTENERS IPV4("pool: 192.0.2.128/26"),
		"t.yaml:4:47: groups[0].pool: 192.0.2.128/26 overlaps 192.0.2.0/24, the network of "
		"listeners[1]\n"},
	{LISTENERS IPV4("pool: 10.88.1.0/24") "users: [{ name: u, password-file: bob.secret, "
					      "address: 192.0.2.254 }]\n",
		"t.yaml:5:56: users[0].address: 192.0.2.254 is the gateway of "
		"listeners[1]\n"},
};

static void
what_is_outside_is_nobodys(void **state)
{
	(void)state;
	wants_all(outside, sizeof(outside) / sizeof(outside[0]));
}

/* ---- the users file ---- */

static void
users_are(const char *bytes)
{
	files_reset();
	file_set("users.txt", bytes, strlen(bytes), 0600, 0);
}

#define POOLS "users-file: users.txt\n" GROUP("pool6: 2001:db8::/48, delegate: 2001:db8:100::/40")

static void
the_users_file_has_prefixes(void **state)
{
	char all[4096];

	(void)state;
	users_are("u:x:a:10.88.1.5,2001:db8:0:5::/64,2001:db8:100:500::/56\n"
		  "v:x:a:,,2001:db8:100:600::/56\n"
		  "w:x:a:,2001:db8:0:7::/64\r\n"
		  "x:x:a:10.88.1.8,,\n");
	load(&t, with_rest(all, sizeof(all), POOLS));
	assert_string_equal(t.text, "");
	assert_int_equal(t.cfg->n_users, 4);
	is_ip(&t.cfg->users[0].address, "10.88.1.5");
	is_prefix(&t.cfg->users[0].prefix6, "2001:db8:0:5::/64");
	is_prefix(&t.cfg->users[0].delegated, "2001:db8:100:500::/56");
	assert_int_equal(t.cfg->users[1].address.family, 0);
	assert_int_equal(t.cfg->users[1].prefix6.ip.family, 0);
	is_prefix(&t.cfg->users[1].delegated, "2001:db8:100:600::/56");
	is_prefix(&t.cfg->users[2].prefix6, "2001:db8:0:7::/64");
	assert_int_equal(t.cfg->users[2].delegated.ip.family, 0);
	is_ip(&t.cfg->users[3].address, "10.88.1.8");
	assert_int_equal(t.cfg->n_fixed6, 4);
	unload(&t);
	files_reset();
}

static void
lines_of_it_are_refused(void **state)
{
	static const struct bad lines[] = {
		{"u:x:a:10.88.1.5,hush",
			"users.txt:1:17: the prefix of the link must be a global or unique local "
			"IPv6 prefix of /64, as 2001:db8:0:7::/64\n"},
		{"u:x:a:10.88.1.5,2001:db8:0:5::/63",
			"users.txt:1:17: the prefix of the link must be a global or unique local "
			"IPv6 prefix of /64, as 2001:db8:0:7::/64\n"},
		{"u:x:a:10.88.1.5,2001:db8:0:5::1/64",
			"users.txt:1:17: the prefix of the link must be a global or unique local "
			"IPv6 prefix of /64, as 2001:db8:0:7::/64\n"},
		{"u:x:a:10.88.1.5,fe80::/64",
			"users.txt:1:17: the prefix of the link must be a global or unique local "
			"IPv6 prefix of /64, as 2001:db8:0:7::/64\n"},
		{"u:x:a:,,2001:db8:100::/39",
			"users.txt:1:9: the delegated prefix must be a global or unique local IPv6 "
			"prefix, as 2001:db8:100::/56, of /40 to /64\n"},
		{"u:x:a:,,2001:db8:100::/56,", "users.txt:1:27: a network behind the user must be "
					       "an IPv4 or IPv6 prefix, as "
					       "192.168.7.0/24\n"},
		{"u:x:a:,,,192.168.7.1/24", "users.txt:1:10: a network behind the user must be an "
					    "IPv4 or IPv6 prefix, as "
					    "192.168.7.0/24\n"},
		{"u:x:a:,,,192.168.7.0/24\nv:x:a:,,,10.9.0.0/16,192.168.7.0/24\n",
			"users.txt:2:1: 192.168.7.0/24 is already that of the user in "
			"users.txt:1\n"},
		{"u:x:a:10.88.1.5:,2001:db8:0:5::/64",
			"users.txt:1:17: more fields than NAME:PASSWORD:GROUP:ADDRESS\n"},
		{"u:x:a:,2001:db8:0:5::/64\n#\nv:x:a:,2001:db8:0:5::/64\n",
			"users.txt:3:1: 2001:db8:0:5::/64 overlaps 2001:db8:0:5::/64, prefix6 in "
			"the same realm, users.txt:1\n"},
		{"z:x:a:,2001:db8:0:5::/64\nb:x:a:,,2001:db8:100:500::/55\n",
			"users.txt:2:9: the delegated prefix must be a global or unique local IPv6 "
			"prefix, as 2001:db8:100::/56, of /40 to /64\n"},
		{"z:x:a:,2001:db8:0:5::/64,2001:db8:0:5::/64\n",
			"users.txt:1:1: 2001:db8:0:5::/64 overlaps 2001:db8::/48, pool6 in the "
			"same realm, t.yaml:3\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		users_are(lines[i].snippet);
		wants_errors(POOLS, lines[i].lines);
	}
	/* and against the configuration's own */
	users_are("v:x:a:,2001:db8:0:5::/64\n");
	wants_errors(POOLS "users:\n" USER("u", "prefix6: 2001:db8:0:5::/64"),
		"users.txt:1:1: 2001:db8:0:5::/64 overlaps 2001:db8:0:5::/64, prefix6 in the same "
		"realm, t.yaml:5\n");
	files_reset();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(what_is_right_is_taken),
		cmocka_unit_test(delegation_without_a_pool_is_warned_about),
		cmocka_unit_test(a_group_may_have_ipv6_alone),
		cmocka_unit_test(what_is_outside_is_nobodys),
		cmocka_unit_test(the_users_file_has_prefixes),
		cmocka_unit_test(lines_of_it_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
