/* SPDX-License-Identifier: BSD-3-Clause */
/* Why tunnels and calls end: Result Codes and Error Codes (RFC 2661 section 4.4.2) in words. */
#ifndef L2TP_REASON_H
#define L2TP_REASON_H

#include <stdbool.h>
#include <stdint.h>

#define L2TP_STOPCCN_RESULTS(X)                                             \
	X(1, L2TP_STOPCCN_CLEAR, "the control connection is cleared")       \
	X(2, L2TP_STOPCCN_ERROR, "general error")                           \
	X(3, L2TP_STOPCCN_EXISTS, "a control connection exists already")    \
	X(4, L2TP_STOPCCN_NOT_AUTHORIZED,                                   \
		"the peer is not authorized to open a control connection")  \
	X(5, L2TP_STOPCCN_VERSION, "the protocol version is not supported") \
	X(6, L2TP_STOPCCN_SHUTTING_DOWN, "the sender shuts down")           \
	X(7, L2TP_STOPCCN_FSM, "a message that its state does not allow")

#define L2TP_CDN_RESULTS(X)                                                           \
	X(1, L2TP_CDN_LOST_CARRIER, "the carrier is lost")                            \
	X(2, L2TP_CDN_ERROR, "general error")                                         \
	X(3, L2TP_CDN_ADMINISTRATIVE, "administrative reasons")                       \
	X(4, L2TP_CDN_NO_FACILITIES_TEMPORARY, "no facilities are available for now") \
	X(5, L2TP_CDN_NO_FACILITIES_PERMANENT, "no facilities are available")         \
	X(6, L2TP_CDN_INVALID_DESTINATION, "the destination is invalid")              \
	X(7, L2TP_CDN_NO_CARRIER, "no carrier was detected")                          \
	X(8, L2TP_CDN_BUSY, "the line is busy")                                       \
	X(9, L2TP_CDN_NO_DIAL_TONE, "there is no dial tone")                          \
	X(10, L2TP_CDN_TIMEOUT, "the call was not established in time")               \
	X(11, L2TP_CDN_NO_FRAMING, "the call was connected without a framing")

#define L2TP_ERRORS(X)                                                                  \
	X(0, L2TP_ERROR_NONE, "no general error")                                       \
	X(1, L2TP_ERROR_NO_TUNNEL, "there is no control connection yet")                \
	X(2, L2TP_ERROR_LENGTH, "a length is wrong")                                    \
	X(3, L2TP_ERROR_VALUE, "a value is out of range, or a reserved field not zero") \
	X(4, L2TP_ERROR_RESOURCES, "there are not enough resources now")                \
	X(5, L2TP_ERROR_SESSION_ID, "the Session ID is invalid here")                   \
	X(6, L2TP_ERROR_VENDOR, "a vendor-specific error")                              \
	X(7, L2TP_ERROR_TRY_ANOTHER, "try another LNS")                                 \
	X(8, L2TP_ERROR_UNKNOWN_AVP, "an unknown AVP was marked mandatory")

#define L2TP_REASON_ENUM(code, id, text) id = code,
enum l2tp_stopccn_result { L2TP_STOPCCN_RESULTS(L2TP_REASON_ENUM) };
enum l2tp_cdn_result { L2TP_CDN_RESULTS(L2TP_REASON_ENUM) };
enum l2tp_error { L2TP_ERRORS(L2TP_REASON_ENUM) };
#undef L2TP_REASON_ENUM

enum { L2TP_MESSAGE_MAX = 120 }; /* bytes kept of a peer's error message, NUL included */

struct l2tp_reason {
	uint16_t result, error;
	bool by_peer;
	const char *message; /* what goes with it; hostile text when by_peer. NULL: none */
};

/* Words for a code, "unknown result" where the RFC has none. */
const char *l2tp_stopccn_text(uint16_t result);
const char *l2tp_cdn_text(uint16_t result);
const char *l2tp_error_text(uint16_t error);

#endif
