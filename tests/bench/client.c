/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client for Linux, which has no DPDK: client.sh measures it in namespaces and in a User-Mode
 * Linux guest, beside kernel L2TP and xl2tpd's user-space mode, and says a line for each row.
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

enum { MTU = 1400 };

#define GIGABIT 1000.0 /* in Mbit/s */

static const char *const names[] = {"client.up", "client.down", "client.kernel.up",
	"client.kernel.down", "client.xl2tpd.up", "client.xl2tpd.down", "client.native.up",
	"client.native.down", "client.thread.up", "client.thread.down", "client.packet.up",
	"client.packet.down"};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

static bool
begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* value NAN: why says why. */
static void
add(const char *name, double value, const char *why)
{
	struct bench_row row = {.frame_bytes = MTU, .value = value, .p10 = NAN, .goal = NAN};
	bool native = begins(name, "client.native.") || begins(name, "client.thread.") ||
		      begins(name, "client.packet.");

	if (!bench_wanted(name))
		return;
	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.why, sizeof(row.why), "%s", why);
	if (begins(name, "client.thread."))
		row.goal = GIGABIT;
	if (!native && !begins(name, "client.kernel."))
		snprintf(row.limit_of, sizeof(row.limit_of), "client.kernel.%s",
			strrchr(name, '.') + 1);
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

static void __attribute__((noreturn)) become_script(int out)
{
	const struct bench_cpus *cpus = &bench_machine()->cpus;
	bool whole = bench_extent() == BENCH_WHOLE;
	char mtu[16], measured[16] = "", others[16] = "";

	prctl(PR_SET_PDEATHSIG, SIGTERM); /* it takes away what it has made */
	dup2(out, STDOUT_FILENO);
	snprintf(mtu, sizeof(mtu), "%d", MTU);
	if (cpus->n > 1) {
		snprintf(measured, sizeof(measured), "%u", cpus->cpu[0]);
		snprintf(others, sizeof(others), "%u", cpus->cpu[1]);
	}
	setenv("CULVERTD", BENCH_CULVERTD, 1);
	setenv("CULVERTCTL", BENCH_CULVERTCTL, 1);
	setenv("CULVERT_CLIENT", BENCH_CULVERT_CLIENT, 1);
	execl(BENCH_CLIENT_SCRIPT, BENCH_CLIENT_SCRIPT, whole ? "3" : "1", whole ? "3" : "2", mtu,
		measured, others, (char *)NULL);
	_exit(127);
}

static int
run_script(void)
{
	int fds[2], status = -1, rc = 0;
	char line[256];
	FILE *f;
	pid_t pid;

	if (pipe(fds) != 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become_script(fds[1]);
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
		return run_script();
	}
	for (unsigned i = 0; i < NAMES; i++)
		add(names[i], NAN, "not with --brief: it takes a guest");
	return 0;
}
