/* SPDX-License-Identifier: BSD-3-Clause */
/* One family of a session opens, closes and changes its addresses while two workers carry the other
 * one's packets: none of these is lost, and nobody waits for a worker. */
#include <time.h>

#include "inner6.h"
#include "threads.h"

enum { TURNS = 1500 };

static void
up(struct bench *b)
{
	struct policy any = {
		.kind = DP_FILTER_ANY, .clients_reachable = true, .lns = cv_ipv4(INNER_LNS)};

	assert_int_equal(set_policy(b->dp, GROUP_A, &any), 0);
	assert_int_equal(set_policy(b->dp, GROUP_B, &any), 0);
	bench_sessions(b, 0, DP_SEND_ACFC);
	open6(b, b->slot_a, LINK_A, PD_A);
	open6(b, b->slot_b, LINK_B, NULL);
}

struct traffic {
	uint8_t frames[2][2][FRAME_MAX]; /* by family, direction */
	size_t len[2][2];
	unsigned given[2], got[2];
};

static void
build_traffic(const struct bench *b, struct traffic *t)
{
	struct wire wires[2] = {{0}, {.protocol = WIRE_PPP_IPV6}};
	uint8_t packet[FRAME_MAX];

	*t = (struct traffic){0};
	for (unsigned k = 0; k < 2; k++) {
		inner_packet(packet, k == 0 ? INNER_A : INNER_B, k == 0 ? INNER_B : INNER_A, ESP,
			PACKET);
		t->len[0][k] = build_data(b, k == 0, &wires[0], packet, PACKET, t->frames[0][k]);
		packet6(packet, k == 0 ? A_6 : B_6, k == 0 ? B_6 : A_6, ESP, PACKET);
		t->len[1][k] = build_data(b, k == 0, &wires[1], packet, PACKET, t->frames[1][k]);
	}
}

/* Counts what came out, whole packets of a family each; not what tells of one. */
static void
collect(struct traffic *t)
{
	enum { HEADERS = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + 6 };
	struct rte_mbuf *m;

	for (unsigned i = 0; i < THREADS; i++)
		while (rte_ring_dequeue(threads_out[i], (void **)&m) == 0) {
			unsigned len = rte_pktmbuf_data_len(m);
			const uint8_t *inner = rte_pktmbuf_mtod(m, uint8_t *) + len - PACKET;

			if (len == HEADERS + 4 + PACKET || len == HEADERS + 2 + PACKET)
				t->got[wire_ip_version(inner) == 6]++;
			rte_pktmbuf_free(m);
		}
}

static void
give(struct bench *b, struct traffic *t, unsigned i)
{
	for (unsigned tries = 0; tries < 100000; tries++) {
		collect(t);
		if (rte_ring_count(threads_in[0]) <= 64 && rte_ring_count(threads_in[1]) <= 64)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	}
	for (unsigned k = 0; k < 4; k++) {
		threads_give(b, (i + k) % THREADS, t->frames[k & 1][k >> 1], t->len[k & 1][k >> 1]);
		t->given[k & 1]++;
	}
}

/* Everything has gone through. */
static void
finish(struct bench *b, struct traffic *t)
{
	for (unsigned tries = 0; tries < 20000; tries++) {
		collect(t);
		if (rte_ring_count(threads_in[0]) + rte_ring_count(threads_in[1]) == 0)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	}
	threads_stop(b);
	collect(t);
}

/* A's IPv6: closed, opened again, of another prefix, with another delegated one, held back. */
static void
change6(struct dp_session *s, unsigned i)
{
	switch (i % 6) {
	case 0:
		s->open6 = false;
		break;
	case 1:
		s->open6 = true;
		break;
	case 2:
		s->prefix6 = prefix6("2001:db8:a:c::/64");
		break;
	case 3:
		s->delegated = prefix6(i % 4 == 3 ? "2001:db8:d::/48" : PD_A);
		break;
	case 4:
		s->reachable6 = !s->reachable6;
		break;
	default:
		s->prefix6 = prefix6(LINK_A);
		s->reachable6 = true;
		break;
	}
}

