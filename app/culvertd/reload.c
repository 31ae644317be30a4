/* SPDX-License-Identifier: BSD-3-Clause */
/* SIGHUP and culvertctl reload: see reload.h. */
#include "reload.h"
#include "common/notify.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config/diff.h"
#include "daemon.h"
#include "kernel.h"
#include "reload_rows.h"

enum {
	SLICE_PLACES = 4096, /* looked at in a round, most of them empty */
	SLICE_SESSIONS = 64, /* of those that are there */
	READER_NICE = 10,    /* beside a worker on the same CPU */
	EXIT_FAILED = 1,     /* culvertctl's, */
	EXIT_REFUSED = 6,    /* where nothing has changed */
};

#define TELL_NS (3 * CV_NS_PER_S) /* a StopCCN sent twice again */
#define TELL_LOOK_NS (20 * CV_NS_PER_MS)
#define AGAIN_NS CV_NS_PER_S /* until then who asked for the last one can read how it ended */

enum result { UNCHANGED, WOULD_APPLY, APPLIED, ERRORS, RESTART, KEPT, FAILED };

/* The word for programs, and culvertctl's exit code. */
static const struct {
	const char *word;
	int exit;
} results[] = {
	[UNCHANGED] = {"unchanged", 0},
	[WOULD_APPLY] = {"would-apply", 0},
	[APPLIED] = {"applied", 0},
	[ERRORS] = {"errors", EXIT_REFUSED},
	[RESTART] = {"restart", EXIT_REFUSED},
	[KEPT] = {"kept", EXIT_REFUSED},
	[FAILED] = {"failed", EXIT_FAILED},
};

enum state { IDLE, READING, COUNTING, WITHDRAWING, CHANGING, TELLING, DONE };

struct reload {
	const char *path;
	int fd; /* the thread writes to it when it is done */
	struct event *read;
	pthread_t thread;
	cpu_set_t cpus; /* that the process had before any of its threads was pinned */
	bool has_cpus;

	bool again; /* a SIGHUP came meanwhile: the file may be another by now */
	uint64_t ended_at;

	/* of the last one */
	enum state state;
	uint64_t number, began_at;
	struct reload_wish wish;
	struct cfg *cfg;       /* the new one */
	const struct cfg *old; /* until it has been let go */
	struct cfg_diff diff;
	struct dp_rules *made[CV_FILTER_IDS]; /* what is new or other in it */
	pthread_t cleaner;
	bool cleans;
	int rc;    /* of reading it */
	int error; /* errno, for CV_ERR_IO */
	struct reload_rows rows;
	struct reload_toll toll;
	uint64_t cursor, tell_by;
	enum result result;
	char text[256]; /* for people */
};

/* A thread beside the control thread is in no worker's way: on any CPU, and behind it. */
static void
step_aside(const struct reload *r)
{
	if (r->has_cpus)
		pthread_setaffinity_np(pthread_self(), sizeof(r->cpus), &r->cpus);
	setpriority(PRIO_PROCESS, 0, READER_NICE);
}

/* ---- the thread that reads ---- */

static void
compare(struct reload *r, const struct cfg *old)
{
	r->rc = cfg_continue(r->cfg, old);
	if (r->rc == 0)
		r->rc = cfg_diff(old, r->cfg, &r->diff);
	if (r->rc == 0)
		reload_rows_changes(&r->rows, &r->diff);
	if (r->rc == 0 && !r->wish.dry_run)
		r->rc = daemon_make_rules(old, r->cfg, r->made);
}

static void *
read_again(void *ctx)
{
	struct daemon *d = ctx;
	struct reload *r = d->reload;
	struct cfg_errors errors = {0};
	uint64_t one = 1;

	step_aside(r);
	r->rc = daemon_read_config(r->path, &errors, &r->cfg);
	r->error = errno;
	reload_rows_findings(&r->rows, &errors);
	cfg_errors_free(&errors);
	if (r->rc == 0)
		compare(r, d->cfg);
	(void)!write(r->fd, &one, sizeof(one));
	return NULL;
}

/* ---- its end ---- */

static void
free_all(struct reload *r)
{
	cfg_diff_free(&r->diff);
	daemon_free_rules(r->made);
	cfg_free(r->cfg);
	cfg_free(r->old);
	r->cfg = NULL;
	r->old = NULL;
}

/* What is let go may be large, and is wiped: not on the control thread. */
static void *
let_go(void *ctx)
{
	struct reload *r = ctx;

	step_aside(r);
	free_all(r);
	return NULL;
}

