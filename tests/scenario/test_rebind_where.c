/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a client may be followed to: as its tunnel secret and the limits say. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "ppp/link.h"
#include "rebind.h"

static void
beyond_its_secret(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);
	struct cv_endpoint before = c->address;

	(void)state;
	c->address.ip = cv_ipv4(0xc6336401); /* 198.51.100.1 */
	speak(&w, &s, &c->address);
	world_sleep(&w, SECOND);
	assert_false(is_at(c));
	assert_int_equal(world_counter(&w, LNS_PATHS_REFUSED), 1);
	assert_int_equal(world_counter(&w, LNS_PATHS_ASKED), 0);
	c->address = before;
	world_sleep(&w, SECOND);
	assert_true(is_at(c) && c->up);
	world_down(&w);
}

static void
where_there_is_room(void **state)
{
	struct world w = {0};
	struct world_client *c[3];
	struct lns_session_info s;

	(void)state;
	world_up(&w, challenge, 7);
	c[0] = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	c[1] = begin(&w, challenge, "bob", PPP_AUTH_MSCHAPV2);
	rebind(c[1], 50001);
	world_sleep(&w, SECOND);
	assert_true(is_at(c[1]));
	/* to where alice is: limits.tunnels-per-peer is 2, and a third has no room */
	s = session_of(&w, c[1]);
	c[1]->address.ip = c[0]->address.ip;
	speak(&w, &s, &c[1]->address);
	world_sleep(&w, SECOND);
	assert_true(is_at(c[1]));
	c[2] = world_client(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2);
	c[2]->address.ip = c[0]->address.ip;
	c[2]->l2tp_params.secret = NULL;
	client_dial(c[2]);
	world_sleep(&w, SECOND);
	assert_false(c[2]->tunnel_up);
	assert_int_equal(world_counter(&w, LNS_LIMIT_PEER), 1);
	/* away from there one is enough */
	c[1]->address.ip = cv_ipv4(0xc0000250);
	speak(&w, &s, &c[1]->address);
	world_sleep(&w, SECOND);
	assert_true(is_at(c[1]));
	client_dial(c[2]);
	world_sleep(&w, SECOND);
	assert_true(c[2]->tunnel_up);
	/* and now there is no room to come back */
	c[1]->address.ip = c[0]->address.ip;
	speak(&w, &s, &c[1]->address);
	world_sleep(&w, SECOND);
	assert_false(is_at(c[1]));
	assert_int_equal(world_counter(&w, LNS_PATHS_REFUSED), 1);
	world_down(&w);
}

/* What is sent from there is asked about, or refused. */
static void
refused_from(struct world *w, const struct world_client *c, struct cv_ip ip, bool refused)
{
	struct lns_session_info s = session_of(w, c);
	uint64_t before = world_counter(w, LNS_PATHS_REFUSED);
	uint64_t asked = world_counter(w, LNS_PATHS_ASKED);

	speak(w, &s, &(struct cv_endpoint){ip, 9});
	assert_int_equal(world_counter(w, LNS_PATHS_REFUSED), before + refused);
	assert_int_equal(world_counter(w, LNS_PATHS_ASKED), asked + !refused);
}

/* Elsewhere another secret is asked for, of the same length, longer, or none at all. */
static void
where_its_secret_counts(void **state)
{
	static const char secrets[] = BASE GROUP("") "tunnels: {secrets: ["
						     "{peer: 192.0.2.0/24, secret-file: alice},"
						     "{peer: 198.51.100.16/28, secret-file: bob},"
						     "{peer: 198.51.100.32/28, secret: none},"
						     "{peer: 198.51.100.48/28, secret-file: s},"
						     "{peer: 198.51.100.64/28, secret-file: alice}"
						     "]}\n";
	struct world w = {0};
	struct world_client *c;

	(void)state;
	world_up(&w, secrets, 7);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2);
	c->l2tp_params.secret = "pass-a";
	c->l2tp_params.secret_len = 6;
	client_dial(c);
	world_sleep(&w, SECOND);
	assert_true(c->up);
	for (uint32_t i = 1; i <= 4; i++)
		refused_from(&w, c, cv_ipv4(0xc6336401 + 16 * i), i != 4);
	world_down(&w);
	/* who needed none would not need one there */
	world_up(&w, secrets, 7);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2);
	c->address.ip = cv_ipv4(0xc6336421);
	c->l2tp_params.secret = NULL;
	client_dial(c);
	world_sleep(&w, SECOND);
	assert_true(c->up);
	refused_from(&w, c, cv_ipv4(0xc0000263), true);
	world_down(&w);
}

/* There was room when it was asked, and there is none when it has answered. */
static void
there_was_room(void **state)
{
	struct world w = {0};
	struct world_client *c[3];
	struct lns_session_info s;
	unsigned asks;

	(void)state;
	c[0] = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	c[1] = begin(&w, challenge, "bob", PPP_AUTH_MSCHAPV2);
	s = session_of(&w, c[1]);
	asks = w.n_asks;
	w.hold_asks = true;
	c[1]->address.ip = c[0]->address.ip;
	c[1]->address.port = 50001;
	speak(&w, &s, &c[1]->address);
	world_sleep(&w, SECOND);
	assert_int_equal(w.n_asks, asks + 1);
	c[2] = world_client(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2);
	c[2]->address.ip = c[0]->address.ip;
	c[2]->l2tp_params.secret = NULL;
	client_dial(c[2]);
	world_sleep(&w, SECOND);
	assert_true(c[2]->tunnel_up);
	assert_int_equal(world_answer(&w, asks, NULL), 0);
	world_sleep(&w, SECOND);
	assert_false(is_at(c[1]));
	assert_int_equal(world_counter(&w, LNS_PATHS_REFUSED), 1);
	assert_int_equal(world_counter(&w, LNS_TUNNELS_MOVED), 0);
	w.hold_asks = false;
	world_down(&w);
}

/* No answer reaches port 0; and what the tunnel's service is, is of one family. */
static void
where_nobody_is(void **state)
{
	struct world w = {0};
	struct world_client *c = begin(&w, challenge, "alice", PPP_AUTH_MSCHAPV2);
	struct lns_session_info s = session_of(&w, c);
	struct cv_endpoint nowhere = {.ip = forger.ip};

	(void)state;
	speak(&w, &s, &nowhere);
	nowhere = (struct cv_endpoint){.ip = {.family = CV_IPV6, .bytes = {0x20, 1}}, .port = 9};
	speak(&w, &s, &nowhere);
	assert_int_equal(world_counter(&w, LNS_PATHS_SEEN), 0);
	assert_int_equal(world_counter(&w, LNS_PATHS_REFUSED), 0);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beyond_its_secret),
		cmocka_unit_test(where_there_is_room),
		cmocka_unit_test(where_its_secret_counts),
		cmocka_unit_test(there_was_room),
		cmocka_unit_test(where_nobody_is),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
