/* SPDX-License-Identifier: BSD-3-Clause */
/* What a running server asks its configuration. */
#include "config/private.h"

static int
compare_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t both = a_len < b_len ? a_len : b_len;
	int order = both == 0 ? 0 : memcmp(a, b, both); /* one of an erroneous file has none */

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

int
cfg_compare_users(const struct cfg_user *a, const struct cfg_user *b)
{
	return compare_names(a->name, a->name_len, b->name, b->name_len);
}

const struct cfg_user *
cfg_user_find(const struct cfg *cfg, const char *name, size_t len)
{
	size_t low = 0, high = cfg->n_users;

	if (len == 0)
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct cfg_user *user = &cfg->users[middle];
		int order = compare_names(name, len, user->name, user->name_len);

		if (order == 0)
			return user;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct cfg_user *
cfg_address_user(const struct cfg *cfg, uint16_t realm, const struct cv_ip *ip)
{
	size_t low = 0, high = cfg->n_fixed;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct cfg_fixed *f = &cfg->fixed[middle];
		int order = (realm > f->realm) - (realm < f->realm);

		if (order == 0)
			order = memcmp(ip->bytes, f->ip.bytes, sizeof(ip->bytes));
		if (order == 0)
			return f->ip.family == ip->family ? &cfg->users[f->user] : NULL;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

bool
cfg_is_station(const struct cv_ip *ip)
{
	if (ip->family == CV_IPV4)
		return cfg_is_host(cv_ipv4_value(ip));
	/* neither ::/8, nor a group, nor of one link alone */
	return ip->bytes[0] != 0 && ip->bytes[0] != 0xff &&
	       !(ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80);
}

struct cfg_networks
cfg_dial_networks(const struct cfg *cfg, const struct cfg_dial *dial)
{
	const struct cfg_user *user = NULL;
	size_t group = dial == NULL ? SIZE_MAX : dial->group;

	if (dial == NULL || dial->start != CFG_START_TRAFFIC)
		return (struct cfg_networks){0};
	if (dial->peer_user != NULL)
		user = cfg_user_find(cfg, dial->peer_user, strlen(dial->peer_user));
	if (user != NULL)
		group = user->group;
	if (group >= cfg->n_groups) /* of an erroneous file */
		return (struct cfg_networks){0};
	return (struct cfg_networks){.at = user != NULL ? user->routes : dial->routes,
		.n = user != NULL ? user->n_routes : dial->n_routes,
		.realm = cfg->groups[group].realm};
}

/* Whether a place in the order of cfg.fixed6 comes before that of an address. */
static bool
is_before(const struct cfg_fixed6 *f, bool delegated, uint16_t realm, const struct cv_ip *ip)
{
	if (f->delegated != delegated)
		return !f->delegated;
	if (f->realm != realm)
		return f->realm < realm;
	return memcmp(f->prefix.ip.bytes, ip->bytes, sizeof(ip->bytes)) < 0;
}

size_t
cfg_fixed6_from(const struct cfg *cfg, bool delegated, uint16_t realm, const struct cv_ip *ip)
{
	size_t low = 0, high = cfg->n_fixed6;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(&cfg->fixed6[middle], delegated, realm, ip))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* They are apart: only the last that begins before it, and the first that does not, may. */
bool
cfg_fixed6_overlaps(
	const struct cfg *cfg, bool delegated, uint16_t realm, const struct cv_prefix *prefix)
{
	size_t at = cfg_fixed6_from(cfg, delegated, realm, &prefix->ip);

	for (size_t i = at == 0 ? 0 : at - 1; i <= at && i < cfg->n_fixed6; i++) {
		const struct cfg_fixed6 *f = &cfg->fixed6[i];

		if (f->delegated == delegated && f->realm == realm &&
			cv_prefix_overlaps(&f->prefix, prefix))
			return true;
	}
	return false;
}

const struct cfg_tunnel_secret *
cfg_tunnel_secret_find(const struct cfg *cfg, uint16_t listener, const struct cv_ip *peer,
	const char *host_name, size_t len)
{
	for (size_t i = 0; i < cfg->tunnels.n_secrets; i++) {
		const struct cfg_tunnel_secret *s = &cfg->tunnels.secrets[i];

		if (s->listener != CFG_NO_INDEX && cfg->listeners[s->listener].id != listener)
			continue;
		if (s->peer.ip.family != 0 && !cv_prefix_contains(&s->peer, peer))
			continue;
		if (s->host_name != NULL &&
			(strlen(s->host_name) != len || memcmp(s->host_name, host_name, len) != 0))
			continue;
		return s;
	}
	return NULL;
}
