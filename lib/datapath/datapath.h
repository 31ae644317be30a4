/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path as the control side sees it: ports, interfaces, services, tunnels, sessions,
 * filters and groups go in, punted L2TP datagrams come out; routes are in routes.h, counters and
 * tables in info.h. Everything in the three is called on one thread, the control thread, which is
 * the only writer of every table. Functions return 0 or a negative enum cv_err unless they say
 * otherwise. DPDK stays behind these headers.
 */
#ifndef DP_DATAPATH_H
#define DP_DATAPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/rate.h"
#include "base/rule.h"
#include "base/slot.h"
#include "base/time.h"

enum {
	DP_MAX_PORTS = CV_PORTS_MAX,
	/* at a time: of a configuration, and of the one before until those have gone */
	DP_MAX_SERVICES = CV_LISTENER_IDS,
	DP_MAX_ROUTES = 1000000, /* of a realm and family, beside sessions' addresses */
	DP_MAX_VLANS = CV_VLAN_IDS,
	DP_MAX_ADDRESSES = 4096,       /* of interfaces */
	DP_MAX_FRAMED = CV_FRAMED_MAX, /* networks behind a session */
	DP_MAX_HOPS = CV_HOPS_MAX,     /* next hops of an ID */
	DP_MAX_ADJACENCIES = 4096,     /* neighbours and interfaces that are inside a realm */
	DP_MAX_WORKERS = CV_WORKERS_MAX,
	DP_MAX_RULES = 256,                /* a filter without a list */
	DP_MAX_LIST = CV_RULES_MAX,        /* rules of a list */
	DP_MAX_GATEWAYS = CV_GATEWAYS_MAX, /* prefixes, a filter */
	DP_PORT_NAME = CV_PORT_NAME_MAX + 1,
	DP_PORT_DEVICE = CV_DEVICE_MAX + 1,
	DP_OFFLOADS = 64,   /* bytes of dp_port_info's */
	DP_SEND_MAX = 1472, /* largest payload of dp_send_udp; over IPv6 20 less */
};

#define DP_NO_SLOT UINT32_MAX

struct dp; /* one a process: the EAL can't be set up twice */

/* ---- the machine ---------------------------------------------------------------------------- */

enum dp_port_kind {
	DP_PORT_AF_PACKET, /* device: a Linux interface, such as a veth end */
	DP_PORT_XDP,       /* device: a Linux interface, by AF_XDP */
	DP_PORT_MEMIF,     /* device: path of the UNIX socket */
	DP_PORT_PCI,       /* device: PCI address, 0000:3b:00.0, bound to vfio-pci */
	DP_PORT_TAP,       /* device: name of the TAP interface that is made */
	DP_PORT_ETHDEV,    /* device: DPDK's name of a port that is there already (tests, bench) */
};

struct dp_port_config {
	enum dp_port_kind kind;
	char name[DP_PORT_NAME];     /* in logs and tables */
	char device[DP_PORT_DEVICE]; /* see dp_port_kind */
	uint16_t mtu;                /* IP bytes in a frame; 0: 1500 */
	uint16_t rx_descriptors;     /* a queue; 0: what suits the driver. At most 32,768 */
	uint16_t tx_descriptors;
	bool memif_server; /* memif: listen on the socket instead of connecting to it */
	uint16_t memif_id;
};

enum dp_idle {
	DP_IDLE_AUTO,  /* sleep when all ports are af_packet or memif, else poll */
	DP_IDLE_POLL,  /* a worker always spins: lowest delay, a whole core */
	DP_IDLE_SLEEP, /* a worker without packets sleeps for fractions of a millisecond */
};

enum dp_hugepages {
	DP_HUGEPAGES_AUTO,     /* when enough are free, said in the log */
	DP_HUGEPAGES_NEVER,    /* as --no-huge */
	DP_HUGEPAGES_REQUIRED, /* fail without them */
};

