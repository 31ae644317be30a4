/* SPDX-License-Identifier: BSD-3-Clause */
/* Outer packets in fragments are put together, whatever order they come in; hostile ones are not.
 */
#include "whole.h"

/* B gets the inner packet, but for what a router changes; and nothing else. */
static void
arrives(struct bench *b, const struct whole *w)
{
	uint8_t got[FRAME_MAX];

	assert_int_equal(take_inner(b, false, got), w->inner_len);
	assert_memory_equal(got + WIRE_IPV4, w->inner + WIRE_IPV4, w->inner_len - WIRE_IPV4);
	assert_int_equal(got[WIRE_IPV4_TTL], 63);
	assert_int_equal(take_frame(b).len, 0);
}

static uint64_t
all_drops(const struct bench *b)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < DP_DROP_COUNT; i++)
		n += drops(b, i);
	return n;
}

static void
parts_make_the_packet(void **state)
{
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned len = 100; len <= 1400; len += 87)
		for (unsigned at = 48; at < len; at += 152) {
			make(&b, &w, true, len, (uint16_t)(len * 100 + at));
			put_part(&b, &w, 0, at, true);
			assert_int_equal(take_frame(&b).len, 0);
			put_last(&b, &w, at);
			arrives(&b, &w);
		}
	assert_int_equal(all_drops(&b), 0);
	bench_down(&b);
}

/* One that meets a narrower network is cut again, and the rest of it may be as small as can be: of
 * 1,480 bytes there are 8 left where PPPoE carries 1,472. */
static void
parts_are_cut_again(void **state)
{
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned rest = 8; rest <= 40; rest += 8)
		for (unsigned first = 0; first < 3; first++) {
			make(&b, &w, true, 1100, (uint16_t)(rest + first));
			for (unsigned i = 0; i < 3; i++) {
				assert_int_equal(take_frame(&b).len, 0);
				switch ((first + i) % 3) {
				case 0:
					put_part(&b, &w, 0, 1000 - rest, true);
					break;
				case 1:
					put_part(&b, &w, 1000 - rest, rest, true);
					break;
				default:
					put_last(&b, &w, 1000);
				}
			}
			arrives(&b, &w);
		}
	assert_int_equal(all_drops(&b), 0);
	bench_down(&b);
}

/* 8 of them in every order that begins with each of them. */
static void
any_order_will_do(void **state)
{
	enum { PARTS = 8, BYTES = 160 };
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned first = 0; first < PARTS; first++)
		for (unsigned step = 1; step < PARTS; step += 2) {
			make(&b, &w, true, 1220, (uint16_t)(first * 10 + step));
			for (unsigned i = 0; i < PARTS; i++) {
				unsigned part = (first + i * step) % PARTS;

				assert_int_equal(take_frame(&b).len, 0);
				if (part == PARTS - 1)
					put_last(&b, &w, part * BYTES);
				else
					put_part(&b, &w, part * BYTES, BYTES, true);
			}
			arrives(&b, &w);
		}
	assert_int_equal(all_drops(&b), 0);
	assert_int_equal(edges(&b, DP_EDGE_REASSEMBLE_CLASSIFY), PARTS * PARTS / 2);
	assert_int_equal(edges(&b, DP_EDGE_CLASSIFY_REASSEMBLE), PARTS * PARTS * PARTS / 2);
	bench_down(&b);
}

static void
nine_are_too_many(void **state)
{
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	make(&b, &w, true, 1400, 1);
	for (unsigned i = 0; i < 9; i++)
		put_part(&b, &w, i * 48, 48, true);
	assert_int_equal(drops(&b, DP_DROP_REASSEMBLE_TOO_MANY), 9);
	assert_int_equal(all_drops(&b), 9);
	bench_down(&b);
}

/* A priority tag, the frame's padding, options in the outer header. */
static void
frames_may_be_odd(void **state)
{
	uint8_t frame[FRAME_MAX], odd[FRAME_MAX];
	struct whole w;
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	make(&b, &w, true, 90, 1);
	len = cut(&w, 0, 96, true, frame);
	memcpy(odd, frame, 12);
	memcpy(odd + 12, "\x81\0\xe0\0", 4);
	memcpy(odd + 16, frame + 12, len - 12);
	put_frame(&b, odd, len + 4);
	len = cut(&w, 96, (unsigned)w.len - 96, false, frame);
	assert_true(len < 60);
	memset(frame + len, 0xee, 60 - len);
	put_frame(&b, frame, 60);
	arrives(&b, &w);

	/* the first has a router alert, which is in all of them */
	make(&b, &w, true, 1000, 2);
	for (unsigned i = 0; i < 2; i++) {
		len = cut(&w, i * 504, i == 0 ? 504 : (unsigned)w.len - 504, i == 0, frame);
		memcpy(odd, frame, HEADERS);
		memcpy(odd + HEADERS, "\x94\4\0\0", 4);
		memcpy(odd + HEADERS + 4, frame + HEADERS, len - HEADERS);
		odd[WIRE_ETHER] = 0x46;
		wire_put16(odd + WIRE_ETHER + WIRE_IPV4_LENGTH, (uint16_t)(len + 4 - WIRE_ETHER));
		wire_ipv4_finish(odd + WIRE_ETHER);
		put_frame(&b, odd, len + 4);
	}
	arrives(&b, &w);
	assert_int_equal(all_drops(&b), 0);
	bench_down(&b);
}

