/* SPDX-License-Identifier: BSD-3-Clause */
/* PAP, CHAP and MS-CHAPv2 with a peer that speaks by hand: forms, repetitions, other people's
 * answers. A server lets nobody in whom its caller has not judged. */
#include "harness.h"

enum { SERVER, CLIENT };

/* A server that awaits the proof; its challenge, where it has one. */
static struct pair *
awaiting(struct crypto *crypto, enum ppp_auth method, struct sent *challenge)
{
	struct pair *p = pair_new(crypto);

	pair_authenticating(p, method);
	server(p)->hold_auth = true;
	expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK);
	if (method == PPP_AUTH_PAP) {
		assert_int_equal(next_sent(p, SERVER).protocol, 0);
		return p;
	}
	*challenge = expect_sent(p, SERVER, PPP_CHAP, 1);
	assert_int_equal(challenge->data[0], 16);
	assert_memory_equal(challenge->data + 17, "culvert", 7);
	return p;
}

static int
judge(struct pair *p)
{
	int rc = ppp_auth_check(server(p)->l, p->now, &server(p)->secret);
	struct ppp_event ev;

	while (ppp_link_poll_event(server(p)->l, &ev)) {
		server(p)->auth_dones += ev.type == PPP_EV_AUTH_DONE;
		server(p)->networks += ev.type == PPP_EV_NETWORK;
		assert_true(ev.type != PPP_EV_NETWORK || rc == 0);
	}
	return rc;
}

/* PAP */

static void
test_pap_forms(void **state)
{
	static const struct {
		const char *request;
		bool asked;
	} cases[] = {
		{"c023 01 07", false},                                     /* nothing */
		{"c023 01 07 05", false},                                  /* a name past the end */
		{"c023 01 07 05 616c6963", false},                         /* cut */
		{"c023 01 07 ff 616c696365 06 736563726574", false},       /* 255 of 12 */
		{"c023 01 07 05 616c696365", false},                       /* no password */
		{"c023 01 07 05 616c696365 07 736563726574", false},       /* past the end */
		{"c023 01 07 00 00", true},                                /* nobody, nothing */
		{"c023 01 07 00 06 736563726574", true},                   /* nobody */
		{"c023 01 07 05 616c696365 00", true},                     /* an empty password */
		{"c023 01 07 05 616c0a6300 06 736500726574", true},        /* NULs */
		{"c023 01 07 05 616c696365 06 736563726574 ffff", true},   /* and more */
		{"c023 02 07 00", false}, {"c023 03 07 00", false},        /* a server's words */
		{"c023 04 07 05 616c696365 06 736563726574", false},       /* no such code */
		{"c223 02 07 10 00112233445566778899aabbccddeeff", false}, /* another method */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair *p = awaiting(*state, PPP_AUTH_PAP, NULL);
		int rc = inject(p, SERVER, cases[i].request);

		assert_int_equal(rc == 0, cases[i].asked);
		assert_int_equal(server(p)->auths, cases[i].asked);
		assert_int_equal(next_sent(p, SERVER).protocol, 0);
		pair_free(p);
	}
}

static void
test_pap_longest(void **state)
{
	uint8_t data[512];
	struct pair *p = awaiting(*state, PPP_AUTH_PAP, NULL);

	memset(data, 'n', sizeof(data));
	data[0] = data[256] = 255;
	assert_int_equal(inject_packet(p, SERVER, PPP_PAP, 1, 1, data, sizeof(data)), 0);
	assert_int_equal(server(p)->auth_event.name.len, 255);
	assert_int_equal(server(p)->auth_event.password.len, 255);
	pair_free(p);
}

