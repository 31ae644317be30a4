/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What culvertctl shows: a table of columns a view. Each column is a row of such a table, and from
 * it come its cell in the JSON, its place in the tables for people, the filter by it, what a shell
 * completes, and its entry in the JSON schema. culvertd fills a row's structure (rows.h); nobody
 * else names a column.
 */
#ifndef CONTROL_VIEWS_H
#define CONTROL_VIEWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A cell's type in JSON, and its look for people. */
enum view_kind {
	VIEW_TEXT,     /* a string */
	VIEW_STATE,    /* a string, one of the filter's choices; coloured on a terminal */
	VIEW_SERIAL,   /* a string: a number in hexadecimal */
	VIEW_COUNT,    /* an integer; right-aligned, with groups of three digits */
	VIEW_NUMBER,   /* an integer; right-aligned as it is: IDs, MTUs */
	VIEW_BYTES,    /* an integer; 1.5 MiB */
	VIEW_DURATION, /* an integer, seconds; 2d03h, 4h05m, 12m30s, 9s */
	VIEW_PERCENT,  /* a number */
	VIEW_YES,      /* true or false; yes or no */
};

/* The C type of a field of a row's structure. */
enum view_field {
	FIELD_STRING, /* const char *; NULL: null */
	FIELD_CHARS,  /* char[] */
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_I64, /* below 0: null */
	FIELD_DOUBLE,
	FIELD_BOOL,
	FIELD_IP,       /* struct cv_ip; family 0: null */
	FIELD_ENDPOINT, /* struct cv_endpoint */
};

enum view_filter {
	FILTER_NONE,     /* rows are not filtered by it */
	FILTER_TEXT,     /* anything */
	FILTER_CHOICE,   /* one of the words of `choices` */
	FILTER_TUNNEL,   /* TUNNEL or TUNNEL@LISTENER */
	FILTER_SESSION,  /* SERIAL, or TUNNEL/SESSION, the same */
	FILTER_SERIAL,   /* SERIAL */
	FILTER_PEER,     /* ADDRESS or ADDRESS:PORT */
	FILTER_ADDRESS,  /* IPv4 */
	FILTER_IP,       /* IPv4 or IPv6 */
	FILTER_USER,     /* of the configuration */
	FILTER_GROUP,    /* of the configuration */
	FILTER_FILTER,   /* of the configuration: a session's filter of inner packets */
	FILTER_LISTENER, /* ADDRESS or ADDRESS:PORT of one */
	FILTER_PORT,     /* name of one */
	FILTER_REALM,
	FILTER_INTERFACE, /* inside a realm */
};

struct view_column {
	const char *key; /* in the JSON, in filters */
	uint16_t offset; /* of its field in the row's structure */
	enum view_field field;
	enum view_kind kind;
	const char *heading; /* over a table's column; NULL: tables leave it out */
	const char *label;   /* before its value, where one object is shown; NULL: left out */
	const char *help;    /* what it says, in a line */
	enum view_filter filter;
	const char *choices; /* with a space between */
	bool nullable;       /* null: there is none */
};

struct view {
	const char *name;
	const struct view_column *columns;
	size_t n;
	size_t row_bytes;
	const char *skip; /* the key by which tables for people leave rows out: 0 or false */
};

extern const struct view view_status, view_limits, view_pools, view_tunnels, view_sessions,
	view_ended, view_packets, view_counters, view_ports, view_workers, view_neighbours,
	view_interfaces, view_routes, view_lookup, view_realms, view_kicked, view_changes,
	view_trace, view_level, view_peers, view_trex, view_drain, view_queues, view_xstats,
	view_capacities;
/* All of them. */
extern const struct view *const views[];
extern const size_t view_count;

/* The column of a key, or NULL. The key need not end with a NUL. */
const struct view_column *view_column(const struct view *view, const char *key, size_t len);

/* row.c: a new object of all columns of a row's structure. */
json_t *view_row(const struct view *view, const void *row);
/* Whether an object has all columns of a view. */
bool view_has(const struct view *view, json_t *object);

/* Each word of texts with a space between; len is a size_t of the caller. */
#define VIEW_FOREACH_WORD(words, word, len)                                               \
	for (const char *word = (words); word != NULL && (len = strcspn(word, " ")) != 0; \
		word += (len) + (word[len] == ' '))

#endif
