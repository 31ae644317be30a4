/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several servers (lib/lns) that dial each other in one process, with a network and a DNS of
 * invented time between them. Of the data path only what it is told is kept.
 */
#ifndef SCENARIO_TWINS_H
#define SCENARIO_TWINS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "l2tp/tunnel.h"
#include "lns/lns.h"

enum { TWINS = 3, TWIN_SLOTS = 64, TWIN_LINES = 64, TWIN_FROM = 16 };

struct twin_slot {
	bool added, open, reachable;
	struct lns_session_info info; /* as it was told last; what it points to is not kept, */
	struct lns_ipv6_info ipv6;    /* but for this, zeros where there is none, */
	struct twin_slot *other;      /* that its PPP frames go out by; NULL: none */
	unsigned carried;             /* PPP frames that came, and went out there */
	struct cv_prefix routes[4];
	size_t n_routes;
};

struct twin {
	struct twins *all;
	struct cv_ip ip;
	struct cfg *cfg;
	struct lns *lns;
	struct cv_log log;
	bool deaf;  /* nothing arrives */
	bool mute;  /* nobody answers for names */
	bool quiet; /* sessions carry nothing */
	struct twin_slot slots[TWIN_SLOTS];
	unsigned tunnels, tunnels_most; /* that the data path knows, and knew */
	unsigned opens, removed, switched;
	unsigned sccrqs;              /* sent */
	uint64_t sccrq_at[TWIN_FROM]; /* when, the last ones */
	unsigned questions;
	unsigned rests;    /* how often it was told that a peer rests */
	uint32_t question; /* the last one about a name */
	uint64_t packets;
	char lines[TWIN_LINES][512];
	unsigned n_lines;
};

struct twin_datagram {
	struct twin_datagram *next;
	uint64_t at;
	struct cv_endpoint from, to;
	size_t len;
	uint8_t bytes[];
};

/* An end of a tunnel beside the servers, at 192.0.2.9: the test's own, which takes its events. */
struct twin_lac {
	struct l2tp_tunnel *tunnel; /* NULL: there is none */
	struct twin *to;
	unsigned frames; /* data messages that it got */
};

struct twins {
	struct crypto *crypto;
	struct twin_lac lac;
	uint64_t now;
	struct twin twin[TWINS];
	unsigned n;
	struct twin_datagram *queue;
	/* addresses of names: what DNS says */
	struct cv_ip found[8];
	size_t n_found;
};

/* Servers at 192.0.2.1, 192.0.2.2, ..., each with this configuration; NULL: none there. */
void twins_up(struct twins *t, const char *const yaml[TWINS]);
void twins_down(struct twins *t);
/* Invented time passes until cond holds; false: not within the limit. cond NULL: all of it. */
bool twins_run(struct twins *t, uint64_t limit_ns, bool (*cond)(struct twins *t));
/* One is gone without a word, and there is a new one in its place, or (NULL) none. */
void twin_restart(struct twin *w, const char *yaml);
void twin_reload(struct twin *w, const char *yaml);
/* How many sessions it says would end. */
unsigned twin_would_end(struct twin *w, const char *yaml);
/* The datagram arrives there now. */
void twin_inject(struct twin *w, const char *from, const void *bytes, size_t len);

/* A LAC with this secret, whose tunnel to a server is up. */
void twin_lac_up(struct twin *to, const char *secret);

unsigned twin_open(const struct twin *w);
/* The only open session. */
const struct twin_slot *twin_session(const struct twin *w);
/* Of the only peer that it dials. */
struct lns_dial_info twin_dial(const struct twin *w);
bool twin_said(const struct twin *w, const char *a, const char *b);
uint64_t twin_counter(const struct twin *w, enum lns_counter counter);
struct cv_ip twin_ip(const char *text);

#endif
