/* SPDX-License-Identifier: BSD-3-Clause */
/* When sessions change hands, by whose time; and that none of their packets overtakes another then.
 */
#include <stdlib.h>
#include <time.h>

#include <rte_ethdev.h>

#include "handover.h"

enum { CHANGES = 100, FLOW = 100 };

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

/* A priority tag, which only the stages take off. */
static size_t
put_tag(uint8_t *frame, size_t len)
{
	enum { TAG = 4 };

	memmove(frame + WIRE_ETHER_TYPE + TAG, frame + WIRE_ETHER_TYPE, len - WIRE_ETHER_TYPE);
	memcpy(frame + WIRE_ETHER_TYPE, "\x81\x00\x60\x00", TAG);
	return len + TAG;
}

/* A packet of each to the other, by worker 0; some have another form than most. */
static void
give_next(struct bench *b, uint32_t number)
{
	static const struct wire wire = {.no_checksum = true};
	uint8_t packet[PACKET], frame[FRAME_MAX];
	size_t len;

	for (unsigned i = 0; i < 2; i++) {
		inner_packet(
			packet, i == 0 ? INNER_A : INNER_B, i == 0 ? INNER_B : INNER_A, 50, PACKET);
		wire_store32(packet + PACKET - 4, number);
		len = build_data(b, i == 0, &wire, packet, PACKET, frame);
		threads_give(b, 0, frame, number % 5 == 0 ? put_tag(frame, len) : len);
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
		cmocka_unit_test(sessions_go_where_there_is_time),
		cmocka_unit_test(it_is_asked_for),
		cmocka_unit_test(packets_of_a_session_stay_in_order),
	};

	if (threads_eal() != 0)
		return 1;
	threads_leave_out_dpdk();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
