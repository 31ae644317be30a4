/* SPDX-License-Identifier: BSD-3-Clause */
/* What tunnel.c and call.c share. */
#ifndef L2TP_PRIVATE_H
#define L2TP_PRIVATE_H

#include "base/list.h"
#include "l2tp/compose.h"
#include "l2tp/message.h"
#include "l2tp/reliable.h"
#include "l2tp/tunnel.h"

enum {
	L2TP_QUEUE_MIN = 64,     /* messages that may wait for the peer's acknowledgement, */
	L2TP_QUEUE_PER_CALL = 3, /* and as many more for each call that there ever was at once */
	L2TP_STRANGER_RETRANSMITS = 1, /* of the StopCCN to who never was established */
};

/* Section 7.2, and how a connection ends (5.7). */
#define L2TP_STATES(X)                        \
	X(L2TP_IDLE, "idle")                  \
	X(L2TP_WAIT_REPLY, "wait-ctl-reply")  \
	X(L2TP_WAIT_CONNECT, "wait-ctl-conn") \
	X(L2TP_ESTABLISHED, "established")    \
	X(L2TP_CLOSING, "closing")            \
	X(L2TP_CLOSED, "closed")

enum l2tp_state {
#define X(id, name) id,
	L2TP_STATES(X)
#undef X
};

/* Sections 7.4 and 7.5: the call's automaton in both roles. */
enum l2tp_call_state {
	L2TP_CALL_REQUESTED,        /* LNS: ICRQ has come, our caller has not decided */
	L2TP_CALL_WAIT_CONNECT,     /* LNS: ICRP sent */
	L2TP_CALL_WAIT_REPLY,       /* LAC: ICRQ sent */
	L2TP_CALL_OUT_REQUESTED,    /* LAC: OCRQ has come, our caller has not decided */
	L2TP_CALL_OUT_PLACING,      /* LAC: OCRP sent, our caller has not connected it */
	L2TP_CALL_OUT_WAIT_REPLY,   /* LNS: OCRQ sent */
	L2TP_CALL_OUT_WAIT_CONNECT, /* LNS: OCRP has come */
	L2TP_CALL_ESTABLISHED,
};

struct l2tp_call {
	struct l2tp_call *next_local, *next_remote; /* chains of the two tables */
	struct cv_link setup;                       /* in t->setups: it is not up yet */
	uint64_t deadline;
	struct l2tp_told *told; /* LAC: for its ICCN; NULL: nothing, or that was sent */
	uint16_t local, remote; /* 0: not known yet */
	uint8_t state;
};

struct l2tp_queued_event {
	struct l2tp_queued_event *next;
	struct l2tp_told *told;
	struct l2tp_event event;
};

enum { L2TP_FEW_CALLS = 2 }; /* chains of a tunnel that has few calls: the usual one */

struct l2tp_tunnel {
	struct l2tp_params params;
	struct l2tp_reliable reliable;
	enum l2tp_role role;
	enum l2tp_state state;
	struct l2tp_identity peer;
	bool up_pending, down_pending, done_pending, done_told;
	bool overrun;            /* more waits for the peer than it acknowledges */
	bool proof_failed;       /* its Challenge Response was wrong or missing */
	uint64_t heard_at;       /* the last message of the peer */
	uint64_t deadline;       /* of the set-up, or of the memory of a closed one */
	struct l2tp_reason down; /* what DOWN says, but for its message: */
	char *down_text;         /* NULL: none, or no memory for it */
	struct l2tp_queued_event *events, *events_last;
	struct l2tp_told *told; /* of the event that was polled last */
	struct l2tp_call **by_local, **by_remote;
	struct l2tp_call *few[2 * L2TP_FEW_CALLS];
	struct cv_list setups; /* calls, in order of deadline */
	uint32_t chains;       /* a power of two */
	uint32_t calls, calls_most;
	uint32_t call_serial;
	struct l2tp_counters counters;
	uint8_t challenge[L2TP_CHALLENGE_BYTES];
};

/* tunnel.c */
void l2tp_set_state(struct l2tp_tunnel *t, enum l2tp_state state);
void l2tp_go_down(struct l2tp_tunnel *t, enum l2tp_state state, const struct l2tp_reason *reason);
/* Queues what was built; out of memory ends the tunnel. */
void l2tp_send_message(
	struct l2tp_tunnel *t, uint64_t now, struct l2tp_builder *b, uint16_t session_id);
/* false: out of memory, nothing was queued. */
bool l2tp_push_event(struct l2tp_tunnel *t, const struct l2tp_event *event);
/* The same with what the peer's message tells, if anything; m may be NULL. */
bool l2tp_push_told(
	struct l2tp_tunnel *t, const struct l2tp_event *event, const struct l2tp_message *m);
void l2tp_fault_close(
	struct l2tp_tunnel *t, uint64_t now, uint16_t result, uint16_t error, const char *text);

/* control.c */
/* A message of the control connection; fault: it could not be read. */
void l2tp_control_message(struct l2tp_tunnel *t, uint64_t now, const struct l2tp_message *m,
	const struct l2tp_fault *fault);

/* told.c: what an ICRQ or ICCN tells, or NULL: nothing, or out of memory. */
struct l2tp_told *l2tp_told_of(const struct l2tp_message *m);

/* calls.c */
void l2tp_calls_init(struct l2tp_tunnel *t);
void l2tp_calls_free(struct l2tp_tunnel *t);
/* The one of all that are not up yet whose time is over first, or NULL. */
struct l2tp_call *l2tp_calls_first_setup(const struct l2tp_tunnel *t);
/* In set-up from now on; an ID is 0 as long as it is not known. NULL: no memory. */
struct l2tp_call *l2tp_call_new(struct l2tp_tunnel *t, uint64_t now, uint16_t local,
	uint16_t remote, enum l2tp_call_state state);
void l2tp_call_free(struct l2tp_tunnel *t, struct l2tp_call *c);
void l2tp_call_set_ids(struct l2tp_tunnel *t, struct l2tp_call *c, uint16_t local, uint16_t remote);
/* By our ID, or by the peer's; NULL: there is none, or the ID is 0. */
struct l2tp_call *l2tp_call_local(const struct l2tp_tunnel *t, uint16_t id);
struct l2tp_call *l2tp_call_remote(const struct l2tp_tunnel *t, uint16_t id);

/* call.c */
void l2tp_call_message(
	struct l2tp_tunnel *t, uint64_t now, uint16_t session_id, const struct l2tp_message *m);
/* A call message that could not be read: its call ends (section 4.2). */
void l2tp_call_fault(struct l2tp_tunnel *t, uint64_t now, uint16_t session_id,
	const struct l2tp_message *m, const struct l2tp_fault *fault);
uint64_t l2tp_calls_next_timeout(const struct l2tp_tunnel *t);
void l2tp_calls_timeout(struct l2tp_tunnel *t, uint64_t now);

#endif
