/* SPDX-License-Identifier: BSD-3-Clause */
/* IPCP with a client that wants another address, other servers, compression, or no end. */
#include "harness.h"

enum { SERVER, CLIENT };

/* A server in the network phase whose client has authenticated and leaves IPCP to us. */
static struct pair *
network(struct crypto *crypto)
{
	struct pair *p = pair_new(crypto);

	client(p)->hold_network = true;
	server(p)->net.wins[0] = cv_ipv4(DNS_IP + 2);
	pair_start(p);
	pair_run(p, p->now + CV_NS_PER_S);
	assert_int_equal(ipcp(server(p)->l)->state, PPP_REQ_SENT);
	return p;
}

/* What IPCP can't negotiate is said at once, and nothing has begun. */
static void
test_addresses_that_ipcp_can_not_give(void **state)
{
	struct pair *p = pair_new(*state);
	struct ppp_network net;

	server(p)->hold_network = true;
	pair_start(p);
	pair_run(p, p->now + CV_NS_PER_S);
	assert_int_equal(server(p)->networks, 1);
	for (unsigned i = 0; i < 4; i++) {
		net = server(p)->net;
		if (i == 0)
			net.local_ip.family = 0;
		else if (i == 1)
			net.peer_ip.family = 0;
		else if (i == 2)
			net.peer_ip.family = CV_IPV6;
		else
			net.dns[1].family = CV_IPV6;
		assert_int_equal(ppp_network_start(server(p)->l, p->now, &net), CV_ERR_MALFORMED);
		assert_int_equal(ipcp(server(p)->l)->state, PPP_INITIAL);
	}
	assert_int_equal(ppp_network_start(server(p)->l, p->now, &server(p)->net), 0);
	pair_drain(p, SERVER);
	pair_run(p, p->now + 5 * CV_NS_PER_S);
	assert_true(server(p)->up && client(p)->up);
	pair_free(p);
}

struct row {
	const char *asked;
	uint8_t code;
	const char *answer; /* NULL: the same list */
};

static const struct row rows[] = {
	{"0306 0a000007", PPP_CONFIGURE_ACK, NULL},
	/* no address, another's, the server's own, broadcast, network, multicast, loopback */
	{"0306 00000000", PPP_CONFIGURE_NAK, "0306 0a000007"},
	{"0306 0a000008", PPP_CONFIGURE_NAK, "0306 0a000007"},
	{"0306 0a000001", PPP_CONFIGURE_NAK, "0306 0a000007"},
	{"0306 ffffffff", PPP_CONFIGURE_NAK, "0306 0a000007"},
	{"0306 0a0000ff", PPP_CONFIGURE_NAK, "0306 0a000007"},
	{"0306 0a000000", PPP_CONFIGURE_NAK, "0306 0a000007"},
	{"0306 e0000001", PPP_CONFIGURE_NAK, "0306 0a000007"},
	{"0306 7f000001", PPP_CONFIGURE_NAK, "0306 0a000007"},
	/* of a wrong length, or not named at all */
	{"0302", PPP_CONFIGURE_NAK, "0306 0a000007"},
	{"0305 0a0000", PPP_CONFIGURE_NAK, "0306 0a000007"},
	{"0307 0a000007 00", PPP_CONFIGURE_NAK, "0306 0a000007"},
	{"", PPP_CONFIGURE_NAK, "0306 0a000007"},
	/* DNS 1 and 2, WINS 1; there is no WINS 2 */
	{"0306 0a000007 8106 00000000 8306 00000000", PPP_CONFIGURE_NAK,
		"8106 08080808 8306 08080809"},
	{"0306 00000000 8106 01010101", PPP_CONFIGURE_NAK, "0306 0a000007 8106 08080808"},
	{"0306 0a000007 8206 00000000", PPP_CONFIGURE_NAK, "8206 0808080a"},
	{"0306 0a000007 8406 00000000", PPP_CONFIGURE_REJECT, "8406 00000000"},
	{"0306 0a000007 8106 08080808 8306 08080809 8206 0808080a", PPP_CONFIGURE_ACK, NULL},
	{"0306 0a000007 8104 0808", PPP_CONFIGURE_NAK, "8106 08080808"},
	/* VJ as it should be, with odd slots, short, long; RFC 2507; robust header compression */
	{"0206 002d 0f 01 0306 0a000007", PPP_CONFIGURE_REJECT, "0206 002d 0f 01"},
	{"0206 002d ff ff 0306 0a000007", PPP_CONFIGURE_REJECT, "0206 002d ff ff"},
	{"0206 002d 00 00 0306 00000000", PPP_CONFIGURE_REJECT, "0206 002d 00 00"},
	{"0204 002d 0306 0a000007", PPP_CONFIGURE_REJECT, "0204 002d"},
	{"0207 002d 0f 01 00 0306 0a000007", PPP_CONFIGURE_REJECT, "0207 002d 0f 01 00"},
	{"0202 0306 0a000007", PPP_CONFIGURE_REJECT, "0202"},
	{"020e 0061 000f 000f 0005 0100 0005 0306 0a000007", PPP_CONFIGURE_REJECT,
		"020e 0061 000f 000f 0005 0100 0005"},
	/* the old IP-Addresses, Mobile-IPv4, beyond all; an address twice */
	{"010a 0a000007 0a000001 0306 0a000007", PPP_CONFIGURE_REJECT, "010a 0a000007 0a000001"},
	{"0406 0a000007 0306 0a000007", PPP_CONFIGURE_REJECT, "0406 0a000007"},
	{"ff02 0306 0a000007", PPP_CONFIGURE_REJECT, "ff02"},
	{"0306 0a000007 0306 0a000008", PPP_CONFIGURE_REJECT, "0306 0a000008"},
};

