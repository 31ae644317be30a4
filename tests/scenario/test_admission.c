/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The door: what strangers get before they have proved themselves, whom a flood keeps out, and what
 * those who have left are in the way of. Each case is a rule of the behaviour.
 */
#include "hand.h"

#include <stdlib.h>
#include <string.h>

enum { STRANGER = 0xc6336401 }; /* 198.51.100.1 */

#define OPEN_TO_ALL(limits)                                           \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"            \
	"listeners: [{address: 192.0.2.1/24}]\n"                      \
	"tunnels: {secrets: [{secret: none}]}\n"                      \
	"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n" \
	"users: [{name: alice, password-file: alice}]\n"              \
	"limits: {sessions: 100, " limits "}\n"

static struct lns_status
status_of(const struct world *w)
{
	struct lns_status status;

	lns_status(w->lns, &status);
	return status;
}

/* The SCCRQ, the same to the byte each time. */
static void
ask(struct hand *h)
{
	h->peer_tunnel = h->nr = 0;
	hand_sccrq(h, "lac", NULL);
	hand_send_ns(h, 0, 0);
	h->ns = 1;
}

/* Forged requests with sources in as many prefixes as there are numbers. */
static void
forge(struct world *w, unsigned n)
{
	struct hand h;

	for (unsigned i = 0; i < n; i++) {
		hand_init(&h, w, 0x01000000 + world_random(w) % 0xd0000000,
			(uint16_t)world_random(w), (uint16_t)(world_random(w) | 1));
		ask(&h);
	}
	w->read_outside = w->n_outside; /* nobody reads those answers */
}

static void
establish(struct hand *h, struct world *w, uint32_t ip, uint16_t port, uint16_t id)
{
	hand_init(h, w, ip, port, id);
	assert_true(hand_tunnel(h, "lac", NULL));
}

static void
hang_up(struct hand *h)
{
	hand_begin(h, L2TP_STOPCCN);
	l2tp_put_u16(&h->b, L2TP_AVP_ASSIGNED_TUNNEL_ID, h->tunnel_id);
	l2tp_put(&h->b, L2TP_AVP_RESULT_CODE, "\0\1", 2);
	hand_send(h, 0);
	assert_true(hand_next(h));
	assert_int_equal(h->m.type, L2TP_ZLB);
}

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
		cmocka_unit_test(a_forged_sccrq_draws_one_answer_of_three_times_its_bytes_at_most),
		cmocka_unit_test(an_answer_beyond_three_times_the_bytes_waits_for_the_next_request),
		cmocka_unit_test(a_caller_is_answered_each_time_it_asks_and_never_unasked),
		cmocka_unit_test(one_source_pushes_out_no_other_caller),
		cmocka_unit_test(who_opened_a_tunnel_lately_is_forgotten_last),
		cmocka_unit_test(who_opened_a_tunnel_lately_is_forgotten_last_of_its_prefix),
		cmocka_unit_test(a_flood_that_takes_all_tunnel_ids_keeps_nobody_out),
		cmocka_unit_test(wrong_proofs_use_up_no_set_ups),
		cmocka_unit_test(honest_callers_get_in_beside_forged_sccrqs),
		cmocka_unit_test(who_hung_up_counts_against_no_limit),
		cmocka_unit_test(remains_of_tunnels_are_bounded),
		cmocka_unit_test(the_same_id_from_the_same_port_is_a_new_connection_at_once),
		cmocka_unit_test(a_long_host_name_has_its_secret_to_the_end),
		cmocka_unit_test(another_sccrq_takes_the_place_of_one_that_waits),
		cmocka_unit_test(a_proved_newcomer_takes_the_place_of_its_namesake),
		cmocka_unit_test(a_callers_stopccn_without_our_id_forgets_it),
		cmocka_unit_test(a_newcomer_asks_one_older_tunnel_of_its_port_in_turn),
		cmocka_unit_test(
			a_forged_sccrq_makes_one_packet_to_a_lac_however_many_tunnels_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
