/* SPDX-License-Identifier: BSD-3-Clause */
/* Routes of realms: many of them, in each other, among sessions, and when memory ends. */
#include "inner6.h"

#define MIB ((size_t)1 << 20)

enum { MANY = 10000, REALMS = 1000, EACH = 10, LEN = 100 };

static const uint32_t self = (uint32_t)DP_ROUTE_SELF << DP_ROUTE_SHIFT,
		      discard = (uint32_t)DP_ROUTE_DISCARD << DP_ROUTE_SHIFT;

static int allocations; /* that succeed yet; below 0: all do */

void *__real_dp_shared_new(struct dp *dp, size_t bytes);
void *__wrap_dp_shared_new(struct dp *dp, size_t bytes);

void *
__wrap_dp_shared_new(struct dp *dp, size_t bytes)
{
	if (allocations == 0)
		return NULL;
	allocations -= allocations > 0;
	return __real_dp_shared_new(dp, bytes);
}

static int
set(struct bench *b, uint16_t realm, const char *text, uint32_t word)
{
	struct cv_prefix p = prefix6(text);

	return dp_route_set(b->dp, realm, &p, word);
}

static int
clear(struct bench *b, uint16_t realm, const char *text)
{
	struct cv_prefix p = prefix6(text);

	return dp_route_clear(b->dp, realm, &p);
}

static uint32_t
leads_to(struct bench *b, uint16_t realm, const char *text)
{
	const struct dp_realm_table *r = dp_realm_of(b->dp, realm);
	const struct dp_realm6 *r6 = dp_realm6_of(b->dp, realm);
	struct cv_ip ip = address6(text);
	uint32_t ip_be = wire_swap32(cv_ipv4_value(&ip));

	if (ip.family == CV_IPV4)
		return r == NULL ? 0 : dp_route_find(r, dp_realm_word(r, ip_be), ip_be);
	return r6 == NULL ? 0
			  : dp_route6_find(r6, dp_realm6_word(r6, dp_net_of(ip.bytes)), ip.bytes);
}

static unsigned
count_of(struct bench *b, uint16_t realm)
{
	struct cv_prefix at = {0};
	unsigned n = 0;
	uint32_t word;

	while (dp_route_next(b->dp, realm, &at, &word))
		n++;
	return n;
}

/* The i-th of many networks: 20.x.y.0/24, or 2001:db9:x:y::/64, and an address in it. */
static struct cv_prefix
network(bool six, unsigned i)
{
	struct cv_prefix p = {.ip = {.family = six ? CV_IPV6 : CV_IPV4}, .length = six ? 64 : 24};
	unsigned at = six ? 4 : 0;

	if (six)
		memcpy(p.ip.bytes, "\x20\x01\x0d\xb9", 4);
	p.ip.bytes[at] = six ? 0 : 20;
	p.ip.bytes[at + 1] = (uint8_t)(i >> 8);
	p.ip.bytes[at + 2] = (uint8_t)i;
	return p;
}

/* A's packet to an address in it goes the way of a cause, which counts it. */
static void
goes(struct bench *b, const struct cv_prefix *net, enum dp_drop_cause cause)
{
	uint64_t before = drops(b, cause);
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};
	struct cv_ip to = net->ip;
	char text[CV_IP_TEXT];

	to.bytes[to.family == CV_IPV4 ? 3 : 15] = 7;
	if (to.family == CV_IPV4) {
		inner_packet(packet, INNER_A, cv_ipv4_value(&to), ESP, LEN);
		put_data(b, true, &wire, packet, LEN);
	} else {
		packet6(packet, A_6, cv_ip_text(&to, text), ESP, LEN);
		put6(b, true, packet, LEN);
	}
	while (take_frame(b).len != 0)
		;
	assert_int_equal(drops(b, cause), before + 1);
}

/* To B and to what lasts. */
static void
others_flow(struct bench *b, const struct cv_prefix *lasting)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	inner_packet(packet, INNER_A, INNER_B, ESP, LEN);
	put_data(b, true, &wire, packet, LEN);
	assert_int_equal(take_inner(b, false, packet), LEN);
	packet6(packet, A_6, B_6, ESP, LEN);
	put6(b, true, packet, LEN);
	assert_int_equal(take6(b, false, packet), LEN);
	goes(b, lasting, DP_DROP_ROUTE_DISCARD);
}

