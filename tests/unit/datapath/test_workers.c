/* SPDX-License-Identifier: BSD-3-Clause */
/* Two workers carry two sessions' packets to each other, and lose none and lead none astray, while
 * the control thread adds, opens, opens anew and removes a third session all the time, with packets
 * to it and from it on their way, and changes policies and services. Under ThreadSanitizer each
 * word that is written while a worker may still read it is a failure. */
#include <stdlib.h>
#include <time.h>

#include "threads.h"

enum { CHANGES = 2000, THIRD_TUNNEL = 99 };

#define INNER_THIRD UINT32_C(0x0a580163)

static void
set_policies(struct bench *b, uint16_t mtu)
{
	struct policy any = {.kind = DP_FILTER_ANY,
		.clients_reachable = true,
		.lns = cv_ipv4(INNER_LNS),
		.mtu = mtu};

	assert_int_equal(set_policy(b->dp, 0, &any), 0);
	assert_int_equal(set_policy(b->dp, 1, &any), 0);
}

/* ---- the third session ---- */

/* Two sessions of one slot, which take turns in it: other IDs, another peer. */
static uint16_t third_ids[2];
static const struct cv_endpoint third_peers[2] = {
	{.ip = {.family = CV_IPV4, .bytes = {192, 0, 2, 11}}, .port = 50001},
	{.ip = {.family = CV_IPV4, .bytes = {192, 0, 2, 12}}, .port = 50002},
};

static void
choose_ids(const struct bench *b)
{
	const struct dp *dp = b->dp;
	uint32_t slot;

	do
		slot = cv_session_slot(
			dp->slot_seed, 0, THIRD_TUNNEL, ++third_ids[0], dp->slot_mask);
	while (slot == b->slot_a || slot == b->slot_b);
	third_ids[1] = third_ids[0];
	while (cv_session_slot(dp->slot_seed, 0, THIRD_TUNNEL, ++third_ids[1], dp->slot_mask) !=
		slot)
		;
}

static uint32_t
add_third(struct bench *b, unsigned which)
{
	struct dp_session s = {.tunnel_id = THIRD_TUNNEL,
		.session_id = third_ids[which],
		.peer_tunnel_id = 1,
		.peer_session_id = 1,
		.peer = third_peers[which]};
	uint32_t slot;

	assert_int_equal(dp_session_set(b->dp, &s, &slot), 0);
	return slot;
}

/* Opens it, or opens it anew, with other values each time; all let the packets through. */
static void
open_third(struct bench *b, uint32_t slot, unsigned turn)
{
	static const uint16_t mtus[] = {1400, 576, 0, PACKET, 1280};
	struct session_ip ip = {.address = cv_ipv4(INNER_THIRD),
		.group = (uint16_t)(turn % 2),
		.filter = (uint16_t)(turn / 2 % 2),
		.mtu = mtus[turn % RTE_DIM(mtus)],
		.send = (uint16_t)(turn * 7 % 16)};

	assert_int_equal(session_open(b->dp, slot, &ip), 0);
}

/* ---- traffic ---- */

struct traffic {
	uint8_t between[2][FRAME_MAX], to_third[FRAME_MAX], from_third[2][FRAME_MAX];
	size_t between_len[2], to_third_len, from_third_len[2];
	unsigned given, given_between, got;
};

static void
build_traffic(const struct bench *b, struct traffic *t)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	*t = (struct traffic){0};
	inner_packet(packet, INNER_A, INNER_B, 50, PACKET);
	t->between_len[0] = build_data(b, true, &wire, packet, PACKET, t->between[0]);
	inner_packet(packet, INNER_B, INNER_A, 50, PACKET);
	t->between_len[1] = build_data(b, false, &wire, packet, PACKET, t->between[1]);
	inner_packet(packet, INNER_A, INNER_THIRD, 50, PACKET);
	t->to_third_len = build_data(b, true, &wire, packet, PACKET, t->to_third);
	inner_packet(packet, INNER_THIRD, INNER_A, 50, PACKET);
	for (unsigned i = 0; i < 2; i++) {
		wire = (struct wire){.peer_ip = cv_ipv4_value(&third_peers[i].ip),
			.peer_port = third_peers[i].port,
			.tunnel_id = THIRD_TUNNEL,
			.session_id = third_ids[i]};
		t->from_third_len[i] = build_data(b, true, &wire, packet, PACKET, t->from_third[i]);
	}
}

