/* SPDX-License-Identifier: BSD-3-Clause */
/* culvert-client's configuration: what stands for what is left out, what is refused, its schema. */
#include "harness.h"

#include "config/client.h"

#define RELAY "    secret: none\n    user: alice\n    password-file: alice.secret\n"
#define OFFICE "connections:\n  - name: office\n    gateway: ipsec.example.net\n"

static struct cfg_errors errors;
static char lines[16 * 1024];

/* The errors' lines are in `lines`. */
static struct cfg_client *
try(const char *text, size_t len)
{
	struct cfg_client *cfg = NULL;
	size_t used = 0;
	int rc;

	errors = (struct cfg_errors){0};
	lines[0] = '\0';
	rc = cfg_client_load("c.yaml", text, len, &fake_files, &errors, &cfg);
	assert_int_equal(rc == 0, cfg != NULL);
	assert_int_equal(rc == 0, errors.errors == 0);
	for (size_t i = 0; i < errors.n && used < sizeof(lines) - 1024; i++) {
		cfg_error_text(&errors.items[i], lines + used, 1024);
		used += strlen(lines + used);
		used += (size_t)sprintf(lines + used, "\n");
	}
	cfg_errors_free(&errors);
	assert_null(strstr(lines, "hush"));
	return cfg;
}

static struct cfg_client *
right(const char *text)
{
	struct cfg_client *cfg = try(text, strlen(text));

	assert_string_equal(lines, "");
	return cfg;
}

static void
wrong(const char *text, const char *what)
{
	cfg_client_free(try(text, strlen(text)));
	assert_string_equal(lines, what);
}

static void
what_is_left_out(void **state)
{
	struct cfg_client *cfg = right(OFFICE RELAY);
	const struct cfg_connection *c = cfg_connection_find(cfg, "office");

	(void)state;
	assert_null(cfg_connection_find(cfg, "offic"));
	assert_string_equal(cfg->directory, "/run/culvert-client");
	assert_string_equal(cfg->user, "nobody");
	assert_string_equal(c->gateway.name, "ipsec.example.net");
	assert_int_equal(c->n_lns, 0);
	assert_int_equal(c->n_ports, 1);
	assert_int_equal(c->ports[0], 1701);
	assert_int_equal(c->stun_port, 3478);
	assert_int_equal(c->way, CFG_WAY_NEEDED);
	assert_string_equal(c->tunnel.host_name, "culvert-client");
	assert_int_equal(c->n_auth, 2);
	assert_int_equal(c->auth[0], CFG_AUTH_MSCHAPV2);
	assert_int_equal(c->auth[1], CFG_AUTH_CHAP_MD5);
	assert_int_equal(c->mtu, 0);
	assert_int_equal(c->table, 0);
	assert_null(c->interface);
	assert_false(c->dns || c->kill_switch);
	assert_int_equal(c->ipsec.start, CFG_IPSEC_NONE);
	assert_int_equal(c->password.len, strlen("alice-hush"));
	cfg_client_free(cfg);
}

static void
what_is_said(void **state)
{
	struct cfg_client *cfg = right(
		"run-as: root\nlog-level: debug\nconnections:\n"
		"  - { name: a, gateway: 192.0.2.9, way: direct, ipsec: { start: command,\n"
		"      up: [swanctl, --initiate, --child, a b], down: /bin/true } }\n"
		"  - name: b\n    lns: [192.0.2.1, lns.example.net, '2001:db8::1']\n"
		"    ports: [1701, 443]\n    way: relay\n    peers: [10.0.0.0/8, '2001:db8::/32']\n"
		"    secret-file: tunnel.secret\n    user: bob\n    password-file: bob.secret\n"
		"    kill-switch: true\n    protected: 10.0.0.0/8\n    interface: l2tp0\n"
		"    ipsec: { start: strongswan, child: net, socket: vici.sock }\n");
	const struct cfg_connection *a = &cfg->connections[0], *b = &cfg->connections[1];

	(void)state;
	assert_int_equal(cfg->n_connections, 2);
	assert_int_equal(cfg->level, CV_LOG_DEBUG);
	assert_null(a->gateway.name);
	assert_int_equal(a->gateway.ip.family, CV_IPV4);
	assert_int_equal(a->ipsec.n_up, 4);
	assert_string_equal(a->ipsec.up[3], "a b");
	assert_int_equal(a->ipsec.n_down, 1);
	assert_int_equal(b->n_lns, 3);
	assert_string_equal(b->lns[1].name, "lns.example.net");
	assert_int_equal(b->lns[2].ip.family, CV_IPV6);
	assert_int_equal(b->n_ports, 2);
	assert_int_equal(b->ports[1], 443);
	assert_int_equal(b->n_peers, 2);
	assert_string_equal(b->interface, "l2tp0");
	assert_string_equal(b->ipsec.child, "net");
	cfg_client_free(cfg);
}

