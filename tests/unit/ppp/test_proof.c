/* SPDX-License-Identifier: BSD-3-Clause */
/* A peer that is asked beside its link whether it is elsewhere. */
#include <stdlib.h>

#include "harness.h"

enum { SERVER, CLIENT };

static struct pair *
up_by(struct crypto *crypto, enum ppp_auth method)
{
	struct pair *p = pair_new(crypto);

	server(p)->params.n_auth = 1;
	server(p)->params.auth[0] = method;
	pair_up(p);
	discard_sent(p, SERVER);
	discard_sent(p, CLIENT);
	return p;
}

/* The client's answer, as a frame. */
static size_t
answered(struct pair *p, const uint8_t *question, int len, uint8_t answer[FRAME_BYTES])
{
	int got;

	assert_true(len > 0 && len <= PPP_PROOF_FRAME);
	assert_int_equal(ppp_link_input(client(p)->l, p->now, question, (size_t)len), 0);
	got = ppp_link_poll_output(client(p)->l, answer, FRAME_BYTES);
	assert_true(got > 0);
	return (size_t)got;
}

static void
test_by_chap(void **state)
{
	for (int method = PPP_AUTH_CHAP_MD5; method <= PPP_AUTH_MSCHAPV2; method++) {
		struct pair *p = up_by(*state, (enum ppp_auth)method);
		struct ppp_link *l = server(p)->l;
		const struct ppp_secret wrong = {PPP_SECRET_PLAIN, {(const uint8_t *)"sacred", 6}};
		struct ppp_proof proof = {0}, other = {0};
		uint8_t q[PPP_PROOF_FRAME], answer[FRAME_BYTES], ours[20], id = l->auth_id;
		struct ppp_counters before = l->counters;
		struct ppp_ev_auth e;
		size_t len;

		assert_true(ppp_proof_possible(l, PPP_PROOF_CHALLENGE));
		len = answered(p, q, ppp_proof_ask(l, PPP_PROOF_CHALLENGE, &proof, q), answer);
		assert_int_not_equal(proof.id, id);
		assert_int_equal(ppp_proof_read(l, &proof, answer, len, &e), 0);
		assert_int_equal(e.method, method);
		assert_int_equal(e.name.len, 5);
		assert_memory_equal(e.name.data, "alice", 5);
		assert_int_equal(ppp_proof_check(l, &e, &wrong, ours), CV_ERR_AUTH);
		assert_int_equal(
			ppp_proof_check(l, &e, &(struct ppp_secret){PPP_SECRET_PLAIN, {0}}, ours),
			CV_ERR_AUTH);
		assert_int_equal(ppp_proof_check(l, &e, &server(p)->secret, ours), 0);
		/* it is none to another question, of the same identifier either */
		(void)!ppp_proof_ask(l, PPP_PROOF_CHALLENGE, &other, q);
		assert_memory_not_equal(other.value, proof.value, sizeof(proof.value));
		other.id = (uint8_t)(proof.id + 1);
		assert_int_equal(ppp_proof_read(l, &other, answer, len, &e), CV_ERR_UNKNOWN);
		other.id = proof.id;
		assert_int_equal(ppp_proof_read(l, &other, answer, len, &e), 0);
		assert_int_equal(ppp_proof_check(l, &e, &server(p)->secret, ours), CV_ERR_AUTH);
		/* cut, or one byte longer than its method has */
		answer[8]--;
		assert_int_equal(ppp_proof_read(l, &proof, answer, len, &e), CV_ERR_AUTH);
		answer[8]++;
		assert_int_equal(ppp_proof_read(l, &proof, answer, 9, &e), CV_ERR_UNKNOWN);
		/* the client believes the Success, and the link has seen nothing of all this */
		assert_int_equal(ppp_proof_read(l, &proof, answer, len, &e), 0);
		assert_int_equal(ppp_proof_check(l, &e, &server(p)->secret, ours), 0);
		assert_int_equal(ppp_link_input(client(p)->l, p->now, q,
					 (size_t)ppp_proof_success(l, &proof, ours, q)),
			0);
		pair_run(p, p->now + CV_NS_PER_S);
		assert_true(server(p)->up && client(p)->up);
		assert_int_equal(l->auth_id, id);
		assert_int_equal(l->auth_state, PPP_AUTH_OK);
		assert_memory_equal(&l->counters, &before, sizeof(before));
		/* nor does it take the answer by the way that it has */
		assert_int_equal(ppp_link_input(l, p->now, answer, len), CV_ERR_UNKNOWN);
		pair_free(p);
	}
}

