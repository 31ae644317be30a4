/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that a worker gives to another one: all that comes of a session comes to one worker, in
 * order, also while sessions change hands; and what has no room is counted. */
#include <rte_ethdev.h>

#include "handover.h"

enum { ROUNDS = 50000000, TAG = 4 };

/* ---- to one worker ---- */

/* What worker 0 has received of A leaves by worker 1. */
static void
all_of_it_is_the_other_ones(struct bench *b, const char *what)
{
	uint64_t given = edges(b, DP_EDGE_RX_HANDOVER), received = edges(b, DP_EDGE_RX_CLASSIFY),
		 data = edges(b, DP_EDGE_CLASSIFY_INGRESS);
	unsigned frames = rte_ring_count(threads_in[0]);

	round_of(b, 0);
	assert_int_equal(rte_ring_count(threads_in[0]), 0);
	round_of(b, 1);
	print_message("# %s\n", what);
	assert_int_equal(leave_by(0), 0);
	assert_int_equal(leave_by(1), 1);
	assert_int_equal(edges(b, DP_EDGE_RX_HANDOVER), given + 1);
	assert_int_equal(edges(b, DP_EDGE_CLASSIFY_INGRESS), data + 1);
	assert_int_equal(edges(b, DP_EDGE_RX_CLASSIFY), received + frames);
}

static void
give_tagged(struct bench *b, uint8_t *frame, size_t len)
{
	memmove(frame + WIRE_ETHER_TYPE + TAG, frame + WIRE_ETHER_TYPE, len - WIRE_ETHER_TYPE);
	memcpy(frame + WIRE_ETHER_TYPE, "\x81\x00\x60\x00", TAG);
	threads_give(b, 0, frame, len + TAG);
}

/* IPv4 with four bytes of options, none of them. */
static void
give_options(struct bench *b, uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + WIRE_ETHER, *udp = ip + WIRE_IPV4;

	memmove(udp + 4, udp, len - WIRE_ETHER - WIRE_IPV4);
	memset(udp, 1, 4);
	ip[0] = 0x46;
	wire_put16(ip + WIRE_IPV4_LENGTH, (uint16_t)(wire_ipv4_length(ip) + 4));
	wire_put16(ip + WIRE_IPV4_SUM, 0);
	wire_store16(ip + WIRE_IPV4_SUM, (uint16_t)~wire_fold(wire_sum(ip, WIRE_IPV4 + 4)));
	threads_give(b, 0, frame, len + 4);
}

static void
give_segments(struct bench *b, const uint8_t *frame, size_t len)
{
	struct rte_mbuf *first = rte_pktmbuf_alloc(b->dp->pool);
	struct rte_mbuf *second = rte_pktmbuf_alloc(b->dp->pool);

	assert_non_null(first);
	assert_non_null(second);
	memcpy(rte_pktmbuf_append(first, 70), frame, 70);
	memcpy(rte_pktmbuf_append(second, (uint16_t)(len - 70)), frame + 70, len - 70);
	assert_int_equal(rte_pktmbuf_chain(first, second), 0);
	assert_int_equal(rte_ring_enqueue(threads_in[0], first), 0);
}

/* The outer packet in two: the later part shows no session. */
static void
give_fragments(struct bench *b, const uint8_t *frame, size_t len)
{
	enum { FIRST = 64 };
	size_t payload = len - WIRE_ETHER - WIRE_IPV4;

	for (unsigned i = 0; i < 2; i++) {
		uint8_t part[FRAME_MAX], *ip = part + WIRE_ETHER;
		size_t bytes = i == 0 ? FIRST : payload - FIRST;

		memcpy(part, frame, WIRE_ETHER + WIRE_IPV4);
		memcpy(ip + WIRE_IPV4, frame + WIRE_ETHER + WIRE_IPV4 + i * FIRST, bytes);
		wire_put16(ip + WIRE_IPV4_LENGTH, (uint16_t)(WIRE_IPV4 + bytes));
		wire_put16(ip + WIRE_IPV4_FRAGMENT, i == 0 ? 0x2000 : FIRST / 8);
		inner_checksum(ip);
		threads_give(b, 0, part, WIRE_ETHER + WIRE_IPV4 + bytes);
	}
}

