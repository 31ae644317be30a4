/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that a worker gives to another one: all that comes of a session comes to one worker, in
 * order, also while sessions change hands; what has no room is counted; and when they change. */
#include <stdlib.h>
#include <time.h>

#include <rte_ethdev.h>

#include "datapath/worker/handover.h"
#include "threads.h"

enum {
	ROUNDS = 50000000,
	ROOM = DP_HANDOVER_RING - 1,
	TAG = 4,
	CHANGES = 100,
	FLOW = 100,
	LEFT = WIRE_ETHER + 30 + PACKET
};

static void
set_policies(struct bench *b)
{
	struct policy any = {
		.kind = DP_FILTER_ANY, .clients_reachable = true, .lns = cv_ipv4(INNER_LNS)};

	assert_int_equal(set_policy(b->dp, 0, &any), 0);
	assert_int_equal(set_policy(b->dp, 1, &any), 0);
}

static void
round_of(struct bench *b, unsigned worker)
{
	dp_worker_round(b->dp->workers[worker]);
}

/* Workers that go by hand, and know their neighbours. */
static void
up(struct bench *b)
{
	uint8_t arp[FRAME_MAX];

	threads_create(b);
	assert_int_equal(dp_ports_start(b->dp), 0);
	set_policies(b);
	bench_sessions(b, 0, 0);
	threads_give(b, 0, arp, bench_arp(b, PEER_A, arp));
	threads_give(b, 0, arp, bench_arp(b, PEER_B, arp));
	round_of(b, 0);
	dp_control_poll(b->dp, b->now);
	round_of(b, 0);
	assert_true(threads_neighbours_known(b));
	threads_collect();
}

static void
down(struct bench *b)
{
	threads_collect();
	dp_ports_stop(b->dp);
	threads_destroy(b);
}

/* Of what worker 0 receives A's session is this one's. */
static bool
want(struct bench *b, unsigned worker)
{
	uint8_t to[DP_HANDOVER_BUCKETS] = {0};

	to[dp_handover_bucket((uint32_t)b->dp->ingress[b->slot_a].word)] = (uint8_t)worker;
	return dp_handover_want(b->dp, 0, to);
}

static bool
in_force(const struct bench *b)
{
	const struct dp_handover *h = b->dp->workers[0]->handover;

	return h->turn == h->wanted_turn;
}

static size_t
from_a(const struct bench *b, const struct wire *wire, size_t len, uint8_t *frame)
{
	uint8_t packet[FRAME_MAX];

	inner_packet(packet, INNER_A, INNER_B, 50, len);
	return build_data(b, true, wire, packet, len, frame);
}

static void
give_plain(struct bench *b, unsigned n)
{
	uint8_t frame[FRAME_MAX];
	struct wire wire = {0};
	size_t len = from_a(b, &wire, PACKET, frame);

	for (unsigned i = 0; i < n; i++)
		threads_give(b, 0, frame, len);
}

/* How many relayed packets leave by a worker's queue. */
static unsigned
leave_by(unsigned worker)
{
	unsigned n = 0;
	void *m;

	while (rte_ring_dequeue(threads_out[worker], &m) == 0) {
		n += rte_pktmbuf_data_len((struct rte_mbuf *)m) >= LEFT;
		rte_pktmbuf_free(m);
	}
	return n;
}

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

