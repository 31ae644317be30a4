/* SPDX-License-Identifier: BSD-3-Clause */
/* Strangers at the door, in tests of what they get. */
#ifndef SCENARIO_DOOR_H
#define SCENARIO_DOOR_H

#include <stdlib.h>
#include <string.h>

#include "hand.h"

#define OPEN_TO_ALL(limits)                                           \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"            \
	"listeners: [{address: 192.0.2.1/24}]\n"                      \
	"tunnels: {secrets: [{secret: none}]}\n"                      \
	"groups: [{name: g, address: 10.0.0.1, pool: 10.0.0.0/24}]\n" \
	"users: [{name: alice, password-file: alice}]\n"              \
	"limits: {sessions: 100, " limits "}\n"

static inline struct lns_status
status_of(const struct world *w)
{
	struct lns_status status;

	lns_status(w->lns, &status);
	return status;
}

/* The SCCRQ, the same to the byte each time. */
static inline void
ask(struct hand *h)
{
	h->peer_tunnel = h->nr = 0;
	hand_sccrq(h, "lac", NULL);
	hand_send_ns(h, 0, 0);
	h->ns = 1;
}

/* Forged requests with sources in as many prefixes as there are numbers. */
static inline void
forge(struct world *w, unsigned n)
{
	struct hand h;

	for (unsigned i = 0; i < n; i++) {
		hand_init(&h, w, 0x01000000 + world_random(w) % 0xd0000000,
			(uint16_t)world_random(w), (uint16_t)(world_random(w) | 1));
		ask(&h);
	}
	w->read_outside = w->n_outside; /* nobody reads those answers */
}

static inline void
establish(struct hand *h, struct world *w, uint32_t ip, uint16_t port, uint16_t id)
{
	hand_init(h, w, ip, port, id);
	assert_true(hand_tunnel(h, "lac", NULL));
}

static inline void
hang_up(struct hand *h)
{
	hand_begin(h, L2TP_STOPCCN);
	l2tp_put_u16(&h->b, L2TP_AVP_ASSIGNED_TUNNEL_ID, h->tunnel_id);
	l2tp_put(&h->b, L2TP_AVP_RESULT_CODE, "\0\1", 2);
	hand_send(h, 0);
	assert_true(hand_next(h));
	assert_int_equal(h->m.type, L2TP_ZLB);
}

#endif
