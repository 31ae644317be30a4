/* SPDX-License-Identifier: BSD-3-Clause */
/* What has the IDs of a tunnel and comes from elsewhere than its peer: who hears of it, and how
 * often. */
#include <string.h>

#include "outer6.h"

#define STRANGER UINT32_C(0xc6336407) /* 198.51.100.7 */

static size_t
esp(uint8_t *packet)
{
	return inner_packet(packet, INNER_A, INNER_B, WIRE_ESP, 100);
}

static void
data_from(struct bench *b, uint32_t ip, uint16_t port, uint16_t protocol)
{
	struct wire wire = {.peer_ip = ip, .peer_port = port, .protocol = protocol};
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];

	put_to_worker(b, frame, build_data(b, true, &wire, packet, esp(packet), frame));
}

static void
hello_from(struct bench *b, uint32_t ip, uint16_t port)
{
	static const uint8_t hello[] = {0xc8, 2, 0, 12, 0, TUNNEL_A, 0, 0, 0, 0, 0, 0};
	uint8_t frame[FRAME_MAX];

	bench_udp(b, ip, port, hello, sizeof(hello), frame);
	put_to_worker(b, frame, WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + sizeof(hello));
}

static void
up_followed(struct bench *b)
{
	const struct cv_endpoint peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A};

	bench_up(b, 0, 0);
	bench_pass(b, 0);
	assert_int_equal(dp_tunnel_follow(b->dp, 0, TUNNEL_A, true), CV_ERR_UNKNOWN);
	assert_int_equal(dp_tunnel_set(b->dp, 0, TUNNEL_A, &peer), 0);
	assert_int_equal(dp_tunnel_follow(b->dp, 0, TUNNEL_A, true), 0);
}

/* How many were handed over; all of `from` where that is not 0. */
static unsigned
heard(struct bench *b, uint32_t from)
{
	struct dp_punt p;
	unsigned n = 0;

	for (unsigned round = 0; round < 100; round++) {
		dp_control_poll(b->dp, b->now += CV_NS_PER_MS);
		while (dp_punt_next(b->dp, &p)) {
			assert_int_equal(p.class, DP_PUNT_ELSEWHERE);
			n += from == 0 || cv_ipv4_value(&p.remote.ip) == from;
			dp_punt_refuse(b->dp, &p);
		}
	}
	return n;
}

static void
only_of_what_is_followed(void **state)
{
	struct wire wire = {0};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct dp_punt p;
	struct bench b;

	(void)state;
	up_followed(&b);
	data_from(&b, STRANGER, 9, 0);
	hello_from(&b, STRANGER, 9);
	assert_int_equal(edges(&b, DP_EDGE_INGRESS_PUNT_ELSEWHERE), 1);
	assert_int_equal(edges(&b, DP_EDGE_CLASSIFY_PUNT_ELSEWHERE), 1);
	dp_control_poll(b.dp, b.now);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(dp_punt_next(b.dp, &p));
		assert_int_equal(p.class, DP_PUNT_ELSEWHERE);
		assert_int_equal(p.slot, i == 0 ? b.slot_a : DP_NO_SLOT);
		assert_int_equal(cv_ipv4_value(&p.remote.ip), STRANGER);
		assert_int_equal(p.remote.port, 9);
		assert_int_equal(p.data[0] & 0x80, i == 0 ? 0 : 0x80);
		/* the one was waited for, the other was not */
		(i == 0 ? dp_punt_release : dp_punt_refuse)(b.dp, &p);
	}
	assert_false(dp_punt_next(b.dp, &p));
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SOURCE), 0);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_CONTROL_SOURCE), 1);
	bench_pass(&b, 1000);
	data_from(&b, STRANGER, 9, 0);
	assert_int_equal(heard(&b, STRANGER), 1);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SOURCE), 1);
	/* its peer is heard as ever */
	put_data(&b, true, &wire, packet, esp(packet));
	assert_int_not_equal(take_inner(&b, false, got), 0);
	hello_from(&b, PEER_A, PORT_A);
	dp_control_poll(b.dp, b.now);
	assert_true(dp_punt_next(b.dp, &p));
	assert_int_equal(p.class, DP_PUNT_TUNNEL);
	dp_punt_release(b.dp, &p);
	/* no longer, or never: tunnel B's */
	assert_int_equal(dp_tunnel_follow(b.dp, 0, TUNNEL_A, false), 0);
	bench_pass(&b, 1000);
	data_from(&b, STRANGER, 9, 0);
	hello_from(&b, STRANGER, 9);
	wire = (struct wire){.peer_ip = STRANGER, .peer_port = 9};
	put_data(&b, false, &wire, packet, esp(packet));
	assert_int_equal(heard(&b, 0), 0);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SOURCE), 3);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_CONTROL_SOURCE), 2);
	/* what moves is to be told of again */
	assert_int_equal(dp_tunnel_follow(b.dp, 0, TUNNEL_A, true), 0);
	assert_int_equal(dp_tunnel_set(b.dp, 0, TUNNEL_A,
				 &(struct cv_endpoint){.ip = cv_ipv4(PEER_B), .port = 7}),
		0);
	hello_from(&b, STRANGER, 9);
	assert_int_equal(heard(&b, 0), 0);
	bench_down(&b);
}

