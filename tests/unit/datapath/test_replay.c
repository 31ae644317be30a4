/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path can be filled from its own records alone: part of it, or all, is read back, taken
 * away and set again, while two workers carry the packets of other sessions.
 */
#include <stdlib.h>
#include <time.h>

#include "threads.h"

enum { SERVICE = 5, GROUP = 7, FILTER = 9, REALM = 3, SESSIONS = 40, TUNNELS = 30, TURNS = 200 };

enum {
	FRAMES_FROM = 30 /* of sessions, from which on two each are joined, but for the last two */
};

#define FIRST UINT32_C(0x0a000002) /* of the sessions' addresses, of which most are in the pool */

/* ---- records ---- */

struct records {
	struct {
		uint16_t id;
		struct dp_iface told;
	} ifaces[4];
	struct {
		uint16_t id;
		struct dp_service told;
	} services[4];
	struct {
		uint16_t id;
		struct dp_group told;
	} groups[4];
	struct {
		uint16_t id;
		struct dp_filter told; /* its gateways are those here */
		struct cv_prefix gateways[4];
	} filters[4];
	struct {
		uint16_t id;
		struct cv_prefix pools[4];
		uint16_t count;
	} realms[4];
	struct {
		uint16_t realm;
		struct cv_prefix prefix;
		uint32_t word;
	} routes[8];
	struct {
		uint16_t service, id;
		struct cv_endpoint peer;
	} tunnels[TUNNELS + 2];
	struct dp_session sessions[SESSIONS + 2];
	struct {
		uint32_t slot, other;
	} joined[SESSIONS + 2];
	unsigned n_ifaces, n_services, n_groups, n_filters, n_realms, n_routes, n_tunnels,
		n_sessions, n_joined;
};

/* Reads what has the ID, and what hangs on it. */
static void
read_id(const struct dp *dp, uint16_t id, struct records *r)
{
	const struct cv_prefix *pools;
	uint16_t count;

	if (dp_iface_get(dp, id, &r->ifaces[r->n_ifaces].told) == 0)
		r->ifaces[r->n_ifaces++].id = id;
	if (dp_group_get(dp, id, &r->groups[r->n_groups].told) == 0)
		r->groups[r->n_groups++].id = id;
	if (dp_filter_get(dp, id, &r->filters[r->n_filters].told) == 0) {
		struct dp_filter *told = &r->filters[r->n_filters].told;

		memcpy(r->filters[r->n_filters].gateways, told->gateways,
			told->gateway_count * sizeof(told->gateways[0]));
		told->gateways = NULL;
		r->filters[r->n_filters++].id = id;
	}
	if (dp_realm_get(dp, id, &pools, &count) == 0) {
		memcpy(r->realms[r->n_realms].pools, pools, count * sizeof(pools[0]));
		r->realms[r->n_realms].count = count;
		r->realms[r->n_realms++].id = id;
	}
	for (struct cv_prefix at = {0}; dp_route_next(dp, id, &at, &r->routes[r->n_routes].word);) {
		r->routes[r->n_routes].prefix = at;
		r->routes[r->n_routes++].realm = id;
	}
	if (dp_service_get(dp, id, &r->services[r->n_services].told) != 0)
		return;
	r->services[r->n_services++].id = id;
	for (unsigned t = 0; t <= UINT16_MAX; t++) {
		if (dp_tunnel_get(dp, id, (uint16_t)t, &r->tunnels[r->n_tunnels].peer) != 0)
			continue;
		r->tunnels[r->n_tunnels].service = id;
		r->tunnels[r->n_tunnels++].id = (uint16_t)t;
	}
}

/* All records, in their own order; bytes between them are 0, so that they can be compared. */
static struct records *
read_all(const struct bench *b)
{
	struct records *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	for (unsigned id = 0; id <= UINT16_MAX; id++)
		read_id(b->dp, (uint16_t)id, r);
	for (uint32_t slot = 0; slot <= b->dp->slot_mask; slot++) {
		r->n_sessions += dp_session_get(b->dp, slot, &r->sessions[r->n_sessions]) == 0;
		r->joined[r->n_joined].slot = slot;
		r->n_joined += dp_switch_get(b->dp, slot, &r->joined[r->n_joined].other) == 0;
	}
	memset(&r->joined[r->n_joined], 0, sizeof(r->joined[0]));
	return r;
}

