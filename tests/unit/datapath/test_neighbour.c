/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom ARP may make a next hop of: what is forged moves nobody, what is gone gives way, what is
 * configured stays. */
#include "harness.h"

#include <stdlib.h>

#define FAR UINT32_C(0xc6336401) /* 198.51.100.1, behind the gateway */
#define PEER_C UINT32_C(0xc000020d)
#define LINK UINT32_C(0xc0100000)    /* 192.16.0.0 and what follows, on-link under a /8 */
#define GATEWAY UINT32_C(0xc00002fe) /* 192.0.2.254 */

enum { TICK_NS = 4 * CV_NS_PER_MS };

static const uint8_t forger[6] = {2, 0, 0, 0, 0, 0x66}, nat[6] = {2, 0, 0, 0, 0, 9};
static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t router[6] = {2, 0, 0, 0, 0, 0xfe};

static char said[2048];

static void
write_line(void *ctx, enum cv_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", line);
}

static const struct cv_log log = {.level = CV_LOG_INFO, .emit = write_line};

static void
up(struct bench *b)
{
	bench_up(b, 0, 0);
	b->dp->log = &log;
	said[0] = '\0';
}

/* Puts in what a station says of itself. */
static void
claim(struct bench *b, uint16_t operation, const uint8_t mac[6], uint32_t sender)
{
	uint8_t frame[FRAME_MAX];
	struct cv_writer w = cv_writer(frame, FRAME_MAX);

	cv_write_bytes(&w, b->dp->ports[0].mac, 6);
	cv_write_bytes(&w, mac, 6);
	cv_write_u16(&w, 0x0806);
	cv_write_u32(&w, 0x00010800);
	cv_write_u16(&w, 0x0604);
	cv_write_u16(&w, operation);
	cv_write_bytes(&w, mac, 6);
	cv_write_u32(&w, sender);
	cv_write_bytes(&w, b->dp->ports[0].mac, 6);
	cv_write_u32(&w, operation == 1 ? GATEWAY : LNS_IP);
	put_frame(b, frame, cv_written(&w));
}

static void
second(struct bench *b)
{
	pass_time(b, CV_NS_PER_S + TICK_NS);
}

static unsigned
questions(struct bench *b)
{
	unsigned n = 0;

	while (take_frame(b).len != 0)
		n++;
	return n;
}

/* Where a packet to client B goes. */
static void
expect_way(struct bench *b, const uint8_t mac[6])
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, INNER_A, INNER_B, 50, 100);
	put_data(b, true, &wire, packet, 100);
	assert_memory_equal(take_frame(b).bytes, mac, 6);
}

/* The first forged answer makes us ask; the second must not pass for the answer. */
static void
forged_arp_moves_no_neighbour(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	second(&b);
	claim(&b, 2, forger, PEER_B);
	expect_arp_question(&b, PEER_B, nat); /* asked where it is known */
	claim(&b, 2, forger, PEER_B);
	claim(&b, 1, forger, PEER_B);
	expect_way(&b, nat);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_DOUBTED), 3);
	claim(&b, 2, nat, PEER_B); /* the answer */
	for (unsigned i = 0; i < 3; i++)
		second(&b);
	assert_int_equal(questions(&b), 0);
	expect_way(&b, nat);
	assert_string_equal(said, "");
	bench_down(&b);
}

/* However many claims there are, who is known is asked once a second, and stays. */
static void
a_flood_of_forged_arp_costs_a_question_a_second(void **state)
{
	unsigned asked = 0;
	struct bench b;

	(void)state;
	up(&b);
	for (unsigned ms = 0; ms < 5000; ms++) {
		struct frame_bytes f;

		claim(&b, 2, forger, PEER_B);
		while ((f = take_frame(&b)).len != 0) {
			assert_memory_equal(f.bytes, nat, 6);
			asked++;
			claim(&b, 2, nat, PEER_B);
		}
		pass_time(&b, CV_NS_PER_MS);
		if (ms % 100 == 0)
			expect_way(&b, nat);
	}
	assert_in_range(asked, 4, 6);
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_DOUBTED), 5000);
	bench_down(&b);
}

