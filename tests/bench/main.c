/* SPDX-License-Identifier: BSD-3-Clause */
/* bench: runs the measurements, each section in a child, and prints a table, or JSON for programs.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static const struct section {
	const char *names[4]; /* its rows are these, or begin with one of them and a dot */
	int (*run)(void);
} sections[] = {
	{{"relay", "limit", "macswap"}, bench_relay},
	{{"relay", "switch"}, bench_mixes},
	{{"uplink", "decap", "encap"}, bench_uplink},
	{{"uplink", "relay"}, bench_scan},
	{{"flood"}, bench_floods},
	{{"stun"}, bench_stun},
	{{"rebind"}, bench_rebind},
	{{"workers"}, bench_workers},
	{{"churn"}, bench_churn},
	{{"relay.memif", "macswap.memif"}, bench_memif_one},
	{{"relay.memif", "macswap.memif", "latency"}, bench_memif_many},
	{{"setup"}, bench_setup},
	{{"memory"}, bench_memory},
	{{"memory.lac"}, bench_memory_lac},
	{{"timers"}, bench_timers},
	{{"lookup"}, bench_routes},
	{{"client"}, bench_client},
	{{"load"}, bench_load},
};

enum { MOST_ONLY = 32, SECTIONS = sizeof(sections) / sizeof(sections[0]) };

static struct {
	bool json;
	enum bench_extent extent;
	uint64_t sessions;
	unsigned n_only;
	char *only[MOST_ONLY];
} options = {.extent = BENCH_WHOLE, .sessions = UINT64_MAX};

static const char help[] =
	"NAME\n"
	"    bench - what Culvert costs: cycles, packets and set-ups a second, memory\n"
	"\n"
	"SYNOPSIS\n"
	"    bench [--quick | --brief] [--only NAME]... [--sessions N] [--json]\n"
	"    bench --list\n"
	"\n"
	"DESCRIPTION\n"
	"    Measures without a NIC. Frames go round in 8,192 buffers, first in, first out; 256 "
	"of\n"
	"    them a time stamp, and a row is the median of all stamps (p10: a tenth was below).\n"
	"    Cycles are of the time stamp counter. `limit` is a loop that makes the same checks "
	"and\n"
	"    nothing else, in the same run; `goal` is what is to be reached, with hugepages.\n"
	"    What comes out is looked at: a packet for the wrong session is an error.\n"
	"\n"
	"    The last of the CPUs that it may use is for what is measured, the one before for "
	"what\n"
	"    feeds it (taskset chooses others). Buffers are in hugepages where enough are free\n"
	"    (`./dpdk-setup.sh hugepages`); the head of the table says whether.\n"
	"\n"
	"OPTIONS\n"
	"    --quick       fewer samples: two minutes at most, not ten; memory of fewer sessions\n"
	"    --brief       a few samples and sessions: that it runs, the figures mean nothing\n"
	"    --only NAME   this row, or NAME.* where NAME ends in a dot; may be given again\n"
	"    --sessions N  at most N sessions; load.* has so many, up to a million\n"
	"    --json        one object: machine, and rows with name, sessions, frame_bytes, value,\n"
	"                  unit, goal, limit; p10 is a row of its own, NAME.p10\n"
	"    --list        what rows there are\n"
	"    --help        print this text\n"
	"\n"
	"EXIT STATUS\n"
	"    0  all was measured, or needs what this machine lacks: then the value is null\n"
	"    1  something failed; the lines above say what\n"
	"    2  wrong usage\n";

enum bench_extent
bench_extent(void)
{
	return options.extent;
}

uint64_t
bench_sessions_at_most(uint64_t sessions)
{
	uint64_t most = options.extent == BENCH_BRIEF ? 1000 : UINT64_MAX;

	if (options.sessions < most)
		most = options.sessions;
	return sessions < most ? sessions : most;
}

uint64_t
bench_sessions_asked(void)
{
	return options.sessions == UINT64_MAX ? 0 : options.sessions;
}

/* NAME., for all that begins so, or a row's whole name. */
static bool
matches(const char *only, const char *name)
{
	size_t len = strlen(only);

	return len != 0 && only[len - 1] == '.' ? strncmp(only, name, len) == 0
						: strcmp(only, name) == 0;
}

bool
bench_wanted(const char *name)
{
	for (unsigned i = 0; i < options.n_only; i++)
		if (matches(options.only[i], name))
			return true;
	return options.n_only == 0;
}

bool
bench_wanted_any(const char *name)
{
	const struct bench_kind *kind;
	size_t len = strlen(name);

	for (size_t i = 0; (kind = bench_kind_at(i)) != NULL; i++)
		if (strncmp(kind->name, name, len) == 0 &&
			(kind->name[len] == '\0' || kind->name[len] == '.') &&
			bench_wanted(kind->name))
			return true;
	return false;
}

