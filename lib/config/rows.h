/* SPDX-License-Identifier: BSD-3-Clause */
/* How rows of tables of keys are written, in tables.c and client.c. */
#ifndef CONFIG_ROWS_H
#define CONFIG_ROWS_H

#include "config/private.h"

#define AT(type, field) .offset = offsetof(type, field), .size = sizeof(((type *)0)->field)
/* A list: pointer `field` and its count. */
#define LIST(type, field)                                                       \
	.offset = offsetof(type, field), .size = sizeof(((type *)0)->field[0]), \
	.count = offsetof(type, n_##field)
#define LIST_IN(type, part, field)                                                        \
	.offset = offsetof(type, part.field), .size = sizeof(((type *)0)->part.field[0]), \
	.count = offsetof(type, part.n_##field)
/* A list in place whose unused places stay zero. */
#define SLOTS(type, field) .offset = offsetof(type, field), .size = sizeof(((type *)0)->field[0])
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
/* The reader has room for CFG_KEYS_MAX rows: more do not compile. */
#define TABLE(rows) \
	.keys = (rows), .n = COUNT(rows) + 0 * sizeof(char[COUNT(rows) <= CFG_KEYS_MAX ? 1 : -1])

/* A row with a place of its own, and one about the whole structure; `does` is what a change does.
 */
#define VALUE(key, type, field, what, otherwise, does, text)                                  \
	{                                                                                     \
		.name = key, AT(type, field), what, .fallback = otherwise, does, .help = text \
	}
#define WHOLE(key, what, otherwise, does, text)                              \
	{                                                                    \
		.name = key, what, .fallback = otherwise, does, .help = text \
	}

#define LISTED(key, way, where, what, low, high, otherwise, does, text)                      \
	{                                                                                    \
		.name = key, .shape = way, where, what, .min_items = low, .max_items = high, \
		.fallback = otherwise, does, .help = text                                    \
	}

#define LIVE .effect = CFG_LIVE
#define NEW_SESSIONS .effect = CFG_NEW_SESSIONS
#define NEW_TUNNELS .effect = CFG_NEW_TUNNELS
#define RESTART .effect = CFG_RESTART
#define OF_KEYS .effect = CFG_EFFECT_UNSAID
/* Part of the name of a thing, which comes and goes as the list says. */
#define NAMES(does) does, .naming = true
/* Where the key is left out others stand for it, and a bool says so. */
#define OR_LEFT_OUT(does, type, field) does, .left_out = offsetof(type, field)
/* A key of a group that its own filter is made of. */
#define OF_FILTER LIVE, .filter = true
/* Live as long as what runs has room for it. */
#define WITHIN(capacity) LIVE, .fits = capacity

#define KIND(k) .kind = CFG_KIND_##k
#define RANGE(k, low, high) KIND(k), .min = (low), .max = (high)
#define NUMBER(low, high) RANGE(NUMBER, low, high)
#define DURATION(low, high) RANGE(DURATION, low, high)
#define TEXT(low, high) RANGE(TEXT, low, high)
#define NAME(low, high) RANGE(NAME, low, high)
#define PATH(low, high) RANGE(PATH, low, high)
#define PREFIX(low, high) RANGE(PREFIX, low, high)
#define PREFIX6(low, high) RANGE(PREFIX6, low, high)
#define POLICY(high) KIND(POLICY), .max_items = (high)
/* Its rules' keys are told with it. */
#define POLICY_TOLD(high) POLICY(high), .table = &cfg_rule_table
/* IPv4 prefixes are of any length, as IPv6 ones are. */
#define GATEWAYS RANGE(GATEWAYS, 0, 32)
#define SUBMAP(keys) KIND(MAP), .table = &(keys)
#define DISTINCT(...) __VA_ARGS__, .distinct = true
#define OPTIONAL(...) __VA_ARGS__, .optional = true
#define CHOICE(words) KIND(CHOICE), .choices = (words)
#define NEEDED(...) __VA_ARGS__, .required = true
#define SECONDS(n) ((n)*CV_NS_PER_S)
#define NEVER_OR_DURATION DURATION(SECONDS(1), SECONDS(24 * 3600)), .zero = true
#define TIMEOUT DURATION(SECONDS(1), SECONDS(600))

extern const char *const cfg_log_levels[], *const cfg_auth_methods[];

#endif
