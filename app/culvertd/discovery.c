/* SPDX-License-Identifier: BSD-3-Clause */
#include "discovery.h"

#include <string.h>

#include "datapath/discovery.h"

/* It is always there: with all ports 0 it answers nothing. */
const void *
discovery_by_id(const struct cfg *cfg, uint16_t id)
{
	(void)id;
	return &cfg->discovery;
}

const char *
discovery_name(const void *thing)
{
	(void)thing;
	return "";
}

/* Which listeners' addresses have another one; returns how many. Two listeners may share one. */
static unsigned
others_of(const struct cfg *cfg, struct dp_discovery_other out[CV_LISTENERS_MAX])
{
	unsigned n = 0;

	for (size_t i = 0; cfg->discovery.rfc5780 && i < cfg->n_listeners; i++) {
		const struct cfg_listener *l = &cfg->listeners[i], *o = cfg_discovery_other(cfg, l);

		if (o != NULL)
			out[n++] = (struct dp_discovery_other){l->ip, o->ip};
	}
	return n;
}

static bool
same_others(const struct cfg *a_cfg, const struct cfg *b_cfg)
{
	static struct dp_discovery_other a[CV_LISTENERS_MAX], b[CV_LISTENERS_MAX];
	unsigned n = others_of(a_cfg, a);

	if (others_of(b_cfg, b) != n)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!cv_ip_equal(&a[i].here, &b[i].here) || !cv_ip_equal(&a[i].other, &b[i].other))
			return false;
	return true;
}

bool
discovery_same(const struct cfg *a_cfg, const void *va, const struct cfg *b_cfg, const void *vb)
{
	const struct cfg_discovery *a = va, *b = vb;

	if (a->stun_port != b->stun_port || a->echo_port != b->echo_port ||
		a->other_port != b->other_port || a->rfc3489 != b->rfc3489 ||
		a->rfc5780 != b->rfc5780 || a->per_second != b->per_second ||
		a->n_from != b->n_from)
		return false;
	for (size_t i = 0; i < a->n_from; i++)
		if (!cv_prefix_equal(&a->from[i], &b->from[i]))
			return false;
	return same_others(a_cfg, b_cfg);
}

int
discovery_set(struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	static struct dp_discovery_other others[CV_LISTENERS_MAX];
	const struct cfg_discovery *told = thing;
	struct dp_discovery discovery = {.stun_port = told->stun_port,
		.echo_port = told->echo_port,
		.old = told->rfc3489,
		.other_port = told->other_port,
		.others = others,
		.n_others = others_of(cfg, others),
		.from = told->from,
		.n_from = (unsigned)told->n_from,
		.per_second = told->per_second};

	(void)before;
	return dp_discovery_set(d->dp, &discovery);
}

void
discovery_clear(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	(void)gone;
	(void)cfg;
	(void)id;
	(void)dp_discovery_set(d->dp, NULL);
}
