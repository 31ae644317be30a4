/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Callers: who has sent an SCCRQ and has not proved by an SCCCN that it receives what is sent to
 * it. A table of fixed size and small records. Full, it forgets somebody at random, but first of a
 * prefix (/24, /48) that holds more than its share, and last who opened a tunnel lately: no source
 * can push out the others, and who forges sources gains nothing by it. Keys and counts are hashed
 * with secrets, so that nobody can aim at them.
 */
#ifndef LNS_CALLERS_H
#define LNS_CALLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/list.h"
#include "base/table.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "l2tp/tunnel.h"

enum {
	LNS_SHARES = 65536,     /* counters of prefixes, by hash */
	LNS_SHARE_DIVISOR = 64, /* a prefix may hold this part of the table unmolested */
	LNS_FORGET_TRIES = 8,   /* callers looked at for one to be forgotten, */
	LNS_FORGET_DRAWS = 64,  /* and records, where not each of them will do */
};
#define LNS_CALLER_NS (30 * CV_NS_PER_S) /* after its last SCCRQ a caller is forgotten */
#define LNS_PROVED_NS (UINT64_C(3600) * CV_NS_PER_S) /* "lately" */

/* What an SCCRQ is found by: an address, port and (see lns_opener_id) 32-bit ID at a listener. */
struct lns_opener {
	struct cv_endpoint peer;
	uint32_t id;
	uint16_t listener;
};

struct lns_secret;

struct lns_caller {
	struct cv_node by_opener, by_id;
	struct cv_link in_list; /* of those that ask, or of the free ones */
	uint64_t at;            /* its last SCCRQ */
	uint64_t message;       /* keyed hash of the SCCRQ: sent again, it is the same */
	uint64_t failed;        /* keyed hash of the SCCCN that proved nothing; 0: none */
	struct lns_opener opener;
	uint32_t credit;           /* bytes that may still be sent to it */
	uint16_t tunnel_id;        /* ours */
	struct lns_secret *secret; /* that its SCCRQ was found to need; held */
	uint8_t challenge[L2TP_CHALLENGE_BYTES];
	struct l2tp_identity identity;
};

struct lns_proved {
	uint32_t tag, until_s;
};

/* What the choice of whom to forget needs to know of a record: apart, since it looks at several. */
struct lns_mark {
	uint16_t share; /* which counter its prefix has */
	bool proved;
};

struct lns_callers {
	struct crypto *crypto;
	struct lns_caller *records;
	struct cv_list by_age; /* the oldest first */
	struct cv_list free;   /* of those that were used before */
	uint32_t capacity, count;
	struct cv_table by_opener, by_id;
	struct lns_mark *marks; /* one a record */
	uint16_t *shares;
	struct lns_proved *proved;
	uint32_t proved_mask;
};

/* capacity: callers at once; peers: addresses remembered as proved. 0 or CV_ERR_NOMEM. */
int lns_callers_init(
	struct lns_callers *c, struct crypto *crypto, uint32_t capacity, uint32_t peers);
void lns_callers_fini(struct lns_callers *c);

/* Keyed hash of an opener in a table; bytes that are compared are those hashed. */
uint64_t lns_opener_hash(const struct cv_table *table, const struct lns_opener *opener);
bool lns_opener_equal(const struct lns_opener *a, const struct lns_opener *b);

/* Gives a table the capacity of `spare`, a new one, which gets what it had, to be freed. Where it
 * is smaller, some are forgotten. */
void lns_callers_resize(struct lns_callers *c, struct lns_callers *spare);

/* NULL: none. */
struct lns_caller *lns_callers_find(const struct lns_callers *c, const struct lns_opener *opener);
struct lns_caller *lns_callers_by_id(
	const struct lns_callers *c, uint16_t listener, uint16_t tunnel_id);

/* A new caller, the newest. The caller of this has made sure that neither opener nor tunnel ID is
 * there. *forgot: somebody was forgotten for it. */
struct lns_caller *lns_callers_add(struct lns_callers *c, uint64_t now,
	const struct lns_opener *opener, uint16_t tunnel_id, bool *forgot);
/* Which counter the prefix of an address (/24, or /48) shares with few others, of LNS_SHARES. */
uint16_t lns_callers_share(const struct lns_callers *c, const struct cv_ip *ip);
/* It asked again. */
void lns_callers_touch(struct lns_callers *c, struct lns_caller *caller, uint64_t now);
void lns_callers_remove(struct lns_callers *c, struct lns_caller *caller);
/* Forgets one of a listener's callers for its tunnel ID, which is returned; 0: there is none. */
uint16_t lns_callers_forget(struct lns_callers *c, uint16_t listener);
/* Forgets those whose time is over; returns when that is next due. */
uint64_t lns_callers_expire(struct lns_callers *c, uint64_t now);

/* A tunnel with this address was established, or has just ended. */
void lns_callers_prove(struct lns_callers *c, const struct cv_ip *ip, uint64_t now);

#endif
