/* SPDX-License-Identifier: BSD-3-Clause */
#include <time.h>

#include "culvertctl.h"

enum { AGAIN_NS = 20 * 1000 * 1000 }; /* between two questions whether something is done */

/* What comes of an answer before it is over; both are lists, or NULL. */
struct so_far {
	json_t *lines, *rows;
};

static void
extend(json_t **list, json_t *more)
{
	if (more == NULL)
		return;
	if (*list == NULL)
		*list = json_array();
	json_array_extend(*list, more);
}

/* A part that is not the last. */
static void
take_part(struct so_far *so_far, json_t *part, lines_taker *take)
{
	json_t *lines = json_object_get(part, "lines");

	if (take != NULL) {
		take(lines);
		return;
	}
	extend(&so_far->lines, lines);
	extend(&so_far->rows, json_object_get(part, "rows"));
}

/* The last part gets what came before it. */
static void
join(json_t *answer, const char *key, json_t *before)
{
	if (before == NULL)
		return;
	if (answer != NULL) {
		extend(&before, json_object_get(answer, key));
		json_object_set(answer, key, before);
	}
	json_decref(before);
}

/* An answer that may take its time. */
static json_t *
ask_lines(const char *socket, const struct command *c, json_t *arguments, lines_taker *take,
	struct control_error *error)
{
	struct so_far so_far = {0};
	json_t *part, *number;

	for (;;) {
		part = control_ask(socket, c->name, arguments, error);
		number = json_object_get(part, "number");
		if (number == NULL)
			break;
		json_object_set(arguments, "number", number);
		take_part(&so_far, part, take);
		json_decref(part);
		nanosleep(&(struct timespec){.tv_nsec = AGAIN_NS}, NULL);
	}
	join(part, "lines", so_far.lines);
	join(part, "rows", so_far.rows);
	return part;
}

bool
ask_pages(const char *socket, const struct command *c, json_t *arguments, page_taker *take,
	void *ctx, struct control_error *error)
{
	json_int_t next = 1;

	json_object_del(arguments, "cursor");
	while (next != 0) {
		json_t *page = control_ask(socket, c->name, arguments, error);

		if (page == NULL)
			return false;
		next = json_integer_value(json_object_get(page, "next"));
		json_object_del(page, "next");
		if (!take(ctx, page))
			next = 0;
		json_decref(page);
		json_object_set_new(arguments, "cursor", json_integer(next));
	}
	return true;
}

static bool
keep_page(void *ctx, json_t *page)
{
	json_t **all = ctx;

	if (*all == NULL)
		*all = json_incref(page);
	else
		json_array_extend(json_object_get(*all, "rows"), json_object_get(page, "rows"));
	return true;
}

json_t *
ask(const char *socket, const struct command *c, json_t *arguments, lines_taker *take,
	struct control_error *error)
{
	json_t *all = NULL;

	if (c->answer == ANSWER_LINES)
		return ask_lines(socket, c, arguments, take, error);
	if (c->answer != ANSWER_ROWS)
		return control_ask(socket, c->name, arguments, error);
	if (ask_pages(socket, c, arguments, keep_page, &all, error))
		return all;
	json_decref(all);
	return NULL;
}
