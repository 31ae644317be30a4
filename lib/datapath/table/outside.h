/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is ours on the outside, and what is known of ways from there: services and their addresses,
 * tunnels, which neighbours are wanted, paths' MTUs. Written by the control thread; what takes the
 * data path as const a worker calls, too.
 */
#ifndef DP_TABLE_OUTSIDE_H
#define DP_TABLE_OUTSIDE_H

#include "datapath/dp.h"

/* table/service.c: what is ours on the outside. */
int dp_services_create(struct dp *dp);
/* The workers' table anew, as addresses of interfaces are now. CV_ERR_NOMEM. */
int dp_outside_renew(struct dp *dp);
void dp_services_destroy(struct dp *dp);
/* Asks for the gateways that are set. */
void dp_services_start(struct dp *dp);
/* NULL: it is not set. */
const struct dp_service_record *dp_service_of(const struct dp *dp, uint16_t service);
/* One session more or less has its address. */
void dp_service_use(struct dp *dp, uint16_t service, int more);
/* Largest packet that leaves by it. */
uint16_t dp_service_mtu(const struct dp *dp, uint16_t service);
void dp_tunnels_destroy(struct dp *dp, uint16_t service);
bool dp_is_own(const struct dp *dp, struct dp_ip ip);
static inline bool
dp_is_local(const struct dp *dp, uint32_t ip)
{
	return dp_is_own(dp, dp_ip4(ip));
}
/* The broadcast address of a network of ours. */
bool dp_is_broadcast(const struct dp *dp, uint32_t ip);
/* An address of ours on this port. */
bool dp_is_own_on(const struct dp *dp, struct dp_ip ip, uint16_t port);
/* An address on which one of ours is asked for on this port (RFC 4291 section 2.7.1), or that of
 * all nodes. */
bool dp_is_own_group(const struct dp *dp, const uint8_t ip[WIRE_IPV6_ADDRESS], uint16_t port);

static inline const struct dp_outside *
dp_outside_of(const struct dp *dp)
{
	return __atomic_load_n(&dp->outside, __ATOMIC_CONSUME);
}

/* Whether a service over IPv6 is on this port, which has its link-local address then. */
static inline bool
dp_speaks_ipv6(const struct dp *dp, uint16_t port)
{
	return (dp_outside_of(dp)->ports6 >> port & 1) != 0;
}

_Static_assert(DP_MAX_PORTS <= 32, "a bit each");

/* The service of an address and UDP port, or -1. */
static inline int
dp_service_find(const struct dp *dp, uint32_t ip, uint16_t udp_port)
{
	const struct dp_outside *o = dp_outside_of(dp);
	uint64_t key = dp_service_key(ip, udp_port);

	for (uint32_t at = dp_service_place(key) & o->mask; o->entries[at].key != 0;
		at = (at + 1) & o->mask)
		if (o->entries[at].key == key)
			return o->entries[at].service;
	return -1;
}

/* The same over IPv6. */
static inline int
dp_service_find6(const struct dp *dp, struct dp_ip ip, uint16_t udp_port)
{
	const struct dp_outside *o = dp_outside_of(dp);

	for (uint32_t at = dp_service_place6(ip, udp_port) & o->mask6;
		o->entries6[at].udp_port != 0; at = (at + 1) & o->mask6)
		if (o->entries6[at].udp_port == udp_port && dp_ip_equal(o->entries6[at].ip, ip))
			return o->entries6[at].service;
	return -1;
}

/* table/path.c: how large packets may be on their way to tunnels' peers. */
int dp_paths_create(struct dp *dp);
void dp_paths_destroy(struct dp *dp);
/* A session is there with what it has of its peer, or is going to have another. */
void dp_path_add(struct dp *dp, uint32_t slot);
void dp_path_remove(struct dp *dp, uint32_t slot);
/* Largest outer packet that gets to the tunnel's peer, as far as is known. */
uint16_t dp_path_mtu(const struct dp *dp, uint16_t service, uint16_t tunnel_id);
/* A tunnel is another, or gone; all of a service. */
void dp_path_forget(struct dp *dp, uint16_t service, uint16_t tunnel_id);
void dp_paths_clear(struct dp *dp, uint16_t service);
/* What dp_path_take() handed on. */
void dp_path_learn(struct dp *dp, uint64_t now, struct rte_mbuf *m);
void dp_paths_poll(struct dp *dp, uint64_t now);
/* When dp_paths_poll() has something to do. */
uint64_t dp_paths_timeout(const struct dp *dp);

/* table/wanted.c. */
int dp_wanted_create(struct dp *dp);
void dp_wanted_destroy(struct dp *dp);
/* One more (1) or less (-1) that is wanted; which MAC address was asked last. */
void dp_wanted_add(struct dp *dp, uint16_t port, struct dp_ip ip, int more);
void dp_wanted_ask(struct dp *dp, uint16_t port, struct dp_ip ip, const uint8_t mac[6]);
/* Worker: whether ARP or ND of this sender may be of use to the control thread (by a hash: false is
 * right, true may be wrong). */
bool dp_neighbour_wanted(const struct dp *dp, uint16_t port, struct dp_ip ip);
/* Worker: whether this may be the station whose answer is waited for, since it is the known one
 * (by a hash, so of several neighbours the last that was asked). */
bool dp_neighbour_asked(const struct dp *dp, uint16_t port, struct dp_ip ip, const uint8_t mac[6]);

#endif
