/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration's keys as a JSON Schema, for editors that complete and check YAML. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stddef.h>

enum { CFG_SCHEMA_BYTES = 128 * 1024 }; /* enough for the schema and its NUL */

/*
 * Writes a JSON Schema (draft 2020-12) with a NUL behind it. Returns its length, or
 * CV_ERR_SPACE. What holds among several keys is not in it: the loader checks that.
 */
int cfg_schema(char *out, size_t capacity);

#endif
