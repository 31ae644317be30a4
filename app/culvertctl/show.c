/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of culvertd for people. */
#include "culvertctl.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 1024, COLUMNS_MAX = 32 }; /* a list of prefixes has room in a cell */

static void
format_count(json_int_t v, char out[CELL])
{
	char digits[32];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%lld", (long long)v), used = 0;

	for (size_t i = 0; i < len; i++) {
		if (i != 0 && (len - i) % 3 == 0)
			out[used++] = ',';
		out[used++] = digits[i];
	}
	out[used] = '\0';
}

static void
format_bytes(double v, char out[CELL])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	size_t unit = 0;

	while (v >= 1024 && unit < sizeof(units) / sizeof(units[0]) - 1) {
		v /= 1024;
		unit++;
	}
	snprintf(out, CELL, unit == 0 ? "%.0f %s" : "%.1f %s", v, units[unit]);
}

static void
format_duration(json_int_t s, char out[CELL])
{
	long long days = s / 86400, hours = s / 3600 % 24, minutes = s / 60 % 60, seconds = s % 60;

	if (days != 0)
		snprintf(out, CELL, "%lldd%02lldh", days, hours);
	else if (hours != 0)
		snprintf(out, CELL, "%lldh%02lldm", hours, minutes);
	else if (minutes != 0)
		snprintf(out, CELL, "%lldm%02llds", minutes, seconds);
	else
		snprintf(out, CELL, "%llds", seconds);
}

static void
format(json_t *value, enum view_kind kind, char out[CELL])
{
	if (value == NULL || json_is_null(value)) {
		snprintf(out, CELL, "-");
		return;
	}
	switch (kind) {
	case VIEW_TEXT:
	case VIEW_STATE:
	case VIEW_SERIAL:
		snprintf(out, CELL, "%s",
			json_string_length(value) == 0 ? "-" : json_string_value(value));
		return;
	case VIEW_COUNT:
		format_count(json_integer_value(value), out);
		return;
	case VIEW_NUMBER:
		snprintf(out, CELL, "%lld", (long long)json_integer_value(value));
		return;
	case VIEW_BYTES:
		format_bytes(json_number_value(value), out);
		return;
	case VIEW_DURATION:
		format_duration(json_integer_value(value), out);
		return;
	case VIEW_PERCENT:
		snprintf(out, CELL, "%.1f %%", json_number_value(value));
		return;
	case VIEW_YES:
		snprintf(out, CELL, "%s", json_is_true(value) ? "yes" : "no");
		return;
	}
}

static bool
shown(json_t *row, const char *skip_zero)
{
	json_t *value = skip_zero == NULL ? NULL : json_object_get(row, skip_zero);

	return skip_zero == NULL || json_is_true(value) || json_integer_value(value) != 0;
}

static bool
left_aligned(enum view_kind kind)
{
	return kind == VIEW_TEXT || kind == VIEW_STATE || kind == VIEW_SERIAL || kind == VIEW_YES;
}

static void
print_cell(const char *text, size_t width, bool left, bool last)
{
	if (left && last)
		fputs(text, stdout);
	else
		printf(left ? "%-*s" : "%*s", (int)width, text);
	if (!last)
		fputs("  ", stdout);
}

/* Green for what is well, yellow for what is on its way. */
static const char *
color_of(enum view_kind kind, const char *text)
{
	static const char *const well[] = {"open", "established", "resolved", "configured",
		"session", "via", "connected", "own"};

	if (kind != VIEW_STATE)
		return NULL;
	for (size_t i = 0; i < sizeof(well) / sizeof(well[0]); i++)
		if (strcmp(text, well[i]) == 0)
			return "\033[32m";
	return "\033[33m";
}

/* The columns that a table has. */
struct columns {
	const struct view_column *at[COLUMNS_MAX];
	size_t n, widths[COLUMNS_MAX];
};

static void
print_row(json_t *row, const struct columns *c, bool color)
{
	for (size_t i = 0; i < c->n; i++) {
		char cell[CELL];
		const char *paint;

		format(json_object_get(row, c->at[i]->key), c->at[i]->kind, cell);
		paint = color ? color_of(c->at[i]->kind, cell) : NULL;
		if (paint != NULL)
			fputs(paint, stdout);
		print_cell(cell, c->widths[i], left_aligned(c->at[i]->kind), i == c->n - 1);
		if (paint != NULL)
			fputs("\033[0m", stdout);
	}
	putchar('\n');
}

