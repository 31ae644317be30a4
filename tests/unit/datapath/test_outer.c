/* SPDX-License-Identifier: BSD-3-Clause */
/* What the outer headers say: a UDP checksum that is wrong, and congestion on the way. */
#include "harness.h"

enum { ESP = 50, ICMP = 1, NOT_ECT = 0, ECT_1 = 1, ECT_0 = 2, CE = 3, DSCP = 0x28 };

static bool
sum_is_right(const struct frame_bytes *f)
{
	const uint8_t *ip = f->bytes + WIRE_ETHER, *udp = ip + WIRE_IPV4;

	assert_int_not_equal(f->len, 0);
	return wire_fold(wire_sum(udp, rte_bswap16(wire_load16(udp + 4))) +
			 wire_sum_pseudo(wire_ipv4_source_be(ip), wire_ipv4_target_be(ip),
				 wire_load16(udp + 4))) == UINT16_MAX;
}

/* What is cut off behind the packet was in the sum: without it the fault is the same. */
static void
a_wrong_checksum_with_bytes_behind_stays_wrong(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;

	(void)state;
	bench_up(&b, 0, DP_SEND_PFC);
	for (unsigned form = 0; form < 32; form++)
		for (size_t len = 60; len < 64; len++) {
			struct wire wire = {.length = form & 1,
				.pfc = form & 2,
				.padding = form & 4 ? 5 : 0,
				.wrong_checksum = form & 8};
			size_t sent = len + (form & 16 ? 7 : 0); /* padding of PPP */

			memset(packet, 0x3c, sizeof(packet));
			inner_packet(packet, INNER_A, INNER_B, ESP, len);
			put_data(&b, true, &wire, packet, sent);
			f = take_frame(&b);
			assert_int_equal(sum_is_right(&f), !wire.wrong_checksum);
			/* headers with PFC: 14 + 20 + 8 + 6 + 3 bytes */
			assert_int_equal(f.len, 51 + len);
		}
	bench_down(&b);
}

/* Sends once with each kind of checksum: what ends here, or is answered, needs a right one. */
static void
ends_here(struct bench *b, uint16_t protocol, const uint8_t *packet, size_t len,
	enum dp_edge_name taken)
{
	struct wire wire = {.protocol = protocol};
	uint64_t dropped = drops(b, DP_DROP_INGRESS_UDP_CHECKSUM), before = edges(b, taken);
	struct dp_punt punt;

	wire.wrong_checksum = true;
	put_data(b, true, &wire, packet, len);
	assert_int_equal(take_frame(b).len, 0);
	assert_false(dp_punt_next(b->dp, &punt));
	assert_int_equal(drops(b, DP_DROP_INGRESS_UDP_CHECKSUM), dropped + 1);
	assert_int_equal(edges(b, taken), before);
	wire.wrong_checksum = false;
	put_data(b, true, &wire, packet, len);
	wire.no_checksum = true;
	put_data(b, true, &wire, packet, len);
	assert_int_equal(edges(b, taken), before + 2);
	while (dp_punt_next(b->dp, &punt))
		dp_punt_release(b->dp, &punt);
	while (take_frame(b).len != 0)
		;
}

static void
what_ends_here_or_is_answered_has_a_right_checksum(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	ends_here(&b, 0xc021, (const uint8_t *)"\11\1\0\10\0\0\0\0", 8, DP_EDGE_INGRESS_PUNT_PPP);
	inner_packet(packet, INNER_A, INNER_LNS, ICMP, 60);
	memset(packet + 20, 0, 40);
	packet[20] = 8;
	wire_store16(packet + 22, wire_checksum(wire_sum(packet + 20, 40)));
	ends_here(&b, 0, packet, 60, DP_EDGE_ROUTE_ECHO);
	inner_packet(packet, INNER_A, INNER_B, ESP, 60);
	packet[8] = 1;
	inner_checksum(packet);
	ends_here(&b, 0, packet, 60, DP_EDGE_RELAY_TIME_EXCEEDED);
	inner_packet(packet, INNER_A, INNER_B, ESP, 1401);
	packet[6] = 0x40;
	inner_checksum(packet);
	ends_here(&b, 0, packet, 1401, DP_EDGE_RELAY_FRAGMENTATION_NEEDED);
	bench_down(&b);
}

