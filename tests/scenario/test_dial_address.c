/* SPDX-License-Identifier: BSD-3-Clause */
/* The addresses that a dialled peer says, of both families, and those that it may not have. */
#include <stdio.h>

#include "dials.h"

/* Another address than the file says, one that is ours, and one that a session has. */
static void
addresses(void **state)
{
	const char *yaml[TWINS] = {CALLER_AT("to: 192.0.2.2, address: 10.88.0.2"), HUB};
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_pausing));
	assert_true(twin_said(A, "peer-failed", "its address is 10.88.0.1"));
	assert_int_equal(A->opens, 0);
	twin_reload(A, CALLER_AT("to: 192.0.2.2, address: 10.88.0.1"));
	assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_up));
	twin_reload(
		A, SERVER("caller", "192.0.2.1",
			   "groups: [{name: own, address: 10.88.0.1, pool: 10.99.1.0/24}]\n" DIAL(
				   "to: 192.0.2.2")));
	twins_run(&t, 20 * CV_NS_PER_S, NULL);
	assert_true(twin_said(A, "peer-failed", "its address, 10.88.0.1, is ours"));
	twins_down(&t);
}

/* What it says where the file gives it none: only of the pool of its group, which is anybody's, and
 * there not what is a user's own. */
static void
addresses_of_its_choice(void **state)
{
	static const struct {
		const char *groups;
		bool up;
	} rows[] = {
		{"groups: [{name: own, address: 10.99.0.1, pool: 10.88.0.0/24}]\n", true},
		{"groups: [{name: own, address: 10.99.0.1, pool: 10.99.1.0/24}]\n", false},
		/* of another group of its realm */
		{"groups: [{name: own, address: 10.99.0.1, pool: 10.99.1.0/24},\n"
		 "  {name: others, address: 10.99.0.1, pool: 10.88.0.0/24}]\n",
			false},
		{"groups: [{name: own, address: 10.99.0.1, pool: 10.88.0.0/24}]\n"
		 "users: [{name: bob, password-file: pass-b, address: 10.88.0.1}]\n",
			false},
		/* a host beside an interface */
		{"groups: [{name: own, address: 10.99.0.1, pool: 10.99.1.0/24}]\n"
		 "interfaces: [{name: lan, addresses: 10.88.0.254/24}]\n",
			false},
	};
	const char *yaml[TWINS] = {NULL, HUB};
	char text[1024];
	struct twins t;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			SERVER("caller", "192.0.2.1",
				"%sdial: [{name: hub, to: 192.0.2.2, secret-file: shared, user: "
				"alice, password-file: pass-a, group: own}]\n"),
			rows[i].groups);
		yaml[0] = text;
		twins_up(&t, yaml);
		assert_int_equal(twins_run(&t, 30 * CV_NS_PER_S, is_up), rows[i].up);
		assert_int_equal(A->opens != 0, rows[i].up);
		if (!rows[i].up)
			assert_true(twin_said(A, "peer-failed",
				"its address, 10.88.0.1, is not of its group's pool"));
		/* and it has to give up what its group gives no more */
		if (rows[i].up) {
			twin_reload(
				A, SERVER("caller", "192.0.2.1",
					   OWN "dial: [{name: hub, to: 192.0.2.2, secret-file: "
					       "shared, user: alice, password-file: pass-a}]\n"));
			assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_pausing));
			assert_int_equal(twin_open(A), 0);
		}
		twins_down(&t);
	}
}

/* Networks of IPv6 behind it, and a link of IPv6 to it, of a pool of four prefixes that are given
 * back each time. */
