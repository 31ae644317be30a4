/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path from inside: what there is one of, with all its tables. The control thread writes
 * it, and workers read it; the few words that they write too are `armed`, `busy`, and what a trace
 * has taken. Nothing outside lib/datapath includes this, nor the headers of the rooms beside it.
 */
#ifndef DP_DP_H
#define DP_DP_H

#include <rte_byteorder.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include "base/cursor.h"
#include "base/table.h"
#include "datapath/bounds.h"
#include "datapath/drop.h"
#include "datapath/host/host.h"
#include "datapath/info.h"
#include "datapath/lan.h"
#include "datapath/layout.h"
#include "datapath/tables.h"
#include "datapath/tables6.h"
#include "datapath/worker/worker.h"
#include "wire/ether.h"
#include "wire/nd.h"
#include "wire/udp.h"

struct dp_neighbours;
struct dp_paths;
struct dp_shared;
struct dp_adjacency;
struct dp_uplinks;
struct dp_owed;
struct dp_vias;
struct dp_classes;
struct dp_balance;

/* The trace that is under way, or was last. */
struct dp_trace {
	bool active; /* the slot's lines are marked */
	uint32_t slot, wanted, turn;
	uint32_t taken; /* by workers; may be above wanted */
	uint64_t deadline, began;
};

struct dp {
	const struct cv_log *log;
	struct dp_params params;
	uint16_t port_count, worker_count;
	bool shared, started, stopping, hangs, hugepages, sleeps, eal_ours;
	struct dp_port ports[DP_MAX_PORTS];
	struct dp_lan *lans;                  /* DP_MAX_LANS */
	struct dp_vlans *vlans[DP_MAX_PORTS]; /* NULL: it has none */
	struct dp_outside *outside;
	struct dp_discovery_table *discovery; /* NULL: nothing is answered */

	uint64_t slot_seed;
	uint32_t slot_mask; /* behind sessions' slots are DP_MAX_ADJACENCIES of table/uplink.h */
	struct dp_ingress *ingress;
	struct dp_inner6 *inner6;
	struct dp_egress *egress;
	struct dp_egress6 *egress6;
	struct dp_rare *rare;
	struct dp_trace trace;
	struct dp_metered **meters; /* by slot; NULL: it has none */
	struct dp_nexthop *nexthops;
	uint64_t *hop_tags;               /* by the same index, where it has some */
	struct dp_adjacency *adjacencies; /* table/uplink.h */
	uint32_t *adjacent;               /* slots of neighbours, by a hash; 0: none */
	uint32_t *via;                    /* by the ID of next hops: a route word */
	struct dp_spread **spreads;       /* likewise, where that says so: table/uplink.h */
	uint16_t *arp_wanted;             /* neighbours, by a hash of LAN and address */
	uint64_t *arp_asked;              /* likewise: the known MAC address that was asked last */

	struct rte_mempool *pool;
	struct rte_rcu_qsbr *rcu;
	struct dp_worker *workers[DP_MAX_WORKERS];

	/* control thread only */
	struct dp_counts counts;
	struct dp_neighbours *neighbours;
	struct dp_paths *paths;
	uint64_t now; /* of the last round */
	uint32_t sessions, addresses, prefixes;
	struct dp_realm_use realm_use[DP_IDS_OF_A_KIND];
	struct dp_cold *cold;   /* by slot */
	uint32_t *switches;     /* by slot: table/switch.c */
	struct cv_table framed; /* networks behind sessions: table/framed.c */
	struct dp_classes *classes;
	uint32_t metered;                   /* sessions with meters */
	struct dp_slot_list waiting, gone;  /* for workers; to be told */
	struct dp_shared *old, *old_last;   /* what was replaced, until no worker reads it */
	uint32_t control_given;             /* frames put into the `send` of worker 0; it wraps */
	uint32_t trim_first;                /* realms, by next_trim; DP_NO_REALM: none */
	uint32_t listed_first, listed_last; /* sessions whose Ack is on its way, DP_NO_SLOT: none */
	size_t table_bytes;
	void *log_stream; /* DPDK's log, into ours */
	int event_fd;
	int link_fd;                /* netlink; -1: no port needs it */
	uint64_t ports_at;          /* when ports are looked at next */
	struct dp_balance *balance; /* control/handover.c; NULL: there is one worker */
	uint64_t reassembled_before;
	uint32_t armed; /* control sleeps: a worker that punts writes to event_fd */
	uint16_t budget[DP_PUNT_CLASSES];
	uint32_t next_lan; /* where a free one is looked for */
	bool busy;         /* shared: the last round found a full burst */
	uint16_t punt_worker;
	/* peers that are dialled when there is traffic for them, by ID: enum dp_dialling; and how
	 * many of them have some: table/dial.c */
	uint8_t dials[CV_DIAL_IDS];
	uint32_t dials_wanted;
	struct dp_ids ids; /* of what the control thread sends */

	/* by their IDs; pages of it are there when they are used */
	struct dp_filter_table *filters[DP_IDS_OF_A_KIND];
	struct dp_group_table *groups[DP_IDS_OF_A_KIND];
	uint8_t group_flags[DP_IDS_OF_A_KIND]; /* DP_GROUP_ */
	struct dp_realm_table *realms[DP_IDS_OF_A_KIND];
	struct dp_realm6 *realms6[DP_IDS_OF_A_KIND];
	uint64_t *tunnels[DP_IDS_OF_A_KIND]; /* of a service, by our tunnel ID: dp_tunnel_peer() */
	struct dp_service_record *services[DP_IDS_OF_A_KIND]; /* control's */
	struct dp_iface_record ifaces[DP_IDS_OF_A_KIND];      /* likewise */
	struct dp_uplinks *uplinks;                           /* likewise */
	struct dp_vias *vias;                                 /* likewise */
	struct dp_owed *owed;                                 /* likewise */
};

/* All slots: of sessions, and of uplinks behind them. */
static inline size_t
dp_slots(const struct dp *dp)
{
	return (size_t)dp->slot_mask + 1 + DP_MAX_ADJACENCIES;
}

/* A keyed hash: a stranger can't choose whom he meets in a small table. */
static inline uint32_t
dp_hash(const struct dp *dp, uint64_t key)
{
	return (uint32_t)(dp_hash64(key ^ dp->slot_seed) >> 32);
}

#endif
