/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The door: what strangers get before they have proved themselves, and whom a flood keeps out. Each
 * case is a rule of the behaviour.
 */
#include "door.h"

static void
a_forged_sccrq_draws_one_answer_of_three_times_its_bytes_at_most(void **state)
{
	size_t sent = 0;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 1); /* with a secret: the longest SCCRP */
	hand_init(&h, &w, STRANGER, 1701, 7);
	hand_sccrq(&h, "l", NULL);
	hand_send_ns(&h, 0, 0);
	world_sleep(&w, 120 * CV_NS_PER_S);
	assert_int_equal(w.n_outside, 1);
	for (unsigned i = 0; i < w.n_outside; i++)
		sent += w.outside[i].len;
	assert_true(sent <= 3 * (L2TP_CONTROL_HEADER + cv_written(&h.b.w)));
	assert_int_equal(status_of(&w).half_open, 0);
	/* a refusal, too */
	hand_begin(&h, L2TP_SCCRQ);
	l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_TUNNEL_ID, 7);
	hand_send_ns(&h, 0, 0);
	world_sleep(&w, 120 * CV_NS_PER_S);
	assert_true(w.n_outside <= 2);
	if (w.n_outside == 2)
		assert_true(w.outside[1].len <= 3 * (L2TP_CONTROL_HEADER + cv_written(&h.b.w)));
	else
		assert_int_equal(world_counter(&w, LNS_ANSWERS_SHORT), 1);
	world_down(&w);
}

/* What is longer than three requests' bytes waits until more of them have come. */
static void
an_answer_beyond_three_times_the_bytes_waits_for_the_next_request(void **state)
{
	static const char yaml[] =
		"identity: {host-name: "
		"'a-name-as-long-as-it-may-be-so-that-the-answer-is-long-as-well-x'}\n"
		"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
		"listeners: [{address: 192.0.2.1/24}]\n"
		"tunnels: {secrets: [{secret-file: tunnel}]}\n"
		"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n"
		"users: [{name: alice, password-file: alice}]\n"
		"limits: {sessions: 100}\n";
	size_t len;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, yaml, 7);
	hand_init(&h, &w, STRANGER, 1701, 7);
	hand_sccrq(&h, "l", "c");
	len = L2TP_CONTROL_HEADER + cv_written(&h.b.w);
	hand_send_ns(&h, 0, 0);
	assert_int_equal(w.n_outside, 0);
	assert_int_equal(world_counter(&w, LNS_ANSWERS_SHORT), 1);
	hand_send_ns(&h, 0, 0);
	assert_int_equal(w.n_outside, 1);
	assert_true(w.outside[0].len > 3 * len);
	assert_true(w.outside[0].len <= 2 * 3 * len);
	hand_send_ns(&h, 0, 0);
	hand_send_ns(&h, 0, 0);
	assert_true(w.n_outside * w.outside[0].len <= 4 * 3 * len);
	world_down(&w);
}

static void
a_caller_is_answered_each_time_it_asks_and_never_unasked(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, OPEN_TO_ALL("tunnels: 10"), 2);
	hand_init(&h, &w, STRANGER, 1701, 7);
	for (unsigned i = 1; i <= 5; i++) {
		ask(&h);
		assert_true(hand_next(&h));
		assert_int_equal(h.m.type, L2TP_SCCRP);
		assert_false(hand_next(&h));
		world_sleep(&w, 8 * CV_NS_PER_S);
		assert_false(hand_next(&h));
		assert_int_equal(status_of(&w).half_open, 1);
	}
	hand_prove(&h, NULL);
	assert_true(hand_next(&h));
	assert_int_equal(h.m.type, L2TP_ZLB);
	assert_int_equal(status_of(&w).half_open, 0);
	assert_int_equal(status_of(&w).tunnels, 1);
	world_down(&w);
}

