/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What runs for a connection: the way to it (way.c), what it says of itself (report.c), and its
 * life (run.c). One thread, one libevent loop.
 */
#ifndef CLIENT_RUN_H
#define CLIENT_RUN_H

#include <event2/event.h>
#include <jansson.h>

#include "base/time.h"
#include "client.h"
#include "control/control.h"
#include "crypto/crypto.h"
#include "deputy.h"
#include "events.h"
#include "found.h"
#include "ipsec.h"
#include "names.h"
#include "routes.h"
#include "session.h"
#include "steer.h"
#include "tun.h"

enum run_state {
	RUN_SEEKING, /* which way works */
	RUN_DIALLING,
	RUN_RELAY,   /* the tunnel is up */
	RUN_WAITING, /* until it is dialled again */
	RUN_DIRECT,
	RUN_STOPPING,
};

enum {
	RUN_TEXT = 512,
	RUN_PATH = 108, /* bytes of a socket's path, with its NUL */
	RUN_LNS = CFG_CLIENT_LNS_MAX * CFG_CLIENT_PORTS_MAX,
};

struct run {
	const struct cfg_client *cfg;
	const struct cfg_connection *c;
	struct cv_log log;
	struct crypto *crypto;
	struct event_base *base;
	struct event *on_term, *on_int, *again, *look, *guard;
	struct control_server *control;
	struct tun tun;
	struct routes routes;
	uint8_t id6[8];       /* the interface identifier inside, of all sessions: addresses stay */
	struct cv_prefix *to; /* the gateway and the peers */
	struct session *session; /* with a call, or a way to one; NULL: there is none */
	struct session *better;  /* of a better LNS, to be taken in its place */
	struct race *race;       /* for it, and what is left of the last one */
	struct ipsec *ipsec;
	struct watch *watch;
	struct kill_switch_watch *kill_switch;
	struct deputy dns; /* names DNS servers */
	struct event *named;
	struct mapping *mapping;
	uint64_t keep_ns, alive_ns, dead_ns; /* of a NAT's mapping; 0: not known */
	struct seen *seen;
	struct cv_endpoint seen_as; /* by the LNS; family 0: not known */
	enum run_state state;
	struct steer steer;       /* whether an SA goes directly, or by the relay */
	struct cv_ip direct_from; /* our address on the direct way */
	struct event *step;       /* for that */
	struct discover *asked;   /* for that, too */
	bool direct_failed; /* the gateway answers directly, but IPsec did not come up there */
	bool seeks;         /* discovery says which way it is, and by which LNS */
	uint64_t sought_ns; /* when it was asked; 0: never */
	struct discover *discover;
	struct cv_endpoint lns[RUN_LNS]; /* the best first */
	struct names_rtts rtts;
	unsigned n_lns, at; /* at: whose session it is, or was */
	unsigned last;      /* who has failed, and is dialled last; RUN_LNS: nobody */
	unsigned better_at;
	enum {
		RUN_STAYS,
		RUN_ENDS_IPSEC,
		RUN_ENDS_TUNNEL
	} leaving;                /* the relay, for the direct way */
	unsigned dials, failures; /* failures in a row */
	bool patient;             /* it is not dialled before its time: it was not let in */
	bool session_done;        /* it has nothing more to say */
	bool ready;               /* IPsec was up once */
	bool once;                /* what fails before it is ready ends it */
	bool failed, stopped;
	bool made_folder;         /* of the sockets */
	int progress;             /* a line for people each; -1: nobody waits for them */
	uint64_t looked_ns;       /* for what is better */
	uint64_t begun_ns, up_ns; /* up_ns: since when the relay is up, or was */
	char reason[RUN_TEXT];    /* why the way is this one */
	char failure[RUN_TEXT];   /* the last one; "": none */
};

/* ---- run.c ---- */

static inline void
run_timer(struct event *timer, uint64_t ns)
{
	(void)client_set_timer(timer, ns);
}

