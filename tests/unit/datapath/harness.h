/* SPDX-License-Identifier: BSD-3-Clause */
/* A data path between two rings: frames are put in and come out, in one thread. */
#ifndef DATAPATH_HARNESS_H
#define DATAPATH_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "datapath/control/control.h"
#include "datapath/dp.h"
#include "datapath/ends.h"
#include "datapath/host/host.h"
#include "datapath/host/memory.h"
#include "datapath/table/groups.h"
#include "datapath/table/outside.h"
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"
#include "datapath/worker/answers.h"
#include "datapath/worker/punt.h"
#include "datapath/worker/reassemble.h"
#include "datapath/worker/stages.h"
#include "datapath/worker/trace.h"
#include "datapath/worker/worker.h"

#define LNS_IP UINT32_C(0xc0000201) /* 192.0.2.1, on the outside */
#define PEER_A UINT32_C(0xc000020b) /* the NATs of two clients */
#define PEER_B UINT32_C(0xc000020c)
#define INNER_LNS UINT32_C(0x0a580001)
#define INNER_A UINT32_C(0x0a580101)
#define INNER_B UINT32_C(0x0a580102)

enum {
	TUNNEL_A = 11,
	TUNNEL_B = 12,
	SESSION_A = 21,
	SESSION_B = 22,
	PEER_TUNNEL = 31,
	PEER_SESSION = 41
};

enum { PORT_A = 40001, PORT_B = 40002, FRAME_MAX = 2048, GROUP_A = 0, GROUP_B = 1 };

struct frame_bytes {
	size_t len; /* 0: none */
	uint8_t bytes[FRAME_MAX];
};

/* How a data message is written. */
struct wire {
	uint32_t peer_ip; /* 0: as the session's */
	uint16_t peer_port;
	uint16_t tunnel_id, session_id; /* 0: as the session's */
	bool length, sequence, offset, acfc, pfc;
	bool no_checksum, wrong_checksum;
	unsigned padding;  /* bytes behind the PPP frame, inside UDP */
	uint16_t protocol; /* of PPP; 0: IPv4 */
	uint8_t tos;       /* of the outer header */
};

/* A filter and a group of one ID, as most tests have them. */
struct policy {
	enum dp_filter_kind kind;
	struct dp_rule rules[DP_MAX_RULES];
	uint16_t rule_count;
	bool clients_reachable, refuse_silently;
	const struct cv_prefix *gateways;
	uint16_t gateway_count;
	struct cv_ip lns;
	uint16_t mtu;
};

/* A data path with one interface and one service on it, both 0. */
int bench_create(const struct dp_params *params, const struct dp_service *service, struct dp **dp);
int set_policy(struct dp *dp, uint16_t id, const struct policy *policy);

/* What is told of a session when IPCP has opened. */
struct session_ip {
	struct cv_ip address;
	uint16_t realm, group, filter, mtu, send;
	bool hold; /* not reachable yet */
};

int session_open(struct dp *dp, uint32_t slot, const struct session_ip *ip);
void session_reach(struct dp *dp, uint32_t slot);
void session_shut(struct dp *dp, uint32_t slot);

struct bench {
	struct dp *dp;
	struct rte_ring *in, *out;
	uint32_t slot_a, slot_b;
	uint64_t now;
	unsigned mbufs; /* that were free when all was set up */
	uint32_t ms;    /* where bench_pass() holds the worker's clock */
};

/* Starts the EAL once for the program; skips nothing: it works without hugepages. */
int harness_eal(void);
/* Two open sessions A and B with send flags; policies ANY, reachable. */
void bench_up(struct bench *b, uint16_t send_a, uint16_t send_b);
/* The same with room for so many sessions. */
void bench_up_for(struct bench *b, uint32_t sessions, uint16_t send_a, uint16_t send_b);
/* The two sessions alone, on a data path that the test has made. */
void bench_sessions(struct bench *b, uint16_t send_a, uint16_t send_b);
/* A data path with those policies on such a port, which are there, and room for so many sessions;
 * it has none yet. */
