/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

int
cv_lines_init(struct cv_lines *l, size_t capacity)
{
	*l = (struct cv_lines){.bytes = malloc(capacity), .capacity = capacity};
	return l->bytes == NULL ? CV_ERR_NOMEM : 0;
}

void
cv_lines_fini(struct cv_lines *l)
{
	free(l->bytes);
	*l = (struct cv_lines){0};
}

static bool
recovered(const struct cv_lines *l)
{
	return l->used <= l->capacity / 2;
}

static void
append(struct cv_lines *l, const char *data, size_t len)
{
	size_t at = (l->start + l->used) % l->capacity;
	size_t first = l->capacity - at < len ? l->capacity - at : len;

	memcpy(l->bytes + at, data, first);
	memcpy(l->bytes, data + first, len - first);
	l->used += len;
}

bool
cv_lines_put(struct cv_lines *l, const char *line, size_t len)
{
	if (l->capacity - l->used <= len || (l->untold != 0 && !recovered(l))) {
		l->lost++;
		l->untold++;
		return false;
	}
	append(l, line, len);
	append(l, "\n", 1);
	return true;
}

size_t
cv_lines_peek(const struct cv_lines *l, const char **bytes)
{
	size_t whole = l->capacity - l->start;

	*bytes = l->bytes + l->start;
	return l->used < whole ? l->used : whole;
}

void
cv_lines_take(struct cv_lines *l, size_t len)
{
	l->start = (l->start + len) % l->capacity;
	l->used -= len;
}

void
cv_lines_discard(struct cv_lines *l)
{
	for (; l->used != 0; cv_lines_take(l, 1)) {
		bool end = l->bytes[l->start] == '\n';

		l->lost += end;
		l->untold += end;
	}
}

uint64_t
cv_lines_untold(struct cv_lines *l)
{
	uint64_t n = l->untold;

	if (n == 0 || !recovered(l))
		return 0;
	l->untold = 0;
	return n;
}
