/* SPDX-License-Identifier: BSD-3-Clause */
/* What all share, set-ups a second and sessions: who takes as many as there are leaves others what
 * they need. */
#include "hand.h"

enum { GREEDY = 0xcb007101, OTHER = 0xc6336401, SECONDS = 4 };

#define LIMITED(rate, sessions)                                       \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"            \
	"listeners: [{address: 192.0.2.1/24}]\n"                      \
	"tunnels: {secrets: [{secret: none}]}\n"                      \
	"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n" \
	"users: [{name: alice, password-file: alice}]\n"              \
	"limits: {sessions: " sessions ", setups-per-second: " rate "}\n"

static void
end(struct hand *h, enum l2tp_message_type type, enum l2tp_avp id, uint16_t ours, uint16_t session)
{
	hand_begin(h, type);
	l2tp_put_u16(&h->b, id, ours);
	l2tp_put(&h->b, L2TP_AVP_RESULT_CODE, "\0\1", 2);
	hand_send(h, session);
	while (hand_next(h))
		;
}

/* A tunnel and its end. */
static bool
tunnel(struct world *w, uint32_t ip, uint16_t port)
{
	struct hand h;

	hand_init(&h, w, ip, port, port);
	if (!hand_tunnel(&h, "lac", NULL))
		return false;
	end(&h, L2TP_STOPCCN, L2TP_AVP_ASSIGNED_TUNNEL_ID, port, 0);
	return true;
}

static bool
call(struct hand *h, uint16_t session)
{
	uint16_t peer = hand_call(h, session);

	if (peer == 0)
		return false;
	end(h, L2TP_CDN, L2TP_AVP_ASSIGNED_SESSION_ID, session, peer);
	return true;
}

static void
one_peers_tunnels_leave_set_ups_to_others(void **state)
{
	unsigned greedy = 0, other = 0, asked = 0;
	struct world w;

	(void)state;
	world_up(&w, LIMITED("100", "100"), 81);
	for (uint16_t ms = 1; ms <= 1000 * SECONDS; ms++) {
		greedy += tunnel(&w, GREEDY + ms % 200, (uint16_t)(2000 + ms));
		if (ms % 50 == 0) {
			asked++;
			other += tunnel(&w, OTHER, ms);
		}
		world_sleep(&w, CV_NS_PER_MS);
	}
	assert_int_equal(other, asked);
	/* and it has what nobody else wants */
	assert_true(greedy + other >= 100 * SECONDS);
	assert_true(greedy + other <= 100 * (SECONDS + 1));
	world_down(&w);
}

static void
one_peers_calls_leave_calls_to_others(void **state)
{
	unsigned greedy = 0, other = 0, asked = 0;
	struct world w;
	struct hand g, o;

	(void)state;
	world_up(&w, LIMITED("20", "100"), 82);
	hand_init(&g, &w, GREEDY, 1701, 1);
	assert_true(hand_tunnel(&g, "lac", NULL));
	hand_init(&o, &w, OTHER, 1701, 1);
	assert_true(hand_tunnel(&o, "lac", NULL));
	for (uint16_t i = 1; i <= 200 * SECONDS; i++) {
		greedy += call(&g, i);
		if (i % 50 == 0) {
			asked++;
			other += call(&o, i);
		}
		world_sleep(&w, 5 * CV_NS_PER_MS);
	}
	assert_int_equal(other, asked);
	assert_true(greedy + other >= 20 * SECONDS);
	assert_true(greedy + other <= 20 * (SECONDS + 1));
	world_down(&w);
}

/* Calls in which nobody says who he is. */
static void
one_peers_calls_without_a_user_leave_sessions_to_others(void **state)
{
	unsigned greedy = 0, limit = 96;
	struct world_client *c;
	struct world w;
	struct hand g, o;

	(void)state;
	world_up(&w, LIMITED("10000", "100"), 83); /* 100 sessions */
	hand_init(&g, &w, GREEDY, 1701, 1);
	assert_true(hand_tunnel(&g, "lac", NULL));
	for (uint16_t i = 1; i <= 200; i++)
		greedy += hand_call(&g, i) != 0;
	assert_in_range(greedy, 80, limit - 8);
	assert_true(world_counter(&w, LNS_LIMIT_SESSIONS) > 0);
	/* others have room, also for several calls at once */
	hand_init(&o, &w, OTHER, 1701, 1);
	assert_true(hand_tunnel(&o, "lac", NULL));
	for (uint16_t i = 1; i <= 5; i++)
		assert_int_not_equal(hand_call(&o, i), 0);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	c->l2tp_params.secret = NULL;
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	/* those that came to nothing count no more */
	for (unsigned second = 0; second < 100; second++) {
		world_sleep(&w, CV_NS_PER_S);
		while (hand_next(&g))
			hand_zlb(&g);
	}
	hand_init(&o, &w, OTHER + 1, 1701, 1);
	assert_true(hand_tunnel(&o, "lac", NULL));
	for (uint16_t i = 1; i <= 100; i++)
		hand_call(&o, i);
	for (uint16_t i = 301; i <= 305; i++)
		assert_int_not_equal(hand_call(&g, i), 0);
	world_down(&w);
}