static void
whatever_form_it_has(void **state)
{
	static const struct wire forms[] = {{0}, {.length = true}, {.sequence = true},
		{.offset = true}, {.acfc = true, .pfc = true}, {.no_checksum = true}, {.tos = 1},
		{.padding = 9}};
	struct wire plain = {0};
	uint8_t frame[FRAME_MAX];
	struct bench b;

	(void)state;
	up(&b);
	give_plain(&b, 1);
	round_of(&b, 0);
	assert_int_equal(leave_by(0), 1);
	assert_true(want(&b, 1));
	for (size_t i = 0; i < RTE_DIM(forms); i++) {
		threads_give(&b, 0, frame, from_a(&b, &forms[i], PACKET, frame));
		all_of_it_is_the_other_ones(&b, "a form of data");
	}
	give_tagged(&b, frame, from_a(&b, &plain, PACKET, frame));
	all_of_it_is_the_other_ones(&b, "a priority tag");
	give_options(&b, frame, from_a(&b, &plain, PACKET, frame));
	all_of_it_is_the_other_ones(&b, "IP options");
	give_segments(&b, frame, from_a(&b, &plain, PACKET, frame));
	all_of_it_is_the_other_ones(&b, "two buffers");
	give_fragments(&b, frame, from_a(&b, &plain, PACKET, frame));
	all_of_it_is_the_other_ones(&b, "fragments");
	/* and the stages alone say the same */
	b.dp->workers[0]->stages_only = b.dp->workers[1]->stages_only = true;
	give_plain(&b, 1);
	all_of_it_is_the_other_ones(&b, "by the stages");
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

/* ---- by whose time ---- */

/* A tenth of a second, in which bursts were full for so many percent of each one's time. */
static void
pass(struct bench *b, unsigned first, unsigned second, uint64_t packets)
{
	const unsigned full[THREADS] = {first, second};

	for (unsigned i = 0; i < THREADS; i++) {
		struct dp_worker *w = b->dp->workers[i];

		w->full_cycles += full[i] * 1000;
		w->busy_cycles += 60000;
		w->idle_cycles += 40000;
	}
	b->dp->workers[0]->rx_packets += packets;
	b->now += CV_NS_PER_S / 10;
	dp_handover_poll(b->dp, b->now);
	round_of(b, 0);
	round_of(b, 1);
	round_of(b, 0);
	assert_true(in_force(b));
	for (unsigned i = 0; i < THREADS; i++) /* of these rounds nothing counts */
		b->dp->workers[i]->idle_cycles = b->dp->workers[i]->busy_cycles / 60000 * 40000;
}

static unsigned
own(const struct bench *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < DP_HANDOVER_BUCKETS; i++)
		n += b->dp->workers[0]->handover->to[i] == 0;
	return n;
}

static void
sessions_go_where_there_is_time(void **state)
{
	unsigned before;
	struct bench b;

	(void)state;
	up(&b);
	b.dp->started = true;
	for (unsigned i = 0; i < THREADS; i++) {
		rte_rcu_qsbr_thread_online(b.dp->rcu, i);
		b.dp->workers[i]->busy_cycles = b.dp->workers[i]->idle_cycles = 0;
	}
	pass(&b, 0, 0, 1000);
	/* both have enough to do, or one for a moment only */
	for (unsigned i = 0; i < 5; i++)
		pass(&b, 95, 70, 1000);
	pass(&b, 60, 0, 1000);
	pass(&b, 95, 0, 1000);
	assert_int_equal(own(&b), DP_HANDOVER_BUCKETS);
	/* it lasts, and the other one has time */
	pass(&b, 95, 0, 1000);
	assert_int_equal(own(&b), DP_HANDOVER_BUCKETS * 3 / 4);
	pass(&b, 95, 0, 1200);
	assert_true(own(&b) < DP_HANDOVER_BUCKETS * 3 / 4);
	before = own(&b);
	/* until it has not */
	for (unsigned i = 0; i < 5; i++)
		pass(&b, 95, 60, 1500);
	assert_int_equal(own(&b), before);
	/* it comes back where the other one has more to do */
	pass(&b, 10, 95, 1500);
	assert_true(own(&b) > before);
	before = own(&b);
	/* and all, when there is less: not at once */
	for (unsigned i = 0; i < 9; i++)
		pass(&b, 10, 10, 500);
	assert_int_equal(own(&b), before);
	pass(&b, 10, 10, 500);
	assert_int_equal(own(&b), DP_HANDOVER_BUCKETS);
	pass(&b, 10, 10, 500);
	assert_int_equal(b.dp->workers[1]->handover->givers, 0);
	/* where all carry no more by it, it is left, and not tried again at once */
	for (unsigned i = 0; i < 2; i++)
		pass(&b, 95, 0, 1000);
	assert_int_equal(own(&b), DP_HANDOVER_BUCKETS * 3 / 4);
	for (unsigned i = 0; i < 8; i++)
		pass(&b, 95, 0, 1050);
	assert_true(own(&b) < DP_HANDOVER_BUCKETS);
	for (unsigned i = 0; i < 500; i++) {
		pass(&b, 95, 0, 1050);
		assert_int_equal(own(&b), DP_HANDOVER_BUCKETS);
	}
	for (unsigned i = 0; i < 105; i++)
		pass(&b, 95, 0, 1050);
	assert_true(own(&b) < DP_HANDOVER_BUCKETS);
	/* and where they do it stays */
	for (unsigned i = 0; i < 20; i++)
		pass(&b, 95, 60, 1300);
	assert_true(own(&b) < DP_HANDOVER_BUCKETS);
	/* what had no room at the other one was not carried */
	for (unsigned i = 0; i < 11; i++)
		pass(&b, 10, 10, 500);
	assert_int_equal(own(&b), DP_HANDOVER_BUCKETS);
	for (unsigned i = 0; i < 2 + 8; i++) {
		b.dp->workers[0]->counts.drops[DP_DROP_HANDOVER_FULL] += i < 2 ? 0 : 250;
		pass(&b, 95, 0, i < 2 ? 1000 : 1300);
	}
	assert_true(own(&b) < DP_HANDOVER_BUCKETS);
	b.dp->workers[0]->counts.drops[DP_DROP_HANDOVER_FULL] += 250;
	pass(&b, 95, 0, 1300);
	assert_int_equal(own(&b), DP_HANDOVER_BUCKETS);
	b.dp->started = false;
	down(&b);
}

