/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions in the tables: what may be a client's address, what a refused opening leaves behind,
 * what a new policy changes for sessions that are open, and their one count of Ns. */
#include "harness.h"

#include <string.h>

#include <rte_byteorder.h>

#include "l2tp/header.h"

enum { ESP = 50 };

/* A packet of len bytes with DF from A to B; true: B got it. */
static bool
reaches(struct bench *b, bool from_a, uint32_t from, uint32_t to, size_t len)
{
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, from, to, ESP, len);
	packet[6] = 0x40;
	inner_checksum(packet);
	put_data(b, from_a, &wire, packet, len);
	if (edges(b, DP_EDGE_RELAY_FRAGMENTATION_NEEDED) != 0) {
		assert_int_not_equal(take_inner(b, from_a, got), 0);
		return false;
	}
	return take_inner(b, !from_a, got) == len;
}

static void
an_opening_that_is_refused_leaves_the_session_as_it_was(void **state)
{
	struct session_ip taken = {.address = cv_ipv4(INNER_B),
				  .group = GROUP_A,
				  .filter = GROUP_A,
				  .mtu = 600},
			  no_policy = {.address = cv_ipv4(INNER_A),
				  .group = 7,
				  .filter = 7,
				  .mtu = 600},
			  multicast = {.address = cv_ipv4(0xe0000001), .mtu = 600};
	struct dp_setup_info info;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(session_open(b.dp, b.slot_a, &taken), CV_ERR_EXISTS);
	assert_int_equal(session_open(b.dp, b.slot_a, &no_policy), CV_ERR_CONFIG);
	assert_int_equal(session_open(b.dp, b.slot_a, &multicast), CV_ERR_CONFIG);
	assert_true(reaches(&b, true, INNER_A, INNER_B, 1400));
	assert_true(reaches(&b, false, INNER_B, INNER_A, 1400));
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 1400);
	dp_setup_info(b.dp, &info);
	assert_int_equal(info.addresses, 2);
	/* its own address is not taken by itself, and another one that is free may be had */
	taken.address = cv_ipv4(INNER_A);
	assert_int_equal(session_open(b.dp, b.slot_a, &taken), 0);
	taken.address = cv_ipv4(INNER_A + 100);
	assert_int_equal(session_open(b.dp, b.slot_a, &taken), 0);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 600);
	assert_true(reaches(&b, false, INNER_B, INNER_A + 100, 600));
	dp_setup_info(b.dp, &info);
	assert_int_equal(info.addresses, 2);
	bench_down(&b);
}

static void
what_can_be_no_clients_address_is_refused(void **state)
{
	static const uint32_t refused[] = {0x00000000, 0x00010203, 0x7f000001, 0xe0000001,
		0xefffffff, 0xf0000001, 0xffffffff, LNS_IP, 0xc00002ff /* the port's broadcast */,
		INNER_LNS};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	session_shut(b.dp, b.slot_a);
	for (size_t i = 0; i < RTE_DIM(refused); i++) {
		struct session_ip ip = {.address = cv_ipv4(refused[i]), .mtu = 1400};

		assert_int_equal(session_open(b.dp, b.slot_a, &ip), CV_ERR_CONFIG);
	}
	bench_down(&b);
}

static void
a_policys_new_mtu_is_that_of_its_open_sessions(void **state)
{
	struct policy any = {
		.kind = DP_FILTER_ANY, .clients_reachable = true, .lns = cv_ipv4(INNER_LNS)};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	any.mtu = 1300;
	assert_int_equal(set_policy(b.dp, GROUP_B, &any), 0);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), 1300);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 1400);
	assert_true(reaches(&b, true, INNER_A, INNER_B, 1300));
	assert_true(reaches(&b, false, INNER_B, INNER_A, 1400));
	/* larger than the client takes, and no limit: what the client takes */
	any.mtu = 1450;
	assert_int_equal(set_policy(b.dp, GROUP_B, &any), 0);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), 1400);
	any.mtu = 1000;
	assert_int_equal(set_policy(b.dp, GROUP_B, &any), 0);
	any.mtu = 0;
	assert_int_equal(set_policy(b.dp, GROUP_B, &any), 0);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_b), 1400);
	assert_true(reaches(&b, true, INNER_A, INNER_B, 1400));
	any.mtu = 1300;
	assert_int_equal(set_policy(b.dp, GROUP_B, &any), 0);
	assert_false(reaches(&b, true, INNER_A, INNER_B, 1301));
	bench_down(&b);
}

