/* SPDX-License-Identifier: BSD-3-Clause */
/* What a LAC says of the PPP that it has spoken with the caller already: the proxy AVPs of ICCN
 * (RFC 2661 section 4.4.5). */
#ifndef L2TP_PROXY_H
#define L2TP_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"

/* Values of Proxy Authen Type. */
enum {
	L2TP_PROXY_TEXT = 1,
	L2TP_PROXY_CHAP,
	L2TP_PROXY_PAP,
	L2TP_PROXY_NONE,
	L2TP_PROXY_MSCHAPV1,
};

/* Hostile bytes. */
struct l2tp_proxy {
	bool has_lcp;             /* both of the last requests were there */
	struct cv_bytes sent;     /* options of the LAC's last LCP request, */
	struct cv_bytes received; /* and of the caller's */
	uint16_t authen_type;     /* 0: absent */
	uint8_t authen_id;
	struct cv_bytes name, challenge, response;
	size_t used;
	uint8_t bytes[]; /* what the views above point to */
};

#endif
