/* SPDX-License-Identifier: BSD-3-Clause */
/* Policies whose rules have keys: what they stand for, and what is wrong with some. */
#include "harness.h"

#include "base/limits.h"

static struct loaded t;

#define FILTER(policy) "filters:\n  - name: f\n    policy: " policy "\n"

static const struct cfg_filter *
loads(const char *snippet)
{
	char text[4096];

	load(&t, with_rest(text, sizeof(text), snippet));
	assert_string_equal(t.text, "");
	assert_int_equal(t.rc, 0);
	return cfg_filter_find(t.cfg, "f");
}

static bool
is(const struct cv_rule *rule, const char *peer, const char *client, struct cv_rule wanted)
{
	if (peer != NULL)
		assert_int_equal(cv_prefix_parse(peer, &wanted.peer), 0);
	if (client != NULL)
		assert_int_equal(cv_prefix_parse(client, &wanted.client), 0);
	return cv_rule_equal(rule, &wanted);
}

static void
rules_have_keys(void **state)
{
	const struct cfg_filter *f = loads(FILTER("\n"
						  "      - esp\n"
						  "      - permit: udp/500\n"
						  "        peer: 203.0.113.0/24\n"
						  "      - { deny: any, peer: \"2001:db8::/32\" }\n"
						  "      - permit: tcp\n"
						  "        client: 10.88.1.0/24\n"
						  "        client-port: 1024-65535\n"
						  "        peer-port: 443\n"
						  "        direction: in\n"
						  "      - { permit: 47, direction: out }\n"));

	(void)state;
	assert_int_equal(f->policy, CFG_POLICY_RULES);
	assert_int_equal(f->n_rules, 5);
	assert_true(is(&f->rules[0], NULL, NULL, (struct cv_rule){.protocol = 50}));
	assert_true(is(&f->rules[1], "203.0.113.0/24", NULL,
		(struct cv_rule){.protocol = 17, .port_low = 500, .port_high = 500}));
	assert_true(is(&f->rules[2], "2001:db8::/32", NULL,
		(struct cv_rule){.any_protocol = true, .denies = true}));
	assert_true(is(&f->rules[3], NULL, "10.88.1.0/24",
		(struct cv_rule){.protocol = 6,
			.way = CV_WAY_IN,
			.client_port = {1024, 65535},
			.peer_port = {443, 443}}));
	assert_true(
		is(&f->rules[4], NULL, NULL, (struct cv_rule){.protocol = 47, .way = CV_WAY_OUT}));
	unload(&t);
}

/* One for each choice, in the order of the file; prefixes of two families do not meet. */
static void
lists_stand_for_many_rules(void **state)
{
	const struct cfg_filter *f = loads(
		FILTER("[{ deny: [esp, ah], peer: [10.1.0.0/16, 10.2.0.0/16] },\n"
		       "  { permit: udp, peer: [10.1.0.0/16, \"2001:db8::/32\"], peer-port: [500, "
		       "4500],\n"
		       "    client: \"2001:db8:1::/48\" }]"));

	(void)state;
	assert_int_equal(f->n_rules, 6);
	for (unsigned i = 0; i < 4; i++)
		assert_true(is(&f->rules[i], i % 2 == 0 ? "10.1.0.0/16" : "10.2.0.0/16", NULL,
			(struct cv_rule){.protocol = i < 2 ? 50 : 51, .denies = true}));
	for (uint16_t i = 4; i < 6; i++) {
		uint16_t port = i == 4 ? 500 : 4500;

		assert_true(is(&f->rules[i], "2001:db8::/32", "2001:db8:1::/48",
			(struct cv_rule){.protocol = 17, .peer_port = {port, port}}));
	}
	unload(&t);
}