/* Ns of the next frame to the peer of session A; its headers and checksums are right. */
static uint16_t
next_ns(struct bench *b, const char *ppp)
{
	struct frame_bytes f = take_frame(b);
	const uint8_t *udp = f.bytes + WIRE_ETHER + WIRE_IPV4;
	struct l2tp_header h = {0};
	uint16_t len;

	assert_int_not_equal(f.len, 0);
	len = (uint16_t)(f.len - WIRE_ETHER - WIRE_IPV4);
	assert_int_equal(rte_bswap16(wire_load16(udp + 4)), len);
	assert_int_equal(
		wire_fold(wire_sum(udp, len) + wire_sum_pseudo(wire_load32(udp - 8),
						       wire_load32(udp - 4), wire_load16(udp + 4))),
		0xffff);
	assert_int_equal(l2tp_header_parse(udp + WIRE_UDP_HEADER, len - WIRE_UDP_HEADER, &h), 0);
	assert_true(h.has_sequence);
	assert_int_equal(h.nr, 0);
	if (ppp != NULL)
		assert_memory_equal(h.payload.data, ppp, strlen(ppp));
	return h.ns;
}

static void
send_ppp(struct bench *b, uint32_t slot, const char *ppp)
{
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A};
	uint8_t bytes[64];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));

	l2tp_sequenced_header_write(&w, 9, 8, strlen(ppp));
	cv_write_bytes(&w, ppp, strlen(ppp));
	assert_int_equal(dp_send_l2tp(b->dp, b->now, 0, slot, &peer, bytes, cv_written(&w)), 0);
	dp_worker_round(b->dp->workers[0]);
}

static void
ppp_control_and_data_carry_ns_from_one_count(void **state)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {.length = true};
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A};
	size_t len = inner_packet(packet, INNER_B, INNER_A, ESP, 100);
	struct bench b;

	(void)state;
	bench_up(&b, DP_SEND_SEQUENCE | DP_SEND_LENGTH, 0);
	/* from the first frame on, through IPCP's opening, and past the end of the numbers */
	for (unsigned ns = 0; ns < 65540; ns += 4) {
		send_ppp(&b, b.slot_a, "lcp");
		assert_int_equal(next_ns(&b, "lcp"), (uint16_t)ns);
		put_data(&b, false, &wire, packet, len);
		assert_int_equal(next_ns(&b, NULL), (uint16_t)(ns + 1));
		put_data(&b, false, &wire, packet, len);
		assert_int_equal(next_ns(&b, NULL), (uint16_t)(ns + 2));
		send_ppp(&b, b.slot_a, "ipcp, of an odd length");
		assert_int_equal(next_ns(&b, "ipcp"), (uint16_t)(ns + 3));
	}
	/* what carries no Ns counts nothing */
	assert_int_equal(dp_send_udp(b.dp, b.now, 0, &peer, "a control message", 17), 0);
	dp_worker_round(b.dp->workers[0]);
	assert_int_not_equal(take_frame(&b).len, 0);
	send_ppp(&b, b.slot_a, "lcp");
	assert_int_equal(next_ns(&b, "lcp"), 4);
	assert_int_equal(dp_send_l2tp(b.dp, b.now, 0, b.dp->slot_mask + 1, &peer, packet, 100),
		CV_ERR_UNKNOWN);
	assert_int_equal(dp_send_l2tp(b.dp, b.now, 0, b.slot_a, &peer, packet, 11), CV_ERR_UNKNOWN);
	bench_down(&b);
}

