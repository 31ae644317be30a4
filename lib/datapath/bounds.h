/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much there is of what strangers and clients can make the data path keep, and how often it
 * answers them: bounds of every table, ring and rate that others fill.
 */
#ifndef DP_BOUNDS_H
#define DP_BOUNDS_H

#include "datapath/datapath.h"

enum {
	DP_BURST = 64,
	DP_BURST_FULL = 32,  /* so many at once: its worker hardly keeps up (some drivers never give
			      * more) */
	DP_PUNT_RING = 1024, /* datagrams of a class that wait, a worker */
	DP_ARP_RING = 512,   /* and of ARP and ND */
	DP_SHARES = 1024,    /* who waits in it, by a keyed hash */
	DP_SEND_RING = 1024, /* frames of the control thread that wait, a worker */
	DP_MAX_NEXTHOPS = 65536,
	DP_NEXTHOP_NONE = 0,
	DP_NEIGHBOUR_WAITING = 512, /* packets that wait for their next hop's address, of all */
	DP_TUNNEL_IDS = 65536,
	DP_FOLLOW_SESSION = 8,     /* later fragments of a session that wait for their first one */
	DP_FOLLOW_WAITING = 256,   /* and of all, a worker */
	DP_PARTS_WAITING = 512,    /* fragments of outer packets that wait for others, a worker */
	DP_SEQUENCE_SESSION = 8,   /* packets of a session that wait for those before them */
	DP_SEQUENCE_WAITING = 256, /* and of all, a worker */
	DP_HOLD_PEER = 4,          /* packets for a peer that is being dialled, which wait for it */
	DP_HOLD_WAITING = 48,      /* and for all peers, a worker */
	DP_HOLD_FIRSTS = 16,       /* of these, for peers for whom nothing waits yet */
	DP_OWED_MOST = 4096,       /* routes that ought to be gone and wait for memory */
	DP_CONFLICTS = 64,        /* addresses that others claim: remembered; and rates, a worker */
	DP_PATH_RING = 64,        /* ICMP about packets of ours that waits, a worker */
	DP_RESOLVE_RING = 128,    /* packets for neighbours that are not known, likewise */
	DP_KERNEL_RING = 256,     /* frames for the routing daemon, of a class, likewise */
	DP_ELSEWHERE_RING = 128,  /* what comes from elsewhere than a tunnel's peer, likewise */
	DP_PATHS_PER_S = 1000,    /* of it, a worker */
	DP_PATH_LEAST = 576,      /* no path of IPv4 is narrower */
	DP_IDS_OF_A_KIND = 65536, /* groups, services: what 16 bits can name */
	DP_IDS = 8192,
	DP_SOURCES = 4096,            /* strangers' rates, a worker, by a keyed hash */
	DP_ECHO_FIRSTS = 1024,        /* of strangers' echo requests in fragments, a worker */
	DP_ECHOES_PER_S = 10000,      /* echo answers to strangers, a worker */
	DP_DISCOVERIES_PER_S = 20000, /* NAT discovery's, likewise */
};

/* Rates of one session, or of one stranger: what one event costs, and how much there is at most. */
enum {
	DP_ERROR_COST_MS = 10, /* ICMP errors to a session: 100 a second */
	DP_ERROR_MOST_MS = 1000,
	DP_ARP_COST_MS = 1,         /* ARP replies to a station: 1,000 a second */
	DP_ECHO_COST_MS = 10,       /* echo answers */
	DP_CONFLICT_COST_MS = 1000, /* who claims one address of ours: told once a second */
	DP_QUERY_COST_MS = 100,     /* MLD queries of a router: 10 a second */
	DP_PATH_COST_MS = 2,        /* ICMP about packets of ours, of a router: 500 a second */
	DP_ELSEWHERE_COST_MS = 250, /* data of one address and port: 4 a second; */
	DP_ELSEWHERE_MOST_MS = 250,
	DP_ELSEWHERE_ALL_COST_MS = 5, /* of all that were heard of before, 200, a worker */
	DP_ELSEWHERE_ALL_MOST_MS = 1000,
	DP_STRANGER_COST_MS = 20, /* and of all others, 50 */
	DP_STRANGER_MOST_MS = 1000,
	DP_REPLY_COST_MS = 100, /* what may answer us, 10 */
	DP_REPLY_MOST_MS = 1600,
	DP_ECHO_MOST_MS = 1000,
	DP_PPP_COST_MS = 10, /* PPP control of a session, to the control thread */
	DP_PPP_MOST_MS = 1000,
	DP_ADDRESS_COST_MS = 100, /* router solicitations and DHCPv6, likewise */
	DP_ADDRESS_MOST_MS = 1000,
	DP_REJECT_COST_MS = 1000, /* data that was not negotiated, for a Protocol-Reject */
	DP_REJECT_MOST_MS = 4000,
};

#endif
