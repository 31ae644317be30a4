/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference: every key of the tables, the forms, and the copies in the tree. */
#include "harness.h"

#include "config/private.h"
#include "config/reference.h"

static char markdown[CFG_REFERENCE_BYTES], scdoc[CFG_REFERENCE_BYTES];

static int
print_both(void **state)
{
	(void)state;
	assert_true(cfg_reference(CFG_REFERENCE_MARKDOWN, markdown, sizeof(markdown)) > 0);
	assert_true(cfg_reference(CFG_REFERENCE_SCDOC, scdoc, sizeof(scdoc)) > 0);
	return 0;
}

static void
is_copy(const char *path, const char *text, const char *command)
{
	size_t len;
	char *copy = read_source(path, &len);

	if (strcmp(copy, text) != 0)
		fail_msg("%s is not what the tables say: %s", path, command);
	free(copy);
}

static void
the_tree_has_it(void **state)
{
	(void)state;
	is_copy(CONFIG "/reference.md", markdown,
		"culvertd --config-reference >config/reference.md");
	is_copy(CONFIG "/culvert.yaml.5.scd", scdoc,
		"culvertd --config-reference=scdoc >config/culvert.yaml.5.scd");
}

/* The part of a text from a section's heading to the next. */
static void
section(const char *text, const char *path, const char *mark, char *out, size_t capacity)
{
	char heading[128];
	const char *begin, *end;

	snprintf(heading, sizeof(heading), "\n%s %s\n", mark, path);
	begin = strstr(text, heading);
	if (begin == NULL)
		fail_msg("no section %s", path);
	begin += strlen(heading);
	end = strstr(begin, "\n#");
	if (end == NULL)
		end = begin + strlen(begin);
	assert_true((size_t)(end - begin) < capacity);
	memcpy(out, begin, (size_t)(end - begin));
	out[end - begin] = '\0';
}

/* The line of a key's row in a section of Markdown. */
static void
row_has(const char *part, const struct cfg_key *k, const char *wanted)
{
	char begin[80];
	const char *row, *end, *at;

	snprintf(begin, sizeof(begin), "\n| `%s` | ", k->name);
	row = strstr(part, begin);
	if (row == NULL)
		fail_msg("no row of %s", k->name);
	end = strchr(row + 1, '\n');
	at = strstr(row, wanted);
	if (at == NULL || (end != NULL && at > end))
		fail_msg("%s: no '%s' in %s", k->name, wanted, row);
}

static void
walk(const struct cfg_table *table, const char *prefix)
{
	static char part[16 * 1024], man[16 * 1024];
	char path[128], text[32];

	for (size_t i = 0; i < table->n; i++) {
		const struct cfg_key *k = &table->keys[i];

		snprintf(path, sizeof(path), "%s%s%s%s", prefix, prefix[0] == '\0' ? "" : ".",
			k->name, k->shape == CFG_MANY ? "[]" : "");
		if (k->kind == CFG_KIND_MAP) {
			walk(k->table, path);
			continue;
		}
		section(markdown, prefix[0] == '\0' ? path : prefix, "###", part, sizeof(part));
		section(scdoc, prefix[0] == '\0' ? path : prefix, "##", man, sizeof(man));
		snprintf(text, sizeof(text), "\n| `%s` |", k->name);
		if (k->kind == CFG_KIND_SECRET_REFUSED) {
			assert_null(strstr(part, text));
			continue;
		}
		row_has(part, k, k->help);
		if (!k->naming)
			row_has(part, k, cfg_effect_name(k->effect));
		if (k->required)
			row_has(part, k, "| required |");
		else if (k->fallback != NULL && k->fallback[0] != '\0' && !k->filter)
			row_has(part, k, k->fallback);
		if (k->kind == CFG_KIND_NUMBER) {
			snprintf(text, sizeof(text), "%llu to %llu", (unsigned long long)k->min,
				(unsigned long long)k->max);
			row_has(part, k, text);
			assert_non_null(strstr(man, text));
		}
		for (size_t c = 0; k->choices != NULL && k->choices[c] != NULL; c++)
			row_has(part, k, k->choices[c]);
		if (k->shape != CFG_ONE) {
			snprintf(text, sizeof(text), "%u: ", k->max_items);
			row_has(part, k, text);
		}
		snprintf(text, sizeof(text), "\n*%s*\n\t", k->name);
		assert_non_null(strstr(man, text));
	}
}

static void
every_key_is_in_its_section(void **state)
{
	(void)state;
	walk(&cfg_root_table, "");
}

/* What is shown as an example is right, as it stands. */
static void
the_example_is_right(void **state)
{
	static struct loaded t;
	static const char fence[] = "```yaml\n";
	const char *begin = strstr(markdown, fence), *end;

	(void)state;
	assert_non_null(begin);
	begin += strlen(fence);
	end = strstr(begin, "```");
	assert_non_null(end);
	load_bytes(&t, begin, (size_t)(end - begin));
	assert_string_equal(t.text, "");
	assert_int_equal(t.rc, 0);
	unload(&t);
}

static void
a_small_buffer_is_refused(void **state)
{
	static char out[CFG_REFERENCE_BYTES];
	size_t len = strlen(markdown);

	(void)state;
	assert_int_equal(cfg_reference(CFG_REFERENCE_MARKDOWN, out, len), CV_ERR_SPACE);
	assert_int_equal(cfg_reference(CFG_REFERENCE_MARKDOWN, out, len + 1), (int)len);
	assert_int_equal(cfg_reference(CFG_REFERENCE_SCDOC, out, 0), CV_ERR_SPACE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_has_it),
		cmocka_unit_test(every_key_is_in_its_section),
		cmocka_unit_test(the_example_is_right),
		cmocka_unit_test(a_small_buffer_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, print_both, NULL);
}
