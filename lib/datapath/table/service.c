/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is ours on the outside: services on their addresses. Workers read one table of all services,
 * which is made anew for each change.
 */
#include <stdlib.h>

#include <rte_byteorder.h>

#include "datapath/control/control.h"
#include "datapath/host/host.h"
#include "datapath/host/memory.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"

enum { PORT_L2TP = 1701 };

/* ---- the workers' table ---- */

/* Room for so many services of either family, one of both after another. */
static struct dp_outside *
new_table(struct dp *dp, uint32_t count)
{
	uint32_t places = 4;
	struct dp_outside *o;

	while (places < 2 * count)
		places *= 2;
	o = dp_shared_new(dp, sizeof(*o) +
				      places * (sizeof(o->entries[0]) + sizeof(o->entries6[0])) +
				      (size_t)count * sizeof(o->own[0]));
	if (o == NULL)
		return NULL;
	o->mask = o->mask6 = places - 1;
	o->entries6 = (struct dp_service_entry6 *)&o->entries[places];
	o->own = (struct dp_own *)&o->entries6[places];
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
lan_of(const struct dp *dp, const struct dp_service *s)
{
	return dp->ifaces[s->iface].lan;
}

static void
put_entry(struct dp_outside *o, uint16_t service, const struct dp_service *told, uint16_t lan)
{
	uint64_t key = dp_service_key(ip_of(told), udp_port_of(told));
	uint32_t at = dp_service_place(key) & o->mask;

	while (o->entries[at].key != 0)
		at = (at + 1) & o->mask;
	o->entries[at] = (struct dp_service_entry){key, service, lan};
}

static void
put_entry6(struct dp_outside *o, uint16_t service, const struct dp_service *told, uint16_t lan)
{
	struct dp_ip ip = dp_ip_of(&told->ip);
	uint32_t at = dp_service_place6(ip, udp_port_of(told)) & o->mask6;

	while (o->entries6[at].udp_port != 0)
		at = (at + 1) & o->mask6;
	o->entries6[at] = (struct dp_service_entry6){ip, udp_port_of(told), service, lan};
}

struct dp_own
dp_own_of(const struct cv_ip *ip, unsigned length, uint16_t lan)
{
	uint32_t hosts = ip->family == CV_IPV4 && length < 31 ? UINT32_MAX >> length : 0;

	return (struct dp_own){.ip = dp_ip_of(ip),
		.broadcast = hosts == 0 ? 0 : rte_cpu_to_be_32(cv_ipv4_value(ip) | hosts),
		.lan = lan};
}

/* An address of ours, in a network of so many bits. */
static void
put_own(struct dp_outside *o, const struct cv_ip *ip, unsigned length, uint16_t lan,
	uint16_t service)
{
	if (ip->family == CV_IPV6 && dp_lan_is_port(lan))
		o->ports6 |= UINT32_C(1) << lan;
	o->own[o->count] = dp_own_of(ip, length, lan);
	o->bits |= dp_own_bits(&o->own[o->count]);
	o->own[o->count++].service = service;
}

static void
put(struct dp_outside *o, uint16_t service, const struct dp_service *told, uint16_t lan)
{
	if (told->ip.family == CV_IPV4)
		put_entry(o, service, told, lan);
	else
		put_entry6(o, service, told, lan);
	put_own(o, &told->ip, told->prefix_length, lan, service);
	o->services++;
}

/* Addresses of interfaces that are on ports, without a tag. */
static uint32_t
on_ports(const struct dp *dp)
{
	struct cv_prefix address;
	uint32_t n = 0;
	uint16_t iface;

	for (unsigned i = 0; dp_address_get(dp, i, &iface, &address) == 0; i++)
		n += dp_lan_is_port(dp->ifaces[iface].lan);
	return n;
}

/* All that is set but `service`, and that as it is told, where it is. NULL: no memory. */
static struct dp_outside *
table_with(struct dp *dp, uint16_t service, const struct dp_service *told)
{
	const struct dp_outside *before = dp->outside;
	uint32_t others = before->services - (dp_service_of(dp, service) != NULL);
	struct dp_outside *o = new_table(dp, others + (told != NULL) + on_ports(dp));
	struct cv_prefix address;
	uint16_t iface;

	if (o == NULL)
		return NULL;
	for (uint32_t i = 0; i < before->services; i++) {
		const struct dp_own *own = &before->own[i];

		if (own->service != service)
			put(o, own->service, &dp->services[own->service]->told, own->lan);
	}
	if (told != NULL)
		put(o, service, told, lan_of(dp, told));
	for (unsigned i = 0; dp_address_get(dp, i, &iface, &address) == 0; i++)
		if (dp_lan_is_port(dp->ifaces[iface].lan))
			put_own(o, &address.ip, address.length, dp->ifaces[iface].lan, 0);
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
dp_outside_renew(struct dp *dp)
{
	const struct dp_outside *o = dp->outside;
	uint16_t any = o->services == 0 ? 0 : o->own[0].service;
	struct dp_outside *fresh =
		table_with(dp, any, o->services == 0 ? NULL : &dp->services[any]->told);

	if (fresh == NULL)
		return CV_ERR_NOMEM;
	replace(dp, fresh);
	return 0;
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

/* Whether it has an address that can be ours, and a gateway of that family. A link-local one of
 * ours would not say on which port. */
static bool
addresses_fit(const struct dp_service *told)
{
	if (told->gateway.family != 0 && told->gateway.family != told->ip.family)
		return false;
	if (told->ip.family == CV_IPV4)
		return ip_of(told) != 0 && told->prefix_length <= 32;
	return told->ip.family == CV_IPV6 && told->prefix_length <= 128 &&
	       !dp_ip6_martian(told->ip.bytes) && !wire_ipv6_link_local(told->ip.bytes) &&
	       (told->gateway.family == 0 || !dp_ip6_martian(told->gateway.bytes));
}

/* 0, or why it can't be. */
static int
refused(const struct dp *dp, uint16_t service, const struct dp_service *told)
{
	const struct dp_service_record *now = dp->services[service];
	const struct dp_service_entry6 *entry6;
	const struct dp_service_entry *entry;

	if (told->kind != DP_SERVICE_L2TP || !addresses_fit(told))
		return CV_ERR_CONFIG;
	if (!dp->ifaces[told->iface].set)
		return CV_ERR_UNKNOWN;
	entry = told->ip.family == CV_IPV4 ? dp_service_entry(dp, ip_of(told), udp_port_of(told))
					   : NULL;
	entry6 = told->ip.family == CV_IPV6
			 ? dp_service_entry6(dp, dp_ip_of(&told->ip), udp_port_of(told))
			 : NULL;
	if ((entry != NULL && entry->service != service) ||
		(entry6 != NULL && entry6->service != service))
		return CV_ERR_EXISTS;
	if (now != NULL && now->sessions != 0 &&
		(!cv_ip_equal(&now->told.ip, &told->ip) || now->udp_port != udp_port_of(told)))
		return CV_ERR_EXISTS;
	if (dp_service_of(dp, service) == NULL && dp->outside->services == DP_MAX_SERVICES)
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
		int hop = dp_nexthop_get(dp, dp->now, service, &s->told.gateway);

		s->gateway_hop = hop < 0 ? -1 : hop;
	}
	if (before >= 0)
		dp_nexthop_put(dp, before);
}

void
dp_services_start(struct dp *dp)
{
	for (uint32_t i = 0; i < dp->outside->services; i++)
		hold_gateway(dp, dp->outside->own[i].service);
	dp_multicast_follow_all(dp);
}

/* What follows from what is, or was, told of a service: whom its gateway's MAC address concerns,
 * and what its port must take. */
static void
tell_others(struct dp *dp, const struct dp_service *s)
{
	if (s->gateway.family != 0)
		dp_neighbour_configure(dp, dp->now, lan_of(dp, s), &s->gateway);
	if (s->ip.family == CV_IPV6)
		dp_multicast_follow(dp, lan_of(dp, s));
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
	/* without memory it is ours on its VLAN a while longer, or later */
	if (before.ip.family != 0)
		(void)dp_lan_renew(dp, lan_of(dp, &before));
	rc = dp_lan_renew(dp, lan_of(dp, told));
	tell_others(dp, &before);
	tell_others(dp, told);
	hold_gateway(dp, service);
	if (s->sessions != 0)
		dp_sessions_new_way(dp, service);
	return rc;
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
	(void)dp_lan_renew(dp, lan_of(dp, &s->told));
	dp_tunnels_destroy(dp, service);
	s->set = false;
	hold_gateway(dp, service);
	tell_others(dp, &s->told);
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
