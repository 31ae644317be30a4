/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a table of the kernel's makes of a realm's routes: all next hops of a route that can be
 * used, and flows that stay with theirs when others come and go.
 */
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include <stdio.h>
#include <stdlib.h>

#include "culvertd/kernel.h"
#include "datapath/routes.h"
#include "datapath/table/uplink.h"
#include "unit/rtnl/kernel.h"

enum {
	REALM = 3,
	OTHER = 4, /* another realm */
	GROUP = 1,
	UP3 = 9,      /* of the other realm */
	UP4 = 11,     /* not one of ours */
	PLACES = 256, /* flows that are looked at */
	NOBODY = 0,   /* last bytes of next hops are others */
};

static struct dp_port_config ports[] = {{.kind = DP_PORT_ETHDEV, .name = "a"},
	{.kind = DP_PORT_ETHDEV, .name = "b"}, {.kind = DP_PORT_ETHDEV, .name = "c"}};
static struct tap taps[] = {
	{.iface = 1, .index = UP1}, {.iface = 2, .index = UP2}, {.iface = 3, .index = UP3}};
static struct daemon d;
static struct kernel kernel;
static struct told told;

struct tap *
taps_by_index(const struct taps *t, unsigned index)
{
	(void)t;
	for (unsigned i = 0; i < RTE_DIM(taps); i++)
		if (taps[i].index == index)
			return &taps[i];
	return NULL;
}

uint64_t
daemon_now(void)
{
	return CV_NS_PER_S;
}

/* ---- what is told, and what has come of it ---- */

static void
publish(void)
{
	hear(kernel.tables[0].routes, &told);
	while (!learned_publish(&d))
		;
}

static void
lead(const char *to, const struct two *hops, unsigned n)
{
	begin_route(&told, to);
	multipath(&told, hops, n);
	publish();
}

static void
take_back(const char *to)
{
	begin_route_as(&told, RTM_DELROUTE, to, 20, RTN_UNICAST, BGP);
	publish();
}

static uint32_t
word_of(const char *to)
{
	struct cv_prefix wanted, at = {0};
	uint32_t word;

	assert_int_equal(cv_prefix_parse(to, &wanted), 0);
	while (dp_route_next(d.dp, REALM, &at, &word))
		if (memcmp(&at, &wanted, sizeof(at)) == 0)
			return word;
	return 0;
}

static unsigned
hops_of(const char *to, struct dp_via hops[DP_MAX_HOPS])
{
	uint32_t word = word_of(to);

	assert_int_equal(dp_route_kind(word), DP_ROUTE_VIA);
	return dp_via_get(d.dp, (uint16_t)(word & DP_ROUTE_INDEX), hops);
}

/* Its next hops are these, by last bytes of their addresses. */
static void
expect(const char *to, const char *wanted)
{
	struct dp_via hops[DP_MAX_HOPS];
	unsigned n = hops_of(to, hops);
	char text[256] = "";
	size_t used = 0;

	for (unsigned i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u@%u",
			i == 0 ? "" : " ", hops[i].ip.bytes[hops[i].ip.family == CV_IPV4 ? 3 : 15],
			hops[i].iface);
	assert_string_equal(text, wanted);
}

/* Who gets the flows to so many addresses of a prefix, by last bytes. */
static void
flows(const char *to, uint8_t who[PLACES])
{
	uint32_t word = word_of(to);

	for (unsigned i = 0; i < PLACES; i++) {
		uint32_t slot =
			dp_uplink_of(d.dp, word, (struct dp_ip){.low = 0xcb007100u + i, .high = 0});
		struct dp_via hops[DP_MAX_HOPS];
		unsigned n = hops_of(to, hops);

		assert_int_not_equal(slot, DP_NO_SLOT);
		who[i] = NOBODY;
		for (unsigned k = 0; k < n; k++) {
			struct dp_ip ip = dp_ip_of(&hops[k].ip);

			if (dp_adjacency_of(d.dp, slot)->ip.low == ip.low &&
				dp_adjacency_of(d.dp, slot)->ip.high == ip.high)
				who[i] = hops[k].ip.bytes[3];
		}
		assert_int_not_equal(who[i], NOBODY);
	}
}

static unsigned
share(const uint8_t who[PLACES], uint8_t hop)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PLACES; i++)
		n += who[i] == hop;
	return n;
}