static void
begin_to_let_go(struct reload *r)
{
	r->cleans = pthread_create(&r->cleaner, NULL, let_go, r) == 0;
	if (!r->cleans)
		free_all(r);
}

static void
wait_for_cleaner(struct reload *r)
{
	if (r->cleans)
		pthread_join(r->cleaner, NULL);
	r->cleans = false;
}

static void finish(struct daemon *d, enum result result, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void
finish(struct daemon *d, enum result result, const char *fmt, ...)
{
	struct reload *r = d->reload;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	r->result = result;
	r->state = DONE;
	r->ended_at = daemon_now();
	begin_to_let_go(r);
	cv_log_event(&d->log, results[result].exit == 0 ? CV_LOG_INFO : CV_LOG_WARNING, "reload",
		"by=%s%s result=%s ms=%llu reason=\"%s\"", r->wish.by,
		r->wish.dry_run ? " dry-run=yes" : "", results[result].word,
		(unsigned long long)((daemon_now() - r->began_at) / CV_NS_PER_MS), r->text);
	if (!r->wish.dry_run && d->stop_by == CV_TIME_NEVER)
		notify_tell("READY=1");
}

/* What the thread found: whether the sessions are to be looked at. */
static void
take_result(struct daemon *d)
{
	struct reload *r = d->reload;
	size_t restarts = r->diff.effects[CFG_RESTART];

	if (r->rc == CV_ERR_IO)
		finish(d, ERRORS, "%s: %s", r->path, strerror(r->error));
	else if (r->rc == CV_ERR_CONFIG)
		finish(d, ERRORS, "errors: %u; nothing has changed", r->rows.errors);
	else if (r->rc != 0)
		finish(d, FAILED, "%s; nothing has changed", cv_strerror(r->rc));
	else if (r->diff.n == 0)
		finish(d, UNCHANGED, "nothing is different");
	else if (restarts != 0)
		finish(d, RESTART, "changes: %zu, of which %zu need a restart; nothing has changed",
			r->diff.n, restarts);
	else
		r->state = COUNTING;
	r->cursor = 0;
}

static void
on_read(evutil_socket_t fd, short what, void *ctx)
{
	struct daemon *d = ctx;
	struct reload *r = d->reload;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) != (ssize_t)sizeof(count) || r->state != READING)
		return;
	pthread_join(r->thread, NULL);
	take_result(d);
}

/* ---- the control thread's part ---- */

/* All sessions were looked at: what would end is known. */
static void
apply(struct daemon *d, uint64_t now)
{
	struct reload *r = d->reload;
	char why[APPLY_WHY] = "";
	int rc;

	reload_rows_toll(&r->rows, &r->toll);
	if (r->wish.dry_run) {
		finish(d, WOULD_APPLY, "changes: %zu; sessions that would end: %llu", r->diff.n,
			(unsigned long long)r->toll.ends);
		return;
	}
	if (r->wish.keep_sessions && r->toll.ends != 0) {
		finish(d, KEPT, "sessions that would end: %llu; nothing has changed",
			(unsigned long long)r->toll.ends);
		return;
	}
	d->made = r->made;
	kernel_leave(d, r->cfg);
	rc = daemon_apply(d, now, d->cfg, r->cfg, why);
	d->made = NULL;
	if (rc != 0) {
		(void)kernel_follow(d);
		finish(d, FAILED, "%s; nothing has changed", why);
		return;
	}
	if (d->cfg->log.level != r->cfg->log.level)
		d->log.level = r->cfg->log.level;
	r->old = d->cfg;
	d->cfg = cfg_hold(r->cfg);
	(void)kernel_follow(d); /* what fails is missing, and was logged */
	daemon_act(d, now);     /* which asks d->cfg */
	r->cursor = 0;
	r->state = WITHDRAWING;
}

/* Looks at some sessions; true: these were the last. */
static bool
look(struct daemon *d, uint64_t now)
{
	struct reload *r = d->reload;
	uint64_t stop = r->cursor + SLICE_PLACES;
	struct lns_fate fate;

	for (unsigned i = 0; i < SLICE_SESSIONS; i++) {
		bool there = r->state == WITHDRAWING
				     ? lns_withdraw(d->lns, now, &r->cursor, stop, &fate)
			     : r->state == CHANGING
				     ? lns_review(d->lns, now, &r->cursor, stop, &fate)
				     : lns_next_fate(d->lns, r->cfg, &r->cursor, stop, &fate);

		if (!there)
			break;
		if (r->state == COUNTING)
			reload_toll_add(&r->toll, &fate);
	}
	if (r->state != COUNTING)
		daemon_act(d, now);
	return r->cursor >= lns_session_places(d->lns);
}

