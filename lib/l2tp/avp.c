/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of AVPs and the names of messages. */
#include "l2tp/avp.h"

#include <stddef.h>

static const struct l2tp_avp_rule rules[L2TP_AVP_COUNT] = {
#define X(number, id, text, least, most, hide, m, need, may) \
	[number] = {.name = text,                            \
		.min = least,                                \
		.max = most,                                 \
		.may_hide = hide,                            \
		.mandatory = m,                              \
		.needed_in = need,                           \
		.allowed_in = (need) | (may)},
	L2TP_AVPS(X)
#undef X
};

const struct l2tp_avp_rule *
l2tp_avp_rule(uint16_t number)
{
	return number < L2TP_AVP_COUNT && rules[number].name != NULL ? &rules[number] : NULL;
}

uint32_t
l2tp_avp_vital(uint16_t number)
{
	switch (number) {
	case L2TP_AVP_PROTOCOL_VERSION:
	case L2TP_AVP_HOST_NAME:
	case L2TP_AVP_ASSIGNED_TUNNEL_ID: /* a StopCCN has come to the tunnel that it ends */
		return L2TP_BITS2(SCCRQ, SCCRP);
	case L2TP_AVP_ASSIGNED_SESSION_ID: /* a CDN to its session */
		return L2TP_BITS2(ICRQ, ICRP) | L2TP_BITS2(OCRQ, OCRP);
	default:
		return 0;
	}
}

const char *
l2tp_message_name(uint16_t type)
{
	switch (type) {
#define X(number, id) \
	case number:  \
		return #id;
		L2TP_MESSAGES(X)
#undef X
	default:
		return "unknown";
	}
}
