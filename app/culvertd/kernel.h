/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A routing daemon beside us, in our network namespace: it has an interface of the kernel's (a TAP)
 * for each of ours that says so, and tables of the kernel's that it and we write routes to. taps.c
 * has the interfaces, kernel.c follows tables, learned.c
 * puts their routes into realms, announce.c puts pools and networks behind sessions there.
 */
#ifndef CULVERTD_KERNEL_H
#define CULVERTD_KERNEL_H

#include "base/table.h"
#include "common/netlink.h"
#include "daemon.h"
#include "rtnl/rtnl.h"

struct mnl_socket;
struct nlmsghdr;
struct taken;
struct tap;
struct via;

enum {
	KERNEL_VIA_FIRST =
		32768,      /* IDs of next hops; below are those of the configuration's routes */
	KERNEL_VIAS = 4096, /* next hops, and lists of them, that routes of the kernel's lead to */
	KERNEL_DUMPS = 2 * 2 * CV_KERNEL_TABLES_MAX + 1,
	KERNEL_READ_BYTES = 64 << 10, /* the kernel's dumps come in half of that */
};

_Static_assert((int)CV_ROUTE_IDS <= (int)KERNEL_VIA_FIRST, "each ID is one or the other");

/* ---- kernel.c: all of it; nothing is there where the configuration asks for nothing ---- */

/* What d->cfg asks for, in place of what was there. 0, or a negative cv_err, which was logged: then
 * what could not be made is missing. */
int kernel_follow(struct daemon *d);
/* Before cfg is applied: what leads by interfaces that are going to be others is taken out. */
void kernel_leave(struct daemon *d, const struct cfg *cfg);
/* What a configuration before has cleared meanwhile is told again. */
void kernel_again(struct daemon *d);
/* Our routes go: no traffic is wanted any more. */
void kernel_withdraw(struct daemon *d);
void kernel_free(struct daemon *d);
/* What is due; returns when the next is. */
uint64_t kernel_step(struct daemon *d, uint64_t now);
/* A session was told to the data path, or is gone: what is behind it is announced, or no more. */
void kernel_session(struct daemon *d, uint32_t slot);
/* A frame that the data path hands to the kernel: it is released. */
void kernel_deliver(struct daemon *d, struct dp_punt *punt);
bool kernel_counter(const struct daemon *d, unsigned index, struct daemon_counter *out);

#define KERNEL_TELL_NS CV_NS_PER_S /* when addresses are told once more */
/* when it is tried again to make an interface: each time is logged */
#define KERNEL_MAKE_AGAIN_NS (60 * CV_NS_PER_S)
#define KERNEL_MAKE_NS CV_NS_PER_S         /* when an interface that was removed is made anew */
#define KERNEL_RETRY_NS (10 * CV_NS_PER_S) /* where there was no room, or a dump failed */

/* A table of the configuration's, by its ID there. */
struct kernel_table {
	struct rtnl_table *routes; /* NULL: there is none */
	uint16_t realm;            /* ID */
	uint32_t number;
	bool leaving; /* its routes are being taken out */
};

struct kernel_dump {
	uint16_t type;
	uint8_t family;
	uint32_t table; /* of next-hop objects, which have none: 0 */
};

struct kernel {
	struct taps *taps;
	struct announced *announced;
	struct mnl_socket *follow, *dump, *ask;
	struct event *on_follow, *on_dump;
	struct kernel_table tables[CV_KERNEL_TABLE_IDS];
	struct kernel_dump dumps[KERNEL_DUMPS];
	unsigned n_dumps, at; /* at: that is read; n_dumps: none is */
	uint32_t sequence;
	bool wants_dump, interrupted, quit;
	uint64_t dumped_at, publish_at, retry_at, tell_at;
	uint64_t taps_at;            /* when interfaces are made that are missing */
	uint64_t again_at, put_back; /* when routes of ours are put back, and were so last */
	struct cv_table vias;
	struct taken *taken; /* in order */
	size_t n_taken;
	struct via *via_at[KERNEL_VIAS]; /* by ID; NULL: it is nobody's */
	unsigned next_via;               /* where a free one is looked for */
	uint8_t buf[KERNEL_READ_BYTES];
	uint64_t changes, refused, overruns, dumped, malformed;
};

