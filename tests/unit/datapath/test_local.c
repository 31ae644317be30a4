/* SPDX-License-Identifier: BSD-3-Clause */
/* The LNS's own address on the outside: ARP, echo, control messages, neighbours, and each frame
 * that is refused there by its own name. */
#include "harness.h"

enum { PEER_C = 0xc000020d, STRANGER = 0xc6336401 };

static const uint8_t mac_c[6] = {2, 0, 0, 0, 0, 0xc};

static size_t
arp(const struct bench *b, uint8_t *frame, uint16_t operation, const uint8_t mac[6],
	uint32_t sender, uint32_t target)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct cv_writer w = cv_writer(frame, FRAME_MAX);

	cv_write_bytes(&w, operation == 1 ? all : b->dp->ports[0].mac, 6);
	cv_write_bytes(&w, mac, 6);
	cv_write_u16(&w, 0x0806);
	cv_write_u32(&w, 0x00010800);
	cv_write_u16(&w, 0x0604);
	cv_write_u16(&w, operation);
	cv_write_bytes(&w, mac, 6);
	cv_write_u32(&w, sender);
	cv_write_bytes(&w, all, 6);
	cv_write_u32(&w, target);
	return cv_written(&w);
}

static void
arp_requests_for_our_address_are_answered(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct frame_bytes f;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	put_frame(&b, frame, arp(&b, frame, 1, mac_c, PEER_C, LNS_IP));
	f = take_frame(&b);
	assert_int_equal(f.len, 42);
	assert_memory_equal(f.bytes, mac_c, 6);
	assert_int_equal(wire_load16(f.bytes + 20), 0x0200);
	assert_memory_equal(f.bytes + 22, b.dp->ports[0].mac, 6);
	assert_int_equal(rte_be_to_cpu_32(wire_load32(f.bytes + 28)), LNS_IP);
	assert_memory_equal(f.bytes + 32, mac_c, 6);
	/* a probe (RFC 5227) has no sender address, and is answered too */
	put_frame(&b, frame, arp(&b, frame, 1, mac_c, 0, LNS_IP));
	assert_int_equal(take_frame(&b).len, 42);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_IGNORED), 0);
	put_frame(&b, frame, arp(&b, frame, 1, mac_c, PEER_C, 0xc0000263));
	assert_int_equal(take_frame(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_IGNORED), 1);
	put_frame(&b, frame, arp(&b, frame, 1, mac_c, LNS_IP, LNS_IP));
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_CONFLICT), 1);
	arp(&b, frame, 1, mac_c, PEER_C, LNS_IP);
	frame[18] = 8; /* hardware address length */
	put_frame(&b, frame, 42);
	put_frame(&b, frame, 41);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_MALFORMED), 2);
	bench_down(&b);
}

static void
a_datagram_waits_for_its_neighbour(void **state)
{
	struct cv_endpoint to = {.ip = cv_ipv4(PEER_C), .port = 999};
	uint8_t frame[FRAME_MAX];
	struct frame_bytes f;
	const uint8_t *ip, *udp;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_send_udp(b.dp, b.now, 0, &to, "hello", 5), 0);
	pass_time(&b, 0);
	expect_arp_question(&b, PEER_C, NULL);
	assert_int_equal(take_frame(&b).len, 0);
	put_frame(&b, frame, arp(&b, frame, 2, mac_c, PEER_C, LNS_IP));
	f = take_frame(&b);
	assert_int_equal(f.len, 14 + 28 + 5);
	assert_memory_equal(f.bytes, mac_c, 6);
	ip = f.bytes + 14;
	udp = ip + 20;
	assert_int_equal(wire_fold(wire_sum20(ip)), 0xffff);
	assert_int_equal(wire_fold(wire_sum(udp, 13) + wire_sum_pseudo(wire_ipv4_source_be(ip),
							       wire_ipv4_target_be(ip),
							       wire_load16(udp + 4))),
		0xffff);
	assert_memory_equal(udp + 8, "hello", 5);
	assert_int_equal(dp_send_udp(b.dp, b.now, 0, &to, "again", 5), 0);
	pass_time(&b, 0);
	assert_int_equal(take_frame(&b).len, 14 + 28 + 5); /* at once */
	bench_down(&b);
}

