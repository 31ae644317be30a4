/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Callers after others, or after themselves: what those who have left are in the way of, and who
 * takes the place of whom. Each case is a rule of the behaviour.
 */
#include "door.h"

static void
who_hung_up_counts_against_no_limit(void **state)
{
	struct world w;
	struct hand h[10];

	(void)state;
	world_up(&w, OPEN_TO_ALL("tunnels: 10, tunnels-per-peer: 10"), 50);
	for (unsigned turn = 0; turn < 3; turn++) {
		for (uint16_t i = 0; i < 10; i++)
			establish(&h[i], &w, STRANGER, (uint16_t)(1701 + i), 7);
		for (unsigned i = 0; i < 10; i++)
			hang_up(&h[i]);
		assert_int_equal(status_of(&w).tunnels, 0);
	}
	assert_int_equal(status_of(&w).ended, 30); /* to answer repeated StopCCNs */
	hand_send_ns(&h[0], 0, (uint16_t)(h[0].ns - 1));
	assert_true(hand_next(&h[0]));
	assert_int_equal(h[0].m.type, L2TP_ZLB);
	lns_shutdown(w.lns, w.now);
	assert_true(lns_idle(w.lns)); /* nor does the server's end wait for them */
	world_down(&w);
}

static void
remains_of_tunnels_are_bounded(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, OPEN_TO_ALL("tunnels: 10, setups-per-second: 100000"), 51);
	for (uint32_t i = 0; i < 10000; i++) {
		establish(&h, &w, STRANGER + i, 1701, 7);
		hang_up(&h);
	}
	assert_true(status_of(&w).ended <= 8193);
	assert_true(w.tunnels <= 8193); /* in the data path, too */
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_int_equal(status_of(&w).ended, 0);
	world_down(&w);
}

/* A client that hung up, one that crashed, and another behind the same port of a NAT. */
static void
the_same_id_from_the_same_port_is_a_new_connection_at_once(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, OPEN_TO_ALL("tunnels: 10"), 52);
	establish(&h, &w, STRANGER, 1701, 7);
	hang_up(&h);
	establish(&h, &w, STRANGER, 1701, 7);
	hand_init(&h, &w, STRANGER, 1701, 7);
	hand_sccrq(&h, "another", NULL);
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_SCCRP));
	hand_prove(&h, NULL);
	assert_int_equal(status_of(&w).tunnels, 2);
	/* a HELLO to the older one would be the newcomer's: it comes when that was silent */
	assert_true(hand_expect(&h, L2TP_ZLB));
	assert_false(hand_next(&h));
	world_sleep(&w, 100 * CV_NS_PER_S);
	assert_int_equal(status_of(&w).tunnels, 0);
	world_down(&w);
}

/* Who proves by a secret that it has begun anew has no older tunnel of that ID. */
static void
a_proved_newcomer_takes_the_place_of_its_namesake(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, NULL, 55);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	assert_int_not_equal(hand_call(&h, 5), 0);
	hand_init(&h, &w, STRANGER, 1701, 7);
	hand_sccrq(&h, "lac", "begun anew");
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_SCCRP));
	assert_int_equal(status_of(&w).tunnels, 1); /* nothing was proved yet */
	hand_prove(&h, "tunnelsecret");
	assert_int_equal(status_of(&w).tunnels, 1);
	assert_int_equal(status_of(&w).ended, 0);
	assert_int_equal(status_of(&w).sessions, 0);
	assert_true(world_logged(&w, "tunnel-down", "begun\\x20anew"));
	assert_true(hand_expect(&h, L2TP_ZLB));
	assert_false(hand_next(&h)); /* neither HELLO nor StopCCN nor CDN */
	assert_int_not_equal(hand_call(&h, 5), 0);
	world_down(&w);
}

#define LONG_HOST                                                        \
	"a-lac-whose-name-is-much-longer-than-what-is-kept-of-it-while-" \
	"it-has-not-proved-itself.example"

/* What the SCCRQ was found to need is what the SCCCN has to prove. */
static void
a_long_host_name_has_its_secret_to_the_end(void **state)
{
	static const char yaml[] =
		"ports: [{name: wan, device: 'af_packet:lns0'}]\n"
		"listeners: [{address: 192.0.2.1/24}]\n"
		"tunnels: {secrets: [{host: " LONG_HOST ", secret-file: tunnel}]}\n"
		"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n"
		"users: [{name: alice, password-file: alice}]\n"
		"limits: {sessions: 100}\n";
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, yaml, 57);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_false(hand_tunnel(&h, LONG_HOST, NULL));
	assert_int_equal(status_of(&w).tunnels, 0);
	assert_int_equal(world_counter(&w, LNS_TUNNEL_AUTH), 1);
	hand_init(&h, &w, STRANGER, 1702, 7);
	assert_true(hand_tunnel(&h, LONG_HOST, "tunnelsecret"));
	assert_int_equal(status_of(&w).tunnels, 1);
	world_down(&w);
}

