/* SPDX-License-Identifier: BSD-3-Clause */
/* A peer played by hand: it says what the test writes, and shows what the server answers. */
#ifndef SCENARIO_HAND_H
#define SCENARIO_HAND_H

#include "l2tp/header.h"
#include "l2tp/message.h"
#include "world.h"

enum { STRANGER = 0xc6336401 }; /* 198.51.100.1, which no client has */

/* A server of which host "open" and the peers 203.0.113.0/24 need no secret, and host "lac" the
 * standard one. */
extern const char hand_by_condition[];

struct hand {
	struct world *w;
	struct cv_endpoint address;
	uint16_t tunnel_id, peer_tunnel; /* ours; the server's, once SCCRP told */
	uint16_t ns, nr;
	struct l2tp_builder b;
	/* the last message that hand_next gave */
	struct l2tp_header header;
	struct l2tp_message m;
	uint8_t bytes[LNS_DATAGRAM_MAX];
};

void hand_init(struct hand *h, struct world *w, uint32_t ip, uint16_t port, uint16_t tunnel_id);

/* Starts a message; AVPs are put with l2tp_put(&h->b, ...). */
void hand_begin(struct hand *h, enum l2tp_message_type type);
/* Sends it to a tunnel and session with the next Ns (and the Nr of what was read). */
void hand_send(struct hand *h, uint16_t session_id);
/* The same datagram with an Ns of the test's. */
void hand_send_ns(struct hand *h, uint16_t session_id, uint16_t ns);
void hand_zlb(struct hand *h);

/* The next datagram of the server to this peer: false, none. m.type is L2TP_ZLB for a ZLB. */
bool hand_next(struct hand *h);
/* Reads until a message of this type comes. */
bool hand_expect(struct hand *h, enum l2tp_message_type type);
/* The Result Code AVP of the last message: result, error, and its text. */
struct l2tp_reason hand_reason(struct hand *h, char text[L2TP_MESSAGE_MAX]);

/* SCCRQ with all that it needs, and a challenge or not. */
void hand_sccrq(struct hand *h, const char *host, const char *challenge);
/* The way to an established tunnel with this secret (NULL: none). false: it was refused. */
bool hand_tunnel(struct hand *h, const char *host, const char *secret);
/* SCCCN, with the proof that the SCCRP just read asks for. */
void hand_prove(struct hand *h, const char *secret);
/* ICRQ for a session of ours; returns the server's session ID, 0: refused. */
uint16_t hand_call(struct hand *h, uint16_t session_id);
/* ICCN. */
void hand_connect(struct hand *h, uint16_t peer_session);

#endif