/* Is it what this test takes away, or is all? */
static bool
goes(bool all, uint16_t id, uint16_t ours)
{
	return all || id == ours;
}

static void
clear(struct bench *b, const struct records *r, bool all)
{
	unsigned leaving = 0;
	uint32_t slot;

	for (uint32_t s = 0; s <= b->dp->slot_mask; s++) {
		struct dp_session told;

		if (dp_session_get(b->dp, s, &told) == 0 && goes(all, told.service, SERVICE))
			leaving += dp_session_clear(b->dp, s, NULL) == DP_LEAVING;
	}
	for (unsigned i = 0; i < r->n_tunnels; i++)
		if (goes(all, r->tunnels[i].service, SERVICE))
			dp_tunnel_clear(b->dp, r->tunnels[i].service, r->tunnels[i].id);
	for (unsigned i = 0; i < r->n_services; i++)
		if (goes(all, r->services[i].id, SERVICE))
			assert_int_equal(dp_service_clear(b->dp, r->services[i].id), 0);
	for (unsigned i = 0; i < r->n_routes; i++)
		if (goes(all, r->routes[i].realm, REALM))
			assert_int_equal(
				dp_route_clear(b->dp, r->routes[i].realm, &r->routes[i].prefix), 0);
	for (unsigned i = 0; i < r->n_realms; i++)
		if (goes(all, r->realms[i].id, REALM))
			assert_int_equal(dp_realm_clear(b->dp, r->realms[i].id), 0);
	for (unsigned i = 0; i < r->n_groups; i++)
		if (goes(all, r->groups[i].id, GROUP))
			dp_group_clear(b->dp, r->groups[i].id);
	for (unsigned i = 0; i < r->n_filters; i++)
		if (goes(all, r->filters[i].id, FILTER))
			dp_filter_clear(b->dp, r->filters[i].id);
	for (unsigned tries = 0; leaving != 0 && tries < 100000; tries++) {
		dp_control_poll(b->dp, b->now);
		while (dp_session_removed(b->dp, &slot, NULL))
			leaving--;
		nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
	}
	assert_int_equal(leaving, 0);
	for (unsigned i = 0; i < r->n_ifaces; i++)
		if (goes(all, r->ifaces[i].id, SERVICE))
			assert_int_equal(dp_iface_clear(b->dp, r->ifaces[i].id), 0);
}

/* From the records alone: what is there already is told again. */
static void
replay(struct bench *b, struct records *r)
{
	for (unsigned i = 0; i < r->n_ifaces; i++)
		assert_int_equal(dp_iface_set(b->dp, r->ifaces[i].id, &r->ifaces[i].told), 0);
	for (unsigned i = 0; i < r->n_services; i++)
		assert_int_equal(dp_service_set(b->dp, r->services[i].id, &r->services[i].told), 0);
	for (unsigned i = 0; i < r->n_groups; i++)
		assert_int_equal(dp_group_set(b->dp, r->groups[i].id, &r->groups[i].told), 0);
	for (unsigned i = 0; i < r->n_filters; i++) {
		struct dp_filter filter = r->filters[i].told;

		filter.gateways = r->filters[i].gateways;
		assert_int_equal(dp_filter_set(b->dp, r->filters[i].id, &filter), 0);
	}
	for (unsigned i = 0; i < r->n_realms; i++)
		assert_int_equal(dp_realm_set(b->dp, r->realms[i].id, r->realms[i].pools,
					 r->realms[i].count),
			0);
	for (unsigned i = 0; i < r->n_routes; i++)
		assert_int_equal(dp_route_set(b->dp, r->routes[i].realm, &r->routes[i].prefix,
					 r->routes[i].word),
			0);
	for (unsigned i = 0; i < r->n_tunnels; i++)
		assert_int_equal(dp_tunnel_set(b->dp, r->tunnels[i].service, r->tunnels[i].id,
					 &r->tunnels[i].peer),
			0);
	for (unsigned i = 0; i < r->n_sessions; i++)
		assert_int_equal(dp_session_set(b->dp, &r->sessions[i], NULL), 0);
	for (unsigned i = 0; i < r->n_joined; i++)
		assert_int_equal(dp_switch_set(b->dp, r->joined[i].slot, r->joined[i].other), 0);
}

