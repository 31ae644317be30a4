/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers may still be reading is left alone until each has passed a quiescent state (RCU),
 * and nobody waits for that: a session's lines are used again, or its final counters told, and an
 * old filter is freed, in a later round of the control thread. A worker that hangs delays these
 * and nothing else.
 */
#include <stdlib.h>

#include "datapath/control/control.h"
#include "datapath/host/memory.h"
#include "datapath/table/groups.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"

uint64_t
dp_grace_begin(struct dp *dp)
{
	return dp->shared || !dp->started ? 0 : rte_rcu_qsbr_start(dp->rcu);
}

bool
dp_grace_is_over(struct dp *dp, uint64_t *token)
{
	if (*token != 0 && dp->started && rte_rcu_qsbr_check(dp->rcu, *token, false) == 0)
		return false;
	*token = 0;
	return true;
}

bool
dp_grace_over(struct dp *dp, uint32_t slot)
{
	return dp_grace_is_over(dp, &dp->cold[slot].token);
}

static void
append(struct dp *dp, struct dp_slot_list *list, uint32_t slot)
{
	dp->cold[slot].next = DP_NO_SLOT;
	if (list->last == DP_NO_SLOT)
		list->first = slot;
	else
		dp->cold[list->last].next = slot;
	list->last = slot;
}

static uint32_t
pop(struct dp *dp, struct dp_slot_list *list)
{
	uint32_t slot = list->first;

	if (slot == DP_NO_SLOT)
		return slot;
	list->first = dp->cold[slot].next;
	if (list->first == DP_NO_SLOT)
		list->last = DP_NO_SLOT;
	return slot;
}

void
dp_grace_wait(struct dp *dp, uint32_t slot)
{
	if (!dp->cold[slot].listed)
		append(dp, &dp->waiting, slot);
	dp->cold[slot].listed = true;
}

void
dp_grace_free(struct dp *dp, void *memory)
{
	struct dp_shared *old = memory;

	if (old == NULL)
		return;
	old--;
	old->token = dp_grace_begin(dp);
	old->next = NULL;
	if (dp->old == NULL)
		dp->old = old;
	else
		dp->old_last->next = old;
	dp->old_last = old;
}

static void
free_old(struct dp *dp)
{
	while (dp->old != NULL && dp_grace_is_over(dp, &dp->old->token)) {
		struct dp_shared *old = dp->old;

		dp->old = old->next;
		dp_shared_free(dp, old + 1);
	}
}

void
dp_grace_free_all(struct dp *dp)
{
	while (dp->old != NULL) {
		struct dp_shared *old = dp->old;

		dp->old = old->next;
		dp_shared_free(dp, old + 1);
	}
}

void
dp_graces_poll(struct dp *dp)
{
	free_old(dp);
	while (dp->waiting.first != DP_NO_SLOT && dp_grace_over(dp, dp->waiting.first)) {
		uint32_t slot = pop(dp, &dp->waiting);

		dp->cold[slot].listed = false;
		if (dp->cold[slot].leaving)
			append(dp, &dp->gone, slot);
		else if (dp->cold[slot].pending)
			dp_session_apply(dp, slot);
	}
}

bool
dp_graces_pending(const struct dp *dp)
{
	return dp->waiting.first != DP_NO_SLOT || dp->old != NULL || dp->trim_first != DP_NO_REALM;
}

static void
clear(struct dp_counted *n)
{
	if (__atomic_load_n(&n->packets, __ATOMIC_RELAXED) == 0)
		return; /* its page may not be there */
	__atomic_store_n(&n->packets, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&n->bytes, 0, __ATOMIC_RELAXED);
}

void
dp_counters_clear(struct dp *dp, uint32_t slot)
{
	clear(&dp->ingress[slot].received.count);
	__atomic_store_n(&dp->ingress[slot].received.owner, 0, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < dp->worker_count; i++) {
		clear(&dp->workers[i]->received[slot]);
		clear(&dp->workers[i]->sent[slot]);
	}
}

/* Its final counters; the slot is free. */
static void
finish(struct dp *dp, uint32_t slot, struct dp_session_counters *final)
{
	struct dp_cold *c = &dp->cold[slot];

	if (final != NULL)
		dp_session_counters(dp, slot, final);
	dp_counters_clear(dp, slot);
	if (c->moving)
		dp_nexthop_put(dp, c->hop);
	dp_nexthop_put(dp, dp->egress[slot].nexthop);
	dp_service_use(dp, c->told->service, -1);
	dp_meter_free(dp, slot);
	free(c->told);
	c->told = NULL;
	c->leaving = c->moving = false;
}

int
dp_session_clear(struct dp *dp, uint32_t slot, struct dp_session_counters *final)
{
	if (!dp_session_unlink(dp, slot))
		return CV_ERR_UNKNOWN;
	dp->sessions--;
	if (!dp_grace_over(dp, slot)) {
		dp->cold[slot].leaving = true;
		dp_grace_wait(dp, slot);
		return DP_LEAVING;
	}
	finish(dp, slot, final);
	return 0;
}

bool
dp_session_removed(struct dp *dp, uint32_t *slot, struct dp_session_counters *final)
{
	dp_graces_poll(dp);
	*slot = pop(dp, &dp->gone);
	if (*slot == DP_NO_SLOT)
		return false;
	finish(dp, *slot, final);
	return true;
}
