/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the data path share: the tables, a worker, a burst on its way, and the calls
 * from stage to stage. Nothing outside lib/datapath includes this.
 */
#ifndef DP_INTERNAL_H
#define DP_INTERNAL_H

#include <rte_byteorder.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include "base/bucket.h"
#include "base/cursor.h"
#include "base/table.h"
#include "base/time.h"
#include "datapath/drop.h"
#include "datapath/layout.h"
#include "datapath/tables.h"
#include "datapath/tables6.h"
#include "wire/ether.h"
#include "wire/nd.h"
#include "wire/udp.h"

enum {
	DP_BURST = 64,
	DP_BURST_FULL = 32,  /* so many at once: its worker hardly keeps up (some drivers never give
			      * more) */
	DP_PUNT_RING = 1024, /* datagrams of a class that wait, a worker */
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
	DP_PATH_RING = 64,         /* ICMP about packets of ours that waits, a worker */
	DP_PATHS_PER_S = 1000,     /* of it, a worker */
	DP_PATH_LEAST = 576,       /* no path of IPv4 is narrower */
	DP_IDS_OF_A_KIND = 65536,  /* groups, services: what 16 bits can name */
	DP_IDS = 8192,
	DP_SOURCES = 4096,       /* strangers' rates, a worker, by a keyed hash */
	DP_ECHO_FIRSTS = 1024,   /* of strangers' echo requests in fragments, a worker */
	DP_ECHOES_PER_S = 10000, /* echo answers to strangers, a worker */
};

/* Rates of one session, or of one stranger: what one event costs, and how much there is at most. */
enum {
	DP_ERROR_COST_MS = 10, /* ICMP errors to a session: 100 a second */
	DP_ERROR_MOST_MS = 1000,
	DP_ARP_COST_MS = 1,     /* ARP replies to a station: 1,000 a second */
	DP_ECHO_COST_MS = 10,   /* echo answers */
	DP_QUERY_COST_MS = 100, /* MLD queries of a router: 10 a second */
	DP_PATH_COST_MS = 2,    /* ICMP about packets of ours, of a router: 500 a second */
	DP_ECHO_MOST_MS = 1000,
	DP_PPP_COST_MS = 10, /* PPP control of a session, to the control thread */
	DP_PPP_MOST_MS = 1000,
	DP_ADDRESS_COST_MS = 100, /* router solicitations and DHCPv6, likewise */
	DP_ADDRESS_MOST_MS = 1000,
	DP_REJECT_COST_MS = 1000, /* data that was not negotiated, for a Protocol-Reject */
	DP_REJECT_MOST_MS = 4000,
};

struct dp_port {
	char name[DP_PORT_NAME];
	char device[DP_PORT_DEVICE];
	char ethdev[DP_PORT_DEVICE]; /* DPDK's name; empty: not found yet */
	enum dp_port_kind kind;
	uint16_t id; /* DPDK's number */
	uint16_t mtu;
	uint16_t rx_descriptors, tx_descriptors;
	uint8_t mac[6];
	uint64_t mac_word;                 /* the same, as dp_ether_target() reads it */
	uint64_t multicast;                /* which groups it was told of; 0: none */
	uint64_t rx_offloads, tx_offloads; /* RTE_ETH_RX_OFFLOAD_, TX, that are on */
	uint64_t hash;                     /* RTE_ETH_RSS_: spreads frames over workers */
	uint16_t queues;
	bool rules;     /* beside it, the device spreads sessions by rules */
	bool checks_rx; /* the device says whether received checksums are right */
	bool found;     /* id is right */
	bool created;   /* by us: to be removed again */
	int lock;       /* host/interface.c: a socket; -1: none */
	int interface;  /* its number in the kernel; 0: none */
	enum dp_link link;
	int sockets[DP_MAX_WORKERS]; /* af_packet's, until it stops */
	uint16_t socket_count;
	uint64_t ring_full; /* frames that they had no room for */
};

/* ---- workers ---- */

struct dp_tx {
	struct rte_mbuf *frames[DP_BURST];
	uint16_t count;
} __attribute__((aligned(64)));

/* A session's rates, so that its flood silences nobody else. */
struct dp_limits {
	uint32_t errors, echoes, ppp, rejects, addresses; /* see cv_limit_take */
};

/* How much of whom waits in a punt ring: given by the worker, taken by the control thread. */
struct dp_shares {
	uint32_t given[DP_SHARES];
	uint32_t taken[DP_SHARES] __rte_cache_aligned;
};

/* A first fragment of an echo request to our outer address, which has been answered. */
struct dp_echo_first {
	uint64_t addresses; /* source and destination */
	uint32_t at_ms;
	uint16_t id;
};

struct rte_eth_conf;
struct rte_eth_dev_info;
struct dp_follow;
struct dp_handover;
struct dp_parts;
struct dp_sequence;
struct rte_ip_frag_tbl;

/*
 * Identifications of the outer packets that we send, which may be fragmented on their way (RFC
 * 6864). Each destination has a count of its own, but for a chance in DP_IDS, so that they repeat
 * after 65,536 packets to it and not to all. Who sends (a worker, the control thread) begins at
 * another part of the range.
 */
struct dp_ids {
	uint32_t key;
	uint16_t next[DP_IDS];
};

/* Of all senders alike. */
static inline uint16_t
dp_ids_place(const struct dp_ids *ids, uint32_t destination)
{
	return (uint16_t)(((destination ^ ids->key) * UINT32_C(0x9e3779b1)) >> 19);
}

static inline uint16_t
dp_ids_next(struct dp_ids *ids, uint32_t destination)
{
	return ids->next[dp_ids_place(ids, destination)]++;
}

_Static_assert(DP_IDS == 1 << (32 - 19), "as many places");