/* Control messages too: one of a tunnel that is here, and one that opens one. */
static void
control_messages_are_put_together(void **state)
{
	uint8_t message[900] = {0xc8, 2, 900 >> 8, 900 & 0xff, 0, 0, 0, 0, 0, 0, 0, 0};
	struct dp_punt punt;
	struct whole w = {.id = 7};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 12; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 7);
	bench_udp(&b, PEER_A, PORT_A, message, sizeof(message), w.frame);
	w.len = sizeof(message) + WIRE_UDP_HEADER;
	put_last(&b, &w, 480);
	assert_false(dp_punt_next(b.dp, &punt));
	put_part(&b, &w, 0, 480, true);
	assert_true(dp_punt_next(b.dp, &punt));
	assert_int_equal(punt.class, DP_PUNT_NEW);
	assert_int_equal(punt.len, sizeof(message));
	assert_memory_equal(punt.data, message, sizeof(message));
	dp_punt_release(b.dp, &punt);
	bench_down(&b);
}

/* ---- what no honest path makes ---- */

struct refused {
	unsigned offset, len;
	bool more;
};

static void
impossible_ones_are_refused_at_once(void **state)
{
	static const struct refused cases[] = {
		{0, 0, true},     /* nothing in it */
		{48, 0, false},   /* nothing in it */
		{0, 50, true},    /* no whole units */
		{48, 57, true},   /* no whole units */
		{0, 8, true},     /* tiny: ports alone */
		{0, 40, true},    /* tiny */
		{8, 48, true},    /* behind a tiny one */
		{32, 100, false}, /* behind a tiny one */
		{65528, 8, false}, {65520, 24, true}, {65504, 48, false},
		{65504, 12, false}, /* 65,536 with its header */
	};
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		uint8_t frame[FRAME_MAX];
		size_t len;

		make(&b, &w, true, 1000, 1);
		len = cut(&w, 0, cases[i].len, cases[i].more, frame);
		wire_put16(frame + WIRE_ETHER + WIRE_IPV4_FRAGMENT,
			(uint16_t)(cases[i].offset / UNIT | (cases[i].more ? MORE : 0)));
		wire_ipv4_finish(frame + WIRE_ETHER);
		put_frame(&b, frame, len);
		if (drops(&b, DP_DROP_CLASSIFY_FRAGMENT) != i + 1)
			print_error("case %u\n", i);
		assert_int_equal(drops(&b, DP_DROP_CLASSIFY_FRAGMENT), i + 1);
	}
	assert_int_equal(all_drops(&b), RTE_DIM(cases));
	/* none of them is in the way of an honest one */
	put_part(&b, &w, 0, 504, true);
	put_last(&b, &w, 504);
	arrives(&b, &w);
	bench_down(&b);
}

/* Ones that overlap by a unit, lie within, or around; that end twice, or behind the end. */
static void
overlapping_ones_are_given_up(void **state)
{
	static const struct {
		struct refused first, second;
	} cases[] = {
		{{0, 504, true}, {496, 104, true}},
		{{496, 104, true}, {0, 504, true}},
		{{0, 504, true}, {48, 48, true}},
		{{48, 48, true}, {0, 504, true}},
		{{0, 504, true}, {0, 512, true}},
		{{0, 504, true}, {0, 496, true}},
		{{504, 100, false}, {504, 104, true}},
		{{504, 100, false}, {504, 108, false}},
		{{504, 100, false}, {608, 8, false}},
		{{504, 100, false}, {608, 48, true}},
		{{608, 48, true}, {504, 100, false}},
		{{0, 504, true}, {400, 104, false}},
		{{0, 504, true}, {400, 100, false}},
	};
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		const struct refused *c = &cases[i].first;

		make(&b, &w, true, 1000, (uint16_t)i);
		put_part(&b, &w, c->offset, c->len, c->more);
		c = &cases[i].second;
		put_part(&b, &w, c->offset, c->len, c->more);
		if (drops(&b, DP_DROP_REASSEMBLE_OVERLAP) != 2 * i + 2)
			print_error("case %u\n", i);
		assert_int_equal(drops(&b, DP_DROP_REASSEMBLE_OVERLAP), 2 * i + 2);
		/* the same again, as it should be */
		put_part(&b, &w, 0, 504, true);
		put_last(&b, &w, 504);
		arrives(&b, &w);
	}
	assert_int_equal(all_drops(&b), 2 * RTE_DIM(cases));
	bench_down(&b);
}

