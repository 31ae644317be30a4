/* SPDX-License-Identifier: BSD-3-Clause */
/* The data path's life: the order in which its parts come and go. */
#include "datapath/datapath.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_log.h>
#include <rte_malloc.h>

#include "datapath/control/control.h"
#include "datapath/host/host.h"
#include "datapath/table/discovery.h"
#include "datapath/table/groups.h"
#include "datapath/table/outside.h"
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"
#include "datapath/table/uplink.h"
#include "datapath/worker/handover.h"
#include "datapath/worker/reassemble.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/worker.h"

#define GRACE_NS CV_NS_PER_MS /* between two looks whether workers have left something */

enum { JOIN_TRIES = 1000 }; /* ms */

static bool
params_usable(const struct dp_params *p)
{
	return p->port_count >= 1 && p->port_count <= DP_MAX_PORTS &&
	       p->workers <= DP_MAX_WORKERS && (p->slot_mask & (p->slot_mask + 1)) == 0 &&
	       p->slot_mask <= DP_ROUTE_INDEX;
}

static bool
may_sleep(const struct dp_params *p)
{
	if (p->idle != DP_IDLE_AUTO)
		return p->idle == DP_IDLE_SLEEP;
	for (uint16_t i = 0; i < p->port_count; i++)
		if (p->ports[i].kind == DP_PORT_PCI || p->ports[i].kind == DP_PORT_ETHDEV)
			return false;
	return true;
}

static int
create_rcu(struct dp *dp)
{
	size_t size = rte_rcu_qsbr_get_memsize(dp->worker_count);

	dp->rcu = rte_zmalloc("culvert-rcu", size, RTE_CACHE_LINE_SIZE);
	if (dp->rcu == NULL)
		return CV_ERR_NOMEM;
	rte_rcu_qsbr_init(dp->rcu, dp->worker_count);
	for (unsigned i = 0; i < dp->worker_count; i++)
		rte_rcu_qsbr_thread_register(dp->rcu, i);
	return 0;
}

static int
create_parts(struct dp *dp)
{
	int rc = dp_eal_start(dp);

	if (rc != 0)
		return rc;
	dp_ids_init(dp, &dp->ids, dp->worker_count);
	if ((rc = dp_lans_create(dp)) != 0 || (rc = dp_sessions_create(dp)) != 0 ||
		(rc = dp_classes_create(dp)) != 0 || (rc = dp_neighbours_create(dp)) != 0 ||
		(rc = dp_owed_create(dp)) != 0 || (rc = dp_uplinks_create(dp)) != 0 ||
		(rc = dp_services_create(dp)) != 0 || (rc = dp_workers_create(dp)) != 0 ||
		(rc = dp_punt_create(dp)) != 0 || (rc = dp_handover_create(dp)) != 0 ||
		(rc = create_rcu(dp)) != 0)
		return rc;
	return dp_ports_create(dp);
}

int
dp_create(const struct dp_params *params, struct dp **out)
{
	struct dp *dp;
	int rc;

	*out = NULL;
	if (!params_usable(params))
		return CV_ERR_CONFIG;
	dp = calloc(1, sizeof(*dp));
	if (dp == NULL)
		return CV_ERR_NOMEM;
	dp->params = *params;
	dp->log = params->log;
	dp->port_count = params->port_count;
	dp->shared = params->workers == 0;
	dp->worker_count = dp->shared ? 1 : params->workers;
	dp->slot_seed = params->slot_seed;
	dp->slot_mask = params->slot_mask;
	dp->sleeps = may_sleep(params);
	dp->event_fd = -1;
	dp->link_fd = -1;
	dp->trim_first = DP_NO_REALM;
	for (unsigned i = 0; i < DP_MAX_PORTS; i++)
		dp->ports[i].lock = -1;
	rc = create_parts(dp);
	/* the caller's arrays are his again */
	dp->params.ports = NULL;
	dp->params.cpus = NULL;
	if (rc != 0) {
		if (rc == CV_ERR_NOMEM)
			cv_log_event(dp->log, CV_LOG_ERROR, "start-failed",
				"reason=\"out of memory for the data path\"");
		dp_destroy(dp);
		return rc;
	}
	*out = dp;
	return 0;
}

int
dp_start(struct dp *dp, uint64_t now)
{
	int rc = dp_ports_start(dp);

	if (rc != 0)
		return rc;
	dp->now = now;
	dp->ports_at = cv_time_add(now, DP_PORTS_POLL_NS);
	dp->started = true;
	dp_services_start(dp);
	dp_uplinks_announce(dp, -1);
	__atomic_store_n(&dp->stopping, false, __ATOMIC_RELEASE);
	for (unsigned i = 0; !dp->shared && i < dp->worker_count; i++)
		rte_eal_remote_launch(dp_worker_main, dp->workers[i], dp->workers[i]->lcore);
	return 0;
}