/* Nothing is left in the realm, nor of next hops. */
static void
expect_nothing(void)
{
	assert_int_equal(kernel.vias.count, 0);
	for (unsigned id = 0; id < KERNEL_VIAS; id++)
		assert_int_equal(dp_via_get(d.dp, (uint16_t)(KERNEL_VIA_FIRST + id), NULL), 0);
	assert_int_equal(word_of("203.0.113.0/24"), 0);
}

/* ---- checks ---- */

static void
all_next_hops_have_flows(void **state)
{
	static const struct two both[] = {{"192.0.2.2", UP1, 0}, {"198.51.100.3", UP2, 0}},
				six[] = {{"fe80::2", UP1, 0}, {"fe80::3", UP2, 0}};
	uint8_t who[PLACES];

	(void)state;
	lead("203.0.113.0/24", both, 2);
	expect("203.0.113.0/24", "2@1 3@2");
	flows("203.0.113.0/24", who);
	assert_true(share(who, 2) > PLACES / 4);
	assert_true(share(who, 3) > PLACES / 4);
	lead("2001:db8::/32", six, 2);
	expect("2001:db8::/32", "2@1 3@2");
	take_back("2001:db8::/32");
	take_back("203.0.113.0/24");
	expect_nothing();
}

static void
flows_of_who_goes_move_alone(void **state)
{
	static const struct two three[] = {{"192.0.2.2", UP1, 0}, {"192.0.2.4", UP1, 0},
		{"198.51.100.3", UP2, 0}},
				two[] = {{"198.51.100.3", UP2, 0}, {"192.0.2.2", UP1, 0}};
	uint8_t before[PLACES], now[PLACES];

	(void)state;
	lead("203.0.113.0/24", three, 3);
	flows("203.0.113.0/24", before);
	lead("203.0.113.0/24", two, 2);
	expect("203.0.113.0/24", "2@1 3@2");
	flows("203.0.113.0/24", now);
	for (unsigned i = 0; i < PLACES; i++)
		assert_true(now[i] == before[i] || before[i] == 4);
	/* those of a link that is down, too */
	assert_int_equal(rtnl_table_link(kernel.tables[0].routes, UP2, false), 1);
	publish();
	expect("203.0.113.0/24", "2@1");
	flows("203.0.113.0/24", now);
	assert_int_equal(share(now, 2), PLACES);
	/* all are back: each has what it had */
	assert_int_equal(rtnl_table_link(kernel.tables[0].routes, UP2, true), 1);
	lead("203.0.113.0/24", three, 3);
	flows("203.0.113.0/24", now);
	assert_memory_equal(now, before, sizeof(now));
	take_back("203.0.113.0/24");
	expect_nothing();
}

/* In whatever order they are told, and how often. */
static void
the_same_next_hops_are_one(void **state)
{
	static const struct two one[] = {{"192.0.2.2", UP1, 0}, {"198.51.100.3", UP2, 0}},
				two[] = {{"198.51.100.3", UP2, 0}, {"192.0.2.2", UP1, 0},
					{"198.51.100.3", UP2, 0}};

	(void)state;
	lead("203.0.113.0/24", one, 2);
	lead("0.0.0.0/0", two, 3);
	assert_int_equal(word_of("203.0.113.0/24"), word_of("0.0.0.0/0"));
	assert_int_equal(kernel.vias.count, 1);
	take_back("203.0.113.0/24");
	expect("0.0.0.0/0", "2@1 3@2");
	take_back("0.0.0.0/0");
	expect_nothing();
}

/* By another realm's interface or nobody's, or in no network of ours: the others count. */
static void
what_cannot_be_used_is_left_out(void **state)
{
	static const struct two some[] = {{"192.0.2.2", UP1, 0}, {"203.0.114.9", UP3, 0},
		{"192.0.2.10", UP4, 0}, {"10.0.0.7", UP2, 0}, {"192.0.2.1", UP1, 0},
		{"198.51.100.3", UP2, 0}},
				none[] = {{"10.0.0.7", UP2, 0}, {"203.0.114.9", UP3, 0}},
				bad[] = {{"10.0.0.7", UP2, 0}, {"10.0.0.8", UP1, 0}};

	(void)state;
	lead("203.0.113.0/24", some, 6); /* 192.0.2.1 is our own */
	expect("203.0.113.0/24", "2@1 3@2");
	assert_int_equal(kernel.vias.count, 1);
	assert_int_equal(kernel.refused, 0);
	lead("203.0.113.0/24", none, 2);
	assert_int_equal(kernel.refused, 1);
	expect_nothing();
	lead("203.0.113.0/24", bad, 2);
	assert_int_equal(kernel.refused, 2);
	expect_nothing();
	take_back("203.0.113.0/24");
}

