/* SPDX-License-Identifier: BSD-3-Clause */
/* culvertctl interfaces, realms, routes and lookup: where packets go that leave a tunnel. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "datapath/info.h"
#include "datapath/routes.h"
#include "lans.h"
#include "uplinks.h"

/* Adds a prefix to a list; what has no room is dots. */
static void
add_prefix(char list[ROW_PREFIXES], const struct cv_prefix *prefix)
{
	char text[CV_PREFIX_TEXT];
	size_t used = strlen(list);

	if (used + CV_PREFIX_TEXT + 4 < ROW_PREFIXES)
		snprintf(list + used, ROW_PREFIXES - used, "%s%s", used == 0 ? "" : " ",
			cv_prefix_text(prefix, text));
	else if (used < 3 || strcmp(list + used - 3, "...") != 0)
		snprintf(list + used, ROW_PREFIXES - used, " ...");
}

/* ---- interfaces ---- */

static bool
next_interface(struct daemon *d, struct page *page, void *out)
{
	static const char *const proxies[] = {[CFG_PROXY_OFF] = "off",
		[CFG_PROXY_SESSIONS] = "sessions",
		[CFG_PROXY_POOLS] = "pools"};
	struct interface_row *row = out;
	const struct cfg_interface *i;
	struct dp_iface told;

	if (page->cursor >= d->cfg->n_interfaces) {
		page->cursor = 0;
		return false;
	}
	i = &d->cfg->interfaces[page->cursor++];
	*row = (struct interface_row){.name = i->name,
		.port = cfg_lan_port(d->cfg, i->lan)->name,
		.realm = d->cfg->realms[i->realm].name,
		.filter = d->cfg->filters[i->filter].name,
		.proxy = proxies[i->proxy]};
	told = lans_told(d->cfg, i->lan);
	row->vlan = lans_vlan_text(told.outer, told.vlan, row->vlan_text);
	for (size_t k = 0; k < i->n_addresses; k++)
		add_prefix(row->addresses, &i->addresses[k]);
	(void)dp_iface_info(d->dp, lans_iface(d->cfg, i->lan), &row->i);
	return true;
}

json_t *
cmd_interfaces(struct daemon *d, json_t *arguments, struct control_error *error)
{
	return command_page(d, arguments, &view_interfaces, next_interface, error);
}

/* ---- realms ---- */

static bool
next_realm(struct daemon *d, struct page *page, void *out)
{
	struct realm_row *row = out;
	const struct cfg_realm *realm;
	const struct cv_prefix *pools;
	uint16_t n = 0;

	if (page->cursor >= d->cfg->n_realms) {
		page->cursor = 0;
		return false;
	}
	realm = &d->cfg->realms[page->cursor++];
	*row = (struct realm_row){.name = realm->name};
	dp_realm_use(d->dp, realm->id, &row->use);
	for (size_t g = 0; g < d->cfg->n_groups; g++)
		row->groups += &d->cfg->realms[d->cfg->groups[g].realm] == realm;
	if (dp_realm_get(d->dp, realm->id, &pools, &n) != 0)
		n = 0;
	for (uint16_t i = 0; i < n; i++)
		add_prefix(row->pools, &pools[i]);
	return true;
}

json_t *
cmd_realms(struct daemon *d, json_t *arguments, struct control_error *error)
{
	return command_page(d, arguments, &view_realms, next_realm, error);
}

/* ---- routes ---- */

