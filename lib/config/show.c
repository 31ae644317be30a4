/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of rows, read back from the structures of snapshots: whether two are the same, and what
 * the file says for one. A secret is compared and never made a text.
 */
#include <inttypes.h>
#include <stdio.h>

#include "config/private.h"

enum {
	CUT_TEXT = 32,   /* bytes for the end of a list that is cut */
	RULE_LEAST = 24, /* so much room one of its rules wants */
	RULE_MORE = 3,
};

static uint64_t
number_at(const void *at, size_t size)
{
	uint64_t value = 0;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;

	switch (size) {
	case 1:
		memcpy(&u8, at, 1);
		return u8;
	case 2:
		memcpy(&u16, at, 2);
		return u16;
	case 4:
		memcpy(&u32, at, 4);
		return u32;
	default:
		memcpy(&value, at, 8);
		return value;
	}
}

static const char *
text_at(const void *at)
{
	const char *text;

	memcpy(&text, at, sizeof(text));
	return text;
}

/* What a row refers to, by its name; NULL: nothing. */
static const char *
reference_at(const struct cfg *cfg, const struct cfg_key *k, const void *at)
{
	uint64_t position = number_at(at, k->size);

	if (k->kind == CFG_KIND_PORT)
		return cfg->ports[position].name;
	if (k->kind == CFG_KIND_LAN)
		return cfg_lan_name(cfg, (uint32_t)position);
	if (k->kind == CFG_KIND_GROUP)
		return position == CFG_NO_INDEX ? NULL : cfg->groups[position].name;
	if (k->kind == CFG_KIND_FILTER)
		return cfg->filters[position].origin == CFG_FILTER_OF_GROUP
			       ? "(its own)"
			       : cfg->filters[position].name;
	if (k->kind == CFG_KIND_INTERFACE)
		return position == UINT16_MAX ? NULL : cfg->interfaces[position].name;
	if (k->kind == CFG_KIND_OF_REALM)
		return cfg->realms[position].name;
	return position == CFG_NO_INDEX ? NULL : cfg->listeners[position].name;
}

static const char *
realm_of(const struct cfg *cfg, const struct cfg_group *group)
{
	return cfg->realms[group->realm].name;
}

