/* SPDX-License-Identifier: BSD-3-Clause */
/* Peers that are dialled: where they are, and what must hold for each and among them. */
#include <stdio.h>
#include <stdlib.h>

#include "config/private.h"

enum { PORT_DEFAULT = 1701, NAME_MOST = 253, LABEL_MOST = 63 };

/* ---- where a peer is ---- */

/* A name that DNS may have (RFC 1123 section 2.1), and no address that was misspelt. */
static bool
is_host_name(const char *text, size_t len)
{
	size_t label = 0;
	bool digits = true;

	if (len == 0 || len > NAME_MOST)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool digit = c >= '0' && c <= '9';
		bool edge = label == 0 || i + 1 == len || text[i + 1] == '.';

		if (c == '.') {
			if (label == 0 || i + 1 == len)
				return false;
			label = 0;
			digits = true;
			continue;
		}
		if (!digit && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
			!((c == '-' || c == '_') && !edge))
			return false;
		digits &= digit;
		if (++label > LABEL_MOST)
			return false;
	}
	return !digits;
}

/* A port behind a colon; false: it is none. */
static bool
read_port(const char *text, uint16_t *port)
{
	uint64_t value;

	if (!cfg_digits(text, strlen(text), &value) || value == 0 || value > UINT16_MAX)
		return false;
	*port = (uint16_t)value;
	return true;
}

/* ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT, NAME or NAME:PORT; *host: what is before the port. */
static bool
split(char *text, struct cfg_target *t, char **host)
{
	char *colon = strrchr(text, ':');
	bool plain6 = colon != NULL && strchr(text, ':') != colon && text[0] != '[';

	*host = text;
	t->at.port = PORT_DEFAULT;
	if (text[0] == '[') {
		char *end = strchr(text, ']');

		if (end == NULL || end[1] != ':' || !read_port(end + 2, &t->at.port))
			return false;
		*end = '\0';
		*host = text + 1;
	} else if (colon != NULL && !plain6) {
		if (!read_port(colon + 1, &t->at.port))
			return false;
		*colon = '\0';
	}
	return true;
}

/* An address of a station elsewhere, or a name (*name: host itself); false: that was reported. */
static bool
read_host(struct cfg_loader *l, const struct cfg_node *node, const char *host, const char **name,
	struct cv_ip *ip)
{
	char word[CFG_WORD_TEXT];

	*name = NULL;
	if (cv_ip_parse(host, ip) == 0) {
		if (cfg_is_station(ip))
			return true;
		cfg_fail(l, node, NULL, "%s is not the address of a host elsewhere",
			cfg_word(word, node));
		return false;
	}
	*ip = (struct cv_ip){0};
	*name = host;
	if (is_host_name(host, strlen(host)))
		return true;
	cfg_fail(l, node, NULL, "%s is neither an address nor a DNS name", cfg_word(word, node));
	return false;
}

void
cfg_read_target(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT], *text, *host;
	struct cfg_target t = {0};

	(void)k;
	if (!cfg_want_scalar(l, node))
		return;
	text = cfg_copy(l, l->keep, node->text, node->len);
	t.text = cfg_copy(l, l->keep, node->text, node->len);
	if (text == NULL || t.text == NULL)
		return;
	if (strlen(text) != node->len || !split(text, &t, &host)) {
		cfg_fail(l, node, NULL,
			"%s is not ADDRESS, NAME, or one of them with :PORT, as 192.0.2.1, "
			"[2001:db8::1]:1701 or lns.example.net",
			cfg_word(word, node));
	} else if (read_host(l, node, host, &t.name, &t.at.ip)) {
		memcpy(at, &t, sizeof(t));
	}
}

void
cfg_read_host(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cfg_host h = {0};

	(void)k;
	if (!cfg_want_scalar(l, node))
		return;
	h.text = cfg_copy(l, l->keep, node->text, node->len);
	if (h.text != NULL && read_host(l, node, h.text, &h.name, &h.ip))
		memcpy(at, &h, sizeof(h));
}

