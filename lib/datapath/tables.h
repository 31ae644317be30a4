/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of the data path beside its hot lines (layout.h): what the control thread writes, what
 * it alone knows of it, and how workers look things up. Nothing outside lib/datapath includes this.
 */
#ifndef DP_TABLES_H
#define DP_TABLES_H

#include <rte_byteorder.h>

#include "datapath/address.h"
#include "datapath/layout.h"
#include "datapath/lpm.h"
#include "datapath/routes.h"
#include "datapath/rules.h"
#include "datapath/worker/meter.h"

/* What is ours on the outside, of VLANs services alone, replaced as a whole. Addresses and ports in
 * network order. */
struct dp_outside {
	uint64_t bits; /* of its addresses and broadcasts over IPv4: dp_own_bit() */
	uint32_t count;
	uint32_t services; /* of them; behind these are addresses of interfaces */
	uint32_t mask, mask6;
	uint32_t ports6; /* a bit a port: an address of ours of IPv6 is on it, without a tag */
	struct dp_own {
		struct dp_ip ip;
		uint32_t broadcast; /* 0: its network has none */
		uint16_t lan, service;
	} * own; /* of either family */
	struct dp_service_entry6 {
		struct dp_ip ip;
		uint16_t udp_port; /* 0: free */
		uint16_t service, lan;
	} * entries6; /* those over IPv6, by a hash */
	struct dp_service_entry {
		uint64_t key; /* dp_service_key(); 0: free */
		uint16_t service, lan;
	} entries[]; /* those over IPv4, by a hash of it */
};

/* What is ours on a VLAN, services and interfaces, replaced as a whole. */
struct dp_lan_own {
	uint64_t bits; /* as those of dp_outside */
	uint32_t count;
	bool v6; /* some of it is of IPv6 */
	struct dp_own own[];
};

/* What the control thread knows of a service, as long as it is set or has sessions. */
struct dp_service_record {
	struct dp_service told;
	bool set;
	int gateway_hop; /* -1: none */
	uint32_t sessions;
	uint32_t ip; /* network order, as the port; 0: IPv6 */
	uint16_t udp_port;
	struct dp_path **paths;    /* by tunnel ID; NULL: as wide as the interface, or all are */
	struct cv_endpoint *peers; /* by tunnel ID, beside dp.tunnels; family 0: none */
};

struct dp_iface_record {
	struct dp_iface told;
	bool set;
	uint16_t services;
	uint16_t lan;  /* lan.h */
	uint32_t slot; /* inside: its own (table/uplink.h); 0: it is not */
};

/*
 * The peer of a tunnel in one word, so that it is written at once: an IPv4 address and port
 * themselves, with DP_PEER_IPV4; of an IPv6 one where they are, in a record that never changes and
 * is replaced as a whole. 0: none. DP_PEER_FOLLOWED beside either: see dp_tunnel_follow().
 */
#define DP_PEER_IPV4 (UINT64_C(1) << 63)
#define DP_PEER_FOLLOWED (UINT64_C(1) << 62)

struct dp_peer6 {
	struct dp_ip ip;
	uint16_t port;
};

static inline uint64_t
dp_tunnel_peer(uint32_t ip, uint16_t port)
{
	return DP_PEER_IPV4 | (uint64_t)port << 32 | ip;
}

static inline bool
dp_tunnel_is(uint64_t word, struct dp_ip ip, uint16_t port)
{
	const struct dp_peer6 *peer;

	word &= ~DP_PEER_FOLLOWED;
	if (dp_ip_is4(ip))
		return word == dp_tunnel_peer(dp_ip4_be(ip), port);
	if (word == 0 || (word & DP_PEER_IPV4) != 0)
		return false;
	peer = (const struct dp_peer6 *)(uintptr_t)word;
	return dp_ip_equal(peer->ip, ip) && peer->port == port;
}

static inline struct dp_ip
dp_ingress_peer(const struct dp_ingress *s)
{
	return dp_ip6((const uint8_t *)s + offsetof(struct dp_ingress, peer_ip));
}

