/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thread of its own looks whether control and workers go round, says who is late, and tells
 * systemd that all is well only if it is: whoever hangs, somebody is left to say so.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/notify.h"
#include "daemon.h"
#include "datapath/info.h"

#define LATE_NS (2 * CV_NS_PER_S) /* without a round */
#define LOOK_NS (500 * CV_NS_PER_MS)

/* What is watched: control first, then the workers. */
struct watched {
	uint64_t beats, at; /* the last that was seen, and when it was new */
	bool late;
};

struct watchdog {
	struct daemon *d;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool stopping;
	uint64_t look_ns, late_ns, tell_ns; /* tell_ns: systemd's, 0: it does not listen */
	uint64_t looked_at;
	unsigned count;
	struct watched watched[1 + DP_MAX_WORKERS];
};

static uint64_t
beats_of(const struct watchdog *w, unsigned i)
{
	return i == 0 ? __atomic_load_n(&w->d->beats, __ATOMIC_RELAXED)
		      : dp_worker_rounds(w->d->dp, i - 1);
}

static void
say(const struct watchdog *w, unsigned i, const char *event, uint64_t ns)
{
	unsigned long long ms = (unsigned long long)(ns / CV_NS_PER_MS);

	if (i == 0)
		cv_log_event(&w->d->log, CV_LOG_WARNING, event, "who=control ms=%llu", ms);
	else
		cv_log_event(&w->d->log, CV_LOG_WARNING, event, "who=worker worker=%u ms=%llu",
			i - 1, ms);
}

static bool
on_time(struct watchdog *w, unsigned i, uint64_t now)
{
	struct watched *one = &w->watched[i];
	uint64_t beats = beats_of(w, i);

	if (beats != one->beats) {
		if (one->late)
			say(w, i, "late-over", now - one->at);
		one->beats = beats;
		one->at = now;
		one->late = false;
	} else if (!one->late && now - one->at > w->late_ns) {
		uint64_t *count = i == 0 ? &w->d->control_late : &w->d->worker_late;

		one->late = true;
		__atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
		say(w, i, "late", now - one->at);
	}
	return !one->late;
}

static void
look(struct watchdog *w)
{
	uint64_t now = daemon_now(), gap = now - w->looked_at;
	bool all = true;

	w->looked_at = now;
	/* the whole process, or machine, stood still: that says nothing of any thread */
	for (unsigned i = 0; gap > 2 * w->look_ns && i < w->count; i++)
		if (!w->watched[i].late)
			w->watched[i].at += gap - w->look_ns;
	for (unsigned i = 0; i < w->count; i++)
		all = on_time(w, i, now) && all;
	if (all && w->tell_ns != 0)
		notify_tell("WATCHDOG=1");
}

static void *
watch(void *ctx)
{
	struct watchdog *w = ctx;

	pthread_mutex_lock(&w->lock);
	while (!w->stopping) {
		uint64_t at = daemon_now() + w->look_ns;
		struct timespec until = {
			.tv_sec = (time_t)(at / CV_NS_PER_S), .tv_nsec = (long)(at % CV_NS_PER_S)};

		look(w);
		pthread_cond_timedwait(&w->stop, &w->lock, &until);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static int
start_thread(struct watchdog *w)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all); /* signals are the control thread's */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&w->thread, NULL, watch, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

int
daemon_watchdog_start(struct daemon *d)
{
	struct watchdog *w = calloc(1, sizeof(*w));
	pthread_condattr_t monotonic;
	uint64_t now = daemon_now();

	if (w == NULL)
		return CV_ERR_NOMEM;
	w->d = d;
	w->tell_ns = notify_every();
	w->late_ns = w->tell_ns == 0 ? LATE_NS : cv_time_min(LATE_NS, w->tell_ns / 2);
	w->look_ns = cv_time_min(LOOK_NS, w->late_ns / 2);
	d->beat_ns = w->look_ns;
	w->looked_at = now;
	/* shared: the worker's rounds are control's */
	w->count = 1 + (dp_shared(d->dp) ? 0 : dp_worker_count(d->dp));
	for (unsigned i = 0; i < w->count; i++)
		w->watched[i].at = now;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->stop, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (start_thread(w) != 0) {
		free(w);
		return CV_ERR_NOMEM;
	}
	d->watchdog = w;
	return 0;
}

void
daemon_watchdog_stop(struct daemon *d)
{
	struct watchdog *w = d->watchdog;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->stop);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->stop);
	pthread_mutex_destroy(&w->lock);
	free(w);
	d->watchdog = NULL;
}
