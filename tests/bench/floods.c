/* SPDX-License-Identifier: BSD-3-Clause */
/* What strangers cost, and clients that do what they should not: what of theirs is dropped, what is
 * answered, and what others feel of it. */
#include <math.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "datapath/bounds.h"
#include "lanes.h"

enum { FLOOD_GOAL = 100, TURNS = 3 };

/* ---- what somebody who tries all addresses costs others, in the same run ---- */

int
bench_scan(void)
{
	enum { SESSIONS = 1000, EACH = 8 };
	const struct population population = {
		.sessions = bench_sessions_at_most(SESSIONS), .uplink = true};
	struct traffic traffic = {.kind = TRAFFIC_ESP, .frame = LANE_SMALL};
	struct lane lane = {.name = "uplink.relay", .way = &scene_relay, .goal = NAN};
	struct lanes l = {0};

	lane.traffic = traffic;
	if (bench_sessions_at_most(LANE_SESSIONS) != population.sessions) /* else it is there */
		lanes_add(&l, &lane);
	traffic.each = EACH;
	traffic.among = TRAFFIC_SCAN;
	lane = (struct lane){.name = "relay.scan",
		.traffic = traffic,
		.way = &scene_relay,
		.goal = NAN,
		.limit_of = "uplink.relay",
		.cause = "ROUTE_DISCARD"};
	lanes_add(&l, &lane);
	lane.name = "relay.nobody";
	lane.traffic.among = TRAFFIC_NOBODY;
	lane.cause = NULL;
	lanes_add(&l, &lane);
	return lanes_measure(&l, &population, "relay under a scan");
}

/* ---- NAT discovery: what is answered, and what others feel of a flood ---- */

/*
 * Answers a second, if nothing bounded them: a worker is let gather what it may answer at once, and
 * then asked no more than that.
 */
static int
measure_answers(struct scene *s)
{
	enum { ROUNDS = 32, PAUSE_MS = 1100 };
	const struct traffic traffic = {.kind = TRAFFIC_STUN, .frame = LANE_SMALL};
	struct bench_samples samples;
	struct bench_row row = {.name = "stun", .goal = NAN, .sessions = s->population.sessions};

	if (bench_samples_new(&samples, TURNS * ROUNDS) != 0)
		return -1;
	s->relayed = s->others = 0;
	s->check_sums = false;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		rte_delay_us_sleep(PAUSE_MS * 1000);
		scene_hush(s);
		for (unsigned i = 0; i < ROUNDS; i++)
			bench_samples_put(&samples, scene_round(s, &traffic, &scene_relay));
	}
	if (s->others != TURNS * ROUNDS * SCENE_ROUND) {
		bench_progress("stun: of %u questions %llu were answered",
			TURNS * ROUNDS * SCENE_ROUND, (unsigned long long)s->others);
		scene_tell_drops(s->dp);
		bench_samples_free(&samples);
		return -1;
	}
	row.value = (double)rte_get_tsc_hz() / bench_quantile(&samples, 0.5);
	row.p10 = (double)rte_get_tsc_hz() / bench_quantile(&samples, 0.9);
	bench_add(&row);
	bench_samples_free(&samples);
	return 0;
}

static double
measured(const char *name)
{
	const struct bench_rows *rows = bench_rows();

	for (unsigned i = 0; i < rows->n; i++)
		if (strcmp(rows->rows[i].name, name) == 0)
			return rows->rows[i].value;
	return NAN;
}

/* What so many questions as a worker answers take of its time, from two rows. */
static void
add_cost(const struct scene *s, unsigned each)
{
	double question = (measured("stun.flood") - measured("stun.relay")) * (each - 1);
	struct bench_row row = {.name = "stun.cost",
		.sessions = s->population.sessions,
		.value = 100 * question * DP_DISCOVERIES_PER_S / (double)rte_get_tsc_hz(),
		.p10 = NAN,
		.goal = 1};

	if (bench_wanted(row.name) && !isnan(question))
		bench_add(&row);
}

int
bench_stun(void)
{
	enum { SESSIONS = 1000, EACH = 64 };
	const struct population population = {.sessions = bench_sessions_at_most(SESSIONS)};
	struct lane lane = {.name = "stun.relay",
		.traffic = {.kind = TRAFFIC_ESP, .frame = LANE_SMALL},
		.way = &scene_relay,
		.goal = NAN};
	static struct scene s;
	struct lanes l = {0};
	int rc = 0;

	lanes_add(&l, &lane);
	lane.name = "stun.flood";
	lane.traffic.each = EACH;
	lane.traffic.among = TRAFFIC_STUN;
	lane.limit_of = "stun.relay";
	lanes_add(&l, &lane);
	if (l.n == 0 && !bench_wanted("stun"))
		return 0;
	bench_progress("NAT discovery");
	if (scene_create(&s, &population) != 0)
		return -1;
	if (bench_wanted("stun"))
		rc = measure_answers(&s);
	if (rc == 0)
		rc = lanes_run(&s, &l);
	if (rc == 0)
		add_cost(&s, EACH);
	scene_destroy(&s);
	return rc;
}

/* ---- forgers who know a tunnel's IDs: what it costs others that it is followed ---- */

int
bench_rebind(void)
{
	enum { SESSIONS = 1000, EACH = 8 };
	const struct population population = {
		.sessions = bench_sessions_at_most(SESSIONS), .followed = true};
	struct lane lane = {.name = "rebind.forged",
		.traffic = {.kind = TRAFFIC_ESP,
			.frame = LANE_SMALL,
			.each = EACH,
			.among = TRAFFIC_FORGED},
		.way = &scene_relay,
		.goal = NAN};
	static struct scene s;
	struct lanes l = {0};
	struct bench_row row = {.name = "rebind.cost", .p10 = NAN, .goal = 1};
	int rc;

	lanes_add(&l, &lane);
	lane.name = "rebind.followed";
	lane.traffic.among = TRAFFIC_ELSEWHERE;
	lane.limit_of = "rebind.forged";
	lanes_add(&l, &lane);
	if (l.n == 0)
		return 0;
	bench_progress("forgers");
	if (scene_create(&s, &population) != 0)
		return -1;
	rc = lanes_run(&s, &l);
	row.sessions = s.population.sessions;
	row.value = 100 * (measured("rebind.followed") / measured("rebind.forged") - 1);
	if (rc == 0 && bench_wanted(row.name) && !isnan(row.value))
		bench_add(&row);
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
	{"flood.stun", TRAFFIC_STUN, NULL},
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
		.sessions = bench_sessions_at_most(LANE_SESSIONS), .refuse_answers = answered};
	struct lanes l = {0};

	for (size_t i = 0; i < RTE_DIM(floods); i++)
		if (is_answered(&floods[i]) == answered)
			lanes_add(&l,
				&(struct lane){.name = floods[i].name,
					.traffic = {.kind = floods[i].kind, .frame = LANE_SMALL},
					.way = &scene_relay,
					.cause = floods[i].cause,
					.goal = answered ? NAN : FLOOD_GOAL});
	return lanes_measure(&l, &population, answered ? "floods that are answered" : "floods");
}

int
bench_floods(void)
{
	return measure_floods(false) != 0 || measure_floods(true) != 0 ? -1 : 0;
}