/* Of A to B, which are up. */
static void
in_every_form(struct bench *b)
{
	static const struct wire forms[] = {{0}, {.length = true}, {.sequence = true},
		{.offset = true}, {.acfc = true, .pfc = true}, {.no_checksum = true}, {.tos = 1},
		{.padding = 9}};
	struct wire plain = {0};
	uint8_t frame[FRAME_MAX];

	give_plain(b, 1);
	round_of(b, 0);
	assert_int_equal(leave_by(0), 1);
	assert_true(want(b, 1));
	for (size_t i = 0; i < RTE_DIM(forms); i++) {
		threads_give(b, 0, frame, from_a(b, &forms[i], PACKET, frame));
		all_of_it_is_the_other_ones(b, "a form of data");
	}
	give_tagged(b, frame, from_a(b, &plain, PACKET, frame));
	all_of_it_is_the_other_ones(b, "a priority tag");
	give_options(b, frame, from_a(b, &plain, PACKET, frame));
	all_of_it_is_the_other_ones(b, "IP options");
	give_segments(b, frame, from_a(b, &plain, PACKET, frame));
	all_of_it_is_the_other_ones(b, "two buffers");
	give_fragments(b, frame, from_a(b, &plain, PACKET, frame));
	all_of_it_is_the_other_ones(b, "fragments");
	/* and the stages alone say the same */
	b->dp->workers[0]->stages_only = b->dp->workers[1]->stages_only = true;
	give_plain(b, 1);
	all_of_it_is_the_other_ones(b, "by the stages");
}

static void
whatever_form_it_has(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	in_every_form(&b);
	down(&b);
}

static void
frames_that_are_passed_on_likewise(void **state)
{
	struct dp_session s;
	struct bench b;

	(void)state;
	up(&b);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(dp_session_get(b.dp, i == 0 ? b.slot_a : b.slot_b, &s), 0);
		s.open = s.reachable = false;
		s.send = DP_SEND_FRAMES;
		assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	}
	assert_int_equal(dp_switch_set(b.dp, b.slot_a, b.slot_b), 0);
	in_every_form(&b);
	assert_int_equal(edges(&b, DP_EDGE_INGRESS_ROUTE), 0);
	down(&b);
}

/* A's, of all forms that the stages alone take apart: in a buffer of their own each. */
static void
give_odd(struct bench *b, unsigned form, uint8_t *frame, size_t len)
{
	static void (*const forms[])(struct bench *, const uint8_t *, size_t) = {
		give_segments, give_fragments};

	if (form % 4 == 0)
		give_tagged(b, frame, len);
	else if (form % 4 == 1)
		give_options(b, frame, len);
	else
		forms[form % 4 - 2](b, frame, len);
}

/* What the stages alone take apart is given later than what stands behind it in a queue is: it
 * goes before that all the same. */
static void
forms_that_mix_stay_in_order(void **state)
{
	enum { PACKETS = 120 };
	struct wire plain = {.no_checksum = true};
	uint8_t frame[FRAME_MAX];
	unsigned last = 0;
	struct bench b;
	void *m;

	(void)state;
	up(&b);
	assert_true(want(&b, 1));
	for (unsigned i = 1; i <= PACKETS; i++) {
		size_t len = from_a(&b, &plain, PACKET, frame);

		wire_store32(frame + len - 4, i);
		if (i % 3 == 0)
			give_odd(&b, i / 3, frame, len);
		else
			threads_give(&b, 0, frame, len);
	}
	while (rte_ring_count(threads_in[0]) != 0)
		round_of(&b, 0);
	while (dp_worker_round(b.dp->workers[1]) != 0)
		;
	while (rte_ring_dequeue(threads_out[1], &m) == 0) {
		if (rte_pktmbuf_data_len((struct rte_mbuf *)m) >= LEFT)
			assert_int_equal(
				wire_load32(rte_pktmbuf_mtod_offset((struct rte_mbuf *)m, uint8_t *,
					rte_pktmbuf_data_len((struct rte_mbuf *)m) - 4)),
				++last);
		rte_pktmbuf_free(m);
	}
	assert_int_equal(last, PACKETS);
	assert_int_equal(leave_by(0), 0);
	down(&b);
}

static uint64_t
punted(const struct bench *b, unsigned worker, enum dp_punt_class class)
{
	return rte_ring_count(b->dp->workers[worker]->punt[class]);
}

