/* SPDX-License-Identifier: BSD-3-Clause */
/* IPV6CP (RFC 5072): identifiers, beside IPCP and alone. */
#include "harness.h"

enum { SERVER, CLIENT };
enum { IP = 1, IPV6 = 2 }; /* bits of up.open */

static const struct ppp_ncp *const both[] = {&ppp_ipcp, &ppp_ipv6cp};

/* A pair whose ends carry these protocols, and want IPv6. */
static struct pair *
pair_with(struct crypto *crypto, unsigned server_has, unsigned client_has)
{
	struct pair *p = pair_new(crypto);
	unsigned has[2] = {server_has, client_has};

	for (int i = SERVER; i <= CLIENT; i++) {
		p->ends[i].params.networks = both + (has[i] == IPV6);
		p->ends[i].params.n_networks = has[i] == (IP | IPV6) ? 2 : 1;
		p->ends[i].net.ipv6 = true;
	}
	return p;
}

/* A server that awaits IPV6CP's first packet of a client played by hand; IPCP is open. */
static struct pair *
by_hand(struct crypto *crypto)
{
	struct pair *p = pair_with(crypto, IP | IPV6, IP);

	client(p)->params.max_failure = 5;
	pair_up(p);
	assert_int_equal(server(p)->up_event.open, IP);
	discard_sent(p, SERVER);
	return p;
}

static enum ppp_state
state6(struct end *e)
{
	return ppp_cp_state(ppp_cp_of(e->l, &ppp_ipv6cp.cp));
}

static void
assert_link_local(const struct cv_ip *ip)
{
	assert_int_equal(ip->family, CV_IPV6);
	assert_memory_equal(ip->bytes, "\xfe\x80\0\0\0\0\0\0", 8);
	assert_memory_not_equal(ip->bytes + 8, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(ip->bytes[8] & 2, 0); /* not globally unique */
}

static void
test_identifiers(void **state)
{
	struct pair *p = pair_with(*state, IP | IPV6, IP | IPV6);
	struct ppp_ev_up *ours = &server(p)->up_event, *theirs = &client(p)->up_event;
	struct ppp_info info;

	pair_up(p);
	assert_int_equal(ours->open, IP | IPV6);
	assert_int_equal(theirs->open, IP | IPV6);
	assert_link_local(&ours->local_ip6);
	assert_link_local(&ours->peer_ip6);
	assert_false(cv_ip_equal(&ours->local_ip6, &ours->peer_ip6));
	assert_true(cv_ip_equal(&ours->local_ip6, &theirs->peer_ip6));
	assert_true(cv_ip_equal(&ours->peer_ip6, &theirs->local_ip6));
	assert_int_equal(cv_ipv4_value(&ours->peer_ip), CLIENT_IP);
	assert_string_equal(ppp_link_network_state(server(p)->l, PPP_IPV6CP), "Opened");
	ppp_link_info(server(p)->l, &info);
	assert_true(cv_ip_equal(&info.local_ip6, &ours->local_ip6));
	assert_true(cv_ip_equal(&info.peer_ip6, &ours->peer_ip6));
	assert_int_equal(inject_bytes(p, SERVER, "\xff\x03\x00\x57\x60", 5), 0);
	pair_free(p);
}

/* A client has the identifier that it would like. */
static void
test_liked(void **state)
{
	struct pair *p = pair_with(*state, IP | IPV6, IP | IPV6);

	memcpy(client(p)->net.local_id, "\0\0\0\0\0\1\0\2", PPP_IPV6_ID);
	pair_up(p);
	assert_memory_equal(client(p)->up_event.local_ip6.bytes + 8, "\0\0\0\0\0\1\0\2", 8);
	assert_true(cv_ip_equal(&server(p)->up_event.peer_ip6, &client(p)->up_event.local_ip6));
	pair_free(p);
}

/* What a peer may ask for, and what it hears. */
static void
test_judged(void **state)
{
	struct pair *p = by_hand(*state);
	uint8_t ours[PPP_IPV6_ID], request[64];
	struct sent s;

	/* the client's link rejected IPV6CP; what follows begins it by hand */
	memcpy(ours, server(p)->l->net6.local, sizeof(ours));
	/* 0, with compression beside: what can't be had at all goes first */
	inject(p, SERVER, "8057 01 01 010a 0000000000000000 0204 004f");
	s = expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REQUEST);
	assert_int_equal(s.len, 10);
	assert_memory_equal(s.data, "\x01\x0a", 2);
	assert_memory_equal(s.data + 2, ours, sizeof(ours));
	s = expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REJECT);
	assert_int_equal(s.len, 4);
	assert_memory_equal(s.data, "\x02\x04\x00\x4f", 4);

	/* 0; ours; none at all; a wrong length: each gets a suggestion that is neither */
	for (unsigned i = 0; i < 4; i++) {
		size_t len = 10;

		memcpy(request, "\x01\x0a\0\0\0\0\0\0\0\0", 10);
		if (i == 1)
			memcpy(request + 2, ours, sizeof(ours));
		if (i == 2)
			len = 0;
		if (i == 3) {
			len = 6;
			request[1] = 6;
		}
		inject_packet(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REQUEST, (uint8_t)(2 + i),
			request, len);
		s = expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_NAK);
		assert_int_equal(s.len, 10);
		assert_memory_equal(s.data, "\x01\x0a", 2);
		assert_memory_not_equal(s.data + 2, "\0\0\0\0\0\0\0\0", 8);
		assert_memory_not_equal(s.data + 2, ours, sizeof(ours));
		assert_int_equal(s.data[2] & 2, 0);
	}
	/* any other, a globally unique one too */
	inject(p, SERVER, "8057 01 09 010a 025056fffe000001");
	s = expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_ACK);
	assert_int_equal(s.len, 10);
	assert_int_equal(state6(server(p)), PPP_ACK_SENT);
	pair_free(p);
}