struct dp_worker {
	struct dp *dp;
	uint16_t index;
	unsigned lcore; /* LCORE_ID_ANY: shared */
	struct dp_counts counts;
	/* by slot: what went to it; and what came from it beside what its line counts */
	struct dp_counted *sent, *received;
	struct dp_limits *limits; /* by slot */
	struct rte_ring *punt[DP_PUNT_CLASSES];
	struct dp_shares shares[DP_PUNT_CLASSES];
	struct rte_ring *send;
	uint32_t control_sent; /* frames out of `send` that the ports have taken; it wraps */
	struct dp_tx tx[DP_MAX_PORTS];
	struct dp_follow *follow;
	struct dp_sequence *sequence;       /* data messages that came early */
	struct dp_parts *parts;             /* outer fragments that wait */
	struct rte_ip_frag_tbl *reassembly; /* empty between two packets */
	struct cv_bucket echoes;            /* to strangers, all together */
	struct cv_bucket paths;             /* ICMP about packets of ours */
	struct dp_echo_first echo_firsts[DP_ECHO_FIRSTS];
	uint32_t echo_rates[DP_SOURCES]; /* by their address */
	uint32_t arp_rates[DP_SOURCES];
	uint32_t path_rates[DP_SOURCES]; /* by who says it */
	uint64_t cycles_per_ms;
	uint32_t now_ms;    /* at the start of this round */
	uint64_t now_ticks; /* likewise: see DP_TICKS_SHIFT */
	uint64_t busy_cycles, idle_cycles, rounds, rx_packets, tx_packets;
	uint64_t full_cycles;            /* of the busy ones, in rounds in which a burst was full */
	uint64_t shown_busy, shown_idle; /* at the last dp_worker_info */
	uint32_t idle_rounds;
	struct dp_ids ids;
	uint32_t fragment_id;         /* counts packets of ours that were cut, IPv6 */
	struct dp_trace_ring *trace;  /* NULL: nothing was ever traced */
	bool traces;                  /* since the start of this round */
	struct dp_handover *handover; /* NULL: there is one worker */
	bool gives;                   /* some sessions' frames are another worker's */
	bool full;                    /* a burst of this round was */
	bool punted;                  /* in this round */
	bool stages_only;             /* a test compares them with the fast way */
} __rte_cache_aligned;

/*
 * A packet of a burst. inner_sum: the folded sum from inner to the datagram's end, as at an even
 * place, so of `trailing` bytes more than the packet has until ingress takes them out. What it
 * says was the sender's word: a checksum that was wrong is wrong in it.
 */
struct dp_packet {
	struct rte_mbuf *m;
	uint8_t *inner;
	const uint8_t *udp; /* the header that it came in, until egress */
	uint32_t slot, to;
	struct dp_ip peer;
	uint16_t peer_port;
	uint16_t len; /* bytes from inner to the end of the PPP frame; from ingress on: of the
			 packet */
	uint16_t inner_sum;
	uint16_t protocol; /* of PPP */
	uint16_t group, filter;
	uint16_t realm;
	uint16_t trailing; /* bytes of the datagram behind the packet */
	uint8_t outer_tos;
	uint8_t port;       /* that it came in by */
	uint16_t ip_header; /* bytes from the outer one to UDP's */
	bool sum_known;
	bool sequenced; /* ns came with it */
	uint16_t ns;
	bool trace_to;  /* it is traced as one for the session */
	uint16_t trace; /* its number in a trace; 0: it is in none */
	uint64_t key;
};

struct dp_burst {
	uint16_t n;
	struct dp_packet packets[DP_BURST];
};

/* What travels with a punted buffer, in its private area. */
struct dp_punt_meta {
	uint16_t class, service, port, len;
	uint32_t slot;
	struct dp_ip remote;
	uint16_t remote_port;
	uint16_t source, flow; /* in dp_shares */
	uint16_t mtu;          /* DP_PUNT_PATH */
	const uint8_t *data;
	/* of what ARP or ND says of a neighbour, who is `remote` */
	uint8_t says; /* enum dp_says */
	uint8_t mac[WIRE_MAC];
};

enum { DP_TRACE_RING = 2048 };

/* What became of a traced packet, and how it looked. */
struct dp_trace_record {
	uint64_t at; /* cycles */
	uint32_t turn;
	uint16_t packet, len, exit; /* exit: a drop or an edge */
	bool dropped, to_it;
	bool read;     /* the reader's */
	uint8_t bytes; /* of the inner packet, that follow */
	uint8_t head[40];
};

/* Made for the first trace. One writer, the worker, and one reader. */
struct dp_trace_ring {
	uint32_t put, lost;
	uint32_t got __rte_cache_aligned;
	struct dp_trace_record at[DP_TRACE_RING];
};

/* The trace that is under way, or was last. */
struct dp_trace {
	bool active; /* the slot's lines are marked */
	uint32_t slot, wanted, turn;
	uint32_t taken; /* by workers; may be above wanted */
	uint64_t deadline, began;
};

struct dp_neighbours;
struct dp_paths;
struct dp_shared;
struct dp_classes;
struct dp_balance;

struct dp {
	const struct cv_log *log;
	struct dp_params params;
	uint16_t port_count, worker_count;
	bool shared, started, stopping, hangs, hugepages, sleeps, eal_ours;
	struct dp_port ports[DP_MAX_PORTS];
	struct dp_outside *outside;

	uint64_t slot_seed;
	uint32_t slot_mask;
	struct dp_ingress *ingress;
	struct dp_inner6 *inner6;
	struct dp_egress *egress;
	struct dp_egress6 *egress6;
	struct dp_rare *rare;
	struct dp_trace trace;
	struct dp_metered **meters; /* by slot; NULL: it has none */
	struct dp_nexthop *nexthops;
	uint16_t *arp_wanted; /* neighbours, by a hash of port and address */
	uint64_t *arp_asked;  /* likewise: the known MAC address that was asked last */