/* PPP control goes with the session, L2TP's stays where it came. */
static void
control_goes_its_own_way(void **state)
{
	uint8_t hello[20] = {0xc8, 2, 0, 20, 0, 99, [12] = 0x80, 8, [19] = 6};
	uint8_t lcp[8] = {9, 1, 0, 8}, frame[FRAME_MAX];
	struct wire wire = {.protocol = 0xc021};
	struct dp_punt punt;
	struct bench b;

	(void)state;
	up(&b);
	assert_true(want(&b, 1));
	bench_udp(&b, PEER_A, PORT_A, hello, sizeof(hello), frame);
	threads_give(&b, 0, frame, WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + sizeof(hello));
	threads_give(&b, 0, frame, build_data(&b, true, &wire, lcp, sizeof(lcp), frame));
	round_of(&b, 0);
	round_of(&b, 1);
	assert_int_equal(punted(&b, 0, DP_PUNT_CONNECT), 1);
	assert_int_equal(punted(&b, 0, DP_PUNT_PPP), 0);
	assert_int_equal(punted(&b, 1, DP_PUNT_PPP), 1);
	dp_control_poll(b.dp, b.now);
	while (dp_punt_next(b.dp, &punt))
		dp_punt_release(b.dp, &punt);
	down(&b);
}

/* Two workers that both give: what one got of the other it keeps. */
static void
what_was_given_goes_no_further(void **state)
{
	uint8_t frame[FRAME_MAX], to[DP_HANDOVER_BUCKETS];
	struct wire plain = {0};
	struct bench b;

	(void)state;
	up(&b);
	memset(to, 0, sizeof(to));
	assert_true(want(&b, 1));
	assert_true(dp_handover_want(b.dp, 1, to));
	round_of(&b, 1);
	assert_true(b.dp->workers[1]->gives);
	give_options(&b, frame, from_a(&b, &plain, PACKET, frame));
	all_of_it_is_the_other_ones(&b, "options, and both give");
	down(&b);
}

/* Frames of several ports in one ring: each is looked at as its port's. */
static void
each_stays_its_ports(void **state)
{
	static const uint8_t other[WIRE_MAC] = {2, 0, 0, 0, 9, 9};
	uint8_t frame[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	up(&b);
	assert_true(want(&b, 1));
	round_of(&b, 0);
	memcpy(b.dp->ports[1].mac, other, WIRE_MAC);
	memcpy((uint8_t *)&b.dp->ports[1].mac_word + 2, other, WIRE_MAC);
	for (unsigned i = 0; i < 6; i++) {
		size_t len = from_a(&b, &wire, PACKET, frame);
		struct rte_mbuf *m = rte_pktmbuf_alloc(b.dp->pool);

		assert_non_null(m);
		if (i % 2 == 1)
			memcpy(frame, other, WIRE_MAC);
		memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
		m->port = i == 5 ? 0 : i % 2; /* the last one is not */
		assert_int_equal(rte_ring_enqueue(b.dp->workers[1]->handover->in[0].ring, m), 0);
	}
	round_of(&b, 1);
	assert_int_equal(leave_by(1), 5);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_MAC), 1);
	b.dp->workers[0]->handover->out[1].given += 6;
	down(&b);
}

static void
what_has_no_room_is_counted(void **state)
{
	struct bench b;
	unsigned n = 0;

	(void)state;
	up(&b);
	assert_true(want(&b, 1));
	give_plain(&b, ROOM + 50);
	while (rte_ring_count(threads_in[0]) != 0)
		round_of(&b, 0);
	assert_int_equal(edges(&b, DP_EDGE_RX_HANDOVER), ROOM);
	assert_int_equal(drops(&b, DP_DROP_HANDOVER_FULL), 50);
	while (dp_worker_round(b.dp->workers[1]) != 0)
		n += leave_by(1);
	assert_int_equal(n, ROOM);
	assert_int_equal(leave_by(0), 0);
	/* and is not waited for */
	assert_true(want(&b, 0));
	round_of(&b, 0);
	round_of(&b, 1);
	round_of(&b, 0);
	assert_true(in_force(&b));
	down(&b);
}

/* ---- changes ---- */

/* A's session was worker 1's, who has three packets of it, and is to be worker 0's again. */
static void
begin_change(struct bench *b)
{
	up(b);
	assert_true(want(b, 1));
	give_plain(b, 3);
	round_of(b, 0);
	assert_true(in_force(b)); /* nothing was under way */
	assert_true(want(b, 0));
}

/* None of it overtakes what is under way. */
static void
a_change_waits_for_what_is_under_way(void **state)
{
	struct bench b;

	(void)state;
	begin_change(&b);
	assert_false(want(&b, 1)); /* one after the other */
	give_plain(&b, 1);
	round_of(&b, 0);
	assert_false(in_force(&b));
	assert_int_equal(rte_ring_count(threads_in[0]), 1);
	round_of(&b, 1);
	assert_int_equal(leave_by(1), 3);
	round_of(&b, 0);
	assert_true(in_force(&b));
	assert_int_equal(leave_by(0), 1);
	down(&b);
}

