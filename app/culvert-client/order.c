/* SPDX-License-Identifier: BSD-3-Clause */
/* Which LNS is tried first, and what it is called where nobody says so. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
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

/* ---- by round-trip time ---- */

#define BAND_NS (10 * CV_NS_PER_MS) /* of one that jitters */

void
names_rtt_note(struct names_rtts *r, const struct cv_ip *ip, uint64_t ns)
{
	unsigned at = 0;

	if (ns == 0)
		return;
	while (at < r->n && !cv_ip_equal(&r->of[at].ip, ip))
		at++;
	if (at < r->n) {
		r->of[at].ns = r->of[at].ns / 2 + ns / 2;
		return;
	}
	if (at == NAMES_LNS) {
		memmove(r->of, r->of + 1, sizeof(r->of) - sizeof(r->of[0]));
		at--;
	}
	r->of[at].ip = *ip;
	r->of[at].ns = ns;
	r->n = at + 1;
}

uint64_t
names_rtt(const struct names_rtts *r, const struct cv_ip *ip)
{
	for (unsigned i = 0; i < r->n; i++)
		if (cv_ip_equal(&r->of[i].ip, ip))
			return r->of[i].ns;
	return 0;
}

static bool
equals(const struct names_lns *a, const struct names_lns *b)
{
	return a->priority == b->priority && a->weight == b->weight;
}

/* Those of which nothing is known are the farthest. */
static uint64_t
distance(const struct names_rtts *r, const struct names_lns *lns)
{
	uint64_t ns = names_rtt(r, &lns->ip);

	return ns == 0 ? CV_TIME_NEVER : ns;
}

void
names_order_near(
	const struct names_lns *const *lns, size_t n, const struct names_rtts *r, size_t *order)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = 0; i < n; i++) {
		uint64_t shortest = CV_TIME_NEVER, near;
		size_t first = i, taken;

		for (size_t k = i; k < n; k++)
			if (equals(lns[order[k]], lns[order[i]]))
				shortest = cv_time_min(shortest, distance(r, lns[order[k]]));
		near = cv_time_add(shortest, shortest / 4 > BAND_NS ? shortest / 4 : BAND_NS);
		while (!equals(lns[order[first]], lns[order[i]]) ||
			distance(r, lns[order[first]]) > near)
			first++;
		/* those of its kind in between move on by one place of their kind */
		taken = order[first];
		for (size_t k = first, to = first; k-- > i;)
			if (equals(lns[order[k]], lns[taken])) {
				order[to] = order[k];
				to = k;
			}
		order[i] = taken;
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
