/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of keys as a JSON Schema. */
#include "config/schema.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/cursor.h"
#include "config/private.h"

/* A text; YAML takes one without quotes for a number or a boolean where it looks like one. */
#define ANY_WORD "\"type\": [\"string\", \"number\", \"boolean\"]"
#define PATTERN(...) "\"type\": \"string\", \"pattern\": \"^" __VA_ARGS__ "$\""

#define OCTET "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define HOST_OCTET "(22[0-3]|2[01][0-9]|1[013-9][0-9]|12[0-689]|[1-9][0-9]?)"
#define OTHER_OCTETS "([.]" OCTET "){3}"
#define HOST_ADDRESS HOST_OCTET OTHER_OCTETS
#define UDP_PORT                                                   \
	"(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|" \
	"[1-5][0-9]{4}|[1-9][0-9]{0,3})"
#define INTERFACE "(?![.]{1,2}$)[!-+.0-9;<>-~-]{1,15}"
/* IPv6: eight groups of four digits, or fewer with :: in the place of the others */
#define H "[0-9A-Fa-f]{1,4}"
#define ADDRESS6                                                                                \
	"((" H ":){7}" H "|(" H ":){1,7}:|(" H ":){1,6}:" H "|(" H ":){1,5}(:" H "){1,2}|(" H   \
	":){1,4}(:" H "){1,3}|(" H ":){1,3}(:" H "){1,4}|(" H ":){1,2}(:" H "){1,5}|" H ":(:" H \
	"){1,6})"
/* an address of a station, of any but ::/8 and groups; with a scope beyond its link; any prefix's
 */
#define HOST6 "(?!0{0,2}[0-9A-Fa-f]{1,2}:|[Ff]{2}[0-9A-Fa-f]{2}:)" ADDRESS6
#define NOT_LINK_LOCAL6 "(?![Ff][Ee][89ABab][0-9A-Fa-f]:)" HOST6
#define ANY6 "(" ADDRESS6 "|:(:" H "){1,7}|::)"
#define LENGTH6 "(12[0-8]|1[01][0-9]|[1-9]?[0-9])"
#define ROUTED6 "(?=[23][0-9A-Fa-f]{3}:|[Ff][CcDd][0-9A-Fa-f]{2}:)" ADDRESS6
/* of a DNS name; the last one is no number */
#define LABEL "[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
#define HEX(n) "[0-9A-Fa-f]{" n "}"
#define PROTOCOL "icmp|ipip|gre|esp|ah|l2tp|tcp|udp|sctp|" OCTET
#define PROTOCOL_NUMBER "{\"type\": \"integer\", \"minimum\": 0, \"maximum\": 255}"
#define WITH_PORTS "(tcp|udp|sctp|6|17|132)/" UDP_PORT "(-" UDP_PORT ")?"

/* Members that say what a kind is, where the row's range says nothing more. */
#define RATE "[1-9][0-9]{0,8}(kbit|Mbit|Gbit)"
#define BURST "[1-9][0-9]{0,5}(kB|MB)"

#define OWN_ADDRESS \
	PATTERN("(" HOST_ADDRESS "/(3[0-2]|[12][0-9]|[1-9])|" NOT_LINK_LOCAL6 "/(?!0$)" LENGTH6 ")")

