/* SPDX-License-Identifier: BSD-3-Clause */
/* What is too large for its receiver and may be cut, is: the parts are the packet. */
#include "harness.h"

enum { ESP = 50, MORE = 0x2000, DONT = 0x4000, OFFSET = 0x1fff };

/* The parts that B gets, put together as a receiver does: returns the number of them. */
struct whole {
	uint8_t header[60], bytes[FRAME_MAX];
	unsigned header_len, end, parts, largest;
	bool more;
};

static void
collect(struct bench *b, struct whole *w)
{
	uint8_t got[FRAME_MAX];
	size_t len;

	*w = (struct whole){.more = true};
	while ((len = take_inner(b, false, got)) != 0) {
		unsigned header = (got[0] & 15u) * 4;
		uint16_t field = rte_bswap16(wire_load16(got + 6));
		unsigned at = (field & OFFSET) * 8u;

		assert_int_equal(rte_bswap16(wire_load16(got + 2)), len);
		assert_int_equal(wire_fold(wire_sum(got, header)), 0xffff);
		assert_int_equal(field & DONT, 0);
		if (w->parts++ == 0) {
			memcpy(w->header, got, header);
			w->header_len = header;
			w->end = at;
		}
		assert_int_equal(at, w->end); /* in their order */
		assert_memory_equal(got + 4, w->header + 4, 2);
		assert_memory_equal(got + 8, w->header + 8, 2);
		assert_memory_equal(got + 12, w->header + 12, 8);
		memcpy(w->bytes + at, got + header, len - header);
		w->end = at + (unsigned)len - header;
		w->more = (field & MORE) != 0;
		w->largest = RTE_MAX(w->largest, (unsigned)len);
	}
}

/* B is opened again with another MRU. */
static void
limit_mtu(struct bench *b, uint16_t mtu)
{
	struct session_ip ip = {
		.address = cv_ipv4(INNER_B), .group = GROUP_B, .filter = GROUP_B, .mtu = mtu};

	assert_int_equal(session_open(b->dp, b->slot_b, &ip), 0);
}

static void
the_parts_are_the_packet(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct whole whole;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (uint16_t mtu = 68; mtu < 1400; mtu = (uint16_t)(mtu + 47)) {
		limit_mtu(&b, mtu);
		for (size_t len = mtu; len < mtu + 20u; len++) {
			unsigned room = (mtu - 20u) / 8 * 8;

			inner_packet(packet, INNER_A, INNER_B, ESP, len);
			put_data(&b, true, &wire, packet, len);
			collect(&b, &whole);
			assert_int_equal(whole.end, len - 20);
			assert_memory_equal(whole.bytes, packet + 20, len - 20);
			assert_false(whole.more);
			assert_true(whole.largest <= mtu);
			assert_int_equal(
				whole.parts, len == mtu ? 1 : (len - 20 + room - 1) / room);
			assert_int_equal(whole.header[8], 63);
		}
	}
	bench_down(&b);
}

/* A fragment that is too large: its parts stand where it stood. */
static void
a_fragment_is_cut_further(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct whole whole;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	limit_mtu(&b, 600);
	inner_packet(packet, INNER_A, INNER_B, ESP, 1220);
	wire_store16(packet + 6, rte_bswap16(MORE | 50));
	inner_checksum(packet);
	put_data(&b, true, &wire, packet, 1220);
	collect(&b, &whole);
	assert_int_equal(whole.parts, 3);
	assert_int_equal(whole.end, 400 + 1200);
	assert_memory_equal(whole.bytes + 400, packet + 20, 1200);
	assert_true(whole.more);
	bench_down(&b);
}

/* Offsets end: a part behind the last one would stand at 0, as a first one whose ports are
 * another's than those that were let. */
