/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers answer strangers who ask how they are seen. Replaced as a whole. */
#ifndef DP_TABLE_DISCOVERY_H
#define DP_TABLE_DISCOVERY_H

#include "datapath/discovery.h"
#include "datapath/dp.h"

struct dp_discovery_table {
	struct dp_discovery told; /* its lists are those below */
	uint32_t cost_ms;         /* of one answer, from what a prefix may have */
	struct dp_discovery_other others[DP_DISCOVERY_OTHERS];
	struct cv_prefix from[DP_DISCOVERY_FROM];
};

/* NULL: nothing is answered. */
static inline const struct dp_discovery_table *
dp_discovery_of(const struct dp *dp)
{
	return __atomic_load_n(&dp->discovery, __ATOMIC_CONSUME);
}

void dp_discovery_destroy(struct dp *dp);

#endif
