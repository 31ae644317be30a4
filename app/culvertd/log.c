/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines to stderr, which never block: what its reader does not take now waits in a bounded
 * buffer, what finds no room there is counted, and the gap is told when there is room again. The
 * time is journald's where journald reads.
 *
 * Lines come from the control thread, the watchdog and DPDK's own threads; a lock keeps them whole.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/lines.h"
#include "daemon.h"

enum {
	WAITING_BYTES = 256 * 1024,
	LINE_BYTES = 1100,  /* the longest line with its time */
	PIECE_BYTES = 4096, /* of a pipe that is writable: at least so much does not block */
};

/* How to write without waiting. O_NONBLOCK on stderr itself would be felt by everybody who has it
 * too, such as the shell that started us. */
enum way {
	WAY_PLAIN,  /* a file: takes what it is given */
	WAY_OWN,    /* opened again for us alone, O_NONBLOCK */
	WAY_SOCKET, /* journald's: each send says that it won't wait */
	WAY_ASK,    /* can't be opened again: asked before each piece whether it is writable */
};

struct daemon_log {
	pthread_mutex_t lock;
	struct cv_lines lines;
	enum way way;
	int fd;
	bool journal;
};

/* syslog priorities, which systemd takes from a "<N>" in front of a line */
static const int priorities[] = {
	[CV_LOG_ERROR] = 3,
	[CV_LOG_WARNING] = 4,
	[CV_LOG_INFO] = 6,
	[CV_LOG_DEBUG] = 7,
};

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

static ssize_t
write_piece(const struct daemon_log *l, const char *bytes, size_t len)
{
	struct pollfd writable = {.fd = l->fd, .events = POLLOUT};

	switch (l->way) {
	case WAY_SOCKET:
		return send(l->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	case WAY_ASK:
		if (poll(&writable, 1, 0) != 1) {
			errno = EAGAIN;
			return -1;
		}
		return write(l->fd, bytes, len < PIECE_BYTES ? len : PIECE_BYTES);
	case WAY_OWN:
	case WAY_PLAIN:
		break;
	}
	return write(l->fd, bytes, len);
}

/* What can be written now. Where nobody will ever read it is lost. */
static void
write_waiting(struct daemon_log *l)
{
	const char *bytes;
	size_t len;

	while ((len = cv_lines_peek(&l->lines, &bytes)) != 0) {
		ssize_t n = write_piece(l, bytes, len);

		if (n > 0)
			cv_lines_take(&l->lines, (size_t)n);
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		else
			cv_lines_discard(&l->lines);
	}
}

static void
put(struct daemon_log *l, enum cv_log_level level, const char *line)
{
	char text[LINE_BYTES], stamp[32];
	struct timespec now;
	struct tm utc;
	int len;

	if (l->journal) {
		len = snprintf(text, sizeof(text), "<%d>%s", priorities[level], line);
	} else {
		clock_gettime(CLOCK_REALTIME, &now);
		gmtime_r(&now.tv_sec, &utc);
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
		len = snprintf(text, sizeof(text), "%s.%03ldZ %-7s %s", stamp,
			now.tv_nsec / 1000000, cv_log_level_name(level), line);
	}
	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	if (len > 0)
		cv_lines_put(&l->lines, text, (size_t)len);
}

/* The gap, where it is. */
static void
tell_lost(struct daemon_log *l)
{
	uint64_t lost = cv_lines_untold(&l->lines);
	char line[96];

	if (lost == 0)
		return;
	snprintf(line, sizeof(line), "log-lost lines=%llu reason=\"nobody read them in time\"",
		(unsigned long long)lost);
	put(l, CV_LOG_WARNING, line);
}

static void
emit(void *ctx, enum cv_log_level level, const char *line)
{
	struct daemon_log *l = ctx;

	pthread_mutex_lock(&l->lock);
	tell_lost(l);
	put(l, level, line);
	write_waiting(l);
	pthread_mutex_unlock(&l->lock);
}

static void
choose_way(struct daemon_log *l)
{
	struct stat st;

	l->fd = STDERR_FILENO;
	l->way = WAY_PLAIN;
	if (fstat(STDERR_FILENO, &st) != 0 || S_ISREG(st.st_mode))
		return;
	if (S_ISSOCK(st.st_mode)) {
		l->way = WAY_SOCKET;
		return;
	}
	l->fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	l->way = l->fd >= 0 ? WAY_OWN : WAY_ASK;
	if (l->fd < 0)
		l->fd = STDERR_FILENO;
}

/* What libevent's messages, which know no owner, go to. */
static const struct cv_log *libevent_log;

/* Of its DNS client, above all: that a server does not answer. */
static void
say_for_libevent(int severity, const char *text)
{
	enum cv_log_level level = severity == EVENT_LOG_ERR     ? CV_LOG_ERROR
				  : severity == EVENT_LOG_DEBUG ? CV_LOG_DEBUG
								: CV_LOG_WARNING;
	char line[256];
	size_t used = 0;

	for (; *text != '\0' && used < sizeof(line) - 1; text++)
		line[used++] = (char)(*text == '"' || *text < ' ' ? '\'' : *text);
	line[used] = '\0';
	if (libevent_log != NULL)
		cv_log_event(libevent_log, level, "libevent", "text=\"%s\"", line);
}

int
daemon_log_init(struct daemon *d, enum cv_log_level level)
{
	struct daemon_log *l = calloc(1, sizeof(*l));

	if (l == NULL || cv_lines_init(&l->lines, WAITING_BYTES) != 0) {
		free(l);
		return CV_ERR_NOMEM;
	}
	pthread_mutex_init(&l->lock, NULL);
	l->journal = is_journal();
	choose_way(l);
	d->log_lines = l;
	d->log = (struct cv_log){.emit = emit, .ctx = l, .level = level};
	libevent_log = &d->log;
	event_set_log_callback(say_for_libevent);
	return 0;
}

int
daemon_log_fd(const struct daemon *d)
{
	return d->log_lines->fd;
}

bool
daemon_log_flush(struct daemon *d)
{
	struct daemon_log *l = d->log_lines;
	bool all;

	pthread_mutex_lock(&l->lock);
	write_waiting(l);
	tell_lost(l);
	write_waiting(l);
	all = l->lines.used == 0;
	pthread_mutex_unlock(&l->lock);
	return all;
}

uint64_t
daemon_log_lost(const struct daemon *d)
{
	struct daemon_log *l = d->log_lines;
	uint64_t lost;

	pthread_mutex_lock(&l->lock);
	lost = l->lines.lost;
	pthread_mutex_unlock(&l->lock);
	return lost;
}

void
daemon_log_finish(struct daemon *d, uint64_t bound_ns)
{
	struct daemon_log *l = d->log_lines;
	uint64_t now = daemon_now(), end = now + bound_ns;

	for (; !daemon_log_flush(d) && now < end; now = daemon_now())
		(void)poll(&(struct pollfd){.fd = l->fd, .events = POLLOUT}, 1,
			(int)((end - now) / CV_NS_PER_MS + 1));
	libevent_log = NULL;
	d->log = (struct cv_log){0};
	if (l->way == WAY_OWN)
		close(l->fd);
	cv_lines_fini(&l->lines);
	pthread_mutex_destroy(&l->lock);
	free(l);
	d->log_lines = NULL;
}
