/* SPDX-License-Identifier: BSD-3-Clause */
/* Wholesale: a LAC that has negotiated LCP with the caller, and heard who it is, and says so in its
 * ICCN (RFC 2661 section 4.4.5). */
#include "hand.h"

#include <string.h>

#define CONFIG(proxy, auth)                                                   \
	"log: {level: debug}\n"                                               \
	"ports: [{name: wan, device: 'af_packet:lns0'}]\n"                    \
	"listeners: [{address: 192.0.2.1/24}]\n"                              \
	"tunnels: {secrets: [\n"                                              \
	"  {host: lac, secret-file: secret" proxy "},\n"                      \
	"  {secret-file: secret}]}\n"                                         \
	"ppp: {auth: [" auth "]}\n"                                           \
	"groups: [{name: clients, address: 10.88.0.1, pool: 10.88.1.0/24}]\n" \
	"users: [{name: alice, password-file: alice}]\n"                      \
	"limits: {sessions: 100}\n"

enum { LAC = 0xc6336401, ID = 7 };

static const char challenge[] = "a challenge of the LAC, of 35 bytes";

/* Options of the LAC's last request: CHAP with MD5, or PAP, and a magic number. */
static const uint8_t chap_sent[] = {3, 5, 0xc2, 0x23, 5, 5, 6, 1, 2, 3, 4};
static const uint8_t pap_sent[] = {3, 4, 0xc0, 0x23, 5, 6, 1, 2, 3, 4};
static const uint8_t received[] = {1, 4, 5, 0x78, 5, 6, 9, 8, 7, 6};

/* A call up to its ICCN, which is left to be completed and sent; the server's session ID. */
static uint16_t
call(struct hand *h, struct world *w, const char *yaml, const char *host)
{
	uint16_t session;

	world_up(w, yaml, 51);
	hand_init(h, w, LAC, 1701, 7);
	assert_true(hand_tunnel(h, host, "tunnelsecret"));
	session = hand_call(h, 5);
	assert_int_not_equal(session, 0);
	hand_begin(h, L2TP_ICCN);
	return session;
}

static void
put_chap(struct hand *h, const char *password)
{
	uint8_t id = ID, response[CRYPTO_MD5_BYTES];
	struct cv_bytes parts[] = {{&id, 1}, {(const uint8_t *)password, strlen(password)},
		{(const uint8_t *)challenge, sizeof(challenge) - 1}};

	assert_int_equal(crypto_md5(h->w->crypto, parts, 3, response), 0);
	l2tp_put(&h->b, L2TP_AVP_LAST_SENT_LCP, chap_sent, sizeof(chap_sent));
	l2tp_put(&h->b, L2TP_AVP_LAST_RECEIVED_LCP, received, sizeof(received));
	l2tp_put_u16(&h->b, L2TP_AVP_PROXY_AUTHEN_TYPE, L2TP_PROXY_CHAP);
	l2tp_put(&h->b, L2TP_AVP_PROXY_AUTHEN_NAME, "alice", 5);
	l2tp_put(&h->b, L2TP_AVP_PROXY_AUTHEN_CHALLENGE, challenge, sizeof(challenge) - 1);
	l2tp_put_u16(&h->b, L2TP_AVP_PROXY_AUTHEN_ID, ID);
	l2tp_put(&h->b, L2TP_AVP_PROXY_AUTHEN_RESPONSE, response, sizeof(response));
}

static void
put_pap(struct hand *h, const char *password)
{
	l2tp_put(&h->b, L2TP_AVP_LAST_SENT_LCP, pap_sent, sizeof(pap_sent));
	l2tp_put(&h->b, L2TP_AVP_LAST_RECEIVED_LCP, received, sizeof(received));
	l2tp_put_u16(&h->b, L2TP_AVP_PROXY_AUTHEN_TYPE, L2TP_PROXY_PAP);
	l2tp_put(&h->b, L2TP_AVP_PROXY_AUTHEN_NAME, "alice", 5);
	l2tp_put_u16(&h->b, L2TP_AVP_PROXY_AUTHEN_ID, ID);
	l2tp_put(&h->b, L2TP_AVP_PROXY_AUTHEN_RESPONSE, password, strlen(password));
}

