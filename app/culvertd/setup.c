/* SPDX-License-Identifier: BSD-3-Clause */
/* The data path that the configuration asks for. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"

static enum dp_port_kind
port_kind(enum cfg_port_kind kind)
{
	switch (kind) {
	case CFG_PORT_AF_PACKET:
		return DP_PORT_AF_PACKET;
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

		if (port->kind != CFG_PORT_AF_PACKET || if_nametoindex(port->device) != 0)
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

static int
start_failed(struct daemon *d, const char *what, const char *name, int rc)
{
	if (rc != 0)
		cv_log_event(&d->log, CV_LOG_ERROR, "start-failed", "reason=\"%s %s: %s\"", what,
			name, cv_strerror(rc));
	return rc;
}

/* An interface a port, and what is served on them. */
static int
set_services(struct daemon *d)
{
	const struct cfg *cfg = d->cfg;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < cfg->n_ports; i++)
		rc = dp_iface_set(d->dp, cfg->ports[i].id, &(struct dp_iface){.port = (uint16_t)i});
	for (size_t i = 0; rc == 0 && i < cfg->n_listeners; i++) {
		const struct cfg_listener *l = &cfg->listeners[i];
		struct dp_service service = {.kind = DP_SERVICE_L2TP,
			.iface = cfg->ports[l->port].id,
			.ip = l->ip,
			.prefix_length = l->prefix_length,
			.gateway = l->gateway,
			.udp_port = l->udp_port};

		memcpy(service.gateway_mac, l->gateway_mac, sizeof(service.gateway_mac));
		rc = start_failed(d, "listener", l->name, dp_service_set(d->dp, l->id, &service));
	}
	return rc;
}

static int
set_filter(struct daemon *d, const struct cfg_filter *f)
{
	static const enum dp_filter_kind kinds[] = {
		[CFG_POLICY_IPSEC] = DP_FILTER_IPSEC,
		[CFG_POLICY_ANY] = DP_FILTER_ANY,
		[CFG_POLICY_RULES] = DP_FILTER_RULES,
	};
	struct dp_filter filter = {.kind = kinds[f->policy],
		.gateways = f->gateways,
		.gateway_count = (uint16_t)f->n_gateways,
		.rule_count = (uint16_t)f->n_rules};

	for (size_t i = 0; i < f->n_rules; i++)
		filter.rules[i] = (struct dp_rule){.protocol = f->rules[i].protocol,
			.port_low = f->rules[i].port_low,
			.port_high = f->rules[i].port_high};
	return dp_filter_set(d->dp, f->id, &filter);
}

static int
set_group(struct daemon *d, const struct cfg_group *g)
{
	struct dp_group group = {.lns = g->address,
		.mtu = g->mtu,
		.clients_reachable = g->clients_reachable,
		.refuse_silently = !g->refusals_answered};

	return dp_group_set(d->dp, g->id, &group);
}

/* A realm's pools, and our addresses in it. */
static int
set_realm(struct daemon *d, size_t realm)
{
	const struct cfg *cfg = d->cfg;
	struct cv_prefix *pools;
	uint16_t id = cfg->realms[realm].id, n = 0;
	size_t most = 0;
	int rc = 0;

	for (size_t i = 0; i < cfg->n_groups; i++)
		most += cfg->groups[i].realm == realm ? cfg->groups[i].n_pool : 0;
	pools = calloc(most + 1, sizeof(*pools));
	if (pools == NULL)
		return CV_ERR_NOMEM;
	for (size_t i = 0; rc == 0 && i < cfg->n_groups; i++) {
		const struct cfg_group *g = &cfg->groups[i];
		struct cv_prefix self = {.ip = g->address, .length = 32};

		if (g->realm != realm)
			continue;
		for (size_t k = 0; k < g->n_pool && n < UINT16_MAX; k++)
			pools[n++] = g->pool[k];
		rc = dp_route_set(d->dp, id, &self, dp_route_word(DP_ROUTE_SELF, 0));
	}
	if (rc == 0)
		rc = dp_realm_set(d->dp, id, pools, n);
	free(pools);
	return rc;
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
		.slot_seed = lns_slot_seed(d->lns),
		.slot_mask = lns_slot_mask(d->lns),
		.log = &d->log};
	int rc;

	if (!interfaces_exist(d))
		return CV_ERR_CONFIG;
	fill_ports(cfg, ports);
	rc = dp_create(&params, &d->dp);
	if (rc == 0)
		rc = set_services(d);
	for (size_t i = 0; rc == 0 && i < cfg->n_realms; i++)
		rc = start_failed(d, "realm", cfg->realms[i].name, set_realm(d, i));
	for (size_t i = 0; rc == 0 && i < cfg->n_filters; i++)
		rc = start_failed(
			d, "filter", cfg->filters[i].name, set_filter(d, &cfg->filters[i]));
	for (size_t i = 0; rc == 0 && i < cfg->n_groups; i++)
		rc = start_failed(d, "group", cfg->groups[i].name, set_group(d, &cfg->groups[i]));
	return rc;
}
