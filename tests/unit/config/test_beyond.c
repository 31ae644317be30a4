/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom clients reach beyond each other: gateways, any of them, and what is warned about. */
#include "harness.h"

#define GROUP(keys) \
	"groups: [{ name: a, address: 10.88.0.1, pool: 10.88.1.0/24, rate-in: none, " keys " }]\n"
#define LAN "interfaces: [{ name: lan, addresses: 198.18.5.1/24 }]\n"
#define USER(keys) "users: [{ name: bob, password-file: bob.secret, group: a, " keys " }]\n"
#define PEER                                                                       \
	"dial: [{ name: hq, to: 192.0.2.9, secret: none, user: x, password-file: " \
	"bob.secret, group: a }]\n"
#define UNBOUNDED(place)                                                                      \
	"t.yaml:" place ": leads to any address, and nothing bounds how much user bob sends " \
	"there: a rate-in would, or a shared-rate-in of the group\n"
#define OF_NO_USE(line)                                                                     \
	"t.yaml:" line ":14: warning: interfaces[0]: no client may use it: no filter of a " \
	"group of realm default has gateways\n"

static struct loaded t;

static const struct cfg_filter *
filter_of(const char *snippet)
{
	char text[4096];

	load(&t, with_rest(text, sizeof(text), snippet));
	assert_int_equal(t.rc, 0);
	return &t.cfg->filters[t.cfg->groups[0].filter];
}

/* One word for what no prefix says: ::/0 is none, as not all of it can be a client's. */
static void
any_is_all_of_both_families(void **state)
{
	static const char *const ways[] = {GROUP("gateways: any"), GROUP("gateways: [any]"),
		GROUP("gateways: [203.0.113.0/24, any, 203.0.113.7]"),
		"filters: [{ name: f, gateways: any }]\n" GROUP("filter: f")};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct cfg_filter *f = filter_of(ways[i]);

		assert_int_equal(f->n_gateways, 2);
		assert_int_equal(f->gateways[0].ip.family, CV_IPV4);
		assert_int_equal(f->gateways[1].ip.family, CV_IPV6);
		for (unsigned g = 0; g < 2; g++) {
			struct cv_ip none = {.family = f->gateways[g].ip.family};

			assert_int_equal(f->gateways[g].length, 0);
			assert_true(cv_ip_equal(&f->gateways[g].ip, &none));
		}
		unload(&t);
	}
	assert_int_equal(filter_of(GROUP("policy: any"))->n_gateways, 0);
	unload(&t);
	assert_int_equal(filter_of(GROUP("filter: any"))->n_gateways, 0);
	unload(&t);
}

static const struct bad warned[] = {
	{GROUP("gateways: any") USER(""), UNBOUNDED("1:86: warning: groups[0].gateways")},
	{"filters: [{ name: f, gateways: any }]\n" GROUP("filter: f") USER(""),
		UNBOUNDED("2:84: warning: groups[0].filter")},
	/* half of all is all that there is of the other family */
	{GROUP("gateways: [203.0.113.7, 0.0.0.0/0]") USER(""),
		UNBOUNDED("1:86: warning: groups[0].gateways")},
	{GROUP("gateways: any") USER("rate-in: none"),
		UNBOUNDED("1:86: warning: groups[0].gateways")},
	{"groups: [{ name: a, address: 10.88.0.1, pool: 10.88.1.0/24, rate-in: 1Mbit,\n"
	 "  gateways: any }]\n" USER("rate-in: none"),
		UNBOUNDED("2:13: warning: groups[0].gateways")},
	{GROUP("gateways: any, shared-rate-out: 1Mbit, rate-out: 1Mbit") USER("rate-out: 1Mbit"),
		UNBOUNDED("1:86: warning: groups[0].gateways")},
	{GROUP("filter: any") LAN, OF_NO_USE("2")},
	{GROUP("clients: reachable") LAN, OF_NO_USE("2")},
	/* who is dialled sends, too */
	{GROUP("gateways: any") USER("rate-in: 1Mbit") PEER,
		"t.yaml:1:86: warning: groups[0].gateways: leads to any address, and nothing "
		"bounds how much peer hq sends there: a rate-in would, or a shared-rate-in of the "
		"group\n"},
	{GROUP("gateways: any") USER("") PEER, UNBOUNDED("1:86: warning: groups[0].gateways")},
	{GROUP("gateways: any, shared-rate-in: 1Gbit") PEER, ""},
	/* bounded, or not all */
	{GROUP("gateways: any, shared-rate-in: 1Gbit") USER("rate-in: none"), ""},
	{GROUP("gateways: any") USER("rate-in: 1Mbit"), ""},
	{"groups: [{ name: a, address: 10.88.0.1, pool: 10.88.1.0/24, rate-in: 1Mbit,\n"
	 "  gateways: any }]\n" USER(""),
		""},
	{GROUP("gateways: 203.0.113.0/24") USER("") LAN, ""},
	{"filters: [{ name: f, gateways: any }]\n" GROUP("clients: isolated") USER(""), ""},
	/* somebody's, or its own */
	{"groups: [{ name: a, address: 10.88.0.1, pool: 10.88.1.0/24 },\n"
	 "  { name: b, address: 10.88.0.1, pool: 10.88.2.0/24, gateways: 198.18.5.9 }]\n" LAN,
		""},
	{"filters: [{ name: f, policy: any, gateways: 10.88.1.7 }]\n" GROUP(
		 "filter: any") "interfaces: [{ name: lan, addresses: 198.18.5.1/24, filter: f "
				"}]\n",
		""},
};

static void
what_is_open_is_warned_about(void **state)
{
	(void)state;
	wants_all(warned, sizeof(warned) / sizeof(warned[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_is_all_of_both_families),
		cmocka_unit_test(what_is_open_is_warned_about),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
