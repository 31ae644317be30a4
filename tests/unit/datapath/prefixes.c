/* SPDX-License-Identifier: BSD-3-Clause */
#include "prefixes.h"

#include <stdlib.h>

static uint64_t seed;

uint32_t
prefixes_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16);
}

unsigned
prefixes_below(unsigned most)
{
	return prefixes_random() % most;
}

/* ---- the model ---- */

static void
model_up(struct prefixes_model *m, uint32_t room)
{
	*m = (struct prefixes_model){.mask = 1};
	while (m->mask < 2 * room)
		m->mask = 2 * m->mask + 1;
	m->at = calloc(m->mask + 1, sizeof(m->at[0]));
	m->order = calloc(m->mask + 1, sizeof(m->order[0]));
	assert_non_null(m->at);
	assert_non_null(m->order);
}

static void
model_down(struct prefixes_model *m)
{
	free(m->at);
	free(m->order);
}

struct cv_prefix
prefixes_cut(const struct cv_ip *ip, unsigned length)
{
	struct cv_prefix p = {.ip = *ip, .length = (uint8_t)length};

	if (length % 8 != 0)
		p.ip.bytes[length / 8] &= (uint8_t)(0xff << (8 - length % 8));
	memset(p.ip.bytes + (length + 7) / 8, 0, 16 - (length + 7) / 8);
	return p;
}

struct prefixes_known *
prefixes_place(const struct prefixes_model *m, const struct cv_prefix *p)
{
	uint64_t hash = dp_hash64(wire_load64(p->ip.bytes) ^ p->length);

	hash = dp_hash64(hash ^ wire_load64(p->ip.bytes + 8)) >> 32;
	for (uint32_t i = (uint32_t)hash & m->mask;; i = (i + 1) & m->mask) {
		struct prefixes_known *k = &m->at[i];

		if (k->prefix.ip.family == 0 ||
			(k->prefix.length == p->length && cv_ip_equal(&k->prefix.ip, &p->ip)))
			return k;
	}
}

void
prefixes_model_set(struct prefixes_model *m, const struct cv_prefix *p, uint32_t word)
{
	struct prefixes_known *k = prefixes_place(m, p);

	if (k->prefix.ip.family == 0) {
		assert_true(2 * m->used < m->mask + 1);
		m->order[m->used++] = (uint32_t)(k - m->at);
		k->prefix = *p;
	}
	m->of_length[p->length] += (uint32_t)((word != 0) - (k->word != 0));
	k->word = word;
}

uint32_t
prefixes_model_count(const struct prefixes_model *m)
{
	uint32_t n = 0;

	for (unsigned i = 0; i <= 128; i++)
		n += m->of_length[i];
	return n;
}

uint32_t
prefixes_model_find(const struct prefixes_model *m, const struct cv_ip *ip)
{
	for (int length = ip->family == CV_IPV6 ? 128 : 32; length >= 0; length--) {
		struct cv_prefix p = prefixes_cut(ip, (unsigned)length);
		const struct prefixes_known *k =
			m->of_length[length] == 0 ? NULL : prefixes_place(m, &p);

		if (k != NULL && k->word != 0)
			return k->word;
	}
	return 0;
}

/* ---- the table and its model together ---- */

void
prefixes_up(struct prefixes *b, enum cv_family family, uint32_t room)
{
	seed = UINT64_C(88172645463325252);
	*b = (struct prefixes){.dp = calloc(1, sizeof(*b->dp)),
		.family = family,
		.bits = family == CV_IPV6 ? 128 : 32};
	assert_non_null(b->dp);
	b->dp->waiting.first = b->dp->waiting.last = DP_NO_SLOT;
	model_up(&b->m, room);
}

void
prefixes_down(struct prefixes *b)
{
	dp_lpm_free(b->dp, &b->t);
	assert_int_equal(b->t.count, 0);
	dp_graces_poll(b->dp);
	assert_int_equal(b->dp->table_bytes, 0);
	model_down(&b->m);
	free(b->dp);
}

uint32_t
prefixes_find(const struct prefixes *b, const struct cv_ip *ip)
{
	return b->family == CV_IPV6 ? dp_lpm_find6(&b->t, ip->bytes)
				    : dp_lpm_find4(&b->t, wire_load32(ip->bytes));
}

struct cv_ip
prefixes_some_address(const struct prefixes *b)
{
	struct cv_ip ip = {.family = (uint8_t)b->family};
	unsigned origin = prefixes_below(6);

	for (unsigned i = 0; i < b->bits / 8; i++) {
		ip.bytes[i] = (uint8_t)(0x20 + 37 * origin * (i + 1));
		if (prefixes_below(3) == 0)
			ip.bytes[i] ^= (uint8_t)(prefixes_random() & prefixes_random() &
						 prefixes_random());
		if (prefixes_below(40) == 0)
			ip.bytes[i] = (uint8_t)prefixes_random();
	}
	return ip;
}

