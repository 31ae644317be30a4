/* SPDX-License-Identifier: BSD-3-Clause */
/* Kinds of single values: numbers, words, durations, texts, addresses. */
#include <inttypes.h>
#include <stdio.h>

#include "config/private.h"

void
cfg_store(void *at, size_t size, uint64_t value)
{
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	memcpy(at,
		size == 1   ? (void *)&u8
		: size == 2 ? (void *)&u16
		: size == 4 ? (void *)&u32
			    : &value,
		size);
}

bool
cfg_digits(const char *text, size_t len, uint64_t *value)
{
	*value = 0;
	if (len == 0 || len > 10 || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10 + (uint64_t)(text[i] - '0');
	}
	return *value <= UINT32_MAX;
}

bool
cfg_want_scalar(struct cfg_loader *l, const struct cfg_node *node)
{
	if (node->type != CFG_SCALAR)
		cfg_fail(l, node, NULL, "must be one value, not a %s",
			node->type == CFG_LIST ? "list" : "mapping");
	else if (cfg_node_null(node))
		cfg_fail(l, node, NULL, "has no value: give one or leave the key out");
	else
		return true;
	return false;
}

void
cfg_read_number(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT];
	uint64_t value;

	if (!cfg_want_scalar(l, node))
		return;
	if (!node->plain)
		cfg_fail(l, node, NULL, "must be a number without quotes");
	else if (!cfg_digits(node->text, node->len, &value))
		cfg_fail(l, node, NULL, "%s is not a whole number from %" PRIu64 " to %" PRIu64,
			cfg_word(word, node), k->min, k->max);
	else if (value < k->min || value > k->max)
		cfg_fail(l, node, NULL, "%" PRIu64 " is out of range: %" PRIu64 " to %" PRIu64,
			value, k->min, k->max);
	else
		cfg_store(at, k->size, value);
}

void
cfg_read_bool(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT];

	if (!cfg_want_scalar(l, node))
		return;
	if (node->plain && strcmp(node->text, "true") == 0)
		cfg_store(at, k->size, 1);
	else if (node->plain && strcmp(node->text, "false") == 0)
		cfg_store(at, k->size, 0);
	else
		cfg_fail(l, node, NULL, "%s is neither true nor false%s", cfg_word(word, node),
			node->plain ? "" : ", which are written without quotes");
}

void
cfg_read_choice(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT], list[200];
	const char *nearest;
	size_t n = 0;

	if (!cfg_want_scalar(l, node))
		return;
	for (; k->choices[n] != NULL; n++) {
		if (strcmp(k->choices[n], node->text) == 0) {
			cfg_store(at, k->size, n);
			return;
		}
	}
	if (k->shape == CFG_ARRAY)
		cfg_store(at, k->size, n); /* none of them, for checks of the list */
	nearest = cfg_nearest(node->text, k->choices, n);
	cfg_fail(l, node, NULL, "%s is not one of %s%s%s%s", cfg_word(word, node),
		cfg_join(list, sizeof(list), k->choices, n),
		nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest,
		nearest == NULL ? "" : "?");
}

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{"ms", CV_NS_PER_MS},
	{"s", CV_NS_PER_S},
	{"m", 60 * CV_NS_PER_S},
	{"h", 3600 * CV_NS_PER_S},
};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

const char *
cfg_duration_text(char *out, size_t capacity, uint64_t ns)
{
	size_t i = UNITS - 1;

	while (i > 0 && ns % units[i].ns != 0)
		i--;
	snprintf(out, capacity, "%" PRIu64 "%s", ns / units[i].ns, units[i].name);
	return out;
}

int
cfg_duration(const char *text, uint64_t *ns)
{
	size_t digits = strspn(text, "0123456789"), unit = 0;

	while (unit < UNITS && strcmp(text + digits, units[unit].name) != 0)
		unit++;
	if (unit == UNITS || !cfg_digits(text, digits, ns))
		return CV_ERR_CONFIG;
	*ns *= units[unit].ns; /* below 2^32 hours */
	return 0;
}

void
cfg_read_duration(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT], min[24], max[24];
	uint64_t value;

	if (!cfg_want_scalar(l, node))
		return;
	if (strspn(node->text, "0123456789") == node->len) {
		cfg_fail(l, node, NULL, "%s has no unit: write %ss, or another of ms, s, m, h",
			cfg_word(word, node), word);
		return;
	}
	if (cfg_duration(node->text, &value) != 0) {
		cfg_fail(l, node, NULL,
			"%s is not a duration: a whole number and ms, s, m or h, as 60s",
			cfg_word(word, node));
		return;
	}
	if ((value < k->min || value > k->max) && !(k->zero && value == 0))
		cfg_fail(l, node, NULL, "%s is out of range: %s to %s%s", cfg_word(word, node),
			cfg_duration_text(min, sizeof(min), k->min),
			cfg_duration_text(max, sizeof(max), k->max),
			k->zero ? ", or 0s for never" : "");
	else
		cfg_store(at, k->size, value);
}

