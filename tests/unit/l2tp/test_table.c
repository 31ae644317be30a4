/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of AVPs agrees with another one that was made from the RFC. */
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "l2tp/avp.h"

static const char *folder;

enum { COLUMNS = 7 };

static uint32_t
messages(const char *text)
{
	static const struct {
		const char *name;
		unsigned type;
	} all[] = {
#define X(number, id) {#id, number},
		L2TP_MESSAGES(X)
#undef X
	};
	char copy[128], *save = NULL;
	uint32_t bits = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok_r(copy, " ,\n", &save); word != NULL;
		word = strtok_r(NULL, " ,\n", &save))
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			if (strcasecmp(all[i].name, word) == 0)
				bits |= 1u << all[i].type;
	return bits;
}

static void
check_row(char *columns[COLUMNS])
{
	uint16_t number = (uint16_t)strtoul(columns[0], NULL, 10);
	const struct l2tp_avp_rule *rule = l2tp_avp_rule(number);
	unsigned long min = strtoul(columns[2], NULL, 10);
	bool open = strchr(columns[2], '-') != NULL;

	assert_non_null(rule);
	assert_int_equal(rule->min, min);
	assert_int_equal(rule->max, open ? L2TP_VALUE_MAX : min);
	assert_int_equal(rule->mandatory, columns[3][0] == '1');
	assert_int_equal(rule->may_hide, strcmp(columns[4], "yes") == 0);
	if (number == L2TP_AVP_MESSAGE_TYPE || number == L2TP_AVP_RANDOM_VECTOR)
		return;
	assert_int_equal(rule->needed_in, messages(columns[5]));
	assert_int_equal(rule->allowed_in, messages(columns[5]) | messages(columns[6]));
}

static void
rows_agree(void **state)
{
	unsigned rows = 0, rules = 0;
	char path[1024], line[512];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/l2tp-avps.tsv", folder);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		char *columns[COLUMNS] = {0}, *rest = line;

		if (line[0] < '0' || line[0] > '9')
			continue;
		line[strcspn(line, "\n")] = '\0';
		for (unsigned i = 0; i < COLUMNS; i++) {
			columns[i] = strsep(&rest, "\t");
			if (columns[i] == NULL)
				columns[i] = line + strlen(line);
		}
		check_row(columns);
		rows++;
	}
	fclose(f);
	for (uint16_t i = 0; i < 100; i++)
		rules += l2tp_avp_rule(i) != NULL;
	assert_int_equal(rules, rows);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_agree),
	};

	folder = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
