/* SPDX-License-Identifier: BSD-3-Clause */
/* Names, the IDs that they keep from snapshot to snapshot, and who holds a snapshot. */
#include "harness.h"

#include <pthread.h>

#include "config/private.h"

static struct loaded t, u;
static char text[256 * 1024];

static void
load_groups(struct loaded *out, const char *const *names, size_t n)
{
	static char snippet[128 * 1024];
	size_t used = (size_t)sprintf(snippet, "groups:\n");

	for (size_t i = 0; i < n; i++)
		used += (size_t)sprintf(snippet + used,
			"  - { name: %s, realm: r%s, address: 10.88.0.1, policy: any }\n", names[i],
			names[i]);
	load(out, with_rest(text, sizeof(text), snippet));
	assert_string_equal(out->text, "");
}

static void
ids_are_in_the_files_order(void **state)
{
	(void)state;
	load(&t, with_rest(text, sizeof(text),
			 "ports:\n"
			 "  - { name: wan, device: \"tap:a\" }\n"
			 "  - { name: lan, device: \"tap:b\" }\n"
			 "listeners:\n"
			 "  - { port: lan, address: 192.0.2.9/24 }\n"
			 "  - { port: wan, address: 192.0.2.1/24, udp-port: 1702 }\n"
			 "groups:\n"
			 "  - { name: zeta, address: 10.88.0.1, realm: red }\n"
			 "  - { name: alpha, address: 10.89.0.1, realm: blue }\n"
			 "  - { name: mid, address: 10.90.0.1, realm: red }\n"));
	assert_string_equal(t.text, "");
	for (uint16_t i = 0; i < 3; i++) {
		assert_int_equal(t.cfg->groups[i].id, i);
		assert_ptr_equal(cfg_group_by_id(t.cfg, i), &t.cfg->groups[i]);
		assert_ptr_equal(cfg_group_find(t.cfg, t.cfg->groups[i].name), &t.cfg->groups[i]);
	}
	assert_null(cfg_group_by_id(t.cfg, 3));
	assert_null(cfg_group_by_id(t.cfg, CV_GROUP_IDS));
	assert_null(cfg_group_by_id(t.cfg, UINT16_MAX));
	assert_null(cfg_group_find(t.cfg, ""));
	assert_null(cfg_group_find(t.cfg, "zet"));
	assert_string_equal(t.cfg->listeners[0].name, "192.0.2.9:1701");
	assert_ptr_equal(cfg_listener_find(t.cfg, "192.0.2.1:1702"), &t.cfg->listeners[1]);
	assert_ptr_equal(cfg_listener_by_id(t.cfg, 1), &t.cfg->listeners[1]);
	assert_ptr_equal(cfg_port_find(t.cfg, "lan"), &t.cfg->ports[1]);
	assert_ptr_equal(cfg_port_by_id(t.cfg, 0), &t.cfg->ports[0]);
	assert_ptr_equal(cfg_realm_find(t.cfg, "blue"), &t.cfg->realms[1]);
	assert_ptr_equal(cfg_realm_by_id(t.cfg, 0), &t.cfg->realms[0]);
	assert_int_equal(t.cfg->n_realms, 2);
	unload(&t);
}

static void
names_keep_their_ids(void **state)
{
	static const char *const one[] = {"a", "b", "c"}, *const two[] = {"d", "c", "a"},
				 *const three[] = {"e", "a", "d", "c"};

	(void)state;
	load_groups(&t, one, 3);
	load_groups(&u, two, 3);
	assert_int_equal(cfg_continue(u.cfg, t.cfg), 0);
	unload(&t); /* the new one needs nothing of it */
	assert_int_equal(cfg_group_find(u.cfg, "a")->id, 0);
	assert_int_equal(cfg_group_find(u.cfg, "c")->id, 2);
	assert_int_equal(cfg_group_find(u.cfg, "d")->id, 3); /* not 1, which was b's */
	assert_int_equal(cfg_realm_find(u.cfg, "rd")->id, 3);
	assert_int_equal(cfg_filter_find(u.cfg, "a")->id, 2); /* after the two of all */
	assert_int_equal(cfg_filter_find(u.cfg, "d")->id, 5);
	assert_null(cfg_group_by_id(u.cfg, 1));
	assert_string_equal(cfg_group_by_id(u.cfg, 3)->name, "d");
	load_groups(&t, three, 4);
	assert_int_equal(cfg_continue(t.cfg, u.cfg), 0);
	unload(&u);
	assert_int_equal(cfg_group_find(t.cfg, "a")->id, 0);
	assert_int_equal(cfg_group_find(t.cfg, "e")->id, 1); /* b is long forgotten */
	assert_int_equal(cfg_group_find(t.cfg, "c")->id, 2);
	assert_int_equal(cfg_group_find(t.cfg, "d")->id, 3);
	unload(&t);
}

