/* SPDX-License-Identifier: BSD-3-Clause */
/* Lengths, unknown codes and protocols, Rejects, Terminate and Echo: what comes in each state, and
 * that an answer is neither repeated without bound nor longer than the peer takes. */
#include "harness.h"

enum { SERVER, CLIENT };

/* The same test in each state that a server's link comes to. */
enum stage { REQ_SENT, ACK_SENT, AUTHENTICATE, NETWORK, OPEN, CLOSING, STAGES };

static struct pair *
at_stage(struct crypto *crypto, enum stage stage)
{
	struct pair *p = pair_new(crypto);

	if (stage == REQ_SENT || stage == ACK_SENT)
		end_start(p, SERVER);
	if (stage == ACK_SENT)
		inject(p, SERVER, "c021 01 01 0506 12345678");
	if (stage == AUTHENTICATE)
		pair_authenticating(p, PPP_AUTH_CHAP_MD5);
	if (stage == NETWORK) {
		client(p)->hold_network = true;
		pair_start(p);
		pair_run(p, p->now + CV_NS_PER_S);
	}
	if (stage >= OPEN)
		pair_up(p);
	if (stage == CLOSING)
		ppp_link_close(server(p)->l, p->now, PPP_DOWN_KICKED);
	discard_sent(p, SERVER);
	return p;
}

/* RFC 1661 section 5: too short, or shorter than said: silently discarded; padding: ignored. */
static void
test_lengths(void **state)
{
	static const char *const bad[] = {"", "ff03", "ff03c0", "ff03c021", "ff03c02101",
		"ff03c0210101", "ff03c021010100", "ff03c02101010003", "ff03c02101010000",
		"ff03c02101010005", "ff03c021010105dd", "ff03c021ffffffff", "ff03c0210101000a0506",
		"ff038021010100ff", "ff03c02301010003", "ff03c223010100ff01", "00", "ff03fe"};

	for (int stage = 0; stage < STAGES; stage++) {
		struct pair *p = at_stage(*state, (enum stage)stage);

		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			uint8_t bytes[32];
			size_t len = from_hex(bad[i], bytes, sizeof(bytes));

			assert_true(inject_bytes(p, SERVER, bytes, len) < 0);
			assert_int_equal(next_sent(p, SERVER).protocol, 0);
		}
		pair_free(p);
	}
}

static void
test_padding(void **state)
{
	static const uint8_t padded[] = {
		0xff, 3, 0xc0, 0x21, 1, 9, 0, 8, 1, 4, 5, 0xdc, 0, 0, 0, 0xff};
	struct pair *p = at_stage(*state, REQ_SENT);
	struct sent s;

	assert_int_equal(inject_bytes(p, SERVER, padded, sizeof(padded)), 0);
	s = expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK);
	assert_int_equal(s.len, 4);
	/* address and control left out, before that was agreed: taken, too */
	assert_int_equal(inject_bytes(p, SERVER, padded + 2, sizeof(padded) - 2), 0);
	expect_sent(p, SERVER, PPP_LCP, PPP_CONFIGURE_ACK);
	pair_free(p);
}

static void
test_unknown_codes(void **state)
{
	static const uint8_t codes[] = {0, 12, 13, 255};
	static const uint8_t data[] = {1, 2, 3};

	for (int stage = 0; stage < STAGES; stage++) {
		struct pair *p = at_stage(*state, (enum stage)stage);
		uint8_t before = server(p)->l->lcp.state;

		for (size_t i = 0; i < sizeof(codes); i++) {
			struct sent s;

			assert_int_equal(
				inject_packet(p, SERVER, PPP_LCP, codes[i], 0x55, data, 3), 0);
			s = expect_sent(p, SERVER, PPP_LCP, PPP_CODE_REJECT);
			assert_int_equal(s.len, 7);
			assert_int_equal(s.data[0], codes[i]);
			assert_memory_equal(s.data + 1, "\x55\x00\x07\x01\x02\x03", 6);
		}
		assert_int_equal(server(p)->l->lcp.state, before);
		pair_free(p);
	}
}

