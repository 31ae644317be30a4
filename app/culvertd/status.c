/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl status and pools: how it is, and what is about to run out. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "commands.h"
#include "datapath/info.h"

enum {
	POOLS_SHOWN = 10, /* in status: the fullest */
};

static void
fill_pool(const struct daemon *d, size_t position, struct pool_row *row)
{
	const struct cfg_group *group = &d->cfg->groups[position];

	*row = (struct pool_row){.group = group->name, .realm = d->cfg->realms[group->realm].name};
	lns_pool_use(d->lns, group->id, &row->used, &row->of);
	(void)lns_prefix_use(d->lns, group->id, false, &row->used6, &row->of6);
	(void)lns_prefix_use(d->lns, group->id, true, &row->delegated, &row->of_delegated);
	row->used_percent = row->of == 0 ? 0.0 : 100.0 * (double)row->used / (double)row->of;
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
	for (size_t i = 0; i < n; i++) {
		struct pool_row row;

		fill_pool(d, top[i], &row);
		json_array_append_new(rows, view_row(&view_pools, &row));
	}
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
	uint64_t now = daemon_now();
	struct status_row row = {.version = CULVERT_VERSION,
		.host_name = d->cfg->identity.host_name,
		.log_level = cv_log_level_name(d->log.level),
		.pid = (uint32_t)getpid(),
		.uptime_s = command_seconds(now, d->started_at),
		.workers = dp_worker_count(d->dp),
		.shared_core = dp_shared(d->dp),
		.control_percent = control_percent(d, now),
		.longest_answer_us = control_server_longest_ns(d->control) / CV_NS_PER_US};
	json_t *answer;

	(void)arguments;
	(void)error;
	lns_status(d->lns, &row.s);
	dp_setup_info(d->dp, &row.setup);
	answer = view_row(&view_status, &row);
	json_object_set_new(answer, "limits", command_limits(d, &row.s, &row.setup));
	json_object_set_new(answer, "pools", fullest_json(d));
	return answer;
}

static bool
next_pool(struct daemon *d, struct page *page, void *row)
{
	size_t position = (size_t)page->cursor++;

	if (position < d->cfg->n_groups) {
		fill_pool(d, position, row);
		return true;
	}
	page->cursor = 0;
	return false;
}

json_t *
cmd_pools(struct daemon *d, json_t *arguments, struct control_error *error)
{
	return command_page(d, arguments, &view_pools, next_pool, error);
}
