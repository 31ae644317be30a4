/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that are handed on to another LNS: what the file may say, and which calls it is about. */
#include "harness.h"

#define ISP "dial: [{ name: isp, to: 192.0.2.9, secret: none }]\n"
#define TWO                                                                              \
	"listeners: [{ address: 192.0.2.1/24 }, { address: 192.0.2.2/24 }]\n"            \
	"dial: [{ name: one, to: 192.0.2.8, secret: none, start: traffic, idle: 5m },\n" \
	"  { name: two, to: 192.0.2.9, secret: none }]\n"
#define HAND_ON(items) "hand-on: [" items "]\n"

static struct loaded t;

static const struct bad wrong[] = {
	{HAND_ON("{ realm: isp.example }"),
		"t.yaml:1:11: hand-on[0].to: is required: name of the peer in dial that such calls "
		"go on to\n"},
	{ISP HAND_ON("{ to: isp }"), "t.yaml:2:11: hand-on[0].realm: is required, or called, or "
				     "listener: which calls are handed on\n"},
	{ISP HAND_ON("{ to: isp, realm: isp.example }, { to: ips, called: 112 }"),
		"t.yaml:2:50: hand-on[1].to: there is no peer of this name in dial\n"},
	{ISP HAND_ON("{ to: isp, realm: \"@isp.example\" }"),
		"t.yaml:2:29: hand-on[0].realm: @isp.example is not a realm: what stands behind "
		"the @ of a user's name\n"},
	{ISP HAND_ON("{ to: isp, realm: [a.example, a.example] }"),
		"t.yaml:2:41: hand-on[0].realm[1]: a.example is already in the list\n"},
	{ISP HAND_ON("{ to: isp, listener: \"192.0.2.7:1701\" }"),
		"t.yaml:2:32: hand-on[0].listener: there is no listener 192.0.2.7:1701; did you "
		"mean 192.0.2.1:1701?\n"},
	{ISP, "t.yaml:1:8: dial[0].user: is required, with password-file; or peer-user: the user "
	      "that it must prove to be; or an entry of hand-on with it\n"},
	{"dial: [{ name: isp, to: 192.0.2.9, secret: none, user: me, password-file: alice.secret, "
	 "call: outgoing, routes: 172.20.0.0/16 }]\n" HAND_ON("{ to: isp, called: 112 }"),
		"t.yaml:1:56: dial[0].user: is not for a peer that calls are handed on to: leave "
		"it "
		"out, or dial it as another peer, too\n"
		"t.yaml:1:75: dial[0].password-file: is not for a peer that calls are handed on "
		"to: leave it out, or dial it as another peer, too\n"
		"t.yaml:1:95: dial[0].call: is not for a peer that calls are handed on to: leave "
		"it out, or dial it as another peer, too\n"
		"t.yaml:1:113: dial[0].routes: is not for a peer that calls are handed on to: "
		"leave it out, or dial it as another peer, too\n"},
};

static void
what_is_wrong_is_named(void **state)
{
	(void)state;
	wants_all(wrong, sizeof(wrong) / sizeof(wrong[0]));
}

struct call {
	uint16_t listener;
	const char *called, *name; /* NULL: none, not known */
	const char *to;            /* NULL: it stays */
	bool asks;
};

static void
check_call(const struct call *c)
{
	struct cv_bytes called = {
		(const uint8_t *)c->called, c->called == NULL ? 0 : strlen(c->called)};
	struct cv_bytes name = {(const uint8_t *)c->name, c->name == NULL ? 0 : strlen(c->name)};
	bool asks;
	const struct cfg_hand_on *h =
		cfg_hand_on_find(t.cfg, c->listener, called, c->name == NULL ? NULL : &name, &asks);

	assert_int_equal(asks, c->asks);
	if (c->to == NULL) {
		assert_null(h);
		return;
	}
	assert_non_null(h);
	assert_string_equal(t.cfg->dials[h->peer].name, c->to);
	assert_true(t.cfg->dials[h->peer].handed);
}

static void
the_first_whose_conditions_hold_counts(void **state)
{
	static const struct call calls[] = {
		/* a number alone */
		{0, "+4989123", NULL, "one", false},
		{0, "+49891234", "x", NULL, false},
		{0, "0800", NULL, "two", false},
		{0, "0800123", "x@blue.example", "two", false},
		{0, "080", "x", NULL, false},
		/* a listener and a realm, which has to be known before what stands behind can hold
		 */
		{1, NULL, NULL, NULL, true},
		{1, "+4989123", NULL, "one", false},
		{1, "0800", NULL, NULL, true},
		{1, "0800", "alice@elsewhere.example", "two", false},
		{1, "0800", "alice@blue.example", "one", false},
		{1, NULL, "alice@Blue.Example", "one", false},
		{1, NULL, "alice@x@red.example", "one", false},
		{1, NULL, "RED.EXAMPLE\\alice", "one", false},
		{1, NULL, "blue.example", NULL, false},
		{1, NULL, "blue.example@", NULL, false},
		{1, NULL, "@", NULL, false},
		{1, NULL, "\\", NULL, false},
		{1, NULL, "", NULL, false},
		{1, NULL, "alice@xblue.example", NULL, false},
		{1, NULL, "alice@blue.example.", NULL, false},
		/* not by this listener */
		{0, NULL, "alice@blue.example", NULL, false},
		{0, NULL, NULL, NULL, false},
	};
	char text[4096];

	(void)state;
	load(&t, with_rest(text, sizeof(text),
			 TWO "hand-on:\n"
			     "  - { to: one, called: \"+4989123\" }\n"
			     "  - { to: one, listener: \"192.0.2.2:1701\", realm: [red.example, "
			     "blue.example] }\n"
			     "  - { to: two, called: [\"0800*\", \"112\"] }\n"));
	if (t.rc != 0)
		print_error("%s", t.text);
	assert_int_equal(t.rc, 0);
	assert_int_equal(t.cfg->dials[0].start, CFG_START_TRAFFIC);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		check_call(&calls[i]);
	unload(&t);
}

static void
any_number_is_one(void **state)
{
	static const struct call calls[] = {{0, "", NULL, "isp", false},
		{0, "5", NULL, "isp", false}, {0, NULL, NULL, NULL, false}};
	char text[4096];

	(void)state;
	load(&t, with_rest(text, sizeof(text), ISP HAND_ON("{ to: isp, called: \"*\" }")));
	assert_int_equal(t.rc, 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		check_call(&calls[i]);
	unload(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(the_first_whose_conditions_hold_counts),
		cmocka_unit_test(any_number_is_one),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