	struct rte_mempool *pool;
	struct rte_rcu_qsbr *rcu;
	struct dp_worker *workers[DP_MAX_WORKERS];

	/* control thread only */
	struct dp_counts counts;
	struct dp_neighbours *neighbours;
	struct dp_paths *paths;
	uint64_t now; /* of the last round */
	uint32_t sessions, addresses, prefixes;
	struct dp_cold *cold; /* by slot */
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
	bool busy; /* shared: the last round found a full burst */
	uint16_t punt_worker;
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
};

/* worker/trace.c: a packet of a session that is traced, or to one; where a traced one goes on or
 * ends. */
void dp_trace_begin(struct dp_worker *w, struct dp_packet *p, bool to_it);
/* The same before its stage looks at the session, whose slot and key are known: whether it is
 * traced. */
void dp_trace_find(struct dp_worker *w, struct dp_packet *p);
/* The drop of what was not read to its end, but names a session: len bytes from L2TP on, of which
 * two are there. */
void dp_trace_unread(struct dp_worker *w, uint16_t service, uint8_t *l2tp, unsigned len,
	enum dp_drop_cause cause);
void dp_trace_drop(struct dp_worker *w, const struct dp_packet *p, enum dp_drop_cause cause);
void dp_trace_edge(struct dp_worker *w, const struct dp_packet *p, enum dp_edge_name edge);
/* All of a burst that a stage has let through. */
void dp_trace_stage(struct dp_worker *w, const struct dp_burst *b, enum dp_edge_name edge);
/* control/trace.c: the slot's lines, as the trace says. */
void dp_trace_mark(struct dp *dp, uint32_t slot);
void dp_trace_poll(struct dp *dp, uint64_t now);

/* Whether anything is traced: for drops of what no session is known of. */
static inline bool
dp_traces(const struct dp *dp)
{
	return __atomic_load_n(&dp->trace.active, __ATOMIC_RELAXED);
}

/* ---- where packets end, but for those that are sent: nothing else frees a buffer ---- */

/* A packet of a burst, for a cause: who dropped it, what it is and whose session's is known. */
static inline void
dp_drop(struct dp_worker *w, const struct dp_packet *p, enum dp_drop_cause cause)
{
	if (unlikely(p->trace != 0))
		dp_trace_drop(w, p, cause);
	w->counts.drops[cause]++;
	rte_pktmbuf_free(p->m);
}

/* The same of one in whose buffer an answer to it leaves. */
static inline void
dp_drop_answered(struct dp_worker *w, const struct dp_packet *p, enum dp_drop_cause cause)
{
	if (unlikely(p->trace != 0))
		dp_trace_drop(w, p, cause);
	w->counts.drops[cause]++;
}

/* A packet of which something else was made. */
static inline void
dp_done(struct dp_worker *w, const struct dp_packet *p, enum dp_edge_name edge)
{
	if (unlikely(p->trace != 0))
		dp_trace_edge(w, p, edge);
	w->counts.edges[edge]++;
	rte_pktmbuf_free(p->m);
}

/* A frame on a worker that is no packet of a session (yet, or any more). */
static inline void
dp_drop_frame(struct dp_worker *w, struct rte_mbuf *m, enum dp_drop_cause cause)
{
	w->counts.drops[cause]++;
	rte_pktmbuf_free(m);
}

static inline void
dp_done_frame(struct dp_worker *w, struct rte_mbuf *m, enum dp_edge_name edge)
{
	w->counts.edges[edge]++;
	rte_pktmbuf_free(m);
}

/* What the control thread has. */
static inline void
dp_drop_control(struct dp *dp, struct rte_mbuf *m, enum dp_drop_cause cause)
{
	dp->counts.drops[cause]++;
	rte_pktmbuf_free(m);
}

static inline void
dp_done_control(struct dp *dp, struct rte_mbuf *m, enum dp_edge_name edge)
{
	dp->counts.edges[edge]++;
	rte_pktmbuf_free(m);
}

/* A keyed hash: a stranger can't choose whom he meets in a small table. */
static inline uint32_t
dp_hash(const struct dp *dp, uint64_t key)
{
	return (uint32_t)(dp_hash64(key ^ dp->slot_seed) >> 32);
}

static inline struct dp_punt_meta *
dp_meta(struct rte_mbuf *m)
{
	return rte_mbuf_to_priv(m);
}

/* host/memory.c: zeroed memory for tables, touched when used, huge pages where the kernel has them.
 */
void *dp_table_new(struct dp *dp, size_t bytes);
void dp_table_free(struct dp *dp, void *table, size_t bytes);
/* The same for what is replaced as a whole while workers read it (dp_grace_free), and may be small;
 * it stands on a line of its own. NULL is allowed. */
void *dp_shared_new(struct dp *dp, size_t bytes);
/* The same for what may be used in a few places only: no huge page for one of them, whatever the
 * machine does otherwise. Until it is told that it is used all over. */
void *dp_shared_new_sparse(struct dp *dp, size_t bytes);
void dp_shared_is_dense(void *memory);
void dp_shared_free(struct dp *dp, void *memory);

/* host/eal.c */
int dp_eal_start(struct dp *dp);
/* Gives all of it back, before the process ends: nothing of DPDK may be used any more. */
void dp_eal_cleanup(void);
/* The EAL's argument for CPUs: a list with ranges. */
size_t dp_eal_lcores(char *text, size_t capacity, const uint16_t *all, unsigned n,
	const uint16_t *workers, unsigned count);
