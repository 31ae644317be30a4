/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is ours on the outside: interfaces on ports, and services on their addresses. Workers read
 * one table of all services, which is made anew for each change.
 */
#include <stdlib.h>

#include <rte_byteorder.h>

#include "datapath/control/control.h"
#include "datapath/host/host.h"
#include "datapath/host/memory.h"
#include "datapath/table/outside.h"
#include "datapath/table/sessions.h"
#include "datapath/table/uplink.h"

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
port_of(const struct dp *dp, const struct dp_service *s)
{
	return dp->ifaces[s->iface].told.port;
}

static void
put_entry(struct dp_outside *o, uint16_t service, const struct dp_service *told)
{
	uint64_t key = dp_service_key(ip_of(told), udp_port_of(told));
	uint32_t at = dp_service_place(key) & o->mask;

	while (o->entries[at].key != 0)
		at = (at + 1) & o->mask;
	o->entries[at] = (struct dp_service_entry){key, service};
}

static void
put_entry6(struct dp_outside *o, uint16_t service, const struct dp_service *told)
{
	struct dp_ip ip = dp_ip_of(&told->ip);
	uint32_t at = dp_service_place6(ip, udp_port_of(told)) & o->mask6;

	while (o->entries6[at].udp_port != 0)
		at = (at + 1) & o->mask6;
	o->entries6[at] = (struct dp_service_entry6){ip, udp_port_of(told), service};
}

/* An address of ours, in a network of so many bits. */
static void
put_own(struct dp_outside *o, const struct cv_ip *ip, unsigned length, uint16_t port,
	uint16_t service)
{
	bool v4 = ip->family == CV_IPV4;
	uint32_t hosts = v4 && length < 31 ? UINT32_MAX >> length : 0;

	o->ports6 |= v4 ? 0 : UINT32_C(1) << port;
	o->own[o->count++] = (struct dp_own){.ip = dp_ip_of(ip),
		.broadcast = hosts == 0 ? 0 : rte_cpu_to_be_32(cv_ipv4_value(ip) | hosts),
		.port = port,
		.service = service};
}

static void
put(struct dp_outside *o, uint16_t service, const struct dp_service *told, uint16_t port)
{
	if (told->ip.family == CV_IPV4)
		put_entry(o, service, told);
	else
		put_entry6(o, service, told);
	put_own(o, &told->ip, told->prefix_length, port, service);
	o->services++;
}

