/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files that answer culvertctl share. A command that gives rows gives CONTROL_PAGE of
 * them, or has looked at as many: what a request costs is bounded, since packets may wait for it.
 */
#ifndef CULVERTD_COMMANDS_H
#define CULVERTD_COMMANDS_H

#include "daemon.h"

/* A new reference to the answer, or NULL with *error filled. */
typedef json_t *command_fn(struct daemon *d, json_t *arguments, struct control_error *error);

/* status.c */
command_fn cmd_status, cmd_pools;
/* sessions.c */
command_fn cmd_tunnels, cmd_tunnel, cmd_sessions, cmd_session, cmd_ended;
/* kick.c */
command_fn cmd_kick;

/* ---- commands.c: arguments and answers ---- */

uint64_t command_cursor(json_t *arguments);
/* A text, or NULL where there is none. */
static inline const char *
command_string(json_t *arguments, const char *key)
{
	return json_string_value(json_object_get(arguments, key));
}
json_int_t command_seconds(uint64_t now, uint64_t since);
/* An answer of rows; `next` is where the following page starts, 0: this was the last. */
json_t *command_page(json_t *rows, uint64_t next);
/* null for 0 */
json_t *command_address(uint32_t address);

/* ---- ids.c: what names a tunnel or session ---- */

enum { ID_TEXT = 16 + CV_ENDPOINT_TEXT };

struct id {
	uint64_t serial;   /* of a session; 0: it was named by what follows */
	uint16_t listener; /* LNS_ANY_LISTENER: none was said */
	uint16_t tunnel, session;
};

/* "192.0.2.1:1701" */
const char *id_listener(const struct daemon *d, uint16_t listener, char out[CV_ENDPOINT_TEXT]);
/* TUNNEL and TUNNEL/SESSION, with @LISTENER behind it where other listeners have the same. */
const char *id_tunnel(
	const struct daemon *d, uint16_t listener, uint16_t tunnel, char out[ID_TEXT]);
const char *id_session(const struct daemon *d, uint16_t listener, uint16_t tunnel, uint16_t session,
	char out[ID_TEXT]);
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

enum filter_kind {
	FILTER_TEXT,     /* anything */
	FILTER_CHOICE,   /* one of the words of `choices` */
	FILTER_TUNNEL,   /* TUNNEL or TUNNEL@LISTENER */
	FILTER_SESSION,  /* SERIAL, or TUNNEL/SESSION, the same */
	FILTER_SERIAL,   /* SERIAL */
	FILTER_PEER,     /* ADDRESS or ADDRESS:PORT */
	FILTER_ADDRESS,  /* IPv4 */
	FILTER_USER,     /* of the configuration */
	FILTER_GROUP,    /* of the configuration */
	FILTER_LISTENER, /* ADDRESS or ADDRESS:PORT of one */
	FILTER_PORT,     /* name of one */
};

struct filter_column {
	const char *name; /* of the column, whose cells are texts */
	enum filter_kind kind;
	const char *choices; /* with a space between */
};

enum { FILTERS_MAX = 8 };

struct filters {
	size_t n;
	struct {
		const struct filter_column *column; /* NULL: part of any */
		const char *value;                  /* lives as long as the arguments */
	} items[FILTERS_MAX];
};

/* The request's "filters": COLUMN=VALUE, or part of any column. False: one is wrong, and *error
 * says what would be right. columns end with a NULL name. */
bool filters_read(const struct daemon *d, json_t *arguments, const struct filter_column *columns,
	struct filters *out, struct control_error *error);
/* Whether a row passes all of them. */
bool filters_match(const struct filters *f, json_t *row);

#endif
