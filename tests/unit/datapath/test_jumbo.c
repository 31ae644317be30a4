/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames in several buffers, and ports with frames larger than Ethernet's. */
#include "harness.h"

#include <rte_ethdev.h>

enum { ESP = 50, JUMBO = 9216, HEADERS = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + 6 + 4 };

/* A buffer with so many bytes, and so many behind it in others. */
static struct rte_mbuf *
chain(struct bench *b, const uint8_t *frame, size_t len, size_t piece)
{
	struct rte_mbuf *first = NULL;

	for (size_t at = 0; at < len; at += piece) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(b->dp->pool);
		size_t bytes = RTE_MIN(piece, len - at);

		assert_non_null(m);
		memcpy(rte_pktmbuf_append(m, (uint16_t)bytes), frame + at, bytes);
		if (first == NULL)
			first = m;
		else
			assert_int_equal(rte_pktmbuf_chain(first, m), 0);
	}
	return first;
}

static void
put_chain(struct bench *b, const uint8_t *frame, size_t len, size_t piece)
{
	assert_int_equal(rte_ring_enqueue(b->in, chain(b, frame, len, piece)), 0);
	dp_worker_round(b->dp->workers[0]);
}

/* Wherever it is cut, even within its headers: what fits one buffer goes on in one. */
static void
a_frame_in_several_buffers_is_relayed(void **state)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (size_t piece = 7; piece < 1400; piece += 61) {
		size_t len = inner_packet(packet, INNER_A, INNER_B, ESP, 1300);

		len = build_data(&b, true, &wire, packet, len, frame);
		put_chain(&b, frame, len, piece);
		assert_int_equal(take_inner(&b, false, got), 1300);
		assert_memory_equal(got + WIRE_IPV4, packet + WIRE_IPV4, 1300 - WIRE_IPV4);
	}
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_SEGMENTED), 0);
	bench_down(&b);
}

static void
one_that_fits_no_buffer_is_dropped(void **state)
{
	uint8_t frame[2 * FRAME_MAX] = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	put_chain(&b, frame, sizeof(frame), 1500);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_SEGMENTED), 1);
	bench_down(&b);
}

/* ---- a port with an MTU of 9,216 ---- */

static void
expect_large(struct bench *b, const uint8_t *sent, size_t inner_len)
{
	struct rte_mbuf *m = NULL;
	const uint8_t *out, *udp;

	assert_int_equal(rte_ring_dequeue(b->out, (void **)&m), 0);
	assert_int_equal(m->nb_segs, 1);
	assert_int_equal(rte_pktmbuf_data_len(m), HEADERS + inner_len);
	out = rte_pktmbuf_mtod(m, const uint8_t *);
	udp = out + WIRE_ETHER + WIRE_IPV4;
	assert_true(wire_udp_sum_right(
		udp, wire_ipv4_source_be(out + WIRE_ETHER), wire_ipv4_target_be(out + WIRE_ETHER)));
	assert_memory_equal(
		out + HEADERS + WIRE_IPV4, sent + HEADERS + WIRE_IPV4, inner_len - WIRE_IPV4);
	rte_pktmbuf_free(m);
}

static void
jumbo_frames_are_relayed(void **state)
{
	static uint8_t frame[JUMBO + WIRE_ETHER];
	enum { MOST = JUMBO + WIRE_ETHER - HEADERS };
	struct bench b;
	size_t len;

	(void)state;
	bench_up_mtu(&b, JUMBO);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), MOST);
	for (size_t inner = 1500; inner <= MOST; inner += 857) {
		len = build_large(&b, inner, false, frame);
		put_chain(&b, frame, len, JUMBO + WIRE_ETHER);
		expect_large(&b, frame, inner);
		put_chain(&b, frame, len, 2048); /* a memif port's buffers */
		expect_large(&b, frame, inner);
	}
	len = build_large(&b, MOST, false, frame);
	put_chain(&b, frame, len, 2048);
	expect_large(&b, frame, MOST);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_SEGMENTED), 0);
	bench_down(&b);
}

/* Fragments of it, too: what waits and what comes of it fits the buffers of this port. */
static void
jumbo_packets_are_put_together(void **state)
{
	static uint8_t frame[JUMBO + WIRE_ETHER], part[JUMBO];
	enum { CARRIED = 1480 };
	struct bench b;
	size_t len, carried;

	(void)state;
	bench_up_mtu(&b, JUMBO);
	len = build_large(&b, 9000, false, frame);
	carried = len - WIRE_ETHER - WIRE_IPV4;
	for (size_t at = 0; at < carried; at += CARRIED) {
		size_t bytes = RTE_MIN((size_t)CARRIED, carried - at);
		uint8_t *ip = part + WIRE_ETHER;

		memcpy(part, frame, WIRE_ETHER + WIRE_IPV4);
		memcpy(ip + WIRE_IPV4, frame + WIRE_ETHER + WIRE_IPV4 + at, bytes);
		wire_put16(ip + WIRE_IPV4_LENGTH, (uint16_t)(WIRE_IPV4 + bytes));
		wire_put16(ip + WIRE_IPV4_FRAGMENT,
			(uint16_t)(at / 8 | (at + bytes < carried ? WIRE_IPV4_MORE : 0)));
		wire_ipv4_finish(ip);
		put_chain(&b, part, WIRE_ETHER + WIRE_IPV4 + bytes, JUMBO);
	}
	expect_large(&b, frame, 9000);
	bench_down(&b);
}

/* To a client with a smaller MRU: in parts, each in a message of its own. */
static void
a_jumbo_packet_is_cut_for_others(void **state)
{
	static uint8_t frame[JUMBO + WIRE_ETHER];
	uint8_t got[FRAME_MAX];
	struct session_ip ip = {
		.address = cv_ipv4(INNER_B), .group = GROUP_B, .filter = GROUP_B, .mtu = 1400};
	struct bench b;
	size_t len, end = 0;

	(void)state;
	bench_up_mtu(&b, JUMBO);
	assert_int_equal(session_open(b.dp, b.slot_b, &ip), 0);
	len = build_large(&b, 9000, true, frame);
	put_chain(&b, frame, len, JUMBO);
	for (unsigned part = 0; end < 9000 - WIRE_IPV4; part++) {
		len = take_inner(&b, false, got);
		assert_in_range(len, WIRE_IPV4 + 1, 1400);
		assert_int_equal(
			(wire_get16(got + WIRE_IPV4_FRAGMENT) & WIRE_IPV4_OFFSET) * 8u, end);
		assert_memory_equal(
			got + WIRE_IPV4, frame + HEADERS + WIRE_IPV4 + end, len - WIRE_IPV4);
		end += len - WIRE_IPV4;
	}
	assert_int_equal(end, 9000 - WIRE_IPV4);
	assert_int_equal(edges(&b, DP_EDGE_RELAY_FRAGMENTED), 1);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_in_several_buffers_is_relayed),
		cmocka_unit_test(one_that_fits_no_buffer_is_dropped),
		cmocka_unit_test(jumbo_frames_are_relayed),
		cmocka_unit_test(jumbo_packets_are_put_together),
		cmocka_unit_test(a_jumbo_packet_is_cut_for_others),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
