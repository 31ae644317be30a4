/* SPDX-License-Identifier: BSD-3-Clause */
/* Reliable delivery (RFC 2661 section 5.8 and appendix A), message by message. */
#include "capture.h"

#include <string.h>

#include "l2tp/header.h"
#include "l2tp/reliable.h"

enum { TUNNEL = 5 };
static uint64_t now;

static void
start(struct l2tp_reliable *r, uint16_t first_ns)
{
	struct l2tp_reliable_params params = {.initial_ns = CV_NS_PER_S,
		.max_ns = 8 * CV_NS_PER_S,
		.max_retransmits = 5,
		.window = 4,
		.first_ns = first_ns};

	now = 100 * CV_NS_PER_S;
	l2tp_reliable_init(r, &params);
}

/* The next datagram; false: none. */
static bool
poll(struct l2tp_reliable *r, struct l2tp_header *h)
{
	static uint8_t bytes[1500];
	int len = l2tp_reliable_poll(r, now, TUNNEL, bytes, sizeof(bytes));

	if (len == 0)
		return false;
	assert_true(len > 0);
	assert_int_equal(l2tp_header_parse(bytes, (size_t)len, h), 0);
	assert_int_equal(h->tunnel_id, TUNNEL);
	return true;
}

static unsigned
poll_all(struct l2tp_reliable *r)
{
	struct l2tp_header h = {0};
	unsigned n = 0;

	while (poll(r, &h))
		n++;
	return n;
}

static enum l2tp_arrival
arrive(struct l2tp_reliable *r, uint16_t ns, uint16_t nr, const char *body)
{
	return l2tp_reliable_receive(
		r, now, ns, nr, 0, (struct cv_bytes){(const uint8_t *)body, strlen(body)});
}

static void
queue(struct l2tp_reliable *r, unsigned n)
{
	while (n-- > 0)
		assert_int_equal(l2tp_reliable_queue(r, 0, "message", 7), 0);
}

static void
slow_start_opens_the_window(void **state)
{
	struct l2tp_reliable r;

	(void)state;
	start(&r, 0);
	l2tp_reliable_set_peer_window(&r, 8);
	queue(&r, 30);
	assert_int_equal(poll_all(&r), 1);
	arrive(&r, 0, 1, "");
	assert_int_equal(poll_all(&r), 2);
	arrive(&r, 0, 3, "");
	assert_int_equal(poll_all(&r), 4);
	arrive(&r, 0, 7, "");
	assert_int_equal(poll_all(&r), 8);
	arrive(&r, 0, 15, "");
	assert_int_equal(poll_all(&r), 8); /* the peer's window */
	l2tp_reliable_fini(&r);
}

static void
retransmits_after_1_2_4_8_8_seconds_then_gives_up(void **state)
{
	static const unsigned waits_s[] = {1, 2, 4, 8, 8};
	struct l2tp_reliable r;

	(void)state;
	start(&r, 0);
	queue(&r, 1);
	assert_int_equal(poll_all(&r), 1);
	for (unsigned i = 0; i < 5; i++) {
		now += waits_s[i] * CV_NS_PER_S - 1;
		assert_true(r.retransmit_at > now);
		now++;
		assert_int_equal(r.retransmit_at, now);
		l2tp_reliable_timeout(&r, now);
		assert_false(r.dead);
		assert_int_equal(poll_all(&r), 1);
	}
	now += 8 * CV_NS_PER_S;
	l2tp_reliable_timeout(&r, now);
	assert_true(r.dead);
	assert_int_equal(l2tp_reliable_cycle(&r), (1 + 2 + 4 + 8 + 8 + 8) * CV_NS_PER_S);
	l2tp_reliable_fini(&r);
}

static void
loss_closes_the_window_again(void **state)
{
	struct l2tp_reliable r;

	(void)state;
	start(&r, 0);
	l2tp_reliable_set_peer_window(&r, 8);
	queue(&r, 20);
	poll_all(&r);
	arrive(&r, 0, 1, "");
	poll_all(&r);
	arrive(&r, 0, 3, "");
	assert_int_equal(poll_all(&r), 4);
	now = r.retransmit_at;
	l2tp_reliable_timeout(&r, now);
	assert_int_equal(r.cwnd, 1);
	assert_int_equal(poll_all(&r), 1);
	assert_int_equal(r.retransmits, 1);
	l2tp_reliable_fini(&r);
}

/* One acknowledgement after the other; after each, as many messages go out as expected. */
static void
acknowledge(struct l2tp_reliable *r, uint16_t nr, const char *sent)
{
	for (; *sent != '\0'; sent++, nr++) {
		arrive(r, 0, nr, "");
		assert_int_equal(poll_all(r), (unsigned)(*sent - '0'));
	}
}

/* Appendix A: half the window that was too much is the threshold; up to it one more an
 * acknowledgement, then one more a window. */