static void
test_server_judges(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair *p = network(*state);
		uint8_t asked[64], answer[64];
		size_t len = from_hex(rows[i].asked, asked, sizeof(asked)), answer_len;
		struct sent s;

		assert_int_equal(
			inject_packet(p, SERVER, PPP_IPCP, PPP_CONFIGURE_REQUEST, 5, asked, len),
			0);
		s = next_sent(p, SERVER);
		answer_len = from_hex(rows[i].answer == NULL ? rows[i].asked : rows[i].answer,
			answer, sizeof(answer));
		if (s.protocol != PPP_IPCP || s.code != rows[i].code || s.len != answer_len ||
			memcmp(s.data, answer, answer_len) != 0)
			fail_msg("%s: answered with code %u", rows[i].asked, s.code);
		assert_int_equal(s.id, 5);
		assert_int_equal(next_sent(p, SERVER).protocol, 0);
		pair_free(p);
	}
}

static void
test_broken_lists(void **state)
{
	static const char *const lists[] = {"8021 01 01 0300", "8021 01 01 0301",
		"8021 01 01 0307 0a000007", "8021 01 01 03", "8021 01 01 0306 0a000007 81",
		"8021 01 01 0306 0a000007 8106 0808"};
	struct pair *p = network(*state);

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_int_equal(inject(p, SERVER, lists[i]), CV_ERR_MALFORMED);
	assert_int_equal(next_sent(p, SERVER).protocol, 0);
	assert_int_equal(server(p)->l->counters.rx_malformed, sizeof(lists) / sizeof(lists[0]));
	pair_free(p);
}

/* A client that will have another address gets Naks, then Rejects, then its end; never UP. */
static void
test_address_war(void **state)
{
	struct pair *p = network(*state);
	unsigned naks = 0, rejects = 0;

	for (int i = 0; i < 100 && !server(p)->l->finishing; i++) {
		struct sent s;

		inject(p, SERVER, "8021 01 01 0306 c0a80001");
		s = next_sent(p, SERVER);
		naks += s.code == PPP_CONFIGURE_NAK;
		rejects += s.code == PPP_CONFIGURE_REJECT;
	}
	assert_int_equal(naks, 5);
	assert_int_equal(rejects, 6);
	discard_sent(p, SERVER);
	client(p)->l->phase = PPP_PHASE_DEAD; /* silent */
	pair_run(p, p->now + 10 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_IPCP_NAK_WAR);
	assert_int_equal(server(p)->ups, 0);
	pair_free(p);
}

/* Max-Failure (RFC 1661 section 4.6): then nothing is appended any more, and a client that keeps
 * silent about its address, from the first or once its wish was rejected, comes up with it. */