/* RFC 1332 section 2: IPCP has codes 1 to 7. PAP and CHAP have no Code-Reject. */
static void
test_unknown_codes_above(void **state)
{
	struct pair *p = at_stage(*state, OPEN);

	for (unsigned code = 8; code <= 11; code++) {
		struct sent s;

		inject_packet(p, SERVER, PPP_IPCP, (uint8_t)code, 1, "abcd", 4);
		s = expect_sent(p, SERVER, PPP_IPCP, PPP_CODE_REJECT);
		assert_int_equal(s.data[0], code);
	}
	assert_true(server(p)->up);
	for (unsigned code = 0; code < 256; code++)
		if (code < 1 || code > 4) {
			inject_packet(p, SERVER, PPP_CHAP, (uint8_t)code, 1, "abcd", 4);
			inject_packet(p, SERVER, PPP_PAP, (uint8_t)code, 1, "abcd", 4);
		}
	assert_int_equal(next_sent(p, SERVER).protocol, 0);
	assert_true(server(p)->up);
	pair_free(p);
}

/* Code-Reject, Protocol-Reject and Echo-Reply are cut to the MRU that the peer asked for. */
static void
test_answers_are_cut(void **state)
{
	static const uint16_t mrus[] = {128, 576, 1499, 1500, 65535};
	static uint8_t data[1496];

	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < sizeof(mrus) / sizeof(mrus[0]); i++) {
		struct pair *p = at_stage(*state, OPEN);
		size_t most = mrus[i] < 1500 ? mrus[i] : 1500;
		struct sent s;

		server(p)->l->peer_mru = mrus[i];
		inject_packet(p, SERVER, PPP_LCP, 77, 1, data, sizeof(data));
		s = expect_sent(p, SERVER, PPP_LCP, PPP_CODE_REJECT);
		assert_int_equal(s.len, most - 4);
		inject_packet(p, SERVER, PPP_CCP, 1, 1, data, sizeof(data));
		s = expect_sent(p, SERVER, PPP_LCP, PPP_PROTOCOL_REJECT);
		assert_true(s.len <= most - 4 && s.len > most - 7);
		memset(data, 0, 4);
		inject_packet(p, SERVER, PPP_LCP, PPP_ECHO_REQUEST, 1, data, sizeof(data));
		s = expect_sent(p, SERVER, PPP_LCP, PPP_ECHO_REPLY);
		assert_int_equal(s.len, most - 4);
		pair_free(p);
	}
}

static void
test_unknown_protocols(void **state)
{
	/* the last ones are no numbers at all: their end is even (RFC 1661 section 2) */
	static const uint16_t protocols[] = {PPP_CCP, PPP_ECP, PPP_IPV6CP, PPP_IPV6, 0x0029, 0x8029,
		0xc025, 0xc227, 0xc02b, 0x4021, 0xc020, 0x8020, 0x0020, 0xc222, 0};
	size_t n = sizeof(protocols) / sizeof(protocols[0]);

	for (int stage = 0; stage < STAGES; stage++) {
		struct pair *p = at_stage(*state, (enum stage)stage);
		bool after = stage == NETWORK || stage == OPEN;
		uint8_t id = 0;

		for (size_t i = 0; i < n; i++) {
			int rc = inject_packet(p, SERVER, protocols[i], 1, 3, "ab", 2);
			struct sent s = next_sent(p, SERVER);

			assert_int_equal(rc, after ? 0 : CV_ERR_STATE);
			assert_int_equal(s.protocol, after ? PPP_LCP : 0);
			if (s.protocol == 0)
				continue;
			assert_int_equal(s.code, PPP_PROTOCOL_REJECT);
			assert_int_equal(s.len, 8);
			assert_int_equal(s.data[0] << 8 | s.data[1], protocols[i]);
			assert_memory_equal(s.data + 2, "\x01\x03\x00\x06\x61\x62", 6);
			assert_int_not_equal(s.id, id); /* section 5.7: it changes each time */
			id = s.id;
		}
		pair_free(p);
	}
}