/* Who insists on 0 gets no IPv6, and loses nothing else. */
static void
test_insists(void **state)
{
	struct pair *p = by_hand(*state);

	for (unsigned i = 0; i < 12; i++)
		inject(p, SERVER, "8057 01 01 010a 0000000000000000");
	assert_int_equal(state6(server(p)), PPP_CLOSING);
	assert_true(server(p)->up);
	assert_int_equal(server(p)->up_event.open, IP);
	assert_false(server(p)->l->finishing);
	pair_free(p);
}

/* Answers to our own request: what is suggested is taken, what can't be is drawn anew. */
static void
test_naked(void **state)
{
	struct pair *p = by_hand(*state);
	uint8_t before[PPP_IPV6_ID];
	struct sent s;

	inject(p, SERVER, "8057 01 01 010a 0011223344556677");
	s = expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REQUEST);
	expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_ACK);
	inject_packet(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_NAK, s.id,
		"\x01\x0a\x01\x02\x03\x04\x05\x06\x07\x08", 10);
	s = expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REQUEST);
	assert_memory_equal(s.data, "\x01\x0a\x01\x02\x03\x04\x05\x06\x07\x08", 10);
	memcpy(before, s.data + 2, sizeof(before));
	/* 0, then its own */
	inject_packet(
		p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_NAK, s.id, "\x01\x0a\0\0\0\0\0\0\0\0", 10);
	s = expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REQUEST);
	assert_memory_not_equal(s.data + 2, before, sizeof(before));
	assert_memory_not_equal(s.data + 2, "\0\0\0\0\0\0\0\0", 8);
	memcpy(before, s.data + 2, sizeof(before));
	inject_packet(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_NAK, s.id,
		"\x01\x0a\x00\x11\x22\x33\x44\x55\x66\x77", 10);
	s = expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REQUEST);
	assert_memory_not_equal(s.data + 2, before, sizeof(before));
	assert_memory_not_equal(s.data + 2, "\x00\x11\x22\x33\x44\x55\x66\x77", 8);
	/* who does not want to know it, needs not */
	inject_packet(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REJECT, s.id, s.data, s.len);
	s = expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REQUEST);
	assert_int_equal(s.len, 0);
	inject_packet(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_ACK, s.id, NULL, 0);
	assert_int_equal(server(p)->up_event.open, IP | IPV6);
	assert_memory_equal(
		server(p)->up_event.peer_ip6.bytes + 8, "\0\x11\x22\x33\x44\x55\x66\x77", 8);
	pair_free(p);
}

