/* SPDX-License-Identifier: BSD-3-Clause */
#include <time.h>

#include "culvertctl.h"

enum { AGAIN_NS = 20 * 1000 * 1000 }; /* between two questions whether something is done */

json_t *
ask(const char *socket, const struct command *c, json_t *arguments, struct control_error *error)
{
	json_t *all = NULL, *part;
	json_int_t next;

	json_object_del(arguments, "cursor");
	for (;;) {
		part = control_ask(socket, c->name, arguments, error);
		if (part != NULL && c->answer == ANSWER_LINES &&
			json_object_get(part, "number") != NULL) {
			json_object_set(arguments, "number", json_object_get(part, "number"));
			json_decref(part);
			nanosleep(&(struct timespec){.tv_nsec = AGAIN_NS}, NULL);
			continue;
		}
		if (part == NULL || c->answer != ANSWER_ROWS) {
			json_decref(all);
			return part;
		}
		next = json_integer_value(json_object_get(part, "next"));
		json_object_del(part, "next");
		if (all == NULL) {
			all = part;
		} else {
			json_array_extend(
				json_object_get(all, "rows"), json_object_get(part, "rows"));
			json_decref(part);
		}
		if (next == 0)
			return all;
		json_object_set_new(arguments, "cursor", json_integer(next));
	}
}
