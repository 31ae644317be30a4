/* SPDX-License-Identifier: BSD-3-Clause */
#include "culvertctl.h"

json_t *
ask(const char *socket, const struct command *c, json_t *arguments, struct control_error *error)
{
	json_t *all = NULL, *part;
	json_int_t next;

	json_object_del(arguments, "cursor");
	for (;;) {
		part = control_ask(socket, c->name, arguments, error);
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
