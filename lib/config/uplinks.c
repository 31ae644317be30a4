/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces inside realms and routes by them: what must hold among them, and with others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/private.h"

enum { NETWORK6_LONGEST = 64, IPV6_MTU_LEAST = 1280 };

/* ---- interfaces ---- */

static struct cv_prefix
network_of(const struct cv_prefix *own)
{
	struct cv_prefix net = *own;

	if (net.ip.family == CV_IPV6)
		cfg_mask6(&net);
	else
		net.ip = cv_ipv4(cv_ipv4_value(&own->ip) & cfg_mask(own->length));
	return net;
}

static const struct cfg_node *
item(const struct cfg_node *map, const char *key, size_t index)
{
	const struct cfg_node *list = cfg_node_get(map, key);
	const struct cfg_node *node = list == NULL || list->type != CFG_LIST ? NULL : list->first;

	if (node == NULL)
		return list == NULL ? map : list;
	while (index-- > 0 && node->next != NULL)
		node = node->next;
	return node;
}

/* Whether what comes by two LANs to an address of ours is for the same: ports without tags are one
 * outside, a VLAN is alone. */
static bool
are_together(const struct cfg *cfg, uint32_t a, uint32_t b)
{
	return a == b || (cfg_lan_vlan(cfg, a) == NULL && cfg_lan_vlan(cfg, b) == NULL);
}

/* Where another interface before it has the address, in its realm or where it can't be told from
 * it, or one of its realm the network. */
static void
check_others(struct cfg_loader *l, const struct cfg_node *node, size_t index, size_t at)
{
	const struct cfg_interface *own = &l->cfg->interfaces[index];
	const struct cv_prefix *a = &own->addresses[at];
	struct cv_prefix net = network_of(a);

	for (size_t i = 0; i <= index; i++) {
		const struct cfg_interface *other = &l->cfg->interfaces[i];

		for (size_t k = 0; k < (i < index ? other->n_addresses : at); k++) {
			const struct cv_prefix *b = &other->addresses[k];
			struct cv_prefix there = network_of(b);
			bool same = cv_ip_equal(&a->ip, &b->ip) &&
				    (other->realm == own->realm ||
					    are_together(l->cfg, other->lan, own->lan));

			if (!same && (other->realm != own->realm || there.length != net.length ||
					     !cv_ip_equal(&there.ip, &net.ip)))
				continue;
			cfg_fail(l, node, NULL, "interfaces[%zu] has the same %s", i,
				same ? "address" : "network");
			return;
		}
	}
}

/* Whether clients of a realm get prefixes of IPv6 in which an address is. */
static bool
in_pools6(const struct cfg *cfg, uint16_t realm, const struct cv_ip *ip)
{
	for (size_t i = 0; i < cfg->n_groups; i++) {
		const struct cfg_group *g = &cfg->groups[i];

		if (g->realm != realm)
			continue;
		for (size_t k = 0; k < g->n_pool6; k++)
			if (cv_prefix_contains(&g->pool6[k], ip))
				return true;
		for (size_t k = 0; k < g->n_delegate; k++)
			if (cv_prefix_contains(&g->delegate[k], ip))
				return true;
	}
	return false;
}

static bool
in_pools(const struct cfg_loader *l, uint16_t realm, const struct cv_ip *ip)
{
	return ip->family == CV_IPV4 ? cfg_in_pools(l, realm, ip) : in_pools6(l->cfg, realm, ip);
}

static void
check_address(struct cfg_loader *l, const struct cfg_node *node, size_t index, size_t at)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_interface *own = &cfg->interfaces[index];
	const struct cv_prefix *a = &own->addresses[at];
	const char *name = cfg_lan_name(cfg, own->lan);
	unsigned mtu = cfg_lan_mtu(cfg, own->lan);

	if (a->ip.family == CV_IPV6 && a->length > NETWORK6_LONGEST && a->length != 128)
		cfg_fail(l, node, NULL,
			"a network of IPv6 has 64 bits at most, or the address has 128");
	if (a->ip.family == CV_IPV6 && mtu != 0 && mtu < IPV6_MTU_LEAST)
		cfg_fail(l, node, NULL, "IPv6 needs an mtu of %u at least, and port %s has %u",
			IPV6_MTU_LEAST, name == NULL ? "" : name, mtu);
	for (size_t i = 0; i < cfg->n_listeners; i++)
		if (cv_ip_equal(&cfg->listeners[i].ip, &a->ip) &&
			cfg->listeners[i].lan != own->lan &&
			are_together(cfg, cfg->listeners[i].lan, own->lan))
			cfg_fail(l, node, NULL, "is the address of listeners[%zu], on another port",
				i);
	if (own->realm < cfg->n_realms && in_pools(l, own->realm, &a->ip))
		cfg_fail(l, node, NULL, "is in a pool of its realm: a client could get it");
	check_others(l, node, index, at);
}

