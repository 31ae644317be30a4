/* SPDX-License-Identifier: BSD-3-Clause */
/* Policies: rules of a word each, or of keys, which may be lists and stand for many rules then. */
#include <stdio.h>

#include "config/private.h"

static const struct {
	const char *name;
	uint8_t protocol;
	bool ports;
} protocols[] = {
	{"icmp", 1, false},
	{"ipip", 4, false},
	{"tcp", 6, true},
	{"udp", 17, true},
	{"gre", 47, false},
	{"esp", 50, false},
	{"ah", 51, false},
	{"l2tp", 115, false},
	{"sctp", 132, true},
};

enum { PROTOCOLS = sizeof(protocols) / sizeof(protocols[0]) };

static bool
has_ports(uint8_t protocol)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (protocols[i].protocol == protocol && protocols[i].ports)
			return true;
	return false;
}

static bool
read_protocol(const char *text, size_t len, struct cv_rule *rule)
{
	uint64_t number;
	size_t i = 0;

	if (!cfg_digits(text, len, &number)) {
		while (i < PROTOCOLS && (strlen(protocols[i].name) != len ||
						memcmp(protocols[i].name, text, len) != 0))
			i++;
		if (i == PROTOCOLS)
			return false;
		number = protocols[i].protocol;
	}
	if (number > UINT8_MAX)
		return false;
	rule->protocol = (uint8_t)number;
	return true;
}

/* "500" or "1000-2000". */
static bool
read_ports(const char *text, struct cv_port_range *ports)
{
	const char *dash = strchr(text, '-');
	uint64_t low, high;

	if (!cfg_digits(text, dash == NULL ? strlen(text) : (size_t)(dash - text), &low))
		return false;
	high = low;
	if (dash != NULL && !cfg_digits(dash + 1, strlen(dash + 1), &high))
		return false;
	if (low == 0 || high < low || high > UINT16_MAX)
		return false;
	*ports = (struct cv_port_range){(uint16_t)low, (uint16_t)high};
	return true;
}

/* A rule of one word. */
static void
read_word(struct cfg_loader *l, const struct cfg_node *node, struct cv_rule *rule)
{
	struct cv_port_range ports = {0};
	char word[CFG_WORD_TEXT];
	const char *slash;

	if (!cfg_want_scalar(l, node))
		return;
	slash = strchr(node->text, '/');
	if (!read_protocol(
		    node->text, slash == NULL ? node->len : (size_t)(slash - node->text), rule))
		cfg_fail(l, node, NULL,
			"%s is not a rule: esp, ah, gre, icmp, ipip, l2tp, a protocol number, or "
			"tcp, "
			"udp, sctp with ports, as udp/500 or tcp/1000-2000",
			cfg_word(word, node));
	else if (slash != NULL && !has_ports(rule->protocol))
		cfg_fail(l, node, NULL, "%s: only tcp, udp and sctp have ports",
			cfg_word(word, node));
	else if (slash != NULL && !read_ports(slash + 1, &ports))
		cfg_fail(l, node, NULL, "%s: ports are 1 to 65535, as udp/500 or tcp/1000-2000",
			cfg_word(word, node));
	rule->port_low = ports.low;
	rule->port_high = ports.high;
}

/* What a rule permits or denies. */
void
cfg_read_rule(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cv_rule *rule = at;

	(void)k;
	if (node->type == CFG_SCALAR && strcmp(node->text, "any") == 0)
		rule->any_protocol = true;
	else
		read_word(l, node, rule);
}

void
cfg_read_ports(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT];

	(void)k;
	if (cfg_want_scalar(l, node) && !read_ports(node->text, at))
		cfg_fail(l, node, NULL, "%s: ports are 1 to 65535, as 500 or 1000-2000",
			cfg_word(word, node));
}

static int
append_ports(char *out, int used, const char *what, struct cv_port_range ports)
{
	if (ports.high == 0)
		return used;
	used += snprintf(out + used, CFG_RULE_TEXT - (size_t)used, "%s%u", what, ports.low);
	if (ports.high != ports.low)
		used += snprintf(out + used, CFG_RULE_TEXT - (size_t)used, "-%u", ports.high);
	return used;
}

static int
append_prefix(char *out, int used, const char *what, const struct cv_prefix *prefix)
{
	char text[CV_PREFIX_TEXT];

	if (prefix->ip.family == 0)
		return used;
	return used + snprintf(out + used, CFG_RULE_TEXT - (size_t)used, "%s%s", what,
			      cv_prefix_text(prefix, text));
}

