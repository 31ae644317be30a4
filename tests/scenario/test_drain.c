/* SPDX-License-Identifier: BSD-3-Clause */
/* A server that is drained: newcomers are sent to another one, what runs goes on, or is ended bit
 * by bit. */
#include <string.h>

#include "hand.h"

#define USER(name) "  {name: " name ", password-file: alice.secret, group: g},\n"
static const char four[] = "ports: [{name: wan, device: 'af_packet:lns0'}]\n"
			   "listeners: [{address: 192.0.2.1/24}]\n"
			   "tunnels: {secrets: [{secret-file: tunnel.secret}]}\n"
			   "groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.8/29}]\n"
			   "users: [\n" USER("a") USER("b") USER("c")
				   USER("d") "]\n"
					     "limits: {sessions: 100, tunnels: 100}\n";

static struct world_client *
dial(struct world *w, const char *user)
{
	struct world_client *c = world_client(w, user, "pass-a", PPP_AUTH_CHAP_MD5);

	client_dial(c);
	assert_true(world_run(w, 10 * CV_NS_PER_S, all_up));
	return c;
}

static struct lns_status
status_of(const struct world *w)
{
	struct lns_status status;

	lns_status(w->lns, &status);
	return status;
}

/* The last message of the server sends its peer elsewhere (RFC 2661 section 4.4.2). */
static void
assert_elsewhere(struct hand *h)
{
	char text[L2TP_MESSAGE_MAX];
	struct l2tp_reason reason = hand_reason(h, text);

	assert_int_equal(reason.result, 2);
	assert_int_equal(reason.error, L2TP_ERROR_TRY_ANOTHER);
	assert_string_equal(text, "the server is being drained");
}

static void
newcomers_are_sent_elsewhere_and_what_runs_goes_on(void **state)
{
	struct hand old, late, new;
	struct world_client *c;
	struct world_toll toll;
	struct world w;

	(void)state;
	world_up(&w, four, 1);
	c = dial(&w, "a");
	hand_init(&old, &w, STRANGER, 1000, 7);
	assert_true(hand_tunnel(&old, "lac", "tunnelsecret"));
	assert_int_not_equal(hand_call(&old, 1), 0);
	hand_init(&late, &w, STRANGER, 1001, 7);
	hand_sccrq(&late, "lac", NULL);
	hand_send(&late, 0);
	assert_true(hand_expect(&late, L2TP_SCCRP));
	assert_false(status_of(&w).draining);

	lns_drain(w.lns, w.now, 0);
	assert_true(status_of(&w).draining);
	assert_int_equal(status_of(&w).drain_since, w.now);
	assert_true(world_logged(&w, "drain", "tunnels=2 sessions=2 over_s=0"));
	hand_init(&new, &w, STRANGER, 1002, 7);
	assert_false(hand_tunnel(&new, "lac", "tunnelsecret"));
	assert_int_equal(new.m.type, L2TP_STOPCCN);
	assert_elsewhere(&new);
	/* who had been answered already, too */
	hand_prove(&late, "tunnelsecret");
	assert_true(hand_expect(&late, L2TP_STOPCCN));
	assert_elsewhere(&late);
	assert_int_equal(hand_call(&old, 2), 0);
	assert_int_equal(old.m.type, L2TP_CDN);
	assert_elsewhere(&old);
	assert_int_equal(world_counter(&w, LNS_DRAIN_TUNNELS), 2);
	assert_int_equal(world_counter(&w, LNS_DRAIN_CALLS), 1);
	assert_int_equal(world_counter(&w, LNS_DRAIN_ENDED), 0);

	/* a reload is nothing to it, nor a long time */
	world_reload(&w, four, &toll);
	world_sleep(&w, 300 * CV_NS_PER_S);
	assert_true(c->up);
	assert_true(status_of(&w).draining);
	hand_init(&new, &w, STRANGER, 1003, 7);
	assert_false(hand_tunnel(&new, "lac", "tunnelsecret"));

	lns_drain_end(w.lns, w.now);
	assert_false(status_of(&w).draining);
	assert_int_equal(status_of(&w).drain_since, 0);
	hand_init(&new, &w, STRANGER, 1004, 7);
	assert_true(hand_tunnel(&new, "lac", "tunnelsecret"));
	assert_int_not_equal(hand_call(&new, 1), 0);
	world_down(&w);
}

