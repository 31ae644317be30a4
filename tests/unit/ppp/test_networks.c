/* SPDX-License-Identifier: BSD-3-Clause */
/* Two network protocols on one link, IP and one that only this test knows: each for itself. */
#include "harness.h"

enum { SERVER, CLIENT };
enum { IP = 1, TOY = 2 }; /* bits of up.open */

#define TOY_PROTOCOL 0x802b
#define TOY_DATA 0x002b
#define TOY_TIMEOUT PPP_DOWN_LIMIT /* told apart from IPCP's */

static bool
number_ask(const struct ppp_link *l, const struct ppp_option *o, struct cv_writer *value)
{
	(void)o;
	cv_write_u16(value, ppp_is_server(l) ? 0x1111 : 0x2222);
	return true;
}

static enum ppp_verdict
number_judge(struct ppp_link *l, const struct ppp_option *o, struct cv_bytes value)
{
	(void)l;
	(void)o;
	return ppp_value_u16(value) == 0xbad ? PPP_REJECT : PPP_ACK;
}

static const struct ppp_option toy_options[] = {
	{.type = 1, .value_len = 2, .ask = number_ask, .judge = number_judge},
};

static void
toy_reset_peer(struct ppp_link *l)
{
	(void)l;
}

static int
toy_offer(struct ppp_link *l, const struct ppp_network *net)
{
	(void)l;
	(void)net;
	return 0;
}

static bool
toy_usable(const struct ppp_link *l)
{
	(void)l;
	return true;
}

static void
toy_tell(const struct ppp_link *l, struct ppp_ev_up *up)
{
	(void)l;
	(void)up;
}

static const struct ppp_ncp toy = {
	.cp =
		{
			.protocol = TOY_PROTOCOL,
			.name = "toy",
			.options = toy_options,
			.n_options = 1,
			.reset_peer = toy_reset_peer,
			.up = ppp_ncp_up,
			.down = ppp_ncp_down,
			.finished = ppp_ncp_finished,
			.nak_war = ppp_ncp_nak_war,
		},
	.carries = TOY_DATA,
	.timeout = TOY_TIMEOUT,
	.rejected = TOY_TIMEOUT,
	.disagreed = TOY_TIMEOUT,
	.offer = toy_offer,
	.usable = toy_usable,
	.tell = toy_tell,
};

static const struct ppp_ncp *const both[] = {&ppp_ipcp, &toy};

/* A pair whose ends carry these protocols (IP, TOY). */
static struct pair *
pair_with(struct crypto *crypto, unsigned server_has, unsigned client_has)
{
	struct pair *p = pair_new(crypto);
	unsigned has[2] = {server_has, client_has};

	for (int i = SERVER; i <= CLIENT; i++) {
		p->ends[i].params.networks = both + (has[i] == TOY);
		p->ends[i].params.n_networks = has[i] == (IP | TOY) ? 2 : 1;
	}
	return p;
}

static enum ppp_state
toy_state(struct end *e)
{
	return ppp_cp_state(ppp_cp_of(e->l, &toy.cp));
}

static enum ppp_state
ip_state(struct end *e)
{
	return ppp_cp_state(ipcp(e->l));
}

static int
inject_data(struct pair *p, int which, uint16_t protocol)
{
	uint8_t frame[] = {
		PPP_ADDRESS, PPP_CONTROL, (uint8_t)(protocol >> 8), (uint8_t)protocol, 0x45, 0};

	return inject_bytes(p, which, frame, sizeof(frame));
}

/* Opens both ends, and lets them speak for 2 s. */
static void
start(struct pair *p)
{
	pair_start(p);
	pair_run(p, p->now + 2 * CV_NS_PER_S);
}

