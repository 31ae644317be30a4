/* SPDX-License-Identifier: BSD-3-Clause */
/* Realms, IPv6: who may have which prefix, where an address leads, and what it costs in memory. */
#include "harness.h"

#define MIB ((size_t)1 << 20)

enum { REALMS = 1000, NETWORKS = 10, SESSIONS = REALMS * NETWORKS };

static struct cv_prefix
prefix(const char *text)
{
	struct cv_prefix p;

	assert_int_equal(cv_prefix_parse(text, &p), 0);
	return p;
}

/* A /64 by its upper half. */
static struct cv_prefix
network(uint64_t net)
{
	struct cv_prefix p = {.ip = {.family = CV_IPV6}, .length = 64};

	for (unsigned i = 0; i < 8; i++)
		p.ip.bytes[i] = (uint8_t)(net >> (56 - 8 * i));
	return p;
}

/* One more session with IPv6 alone, behind A's NAT. */
static int
try_add(struct bench *b, uint16_t realm, const struct cv_prefix *link,
	const struct cv_prefix *delegated, uint32_t *slot)
{
	struct dp_session s = {.tunnel_id = 1000,
		.peer = {.ip = cv_ipv4(PEER_A), .port = 5},
		.open6 = true,
		.reachable6 = true,
		.prefix6 = *link,
		.realm = realm};

	if (delegated != NULL)
		s.delegated = *delegated;
	free_ids(b, &s);
	return dp_session_set(b->dp, &s, slot);
}

static uint32_t
add(struct bench *b, uint16_t realm, const char *link, const char *delegated)
{
	struct cv_prefix of_link = prefix(link), more = {0};
	uint32_t slot;

	if (delegated != NULL)
		more = prefix(delegated);
	assert_int_equal(try_add(b, realm, &of_link, delegated == NULL ? NULL : &more, &slot), 0);
	return slot;
}

static uint32_t
word_of(struct bench *b, uint16_t realm, const char *text)
{
	const struct dp_realm6 *r = dp_realm6_of(b->dp, realm);
	struct cv_ip ip;

	assert_int_equal(cv_ip_parse(text, &ip), 0);
	return r == NULL ? 0 : dp_route6_find(r, dp_realm6_word(r, dp_net_of(ip.bytes)), ip.bytes);
}

static void
assert_leads_to(struct bench *b, uint16_t realm, const char *address, uint32_t slot)
{
	assert_int_equal(word_of(b, realm, address), dp_route_word(DP_ROUTE_SESSION, slot));
}

static void
assert_nobodys(struct bench *b, uint16_t realm, const char *address)
{
	assert_int_equal(dp_route_kind(word_of(b, realm, address)), DP_ROUTE_NOBODY);
}

static void
assert_ours(struct bench *b, uint16_t realm, const char *address)
{
	assert_int_equal(word_of(b, realm, address), dp_route_word(DP_ROUTE_SELF, 0));
}

static unsigned
prefixes(const struct bench *b)
{
	struct dp_setup_info info;

	dp_setup_info(b->dp, &info);
	return info.prefixes;
}

