/* SPDX-License-Identifier: BSD-3-Clause */
/* The running daemon: what its files share. All runs on the control thread but the watchdog. */
#ifndef CULVERTD_DAEMON_H
#define CULVERTD_DAEMON_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "config/config.h"
#include "control/control.h"
#include "crypto/crypto.h"
#include "datapath/datapath.h"
#include "ended.h"
#include "lns/lns.h"

struct daemon_log;
struct watchdog;
struct reload;
struct trace;
struct resolver;
struct kernel;

/* A session that ended, and that a worker may still use. */
struct ending {
	struct ending *next;
	uint32_t slot;
	struct ended e;
};

struct daemon {
	struct cv_log log;
	struct daemon_log *log_lines;
	const struct cfg *cfg; /* that is in force */
	struct crypto *crypto;
	struct lns *lns;
	struct dp *dp;
	struct event_base *base;
	struct event *wake, *timer, *on_term, *on_int, *on_hup, *on_usr1, *log_writable;
	struct control_server *control;
	struct ended_list ended;
	struct ending *ending, **ending_end; /* oldest first */
	uint64_t started_at;
	uint64_t stop_by; /* CV_TIME_NEVER while running */
	uint64_t load_at,
		load_cpu;     /* status.c: when control's CPU time was read, and what it was */
	double load_percent;  /* of a CPU, then */
	uint64_t look_at;     /* when descriptors are looked at again */
	uint64_t no_route_at; /* when the last line about a missing gateway was written */
	struct watchdog *watchdog;
	struct reload *reload;
	struct resolver *resolver;    /* NULL: no name was asked for */
	struct dp_rules *const *made; /* lists of rules that are ready, by filter; NULL: none */
	struct trace *trace;          /* the last one, or NULL */
	struct kernel *kernel;        /* kernel.h; NULL: no routing daemon is beside us */
	uint64_t kernel_at;           /* when it wants to go on */
	uint64_t reload_at;           /* when it wants to go on */
	uint64_t beats;               /* control's rounds, for the watchdog */
	uint64_t beat_ns;             /* it wants one at least so often */
	uint64_t control_late, worker_late; /* times, counted by the watchdog */
	bool held_back;                     /* the server has more to send than workers take now */
	bool quit;
};

/* watchdog.c: from dp_start until before dp_stop. */
int daemon_watchdog_start(struct daemon *d);
void daemon_watchdog_stop(struct daemon *d);

/* loop.c: CLOCK_MONOTONIC in ns. */
uint64_t daemon_now(void);

/* log.c: lines go to stderr, with journald's level prefix where it reads them, else with time.
 * Nothing there waits for its reader but daemon_log_finish, at most for bound_ns. */
int daemon_log_init(struct daemon *d, enum cv_log_level level);
void daemon_log_finish(struct daemon *d, uint64_t bound_ns);
/* Writes what waited, as far as it goes; false: something still waits for daemon_log_fd() to
 * become writable. */
bool daemon_log_flush(struct daemon *d);
int daemon_log_fd(const struct daemon *d);
/* Lines that nobody read in time, and that are lost. */
uint64_t daemon_log_lost(const struct daemon *d);

/* files.c: the configuration and what it names. */
/* Loads FILE; may be called on any thread. As cfg_load, and CV_ERR_IO with errno: it can't be read.
 */
int daemon_read_config(const char *path, struct cfg_errors *errors, struct cfg **out);
/* Loads FILE and prints every finding to stderr. NULL: errors were printed. */
struct cfg *daemon_load_config(const char *path);

/* setup.c: the data path that the configuration asks for. Logs what is wrong. */
int daemon_create_datapath(struct daemon *d);

/* apply.c */
enum { APPLY_WHY = 200 };
/* Makes ready the lists of rules that daemon_apply() will set, by the filters' IDs, as long ones
 * take a while; may be called on any thread. CV_ERR_NOMEM. To be freed by daemon_free_rules(). */
int daemon_make_rules(
	const struct cfg *old, const struct cfg *cfg, struct dp_rules *made[CV_FILTER_IDS]);
void daemon_free_rules(struct dp_rules *made[CV_FILTER_IDS]);
/*
 * Puts `cfg` into data path and server in place of `old`, which it continues (NULL: the first). 0,
 * or a negative enum cv_err, and why; then all is as it was. What is gone stays until
 * daemon_apply_finish(), when no session needs it any more.
 */
int daemon_apply(struct daemon *d, uint64_t now, const struct cfg *old, const struct cfg *cfg,
	char why[APPLY_WHY]);
/* Clears what `old` had and d->cfg (NULL: nothing) has not. */
void daemon_apply_finish(struct daemon *d, const struct cfg *old);

/* actions.c: carries out what the server wants, until it wants nothing. */
void daemon_act(struct daemon *d, uint64_t now);
/* Tells of sessions that no worker uses any more. */
void daemon_tell_removed(struct daemon *d);

/* resolve.c: answers LNS_ACT_RESOLVE, at once or later; never waits. */
void resolve_ask(struct daemon *d, uint64_t now, uint16_t dial, uint32_t number, const char *name);
void resolve_free(struct daemon *d);

/* loop.c */
int daemon_run(struct daemon *d);

/* trace.c: NULL is allowed. */
void trace_free(struct trace *t);

/* commands.c: the handler of the control socket. */
json_t *daemon_handle(
	void *ctx, const char *command, json_t *arguments, struct control_error *error);

/* report.c: what the daemon itself counted, by index from 0; false past the last. */
struct daemon_counter {
	const char *name, *help;
	uint64_t value;
};
bool daemon_counter(const struct daemon *d, unsigned index, struct daemon_counter *out);
/* Every counter and drop that is not 0, a line each. */
void daemon_report(struct daemon *d);

#endif