/* A router that speaks everything is told about each, when it begins and when it gives up. */
static void
test_many_protocols_are_all_rejected(void **state)
{
	struct pair *p = at_stage(*state, NETWORK);

	for (int round = 0; round < 2; round++) {
		for (uint16_t protocol = 0x8023; protocol <= 0x8041; protocol += 2) {
			for (uint8_t code = 1; code <= 5; code += 4) { /* Configure, Terminate */
				struct sent s;

				inject_packet(p, SERVER, protocol, code, 1, "\x01\x04\x05\xdc", 4);
				s = expect_sent(p, SERVER, PPP_LCP, PPP_PROTOCOL_REJECT);
				assert_int_equal(s.data[0] << 8 | s.data[1], protocol);
			}
		}
	}
	assert_int_equal(server(p)->l->counters.tx_rejects_limited, 0);
	p->now += 3 * CV_NS_PER_S;
	for (uint16_t protocol = 0x8023; protocol <= 0x8041; protocol += 2) { /* ours were lost */
		inject_packet(p, SERVER, protocol, 1, 1, "\x01\x04\x05\xdc", 4);
		expect_sent(p, SERVER, PPP_LCP, PPP_PROTOCOL_REJECT);
	}
	pair_free(p);
}

/* A peer that goes on with CCP is told once for each packet, 64 at once, eight a second. */
static void
test_rejects_are_limited(void **state)
{
	struct pair *p = at_stage(*state, OPEN);
	unsigned sent = 0, n;

	for (n = 0; n < 100; n++)
		inject(p, SERVER, "80fd 01 01 1206 00000000");
	while (next_sent(p, SERVER).protocol != 0)
		sent++;
	assert_int_equal(sent, 64);
	assert_int_equal(server(p)->l->counters.tx_rejects_limited, 100 - sent);
	for (n = sent = 0; n < 100; n++) { /* ten seconds */
		p->now += CV_NS_PER_S / 10;
		inject(p, SERVER, "80fd 01 01 1206 00000000");
		inject(p, SERVER, "c021 ff 01");
		while (next_sent(p, SERVER).protocol != 0)
			sent++;
	}
	assert_int_equal(sent, 80);
	assert_true(server(p)->up);
	pair_free(p);
}

/* Nothing in a Reject makes another one: two links that get one do not go on. */
static void
test_no_loop_of_rejects(void **state)
{
	struct pair *p = at_stage(*state, OPEN);
	unsigned long before = p->carried;

	inject(p, SERVER, "80fd 01 01 1206 00000000");
	inject(p, CLIENT, "8057 01 01 010a 0000000000000001");
	inject(p, CLIENT, "c021 0c 01 00000000 41");
	pair_drain(p, SERVER);
	pair_drain(p, CLIENT);
	pair_run(p, p->now + 5 * CV_NS_PER_S);
	assert_int_equal(p->carried - before, 3);
	assert_true(server(p)->up && client(p)->up);
	pair_free(p);
}

