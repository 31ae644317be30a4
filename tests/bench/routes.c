/* SPDX-License-Identifier: BSD-3-Clause */
/* What a look-up among few routes costs, and among a million. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>

#include "bench.h"
#include "datapath/dp.h"
#include "datapath/lpm.h"
#include "datapath/table/sessions.h"

enum { STAMP = 256 }; /* look-ups a time stamp */

/* As long as those of the Internet are. */
static struct cv_prefix
draw(void)
{
	uint64_t drawn = bench_random(), of_100 = (drawn >> 32) % 100, more = drawn >> 40 & 7;
	unsigned length = (unsigned)(of_100 < 60 ? 24 : of_100 < 95 ? 16 + more : 25 + more);

	return (struct cv_prefix){.ip = cv_ipv4((uint32_t)drawn & UINT32_MAX << (32 - length)),
		.length = (uint8_t)length};
}

static int
fill(struct dp *dp, struct dp_lpm *t, uint32_t *addresses, uint32_t count)
{
	while (t->count < count) {
		struct cv_prefix p = draw();
		uint32_t at = t->count;

		if (dp_lpm_set(dp, t, &p, at + 1) != 0)
			return -1;
		addresses[at] = rte_cpu_to_be_32(cv_ipv4_value(&p.ip));
		if (t->count % 1024 == 0)
			dp_graces_poll(dp);
	}
	return 0;
}

/* Of addresses in routes, in no order. */
static int
look_up(const struct dp_lpm *t, const uint32_t *addresses, const char *name)
{
	static const unsigned stamps[] = {
		[BENCH_BRIEF] = 100, [BENCH_QUICK] = 4000, [BENCH_WHOLE] = 20000};
	unsigned n = stamps[bench_extent()], found = 0;
	uint32_t asked[STAMP];
	struct bench_row row = {.goal = NAN};
	struct bench_samples s;

	if (bench_samples_new(&s, n) != 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		uint64_t begin;

		for (unsigned k = 0; k < STAMP; k++)
			asked[k] = addresses[bench_random() % t->count];
		begin = rte_rdtsc_precise();
		for (unsigned k = 0; k < STAMP; k++)
			found += dp_lpm_find4(t, asked[k]) != 0;
		bench_samples_put(&s, (double)(rte_rdtsc_precise() - begin) / STAMP);
	}
	row.value = bench_quantile(&s, 0.5);
	row.p10 = bench_quantile(&s, 0.1);
	snprintf(row.name, sizeof(row.name), "%s", name);
	bench_add(&row);
	bench_samples_free(&s);
	return found == n * STAMP ? 0 : -1;
}

static int
measure(const char *name, uint32_t count)
{
	struct dp *dp = calloc(1, sizeof(*dp)); /* as much of one as a table needs */
	uint32_t *addresses = calloc(count, sizeof(addresses[0]));
	struct dp_lpm t = {0};
	int rc = -1;

	if (dp != NULL && addresses != NULL) {
		bench_progress("%s", name);
		dp->waiting.first = dp->waiting.last = DP_NO_SLOT;
		rc = fill(dp, &t, addresses, count);
		if (rc == 0)
			rc = look_up(&t, addresses, name);
		dp_lpm_free(dp, &t);
		dp_graces_poll(dp);
	}
	free(addresses);
	free(dp);
	return rc;
}

int
bench_routes(void)
{
	uint32_t many = bench_extent() == BENCH_BRIEF ? 20000 : 1000000;

	if (bench_wanted("lookup.routes10") && measure("lookup.routes10", 10) != 0)
		return -1;
	return bench_wanted("lookup.routes1m") ? measure("lookup.routes1m", many) : 0;
}
