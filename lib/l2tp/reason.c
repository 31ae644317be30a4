/* SPDX-License-Identifier: BSD-3-Clause */
/* Result and Error Codes in words. */
#include "l2tp/reason.h"

#define REASON_CASE(code, id, text) \
	case id:                    \
		return text;

const char *
l2tp_stopccn_text(uint16_t result)
{
	switch (result) {
		L2TP_STOPCCN_RESULTS(REASON_CASE)
	default:
		return "unknown result";
	}
}

const char *
l2tp_cdn_text(uint16_t result)
{
	switch (result) {
		L2TP_CDN_RESULTS(REASON_CASE)
	default:
		return "unknown result";
	}
}

const char *
l2tp_error_text(uint16_t error)
{
	switch (error) {
		L2TP_ERRORS(REASON_CASE)
	default:
		return "unknown error";
	}
}