/* Another one's, in between: it takes the routes with it. */
static void
other_pools(struct bench *b, unsigned turn)
{
	const struct cv_prefix pools[] = {prefix6("20.0.0.0/12"), prefix6("2001:db9::/44")};

	assert_int_equal(dp_realm_set(b->dp, 0, pools, turn % 2 == 0 ? 2 : 0), 0);
}

static void
many_change_while_packets_flow(void **state)
{
	enum { BATCH = 100 };
	struct bench b;

	(void)state;
	for (unsigned six = 0; six < 2; six++) {
		struct cv_prefix lasting = network(six, MANY), net;
		size_t before;

		bench6_up(&b, 0, 0);
		before = table_bytes(&b);
		assert_int_equal(dp_route_set(b.dp, 0, &lasting, discard), 0);
		for (unsigned i = 0; i < 2 * MANY; i++) {
			net = network(six, i % MANY);
			assert_int_equal(i < MANY ? dp_route_set(b.dp, 0, &net, discard)
						  : dp_route_clear(b.dp, 0, &net),
				0);
			if (i % BATCH != BATCH - 1)
				continue;
			dp_control_poll(b.dp, b.now);
			assert_true(table_bytes(&b) - before < 16 * MIB);
			others_flow(&b, &lasting);
			goes(&b, &net, i < MANY ? DP_DROP_ROUTE_DISCARD : DP_DROP_ROUTE_NO_ROUTE);
			if (i % (10 * BATCH) == BATCH - 1)
				other_pools(&b, i / (10 * BATCH));
			if (i == MANY - 1)
				assert_int_equal(count_of(&b, 0), MANY + 3);
		}
		assert_int_equal(count_of(&b, 0), 3); /* the harness's beside it */
		assert_int_equal(dp_route_clear(b.dp, 0, &lasting), 0);
		assert_int_equal(dp_realm_set(b.dp, 0, NULL, 0), 0);
		assert_in_range(table_bytes(&b), 0, before + 1024); /* tables of few sessions */
		bench_down(&b);
	}
}

static void
ten_in_each_of_a_thousand_realms(void **state)
{
	struct bench b;
	size_t before;

	(void)state;
	bench_up(&b, 0, 0);
	before = table_bytes(&b);
	for (unsigned six = 0; six < 2; six++) {
		for (unsigned i = 0; i < REALMS * EACH; i++) {
			struct cv_prefix net = network(six, i * 7919 % 65536);

			net.length = (uint8_t)(net.length - (i % EACH == 0 ? 0 : 1));
			net.ip.bytes[six ? 7 : 2] &= (uint8_t)(i % EACH == 0 ? 0xff : 0xfe);
			assert_int_equal(
				dp_route_set(b.dp, (uint16_t)(1 + i / EACH * 60), &net, discard),
				0);
		}
		print_message("# %u realms: %zu bytes\n", REALMS, table_bytes(&b) - before);
		assert_true(table_bytes(&b) - before < 64 * MIB);
	}
	for (unsigned r = 0; r < REALMS; r++) {
		struct cv_prefix at = {0};
		uint16_t realm = (uint16_t)(1 + r * 60);
		unsigned n = 0;
		uint32_t word;

		while (dp_route_next(b.dp, realm, &at, &word)) {
			assert_int_equal(word, discard);
			assert_int_equal(dp_route_clear(b.dp, realm, &at), 0);
			n++;
		}
		assert_int_equal(n, 2 * EACH);
	}
	assert_int_equal(table_bytes(&b), before);
	bench_down(&b);
}

