/* SPDX-License-Identifier: BSD-3-Clause */
/* What must hold among several keys and in the users file. */
#include "harness.h"

static const struct bad wrong_references[] = {
	{"ports:\n"
	 "  - { name: wan, device: tap:a }\n"
	 "  - { name: wan, device: tap:b }\n"
	 "listeners:\n"
	 "  - { port: wan, address: 192.0.2.1/24 }\n",
		"t.yaml:3:13: ports[1].name: wan is already that of ports[0]\n"},
	{"ports:\n"
	 "  - { name: wan, device: tap:a }\n"
	 "  - { name: lan, device: tap:a }\n"
	 "listeners:\n"
	 "  - { port: wan, address: 192.0.2.1/24 }\n",
		"t.yaml:3:26: ports[1].device: tap:a is already that of ports[0]\n"},
	{"ports:\n"
	 "  - { name: wan, device: tap:a }\n"
	 "  - { name: lan, device: tap:b }\n",
		"t.yaml:5:5: listeners[0].port: is required, as there are 2 of them: wan, lan\n"},
	{"listeners:\n"
	 "  - { port: wam, address: 192.0.2.1/24 }\n",
		"t.yaml:2:13: listeners[0].port: there is no port wam; did you mean wan?\n"},
	{"listeners:\n"
	 "  - { port: uplink, address: 192.0.2.1/24 }\n",
		"t.yaml:2:13: listeners[0].port: there is no port uplink, only wan\n"},
	{"listeners:\n"
	 "  - { address: 192.0.2.1/24 }\n"
	 "  - { address: 192.0.2.1/25 }\n",
		"t.yaml:3:16: listeners[1].address: listeners[0] has the same address and "
		"udp-port\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { listener: \"192.0.2.1:1702\", secret: none }\n",
		"t.yaml:3:19: tunnels.secrets[0].listener: there is no listener 192.0.2.1:1702; "
		"did you mean 192.0.2.1:1701?\n"},
	{"tunnels:\n"
	 "  secrets:\n"
	 "    - { listener: 10.0.0.1, secret: none }\n",
		"t.yaml:3:19: tunnels.secrets[0].listener: there is no listener 10.0.0.1, only "
		"192.0.2.1:1701\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, auth: [pap] }\n",
		"t.yaml:2:63: groups[0].auth[0]: pap is not in ppp.auth\n"},
	{"ppp: { auth: [pap] }\n"
	 "groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, auth: [pap, chap-md5] }\n",
		"t.yaml:3:68: groups[0].auth[1]: chap-md5 is not in ppp.auth\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, auth: [] }\n",
		"t.yaml:2:62: groups[0].auth: must have 1 to 3 items, not 0\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: [10.88.1.0/24, 10.88.1.128/25] }\n",
		"t.yaml:2:57: groups[0].pool[1]: 10.88.1.128/25 overlaps 10.88.1.0/24 of "
		"groups[0], which is in the same realm\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.128/25 }\n"
	 "  - { name: b, address: 10.88.0.1, pool: 10.88.0.0/16 }\n",
		"t.yaml:3:42: groups[1].pool: 10.88.0.0/16 overlaps 10.88.1.128/25 of groups[0], "
		"which is in the same realm\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: [10.1.0.0/16, 10.2.0.0/16, 10.0.0.0/8] }\n",
		"t.yaml:2:69: groups[0].pool[2]: 10.0.0.0/8 overlaps 10.1.0.0/16 of groups[0], "
		"which is in the same realm\n"
		"t.yaml:2:69: groups[0].pool[2]: 10.0.0.0/8 overlaps 10.2.0.0/16 of groups[0], "
		"which is in the same realm\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 192.0.2.0/24 }\n",
		"t.yaml:2:42: groups[0].pool: 192.0.2.0/24 holds 192.0.2.1, the address of "
		"listeners[0]\n"},
	{"groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24 }\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.2.0/24 }\n",
		"t.yaml:3:13: groups[1].name: a is already that of groups[0]\n"},
	{"log: { level: loud }\n"
	 "ppp: { mru: 1 }\n"
	 "identity: { hostname: x }\n",
		"t.yaml:1:15: log.level: loud is not one of error, warning, info, debug\n"
		"t.yaml:2:13: ppp.mru: 1 is out of range: 576 to 9172\n"
		"t.yaml:3:13: identity.hostname: unknown key; did you mean host-name?\n"},
};

