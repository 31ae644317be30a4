/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attribute Value Pairs (RFC 2661 section 4). One row an AVP: number, name, the length that its
 * value may have, whether it may be hidden, its M bit when we send it, and the messages that
 * must or may carry it. Beside RFC 2661's the one of RFC 9601 section 5.
 */
#ifndef L2TP_AVP_H
#define L2TP_AVP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"

/* Message Types (section 3.2). */
#define L2TP_MESSAGES(X) \
	X(1, SCCRQ)      \
	X(2, SCCRP)      \
	X(3, SCCCN)      \
	X(4, STOPCCN)    \
	X(6, HELLO)      \
	X(7, OCRQ)       \
	X(8, OCRP)       \
	X(9, OCCN)       \
	X(10, ICRQ)      \
	X(11, ICRP)      \
	X(12, ICCN)      \
	X(14, CDN)       \
	X(15, WEN)       \
	X(16, SLI)

enum l2tp_message_type {
	L2TP_ZLB = 0, /* no message: an empty body that only acknowledges */
#define X(number, id) L2TP_##id = number,
	L2TP_MESSAGES(X)
#undef X
		L2TP_MESSAGE_TYPES
};

enum { L2TP_VALUE_MAX = 1017 }; /* a value's bytes: ten bits of length less the header */

#define L2TP_BITS1(a) (1u << L2TP_##a)
#define L2TP_BITS2(a, b) (L2TP_BITS1(a) | L2TP_BITS1(b))
#define L2TP_BITS3(a, b, c) (L2TP_BITS2(a, b) | L2TP_BITS1(c))
#define L2TP_BITS5(a, b, c, d, e) (L2TP_BITS3(a, b, c) | L2TP_BITS2(d, e))