static void
after_a_loss_slow_start_ends_at_half_the_window(void **state)
{
	struct l2tp_reliable r;

	(void)state;
	start(&r, 0);
	l2tp_reliable_set_peer_window(&r, 16);
	queue(&r, 60);
	assert_int_equal(poll_all(&r), 1);
	acknowledge(&r, 1, "2222222"); /* doubled each round */
	assert_int_equal(r.in_flight, 8);
	now = r.retransmit_at;
	l2tp_reliable_timeout(&r, now);
	assert_int_equal(poll_all(&r), 1);
	acknowledge(&r, 8, "222"); /* to 4 */
	acknowledge(&r, 11,
		"1112"
		"11112"
		"111112");
	assert_int_equal(r.in_flight, 7);
	/* the next loss: from 7 to 3 */
	now = r.retransmit_at;
	l2tp_reliable_timeout(&r, now);
	assert_int_equal(poll_all(&r), 1);
	acknowledge(&r, 26,
		"22"
		"112"
		"1112");
	l2tp_reliable_fini(&r);
}

/* Several in a row; and what was counted towards the next step does not count any more. */
static void
loss_upon_loss(void **state)
{
	struct l2tp_reliable r;

	(void)state;
	start(&r, 0);
	l2tp_reliable_set_peer_window(&r, 16);
	queue(&r, 60);
	assert_int_equal(poll_all(&r), 1);
	acknowledge(&r, 1, "22"); /* to 3 */
	for (unsigned i = 0; i < 3; i++) {
		now = r.retransmit_at;
		l2tp_reliable_timeout(&r, now);
		assert_int_equal(poll_all(&r), 1);
	}
	acknowledge(&r, 3,
		"2"
		"12"
		"11"); /* to 3, and two of three towards 4 */
	now = r.retransmit_at;
	l2tp_reliable_timeout(&r, now);
	assert_int_equal(poll_all(&r), 1);
	acknowledge(&r, 8,
		"2"
		"12"
		"112");
	l2tp_reliable_fini(&r);
}

static void
duplicates_are_acknowledged_and_not_processed(void **state)
{
	struct l2tp_reliable r;
	struct l2tp_header h = {0};

	(void)state;
	start(&r, 0);
	assert_int_equal(arrive(&r, 0, 0, "one"), L2TP_ARRIVED_IN_TURN);
	assert_true(poll(&r, &h));
	assert_int_equal(h.nr, 1);
	assert_int_equal(h.payload.len, 0);
	assert_int_equal(arrive(&r, 0, 0, "one"), L2TP_ARRIVED_DUPLICATE);
	assert_true(poll(&r, &h));
	assert_int_equal(h.nr, 1);
	assert_false(poll(&r, &h));
	/* no ZLB answers a ZLB */
	assert_int_equal(arrive(&r, 1, 0, ""), L2TP_ARRIVED_ZLB);
	assert_false(poll(&r, &h));
	l2tp_reliable_fini(&r);
}

static void
early_messages_wait_for_their_turn(void **state)
{
	struct l2tp_reliable r;
	struct cv_bytes body;
	uint16_t session;

	(void)state;
	start(&r, 0);
	assert_int_equal(arrive(&r, 2, 0, "three"), L2TP_ARRIVED_EARLY);
	assert_int_equal(arrive(&r, 1, 0, "two"), L2TP_ARRIVED_EARLY);
	assert_int_equal(arrive(&r, 1, 0, "two"), L2TP_ARRIVED_EARLY);
	assert_false(l2tp_reliable_next_early(&r, &session, &body));
	assert_int_equal(arrive(&r, 0, 0, "one"), L2TP_ARRIVED_IN_TURN);
	assert_true(l2tp_reliable_next_early(&r, &session, &body));
	assert_memory_equal(body.data, "two", 3);
	assert_true(l2tp_reliable_next_early(&r, &session, &body));
	assert_memory_equal(body.data, "three", 5);
	assert_false(l2tp_reliable_next_early(&r, &session, &body));
	assert_int_equal(r.nr, 3);
	l2tp_reliable_fini(&r);
}

static void
what_is_kept_early_is_bounded(void **state)
{
	struct l2tp_reliable r;

	(void)state;
	start(&r, 0);
	for (unsigned i = 1; i < 2000; i++)
		arrive(&r, (uint16_t)i, 0, "x");
	assert_true(r.early_count <= 4);
	l2tp_reliable_fini(&r);
}

static void
the_bytes_of_early_messages_are_bounded_whatever_the_window(void **state)
{
	static uint8_t body[1400];
	struct l2tp_reliable r;

	(void)state;
	start(&r, 0);
	r.our_window = 1024;
	for (unsigned i = 1; i < 1000; i++)
		l2tp_reliable_receive(
			&r, now, (uint16_t)i, 0, 0, (struct cv_bytes){body, sizeof(body)});
	assert_int_equal(r.early_count, 23);
	assert_int_equal(r.early_bytes, 23 * sizeof(body));
	l2tp_reliable_receive(&r, now, 0, 0, 0, (struct cv_bytes){body, sizeof(body)});
	for (struct cv_bytes next; l2tp_reliable_next_early(&r, &(uint16_t){0}, &next);)
		assert_int_equal(next.len, sizeof(body));
	assert_int_equal(r.nr, 24);
	assert_int_equal(r.early_bytes, 0);
	l2tp_reliable_fini(&r);
}

