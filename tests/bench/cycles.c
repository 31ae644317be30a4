/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cycles a packet from receive ring to transmit ring, the yardstick's beside them, and DPDK's own.
 * What is compared is measured in turns, so that what else goes on in the machine meets all alike.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "bench.h"
#include "limit.h"
#include "scene.h"
#include "wire/ether.h"

enum { TURNS = 3, MOST_LANES = 16, SMALL = 124, LARGE = 1400, MORE6 = 20 };

/* One row while it is measured. */
struct lane {
	const char *name;
	struct traffic traffic;
	bool cold;
	const struct scene_way *way;
	double goal;
	const char *limit_of;
	const char *cause; /* all of it is dropped for this; NULL: not all, or none */
	struct bench_samples samples;
};

struct lanes {
	unsigned n;
	struct lane at[MOST_LANES];
};

static const uint64_t counts[] = {1, 1000, 60000, 1000000};
static const double goals[] = {55, 55, 78, 108};

enum { MIXES_SESSIONS = 60000, MIX_GOAL = 78, SPREAD_GOAL = 83, FLOOD_GOAL = 100 };

static unsigned
rounds(void)
{
	static const unsigned all[] = {
		[BENCH_BRIEF] = 3, [BENCH_QUICK] = 900, [BENCH_WHOLE] = 6000};

	return all[bench_extent()];
}

static unsigned
warm_up(const struct scene *s)
{
	if (bench_extent() == BENCH_BRIEF)
		return 2;
	return s->population.sessions > 1000 ? 400 : 100;
}

static void
add_lane(struct lanes *l, const struct lane *lane)
{
	if (!bench_wanted(lane->name))
		return;
	if (l->n == MOST_LANES)
		abort();
	l->at[l->n++] = *lane;
}

static bool
is_dropped(const struct lane *lane)
{
	return lane->traffic.kind > TRAFFIC_ENCAP;
}

/* What goes wrong makes the figure mean nothing. dropped: for the lane's cause. What is among the
 * others may set off answers and questions. */
static int
check_turn(const struct scene *s, const struct lane *lane, uint64_t sent, uint64_t dropped)
{
	uint64_t among = sent / SCENE_ROUND * scene_among(&lane->traffic);

	if (among != 0 && s->relayed == sent - among && (lane->cause == NULL || dropped == among))
		return 0;
	if (is_dropped(lane) ? s->relayed == 0 && (lane->cause == NULL || dropped == sent)
			     : s->relayed == sent && s->others == 0)
		return 0;
	bench_progress("%s: of %llu packets %llu came out as they should and %llu did not",
		lane->name, (unsigned long long)sent, (unsigned long long)s->relayed,
		(unsigned long long)s->others);
	scene_tell_drops(s->dp);
	return -1;
}

static int
run_turn(struct scene *s, struct lane *lane, unsigned n)
{
	const char *cause = lane->cause == NULL ? "" : lane->cause;
	uint64_t before = scene_dropped(s->dp, cause);
	unsigned all = warm_up(s) + n;

	scene_hush(s); /* of what came before it */
	s->cold = lane->cold;
	s->check_sums = true;
	s->relayed = s->others = 0;
	for (unsigned i = 0; i < all; i++) {
		double cycles = scene_round(s, &lane->traffic, lane->way);

		if (i >= warm_up(s))
			bench_samples_put(&lane->samples, cycles);
	}
	return check_turn(
		s, lane, (uint64_t)all * SCENE_ROUND, scene_dropped(s->dp, cause) - before);
}

static int
run_lanes(struct scene *s, struct lanes *l)
{
	unsigned each = rounds() / TURNS;

	for (unsigned i = 0; i < l->n; i++)
		if (bench_samples_new(&l->at[i].samples, (size_t)TURNS * each) != 0)
			return -1;
	for (unsigned turn = 0; turn < TURNS; turn++)
		for (unsigned i = 0; i < l->n; i++)
			if (run_turn(s, &l->at[i], each) != 0)
				return -1;
	for (unsigned i = 0; i < l->n; i++) {
		struct lane *lane = &l->at[i];
		struct bench_row row = {.frame_bytes = lane->traffic.frame,
			.sessions = lane->way == &scene_macswap ? 0 : s->population.sessions,
			.value = bench_quantile(&lane->samples, 0.5),
			.p10 = bench_quantile(&lane->samples, 0.1),
			.goal = lane->goal};

		snprintf(row.name, sizeof(row.name), "%s", lane->name);
		snprintf(row.limit_of, sizeof(row.limit_of), "%s",
			lane->limit_of == NULL ? "" : lane->limit_of);
		bench_add(&row);
		bench_samples_free(&lane->samples);
	}
	l->n = 0;
	return 0;
}

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
			add_lane(&l, &lanes[i]);
	return run_lanes(s, &l);
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
	rc = measure_frame(&s, &way, SMALL, goal);
	if (rc == 0)
		rc = measure_frame(&s, &way, LARGE, goal);
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
		.sessions = bench_sessions_at_most(MIXES_SESSIONS), .uplink = true};
	static const struct traffic relay = {.kind = TRAFFIC_ESP, .frame = SMALL};
	struct traffic encap = {.kind = TRAFFIC_ENCAP};
	static struct scene s;
	struct lanes l = {0};
	int rc;

	/* what is in the tunnel is the same */
	encap.frame = (uint16_t)(WIRE_ETHER + traffic_inner(&population, &relay));
	add_lane(&l, &(struct lane){.name = "uplink.relay",
			     .traffic = relay,
			     .way = &scene_relay,
			     .goal = NAN});
	add_lane(&l, &(struct lane){.name = "decap",
			     .traffic = {.kind = TRAFFIC_DECAP, .frame = SMALL},
			     .way = &scene_relay,
			     .goal = NAN,
			     .limit_of = "uplink.relay"});
	add_lane(&l, &(struct lane){.name = "encap",
			     .traffic = encap,
			     .way = &scene_relay,
			     .goal = NAN,
			     .limit_of = "uplink.relay"});
	if (l.n == 0)
		return 0;
	bench_progress("encap and decap");
	if (scene_create(&s, &population) != 0)
		return -1;
	rc = run_lanes(&s, &l);
	scene_destroy(&s);
	return rc;
}

