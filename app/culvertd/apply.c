/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A configuration put into the data path and the server, as a difference from the one before: the
 * first from nothing. What is new or other is set first; what fails puts back what was. What is
 * gone is cleared when no session needs it any more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "datapath/routes.h"
#include "dials.h"
#include "discovery.h"
#include "lans.h"
#include "uplinks.h"

/* A kind of thing that both a snapshot and the data path have, by ID. */
struct kind {
	const char *name;
	uint16_t ids;
	const void *(*by_id)(const struct cfg *cfg, uint16_t id);
	const char *(*name_of)(const void *thing);
	/* Whether the data path would be told the same. */
	bool (*same)(
		const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b);
	/* `before`: what the data path was told until now; NULL: nothing. */
	int (*set)(struct daemon *d, const struct cfg *before, const struct cfg *cfg,
		const void *thing);
	/* cfg: what is now; NULL: nothing. */
	void (*clear)(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id);
	const char *unfit; /* what CV_ERR_CONFIG means; NULL: what it says */
};

/* ---- realms ---- */

static const void *
realm_by_id(const struct cfg *cfg, uint16_t id)
{
	return cfg_realm_by_id(cfg, id);
}

static const char *
realm_name(const void *thing)
{
	return ((const struct cfg_realm *)thing)->name;
}

/* The next group of a realm from position *i on, which it moves behind it; NULL: none. */
static const struct cfg_group *
next_group(const struct cfg *cfg, const struct cfg_realm *realm, size_t *i)
{
	while (*i < cfg->n_groups) {
		const struct cfg_group *g = &cfg->groups[(*i)++];

		if (&cfg->realms[g->realm] == realm)
			return g;
	}
	return NULL;
}

static bool
same_prefixes(const struct cv_prefix *a, size_t n_a, const struct cv_prefix *b, size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++)
		if (a[i].length != b[i].length || !cv_ip_equal(&a[i].ip, &b[i].ip))
			return false;
	return true;
}

/* Whether both hand out the same addresses, and have the same of their own, in the same order. */
static bool
same_realm(const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b)
{
	size_t i = 0, k = 0;

	for (;;) {
		const struct cfg_group *one = next_group(a_cfg, a, &i),
				       *other = next_group(b_cfg, b, &k);

		if (one == NULL || other == NULL)
			return one == other;
		if (!cv_ip_equal(&one->address, &other->address) ||
			!cv_ip_equal(&one->address6, &other->address6) ||
			!same_prefixes(one->pool, one->n_pool, other->pool, other->n_pool) ||
			!same_prefixes(one->pool6, one->n_pool6, other->pool6, other->n_pool6))
			return false;
	}
}

static bool
has_address(const struct cfg *cfg, const struct cfg_realm *realm, const struct cv_ip *address)
{
	const struct cfg_group *g;

	for (size_t i = 0; (g = next_group(cfg, realm, &i)) != NULL;)
		if (cv_ip_equal(&g->address, address) || cv_ip_equal(&g->address6, address))
			return true;
	return false;
}

/* Our own addresses of `gone` in a realm that `cfg` has not (NULL: any) answer no more. */
static void
clear_addresses(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	const struct cfg_realm *realm = cfg_realm_by_id(gone, id), *now = NULL;
	const struct cfg_group *g;

	if (cfg != NULL)
		now = cfg_realm_by_id(cfg, id);
	for (size_t i = 0; realm != NULL && (g = next_group(gone, realm, &i)) != NULL;) {
		struct cv_prefix self = {.ip = g->address, .length = 32};
		struct cv_prefix self6 = {.ip = g->address6, .length = 128};

		if (g->address.family != 0 && (now == NULL || !has_address(cfg, now, &g->address)))
			(void)dp_route_clear(d->dp, id, &self);
		if (g->address6.family != 0 &&
			(now == NULL || !has_address(cfg, now, &g->address6)))
			(void)dp_route_clear(d->dp, id, &self6);
	}
}

/*
 * An address of ours that a client still has becomes ours when its session is gone: it ends with
 * this configuration, and daemon_apply_finish() comes again.
 */
