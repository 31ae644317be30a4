/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of culvertctl share. What it knows of commands and columns is in app/control. */
#ifndef CULVERTCTL_CULVERTCTL_H
#define CULVERTCTL_CULVERTCTL_H

#include <stdbool.h>

#include "control/commands.h"
#include "control/control.h"

/* help.c */
void help_print(void);

/* ask.c: the whole answer of a command; of rows, page after page. NULL: *error says why. */
json_t *ask(const char *socket, const struct command *c, json_t *arguments,
	struct control_error *error);

/* show.c */
struct show_options {
	bool json, color;
	bool watched, filtered;
};
/* Prints an answer. Returns the exit code that it asks for. */
int show(const struct show_options *o, const struct command *c, json_t *answer);
/* Rows as an aligned table under bold headings (on a terminal). Says `nothing` when the view
 * leaves no row. */
void show_table(json_t *rows, const struct view *view, const char *nothing, bool color);

/* complete.c: what may stand for word `at` of a command line (0: culvertctl itself), a line each.
 */
void complete(int at, int n, char **words);

#endif