/* What the data path says, in words. */
static void
complete_leads(const struct daemon *d, struct leads_row *row)
{
	static const char *const kinds[] = {[DP_ROUTE_NOBODY] = "none",
		[DP_ROUTE_SESSION] = "session",
		[DP_ROUTE_SELF] = "own",
		[DP_ROUTE_VIA] = "via",
		[DP_ROUTE_LINK] = "connected",
		[DP_ROUTE_DISCARD] = "discard",
		[DP_ROUTE_DIAL] = "peer"};
	static const char *const states[] = {[DP_HOP_UNKNOWN] = "unknown",
		[DP_HOP_ASKING] = "asking",
		[DP_HOP_RESOLVED] = "resolved",
		[DP_HOP_CONFIGURED] = "configured"};
	const struct dp_leads *l = &row->l;
	const struct cfg_interface *by = NULL;

	row->leads_to = kinds[l->kind];
	row->interface = row->state = row->mac = NULL;
	row->next_hop = l->hop;
	if (l->kind == DP_ROUTE_VIA || l->kind == DP_ROUTE_LINK)
		by = uplinks_by_iface(d->cfg, l->iface);
	if (by != NULL)
		row->interface = by->name;
	if (l->hop.family == 0)
		return;
	row->state = states[l->state];
	if (l->state == DP_HOP_RESOLVED || l->state == DP_HOP_CONFIGURED)
		row->mac = command_mac(l->mac, row->mac_text);
}

/* Where the walk through all realms' routes was when a page ended: the next one goes on there, or
 * walks again from the start. */
struct walk {
	uint64_t passed;     /* rows: a route's, or of each of its next hops */
	size_t realm;        /* position */
	struct cv_prefix at; /* of it, the last one; family 0: none yet */
	uint32_t word;       /* of that one, */
	unsigned hop, hops;  /* and of its next hops the one that was told */
};

/* only: the realm that is asked for, or NULL. */
static bool
walk_on(const struct daemon *d, const struct cfg_realm *only, struct walk *w)
{
	if (w->hop + 1 < w->hops) {
		w->hop++;
		w->passed++;
		return true;
	}
	for (; w->realm < d->cfg->n_realms; w->realm++, w->at = (struct cv_prefix){0}) {
		const struct cfg_realm *realm = &d->cfg->realms[w->realm];

		if (only != NULL && realm != only)
			continue;
		if (dp_route_next(d->dp, realm->id, &w->at, &w->word)) {
			w->passed++;
			w->hop = 0;
			w->hops = dp_route_kind(w->word) != DP_ROUTE_VIA
					  ? 1
					  : dp_via_get(d->dp, (uint16_t)(w->word & DP_ROUTE_INDEX),
						    NULL);
			return true;
		}
	}
	return false;
}

static struct {
	struct walk walk;
	const struct cfg_realm *only;
	const struct cfg *cfg;
} routes;

static bool
next_route(struct daemon *d, struct page *page, void *out)
{
	struct leads_row *row = out;

	if (routes.cfg != d->cfg || routes.walk.passed != page->cursor) {
		routes.cfg = d->cfg;
		routes.walk = (struct walk){0};
	}
	do {
		if (!walk_on(d, routes.only, &routes.walk)) {
			page->cursor = 0;
			return false;
		}
	} while (routes.walk.passed <= page->cursor);
	page->cursor = routes.walk.passed;
	row->realm = d->cfg->realms[routes.walk.realm].name;
	row->prefix = cv_prefix_text(&routes.walk.at, row->prefix_text);
	dp_route_leads(d->dp, routes.walk.word, routes.walk.hop, &row->l);
	complete_leads(d, row);
	return true;
}

json_t *
cmd_routes(struct daemon *d, json_t *arguments, struct control_error *error)
{
	const char *name = command_string(arguments, "realm");
	const struct cfg_realm *only = NULL;

	if (name != NULL && !command_realm(d, name, &only, error))
		return NULL;
	if (only != routes.only)
		routes.cfg = NULL; /* another walk */
	routes.only = only;
	return command_page(d, arguments, &view_routes, next_route, error);
}

/* ---- lookup ---- */

static void
complete_session(const struct daemon *d, struct lookup_row *row)
{
	struct lns_session_info info;
	struct dp_session s;

	if (dp_session_get(d->dp, row->r.l.slot, &s) != 0)
		return;
	row->session = id_session(d, s.service, s.tunnel_id, s.session_id, row->id);
	row->peer = cv_endpoint_text(&s.peer, row->peer_text);
	if (lns_find_session(d->lns, s.service, s.tunnel_id, s.session_id, &info) == 0)
		return;
	row->serial = id_serial(info.serial, row->serial_text);
	row->user = info.user;
}

