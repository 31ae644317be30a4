/* SPDX-License-Identifier: BSD-3-Clause */
/* A program that is run to its end, without a shell. */
#ifndef COMMON_CHILD_H
#define COMMON_CHILD_H

#include <stddef.h>
#include <stdint.h>

/*
 * Runs argv (NULL at its end) with `input` as its standard input, with a path of the system's own
 * folders alone. What it says on stderr comes into `said`, cut, as one line. Waits for it,
 * within_ms at most: then it is killed. Returns its exit code; 128 and a signal's number; or -1
 * with errno.
 */
int child_run(const char *const *argv, const char *input, size_t len, unsigned within_ms,
	char *said, size_t capacity);

#endif
