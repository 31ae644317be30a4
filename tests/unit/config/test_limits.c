/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits that meet: of one key and another, of the configuration and what has room for it. */
#include "harness.h"

#include <time.h>

#include "base/limits.h"

static struct loaded t;
static char text[64 * 1024];

static const struct cfg_limits *
limits_of(const char *snippet)
{
	load(&t, with_rest(text, sizeof(text), snippet));
	assert_int_equal(t.rc, 0);
	assert_string_equal(t.text, "");
	return &t.cfg->limits;
}

static void
a_limit_above_the_one_around_it_is_said(void **state)
{
	(void)state;
	wants_errors("limits: { tunnels: 100,\n"
		     "  tunnels-per-peer: 101 }\n",
		"t.yaml:2:21: warning: limits.tunnels-per-peer: 101 is more than limits.tunnels, "
		"100 (t.yaml:1), and can't be reached\n");
	wants_errors("limits: { tunnels-per-peer: 10001 }\n",
		"t.yaml:1:29: warning: limits.tunnels-per-peer: 10001 is more than limits.tunnels, "
		"10000 (its default), and can't be reached\n");
	/* they are no tunnels yet */
	wants_errors("limits: { tunnels: 100, half-open: 101, tunnels-per-peer: 100 }\n", "");
	wants_errors("limits: { sessions: 5, sessions-per-tunnel: 6 }\n",
		"t.yaml:1:45: warning: limits.sessions-per-tunnel: 6 is more than limits.sessions, "
		"5 (t.yaml:1), and can't be reached\n");
}

static void
what_was_not_said_gives_way(void **state)
{
	const struct cfg_limits *limits = limits_of("limits: { tunnels: 7, sessions: 9 }\n");

	(void)state;
	assert_int_equal(limits->tunnels_per_peer, 7);
	assert_int_equal(limits->sessions_per_tunnel, 9);
	unload(&t);
	limits = limits_of("limits: { tunnels: 7, tunnels-per-peer: 3 }\n");
	assert_int_equal(limits->tunnels_per_peer, 3);
	unload(&t);
}