/* ---- its own keys ---- */

/* We prove who we are, or the peer does; or it has the calls of others. */
static void
check_proof(struct cfg_loader *l, const struct cfg_node *map, bool handed)
{
	static const char *const ours[] = {"password-file", "group", "address", "routes"};
	bool user = cfg_node_get(map, "user") != NULL;
	bool peer_user = cfg_node_get(map, "peer-user") != NULL;

	if (handed)
		return;
	if (user == peer_user)
		cfg_fail_key(l, map, "user",
			user ? "either user, as which we prove ourselves to it, or peer-user, not "
			       "both"
			     : "is required, with password-file; or peer-user: the user that it "
			       "must prove to be; or an entry of hand-on with it");
	if (user && !peer_user && cfg_node_get(map, "password-file") == NULL &&
		cfg_node_get(map, "password") == NULL)
		cfg_fail_key(l, map, "password-file", "is required with user");
	for (size_t i = 0; peer_user && !user && i < sizeof(ours) / sizeof(ours[0]); i++)
		if (cfg_node_get(map, ours[i]) != NULL)
			cfg_fail_key(l, map, ours[i],
				i == 0 ? "is the user's who is said in peer-user: leave it out"
				       : "is what the user of peer-user has: say it there");
}

void
cfg_check_dial(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_dial *d = base;
	bool file = cfg_node_get(map, "secret-file") != NULL;
	bool none = cfg_node_get(map, "secret") != NULL;

	if (file == none)
		cfg_fail_key(l, map, file ? "secret" : "secret-file",
			file ? "either secret-file or secret: none, not both"
			     : "is required, or secret: none");
	if (cfg_node_get(map, "user") != NULL && d->group == CFG_NO_INDEX &&
		cfg_node_get(map, "group") == NULL && l->cfg->n_groups > 1)
		cfg_fail(l, map, "group", "is required with user, as there are %zu of them",
			l->cfg->n_groups);
	if (d->start == CFG_START_ALWAYS && d->idle_ns != 0)
		cfg_fail_key(l, map, "idle",
			"needs start: traffic; a peer that is always there is not hung up");
	if (d->start == CFG_START_TRAFFIC && cfg_node_get(map, "user") != NULL && d->n_routes == 0)
		cfg_fail_key(l, map, "start", "traffic needs routes, for which it is to come");
}

/* ---- among others ---- */

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

/* Whether a listener that it may be dialled from has the family. */
static bool
has_listener(const struct cfg *cfg, const struct cfg_dial *d, enum cv_family family)
{
	for (size_t i = 0; i < cfg->n_listeners; i++)
		if (cfg->listeners[i].ip.family == family &&
			(d->listener == CFG_NO_INDEX || d->listener == i))
			return true;
	return false;
}

static void
check_targets(struct cfg_loader *l, const struct cfg_node *map, const struct cfg_dial *d)
{
	const struct cfg *cfg = l->cfg;

	for (size_t i = 0; i < d->n_to; i++) {
		const struct cfg_target *t = &d->to[i];
		const struct cfg_node *node = item(map, "to", i);

		if (t->at.ip.family == 0)
			continue;
		if (!has_listener(cfg, d, t->at.ip.family))
			cfg_fail(l, node, NULL, "is of IPv%d, and %s",
				t->at.ip.family == CV_IPV6 ? 6 : 4,
				d->listener == CFG_NO_INDEX ? "no listener is"
							    : "its listener is not");
		for (size_t k = 0; k < cfg->n_listeners; k++)
			if (cv_ip_equal(&cfg->listeners[k].ip, &t->at.ip)) {
				cfg_fail(l, node, NULL, "is our own: listeners[%zu]", k);
				break;
			}
	}
}