static void
a_link_and_a_delegated_prefix_lead_to_their_session(void **state)
{
	struct cv_prefix pools[] = {prefix("2001:db8:1::/48"), prefix("10.0.0.0/8")};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned pooled = 0; pooled < 2; pooled++) {
		uint32_t one, two, third;

		if (pooled)
			assert_int_equal(dp_realm_set(b.dp, 5, pools, 2), 0);
		one = add(&b, 5, "2001:db8:1:1::/64", "2001:db8:2:100::/56");
		two = add(&b, 5, "2001:db8:1:2::/64", "2001:db8:3::/48");
		third = add(&b, 5, "2001:db8:9:1::/64", NULL);
		assert_int_equal(prefixes(&b), 3);
		assert_leads_to(&b, 5, "2001:db8:1:1::", one);
		assert_leads_to(&b, 5, "2001:db8:1:1:ffff:ffff:ffff:ffff", one);
		assert_leads_to(&b, 5, "2001:db8:2:100::1", one);
		assert_leads_to(&b, 5, "2001:db8:2:1ff:ffff::1", one);
		assert_leads_to(&b, 5, "2001:db8:1:2::7", two);
		assert_leads_to(&b, 5, "2001:db8:3:ffff::7", two);
		assert_leads_to(&b, 5, "2001:db8:9:1::", third);
		assert_nobodys(&b, 5, "2001:db8:1::1");
		assert_nobodys(&b, 5, "2001:db8:1:3::1");
		assert_nobodys(&b, 5, "2001:db8:2:200::1");
		assert_nobodys(&b, 5, "2001:db8:2:ff::1");
		assert_nobodys(&b, 5, "2001:db8:4::1");
		assert_nobodys(&b, 6, "2001:db8:1:1::1");
		assert_int_equal(dp_session_clear(b.dp, two, NULL), 0);
		assert_nobodys(&b, 5, "2001:db8:1:2::7");
		assert_nobodys(&b, 5, "2001:db8:3:ffff::7");
		assert_leads_to(&b, 5, "2001:db8:2:100::1", one);
		assert_int_equal(dp_session_clear(b.dp, one, NULL), 0);
		assert_int_equal(dp_session_clear(b.dp, third, NULL), 0);
		assert_int_equal(prefixes(&b), 0);
	}
	bench_down(&b);
}

static void
what_is_taken_twice_is_refused(void **state)
{
	struct cv_prefix one = prefix("2001:db8:1:1::/64"), pd = prefix("2001:db8:2:100::/56"),
			 other = prefix("2001:db8:1:2::/64"),
			 other_pd = prefix("2001:db8:2:200::/56");
	struct dp_session s;
	struct bench b;
	uint32_t slot, second;

	(void)state;
	bench_up(&b, 0, 0);
	slot = add(&b, 0, "2001:db8:1:1::/64", "2001:db8:2:100::/56");
	assert_int_equal(try_add(&b, 0, &one, NULL, &second), CV_ERR_EXISTS);
	assert_int_equal(try_add(&b, 0, &other, &pd, &second), CV_ERR_EXISTS);
	assert_int_equal(try_add(&b, 0, &other, &one, &second), CV_ERR_EXISTS);
	assert_nobodys(&b, 0, "2001:db8:1:2::1"); /* nothing of it is left */
	/* in another realm it may be had, and what was refused had here */
	assert_int_equal(try_add(&b, 1, &one, &pd, &second), 0);
	assert_leads_to(&b, 1, "2001:db8:2:177::1", second);
	assert_leads_to(&b, 0, "2001:db8:2:177::1", slot);
	assert_int_equal(try_add(&b, 0, &other, &other_pd, &second), 0);
	/* its own again, and in the other's place */
	assert_int_equal(dp_session_get(b.dp, slot, &s), 0);
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	s.delegated = (struct cv_prefix){0};
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_nobodys(&b, 0, "2001:db8:2:100::1");
	assert_leads_to(&b, 0, "2001:db8:1:1::1", slot);
	s.prefix6 = other;
	assert_int_equal(dp_session_set(b.dp, &s, NULL), CV_ERR_EXISTS);
	assert_leads_to(&b, 0, "2001:db8:1:1::1", slot);
	assert_leads_to(&b, 0, "2001:db8:1:2::1", second);
	bench_down(&b);
}