static void
test_protocol_reject_of(void **state)
{
	static const struct {
		const char *packet;
		enum stage stage;
		int reason; /* -1: nothing happens */
	} cases[] = {
		{"c021 08 01 c021 01010004", OPEN, PPP_DOWN_LCP_REJECTED},
		{"c021 08 01 c223 01010004", AUTHENTICATE, PPP_DOWN_AUTH_REFUSED},
		{"c021 08 01 c023 01010004", AUTHENTICATE, -1},
		{"c021 08 01 8021 01010004", AUTHENTICATE, -1},
		{"c021 08 01 80fd 01010004", OPEN, -1},
		{"c021 08 01 8057", OPEN, -1},
		{"c021 08 01 c0", OPEN, -1},
		{"c021 08 01", OPEN, -1},
		{"c021 08 01 c021 01010004", REQ_SENT, -1},
		{"c021 08 01 c021 01010004", ACK_SENT, -1},
		/* Code-Reject of what nobody can do without, and of the rest */
		{"c021 07 01 01010004", OPEN, PPP_DOWN_LCP_REJECTED},
		{"c021 07 01 07010004", OPEN, PPP_DOWN_LCP_REJECTED},
		{"c021 07 01 01010004", REQ_SENT, PPP_DOWN_LCP_REJECTED},
		{"c021 07 01 08010004", OPEN, -1},
		{"c021 07 01 0c010004", OPEN, -1},
		{"c021 07 01 00", OPEN, -1},
		{"c021 07 01", OPEN, -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair *p = at_stage(*state, cases[i].stage);

		inject(p, SERVER, cases[i].packet);
		assert_int_equal(server(p)->l->finishing, cases[i].reason >= 0);
		if (cases[i].reason >= 0) {
			p->loss_percent = 100;
			discard_sent(p, SERVER);
			pair_run(p, p->now + 10 * CV_NS_PER_S);
			assert_int_equal(server(p)->downs, 1);
			assert_int_equal(server(p)->reason, cases[i].reason);
		} else {
			assert_int_equal(next_sent(p, SERVER).protocol, 0);
			assert_int_equal(server(p)->up, cases[i].stage == OPEN);
		}
		pair_free(p);
	}
}

/* Without IP, or IPCP, the link lives on: echoes are answered, other protocols rejected, and IPCP
 * may begin again; one that carries nothing ends with its reason when IPCP's time is over. */
static void
test_protocol_reject_of_ip_stops_ip_only(void **state)
{
	static const char *const packets[] = {"c021 08 01 8021 01010004", "c021 08 01 0021 45",
		"8021 07 01 01010004", "c021 08 01 8021 01010004", "c021 08 01 8021 01010004"};
	static const enum stage stages[] = {OPEN, OPEN, OPEN, NETWORK, OPEN};

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct pair *p = at_stage(*state, stages[i]);
		struct sent s;

		inject(p, SERVER, packets[i]);
		assert_false(server(p)->up);
		assert_int_equal(server(p)->network_downs, stages[i] == OPEN);
		assert_false(server(p)->l->finishing);
		s = next_sent(p, SERVER);
		/* what the peer rejected, it is not sent again */
		assert_int_equal(s.protocol, i == 1 || i == 2 ? PPP_IPCP : 0);
		discard_sent(p, SERVER);
		inject(p, SERVER, "c021 09 21 00000000");
		expect_sent(p, SERVER, PPP_LCP, PPP_ECHO_REPLY);
		inject(p, SERVER, "80fd 01 01");
		expect_sent(p, SERVER, PPP_LCP, PPP_PROTOCOL_REJECT);
		p->loss_percent = 100;
		pair_run(p, p->now + 15 * CV_NS_PER_S);
		assert_int_equal(server(p)->downs, 0);
		if (i == 4) { /* the peer begins it again */
			inject(p, SERVER, "8021 01 77 0306 0a000007");
			s = expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_REQUEST);
			expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_ACK);
			inject_packet(p, SERVER, PPP_IPCP, PPP_CONFIGURE_ACK, s.id, s.data, s.len);
			assert_true(server(p)->up);
		}
		pair_run(p, p->now + 30 * CV_NS_PER_S);
		assert_int_equal(server(p)->downs, i != 4);
		if (i != 4)
			assert_int_equal(server(p)->reason, PPP_DOWN_IPCP_REJECTED);
		pair_free(p);
	}
}