static void
check_interfaces(struct cfg_loader *l)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_node *list = cfg_node_get(l->root, "interfaces");
	const struct cfg_node *node = list == NULL ? NULL : list->first;

	for (size_t i = 0; i < cfg->n_interfaces && node != NULL; i++, node = node->next) {
		for (size_t k = 0; k < i; k++)
			if (cfg->interfaces[k].lan == cfg->interfaces[i].lan &&
				cfg_lan_port(cfg, cfg->interfaces[i].lan) != NULL)
				cfg_fail(l, node, NULL,
					"interfaces[%zu] is on the same %s: there is one on each",
					k,
					cfg_lan_vlan(cfg, cfg->interfaces[i].lan) == NULL ? "port"
											  : "VLAN");
		for (size_t k = 0; k < cfg->interfaces[i].n_addresses; k++)
			if (cfg->interfaces[i].addresses[k].ip.family != 0)
				check_address(l, item(node, "addresses", k), i, k);
	}
}

/* A user who has an address of ours, or the network around it. */
static void
check_user(
	struct cfg_loader *l, const struct cfg_node *node, uint16_t realm, const struct cv_ip *ip)
{
	const struct cfg *cfg = l->cfg;
	const struct cv_prefix host = {.ip = *ip, .length = 128};
	const struct cfg_user *u = ip->family == CV_IPV4 ? cfg_address_user(cfg, realm, ip) : NULL;

	if (u != NULL)
		cfg_fail(l, node, NULL, "is the address of user %.*s", (int)u->name_len, u->name);
	else if (ip->family == CV_IPV6 && (cfg_fixed6_overlaps(cfg, false, realm, &host) ||
						  cfg_fixed6_overlaps(cfg, true, realm, &host)))
		cfg_fail(l, node, NULL, "is in a prefix that a user of its realm has");
}

void
cfg_check_interface_users(struct cfg_loader *l)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_node *list = cfg_node_get(l->root, "interfaces");
	const struct cfg_node *node = list == NULL ? NULL : list->first;

	for (size_t i = 0; i < cfg->n_interfaces && node != NULL; i++, node = node->next)
		for (size_t k = 0; k < cfg->interfaces[i].n_addresses; k++)
			check_user(l, item(node, "addresses", k), cfg->interfaces[i].realm,
				&cfg->interfaces[i].addresses[k].ip);
}

/* ---- routes ---- */

void
cfg_read_via(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cfg_via *via = at;

	char word[CFG_WORD_TEXT];

	if (node->type == CFG_SCALAR && strcmp(node->text, "discard") == 0)
		via->discard = true;
	else if (node->type == CFG_SCALAR && strpbrk(node->text, ".:") == NULL)
		cfg_fail(l, node, NULL,
			"%s is neither a router's address, as 192.0.2.1 or 2001:db8::1, nor "
			"discard",
			cfg_word(word, node));
	else
		cfg_read_gateway(l, k, node, &via->ip);
}

/* The interface by which a next hop is reached: the one that was said, or the one whose network has
 * it, of several networks the longest. *net: that network; as it was, where the next hop is
 * link-local. */
static uint16_t
interface_of(const struct cfg *cfg, const struct cfg_route *route, const struct cv_ip *ip,
	struct cv_prefix *net)
{
	bool local = ip->family == CV_IPV6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
	uint16_t by = UINT16_MAX;

	for (size_t i = 0; i < cfg->n_interfaces; i++) {
		const struct cfg_interface *own = &cfg->interfaces[i];

		if (own->realm != route->realm ||
			(route->interface != UINT16_MAX && route->interface != i))
			continue;
		for (size_t k = 0; k < own->n_addresses; k++) {
			const struct cv_prefix *a = &own->addresses[k];

			if (local && route->interface == i && a->ip.family == CV_IPV6)
				return (uint16_t)i;
			if (!cv_prefix_contains(a, ip) ||
				(by != UINT16_MAX && a->length < net->length))
				continue;
			by = (uint16_t)i;
			*net = *a;
		}
	}
	return by;
}

/* One next hop, which stands at node. */
static void
check_hop(struct cfg_loader *l, const struct cfg_node *node, const struct cfg_route *route,
	struct cfg_via *via)
{
	const struct cfg *cfg = l->cfg;
	char text[CV_IP_TEXT], network[CV_PREFIX_TEXT];
	struct cv_prefix net = {0};
	uint16_t by = interface_of(cfg, route, &via->ip, &net);

