/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters in the log: on SIGUSR1 and at the end. */
#include "daemon.h"
#include "datapath/info.h"
#include "kernel.h"

static void
report_dp(struct daemon *d, const char *event,
	bool (*read)(const struct dp *, unsigned, struct dp_counter *))
{
	struct dp_counter c;

	for (unsigned i = 0; read(d->dp, i, &c); i++)
		if (c.packets != 0)
			cv_log_event(&d->log, CV_LOG_INFO, event,
				"name=%s packets=%llu help=\"%s\"", c.name,
				(unsigned long long)c.packets, c.help);
}

bool
daemon_counter(const struct daemon *d, unsigned index, struct daemon_counter *out)
{
	switch (index) {
	case 0:
		*out = (struct daemon_counter){
			"log-lines-lost", "log lines that nobody read in time", daemon_log_lost(d)};
		return true;
	case 1:
		*out = (struct daemon_counter){"control-late",
			"times the control thread was seen not to go round",
			__atomic_load_n(&d->control_late, __ATOMIC_RELAXED)};
		return true;
	case 2:
		*out = (struct daemon_counter){"workers-late",
			"times a worker was seen not to go round",
			__atomic_load_n(&d->worker_late, __ATOMIC_RELAXED)};
		return true;
	default:
		return kernel_counter(d, index - 3, out);
	}
}

void
daemon_report(struct daemon *d)
{
	struct daemon_counter own;
	struct lns_status status;

	lns_status(d->lns, &status);
	cv_log_event(&d->log, CV_LOG_INFO, "status",
		"tunnels=%u half_open=%u sessions=%u open_sessions=%u", status.tunnels,
		status.half_open, status.sessions, status.open_sessions);
	for (enum lns_counter i = 0; i < LNS_COUNTER_MAX; i++)
		if (status.counters[i] != 0)
			cv_log_event(&d->log, CV_LOG_INFO, "counter",
				"name=%s value=%llu help=\"%s\"", lns_counter_name(i),
				(unsigned long long)status.counters[i], lns_counter_help(i));
	for (unsigned i = 0; daemon_counter(d, i, &own); i++)
		if (own.value != 0)
			cv_log_event(&d->log, CV_LOG_INFO, "counter",
				"name=%s value=%llu help=\"%s\"", own.name,
				(unsigned long long)own.value, own.help);
	report_dp(d, "edge", dp_edge_counter);
	report_dp(d, "drop", dp_drop_counter);
}
