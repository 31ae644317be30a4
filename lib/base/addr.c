/* SPDX-License-Identifier: BSD-3-Clause */
/* IP addresses, prefixes and end points: comparison and text. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

bool
cv_ip_equal(const struct cv_ip *a, const struct cv_ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool
cv_endpoint_equal(const struct cv_endpoint *a, const struct cv_endpoint *b)
{
	return a->port == b->port && cv_ip_equal(&a->ip, &b->ip);
}

/* Whether the first `bits` bits of two byte strings are the same. */
static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool
cv_prefix_equal(const struct cv_prefix *a, const struct cv_prefix *b)
{
	return a->length == b->length && cv_ip_equal(&a->ip, &b->ip);
}

bool
cv_prefix_contains(const struct cv_prefix *p, const struct cv_ip *ip)
{
	return p->ip.family == ip->family && same_bits(p->ip.bytes, ip->bytes, p->length);
}

bool
cv_prefix_overlaps(const struct cv_prefix *a, const struct cv_prefix *b)
{
	return a->length <= b->length ? cv_prefix_contains(a, &b->ip)
				      : cv_prefix_contains(b, &a->ip);
}

int
cv_ip_parse(const char *text, struct cv_ip *ip)
{
	*ip = (struct cv_ip){0};
	if (inet_pton(AF_INET, text, ip->bytes) == 1)
		ip->family = CV_IPV4;
	else if (inet_pton(AF_INET6, text, ip->bytes) == 1)
		ip->family = CV_IPV6;
	else
		return CV_ERR_MALFORMED;
	return 0;
}

int
cv_prefix_parse(const char *text, struct cv_prefix *prefix)
{
	const char *slash = strchr(text, '/');
	char address[CV_IP_TEXT];
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	unsigned max, length;

	if (len >= sizeof(address))
		return CV_ERR_MALFORMED;
	memcpy(address, text, len);
	address[len] = '\0';
	if (cv_ip_parse(address, &prefix->ip) != 0)
		return CV_ERR_MALFORMED;
	max = prefix->ip.family == CV_IPV4 ? 32 : 128;
	length = max;
	if (slash != NULL) {
		if (strspn(slash + 1, "0123456789") != strlen(slash + 1) || slash[1] == '\0' ||
			strlen(slash + 1) > 3)
			return CV_ERR_MALFORMED;
		length = (unsigned)strtoul(slash + 1, NULL, 10);
	}
	if (length > max)
		return CV_ERR_MALFORMED;
	for (unsigned bit = length; bit < max; bit++)
		if ((prefix->ip.bytes[bit / 8] & (0x80u >> (bit % 8))) != 0)
			return CV_ERR_MALFORMED;
	prefix->length = (uint8_t)length;
	return 0;
}

const char *
cv_ip_text(const struct cv_ip *ip, char out[CV_IP_TEXT])
{
	int af = ip->family == CV_IPV6 ? AF_INET6 : AF_INET;

	if (ip->family == 0 || inet_ntop(af, ip->bytes, out, CV_IP_TEXT) == NULL)
		snprintf(out, CV_IP_TEXT, "-");
	return out;
}

const char *
cv_endpoint_text(const struct cv_endpoint *ep, char out[CV_ENDPOINT_TEXT])
{
	char ip[CV_IP_TEXT];

	cv_ip_text(&ep->ip, ip);
	snprintf(out, CV_ENDPOINT_TEXT, ep->ip.family == CV_IPV6 ? "[%s]:%u" : "%s:%u", ip,
		ep->port);
	return out;
}

const char *
cv_prefix_text(const struct cv_prefix *prefix, char out[CV_PREFIX_TEXT])
{
	char ip[CV_IP_TEXT];

	snprintf(out, CV_PREFIX_TEXT, "%s/%u", cv_ip_text(&prefix->ip, ip), prefix->length);
	return out;
}