static void
what_can_be_no_clients_prefix_is_refused(void **state)
{
	static const char *const refused[][2] = {
		{"2001:db8:1::/48", NULL}, /* no link's */
		{"2001:db8:1:1::/65", NULL}, {"2001:db8:1:1::1/128", NULL}, {"::/64", NULL},
		{"fe80::/64", NULL}, {"ff02::/64", NULL}, {"10.0.0.0/8", NULL},
		{"2001:db8:7:7::/64", NULL}, /* our address is in it */
		{"2001:db8:1:1::/64", "2001:db8:7::/48"},
		{"2001:db8:1:1::/64", "2001:db8:7:8::/64"}, /* one of our networks */
		{"2001:db8:1:1::/64", "2001:db8:2:1::8/125"}, {"2001:db8:1:1::/64", "::/56"},
		{"2001:db8:1:1::/64", "::/0"}, {"2001:db8:1:1::/64", "fe80::/56"},
		{"2001:db8:1:1::/64", "10.0.0.0/8"},
		{"2001:db8:1:1::/64", "2001:db8:1:1::/64"}, /* twice the same */
	};
	struct cv_prefix host = prefix("2001:db8:7:7::1/128"), net = prefix("2001:db8:7:8::/64"),
			 ok;
	uint32_t slot, self = dp_route_word(DP_ROUTE_SELF, 0);
	struct dp_session s;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(dp_route_set(b.dp, 0, &host, self), 0);
	assert_int_equal(dp_route_set(b.dp, 0, &net, self), 0);
	for (size_t i = 0; i < RTE_DIM(refused); i++) {
		struct cv_prefix link = prefix(refused[i][0]), more = {0};

		if (refused[i][1] != NULL)
			more = prefix(refused[i][1]);
		assert_int_equal(try_add(&b, 0, &link, &more, &slot), CV_ERR_CONFIG);
	}
	ok = prefix("2001:db8:1:1::/64");
	assert_int_equal(try_add(&b, 0, &ok, NULL, &slot), 0);
	assert_int_equal(dp_session_get(b.dp, slot, &s), 0);
	s.group = 77; /* there is none */
	assert_int_equal(dp_session_set(b.dp, &s, NULL), CV_ERR_CONFIG);
	s.group = 0;
	s.prefix6.ip.bytes[15] = 1; /* bits behind its length */
	assert_int_equal(dp_session_set(b.dp, &s, NULL), CV_ERR_CONFIG);
	bench_down(&b);
}

static void
our_own_addresses_and_networks(void **state)
{
	struct cv_prefix host = prefix("2001:db8:7:7::1/128"),
			 other = prefix("2001:db8:7:7::2/128"), net = prefix("2001:db8:7::/48"),
			 taken = prefix("2001:db8:1:1::/64"), got = {0};
	static const char *const refused[] = {
		"::1/128", "fe80::1/128", "ff02::1/128", "2001:db8:7:7::/96", "::/64", "::/128"};
	uint32_t self = dp_route_word(DP_ROUTE_SELF, 0), word, slot;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	slot = add(&b, 0, "2001:db8:1:1::/64", "2001:db8:2::/56");
	assert_int_equal(dp_route_set(b.dp, 0, &host, self), 0);
	assert_int_equal(dp_route_set(b.dp, 0, &host, self), 0);
	assert_int_equal(dp_route_set(b.dp, 0, &other, self), 0);
	assert_ours(&b, 0, "2001:db8:7:7::1");
	assert_ours(&b, 0, "2001:db8:7:7::2");
	assert_nobodys(&b, 0, "2001:db8:7:7::3");
	assert_int_equal(dp_route_set(b.dp, 0, &net, self), 0);
	assert_ours(&b, 0, "2001:db8:7:ffff::3");
	/* the longest counts */
	assert_int_equal(add(&b, 0, "2001:db8:7:9::/64", NULL) == slot, false);
	assert_int_equal(dp_route_kind(word_of(&b, 0, "2001:db8:7:9::1")), DP_ROUTE_SESSION);
	/* what a session has */
	assert_int_equal(dp_route_set(b.dp, 0, &taken, self), CV_ERR_EXISTS);
	taken = prefix("2001:db8:1:1::5/128");
	assert_int_equal(dp_route_set(b.dp, 0, &taken, self), CV_ERR_EXISTS);
	taken = prefix("2001:db8:2:ff::5/128");
	assert_int_equal(dp_route_set(b.dp, 0, &taken, self), CV_ERR_EXISTS);
	for (size_t i = 0; i < RTE_DIM(refused); i++) {
		taken = prefix(refused[i]);
		assert_int_equal(dp_route_set(b.dp, 0, &taken, self), CV_ERR_CONFIG);
	}
	assert_int_equal(
		dp_route_set(b.dp, 0, &net, dp_route_word(DP_ROUTE_SESSION, slot)), CV_ERR_CONFIG);
	/* IPv4's come first: the harness's own address */
	assert_true(dp_route_next(b.dp, 0, &got, &word));
	assert_int_equal(got.ip.family, CV_IPV4);
	assert_true(dp_route_next(b.dp, 0, &got, &word));
	assert_memory_equal(&got, &net, sizeof(got));
	assert_true(dp_route_next(b.dp, 0, &got, &word));
	assert_memory_equal(&got, &host, sizeof(got));
	assert_true(dp_route_next(b.dp, 0, &got, &word));
	assert_memory_equal(&got, &other, sizeof(got));
	assert_false(dp_route_next(b.dp, 0, &got, &word));
	assert_int_equal(dp_route_clear(b.dp, 0, &host), 0);
	assert_int_equal(dp_route_clear(b.dp, 0, &host), CV_ERR_UNKNOWN);
	assert_int_equal(dp_route_clear(b.dp, 0, &net), 0);
	assert_nobodys(&b, 0, "2001:db8:7:7::1");
	assert_ours(&b, 0, "2001:db8:7:7::2");
	assert_int_equal(dp_route_clear(b.dp, 0, &other), 0);
	assert_nobodys(&b, 0, "2001:db8:7:7::2");
	bench_down(&b);
}

