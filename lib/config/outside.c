/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses outside of tunnels, of either family: listeners, their gateways, peers. */
#include <stdio.h>

#include "config/private.h"

/* What looks like IPv6 is told what would be right of IPv6. */
static bool
looks_like_ipv6(const struct cfg_node *node)
{
	return strchr(node->text, ':') != NULL;
}

/* What a station can have: no group, and none of ::/8, which the IETF keeps (RFC 4291 section 2.4):
 * ::, ::1, IPv4 addresses in the form of IPv6. */
static bool
is_host6(const struct cv_ip *ip)
{
	return ip->bytes[0] != 0xff && ip->bytes[0] != 0;
}

/* As people write it, but for the form that ends as IPv4 does. */
static bool
parse6(const char *text, struct cv_ip *ip)
{
	return cv_ip_parse(text, ip) == 0 && ip->family == CV_IPV6 && strchr(text, '.') == NULL;
}

/* fe80::/10. */
static bool
is_link_local(const struct cv_ip *ip)
{
	return ip->family == CV_IPV6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

/* ADDRESS/LENGTH of IPv6; without a slash length is 128. False when it is not that. */
static bool
split6(const char *text, struct cv_ip *ip, uint8_t *length)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char address[CV_IP_TEXT];
	uint64_t value = 128;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (slash != NULL && (!cfg_digits(slash + 1, strlen(slash + 1), &value) || value > 128))
		return false;
	*length = (uint8_t)value;
	return parse6(address, ip);
}

/* ---- listeners ---- */

static void
read_own6(struct cfg_loader *l, const struct cfg_node *node, struct cv_prefix *out)
{
	char word[CFG_WORD_TEXT];
	struct cv_prefix own, net;

	if (!split6(node->text, &own.ip, &own.length)) {
		cfg_fail(l, node, NULL,
			"%s is not an IPv6 address with its prefix length, as 2001:db8::1/64",
			cfg_word(word, node));
		return;
	}
	net = own;
	cfg_mask6(&net);
	if (strchr(node->text, '/') == NULL)
		cfg_fail(l, node, NULL, "%s lacks its prefix length, as in %s/64",
			cfg_word(word, node), word);
	else if (!is_host6(&own.ip))
		cfg_fail(l, node, NULL, "%s is not an address that a host can have",
			cfg_word(word, node));
	else if (is_link_local(&own.ip))
		cfg_fail(l, node, NULL,
			"%s is link-local: peers elsewhere do not reach it; the port has one of "
			"its own",
			cfg_word(word, node));
	else if (own.length == 0)
		cfg_fail(l, node, NULL, "%s must have a prefix length of 1 to 128",
			cfg_word(word, node));
	else if (own.length < 127 && cv_ip_equal(&net.ip, &own.ip)) /* RFC 4291 section 2.6.1 */
		cfg_fail(l, node, NULL, "%s is the network's own first address",
			cfg_word(word, node));
	else
		*out = own;
}

void
cfg_read_own(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cv_prefix own;
	char word[CFG_WORD_TEXT];
	uint32_t host;

	(void)k;
	if (!cfg_want_scalar(l, node))
		return;
	if (looks_like_ipv6(node)) {
		read_own6(l, node, at);
		return;
	}
	if (!cfg_split_prefix(node->text, &own.ip, &own.length)) {
		cfg_fail(l, node, NULL,
			"%s is not an IPv4 address with its prefix length, as 192.0.2.1/24",
			cfg_word(word, node));
		return;
	}
	host = cv_ipv4_value(&own.ip) & ~cfg_mask(own.length);
	if (strchr(node->text, '/') == NULL)
		cfg_fail(l, node, NULL, "%s lacks its prefix length, as in %s/24",
			cfg_word(word, node), word);
	else if (!cfg_is_host(cv_ipv4_value(&own.ip)))
		cfg_fail(l, node, NULL, "%s is not an address that a host can have",
			cfg_word(word, node));
	else if (own.length == 0)
		cfg_fail(l, node, NULL, "%s must have a prefix length of 1 to 32",
			cfg_word(word, node));
	else if (own.length < 31 && (host == 0 || host == ~cfg_mask(own.length)))
		cfg_fail(l, node, NULL, "%s is the network's own %s address", cfg_word(word, node),
			host == 0 ? "first" : "broadcast");
	else
		memcpy(at, &own, sizeof(own));
}

void
cfg_read_listener_address(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cfg_listener *listener = at;
	struct cv_prefix own = {0};

	cfg_read_own(l, k, node, &own);
	listener->ip = own.ip;
	listener->prefix_length = own.length;
}

/* A router: over IPv6 it may have a link-local address alone. */
void
cfg_read_gateway(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT];
	struct cv_ip ip;

	if (node->type != CFG_SCALAR || !looks_like_ipv6(node)) {
		cfg_read_address(l, k, node, at);
		return;
	}
	if (!parse6(node->text, &ip))
		cfg_fail(l, node, NULL, "%s is not an IPv6 address, as 2001:db8::1 or fe80::1",
			cfg_word(word, node));
	else if (!is_host6(&ip))
		cfg_fail(l, node, NULL, "%s is not an address that a host can have",
			cfg_word(word, node));
	else
		memcpy(at, &ip, sizeof(ip));
}

