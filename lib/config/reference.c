/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of keys as a reference: Markdown, or scdoc's source of a man page. Texts are written
 * with `code` in backquotes, which the form turns into its own.
 */
#include "config/reference.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/cursor.h"
#include "config/private.h"

enum { TEXT = 400, SECTION = 64 };

struct page {
	struct cv_writer w;
	bool scdoc;
};

static const char *const intro[] = {
	"`culvertd` reads one file in YAML: a mapping of sections, each of which has the keys "
	"below. "
	"What is left out has its default. All errors of a file are found in one run, each as "
	"`FILE:LINE:COLUMN: key: text`: `culvertd --check FILE`.",
	"Paths are relative to the file's folder. Secrets are never in the file itself, but in "
	"files "
	"of their own, which the file names: the bytes without the last line end.",
};

static const char example[] = "ports:\n"
			      "  - { name: wan, device: \"af_packet:eth1\" }\n"
			      "listeners:\n"
			      "  - { address: 192.0.2.1/24, gateway: 192.0.2.254 }\n"
			      "tunnels:\n"
			      "  secrets:\n"
			      "    - { secret-file: tunnel.secret }\n"
			      "groups:\n"
			      "  - { name: clients, address: 10.88.0.1, pool: 10.88.1.0/24 }\n"
			      "users-file: users.txt\n";

/* A term and what it means. */
struct term {
	const char *term, *text;
};

static const struct term values[] = {
	{"number", "a whole number without quotes"},
	{"duration", "a whole number with its unit, `ms`, `s`, `m` or `h`: `500ms`, `60s`, `2m`"},
	{"name", "letters, digits, `.`, `_` and `-`"},
	{"text", "printable ASCII characters"},
	{"address", "an IPv4 address that a host can have: `192.0.2.1`; outside of tunnels IPv6 as "
		    "well, `\"2001:db8::1\"`, a listener over it is `[2001:db8::1]:1701`"},
	{"prefix", "an IPv4 prefix without bits beyond its length: `192.0.2.0/24`; an address "
		   "alone is one of `/32`"},
	{"IPv6 address, prefix",
		"one in `2000::/3` or `fc00::/7`: `2001:db8::1`, `2001:db8:100::/48`"},
	{"policy",
		"`ipsec`: ESP, AH, UDP 500 and 4500, later fragments of these, and ICMP errors "
		"that quote them; `any`; or a list of rules, each a protocol (`esp`, `ah`, `gre`, "
		"`icmp`, `ipip`, `l2tp`, a number) or `tcp`, `udp`, `sctp` with ports "
		"(`udp/500`, `tcp/1000-2000`), or with keys, as "
		"`{ deny: [tcp/25, udp], peer: 203.0.113.0/24 }`: the first that is about a packet "
		"counts, what none is about may not pass. A rule is about a packet of which all "
		"its keys hold; one with lists stands for one for each choice of theirs. ICMP "
		"errors pass where what they quote does, unless a rule with `icmp` itself forbids "
		"them"},
};

static const struct term effects[] = {
	{"live", "counts at once, for what runs, too: a session that can't have any more what it "
		 "has "
		 "(its user, address, realm, listener) ends. Passwords and secrets count from the "
		 "next authentication on"},
	{"live or restart", "live up to what the server was started with, for which there is room; "
			    "more needs a restart"},
	{"new sessions", "counts for sessions that begin from then on"},
	{"new tunnels", "counts for tunnels that begin from then on"},
	{"restart", "needs a restart of the server"},
};

static void
put(struct page *p, const char *text)
{
	cv_write_bytes(&p->w, text, strlen(text));
}

/* Text with `code`: scdoc has it bold, and takes some characters for its own. */
static void
put_text(struct page *p, const char *text)
{
	bool code = false;

	for (; *text != '\0'; text++) {
		if (!p->scdoc) {
			cv_write_u8(&p->w, (uint8_t)*text);
		} else if (*text == '`') {
			put(p, "*");
			code = !code;
		} else {
			if (strchr("\\*_#<>", *text) != NULL)
				put(p, "\\");
			cv_write_u8(&p->w, (uint8_t)*text);
		}
	}
}