/* What the configuration says counts more, and is not the kernel's to clear. */
static void
own_routes_count_more(void **state)
{
	static const struct two one[] = {{"192.0.2.2", UP1, 0}}, two[] = {{"198.51.100.3", UP2, 0}};
	struct cfg_realm realm = {.id = REALM};
	struct cfg_route route = {0};
	struct cfg cfg = {.realms = &realm, .n_realms = 1, .routes = &route, .n_routes = 1};
	uint32_t word = dp_route_word(DP_ROUTE_DISCARD, 0);

	(void)state;
	assert_int_equal(cv_prefix_parse("203.0.113.0/24", &route.to), 0);
	lead("203.0.113.0/24", one, 1);
	assert_int_equal(learned_follow(&kernel, &cfg), 0);
	assert_int_equal(dp_route_set(d.dp, REALM, &route.to, word), 0);
	lead("203.0.113.0/24", two, 1);
	assert_int_equal(word_of("203.0.113.0/24"), word);
	assert_int_equal(kernel.vias.count, 0);
	take_back("203.0.113.0/24");
	assert_int_equal(word_of("203.0.113.0/24"), word);
	assert_int_equal(dp_route_clear(d.dp, REALM, &route.to), 0);
	assert_int_equal(learned_follow(&kernel, &(struct cfg){0}), 0);
	expect_nothing();
}

/* Nor does what is learned take traffic from a peer that is dialled when there is some; one that is
 * dialled in any case has its networks while it is there. */
static void
dialled_networks_count_more(void **state)
{
	static const struct two one[] = {{"192.0.2.2", UP1, 0}};
	struct cfg_realm realm = {.id = REALM};
	struct cfg_group group = {0};
	struct cv_prefix at;
	struct cfg_dial dial = {.start = CFG_START_TRAFFIC, .routes = &at, .n_routes = 1};
	struct cfg cfg = {.realms = &realm,
		.n_realms = 1,
		.groups = &group,
		.n_groups = 1,
		.dials = &dial,
		.n_dials = 1};
	uint32_t word = dp_route_word(DP_ROUTE_DIAL, 1);

	(void)state;
	assert_int_equal(cv_prefix_parse("203.0.113.0/24", &at), 0);
	assert_int_equal(learned_follow(&kernel, &cfg), 0);
	assert_int_equal(dp_route_set(d.dp, REALM, &at, word), 0);
	lead("203.0.113.0/24", one, 1);
	assert_int_equal(word_of("203.0.113.0/24"), word);
	take_back("203.0.113.0/24");
	assert_int_equal(word_of("203.0.113.0/24"), word);
	assert_int_equal(dp_route_clear(d.dp, REALM, &at), 0);
	dial.start = CFG_START_ALWAYS;
	assert_int_equal(learned_follow(&kernel, &cfg), 0);
	lead("203.0.113.0/24", one, 1);
	expect("203.0.113.0/24", "2@1");
	take_back("203.0.113.0/24");
	assert_int_equal(learned_follow(&kernel, &(struct cfg){0}), 0);
	expect_nothing();
}

/* Of more than an ID has, the same ones are taken, whichever come first. */
static void
too_many_are_cut(void **state)
{
	enum { MANY = DP_MAX_HOPS + 4 };
	struct two hops[MANY], turned[MANY];
	char text[MANY][16];
	uint32_t word;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text[i], sizeof(text[i]), "192.0.2.%u", 10 + i);
		hops[i] = turned[MANY - 1 - i] = (struct two){text[i], UP1, 0};
	}
	lead("203.0.113.0/24", hops, MANY);
	word = word_of("203.0.113.0/24");
	assert_int_equal(hops_of("203.0.113.0/24", NULL), DP_MAX_HOPS);
	lead("0.0.0.0/0", turned, MANY);
	assert_int_equal(word_of("0.0.0.0/0"), word);
	take_back("0.0.0.0/0");
	take_back("203.0.113.0/24");
	expect_nothing();
}

