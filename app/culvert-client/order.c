/* SPDX-License-Identifier: BSD-3-Clause */
/* Which LNS is tried first, and what it is called where nobody says so. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "names.h"

static void
swap(struct names_lns *a, struct names_lns *b)
{
	struct names_lns kept = *a;

	*a = *b;
	*b = kept;
}

/* One of the first n, all of one priority: each as often as its weight says, and those without one
 * hardly ever. */
static size_t
draw(const struct names_lns *lns, size_t n, uint32_t random)
{
	uint64_t sum = 0, at;

	for (size_t i = 0; i < n; i++)
		sum += lns[i].weight;
	at = (sum * random) >> 32; /* below sum */
	if (sum == 0)
		return (size_t)(((uint64_t)n * random) >> 32);
	for (size_t i = 0; i < n; i++) {
		if (at < lns[i].weight)
			return i;
		at -= lns[i].weight;
	}
	return 0;
}

void
names_order(struct names_lns *lns, size_t n, const uint32_t *random)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && lns[k].priority < lns[k - 1].priority; k--)
			swap(&lns[k], &lns[k - 1]);
	for (size_t i = 0; i < n; i++) {
		size_t equals = 1;

		while (i + equals < n && lns[i + equals].priority == lns[i].priority)
			equals++;
		swap(&lns[i], &lns[i + draw(&lns[i], equals, random[i])]);
	}
}

bool
names_by_rule(const char *gateway, char out[NAMES_TEXT])
{
	static const char from[] = "ipsec.", to[] = "l2tp.";
	size_t len = sizeof(from) - 1;

	if (strncasecmp(gateway, from, len) != 0 || gateway[len] == '\0' ||
		strlen(gateway) >= NAMES_TEXT)
		return false;
	snprintf(out, NAMES_TEXT, "%s%s", to, gateway + len);
	return true;
}
