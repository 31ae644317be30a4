/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports, VLANs and listeners in the data path: see lans.h. */
#include "lans.h"

#include <stdio.h>
#include <string.h>

#include "uplinks.h"

/* Behind those of ports. */
static uint16_t
iface_of_vlan(uint16_t id)
{
	return (uint16_t)(CV_PORT_IDS + id);
}

uint16_t
lans_iface(const struct cfg *cfg, uint32_t lan)
{
	const struct cfg_vlan *vlan = cfg_lan_vlan(cfg, lan);

	return vlan == NULL ? cfg->ports[lan].id : iface_of_vlan(vlan->id);
}

int
lans_iface_of_tags(const struct cfg *cfg, uint16_t port, uint16_t outer, uint16_t vlan)
{
	if (vlan == 0)
		return port;
	for (size_t i = 0; i < cfg->n_vlans; i++)
		if (cfg->vlans[i].vlan == vlan && cfg->vlans[i].outer == outer &&
			cfg->ports[cfg->vlans[i].port].id == port)
			return iface_of_vlan(cfg->vlans[i].id);
	return -1;
}

const char *
lans_vlan_text(uint16_t outer, uint16_t vlan, char out[ROW_VLAN])
{
	if (outer != 0)
		snprintf(out, ROW_VLAN, "%u.%u", outer, vlan);
	else
		snprintf(out, ROW_VLAN, "%u", vlan);
	return vlan == 0 ? NULL : out;
}

struct dp_iface
lans_told(const struct cfg *cfg, uint32_t lan)
{
	static const uint16_t types[] = {[CFG_TPID_8021AD] = 0x88a8, [CFG_TPID_8021Q] = 0x8100};
	const struct cfg_vlan *vlan = cfg_lan_vlan(cfg, lan);
	struct dp_iface told = {.port = cfg_lan_port(cfg, lan)->id, .mtu = cfg_lan_mtu(cfg, lan)};

	if (vlan == NULL)
		return told;
	told.vlan = vlan->vlan;
	told.outer = vlan->outer;
	told.outer_type = types[vlan->tpid];
	return told;
}

/* ---- ports ---- */

const void *
lans_port_by_id(const struct cfg *cfg, uint16_t id)
{
	return cfg_port_by_id(cfg, id);
}

const char *
lans_port_name(const void *thing)
{
	return ((const struct cfg_port *)thing)->name;
}

bool
lans_same_port(const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b)
{
	(void)a_cfg;
	(void)b_cfg;
	return ((const struct cfg_port *)a)->mtu == ((const struct cfg_port *)b)->mtu;
}

/* A port's place in the data path is the one that it was created with: ports neither come nor go
 * without a restart, so their order by ID stays. */
int
lans_set_port(struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	(void)before;
	return uplinks_set_lan(d, cfg, (uint32_t)((const struct cfg_port *)thing - cfg->ports));
}

void
lans_clear_port(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	(void)gone;
	(void)cfg;
	(void)dp_iface_clear(d->dp, id);
}

/* ---- VLANs ---- */

/* Their positions stand behind those of ports. */
static uint32_t
lan_of(const struct cfg *cfg, const struct cfg_vlan *vlan)
{
	return (uint32_t)(cfg->n_ports + (size_t)(vlan - cfg->vlans));
}

const void *
lans_vlan_by_id(const struct cfg *cfg, uint16_t id)
{
	return cfg_vlan_by_id(cfg, id);
}

const char *
lans_vlan_name(const void *thing)
{
	return ((const struct cfg_vlan *)thing)->label;
}

bool
lans_same_vlan(const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b)
{
	struct dp_iface one = lans_told(a_cfg, lan_of(a_cfg, a)),
			other = lans_told(b_cfg, lan_of(b_cfg, b));

	/* port and IDs are its name */
	return one.mtu == other.mtu && one.outer_type == other.outer_type;
}

int
lans_set_vlan(struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	(void)before;
	return uplinks_set_lan(d, cfg, lan_of(cfg, thing));
}

void
lans_clear_vlan(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	(void)gone;
	(void)cfg;
	(void)dp_iface_clear(d->dp, iface_of_vlan(id));
}

/* ---- listeners ---- */

const void *
lans_listener_by_id(const struct cfg *cfg, uint16_t id)
{
	return cfg_listener_by_id(cfg, id);
}

const char *
lans_listener_name(const void *thing)
{
	return ((const struct cfg_listener *)thing)->name;
}

bool
lans_same_listener(const struct cfg *a_cfg, const void *va, const struct cfg *b_cfg, const void *vb)
{
	const struct cfg_listener *a = va, *b = vb;

	return lans_iface(a_cfg, a->lan) == lans_iface(b_cfg, b->lan) &&
	       a->prefix_length == b->prefix_length && cv_ip_equal(&a->gateway, &b->gateway) &&
	       memcmp(a->gateway_mac, b->gateway_mac, sizeof(a->gateway_mac)) == 0;
}

int
lans_set_listener(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	const struct cfg_listener *l = thing;
	struct dp_service service = {.kind = DP_SERVICE_L2TP,
		.iface = lans_iface(cfg, l->lan),
		.ip = l->ip,
		.prefix_length = l->prefix_length,
		.gateway = l->gateway,
		.udp_port = l->udp_port};

	(void)before;
	memcpy(service.gateway_mac, l->gateway_mac, sizeof(service.gateway_mac));
	return dp_service_set(d->dp, l->id, &service);
}

void
lans_clear_listener(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	(void)cfg;
	(void)gone;
	(void)dp_service_clear(d->dp, id);
}