static void
test_while_the_link_asks_itself(void **state)
{
	struct pair *p = pair_new(*state);
	struct ppp_proof proof = {0};
	uint8_t q[PPP_PROOF_FRAME], answer[FRAME_BYTES];
	struct ppp_ev_auth e;
	struct ppp_link *l;
	size_t len;

	server(p)->params.n_auth = 1;
	server(p)->params.auth[0] = PPP_AUTH_CHAP_MD5;
	server(p)->params.rechallenge_ns = 60 * CV_NS_PER_S;
	pair_up(p);
	l = server(p)->l;
	p->now = l->rechallenge_at;
	ppp_link_handle_timeout(l, p->now);
	assert_int_equal(l->auth_state, PPP_AUTH_ASKED);
	for (unsigned i = 0; i < 1000; i++) {
		(void)!ppp_proof_ask(l, PPP_PROOF_CHALLENGE, &proof, q);
		assert_int_not_equal(proof.id, l->auth_id);
		assert_int_not_equal(proof.id, (uint8_t)(l->auth_id + 1));
	}
	discard_sent(p, CLIENT);
	len = answered(p, q, ppp_proof_ask(l, PPP_PROOF_CHALLENGE, &proof, q), answer);
	assert_int_equal(ppp_proof_read(l, &proof, answer, len, &e), 0);
	assert_int_equal(l->auth_state, PPP_AUTH_ASKED);
	pair_drain(p, SERVER);
	pair_run(p, p->now + CV_NS_PER_S);
	assert_int_equal(l->auth_state, PPP_AUTH_OK);
	assert_true(server(p)->up && client(p)->up);
	pair_free(p);
}

static void
test_by_echo(void **state)
{
	struct pair *p = up_by(*state, PPP_AUTH_PAP);
	struct ppp_link *l = server(p)->l;
	struct ppp_counters before = l->counters;
	uint8_t q[PPP_PROOF_FRAME], answer[FRAME_BYTES];
	struct ppp_proof proof = {0};
	struct ppp_ev_auth e;
	size_t len;

	assert_false(ppp_proof_possible(l, PPP_PROOF_CHALLENGE));
	assert_int_equal(ppp_proof_ask(l, PPP_PROOF_CHALLENGE, &proof, q), CV_ERR_STATE);
	len = answered(p, q, ppp_proof_ask(l, PPP_PROOF_ECHO, &proof, q), answer);
	assert_int_equal(ppp_proof_read(l, &proof, answer, len, &e), 0);
	for (size_t i = 8; i < len; i++) { /* magic number and data, each bit */
		answer[i] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(ppp_proof_read(l, &proof, answer, len, &e), CV_ERR_AUTH);
		answer[i] ^= (uint8_t)(1u << i % 8);
	}
	answer[5]++;
	assert_int_equal(ppp_proof_read(l, &proof, answer, len, &e), CV_ERR_UNKNOWN);
	/* our own question, come back */
	assert_int_equal(ppp_proof_read(l, &proof, q, len, &e), CV_ERR_UNKNOWN);
	assert_memory_equal(&l->counters, &before, sizeof(before));
	pair_free(p);
}

static void
test_only_of_a_link_that_is_up(void **state)
{
	struct pair *p = pair_new(*state);
	uint8_t q[PPP_PROOF_FRAME];
	struct ppp_proof proof = {0};

	pair_authenticating(p, PPP_AUTH_CHAP_MD5);
	for (int kind = PPP_PROOF_CHALLENGE; kind <= PPP_PROOF_ECHO; kind++)
		assert_int_equal(ppp_proof_ask(server(p)->l, (enum ppp_proof_kind)kind, &proof, q),
			CV_ERR_STATE);
	pair_free(p);
	p = up_by(*state, PPP_AUTH_MSCHAPV2);
	/* a client proves nothing to itself */
	assert_false(ppp_proof_possible(client(p)->l, PPP_PROOF_CHALLENGE));
	assert_true(ppp_proof_possible(client(p)->l, PPP_PROOF_ECHO));
	ppp_link_close(server(p)->l, p->now, PPP_DOWN_LOCAL);
	assert_false(ppp_proof_possible(server(p)->l, PPP_PROOF_CHALLENGE));
	assert_false(ppp_proof_possible(server(p)->l, PPP_PROOF_ECHO));
	pair_free(p);
}

static void
test_wild_answers(void **state)
{
	struct pair *p = up_by(*state, PPP_AUTH_MSCHAPV2);
	uint8_t q[PPP_PROOF_FRAME], answer[FRAME_BYTES], wild[FRAME_BYTES];
	struct ppp_proof proof = {0};
	struct ppp_ev_auth e;
	size_t len =
		answered(p, q, ppp_proof_ask(server(p)->l, PPP_PROOF_CHALLENGE, &proof, q), answer);

	for (unsigned i = 0; i < 20000; i++) {
		size_t cut = pair_random(p, (uint32_t)len + 1);
		uint8_t *exact = malloc(cut + 1), ours[20];

		memcpy(wild, answer, len);
		for (unsigned k = pair_random(p, 4); k != 0; k--)
			wild[pair_random(p, (uint32_t)len)] = (uint8_t)pair_random(p, 256);
		assert_non_null(exact);
		memcpy(exact, wild, cut);
		if (ppp_proof_read(server(p)->l, &proof, exact, cut, &e) == 0) {
			assert_true(e.response.len == 49 && e.name.len <= PPP_NAME_MAX);
			(void)!ppp_proof_check(server(p)->l, &e, &server(p)->secret, ours);
		}
		free(exact);
	}
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_chap),
		cmocka_unit_test(test_while_the_link_asks_itself),
		cmocka_unit_test(test_by_echo),
		cmocka_unit_test(test_only_of_a_link_that_is_up),
		cmocka_unit_test(test_wild_answers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
