/* SPDX-License-Identifier: BSD-3-Clause */
/* LCP's options, asked for by a peer that is odd, wrong or hostile, and its answers to ours. */
#include <stdio.h>

#include "harness.h"

enum { SERVER, CLIENT };

/* A peer's list of options, and what a link that has not agreed to anything says to it. */
struct row {
	const char *asked;
	uint8_t code;
	const char *answer; /* NULL: the same list */
};

static const struct row server_rows[] = {
	{"", PPP_CONFIGURE_ACK, NULL},
	/* MRU: below 128 nothing useful fits */
	{"0104 0000", PPP_CONFIGURE_NAK, "0104 0578"},
	{"0104 0040", PPP_CONFIGURE_NAK, "0104 0578"},
	{"0104 007f", PPP_CONFIGURE_NAK, "0104 0578"},
	{"0104 0080", PPP_CONFIGURE_ACK, NULL},
	{"0104 05dc", PPP_CONFIGURE_ACK, NULL},
	{"0104 ffff", PPP_CONFIGURE_ACK, NULL},
	/* a wrong length is answered with a right one (RFC 1661 section 5.3) */
	{"0102", PPP_CONFIGURE_NAK, "0104 0578"},
	{"0103 05", PPP_CONFIGURE_NAK, "0104 0578"},
	{"0105 0005dc", PPP_CONFIGURE_NAK, "0104 0578"},
	{"0205 000000", PPP_CONFIGURE_NAK, "0206 00000000"},
	{"0703 00", PPP_CONFIGURE_NAK, "0702"},
	{"0804 0000", PPP_CONFIGURE_NAK, "0802"},
	/* ACCM: any */
	{"0206 00000000", PPP_CONFIGURE_ACK, NULL},
	{"0206 ffffffff", PPP_CONFIGURE_ACK, NULL},
	{"0206 000a0000", PPP_CONFIGURE_ACK, NULL},
	{"0702", PPP_CONFIGURE_ACK, NULL},
	{"0802", PPP_CONFIGURE_ACK, NULL},
	/* authentication demanded of the server: PAP, MD5, MS-CHAPv2, EAP, SPAP, nothing */
	{"0304 c023", PPP_CONFIGURE_REJECT, NULL},
	{"0305 c22305", PPP_CONFIGURE_REJECT, NULL},
	{"0305 c22381", PPP_CONFIGURE_REJECT, NULL},
	{"0304 c227", PPP_CONFIGURE_REJECT, NULL},
	{"0306 c0270103", PPP_CONFIGURE_REJECT, NULL},
	{"0302", PPP_CONFIGURE_REJECT, NULL},
	/* link quality, FCS, self-describing pad, callback, multilink, short numbers, end point,
	 * vendor, beyond all */
	{"0408 c025 00000064", PPP_CONFIGURE_REJECT, NULL},
	{"0903 02", PPP_CONFIGURE_REJECT, NULL},
	{"0a03 04", PPP_CONFIGURE_REJECT, NULL},
	{"0d03 06", PPP_CONFIGURE_REJECT, NULL},
	{"1104 05dc", PPP_CONFIGURE_REJECT, NULL},
	{"1202", PPP_CONFIGURE_REJECT, NULL},
	{"1309 03 0123456789ab", PPP_CONFIGURE_REJECT, NULL},
	{"0006 00163e 00", PPP_CONFIGURE_REJECT, NULL},
	{"ff02", PPP_CONFIGURE_REJECT, NULL},
	/* order is kept; what can't be had goes first, alone; no option twice */
	{"0802 0702 0206 00000000 0104 05dc 0506 00000001", PPP_CONFIGURE_ACK, NULL},
	{"0104 0000 0d03 06 0206 00000000 1104 05dc", PPP_CONFIGURE_REJECT, "0d03 06 1104 05dc"},
	{"0104 0000 0702 0205 000000", PPP_CONFIGURE_NAK, "0104 0578 0206 00000000"},
	{"0506 00000001 0506 00000002", PPP_CONFIGURE_REJECT, "0506 00000002"},
	{"0104 05dc 0104 05dc", PPP_CONFIGURE_REJECT, "0104 05dc"},
};