/* host/port.c */
int dp_ports_create(struct dp *dp);
/* Memory that the packet buffers will take. */
size_t dp_ports_buffer_bytes(const struct dp *dp);
int dp_ports_start(struct dp *dp);
void dp_ports_stop(struct dp *dp);
void dp_ports_destroy(struct dp *dp);

/* host/offload.c */
/* What is asked of a device that can do so much, and with so many queues. */
void dp_offloads_choose(struct dp_port *port, const struct rte_eth_dev_info *info, unsigned queues,
	struct rte_eth_conf *conf);
/* Rules, once it has started, and before it stops. */
void dp_offloads_start(struct dp_port *port);
void dp_offloads_stop(struct dp_port *port);
void dp_offloads_name(const struct dp_port *port, char out[DP_OFFLOADS]);
/* By what its frames are spread over workers: for good. */
const char *dp_hash_name(const struct dp_port *port);

/* How often ports are looked at. */
#define DP_PORTS_POLL_NS CV_NS_PER_S
void dp_ports_poll(struct dp *dp, uint64_t now);

/* host/interface.c */
/* Before the device is made: CV_ERR_EXISTS when another process serves the interface. */
int dp_interface_claim(const struct dp *dp, struct dp_port *port);
void dp_interface_release(struct dp_port *port);
/* Once the devices are there: finds their interfaces and watches their links. */
void dp_interfaces_start(struct dp *dp);
void dp_interfaces_stop(struct dp *dp);
void dp_interfaces_poll(struct dp *dp);
/* What the kernel counts. */
void dp_interface_info(const struct dp *dp, const struct dp_port *port, struct dp_port_info *out);
/* A change is a line in the log; what is gone stays so. */
void dp_port_set_link(const struct dp *dp, struct dp_port *port, enum dp_link link);

/* host/multicast.c: the port takes frames to the groups that its addresses are asked for on, and
 * to all nodes (RFC 2464 section 7), as its services are now. */
void dp_multicast_follow(struct dp *dp, uint16_t port);
/* The groups that the addresses of a port are asked for on. */
enum { DP_GROUPS_MAX = DP_MAX_SERVICES + 1 };
unsigned dp_multicast_groups(
	const struct dp *dp, uint16_t port, uint8_t (*groups)[WIRE_IPV6_ADDRESS]);
/* control/mld.c: says that we listen to them; type: WIRE_MLD_*_EXCLUDE. */
void dp_mld_report(struct dp *dp, uint16_t port, uint8_t type);

/* table/service.c: what is ours on the outside. */
int dp_services_create(struct dp *dp);
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

/* The session of this key is here, and this its peer. */
static inline bool
dp_session_is_of(const struct dp *dp, uint64_t key, struct dp_ip peer, uint16_t port)
{
	const struct dp_ingress *s = &dp->ingress[cv_session_slot(dp->slot_seed,
		dp_key_service(key), (uint16_t)(key >> 16), (uint16_t)key, dp->slot_mask)];

	return (__atomic_load_n(&s->word, __ATOMIC_ACQUIRE) & DP_INGRESS_KEY) == key &&
	       dp_ip_equal(dp_ingress_peer(s), peer) && s->peer_port == port;
}

/* worker/answer.c: ARP and ICMP for our outer addresses. */
void dp_answer_arp(struct dp_worker *w, unsigned port, struct rte_mbuf *m);
void dp_answer_icmp(struct dp_worker *w, unsigned port, struct rte_mbuf *m);
/* What is heard of a neighbour, to the control thread: source, flow: see dp_punt_mbuf(). */
void dp_punt_claim(struct dp_worker *w, struct rte_mbuf *m, const struct dp_punt_meta *claim,
	uint64_t source, uint64_t flow, enum dp_edge_name edge);
/* One station's or address's rate, where others may share its place by chance. rates: one of the
 * worker's, of DP_SOURCES. */
bool dp_within_rate(struct dp_worker *w, uint32_t *rates, uint64_t source, uint32_t cost_ms);
/* worker/nd.c: ICMPv6 for our outer addresses: a packet of `len` bytes whose headers are right, but
 * for its destination. at: where ICMP begins in it. */
void dp_answer_icmpv6(
	struct dp_worker *w, unsigned port, struct rte_mbuf *m, unsigned at, unsigned len);
/* control/claim.c: what a worker's ARP or ND says of a neighbour. */
void dp_claim_learn(struct dp *dp, uint64_t now, struct rte_mbuf *m);

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

/* control/question.c: asks who has an address, of `from`, ours on the port. only: the MAC address
 * that is asked alone; NULL: all are. */
void dp_question_send(struct dp *dp, uint16_t port, const struct cv_ip *from,
	const struct cv_ip *about, const uint8_t *only);

/* control/neighbour.c */
int dp_neighbours_create(struct dp *dp);
void dp_neighbours_destroy(struct dp *dp);
/* The next hop towards ip, resolved or being so; counts one more user. -1: no room, -2: no
 * route. It is never DP_NEXTHOP_NONE, by which nothing leaves. */
int dp_nexthop_get(struct dp *dp, uint64_t now, uint16_t service, const struct cv_ip *ip);
void dp_nexthop_put(struct dp *dp, int hop);
/* Sends a packet of its family (at the buffer's start; room for Ethernet in front) towards ip, now
 * or when its next hop is known. Takes the buffer in any case. */
int dp_neighbour_send(
	struct dp *dp, uint64_t now, uint16_t service, const struct cv_ip *ip, struct rte_mbuf *m);
