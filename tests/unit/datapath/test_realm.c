/* SPDX-License-Identifier: BSD-3-Clause */
/* Realms: where inner addresses lead, in pools and beside them, and what it costs in memory. */
#include "harness.h"

#include <rte_byteorder.h>

#define MIB ((size_t)1 << 20)

enum { ESP = 50, ICMP = 1, REALMS = 1000, ADDRESSES = 10, SESSIONS = REALMS * ADDRESSES };

/* One more session with an address, behind A's NAT; its slot. */
static uint32_t
add(struct bench *b, uint16_t realm, uint32_t address)
{
	struct dp_session s = {.tunnel_id = 1000,
		.peer = {.ip = cv_ipv4(PEER_A), .port = 5},
		.open = true,
		.reachable = true,
		.realm = realm,
		.address = cv_ipv4(address)};
	uint32_t slot;

	free_ids(b, &s);
	assert_int_equal(dp_session_set(b->dp, &s, &slot), 0);
	return slot;
}

/* Where a packet of A's to an address would go: a slot, or DP_NO_SLOT. */
static uint32_t
leads_to(struct bench *b, uint32_t address)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct frame_bytes f;
	uint64_t before[3] = {edges(b, DP_EDGE_ROUTE_POLICY), edges(b, DP_EDGE_ROUTE_ECHO),
		edges(b, DP_EDGE_ROUTE_UNREACHABLE)};
	struct dp_session_counters n;

	inner_packet(packet, INNER_A, address, ESP, 100);
	put_data(b, true, &wire, packet, 100);
	f = take_frame(b);
	assert_int_not_equal(f.len, 0);
	if (edges(b, DP_EDGE_ROUTE_POLICY) == before[0]) {
		assert_int_equal(edges(b, DP_EDGE_ROUTE_UNREACHABLE), before[2] + 1);
		return DP_NO_SLOT;
	}
	for (uint32_t slot = 0; slot <= b->dp->slot_mask; slot++) {
		if (dp_session_counters(b->dp, slot, &n) == 0 && n.tx_packets != 0) {
			b->dp->workers[0]->sent[slot].packets = 0;
			return slot;
		}
	}
	fail_msg("it went to nobody");
	return DP_NO_SLOT;
}

/* True: an echo request of A's to an address is answered. */
static bool
echoes(struct bench *b, uint32_t address)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	uint64_t before = edges(b, DP_EDGE_ROUTE_ECHO);

	inner_packet(packet, INNER_A, address, ICMP, 60);
	packet[20] = 8;
	packet[21] = 0;
	wire_store16(packet + 22, 0);
	wire_store16(packet + 22, wire_checksum(wire_sum(packet + 20, 40)));
	put_data(b, true, &wire, packet, 60);
	while (take_frame(b).len != 0)
		;
	return edges(b, DP_EDGE_ROUTE_ECHO) != before;
}

/* How a realm is set up, by `how`: nothing is said, one pool, two pools that have half of it. */
static void
set_pools(struct bench *b, uint16_t realm, unsigned how)
{
	struct cv_prefix pools[2] = {{.ip = cv_ipv4(0x0a000000), .length = how == 1 ? 24 : 29},
		{.ip = cv_ipv4(0x0a000040), .length = 27}};
	struct cv_prefix self = {.ip = cv_ipv4(0x0a000001), .length = 32};

	if (how != 0)
		assert_int_equal(dp_realm_set(b->dp, realm, pools, how == 1 ? 1 : 2), 0);
	assert_int_equal(dp_route_set(b->dp, realm, &self, dp_route_word(DP_ROUTE_SELF, 0)), 0);
}

static void
a_realm_costs_memory_for_what_it_holds(void **state)
{
	static uint32_t slots[SESSIONS];
	struct cv_prefix self = {.ip = cv_ipv4(0x0a000001), .length = 32};
	struct bench b;
	size_t before;

	(void)state;
	bench_up_for(&b, SESSIONS + 2, 0, 0);
	before = table_bytes(&b);
	for (unsigned how = 0; how < 3; how++) {
		for (unsigned r = 0; r < REALMS; r++)
			set_pools(&b, (uint16_t)(1 + 60 * r), how);
		for (unsigned i = 0; i < SESSIONS; i++)
			slots[i] = add(&b, (uint16_t)(1 + 60 * (i % REALMS)),
				0x0a000002 + i / REALMS * (how == 0 ? 65599 : 1));
		assert_in_range(table_bytes(&b) - before, REALMS * ADDRESSES * 4, 64 * MIB - 1);
		/* half of them, then all */
		for (unsigned i = 0; i < SESSIONS / 2; i++)
			assert_int_equal(dp_session_clear(b.dp, slots[i], NULL), 0);
		assert_in_range(table_bytes(&b) - before, 1, 64 * MIB - 1);
		for (unsigned i = SESSIONS / 2; i < SESSIONS; i++)
			assert_int_equal(dp_session_clear(b.dp, slots[i], NULL), 0);
		for (unsigned r = 0; r < REALMS; r++) {
			uint16_t realm = (uint16_t)(1 + 60 * r);

			if (how != 0)
				assert_int_equal(dp_realm_clear(b.dp, realm), 0);
			assert_int_equal(dp_route_clear(b.dp, realm, &self), 0);
		}
		assert_int_equal(table_bytes(&b), before);
	}
	bench_down(&b);
}