/* ---- what there is ---- */

static void
set_sessions(struct bench *b)
{
	struct dp_session s = {.service = SERVICE,
		.peer_tunnel_id = 77,
		.peer = {.ip = cv_ipv4(PEER_B)},
		.realm = REALM,
		.group = GROUP,
		.filter = FILTER};
	struct dp_session other;
	uint32_t slot, before = DP_NO_SLOT;

	for (unsigned i = 0; i < SESSIONS; i++) {
		s.peer.port = (uint16_t)(2000 + i);
		s.peer_session_id = (uint16_t)(100 + i);
		s.tunnel_id = (uint16_t)(1 + i % TUNNELS);
		s.send = (uint16_t)(i % 16);
		s.open = i % 5 != 4; /* some have no address yet, some may not be reached yet */
		s.reachable = i % 4 != 3;
		if (i >= FRAMES_FROM) {
			s.send = (uint16_t)(DP_SEND_FRAMES | (i % 4 == 3 ? DP_SEND_LENGTH : 0));
			s.open = s.reachable = false;
		}
		s.address = cv_ipv4(i % 7 == 6 ? 0xc0a80000 + i : FIRST + i);
		s.mtu = (uint16_t)(i % 3 * 600);
		do
			s.session_id++;
		while (dp_session_get(b->dp,
			       cv_session_slot(b->dp->slot_seed, SERVICE, s.tunnel_id, s.session_id,
				       b->dp->slot_mask),
			       &other) == 0);
		assert_int_equal(dp_session_set(b->dp, &s, &slot), 0);
		if (i >= FRAMES_FROM && i % 2 != 0)
			assert_int_equal(dp_switch_set(b->dp, slot, before), 0);
		before = slot;
	}
	assert_int_equal(dp_switch_set(b->dp, slot, DP_NO_SLOT), 0);
}

static void
set_all(struct bench *b)
{
	struct cv_prefix gateways[2] = {
		{.ip = cv_ipv4(0x0a640000), .length = 16}, {.ip = cv_ipv4(FIRST), .length = 32}};
	struct cv_prefix pools[2] = {{.ip = cv_ipv4(0x0a000000), .length = 24},
		{.ip = cv_ipv4(0x0a000200), .length = 26}};
	struct dp_filter rules = {.kind = DP_FILTER_RULES,
		.rule_count = 2,
		.rules = {{.protocol = 50}, {17, 500, 500}},
		.gateways = gateways,
		.gateway_count = 2};
	struct dp_group group = {
		.lns = cv_ipv4(0x0a000001), .mtu = 1234, .clients_reachable = true};
	struct dp_service service = {.iface = SERVICE,
		.ip = cv_ipv4(LNS_IP),
		.prefix_length = 24,
		.gateway = cv_ipv4(PEER_A),
		.gateway_mac = {2, 0, 0, 0, 0, 9},
		.udp_port = 1801};
	struct cv_prefix self = {.ip = group.lns, .length = 32},
			 wide = {.ip = cv_ipv4(0x0a640000), .length = 16};
	struct cv_endpoint peer = {.ip = cv_ipv4(PEER_B)};

	assert_int_equal(dp_iface_set(b->dp, SERVICE, &(struct dp_iface){.mtu = 1400}), 0);
	assert_int_equal(dp_service_set(b->dp, SERVICE, &service), 0);
	assert_int_equal(dp_filter_set(b->dp, FILTER, &rules), 0);
	assert_int_equal(dp_group_set(b->dp, GROUP, &group), 0);
	assert_int_equal(dp_realm_set(b->dp, REALM, pools, 2), 0);
	assert_int_equal(dp_route_set(b->dp, REALM, &self, dp_route_word(DP_ROUTE_SELF, 0)), 0);
	assert_int_equal(dp_route_set(b->dp, REALM, &wide, dp_route_word(DP_ROUTE_SELF, 0)), 0);
	for (unsigned i = 1; i <= TUNNELS; i++) {
		peer.port = (uint16_t)(3000 + i);
		assert_int_equal(dp_tunnel_set(b->dp, SERVICE, (uint16_t)i, &peer), 0);
	}
	set_sessions(b);
}