void bench_start(struct bench *b, const struct dp_port_config *port, uint32_t sessions);
/* As bench_up() on a port of this MTU, whose sessions take packets as large. */
void bench_up_mtu(struct bench *b, uint16_t mtu);
/* The sessions of that alone, on a data path that is there. */
void bench_sessions_mtu(struct bench *b, uint16_t mtu);
/* One of them, where it is not there; returns its slot. */
uint32_t bench_session(struct bench *b, bool a, uint16_t send);
/* An ARP reply of a NAT; returns its length. */
size_t bench_arp(const struct bench *b, uint32_t ip, uint8_t *frame);
/* Lets so much time pass, as the worker knows it, and holds its clock there: what it waits for
 * comes in time however slow the machine is. */
void bench_pass(struct bench *b, uint32_t ms);
/* Checks that no buffer was lost. */
void bench_down(struct bench *b);

/* An inner IPv4 packet of len bytes with TTL 64 and a pattern behind its header. */
size_t inner_packet(uint8_t *out, uint32_t src, uint32_t dst, uint8_t protocol, size_t len);
void inner_checksum(uint8_t *ip);

/* Puts a frame in and lets the worker go round; the control thread stands still. */
void put_to_worker(struct bench *b, const void *frame, size_t len);
/* The same, and the control thread goes round. */
void put_frame(struct bench *b, const void *frame, size_t len);
/* Puts tags into a frame, the first of this type; outer 0: one. Returns its new length. */
size_t put_tags(uint8_t *frame, size_t len, uint16_t type, uint16_t outer, uint16_t vlan);
/* Builds a UDP datagram to the LNS in a frame. */
void bench_udp(const struct bench *b, uint32_t ip, uint16_t port, const void *payload, size_t len,
	uint8_t *frame);
/* The same, put in. */
void put_udp(struct bench *b, uint32_t ip, uint16_t port, const void *payload, size_t len);
/* An inner packet from A (or B) as L2TP data. */
void put_data(struct bench *b, bool from_a, const struct wire *wire, const void *inner, size_t len);
/* Builds what put_data puts in; returns its length. */
size_t build_data(const struct bench *b, bool from_a, const struct wire *wire, const void *inner,
	size_t len, uint8_t *frame);

/* The same of A's with an inner packet of so many bytes, which may be more than FRAME_MAX; its
 * outer checksum is right. */
size_t build_large(const struct bench *b, size_t inner_len, bool may_be_cut, uint8_t *frame);

/* The next frame that came out; len 0: none. */
struct frame_bytes take_frame(struct bench *b);
/* The inner packet of a data frame to A (or B); all of its headers are checked. */
size_t take_inner(struct bench *b, bool to_a, uint8_t *inner);
/* The same of another protocol of PPP than IPv4. */
size_t take_packet(struct bench *b, bool to_a, uint8_t protocol, uint8_t *inner);

/* The next frame is an ARP request of ours for this address; to: its Ethernet target, or NULL. */
void expect_arp_question(struct bench *b, uint32_t ip, const uint8_t to[6]);
/* The control thread goes round so many seconds later. */
void later(struct bench *b, uint64_t seconds);
/* It goes round so much later, and what it sends leaves. */
void pass_time(struct bench *b, uint64_t ns);
/* Events that a bucket lets through since begin, in cycles. */
uint64_t allowed_since(uint64_t begin, unsigned cost_ms, unsigned most_ms);
/* xorshift64; state: not 0. */
uint32_t random_below(uint64_t *state, uint32_t below);
/* Gives it the next IDs, from those that it has on, whose slot is free. */
void free_ids(const struct bench *b, struct dp_session *s);
/* Of all tables, when the control thread has given back what is not needed. */
size_t table_bytes(struct bench *b);

uint64_t drops(const struct bench *b, enum dp_drop_cause cause);
uint64_t edges(const struct bench *b, enum dp_edge_name edge);

/* Tests that are done by the fast way, and again by the stages alone, where a worker is told so. */
extern bool stages_only;
int by_fast_way(void **state);
int by_stages(void **state);
/* clang-format off */
#define BOTH_WAYS(test) \
	{#test ", by the fast way", test, by_fast_way, NULL, NULL}, \
	{#test ", by the stages", test, by_stages, NULL, NULL}
/* clang-format on */

#endif
