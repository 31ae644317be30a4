/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The neighbours that there are, and who of them gives way to others.
 *
 * What strangers name as their address makes neighbours, too. Those have bounded room, in which
 * a new one takes the place of the oldest: a station that is there answers long before its turn
 * comes. What sessions and gateways use is not among them.
 */
#include "datapath/control/neighbours.h"

#include <stdlib.h>
#include <string.h>

#include "datapath/control/control.h"
#include "datapath/ends.h"
#include "datapath/host/memory.h"
#include "datapath/table/outside.h"
#include "datapath/table/uplink.h"

enum { STRANGERS_MAX = 1024 }; /* that are being resolved, and that no session uses */

#define NEIGHBOUR_OF(n) CV_OBJECT(struct neighbour, node, n)

int
dp_neighbours_create(struct dp *dp)
{
	uint64_t key[2] = {dp->slot_seed, ~dp->slot_seed};
	struct dp_neighbours *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return CV_ERR_NOMEM;
	dp->neighbours = n;
	cv_wheel_init(&n->wheel, 0);
	n->by_hop = dp_table_new(dp, DP_MAX_NEXTHOPS * sizeof(n->by_hop[0]));
	dp->nexthops = dp_table_new(dp, DP_MAX_NEXTHOPS * sizeof(dp->nexthops[0]));
	dp->hop_tags = dp_table_new(dp, DP_MAX_NEXTHOPS * sizeof(dp->hop_tags[0]));
	if (n->by_hop == NULL || dp->nexthops == NULL || dp->hop_tags == NULL ||
		dp_wanted_create(dp) != 0)
		return CV_ERR_NOMEM;
	return cv_table_init(&n->table, 4096, key);
}

static void
leave_queue(struct neighbour *n)
{
	struct queue *q = n->queue;

	if (q == NULL)
		return;
	*(n->older == NULL ? &q->oldest : &n->older->newer) = n->newer;
	*(n->newer == NULL ? &q->newest : &n->newer->older) = n->older;
	n->older = n->newer = NULL;
	n->queue = NULL;
	q->n--;
}

void
dp_neighbour_queue_up(struct dp_neighbours *all, struct neighbour *n)
{
	struct queue *q = n->up ? &all->idle : &all->strangers;

	leave_queue(n);
	if (n->users != 0)
		return;
	n->queue = q;
	n->older = q->newest;
	*(q->newest == NULL ? &q->oldest : &q->newest->newer) = n;
	q->newest = n;
	q->n++;
}

void
dp_neighbour_drop_waiting(struct dp *dp, struct neighbour *n, enum dp_drop_cause cause)
{
	for (unsigned i = 0; i < n->waiting; i++)
		dp_drop_control(dp, n->packets[i], cause);
	dp->neighbours->waiting -= n->waiting;
	n->waiting = 0;
}

void
dp_neighbour_forget(struct dp *dp, struct neighbour *n, enum dp_drop_cause cause)
{
	struct dp_neighbours *all = dp->neighbours;

	dp_neighbour_drop_waiting(dp, n, cause);
	dp_adjacency_put(dp, n->adjacency);
	leave_queue(n);
	cv_wheel_cancel(&all->wheel, &n->timer);
	cv_table_remove(&all->table, &n->node);
	dp_wanted_add(dp, n->lan, dp_ip_of(&n->ip), -1);
	all->by_hop[n->hop] = NULL;
	__atomic_store_n(&dp->nexthops[n->hop].second, 0, __ATOMIC_RELAXED);
	all->count--;
	free(n);
}

void
dp_neighbours_destroy(struct dp *dp)
{
	struct dp_neighbours *all = dp->neighbours;

	if (all == NULL)
		return;
	for (size_t i = 0; all->by_hop != NULL && i < DP_MAX_NEXTHOPS; i++)
		if (all->by_hop[i] != NULL)
			dp_neighbour_forget(dp, all->by_hop[i], DP_DROP_NEIGHBOUR_UNREACHABLE);
	cv_table_fini(&all->table);
	dp_table_free(dp, all->by_hop, DP_MAX_NEXTHOPS * sizeof(all->by_hop[0]));
	dp_table_free(dp, dp->nexthops, DP_MAX_NEXTHOPS * sizeof(dp->nexthops[0]));
	dp_table_free(dp, dp->hop_tags, DP_MAX_NEXTHOPS * sizeof(dp->hop_tags[0]));
	dp_wanted_destroy(dp);
	free(all);
	dp->neighbours = NULL;
}

