/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of culvertd as tables for people. */
#ifndef CULVERTCTL_VIEW_H
#define CULVERTCTL_VIEW_H

#include <jansson.h>
#include <stdbool.h>

enum view_kind {
	VIEW_TEXT,
	VIEW_COUNT,    /* right-aligned, with thin groups of three digits */
	VIEW_NUMBER,   /* right-aligned as it is: IDs, MTUs */
	VIEW_BYTES,    /* 1.5 MiB */
	VIEW_DURATION, /* 2d03h, 4h05m, 12m30s, 9s */
	VIEW_PERCENT,
	VIEW_YES,
};

struct view_column {
	const char *key, *title;
	enum view_kind kind;
};

/* A list in an object, shown as a table below it. */
struct view_part {
	const char *key;
	const struct view_column *columns;
	const char *skip_zero, *nothing;
};

/* Rows as an aligned table under bold titles (on a terminal). `skip_zero`: a key whose rows
 * with zero or false are left out, or NULL. Says `nothing` when no row is left. */
void view_table(json_t *rows, const struct view_column *columns, const char *skip_zero,
	const char *nothing, bool color);
/* One object as KEY VALUE lines. */
void view_object(json_t *object, const struct view_column *columns, bool color);
/* Its lists, an empty line before each; parts may be NULL, and end with a NULL key. */
void view_parts(json_t *object, const struct view_part *parts, bool color);

#endif