/* What the configuration says of a gateway's MAC address may have changed. */
void dp_neighbour_configure(struct dp *dp, uint64_t now, uint16_t port, const struct cv_ip *ip);
enum dp_claim {
	DP_CLAIM_NOBODY,  /* nobody that we talk to */
	DP_CLAIM_TAKEN,   /* who is known, or was asked for */
	DP_CLAIM_DOUBTED, /* another station than the one that is known: not believed */
};

/* What a message says of its sender, or of whom it tells. */
enum dp_says {
	DP_SAYS_HERE = 1,  /* an answer: who has it is there */
	DP_SAYS_MAC = 2,   /* at this MAC address; without, at the one that is known */
	DP_SAYS_QUERY = 4, /* nothing of a neighbour: it asks who listens to groups */
};

/* Takes what ARP or ND says, or not. says: DP_SAYS_*, together. */
enum dp_claim dp_neighbour_learn(struct dp *dp, uint64_t now, uint16_t port, const struct cv_ip *ip,
	const uint8_t mac[6], unsigned says);
void dp_neighbours_poll(struct dp *dp, uint64_t now);
uint64_t dp_neighbours_timeout(const struct dp *dp);

/* control/send.c: frames of the control thread. */
struct rte_mbuf *dp_control_mbuf(struct dp *dp);
/* Hands a whole frame to a worker. 0 or CV_ERR_LIMIT; takes it in any case. */
int dp_send_frame(struct dp *dp, uint16_t port, struct rte_mbuf *m);

/* table/session.c */
int dp_sessions_create(struct dp *dp);
void dp_sessions_destroy(struct dp *dp);
/* Sessions whose Ack has left wait no longer. */
void dp_sessions_poll(struct dp *dp);
/* A group says something else: its open sessions follow, under traffic. */
void dp_sessions_new_group(struct dp *dp, uint16_t group);
/* The MTU of one session, if it is open. */
void dp_session_write_mtu(struct dp *dp, uint32_t slot);
/* Likewise of what its service leaves by, and the way to their peers. */
void dp_sessions_new_way(struct dp *dp, uint16_t service);
/* Its address may be of another class than before. */
void dp_session_new_class(struct dp *dp, uint32_t slot);
/* Takes every way to it away; its grace begins. False: it is not there. */
bool dp_session_unlink(struct dp *dp, uint32_t slot);
/* Its grace is over: its lines get what was told. */
void dp_session_apply(struct dp *dp, uint32_t slot);

/* table/meter.c: rates. Meters that a session of a group needs, and all those of one that gets
 * rates, are there: 0 or CV_ERR_NOMEM. */
int dp_meters_create(struct dp *dp);
void dp_meters_destroy(struct dp *dp);
bool dp_group_limits(const struct dp_group *told);
int dp_meter_prepare(struct dp *dp, uint32_t slot, uint16_t group);
int dp_meters_prepare(struct dp *dp, uint16_t group);
/* What is in force of an open session, into its meters and lines: under traffic. */
void dp_meter_write_session(struct dp *dp, uint32_t slot);
/* No worker asks it any more. */
void dp_meter_free(struct dp *dp, uint32_t slot);
/* The meters of a new table of a group; before: of the one that it replaces, or NULL. */
void dp_group_meters(struct dp_group_table *t, const struct dp_group_table *before);

/* worker/meter.c: DP_DROP_COUNT, or what a packet of a session, or to one, is dropped for. */
enum dp_drop_cause dp_police_in(struct dp_worker *w, const struct dp_packet *p, uint16_t group);
enum dp_drop_cause dp_police_out(struct dp_worker *w, const struct dp_packet *p);

/* table/headers.c: the finished headers, and how long they are. */
void dp_headers_write(const struct dp *dp, struct dp_egress *e, struct dp_egress6 *e6,
	const struct dp_service_record *service, const struct dp_session *s);
/* Whom a session's packets come from, and the sum of the headers that they have. */
void dp_headers_expect(
	struct dp_ingress *in, const struct dp_service_record *service, const struct dp_session *s);

/* table/inner6.c: what a session has of IPv6. */
/* Whether it may have what is told; there is room for it then. */
int dp_inner6_check(struct dp *dp, uint32_t slot, const struct dp_session *s);
bool dp_inner6_equal(const struct dp_session *a, const struct dp_session *b);
/* Where its prefixes lead. Can't fail, as dp_inner6_check() has seen to it. */
void dp_inner6_put(struct dp *dp, const struct dp_session *s, uint32_t word);
/* Its ingress line, which no worker reads. */
void dp_inner6_write(struct dp *dp, uint32_t slot);

/* table/grace.c: what workers may still read. None of it waits. */
/* From now on nobody new finds something; dp_cold.token. */
uint64_t dp_grace_begin(struct dp *dp);
/* No worker reads the slot's lines any more. */
bool dp_grace_over(struct dp *dp, uint32_t slot);
/* Goes on with it when that is so: see dp_cold. */
void dp_grace_wait(struct dp *dp, uint32_t slot);
/* Frees what dp_shared_new() made, when that is so. NULL is allowed. */
void dp_grace_free(struct dp *dp, void *old);
/* No worker runs any more: at once. */
void dp_grace_free_all(struct dp *dp);
void dp_graces_poll(struct dp *dp);
bool dp_graces_pending(const struct dp *dp);

/*
 * The peer has not been sent what opens its link (RFC 1661 section 3.5: data after it). Control
 * frames all leave by worker 0; it tells how many, when the ports have them.
 */
static inline bool
dp_egress_waits(const struct dp *dp, uint32_t slot, bool six)
{
	uint32_t after = __atomic_load_n(&dp->rare[slot].after, __ATOMIC_ACQUIRE), sent;

	if ((after & (six ? DP_AFTER_REACH6 : DP_AFTER_REACH)) != 0)
		return true;
	if ((after & (six ? DP_AFTER_SENT6 : DP_AFTER_SENT)) == 0)
		return false;
	sent = __atomic_load_n(&dp->workers[0]->control_sent, __ATOMIC_ACQUIRE);
	return (int32_t)((sent << DP_AFTER_FRAMES) -
			 (after >> DP_AFTER_FRAMES << DP_AFTER_FRAMES)) < 0;
}

