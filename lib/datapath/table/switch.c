/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions that are joined: what comes by either leaves by the other. In the line of each stands a
 * route word that leads to the other, or nowhere; it changes under traffic. Nothing is sent by
 * lines that wait to be written: who would is told so first, and once no worker is at them, they
 * are (lines.c), and it is told anew. So it is with the lines of one that goes.
 */
#include "datapath/host/memory.h"
#include "datapath/table/lines.h"
#include "datapath/table/sessions.h"

/* What is wanted, in dp.switches: to whom it is joined, by the slot and 2; or these. */
enum { NEVER = 0, ALONE = 1, SLOTS = 2 };

int
dp_switches_create(struct dp *dp)
{
	dp->switches = dp_table_new(dp, dp_slots(dp) * sizeof(dp->switches[0]));
	return dp->switches == NULL ? CV_ERR_NOMEM : 0;
}

void
dp_switches_destroy(struct dp *dp)
{
	dp_table_free(dp, dp->switches, dp_slots(dp) * sizeof(dp->switches[0]));
}

/* DP_NO_SLOT: to none. */
static uint32_t
other_of(const struct dp *dp, uint32_t slot)
{
	uint32_t wanted = dp->switches[slot];

	return wanted < SLOTS ? DP_NO_SLOT : wanted - SLOTS;
}

/* Its lines are as they were told. */
static bool
is_whole(const struct dp *dp, uint32_t slot)
{
	return dp->cold[slot].installed && dp->ingress[slot].word != 0 &&
	       (dp->cold[slot].pending & DP_PART_LINES) == 0;
}

/* Its line leads nowhere, if it leads to another one at all: from whatever it waits for, workers
 * may be at it. */
static void
lead_nowhere(struct dp *dp, uint32_t slot)
{
	struct dp_ingress *in = &dp->ingress[slot];

	if ((in->word & DP_INGRESS_SWITCHED) != 0)
		__atomic_store_n(&in->other, dp_route_word(DP_ROUTE_DISCARD, 0), __ATOMIC_RELEASE);
}

/* Where its line leads to: to the other one, if both may be. */
static void
write_line(struct dp *dp, uint32_t slot)
{
	struct dp_ingress *in = &dp->ingress[slot];
	uint32_t other = other_of(dp, slot), word = dp_route_word(DP_ROUTE_DISCARD, 0);

	if (dp->switches[slot] == NEVER || !is_whole(dp, slot)) {
		lead_nowhere(dp, slot);
		return;
	}
	if (other != DP_NO_SLOT && is_whole(dp, other))
		word = dp_lines_route_word(dp, other);
	__atomic_store_n(&in->other, word, __ATOMIC_RELEASE);
	__atomic_store_n(&in->word, in->word | DP_INGRESS_SWITCHED, __ATOMIC_RELEASE);
}

/* The one that stays leads nowhere. */
static void
part(struct dp *dp, uint32_t slot)
{
	uint32_t other = other_of(dp, slot);

	if (other == DP_NO_SLOT)
		return;
	dp->switches[slot] = dp->switches[other] = ALONE;
	write_line(dp, other);
}

void
dp_switch_leave(struct dp *dp, uint32_t slot)
{
	if (dp->switches[slot] == NEVER)
		return; /* its page may not be there */
	part(dp, slot);
	dp->switches[slot] = NEVER;
}

void
dp_switch_change(struct dp *dp, uint32_t slot, const struct dp_session *told)
{
	uint32_t other = other_of(dp, slot);
	struct dp_ingress *in = &dp->ingress[slot];

	if (dp->switches[slot] == NEVER)
		return;
	if ((told->send & DP_SEND_FRAMES) == 0) {
		dp_switch_leave(dp, slot);
		__atomic_store_n(&in->word, in->word & ~DP_INGRESS_SWITCHED, __ATOMIC_RELEASE);
	} else if (other != DP_NO_SLOT) {
		lead_nowhere(dp, other);
	}
	dp->cold[slot].token = dp_grace_begin(dp);
}

void
dp_switch_apply(struct dp *dp, uint32_t slot)
{
	uint32_t other = other_of(dp, slot);

	write_line(dp, slot);
	if (other != DP_NO_SLOT)
		write_line(dp, other);
}

static bool
may_be_joined(const struct dp *dp, uint32_t slot)
{
	return (dp->cold[slot].told->send & DP_SEND_FRAMES) != 0;
}

static bool
is_there(const struct dp *dp, uint32_t slot)
{
	return slot <= dp->slot_mask && dp->cold[slot].installed;
}

int
dp_switch_set(struct dp *dp, uint32_t slot, uint32_t other)
{
	if (!is_there(dp, slot) || (other != DP_NO_SLOT && !is_there(dp, other)))
		return CV_ERR_UNKNOWN;
	if (slot == other || !may_be_joined(dp, slot) ||
		(other != DP_NO_SLOT && !may_be_joined(dp, other)))
		return CV_ERR_CONFIG;
	if (other == DP_NO_SLOT) {
		part(dp, slot);
		dp->switches[slot] = ALONE;
		write_line(dp, slot);
		return 0;
	}
	if ((other_of(dp, slot) != DP_NO_SLOT && other_of(dp, slot) != other) ||
		(other_of(dp, other) != DP_NO_SLOT && other_of(dp, other) != slot))
		return CV_ERR_EXISTS;
	dp->switches[slot] = other + SLOTS;
	dp->switches[other] = slot + SLOTS;
	dp_switch_apply(dp, slot);
	return 0;
}

int
dp_switch_get(const struct dp *dp, uint32_t slot, uint32_t *other)
{
	if (!is_there(dp, slot) || dp->switches[slot] == NEVER)
		return CV_ERR_UNKNOWN;
	*other = other_of(dp, slot);
	return 0;
}
