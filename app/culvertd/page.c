/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables for culvertctl, a page at a time. */
#include <stdlib.h>

#include "commands.h"

enum { PLACES = 65536 }; /* that a page looks into, most of them empty */

static uint64_t
start_of(json_t *arguments)
{
	json_int_t v = json_integer_value(json_object_get(arguments, "cursor"));

	return v < 0 ? 0 : (uint64_t)v;
}

/* A view's rows: who fills them, and which ones are wanted. */
struct source {
	const struct view *view;
	page_next *next;
	struct filters filters;
	struct page page;
	void *row;
};

/* Their rows as another view has them. */
struct other {
	const struct view *view;
	page_turn *turn;
	void *row;
	json_int_t left_out;
};

/* The row, or NULL: it is not wanted. A row that is shown as another one is made for filters alone:
 * of many sessions most of the work would be that. */
static json_t *
object_of(const struct daemon *d, struct source *from, struct other *as)
{
	json_t *object = NULL;

	if (as == NULL || from->filters.n != 0) {
		object = view_row(from->view, from->row);
		if (!filters_match(&from->filters, object)) {
			json_decref(object);
			return NULL;
		}
	}
	if (as == NULL)
		return object;
	json_decref(object);
	if (as->turn(d, from->row, as->row))
		return view_row(as->view, as->row);
	as->left_out++;
	return NULL;
}

static json_t *
page_json(struct daemon *d, struct source *from, struct other *as)
{
	json_t *rows = json_array(), *page;

	/* looked at, not found: a page is a bounded work */
	for (unsigned looked = 0; looked < CONTROL_PAGE && from->next(d, &from->page, from->row);
		looked++) {
		json_t *object = object_of(d, from, as);

		if (object != NULL)
			json_array_append_new(rows, object);
		if (from->page.cursor == 0)
			break;
	}
	page = json_pack("{s:o, s:I}", "rows", rows, "next", (json_int_t)from->page.cursor);
	if (as != NULL)
		json_object_set_new(page, "left_out", json_integer(as->left_out));
	return page;
}

json_t *
command_page(struct daemon *d, json_t *arguments, const struct view *view, page_next *next,
	struct control_error *error)
{
	return command_page_as(d, arguments, view, next, NULL, NULL, error);
}

json_t *
command_page_as(struct daemon *d, json_t *arguments, const struct view *view, page_next *next,
	const struct view *as, page_turn *turn, struct control_error *error)
{
	struct source from = {.view = view,
		.next = next,
		.page = {.cursor = start_of(arguments)},
		.row = calloc(1, view->row_bytes)};
	struct other other = {
		.view = as, .turn = turn, .row = as == NULL ? NULL : calloc(1, as->row_bytes)};
	json_t *page = NULL;

	from.page.stop = from.page.cursor + PLACES;
	/* want of memory: *error says it already */
	if (from.row != NULL && (as == NULL || other.row != NULL) &&
		filters_read(d, arguments, view, &from.filters, error))
		page = page_json(d, &from, as == NULL ? NULL : &other);
	free(from.row);
	free(other.row);
	return page;
}
