/* SPDX-License-Identifier: BSD-3-Clause */
#include "dials.h"
#include "datapath/routes.h"

/* The networks for which traffic is waited for, and their realm. */
struct networks {
	const struct cv_prefix *at;
	size_t n;
	uint16_t realm; /* ID */
};

static struct networks
networks_of(const struct cfg *cfg, const struct cfg_dial *dial)
{
	struct cfg_networks n = cfg_dial_networks(cfg, dial);

	if (n.n == 0)
		return (struct networks){0};
	return (struct networks){.at = n.at, .n = n.n, .realm = cfg->realms[n.realm].id};
}

static bool
has(const struct networks *n, uint16_t realm, const struct cv_prefix *prefix)
{
	for (size_t i = 0; i < n->n && n->realm == realm; i++)
		if (cv_prefix_equal(&n->at[i], prefix))
			return true;
	return false;
}

/* What one has and the other has not leads to it no longer. */
static void
clear_others(struct daemon *d, const struct networks *gone, const struct networks *now)
{
	for (size_t i = 0; i < gone->n; i++)
		if (!has(now, gone->realm, &gone->at[i]))
			(void)dp_route_clear(d->dp, gone->realm, &gone->at[i]);
}

const void *
dials_by_id(const struct cfg *cfg, uint16_t id)
{
	return cfg_dial_by_id(cfg, id);
}

const char *
dials_name(const void *thing)
{
	return ((const struct cfg_dial *)thing)->name;
}

bool
dials_same(const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b)
{
	struct networks one = networks_of(a_cfg, a), other = networks_of(b_cfg, b);

	if (one.n != other.n || one.realm != other.realm)
		return false;
	for (size_t i = 0; i < one.n; i++)
		if (!has(&other, one.realm, &one.at[i]))
			return false;
	return true;
}

int
dials_set(struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	const struct cfg_dial *dial = thing;
	struct networks now = networks_of(cfg, dial), gone = {0};
	int rc = 0;

	if (before != NULL)
		gone = networks_of(before, cfg_dial_by_id(before, dial->id));
	for (size_t i = 0; rc == 0 && i < now.n; i++)
		rc = dp_route_set(
			d->dp, now.realm, &now.at[i], dp_route_word(DP_ROUTE_DIAL, dial->id));
	if (rc == 0)
		clear_others(d, &gone, &now);
	return rc;
}

void
dials_clear(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	struct networks was = networks_of(gone, cfg_dial_by_id(gone, id)), none = {0};

	(void)cfg;
	dp_dial_arm(d->dp, id, false);
	clear_others(d, &was, &none);
}
