/* SPDX-License-Identifier: BSD-3-Clause */
/* The difference of two snapshots: each row of the tables, alone and with others. */
#include "difference.h"

/* A row: a file with the value `old`, and one with `new`. */
struct row {
	const char *path, *pattern, *old, *new;
	const char *told_old, *told_new; /* NULL: as said; "": nothing is told */
};

#define PORTS \
	"ports: [{ name: wan, device: \"tap:a\", mtu: 1500 }, { name: lan, device: \"tap:b\" }]\n"
#define SECRET(keys) "tunnels: { secrets: [{ " keys " }] }\n"
#define USER(keys) "users: [{ name: alice, password-file: alice.secret, " keys " }]\n"
#define DIALLED(keys) "dial: [{ " keys ", user: me, password-file: alice.secret }]\n"
#define HANDED(keys)                                                                      \
	"dial: [{ name: one, to: 192.0.2.9, secret: none }, { name: two, to: 192.0.2.8, " \
	"secret: none }]\nhand-on: [{ " keys                                              \
	" }, { to: one, called: 1 }, { to: two, called: 2 }]\n"
#define TUNNELS(keys) "tunnels: { secrets: [{ secret: none }], " keys " }\n"
#define TWO_GROUPS                                                          \
	"groups: [{ name: one, address: 10.88.0.1, pool: 10.88.1.0/24 },\n" \
	"  { name: two, address: 10.88.0.1, pool: 10.88.2.0/24 }]\n"
#define TWO_REALMS                                                                      \
	"groups: [{ name: one, realm: red, address: 10.88.0.1, pool: 10.88.1.0/24 },\n" \
	"  { name: two, realm: blue, address: 10.88.0.1, pool: 10.88.2.0/24 }]\n"