/* Each of the attacks, beside a caller who needs a round trip. */
static void
one_source_pushes_out_no_other_caller(void **state)
{
	struct world w;
	struct hand honest, forged;

	(void)state;
	for (unsigned attack = 0; attack < 3; attack++) {
		world_up(&w, OPEN_TO_ALL("half-open: 256, tunnels: 100"), 3 + attack);
		hand_init(&honest, &w, STRANGER, 1701, 7);
		ask(&honest);
		assert_true(hand_expect(&honest, L2TP_SCCRP));
		for (uint32_t i = 1; i < 20000; i++) {
			uint32_t ip = 0xcb007100; /* 203.0.113.0/24 */

			/* all of a prefix; one address; one port of it */
			hand_init(&forged, &w, attack == 0 ? ip + i % 256 : ip,
				(uint16_t)(attack == 2 ? 1701 : i), (uint16_t)i);
			ask(&forged);
		}
		w.read_outside = w.n_outside;
		assert_int_equal(status_of(&w).half_open, 256);
		assert_true(world_logged(&w, "callers-forgotten", "limits.half-open"));
		hand_prove(&honest, NULL);
		assert_int_equal(status_of(&w).tunnels, 1);
		world_down(&w);
	}
}

static void
who_opened_a_tunnel_lately_is_forgotten_last(void **state)
{
	unsigned kept = 0, fresh = 0;
	struct world w;
	struct hand h;

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		world_up(&w, OPEN_TO_ALL("half-open: 64, tunnels: 100"), 10 + round);
		establish(&h, &w, STRANGER, 1701, 7);
		hang_up(&h);
		world_sleep(&w, 1000 * CV_NS_PER_S);
		hand_init(&h, &w, STRANGER, 1701, 8);
		ask(&h);
		assert_true(hand_expect(&h, L2TP_SCCRP));
		forge(&w, 1000);
		hand_prove(&h, NULL);
		kept += status_of(&w).tunnels;
		/* with another past it has not much hope */
		hand_init(&h, &w, STRANGER + 0x10000, 1701, 8);
		ask(&h);
		assert_true(hand_expect(&h, L2TP_SCCRP));
		forge(&w, 1000);
		hand_prove(&h, NULL);
		fresh += status_of(&w).tunnels;
		world_down(&w);
	}
	assert_int_equal(kept, 20);
	assert_int_equal(fresh, kept);
}

/* Who forges the addresses of a peer's own prefix gains nothing over the peer either. */
static void
who_opened_a_tunnel_lately_is_forgotten_last_of_its_prefix(void **state)
{
	struct world w;
	struct hand h, forged;

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		world_up(&w, OPEN_TO_ALL("half-open: 64, tunnels: 100"), 30 + round);
		establish(&h, &w, STRANGER, 1701, 7);
		hang_up(&h);
		hand_init(&h, &w, STRANGER, 1701, 8);
		ask(&h);
		assert_true(hand_expect(&h, L2TP_SCCRP));
		for (uint32_t i = 0; i < 1000; i++) {
			hand_init(&forged, &w, STRANGER + 1 + i % 200, (uint16_t)(2000 + i), 7);
			ask(&forged);
		}
		w.read_outside = w.n_outside;
		hand_prove(&h, NULL);
		assert_int_equal(status_of(&w).tunnels, 1);
		world_down(&w);
	}
}

/* As many callers may be remembered as there are IDs: then one gives way for its ID. */
static void
a_flood_that_takes_all_tunnel_ids_keeps_nobody_out(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, OPEN_TO_ALL("half-open: 65535, tunnels: 100"), 70);
	forge(&w, 100000);
	assert_true(status_of(&w).half_open > 65000);
	for (uint16_t i = 0; i < 50; i++) {
		hand_init(&h, &w, STRANGER, (uint16_t)(1701 + i), 7);
		assert_true(hand_tunnel(&h, "lac", NULL));
	}
	assert_int_equal(status_of(&w).tunnels, 50);
	assert_true(world_logged(&w, "callers-forgotten", "no tunnel ID is free"));
	world_down(&w);
}

