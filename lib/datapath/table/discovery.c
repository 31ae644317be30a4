/* SPDX-License-Identifier: BSD-3-Clause */
#include "datapath/table/discovery.h"

#include "datapath/host/memory.h"
#include "datapath/table/sessions.h"

static bool
is_other(const struct dp_discovery_other *o)
{
	return o->here.family != 0 && o->here.family == o->other.family &&
	       !cv_ip_equal(&o->here, &o->other);
}

static bool
fits(const struct dp_discovery *told)
{
	if (told->n_from > DP_DISCOVERY_FROM || told->n_others > DP_DISCOVERY_OTHERS ||
		told->per_second == 0 || told->per_second > MS_PER_S)
		return false;
	if (told->echo_port != 0 && told->echo_port == told->stun_port)
		return false;
	/* the other port is of no use without another address, whatever it is */
	if (told->n_others != 0 &&
		(told->stun_port == 0 || told->other_port == 0 ||
			told->other_port == told->stun_port || told->other_port == told->echo_port))
		return false;
	for (unsigned i = 0; i < told->n_others; i++)
		if (!is_other(&told->others[i]))
			return false;
	return true;
}

static struct dp_discovery_table *
table_of(struct dp *dp, const struct dp_discovery *told)
{
	struct dp_discovery_table *t = dp_shared_new(dp, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->told = *told;
	t->told.others = t->others;
	t->told.from = t->from;
	t->cost_ms = MS_PER_S / told->per_second;
	if (told->n_others == 0)
		t->told.other_port = 0;
	else
		memcpy(t->others, told->others, told->n_others * sizeof(t->others[0]));
	if (told->n_from != 0)
		memcpy(t->from, told->from, told->n_from * sizeof(t->from[0]));
	return t;
}

int
dp_discovery_set(struct dp *dp, const struct dp_discovery *told)
{
	struct dp_discovery_table *t = NULL, *before = dp->discovery;

	if (told != NULL && !fits(told))
		return CV_ERR_CONFIG;
	if (told != NULL && (t = table_of(dp, told)) == NULL)
		return CV_ERR_NOMEM;
	__atomic_store_n(&dp->discovery, t, __ATOMIC_RELEASE);
	dp_grace_free(dp, before);
	return 0;
}

bool
dp_discovery_get(const struct dp *dp, struct dp_discovery *out)
{
	if (dp->discovery == NULL)
		return false;
	*out = dp->discovery->told;
	return true;
}

void
dp_discovery_destroy(struct dp *dp)
{
	dp_shared_free(dp, dp->discovery);
}