static const struct bad wrong[] = {
	{FILTER("[{ peer: 10.0.0.0/8 }]"),
		"t.yaml:3:14: filters[0].policy[0]: is a rule that neither permits nor denies: "
		"say permit: or deny:\n"},
	{FILTER("[{ permit: esp, deny: ah }]"),
		"t.yaml:3:35: filters[0].policy[0].deny: either permit or deny (permit is in line "
		"3)\n"},
	{FILTER("[{ permit: esp, peers: 10.0.0.0/8 }]"),
		"t.yaml:3:29: filters[0].policy[0].peers: unknown key; did you mean peer?\n"},
	{FILTER("[{ permit: [esp, udp], peer-port: 53 }]"),
		"t.yaml:3:47: filters[0].policy[0].peer-port: only tcp, udp and sctp have ports: "
		"name these in permit\n"},
	{FILTER("[{ deny: any, client-port: 53 }]"),
		"t.yaml:3:40: filters[0].policy[0].client-port: only tcp, udp and sctp have "
		"ports: name these in deny\n"},
	{FILTER("[{ permit: udp, peer-port: 0 }]"),
		"t.yaml:3:40: filters[0].policy[0].peer-port: 0: ports are 1 to 65535, as 500 or "
		"1000-2000\n"},
	{FILTER("[{ permit: udp, peer-port: 9-8 }]"),
		"t.yaml:3:40: filters[0].policy[0].peer-port: 9-8: ports are 1 to 65535, as 500 "
		"or 1000-2000\n"},
	{FILTER("[{ permit: [udp, espp] }]"),
		"t.yaml:3:30: filters[0].policy[0].permit[1]: espp is not a rule: esp, ah, gre, "
		"icmp, ipip, l2tp, a protocol number, or tcp, udp, sctp with ports, as udp/500 or "
		"tcp/1000-2000\n"},
	{FILTER("[{ permit: udp, peer: 10.0.0.1/8 }]"),
		"t.yaml:3:35: filters[0].policy[0].peer: 10.0.0.1/8 has bits set beyond its "
		"length; the prefix is 10.0.0.0/8\n"},
	{FILTER("[{ permit: udp, peer: 10.0.0.0/8, client: \"2001:db8::/32\" }]"),
		"t.yaml:3:55: filters[0].policy[0].client: no prefix is of the same family as one "
		"of peer: nothing is in both\n"},
	{FILTER("[{ permit: udp, direction: inn }]"),
		"t.yaml:3:40: filters[0].policy[0].direction: inn is not one of both, in, out; "
		"did you mean in?\n"},
	{FILTER("[{ permit: [] }]"),
		"t.yaml:3:24: filters[0].policy[0].permit: must have 1 to 16384 items, not 0\n"},
	{FILTER("[any]"), "t.yaml:3:14: filters[0].policy[0]: any is not a rule: esp, ah, gre, "
			  "icmp, ipip, l2tp, a protocol number, or tcp, udp, sctp with ports, as "
			  "udp/500 or tcp/1000-2000\n"},
};

static void
wrong_rules_are_refused(void **state)
{
	(void)state;
	wants_all(wrong, sizeof(wrong) / sizeof(wrong[0]));
}

/* A list of n ports, of a rule. */
static size_t
append_ports(char *out, size_t at, const char *key, unsigned n)
{
	at += (size_t)sprintf(out + at, ", %s: [", key);
	for (unsigned i = 0; i < n; i++)
		at += (size_t)sprintf(out + at, "%s%u", i == 0 ? "" : ", ", i + 1);
	return at + (size_t)sprintf(out + at, "]");
}

/* What few words stand for is bounded, in one filter and in all. */
static void
many_rules_are_bounded(void **state)
{
	static char text[1 << 20], whole[(1 << 20) + 4096];
	size_t at;

	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		at = (size_t)sprintf(text, "filters:\n  - { name: f, policy: [{ permit: udp");
		at = append_ports(text, at, "peer-port", 128);
		at = append_ports(text, at, "client-port", 128);
		sprintf(text + at, " }%s] }\n", more ? ", esp" : "");
		load(&t, with_rest(whole, sizeof(whole), text));
		if (more) {
			assert_non_null(strstr(t.text, "filters[0].policy: stands for 16385 rules, "
						       "with one for each choice of its lists; at "
						       "most 16384\n"));
			assert_int_equal(t.rc, CV_ERR_CONFIG);
		} else {
			assert_int_equal(t.rc, 0);
			assert_int_equal(cfg_filter_find(t.cfg, "f")->n_rules, CV_RULES_MAX);
		}
		unload(&t);
	}
	at = (size_t)sprintf(text, "filters:\n");
	for (unsigned i = 0; i <= CV_RULES_ALL / CV_RULES_MAX; i++) {
		at += (size_t)sprintf(text + at, "  - { name: f%u, policy: [{ permit: udp", i);
		at = append_ports(text, at, "peer-port", 128);
		at = append_ports(text, at, "client-port", 128);
		at += (size_t)sprintf(text + at, " }] }\n");
	}
	load(&t, with_rest(whole, sizeof(whole), text));
	assert_non_null(strstr(t.text,
		"filters[16].policy: makes more than 262144 rules of all policies together\n"));
	assert_int_equal(t.rc, CV_ERR_CONFIG);
	unload(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_have_keys),
		cmocka_unit_test(lists_stand_for_many_rules),
		cmocka_unit_test(wrong_rules_are_refused),
		cmocka_unit_test(many_rules_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