static void
put_heading(struct page *p, unsigned level, const char *text)
{
	put(p, "\n");
	for (unsigned i = p->scdoc ? 2 : 1; i <= level; i++)
		put(p, "#");
	put(p, " ");
	for (const char *c = text; *c != '\0'; c++)
		cv_write_u8(&p->w,
			(uint8_t)(p->scdoc && level == 2 && *c >= 'a' && *c <= 'z' ? *c - 32 : *c));
	put(p, "\n");
}

static void
put_paragraph(struct page *p, const char *text)
{
	put(p, "\n");
	put_text(p, text);
	put(p, "\n");
}

static void
put_terms(struct page *p, const struct term *terms, size_t n)
{
	put(p, "\n");
	for (size_t i = 0; i < n; i++) {
		put(p, p->scdoc ? "*" : "- **");
		put(p, terms[i].term);
		put(p, p->scdoc ? "*\n\t" : "**: ");
		put_text(p, terms[i].text);
		put(p, p->scdoc ? ".\n\n" : ".\n");
	}
}

static void
put_example(struct page *p)
{
	put(p, p->scdoc ? "\n```\n" : "\n```yaml\n");
	put(p, example);
	put(p, "```\n");
}

/* snprintf behind what is there. */
static void __attribute__((format(printf, 2, 3))) append(char out[TEXT], const char *fmt, ...)
{
	size_t used = strlen(out);
	va_list args;

	va_start(args, fmt);
	vsnprintf(out + used, TEXT - used, fmt, args);
	va_end(args);
}

static void
append_choices(char out[TEXT], const struct cfg_key *k)
{
	for (size_t i = 0; k->choices[i] != NULL; i++)
		append(out, "%s`%s`",
			i == 0                      ? ""
			: k->choices[i + 1] == NULL ? " or "
						    : ", ",
			k->choices[i]);
}

static void
append_duration(char out[TEXT], const struct cfg_key *k)
{
	char min[24], max[24];

	append(out, "%s to %s%s", cfg_duration_text(min, sizeof(min), k->min),
		cfg_duration_text(max, sizeof(max), k->max), k->zero ? ", or `0s`" : "");
}

/* What one value of a row may be. */
static void
append_kind(char out[TEXT], const struct cfg_key *k)
{
	static const char *const words[CFG_KINDS] = {
		[CFG_KIND_BOOL] = "`true` or `false`",
		[CFG_KIND_PATH] = "path",
		[CFG_KIND_MODE] = "mode in octal",
		[CFG_KIND_ADDRESS] = "address",
		[CFG_KIND_ADDRESS6] = "IPv6 address",
		[CFG_KIND_GATEWAY] = "IPv4 or IPv6 address",
		[CFG_KIND_PEERS] = "IPv4 or IPv6 prefix",
		[CFG_KIND_GATEWAYS] = "IPv4 or IPv6 prefix, or `any`",
		[CFG_KIND_MAC] = "MAC address",
		[CFG_KIND_RULE] = "rule of one word, or `any`",
		[CFG_KIND_PORTS] = "port or ports, as `500` or `1000-2000`",
		[CFG_KIND_PORT] = "name of a port",
		[CFG_KIND_LAN] = "name of a port or VLAN",
		[CFG_KIND_GROUP] = "name of a group",
		[CFG_KIND_FILTER] = "name of a filter",
		[CFG_KIND_INTERFACE] = "name of an interface",
		[CFG_KIND_OF_REALM] = "name of a realm that a group has",
		[CFG_KIND_OWN] = "address with `/LENGTH`",
		[CFG_KIND_VIA] = "IPv4 or IPv6 address, or `discard`",
		[CFG_KIND_TARGET] = "address or DNS name, with `:PORT` or without",
		[CFG_KIND_HOST] = "address or DNS name",
		[CFG_KIND_LISTENER] = "`ADDRESS:PORT` of a listener",
		[CFG_KIND_DEVICE] = "kind and name",
		[CFG_KIND_LISTENER_ADDRESS] = "address with `/LENGTH`",
		[CFG_KIND_SECRET_FILE] = "path",
		[CFG_KIND_SECRET_NONE] = "`none`",
		[CFG_KIND_USERS_FILE] = "path",
	};

	switch (k->kind) {
	case CFG_KIND_NUMBER:
		append(out, "%" PRIu64 " to %" PRIu64, k->min, k->max);
		break;
	case CFG_KIND_CHOICE:
		append_choices(out, k);
		break;
	case CFG_KIND_DURATION:
		append_duration(out, k);
		break;
	case CFG_KIND_TEXT:
		append(out, "text of %s%" PRIu64, k->min == 0 ? "at most " : "1 to ", k->max);
		break;
	case CFG_KIND_NAME:
	case CFG_KIND_REALM:
		append(out, "name of 1 to %" PRIu64, k->max);
		break;
	case CFG_KIND_USER_NAME:
		append(out, "text of 1 to %" PRIu64 " without space", k->max);
		break;
	case CFG_KIND_PREFIX:
		append(out, "prefix of `/%" PRIu64 "` to `/%" PRIu64 "`", k->min, k->max);
		break;
	case CFG_KIND_PREFIX6:
		append(out, "IPv6 prefix of `/%" PRIu64 "`", k->min);
		if (k->max != k->min)
			append(out, " to `/%" PRIu64 "`", k->max);
		break;
	case CFG_KIND_DSCP:
		append(out, "`copy`, a name as `ef`, `af41` or `cs6`, or 0 to 63");
		break;
	case CFG_KIND_RATE:
		append(out, "`none`, or rate of `8kbit` to `400Gbit`");
		break;
	case CFG_KIND_USER_SESSIONS:
		append(out, "`replace`, or %" PRIu64 " to %" PRIu64, k->min, k->max);
		break;
	case CFG_KIND_POLICY:
		append(out, "policy of at most %" PRIu32 " rules", k->max_items);
		break;
	default:
		append(out, "%s", words[k->kind]);
	}
}

