/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of neighbours: neighbours.c keeps it, neighbour.c says what becomes of each. The
 * control thread's alone.
 */
#ifndef DP_CONTROL_NEIGHBOURS_H
#define DP_CONTROL_NEIGHBOURS_H

#include "base/bucket.h"
#include "base/list.h"
#include "base/wheel.h"
#include "datapath/dp.h"

enum { DP_WAITING_MAX = 4 }; /* packets kept for a neighbour that is being resolved */

struct neighbour {
	struct cv_timer timer; /* first: the wheel gives it back */
	struct cv_node node;
	struct cv_ip ip;
	struct cv_ip from; /* our address that asks */
	uint16_t lan;
	uint16_t hop;
	uint8_t tries; /* 0: not asking */
	uint8_t waiting;
	bool up;
	bool fixed;  /* by the configuration: never asked, never forgotten */
	bool missed; /* it was said that it does not answer */
	uint32_t users;
	uint64_t used_at, confirmed_at;
	uint8_t mac[6];
	struct rte_mbuf *packets[DP_WAITING_MAX];
	uint32_t adjacency; /* its slot, as long as it is known: table/uplink.h; or DP_NO_SLOT */
	struct queue *queue;
	struct neighbour *older, *newer; /* in it */
};

/* Neighbours that no session uses, in the order in which they give way. */
struct queue {
	struct neighbour *oldest, *newest;
	uint32_t n;
};

/* Who claims an address of ours, or of a client's: control/conflict.c. */
struct dp_conflict {
	struct cv_ip ip;
	uint16_t lan;
	uint8_t mac[6];
	uint64_t heard_at, said_until;
};

struct dp_conflicts {
	struct dp_conflict at[DP_CONFLICTS];
	uint64_t defended_until[DP_CONFLICTS]; /* by a hash of the address */
	uint32_t lines;                        /* a rate: see cv_limit_take() */
	uint64_t unsaid;                       /* since the last line */
};

enum { DP_ASKERS = 1024 };

struct dp_neighbours {
	struct cv_wheel wheel;
	struct cv_table table;
	struct neighbour **by_hop; /* DP_MAX_NEXTHOPS */
	uint32_t next_hop, count;
	uint32_t waiting; /* packets, of all */
	struct queue strangers, idle;
	struct dp_conflicts conflicts;
	uint32_t asks[DP_ASKERS]; /* cv_limit_take(): of senders' packets, by source */
};

/* The one of this address on a LAN, or NULL; its hash for dp_neighbour_make(). */
struct neighbour *dp_neighbour_find(
	const struct dp *dp, uint16_t lan, const struct cv_ip *ip, uint64_t *hash);
/* A new one with a next hop of its own, which nothing is known of; NULL: no room, no memory. It is
 * in no queue yet. */
struct neighbour *dp_neighbour_make(
	struct dp *dp, uint16_t lan, const struct cv_ip *ip, uint64_t hash);
/* Frees it. cause: of the packets that wait for it. */
void dp_neighbour_forget(struct dp *dp, struct neighbour *n, enum dp_drop_cause cause);
void dp_neighbour_drop_waiting(struct dp *dp, struct neighbour *n, enum dp_drop_cause cause);
/* Puts it where it belongs, as the newest there. */
void dp_neighbour_queue_up(struct dp_neighbours *all, struct neighbour *n);
/* Room for one more packet to wait for n: strangers that hold some give way, the oldest first. */
bool dp_neighbour_packet_room(struct dp *dp, const struct neighbour *n);

#endif