static const struct row client_rows[] = {
	{"0304 c023", PPP_CONFIGURE_ACK, NULL},
	{"0305 c22305", PPP_CONFIGURE_ACK, NULL},
	{"0305 c22381", PPP_CONFIGURE_ACK, NULL},
	/* MS-CHAPv1, EAP, CHAP without algorithm or with more, PAP with more: what it likes best */
	{"0305 c22380", PPP_CONFIGURE_NAK, "0305 c22381"},
	{"0304 c227", PPP_CONFIGURE_NAK, "0305 c22381"},
	{"0304 c223", PPP_CONFIGURE_NAK, "0305 c22381"},
	{"0305 c02300", PPP_CONFIGURE_NAK, "0305 c22381"},
	{"0302", PPP_CONFIGURE_NAK, "0305 c22381"},
	{"0104 0000", PPP_CONFIGURE_NAK, "0104 0578"},
	{"0d03 06", PPP_CONFIGURE_REJECT, NULL},
};

static void
answered(struct pair *p, int which, const struct row *row)
{
	uint8_t asked[256], answer[256];
	size_t len = from_hex(row->asked, asked, sizeof(asked)), answer_len;
	struct sent s;

	assert_int_equal(
		inject_packet(p, which, PPP_LCP, PPP_CONFIGURE_REQUEST, 0x77, asked, len), 0);
	s = next_sent(p, which);
	if (s.protocol != PPP_LCP || s.code != row->code)
		fail_msg("%s: answered with code %u", row->asked, s.code);
	answer_len = from_hex(row->answer == NULL ? row->asked : row->answer, answer, 256);
	assert_int_equal(s.id, 0x77);
	assert_int_equal(s.len, answer_len);
	assert_memory_equal(s.data, answer, answer_len);
	assert_int_equal(next_sent(p, which).protocol, 0);
}

static void
test_server_judges(void **state)
{
	for (size_t i = 0; i < sizeof(server_rows) / sizeof(server_rows[0]); i++) {
		struct pair *p = pair_new(*state);

		end_start(p, SERVER);
		answered(p, SERVER, &server_rows[i]);
		answered(p, SERVER, &server_rows[i]); /* and again */
		pair_free(p);
	}
}

static void
test_client_judges(void **state)
{
	static const struct row refused = {"0304 c023", PPP_CONFIGURE_REJECT, NULL};
	struct pair *p;

	for (size_t i = 0; i < sizeof(client_rows) / sizeof(client_rows[0]); i++) {
		p = pair_new(*state);
		end_start(p, CLIENT);
		answered(p, CLIENT, &client_rows[i]);
		pair_free(p);
	}
	p = pair_new(*state);
	client(p)->params.n_auth = 0; /* consents to nothing */
	end_start(p, CLIENT);
	answered(p, CLIENT, &refused);
	pair_free(p);
}

static void
test_magic(void **state)
{
	struct pair *p = pair_new(*state);
	struct sent s;
	uint8_t ours[6] = {5, 6};

	end_start(p, SERVER);
	for (int own = 0; own < 2; own++) { /* 0, and our own: a line that is looped back */
		uint32_t magic = own ? server(p)->l->magic : 0;

		for (int i = 0; i < 4; i++)
			ours[2 + i] = (uint8_t)(magic >> (24 - 8 * i));
		inject_packet(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST, 1, ours, sizeof(ours));
		s = expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_NAK);
		assert_int_equal(s.len, 6);
		assert_int_not_equal(ppp_value_u32((struct cv_bytes){s.data + 2, 4}), 0);
		assert_memory_not_equal(s.data, ours, 6);
	}
	pair_free(p);
}

/* Agreed values, and what they do to what is sent. */
static void
test_values_hold(void **state)
{
	static const struct {
		const char *options;
		uint16_t mru;
		bool pfc, acfc;
	} cases[] = {{"0506 00000001", 1400, false, false},
		{"0104 ffff 0702 0802", 1400, true, true}, {"0104 0400 0702", 1024, true, false},
		{"0104 0080 0802", 128, false, true}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair *p = pair_new(*state);
		struct ppp_info info;
		char request[128];

		snprintf(request, sizeof(request), "c021 01 05 %s", cases[i].options);
		end_start(p, SERVER);
		inject(p, SERVER, "c021 01 04 0104 0300 0702 0802 0206 00000000");
		inject(p, SERVER, request); /* the last request is the one that counts */
		ppp_link_info(server(p)->l, &info);
		assert_int_equal(info.mru, cases[i].mru);
		assert_int_equal(info.pfc, cases[i].pfc);
		assert_int_equal(info.acfc, cases[i].acfc);
		pair_free(p);
	}
}