static void
what_is_refused(void **state)
{
	(void)state;
	wrong("", "c.yaml:1:1: must be a mapping of keys to values\n");
	wrong("a: b\n",
		"c.yaml:1:1: a: unknown key; the keys here are log-level, directory, run-as, "
		"connections\n"
		"c.yaml:1:1: connections: is required: ways to gateways and other clients\n");
	wrong(OFFICE, "c.yaml:2:5: connections[0].secret-file: is required, or secret: none\n"
		      "c.yaml:2:5: connections[0].user: is required: who we are to the LNS\n"
		      "c.yaml:2:5: connections[0].password-file: is required: file with the user's "
		      "password\n");
	wrong(OFFICE RELAY "    secret-file: tunnel.secret\n",
		"c.yaml:4:13: connections[0].secret: either secret-file or secret: none, not "
		"both\n");
	wrong(OFFICE "    secret: none\n    user: alice\n    password: alice-hush\n",
		"c.yaml:6:15: connections[0].password: secrets come from files: write "
		"password-file: FILE\n");
	wrong("connections:\n  - name: a\n    way: relay\n    lns: 192.0.2.1\n" RELAY,
		"c.yaml:2:5: connections[0].gateway: is required, or peers\n");
	wrong("connections:\n  - name: a\n    gateway: 192.0.2.9\n" RELAY,
		"c.yaml:2:5: connections[0].lns: is required where the gateway has no name to "
		"find it by\n");
	wrong("connections:\n  - name: a\n    peers: 10.0.0.0/8\n    lns: 192.0.2.1\n" RELAY,
		"c.yaml:2:5: connections[0].way: must be relay where there is no gateway: other "
		"clients are behind NATs\n");
	wrong(OFFICE "    way: relay-first\n" RELAY,
		"c.yaml:4:10: connections[0].way: must not be relay-first but with ipsec: { "
		"start: strongswan }: nobody else moves an SA from one way to the other\n");
	wrong(OFFICE RELAY "    kill-switch: true\n",
		"c.yaml:2:5: connections[0].protected: is required with kill-switch: which "
		"networks nothing but IPsec may reach\n");
	wrong(OFFICE RELAY "    ipsec: { start: strongswan, up: a }\n",
		"c.yaml:7:12: connections[0].ipsec.child: is required: which CHILD_SA strongSwan "
		"is to initiate\n"
		"c.yaml:7:37: connections[0].ipsec.up: is said in vain: only start: command reads "
		"it\n");
	wrong(OFFICE RELAY "    lns: 10.0.0.999\n",
		"c.yaml:7:10: connections[0].lns: 10.0.0.999 is neither an address nor a DNS "
		"name\n");
	wrong("connections:\n  - { name: a, gateway: 192.0.2.9, way: direct, interface: x }\n"
	      "  - { name: a, gateway: 192.0.2.9, way: direct, interface: x }\n",
		"c.yaml:3:13: connections[1].name: another connection has this name\n"
		"c.yaml:3:60: connections[1].interface: another connection has this interface\n");
}

/* Each beginning of a file, and each file with a byte gone, is taken or refused in order. */
static void
damaged(void **state)
{
	char text[4096];
	size_t len;
	char *example = read_source(CONFIG "/client.yaml", &len);

	(void)state;
	assert_true(len < sizeof(text));
	for (size_t i = 0; i <= len; i++)
		cfg_client_free(try(example, i));
	for (size_t i = 0; i < len; i++) {
		memcpy(text, example, i);
		memcpy(text + i, example + i + 1, len - i - 1);
		cfg_client_free(try(text, len - 1));
	}
	free(example);
}

static void
the_tree_has_examples(void **state)
{
	static char schema[CFG_CLIENT_SCHEMA_BYTES];
	size_t len;
	char *copy = read_source(CONFIG "/client.schema.json", &len);

	(void)state;
	assert_int_equal(cfg_client_schema(schema, sizeof(schema)), len);
	if (strcmp(copy, schema) != 0)
		fail_msg("culvert-client schema >config/client.schema.json");
	free(copy);
	copy = read_source(CONFIG "/client.yaml", &len);
	cfg_client_free(right(copy));
	free(copy);
	assert_int_equal(cfg_client_schema(schema, 100), CV_ERR_SPACE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_out),
		cmocka_unit_test(what_is_said),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(damaged),
		cmocka_unit_test(the_tree_has_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
