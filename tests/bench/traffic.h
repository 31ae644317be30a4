/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who the sessions are, and the frames they send. Both are computed from a session's number: a
 * table of frames would take the place in the caches that the data path's own tables have.
 */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include "datapath/datapath.h"

enum {
	TRAFFIC_GATEWAY_PREFIXES = DP_MAX_GATEWAYS,
	TRAFFIC_FRAME_MOST = 1514,
	TRAFFIC_WRITTEN = 160, /* bytes of a frame that are written; the others stay 0 */
};

struct population {
	uint64_t sessions;   /* that send and receive */
	unsigned services;   /* 0 and 1: one; sessions are spread over them */
	unsigned vlans;      /* with others, each in a realm of its own */
	unsigned lacs;       /* 0: each session has a peer of its own */
	bool gateways;       /* clients are isolated, and half of all addresses are gateways */
	unsigned rules;      /* of a list with prefixes and ports; 0: the filter is ipsec */
	uint16_t send;       /* DP_SEND_*, for both directions */
	bool outer6;         /* peers are reached over IPv6 */
	bool inner6;         /* sessions send IPv6; all have IPv4, too */
	bool refuse_answers; /* what a filter refuses is answered by ICMP */
	bool uplink;         /* the port is inside their realm, with a router by it */
	bool followed;       /* tunnels of every second session are */
	bool switched;       /* each is joined to the next, or the one before */
	/* set by population_plan */
	uint64_t seed;
	uint32_t mask;
	uint64_t there; /* sessions, with those that only receive */
	uint8_t *tries; /* of a session, until its IDs were those of a free slot */
};

/* Finds slots for all sessions, as a server does: 0, or -1: no memory. */
int population_plan(struct population *p);
void population_free(struct population *p);
/* What the data path is told of a session. */
void population_session(const struct population *p, uint64_t index, struct dp_session *s);
/* An outer IPv6 address, and the inner one of a session, by number. */
struct cv_ip population_outer6(uint32_t number);
struct cv_ip population_inner6(uint64_t index);
/* Its slot by its IDs. */
uint32_t population_slot(const struct population *p, const struct dp_session *s);
/* The prefixes of the gateways: count is how many there are, at most TRAFFIC_GATEWAY_PREFIXES. */
unsigned population_gateways(
	const struct population *p, struct cv_prefix out[TRAFFIC_GATEWAY_PREFIXES]);
/* The rules of the list, p->rules of them: some permit what sessions send, by whom it is for. */
void population_rules(const struct population *p, struct cv_rule *out);
/* Two sessions that may talk, at random. */
void population_pair(const struct population *p, uint64_t *from, uint64_t *to);

enum traffic_kind {
	TRAFFIC_ESP,
	TRAFFIC_UDP4500,
	TRAFFIC_DECAP, /* ESP to an address behind the router; comes out as it is */
	TRAFFIC_ENCAP, /* from there to a session; comes as it is */
	/* what is dropped, or goes to the control thread */
	TRAFFIC_UNKNOWN,   /* a session that is not here */
	TRAFFIC_SOURCE,    /* from another address than its peer's */
	TRAFFIC_FORGED,    /* from everywhere, with the IDs of one whose tunnel is not followed, */
	TRAFFIC_ELSEWHERE, /* or is */
	TRAFFIC_SPOOFED,   /* an inner source that is not its own */
	TRAFFIC_REFUSED,   /* TCP, which no filter here permits */
	TRAFFIC_NO_ROUTE,  /* to an inner address that nobody has */
	TRAFFIC_SUM,       /* an inner header whose checksum is wrong */
	TRAFFIC_PORT,      /* another UDP port of ours */
	TRAFFIC_STRANGER,  /* an address that is not ours */
	TRAFFIC_VERSION,   /* L2TPv3 */
	TRAFFIC_SCCRQ,     /* control messages for tunnel 0, from everywhere */
	TRAFFIC_CONTROL,   /* control messages for a tunnel that is not here */
	TRAFFIC_STUN,      /* STUN Binding requests, from everywhere */
	TRAFFIC_SCAN,      /* from the router, to addresses that no client has */
	TRAFFIC_NOBODY,    /* of a session, to neighbours who are not there */
};

struct traffic {
	enum traffic_kind kind;
	uint16_t frame;          /* bytes, Ethernet header included */
	bool no_sum;             /* UDP checksum 0 */
	enum traffic_kind among; /* of each so many one is of this kind instead; 0: none */
	unsigned each;
};

/* Bytes of inner packet in such a frame. */
unsigned traffic_inner(const struct population *p, const struct traffic *t);
/* Writes a frame into a buffer that is zero behind TRAFFIC_WRITTEN bytes. Returns its length, which
 * t->frame is but for control messages. */
unsigned traffic_write(const struct population *p, const struct traffic *t, const uint8_t mac[6],
	uint64_t from, uint64_t to, uint8_t *frame);
/* The same from a session that the caller knows, to an inner address; from and to are its stamp. */
unsigned traffic_write_from(const struct population *p, const struct traffic *t,
	const uint8_t mac[6], const struct dp_session *s, uint32_t target, uint64_t from,
	uint64_t to, uint8_t *frame);
/*
 * Whether a frame that came out carries what some session sent, to the one that it was for: by its
 * outer address, port and IDs, and a stamp in the payload. whole: all checksums are verified, too.
 */
bool traffic_right(const struct population *p, const struct traffic *t, const uint8_t *frame,
	unsigned len, bool whole);
/* The two halves of it: what the stamp says, where the inner packet is whole and has the addresses
 * of both; and whether the frame went to a session. */
bool traffic_read(const struct population *p, const struct traffic *t, const uint8_t *frame,
	unsigned len, uint64_t *from, uint64_t *to);
bool traffic_reached(const struct population *p, const uint8_t *frame, const struct dp_session *s);
/* Whether it carries ICMP, as answers of the data path do. */
bool traffic_is_icmp(const struct population *p, const uint8_t *frame, unsigned len);
/* A number of the caller's in the payload of a frame that was written; 0: none. */
void traffic_number(const struct population *p, uint8_t *frame, uint16_t number);
uint16_t traffic_numbered(const struct population *p, const uint8_t *frame);
/* Where in a frame there are bytes, behind the stamp, that nobody looks at. */
unsigned traffic_free_at(const struct population *p);

/* Where the router is, and a /16 behind it. */
#define TRAFFIC_LAN UINT32_C(0xc6120501)    /* 198.18.5.1 is ours, */
#define TRAFFIC_ROUTER UINT32_C(0xc6120502) /* and this the router's */
#define TRAFFIC_BEYOND UINT32_C(0xc6130000)

extern const uint8_t traffic_gateway_mac[6];
#define TRAFFIC_OURS UINT32_C(0xc0000201)    /* 192.0.2.1, and those after it */
#define TRAFFIC_GATEWAY UINT32_C(0xc00002fe) /* of all outer peers */
/* Our outer IPv6 addresses end in a listener's number and one more, the gateway's in 0xfe, peers'
 * in what their IPv4 addresses are otherwise. */
#define TRAFFIC_OUTER6                 \
	{                              \
		0x20, 0x01, 0x0d, 0xb8 \
	}
/* Of clients: a /44; the /64 of a session has its number and one more. */
#define TRAFFIC_POOL6      \
	{                  \
		0xfd, 0x00 \
	}
#define TRAFFIC_PEERS UINT32_C(0x0b000000)
#define TRAFFIC_POOL UINT32_C(0x0a000000)  /* a /12 */
#define TRAFFIC_INNER UINT32_C(0x0a7f0001) /* ours */

#endif