/* ---- what somebody who tries all addresses costs others, in the same run ---- */

int
bench_scan(void)
{
	enum { SESSIONS = 1000, EACH = 8 };
	const struct population population = {
		.sessions = bench_sessions_at_most(SESSIONS), .uplink = true};
	struct traffic traffic = {.kind = TRAFFIC_ESP, .frame = SMALL};
	struct lane lane = {.name = "uplink.relay", .way = &scene_relay, .goal = NAN};
	static struct scene s;
	struct lanes l = {0};
	int rc;

	lane.traffic = traffic;
	if (bench_sessions_at_most(MIXES_SESSIONS) != population.sessions) /* else it is there */
		add_lane(&l, &lane);
	traffic.each = EACH;
	traffic.among = TRAFFIC_SCAN;
	lane = (struct lane){.name = "relay.scan",
		.traffic = traffic,
		.way = &scene_relay,
		.goal = NAN,
		.limit_of = "uplink.relay",
		.cause = "ROUTE_DISCARD"};
	add_lane(&l, &lane);
	lane.name = "relay.nobody";
	lane.traffic.among = TRAFFIC_NOBODY;
	lane.cause = NULL;
	add_lane(&l, &lane);
	if (l.n == 0)
		return 0;
	bench_progress("relay under a scan");
	if (scene_create(&s, &population) != 0)
		return -1;
	rc = run_lanes(&s, &l);
	scene_destroy(&s);
	return rc;
}

static uint64_t
mixes_sessions(void)
{
	return bench_sessions_at_most(MIXES_SESSIONS);
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
	static struct scene s;
	struct lane lane = {.name = mix->name,
		.traffic = {.kind = TRAFFIC_ESP,
			/* the payload is the same, whatever the headers */
			.frame = (uint16_t)(SMALL + (mix->population.outer6 ? MORE6 : 0) +
					    (mix->population.inner6 ? MORE6 : 0)),
			.no_sum = mix->no_sum},
		.way = &scene_relay,
		.goal = mix->goal,
		.limit_of = limit_of(&mix->population)};
	struct lanes l = {0};
	int rc;

	add_lane(&l, &lane);
	if (l.n == 0)
		return 0;
	bench_progress("%s", mix->name);
	population.sessions = mixes_sessions();
	if (scene_create(&s, &population) != 0)
		return -1;
	rc = run_lanes(&s, &l);
	scene_destroy(&s);
	return rc;
}

/* ---- floods: what is dropped ---- */

static const struct flood {
	const char *name;
	enum traffic_kind kind;
	const char *cause;
} floods[] = {
	{"flood.unknown", TRAFFIC_UNKNOWN, "INGRESS_UNKNOWN_SESSION"},
	{"flood.source", TRAFFIC_SOURCE, "INGRESS_SOURCE"},
	{"flood.spoofed", TRAFFIC_SPOOFED, "INGRESS_SPOOFED"},
	{"flood.refused", TRAFFIC_REFUSED, "POLICY_SENDER"},
	{"flood.unroutable", TRAFFIC_NO_ROUTE, "ROUTE_NO_ROUTE"},
	{"flood.checksum", TRAFFIC_SUM, "INGRESS_INNER_CHECKSUM"},
	{"flood.port", TRAFFIC_PORT, "CLASSIFY_UDP_PORT"},
	{"flood.stranger", TRAFFIC_STRANGER, "CLASSIFY_DESTINATION"},
	{"flood.version", TRAFFIC_VERSION, "CLASSIFY_VERSION_L2TPV3"},
	{"flood.sccrq", TRAFFIC_SCCRQ, NULL},
	{"flood.control", TRAFFIC_CONTROL, NULL},
	{"flood.answered", TRAFFIC_REFUSED, "POLICY_SENDER"},
};

/* Refused with an answer: of each session 100 a second, so nearly all. */
static bool
is_answered(const struct flood *f)
{
	return strcmp(f->name, "flood.answered") == 0;
}

static int
measure_floods(bool answered)
{
	const struct population population = {
		.sessions = mixes_sessions(), .refuse_answers = answered};
	static struct scene s;
	struct lanes l = {0};
	int rc;

	for (size_t i = 0; i < RTE_DIM(floods); i++)
		if (is_answered(&floods[i]) == answered)
			add_lane(&l, &(struct lane){.name = floods[i].name,
					     .traffic = {.kind = floods[i].kind, .frame = SMALL},
					     .way = &scene_relay,
					     .cause = floods[i].cause,
					     .goal = answered ? NAN : FLOOD_GOAL});
	if (l.n == 0)
		return 0;
	bench_progress(answered ? "floods that are answered" : "floods");
	if (scene_create(&s, &population) != 0)
		return -1;
	rc = run_lanes(&s, &l);
	scene_destroy(&s);
	return rc;
}

int
bench_floods(void)
{
	return measure_floods(false) != 0 || measure_floods(true) != 0 ? -1 : 0;
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