static void
test_broken_lists(void **state)
{
	static const char *const lists[] = {"0500", "0501", "0507 12345678", "05", "00",
		"0104 05dc 05", "0104 05dc 0500", "0506 00000001 0106 05dc", "ffff", "0104 05"};

	for (int which = SERVER; which <= CLIENT; which++) {
		for (int opened = 0; opened < 2; opened++) {
			struct pair *p = pair_new(*state);
			struct ppp_link *l;

			opened ? pair_up(p) : end_start(p, which);
			l = p->ends[which].l;
			for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
				uint8_t bytes[32];
				size_t len = from_hex(lists[i], bytes, sizeof(bytes));
				unsigned state_before = l->lcp.state;

				for (uint8_t code = 1; code <= 4; code++) {
					uint8_t id = code == 1 ? 9 : l->lcp.request_id;

					assert_true(inject_packet(p, which, PPP_LCP, code, id,
							    bytes, len) != 0);
				}
				assert_int_equal(l->lcp.state, state_before);
				assert_int_equal(next_sent(p, which).protocol, 0);
			}
			assert_true(l->counters.rx_malformed >= sizeof(lists) / sizeof(lists[0]));
			assert_int_equal(p->ends[which].up, opened);
			pair_free(p);
		}
	}
}

/* Keeps the last Configure-Request of the client. */
static void
keep_request(struct pair *p, int from, const uint8_t *frame, size_t len)
{
	struct wire_frame *kept = p->tap_ctx;

	if (from == CLIENT && frame[3] == 0x21 && frame[2] == 0xc0 && frame[4] == 1) {
		memcpy(kept->bytes, frame, len);
		kept->len = (uint16_t)len;
	}
}

static void
test_request_after_opened(void **state)
{
	struct pair *p = pair_new(*state);
	struct wire_frame kept = {0};

	p->tap = keep_request;
	p->tap_ctx = &kept;
	pair_up(p);
	for (int i = 0; i < 3; i++) { /* the very same: our Ack was lost, or it came twice */
		assert_int_equal(inject_bytes(p, SERVER, kept.bytes, kept.len), 0);
		expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK);
	}
	assert_true(server(p)->up);
	assert_int_equal(server(p)->l->counters.renegotiations, 0);
	kept.bytes[5]++; /* another identifier: it negotiates again (TLD, SCR, SCA) */
	assert_int_equal(inject_bytes(p, SERVER, kept.bytes, kept.len), 0);
	assert_false(server(p)->up);
	assert_int_equal(server(p)->network_downs, 1);
	expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST);
	expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK);
	assert_int_equal(server(p)->l->lcp.state, PPP_ACK_SENT);
	assert_int_equal(ppp_link_input(server(p)->l, p->now, "\x00\x21\x45", 3), CV_ERR_STATE);
	pair_free(p);
}

/* The same with options that are refused: SCN in place of SCA. */
static void
test_bad_request_after_opened(void **state)
{
	struct pair *p = pair_new(*state);

	pair_up(p);
	assert_int_equal(inject(p, SERVER, "c021 01 99 0d03 06"), 0);
	assert_false(server(p)->up);
	expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST);
	expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_REJECT);
	assert_int_equal(server(p)->l->lcp.state, PPP_REQ_SENT);
	pair_free(p);
}

/* One link, and the request that it sent first. */
static struct sent
asked(struct pair *p, int which)
{
	struct end *e = &p->ends[which];

	e->l = ppp_link_new(&e->params, (struct ppp_scope){0}, p->now);
	assert_non_null(e->l);
	ppp_link_open(e->l, p->now);
	return expect_sent(p, which, PPP_LCP, PPP_CONFIGURE_REQUEST);
}

