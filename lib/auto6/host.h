/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other end of such a link: a host that asks for router advertisements and forms one address of
 * them (RFC 4861 sections 6.1.2 and 6.3, RFC 4862 section 5.5, RFC 8106). Nobody but the router is
 * there, so nobody else can have the address, and what it says of lifetimes is taken as it is.
 * Sans-IO, no memory; any thread, one at a time.
 *
 *   begin; then send what auto6_host_poll gives, hand in packets by auto6_host_input, and poll
 * again at auto6_host_next_timeout
 */
#ifndef AUTO6_HOST_H
#define AUTO6_HOST_H

#include "auto6/auto6.h"
#include "base/time.h"

enum {
	AUTO6_PREFIXES = 4,      /* of an advertisement; more are not looked at */
	AUTO6_SOLICITS = 3,      /* MAX_RTR_SOLICITATIONS (RFC 4861 section 10) */
	AUTO6_SOLICIT_S = 4,     /* RTR_SOLICITATION_INTERVAL */
	AUTO6_SOLICIT_BYTES = 48 /* of a solicitation, with its IPv6 header */
};

/* What an advertisement says that a host on such a link makes use of. */
struct auto6_advert {
	uint8_t source[16];
	uint8_t n_prefixes, n_dns;
	struct {
		struct cv_prefix prefix; /* a /64, in which addresses are formed */
		uint32_t valid_s, preferred_s;
	} prefixes[AUTO6_PREFIXES];
	struct cv_ip dns[AUTO6_DNS]; /* that are not withdrawn */
};

/* Reads an IPv6 packet. Returns 0; CV_ERR_UNKNOWN: it is no router advertisement; CV_ERR_TRUNCATED,
 * CV_ERR_MALFORMED: RFC 4861 section 6.1.2 has it discarded. */
int auto6_read_advert(const uint8_t *ip, size_t len, struct auto6_advert *a);
/* Whether it is a router advertisement, right or not: such are for us, and for nobody else. */
bool auto6_is_advert(const uint8_t *ip, size_t len);

struct auto6_host {
	struct cv_ip local;          /* link-local, ours; family 0: not begun */
	struct cv_ip address;        /* family 0: none yet, or none any more */
	struct cv_ip dns[AUTO6_DNS]; /* family 0: none */
	uint64_t until;              /* the address is valid */
	uint64_t solicit_at;         /* CV_TIME_NEVER: not again */
	uint8_t solicits;            /* that were sent */
};

/* local: our link-local address, whose identifier the other one gets. */
void auto6_host_begin(struct auto6_host *h, const struct cv_ip *local, uint64_t now);
/* Writes the solicitation that is due now; returns its bytes, 0: none is. */
size_t auto6_host_poll(struct auto6_host *h, uint64_t now, uint8_t out[AUTO6_SOLICIT_BYTES]);
/* A packet that came. As auto6_read_advert. */
int auto6_host_input(struct auto6_host *h, uint64_t now, const uint8_t *ip, size_t len);
/* CV_TIME_NEVER: not needed. The address is gone when its time is over: poll looks. */
uint64_t auto6_host_next_timeout(const struct auto6_host *h);
/* Nobody has answered, nor is asked any more; who advertises later is heard all the same. */
bool auto6_host_alone(const struct auto6_host *h);

#endif