/* table/realm.c */
/* The word of an address, made where it is not there, with its realm; NULL: no memory. It stays
 * there, and where it is, while it is not 0, and without another call that makes one. */
uint32_t *dp_realm_entry(struct dp *dp, uint16_t realm, uint32_t ip_be);
/* Writes the word of an address that is there. */
void dp_realm_put(struct dp *dp, uint16_t realm, uint32_t ip_be, uint32_t word);
/* In the next round, where it can. */
void dp_realm_trim_later(struct dp *dp, uint16_t realm);
void dp_realms_poll(struct dp *dp);
void dp_realms_destroy(struct dp *dp);
/* Its table, where there is none. false: no memory. */
bool dp_realm_make(struct dp *dp, uint16_t realm);

/* table/realm6.c: networks, in host order, of at most 64 bits. */
/* Makes the realm and room in it for a network and another one besides, so that dp_realm6_put()
 * can't fail before somebody else's. CV_ERR_NOMEM. */
int dp_realm6_room(struct dp *dp, uint16_t realm, uint64_t net, unsigned bits);
/* The word of a network; 0: none. */
uint32_t dp_realm6_get(const struct dp *dp, uint16_t realm, uint64_t net, unsigned bits);
void dp_realm6_put(struct dp *dp, uint16_t realm, uint64_t net, unsigned bits, uint32_t word);
/* A table for other pools, which is to be put in place of the present one or given back at once. */
int dp_realm6_prepare(struct dp *dp, uint16_t realm, const struct cv_prefix *pools, uint16_t count,
	struct dp_realm6 **out);
void dp_realm6_commit(struct dp *dp, uint16_t realm, struct dp_realm6 *t);
void dp_realm6_discard(struct dp *dp, uint16_t realm, struct dp_realm6 *t); /* NULL is allowed */
/* Gives back what it does not need, or all of it. */
void dp_realm6_trim(struct dp *dp, uint16_t realm);
void dp_realms6_destroy(struct dp *dp);

/* table/covers6.c: how many networks of the realm are in one that is shorter. */
/* Before networks of so many bits get a word, or another one: room for two. false: no memory. */
bool dp_covers6_room(struct dp *dp, struct dp_realm6 *r, unsigned bits);
/* One more (1) or less (-1). */
void dp_covers6_count(struct dp_realm6 *r, uint64_t net, unsigned bits, int more);
/* Of a length for which room was made. */
uint32_t dp_covers6_inside(const struct dp_realm6 *r, uint64_t net, unsigned bits);
void dp_covers6_free(struct dp *dp, struct dp_realm6 *r);

/* table/route6.c: as the public ones. */
int dp_route6_set(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix, uint32_t word);
int dp_route6_clear(struct dp *dp, uint16_t realm, const struct cv_prefix *prefix);
int dp_route6_get(const struct dp *dp, uint16_t realm, unsigned index, struct cv_prefix *prefix,
	uint32_t *word);
/* The length of a session's network, shorter than so many bits, that a network or address is in; 0:
 * there is none. */
unsigned dp_realm6_holder(const struct dp *dp, uint16_t realm, uint64_t net, unsigned bits);
/* Whether one of them is in a network. */
bool dp_route6_inside(const struct dp *dp, uint16_t realm, uint64_t net, unsigned bits);

static inline bool
dp_route_is_session(uint32_t word)
{
	enum dp_route_kind kind = dp_route_kind(word);

	return kind == DP_ROUTE_SESSION || kind == DP_ROUTE_SESSION6;
}

/* Or is going to be one. */
static inline bool
dp_route_is_taken(uint32_t word)
{
	return word == DP_ROUTE_KEPT || dp_route_is_session(word);
}

static inline const struct dp_realm_table *
dp_realm_of(const struct dp *dp, uint16_t realm)
{
	return __atomic_load_n(&dp->realms[realm], __ATOMIC_CONSUME);
}

static inline const struct dp_realm6 *
dp_realm6_of(const struct dp *dp, uint16_t realm)
{
	return __atomic_load_n(&dp->realms6[realm], __ATOMIC_CONSUME);
}

/* table/class.c: classes of addresses by whose gateways they are. */
int dp_classes_create(struct dp *dp);
void dp_classes_destroy(struct dp *dp);
/* Of an address, in network order. DP_CLASS_UNKNOWN: ranges are to be searched. */
uint16_t dp_class_of(const struct dp *dp, uint32_t ip_be);
/* The same of a /64, by the upper half of its addresses in host order. */
uint16_t dp_class6_of(const struct dp *dp, uint64_t net);
/* A filter has other gateways of a family. */
void dp_classes_changed(struct dp *dp, bool six);
void dp_classes_poll(struct dp *dp);
bool dp_classes_pending(const struct dp *dp);

/* table/filter.c, table/group.c */
void dp_filters_destroy(struct dp *dp);
void dp_groups_destroy(struct dp *dp);

/* NULL: it was taken away. */
static inline const struct dp_filter_table *
dp_filter_of(const struct dp *dp, uint16_t filter)
{
	return __atomic_load_n(&dp->filters[filter], __ATOMIC_CONSUME);
}

static inline const struct dp_group_table *
dp_group_of(const struct dp *dp, uint16_t group)
{
	return __atomic_load_n(&dp->groups[group], __ATOMIC_CONSUME);
}

/* The meters of all its sessions together, by direction: the one thing of it that workers change.
 */
