/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the data path tells people: traces, tables, counters. Threads and errors are as in
 * datapath.h.
 */
#ifndef DP_INFO_H
#define DP_INFO_H

#include "datapath/datapath.h"

/* ---- traces -------------------------------------------------------------------------------- */

enum { DP_TRACE_MOST = 100 }; /* packets */

/*
 * Traces the next packets that are a session's or for it, through the stages, at no cost to other
 * sessions; until there were so many, or for so long. CV_ERR_CONFIG: none or too many;
 * CV_ERR_UNKNOWN: there is no such session; CV_ERR_EXISTS: another trace is under way;
 * CV_ERR_NOMEM.
 */
int dp_trace_start(struct dp *dp, uint64_t now, uint32_t slot, unsigned packets, uint64_t ns);
void dp_trace_stop(struct dp *dp);
bool dp_trace_running(const struct dp *dp);

/* A packet where it left a stage. */
struct dp_trace_row {
	uint32_t packet; /* from 1 */
	uint64_t ns;     /* since the start of the trace */
	uint16_t worker;
	bool to_it;   /* for the session; else from it */
	bool dropped; /* for the cause of the name `exit`; else it is an edge's */
	bool stale;   /* of a trace before, in whose time a worker was late */
	const char *exit, *help;
	struct cv_ip source,
		target;          /* of the inner packet, as it was then; family 0: it has none */
	uint16_t protocol, hops; /* TTL or Hop Limit */
	uint16_t len;
};

/* The next one, packet by packet of what is there by now, each in order; false: none yet. A trace
 * that has ended can be read until the next one starts. */
bool dp_trace_next(struct dp *dp, struct dp_trace_row *row);

/* ---- tables ------------------------------------------------------------------------------- */

enum dp_link {
	DP_LINK_UP,
	DP_LINK_DOWN,
	DP_LINK_GONE, /* the device was removed: nothing passes until a new start */
};

struct dp_port_info {
	char name[DP_PORT_NAME];
	char device[DP_PORT_DEVICE];
	char driver[32];
	uint8_t mac[6];
	uint16_t mtu;
	enum dp_link link;
	uint32_t speed_mbps; /* 0: unknown */
	uint16_t rx_queues, tx_queues, rx_descriptors, tx_descriptors;
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes; /* frames, as the driver counts */
	uint64_t rx_missed;    /* lost in the device or the kernel's ring, for want of room there */
	uint64_t rx_no_buffer; /* likewise, for want of a packet buffer */
	uint64_t rx_errors, tx_errors; /* lost in the device or driver */
	/* The kernel's, of an interface (af_packet, tap), since it was made. */
	uint64_t kernel_rx_errors, kernel_rx_dropped, kernel_tx_errors, kernel_tx_dropped;
	/* af_packet: fragmented packets that the kernel put together before we got them, in this
	 * network namespace, since the start */
	uint64_t kernel_reassembled;
	char offloads[DP_OFFLOADS]; /* what the device does for us: names, or none */
	const char
		*hash; /* by what frames are spread over workers: session, addresses-ports, ... */
};

/* One of a port's queues, which the worker of its number serves. */
struct dp_queue_info {
	uint64_t rx_packets, tx_packets; /* frames that it took out; that the queue took from it */
	uint64_t tx_full;                /* that the queue had no room for: the drop TX_FULL */
	bool ring_counted;  /* whether the next is known of the queue; else of the port at most */
	uint64_t ring_full; /* af_packet: that its socket's ring had no room for: RX_RING_FULL */
};

/* What a device counts beside, by its driver's name for it. */
struct dp_xstat {
	char name[64];
	uint64_t value;
};

struct dp_worker_info {
	uint16_t cpu; /* UINT16_MAX: not pinned (shared) */
	uint64_t busy_cycles, idle_cycles;
	uint64_t rounds, rx_packets, tx_packets;
	uint64_t handed_over; /* of those received, to other workers */
	double busy_share;    /* 0 to 1, of the time since the last call for this worker */
};

/* What passed an interface that is inside a realm, since it is; and who is there. */
struct dp_iface_info {
	struct dp_session_counters n; /* plain IP: from the realm's other hosts, and to them */
	uint32_t neighbours;          /* whose MAC addresses are known */
};

struct dp_neighbour_info {
	struct cv_ip ip;
	uint16_t port, vlan, outer; /* as in struct dp_iface */
	uint8_t mac[6];
	bool resolved;
	bool configured;       /* its MAC address: ARP can't change it */
	uint32_t users;        /* sessions and routes that send by it */
	uint64_t confirmed_at; /* when it answered last; 0: never */
};

unsigned dp_port_count(const struct dp *dp);
int dp_port_info(const struct dp *dp, unsigned port, struct dp_port_info *out);
/* CV_ERR_UNKNOWN: there is no such port or queue. */
int dp_queue_info(const struct dp *dp, unsigned port, unsigned queue, struct dp_queue_info *out);
/* Those from index `from` on, at most so many. Returns how many there were; CV_ERR_UNKNOWN: there
 * is no such port. All are asked for each time. */
int dp_port_xstats(
	const struct dp *dp, unsigned port, unsigned from, struct dp_xstat *out, unsigned most);
/* Counts now what the rings of sockets had no room for, which is else done each second. */
void dp_losses_read(struct dp *dp);
unsigned dp_worker_count(const struct dp *dp); /* 1 when shared */
int dp_worker_info(struct dp *dp, unsigned worker, struct dp_worker_info *out);
/* Whether frames can pass a port now; for nothing. */
enum dp_link dp_port_link(const struct dp *dp, unsigned port);
/* CV_ERR_UNKNOWN: it is not inside. */
int dp_iface_info(const struct dp *dp, uint16_t iface, struct dp_iface_info *out);
/* Neighbours in a stable order: *cursor starts at 0; false past the last. Those that come or go
 * meanwhile may be missed or not. */
bool dp_neighbour_next(const struct dp *dp, uint64_t *cursor, struct dp_neighbour_info *out);
/* Rounds that a worker has made: who watches that it goes on may ask from any thread. */
uint64_t dp_worker_rounds(const struct dp *dp, unsigned worker);

struct dp_counter {
	const char *name; /* "CLASSIFY_UDP_CHECKSUM" */
	const char *help; /* one line for people */
	uint64_t packets; /* all workers and control together */
};

/* Drops and edges by index from 0; false past the last. */
bool dp_drop_counter(const struct dp *dp, unsigned index, struct dp_counter *out);
bool dp_edge_counter(const struct dp *dp, unsigned index, struct dp_counter *out);

/* What waits between workers and the control thread, of all workers, and for how much there is
 * room; by index from 0; false past the last. */
struct dp_ring_info {
	const char *name; /* "to-control-ppp", "from-control" */
	const char *help; /* of the drop that a full one is */
	uint32_t waiting, places;
	uint64_t full; /* how often there was no room: that drop */
};

bool dp_ring_info(const struct dp *dp, unsigned index, struct dp_ring_info *out);

/* How the data path was set up, for the log and `culvertctl status`. */
struct dp_setup_info {
	bool hugepages;
	bool shared;
	uint32_t slots;
	uint32_t mbufs, mbufs_free; /* packet buffers; of them, in nobody's hands now */
	size_t table_bytes;         /* session and address tables, now */
	uint32_t sessions;          /* installed now */
	uint32_t addresses;         /* inner addresses of sessions */
	uint32_t prefixes;          /* inner /64s of sessions */
};

void dp_setup_info(const struct dp *dp, struct dp_setup_info *out);

#endif
