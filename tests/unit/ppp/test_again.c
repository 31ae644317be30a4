/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes or goes once more: the request that was acknowledged, our own request, a challenge. */
#include "harness.h"

enum { SERVER, CLIENT };

/* Keeps the client's last Configure-Requests: LCP's and IPCP's. */
static void
keep_requests(struct pair *p, int from, const uint8_t *frame, size_t len)
{
	struct wire_frame *kept = p->tap_ctx;

	if (from != CLIENT || frame[3] != 0x21 || frame[4] != PPP_CONFIGURE_REQUEST)
		return;
	if (frame[2] == 0x80)
		kept++;
	memcpy(kept->bytes, frame, len);
	kept->len = (uint16_t)len;
}

static struct pair *
up_with_requests(struct crypto *crypto, struct wire_frame kept[2])
{
	struct pair *p = pair_new(crypto);

	memset(kept, 0, 2 * sizeof(kept[0]));
	p->tap = keep_requests;
	p->tap_ctx = kept;
	pair_up(p);
	return p;
}

/* Within three seconds of Opened the very same request is a packet that came twice; after them the
 * peer begins anew (RFC 1661 section 4.1: TLD, SCR, SCA). */
static void
test_same_lcp_request_begins_anew_after_3_s(void **state)
{
	struct wire_frame kept[2];
	struct pair *p = up_with_requests(*state, kept);

	p->now = server(p)->l->lcp.opened_at + 3 * CV_NS_PER_S;
	assert_int_equal(inject_bytes(p, SERVER, kept[0].bytes, kept[0].len), 0);
	expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK);
	assert_int_equal(next_sent(p, SERVER).protocol, 0);
	assert_true(server(p)->up);
	p->now++;
	assert_int_equal(inject_bytes(p, SERVER, kept[0].bytes, kept[0].len), 0);
	expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST);
	expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK);
	assert_false(server(p)->up);
	assert_int_equal(server(p)->l->counters.renegotiations, 1);
	assert_int_equal(server(p)->l->lcp.state, PPP_ACK_SENT);
	assert_false(server(p)->l->authenticated);
	pair_free(p);
}

/* A client that starts anew and knows no other request than its first gets in again. */
static void
test_same_lcp_request_brings_the_link_up_again(void **state)
{
	struct wire_frame kept[2];
	struct pair *p = up_with_requests(*state, kept);
	struct sent s;

	p->now += 5 * CV_NS_PER_S;
	for (unsigned round = 1; round < 4; round++) {
		inject_bytes(p, SERVER, kept[0].bytes, kept[0].len);
		s = expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST);
		expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK);
		inject_packet(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK, s.id, s.data, s.len);
		assert_int_equal(server(p)->lcp_ups, 1 + round);
		expect_sent(p, SERVER, PPP_CHAP, 1);
		p->now += 4 * CV_NS_PER_S;
	}
	pair_free(p);
}

static void
test_same_ipcp_request_begins_anew_after_3_s(void **state)
{
	struct wire_frame kept[2];
	struct pair *p = up_with_requests(*state, kept);

	p->now = ipcp(server(p)->l)->opened_at + 3 * CV_NS_PER_S;
	assert_int_equal(inject_bytes(p, SERVER, kept[1].bytes, kept[1].len), 0);
	expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_ACK);
	assert_true(server(p)->up);
	p->now++;
	assert_int_equal(inject_bytes(p, SERVER, kept[1].bytes, kept[1].len), 0);
	assert_false(server(p)->up);
	expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_REQUEST);
	expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_ACK);
	assert_int_equal(server(p)->l->lcp.state, PPP_OPENED);
	pair_free(p);
}

/* A request for what is agreed already says that the peer's link is not open: it is asked. */
static void
test_acks_in_opened_do_not_put_off_the_echo(void **state)
{
	for (int which = 0; which < 2; which++) { /* LCP's, IPCP's */
		struct wire_frame kept[2];
		struct pair *p;
		unsigned echoes = 0;

		p = pair_new(*state);
		memset(kept, 0, sizeof(kept));
		server(p)->params.echo_interval_ns = 500 * CV_NS_PER_MS;
		p->tap = keep_requests;
		p->tap_ctx = kept;
		pair_start(p);
		while (!server(p)->up || !client(p)->up)
			pair_run(p, p->now + CV_NS_PER_MS);
		for (int i = 0; i < 20; i++) { /* two seconds */
			struct sent s;

			p->now += CV_NS_PER_S / 10;
			assert_int_equal(
				inject_bytes(p, SERVER, kept[which].bytes, kept[which].len), 0);
			ppp_link_handle_timeout(server(p)->l, p->now);
			while ((s = next_sent(p, SERVER)).protocol != 0)
				echoes += s.protocol == PPP_LCP && s.code == PPP_ECHO_REQUEST;
		}
		assert_int_equal(echoes, 4);
		assert_true(server(p)->up);
		pair_free(p);
	}
}

