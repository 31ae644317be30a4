/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of culvertctl share. What it knows of commands and columns is in app/control. */
#ifndef CULVERTCTL_CULVERTCTL_H
#define CULVERTCTL_CULVERTCTL_H

#include <stdbool.h>

#include "control/commands.h"
#include "control/control.h"

enum { EXIT_USAGE = 2 };

/* help.c */
void help_print(void);

/* Takes lines of an answer that goes on, as they come. */
typedef void lines_taker(json_t *lines);

/* ask.c: the whole answer of a command; of rows, page after page. What takes its time is asked
 * until it is over: `take` gets its lines meanwhile, and the answer has the rest; NULL: the answer
 * has all. NULL: *error says why. */
json_t *ask(const char *socket, const struct command *c, json_t *arguments, lines_taker *take,
	struct control_error *error);

/* Takes a page of rows; false: no more of them is wanted. */
typedef bool page_taker(void *ctx, json_t *page);
/* The same for rows, one page after the other. False: *error says why it went no further. */
bool ask_pages(const char *socket, const struct command *c, json_t *arguments, page_taker *take,
	void *ctx, struct control_error *error);

/* csv.c: asks for rows, and prints them as the option's view says, page by page, so that they may
 * be many. False: *error says why it went no further. */
bool print_csv(const char *socket, const struct command *c, const struct command_flag *flag,
	json_t *arguments, struct control_error *error);

/* show.c */
struct show_options {
	bool json, color;
	bool watched, filtered;
};
/* Prints lines, and lets people see them at once. */
void show_part(json_t *lines);
/* Prints an answer. Returns the exit code that it asks for. */
int show(const struct show_options *o, const struct command *c, json_t *answer);
/* Rows as an aligned table under bold headings (on a terminal). Says `nothing` when the view
 * leaves no row. */
void show_table(json_t *rows, const struct view *view, const char *nothing, bool color);

/* options.c */
struct options {
	const char *socket;
	struct show_options show;
	unsigned watch_s;                 /* 0: once */
	const char *flags[COMMAND_FLAGS]; /* options that only a command can judge */
	size_t n_flags;
	int first; /* word that is none of them, in argv, which they may stand anywhere in */
};
/* Each returns an exit code, or -1: go on. */
int options_parse(int argc, char **argv, struct options *o);
/* Those that the command has for itself into the request. */
int options_flags(const struct options *o, const struct command *c, json_t *arguments);
/* The one of them by which rows are CSV, or NULL. */
const struct command_flag *options_csv(const struct options *o, const struct command *c);
/* Says what is wrong with a word (may be NULL), for people. Returns EXIT_USAGE. */
int usage_error(const char *what, const char *word);

/* complete.c: what may stand for word `at` of a command line (0: culvertctl itself), a line each.
 */
void complete(int at, int n, char **words);

#endif
