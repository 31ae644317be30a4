/* SPDX-License-Identifier: BSD-3-Clause */
/* Where Sequencing Required was agreed: the order is restored, and what is lost or old is known. */
#include "harness.h"

enum { ESP = 50, LEN = 100, NS_AT = 14 + 20 + 8 + 6 };

/* A packet of A with its number in the message, and in the packet. */
static size_t
numbered(const struct bench *b, uint16_t ns, uint8_t *frame)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {.sequence = true, .no_checksum = true};
	size_t len = inner_packet(packet, INNER_A, INNER_B, ESP, LEN);

	wire_put16(packet + 40, ns);
	len = build_data(b, true, &wire, packet, len, frame);
	wire_put16(frame + NS_AT, ns);
	return len;
}

static void
put(struct bench *b, uint16_t ns)
{
	uint8_t frame[FRAME_MAX];

	put_frame(b, frame, numbered(b, ns, frame));
}

/* Into the ring alone: a burst is what was put in so. */
static void
queue(struct bench *b, uint16_t ns)
{
	uint8_t frame[FRAME_MAX];
	size_t len = numbered(b, ns, frame);
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	assert_int_equal(rte_ring_enqueue(b->in, m), 0);
}

/* B gets these and no other, in this order. */
#define GETS(b, ...) \
	gets((b), (const uint16_t[]){__VA_ARGS__}, sizeof((uint16_t[]){__VA_ARGS__}) / 2)

static void
gets(struct bench *b, const uint16_t *ns, size_t n)
{
	uint8_t got[FRAME_MAX];

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(take_inner(b, false, got), LEN);
		assert_int_equal(wire_get16(got + 40), ns[i]);
	}
	assert_int_equal(take_frame(b).len, 0);
}

static void
none(struct bench *b)
{
	assert_int_equal(take_frame(b).len, 0);
}

static void
up(struct bench *b)
{
	bench_up(b, DP_SEND_SEQUENCE, 0);
	bench_pass(b, 0);
}

static uint64_t
lost(const struct bench *b)
{
	struct dp_sequence_counters n;

	dp_session_sequence(b->dp, b->slot_a, &n);
	assert_int_equal(n.lost, edges(b, DP_EDGE_SEQUENCE_LOST));
	return n.lost;
}

static uint64_t
old(const struct bench *b)
{
	struct dp_sequence_counters n;

	dp_session_sequence(b->dp, b->slot_a, &n);
	assert_int_equal(n.old, drops(b, DP_DROP_SEQUENCE_OLD));
	return n.old;
}

static void
the_order_is_restored(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	put(&b, 0);
	GETS(&b, 0);
	put(&b, 2);
	put(&b, 4);
	none(&b);
	put(&b, 1);
	GETS(&b, 1, 2);
	put(&b, 3);
	GETS(&b, 3, 4);
	/* within a burst: what comes behind those that waited stays behind them */
	for (unsigned i = 0; i < 5; i++)
		queue(&b, (uint16_t[]){6, 7, 5, 9, 8}[i]);
	dp_worker_round(b.dp->workers[0]);
	GETS(&b, 5, 6, 7, 8, 9);
	assert_int_equal(lost(&b), 0);
	assert_int_equal(old(&b), 0);
	assert_int_equal(edges(&b, DP_EDGE_SEQUENCE_WAIT), 5);
	bench_down(&b);
}

/* Round the end of the numbers, in whole bursts, turned round in each eight. */
static void
numbers_wrap(void **state)
{
	uint16_t ns = 65000;
	struct bench b;

	(void)state;
	up(&b);
	put(&b, ns++);
	GETS(&b, 65000);
	for (unsigned burst = 0; burst < 20; burst++) {
		uint16_t first = ns;

		for (unsigned i = 0; i < DP_BURST; i += 8, ns = (uint16_t)(ns + 8))
			for (unsigned k = 0; k < 8; k++)
				queue(&b, (uint16_t)(ns + 7 - k));
		dp_worker_round(b.dp->workers[0]);
		for (unsigned i = 0; i < DP_BURST; i++) {
			uint8_t got[FRAME_MAX];

			assert_int_equal(take_inner(&b, false, got), LEN);
			assert_int_equal(wire_get16(got + 40), (uint16_t)(first + i));
		}
	}
	assert_true(ns < 65000);
	assert_int_equal(lost(&b), 0);
	assert_int_equal(old(&b), 0);
	bench_down(&b);
}

