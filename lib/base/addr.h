/* SPDX-License-Identifier: BSD-3-Clause */
/* IP addresses, prefixes and UDP end points as values, with text forms. */
#ifndef CV_ADDR_H
#define CV_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cv_family { CV_IPV4 = 4, CV_IPV6 = 6 };

/* Network byte order; an IPv4 address fills the first four bytes and the rest are zero, so
 * two addresses are equal when their bytes are. family 0: no address. */
struct cv_ip {
	uint8_t family;
	uint8_t bytes[16];
};

struct cv_endpoint {
	struct cv_ip ip;
	uint16_t port; /* host byte order */
};

struct cv_prefix {
	struct cv_ip ip; /* bits beyond length are zero */
	uint8_t length;
};

enum {
	CV_IP_TEXT = 46,       /* bytes for an address as text, with its NUL */
	CV_ENDPOINT_TEXT = 56, /* "[v6]:port" */
	CV_PREFIX_TEXT = 52,
};

static inline struct cv_ip
cv_ipv4(uint32_t host_order)
{
	return (struct cv_ip){.family = CV_IPV4,
		.bytes = {(uint8_t)(host_order >> 24), (uint8_t)(host_order >> 16),
			(uint8_t)(host_order >> 8), (uint8_t)host_order}};
}

/* The IPv4 address as a number in host order; 0 for other families. */
static inline uint32_t
cv_ipv4_value(const struct cv_ip *ip)
{
	if (ip->family != CV_IPV4)
		return 0;
	return (uint32_t)ip->bytes[0] << 24 | (uint32_t)ip->bytes[1] << 16 |
	       (uint32_t)ip->bytes[2] << 8 | ip->bytes[3];
}

bool cv_ip_equal(const struct cv_ip *a, const struct cv_ip *b);
bool cv_endpoint_equal(const struct cv_endpoint *a, const struct cv_endpoint *b);
bool cv_prefix_equal(const struct cv_prefix *a, const struct cv_prefix *b);
bool cv_prefix_contains(const struct cv_prefix *p, const struct cv_ip *ip);
bool cv_prefix_overlaps(const struct cv_prefix *a, const struct cv_prefix *b);

/* Parse text that must be wholly an address, or ADDRESS/LENGTH whose host bits are zero (a bare
 * address is a host prefix). Return 0 or CV_ERR_MALFORMED. */
int cv_ip_parse(const char *text, struct cv_ip *ip);
int cv_prefix_parse(const char *text, struct cv_prefix *prefix);

/* Text forms; out is written and returned. */
const char *cv_ip_text(const struct cv_ip *ip, char out[CV_IP_TEXT]);
const char *cv_endpoint_text(const struct cv_endpoint *ep, char out[CV_ENDPOINT_TEXT]);
const char *cv_prefix_text(const struct cv_prefix *prefix, char out[CV_PREFIX_TEXT]);

#endif