/* RFC 2474, 2597, 3246, 8622. */
static const struct {
	const char *name;
	uint8_t value;
} dscps[] = {{"cs0", 0}, {"cs1", 8}, {"cs2", 16}, {"cs3", 24}, {"cs4", 32}, {"cs5", 40},
	{"cs6", 48}, {"cs7", 56}, {"af11", 10}, {"af12", 12}, {"af13", 14}, {"af21", 18},
	{"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28}, {"af33", 30}, {"af41", 34},
	{"af42", 36}, {"af43", 38}, {"ef", 46}, {"le", 1}};

enum { DSCPS = sizeof(dscps) / sizeof(dscps[0]) };

const char *
cfg_dscp_name(size_t index)
{
	return index < DSCPS ? dscps[index].name : NULL;
}

const char *
cfg_dscp_text(uint8_t dscp, char *out, size_t capacity)
{
	if (dscp == CFG_DSCP_COPY)
		return "copy";
	for (size_t i = 0; i < DSCPS; i++)
		if (dscps[i].value == dscp)
			return dscps[i].name;
	snprintf(out, capacity, "%u", dscp);
	return out;
}

void
cfg_read_dscp(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT];
	uint64_t value = UINT64_MAX;

	if (!cfg_want_scalar(l, node))
		return;
	if (strcmp(node->text, "copy") == 0)
		value = CFG_DSCP_COPY;
	for (size_t i = 0; i < DSCPS; i++)
		if (strcmp(node->text, dscps[i].name) == 0)
			value = dscps[i].value;
	if (value == UINT64_MAX &&
		(!node->plain || !cfg_digits(node->text, node->len, &value) || value > 63))
		cfg_fail(l, node, NULL,
			"%s is no DSCP: copy, a name as ef, af41 or cs6, or a number from 0 to 63",
			cfg_word(word, node));
	else
		cfg_store(at, k->size, value);
}

void
cfg_read_rate(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	const char *wrong;

	(void)k;
	if (!cfg_want_scalar(l, node))
		return;
	wrong = cv_rate_parse(node->text, at);
	if (wrong != NULL)
		cfg_fail(l, node, NULL, "is not a rate: %s", wrong);
}

/* Whether the scalar has k->min to k->max characters that `fits` takes; if not, reports it. */
static bool
want_characters(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node,
	bool (*fits)(char c), const char *what)
{
	if (!cfg_want_scalar(l, node))
		return false;
	if (node->len < k->min || node->len > k->max) {
		cfg_fail(l, node, NULL, "must have %" PRIu64 " to %" PRIu64 " characters, not %zu",
			k->min, k->max, node->len);
		return false;
	}
	for (size_t i = 0; i < node->len; i++) {
		if (!fits(node->text[i])) {
			cfg_fail(l, node, NULL, "must have %s alone; character %zu is none", what,
				i + 1);
			return false;
		}
	}
	return true;
}

static bool
is_printable(char c)
{
	return c >= 0x20 && c < 0x7f;
}

static bool
is_graphic(char c)
{
	return c > 0x20 && c < 0x7f;
}

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

/* Stores a copy's address. */
static void
store_text(struct cfg_loader *l, const char *text, void *at)
{
	const char *copy = text == NULL ? NULL : cfg_copy(l, l->keep, text, strlen(text));

	memcpy(at, &copy, sizeof(copy));
}

void
cfg_read_text(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	if (want_characters(l, k, node, is_printable, "printable ASCII characters"))
		store_text(l, node->text, at);
}

void
cfg_read_name(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	if (want_characters(l, k, node, is_name, "letters, digits, '.', '_' and '-'"))
		store_text(l, node->text, at);
}

void
cfg_read_path(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	const char *path;

	if (!want_characters(l, k, node, is_printable, "printable ASCII characters"))
		return;
	path = cfg_path(l, node->text);
	if (path != NULL && strlen(path) > k->max)
		cfg_fail(l, node, NULL, "is longer than %" PRIu64 " bytes with its folder", k->max);
	memcpy(at, &path, sizeof(path));
}

void
cfg_read_user_name(
	struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	struct cfg_user *user = at;

	if (!want_characters(l, k, node, is_graphic, "printable ASCII characters without space"))
		return;
	store_text(l, node->text, &user->name);
	user->name_len = node->len;
}

bool
cfg_is_user_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_graphic(name[i]))
			return false;
	return len > 0 && len <= CV_USER_NAME_MAX;
}

void
cfg_read_mode(struct cfg_loader *l, const struct cfg_key *k, const struct cfg_node *node, void *at)
{
	char word[CFG_WORD_TEXT];
	uint64_t mode = 0;

	if (!cfg_want_scalar(l, node))
		return;
	if (node->len < 3 || node->len > 4 || strspn(node->text, "01234567") != node->len ||
		(node->len == 4 && node->text[0] != '0')) {
		cfg_fail(l, node, NULL, "%s is not a mode in octal, as \"0660\"",
			cfg_word(word, node));
		return;
	}
	for (size_t i = 0; i < node->len; i++)
		mode = mode * 8 + (uint64_t)(node->text[i] - '0');
	cfg_store(at, k->size, mode);
}
