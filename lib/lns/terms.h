/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tunnels and links take along from the configuration under which they began, and keep until
 * they end, whatever it says by then. Counted, so that no tunnel keeps a whole configuration alive.
 * Control thread only.
 */
#ifndef LNS_TERMS_H
#define LNS_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "ppp/link.h"

/* What all that began under one configuration share. */
struct lns_terms {
	uint32_t users;
	char *host_name; /* of ours */
	struct ppp_params ppp;
	/* where we prove ourselves: both wiped when nobody has them any more; NULL: we don't */
	struct cfg_secret user, password;
};

/* A secret of the tunnels' list, and what its entry says; wiped when nobody has it any more. */
struct lns_secret {
	uint32_t users;
	bool none; /* "secret: none" was said */
	enum cfg_proxy proxy;
	bool outgoing;
	size_t len;
	uint8_t bytes[];
};

/* Both: with one user, or NULL: no memory. */
struct lns_terms *lns_terms_new(
	const struct cfg *cfg, struct crypto *crypto, const struct cv_log *log);
/* The same for a peer that is dialled. */
struct lns_terms *lns_terms_dial(const struct cfg *cfg, const struct cfg_dial *entry,
	struct crypto *crypto, const struct cv_log *log);
/* Whether a peer is told the same, of who we are. */
bool lns_terms_same(const struct lns_terms *a, const struct lns_terms *b);
struct lns_secret *lns_secret_new(const struct cfg_tunnel_secret *secret);

static inline struct lns_terms *
lns_terms_hold(struct lns_terms *terms)
{
	terms->users++;
	return terms;
}

static inline struct lns_secret *
lns_secret_hold(struct lns_secret *secret)
{
	secret->users++;
	return secret;
}

/* One user less; NULL is allowed. */
void lns_terms_drop(struct lns_terms *terms);
void lns_secret_drop(struct lns_secret *secret);

#endif