/* A device that has looked is believed: the sum is not done twice. */
static void
a_checksum_that_the_device_found_right(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct wire wire = {.protocol = 0xc021, .wrong_checksum = true};
	struct rte_mbuf *m;
	struct dp_punt punt;
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	b.dp->ports[0].checks_rx = true;
	len = build_data(&b, true, &wire, "\11\1\0\10\0\0\0\0", 8, frame);
	m = rte_pktmbuf_alloc(b.dp->pool);
	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	m->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	assert_int_equal(rte_ring_enqueue(b.in, m), 0);
	dp_worker_round(b.dp->workers[0]);
	assert_true(dp_punt_next(b.dp, &punt));
	dp_punt_release(b.dp, &punt);
	/* one that has not looked is not */
	put_frame(&b, frame, len);
	assert_false(dp_punt_next(b.dp, &punt));
	assert_int_equal(drops(&b, DP_DROP_INGRESS_UDP_CHECKSUM), 1);
	bench_down(&b);
}

/* RFC 6040 section 4.2, figure 4; nothing is ECT in what leaves (RFC 9601). */
static void
congestion_on_the_way_is_told_in_the_inner_packet(void **state)
{
	static const int told[4][4] = {
		/* outer: Not-ECT, ECT(1), ECT(0), CE; -1: lost */
		[NOT_ECT] = {NOT_ECT, NOT_ECT, NOT_ECT, -1},
		[ECT_1] = {ECT_1, ECT_1, ECT_1, CE},
		[ECT_0] = {ECT_0, ECT_1, ECT_0, CE},
		[CE] = {CE, CE, CE, CE},
	};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned id = 0; id < 500; id++)
		for (uint8_t inner = 0; inner < 4; inner++)
			for (uint8_t outer = 0; outer < 4; outer++) {
				struct wire wire = {.tos = DSCP | outer};
				uint64_t lost = drops(&b, DP_DROP_INGRESS_CONGESTION);

				inner_packet(packet, INNER_A, INNER_B, ESP, 60);
				packet[1] = DSCP | inner;
				wire_store16(packet + 4, (uint16_t)(id * 131));
				inner_checksum(packet);
				put_data(&b, true, &wire, packet, 60);
				if (told[inner][outer] < 0) {
					assert_int_equal(take_frame(&b).len, 0);
					assert_int_equal(
						drops(&b, DP_DROP_INGRESS_CONGESTION), lost + 1);
					continue;
				}
				f = take_frame(&b);
				assert_true(sum_is_right(&f));
				assert_int_equal(f.bytes[WIRE_ETHER + 1], DSCP);
				packet[1] = (uint8_t)(DSCP | told[inner][outer]);
				packet[8]--;
				inner_checksum(packet);
				memcpy(got, f.bytes + f.len - 60, 60);
				assert_memory_equal(got, packet, 60);
			}
	bench_down(&b);
}

/* The outer type of service of a packet to B with this inner one, by the fast way or the stages;
 * the inner one stays. */
static uint8_t
outer_of(struct bench *b, uint8_t inner, bool stages)
{
	struct wire wire = {.tos = 0x50};
	uint8_t packet[FRAME_MAX];
	struct frame_bytes f;

	b->dp->workers[0]->stages_only = stages;
	inner_packet(packet, INNER_A, INNER_B, ESP, 60);
	packet[1] = inner;
	inner_checksum(packet);
	put_data(b, true, &wire, packet, 60);
	f = take_frame(b);
	assert_true(sum_is_right(&f));
	assert_int_equal(f.bytes[f.len - 60 + 1], inner);
	return f.bytes[WIRE_ETHER + 1];
}

/* RFC 2983: that of the inner packet, or, as its group says, another, which is nobody's inner one;
 * it changes under the session. */
