/* SPDX-License-Identifier: BSD-3-Clause */
/* Values that are words of their own: policies, sessions of a user, names of other things. */
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
read_protocol(const char *text, size_t len, struct cfg_rule *rule, bool *ports)
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
	for (i = 0, *ports = false; i < PROTOCOLS; i++)
		*ports |= protocols[i].protocol == number && protocols[i].ports;
	return true;
}

/* "500" or "1000-2000". */
static bool
read_ports(const char *text, struct cfg_rule *rule)
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
	rule->port_low = (uint16_t)low;
	rule->port_high = (uint16_t)high;
	return true;
}

const char *
cfg_rule_text(const struct cfg_rule *rule, char out[CFG_RULE_TEXT])
{
	int used = 0;

	for (size_t i = 0; i < PROTOCOLS && used == 0; i++)
		if (protocols[i].protocol == rule->protocol)
			used = snprintf(out, CFG_RULE_TEXT, "%s", protocols[i].name);
	if (used == 0)
		used = snprintf(out, CFG_RULE_TEXT, "%u", rule->protocol);
	if (rule->port_low != 0)
		used += snprintf(out + used, CFG_RULE_TEXT - (size_t)used, "/%u", rule->port_low);
	if (rule->port_high != rule->port_low)
		snprintf(out + used, CFG_RULE_TEXT - (size_t)used, "-%u", rule->port_high);
	return out;
}

static void
read_rule(struct cfg_loader *l, const struct cfg_node *node, struct cfg_rule *rule)
{
	char word[CFG_WORD_TEXT];
	const char *slash;
	bool ports;

	if (!cfg_want_scalar(l, node))
		return;
	slash = strchr(node->text, '/');
	if (!read_protocol(node->text, slash == NULL ? node->len : (size_t)(slash - node->text),
		    rule, &ports))
		cfg_fail(l, node, NULL,
			"%s is not a rule: esp, ah, gre, icmp, ipip, l2tp, a protocol number, or "
			"tcp, "
			"udp, sctp with ports, as udp/500 or tcp/1000-2000",
			cfg_word(word, node));
	else if (slash != NULL && !ports)
		cfg_fail(l, node, NULL, "%s: only tcp, udp and sctp have ports",
			cfg_word(word, node));
	else if (slash != NULL && !read_ports(slash + 1, rule))
		cfg_fail(l, node, NULL, "%s: ports are 1 to 65535, as udp/500 or tcp/1000-2000",
			cfg_word(word, node));
}

void
cfg_read_policy(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cfg_filter *filter = at;
	char word[CFG_WORD_TEXT];
	struct cfg_rule *rule;

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
		rule = cfg_keep(l, node->n, sizeof(*rule));
		if (rule == NULL)
			return;
		filter->policy = CFG_POLICY_RULES;
		filter->rules = rule;
		filter->n_rules = node->n;
		for (const struct cfg_node *n = node->first; n != NULL; n = n->next)
			read_rule(l, n, rule++);
	}
}

void
cfg_read_user_sessions(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cfg_group *group = at;
	char word[CFG_WORD_TEXT];
	uint64_t number;

	if (!cfg_want_scalar(l, node))
		return;
	if (strcmp(node->text, "replace") == 0) {
		group->user_sessions = CFG_USER_SESSIONS_REPLACE;
		return;
	}
	if (!node->plain || !cfg_digits(node->text, node->len, &number) || number < k->min ||
		number > k->max) {
		cfg_fail(l, node, NULL, "%s is neither replace nor a number from 1 to 1000",
			cfg_word(word, node));
		return;
	}
	group->user_sessions = CFG_USER_SESSIONS_LIMIT;
	group->user_sessions_max = (uint32_t)number;
}

/* A realm is made by the first group that names it. */
void
cfg_read_realm(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cfg_group *group = at;
	struct cfg *cfg = l->cfg;
	const char *name = NULL;

	cfg_read_name(l, k, node, &name);
	if (name == NULL)
		return;
	for (group->realm = 0; group->realm < cfg->n_realms; group->realm++)
		if (strcmp(cfg->realms[group->realm].name, name) == 0)
			return;
	/* at most one for each group, so the array is made once */
	if (cfg->realms == NULL)
		cfg->realms = cfg_keep(l, cfg->n_groups, sizeof(cfg->realms[0]));
	if (cfg->realms != NULL)
		cfg->realms[cfg->n_realms++].name = name;
}