/* As many as there may be, all of other names each time: there is always an ID. */
static void
ids_suffice(void **state)
{
	static char names[CV_GROUPS_MAX][8];
	const char *list[CV_GROUPS_MAX];
	struct loaded *old = &t, *new = &u;

	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		static bool used[CV_GROUP_IDS];
		struct loaded *swap = old;

		for (unsigned i = 0; i < CV_GROUPS_MAX; i++) {
			sprintf(names[i], "%c%u", 'a' + (char)round, i);
			list[i] = names[i];
		}
		load_groups(new, list, CV_GROUPS_MAX);
		if (round > 0)
			assert_int_equal(cfg_continue(new->cfg, old->cfg), 0);
		memset(used, 0, sizeof(used));
		for (size_t i = 0; round > 0 && i < CV_GROUPS_MAX; i++)
			used[old->cfg->groups[i].id] = true;
		for (size_t i = 0; i < CV_GROUPS_MAX; i++) {
			uint16_t id = new->cfg->groups[i].id;

			assert_true(id < CV_GROUP_IDS);
			assert_false(used[id]);
			used[id] = true;
			assert_ptr_equal(cfg_group_by_id(new->cfg, id), &new->cfg->groups[i]);
			assert_true(cfg_filter_find(new->cfg, list[i])->id < CV_FILTER_IDS);
			assert_true(cfg_realm_by_id(new->cfg, id) == &new->cfg->realms[i]);
		}
		if (round > 0)
			unload(old);
		old = new;
		new = swap;
	}
	unload(old);
}

/* Names come and go at random: who stays keeps the ID, who comes has one of nobody's. */
static void
any_walk_keeps_the_rules(void **state)
{
	static const char *const all[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	struct loaded *old = &t, *new = &u;
	uint32_t seed = 12345;

	(void)state;
	load_groups(old, all, 3);
	for (unsigned round = 0; round < 200; round++) {
		const char *list[10];
		struct loaded *swap = old;
		size_t n = 0;

		for (size_t i = 0; i < 10; i++) {
			seed = seed * 1664525 + 1013904223;
			if ((seed >> 16) % 2 == 0)
				list[n++] = all[(i * 7 + round) % 10];
		}
		if (n == 0)
			continue;
		load_groups(new, list, n);
		assert_int_equal(cfg_continue(new->cfg, old->cfg), 0);
		for (size_t i = 0; i < n; i++) {
			const struct cfg_group *g = &new->cfg->groups[i];
			const struct cfg_group *before = cfg_group_find(old->cfg, g->name);
			const struct cfg_group *owner = cfg_group_by_id(old->cfg, g->id);

			assert_ptr_equal(cfg_group_by_id(new->cfg, g->id), g);
			assert_true(before == owner);
			assert_true(before == NULL || before->id == g->id);
		}
		unload(old);
		old = new;
		new = swap;
	}
	unload(old);
}

/* What frees it wipes it, too: so the secret shows whether it lives. */
static void
a_snapshot_lives_while_it_is_held(void **state)
{
	const struct cfg *held;

	(void)state;
	load(&t, with_rest(text, sizeof(text), ""));
	assert_string_equal(t.text, "");
	held = cfg_hold(cfg_hold(t.cfg));
	assert_ptr_equal(held, t.cfg);
	unload(&t);
	assert_memory_equal(held->tunnels.secrets[0].secret.data, "tunnel-hush", 11);
	cfg_free(held);
	assert_memory_equal(held->tunnels.secrets[0].secret.data, "tunnel-hush", 11);
	cfg_free(held);
	cfg_free(NULL);
}

static void *
hold_and_let_go(void *cfg)
{
	for (unsigned i = 0; i < 2000 * 1000; i++)
		cfg_free(cfg_hold(cfg));
	return NULL;
}

/* One thread may compare what another one serves by. */
static void
threads_hold_it_at_the_same_time(void **state)
{
	pthread_t threads[4];

	(void)state;
	load(&t, with_rest(text, sizeof(text), ""));
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hold_and_let_go, t.cfg), 0);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(((struct cfg_owner *)t.cfg->owner)->holders, 1);
	unload(&t);
}

/* A secret for one listener is asked by its ID, which need not be its place. */
static void
secrets_know_listeners_by_id(void **state)
{
	static const char before[] = "listeners:\n"
				     "  - { address: 192.0.2.1/24 }\n"
				     "  - { address: 192.0.2.2/24 }\n",
			  after[] = "listeners:\n"
				    "  - { address: 192.0.2.2/24 }\n"
				    "  - { address: 192.0.2.3/24 }\n"
				    "tunnels:\n"
				    "  secrets:\n"
				    "    - { listener: 192.0.2.2:1701, secret: none }\n"
				    "    - { listener: 192.0.2.3:1701, secret: none }\n";
	struct cv_ip peer = cv_ipv4(0x0a000001);

	(void)state;
	load(&t, with_rest(text, sizeof(text), before));
	load(&u, with_rest(text, sizeof(text), after));
	assert_int_equal(cfg_continue(u.cfg, t.cfg), 0);
	assert_null(cfg_tunnel_secret_find(u.cfg, 0, &peer, "x", 1));
	assert_ptr_equal(
		cfg_tunnel_secret_find(u.cfg, 1, &peer, "x", 1), &u.cfg->tunnels.secrets[0]);
	assert_ptr_equal(
		cfg_tunnel_secret_find(u.cfg, 2, &peer, "x", 1), &u.cfg->tunnels.secrets[1]);
	unload(&u);
	unload(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_in_the_files_order),
		cmocka_unit_test(names_keep_their_ids),
		cmocka_unit_test(ids_suffice),
		cmocka_unit_test(any_walk_keeps_the_rules),
		cmocka_unit_test(a_snapshot_lives_while_it_is_held),
		cmocka_unit_test(threads_hold_it_at_the_same_time),
		cmocka_unit_test(secrets_know_listeners_by_id),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