struct cv_ip
prefixes_address_to_ask(const struct prefixes *b)
{
	struct cv_prefix p;
	struct cv_ip ip = prefixes_some_address(b);

	if (b->m.used == 0 || prefixes_below(4) == 0)
		return ip;
	p = b->m.at[b->m.order[prefixes_below(b->m.used)]].prefix;
	for (unsigned bit = 0; bit < p.length; bit++)
		if (((ip.bytes[bit / 8] ^ p.ip.bytes[bit / 8]) >> (7 - bit % 8) & 1) != 0)
			ip.bytes[bit / 8] ^= (uint8_t)(1 << (7 - bit % 8));
	if (p.length != 0 && prefixes_below(4) == 0) /* just outside */
		ip.bytes[(p.length - 1) / 8] ^= (uint8_t)(1 << (7 - (p.length - 1) % 8));
	return ip;
}

void
prefixes_check_address(const struct prefixes *b)
{
	struct cv_ip ip = prefixes_address_to_ask(b);
	uint32_t right = prefixes_model_find(&b->m, &ip), found = prefixes_find(b, &ip);
	char text[CV_IP_TEXT];

	if (found != right)
		print_error("%s\n", cv_ip_text(&ip, text));
	assert_int_equal(found, right);
}

int
prefixes_order(const struct cv_prefix *a, const struct cv_prefix *b)
{
	int by_address = memcmp(a->ip.bytes, b->ip.bytes, 16);

	return by_address != 0 ? by_address : a->length - b->length;
}

/* None is there but for a route of its own or to part others. */
static void
check_nodes(const struct dp_lpm_node *n)
{
	assert_true((n->has.shorter | n->has.full) != 0 || n->child_count > 1);
	for (unsigned i = 0; i < n->child_count; i++) {
		assert_true(n->at[i]->bit > n->bit);
		check_nodes(n->at[i]);
	}
}

void
prefixes_check_list(const struct prefixes *b)
{
	struct cv_prefix at = {0}, before;
	uint32_t n = 0, word;

	for (before = at; dp_lpm_next(&b->t, b->family, &at, &word); before = at, n++) {
		assert_true(n == 0 || prefixes_order(&before, &at) < 0);
		assert_int_equal(at.ip.family, b->family);
		assert_int_not_equal(word, 0);
		assert_int_equal(word, prefixes_place(&b->m, &at)->word);
		assert_int_equal(word, dp_lpm_get(&b->t, &at));
	}
	assert_int_equal(n, prefixes_model_count(&b->m));
	assert_int_equal(n, b->t.count);
	if (n != 0)
		check_nodes(b->t.root);
}

int
prefixes_set(struct prefixes *b, const struct cv_prefix *p, uint32_t word)
{
	int rc = dp_lpm_set(b->dp, &b->t, p, word);

	if (rc == 0)
		prefixes_model_set(&b->m, p, word);
	return rc;
}

struct cv_prefix
prefixes_some_route(const struct prefixes *b)
{
	struct cv_ip ip = prefixes_some_address(b);

	if (b->m.used != 0 && prefixes_below(8) != 0)
		return b->m.at[b->m.order[prefixes_below(b->m.used)]].prefix;
	return prefixes_cut(&ip, prefixes_below(b->bits + 1));
}

void
prefixes_change(struct prefixes *b, unsigned more)
{
	struct cv_prefix p = prefixes_some_route(b);

	if (prefixes_below(8) < more) {
		assert_int_equal(prefixes_set(b, &p, 1 + prefixes_below(1 << 28)), 0);
	} else {
		bool there = prefixes_place(&b->m, &p)->word != 0;

		assert_int_equal(dp_lpm_clear(b->dp, &b->t, &p), there ? 0 : CV_ERR_UNKNOWN);
		if (there)
			prefixes_model_set(&b->m, &p, 0);
	}
	dp_graces_poll(b->dp);
}

struct cv_prefix
prefixes_of_internet(const struct prefixes *b)
{
	static const uint8_t tops[] = {0x20, 0x24, 0x26, 0x28, 0x2a, 0x2c};
	static const uint8_t common[] = {32, 36, 40, 44, 46, 48, 48, 48, 48, 64};
	struct cv_ip ip = {.family = (uint8_t)b->family};
	unsigned of_100 = prefixes_below(100);

	for (unsigned i = 0; i < b->bits / 8; i++)
		ip.bytes[i] = (uint8_t)prefixes_random();
	if (b->family == CV_IPV4) {
		ip.bytes[0] &= 0x7f; /* half of all addresses are there */
		return prefixes_cut(&ip, of_100 < 60   ? 24
					 : of_100 < 94 ? 16 + prefixes_below(8)
					 : of_100 < 95 ? 8 + prefixes_below(8)
						       : 25 + prefixes_below(8));
	}
	ip.bytes[0] = tops[prefixes_below(RTE_DIM(tops))];
	ip.bytes[1] &= 0x0f;
	ip.bytes[2] &= 0x3f;
	return prefixes_cut(&ip, of_100 < 90   ? common[prefixes_below(RTE_DIM(common))]
				 : of_100 < 98 ? 20 + prefixes_below(45)
					       : 128);
}

size_t
prefixes_grow(struct prefixes *b, uint32_t count)
{
	size_t most = 0;

	while (b->t.count < count) {
		struct cv_prefix p = prefixes_of_internet(b);

		assert_int_equal(prefixes_set(b, &p, 1 + prefixes_below(1 << 28)), 0);
		most = RTE_MAX(most, b->dp->table_bytes);
		if (b->t.count % 1024 == 0)
			dp_graces_poll(b->dp); /* as rounds of the control thread do */
	}
	dp_graces_poll(b->dp);
	return most;
}