/* pppd begins IPV6CP again under a running link, with another identifier: ours stays. */
static void
test_again(void **state)
{
	struct pair *p = by_hand(*state);
	struct cv_ip ours;
	struct sent s;
	unsigned ups;

	inject(p, SERVER, "8057 01 01 010a 0011223344556677");
	s = expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REQUEST);
	expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_ACK);
	inject_packet(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_ACK, s.id, s.data, s.len);
	assert_int_equal(server(p)->up_event.open, IP | IPV6);
	ours = server(p)->up_event.local_ip6;
	ups = server(p)->ups;
	for (uint8_t i = 1; i < 4; i++) {
		uint8_t request[] = {1, 10, 0, 0, 0, 0, 0, 0, 0, i};

		p->now += 10 * CV_NS_PER_S;
		inject_packet(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REQUEST, i, request, 10);
		assert_int_equal(server(p)->up_event.open, IP);
		assert_int_equal(server(p)->up_event.peer_ip6.family, 0);
		assert_int_equal(inject_bytes(p, SERVER, "\x57\x60", 2), CV_ERR_STATE);
		s = expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_REQUEST);
		expect_sent(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_ACK);
		inject_packet(p, SERVER, PPP_IPV6CP, PPP_CONFIGURE_ACK, s.id, s.data, s.len);
		assert_int_equal(server(p)->up_event.open, IP | IPV6);
		assert_true(cv_ip_equal(&server(p)->up_event.local_ip6, &ours));
		assert_int_equal(server(p)->up_event.peer_ip6.bytes[15], i);
	}
	assert_int_equal(server(p)->ups, ups + 6);
	assert_int_equal(server(p)->network_downs, 0);
	pair_free(p);
}

/* A caller that does not have it on this link: Protocol-Reject, as of any unknown one, and after
 * LCP begins anew it may be asked for. */
static void
test_not_wanted(void **state)
{
	struct pair *p = pair_with(*state, IP | IPV6, IP | IPV6);

	server(p)->net.ipv6 = false;
	pair_up(p);
	assert_int_equal(server(p)->up_event.open, IP);
	assert_string_equal(ppp_link_network_state(server(p)->l, PPP_IPV6CP), "-");
	inject(p, SERVER, "8057 01 01 010a 0011223344556677");
	expect_sent(p, SERVER, PPP_LCP, PPP_PROTOCOL_REJECT);
	inject_bytes(p, SERVER, "\xff\x03\x00\x57\x60", 5);
	expect_sent(p, SERVER, PPP_LCP, PPP_PROTOCOL_REJECT);
	pair_run(p, p->now + 100 * CV_NS_PER_S);
	assert_true(server(p)->up && client(p)->up);
	assert_int_equal(server(p)->network_downs, 0);

	server(p)->net.ipv6 = true;
	inject(p, SERVER, "c021 01 55 0506 12345678");
	assert_false(server(p)->l->layers[1].absent);
	pair_free(p);
}

/* Either family without the other. */
static void
test_alone(void **state)
{
	struct pair *p = pair_with(*state, IP | IPV6, IPV6);

	pair_up(p);
	assert_int_equal(server(p)->up_event.open, IPV6);
	assert_int_equal(server(p)->up_event.peer_ip.family, 0);
	assert_link_local(&server(p)->up_event.peer_ip6);
	pair_run(p, p->now + 100 * CV_NS_PER_S);
	assert_true(server(p)->up && client(p)->up);
	pair_free(p);

	p = pair_with(*state, IP | IPV6, IP);
	pair_up(p);
	pair_run(p, p->now + 100 * CV_NS_PER_S);
	assert_true(server(p)->up && client(p)->up);
	assert_int_equal(server(p)->up_event.open, IP);
	pair_free(p);
}

/* Neither: the link ends, and says which came to nothing last. */
static void
test_neither(void **state)
{
	struct pair *p = pair_with(*state, IPV6, IPV6);

	server(p)->hold_network = true;
	client(p)->net.ipv6 = false;
	client(p)->hold_network = true;
	pair_start(p);
	pair_run(p, p->now + CV_NS_PER_S);
	assert_int_equal(ppp_network_start(client(p)->l, p->now, &client(p)->net),
		CV_ERR_MALFORMED); /* nothing that could come up */
	assert_int_equal(ppp_network_start(server(p)->l, p->now, &server(p)->net), 0);
	pair_run(p, p->now + 60 * CV_NS_PER_S);
	assert_int_equal(server(p)->downs, 1);
	assert_int_equal(server(p)->reason, PPP_DOWN_IPV6CP_TIMEOUT);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identifiers),
		cmocka_unit_test(test_liked),
		cmocka_unit_test(test_judged),
		cmocka_unit_test(test_insists),
		cmocka_unit_test(test_naked),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_not_wanted),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_neither),
	};

	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