	if (via->ip.family != route->to.ip.family) {
		cfg_fail(l, node, NULL, "is of another family than what the route leads to");
		return;
	}
	if (by == UINT16_MAX) {
		cfg_fail(l, node, NULL, "%s is in no network of %s of the realm%s",
			cv_ip_text(&via->ip, text),
			route->interface == UINT16_MAX ? "an interface" : "that interface",
			via->ip.family == CV_IPV6 && route->interface == UINT16_MAX
				? "; where it is link-local, interface says by which it is"
				: "");
		return;
	}
	for (size_t k = 0; k < cfg->interfaces[by].n_addresses; k++)
		if (cv_ip_equal(&cfg->interfaces[by].addresses[k].ip, &via->ip))
			cfg_fail(l, node, NULL, "is our own address");
	if (net.ip.family != 0 && cfg_is_end(&net, &via->ip)) {
		net = network_of(&net);
		cfg_fail(l, node, NULL, "%s is no host in %s", cv_ip_text(&via->ip, text),
			cv_prefix_text(&net, network));
	}
	via->interface = by;
}

static void
check_via(struct cfg_loader *l, const struct cfg_node *node, struct cfg_route *route)
{
	const struct cfg_node *list = cfg_node_get(node, "via");
	const struct cfg_node *at = list == NULL || list->type != CFG_LIST ? list : list->first;

	for (size_t i = 0; i < route->n_via && at != NULL; i++, at = at->next) {
		struct cfg_via *via = &route->via[i];

		for (size_t k = 0; k < i && via->ip.family != 0; k++)
			if (cv_ip_equal(&route->via[k].ip, &via->ip)) {
				cfg_fail(l, at, NULL, "is there twice");
				break;
			}
		if (via->discard && route->n_via > 1)
			cfg_fail(
				l, at, NULL, "discard is for a route that has no router beside it");
		else if (via->ip.family != 0)
			check_hop(l, at, route, via);
	}
}

/* What leads elsewhere already, or must lead nowhere. */
static void
check_to(struct cfg_loader *l, const struct cfg_node *node, const struct cfg_route *route)
{
	const struct cfg *cfg = l->cfg;
	const struct cv_prefix *to = &route->to;
	const char *none = cfg_no_network(to);
	unsigned whole = to->ip.family == CV_IPV6 ? 128 : 32;

	if (none != NULL)
		cfg_fail(l, node, NULL, "%s", none);
	for (size_t i = 0; to->length == whole && i < cfg->n_groups; i++)
		if (cfg->groups[i].realm == route->realm &&
			(cv_ip_equal(&cfg->groups[i].address, &to->ip) ||
				cv_ip_equal(&cfg->groups[i].address6, &to->ip))) {
			cfg_fail(l, node, NULL, "is our own address in groups[%zu]", i);
			return;
		}
	for (size_t i = 0; i < cfg->n_interfaces; i++)
		for (size_t k = 0; k < cfg->interfaces[i].n_addresses; k++) {
			const struct cv_prefix *a = &cfg->interfaces[i].addresses[k];
			struct cv_prefix net = network_of(a);
			bool own = to->length == whole && cv_ip_equal(&a->ip, &to->ip);

			if (cfg->interfaces[i].realm != route->realm ||
				(!own && !cv_prefix_equal(&net, to)))
				continue;
			cfg_fail(l, node, NULL,
				own ? "is our own address on interfaces[%zu]"
				    : "is the network of interfaces[%zu]",
				i);
			return;
		}
}

/* A route by what it leads to. */
struct place {
	const struct cfg_route *route;
	const struct cfg_node *node;
};

int
cfg_compare_places(const struct cfg_route *a, const struct cfg_route *b)
{
	int order = (a->realm > b->realm) - (a->realm < b->realm);

	if (order == 0)
		order = (a->to.ip.family > b->to.ip.family) - (a->to.ip.family < b->to.ip.family);
	if (order == 0)
		order = memcmp(a->to.ip.bytes, b->to.ip.bytes, sizeof(a->to.ip.bytes));
	return order != 0 ? order : (a->to.length > b->to.length) - (a->to.length < b->to.length);
}

static int
by_place(const void *pa, const void *pb)
{
	const struct cfg_route *a = ((const struct place *)pa)->route;
	const struct cfg_route *b = ((const struct place *)pb)->route;
	int order = cfg_compare_places(a, b);

	return order != 0 ? order : (a > b) - (a < b);
}

/* Of those that lead to the same all but the first are wrong. */
static void
check_twice(struct cfg_loader *l, struct place *all, size_t n)
{
	size_t first = 0;

	if (n > 1)
		qsort(all, n, sizeof(*all), by_place);
	for (size_t i = 1; i < n && !cfg_enough(l); i++) {
		const struct cfg_route *a = all[first].route, *b = all[i].route;

		if (a->realm == b->realm && cv_prefix_equal(&a->to, &b->to))
			cfg_fail(l, cfg_node_get(all[i].node, "to"), NULL,
				"routes[%zu] leads to the same", (size_t)(a - l->cfg->routes));
		else
			first = i;
	}
}