/* Nobody can have sent these, and nobody would get an answer. */
static void
not_from_where_nobody_is(void **state)
{
	static const uint32_t nowhere[] = {
		0x7f000001, 0x00000001, 0xe0000001, 0xffffffff, LNS_IP, 0xc00002ff};
	struct wire wire = {.peer_ip = STRANGER, .peer_port = 9, .wrong_checksum = true};
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	struct bench b;

	(void)state;
	up_followed(&b);
	for (size_t i = 0; i < RTE_DIM(nowhere); i++) {
		bench_pass(&b, 1000);
		data_from(&b, nowhere[i], 9, 0);
	}
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SOURCE), RTE_DIM(nowhere));
	put_to_worker(&b, frame, build_data(&b, true, &wire, packet, esp(packet), frame));
	assert_int_equal(drops(&b, DP_DROP_INGRESS_UDP_CHECKSUM), 1);
	assert_int_equal(heard(&b, 0), 0);
	bench_down(&b);
}

static void
each_has_a_rate(void **state)
{
	struct bench b;

	(void)state;
	up_followed(&b);
	for (unsigned i = 0; i < 10000; i++)
		data_from(&b, STRANGER, 9, 0);
	assert_int_equal(heard(&b, STRANGER), 1);
	/* what may be an answer has another one, which data does not use up */
	for (unsigned i = 0; i < 1000; i++)
		data_from(&b, STRANGER, 9, 0xc223);
	assert_int_equal(heard(&b, STRANGER), 16);
	for (unsigned i = 0; i < 1000; i++)
		hello_from(&b, STRANGER, 9);
	assert_int_equal(heard(&b, STRANGER), 0);
	bench_pass(&b, 1000);
	for (unsigned i = 0; i < 1000; i++) {
		data_from(&b, STRANGER, 9, 0);
		hello_from(&b, STRANGER, 9);
	}
	assert_int_equal(heard(&b, STRANGER), 11);
	assert_int_equal(drops(&b, DP_DROP_PUNT_ELSEWHERE_FULL), 0);
	bench_down(&b);
}

/* A flood from addresses that never come twice, beside one who goes on: few of the others are
 * looked at, and he is. */
static void
a_flood_keeps_nobody_out(void **state)
{
	uint64_t random = 1;
	unsigned others = 0, his = 0, before;
	struct bench b;

	(void)state;
	up_followed(&b);
	for (unsigned ms = 0; ms < 2000; ms += 10) {
		bench_pass(&b, 10);
		for (unsigned i = 0; i < 500; i++)
			data_from(&b, 0x0b000000 + random_below(&random, 1 << 24),
				(uint16_t)(1 + random_below(&random, 60000)), 0);
		before = (unsigned)edges(&b, DP_EDGE_INGRESS_PUNT_ELSEWHERE);
		data_from(&b, STRANGER, 9, 0);
		his += (unsigned)edges(&b, DP_EDGE_INGRESS_PUNT_ELSEWHERE) != before;
		others += heard(&b, 0);
	}
	print_message("# of 100,000 others %u, of 200 of his %u\n", others - his, his);
	assert_in_range(his, 4, 9); /* 4 a second */
	/* 50 at once, 50 a second; and of those whose place a chance had kept for them */
	assert_true(others - his <= 160);
	bench_down(&b);
}

