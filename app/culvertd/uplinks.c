/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interfaces and routes of a configuration in the data path. What is on a port or VLAN is told of
 * the data path's interface of that (lans.h); it has a group and a route's next hop an ID of their
 * own.
 */
#include "uplinks.h"
#include "datapath/routes.h"

#include "lans.h"

/* Behind those of the configuration's groups. */
static uint16_t
group_of(const struct cfg_interface *i)
{
	return (uint16_t)(CV_GROUP_IDS + i->id);
}

const struct cfg_interface *
uplinks_by_iface(const struct cfg *cfg, uint16_t iface)
{
	for (size_t i = 0; cfg != NULL && i < cfg->n_interfaces; i++)
		if (lans_iface(cfg, cfg->interfaces[i].lan) == iface)
			return &cfg->interfaces[i];
	return NULL;
}

int
uplinks_set_lan(struct daemon *d, const struct cfg *cfg, uint32_t lan)
{
	static const enum dp_proxy proxies[] = {[CFG_PROXY_OFF] = DP_PROXY_OFF,
		[CFG_PROXY_SESSIONS] = DP_PROXY_SESSIONS,
		[CFG_PROXY_POOLS] = DP_PROXY_POOLS};
	const struct cfg_interface *i = uplinks_by_iface(cfg, lans_iface(cfg, lan));
	struct dp_iface told = lans_told(cfg, lan);

	if (i != NULL) {
		told.inside = true;
		told.realm = cfg->realms[i->realm].id;
		told.group = group_of(i);
		told.filter = cfg->filters[i->filter].id;
		told.proxy = proxies[i->proxy];
		told.kernel = i->kernel != NULL;
	}
	return dp_iface_set(d->dp, lans_iface(cfg, lan), &told);
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
		(a->kernel == NULL) != (b->kernel == NULL) ||
		lans_iface(a_cfg, a->lan) != lans_iface(b_cfg, b->lan) ||
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

/* Those of an interface of the data path that `i` (NULL: nobody) does not have. */
static void
clear_addresses(struct daemon *d, uint16_t own, const struct cfg_interface *i)
{
	struct cv_prefix address;
	uint16_t iface;

	for (unsigned at = 0; dp_address_get(d->dp, at, &iface, &address) == 0;)
		if (iface != own || has_address(i, &address) ||
			dp_address_clear(d->dp, iface, &address) != 0)
			at++;
}

static bool
is_there(const struct daemon *d, uint16_t own, const struct cv_prefix *address)
{
	struct cv_prefix told;
	uint16_t iface;

	for (unsigned at = 0; dp_address_get(d->dp, at, &iface, &told) == 0; at++)
		if (iface == own && told.length == address->length &&
			cv_ip_equal(&told.ip, &address->ip))
			return true;
	return false;
}

int
uplinks_set_interface(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	const struct cfg_interface *i = thing;
	uint16_t iface = lans_iface(cfg, i->lan);
	int rc = set_group(d, i);

	(void)before;
	if (rc == 0)
		rc = uplinks_set_lan(d, cfg, i->lan);
	for (size_t k = 0; rc == 0 && k < i->n_addresses; k++)
		if (!is_there(d, iface, &i->addresses[k]))
			rc = dp_address_set(d->dp, iface, &i->addresses[k]);
	return rc;
}

/* Nothing is inside by it any more. CV_ERR_EXISTS: somebody's next hops are by it. */
static int
leave(struct daemon *d, uint16_t iface)
{
	struct dp_iface told;

	clear_addresses(d, iface, NULL);
	if (dp_iface_get(d->dp, iface, &told) != 0 || !told.inside)
		return 0;
	told.inside = false;
	return dp_iface_set(d->dp, iface, &told);
}

void
uplinks_clear_interface(
	struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	const struct cfg_interface *i = cfg_interface_by_id(gone, id);
	uint16_t iface = lans_iface(gone, i->lan);

	if (uplinks_by_iface(cfg, iface) == NULL)
		(void)leave(d, iface); /* uplinks_leave has come before */
	dp_group_clear(d->dp, group_of(i));
}

/* Whether an interface of before is inside the same realm in the next configuration, too. */
static bool
stays(const struct cfg *before, size_t i, const struct cfg *next)
{
	const struct cfg_interface *was = &before->interfaces[i];
	const struct cfg_interface *is = uplinks_by_iface(next, lans_iface(before, was->lan));

	return is != NULL && next->realms[is->realm].id == before->realms[was->realm].id;
}

/* The next hops of a route, of which the interface stays in the next configuration; NULL: all. How
 * many. */
static unsigned
hops_of(const struct cfg *cfg, const struct cfg_route *r, const struct cfg *next,
	struct dp_via hops[CV_HOPS_MAX])
{
	unsigned n = 0;

	for (size_t i = 0; i < r->n_via; i++)
		if (!r->via[i].discard && (next == NULL || stays(cfg, r->via[i].interface, next)))
			hops[n++] = (struct dp_via){
				.iface = lans_iface(cfg, cfg->interfaces[r->via[i].interface].lan),
				.ip = r->via[i].ip};
	return n;
}

/* A route goes with the last of the interfaces that it is by. */
static void
leave_route(struct daemon *d, const struct cfg *before, const struct cfg_route *r,
	const struct cfg *next)
{
	struct dp_via hops[CV_HOPS_MAX];
	unsigned all = hops_of(before, r, NULL, hops), n = hops_of(before, r, next, hops);

	if (n != all && (n == 0 || dp_via_set(d->dp, r->id, hops, n) != 0))
		uplinks_clear_route(d, before, before, r->id);
}

/* Routes first: a next hop can't be set any more whose address or interface is gone. */
int
uplinks_leave(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const char **stays_there)
{
	int rc = 0, left;

	for (size_t r = 0; before != NULL && r < before->n_routes; r++)
		leave_route(d, before, &before->routes[r], cfg);
	for (size_t i = 0; before != NULL && i < before->n_interfaces; i++) {
		uint16_t iface = lans_iface(before, before->interfaces[i].lan);

		if (stays(before, i, cfg))
			clear_addresses(d, iface, uplinks_by_iface(cfg, iface));
		else if ((left = leave(d, iface)) != 0) {
			*stays_there = before->interfaces[i].name;
			rc = left;
		}
	}
	return rc;
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

static bool
same_via(const struct cfg *a_cfg, const struct cfg_via *a, const struct cfg *b_cfg,
	const struct cfg_via *b)
{
	if (a->discard || b->discard)
		return a->discard == b->discard;
	return cv_ip_equal(&a->ip, &b->ip) &&
	       lans_iface(a_cfg, a_cfg->interfaces[a->interface].lan) ==
		       lans_iface(b_cfg, b_cfg->interfaces[b->interface].lan);
}

bool
uplinks_same_route(const struct cfg *a_cfg, const void *va, const struct cfg *b_cfg, const void *vb)
{
	const struct cfg_route *a = va, *b = vb;

	if (a->n_via != b->n_via)
		return false;
	for (size_t i = 0; i < a->n_via; i++)
		if (!same_via(a_cfg, &a->via[i], b_cfg, &b->via[i]))
			return false;
	return true;
}

int
uplinks_set_route(
	struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	const struct cfg_route *r = thing;
	uint32_t word = dp_route_word(DP_ROUTE_DISCARD, 0);
	struct dp_via hops[CV_HOPS_MAX];
	unsigned n = hops_of(cfg, r, NULL, hops);
	int rc;

	(void)before;
	if (n != 0) {
		rc = dp_via_set(d->dp, r->id, hops, n);
		if (rc != 0)
			return rc;
		word = dp_route_word(DP_ROUTE_VIA, r->id);
	}
	rc = dp_route_set(d->dp, cfg->realms[r->realm].id, &r->to, word);
	if (n == 0) /* the next hops that it had */
		(void)dp_via_clear(d->dp, r->id);
	return rc;
}

void
uplinks_clear_route(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	const struct cfg_route *r = cfg_route_by_id(gone, id);

	(void)cfg;
	(void)dp_route_clear(d->dp, gone->realms[r->realm].id, &r->to);
	(void)dp_via_clear(d->dp, r->id);
}
