/* SPDX-License-Identifier: BSD-3-Clause */
/* The JSON schema of answers, from the tables of columns. */
#include <string.h>

#include "control/commands.h"

static const char *
type_of(enum view_kind kind)
{
	switch (kind) {
	case VIEW_TEXT:
	case VIEW_STATE:
	case VIEW_SERIAL:
		return "string";
	case VIEW_COUNT:
	case VIEW_NUMBER:
	case VIEW_BYTES:
	case VIEW_DURATION:
		return "integer";
	case VIEW_PERCENT:
		return "number";
	case VIEW_YES:
		return "boolean";
	}
	return NULL;
}

static json_t *
words(const char *choices)
{
	json_t *list = json_array();
	size_t len;

	VIEW_FOREACH_WORD (choices, word, len)
		json_array_append_new(list, json_stringn(word, len));
	return list;
}

static json_t *
column_schema(const struct view_column *c)
{
	const char *type = type_of(c->kind);
	json_t *schema = json_pack("{s:s}", "description", c->help);

	if (c->nullable)
		json_object_set_new(schema, "type", json_pack("[s, s]", type, "null"));
	else
		json_object_set_new(schema, "type", json_string(type));
	if (c->kind == VIEW_STATE)
		json_object_set_new(schema, "enum", words(c->choices));
	if (c->kind == VIEW_SERIAL)
		json_object_set_new(schema, "pattern", json_string("^[0-9a-f]{9,16}$"));
	if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
		json_object_set_new(schema, "minimum", json_integer(0));
	return schema;
}

/* An object that has all of what is named, and nothing else. */
static json_t *
object_schema(json_t *properties, json_t *required)
{
	return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties,
		"required", required, "additionalProperties", 0);
}

static void
add(json_t *properties, json_t *required, const char *key, json_t *schema)
{
	json_object_set_new(properties, key, schema);
	json_array_append_new(required, json_string(key));
}

static json_t *row_schema(const struct view *view, const struct command_part *parts);

static json_t *
list_schema(const struct view *view)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", row_schema(view, NULL));
}

static json_t *
row_schema(const struct view *view, const struct command_part *parts)
{
	json_t *properties = json_object(), *required = json_array();

	for (size_t i = 0; i < view->n; i++)
		add(properties, required, view->columns[i].key, column_schema(&view->columns[i]));
	for (size_t i = 0; parts != NULL && i < COMMAND_PARTS && parts[i].key != NULL; i++)
		add(properties, required, parts[i].key, list_schema(parts[i].view));
	return object_schema(properties, required);
}

static json_t *
lines_schema(const struct view *view)
{
	json_t *properties = json_object(), *required = json_array();

	add(properties, required, "lines",
		json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "string"));
	if (view != NULL)
		add(properties, required, "rows", list_schema(view));
	add(properties, required, "summary", json_pack("{s:s}", "type", "string"));
	add(properties, required, "exit",
		json_pack("{s:s, s:i, s:i}", "type", "integer", "minimum", 0, "maximum", 125));
	return object_schema(properties, required);
}

static json_t *
answer_schema(const struct command *c)
{
	json_t *properties, *required, *one;

	switch (c->answer) {
	case ANSWER_ROWS:
		properties = json_object();
		required = json_array();
		add(properties, required, "rows", list_schema(c->view));
		return object_schema(properties, required);
	case ANSWER_OBJECT:
	case ANSWER_DONE:
		one = row_schema(c->view, c->parts);
		return c->other == NULL
			       ? one
			       : json_pack("{s:[o, o]}", "oneOf", one, row_schema(c->other, NULL));
	case ANSWER_LINES:
		return lines_schema(c->view);
	case ANSWER_LOCAL:
		break;
	}
	return NULL;
}

json_t *
command_schema(const struct command *c)
{
	json_t *all = json_object(), *any = json_array(), *schema;

	for (size_t i = 0; i < command_count; i++) {
		if (commands[i].answer == ANSWER_LOCAL)
			continue;
		schema = answer_schema(&commands[i]);
		json_object_set_new(
			schema, "title", json_sprintf("culvertctl --json %s", commands[i].name));
		json_object_set_new(schema, "description", json_string(commands[i].forms[0].help));
		json_object_set_new(all, commands[i].name, schema);
		json_array_append_new(any,
			json_pack("{s:o}", "$ref", json_sprintf("#/$defs/%s", commands[i].name)));
	}
	schema = json_pack("{s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema");
	if (c != NULL) {
		json_object_update(schema, json_object_get(all, c->name));
		json_decref(all);
		json_decref(any);
		return schema;
	}
	json_object_set_new(schema, "title", json_string("culvertctl --json"));
	json_object_set_new(schema, "anyOf", any);
	json_object_set_new(schema, "$defs", all);
	return schema;
}