/* Many who go on: what is heard of them is bounded, too. */
static void
many_who_go_on(void **state)
{
	unsigned all = 0;
	struct bench b;

	(void)state;
	up_followed(&b);
	for (unsigned ms = 0; ms < 4000; ms += 100) {
		bench_pass(&b, 100);
		for (uint32_t i = 0; i < 500; i++) {
			data_from(&b, 0x0b000001 + (i << 8), (uint16_t)(1000 + i), 0);
			data_from(&b, 0x0b000001 + (i << 8), (uint16_t)(1000 + i), 0);
		}
		all += heard(&b, 0);
	}
	print_message("# of 500 at 20 a second for 4 s: %u\n", all);
	/* 200 and 50 at once, and as many each second */
	assert_in_range(all, 200, 1250);
	bench_down(&b);
}

/* Frames that are nearly right, from anywhere. */
static void
wild_frames(void **state)
{
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
	uint64_t random = 7;
	unsigned n = 0;
	struct bench b;

	(void)state;
	up_followed(&b);
	for (unsigned i = 0; i < 200000; i++) {
		struct wire wire = {.peer_ip = STRANGER,
			.peer_port = (uint16_t)(1 + random_below(&random, 1000)),
			.length = random_below(&random, 2),
			.offset = random_below(&random, 2),
			.acfc = random_below(&random, 2),
			.protocol = random_below(&random, 2) ? 0xc021 : 0};
		size_t len = build_data(&b, true, &wire, packet, esp(packet), frame);

		for (unsigned k = random_below(&random, 3); k != 0; k--)
			frame[WIRE_ETHER + random_below(&random, 50)] =
				(uint8_t)random_below(&random, 256);
		bench_pass(&b, 1);
		put_to_worker(&b, frame, random_below(&random, 8) == 0 ? len / 2 : len);
		if (i % 100 == 0) {
			struct dp_punt p;

			dp_control_poll(b.dp, b.now += CV_NS_PER_MS);
			while (dp_punt_next(b.dp, &p)) {
				n += p.class == DP_PUNT_ELSEWHERE;
				assert_true(p.len >= 6 && p.len < FRAME_MAX);
				dp_punt_refuse(b.dp, &p);
			}
			while (take_frame(&b).len != 0)
				;
		}
	}
	assert_true(n != 0);
	dp_parts_drain(b.dp->workers[0]);
	dp_punt_drain(b.dp);
	bench_down(&b);
}

static void
over_ipv6(void **state)
{
	const struct cv_endpoint peer = {.ip = ip6(PEER_6), .port = PORT_6};
	uint8_t frame[FRAME_MAX], packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	struct dp_punt p;
	struct bench b;
	struct cv_ip from = ip6("2001:db8::77");

	(void)state;
	up6(&b, 0);
	assert_int_equal(dp_tunnel_set(b.dp, SERVICE_6, TUNNEL, &peer), 0);
	assert_int_equal(dp_tunnel_follow(b.dp, SERVICE_6, TUNNEL, true), 0);
	for (unsigned i = 0; i < 2; i++) {
		bool elsewhere = i == 1;

		memcpy(frame + HEADERS, "\xc8\2\0\14\0\0\0\0\0\0\0\0", 12);
		wire_put16(frame + HEADERS + 4, TUNNEL);
		put_frame(&b, frame,
			around_udp6(
				&b, frame, elsewhere ? "2001:db8::77" : PEER_6, LNS_6, PORT_6, 12));
		assert_true(dp_punt_next(b.dp, &p));
		assert_int_equal(p.class, elsewhere ? DP_PUNT_ELSEWHERE : DP_PUNT_TUNNEL);
		if (elsewhere)
			assert_true(cv_ip_equal(&p.remote.ip, &from));
		dp_punt_release(b.dp, &p);
	}
	assert_int_equal(dp_tunnel_set(b.dp, SERVICE_6, TUNNEL, &peer), 0);
	assert_int_equal(dp_tunnel_follow(b.dp, SERVICE_6, TUNNEL, true), 0);
	dp_tunnel_clear(b.dp, SERVICE_6, TUNNEL);
	put_data(&b, true, &wire, packet, esp(packet));
	assert_int_not_equal(take_inner(&b, false, got), 0);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_WAYS(only_of_what_is_followed),
		cmocka_unit_test(not_from_where_nobody_is),
		cmocka_unit_test(each_has_a_rate),
		cmocka_unit_test(a_flood_keeps_nobody_out),
		cmocka_unit_test(many_who_go_on),
		cmocka_unit_test(wild_frames),
		cmocka_unit_test(over_ipv6),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
