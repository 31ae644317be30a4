/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A control protocol: RFC 1661's automaton driven by packets (section 5) and the Restart timer
 * (section 4.6). LCP and each network control protocol are one, and differ in the operations and
 * options below.
 */
#ifndef PPP_CP_H
#define PPP_CP_H

#include "ppp/fsm.h"
#include "ppp/option.h"

/* Section 5; 8 to 11 are LCP's alone. */
enum ppp_code {
	PPP_CONFIGURE_REQUEST = 1,
	PPP_CONFIGURE_ACK,
	PPP_CONFIGURE_NAK,
	PPP_CONFIGURE_REJECT,
	PPP_TERMINATE_REQUEST,
	PPP_TERMINATE_ACK,
	PPP_CODE_REJECT,
	PPP_PROTOCOL_REJECT,
	PPP_ECHO_REQUEST,
	PPP_ECHO_REPLY,
	PPP_DISCARD_REQUEST,
};

/* A control packet whose length was checked; data without the padding. */
struct ppp_packet {
	uint8_t code, id;
	struct cv_bytes data;
	struct cv_bytes whole; /* header and data */
};

/* Why the automaton came to rest, and why it left Opened. */
enum ppp_cause {
	PPP_CAUSE_NONE,
	PPP_CAUSE_TIMEOUT,
	PPP_CAUSE_REJECTED,   /* RXJ- */
	PPP_CAUSE_TERMINATED, /* by the peer */
};

struct ppp_cp_ops {
	uint16_t protocol;
	const char *name;
	const struct ppp_option *options;
	uint8_t n_options; /* at most 16 */
	/* The values that hold for what a peer's request leaves out. */
	void (*reset_peer)(struct ppp_link *l);
	/* Options that the peer did not send and must, as a Nak's; NULL: none. seen: bits of rows.
	 */
	void (*missing)(struct ppp_link *l, unsigned seen, struct cv_writer *nak);
	void (*up)(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now);
	void (*down)(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now,
		enum ppp_cause cause);
	void (*finished)(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now,
		enum ppp_cause cause);
	/* More Naks than sense: no agreement will come. */
	void (*nak_war)(struct ppp_link *l, const struct ppp_cp_ops *ops);
	/* Codes above Code-Reject; returns CV_ERR_UNKNOWN for what it does not know. NULL: none. */
	int (*extra)(struct ppp_link *l, uint64_t now, const struct ppp_packet *p);
};

struct ppp_cp {
	uint64_t timer;    /* Restart timer */
	uint64_t deadline; /* set and judged by the owner */
	uint64_t opened_at;
	uint32_t acked;    /* check value of the peer's request that was acknowledged last */
	uint16_t rejected; /* bits of the rows that the peer rejected */
	uint8_t state;     /* enum ppp_state */
	uint8_t restarts;  /* Restart counter */
	uint8_t naks_sent, refusals; /* Naks, and Naks and Rejects, since our last Ack */
	uint8_t naks_received;
	uint8_t next_id, request_id, terminate_id;
	bool answered; /* our last request: another answer to it means nothing */
	bool heard;    /* a request of the peer's since ours went out first */
	uint8_t cause; /* enum ppp_cause */
	/* of a network control protocol: */
	bool unwanted; /* the peer has rejected it, and it did not come up since */
	bool failed;   /* it will not come up; the link lives for another's sake */
	bool absent;   /* the caller does not have it on this link, though others may */
};

void ppp_cp_init(struct ppp_cp *cp);
/* Where in the link the state of LCP, or of one of its network protocols, is (network.c). */
struct ppp_cp *ppp_cp_of(struct ppp_link *l, const struct ppp_cp_ops *ops);

/* Checks code, identifier and length (section 5): padding is cut off. */
int ppp_packet_parse(struct cv_bytes bytes, struct ppp_packet *p);

/* What is no error, and no sign either that the peer's link is open. */
enum { PPP_CP_REPEATED = 1 };

/* 0, PPP_CP_REPEATED: the request that was acknowledged already; or why it was discarded. */
int ppp_cp_input(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, const struct ppp_packet *p);
/* An event from above or below: UP, DOWN, OPEN, CLOSE, RXJ. */
void ppp_cp_event(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, enum ppp_fsm_event event);
/* The peer does not know this protocol: Stopped without a word, until the peer begins it. */
void ppp_cp_stop(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now);
/* Runs the Restart timer. */
void ppp_cp_timeout(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now);
/* The next option of a list: 1, 0 at its end, CV_ERR_MALFORMED. */
int ppp_option_next(struct cv_reader *r, uint8_t *type, struct cv_bytes *value);
/* Opened at once, since the peer and somebody for us agreed already: `received` is the peer's last
 * request. CV_ERR_CONFIG: we would not have acknowledged it, and nothing happened. */
int ppp_cp_adopt(
	struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now, struct cv_bytes received);
/* The options that our last request carried, in fw: it is a function of our state, which has not
 * changed since. */
struct ppp_frame_writer;
struct cv_bytes ppp_cp_requested(
	struct ppp_link *l, const struct ppp_cp_ops *ops, struct ppp_frame_writer *fw);
/* Back to Initial without a word; tells `down` when it was open. */
void ppp_cp_reset(struct ppp_link *l, const struct ppp_cp_ops *ops, uint64_t now);

static inline enum ppp_state
ppp_cp_state(const struct ppp_cp *cp)
{
	return (enum ppp_state)cp->state;
}

#endif
