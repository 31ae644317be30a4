/* SPDX-License-Identifier: BSD-3-Clause */
/* Peers that are dialled when there is traffic for them: the networks behind them, as the kinds of
 * apply.c want it. */
#ifndef CULVERTD_DIALS_H
#define CULVERTD_DIALS_H

#include "daemon.h"

const void *dials_by_id(const struct cfg *cfg, uint16_t id);
const char *dials_name(const void *thing);
bool dials_same(const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b);
int dials_set(struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing);
void dials_clear(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id);

#endif
