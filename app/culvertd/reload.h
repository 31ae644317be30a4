/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration read again under traffic. A thread of its own reads and checks the file and
 * compares it with what runs; the control thread then looks at a few sessions a round, so that
 * packets never wait for it, and applies all or nothing.
 */
#ifndef CULVERTD_RELOAD_H
#define CULVERTD_RELOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct daemon;
struct reload;

struct reload_wish {
	bool dry_run;       /* only say what would be */
	bool keep_sessions; /* do nothing where a session would end */
	const char *by;     /* for the log; static */
};

/* path: the file that is read again. 0 or a negative enum cv_err. */
int reload_init(struct daemon *d, const char *path);
/* Waits for the thread, where it is reading. */
void reload_free(struct daemon *d);

/* Begins one. Its number, from 1; 0: another is under way. */
uint64_t reload_begin(struct daemon *d, const struct reload_wish *wish);
/* Begins one as SIGHUP asks for it, or, where another is under way, another one after that. */
void reload_hang_up(struct daemon *d);
/* The control thread's part, each round. When there is more to be done; CV_TIME_NEVER: not before
 * its thread wakes the loop. */
uint64_t reload_step(struct daemon *d, uint64_t now);

/* How the last one stands, as ANSWER_LINES; a new reference. NULL: it has not this number. */
json_t *reload_report(const struct daemon *d, uint64_t number);

#endif
