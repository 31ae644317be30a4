/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interfaces and routes of a configuration in the data path. A port's interface there has its ID;
 * what is inside a realm by it has a group and a route's next hop an ID of their own.
 */
#include "uplinks.h"

/* Behind those of the configuration's groups. */
static uint16_t
group_of(const struct cfg_interface *i)
{
	return (uint16_t)(CV_GROUP_IDS + i->id);
}

const struct cfg_interface *
uplinks_by_iface(const struct cfg *cfg, uint16_t port)
{
	for (size_t i = 0; cfg != NULL && i < cfg->n_interfaces; i++)
		if (cfg->ports[cfg->interfaces[i].port].id == port)
			return &cfg->interfaces[i];
	return NULL;
}

int
uplinks_set_port(struct daemon *d, const struct cfg *cfg, const struct cfg_port *port)
{
	static const enum dp_proxy proxies[] = {[CFG_PROXY_OFF] = DP_PROXY_OFF,
		[CFG_PROXY_SESSIONS] = DP_PROXY_SESSIONS,
		[CFG_PROXY_POOLS] = DP_PROXY_POOLS};
	const struct cfg_interface *i = uplinks_by_iface(cfg, port->id);
	struct dp_iface iface = {.port = port->id, .mtu = port->mtu};

	if (i != NULL) {
		iface.inside = true;
		iface.realm = cfg->realms[i->realm].id;
		iface.group = group_of(i);
		iface.filter = cfg->filters[i->filter].id;
		iface.proxy = proxies[i->proxy];
	}
	return dp_iface_set(d->dp, port->id, &iface);
}

/* ---- interfaces ---- */

const void *
uplinks_interface_by_id(const struct cfg *cfg, uint16_t id)
{
	return cfg_interface_by_id(cfg, id);
}

const char *
uplinks_interface_name(const void *thing)
{
	return ((const struct cfg_interface *)thing)->name;
}

static bool
has_address(const struct cfg_interface *i, const struct cv_prefix *address)
{
	for (size_t k = 0; i != NULL && k < i->n_addresses; k++)
		if (i->addresses[k].length == address->length &&
			cv_ip_equal(&i->addresses[k].ip, &address->ip))
			return true;
	return false;
}

bool
uplinks_same_interface(
	const struct cfg *a_cfg, const void *va, const struct cfg *b_cfg, const void *vb)
{
	const struct cfg_interface *a = va, *b = vb;

	if (a->n_addresses != b->n_addresses || a->proxy != b->proxy ||
		a_cfg->ports[a->port].id != b_cfg->ports[b->port].id ||
		a_cfg->realms[a->realm].id != b_cfg->realms[b->realm].id ||
		a_cfg->filters[a->filter].id != b_cfg->filters[b->filter].id)
		return false;
	for (size_t k = 0; k < a->n_addresses; k++)
		if (a->addresses[k].length != b->addresses[k].length ||
			!cv_ip_equal(&a->addresses[k].ip, &b->addresses[k].ip))
			return false;
	return true;
}

/* What its ICMP comes from, its first address of each family; who is there is no client, and is
 * reached as a gateway alone. */
static int
set_group(struct daemon *d, const struct cfg_interface *i)
{
	struct dp_group group = {.mss_kept = true};

	for (size_t k = i->n_addresses; k-- > 0;)
		*(i->addresses[k].ip.family == CV_IPV4 ? &group.lns : &group.lns6) =
			i->addresses[k].ip;
	return dp_group_set(d->dp, group_of(i), &group);
}

/* Those of a port that `i` (NULL: nobody) does not have. */
static void
clear_addresses(struct daemon *d, uint16_t port, const struct cfg_interface *i)
{
	struct cv_prefix address;
	uint16_t iface;

	for (unsigned at = 0; dp_address_get(d->dp, at, &iface, &address) == 0;)
		if (iface != port || has_address(i, &address) ||
			dp_address_clear(d->dp, iface, &address) != 0)
			at++;
}

static bool
is_there(const struct daemon *d, uint16_t port, const struct cv_prefix *address)
{
	struct cv_prefix told;
	uint16_t iface;

	for (unsigned at = 0; dp_address_get(d->dp, at, &iface, &told) == 0; at++)
		if (iface == port && told.length == address->length &&
			cv_ip_equal(&told.ip, &address->ip))
			return true;
	return false;
}

int
uplinks_set_interface(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	const struct cfg_interface *i = thing;
	const struct cfg_port *port = &cfg->ports[i->port];
	int rc = set_group(d, i);

	(void)before;
	/* of the one that was there under another name, too */
	clear_addresses(d, port->id, i);
	if (rc == 0)
		rc = uplinks_set_port(d, cfg, port);
	for (size_t k = 0; rc == 0 && k < i->n_addresses; k++)
		if (!is_there(d, port->id, &i->addresses[k]))
			rc = dp_address_set(d->dp, port->id, &i->addresses[k]);
	return rc;
}

void
uplinks_clear_interface(
	struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	const struct cfg_interface *i = cfg_interface_by_id(gone, id);
	const struct cfg_port *port = &gone->ports[i->port];

	if (uplinks_by_iface(cfg, port->id) == NULL) {
		clear_addresses(d, port->id, NULL);
		(void)uplinks_set_port(d, cfg, port);
	}
	dp_group_clear(d->dp, group_of(i));
}

/* ---- routes ---- */

const void *
uplinks_route_by_id(const struct cfg *cfg, uint16_t id)
{
	return cfg_route_by_id(cfg, id);
}

const char *
uplinks_route_name(const void *thing)
{
	return ((const struct cfg_route *)thing)->name;
}

bool
uplinks_same_route(const struct cfg *a_cfg, const void *va, const struct cfg *b_cfg, const void *vb)
{
	const struct cfg_route *a = va, *b = vb;

	if (a->discard || b->discard)
		return a->discard == b->discard;
	return cv_ip_equal(&a->via, &b->via) &&
	       a_cfg->ports[a_cfg->interfaces[a->interface].port].id ==
		       b_cfg->ports[b_cfg->interfaces[b->interface].port].id;
}

int
uplinks_set_route(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	const struct cfg_route *r = thing;
	uint32_t word = dp_route_word(DP_ROUTE_DISCARD, 0);

	(void)before;
	if (!r->discard) {
		struct dp_via via = {
			.iface = cfg->ports[cfg->interfaces[r->interface].port].id, .ip = r->via};
		int rc = dp_via_set(d->dp, r->id, &via);

		if (rc != 0)
			return rc;
		word = dp_route_word(DP_ROUTE_VIA, r->id);
	}
	return dp_route_set(d->dp, cfg->realms[r->realm].id, &r->to, word);
}

void
uplinks_clear_route(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	const struct cfg_route *r = cfg_route_by_id(gone, id);

	(void)cfg;
	(void)dp_route_clear(d->dp, gone->realms[r->realm].id, &r->to);
	(void)dp_via_clear(d->dp, r->id);
}