/* What a filter says of a protocol. */
enum dp_verdict {
	DP_DENY,
	DP_PERMIT,
	DP_PERMIT_TCP,    /* the same; what opens a connection may be changed */
	DP_BY_PORT,       /* rules name ports */
	DP_BY_QUOTE,      /* ICMP: errors that quote what is permitted */
	DP_BY_LIST,       /* a list of rules is to be asked */
	DP_BY_LIST_PORTS, /* likewise, by ports too */
};

/* Numbers of classes of addresses (table/class.c), beside the generation's above them. Class 0 is
 * that of nobody's gateways. */
enum { DP_CLASSES = 4096, DP_CLASS_UNKNOWN = 0 };

/* Of which classes a filter's gateways are. */
struct dp_reach {
	uint16_t generation;
	uint64_t bits[DP_CLASSES / 64];
};

struct dp_prefixes6; /* tables6.h */

/* A filter as workers read it: never changed, replaced as a whole, but for `reach`. */
struct dp_filter_table {
	uint8_t verdict[256];    /* by protocol */
	struct dp_reach *reach;  /* replaced by itself; NULL: no gateways, or not yet */
	struct dp_reach *reach6; /* likewise, of classes of /64s */
	struct dp_rules *listed; /* NULL: it has no list */
	uint16_t rule_count;
	uint16_t range_count;
	const struct dp_prefixes6 *gateways6; /* of IPv6, behind the ranges */
	struct dp_rule rules[DP_MAX_RULES];
	struct dp_filter told; /* control's */
	/* gateways in order, apart from each other; host order; behind them as they were told */
	struct dp_range {
		uint32_t first, last;
	} ranges[];
};

enum dp_direction { DP_IN, DP_OUT, DP_DIRECTIONS }; /* from a client, to it */

/* A group, likewise. */
struct dp_group_table {
	uint32_t lns; /* network order */
	bool refuse_silently;
	struct dp_group told; /* control's */
	struct dp_meter shared[DP_DIRECTIONS] __attribute__((aligned(DP_LINE)));
};

/* The meters of a session that has some, and what they dropped and marked. Written by the control
 * thread word by word, taken from by any worker. */
struct dp_metered {
	struct dp_meter meters[DP_DIRECTIONS];
	struct dp_rate_counters counts[DP_DIRECTIONS];
	struct cv_rates own, in_force; /* control's */
};

/* dp.group_flags */
enum {
	DP_GROUP_REACHABLE = 1, /* its clients reach each other */
	DP_GROUP_CLAMPS = 2,    /* their TCP connections get an MSS that fits */
	DP_GROUP_SET = 4,       /* it is there: without it nothing of its sessions passes */
};

/* Words of a pool's addresses, by their place in it. */
struct dp_window {
	uint32_t first, size; /* host order */
	uint32_t *words;
};

/* Words of other addresses, by a hash. */
struct dp_hosts {
	uint32_t mask;
	uint32_t used, live; /* control's: places, and those with a word that is not 0 */
	struct {
		uint32_t ip; /* network order; 0: free. Never another once it is there */
		uint32_t word;
	} at[];
};

enum { DP_WINDOWS = 8 };

/* An address space of clients. hosts are replaced and routes changed below it, it for other
 * windows: the one that follows has the same routes. */
struct dp_realm_table {
	uint32_t window_count;
	struct dp_window windows[DP_WINDOWS];
	struct dp_hosts *hosts;
	struct dp_lpm routes;    /* that are no session's; whole addresses have a word besides */
	uint32_t behind;         /* how many of them lead to a network behind a session */
	struct cv_prefix *pools; /* of both families */
	uint16_t pool_count;
	/* control's */
	bool trims;    /* among those that may give memory back */
	uint32_t live; /* words that are not 0 */
	uint32_t next_trim;
};

#define DP_NO_REALM UINT32_MAX

/* In front of what dp_shared_new() gives; the control thread's. */
struct dp_shared {
	struct dp_shared *next; /* in dp.old */
	uint64_t token;
	size_t bytes; /* with this */
} __attribute__((aligned(DP_LINE)));

