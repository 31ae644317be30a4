/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process that keeps the rights that are given up, to run what the configuration names, and
 * nothing else: it is told by a letter which. A program is run without a shell, and killed when its
 * time is over.
 */
#ifndef CLIENT_DEPUTY_H
#define CLIENT_DEPUTY_H

#include <stdint.h>
#include <sys/types.h>

#include "config/client.h"

struct deputy {
	int fd; /* readable: deputy_answer() has one */
	pid_t pid;
};

enum deputy_order {
	DEPUTY_UP = 'U',
	DEPUTY_DOWN = 'D',
	DEPUTY_NAMES = 'N', /* of DNS servers: resolvconf -a */
};

enum { DEPUTY_TEXT = 256 }; /* bytes that go with an order */

/* What it may run is copied into the new process by its being made. */
struct deputy_params {
	const struct cfg_ipsec *ipsec; /* NULL: no command */
	const char *interface;         /* whose DNS servers it names; NULL: none */
};

/* -1: errno says why. */
int deputy_start(struct deputy *d, const struct deputy_params *p);
/* text: what resolvconf reads; else "". One at a time: the answer comes first. -1: it is gone. */
int deputy_order(struct deputy *d, enum deputy_order order, const char *text);
/* What the program ended with; DEPUTY_*. */
enum { DEPUTY_GONE = -1, DEPUTY_TIMEOUT = -2, DEPUTY_NOT_RUN = -3 };
int deputy_answer(struct deputy *d);
/* Ends it, when what it runs has ended; the DNS servers that it has named go (resolvconf -d), also
 * when the client is gone without a word. Waits for that. One that was not started (fd -1) is
 * taken. */
void deputy_end(struct deputy *d);

#endif