static const struct row rows[] = {
	{"identity.host-name", "identity: { host-name: %s }\n", "a", "b", NULL, NULL},
	{"log.level", "log: { level: %s }\n", "info", "debug", NULL, NULL},
	{"control.socket", "control: { socket: %s }\n", "/a", "/b", NULL, NULL},
	{"control.mode", "control: { mode: \"%s\" }\n", "0660", "0600", NULL, NULL},
	{"control.group", "control: { group: %s }\n", "\"\"", "adm", "", NULL},
	{"workers.count", "workers: { count: %s }\n", "1", "0", NULL, NULL},
	{"workers.hand-over", "workers: { hand-over: %s }\n", "false", "true", NULL, NULL},
	{"workers.idle", "workers: { idle: %s }\n", "auto", "poll", NULL, NULL},
	{"workers.hugepages", "workers: { hugepages: %s }\n", "auto", "never", NULL, NULL},
	{"workers.memory", "workers: { memory: %s }\n", "0", "256", NULL, NULL},
	{"ports.name",
		"ports: [{ name: wan, device: \"tap:a\" }, { name: %s, device: \"tap:b\" "
		"}]\n" LISTENER("port: wan, address: 192.0.2.1/24"),
		"lan", "dmz", "", ""},
	{"ports.device", "ports: [{ name: wan, device: \"%s\" }]\n", "tap:a", "pci:0000:3b:00.0",
		NULL, NULL},
	{"ports.mtu", "ports: [{ name: wan, device: \"tap:a\", mtu: %s }]\n", "1500", "1400", NULL,
		NULL},
	{"ports.rx-descriptors", "ports: [{ name: wan, device: \"tap:a\", rx-descriptors: %s }]\n",
		"0", "512", NULL, NULL},
	{"ports.tx-descriptors", "ports: [{ name: wan, device: \"tap:a\", tx-descriptors: %s }]\n",
		"0", "512", NULL, NULL},
	{"vlans.name", "vlans: [{ name: %s, vlan: 100 }]\n", "a", "b", NULL, NULL},
	{"vlans.port",
		PORTS LISTENER("port: wan, address: 192.0.2.1/24") "vlans: [{ name: a, port: %s, "
								   "vlan: 100 }]\n",
		"wan", "lan", "", ""},
	{"vlans.vlan", "vlans: [{ name: a, vlan: %s }]\n", "100", "101", "", ""},
	{"vlans.outer", "vlans: [{ name: a, vlan: 100, outer: %s }]\n", "7", "8", "", ""},
	{"vlans.tpid", "vlans: [{ name: a, vlan: 100, outer: 7, tpid: %s }]\n", "802.1ad", "802.1q",
		NULL, NULL},
	{"vlans.mtu", "vlans: [{ name: a, vlan: 100, mtu: %s }]\n", "1400", "1300", NULL, NULL},
	{"listeners.port", PORTS LISTENER("port: %s, address: 192.0.2.1/24"), "wan", "lan", NULL,
		NULL},
	{"listeners.address", LISTENER("address: %s"), "192.0.2.1/24", "192.0.2.1/25", NULL, NULL},
	{"listeners.gateway", LISTENER("address: 192.0.2.1/24, gateway: %s"), "192.0.2.2",
		"192.0.2.3", NULL, NULL},
	{"listeners.gateway-mac",
		LISTENER("address: 192.0.2.1/24, gateway: 192.0.2.2, gateway-mac: \"%s\""),
		"02:00:5e:10:00:01", "02:00:5e:10:00:0f", NULL, NULL},
	{"listeners.udp-port", LISTENER("address: 192.0.2.1/24, udp-port: %s"), "1701", "1702", "",
		""},
	{"tunnels.hello", TUNNELS("hello: %s"), "1m", "0s", NULL, "0h"},
	{"tunnels.retransmit.first", TUNNELS("retransmit: { first: %s }"), "1s", "500ms", NULL,
		NULL},
	{"tunnels.retransmit.max", TUNNELS("retransmit: { max: %s }"), "8s", "9s", NULL, NULL},
	{"tunnels.retransmit.times", TUNNELS("retransmit: { times: %s }"), "5", "6", NULL, NULL},
	{"tunnels.receive-window", TUNNELS("receive-window: %s"), "128", "64", NULL, NULL},
	{"tunnels.hide-avps", TUNNELS("hide-avps: %s"), "false", "true", NULL, NULL},
	{"tunnels.secrets.peer", SECRET("peer: %s, secret: none"), "192.0.2.0/24", "192.0.2.0/25",
		NULL, NULL},
	{"tunnels.secrets.host", SECRET("host: %s, secret: none"), "a", "b", NULL, NULL},
	{"tunnels.secrets.listener",
		"listeners: [{ address: 192.0.2.1/24 }, { address: 192.0.2.2/24 }]\n" SECRET(
			"listener: \"%s\", secret: none"),
		"192.0.2.1:1701", "192.0.2.2:1701", NULL, NULL},
	{"tunnels.secrets.secret-file", SECRET("secret-file: %s"), "alice.secret", "bob.secret", "",
		""},
	{"tunnels.secrets.secret", SECRET("%s"), "secret: none", "secret-file: bob.secret", "none",
		""},
	{"tunnels.secrets.proxy", SECRET("secret-file: bob.secret, proxy: %s"), "renegotiate",
		"accept", NULL, NULL},
	{"tunnels.secrets.outgoing", SECRET("secret-file: bob.secret, outgoing: %s"), "refuse",
		"accept", NULL, NULL},
	{"ppp.auth", "ppp: { auth: %s }\n", "[mschapv2, chap-md5]", "[chap-md5]",
		"mschapv2, chap-md5", "chap-md5"},
	{"ppp.mru", "ppp: { mru: %s }\n", "1400", "1300", NULL, NULL},
	{"ppp.echo", "ppp: { echo: %s }\n", "20s", "30s", NULL, NULL},
	{"ppp.echo-misses", "ppp: { echo-misses: %s }\n", "4", "5", NULL, NULL},
	{"ppp.restart", "ppp: { restart: %s }\n", "3s", "4s", NULL, NULL},
	{"ppp.max-configure", "ppp: { max-configure: %s }\n", "10", "11", NULL, NULL},
	{"ppp.max-terminate", "ppp: { max-terminate: %s }\n", "2", "3", NULL, NULL},
	{"ppp.max-failure", "ppp: { max-failure: %s }\n", "5", "6", NULL, NULL},
	{"ppp.lcp-timeout", "ppp: { lcp-timeout: %s }\n", "30s", "2m", NULL, NULL},
	{"ppp.auth-timeout", "ppp: { auth-timeout: %s }\n", "30s", "31s", NULL, NULL},
	{"ppp.ipcp-timeout", "ppp: { ipcp-timeout: %s }\n", "30s", "31s", NULL, NULL},
	{"ppp.rechallenge", "ppp: { rechallenge: %s }\n", "1h", "90m", NULL, NULL},
	{"groups.name", "groups: [{ name: %s, address: 10.88.0.1 }]\n", "a", "b", "", ""},
	{"groups.realm", GROUP("realm: %s"), "red", "blue", NULL, NULL},
	{"groups.address", "groups: [{ name: a, address: %s }]\n", "10.88.0.1", "10.88.0.2", NULL,
		NULL},
	{"groups.pool", "groups: [{ name: a, address: 10.88.0.1, pool: %s }]\n", "10.88.1.0/24",
		"[10.88.1.0/24, 10.88.2.0/24]", NULL, "10.88.1.0/24, 10.88.2.0/24"},
	{"groups.auth", GROUP("auth: [%s]"), "chap-md5", "mschapv2, chap-md5", NULL, NULL},
	{"groups.dns", GROUP("dns: [%s]"), "10.0.0.1", "10.0.0.1, 10.0.0.2", NULL, NULL},
	{"groups.wins", GROUP("wins: [%s]"), "", "10.0.0.1", "", NULL},
	{"groups.pool6", GROUP("pool6: %s"), "2001:db8::/48", "[2001:db8::/49, 2001:db8:1::/48]",
		NULL, "2001:db8::/49, 2001:db8:1::/48"},
	{"groups.address6", GROUP("address6: %s"), "2001:db8::1", "fd00::1", NULL, NULL},
	{"groups.delegate", GROUP("pool6: 2001:db8::/48, delegate: %s"), "2001:db8:100::/40",
		"2001:db8:200::/40", NULL, NULL},
	{"groups.delegate-length",
		GROUP("pool6: 2001:db8::/48, delegate: 2001:db8:100::/40, delegate-length: %s"),
		"56", "60", NULL, NULL},
	{"groups.dns6", GROUP("dns6: [%s]"), "2001:db8::53", "2001:db8::53, fd00::53", NULL, NULL},
	{"groups.mtu", GROUP("mtu: %s"), "1300", "1400", NULL, NULL},
	{"groups.user-sessions", GROUP("user-sessions: %s"), "replace", "7", NULL, NULL},
	{"groups.policy", GROUP("policy: %s"), "any", "[esp, udp/500, tcp/1000-2000, 99]", NULL,
		"esp, udp/500, tcp/1000-2000, 99"},
	{"groups.gateways", GROUP("gateways: %s"), "203.0.113.0/24", "203.0.113.7", NULL,
		"203.0.113.7/32"},
	{"groups.clients", GROUP("clients: %s"), "reachable", "isolated", NULL, NULL},
	{"groups.refusals", GROUP("refusals: %s"), "answered", "silent", NULL, NULL},
	{"groups.mss-clamp", GROUP("mss-clamp: %s"), "on", "off", NULL, NULL},
	{"groups.rebind", GROUP("rebind: %s"), "challenge", "echo", NULL, NULL},
	{"groups.dscp", GROUP("dscp: %s"), "copy", "46", NULL, "ef"},
	{"groups.rate-in", GROUP("rate-in: %s"), "none", "10Mbit/20Mbit 1MB/2MB", NULL, NULL},
	{"groups.rate-out", GROUP("rate-out: %s"), "10Mbit/20Mbit", "20000kbit", NULL, "20Mbit"},
	{"groups.shared-rate-in", GROUP("shared-rate-in: %s"), "1Gbit", "1Gbit 99kB", NULL, NULL},
	{"groups.shared-rate-out", GROUP("shared-rate-out: %s"), "2Gbit", "3Gbit", NULL, NULL},
	{"groups.filter", "filters: [{ name: red }, { name: blue }]\n" GROUP("filter: %s"), "red",
		"blue", NULL, NULL},
	{"filters.name", "filters: [{ name: %s }]\n", "red", "blue", "", ""},
	{"filters.policy", "filters: [{ name: red, policy: %s }]\n", "any", "[esp]", NULL, "esp"},
	{"filters.gateways", "filters: [{ name: red, gateways: %s }]\n", "203.0.113.0/24",
		"203.0.113.0/25", NULL, NULL},
	{"interfaces.name", "interfaces: [{ name: %s, addresses: 198.18.5.1/24 }]\n", "a", "b", "",
		""},
	{"interfaces.port",
		PORTS LISTENER("port: wan, address: 192.0.2.1/24") "interfaces: [{ name: a, port: "
								   "%s, addresses: "
								   "198.18.5.1/24 }]\n",
		"wan", "lan", NULL, NULL},
	{"interfaces.realm",
		TWO_REALMS "interfaces: [{ name: a, realm: %s, addresses: "
			   "198.18.5.1/24 }]\n",
		"red", "blue", NULL, NULL},
	{"interfaces.addresses", "interfaces: [{ name: a, addresses: %s }]\n", "198.18.5.1/24",
		"[198.18.5.1/24, \"2001:db8:5::1/64\"]", NULL, "198.18.5.1/24, 2001:db8:5::1/64"},
	{"interfaces.filter", "interfaces: [{ name: a, addresses: 198.18.5.1/24, filter: %s }]\n",
		"any", "ipsec", NULL, NULL},
	{"interfaces.proxy", "interfaces: [{ name: a, addresses: 198.18.5.1/24, proxy: %s }]\n",
		"sessions", "pools", NULL, NULL},
	{"interfaces.kernel", "interfaces: [{ name: a, addresses: 198.18.5.1/24, kernel: %s }]\n",
		"up1", "up2", NULL, NULL},
	{"kernel-tables.realm", TWO_REALMS "kernel-tables: [{ realm: %s }]\n", "red", "blue", "",
		""},
	{"kernel-tables.table", "kernel-tables: [{ table: %s }]\n", "254", "100", NULL, NULL},
	{"kernel-tables.announce", "kernel-tables: [{ announce: %s }]\n", "off", "pools", NULL,
		NULL},
	{"kernel-tables.announce-table", "kernel-tables: [{ announce-table: %s }]\n", "1701",
		"1702", NULL, NULL},
	{"kernel-tables.announce-metric", "kernel-tables: [{ announce-metric: %s }]\n", "1701",
		"20", NULL, NULL},
	{"routes.realm", TWO_REALMS "routes: [{ realm: %s, to: 203.0.113.0/24, via: discard }]\n",
		"red", "blue", "", ""},
	{"routes.to", "routes: [{ to: %s, via: discard }]\n", "203.0.113.0/24", "0.0.0.0/0", "",
		""},
	{"routes.via",
		"interfaces: [{ name: a, addresses: 198.18.5.1/24 }]\n"
		"routes: [{ to: 203.0.113.0/24, interface: a, via: %s }]\n",
		"198.18.5.254", "discard", NULL, NULL},
	{"routes.interface",
		PORTS LISTENER(
			"port: wan, address: 192.0.2.1/24") "interfaces: [{ name: a, port: wan, "
							    "addresses: \"2001:db8:5::1/64\" }, "
							    "{ name: b, port: lan, addresses: "
							    "\"2001:db8:6::1/64\" }]\n"
							    "routes: [{ to: \"::/0\", interface: "
							    "%s, via: \"fe80::1\" }]\n",
		"a", "b", NULL, NULL},
	{"users.name", "users: [{ name: %s, password-file: alice.secret }]\n", "alice", "bob", "",
		""},
	{"users.password-file", "users: [{ name: alice, password-file: %s }]\n", "alice.secret",
		"bob.secret", "", ""},
	{"users.group", TWO_GROUPS USER("group: %s"), "one", "two", NULL, NULL},
	{"users.address", USER("address: %s"), "10.88.1.7", "10.88.1.8", NULL, NULL},
	{"users.prefix6", USER("prefix6: %s"), "2001:db8:0:7::/64", "2001:db8:0:8::/64", NULL,
		NULL},
	{"users.delegated", USER("delegated: %s"), "2001:db8:100::/56", "2001:db8:100::/48", NULL,
		NULL},
	{"users.routes", USER("routes: [%s]"), "192.168.7.0/24", "192.168.7.0/24, 192.168.8.0/24",
		NULL, NULL},
	{"users.rate-in", USER("rate-in: %s"), "10Mbit", "none", NULL, NULL},
	{"users.rate-out", USER("rate-out: %s"), "10Mbit", "10Mbit/11Mbit", NULL, NULL},
	{"dial.name", DIALLED("name: %s, to: 192.0.2.9, secret: none"), "a", "b", "", ""},
	{"dial.to", DIALLED("name: a, secret: none, to: %s"), "gw.example.net",
		"[192.0.2.9, \"gw.example.net:1702\"]", NULL, "192.0.2.9, gw.example.net:1702"},
	{"dial.listener",
		"listeners: [{ address: 192.0.2.1/24 }, { address: 192.0.2.2/24 }]\n" DIALLED(
			"name: a, to: 192.0.2.9, secret: none, listener: \"%s\""),
		"192.0.2.1:1701", "192.0.2.2:1701", NULL, NULL},
	{"dial.host-name", DIALLED("name: a, to: 192.0.2.9, secret: none, host-name: %s"), "x", "y",
		NULL, NULL},
	{"dial.secret-file", DIALLED("name: a, to: 192.0.2.9, secret-file: %s"), "alice.secret",
		"bob.secret", "", ""},
	{"dial.secret", DIALLED("name: a, to: 192.0.2.9, %s"), "secret: none",
		"secret-file: bob.secret", "none", ""},
	{"dial.call", DIALLED("name: a, to: 192.0.2.9, secret: none, call: %s"), "incoming",
		"outgoing", NULL, NULL},
	{"dial.peer-user",
		"users: [{ name: x, password-file: alice.secret }, { name: y, password-file: "
		"alice.secret }]\ndial: [{ name: a, to: 192.0.2.9, secret: none, peer-user: %s "
		"}]\n",
		"x", "y", NULL, NULL},
	{"dial.user",
		"dial: [{ name: a, to: 192.0.2.9, secret: none, user: %s, password-file: "
		"alice.secret }]\n",
		"x", "y", NULL, NULL},
	{"dial.password-file",
		"dial: [{ name: a, to: 192.0.2.9, secret: none, user: x, password-file: %s }]\n",
		"alice.secret", "bob.secret", "", ""},
	{"dial.group", TWO_GROUPS DIALLED("name: a, to: 192.0.2.9, secret: none, group: %s"), "one",
		"two", NULL, NULL},
	{"dial.address", DIALLED("name: a, to: 192.0.2.9, secret: none, address: %s"), "10.99.0.1",
		"10.99.0.2", NULL, NULL},
	{"dial.routes", DIALLED("name: a, to: 192.0.2.9, secret: none, routes: %s"),
		"172.20.0.0/16", "172.21.0.0/16", NULL, NULL},
	{"dial.start",
		DIALLED("name: a, to: 192.0.2.9, secret: none, routes: 172.20.0.0/16, start: %s"),
		"always", "traffic", NULL, NULL},
	{"dial.idle",
		DIALLED("name: a, to: 192.0.2.9, secret: none, routes: 172.20.0.0/16, start: "
			"traffic, "
			"idle: %s"),
		"1m", "2m", NULL, NULL},
	{"hand-on.to", HANDED("to: %s, called: 112"), "one", "two", NULL, NULL},
	{"hand-on.realm", HANDED("to: one, realm: %s"), "isp.example", "[isp.example, b.example]",
		NULL, "isp.example, b.example"},
	{"hand-on.called", HANDED("to: one, called: \"%s\""), "112", "0800*", NULL, NULL},
	{"hand-on.listener",
		"listeners: [{ address: 192.0.2.1/24 }, { address: 192.0.2.2/24 }]\n" HANDED(
			"to: one, listener: \"%s\""),
		"192.0.2.1:1701", "192.0.2.2:1701", NULL, NULL},
	{"discovery.stun-port", "discovery: { stun-port: %s }\n", "3478", "0", NULL, NULL},
	{"discovery.echo-port", "discovery: { echo-port: %s }\n", "0", "7", NULL, NULL},
	{"discovery.rfc3489", "discovery: { rfc3489: %s }\n", "false", "true", NULL, NULL},
	{"discovery.rfc5780",
		"listeners: [{ address: 192.0.2.1/24 }, { address: 192.0.2.2/24 }]\n"
		"discovery: { rfc5780: %s }\n",
		"false", "true", NULL, NULL},
	{"discovery.other-port", "discovery: { other-port: %s }\n", "3479", "3480", NULL, NULL},
	{"discovery.from", "discovery: { from: \"%s\" }\n", "192.0.2.0/24", "2001:db8::/32", NULL,
		NULL},
	{"discovery.per-second", "discovery: { per-second: %s }\n", "50", "60", NULL, NULL},
	{"limits.tunnels", "limits: { tunnels: %s }\n", "10000", "9000", NULL, NULL},
	{"limits.tunnels-per-peer", "limits: { tunnels-per-peer: %s }\n", "1000", "900", NULL,
		NULL},
	{"limits.half-open", "limits: { half-open: %s }\n", "32768", "1000", NULL, NULL},
	{"limits.setups-per-second", "limits: { setups-per-second: %s }\n", "2000", "1000", NULL,
		NULL},
	{"limits.sessions", "limits: { sessions: %s }\n", "100000", "90000", NULL, NULL},
	{"limits.sessions-per-tunnel", "limits: { sessions-per-tunnel: %s }\n", "1000", "900", NULL,
		NULL},
};