static void
test_address_is_not_asked_for_after_max_failure(void **state)
{
	for (int silent = 0; silent < 2; silent++) {
		struct pair *p = network(*state);
		const char *wish = silent ? "8021 01 01" : "8021 01 01 0306 c0a80001";
		uint8_t id = ipcp(server(p)->l)->request_id;

		for (int i = 0; i < 5; i++) {
			inject(p, SERVER, wish);
			expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_NAK);
		}
		if (!silent) {
			inject(p, SERVER, wish);
			expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_REJECT);
		}
		inject(p, SERVER, "8021 01 02");
		expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_ACK);
		inject_packet(
			p, SERVER, PPP_IPCP, PPP_CONFIGURE_ACK, id, "\x03\x06\x0a\x00\x00\x01", 6);
		assert_true(server(p)->up);
		assert_int_equal(cv_ipv4_value(&server(p)->up_event.peer_ip), CLIENT_IP);
		pair_free(p);
	}
}

/* Naks are counted, not Rejects: who learns slowly what can't be had still learns its address. */
static void
test_rejects_do_not_use_up_the_naks(void **state)
{
	struct pair *p = network(*state);

	for (int i = 0; i < 6; i++) {
		inject(p, SERVER, "8021 01 01 0206 002d 0f 01 0306 00000000");
		expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_REJECT);
	}
	inject(p, SERVER, "8021 01 02 0306 00000000");
	expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_NAK);
	inject(p, SERVER, "8021 01 03 0306 0a000007");
	expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_ACK);
	pair_free(p);
}

/* What a client says about our request: it is told its address, it does not tell us ours. */
static void
test_server_keeps_what_it_has(void **state)
{
	struct pair *p = network(*state);
	uint8_t nak[64], id = ipcp(server(p)->l)->request_id;
	size_t len = from_hex("0306 c0a80001 8106 01010101 8306 02020202 8206 03030303", nak, 64);
	struct sent s;

	assert_int_equal(inject_packet(p, SERVER, PPP_IPCP, PPP_CONFIGURE_NAK, id, nak, len), 0);
	s = expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_REQUEST);
	assert_int_equal(s.len, 6);
	assert_memory_equal(s.data, "\x03\x06\x0a\x00\x00\x01", 6);
	assert_int_equal(inject(p, SERVER, "8021 01 09 0306 0a000007 8106 01010101"), 0);
	s = expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_NAK);
	assert_memory_equal(s.data, "\x81\x06\x08\x08\x08\x08", 6);
	/* an old client that does not want to know our address: it need not */
	id = ipcp(server(p)->l)->request_id;
	from_hex("0306 0a000001", nak, sizeof(nak));
	assert_int_equal(inject_packet(p, SERVER, PPP_IPCP, PPP_CONFIGURE_REJECT, id, nak, 6), 0);
	s = expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_REQUEST);
	assert_int_equal(s.len, 0);
	assert_int_equal(inject_packet(p, SERVER, PPP_IPCP, PPP_CONFIGURE_ACK, s.id, NULL, 0), 0);
	assert_int_equal(inject(p, SERVER, "8021 01 0a 0306 0a000007"), 0);
	assert_true(server(p)->up);
	assert_int_equal(cv_ipv4_value(&server(p)->up_event.peer_ip), CLIENT_IP);
	assert_int_equal(cv_ipv4_value(&server(p)->up_event.local_ip), SERVER_IP);
	pair_free(p);
}

static void
test_closed_and_opened_again(void **state)
{
	struct pair *p = pair_new(*state);
	struct sent s;

	pair_up(p);
	assert_int_equal(inject(p, SERVER, "8021 05 33"), 0); /* Terminate-Request */
	assert_false(server(p)->up);
	s = expect_sent(p, SERVER, PPP_IPCP, PPP_TERMINATE_ACK);
	assert_int_equal(s.id, 0x33);
	assert_int_equal(ppp_link_input(server(p)->l, p->now, "\x00\x21\x45", 3), CV_ERR_STATE);
	pair_run(p, p->now + 4 * CV_NS_PER_S); /* Stopping, Stopped */
	assert_int_equal(server(p)->downs, 0);
	assert_int_equal(inject(p, SERVER, "8021 01 34 0306 0a000007"), 0);
	s = expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_REQUEST);
	expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_ACK);
	assert_int_equal(
		inject_packet(p, SERVER, PPP_IPCP, PPP_CONFIGURE_ACK, s.id, s.data, s.len), 0);
	assert_true(server(p)->up);
	assert_int_equal(server(p)->ups, 2);
	pair_free(p);
}

