/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Before maintenance: newcomers are sent to another server, and what runs goes on, or is ended bit
 * by bit, so that others are not dialled by all at once.
 */
#include "lns/dial.h"

#define TICK_NS (CV_NS_PER_S / 10)
#define SLOW_TICK_NS CV_NS_PER_S
#define LAST_NS (5 * CV_NS_PER_S) /* for the last sessions to end, before their tunnels do */

static void
arm(struct lns *lns, uint64_t now)
{
	struct lns_drain *d = &lns->drain;

	cv_wheel_arm(&lns->wheel, &d->object.timer,
		cv_time_add(now, d->until == CV_TIME_NEVER ? SLOW_TICK_NS : TICK_NS));
}

static void
look_empty(struct lns *lns, uint64_t now)
{
	struct lns_drain *d = &lns->drain;
	bool empty = lns->tunnels == 0;

	if (empty && !d->empty)
		cv_log_event(lns->log, CV_LOG_INFO, "drained", "after_s=%llu",
			(unsigned long long)((now - d->since) / CV_NS_PER_S));
	d->empty = empty;
}

void
lns_drain(struct lns *lns, uint64_t now, uint64_t over_ns)
{
	struct lns_drain *d = &lns->drain;

	if (!d->on)
		d->since = now;
	d->on = true;
	d->from = now;
	d->until = over_ns == 0 ? CV_TIME_NEVER : cv_time_add(now, over_ns);
	d->total = lns->sessions;
	d->closed = 0;
	d->cursor = 0;
	cv_log_event(lns->log, CV_LOG_INFO, "drain", "tunnels=%u sessions=%u over_s=%llu",
		lns->tunnels, lns->sessions, (unsigned long long)(over_ns / CV_NS_PER_S));
	look_empty(lns, now);
	arm(lns, now);
}

void
lns_drain_end(struct lns *lns, uint64_t now)
{
	struct lns_drain *d = &lns->drain;

	if (!d->on)
		return;
	d->on = d->empty = false;
	cv_wheel_cancel(&lns->wheel, &d->object.timer);
	lns_dial_go_on(lns, now);
	cv_log_event(lns->log, CV_LOG_INFO, "drain-end", "tunnels=%u sessions=%u", lns->tunnels,
		lns->sessions);
}

/* Sessions that are to have been closed by now; total * time may be more than 64 bits of ns. */
static uint32_t
due(const struct lns_drain *d, uint64_t now)
{
	uint64_t ms = (now - d->from) / CV_NS_PER_MS,
		 of_ms = (d->until - d->from) / CV_NS_PER_MS + 1;

	return now >= d->until ? UINT32_MAX : (uint32_t)(d->total * ms / of_ms);
}

/* Those that come by the way of their slots, which is in no order that anybody knows. */
static void
close_some(struct lns *lns, uint64_t now)
{
	struct lns_drain *d = &lns->drain;
	uint32_t until_now = due(d, now);

	while (d->closed < until_now && d->cursor <= lns->slot_mask) {
		struct lns_session *s = lns->slots[d->cursor++];

		if (s == NULL || s->over || s->leaving)
			continue;
		d->closed++;
		lns_count(lns, LNS_DRAIN_ENDED);
		lns_session_close(lns, s, now, PPP_DOWN_KICKED);
	}
}

void
lns_drain_timeout(struct lns *lns, uint64_t now)
{
	static const struct l2tp_reason reason = {
		.result = L2TP_STOPCCN_SHUTTING_DOWN, .message = "the server is being drained"};
	struct lns_drain *d = &lns->drain;

	if (lns->stopping || !d->on)
		return;
	if (d->until != CV_TIME_NEVER)
		close_some(lns, now);
	/* calls that were under way when it began are in a slot that was passed by */
	if (d->until != CV_TIME_NEVER && now >= cv_time_add(d->until, LAST_NS)) {
		lns_tunnels_close(lns, now, &reason, true);
		d->until = CV_TIME_NEVER;
	}
	look_empty(lns, now);
	arm(lns, now);
}
