/* SPDX-License-Identifier: BSD-3-Clause */
/* What the client does behind each firewall and NAT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "culvert-client/decide.h"

/* What gets through. ESP is not asked for: nobody can. */
struct network {
	bool nat, stun, ike500, ike4500, l2tp1701, l2tp443;
};

static const struct network open = {true, true, true, true, true, true};
static const struct network hotel = {true, true, false, false, false, true};
static const struct network tcp443 = {.nat = true};

static struct found
found(const struct network *net)
{
	struct found f = {.gateway_name = "ipsec.example.net",
		.n_gateways = 1,
		.by = NAMES_BY_RULE,
		.n_lns = 2,
		.nat = {{.asked = true, .stun = {.answered = net->stun, .nat = net->nat}}}};
	bool passes[2][2] = {{net->ike500, net->ike4500}, {net->l2tp1701, net->l2tp443}};

	f.gateways[0].ip = cv_ipv4(0xc0000207);
	for (unsigned i = 0; i < 2; i++) {
		f.gateways[0].ike[i].asked = true;
		f.gateways[0].ike[i].answered = passes[0][i];
		f.gateways[0].ike[i].said.nat_here = passes[0][i] && net->nat;
		f.lns[1].ports[i].port = i == 0 ? 1701 : 443;
		f.lns[1].ports[i].l2tp = passes[1][i] ? FOUND_ACCEPTED : FOUND_SILENT;
	}
	/* the first one is down */
	f.lns[0] = f.lns[1];
	f.lns[0].ports[0].l2tp = f.lns[0].ports[1].l2tp = FOUND_SILENT;
	f.lns[0].n_ports = f.lns[1].n_ports = 2;
	f.lns[0].who.ip = cv_ipv4(0xc0000201);
	f.lns[1].who.ip = cv_ipv4(0xc0000202);
	f.lns[1].stun.answered = net->stun;
	return f;
}

static struct decision
decided(const struct network *net, enum cfg_client_way wish)
{
	struct found f = found(net);
	struct decision d;

	decide(&f, wish, &d);
	assert_non_null(d.reason);
	return d;
}

static void
test_profiles(void **state)
{
	struct network open_no_nat = open;
	struct decision d;

	(void)state;
	/* open, and noesp, which can't be told from it: a NAT puts ESP into UDP by itself */
	d = decided(&open, CFG_WAY_NEEDED);
	assert_int_equal(d.way, DECIDE_DIRECT_UDP);
	assert_null(d.advice);
	/* without a NAT IKE has to be told */
	open_no_nat.nat = false;
	d = decided(&open_no_nat, CFG_WAY_NEEDED);
	assert_int_equal(d.way, DECIDE_DIRECT_UDP);
	assert_non_null(strstr(d.advice, "encap = yes"));
	d = decided(&hotel, CFG_WAY_NEEDED);
	assert_int_equal(d.way, DECIDE_RELAY);
	assert_int_equal(d.lns, 1);
	assert_int_equal(d.port, 1);
	assert_false(d.direct_later);
	d = decided(&tcp443, CFG_WAY_NEEDED);
	assert_int_equal(d.way, DECIDE_NONE);
	assert_non_null(strstr(d.reason, "no UDP comes back"));
}

static void
test_wishes(void **state)
{
	struct decision d;

	(void)state;
	d = decided(&open, CFG_WAY_RELAY);
	assert_int_equal(d.way, DECIDE_RELAY);
	assert_int_equal(d.port, 0);
	assert_false(d.direct_later);
	d = decided(&open, CFG_WAY_RELAY_FIRST);
	assert_int_equal(d.way, DECIDE_RELAY);
	assert_true(d.direct_later);
	d = decided(&hotel, CFG_WAY_RELAY_FIRST);
	assert_int_equal(d.way, DECIDE_RELAY);
	assert_false(d.direct_later);
	d = decided(&hotel, CFG_WAY_DIRECT);
	assert_int_equal(d.way, DECIDE_NONE);
	d = decided(&open, CFG_WAY_DIRECT);
	assert_int_equal(d.way, DECIDE_DIRECT_UDP);
}

