/* SPDX-License-Identifier: BSD-3-Clause */
/* Loads a configuration from a text, with files that exist in memory alone. */
#ifndef TESTS_CONFIG_HARNESS_H
#define TESTS_CONFIG_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "config/config.h"

/* A file that a configuration may name. */
struct fake_file {
	const char *path;
	const char *bytes;
	size_t len;
	unsigned mode;
	int error; /* errno in place of the bytes */
};

/* What the last load gave; freed by `unload`. */
struct loaded {
	int rc;
	struct cfg *cfg;
	struct cfg_errors errors;
	char text[64 * 1024]; /* all errors, a line each */
};

/* The file is named "t.yaml", or what `file` says. */
void load_bytes(struct loaded *t, const char *text, size_t len);
void load_as(struct loaded *t, const char *file, const char *text, size_t len);
void load(struct loaded *t, const char *text);
void unload(struct loaded *t);

/* Sets the contents of a file until the next call of files_reset. */
void file_set(const char *path, const char *bytes, size_t len, unsigned mode, int error);
void files_reset(void);
extern const struct cfg_files fake_files;

/* The snippet and behind it what the smallest right file has and the snippet has not: ports,
 * listeners, tunnels, groups. */
const char *with_rest(char *out, size_t capacity, const char *snippet);
/* Loads that and wants exactly these lines of errors and warnings. */
void wants_errors(const char *snippet, const char *lines);

/* A snippet and its errors. */
struct bad {
	const char *snippet, *lines;
};
void wants_all(const struct bad *bad, size_t n);

/* A whole file of this machine as bytes with a NUL behind them, to be freed. */
char *read_source(const char *path, size_t *len);

#endif