static void
an_address_outside_every_pool_is_said(void **state)
{
#define OUTSIDE "the address is in no pool of its realm, though its group has one: taken as it is\n"
	static const char groups[] =
		"groups:\n"
		"  - { name: a, address: 10.88.0.1, pool: [10.88.1.0/24, 10.88.3.0/24] }\n"
		"  - { name: b, address: 10.88.0.1, pool: 10.88.2.0/24 }\n"
		"  - { name: c, address: 10.88.0.1, pool: 10.88.4.0/24, realm: other }\n"
		"  - { name: fixed, address: 10.88.0.1 }\n";
	static const struct {
		const char *group, *address;
		bool outside;
	} users[] = {
		{"a", "10.88.1.0", false},
		{"a", "10.88.3.255", false},
		{"a", "10.88.0.255", true},
		{"a", "10.88.2.9", false}, /* another group's, of the same realm: kept out of it */
		{"a", "10.88.4.9", true},  /* another realm's */
		{"b", "9.255.255.255", true},
		{"c", "10.88.4.9", false},
		{"c", "10.88.1.9", true},
		{"fixed", "10.99.0.1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		char snippet[1024], line[300];

		files_reset();
		snprintf(snippet, sizeof(snippet),
			"users: [{ name: u, password-file: bob.secret, group: %s,\n"
			"  address: %s }]\n%s",
			users[i].group, users[i].address, groups);
		wants_errors(snippet,
			users[i].outside ? "t.yaml:2:12: warning: users[0].address: " OUTSIDE : "");
		/* in the users file nothing of the line is shown */
		snprintf(line, sizeof(line), "# users\nu:x:%s:%s\n", users[i].group,
			users[i].address);
		file_set("users.txt", line, strlen(line), 0600, 0);
		snprintf(snippet, sizeof(snippet), "users-file: users.txt\n%s", groups);
		wants_errors(snippet, users[i].outside ? "users.txt:2:1: warning: " OUTSIDE : "");
	}
	files_reset();
#undef OUTSIDE
}

/* As many users as are asked for, between comments and empty lines. */
static char *
many_users(size_t users, size_t *len)
{
	char *bytes = malloc(users * 24 + 100), *at = bytes;

	assert_non_null(bytes);
	at += sprintf(at, "# NAME:PASSWORD\n\n");
	for (size_t i = 0; i < users; i++)
		at += sprintf(at, "user%07zu:passw%05zu\n", i, i % 100000);
	at += sprintf(at, "\n# that is all\n");
	*len = (size_t)(at - bytes);
	return bytes;
}

static void
a_users_file_of_a_million_lines_loads_and_one_more_does_not(void **state)
{
	size_t len;
	char *bytes = many_users(1000 * 1000, &len);

	(void)state;
	assert_true(len > 16 << 20);
	files_reset();
	file_set("users.txt", bytes, len, 0600, 0);
	load(&t, with_rest(text, sizeof(text), "users-file: users.txt\n"));
	assert_string_equal(t.text, "");
	assert_int_equal(t.cfg->n_users, 1000 * 1000);
	assert_non_null(cfg_user_find(t.cfg, "user0999999", 11));
	unload(&t);
	load(&t, with_rest(text, sizeof(text),
			 "users-file: users.txt\n"
			 "users: [{ name: u, password-file: bob.secret }]\n"));
	assert_string_equal(t.text,
		"t.yaml:1:13: users-file: users.txt: 1000000 users, with 1 listed in users: more "
		"than 1000000\n");
	unload(&t);
	files_reset();
	free(bytes);
}

/* A list of n items; what it is the value of stands before it. */
static const char *
list_of(unsigned n, const char *before, const char *item, const char *behind)
{
	static char snippet[60 * 1024];
	size_t used = (size_t)snprintf(snippet, sizeof(snippet), "%s[", before);

	for (unsigned i = 0; i < n; i++) {
		used += (size_t)snprintf(
			snippet + used, sizeof(snippet) - used, i == 0 ? "" : ", ");
		used += (size_t)snprintf(snippet + used, sizeof(snippet) - used, item, i, i);
		assert_true(used < sizeof(snippet));
	}
	snprintf(snippet + used, sizeof(snippet) - used, "]%s\n", behind);
	return snippet;
}

static void
lists_are_as_long_as_the_data_path_takes(void **state)
{
	static const char ports[] = "{ name: p%u, device: tap:p%u }", rule[] = "6";
	static const char group[] = "groups: [{ name: a, address: 10.88.0.1, policy: ";
	static const char behind[] = "listeners: [{ port: p0, address: 192.0.2.1/24 }]";
	char last[200];

	(void)state;
	snprintf(last, sizeof(last), "\n%s", behind);
	wants_errors(list_of(CV_PORTS_MAX, "ports: ", ports, last), "");
	wants_errors(list_of(CV_PORTS_MAX + 1, "ports: ", ports, last),
		"t.yaml:1:8: ports: must have 1 to 16 items, not 17\n");
	wants_errors(list_of(CV_RULES_MAX, group, rule, ", pool: 10.88.1.0/24 }]"), "");
	load(&t, with_rest(text, sizeof(text),
			 list_of(CV_RULES_MAX + 1, group, rule, ", pool: 10.88.1.0/24 }]")));
	assert_non_null(strstr(t.text, "groups[0].policy: "));
	assert_int_equal(t.rc, CV_ERR_CONFIG);
	unload(&t);
}

/* CPU time is worse where ASan looks at each byte. */
#if defined(__SANITIZE_ADDRESS__)
enum { SLOWER = 10 };
#else
enum { SLOWER = 1 };
#endif

enum { MANY_USERS = 100 * 1000, MANY_BYTES = 128 };

/* Many users of as many groups as there may be, whose names are alike, each with an address: a
 * whole reload has a second. */
static void
many_users_of_many_groups_load_at_once(void **state)
{
	static char snippet[192 * 1024], all[256 * 1024];
	char *lines = malloc((size_t)MANY_USERS * MANY_BYTES);
	size_t used = (size_t)sprintf(snippet, "users-file: many.txt\ngroups:\n");
	clock_t begin;
	double seconds;

	(void)state;
	assert_non_null(lines);
	for (unsigned g = 0; g < CV_GROUPS_MAX; g++)
		used += (size_t)sprintf(snippet + used,
			"- {name: one-of-many-groups-whose-names-begin-all-the-same-%04u, "
			"address: 10.0.0.1, pool: 10.%u.%u.0/24}\n",
			g, 1 + g / 256, g % 256);
	used = 0;
	for (unsigned i = 0; i < MANY_USERS; i++) {
		unsigned g = i % CV_GROUPS_MAX;

		used += (size_t)sprintf(lines + used,
			"u%u:hush%u:one-of-many-groups-whose-names-begin-all-the-same-%04u:"
			"10.%u.%u.%u\n",
			i, i, g, 1 + g / 256, g % 256, 1 + i / CV_GROUPS_MAX);
	}
	files_reset();
	file_set("many.txt", lines, used, 0600, 0);
	begin = clock();
	load(&t, with_rest(all, sizeof(all), snippet));
	seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
	assert_string_equal(t.text, "");
	assert_int_equal(t.cfg->n_users, MANY_USERS);
	print_message("# 100,000 users of 1,024 groups load in %.3f s of CPU\n", seconds);
	assert_true(seconds < 0.6 * SLOWER);
	unload(&t);
	files_reset();
	free(lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_above_the_one_around_it_is_said),
		cmocka_unit_test(what_was_not_said_gives_way),
		cmocka_unit_test(an_address_outside_every_pool_is_said),
		cmocka_unit_test(a_users_file_of_a_million_lines_loads_and_one_more_does_not),
		cmocka_unit_test(many_users_of_many_groups_load_at_once),
		cmocka_unit_test(lists_are_as_long_as_the_data_path_takes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
