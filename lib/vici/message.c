/* SPDX-License-Identifier: BSD-3-Clause */
/* The format of vici's messages: elements, each a kind, and as that has them a name with a length
 * of 8 bits and a value with one of 16. */
#include "vici/message.h"

#include <string.h>

#include "base/text.h"

/* One element as it is on the wire; of a section its beginning. */
static bool
read_element(struct cv_reader *r, struct vici_element *e)
{
	*e = (struct vici_element){.kind = (enum vici_kind)cv_read_u8(r)};
	if (e->kind == VICI_SECTION || e->kind == VICI_VALUE || e->kind == VICI_LIST) {
		e->name.len = cv_read_u8(r);
		e->name.data = cv_read_bytes(r, e->name.len);
	}
	if (e->kind == VICI_VALUE || e->kind == VICI_ITEM) {
		e->value.len = cv_read_u16(r);
		e->value.data = cv_read_bytes(r, e->value.len);
	}
	return !r->failed;
}

int
vici_check(struct cv_bytes message)
{
	struct cv_reader r = cv_reader(message.data, message.len);
	struct vici_element e;
	unsigned depth = 0;
	bool list = false;

	while (cv_remaining(&r) != 0) {
		if (!read_element(&r, &e))
			return CV_ERR_TRUNCATED;
		if (list != (e.kind == VICI_ITEM || e.kind == VICI_LIST_END))
			return CV_ERR_MALFORMED;
		switch (e.kind) {
		case VICI_SECTION:
			if (depth == VICI_DEPTH)
				return CV_ERR_LIMIT;
			depth++;
			break;
		case VICI_SECTION_END:
			if (depth == 0)
				return CV_ERR_MALFORMED;
			depth--;
			break;
		case VICI_LIST:
		case VICI_LIST_END:
			list = !list;
			break;
		case VICI_VALUE:
		case VICI_ITEM:
			break;
		default:
			return CV_ERR_MALFORMED;
		}
	}
	return list || depth != 0 ? CV_ERR_TRUNCATED : 0;
}

/* What is in the section that has begun; r goes behind its end. */
static struct cv_bytes
pass_section(struct cv_reader *r)
{
	struct cv_bytes inner = {r->pos, 0};
	struct vici_element e;
	unsigned depth = 1;

	while (depth != 0) {
		inner.len = (size_t)(r->pos - inner.data);
		if (!read_element(r, &e))
			break;
		depth += e.kind == VICI_SECTION;
		depth -= e.kind == VICI_SECTION_END;
	}
	return inner;
}

bool
vici_next(struct cv_reader *rest, struct vici_element *e)
{
	while (cv_remaining(rest) != 0 && read_element(rest, e)) {
		if (e->kind == VICI_SECTION)
			e->value = pass_section(rest);
		if (e->kind == VICI_SECTION || e->kind == VICI_VALUE)
			return true;
	}
	return false;
}

static bool
find(struct cv_bytes in, enum vici_kind kind, const char *name, struct cv_bytes *out)
{
	struct cv_reader r = cv_reader(in.data, in.len);
	struct vici_element e;

	while (vici_next(&r, &e)) {
		if (e.kind != kind || e.name.len != strlen(name) ||
			memcmp(e.name.data, name, e.name.len) != 0)
			continue;
		*out = e.value;
		return true;
	}
	return false;
}

bool
vici_value(struct cv_bytes in, const char *name, struct cv_bytes *value)
{
	return find(in, VICI_VALUE, name, value);
}

bool
vici_section(struct cv_bytes in, const char *name, struct cv_bytes *inner)
{
	return find(in, VICI_SECTION, name, inner);
}

bool
vici_yes(struct cv_bytes in, const char *name)
{
	struct cv_bytes value;

	return vici_value(in, name, &value) && value.len == 3 && memcmp(value.data, "yes", 3) == 0;
}

uint64_t
vici_number(struct cv_bytes in, const char *name)
{
	struct cv_bytes value;
	uint64_t n = 0;

	if (!vici_value(in, name, &value))
		return 0;
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];

		if (c < '0' || c > '9' || n > (UINT64_MAX - 9) / 10)
			return 0;
		n = n * 10 + (uint64_t)(c - '0');
	}
	return n;
}

const char *
vici_text(struct cv_bytes in, const char *name, char *out, size_t capacity)
{
	struct cv_bytes value = {0};

	(void)vici_value(in, name, &value);
	return cv_escape(out, capacity, value.data, value.len);
}

static void
write_name(struct cv_writer *w, enum vici_kind kind, const char *name)
{
	size_t len = strlen(name);

	cv_write_u8(w, (uint8_t)kind);
	cv_write_u8(w, (uint8_t)len);
	cv_write_bytes(w, name, len);
	w->failed |= len > UINT8_MAX;
}

void
vici_write_section(struct cv_writer *w, const char *name)
{
	write_name(w, VICI_SECTION, name);
}

void
vici_write_section_end(struct cv_writer *w)
{
	cv_write_u8(w, VICI_SECTION_END);
}

void
vici_write_value(struct cv_writer *w, const char *name, const char *value)
{
	size_t len = strlen(value);

	write_name(w, VICI_VALUE, name);
	cv_write_u16(w, (uint16_t)len);
	cv_write_bytes(w, value, len);
	w->failed |= len > UINT16_MAX;
}
