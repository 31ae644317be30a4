/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl drain: newcomers are sent away before maintenance. */
#include "commands.h"

#define MOST_NS (24 * 3600 * CV_NS_PER_S)

static json_t *
drain_json(const struct daemon *d, uint64_t now)
{
	struct drain_row row = {.since_s = -1, .left_s = -1};

	lns_status(d->lns, &row.s);
	if (row.s.draining)
		row.since_s = (int64_t)command_seconds(now, row.s.drain_since);
	if (row.s.drain_until != CV_TIME_NEVER) /* after which it is looked at once more */
		row.left_s = row.s.drain_until <= now
				     ? 0
				     : (int64_t)command_seconds(
					       row.s.drain_until + CV_NS_PER_S - 1, now);
	return view_row(&view_drain, &row);
}

/* The time within which sessions end; 0: they go on. */
static bool
read_time(json_t *on, uint64_t *ns, struct control_error *error)
{
	const char *text = json_string_value(on);

	*ns = 0;
	if (json_is_true(on) || (text != NULL && cfg_duration(text, ns) == 0 &&
					*ns >= CV_NS_PER_S && *ns <= MOST_NS))
		return true;
	control_fail(error, CONTROL_USAGE,
		"the time for sessions to end is from 1s to 24h, as 90s or 10m, not '%.60s'",
		text == NULL ? "" : text);
	return false;
}

json_t *
cmd_drain(struct daemon *d, json_t *arguments, struct control_error *error)
{
	json_t *on = json_object_get(arguments, "on");
	uint64_t now = daemon_now(), over;

	if (on != NULL && !read_time(on, &over, error))
		return NULL;
	if (d->stop_by != CV_TIME_NEVER) {
		control_fail(error, CONTROL_REFUSED, "culvertd is stopping");
		return NULL;
	}
	if (on != NULL)
		lns_drain(d->lns, now, over);
	else if (json_object_get(arguments, "off") != NULL)
		lns_drain_end(d->lns, now);
	daemon_act(d, now);
	return drain_json(d, now);
}