static void
change4(struct dp_session *s, unsigned i)
{
	switch (i % 4) {
	case 0:
		s->open = false;
		break;
	case 1:
		s->open = true;
		break;
	case 2:
		s->address = cv_ipv4(INNER_A + 7);
		break;
	default:
		s->address = cv_ipv4(INNER_A);
		break;
	}
}

/* Workers and the control thread have done all that was given to them: the rings are empty, and
 * each worker has ended a round since. */
static void
settle(struct bench *b, struct traffic *t)
{
	struct dp_punt punt;
	bool empty = false;
	uint64_t token = 0;

	for (unsigned tries = 0; tries < 20000; tries++) {
		dp_control_poll(b->dp, b->now);
		while (dp_punt_next(b->dp, &punt))
			dp_punt_release(b->dp, &punt);
		if (!empty && rte_ring_count(threads_in[0]) + rte_ring_count(threads_in[1]) == 0) {
			empty = true;
			token = rte_rcu_qsbr_start(b->dp->rcu);
		}
		if (empty && rte_rcu_qsbr_check(b->dp->rcu, token, false) == 1 &&
			!dp_graces_pending(b->dp)) {
			collect(t);
			return;
		}
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	}
	fail_msg("the workers stand still");
}

/* A's family closed, nothing of it can pass; open as it was, all does. Waits until a worker has
 * seen either, so that neither depends on who runs when; returns what must have been lost. */
static unsigned
close_and_open(struct bench *b, struct traffic *t, const struct dp_session *was, bool six)
{
	struct dp_session s = *was;
	unsigned given = t->given[six], got, lost;

	if (six)
		s.open6 = false;
	else
		s.open = false;
	assert_int_equal(dp_session_set(b->dp, &s, NULL), 0);
	settle(b, t);
	got = t->got[six];
	give(b, t, 0);
	settle(b, t);
	lost = t->given[six] - given;
	given = t->given[six];
	assert_int_equal(dp_session_set(b->dp, was, NULL), 0);
	settle(b, t);
	assert_int_equal(t->got[six], got);
	give(b, t, 0);
	settle(b, t);
	assert_int_equal(t->given[six] - given, lost);
	assert_int_equal(t->got[six], got + lost);
	return lost;
}

/* A's packets of the other family all come through. */
static void
flap(bool six)
{
	static struct traffic t;
	struct dp_session s, was;
	struct dp_punt punt;
	unsigned lost = 0;
	struct bench b;

	threads_create(&b);
	assert_int_equal(dp_start(b.dp, b.now), 0);
	up(&b);
	threads_answer_arp(&b);
	build_traffic(&b, &t);
	threads_collect();
	assert_int_equal(dp_session_get(b.dp, b.slot_a, &was), 0);
	for (unsigned i = 0; i < TURNS; i++) {
		give(&b, &t, i);
		assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
		if (six)
			change6(&s, i);
		else
			change4(&s, i);
		assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
		if (i % 3 == 0)
			give(&b, &t, i);
		dp_control_poll(b.dp, b.now);
		while (dp_punt_next(b.dp, &punt))
			dp_punt_release(b.dp, &punt);
		if (i % 100 == 99)
			lost += close_and_open(&b, &t, &was, six);
	}
	finish(&b, &t);
	/* of the family that changes some are lost, and some not; of the other one none is */
	assert_int_equal(t.got[!six], t.given[!six]);
	assert_in_range(t.got[six], lost, t.given[six] - lost);
	threads_destroy(&b);
}

static void
ipv6_changes_beside_ipv4(void **state)
{
	(void)state;
	flap(true);
}

static void
ipv4_changes_beside_ipv6(void **state)
{
	(void)state;
	flap(false);
}

/* ---- workers that go by hand ---- */

/* One packet from A to B, or back, by way of worker 1; true: it left. */
static bool
relayed(struct bench *b, bool six, bool from_a)
{
	struct wire wire = {.protocol = six ? WIRE_PPP_IPV6 : WIRE_PPP_IP};
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];

	if (six)
		packet6(packet, from_a ? A_6 : B_6, from_a ? B_6 : A_6, ESP, PACKET);
	else
		inner_packet(packet, from_a ? INNER_A : INNER_B, from_a ? INNER_B : INNER_A, ESP,
			PACKET);
	threads_give(b, 1, frame, build_data(b, from_a, &wire, packet, PACKET, frame));
	dp_worker_round(b->dp->workers[1]);
	return threads_collect() == 1;
}