/* A port that a NAT gave to somebody else before the tunnel was there: the last one counts. */
static void
another_sccrq_takes_the_place_of_one_that_waits(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, OPEN_TO_ALL("tunnels: 10"), 55);
	hand_init(&h, &w, STRANGER, 1701, 7);
	hand_sccrq(&h, "one", NULL);
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_SCCRP));
	hand_init(&h, &w, STRANGER, 1701, 7);
	hand_sccrq(&h, "another", NULL);
	hand_send(&h, 0);
	assert_true(hand_expect(&h, L2TP_SCCRP));
	assert_int_equal(status_of(&w).half_open, 1);
	hand_prove(&h, NULL);
	assert_true(world_logged(&w, "tunnel-up", "host=another"));
	world_down(&w);
}

static void
a_callers_stopccn_without_our_id_forgets_it(void **state)
{
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, OPEN_TO_ALL("tunnels: 10"), 53);
	hand_init(&h, &w, STRANGER, 1701, 7);
	ask(&h);
	hand_begin(&h, L2TP_STOPCCN);
	l2tp_put_u16(&h.b, L2TP_AVP_ASSIGNED_TUNNEL_ID, 7);
	l2tp_put(&h.b, L2TP_AVP_RESULT_CODE, "\0\1", 2);
	h.peer_tunnel = 0;
	hand_send_ns(&h, 0, 1);
	assert_int_equal(status_of(&w).half_open, 0);
	assert_true(hand_expect(&h, L2TP_ZLB));
	world_down(&w);
}

/* A LAC with many tunnels from one port, all of which answer their HELLOs: a new tunnel of it makes
 * one HELLO, and the older ones have it in turn. */
static void
a_newcomer_asks_one_older_tunnel_of_its_port_in_turn(void **state)
{
	enum { TUNNELS = 200 };
	struct hand h[TUNNELS];
	unsigned asked[TUNNELS] = {0};
	struct world w;

	(void)state;
	world_up(&w, OPEN_TO_ALL("tunnels: 5000, tunnels-per-peer: 5000, setups-per-second: 9000"),
		56);
	for (uint16_t i = 0; i < TUNNELS; i++) {
		unsigned hellos = 0;

		hand_init(&h[i], &w, STRANGER, 1701, (uint16_t)(i + 1));
		hand_sccrq(&h[i], "lac", NULL);
		hand_send(&h[i], 0);
		assert_true(hand_expect(&h[i], L2TP_SCCRP));
		hand_prove(&h[i], NULL);
		while (hand_next(&h[i])) {
			unsigned to = h[i].header.tunnel_id - 1u;

			if (h[i].m.type != L2TP_HELLO)
				continue;
			hellos++;
			asked[to]++;
			h[to].nr = (uint16_t)(h[i].header.ns + 1);
			hand_zlb(&h[to]);
		}
		assert_int_equal(hellos, i == 0 ? 0 : 1);
	}
	for (unsigned i = 0; i < TUNNELS / 2; i++)
		assert_in_range(asked[i], 1, 8); /* each time that their number doubles */
	world_sleep(&w, 40 * CV_NS_PER_S);
	assert_int_equal(status_of(&w).tunnels, TUNNELS);
	world_down(&w);
}

/* Forged with the address, port and name of a LAC that has many tunnels. */
static void
a_forged_sccrq_makes_one_packet_to_a_lac_however_many_tunnels_it_has(void **state)
{
	enum { TUNNELS = 1000 };
	unsigned before;
	struct world w;
	struct hand h;

	(void)state;
	world_up(&w, OPEN_TO_ALL("tunnels: 5000, tunnels-per-peer: 5000, setups-per-second: 9000"),
		54);
	for (uint16_t i = 1; i <= TUNNELS; i++) {
		before = w.n_outside;
		hand_init(&h, &w, STRANGER, 1701, i);
		hand_sccrq(&h, "lac", NULL);
		hand_send(&h, 0);
		assert_true(hand_expect(&h, L2TP_SCCRP));
		hand_prove(&h, NULL);
		/* SCCRP and ZLB, and at most one HELLO to an older one of them */
		assert_true(w.n_outside - before <= 3);
		while (hand_next(&h))
			;
	}
	world_sleep(&w, CV_NS_PER_S);
	assert_int_equal(status_of(&w).tunnels, TUNNELS);
	before = w.n_outside;
	for (uint16_t i = 1; i <= 5; i++) {
		hand_init(&h, &w, STRANGER, 1701, (uint16_t)(5000 + i));
		ask(&h);
	}
	assert_int_equal(w.n_outside - before, 5);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_hung_up_counts_against_no_limit),
		cmocka_unit_test(remains_of_tunnels_are_bounded),
		cmocka_unit_test(the_same_id_from_the_same_port_is_a_new_connection_at_once),
		cmocka_unit_test(a_proved_newcomer_takes_the_place_of_its_namesake),
		cmocka_unit_test(a_long_host_name_has_its_secret_to_the_end),
		cmocka_unit_test(another_sccrq_takes_the_place_of_one_that_waits),
		cmocka_unit_test(a_callers_stopccn_without_our_id_forgets_it),
		cmocka_unit_test(a_newcomer_asks_one_older_tunnel_of_its_port_in_turn),
		cmocka_unit_test(
			a_forged_sccrq_makes_one_packet_to_a_lac_however_many_tunnels_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