/* Closed for good: the link does not stay without a use. */
static void
test_closed_and_left(void **state)
{
	struct pair *p = pair_new(*state);

	pair_up(p);
	assert_int_equal(inject(p, SERVER, "8021 05 33"), 0);
	discard_sent(p, SERVER);
	pair_run(p, p->now + 40 * CV_NS_PER_S);
	assert_int_equal(server(p)->reason, PPP_DOWN_IPCP_TIMEOUT);
	pair_free(p);
}

/* Negotiated again while traffic flows, with the same address or another. */
static void
test_request_after_opened(void **state)
{
	struct pair *p = pair_new(*state);

	pair_up(p);
	assert_int_equal(inject(p, SERVER, "8021 01 99 0306 0a000008"), 0);
	assert_false(server(p)->up);
	expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_REQUEST);
	expect_sent(p, SERVER, PPP_IPCP, PPP_CONFIGURE_NAK);
	assert_int_equal(server(p)->l->lcp.state, PPP_OPENED);
	assert_int_equal(server(p)->l->counters.renegotiations, 0); /* LCP's */
	pair_free(p);
}

/* A server that gives nonsense to our client. */
static void
test_client_judges(void **state)
{
	static const char *const naks[] = {"0306 00000000", "0306 ffffffff", "0306 e0000001",
		"0306 7f000001", "0303 0a", "8106 ffffffff"};
	struct pair *p = pair_new(*state);
	struct sent s;

	server(p)->hold_network = true;
	pair_start(p);
	pair_run(p, p->now + CV_NS_PER_S);
	for (size_t i = 0; i < sizeof(naks) / sizeof(naks[0]); i++) {
		uint8_t bytes[16], id = ipcp(client(p)->l)->request_id;
		size_t len = from_hex(naks[i], bytes, sizeof(bytes));

		assert_int_equal(
			inject_packet(p, CLIENT, PPP_IPCP, PPP_CONFIGURE_NAK, id, bytes, len), 0);
		s = expect_sent(p, CLIENT, PPP_IPCP, PPP_CONFIGURE_REQUEST);
		assert_memory_equal(s.data, "\x03\x06\x00\x00\x00\x00\x81\x06\x00\x00\x00\x00", 12);
	}
	/* 0.0.0.0 acknowledged is no address to live with */
	assert_int_equal(
		inject_packet(p, CLIENT, PPP_IPCP, PPP_CONFIGURE_ACK, s.id, s.data, s.len), 0);
	assert_int_equal(inject(p, CLIENT, "8021 01 01 0306 0a000001"), 0);
	assert_int_equal(client(p)->ups, 0);
	assert_true(client(p)->l->finishing);
	assert_int_equal(client(p)->l->reason, PPP_DOWN_IPCP_NAK_WAR);
	pair_free(p);
}

/* Which options the client named in its Configure-Requests: bits from 128 on. */
static void
note_options(struct pair *p, int from, const uint8_t *frame, size_t len)
{
	unsigned *seen = p->tap_ctx;
	struct ppp_frame f;
	struct ppp_packet packet;
	struct cv_reader r;

	if (from != CLIENT || ppp_frame_parse(frame, len, &f) != 0 || f.protocol != PPP_IPCP ||
		ppp_packet_parse(f.payload, &packet) != 0 || packet.code != PPP_CONFIGURE_REQUEST)
		return;
	for (r = cv_reader(packet.data.data, packet.data.len); cv_remaining(&r) > 0;) {
		uint8_t type = cv_read_u8(&r);

		cv_read_bytes(&r, (size_t)cv_read_u8(&r) - PPP_OPTION_HEADER);
		assert_false(r.failed);
		if (type >= 128)
			*seen |= 1u << (type - 128);
	}
}