struct dp_params {
	const struct dp_port_config *ports;
	uint16_t port_count;
	/* Worker threads, one lcore and CPU each. 0: shared: no thread is made and the control
	 * thread calls dp_worker_poll(). Also chosen, with a log line, if only one CPU is there. */
	uint16_t workers;
	const uint16_t *cpus; /* CPUs of the workers; NULL: the last of those allowed */
	uint16_t cpu_count;
	enum dp_idle idle;
	enum dp_hugepages hugepages;
	uint64_t slot_seed;       /* for cv_session_slot() */
	uint32_t slot_mask;       /* cv_slot_mask(): slots minus one */
	uint32_t pool_mbufs;      /* 0: what suits ports and memory */
	uint32_t memory_mib;      /* of DPDK without hugepages; 0: 256 */
	bool kernel;              /* there is a routing daemon: buffers for what waits for it */
	bool hand_over;           /* with several workers: one that has too much gives sessions to
				   * others, each of which should have a CPU of its own */
	bool eal_ready;           /* the caller has set up the EAL itself (tests, bench) */
	const struct cv_log *log; /* outlives dp; may be NULL */
};

/*
 * Sets up EAL, ports, pools and tables; what is degraded or wrong goes to the log. *out is NULL
 * on error (CV_ERR_CONFIG: parameters; CV_ERR_IO: a device or the EAL; CV_ERR_NOMEM).
 */
int dp_create(const struct dp_params *params, struct dp **out);
/* Launches the workers (none when shared) and asks for the addresses of the gateways that are
 * set. */
int dp_start(struct dp *dp, uint64_t now);
/* Stops the workers; what is in their rings is dropped. Idempotent. CV_ERR_IO: one does not stop
 * within a second; nothing is freed then, and the process should end. */
int dp_stop(struct dp *dp);
void dp_destroy(struct dp *dp); /* stops first; NULL is allowed */

/* True when no worker thread runs and the control thread must call dp_worker_poll(). */
bool dp_shared(const struct dp *dp);

/* One round of the shared worker: receive, relay, send. With DP_IDLE_SLEEP it sleeps some 100 us
 * by itself after a while without packets. Returns the number of packets received. */
unsigned dp_worker_poll(struct dp *dp);

/* ---- the control thread's round ----------------------------------------------------------- */

/*
 * A file descriptor that becomes readable when something waits for the control thread. A loop:
 *	dp_control_poll(dp, now);
 *	while (dp_punt_next(dp, &p)) { ...; dp_punt_release(dp, &p); }
 *	if (dp_wake_arm(dp)) sleep until dp_event_fd is readable, dp_next_timeout or own timers;
 * dp_wake_arm() false: something is waiting already, go round again without sleeping (after
 * looking at other events). The caller reads 8 bytes from the descriptor when, and only when, it
 * is readable. Shared: never sleep, dp_worker_poll() does.
 */
int dp_event_fd(const struct dp *dp);
bool dp_wake_arm(struct dp *dp);

/* Neighbours and their timers; starts a new round of punt budgets. now: monotonic ns. */
void dp_control_poll(struct dp *dp, uint64_t now);
/* When dp_control_poll() is next needed although nothing arrives; CV_TIME_NEVER: not. */
uint64_t dp_next_timeout(const struct dp *dp);

/* ---- punt: what workers hand to the control thread ----------------------------------------- */

enum dp_punt_class {
	DP_PUNT_TUNNEL,    /* control message of a known tunnel from its peer's address */
	DP_PUNT_PPP,       /* data message of a known session from its peer that is not IP */
	DP_PUNT_CONNECT,   /* control message for a tunnel that is not set: an SCCCN, say */
	DP_PUNT_NEW,       /* control message for tunnel 0 */
	DP_PUNT_ELSEWHERE, /* of a tunnel that is followed, from elsewhere than its peer's address:
			    * a control message, or data of a session, IP too */
	DP_PUNT_ARP,  /* ARP and ND of neighbours: handled inside dp_control_poll(), never returned
		       */
	DP_PUNT_PATH, /* ICMP about packets of ours that were too big: likewise */
	DP_PUNT_RESOLVE, /* packets for neighbours of uplinks that are not known: likewise */
	/* Whole frames of an interface with `kernel`, for the routing daemon beside us. */
	DP_PUNT_BFD,     /* BFD, which has a place of its own and comes first */
	DP_PUNT_ROUTING, /* BGP, OSPF, and copies of what answers the kernel's ARP and ND */
	DP_PUNT_CLASSES,
};