static void
append_values(char out[TEXT], const struct cfg_key *k)
{
	if (k->shape == CFG_ONE_OR_MANY)
		append(out, "one or a list of at most %" PRIu32 ": ", k->max_items);
	else if (k->shape != CFG_ONE && k->min_items == 0)
		append(out, "list of at most %" PRIu32 ": ", k->max_items);
	else if (k->shape != CFG_ONE)
		append(out, "list of %" PRIu32 " to %" PRIu32 ": ", k->min_items, k->max_items);
	append_kind(out, k);
}

static void
append_default(char out[TEXT], const struct cfg_key *k)
{
	if (k->required)
		append(out, "required");
	else if (k->filter)
		append(out, "as `filter`"); /* left out together */
	else if (k->left_out != 0)
		append(out, "all");
	else if (k->kind == CFG_KIND_LAN)
		append(out, "the only port");
	else if (k->kind == CFG_KIND_PORT || k->kind == CFG_KIND_GROUP ||
		 k->kind == CFG_KIND_OF_REALM)
		append(out, "the only one");
	else if (k->fallback == NULL || k->fallback[0] == '\0')
		append(out, "none");
	else
		append(out, "`%s`", k->fallback);
}

static void
append_effect(char out[TEXT], const struct cfg_table *table, const struct cfg_key *k)
{
	if (k->naming)
		append(out, "another %s", cfg_object_name(table->object));
	else
		append(out, "%s%s", cfg_effect_name(k->effect),
			k->fits == NULL ? "" : " or restart");
}

static bool
is_told(const struct cfg_key *k)
{
	return k->kind != CFG_KIND_MAP && k->kind != CFG_KIND_SECRET_REFUSED;
}

/* As the beginning of a sentence; what begins with a value of the key stays as it is. */
static void
append_help(char out[TEXT], const struct cfg_key *k)
{
	size_t word = strcspn(k->help, " ,:;");

	append(out, "%s", k->help);
	if (out[0] >= 'a' && out[0] <= 'z' && out[word] != ':')
		out[0] = (char)(out[0] - 'a' + 'A');
}

static void
put_row(struct page *p, const struct cfg_table *table, const struct cfg_key *k)
{
	char value[TEXT] = "", otherwise[TEXT] = "", effect[TEXT] = "", help[TEXT] = "";
	char line[4 * TEXT];

	append_values(value, k);
	append_default(otherwise, k);
	append_effect(effect, table, k);
	if (!p->scdoc) {
		snprintf(line, sizeof(line), "| `%s` | %s | %s | %s | %s |\n", k->name, k->help,
			value, otherwise, effect);
		put(p, line);
		return;
	}
	append_help(help, k);
	snprintf(line, sizeof(line), "\n`%s`\n\t%s.", k->name, help);
	put_text(p, line);
	snprintf(line, sizeof(line), "\n\n\tValue: %s; %s%s; change: %s.\n", value,
		k->required ? "" : "default: ", otherwise, effect);
	put_text(p, line);
}

