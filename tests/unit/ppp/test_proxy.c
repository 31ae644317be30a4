/* SPDX-License-Identifier: BSD-3-Clause */
/* Going on where a LAC has left off (RFC 2661 section 4.4.5): the pair's server plays the LAC until
 * it has the client's proof; then another server takes over from what went over the wire. */
#include "harness.h"

#include <string.h>

/* What the LAC puts into ICCN. */
struct heard {
	uint8_t sent[256], received[256], challenge[256], response[256], name[256];
	struct ppp_proxy proxy;
	unsigned requests, challenges; /* of the server since it took over */
};

static void
keep(uint8_t to[256], struct cv_bytes *view, struct cv_bytes from)
{
	assert_true(from.len < 256);
	memcpy(to, from.data, from.len);
	*view = (struct cv_bytes){to, from.len};
}

static struct cv_bytes
counted(struct cv_reader *r)
{
	struct cv_bytes b = {.len = cv_read_u8(r)};

	b.data = cv_read_bytes(r, b.len);
	return b;
}

static void
listen_in(struct pair *p, int from, const uint8_t *frame, size_t len)
{
	struct heard *h = p->tap_ctx;
	struct cv_bytes data = {frame + 8, len - 8};
	uint16_t protocol = (uint16_t)(frame[2] << 8 | frame[3]);
	struct cv_reader r = cv_reader(data.data, data.len);

	if (protocol == PPP_LCP && frame[4] == PPP_CONFIGURE_REQUEST) {
		if (from == 0)
			keep(h->sent, &h->proxy.sent, data);
		else
			keep(h->received, &h->proxy.received, data);
		h->requests += from == 0;
	} else if (protocol == PPP_CHAP && frame[4] == 1) {
		keep(h->challenge, &h->proxy.challenge, counted(&r));
		h->proxy.id = frame[5];
		h->challenges++;
	} else if (protocol == PPP_CHAP && frame[4] == 2) {
		keep(h->response, &h->proxy.response, counted(&r));
		keep(h->name, &h->proxy.name, (struct cv_bytes){r.pos, cv_remaining(&r)});
	} else if (protocol == PPP_PAP && frame[4] == 1) {
		keep(h->name, &h->proxy.name, counted(&r));
		keep(h->response, &h->proxy.response, counted(&r));
		h->proxy.id = frame[5];
	}
}

/* The client has said all to the LAC, and waits. */
static struct pair *
as_lac(void **state, enum ppp_auth method, struct heard *h)
{
	struct pair *p = pair_new(*state);

	*h = (struct heard){.proxy.method = method};
	p->tap = listen_in;
	p->tap_ctx = h;
	server(p)->params.auth[0] = method;
	server(p)->params.n_auth = 1;
	server(p)->hold_auth = true;
	client(p)->params.compress_header = true;
	pair_start(p);
	pair_run(p, p->now + CV_NS_PER_S);
	assert_int_equal(server(p)->auths, 1);
	assert_int_equal(client(p)->auth_dones, 0);
	return p;
}

/* A server in the LAC's place; what ppp_link_adopt says. */
static int
take_over(struct pair *p, struct heard *h)
{
	struct end *e = server(p);
	int rc;

	ppp_link_free(e->l);
	e->l = ppp_link_new(&e->params, (struct ppp_scope){.tunnel = 7, .session = 1}, p->now);
	assert_non_null(e->l);
	e->hold_auth = false;
	e->auths = h->requests = h->challenges = 0;
	rc = ppp_link_adopt(e->l, p->now, &h->proxy);
	pair_drain(p, 0);
	return rc;
}

static void
expect_up(struct pair *p)
{
	pair_run(p, p->now + 2 * CV_NS_PER_S);
	assert_true(client(p)->auth_ok);
	assert_true(client(p)->up);
	assert_true(server(p)->up);
	assert_string_equal(server(p)->name, "alice");
	assert_int_equal(server(p)->auths, 1);
}