static void
test_both_come_up(void **state)
{
	struct pair *p = pair_with(*state, IP | TOY, IP | TOY);

	start(p);
	for (int i = SERVER; i <= CLIENT; i++) {
		struct end *e = &p->ends[i];

		assert_true(e->up);
		assert_int_equal(e->up_event.open, IP | TOY);
		assert_int_equal(
			cv_ipv4_value(&e->up_event.peer_ip), i == SERVER ? CLIENT_IP : SERVER_IP);
		assert_string_equal(ppp_link_network_state(e->l, TOY_PROTOCOL), "Opened");
		assert_string_equal(ppp_link_network_state(e->l, PPP_IPV6CP), "-");
		assert_int_equal(inject_data(p, i, PPP_IP), 0);
		assert_int_equal(inject_data(p, i, TOY_DATA), 0);
	}
	/* one that the link does not have is rejected, as ever */
	inject(p, SERVER, "8057 01 01");
	expect_sent(p, SERVER, PPP_LCP, PPP_PROTOCOL_REJECT);
	pair_free(p);
}

/* The peer has never heard of one: its Protocol-Reject stops that one alone, whichever it is, and
 * the link lives on past the time in which it would have had to come up. */
static void
test_rejected_alone(void **state)
{
	for (unsigned has = IP; has <= TOY; has++) {
		struct pair *p = pair_with(*state, IP | TOY, has);
		unsigned ups;

		start(p);
		assert_true(server(p)->up);
		assert_int_equal(server(p)->up_event.open, has);
		assert_int_equal(
			cv_ipv4_value(&server(p)->up_event.peer_ip), has == IP ? CLIENT_IP : 0);
		assert_int_equal(
			has == IP ? toy_state(server(p)) : ip_state(server(p)), PPP_STOPPED);
		assert_int_equal(
			inject_data(p, SERVER, has == IP ? TOY_DATA : PPP_IP), CV_ERR_STATE);
		ups = server(p)->ups;
		pair_run(p, p->now + 100 * CV_NS_PER_S);
		assert_true(server(p)->up && client(p)->up);
		assert_int_equal(server(p)->ups, ups);
		assert_int_equal(server(p)->network_downs, 0);
		assert_int_equal(
			has == IP ? toy_state(server(p)) : ip_state(server(p)), PPP_CLOSED);
		pair_free(p);
	}
}

/* Where nothing that was rejected or failed leaves another one, the link ends. */
static void
test_nothing_in_common(void **state)
{
	struct pair *p = pair_with(*state, IP, TOY);

	start(p);
	assert_int_equal(server(p)->downs, 0);
	pair_run(p, p->now + 100 * CV_NS_PER_S);
	assert_int_equal(server(p)->ups, 0);
	assert_int_equal(server(p)->downs, 1);
	assert_int_equal(server(p)->reason, PPP_DOWN_IPCP_REJECTED);
	pair_free(p);
}

/* Ended by the peer one after the other: what is left is told, and NETWORK_DOWN comes last. */
static void
test_up_and_down(void **state)
{
	struct pair *p = pair_with(*state, IP | TOY, IP | TOY);
	struct end *e = server(p);

	start(p);
	assert_int_equal(e->up_event.open, IP | TOY);
	inject(p, SERVER, "802b 05 63");
	expect_sent(p, SERVER, TOY_PROTOCOL, PPP_TERMINATE_ACK);
	assert_true(e->up);
	assert_int_equal(e->up_event.open, IP);
	assert_int_equal(cv_ipv4_value(&e->up_event.peer_ip), CLIENT_IP);
	assert_int_equal(e->network_downs, 0);
	assert_int_equal(inject_data(p, SERVER, TOY_DATA), CV_ERR_STATE);
	assert_int_equal(inject_data(p, SERVER, PPP_IP), 0);

	/* and opened again, once it has stopped */
	pair_run(p, p->now + 4 * CV_NS_PER_S);
	assert_int_equal(toy_state(e), PPP_STOPPED);
	inject(p, SERVER, "802b 01 64 0104 2222");
	expect_sent(p, SERVER, TOY_PROTOCOL, PPP_CONFIGURE_REQUEST);
	expect_sent(p, SERVER, TOY_PROTOCOL, PPP_CONFIGURE_ACK);
	inject_packet(p, SERVER, TOY_PROTOCOL, PPP_CONFIGURE_ACK,
		ppp_cp_of(e->l, &toy.cp)->request_id, "\x01\x04\x11\x11", 4);
	assert_int_equal(e->up_event.open, IP | TOY);

	inject(p, SERVER, "8021 05 63");
	expect_sent(p, SERVER, PPP_IPCP, PPP_TERMINATE_ACK);
	assert_true(e->up);
	assert_int_equal(e->up_event.open, TOY);
	assert_int_equal(cv_ipv4_value(&e->up_event.peer_ip), 0);
	inject(p, SERVER, "802b 05 65");
	assert_false(e->up);
	assert_int_equal(e->network_downs, 1);
	pair_free(p);
}

