/* SPDX-License-Identifier: BSD-3-Clause */
/* Every message in every state, and every datagram of a call cut and damaged: the server goes on
 * serving, forgets what it must, and keeps no more than its limits. */
#include "hand.h"

#include <stdlib.h>
#include <string.h>

enum { RECORDED = 64 };

enum stage {
	NO_TUNNEL,
	SCCRQ_SENT,
	ESTABLISHED,
	ICRQ_SENT,
	CONNECTED,
	CALL_CLOSED,
	TUNNEL_CLOSED,
	STAGES,
};

/* Brings a peer to a stage; returns the server's session ID where there is one. */
static uint16_t
reach(struct hand *h, enum stage stage)
{
	uint16_t id = 0;

	if (stage == NO_TUNNEL)
		return 0;
	if (stage == SCCRQ_SENT) {
		hand_sccrq(h, "lac", NULL);
		hand_send(h, 0);
		assert_true(hand_expect(h, L2TP_SCCRP));
		return 0;
	}
	assert_true(hand_tunnel(h, "lac", "tunnelsecret"));
	if (stage >= ICRQ_SENT && stage <= CALL_CLOSED)
		id = hand_call(h, 5);
	if (stage == CONNECTED || stage == CALL_CLOSED)
		hand_connect(h, id);
	if (stage == CALL_CLOSED) {
		hand_begin(h, L2TP_CDN);
		l2tp_put(&h->b, L2TP_AVP_RESULT_CODE, "\0\3", 2);
		l2tp_put_u16(&h->b, L2TP_AVP_ASSIGNED_SESSION_ID, 5);
		hand_send(h, id);
	}
	if (stage == TUNNEL_CLOSED) {
		hand_begin(h, L2TP_STOPCCN);
		l2tp_put_u16(&h->b, L2TP_AVP_ASSIGNED_TUNNEL_ID, h->tunnel_id);
		l2tp_put(&h->b, L2TP_AVP_RESULT_CODE, "\0\1", 2);
		hand_send(h, 0);
	}
	return id;
}

/* A message with all that it needs, of a type that may not be expected. */
static void
begin_any(struct hand *h, uint16_t type)
{
	static const uint8_t value[64] = {0, 1};

	hand_begin(h, (enum l2tp_message_type)type);
	for (uint16_t avp = 1; avp < L2TP_AVP_COUNT; avp++) {
		const struct l2tp_avp_rule *rule = l2tp_avp_rule(avp);

		if (rule != NULL && type < 32 && (rule->needed_in >> type & 1) != 0)
			l2tp_put(&h->b, (enum l2tp_avp)avp, value, rule->min);
	}
}

static struct world_client *
serve_somebody(struct world *w)
{
	struct world_client *c = world_client(w, "bob", "pass-b", PPP_AUTH_MSCHAPV2);

	client_dial(c);
	assert_true(world_run(w, 5 * CV_NS_PER_S, all_up));
	return c;
}

static void
every_message_in_every_state(void **state)
{
	static const uint16_t types[] = {
#define X(number, id) number,
		L2TP_MESSAGES(X)
#undef X
			5,
		13,
		17,
		65535,
	};
	struct world_client *c;
	struct lns_status status;
	struct world w;
	uint16_t port = 1000;

	(void)state;
	world_up(&w, NULL, 31);
	c = serve_somebody(&w);
	for (unsigned stage = 0; stage < STAGES; stage++)
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			for (unsigned session = 0; session < 3; session++) {
				struct hand h;
				uint16_t id;

				hand_init(&h, &w, STRANGER, port++, 7);
				id = reach(&h, (enum stage)stage);
				begin_any(&h, types[i]);
				hand_send(&h, session == 0 ? 0 : session == 1 ? id : 999);
				hand_send_ns(&h, 0, (uint16_t)(h.ns - 1));
				world_sleep(&w, 100 * CV_NS_PER_S);
			}
	world_sleep(&w, 200 * CV_NS_PER_S);
	lns_status(w.lns, &status);
	assert_int_equal(status.tunnels, 1);
	assert_int_equal(status.sessions, 1);
	assert_true(c->up);
	assert_int_equal(c->ppp_ups, 1);
	world_down(&w);
}

struct recorded {
	size_t len;
	uint8_t bytes[LNS_DATAGRAM_MAX];
};

static struct recorded recorded[RECORDED];
static unsigned n_recorded;

static bool
record(struct world *w, int to, const uint8_t *bytes, size_t len)
{
	(void)w;
	if (to < 0 && n_recorded < RECORDED) {
		recorded[n_recorded].len = len;
		memcpy(recorded[n_recorded++].bytes, bytes, len);
	}
	return true;
}