static void
test_lcp_and_proof_are_taken(void **state)
{
	static const enum ppp_auth methods[] = {PPP_AUTH_CHAP_MD5, PPP_AUTH_PAP};

	for (size_t i = 0; i < 2; i++) {
		struct heard h;
		struct pair *p = as_lac(state, methods[i], &h);

		client(p)->lcp_ups = 0;
		assert_int_equal(take_over(p, &h), 0);
		expect_up(p);
		assert_int_equal(h.requests, 0);
		assert_int_equal(h.challenges, 0);
		assert_int_equal(client(p)->lcp_ups, 0);
		assert_int_equal(server(p)->up_event.mru, 1400);
		assert_int_equal(server(p)->up_event.our_mru, 1400);
		assert_true(server(p)->up_event.acfc);
		assert_true(server(p)->up_event.pfc);
		/* echoes are answered: the magic numbers are those that were agreed */
		pair_run(p, p->now + 200 * CV_NS_PER_S);
		assert_true(client(p)->up);
		assert_true(server(p)->up);
		/* the client may begin anew as ever */
		ppp_link_free(client(p)->l);
		client(p)->up = false;
		end_start(p, 1);
		pair_run(p, p->now + 5 * CV_NS_PER_S);
		assert_int_not_equal(h.requests, 0);
		assert_true(client(p)->up);
		assert_true(server(p)->up);
		pair_free(p);
	}
}

static void
assert_bytes(struct cv_bytes a, struct cv_bytes b)
{
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, b.len);
}

/* What is told of a link is what was said on it; and an LNS can go on from there. */
static void
test_a_link_is_told_of(void **state)
{
	static const enum ppp_auth methods[] = {PPP_AUTH_CHAP_MD5, PPP_AUTH_PAP, PPP_AUTH_MSCHAPV2};

	for (size_t i = 0; i < 3; i++) {
		uint8_t room[PPP_PROXY_ROOM], sent[PPP_PROXY_ROOM];
		struct ppp_proxy told;
		struct heard h;
		struct pair *p = as_lac(state, methods[i], &h);

		assert_int_equal(ppp_link_proxy(server(p)->l, &told, room), 0);
		assert_int_equal(ppp_link_proxy(client(p)->l, &told, room), CV_ERR_STATE);
		assert_int_equal(told.method, methods[i]);
		assert_int_equal(told.id, h.proxy.id);
		assert_bytes(told.sent, h.proxy.sent);
		assert_bytes(told.received, h.proxy.received);
		assert_bytes(told.name, h.proxy.name);
		assert_bytes(told.response, h.proxy.response);
		if (methods[i] != PPP_AUTH_PAP)
			assert_bytes(told.challenge, h.proxy.challenge);
		keep(sent, &h.proxy.sent, told.sent);
		keep(h.received, &h.proxy.received, told.received);
		assert_int_equal(take_over(p, &h), 0);
		expect_up(p);
		assert_int_equal(h.requests, 0);
		assert_int_equal(h.challenges, methods[i] == PPP_AUTH_MSCHAPV2);
		assert_int_equal(ppp_link_proxy(server(p)->l, &told, room), CV_ERR_STATE);
		pair_free(p);
	}
}

static void
test_a_wrong_proof_is_refused(void **state)
{
	static const enum ppp_auth methods[] = {PPP_AUTH_CHAP_MD5, PPP_AUTH_PAP};

	for (size_t i = 0; i < 2; i++) {
		struct heard h;
		struct pair *p = as_lac(state, methods[i], &h);

		h.response[0] ^= 1;
		assert_int_equal(take_over(p, &h), 0);
		pair_run(p, p->now + 10 * CV_NS_PER_S);
		assert_int_equal(server(p)->auths, 1);
		assert_int_equal(client(p)->auth_dones, 1);
		assert_false(client(p)->auth_ok);
		assert_string_equal(client(p)->message, "Authentication failed");
		assert_int_equal(server(p)->reason, PPP_DOWN_AUTH_FAILED);
		assert_int_equal(server(p)->networks, 0);
		pair_free(p);
	}
}

static void
test_a_challenge_of_any_length(void **state)
{
	static const size_t lengths[] = {1, 15, 17, 32, 255};
	struct heard h;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct pair *p = as_lac(state, PPP_AUTH_CHAP_MD5, &h);
		struct cv_bytes parts[] = {{&h.proxy.id, 1}, {(const uint8_t *)"secret", 6},
			{h.challenge, lengths[i]}};

		for (size_t n = 0; n < lengths[i]; n++)
			h.challenge[n] = (uint8_t)(n * 7 + 1);
		h.proxy.challenge.len = lengths[i];
		assert_int_equal(crypto_md5(p->crypto, parts, 3, h.response), 0);
		assert_int_equal(take_over(p, &h), 0);
		expect_up(p);
		assert_int_equal(h.challenges, 0);
		pair_free(p);
	}
}

