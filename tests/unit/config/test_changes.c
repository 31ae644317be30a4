/* SPDX-License-Identifier: BSD-3-Clause */
/* The difference of two snapshots: lists of things, what follows from what, what is never told. */
#include "difference.h"

#include <time.h>

#define WITH_PORT "listeners: [{ port: wan, address: 192.0.2.1/24 }]\n"

static void
things_come_and_go(void **state)
{
	static const char one[] = "ports: [{ name: wan, device: \"tap:a\" }]\n" WITH_PORT,
			  two[] = "ports: [{ name: lan, device: \"tap:b\" },\n"
				  "  { name: wan, device: \"tap:a\" }]\n" WITH_PORT;

	(void)state;
	wants(one, two, "added ports[lan] restart\n");
	wants(two, one, "removed ports[lan] restart\n");
	wants("listeners: [{ address: 192.0.2.1/24 }]\n",
		"listeners: [{ address: 192.0.2.2/24 }, { address: 192.0.2.1/24 }]\n",
		"added listeners[192.0.2.2:1701] live\n");
	wants("users: [{ name: b, password-file: bob.secret }]\n",
		"users: [{ name: c, password-file: bob.secret },\n"
		"  { name: a, password-file: bob.secret }]\n",
		"added users[a] live\nremoved users[b] live\nadded users[c] live\n");
	wants("groups: [{ name: a, address: 10.0.0.1 }, { name: b, address: 10.0.0.1, mtu: 600 "
	      "}]\n",
		"groups: [{ name: c, address: 10.0.0.1 }, { name: b, address: 10.0.0.1 }]\n",
		"removed groups[a] live\nadded groups[c] live\nchanged groups[b].mtu live: 600 -> "
		"\n");
}

/* Whose it is, is said by kind, ID and name. */
static void
objects_are_named(void **state)
{
	const struct cfg_change *c;

	(void)state;
	load_both("groups: [{ name: a, address: 10.0.0.1 }, { name: b, address: 10.0.0.1 }]\n"
		  "log: { level: info }\n",
		"groups: [{ name: c, address: 10.0.0.1 }, { name: b, address: 10.0.0.2 }]\n"
		"log: { level: debug }\n");
	assert_int_equal(diff.n, 4);
	c = diff.changes;
	assert_int_equal(c->object, CFG_SERVER);
	assert_null(c->name);
	c++;
	assert_int_equal(c->what, CFG_REMOVED);
	assert_int_equal(c->object, CFG_GROUP);
	assert_int_equal(c->id, 0);
	assert_string_equal(c->name, "a");
	c++;
	assert_int_equal(c->what, CFG_ADDED);
	assert_int_equal(c->id, 2);
	assert_string_equal(c->name, "c");
	c++;
	assert_int_equal(c->what, CFG_CHANGED);
	assert_int_equal(c->id, 1);
	assert_string_equal(c->name, "b");
	assert_string_equal(cfg_object_name(c->object), "group");
	assert_int_equal(diff.effects[CFG_LIVE], 4);
	assert_int_equal(diff.effects[CFG_RESTART], 0);
	cfg_diff_free(&diff);
}

#define SECRETS(entries) "tunnels:\n  secrets:\n" entries
#define A "    - { host: a, secret-file: alice.secret }\n"
#define A_BOB "    - { host: a, secret-file: bob.secret }\n"
#define B "    - { host: b, secret-file: alice.secret }\n"
#define C "    - { host: c, secret: none }\n"

static void
tunnel_secrets_keep_their_order(void **state)
{
	(void)state;
	wants(SECRETS(A B C), SECRETS(A C), "removed tunnels.secrets[1] live\n");
	wants(SECRETS(A C), SECRETS(A B C), "added tunnels.secrets[1] live\n");
	wants(SECRETS(A B), SECRETS(A_BOB B), "changed tunnels.secrets[0].secret-file live\n");
	wants(SECRETS(A B), SECRETS(B A),
		"changed tunnels.secrets[0].host live: a -> b\n"
		"changed tunnels.secrets[1].host live: b -> a\n");
	wants(SECRETS(A A A), SECRETS(A A), "removed tunnels.secrets[2] live\n");
	wants(SECRETS(C B), SECRETS(A A B),
		"removed tunnels.secrets[0] live\nadded tunnels.secrets[0] live\n"
		"added tunnels.secrets[1] live\n");
}

