/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces and services come, change and go while others are served. */
#include "harness.h"

#include <rte_byteorder.h>

#define OTHER_IP UINT32_C(0xc0000202)
#define INNER_C UINT32_C(0x0a580103)
#define FAR_PEER UINT32_C(0xc6336401)
#define GATEWAY_1 UINT32_C(0xc00002fd)
#define GATEWAY_2 UINT32_C(0xc00002fe)

enum {
	ESP = 50,
	OTHER = 900,
	OTHER_PORT = 40000,
	TUNNEL_C = 13,
	SESSION_C = 23,
	SECOND_PORT = 1702
};

static const uint8_t nat[6] = {2, 0, 0, 0, 0, 9}; /* answers for whom bench_arp() names */

/* The frame goes to another address and port of ours. */
static void
redirect(uint8_t *frame, uint32_t ip, uint16_t port)
{
	uint8_t *outer = frame + WIRE_ETHER;

	wire_store32(outer + 16, rte_cpu_to_be_32(ip));
	wire_store16(outer + 22, rte_cpu_to_be_16(port));
	wire_store16(outer + 26, 0);
	inner_checksum(outer);
}

/* A control message to an address and port; the service that it was punted for, or -1. */
static int
asks(struct bench *b, uint32_t ip, uint16_t port, uint16_t tunnel_id, enum dp_punt_class class)
{
	uint8_t message[12] = {0xc8, 2, 0, 12, 0, (uint8_t)tunnel_id}, frame[FRAME_MAX];
	struct dp_punt punt;
	int service;

	bench_udp(b, PEER_A, PORT_A, message, sizeof(message), frame);
	redirect(frame, ip, port);
	put_frame(b, frame, WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER + sizeof(message));
	if (!dp_punt_next(b->dp, &punt))
		return -1;
	assert_int_equal(punt.class, class);
	service = punt.service;
	dp_punt_release(b->dp, &punt);
	return service;
}

static uint32_t
add_c(struct bench *b, uint16_t service, uint32_t peer)
{
	struct dp_session c = {.service = service,
		.tunnel_id = TUNNEL_C,
		.session_id = SESSION_C,
		.peer = {.ip = cv_ipv4(peer), .port = PORT_A}};
	struct session_ip ip = {.address = cv_ipv4(INNER_C), .mtu = 1400};
	uint32_t slot;

	assert_int_equal(dp_session_set(b->dp, &c, &slot), 0);
	assert_int_equal(session_open(b->dp, slot, &ip), 0);
	return slot;
}

/* A packet of A's to C; the frame that left. */
static struct frame_bytes
to_c(struct bench *b)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, INNER_A, INNER_C, ESP, 100);
	put_data(b, true, &wire, packet, 100);
	return take_frame(b);
}

/* A packet of C's, at OTHER_IP, to A; true: A got it. */
static bool
from_c(struct bench *b)
{
	struct wire wire = {.tunnel_id = TUNNEL_C, .session_id = SESSION_C};
	uint8_t packet[FRAME_MAX], frame[FRAME_MAX], got[FRAME_MAX];
	size_t len;

	inner_packet(packet, INNER_C, INNER_A, ESP, 100);
	len = build_data(b, true, &wire, packet, 100, frame);
	redirect(frame, OTHER_IP, OTHER_PORT);
	put_frame(b, frame, len);
	return take_inner(b, true, got) == 100;
}

