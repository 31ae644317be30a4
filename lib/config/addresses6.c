/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 addresses and prefixes inside the tunnels. */
#include <inttypes.h>
#include <stdio.h>

#include "config/private.h"

/* 2000::/3 and the unique local fc00::/7 (RFC 4291 section 2.4, RFC 4193): what a router may route.
 */
bool
cfg_is_routed(const struct cv_ip *ip)
{
	return (ip->bytes[0] & 0xe0) == 0x20 || (ip->bytes[0] & 0xfe) == 0xfc;
}

void
cfg_read_address6(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT];
	struct cv_ip ip;

	(void)k;
	if (!cfg_want_scalar(l, node))
		return;
	if (cv_ip_parse(node->text, &ip) != 0 || ip.family != CV_IPV6)
		cfg_fail(l, node, NULL, "%s is not an IPv6 address, as 2001:db8::1",
			cfg_word(word, node));
	else if (!cfg_is_routed(&ip))
		cfg_fail(l, node, NULL,
			"%s is neither a global nor a unique local address: one in 2000::/3 or "
			"fc00::/7",
			cfg_word(word, node));
	else
		memcpy(at, &ip, sizeof(ip));
}

/* ADDRESS/LENGTH with any bits; false when it is not that. */
static bool
split(const char *text, struct cv_prefix *p)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - text);
	char address[CV_IP_TEXT];
	uint64_t length;

	if (len == 0 || len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!cfg_digits(slash + 1, strlen(slash + 1), &length) || length > 128)
		return false;
	p->length = (uint8_t)length;
	return cv_ip_parse(address, &p->ip) == 0 && p->ip.family == CV_IPV6;
}

void
cfg_mask6(struct cv_prefix *p)
{
	for (unsigned i = 0; i < sizeof(p->ip.bytes); i++) {
		unsigned bits = p->length > 8 * i ? p->length - 8 * i : 0;

		if (bits < 8)
			p->ip.bytes[i] &= (uint8_t)(0xff00u >> bits);
	}
}

void
cfg_read_prefix6(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT], text[CV_PREFIX_TEXT];
	struct cv_prefix prefix, right;

	if (!cfg_want_scalar(l, node))
		return;
	if (!split(node->text, &prefix)) {
		cfg_fail(l, node, NULL, "%s is not an IPv6 prefix, as 2001:db8::/%" PRIu64,
			cfg_word(word, node), k->max);
		return;
	}
	right = prefix;
	cfg_mask6(&right);
	if (!cv_ip_equal(&right.ip, &prefix.ip))
		cfg_fail(l, node, NULL, "%s has bits set beyond its length; the prefix is %s",
			cfg_word(word, node), cv_prefix_text(&right, text));
	else if (prefix.length < k->min || prefix.length > k->max)
		cfg_fail(l, node, NULL, "%s must have a length of /%" PRIu64 "%s%" PRIu64,
			cfg_word(word, node), k->min, k->min == k->max ? ", not /" : " to /",
			k->min == k->max ? prefix.length : k->max);
	else if (!cfg_is_routed(&prefix.ip))
		cfg_fail(l, node, NULL,
			"%s is neither global nor unique local: a part of 2000::/3 or fc00::/7",
			cfg_word(word, node));
	else
		memcpy(at, &prefix, sizeof(prefix));
}

bool
cfg_parse_prefix6(const char *text, unsigned shortest, unsigned longest, struct cv_prefix *out)
{
	struct cv_prefix prefix, right;

	if (!split(text, &prefix) || prefix.length < shortest || prefix.length > longest ||
		!cfg_is_routed(&prefix.ip))
		return false;
	right = prefix;
	cfg_mask6(&right);
	if (!cv_ip_equal(&right.ip, &prefix.ip))
		return false;
	*out = prefix;
	return true;
}