/* RFC 1334 section 2.2: again before the verdict, after Ack, after Nak. */
static void
test_pap_again(void **state)
{
	static const char alice[] = "c023 01 08 05 616c696365 06 736563726574";
	static const char again[] = "c023 01 09 05 616c696365 06 736563726574";
	struct pair *p = awaiting(*state, PPP_AUTH_PAP, NULL);
	struct sent s;

	assert_int_equal(inject(p, SERVER, alice), 0);
	assert_int_equal(inject(p, SERVER, again), 0); /* our caller still thinks */
	assert_int_equal(server(p)->auths, 1);
	/* another user, while alice is judged */
	assert_int_equal(inject(p, SERVER, "c023 01 0a 03 626f62 01 78"), CV_ERR_STATE);
	assert_int_equal(judge(p), 0);
	s = expect_sent(p, SERVER, PPP_PAP, 2);
	assert_int_equal(s.id, 9);
	assert_int_equal(s.data[0], 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(inject(p, SERVER, alice), 0);
		s = expect_sent(p, SERVER, PPP_PAP, 2);
		assert_int_equal(s.id, 8);
	}
	assert_int_equal(server(p)->auths, 1);
	assert_int_equal(server(p)->auth_dones, 1);
	pair_free(p);

	p = awaiting(*state, PPP_AUTH_PAP, NULL);
	assert_int_equal(inject(p, SERVER, "c023 01 07 05 616c696365 06 736563726573"), 0);
	assert_int_equal(judge(p), CV_ERR_AUTH);
	s = expect_sent(p, SERVER, PPP_PAP, 3);
	assert_memory_equal(s.data + 1, "Authentication failed", 21);
	expect_sent(p, SERVER, PPP_LCP, PPP_TERMINATE_REQUEST);
	assert_int_equal(inject(p, SERVER, alice), CV_ERR_STATE); /* one try a session */
	assert_int_equal(next_sent(p, SERVER).protocol, 0);
	assert_int_equal(judge(p), CV_ERR_STATE);
	pair_free(p);
}

/* CHAP */

static void
test_chap_forms(void **state)
{
	for (int method = PPP_AUTH_CHAP_MD5; method <= PPP_AUTH_MSCHAPV2; method++) {
		struct sent c;
		struct pair *p = awaiting(*state, (enum ppp_auth)method, &c);
		uint8_t data[1 + 255 + 256], right = method == PPP_AUTH_MSCHAPV2 ? 49 : 16;

		memset(data, 'n', sizeof(data));
		for (unsigned size = 0; size < 256; size++) {
			data[0] = (uint8_t)size;
			if (size != right) /* 0, 15, 17, 255 among them */
				assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data,
							 1 + size + 5),
					CV_ERR_MALFORMED);
			if (size != 0) /* past the end */
				assert_int_equal(
					inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data, size),
					CV_ERR_TRUNCATED);
		}
		assert_int_equal(
			inject_packet(p, SERVER, PPP_CHAP, 2, c.id, NULL, 0), CV_ERR_TRUNCATED);
		data[0] = right; /* a name of 256 bytes */
		assert_int_equal(
			inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data, 1 + right + 256u),
			CV_ERR_MALFORMED);
		for (unsigned id = 0; id < 256; id++)
			if (id != c.id)
				assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, (uint8_t)id,
							 data, 1 + right + 5u),
					CV_ERR_UNKNOWN);
		/* a server answers no challenge, and believes no verdict */
		data[0] = 16;
		for (uint8_t code = 1; code < 6; code++)
			if (code != 2)
				assert_true(inject_packet(
						    p, SERVER, PPP_CHAP, code, c.id, data, 22) < 0);
		assert_int_equal(inject(p, SERVER, "c023 01 07 00 00"), CV_ERR_STATE);
		assert_int_equal(server(p)->auths, 0);
		assert_int_equal(next_sent(p, SERVER).protocol, 0);
		pair_free(p);
	}
}