/* Protocol, code and identifier of the n-th PPP frame of the server. */
static void
expect_frame(const struct world *w, unsigned n, uint16_t protocol, uint8_t code, int id)
{
	const struct world_ppp *f = &w->ppp_outside[n];

	assert_true(n < w->n_data_outside);
	assert_int_equal(f->bytes[2] << 8 | f->bytes[3], protocol);
	assert_int_equal(f->bytes[4], code);
	if (id >= 0)
		assert_int_equal(f->bytes[5], id);
}

static void
inject_ppp(struct hand *h, uint16_t session, const uint8_t *ppp, size_t len)
{
	uint8_t bytes[512];
	struct cv_writer w = cv_writer(bytes, sizeof(bytes));

	l2tp_data_header_write(&w, h->peer_tunnel, session, len);
	cv_write_bytes(&w, ppp, len);
	world_inject(h->w, &h->address, bytes, cv_written(&w));
}

/* The caller takes IPCP as the server says it. */
static void
expect_open(struct world *w, struct hand *h, uint16_t session)
{
	static const uint8_t request[] = {0xff, 3, 0x80, 0x21, 1, 9, 0, 10, 3, 6, 10, 88, 1, 1};
	struct world_ppp ack = w->ppp_outside[1];

	expect_frame(w, 1, PPP_IPCP, 1, -1);
	ack.bytes[4] = 2;
	inject_ppp(h, session, ack.bytes, ack.len);
	inject_ppp(h, session, request, sizeof(request));
	expect_frame(w, 2, PPP_IPCP, 2, 9);
	assert_int_equal(world_counter(w, LNS_SESSIONS_OPENED), 1);
	assert_true(world_logged(w, "session-up", "user=alice"));
}

static void
proxy_chap_is_checked_as_if_the_caller_had_answered_us(void **state)
{
	struct world w;
	struct hand h;
	uint16_t session;

	(void)state;
	session = call(&h, &w, CONFIG(", proxy: accept", "chap-md5"), "lac");
	put_chap(&h, "pass-a");
	hand_send(&h, session);
	expect_frame(&w, 0, PPP_CHAP, 3, ID); /* Success, and no LCP before it */
	expect_open(&w, &h, session);
	assert_true(world_logged(&w, "session-up", "auth=chap-md5"));
	assert_int_equal(world_counter(&w, LNS_PROXY_TAKEN), 1);
	assert_int_equal(world_counter(&w, LNS_PROXY_ANEW), 0);
	world_down(&w);
}

static void
proxy_pap_is_checked_as_if_the_caller_had_answered_us(void **state)
{
	struct world w;
	struct hand h;
	uint16_t session;

	(void)state;
	session = call(&h, &w, CONFIG(", proxy: accept", "pap"), "lac");
	put_pap(&h, "pass-a");
	hand_send(&h, session);
	expect_frame(&w, 0, PPP_PAP, 2, ID);
	expect_open(&w, &h, session);
	world_down(&w);
}

static void
a_wrong_proxy_proof_is_refused(void **state)
{
	for (unsigned pap = 0; pap < 2; pap++) {
		struct world w;
		struct hand h;
		uint16_t session;

		(void)state;
		session = call(&h, &w, CONFIG(", proxy: accept", "chap-md5, pap"), "lac");
		pap ? put_pap(&h, "pass-b") : put_chap(&h, "pass-b");
		hand_send(&h, session);
		expect_frame(&w, 0, pap ? PPP_PAP : PPP_CHAP, pap ? 3 : 4, ID);
		assert_int_equal(world_counter(&w, LNS_USER_AUTH), 1);
		world_sleep(&w, 20 * CV_NS_PER_S);
		assert_int_equal(w.removed, 1);
		assert_int_equal(world_counter(&w, LNS_SESSIONS_OPENED), 0);
		world_down(&w);
	}
}

