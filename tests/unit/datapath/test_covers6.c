/* SPDX-License-Identifier: BSD-3-Clause */
/* No session has a prefix that holds another's of its realm, or lies in it: against a model that
 * looks at all of them. */
#include "harness.h"

enum { SESSIONS = 24, REALMS = 2, TURNS = 60000 };

/* What a session has in the model; link.length 0: it is not there. */
struct model {
	struct cv_prefix link, delegated;
	uint16_t realm;
	uint32_t slot;
};

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* One of few, so that they meet: 2001:db8::/44 has 16 /48s, of which some bits are used. */
static struct cv_prefix
some_prefix(uint32_t *seed, unsigned bits)
{
	uint64_t net = UINT64_C(0x20010db800000000) | (uint64_t)(next(seed) & 3) << 16 |
		       (uint64_t)(next(seed) & 3) << 12 | (uint64_t)(next(seed) & 3) << 8 |
		       (uint64_t)(next(seed) & 3) << 4 | (next(seed) & 3);
	struct cv_prefix p = {.ip = {.family = CV_IPV6}, .length = (uint8_t)bits};

	net = dp_net_cut(net, bits);
	for (unsigned i = 0; i < 8; i++)
		p.ip.bytes[i] = (uint8_t)(net >> (56 - 8 * i));
	return p;
}

static bool
overlaps_others(const struct model *all, unsigned me, uint16_t realm, const struct cv_prefix *p)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		if (i == me || all[i].link.length == 0 || all[i].realm != realm)
			continue;
		if (cv_prefix_overlaps(&all[i].link, p) ||
			(all[i].delegated.length != 0 && cv_prefix_overlaps(&all[i].delegated, p)))
			return true;
	}
	return false;
}

static int
expected(const struct model *all, unsigned me, const struct model *wish)
{
	if (overlaps_others(all, me, wish->realm, &wish->link))
		return CV_ERR_EXISTS;
	if (wish->delegated.length == 0)
		return 0;
	if (cv_prefix_overlaps(&wish->link, &wish->delegated))
		return CV_ERR_CONFIG;
	return overlaps_others(all, me, wish->realm, &wish->delegated) ? CV_ERR_EXISTS : 0;
}

/* IDs whose slots are apart, and not A's and B's. */
static void
choose(const struct bench *b, uint16_t ids[SESSIONS])
{
	uint32_t slots[SESSIONS + 2] = {b->slot_a, b->slot_b};
	uint16_t id = 0;

	for (unsigned n = 2; n < SESSIONS + 2;) {
		unsigned i = 0;

		slots[n] = cv_session_slot(b->dp->slot_seed, 0, 1000, ++id, b->dp->slot_mask);
		while (slots[i] != slots[n])
			i++;
		if (i == n)
			ids[n++ - 2] = id;
	}
}

static int
tell(struct bench *b, uint16_t id, struct model *wish)
{
	struct dp_session s = {.tunnel_id = 1000,
		.session_id = id,
		.peer = {.ip = cv_ipv4(PEER_A), .port = 5},
		.open6 = true,
		.reachable6 = true,
		.prefix6 = wish->link,
		.realm = wish->realm};

	if (wish->delegated.length != 0)
		s.delegated = wish->delegated;
	return dp_session_set(b->dp, &s, &wish->slot);
}

/* Windows in the tables, or none. */
static void
other_pools(struct bench *b, uint32_t *seed)
{
	struct cv_prefix pools[2] = {some_prefix(seed, 48), some_prefix(seed, 56)};

	assert_int_equal(dp_realm_set(b->dp, (uint16_t)(5 + next(seed) % REALMS), pools,
				 (uint16_t)(next(seed) % 3)),
		0);
}

static void
no_two_overlap_whatever_comes_and_goes(void **state)
{
	static const uint8_t lengths[] = {47, 48, 52, 56, 60, 64};
	struct model all[SESSIONS] = {0};
	unsigned taken = 0, refused = 0;
	uint16_t ids[SESSIONS];
	uint32_t seed = 1;
	struct bench b;

	(void)state;
	bench_up_for(&b, 4 * SESSIONS, 0, 0);
	choose(&b, ids);
	for (unsigned turn = 0; turn < TURNS; turn++) {
		unsigned me = next(&seed) % SESSIONS;
		struct model wish = {.link = some_prefix(&seed, 64),
			.realm = (uint16_t)(5 + next(&seed) % REALMS)};
		int rc, right;

		if (next(&seed) % 3 != 0)
			wish.delegated =
				some_prefix(&seed, lengths[next(&seed) % RTE_DIM(lengths)]);
		if (next(&seed) % 4 == 0 && all[me].link.length != 0) {
			assert_int_equal(dp_session_clear(b.dp, all[me].slot, NULL), 0);
			all[me] = (struct model){0};
		}
		if (next(&seed) % 64 == 0)
			other_pools(&b, &seed);
		if (all[me].link.length != 0 && next(&seed) % 2 == 0)
			wish.realm = all[me].realm;
		right = expected(all, me, &wish);
		rc = tell(&b, ids[me], &wish);
		if (rc != right)
			print_error("turn %u\n", turn);
		assert_int_equal(rc, right);
		if (rc == 0)
			all[me] = wish;
		taken += rc == 0;
		refused += rc != 0;
		dp_control_poll(b.dp, b.now);
	}
	assert_true(taken > TURNS / 20 && refused > TURNS / 20);
	for (unsigned i = 0; i < SESSIONS; i++)
		if (all[i].link.length != 0)
			assert_int_equal(dp_session_clear(b.dp, all[i].slot, NULL), 0);
	bench_down(&b);
}

/* Nor has it what holds an address of ours, or what is in a network of a session that a route of
 * ours would cut. */
static void
and_none_holds_ours(void **state)
{
	struct model wish = {.realm = 5};
	struct cv_prefix ours;
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(cv_prefix_parse("2001:db8:0:11::1/128", &ours), 0);
	assert_int_equal(dp_route_set(b.dp, 5, &ours, dp_route_word(DP_ROUTE_SELF, 0)), 0);
	assert_int_equal(cv_prefix_parse("2001:db8:1::/64", &wish.link), 0);
	assert_int_equal(cv_prefix_parse("2001:db8::/56", &wish.delegated), 0);
	assert_int_equal(tell(&b, 7, &wish), CV_ERR_CONFIG);
	assert_int_equal(cv_prefix_parse("2001:db8:0:100::/56", &wish.delegated), 0);
	assert_int_equal(tell(&b, 7, &wish), 0);
	assert_int_equal(cv_prefix_parse("2001:db8:0:111::/64", &ours), 0);
	assert_int_equal(
		dp_route_set(b.dp, 5, &ours, dp_route_word(DP_ROUTE_SELF, 0)), CV_ERR_EXISTS);
	assert_int_equal(cv_prefix_parse("2001:db8:0:111::1/128", &ours), 0);
	assert_int_equal(
		dp_route_set(b.dp, 5, &ours, dp_route_word(DP_ROUTE_SELF, 0)), CV_ERR_EXISTS);
	assert_int_equal(dp_session_clear(b.dp, wish.slot, NULL), 0);
	assert_int_equal(dp_route_set(b.dp, 5, &ours, dp_route_word(DP_ROUTE_SELF, 0)), 0);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_two_overlap_whatever_comes_and_goes),
		cmocka_unit_test(and_none_holds_ours),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