const char *
cfg_rule_text(const struct cv_rule *rule, char out[CFG_RULE_TEXT])
{
	static const char *const ways[] = {"", " in", " out"};
	int used = snprintf(out, CFG_RULE_TEXT, "%s%s", rule->denies ? "deny " : "",
		rule->any_protocol ? "any" : "");
	int before = used;

	for (size_t i = 0; i < PROTOCOLS && used == before && !rule->any_protocol; i++)
		if (protocols[i].protocol == rule->protocol)
			used += snprintf(
				out + used, CFG_RULE_TEXT - (size_t)used, "%s", protocols[i].name);
	if (used == before && !rule->any_protocol)
		used += snprintf(out + used, CFG_RULE_TEXT - (size_t)used, "%u", rule->protocol);
	used = append_ports(
		out, used, "/", (struct cv_port_range){rule->port_low, rule->port_high});
	used = append_prefix(out, used, " peer ", &rule->peer);
	used = append_ports(out, used, " peer-port ", rule->peer_port);
	used = append_prefix(out, used, " client ", &rule->client);
	used = append_ports(out, used, " client-port ", rule->client_port);
	snprintf(out + used, CFG_RULE_TEXT - (size_t)used, "%s", ways[rule->way]);
	return out;
}

/* A rule as the file says it; each key that is left out stands for one value, any. */
static const char *const actions[] = {"permit", "deny", NULL};
static const char *const ways[] = {"both", "in", "out", NULL};

#define SAID(field)                                                                              \
	.offset = offsetof(struct cfg_said, field),                                              \
	.size = sizeof(((struct cfg_said *)0)->field[0]),                                        \
	.count = offsetof(struct cfg_said, n_##field), .shape = CFG_ONE_OR_MANY, .min_items = 1, \
	.max_items = CV_RULES_MAX, .effect = CFG_LIVE

static const struct cfg_key said_keys[] = {
	{.name = "permit",
		SAID(permit),
		.kind = CFG_KIND_RULE,
		.help = "what may pass: as in a list of rules, or any"},
	{.name = "deny", SAID(deny), .kind = CFG_KIND_RULE, .help = "what may not, likewise"},
	{.name = "peer",
		SAID(peer),
		.kind = CFG_KIND_PEERS,
		.max = 32,
		.help = "prefixes that the other end, whom the client speaks with, is in"},
	{.name = "peer-port", SAID(peer_port), .kind = CFG_KIND_PORTS, .help = "its ports"},
	{.name = "client",
		SAID(client),
		.kind = CFG_KIND_PEERS,
		.max = 32,
		.help = "prefixes that the client's own address is in"},
	{.name = "client-port", SAID(client_port), .kind = CFG_KIND_PORTS, .help = "its ports"},
	{.name = "direction",
		.offset = offsetof(struct cfg_said, way),
		.size = sizeof(((struct cfg_said *)0)->way),
		.kind = CFG_KIND_CHOICE,
		.choices = ways,
		.fallback = "both",
		.effect = CFG_LIVE,
		.help = "in: what the client sends; out: what is sent to it"},
};

const struct cfg_table cfg_rule_table = {
	.keys = said_keys,
	.n = sizeof(said_keys) / sizeof(said_keys[0]),
	.one_of = actions,
	.check = cfg_check_rule,
};

void
cfg_check_rule(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_node *permit = cfg_node_get(map, "permit");
	const struct cfg_node *deny = cfg_node_get(map, "deny");
	const struct cfg_said *said = base;
	bool ports = said->n_peer_port != 0 || said->n_client_port != 0;
	const struct cv_rule *rules = said->permit != NULL ? said->permit : said->deny;
	size_t n = said->permit != NULL ? said->n_permit : said->n_deny;

	if (permit == NULL && deny == NULL)
		cfg_fail(l, map, NULL,
			"is a rule that neither permits nor denies: say permit: or deny:");
	else if (permit != NULL && deny != NULL)
		cfg_fail(l, deny, NULL, "either permit or deny (permit is in line %u)",
			permit->key_line);
	for (size_t i = 0; ports && rules != NULL && i < n; i++) {
		if (!rules[i].any_protocol && has_ports(rules[i].protocol))
			continue;
		cfg_fail(l, cfg_node_get(map, said->n_peer_port != 0 ? "peer-port" : "client-port"),
			NULL, "only tcp, udp and sctp have ports: name these in %s",
			said->permit != NULL ? "permit" : "deny");
		break;
	}
	for (size_t i = 0; i < said->n_client; i++)
		for (size_t k = 0; k < said->n_peer; k++)
			if (said->client[i].ip.family == said->peer[k].ip.family)
				return;
	if (said->n_client != 0 && said->n_peer != 0)
		cfg_fail(l, cfg_node_get(map, "client"), NULL,
			"no prefix is of the same family as one of peer: nothing is in both");
}

static size_t
at_least_one(size_t n)
{
	return n == 0 ? 1 : n;
}

/* Rules that it stands for, at most. */
static uint64_t
rules_of(const struct cfg_said *said)
{
	uint64_t n = 1;
	const size_t factors[] = {said->n_permit + said->n_deny, at_least_one(said->n_peer),
		at_least_one(said->n_peer_port), at_least_one(said->n_client),
		at_least_one(said->n_client_port)};

	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]) && n <= CV_RULES_ALL; i++)
		n *= factors[i];
	return n;
}

