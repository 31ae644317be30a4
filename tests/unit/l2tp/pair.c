/* SPDX-License-Identifier: BSD-3-Clause */
/* Two ends of a tunnel: see pair.h. */
#include "pair.h"
#include "../seeded.h"

#include <string.h>

static void
carry_from(struct pair *p, struct l2tp_tunnel *from, struct l2tp_tunnel *to, bool *any)
{
	uint8_t bytes[1500];
	struct l2tp_peek peek;
	int len;

	while ((len = l2tp_tunnel_poll_output(from, p->now, bytes, sizeof(bytes))) > 0) {
		*any = true;
		assert_int_equal(l2tp_peek(bytes, (size_t)len, &peek), 0);
		if (peek.type != L2TP_ZLB) {
			assert_true(p->n_sent < SENT_MAX);
			p->sent[p->n_sent++] = peek.type;
			memcpy(p->last, bytes, (size_t)len);
			p->last_len = (size_t)len;
		}
		assert_int_equal(l2tp_tunnel_input(to, p->now, bytes, (size_t)len), 0);
	}
}

void
carry(struct pair *p)
{
	bool any = true;

	while (any) {
		any = false;
		carry_from(p, p->lns, p->lac, &any);
		carry_from(p, p->lac, p->lns, &any);
	}
}

struct l2tp_event
expect(struct l2tp_tunnel *t, enum l2tp_event_type type)
{
	static struct l2tp_event event; /* its reason's words are in it */

	assert_true(l2tp_tunnel_poll_event(t, &event));
	assert_int_equal(event.type, type);
	return event;
}

void
expect_nothing(struct l2tp_tunnel *t)
{
	struct l2tp_event event;

	assert_false(l2tp_tunnel_poll_event(t, &event));
}

void
up_with(struct pair *p, bool lns_opens, bool takes_calls, const char *secret)
{
	struct l2tp_params params;

	*p = (struct pair){.crypto = seeded_crypto(), .now = CV_NS_PER_S};
	assert_non_null(p->crypto);
	l2tp_params_default(&params);
	params.crypto = p->crypto;
	params.local_tunnel_id = OURS;
	params.secret = secret;
	params.secret_len = secret == NULL ? 0 : strlen(secret);
	params.hide_avps = secret != NULL;
	p->lns = l2tp_tunnel_new(lns_opens ? L2TP_INITIATOR : L2TP_RESPONDER, &params, p->now);
	params.local_tunnel_id = THEIRS;
	params.outgoing = takes_calls;
	p->lac = l2tp_tunnel_new(lns_opens ? L2TP_RESPONDER : L2TP_INITIATOR, &params, p->now);
	assert_int_equal(l2tp_tunnel_connect(lns_opens ? p->lns : p->lac, p->now), 0);
	carry(p);
	expect(p->lns, L2TP_EV_UP);
	expect(p->lac, L2TP_EV_UP);
	p->n_sent = 0;
}

void
up(struct pair *p, bool lns_opens, bool takes_calls)
{
	up_with(p, lns_opens, takes_calls, NULL);
}

void
down(struct pair *p)
{
	l2tp_tunnel_free(p->lns);
	l2tp_tunnel_free(p->lac);
	crypto_free(p->crypto);
}
