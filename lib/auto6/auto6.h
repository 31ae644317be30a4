/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a client on a point-to-point link learns its IPv6 addresses: router advertisements (RFC 4861,
 * RFC 8106) with a /64 of its own, and a DHCPv6 server (RFC 8415) that delegates one prefix and
 * tells name servers. Pure: a packet in, what it asks for out; what is so on a link in, a packet
 * out. Leases belong to links, so nothing is kept here: not for a DUID, not for an IAID.
 */
#ifndef AUTO6_AUTO6_H
#define AUTO6_AUTO6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "base/err.h"

enum {
	AUTO6_PACKET_MAX = 1280, /* bytes of the longest answer, which any link of IPv6 takes */
	AUTO6_DUID_LEAST = 3,    /* bytes: RFC 8415 section 11.1 */
	AUTO6_DUID_MAX = 130,
	AUTO6_IAS = 4,      /* identity associations of a message; of more none is heard */
	AUTO6_LEASES = 4,   /* prefixes or addresses in one */
	AUTO6_OPTIONS = 64, /* options of a message, and of an association */
	AUTO6_DNS = 2,      /* name servers that are told */
	AUTO6_ADVERTS = 3,  /* that follow each other soon when a link has opened */
	AUTO6_CLIENT = 546, /* UDP ports (section 7.2) */
	AUTO6_SERVER = 547,

	/* Seconds. A client that got another identifier keeps its old address for as long as that
	 * is valid, and two advertisements in a row may be lost. */
	AUTO6_PREFERRED_S = 1800,
	AUTO6_VALID_S = 3600,
	AUTO6_ROUTER_S = 1800,
	AUTO6_ADVERT_LEAST_S = 450, /* between advertisements that nobody asked for */
	AUTO6_ADVERT_MOST_S = 600,
};

/* What a client sends. The values but the first are DHCPv6's (RFC 8415 section 7.3). */
enum auto6_kind {
	AUTO6_ROUTER_SOLICIT = 0,
	AUTO6_SOLICIT = 1,
	AUTO6_REQUEST = 3,
	AUTO6_CONFIRM = 4,
	AUTO6_RENEW = 5,
	AUTO6_REBIND = 6,
	AUTO6_RELEASE = 8,
	AUTO6_DECLINE = 9,
	AUTO6_INFORMATION = 11,
};

/* "renew"; never NULL. */
const char *auto6_kind_name(enum auto6_kind kind);

/* An identity association: IA_PD, or IA_NA, of which addresses are prefixes of 128 bits. */
struct auto6_ia {
	uint32_t iaid;
	bool delegation;
	uint8_t n;
	struct cv_prefix leases[AUTO6_LEASES];
};

struct auto6_message {
	enum auto6_kind kind;
	uint8_t source[16];
	uint8_t transaction[3];
	bool rapid;                /* Rapid Commit is there */
	struct cv_bytes client_id; /* in the packet's bytes; len 0: none (Information-request) */
	uint8_t n;
	struct auto6_ia ias[AUTO6_IAS];
};

/*
 * Reads an IPv6 packet of a client. duid: ours. Returns 0, or why it gets no answer:
 * CV_ERR_UNKNOWN: it is none of the above, or for another server; CV_ERR_TRUNCATED,
 * CV_ERR_MALFORMED: RFC 4861 section 6.1.1 or RFC 8415 section 16 has it discarded; CV_ERR_LIMIT:
 * more options than are heard.
 */
int auto6_read(const uint8_t *ip, size_t len, struct cv_bytes duid, struct auto6_message *m);

/* What is so on a link. */
struct auto6_terms {
	struct cv_bytes duid;        /* of the server */
	struct cv_ip local;          /* our link-local address */
	struct cv_prefix prefix;     /* the client's /64 */
	struct cv_prefix delegated;  /* family 0: there is none for it */
	struct cv_ip dns[AUTO6_DNS]; /* IPv6; family 0: none */
	uint16_t mtu;                /* 0: not told */
};

/* What a message does with the link's delegated prefix. */
enum auto6_effect {
	AUTO6_NOTHING,
	AUTO6_OFFERS,   /* it asks whether there would be one */
	AUTO6_BINDS,    /* from the answer on it is the client's, for AUTO6_VALID_S */
	AUTO6_RELEASES, /* it is the client's no longer */
};

/* delegated: what the link has; for OFFERS and BINDS it may be none yet. */
enum auto6_effect auto6_effect(const struct auto6_message *m, const struct cv_prefix *delegated);

/* Writes the answer to a message, an IPv6 packet to its sender, and returns its bytes; 0: none is
 * due (RFC 8415 section 18.3.3: a Confirm without addresses). */
size_t auto6_write_answer(uint8_t out[AUTO6_PACKET_MAX], const struct auto6_terms *terms,
	const struct auto6_message *m);
/* Writes a router advertisement to all nodes. */
size_t auto6_write_advert(uint8_t out[AUTO6_PACKET_MAX], const struct auto6_terms *terms);

/* When a link gets advertisements that it did not ask for. Times in ns. */
struct auto6_schedule {
	uint64_t at;  /* CV_TIME_NEVER: not any */
	uint8_t soon; /* of the first, still to come */
};

/* The link has opened: the first at once, AUTO6_ADVERTS soon. */
void auto6_schedule_begin(struct auto6_schedule *s, uint64_t now);
void auto6_schedule_stop(struct auto6_schedule *s);
/* Whether one is due; the next is set, random being a number of 32 bits that spreads links. */
bool auto6_schedule_due(struct auto6_schedule *s, uint64_t now, uint32_t random);

#endif
