/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control thread's loop. It sleeps in libevent until the data path, a timer, a signal or the
 * control socket wakes it; where it shares its core with the worker it never sleeps here, the
 * worker's round does.
 */
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/notify.h"
#include "daemon.h"
#include "datapath/info.h"
#include "datapath/routes.h"
#include "kernel.h"
#include "reload.h"

#define LOOK_NS CV_NS_PER_MS /* between two looks at descriptors where the loop does not sleep */
#define STOP_BOUND_NS (2500 * CV_NS_PER_MS) /* SIGTERM to exit: 3 s with what follows */
#define STOP_TICK_NS (20 * CV_NS_PER_MS)
#define HELD_BACK_NS (200 * CV_NS_PER_US) /* for the workers to send what they were given */

uint64_t
daemon_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CV_NS_PER_S + (uint64_t)now.tv_nsec;
}

static void
on_signal(evutil_socket_t sig, short what, void *ctx)
{
	struct daemon *d = ctx;
	uint64_t now = daemon_now();

	(void)what;
	if (d->stop_by != CV_TIME_NEVER) {
		cv_log_event(&d->log, CV_LOG_WARNING, "stop-now", "signal=%s", strsignal((int)sig));
		d->quit = true;
		return;
	}
	cv_log_event(&d->log, CV_LOG_INFO, "stopping", "signal=\"%s\"", strsignal((int)sig));
	notify_tell("STOPPING=1");
	d->stop_by = now + STOP_BOUND_NS;
	kernel_withdraw(d);
	lns_shutdown(d->lns, now);
	daemon_act(d, now);
}

static void
on_hang_up(evutil_socket_t sig, short what, void *ctx)
{
	(void)sig;
	(void)what;
	reload_hang_up(ctx);
}

static void
on_report(evutil_socket_t sig, short what, void *ctx)
{
	(void)sig;
	(void)what;
	daemon_report(ctx);
}

/* Only wakes the loop, which looks by itself at what there is to do. The descriptor is emptied
 * here and nowhere else: once for each time that it was written to. */
static void
on_wake(evutil_socket_t fd, short what, void *ctx)
{
	uint64_t count;

	(void)what;
	(void)ctx;
	if (fd >= 0)
		(void)!read(fd, &count, sizeof(count));
}

static void
on_log_writable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)daemon_log_flush(ctx);
}

/* Before the loop sleeps, or looks at its descriptors: lines that wait for stderr. */
static void
watch_log(struct daemon *d)
{
	if (!daemon_log_flush(d) && !event_pending(d->log_writable, EV_WRITE, NULL))
		event_add(d->log_writable, NULL);
}

static void
set_timer(struct daemon *d, uint64_t now)
{
	uint64_t at = cv_time_min(lns_next_timeout(d->lns), dp_next_timeout(d->dp));
	uint64_t wait;
	struct timeval tv;

	at = cv_time_min(at, now + d->beat_ns); /* to be seen alive */
	if (d->stop_by != CV_TIME_NEVER)
		at = cv_time_min(at, now + STOP_TICK_NS);
	at = cv_time_min(cv_time_min(at, d->reload_at), d->kernel_at);
	if (d->held_back)
		at = cv_time_min(at, now + HELD_BACK_NS);
	wait = at > now ? at - now : 0;
	tv = (struct timeval){.tv_sec = (time_t)(wait / CV_NS_PER_S),
		.tv_usec = (suseconds_t)(wait % CV_NS_PER_S / CV_NS_PER_US + 1)};
	evtimer_add(d->timer, &tv);
}