static bool
same_texts(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_prefixes(const struct cv_prefix *a, const struct cv_prefix *b)
{
	return a->length == b->length && cv_ip_equal(&a->ip, &b->ip);
}

static bool
same_policies(const struct cfg_filter *a, const struct cfg_filter *b)
{
	if (a->policy != b->policy || a->n_rules != b->n_rules)
		return false;
	for (size_t i = 0; i < a->n_rules; i++)
		if (!cv_rule_equal(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}

/* Where only one is there, the key that stands for none is different, and tells it. */
static bool
same_secrets(const struct cfg_secret *a, const struct cfg_secret *b)
{
	if (a->len == 0 || b->len == 0)
		return true;
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static bool
same_devices(const struct cfg_port *a, const struct cfg_port *b)
{
	return a->kind == b->kind && strcmp(a->device, b->device) == 0;
}

static bool
same_own_addresses(const struct cfg_listener *a, const struct cfg_listener *b)
{
	return a->prefix_length == b->prefix_length && cv_ip_equal(&a->ip, &b->ip);
}

static bool
same_user_sessions(const struct cfg_group *a, const struct cfg_group *b)
{
	return a->user_sessions == b->user_sessions && a->user_sessions_max == b->user_sessions_max;
}

/* A VLAN is its port and IDs, whatever it is called. */
static bool
same_lans(const struct cfg *a_cfg, uint32_t a, const struct cfg *b_cfg, uint32_t b)
{
	const struct cfg_vlan *one = cfg_lan_vlan(a_cfg, a), *other = cfg_lan_vlan(b_cfg, b);

	if (one == NULL || other == NULL)
		return one == other && same_texts(a_cfg->ports[a].name, b_cfg->ports[b].name);
	return same_texts(one->name, other->name);
}

static bool
same_vias(const struct cfg_via *a, const struct cfg_via *b)
{
	return a->discard == b->discard && cv_ip_equal(&a->ip, &b->ip);
}

static bool
same_item(const struct cfg *a_cfg, const void *a, const struct cfg *b_cfg, const void *b,
	const struct cfg_key *k)
{
	switch (k->kind) {
	case CFG_KIND_NUMBER:
	case CFG_KIND_BOOL:
	case CFG_KIND_CHOICE:
	case CFG_KIND_DURATION:
	case CFG_KIND_MODE:
	case CFG_KIND_MAC:
	case CFG_KIND_DSCP:
	case CFG_KIND_SECRET_NONE:
		return memcmp(a, b, k->size) == 0;
	case CFG_KIND_TEXT:
	case CFG_KIND_NAME:
	case CFG_KIND_PATH:
		return same_texts(text_at(a), text_at(b));
	case CFG_KIND_ADDRESS:
	case CFG_KIND_ADDRESS6:
	case CFG_KIND_GATEWAY:
		return cv_ip_equal(a, b);
	case CFG_KIND_PREFIX:
	case CFG_KIND_PREFIX6:
	case CFG_KIND_PEERS:
	case CFG_KIND_GATEWAYS:
	case CFG_KIND_OWN:
		return same_prefixes(a, b);
	case CFG_KIND_RATE:
		return cv_rate_equal(a, b);
	case CFG_KIND_RULE: /* part of a policy, like ports */
		return cv_rule_equal(a, b);
	case CFG_KIND_PORTS:
		return memcmp(a, b, k->size) == 0;
	case CFG_KIND_LAN:
		return same_lans(a_cfg, (uint32_t)number_at(a, k->size), b_cfg,
			(uint32_t)number_at(b, k->size));
	case CFG_KIND_PORT:
	case CFG_KIND_GROUP:
	case CFG_KIND_FILTER:
	case CFG_KIND_LISTENER:
	case CFG_KIND_INTERFACE:
	case CFG_KIND_OF_REALM:
		return same_texts(reference_at(a_cfg, k, a), reference_at(b_cfg, k, b));
	case CFG_KIND_DEVICE:
		return same_devices(a, b);
	case CFG_KIND_LISTENER_ADDRESS:
		return same_own_addresses(a, b);
	case CFG_KIND_REALM:
		return same_texts(realm_of(a_cfg, a), realm_of(b_cfg, b));
	case CFG_KIND_USER_SESSIONS:
		return same_user_sessions(a, b);
	case CFG_KIND_POLICY:
		return same_policies(a, b);
	case CFG_KIND_VIA:
		return same_vias(a, b);
	case CFG_KIND_TARGET:
		return same_texts(
			((const struct cfg_target *)a)->text, ((const struct cfg_target *)b)->text);
	case CFG_KIND_HOST:
		return same_texts(
			((const struct cfg_host *)a)->text, ((const struct cfg_host *)b)->text);
	case CFG_KIND_SECRET_FILE:
		return same_secrets(a, b);
	case CFG_KIND_MAP:            /* compared by its keys */
	case CFG_KIND_USER_NAME:      /* by which users are matched */
	case CFG_KIND_SECRET_REFUSED: /* has no value */
	case CFG_KIND_USERS_FILE:     /* is compared as the users that are in it */
	case CFG_KINDS:
		break;
	}
	return true;
}

/* A row's values: one, or those of a list. Unused places of an array that has no count are zero. */
static const uint8_t *
items_of(const void *base, const struct cfg_key *k, size_t *n)
{
	const uint8_t *at = (const uint8_t *)base + k->offset;
	const void *list;

	*n = k->shape == CFG_ONE ? 1 : k->max_items;
	if (k->shape != CFG_ONE && k->count != 0)
		memcpy(n, (const uint8_t *)base + k->count, sizeof(*n));
	if (k->shape != CFG_MANY && k->shape != CFG_ONE_OR_MANY)
		return at;
	memcpy(&list, at, sizeof(list));
	return list;
}

static bool
is_left_out(const void *base, const struct cfg_key *k)
{
	return k->left_out != 0 && ((const uint8_t *)base)[k->left_out] != 0;
}

bool
cfg_value_same(const struct cfg *old_cfg, const void *old, const struct cfg *new_cfg,
	const void *new, const struct cfg_key *k)
{
	size_t n, other;
	const uint8_t *a = items_of(old, k, &n), *b = items_of(new, k, &other);

	if (is_left_out(old, k) && is_left_out(new, k))
		return true;
	if (n != other)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_item(old_cfg, a + i * k->size, new_cfg, b + i * k->size, k))
			return false;
	return true;
}

static const char *
policy_text(const struct cfg_filter *filter, char *out, size_t capacity)
{
	size_t used = 0;
	char rule[CFG_RULE_TEXT];

	if (filter->policy != CFG_POLICY_RULES)
		return filter->policy == CFG_POLICY_ANY ? "any" : "ipsec";
	for (size_t i = 0; i < filter->n_rules; i++) {
		size_t wanted = strlen(cfg_rule_text(&filter->rules[i], rule)) + RULE_MORE;

		if (capacity - used < (wanted < RULE_LEAST ? RULE_LEAST : wanted) + CUT_TEXT) {
			snprintf(
				out + used, capacity - used, ", ... (%zu in all)", filter->n_rules);
			break;
		}
		used += (size_t)snprintf(
			out + used, capacity - used, "%s%s", i == 0 ? "" : ", ", rule);
	}
	return out;
}

static const char *
device_text(const struct cfg_port *port, char *out, size_t capacity)
{
	static const char *const kinds[] = {[CFG_PORT_AF_PACKET] = "af_packet",
		[CFG_PORT_MEMIF] = "memif",
		[CFG_PORT_PCI] = "pci",
		[CFG_PORT_TAP] = "tap",
		[CFG_PORT_XDP] = "xdp"};

	snprintf(out, capacity, "%s:%s", kinds[port->kind], port->device);
	return out;
}

static const char *
mac_text(const uint8_t mac[6], char *out, size_t capacity)
{
	static const uint8_t none[6];

	if (memcmp(mac, none, sizeof(none)) == 0)
		return NULL;
	snprintf(out, capacity, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5]);
	return out;
}

/* 0 outside the range, without a fallback, is what stays when the key is left out. */
static const char *
number_text(const struct cfg_key *k, uint64_t value, char *out, size_t capacity)
{
	if (value == 0 && k->min > 0 && k->fallback == NULL)
		return NULL;
	snprintf(out, capacity, "%" PRIu64, value);
	return out;
}

static const char *
user_sessions_text(const struct cfg_group *group, char *out, size_t capacity)
{
	if (group->user_sessions == CFG_USER_SESSIONS_REPLACE)
		return "replace";
	snprintf(out, capacity, "%" PRIu32, group->user_sessions_max);
	return out;
}

static const char *
own_address_text(const struct cfg_listener *listener, char *out, size_t capacity)
{
	char ip[CV_IP_TEXT];

	snprintf(out, capacity, "%s/%u", cv_ip_text(&listener->ip, ip), listener->prefix_length);
	return out;
}

/* At least CV_PREFIX_TEXT bytes are at out, which need not be what is returned; CV_RATE_TEXT for a
 * rate, which is in no list. */
static const char *
item_text(
	const struct cfg *cfg, const struct cfg_key *k, const void *at, char *out, size_t capacity)
{
	const struct cv_prefix *prefix = at;

	switch (k->kind) {
	case CFG_KIND_NUMBER:
		return number_text(k, number_at(at, k->size), out, capacity);
	case CFG_KIND_BOOL:
		return number_at(at, k->size) != 0 ? "true" : "false";
	case CFG_KIND_CHOICE:
		return k->choices[number_at(at, k->size)];
	case CFG_KIND_DURATION:
		return cfg_duration_text(out, capacity, number_at(at, k->size));
	case CFG_KIND_MODE:
		snprintf(out, capacity, "%04" PRIo64, number_at(at, k->size));
		return out;
	case CFG_KIND_TEXT:
	case CFG_KIND_NAME:
	case CFG_KIND_PATH:
		return text_at(at);
	case CFG_KIND_ADDRESS:
	case CFG_KIND_ADDRESS6:
	case CFG_KIND_GATEWAY:
		return ((const struct cv_ip *)at)->family == 0 ? NULL : cv_ip_text(at, out);
	case CFG_KIND_MAC:
		return mac_text(at, out, capacity);
	case CFG_KIND_PREFIX:
	case CFG_KIND_PREFIX6:
	case CFG_KIND_PEERS:
	case CFG_KIND_OWN:
	case CFG_KIND_GATEWAYS:
		return prefix->ip.family == 0 ? NULL : cv_prefix_text(prefix, out);
	case CFG_KIND_DSCP:
		return cfg_dscp_text(*(const uint8_t *)at, out, capacity);
	case CFG_KIND_RATE:
		return ((const struct cv_rate *)at)->committed == 0 ? NULL : cv_rate_text(at, out);
	case CFG_KIND_PORT:
	case CFG_KIND_LAN:
	case CFG_KIND_GROUP:
	case CFG_KIND_FILTER:
	case CFG_KIND_LISTENER:
	case CFG_KIND_INTERFACE:
	case CFG_KIND_OF_REALM:
		return reference_at(cfg, k, at);
	case CFG_KIND_DEVICE:
		return device_text(at, out, capacity);
	case CFG_KIND_LISTENER_ADDRESS:
		return own_address_text(at, out, capacity);
	case CFG_KIND_REALM:
		return realm_of(cfg, at);
	case CFG_KIND_USER_SESSIONS:
		return user_sessions_text(at, out, capacity);
	case CFG_KIND_POLICY:
		return policy_text(at, out, capacity);
	case CFG_KIND_VIA:
		return ((const struct cfg_via *)at)->discard
			       ? "discard"
			       : cv_ip_text(&((const struct cfg_via *)at)->ip, out);
	case CFG_KIND_TARGET:
		return ((const struct cfg_target *)at)->text;
	case CFG_KIND_HOST:
		return ((const struct cfg_host *)at)->text;
	case CFG_KIND_SECRET_NONE:
		return number_at(at, k->size) != 0 ? "none" : NULL;
	case CFG_KIND_MAP:
	case CFG_KIND_RULE: /* told with its policy */
	case CFG_KIND_PORTS:
	case CFG_KIND_USER_NAME:
	case CFG_KIND_SECRET_FILE:
	case CFG_KIND_SECRET_REFUSED:
	case CFG_KIND_USERS_FILE:
	case CFG_KINDS:
		break;
	}
	return NULL;
}

const char *
cfg_value_text(const struct cfg *cfg, const void *base, const struct cfg_key *k, char *out,
	size_t capacity)
{
	size_t n, used = 0;
	const uint8_t *at = items_of(base, k, &n);

	if (k->shape == CFG_ONE) {
		const char *text = item_text(cfg, k, at, out, capacity);

		if (text != NULL && text != out)
			snprintf(out, capacity, "%s", text);
		return text == NULL ? NULL : out;
	}
	for (size_t i = 0; i < n; i++) {
		char room[CV_PREFIX_TEXT];
		const char *text = item_text(cfg, k, at + i * k->size, room, sizeof(room));

		if (text == NULL)
			continue;
		if (capacity - used < CV_PREFIX_TEXT + CUT_TEXT ||
			capacity - used < strlen(text) + CUT_TEXT) {
			snprintf(out + used, capacity - used, ", ... (%zu in all)", n);
			break;
		}
		used += (size_t)snprintf(
			out + used, capacity - used, "%s%s", used == 0 ? "" : ", ", text);
	}
	return used == 0 ? NULL : out;
}
