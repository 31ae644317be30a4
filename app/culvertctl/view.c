/* SPDX-License-Identifier: BSD-3-Clause */
#include "view.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 128, COLUMNS_MAX = 16 };

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

static size_t
count_columns(const struct view_column *columns)
{
	size_t n = 0;

	while (columns[n].key != NULL)
		n++;
	return n;
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
	return kind == VIEW_TEXT || kind == VIEW_YES;
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
color_of(const char *key, const char *text)
{
	if (strcmp(key, "state") != 0)
		return NULL;
	return strcmp(text, "open") == 0 || strcmp(text, "established") == 0 ? "\033[32m"
									     : "\033[33m";
}

static void
print_row(
	json_t *row, const struct view_column *columns, size_t n, const size_t *widths, bool color)
{
	for (size_t i = 0; i < n; i++) {
		char cell[CELL];
		const char *paint;

		format(json_object_get(row, columns[i].key), columns[i].kind, cell);
		paint = color ? color_of(columns[i].key, cell) : NULL;
		if (paint != NULL)
			fputs(paint, stdout);
		print_cell(cell, widths[i], left_aligned(columns[i].kind), i == n - 1);
		if (paint != NULL)
			fputs("\033[0m", stdout);
	}
	putchar('\n');
}

void
view_table(json_t *rows, const struct view_column *columns, const char *skip_zero,
	const char *nothing, bool color)
{
	size_t n = count_columns(columns), widths[COLUMNS_MAX], index, left = 0;
	char cell[CELL];
	json_t *row;

	for (size_t i = 0; i < n; i++)
		widths[i] = strlen(columns[i].title);
	json_array_foreach(rows, index, row)
	{
		if (!shown(row, skip_zero))
			continue;
		left++;
		for (size_t i = 0; i < n; i++) {
			format(json_object_get(row, columns[i].key), columns[i].kind, cell);
			if (strlen(cell) > widths[i])
				widths[i] = strlen(cell);
		}
	}
	if (left == 0) {
		puts(nothing);
		return;
	}
	if (color)
		fputs("\033[1m", stdout);
	for (size_t i = 0; i < n; i++)
		print_cell(columns[i].title, widths[i], left_aligned(columns[i].kind), i == n - 1);
	puts(color ? "\033[0m" : "");
	json_array_foreach(rows, index, row)
	{
		if (shown(row, skip_zero))
			print_row(row, columns, n, widths, color);
	}
}

void
view_object(json_t *object, const struct view_column *columns, bool color)
{
	size_t width = 0;

	for (size_t i = 0; columns[i].key != NULL; i++)
		if (json_object_get(object, columns[i].key) != NULL &&
			strlen(columns[i].title) > width)
			width = strlen(columns[i].title);
	for (size_t i = 0; columns[i].key != NULL; i++) {
		json_t *value = json_object_get(object, columns[i].key);
		const char *paint;
		char cell[CELL];

		if (value == NULL)
			continue;
		format(value, columns[i].kind, cell);
		paint = color ? color_of(columns[i].key, cell) : NULL;
		printf("%-*s  %s%s%s\n", (int)width, columns[i].title, paint == NULL ? "" : paint,
			cell, paint == NULL ? "" : "\033[0m");
	}
}

void
view_parts(json_t *object, const struct view_part *parts, bool color)
{
	for (; parts != NULL && parts->key != NULL; parts++) {
		json_t *rows = json_object_get(object, parts->key);

		if (rows == NULL)
			continue;
		putchar('\n');
		view_table(rows, parts->columns, parts->skip_zero, parts->nothing, color);
	}
}
