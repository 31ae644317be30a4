/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines that wait to be written somewhere that may not take them now: a bounded ring of bytes.
 * What does not fit is lost as a whole line, and counted.
 */
#ifndef CV_LINES_H
#define CV_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cv_lines {
	char *bytes;
	size_t capacity, start, used;
	uint64_t lost;   /* lines, in all */
	uint64_t untold; /* of them since cv_lines_untold() */
};

/* 0 or CV_ERR_NOMEM. */
int cv_lines_init(struct cv_lines *l, size_t capacity);
void cv_lines_fini(struct cv_lines *l);

/* Puts a line and a newline behind what waits. False: it is lost. After a loss nothing is taken
 * until half of the room is free, so that there is one gap and not a gap after each line. */
bool cv_lines_put(struct cv_lines *l, const char *line, size_t len);

/* What is to be written next: *bytes is valid until the next call. 0: nothing waits. */
size_t cv_lines_peek(const struct cv_lines *l, const char **bytes);
/* So many bytes of that are written. */
void cv_lines_take(struct cv_lines *l, size_t len);
/* Nobody will ever take what waits: its lines are lost. */
void cv_lines_discard(struct cv_lines *l);

/* Lines lost since the last call that there is room to tell of, or 0. The caller tells before it
 * puts anything else, so that the place of the gap is right. */
uint64_t cv_lines_untold(struct cv_lines *l);

#endif
