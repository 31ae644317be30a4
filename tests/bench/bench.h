/* SPDX-License-Identifier: BSD-3-Clause */
/* Measurements in one process without a NIC: rows of cycles, rates and bytes. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_ROWS = 64, BENCH_SAMPLES = 31 };

struct bench_row {
	char name[48];
	uint64_t sessions; /* 0: does not matter */
	double value;
	char unit[24];
	char ratio_to[48]; /* name of the row that it is set against; "" none */
	double ratio;
};

/* Adds a row. ratio_to: an earlier row's name with any number of sessions, or NULL. */
void bench_add(
	const char *name, uint64_t sessions, double value, const char *unit, const char *ratio_to);
/* The median of n samples, which are sorted. */
double bench_median(double *samples, size_t n);
/* A line for people on stderr while work goes on. */
void bench_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* xorshift: the same in each run. */
uint64_t bench_random(void);

/* datapath.c: cycles a packet, whole and by stage, beside macswap. 0, or -1 after a message. */
int bench_datapath(bool quick);
/* control.c: set-ups a second, memory a session, timers. */
int bench_control(bool quick);

#endif