static void
set_policies(struct bench *b)
{
	struct policy any = {
		.kind = DP_FILTER_ANY, .clients_reachable = true, .lns = cv_ipv4(INNER_LNS)};

	assert_int_equal(set_policy(b->dp, 0, &any), 0);
	assert_int_equal(set_policy(b->dp, 1, &any), 0);
}

/* ---- traffic ---- */

struct traffic {
	uint8_t frames[2][FRAME_MAX]; /* from A to B, from B to A */
	size_t len[2];
	unsigned given, got;
};

static void
take(struct traffic *t, unsigned waiting)
{
	for (unsigned tries = 0; tries < 100000; tries++) {
		t->got += threads_collect();
		if (rte_ring_count(threads_in[0]) <= waiting &&
			rte_ring_count(threads_in[1]) <= waiting)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	}
	fail_msg("the workers do not take what they are given");
}

static void
give_traffic(struct bench *b, struct traffic *t, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		take(t, 256);
		for (unsigned k = 0; k < 2; k++)
			threads_give(b, (i + k) % THREADS, t->frames[k], t->len[k]);
		t->given += 2;
	}
}

static void
build_traffic(const struct bench *b, struct traffic *t)
{
	uint8_t packet[FRAME_MAX];
	struct wire wire = {0};

	*t = (struct traffic){0};
	for (unsigned k = 0; k < 2; k++) {
		inner_packet(
			packet, k == 0 ? INNER_A : INNER_B, k == 0 ? INNER_B : INNER_A, 50, PACKET);
		t->len[k] = build_data(b, k == 0, &wire, packet, PACKET, t->frames[k]);
	}
}

/* Everything given came out: what is in the workers' hands does in a moment. */
static void
expect_all(struct traffic *t)
{
	for (unsigned tries = 0; t->got != t->given && tries < 20000; tries++) {
		take(t, 0);
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	}
	assert_int_equal(t->got, t->given);
}

/* What workers read of all this, but for what traffic changes, and next hops' places. */
struct lines {
	struct dp_ingress ingress[256];
	struct dp_egress egress[256];
	bool held[256];
	uint32_t words[256];
	uint8_t verdicts[256];
	uint64_t tunnels[TUNNELS + 1];
	uint32_t services, lns;
};

static struct lines *
read_lines(const struct bench *b)
{
	struct lines *l = calloc(1, sizeof(*l));
	const struct dp *dp = b->dp;

	assert_non_null(l);
	assert_in_range(dp->slot_mask, 1, 255);
	for (uint32_t slot = 0; slot <= dp->slot_mask; slot++) {
		const struct dp_ingress *in = &dp->ingress[slot];
		const struct dp_realm_table *r = dp_realm_of(dp, in->realm);

		if (in->word == 0)
			continue;
		/* what comes behind is the workers' */
		memcpy(&l->ingress[slot], in, offsetof(struct dp_ingress, received));
		l->egress[slot] = dp->egress[slot];
		l->egress[slot].nexthop = 0;
		/* without the generation, which a replay may bring forward */
		l->ingress[slot].class %= DP_CLASSES;
		l->egress[slot].class %= DP_CLASSES;
		l->egress[slot].flags &= (uint8_t)~DP_EGRESS_HELD;
		l->held[slot] = dp->rare[slot].after == DP_AFTER_REACH;
		if ((in->word & DP_INGRESS_OPEN4) != 0)
			l->words[slot] =
				dp_route_find(r, dp_realm_word(r, in->inner_ip), in->inner_ip);
	}
	memcpy(l->verdicts, dp_filter_of(dp, FILTER)->verdict, sizeof(l->verdicts));
	memcpy(l->tunnels, dp->tunnels[SERVICE], sizeof(l->tunnels));
	l->lns = dp_group_of(dp, GROUP)->lns;
	l->services = dp_outside_of(dp)->count;
	return l;
}

static bool
waits(struct bench *b)
{
	dp_control_poll(b->dp, b->now);
	return dp_graces_pending(b->dp) || dp_classes_pending(b->dp);
}