/* Bytes of this process that are in memory. */
static size_t
resident(void)
{
	unsigned long bytes = 0;
	char line[128];
	FILE *f = fopen("/proc/self/smaps_rollup", "r");

	assert_non_null(f);
	while (bytes == 0 && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Rss: %lu kB", &bytes) == 1)
			bytes *= 1024;
	fclose(f);
	return bytes;
}

/* Of a pool's window what is used is in memory, and no huge page for it. */
static void
a_wide_pool_costs_memory_for_what_is_used(void **state)
{
	static const struct cv_prefix pool = {{CV_IPV4, {10}}, 8};
	struct cv_prefix self = {.length = 32};
	struct bench b;
	size_t before;

	(void)state;
	bench_up(&b, 0, 0);
	before = resident();
	for (unsigned r = 1; r <= REALMS / 10; r++) {
		assert_int_equal(dp_realm_set(b.dp, (uint16_t)r, &pool, 1), 0);
		for (unsigned i = 0; i < ADDRESSES; i++) {
			self.ip =
				cv_ipv4(0x0a500002 + i); /* routes: sessions cost pages of theirs */
			assert_int_equal(dp_route_set(b.dp, (uint16_t)r, &self,
						 dp_route_word(DP_ROUTE_SELF, 0)),
				0);
		}
	}
	assert_in_range(resident() - before, 1, 64 * MIB / 10);
	bench_down(&b);
}

static void
a_large_realm_gives_back_what_it_does_not_need(void **state)
{
	static uint32_t slots[SESSIONS];
	struct bench b;
	size_t before, most;

	(void)state;
	bench_up_for(&b, SESSIONS + 2, 0, 0);
	before = table_bytes(&b);
	for (unsigned i = 0; i < SESSIONS; i++)
		slots[i] = add(&b, 0, 0x0b000000 + i * 977 + 1);
	most = table_bytes(&b) - before;
	assert_true(most < SESSIONS * 64);
	for (unsigned i = 0; i < SESSIONS; i++)
		if (i % 100 != 0)
			assert_int_equal(dp_session_clear(b.dp, slots[i], NULL), 0);
	assert_true(table_bytes(&b) - before < most / 16);
	for (unsigned i = 0; i < SESSIONS; i += 100)
		assert_int_equal(leads_to(&b, 0x0b000000 + i * 977 + 1), slots[i]);
	assert_int_equal(leads_to(&b, 0x0b000000 + 977 + 1), DP_NO_SLOT);
	bench_down(&b);
}

static void
addresses_lead_where_they_did_when_pools_change(void **state)
{
	static const uint32_t addresses[] = {
		0x0a000002, 0x0a0000ff, 0x0a000100, 0x0a0001ff, 0x0b000001, 0xc0a80001};
	static const struct {
		uint16_t count;
		struct cv_prefix pools[3];
	} turns[] = {
		{1, {{{CV_IPV4, {10}}, 24}}},
		{1, {{{CV_IPV4, {10}}, 23}}},
		{2, {{{CV_IPV4, {10, 0, 1}}, 24}, {{CV_IPV4, {192, 168}}, 16}}},
		{3, {{{CV_IPV4, {11}}, 8}, {{CV_IPV4, {10}}, 24}, {{CV_IPV4, {192, 168}}, 16}}},
		{1, {{{CV_IPV4, {0}}, 0}}},
		{0},
	};
	uint32_t slots[RTE_DIM(addresses)];
	const struct cv_prefix *pools;
	uint16_t count;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < RTE_DIM(addresses); i++)
		slots[i] = add(&b, 0, addresses[i]);
	for (unsigned t = 0; t < RTE_DIM(turns); t++) {
		assert_int_equal(dp_realm_set(b.dp, 0, turns[t].pools, turns[t].count), 0);
		for (unsigned i = 0; i < RTE_DIM(addresses); i++)
			assert_int_equal(leads_to(&b, addresses[i]), slots[i]);
		assert_int_equal(leads_to(&b, 0x0a000003), DP_NO_SLOT);
		assert_int_equal(leads_to(&b, 0x08080808), DP_NO_SLOT);
		assert_int_equal(dp_realm_get(b.dp, 0, &pools, &count),
			turns[t].count == 0 ? CV_ERR_UNKNOWN : 0);
		if (turns[t].count != 0)
			assert_memory_equal(pools, turns[t].pools, count * sizeof(*pools));
		/* one goes and comes where it is now */
		assert_int_equal(dp_session_clear(b.dp, slots[t], NULL), 0);
		assert_int_equal(leads_to(&b, addresses[t]), DP_NO_SLOT);
		slots[t] = add(&b, 0, addresses[t]);
	}
	bench_down(&b);
}

