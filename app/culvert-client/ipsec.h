/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting and ending IPsec: strongSwan by vici, a configured command, or nobody, on a libevent
 * loop. What has root's rights to do it is made by ipsec_new, before those are given up. One
 * thread.
 */
#ifndef CLIENT_IPSEC_H
#define CLIENT_IPSEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "config/client.h"
#include "vici/client.h"

struct event_base;
struct ipsec;

enum ipsec_event_type {
	IPSEC_UP,     /* `text` says what */
	IPSEC_FAILED, /* it did not come up in its time, or at all */
	IPSEC_DOWN,   /* it was up */
	IPSEC_MOVED,  /* it is up, between other addresses */
	IPSEC_ENDED,  /* after ipsec_stop */
};

struct ipsec_params {
	struct event_base *base;
	const struct cv_log *log;
	const struct cfg_ipsec *cfg;
	/* may call ipsec_stop, and of this nothing else */
	void (*tell)(void *ctx, enum ipsec_event_type type, const char *text);
	void *ctx;
};

struct ipsec_status {
	bool wanted, up;
	uint64_t up_since_ns;
	bool barred; /* its socket, opened anew, is another user's than we are by now */
	bool has_sa; /* strongSwan's: sa */
	struct vici_sa sa;
};

/* At rest. NULL: errno says why. */
struct ipsec *ipsec_new(const struct ipsec_params *p);
/* Without a word to whoever has it up; takes NULL. */
void ipsec_free(struct ipsec *i);

/* Brings it up, if it is not on its way: UP or FAILED follows, later. Where nobody starts it, that
 * is up at once. */
void ipsec_start(struct ipsec *i);
/* Ends it, and tells ENDED when that is done, at the latest after some seconds. */
void ipsec_stop(struct ipsec *i);
/* Has strongSwan say anew what the SA counts. */
void ipsec_look(struct ipsec *i);

void ipsec_status(const struct ipsec *i, struct ipsec_status *out);

#endif
