/* SPDX-License-Identifier: BSD-3-Clause */
/* Who the clients of wild.h are, by number, and what is beside them: for the files of wild alone.
 */
#ifndef DATAPATH_WILD_CLIENTS_H
#define DATAPATH_WILD_CLIENTS_H

#include "inner6.h"
#include "ipv6.h"
#include "wild.h"

enum {
	TUNNEL = 100,
	SESSION = 1000,
	PEERS = 0xc0000214, /* 192.0.2.20 and on */
	INNERS = 0x0a580114,
	SECOND_IP = 0xc0000202,
	SECOND_PORT = 1702,
	ANY = 10, /* filters */
	IPSEC,
	GATEWAYS,
	PORTS,
	LISTED,
	MEET = 10, /* groups */
	APART,
	SILENT,
	TOGETHER, /* a rate of all of them */
	MARKED,   /* a DSCP of its own */
	LAN,      /* of the interface that is inside */
	NARROW = 300,
	LAN_NET = 0xc6120500, /* 198.18.5.0/24, */
	LAN_US = LAN_NET + 1,
	LAN_HOST = LAN_NET + 9,
	LAN_ROUTER = LAN_NET + 254, /* by whom BEYOND is, */
	BEYOND = 0xcb007107,
	NOWHERE = 0xc6336407, /* and by nobody this */
	DIALLED = 0xcb007109, /* behind a peer that is not there yet */
	OTHER_REALM = 1,
	ALONE = 255,
	BEHIND = 0x0a630000, /* 10.99.0.0/16: a /24 of it is behind each client, or every third */
};

#define LAN_US6 "2001:db8:5::1"
#define LAN_HOST6 "2001:db8:5::9"
#define BEYOND6 "2001:db8:77::7"
#define DIALLED6 "2001:db8:78::9"

struct wild_client {
	uint16_t filter, group, send, mtu, realm, service;
	bool shut, held, unresolved, absent, v6, only_six;
	bool rated;
	uint8_t shares_peer, shares_inner; /* with the client of this number, less one */
	uint8_t joined;                    /* to it, likewise; ALONE: to none */
};

/* One of each kind. */
extern const struct wild_client wild_clients[WILD_CLIENTS];

static inline bool
one_in(struct wild *w, uint32_t n)
{
	return wild_number(w, n) == 0;
}

static inline unsigned
peer_of(unsigned i)
{
	return wild_clients[i].shares_peer != 0 ? wild_clients[i].shares_peer - 1u : i;
}

static inline uint32_t
inner_of(unsigned i)
{
	return INNERS + (wild_clients[i].shares_inner != 0 ? wild_clients[i].shares_inner - 1u : i);
}

static inline const char *
peer6(unsigned i, char text[CV_IP_TEXT])
{
	snprintf(text, CV_IP_TEXT, "2001:db8::%x", 0x20 + i);
	return text;
}

/* 2001:db8:N::/48 is a client's, whose link has a /64 of it, and who was delegated the second half,
 * where he is an odd one. */
static inline struct cv_prefix
network6(unsigned i, unsigned bits, bool upper)
{
	struct cv_prefix p = {
		.ip = {.family = CV_IPV6, .bytes = {0x20, 1, 0x0d, 0xb8}}, .length = (uint8_t)bits};

	p.ip.bytes[5] = (uint8_t)(0x80 + (wild_clients[i].shares_inner != 0
							 ? wild_clients[i].shares_inner - 1u
							 : i));
	p.ip.bytes[6] = upper ? 0x80 : 0;
	return p;
}

/* 2001:db8:N00::/40, likewise. */
static inline struct cv_ip
behind6(unsigned i)
{
	return (struct cv_ip){
		.family = CV_IPV6, .bytes = {0x20, 1, 0x0d, 0xb8, (uint8_t)(0xc0 + i), [15] = 1}};
}

static inline bool
has_six(unsigned i)
{
	return i % 4 != 2;
}

#endif