static void
a_neighbour_that_does_not_answer_is_given_up(void **state)
{
	struct cv_endpoint to = {.ip = cv_ipv4(PEER_C), .port = 999};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < 6; i++)
		dp_send_udp(b.dp, b.now, 0, &to, "x", 1);
	assert_int_equal(drops(&b, DP_DROP_NEIGHBOUR_QUEUE_FULL), 2);
	for (unsigned i = 0; i < 3; i++) {
		pass_time(&b, i == 0 ? 0 : CV_NS_PER_S + 4 * CV_NS_PER_MS);
		expect_arp_question(&b, PEER_C, NULL);
	}
	pass_time(&b, CV_NS_PER_S + 4 * CV_NS_PER_MS);
	assert_int_equal(drops(&b, DP_DROP_NEIGHBOUR_UNREACHABLE), 4);
	assert_int_equal(take_frame(&b).len, 0);
	bench_down(&b);
}

static void
sessions_stop_and_go_on_with_their_neighbour(void **state)
{
	uint8_t frame[FRAME_MAX], packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};
	uint64_t asked = 0;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(packet, INNER_A, INNER_B, 50, 100);
	pass_time(&b, 31 * CV_NS_PER_S); /* time to confirm */
	for (unsigned i = 0; i < 7; i++)
		pass_time(&b, CV_NS_PER_S + 4 * CV_NS_PER_MS);
	while (take_frame(&b).len != 0)
		;
	put_data(&b, true, &wire, packet, 100);
	assert_int_equal(drops(&b, DP_DROP_EGRESS_NEIGHBOUR), 1);
	pass_time(&b, 6 * CV_NS_PER_S);
	for (unsigned i = 0; i < 2; i++) {
		uint32_t ip = rte_be_to_cpu_32(wire_load32(take_frame(&b).bytes + 38));

		assert_true(ip == PEER_A || ip == PEER_B);
		asked += ip;
	}
	assert_int_equal(asked, (uint64_t)PEER_A + PEER_B);
	put_frame(&b, frame, bench_arp(&b, PEER_B, frame));
	put_data(&b, true, &wire, packet, 100);
	assert_int_equal(take_inner(&b, false, got), 100);
	bench_down(&b);
}

static void
strangers_make_a_bounded_number_of_neighbours(void **state)
{
	struct bench b;
	unsigned made = 0;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < 250; i++) {
		struct cv_endpoint to = {.ip = cv_ipv4(0xc0000200 + (i & 0xff)), .port = 1};

		made += dp_send_udp(b.dp, b.now, 0, &to, "x", 1) == 0;
		pass_time(&b, 0);
		while (take_frame(&b).len != 0)
			;
	}
	assert_true(made > 200);
	for (unsigned i = 0; i < 5; i++) {
		pass_time(&b, 2 * CV_NS_PER_S);
		while (take_frame(&b).len != 0)
			;
	}
	assert_true(drops(&b, DP_DROP_NEIGHBOUR_UNREACHABLE) > 200);
	bench_down(&b);
}

static void
no_route_without_a_gateway(void **state)
{
	struct cv_endpoint to = {.ip = cv_ipv4(STRANGER), .port = 1};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_send_udp(b.dp, b.now, 0, &to, "x", 1), CV_ERR_UNKNOWN);
	bench_down(&b);
}

static void
control_messages_are_sorted(void **state)
{
	static const uint8_t new_tunnel[] = {0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t known[] = {0xc8, 2, 0, 12, 0, 77, 0, 0, 0, 0, 0, 0};
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A};
	struct dp_punt punt;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_tunnel_set(b.dp, 0, 77, &peer), 0);
	put_udp(&b, PEER_A, PORT_A, new_tunnel, sizeof(new_tunnel));
	put_udp(&b, PEER_A, PORT_A, known, sizeof(known));
	put_udp(&b, PEER_B, PORT_A, known, sizeof(known));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_CONTROL_SOURCE), 1);
	assert_true(dp_punt_next(b.dp, &punt)); /* known tunnels first */
	assert_int_equal(punt.class, DP_PUNT_TUNNEL);
	assert_true(cv_endpoint_equal(&punt.remote, &peer));
	assert_int_equal(punt.len, sizeof(known));
	assert_memory_equal(punt.data, known, sizeof(known));
	dp_punt_release(b.dp, &punt);
	assert_true(dp_punt_next(b.dp, &punt));
	assert_int_equal(punt.class, DP_PUNT_NEW);
	dp_punt_release(b.dp, &punt);
	assert_false(dp_punt_next(b.dp, &punt));
	dp_tunnel_clear(b.dp, 0, 77);
	put_udp(&b, PEER_B, PORT_A, known, sizeof(known));
	assert_true(dp_punt_next(b.dp, &punt));
	assert_int_equal(punt.class, DP_PUNT_CONNECT);
	dp_punt_release(b.dp, &punt);
	bench_down(&b);
}

