/* SPDX-License-Identifier: BSD-3-Clause */
/* Joined sessions come, go and change while two workers carry their frames: each that leaves is
 * whole, by headers of one time. */
#include <time.h>

#include "switch.h"
#include "threads.h"

enum { CHANGES = 4000, LEN = 104, LATER_PORT = END_PORT + 9 };

static uint8_t ppp[LEN] = {0xff, 0x03, 0x00, 0x21};
static uint64_t given, got;

/* What a session has at one time: IDs, port and form follow from the peer's tunnel ID. */
static void
tell(struct ends *e, unsigned end, uint16_t time)
{
	struct dp_session *s = &e->at[end].told;

	s->peer_tunnel_id = time;
	s->peer_session_id = (uint16_t)~time;
	s->peer.port = (uint16_t)((time & 2) != 0 ? LATER_PORT : END_PORT + end);
	end_set(e, end, (time & 1) != 0 ? DP_SEND_LENGTH : 0);
}

/* What came out, which may be something else than data of these. */
static void
look(struct rte_mbuf *m)
{
	uint8_t *ether = rte_pktmbuf_mtod(m, uint8_t *), *ip = ether + WIRE_ETHER;
	uint8_t *udp = ip + WIRE_IPV4;
	struct l2tp_header h = {0};
	unsigned port;

	if (wire_ether_type_be(ether) != WIRE_TYPE_IPV4_BE ||
		rte_pktmbuf_data_len(m) < WIRE_ETHER + 34 + LEN)
		return;
	port = wire_get16(udp + WIRE_UDP_TARGET);
	if (port < END_PORT || port > LATER_PORT)
		return;
	assert_int_equal(wire_ipv4_length(ip), rte_pktmbuf_data_len(m) - WIRE_ETHER);
	assert_true(wire_ipv4_sum_right(ip, WIRE_IPV4));
	assert_int_equal(wire_udp_length(udp), wire_ipv4_length(ip) - WIRE_IPV4);
	assert_true(wire_udp_sum_right(udp, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip)));
	assert_int_equal(l2tp_header_parse(udp + WIRE_UDP_HEADER,
				 wire_udp_length(udp) - (size_t)WIRE_UDP_HEADER, &h),
		0);
	assert_int_equal(h.session_id, (uint16_t)~h.tunnel_id);
	assert_int_equal(h.has_length, (h.tunnel_id & 1) != 0);
	assert_int_equal(port == LATER_PORT, (h.tunnel_id & 2) != 0);
	assert_int_equal(h.payload.len, LEN);
	assert_memory_equal(h.payload.data + 4, ppp + 4, LEN - 4);
	got++;
}

static void
collect(void)
{
	void *m;

	for (unsigned i = 0; i < THREADS; i++)
		while (rte_ring_dequeue(threads_out[i], &m) == 0) {
			look(m);
			rte_pktmbuf_free(m);
		}
}

/* Until no more than so many wait for each worker. */
static void
take(unsigned waiting)
{
	for (unsigned tries = 0; tries < 100000; tries++) {
		collect();
		if (rte_ring_count(threads_in[0]) <= waiting &&
			rte_ring_count(threads_in[1]) <= waiting)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
	}
	fail_msg("the workers do not take what they are given");
}

/* Data and LCP of both; each is on one worker. */
static void
give(struct ends *e, unsigned n)
{
	const struct form f = {0};
	uint8_t frame[FRAME_MAX];
	size_t len;

	take(256);
	for (unsigned i = 0; i < n; i++)
		for (unsigned end = W; end <= X; end++) {
			memcpy(ppp, i % 4 == 3 ? "\xff\x03\xc0\x21" : "\xff\x03\x00\x21", 4);
			len = end_frame(e, end, &f, ppp, LEN, frame);
			threads_give(e->b, end, frame, len);
			given++;
		}
}

/* What was punted, and what was cleared. */
static void
control(struct ends *e, bool until_gone)
{
	struct dp_punt p;
	uint32_t slot;
	bool gone = !until_gone;

	for (unsigned tries = 0; tries < 100000; tries++) {
		dp_control_poll(e->b->dp, e->b->now);
		while (dp_punt_next(e->b->dp, &p))
			dp_punt_release(e->b->dp, &p);
		while (dp_session_removed(e->b->dp, &slot, NULL))
			gone = true;
		if (gone)
			return;
		take(1024);
		if (tries > 100) /* a worker's thread may have to wait for a CPU */
			nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	}
	fail_msg("a session does not go");
}