void
bench_progress(const char *fmt, ...)
{
	static struct timespec start;
	struct timespec now;
	va_list args;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (start.tv_sec == 0)
		start = now;
	fprintf(stderr, "[%3llds] ", (long long)(now.tv_sec - start.tv_sec));
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

static bool
write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len != 0) {
		ssize_t n = write(fd, at, len);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
read_all(int fd, void *data, size_t len)
{
	char *at = data;

	while (len != 0) {
		ssize_t n = read(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* Where it may: what else runs is not what is measured. A session of its own has a share of the CPU
 * of its own (sched(7), autogroup), which is where nice counts. */
static void
come_first(void)
{
	FILE *f;

	(void)setsid();
	(void)setpriority(PRIO_PROCESS, 0, -20);
	f = fopen("/proc/self/autogroup", "w");
	if (f == NULL)
		return;
	fputs("-20", f);
	fclose(f);
}

/* In the child: the rows, and then whether all went well. */
static void __attribute__((noreturn)) run_child(const struct section *s, int fd)
{
	struct bench_rows *rows = bench_rows();
	int rc;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (options.extent != BENCH_BRIEF)
		come_first();
	rows->n = 0;
	rc = s->run();
	if (!write_all(fd, &rows->n, sizeof(rows->n)) ||
		!write_all(fd, rows->rows, rows->n * sizeof(rows->rows[0])))
		rc = -1;
	_exit(rc == 0 ? 0 : 1);
}

static int
run_section(const struct section *s)
{
	struct bench_rows *rows = bench_rows();
	int fds[2], status = -1;
	size_t n = 0;
	bool got;
	pid_t pid;

	if (pipe(fds) != 0)
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		run_child(s, fds[1]);
	}
	close(fds[1]);
	got = pid > 0 && read_all(fds[0], &n, sizeof(n)) && n <= BENCH_MOST_ROWS - rows->n &&
	      read_all(fds[0], &rows->rows[rows->n], n * sizeof(rows->rows[0]));
	if (got)
		rows->n += n;
	close(fds[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (got && status == 0)
		return 0;
	if (WIFSIGNALED(status))
		bench_progress("a section died: %s: %s", s->names[0], strsignal(WTERMSIG(status)));
	else
		bench_progress("a section failed: %s", s->names[0]);
	return -1;
}

static bool
section_wanted(const struct section *s)
{
	for (size_t i = 0; i < sizeof(s->names) / sizeof(s->names[0]) && s->names[i] != NULL; i++)
		if (bench_wanted_any(s->names[i]))
			return true;
	return false;
}

static int
usage_error(const char *fmt, const char *what)
{
	fputs("bench: ", stderr);
	fprintf(stderr, fmt, what);
	fputs("\nTry 'bench --help'.\n", stderr);
	return 2;
}

/* 0, or the exit code and one more. */
static int
take_option(int option)
{
	char *end = NULL;

	switch (option) {
	case 'j':
		options.json = true;
		return 0;
	case 'q':
		options.extent = BENCH_QUICK;
		return 0;
	case 'b':
		options.extent = BENCH_BRIEF;
		return 0;
	case 'o':
		if (options.n_only == MOST_ONLY)
			return usage_error("too many --only: %s", optarg) + 1;
		options.only[options.n_only++] = optarg;
		return 0;
	case 's':
		errno = 0;
		options.sessions = strtoull(optarg, &end, 10);
		if (errno != 0 || *end != '\0' || optarg[0] < '0' || optarg[0] > '9' ||
			options.sessions == 0)
			return usage_error("--sessions: a number from 1 on, not '%s'", optarg) + 1;
		return 0;
	case 'l':
		for (size_t i = 0; bench_kind_at(i) != NULL; i++)
			printf("%-18s %-14s %s\n", bench_kind_at(i)->name, bench_kind_at(i)->unit,
				bench_kind_at(i)->help);
		return 1;
	case 'h':
		fputs(help, stdout);
		return 1;
	default:
		fputs("Try 'bench --help'.\n", stderr);
		return 3;
	}
}

static int
parse(int argc, char **argv)
{
	static const struct option known[] = {
		{"json", no_argument, NULL, 'j'},
		{"quick", no_argument, NULL, 'q'},
		{"brief", no_argument, NULL, 'b'},
		{"only", required_argument, NULL, 'o'},
		{"sessions", required_argument, NULL, 's'},
		{"list", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option, rc;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if ((rc = take_option(option)) != 0)
			return rc;
	if (optind != argc)
		return usage_error("unexpected '%s'", argv[optind]) + 1;
	for (unsigned i = 0; i < options.n_only; i++) {
		bool found = false;

		for (size_t k = 0; bench_kind_at(k) != NULL; k++)
			found |= matches(options.only[i], bench_kind_at(k)->name);
		if (!found)
			return usage_error("no row '%s' (bench --list)", options.only[i]) + 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	int rc = parse(argc, argv);

	if (rc != 0)
		return rc - 1;
	bench_look_at_machine();
	if (bench_machine()->cpus.n == 0) {
		bench_progress("no CPU may be used");
		return 1;
	}
	if (!bench_machine()->hugepages)
		bench_progress("no hugepages: ./dpdk-setup.sh hugepages");
	for (size_t i = 0; i < SECTIONS; i++)
		if (section_wanted(&sections[i]) && run_section(&sections[i]) != 0)
			rc = 1;
	if (options.json)
		bench_print_json();
	else
		bench_print_table();
	return rc;
}
