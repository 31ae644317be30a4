/* SPDX-License-Identifier: BSD-3-Clause */
/* The last sessions that ended or were refused, and why: bounded, the oldest are forgotten. */
#ifndef CULVERTD_ENDED_H
#define CULVERTD_ENDED_H

#include "datapath/datapath.h"
#include "lns/lns.h"

enum { ENDED_MAX = 4096 };

struct ended {
	uint64_t serial;
	uint16_t listener, tunnel_id, session_id;
	struct cv_endpoint peer;
	struct cv_ip address; /* family 0: none */
	bool ever_open;
	uint64_t created_at, ended_at;
	struct dp_session_counters counters;
	const char *reason; /* static */
	char user[LNS_USER_MAX];
};

struct ended_list {
	struct ended items[ENDED_MAX];
	uint64_t count; /* that were ever added */
};

static inline struct ended *
ended_add(struct ended_list *list)
{
	return &list->items[list->count++ % ENDED_MAX];
}

/* The nth newest, from 0; NULL past the oldest that is kept. */
static inline const struct ended *
ended_at(const struct ended_list *list, uint64_t n)
{
	return n < ENDED_MAX && n < list->count ? &list->items[(list->count - 1 - n) % ENDED_MAX]
						: NULL;
}

#endif