/* A client behind a NAT that gave it another address: same session, same count of Ns. */
static void
a_sessions_peer_moves(void **state)
{
	struct wire wire = {0}, moved = {.peer_ip = PEER_B, .peer_port = 999};
	uint8_t packet[FRAME_MAX], got[FRAME_MAX];
	size_t len = inner_packet(packet, INNER_A, INNER_B, ESP, 100);
	struct dp_session s;
	struct frame_bytes f;
	struct bench b;

	(void)state;
	bench_up(&b, DP_SEND_SEQUENCE, 0);
	send_ppp(&b, b.slot_a, "lcp");
	assert_int_equal(next_ns(&b, "lcp"), 0);
	put_data(&b, true, &moved, packet, len);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SOURCE), 1);
	assert_int_equal(dp_session_get(b.dp, b.slot_a, &s), 0);
	s.peer = (struct cv_endpoint){.ip = cv_ipv4(PEER_B), .port = 999};
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	put_data(&b, true, &wire, packet, len);
	assert_int_equal(drops(&b, DP_DROP_INGRESS_SOURCE), 2);
	put_data(&b, true, &moved, packet, len);
	assert_int_equal(take_inner(&b, false, got), len);
	inner_packet(packet, INNER_B, INNER_A, ESP, 100);
	put_data(&b, false, &wire, packet, len);
	f = take_frame(&b);
	assert_int_equal(rte_be_to_cpu_32(wire_load32(f.bytes + 30)), PEER_B);
	assert_int_equal(rte_bswap16(wire_load16(f.bytes + 36)), 999);
	assert_int_equal(rte_bswap16(wire_load16(f.bytes + 48)), 1); /* Ns */
	bench_down(&b);
}

static void
what_was_told_can_be_had_back(void **state)
{
	struct dp_session s = {.tunnel_id = 501,
		.session_id = 502,
		.peer_tunnel_id = 503,
		.peer_session_id = 504,
		.send = DP_SEND_PFC | DP_SEND_LENGTH,
		.peer = {.ip = cv_ipv4(PEER_B), .port = 505},
		.realm = 506,
		.group = GROUP_B,
		.mtu = 507};
	struct dp_session got, other;
	uint32_t slot;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_session_set(b.dp, &s, &slot), 0);
	assert_int_equal(dp_session_get(b.dp, slot, &got), 0);
	assert_memory_equal(&got, &s, sizeof(s));
	s.open = true;
	s.address = cv_ipv4(INNER_A); /* in another realm than A's */
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_int_equal(dp_session_get(b.dp, slot, &got), 0);
	assert_memory_equal(&got, &s, sizeof(s));
	/* what is refused is not told */
	other = s;
	other.realm = 0;
	other.mtu = 600;
	assert_int_equal(dp_session_set(b.dp, &other, NULL), CV_ERR_EXISTS);
	other = s;
	other.service = 1;
	assert_int_equal(dp_session_set(b.dp, &other, NULL), CV_ERR_UNKNOWN);
	assert_int_equal(dp_session_get(b.dp, slot, &got), 0);
	assert_memory_equal(&got, &s, sizeof(s));
	assert_int_equal(dp_session_clear(b.dp, slot, NULL), 0);
	assert_int_equal(dp_session_get(b.dp, slot, &got), CV_ERR_UNKNOWN);
	assert_int_equal(dp_session_get(b.dp, b.dp->slot_mask + 1, &got), CV_ERR_UNKNOWN);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_opening_that_is_refused_leaves_the_session_as_it_was),
		cmocka_unit_test(what_can_be_no_clients_address_is_refused),
		cmocka_unit_test(ppp_control_and_data_carry_ns_from_one_count),
		cmocka_unit_test(a_policys_new_mtu_is_that_of_its_open_sessions),
		cmocka_unit_test(a_sessions_peer_moves),
		cmocka_unit_test(what_was_told_can_be_had_back),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