static void
sessions_end_spread_over_the_time(void **state)
{
	struct world w;

	(void)state;
	world_up(&w, four, 2);
	for (unsigned i = 0; i < WORLD_CLIENTS; i++)
		dial(&w, (const char *[]){"a", "b", "c", "d"}[i]);
	assert_int_equal(status_of(&w).open_sessions, WORLD_CLIENTS);
	lns_drain(w.lns, w.now, 40 * CV_NS_PER_S);
	assert_int_equal(status_of(&w).drain_until, w.now + 40 * CV_NS_PER_S);
	world_sleep(&w, 5 * CV_NS_PER_S);
	assert_int_equal(status_of(&w).open_sessions, 4);
	for (unsigned left = 3; left > 0; left--) { /* after 15, 25, 35 s */
		world_sleep(&w, 10 * CV_NS_PER_S);
		assert_int_equal(status_of(&w).open_sessions, left);
		assert_string_equal(w.reason, "ended by the administrator");
	}
	assert_int_equal(status_of(&w).tunnels, WORLD_CLIENTS);
	assert_false(world_logged(&w, "drained", "after_s"));
	world_sleep(&w, 15 * CV_NS_PER_S);
	assert_int_equal(status_of(&w).open_sessions, 0);
	assert_int_equal(status_of(&w).tunnels, 0);
	assert_int_equal(status_of(&w).drain_until, CV_TIME_NEVER);
	assert_true(status_of(&w).draining);
	assert_int_equal(world_counter(&w, LNS_DRAIN_ENDED), WORLD_CLIENTS);
	assert_true(world_logged(&w, "drained", "after_s=4"));
	for (unsigned i = 0; i < w.n_clients; i++) {
		assert_int_equal(w.clients[i].call_downs, 1); /* by CDN, before its tunnel */
		assert_int_equal(w.clients[i].call_reason.result, L2TP_CDN_ADMINISTRATIVE);
		assert_int_equal(w.clients[i].tunnel_reason.result, L2TP_STOPCCN_SHUTTING_DOWN);
	}
	world_down(&w);
}

/* The most that there were is known when they are gone. */
static void
the_most_is_remembered(void **state)
{
	struct hand h[2];
	struct lns_highest most;
	struct world w;

	(void)state;
	world_up(&w, four, 4);
	dial(&w, "a");
	for (unsigned i = 0; i < 2; i++) {
		hand_init(&h[i], &w, STRANGER, (uint16_t)(1000 + i), 7);
		hand_sccrq(&h[i], "lac", NULL);
		hand_send(&h[i], 0);
		assert_true(hand_expect(&h[i], L2TP_SCCRP));
	}
	for (unsigned i = 0; i < 2; i++)
		hand_prove(&h[i], "tunnelsecret");
	assert_int_not_equal(hand_call(&h[0], 1), 0);
	assert_int_not_equal(hand_call(&h[0], 2), 0);
	assert_int_not_equal(hand_call(&h[0], 3), 0);
	lns_drain(w.lns, w.now, CV_NS_PER_S);
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_int_equal(status_of(&w).tunnels, 0);
	most = status_of(&w).highest;
	assert_int_equal(most.tunnels, 3);
	assert_int_equal(most.tunnels_per_peer, 2);
	assert_int_equal(most.half_open, 2);
	assert_int_equal(most.setups_per_second, 4); /* calls, all within one */
	assert_int_equal(most.sessions, 4);
	assert_int_equal(most.sessions_per_tunnel, 3);
	world_down(&w);
}

static void
a_later_word_counts(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	world_up(&w, four, 3);
	c = dial(&w, "a");
	lns_drain(w.lns, w.now, 20 * CV_NS_PER_S);
	world_sleep(&w, 10 * CV_NS_PER_S);
	lns_drain(w.lns, w.now, 0);
	assert_int_equal(status_of(&w).drain_since, w.now - 10 * CV_NS_PER_S);
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_true(c->up);
	lns_drain(w.lns, w.now, CV_NS_PER_S);
	world_sleep(&w, CV_NS_PER_S / 2);
	lns_drain_end(w.lns, w.now); /* before it was the session's turn */
	world_sleep(&w, 60 * CV_NS_PER_S);
	assert_true(c->up);
	lns_drain_end(w.lns, w.now);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newcomers_are_sent_elsewhere_and_what_runs_goes_on),
		cmocka_unit_test(sessions_end_spread_over_the_time),
		cmocka_unit_test(the_most_is_remembered),
		cmocka_unit_test(a_later_word_counts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
