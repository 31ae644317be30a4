/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sessions take of memory in all: control side and data path in one process, as in culvertd,
 * sessions set up by real handshakes, and packets relayed from each of them and to it. In all is
 * what the kernel counts for the process, and its hugepages.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "world.h"

enum {
	ALL = 1000000,
	TUNNEL_SESSIONS = 1000, /* of a LAC's tunnel */
	MIB = 1 << 20,
	GOAL_MIB = 2560,
};

static double
resident_mib(void)
{
	unsigned long long pages = 0, huge_kb = 0;
	char line[128];
	FILE *f = fopen("/proc/self/statm", "r");

	if (f != NULL) {
		if (fscanf(f, "%*u %llu", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	f = fopen("/proc/self/status", "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		sscanf(line, "HugetlbPages: %llu", &huge_kb);
	if (f != NULL)
		fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / MIB + (double)huge_kb / 1024;
}

/* All of them, each in a tunnel of its own, or a thousand in each. */
static int
set_up(struct world *w, unsigned sessions, unsigned in_tunnel)
{
	struct client c = {0};

	for (unsigned i = 0; i < sessions; i++) {
		unsigned tunnel = i / in_tunnel;
		struct caller caller = {.address = {.ip = cv_ipv4(TRAFFIC_PEERS + tunnel / 1000),
						.port = (uint16_t)(1024 + tunnel % 1000)},
			.listener = (uint16_t)(tunnel % WORLD_LISTENERS),
			.tunnel_id = 1,
			.session_id = (uint16_t)(i % in_tunnel + 1),
			.index = i};
		bool first = i % in_tunnel == 0;

		w->server.now += 10 * CV_NS_PER_US;
		if (first)
			client_forget(&c);
		if (!(first ? client_dial(&w->server, &c, &caller)
			    : client_call(&w->server, &c, &caller))) {
			bench_progress("set-up %u does not come to an end", i);
			return -1;
		}
		if (i % 64 == 0)
			dp_control_poll(w->scene.dp, w->server.now);
		if (i % 100000 == 99999)
			bench_progress("%u sessions are up", i + 1);
	}
	client_forget(&c);
	for (unsigned i = 0; i < 4; i++)
		dp_control_poll(w->scene.dp, w->server.now);
	return 0;
}

/* Each has sent a packet, and got one, but for the first and the last. */
static bool
each_has_one(struct world *w, uint64_t sessions)
{
	uint64_t cursor = 0, sent = 0, got = 0;
	struct dp_session_counters n;
	struct lns_session_info info;

	while (lns_next_session(w->server.lns, &cursor, lns_session_places(w->server.lns), &info)) {
		if (dp_session_counters(w->scene.dp, info.slot, &n) != 0 || n.rx_packets > 1 ||
			n.tx_packets > 1)
			return false;
		sent += n.rx_packets;
		got += n.tx_packets;
	}
	return sent == sessions - 1 && got == sessions - 1;
}

/* A packet from each session to the one before it in the table. */
static int
relay_all(struct world *w, unsigned sessions)
{
	const struct traffic t = {.kind = TRAFFIC_ESP, .frame = 124};
	struct dp_session s, before = {0};
	struct rte_mbuf *frames[SCENE_ROUND];
	uint64_t cursor = 0;
	struct lns_session_info info;
	unsigned n = 0, sent = 0;

	w->scene.relayed = w->scene.others = 0;
	while (lns_next_session(w->server.lns, &cursor, lns_session_places(w->server.lns), &info)) {
		if (dp_session_get(w->scene.dp, info.slot, &s) != 0)
			return -1;
		if (before.open) {
			frames[n++] = scene_frame_from(&w->scene, &t, &s, &before.address);
			sent++;
		}
		if (n == SCENE_ROUND) {
			scene_pass(&w->scene, frames, n);
			n = 0;
		}
		before = s;
	}
	scene_pass(&w->scene, frames, n);
	if (sent + 1 == sessions && w->scene.relayed == sent && each_has_one(w, sessions))
		return 0;
	bench_progress(
		"of %u packets %llu were relayed", sent, (unsigned long long)w->scene.relayed);
	return -1;
}

static int
measure(const char *name, const char *each, unsigned in_tunnel)
{
	unsigned sessions =
		(unsigned)bench_sessions_at_most(bench_extent() == BENCH_WHOLE ? ALL : ALL / 50);
	static struct world w;
	double empty, full;
	struct bench_row row = {.sessions = sessions, .p10 = NAN, .goal = NAN};

	bench_progress("%s: %u sessions", name, sessions);
	if (world_create(&w, sessions) != 0)
		return -1;
	empty = resident_mib();
	if (set_up(&w, sessions, in_tunnel) != 0 || relay_all(&w, sessions) != 0)
		return -1;
	full = resident_mib();
	if (w.open != sessions || w.failed != 0) {
		bench_progress("%llu sessions are open, %llu were refused by the data path",
			(unsigned long long)w.open, (unsigned long long)w.failed);
		return -1;
	}
	snprintf(row.name, sizeof(row.name), "%s", name);
	row.value = full;
	row.goal = sessions == ALL ? GOAL_MIB : NAN;
	if (bench_wanted(name))
		bench_add(&row);
	snprintf(row.name, sizeof(row.name), "%s", each);
	row.value = (full - empty) * MIB / sessions;
	row.goal = NAN;
	if (bench_wanted(each))
		bench_add(&row);
	return 0;
}

int
bench_memory(void)
{
	return bench_wanted("memory") || bench_wanted("memory.session")
		       ? measure("memory", "memory.session", 1)
		       : 0;
}

int
bench_memory_lac(void)
{
	return bench_wanted("memory.lac") || bench_wanted("memory.lac.session")
		       ? measure("memory.lac", "memory.lac.session", TUNNEL_SESSIONS)
		       : 0;
}