/* The body of the next datagram, and its Ns. */
static void
expect_next(struct l2tp_reliable *r, uint16_t ns, const char *body)
{
	struct l2tp_header h = {0};

	assert_true(poll(r, &h));
	assert_int_equal(h.ns, ns);
	assert_int_equal(h.payload.len, strlen(body));
	assert_memory_equal(h.payload.data, body, strlen(body));
}

static void
an_urgent_message_overtakes_what_waits_for_the_window(void **state)
{
	struct l2tp_reliable r;
	struct l2tp_header h = {0};

	(void)state;
	start(&r, 65534);
	l2tp_reliable_set_peer_window(&r, 2);
	queue(&r, 3);
	expect_next(&r, 65534, "message");
	assert_int_equal(l2tp_reliable_queue_first(&r, 0, "HELLO", 5), 0);
	assert_false(poll(&r, &h));
	arrive(&r, 65534, 65535, "");
	expect_next(&r, 65535, "HELLO");
	expect_next(&r, 0, "message");
	/* lost, both: they keep their numbers, and an urgent one can't go before them */
	assert_int_equal(l2tp_reliable_queue_first(&r, 0, "StopCCN", 7), 0);
	now = r.retransmit_at;
	l2tp_reliable_timeout(&r, now);
	expect_next(&r, 65535, "HELLO");
	arrive(&r, 65534, 0, "");
	expect_next(&r, 0, "message");
	expect_next(&r, 1, "StopCCN");
	arrive(&r, 65534, 2, "");
	expect_next(&r, 2, "message");
	assert_false(poll(&r, &h));
	arrive(&r, 65534, 3, "");
	assert_true(l2tp_reliable_all_acked(&r));
	/* nothing waits: it is the only one */
	assert_int_equal(l2tp_reliable_queue_first(&r, 0, "HELLO", 5), 0);
	queue(&r, 1);
	expect_next(&r, 3, "HELLO");
	expect_next(&r, 4, "message");
	l2tp_reliable_fini(&r);
}

static void
sequence_numbers_wrap(void **state)
{
	struct l2tp_reliable r;
	struct l2tp_header h = {0};
	uint16_t ns = 65530;

	(void)state;
	start(&r, ns);
	for (unsigned i = 0; i < 20; i++, ns++) {
		assert_int_equal(arrive(&r, ns, ns, "x"), L2TP_ARRIVED_IN_TURN);
		queue(&r, 1);
		assert_true(poll(&r, &h));
		assert_int_equal(h.ns, ns);
		assert_int_equal(h.nr, (uint16_t)(ns + 1));
		assert_int_equal(arrive(&r, (uint16_t)(ns - 1), (uint16_t)(ns + 1), "x"),
			L2TP_ARRIVED_DUPLICATE);
		assert_true(l2tp_reliable_all_acked(&r));
		assert_true(poll(&r, &h));
	}
	l2tp_reliable_fini(&r);
}

static void
an_acknowledgement_of_what_was_never_sent_says_nothing(void **state)
{
	struct l2tp_reliable r;

	(void)state;
	start(&r, 0);
	queue(&r, 3);
	poll_all(&r);
	arrive(&r, 0, 2, ""); /* only the first was sent */
	assert_false(l2tp_reliable_all_acked(&r));
	arrive(&r, 0, 60000, ""); /* long ago */
	assert_false(l2tp_reliable_all_acked(&r));
	assert_int_equal(poll_all(&r), 0);
	arrive(&r, 0, 1, "");
	assert_int_equal(poll_all(&r), 2);
	l2tp_reliable_fini(&r);
}

static void
a_window_of_0_and_of_65535(void **state)
{
	struct l2tp_reliable r;

	(void)state;
	start(&r, 0);
	l2tp_reliable_set_peer_window(&r, 0);
	queue(&r, 2);
	assert_int_equal(poll_all(&r), 1);
	l2tp_reliable_set_peer_window(&r, 65535);
	arrive(&r, 0, 1, "");
	assert_int_equal(poll_all(&r), 1);
	l2tp_reliable_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_start_opens_the_window),
		cmocka_unit_test(retransmits_after_1_2_4_8_8_seconds_then_gives_up),
		cmocka_unit_test(loss_closes_the_window_again),
		cmocka_unit_test(after_a_loss_slow_start_ends_at_half_the_window),
		cmocka_unit_test(loss_upon_loss),
		cmocka_unit_test(duplicates_are_acknowledged_and_not_processed),
		cmocka_unit_test(early_messages_wait_for_their_turn),
		cmocka_unit_test(what_is_kept_early_is_bounded),
		cmocka_unit_test(the_bytes_of_early_messages_are_bounded_whatever_the_window),
		cmocka_unit_test(an_urgent_message_overtakes_what_waits_for_the_window),
		cmocka_unit_test(sequence_numbers_wrap),
		cmocka_unit_test(an_acknowledgement_of_what_was_never_sent_says_nothing),
		cmocka_unit_test(a_window_of_0_and_of_65535),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