static inline struct dp_meter *
dp_group_shared(const struct dp *dp, uint16_t group)
{
	struct dp_group_table *g = __atomic_load_n(&dp->groups[group], __ATOMIC_CONSUME);

	return g == NULL ? NULL : g->shared;
}

/* control/punt.c */
int dp_punt_create(struct dp *dp);
void dp_punt_destroy(struct dp *dp);
void dp_punt_drain(struct dp *dp);
void dp_punt_local_poll(struct dp *dp, uint64_t now);
/* worker/punt.c: hands a buffer to the control thread. DP_DROP_COUNT: it has; else it is still the
 * caller's, to be dropped for this. source: who sent it, as an address; flow: which of its tunnels
 * or sessions. Neither may fill the ring, which all share. */
enum dp_drop_cause dp_punt_mbuf(struct dp_worker *w, struct rte_mbuf *m, enum dp_punt_class class,
	uint64_t source, uint64_t flow);
void dp_punt_wake(struct dp_worker *w);

/* worker/worker.c */
int dp_workers_create(struct dp *dp);
void dp_workers_destroy(struct dp *dp);
/* sender: a worker's index, or worker_count: the control thread. */
void dp_ids_init(const struct dp *dp, struct dp_ids *ids, unsigned sender);
int dp_worker_main(void *worker);
/* Takes a burst, which is in order, through all stages from ingress on. */
void dp_worker_through(struct dp_worker *w, struct dp_burst *burst);
/* Takes frames of a port through all stages. */
void dp_worker_burst(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n);
/* One round: receive, relay, send. Returns frames received, of other workers too. */
unsigned dp_worker_round(struct dp_worker *w);
/* worker/tx.c */
void dp_tx_send(struct dp_worker *w, unsigned port);

static inline void
dp_tx_put(struct dp_worker *w, unsigned port, struct rte_mbuf *m)
{
	struct dp_tx *tx = &w->tx[port];
	unsigned at = tx->count;

	tx->frames[at] = m;
	tx->count = (uint16_t)(at + 1);
	if (unlikely(at + 1 == DP_BURST))
		dp_tx_send(w, port);
}

void dp_tx_flush(struct dp_worker *w);
/* Frames of the control thread; their port is in their private area. Returns how many. */
unsigned dp_tx_control(struct dp_worker *w);

/* worker/fast.c: relays what is plain of a burst. Returns how many frames are left, in order, at
 * the beginning of `frames`: for the stages. */
unsigned dp_fast(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n);

static inline struct dp_received *
dp_received_of(const struct dp *dp, uint32_t slot)
{
	return &dp->ingress[slot].received;
}

/* A source of the session's own networks. */
static inline bool
dp_own_source6(const struct dp *dp, uint32_t slot, const uint8_t address[WIRE_IPV6_ADDRESS])
{
	const struct dp_inner6 *own = &dp->inner6[slot];
	uint64_t net = dp_net_of(address);

	return net == own->link || (own->bits != 0 && dp_net_cut(net, own->bits) == own->delegated);
}

/* Stages, in order; each ends with its exits. */
void dp_classify(struct dp_worker *w, unsigned port, struct rte_mbuf **frames, unsigned n,
	struct dp_burst *out);
/* Whether the datagram's checksum is right, or there is none: for what ends here (RFC 1122 section
 * 4.1.3.4). What is relayed is not summed up: its wrong checksum leaves wrong. */
bool dp_udp_sum_right(const struct dp *dp, const struct dp_packet *p);
/* worker/sequence.c: puts sessions' packets that have to be in order into it. Of these b may become
 * more than a burst: all but the last one are taken through the other stages here. */
void dp_sequence_stage(struct dp_worker *w, struct dp_burst *b);
struct dp_sequence *dp_sequence_new(void); /* to be freed with free() */
/* Lets go what has waited too long, or all of it, or drops all of it. */
void dp_sequence_expire(struct dp_worker *w);
void dp_sequence_release(struct dp_worker *w);
void dp_sequence_drain(struct dp_worker *w);
void dp_ingress_stage(struct dp_worker *w, struct dp_burst *b);
/* Hands it to the control thread, as the datagram that it came in. Who calls has seen to its rate.
 */
void dp_punt_ppp(struct dp_worker *w, struct dp_packet *p, enum dp_edge_name edge);
/* worker/ingress6.c: an inner IPv6 packet. */
enum dp_drop_cause dp_ingress6_check(const struct dp *dp, struct dp_packet *p);
void dp_ingress6_mark(struct dp_packet *p, unsigned ecn);
void dp_route_stage(struct dp_worker *w, struct dp_burst *b);
void dp_policy_stage(struct dp_worker *w, struct dp_burst *b);
/* worker/policy6.c: of an inner IPv6 packet. meet: clients of these groups reach each other.
 * DP_DROP_COUNT: it may pass. */
enum dp_drop_cause dp_policy6_judge(struct dp_worker *w, const struct dp_packet *p,
	const struct dp_filter_table *from, const struct dp_filter_table *to, bool meet);
void dp_relay_stage(struct dp_worker *w, struct dp_burst *b);
void dp_egress_stage(struct dp_worker *w, struct dp_burst *b);

/* worker/follow.c: later fragments and their first ones, by session. */
struct dp_follow *dp_follow_new(void); /* to be freed with free() */
/* A first fragment has been let through: the later ones may follow. */
void dp_follow_first(struct dp_worker *w, const struct dp_packet *p);
/* Whether this later fragment's first one has been let through. */
bool dp_follow_seen(struct dp_worker *w, const struct dp_packet *p);
/* Keeps a later fragment until its first one comes. false: there is no room, it is the caller's. */
bool dp_follow_wait(struct dp_worker *w, const struct dp_packet *p);
/* Fills out with what need not wait any longer, to be routed as if it had just come. */
bool dp_follow_next(struct dp_worker *w, struct dp_burst *out);
/* Drops what has waited too long. */
void dp_follow_expire(struct dp_worker *w);
void dp_follow_drain(struct dp_worker *w);