/* What the control thread alone knows of a slot. */
struct dp_cold {
	struct dp_session *told; /* NULL: neither a session, nor one that leaves */
	uint64_t token;          /* until it is passed workers may read its lines; 0: they don't */
	uint32_t next;           /* in a list of slots */
	uint32_t next_awaiting;  /* its Ack to leave */
	uint32_t next_of_peer;   /* table/path.c: slot and 1 */
	uint16_t hop;            /* that its lines will have */
	bool installed : 1;
	bool listed : 1;     /* in dp.waiting */
	bool leaving : 1;    /* cleared, and not yet told */
	uint8_t pending : 3; /* DP_PART_: the lines get it when workers have left them */
	bool ordered : 1;    /* pending, and told to be reachable after it was not */
	bool ordered6 : 1;   /* likewise, IPv6 */
	bool moving : 1;     /* has `hop` beside what the lines have */
	bool awaits_ack : 1; /* in dp.listed_first */
};

_Static_assert(sizeof(struct dp_cold) == 32, "a million sessions: two million of it");

/* What of a session's lines changes at once. */
enum { DP_PART_LINES = 1, DP_PART_4 = 2, DP_PART_6 = 4, DP_PART_ALL = 7 };

/* By dp_cold.next. */
struct dp_slot_list {
	uint32_t first, last; /* DP_NO_SLOT: none */
};

/* An address whose session is not open yet: nobody's, and not to be had. */
#define DP_ROUTE_KEPT UINT32_C(1)

/* ---- look-ups ---- */

static inline uint64_t
dp_service_key(uint32_t ip, uint16_t udp_port)
{
	return UINT64_C(1) << 63 | (uint64_t)udp_port << 32 | ip;
}

static inline uint32_t
dp_service_place(uint64_t key)
{
	return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 54);
}

static inline uint32_t
dp_service_place6(struct dp_ip ip, uint16_t udp_port)
{
	return dp_service_place(ip.high ^ (ip.low << 7 | ip.low >> 57) ^ udp_port);
}

static inline uint32_t
dp_hosts_place(const struct dp_hosts *h, uint32_t ip_be)
{
	return (uint32_t)((ip_be * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & h->mask;
}

static inline uint32_t *
dp_window_word(const struct dp_realm_table *r, uint32_t ip)
{
	for (uint32_t i = 0; i < r->window_count; i++)
		if (ip - r->windows[i].first < r->windows[i].size)
			return &r->windows[i].words[ip - r->windows[i].first];
	return NULL;
}

/* Likewise, of an address that is in no window. */
static inline uint32_t *
dp_hosts_word(const struct dp_realm_table *r, uint32_t ip_be)
{
	struct dp_hosts *h = __atomic_load_n(&r->hosts, __ATOMIC_CONSUME);
	uint32_t ip;

	if (h == NULL || ip_be == 0)
		return NULL;
	for (uint32_t at = dp_hosts_place(h, ip_be);; at = (at + 1) & h->mask) {
		ip = __atomic_load_n(&h->at[at].ip, __ATOMIC_ACQUIRE);
		if (ip == ip_be)
			return &h->at[at].word;
		if (ip == 0)
			return NULL;
	}
}

/* NULL: it has none. */
static inline uint32_t *
dp_realm_word(const struct dp_realm_table *r, uint32_t ip_be)
{
	uint32_t *word = dp_window_word(r, rte_bswap32(ip_be));

	return word != NULL ? word : dp_hosts_word(r, ip_be);
}

/* Where an address leads, of which dp_realm_word() is known: by it, or by the longest prefix. */
static inline uint32_t
dp_route_find(const struct dp_realm_table *r, const uint32_t *word, uint32_t ip_be)
{
	uint32_t found = word == NULL ? 0 : __atomic_load_n(word, __ATOMIC_ACQUIRE);

	return found != 0 ? found : dp_lpm_find4(&r->routes, ip_be);
}

#endif
