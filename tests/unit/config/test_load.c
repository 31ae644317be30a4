/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that are right: every default, every key of the example, other forms of values. */
#include "harness.h"

#include "base/time.h"

static struct loaded t;
static char text[4096];

static const struct cfg *
loads(const char *snippet)
{
	load(&t, with_rest(text, sizeof(text), snippet));
	assert_string_equal(t.text, "");
	return t.cfg;
}

static void
is_ip(const struct cv_ip *ip, const char *wanted)
{
	char out[CV_IP_TEXT];

	assert_string_equal(cv_ip_text(ip, out), wanted);
}

static void
is_prefix(const struct cv_prefix *prefix, const char *wanted)
{
	char out[CV_PREFIX_TEXT];

	assert_string_equal(cv_prefix_text(prefix, out), wanted);
}

static void
is_secret(const struct cfg_secret *secret, const char *wanted)
{
	assert_int_equal(secret->len, strlen(wanted));
	assert_memory_equal(secret->data, wanted, secret->len);
}

static void
common_defaults(const struct cfg *c)
{
	assert_string_equal(c->identity.host_name, "culvert");
	assert_int_equal(c->log.level, CV_LOG_INFO);
	assert_string_equal(c->control.socket, "/run/culvert/control.sock");
	assert_int_equal(c->control.mode, 0660);
	assert_string_equal(c->control.group, "");
	assert_int_equal(c->workers.count, 1);
	assert_int_equal(c->workers.idle, CFG_IDLE_AUTO);
	assert_int_equal(c->workers.hugepages, CFG_HUGEPAGES_AUTO);
	assert_int_equal(c->n_ports, 1);
	assert_string_equal(c->ports[0].name, "wan");
	assert_string_equal(c->ports[0].device, "lns0");
	assert_int_equal(c->ports[0].kind, CFG_PORT_AF_PACKET);
	assert_int_equal(c->ports[0].mtu, 1500);
	assert_int_equal(c->n_listeners, 1);
	assert_int_equal(c->listeners[0].lan, 0);
	is_ip(&c->listeners[0].ip, "192.0.2.1");
	assert_int_equal(c->listeners[0].prefix_length, 24);
	assert_int_equal(c->listeners[0].udp_port, 1701);
}

static void
protocol_defaults(const struct cfg *c)
{
	assert_int_equal(c->tunnels.hello_ns, 60 * CV_NS_PER_S);
	assert_int_equal(c->tunnels.retransmit_first_ns, CV_NS_PER_S);
	assert_int_equal(c->tunnels.retransmit_max_ns, 8 * CV_NS_PER_S);
	assert_int_equal(c->tunnels.retransmit_times, 5);
	assert_int_equal(c->tunnels.receive_window, 128);
	assert_false(c->tunnels.hide_avps);
	assert_int_equal(c->ppp.n_auth, 2);
	assert_int_equal(c->ppp.auth[0], CFG_AUTH_MSCHAPV2);
	assert_int_equal(c->ppp.auth[1], CFG_AUTH_CHAP_MD5);
	assert_int_equal(c->ppp.mru, 1400);
	assert_int_equal(c->ppp.echo_ns, 20 * CV_NS_PER_S);
	assert_int_equal(c->ppp.echo_misses, 4);
	assert_int_equal(c->ppp.restart_ns, 3 * CV_NS_PER_S);
	assert_int_equal(c->ppp.max_configure, 10);
	assert_int_equal(c->ppp.max_terminate, 2);
	assert_int_equal(c->ppp.max_failure, 5);
	assert_int_equal(c->ppp.lcp_timeout_ns, 30 * CV_NS_PER_S);
	assert_int_equal(c->ppp.auth_timeout_ns, 30 * CV_NS_PER_S);
	assert_int_equal(c->ppp.ipcp_timeout_ns, 30 * CV_NS_PER_S);
	assert_int_equal(c->ppp.rechallenge_ns, 0);
	assert_int_equal(c->limits.tunnels, 10000);
	assert_int_equal(c->limits.tunnels_per_peer, 1000);
	assert_int_equal(c->limits.half_open, 32768);
	assert_int_equal(c->limits.setups_per_second, 2000);
	assert_int_equal(c->limits.sessions, 100000);
	assert_int_equal(c->limits.sessions_per_tunnel, 1000);
}

