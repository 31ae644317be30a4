/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels and sessions, as they are and as they ended. */
#include <stdio.h>
#include <string.h>

#include "commands.h"

#define STATES "Initial Starting Closed Stopped Closing Stopping Req-Sent Ack-Rcvd Ack-Sent Opened"

enum { PLACES = 65536 }; /* that a page looks into, most of them empty */

/* ---- tunnels ---- */

static json_t *
tunnel_json(const struct daemon *d, const struct lns_tunnel_info *t)
{
	char id[ID_TEXT], peer[CV_ENDPOINT_TEXT], listener[CV_ENDPOINT_TEXT];

	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:i, s:i, s:i, s:I}",
		"tunnel", id_tunnel(d, t->listener, t->tunnel_id, id), "peer_tunnel",
		t->peer_tunnel_id, "peer", cv_endpoint_text(&t->peer, peer), "listener",
		id_listener(d, t->listener, listener), "host", t->peer_host_name, "state", t->state,
		"sessions", (json_int_t)t->sessions, "age_s",
		command_seconds(daemon_now(), t->created_at), "ns", t->ns, "nr", t->nr, "window",
		t->window, "cwnd", t->cwnd, "retransmits", (json_int_t)t->retransmits);
}

json_t *
cmd_tunnels(struct daemon *d, json_t *arguments, struct control_error *error)
{
	static const struct filter_column columns[] = {
		{"tunnel", FILTER_TUNNEL, NULL},
		{"peer", FILTER_PEER, NULL},
		{"host", FILTER_TEXT, NULL},
		{"state", FILTER_CHOICE,
			"idle wait-ctl-reply wait-ctl-conn established closing closed"},
		{"listener", FILTER_LISTENER, NULL},
		{NULL, FILTER_TEXT, NULL},
	};
	uint64_t cursor = command_cursor(arguments), stop = cursor + PLACES;
	struct lns_tunnel_info t;
	struct filters filters;
	unsigned looked = 0;
	json_t *rows;

	if (!filters_read(d, arguments, columns, &filters, error))
		return NULL;
	rows = json_array();
	/* looked at, not found: a page is a bounded work */
	while (looked++ < CONTROL_PAGE && lns_next_tunnel(d->lns, &cursor, stop, &t)) {
		json_t *row = tunnel_json(d, &t);

		if (filters_match(&filters, row))
			json_array_append(rows, row);
		json_decref(row);
	}
	return command_page(rows, cursor < lns_tunnel_places(d->lns) ? cursor : 0);
}

static json_t *
tally_json(const struct lns_tally *tally)
{
	return json_pack("{s:s, s:I, s:s}", "name", tally->name, "value", (json_int_t)tally->value,
		"help", tally->help);
}

/* One tunnel, with what L2TP counted. */
json_t *
cmd_tunnel(struct daemon *d, json_t *arguments, struct control_error *error)
{
	const char *text = command_string(arguments, "tunnel");
	struct lns_tunnel_info info;
	struct lns_tally tally;
	json_t *answer, *counters;
	struct id id;

	if (!id_parse_tunnel(d, text, &id, error) || !id_one_tunnel(d, &id, error))
		return NULL;
	if (lns_find_tunnel(d->lns, id.listener, id.tunnel, &info) == 0) {
		control_fail(error, CONTROL_NOT_FOUND, "tunnel %.60s is not here", text);
		return NULL;
	}
	answer = tunnel_json(d, &info);
	counters = json_array();
	for (unsigned i = 0; lns_tunnel_tally(d->lns, info.listener, id.tunnel, i, &tally); i++)
		json_array_append_new(counters, tally_json(&tally));
	json_object_set_new(answer, "counters", counters);
	return answer;
}

/* ---- sessions ---- */

static json_t *
session_json(const struct daemon *d, const struct lns_session_info *s)
{
	struct dp_session_counters n = {0};
	char id[ID_TEXT], serial[LNS_SERIAL_TEXT], peer[CV_ENDPOINT_TEXT];
	char listener[CV_ENDPOINT_TEXT];

	dp_session_counters(d->dp, s->slot, &n);
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:I, "
		"s:I, s:I}",
		"session", id_session(d, s->listener, s->tunnel_id, s->session_id, id), "serial",
		id_serial(s->serial, serial), "user", s->user, "group",
		s->user[0] == '\0' ? "" : cfg_group_by_id(d->cfg, s->group)->name, "peer",
		cv_endpoint_text(&s->peer, peer), "listener", id_listener(d, s->listener, listener),
		"address", command_address(s->address), "state", s->state, "auth", s->auth, "lcp",
		s->lcp_state, "ipcp", s->ipcp_state, "mtu", dp_session_mtu(d->dp, s->slot),
		"peer_session", s->peer_session_id, "age_s",
		command_seconds(daemon_now(), s->created_at), "rx_packets",
		(json_int_t)n.rx_packets, "rx_bytes", (json_int_t)n.rx_bytes, "tx_packets",
		(json_int_t)n.tx_packets, "tx_bytes", (json_int_t)n.tx_bytes);
}