static void
what_is_lost_is_waited_for_a_moment(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	put(&b, 10);
	put(&b, 13);
	put(&b, 14);
	put(&b, 16);
	GETS(&b, 10);
	bench_pass(&b, 60);
	GETS(&b, 13, 14, 16);
	assert_int_equal(lost(&b), 3);
	put(&b, 11); /* too late */
	put(&b, 17);
	GETS(&b, 17);
	assert_int_equal(old(&b), 1);
	bench_down(&b);
}

static void
the_same_again_is_dropped(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	put(&b, 0);
	put(&b, 0);
	put(&b, 2);
	put(&b, 2);
	put(&b, 1);
	put(&b, 2);
	GETS(&b, 0, 1, 2);
	assert_int_equal(old(&b), 3);
	assert_int_equal(lost(&b), 0);
	bench_down(&b);
}

/* Its window full, those before what comes go first; what stands before them goes at once. */
static void
few_of_a_session_wait(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	put(&b, 0);
	GETS(&b, 0);
	for (uint16_t i = 0; i < DP_SEQUENCE_SESSION; i++)
		put(&b, (uint16_t)(10 + i));
	none(&b);
	put(&b, 5); /* 1 to 4 are given up for it */
	GETS(&b, 5);
	assert_int_equal(lost(&b), 4);
	put(&b, 30); /* 6 to 9 */
	GETS(&b, 10, 11, 12, 13, 14, 15, 16, 17);
	assert_int_equal(lost(&b), 8);
	for (uint16_t ns = 18; ns < 30; ns++)
		put(&b, ns);
	GETS(&b, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
	assert_int_equal(lost(&b), 8);
	bench_down(&b);
}

/* All that may wait does; one more of a session that has none waits for nothing. */
static void
few_of_all_wait(void **state)
{
	enum { SESSIONS = DP_SEQUENCE_WAITING / DP_SEQUENCE_SESSION };
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct wire wire = {.sequence = true, .no_checksum = true};
	struct dp_session s;
	struct bench b;
	uint16_t id = 0;

	(void)state;
	bench_up_for(&b, 1000, DP_SEND_SEQUENCE, 0);
	bench_pass(&b, 0);
	assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
	for (unsigned i = 0; i <= SESSIONS; i++) {
		uint32_t address = 0x0a580201 + i, slot;

		s.address = cv_ipv4(address);
		do { /* one whose slot is free */
			assert_in_range(++id, 1, 1000);
			s.session_id = wire.session_id = (uint16_t)(1000 + id);
		} while (dp_session_set(b.dp, &s, &slot) != 0);
		for (unsigned k = 0; k <= DP_SEQUENCE_SESSION; k++) {
			/* the first one begins the count, one is missing */
			uint16_t ns = (uint16_t)(k == 0 ? 0 : k + 1);
			size_t len = inner_packet(packet, address, INNER_B, ESP, LEN);

			len = build_data(&b, true, &wire, packet, len, frame);
			wire_put16(frame + NS_AT, ns);
			put_frame(&b, frame, len);
			assert_int_equal(
				take_inner(&b, false, packet), k == 0 || i == SESSIONS ? LEN : 0);
		}
	}
	assert_int_equal(edges(&b, DP_EDGE_SEQUENCE_WAIT), DP_SEQUENCE_WAITING);
	assert_int_equal(edges(&b, DP_EDGE_SEQUENCE_LOST), 1);
	dp_sequence_drain(b.dp->workers[0]);
	assert_int_equal(drops(&b, DP_DROP_WORKER_STOPPED), DP_SEQUENCE_WAITING);
	bench_down(&b);
}

/* What a network doubles now and then is no other count, however long a session lives. */
static void
doubled_ones_are_no_other_count(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	for (uint16_t ns = 0; ns < 100; ns++) {
		put(&b, ns);
		GETS(&b, ns);
		put(&b, ns);
		none(&b);
	}
	assert_int_equal(old(&b), 100);
	/* nor once another one has begun: the 33rd in a row, with the last one above */
	for (uint16_t ns = 0; ns < 32; ns++)
		put(&b, ns);
	GETS(&b, 31);
	put(&b, 31);
	put(&b, 30);
	none(&b);
	put(&b, 32);
	GETS(&b, 32);
	assert_int_equal(lost(&b), 0);
	bench_down(&b);
}

/* A peer that begins another count is followed: far ahead at once, behind after a while. */
static void
another_count_is_followed(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	put(&b, 20000);
	put(&b, 20002);
	GETS(&b, 20000);
	put(&b, 30000);
	GETS(&b, 20002, 30000);
	assert_int_equal(lost(&b), 0);
	for (uint16_t ns = 0; ns < 32; ns++)
		put(&b, ns);
	none(&b);
	assert_int_equal(old(&b), 32);
	put(&b, 32);
	put(&b, 33);
	GETS(&b, 32, 33);
	bench_down(&b);
}

/* RFC 2661 section 5.4: they MUST be present at all times. Who leaves them out is taken as he
 * comes, and counted; where it was not agreed they may be, and mean nothing. */
static void
without_a_number_there_is_no_order(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	up(&b);
	put(&b, 0);
	GETS(&b, 0);
	inner_packet(packet, INNER_A, INNER_B, ESP, LEN);
	put_data(&b, true, &wire, packet, LEN);
	assert_int_equal(take_inner(&b, false, packet), LEN);
	assert_int_equal(edges(&b, DP_EDGE_SEQUENCE_MISSING), 1);
	put(&b, 1);
	GETS(&b, 1);
	/* B has not agreed to any: twice the same is two */
	inner_packet(packet, INNER_B, INNER_A, ESP, LEN);
	wire.sequence = true;
	put_data(&b, false, &wire, packet, LEN);
	put_data(&b, false, &wire, packet, LEN);
	assert_int_equal(take_inner(&b, true, packet), LEN);
	assert_int_equal(take_inner(&b, true, packet), LEN);
	bench_down(&b);
}

/* PPP control has the same count, and one from another address has none. */
static void
control_counts_and_strangers_do_not(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct wire wire = {.sequence = true, .no_checksum = true, .protocol = 0xc021};
	struct dp_punt punt;
	struct bench b;
	size_t len;

	(void)state;
	up(&b);
	put(&b, 0);
	put(&b, 2);
	GETS(&b, 0);
	wire.peer_port = 4711;
	len = build_data(&b, true, &wire, "\1\1\0\4", 4, frame);
	wire_put16(frame + NS_AT, 1);
	put_frame(&b, frame, len);
	none(&b);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SOURCE), 1);
	wire.peer_port = 0;
	len = build_data(&b, true, &wire, "\1\1\0\4", 4, frame);
	wire_put16(frame + NS_AT, 1);
	put_frame(&b, frame, len);
	assert_true(dp_punt_next(b.dp, &punt));
	assert_int_equal(punt.class, DP_PUNT_PPP);
	dp_punt_release(b.dp, &punt);
	GETS(&b, 2);
	bench_down(&b);
}

