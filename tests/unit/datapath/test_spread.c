/* SPDX-License-Identifier: BSD-3-Clause */
/* Several next hops of a route: each flow keeps to one, of those that are up. */
#include "datapath/host/host.h"
#include "datapath/worker/flow.h"
#include "harness.h"

enum {
	TCP = 6,
	UDP = 17,
	ICMP = 1,
	ESP = 50,
	AH = 51,
	LAN = 7, /* group and filter of the interface */
	VIA = 3,
	HOPS = 3,
	FLOWS = 240,
	LEN = 100,
	NOBODY = HOPS,
};

#define OURS UINT32_C(0xc0a80501)   /* 192.168.5.1, on the LAN */
#define ROUTER UINT32_C(0xc0a80510) /* the first of them */
#define BEYOND UINT32_C(0xcb007107) /* behind them all */

static void
answer(struct bench *b, unsigned hop)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 6, (uint8_t)hop};
	uint8_t frame[FRAME_MAX];

	wire_ether_write(frame, b->dp->ports[0].mac, mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REPLY, mac, wire_swap32(ROUTER + hop),
		b->dp->ports[0].mac, wire_swap32(OURS));
	put_frame(b, frame, WIRE_ETHER + WIRE_ARP);
}

/* All but one of them, or all, answer what they are asked for so many seconds. */
static void
live(struct bench *b, unsigned seconds, unsigned silent)
{
	for (unsigned s = 0; s < seconds; s++) {
		later(b, 1);
		for (unsigned hop = 0; hop < HOPS; hop++)
			if (hop != silent)
				answer(b, hop);
		while (take_frame(b).len != 0)
			;
	}
}

/* Hops by their number. */
static int
set_hops(struct bench *b, const unsigned *hops, unsigned n)
{
	struct dp_via via[DP_MAX_HOPS + 1];

	for (unsigned i = 0; i < n; i++)
		via[i] = (struct dp_via){.iface = 0, .ip = cv_ipv4(ROUTER + hops[i])};
	return dp_via_set(b->dp, VIA, via, n);
}

static void
lan_up(struct bench *b)
{
	const struct policy any = {.kind = DP_FILTER_ANY, .clients_reachable = true};
	const struct dp_iface inside = {.inside = true, .group = LAN, .filter = LAN};
	const struct cv_prefix address = {.ip = cv_ipv4(OURS), .length = 24};
	const struct cv_prefix all = {.ip = cv_ipv4(0), .length = 0};
	const unsigned hops[HOPS] = {0, 1, 2};
	struct dp_group group = {.lns = cv_ipv4(OURS), .clients_reachable = true};

	bench_up(b, 0, 0);
	b->dp->workers[0]->stages_only = stages_only;
	assert_int_equal(set_policy(b->dp, LAN, &any), 0);
	assert_int_equal(dp_group_set(b->dp, LAN, &group), 0);
	assert_int_equal(dp_iface_set(b->dp, 0, &inside), 0);
	assert_int_equal(dp_address_set(b->dp, 0, &address), 0);
	assert_int_equal(dp_route_set(b->dp, 0, &all, dp_route_word(DP_ROUTE_VIA, VIA)), 0);
	assert_int_equal(set_hops(b, hops, HOPS), 0);
	dp_worker_round(b->dp->workers[0]);
	while (take_frame(b).len != 0)
		;
}

/* Which hop the next frame is for; NOBODY: there is none. */
static unsigned
taken_by(struct bench *b)
{
	struct frame_bytes f;

	do
		f = take_frame(b);
	while (f.len != 0 && wire_ether_type_be(f.bytes) == WIRE_TYPE_ARP_BE);
	if (f.len == 0)
		return NOBODY;
	assert_int_equal(f.bytes[4], 6);
	assert_in_range(f.bytes[5], 0, HOPS - 1);
	return f.bytes[5];
}

/* A packet of the flow of a number: its ports or SPI. */
static void
send_flow(struct bench *b, uint8_t protocol, uint32_t flow, uint16_t fragment)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	unsigned at = WIRE_IPV4 + (protocol == AH ? 4 : 0);

	inner_packet(packet, INNER_A, BEYOND, protocol, LEN);
	wire_put32(packet + at, flow * 0x10001);
	wire_put16(packet + WIRE_IPV4_FRAGMENT, fragment);
	inner_checksum(packet);
	put_data(b, true, &wire, packet, LEN);
}

static unsigned
goes(struct bench *b, uint8_t protocol, uint32_t flow, uint16_t fragment)
{
	send_flow(b, protocol, flow, fragment);
	return taken_by(b);
}