static void
services_come_and_go(void **state)
{
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_A), .port = PORT_A}, got;
	struct dp_service other = {.ip = cv_ipv4(OTHER_IP),
				  .prefix_length = 24,
				  .udp_port = OTHER_PORT},
			  second = {.ip = cv_ipv4(LNS_IP),
				  .prefix_length = 24,
				  .udp_port = SECOND_PORT},
			  out;
	struct bench b;
	uint32_t slot;
	size_t before;

	(void)state;
	bench_up(&b, 0, 0);
	before = table_bytes(&b);
	assert_int_equal(asks(&b, OTHER_IP, OTHER_PORT, 0, DP_PUNT_NEW), -1);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_DESTINATION), 1);
	assert_int_equal(asks(&b, LNS_IP, SECOND_PORT, 0, DP_PUNT_NEW), -1);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_UDP_PORT), 1);
	assert_int_equal(dp_service_set(b.dp, OTHER, &other), 0);
	assert_int_equal(dp_service_set(b.dp, UINT16_MAX, &second), 0);
	assert_int_equal(dp_service_get(b.dp, OTHER, &out), 0);
	assert_memory_equal(&out, &other, sizeof(out));
	assert_int_equal(asks(&b, OTHER_IP, OTHER_PORT, 0, DP_PUNT_NEW), OTHER);
	assert_int_equal(asks(&b, LNS_IP, SECOND_PORT, 0, DP_PUNT_NEW), UINT16_MAX);
	assert_int_equal(asks(&b, LNS_IP, 1701, 0, DP_PUNT_NEW), 0);
	assert_int_equal(dp_tunnel_set(b.dp, OTHER, 7, &peer), 0);
	assert_int_equal(asks(&b, OTHER_IP, OTHER_PORT, 7, DP_PUNT_TUNNEL), OTHER);
	assert_int_equal(asks(&b, LNS_IP, SECOND_PORT, 7, DP_PUNT_CONNECT), UINT16_MAX);
	slot = add_c(&b, OTHER, PEER_A);
	assert_true(from_c(&b));
	assert_int_equal(wire_load32(to_c(&b).bytes + 26), rte_cpu_to_be_32(OTHER_IP));

	/* it takes nothing any more; what its session gets, the others, and their tables stay */
	assert_int_equal(dp_service_clear(b.dp, OTHER), 0);
	assert_int_equal(dp_service_clear(b.dp, OTHER), CV_ERR_UNKNOWN);
	assert_int_equal(dp_service_get(b.dp, OTHER, &out), CV_ERR_UNKNOWN);
	assert_int_equal(asks(&b, OTHER_IP, OTHER_PORT, 7, DP_PUNT_TUNNEL), -1);
	assert_false(from_c(&b));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_DESTINATION), 3);
	assert_int_equal(dp_tunnel_get(b.dp, OTHER, 7, &got), CV_ERR_UNKNOWN);
	assert_int_equal(dp_tunnel_set(b.dp, OTHER, 7, &peer), CV_ERR_UNKNOWN);
	assert_int_equal(dp_send_udp(b.dp, b.now, OTHER, &peer, "x", 1), CV_ERR_UNKNOWN);
	assert_int_not_equal(to_c(&b).len, 0);
	assert_int_equal(asks(&b, LNS_IP, SECOND_PORT, 0, DP_PUNT_NEW), UINT16_MAX);

	/* back as it was: its session goes on, its tunnels are gone */
	assert_int_equal(dp_service_set(b.dp, OTHER, &other), 0);
	assert_true(from_c(&b));
	assert_int_equal(asks(&b, OTHER_IP, OTHER_PORT, 7, DP_PUNT_CONNECT), OTHER);
	assert_int_equal(dp_session_clear(b.dp, slot, NULL), 0);
	assert_int_equal(dp_service_clear(b.dp, OTHER), 0);
	assert_int_equal(dp_service_clear(b.dp, UINT16_MAX), 0);
	assert_int_equal(table_bytes(&b), before);
	bench_down(&b);
}

static const uint8_t *
mac_to_c(struct bench *b, struct frame_bytes *f)
{
	*f = to_c(b);
	assert_int_not_equal(f->len, 0);
	return f->bytes;
}

static uint32_t
users_of(struct bench *b, uint32_t ip)
{
	struct dp_neighbour_info n;
	uint64_t at = 0;

	while (dp_neighbour_next(b->dp, &at, &n))
		if (cv_ipv4_value(&n.ip) == ip)
			return n.users;
	return 0;
}

static void
sessions_follow_their_services_gateway(void **state)
{
	static const uint8_t mac_2[6] = {2, 0, 0, 0, 0, 0x22}, mac_3[6] = {2, 0, 0, 0, 0, 0x33};
	uint8_t arp[FRAME_MAX];
	struct dp_service service;
	struct frame_bytes f;
	struct bench b;
	uint32_t slot;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_service_get(b.dp, 0, &service), 0);
	service.gateway = cv_ipv4(GATEWAY_1);
	assert_int_equal(dp_service_set(b.dp, 0, &service), 0);
	put_frame(&b, arp, bench_arp(&b, GATEWAY_1, arp));
	while (take_frame(&b).len != 0)
		;
	slot = add_c(&b, 0, FAR_PEER);
	assert_memory_equal(mac_to_c(&b, &f), nat, 6);
	assert_int_equal(users_of(&b, GATEWAY_1), 2); /* the session and the service */

	service.gateway = cv_ipv4(GATEWAY_2);
	memcpy(service.gateway_mac, mac_2, 6);
	assert_int_equal(dp_service_set(b.dp, 0, &service), 0);
	assert_memory_equal(mac_to_c(&b, &f), mac_2, 6);
	assert_int_equal(users_of(&b, GATEWAY_1), 0);
	assert_int_equal(users_of(&b, GATEWAY_2), 2);
	memcpy(service.gateway_mac, mac_3, 6);
	assert_int_equal(dp_service_set(b.dp, 0, &service), 0);
	assert_memory_equal(mac_to_c(&b, &f), mac_3, 6);
	/* found by ARP from now on: who it was is asked, and may be another */
	memset(service.gateway_mac, 0, 6);
	assert_int_equal(dp_service_set(b.dp, 0, &service), 0);
	dp_worker_round(b.dp->workers[0]);
	f = take_frame(&b);
	assert_int_equal(wire_load16(f.bytes + 12), 0x0608);
	assert_memory_equal(f.bytes, mac_3, 6);
	assert_memory_equal(mac_to_c(&b, &f), mac_3, 6);
	/* no way any more, and one again */
	service.gateway.family = 0;
	assert_int_equal(dp_service_set(b.dp, 0, &service), 0);
	assert_int_equal(to_c(&b).len, 0);
	assert_int_equal(drops(&b, DP_DROP_EGRESS_NEIGHBOUR), 1);
	assert_int_equal(users_of(&b, GATEWAY_2), 0);
	service.gateway = cv_ipv4(GATEWAY_1);
	assert_int_equal(dp_service_set(b.dp, 0, &service), 0);
	assert_memory_equal(mac_to_c(&b, &f), nat, 6);
	assert_int_equal(dp_session_clear(b.dp, slot, NULL), 0);
	assert_int_equal(users_of(&b, GATEWAY_1), 1);
	bench_down(&b);
}

