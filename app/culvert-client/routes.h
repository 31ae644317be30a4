/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel is told so that IPsec, and nothing else, goes by the relay: the interface's
 * addresses, routes in a table of its own, and rules that lead there. All rules have the table's
 * number as their priority and our protocol, by which those of a run that crashed are found. What
 * has that number as its mark goes as it would without us.
 *
 * To a movable destination no rule leads: IPsec's packets go by the address that they come from,
 * and so both ways work at any time. Which of them an IKE daemon that looks at all tables prefers,
 * as charon does, is told it by a route of the table that is there or is not.
 */
#ifndef CLIENT_ROUTES_H
#define CLIENT_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct mnl_socket;

enum { ROUTES_FAMILIES = 2 };

struct routes {
	struct mnl_socket *ask;
	uint32_t table;             /* and the rules' priority */
	unsigned link;              /* of the interface, by the kernel's index */
	const struct cv_prefix *to; /* whom IPsec reaches by the relay; the caller's */
	size_t n_to;
	size_t n_movable;                    /* the first of them */
	bool direct;                         /* where the movable ones are wanted */
	struct cv_ip lns;                    /* whose tunnel must not go into itself */
	struct cv_ip relay[ROUTES_FAMILIES]; /* ours inside, IPv4 and IPv6; family 0: none is set */
	struct cv_ip was[ROUTES_FAMILIES];   /* those that they took the place of */
	struct cv_ip link6;                  /* ours link-local; family 0: none is set */
};

/* Takes away what another run has left: rules of our protocol with this priority. Returns how many
 * there were. Their routes went with their interface. */
unsigned routes_sweep(struct mnl_socket *ask, uint32_t table);

/* Gives the interface an address inside, in place of that of its family, with the routes and rules
 * that belong to it. 0, or an errno; then what could be told is there, and goes by routes_clear. */
int routes_set(struct routes *r, const struct cv_ip *relay);
/* Takes a family's away. */
void routes_drop(struct routes *r, enum cv_family family);
/* Gives the interface a link-local address, in place of the one before. As routes_set; it goes by
 * routes_clear. */
int routes_link6(struct routes *r, const struct cv_ip *local);
/* Where the movable ones are wanted from now on, also by the next routes_set. 0 or an errno. */
int routes_prefer(struct routes *r, bool direct);
/* Whether an LNS is among those whom IPsec reaches by the relay. Then its tunnel has the mark. */
bool routes_meet(const struct routes *r, const struct cv_ip *lns);
/* Takes it all away. */
void routes_clear(struct routes *r);

/* The interface: its MTU, and up. 0 or an errno. */
int routes_link(struct mnl_socket *ask, unsigned link, uint16_t mtu);

#endif