/* Waits for workers to end, but not for ever: one may hang. */
static bool
join_workers(struct dp *dp)
{
	unsigned tries = 0;

	for (unsigned i = 0; i < dp->worker_count; i++) {
		while (rte_eal_get_lcore_state(dp->workers[i]->lcore) == RUNNING &&
			tries++ < JOIN_TRIES)
			rte_delay_us_sleep(1000);
		if (rte_eal_get_lcore_state(dp->workers[i]->lcore) != RUNNING)
			continue;
		cv_log_event(dp->log, CV_LOG_ERROR, "stop-failed",
			"reason=\"worker %u does not stop\"", i);
		return false;
	}
	rte_eal_mp_wait_lcore();
	return true;
}

/* What the control thread gave to send is sent first. */
static bool
stop_workers(struct dp *dp)
{
	if (dp->shared) {
		for (unsigned i = 0; i < 4 && dp_worker_round(dp->workers[0]) != 0; i++)
			;
		return true;
	}
	for (unsigned i = 0; i < dp->worker_count; i++)
		for (unsigned tries = 0; tries < 1000 && !rte_ring_empty(dp->workers[i]->send);
			tries++)
			rte_delay_us_sleep(100);
	__atomic_store_n(&dp->stopping, true, __ATOMIC_RELEASE);
	return join_workers(dp);
}

int
dp_stop(struct dp *dp)
{
	if (!dp->started)
		return 0;
	if (dp->hangs || !stop_workers(dp)) {
		dp->hangs = true;
		return CV_ERR_IO;
	}
	dp->started = false;
	dp_punt_drain(dp);
	dp_handover_drain(dp);
	for (unsigned i = 0; i < dp->worker_count; i++) {
		dp_follow_drain(dp->workers[i]);
		dp_hold_drain(dp->workers[i]);
		dp_parts_drain(dp->workers[i]);
		dp_sequence_drain(dp->workers[i]);
	}
	dp_ports_stop(dp);
	return 0;
}

void
dp_destroy(struct dp *dp)
{
	if (dp == NULL || dp_stop(dp) != 0)
		return; /* a worker that hangs may go on, and has it all */
	dp_neighbours_destroy(dp);
	dp_uplinks_destroy(dp);
	dp_owed_destroy(dp);
	dp_punt_destroy(dp);
	dp_handover_destroy(dp);
	dp_ports_destroy(dp);
	dp_workers_destroy(dp);
	dp_services_destroy(dp);
	dp_discovery_destroy(dp);
	dp_lans_destroy(dp);
	if (dp->ingress != NULL)
		dp_sessions_destroy(dp);
	dp_filters_destroy(dp);
	dp_classes_destroy(dp);
	dp_groups_destroy(dp);
	dp_grace_free_all(dp);
	rte_free(dp->rcu);
	if (dp->eal_ours) {
		const char *folder = rte_eal_get_runtime_dir();

		dp_eal_cleanup();
		(void)rmdir(folder); /* where the EAL left it empty */
	}
	if (dp->log_stream != NULL) {
		rte_openlog_stream(NULL);
		fclose(dp->log_stream);
	}
	free(dp);
}

bool
dp_shared(const struct dp *dp)
{
	return dp->shared;
}

void
dp_control_poll(struct dp *dp, uint64_t now)
{
	dp->now = now;
	dp_punt_local_poll(dp, now);
	dp_neighbours_poll(dp, now);
	dp_ports_poll(dp, now);
	dp_sessions_poll(dp);
	dp_paths_poll(dp, now);
	dp_owed_poll(dp, now);
	dp_realms_poll(dp);
	dp_classes_poll(dp);
	dp_graces_poll(dp);
	dp_trace_poll(dp, now);
	dp_handover_poll(dp, now);
}

uint64_t
dp_next_timeout(const struct dp *dp)
{
	uint64_t grace = dp_graces_pending(dp) || dp_classes_pending(dp)
				 ? cv_time_add(dp->now, GRACE_NS)
				 : CV_TIME_NEVER;

	if (dp->trace.active)
		grace = cv_time_min(grace, dp->trace.deadline);
	grace = cv_time_min(grace, dp_handover_timeout(dp));
	grace = cv_time_min(grace, dp_paths_timeout(dp));
	grace = cv_time_min(grace, dp_owed_timeout(dp));
	return cv_time_min(grace, cv_time_min(dp_neighbours_timeout(dp), dp->ports_at));
}
