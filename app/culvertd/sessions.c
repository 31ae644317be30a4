/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels and sessions, as they are and as they ended. */
#include <stdio.h>
#include <string.h>

#include "commands.h"

/* Whether a row was found; if not, whether the table ends here or only the page. */
static bool
found(bool found, struct page *page, uint64_t places)
{
	if (!found && page->cursor >= places)
		page->cursor = 0;
	return found;
}

/* ---- tunnels ---- */

static void
complete_tunnel(const struct daemon *d, struct tunnel_row *row)
{
	id_tunnel(d, row->t.listener, row->t.tunnel_id, row->id);
	id_listener(d, row->t.listener, row->listener);
	row->age_s = command_seconds(daemon_now(), row->t.created_at);
	row->moved_s =
		row->t.moves == 0 ? -1 : (int64_t)command_seconds(daemon_now(), row->t.moved_at);
}

static bool
next_tunnel(struct daemon *d, struct page *page, void *out)
{
	struct tunnel_row *row = out;

	if (!found(lns_next_tunnel(d->lns, &page->cursor, page->stop, &row->t), page,
		    lns_tunnel_places(d->lns)))
		return false;
	complete_tunnel(d, row);
	return true;
}

json_t *
cmd_tunnels(struct daemon *d, json_t *arguments, struct control_error *error)
{
	return command_page(d, arguments, &view_tunnels, next_tunnel, error);
}

static void
add_tally(json_t *counters, const struct lns_tally *t)
{
	json_array_append_new(counters,
		view_row(&view_counters, &(struct counter_row){t->name, t->help, t->value}));
}

/* One tunnel, with what L2TP counted. */
json_t *
cmd_tunnel(struct daemon *d, json_t *arguments, struct control_error *error)
{
	const char *text = command_string(arguments, "tunnel");
	json_t *answer, *counters = NULL;
	struct tunnel_row row;
	struct lns_tally tally;
	struct id id;

	if (!id_parse_tunnel(d, text, &id, error) || !id_one_tunnel(d, &id, error))
		return NULL;
	if (lns_find_tunnel(d->lns, id.listener, id.tunnel, &row.t) == 0) {
		control_fail(error, CONTROL_NOT_FOUND, "tunnel %.60s is not here", text);
		return NULL;
	}
	complete_tunnel(d, &row);
	answer = view_row(&view_tunnels, &row);
	counters = json_array();
	for (unsigned i = 0; lns_tunnel_tally(d->lns, row.t.listener, id.tunnel, i, &tally); i++)
		add_tally(counters, &tally);
	json_object_set_new(answer, "counters", counters);
	return answer;
}

/* ---- sessions ---- */

/* NULL: there is none. */
static const char *
prefix_text(const struct cv_prefix *prefix, char out[CV_PREFIX_TEXT])
{
	return prefix->ip.family == 0 ? NULL : cv_prefix_text(prefix, out);
}

static void
complete_ipv6(const struct lns_ipv6_info *s, struct session_row *row)
{
	row->prefix6 = row->delegated = NULL;
	row->local6 = (struct cv_ip){0};
	if (s == NULL)
		return;
	row->prefix6 = prefix_text(&s->prefix, row->prefix6_text);
	row->delegated = prefix_text(&s->delegated, row->delegated_text);
	row->local6 = s->local;
}

/* What is behind it, as far as there is room. */
static void
complete_routes(const struct lns_session_info *s, struct session_row *row)
{
	size_t room = sizeof(row->routes_text), used = 0, i;
	char text[CV_PREFIX_TEXT];

	row->routes = s->n_routes == 0 ? NULL : row->routes_text;
	for (i = 0; i < s->n_routes && room - used > 2 * CV_PREFIX_TEXT; i++)
		used += (size_t)snprintf(row->routes_text + used, room - used, "%s%s",
			i == 0 ? "" : ", ", cv_prefix_text(&s->routes[i], text));
	if (i < s->n_routes)
		snprintf(row->routes_text + used, room - used, " and %zu more", s->n_routes - i);
}

