/* SPDX-License-Identifier: BSD-3-Clause */
/* Cycles a packet from receive ring to transmit ring, the yardstick's beside them, and DPDK's own.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "lanes.h"
#include "limit.h"
#include "wire/ether.h"

enum { MORE6 = 20 };

static const uint64_t counts[] = {1, 1000, 60000, 1000000};
static const double goals[] = {55, 55, 78, 108};

enum { MIX_GOAL = 78, SPREAD_GOAL = 83 };

/* ---- relay, and what it is set against ---- */

static int
measure_frame(struct scene *s, const struct scene_way *limit, uint16_t frame, double goal)
{
	const struct traffic esp = {.kind = TRAFFIC_ESP, .frame = frame};
	const struct traffic udp = {.kind = TRAFFIC_UDP4500, .frame = frame};
	const struct lane lanes[] = {
		{"relay", esp, false, &scene_relay, goal, "limit", NULL, {0}},
		{"limit", esp, false, limit, NAN, NULL, NULL, {0}},
		{"relay.udp", udp, false, &scene_relay, goal, "limit", NULL, {0}},
		{"relay.cold", esp, true, &scene_relay, NAN, "limit.cold", NULL, {0}},
		{"limit.cold", esp, true, limit, NAN, NULL, NULL, {0}},
		{"macswap", esp, false, &scene_macswap, NAN, NULL, NULL, {0}},
		{"macswap.cold", esp, true, &scene_macswap, NAN, NULL, NULL, {0}},
	};
	bool first = s->population.sessions == counts[0]; /* macswap knows no sessions */
	struct lanes l = {0};

	for (size_t i = 0; i < RTE_DIM(lanes); i++)
		if (first || lanes[i].way != &scene_macswap)
			lanes_add(&l, &lanes[i]);
	return lanes_run(s, &l);
}

static int
measure_sessions(uint64_t sessions, double goal)
{
	const struct population population = {.sessions = sessions};
	static struct scene s;
	struct scene_way way = {.run = limit_run, .sends = true};
	struct limit *limit;
	int rc;

	bench_progress("relay and limit with %llu sessions", (unsigned long long)sessions);
	if (scene_create(&s, &population) != 0)
		return -1;
	limit = limit_new(&s);
	if (limit == NULL)
		return -1;
	way.context = limit;
	rc = measure_frame(&s, &way, LANE_SMALL, goal);
	if (rc == 0)
		rc = measure_frame(&s, &way, LANE_LARGE, goal);
	if (limit_drops(limit) != 0) {
		bench_progress("the limit drops packets");
		rc = -1;
	}
	limit_free(limit);
	scene_destroy(&s);
	return rc;
}

/* ---- mixes ---- */

static const struct mix {
	const char *name;
	struct population population;
	bool no_sum;
	double goal;
} mixes[] = {
	{"relay.gateways", {.gateways = true}, false, SPREAD_GOAL},
	{"relay.gateways6", {.gateways = true, .inner6 = true}, false, NAN},
	{"relay.rules", {.rules = 1000}, false, NAN},
	{"relay.rules10k", {.rules = 10000}, false, NAN},
	{"relay.rules6", {.rules = 1000, .inner6 = true}, false, NAN},
	{"relay.listeners", {.services = 64}, false, SPREAD_GOAL},
	{"relay.vlans", {.vlans = 1000}, false, MIX_GOAL},
	{"relay.length", {.send = DP_SEND_LENGTH}, false, MIX_GOAL},
	{"relay.compressed", {.send = DP_SEND_ACFC | DP_SEND_PFC}, false, MIX_GOAL},
	{"relay.nosum", {0}, true, NAN},
	{"relay.outer6", {.outer6 = true}, false, NAN},
	{"relay.inner6", {.inner6 = true}, false, NAN},
	{"relay.both6", {.outer6 = true, .inner6 = true}, false, NAN},
	{"relay.lac1", {.lacs = 1}, false, MIX_GOAL},
	{"relay.lac8", {.lacs = 8}, false, MIX_GOAL},
	{"relay.lac1000", {.lacs = 1000}, false, MIX_GOAL},
	{"switch", {.switched = true}, false, NAN},
	{"switch.both6", {.switched = true, .outer6 = true, .inner6 = true}, false, NAN},
};

/* ---- between tunnels and a router: against relay in the same run ---- */

int
bench_uplink(void)
{
	const struct population population = {
		.sessions = bench_sessions_at_most(LANE_SESSIONS), .uplink = true};
	static const struct traffic relay = {.kind = TRAFFIC_ESP, .frame = LANE_SMALL};
	struct traffic encap = {.kind = TRAFFIC_ENCAP};
	struct lanes l = {0};

	/* what is in the tunnel is the same */
	encap.frame = (uint16_t)(WIRE_ETHER + traffic_inner(&population, &relay));
	lanes_add(&l, &(struct lane){.name = "uplink.relay",
			      .traffic = relay,
			      .way = &scene_relay,
			      .goal = NAN});
	lanes_add(&l, &(struct lane){.name = "decap",
			      .traffic = {.kind = TRAFFIC_DECAP, .frame = LANE_SMALL},
			      .way = &scene_relay,
			      .goal = NAN,
			      .limit_of = "uplink.relay"});
	lanes_add(&l, &(struct lane){.name = "encap",
			      .traffic = encap,
			      .way = &scene_relay,
			      .goal = NAN,
			      .limit_of = "uplink.relay"});
	return lanes_measure(&l, &population, "encap and decap");
}

/* What goes from session to session is to cost no more than what is relayed. */
static const char *
limit_of(const struct population *p)
{
	if (p->switched)
		return p->outer6 ? "relay.both6" : "relay";
	return "limit";
}

static int
measure_mix(const struct mix *mix)
{
	struct population population = mix->population;
	struct lane lane = {.name = mix->name,
		.traffic = {.kind = TRAFFIC_ESP,
			/* the payload is the same, whatever the headers */
			.frame = (uint16_t)(LANE_SMALL + (mix->population.outer6 ? MORE6 : 0) +
					    (mix->population.inner6 ? MORE6 : 0)),
			.no_sum = mix->no_sum},
		.way = &scene_relay,
		.goal = mix->goal,
		.limit_of = limit_of(&mix->population)};
	struct lanes l = {0};

	lanes_add(&l, &lane);
	population.sessions = bench_sessions_at_most(LANE_SESSIONS);
	return lanes_measure(&l, &population, mix->name);
}

int
bench_relay(void)
{
	static const char *const names[] = {"relay", "relay.udp", "relay.cold", "limit",
		"limit.cold", "macswap", "macswap.cold"};
	bool wanted = false;

	for (size_t i = 0; i < RTE_DIM(names); i++)
		wanted |= bench_wanted(names[i]);
	if (!wanted)
		return 0;
	for (size_t i = 0; i < RTE_DIM(counts); i++)
		if (counts[i] == bench_sessions_at_most(counts[i]) &&
			measure_sessions(counts[i], goals[i]) != 0)
			return -1;
	return 0;
}

int
bench_mixes(void)
{
	for (size_t i = 0; i < RTE_DIM(mixes); i++)
		if (measure_mix(&mixes[i]) != 0)
			return -1;
	return 0;
}