static int
answer(struct pair *p, int which, uint8_t code, uint8_t id, const void *data, size_t len)
{
	return inject_packet(p, which, PPP_LCP, code, id, data, len);
}

static void
test_acks_that_differ(void **state)
{
	for (int which = SERVER; which <= CLIENT; which++) {
		struct pair *p = pair_new(*state);
		struct sent s = asked(p, which);
		uint8_t longer[256];

		memcpy(longer, s.data, s.len);
		memcpy(longer + s.len, "\x07\x02", 2);
		assert_true(answer(p, which, 2, s.id, longer, s.len + 2) != 0);
		assert_true(answer(p, which, 2, s.id, s.data, 0) != 0);
		assert_true(answer(p, which, 2, s.id, s.data, 4) != 0);
		for (size_t i = 0; i < s.len; i++) {
			s.data[i] ^= 1;
			assert_true(answer(p, which, 2, s.id, s.data, s.len) != 0);
			s.data[i] ^= 1;
		}
		assert_int_equal(
			answer(p, which, 2, (uint8_t)(s.id + 1), s.data, s.len), CV_ERR_UNKNOWN);
		assert_int_equal(p->ends[which].l->lcp.state, PPP_REQ_SENT);
		assert_int_equal(next_sent(p, which).protocol, 0);
		assert_int_equal(answer(p, which, 2, s.id, s.data, s.len), 0);
		assert_int_equal(p->ends[which].l->lcp.state, PPP_ACK_RCVD);
		/* once is enough */
		assert_int_equal(answer(p, which, 2, s.id, s.data, s.len), CV_ERR_UNKNOWN);
		assert_int_equal(answer(p, which, 4, s.id, s.data, 4), CV_ERR_UNKNOWN);
		pair_free(p);
	}
}

static void
test_rejects_of_what_was_not_asked(void **state)
{
	static const char *const lists[] = {
		"0d03 06", "0104 0579", "0206 00000000", "", "0702", "0304 c027", "0506 00000000"};
	struct pair *p = pair_new(*state);
	struct sent s = asked(p, SERVER), again;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		uint8_t bytes[32];
		size_t len = from_hex(lists[i], bytes, sizeof(bytes));

		assert_int_equal(answer(p, SERVER, PPP_CONFIGURE_REJECT, s.id, bytes, len),
			CV_ERR_MALFORMED);
	}
	assert_int_equal(next_sent(p, SERVER).protocol, 0);
	/* one that is right counts: the MRU, our first option */
	assert_int_equal(answer(p, SERVER, PPP_CONFIGURE_REJECT, s.id, s.data, 4), 0);
	again = expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_REQUEST);
	assert_int_not_equal(again.id, s.id);
	assert_int_equal(again.len, s.len - 4);
	assert_memory_equal(again.data, s.data + 4, again.len);
	pair_free(p);
}

/* Naks may name options that were not asked for, to ask for them; we have our own mind. */
static void
test_naks_of_what_was_not_asked(void **state)
{
	static const char prompts[] =
		"0206 ffffffff 0d03 06 1104 05dc 0408 c025 00000064 0702 0802 ff02";
	uint8_t bytes[64];
	size_t len = from_hex(prompts, bytes, sizeof(bytes));

	for (int which = SERVER; which <= CLIENT; which++) {
		struct pair *p = pair_new(*state);
		struct sent s = asked(p, which), again;

		assert_int_equal(answer(p, which, PPP_CONFIGURE_NAK, s.id, bytes, len), 0);
		again = expect_sent(p, which, PPP_LCP, PPP_CONFIGURE_REQUEST);
		assert_int_equal(again.len, s.len);
		assert_memory_equal(again.data, s.data, s.len);
		pair_free(p);
	}
}

