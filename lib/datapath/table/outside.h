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

/* table/lan.c: the LAN that an interface is told to be on, which is made where it is not there, and
 * has one more. Or CV_ERR_CONFIG: there is no such port or VLAN; CV_ERR_LIMIT; CV_ERR_NOMEM. */
int dp_lan_hold(struct dp *dp, const struct dp_iface *told);
void dp_lan_put(struct dp *dp, unsigned lan);
/* What an interface on it is told. */
void dp_lan_tell(struct dp *dp, unsigned lan, const struct dp_iface *told);
/* What is ours on a VLAN anew, as services and addresses are now. CV_ERR_NOMEM: it is as it was. */
int dp_lan_renew(struct dp *dp, unsigned lan);
int dp_lans_create(struct dp *dp);
void dp_lans_destroy(struct dp *dp);

static inline const uint8_t *
dp_lan_mac(const struct dp *dp, unsigned lan)
{
	return dp->ports[dp->lans[lan].port].mac;
}

/* IP bytes of what we answer there. */
static inline unsigned
dp_lan_mtu(const struct dp *dp, unsigned lan)
{
	return dp_lan_is_port(lan) ? dp->ports[lan].mtu
				   : __atomic_load_n(&dp->lans[lan].mtu, __ATOMIC_RELAXED);
}

/* The slot of what is inside by it; 0: nothing is. */
static inline uint32_t
dp_lan_uplink(const struct dp *dp, unsigned lan)
{
	return __atomic_load_n(&dp->lans[lan].uplink, __ATOMIC_ACQUIRE);
}

/* table/own.c. */
/* Whether what came by this LAN to an address is for us. */
bool dp_is_own(const struct dp *dp, unsigned lan, struct dp_ip ip);
static inline bool
dp_is_local(const struct dp *dp, unsigned lan, uint32_t ip)
{
	return dp_is_own(dp, lan, dp_ip4(ip));
}
/* The broadcast address of a network of ours. */
bool dp_is_broadcast(const struct dp *dp, unsigned lan, uint32_t ip);
/* An address of ours on this LAN: it is answered for there. */
bool dp_is_own_on(const struct dp *dp, struct dp_ip ip, unsigned lan);
/* An address on which one of ours is asked for on this LAN (RFC 4291 section 2.7.1), or that of
 * all nodes. */
bool dp_is_own_group(const struct dp *dp, const uint8_t ip[WIRE_IPV6_ADDRESS], unsigned lan);
/* An address of any service, or of an interface on a port, or the broadcast address there: none of
 * them is a client's, whatever his realm. */
bool dp_is_outside(const struct dp *dp, struct dp_ip ip);
/* What is ours on a LAN, with what is on others in between. */
const struct dp_own *dp_owns_of(const struct dp *dp, unsigned lan, uint32_t *count);
/* As the tables have it. length: of the network. */
struct dp_own dp_own_of(const struct cv_ip *ip, unsigned length, uint16_t lan);

static inline const struct dp_outside *
dp_outside_of(const struct dp *dp)
{
	return __atomic_load_n(&dp->outside, __ATOMIC_CONSUME);
}

static inline uint64_t
dp_own_bit(uint32_t ip_be)
{
	return UINT64_C(1) << (ip_be * UINT32_C(0x9e3779b1) >> 26);
}

/* What an address of ours adds to the bits by which others are known not to be ours. */
static inline uint64_t
dp_own_bits(const struct dp_own *own)
{
	return dp_ip_is4(own->ip) ? dp_own_bit(dp_ip4_be(own->ip)) | dp_own_bit(own->broadcast) : 0;
}

/* Whether an IPv4 address may be one of ours on this LAN, or of a broadcast there; false: it is
 * none, which is so of nearly all. */
static inline bool
dp_may_be_own(const struct dp *dp, unsigned lan, uint32_t ip_be)
{
	const struct dp_lan_own *own;

	if (likely(dp_lan_is_port(lan)))
		return (dp_outside_of(dp)->bits & dp_own_bit(ip_be)) != 0;
	own = __atomic_load_n(&dp->lans[lan].own, __ATOMIC_CONSUME);
	return own != NULL && (own->bits & dp_own_bit(ip_be)) != 0;
}

/* Whether an address of ours of IPv6 is on this LAN, which has its link-local one then. */
static inline bool
dp_speaks_ipv6(const struct dp *dp, unsigned lan)
{
	const struct dp_lan_own *own;

	if (likely(dp_lan_is_port(lan)))
		return (dp_outside_of(dp)->ports6 >> lan & 1) != 0;
	own = __atomic_load_n(&dp->lans[lan].own, __ATOMIC_CONSUME);
	return own != NULL && own->v6;
}

_Static_assert(DP_MAX_PORTS <= 32, "a bit each");

/* What has an address and UDP port, or NULL. */
static inline const struct dp_service_entry *
dp_service_entry(const struct dp *dp, uint32_t ip, uint16_t udp_port)
{
	const struct dp_outside *o = dp_outside_of(dp);
	uint64_t key = dp_service_key(ip, udp_port);

	for (uint32_t at = dp_service_place(key) & o->mask; o->entries[at].key != 0;
		at = (at + 1) & o->mask)
		if (o->entries[at].key == key)
			return &o->entries[at];
	return NULL;
}

/* The same over IPv6. */
static inline const struct dp_service_entry6 *
dp_service_entry6(const struct dp *dp, struct dp_ip ip, uint16_t udp_port)
{
	const struct dp_outside *o = dp_outside_of(dp);

	for (uint32_t at = dp_service_place6(ip, udp_port) & o->mask6;
		o->entries6[at].udp_port != 0; at = (at + 1) & o->mask6)
		if (o->entries6[at].udp_port == udp_port && dp_ip_equal(o->entries6[at].ip, ip))
			return &o->entries6[at];
	return NULL;
}

/* The service of an address and UDP port, for what came by this LAN, or -1. */
static inline int
dp_service_find(const struct dp *dp, unsigned lan, uint32_t ip, uint16_t udp_port)
{
	const struct dp_service_entry *e = dp_service_entry(dp, ip, udp_port);

	return e != NULL && dp_lan_domain(e->lan) == dp_lan_domain(lan) ? e->service : -1;
}

static inline int
dp_service_find6(const struct dp *dp, unsigned lan, struct dp_ip ip, uint16_t udp_port)
{
	const struct dp_service_entry6 *e = dp_service_entry6(dp, ip, udp_port);

	return e != NULL && dp_lan_domain(e->lan) == dp_lan_domain(lan) ? e->service : -1;
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
void dp_wanted_add(struct dp *dp, uint16_t lan, struct dp_ip ip, int more);
void dp_wanted_ask(struct dp *dp, uint16_t lan, struct dp_ip ip, const uint8_t mac[6]);
/* Worker: whether ARP or ND of this sender may be of use to the control thread (by a hash: false is
 * right, true may be wrong). */
bool dp_neighbour_wanted(const struct dp *dp, unsigned lan, struct dp_ip ip);
/* Worker: whether this may be the station whose answer is waited for, since it is the known one
 * (by a hash, so of several neighbours the last that was asked). */
bool dp_neighbour_asked(const struct dp *dp, unsigned lan, struct dp_ip ip, const uint8_t mac[6]);

#endif
