/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 addresses and prefixes, and where a port is. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/private.h"

enum { IFNAME_MAX = 15 };

bool
cfg_is_host(uint32_t address)
{
	uint32_t top = address >> 24;

	return top != 0 && top != 127 && top < 224;
}

bool
cfg_split_prefix(const char *text, struct cv_ip *ip, uint8_t *length)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char address[CV_IP_TEXT];
	uint64_t value = 32;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (slash != NULL && (!cfg_digits(slash + 1, strlen(slash + 1), &value) || value > 32))
		return false;
	*length = (uint8_t)value;
	return cv_ip_parse(address, ip) == 0 && ip->family == CV_IPV4;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Six bytes in hexadecimal with colons between them. */
static bool
parse_mac(const char *text, size_t len, uint8_t mac[6])
{
	if (len != 17)
		return false;
	for (unsigned i = 0; i < 6; i++) {
		const char *at = text + 3 * i;
		int high = hex_digit(at[0]), low = hex_digit(at[1]);

		if (high < 0 || low < 0 || (i < 5 && at[2] != ':'))
			return false;
		mac[i] = (uint8_t)(high * 16 + low);
	}
	return true;
}

void
cfg_read_mac(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	static const uint8_t none[6];
	char word[CFG_WORD_TEXT];
	uint8_t mac[6];

	(void)k;
	if (!cfg_want_scalar(l, node))
		return;
	if (!parse_mac(node->text, node->len, mac))
		cfg_fail(l, node, NULL, "%s is not a MAC address, as 02:00:5e:10:00:01",
			cfg_word(word, node));
	else if ((mac[0] & 1) != 0 || memcmp(mac, none, sizeof(none)) == 0)
		cfg_fail(l, node, NULL, "%s is not the MAC address of one station",
			cfg_word(word, node));
	else
		memcpy(at, mac, sizeof(mac));
}

void
cfg_read_address(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT];
	struct cv_ip ip;

	(void)k;
	if (!cfg_want_scalar(l, node))
		return;
	if (cv_ip_parse(node->text, &ip) != 0 || ip.family != CV_IPV4)
		cfg_fail(l, node, NULL, "%s is not an IPv4 address, as 192.0.2.1",
			cfg_word(word, node));
	else if (!cfg_is_host(cv_ipv4_value(&ip)))
		cfg_fail(l, node, NULL, "%s is not an address that a host can have",
			cfg_word(word, node));
	else
		memcpy(at, &ip, sizeof(ip));
}

void
cfg_read_prefix(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT], text[CV_PREFIX_TEXT];
	struct cv_prefix prefix, right;

	if (!cfg_want_scalar(l, node))
		return;
	if (!cfg_split_prefix(node->text, &prefix.ip, &prefix.length)) {
		cfg_fail(l, node, NULL, "%s is not an IPv4 prefix, as 192.0.2.0/24",
			cfg_word(word, node));
		return;
	}
	right.length = prefix.length;
	right.ip = cv_ipv4(cv_ipv4_value(&prefix.ip) & cfg_mask(prefix.length));
	if (!cv_ip_equal(&right.ip, &prefix.ip))
		cfg_fail(l, node, NULL, "%s has bits set beyond its length; the prefix is %s",
			cfg_word(word, node), cv_prefix_text(&right, text));
	else if (prefix.length < k->min)
		cfg_fail(l, node, NULL, "%s is too large: a length of /%" PRIu64 " or more",
			cfg_word(word, node), k->min);
	else if (k->min > 0 && !cfg_is_host(cv_ipv4_value(&prefix.ip)) &&
		 !cfg_is_host(cv_ipv4_value(&prefix.ip) + 1))
		cfg_fail(l, node, NULL, "%s has no addresses that a host can have",
			cfg_word(word, node));
	else
		memcpy(at, &prefix, sizeof(prefix));
}

/* "0000:3b:00.0"; the domain may be left out. Returns where the digits were right, or NULL. */
static bool
is_pci(const char *text)
{
	static const char full[] = "xxxx:xx:xx.7";
	const char *form = strlen(text) == sizeof(full) - 1 ? full : full + 5;

	if (strlen(text) != strlen(form))
		return false;
	for (size_t i = 0; form[i] != '\0'; i++) {
		const char *set = form[i] == 'x'   ? "0123456789abcdefABCDEF"
				  : form[i] == '7' ? "01234567"
				  : form[i] == ':' ? ":"
						   : ".";

		if (strchr(set, text[i]) == NULL)
			return false;
	}
	return true;
}

static bool
is_interface(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= IFNAME_MAX && strpbrk(text, "/ ,:=") == NULL &&
	       strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static bool
is_socket_path(const char *text)
{
	/* a comma would end the argument that DPDK's driver is given */
	return text[0] == '/' && text[1] != '\0' && strlen(text) <= CV_DEVICE_MAX &&
	       strchr(text, ',') == NULL;
}

static const struct {
	const char *prefix, *help;
	enum cfg_port_kind kind;
	bool (*fits)(const char *text);
} devices[] = {
	{"af_packet:", "the name of an interface, at most 15 characters", CFG_PORT_AF_PACKET,
		is_interface},
	{"memif:", "the absolute path of a socket, at most 107 bytes, without comma",
		CFG_PORT_MEMIF, is_socket_path},
	{"pci:", "a PCI address, as 0000:3b:00.0", CFG_PORT_PCI, is_pci},
	{"tap:", "a name for an interface, at most 15 characters", CFG_PORT_TAP, is_interface},
	{"xdp:", "the name of an interface, at most 15 characters", CFG_PORT_XDP, is_interface},
};

void
cfg_read_device(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cfg_port *port = at;
	char word[CFG_WORD_TEXT];
	const char *text = node->text;
	size_t i = 0, n = sizeof(devices) / sizeof(devices[0]);

	(void)k;
	if (!cfg_want_scalar(l, node))
		return;
	for (; i < n && strncmp(text, devices[i].prefix, strlen(devices[i].prefix)) != 0; i++)
		;
	if (i < n) {
		text += strlen(devices[i].prefix);
		port->kind = devices[i].kind;
	} else if (is_pci(text)) {
		port->kind = CFG_PORT_PCI;
	} else {
		cfg_fail(l, node, NULL,
			"%s is not a device: af_packet:INTERFACE, xdp:INTERFACE, memif:/SOCKET, "
			"pci:ADDRESS or tap:NAME",
			cfg_word(word, node));
		return;
	}
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			i = i < n ? i : 2, text = "";
	if (i < n && !devices[i].fits(text)) {
		cfg_fail(l, node, NULL, "%s must have, after '%s', %s", cfg_word(word, node),
			devices[i].prefix, devices[i].help);
		return;
	}
	port->device = cfg_copy(l, l->keep, text, strlen(text));
}
