/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of what runs for a connection. */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "common/files.h"
#include "common/notify.h"
#include "events.h"
#include "rights.h"

#define STOP_NS (15 * CV_NS_PER_S) /* that a polite end may take */

enum { SOCKET_MODE = 0600, FOLDER_MODE = 0755, MACHINE_ID_MAX = 256 };

const char *
run_socket(char *out, size_t capacity, const struct cfg_client *cfg, const char *name)
{
	snprintf(out, capacity, "%s/%s.sock", cfg->directory, name);
	return out;
}

void
run_interface(char out[TUN_NAME], const struct cfg_connection *c)
{
	if (c->interface != NULL)
		snprintf(out, TUN_NAME, "%s", c->interface);
	else
		snprintf(out, TUN_NAME, "l2tp-%.10s", c->name);
}

uint32_t
run_table(const struct cfg_client *cfg, const struct cfg_connection *c)
{
	enum { FIRST_TABLE = 1701 };

	return c->table != 0 ? c->table : FIRST_TABLE + (uint32_t)(c - cfg->connections);
}

/* ---- what it says ---- */

static void
emit(void *ctx, enum cv_log_level level, const char *line)
{
	static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
	const struct run *r = ctx;

	if (r->progress >= 0 || r->once)
		syslog(LOG_DAEMON | priorities[level], "%s %s", cv_log_level_name(level), line);
	else
		fprintf(stderr, "%s %s\n", cv_log_level_name(level), line);
}

void
run_say(struct run *r, const char *fmt, ...)
{
	char line[RUN_TEXT + 32];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, args);
	va_end(args);
	if (n < 0 || r->progress < 0)
		return;
	if ((size_t)n > sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n] = '\n';
	(void)!write(r->progress, line, (size_t)n + 1);
}

void
run_fail(struct run *r, const char *what, const char *why)
{
	snprintf(r->failure, sizeof(r->failure), "%.64s: %.400s", what, why);
	run_say(r, "%s", r->failure);
	if (!r->once || r->ready || r->state == RUN_STOPPING)
		return;
	r->failed = true;
	run_stop(r);
}

void
run_ready(struct run *r)
{
	if (r->ready)
		return;
	r->ready = true;
	notify_tell("READY=1");
	if (r->progress < 0)
		return;
	run_say(r, "%s", ""); /* which is how who waits for it knows */
	close(r->progress);
	r->progress = -1;
}

/* ---- the end ---- */

void
run_stop(struct run *r)
{
	struct timeval tv = {STOP_NS / CV_NS_PER_S, 0};

	if (r->state == RUN_STOPPING)
		return;
	r->state = RUN_STOPPING;
	cv_log_event(&r->log, CV_LOG_INFO, "stopping", "connection=%s", r->c->name);
	notify_tell("STOPPING=1");
	event_add(r->guard, &tv);
	way_stop(r);
}

void
run_stopped(struct run *r)
{
	r->stopped = true;
	event_base_loopbreak(r->base);
}

static void
on_guard(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	run_stopped(ctx);
}

static void
on_signal(evutil_socket_t fd, short what, void *ctx)
{
	struct run *r = ctx;

	(void)fd;
	(void)what;
	if (r->state == RUN_STOPPING)
		run_stopped(r); /* asked twice: at once */
	run_stop(r);
}

/* ---- the beginning ---- */

static int
open_control(struct run *r)
{
	char path[RUN_PATH], err[256];

	r->made_folder = mkdir(r->cfg->directory, FOLDER_MODE) == 0;
	if (!r->made_folder && errno != EEXIST) {
		snprintf(r->failure, sizeof(r->failure), "%s: %s", r->cfg->directory,
			strerror(errno));
		return -1;
	}
	run_socket(path, sizeof(path), r->cfg, r->c->name);
	r->control = control_server_new(
		r->base, path, SOCKET_MODE, (gid_t)-1, report_answer, r, err, sizeof(err));
	if (r->control == NULL)
		snprintf(r->failure, sizeof(r->failure), "%s", err);
	return r->control == NULL ? -1 : 0;
}