/* alice's response to a challenge; returns the data's length. */
static size_t
respond(struct crypto *crypto, enum ppp_auth method, const struct sent *c, const uint8_t peer[16],
	uint8_t data[64])
{
	struct cv_bytes password = {(const uint8_t *)"secret", 6};
	struct cv_bytes parts[] = {{&c->id, 1}, password, {c->data + 1, 16}};
	struct ppp_mschapv2 m = {c->data + 1, peer, {(const uint8_t *)"alice", 5}, false};
	uint8_t hash[16];
	size_t size = method == PPP_AUTH_MSCHAPV2 ? 49 : 16;

	memset(data, 0, 64);
	data[0] = (uint8_t)size;
	if (method == PPP_AUTH_CHAP_MD5) {
		assert_int_equal(crypto_md5(crypto, parts, 3, data + 1), 0);
	} else {
		memcpy(data + 1, peer, 16);
		assert_int_equal(ppp_nt_hash(crypto, password, hash), 0);
		assert_int_equal(ppp_mschapv2_nt_response(crypto, &m, hash, data + 25), 0);
	}
	memcpy(data + 1 + size, "alice", 5);
	return 1 + size + 5;
}

static const uint8_t peer_challenge[16] = "0123456789abcdef";

static void
test_chap_again(void **state)
{
	for (int method = PPP_AUTH_CHAP_MD5; method <= PPP_AUTH_MSCHAPV2; method++) {
		struct sent c, first, s;
		struct pair *p = awaiting(*state, (enum ppp_auth)method, &c);
		uint8_t data[64], other[64];
		size_t len = respond(*state, (enum ppp_auth)method, &c, peer_challenge, data);

		assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data, len), 0);
		assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data, len), 0);
		assert_int_equal(server(p)->auths, 1);
		/* a second answer does not replace the one that is judged */
		memcpy(other, data, sizeof(other));
		other[40] ^= 1;
		other[2] ^= 1;
		assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, other, len), 0);
		assert_int_equal(judge(p), 0);
		first = expect_sent(p, SERVER, PPP_CHAP, 3);
		assert_int_equal(first.id, c.id);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data, len), 0);
			s = expect_sent(p, SERVER, PPP_CHAP, 3);
			assert_int_equal(s.id, c.id);
			assert_int_equal(s.len, first.len);
			assert_memory_equal(s.data, first.data, s.len);
		}
		assert_int_equal(
			inject_packet(p, SERVER, PPP_CHAP, 2, (uint8_t)(c.id - 1), data, len),
			CV_ERR_UNKNOWN);
		assert_int_equal(server(p)->auths, 1);
		pair_free(p);
	}
}

/* Bits all over a right proof, one changed at a time. */
static void
test_chap_wrong_proofs(void **state)
{
	for (int method = PPP_AUTH_CHAP_MD5; method <= PPP_AUTH_MSCHAPV2; method++) {
		size_t proof = method == PPP_AUTH_MSCHAPV2 ? 25 : 1;
		size_t end = method == PPP_AUTH_MSCHAPV2 ? 49 : 17;

		for (size_t bit = 0; bit < (end - proof) * 8; bit += 7) {
			struct sent c;
			struct pair *p = awaiting(*state, (enum ppp_auth)method, &c);
			uint8_t data[64];
			size_t len =
				respond(*state, (enum ppp_auth)method, &c, peer_challenge, data);

			data[proof + bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data, len), 0);
			assert_int_equal(judge(p), CV_ERR_AUTH);
			expect_sent(p, SERVER, PPP_CHAP, 4);
			expect_sent(p, SERVER, PPP_LCP, PPP_TERMINATE_REQUEST);
			assert_int_equal(server(p)->networks, 0);
			pair_free(p);
		}
	}
}

/* RFC 2759 section 4: reserved bytes and flags must be zero. They are no part of the proof, and
 * clients that set them exist: the proof alone decides. */
