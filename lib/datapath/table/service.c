/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is ours on the outside: interfaces on ports, and services on their addresses. Workers read
 * one table of all services, which is made anew for each change.
 */
#include <stdlib.h>

#include <rte_byteorder.h>

#include "datapath/internal.h"

enum { PORT_L2TP = 1701 };

/* ---- the workers' table ---- */

static struct dp_outside *
new_table(struct dp *dp, uint32_t count)
{
	uint32_t places = 4;
	struct dp_outside *o;

	while (places < 2 * count)
		places *= 2;
	o = dp_shared_new(dp,
		sizeof(*o) + places * sizeof(o->entries[0]) + (size_t)count * sizeof(o->own[0]));
	if (o == NULL)
		return NULL;
	o->mask = places - 1;
	o->own = (struct dp_own *)&o->entries[places];
	return o;
}

static uint32_t
ip_of(const struct dp_service *s)
{
	return rte_cpu_to_be_32(cv_ipv4_value(&s->ip));
}

static uint16_t
udp_port_of(const struct dp_service *s)
{
	return rte_cpu_to_be_16(s->udp_port == 0 ? PORT_L2TP : s->udp_port);
}

static uint16_t
port_of(const struct dp *dp, const struct dp_service *s)
{
	return dp->ifaces[s->iface].told.port;
}

static uint32_t
gateway_of(const struct dp_service *s)
{
	return rte_cpu_to_be_32(cv_ipv4_value(&s->gateway));
}

static void
put(struct dp_outside *o, uint16_t service, const struct dp_service *told, uint16_t port)
{
	uint32_t hosts =
		told->prefix_length < 31 ? rte_cpu_to_be_32(UINT32_MAX >> told->prefix_length) : 0;
	uint64_t key = dp_service_key(ip_of(told), udp_port_of(told));
	uint32_t at = dp_service_place(key) & o->mask;

	while (o->entries[at].key != 0)
		at = (at + 1) & o->mask;
	o->entries[at] = (struct dp_service_entry){key, service};
	o->own[o->count++] = (struct dp_own){.ip = ip_of(told),
		.broadcast = hosts == 0 ? 0 : ip_of(told) | hosts,
		.port = port,
		.service = service};
}

/* All that is set but `service`, and that as it is told, where it is. NULL: no memory. */
static struct dp_outside *
table_with(struct dp *dp, uint16_t service, const struct dp_service *told)
{
	const struct dp_outside *before = dp->outside;
	uint32_t others = before->count - (dp_service_of(dp, service) != NULL);
	struct dp_outside *o = new_table(dp, others + (told != NULL));

	if (o == NULL)
		return NULL;
	for (uint32_t i = 0; i < before->count; i++) {
		const struct dp_own *own = &before->own[i];

		if (own->service != service)
			put(o, own->service, &dp->services[own->service]->told, own->port);
	}
	if (told != NULL)
		put(o, service, told, port_of(dp, told));
	return o;
}

static void
replace(struct dp *dp, struct dp_outside *o)
{
	struct dp_outside *old = dp->outside;

	__atomic_store_n(&dp->outside, o, __ATOMIC_RELEASE);
	dp_grace_free(dp, old);
}

int
dp_services_create(struct dp *dp)
{
	dp->outside = new_table(dp, 0);
	return dp->outside == NULL ? CV_ERR_NOMEM : 0;
}

void
dp_services_destroy(struct dp *dp)
{
	for (size_t i = 0; i < DP_IDS_OF_A_KIND; i++) {
		if (dp->services[i] == NULL)
			continue;
		dp_tunnels_destroy(dp, (uint16_t)i);
		free(dp->services[i]);
	}
	dp_shared_free(dp, dp->outside);
}

bool
dp_is_local_on(const struct dp *dp, uint32_t ip, uint16_t port)
{
	const struct dp_outside *o = dp_outside_of(dp);

	for (uint32_t i = 0; i < o->count; i++)
		if (o->own[i].ip == ip && o->own[i].port == port)
			return true;
	return false;
}

bool
dp_is_local(const struct dp *dp, uint32_t ip)
{
	const struct dp_outside *o = dp_outside_of(dp);

	for (uint32_t i = 0; i < o->count; i++)
		if (o->own[i].ip == ip)
			return true;
	return false;
}

bool
dp_is_broadcast(const struct dp *dp, uint32_t ip)
{
	const struct dp_outside *o = dp_outside_of(dp);

	for (uint32_t i = 0; ip != 0 && i < o->count; i++)
		if (o->own[i].broadcast == ip)
			return true;
	return false;
}

/* ---- services ---- */

const struct dp_service_record *
dp_service_of(const struct dp *dp, uint16_t service)
{
	const struct dp_service_record *s = dp->services[service];

	return s != NULL && s->set ? s : NULL;
}

uint16_t
dp_service_mtu(const struct dp *dp, uint16_t service)
{
	const struct dp_iface *iface = &dp->ifaces[dp->services[service]->told.iface].told;

	return iface->mtu == 0 ? dp->ports[iface->port].mtu : iface->mtu;
}

static void
free_unused(struct dp *dp, uint16_t service)
{
	if (dp->services[service]->set || dp->services[service]->sessions != 0)
		return;
	dp->ifaces[dp->services[service]->told.iface].services--;
	free(dp->services[service]);
	dp->services[service] = NULL;
}

void
dp_service_use(struct dp *dp, uint16_t service, int more)
{
	dp->services[service]->sessions += (uint32_t)more;
	free_unused(dp, service);
}