/* A gateway's address moves to another machine: after three unanswered questions. */
static void
a_station_that_is_silent_gives_way(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	second(&b);
	claim(&b, 2, forger, PEER_B);
	expect_arp_question(&b, PEER_B, nat);
	second(&b);
	expect_arp_question(&b, PEER_B, all); /* a bridge may have forgotten it */
	claim(&b, 2, forger, PEER_B);
	expect_way(&b, nat);
	second(&b);
	expect_arp_question(&b, PEER_B, all);
	claim(&b, 2, forger, PEER_B);
	expect_way(&b, nat);
	second(&b);
	expect_arp_question(&b, PEER_B, all);
	claim(&b, 2, forger, PEER_B); /* now it is not a claim against another's */
	expect_way(&b, forger);
	assert_non_null(strstr(said, "neighbour-moved address=192.0.2.12 port=wan users=1 "
				     "from=02:00:00:00:00:09 to=02:00:00:00:00:66"));
	bench_down(&b);
}

static void
a_lost_neighbour_is_said_once(void **state)
{
	struct bench b;

	(void)state;
	up(&b);
	for (unsigned i = 0; i < 80; i++) {
		second(&b);
		questions(&b);
		claim(&b, 2, nat, PEER_A);
	}
	assert_string_equal(said,
		"neighbour-lost address=192.0.2.12 port=wan users=1 reason=\"no answer to "
		"ARP\"\n");
	while (questions(&b) == 0)
		second(&b);
	claim(&b, 2, nat, PEER_B);
	assert_non_null(strstr(said, "\nneighbour-back address=192.0.2.12 port=wan users=1\n"));
	bench_down(&b);
}

/* The service's network is a /8. */
static void
wide_link(struct bench *b)
{
	struct dp_service service;

	assert_int_equal(dp_service_get(b->dp, 0, &service), 0);
	service.prefix_length = 8;
	assert_int_equal(dp_service_set(b->dp, 0, &service), 0);
}

/* gateway-mac: nothing is asked, nothing is believed. */
static void
a_configured_mac_is_never_moved(void **state)
{
	struct cv_endpoint to = {.ip = cv_ipv4(FAR), .port = 999};
	struct dp_neighbour_info info = {0};
	struct dp_service service;
	struct bench b;

	(void)state;
	up(&b);
	assert_int_equal(dp_service_get(b.dp, 0, &service), 0);
	service.gateway = cv_ipv4(GATEWAY);
	memcpy(service.gateway_mac, router, 6);
	assert_int_equal(dp_service_set(b.dp, 0, &service), 0);
	for (unsigned i = 0; i < 100; i++) {
		struct frame_bytes f;

		assert_int_equal(dp_send_udp(b.dp, b.now, 0, &to, "hello", 5), 0);
		pass_time(&b, 0);
		f = take_frame(&b);
		assert_int_equal(f.len, 14 + 28 + 5); /* no question before it */
		assert_memory_equal(f.bytes, router, 6);
		claim(&b, 1 + i % 2, forger, GATEWAY);
		claim(&b, 2, nat, PEER_A);
		claim(&b, 2, nat, PEER_B);
		questions(&b);
		second(&b);
		while ((f = take_frame(&b)).len != 0)
			assert_int_not_equal(rte_be_to_cpu_32(wire_load32(f.bytes + 38)), GATEWAY);
	}
	assert_int_equal(drops(&b, DP_DROP_LOCAL_ARP_DOUBTED), 100);
	for (uint64_t i = 0; info.ip.family == 0 || cv_ipv4_value(&info.ip) != GATEWAY;)
		assert_true(dp_neighbour_next(b.dp, &i, &info));
	assert_true(info.configured && info.resolved);
	assert_memory_equal(info.mac, router, 6);
	bench_down(&b);
}