static bool
went_to(const uint8_t *ip, uint32_t peer, uint16_t port)
{
	return wire_ipv4_target_be(ip) == wire_swap32(peer) &&
	       wire_get16(ip + WIRE_IPV4 + WIRE_UDP_TARGET) == port;
}

/* Whether a relayed packet went to the session that has its inner target. */
static bool
is_right(const uint8_t *ip, uint32_t target)
{
	if (target == INNER_A)
		return went_to(ip, PEER_A, PORT_A);
	if (target == INNER_B)
		return went_to(ip, PEER_B, PORT_B);
	for (unsigned i = 0; i < 2; i++)
		if (went_to(ip, cv_ipv4_value(&third_peers[i].ip), third_peers[i].port))
			return target == INNER_THIRD;
	return false;
}

/* What came out, looked at: as threads_collect(). */
static unsigned
collect(void)
{
	/* of headers, and so of relayed packets: what tells of unreachable ones is larger */
	enum { LEAST = WIRE_ETHER + 30 + PACKET, MOST = LEAST + 20 };
	unsigned n = 0;
	void *frame;

	for (unsigned i = 0; i < THREADS; i++)
		while (rte_ring_dequeue(threads_out[i], &frame) == 0) {
			struct rte_mbuf *m = frame;
			unsigned len = rte_pktmbuf_data_len(m);
			const uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, WIRE_ETHER);
			const uint8_t *inner = rte_pktmbuf_mtod_offset(m, uint8_t *, len - PACKET);

			n += len >= LEAST;
			if (len >= LEAST && len < MOST)
				assert_true(is_right(ip, wire_get32(inner + WIRE_IPV4_TARGET)));
			rte_pktmbuf_free(m);
		}
	return n;
}

/* Waits until no more than so many frames wait for a worker. */
static void
wait_for_workers(struct traffic *t, unsigned waiting)
{
	for (unsigned tries = 0; tries < 100000; tries++) {
		unsigned most = 0;

		t->got += collect();
		for (unsigned i = 0; i < THREADS; i++)
			most = RTE_MAX(most, rte_ring_count(threads_in[i]));
		if (most <= waiting)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	}
	fail_msg("the workers do not take what they are given");
}

/* To each worker: a packet between A and B, one to the third session, and one from each of the two
 * that have its slot in turn, of which at most one is there. */
static void
give_traffic(struct bench *b, struct traffic *t)
{
	wait_for_workers(t, 256);
	for (unsigned i = 0; i < THREADS; i++) {
		threads_give(b, i, t->between[i], t->between_len[i]);
		threads_give(b, i, t->to_third, t->to_third_len);
		threads_give(b, i, t->from_third[0], t->from_third_len[0]);
		threads_give(b, i, t->from_third[1], t->from_third_len[1]);
		t->given += 4;
		t->given_between++;
	}
}

/* Some packets meet the change on its way, some were through before. */
static void
traffic_meets(struct bench *b, struct traffic *t, unsigned how)
{
	give_traffic(b, t);
	if (how % 3 == 0)
		wait_for_workers(t, 0);
	if (how % 4 != 0) /* a worker may sleep 400 us */
		nanosleep(&(struct timespec){.tv_nsec = how % 4 * 50000}, NULL);
}

/* Removes it and waits, as the control thread does not, until no worker is at its packets. */
static struct dp_session_counters
remove_third(struct bench *b, uint32_t slot)
{
	struct dp_session_counters n;
	uint32_t gone;
	int rc = dp_session_clear(b->dp, slot, &n);

	if (rc == 0)
		return n;
	assert_int_equal(rc, DP_LEAVING);
	for (unsigned tries = 0; tries < 100000; tries++) {
		if (dp_session_removed(b->dp, &gone, &n)) {
			assert_int_equal(gone, slot);
			return n;
		}
		nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
	}
	fail_msg("a worker never leaves the session");
	return n;
}