/* Who does not ask for it has none of it; who does has buffers for what waits. */
static void
it_is_asked_for(void **state)
{
	struct bench b;

	(void)state;
	assert_int_equal(dp_handover_room(1), 0);
	assert_int_equal(dp_handover_room(2), 2 * DP_HANDOVER_RING);
	assert_int_equal(dp_handover_room(3), 6 * DP_HANDOVER_RING / 2);
	up(&b);
	assert_true(dp_handover_timeout(b.dp) == CV_TIME_NEVER); /* not started */
	dp_handover_destroy(b.dp);
	b.dp->params.hand_over = false;
	assert_int_equal(dp_handover_create(b.dp), 0);
	for (unsigned i = 0; i < THREADS; i++)
		assert_null(b.dp->workers[i]->handover);
	b.dp->started = true;
	assert_true(dp_handover_timeout(b.dp) == CV_TIME_NEVER);
	dp_handover_poll(b.dp, b.now);
	b.dp->started = false;
	give_plain(&b, 1);
	round_of(&b, 0);
	assert_int_equal(leave_by(0), 1);
	down(&b);
}

/* ---- in threads ---- */

/* Who sends first is later to be known: each frame that leaves gets the next number. */
static uint32_t stamps;

static uint16_t
stamp(uint16_t port, uint16_t queue, struct rte_mbuf **frames, uint16_t n, void *context)
{
	(void)port;
	(void)queue;
	(void)context;
	for (uint16_t i = 0; i < n; i++)
		frames[i]->hash.usr = __atomic_fetch_add(&stamps, 1, __ATOMIC_RELAXED);
	return n;
}

enum { MOST = 2 * 2 * CHANGES * FLOW };
static struct seen {
	uint32_t stamp, number;
	bool to_b;
} seen[MOST];
static unsigned seen_count;

static void
look(void)
{
	void *frame;

	for (unsigned i = 0; i < THREADS; i++)
		while (rte_ring_dequeue(threads_out[i], &frame) == 0) {
			struct rte_mbuf *m = frame;
			const uint8_t *end = rte_pktmbuf_mtod_offset(
				m, const uint8_t *, rte_pktmbuf_data_len(m));

			if (rte_pktmbuf_data_len(m) >= LEFT) {
				assert_true(seen_count < MOST);
				seen[seen_count++] = (struct seen){.stamp = m->hash.usr,
					.number = wire_load32(end - 4),
					.to_b = wire_ipv4_target_be(end - PACKET) ==
						rte_cpu_to_be_32(INNER_B)};
			}
			rte_pktmbuf_free(m);
		}
}