/* A client does not ask a server to prove itself, whatever the server suggests. */
static void
test_client_is_not_told_to_authenticate(void **state)
{
	static const uint8_t pap[] = {3, 4, 0xc0, 0x23}, eap[] = {3, 4, 0xc2, 0x27};
	struct pair *p = pair_new(*state);
	struct sent s = asked(p, CLIENT);

	assert_int_equal(inject(p, CLIENT, "c021 01 01 0305 c22381 0506 00000001"), 0);
	expect_sent(p, CLIENT, PPP_LCP, PPP_CONFIGURE_ACK);
	assert_int_equal(answer(p, CLIENT, PPP_CONFIGURE_NAK, s.id, pap, sizeof(pap)), 0);
	assert_int_equal(client(p)->l->method, PPP_AUTH_MSCHAPV2); /* as was agreed */
	s = expect_sent(p, CLIENT, PPP_LCP, PPP_CONFIGURE_REQUEST);
	assert_int_equal(answer(p, CLIENT, PPP_CONFIGURE_NAK, s.id, eap, sizeof(eap)), 0);
	assert_int_equal(client(p)->downs, 0);
	s = expect_sent(p, CLIENT, PPP_LCP, PPP_CONFIGURE_REQUEST);
	assert_int_equal(answer(p, CLIENT, PPP_CONFIGURE_ACK, s.id, s.data, s.len), 0);
	assert_int_equal(client(p)->lcp_ups, 1);
	assert_int_equal(next_sent(p, CLIENT).protocol, 0); /* no password in the clear */
	pair_free(p);
}

/* Max-Failure (section 4.6): five Naks, then Rejects, and an end to that too. */
static void
test_peer_insists(void **state)
{
	struct pair *p = pair_new(*state);
	unsigned naks = 0, rejects = 0;

	end_start(p, SERVER);
	while (server(p)->downs == 0 && naks + rejects < 100) {
		struct sent s;

		inject(p, SERVER, "c021 01 01 0104 0000");
		s = next_sent(p, SERVER);
		naks += s.code == PPP_CONFIGURE_NAK;
		rejects += s.code == PPP_CONFIGURE_REJECT;
		if (s.code != PPP_CONFIGURE_NAK && s.code != PPP_CONFIGURE_REJECT)
			break;
	}
	assert_int_equal(naks, 5);
	assert_int_equal(rejects, 6);
	discard_sent(p, SERVER);
	pair_run(p, p->now + 10 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_LCP_NAK_WAR);
	pair_free(p);
}

static void
test_peer_refuses_for_ever(void **state)
{
	static const uint8_t mru[] = {1, 4, 0, 64};
	struct pair *p = pair_new(*state);
	struct sent s = asked(p, SERVER);
	unsigned requests = 0;

	for (; s.code == PPP_CONFIGURE_REQUEST && requests < 100; requests++) {
		answer(p, SERVER, PPP_CONFIGURE_NAK, s.id, mru, sizeof(mru));
		s = next_sent(p, SERVER);
	}
	assert_int_equal(requests, 12); /* eleven Naks were too many */
	discard_sent(p, SERVER);
	pair_run(p, p->now + 10 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_LCP_NAK_WAR);
	pair_free(p);
}

/* Nothing is queued without bound for a peer that asks and asks. */
static void
test_request_storm(void **state)
{
	struct pair *p = pair_new(*state);

	end_start(p, SERVER);
	for (int i = 0; i < 10000; i++)
		inject(p, SERVER, "c021 01 01 0506 00000001");
	assert_true(ppp_link_memory(server(p)->l) < 12 * 1024);
	assert_int_not_equal(server(p)->l->counters.tx_dropped, 0);
	discard_sent(p, SERVER);
	assert_int_equal(server(p)->l->lcp.state, PPP_ACK_SENT);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_judges),
		cmocka_unit_test(test_client_judges),
		cmocka_unit_test(test_magic),
		cmocka_unit_test(test_values_hold),
		cmocka_unit_test(test_broken_lists),
		cmocka_unit_test(test_request_after_opened),
		cmocka_unit_test(test_bad_request_after_opened),
		cmocka_unit_test(test_acks_that_differ),
		cmocka_unit_test(test_rejects_of_what_was_not_asked),
		cmocka_unit_test(test_naks_of_what_was_not_asked),
		cmocka_unit_test(test_client_is_not_told_to_authenticate),
		cmocka_unit_test(test_peer_insists),
		cmocka_unit_test(test_peer_refuses_for_ever),
		cmocka_unit_test(test_request_storm),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