static void
complete_rates(const struct daemon *d, struct session_row *row)
{
	struct dp_rated rated;

	snprintf(row->rate_in, sizeof(row->rate_in), "none");
	snprintf(row->rate_out, sizeof(row->rate_out), "none");
	(void)dp_session_rated(d->dp, row->s.slot, &rated);
	if (cv_rate_limits(&rated.rates.in))
		cv_rate_text(&rated.rates.in, row->rate_in);
	if (cv_rate_limits(&rated.rates.out))
		cv_rate_text(&rated.rates.out, row->rate_out);
}

static void
complete_half(const struct lns_half_info *half, struct session_row *row)
{
	row->handed_to = half == NULL ? NULL : half->to;
	row->other = half == NULL || half->other == 0 ? NULL : row->other_text;
	if (row->other != NULL)
		snprintf(row->other_text, sizeof(row->other_text), "%" LNS_PRI_SERIAL, half->other);
}

static void
complete_session(const struct daemon *d, struct session_row *row)
{
	const struct lns_session_info *s = &row->s;
	const struct cfg_group *group =
		s->user[0] == '\0' || s->half != NULL ? NULL : cfg_group_by_id(d->cfg, s->group);
	const struct cfg_filter *filter =
		group == NULL ? NULL : cfg_filter_by_id(d->cfg, s->filter);

	row->n = (struct dp_session_counters){0};
	dp_session_counters(d->dp, s->slot, &row->n);
	id_session(d, s->listener, s->tunnel_id, s->session_id, row->id);
	id_listener(d, s->listener, row->listener);
	row->group = group == NULL ? "" : group->name;
	row->filter = filter == NULL ? "" : filter->name;
	row->mtu = dp_session_mtu(d->dp, s->slot);
	dp_session_sequence(d->dp, s->slot, &row->sequence);
	complete_rates(d, row);
	row->age_s = command_seconds(daemon_now(), s->created_at);
	complete_half(s->half, row);
	complete_routes(s, row);
	complete_ipv6(s->ipv6, row);
}

static bool
next_session(struct daemon *d, struct page *page, void *out)
{
	struct session_row *row = out;

	if (!found(lns_next_session(d->lns, &page->cursor, page->stop, &row->s), page,
		    lns_session_places(d->lns)))
		return false;
	complete_session(d, row);
	return true;
}

static bool
trex_session(const struct daemon *d, const void *from, void *out)
{
	const struct lns_session_info *s = &((const struct session_row *)from)->s;
	const struct cfg_listener *l = cfg_listener_by_id(d->cfg, s->listener);
	struct trex_row *row = out;

	if (!s->open || s->half != NULL || s->address.family != CV_IPV4 ||
		s->peer.ip.family != CV_IPV4 || l == NULL)
		return false;
	*row = (struct trex_row){*s, {l->ip, l->udp_port}};
	return true;
}

json_t *
cmd_sessions(struct daemon *d, json_t *arguments, struct control_error *error)
{
	if (json_is_true(json_object_get(arguments, "trex")))
		return command_page_as(d, arguments, &view_sessions, next_session, &view_trex,
			trex_session, error);
	return command_page(d, arguments, &view_sessions, next_session, error);
}

/* ---- what ended ---- */

static void
fill_ended(const struct daemon *d, const struct ended *e, struct ended_row *row)
{
	*row = (struct ended_row){.serial = e->serial,
		.user = e->user,
		.state = e->ever_open ? "ended" : "refused",
		.reason = e->reason,
		.peer = e->peer,
		.address = e->address,
		.ended_s_ago = command_seconds(daemon_now(), e->ended_at),
		.duration_s = command_seconds(e->ended_at, e->created_at),
		.n = e->counters};
	snprintf(row->id, sizeof(row->id), "%u/%u", e->tunnel_id, e->session_id);
	id_listener(d, e->listener, row->listener);
}

/* From the newest on: the cursor counts what was ever added before the next row, so that what ends
 * between two pages shows nothing twice. */
