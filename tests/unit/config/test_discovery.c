/* SPDX-License-Identifier: BSD-3-Clause */
/* NAT discovery: its defaults, what is refused, and who is whose other address. */
#include "harness.h"

#define TWO "listeners: [{ address: 192.0.2.1/24 }, { address: 192.0.2.2/24 }]\n"

static struct loaded t;
static char text[64 * 1024];

static const struct cfg *
loaded(const char *snippet)
{
	load(&t, with_rest(text, sizeof(text), snippet));
	assert_int_equal(t.rc, 0);
	assert_string_equal(t.text, "");
	return t.cfg;
}

static void
stun_is_answered_by_default(void **state)
{
	const struct cfg_discovery *d = &loaded("")->discovery;

	(void)state;
	assert_int_equal(d->stun_port, 3478);
	assert_int_equal(d->echo_port, 0);
	assert_false(d->rfc3489);
	assert_false(d->rfc5780);
	assert_int_equal(d->n_from, 0);
	assert_int_equal(d->per_second, 50);
	unload(&t);
}

static void
ports_are_of_one_use(void **state)
{
	(void)state;
	wants_errors("discovery: { echo-port: 3478 }\n",
		"t.yaml:1:25: discovery.echo-port: stun-port is the same\n");
	wants_errors("discovery: { stun-port: 0, echo-port: 0 }\n", "");
	wants_errors("discovery: { echo-port: 3479 }\n", "");
	wants_errors(TWO "discovery: { rfc5780: true, stun-port: 3479 }\n",
		"t.yaml:2:12: discovery.other-port: stun-port is the same\n");
	wants_errors("discovery: { stun-port: 1701 }\n",
		"t.yaml:1:25: warning: discovery.stun-port: the listener on 192.0.2.1 has this "
		"UDP port for L2TP\n");
	wants_errors("discovery: { per-second: 0 }\n",
		"t.yaml:1:26: discovery.per-second: 0 is out of range: 1 to 1000\n");
}

static void
rfc5780_needs_another_address_and_port(void **state)
{
	(void)state;
	wants_errors("discovery: { rfc5780: true }\n",
		"t.yaml:1:23: discovery.rfc5780: there must be two listeners with different "
		"addresses of one family on one port or VLAN\n");
	wants_errors("listeners: [{ address: 192.0.2.1/24 }, { address: '2001:db8::1/64' },\n"
		     "  { address: 192.0.2.1/24, udp-port: 4500 }]\n"
		     "discovery: { rfc5780: true }\n",
		"t.yaml:3:23: discovery.rfc5780: there must be two listeners with different "
		"addresses of one family on one port or VLAN\n");
	wants_errors(TWO "discovery: { rfc5780: true, stun-port: 0 }\n",
		"t.yaml:2:23: discovery.rfc5780: there is no stun-port\n");
	wants_errors(TWO "discovery: { rfc5780: true, other-port: 3478 }\n",
		"t.yaml:2:41: discovery.other-port: stun-port is the same\n");
	wants_errors(TWO "discovery: { rfc5780: true, other-port: 7, echo-port: 7 }\n",
		"t.yaml:2:41: discovery.other-port: echo-port is the same\n");
	wants_errors(TWO "discovery: { rfc5780: true }\n", "");
}

static void
the_other_address_is_the_next_one(void **state)
{
	const struct cfg *cfg = loaded(
		"listeners: [{ address: 192.0.2.1/24 }, { address: 192.0.2.2/24 },\n"
		"  { address: 192.0.2.2/24, udp-port: 4500 }, { address: '2001:db8::1/64' }]\n"
		"discovery: { rfc5780: true }\n");
	const struct cfg_listener *l = cfg->listeners;

	(void)state;
	assert_ptr_equal(cfg_discovery_other(cfg, &l[0]), &l[1]);
	assert_ptr_equal(cfg_discovery_other(cfg, &l[1]), &l[0]);
	assert_ptr_equal(cfg_discovery_other(cfg, &l[2]), &l[0]);
	assert_null(cfg_discovery_other(cfg, &l[3]));
	unload(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stun_is_answered_by_default),
		cmocka_unit_test(ports_are_of_one_use),
		cmocka_unit_test(rfc5780_needs_another_address_and_port),
		cmocka_unit_test(the_other_address_is_the_next_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