struct dp_punt {
	enum dp_punt_class class;
	uint16_t service; /* DP_PUNT_BFD, DP_PUNT_ROUTING: the interface */
	uint16_t port;
	uint32_t slot; /* of a data message: the session's slot; else DP_NO_SLOT */
	struct cv_endpoint remote;
	const uint8_t *data; /* the UDP payload: an L2TP datagram; its UDP checksum was right. Or
			      * a frame from its Ethernet header on, with nothing behind its packet
			      */
	size_t len;
	void *handle; /* the data path's own */
};

/* The next datagram within the budgets of this round. False: none. Each one returned must be
 * given back with dp_punt_release(); data is valid until then. */
bool dp_punt_next(struct dp *dp, struct dp_punt *punt);
void dp_punt_release(struct dp *dp, struct dp_punt *punt);
/* The same of a frame that the kernel did not take, or of what came from elsewhere and is nothing
 * that was waited for: it is dropped for that. */
void dp_punt_refuse(struct dp *dp, struct dp_punt *punt);

/*
 * Sends a frame of the kernel's by an interface with `kernel`, as it is. It may take half of the
 * room that frames of the control thread have. CV_ERR_UNKNOWN: no such interface; CV_ERR_SPACE: too
 * short or too long for it; CV_ERR_LIMIT: that half is full; CV_ERR_NOMEM: no mbuf.
 */
int dp_send_kernel(struct dp *dp, uint16_t iface, const void *frame, size_t len);

/*
 * Sends a UDP datagram from a service with its checksum, resolving the next hop; payload
 * (at most DP_SEND_MAX bytes) is copied. CV_ERR_UNKNOWN: no route or no such service;
 * CV_ERR_LIMIT: a queue is full; CV_ERR_NOMEM: no mbuf; CV_ERR_SPACE: too long.
 */
int dp_send_udp(struct dp *dp, uint64_t now, uint16_t service, const struct cv_endpoint *remote,
	const void *payload, size_t len);

/*
 * The same for an L2TP datagram. slot: that of a session with DP_SEND_SEQUENCE, whose PPP frame
 * this is: the header has Ns, and gets its value when the frame leaves, from the one count of all
 * messages to that session. DP_NO_SLOT: as dp_send_udp.
 */
int dp_send_l2tp(struct dp *dp, uint64_t now, uint16_t service, uint32_t slot,
	const struct cv_endpoint *remote, const void *payload, size_t len);

/* Frames that may be sent now before CV_ERR_LIMIT: a worker still has the others to send. */
unsigned dp_send_room(const struct dp *dp);

/* ---- interfaces and services ---------------------------------------------------------------- */

/*
 * What frames with IP packets leave and arrive by. One that is inside a realm carries its packets
 * as they are, too (an uplink): those to its clients go into their tunnels, and what a route of the
 * realm leads to it leaves by it. They are subject to a filter and a group, as a session's are: the
 * group's lns and lns6 are what its ICMP comes from.
 */
/* For whose addresses an uplink answers ARP and ND, beside our own (RFC 1027, 4389). */
enum dp_proxy {
	DP_PROXY_OFF,
	DP_PROXY_SESSIONS, /* those that lead to a session */
	DP_PROXY_POOLS,    /* and all others of the realm's pools */
};

struct dp_iface {
	uint16_t port; /* index in dp_params.ports */
	/* IDs of a VLAN on it, 1 to 4094; 0: frames without a tag, or with one of ID 0, are its.
	 * outer: that of the service tag around it (IEEE 802.1ad), of either type; 0: none. */
	uint16_t vlan, outer;
	uint16_t outer_type; /* of service tags that are sent; 0: 0x88a8 */
	uint16_t mtu;        /* IP bytes; 0: the port's, which is the most */
	bool inside;
	uint16_t realm, group, filter; /* inside, as what is below */
	enum dp_proxy proxy;
	bool kernel; /* BGP, BFD and OSPF to its addresses are the kernel's: see DP_PUNT_BFD */
};