static void
the_smallest_file_gives_the_defaults(void **state)
{
	const struct cfg *c = loads("");
	const struct cfg_group *g = &c->groups[0];
	const struct cfg_tunnel_secret *s = &c->tunnels.secrets[0];

	(void)state;
	common_defaults(c);
	protocol_defaults(c);
	assert_int_equal(c->workers.memory_mib, 0);
	assert_int_equal(c->listeners[0].gateway.family, 0);
	assert_memory_equal(c->listeners[0].gateway_mac, "\0\0\0\0\0", 6);
	assert_int_equal(c->tunnels.n_secrets, 1);
	assert_null(s->host_name);
	assert_int_equal(s->peer.ip.family, 0);
	assert_int_equal(s->listener, UINT32_MAX);
	assert_false(s->none);
	is_secret(&s->secret, "tunnel-hush");
	assert_int_equal(c->n_realms, 1);
	assert_string_equal(c->realms[0].name, "default");
	assert_int_equal(c->n_groups, 1);
	assert_string_equal(g->name, "clients");
	assert_int_equal(g->realm, 0);
	is_ip(&g->address, "10.88.0.1");
	assert_int_equal(g->n_pool, 1);
	is_prefix(&g->pool[0], "10.88.1.0/24");
	assert_int_equal(g->n_auth, 2);
	assert_int_equal(g->auth[0], CFG_AUTH_MSCHAPV2);
	assert_int_equal(g->auth[1], CFG_AUTH_CHAP_MD5);
	assert_int_equal(g->dns[0].family, 0);
	assert_int_equal(g->wins[0].family, 0);
	assert_int_equal(g->mtu, 0);
	assert_int_equal(g->user_sessions, CFG_USER_SESSIONS_REPLACE);
	assert_int_equal(g->filter, 0);
	assert_string_equal(c->filters[0].name, "ipsec");
	assert_int_equal(c->filters[0].policy, CFG_POLICY_IPSEC);
	assert_int_equal(c->filters[0].n_gateways, 0);
	assert_false(g->clients_reachable);
	assert_true(g->refusals_answered);
	assert_true(g->mss_clamped);
	assert_int_equal(g->rebind, CFG_REBIND_CHALLENGE);
	assert_int_equal(c->n_users, 0);
	unload(&t);
}

static void
the_example_loads(void **state)
{
	size_t len;
	char *example = read_source(EXAMPLE, &len);
	const struct cfg_group *g;
	const struct cfg *c;

	(void)state;
	load_bytes(&t, example, len);
	assert_string_equal(t.text, "");
	c = t.cfg;
	common_defaults(c);
	protocol_defaults(c);
	assert_int_equal(c->workers.memory_mib, 256);
	is_ip(&c->listeners[0].gateway, "192.0.2.254");
	assert_memory_equal(c->listeners[0].gateway_mac, "\x02\x00\x5e\x10\x00\x01", 6);
	assert_int_equal(c->tunnels.n_secrets, 2);
	is_prefix(&c->tunnels.secrets[0].peer, "198.51.100.0/24");
	assert_string_equal(c->tunnels.secrets[0].host_name, "lac1");
	assert_int_equal(c->tunnels.secrets[0].listener, 0);
	is_secret(&c->tunnels.secrets[0].secret, "tunnel-hush");
	assert_true(c->tunnels.secrets[1].none);
	g = &c->groups[0];
	assert_int_equal(g->n_pool, 2);
	is_prefix(&g->pool[1], "10.88.2.0/24");
	assert_int_equal(g->n_auth, 1);
	assert_int_equal(g->auth[0], CFG_AUTH_CHAP_MD5);
	is_ip(&g->dns[0], "10.88.0.1");
	assert_int_equal(g->dns[1].family, 0);
	is_prefix(&g->pool6[0], "2001:db8:1::/48");
	is_ip(&g->address6, "2001:db8:1::1");
	is_prefix(&g->delegate[0], "2001:db8:100::/40");
	assert_int_equal(g->delegate_length, 56);
	is_ip(&g->dns6[0], "2001:db8::53");
	assert_int_equal(g->mtu, 1400);
	assert_int_equal(c->filters[g->filter].n_gateways, 1);
	assert_int_equal(c->n_users, 2);
	assert_string_equal(c->users[0].name, "alice");
	is_secret(&c->users[0].password, "alice-hush");
	is_ip(&c->users[0].address, "10.88.1.7");
	is_prefix(&c->users[0].prefix6, "2001:db8:1:7::/64");
	is_prefix(&c->users[0].delegated, "2001:db8:100:700::/56");
	assert_int_equal(c->users[0].n_routes, 1);
	is_prefix(&c->users[0].routes[0], "192.168.7.0/24");
	assert_string_equal(c->users[1].name, "carol");
	is_secret(&c->users[1].password, "carol-hush");
	assert_int_equal(c->users[1].address.family, 0);
	unload(&t);
	free(example);
}