/* A flood of new requests fills its own ring; what known tunnels say still comes through. */
static void
a_flood_of_one_class_starves_no_other(void **state)
{
	static const uint8_t new_tunnel[] = {0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t known[] = {0xc8, 2, 0, 12, 0, 77, 0, 0, 0, 0, 0, 0};
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A};
	struct dp_punt punt;
	unsigned fresh = 0;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	dp_tunnel_set(b.dp, 0, 77, &peer);
	for (unsigned i = 0; i < 700; i++)
		put_udp(&b, STRANGER, 1701, new_tunnel, sizeof(new_tunnel));
	assert_true(drops(&b, DP_DROP_PUNT_NEW_SHARE) > 400);
	put_udp(&b, PEER_A, PORT_A, known, sizeof(known));
	assert_true(dp_punt_next(b.dp, &punt));
	assert_int_equal(punt.class, DP_PUNT_TUNNEL);
	dp_punt_release(b.dp, &punt);
	while (dp_punt_next(b.dp, &punt)) {
		fresh++;
		dp_punt_release(b.dp, &punt);
	}
	assert_int_equal(fresh, 64); /* the budget of a round */
	for (unsigned i = 0; i < 10; i++) {
		dp_control_poll(b.dp, b.now);
		while (dp_punt_next(b.dp, &punt))
			dp_punt_release(b.dp, &punt);
	}
	bench_down(&b);
}

static void
ppp_control_goes_to_the_control_thread(void **state)
{
	static const uint8_t lcp[] = {1, 1, 0, 4};
	struct wire wire = {.protocol = 0xc021, .length = true};
	struct dp_punt punt;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	put_data(&b, true, &wire, lcp, sizeof(lcp));
	assert_true(dp_punt_next(b.dp, &punt));
	assert_int_equal(punt.class, DP_PUNT_PPP);
	assert_int_equal(punt.slot, b.slot_a);
	assert_int_equal(punt.len, 8 + 4 + 4);
	dp_punt_release(b.dp, &punt);
	wire.peer_port = 5; /* from elsewhere it does not */
	put_data(&b, true, &wire, lcp, sizeof(lcp));
	assert_false(dp_punt_next(b.dp, &punt));
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SOURCE), 1);
	bench_down(&b);
}

/* RFC 1661 section 2: an even protocol number is that of a protocol that nobody knows, and so
 * something to reject. */
static void
even_protocol_numbers_go_to_the_control_thread(void **state)
{
	static const uint16_t protocols[] = {0x0020, 0x8020, 0xc020, 0xfffe};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (size_t i = 0; i < RTE_DIM(protocols); i++) {
		struct wire wire = {.protocol = protocols[i], .length = true};
		struct dp_punt punt;

		put_data(&b, true, &wire, "\1\1\0\4", 4);
		assert_true(dp_punt_next(b.dp, &punt));
		assert_int_equal(punt.class, DP_PUNT_PPP);
		assert_int_equal(punt.slot, b.slot_a);
		dp_punt_release(b.dp, &punt);
	}
	bench_down(&b);
}

struct refused {
	enum dp_drop_cause cause;
	unsigned at; /* byte of the frame */
	uint8_t value;
	bool ip_sum; /* make the outer header's checksum right again */
};

