/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NAT discovery, as the control side sees it: what workers answer strangers who ask how they are
 * seen from here, on the addresses of all services. Threads and errors are as in datapath.h.
 */
#ifndef DP_DISCOVERY_H
#define DP_DISCOVERY_H

#include "datapath/datapath.h"

enum {
	DP_DISCOVERY_FROM = CV_DISCOVERY_FROM_MAX, /* prefixes of those who are answered */
	DP_DISCOVERY_OTHERS = CV_LISTENERS_MAX,    /* addresses that have another one (RFC 5780) */
};

struct dp_discovery_other {
	struct cv_ip here, other;
};

struct dp_discovery {
	uint16_t stun_port; /* STUN (RFC 8489); 0: not answered */
	uint16_t echo_port; /* the address and port in text; 0: not answered */
	bool old;           /* RFC 3489's requests are answered, too */
	/* RFC 5780: who asks `here` is told the other address, and answered from there, or from
	 * other_port, where he wants that. None: it is not spoken. */
	uint16_t other_port;
	const struct dp_discovery_other *others;
	unsigned n_others;
	const struct cv_prefix *from; /* none: everybody is answered */
	unsigned n_from;
	uint32_t per_second; /* answers to a /24 of IPv4, a /56 of IPv6; not 0 */
};

/*
 * Says what is answered from now on, under traffic; NULL: nothing is. A service that has one of
 * these ports keeps it. CV_ERR_CONFIG: ports that are the same, too many prefixes or others, one of
 * another family or the same address, or no rate; CV_ERR_NOMEM. Then nothing has changed.
 */
int dp_discovery_set(struct dp *dp, const struct dp_discovery *told);
/* false: nothing is answered. */
bool dp_discovery_get(const struct dp *dp, struct dp_discovery *out);

#endif
