/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * YAML as a tree of lists, mappings and scalars with their places. A small YAML: one document, no
 * anchors, aliases and tags, bounded in bytes, depth and number of values. What is not text at
 * all is found before the parser sees it.
 */
#include <yaml.h>

#include "config/private.h"

struct builder {
	struct cfg_loader *l;
	struct cfg_node *parent;  /* the open list or mapping */
	struct cfg_node *pending; /* in a mapping: has its key and waits for its value */
	unsigned depth;
	size_t nodes;
};

size_t
cfg_utf8_length(const uint8_t *text, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = text[0] < 0x80   ? 1
		   : text[0] < 0xc2 ? 0
		   : text[0] < 0xe0 ? 2
		   : text[0] < 0xf0 ? 3
		   : text[0] < 0xf5 ? 4
				    : 0;
	uint32_t c = n < 2 ? text[0] : text[0] & (0x7fu >> n);

	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return n;
}

/* C0 and C1 controls but tab and line ends; line and byte order marks in the middle of a file. */
static bool
is_control(const uint8_t *c, size_t n)
{
	if (n == 1)
		return (c[0] < 0x20 && c[0] != '\t' && c[0] != '\n' && c[0] != '\r') ||
		       c[0] == 0x7f;
	if (n == 2)
		return c[0] == 0xc2 && c[1] < 0xa0;
	return n == 3 &&
	       (memcmp(c, "\xe2\x80\xa8", 3) == 0 || memcmp(c, "\xe2\x80\xa9", 3) == 0 ||
		       memcmp(c, "\xef\xbb\xbf", 3) == 0 || memcmp(c, "\xef\xbf\xbe", 3) == 0 ||
		       memcmp(c, "\xef\xbf\xbf", 3) == 0);
}

/* Whether all of it is text that YAML takes; if not, says where the first fault is. */
static bool
is_text(struct cfg_loader *l, const uint8_t *text, size_t len)
{
	unsigned line = 1, column = 1;
	bool indent = true; /* nothing but blanks in this line so far */

	for (size_t i = 0, n; i < len; i += n) {
		n = cfg_utf8_length(text + i, len - i);
		if (n == 0)
			cfg_fail_at(l, l->file, line, column, "",
				"byte 0x%02x: the file must be text in UTF-8", text[i]);
		else if (is_control(text + i, n))
			cfg_fail_at(l, l->file, line, column, "",
				"control character (byte 0x%02x): the file must be text", text[i]);
		else if (text[i] == '\t' && indent)
			cfg_fail_at(l, l->file, line, column, "",
				"a tab: YAML is indented with spaces");
		else if (text[i] == '%' && column == 1)
			cfg_fail_at(l, l->file, line, column, "",
				"directives (lines that begin with %%) are not allowed");
		else if (text[i] == '\n' ||
			 (text[i] == '\r' && (i + 1 == len || text[i + 1] != '\n')))
			line++, column = 0, indent = true;
		else if (text[i] != ' ')
			indent = false;
		if (l->errors->errors != 0)
			return false;
		column++;
	}
	return true;
}

static bool
refuse(struct builder *b, const yaml_mark_t *mark, const char *text)
{
	cfg_fail_at(b->l, b->l->file, (unsigned)mark->line + 1, (unsigned)mark->column + 1, "",
		"%s", text);
	return false;
}

static void
append(struct cfg_node *parent, struct cfg_node *node)
{
	node->parent = parent;
	node->index = parent->n++;
	if (parent->last == NULL)
		parent->first = node;
	else
		parent->last->next = node;
	parent->last = node;
}

/* The node that an event's value goes to: the root, a list's next item, the value of a key. */
static struct cfg_node *
place(struct builder *b, const yaml_event_t *event)
{
	struct cfg_node *node = b->pending;

	if (++b->nodes > CFG_NODES_MAX) {
		refuse(b, &event->start_mark, "more values than a configuration may have");
		return NULL;
	}
	if (node == NULL)
		node = cfg_scratch(b->l, 1, sizeof(*node));
	if (node == NULL)
		return NULL;
	b->pending = NULL;
	node->line = (unsigned)event->start_mark.line + 1;
	node->column = (unsigned)event->start_mark.column + 1;
	if (b->parent == NULL)
		b->l->root = node;
	else if (b->parent->type == CFG_LIST)
		append(b->parent, node);
	return node;
}

static bool
wants_key(const struct builder *b)
{
	return b->parent != NULL && b->parent->type == CFG_MAP && b->pending == NULL;
}

