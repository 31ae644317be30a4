/* SPDX-License-Identifier: BSD-3-Clause */
/* A server and a client link, an invented network between them, and helpers to speak PPP by
 * hand. */
#ifndef PPP_HARNESS_H
#define PPP_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../seeded.h"
#include "ppp/private.h"

enum { FRAME_BYTES = PPP_MAX_CONTROL, WIRE_FRAMES = 256 };

#define SERVER_IP UINT32_C(0x0a000001)
#define CLIENT_IP UINT32_C(0x0a000007)
#define DNS_IP UINT32_C(0x08080808)

/* One link with its caller. */
struct end {
	struct ppp_params params;
	struct ppp_link *l;
	struct ppp_network net;
	struct ppp_secret secret; /* server: what AUTH is checked with; empty: rejected */
	bool hold_auth;           /* server: AUTH is noted, and answered by the test */
	bool hold_network;
	/* what was seen */
	unsigned lcp_ups, auths, auth_dones, networks, ups, network_downs, downs;
	bool up, auth_ok;
	enum ppp_down reason;
	struct ppp_ev_up up_event;
	struct ppp_ev_auth auth_event;
	char name[256], message[256];
};

struct wire_frame {
	uint64_t at;
	uint8_t to; /* 0: server, 1: client */
	uint16_t len;
	uint8_t bytes[FRAME_BYTES];
};

struct pair {
	struct crypto *crypto;
	struct end ends[2]; /* server, client */
	uint64_t now;
	uint64_t random; /* state of the test's own generator */
	/* the network */
	unsigned loss_percent, double_percent;
	uint64_t delay_ns, jitter_ns;
	struct wire_frame frames[WIRE_FRAMES];
	unsigned n_frames;
	unsigned long carried;
	/* called for every frame that a link sends */
	void (*tap)(struct pair *p, int from, const uint8_t *frame, size_t len);
	void *tap_ctx;
};

static inline struct end *
server(struct pair *p)
{
	return &p->ends[0];
}

static inline struct end *
client(struct pair *p)
{
	return &p->ends[1];
}

static inline struct ppp_cp *
ipcp(struct ppp_link *l)
{
	return ppp_cp_of(l, &ppp_ipcp.cp);
}

uint32_t pair_random(struct pair *p, uint32_t below);

/* A pair with user "alice", password "secret", all methods on both ends, DNS asked for. Links
 * do not exist before pair_start. */
struct pair *pair_new(struct crypto *crypto);
void pair_free(struct pair *p);
/* Makes and opens both links. */
void pair_start(struct pair *p);
/* Makes and opens one. */
void end_start(struct pair *p, int which);
/* Carries frames and runs timers until the given time. */
void pair_run(struct pair *p, uint64_t until);
/* Handles events and puts frames on the wire. */
void pair_drain(struct pair *p, int which);
/* pair_start, then up on both ends, nothing left on the wire. */
void pair_up(struct pair *p);
/* Only the server, with the given method, and both ends speaking until it awaits the client's
 * proof (AUTH not raised yet). */
void pair_authenticating(struct pair *p, enum ppp_auth method);

/* Speaking by hand. hex: digits and blanks; `PPPP CC II` then data; the length is put in. */
int inject(struct pair *p, int which, const char *hex);
int inject_bytes(struct pair *p, int which, const void *bytes, size_t len);
/* A control packet. */
int inject_packet(struct pair *p, int which, uint16_t protocol, uint8_t code, uint8_t id,
	const void *data, size_t len);
size_t from_hex(const char *hex, uint8_t *out, size_t capacity);

/* The next frame that a link sends, taken off before the wire: its packet, or code 0. */
struct sent {
	uint16_t protocol;
	uint8_t code, id;
	uint8_t data[FRAME_BYTES];
	size_t len;
};
struct sent next_sent(struct pair *p, int which);
/* Asserts what comes next; 0 for the protocol: nothing. */
struct sent expect_sent(struct pair *p, int which, uint16_t protocol, uint8_t code);
/* Throws away what waits. */
void discard_sent(struct pair *p, int which);

#endif