static void
test_mschapv2_reserved_and_flags(void **state)
{
	for (size_t at = 17; at < 50; at = at == 24 ? 49 : at + 1) {
		for (int right = 0; right < 2; right++) {
			struct sent c;
			struct pair *p = awaiting(*state, PPP_AUTH_MSCHAPV2, &c);
			uint8_t data[64];
			size_t len = respond(*state, PPP_AUTH_MSCHAPV2, &c, peer_challenge, data);

			data[at] = 0xff;
			data[30] ^= !right;
			assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data, len), 0);
			assert_int_equal(judge(p), right ? 0 : CV_ERR_AUTH);
			pair_free(p);
		}
	}
}

/* Section 8.2: the hash leaves out a domain in front of the name. There are clients that leave it
 * in; each gets the proof that it expects, and neither another user's way in. */
static void
test_mschapv2_name_with_domain(void **state)
{
	static const uint8_t name[] = "CORP\\alice";
	struct cv_bytes password = {(const uint8_t *)"secret", 6};

	for (int with = 0; with < 2; with++) {
		for (int right = 0; right < 2; right++) {
			struct sent c, s;
			struct pair *p = awaiting(*state, PPP_AUTH_MSCHAPV2, &c);
			struct ppp_mschapv2 m = {
				c.data + 1, peer_challenge, {name, sizeof(name) - 1}, with != 0};
			uint8_t data[80] = {49}, hash[16], auth[20];

			memcpy(data + 1, peer_challenge, 16);
			assert_int_equal(ppp_nt_hash(*state, password, hash), 0);
			assert_int_equal(ppp_mschapv2_nt_response(*state, &m, hash, data + 25), 0);
			assert_int_equal(
				ppp_mschapv2_authenticator(*state, &m, hash, data + 25, auth), 0);
			memcpy(data + 50, name, sizeof(name) - 1);
			data[48] ^= !right;
			assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data,
						 50 + sizeof(name) - 1),
				0);
			assert_int_equal(judge(p), right ? 0 : CV_ERR_AUTH);
			s = expect_sent(p, SERVER, PPP_CHAP, right ? 3 : 4);
			assert_int_equal(ppp_mschapv2_success_matches(
						 (struct cv_bytes){s.data, s.len}, auth),
				right);
			pair_free(p);
		}
	}
}

/* The reflection below, under a name with a domain. */
static void
test_mschapv2_reflection_with_domain(void **state)
{
	struct cv_bytes password = {(const uint8_t *)"secret", 6};
	struct sent c;
	struct pair *p = awaiting(*state, PPP_AUTH_MSCHAPV2, &c);
	struct ppp_mschapv2 m = {c.data + 1, c.data + 1, {(const uint8_t *)"D\\alice", 7}, true};
	uint8_t data[80] = {49}, hash[16];

	memcpy(data + 1, c.data + 1, 16);
	assert_int_equal(ppp_nt_hash(*state, password, hash), 0);
	assert_int_equal(ppp_mschapv2_nt_response(*state, &m, hash, data + 25), 0);
	memcpy(data + 50, "D\\alice", 7);
	assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data, 57), 0);
	assert_int_equal(judge(p), CV_ERR_AUTH);
	pair_free(p);
}

/* Our challenge as the peer's: what a server would answer to itself. */
static void
test_mschapv2_reflection(void **state)
{
	struct sent c;
	struct pair *p = awaiting(*state, PPP_AUTH_MSCHAPV2, &c);
	uint8_t data[64];
	size_t len = respond(*state, PPP_AUTH_MSCHAPV2, &c, c.data + 1, data);

	assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data, len), 0);
	assert_int_equal(judge(p), CV_ERR_AUTH);
	expect_sent(p, SERVER, PPP_CHAP, 4);
	pair_free(p);
}