static void
networks_of_ipv6(void **state)
{
	const char *yaml[TWINS] = {
		SERVER("caller", "192.0.2.1",
			"groups: [{name: own, address: 10.99.0.1, pool: 10.99.1.0/24, address6: "
			"'2001:db8:99::1', pool6: '2001:db8:99:4::/62'}]\n"
			"dial: [{name: hub, to: 192.0.2.2, secret-file: shared, user: alice, "
			"password-file: pass-a, address: 10.88.0.1, routes: ['2001:db8:20::/48', "
			"172.20.0.0/16]}]\n"),
		SERVER("hub", "192.0.2.2",
			"groups: [{name: branches, address: 10.88.0.1, pool: 10.88.1.0/24, "
			"address6: "
			"'2001:db8:88::1', pool6: '2001:db8:88:4::/62'}]\n"
			"users: [{name: alice, password-file: pass-a, routes: "
			"'2001:db8:21::/48'}]\n")};
	const struct twin_slot *a, *b;
	struct twins t;

	(void)state;
	twins_up(&t, yaml);
	for (unsigned i = 0; i < 10; i++) {
		assert_true(twins_run(&t, 200 * CV_NS_PER_S, is_up));
		twins_run(&t, 10 * CV_NS_PER_S, NULL);
		a = twin_session(A);
		b = twin_session(B);
		assert_true(a->info.open && a->ipv6.open && b->ipv6.open);
		/* the data path takes no session of IPv6 without a /64 */
		assert_int_equal(a->ipv6.prefix.length, 64);
		assert_int_equal(a->ipv6.prefix.ip.bytes[5], 0x99);
		assert_int_equal(b->ipv6.prefix.ip.bytes[5], 0x88);
		assert_int_equal(a->n_routes, 2);
		assert_ip(&a->routes[0].ip, "2001:db8:20::");
		assert_ip(&b->routes[0].ip, "2001:db8:21::");
		assert_int_equal(twin_counter(A, LNS_POOL6_EXHAUSTED), 0);
		assert_int_equal(lns_kick_user(A->lns, t.now, "hub", PPP_DOWN_KICKED), 1);
		assert_true(twins_run(&t, 10 * CV_NS_PER_S, is_pausing));
	}
	twins_down(&t);
}

/* The only /64 that there is for them is one peer's, as long as it is up. */
static void
one_link_of_ipv6(void **state)
{
	static const char hub[] = "groups: [{name: branches, address: 10.88.0.1, pool: "
				  "10.88.1.0/24, address6: '2001:db8:88::1', pool6: "
				  "'2001:db8:88:4::/62'}]\n"
				  "users: [{name: alice, password-file: pass-a}]\n";
	char second[1024], third[1024];
	const char *yaml[TWINS] = {
		SERVER("caller", "192.0.2.1",
			"groups: [{name: own, address: 10.99.0.1, pool: 10.99.1.0/24, address6: "
			"'2001:db8:99::1', pool6: '2001:db8:99:4::/64'}]\n"
			"dial: [{name: hub, to: 192.0.2.2, secret-file: shared, user: alice, "
			"password-file: pass-a, address: 10.88.0.1},\n"
			"  {name: other, to: 192.0.2.3, secret-file: shared, user: alice, "
			"password-file: pass-a, address: 10.77.0.1}]\n"),
		second};
	struct twins t;

	(void)state;
	snprintf(second, sizeof(second), SERVER("hub", "192.0.2.2", "%s"), hub);
	snprintf(third, sizeof(third), SERVER("hub", "192.0.2.3", "%s"), hub);
	memcpy(strstr(third, "10.88.0.1"), "10.77.0.1", strlen("10.77.0.1"));
	twins_up(&t, yaml);
	twins_run(&t, 40 * CV_NS_PER_S, NULL);
	assert_int_equal(twin_open(A), 1);
	assert_int_equal(twin_session(A)->ipv6.prefix.length, 64);
	twin_restart(C, third);
	twins_run(&t, 200 * CV_NS_PER_S, NULL);
	assert_int_equal(twin_open(A), 2);
	assert_int_equal(twin_counter(A, LNS_POOL6_EXHAUSTED), 1);
	twins_down(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(addresses_of_its_choice),
		cmocka_unit_test(networks_of_ipv6),
		cmocka_unit_test(one_link_of_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