static bool
take_key(struct builder *b, const yaml_event_t *event)
{
	struct cfg_node *node = cfg_scratch(b->l, 1, sizeof(*node));
	size_t len = event->data.scalar.length;

	if (node == NULL)
		return false;
	node->key = cfg_copy(b->l, &b->l->scratch, event->data.scalar.value, len);
	node->key_line = (unsigned)event->start_mark.line + 1;
	node->key_column = (unsigned)event->start_mark.column + 1;
	b->pending = node;
	append(b->parent, node);
	return node->key != NULL;
}

static bool
take_scalar(struct builder *b, const yaml_event_t *event)
{
	const uint8_t *value = event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct cfg_node *node;

	for (size_t i = 0, n; i < len; i += n) {
		n = cfg_utf8_length(value + i, len - i);
		if (n == 0 || is_control(value + i, n) || value[i] == '\n' || value[i] == '\r' ||
			value[i] == '\t')
			return refuse(b, &event->start_mark,
				"a value must be one line without control characters");
	}
	if (wants_key(b))
		return take_key(b, event);
	node = place(b, event);
	if (node == NULL)
		return false;
	node->type = CFG_SCALAR;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = cfg_copy(b->l, &b->l->scratch, value, len);
	node->len = len;
	if (node->plain && len == 0 && node->key != NULL) {
		node->line = node->key_line;
		node->column = node->key_column;
	}
	return node->text != NULL;
}

static bool
open_node(struct builder *b, const yaml_event_t *event, enum cfg_node_type type)
{
	struct cfg_node *node;

	if (wants_key(b))
		return refuse(b, &event->start_mark, "a key must be a word");
	if (++b->depth > CFG_DEPTH_MAX)
		return refuse(b, &event->start_mark, "nested too deeply: at most 32 levels");
	node = place(b, event);
	if (node == NULL)
		return false;
	node->type = type;
	b->parent = node;
	return true;
}

static void
close_node(struct builder *b)
{
	b->depth--;
	/* a parent is const for readers; here it is still being built */
	b->parent = (struct cfg_node *)(uintptr_t)b->parent->parent;
}

/* Whether the value has an anchor or a tag. */
static bool
is_marked(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor != NULL || e->data.scalar.tag != NULL;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor != NULL || e->data.sequence_start.tag != NULL;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor != NULL || e->data.mapping_start.tag != NULL;
	default:
		return false;
	}
}

static bool
take_event(struct builder *b, const yaml_event_t *event)
{
	if (is_marked(event))
		return refuse(b, &event->start_mark,
			"anchors (&name) and tags (!name) are not allowed: write the value out");
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return refuse(b, &event->start_mark,
			"aliases (*name) are not allowed: write the value out");
	case YAML_SCALAR_EVENT:
		return take_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_node(b, event, CFG_LIST);
	case YAML_MAPPING_START_EVENT:
		return open_node(b, event, CFG_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_node(b);
		return true;
	case YAML_DOCUMENT_START_EVENT:
		if (b->l->root != NULL)
			return refuse(
				b, &event->start_mark, "a second document: the file must be one");
		return true;
	default:
		return true;
	}
}

static void
report_parser(struct cfg_loader *l, const yaml_parser_t *parser)
{
	const yaml_mark_t *mark = &parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		l->nomem = true;
	else
		cfg_fail_at(l, l->file, (unsigned)mark->line + 1, (unsigned)mark->column + 1, "",
			"not YAML: %s%s%s", parser->context == NULL ? "" : parser->context,
			parser->context == NULL ? "" : ", ",
			parser->problem == NULL ? "unreadable" : parser->problem);
}

void
cfg_tree_load(struct cfg_loader *l, const char *text, size_t len)
{
	struct builder b = {.l = l};
	yaml_parser_t parser;
	yaml_event_t event;
	bool more = true;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (len > CFG_FILE_MAX) {
		cfg_fail_at(l, l->file, 1, 1, "", "the file is larger than 16 MiB");
		return;
	}
	if (!is_text(l, (const uint8_t *)text, len))
		return;
	if (!yaml_parser_initialize(&parser)) {
		l->nomem = true;
		return;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const uint8_t *)text, len);
	while (more) {
		if (!yaml_parser_parse(&parser, &event)) {
			report_parser(l, &parser);
			break;
		}
		more = event.type != YAML_STREAM_END_EVENT && take_event(&b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
}

const struct cfg_node *
cfg_node_get(const struct cfg_node *map, const char *key)
{
	if (map == NULL || map->type != CFG_MAP)
		return NULL;
	for (const struct cfg_node *n = map->first; n != NULL; n = n->next)
		if (strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

bool
cfg_node_null(const struct cfg_node *node)
{
	return node->type == CFG_SCALAR && node->plain &&
	       (node->len == 0 || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}
