/* SPDX-License-Identifier: BSD-3-Clause */
/* Which way IPsec would go, by what was found. Pure. */
#ifndef CLIENT_DECIDE_H
#define CLIENT_DECIDE_H

#include "found.h"

enum decide_way {
	DECIDE_NONE,
	DECIDE_DIRECT_UDP, /* directly, ESP in UDP 4500 */
	DECIDE_DIRECT_ESP, /* directly, ESP as it is: nothing shows that it passes */
	DECIDE_RELAY,
};

struct decision {
	enum decide_way way;
	size_t gateway;     /* DIRECT: which address */
	size_t lns, port;   /* RELAY: which of them */
	bool direct_later;  /* RELAY, and the direct way works as well */
	const char *reason; /* a sentence */
	const char *advice; /* what to look after; NULL: nothing */
};

void decide(const struct found *f, enum cfg_client_way wish, struct decision *out);
/* "direct-udp", and so on. */
const char *decide_way_text(enum decide_way way);
/* Whether a port is good enough to be dialled. */
bool decide_dialable(const struct found_port *p);

#endif