static void
change(struct ends *e, uint64_t *random, uint16_t time)
{
	unsigned end = random_below(random, 2) == 0 ? W : X;
	struct dp *dp = e->b->dp;
	struct dp_session plain = e->at[end].told;

	switch (random_below(random, 5)) {
	case 0: /* other headers, or another peer */
	case 1:
		tell(e, end, time);
		return;
	case 2: /* gone, and here again */
		if (dp_session_clear(dp, e->at[end].slot, NULL) == DP_LEAVING)
			control(e, true);
		give(e, random_below(random, 4));
		tell(e, end, time);
		break;
	case 3:
		assert_int_equal(dp_switch_set(dp, e->at[end].slot, DP_NO_SLOT), 0);
		break;
	default: /* a client's, for a while */
		plain.send = 0;
		assert_int_equal(dp_session_set(dp, &plain, NULL), 0);
		give(e, random_below(random, 4));
		tell(e, end, time);
		break;
	}
	give(e, random_below(random, 4));
	join(e, W, X);
}

/* What was given has left, or was dropped. */
static void
finish(const struct bench *b)
{
	take(0);
	for (unsigned i = 0; i < THREADS; i++) {
		uint64_t rounds = dp_worker_rounds(b->dp, i);

		for (unsigned tries = 0; dp_worker_rounds(b->dp, i) < rounds + 2; tries++) {
			assert_in_range(tries, 0, 100000);
			nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
		}
	}
	collect();
}

/* Two sessions that are joined, beside A and B, for whose peers there are next hops. */
static void
up(struct bench *b, struct ends *e)
{
	struct policy any = {
		.kind = DP_FILTER_ANY, .clients_reachable = true, .lns = cv_ipv4(INNER_LNS)};

	assert_int_equal(set_policy(b->dp, 0, &any), 0);
	assert_int_equal(set_policy(b->dp, 1, &any), 0);
	bench_sessions(b, 0, 0);
	if (b->dp->started)
		threads_answer_arp(b);
	inner_packet(ppp + 4, INNER_A, INNER_B, WIRE_ESP, LEN - 4);
	for (unsigned i = W; i <= X; i++) {
		e->at[i].told = (struct dp_session){.tunnel_id = (uint16_t)(END_TUNNEL + i),
			.session_id = 500,
			.peer = {.ip = cv_ipv4(i == W ? PEER_A : PEER_B)}};
		free_ids(b, &e->at[i].told);
		tell(e, i, 0);
	}
	join(e, W, X);
}

static void
frames_are_whole_whatever_changes(void **state)
{
	uint64_t random = 11, end;
	struct bench b;
	struct ends e = {.b = &b};

	(void)state;
	threads_create(&b);
	assert_int_equal(dp_start(b.dp, b.now), 0);
	up(&b, &e);
	for (unsigned i = 0; i < CHANGES; i++) {
		give(&e, 1 + random_below(&random, 8));
		change(&e, &random, (uint16_t)random_below(&random, 65536));
		control(&e, false);
	}
	/* all that waits for workers gets into the lines; then nothing is lost any more */
	for (unsigned tries = 0; tries < 100000 && dp_graces_pending(b.dp); tries++)
		control(&e, false);
	finish(&b);
	end = got;
	assert_in_range(end, CHANGES, given - 1);
	for (unsigned i = 0; i < 10; i++)
		give(&e, 100);
	finish(&b);
	assert_int_equal(got - end, 2000);
	threads_stop(&b);
	assert_int_not_equal(drops(&b, DP_DROP_SWITCH_ALONE), 0);
	collect();
	threads_destroy(&b);
}

/* ---- workers that go by hand: the first one is at a packet, and stays there ---- */

