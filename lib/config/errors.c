/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors with their places, and the words in them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/private.h"

enum { KEY_TEXT = 256, ERROR_TEXT = 640 };

/* Writes "groups[0].pool" and returns its length. Depth is bounded by the tree's. */
static size_t
node_path(const struct cfg_node *node, char *out, size_t capacity)
{
	size_t used = 0;
	int n;

	if (node->parent == NULL)
		return 0;
	used = node_path(node->parent, out, capacity);
	if (node->parent->type == CFG_LIST)
		n = snprintf(out + used, capacity - used, "[%zu]", node->index);
	else
		n = snprintf(
			out + used, capacity - used, "%s%.64s", used == 0 ? "" : ".", node->key);
	if (n < 0)
		return used;
	return (size_t)n < capacity - used ? used + (size_t)n : capacity - 1;
}

/* Files other than the configuration come behind it. */
static bool
is_before(const struct cfg_loader *l, const struct cfg_error *a, const struct cfg_error *b)
{
	int files = strcmp(a->file, b->file);

	if (files != 0)
		return strcmp(a->file, l->file) == 0 ||
		       (strcmp(b->file, l->file) != 0 && files < 0);
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

static void
keep_sorted(struct cfg_loader *l, struct cfg_error error)
{
	struct cfg_errors *errors = l->errors;
	struct cfg_error *items = realloc(errors->items, (errors->n + 1) * sizeof(items[0]));
	size_t i = errors->n;

	if (items != NULL)
		errors->items = items;
	if (items == NULL || error.file == NULL || error.key == NULL || error.text == NULL) {
		free((char *)error.file);
		free(error.key);
		free(error.text);
		l->nomem = true;
		return;
	}
	for (; i > 0 && is_before(l, &error, &items[i - 1]); i--)
		items[i] = items[i - 1];
	items[i] = error;
	errors->n++;
}

bool
cfg_enough(const struct cfg_loader *l)
{
	return l->errors->n > CFG_ERRORS_MAX;
}

static void
report(struct cfg_loader *l, enum cfg_severity severity, const struct cfg_error *place,
	const char *fmt, va_list args)
{
	char text[ERROR_TEXT];

	if (severity == CFG_ERROR)
		l->errors->errors++;
	if (cfg_enough(l))
		return;
	if (l->errors->n == CFG_ERRORS_MAX)
		snprintf(text, sizeof(text), "this and further errors are not shown");
	else
		vsnprintf(text, sizeof(text), fmt, args);
	keep_sorted(l, (struct cfg_error){.file = strdup(place->file),
			       .line = place->line,
			       .column = place->column,
			       .severity = severity,
			       .key = strdup(place->key),
			       .text = strdup(text)});
}

static void
report_node(struct cfg_loader *l, enum cfg_severity severity, const struct cfg_node *node,
	const char *child, const char *fmt, va_list args)
{
	char key[KEY_TEXT];
	size_t used = node_path(node, key, sizeof(key));
	struct cfg_error place = {
		.file = l->file, .line = node->line, .column = node->column, .key = key};

	key[used] = '\0';
	if (child != NULL)
		snprintf(key + used, sizeof(key) - used, "%s%.64s", used == 0 ? "" : ".", child);
	report(l, severity, &place, fmt, args);
}

void
cfg_fail(struct cfg_loader *l, const struct cfg_node *node, const char *child, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_node(l, CFG_ERROR, node, child, fmt, args);
	va_end(args);
}

void
cfg_fail_key(struct cfg_loader *l, const struct cfg_node *map, const char *key, const char *text)
{
	const struct cfg_node *node = cfg_node_get(map, key);

	cfg_fail(l, node == NULL ? map : node, node == NULL ? key : NULL, "%s", text);
}

void
cfg_warn(struct cfg_loader *l, const struct cfg_node *node, const char *child, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_node(l, CFG_WARNING, node, child, fmt, args);
	va_end(args);
}

void
cfg_fail_at(struct cfg_loader *l, const char *file, unsigned line, unsigned column, const char *key,
	const char *fmt, ...)
{
	char copy[KEY_TEXT];
	struct cfg_error place = {.file = file, .line = line, .column = column, .key = copy};
	va_list args;

	snprintf(copy, sizeof(copy), "%s", key);
	va_start(args, fmt);
	report(l, CFG_ERROR, &place, fmt, args);
	va_end(args);
}

void
cfg_warn_at(struct cfg_loader *l, const char *file, unsigned line, unsigned column, const char *key,
	const char *fmt, ...)
{
	char copy[KEY_TEXT];
	struct cfg_error place = {.file = file, .line = line, .column = column, .key = copy};
	va_list args;

	snprintf(copy, sizeof(copy), "%s", key);
	va_start(args, fmt);
	report(l, CFG_WARNING, &place, fmt, args);
	va_end(args);
}

void
cfg_errors_free(struct cfg_errors *errors)
{
	for (size_t i = 0; i < errors->n; i++) {
		free((char *)errors->items[i].file);
		free(errors->items[i].key);
		free(errors->items[i].text);
	}
	free(errors->items);
	*errors = (struct cfg_errors){0};
}

const char *
cfg_error_text(const struct cfg_error *error, char *out, size_t capacity)
{
	snprintf(out, capacity, "%s:%u:%u: %s%s%s%s", error->file, error->line, error->column,
		error->severity == CFG_WARNING ? "warning: " : "", error->key,
		error->key[0] == '\0' ? "" : ": ", error->text);
	return out;
}

/* Edits between the words; a word that only begins the other is nearer than any misspelt one. */
static unsigned
distance_of(const char *word, size_t len, const char *name, unsigned max)
{
	if (name == NULL)
		return max + 1;
	return len >= 3 && strncmp(word, name, len) == 0 ? 0 : cv_edit_distance(word, name, max);
}

const char *
cfg_nearest(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word);
	unsigned best = (len < 4 ? 1 : len < 8 ? 2 : 3) + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < n && best > 0; i++) {
		unsigned distance = distance_of(word, len, names[i], best - 1);

		if (distance < best) {
			best = distance;
			nearest = names[i];
		}
	}
	return nearest;
}

const char *
cfg_join(char *out, size_t capacity, const char *const *names, size_t n)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		int len = snprintf(out + used, capacity - used, "%s%s", used == 0 ? "" : ", ",
			names[i] == NULL ? "?" : names[i]);

		if (len < 0 || (size_t)len + 8 > capacity - used) {
			snprintf(out + used, capacity - used, "%s", ", ...");
			break;
		}
		used += (size_t)len;
	}
	return out;
}

const char *
cfg_word(char out[CFG_WORD_TEXT], const struct cfg_node *node)
{
	return cv_escape(out, CFG_WORD_TEXT, node->text, node->len);
}