static void
the_longest_prefix_counts(void **state)
{
	struct cv_prefix wide = {.ip = cv_ipv4(0x0a000000), .length = 8},
			 host = {.ip = cv_ipv4(0x0b000001), .length = 32}, got = {0};
	uint32_t self = dp_route_word(DP_ROUTE_SELF, 0), word, slot;
	struct dp_session s;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	slot = add(&b, 0, 0x0a000002);
	assert_false(echoes(&b, 0x0a0000ff));
	assert_int_equal(dp_route_set(b.dp, 0, &wide, self), 0);
	assert_int_equal(dp_route_set(b.dp, 0, &wide, self), 0); /* again */
	assert_true(echoes(&b, 0x0a0000ff)); /* whatever its group says is the LNS */
	assert_false(echoes(&b, 0x0b0000ff));
	assert_int_equal(leads_to(&b, 0x0a000002), slot);
	/* in no session's hands: one has it, or could not */
	host.ip = cv_ipv4(0x0a000002);
	assert_int_equal(dp_route_set(b.dp, 0, &host, self), CV_ERR_EXISTS);
	host.ip = cv_ipv4(0x0b000001);
	assert_int_equal(dp_route_set(b.dp, 0, &host, self), 0);
	assert_true(echoes(&b, 0x0b000001));
	assert_int_equal(dp_session_get(b.dp, slot, &s), 0);
	s.address = host.ip;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), CV_ERR_CONFIG);
	s.address = cv_ipv4(0x0a000003);
	assert_int_equal(dp_session_set(b.dp, &s, NULL), CV_ERR_CONFIG);
	/* by address: the /8, the harness's, the other one */
	assert_true(dp_route_next(b.dp, 0, &got, &word));
	assert_memory_equal(&got, &wide, sizeof(got));
	assert_int_equal(word, self);
	assert_true(dp_route_next(b.dp, 0, &got, &word));
	assert_int_equal(cv_ipv4_value(&got.ip), INNER_LNS);
	assert_true(dp_route_next(b.dp, 0, &got, &word));
	assert_memory_equal(&got, &host, sizeof(got));
	assert_false(dp_route_next(b.dp, 0, &got, &word));
	assert_int_equal(dp_route_clear(b.dp, 0, &wide), 0);
	assert_int_equal(dp_route_clear(b.dp, 0, &wide), CV_ERR_UNKNOWN);
	assert_false(echoes(&b, 0x0a0000ff));
	assert_true(echoes(&b, 0x0b000001) && echoes(&b, INNER_LNS));
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_int_equal(dp_route_clear(b.dp, 0, &host), 0);
	assert_false(echoes(&b, 0x0b000001));
	/* what is none */
	wide.ip = cv_ipv4(0x0a000001);
	assert_int_equal(dp_route_set(b.dp, 0, &wide, self), CV_ERR_CONFIG);
	wide = (struct cv_prefix){.ip = {.family = CV_IPV6}, .length = 64};
	assert_int_equal(dp_route_set(b.dp, 0, &wide, self), CV_ERR_CONFIG);
	assert_int_equal(dp_realm_set(b.dp, 0, &wide, 1), CV_ERR_CONFIG);
	assert_int_equal(
		dp_route_set(b.dp, 0, &host, dp_route_word(DP_ROUTE_SESSION, slot)), CV_ERR_CONFIG);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_realm_costs_memory_for_what_it_holds),
		cmocka_unit_test(a_wide_pool_costs_memory_for_what_is_used),
		cmocka_unit_test(a_large_realm_gives_back_what_it_does_not_need),
		cmocka_unit_test(addresses_lead_where_they_did_when_pools_change),
		cmocka_unit_test(the_longest_prefix_counts),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
