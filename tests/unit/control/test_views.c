/* SPDX-License-Identifier: BSD-3-Clause */
/* Each column of each view is in the JSON, in the schema, and reads its own field; each command
 * names what it shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "control/commands.h"

enum { ROW_BYTES = 8192, WORDS = 32 };

#define FOREACH_COLUMN(v, c)                                                   \
	for (size_t v##_i = 0; v##_i < view_count; v##_i++)                    \
		for (const struct view *v = views[v##_i]; v != NULL; v = NULL) \
			for (const struct view_column *c = v->columns; c < v->columns + v->n; c++)

static uint64_t storage[ROW_BYTES / sizeof(uint64_t)]; /* a row of any view */

static void *
field_of(const struct view_column *c)
{
	return (char *)storage + c->offset;
}

/* A value that no other column of the row has, where its type has so many. */
static void
fill(const struct view_column *c, unsigned n)
{
	static const char *const words[WORDS] = {"w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7",
		"w8", "w9", "w10", "w11", "w12", "w13", "w14", "w15", "w16", "w17", "w18", "w19",
		"w20", "w21", "w22", "w23", "w24", "w25", "w26", "w27", "w28", "w29", "w30", "w31"};
	struct cv_endpoint *end = field_of(c);

	switch (c->field) {
	case FIELD_STRING:
		*(const char **)field_of(c) = words[n];
		return;
	case FIELD_CHARS:
		strcpy(field_of(c), words[n]);
		return;
	case FIELD_U16:
		*(uint16_t *)field_of(c) = (uint16_t)(1000 + n);
		return;
	case FIELD_U32:
		*(uint32_t *)field_of(c) = 70000 + n;
		return;
	case FIELD_U64:
		*(uint64_t *)field_of(c) = UINT64_C(0x5f00000000000) + n;
		return;
	case FIELD_I64:
		*(int64_t *)field_of(c) = INT64_C(5000000000) + n;
		return;
	case FIELD_DOUBLE:
		*(double *)field_of(c) = n + 0.5;
		return;
	case FIELD_BOOL:
		*(bool *)field_of(c) = true;
		return;
	case FIELD_IP:
		*(struct cv_ip *)field_of(c) = cv_ipv4(0x0a580100 + n);
		return;
	case FIELD_ENDPOINT:
		*end = (struct cv_endpoint){cv_ipv4(0xc0000200 + n), (uint16_t)(1000 + n)};
		return;
	}
	fail();
}

static void
check_cell(const struct view_column *c, json_t *cell, unsigned n)
{
	char text[32];

	snprintf(text, sizeof(text), "w%u", n);
	if (c->field == FIELD_IP)
		snprintf(text, sizeof(text), "10.88.1.%u", n);
	if (c->field == FIELD_ENDPOINT)
		snprintf(text, sizeof(text), "192.0.2.%u:%u", n, 1000 + n);
	if (c->kind == VIEW_SERIAL)
		snprintf(text, sizeof(text), "%llx", 0x5f00000000000ull + n);
	switch (c->kind) {
	case VIEW_TEXT:
	case VIEW_STATE:
	case VIEW_SERIAL:
		assert_true(json_is_string(cell));
		assert_string_equal(json_string_value(cell), text);
		return;
	case VIEW_COUNT:
	case VIEW_NUMBER:
	case VIEW_BYTES:
	case VIEW_DURATION:
		assert_true(json_is_integer(cell));
		assert_int_equal(json_integer_value(cell), c->field == FIELD_U16   ? 1000 + n
							   : c->field == FIELD_U32 ? 70000 + n
							   : c->field == FIELD_U64
								   ? UINT64_C(0x5f00000000000) + n
								   : UINT64_C(5000000000) + n);
		return;
	case VIEW_PERCENT:
		assert_true(json_is_real(cell));
		assert_true(json_real_value(cell) == n + 0.5);
		return;
	case VIEW_YES:
		assert_true(json_is_true(cell));
		return;
	}
	fail();
}

static void
each_column_reads_its_own_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < view_count; i++) {
		const struct view *v = views[i];
		json_t *object;

		assert_true(v->row_bytes <= sizeof(storage) && v->n <= WORDS);
		memset(storage, 0, sizeof(storage));
		for (size_t n = 0; n < v->n; n++)
			fill(&v->columns[n], (unsigned)n);
		object = view_row(v, storage);
		assert_int_equal(json_object_size(object), v->n);
		assert_true(view_has(v, object));
		for (size_t n = 0; n < v->n; n++)
			check_cell(&v->columns[n], json_object_get(object, v->columns[n].key),
				(unsigned)n);
		json_decref(object);
	}
}

/* What is null in a row that knows nothing may be null by its schema, and nothing else. */
static void
only_what_may_be_null_is(void **state)
{
	(void)state;
	FOREACH_COLUMN(v, c)
	{
		json_t *object, *cell;

		memset(storage, 0, sizeof(storage));
		for (size_t n = 0; n < v->n; n++)
			fill(&v->columns[n], (unsigned)n);
		if (c->field == FIELD_STRING)
			*(const char **)field_of(c) = NULL;
		else if (c->field == FIELD_IP)
			*(struct cv_ip *)field_of(c) = (struct cv_ip){0};
		else if (c->field == FIELD_I64)
			*(int64_t *)field_of(c) = -1;
		object = view_row(v, storage);
		cell = json_object_get(object, c->key);
		if (c->nullable)
			assert_true(json_is_null(cell));
		else if (c->field == FIELD_I64)
			fail_msg("%s.%s may be null", v->name, c->key);
		json_decref(object);
	}
}

