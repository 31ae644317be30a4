/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bounded cursors over bytes in network order. A reader that runs past its end gives zeros and
 * remembers it (`failed`); a writer that runs past its end writes nothing more and remembers it.
 * So a decoder reads straight through and checks once.
 */
#ifndef CV_CURSOR_H
#define CV_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns. */
struct cv_bytes {
	const uint8_t *data;
	size_t len;
};

struct cv_reader {
	const uint8_t *pos;
	const uint8_t *end;
	bool failed;
};

struct cv_writer {
	uint8_t *start;
	uint8_t *pos;
	uint8_t *end;
	bool failed;
};

static inline struct cv_reader
cv_reader(const void *data, size_t len)
{
	const uint8_t *p = data;

	return (struct cv_reader){.pos = p, .end = len == 0 ? p : p + len, .failed = false};
}

static inline size_t
cv_remaining(const struct cv_reader *r)
{
	return (size_t)(r->end - r->pos);
}

/* The next len bytes, or NULL (and failed) when there are fewer. len 0 gives the position. */
static inline const uint8_t *
cv_read_bytes(struct cv_reader *r, size_t len)
{
	const uint8_t *p = r->pos;

	if (r->failed || cv_remaining(r) < len) {
		r->failed = true;
		return NULL;
	}
	r->pos += len;
	return p;
}

static inline uint8_t
cv_read_u8(struct cv_reader *r)
{
	const uint8_t *p = cv_read_bytes(r, 1);

	return p == NULL ? 0 : p[0];
}

static inline uint16_t
cv_read_u16(struct cv_reader *r)
{
	const uint8_t *p = cv_read_bytes(r, 2);

	if (p == NULL)
		return 0;
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
cv_read_u32(struct cv_reader *r)
{
	const uint8_t *p = cv_read_bytes(r, 4);

	if (p == NULL)
		return 0;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A reader over the next len bytes, which r skips; failed when there are fewer. */
static inline struct cv_reader
cv_read_sub(struct cv_reader *r, size_t len)
{
	const uint8_t *p = cv_read_bytes(r, len);
	struct cv_reader sub = cv_reader(p, p == NULL ? 0 : len);

	sub.failed = p == NULL;
	return sub;
}

static inline struct cv_writer
cv_writer(void *buf, size_t capacity)
{
	uint8_t *p = buf;

	return (struct cv_writer){.start = p, .pos = p, .end = p + capacity, .failed = false};
}

static inline size_t
cv_written(const struct cv_writer *w)
{
	return (size_t)(w->pos - w->start);
}

/* Room for len bytes that the caller fills, or NULL (and failed). */
static inline uint8_t *
cv_write_room(struct cv_writer *w, size_t len)
{
	uint8_t *p = w->pos;

	/* NULL is asked for though only an empty buffer has it: else gcc 14 and later see writes
	 * behind it, and take them for out of bounds. */
	if (w->failed || p == NULL || (size_t)(w->end - p) < len) {
		w->failed = true;
		return NULL;
	}
	w->pos += len;
	return p;
}

static inline void
cv_write_u8(struct cv_writer *w, uint8_t v)
{
	uint8_t *p = cv_write_room(w, 1);

	if (p != NULL)
		p[0] = v;
}

static inline void
cv_write_u16(struct cv_writer *w, uint16_t v)
{
	uint8_t *p = cv_write_room(w, 2);

	if (p != NULL) {
		p[0] = (uint8_t)(v >> 8);
		p[1] = (uint8_t)v;
	}
}

static inline void
cv_write_u32(struct cv_writer *w, uint32_t v)
{
	cv_write_u16(w, (uint16_t)(v >> 16));
	cv_write_u16(w, (uint16_t)v);
}

static inline void
cv_write_bytes(struct cv_writer *w, const void *data, size_t len)
{
	uint8_t *p = cv_write_room(w, len);

	if (p != NULL && len != 0)
		memcpy(p, data, len);
}

/* Overwrites two bytes at an offset already written; used for lengths known late. */
static inline void
cv_patch_u16(struct cv_writer *w, size_t offset, uint16_t v)
{
	if (w->failed || cv_written(w) < offset + 2)
		return;
	w->start[offset] = (uint8_t)(v >> 8);
	w->start[offset + 1] = (uint8_t)v;
}

#endif
