/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of vici, strongSwan's control protocol: taken apart, and written. A message is a tree of
 * sections, of values with a key, and of lists of values; all of it is text. Pure: no memory, no
 * state; any thread. What is read stays in the message, whose owner keeps it as long as it is used.
 */
#ifndef VICI_MESSAGE_H
#define VICI_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"

enum {
	VICI_DEPTH = 16, /* sections in one another that are taken; charon has 5 */
};

/* The kinds of an element, by their numbers on the wire. */
enum vici_kind {
	VICI_SECTION = 1, /* a name */
	VICI_SECTION_END,
	VICI_VALUE, /* a name and a value */
	VICI_LIST,  /* a name */
	VICI_ITEM,  /* a value */
	VICI_LIST_END,
};

struct vici_element {
	enum vici_kind kind;
	struct cv_bytes name;  /* 255 bytes at most; empty where the kind has none */
	struct cv_bytes value; /* 65535 at most; of a section: all that is in it */
};

/* Whether a message is one: each element whole and of a known kind, what begins ends, lists hold
 * items alone and items are nowhere else. 0, CV_ERR_TRUNCATED, CV_ERR_MALFORMED or CV_ERR_LIMIT
 * (deeper than VICI_DEPTH). */
int vici_check(struct cv_bytes message);

/*
 * The elements of a message that was checked, or of a section of one, in their order: values and
 * sections, the latter as a whole; *rest goes from one to the next. Lists are passed over. false:
 * none is left.
 */
bool vici_next(struct cv_reader *rest, struct vici_element *e);
/* The first value or section of a name. false: there is none. */
bool vici_value(struct cv_bytes in, const char *name, struct cv_bytes *value);
bool vici_section(struct cv_bytes in, const char *name, struct cv_bytes *inner);
/* Whether there is such a value, and it is `yes`. */
bool vici_yes(struct cv_bytes in, const char *name);
/* A value that is a decimal number and nothing else; 0: none, or too large. */
uint64_t vici_number(struct cv_bytes in, const char *name);
/* A value made fit for a terminal and a log (cv_escape); "": there is none. Returns out. */
const char *vici_text(struct cv_bytes in, const char *name, char *out, size_t capacity);

/* Writers. What is longer than its length can say leaves the writer failed. */
void vici_write_section(struct cv_writer *w, const char *name);
void vici_write_section_end(struct cv_writer *w);
void vici_write_value(struct cv_writer *w, const char *name, const char *value);

#endif