static const struct bad wrong_users[] = {
	{"users:\n"
	 "  - { name: u, password-file: bob.secret, group: client }\n",
		"t.yaml:2:50: users[0].group: there is no group client; did you mean clients?\n"},
	{"users:\n"
	 "  - { name: u, password-file: bob.secret, group: staff }\n",
		"t.yaml:2:50: users[0].group: there is no group staff, only clients\n"},
	{"users:\n"
	 "  - { name: u, password-file: bob.secret }\n"
	 "groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24 }\n"
	 "  - { name: b, address: 10.88.0.1, pool: 10.88.2.0/24 }\n",
		"t.yaml:2:5: users[0].group: is required, as there are 2 of them: a, b\n"},
	{"users:\n"
	 "  - { name: u, password-file: bob.secret }\n"
	 "  - { name: u, password-file: bob.secret }\n",
		"t.yaml:3:13: users[1].name: user u is already in t.yaml:2\n"},
	{"users:\n"
	 "  - { name: u, password-file: bob.secret, address: 10.88.1.7 }\n"
	 "  - { name: v, password-file: bob.secret, address: 10.88.1.7 }\n",
		"t.yaml:3:52: users[1].address: the address is already that of the user in "
		"t.yaml:2\n"},
	{"users:\n"
	 "  - { name: u, password-file: bob.secret, address: 10.88.0.1 }\n",
		"t.yaml:2:52: users[0].address: is the server's own address in this realm\n"},
	{"users:\n"
	 "  - { name: u, password-file: bob.secret, address: 10.88.0 }\n",
		"t.yaml:2:52: users[0].address: 10.88.0 is not an IPv4 address, as 192.0.2.1\n"},
	{"users:\n"
	 "  - { name: u, password-file: bob.secret }\n"
	 "groups:\n"
	 "  - { name: a, address: 10.88.0.1 }\n",
		"t.yaml:4:5: groups[0].pool: is required, as users of the group have no address of "
		"their own\n"},
	{"users:\n"
	 "  - { name: u, password-file: bob.secret }\n"
	 "groups:\n"
	 "  - { name: a, address: 10.88.0.1, pool: [] }\n",
		"t.yaml:4:42: groups[0].pool: is required, as users of the group have no address "
		"of their own\n"},
	{"users:\n"
	 "  - { name: \"u v\", password-file: bob.secret }\n",
		"t.yaml:2:13: users[0].name: must have printable ASCII characters without space "
		"alone; character 2 is none\n"},
	{"users:\n"
	 "  - { name: uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu, "
	 "password-file: bob.secret }\n",
		"t.yaml:2:13: users[0].name: must have 1 to 63 characters, not 64\n"},
	{"users:\n"
	 "  - { password-file: bob.secret }\n",
		"t.yaml:2:5: users[0].name: is required: name that the user gives\n"},
};

