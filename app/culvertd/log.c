/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines to stderr: one write a line; the time is journald's where journald reads. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"

/* syslog priorities, which systemd takes from a "<N>" in front of a line */
static const int priorities[] = {
	[CV_LOG_ERROR] = 3,
	[CV_LOG_WARNING] = 4,
	[CV_LOG_INFO] = 6,
	[CV_LOG_DEBUG] = 7,
};

static void
emit_journal(void *ctx, enum cv_log_level level, const char *line)
{
	(void)ctx;
	fprintf(stderr, "<%d>%s\n", priorities[level], line);
}

static void
emit_stderr(void *ctx, enum cv_log_level level, const char *line)
{
	struct timespec now;
	struct tm utc;
	char stamp[32];

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	fprintf(stderr, "%s.%03ldZ %-7s %s\n", stamp, now.tv_nsec / 1000000,
		cv_log_level_name(level), line);
}

/* Whether stderr is journald's: the variable is inherited, the file may have been changed. */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void
daemon_log_init(struct cv_log *log, enum cv_log_level level)
{
	setvbuf(stderr, NULL, _IOLBF, 4096);
	log->emit = is_journal() ? emit_journal : emit_stderr;
	log->ctx = NULL;
	log->level = level;
}