/* What is done is sent: until then it may be overtaken. */
static uint16_t
see_what_is_done(uint16_t port, uint16_t queue, struct rte_mbuf **frames, uint16_t n, void *context)
{
	const struct bench *b = context;

	(void)port;
	(void)queue;
	(void)frames;
	assert_int_equal(n, 3);
	assert_int_equal(b->dp->workers[1]->handover->in[0].done, 0);
	return n;
}

static void
what_is_done_is_sent(void **state)
{
	const struct rte_eth_rxtx_callback *callback;
	struct bench b;

	(void)state;
	up(&b);
	assert_true(want(&b, 1));
	give_plain(&b, 3);
	round_of(&b, 0);
	callback = rte_eth_add_tx_callback(b.dp->ports[0].id, 1, see_what_is_done, &b);
	round_of(&b, 1);
	rte_eth_remove_tx_callback(b.dp->ports[0].id, 1, callback);
	assert_int_equal(leave_by(1), 3);
	assert_int_equal(b.dp->workers[1]->handover->in[0].done, 3);
	down(&b);
}

/* A worker that stands still keeps none from receiving; the change comes when it goes on. */
static void
nobody_waits_for_ever(void **state)
{
	struct bench b;

	(void)state;
	begin_change(&b);
	give_plain(&b, 1);
	for (unsigned tries = 0; tries < ROUNDS && rte_ring_count(threads_in[0]) != 0; tries++)
		round_of(&b, 0);
	assert_int_equal(rte_ring_count(threads_in[0]), 0);
	assert_false(in_force(&b));
	assert_int_equal(leave_by(0), 0); /* it went where the others before it are */
	for (unsigned tries = 0; tries < ROUNDS && !in_force(&b); tries++) {
		round_of(&b, 1);
		round_of(&b, 0);
	}
	assert_true(in_force(&b));
	assert_int_equal(leave_by(1), 4);
	give_plain(&b, 1);
	round_of(&b, 0);
	assert_int_equal(leave_by(0), 1);
	down(&b);
}

static void
give_numbered(struct bench *b, uint16_t ns)
{
	uint8_t frame[FRAME_MAX];
	struct wire wire = {.sequence = true, .no_checksum = true};
	size_t len = from_a(b, &wire, PACKET, frame);

	wire_put16(frame + WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + 6, ns);
	threads_give(b, 0, frame, len);
}

/* Sequenced data that came early waits no longer when its session changes hands: one worker has
 * the count. */
static void
what_waits_for_its_turn_goes_before(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	b.dp->ingress[b.slot_a].word |= DP_INGRESS_SEQUENCED;
	give_numbered(&b, 1);
	give_numbered(&b, 3);
	round_of(&b, 0);
	assert_int_equal(leave_by(0), 1);
	assert_true(want(&b, 1));
	round_of(&b, 0);
	assert_int_equal(leave_by(0), 1);
	give_numbered(&b, 4);
	give_numbered(&b, 6);
	round_of(&b, 0);
	round_of(&b, 1);
	assert_int_equal(leave_by(1), 1);
	assert_true(want(&b, 0));
	give_numbered(&b, 7);
	round_of(&b, 0); /* a mark */
	round_of(&b, 1);
	assert_int_equal(leave_by(1), 1);
	round_of(&b, 0);
	assert_int_equal(leave_by(0), 1);
	assert_int_equal(edges(&b, DP_EDGE_SEQUENCE_LOST), 2);
	down(&b);
}

static void
what_waits_when_it_stops_is_counted(void **state)
{
	struct bench b;

	(void)state;
	begin_change(&b);
	round_of(&b, 0);
	dp_handover_drain(b.dp);
	assert_int_equal(drops(&b, DP_DROP_WORKER_STOPPED), 3);
	down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_form_it_has),
		cmocka_unit_test(frames_that_are_passed_on_likewise),
		cmocka_unit_test(forms_that_mix_stay_in_order),
		cmocka_unit_test(control_goes_its_own_way),
		cmocka_unit_test(what_was_given_goes_no_further),
		cmocka_unit_test(each_stays_its_ports),
		cmocka_unit_test(what_has_no_room_is_counted),
		cmocka_unit_test(a_change_waits_for_what_is_under_way),
		cmocka_unit_test(what_is_done_is_sent),
		cmocka_unit_test(nobody_waits_for_ever),
		cmocka_unit_test(what_waits_for_its_turn_goes_before),
		cmocka_unit_test(what_waits_when_it_stops_is_counted),
	};

	if (threads_eal() != 0)
		return 1;
	threads_leave_out_dpdk();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
