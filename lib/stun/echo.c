/* SPDX-License-Identifier: BSD-3-Clause */
#include "stun/echo.h"

#include <string.h>

#include "base/err.h"

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

/* A number of 1 to 65535 in decimal digits, the rest of the text; 0: it is none. */
static uint16_t
read_port(const char *text)
{
	uint32_t port = 0;
	size_t n = 0;

	for (; n < PORT_MAX && text[n] >= '0' && text[n] <= '9'; n++)
		port = port * 10 + (uint32_t)(text[n] - '0');
	return text[n] == '\0' && port <= UINT16_MAX ? (uint16_t)port : 0;
}

int
stun_read_echo(struct cv_bytes answer, struct cv_endpoint *out)
{
	char text[STUN_ECHO_MAX], *ip = text, *colon;
	size_t len = answer.len;
	bool six;

	if (len == 0 || len > sizeof(text) || answer.data[len - 1] != '\n')
		return CV_ERR_MALFORMED;
	memcpy(text, answer.data, len);
	text[len - 1] = '\0';
	colon = strrchr(text, ':');
	if (strlen(text) != len - 1 || colon == NULL || colon == text)
		return CV_ERR_MALFORMED;
	out->port = read_port(colon + 1);
	*colon = '\0';
	six = text[0] == '[' && colon[-1] == ']';
	if (six) {
		ip++;
		colon[-1] = '\0';
	}
	if (out->port == 0 || cv_ip_parse(ip, &out->ip) != 0 || (out->ip.family == CV_IPV6) != six)
		return CV_ERR_MALFORMED;
	return 0;
}
