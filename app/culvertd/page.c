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

static json_t *
page_json(json_t *rows, uint64_t next)
{
	return json_pack("{s:o, s:I}", "rows", rows, "next", (json_int_t)next);
}

json_t *
command_page(struct daemon *d, json_t *arguments, const struct view *view, page_next *next,
	struct control_error *error)
{
	struct page page = {.cursor = start_of(arguments)};
	void *row = calloc(1, view->row_bytes);
	struct filters filters;
	json_t *rows;

	page.stop = page.cursor + PLACES;
	if (row == NULL || !filters_read(d, arguments, view, &filters, error)) {
		free(row); /* want of memory: *error says it already */
		return NULL;
	}
	rows = json_array();
	/* looked at, not found: a page is a bounded work */
	for (unsigned looked = 0; looked < CONTROL_PAGE && next(d, &page, row); looked++) {
		json_t *object = view_row(view, row);

		if (filters_match(&filters, object))
			json_array_append(rows, object);
		json_decref(object);
		if (page.cursor == 0)
			break;
	}
	free(row);
	return page_json(rows, page.cursor);
}