/* Nothing is on its way into the lines. */
static void
settle(struct bench *b)
{
	for (unsigned tries = 0; waits(b) && tries < 20000; tries++)
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
}

/* Records and lines are what they were. */
static void
compare(struct bench *b, const struct records *before, const struct lines *lines_before)
{
	struct records *now = read_all(b);
	struct lines *lines;

	settle(b);
	assert_memory_equal(now, before, sizeof(*now));
	lines = read_lines(b);
	assert_memory_equal(lines, lines_before, sizeof(*lines));
	free(lines);
	free(now);
}

static void
up(struct bench *b, struct traffic *t)
{
	threads_create(b);
	assert_int_equal(dp_start(b->dp, b->now), 0);
	set_policies(b);
	bench_sessions(b, 0, DP_SEND_ACFC);
	threads_answer_arp(b);
	set_all(b);
	build_traffic(b, t);
	settle(b);
	threads_collect();
}

static void
down(struct bench *b)
{
	threads_stop(b);
	threads_collect();
	threads_destroy(b);
}

static struct dp_setup_info
info(struct bench *b)
{
	struct dp_setup_info i;

	dp_control_poll(b->dp, b->now);
	dp_setup_info(b->dp, &i);
	return i;
}

static void
a_part_is_replayed_under_the_traffic_of_others(void **state)
{
	static struct traffic t;
	struct records *r;
	struct lines *lines;
	struct bench b;

	(void)state;
	up(&b, &t);
	r = read_all(&b);
	lines = read_lines(&b);
	assert_int_equal(r->n_sessions, SESSIONS + 2);
	assert_int_equal(r->n_tunnels, TUNNELS);
	assert_int_equal(r->n_services + r->n_ifaces + r->n_filters + r->n_groups, 2 + 2 + 3 + 3);
	assert_int_equal(r->n_routes + r->n_realms, 3 + 1);
	assert_int_equal(r->n_joined, SESSIONS - FRAMES_FROM);
	for (unsigned i = 0; i < TURNS; i++) {
		give_traffic(&b, &t, i % 8);
		clear(&b, r, false);
		assert_int_equal(info(&b).sessions, 2);
		give_traffic(&b, &t, i % 3);
		replay(&b, r);
		give_traffic(&b, &t, i % 5);
		assert_int_equal(info(&b).sessions, SESSIONS + 2);
		if (i % 20 == 0)
			compare(&b, r, lines);
	}
	expect_all(&t);
	compare(&b, r, lines);
	free(lines);
	free(r);
	down(&b);
}

static void
all_is_replayed_into_an_empty_data_path(void **state)
{
	static struct traffic t;
	struct records *r, *empty;
	struct lines *lines;
	size_t least, bytes;
	struct bench b;

	(void)state;
	threads_create(&b);
	dp_service_clear(b.dp, 0);
	least = info(&b).table_bytes;
	threads_destroy(&b);

	up(&b, &t);
	r = read_all(&b);
	lines = read_lines(&b);
	for (unsigned i = 0; i < 20; i++) {
		give_traffic(&b, &t, 100);
		expect_all(&t);
		bytes = info(&b).table_bytes;
		clear(&b, r, true);
		for (unsigned tries = 0; tries < 20000 && info(&b).table_bytes != least; tries++)
			nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
		assert_int_equal(info(&b).table_bytes, least);
		assert_int_equal(info(&b).sessions + info(&b).addresses, 0);
		empty = read_all(&b);
		assert_int_equal(empty->n_ifaces + empty->n_services + empty->n_groups +
					 empty->n_filters + empty->n_realms + empty->n_routes +
					 empty->n_tunnels + empty->n_sessions,
			0);
		free(empty);
		replay(&b, r);
		compare(&b, r, lines);
		for (unsigned tries = 0; tries < 20000 && info(&b).table_bytes != bytes; tries++)
			nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
		assert_int_equal(info(&b).table_bytes, bytes);
	}
	give_traffic(&b, &t, 100);
	expect_all(&t);
	free(lines);
	free(r);
	down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_is_replayed_under_the_traffic_of_others),
		cmocka_unit_test(all_is_replayed_into_an_empty_data_path),
	};

	if (threads_eal() != 0)
		return 1;
	threads_leave_out_dpdk();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