/* Services come and go, with a tunnel, and the one that is used has another gateway each time. */
static void
change_services(struct bench *b, unsigned i)
{
	struct dp_service other = {
		.ip = cv_ipv4(LNS_IP), .prefix_length = 24, .udp_port = (uint16_t)(1702 + i)};
	struct dp_service used = {.ip = cv_ipv4(LNS_IP),
		.prefix_length = 24,
		.gateway = cv_ipv4(LNS_IP + 200 + i % 7)};
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A};
	uint16_t id = (uint16_t)(1 + i % 3);

	if (dp_service_clear(b->dp, id) != 0)
		assert_int_equal(dp_service_set(b->dp, id, &other), 0);
	else
		assert_int_equal(dp_tunnel_set(b->dp, id, 7, &peer), CV_ERR_UNKNOWN);
	if (dp_service_get(b->dp, id, &other) == 0)
		assert_int_equal(dp_tunnel_set(b->dp, id, 7, &peer), 0);
	assert_int_equal(dp_service_set(b->dp, 0, &used), 0);
}

/* Pools that have both addresses, one, or none, and other routes. */
static void
change_realm(struct bench *b, unsigned i)
{
	struct cv_prefix pools[2] = {{.ip = cv_ipv4(INNER_A & 0xffffff00), .length = 24},
		{.ip = cv_ipv4(INNER_B), .length = 32}};
	struct cv_prefix wide = {.ip = cv_ipv4(INNER_A & 0xff000000), .length = 8};
	uint32_t self = dp_route_word(DP_ROUTE_SELF, 0);

	assert_int_equal(dp_realm_set(b->dp, 0, i % 4 < 2 ? pools : pools + 1, i % 3 % 2), 0);
	if (dp_route_clear(b->dp, 1, &wide) != 0)
		assert_int_equal(dp_route_set(b->dp, 1, &wide, self), 0);
}

/* What may change in the lines of an open session does: no packet of A and B is lost by it. */
static void
change_profile(struct bench *b, uint32_t slot, unsigned i)
{
	struct dp_session s, got;

	assert_int_equal(dp_session_get(b->dp, slot, &s), 0);
	s.group = (uint16_t)(i % 2);
	s.filter = (uint16_t)(i / 2 % 2);
	s.mtu = (uint16_t)(i % 3 == 0 ? 1300 : 1400);
	assert_int_equal(dp_session_set(b->dp, &s, NULL), 0);
	assert_int_equal(dp_session_get(b->dp, slot, &got), 0);
	assert_memory_equal(&got, &s, sizeof(s));
}

/* The third session comes, is opened twice or not at all, and goes; the other one that takes its
 * slot comes next, mostly at once. Returns what was counted for it. */
static struct dp_session_counters
change(struct bench *b, struct traffic *t, unsigned i)
{
	uint32_t slot = add_third(b, i % 2);
	struct dp_session_counters n;

	traffic_meets(b, t, i);
	for (unsigned k = 0; k < 2 && i % 4 != 3; k++) {
		open_third(b, slot, 2 * i + k);
		traffic_meets(b, t, i + k);
		dp_control_poll(b->dp, b->now); /* it may be opened now only */
		traffic_meets(b, t, i + k + 1);
	}
	if (i % 64 == 0)
		set_policies(b, (uint16_t)(i % 128 == 0 ? 0 : 1300));
	change_profile(b, i % 3 == 0 ? b->slot_a : b->slot_b, i);
	if (i % 4 == 1)
		change_realm(b, i / 4);
	if (i % 16 == 5)
		change_services(b, i / 16);
	n = remove_third(b, slot);
	if (i % 8 >= 6) /* at times nobody is there for a while */
		traffic_meets(b, t, i);
	return n;
}

