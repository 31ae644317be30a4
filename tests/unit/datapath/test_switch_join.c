/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions are joined to one another, and a join ends when either goes. */
#include "switch.h"

static const uint8_t lcp_echo[] = {0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4};
static uint8_t ppp_of_ip[104] = {0xff, 0x03, 0x00, 0x21}; /* ESP from A to B */

/* Nothing joins what is not there, or has been told otherwise. */
static void
only_some_can_be_joined(void **state)
{
	struct dp_session open;
	uint32_t other = 77;
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	assert_int_equal(dp_switch_set(b.dp, e.at[W].slot, e.at[W].slot), CV_ERR_CONFIG);
	assert_int_equal(dp_switch_set(b.dp, e.at[W].slot, b.slot_a), CV_ERR_CONFIG);
	assert_int_equal(dp_switch_set(b.dp, b.slot_a, e.at[W].slot), CV_ERR_CONFIG);
	assert_int_equal(dp_switch_set(b.dp, b.slot_a, DP_NO_SLOT), CV_ERR_CONFIG);
	assert_int_equal(dp_switch_set(b.dp, e.at[W].slot, b.dp->slot_mask + 1), CV_ERR_UNKNOWN);
	assert_int_equal(dp_switch_set(b.dp, b.dp->slot_mask + 1, e.at[W].slot), CV_ERR_UNKNOWN);
	assert_int_equal(dp_switch_set(b.dp, DP_NO_SLOT, e.at[W].slot), CV_ERR_UNKNOWN);
	assert_int_equal(dp_switch_get(b.dp, e.at[W].slot, &other), CV_ERR_UNKNOWN);
	assert_int_equal(dp_switch_get(b.dp, DP_NO_SLOT, &other), CV_ERR_UNKNOWN);
	assert_int_equal(other, 77);

	join(&e, W, X);
	join(&e, W, X);
	join(&e, X, W);
	assert_int_equal(dp_switch_set(b.dp, e.at[W].slot, e.at[X6].slot), CV_ERR_EXISTS);
	assert_int_equal(dp_switch_set(b.dp, e.at[X6].slot, e.at[W].slot), CV_ERR_EXISTS);
	assert_int_equal(dp_switch_get(b.dp, e.at[W].slot, &other), 0);
	assert_int_equal(other, e.at[X].slot);
	assert_int_equal(dp_switch_get(b.dp, e.at[X].slot, &other), 0);
	assert_int_equal(other, e.at[W].slot);

	/* it carries frames, or is a client's own */
	open = e.at[W].told;
	open.open = true;
	open.address = cv_ipv4(INNER_A + 9);
	assert_int_equal(dp_session_set(b.dp, &open, NULL), CV_ERR_CONFIG);
	open.open = false;
	open.open6 = true;
	assert_int_equal(dp_session_set(b.dp, &open, NULL), CV_ERR_CONFIG);
	assert_int_equal(dp_session_clear(b.dp, e.at[X].slot, NULL), 0);
	assert_int_equal(dp_switch_set(b.dp, e.at[W].slot, e.at[X].slot), CV_ERR_UNKNOWN);
	assert_int_equal(dp_switch_get(b.dp, e.at[X].slot, &other), CV_ERR_UNKNOWN);
	bench_down(&b);
}

static unsigned
punted(struct bench *b)
{
	struct dp_punt p;
	unsigned n = 0;

	dp_control_poll(b->dp, b->now);
	while (dp_punt_next(b->dp, &p)) {
		assert_int_equal(p.class, DP_PUNT_PPP);
		dp_punt_release(b->dp, &p);
		n++;
	}
	return n;
}

/* What comes by this end is dropped, as it has no other one. */
static void
is_alone(struct ends *e, unsigned end)
{
	uint64_t before = drops(e->b, DP_DROP_SWITCH_ALONE);
	const struct form f = {0};
	uint32_t other = 77;

	assert_int_equal(dp_switch_get(e->b->dp, e->at[end].slot, &other), 0);
	assert_int_equal(other, DP_NO_SLOT);
	end_sends(e, end, &f, lcp_echo, sizeof(lcp_echo));
	end_sends(e, end, &f, ppp_of_ip, sizeof(ppp_of_ip));
	assert_int_equal(drops(e->b, DP_DROP_SWITCH_ALONE), before + 2);
	assert_int_equal(take_frame(e->b).len, 0);
	assert_int_equal(punted(e->b), 0);
}

