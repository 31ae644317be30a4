/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of discovery share: discover.c, its questions of IKE and its questions to LNSs. */
#ifndef CLIENT_DISCOVER_PARTS_H
#define CLIENT_DISCOVER_PARTS_H

#include <event2/event.h>

#include "base/retry.h"
#include "dial/dial.h"
#include "discover.h"
#include "session.h"

enum { DISCOVER_DATAGRAM = 2048 }; /* bytes of what is read: none of the answers is as long */

/* A socket and what is done when it has something. fd -1: not open. */
struct discover_socket {
	int fd;
	struct event *event;
};

struct ike_probe {
	struct discover *d;
	struct found_ike *out;
	struct discover_socket socket; /* connected */
	struct ike_ask ask;
	struct cv_retry retry;
	uint8_t bytes[IKE_REQUEST_MAX];
	size_t len;
};

/* The LNSs of one family. */
struct lns_family {
	struct discover *d;
	struct discover_socket sockets[2]; /* by enum stun_socket; not connected */
	struct stun_behave behave;
	size_t lns[STUN_PLACES_MAX]; /* whom its places belong to */
};

struct lns_dial {
	struct dial *dial;
	struct found_port *out;
	struct cv_endpoint to;
	uint64_t asked_at;
	bool heard, over, done; /* something came; its outcome is known; nothing is left to do */
};

struct discover {
	struct discover_params p;
	struct found found;
	struct names *names;
	struct event *timer;
	uint64_t deadline;
	bool idle;      /* nothing is waited for any more */
	bool natt_only; /* of IKE's ports 4500 alone is asked, where the gateway keeps nothing */
	struct ike_probe ike[NAMES_ADDRESSES * FOUND_IKE_PORTS];
	size_t n_ike;
	struct lns_family families[FOUND_FAMILIES];
	struct ppp_params ppp;
	struct lns_dial dials[NAMES_LNS * CFG_CLIENT_PORTS_MAX];
	size_t n_dials;
};

/* Does what is due now, and waits for what comes next. */
void discover_step(struct discover *d);

/* A UDP socket of a family, from this port or, where it is not to be had, from any. 0, or -1 and
 * errno. */
int discover_open(struct discover *d, struct discover_socket *s, enum cv_family family,
	uint16_t port, event_callback_fn on_readable, void *ctx);
void discover_close(struct discover_socket *s);
/* Where a socket's packets come from; after connect() with its address. */
struct cv_endpoint discover_local(int fd);

/* discover_ike.c */
void ike_probes_begin(struct discover *d, uint64_t now);
/* Sends what is due. When the next is due; CV_TIME_NEVER: nothing is waited for. */
uint64_t ike_probes_step(struct discover *d, uint64_t now);
void ike_probes_free(struct discover *d);

/* discover_lns.c */
void lns_probes_begin(struct discover *d, uint64_t now);
uint64_t lns_probes_step(struct discover *d, uint64_t now);
void lns_probes_found(struct discover *d);
void lns_probes_free(struct discover *d);

#endif
