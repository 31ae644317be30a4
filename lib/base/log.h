/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structured log lines handed to the program that has a place to write them. A line is an event
 * name and key=value pairs: `session-up tunnel=7 session=9 peer=192.0.2.1:5000 user=alice`.
 * Never called per data packet.
 */
#ifndef CV_LOG_H
#define CV_LOG_H

#include <stdbool.h>

enum cv_log_level {
	CV_LOG_ERROR,   /* somebody must act */
	CV_LOG_WARNING, /* something was refused or is degraded */
	CV_LOG_INFO,    /* tunnels and sessions come and go */
	CV_LOG_DEBUG,   /* state transitions, messages */
};

/* Where lines go. emit must not call back into lib/. Owned by the caller, outlives its users. */
struct cv_log {
	void (*emit)(void *ctx, enum cv_log_level level, const char *line);
	void *ctx;
	enum cv_log_level level; /* lines above this are not even formatted */
};

/* "error", "warning", "info", "debug". */
const char *cv_log_level_name(enum cv_log_level level);
/* The level of a name, or -1. */
int cv_log_level_parse(const char *name);

static inline bool
cv_log_enabled(const struct cv_log *log, enum cv_log_level level)
{
	return log != 0 && log->emit != 0 && level <= log->level;
}

/*
 * One line: event, then what fmt gives (key=value pairs; hostile text must have gone through
 * cv_escape before). Lines are cut at 1,023 bytes. log may be NULL.
 */
void cv_log_event(const struct cv_log *log, enum cv_log_level level, const char *event,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