/* Whoever is not said to be trusted, and what does not satisfy the configuration. */
static void
everything_is_negotiated_anew_where_it_is_not_to_be_taken(void **state)
{
	static const char *const yaml[] = {
		CONFIG("", "chap-md5"), /* the default */
		CONFIG(", proxy: renegotiate", "chap-md5"),
		CONFIG(", proxy: accept", "chap-md5"), /* another host */
		CONFIG(", proxy: accept", "mschapv2"), /* LCP has agreed on another method */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(yaml) / sizeof(yaml[0]); i++) {
		struct world w;
		struct hand h;
		uint16_t session = call(&h, &w, yaml[i], i == 2 ? "other" : "lac");

		put_chap(&h, "pass-a");
		hand_send(&h, session);
		expect_frame(&w, 0, PPP_LCP, 1, -1);
		assert_int_equal(w.n_data_outside, 1);
		assert_int_equal(world_counter(&w, LNS_PROXY_TAKEN), 0);
		assert_int_equal(world_counter(&w, LNS_PROXY_ANEW), i == 3);
		world_down(&w);
	}
}

/* LCP is there, but nobody has proved himself; or the LAC tells of a proof only. */
static void
what_the_lac_does_not_tell_is_asked_for(void **state)
{
	struct world w;
	struct hand h;
	uint16_t session;

	(void)state;
	session = call(&h, &w, CONFIG(", proxy: accept", "chap-md5"), "lac");
	l2tp_put(&h.b, L2TP_AVP_LAST_SENT_LCP, chap_sent, sizeof(chap_sent));
	l2tp_put(&h.b, L2TP_AVP_LAST_RECEIVED_LCP, received, sizeof(received));
	hand_send(&h, session);
	expect_frame(&w, 0, PPP_CHAP, 1, -1);
	assert_int_equal(w.n_data_outside, 1);
	world_down(&w);

	session = call(&h, &w, CONFIG(", proxy: accept", "pap"), "lac");
	l2tp_put_u16(&h.b, L2TP_AVP_PROXY_AUTHEN_TYPE, L2TP_PROXY_PAP);
	l2tp_put(&h.b, L2TP_AVP_PROXY_AUTHEN_NAME, "alice", 5);
	l2tp_put_u16(&h.b, L2TP_AVP_PROXY_AUTHEN_ID, ID);
	l2tp_put(&h.b, L2TP_AVP_PROXY_AUTHEN_RESPONSE, "pass-a", 6);
	hand_send(&h, session);
	expect_frame(&w, 0, PPP_LCP, 1, -1);
	assert_int_equal(world_counter(&w, LNS_PROXY_ANEW), 1);
	world_down(&w);
}

/* Sent hidden, as section 4.4.5 recommends for passwords. */
static void
hidden_proxy_avps_are_taken(void **state)
{
	struct cv_bytes secret = {(const uint8_t *)"tunnelsecret", 12};
	struct world w;
	struct hand h;
	uint16_t session;

	(void)state;
	session = call(&h, &w, CONFIG(", proxy: accept", "pap"), "lac");
	l2tp_build(&h.b, w.crypto, secret, L2TP_ICCN);
	put_pap(&h, "pass-a");
	hand_send(&h, session);
	expect_frame(&w, 0, PPP_PAP, 2, ID);
	expect_open(&w, &h, session);
	assert_false(world_logged(&w, "pass-a", ""));
	world_down(&w);
}

/* The caller's LCP request, and its Ack of the server's last one. */
static void
agree(struct world *w, struct hand *h, uint16_t session, const uint8_t *request, size_t len)
{
	struct world_ppp ack = w->ppp_outside[(w->n_data_outside - 1) % WORLD_PPP];

	assert_int_equal(ack.bytes[3] << 8 | ack.bytes[4], (PPP_LCP & 0xff) << 8 | 1);
	ack.bytes[4] = 2;
	inject_ppp(h, session, ack.bytes, ack.len);
	inject_ppp(h, session, request, len);
}

static void
expect_sli(struct hand *h, const char *accm)
{
	assert_true(hand_expect(h, L2TP_SLI));
	assert_int_equal(h->header.session_id, 5);
	assert_int_equal(h->m.value[L2TP_AVP_ACCM].len, 10);
	assert_memory_equal(h->m.value[L2TP_AVP_ACCM].data, accm, 10);
	hand_zlb(h);
}