/* With an address, or networks, for which traffic may come. */
static void
check_peer_user(struct cfg_loader *l, const struct cfg_node *map, const struct cfg_dial *d)
{
	const struct cfg_user *user;

	if (d->peer_user == NULL)
		return;
	user = cfg_user_find(l->cfg, d->peer_user, strlen(d->peer_user));
	if (user == NULL)
		cfg_fail_key(l, map, "peer-user", "there is no such user");
	else if (d->start == CFG_START_TRAFFIC && user->n_routes == 0)
		cfg_fail_key(l, map, "start", "traffic needs routes of the user of peer-user");
}

/* An address inside that it says for its own. */
static void
check_address(struct cfg_loader *l, const struct cfg_node *map, size_t index)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_dial *d = &cfg->dials[index];
	const struct cfg_node *node = cfg_node_get(map, "address");
	uint16_t realm;

	if (d->user == NULL || d->address.family == 0 || d->group >= cfg->n_groups)
		return;
	realm = cfg->groups[d->group].realm;
	for (size_t i = 0; i < cfg->n_groups; i++)
		if (cfg->groups[i].realm == realm &&
			cv_ip_equal(&cfg->groups[i].address, &d->address))
			cfg_fail(l, node, NULL, "is our own in groups[%zu]", i);
	if (cfg_in_pools(l, realm, &d->address))
		cfg_fail(l, node, NULL, "is in a pool of its realm: a client could get it");
	for (size_t i = 0; i < cfg->n_interfaces; i++)
		for (size_t k = 0; k < cfg->interfaces[i].n_addresses; k++)
			if (cfg->interfaces[i].realm == realm &&
				cv_prefix_contains(&cfg->interfaces[i].addresses[k], &d->address))
				cfg_fail(l, node, NULL,
					"is in the network of interfaces[%zu]: it is somebody's "
					"there",
					i);
	for (size_t i = 0; i < cfg->n_users; i++)
		if (cfg->users[i].group < cfg->n_groups &&
			cfg->groups[cfg->users[i].group].realm == realm &&
			cv_ip_equal(&cfg->users[i].address, &d->address))
			cfg_fail(l, node, NULL, "is the address of user %s", cfg->users[i].name);
	for (size_t i = 0; i < index; i++)
		if (cfg->dials[i].group < cfg->n_groups &&
			cfg->groups[cfg->dials[i].group].realm == realm &&
			cv_ip_equal(&cfg->dials[i].address, &d->address))
			cfg_fail(l, node, NULL, "is already that of dial[%zu]", i);
}

static void
check_name(struct cfg_loader *l, const struct cfg_node *map, size_t index)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_dial *d = &cfg->dials[index];

	if (d->name == NULL)
		return;
	for (size_t i = 0; i < index; i++)
		if (cfg->dials[i].name != NULL && strcmp(cfg->dials[i].name, d->name) == 0) {
			cfg_fail(l, cfg_node_get(map, "name"), NULL, "is already that of dial[%zu]",
				i);
			return;
		}
	if (d->user != NULL && cfg_user_find(cfg, d->name, strlen(d->name)) != NULL)
		cfg_fail_key(
			l, map, "name", "is the name of a user, too: its sessions would be his");
	for (size_t i = 0; d->peer_user != NULL && i < index; i++)
		if (cfg->dials[i].peer_user != NULL &&
			strcmp(cfg->dials[i].peer_user, d->peer_user) == 0) {
			cfg_fail(l, cfg_node_get(map, "peer-user"), NULL,
				"is already that of dial[%zu]", i);
			return;
		}
}

static int
by_place(const void *a, const void *b)
{
	return cfg_compare_places(
		*(const struct cfg_route *const *)a, *(const struct cfg_route *const *)b);
}