static void
up_by_hand(struct bench *b, struct ends *e)
{
	uint8_t arp[FRAME_MAX];

	*e = (struct ends){.b = b};
	threads_create(b);
	assert_int_equal(dp_ports_start(b->dp), 0);
	up(b, e);
	threads_give(b, 0, arp, bench_arp(b, PEER_A, arp));
	threads_give(b, 0, arp, bench_arp(b, PEER_B, arp));
	dp_worker_round(b->dp->workers[0]);
	dp_control_poll(b->dp, b->now);
	dp_worker_round(b->dp->workers[0]);
	assert_true(threads_neighbours_known(b));
	collect();
	b->dp->started = true;
	for (unsigned i = 0; i < THREADS; i++)
		rte_rcu_qsbr_thread_online(b->dp->rcu, i);
}

/* Whether what comes by it to the second worker leaves by the other one; else it is dropped for
 * this. */
static bool
passes(struct ends *e, unsigned from, enum dp_drop_cause cause)
{
	uint64_t before = got, dropped = drops(e->b, cause);
	const struct form f = {0};
	uint8_t frame[FRAME_MAX];
	size_t len = end_frame(e, from, &f, ppp, LEN, frame);

	threads_give(e->b, 1, frame, len);
	dp_worker_round(e->b->dp->workers[1]);
	collect();
	dp_control_poll(e->b->dp, e->b->now);
	assert_int_equal(drops(e->b, cause) - dropped, got == before);
	return got != before;
}

/* The first one goes on. */
static void
goes_on(struct bench *b)
{
	for (unsigned i = 0; i < THREADS; i++)
		dp_worker_round(b->dp->workers[i]);
	dp_control_poll(b->dp, b->now);
	assert_false(dp_graces_pending(b->dp));
}

static void
lines_wait_for_workers(void **state)
{
	struct dp_egress before;
	struct bench b;
	struct ends e;
	uint32_t slot;

	(void)state;
	up_by_hand(&b, &e);
	assert_true(passes(&e, W, DP_DROP_SWITCH_ALONE));
	assert_true(passes(&e, X, DP_DROP_SWITCH_ALONE));

	/* new headers: a worker may be writing the old ones in front of a frame */
	before = b.dp->egress[e.at[X].slot];
	tell(&e, X, 1);
	assert_false(passes(&e, W, DP_DROP_SWITCH_ALONE));
	assert_true(passes(&e, X, DP_DROP_SWITCH_ALONE));
	assert_memory_equal(&b.dp->egress[e.at[X].slot], &before, sizeof(before));
	goes_on(&b);
	assert_memory_not_equal(&b.dp->egress[e.at[X].slot], &before, sizeof(before));
	assert_true(passes(&e, W, DP_DROP_SWITCH_ALONE));

	/* the other one goes while these wait */
	tell(&e, X, 0);
	assert_int_equal(dp_session_clear(b.dp, e.at[W].slot, NULL), DP_LEAVING);
	assert_false(passes(&e, X, DP_DROP_SWITCH_ALONE));
	goes_on(&b);
	assert_true(dp_session_removed(b.dp, &slot, NULL));
	assert_false(passes(&e, X, DP_DROP_SWITCH_ALONE));

	/* they are joined while it waits for a new peer */
	tell(&e, W, 0);
	goes_on(&b);
	tell(&e, X, 2);
	join(&e, W, X);
	assert_false(passes(&e, W, DP_DROP_SWITCH_ALONE));
	assert_false(passes(&e, X, DP_DROP_INGRESS_UNKNOWN_SESSION));
	goes_on(&b);
	assert_true(passes(&e, W, DP_DROP_SWITCH_ALONE));
	assert_true(passes(&e, X, DP_DROP_SWITCH_ALONE));

	/* and parted likewise, in either's name */
	tell(&e, X, 3);
	assert_int_equal(dp_switch_set(b.dp, e.at[W].slot, DP_NO_SLOT), 0);
	goes_on(&b);
	assert_false(passes(&e, W, DP_DROP_SWITCH_ALONE));
	assert_false(passes(&e, X, DP_DROP_SWITCH_ALONE));
	for (unsigned i = 0; i < THREADS; i++)
		rte_rcu_qsbr_thread_offline(b.dp->rcu, i);
	b.dp->started = false;
	dp_ports_stop(b.dp);
	threads_destroy(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_whole_whatever_changes),
		cmocka_unit_test(lines_wait_for_workers),
	};

	if (threads_eal() != 0)
		return 1;
	threads_leave_out_dpdk();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