static void
each_column_is_whole(void **state)
{
	(void)state;
	FOREACH_COLUMN(v, c)
	{
		assert_true(c->offset < v->row_bytes);
		assert_true(c->help != NULL && c->help[0] != '\0');
		assert_ptr_equal(view_column(v, c->key, strlen(c->key)), c); /* no key twice */
		assert_int_equal(c->filter == FILTER_CHOICE, c->choices != NULL);
		if (c->kind == VIEW_STATE)
			assert_non_null(c->choices);
		if (c->filter != FILTER_NONE) /* cells are compared as texts */
			assert_true(c->kind == VIEW_TEXT || c->kind == VIEW_STATE ||
				    c->kind == VIEW_SERIAL);
		if (v->skip != NULL)
			assert_non_null(view_column(v, v->skip, strlen(v->skip)));
	}
	/* not every address is there */
	assert_true(view_column(&view_sessions, "address", 7)->nullable);
	assert_true(view_column(&view_ended, "address", 7)->nullable);
	assert_null(view_column(&view_sessions, "sess", 4));
	assert_null(view_column(&view_sessions, "sessions", 8));
}

/* An object's schema has the columns of a view, and `more` besides. */
static void
check_object(json_t *schema, const struct view *v, size_t more)
{
	json_t *properties = json_object_get(schema, "properties");

	assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
	assert_int_equal(json_object_size(properties), v->n + more);
	assert_int_equal(json_array_size(json_object_get(schema, "required")), v->n + more);
	for (size_t i = 0; i < v->n; i++) {
		const struct view_column *c = &v->columns[i];
		json_t *p = json_object_get(properties, c->key), *type = json_object_get(p, "type");

		assert_string_equal(json_string_value(json_object_get(p, "description")), c->help);
		assert_int_equal(json_is_array(type), c->nullable);
		if (json_is_array(type))
			type = json_array_get(type, 0);
		assert_string_equal(json_string_value(type), c->kind <= VIEW_SERIAL     ? "string"
							     : c->kind <= VIEW_DURATION ? "integer"
							     : c->kind == VIEW_PERCENT  ? "number"
										       : "boolean");
		assert_int_equal(json_object_get(p, "enum") != NULL, c->kind == VIEW_STATE);
	}
}

static void
the_schema_has_each_column_of_each_command(void **state)
{
	json_t *all = command_schema(NULL), *defs = json_object_get(all, "$defs");

	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const struct command *c = &commands[i];
		json_t *schema = json_object_get(defs, c->name), *own;
		size_t parts = 0;

		if (c->answer == ANSWER_LOCAL) {
			assert_null(schema);
			continue;
		}
		own = command_schema(c);
		assert_non_null(json_object_get(own, "$schema"));
		json_object_del(own, "$schema");
		assert_true(json_equal(own, schema));
		json_decref(own);
		if (c->answer == ANSWER_LINES && c->view == NULL)
			continue;
		if (c->answer == ANSWER_ROWS || c->answer == ANSWER_LINES) {
			schema = json_object_get(json_object_get(schema, "properties"), "rows");
			check_object(json_object_get(schema, "items"), c->view, 0);
			continue;
		}
		while (parts < COMMAND_PARTS && c->parts[parts].key != NULL)
			parts++;
		if (c->other != NULL) {
			check_object(
				json_array_get(json_object_get(schema, "oneOf"), 1), c->other, 0);
			schema = json_array_get(json_object_get(schema, "oneOf"), 0);
		}
		check_object(schema, c->view, parts);
		for (size_t p = 0; p < parts; p++) {
			json_t *list = json_object_get(
				json_object_get(schema, "properties"), c->parts[p].key);

			check_object(json_object_get(list, "items"), c->parts[p].view, 0);
		}
	}
	json_decref(all);
}

static bool
has_filters(const struct view *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->columns[i].filter != FILTER_NONE)
			return true;
	return false;
}

static void
each_command_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const struct command *c = &commands[i];

		assert_ptr_equal(command_find(c->name), c);
		assert_int_equal(command_index(c), i);
		if (c->answer != ANSWER_LINES) /* which may have rows as well */
			assert_int_equal(c->view == NULL, c->answer == ANSWER_LOCAL);
		if (c->answer == ANSWER_ROWS) {
			assert_non_null(c->nothing);
			assert_int_equal(c->forms[0].words == WORDS_FILTERS, has_filters(c->view));
		}
		for (size_t f = 0; f < COMMAND_FORMS && c->forms[f].help != NULL; f++) {
			const struct command_form *form = &c->forms[f];

			assert_int_equal(form->word == NULL, f == 0);
			if (form->words != WORDS_FILTERS)
				assert_int_equal(form->key == NULL, form->shown == NULL);
			assert_int_equal(form->words == WORDS_CHOICES, form->choices != NULL);
		}
		for (size_t f = 0; f < COMMAND_FLAGS && c->flags[f].name != NULL; f++) {
			assert_non_null(c->flags[f].help);
			assert_int_equal(c->flags[f].csv == NULL, c->flags[f].left_out == NULL);
			assert_true(c->flags[f].csv == NULL || c->answer == ANSWER_ROWS);
		}
		assert_non_null(c->forms[0].help);
		for (size_t p = 0; p < COMMAND_PARTS && c->parts[p].key != NULL; p++)
			assert_true(c->parts[p].view != NULL && c->parts[p].nothing != NULL);
	}
	assert_null(command_find("nosuch"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_column_is_whole),
		cmocka_unit_test(each_column_reads_its_own_field),
		cmocka_unit_test(only_what_may_be_null_is),
		cmocka_unit_test(the_schema_has_each_column_of_each_command),
		cmocka_unit_test(each_command_is_whole),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
