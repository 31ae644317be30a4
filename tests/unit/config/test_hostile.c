/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes that are no configuration. */
#include "harness.h"

static const struct bad odd_documents[] = {
	{"log: {\n", "t.yaml:3:3: not YAML: while parsing a flow node, did not find expected node "
		     "content\n"},
	{"log: }\n", "t.yaml:1:6: not YAML: while parsing a block node, did not find expected node "
		     "content\n"},
	{"log: level: info\n",
		"t.yaml:1:11: not YAML: mapping values are not allowed in this context\n"},
	{"log: \"info\n", "t.yaml:3:27: not YAML: while parsing a block mapping, did not find "
			  "expected key\n"},
	{"- ports\n", "t.yaml:2:1: not YAML: while parsing a block collection, did not find "
		      "expected '-' indicator\n"},
	{"ports\n", "t.yaml:2:6: not YAML: mapping values are not allowed in this context\n"},
	{"a: b\n"
	 "---\n"
	 "c: d\n",
		"t.yaml:2:1: a second document: the file must be one\n"},
	{"log: &a { level: info }\n"
	 "ppp: *a\n",
		"t.yaml:1:6: anchors (&name) and tags (!name) are not allowed: write the value "
		"out\n"},
	{"log: *a\n", "t.yaml:1:6: aliases (*name) are not allowed: write the value out\n"},
	{"log: !x info\n", "t.yaml:1:6: anchors (&name) and tags (!name) are not allowed: write "
			   "the value out\n"},
	{"log: { &k level: info }\n", "t.yaml:1:8: anchors (&name) and tags (!name) are not "
				      "allowed: write the value out\n"},
	{"? [a, b]\n"
	 ": c\n",
		"t.yaml:1:3: a key must be a word\n"},
	{"? { a: b }\n"
	 ": c\n",
		"t.yaml:1:3: a key must be a word\n"},
	{"log:\n"
	 "\tlevel: info\n",
		"t.yaml:2:1: a tab: YAML is indented with spaces\n"},
	{"log:\n"
	 "  \tlevel: info\n",
		"t.yaml:2:3: a tab: YAML is indented with spaces\n"},
	{"log: { level: \"in\\0fo\" }\n",
		"t.yaml:1:15: a value must be one line without control characters\n"},
	{"log: { level: \"in\\nfo\" }\n",
		"t.yaml:1:15: a value must be one line without control characters\n"},
	{"log: |\n"
	 "  info\n",
		"t.yaml:1:6: a value must be one line without control characters\n"},
	{"%YAML 9.9\n"
	 "---\n"
	 "log: {}\n",
		"t.yaml:1:1: directives (lines that begin with %) are not allowed\n"},
	{"log: { level: \"\\e[31m\" }\n",
		"t.yaml:1:15: a value must be one line without control characters\n"},
	{"log: { \"le\\u0085vel\": a }\n",
		"t.yaml:1:8: a value must be one line without control characters\n"},
	{"log: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
		"t.yaml:1:37: nested too deeply: at most 32 levels\n"},
	{"@\n", "t.yaml:1:1: not YAML: while scanning for the next token, found character that "
		"cannot start any token\n"},
	{"log: { <<: { level: debug } }\n",
		"t.yaml:1:8: log.<<: unknown key; the keys here are level\n"},
};

static void
odd_documents_are_refused(void **state)
{
	(void)state;
	wants_all(odd_documents, sizeof(odd_documents) / sizeof(odd_documents[0]));
}

static struct loaded t;

static void
bytes_that_are_no_text(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *lines;
	} files[] = {
		{"log: \0", 6,
			"t.yaml:1:6: control character (byte 0x00): the file must be text\n"},
		{"log:\n  \x7f", 8,
			"t.yaml:2:3: control character (byte 0x7f): the file must be text\n"},
		{"a\xc2\x85", 3,
			"t.yaml:1:2: control character (byte 0xc2): the file must be text\n"},
		{"\xff\xfel\0", 4, "t.yaml:1:1: byte 0xff: the file must be text in UTF-8\n"},
		{"# \xc3\xa4\xe4", 5, "t.yaml:1:4: byte 0xe4: the file must be text in UTF-8\n"},
		{"\xc0\x80", 2, "t.yaml:1:1: byte 0xc0: the file must be text in UTF-8\n"},
		{"\xed\xa0\x80", 3, "t.yaml:1:1: byte 0xed: the file must be text in UTF-8\n"},
		{"\xf4\x90\x80\x80", 4, "t.yaml:1:1: byte 0xf4: the file must be text in UTF-8\n"},
		{"\xe0\x80\x80", 3, "t.yaml:1:1: byte 0xe0: the file must be text in UTF-8\n"},
		{"\xe2\x82", 2, "t.yaml:1:1: byte 0xe2: the file must be text in UTF-8\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		load_bytes(&t, files[i].bytes, files[i].len);
		assert_string_equal(t.text, files[i].lines);
		unload(&t);
	}
}

