/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration of culvert-client: its tables of keys, and what must hold among them. */
#include "config/client.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/rows.h"

struct cfg_client_owner {
	struct cfg_arena arena;
};

static const char *const client_ways[] = {"needed", "relay", "direct", "relay-first", NULL};
static const char *const ipsec_starts[] = {"none", "strongswan", "command", NULL};

static const struct cfg_key ipsec_keys[] = {
	VALUE("start", struct cfg_ipsec, start, CHOICE(ipsec_starts), "none", RESTART,
		"what brings IPsec up once there is a way: strongswan (by vici), command, or none: "
		"whoever has traps or starts it himself"),
	VALUE("child", struct cfg_ipsec, child, TEXT(1, 255), NULL, RESTART,
		"strongswan: name of the CHILD_SA's configuration"),
	VALUE("connection", struct cfg_ipsec, connection, TEXT(1, 255), NULL, RESTART,
		"strongswan: name of its connection; left out: the first that has the child"),
	VALUE("socket", struct cfg_ipsec, socket, PATH(1, CV_DEVICE_MAX), "/run/charon.vici",
		RESTART, "strongswan: where it listens"),
	LISTED("up", CFG_ONE_OR_MANY, LIST(struct cfg_ipsec, up), TEXT(1, 4096), 1,
		CFG_ARGUMENTS_MAX, NULL, RESTART,
		"command: program and arguments, without a shell; it ends with 0 when IPsec is up"),
	LISTED("down", CFG_ONE_OR_MANY, LIST(struct cfg_ipsec, down), TEXT(1, 4096), 1,
		CFG_ARGUMENTS_MAX, NULL, RESTART, "command: the same for its end"),
	VALUE("timeout", struct cfg_ipsec, timeout_ns, TIMEOUT, "30s", RESTART,
		"time for it to be up"),
};

static void check_ipsec(struct cfg_loader *l, const struct cfg_node *map, void *base);
static const struct cfg_table ipsec_table = {TABLE(ipsec_keys), .check = check_ipsec};