static const char *const kind_members[CFG_KINDS] = {
	[CFG_KIND_BOOL] = "\"type\": \"boolean\"",
	[CFG_KIND_NAME] = ", \"pattern\": \"^[A-Za-z0-9._-]+$\"",
	[CFG_KIND_REALM] = ", \"pattern\": \"^[A-Za-z0-9._-]+$\"",
	[CFG_KIND_USER_NAME] = ", \"pattern\": \"^[!-~]+$\"",
	[CFG_KIND_TEXT] = ", \"pattern\": \"^[ -~]*$\"",
	[CFG_KIND_PATH] = ", \"pattern\": \"^[ -~]*$\"",
	[CFG_KIND_USERS_FILE] = "",
	/* without quotes 0660 is a number: 432 or 660, as the reader's YAML is old or new */
	[CFG_KIND_MODE] = "\"anyOf\": [{" PATTERN(
		"0?[0-7]{3}") "}, "
			      "{\"type\": \"integer\", \"minimum\": 0, \"maximum\": 777}]",
	[CFG_KIND_ADDRESS] = PATTERN(HOST_ADDRESS),
	[CFG_KIND_ADDRESS6] = PATTERN(ROUTED6),
	[CFG_KIND_GATEWAY] = PATTERN("(" HOST_ADDRESS "|" HOST6 ")"),
	[CFG_KIND_PEERS] =
		PATTERN("(" OCTET OTHER_OCTETS "(/(3[0-2]|[12]?[0-9]))?|" ANY6 "(/" LENGTH6 ")?)"),
	[CFG_KIND_GATEWAYS] = PATTERN(
		"(any|" OCTET OTHER_OCTETS "(/(3[0-2]|[12]?[0-9]))?|" ROUTED6 "(/" LENGTH6 ")?)"),
	/* without quotes, one of digits alone is a number to base 60 for some readers */
	[CFG_KIND_MAC] = "\"type\": [\"string\", \"integer\"], \"pattern\": "
			 "\"^(?!00:00:00:00:00:00$)[0-9A-Fa-f][02468ACEace](:" HEX("2") "){5}$\"",
	[CFG_KIND_PORT] = ANY_WORD,
	[CFG_KIND_LAN] = ANY_WORD,
	[CFG_KIND_GROUP] = ANY_WORD,
	[CFG_KIND_FILTER] = ANY_WORD,
	[CFG_KIND_INTERFACE] = ANY_WORD,
	[CFG_KIND_OF_REALM] = ANY_WORD,
	[CFG_KIND_LISTENER] = PATTERN("(" HOST_ADDRESS "|[[]" NOT_LINK_LOCAL6 "[]]):" UDP_PORT),
	[CFG_KIND_DEVICE] = PATTERN("((af_packet|xdp|tap):" INTERFACE "|memif:/[!-+.-~-]{1,106}"
				    "|(pci:)?(" HEX("4") ":)?" HEX("2") ":" HEX("2") "[.][0-7])"),
	[CFG_KIND_LISTENER_ADDRESS] = OWN_ADDRESS,
	[CFG_KIND_OWN] = OWN_ADDRESS,
	[CFG_KIND_VIA] = PATTERN("(discard|" HOST_ADDRESS "|" HOST6 ")"),
	[CFG_KIND_HOST] = PATTERN("(" HOST_ADDRESS "|" NOT_LINK_LOCAL6
				  "|(?=.{1,253}$)(?!([^:]*[.])?[0-9]+$)(" LABEL "[.])*" LABEL ")"),
	[CFG_KIND_TARGET] =
		PATTERN("(" HOST_ADDRESS "(:" UDP_PORT ")?|" NOT_LINK_LOCAL6 "|[[]" NOT_LINK_LOCAL6
			"[]]:" UDP_PORT "|(?=.{1,253}(:|$))(?!([^:]*[.])?[0-9]+(:|$))(" LABEL
			"[.])*" LABEL "(:" UDP_PORT ")?)"),
	[CFG_KIND_RATE] = PATTERN("(none|" RATE "(/" RATE ")?( " BURST "(/" BURST ")?)?)"),
	[CFG_KIND_SECRET_FILE] = ANY_WORD ", \"minLength\": 1",
	[CFG_KIND_SECRET_NONE] = "\"const\": \"none\"",
	[CFG_KIND_SECRET_REFUSED] = "\"not\": {}",
};

static void
put(struct cv_writer *w, const char *text)
{
	cv_write_bytes(w, text, strlen(text));
}

static void
put_number(struct cv_writer *w, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put(w, name);
	put(w, text);
}

/* Texts of the tables: ASCII without control characters. */
static void
put_string(struct cv_writer *w, const char *text, size_t len)
{
	cv_write_u8(w, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			cv_write_u8(w, '\\');
		cv_write_u8(w, (uint8_t)text[i]);
	}
	cv_write_u8(w, '"');
}

static void
put_line(struct cv_writer *w, unsigned depth)
{
	cv_write_u8(w, '\n');
	for (unsigned i = 0; i < depth; i++)
		put(w, "  ");
}

static void put_table(struct cv_writer *w, const struct cfg_table *table, unsigned depth);

