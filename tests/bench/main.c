/* SPDX-License-Identifier: BSD-3-Clause */
/* bench: runs the measurements and prints a table, or JSON for programs. */
#include "bench.h"

#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bench_row rows[BENCH_ROWS];
static size_t n_rows;

static const char help[] =
	"NAME\n"
	"    bench - cycles a packet, set-ups a second and memory of Culvert\n"
	"\n"
	"SYNOPSIS\n"
	"    bench [--json] [--quick]\n"
	"\n"
	"DESCRIPTION\n"
	"    Measures in one process, without a NIC: frames of 124 bytes come out of a ring, go\n"
	"    through the whole data path and into a ring; only that is timed. Each figure is the\n"
	"    median of 31 samples after a warm-up. Cycles are of the time stamp counter. Ratios "
	"are\n"
	"    to DPDK's rings with the MAC addresses swapped, in the same run.\n"
	"\n"
	"OPTIONS\n"
	"    --json    rows as JSON: name, sessions, value, unit, ratio_to, ratio\n"
	"    --quick   fewer packets and at most 60,000 sessions\n"
	"    --help    print this text\n";

void
bench_add(const char *name, uint64_t sessions, double value, const char *unit, const char *ratio_to)
{
	struct bench_row *row = &rows[n_rows];

	if (n_rows == BENCH_ROWS)
		abort();
	*row = (struct bench_row){.sessions = sessions, .value = value};
	snprintf(row->name, sizeof(row->name), "%s", name);
	snprintf(row->unit, sizeof(row->unit), "%s", unit);
	for (size_t i = 0; ratio_to != NULL && i < n_rows; i++) {
		if (strcmp(rows[i].name, ratio_to) != 0)
			continue;
		snprintf(row->ratio_to, sizeof(row->ratio_to), "%s", ratio_to);
		row->ratio = value / rows[i].value;
		break;
	}
	n_rows++;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
bench_median(double *samples, size_t n)
{
	qsort(samples, n, sizeof(samples[0]), compare);
	return samples[n / 2];
}

void
bench_progress(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

uint64_t
bench_random(void)
{
	static uint64_t x = UINT64_C(0x9e3779b97f4a7c15);

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static void
print_table(void)
{
	printf("%-28s %10s %12s %-16s %s\n", "name", "sessions", "value", "unit", "ratio");
	for (size_t i = 0; i < n_rows; i++) {
		const struct bench_row *r = &rows[i];

		printf("%-28s ", r->name);
		if (r->sessions == 0)
			printf("%10s ", "-");
		else
			printf("%10llu ", (unsigned long long)r->sessions);
		printf("%12.1f %-16s", r->value, r->unit);
		if (r->ratio_to[0] != '\0')
			printf(" %.2f x %s", r->ratio, r->ratio_to);
		putchar('\n');
	}
}

static void
print_json(void)
{
	json_t *list = json_array(), *root = json_pack("{s:o}", "rows", list);

	for (size_t i = 0; i < n_rows; i++) {
		const struct bench_row *r = &rows[i];
		json_t *row = json_pack("{s:s, s:I, s:f, s:s}", "name", r->name, "sessions",
			(json_int_t)r->sessions, "value", r->value, "unit", r->unit);

		bool set = r->ratio_to[0] != '\0';

		json_object_set_new(row, "ratio_to", set ? json_string(r->ratio_to) : json_null());
		json_object_set_new(row, "ratio", set ? json_real(r->ratio) : json_null());
		json_array_append_new(list, row);
	}
	json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(root);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"quick", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool json = false, quick = false;
	int option;

	while ((option = getopt_long(argc, argv, "jqh", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			json = true;
			break;
		case 'q':
			quick = true;
			break;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			fputs("usage: bench [--json] [--quick]\n", stderr);
			return 2;
		}
	}
	if (bench_datapath(quick) != 0 || bench_control(quick) != 0)
		return 1;
	if (json)
		print_json();
	else
		print_table();
	return 0;
}