/* Workers and peers of listeners that are gone are told; who does not answer is not waited for much
 * longer. */
static bool
peers_told(const struct daemon *d, uint64_t now)
{
	const struct reload *r = d->reload;

	if (now >= r->tell_by)
		return true;
	if (d->held_back)
		return false;
	for (size_t i = 0; i < r->old->n_listeners; i++) {
		uint16_t id = r->old->listeners[i].id;

		if (cfg_listener_by_id(d->cfg, id) == NULL && !lns_listener_idle(d->lns, id))
			return false;
	}
	return true;
}

uint64_t
reload_step(struct daemon *d, uint64_t now)
{
	struct reload *r = d->reload;

	switch (r->state) {
	case COUNTING:
		if (look(d, now))
			apply(d, now);
		return now;
	case WITHDRAWING:
		if (!look(d, now))
			return now;
		if (d->held_back) /* what they lose they have still */
			return cv_time_add(now, TELL_LOOK_NS);
		r->cursor = 0;
		r->state = CHANGING;
		return now;
	case CHANGING:
		if (look(d, now))
			r->state = TELLING;
		r->tell_by = cv_time_add(now, TELL_NS);
		return now;
	case TELLING:
		if (!peers_told(d, now))
			return cv_time_add(now, TELL_LOOK_NS);
		daemon_apply_finish(d, r->old);
		kernel_again(d);
		finish(d, APPLIED, "changes: %zu; sessions changed: %llu, ended: %llu", r->diff.n,
			(unsigned long long)r->toll.changes, (unsigned long long)r->toll.ends);
		break;
	case DONE:
		if (r->again && now >= cv_time_add(r->ended_at, AGAIN_NS))
			reload_hang_up(d);
		break;
	case IDLE:
	case READING:
		break;
	}
	return r->state == DONE && r->again ? cv_time_add(r->ended_at, AGAIN_NS) : CV_TIME_NEVER;
}

void
reload_hang_up(struct daemon *d)
{
	struct reload *r = d->reload;

	r->again = reload_begin(d, &(struct reload_wish){.by = "SIGHUP"}) == 0 &&
		   d->stop_by == CV_TIME_NEVER;
	if (r->again)
		cv_log_event(&d->log, CV_LOG_INFO, "reload",
			"by=SIGHUP result=waits reason=\"another is under way\"");
}

uint64_t
reload_begin(struct daemon *d, const struct reload_wish *wish)
{
	struct reload *r = d->reload;
	char state[64];

	if ((r->state != IDLE && r->state != DONE) || d->stop_by != CV_TIME_NEVER)
		return 0;
	wait_for_cleaner(r);
	reload_rows_begin(&r->rows);
	r->toll = (struct reload_toll){0};
	r->wish = *wish;
	r->began_at = daemon_now();
	r->state = READING;
	r->number++;
	if (!wish->dry_run) {
		snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
			(unsigned long long)(r->began_at / CV_NS_PER_US));
		notify_tell(state);
	}
	if (pthread_create(&r->thread, NULL, read_again, d) != 0)
		finish(d, FAILED, "no thread: %s", strerror(errno));
	return r->number;
}

json_t *
reload_report(const struct daemon *d, uint64_t number)
{
	const struct reload *r = d->reload;

	if (number == 0 || number != r->number)
		return NULL;
	if (r->state != DONE)
		return json_pack("{s:I}", "number", (json_int_t)number);
	return json_pack("{s:o, s:o, s:s, s:i}", "lines", reload_rows_lines(&r->rows), "rows",
		reload_rows_all(&r->rows), "summary", r->text, "exit", results[r->result].exit);
}

/* ---- life ---- */

int
reload_init(struct daemon *d, const char *path)
{
	struct reload *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return CV_ERR_NOMEM;
	d->reload = r;
	r->path = path;
	r->has_cpus = sched_getaffinity(0, sizeof(r->cpus), &r->cpus) == 0;
	r->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (r->fd < 0)
		return CV_ERR_IO;
	r->read = event_new(d->base, r->fd, EV_READ | EV_PERSIST, on_read, d);
	if (r->read == NULL)
		return CV_ERR_NOMEM;
	event_add(r->read, NULL);
	return 0;
}

void
reload_free(struct daemon *d)
{
	struct reload *r = d->reload;

	if (r == NULL)
		return;
	if (r->state == READING)
		pthread_join(r->thread, NULL);
	wait_for_cleaner(r);
	free_all(r);
	reload_rows_clear(&r->rows);
	if (r->read != NULL)
		event_free(r->read);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
	d->reload = NULL;
}