bool
cfg_is_end(const struct cv_prefix *prefix, const struct cv_ip *ip)
{
	uint32_t host, value;

	if (ip->family != CV_IPV4 || prefix->length > 30)
		return false;
	host = UINT32_MAX >> prefix->length;
	value = cv_ipv4_value(ip) & host;
	return value == 0 || value == host;
}

void
cfg_check_listener(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_listener *listener = base;
	struct cv_prefix prefix = {.ip = listener->ip, .length = listener->prefix_length};
	char gateway[CV_IP_TEXT], text[CV_PREFIX_TEXT];
	unsigned whole = listener->ip.family == CV_IPV6 ? 128 : 32;

	if (listener->ip.family == 0)
		return;
	if (cfg_node_get(map, "gateway-mac") != NULL && cfg_node_get(map, "gateway") == NULL)
		cfg_fail(l, cfg_node_get(map, "gateway-mac"), NULL, "needs the key gateway, too");
	if (listener->gateway.family == 0) {
		if (listener->prefix_length == whole && cfg_node_get(map, "gateway") == NULL)
			cfg_fail(l, map, "gateway", "is needed where the address is a /%u", whole);
		return;
	}
	if (listener->gateway.family != listener->ip.family)
		cfg_fail(l, cfg_node_get(map, "gateway"), NULL,
			"%s is of another family than the address: a listener has IPv4 or IPv6",
			cv_ip_text(&listener->gateway, gateway));
	else if (cv_ip_equal(&listener->ip, &listener->gateway))
		cfg_fail(l, cfg_node_get(map, "gateway"), NULL, "is the listener's own address");
	else if (listener->prefix_length == whole || is_link_local(&listener->gateway))
		return; /* a router that is reached over the port itself */
	else if (!cv_prefix_contains(&prefix, &listener->gateway))
		cfg_fail(l, cfg_node_get(map, "gateway"), NULL, "%s is outside %s",
			cv_ip_text(&listener->gateway, gateway), cv_prefix_text(&prefix, text));
	else if (cfg_is_end(&prefix, &listener->gateway))
		cfg_fail(l, cfg_node_get(map, "gateway"), NULL, "%s is no host in %s",
			cv_ip_text(&listener->gateway, gateway), cv_prefix_text(&prefix, text));
}

/* ---- peers ---- */

void
cfg_read_peers(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT], text[CV_PREFIX_TEXT];
	struct cv_prefix prefix, right;

	if (node->type != CFG_SCALAR || !looks_like_ipv6(node)) {
		cfg_read_prefix(l, k, node, at);
		return;
	}
	if (!split6(node->text, &prefix.ip, &prefix.length)) {
		cfg_fail(l, node, NULL, "%s is not an IPv6 prefix, as 2001:db8::/32",
			cfg_word(word, node));
		return;
	}
	right = prefix;
	cfg_mask6(&right);
	if (!cv_ip_equal(&right.ip, &prefix.ip))
		cfg_fail(l, node, NULL, "%s has bits set beyond its length; the prefix is %s",
			cfg_word(word, node), cv_prefix_text(&right, text));
	else
		memcpy(at, &prefix, sizeof(prefix));
}

void
cfg_read_gateways(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cv_prefix prefix = {0};
	char word[CFG_WORD_TEXT];

	if (node->type == CFG_SCALAR && strcmp(node->text, "any") == 0) {
		prefix.length = CFG_GATEWAYS_ANY; /* cfg_filters_finish makes it prefixes */
		memcpy(at, &prefix, sizeof(prefix));
		return;
	}
	cfg_read_peers(l, k, node, &prefix);
	if (prefix.ip.family == CV_IPV6 && !cfg_is_routed(&prefix.ip))
		cfg_fail(l, node, NULL,
			"%s is neither global nor unique local: a part of 2000::/3 or fc00::/7",
			cfg_word(word, node));
	else
		memcpy(at, &prefix, sizeof(prefix));
}

/* ---- what is inside of tunnels, too ---- */

bool
cfg_meets_outside(const struct cfg_loader *l, const struct cv_prefix *p, char out[CFG_OUTSIDE_TEXT])
{
	char text[CV_PREFIX_TEXT];

	for (size_t i = 0; i < l->cfg->n_listeners; i++) {
		const struct cfg_listener *o = &l->cfg->listeners[i];
		struct cv_prefix network = {.ip = o->ip, .length = o->prefix_length};
		const char *what = NULL;

		if (o->ip.family != p->ip.family)
			continue;
		if (o->ip.family == CV_IPV6)
			cfg_mask6(&network);
		else
			network.ip = cv_ipv4(cv_ipv4_value(&o->ip) & cfg_mask(o->prefix_length));
		if (cv_prefix_contains(p, &o->ip)) {
			what = "address";
			cv_ip_text(&o->ip, text);
		} else if (cv_prefix_contains(p, &o->gateway)) {
			what = "gateway";
			cv_ip_text(&o->gateway, text);
		} else if (cv_prefix_overlaps(p, &network)) {
			what = "network";
			cv_prefix_text(&network, text);
		}
		if (what == NULL)
			continue;
		if (p->length == 32 && what[0] != 'n' && p->ip.family == CV_IPV4)
			snprintf(out, CFG_OUTSIDE_TEXT, "is the %s of listeners[%zu]", what, i);
		else
			snprintf(out, CFG_OUTSIDE_TEXT, "%s %s, the %s of listeners[%zu]",
				what[0] == 'n' ? "overlaps" : "holds", text, what, i);
		return true;
	}
	return false;
}
