/* SPDX-License-Identifier: BSD-3-Clause */
/* Words for the error enum. */
#include "base/err.h"

const char *
cv_strerror(int err)
{
	switch (err) {
	case CV_OK:
		return "success";
	case CV_ERR_TRUNCATED:
		return "truncated";
	case CV_ERR_MALFORMED:
		return "malformed";
	case CV_ERR_VERSION:
		return "unsupported version";
	case CV_ERR_UNKNOWN:
		return "not found";
	case CV_ERR_STATE:
		return "not possible in this state";
	case CV_ERR_AUTH:
		return "authentication failed";
	case CV_ERR_LIMIT:
		return "limit reached";
	case CV_ERR_NOMEM:
		return "out of memory";
	case CV_ERR_SPACE:
		return "buffer too small";
	case CV_ERR_CRYPTO:
		return "cryptographic library failed";
	case CV_ERR_CONFIG:
		return "configuration errors";
	case CV_ERR_EXISTS:
		return "already in use";
	case CV_ERR_IO:
		return "input/output error";
	default:
		return "unknown error";
	}
}