/* The users file is compared as its users are, wherever they are listed. */
static void
users_of_both_files_are_users(void **state)
{
	(void)state;
	files_reset();
	file_set("one.txt", "carol:carol-hush\ndave:dave-hush\n", 32, 0600, 0);
	file_set("two.txt", "dave:other-hush\nbob:bob-hush\n", 29, 0600, 0);
	wants("users-file: one.txt\n", "users-file: two.txt\n",
		"added users[bob] live\nremoved users[carol] live\n"
		"changed users[dave].password-file live\n");
	wants("users: [{ name: bob, password-file: bob.secret }]\n", "users-file: two.txt\n",
		"added users[dave] live\n");
	files_reset();
}

/* The table of sessions is as large as what was first. */
static void
sessions_are_live_within_what_was_started(void **state)
{
	char snippet[3][64];

	(void)state;
	for (unsigned n = 0; n < 3; n++)
		sprintf(snippet[n], "limits: { sessions: %u }\n", 5000 - 1000 * n);
	wants(snippet[1], snippet[0], "changed limits.sessions restart: 4000 -> 5000\n");
	/* 5000, 3000, and 4000 again */
	load(&t, with_rest(text, sizeof(text), snippet[0]));
	load(&u, with_rest(text, sizeof(text), snippet[2]));
	assert_int_equal(cfg_continue(u.cfg, t.cfg), 0);
	unload(&t);
	load(&t, with_rest(text, sizeof(text), snippet[1]));
	assert_int_equal(cfg_continue(t.cfg, u.cfg), 0);
	assert_int_equal(cfg_diff(u.cfg, t.cfg, &diff), 0);
	assert_string_equal(told(), "changed limits.sessions live: 3000 -> 4000\n");
	cfg_diff_free(&diff);
	unload(&t);
	unload(&u);
}

/* Buffers are as large as what was first, a port's by its name. */
static void
an_mtu_is_live_within_what_was_started(void **state)
{
	static const char *const ports[] = {
		"ports: [{ name: wan, device: 'tap:a', mtu: 1500 }, { name: lan, device: 'tap:b', "
		"mtu: 9000 }]\n" LISTENER("port: wan, address: 192.0.2.1/24"),
		"ports: [{ name: lan, device: 'tap:b', mtu: 8000 }, { name: wan, device: 'tap:a', "
		"mtu: 1400 }]\n" LISTENER("port: wan, address: 192.0.2.1/24"),
		"ports: [{ name: wan, device: 'tap:a', mtu: 1501 }, { name: lan, device: 'tap:b', "
		"mtu: 9000 }]\n" LISTENER("port: wan, address: 192.0.2.1/24")};

	(void)state;
	load(&t, with_rest(text, sizeof(text), ports[0]));
	load(&u, with_rest(text, sizeof(text), ports[1]));
	assert_int_equal(cfg_continue(u.cfg, t.cfg), 0);
	unload(&t);
	load(&t, with_rest(text, sizeof(text), ports[2]));
	assert_int_equal(cfg_continue(t.cfg, u.cfg), 0);
	assert_int_equal(cfg_diff(u.cfg, t.cfg, &diff), 0);
	assert_string_equal(told(), "changed ports[wan].mtu restart: 1400 -> 1501\n"
				    "changed ports[lan].mtu live: 8000 -> 9000\n");
	cfg_diff_free(&diff);
	unload(&t);
	unload(&u);
}

/* A group's own filter is told as the group's keys; that it comes and goes is told by another. */
static void
filters_of_groups_are_told_once(void **state)
{
	(void)state;
	wants(GROUP("policy: any"), GROUP("policy: any, gateways: 192.0.2.7"),
		"changed groups[clients].gateways live:  -> 192.0.2.7/32\n");
	wants(GROUP(""), GROUP("policy: any"),
		"changed groups[clients].filter live: ipsec -> (its own)\n");
	wants("filters: [{ name: red }]\n" GROUP("policy: any"),
		"filters: [{ name: red }]\n" GROUP("filter: red"),
		"changed groups[clients].filter live: (its own) -> red\n");
	wants(GROUP("policy: any"),
		"filters: [{ name: clients, policy: any }]\n" GROUP("filter: clients"),
		"added filters[clients] live\n"
		"changed groups[clients].filter live: (its own) -> clients\n");
	wants("filters: [{ name: clients, policy: any }]\n" GROUP(""), GROUP("policy: [esp]"),
		"removed filters[clients] live\n"
		"changed groups[clients].filter live: ipsec -> (its own)\n");
	load_both("groups: [{ name: a, address: 10.0.0.1 }]\n",
		"groups: [{ name: a, address: 10.0.0.1 },\n"
		"  { name: b, address: 10.0.0.1, policy: any }]\n");
	assert_string_equal(told(), "added groups[b] live\n");
	assert_int_equal(diff.n, 1);
	assert_int_equal(diff.effects[CFG_LIVE], 1);
	cfg_diff_free(&diff);
}