/* A line for who waits for it to come up. */
void run_say(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What was asked for does not work: noted, and the end where it was to work at once. */
void run_fail(struct run *r, const char *what, const char *why);
/* IPsec is up, by whatever way. */
void run_ready(struct run *r);
/* Everything is ended politely, then the loop. Again: nothing happens. */
void run_stop(struct run *r);
/* One step of that is done. */
void run_stopped(struct run *r);

/* Runs a connection until it is stopped. progress: as in struct run; once: too. Returns an exit
 * code. */
int run_connection(
	const struct cfg_client *cfg, const struct cfg_connection *c, int progress, bool once);
/* The socket of a connection. Returns out. */
const char *run_socket(char *out, size_t capacity, const struct cfg_client *cfg, const char *name);
/* The name of its interface, and the number of its table. */
void run_interface(char out[TUN_NAME], const struct cfg_connection *c);
uint32_t run_table(const struct cfg_client *cfg, const struct cfg_connection *c);

/* ---- way.c ---- */

/* Before rights are given up: what needs them. 0, or -1 and r->failure says why. */
int way_prepare(struct run *r);
/* Begins. */
void way_start(struct run *r);
/* Ends IPsec, then the tunnel; run_stopped() follows. */
void way_stop(struct run *r);
/* Takes everything away that way_prepare and later have made. */
void way_clear(struct run *r);

/* By the relay: the first of r->lns, and then the others. */
void way_relay(struct run *r);
void way_direct(struct run *r);
/* The relay is ended, and then IPsec goes directly. */
void way_leave_relay(struct run *r);
/* Neither way, for now: r->reason. */
void way_none(struct run *r);

/* What a session says. */
void way_tell(void *ctx, const struct session_event *e);

/* ---- move.c ---- */

/* Where the relay is first: an SA moves to the direct way, and back. */
bool move_prepare(struct run *r);
void move_clear(struct run *r);
/* What becomes of IPsec. */
void move_hear(struct run *r, enum ipsec_event_type type);
/* What was found of the ways: where the SA's gateway answers directly, it is to go there. */
void move_try(struct run *r, const struct found *f);
/* Something of the machine's addresses and routes did, or it has slept, maybe somewhere else. */
void move_network_changed(struct run *r, bool slept);
/* Whether it is of use to look for the direct way. */
bool move_may_look(const struct run *r);
/* Whether the relay is of no use, and so is left where the direct way works. */
bool move_may_leave(const struct run *r);
/* The SA goes directly, and the relay stands by. */
bool move_is_direct(const struct run *r);

/* ---- relay.c ---- */

/* All of r->lns at once; whoever is first has r->session. */
void relay_start(struct run *r);
/* The same after a while, which is longer each time. */
void relay_later(struct run *r, enum session_end end);
/* Nobody has let us in, or no longer does. */
void relay_failed(struct run *r, enum session_end end);
/* Those before the one that is used are dialled; who answers is r->better, when the other has
 * ended, and is to be taken. */
void relay_look_for_better(struct run *r);
void relay_take_better(struct run *r);
/* Without a word. */
void relay_clear(struct run *r);
/* One of them alone. NULL: errno says why. */
struct session *relay_session(struct run *r, const struct cv_endpoint *lns, bool hold);
/* One of them is out of it, for people. */
void relay_note(struct run *r, const struct cv_endpoint *lns, const char *why);

/* ---- hold.c ---- */

/* The relay is up: how the LNS sees us, and how long a NAT keeps the mapping. */
void hold_begin(struct run *r);
/* Asks the LNS once more how it sees us, where there is a relay. */
void hold_look(struct run *r);
/* What was known is so no longer. */
void hold_forget(struct run *r);

/* ---- seek.c ---- */

/* What the configuration says; the kill switch, before anything leaves. 0, or -1 and r->failure. */
int seek_prepare(struct run *r);
/* Discovery: way_relay(), way_direct() or way_none() follows. */
void seek(struct run *r);
/* The same while IPsec is up by the relay, of which it does not make use: way_leave_relay() or
 * move_try() follows, where the direct way works. */
void seek_direct(struct run *r);
/* Whether the relay can be dialled before anything is found out. */
bool seek_can_wait(const struct run *r);
void seek_end(struct run *r);
/* Puts the kill switch in force, where it is wanted, with the LNSs as they are known now. As
 * seek_prepare. */
int seek_close_others(struct run *r);

/* ---- report.c ---- */

/* Answers `status`, `look` and `down`. */
json_t *report_answer(
	void *ctx, const char *command, json_t *arguments, struct control_error *error);
/* An answer to `status` for people. */
void report_print(const json_t *status);

#endif