static void
map(struct bench *b, uint8_t of[FLOWS])
{
	for (uint32_t i = 0; i < FLOWS; i++)
		of[i] = (uint8_t)goes(b, ESP, i, 0);
}

static void
expect_shares(const uint8_t of[FLOWS], unsigned hops, unsigned silent)
{
	unsigned n[HOPS + 1] = {0};

	for (unsigned i = 0; i < FLOWS; i++)
		n[of[i]]++;
	assert_int_equal(n[NOBODY], 0);
	for (unsigned i = 0; i < HOPS; i++)
		if (i == silent)
			assert_int_equal(n[i], 0);
		else
			assert_in_range(n[i], FLOWS / hops / 2, FLOWS / hops * 2);
}

static void
flows_are_shared_out(void **state)
{
	uint8_t first[FLOWS], again[FLOWS];
	struct bench b;

	(void)state;
	lan_up(&b);
	/* nobody is known: each waits for his own */
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(goes(&b, ESP, i, 0), NOBODY);
	assert_int_equal(drops(&b, DP_DROP_EGRESS_NEIGHBOUR), 8);
	answer(&b, 1); /* who is known gets all */
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(goes(&b, ESP, i, 0), 1);
	answer(&b, 0);
	answer(&b, 2);
	map(&b, first);
	expect_shares(first, HOPS, NOBODY);
	map(&b, again);
	assert_memory_equal(first, again, FLOWS);
	bench_down(&b);
}

/* Whether flows of a protocol are told apart. */
static bool
spreads(struct bench *b, uint8_t protocol, uint16_t fragment)
{
	unsigned first = goes(b, protocol, 0, fragment);

	assert_int_not_equal(first, NOBODY);
	for (uint32_t i = 1; i < 40; i++)
		if (goes(b, protocol, i, fragment) != first)
			return true;
	return false;
}

static void
a_flow_is_ports_or_an_spi(void **state)
{
	struct bench b;

	(void)state;
	lan_up(&b);
	for (unsigned i = 0; i < HOPS; i++)
		answer(&b, i);
	assert_true(spreads(&b, ESP, 0));
	assert_true(spreads(&b, AH, 0));
	assert_true(spreads(&b, UDP, 0));
	assert_true(spreads(&b, UDP, WIRE_IPV4_DONT));
	assert_true(spreads(&b, TCP, 0));
	assert_false(spreads(&b, ICMP, 0));
	/* of fragments, the first too, it is the hosts */
	assert_false(spreads(&b, ESP, WIRE_IPV4_MORE));
	assert_int_equal(goes(&b, UDP, 5, WIRE_IPV4_MORE), goes(&b, UDP, 9, WIRE_IPV4_MORE | 8));
	bench_down(&b);
}

/* Each flow of another hop is where it was; those of the one that went are where they can be. */
static void
expect_kept(const uint8_t before[FLOWS], const uint8_t now[FLOWS], unsigned gone)
{
	for (unsigned i = 0; i < FLOWS; i++)
		if (before[i] != gone)
			assert_int_equal(now[i], before[i]);
	expect_shares(now, HOPS - 1, gone);
}

static void
who_is_silent_loses_his_flows(void **state)
{
	uint8_t before[FLOWS], now[FLOWS];
	struct bench b;

	(void)state;
	lan_up(&b);
	live(&b, 2, NOBODY);
	map(&b, before);
	live(&b, 40, 1);
	map(&b, now);
	expect_kept(before, now, 1);
	/* a port without a link is nobody's way, but where there is no other */
	dp_port_set_link(b.dp, &b.dp->ports[0], DP_LINK_DOWN);
	for (unsigned i = 0; i < FLOWS; i++)
		assert_int_equal(goes(&b, ESP, i, 0), before[i] == 1 ? NOBODY : before[i]);
	dp_port_set_link(b.dp, &b.dp->ports[0], DP_LINK_UP);
	map(&b, now);
	expect_kept(before, now, 1);
	live(&b, 10, NOBODY);
	map(&b, now);
	assert_memory_equal(before, now, FLOWS);
	bench_down(&b);
}

/* Who sends is told that there is no way. */
static void
expect_cleared(struct bench *b)
{
	uint8_t got[FRAME_MAX];

	send_flow(b, ESP, 1, 0);
	assert_int_not_equal(take_inner(b, true, got), 0);
	assert_int_equal(drops(b, DP_DROP_ROUTE_NO_ROUTE), 1);
}