/* What was right for one challenge is wrong for the next, on this link and on another. */
static void
test_old_challenge(void **state)
{
	for (int method = PPP_AUTH_CHAP_MD5; method <= PPP_AUTH_MSCHAPV2; method++) {
		struct sent c, next;
		struct pair *p = awaiting(*state, (enum ppp_auth)method, &c);
		uint8_t data[64];
		size_t len = respond(*state, (enum ppp_auth)method, &c, peer_challenge, data);

		pair_free(p);
		p = awaiting(*state, (enum ppp_auth)method, &next);
		assert_memory_not_equal(next.data + 1, c.data + 1, 16);
		if (next.id != c.id)
			assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data, len),
				CV_ERR_UNKNOWN);
		assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, next.id, data, len), 0);
		assert_int_equal(judge(p), CV_ERR_AUTH);
		pair_free(p);
	}
}

static void
test_rechallenge_wants_a_new_answer(void **state)
{
	struct pair *p = pair_new(*state);
	struct sent old, c;
	uint8_t data[64];
	size_t len;

	server(p)->params.rechallenge_ns = 60 * CV_NS_PER_S;
	server(p)->params.n_auth = 1;
	pair_up(p);
	old.id = server(p)->l->auth_id;
	server(p)->hold_auth = true;
	p->now += 61 * CV_NS_PER_S;
	ppp_link_handle_timeout(server(p)->l, p->now);
	c = expect_sent(p, SERVER, PPP_CHAP, 1);
	assert_int_equal((uint8_t)(old.id + 1), c.id);
	len = respond(*state, PPP_AUTH_MSCHAPV2, &c, peer_challenge, data);
	assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, old.id, data, len), CV_ERR_UNKNOWN);
	assert_true(server(p)->up);
	assert_int_equal(inject_packet(p, SERVER, PPP_CHAP, 2, c.id, data, len), 0);
	assert_int_equal(judge(p), 0);
	assert_int_equal(server(p)->networks, 1); /* traffic went on */
	pair_free(p);
}

/* Who negotiates again and again, and never proves who he is, is not borne with for ever. */
static void
test_no_time_by_negotiating_again(void **state)
{
	struct pair *p = pair_new(*state);
	unsigned rounds = 0;

	pair_authenticating(p, PPP_AUTH_MSCHAPV2);
	for (; server(p)->downs == 0 && rounds < 20; rounds++) {
		struct sent s;

		discard_sent(p, SERVER);
		for (int second = 0; second < 10 && server(p)->downs == 0; second++)
			pair_run(p, p->now + CV_NS_PER_S);
		inject_packet(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST, (uint8_t)rounds, NULL, 0);
		s = next_sent(p, SERVER);
		if (s.code != PPP_CONFIGURE_REQUEST)
			continue;
		inject_packet(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK, s.id, s.data, s.len);
	}
	assert_true(rounds <= 8); /* the times of LCP and authentication, and to say good-bye */
	assert_int_equal(server(p)->reason, PPP_DOWN_AUTH_TIMEOUT);
	assert_true(server(p)->lcp_ups > 2);
	pair_free(p);
}

/* The client's side */

