/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pairs of configurations by chance: who is in under the first, and dials again where the second
 * ended him, has in the end what he would have had under the second alone.
 */
#include <stdio.h>
#include <string.h>

#include "pairs.h"
#include "world.h"

enum { PAIRS = 100, CLIENTS = 3, OUTCOME_TEXT = 200 };

static char yaml[2][PAIRS_TEXT];
static struct world w;

/* The address that a pool gave depends on who came first: which pool it was does not. */
static void
say_address(const struct cv_ip *address, uint16_t group, char out[CV_PREFIX_TEXT])
{
	const struct cfg_group *g = cfg_group_by_id(w.cfg, group);

	cv_ip_text(address, out);
	if (cfg_address_user(w.cfg, g->realm, address) != NULL)
		return;
	snprintf(out, CV_PREFIX_TEXT, "?");
	for (size_t i = 0; i < g->n_pool; i++)
		if (cv_prefix_contains(&g->pool[i], address))
			cv_prefix_text(&g->pool[i], out);
}

static void
outcome_of(const char *user, char out[OUTCOME_TEXT])
{
	uint64_t cursor = 0, places = lns_session_places(w.lns);
	struct lns_session_info s;
	char address[CV_PREFIX_TEXT];

	snprintf(out, OUTCOME_TEXT, "%s: none", user);
	while (lns_next_session(w.lns, &cursor, places, &s)) {
		if (strcmp(s.user, user) != 0 || strcmp(s.state, "open") != 0)
			continue;
		say_address(&s.address, s.group, address);
		snprintf(out, OUTCOME_TEXT, "%s: %s %s %s %u %s", user,
			cfg_group_by_id(w.cfg, s.group)->name,
			cfg_realm_by_id(w.cfg, s.realm)->name,
			cfg_filter_by_id(w.cfg, s.filter)->name, s.mtu, address);
	}
}

static void
dial_who_is_not_in(void)
{
	w.listener = w.cfg->listeners[0].id;
	for (unsigned i = 0; i < w.n_clients; i++)
		if (!w.clients[i].up)
			client_dial(&w.clients[i]);
	world_sleep(&w, 40 * CV_NS_PER_S);
}

static void
up(const char *text, uint64_t seed)
{
	static const char *const users[CLIENTS] = {"u0", "u1", "u2"};

	world_up(&w, text, seed);
	for (unsigned i = 0; i < CLIENTS; i++)
		world_client(&w, users[i], "pass-a", PPP_AUTH_CHAP_MD5);
	dial_who_is_not_in();
}

static void
who_was_in_before_has_what_he_would_have_had(void **state)
{
	char after[CLIENTS][OUTCOME_TEXT], alone[CLIENTS][OUTCOME_TEXT], user[8];
	unsigned in = 0, kept = 0, ended = 0;
	struct world_toll toll;

	(void)state;
	for (uint64_t pair = 1; pair <= PAIRS; pair++) {
		pairs_config(pair, 0, yaml[0]);
		pairs_config(pair, pair, yaml[1]);
		up(yaml[0], pair);
		world_reload(&w, yaml[1], &toll);
		kept += toll.stay + toll.change;
		ended += toll.end;
		world_sleep(&w, 40 * CV_NS_PER_S);
		dial_who_is_not_in();
		for (unsigned i = 0; i < CLIENTS; i++) {
			snprintf(user, sizeof(user), "u%u", i);
			outcome_of(user, after[i]);
		}
		world_down(&w);
		up(yaml[1], pair);
		for (unsigned i = 0; i < CLIENTS; i++) {
			snprintf(user, sizeof(user), "u%u", i);
			outcome_of(user, alone[i]);
			if (strcmp(after[i], alone[i]) != 0)
				print_error("pair %u\n", (unsigned)pair);
			assert_string_equal(after[i], alone[i]);
			in += strstr(alone[i], "none") == NULL;
		}
		world_down(&w);
	}
	print_message("# in %u kept %u ended %u\n", in, kept, ended);
	/* chance has made something of each */
	assert_true(in > PAIRS / 2 && kept > PAIRS / 10 && ended > PAIRS / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_was_in_before_has_what_he_would_have_had),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
