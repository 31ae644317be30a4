/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names of a gateway and its LNSs, asked of DNS by c-ares in a libevent loop, which it never
 * makes wait: addresses of the gateway; its LNSs, as the configuration has them, or else as SRV
 * records of _l2tp._udp say (RFC 2782), or else l2tp.X of ipsec.X. One thread.
 *
 * DNS is not trusted: what it says is bounded, and who is asked still has to prove who he is.
 */
#ifndef CLIENT_NAMES_H
#define CLIENT_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "config/client.h"
#include "crypto/crypto.h"

struct event_base;
struct names;

enum {
	NAMES_LNS = 8,       /* at most so many, each with one address and one port or more */
	NAMES_ADDRESSES = 2, /* of a name: the first of each family */
	NAMES_TEXT = 256,    /* of a name, with its NUL */
};

/* How the LNSs were found. */
enum names_by { NAMES_BY_NOTHING, NAMES_BY_CONFIG, NAMES_BY_SRV, NAMES_BY_RULE };

struct names_lns {
	char name[NAMES_TEXT];     /* as it was written, or as DNS has it */
	struct cv_ip ip;           /* family 0: the name has no address */
	uint16_t port;             /* of an SRV record; 0: those of the configuration */
	uint16_t priority, weight; /* of an SRV record; else its place in the list, and 0 */
};

struct names_found {
	struct cv_ip gateway[NAMES_ADDRESSES]; /* family 0: none */
	char gateway_error[64];                /* "": it has an address */
	enum names_by by;
	struct names_lns lns[NAMES_LNS]; /* in the order in which they are to be tried */
	size_t n_lns;
	char lns_error[64]; /* what DNS said where there is none; "": nothing */
};

struct names_params {
	struct event_base *base;
	struct crypto *crypto;          /* for the order among weights */
	const struct cfg_host *gateway; /* text NULL: none */
	const struct cfg_host *lns;     /* of the configuration */
	size_t n_lns;
	uint64_t timeout_ns; /* for all of it */
	/* Once, never from names_ask; then names_free may be called, also in it. */
	void (*tell)(void *ctx, const struct names_found *found);
	void *ctx;
};

/* What is pointed to outlives it. NULL: no memory, or c-ares can't begin. */
struct names *names_ask(const struct names_params *p);
/* Takes NULL; what was not told is not told any more. */
void names_free(struct names *n);

/* The order among SRV records: by priority, and among equals by chance, as their weights say (RFC
 * 2782). random: n numbers. */
void names_order(struct names_lns *lns, size_t n, const uint32_t *random);

/* Round-trip times that were measured, by address. All zeros: none. */
struct names_rtts {
	unsigned n;
	struct {
		struct cv_ip ip;
		uint64_t ns;
	} of[NAMES_LNS];
};

/* Half of it is the new one's. Where there are too many, the oldest is forgotten. */
void names_rtt_note(struct names_rtts *r, const struct cv_ip *ip, uint64_t ns);
/* 0: not known. */
uint64_t names_rtt(const struct names_rtts *r, const struct cv_ip *ip);
/*
 * Among LNSs of one priority and one weight, between which neither decides, the nearest comes
 * first, in the places that these have: no other one moves. Those whose round-trip time is less
 * than 10 ms or a quarter above the shortest one of those left count as near, and stay as they are.
 * order: n places, in which the numbers of `lns` are put.
 */
void names_order_near(
	const struct names_lns *const *lns, size_t n, const struct names_rtts *r, size_t *order);

/* "l2tp.X" of "ipsec.X"; false: the name is not of this form, or the other one would be too long.
 */
bool names_by_rule(const char *gateway, char out[NAMES_TEXT]);

#endif