/* number, id, name, min, max, may be hidden, M bit, messages that need it, that may have it */
#define L2TP_AVPS(X)                                                                               \
	X(0, MESSAGE_TYPE, "Message Type", 2, 2, 0, 1, 0, 0)                                       \
	X(1, RESULT_CODE, "Result Code", 2, L2TP_VALUE_MAX, 0, 1, L2TP_BITS2(STOPCCN, CDN), 0)     \
	X(2, PROTOCOL_VERSION, "Protocol Version", 2, 2, 0, 1, L2TP_BITS2(SCCRQ, SCCRP), 0)        \
	X(3, FRAMING_CAPABILITIES, "Framing Capabilities", 4, 4, 1, 1, L2TP_BITS2(SCCRQ, SCCRP),   \
		0)                                                                                 \
	X(4, BEARER_CAPABILITIES, "Bearer Capabilities", 4, 4, 1, 1, 0, L2TP_BITS2(SCCRQ, SCCRP))  \
	X(5, TIE_BREAKER, "Tie Breaker", 8, 8, 0, 0, 0, L2TP_BITS1(SCCRQ))                         \
	X(6, FIRMWARE_REVISION, "Firmware Revision", 2, 2, 1, 0, 0, L2TP_BITS2(SCCRQ, SCCRP))      \
	X(7, HOST_NAME, "Host Name", 1, L2TP_VALUE_MAX, 0, 1, L2TP_BITS2(SCCRQ, SCCRP), 0)         \
	X(8, VENDOR_NAME, "Vendor Name", 0, L2TP_VALUE_MAX, 1, 0, 0, L2TP_BITS2(SCCRQ, SCCRP))     \
	X(9, ASSIGNED_TUNNEL_ID, "Assigned Tunnel ID", 2, 2, 1, 1,                                 \
		L2TP_BITS3(SCCRQ, SCCRP, STOPCCN), 0)                                              \
	X(10, RECEIVE_WINDOW_SIZE, "Receive Window Size", 2, 2, 0, 1, 0, L2TP_BITS2(SCCRQ, SCCRP)) \
	X(11, CHALLENGE, "Challenge", 1, L2TP_VALUE_MAX, 1, 1, 0, L2TP_BITS2(SCCRQ, SCCRP))        \
	X(12, CAUSE_CODE, "Q.931 Cause Code", 3, L2TP_VALUE_MAX, 0, 1, 0, L2TP_BITS1(CDN))         \
	X(13, CHALLENGE_RESPONSE, "Challenge Response", 16, 16, 1, 1, 0, L2TP_BITS2(SCCRP, SCCCN)) \
	X(14, ASSIGNED_SESSION_ID, "Assigned Session ID", 2, 2, 1, 1,                              \
		L2TP_BITS5(ICRQ, ICRP, OCRQ, OCRP, CDN), 0)                                        \
	X(15, CALL_SERIAL_NUMBER, "Call Serial Number", 4, 4, 1, 1, L2TP_BITS2(ICRQ, OCRQ), 0)     \
	X(16, MINIMUM_BPS, "Minimum BPS", 4, 4, 1, 1, L2TP_BITS1(OCRQ), 0)                         \
	X(17, MAXIMUM_BPS, "Maximum BPS", 4, 4, 1, 1, L2TP_BITS1(OCRQ), 0)                         \
	X(18, BEARER_TYPE, "Bearer Type", 4, 4, 1, 1, L2TP_BITS1(OCRQ), L2TP_BITS1(ICRQ))          \
	X(19, FRAMING_TYPE, "Framing Type", 4, 4, 1, 1, L2TP_BITS3(ICCN, OCCN, OCRQ), 0)           \
	X(21, CALLED_NUMBER, "Called Number", 0, L2TP_VALUE_MAX, 1, 1, L2TP_BITS1(OCRQ),           \
		L2TP_BITS1(ICRQ))                                                                  \
	X(22, CALLING_NUMBER, "Calling Number", 0, L2TP_VALUE_MAX, 1, 1, 0, L2TP_BITS1(ICRQ))      \
	X(23, SUB_ADDRESS, "Sub-Address", 0, L2TP_VALUE_MAX, 1, 1, 0, L2TP_BITS2(ICRQ, OCRQ))      \
	X(24, CONNECT_SPEED, "Tx Connect Speed", 4, 4, 1, 1, L2TP_BITS2(ICCN, OCCN), 0)            \
	X(25, PHYSICAL_CHANNEL_ID, "Physical Channel ID", 4, 4, 1, 0, 0, L2TP_BITS2(ICRQ, OCRP))   \
	X(26, INITIAL_RECEIVED_LCP, "Initial Received LCP CONFREQ", 0, L2TP_VALUE_MAX, 1, 0, 0,    \
		L2TP_BITS1(ICCN))                                                                  \
	X(27, LAST_SENT_LCP, "Last Sent LCP CONFREQ", 0, L2TP_VALUE_MAX, 1, 0, 0,                  \
		L2TP_BITS1(ICCN))                                                                  \
	X(28, LAST_RECEIVED_LCP, "Last Received LCP CONFREQ", 0, L2TP_VALUE_MAX, 1, 0, 0,          \
		L2TP_BITS1(ICCN))                                                                  \
	X(29, PROXY_AUTHEN_TYPE, "Proxy Authen Type", 2, 2, 1, 0, 0, L2TP_BITS1(ICCN))             \
	X(30, PROXY_AUTHEN_NAME, "Proxy Authen Name", 0, L2TP_VALUE_MAX, 1, 0, 0,                  \
		L2TP_BITS1(ICCN))                                                                  \
	X(31, PROXY_AUTHEN_CHALLENGE, "Proxy Authen Challenge", 0, L2TP_VALUE_MAX, 1, 0, 0,        \
		L2TP_BITS1(ICCN))                                                                  \
	X(32, PROXY_AUTHEN_ID, "Proxy Authen ID", 2, 2, 1, 0, 0, L2TP_BITS1(ICCN))                 \
	X(33, PROXY_AUTHEN_RESPONSE, "Proxy Authen Response", 0, L2TP_VALUE_MAX, 1, 0, 0,          \
		L2TP_BITS1(ICCN))                                                                  \
	X(34, CALL_ERRORS, "Call Errors", 26, 26, 1, 1, L2TP_BITS1(WEN), 0)                        \
	X(35, ACCM, "ACCM", 10, 10, 1, 1, L2TP_BITS1(SLI), 0)                                      \
	X(36, RANDOM_VECTOR, "Random Vector", 0, L2TP_VALUE_MAX, 0, 1, 0, ~0u)                     \
	X(37, PRIVATE_GROUP_ID, "Private Group ID", 0, L2TP_VALUE_MAX, 1, 0, 0, L2TP_BITS1(ICCN))  \
	X(38, RX_CONNECT_SPEED, "Rx Connect Speed", 4, 4, 1, 0, 0, L2TP_BITS2(ICCN, OCCN))         \
	X(39, SEQUENCING_REQUIRED, "Sequencing Required", 0, 0, 0, 1, 0, L2TP_BITS2(ICCN, OCCN))   \
	X(103, ECN_CAPABILITY, "ECN Capability", 0, 0, 1, 0, 0, L2TP_BITS2(SCCRQ, SCCRP))

enum l2tp_avp {
#define X(number, id, name, min, max, hide, mandatory, need, may) L2TP_AVP_##id = number,
	L2TP_AVPS(X)
#undef X
		L2TP_AVP_COUNT
};

struct l2tp_avp_rule {
	const char *name; /* NULL: no such AVP */
	uint16_t min, max;
	bool may_hide, mandatory;
	uint32_t needed_in, allowed_in; /* bits of enum l2tp_message_type; allowed has both */
};

/* The row of an AVP, or NULL when the RFC has none of this number. */
const struct l2tp_avp_rule *l2tp_avp_rule(uint16_t number);

/* The messages that can't be acted on without this AVP, as bits. Others of needed_in are left out
 * by LACs and routers that one meets, and nothing here needs them. */
uint32_t l2tp_avp_vital(uint16_t number);

/* "SCCRQ", or "unknown". */
const char *l2tp_message_name(uint16_t type);

#endif
