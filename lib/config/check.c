/* SPDX-License-Identifier: BSD-3-Clause */
/* What must hold among several keys. Values that were wrong alone are zero here and passed over. */
#include <inttypes.h>
#include <stdio.h>

#include "config/private.h"

enum {
	IPV6_MTU_LEAST = 1280,
	MRU_ANYWHERE = 1500, /* what is larger goes in fragments, as it always did */
	/* what a peer may have in front of a packet: UDP, L2TP with Length and sequence numbers,
	   PPP */
	MESSAGE_HEADERS = 8 + 12 + 4,
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
};

_Static_assert(
	CFG_MRU_MOST == CFG_MTU_MOST - IPV4_HEADER - MESSAGE_HEADERS, "what a port may carry");

void
cfg_check_retransmit(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_tunnels *t = base;
	const struct cfg_node *max = cfg_node_get(map, "max");

	if (t->retransmit_max_ns != 0 && t->retransmit_max_ns < t->retransmit_first_ns)
		cfg_fail(l, max == NULL ? map : max, max == NULL ? "max" : NULL,
			"is less than first");
}

/*
 * RFC 1334 section 2: who can do better than PAP must offer that first. A client takes the first
 * method that it can do, so behind PAP nothing else is ever used.
 */
void
cfg_check_ppp(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_node *auth = cfg_node_get(map, "auth");
	const struct cfg_node *node = auth == NULL ? NULL : auth->first;
	const struct cfg_ppp *ppp = base;

	for (size_t i = 0; i < ppp->n_auth && node != NULL; i++, node = node->next) {
		bool stronger = false;

		for (size_t j = i + 1; j < ppp->n_auth; j++)
			stronger |=
				ppp->auth[j] != CFG_AUTH_PAP && ppp->auth[j] != CFG_AUTH_METHODS;
		if (ppp->auth[i] == CFG_AUTH_PAP && stronger)
			cfg_warn(l, node, NULL,
				"pap stands before what is stronger: passwords will be sent in the "
				"clear by clients that could do better (RFC 1334 section 2)");
	}
}

/* The methods of a group are among those of ppp.auth; left out they are all of them. */
void
cfg_check_group(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_node *auth = cfg_node_get(map, "auth");
	const struct cfg_ppp *ppp = &l->cfg->ppp;
	struct cfg_group *group = base;
	const struct cfg_node *node = auth == NULL ? NULL : auth->first;

	if (cfg_node_get(map, "address") == NULL && (group->n_pool != 0 || group->n_pool6 == 0))
		cfg_fail(l, map, "address",
			"is required: the server's own address inside the tunnels");
	cfg_check_group_filter(l, map, group);
	cfg_check_group6(l, map, group);
	if (auth == NULL) {
		memcpy(group->auth, ppp->auth, sizeof(group->auth));
		group->n_auth = ppp->n_auth;
		group->auth_left_out = true;
	}
	for (size_t i = 0; i < group->n_auth && node != NULL && ppp->n_auth != 0;
		i++, node = node->next) {
		bool offered = group->auth[i] == CFG_AUTH_METHODS;
		char word[CFG_WORD_TEXT];

		for (size_t j = 0; j < ppp->n_auth; j++)
			offered |=
				ppp->auth[j] == group->auth[i] || ppp->auth[j] == CFG_AUTH_METHODS;
		if (!offered)
			cfg_fail(l, node, NULL, "%s is not in ppp.auth", cfg_word(word, node));
	}
}

/* The texts of a key in the items of a list, each of which must be another. */
static void
check_distinct(struct cfg_loader *l, const char *list_key, const char *key, size_t n)
{
	const struct cfg_node *list = cfg_node_get(l->root, list_key);

	if (list == NULL || list->n != n)
		return; /* not a list, or more than there may be: not gone through */
	for (const struct cfg_node *a = list->first; a != NULL; a = a->next) {
		const struct cfg_node *value = cfg_node_get(a, key);

		if (value == NULL || value->type != CFG_SCALAR)
			continue;
		for (const struct cfg_node *b = list->first; b != a; b = b->next) {
			const struct cfg_node *other = cfg_node_get(b, key);
			char word[CFG_WORD_TEXT];

			if (other == NULL || other->type != CFG_SCALAR ||
				strcmp(value->text, other->text) != 0)
				continue;
			cfg_fail(l, value, NULL, "%s is already that of %s[%zu]",
				cfg_word(word, value), list_key, b->index);
			break;
		}
	}
}

/* Every link of IPv6 carries packets of 1,280 bytes (RFC 8200 section 5). */
static void
check_listener_mtu(
	struct cfg_loader *l, const struct cfg_node *node, const struct cfg_listener *listener)
{
	const char *name = cfg_lan_name(l->cfg, listener->lan);
	unsigned mtu = cfg_lan_mtu(l->cfg, listener->lan);

	if (listener->ip.family == CV_IPV6 && mtu != 0 && mtu < IPV6_MTU_LEAST)
		cfg_fail(l, cfg_node_get(node, "address"), NULL,
			"IPv6 needs an mtu of %u at least, and port %s has %u", IPV6_MTU_LEAST,
			name == NULL ? "" : name, mtu);
}