/* What the client said of one whole call, into the server as it is after `step` of it. */
static void
damage_step(struct world *w, unsigned step, const struct cv_endpoint *from, bool change)
{
	static const uint8_t values[] = {0x00, 0x01, 0x80, 0xff};
	const struct recorded *r = &recorded[step];

	for (size_t at = 0; at < r->len; at++) {
		uint8_t *bytes = malloc(r->len); /* exactly: a sanitizer sees one byte too many */

		assert_non_null(bytes);
		memcpy(bytes, r->bytes, r->len);
		if (!change)
			world_inject(w, from, bytes, at);
		for (size_t v = 0; change && v < sizeof(values); v++) {
			bytes[at] = values[v];
			world_inject(w, from, bytes, r->len);
		}
		free(bytes);
	}
}

static void
every_datagram_cut_and_damaged(void **state)
{
	struct world_client *c;
	struct world w;

	(void)state;
	n_recorded = 0;
	world_up(&w, NULL, 32);
	w.filter = record;
	c = world_client(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2);
	client_dial(c);
	assert_true(world_run(&w, 5 * CV_NS_PER_S, all_up));
	world_down(&w);
	assert_true(n_recorded > 8);
	for (unsigned step = 0; step < n_recorded; step++)
		for (unsigned change = 0; change < 2; change++) {
			struct lns_status status;

			world_up(&w, NULL, 32); /* the same seed: the same IDs and challenges */
			c = world_client(&w, "alice", "pass-a", PPP_AUTH_MSCHAPV2);
			client_dial(c);
			world_sleep(&w, step * 8 * CV_NS_PER_MS);
			damage_step(&w, step, &c->address, change);
			lns_status(w.lns, &status);
			assert_true(status.tunnels <= 100 && status.sessions <= 100);
			client_free(c);
			world_sleep(&w, 300 * CV_NS_PER_S);
			assert_true(all_down(&w));
			serve_somebody(&w);
			world_down(&w);
		}
}

/* Frames for a link that says nothing else, in the phase that they meet. */
static void
noise_of_ppp_is_bounded(void **state)
{
	struct world_client *c;
	struct world w;
	struct hand h;
	uint16_t id, call = 5;
	unsigned removed = 0;

	(void)state;
	world_up(&w, NULL, 33);
	c = serve_somebody(&w);
	hand_init(&h, &w, STRANGER, 1701, 7);
	assert_true(hand_tunnel(&h, "lac", "tunnelsecret"));
	id = hand_call(&h, call);
	hand_connect(&h, id);
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t bytes[64];
		struct cv_writer wr = cv_writer(bytes, sizeof(bytes));
		size_t len = world_random(&w) % 40;

		l2tp_data_header_write(&wr, h.peer_tunnel, id, len);
		for (size_t k = 0; k < len; k++)
			cv_write_u8(&wr, (uint8_t)world_random(&w));
		if (len > 4) { /* most of them well-formed LCP, CHAP or IPCP */
			static const uint8_t protocols[3][4] = {{0xff, 3, 0xc0, 0x21},
				{0xff, 3, 0xc2, 0x23}, {0xff, 3, 0x80, 0x21}};

			memcpy(bytes + L2TP_DATA_HEADER, protocols[i % 3], 4);
		}
		if (len > 8) {
			bytes[L2TP_DATA_HEADER + 4] &= 15;
			bytes[L2TP_DATA_HEADER + 6] = 0;
			bytes[L2TP_DATA_HEADER + 7] = (uint8_t)(len - 4);
		}
		world_inject(&w, &h.address, bytes, cv_written(&wr));
		if (i % 100 == 0)
			world_sleep(&w, 10 * CV_NS_PER_MS);
		if (w.removed == removed)
			continue;
		/* the noise was a Terminate-Request, or the like: another call */
		removed = w.removed;
		while (hand_next(&h))
			; /* its CDN */
		hand_zlb(&h);
		world_sleep(&w, 11 * CV_NS_PER_S);
		id = hand_call(&h, ++call);
		assert_int_not_equal(id, 0);
		hand_connect(&h, id);
	}
	assert_true(removed > 10);
	world_sleep(&w, 300 * CV_NS_PER_S);
	assert_true(c->up);
	assert_true(world_counter(&w, LNS_PPP_MALFORMED) > 1000);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_in_every_state),
		cmocka_unit_test(every_datagram_cut_and_damaged),
		cmocka_unit_test(noise_of_ppp_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