static void
each_refused_frame_has_its_name(void **state)
{
	static const struct refused cases[] = {
		{DP_DROP_CLASSIFY_ETHERTYPE, 12, 0x86, false},
		{DP_DROP_CLASSIFY_MAC, 0, 0x44, false},
		{DP_DROP_CLASSIFY_IP_VERSION, 14, 0x65, true},
		{DP_DROP_CLASSIFY_IP_HEADER, 14, 0x44, false},
		{DP_DROP_CLASSIFY_IP_LENGTH, 16, 0x40, true},
		{DP_DROP_CLASSIFY_IP_CHECKSUM, 24, 0x55, false},
		{DP_DROP_CLASSIFY_FRAGMENT, 20, 0x20, true},
		{DP_DROP_CLASSIFY_FRAGMENT, 21, 0x01, true},
		{DP_DROP_CLASSIFY_PROTOCOL, 23, 50, true},
		{DP_DROP_CLASSIFY_DESTINATION, 33, 99, true},
		{DP_DROP_CLASSIFY_UDP_PORT, 37, 1, false},
		{DP_DROP_CLASSIFY_UDP_LENGTH, 38, 0x40, false},
		{DP_DROP_CLASSIFY_UDP_LENGTH, 39, 7, false},
		{DP_DROP_CLASSIFY_L2TP_SHORT, 39, 9, false},
		{DP_DROP_CLASSIFY_VERSION_L2F, 43, 1, false},
		{DP_DROP_CLASSIFY_VERSION_L2TPV3, 43, 3, false},
		{DP_DROP_CLASSIFY_VERSION_OTHER, 43, 9, false},
		{DP_DROP_CLASSIFY_CONTROL_HEADER, 42, 0x88, false},
		{DP_DROP_CLASSIFY_CONTROL_HEADER, 42, 0xca, false},
		{DP_DROP_CLASSIFY_L2TP_LENGTH, 44, 0x10, false},
		{DP_DROP_CLASSIFY_UDP_CHECKSUM, 50, 0x77, false},
		{DP_DROP_CLASSIFY_MARTIAN, 26, 127, true},
		{DP_DROP_CLASSIFY_MARTIAN, 26, 0, true},
		{DP_DROP_CLASSIFY_MARTIAN, 26, 224, true},
		{DP_DROP_CLASSIFY_MARTIAN, 29, 255, true}, /* our network's broadcast address */
		{DP_DROP_CLASSIFY_L2TP_LENGTH, 45, 11, false},
		{DP_DROP_CLASSIFY_LAND, 29, 1, true},
	};
	static const uint8_t sccrq[] = {0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		uint64_t before = drops(&b, cases[i].cause);
		uint8_t frame[FRAME_MAX];
		struct dp_punt punt;

		bench_udp(&b, PEER_A, PORT_A, sccrq, sizeof(sccrq), frame);
		frame[cases[i].at] = cases[i].value;
		if (cases[i].ip_sum) {
			wire_store16(frame + 24, 0);
			wire_store16(frame + 24, wire_checksum(wire_sum(frame + 14, 20)));
		}
		put_frame(&b, frame, 42 + sizeof(sccrq));
		if (drops(&b, cases[i].cause) != before + 1)
			print_error("case %zu\n", i);
		assert_int_equal(drops(&b, cases[i].cause), before + 1);
		assert_false(dp_punt_next(b.dp, &punt));
		assert_int_equal(take_frame(&b).len, 0);
	}
	bench_down(&b);
}

/* The EAL's list of CPUs on machines of any size. */
static void
cpus_are_named_by_ranges(void **state)
{
	static uint16_t all[1024];
	static const uint16_t some[] = {0, 1, 2, 5, 6, 9}, workers[] = {2, 9};
	uint16_t last[64];
	char text[1024];

	(void)state;
	dp_eal_lcores(text, sizeof(text), some, 6, workers, 2);
	assert_string_equal(text, "--lcores=0@(0-1,5-6),1@2,2@9");
	dp_eal_lcores(text, sizeof(text), some, 1, NULL, 0);
	assert_string_equal(text, "--lcores=0@(0)");
	for (uint16_t i = 0; i < 1024; i++)
		all[i] = i;
	for (uint16_t i = 0; i < 64; i++)
		last[i] = (uint16_t)(960 + i);
	assert_true(dp_eal_lcores(text, sizeof(text), all, 1024, last, 64) < sizeof(text));
	assert_non_null(strstr(text, "0@(0-959),1@960,"));
	assert_non_null(strstr(text, ",64@1023"));
	assert_int_equal(dp_eal_lcores(text, 20, some, 6, workers, 2), 28);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arp_requests_for_our_address_are_answered),
		cmocka_unit_test(a_datagram_waits_for_its_neighbour),
		cmocka_unit_test(a_neighbour_that_does_not_answer_is_given_up),
		cmocka_unit_test(sessions_stop_and_go_on_with_their_neighbour),
		cmocka_unit_test(strangers_make_a_bounded_number_of_neighbours),
		cmocka_unit_test(no_route_without_a_gateway),
		cmocka_unit_test(control_messages_are_sorted),
		cmocka_unit_test(a_flood_of_one_class_starves_no_other),
		cmocka_unit_test(ppp_control_goes_to_the_control_thread),
		cmocka_unit_test(even_protocol_numbers_go_to_the_control_thread),
		cmocka_unit_test(each_refused_frame_has_its_name),
		cmocka_unit_test(cpus_are_named_by_ranges),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