/* 0, or why it can't be. */
static int
refused(const struct dp *dp, uint16_t service, const struct dp_service *told)
{
	const struct dp_service_record *now = dp->services[service];
	int same = dp_service_find(dp, ip_of(told), udp_port_of(told));

	if (told->kind != DP_SERVICE_L2TP || ip_of(told) == 0 || told->prefix_length > 32 ||
		(told->gateway.family != 0 && told->gateway.family != CV_IPV4))
		return CV_ERR_CONFIG;
	if (!dp->ifaces[told->iface].set)
		return CV_ERR_UNKNOWN;
	if (same >= 0 && same != service)
		return CV_ERR_EXISTS;
	if (now != NULL && now->sessions != 0 &&
		(now->ip != ip_of(told) || now->udp_port != udp_port_of(told)))
		return CV_ERR_EXISTS;
	if (dp_service_of(dp, service) == NULL && dp->outside->count == DP_MAX_SERVICES)
		return CV_ERR_LIMIT;
	return 0;
}

/* Gateways are known before the first answer, and not forgotten while they are one. */
static void
hold_gateway(struct dp *dp, uint16_t service)
{
	struct dp_service_record *s = dp->services[service];
	int before = s->gateway_hop;

	s->gateway_hop = -1;
	if (s->set && dp->started && s->told.gateway.family != 0) {
		int hop = dp_nexthop_get(dp, dp->now, service, gateway_of(&s->told));

		s->gateway_hop = hop < 0 ? -1 : hop;
	}
	if (before >= 0)
		dp_nexthop_put(dp, before);
}

void
dp_services_start(struct dp *dp)
{
	for (uint32_t i = 0; i < dp->outside->count; i++)
		hold_gateway(dp, dp->outside->own[i].service);
}

static void
tell_neighbour(struct dp *dp, const struct dp_service *s)
{
	if (s->gateway.family != 0)
		dp_neighbour_configure(dp, dp->now, port_of(dp, s), gateway_of(s));
}

/* The record, made where there is none. */
static void
record(struct dp *dp, uint16_t service, struct dp_service_record *s, const struct dp_service *told)
{
	if (dp->services[service] == NULL)
		s->gateway_hop = -1;
	else
		dp->ifaces[s->told.iface].services--;
	dp->ifaces[told->iface].services++;
	dp->services[service] = s;
	s->told = *told;
	s->set = true;
	s->ip = ip_of(told);
	s->udp_port = udp_port_of(told);
}

int
dp_service_set(struct dp *dp, uint16_t service, const struct dp_service *told)
{
	struct dp_service_record *s = dp->services[service];
	struct dp_service before = {0};
	struct dp_outside *o;
	int rc = refused(dp, service, told);

	if (rc != 0)
		return rc;
	o = table_with(dp, service, told);
	if (s != NULL)
		before = s->told;
	else if (o != NULL)
		s = calloc(1, sizeof(*s));
	if (o == NULL || s == NULL) {
		dp_shared_free(dp, o);
		return CV_ERR_NOMEM;
	}
	record(dp, service, s, told);
	replace(dp, o);
	tell_neighbour(dp, &before);
	tell_neighbour(dp, told);
	hold_gateway(dp, service);
	if (s->sessions != 0)
		dp_sessions_new_way(dp, service);
	return 0;
}

int
dp_service_clear(struct dp *dp, uint16_t service)
{
	struct dp_service_record *s = dp->services[service];
	struct dp_outside *o;

	if (dp_service_of(dp, service) == NULL)
		return CV_ERR_UNKNOWN;
	o = table_with(dp, service, NULL);
	if (o == NULL)
		return CV_ERR_NOMEM;
	replace(dp, o);
	dp_tunnels_destroy(dp, service);
	s->set = false;
	hold_gateway(dp, service);
	tell_neighbour(dp, &s->told);
	free_unused(dp, service);
	return 0;
}

int
dp_service_get(const struct dp *dp, uint16_t service, struct dp_service *out)
{
	const struct dp_service_record *s = dp_service_of(dp, service);

	if (s == NULL)
		return CV_ERR_UNKNOWN;
	*out = s->told;
	return 0;
}

/* ---- interfaces ---- */

int
dp_iface_set(struct dp *dp, uint16_t iface, const struct dp_iface *told)
{
	struct dp_iface_record *r = &dp->ifaces[iface];
	uint16_t mtu_before = r->told.mtu;

	if (told->port >= dp->port_count || told->mtu > dp->ports[told->port].mtu)
		return CV_ERR_CONFIG;
	if (r->services != 0 && told->port != r->told.port)
		return CV_ERR_EXISTS;
	r->told = *told;
	r->set = true;
	for (uint32_t i = 0; told->mtu != mtu_before && i < dp->outside->count; i++) {
		uint16_t service = dp->outside->own[i].service;

		if (dp->services[service]->told.iface == iface)
			dp_sessions_new_way(dp, service);
	}
	return 0;
}

int
dp_iface_clear(struct dp *dp, uint16_t iface)
{
	if (!dp->ifaces[iface].set)
		return CV_ERR_UNKNOWN;
	if (dp->ifaces[iface].services != 0)
		return CV_ERR_EXISTS;
	dp->ifaces[iface] = (struct dp_iface_record){0};
	return 0;
}

int
dp_iface_get(const struct dp *dp, uint16_t iface, struct dp_iface *out)
{
	if (!dp->ifaces[iface].set)
		return CV_ERR_UNKNOWN;
	*out = dp->ifaces[iface].told;
	return 0;
}