static const struct bad wrong_filters[] = {
	{"filters: [{ name: red }, { name: blue }]\n"
	 "groups:\n"
	 "  - { name: a, address: 10.88.0.1, filter: reed }\n"
	 "  - { name: b, address: 10.88.0.1, filter: green }\n",
		"t.yaml:3:44: groups[0].filter: there is no filter reed; did you mean red?\n"
		"t.yaml:4:44: groups[1].filter: there is no filter green, only ipsec, any, red, "
		"blue\n"},
	{"filters: [{ name: red }]\n"
	 "groups:\n"
	 "  - { name: a, address: 10.88.0.1, filter: red, policy: any }\n"
	 "  - name: b\n"
	 "    address: 10.88.0.1\n"
	 "    gateways: 203.0.113.7\n"
	 "    filter: red\n",
		"t.yaml:3:44: groups[0].filter: either filter or policy and gateways, which make a "
		"filter of the group's own (policy in line 3)\n"
		"t.yaml:7:13: groups[1].filter: either filter or policy and gateways, which make a "
		"filter of the group's own (gateways in line 6)\n"},
	{"filters:\n"
	 "  - { name: red }\n"
	 "  - { name: blue }\n"
	 "groups:\n"
	 "  - { name: blue, address: 10.88.0.1, policy: any }\n"
	 "  - { name: any, address: 10.88.0.1, gateways: 203.0.113.7 }\n"
	 "  - { name: red, address: 10.88.0.1, filter: blue }\n",
		"t.yaml:5:47: groups[0].policy: makes a filter of the group's name, but blue is "
		"that "
		"of filters[1] in line 3: choose another, or write filter: blue\n"
		"t.yaml:6:48: groups[1].gateways: makes a filter of the group's name, but any is "
		"one "
		"that is always there: choose another name for the group, or write filter: NAME\n"},
	{"filters:\n"
	 "  - { name: ipsec }\n"
	 "  - { name: red }\n"
	 "  - { name: red, policy: [] }\n",
		"t.yaml:2:13: filters[0].name: ipsec is a filter that is always there: choose "
		"another "
		"name\n"
		"t.yaml:4:13: filters[2].name: red is already that of filters[1]\n"
		"t.yaml:4:26: filters[2].policy: must have 1 to 16384 rules, not 0\n"},
	/* a filter whose name is wrong may be the one that is meant */
	{"filters: [{ name: \"r d\" }]\n"
	 "groups:\n"
	 "  - { name: a, address: 10.88.0.1, filter: red }\n",
		"t.yaml:1:19: filters[0].name: must have letters, digits, '.', '_' and '-' alone; "
		"character 2 is none\n"},
};

static void
wrong_filters_are_refused(void **state)
{
	(void)state;
	wants_all(wrong_filters, sizeof(wrong_filters) / sizeof(wrong_filters[0]));
}

static void
wrong_references_are_refused(void **state)
{
	(void)state;
	wants_all(wrong_references, sizeof(wrong_references) / sizeof(wrong_references[0]));
}

static void
wrong_users_are_refused(void **state)
{
	(void)state;
	wants_all(wrong_users, sizeof(wrong_users) / sizeof(wrong_users[0]));
}

static struct loaded t;
static char text[4096];

static const char two_groups[] = "users-file: users.txt\n"
				 "groups:\n"
				 "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24 }\n"
				 "  - { name: b, address: 10.88.0.1, pool: 10.88.2.0/24 }\n";

static void
users_are(const char *bytes)
{
	files_reset();
	file_set("users.txt", bytes, strlen(bytes), 0600, 0);
}

static void
the_users_file_is_merged(void **state)
{
	(void)state;
	users_are("# NAME:PASSWORD:GROUP:ADDRESS\r\n"
		  "\n"
		  "zed:zed-hush:b\r\n"
		  "amy:amy hush #1:a:10.88.1.9");
	load(&t, with_rest(text, sizeof(text), two_groups));
	assert_string_equal(t.text, "");
	assert_int_equal(t.cfg->n_users, 2);
	assert_string_equal(t.cfg->users[0].name, "amy");
	assert_int_equal(t.cfg->users[0].password.len, 11);
	assert_memory_equal(t.cfg->users[0].password.data, "amy hush #1", 11);
	assert_int_equal(cv_ipv4_value(&t.cfg->users[0].address), 0x0a580109);
	assert_string_equal(t.cfg->users[1].name, "zed");
	assert_int_equal(t.cfg->users[1].password.len, 8);
	assert_int_equal(t.cfg->users[1].group, 1);
	unload(&t);
	files_reset();
}