/* One that the network doubled is no harm; the same place with other contents is. */
static void
the_same_again_is_dropped_alone(void **state)
{
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	make(&b, &w, true, 1000, 1);
	for (unsigned i = 0; i < 3; i++)
		put_part(&b, &w, 0, 504, true);
	put_last(&b, &w, 504);
	arrives(&b, &w);
	assert_int_equal(drops(&b, DP_DROP_REASSEMBLE_DUPLICATE), 2);
	assert_int_equal(all_drops(&b), 2);

	put_part(&b, &w, 0, 504, true);
	w.frame[HEADERS + 100] ^= 1;
	put_part(&b, &w, 0, 504, true);
	assert_int_equal(drops(&b, DP_DROP_REASSEMBLE_OVERLAP), 2);
	assert_int_equal(all_drops(&b), 4);
	bench_down(&b);
}

static void
what_fits_no_buffer_is_dropped(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	make(&b, &w, true, 1400, 1);
	put_part(&b, &w, 0, 1200, true);
	cut(&w, 0, 1200, false, frame);
	wire_put16(frame + WIRE_ETHER + WIRE_IPV4_FRAGMENT, 1200 / UNIT);
	wire_ipv4_finish(frame + WIRE_ETHER);
	put_frame(&b, frame, HEADERS + 1200);
	assert_int_equal(drops(&b, DP_DROP_REASSEMBLE_TOO_BIG), 2);
	assert_int_equal(all_drops(&b), 2);
	bench_down(&b);
}

/* Parts of two packets under one identification: the checksum of the datagram tells. */
static void
wrong_ones_put_together_are_found(void **state)
{
	struct whole w, other;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	make(&b, &w, true, 1000, 1);
	make(&b, &other, true, 1008, 1);
	put_part(&b, &w, 0, 504, true);
	put_last(&b, &other, 504);
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_UDP_CHECKSUM), 1);
	assert_int_equal(all_drops(&b), 1);
	/* of another source, or number, they are not parts of one */
	make(&b, &other, false, 1000, 1);
	put_part(&b, &w, 0, 504, true);
	put_last(&b, &other, 504);
	make(&b, &other, true, 1000, 2);
	put_last(&b, &other, 504);
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(all_drops(&b), 1);
	dp_parts_drain(b.dp->workers[0]);
	bench_down(&b);
}

/* RFC 3168 section 5.3: what congestion did to one of them is told of the whole. */
static void
marks_are_of_the_whole(void **state)
{
	uint8_t frame[FRAME_MAX], got[FRAME_MAX];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned marked = 0; marked < 4; marked++) {
		/* ECT in all; CE in the first, in the last; CE beside one without ECN */
		static const uint8_t marks[4][2] = {{2, 2}, {3, 2}, {2, 3}, {0, 3}};
		struct wire wire = {0};
		struct whole w = {.id = (uint16_t)marked};

		inner_packet(w.inner, INNER_A, INNER_B, ESP, 1000);
		w.inner[1] |= 2;
		inner_checksum(w.inner);
		w.len = build_data(&b, true, &wire, w.inner, 1000, w.frame) - HEADERS;
		for (unsigned i = 0; i < 2; i++) {
			size_t len = cut(
				&w, i * 504, i == 0 ? 504 : (unsigned)w.len - 504, i == 0, frame);

			frame[WIRE_ETHER + WIRE_IPV4_TOS] = marks[marked][i];
			wire_ipv4_finish(frame + WIRE_ETHER);
			put_frame(&b, frame, len);
		}
		if (marked == 3)
			break;
		assert_int_equal(take_inner(&b, false, got), 1000);
		assert_int_equal(got[1] & 3, marked == 0 ? 2 : 3);
	}
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_CONGESTION), 2);
	bench_down(&b);
}

