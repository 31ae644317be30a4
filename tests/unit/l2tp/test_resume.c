/* SPDX-License-Identifier: BSD-3-Clause */
/* A responder that is not kept between its SCCRP and the SCCCN that answers it. */
#include "capture.h"

#include <string.h>

#include "../seeded.h"
#include "l2tp/avp.h"
#include "l2tp/tunnel.h"

enum { NOW = 1000, OURS = 9, THEIRS = 7 };

static const uint8_t challenge[L2TP_CHALLENGE_BYTES] = "sixteen bytes...";

static struct l2tp_params
params_of(struct crypto *crypto, const char *secret, uint16_t id)
{
	struct l2tp_params p;

	l2tp_params_default(&p);
	p.crypto = crypto;
	p.local_tunnel_id = id;
	p.secret = secret;
	p.secret_len = secret == NULL ? 0 : strlen(secret);
	return p;
}

/* Carries one datagram; its Message Type, 0 where there was none or an acknowledgement. */
static uint16_t
carry(struct l2tp_tunnel *from, struct l2tp_tunnel *to)
{
	uint8_t bytes[1500];
	struct l2tp_peek peek;
	int len = l2tp_tunnel_poll_output(from, NOW, bytes, sizeof(bytes));

	if (len <= 0)
		return 0;
	assert_int_equal(l2tp_peek(bytes, (size_t)len, &peek), 0);
	l2tp_tunnel_input(to, NOW, bytes, (size_t)len);
	return peek.type;
}

static enum l2tp_event_type
event_of(struct l2tp_tunnel *t)
{
	struct l2tp_event event;

	assert_true(l2tp_tunnel_poll_event(t, &event));
	return event.type;
}

/* The whole handshake, with a fresh responder for each of the client's messages; the second one has
 * the secret `later`, of the same length. */
static void
handshake(const char *secret, const char *later, bool good)
{
	struct crypto *crypto = seeded_crypto();
	struct l2tp_params ours = params_of(crypto, secret, OURS);
	struct l2tp_params theirs = params_of(crypto, secret, THEIRS);
	struct l2tp_tunnel *client = l2tp_tunnel_new(L2TP_INITIATOR, &theirs, NOW);
	struct l2tp_tunnel *server;
	struct l2tp_identity identity;
	struct l2tp_tunnel_info info;

	assert_non_null(crypto);
	ours.challenge = challenge;
	server = l2tp_tunnel_new(L2TP_RESPONDER, &ours, NOW);
	assert_false(l2tp_tunnel_pause(server, &identity));
	l2tp_tunnel_connect(client, NOW);
	assert_int_equal(carry(client, server), L2TP_SCCRQ);
	assert_int_equal(carry(server, client), L2TP_SCCRP);
	assert_true(l2tp_tunnel_pause(server, &identity));
	assert_int_equal(identity.tunnel_id, THEIRS);
	assert_int_equal(identity.window, ours.receive_window);
	assert_string_equal(identity.host_name, "culvert");
	l2tp_tunnel_free(server);

	ours.secret = later;
	server = l2tp_tunnel_resume(&ours, &identity, NOW);
	assert_int_equal(carry(server, client), 0); /* nothing is said before the peer speaks */
	assert_int_equal(carry(client, server), L2TP_SCCCN);
	assert_int_equal(event_of(server), good ? L2TP_EV_UP : L2TP_EV_DOWN);
	l2tp_tunnel_info(server, &info);
	assert_int_equal(info.remote_tunnel_id, THEIRS);
	assert_int_equal(info.peer_window, identity.window);
	if (good) {
		assert_int_equal(carry(server, client), 0); /* a ZLB */
		assert_int_equal(l2tp_call_dial(client, NOW, 3, NULL), 0);
		assert_int_equal(carry(client, server), L2TP_ICRQ);
		assert_int_equal(event_of(server), L2TP_EV_CALL_REQUEST);
		assert_int_equal(l2tp_call_accept(server, NOW, 3, 4), 0);
		assert_int_equal(carry(server, client), L2TP_ICRP);
		assert_int_equal(carry(client, server), L2TP_ICCN);
		assert_int_equal(event_of(server), L2TP_EV_CALL_UP);
	} else {
		assert_true(l2tp_tunnel_waits(server));
		assert_int_equal(carry(server, client), L2TP_STOPCCN);
	}
	l2tp_tunnel_free(server);
	l2tp_tunnel_free(client);
	crypto_free(crypto);
}

static void
a_resumed_responder_establishes_the_tunnel(void **state)
{
	(void)state;
	handshake(NULL, NULL, true);
	handshake("secret", "secret", true);
}

static void
a_resumed_responder_judges_the_proof(void **state)
{
	(void)state;
	handshake("secret", "secreT", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_resumed_responder_establishes_the_tunnel),
		cmocka_unit_test(a_resumed_responder_judges_the_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
