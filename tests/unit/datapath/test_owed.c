/* SPDX-License-Identifier: BSD-3-Clause */
/* Routes that ought to be gone and can't go without memory: they discard, lead nobody to what is
 * another's by then, and go as soon as there is memory. */
#include "inner6.h"

enum { REALM = 0, GROUP_LAN = 7 };

static const uint32_t self = (uint32_t)DP_ROUTE_SELF << DP_ROUTE_SHIFT,
		      discard = (uint32_t)DP_ROUTE_DISCARD << DP_ROUTE_SHIFT;

static const char *const networks[] = {"10.99.0.0/16", "10.99.1.0/24", "10.99.2.0/24",
	"10.99.3.7/32", "2001:db8:99::/48", "2001:db8:99:1::/64", "2001:db8:99:2::/64"};

static bool without_memory;

void *__real_dp_shared_new(struct dp *dp, size_t bytes);
void *__wrap_dp_shared_new(struct dp *dp, size_t bytes);

void *
__wrap_dp_shared_new(struct dp *dp, size_t bytes)
{
	return without_memory ? NULL : __real_dp_shared_new(dp, bytes);
}

/* The word of just this prefix; 0: it has no route. */
static uint32_t
word_of(const struct bench *b, const char *text)
{
	struct cv_prefix wanted = prefix6(text), at = {0};
	uint32_t word;

	while (dp_route_next(b->dp, REALM, &at, &word))
		if (cv_prefix_equal(&at, &wanted))
			return word;
	return 0;
}

/* How many of them have a word. */
static unsigned
how_many(const struct bench *b, uint32_t word)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RTE_DIM(networks); i++)
		n += word_of(b, networks[i]) == word;
	return n;
}

static void
framed_up(struct bench *b)
{
	struct cv_prefix nets[RTE_DIM(networks)];

	bench6_up(b, 0, 0);
	for (unsigned i = 0; i < RTE_DIM(networks); i++)
		nets[i] = prefix6(networks[i]);
	assert_int_equal(dp_framed_set(b->dp, b->slot_b, nets, RTE_DIM(nets)), 0);
	assert_int_equal(how_many(b, dp_route_word(DP_ROUTE_BEHIND, b->slot_b)), RTE_DIM(networks));
}

static void
lose_all(struct bench *b)
{
	without_memory = true;
	assert_int_equal(dp_framed_set(b->dp, b->slot_b, NULL, 0), 0);
	without_memory = false;
	assert_int_equal(how_many(b, dp_route_word(DP_ROUTE_BEHIND, b->slot_b)), 0);
}

static void
networks_of_a_session_go_later(void **state)
{
	struct bench b;
	unsigned left;

	(void)state;
	framed_up(&b);
	lose_all(&b);
	left = how_many(&b, discard);
	assert_true(left >= 3);
	assert_int_equal(how_many(&b, 0), RTE_DIM(networks) - left);
	/* as long as there is none they stay */
	without_memory = true;
	pass_time(&b, CV_NS_PER_S);
	without_memory = false;
	assert_true(how_many(&b, discard) >= 1);
	assert_true(dp_next_timeout(b.dp) <= b.now + CV_NS_PER_S);
	pass_time(&b, CV_NS_PER_S);
	assert_int_equal(how_many(&b, 0), RTE_DIM(networks));
	bench_down(&b);
}

/* Who gets such a prefix meanwhile keeps it, and gives it back to nobody. */
static void
who_gets_one_meanwhile_keeps_it(void **state)
{
	struct bench b;
	struct cv_prefix nets[2], configured;
	uint32_t behind_a;

	(void)state;
	framed_up(&b);
	behind_a = dp_route_word(DP_ROUTE_BEHIND, b.slot_a);
	lose_all(&b);
	for (unsigned i = 0, n = 0; n < 2; i++)
		if (word_of(&b, networks[i]) == discard)
			nets[n++] = prefix6(networks[i]);
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, nets, 2), 0);
	pass_time(&b, CV_NS_PER_S);
	assert_int_equal(how_many(&b, behind_a), 2);
	assert_int_equal(dp_framed_set(b.dp, b.slot_a, NULL, 0), 0);
	assert_int_equal(how_many(&b, 0), RTE_DIM(networks));

	assert_int_equal(dp_framed_set(b.dp, b.slot_b, nets, 2), 0);
	lose_all(&b);
	configured = nets[word_of(&b, "10.99.1.0/24") == discard];
	assert_int_equal(dp_route_set(b.dp, REALM, &configured, discard), 0);
	pass_time(&b, CV_NS_PER_S);
	assert_int_equal(how_many(&b, discard), 1);
	assert_int_equal(dp_route_clear(b.dp, REALM, &configured), 0);
	bench_down(&b);
}

static void
networks_of_an_interface_go_later(void **state)
{
	const struct policy any = {.kind = DP_FILTER_ANY};
	const struct dp_iface inside = {.inside = true, .group = GROUP_LAN, .filter = GROUP_LAN},
			      outside = {0};
	const struct cv_prefix address = {.ip = address6("198.18.5.1"), .length = 24},
			       near = prefix6("198.18.4.0/24");
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	assert_int_equal(set_policy(b.dp, GROUP_LAN, &any), 0);
	assert_int_equal(dp_iface_set(b.dp, 0, &inside), 0);
	assert_int_equal(dp_route_set(b.dp, REALM, &near, discard), 0);
	assert_int_equal(dp_address_set(b.dp, 0, &address), 0);
	assert_int_equal(word_of(&b, "198.18.5.1/32"), self);
	without_memory = true;
	assert_int_equal(dp_address_clear(b.dp, 0, &address), 0);
	assert_int_equal(dp_iface_set(b.dp, 0, &outside), 0);
	without_memory = false;
	/* not to us, nor to what has the slot next */
	assert_int_equal(word_of(&b, "198.18.5.1/32") & ~discard, 0);
	assert_int_equal(word_of(&b, "198.18.5.0/24") & ~discard, 0);
	assert_true(word_of(&b, "198.18.5.1/32") != 0 || word_of(&b, "198.18.5.0/24") != 0);
	pass_time(&b, CV_NS_PER_S);
	assert_int_equal(word_of(&b, "198.18.5.1/32"), 0);
	assert_int_equal(word_of(&b, "198.18.5.0/24"), 0);
	assert_int_equal(dp_route_clear(b.dp, REALM, &near), 0);
	while (take_frame(&b).len != 0)
		;
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_of_a_session_go_later),
		cmocka_unit_test(who_gets_one_meanwhile_keeps_it),
		cmocka_unit_test(networks_of_an_interface_go_later),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