static void
no_part_begins_the_packet_anew(void **state)
{
	enum { LAST = 8039, BYTES = UINT16_MAX - 20 - LAST * 8 };
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	limit_mtu(&b, 600);
	for (unsigned more = 0; more < 3; more++) {
		size_t len = inner_packet(packet, INNER_A, INNER_B, ESP, 20 + BYTES + more % 2);

		/* 72 units in each part: of the third packet's the second is at 8192 */
		wire_store16(packet + 6, rte_bswap16(more == 2 ? 8192 - 72 : LAST));
		inner_checksum(packet);
		put_data(&b, true, &wire, packet, len);
		for (unsigned i = 0; more == 0 && i < 3; i++) {
			assert_int_not_equal(take_inner(&b, false, got), 0);
			assert_int_equal(rte_bswap16(wire_load16(got + 6)),
				(LAST + i * 72) | (i < 2 ? MORE : 0));
		}
		assert_int_equal(take_frame(&b).len, 0);
		assert_int_equal(drops(&b, DP_DROP_RELAY_TOO_BIG), more);
	}
	bench_down(&b);
}

/* RFC 791: an option is in all parts where it says so, else in the first one. */
static void
options_are_copied_where_they_say_so(void **state)
{
	static const uint8_t options[12] = {7, 7, 4, 0, 0, 0, 0, 0x94, 4, 0, 0, 0};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	limit_mtu(&b, 600);
	inner_packet(packet, INNER_A, INNER_B, ESP, 1000);
	packet[0] = 0x48;
	memcpy(packet + 20, options, sizeof(options));
	inner_checksum(packet);
	put_data(&b, true, &wire, packet, 1000);
	assert_int_equal(take_inner(&b, false, got), 32 + 568);
	assert_int_equal(got[0], 0x48);
	assert_memory_equal(got + 20, options, sizeof(options));
	assert_int_equal(take_inner(&b, false, got), 24 + 400);
	assert_int_equal(got[0], 0x46);
	assert_memory_equal(got + 20, "\x94\4\0", 4);
	assert_memory_equal(got + 24, packet + 32 + 568, 400);
	assert_int_equal(wire_fold(wire_sum(got, 24)), 0xffff);
	bench_down(&b);
}

/* The parts have sums of their own, which would be right. */
static void
what_is_damaged_is_not_cut(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {.wrong_checksum = true};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	limit_mtu(&b, 600);
	inner_packet(packet, INNER_A, INNER_B, ESP, 1000);
	put_data(&b, true, &wire, packet, 1000);
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_UDP_CHECKSUM), 1);
	bench_down(&b);
}

/* Within one burst, too: what came before leaves before. */
static void
the_order_stays(void **state)
{
	enum { PACKETS = 6 };
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	limit_mtu(&b, 600);
	for (unsigned i = 0; i < PACKETS; i++) {
		size_t len = inner_packet(packet, INNER_A, INNER_B, ESP, i % 3 == 1 ? 1000 : 100);
		struct rte_mbuf *m = rte_pktmbuf_alloc(b.dp->pool);

		wire_store16(packet + 4, (uint16_t)i);
		inner_checksum(packet);
		len = build_data(&b, true, &wire, packet, len, frame);
		assert_non_null(m);
		memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
		assert_int_equal(rte_ring_enqueue(b.in, m), 0);
	}
	dp_worker_round(b.dp->workers[0]);
	for (unsigned i = 0; i < PACKETS; i++)
		for (unsigned part = 0; part < (i % 3 == 1 ? 2 : 1); part++) {
			assert_int_not_equal(take_inner(&b, false, got), 0);
			assert_int_equal(wire_load16(got + 4), i);
		}
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

static void
too_many_parts_are_none(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	limit_mtu(&b, 36); /* 16 bytes in each */
	inner_packet(packet, INNER_A, INNER_B, ESP, 20 + 16 * DP_BURST + 1);
	put_data(&b, true, &wire, packet, 20 + 16 * DP_BURST + 1);
	limit_mtu(&b, 27); /* none in each */
	put_data(&b, true, &wire, packet, 20 + 16 * DP_BURST + 1);
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_RELAY_TOO_BIG), 2);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_are_the_packet),
		cmocka_unit_test(a_fragment_is_cut_further),
		cmocka_unit_test(no_part_begins_the_packet_anew),
		cmocka_unit_test(options_are_copied_where_they_say_so),
		cmocka_unit_test(what_is_damaged_is_not_cut),
		cmocka_unit_test(the_order_stays),
		cmocka_unit_test(too_many_parts_are_none),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
