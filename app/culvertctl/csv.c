/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows as CSV (RFC 4180, lines end with LF), for programs: a line of keys, then a line a row. */
#include <stdio.h>
#include <string.h>

#include "culvertctl.h"

struct csv {
	const struct view *view;
	bool begun;
	long long left_out;
};

static void
print_text(const char *text)
{
	if (strpbrk(text, ",\"\n\r") == NULL) {
		fputs(text, stdout);
		return;
	}
	putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

/* Numbers as they are, for whoever reads them; what is null is empty. */
static void
print_value(json_t *value)
{
	if (json_is_string(value))
		print_text(json_string_value(value));
	else if (json_is_integer(value))
		printf("%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		printf("%g", json_real_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "true" : "false", stdout);
}

static void
print_keys(const struct view *view)
{
	for (size_t i = 0; i < view->n; i++)
		printf("%s%s", i == 0 ? "" : ",", view->columns[i].key);
	putchar('\n');
}

static bool
print_page(void *ctx, json_t *page)
{
	struct csv *csv = ctx;
	size_t index;
	json_t *row;

	if (!csv->begun)
		print_keys(csv->view);
	csv->begun = true;
	csv->left_out += json_integer_value(json_object_get(page, "left_out"));
	json_array_foreach(json_object_get(page, "rows"), index, row)
	{
		for (size_t i = 0; i < csv->view->n; i++) {
			if (i != 0)
				putchar(',');
			print_value(json_object_get(row, csv->view->columns[i].key));
		}
		putchar('\n');
	}
	return ferror(stdout) == 0;
}

bool
print_csv(const char *socket, const struct command *c, const struct command_flag *flag,
	json_t *arguments, struct control_error *error)
{
	struct csv csv = {.view = flag->csv};

	if (!ask_pages(socket, c, arguments, print_page, &csv, error))
		return false;
	if (csv.left_out != 0)
		fprintf(stderr, "culvertctl: %s: %lld\n", flag->left_out, csv.left_out);
	return true;
}