/* Terminate-Request in each state: acknowledged with its identifier, as often as it comes. */
static void
test_terminate_request(void **state)
{
	for (int stage = 0; stage < STAGES; stage++) {
		struct pair *p = at_stage(*state, (enum stage)stage);
		struct sent s;

		for (unsigned id = 0x40; id < 0x43; id++) {
			assert_int_equal(inject_packet(p, SERVER, PPP_LCP, PPP_TERMINATE_REQUEST,
						 (uint8_t)id, "bye", 3),
				0);
			assert_false(server(p)->up);
			s = expect_sent(p, SERVER, PPP_LCP, PPP_TERMINATE_ACK);
			assert_int_equal(s.id, id);
			assert_int_equal(s.len, 0);
		}
		if (stage != REQ_SENT && stage != ACK_SENT) {
			p->loss_percent = 100;
			pair_run(p, p->now + 10 * CV_NS_PER_S);
			assert_int_equal(server(p)->downs, 1);
			assert_int_equal(server(p)->reason,
				stage == CLOSING ? PPP_DOWN_KICKED : PPP_DOWN_PEER_TERMINATED);
		}
		pair_free(p);
	}
}

/* A Terminate-Ack that answers nothing of ours ends no closing. */
static void
test_terminate_ack(void **state)
{
	struct pair *p = at_stage(*state, CLOSING);
	uint8_t id = server(p)->l->lcp.terminate_id;

	assert_int_equal(
		inject_packet(p, SERVER, PPP_LCP, PPP_TERMINATE_ACK, (uint8_t)(id + 1), NULL, 0),
		CV_ERR_UNKNOWN);
	assert_int_equal(server(p)->downs, 0);
	assert_int_equal(inject_packet(p, SERVER, PPP_LCP, PPP_TERMINATE_ACK, id, NULL, 0), 0);
	assert_int_equal(server(p)->downs, 1);
	assert_true(inject(p, SERVER, "c021 01 01") < 0); /* nothing wakes the dead */
	assert_int_equal(next_sent(p, SERVER).protocol, 0);
	pair_free(p);
}

static void
test_echo(void **state)
{
	struct pair *p = at_stage(*state, OPEN);
	uint32_t ours = server(p)->l->magic, theirs = client(p)->l->magic;
	uint8_t data[12] = {0};
	struct sent s;

	const uint32_t magics[] = {theirs, 0, theirs ^ 1, 0xffffffff};

	for (size_t m = 0; m < sizeof(magics) / sizeof(magics[0]); m++) { /* any but our own */
		for (int i = 0; i < 4; i++)
			data[i] = (uint8_t)(magics[m] >> (24 - 8 * i));
		memcpy(data + 4, "abcd", 4);
		inject_packet(p, SERVER, PPP_LCP, PPP_ECHO_REQUEST, (uint8_t)(0x21 + m), data, 8);
		s = expect_sent(p, SERVER, PPP_LCP, PPP_ECHO_REPLY);
		assert_int_equal(s.id, 0x21 + m);
		assert_int_equal(ppp_value_u32((struct cv_bytes){s.data, 4}), ours);
		assert_memory_equal(s.data + 4, "abcd", 4);
	}
	for (size_t len = 0; len < 4; len++) /* no room for a magic number */
		assert_int_equal(inject_packet(p, SERVER, PPP_LCP, PPP_ECHO_REQUEST, 1, data, len),
			CV_ERR_TRUNCATED);
	inject_packet(p, SERVER, PPP_LCP, PPP_DISCARD_REQUEST, 1, data, 8);
	assert_true(inject_packet(p, SERVER, PPP_LCP, PPP_ECHO_REPLY, 1, data, 8) < 0);
	assert_int_equal(next_sent(p, SERVER).protocol, 0);
	for (int i = 0; i < 4; i++) /* our own comes back, four times: a loop */
		data[i] = (uint8_t)(ours >> (24 - 8 * i));
	for (int i = 0; i < PPP_LOOPS_MAX; i++)
		inject_packet(p, SERVER, PPP_LCP, PPP_ECHO_REQUEST, 1, data, 8);
	assert_true(server(p)->l->finishing);
	assert_int_equal(server(p)->l->reason, PPP_DOWN_LOOPBACK);
	pair_free(p);
}

