/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random schedules: a bad network, a client that dials, and one thing that happens to it; then
 * the network gets well. In the end server and client agree, and after the last word nothing is
 * left. SCHEDULES=N runs N of them, SCHEDULE=SEED just one.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum happening {
	NOTHING,
	CLIENT_CLOSES_TUNNEL,
	CLIENT_CLOSES_LINK,
	CLIENT_DIES,
	CLIENT_DIALS_AGAIN,
	SERVER_KICKS,
	HAPPENINGS,
};

/* What runs, for the message when it fails. */
static uint64_t running;
/* How they ended, before the last word. */
static uint64_t ended_up, ended_down;

enum { DEFAULT_SCHEDULES = 100000, BATCH = 500 };
#define WELL_NS (300 * CV_NS_PER_S)  /* HELLO, echoes and all retransmissions fit */
#define LIMIT_NS (120 * CV_NS_PER_S) /* for the last word */

static void
happen(struct world *w, struct world_client *c)
{
	static const struct l2tp_reason bye = {.result = L2TP_STOPCCN_CLEAR};

	switch ((enum happening)(world_random(w) % HAPPENINGS)) {
	case CLIENT_CLOSES_TUNNEL:
		l2tp_tunnel_close(c->l2tp, w->now, &bye);
		break;
	case CLIENT_CLOSES_LINK:
		if (c->ppp != NULL)
			ppp_link_close(c->ppp, w->now, PPP_DOWN_LOCAL);
		break;
	case CLIENT_DIES:
		client_free(c);
		break;
	case CLIENT_DIALS_AGAIN:
		client_dial(c);
		break;
	case SERVER_KICKS:
		lns_kick_user(w->lns, w->now, "alice", PPP_DOWN_KICKED);
		break;
	case NOTHING:
	case HAPPENINGS:
		break;
	}
}

static void
agree(struct world *w, const struct world_client *c, uint64_t seed)
{
	struct lns_status status;
	unsigned open = 0;

	lns_status(w->lns, &status);
	for (unsigned i = 0; i < WORLD_SLOTS; i++)
		open += w->slots[i].open;
	if (status.open_sessions != (c->up ? 1u : 0u) || open != status.open_sessions ||
		(status.tunnels != 0) != c->tunnel_up)
		print_error("seed %llu: client %s, tunnel %s; server: %u tunnels, %u sessions, %u "
			    "open, data path %u\n",
			(unsigned long long)seed, c->up ? "up" : "down",
			c->tunnel_up ? "up" : "down", status.tunnels, status.sessions,
			status.open_sessions, open);
	assert_int_equal(status.open_sessions, c->up ? 1 : 0);
	assert_int_equal(open, status.open_sessions);
	assert_int_equal(status.tunnels != 0, c->tunnel_up);
}

static void
one_schedule(struct world *w, uint64_t seed)
{
	static const enum ppp_auth methods[] = {PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2};
	uint8_t bytes[CRYPTO_SEED_BYTES] = {1};
	struct world_client *c;

	memcpy(bytes + 1, &seed, sizeof(seed));
	crypto_reseed(w->crypto, bytes);
	w->random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	w->n_clients = 0;
	c = world_client(w, "alice", "pass-a", methods[world_random(w) % 3]);
	c->hang_up = world_random(w) % 4 != 0;
	c->l2tp_params.hide_avps = world_random(w) % 2;
	c->l2tp_params.first_ns = 0;
	w->network = (struct world_network){.lost = world_random(w) % 400,
		.doubled = world_random(w) % 300,
		.delayed = world_random(w) % 600,
		.delay_ns = world_random(w) % (200 * CV_NS_PER_MS),
		.jitter_ns = world_random(w) % (4 * CV_NS_PER_S)};
	client_dial(c);
	world_sleep(w, world_random(w) % (40 * CV_NS_PER_S));
	if (c->l2tp != NULL)
		happen(w, c);
	world_sleep(w, world_random(w) % (40 * CV_NS_PER_S));
	w->network = (struct world_network){.delay_ns = 10 * CV_NS_PER_MS};
	world_sleep(w, WELL_NS);
	agree(w, c, seed);
	c->up ? ended_up++ : ended_down++;

	if (c->l2tp != NULL) {
		static const struct l2tp_reason bye = {.result = L2TP_STOPCCN_CLEAR};

		l2tp_tunnel_close(c->l2tp, w->now, &bye);
	}
	if (!world_run(w, LIMIT_NS, all_down))
		print_error("seed %llu: state is left\n", (unsigned long long)seed);
	assert_true(all_down(w));
	client_free(c);
	world_sleep(w, 30 * CV_NS_PER_S); /* the hold time of session IDs */
	assert_int_equal(lns_next_timeout(w->lns), CV_TIME_NEVER);
}

static void
schedules_end_in_agreement(void **state)
{
	const char *one = getenv("SCHEDULE"), *many = getenv("SCHEDULES");
	uint64_t seed = one != NULL ? strtoull(one, NULL, 0) : 1;
	uint64_t n = one != NULL ? 1 : many != NULL ? strtoull(many, NULL, 0) : DEFAULT_SCHEDULES;
	struct world w;

	(void)state;
	printf("# schedules %llu to %llu\n", (unsigned long long)seed,
		(unsigned long long)(seed + n - 1));
	for (uint64_t i = 0; i < n; i++) {
		if (i % BATCH == 0)
			world_up(&w, NULL, 1);
		running = seed + i;
		one_schedule(&w, seed + i);
		if (i % BATCH == BATCH - 1 || i == n - 1)
			world_down(&w);
	}
	running = 0;
	printf("# open in the end %llu, closed %llu\n", (unsigned long long)ended_up,
		(unsigned long long)ended_down);
	/* a schedule that never opens, or never closes, would prove little */
	assert_true(n < 1000 || (ended_up > n / 10 && ended_down > n / 10));
}

static int
name_the_seed(void **state)
{
	(void)state;
	if (running != 0)
		print_error("SCHEDULE=%llu fails\n", (unsigned long long)running);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(schedules_end_in_agreement, name_the_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
