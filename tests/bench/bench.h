/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Measurements in one process without a NIC. Each section runs in a child of its own, so that none
 * has another's memory, caches or faults, and hands its rows back.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_NAME = 40, BENCH_MOST_ROWS = 512 };

/* How much is measured. */
enum bench_extent {
	BENCH_BRIEF, /* a few samples: whether it runs; figures mean nothing */
	BENCH_QUICK, /* a minute */
	BENCH_WHOLE, /* ten minutes */
};

struct bench_row {
	char name[BENCH_NAME];
	uint64_t sessions;    /* 0: does not matter */
	uint32_t frame_bytes; /* likewise */
	double value, p10;    /* NAN: there is none */
	double goal;          /* likewise */
	/* the yardstick's row, of as many sessions and bytes; "": none */
	char limit_of[BENCH_NAME];
	char why[96]; /* value NAN: why it could not be measured */
};

/* What a row is: all that there are, in rows.c. */
struct bench_kind {
	const char *name, *unit, *help;
};

/* The rows that a section has. */
struct bench_rows {
	size_t n;
	struct bench_row rows[BENCH_MOST_ROWS];
};

/* rows.c */
const struct bench_kind *bench_kind(const char *name); /* NULL: there is none */
const struct bench_kind *bench_kind_at(size_t index);  /* likewise */
/* A row that a section has measured; its name is one of the kinds. */
void bench_add(const struct bench_row *row);
/* The rows so far. */
struct bench_rows *bench_rows(void);
void bench_print_table(void);
void bench_print_json(void);

/* main.c */
enum bench_extent bench_extent(void);
/* Whether a row is to be measured, or any one of "name" and "name.*". */
bool bench_wanted(const char *name);
bool bench_wanted_any(const char *name);
/* What --sessions allows of a number of sessions. */
uint64_t bench_sessions_at_most(uint64_t sessions);
/* What it says; 0: it was not given. */
uint64_t bench_sessions_asked(void);
/* A line for people on stderr while work goes on. */
void bench_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* machine.c */
/* CPUs for lcores: the first is for what is measured. */
struct bench_cpus {
	unsigned n; /* at most 2 */
	uint16_t cpu[2];
};

struct bench_machine {
	char cpu[96], kernel[96], dpdk[64];
	struct bench_cpus cpus;
	unsigned online;
	double load; /* of the last minute, before the start */
	double tsc_ghz;
	double clocks_per_cycle; /* core clocks in a cycle of the time stamp counter */
	bool hugepages;
	char transparent[16]; /* of the kernel, for the tables */
};

const struct bench_machine *bench_machine(void);
void bench_look_at_machine(void);
/* The EAL for a section; once in its process, then nothing. workers: two lcores beside the main
 * one, which then floats; else lcore 0 (main) is on the first CPU, and lcore 1 on the second, if
 * there is one. */
int bench_eal(bool workers);

/* random.c */
uint64_t bench_random(void); /* xorshift: the same in each run */

/* Samples; what they hold is theirs. */
struct bench_samples {
	size_t n, room;
	double *at;
};
int bench_samples_new(struct bench_samples *s, size_t room);
void bench_samples_put(struct bench_samples *s, double value);
/* The value below which a share of them is, 0 to 1. Sorts them. */
double bench_quantile(struct bench_samples *s, double share);
void bench_samples_free(struct bench_samples *s);

/* Sections: 0, or -1 after a message. */
int bench_relay(void); /* cycles.c: relay, the limit, macswap */
int bench_mixes(void);
int bench_uplink(void);     /* likewise */
int bench_scan(void);       /* floods.c: what others feel of who tries all addresses */
int bench_floods(void);     /* likewise: what is dropped */
int bench_stun(void);       /* likewise: NAT discovery */
int bench_rebind(void);     /* likewise: packets of tunnels from elsewhere than their peers */
int bench_memif_one(void);  /* memif.c */
int bench_memif_many(void); /* likewise, with latency */
int bench_churn(void);      /* churn.c */
int bench_workers(void);    /* workers.c */
int bench_setup(void);      /* setup.c */
int bench_timers(void);     /* timers.c */
int bench_routes(void);     /* routes.c */
int bench_memory(void);     /* memory.c */
int bench_memory_lac(void); /* likewise */
int bench_client(void);     /* scripts.c */
int bench_load(void);       /* likewise */

#endif
