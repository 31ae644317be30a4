/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl status and pools: how it is, and what is about to run out. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "commands.h"

enum {
	NEAR_PERCENT = 80, /* of a limit: worth to be said */
	POOLS_SHOWN = 10,  /* in status: the fullest */
};

static bool
near(uint64_t used, uint64_t of)
{
	return of != 0 && used * 100 >= of * NEAR_PERCENT;
}

static json_t *
limit_json(const char *name, int64_t used, uint64_t of, uint64_t hit)
{
	return json_pack("{s:s, s:o, s:I, s:I, s:b}", "limit", name, "used",
		used < 0 ? json_null() : json_integer(used), "of", (json_int_t)of, "hit",
		(json_int_t)hit, "near_or_hit",
		hit != 0 || (used >= 0 && near((uint64_t)used, of)));
}

/* used: what counts against the limit now; null where it is one for each peer, tunnel, second. */
static json_t *
limits_json(const struct daemon *d, const struct lns_status *s, const struct dp_setup_info *setup)
{
	const struct cfg_limits *l = &d->cfg->limits;
	const uint64_t *hit = s->counters;
	json_t *rows = json_array();

	json_array_append_new(
		rows, limit_json("tunnels", s->tunnels, l->tunnels, hit[LNS_LIMIT_TUNNELS]));
	json_array_append_new(
		rows, limit_json("tunnels-per-peer", -1, l->tunnels_per_peer, hit[LNS_LIMIT_PEER]));
	json_array_append_new(rows,
		limit_json("half-open", s->half_open, l->half_open, hit[LNS_LIMIT_HALF_OPEN]));
	json_array_append_new(rows,
		limit_json("setups-per-second", -1, l->setups_per_second, hit[LNS_LIMIT_RATE]));
	json_array_append_new(
		rows, limit_json("sessions", s->sessions, l->sessions, hit[LNS_LIMIT_SESSIONS]));
	json_array_append_new(rows, limit_json("sessions-per-tunnel", -1, l->sessions_per_tunnel,
					    hit[LNS_LIMIT_TUNNEL_SESSIONS]));
	json_array_append_new(rows,
		limit_json("packet-buffers", setup->mbufs - setup->mbufs_free, setup->mbufs, 0));
	return rows;
}

static json_t *
pool_json(const struct daemon *d, size_t position)
{
	const struct cfg_group *group = &d->cfg->groups[position];
	uint64_t used = 0, size = 0;

	lns_pool_use(d->lns, group->id, &used, &size);
	return json_pack("{s:s, s:s, s:I, s:I, s:f}", "group", group->name, "realm",
		d->cfg->realms[group->realm].name, "used", (json_int_t)used, "of", (json_int_t)size,
		"used_percent", size == 0 ? 0.0 : 100.0 * (double)used / (double)size);
}

/* Whether the group at position a is fuller than b's: by share, of the same by number. */
static bool
fuller(const struct daemon *d, size_t a, size_t b)
{
	uint64_t used[2] = {0}, size[2] = {0};

	lns_pool_use(d->lns, d->cfg->groups[a].id, &used[0], &size[0]);
	lns_pool_use(d->lns, d->cfg->groups[b].id, &used[1], &size[1]);
	/* at most 2^32 addresses, of which sessions use 2^22: no overflow */
	return used[0] * (size[1] + 1) > used[1] * (size[0] + 1);
}

/* The fullest pools, the fullest first. */
static json_t *
fullest_json(const struct daemon *d)
{
	size_t top[POOLS_SHOWN], n = 0;
	json_t *rows = json_array();

	for (size_t g = 0; g < d->cfg->n_groups; g++) {
		size_t at = n < POOLS_SHOWN ? n++ : POOLS_SHOWN;

		for (; at > 0 && fuller(d, g, top[at - 1]); at--)
			if (at < POOLS_SHOWN)
				top[at] = top[at - 1];
		if (at < POOLS_SHOWN)
			top[at] = g;
	}
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, pool_json(d, top[i]));
	return rows;
}

/* The control thread's share of a CPU since it was asked last, or since the start. Where it shares
 * its core with the worker, that one's work is in it. */
static double
control_percent(struct daemon *d, uint64_t now)
{
	struct rusage usage;
	uint64_t cpu, since = d->load_at == 0 ? d->started_at : d->load_at;
	double percent;

	if (now - since < CV_NS_PER_S / 10 || getrusage(RUSAGE_THREAD, &usage) != 0)
		return d->load_percent; /* too short to say anything */
	cpu = ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * CV_NS_PER_S +
	      ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * CV_NS_PER_US;
	percent = 100.0 * (double)(cpu - d->load_cpu) / (double)(now - since);
	d->load_at = now;
	d->load_cpu = cpu;
	d->load_percent = percent < 100.0 ? percent : 100.0;
	return d->load_percent;
}

json_t *
cmd_status(struct daemon *d, json_t *arguments, struct control_error *error)
{
	struct dp_setup_info setup;
	struct lns_status s;
	uint64_t now = daemon_now();

	(void)arguments;
	(void)error;
	lns_status(d->lns, &s);
	dp_setup_info(d->dp, &setup);
	return json_pack(
		"{s:s, s:s, s:i, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:f, s:I, s:b, s:I, "
		"s:I, s:I, s:o, s:I, s:o}",
		"version", CULVERT_VERSION, "host_name", d->cfg->identity.host_name, "pid",
		(int)getpid(), "uptime_s", command_seconds(now, d->started_at), "log_level",
		cv_log_level_name(d->log.level), "tunnels", (json_int_t)s.tunnels, "ended_tunnels",
		(json_int_t)s.ended, "half_open_tunnels", (json_int_t)s.half_open, "sessions",
		(json_int_t)s.sessions, "open_sessions", (json_int_t)s.open_sessions, "workers",
		(json_int_t)dp_worker_count(d->dp), "shared_core", dp_shared(d->dp),
		"control_percent", control_percent(d, now), "longest_answer_us",
		(json_int_t)(control_server_longest_ns(d->control) / CV_NS_PER_US), "hugepages",
		setup.hugepages, "packet_buffers", (json_int_t)setup.mbufs, "free_packet_buffers",
		(json_int_t)setup.mbufs_free, "table_bytes", (json_int_t)setup.table_bytes,
		"limits", limits_json(d, &s, &setup), "pool_exhausted",
		(json_int_t)s.counters[LNS_POOL_EXHAUSTED], "pools", fullest_json(d));
}

json_t *
cmd_pools(struct daemon *d, json_t *arguments, struct control_error *error)
{
	uint64_t g = command_cursor(arguments);
	json_t *rows = json_array();

	(void)error;
	while (g < d->cfg->n_groups && json_array_size(rows) < CONTROL_PAGE)
		json_array_append_new(rows, pool_json(d, g++));
	return command_page(rows, g < d->cfg->n_groups ? g : 0);
}