/*
 * Sets an interface, or changes it; the MTU of the sessions behind it follows. IDs are the
 * caller's. CV_ERR_CONFIG: no such port or VLAN, or a larger MTU; CV_ERR_EXISTS: services,
 * addresses or next hops use it, so it keeps its port, VLAN and realm, and is not cleared before
 * them, or another one is inside by its port or VLAN; CV_ERR_LIMIT: DP_MAX_ADJACENCIES,
 * DP_MAX_VLANS; CV_ERR_NOMEM.
 */
int dp_iface_set(struct dp *dp, uint16_t iface, const struct dp_iface *told);
int dp_iface_clear(struct dp *dp, uint16_t iface);
int dp_iface_get(const struct dp *dp, uint16_t iface, struct dp_iface *out);

/*
 * Adds an address to an interface that is inside, with the length of its network, to which its
 * realm leads from then on. ARP, ND and echo are answered for it. CV_ERR_UNKNOWN: no such
 * interface; CV_ERR_CONFIG: not inside, no address that a host can have, or an IPv6 network longer
 * than 64 bits; CV_ERR_EXISTS: it is ours already, by a port or in the realm (on another VLAN, in
 * another realm it is another's), or its network is another interface's or a session's;
 * CV_ERR_LIMIT: DP_MAX_ADDRESSES; CV_ERR_NOMEM. _get: by an index from 0, of all interfaces.
 */
int dp_address_set(struct dp *dp, uint16_t iface, const struct cv_prefix *address);
int dp_address_clear(struct dp *dp, uint16_t iface, const struct cv_prefix *address);
int dp_address_get(const struct dp *dp, unsigned index, uint16_t *iface, struct cv_prefix *address);

enum dp_service_kind {
	DP_SERVICE_L2TP,
};

/* An address and a UDP port that something is served on. Several may share an address. */
struct dp_service {
	enum dp_service_kind kind;
	uint16_t iface;
	struct cv_ip ip;
	uint8_t prefix_length;  /* what is on-link */
	struct cv_ip gateway;   /* family 0: only on-link peers can be answered */
	uint8_t gateway_mac[6]; /* all 0: found by ARP or ND; else these can't move it */
	uint16_t udp_port;      /* 0: 1701 */
};

/*
 * Sets a service, or changes it, at any time: what goes by way of its gateway follows it. IDs are
 * the caller's, and part of what names a session. CV_ERR_CONFIG: it can't be one;
 * CV_ERR_UNKNOWN: no such interface; CV_ERR_EXISTS: another service has the address and port, or
 * sessions have the one that would change; CV_ERR_LIMIT: DP_MAX_SERVICES; CV_ERR_NOMEM. What is
 * refused changes nothing.
 */
int dp_service_set(struct dp *dp, uint16_t service, const struct dp_service *told);
/* It takes nothing any more, its tunnels are gone. Its sessions are for the caller to remove, and
 * until then get what is sent to them. CV_ERR_UNKNOWN: there is none; CV_ERR_NOMEM: nothing has
 * changed. */
int dp_service_clear(struct dp *dp, uint16_t service);
int dp_service_get(const struct dp *dp, uint16_t service, struct dp_service *out);

/* ---- tunnels and sessions ------------------------------------------------------------------ */

/* From now on control messages with our tunnel_id are taken only from peer, as DP_PUNT_TUNNEL.
 * Setting it again moves it, and it is not followed. CV_ERR_UNKNOWN: no such service;
 * CV_ERR_NOMEM. */
int dp_tunnel_set(
	struct dp *dp, uint16_t service, uint16_t tunnel_id, const struct cv_endpoint *peer);