/* Strangers name addresses of the link that nobody has. */
static void
flood(struct bench *b, uint32_t from, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct cv_endpoint to = {.ip = cv_ipv4(from + i), .port = 1};

		assert_int_equal(dp_send_udp(b->dp, b->now, 0, &to, "x", 1), 0);
		pass_time(b, 10 * CV_NS_PER_US);
		questions(b);
	}
}

/* Whoever is there is answered, however many are not. */
static void
a_peer_is_answered_in_a_flood_of_strangers(void **state)
{
	struct cv_endpoint to = {.ip = cv_ipv4(PEER_C), .port = 999};
	struct bench b;

	(void)state;
	up(&b);
	wide_link(&b);
	flood(&b, LINK, 5000);
	assert_int_equal(drops(&b, DP_DROP_NEIGHBOUR_QUEUE_FULL), 0);
	assert_in_range(drops(&b, DP_DROP_NEIGHBOUR_GAVE_WAY), 5000 - DP_NEIGHBOUR_WAITING, 5000);
	assert_int_equal(dp_send_udp(b.dp, b.now, 0, &to, "hello", 5), 0);
	pass_time(&b, 0);
	expect_arp_question(&b, PEER_C, all);
	flood(&b, LINK + 5000, 500); /* until it answers */
	claim(&b, 2, router, PEER_C);
	assert_int_equal(take_frame(&b).len, 14 + 28 + 5);
	flood(&b, LINK + 6000, 5000);
	assert_int_equal(dp_send_udp(b.dp, b.now, 0, &to, "again", 5), 0);
	pass_time(&b, 0);
	assert_int_equal(take_frame(&b).len, 14 + 28 + 5);
	expect_way(&b, nat);
	for (unsigned i = 0; i < 4; i++) {
		second(&b);
		questions(&b);
	}
	bench_down(&b);
}

/* A next hop of a session and a gateway that do not answer now are no strangers. */
static void
strangers_push_out_no_next_hop_of_a_session(void **state)
{
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_C), .port = 999};
	struct dp_session s = {.tunnel_id = 1, .session_id = 1, .peer = peer};
	uint32_t slot;
	struct bench b;

	(void)state;
	up(&b);
	wide_link(&b);
	flood(&b, LINK, 2000);
	assert_int_equal(dp_session_set(b.dp, &s, &slot), 0);
	flood(&b, LINK + 2000, 2000);
	claim(&b, 2, router, PEER_C);
	assert_true((b.dp->nexthops[b.dp->egress[slot].nexthop].second & DP_NEXTHOP_UP) != 0);
	assert_int_equal(dp_session_clear(b.dp, slot, NULL), 0);
	for (unsigned i = 0; i < 4; i++) {
		second(&b);
		questions(&b);
	}
	bench_down(&b);
}

/* Strangers that answer can't fill the table either. */
static void
a_link_full_of_stations_leaves_room(void **state)
{
	struct cv_endpoint to = {.ip = cv_ipv4(PEER_C), .port = 999};
	struct bench b;

	(void)state;
	up(&b);
	wide_link(&b);
	for (unsigned i = 0; i < DP_MAX_NEXTHOPS + 100; i++) {
		flood(&b, LINK + i, 1);
		claim(&b, 2, forger, LINK + i);
		questions(&b);
	}
	assert_int_equal(dp_send_udp(b.dp, b.now, 0, &to, "hello", 5), 0);
	pass_time(&b, 0);
	while (questions(&b) != 0)
		;
	claim(&b, 2, router, PEER_C);
	assert_int_equal(take_frame(&b).len, 14 + 28 + 5);
	expect_way(&b, nat);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forged_arp_moves_no_neighbour),
		cmocka_unit_test(a_flood_of_forged_arp_costs_a_question_a_second),
		cmocka_unit_test(a_station_that_is_silent_gives_way),
		cmocka_unit_test(a_lost_neighbour_is_said_once),
		cmocka_unit_test(a_configured_mac_is_never_moved),
		cmocka_unit_test(a_peer_is_answered_in_a_flood_of_strangers),
		cmocka_unit_test(strangers_push_out_no_next_hop_of_a_session),
		cmocka_unit_test(a_link_full_of_stations_leaves_room),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
