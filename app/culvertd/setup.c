/* SPDX-License-Identifier: BSD-3-Clause */
/* The data path that the configuration asks for. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "kernel.h"

static enum dp_port_kind
port_kind(enum cfg_port_kind kind)
{
	switch (kind) {
	case CFG_PORT_AF_PACKET:
		return DP_PORT_AF_PACKET;
	case CFG_PORT_XDP:
		return DP_PORT_XDP;
	case CFG_PORT_MEMIF:
		return DP_PORT_MEMIF;
	case CFG_PORT_TAP:
		return DP_PORT_TAP;
	case CFG_PORT_PCI:
		break;
	}
	return DP_PORT_PCI;
}

/* An interface that is missing has no clear name in what DPDK says. */
static bool
interfaces_exist(const struct daemon *d)
{
	for (size_t i = 0; i < d->cfg->n_ports; i++) {
		const struct cfg_port *port = &d->cfg->ports[i];

		if ((port->kind != CFG_PORT_AF_PACKET && port->kind != CFG_PORT_XDP) ||
			if_nametoindex(port->device) != 0)
			continue;
		cv_log_event(&d->log, CV_LOG_ERROR, "start-failed",
			"reason=\"ports[%zu].device: there is no interface '%s'\"", i,
			port->device);
		return false;
	}
	return true;
}

static void
fill_ports(const struct cfg *cfg, struct dp_port_config *ports)
{
	for (size_t i = 0; i < cfg->n_ports; i++) {
		ports[i] = (struct dp_port_config){.kind = port_kind(cfg->ports[i].kind),
			.mtu = cfg->ports[i].mtu,
			.rx_descriptors = cfg->ports[i].rx_descriptors,
			.tx_descriptors = cfg->ports[i].tx_descriptors,
			.memif_server = true}; /* so that the other end may come and go */
		snprintf(ports[i].name, sizeof(ports[i].name), "%s", cfg->ports[i].name);
		snprintf(ports[i].device, sizeof(ports[i].device), "%s", cfg->ports[i].device);
	}
}

int
daemon_create_datapath(struct daemon *d)
{
	static const enum dp_idle idle[] = {
		[CFG_IDLE_AUTO] = DP_IDLE_AUTO,
		[CFG_IDLE_POLL] = DP_IDLE_POLL,
		[CFG_IDLE_SLEEP] = DP_IDLE_SLEEP,
	};
	static const enum dp_hugepages hugepages[] = {
		[CFG_HUGEPAGES_AUTO] = DP_HUGEPAGES_AUTO,
		[CFG_HUGEPAGES_NEVER] = DP_HUGEPAGES_NEVER,
		[CFG_HUGEPAGES_REQUIRED] = DP_HUGEPAGES_REQUIRED,
	};
	const struct cfg *cfg = d->cfg;
	struct dp_port_config ports[DP_MAX_PORTS];
	struct dp_params params = {.ports = ports,
		.port_count = (uint16_t)cfg->n_ports,
		.workers = (uint16_t)cfg->workers.count,
		.idle = idle[cfg->workers.idle],
		.hugepages = hugepages[cfg->workers.hugepages],
		.memory_mib = cfg->workers.memory_mib,
		.hand_over = cfg->workers.hand_over,
		.kernel = cfg->n_kernel_tables != 0,
		.slot_seed = lns_slot_seed(d->lns),
		.slot_mask = lns_slot_mask(d->lns),
		.log = &d->log};
	char why[APPLY_WHY];
	int rc;

	if (!interfaces_exist(d))
		return CV_ERR_CONFIG;
	fill_ports(cfg, ports);
	rc = dp_create(&params, &d->dp);
	if (rc != 0)
		return rc;
	rc = daemon_apply(d, d->started_at, NULL, cfg, why);
	if (rc != 0)
		cv_log_event(&d->log, CV_LOG_ERROR, "start-failed", "reason=\"%s\"", why);
	return rc != 0 ? rc : kernel_follow(d);
}