static void
the_outer_dscp_is_the_inner_one_or_its_groups(void **state)
{
	struct dp_group group = {.lns = cv_ipv4(INNER_LNS), .clients_reachable = true};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned stages = 0; stages < 2; stages++) {
		group.dscp_fixed = false;
		assert_int_equal(dp_group_set(b.dp, GROUP_B, &group), 0);
		for (unsigned tos = 0; tos < 256; tos++)
			assert_int_equal(outer_of(&b, (uint8_t)tos, stages), tos & 0xfc);
		group.dscp_fixed = true;
		group.dscp = 46;
		assert_int_equal(dp_group_set(b.dp, GROUP_B, &group), 0);
		for (unsigned tos = 0; tos < 256; tos++)
			assert_int_equal(outer_of(&b, (uint8_t)tos, stages), 46 << 2);
		group.dscp = 0;
		assert_int_equal(dp_group_set(b.dp, GROUP_B, &group), 0);
		assert_int_equal(outer_of(&b, 0xfc, stages), 0);
	}
	bench_down(&b);
}

/* RFC 6040 section 4.1, normal mode, beside the group's DSCP or with the inner one. */
static void
ecn_is_copied_to_who_tells_it_on(void **state)
{
	struct dp_group group = {.lns = cv_ipv4(INNER_LNS), .clients_reachable = true, .dscp = 8};
	struct bench b;

	(void)state;
	bench_up(&b, 0, DP_SEND_ECN);
	for (unsigned stages = 0; stages < 2; stages++)
		for (unsigned fixed = 0; fixed < 2; fixed++) {
			group.dscp_fixed = fixed;
			assert_int_equal(dp_group_set(b.dp, GROUP_B, &group), 0);
			for (unsigned tos = 0; tos < 256; tos++)
				assert_int_equal(outer_of(&b, (uint8_t)tos, stages),
					(fixed ? 8 << 2 : tos & 0xfc) | (tos & 3));
		}
	bench_down(&b);
}

/* RFC 6864: 65,536 packets to one destination have as many identifications, whatever goes to
 * others between them; each is the one after the last, for GRO. */
static void
identifications_repeat_late(void **state)
{
	static bool seen[UINT16_MAX + 1];
	uint8_t there[FRAME_MAX], back[FRAME_MAX];
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_B), .port = PORT_B};
	struct frame_bytes f;
	struct wire wire = {0};
	uint16_t id, last = 0;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(there, INNER_A, INNER_B, ESP, 20);
	inner_packet(back, INNER_B, INNER_A, ESP, 20);
	for (unsigned i = 0; i <= UINT16_MAX; i++) {
		put_data(&b, true, &wire, there, 20);
		f = take_frame(&b);
		id = wire_get16(f.bytes + WIRE_ETHER + 4);
		assert_true(i == 0 || id == (uint16_t)(last + 1));
		last = id;
		assert_false(seen[last]);
		seen[last] = true;
		if (i % 2 == 0) {
			put_data(&b, false, &wire, back, 20);
			assert_int_not_equal(take_frame(&b).len, 0);
		}
	}
	/* the control thread's are far from the worker's */
	assert_int_equal(dp_send_udp(b.dp, b.now, 0, &peer, "x", 1), 0);
	dp_worker_round(b.dp->workers[0]);
	f = take_frame(&b);
	last = (uint16_t)(wire_get16(f.bytes + WIRE_ETHER + 4) - last);
	assert_true(last > 30000 && last < 35000);
	bench_down(&b);
}

/* Each worker begins at a part of its own. */
static void
identifications_of_workers_are_apart(void **state)
{
	static struct dp_ids ids[4];
	static struct dp dp = {.worker_count = 3, .slot_seed = 0x1234567890abcdef};
	uint32_t destination = rte_cpu_to_be_32(PEER_B);
	uint16_t first;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		dp_ids_init(&dp, &ids[i], i);
	first = dp_ids_next(&ids[0], destination);
	for (unsigned i = 1; i < 4; i++)
		assert_int_equal((uint16_t)(dp_ids_next(&ids[i], destination) - first), i * 16384);
	assert_int_equal(dp_ids_next(&ids[0], destination), (uint16_t)(first + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_checksum_with_bytes_behind_stays_wrong),
		cmocka_unit_test(what_ends_here_or_is_answered_has_a_right_checksum),
		cmocka_unit_test(a_checksum_that_the_device_found_right),
		cmocka_unit_test(identifications_repeat_late),
		cmocka_unit_test(identifications_of_workers_are_apart),
		cmocka_unit_test(congestion_on_the_way_is_told_in_the_inner_packet),
		cmocka_unit_test(the_outer_dscp_is_the_inner_one_or_its_groups),
		cmocka_unit_test(ecn_is_copied_to_who_tells_it_on),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