static const struct cfg_key connection_keys[] = {
	VALUE("name", struct cfg_connection, name, NEEDED(NAME(1, CFG_GROUP_NAME_MAX)), NULL,
		RESTART, "name that up, down and status are given"),
	VALUE("gateway", struct cfg_connection, gateway, KIND(HOST), NULL, RESTART,
		"the IPsec gateway, address or DNS name; left out, with peers: other clients "
		"alone"),
	LISTED("lns", CFG_ONE_OR_MANY, LIST(struct cfg_connection, lns), DISTINCT(KIND(HOST)), 1,
		CFG_CLIENT_LNS_MAX, NULL, RESTART,
		"LNSs, the best first; left out: DNS tells by the gateway's name: SRV of "
		"_l2tp._udp, else l2tp.X of ipsec.X"),
	LISTED("ports", CFG_ONE_OR_MANY, LIST(struct cfg_connection, ports),
		DISTINCT(NUMBER(1, UINT16_MAX)), 1, CFG_CLIENT_PORTS_MAX, "1701", RESTART,
		"UDP ports on which each LNS takes L2TP, the best first; an SRV record has its "
		"own"),
	VALUE("stun-port", struct cfg_connection, stun_port, NUMBER(1, UINT16_MAX), "3478", RESTART,
		"UDP port on which each LNS answers STUN"),
	VALUE("way", struct cfg_connection, way, CHOICE(client_ways), "needed", RESTART,
		"needed: through the relay where the direct way does not work; relay, direct: "
		"always; relay-first: through the relay at once, directly when that has proved "
		"itself (MOBIKE)"),
	VALUE("host-name", struct cfg_connection, tunnel.host_name, TEXT(1, 64), "culvert-client",
		RESTART, "Host Name that the LNS is told"),
	VALUE("secret-file", struct cfg_connection, tunnel.secret, KIND(SECRET_FILE), NULL, RESTART,
		"file with the tunnel's secret"),
	VALUE("secret", struct cfg_connection, tunnel.none, KIND(SECRET_NONE), NULL, RESTART,
		"none: the tunnel needs no secret"),
	VALUE("user", struct cfg_connection, user, TEXT(1, 255), NULL, RESTART,
		"who we are to the LNS"),
	VALUE("password-file", struct cfg_connection, password, KIND(SECRET_FILE), NULL, RESTART,
		"file with the password for that"),
	WHOLE("password", KIND(SECRET_REFUSED), NULL, RESTART,
		"not here: passwords come from files"),
	LISTED("auth", CFG_ARRAY, LIST(struct cfg_connection, auth),
		DISTINCT(CHOICE(cfg_auth_methods)), 1, CFG_AUTH_METHODS, "mschapv2, chap-md5",
		RESTART, "proofs of the password that the LNS may ask for"),
	LISTED("peers", CFG_ONE_OR_MANY, LIST(struct cfg_connection, peers), KIND(PEERS), 0,
		CFG_CLIENT_PREFIXES_MAX, NULL, RESTART,
		"further prefixes to which IPsec, and nothing else, goes through the relay: other "
		"clients"),
	VALUE("interface", struct cfg_connection, interface, NAME(1, 15), NULL, RESTART,
		"name of the interface; left out: l2tp- and the connection's name, of which 10 "
		"characters"),
	VALUE("table", struct cfg_connection, table, NUMBER(1, UINT32_MAX), NULL, RESTART,
		"number of the routing table for its routes, and of its rules' priority, both "
		"nobody else's; left out: 1701 and its place in the list"),
	VALUE("mtu", struct cfg_connection, mtu, NUMBER(1280, 9000), NULL, RESTART,
		"largest packet in bytes; left out: what the way to the LNS has room for, and the "
		"LNS takes"),
	VALUE("dns", struct cfg_connection, dns, KIND(BOOL), "false", RESTART,
		"whether the DNS servers that the LNS tells are used, by resolvconf"),
	VALUE("dead-after", struct cfg_connection, dead_ns, DURATION(SECONDS(2), SECONDS(3600)),
		"15s", RESTART,
		"time without a sign of life, asked for, after which an LNS is dead"),
	VALUE("look", struct cfg_connection, look_ns, NEVER_OR_DURATION, "300s", RESTART,
		"how often it is looked whether the direct way works again, or a better LNS; 0s: "
		"never"),
	VALUE("ipsec", struct cfg_connection, ipsec, SUBMAP(ipsec_table), NULL, RESTART,
		"what brings IPsec up"),
	VALUE("kill-switch", struct cfg_connection, kill_switch, KIND(BOOL), "false", RESTART,
		"whether nothing but IPsec leaves for the networks of protected, also while the "
		"client is down: until culvert-client down --force"),
	LISTED("protected", CFG_ONE_OR_MANY, LIST(struct cfg_connection, protected), KIND(PEERS), 0,
		CFG_CLIENT_PREFIXES_MAX, NULL, RESTART, "networks that are reached by IPsec alone"),
	LISTED("resolvers", CFG_ONE_OR_MANY, LIST(struct cfg_connection, resolvers), KIND(PEERS), 0,
		CFG_CLIENT_PREFIXES_MAX, NULL, RESTART,
		"DNS servers in these networks that may be asked without IPsec"),
};

static void check_connection(struct cfg_loader *l, const struct cfg_node *map, void *base);
static const struct cfg_table connection_table = {
	TABLE(connection_keys), .secret = true, .check = check_connection};

static void check_client(struct cfg_loader *l, const struct cfg_node *map, void *base);