/* Whichever came first. */
static void
a_mark_is_not_forgotten(void **state)
{
	uint8_t frame[FRAME_MAX], got[FRAME_MAX];
	struct whole w = {0};
	struct wire wire = {0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(w.inner, INNER_A, INNER_B, ESP, 1000);
	w.inner[1] |= 2;
	inner_checksum(w.inner);
	w.len = build_data(&b, true, &wire, w.inner, 1000, w.frame) - HEADERS;
	for (unsigned i = 2; i-- > 0;) {
		size_t len = cut(&w, i * 504, i == 0 ? 504 : (unsigned)w.len - 504, i == 0, frame);

		frame[WIRE_ETHER + WIRE_IPV4_TOS] = i == 0 ? 2 : 3;
		wire_ipv4_finish(frame + WIRE_ETHER);
		put_frame(&b, frame, len);
	}
	assert_int_equal(take_inner(&b, false, got), 1000);
	assert_int_equal(got[1] & 3, 3);
	bench_down(&b);
}

/* A device that sums up what it takes for a datagram can be right about no fragment. */
static void
what_a_device_says_is_of_a_fragment(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct rte_mbuf *m;
	struct whole w;
	struct bench b;
	size_t len;

	(void)state;
	bench_up(&b, 0, 0);
	b.dp->ports[0].checks_rx = true;
	make(&b, &w, true, 1000, 1);
	len = cut(&w, 0, 504, true, frame);
	m = rte_pktmbuf_alloc(b.dp->pool);
	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_BAD;
	assert_int_equal(rte_ring_enqueue(b.in, m), 0);
	dp_worker_round(b.dp->workers[0]);
	put_last(&b, &w, 504);
	arrives(&b, &w);
	assert_int_equal(all_drops(&b), 0);
	bench_down(&b);
}

static void
what_is_never_finished_ends(void **state)
{
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	bench_pass(&b, 0);
	make(&b, &w, true, 1000, 1);
	put_part(&b, &w, 0, 504, true);
	put_part(&b, &w, 504, 48, true);
	bench_pass(&b, 1500);
	assert_int_equal(all_drops(&b), 0);
	make(&b, &w, true, 1000, 2);
	put_part(&b, &w, 0, 504, true);
	bench_pass(&b, 700);
	assert_int_equal(drops(&b, DP_DROP_REASSEMBLE_TIMEOUT), 2);
	put_last(&b, &w, 504); /* what came later waits on */
	arrives(&b, &w);
	assert_int_equal(all_drops(&b), 2);
	bench_down(&b);
}

static void
not_ours_waits_for_nothing(void **state)
{
	static const struct {
		unsigned at;
		uint8_t value;
		enum dp_drop_cause cause;
	} cases[] = {
		{26, 127, DP_DROP_CLASSIFY_MARTIAN},
		{29, 1, DP_DROP_CLASSIFY_LAND},
		{33, 99, DP_DROP_CLASSIFY_DESTINATION},
	};
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		make(&b, &w, true, 1000, 1);
		w.frame[cases[i].at] = cases[i].value;
		put_part(&b, &w, 0, 504, true);
		assert_int_equal(drops(&b, cases[i].cause), 1);
	}
	assert_int_equal(all_drops(&b), RTE_DIM(cases));
	bench_down(&b);
}

/* What waits is counted when the data path stops, and no buffer is lost. */
static void
what_waits_at_the_end_is_counted(void **state)
{
	struct whole w;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	make(&b, &w, true, 1000, 1);
	put_part(&b, &w, 0, 504, true);
	assert_int_equal(rte_mempool_avail_count(b.dp->pool), b.mbufs - 1);
	dp_parts_drain(b.dp->workers[0]);
	assert_int_equal(drops(&b, DP_DROP_WORKER_STOPPED), 1);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_make_the_packet),
		cmocka_unit_test(parts_are_cut_again),
		cmocka_unit_test(any_order_will_do),
		cmocka_unit_test(nine_are_too_many),
		cmocka_unit_test(frames_may_be_odd),
		cmocka_unit_test(control_messages_are_put_together),
		cmocka_unit_test(impossible_ones_are_refused_at_once),
		cmocka_unit_test(overlapping_ones_are_given_up),
		cmocka_unit_test(the_same_again_is_dropped_alone),
		cmocka_unit_test(what_fits_no_buffer_is_dropped),
		cmocka_unit_test(wrong_ones_put_together_are_found),
		cmocka_unit_test(marks_are_of_the_whole),
		cmocka_unit_test(a_mark_is_not_forgotten),
		cmocka_unit_test(what_a_device_says_is_of_a_fragment),
		cmocka_unit_test(what_is_never_finished_ends),
		cmocka_unit_test(not_ours_waits_for_nothing),
		cmocka_unit_test(what_waits_at_the_end_is_counted),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