static void
what_can_be_none_is_refused(void **state)
{
	struct dp_service service, other;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_service_get(b.dp, 0, &service), 0);
	other = service;
	assert_int_equal(dp_service_set(b.dp, OTHER, &other), CV_ERR_EXISTS);
	other.udp_port = 1701; /* the same */
	assert_int_equal(dp_service_set(b.dp, OTHER, &other), CV_ERR_EXISTS);
	other.udp_port = 1702;
	other.prefix_length = 33;
	assert_int_equal(dp_service_set(b.dp, OTHER, &other), CV_ERR_CONFIG);
	other.prefix_length = 24;
	other.iface = 1;
	assert_int_equal(dp_service_set(b.dp, OTHER, &other), CV_ERR_UNKNOWN);
	other.iface = 0;
	other.ip = (struct cv_ip){.family = CV_IPV6}; /* nobody's */
	assert_int_equal(dp_service_set(b.dp, OTHER, &other), CV_ERR_CONFIG);
	/* the address of running sessions stays */
	service.ip = cv_ipv4(OTHER_IP);
	assert_int_equal(dp_service_set(b.dp, 0, &service), CV_ERR_EXISTS);
	service.ip = cv_ipv4(LNS_IP);
	service.udp_port = 1702;
	assert_int_equal(dp_service_set(b.dp, 0, &service), CV_ERR_EXISTS);
	for (unsigned i = 1; i <= DP_MAX_SERVICES; i++) {
		service.udp_port = (uint16_t)(2000 + i);
		assert_int_equal(dp_service_set(b.dp, (uint16_t)i, &service),
			i < DP_MAX_SERVICES ? 0 : CV_ERR_LIMIT);
	}
	bench_down(&b);
}

static void
an_interface_has_an_mtu_under_its_ports(void **state)
{
	struct dp_iface iface = {.mtu = 1000}, got;
	uint16_t headers;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	headers = b.dp->egress[b.slot_a].hdr_len;
	assert_int_equal(dp_iface_set(b.dp, 0, &iface), 0);
	assert_int_equal(dp_iface_get(b.dp, 0, &got), 0);
	assert_int_equal(got.mtu, 1000);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 1000 - headers);
	iface.mtu = 1501;
	assert_int_equal(dp_iface_set(b.dp, 0, &iface), CV_ERR_CONFIG);
	iface.mtu = 0;
	assert_int_equal(dp_iface_set(b.dp, 0, &iface), 0);
	assert_int_equal(dp_session_mtu(b.dp, b.slot_a), 1400);
	iface.port = 1;
	assert_int_equal(dp_iface_set(b.dp, 5, &iface), CV_ERR_CONFIG);
	assert_int_equal(dp_iface_clear(b.dp, 0), CV_ERR_EXISTS);
	assert_int_equal(dp_iface_clear(b.dp, 5), CV_ERR_UNKNOWN);
	iface.port = 0;
	assert_int_equal(dp_iface_set(b.dp, 5, &iface), 0);
	assert_int_equal(dp_iface_clear(b.dp, 5), 0);
	assert_int_equal(dp_iface_get(b.dp, 5, &got), CV_ERR_UNKNOWN);
	/* free again when its last session is gone, not with the service */
	assert_int_equal(dp_service_clear(b.dp, 0), 0);
	assert_int_equal(dp_session_clear(b.dp, b.slot_a, NULL), 0);
	assert_int_equal(dp_iface_clear(b.dp, 0), CV_ERR_EXISTS);
	assert_int_equal(dp_session_clear(b.dp, b.slot_b, NULL), 0);
	assert_int_equal(dp_iface_clear(b.dp, 0), 0);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_come_and_go),
		cmocka_unit_test(sessions_follow_their_services_gateway),
		cmocka_unit_test(what_can_be_none_is_refused),
		cmocka_unit_test(an_interface_has_an_mtu_under_its_ports),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