static uint32_t
word(const struct bench *b, const char *text, unsigned bits)
{
	struct cv_ip ip = address6(text);

	return dp_realm6_get(b->dp, 0, dp_net_of(ip.bytes), bits);
}

/* Worker 0 stands still. A's IPv6 goes to another prefix: it has it when the worker goes on, and
 * nobody else meanwhile; its IPv4 passes all the time. */
static void
a_late_worker_delays_that_family_alone(void **state)
{
	uint8_t arp[FRAME_MAX];
	struct dp_session s, other;
	struct dp_punt punt;
	struct bench b;

	(void)state;
	threads_create(&b);
	assert_int_equal(dp_ports_start(b.dp), 0);
	up(&b);
	threads_give(&b, 0, arp, bench_arp(&b, PEER_A, arp));
	threads_give(&b, 0, arp, bench_arp(&b, PEER_B, arp));
	dp_worker_round(b.dp->workers[0]);
	dp_control_poll(b.dp, b.now);
	dp_worker_round(b.dp->workers[0]);
	threads_collect();
	b.dp->started = true;
	for (unsigned i = 0; i < THREADS; i++)
		rte_rcu_qsbr_thread_online(b.dp->rcu, i);
	assert_true(relayed(&b, true, true) && relayed(&b, false, true));

	assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
	s.prefix6 = prefix6("2001:db8:a:c::/64");
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_int_equal(word(&b, "2001:db8:a:c::", 64), DP_ROUTE_KEPT);
	assert_int_equal(word(&b, "2001:db8:a:100::", 56), DP_ROUTE_KEPT);
	assert_int_equal(word(&b, "2001:db8:a:a::", 64), DP_ROUTE_NOBODY);
	assert_int_equal(dp_session_get(b.dp, b.slot_b, &other), 0);
	other.prefix6 = s.prefix6;
	assert_int_equal(dp_session_set(b.dp, &other, NULL), CV_ERR_EXISTS);
	for (unsigned i = 0; i < 5; i++) {
		assert_true(relayed(&b, false, true) && relayed(&b, false, false));
		assert_false(relayed(&b, true, true));
		dp_control_poll(b.dp, b.now);
	}
	/* a change of the other family meanwhile; one back, too */
	s.mtu = 1300;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 1300);
	s.prefix6 = prefix6(LINK_A);
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_int_equal(word(&b, "2001:db8:a:c::", 64), DP_ROUTE_NOBODY);
	assert_int_equal(word(&b, "2001:db8:a:a::", 64), DP_ROUTE_KEPT);
	assert_false(relayed(&b, true, true));
	dp_worker_round(b.dp->workers[0]);
	dp_control_poll(b.dp, b.now);
	assert_int_equal(word(&b, "2001:db8:a:a::", 64), dp_route_word(DP_ROUTE_SESSION, b.slot_a));
	assert_true(relayed(&b, true, true) && relayed(&b, true, false));
	/* closed while it waits: nothing of it is left */
	s.prefix6 = prefix6("2001:db8:a:c::/64");
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	s.open6 = false;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_int_equal(word(&b, "2001:db8:a:c::", 64), DP_ROUTE_NOBODY);
	assert_int_equal(word(&b, "2001:db8:a:100::", 56), DP_ROUTE_NOBODY);
	assert_true(relayed(&b, false, true) && relayed(&b, false, false));
	for (unsigned i = 0; i < 4; i++) {
		dp_worker_round(b.dp->workers[0]);
		dp_worker_round(b.dp->workers[1]);
		dp_control_poll(b.dp, b.now);
	}
	assert_false(dp_graces_pending(b.dp));
	while (dp_punt_next(b.dp, &punt)) /* of when it was not open */
		dp_punt_release(b.dp, &punt);
	b.dp->started = false;
	dp_ports_stop(b.dp);
	threads_destroy(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_worker_delays_that_family_alone),
		cmocka_unit_test(ipv6_changes_beside_ipv4),
		cmocka_unit_test(ipv4_changes_beside_ipv6),
	};

	if (threads_eal() != 0)
		return 1;
	threads_leave_out_dpdk();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
