/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next hops of routes. Where an ID has several, each flow keeps to one: a flow is of one of
 * DP_SPREAD_PLACES, and a place goes to the next hop that scores highest for it among those that
 * are up (highest random weight). So when one goes, its flows alone move, and when it is back, they
 * alone go back. Where none is up all have their share, and are asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "datapath/control/control.h"
#include "datapath/ends.h"
#include "datapath/host/memory.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"
#include "datapath/table/uplink.h"

struct hop {
	struct dp_via told;
	uint32_t slot;
	uint16_t nexthop;
};

/* What an ID has. */
struct via {
	struct cv_link link; /* among those with several */
	struct hop *hops;
	struct dp_spread *spread; /* NULL: it has one */
	uint16_t n;               /* 0: it is not set */
};

struct dp_vias {
	struct cv_list several;
	struct via of[DP_IDS_OF_A_KIND];
};

#define VIA_OF(l) CV_OBJECT(struct via, link, l)

int
dp_vias_create(struct dp *dp)
{
	dp->vias = dp_table_new(dp, sizeof(*dp->vias));
	dp->via = dp_table_new(dp, DP_IDS_OF_A_KIND * sizeof(dp->via[0]));
	dp->spreads = dp_table_new(dp, DP_IDS_OF_A_KIND * sizeof(dp->spreads[0]));
	if (dp->vias == NULL || dp->via == NULL || dp->spreads == NULL)
		return CV_ERR_NOMEM;
	cv_list_wake(&dp->vias->several);
	return 0;
}

void
dp_vias_destroy(struct dp *dp)
{
	for (uint32_t i = 0; dp->vias != NULL && i < DP_IDS_OF_A_KIND; i++) {
		free(dp->vias->of[i].hops);
		dp_grace_free(dp, dp->vias->of[i].spread);
	}
	dp_table_free(dp, dp->vias, sizeof(*dp->vias));
	dp_table_free(dp, dp->via, DP_IDS_OF_A_KIND * sizeof(dp->via[0]));
	dp_table_free(dp, dp->spreads, DP_IDS_OF_A_KIND * sizeof(dp->spreads[0]));
}

bool
dp_vias_use(const struct dp *dp, uint32_t link)
{
	for (uint32_t i = 0; i < DP_IDS_OF_A_KIND; i++) {
		const struct via *v = &dp->vias->of[i];

		for (unsigned k = 0; k < v->n; k++)
			if (dp_adjacency_of(dp, v->hops[k].slot)->link == link)
				return true;
	}
	return false;
}

/* ---- which of several ---- */

static bool
is_up(const struct dp *dp, const struct hop *h)
{
	const struct dp_lan *lan = &dp->lans[dp_adjacency_of(dp, h->slot)->lan];

	return (dp->nexthops[h->nexthop].second & DP_NEXTHOP_UP) != 0 &&
	       dp->ports[lan->port].link == DP_LINK_UP;
}

/* It is the next hop's own, wherever it stands in a list. */
static uint64_t
score(const struct dp *dp, const struct hop *h, unsigned place)
{
	struct dp_ip ip = dp_ip_of(&h->told.ip);

	return dp_hash64(
		dp_hash64(ip.low ^ dp_hash64(ip.high ^ h->told.iface ^ dp->slot_seed)) ^ place);
}

static void
aim(const struct dp *dp, struct via *v)
{
	bool up[DP_MAX_HOPS], any = false;

	for (unsigned i = 0; i < v->n; i++) {
		up[i] = is_up(dp, &v->hops[i]);
		any = any || up[i];
	}
	for (unsigned place = 0; place < DP_SPREAD_PLACES; place++) {
		uint64_t best = 0;
		uint8_t which = 0;

		for (unsigned i = 0; i < v->n; i++) {
			uint64_t s = score(dp, &v->hops[i], place) | 1;

			if ((up[i] || !any) && s > best) {
				best = s;
				which = (uint8_t)i;
			}
		}
		__atomic_store_n(&v->spread->which[place], which, __ATOMIC_RELAXED);
	}
}

void
dp_vias_aim(struct dp *dp)
{
	CV_LIST_EACH(&dp->vias->several, link, after)
	{
		aim(dp, VIA_OF(link));
	}
}

/* ---- set and cleared ---- */

static void
put_hops(struct dp *dp, const struct hop *hops, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		dp_adjacency_put(dp, hops[i].slot);
		dp_nexthop_put(dp, hops[i].nexthop);
	}
}