/* LCP stays as it is; the client proves itself to us. */
static void
test_a_proof_of_no_use_is_asked_for_anew(void **state)
{
	for (unsigned what = 0; what < 7; what++) {
		bool pap = what == 1, ms = what == 0;
		struct heard h;
		struct pair *p = as_lac(state,
			ms    ? PPP_AUTH_MSCHAPV2
			: pap ? PPP_AUTH_PAP
			      : PPP_AUTH_CHAP_MD5,
			&h);

		if (what == 1 || what == 2)
			h.proxy.method = PPP_AUTH_NONE; /* the LAC gives no proof */
		if (what == 3)
			h.proxy.method = PPP_AUTH_PAP; /* another than LCP has agreed */
		if (what == 4)
			h.proxy.challenge.len = 0;
		if (what == 5)
			h.proxy.response.len = 15;
		if (what == 6)
			h.proxy.name.len = 256;
		client(p)->lcp_ups = 0;
		assert_int_equal(take_over(p, &h), 0);
		pair_run(p, p->now + 5 * CV_NS_PER_S);
		assert_int_equal(h.requests, 0);
		assert_int_equal(client(p)->lcp_ups, 0);
		assert_int_equal(h.challenges, !pap);
		assert_int_equal(server(p)->auths, 1);
		assert_true(client(p)->up);
		assert_true(server(p)->up);
		pair_free(p);
	}
}

/* Options of the LAC's last request, or of the client's, that we would not have agreed to. */
static void
test_what_does_not_fit_is_negotiated_anew(void **state)
{
	static const struct {
		const char *sent, *received; /* NULL: as it was */
		size_t sent_len, received_len;
	} cases[] = {
		{"", NULL, 0, 0},                           /* nobody need prove himself */
		{"\3\4\xc0\x23", NULL, 4, 0},               /* PAP, not configured */
		{"\3\5\xc2\x23\x80", NULL, 5, 0},           /* MS-CHAPv1 */
		{"\3\5\xc2\x23\5\x11\4\5\xdc", NULL, 9, 0}, /* multilink */
		{"\3\5\xc2\x23\5\1\3\5", NULL, 8, 0},       /* an MRU of one byte */
		{"\3\5\xc2\x23\5\5\0", NULL, 7, 0},         /* malformed */
		{NULL, "\x0d\3\6", 0, 3},                   /* callback */
		{NULL, "\3\4\xc0\x23", 0, 4},               /* we are to prove ourselves */
		{NULL, "\1\4\0\x40", 0, 4},                 /* MRU 64 */
		{NULL, "\5\6\0\0\0\0", 0, 6},               /* magic number 0 */
		{NULL, "\5\7", 0, 2},                       /* malformed */
		{"\3\5\xc2\x23\5\5\6\1\2\3\4", "\5\6\1\2\3\4", 11, 6}, /* a loop */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct heard h;
		struct pair *p = as_lac(state, PPP_AUTH_CHAP_MD5, &h);

		if (cases[i].sent != NULL)
			h.proxy.sent = (struct cv_bytes){
				(const uint8_t *)cases[i].sent, cases[i].sent_len};
		if (cases[i].received != NULL)
			h.proxy.received = (struct cv_bytes){
				(const uint8_t *)cases[i].received, cases[i].received_len};
		assert_int_equal(take_over(p, &h), CV_ERR_CONFIG);
		assert_int_equal(server(p)->lcp_ups, 1); /* the LAC's */
		ppp_link_open(server(p)->l, p->now);
		pair_drain(p, 0);
		expect_up(p);
		assert_int_equal(h.requests, 1);
		assert_int_equal(h.challenges, 1);
		pair_free(p);
	}
}

static void
test_only_a_server_at_rest_adopts(void **state)
{
	struct heard h;
	struct pair *p = as_lac(state, PPP_AUTH_CHAP_MD5, &h);

	assert_int_equal(ppp_link_adopt(server(p)->l, p->now, &h.proxy), CV_ERR_STATE);
	ppp_link_free(client(p)->l);
	client(p)->l = ppp_link_new(
		&client(p)->params, (struct ppp_scope){.tunnel = 7, .session = 1}, p->now);
	assert_int_equal(ppp_link_adopt(client(p)->l, p->now, &h.proxy), CV_ERR_STATE);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lcp_and_proof_are_taken),
		cmocka_unit_test(test_a_link_is_told_of),
		cmocka_unit_test(test_a_wrong_proof_is_refused),
		cmocka_unit_test(test_a_challenge_of_any_length),
		cmocka_unit_test(test_a_proof_of_no_use_is_asked_for_anew),
		cmocka_unit_test(test_what_does_not_fit_is_negotiated_anew),
		cmocka_unit_test(test_only_a_server_at_rest_adopts),
	};

	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