static int
set_addresses(struct daemon *d, const struct cfg *cfg, const struct cfg_realm *realm)
{
	const struct cfg_group *g;

	for (size_t i = 0; (g = next_group(cfg, realm, &i)) != NULL;) {
		struct cv_prefix self[2] = {
			{.ip = g->address, .length = 32}, {.ip = g->address6, .length = 128}};

		for (unsigned k = 0; k < 2; k++) {
			int rc = self[k].ip.family == 0 ? 0
							: dp_route_set(d->dp, realm->id, &self[k],
								  dp_route_word(DP_ROUTE_SELF, 0));

			if (rc != 0 && rc != CV_ERR_EXISTS)
				return rc;
		}
	}
	return 0;
}

static int
set_realm(struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	const struct cfg_realm *realm = thing;
	const struct cfg_group *g;
	struct cv_prefix *pools;
	size_t most = 0;
	uint16_t n = 0;
	int rc = set_addresses(d, cfg, realm);

	if (rc != 0)
		return rc;
	for (size_t i = 0; (g = next_group(cfg, realm, &i)) != NULL;)
		most += g->n_pool + g->n_pool6;
	pools = calloc(most + 1, sizeof(*pools));
	if (pools == NULL)
		return CV_ERR_NOMEM;
	for (size_t i = 0; (g = next_group(cfg, realm, &i)) != NULL;)
		for (size_t k = 0; k < g->n_pool && n < UINT16_MAX; k++)
			pools[n++] = g->pool[k];
	for (size_t i = 0; (g = next_group(cfg, realm, &i)) != NULL;)
		for (size_t k = 0; k < g->n_pool6 && n < UINT16_MAX; k++)
			pools[n++] = g->pool6[k];
	rc = dp_realm_set(d->dp, realm->id, pools, n);
	free(pools);
	if (rc == 0 && before != NULL)
		clear_addresses(d, before, cfg, realm->id);
	return rc;
}

static void
clear_realm(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	(void)cfg;
	clear_addresses(d, gone, NULL, id);
	(void)dp_realm_clear(d->dp, id);
}

/* ---- filters ---- */

enum { FILTER_SHORT = 16 }; /* rules */

static const void *
filter_by_id(const struct cfg *cfg, uint16_t id)
{
	return cfg_filter_by_id(cfg, id);
}

static const char *
filter_name(const void *thing)
{
	return ((const struct cfg_filter *)thing)->name;
}

static bool
same_filter(const struct cfg *a_cfg, const void *va, const struct cfg *b_cfg, const void *vb)
{
	const struct cfg_filter *a = va, *b = vb;

	(void)a_cfg;
	(void)b_cfg;
	if (a->policy != b->policy || a->n_rules != b->n_rules || a->n_gateways != b->n_gateways)
		return false;
	for (size_t i = 0; i < a->n_rules; i++)
		if (!cv_rule_equal(&a->rules[i], &b->rules[i]))
			return false;
	for (size_t i = 0; i < a->n_gateways; i++)
		if (a->gateways[i].length != b->gateways[i].length ||
			!cv_ip_equal(&a->gateways[i].ip, &b->gateways[i].ip))
			return false;
	return true;
}

/* Few rules of protocols and ports alone are looked at one by one, which is as fast. */
static bool
is_short(const struct cfg_filter *f)
{
	if (f->n_rules > FILTER_SHORT)
		return false;
	for (size_t i = 0; i < f->n_rules; i++)
		if (!cv_rule_is_plain(&f->rules[i]))
			return false;
	return true;
}