struct neighbour *
dp_neighbour_find(const struct dp *dp, uint16_t lan, const struct cv_ip *ip, uint64_t *hash)
{
	struct dp_ip at = dp_ip_of(ip);
	uint64_t key[3] = {at.high, at.low, lan};

	*hash = cv_table_hash(&dp->neighbours->table, key, sizeof(key));
	for (struct cv_node *n = cv_table_first(&dp->neighbours->table, *hash); n != NULL;
		n = cv_table_next(n))
		if (NEIGHBOUR_OF(n)->lan == lan && cv_ip_equal(&NEIGHBOUR_OF(n)->ip, ip))
			return NEIGHBOUR_OF(n);
	return NULL;
}

/* Room for one more: those that no session uses give way, the oldest first. */
static bool
make_room(struct dp *dp)
{
	struct dp_neighbours *all = dp->neighbours;
	struct neighbour *n = NULL;

	if (all->strangers.n >= STRANGERS_MAX)
		n = all->strangers.oldest;
	else if (all->count < DP_MAX_NEXTHOPS - 2)
		return true;
	else
		n = all->strangers.n != 0 ? all->strangers.oldest : all->idle.oldest;
	if (n == NULL)
		return false;
	dp_neighbour_forget(dp, n, DP_DROP_NEIGHBOUR_GAVE_WAY);
	return true;
}

struct neighbour *
dp_neighbour_make(struct dp *dp, uint16_t lan, const struct cv_ip *ip, uint64_t hash)
{
	struct dp_neighbours *all = dp->neighbours;
	struct neighbour *n;

	if (!make_room(dp))
		return NULL;
	n = calloc(1, sizeof(*n));
	if (n == NULL)
		return NULL;
	while (all->next_hop % DP_MAX_NEXTHOPS == DP_NEXTHOP_NONE ||
		all->by_hop[all->next_hop % DP_MAX_NEXTHOPS] != NULL)
		all->next_hop++;
	n->hop = (uint16_t)(all->next_hop++ % DP_MAX_NEXTHOPS);
	n->ip = *ip;
	n->lan = lan;
	n->adjacency = DP_NO_SLOT;
	all->by_hop[n->hop] = n;
	all->count++;
	cv_table_add(&all->table, &n->node, hash);
	dp_wanted_add(dp, n->lan, dp_ip_of(&n->ip), 1);
	return n;
}

void
dp_neighbours_leave(struct dp *dp, uint16_t lan)
{
	for (size_t i = 0; i < DP_MAX_NEXTHOPS; i++) {
		struct neighbour *n = dp->neighbours->by_hop[i];

		if (n == NULL || n->lan != lan)
			continue;
		dp_adjacency_put(dp, n->adjacency);
		n->adjacency = DP_NO_SLOT;
	}
}

void
dp_neighbours_forget(struct dp *dp, uint16_t lan)
{
	for (size_t i = 0; i < DP_MAX_NEXTHOPS; i++) {
		struct neighbour *n = dp->neighbours->by_hop[i];

		if (n != NULL && n->lan == lan && n->users == 0)
			dp_neighbour_forget(dp, n, DP_DROP_NEIGHBOUR_UNREACHABLE);
	}
}

bool
dp_neighbour_packet_room(struct dp *dp, const struct neighbour *n)
{
	struct dp_neighbours *all = dp->neighbours;

	while (all->waiting >= DP_NEIGHBOUR_WAITING && all->strangers.oldest != NULL &&
		all->strangers.oldest != n)
		dp_neighbour_forget(dp, all->strangers.oldest, DP_DROP_NEIGHBOUR_GAVE_WAY);
	return all->waiting < DP_NEIGHBOUR_WAITING;
}

bool
dp_neighbour_next(const struct dp *dp, uint64_t *cursor, struct dp_neighbour_info *out)
{
	while (*cursor < DP_MAX_NEXTHOPS) {
		const struct neighbour *n = dp->neighbours->by_hop[(*cursor)++];

		if (n == NULL)
			continue;
		*out = (struct dp_neighbour_info){.ip = n->ip,
			.port = dp->lans[n->lan].port,
			.vlan = dp->lans[n->lan].vlan,
			.outer = dp->lans[n->lan].outer,
			.resolved = n->up,
			.configured = n->fixed,
			.users = n->users,
			.confirmed_at = n->confirmed_at};
		memcpy(out->mac, n->mac, sizeof(out->mac));
		return true;
	}
	return false;
}