json_t *
cmd_sessions(struct daemon *d, json_t *arguments, struct control_error *error)
{
	static const struct filter_column columns[] = {
		{"session", FILTER_SESSION, NULL},
		{"user", FILTER_USER, NULL},
		{"group", FILTER_GROUP, NULL},
		{"peer", FILTER_PEER, NULL},
		{"address", FILTER_ADDRESS, NULL},
		{"state", FILTER_CHOICE,
			"connecting dead establish authenticate network open terminate"},
		{"auth", FILTER_CHOICE, "none pap chap-md5 mschapv2"},
		{"serial", FILTER_SERIAL, NULL},
		{"lcp", FILTER_CHOICE, STATES},
		{"ipcp", FILTER_CHOICE, STATES},
		{"listener", FILTER_LISTENER, NULL},
		{NULL, FILTER_TEXT, NULL},
	};
	uint64_t cursor = command_cursor(arguments), stop = cursor + PLACES;
	struct lns_session_info s;
	struct filters filters;
	unsigned looked = 0;
	json_t *rows;

	if (!filters_read(d, arguments, columns, &filters, error))
		return NULL;
	rows = json_array();
	while (looked++ < CONTROL_PAGE && lns_next_session(d->lns, &cursor, stop, &s)) {
		json_t *row = session_json(d, &s);

		if (filters_match(&filters, row))
			json_array_append(rows, row);
		json_decref(row);
	}
	return command_page(rows, cursor < lns_session_places(d->lns) ? cursor : 0);
}

/* ---- what ended ---- */

static json_t *
ended_json(const struct daemon *d, const struct ended *e, uint64_t now)
{
	char id[16], serial[LNS_SERIAL_TEXT], peer[CV_ENDPOINT_TEXT], listener[CV_ENDPOINT_TEXT];

	snprintf(id, sizeof(id), "%u/%u", e->tunnel_id, e->session_id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}",
		"session", id, "serial", id_serial(e->serial, serial), "user", e->user, "peer",
		cv_endpoint_text(&e->peer, peer), "listener", id_listener(d, e->listener, listener),
		"address", command_address(e->address), "state", e->ever_open ? "ended" : "refused",
		"reason", e->reason, "ended_s_ago", command_seconds(now, e->ended_at), "duration_s",
		command_seconds(e->ended_at, e->created_at), "rx_packets",
		(json_int_t)e->counters.rx_packets, "rx_bytes", (json_int_t)e->counters.rx_bytes,
		"tx_packets", (json_int_t)e->counters.tx_packets, "tx_bytes",
		(json_int_t)e->counters.tx_bytes);
}

static bool
is_of(const struct ended *e, const struct id *id)
{
	if (id->serial != 0)
		return e->serial == id->serial;
	return e->tunnel_id == id->tunnel && e->session_id == id->session &&
	       (id->listener == LNS_ANY_LISTENER || id->listener == e->listener);
}

/* One session, with what PPP counted; or how it ended. */
json_t *
cmd_session(struct daemon *d, json_t *arguments, struct control_error *error)
{
	struct lns_session_info info;
	struct lns_tally tally;
	const struct ended *e;
	json_t *answer, *counters;
	char text[24];
	struct id id;

	if (!id_parse_session(d, command_string(arguments, "session"), &id, error) ||
		!id_one_session(d, &id, error))
		return NULL;
	if (id_find_session(d, &id, &info)) {
		answer = session_json(d, &info);
		counters = json_array();
		for (unsigned i = 0; lns_session_tally(
			     d->lns, info.listener, info.tunnel_id, info.session_id, i, &tally);
			i++)
			json_array_append_new(counters, tally_json(&tally));
		json_object_set_new(answer, "counters", counters);
		return answer;
	}
	for (uint64_t i = 0; (e = ended_at(&d->ended, i)) != NULL; i++)
		if (is_of(e, &id))
			return ended_json(d, e, daemon_now());
	if (id.serial != 0)
		id_serial(id.serial, text);
	else
		snprintf(text, sizeof(text), "%u/%u", id.tunnel, id.session);
	control_fail(error, CONTROL_NOT_FOUND,
		"session %s is not here, and not among the last %d that ended", text, ENDED_MAX);
	return NULL;
}

json_t *
cmd_ended(struct daemon *d, json_t *arguments, struct control_error *error)
{
	static const struct filter_column columns[] = {
		{"session", FILTER_SESSION, NULL},
		{"user", FILTER_TEXT, NULL}, /* also who is no user */
		{"peer", FILTER_PEER, NULL},
		{"address", FILTER_ADDRESS, NULL},
		{"state", FILTER_CHOICE, "ended refused"},
		{"serial", FILTER_SERIAL, NULL},
		{"reason", FILTER_TEXT, NULL},
		{"listener", FILTER_LISTENER, NULL},
		{NULL, FILTER_TEXT, NULL},
	};
	uint64_t n = command_cursor(arguments), now = daemon_now();
	const struct ended *e;
	struct filters filters;
	unsigned looked = 0;
	json_t *rows;

	if (!filters_read(d, arguments, columns, &filters, error))
		return NULL;
	rows = json_array();
	while ((e = ended_at(&d->ended, n)) != NULL && looked++ < CONTROL_PAGE) {
		json_t *row = ended_json(d, e, now);

		if (filters_match(&filters, row))
			json_array_append(rows, row);
		json_decref(row);
		n++;
	}
	return command_page(rows, e != NULL ? n : 0);
}