static int
set_filter(struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	static const enum dp_filter_kind kinds[] = {
		[CFG_POLICY_IPSEC] = DP_FILTER_IPSEC,
		[CFG_POLICY_ANY] = DP_FILTER_ANY,
		[CFG_POLICY_RULES] = DP_FILTER_RULES,
	};
	const struct cfg_filter *f = thing;
	struct dp_filter filter = {.kind = kinds[f->policy],
		.gateways = f->gateways,
		.gateway_count = (uint16_t)f->n_gateways};

	(void)before;
	(void)cfg;
	if (!is_short(f)) {
		filter.kind = DP_FILTER_LIST;
		filter.list = f->rules;
		filter.list_count = (uint32_t)f->n_rules;
		filter.made = d->made == NULL ? NULL : d->made[f->id];
		return dp_filter_set(d->dp, f->id, &filter);
	}
	filter.rule_count = (uint16_t)f->n_rules;
	for (size_t i = 0; i < f->n_rules; i++)
		filter.rules[i] = (struct dp_rule){.protocol = f->rules[i].protocol,
			.port_low = f->rules[i].port_low,
			.port_high = f->rules[i].port_high};
	return dp_filter_set(d->dp, f->id, &filter);
}

int
daemon_make_rules(
	const struct cfg *old, const struct cfg *cfg, struct dp_rules *made[CV_FILTER_IDS])
{
	for (uint16_t id = 0; id < CV_FILTER_IDS; id++) {
		const struct cfg_filter *f = cfg_filter_by_id(cfg, id);
		const struct cfg_filter *before = cfg_filter_by_id(old, id);

		if (f == NULL || is_short(f) ||
			(before != NULL && same_filter(old, before, cfg, f)))
			continue;
		made[id] = dp_rules_make(f->rules, f->n_rules);
		if (made[id] == NULL)
			return CV_ERR_NOMEM;
	}
	return 0;
}

void
daemon_free_rules(struct dp_rules *made[CV_FILTER_IDS])
{
	for (unsigned id = 0; id < CV_FILTER_IDS; id++) {
		dp_rules_free(made[id]);
		made[id] = NULL;
	}
}

static void
clear_filter(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	(void)cfg;
	(void)gone;
	dp_filter_clear(d->dp, id);
}

/* ---- groups ---- */

static const void *
group_by_id(const struct cfg *cfg, uint16_t id)
{
	return cfg_group_by_id(cfg, id);
}

static const char *
group_name(const void *thing)
{
	return ((const struct cfg_group *)thing)->name;
}

static bool
same_group(const struct cfg *a_cfg, const void *va, const struct cfg *b_cfg, const void *vb)
{
	const struct cfg_group *a = va, *b = vb;

	return a_cfg->realms[a->realm].id == b_cfg->realms[b->realm].id &&
	       cv_ip_equal(&a->address, &b->address) && cv_ip_equal(&a->address6, &b->address6) &&
	       a->mtu == b->mtu && a->clients_reachable == b->clients_reachable &&
	       a->mss_clamped == b->mss_clamped && a->refusals_answered == b->refusals_answered &&
	       a->dscp == b->dscp && cv_rates_equal(&a->each, &b->each) &&
	       cv_rates_equal(&a->shared, &b->shared);
}

static int
set_group(struct daemon *d, const struct cfg *before, const struct cfg *cfg, const void *thing)
{
	const struct cfg_group *g = thing;
	struct dp_group group = {.lns = g->address,
		.lns6 = g->address6,
		.mtu = g->mtu,
		.clients_reachable = g->clients_reachable,
		.mss_kept = !g->mss_clamped,
		.refuse_silently = !g->refusals_answered,
		.dscp_fixed = g->dscp != CFG_DSCP_COPY,
		.dscp = g->dscp != CFG_DSCP_COPY ? g->dscp : 0,
		.each = g->each,
		.shared = g->shared};

	(void)before;
	(void)cfg;
	return dp_group_set(d->dp, g->id, &group);
}

static void
clear_group(struct daemon *d, const struct cfg *gone, const struct cfg *cfg, uint16_t id)
{
	(void)cfg;
	(void)gone;
	dp_group_clear(d->dp, id);
}

