/* SPDX-License-Identifier: BSD-3-Clause */
/* What was found, for people and for programs. */
#ifndef CLIENT_DISCOVER_SHOW_H
#define CLIENT_DISCOVER_SHOW_H

#include <stdio.h>

#include "decide.h"

/* A table, a row each: what was asked, of whom, what it says; then what would be done and why. Text
 * of strangers is escaped. */
void discover_table(FILE *out, const struct found *f, const struct decision *d);
/* The same as one JSON object. 0, or CV_ERR_NOMEM. */
int discover_json(FILE *out, const struct found *f, const struct decision *d);

#endif