/* "ports.mtu": the keys of a change without names. */
static void
keys_of(const struct cfg_change *c, char *out)
{
	size_t used = 0;

	for (unsigned i = 0; i < 3 && c->keys[i] != NULL; i++)
		used += (size_t)sprintf(out + used, "%s%s", i == 0 ? "" : ".", c->keys[i]->name);
}

static const struct row *
row_of(const char *path)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].path, path) == 0)
			return &rows[i];
	fail_msg("%s: no row of the test changes it", path);
	return NULL;
}

static void
is_told(const char *value, const char *as, bool old)
{
	char out[CFG_VALUE_TEXT];
	const char *is = old ? cfg_change_old(&diff, &diff.changes[0], out)
			     : cfg_change_new(&diff, &diff.changes[0], out);

	if (as == NULL)
		as = value;
	if (is == NULL || strcmp(is, as) != 0)
		assert_string_equal(is == NULL ? "" : is, as);
}

/* Another value is one entry with the row's effect; another name is a thing that went, and one
 * that came. */
static void
changes_one(const char *path, const struct cfg_key *k)
{
	const struct row *row = row_of(path);
	char old[1024], new[1024], keys[128];

	snprintf(old, sizeof(old), row->pattern, row->old);
	snprintf(new, sizeof(new), row->pattern, row->new);
	load_both(old, new);
	if (diff.n != (k->naming ? 2 : 1))
		fail_msg("%s: %zu entries:\n%s", path, diff.n, told());
	for (size_t i = 0; i < diff.n; i++) {
		const struct cfg_change *c = &diff.changes[i];

		keys_of(c, keys);
		assert_int_equal(c->effect, k->effect);
		if (k->naming)
			assert_memory_equal(keys, path, strlen(keys));
		else
			assert_string_equal(keys, path);
		assert_int_equal(
			c->what, k->naming ? (i == 0 ? CFG_REMOVED : CFG_ADDED) : CFG_CHANGED);
	}
	if (!k->naming) {
		is_told(row->old, row->told_old, true);
		is_told(row->new, row->told_new, false);
	}
	told();
	cfg_diff_free(&diff);
	/* the way back is the same, the other way round */
	load_both(new, old);
	assert_int_equal(diff.n, k->naming ? 2 : 1);
	if (!k->naming) {
		is_told(row->new, row->told_new, true);
		is_told(row->old, row->told_old, false);
	}
	cfg_diff_free(&diff);
	/* what is equal is no difference */
	load_both(new, new);
	assert_int_equal(diff.n, 0);
	cfg_diff_free(&diff);
}

