/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of rules are replaced while two workers carry packets of both families: what both lists
 * permit is never lost, and what neither permits never passes. */
#include <time.h>

#include "inner6.h"
#include "threads.h"

enum { TURNS = 1500, RULES = 300, FIRST_PORT = 7001, SECOND_PORT };

/* Of A's packets to B: what they are for the two lists. */
enum kind { BOTH, FIRST, SECOND, NEITHER, KINDS };

struct traffic {
	uint8_t frames[KINDS][2][FRAME_MAX]; /* by family */
	size_t len[KINDS][2];
	unsigned given[KINDS], got[KINDS];
};

static struct cv_rule lists[2][RULES];

/* Each permits ESP to B, and UDP from a port of its own, among rules about others. */
static void
build_lists(void)
{
	for (unsigned l = 0; l < 2; l++) {
		for (unsigned i = 0; i < RULES; i++) {
			struct cv_rule *r = &lists[l][i];

			*r = (struct cv_rule){.protocol = (uint8_t)(i % 2 == 0 ? UDP : ESP),
				.denies = i % 3 == 0,
				.peer = {cv_ipv4(0x0a590000 + (i << 8)), 24}};
		}
		lists[l][50] = (struct cv_rule){.protocol = ESP, .peer = prefix6("10.88.1.0/30")};
		lists[l][51] = (struct cv_rule){.protocol = ESP, .peer = prefix6(LINK_B)};
		lists[l][170 + l] = (struct cv_rule){.protocol = UDP};
		lists[l][170 + l].client_port.low = lists[l][170 + l].client_port.high =
			l == 0 ? FIRST_PORT : SECOND_PORT;
	}
}

static void
use(struct bench *b, unsigned list, bool made)
{
	struct dp_filter f = {.kind = DP_FILTER_LIST, .list = lists[list], .list_count = RULES};
	struct dp_rules *rules = made ? dp_rules_make(f.list, f.list_count) : NULL;

	f.made = rules;
	assert_int_equal(dp_filter_set(b->dp, GROUP_A, &f), 0);
	dp_rules_free(rules);
}

static void
up(struct bench *b)
{
	struct policy any = {.kind = DP_FILTER_ANY,
		.clients_reachable = true,
		.refuse_silently = true,
		.lns = cv_ipv4(INNER_LNS)};

	build_lists();
	assert_int_equal(set_policy(b->dp, GROUP_A, &any), 0);
	assert_int_equal(set_policy(b->dp, GROUP_B, &any), 0);
	use(b, 0, false);
	bench_sessions(b, 0, 0);
	open6(b, b->slot_a, LINK_A, PD_A);
	open6(b, b->slot_b, LINK_B, NULL);
}

static void
build_traffic(const struct bench *b, struct traffic *t)
{
	static const uint8_t protocols[KINDS] = {ESP, UDP, UDP, TCP};
	uint8_t packet[FRAME_MAX];

	*t = (struct traffic){0};
	for (unsigned kind = 0; kind < KINDS; kind++)
		for (unsigned six = 0; six < 2; six++) {
			struct wire wire = {.protocol = six ? WIRE_PPP_IPV6 : 0};
			unsigned header = six ? WIRE_IPV6 : WIRE_IPV4;

			if (six)
				packet6(packet, A_6, B_6, protocols[kind], PACKET);
			else
				inner_packet(packet, INNER_A, INNER_B, protocols[kind], PACKET);
			wire_put16(packet + header, kind == FIRST ? FIRST_PORT : SECOND_PORT);
			t->len[kind][six] =
				build_data(b, true, &wire, packet, PACKET, t->frames[kind][six]);
		}
}

static enum kind
kind_of(const uint8_t *ip)
{
	bool six = wire_ip_version(ip) == 6;
	uint8_t protocol = six ? ip[WIRE_IPV6_NEXT] : ip[WIRE_IPV4_PROTOCOL];

	if (protocol != UDP)
		return protocol == ESP ? BOTH : NEITHER;
	return wire_get16(ip + (six ? WIRE_IPV6 : WIRE_IPV4)) == FIRST_PORT ? FIRST : SECOND;
}

static void
collect(struct traffic *t)
{
	enum { FRAME = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + 6 + 4 + PACKET };
	struct rte_mbuf *m;

	for (unsigned i = 0; i < THREADS; i++)
		while (rte_ring_dequeue(threads_out[i], (void **)&m) == 0) {
			if (rte_pktmbuf_data_len(m) == FRAME)
				t->got[kind_of(rte_pktmbuf_mtod_offset(
					m, const uint8_t *, FRAME - PACKET))]++;
			rte_pktmbuf_free(m);
		}
}

static unsigned
waiting(void)
{
	return rte_ring_count(threads_in[0]) + rte_ring_count(threads_in[1]);
}

static void
wait_for(struct traffic *t, unsigned most)
{
	for (unsigned tries = 0; tries < 1000000; tries++) {
		collect(t);
		if (waiting() <= most)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	}
	fail_msg("the workers stand still");
}

static void
give(struct bench *b, struct traffic *t, unsigned i)
{
	wait_for(t, 128);
	for (unsigned kind = 0; kind < KINDS; kind++)
		for (unsigned six = 0; six < 2; six++) {
			threads_give(
				b, (i + kind) % THREADS, t->frames[kind][six], t->len[kind][six]);
			t->given[kind]++;
		}
}

static void
a_list_is_replaced_under_traffic(void **state)
{
	static struct traffic t;
	unsigned told;
	struct bench b;

	(void)state;
	threads_create(&b);
	assert_int_equal(dp_start(b.dp, b.now), 0);
	up(&b);
	threads_answer_arp(&b);
	build_traffic(&b, &t);
	for (unsigned i = 0; i < TURNS; i++) {
		use(&b, i % 2, i % 3 == 0);
		give(&b, &t, i);
		dp_control_poll(b.dp, b.now);
	}
	wait_for(&t, 0);
	threads_stop(&b);
	collect(&t);
	assert_int_equal(t.got[BOTH], t.given[BOTH]);
	assert_int_equal(t.got[NEITHER], 0);
	told = t.given[FIRST] + t.given[SECOND] + t.given[NEITHER];
	assert_int_equal(t.got[FIRST] + t.got[SECOND] + drops(&b, DP_DROP_POLICY_SENDER), told);
	threads_destroy(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_replaced_under_traffic),
	};

	if (threads_eal() != 0)
		return 1;
	threads_leave_out_dpdk();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