static void
say_hop(struct lookup_row *row)
{
	const struct leads_row *r = &row->r;
	char hop[CV_IP_TEXT];
	const char *known = r->mac == NULL ? "whose MAC address is not known" : "at ";

	if (r->l.state == DP_HOP_ASKING)
		known = "which has not answered yet";
	cv_ip_text(&r->l.hop, hop);
	if (r->l.kind == DP_ROUTE_VIA && r->l.hops > 1)
		snprintf(row->why, sizeof(row->why),
			"route %s leads to one of %u next hops, by flow: as %s by interface %s, "
			"%s%s",
			r->prefix, r->l.hops, hop, r->interface, known,
			r->mac == NULL ? "" : r->mac);
	else if (r->l.kind == DP_ROUTE_VIA)
		snprintf(row->why, sizeof(row->why),
			"route %s leads by interface %s to the next hop %s, %s%s", r->prefix,
			r->interface, hop, known, r->mac == NULL ? "" : r->mac);
	else
		snprintf(row->why, sizeof(row->why),
			"%s is the network of interface %s; it goes to the host itself, %s%s",
			r->prefix, r->interface, known, r->mac == NULL ? "" : r->mac);
}

static void
say_why(struct lookup_row *row)
{
	const struct leads_row *r = &row->r;

	switch (r->l.kind) {
	case DP_ROUTE_SESSION:
		snprintf(row->why, sizeof(row->why), "session %s%s%s has %s, in a tunnel of %s",
			row->session, row->user == NULL ? "" : " of ",
			row->user == NULL ? "" : row->user, r->prefix, row->peer);
		return;
	case DP_ROUTE_VIA:
	case DP_ROUTE_LINK:
		say_hop(row);
		return;
	case DP_ROUTE_SELF:
		snprintf(row->why, sizeof(row->why),
			"it is an address of ours: echo requests are answered, little else is");
		return;
	case DP_ROUTE_DISCARD:
		snprintf(row->why, sizeof(row->why), "route %s discards it, in silence", r->prefix);
		return;
	case DP_ROUTE_DIAL:
		snprintf(row->why, sizeof(row->why),
			"%s is behind a peer that is not up: it has the peer dialled, and is lost",
			r->prefix);
		return;
	default:
		break;
	}
	if (r->prefix == NULL)
		snprintf(row->why, sizeof(row->why),
			"no session has it and no route leads there: its sender is told so");
	else
		snprintf(row->why, sizeof(row->why),
			"route %s leads nowhere: its next hop is not set, or the session that it "
			"is behind is not open; its sender is told so",
			r->prefix);
}

json_t *
cmd_lookup(struct daemon *d, json_t *arguments, struct control_error *error)
{
	const char *name = command_string(arguments, "realm");
	const char *text = command_string(arguments, "address");
	const struct cfg_realm *realm;
	struct lookup_row row = {0};
	struct leads_row *r = &row.r;

	if (name == NULL || text == NULL) {
		control_fail(error, CONTROL_USAGE,
			"'lookup' needs a realm and an address, as 'lookup %s 203.0.113.7'",
			d->cfg->n_realms == 0 ? "default" : d->cfg->realms[0].name);
		return NULL;
	}
	if (!command_realm(d, name, &realm, error))
		return NULL;
	if (cv_ip_parse(text, &row.address) != 0) {
		control_fail(error, CONTROL_USAGE,
			"an address is IPv4 or IPv6, as 10.88.1.1 or 2001:db8::1, not '%.60s'",
			text);
		return NULL;
	}
	if (dp_lookup(d->dp, realm->id, &row.address, &r->l) != 0) {
		control_fail(error, CONTROL_USAGE,
			"no realm leads to '%.60s': it is multicast, link-local or loopback", text);
		return NULL;
	}
	r->realm = realm->name;
	if (r->l.prefix.ip.family != 0)
		r->prefix = cv_prefix_text(&r->l.prefix, r->prefix_text);
	complete_leads(d, r);
	if (r->l.kind == DP_ROUTE_SESSION)
		complete_session(d, &row);
	say_why(&row);
	return view_row(&view_lookup, &row);
}