/* Each of many of our addresses is found, and none beside them, without asking all. */
static void
many_addresses_of_ours(void **state)
{
	enum { MANY = 1024 };
	struct cv_prefix host = prefix("2001:db8:7:7::/128");
	uint32_t self = dp_route_word(DP_ROUTE_SELF, 0);
	const struct dp_realm6 *r;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < MANY; i++) {
		host.ip.bytes[14] = (uint8_t)(i >> 8);
		host.ip.bytes[15] = (uint8_t)i;
		assert_int_equal(dp_route_set(b.dp, 0, &host, self), 0);
	}
	r = dp_realm6_of(b.dp, 0);
	for (unsigned i = 0; i < 2 * MANY; i++) {
		uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 7, 0, 7};

		address[14] = (uint8_t)(i >> 8);
		address[15] = (uint8_t)i;
		assert_int_equal(dp_route6_find(r, NULL, address), i < MANY ? self : 0);
	}
	bench_down(&b);
}

static void
networks_lead_where_they_did_when_pools_change(void **state)
{
	static const char *const links[] = {"2001:db8:1::/64", "2001:db8:1:ff::/64",
		"2001:db8:1:100::/64", "2001:db8:2::/64", "fd00:1:2:3::/64"};
	static const char *const turns[][3] = {{"2001:db8:1::/56"}, {"2001:db8:1::/48"},
		{"2001:db8:1:100::/56", "fd00::/40"}, {"2001:db8::/40", "10.0.0.0/24"},
		{"2001::/16"}, {NULL}};
	uint32_t slots[RTE_DIM(links)];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < RTE_DIM(links); i++) {
		char delegated[64];

		snprintf(delegated, sizeof(delegated), "2001:db8:5:%x00::/56", i);
		slots[i] = add(&b, 3, links[i], delegated);
	}
	for (unsigned t = 0; t < RTE_DIM(turns); t++) {
		struct cv_prefix pools[3];
		uint16_t count = 0, n;
		const struct cv_prefix *told;

		for (; count < 3 && turns[t][count] != NULL; count++)
			pools[count] = prefix(turns[t][count]);
		assert_int_equal(dp_realm_set(b.dp, 3, pools, count), 0);
		for (unsigned i = 0; i < RTE_DIM(links); i++) {
			struct cv_prefix link = prefix(links[i]);
			char text[CV_IP_TEXT];

			link.ip.bytes[15] = 9;
			assert_leads_to(&b, 3, cv_ip_text(&link.ip, text), slots[i]);
			snprintf(text, sizeof(text), "2001:db8:5:%x23::9", i);
			assert_leads_to(&b, 3, text, slots[i]);
		}
		assert_nobodys(&b, 3, "2001:db8:1:1::1");
		assert_nobodys(&b, 3, "2001:db8:5:f00::");
		assert_int_equal(dp_realm_get(b.dp, 3, &told, &n), count == 0 ? CV_ERR_UNKNOWN : 0);
		if (count != 0)
			assert_memory_equal(told, pools, n * sizeof(*told));
		/* one goes and comes where it is now */
		assert_int_equal(dp_session_clear(b.dp, slots[0], NULL), 0);
		assert_nobodys(&b, 3, "2001:db8:1::9");
		slots[0] = add(&b, 3, links[0], "2001:db8:5::/56");
	}
	bench_down(&b);
}

