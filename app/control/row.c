/* SPDX-License-Identifier: BSD-3-Clause */
/* A row's structure as JSON, by its view's columns. */
#include <inttypes.h>
#include <stdio.h>

#include "base/addr.h"
#include "control/views.h"

static json_t *
text_or_null(const char *text)
{
	return text == NULL ? json_null() : json_string(text);
}

static json_t *
number(enum view_kind kind, uint64_t value)
{
	char text[17];

	if (kind != VIEW_SERIAL)
		return json_integer((json_int_t)value);
	snprintf(text, sizeof(text), "%" PRIx64, value);
	return json_string(text);
}

static json_t *
cell(const struct view_column *c, const void *row)
{
	const void *at = (const char *)row + c->offset;
	char text[CV_ENDPOINT_TEXT];

	switch (c->field) {
	case FIELD_STRING:
		return text_or_null(*(const char *const *)at);
	case FIELD_CHARS:
		return json_string(at);
	case FIELD_U16:
		return number(c->kind, *(const uint16_t *)at);
	case FIELD_U32:
		return number(c->kind, *(const uint32_t *)at);
	case FIELD_U64:
		return number(c->kind, *(const uint64_t *)at);
	case FIELD_I64:
		return *(const int64_t *)at < 0 ? json_null() : json_integer(*(const int64_t *)at);
	case FIELD_DOUBLE:
		return json_real(*(const double *)at);
	case FIELD_BOOL:
		return json_boolean(*(const bool *)at);
	case FIELD_IP:
		return ((const struct cv_ip *)at)->family == 0 ? json_null()
							       : json_string(cv_ip_text(at, text));
	case FIELD_ENDPOINT:
		return json_string(cv_endpoint_text(at, text));
	}
	return NULL;
}

json_t *
view_row(const struct view *view, const void *row)
{
	json_t *object = json_object();

	for (size_t i = 0; i < view->n; i++)
		json_object_set_new_nocheck(
			object, view->columns[i].key, cell(&view->columns[i], row));
	return object;
}

bool
view_has(const struct view *view, json_t *object)
{
	for (size_t i = 0; i < view->n; i++)
		if (json_object_get(object, view->columns[i].key) == NULL)
			return false;
	return true;
}