static void
put_choices(struct cv_writer *w, const struct cfg_key *k)
{
	put(w, "\"enum\": [");
	for (size_t i = 0; k->choices[i] != NULL; i++) {
		put(w, i == 0 ? "" : ", ");
		put_string(w, k->choices[i], strlen(k->choices[i]));
	}
	put(w, "]");
}

/* ADDRESS/LENGTH; an address alone is a prefix of 32. */
static void
put_prefix(struct cv_writer *w, const struct cfg_key *k)
{
	put(w, "\"type\": \"string\", \"pattern\": \"^" OCTET OTHER_OCTETS "(/(");
	for (uint64_t length = k->min; length <= k->max; length++)
		put_number(w, length == k->min ? "" : "|", length);
	put(w, "))?$\"");
}

static void
put_prefix6(struct cv_writer *w, const struct cfg_key *k)
{
	put(w, "\"type\": \"string\", \"pattern\": \"^" ROUTED6 "/(");
	for (uint64_t length = k->min; length <= k->max; length++)
		put_number(w, length == k->min ? "" : "|", length);
	put(w, ")$\"");
}

/* The members that say what one value of the row may be. */
static void
put_kind(struct cv_writer *w, const struct cfg_key *k, unsigned depth)
{
	switch (k->kind) {
	case CFG_KIND_MAP:
		put_table(w, k->table, depth);
		break;
	case CFG_KIND_NUMBER:
		put_number(w, "\"type\": \"integer\", \"minimum\": ", k->min);
		put_number(w, ", \"maximum\": ", k->max);
		break;
	case CFG_KIND_CHOICE:
		put_choices(w, k);
		break;
	case CFG_KIND_TEXT:
	case CFG_KIND_NAME:
	case CFG_KIND_PATH:
	case CFG_KIND_REALM:
	case CFG_KIND_USER_NAME:
	case CFG_KIND_USERS_FILE:
		put(w, ANY_WORD);
		put(w, kind_members[k->kind]);
		put_number(w, ", \"minLength\": ", k->min);
		put_number(w, ", \"maxLength\": ", k->max);
		break;
	case CFG_KIND_DURATION:
		put(w, k->zero ? PATTERN("(0|[1-9][0-9]{0,9})(ms|s|m|h)")
			       : PATTERN("[1-9][0-9]{0,9}(ms|s|m|h)"));
		break;
	case CFG_KIND_PREFIX:
		put_prefix(w, k);
		break;
	case CFG_KIND_PREFIX6:
		put_prefix6(w, k);
		break;
	case CFG_KIND_DSCP:
		put(w, "\"anyOf\": [{\"enum\": [\"copy\"");
		for (size_t i = 0; cfg_dscp_name(i) != NULL; i++) {
			put(w, ", ");
			put_string(w, cfg_dscp_name(i), strlen(cfg_dscp_name(i)));
		}
		put(w, "]}, {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 63}]");
		break;
	case CFG_KIND_USER_SESSIONS:
		put_number(w,
			"\"anyOf\": [{\"const\": \"replace\"}, {\"type\": \"integer\", "
			"\"minimum\": ",
			k->min);
		put_number(w, ", \"maximum\": ", k->max);
		put(w, "}]");
		break;
	case CFG_KIND_RULE:
		put(w, "\"anyOf\": [{" PATTERN(
			       "(any|" PROTOCOL "|" WITH_PORTS ")") "}, " PROTOCOL_NUMBER "]");
		break;
	case CFG_KIND_PORTS:
		put(w, "\"anyOf\": [{" PATTERN(
			       UDP_PORT "(-" UDP_PORT ")?") "}, {\"type\": \"integer\", "
							    "\"minimum\": 1, "
							    "\"maximum\": 65535}]");
		break;
	case CFG_KIND_POLICY:
		put(w, "\"anyOf\": [{\"enum\": [\"ipsec\", \"any\"]}, {\"type\": \"array\", "
		       "\"items\": {\"anyOf\": [{" PATTERN(
			       "(" PROTOCOL "|" WITH_PORTS ")") "}, " PROTOCOL_NUMBER ", {");
		put_table(w, &cfg_rule_table, depth);
		put(w, "}]}, \"minItems\": 1, ");
		put_number(w, "\"maxItems\": ", k->max_items);
		put(w, "}]");
		break;
	default:
		put(w, kind_members[k->kind]);
	}
}

