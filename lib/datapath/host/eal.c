/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's environment: which memory, which CPUs, which devices. What was decided is logged. */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>

#include "datapath/dp.h"
#include "datapath/host/host.h"

enum {
	ARGS_MAX = 2 * DP_MAX_PORTS + 16,
	ARG_BYTES = 8192, /* a list of all CPUs fits */
	MEMORY_MIB_MIN = 256,
	MEMORY_MIB_BESIDE = 96, /* rings, the drivers' own, what the EAL wastes */
};

struct args {
	int n;
	char *v[ARGS_MAX];
	char text[ARGS_MAX][ARG_BYTES];
};

static void __attribute__((format(printf, 2, 3))) add(struct args *a, const char *fmt, ...)
{
	va_list list;

	if (a->n >= ARGS_MAX - 1)
		return;
	va_start(list, fmt);
	vsnprintf(a->text[a->n], ARG_BYTES, fmt, list);
	va_end(list);
	a->v[a->n] = a->text[a->n];
	a->n++;
	a->v[a->n] = NULL;
}

static unsigned long
free_hugepages_mib(void)
{
	static const struct {
		const char *path;
		unsigned long mib;
	} sizes[] = {
		{"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", 2},
		{"/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", 1024},
	};
	unsigned long total = 0, pages;

	for (size_t i = 0; i < RTE_DIM(sizes); i++) {
		FILE *f = fopen(sizes[i].path, "r");

		if (f == NULL)
			continue;
		if (fscanf(f, "%lu", &pages) == 1)
			total += pages * sizes[i].mib;
		fclose(f);
	}
	return total;
}

static int
choose_memory(struct dp *dp, struct args *a)
{
	unsigned long buffers = (unsigned long)(dp_ports_buffer_bytes(dp) >> 20);
	unsigned long least = buffers + MEMORY_MIB_BESIDE, asked = dp->params.memory_mib;
	unsigned long suits = RTE_MAX(least, (unsigned long)MEMORY_MIB_MIN);
	unsigned long need = asked == 0 ? suits : RTE_MAX(asked, least);
	unsigned long there = free_hugepages_mib();

	dp->hugepages = dp->params.hugepages != DP_HUGEPAGES_NEVER && there >= need;
	if (dp->params.hugepages == DP_HUGEPAGES_REQUIRED && !dp->hugepages) {
		cv_log_event(dp->log, CV_LOG_ERROR, "start-failed",
			"reason=\"%lu MiB of hugepages are free, %lu are needed: "
			"./dpdk-setup.sh hugepages\"",
			there, need);
		return CV_ERR_CONFIG;
	}
	if (need > asked && asked != 0)
		cv_log_event(dp->log, CV_LOG_WARNING, "memory",
			"asked_mib=%lu needed_mib=%lu reason=\"packet buffers need more\"", asked,
			need);
	cv_log_event(dp->log, CV_LOG_INFO, "memory", "hugepages=%s free_mib=%lu needed_mib=%lu",
		dp->hugepages ? "yes" : "no", there, need);
	if (dp->hugepages) {
		add(a, "--in-memory");
		return 0;
	}
	add(a, "--no-huge");
	add(a, "--no-shconf"); /* what --in-memory would say, but that refuses --no-huge */
	add(a, "--file-prefix=culvert");
	add(a, "-m");
	add(a, "%lu", need);
	return 0;
}

/* CPUs that this process may use, in order. */
static unsigned
allowed_cpus(uint16_t cpus[CPU_SETSIZE])
{
	cpu_set_t set;
	unsigned n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 0;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[n++] = (uint16_t)cpu;
	return n;
}

static bool
contains(const uint16_t *cpus, unsigned n, uint16_t cpu)
{
	for (unsigned i = 0; i < n; i++)
		if (cpus[i] == cpu)
			return true;
	return false;
}

/* lcore 0, the control thread, on the CPUs that are left; workers on one each. Returns how many
 * bytes the text has, or would have. */
size_t
dp_eal_lcores(char *text, size_t capacity, const uint16_t *all, unsigned n, const uint16_t *workers,
	unsigned count)
{
	size_t used = (size_t)snprintf(text, capacity, "--lcores=0@(");
	bool first = true;

#define APPEND(...)                                                    \
	used += (size_t)snprintf(used < capacity ? text + used : NULL, \
		used < capacity ? capacity - used : 0, __VA_ARGS__)

	for (unsigned i = 0; i < n; i++) {
		unsigned last = i;

		if (contains(workers, count, all[i]))
			continue;
		while (last + 1 < n && all[last + 1] == all[last] + 1 &&
			!contains(workers, count, all[last + 1]))
			last++;
		APPEND(last > i ? "%s%u-%u" : "%s%u", first ? "" : ",", all[i], all[last]);
		first = false;
		i = last;
	}
	APPEND(")");
	for (unsigned i = 0; i < count; i++)
		APPEND(",%u@%u", i + 1, workers[i]);
#undef APPEND
	return used;
}