static void
devices(void **state)
{
	static const struct {
		const char *text, *device;
		enum cfg_port_kind kind;
	} forms[] = {
		{"memif:/run/m.sock", "/run/m.sock", CFG_PORT_MEMIF},
		{"pci:0000:3b:00.0", "0000:3b:00.0", CFG_PORT_PCI},
		{"0000:3b:00.1", "0000:3b:00.1", CFG_PORT_PCI},
		{"3b:00.1", "3b:00.1", CFG_PORT_PCI},
		{"tap:lns", "lns", CFG_PORT_TAP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char snippet[128];
		const struct cfg *c;

		snprintf(snippet, sizeof(snippet), "ports: [{ name: p, device: \"%s\" }]\n",
			forms[i].text);
		c = loads(snippet);
		assert_string_equal(c->ports[0].device, forms[i].device);
		assert_int_equal(c->ports[0].kind, forms[i].kind);
		unload(&t);
	}
}

static void
policies(void **state)
{
	static const struct {
		uint8_t protocol;
		uint16_t port_low, port_high;
	} wanted[] = {{50, 0, 0}, {51, 0, 0}, {17, 500, 500}, {6, 1000, 2000}, {47, 0, 0},
		{47, 0, 0}, {17, 0, 0}, {132, 1, 65535}, {255, 0, 0}};
	const struct cfg_filter *f;
	const struct cfg_group *g;
	const struct cfg *c;

	(void)state;
	c = loads("groups:\n"
		  "  - name: a\n"
		  "    address: 10.88.0.1\n"
		  "    policy: [esp, ah, udp/500, tcp/1000-2000, gre, 47, 17, 132/1-65535, 255]\n"
		  "    user-sessions: 3\n"
		  "    clients: reachable\n"
		  "    refusals: silent\n"
		  "    mss-clamp: off\n"
		  "    rebind: echo\n");
	g = c->groups;
	f = &c->filters[g->filter];
	assert_string_equal(f->name, "a");
	assert_int_equal(f->origin, CFG_FILTER_OF_GROUP);
	assert_int_equal(f->policy, CFG_POLICY_RULES);
	assert_int_equal(f->n_rules, sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < f->n_rules; i++) {
		assert_int_equal(f->rules[i].protocol, wanted[i].protocol);
		assert_int_equal(f->rules[i].port_low, wanted[i].port_low);
		assert_int_equal(f->rules[i].port_high, wanted[i].port_high);
	}
	assert_int_equal(g->user_sessions, CFG_USER_SESSIONS_LIMIT);
	assert_int_equal(g->user_sessions_max, 3);
	assert_true(g->clients_reachable);
	assert_false(g->refusals_answered);
	assert_false(g->mss_clamped);
	assert_int_equal(g->rebind, CFG_REBIND_ECHO);
	unload(&t);
	c = loads("groups: [{ name: a, address: 10.88.0.1, policy: any }]\n");
	assert_int_equal(c->filters[c->groups[0].filter].policy, CFG_POLICY_ANY);
	unload(&t);
}

/* Filters: two that are always there, listed ones, and those that groups say inline. */
static void
filters(void **state)
{
	static const struct {
		const char *name;
		enum cfg_filter_origin origin;
		enum cfg_policy_kind policy;
		size_t rules, gateways;
	} wanted[] = {
		{"ipsec", CFG_FILTER_BUILT_IN, CFG_POLICY_IPSEC, 0, 0},
		{"any", CFG_FILTER_BUILT_IN, CFG_POLICY_ANY, 0, 0},
		{"narrow", CFG_FILTER_LISTED, CFG_POLICY_RULES, 2, 1},
		{"plain", CFG_FILTER_LISTED, CFG_POLICY_IPSEC, 0, 0},
		{"d", CFG_FILTER_OF_GROUP, CFG_POLICY_IPSEC, 0, 2},
		{"f", CFG_FILTER_OF_GROUP, CFG_POLICY_ANY, 0, 0},
	};
	static const uint16_t of_groups[] = {2, 1, 0, 4, 3, 5, 0};
	const struct cfg *c;

	(void)state;
	c = loads("groups:\n"
		  "  - { name: a, address: 10.0.0.1, filter: narrow }\n"
		  "  - { name: b, address: 10.0.0.1, filter: any }\n"
		  "  - { name: c, address: 10.0.0.1 }\n"
		  "  - { name: d, address: 10.0.0.1, gateways: [192.0.2.7, 192.0.2.8] }\n"
		  "  - { name: e, address: 10.0.0.1, filter: plain }\n"
		  "  - { name: f, address: 10.0.0.1, policy: any }\n"
		  "  - { name: g, address: 10.0.0.1, filter: ipsec }\n"
		  "filters:\n"
		  "  - { name: narrow, policy: [esp, udp/500], gateways: 192.0.2.0/24 }\n"
		  "  - { name: plain }\n");
	assert_int_equal(c->n_filters, sizeof(wanted) / sizeof(wanted[0]));
	for (uint16_t i = 0; i < c->n_filters; i++) {
		const struct cfg_filter *f = &c->filters[i];

		assert_string_equal(f->name, wanted[i].name);
		assert_int_equal(f->id, i);
		assert_int_equal(f->origin, wanted[i].origin);
		assert_int_equal(f->policy, wanted[i].policy);
		assert_int_equal(f->n_rules, wanted[i].rules);
		assert_int_equal(f->n_gateways, wanted[i].gateways);
		assert_ptr_equal(cfg_filter_find(c, f->name), f);
		assert_ptr_equal(cfg_filter_by_id(c, i), f);
	}
	for (size_t i = 0; i < c->n_groups; i++)
		assert_int_equal(c->groups[i].filter, of_groups[i]);
	assert_int_equal(c->filters[2].rules[1].port_low, 500);
	unload(&t);
	assert_int_equal(loads("groups: [{ name: a, address: 10.0.0.1 }]\n")->n_filters, 2);
	unload(&t);
}

static void
durations(void **state)
{
	const struct cfg *c = loads("ppp: { echo: 0s, restart: 500ms, lcp-timeout: 2m, "
				    "rechallenge: 1h, auth-timeout: 10m }\n");

	(void)state;
	assert_int_equal(c->ppp.echo_ns, 0);
	assert_int_equal(c->ppp.restart_ns, 500 * CV_NS_PER_MS);
	assert_int_equal(c->ppp.lcp_timeout_ns, 120 * CV_NS_PER_S);
	assert_int_equal(c->ppp.rechallenge_ns, 3600 * CV_NS_PER_S);
	unload(&t);
}

/* Groups of one realm share its index; pools of different realms may overlap. */
static void
realms(void **state)
{
	const struct cfg *c =
		loads("groups:\n"
		      "  - { name: a, address: 10.88.0.1, pool: 10.88.1.0/24, realm: red }\n"
		      "  - { name: b, address: 10.88.0.1, pool: 10.88.1.0/24, realm: blue }\n"
		      "  - { name: c, address: 10.88.0.1, pool: 10.88.0.0/24, realm: red }\n"
		      "users:\n"
		      "  - { name: z, password-file: bob.secret, group: a, address: 10.88.1.9 }\n"
		      "  - { name: y, password-file: bob.secret, group: b, address: 10.88.1.9 }\n");

	(void)state;
	assert_int_equal(c->n_realms, 2);
	assert_string_equal(c->realms[0].name, "red");
	assert_string_equal(c->realms[1].name, "blue");
	assert_int_equal(c->groups[0].realm, 0);
	assert_int_equal(c->groups[1].realm, 1);
	assert_int_equal(c->groups[2].realm, 0);
	assert_string_equal(c->users[0].name, "y");
	assert_int_equal(c->users[0].group, 1);
	unload(&t);
}

static void
references_work_before_what_they_name(void **state)
{
	const struct cfg *c = loads("users: [{ name: u, password-file: bob.secret, group: b }]\n"
				    "listeners:\n"
				    "  - { port: lan, address: 192.0.2.1/24 }\n"
				    "  - { port: wan, address: 192.0.2.1/24, udp-port: 1702 }\n"
				    "tunnels:\n"
				    "  secrets: [{ secret: none, listener: 192.0.2.1:1702 }]\n"
				    "ports:\n"
				    "  - { name: wan, device: tap:a }\n"
				    "  - { name: lan, device: tap:b }\n"
				    "limits: { tunnels: 131070 }\n"
				    "groups:\n"
				    "  - { name: a, address: 10.88.0.1 }\n"
				    "  - { name: b, address: 10.88.0.1, pool: 10.88.0.0/24 }\n");

	(void)state;
	assert_int_equal(c->listeners[0].lan, 1);
	assert_int_equal(c->listeners[1].lan, 0);
	assert_int_equal(c->tunnels.secrets[0].listener, 1);
	assert_int_equal(c->users[0].group, 1);
	unload(&t);
}

static void
paths_are_relative_to_the_file(void **state)
{
	with_rest(text, sizeof(text), "control: { socket: c.sock }\n");
	load_as(&t, "folder/t.yaml", text, strlen(text));
	(void)state;
	assert_string_equal(t.text, "");
	assert_string_equal(t.cfg->control.socket, "folder/c.sock");
	is_secret(&t.cfg->tunnels.secrets[0].secret, "folder-hush");
	unload(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_file_gives_the_defaults),
		cmocka_unit_test(the_example_loads),
		cmocka_unit_test(devices),
		cmocka_unit_test(policies),
		cmocka_unit_test(filters),
		cmocka_unit_test(durations),
		cmocka_unit_test(realms),
		cmocka_unit_test(references_work_before_what_they_name),
		cmocka_unit_test(paths_are_relative_to_the_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
