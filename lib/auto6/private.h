/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers of DHCPv6 (RFC 8415 sections 7 and 21, RFC 3646) that reader and writer share. */
#ifndef AUTO6_PRIVATE_H
#define AUTO6_PRIVATE_H

#include "auto6/auto6.h"

enum {
	AUTO6_ADVERTISE = 2, /* what a server sends */
	AUTO6_REPLY = 7,

	AUTO6_OPT_CLIENT_ID = 1,
	AUTO6_OPT_SERVER_ID = 2,
	AUTO6_OPT_IA_NA = 3,
	AUTO6_OPT_IA_TA = 4,
	AUTO6_OPT_ADDRESS = 5,
	AUTO6_OPT_PREFERENCE = 7,
	AUTO6_OPT_STATUS = 13,
	AUTO6_OPT_RAPID_COMMIT = 14,
	AUTO6_OPT_DNS = 23,
	AUTO6_OPT_IA_PD = 25,
	AUTO6_OPT_PREFIX = 26,
	AUTO6_OPT_REFRESH = 32,

	AUTO6_IA_BYTES = 12,      /* of an IA_NA or IA_PD before its options, */
	AUTO6_ADDRESS_BYTES = 24, /* of an address, */
	AUTO6_PREFIX_BYTES = 25,  /* of a prefix */

	AUTO6_ROUTER_SOLICITATION = 8, /* bytes before its options */
};

#endif