/* Whether some of what comes from elsewhere with its ID, and with that of one of its sessions, is
 * handed over as DP_PUNT_ELSEWHERE: so much a second of one address and port, and of all together.
 * All that is not is dropped as ever. CV_ERR_UNKNOWN: there is no such tunnel. */
int dp_tunnel_follow(struct dp *dp, uint16_t service, uint16_t tunnel_id, bool follow);
void dp_tunnel_clear(struct dp *dp, uint16_t service, uint16_t tunnel_id);
int dp_tunnel_get(
	const struct dp *dp, uint16_t service, uint16_t tunnel_id, struct cv_endpoint *peer);

enum {
	DP_SEND_ACFC = 1 << 0,     /* leave out PPP address and control: the peer negotiated it */
	DP_SEND_PFC = 1 << 1,      /* one byte of PPP protocol */
	DP_SEND_LENGTH = 1 << 2,   /* L2TP Length field in data messages */
	DP_SEND_SEQUENCE = 1 << 3, /* Ns in data messages: Sequencing Required was agreed */
	DP_SEND_ECN = 1 << 4,      /* outer headers say ECN: the peer tells it on (RFC 9601) */
	DP_SEND_FRAMES = 1 << 5,   /* what is sent is whole PPP frames, headers and all, of another
				    * session: dp_switch_set(). Never open, nor open6 */
};

/* What should be of a session. */
struct dp_session {
	uint16_t service;
	uint16_t tunnel_id; /* ours: in what arrives */
	uint16_t session_id;
	uint16_t peer_tunnel_id; /* the peer's: in what is sent */
	uint16_t peer_session_id;
	uint16_t send; /* DP_SEND_* */
	struct cv_endpoint peer;
	bool open : 1;        /* IPCP is; without, IP is dropped (INGRESS_NOT_OPEN), PPP punted. */
	bool reachable : 1;   /* open: it gets packets, not only sends them */
	bool open6 : 1;       /* IPV6CP is; without, IPv6 is punted as not negotiated */
	bool reachable6 : 1;  /* open6: it gets IPv6 packets, not only sends them */
	struct cv_ip address; /* open: the client's inner one, the only source taken from it */
	uint8_t interface_id[8];    /* open6: ours, of our link-local address on its link */
	struct cv_prefix prefix6;   /* open6: the /64 of its link */
	struct cv_prefix delegated; /* open6: another one that leads to it, of at most 64 bits;
				     * family 0: none. Both are the only sources taken from it,
				     * but for link-local ones towards ourselves */
	uint16_t realm; /* open, open6: the address space; addresses and prefixes are unique within
			 * one. Of prefixes that overlap the longest counts. */
	uint16_t group, filter;
	uint16_t mtu; /* open, open6: the client's MRU, largest inner packet sent to it; 0: 1500.
		       * Its group's and interface's MTU lower it further. */
};

/*
 * Sets a session, or changes it. Service and both IDs of ours name it, and so its slot, which
 * *slot (may be NULL) gets: cv_session_slot(seed, service, tunnel_id, session_id, mask).
 *
 * An open session's group, filter, MTU and reachable change under traffic, without a packet lost.
 * For any other change its packets are dropped until no worker is at one of before; in a later
 * round of the control thread, if need be, it goes on. Waits for nobody. Each family opens, closes
 * and changes its addresses alone: those of the other pass on.
 *
 * Once reachable is told of a session that was open without: what dp_send_udp() was given until
 * now, IPCP's Ack among it, leaves before any packet for it does. Until it is reachable what is
 * for it is dropped (EGRESS_NOT_YET). So with reachable6, IPV6CP's Ack and IPv6 packets.
 *
 * What is refused leaves it as it was. CV_ERR_EXISTS: the slot is another session's, or still
 * that of one that was cleared, or the address or a prefix is taken in this realm; CV_ERR_UNKNOWN:
 * no route to the peer or no such service; CV_ERR_CONFIG: the address can be no client's (0/8,
 * 127/8, multicast, broadcast, one of ours) or a prefix (::/8, link-local, multicast, with one of
 * ours in it, of another length), or there is no such group or filter, or it is open with
 * DP_SEND_FRAMES; CV_ERR_LIMIT: no room for the next hop; CV_ERR_NOMEM.
 */