/* A worker that has read an ID before goes by nobody else's next hops for long. */
static void
an_id_is_not_used_again_at_once(void **state)
{
	static const struct two one[] = {{"192.0.2.2", UP1, 0}}, two[] = {{"192.0.2.4", UP1, 0}};
	uint32_t word;

	(void)state;
	for (unsigned i = 0; i < 2 * KERNEL_VIAS; i++) {
		lead("203.0.113.0/24", one, 1);
		word = word_of("203.0.113.0/24");
		lead("203.0.113.0/24", two, 1);
		assert_int_not_equal(word_of("203.0.113.0/24"), word);
		take_back("203.0.113.0/24");
		lead("203.0.113.0/24", two, 1);
		assert_int_not_equal(word_of("203.0.113.0/24"), word);
	}
	take_back("203.0.113.0/24");
	expect_nothing();
}

/* ---- */

static int
add_interface(uint16_t iface, uint16_t realm, const char *address)
{
	struct dp_iface told_of = {
		.port = (uint16_t)(iface - 1), .inside = true, .realm = realm, .group = GROUP};
	struct cv_prefix own, own6 = {.length = 64};
	int rc = cv_prefix_parse(address, &own) | dp_iface_set(d.dp, iface, &told_of);

	own.ip.bytes[3] = 1;
	rc |= cv_ip_parse("2001:db8:0:1::1", &own6.ip);
	own6.ip.bytes[7] = (uint8_t)iface;
	return rc | dp_address_set(d.dp, iface, &own) | dp_address_set(d.dp, iface, &own6);
}

static int
up(void **state)
{
	char *args[] = {"test", "--no-pci", "--no-huge", "-m", "128", "--no-shconf",
		"--no-telemetry", "--log-level=*:error", "--lcores=0", NULL};
	struct dp_params params = {.ports = ports,
		.port_count = RTE_DIM(ports),
		.slot_seed = 7,
		.slot_mask = 127,
		.pool_mbufs = 1023,
		.eal_ready = true};
	const uint64_t key[2] = {1, 2};

	(void)state;
	if (rte_eal_init((int)RTE_DIM(args) - 1, args) < 0)
		return -1;
	for (unsigned i = 0; i < RTE_DIM(ports); i++) {
		char name[8];
		struct rte_ring *ring;
		int id;

		snprintf(name, sizeof(name), "r%u", i);
		ring = rte_ring_create(name, 64, SOCKET_ID_ANY, 0);
		id = rte_eth_from_rings(ports[i].name, &ring, 1, &ring, 1, rte_socket_id());
		if (id < 0 || rte_eth_dev_get_name_by_port((uint16_t)id, ports[i].device) != 0)
			return -1;
	}
	d.kernel = &kernel;
	kernel.retry_at = CV_TIME_NEVER;
	kernel.tables[0] =
		(struct kernel_table){.routes = new_table(100), .realm = REALM, .number = TABLE};
	if (dp_create(&params, &d.dp) != 0 || dp_start(d.dp, CV_NS_PER_S) != 0)
		return -1;
	(void)rtnl_table_link(kernel.tables[0].routes, UP3, true);
	(void)rtnl_table_link(kernel.tables[0].routes, UP4, true);
	return learned_follow(&kernel, &(struct cfg){0}) |
	       dp_group_set(d.dp, GROUP, &(struct dp_group){.mss_kept = true}) |
	       add_interface(1, REALM, "192.0.2.0/24") |
	       add_interface(2, REALM, "198.51.100.0/24") |
	       add_interface(3, OTHER, "203.0.114.0/24") |
	       cv_table_init(&kernel.vias, KERNEL_VIAS, key);
}

static int
down(void **state)
{
	(void)state;
	learned_free(&kernel);
	rtnl_table_free(kernel.tables[0].routes);
	dp_destroy(d.dp);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_next_hops_have_flows),
		cmocka_unit_test(flows_of_who_goes_move_alone),
		cmocka_unit_test(the_same_next_hops_are_one),
		cmocka_unit_test(what_cannot_be_used_is_left_out),
		cmocka_unit_test(own_routes_count_more),
		cmocka_unit_test(dialled_networks_count_more),
		cmocka_unit_test(too_many_are_cut),
		cmocka_unit_test(an_id_is_not_used_again_at_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, up, down);
}