static void
put_array(struct cv_writer *w, const struct cfg_key *k, unsigned depth)
{
	put_number(w, "\"type\": \"array\", \"minItems\": ", k->min_items);
	put_number(w, ", \"maxItems\": ", k->max_items);
	put(w, k->distinct ? ", \"uniqueItems\": true, \"items\": {" : ", \"items\": {");
	put_kind(w, k, depth);
	put(w, "}");
}

static void
put_default(struct cv_writer *w, const struct cfg_key *k)
{
	const char *text = k->fallback;

	put(w, ", \"default\": ");
	if (k->kind == CFG_KIND_NUMBER || k->kind == CFG_KIND_BOOL) {
		put(w, text);
		return;
	}
	if (k->shape == CFG_ONE) {
		put_string(w, text, strlen(text));
		return;
	}
	put(w, "[");
	while (text[0] != '\0') {
		size_t len = strcspn(text, ",");

		put_string(w, text, len);
		text += len + strspn(text + len, ", ");
		put(w, text[0] == '\0' ? "" : ", ");
	}
	put(w, "]");
}

static void
put_key(struct cv_writer *w, const struct cfg_key *k, unsigned depth)
{
	put_string(w, k->name, strlen(k->name));
	put(w, ": {\"description\": ");
	put_string(w, k->help, strlen(k->help));
	put(w, ", ");
	if (k->shape == CFG_ONE) {
		put_kind(w, k, depth);
	} else if (k->shape == CFG_ONE_OR_MANY) {
		put(w, "\"anyOf\": [{");
		put_kind(w, k, depth);
		put(w, "}, {");
		put_array(w, k, depth);
		put(w, "}]");
	} else {
		put_array(w, k, depth);
	}
	if (k->fallback != NULL)
		put_default(w, k);
	put(w, "}");
}

/* A mapping is, too, when one of its keys is. */
static bool
is_required(const struct cfg_key *k)
{
	bool required = k->required;

	for (size_t i = 0; k->shape == CFG_ONE && k->kind == CFG_KIND_MAP && i < k->table->n; i++)
		required |= k->table->keys[i].required;
	return required;
}

/* oneOf: exactly one of the keys; anyOf: at least one. */
static void
put_required(struct cv_writer *w, const char *word, const char *const *keys)
{
	put(w, word);
	for (size_t i = 0; keys[i] != NULL; i++) {
		put(w, i == 0 ? "{\"required\": [" : ", {\"required\": [");
		put_string(w, keys[i], strlen(keys[i]));
		put(w, "]}");
	}
	put(w, "], ");
}

static void
put_table(struct cv_writer *w, const struct cfg_table *table, unsigned depth)
{
	const char *separator = "";

	put(w, "\"type\": \"object\", \"additionalProperties\": false, ");
	if (table->one_of != NULL)
		put_required(w, "\"oneOf\": [", table->one_of);
	if (table->any_of != NULL)
		put_required(w, "\"anyOf\": [", table->any_of);
	put(w, "\"required\": [");
	for (size_t i = 0; i < table->n; i++) {
		if (!is_required(&table->keys[i]))
			continue;
		put(w, separator);
		put_string(w, table->keys[i].name, strlen(table->keys[i].name));
		separator = ", ";
	}
	put(w, "], \"properties\": {");
	for (size_t i = 0; i < table->n; i++) {
		put(w, i == 0 ? "" : ",");
		put_line(w, depth + 1);
		put_key(w, &table->keys[i], depth + 1);
	}
	put_line(w, depth);
	put(w, "}");
}

int
cfg_schema(char *out, size_t capacity)
{
	return cfg_table_schema(&cfg_root_table, "Configuration of Culvert", out, capacity);
}

int
cfg_table_schema(const struct cfg_table *table, const char *title, char *out, size_t capacity)
{
	struct cv_writer w = cv_writer(out, capacity);

	put(&w, "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n\"title\": ");
	put_string(&w, title, strlen(title));
	put(&w, ",\n");
	put_table(&w, table, 0);
	put(&w, "}\n");
	cv_write_u8(&w, '\0');
	return w.failed ? CV_ERR_SPACE : (int)cv_written(&w) - 1;
}