static void
no_packet_is_lost_while_a_third_session_comes_and_goes(void **state)
{
	static struct traffic t;
	uint64_t to_third = 0, from_third = 0;
	struct bench b;

	(void)state;
	threads_create(&b);
	assert_int_equal(dp_start(b.dp, b.now), 0);
	set_policies(&b, 0);
	bench_sessions(&b, 0, DP_SEND_ACFC);
	threads_answer_arp(&b);
	choose_ids(&b);
	build_traffic(&b, &t);
	threads_collect();
	for (unsigned i = 0; i < CHANGES; i++) {
		struct dp_session_counters n = change(&b, &t, i);

		to_third += n.tx_packets;
		from_third += n.rx_packets;
		assert_int_equal(n.rx_bytes, n.rx_packets * PACKET);
		assert_int_equal(n.tx_bytes, n.tx_packets * PACKET);
	}
	wait_for_workers(&t, 0);
	threads_stop(&b);
	t.got += collect();
	/* each packet of A and B came through, and of the third what was counted for it; the rest
	 * met nobody, and is counted as that */
	t.got -= (unsigned)edges(&b, DP_EDGE_ROUTE_UNREACHABLE); /* what tells so */
	assert_int_equal(t.got, t.given_between + to_third + from_third);
	assert_int_equal(t.got, edges(&b, DP_EDGE_RELAY_EGRESS));
	assert_int_equal(t.given - t.got, drops(&b, DP_DROP_ROUTE_NO_ROUTE) +
						  drops(&b, DP_DROP_INGRESS_NOT_OPEN) +
						  drops(&b, DP_DROP_INGRESS_UNKNOWN_SESSION));
	assert_true(to_third > CHANGES / 4);
	assert_true(from_third > CHANGES / 4);
	assert_true(drops(&b, DP_DROP_INGRESS_NOT_OPEN) > CHANGES / 4);
	threads_destroy(&b);
}

/* ---- workers that go by hand ---- */

/* One packet from A to B by way of a worker; true: it left. */
static bool
relayed_by(struct bench *b, unsigned worker, bool from_a)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, from_a ? INNER_A : INNER_B, from_a ? INNER_B : INNER_A, 50, PACKET);
	threads_give(b, worker, frame, build_data(b, from_a, &wire, packet, PACKET, frame));
	dp_worker_round(b->dp->workers[worker]);
	return threads_collect() == 1;
}

static bool
relayed_by_the_other_worker(struct bench *b, bool from_a)
{
	return relayed_by(b, 1, from_a);
}

static void
learn_neighbours(struct bench *b)
{
	uint8_t arp[FRAME_MAX];

	threads_give(b, 0, arp, bench_arp(b, PEER_A, arp));
	threads_give(b, 0, arp, bench_arp(b, PEER_B, arp));
	dp_worker_round(b->dp->workers[0]);
	dp_control_poll(b->dp, b->now);
	dp_worker_round(b->dp->workers[0]);
	assert_true(threads_neighbours_known(b));
	threads_collect();
}

/* Worker 0 stands still in the middle of a packet. Sessions go, are opened anew, policies change,
 * and the control thread waits for none of it: what needs the worker comes when it goes on. */
