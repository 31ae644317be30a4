/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files that answer culvertctl share. A command that gives rows gives CONTROL_PAGE of
 * them, or has looked at as many: what a request costs is bounded, since packets may wait for it.
 */
#ifndef CULVERTD_COMMANDS_H
#define CULVERTD_COMMANDS_H

#include "control/commands.h"
#include "control/rows.h"
#include "daemon.h"

/* A new reference to the answer, or NULL with *error filled. */
typedef json_t *command_fn(struct daemon *d, json_t *arguments, struct control_error *error);

/* One for each command: status.c, sessions.c, packets.c, routes.c, kick.c, drain.c. */
#define X(id, ...) command_fn cmd_##id;
COMMANDS(X)
#undef X

/* A text among the arguments, or NULL where there is none. */
static inline const char *
command_string(json_t *arguments, const char *key)
{
	return json_string_value(json_object_get(arguments, key));
}

/* 02:00:00:00:00:01 */
const char *command_mac(const uint8_t mac[6], char out[ROW_MAC]);

static inline uint64_t
command_seconds(uint64_t now, uint64_t since)
{
	return (now - since) / CV_NS_PER_S;
}

/* limits.c: rows of view_limits; of status, which knows these already. */
json_t *command_limits(
	struct daemon *d, const struct lns_status *s, const struct dp_setup_info *setup);

/* ---- page.c: tables ---- */

/* Where a table goes on. */
struct page {
	uint64_t cursor; /* 0: its start; once asked, its end */
	uint64_t stop;   /* of places that are looked into for this page */
};

/* Fills the row at the cursor, which goes on, to 0 where it is known to be the last; false: there
 * is none before the stop, and the cursor is 0 where the table ends. */
typedef bool page_next(struct daemon *d, struct page *page, void *row);

/* A page of the view's rows that the request's filters let pass, and where the next one starts;
 * NULL with *error filled. */
json_t *command_page(struct daemon *d, json_t *arguments, const struct view *view, page_next *next,
	struct control_error *error);

/* What a row of a view is in another one; false: nothing. */
typedef bool page_turn(const struct daemon *d, const void *row, void *out);

/* The same, of rows as `as` has them; what is nothing there is counted as "left_out". */
json_t *command_page_as(struct daemon *d, json_t *arguments, const struct view *view,
	page_next *next, const struct view *as, page_turn *turn, struct control_error *error);

/* ---- ids.c: what names a tunnel or session ---- */

struct id {
	uint64_t serial;   /* of a session; 0: it was named by what follows */
	uint16_t listener; /* LNS_ANY_LISTENER: none was said */
	uint16_t tunnel, session;
};

/* "192.0.2.1:1701" */
const char *id_listener(const struct daemon *d, uint16_t listener, char out[CV_ENDPOINT_TEXT]);
/* TUNNEL and TUNNEL/SESSION, with @LISTENER behind it where other listeners have the same. */
const char *id_tunnel(const struct daemon *d, uint16_t listener, uint16_t tunnel, char out[ROW_ID]);
const char *id_session(const struct daemon *d, uint16_t listener, uint16_t tunnel, uint16_t session,
	char out[ROW_ID]);
/* Whether a text is such an ID; if not, *error says what would be one. */
bool id_parse_tunnel(
	const struct daemon *d, const char *text, struct id *id, struct control_error *error);
bool id_parse_session(
	const struct daemon *d, const char *text, struct id *id, struct control_error *error);
/* Fails with CONTROL_USAGE where the ID is that of several living ones; they are named. */
bool id_one_tunnel(const struct daemon *d, const struct id *id, struct control_error *error);
bool id_one_session(const struct daemon *d, const struct id *id, struct control_error *error);
/* The living session of an ID; false: there is none. Where there may be several: see above. */
bool id_find_session(const struct daemon *d, const struct id *id, struct lns_session_info *info);
/* A session's serial as text, and back: 0 for what is none. */
const char *id_serial(uint64_t serial, char out[LNS_SERIAL_TEXT]);
uint64_t id_parse_serial(const char *text);
/* ADDRESS or ADDRESS:PORT (port 0: none was said). */
bool id_parse_peer(const char *text, struct cv_endpoint *peer, struct control_error *error);

/* ---- filter.c: which rows are wanted ---- */

enum { FILTERS_MAX = 8 };

struct filters {
	size_t n;
	struct {
		const struct view_column *column; /* NULL: part of any */
		const char *value;                /* lives as long as the arguments */
	} items[FILTERS_MAX];
};

/* The request's "filters": COLUMN=VALUE, or part of any column. False: one is wrong, and *error
 * says what would be right. */
bool filters_read(const struct daemon *d, json_t *arguments, const struct view *view,
	struct filters *out, struct control_error *error);
/* The realm of a name; false: there is none, and *error says which ones there are. */
bool command_realm(const struct daemon *d, const char *name, const struct cfg_realm **out,
	struct control_error *error);
/* Whether a row passes all of them. */
bool filters_match(const struct filters *f, json_t *row);

#endif