static unsigned
walk(const struct cfg_table *table, const char *prefix)
{
	unsigned n = 0;

	for (size_t i = 0; i < table->n; i++) {
		const struct cfg_key *k = &table->keys[i];
		char path[128];

		snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] == '\0' ? "" : ".",
			k->name);
		if (k->kind == CFG_KIND_MAP && k->shape == CFG_ONE)
			assert_int_equal(k->effect, CFG_EFFECT_UNSAID); /* its keys say it */
		else if (k->effect == CFG_EFFECT_UNSAID)
			fail_msg("%s: what does a change of it do?", path);
		if (k->kind == CFG_KIND_MAP)
			n += walk(k->table, path);
		else if (k->kind != CFG_KIND_SECRET_REFUSED && k->kind != CFG_KIND_USERS_FILE)
			changes_one(path, k), n++;
	}
	return n;
}

static void
each_row_is_compared(void **state)
{
	(void)state;
	assert_int_equal(walk(&cfg_root_table, ""), sizeof(rows) / sizeof(rows[0]));
}

/* Keys, what stands before each, and two values. */
static const struct part {
	const char *before, *path, *values[2];
} parts[] = {
	{"identity: { host-name: ", "identity.host-name", {"a", "b"}},
	{" }\nlog: { level: ", "log.level", {"error", "debug"}},
	{" }\nworkers: { count: ", "workers.count", {"0", "3"}},
	{" }\nports: [{ name: p, device: 'tap:a', mtu: ", "ports[p].mtu", {"1500", "9000"}},
	{", rx-descriptors: ", "ports[p].rx-descriptors", {"0", "64"}},
	{" }]\nlisteners: [{ address: 192.0.2.1/24, gateway: ", "listeners[192.0.2.1:1701].gateway",
		{"192.0.2.2", "192.0.2.3"}},
	{" }]\ntunnels: { hello: ", "tunnels.hello", {"0s", "9s"}},
	{", retransmit: { times: ", "tunnels.retransmit.times", {"4", "5"}},
	{" }, secrets: [{ secret: none, host: ", "tunnels.secrets[0].host", {"x", "y"}},
	{" }, { secret-file: ", "tunnels.secrets[1].secret-file", {"alice.secret", "bob.secret"}},
	{" }] }\nppp: { mru: ", "ppp.mru", {"1400", "1300"}},
	{", rechallenge: ", "ppp.rechallenge", {"0s", "1h"}},
	{" }\nfilters: [{ name: f, policy: ", "filters[f].policy", {"any", "[esp]"}},
	{" }, { name: e }]\ngroups: [{ name: g, address: ", "groups[g].address",
		{"10.0.0.1", "10.0.0.2"}},
	{", pool: ", "groups[g].pool", {"10.1.0.0/16", "[10.1.0.0/16, 10.2.0.0/16]"}},
	{", mtu: ", "groups[g].mtu", {"600", "700"}},
	{", filter: ", "groups[g].filter", {"e", "f"}},
	{", clients: ", "groups[g].clients", {"isolated", "reachable"}},
	{" }, { name: h, address: 10.0.0.1, realm: r, pool: 10.3.0.0/16, gateways: ",
		"groups[h].gateways", {"192.0.2.7", "192.0.2.8"}},
	{" }]\nusers: [{ name: u, group: ", "users[u].group", {"g", "h"}},
	{", password-file: ", "users[u].password-file", {"alice.secret", "bob.secret"}},
	{" }]\nlimits: { half-open: ", "limits.half-open", {"10", "20"}},
	{", setups-per-second: ", "limits.setups-per-second", {"30", "40"}},
};

enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static const char *
composed(char *out, uint32_t values)
{
	size_t used = 0;

	for (unsigned i = 0; i < PARTS; i++)
		used += (size_t)sprintf(
			out + used, "%s%s", parts[i].before, parts[i].values[values >> i & 1]);
	sprintf(out + used, " }\n");
	return out;
}

/* Whatever changes together: each key is told, where it is, and no other. */
static void
any_keys_change_together(void **state)
{
	static char old[4096], new[4096];
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		uint32_t a = (seed = seed * 1664525 + 1013904223) >> 4;
		uint32_t b = (seed = seed * 1664525 + 1013904223) >> 4;
		uint32_t wanted = (a ^ b) & ((UINT32_C(1) << PARTS) - 1), found = 0;

		load_both(composed(old, a), composed(new, b));
		for (size_t i = 0; i < diff.n; i++) {
			char path[CFG_PATH_TEXT];
			unsigned at = 0;

			cfg_change_path(&diff.changes[i], path);
			while (at < PARTS && strcmp(parts[at].path, path) != 0)
				at++;
			if (at == PARTS || (found >> at & 1) != 0)
				fail_msg("round %u: %s is told", round, path);
			found |= UINT32_C(1) << at;
			assert_int_equal(diff.changes[i].what, CFG_CHANGED);
		}
		assert_int_equal(found, wanted);
		told();
		cfg_diff_free(&diff);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_compared),
		cmocka_unit_test(any_keys_change_together),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