/* A line whose fields are mixed up may show a password anywhere: none of it is repeated. */
static void
lines_of_the_users_file_are_refused(void **state)
{
	static const struct bad lines[] = {
		{"hush", "users.txt:1:1: must be NAME:PASSWORD[:GROUP[:ADDRESS]]\n"},
		{"\nu:hush:a:10.88.1.9:hush\n",
			"users.txt:2:20: more fields than NAME:PASSWORD:GROUP:ADDRESS\n"},
		{":hush:a", "users.txt:1:1: the name must have 1 to 63 printable ASCII characters "
			    "without space\n"},
		{"the hush:x:a", "users.txt:1:1: the name must have 1 to 63 printable ASCII "
				 "characters without space\n"},
		{"u::a", "users.txt:1:3: the password must have 1 to 255 bytes\n"},
		{"u:hush",
			"users.txt:1:7: the group is required after the password, one of: a, b\n"},
		{"u:hush:",
			"users.txt:1:8: the group is required after the password, one of: a, b\n"},
		{"u:x:hush", "users.txt:1:5: there is no such group (a password cannot have a "
			     "colon); there are: a, b\n"},
		{"u:x:a:hush", "users.txt:1:7: the address must be an IPv4 address that a host can "
			       "have\n"},
		{"u:x:a:", "users.txt:1:7: the address must be an IPv4 address that a host can "
			   "have\n"},
		{"u:x:a:10.88.0.1", "users.txt:1:1: is the server's own address in this realm\n"},
		{"u:x:a:10.88.1.9\nv:x:b:10.88.1.9\n",
			"users.txt:2:1: the address is already that of the user in users.txt:1\n"},
		{"v:x:a\nu:x:b\n#\nv:y:b\n", "users.txt:4:1: user v is already in users.txt:1\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		users_are(lines[i].snippet);
		wants_errors(two_groups, lines[i].lines);
	}
	files_reset();
}

static void
users_may_be_twice_in_two_files(void **state)
{
	(void)state;
	users_are("u:x\n");
	wants_errors("users-file: users.txt\n"
		     "users: [{ name: u, password-file: bob.secret }]\n",
		"users.txt:1:1: user u is already in t.yaml:2\n");
	files_reset();
	/* no names at all are not the same name */
	users_are(":x\n");
	wants_errors("users-file: users.txt\n"
		     "users: [{ password-file: bob.secret }]\n",
		"t.yaml:2:9: users[0].name: is required: name that the user gives\n"
		"users.txt:1:1: the name must have 1 to 63 printable ASCII characters without "
		"space\n");
	files_reset();
}

static void
an_empty_file_lacks_what_is_required(void **state)
{
	static const char *const empty[] = {"", "# nothing\n", "---\n", "{}\n", "~\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		load(&t, empty[i]);
		assert_string_equal(t.text,
			"t.yaml:1:1: ports: is required: network devices that packets come from\n"
			"t.yaml:1:1: listeners: is required: own addresses that peers open tunnels "
			"to\n"
			"t.yaml:1:1: tunnels.secrets: is required: who may open a tunnel, and with "
			"which secret; the first that fits counts\n"
			"t.yaml:1:1: groups: is required: addresses and rules that users share\n");
		unload(&t);
	}
}

/* What is promised to clients comes in whole: both places are named. */
static void
a_large_mru_fits_the_ports(void **state)
{
	static const char *const fine[] = {
		"ports: [{ name: wan, device: \"af_packet:lns0\", mtu: 9216 }]\n"
		"ppp: { mru: 9172 }\n",
		"ports: [{ name: wan, device: \"af_packet:lns0\", mtu: 1545 }]\n"
		"ppp: { mru: 1501 }\n",
		"ports: [{ name: wan, device: \"af_packet:lns0\", mtu: 1400 }]\n"
		"ppp: { mru: 1500 }\n",
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		load(&t, with_rest(text, sizeof(text), fine[i]));
		assert_string_equal(t.text, "");
		unload(&t);
	}
	wants_errors("ppp: { mru: 1501 }\n",
		"t.yaml:1:13: ppp.mru: 1501 and 44 bytes of headers do not fit listeners[0]: port "
		"wan has an mtu of 1500\n");
	wants_errors("ports: [{ name: wan, device: \"af_packet:lns0\", mtu: 9000 }]\n"
		     "ppp: { mru: 8950 }\n"
		     "listeners: [{ address: 192.0.2.1/24 }, { address: \"2001:db8::1/64\" }]\n",
		"t.yaml:2:13: ppp.mru: 8950 and 64 bytes of headers do not fit listeners[1]: port "
		"wan has an mtu of 9000\n");
	wants_errors("ppp: { mru: 9173 }\n",
		"t.yaml:1:13: ppp.mru: 9173 is out of range: 576 to 9172\n");
}

/* RFC 1334 section 2: a client takes the first method that it can do. */
static void
pap_before_what_is_stronger_is_warned_about(void **state)
{
	static const char *const fine[] = {"[pap]", "[chap-md5, pap]", "[mschapv2, chap-md5, pap]"};
	char text[2048], snippet[128];

	(void)state;
	load(&t, with_rest(text, sizeof(text), "ppp: { auth: [mschapv2, pap, chap-md5] }\n"));
	assert_int_equal(t.rc, 0);
	assert_int_equal(t.errors.n, 1);
	assert_int_equal(t.errors.errors, 0);
	assert_string_equal(t.text,
		"t.yaml:1:25: warning: ppp.auth[1]: pap stands before what is stronger: passwords "
		"will be sent in the clear by clients that could do better (RFC 1334 section 2)\n");
	unload(&t);
	load(&t, with_rest(text, sizeof(text), "ppp: { auth: [pap, chap-md5] }\n"));
	assert_int_equal(t.errors.n, 1);
	assert_non_null(strstr(t.text, "warning: ppp.auth[0]: pap stands before"));
	unload(&t);
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		snprintf(snippet, sizeof(snippet), "ppp: { auth: %s }\n", fine[i]);
		wants_errors(snippet, "");
	}
}