static void
are_joined(struct ends *e, unsigned one, unsigned other)
{
	const struct form f = {0};

	for (unsigned i = 0; i < 2; i++) {
		unsigned from = i == 0 ? one : other, to = i == 0 ? other : one;

		end_sends(e, from, &f, lcp_echo, sizeof(lcp_echo));
		end_gets(e, from, to, lcp_echo, sizeof(lcp_echo), 0);
		end_sends(e, from, &f, ppp_of_ip, sizeof(ppp_of_ip));
		end_gets(e, from, to, ppp_of_ip, sizeof(ppp_of_ip), 0);
	}
	assert_int_equal(take_frame(e->b).len, 0);
}

/* PPP is the control thread's until they are joined, and not when one of them goes. */
static void
a_join_ends_with_either(void **state)
{
	const struct form f = {0};
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	end_sends(&e, W, &f, lcp_echo, sizeof(lcp_echo));
	assert_int_equal(punted(&b), 1);
	end_sends(&e, W, &f, "\x21\x45", 2);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_NOT_OPEN), 1);
	end_sends(&e, W, &f, "\xff\x03\x21", 3);
	end_sends(&e, W, &f, "\xff\x03", 2);
	end_sends(&e, W, &f, "", 0);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_PPP_HEADER), 3);

	join(&e, W, X);
	are_joined(&e, W, X);
	end_sends(&e, W, &f, "", 0);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_PPP_HEADER), 4);

	/* the other one goes, and is back under the same IDs: nobody's, as any new one */
	assert_int_equal(dp_session_clear(b.dp, e.at[X].slot, NULL), 0);
	e.at[X].rx_packets = e.at[X].rx_bytes = e.at[X].tx_packets = e.at[X].tx_bytes = 0;
	is_alone(&e, W);
	end_set(&e, X, 0);
	is_alone(&e, W);
	end_sends(&e, X, &f, lcp_echo, sizeof(lcp_echo));
	assert_int_equal(punted(&b), 1);
	join(&e, X, W);
	are_joined(&e, W, X);

	/* another one takes its place */
	assert_int_equal(dp_switch_set(b.dp, e.at[X].slot, DP_NO_SLOT), 0);
	is_alone(&e, W);
	is_alone(&e, X);
	join(&e, W, X6);
	are_joined(&e, W, X6);
	is_alone(&e, X);

	/* it may become a client's */
	e.at[W].told.send = 0;
	assert_int_equal(dp_session_set(b.dp, &e.at[W].told, NULL), 0);
	is_alone(&e, X6);
	end_sends(&e, W, &f, lcp_echo, sizeof(lcp_echo));
	assert_int_equal(punted(&b), 1);
	end_set(&e, W, 0);
	end_sends(&e, W, &f, lcp_echo, sizeof(lcp_echo));
	assert_int_equal(punted(&b), 1);
	join(&e, W, X6);
	are_joined(&e, W, X6);
	ends_count(&e);
	bench_down(&b);
}

/* Headers and peers change, and they are still joined. */
static void
a_join_outlives_changes(void **state)
{
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	join(&e, W, X);
	e.at[X].told.peer_tunnel_id = 777;
	end_set(&e, X, DP_SEND_LENGTH);
	are_joined(&e, W, X);
	e.at[W].told.peer.port++;
	end_set(&e, W, 0);
	are_joined(&e, W, X);
	end_set(&e, W, DP_SEND_SEQUENCE);
	end_set(&e, W, 0);
	are_joined(&e, W, X);
	ends_count(&e);
	bench_down(&b);
}

/* A frame too short for a protocol waits for its turn, and in the meantime it is a client's. */
static void
what_waited_may_be_nobodys(void **state)
{
	const struct form f = {.sequence = true};
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, DP_SEND_SEQUENCE);
	bench_pass(&b, 0);
	join(&e, W, X);
	end_sends(&e, W, &f, lcp_echo, sizeof(lcp_echo));
	end_gets(&e, W, X, lcp_echo, sizeof(lcp_echo), 0);
	e.at[W].ns = 2;
	end_sends(&e, W, &f, "\xff", 1);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_PPP_HEADER), 0);
	e.at[W].told.send = DP_SEND_SEQUENCE;
	assert_int_equal(dp_session_set(b.dp, &e.at[W].told, NULL), 0);
	e.at[W].ns = 1;
	end_sends(&e, W, &f, lcp_echo, sizeof(lcp_echo));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_PPP_HEADER), 1);
	assert_int_equal(punted(&b), 1);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_some_can_be_joined),
		BOTH_WAYS(a_join_ends_with_either),
		BOTH_WAYS(a_join_outlives_changes),
		cmocka_unit_test(what_waited_may_be_nobodys),
	};

	if (harness_eal() != 0)
		return 1;
	inner_packet(ppp_of_ip + 4, INNER_A, INNER_B, WIRE_ESP, 100);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
