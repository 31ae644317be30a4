/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that no culvertd has, for what culvertctl can do with any: see test_planted.py. */
#include "control/commands.h"

static const struct view_column thing_columns[] = {
	{.key = "name", .kind = VIEW_TEXT, .heading = "NAME", .help = "x", .filter = FILTER_TEXT},
	{.key = "count",
		.kind = VIEW_COUNT,
		.heading = "COUNT",
		.label = "count",
		.help = "x",
		.nullable = true},
};
static const struct view view_things = {
	.name = "things", .columns = thing_columns, .n = 2, .skip = "count"};
static const struct view_column csv_columns[] = {
	{.key = "count", .kind = VIEW_COUNT, .help = "x", .nullable = true},
	{.key = "name", .kind = VIEW_TEXT, .help = "x"},
};
static const struct view view_csv = {.name = "csv", .columns = csv_columns, .n = 2};

const struct command commands[] = {{.name = "things",
					   .answer = ANSWER_ROWS,
					   .view = &view_things,
					   .nothing = "no things",
					   .none_left = "no such things",
					   .forms = {{FILTERED, .help = "things"}},
					   .flags = {{"csv", "as CSV", &view_csv, "left out"}}},
	{.name = "plan",
		.answer = ANSWER_LINES,
		.forms = {{.shown = "[--dry-run]", .help = "what will be"}},
		.flags = {{"dry-run", "only say it"}, {"keep", "end nothing"}}},
	{.name = "other", .answer = ANSWER_LINES, .forms = {{.help = "no options"}}},
	{.name = "switch",
		.answer = ANSWER_DONE,
		.view = &view_things,
		.forms = {{.help = "how it is"},
			{.word = "on", ARGUMENT("on", "[TIME]", WORDS_NONE), .help = "on"},
			{.word = "off", .help = "off"}}},
#define X(id, ...) {__VA_ARGS__},
	LOCAL_COMMANDS(X)
#undef X
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);