/* Proxy authentication brings its own challenge: who says so should be known. */
static void
proxy_without_a_tunnel_secret_is_warned_about(void **state)
{
	static const char text[] =
		"tunnels:\n"
		"  secrets:\n"
		"    - { peer: 198.51.100.7/32, secret: none, proxy: accept }\n"
		"    - { peer: 198.51.100.0/24, secret: none, proxy: renegotiate }\n"
		"    - { secret: none }\n";
	char all[2048];

	(void)state;
	load(&t, with_rest(all, sizeof(all), text));
	assert_int_equal(t.rc, 0);
	assert_int_equal(t.errors.n, 1);
	assert_int_equal(t.errors.errors, 0);
	assert_non_null(strstr(
		t.text, "t.yaml:3:53: warning: tunnels.secrets[0].proxy: without a tunnel secret"));
	unload(&t);
}

static void
errors_are_bounded(void **state)
{
	static char many[64 * 1024];
	size_t used = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		used += (size_t)sprintf(many + used, "k%u: 1\n", i);
	load(&t, many);
	assert_int_equal(t.rc, CV_ERR_CONFIG);
	assert_int_equal(t.errors.n, 1001);
	for (size_t i = 1; i < t.errors.n; i++)
		assert_true(t.errors.items[i - 1].line <= t.errors.items[i].line);
	assert_string_equal(t.errors.items[1000].text, "this and further errors are not shown");
	unload(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_references_are_refused),
		cmocka_unit_test(wrong_filters_are_refused),
		cmocka_unit_test(wrong_users_are_refused),
		cmocka_unit_test(the_users_file_is_merged),
		cmocka_unit_test(lines_of_the_users_file_are_refused),
		cmocka_unit_test(users_may_be_twice_in_two_files),
		cmocka_unit_test(an_empty_file_lacks_what_is_required),
		cmocka_unit_test(a_large_mru_fits_the_ports),
		cmocka_unit_test(pap_before_what_is_stronger_is_warned_about),
		cmocka_unit_test(proxy_without_a_tunnel_secret_is_warned_about),
		cmocka_unit_test(errors_are_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