/* Each within those above it. */
static void
the_longest_of_each_other(void **state)
{
	static const char *const nested[][2] = {{"0.0.0.0/0", "8.8.8.8"},
		{"10.0.0.0/8", "10.1.1.1"}, {"10.88.0.0/16", "10.88.2.1"},
		{"10.88.1.0/24", "10.88.1.99"}, {"10.88.1.4/30", "10.88.1.5"},
		{"10.88.1.7/32", "10.88.1.7"}, {"::/0", "2a00::1"},
		{"2001:db8::/32", "2001:db8:5::1"}, {"2001:db8:a::/48", "2001:db8:a:b::1"},
		{"2001:db8:a:200::/56", "2001:db8:a:2ff::1"},
		{"2001:db8:a:201::/64", "2001:db8:a:201::7"},
		{"2001:db8:a:201::5/128", "2001:db8:a:201::5"}};
	uint32_t a;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	a = dp_route_word(DP_ROUTE_SESSION, b.slot_a);
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 0; i < RTE_DIM(nested); i++) {
			assert_int_equal(set(&b, 0, nested[i][0], discard), 0);
			for (unsigned k = 0; k < RTE_DIM(nested); k++)
				assert_int_equal(leads_to(&b, 0, nested[k][1]),
					k <= i || (i >= 6) == (k >= 6) ? discard : 0);
			/* sessions' are longer, whatever comes around them */
			assert_int_equal(leads_to(&b, 0, "10.88.1.1"), a);
			assert_int_equal(leads_to(&b, 0, A_6), a);
			assert_int_equal(leads_to(&b, 0, "2001:db8:a:1ff::9"), a);
			assert_int_equal(set(&b, 0, nested[i][0], self), 0); /* again */
			assert_int_equal(leads_to(&b, 0, nested[i][1]), self);
			assert_int_equal(set(&b, 0, nested[i][0], discard), 0);
		}
		for (unsigned i = RTE_DIM(nested); i-- > 0;) {
			assert_int_equal(set(&b, 0, nested[i][0], self), 0);
			assert_int_equal(leads_to(&b, 0, nested[i][1]), self);
			assert_int_equal(clear(&b, 0, nested[i][0]), 0);
			assert_int_equal(clear(&b, 0, nested[i][0]), CV_ERR_UNKNOWN);
			assert_int_equal(
				leads_to(&b, 0, nested[i][1]), i == 0 || i == 6 ? 0 : discard);
		}
	}
	bench_down(&b);
}

static void
a_session_and_a_route_never_share(void **state)
{
	static const char *const taken[] = {"10.88.1.1/32", LINK_A, PD_A, "2001:db8:a:180::/57",
		"2001:db8:a:101::/64", "2001:db8:a:101::1/128", "2001:db8:a:a::1/128"};
	struct cv_prefix link = prefix6("2001:db8:c:c::/64");
	struct dp_session s;
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	for (unsigned i = 0; i < RTE_DIM(taken); i++)
		assert_int_equal(set(&b, 0, taken[i], discard), CV_ERR_EXISTS);
	assert_int_equal(set(&b, 0, "2001:db8:a::/48", discard), 0);
	assert_int_equal(set(&b, 0, "2001:db8:c:c::1/128", discard), 0);
	assert_int_equal(set(&b, 0, "2001:db8:d::/48", discard), 0);
	assert_int_equal(set(&b, 0, "10.88.1.9/32", discard), 0);
	assert_int_equal(dp_session_get(b.dp, b.slot_b, &s), 0);
	s.prefix6 = link; /* the address is in it */
	assert_int_equal(dp_session_set(b.dp, &s, NULL), CV_ERR_CONFIG);
	s.prefix6 = prefix6(LINK_B);
	s.delegated = prefix6("2001:db8:c::/52");
	assert_int_equal(dp_session_set(b.dp, &s, NULL), CV_ERR_CONFIG);
	s.delegated =
		prefix6("2001:db8:c::/46"); /* the first one behind it in order is not in it */
	assert_int_equal(dp_session_set(b.dp, &s, NULL), CV_ERR_CONFIG);
	s.delegated = prefix6("2001:db8:d::/48"); /* just a route's */
	assert_int_equal(dp_session_set(b.dp, &s, NULL), CV_ERR_CONFIG);
	s.delegated = prefix6("2001:db8:c:d::/64"); /* beside it */
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	s.delegated = prefix6("2001:db8:d:1::/64"); /* in a route's */
	assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	assert_int_equal(
		leads_to(&b, 0, "2001:db8:d:1::1"), dp_route_word(DP_ROUTE_SESSION, b.slot_b));
	assert_int_equal(leads_to(&b, 0, "2001:db8:d:2::1"), discard);
	s.address = cv_ipv4(0x0a580109);
	assert_int_equal(dp_session_set(b.dp, &s, NULL), CV_ERR_EXISTS);
	/* when it is gone the route around it is as before */
	dp_session_clear(b.dp, b.slot_a, NULL);
	dp_control_poll(b.dp, b.now);
	assert_int_equal(leads_to(&b, 0, "2001:db8:a:180::1"), discard);
	bench_down(&b);
}

