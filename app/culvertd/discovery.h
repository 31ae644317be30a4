/* SPDX-License-Identifier: BSD-3-Clause */
/* What the data path is told of NAT discovery: for apply.c, as one thing of the configuration. */
#ifndef CULVERTD_DISCOVERY_H
#define CULVERTD_DISCOVERY_H

#include "daemon.h"

const void *discovery_by_id(const struct cfg *cfg, uint16_t id);
const char *discovery_name(const void *thing);
bool discovery_same(const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b);
int discovery_set(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing);
void discovery_clear(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id);

#endif