static void
put_head(struct page *p)
{
	if (!p->scdoc)
		put(p, "\n| key | what it is | value | default | change |\n"
		       "|---|---|---|---|---|\n");
}

/* A section: its path, what it is, its own keys; those of mappings in it follow. */
static void
put_section(struct page *p, const char *prefix, const struct cfg_key *k)
{
	const struct cfg_table *table = k->table;
	char path[SECTION], text[TEXT] = "";
	bool head = false;

	snprintf(path, sizeof(path), "%s%s%s", prefix, k->name, k->shape == CFG_ONE ? "" : "[]");
	put_heading(p, 3, path);
	append_help(text, k);
	append(text, ".");
	if (k->shape != CFG_ONE) {
		append(text, " A list of %s%" PRIu32 ".", k->min_items == 0 ? "at most " : "1 to ",
			k->max_items);
		append(text, " When one comes or goes: %s.", cfg_effect_name(k->effect));
	}
	for (size_t i = 0; table->one_of != NULL && table->one_of[i] != NULL; i++)
		append(text, "%s`%s`%s", i == 0 ? " Each has either " : " or ", table->one_of[i],
			table->one_of[i + 1] == NULL ? "." : "");
	for (size_t i = 0; table->any_of != NULL && table->any_of[i] != NULL; i++)
		append(text, "%s`%s`%s", i == 0 ? " Each has " : " or ", table->any_of[i],
			table->any_of[i + 1] == NULL ? ", or both." : "");
	put_paragraph(p, text);
	for (size_t i = 0; i < table->n; i++) {
		if (!is_told(&table->keys[i]))
			continue;
		if (!head)
			put_head(p);
		head = true;
		put_row(p, table, &table->keys[i]);
	}
	snprintf(text, sizeof(text), "%s.", path);
	for (size_t i = 0; i < table->n; i++)
		if (table->keys[i].table != NULL)
			put_section(p, text, &table->keys[i]);
}

static void
put_keys(struct page *p, const struct cfg_table *table)
{
	put_heading(p, 2, "Keys");
	for (size_t i = 0; i < table->n; i++) {
		const struct cfg_key *k = &table->keys[i];

		if (k->kind == CFG_KIND_MAP) {
			put_section(p, "", k);
			continue;
		}
		put_heading(p, 3, k->name);
		put_head(p);
		put_row(p, table, k);
	}
}

int
cfg_table_page(const struct cfg_table *table, const char *begin, const char *end, char *out,
	size_t capacity)
{
	struct page p = {cv_writer(out, capacity), true};

	put(&p, begin);
	put_keys(&p, table);
	put(&p, end);
	cv_write_u8(&p.w, '\0');
	return p.w.failed ? CV_ERR_SPACE : (int)cv_written(&p.w) - 1;
}

static void
put_begin(struct page *p)
{
	if (!p->scdoc) {
		put(p, "# The configuration\n\n<!-- culvertd --config-reference "
		       ">config/reference.md "
		       "-->\n");
		return;
	}
	put(p, "culvert.yaml(5)\n\n; culvertd --config-reference=scdoc "
	       ">config/culvert.yaml.5.scd\n\n"
	       "# NAME\n\nculvert.yaml - configuration of *culvertd*(8)\n\n# DESCRIPTION\n");
}

int
cfg_reference(enum cfg_reference_form form, char *out, size_t capacity)
{
	struct page p = {cv_writer(out, capacity), form == CFG_REFERENCE_SCDOC};

	put_begin(&p);
	for (size_t i = 0; i < sizeof(intro) / sizeof(intro[0]); i++)
		put_paragraph(&p, intro[i]);
	put_heading(&p, 2, "A small example");
	put_example(&p);
	put_heading(&p, 2, "Values");
	put_terms(&p, values, sizeof(values) / sizeof(values[0]));
	put_heading(&p, 2, "What a change does");
	put_terms(&p, effects, sizeof(effects) / sizeof(effects[0]));
	put_keys(&p, &cfg_root_table);
	if (p.scdoc)
		put(&p, "\n# SEE ALSO\n\n*culvertd*(8), *culvertctl*(1)\n");
	cv_write_u8(&p.w, '\0');
	return p.w.failed ? CV_ERR_SPACE : (int)cv_written(&p.w) - 1;
}
