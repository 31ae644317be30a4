/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 inside a session: where IPV6CP is open, an address by the LNS's router advertisements. Part
 * of session.c, and shared with it and packets.c alone. */
#ifndef CLIENT_INNER6_H
#define CLIENT_INNER6_H

#include "packets.h"

/* What the network protocols have agreed: IPV6CP is open, or it is not. */
void inner6_up(struct session *s, uint64_t now, const struct ppp_ev_up *up);
/* Whether a packet from the LNS is for this, and not for the TUN. */
bool inner6_take(struct session *s, uint64_t now, const struct cv_bytes *packet);
/* Sends what is due, and tells when an address is gone, or won't come. */
void inner6_step(struct session *s, uint64_t now);
uint64_t inner6_next_timeout(const struct session *s);

#endif