int dp_session_set(struct dp *dp, const struct dp_session *session, uint32_t *slot);
/* What was told last, whether it has come to pass or waits for workers. CV_ERR_UNKNOWN: none. */
int dp_session_get(const struct dp *dp, uint32_t slot, struct dp_session *out);

struct dp_session_counters {
	uint64_t rx_packets, rx_bytes; /* from the client; inner IP bytes */
	uint64_t tx_packets, tx_bytes; /* to the client */
};

/*
 * Rates of a session itself, before those that its group says for each; CV_RATE_NONE: no limit,
 * whatever the group says. They hold from now on, under traffic, until it is cleared.
 * CV_ERR_UNKNOWN: there is no such session; CV_ERR_NOMEM: nothing has changed. _get: what was told.
 */
int dp_session_rates_set(struct dp *dp, uint32_t slot, const struct cv_rates *own);
int dp_session_rates_get(const struct dp *dp, uint32_t slot, struct cv_rates *own);

/* Packets of one direction that were over a rate, since the session has rates. */
struct dp_rate_counters {
	uint64_t yellow, red;               /* over its committed rate; over its peak: dropped */
	uint64_t shared_yellow, shared_red; /* those that its group has together */
};

struct dp_rated {
	struct cv_rates rates; /* its own or its group's for each, as they are in force */
	struct dp_rate_counters in, out;
};

/* false: nothing limits it. */
bool dp_session_rated(const struct dp *dp, uint32_t slot, struct dp_rated *out);

/* Data messages from it, where their order counts (DP_SEND_SEQUENCE), since it was set. */
struct dp_sequence_counters {
	uint64_t lost; /* that did not come */
	uint64_t old;  /* dropped, as they came again or too late */
};

void dp_session_sequence(const struct dp *dp, uint32_t slot, struct dp_sequence_counters *out);

/*
 * Joins two sessions that have DP_SEND_FRAMES: what comes by either leaves by the other, PPP frame
 * for PPP frame and byte for byte, LCP as well as data, and none of it is punted any more. Until it
 * is joined for the first time such a session is as any that is not open: its PPP is punted. The
 * UDP checksum is carried on, the outer DSCP copied, ECN too where the other one has DP_SEND_ECN;
 * what does not fit the way out leaves in outer fragments. No filter, group or rate of theirs
 * counts. Their counters count PPP frames, and the MTU is that of a PPP frame in one outer packet.
 *
 * It ends when either is cleared, or told without DP_SEND_FRAMES; what comes by the one that stays
 * is dropped then (SWITCH_ALONE), until it is joined to another one, or has no DP_SEND_FRAMES any
 * more. So it is while a new peer or new headers of either are under way, and by
 * other = DP_NO_SLOT, which joins it, and the one that it was joined to, to none. Waits for nobody.
 *
 * CV_ERR_UNKNOWN: one is not there; CV_ERR_CONFIG: one has no DP_SEND_FRAMES, or they are the same;
 * CV_ERR_EXISTS: one is joined to a third. _get: what was told, and by what happened since:
 * DP_NO_SLOT: to none, CV_ERR_UNKNOWN: it never was. Records are replayed by it as by _set.
 */
int dp_switch_set(struct dp *dp, uint32_t slot, uint32_t other);
int dp_switch_get(const struct dp *dp, uint32_t slot, uint32_t *other);

enum { DP_LEAVING = 1 }; /* dp_session_clear */

/*
 * Clears a session; no packet finds it from now on. 0: no worker uses it any more, final (may be
 * NULL) has its exact counters, and the slot is free. DP_LEAVING: a worker may still be at one of
 * its packets; later dp_session_removed() tells these, and until then the slot is taken. Waits for
 * nobody. CV_ERR_UNKNOWN: there is none.
 */
int dp_session_clear(struct dp *dp, uint32_t slot, struct dp_session_counters *final);
/* The next session that was leaving and is gone; false: none. To be asked after each
 * dp_control_poll() and dp_stop(). */