static const struct cfg_key client_keys[] = {
	VALUE("log-level", struct cfg_client, level, CHOICE(cfg_log_levels), "info", RESTART,
		"the least important that is logged"),
	VALUE("directory", struct cfg_client, directory, PATH(1, CV_DEVICE_MAX / 2),
		"/run/culvert-client", RESTART,
		"folder of the sockets by which up, down and status reach what runs"),
	VALUE("run-as", struct cfg_client, user, TEXT(1, 32), "nobody", RESTART,
		"user that it becomes once it has begun; root: it stays who it is"),
	LISTED("connections", CFG_MANY, LIST(struct cfg_client, connections),
		NEEDED(SUBMAP(connection_table)), 1, CFG_CONNECTIONS_MAX, NULL, RESTART,
		"ways to gateways and other clients"),
};

static const struct cfg_table client_table = {TABLE(client_keys), .check = check_client};

/* Keys that only one way of starting IPsec reads. */
static void
refuse_keys(struct cfg_loader *l, const struct cfg_node *map, const char *const *keys,
	const char *start)
{
	char text[64];

	snprintf(text, sizeof(text), "is said in vain: only start: %s reads it", start);
	for (; *keys != NULL; keys++)
		if (cfg_node_get(map, *keys) != NULL)
			cfg_fail_key(l, map, *keys, text);
}

static void
check_ipsec(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	static const char *const swan[] = {"child", "connection", "socket", NULL};
	static const char *const command[] = {"up", "down", NULL};
	const struct cfg_ipsec *ipsec = base;

	if (ipsec->start != CFG_IPSEC_STRONGSWAN)
		refuse_keys(l, map, swan, "strongswan");
	else if (cfg_node_get(map, "child") == NULL)
		cfg_fail(l, map, "child", "is required: which CHILD_SA strongSwan is to initiate");
	if (ipsec->start != CFG_IPSEC_COMMAND)
		refuse_keys(l, map, command, "command");
	else if (cfg_node_get(map, "up") == NULL)
		cfg_fail(l, map, "up", "is required: the command that brings IPsec up");
}

/* What a tunnel needs; a connection that never has one needs none of it. */
static void
check_relay(struct cfg_loader *l, const struct cfg_node *map)
{
	bool file = cfg_node_get(map, "secret-file") != NULL;
	bool none = cfg_node_get(map, "secret") != NULL;

	if (file == none)
		cfg_fail_key(l, map, file ? "secret" : "secret-file",
			file ? "either secret-file or secret: none, not both"
			     : "is required, or secret: none");
	if (cfg_node_get(map, "user") == NULL)
		cfg_fail(l, map, "user", "is required: who we are to the LNS");
	if (cfg_node_get(map, "password-file") == NULL && cfg_node_get(map, "password") == NULL)
		cfg_fail(l, map, "password-file", "is required: file with the user's password");
}

static void
check_connection(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_connection *c = base;
	bool gateway = cfg_node_get(map, "gateway") != NULL;

	if (!gateway && cfg_node_get(map, "peers") == NULL)
		cfg_fail(l, map, "gateway", "is required, or peers");
	if (!gateway && (c->way == CFG_WAY_DIRECT || c->way == CFG_WAY_NEEDED ||
				c->way == CFG_WAY_RELAY_FIRST))
		cfg_fail_key(l, map, "way",
			"must be relay where there is no gateway: other clients are behind NATs");
	if ((!gateway || (c->gateway.text != NULL && c->gateway.name == NULL)) &&
		cfg_node_get(map, "lns") == NULL && c->way != CFG_WAY_DIRECT)
		cfg_fail(l, map, "lns", "is required where the gateway has no name to find it by");
	if (c->way == CFG_WAY_RELAY_FIRST && c->ipsec.start != CFG_IPSEC_STRONGSWAN)
		cfg_fail_key(l, map, "way",
			"must not be relay-first but with ipsec: { start: strongswan }: nobody "
			"else "
			"moves an SA from one way to the other");
	if (c->way != CFG_WAY_DIRECT)
		check_relay(l, map);
	if (c->kill_switch && cfg_node_get(map, "protected") == NULL)
		cfg_fail(l, map, "protected",
			"is required with kill-switch: which networks nothing but IPsec may reach");
}