/* 500 without 4500, and the other way round. */
static void
test_half(void **state)
{
	struct network net = {.nat = false, .stun = true, .ike500 = true, .l2tp1701 = true};
	struct decision d;

	(void)state;
	/* bare ESP is not proved: the relay is better, and it is better than nothing */
	assert_int_equal(decided(&net, CFG_WAY_NEEDED).way, DECIDE_RELAY);
	d = decided(&net, CFG_WAY_DIRECT);
	assert_int_equal(d.way, DECIDE_DIRECT_ESP);
	assert_non_null(d.advice);
	net.l2tp1701 = false;
	assert_int_equal(decided(&net, CFG_WAY_NEEDED).way, DECIDE_DIRECT_ESP);
	/* a NAT needs 4500 */
	net.nat = true;
	d = decided(&net, CFG_WAY_DIRECT);
	assert_int_equal(d.way, DECIDE_NONE);
	net.l2tp1701 = true;
	d = decided(&net, CFG_WAY_NEEDED);
	assert_int_equal(d.way, DECIDE_RELAY);
	assert_non_null(strstr(d.reason, "UDP 4500"));
	net.ike500 = false;
	net.ike4500 = true;
	d = decided(&net, CFG_WAY_NEEDED);
	assert_int_equal(d.way, DECIDE_DIRECT_UDP);
	assert_non_null(strstr(d.advice, "remote_port = 4500"));
}

static void
test_reasons(void **state)
{
	struct found f = found(&hotel);
	struct decision d;

	(void)state;
	f.lns[1].ports[1].l2tp = FOUND_ANSWERED;
	decide(&f, CFG_WAY_NEEDED, &d);
	assert_int_equal(d.way, DECIDE_RELAY);
	assert_non_null(strstr(d.advice, "secret"));
	f.lns[1].ports[1].l2tp = FOUND_SILENT;
	decide(&f, CFG_WAY_NEEDED, &d);
	assert_int_equal(d.way, DECIDE_NONE);
	assert_non_null(strstr(d.reason, "STUN"));
	f.lns[1].ports[1].l2tp = FOUND_REFUSED;
	decide(&f, CFG_WAY_NEEDED, &d);
	assert_int_equal(d.way, DECIDE_NONE);
	assert_non_null(strstr(d.reason, "refuses"));
	f = (struct found){.gateway_name = "ipsec.example.net"};
	decide(&f, CFG_WAY_NEEDED, &d);
	assert_int_equal(d.way, DECIDE_NONE);
	assert_non_null(strstr(d.reason, "address"));
	/* a name that stands for nobody */
	f = found(&hotel);
	f.n_lns = 1;
	f.lns[0] = (struct found_lns){.n_ports = 1};
	f.nat[0].asked = false;
	decide(&f, CFG_WAY_NEEDED, &d);
	assert_int_equal(d.way, DECIDE_NONE);
	assert_non_null(strstr(d.reason, "no LNS has an address"));
	/* other clients alone, no gateway */
	f = found(&open);
	f.gateway_name = NULL;
	f.n_gateways = 0;
	decide(&f, CFG_WAY_RELAY, &d);
	assert_int_equal(d.way, DECIDE_RELAY);
}

static void
test_second_address(void **state)
{
	struct found f = found(&open);
	struct decision d;

	(void)state;
	f.gateways[1] = f.gateways[0];
	f.gateways[1].ip = (struct cv_ip){.family = CV_IPV6, .bytes = {0x20, 1}};
	f.n_gateways = 2;
	f.gateways[0].ike[1].answered = false;
	decide(&f, CFG_WAY_NEEDED, &d);
	assert_int_equal(d.way, DECIDE_DIRECT_UDP);
	assert_int_equal(d.gateway, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_half),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_second_address),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
