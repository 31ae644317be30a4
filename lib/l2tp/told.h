/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a LAC says of a call, beside IDs: numbers and bearer in ICRQ; in ICCN speeds and framing,
 * and the PPP that it has spoken with the caller already (RFC 2661 section 4.4.5). Kept to be
 * looked at, or to be told to another LNS. Hostile bytes; passwords may be among them.
 */
#ifndef L2TP_TOLD_H
#define L2TP_TOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cursor.h"
#include "l2tp/avp.h"

/* Values of Proxy Authen Type. */
enum {
	L2TP_PROXY_TEXT = 1,
	L2TP_PROXY_CHAP,
	L2TP_PROXY_PAP,
	L2TP_PROXY_NONE,
	L2TP_PROXY_MSCHAPV1,
};

struct l2tp_told;

/* One AVP of it. */
struct l2tp_said {
	enum l2tp_avp avp;
	struct cv_bytes value; /* without data: the AVP is not said, whatever was before */
};

/* A copy of what was told before (may be NULL), and of more, which counts where both have an AVP.
 * NULL: out of memory. */
struct l2tp_told *l2tp_told_new(
	const struct l2tp_told *before, const struct l2tp_said *more, size_t n);
/* Wipes it; takes NULL. */
void l2tp_told_free(struct l2tp_told *told);

/* The value of an AVP, in its memory; false: it was not said. told may be NULL. */
bool l2tp_told_get(const struct l2tp_told *told, enum l2tp_avp avp, struct cv_bytes *value);
/* Likewise one of two bytes; 0: it was not said. */
uint16_t l2tp_told_u16(const struct l2tp_told *told, enum l2tp_avp avp);

/* One AVP after the other: *at begins with 0; false: no more. */
bool l2tp_told_next(const struct l2tp_told *told, size_t *at, struct l2tp_said *said);

#endif
