/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers that look random, and what many of them come to. */
#include <math.h>
#include <stdlib.h>

#include "bench.h"

uint64_t
bench_random(void)
{
	static _Thread_local uint64_t x = UINT64_C(0x9e3779b97f4a7c15);

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

int
bench_samples_new(struct bench_samples *s, size_t room)
{
	*s = (struct bench_samples){.room = room, .at = malloc(room * sizeof(double))};
	return s->at == NULL ? -1 : 0;
}

void
bench_samples_put(struct bench_samples *s, double value)
{
	if (s->n < s->room)
		s->at[s->n++] = value;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
bench_quantile(struct bench_samples *s, double share)
{
	size_t at = (size_t)(share * (double)s->n);

	if (s->n == 0)
		return NAN;
	qsort(s->at, s->n, sizeof(s->at[0]), compare);
	return s->at[at < s->n ? at : s->n - 1];
}

void
bench_samples_free(struct bench_samples *s)
{
	free(s->at);
	*s = (struct bench_samples){0};
}
