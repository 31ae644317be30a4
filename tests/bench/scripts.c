/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What scripts measure, which say a line for each row. client.sh: the client for Linux, in
 * namespaces and in a User-Mode Linux guest, beside kernel L2TP and xl2tpd's user-space mode.
 * load.sh: calls and sessions that culvert-load has with culvertd, two programs on two CPUs.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum {
	MTU = 1400,
	HELD = 100000, /* sessions */
	HELD_MOST = 1000000,
};

#define GIGABIT 1000.0 /* in Mbit/s */

/* Calls with a tunnel each, and sessions that are held. */
static unsigned
load_calls(void)
{
	return bench_extent() == BENCH_WHOLE ? 50000 : 20000;
}

static unsigned
load_sessions(void)
{
	uint64_t asked = bench_sessions_asked();

	if (asked > HELD)
		return (unsigned)(asked < HELD_MOST ? asked : HELD_MOST);
	return (unsigned)bench_sessions_at_most(bench_extent() == BENCH_WHOLE ? HELD : 20000);
}

static const char *const client_names[] = {"client.up", "client.down", "client.kernel.up",
	"client.kernel.down", "client.xl2tpd.up", "client.xl2tpd.down", "client.native.up",
	"client.native.down", "client.thread.up", "client.thread.down", "client.packet.up",
	"client.packet.down"};
static const char *const load_names[] = {"load.calls", "load.up", "load.held", "load.memory"};

enum {
	CLIENT_NAMES = sizeof(client_names) / sizeof(client_names[0]),
	LOAD_NAMES = sizeof(load_names) / sizeof(load_names[0]),
};

static bool
begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* What a row of client.sh is measured against. */
static void
compare_client(struct bench_row *row)
{
	const char *name = row->name;
	bool native = begins(name, "client.native.") || begins(name, "client.thread.") ||
		      begins(name, "client.packet.");

	row->frame_bytes = MTU;
	if (begins(name, "client.thread."))
		row->goal = GIGABIT;
	if (!native && !begins(name, "client.kernel."))
		snprintf(row->limit_of, sizeof(row->limit_of), "client.kernel.%s",
			strrchr(name, '.') + 1);
}

/* The goals of what is held are for as many sessions as the whole bench has. */
static void
compare_load(struct bench_row *row)
{
	static const double goals[LOAD_NAMES] = {10000, 20, 10, NAN};

	row->sessions = strcmp(row->name, "load.calls") == 0 ? load_calls() : load_sessions();
	for (unsigned i = 0; i < LOAD_NAMES; i++)
		if (strcmp(row->name, load_names[i]) == 0 && (i == 0 || row->sessions == HELD))
			row->goal = goals[i];
}

/* value NAN: why says why. */
static void
add(const char *name, double value, const char *why)
{
	struct bench_row row = {.value = value, .p10 = NAN, .goal = NAN};

	if (!bench_wanted(name))
		return;
	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.why, sizeof(row.why), "%s", why);
	if (begins(name, "client."))
		compare_client(&row);
	else
		compare_load(&row);
	bench_add(&row);
}

/* A line of the script: a row's name, and its value, or "-" and why there is none. */
static int
take(char *line)
{
	char *name = strtok(line, " \n"), *value = strtok(NULL, " \n"), *why, *end;
	double v;

	if (name == NULL || value == NULL || bench_kind(name) == NULL)
		return -1;
	why = strtok(NULL, "\n");
	v = strtod(value, &end);
	if (*end == '\0')
		add(name, v, "");
	else
		add(name, NAN, why == NULL ? "" : why);
	return 0;
}

static void __attribute__((noreturn)) become_client(void)
{
	const struct bench_cpus *cpus = &bench_machine()->cpus;
	bool whole = bench_extent() == BENCH_WHOLE;
	char mtu[16], measured[16] = "", others[16] = "";

	snprintf(mtu, sizeof(mtu), "%d", MTU);
	if (cpus->n > 1) {
		snprintf(measured, sizeof(measured), "%u", cpus->cpu[0]);
		snprintf(others, sizeof(others), "%u", cpus->cpu[1]);
	}
	execl(BENCH_CLIENT_SCRIPT, BENCH_CLIENT_SCRIPT, whole ? "3" : "1", whole ? "3" : "2", mtu,
		measured, others, (char *)NULL);
	_exit(127);
}

static void __attribute__((noreturn)) become_load(void)
{
	const struct bench_cpus *cpus = &bench_machine()->cpus;
	char calls[16], sessions[16], measured[16], others[16];

	snprintf(calls, sizeof(calls), "%u", load_calls());
	snprintf(sessions, sizeof(sessions), "%u", load_sessions());
	snprintf(measured, sizeof(measured), "%u", cpus->cpu[0]);
	snprintf(others, sizeof(others), "%u", cpus->cpu[1]);
	execl(BENCH_LOAD_SCRIPT, BENCH_LOAD_SCRIPT, calls, sessions,
		bench_extent() == BENCH_WHOLE ? "60" : "20", measured, others, (char *)NULL);
	_exit(127);
}

static void __attribute__((noreturn)) become_script(int out, bool client)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* it takes away what it has made */
	dup2(out, STDOUT_FILENO);
	setenv("CULVERTD", BENCH_CULVERTD, 1);
	setenv("CULVERTCTL", BENCH_CULVERTCTL, 1);
	setenv("CULVERT_CLIENT", BENCH_CULVERT_CLIENT, 1);
	setenv("CULVERT_LOAD", BENCH_CULVERT_LOAD, 1);
	if (client)
		become_client();
	become_load();
}

static int
run_script(bool client)
{
	int fds[2], status = -1, rc = 0;
	char line[256];
	FILE *f;
	pid_t pid;

	if (pipe(fds) != 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become_script(fds[1], client);
	close(fds[1]);
	f = fdopen(fds[0], "r");
	if (f == NULL || pid < 0)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL)
		if (take(line) != 0)
			rc = -1;
	fclose(f);
	waitpid(pid, &status, 0);
	return rc == 0 && status == 0 ? 0 : -1;
}

int
bench_client(void)
{
	if (bench_extent() != BENCH_BRIEF) {
		bench_progress("culvert-client, beside kernel L2TP and xl2tpd's user-space mode");
		return run_script(true);
	}
	for (unsigned i = 0; i < CLIENT_NAMES; i++)
		add(client_names[i], NAN, "not with --brief: it takes a guest");
	return 0;
}

int
bench_load(void)
{
	const char *why = bench_machine()->cpus.n < 2     ? "it takes two CPUs"
			  : bench_extent() == BENCH_BRIEF ? "not with --brief: it takes two minutes"
							  : NULL;

	if (why == NULL) {
		bench_progress("culvert-load and culvertd by memif");
		return run_script(false);
	}
	for (unsigned i = 0; i < LOAD_NAMES; i++)
		add(load_names[i], NAN, why);
	return 0;
}