/* A packet of each to the other, by worker 0. */
static void
give_next(struct bench *b, uint32_t number)
{
	static const struct wire wire = {.no_checksum = true};
	uint8_t packet[PACKET], frame[FRAME_MAX];

	for (unsigned i = 0; i < 2; i++) {
		inner_packet(
			packet, i == 0 ? INNER_A : INNER_B, i == 0 ? INNER_B : INNER_A, 50, PACKET);
		wire_store32(packet + PACKET - 4, number);
		threads_give(b, 0, frame, build_data(b, i == 0, &wire, packet, PACKET, frame));
	}
}

static int
earlier(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->stamp < y->stamp ? -1 : x->stamp > y->stamp;
}

/* Until the rings in front of and between workers have room for what is given next. */
static void
wait_for_room(struct bench *b)
{
	struct rte_ring *between = b->dp->workers[0]->handover->out[1].ring;

	for (unsigned tries = 0; tries < 1000000; tries++) {
		look();
		if (rte_ring_count(threads_in[0]) + rte_ring_count(between) < ROOM / 2)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
	}
	fail_msg("workers do not take what they are given");
}

static void
wait_for_all(uint32_t given)
{
	for (unsigned tries = 0; tries < 1000000 && seen_count < given; tries++) {
		look();
		nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
	}
	assert_int_equal(seen_count, given);
}

static void
give_some(struct bench *b, uint32_t *number, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (i % 16 == 0)
			wait_for_room(b);
		give_next(b, ++*number);
	}
}

/* Some of the sessions' buckets, another choice each time: as soon as the one before is in force,
 * which may take a worker that has no CPU now. */
static void
change_some(struct bench *b, unsigned turn)
{
	uint8_t to[DP_HANDOVER_BUCKETS];

	for (unsigned i = 0; i < DP_HANDOVER_BUCKETS; i++)
		to[i] = (turn >> i % 3 & 1) != 0;
	for (unsigned tries = 0; tries < 1000000; tries++) {
		if (dp_handover_want(b->dp, 0, to))
			return;
		look();
		nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
	}
	fail_msg("a change never comes into force");
}

static void
packets_of_a_session_stay_in_order(void **state)
{
	const struct rte_eth_rxtx_callback *callbacks[THREADS];
	uint32_t number = 0, last[2] = {0};
	struct bench b;

	(void)state;
	threads_create(&b);
	for (uint16_t i = 0; i < THREADS; i++)
		callbacks[i] = rte_eth_add_tx_callback(b.dp->ports[0].id, i, stamp, NULL);
	assert_int_equal(dp_start(b.dp, b.now), 0);
	set_policies(&b);
	bench_sessions(&b, 0, 0);
	threads_answer_arp(&b);
	for (unsigned i = 0; i < CHANGES; i++) {
		give_some(&b, &number, FLOW);
		change_some(&b, i);
		give_some(&b, &number, FLOW);
	}
	wait_for_all(2 * number);
	threads_stop(&b);
	assert_true(edges(&b, DP_EDGE_RX_HANDOVER) > number / 10);
	assert_true(edges(&b, DP_EDGE_RX_HANDOVER) < 2 * number);
	assert_int_equal(drops(&b, DP_DROP_HANDOVER_FULL), 0);
	qsort(seen, seen_count, sizeof(seen[0]), earlier);
	for (unsigned i = 0; i < seen_count; i++)
		assert_int_equal(seen[i].number, ++last[seen[i].to_b]);
	for (uint16_t i = 0; i < THREADS; i++)
		rte_eth_remove_tx_callback(b.dp->ports[0].id, i, callbacks[i]);
	threads_destroy(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_form_it_has),
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
		cmocka_unit_test(sessions_go_where_there_is_time),
		cmocka_unit_test(it_is_asked_for),
		cmocka_unit_test(packets_of_a_session_stay_in_order),
	};

	if (threads_eal() != 0)
		return 1;
	threads_leave_out_dpdk();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
