/* SPDX-License-Identifier: BSD-3-Clause */
/* What a tick of the control thread costs with a million timers armed. */
#include <math.h>
#include <stdlib.h>

#include <rte_cycles.h>

#include "base/time.h"
#include "base/wheel.h"
#include "bench.h"

enum { TIMERS = 1000000 };

static uint64_t
later(uint64_t now)
{
	return now + 20 * CV_NS_PER_S + bench_random() % (40 * CV_NS_PER_S);
}

/* Time goes on by a tick a step, and what fires is armed again, as echoes and HELLOs are. */
static uint64_t
tick(struct cv_wheel *wheel, uint64_t *now, unsigned steps)
{
	uint64_t fired = 0;
	struct cv_timer *t;

	for (unsigned i = 0; i < steps; i++) {
		*now += CV_WHEEL_TICK_NS;
		while ((t = cv_wheel_pop(wheel, *now)) != NULL) {
			cv_wheel_arm(wheel, t, later(*now));
			fired++;
		}
	}
	return fired;
}

int
bench_timers(void)
{
	static const unsigned steps[] = {
		[BENCH_BRIEF] = 1000, [BENCH_QUICK] = 10000, [BENCH_WHOLE] = 10000};
	static struct cv_wheel wheel;
	struct cv_timer *timers = calloc(TIMERS, sizeof(timers[0]));
	unsigned n = steps[bench_extent()];
	uint64_t now = CV_NS_PER_S, fired, begin, cycles;

	if (timers == NULL)
		return -1;
	bench_progress("timers");
	cv_wheel_init(&wheel, now);
	for (unsigned i = 0; i < TIMERS; i++)
		cv_wheel_arm(&wheel, &timers[i], later(now));
	tick(&wheel, &now, 6000); /* until some fire: the first are due after 20 s */
	begin = rte_rdtsc_precise();
	fired = tick(&wheel, &now, n);
	cycles = rte_rdtsc_precise() - begin;
	free(timers);
	if (bench_wanted("timers.tick"))
		bench_add(&(struct bench_row){.name = "timers.tick",
			.sessions = TIMERS,
			.value = (double)cycles / n,
			.p10 = NAN,
			.goal = NAN});
	if (bench_wanted("timers.fire"))
		bench_add(&(struct bench_row){.name = "timers.fire",
			.sessions = TIMERS,
			.value = (double)cycles / (double)(fired == 0 ? 1 : fired),
			.p10 = NAN,
			.goal = NAN});
	return 0;
}
