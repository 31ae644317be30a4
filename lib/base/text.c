/* SPDX-License-Identifier: BSD-3-Clause */
/* Escaping of hostile text; distance between words. */
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

static bool
is_plain(uint8_t c, bool words)
{
	return (c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '=') ||
	       (words && (c == ' ' || c == '='));
}

static const char *
escape(char *out, size_t capacity, const void *bytes, size_t len, bool words)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *in = bytes;
	size_t used = 0, cut = 0; /* cut: the last place where "..." fits */

	for (size_t i = 0; i < len; i++) {
		size_t need = is_plain(in[i], words) ? 1 : 4;

		if (used + 3 < capacity)
			cut = used;
		if (used + need >= capacity) {
			memcpy(out + cut, "...", 3);
			used = cut + 3;
			break;
		}
		if (need == 1) {
			out[used++] = (char)in[i];
			continue;
		}
		out[used++] = '\\';
		out[used++] = 'x';
		out[used++] = hex[in[i] >> 4];
		out[used++] = hex[in[i] & 15];
	}
	out[used] = '\0';
	return out;
}

const char *
cv_escape(char *out, size_t capacity, const void *bytes, size_t len)
{
	return escape(out, capacity, bytes, len, false);
}

const char *
cv_escape_words(char *out, size_t capacity, const void *bytes, size_t len)
{
	return escape(out, capacity, bytes, len, true);
}

enum { WORD_MAX = 64 };

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

unsigned
cv_edit_distance(const char *a, const char *b, unsigned max)
{
	unsigned rows[3][WORD_MAX];
	size_t la = strlen(a), lb = strlen(b);

	if (la >= WORD_MAX || lb >= WORD_MAX)
		return max + 1;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3];
		const unsigned *above2 = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned cost = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				above2[j - 2] + 1 < row[j])
				row[j] = above2[j - 2] + 1;
		}
	}
	return rows[la % 3][lb] > max ? max + 1 : rows[la % 3][lb];
}