bool dp_session_removed(struct dp *dp, uint32_t *slot, struct dp_session_counters *final);
int dp_session_counters(const struct dp *dp, uint32_t slot, struct dp_session_counters *out);
/* Largest inner packet that is sent to this session now, 0 if there is none. */
uint16_t dp_session_mtu(const struct dp *dp, uint32_t slot);

/* ---- filters and groups -------------------------------------------------------------------- */

enum dp_filter_kind {
	DP_FILTER_IPSEC, /* 50, 51, UDP 500 and 4500, their fragments and ICMP errors */
	DP_FILTER_ANY,
	DP_FILTER_RULES, /* what rules permit, their fragments and ICMP errors */
	DP_FILTER_LIST,  /* what the first rule of a list that is about a packet says, likewise */
};

/* Permits a protocol; for TCP, UDP, SCTP (6, 17, 132) packets with a source or destination port
 * in the range. port_low 0 and port_high 0: all ports. */
struct dp_rule {
	uint8_t protocol;
	uint16_t port_low, port_high;
};

/* Which inner packets may pass, from a session and to it. */
struct dp_filter {
	enum dp_filter_kind kind;
	struct dp_rule rules[DP_MAX_RULES];
	uint16_t rule_count;
	/*
	 * Of DP_FILTER_LIST, copied. Ports only of a protocol that has some. What none is about is
	 * forbidden, but for ICMP errors that quote what is permitted: these only a rule that names
	 * ICMP forbids. 10,000 rules take 0.2 s to be made into `made`, which any thread may do
	 * (dp_rules_make); NULL: it is made here.
	 */
	const struct cv_rule *list;
	uint32_t list_count;
	const struct dp_rules *made;
	/* Addresses that its sessions reach, and that reach them, also when isolated. */
	const struct cv_prefix *gateways; /* copied */
	uint16_t gateway_count;
};

/* A list made into what workers ask. Pure, and any thread's. NULL: no memory, or a rule that can't
 * be. To be freed by the caller. */
struct dp_rules *dp_rules_make(const struct cv_rule *rules, size_t n);
void dp_rules_free(struct dp_rules *rules);

/* What sessions of one kind have in common. */
struct dp_group {
	struct cv_ip lns;       /* our inner address, as the source of ICMP errors */
	struct cv_ip lns6;      /* of ICMPv6; family 0: the link-local one of the session */
	uint16_t mtu;           /* inner packets to its clients; 0: no limit of the group */
	bool clients_reachable; /* clients of groups that both say so reach each other */
	bool mss_kept;          /* TCP connections keep an MSS that does not fit their tunnels */
	bool refuse_silently;   /* no ICMP tells its clients that a filter forbids what they send */
	bool dscp_fixed;        /* outer headers have `dscp`; else that of the inner one */
	uint8_t dscp;
	struct cv_rates each;   /* of each session that has none itself */
	struct cv_rates shared; /* of all of them together, whichever worker carries them */
};

/*
 * Set or replace a filter or a group under running sessions, whose MTU follows; IDs are the
 * caller's. CV_ERR_CONFIG: out of bounds; CV_ERR_NOMEM: nothing has changed.
 * Sessions whose filter or group is cleared go on without: nothing of them passes
 * (POLICY_NO_FILTER, POLICY_NO_GROUP) until it is set again or the session names another.
 * _get: what was set; a filter's gateways stay valid until it is set or cleared. CV_ERR_UNKNOWN:
 * there is none.
 */
int dp_filter_set(struct dp *dp, uint16_t filter, const struct dp_filter *told);
void dp_filter_clear(struct dp *dp, uint16_t filter);
int dp_filter_get(const struct dp *dp, uint16_t filter, struct dp_filter *out);
int dp_group_set(struct dp *dp, uint16_t group, const struct dp_group *told);
void dp_group_clear(struct dp *dp, uint16_t group);
int dp_group_get(const struct dp *dp, uint16_t group, struct dp_group *out);

#endif
