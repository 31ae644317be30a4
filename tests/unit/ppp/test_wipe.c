/* SPDX-License-Identifier: BSD-3-Clause */
/* What held a name, a password, a challenge or a response is zeros when it is given back: the
 * library's own free() is looked over as it is called. */
#include "harness.h"

enum { SERVER, CLIENT, WATCHED = 4 };

void __real_free(void *p);
void __wrap_free(void *p);

static struct watch {
	const void *block; /* NULL: none, or it was freed */
	size_t len;
	const char *secret; /* what must not be in it; NULL: only zeros may be */
	size_t left;        /* what was there all the same when it was freed */
} watched[WATCHED];

void
__wrap_free(void *p)
{
	for (unsigned i = 0; p != NULL && i < WATCHED; i++) {
		struct watch *w = &watched[i];

		if (w->block != p)
			continue;
		if (w->secret != NULL)
			w->left += memmem(p, w->len, w->secret, strlen(w->secret)) != NULL;
		for (size_t k = 0; w->secret == NULL && k < w->len; k++)
			w->left += ((const uint8_t *)p)[k] != 0;
		w->block = NULL;
	}
	__real_free(p);
}

static void
watch(unsigned i, const void *block, size_t len, const char *secret)
{
	assert_non_null(block);
	watched[i] = (struct watch){block, len, secret, 0};
}

static void
freed_and_wiped(unsigned i)
{
	assert_null(watched[i].block);
	assert_int_equal(watched[i].left, 0);
}

/* A server that holds the proof of a client, and does not answer yet. */
static struct pair *
judging(struct crypto *crypto, enum ppp_auth method)
{
	struct pair *p = pair_new(crypto);
	const struct ppp_auth_block *a;

	server(p)->params.n_auth = 1;
	server(p)->params.auth[0] = method;
	server(p)->hold_auth = true;
	pair_start(p);
	pair_run(p, p->now + CV_NS_PER_S);
	assert_int_equal(server(p)->auths, 1);
	a = server(p)->l->auth;
	assert_non_null(a);
	assert_int_equal(a->name_len, 5);
	assert_int_equal(a->password_len, method == PPP_AUTH_PAP ? 6 : 0);
	assert_int_equal(a->response_len, method == PPP_AUTH_PAP        ? 0
					  : method == PPP_AUTH_CHAP_MD5 ? 16
									: 49);
	watch(SERVER, a, sizeof(*a), NULL);
	watch(CLIENT, client(p)->l->auth, sizeof(*a), NULL);
	return p;
}

static void
test_after_the_verdict(void **state)
{
	for (int method = PPP_AUTH_PAP; method <= PPP_AUTH_MSCHAPV2; method++)
		for (int right = 0; right < 2; right++) {
			struct pair *p = judging(*state, (enum ppp_auth)method);

			if (right)
				assert_int_equal(
					ppp_auth_check(server(p)->l, p->now, &server(p)->secret),
					0);
			else
				assert_int_equal(
					ppp_auth_reject(server(p)->l, p->now), CV_ERR_AUTH);
			pair_drain(p, SERVER);
			pair_run(p, p->now + 3 * CV_NS_PER_S);
			assert_int_equal(server(p)->up, right);
			assert_int_equal(client(p)->up, right);
			ppp_link_handle_timeout(server(p)->l, p->now);
			ppp_link_handle_timeout(client(p)->l, p->now);
			freed_and_wiped(SERVER);
			freed_and_wiped(CLIENT);
			pair_free(p);
		}
}

/* The link goes in the middle: its own block is wiped with it. */
static void
test_freed_before_the_verdict(void **state)
{
	for (int method = PPP_AUTH_PAP; method <= PPP_AUTH_MSCHAPV2; method++) {
		struct pair *p = judging(*state, (enum ppp_auth)method);

		watch(2 + SERVER, server(p)->l, ppp_link_bytes(&server(p)->params), NULL);
		watch(2 + CLIENT, client(p)->l, ppp_link_bytes(&client(p)->params), NULL);
		pair_free(p);
		for (unsigned i = 0; i < WATCHED; i++)
			freed_and_wiped(i);
	}
}

/* A PAP client's request that nobody fetched, or that was fetched: the queue held a password. */
static void
test_queue_of_a_pap_client(void **state)
{
	for (int fetched = 0; fetched < 2; fetched++) {
		struct pair *p = pair_new(*state);
		struct wire_frame *request = &p->frames[0];

		end_start(p, CLIENT);
		assert_int_equal(p->n_frames, 1);
		request->bytes[4] = PPP_CONFIGURE_ACK;
		assert_int_equal(inject_bytes(p, CLIENT, request->bytes, request->len), 0);
		assert_int_equal(inject(p, CLIENT, "c021 01 01 0304 c023"), 0);
		expect_sent(p, CLIENT, PPP_LCP, PPP_CONFIGURE_ACK);
		watch(0, client(p)->l->out, ppp_output_memory(client(p)->l), "secret");
		assert_non_null(memmem(watched[0].block, watched[0].len, "secret", 6));
		if (fetched)
			expect_sent(p, CLIENT, PPP_PAP, 1);
		else
			ppp_link_free(client(p)->l);
		freed_and_wiped(0);
		if (!fetched)
			client(p)->l = NULL;
		pair_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_the_verdict),
		cmocka_unit_test(test_freed_before_the_verdict),
		cmocka_unit_test(test_queue_of_a_pap_client),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