/* One with a real address, but without the secret, says so as often as it likes. */
static void
wrong_proofs_use_up_no_set_ups(void **state)
{
	static const char yaml[] = "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
				   "listeners: [{address: 192.0.2.1/24}]\n"
				   "tunnels: {secrets: [{secret-file: tunnel}]}\n"
				   "groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n"
				   "users: [{name: alice, password-file: alice}]\n"
				   "limits: {sessions: 100, tunnels: 10, setups-per-second: 2}\n";
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, yaml, 71);
	for (uint16_t i = 1; i <= 20; i++) {
		hand_init(&h, &w, STRANGER, 1701, i);
		assert_false(hand_tunnel(&h, "lac", "a guess"));
		for (unsigned again = 0; again < 5; again++)
			hand_send_ns(&h, 0, 1);
	}
	assert_int_equal(world_counter(&w, LNS_LIMIT_RATE), 0);
	for (uint16_t i = 1; i <= 2; i++) {
		hand_init(&h, &w, STRANGER + i, 1701, 7);
		assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	}
	world_down(&w);
}

/* A caller at some distance: asks, proves itself a round trip later, asks again after 1 and 3 s. */
struct caller {
	struct hand h;
	uint64_t begin, prove_at;
	unsigned asked;
	bool in;
};

enum { CALLERS = 100, PER_MS = 20 };
#define ROUND_TRIP_NS (50 * CV_NS_PER_MS)

static void
caller_step(struct caller *c, uint64_t now)
{
	static const uint64_t when[] = {0, 1 * CV_NS_PER_S, 3 * CV_NS_PER_S};

	if (c->in)
		return;
	if (c->prove_at != 0 && now >= c->prove_at) {
		hand_prove(&c->h, NULL);
		c->prove_at = 0;
		c->in = hand_next(&c->h) && c->h.m.type == L2TP_ZLB;
	}
	if (!c->in && c->asked < 3 && now >= c->begin + when[c->asked]) {
		c->asked++;
		ask(&c->h);
		if (hand_expect(&c->h, L2TP_SCCRP))
			c->prove_at = now + ROUND_TRIP_NS;
	}
}

static void
honest_callers_get_in_beside_forged_sccrqs(void **state)
{
	struct caller *callers = calloc(CALLERS, sizeof(*callers));
	struct world_client *c;
	unsigned in = 0;
	struct world w;

	(void)state;
	assert_non_null(callers);
	/* 4,096 for 20,000 a second is 32,768, the default, for 160,000 */
	world_up(&w, OPEN_TO_ALL("half-open: 4096, tunnels: 1000"), 40);
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_CHAP_MD5);
	c->l2tp_params.secret = NULL;
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	for (unsigned ms = 0; ms < 6000; ms++) {
		forge(&w, PER_MS);
		for (unsigned i = 0; i < CALLERS; i++) {
			if (callers[i].begin == 0) {
				callers[i].begin = w.now + i * 10 * CV_NS_PER_MS;
				hand_init(&callers[i].h, &w, STRANGER + (i << 12), 1701, 7);
			}
			caller_step(&callers[i], w.now);
		}
		world_sleep(&w, CV_NS_PER_MS);
	}
	for (unsigned i = 0; i < CALLERS; i++)
		in += callers[i].in;
	print_message("# %u of %u callers are in beside %u forged SCCRQs a second\n", in, CALLERS,
		1000 * PER_MS);
	assert_true(in >= 95);
	assert_true(c->up);
	assert_int_equal(c->ppp_ups, 1);
	world_down(&w);
	free(callers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_forged_sccrq_draws_one_answer_of_three_times_its_bytes_at_most),
		cmocka_unit_test(an_answer_beyond_three_times_the_bytes_waits_for_the_next_request),
		cmocka_unit_test(a_caller_is_answered_each_time_it_asks_and_never_unasked),
		cmocka_unit_test(one_source_pushes_out_no_other_caller),
		cmocka_unit_test(who_opened_a_tunnel_lately_is_forgotten_last),
		cmocka_unit_test(who_opened_a_tunnel_lately_is_forgotten_last_of_its_prefix),
		cmocka_unit_test(a_flood_that_takes_all_tunnel_ids_keeps_nobody_out),
		cmocka_unit_test(wrong_proofs_use_up_no_set_ups),
		cmocka_unit_test(honest_callers_get_in_beside_forged_sccrqs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