/* worker/parts.c, worker/reassemble.c: fragments of outer packets to us. */
struct dp_parts *dp_parts_new(const struct dp *dp); /* NULL: no memory */
void dp_parts_free(struct dp_parts *t);
/* Drops what has waited too long; all of it. */
void dp_parts_expire(struct dp_worker *w);
void dp_parts_drain(struct dp_worker *w);
struct rte_ip_frag_tbl *dp_reassemble_new(void); /* NULL: no memory */
void dp_reassemble_free(struct rte_ip_frag_tbl *t);

/* What fragments of one packet have in common (RFC 791 section 3.2, RFC 8200 section 4.5): of UDP
 * all. Without gaps, so that keys are equal when their bytes are. */
struct dp_parts_key {
	struct dp_ip source, target;
	uint64_t id;
};

/* A fragment of an outer datagram, in one buffer: its lengths are right, and it is to us. */
struct dp_fragment {
	struct rte_mbuf *m; /* Ethernet at its start, without a tag */
	uint8_t *ip;
	unsigned headers; /* bytes from ip to what it carries */
	unsigned offset, len;
	bool more, v6;
	uint8_t ecn;
	struct dp_parts_key key;
};

/* Takes the fragment. Returns the whole packet in one buffer, Ethernet at its start, to be
 * classified as if it had just come; NULL: it waits for others, or was dropped. */
struct rte_mbuf *dp_reassemble(struct dp_worker *w, const struct dp_fragment *f);

/* worker/path.c: whether an IPv4 packet, whose lengths are right, is ICMP that says too big; and
 * what it does then. Takes the frame. */
bool dp_path_is_about(const uint8_t *ip);
void dp_path_take(struct dp_worker *w, unsigned port, struct rte_mbuf *m);
/* The same of an IPv6 packet of len bytes with ICMPv6 at `at`, whose checksum is right. */
void dp_path_take6(
	struct dp_worker *w, unsigned port, struct rte_mbuf *m, unsigned at, unsigned len);
/* table/path.c */
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
bool dp_paths_pending(const struct dp *dp);

/* worker/options.c: well formed, and no source route, which would get around the policy. */
bool dp_options_harmless(const uint8_t *ip, unsigned header);
/* Writes us and the time into what records the way of a packet that we answer. */
void dp_options_record(uint8_t *ip, unsigned header, uint32_t us, uint32_t now_ms);

/* worker/fragment.c: fragments of at most mtu bytes, each in a buffer of its own, IPv4 at its
 * start. Returns how many, at most DP_BURST; 0: it can't be, or there are no buffers. */
unsigned dp_fragment_cut(
	struct dp_worker *w, const uint8_t *ip, unsigned mtu, struct rte_mbuf **out);
/* Cuts an inner packet and sends its parts to p->to; takes the packet. */
void dp_fragment_send(struct dp_worker *w, struct dp_packet *p, unsigned mtu);

/* worker/fragment6.c: the same of an IPv6 packet, to this slot. */
unsigned dp_fragment6_cut(
	struct dp_worker *w, const uint8_t *ip, uint32_t to, unsigned mtu, struct rte_mbuf **out);
/* Cuts an answer of ours, or a part of one, and sends its parts to p->to (RFC
 * 8200 section 4.5: who sends does, no router); takes the packet. */
void dp_fragment6_send(struct dp_worker *w, struct dp_packet *p, unsigned mtu);

enum dp_echo {
	DP_ECHO_NONE, /* no echo request */
	DP_ECHO_CHECKSUM,
	DP_ECHO_WHOLE,
	DP_ECHO_FIRST, /* fragments */
	DP_ECHO_LATER,
};

/* What an IPv4 packet is, whose lengths are right; a later fragment of any ICMP is DP_ECHO_LATER.
 */
enum dp_echo dp_echo_kind(const uint8_t *ip);
/* Turns an echo request, or a fragment of one, into its answer or the same part of that. A sum over
 * fragments is not verified: as the parts go back, a wrong one stays wrong. */
void dp_echo_turn(uint8_t *ip, enum dp_echo kind, uint32_t now_ms);

/* worker/icmp6.c: the same for an inner IPv6 packet (RFC 4443). more: the MTU, or 0. */
bool dp_icmp6_error(struct dp_worker *w, struct dp_packet *p, uint8_t type, uint8_t code,
	uint32_t more, enum dp_drop_cause cause);
/* Our link-local address on a session's link. */
void dp_lns_link_local(const struct dp *dp, uint32_t slot, uint8_t out[WIRE_IPV6_ADDRESS]);
/* worker/local6.c: what is to ourselves, or to all on a session's link. true: it is an answer now.
 */
bool dp_local6(struct dp_worker *w, struct dp_packet *p);

/* worker/icmp.c: turns a packet into an answer to its sender; false: it was dropped for `cause`. */
bool dp_icmp_error(struct dp_worker *w, struct dp_packet *p, uint8_t type, uint8_t code,
	uint16_t mtu, enum dp_drop_cause cause);
bool dp_icmp_echo(struct dp_worker *w, struct dp_packet *p);

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

/* The next Ns of a session, in network order: the one word of a table that workers count in. */
static inline uint16_t
dp_next_ns(const struct dp *dp, uint32_t slot)
{
	return wire_swap16(__atomic_fetch_add(&dp->rare[slot].ns, 1, __ATOMIC_RELAXED));
}

#endif
