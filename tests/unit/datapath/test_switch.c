/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes by a session that is joined to another one leaves by that, byte for byte. */
#include <string.h>

#include "switch.h"

static const uint8_t lcp_echo[] = {0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4};

/* Each pair, in both directions. */
static const struct {
	unsigned from, to;
} ways[] = {{W, X}, {X, W}, {W6, X6}, {X6, W6}, {W, X6}, {X6, W}, {W6, X}, {X, W6}};

/* Joins those of a way, and no others. */
static void
join_way(struct ends *e, unsigned way)
{
	static const unsigned pairs[][2] = {{W, X}, {W6, X6}, {W, X6}, {W6, X}};
	const unsigned *pair = pairs[way / 2];

	for (unsigned i = 0; i < ENDS; i++)
		assert_int_equal(dp_switch_set(e->b->dp, e->at[i].slot, DP_NO_SLOT), 0);
	join(e, pair[0], pair[1]);
}

/* A PPP frame of any protocol and form, or of none. */
static size_t
any_frame(uint64_t *random, uint8_t *ppp)
{
	static const char heads[][5] = {"\xff\x03\x00\x21", "\xff\x03\x21", "\x21", "\xff\x03\x57",
		"\x57", "\xff\x03\xc0\x21", "\xc0\x21", "\xff\x03\x80\x21", "\x3d", "\xfd",
		"\xff\x03\x00\xfd", "\xff", "\xff\x03", "\x45"};
	static const uint8_t lengths[] = {4, 3, 1, 3, 1, 4, 2, 4, 1, 1, 4, 1, 2, 1};
	unsigned head = random_below(random, RTE_DIM(lengths));
	size_t len = 1 + random_below(random, random_below(random, 3) == 0 ? 1400 : 80);

	for (size_t i = 0; i < len; i++)
		ppp[i] = (uint8_t)random_below(random, 256);
	if (random_below(random, 8) != 0)
		memcpy(ppp, heads[head], RTE_MIN(len, (size_t)lengths[head]));
	return len;
}

static struct form
any_form(uint64_t *random)
{
	struct form f = {.length = random_below(random, 2) != 0,
		.sequence = random_below(random, 6) == 0,
		.offset = random_below(random, 6) == 0,
		.priority = random_below(random, 8) == 0,
		.tos = random_below(random, 3) == 0
			       ? (uint8_t)(random_below(random, 64) << 2 | random_below(random, 3))
			       : 0,
		.offset_bytes = (uint8_t)random_below(random, 9)};

	f.padding = f.length && random_below(random, 4) == 0 ? (uint8_t)random_below(random, 9) : 0;
	return f;
}

static void
frames_leave_as_they_came(void **state)
{
	static const uint16_t sends[] = {0, DP_SEND_LENGTH, DP_SEND_ACFC | DP_SEND_PFC};
	uint8_t ppp[PPP_MOST];
	uint64_t random = 20261126;
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	for (unsigned k = 0; k < RTE_DIM(sends) * RTE_DIM(ways); k++) {
		unsigned way = k % RTE_DIM(ways);

		if (way == 0)
			for (unsigned i = 0; i < ENDS; i++)
				end_set(&e, i, sends[k / RTE_DIM(ways)]);
		join_way(&e, way);
		for (unsigned i = 0; i < 400; i++) {
			struct form f = any_form(&random);
			size_t len = any_frame(&random, ppp);

			end_sends(&e, ways[way].from, &f, ppp, len);
			end_gets(&e, ways[way].from, ways[way].to, ppp, len, f.tos & 0xfc);
			assert_int_equal(take_frame(&b).len, 0);
		}
	}
	ends_count(&e);
	assert_int_equal(edges(&b, DP_EDGE_INGRESS_PUNT_PPP), 0);
	assert_int_equal(edges(&b, DP_EDGE_INGRESS_ROUTE), 0);
	assert_int_equal(edges(&b, DP_EDGE_INGRESS_SWITCH), 400 * RTE_DIM(sends) * RTE_DIM(ways));
	assert_int_equal(edges(&b, DP_EDGE_EGRESS_TX), edges(&b, DP_EDGE_INGRESS_SWITCH));
	bench_down(&b);
}

static void
a_checksum_is_carried_on_or_made(void **state)
{
	uint8_t ppp[PPP_MOST];
	uint64_t random = 7;
	struct frame_bytes f;
	struct bench b;
	struct ends e;

	(void)state;
	ends_up(&e, &b, 0);
	for (unsigned way = 0; way < RTE_DIM(ways); way++) {
		join_way(&e, way);
		for (unsigned i = 0; i < 200; i++) {
			struct form form = any_form(&random);
			size_t len = any_frame(&random, ppp);

			form.wrong_checksum = true;
			end_sends(&e, ways[way].from, &form, ppp, len);
			f = take_frame(&b);
			end_datagram(&e, ways[way].to,
				end_outer(&e, ways[way].to, &f, form.tos & 0xfc), ppp, len);
			assert_false(end_sum_right(ways[way].to, &f));
			if (end_is6(ways[way].from))
				continue;
			form.wrong_checksum = false;
			form.no_checksum = true;
			end_sends(&e, ways[way].from, &form, ppp, len);
			end_gets(&e, ways[way].from, ways[way].to, ppp, len, form.tos & 0xfc);
		}
	}
	bench_down(&b);
}

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
	uint8_t packet[FRAME_MAX] = {0xff, 0x03, 0x00, 0x21};
	uint32_t other = 77;

	assert_int_equal(dp_switch_get(e->b->dp, e->at[end].slot, &other), 0);
	assert_int_equal(other, DP_NO_SLOT);
	end_sends(e, end, &f, lcp_echo, sizeof(lcp_echo));
	inner_packet(packet + 4, INNER_A, INNER_B, WIRE_ESP, 100);
	end_sends(e, end, &f, packet, 104);
	assert_int_equal(drops(e->b, DP_DROP_SWITCH_ALONE), before + 2);
	assert_int_equal(take_frame(e->b).len, 0);
	assert_int_equal(punted(e->b), 0);
}

static void
are_joined(struct ends *e, unsigned one, unsigned other)
{
	const struct form f = {0};
	uint8_t packet[FRAME_MAX] = {0xff, 0x03, 0x00, 0x21};

	inner_packet(packet + 4, INNER_A, INNER_B, WIRE_ESP, 100);
	for (unsigned i = 0; i < 2; i++) {
		unsigned from = i == 0 ? one : other, to = i == 0 ? other : one;

		end_sends(e, from, &f, lcp_echo, sizeof(lcp_echo));
		end_gets(e, from, to, lcp_echo, sizeof(lcp_echo), 0);
		end_sends(e, from, &f, packet, 104);
		end_gets(e, from, to, packet, 104, 0);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_WAYS(frames_leave_as_they_came),
		BOTH_WAYS(a_checksum_is_carried_on_or_made),
		cmocka_unit_test(only_some_can_be_joined),
		BOTH_WAYS(a_join_ends_with_either),
		BOTH_WAYS(a_join_outlives_changes),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