/* ---- links.c ---- */

/* By which links of the kernel's each table leads now, as ports and interfaces are. */
void kernel_follow_links(struct daemon *d);
/* A link is about to go, or to be another realm's. */
void kernel_leave_link(struct kernel *k, const struct tap *tap);
/* A message about a link; one about a route that is gone, which may be ours. */
void kernel_hear_link(struct kernel *k, const struct rtnl_message *m);
void kernel_hear_gone(struct kernel *k, const struct rtnl_route *route);
/* What others have taken comes again, where it is due; when something is due next, whether or not a
 * dump is being read. */
void kernel_restore(struct daemon *d, uint64_t now);
uint64_t kernel_restore_at(const struct kernel *k);

/* ---- learned.c ---- */

/* Which prefixes are not for the kernel to say. CV_ERR_NOMEM. */
int learned_follow(struct kernel *k, const struct cfg *cfg);
/* Some of what has changed, told to the realms; true: that is all. */
bool learned_publish(struct daemon *d);
void learned_free(struct kernel *k);

/* ---- taps.c ---- */

struct taps;

/* An interface of the kernel's. */
struct tap {
	struct tap *next;
	struct daemon *d;
	char name[16];
	uint16_t iface; /* of the data path's */
	uint16_t port;
	uint16_t realm; /* ID */
	uint16_t mtu;
	unsigned index; /* of the kernel's */
	int fd;
	struct event *read;
	bool carrier;                                       /* as the kernel was told */
	bool up;                                            /* as the kernel says */
	bool wanted;                                        /* taps_mark() */
	struct cv_prefix addresses[CV_INTERFACE_ADDRESSES]; /* that it was given */
	size_t n_addresses;
};

struct taps *taps_new(void);
void taps_free(struct taps *t);
/* Which of those that are there cfg asks for; false: not all. */
bool taps_mark(struct taps *t, const struct cfg *cfg);
/* Those that cfg asks for, and no others; addresses are told by `ask`. 0 or a negative cv_err,
 * which was logged. */
int taps_follow(struct taps *t, struct daemon *d, const struct cfg *cfg, struct mnl_socket *ask);
/* Their addresses once more: who learns of a new interface late leaves out what was told of it
 * before (zebra, where one comes again at once under the same name). */
void taps_tell(const struct taps *t, struct mnl_socket *ask);
/* It is not there any more: somebody has removed it. */
void taps_lose(struct taps *t, struct tap *tap);
struct tap *taps_first(const struct taps *t);
struct tap *taps_by_index(const struct taps *t, unsigned index);
void taps_write(struct taps *t, struct daemon *d, struct dp_punt *punt);
/* The carrier of each follows its port; true: one has changed. Costs nothing where none has. */
bool taps_carry(struct taps *t, struct daemon *d);

/* ---- announce.c ---- */

struct announced;

struct announced *announced_new(void);
void announced_free(struct announced *a);
/* Puts what cfg wants to be announced into the kernel, and takes the rest of what was there out. */
void announced_follow(
	struct announced *a, struct daemon *d, const struct cfg *cfg, struct mnl_socket *ask);
/* What is behind a session, as the data path has it now, in place of what was. NULL: nothing of
 * anybody is announced any more. */
void announced_session(struct announced *a, struct daemon *d, const struct cfg *cfg, uint32_t slot,
	struct mnl_socket *ask);
/* A route of our protocol that the kernel has: it goes, if nobody wants it. */
void announced_found(struct announced *a, const struct rtnl_route *route, struct mnl_socket *ask);
/* One that the kernel has no longer; true: somebody has taken out what is wanted. */
bool announced_gone(struct announced *a, const struct rtnl_route *route);
/* Puts back what is not there, which is logged. */
void announced_again(struct announced *a, struct daemon *d, struct mnl_socket *ask);
size_t announced_count(const struct announced *a);

#endif