/* Everything that waits for the control side now. */
static void
serve(struct daemon *d, uint64_t now)
{
	struct dp_punt punt;
	uint16_t dial;
	int rc;

	__atomic_store_n(&d->beats, d->beats + 1, __ATOMIC_RELAXED);
	dp_control_poll(d->dp, now);
	while (dp_punt_next(d->dp, &punt)) {
		if (punt.class == DP_PUNT_BFD || punt.class == DP_PUNT_ROUTING) {
			kernel_deliver(d, &punt);
			continue;
		}
		rc = lns_input(d->lns, now, punt.service, &punt.remote, punt.data, punt.len);
		if (punt.class == DP_PUNT_ELSEWHERE && rc != 0)
			dp_punt_refuse(d->dp, &punt);
		else
			dp_punt_release(d->dp, &punt);
		daemon_act(d, now);
	}
	while (dp_dial_next(d->dp, &dial))
		(void)lns_dial_traffic(d->lns, now, dial);
	if (lns_next_timeout(d->lns) <= now)
		lns_handle_timeout(d->lns, now);
	daemon_act(d, now);
	daemon_tell_removed(d);
	d->reload_at = reload_step(d, now);
	d->kernel_at = kernel_step(d, now);
}

static bool
finished(const struct daemon *d, uint64_t now)
{
	return d->quit || (d->stop_by != CV_TIME_NEVER && (now >= d->stop_by || lns_idle(d->lns)));
}

/* Descriptors and signals, without sleeping: by time and not by rounds, which may be millions a
 * second, and each look is a system call. */
static void
look(struct daemon *d, uint64_t now)
{
	if (now < d->look_at)
		return;
	d->look_at = now + LOOK_NS;
	watch_log(d);
	event_base_loop(d->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
}

static void
loop_shared(struct daemon *d)
{
	for (;;) {
		uint64_t now;

		dp_worker_poll(d->dp);
		now = daemon_now();
		serve(d, now);
		if (finished(d, now))
			return;
		look(d, now);
	}
}

static void
loop_sleeping(struct daemon *d)
{
	for (;;) {
		uint64_t now = daemon_now();

		serve(d, now);
		if (finished(d, now))
			return;
		if (dp_wake_arm(d->dp)) {
			watch_log(d);
			set_timer(d, now);
			event_base_loop(d->base, EVLOOP_ONCE);
		} else {
			look(d, now);
		}
	}
}

static int
add_events(struct daemon *d)
{
	d->on_term = evsignal_new(d->base, SIGTERM, on_signal, d);
	d->on_int = evsignal_new(d->base, SIGINT, on_signal, d);
	d->wake = event_new(d->base, dp_event_fd(d->dp), EV_READ | EV_PERSIST, on_wake, d);
	d->timer = evtimer_new(d->base, on_wake, d);
	d->on_hup = evsignal_new(d->base, SIGHUP, on_hang_up, d);
	d->on_usr1 = evsignal_new(d->base, SIGUSR1, on_report, d);
	d->log_writable = event_new(d->base, daemon_log_fd(d), EV_WRITE, on_log_writable, d);
	if (d->log_writable == NULL || d->on_term == NULL || d->on_int == NULL ||
		d->on_hup == NULL || d->on_usr1 == NULL || d->wake == NULL || d->timer == NULL)
		return CV_ERR_NOMEM;
	evsignal_add(d->on_term, NULL);
	evsignal_add(d->on_int, NULL);
	evsignal_add(d->on_hup, NULL);
	evsignal_add(d->on_usr1, NULL);
	event_add(d->wake, NULL);
	return 0;
}

int
daemon_run(struct daemon *d)
{
	int rc = add_events(d);

	if (rc != 0)
		return rc;
	d->stop_by = CV_TIME_NEVER;
	rc = dp_start(d->dp, daemon_now());
	if (rc != 0)
		return rc;
	rc = daemon_watchdog_start(d);
	if (rc != 0)
		return rc;
	cv_log_event(&d->log, CV_LOG_INFO, "ready", "host=%s listeners=%zu workers=%u%s",
		d->cfg->identity.host_name, d->cfg->n_listeners, dp_worker_count(d->dp),
		dp_shared(d->dp) ? " shared=yes" : "");
	notify_tell("READY=1");
	if (dp_shared(d->dp))
		loop_shared(d);
	else
		loop_sleeping(d);
	daemon_watchdog_stop(d);
	rc = dp_stop(d->dp);
	daemon_tell_removed(d);
	daemon_report(d);
	cv_log_event(&d->log, CV_LOG_INFO, "stopped", "uptime_s=%llu",
		(unsigned long long)((daemon_now() - d->started_at) / CV_NS_PER_S));
	return rc;
}
