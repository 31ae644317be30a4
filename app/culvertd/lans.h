/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports, VLANs on them and listeners of a configuration, told to the data path: rows of the table
 * in apply.c, which says what each of them does. Each port and each VLAN is an interface there.
 */
#ifndef CULVERTD_LANS_H
#define CULVERTD_LANS_H

#include "control/rows.h"
#include "daemon.h"

/* The data path's interface of a port or VLAN by its position (config.h). */
uint16_t lans_iface(const struct cfg *cfg, uint32_t lan);
/* That of a port's ID and the tags of a frame; -1: there is none. */
int lans_iface_of_tags(const struct cfg *cfg, uint16_t port, uint16_t outer, uint16_t vlan);

/* "200", "30.200" with the outer one before it; NULL: it is none. */
const char *lans_vlan_text(uint16_t outer, uint16_t vlan, char out[ROW_VLAN]);

/* What the data path is told of a port or VLAN, but for what is inside by it. */
struct dp_iface lans_told(const struct cfg *cfg, uint32_t lan);

const void *lans_port_by_id(const struct cfg *cfg, uint16_t id);
const char *lans_port_name(const void *thing);
bool lans_same_port(const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b);
int lans_set_port(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing);
void lans_clear_port(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id);

const void *lans_vlan_by_id(const struct cfg *cfg, uint16_t id);
const char *lans_vlan_name(const void *thing);
bool lans_same_vlan(const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b);
int lans_set_vlan(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing);
void lans_clear_vlan(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id);

const void *lans_listener_by_id(const struct cfg *cfg, uint16_t id);
const char *lans_listener_name(const void *thing);
bool lans_same_listener(
	const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b);
int lans_set_listener(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing);
void lans_clear_listener(
	struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id);

#endif