static void
print_headings(const struct columns *c, bool color)
{
	if (color)
		fputs("\033[1m", stdout);
	for (size_t i = 0; i < c->n; i++)
		print_cell(c->at[i]->heading, c->widths[i], left_aligned(c->at[i]->kind),
			i == c->n - 1);
	puts(color ? "\033[0m" : "");
}

void
show_table(json_t *rows, const struct view *view, const char *nothing, bool color)
{
	struct columns c = {.n = 0};
	size_t index, left = 0;
	char cell[CELL];
	json_t *row;

	for (size_t i = 0; i < view->n && c.n < COLUMNS_MAX; i++) {
		if (view->columns[i].heading == NULL)
			continue;
		c.widths[c.n] = strlen(view->columns[i].heading);
		c.at[c.n++] = &view->columns[i];
	}
	json_array_foreach(rows, index, row)
	{
		if (!shown(row, view->skip))
			continue;
		left++;
		for (size_t i = 0; i < c.n; i++) {
			format(json_object_get(row, c.at[i]->key), c.at[i]->kind, cell);
			if (strlen(cell) > c.widths[i])
				c.widths[i] = strlen(cell);
		}
	}
	if (left == 0) {
		puts(nothing);
		return;
	}
	print_headings(&c, color);
	json_array_foreach(rows, index, row)
	{
		if (shown(row, view->skip))
			print_row(row, &c, color);
	}
}

/* One object as LABEL VALUE lines. */
static void
show_object(json_t *object, const struct view *view, bool color)
{
	size_t width = 0;

	for (size_t i = 0; i < view->n; i++)
		if (view->columns[i].label != NULL && strlen(view->columns[i].label) > width)
			width = strlen(view->columns[i].label);
	for (size_t i = 0; i < view->n; i++) {
		const struct view_column *c = &view->columns[i];
		const char *paint;
		char cell[CELL];

		if (c->label == NULL)
			continue;
		format(json_object_get(object, c->key), c->kind, cell);
		paint = color ? color_of(c->kind, cell) : NULL;
		printf("%-*s  %s%s%s\n", (int)width, c->label, paint == NULL ? "" : paint, cell,
			paint == NULL ? "" : "\033[0m");
	}
}

static void
show_whole(json_t *object, const struct command *c, bool color)
{
	if (c->other != NULL && !view_has(c->view, object)) {
		show_object(object, c->other, color);
		return;
	}
	show_object(object, c->view, color);
	for (size_t i = 0; i < COMMAND_PARTS && c->parts[i].key != NULL; i++) {
		putchar('\n');
		show_table(json_object_get(object, c->parts[i].key), c->parts[i].view,
			c->parts[i].nothing, color);
	}
}

/* "ended: 1 session", "ended: 2 sessions" */
static void
show_ended(json_int_t n, const char *what)
{
	int len = what == NULL ? 0 : (int)strlen(what);

	printf("ended: %lld %.*s\n", (long long)n, n == 1 && len > 0 ? len - 1 : len,
		what == NULL ? "" : what);
}

void
show_part(json_t *lines)
{
	size_t index;
	json_t *line;

	json_array_foreach(lines, index, line)
	{
		puts(json_string_value(line));
	}
	(void)fflush(stdout); /* what fails stays failed: whoever has shown all looks */
}

static int
show_lines(json_t *answer)
{
	const char *summary = json_string_value(json_object_get(answer, "summary"));

	show_part(json_object_get(answer, "lines"));
	if (summary != NULL && summary[0] != '\0')
		puts(summary);
	return (int)json_integer_value(json_object_get(answer, "exit"));
}

int
show(const struct show_options *o, const struct command *c, json_t *answer)
{
	if (o->json) {
		/* watched, a line an answer, for programs that read on */
		json_dumpf(answer, stdout,
			(o->watched ? JSON_COMPACT : JSON_INDENT(2)) | JSON_REAL_PRECISION(6));
		putchar('\n');
		return (int)json_integer_value(json_object_get(answer, "exit"));
	}
	switch (c->answer) {
	case ANSWER_ROWS:
		show_table(json_object_get(answer, "rows"), c->view,
			o->filtered && c->none_left != NULL ? c->none_left : c->nothing, o->color);
		return 0;
	case ANSWER_OBJECT:
		show_whole(answer, c, o->color);
		return 0;
	case ANSWER_LINES:
		return show_lines(answer);
	case ANSWER_DONE:
		if (c->view == &view_kicked)
			show_ended(json_integer_value(json_object_get(answer, "ended")),
				json_string_value(json_object_get(answer, "what")));
		else
			show_object(answer, c->view, o->color);
		return 0;
	case ANSWER_LOCAL:
		break;
	}
	return 0;
}
