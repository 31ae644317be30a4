/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is who from one snapshot to the next: names in the file, IDs below them. A snapshot counts
 * those who hold it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config/private.h"

#define NO_POSITION UINT16_MAX

/* A list of things with a name and an ID. */
struct kind {
	size_t list, count;   /* offsets of the pointer and of the size_t in struct cfg */
	size_t size;          /* of one */
	size_t name, id;      /* offsets in it */
	uint32_t places, ids; /* how many there may be; IDs are below `ids` */
};

#define KIND(type, lists, most, end)                                                        \
	{                                                                                   \
		offsetof(struct cfg, lists), offsetof(struct cfg, n_##lists), sizeof(type), \
			offsetof(type, name), offsetof(type, id), most, end                 \
	}

static const struct kind kinds[CFG_IDENTITIES] = {
	[CFG_PORT] = KIND(struct cfg_port, ports, CV_PORTS_MAX, CV_PORT_IDS),
	[CFG_VLAN] = KIND(struct cfg_vlan, vlans, CV_VLANS_MAX, CV_VLAN_IDS),
	[CFG_LISTENER] = KIND(struct cfg_listener, listeners, CV_LISTENERS_MAX, CV_LISTENER_IDS),
	[CFG_REALM] = KIND(struct cfg_realm, realms, CV_REALMS_MAX, CV_REALM_IDS),
	[CFG_GROUP] = KIND(struct cfg_group, groups, CV_GROUPS_MAX, CV_GROUP_IDS),
	[CFG_FILTER] = KIND(struct cfg_filter, filters, CV_FILTERS_MAX, CV_FILTER_IDS),
	[CFG_INTERFACE] =
		KIND(struct cfg_interface, interfaces, CV_INTERFACES_MAX, CV_INTERFACE_IDS),
	[CFG_ROUTE] = KIND(struct cfg_route, routes, CV_ROUTES_MAX, CV_ROUTE_IDS),
	[CFG_DIAL] = KIND(struct cfg_dial, dials, CV_DIALS_MAX, CV_DIAL_IDS),
	[CFG_KERNEL_TABLE] = KIND(
		struct cfg_kernel_table, kernel_tables, CV_KERNEL_TABLES_MAX, CV_KERNEL_TABLE_IDS),
};

static size_t
count_of(const struct cfg *cfg, const struct kind *k)
{
	size_t n;

	memcpy(&n, (const uint8_t *)cfg + k->count, sizeof(n));
	return n;
}

static uint8_t *
item_of(const struct cfg *cfg, const struct kind *k, size_t position)
{
	uint8_t *list;

	memcpy(&list, (const uint8_t *)cfg + k->list, sizeof(list));
	return list + position * k->size;
}

const char *
cfg_name_of(enum cfg_object object, const void *thing)
{
	const char *name;

	memcpy(&name, (const uint8_t *)thing + kinds[object].name, sizeof(name));
	return name;
}

uint16_t
cfg_id_of(enum cfg_object object, const void *thing)
{
	uint16_t id;

	memcpy(&id, (const uint8_t *)thing + kinds[object].id, sizeof(id));
	return id;
}

static const char *
name_at(const struct cfg *cfg, enum cfg_object object, size_t position)
{
	return cfg_name_of(object, item_of(cfg, &kinds[object], position));
}

static void
set_id(struct cfg *cfg, enum cfg_object object, size_t position, uint16_t id)
{
	struct cfg_owner *owner = cfg->owner;

	memcpy(item_of(cfg, &kinds[object], position) + kinds[object].id, &id, sizeof(id));
	owner->identities[object].by_id[id] = (uint16_t)position;
}

/* The position of a name, or where it would stand among by_name. */
static bool
search(const struct cfg *cfg, enum cfg_object object, const char *name, size_t n, size_t *at)
{
	const struct cfg_owner *owner = cfg->owner;
	const uint16_t *by_name = owner->identities[object].by_name;
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, name_at(cfg, object, by_name[middle]));

		if (order == 0) {
			*at = by_name[middle];
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*at = low;
	return false;
}

/* Names are different: the loader has seen to that. */
static void
sort_names(struct cfg *cfg, enum cfg_object object, size_t n)
{
	struct cfg_owner *owner = cfg->owner;
	uint16_t *by_name = owner->identities[object].by_name;

	for (size_t i = 0; i < n; i++) {
		size_t at;

		search(cfg, object, name_at(cfg, object, i), i, &at);
		memmove(by_name + at + 1, by_name + at, (i - at) * sizeof(by_name[0]));
		by_name[at] = (uint16_t)i;
	}
}

static void
name_listeners(struct cfg_loader *l)
{
	for (size_t i = 0; i < l->cfg->n_listeners; i++) {
		struct cfg_listener *listener = &l->cfg->listeners[i];
		struct cv_endpoint at = {.ip = listener->ip, .port = listener->udp_port};
		char *text = cfg_keep(l, 1, CV_ENDPOINT_TEXT);

		if (text != NULL)
			listener->name = cv_endpoint_text(&at, text);
	}
}

static void
name_routes(struct cfg_loader *l)
{
	for (size_t i = 0; i < l->cfg->n_routes; i++) {
		struct cfg_route *route = &l->cfg->routes[i];
		const char *realm = l->cfg->realms[route->realm].name;
		size_t room = strlen(realm) + 1 + CV_PREFIX_TEXT;
		char *text = cfg_keep(l, 1, room), prefix[CV_PREFIX_TEXT];

		if (text != NULL)
			snprintf(text, room, "%s/%s", realm, cv_prefix_text(&route->to, prefix));
		route->name = text;
	}
}

void
cfg_identify(struct cfg_loader *l)
{
	struct cfg_owner *owner = l->cfg->owner;

	cfg_name_vlans(l);
	name_listeners(l);
	name_routes(l);
	for (size_t i = 0; i < l->cfg->n_kernel_tables; i++)
		l->cfg->kernel_tables[i].name = l->cfg->realms[l->cfg->kernel_tables[i].realm].name;
	for (enum cfg_object i = CFG_PORT; i < CFG_IDENTITIES && !l->nomem; i++) {
		size_t n = count_of(l->cfg, &kinds[i]);
		struct cfg_positions *p = &owner->identities[i];

		p->by_name = cfg_keep(l, n, sizeof(p->by_name[0]));
		p->by_id = cfg_keep(l, kinds[i].ids, sizeof(p->by_id[0]));
		if (l->nomem)
			return;
		memset(p->by_id, 0xff, kinds[i].ids * sizeof(p->by_id[0]));
		for (size_t at = 0; at < n; at++)
			set_id(l->cfg, i, at, (uint16_t)at);
		sort_names(l->cfg, i, n);
	}
}

const void *
cfg_find(const struct cfg *cfg, enum cfg_object object, const char *name)
{
	const struct kind *k = &kinds[object];
	size_t at;

	return search(cfg, object, name, count_of(cfg, k), &at) ? item_of(cfg, k, at) : NULL;
}

static const void *
by_id(const struct cfg *cfg, enum cfg_object object, uint16_t id)
{
	const struct cfg_owner *owner = cfg->owner;
	const struct kind *k = &kinds[object];
	uint16_t at = id < k->ids ? owner->identities[object].by_id[id] : NO_POSITION;

	return at == NO_POSITION ? NULL : item_of(cfg, k, at);
}

static int
continue_kind(struct cfg *cfg, const struct cfg *old, enum cfg_object object)
{
	const struct kind *k = &kinds[object];
	struct cfg_owner *owner = cfg->owner;
	size_t n = count_of(cfg, k);
	uint16_t next = 0;

	memset(owner->identities[object].by_id, 0xff, k->ids * sizeof(uint16_t));
	for (size_t at = 0; at < n; at++) {
		const void *before = cfg_find(old, object, name_at(cfg, object, at));

		if (before != NULL)
			set_id(cfg, object, at, cfg_id_of(object, before));
	}
	for (size_t at = 0; at < n; at++) {
		if (cfg_find(old, object, name_at(cfg, object, at)) != NULL)
			continue;
		/* those of things that went are left alone: they may be about still */
		while (next < k->ids && by_id(old, object, next) != NULL)
			next++;
		if (next == k->ids)
			return CV_ERR_LIMIT;
		set_id(cfg, object, at, next++);
	}
	return 0;
}

int
cfg_continue(struct cfg *cfg, const struct cfg *old)
{
	int rc = 0;

	cfg->sessions_capacity = old->sessions_capacity;
	for (size_t i = 0; i < cfg->n_ports; i++) {
		const struct cfg_port *port = cfg_find(old, CFG_PORT, cfg->ports[i].name);

		if (port != NULL)
			cfg->ports[i].mtu_capacity = port->mtu_capacity;
	}
	for (enum cfg_object i = CFG_PORT; i < CFG_IDENTITIES && rc == 0; i++)
		rc = continue_kind(cfg, old, i);
	return rc;
}

#define LOOK_UPS(noun, object)                                                              \
	const struct cfg_##noun *cfg_##noun##_find(const struct cfg *cfg, const char *name) \
	{                                                                                   \
		return cfg_find(cfg, object, name);                                         \
	}                                                                                   \
	const struct cfg_##noun *cfg_##noun##_by_id(const struct cfg *cfg, uint16_t id)     \
	{                                                                                   \
		return by_id(cfg, object, id);                                              \
	}

LOOK_UPS(port, CFG_PORT)
LOOK_UPS(vlan, CFG_VLAN)
LOOK_UPS(listener, CFG_LISTENER)
LOOK_UPS(realm, CFG_REALM)
LOOK_UPS(group, CFG_GROUP)
LOOK_UPS(filter, CFG_FILTER)
LOOK_UPS(interface, CFG_INTERFACE)
LOOK_UPS(route, CFG_ROUTE)
LOOK_UPS(dial, CFG_DIAL)
LOOK_UPS(kernel_table, CFG_KERNEL_TABLE)

const struct cfg *
cfg_hold(const struct cfg *cfg)
{
	struct cfg_owner *owner = cfg->owner;

	atomic_fetch_add_explicit(&owner->holders, 1, memory_order_relaxed);
	return cfg;
}

void
cfg_free(const struct cfg *cfg)
{
	struct cfg_owner *owner = cfg == NULL ? NULL : cfg->owner;

	/* what others did with it is done before it is freed */
	if (owner == NULL ||
		atomic_fetch_sub_explicit(&owner->holders, 1, memory_order_acq_rel) != 1)
		return;
	cfg_arena_free(&owner->arena); /* cfg itself is in there */
	free(owner);
}