static int
choose_lcores(struct dp *dp, struct args *a)
{
	uint16_t all[CPU_SETSIZE], workers[DP_MAX_WORKERS];
	char text[ARG_BYTES];
	unsigned n = allowed_cpus(all), count = dp->shared ? 0 : dp->worker_count;

	if (count >= n && count != 0) {
		cv_log_event(dp->log, CV_LOG_WARNING, "workers",
			"asked=%u cpus=%u reason=\"the control thread needs a CPU of its own\"",
			count, n);
		count = n - 1;
		dp->shared = count == 0;
		dp->worker_count = (uint16_t)(count == 0 ? 1 : count);
	}
	for (unsigned i = 0; i < count; i++) {
		workers[i] = dp->params.cpus != NULL && i < dp->params.cpu_count
				     ? dp->params.cpus[i]
				     : all[n - count + i];
		if (!contains(all, n, workers[i])) {
			cv_log_event(dp->log, CV_LOG_ERROR, "start-failed",
				"reason=\"CPU %u is not among those that may be used\"",
				workers[i]);
			return CV_ERR_CONFIG;
		}
	}
	if (dp_eal_lcores(text, sizeof(text), all, n, workers, count) >= sizeof(text)) {
		cv_log_event(
			dp->log, CV_LOG_ERROR, "start-failed", "reason=\"too many CPUs: %u\"", n);
		return CV_ERR_CONFIG;
	}
	add(a, "%s", text);
	return 0;
}

static void
choose_devices(const struct dp *dp, struct args *a)
{
	bool pci = false;

	for (uint16_t i = 0; i < dp->port_count; i++) {
		if (dp->params.ports[i].kind != DP_PORT_PCI)
			continue;
		add(a, "-a");
		add(a, "%s", dp->params.ports[i].device);
		pci = true;
	}
	if (!pci)
		add(a, "--no-pci");
}

/* What DPDK and its drivers say, as events of our log: a line may come in pieces. */
static ssize_t
log_write(void *cookie, const char *text, size_t len)
{
	const struct cv_log *log = cookie;
	char line[256];
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n' && used < sizeof(line) - 1) {
			line[used++] = (char)(text[i] == '"' || text[i] < ' ' ? '\'' : text[i]);
			continue;
		}
		line[used] = '\0';
		if (used != 0)
			cv_log_event(log, CV_LOG_WARNING, "dpdk", "text=\"%s\"", line);
		used = 0;
	}
	line[used] = '\0';
	if (used != 0)
		cv_log_event(log, CV_LOG_WARNING, "dpdk", "text=\"%s\"", line);
	return (ssize_t)len;
}

static void
redirect_log(struct dp *dp)
{
	union {
		const struct cv_log *log;
		void *cookie;
	} to = {.log = dp->log};
	FILE *stream = dp->log == NULL ? NULL
				       : fopencookie(to.cookie, "w",
						 (cookie_io_functions_t){.write = log_write});

	if (stream == NULL)
		return;
	setvbuf(stream, NULL, _IOLBF, 1024);
	rte_openlog_stream(stream);
	dp->log_stream = stream;
}

int
dp_eal_start(struct dp *dp)
{
	struct args *a;
	int rc;

	if (dp->params.eal_ready)
		return 0;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return CV_ERR_NOMEM;
	redirect_log(dp);
	add(a, "culvertd");
	add(a, "--no-telemetry");
	add(a, "--log-level=*:warning");
	rc = choose_memory(dp, a);
	if (rc == 0)
		rc = choose_lcores(dp, a);
	if (rc == 0) {
		choose_devices(dp, a);
		if (rte_eal_init(a->n, a->v) < 0) {
			cv_log_event(dp->log, CV_LOG_ERROR, "start-failed",
				"reason=\"DPDK's EAL does not start: %s\"",
				rte_strerror(rte_errno));
			rc = CV_ERR_IO;
		}
		dp->eal_ours = rc == 0;
	}
	free(a);
	return rc;
}

/* Whether the thread of a name is awake; a thread that was told something is, from then on. */
static bool
thread_awake(const char *name)
{
	DIR *folder = opendir("/proc/self/task");
	struct dirent *entry;
	bool awake = false;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		char path[64], stat[256] = "", *state;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%.16s/stat", entry->d_name);
		f = fopen(path, "r");
		if (f == NULL)
			continue;
		if (fgets(stat, sizeof(stat), f) != NULL && (state = strrchr(stat, ')')) != NULL &&
			strstr(stat, name) != NULL)
			awake |= strncmp(state, ") S", 3) != 0;
		fclose(f);
	}
	if (folder != NULL)
		closedir(folder);
	return awake;
}

/*
 * The EAL's thread for interrupts goes through the list of devices once more when one has left it.
 * memif leaves its own in there, in memory that rte_eal_cleanup unmaps without a look at that
 * thread: a crash at the end, on a busy machine once in some thirty. It is let finish first.
 */
void
dp_eal_cleanup(void)
{
	/* as DPDK 22.11 calls it, and 24.11 */
	for (unsigned tries = 0;
		tries < 10000 && (thread_awake("(eal-intr-thread)") || thread_awake("(dpdk-intr)"));
		tries++)
		rte_delay_us_sleep(100);
	rte_eal_cleanup();
}