/* A reply with a number that was not agreed is one: the peer lives. With our own it is an echo of
 * the line, and the wrong identifier answers nothing. */
static void
test_echo_reply_with_an_odd_magic_number(void **state)
{
	struct pair *p = at_stage(*state, OPEN);
	uint32_t ours = server(p)->l->magic;
	uint8_t own[4] = {
		(uint8_t)(ours >> 24), (uint8_t)(ours >> 16), (uint8_t)(ours >> 8), (uint8_t)ours};

	p->loss_percent = 100;
	p->now += 21 * CV_NS_PER_S;
	ppp_link_handle_timeout(server(p)->l, p->now);
	uint8_t id = expect_sent(p, SERVER, PPP_LCP, PPP_ECHO_REQUEST).id;

	assert_true(inject_packet(p, SERVER, PPP_LCP, PPP_ECHO_REPLY, id, own, 4) < 0);
	assert_true(inject_packet(p, SERVER, PPP_LCP, PPP_ECHO_REPLY, (uint8_t)(id + 1), "\1\2\3\4",
			    4) < 0);
	assert_int_equal(server(p)->l->echoes_open, 1);
	assert_int_equal(inject_packet(p, SERVER, PPP_LCP, PPP_ECHO_REPLY, id, "\1\2\3\4", 4), 0);
	assert_int_equal(server(p)->l->echoes_open, 0);
	pair_free(p);
}

/* Echo, Discard and Protocol-Reject mean nothing before LCP is open. */
static void
test_echo_too_early(void **state)
{
	for (int stage = REQ_SENT; stage <= ACK_SENT; stage++) {
		struct pair *p = at_stage(*state, (enum stage)stage);

		assert_int_equal(inject(p, SERVER, "c021 09 01 00000000"), CV_ERR_STATE);
		assert_int_equal(inject(p, SERVER, "c021 0a 01 00000000"), CV_ERR_STATE);
		assert_int_equal(inject(p, SERVER, "c021 0b 01 00000000"), CV_ERR_STATE);
		assert_int_equal(next_sent(p, SERVER).protocol, 0);
		pair_free(p);
	}
}

static void
test_network_before_authentication(void **state)
{
	static const char *const frames[] = {"8021 01 01 0306 0a000007", "8021 05 01", "8021 63 01",
		"8021 02 01", "0021 45 00", "0057 60 00", "8057 01 01", "80fd 01 01"};

	for (int method = PPP_AUTH_PAP; method <= PPP_AUTH_MSCHAPV2; method++) {
		struct pair *p = pair_new(*state);

		pair_authenticating(p, (enum ppp_auth)method);
		discard_sent(p, SERVER);
		for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
			assert_int_equal(inject(p, SERVER, frames[i]), CV_ERR_STATE);
		assert_int_equal(next_sent(p, SERVER).protocol, 0);
		assert_int_equal(server(p)->networks, 0);
		assert_int_equal(server(p)->l->counters.rx_unexpected, 8);
		assert_int_equal(
			ppp_network_start(server(p)->l, p->now, &server(p)->net), CV_ERR_STATE);
		pair_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_unknown_codes),
		cmocka_unit_test(test_unknown_codes_above),
		cmocka_unit_test(test_answers_are_cut),
		cmocka_unit_test(test_unknown_protocols),
		cmocka_unit_test(test_many_protocols_are_all_rejected),
		cmocka_unit_test(test_rejects_are_limited),
		cmocka_unit_test(test_no_loop_of_rejects),
		cmocka_unit_test(test_protocol_reject_of),
		cmocka_unit_test(test_protocol_reject_of_ip_stops_ip_only),
		cmocka_unit_test(test_terminate_request),
		cmocka_unit_test(test_terminate_ack),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_echo_reply_with_an_odd_magic_number),
		cmocka_unit_test(test_echo_too_early),
		cmocka_unit_test(test_network_before_authentication),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