/* What a key that was left out stands for is told where it is said. */
static void
what_follows_from_another_key_is_told_once(void **state)
{
	(void)state;
	wants("ppp: { auth: [pap] }\n", "ppp: { auth: [chap-md5] }\n",
		"changed ppp.auth new sessions: pap -> chap-md5\n");
	wants("ppp: { auth: [chap-md5, pap] }\n" GROUP("auth: [pap]"),
		"ppp: { auth: [chap-md5, pap] }\n" GROUP(""),
		"changed groups[clients].auth new sessions: pap -> chap-md5, pap\n");
	wants("ppp: { auth: [pap] }\n" GROUP("auth: [pap]"), "ppp: { auth: [pap] }\n" GROUP(""),
		"");
}

static void
long_values_are_cut(void **state)
{
	static char snippet[16 * 1024];
	char out[CFG_VALUE_TEXT];
	size_t used =
		(size_t)sprintf(snippet, "groups: [{ name: a, address: 10.0.0.1, gateways: [");

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		used += (size_t)sprintf(snippet + used, "%s192.168.%u.0/24", i == 0 ? "" : ", ", i);
	sprintf(snippet + used, "] }]\n");
	load_both("groups: [{ name: a, address: 10.0.0.1, policy: ipsec }]\n", snippet);
	assert_int_equal(diff.n, 1);
	assert_null(cfg_change_old(&diff, &diff.changes[0], out));
	assert_ptr_equal(cfg_change_new(&diff, &diff.changes[0], out), out);
	assert_memory_equal(out, "192.168.0.0/24, 192.168.1.0/24, ", 32);
	assert_non_null(strstr(out, ", ... (200 in all)"));
	cfg_diff_free(&diff);
}

enum { MANY = 100 * 1000, LINE = 64 };

static char *
many_users(const char *password, unsigned from)
{
	char *lines = malloc((size_t)MANY * LINE);
	size_t used = 0;

	assert_non_null(lines);
	for (unsigned i = 0; i < MANY; i++)
		used += (size_t)sprintf(lines + used, "user%07u:%s-hush%u\n",
			(i + from) * 7919 % 9999991, password, i + from);
	return lines;
}

#if defined(__SANITIZE_ADDRESS__)
enum { SLOWER = 10 };
#else
enum { SLOWER = 1 };
#endif

/* CPU time; of all users another password, then half of them other people. */
static void
a_hundred_thousand_users(void **state)
{
	static const size_t wanted[] = {0, MANY, MANY};
	char *lines[3] = {many_users("a", 0), many_users("b", 0), many_users("b", MANY / 2)};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		const char *old = i == 0 ? lines[0] : lines[i - 1];
		clock_t begin;
		double seconds;

		files_reset();
		file_set("old.txt", old, strlen(old), 0600, 0);
		file_set("new.txt", lines[i], strlen(lines[i]), 0600, 0);
		load(&t, with_rest(text, sizeof(text), "users-file: old.txt\n"));
		load(&u, with_rest(text, sizeof(text), "users-file: new.txt\n"));
		assert_int_equal(cfg_continue(u.cfg, t.cfg), 0);
		begin = clock();
		assert_int_equal(cfg_diff(t.cfg, u.cfg, &diff), 0);
		seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
		print_message("# %zu entries of 100,000 users: %.3f s\n", diff.n, seconds);
		assert_int_equal(diff.n, wanted[i]);
		assert_true(seconds < 0.3 * SLOWER);
		cfg_diff_free(&diff);
		unload(&t);
		unload(&u);
	}
	files_reset();
	for (unsigned i = 0; i < 3; i++)
		free(lines[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(things_come_and_go),
		cmocka_unit_test(objects_are_named),
		cmocka_unit_test(tunnel_secrets_keep_their_order),
		cmocka_unit_test(users_of_both_files_are_users),
		cmocka_unit_test(sessions_are_live_within_what_was_started),
		cmocka_unit_test(an_mtu_is_live_within_what_was_started),
		cmocka_unit_test(filters_of_groups_are_told_once),
		cmocka_unit_test(what_follows_from_another_key_is_told_once),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(a_hundred_thousand_users),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