static void
a_late_worker_delays_nobody(void **state)
{
	/* other headers: its lines must be written anew */
	struct session_ip ip = {
		.address = cv_ipv4(INNER_A), .mtu = 1300, .hold = true, .send = DP_SEND_LENGTH};
	struct dp_session back = {.peer = {.ip = cv_ipv4(PEER_B), .port = PORT_B}};
	uint64_t key;
	struct dp_session_counters n;
	struct dp_setup_info info;
	struct bench b;
	uint32_t gone;

	(void)state;
	threads_create(&b);
	assert_int_equal(dp_ports_start(b.dp), 0);
	set_policies(&b, 0);
	bench_sessions(&b, 0, 0);
	learn_neighbours(&b);
	b.dp->started = true;
	for (unsigned i = 0; i < THREADS; i++)
		rte_rcu_qsbr_thread_online(b.dp->rcu, i);
	assert_true(relayed_by_the_other_worker(&b, true));

	key = b.dp->ingress[b.slot_b].word;
	back.tunnel_id = (uint16_t)(key >> 16);
	back.session_id = (uint16_t)key;
	assert_int_equal(dp_session_clear(b.dp, b.slot_b, &n), DP_LEAVING);
	assert_int_equal(dp_session_clear(b.dp, b.slot_b, &n), CV_ERR_UNKNOWN);
	assert_int_equal(dp_session_set(b.dp, &back, NULL), CV_ERR_EXISTS);
	/* an address that it waits to be opened with is free again when it is shut instead */
	assert_int_equal(session_open(b.dp, b.slot_a, &ip), 0);
	assert_int_equal(*dp_realm_entry(b.dp, 0, rte_cpu_to_be_32(INNER_A)), DP_ROUTE_KEPT);
	session_shut(b.dp, b.slot_a);
	assert_int_equal(*dp_realm_entry(b.dp, 0, rte_cpu_to_be_32(INNER_A)), DP_ROUTE_NOBODY);
	assert_int_equal(session_open(b.dp, b.slot_a, &ip), 0);
	session_reach(b.dp, b.slot_a);
	set_policies(&b, 1200);
	for (unsigned i = 0; i < 10; i++) {
		assert_false(relayed_by_the_other_worker(&b, true));
		dp_control_poll(b.dp, b.now);
		assert_non_null(b.dp->old); /* policies that it may be reading */
		assert_false(dp_session_removed(b.dp, &gone, &n));
	}
	assert_int_equal(drops(&b, DP_DROP_INGRESS_NOT_OPEN), 10);
	assert_true(dp_next_timeout(b.dp) <= b.now + CV_NS_PER_MS);
	dp_setup_info(b.dp, &info);
	assert_int_equal(info.sessions, 1);
	b.dp->workers[0]->received[b.slot_b].packets++; /* the one that it was at */

	dp_worker_round(b.dp->workers[0]);
	dp_control_poll(b.dp, b.now);
	assert_null(b.dp->old);
	assert_true(dp_session_removed(b.dp, &gone, &n));
	assert_int_equal(gone, b.slot_b);
	assert_int_equal(n.rx_packets, 1);
	assert_int_equal(n.tx_packets, 1);
	assert_false(dp_session_removed(b.dp, &gone, &n));
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 1200);
	dp_setup_info(b.dp, &info);
	assert_int_equal(info.addresses, 1);

	/* one that never was open is found by its key: a worker may be at that, too */
	assert_int_equal(dp_session_set(b.dp, &back, &b.slot_b), 0);
	assert_int_equal(dp_session_clear(b.dp, b.slot_b, &n), DP_LEAVING);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_false(dp_session_removed(b.dp, &gone, &n));
		dp_worker_round(b.dp->workers[i]);
	}
	assert_true(dp_session_removed(b.dp, &gone, &n));
	/* B comes back into its slot; A's address is not to be had */
	b.slot_b = bench_session(&b, false, 0);
	assert_int_equal(session_open(b.dp, b.slot_b, &ip), CV_ERR_EXISTS);
	dp_worker_round(b.dp->workers[0]);
	assert_true(relayed_by_the_other_worker(&b, true));
	assert_true(relayed_by_the_other_worker(&b, false)); /* A is reachable */
	b.dp->started = false;
	dp_ports_stop(b.dp);
	threads_destroy(&b);
}