static void
test_client_forms(void **state)
{
	static const struct {
		enum ppp_auth method;
		const char *packet;
		bool answered;
	} cases[] = {
		{PPP_AUTH_CHAP_MD5, "c223 01 05 00 6c6e73", false},
		{PPP_AUTH_CHAP_MD5, "c223 01 05 01 aa 6c6e73", true},
		{PPP_AUTH_CHAP_MD5, "c223 01 05 10 00112233445566778899aabbccddeeff", true},
		{PPP_AUTH_CHAP_MD5, "c223 01 05 10 00112233445566778899aabbccddee", false},
		{PPP_AUTH_CHAP_MD5, "c223 01 05", false},
		{PPP_AUTH_MSCHAPV2, "c223 01 05 10 00112233445566778899aabbccddeeff", true},
		{PPP_AUTH_MSCHAPV2, "c223 01 05 0f 00112233445566778899aabbccddee", false},
		{PPP_AUTH_MSCHAPV2, "c223 01 05 11 00112233445566778899aabbccddeeff00", false},
		{PPP_AUTH_MSCHAPV2, "c223 03 05", false}, /* Success out of the blue */
		{PPP_AUTH_MSCHAPV2, "c223 02 05 10 00112233445566778899aabbccddeeff", false},
		{PPP_AUTH_MSCHAPV2, "c023 02 05 00", false},
		{PPP_AUTH_PAP, "c223 01 05 10 00112233445566778899aabbccddeeff", false},
		{PPP_AUTH_PAP, "c023 01 05 00 00", false},
		{PPP_AUTH_PAP, "c023 02 99 00", false}, /* Ack of another request */
		{PPP_AUTH_PAP, "c023 02 99 05 00", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair *p = pair_new(*state);
		struct sent s;
		char request[64] = "c021 01 01 0305 c22381";

		if (cases[i].method == PPP_AUTH_CHAP_MD5)
			memcpy(request, "c021 01 01 0305 c22305", 23);
		if (cases[i].method == PPP_AUTH_PAP)
			memcpy(request, "c021 01 01 0304 c023", 21);
		client(p)->l = ppp_link_new(&client(p)->params, (struct ppp_scope){0}, p->now);
		ppp_link_open(client(p)->l, p->now);
		s = expect_sent(p, CLIENT, PPP_LCP, PPP_CONFIGURE_REQUEST);
		assert_int_equal(inject(p, CLIENT, request), 0);
		inject_packet(p, CLIENT, PPP_LCP, PPP_CONFIGURE_ACK, s.id, s.data, s.len);
		assert_int_equal(client(p)->lcp_ups, 1);
		discard_sent(p, CLIENT);
		client(p)->l->auth_id = 7;
		assert_int_equal(inject(p, CLIENT, cases[i].packet) == 0, cases[i].answered);
		assert_int_equal(next_sent(p, CLIENT).protocol, cases[i].answered ? PPP_CHAP : 0);
		assert_int_equal(client(p)->auth_dones, 0);
		pair_free(p);
	}
}

/* A server that says Success and does not prove that it knows the password. */
static void
test_client_wants_the_servers_proof(void **state)
{
	static const char *const successes[] = {"", "S=", "S=00", "welcome",
		"S=407A5589115FD0D6209F510FE9C04566932CDA56",
		"s=407A5589115FD0D6209F510FE9C04566932CDA56 M=hello"};

	for (size_t i = 0; i < sizeof(successes) / sizeof(successes[0]); i++) {
		struct pair *p = pair_new(*state);

		server(p)->hold_auth = true;
		pair_start(p);
		pair_run(p, p->now + CV_NS_PER_S);
		assert_int_equal(server(p)->auths, 1);
		inject_packet(p, CLIENT, PPP_CHAP, 3, client(p)->l->auth_id, successes[i],
			strlen(successes[i]));
		assert_int_equal(client(p)->auth_dones, 1);
		assert_false(client(p)->auth_ok);
		assert_int_equal(client(p)->l->reason, PPP_DOWN_SERVER_PROOF);
		assert_int_equal(client(p)->networks, 0);
		pair_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pap_forms),
		cmocka_unit_test(test_pap_longest),
		cmocka_unit_test(test_pap_again),
		cmocka_unit_test(test_chap_forms),
		cmocka_unit_test(test_chap_again),
		cmocka_unit_test(test_chap_wrong_proofs),
		cmocka_unit_test(test_mschapv2_reserved_and_flags),
		cmocka_unit_test(test_mschapv2_name_with_domain),
		cmocka_unit_test(test_mschapv2_reflection_with_domain),
		cmocka_unit_test(test_mschapv2_reflection),
		cmocka_unit_test(test_old_challenge),
		cmocka_unit_test(test_rechallenge_wants_a_new_answer),
		cmocka_unit_test(test_no_time_by_negotiating_again),
		cmocka_unit_test(test_client_forms),
		cmocka_unit_test(test_client_wants_the_servers_proof),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