static bool mute;

static void
drop_toy(struct pair *p, int from, const uint8_t *frame, size_t len)
{
	(void)len;
	p->loss_percent = mute && from == CLIENT && frame[2] == 0x80 && frame[3] == 0x2b ? 100 : 0;
}

/* Its own timers: a peer that says nothing of one is asked ten times, and only that one is over. */
static void
test_own_timers(void **state)
{
	struct pair *p = pair_with(*state, IP | TOY, IP | TOY);

	mute = true;
	p->tap = drop_toy;
	start(p);
	assert_int_equal(server(p)->up_event.open, IP);
	assert_int_equal(toy_state(server(p)), PPP_REQ_SENT);
	assert_int_not_equal(ppp_cp_of(server(p)->l, &toy.cp)->timer, ipcp(server(p)->l)->timer);
	pair_run(p, p->now + 40 * CV_NS_PER_S);
	assert_int_equal(toy_state(server(p)), PPP_CLOSED);
	assert_true(server(p)->up);
	assert_int_equal(server(p)->downs, 0);
	assert_int_equal(ip_state(server(p)), PPP_OPENED);

	/* it failed for good: the peer is told so, and with the other the link goes */
	mute = false;
	inject(p, SERVER, "802b 01 70 0104 2222");
	expect_sent(p, SERVER, TOY_PROTOCOL, PPP_TERMINATE_ACK);
	inject(p, SERVER, "8021 05 63");
	assert_false(server(p)->up);
	client(p)->l->phase = PPP_PHASE_DEAD; /* silent */
	pair_run(p, p->now + 60 * CV_NS_PER_S);
	assert_int_equal(server(p)->downs, 1);
	assert_int_equal(server(p)->reason, PPP_DOWN_IPCP_TIMEOUT);
	pair_free(p);
}

/* No agreement on one, by Naks without end, is the end of that one alone; negotiating LCP again
 * gives it another chance. */
static void
test_disagreed_alone(void **state)
{
	struct pair *p = pair_with(*state, IP | TOY, IP | TOY);

	mute = true;
	p->tap = drop_toy;
	start(p);
	for (int i = 0; i < 12; i++)
		inject(p, SERVER, "802b 01 01 0104 0bad");
	assert_int_equal(toy_state(server(p)), PPP_CLOSING);
	discard_sent(p, SERVER);
	assert_true(server(p)->up);
	assert_false(server(p)->l->finishing);

	mute = false;
	inject(p, SERVER, "c021 01 55 0506 12345678");
	assert_int_equal(toy_state(server(p)), PPP_INITIAL);
	assert_int_equal(server(p)->network_downs, 1);
	assert_false(server(p)->l->layers[1].failed);
	pair_free(p);
}

/* A link without a network protocol would never end. */
static void
test_none_at_all(void **state)
{
	struct pair *p = pair_new(*state);

	server(p)->params.n_networks = 0;
	assert_null(ppp_link_new(&server(p)->params, (struct ppp_scope){0}, p->now));
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_come_up),
		cmocka_unit_test(test_rejected_alone),
		cmocka_unit_test(test_nothing_in_common),
		cmocka_unit_test(test_up_and_down),
		cmocka_unit_test(test_own_timers),
		cmocka_unit_test(test_disagreed_alone),
		cmocka_unit_test(test_none_at_all),
	};

	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
