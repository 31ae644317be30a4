/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links of the kernel's by which its routes lead, and what others take from it that is ours: an
 * interface that somebody has removed is made anew, and an announced route put back.
 */
#include <libmnl/libmnl.h>

#include "datapath/info.h"
#include "kernel.h"

/* ---- links ---- */

void
kernel_leave_link(struct kernel *k, const struct tap *tap)
{
	for (unsigned i = 0; i < CV_KERNEL_TABLE_IDS; i++)
		if (k->tables[i].routes != NULL)
			(void)rtnl_table_link(k->tables[i].routes, tap->index, false);
}

void
kernel_hear_link(struct kernel *k, const struct rtnl_message *m)
{
	struct tap *tap = taps_by_index(k->taps, m->link.index);
	bool up = m->kind == RTNL_LINK && m->link.up;

	if (tap == NULL)
		return;
	if (m->kind == RTNL_LINK_GONE) {
		kernel_leave_link(k, tap);
		taps_lose(k->taps, tap);
		k->taps_at = daemon_now() + KERNEL_MAKE_NS;
		k->wants_dump = true;
	} else if (tap->up != up) {
		tap->up = up;
		k->wants_dump = true; /* what went with it nobody says */
	}
}

/* Whether packets of a table's realm can leave by a link. Several realms may have one table. */
static bool
leads(const struct daemon *d, const struct kernel_table *t, const struct tap *tap)
{
	struct dp_iface iface;

	return tap->up && dp_port_link(d->dp, tap->port) == DP_LINK_UP &&
	       dp_iface_get(d->dp, tap->iface, &iface) == 0 && iface.inside &&
	       iface.realm == t->realm;
}

void
kernel_follow_links(struct daemon *d)
{
	struct kernel *k = d->kernel;

	for (unsigned i = 0; i < CV_KERNEL_TABLE_IDS; i++) {
		struct kernel_table *t = &k->tables[i];

		for (struct tap *tap = taps_first(k->taps); t->routes != NULL && tap != NULL;
			tap = tap->next)
			if (rtnl_table_link(t->routes, tap->index, leads(d, t, tap)) > 0)
				k->publish_at = 0;
	}
}

/* ---- what somebody else has taken ---- */

/* Not at once, and not again and again: there may be who takes them out each time. */
void
kernel_hear_gone(struct kernel *k, const struct rtnl_route *route)
{
	uint64_t now = daemon_now();

	if (!k->quit && announced_gone(k->announced, route))
		k->again_at = cv_time_min(
			k->again_at, k->put_back == 0 || now >= k->put_back + KERNEL_RETRY_NS
					     ? now + KERNEL_TELL_NS
					     : k->put_back + KERNEL_RETRY_NS);
}

void
kernel_restore(struct daemon *d, uint64_t now)
{
	struct kernel *k = d->kernel;

	if (now >= k->taps_at && !k->quit) {
		k->taps_at = taps_follow(k->taps, d, d->cfg, k->ask) == 0
				     ? CV_TIME_NEVER
				     : now + KERNEL_MAKE_AGAIN_NS;
		k->tell_at = now + KERNEL_TELL_NS;
		k->wants_dump = true;
		kernel_follow_links(d);
	}
	if (now >= k->again_at) {
		k->again_at = CV_TIME_NEVER;
		k->put_back = now;
		if (!k->quit)
			announced_again(k->announced, d, k->ask);
	}
}

uint64_t
kernel_restore_at(const struct kernel *k)
{
	return cv_time_min(k->tell_at, cv_time_min(k->taps_at, k->again_at));
}
