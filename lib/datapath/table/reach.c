/* SPDX-License-Identifier: BSD-3-Clause */
/* When packets may go to a session: not before it was told so, and the Ack of its link has left. */
#include "datapath/table/lines.h"
#include "datapath/table/sessions.h"

/* dp_rare.after. */
static void
hold(struct dp *dp, uint32_t slot, uint32_t after)
{
	struct dp_egress *out = &dp->egress[slot];
	uint8_t flags =
		(uint8_t)((out->flags & ~DP_EGRESS_HELD) | (after == 0 ? 0 : DP_EGRESS_HELD));

	__atomic_store_n(&dp->rare[slot].after, after, __ATOMIC_RELEASE);
	__atomic_store_n(&out->flags, flags, __ATOMIC_RELEASE);
}

void
dp_reach_hold(struct dp *dp, uint32_t slot, bool six, bool held)
{
	uint32_t mine = six ? DP_AFTER_REACH6 | DP_AFTER_SENT6 : DP_AFTER_REACH | DP_AFTER_SENT;
	uint32_t reach = six ? DP_AFTER_REACH6 : DP_AFTER_REACH;
	uint32_t after = (dp->rare[slot].after & ~mine) | (held ? reach : 0);

	if ((after & (DP_AFTER_SENT | DP_AFTER_SENT6)) == 0)
		after &= DP_AFTER_REACH | DP_AFTER_REACH6;
	hold(dp, slot, after);
}

void
dp_reach_tell(struct dp *dp, uint32_t slot, bool six)
{
	struct dp_cold *c = &dp->cold[slot];
	uint32_t others = dp->rare[slot].after &
			  (six ? DP_AFTER_REACH | DP_AFTER_SENT : DP_AFTER_REACH6 | DP_AFTER_SENT6);

	hold(dp, slot,
		dp->control_given << DP_AFTER_FRAMES | others |
			(six ? DP_AFTER_SENT6 : DP_AFTER_SENT));
	/* a list, so that no number is compared when the count has gone half round */
	if (c->awaits_ack)
		return;
	c->awaits_ack = true;
	c->next_awaiting = DP_NO_SLOT;
	if (dp->listed_last == DP_NO_SLOT)
		dp->listed_first = slot;
	else
		dp->cold[dp->listed_last].next_awaiting = slot;
	dp->listed_last = slot;
}

void
dp_sessions_poll(struct dp *dp)
{
	while (dp->listed_first != DP_NO_SLOT) {
		uint32_t slot = dp->listed_first;

		uint32_t after = dp->rare[slot].after;

		if ((after & (DP_AFTER_SENT | DP_AFTER_SENT6)) != 0) {
			if (dp_egress_waits(dp, slot, (after & DP_AFTER_SENT6) != 0))
				return;
			hold(dp, slot, after & (DP_AFTER_REACH | DP_AFTER_REACH6));
		}
		dp->listed_first = dp->cold[slot].next_awaiting;
		if (dp->listed_first == DP_NO_SLOT)
			dp->listed_last = DP_NO_SLOT;
		dp->cold[slot].awaits_ack = false;
	}
}