/* One for each choice of the lists; families that do not meet leave none. Returns how many. */
static size_t
spread(const struct cfg_said *said, struct cv_rule *out)
{
	static const struct cv_prefix any;
	static const struct cv_port_range all;
	const struct cv_rule *what = said->permit != NULL ? said->permit : said->deny;
	size_t total = (size_t)rules_of(said), n = 0;

	for (size_t i = 0; i < total; i++) {
		size_t rest = i, client_port, client, peer_port, peer;
		struct cv_rule *r = &out[n];

		client_port = rest % at_least_one(said->n_client_port);
		rest /= at_least_one(said->n_client_port);
		client = rest % at_least_one(said->n_client);
		rest /= at_least_one(said->n_client);
		peer_port = rest % at_least_one(said->n_peer_port);
		rest /= at_least_one(said->n_peer_port);
		peer = rest % at_least_one(said->n_peer);
		rest /= at_least_one(said->n_peer);
		*r = what[rest];
		r->denies = said->permit == NULL;
		r->way = (uint8_t)said->way;
		r->client = said->n_client == 0 ? any : said->client[client];
		r->peer = said->n_peer == 0 ? any : said->peer[peer];
		r->client_port = said->n_client_port == 0 ? all : said->client_port[client_port];
		r->peer_port = said->n_peer_port == 0 ? all : said->peer_port[peer_port];
		n += r->client.ip.family == 0 || r->peer.ip.family == 0 ||
		     r->client.ip.family == r->peer.ip.family;
	}
	return n;
}

static void
read_rules(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *list,
	struct cfg_filter *filter)
{
	struct cfg_said *said = cfg_scratch(l, list->n, sizeof(*said)), *s = said;
	size_t errors = l->errors->errors;
	uint64_t total = 0;

	for (const struct cfg_node *n = list->first; n != NULL && said != NULL; n = n->next, s++) {
		if (n->type == CFG_MAP) {
			cfg_read_map(l, &cfg_rule_table, n, s);
		} else {
			read_word(l, n, &s->word);
			s->permit = &s->word;
			s->n_permit = 1;
		}
		total += rules_of(s);
	}
	if (said == NULL || l->nomem || l->errors->errors != errors)
		return;
	if (total > k->max_items) {
		cfg_fail(l, list, NULL,
			"stands for %llu rules, with one for each choice of its lists; at most %u",
			(unsigned long long)total, k->max_items);
		return;
	}
	l->n_rules += (size_t)total;
	if (l->n_rules > CV_RULES_ALL) {
		cfg_fail(l, list, NULL, "makes more than %u rules of all policies together",
			(unsigned)CV_RULES_ALL);
		return;
	}
	filter->rules = cfg_keep(l, (size_t)total, sizeof(filter->rules[0]));
	for (s = said; s < said + list->n && filter->rules != NULL; s++)
		filter->n_rules += spread(s, filter->rules + filter->n_rules);
}

void
cfg_read_policy(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cfg_filter *filter = at;
	char word[CFG_WORD_TEXT];

	if (node->type == CFG_SCALAR && strcmp(node->text, "ipsec") == 0) {
		filter->policy = CFG_POLICY_IPSEC;
	} else if (node->type == CFG_SCALAR && strcmp(node->text, "any") == 0) {
		filter->policy = CFG_POLICY_ANY;
	} else if (node->type != CFG_LIST) {
		if (node->type == CFG_MAP || cfg_want_scalar(l, node))
			cfg_fail(l, node, NULL,
				"%s is neither ipsec nor any nor a list of rules, as [esp, "
				"udp/500]",
				node->type == CFG_MAP ? "a mapping" : cfg_word(word, node));
	} else if (node->n < 1 || node->n > k->max_items) {
		cfg_fail(l, node, NULL, "must have 1 to %u rules, not %zu", k->max_items, node->n);
	} else {
		filter->policy = CFG_POLICY_RULES;
		read_rules(l, k, node, filter);
	}
}