static void
check_routes(struct cfg_loader *l)
{
	struct cfg *cfg = l->cfg;
	const struct cfg_node *list = cfg_node_get(l->root, "routes");
	const struct cfg_node *node = list == NULL ? NULL : list->first;
	struct place *all = cfg->n_routes == 0 ? NULL : cfg_scratch(l, cfg->n_routes, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; all != NULL && i < cfg->n_routes && node != NULL;
		i++, node = node->next) {
		struct cfg_route *route = &cfg->routes[i];

		if (route->to.ip.family == 0 || route->realm >= cfg->n_realms)
			continue;
		all[n++] = (struct place){route, node};
		check_to(l, cfg_node_get(node, "to"), route);
		check_via(l, node, route);
	}
	check_twice(l, all, n);
}

/* ---- a routing daemon beside us ---- */

/* Whether a port is a device of the kernel's of this name. */
static bool
is_port(const struct cfg *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->n_ports; i++)
		if ((cfg->ports[i].kind == CFG_PORT_AF_PACKET ||
			    cfg->ports[i].kind == CFG_PORT_TAP) &&
			cfg->ports[i].device != NULL && strcmp(cfg->ports[i].device, name) == 0)
			return true;
	return false;
}

static void
check_kernel(struct cfg_loader *l, const struct cfg_node *node, size_t index)
{
	const struct cfg *cfg = l->cfg;
	const char *name = cfg->interfaces[index].kernel;

	if (name == NULL)
		return;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		cfg_fail(l, node, NULL, "is no name that an interface can have");
	if (is_port(cfg, name))
		cfg_fail(l, node, NULL, "%s is the device of a port", name);
	for (size_t i = 0; i < index; i++)
		if (cfg->interfaces[i].kernel != NULL &&
			strcmp(cfg->interfaces[i].kernel, name) == 0) {
			cfg_fail(l, node, NULL, "%s is that of interfaces[%zu]", name, i);
			return;
		}
}

static bool
has_kernel(const struct cfg *cfg, uint16_t realm)
{
	for (size_t i = 0; i < cfg->n_interfaces; i++)
		if (cfg->interfaces[i].realm == realm && cfg->interfaces[i].kernel != NULL)
			return true;
	return false;
}

/* What is said in vain. */
static void
check_table(struct cfg_loader *l, const struct cfg_node *node, const struct cfg_kernel_table *t)
{
	static const char *const announced[] = {"announce-table", "announce-metric"};
	const struct cfg *cfg = l->cfg;

	for (size_t i = 0; t->announce != CFG_ANNOUNCE_POOLS && i < 2; i++)
		if (cfg_node_get(node, announced[i]) != NULL)
			cfg_warn(l, cfg_node_get(node, announced[i]), NULL,
				"is of no use without announce: pools");
	if (!has_kernel(cfg, t->realm))
		cfg_warn(l, node, NULL,
			"no interface of realm %s has kernel: nothing that is learned leads "
			"anywhere",
			cfg->realms[t->realm].name);
}

static void
check_kernels(struct cfg_loader *l)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_node *list = cfg_node_get(l->root, "interfaces");
	const struct cfg_node *node = list == NULL ? NULL : list->first;

	for (size_t i = 0; i < cfg->n_interfaces && node != NULL; i++, node = node->next)
		check_kernel(l, cfg_node_get(node, "kernel"), i);
	list = cfg_node_get(l->root, "kernel-tables");
	node = list == NULL ? NULL : list->first;
	for (size_t i = 0; i < cfg->n_kernel_tables && node != NULL; i++, node = node->next)
		for (size_t k = 0; k < i; k++)
			if (cfg->kernel_tables[k].realm == cfg->kernel_tables[i].realm &&
				cfg->kernel_tables[i].realm < cfg->n_realms)
				cfg_fail(l, node, NULL, "kernel-tables[%zu] is of the same realm",
					k);
}

void
cfg_check_uplinks(struct cfg_loader *l)
{
	check_interfaces(l);
	check_routes(l);
	check_kernels(l);
}

void
cfg_check_kernel_tables(struct cfg_loader *l)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_node *list = cfg_node_get(l->root, "kernel-tables");
	const struct cfg_node *node = list == NULL ? NULL : list->first;

	for (size_t i = 0; i < cfg->n_kernel_tables && node != NULL; i++, node = node->next)
		check_table(l, node, &cfg->kernel_tables[i]);
}
