/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine: which CPUs, which memory, and what it says of itself. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include "bench.h"

enum { MEMORY_MIB = 192, PAGE_MIB = 2 };

static struct bench_machine machine;

const struct bench_machine *
bench_machine(void)
{
	return &machine;
}

/* The first line of a file that begins with `key` (NULL: any), from its value on. */
static void
read_line(const char *path, const char *key, char *out, size_t capacity)
{
	FILE *f = fopen(path, "r");
	char line[256];

	out[0] = '\0';
	while (f != NULL && out[0] == '\0' && fgets(line, sizeof(line), f) != NULL) {
		const char *value = line;

		if (key != NULL) {
			if (strncmp(line, key, strlen(key)) != 0)
				continue;
			value = strchr(line, ':') == NULL ? line : strchr(line, ':') + 1;
		}
		value += strspn(value, " \t");
		snprintf(out, capacity, "%.*s", (int)strcspn(value, "\n"), value);
	}
	if (f != NULL)
		fclose(f);
}

static unsigned long
free_hugepages(void)
{
	char text[32];

	read_line("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", NULL, text,
		sizeof(text));
	return strtoul(text, NULL, 10);
}

/* What the kernel does for memory that asks for it (madvise), as the data path's tables do. */
static void
look_at_transparent(void)
{
	char text[64], *from, *to;

	read_line("/sys/kernel/mm/transparent_hugepage/enabled", NULL, text, sizeof(text));
	from = strchr(text, '[');
	to = strchr(text, ']');
	if (from == NULL || to == NULL)
		snprintf(machine.transparent, sizeof(machine.transparent), "none");
	else
		snprintf(machine.transparent, sizeof(machine.transparent), "%.*s",
			(int)(to - from - 1), from + 1);
}

/* The last of the CPUs that we may use: the kernel's own work is mostly on the first. */
static void
choose_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		CPU_ZERO(&set);
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && machine.cpus.n < RTE_DIM(machine.cpus.cpu);
		cpu--)
		if (CPU_ISSET((size_t)cpu, &set))
			machine.cpus.cpu[machine.cpus.n++] = (uint16_t)cpu;
	machine.online = (unsigned)CPU_COUNT(&set);
}

/* One that waits for the one before. */
#define ADD(sum)                                  \
	do {                                      \
		(sum) += 3;                       \
		__asm__ volatile("" : "+r"(sum)); \
	} while (0)

/* On the CPU that is measured: a chain of additions takes a clock each. The best of many: others
 * may use the CPU, too. */
static void
look_at_clock(void)
{
	enum { ADDITIONS = 200000, TRIES = 100 };
	struct timespec from, to;
	uint64_t first = rte_rdtsc(), best = UINT64_MAX, sum = 0;
	cpu_set_t before, own;
	double seconds;

	CPU_ZERO(&own);
	CPU_SET(machine.cpus.cpu[0], &own);
	sched_getaffinity(0, sizeof(before), &before);
	sched_setaffinity(0, sizeof(own), &own);
	clock_gettime(CLOCK_MONOTONIC, &from);
	first = rte_rdtsc();
	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t begin = rte_rdtsc();

		for (unsigned k = 0; k < ADDITIONS; k += 8) {
			ADD(sum);
			ADD(sum);
			ADD(sum);
			ADD(sum);
			ADD(sum);
			ADD(sum);
			ADD(sum);
			ADD(sum);
		}
		best = RTE_MIN(best, rte_rdtsc() - begin);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	machine.tsc_ghz = (double)(rte_rdtsc() - first);
	sched_setaffinity(0, sizeof(before), &before);
	seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	machine.tsc_ghz /= seconds * 1e9;
	machine.clocks_per_cycle = (double)ADDITIONS / (double)best;
}

void
bench_look_at_machine(void)
{
	struct utsname u;

	choose_cpus();
	read_line("/proc/cpuinfo", "model name", machine.cpu, sizeof(machine.cpu));
	if (uname(&u) == 0)
		snprintf(machine.kernel, sizeof(machine.kernel), "%.40s %.40s", u.release,
			u.machine);
	snprintf(machine.dpdk, sizeof(machine.dpdk), "DPDK %s", BENCH_DPDK);
	/* where figures mean nothing it takes none that others need */
	machine.hugepages =
		bench_extent() != BENCH_BRIEF && free_hugepages() * PAGE_MIB >= MEMORY_MIB;
	look_at_transparent();
	if (getloadavg(&machine.load, 1) != 1)
		machine.load = 0;
	if (machine.cpus.n != 0)
		look_at_clock();
}

int
bench_eal(bool workers)
{
	const uint16_t *cpu = machine.cpus.cpu;
	char lcores[64], memory[16];
	char *args[] = {"bench", "--no-pci", "--no-telemetry", "--log-level=*:error", lcores, "-m",
		memory, machine.hugepages ? "--in-memory" : "--no-huge",
		machine.hugepages ? NULL : "--no-shconf", NULL};
	static bool up;
	int n = 0;

	if (up)
		return 0;
	snprintf(memory, sizeof(memory), "%d", MEMORY_MIB);
	if (machine.cpus.n < 2)
		snprintf(lcores, sizeof(lcores), "--lcores=0@%u", cpu[0]);
	else if (workers)
		snprintf(lcores, sizeof(lcores), "--lcores=0@(%u,%u),1@%u,2@%u", cpu[0], cpu[1],
			cpu[0], cpu[1]);
	else
		snprintf(lcores, sizeof(lcores), "--lcores=0@%u,1@%u", cpu[0], cpu[1]);
	while (args[n] != NULL)
		n++;
	up = rte_eal_init(n, args) >= 0;
	if (up)
		return 0;
	bench_progress("DPDK's EAL does not start: %s", rte_strerror(rte_errno));
	return -1;
}