/* An MRU above Ethernet's is a promise that packets of that size come in whole. */
static void
check_listener_mru(struct cfg_loader *l, size_t index)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_listener *listener = &cfg->listeners[index];
	const struct cfg_node *ppp = cfg_node_get(l->root, "ppp");
	const char *name = cfg_lan_name(cfg, listener->lan);
	unsigned headers, mtu = cfg_lan_mtu(cfg, listener->lan);

	if (cfg->ppp.mru <= MRU_ANYWHERE || ppp == NULL || listener->ip.family == 0)
		return;
	headers = MESSAGE_HEADERS + (listener->ip.family == CV_IPV6 ? IPV6_HEADER : IPV4_HEADER);
	if (mtu != 0 && cfg->ppp.mru + headers > mtu)
		cfg_fail(l, cfg_node_get(ppp, "mru"), NULL,
			"%u and %u bytes of headers do not fit listeners[%zu]: port %s has an mtu "
			"of %u",
			cfg->ppp.mru, headers, index, name == NULL ? "" : name, mtu);
}

static void
check_listeners(struct cfg_loader *l)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_node *list = cfg_node_get(l->root, "listeners");
	const struct cfg_node *node = list == NULL ? NULL : list->first;

	for (size_t i = 0; i < cfg->n_listeners; i++, node = node->next) {
		const struct cfg_listener *a = &cfg->listeners[i];

		check_listener_mtu(l, node, a);
		check_listener_mru(l, i);
		for (size_t j = 0; j < i; j++) {
			const struct cfg_listener *b = &cfg->listeners[j];

			if (a->ip.family == 0 || a->udp_port != b->udp_port ||
				!cv_ip_equal(&a->ip, &b->ip))
				continue;
			cfg_fail(l, cfg_node_get(node, "address"), NULL,
				"listeners[%zu] has the same address and udp-port", j);
			break;
		}
	}
}

/* A router has one MAC address on a port, whichever listener says it. */
static void
check_gateway_macs(struct cfg_loader *l)
{
	static const uint8_t none[6];
	const struct cfg *cfg = l->cfg;
	const struct cfg_node *list = cfg_node_get(l->root, "listeners");
	const struct cfg_node *node = list == NULL ? NULL : list->first;

	for (size_t i = 0; i < cfg->n_listeners; i++, node = node->next) {
		const struct cfg_listener *a = &cfg->listeners[i];

		for (size_t j = 0; j < i && memcmp(a->gateway_mac, none, 6) != 0; j++) {
			const struct cfg_listener *b = &cfg->listeners[j];

			if (a->lan != b->lan || !cv_ip_equal(&a->gateway, &b->gateway) ||
				memcmp(b->gateway_mac, none, 6) == 0 ||
				memcmp(a->gateway_mac, b->gateway_mac, 6) == 0)
				continue;
			cfg_fail(l, cfg_node_get(node, "gateway-mac"), NULL,
				"listeners[%zu] has the same gateway with another gateway-mac", j);
			break;
		}
	}
}

/*
 * A limit within another: a larger one is never reached, which is said. One that was not said
 * itself gives way.
 */
static void
check_within(struct cfg_loader *l, const char *key, uint32_t *value, const char *outer_key,
	uint32_t outer)
{
	const struct cfg_node *limits = cfg_node_get(l->root, "limits");
	const struct cfg_node *node = cfg_node_get(limits, key);
	const struct cfg_node *by = cfg_node_get(limits, outer_key);
	char place[300] = "its default";

	if (outer == 0 || *value <= outer)
		return;
	if (node == NULL) {
		*value = outer;
		return;
	}
	if (by != NULL)
		snprintf(place, sizeof(place), "%.250s:%u", l->file, by->line);
	cfg_warn(l, node, NULL, "%u is more than limits.%s, %u (%s), and can't be reached", *value,
		outer_key, outer, place);
}

static void
check_limits(struct cfg_loader *l)
{
	struct cfg_limits *all = &l->cfg->limits;
	const struct cfg_node *limits = cfg_node_get(l->root, "limits");
	const struct cfg_node *tunnels = cfg_node_get(limits, "tunnels");
	uint64_t most = 65535 * (uint64_t)l->cfg->n_listeners;

	if (tunnels != NULL && most != 0 && l->cfg->limits.tunnels > most)
		cfg_fail(l, tunnels, NULL,
			"%u is out of range: at most 65535 for each listener, here %" PRIu64,
			l->cfg->limits.tunnels, most);
	/* half-open callers have no tunnels yet: there may be more of them */
	check_within(l, "tunnels-per-peer", &all->tunnels_per_peer, "tunnels", all->tunnels);
	check_within(
		l, "sessions-per-tunnel", &all->sessions_per_tunnel, "sessions", all->sessions);
}

void
cfg_check_all(struct cfg_loader *l)
{
	check_distinct(l, "ports", "name", l->cfg->n_ports);
	check_distinct(l, "ports", "device", l->cfg->n_ports);
	check_distinct(l, "vlans", "name", l->cfg->n_vlans);
	cfg_check_vlans(l);
	check_distinct(l, "filters", "name", l->cfg->n_filters);
	check_distinct(l, "groups", "name", l->cfg->n_groups);
	check_distinct(l, "interfaces", "name", l->cfg->n_interfaces);
	cfg_check_filters(l);
	check_listeners(l);
	check_gateway_macs(l);
	cfg_check_pools(l);
	cfg_check_uplinks(l);
	check_limits(l);
}