/* An interface identifier that this machine has for this connection each time, so that others can
 * know its address, and that tells nothing of it elsewhere (RFC 7217; machine-id(5) says how); any,
 * where the machine has no identity. */
static void
identify(struct run *r)
{
	const struct cv_bytes parts[] = {
		{(const uint8_t *)"culvert-client inside", 21},
		{(const uint8_t *)r->c->name, strlen(r->c->name)},
	};
	uint8_t digest[CRYPTO_SHA1_BYTES];
	struct cv_bytes key = {0};
	uint8_t *text = NULL;
	unsigned mode;

	crypto_random(r->crypto, r->id6, sizeof(r->id6));
	if (files_read(NULL, "/etc/machine-id", MACHINE_ID_MAX, &text, &key.len, &mode) == 0) {
		key.data = text;
		if (key.len != 0 && crypto_hmac_sha1(r->crypto, key, parts, 2, digest) == 0)
			memcpy(r->id6, digest, sizeof(r->id6));
		free(text);
	}
	r->id6[0] &= 0xfd; /* not globally unique (RFC 4291 appendix A) */
}

static int
prepare(struct run *r)
{
	uint8_t seed[CRYPTO_SEED_BYTES];
	char err[256] = "out of memory";

	r->base = event_base_new();
	if (r->base == NULL || getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		goto fail;
	r->crypto = crypto_new(seed, err, sizeof(err));
	memset(seed, 0, sizeof(seed));
	if (r->crypto == NULL)
		goto fail;
	identify(r);
	r->on_term = evsignal_new(r->base, SIGTERM, on_signal, r);
	r->on_int = evsignal_new(r->base, SIGINT, on_signal, r);
	r->guard = evtimer_new(r->base, on_guard, r);
	if (r->on_term == NULL || r->on_int == NULL || r->guard == NULL)
		goto fail;
	evsignal_add(r->on_term, NULL);
	evsignal_add(r->on_int, NULL);
	if (open_control(r) != 0 || way_prepare(r) != 0)
		return -1;
	/* a folder that somebody else has made stays his, and our socket is left in it */
	if (r->cfg->user == NULL ||
		rights_drop(r->cfg->user, r->made_folder ? r->cfg->directory : NULL, err,
			sizeof(err)) == 0)
		return 0;
fail:
	snprintf(r->failure, sizeof(r->failure), "%s", err);
	return -1;
}

static void
clean(struct run *r)
{
	way_clear(r);
	control_server_free(r->control);
	if (r->made_folder) /* root's still, where it has not begun: the next one could not clean it
			     */
		(void)rmdir(r->cfg->directory);
	client_free_event(r->on_term);
	client_free_event(r->on_int);
	client_free_event(r->guard);
	crypto_free(r->crypto);
	if (r->base != NULL)
		event_base_free(r->base);
	if (r->progress >= 0)
		close(r->progress);
}

int
run_connection(
	const struct cfg_client *cfg, const struct cfg_connection *c, int progress, bool once)
{
	struct run r = {.cfg = cfg,
		.c = c,
		.progress = progress,
		.once = once,
		.tun = {.fd = -1},
		.dns = {.fd = -1}};
	int rc = EXIT_FAILED;

	r.log = (struct cv_log){emit, &r, cfg->level};
	r.begun_ns = client_now();
	signal(SIGPIPE, SIG_IGN);
	if (prepare(&r) != 0) {
		cv_log_event(&r.log, CV_LOG_ERROR, "not-started", "connection=%s reason=\"%s\"",
			c->name, r.failure);
		run_say(&r, "%s", r.failure);
	} else {
		way_start(&r);
		while (!r.stopped) /* the control socket's answers break it, too */
			event_base_loop(r.base, EVLOOP_ONCE);
		rc = r.failed ? EXIT_FAILED : EXIT_DONE;
		cv_log_event(&r.log, CV_LOG_INFO, "stopped", "connection=%s", c->name);
	}
	clean(&r);
	return rc;
}