/* RFC 1661 section 5.1: after a valid reply our request carries another identifier, though it says
 * the same; repeated without a reply it keeps it, and a late answer still fits. */
static void
test_identifier_is_new_after_a_valid_reply(void **state)
{
	struct pair *p = pair_new(*state);
	struct sent first, repeated, next;

	server(p)->l = ppp_link_new(&server(p)->params, (struct ppp_scope){0}, p->now);
	ppp_link_open(server(p)->l, p->now);
	first = expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST);
	p->now += 3 * CV_NS_PER_S;
	ppp_link_handle_timeout(server(p)->l, p->now);
	repeated = expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST);
	assert_int_equal(repeated.id, first.id);
	inject_packet(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK, first.id, first.data, first.len);
	assert_int_equal(server(p)->l->lcp.state, PPP_ACK_RCVD);
	p->now += 3 * CV_NS_PER_S;
	ppp_link_handle_timeout(server(p)->l, p->now);
	next = expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST);
	assert_int_not_equal(next.id, first.id);
	assert_int_equal(next.len, first.len);
	assert_memory_equal(next.data, first.data, first.len);
	/* the old reply, doubled, is none to this one */
	assert_int_equal(inject_packet(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK, first.id, first.data,
				 first.len),
		CV_ERR_UNKNOWN);
	assert_int_equal(server(p)->l->lcp.state, PPP_REQ_SENT);
	p->now += 3 * CV_NS_PER_S;
	ppp_link_handle_timeout(server(p)->l, p->now);
	repeated = expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST);
	assert_int_equal(repeated.id, next.id);
	pair_free(p);
}

/* RFC 1994 section 4.1: identifier and value are new each time that a challenge is sent, and only
 * the last one has an answer. */
static void
test_challenge_is_fresh_each_time(void **state)
{
	for (int method = PPP_AUTH_CHAP_MD5; method <= PPP_AUTH_MSCHAPV2; method++) {
		struct pair *p = pair_new(*state);
		uint8_t size = method == PPP_AUTH_MSCHAPV2 ? 49 : 16, response[64] = {size};
		struct sent old, c;

		memcpy(response + 1 + size, "alice", 5);
		server(p)->params.echo_interval_ns = 0;
		pair_authenticating(p, (enum ppp_auth)method);
		discard_sent(p, SERVER);
		old.id = server(p)->l->auth_id;
		memcpy(old.data + 1, server(p)->l->auth->challenge, 16);
		for (int i = 0; i < 5; i++) {
			p->now = ppp_link_next_timeout(server(p)->l);
			ppp_link_handle_timeout(server(p)->l, p->now);
			c = expect_sent(p, SERVER, PPP_CHAP, 1);
			assert_int_equal(c.id, (uint8_t)(old.id + 1));
			assert_memory_not_equal(c.data + 1, old.data + 1, 16);
			assert_int_equal(
				inject_packet(p, SERVER, PPP_CHAP, 2, old.id, response, size + 6u),
				CV_ERR_UNKNOWN);
			old = c;
		}
		assert_int_equal(
			inject_packet(p, SERVER, PPP_CHAP, 2, c.id, response, size + 6u), 0);
		assert_int_equal(server(p)->auths, 1);
		pair_free(p);
	}
}

/* A round trip longer than the Restart timer: each challenge has a successor before its answer is
 * there, unless the wait grows. */
static void
test_challenge_is_answered_on_a_long_way(void **state)
{
	for (int method = PPP_AUTH_CHAP_MD5; method <= PPP_AUTH_MSCHAPV2; method++) {
		struct pair *p = pair_new(*state);

		server(p)->params.n_auth = 1;
		server(p)->params.auth[0] = (enum ppp_auth)method;
		p->delay_ns = 2 * CV_NS_PER_S;
		pair_start(p);
		pair_run(p, p->now + 60 * CV_NS_PER_S);
		assert_true(server(p)->up && client(p)->up);
		assert_int_equal(server(p)->auths, 1);
		pair_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_lcp_request_begins_anew_after_3_s),
		cmocka_unit_test(test_same_lcp_request_brings_the_link_up_again),
		cmocka_unit_test(test_same_ipcp_request_begins_anew_after_3_s),
		cmocka_unit_test(test_acks_in_opened_do_not_put_off_the_echo),
		cmocka_unit_test(test_identifier_is_new_after_a_valid_reply),
		cmocka_unit_test(test_challenge_is_fresh_each_time),
		cmocka_unit_test(test_challenge_is_answered_on_a_long_way),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
