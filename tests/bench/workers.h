/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two parts of the measurement of two workers share. */
#ifndef BENCH_WORKERS_H
#define BENCH_WORKERS_H

#include "traffic.h"

enum { WORKERS_FRAME = 124, WORKERS_SESSIONS = 60000 };

/* workers_limit.c: how much more both CPUs do of the limit's loop than one; the EAL is up, for
 * workers. 0, or -1. */
int workers_limit(const struct population *p, unsigned rounds, double *ratio);

#endif