/* What waits of a session that has gone, or when all ends, is counted, and no buffer is lost. */
static void
what_waits_at_the_end_is_counted(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	put(&b, 0);
	put(&b, 2);
	GETS(&b, 0);
	assert_int_equal(dp_session_clear(b.dp, b.slot_a, NULL), 0);
	bench_pass(&b, 60);
	none(&b);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_UNKNOWN_SESSION), 1);
	bench_session(&b, true, DP_SEND_SEQUENCE);
	put(&b, 7);
	put(&b, 9);
	GETS(&b, 7);
	dp_sequence_drain(b.dp->workers[0]);
	assert_int_equal(drops(&b, DP_DROP_WORKER_STOPPED), 1);
	bench_down(&b);
}

/* What waits of a session is not of the next one with its IDs, and does not hold it up. */
static void
who_comes_back_begins_anew(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	put(&b, 0);
	put(&b, 2);
	put(&b, 4);
	GETS(&b, 0);
	assert_int_equal(dp_session_clear(b.dp, b.slot_a, NULL), 0);
	bench_pass(&b, 10);
	bench_session(&b, true, DP_SEND_SEQUENCE);
	put(&b, 100);
	GETS(&b, 100);
	bench_pass(&b, 60);
	none(&b);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_UNKNOWN_SESSION), 2);
	assert_int_equal(lost(&b), 0);
	/* all of its places are its own */
	for (uint16_t i = 0; i < DP_SEQUENCE_SESSION; i++)
		put(&b, (uint16_t)(102 + i));
	none(&b);
	put(&b, 101);
	GETS(&b, 101, 102, 103, 104, 105, 106, 107, 108, 109);
	assert_int_equal(lost(&b), 0);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_is_restored),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(what_is_lost_is_waited_for_a_moment),
		cmocka_unit_test(the_same_again_is_dropped),
		cmocka_unit_test(few_of_a_session_wait),
		cmocka_unit_test(few_of_all_wait),
		cmocka_unit_test(doubled_ones_are_no_other_count),
		cmocka_unit_test(another_count_is_followed),
		cmocka_unit_test(without_a_number_there_is_no_order),
		cmocka_unit_test(control_counts_and_strangers_do_not),
		cmocka_unit_test(what_waits_at_the_end_is_counted),
		cmocka_unit_test(who_comes_back_begins_anew),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