/* Sorted, so that each network is looked up among thousands. NULL: there are none, or no memory. */
static const struct cfg_route **
sort_routes(struct cfg_loader *l)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_route **all =
		cfg->n_routes == 0 ? NULL : cfg_scratch(l, cfg->n_routes, sizeof(*all));

	for (size_t i = 0; all != NULL && i < cfg->n_routes; i++)
		all[i] = &cfg->routes[i];
	if (all != NULL)
		qsort(all, cfg->n_routes, sizeof(*all), by_place);
	return all;
}

/* Traffic that is waited for, and has another way. No two routes lead to the same. */
static void
check_waits(struct cfg_loader *l, const struct cfg_node *map, const struct cfg_dial *d,
	const struct cfg_route **routes)
{
	struct cfg_networks waits = cfg_dial_networks(l->cfg, d);
	char prefix[CV_PREFIX_TEXT], text[128];

	for (size_t i = 0; routes != NULL && i < waits.n; i++) {
		const struct cfg_route place = {.realm = waits.realm, .to = waits.at[i]},
				       *key = &place;
		const struct cfg_route **at =
			bsearch(&key, routes, l->cfg->n_routes, sizeof(*routes), by_place);

		if (at == NULL)
			continue;
		snprintf(text, sizeof(text), "traffic for %s goes by routes[%zu]",
			cv_prefix_text(&waits.at[i], prefix), (size_t)(*at - l->cfg->routes));
		cfg_fail_key(l, map, "start", text);
	}
}

void
cfg_check_networks(struct cfg_loader *l, const struct cfg_entry *users, size_t n)
{
	const struct cfg *cfg = l->cfg;
	const struct cfg_node *list = cfg_node_get(l->root, "dial");
	const struct cfg_node *map = list == NULL ? NULL : list->first;
	struct cfg_entry *all = cfg_scratch(l, n + cfg->n_dials, sizeof(*all));
	size_t total = n;

	if (all == NULL)
		return;
	if (n != 0)
		memcpy(all, users, n * sizeof(*all));
	for (size_t i = 0; i < cfg->n_dials && map != NULL; i++, map = map->next) {
		const struct cfg_dial *d = &cfg->dials[i];

		if (d->user == NULL || d->group >= cfg->n_groups)
			continue;
		all[total] = (struct cfg_entry){.user = {.group = d->group,
							.address = d->address,
							.routes = d->routes,
							.n_routes = d->n_routes},
			.file = l->file,
			.line = map->line,
			.column = map->column,
			.node = map,
			.order = total};
		total++;
	}
	cfg_check_framed(l, all, total);
}

void
cfg_check_dials(struct cfg_loader *l)
{
	struct cfg *cfg = l->cfg;
	const struct cfg_node *list = cfg_node_get(l->root, "dial");
	const struct cfg_node *limits = cfg_node_get(l->root, "limits");
	const struct cfg_node *map = list == NULL ? NULL : list->first;
	const struct cfg_route **routes = cfg->n_dials == 0 ? NULL : sort_routes(l);

	cfg_find_hand_on(l);
	for (size_t i = 0; i < cfg->n_dials && map != NULL && !cfg_enough(l);
		i++, map = map->next) {
		check_proof(l, map, cfg->dials[i].handed);
		check_name(l, map, i);
		check_targets(l, map, &cfg->dials[i]);
		check_peer_user(l, map, &cfg->dials[i]);
		check_address(l, map, i);
		check_waits(l, map, &cfg->dials[i], routes);
	}
	if (cfg->n_dials == 0)
		return;
	if (cfg->limits.tunnels != 0 && cfg->n_dials >= cfg->limits.tunnels)
		cfg_fail_key(l, limits == NULL ? list : limits, limits == NULL ? NULL : "tunnels",
			"there must be more than there are peers in dial");
	if (cfg->limits.sessions != 0 && cfg->n_dials >= cfg->limits.sessions)
		cfg_fail_key(l, limits == NULL ? list : limits, limits == NULL ? NULL : "sessions",
			"there must be more than there are peers in dial");
}