static void
a_realm_costs_memory_for_what_it_holds(void **state)
{
	static uint32_t slots[SESSIONS];
	struct cv_prefix self = prefix("2001:db8:ffff::1/128"), pool = prefix("2001:db8:1::/48");
	struct bench b;
	size_t before;

	(void)state;
	bench_up_for(&b, SESSIONS + 2, 0, 0);
	before = table_bytes(&b);
	for (unsigned how = 0; how < 2; how++) {
		for (unsigned r = 0; r < REALMS; r++) {
			uint16_t realm = (uint16_t)(1 + 60 * r);

			if (how != 0)
				pool.length = 60;
			if (how != 0)
				assert_int_equal(dp_realm_set(b.dp, realm, &pool, 1), 0);
			assert_int_equal(
				dp_route_set(b.dp, realm, &self, dp_route_word(DP_ROUTE_SELF, 0)),
				0);
		}
		for (unsigned i = 0; i < SESSIONS; i++) {
			struct cv_prefix link = network(
				UINT64_C(0x20010db800010000) + i / REALMS * (how == 0 ? 977 : 1));
			struct cv_prefix pd = network(
				UINT64_C(0x20010db900000000) + (uint64_t)(i / REALMS) * 256);

			pd.length = 56;
			assert_int_equal(try_add(&b, (uint16_t)(1 + 60 * (i % REALMS)), &link, &pd,
						 &slots[i]),
				0);
		}
		assert_in_range(table_bytes(&b) - before, SESSIONS * 4, 8 * MIB);
		for (unsigned i = 0; i < SESSIONS; i++)
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

static void
pools_that_can_be_none_are_refused(void **state)
{
	static const char *const refused[] = {"::/64", "fe80::/64", "ff00::/40", "2001:db8::/65"};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (size_t i = 0; i < RTE_DIM(refused); i++) {
		struct cv_prefix pools[2] = {prefix("10.0.0.0/8"), prefix(refused[i])};

		assert_int_equal(dp_realm_set(b.dp, 1, pools, 2), CV_ERR_CONFIG);
	}
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_and_a_delegated_prefix_lead_to_their_session),
		cmocka_unit_test(what_is_taken_twice_is_refused),
		cmocka_unit_test(what_can_be_no_clients_prefix_is_refused),
		cmocka_unit_test(our_own_addresses_and_networks),
		cmocka_unit_test(many_addresses_of_ours),
		cmocka_unit_test(networks_lead_where_they_did_when_pools_change),
		cmocka_unit_test(a_realm_costs_memory_for_what_it_holds),
		cmocka_unit_test(pools_that_can_be_none_are_refused),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