/* RFC 1877: each kind of server is asked for by a client that was told to, and by no other. */
static void
test_client_asks_for_servers(void **state)
{
	for (unsigned want = 0; want < 4; want++) {
		struct pair *p = pair_new(*state);
		bool dns = (want & 1) != 0, wins = (want & 2) != 0;
		unsigned seen = 0;
		struct ppp_info info;

		server(p)->net.wins[0] = cv_ipv4(DNS_IP + 2);
		server(p)->net.wins[1] = cv_ipv4(DNS_IP + 3);
		client(p)->params.request_dns = dns;
		client(p)->params.request_wins = wins;
		p->tap = note_options;
		p->tap_ctx = &seen;
		pair_up(p);
		assert_int_equal(
			seen, (dns ? 1u << 1 | 1u << 3 : 0) | (wins ? 1u << 2 | 1u << 4 : 0));
		ppp_link_info(client(p)->l, &info);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(
				cv_ipv4_value(&client(p)->up_event.dns[i]), dns ? DNS_IP + i : 0);
			assert_int_equal(cv_ipv4_value(&client(p)->up_event.wins[i]),
				wins ? DNS_IP + 2 + i : 0);
			assert_int_equal(cv_ipv4_value(&info.dns[i]),
				cv_ipv4_value(&client(p)->up_event.dns[i]));
			assert_int_equal(cv_ipv4_value(&info.wins[i]),
				cv_ipv4_value(&client(p)->up_event.wins[i]));
			/* the server says what it had to offer */
			assert_int_equal(
				cv_ipv4_value(&server(p)->up_event.wins[i]), DNS_IP + 2 + i);
		}
		pair_free(p);
	}
}

/* A server has one, or none: the client lives with it. */
static void
test_server_without_wins(void **state)
{
	for (unsigned have = 0; have < 2; have++) {
		struct pair *p = pair_new(*state);

		server(p)->net.wins[0] = have != 0 ? cv_ipv4(DNS_IP + 2) : (struct cv_ip){0};
		client(p)->params.request_wins = true;
		client(p)->net.wins[1] = cv_ipv4(DNS_IP + 9); /* what it would like */
		pair_up(p);
		assert_int_equal(
			cv_ipv4_value(&client(p)->up_event.wins[0]), have != 0 ? DNS_IP + 2 : 0);
		assert_int_equal(cv_ipv4_value(&client(p)->up_event.wins[1]), 0);
		assert_int_equal(cv_ipv4_value(&client(p)->up_event.dns[1]), DNS_IP + 1);
		pair_free(p);
	}
}

/* A server that prompts for what was not asked for. */
static void
test_client_is_not_prompted(void **state)
{
	struct pair *p = pair_new(*state);
	uint8_t nak[64];
	size_t len =
		from_hex("0306 0a000007 8106 01010101 8206 02020202 8306 03030303 8406 04040404",
			nak, sizeof(nak));
	struct sent s;

	client(p)->params.request_dns = false;
	server(p)->hold_network = true;
	pair_start(p);
	pair_run(p, p->now + CV_NS_PER_S);
	assert_int_equal(inject_packet(p, CLIENT, PPP_IPCP, PPP_CONFIGURE_NAK,
				 ipcp(client(p)->l)->request_id, nak, len),
		0);
	s = expect_sent(p, CLIENT, PPP_IPCP, PPP_CONFIGURE_REQUEST);
	assert_int_equal(s.len, 6);
	assert_memory_equal(s.data, nak, 6);
	assert_int_equal(
		inject_packet(p, CLIENT, PPP_IPCP, PPP_CONFIGURE_ACK, s.id, s.data, s.len), 0);
	assert_int_equal(inject(p, CLIENT, "8021 01 01 0306 0a000001"), 0);
	assert_true(client(p)->up);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(cv_ipv4_value(&client(p)->up_event.dns[i]), 0);
		assert_int_equal(cv_ipv4_value(&client(p)->up_event.wins[i]), 0);
	}
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_that_ipcp_can_not_give),
		cmocka_unit_test(test_server_judges),
		cmocka_unit_test(test_broken_lists),
		cmocka_unit_test(test_address_war),
		cmocka_unit_test(test_address_is_not_asked_for_after_max_failure),
		cmocka_unit_test(test_rejects_do_not_use_up_the_naks),
		cmocka_unit_test(test_server_keeps_what_it_has),
		cmocka_unit_test(test_closed_and_opened_again),
		cmocka_unit_test(test_closed_and_left),
		cmocka_unit_test(test_request_after_opened),
		cmocka_unit_test(test_client_judges),
		cmocka_unit_test(test_client_asks_for_servers),
		cmocka_unit_test(test_server_without_wins),
		cmocka_unit_test(test_client_is_not_prompted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