/* All that is set but `service`, and that as it is told, where it is. NULL: no memory. */
static struct dp_outside *
table_with(struct dp *dp, uint16_t service, const struct dp_service *told)
{
	const struct dp_outside *before = dp->outside;
	uint32_t others = before->services - (dp_service_of(dp, service) != NULL);
	struct dp_outside *o = new_table(dp, others + (told != NULL) + DP_MAX_ADDRESSES);
	struct cv_prefix address;
	uint16_t iface;

	if (o == NULL)
		return NULL;
	for (uint32_t i = 0; i < before->services; i++) {
		const struct dp_own *own = &before->own[i];

		if (own->service != service)
			put(o, own->service, &dp->services[own->service]->told, own->port);
	}
	if (told != NULL)
		put(o, service, told, port_of(dp, told));
	for (unsigned i = 0; dp_address_get(dp, i, &iface, &address) == 0; i++)
		put_own(o, &address.ip, address.length, dp->ifaces[iface].told.port, 0);
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

static struct dp_ip
link_local_of(const struct dp *dp, uint16_t port)
{
	uint8_t ip[WIRE_IPV6_ADDRESS];

	wire_ipv6_of_mac(dp->ports[port].mac, ip);
	return dp_ip6(ip);
}

bool
dp_is_own_on(const struct dp *dp, struct dp_ip ip, uint16_t port)
{
	const struct dp_outside *o = dp_outside_of(dp);

	for (uint32_t i = 0; i < o->count; i++)
		if (o->own[i].port == port && dp_ip_equal(o->own[i].ip, ip))
			return true;
	return !dp_ip_is4(ip) && dp_ip_equal(ip, link_local_of(dp, port)) &&
	       dp_speaks_ipv6(dp, port);
}

bool
dp_is_own(const struct dp *dp, struct dp_ip ip)
{
	const struct dp_outside *o = dp_outside_of(dp);

	for (uint32_t i = 0; i < o->count; i++)
		if (dp_ip_equal(o->own[i].ip, ip))
			return true;
	for (uint16_t port = 0; !dp_ip_is4(ip) && port < dp->port_count; port++)
		if (dp_is_own_on(dp, ip, port))
			return true;
	return false;
}

bool
dp_is_own_group(const struct dp *dp, const uint8_t ip[WIRE_IPV6_ADDRESS], uint16_t port)
{
	static const uint8_t all_nodes[WIRE_IPV6_ADDRESS] = {0xff, 0x02, [15] = 1};
	static const uint8_t solicited[13] = {0xff, 0x02, [11] = 1, [12] = 0xff};
	const struct dp_outside *o = dp_outside_of(dp);
	bool any = false;

	if (memcmp(ip, solicited, sizeof(solicited)) != 0)
		return wire_ipv6_equal(ip, all_nodes) && dp_speaks_ipv6(dp, port);
	for (uint32_t i = 0; i < o->count; i++) {
		const struct dp_own *own = &o->own[i];

		if (own->port != port || dp_ip_is4(own->ip))
			continue;
		any = true;
		if (memcmp((const uint8_t *)&own->ip.low + 5, ip + 13, 3) == 0)
			return true;
	}
	return any && memcmp(dp->ports[port].mac + 3, ip + 13, 3) == 0;
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
	int same;

	if (told->kind != DP_SERVICE_L2TP || !addresses_fit(told))
		return CV_ERR_CONFIG;
	if (!dp->ifaces[told->iface].set)
		return CV_ERR_UNKNOWN;
	if (told->ip.family == CV_IPV4)
		same = dp_service_find(dp, ip_of(told), udp_port_of(told));
	else
		same = dp_service_find6(dp, dp_ip_of(&told->ip), udp_port_of(told));
	if (same >= 0 && same != service)
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
	for (uint16_t port = 0; port < dp->port_count; port++)
		dp_multicast_follow(dp, port);
}

/* What follows from what is, or was, told of a service: whom its gateway's MAC address concerns,
 * and what its port must take. */
static void
tell_others(struct dp *dp, const struct dp_service *s)
{
	if (s->gateway.family != 0)
		dp_neighbour_configure(dp, dp->now, port_of(dp, s), &s->gateway);
	if (s->ip.family == CV_IPV6)
		dp_multicast_follow(dp, port_of(dp, s));
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
	tell_others(dp, &before);
	tell_others(dp, told);
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

/* ---- interfaces ---- */

int
dp_iface_set(struct dp *dp, uint16_t iface, const struct dp_iface *told)
{
	struct dp_iface_record *r = &dp->ifaces[iface];
	uint16_t mtu_before = r->told.mtu;
	int rc;

	if (told->port >= dp->port_count || told->mtu > dp->ports[told->port].mtu)
		return CV_ERR_CONFIG;
	if (r->services != 0 && told->port != r->told.port)
		return CV_ERR_EXISTS;
	rc = dp_uplink_set(dp, iface, told);
	if (rc != 0)
		return rc;
	r->told = *told;
	r->set = true;
	for (uint32_t i = 0; told->mtu != mtu_before && i < dp->outside->services; i++) {
		uint16_t service = dp->outside->own[i].service;

		if (dp->services[service]->told.iface == iface)
			dp_sessions_new_way(dp, service);
	}
	return 0;
}

int
dp_iface_clear(struct dp *dp, uint16_t iface)
{
	struct dp_iface outside = dp->ifaces[iface].told;
	int rc;

	if (!dp->ifaces[iface].set)
		return CV_ERR_UNKNOWN;
	if (dp->ifaces[iface].services != 0)
		return CV_ERR_EXISTS;
	outside.inside = false;
	rc = dp_uplink_set(dp, iface, &outside);
	if (rc != 0)
		return rc;
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
