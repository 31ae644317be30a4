/* SPDX-License-Identifier: BSD-3-Clause */
/* A tunnel between two ends, each of which may be its LAC or LNS, without anything between them. */
#ifndef UNIT_L2TP_PAIR_H
#define UNIT_L2TP_PAIR_H

#include "capture.h"

#include "l2tp/tunnel.h"

enum { OURS = 9, THEIRS = 7, SENT_MAX = 16 };

struct pair {
	struct crypto *crypto;
	struct l2tp_tunnel *lns, *lac;
	uint64_t now;
	uint16_t sent[SENT_MAX]; /* types of messages, but for acknowledgements */
	unsigned n_sent;
	uint8_t last[1500]; /* the last of them */
	size_t last_len;
};

/* All that either has to say to the other. */
void carry(struct pair *p);
/* The next event, which has to be of this type; there is none. */
struct l2tp_event expect(struct l2tp_tunnel *t, enum l2tp_event_type type);
void expect_nothing(struct l2tp_tunnel *t);
/* An established tunnel; lns_opens: whose SCCRQ it was. secret: of both, which hide AVPs with it;
 * NULL: none. */
void up_with(struct pair *p, bool lns_opens, bool takes_calls, const char *secret);
void up(struct pair *p, bool lns_opens, bool takes_calls);
void down(struct pair *p);

#endif
