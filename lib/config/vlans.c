/* SPDX-License-Identifier: BSD-3-Clause */
/* VLANs on ports, and what a LAN is: a port, or one of these. */
#include <stdio.h>

#include "config/private.h"

enum { VLAN_TAG = 4 }; /* bytes */

/* ---- a LAN by its position ---- */

const struct cfg_vlan *
cfg_lan_vlan(const struct cfg *cfg, uint32_t lan)
{
	return lan < cfg->n_ports || lan - cfg->n_ports >= cfg->n_vlans
		       ? NULL
		       : &cfg->vlans[lan - cfg->n_ports];
}

const struct cfg_port *
cfg_lan_port(const struct cfg *cfg, uint32_t lan)
{
	const struct cfg_vlan *vlan = cfg_lan_vlan(cfg, lan);
	uint32_t port = vlan == NULL ? lan : vlan->port;

	return port < cfg->n_ports ? &cfg->ports[port] : NULL;
}

const char *
cfg_lan_name(const struct cfg *cfg, uint32_t lan)
{
	const struct cfg_vlan *vlan = cfg_lan_vlan(cfg, lan);
	const struct cfg_port *port = vlan == NULL ? cfg_lan_port(cfg, lan) : NULL;

	if (vlan != NULL)
		return vlan->label;
	return port == NULL ? NULL : port->name;
}

/* Bytes of tags that a port counts as a packet's. A packet socket takes a frame of the interface's
 * MTU and 14 bytes, and where the first tag is 0x8100 of 4 bytes more: of two tags both count, or
 * one. What is larger the kernel refuses, and nobody is told. */
static uint16_t
tags_that_count(const struct cfg_vlan *vlan, const struct cfg_port *port)
{
	if (port->kind != CFG_PORT_AF_PACKET || vlan->outer == 0)
		return 0;
	return vlan->tpid == CFG_TPID_8021Q ? VLAN_TAG : 2 * VLAN_TAG;
}

uint16_t
cfg_lan_mtu(const struct cfg *cfg, uint32_t lan)
{
	const struct cfg_vlan *vlan = cfg_lan_vlan(cfg, lan);
	const struct cfg_port *port = cfg_lan_port(cfg, lan);

	if (vlan != NULL && vlan->mtu != 0)
		return vlan->mtu;
	if (port == NULL || port->mtu == 0)
		return 0;
	return (uint16_t)(vlan == NULL ? port->mtu : port->mtu - tags_that_count(vlan, port));
}

/* ---- the list ---- */

void
cfg_check_vlan(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_vlan *v = base;
	const struct cfg_port *port = v->port < l->cfg->n_ports ? &l->cfg->ports[v->port] : NULL;
	const struct cfg_node *tpid = cfg_node_get(map, "tpid");
	uint16_t tags = port == NULL ? 0 : tags_that_count(v, port);

	if (tpid != NULL && cfg_node_get(map, "outer") == NULL)
		cfg_fail(l, tpid, NULL, "needs the key outer, too: it is of the outer tag");
	if (port != NULL && port->mtu != 0 && v->mtu > port->mtu)
		cfg_fail(l, cfg_node_get(map, "mtu"), NULL,
			"%u is more than the mtu of port %s, which is %u", v->mtu,
			port->name == NULL ? "" : port->name, port->mtu);
	else if (port != NULL && port->mtu != 0 && v->mtu > port->mtu - tags)
		cfg_fail(l, cfg_node_get(map, "mtu"), NULL,
			"%u is more than %u: by af_packet, %u bytes of the two tags count in the "
			"mtu of port %s, which is %u",
			v->mtu, port->mtu - tags, tags, port->name == NULL ? "" : port->name,
			port->mtu);
}

static bool
same_texts(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

void
cfg_check_vlans(struct cfg_loader *l)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_node *list = cfg_node_get(l->root, "vlans");
	const struct cfg_node *node = list == NULL ? NULL : list->first;

	for (size_t i = 0; i < cfg->n_vlans && node != NULL; i++, node = node->next) {
		const struct cfg_vlan *v = &cfg->vlans[i];

		for (size_t k = 0; k < cfg->n_ports; k++)
			if (same_texts(v->label, cfg->ports[k].name))
				cfg_fail(l, cfg_node_get(node, "name"), NULL,
					"%s is already that of ports[%zu]", v->label, k);
		for (size_t k = 0; k < i && v->vlan != 0; k++) {
			const struct cfg_vlan *other = &cfg->vlans[k];

			if (other->port != v->port || other->vlan != v->vlan ||
				other->outer != v->outer)
				continue;
			cfg_fail(l, cfg_node_get(node, "vlan"), NULL,
				"vlans[%zu] is the same VLAN on the same port", k);
			break;
		}
	}
}

void
cfg_name_vlans(struct cfg_loader *l)
{
	for (size_t i = 0; i < l->cfg->n_vlans; i++) {
		struct cfg_vlan *v = &l->cfg->vlans[i];
		const char *port = l->cfg->ports[v->port].name;
		size_t room = strlen(port) + sizeof("/4094/4094");
		char *text = cfg_keep(l, 1, room);

		if (text != NULL && v->outer != 0)
			snprintf(text, room, "%s/%u/%u", port, v->outer, v->vlan);
		else if (text != NULL)
			snprintf(text, room, "%s/%u", port, v->vlan);
		v->name = text;
	}
}
