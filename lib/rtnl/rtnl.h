/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel says of its routes by rtnetlink, and one of its tables as it follows from that.
 * Pure: sockets, and when to ask for everything again, are the caller's. Lengths are believed of
 * nobody, the kernel included.
 */
#ifndef RTNL_RTNL_H
#define RTNL_RTNL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/cursor.h"

/* ---- messages ---- */

enum {
	RTNL_HOPS = 32,       /* next hops of a route, and members of an object, that are kept */
	RTNL_NAME = 16,       /* bytes of a link's name, with its NUL */
	RTNL_OBJECTS = 65536, /* next-hop objects that are kept */
};

enum rtnl_kind {
	RTNL_OTHER, /* nothing that is of use here */
	RTNL_ROUTE,
	RTNL_ROUTE_GONE,
	RTNL_OBJECT, /* a next-hop object */
	RTNL_OBJECT_GONE,
	RTNL_LINK,
	RTNL_LINK_GONE,
	RTNL_DONE,  /* a dump ends */
	RTNL_ERROR, /* an answer to a request: `error`, 0: it was carried out */
	RTNL_LOST,  /* the kernel says that messages were lost */
};

/* Where a route leads. */
enum rtnl_way {
	RTNL_WAY_NONE, /* none that is of use here */
	RTNL_WAY_VIA,
	RTNL_WAY_DISCARD,
};

struct rtnl_hop {
	uint32_t link;   /* index of the kernel's */
	struct cv_ip ip; /* family 0: whoever is meant */
	uint16_t weight; /* from 1 */
	bool dead;
};

struct rtnl_route {
	struct cv_prefix to;
	uint32_t table, metric;
	uint32_t object; /* 0: hops are its own */
	uint8_t tos, protocol;
	bool cloned; /* of a cache, and no route */
	enum rtnl_way way;
	uint32_t n;
	struct rtnl_hop hops[RTNL_HOPS];
};

/* Either one next hop, or of others. */
struct rtnl_object {
	uint32_t id;
	enum rtnl_way way;
	struct rtnl_hop hop;
	uint32_t n; /* 0: hop counts */
	struct {
		uint32_t id;
		uint16_t weight;
	} members[RTNL_HOPS];
};

struct rtnl_link {
	uint32_t index;
	bool up, running;
	char name[RTNL_NAME];
};

struct rtnl_message {
	enum rtnl_kind kind;
	uint32_t sequence;
	bool interrupted; /* what is dumped changed meanwhile: it has to be asked for again */
	int error;        /* RTNL_ERROR, RTNL_DONE: an errno, negative; 0: none */
	union {
		struct rtnl_route route;
		struct rtnl_object object;
		struct rtnl_link link;
	};
};

/*
 * The next message of what one read of the socket gave. 1: *m is one; 0: none is left; else
 * CV_ERR_TRUNCATED or _MALFORMED: the message is none, and the reader stands behind it, or, where
 * its length can't be right, at the end. What is of an unknown type or family is RTNL_OTHER.
 */
int rtnl_next(struct cv_reader *r, struct rtnl_message *m);

/* ---- a table ---- */

struct rtnl_params {
	uint32_t table;       /* of the kernel's */
	uint8_t own_protocol; /* whose routes are left out: what we put there ourselves */
	uint32_t most;        /* prefixes; what is more is refused, and counted */
	uint64_t key[2];      /* random */
};

/* What became of a prefix. */
struct rtnl_change {
	struct cv_prefix to;
	enum rtnl_way way; /* RTNL_WAY_NONE: nobody leads there any more */
	uint32_t mark;     /* rtnl_table_mark(); 0: none */
	uint32_t n;        /* _VIA: at least one, all by links that can be used */
	struct rtnl_hop hops[RTNL_HOPS];
};

struct rtnl_counts {
	uint32_t prefixes, objects;
	uint64_t refused; /* routes and objects for which there was no room */
};

struct rtnl_table;

/* NULL: no memory. To be freed by rtnl_table_free(), which takes NULL. */
struct rtnl_table *rtnl_table_new(const struct rtnl_params *params);
void rtnl_table_free(struct rtnl_table *t);

/*
 * Takes a message about routes or objects, be it a dump's or told as it happens. Of routes those
 * count that are of the table, of no type of service, and not of protocol kernel, redirect, ra or
 * our own. A next hop counts if it is of the route's family.
 */
void rtnl_table_input(struct rtnl_table *t, const struct rtnl_message *m);

/*
 * Everything is told anew from now on, objects first; until rtnl_table_swept() what was known
 * counts. That takes away what was not told since. A dump that was not whole begins again, with no
 * end.
 */
void rtnl_table_sweep(struct rtnl_table *t);
void rtnl_table_swept(struct rtnl_table *t);

/* By which links packets can leave now; no other hops count. Returns whether that is new; then
 * what leads there has changed. CV_ERR_NOMEM. */
int rtnl_table_link(struct rtnl_table *t, uint32_t link, bool usable);

/* The next change that nobody was told of yet, as it is now, whatever was in between: the path of
 * the lowest metric that leads anywhere. false: there is none. */
bool rtnl_table_change(struct rtnl_table *t, struct rtnl_change *out);
/* What the caller wants to have back with the next change of a prefix: it was told of a way there.
 * Where it was told of none, 0 is all that can be. */
void rtnl_table_mark(struct rtnl_table *t, const struct cv_prefix *to, uint32_t mark);
/* All of it is to be told again. */
void rtnl_table_again(struct rtnl_table *t);

void rtnl_table_counts(const struct rtnl_table *t, struct rtnl_counts *out);

#endif