/* In the order in which they are set; what one names stands before it. */
static const struct kind kinds[] = {
	{"port", CV_PORT_IDS, lans_port_by_id, lans_port_name, lans_same_port, lans_set_port,
		lans_clear_port, "an mtu above that of the start needs a restart"},
	{"vlan", CV_VLAN_IDS, lans_vlan_by_id, lans_vlan_name, lans_same_vlan, lans_set_vlan,
		lans_clear_vlan, "its mtu is above that of its port at the start"},
	{"listener", CV_LISTENER_IDS, lans_listener_by_id, lans_listener_name, lans_same_listener,
		lans_set_listener, lans_clear_listener, NULL},
	{"discovery", 1, discovery_by_id, discovery_name, discovery_same, discovery_set,
		discovery_clear, NULL},
	{"realm", CV_REALM_IDS, realm_by_id, realm_name, same_realm, set_realm, clear_realm, NULL},
	{"filter", CV_FILTER_IDS, filter_by_id, filter_name, same_filter, set_filter, clear_filter,
		NULL},
	{"group", CV_GROUP_IDS, group_by_id, group_name, same_group, set_group, clear_group, NULL},
	{"interface", CV_INTERFACE_IDS, uplinks_interface_by_id, uplinks_interface_name,
		uplinks_same_interface, uplinks_set_interface, uplinks_clear_interface, NULL},
	{"peer", CV_DIAL_IDS, dials_by_id, dials_name, dials_same, dials_set, dials_clear, NULL},
	{"route", CV_ROUTE_IDS, uplinks_route_by_id, uplinks_route_name, uplinks_same_route,
		uplinks_set_route, uplinks_clear_route, NULL},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* Sets what is new or other in `cfg` than in `before` (NULL: nothing was). */
static int
set_all(struct daemon *d, const struct cfg *before, const struct cfg *cfg, char why[APPLY_WHY])
{
	const char *name;
	int left = uplinks_leave(d, before, cfg, &name);

	if (left != 0 && why != NULL) {
		snprintf(why, APPLY_WHY, "interface %.60s: %s", name, cv_strerror(left));
		return left;
	}
	for (unsigned k = 0; k < KINDS; k++)
		for (uint16_t id = 0; id < kinds[k].ids; id++) {
			const void *new = kinds[k].by_id(cfg, id);
			const void *old = before == NULL ? NULL : kinds[k].by_id(before, id);
			int rc;

			if (new == NULL || (old != NULL && kinds[k].same(before, old, cfg, new)))
				continue;
			rc = kinds[k].set(d, before, cfg, new);
			if (rc == 0)
				continue;
			if (why != NULL)
				snprintf(why, APPLY_WHY, "%s %.60s: %s", kinds[k].name,
					kinds[k].name_of(new),
					rc == CV_ERR_CONFIG && kinds[k].unfit != NULL
						? kinds[k].unfit
						: cv_strerror(rc));
			return rc;
		}
	return 0;
}

/* Clears what `gone` has and `cfg` (NULL: nothing) has not, in the other order. */
static void
clear_all(struct daemon *d, const struct cfg *gone, const struct cfg *cfg)
{
	for (unsigned k = KINDS; k-- > 0;)
		for (uint16_t id = 0; id < kinds[k].ids; id++)
			if (kinds[k].by_id(gone, id) != NULL &&
				(cfg == NULL || kinds[k].by_id(cfg, id) == NULL))
				kinds[k].clear(d, gone, cfg, id);
}

int
daemon_apply(struct daemon *d, uint64_t now, const struct cfg *old, const struct cfg *cfg,
	char why[APPLY_WHY])
{
	int rc = set_all(d, old, cfg, why);

	if (rc == 0) {
		rc = lns_configure(d->lns, now, cfg);
		if (rc != 0)
			snprintf(why, APPLY_WHY, "%s", cv_strerror(rc));
	}
	if (rc == 0)
		return 0;
	d->made = NULL; /* what was is not among it */
	if (old != NULL)
		(void)set_all(d, cfg, old, NULL);
	clear_all(d, cfg, old);
	return rc;
}

void
daemon_apply_finish(struct daemon *d, const struct cfg *gone)
{
	clear_all(d, gone, d->cfg);
	for (size_t i = 0; d->cfg != NULL && i < d->cfg->n_realms; i++)
		(void)set_addresses(d, d->cfg, &d->cfg->realms[i]);
}