/* No two connections with one name, or with one interface. */
static void
check_client(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_client *cfg = base;
	const struct cfg_node *list = cfg_node_get(map, "connections");
	const struct cfg_node *node = list == NULL ? NULL : list->first;

	for (size_t i = 0; i < cfg->n_connections && node != NULL; i++, node = node->next) {
		const struct cfg_connection *c = &cfg->connections[i];

		for (size_t j = 0; j < i; j++) {
			const struct cfg_connection *o = &cfg->connections[j];

			if (c->name != NULL && o->name != NULL && strcmp(c->name, o->name) == 0)
				cfg_fail_key(l, node, "name", "another connection has this name");
			if (c->interface != NULL && o->interface != NULL &&
				strcmp(c->interface, o->interface) == 0)
				cfg_fail_key(l, node, "interface",
					"another connection has this interface");
		}
	}
}

static void
load(struct cfg_loader *l, const char *text, size_t len, struct cfg_client *cfg)
{
	cfg_tree_load(l, text, len);
	if (l->nomem || l->errors->errors != 0)
		return;
	if (l->root == NULL || l->root->type != CFG_MAP) {
		struct cfg_node empty = {.type = CFG_MAP, .line = 1, .column = 1};

		cfg_fail(l, l->root == NULL ? &empty : l->root, NULL,
			"must be a mapping of keys to values");
		return;
	}
	cfg_read_map(l, &client_table, l->root, cfg);
}

int
cfg_client_load(const char *file, const char *text, size_t len, const struct cfg_files *files,
	struct cfg_errors *errors, struct cfg_client **out)
{
	struct cfg_client_owner *owner = calloc(1, sizeof(*owner));
	struct cfg_loader l = {.file = file, .files = files, .errors = errors};
	struct cfg_client *cfg;

	*out = NULL;
	if (owner == NULL)
		return CV_ERR_NOMEM;
	l.keep = &owner->arena;
	cfg = cfg_keep(&l, 1, sizeof(*cfg));
	if (cfg != NULL) {
		cfg->owner = owner;
		load(&l, text, len, cfg);
	}
	cfg_arena_free(&l.scratch);
	if (l.nomem || errors->errors != 0) {
		cfg_arena_free(&owner->arena);
		free(owner);
		return l.nomem ? CV_ERR_NOMEM : CV_ERR_CONFIG;
	}
	*out = cfg;
	return 0;
}

void
cfg_client_free(struct cfg_client *cfg)
{
	struct cfg_client_owner *owner = cfg == NULL ? NULL : cfg->owner;

	if (owner == NULL)
		return;
	cfg_arena_free(&owner->arena);
	free(owner);
}

const struct cfg_connection *
cfg_connection_find(const struct cfg_client *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->n_connections; i++)
		if (strcmp(cfg->connections[i].name, name) == 0)
			return &cfg->connections[i];
	return NULL;
}

int
cfg_client_schema(char *out, size_t capacity)
{
	return cfg_table_schema(&client_table, "Configuration of culvert-client", out, capacity);
}

int
cfg_client_page(char *out, size_t capacity)
{
	static const char begin[] =
		"culvert-client.yaml(5)\n\n; culvert-client page "
		">config/culvert-client.yaml.5.scd\n\n"
		"# NAME\n\nculvert-client.yaml - configuration of *culvert-client*(1)\n\n"
		"# DESCRIPTION\n\n"
		"*culvert-client* reads one file in YAML, with the keys below. What is left out "
		"has "
		"its\ndefault. *culvert-client check* names every error in it. Paths are relative "
		"to "
		"the\nfile's folder. Secrets are never in the file itself, but in files of their "
		"own, "
		"which\nthe file names: the bytes without the last line end. A change counts when "
		"a "
		"connection\nis brought up the next time.\n";
	static const char end[] = "\n# SEE ALSO\n\n*culvert-client*(1), *culvert.yaml*(5)\n";

	return cfg_table_page(&client_table, begin, end, out, capacity);
}