static void
a_byte_order_mark_is_taken(void **state)
{
	(void)state;
	load(&t, "\xef\xbb\xbflogg: 1\r\nlog:\r\n  level: loud\r\n");
	assert_non_null(strstr(t.text, "t.yaml:1:1: logg: unknown key"));
	assert_non_null(strstr(t.text, "t.yaml:3:10: log.level: loud"));
	unload(&t);
}

/* A file of `len` bytes: the unit again and again. */
static void
load_repeated(const char *unit, size_t len)
{
	size_t n = strlen(unit);
	char *text = malloc(len);

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = unit[i % n];
	load_bytes(&t, text, len);
	free(text);
}

static void
bounds(void **state)
{
	(void)state;
	load_repeated("# long\n", (16 << 20) + 1);
	assert_string_equal(t.text, "t.yaml:1:1: the file is larger than 16 MiB\n");
	unload(&t);
	load_repeated("# long\n", 16 << 20);
	assert_non_null(strstr(t.text, "t.yaml:1:1: ports: is required"));
	unload(&t);
	load_repeated("[", 1 << 20);
	assert_string_equal(t.text, "t.yaml:1:33: nested too deeply: at most 32 levels\n");
	unload(&t);
	load_repeated("- ", 1 << 20);
	assert_string_equal(t.text, "t.yaml:1:65: nested too deeply: at most 32 levels\n");
	unload(&t);
	load_repeated("- a\n", 9 << 20);
	assert_string_equal(
		t.text, "t.yaml:2097152:3: more values than a configuration may have\n");
	unload(&t);
}

/* A copy of exactly these bytes, so that a read beyond them is seen. */
static void
load_exactly(const char *text, size_t len)
{
	char *copy = malloc(len == 0 ? 1 : len);

	assert_non_null(copy);
	memcpy(copy, text, len);
	load_bytes(&t, copy, len);
	unload(&t);
	free(copy);
}

static void
every_truncation(void **state)
{
	size_t len;
	char *example = read_source(EXAMPLE, &len);

	(void)state;
	for (size_t i = 0; i <= len; i++)
		load_exactly(example, i);
	free(example);
}

static const char changes[] = {'\0', '\xff', ':'};

static void
every_changed_byte(void **state)
{
	size_t len;
	char *example = read_source(EXAMPLE, &len);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		char byte = example[i];

		for (size_t j = 0; j < sizeof(changes); j++) {
			example[i] = changes[j];
			load_exactly(example, len);
		}
		example[i] = byte;
	}
	free(example);
}

static void
every_changed_byte_of_the_users_file(void **state)
{
	char users[] = "ann:annhush::10.88.1.8\nbob:bobhush:clients:10.88.1.9\n";
	size_t len;
	char *example = read_source(EXAMPLE, &len);

	(void)state;
	for (size_t i = 0; i < sizeof(users) - 1; i++) {
		char byte = users[i];

		for (size_t j = 0; j < sizeof(changes); j++) {
			users[i] = changes[j];
			files_reset();
			file_set("users.txt", users, sizeof(users) - 1, 0600, 0);
			load_exactly(example, len);
		}
		users[i] = byte;
		files_reset();
		file_set("users.txt", users, i, 0600, 0);
		load_exactly(example, len);
	}
	files_reset();
	free(example);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_documents_are_refused),
		cmocka_unit_test(bytes_that_are_no_text),
		cmocka_unit_test(a_byte_order_mark_is_taken),
		cmocka_unit_test(bounds),
		cmocka_unit_test(every_truncation),
		cmocka_unit_test(every_changed_byte),
		cmocka_unit_test(every_changed_byte_of_the_users_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