/* 0, or why it can't be a next hop. */
static int
get_hop(struct dp *dp, const struct dp_via *told, struct hop *out)
{
	const struct dp_iface_record *r = &dp->ifaces[told->iface];
	uint32_t slot;
	int hop;

	if (!r->set)
		return CV_ERR_UNKNOWN;
	if (r->slot == 0 || dp_uplink_source(dp, r->lan, &told->ip) == NULL ||
		dp_is_own(dp, r->lan, dp_ip_of(&told->ip)))
		return CV_ERR_CONFIG;
	hop = dp_nexthop_hold(dp, dp->now, r->lan, &told->ip);
	if (hop < 0)
		return CV_ERR_LIMIT;
	slot = dp_adjacency_get(dp, r->lan, &told->ip, (uint16_t)hop);
	if (slot == DP_NO_SLOT) {
		dp_nexthop_put(dp, hop);
		return CV_ERR_LIMIT;
	}
	*out = (struct hop){.told = *told, .slot = slot, .nexthop = (uint16_t)hop};
	return 0;
}

static bool
is_among(const struct dp_via *told, const struct hop *hops, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (hops[i].told.iface == told->iface && cv_ip_equal(&hops[i].told.ip, &told->ip))
			return true;
	return false;
}

/* All of them, or none. */
static int
get_hops(struct dp *dp, const struct dp_via *told, unsigned n, struct hop *hops)
{
	for (unsigned i = 0; i < n; i++) {
		int rc = is_among(&told[i], hops, i) ? CV_ERR_CONFIG
						     : get_hop(dp, &told[i], &hops[i]);

		if (rc != 0) {
			put_hops(dp, hops, i);
			return rc;
		}
	}
	return 0;
}

static int
make(struct dp *dp, const struct dp_via *told, unsigned n, struct via *out)
{
	int rc = CV_ERR_NOMEM;

	*out = (struct via){.n = (uint16_t)n, .hops = calloc(n, sizeof(out->hops[0]))};
	if (n > 1)
		out->spread = dp_shared_new(dp, sizeof(*out->spread));
	if (out->hops != NULL && (n == 1 || out->spread != NULL))
		rc = get_hops(dp, told, n, out->hops);
	if (rc != 0) {
		free(out->hops);
		dp_grace_free(dp, out->spread);
		return rc;
	}
	for (unsigned i = 0; n > 1 && i < n; i++)
		out->spread->slots[i] = out->hops[i].slot;
	if (n > 1)
		aim(dp, out);
	return 0;
}

/* In place of what the ID had. */
static void
put(struct dp *dp, uint16_t id, const struct via *now)
{
	struct via *v = &dp->vias->of[id], before = *v;
	uint32_t word = DP_ROUTE_NOBODY;

	cv_unlink(&v->link);
	*v = *now;
	if (v->spread != NULL) {
		cv_list_append(&dp->vias->several, &v->link);
		word = dp_route_word(DP_ROUTE_SPREAD, id);
		__atomic_store_n(&dp->spreads[id], v->spread, __ATOMIC_RELEASE);
	} else if (v->n != 0) {
		word = dp_route_word(DP_ROUTE_ADJACENT, v->hops[0].slot);
	}
	/* who has read the word before goes by the spread that was, which stands where it did */
	__atomic_store_n(&dp->via[id], word, __ATOMIC_RELEASE);
	dp_grace_free(dp, before.spread);
	put_hops(dp, before.hops, before.n);
	free(before.hops);
}

int
dp_via_set(struct dp *dp, uint16_t id, const struct dp_via *hops, unsigned n)
{
	struct via now;
	int rc = n == 0 || n > DP_MAX_HOPS ? CV_ERR_CONFIG : make(dp, hops, n, &now);

	if (rc == 0)
		put(dp, id, &now);
	return rc;
}

int
dp_via_clear(struct dp *dp, uint16_t id)
{
	if (dp->vias->of[id].n == 0)
		return CV_ERR_UNKNOWN;
	put(dp, id, &(struct via){0});
	return 0;
}

unsigned
dp_via_get(const struct dp *dp, uint16_t id, struct dp_via out[DP_MAX_HOPS])
{
	const struct via *v = &dp->vias->of[id];

	for (unsigned i = 0; out != NULL && i < v->n; i++)
		out[i] = v->hops[i].told;
	return v->n;
}
