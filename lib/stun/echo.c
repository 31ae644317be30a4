/* SPDX-License-Identifier: BSD-3-Clause */
#include "stun/echo.h"

#include <string.h>

enum { ADDRESS_MAX = CV_IP_TEXT - 1, PORT_MAX = 5 };

/* Skips letters of a set, at least one and at most max. */
static bool
skip(struct cv_reader *r, const char *set, size_t max)
{
	size_t n = 0;

	while (n < max && cv_remaining(r) != 0 && *r->pos != 0 && strchr(set, *r->pos) != NULL) {
		r->pos++;
		n++;
	}
	return n != 0;
}

/* Whether it begins as an answer does, whatever is behind: more is taken for one than is. */
static bool
like_answer(struct cv_bytes question)
{
	struct cv_reader r = cv_reader(question.data, question.len);

	if (skip(&r, "[", 1)) {
		if (!skip(&r, "0123456789abcdefABCDEF:.", ADDRESS_MAX) || !skip(&r, "]", 1))
			return false;
	} else if (!skip(&r, "0123456789.", ADDRESS_MAX)) {
		return false;
	}
	return skip(&r, ":", 1) && skip(&r, "0123456789", PORT_MAX) &&
	       (cv_remaining(&r) == 0 || skip(&r, "\r\n", 1));
}

enum stun_echo_reason
stun_echo(const struct cv_endpoint *from, struct cv_bytes question, char out[STUN_ECHO_MAX],
	size_t *len)
{
	size_t n;

	*len = 0;
	if (from->port == 0)
		return STUN_ECHO_PORT_ZERO;
	if (like_answer(question))
		return STUN_ECHO_ANSWER;
	cv_endpoint_text(from, out);
	n = strlen(out);
	out[n++] = '\n';
	if (question.len < n)
		return STUN_ECHO_SHORT;
	*len = n;
	return STUN_ECHO_ANSWERED;
}