static void
another_list_moves_no_others(void **state)
{
	const unsigned without[] = {2, 0}, turned[] = {2, 1, 0}, one[] = {2};
	uint8_t before[FLOWS], now[FLOWS];
	struct dp_via told[DP_MAX_HOPS];
	struct bench b;

	(void)state;
	lan_up(&b);
	live(&b, 2, NOBODY);
	map(&b, before);
	assert_int_equal(set_hops(&b, without, 2), 0);
	map(&b, now);
	expect_kept(before, now, 1);
	assert_int_equal(set_hops(&b, turned, 3), 0);
	live(&b, 2, NOBODY); /* who was not needed was forgotten */
	map(&b, now);
	assert_memory_equal(before, now, FLOWS);
	assert_int_equal(set_hops(&b, one, 1), 0);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(goes(&b, ESP, i, 0), 2);
	assert_int_equal(dp_via_get(b.dp, VIA, told), 1);
	assert_int_equal(cv_ipv4_value(&told[0].ip), ROUTER + 2);
	assert_int_equal(set_hops(&b, turned, 3), 0);
	assert_int_equal(dp_via_get(b.dp, VIA, told), 3);
	assert_int_equal(dp_via_clear(b.dp, VIA), 0);
	expect_cleared(&b);
	bench_down(&b);
}

static void
what_is_no_list(void **state)
{
	const unsigned twice[] = {0, 1, 0}, ours[] = {0, UINT32_MAX - (ROUTER - OURS) + 1};
	const unsigned hops[HOPS] = {0, 1, 2};
	unsigned many[DP_MAX_HOPS + 1];
	struct dp_via told[DP_MAX_HOPS];
	struct bench b;

	(void)state;
	lan_up(&b);
	for (unsigned i = 0; i < DP_MAX_HOPS + 1; i++)
		many[i] = i;
	assert_int_equal(set_hops(&b, twice, 3), CV_ERR_CONFIG);
	assert_int_equal(set_hops(&b, ours, 2), CV_ERR_CONFIG);
	assert_int_equal(set_hops(&b, hops, 0), CV_ERR_CONFIG);
	assert_int_equal(set_hops(&b, many, DP_MAX_HOPS + 1), CV_ERR_CONFIG);
	/* nothing has changed */
	assert_int_equal(dp_via_get(b.dp, VIA, told), HOPS);
	assert_int_equal(set_hops(&b, many, DP_MAX_HOPS), 0);
	assert_int_equal(dp_via_get(b.dp, VIA, told), DP_MAX_HOPS);
	bench_down(&b);
}

/* The flow of an IPv6 packet of so many bytes of headers in front of ESP, the first of a type. */
static uint32_t
flow6(struct bench *b, uint8_t type, const void *headers, size_t len, uint32_t spi, uint8_t host)
{
	uint8_t packet[WIRE_IPV6 + 64] = {0x60};

	packet[WIRE_IPV6_NEXT] = type;
	wire_put16(packet + WIRE_IPV6_LENGTH, 64);
	packet[WIRE_IPV6_SOURCE] = packet[WIRE_IPV6_TARGET] = 0x20;
	packet[WIRE_IPV6_TARGET + 15] = host;
	if (len != 0)
		memcpy(packet + WIRE_IPV6, headers, len);
	wire_put32(packet + WIRE_IPV6 + len, spi);
	return dp_flow_of(b->dp, packet, sizeof(packet), true);
}

static void
of_ipv6_it_stands_behind_extension_headers(void **state)
{
	const uint8_t options[8] = {ESP, 0, 1, 4}, part[8] = {ESP, 0, 0, 1, 0, 0, 0, 7};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(flow6(&b, ESP, NULL, 0, 1, 1), flow6(&b, ESP, NULL, 0, 1, 1));
	assert_int_not_equal(flow6(&b, ESP, NULL, 0, 1, 1), flow6(&b, ESP, NULL, 0, 2, 1));
	assert_int_not_equal(flow6(&b, ESP, NULL, 0, 1, 1), flow6(&b, ESP, NULL, 0, 1, 2));
	assert_int_equal(
		flow6(&b, WIRE_TARGET_OPTIONS, options, 8, 1, 1), flow6(&b, ESP, NULL, 0, 1, 1));
	assert_int_not_equal(flow6(&b, WIRE_TARGET_OPTIONS, options, 8, 1, 1),
		flow6(&b, WIRE_TARGET_OPTIONS, options, 8, 2, 1));
	assert_int_equal(
		flow6(&b, WIRE_FRAGMENT, part, 8, 1, 1), flow6(&b, WIRE_FRAGMENT, part, 8, 2, 1));
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_WAYS(flows_are_shared_out),
		BOTH_WAYS(a_flow_is_ports_or_an_spi),
		BOTH_WAYS(who_is_silent_loses_his_flows),
		BOTH_WAYS(another_list_moves_no_others),
		cmocka_unit_test(what_is_no_list),
		cmocka_unit_test(of_ipv6_it_stands_behind_extension_headers),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
