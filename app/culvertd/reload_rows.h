/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a reload has to tell: findings of the file, changes, and what becomes of sessions; rows of
 * view_changes.
 */
#ifndef CULVERTD_RELOAD_ROWS_H
#define CULVERTD_RELOAD_ROWS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/diff.h"
#include "lns/lns.h"

enum {
	RELOAD_ROWS_MAX = 200, /* further ones are counted */
	TOLL_CAUSES = 9,       /* as many as lns_next_fate knows */
	TOLL_USERS = 10,       /* named with each cause */
};

struct reload_rows {
	json_t *rows, *sessions;
	unsigned errors;
	size_t left_out;
};

/* Sessions, by what becomes of them. */
struct reload_toll {
	uint64_t ends, changes;
	unsigned n;
	struct {
		const char *why; /* static */
		bool ends;
		uint64_t sessions;
		unsigned named;
		char users[TOLL_USERS][LNS_USER_MAX];
	} causes[TOLL_CAUSES];
};

void reload_rows_begin(struct reload_rows *r);
void reload_rows_clear(struct reload_rows *r);
void reload_rows_findings(struct reload_rows *r, const struct cfg_errors *errors);
void reload_rows_changes(struct reload_rows *r, const struct cfg_diff *diff);
void reload_rows_toll(struct reload_rows *r, const struct reload_toll *toll);
/* New references: an array of all rows that are kept; the same for people. */
json_t *reload_rows_all(const struct reload_rows *r);
json_t *reload_rows_lines(const struct reload_rows *r);

void reload_toll_add(struct reload_toll *toll, const struct lns_fate *fate);

#endif
