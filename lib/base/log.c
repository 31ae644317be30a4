/* SPDX-License-Identifier: BSD-3-Clause */
/* Formatting of structured log lines. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LOG_LINE_BYTES = 1024 };

static const char *const level_names[] = {
	[CV_LOG_ERROR] = "error",
	[CV_LOG_WARNING] = "warning",
	[CV_LOG_INFO] = "info",
	[CV_LOG_DEBUG] = "debug",
};

const char *
cv_log_level_name(enum cv_log_level level)
{
	return level <= CV_LOG_DEBUG ? level_names[level] : "unknown";
}

int
cv_log_level_parse(const char *name)
{
	for (int i = 0; i <= CV_LOG_DEBUG; i++)
		if (strcmp(level_names[i], name) == 0)
			return i;
	return -1;
}

void
cv_log_event(
	const struct cv_log *log, enum cv_log_level level, const char *event, const char *fmt, ...)
{
	char line[LOG_LINE_BYTES];
	va_list args;
	int used;

	if (!cv_log_enabled(log, level))
		return;
	used = snprintf(line, sizeof(line), "%s%s", event, fmt[0] == '\0' ? "" : " ");
	if (used < 0)
		return;
	if ((size_t)used < sizeof(line)) {
		va_start(args, fmt);
		vsnprintf(line + used, sizeof(line) - (size_t)used, fmt, args);
		va_end(args);
	}
	log->emit(log->ctx, level, line);
}