static bool
next_ended(struct daemon *d, struct page *page, void *out)
{
	uint64_t count = d->ended.count, at = page->cursor == 0 ? count : page->cursor;
	const struct ended *e = at == 0 || at > count ? NULL : ended_at(&d->ended, count - at);

	page->cursor = e == NULL ? 0 : at - 1;
	if (e == NULL)
		return false;
	fill_ended(d, e, out);
	return true;
}

json_t *
cmd_ended(struct daemon *d, json_t *arguments, struct control_error *error)
{
	return command_page(d, arguments, &view_ended, next_ended, error);
}

static bool
is_of(const struct ended *e, const struct id *id)
{
	if (id->serial != 0)
		return e->serial == id->serial;
	return e->tunnel_id == id->tunnel && e->session_id == id->session &&
	       (id->listener == LNS_ANY_LISTENER || id->listener == e->listener);
}

/* ---- one session ---- */

/* What its rates dropped and marked. */
static void
add_rates(const struct daemon *d, uint32_t slot, json_t *counters)
{
	struct dp_rated r;

	if (!dp_session_rated(d->dp, slot, &r))
		return;
	const struct lns_tally tallies[] = {
		{"rate-in-dropped", "packets from it over its rate: dropped", r.in.red},
		{"rate-in-yellow", "packets from it over its committed rate", r.in.yellow},
		{"rate-out-dropped", "packets to it over its rate: dropped", r.out.red},
		{"rate-out-yellow", "packets to it over its committed rate", r.out.yellow},
		{"shared-rate-in-dropped", "packets from it over its group's rate: dropped",
			r.in.shared_red},
		{"shared-rate-in-yellow", "packets from it over its group's committed rate",
			r.in.shared_yellow},
		{"shared-rate-out-dropped", "packets to it over its group's rate: dropped",
			r.out.shared_red},
		{"shared-rate-out-yellow", "packets to it over its group's committed rate",
			r.out.shared_yellow},
	};
	for (size_t i = 0; i < sizeof(tallies) / sizeof(tallies[0]); i++)
		add_tally(counters, &tallies[i]);
}

static json_t *
living(struct daemon *d, const struct id *id)
{
	struct session_row row;
	struct lns_tally tally;
	json_t *answer, *counters;

	if (!id_find_session(d, id, &row.s))
		return NULL;
	complete_session(d, &row);
	answer = view_row(&view_sessions, &row);
	counters = json_array();
	for (unsigned i = 0; lns_session_tally(
		     d->lns, row.s.listener, row.s.tunnel_id, row.s.session_id, i, &tally);
		i++)
		add_tally(counters, &tally);
	add_rates(d, row.s.slot, counters);
	json_object_set_new(answer, "counters", counters);
	return answer;
}

/* The session that has ended, and that a worker may still use, or the newest of those that are in
 * the list. */
static bool
past(struct daemon *d, const struct id *id, struct ended_row *row)
{
	const struct ended *e;

	for (const struct ending *leaving = d->ending; leaving != NULL; leaving = leaving->next)
		if (is_of(&leaving->e, id)) {
			fill_ended(d, &leaving->e, row);
			dp_session_counters(d->dp, leaving->slot, &row->n);
			return true;
		}
	for (uint64_t i = 0; (e = ended_at(&d->ended, i)) != NULL; i++)
		if (is_of(e, id)) {
			fill_ended(d, e, row);
			return true;
		}
	return false;
}

/* One session, with what PPP counted; or how it ended. */
json_t *
cmd_session(struct daemon *d, json_t *arguments, struct control_error *error)
{
	struct ended_row row;
	json_t *answer;
	char text[24];
	struct id id;

	if (!id_parse_session(d, command_string(arguments, "session"), &id, error) ||
		!id_one_session(d, &id, error))
		return NULL;
	answer = living(d, &id);
	if (answer != NULL)
		return answer;
	if (past(d, &id, &row))
		return view_row(&view_ended, &row);
	if (id.serial != 0)
		id_serial(id.serial, text);
	else
		snprintf(text, sizeof(text), "%u/%u", id.tunnel, id.session);
	control_fail(error, CONTROL_NOT_FOUND,
		"session %s is not here, and not among the last %d that ended", text, ENDED_MAX);
	return NULL;
}
