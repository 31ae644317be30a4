/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes that ought to be gone. To take one out may need memory, to let it discard needs none:
 * where there is none it does that, as what it led to may become another's, and is tried again
 * until it is gone, or somebody sets one of the same prefix. There is room for some; beyond it they
 * stay.
 */
#include "datapath/host/memory.h"
#include "datapath/table/realms.h"

#define AGAIN_NS CV_NS_PER_S

struct dp_owed {
	uint32_t count;
	uint64_t at; /* when they are tried again */
	struct {
		uint16_t realm;
		struct cv_prefix prefix;
	} routes[DP_OWED_MOST];
};

int
dp_owed_create(struct dp *dp)
{
	dp->owed = dp_table_new(dp, sizeof(*dp->owed));
	return dp->owed == NULL ? CV_ERR_NOMEM : 0;
}

void
dp_owed_destroy(struct dp *dp)
{
	dp_table_free(dp, dp->owed, sizeof(*dp->owed));
}

void
dp_route_owe(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix)
{
	struct dp_owed *o = dp->owed;

	if (dp_route_take(dp, realm, prefix) != CV_ERR_NOMEM)
		return;
	(void)dp_route_put(dp, realm, prefix, dp_route_word(DP_ROUTE_DISCARD, 0));
	if (o->count == DP_OWED_MOST)
		return;
	if (o->count == 0)
		o->at = cv_time_add(dp->now, AGAIN_NS);
	o->routes[o->count].realm = realm;
	o->routes[o->count++].prefix = *prefix;
}

bool
dp_owed_settle(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix)
{
	struct dp_owed *o = dp->owed;

	for (uint32_t i = 0; i < o->count; i++)
		if (o->routes[i].realm == realm && cv_prefix_equal(&o->routes[i].prefix, prefix)) {
			o->routes[i] = o->routes[--o->count];
			return true;
		}
	return false;
}

void
dp_owed_poll(struct dp *dp, uint64_t now)
{
	struct dp_owed *o = dp->owed;

	if (o->count == 0 || now < o->at)
		return;
	for (uint32_t i = o->count; i-- > 0;)
		if (dp_route_take(dp, o->routes[i].realm, &o->routes[i].prefix) != CV_ERR_NOMEM)
			o->routes[i] = o->routes[--o->count];
	o->at = cv_time_add(now, AGAIN_NS);
}

uint64_t
dp_owed_timeout(const struct dp *dp)
{
	return dp->owed->count == 0 ? CV_TIME_NEVER : dp->owed->at;
}