static void
there_is_a_bound(void **state)
{
	struct bench b;

	(void)state;
	bench6_up(&b, 0, 0);
	b.dp->realms[0]->routes.count += DP_MAX_ROUTES - 1; /* as if there were so many */
	b.dp->realms6[0]->routes.count += DP_MAX_ROUTES - 1;
	assert_int_equal(set(&b, 0, "20.0.0.0/8", discard), CV_ERR_LIMIT);
	assert_int_equal(set(&b, 0, "20.0.0.1/32", discard), CV_ERR_LIMIT);
	assert_int_equal(set(&b, 0, "2001:db9::/32", discard), CV_ERR_LIMIT);
	b.dp->realms[0]->routes.count -= DP_MAX_ROUTES - 1;
	b.dp->realms6[0]->routes.count -= DP_MAX_ROUTES - 1;
	assert_int_equal(set(&b, 0, "20.0.0.0/8", discard), 0);
	assert_int_equal(set(&b, 0, "2001:db9::/32", discard), 0);
	bench_down(&b);
}

/* Whatever allocation fails, all leads where it did, and nothing is lost. */
static void
without_memory_nothing_changes(void **state)
{
	static const char *const routes[] = {"20.0.0.0/8", "20.1.0.0/16", "20.1.0.1/32",
		"2001:db9::/32", "2001:db9:1::/48", "2001:db9:1::1/128"};
	static const char *const inside[] = {
		"20.1.0.1", "20.9.0.1", "2001:db9:1::1", "2001:db9:9::1"};
	uint32_t words[RTE_DIM(inside)];
	unsigned failed = 0;
	struct bench b;
	size_t before;

	(void)state;
	bench_up(&b, 0, 0);
	before = table_bytes(&b);
	for (unsigned turn = 0; turn < 2 * RTE_DIM(routes); turn++) {
		const char *route = routes[turn % RTE_DIM(routes)];
		bool sets = turn < RTE_DIM(routes);
		int rc = CV_ERR_NOMEM;

		for (int n = 0; rc == CV_ERR_NOMEM; n++) {
			for (unsigned i = 0; i < RTE_DIM(inside); i++)
				words[i] = leads_to(&b, 5, inside[i]);
			allocations = n;
			rc = sets ? set(&b, 5, route, discard) : clear(&b, 5, route);
			allocations = -1;
			failed += rc == CV_ERR_NOMEM;
			for (unsigned i = 0; rc != 0 && i < RTE_DIM(inside); i++)
				assert_int_equal(leads_to(&b, 5, inside[i]), words[i]);
			assert_int_equal(count_of(&b, 5),
				turn + (rc == 0) -
					(sets ? 0 : 2 * (turn - RTE_DIM(routes) + (rc == 0))));
			if (rc != 0 && turn == 0) /* not even the realm stays */
				assert_int_equal(table_bytes(&b), before);
		}
		assert_int_equal(rc, 0);
	}
	assert_true(failed >= 8);
	assert_int_equal(table_bytes(&b), before);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_change_while_packets_flow),
		cmocka_unit_test(ten_in_each_of_a_thousand_realms),
		cmocka_unit_test(the_longest_of_each_other),
		cmocka_unit_test(a_session_and_a_route_never_share),
		cmocka_unit_test(there_is_a_bound),
		cmocka_unit_test(without_memory_nothing_changes),
	};

	allocations = -1;
	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