static void
an_accm_that_lcp_agreed_on_is_told_to_the_lac(void **state)
{
	static const uint8_t with[] = {0xff, 3, 0xc0, 0x21, 1, 1, 0, 10, 2, 6, 0, 0xa, 0, 1};
	static const uint8_t without[] = {0xff, 3, 0xc0, 0x21, 1, 2, 0, 4};
	struct world w;
	struct hand h;
	uint16_t session;

	(void)state;
	session = call(&h, &w, CONFIG("", "chap-md5"), "lac");
	hand_send(&h, session);
	agree(&w, &h, session, with, sizeof(with));
	expect_sli(&h, "\0\0\0\x0a\0\1\xff\xff\xff\xff");
	/* the caller begins anew, and wants the default now */
	world_sleep(&w, CV_NS_PER_S / 2);
	inject_ppp(&h, session, without, sizeof(without));
	w.n_data_outside--; /* the Ack came last, our request before it */
	agree(&w, &h, session, without, sizeof(without));
	expect_sli(&h, "\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
	world_down(&w);

	/* nothing agreed: nothing to tell; and the LAC's own agreement it knows */
	session = call(&h, &w, CONFIG("", "chap-md5"), "lac");
	hand_send(&h, session);
	agree(&w, &h, session, without, sizeof(without));
	assert_false(hand_expect(&h, L2TP_SLI));
	world_down(&w);
	session = call(&h, &w, CONFIG(", proxy: accept", "chap-md5"), "lac");
	l2tp_put(&h.b, L2TP_AVP_LAST_SENT_LCP, chap_sent, sizeof(chap_sent));
	l2tp_put(&h.b, L2TP_AVP_LAST_RECEIVED_LCP, with + 8, 6);
	hand_send(&h, session);
	assert_int_equal(world_counter(&w, LNS_PROXY_TAKEN), 1);
	assert_false(hand_expect(&h, L2TP_SLI));
	world_down(&w);
}

/* Each LCP that comes up with another ACCM would be a message to the LAC: who changes its mind for
 * ever, before any authentication, may not keep other calls waiting behind those. */
static void
a_caller_can_not_fill_the_tunnel_with_its_accm(void **state)
{
	uint8_t request[] = {0xff, 3, 0xc0, 0x21, 1, 1, 0, 10, 2, 6, 0, 0xa, 0, 1};
	unsigned tells = 0;
	struct world w;
	struct hand h;
	uint16_t session;

	(void)state;
	session = call(&h, &w, CONFIG("", "chap-md5"), "lac");
	hand_send(&h, session);
	agree(&w, &h, session, request, sizeof(request));
	for (unsigned i = 0; i < 40; i++) {
		struct world_ppp ack;

		request[5]++;
		request[13] ^= 1;
		inject_ppp(&h, session, request, sizeof(request));
		ack = w.ppp_outside[(w.n_data_outside - 2) % WORLD_PPP]; /* our request */
		assert_int_equal(ack.bytes[3] << 8 | ack.bytes[4], (PPP_LCP & 0xff) << 8 | 1);
		ack.bytes[4] = 2;
		inject_ppp(&h, session, ack.bytes, ack.len);
		while (hand_next(&h))
			if (h.m.type == L2TP_SLI) {
				tells++;
				hand_zlb(&h);
			}
	}
	assert_in_range(tells, 2, 4);
	world_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proxy_chap_is_checked_as_if_the_caller_had_answered_us),
		cmocka_unit_test(proxy_pap_is_checked_as_if_the_caller_had_answered_us),
		cmocka_unit_test(a_wrong_proxy_proof_is_refused),
		cmocka_unit_test(everything_is_negotiated_anew_where_it_is_not_to_be_taken),
		cmocka_unit_test(what_the_lac_does_not_tell_is_asked_for),
		cmocka_unit_test(hidden_proxy_avps_are_taken),
		cmocka_unit_test(an_accm_that_lcp_agreed_on_is_told_to_the_lac),
		cmocka_unit_test(a_caller_can_not_fill_the_tunnel_with_its_accm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