/* Who has proved himself is nobody's burden. */
static void
calls_with_a_user_do_not_count_against_their_peer(void **state)
{
	struct world_client *c;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, LIMITED("10000", "24"), 84);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	c->l2tp_params.secret = NULL;
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	hand_init(&h, &w, OTHER, 1701, 1);
	assert_true(hand_tunnel(&h, "lac", NULL));
	for (uint16_t i = 1; i <= 20; i++)
		assert_int_not_equal(hand_call(&h, i), 0);
	assert_int_equal(hand_call(&h, 21), 0);
	/* a sixteenth is one: from the client's address a second one may come, no third */
	hand_init(&h, &w, 0xc000020a, 1701, 1);
	assert_true(hand_tunnel(&h, "lac", NULL));
	assert_int_not_equal(hand_call(&h, 1), 0);
	assert_int_not_equal(hand_call(&h, 2), 0);
	assert_int_equal(hand_call(&h, 3), 0);
	world_down(&w);
}

/* Without a secret a forger of many SCCRQs from one port guesses tunnel IDs in his SCCCNs: what he
 * opened so keeps nobody out. What has a call, or a secret, gives way to nobody. */
static void
tunnels_that_were_guessed_give_way(void **state)
{
	struct lns_status status;
	unsigned guesses = 0;
	struct world w;
	struct hand h, o, s;

	(void)state;
	world_up(&w,
		"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
		"listeners: [{address: 192.0.2.1/24}]\n"
		"tunnels: {secrets: [{host: s, secret-file: tunnel}, {secret: none}]}\n"
		"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n"
		"users: [{name: alice, password-file: alice}]\n"
		"limits: {sessions: 100, tunnels: 100}\n",
		85);
	hand_init(&o, &w, OTHER, 1701, 1);
	assert_true(hand_tunnel(&o, "lac", NULL));
	hand_connect(&o, hand_call(&o, 1));
	hand_init(&s, &w, OTHER + 1, 1701, 1);
	assert_true(hand_tunnel(&s, "s", "tunnelsecret"));
	for (uint16_t i = 1; i <= 20000; i++) {
		hand_init(&h, &w, GREEDY, 1701, i);
		hand_sccrq(&h, "lac", NULL);
		hand_send_ns(&h, 0, 0);
	}
	h.nr = 1;
	hand_begin(&h, L2TP_SCCCN);
	do {
		h.peer_tunnel = (uint16_t)world_random(&w);
		hand_send_ns(&h, 0, 1);
		lns_status(w.lns, &status);
	} while (status.tunnels < 100 && ++guesses < 10000);
	assert_int_equal(status.tunnels, 100);
	w.read_outside = w.n_outside;
	hand_init(&h, &w, OTHER + 2, 1701, 1);
	assert_false(hand_tunnel(&h, "lac", NULL)); /* so soon they may be anybody's */
	world_sleep(&w, 5 * CV_NS_PER_S);
	for (uint16_t i = 0; i < 98; i++) {
		hand_init(&h, &w, OTHER + 2, (uint16_t)(1701 + i), 1);
		assert_true(hand_tunnel(&h, "lac", NULL));
	}
	hand_init(&h, &w, OTHER + 3, 1701, 1);
	assert_false(hand_tunnel(&h, "lac", NULL));
	assert_true(hand_call(&o, 2) != 0 && hand_call(&s, 1) != 0);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_peers_tunnels_leave_set_ups_to_others),
		cmocka_unit_test(one_peers_calls_leave_calls_to_others),
		cmocka_unit_test(one_peers_calls_without_a_user_leave_sessions_to_others),
		cmocka_unit_test(tunnels_that_were_guessed_give_way),
		cmocka_unit_test(calls_with_a_user_do_not_count_against_their_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