/* The control thread's frames leave by worker 0; another one has a packet for the client. */
static void
nothing_reaches_a_client_before_its_ack(void **state)
{
	struct session_ip ip = {.address = cv_ipv4(INNER_B),
		.group = GROUP_B,
		.filter = GROUP_B,
		.mtu = 1400,
		.hold = true};
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_B), .port = PORT_B};
	struct bench b;

	(void)state;
	threads_create(&b);
	assert_int_equal(dp_ports_start(b.dp), 0);
	set_policies(&b, 0);
	bench_sessions(&b, 0, 0);
	learn_neighbours(&b);
	for (unsigned round = 0; round < 3; round++) {
		uint64_t held = drops(&b, DP_DROP_EGRESS_NOT_YET);

		assert_int_equal(session_open(b.dp, b.slot_b, &ip), 0);
		assert_true(relayed_by_the_other_worker(&b, false)); /* its own are taken */
		assert_false(relayed_by_the_other_worker(&b, true));
		assert_int_equal(dp_send_udp(b.dp, b.now, 0, &peer, "Ack", 3), 0);
		assert_false(relayed_by_the_other_worker(&b, true));
		session_reach(b.dp, b.slot_b);
		assert_false(relayed_by_the_other_worker(&b, true)); /* it has not left */
		dp_control_poll(b.dp, b.now);
		assert_false(relayed_by_the_other_worker(&b, true));
		assert_int_equal(drops(&b, DP_DROP_EGRESS_NOT_YET), held + 4);
		assert_int_equal(rte_ring_count(threads_out[0]), 0);
		dp_worker_round(b.dp->workers[0]);
		assert_int_equal(rte_ring_count(threads_out[0]), 1);
		assert_true(relayed_by_the_other_worker(&b, true));
		session_reach(b.dp, b.slot_b); /* without effect */
		if (round == 0)
			dp_control_poll(b.dp, b.now);
		assert_true(relayed_by_the_other_worker(&b, true));
		/* opened again, or gone and come again, while it is still in the list */
		if (round == 1) {
			assert_int_equal(dp_session_clear(b.dp, b.slot_b, NULL), 0);
			bench_session(&b, false, 0);
			assert_true(relayed_by_the_other_worker(&b, true));
		}
	}
	/* half round the count: what waits no longer is not looked at again */
	dp_control_poll(b.dp, b.now);
	__atomic_store_n(&b.dp->workers[0]->control_sent, UINT32_C(0x20000000), __ATOMIC_RELAXED);
	assert_true(relayed_by_the_other_worker(&b, true));
	threads_collect();
	dp_ports_stop(b.dp);
	threads_destroy(&b);
}

static void
expect_counted(const struct dp_session_counters *n, unsigned rx, unsigned tx)
{
	assert_int_equal(n->rx_packets, rx);
	assert_int_equal(n->rx_bytes, rx * PACKET);
	assert_int_equal(n->tx_packets, tx);
	assert_int_equal(n->tx_bytes, tx * PACKET);
}

/* What arrives is counted in the session's line by the worker that saw it first, elsewhere by
 * others: no packet is lost, none is left to who comes next. */
static void
a_sessions_packets_count_whichever_worker_takes_them(void **state)
{
	struct dp_session_counters n;
	struct bench b;

	(void)state;
	threads_create(&b);
	assert_int_equal(dp_ports_start(b.dp), 0);
	set_policies(&b, 0);
	bench_sessions(&b, 0, 0);
	learn_neighbours(&b);
	for (unsigned first = 0; first < THREADS; first++) {
		assert_true(relayed_by(&b, first, true));
		assert_true(relayed_by(&b, 1 - first, true));
		assert_true(relayed_by(&b, 1 - first, true));
		assert_true(relayed_by(&b, first, true));
		assert_true(relayed_by(&b, 1 - first, false));
		assert_int_equal(b.dp->workers[first]->received[b.slot_a].packets, 0);
		assert_int_equal(b.dp->workers[1 - first]->received[b.slot_a].packets, 2);
		assert_int_equal(b.dp->ingress[b.slot_b].received.count.packets, 1);
		assert_int_equal(dp_session_counters(b.dp, b.slot_a, &n), 0);
		expect_counted(&n, 4, 1);
		assert_int_equal(dp_session_clear(b.dp, b.slot_a, &n), 0);
		expect_counted(&n, 4, 1);
		assert_int_equal(dp_session_clear(b.dp, b.slot_b, &n), 0);
		expect_counted(&n, 1, 4);
		bench_sessions(&b, 0, 0);
		assert_int_equal(dp_session_counters(b.dp, b.slot_a, &n), 0);
		expect_counted(&n, 0, 0);
	}
	dp_ports_stop(b.dp);
	threads_destroy(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_worker_delays_nobody),
		cmocka_unit_test(nothing_reaches_a_client_before_its_ack),
		cmocka_unit_test(a_sessions_packets_count_whichever_worker_takes_them),
		cmocka_unit_test(no_packet_is_lost_while_a_third_session_comes_and_goes),
	};

	if (threads_eal() != 0)
		return 1;
	threads_leave_out_dpdk();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
