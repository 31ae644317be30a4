/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces and routes of a configuration, told to the data path: rows of the table in apply.c,
 * which says what each of them does. */
#ifndef CULVERTD_UPLINKS_H
#define CULVERTD_UPLINKS_H

#include "daemon.h"

/* Whose the data path's interface is, of which there is one a port or VLAN; NULL: it is inside no
 * realm. */
const struct cfg_interface *uplinks_by_iface(const struct cfg *cfg, uint16_t iface);

/* A port or VLAN by its position, with the interface that is on it. 0 or a negative cv_err. */
int uplinks_set_lan(struct daemon *d, const struct cfg *cfg, uint32_t lan);

/*
 * Before anything of `cfg` is set: what `before` (NULL: nothing) had on a port or VLAN goes where
 * `cfg` has nothing there, or has it in another realm, and so do addresses that are not there any
 * more. Another may have them then, elsewhere. Routes by what goes are others in `cfg`.
 * CV_ERR_EXISTS: somebody's next hops are by an interface that ought to go, whose name is
 * *stays_there; it has lost its addresses.
 */
int uplinks_leave(struct daemon *d, const struct cfg *before, const struct cfg *cfg,
	const char **stays_there);

const void *uplinks_interface_by_id(const struct cfg *cfg, uint16_t id);
const char *uplinks_interface_name(const void *thing);
bool uplinks_same_interface(
	const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b);
int uplinks_set_interface(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing);
void uplinks_clear_interface(
	struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id);

const void *uplinks_route_by_id(const struct cfg *cfg, uint16_t id);
const char *uplinks_route_name(const void *thing);
bool uplinks_same_route(
	const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b);
int uplinks_set_route(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing);
void uplinks_clear_route(
	struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id);

#endif
