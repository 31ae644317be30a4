/* SPDX-License-Identifier: BSD-3-Clause */
/* Callers: the bounded table of who asks for a tunnel, and whom it forgets. */
#include "lns/callers.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "lns/lns.h"
#include "lns/terms.h"

#define BY_OPENER(n) CV_OBJECT(struct lns_caller, by_opener, n)
#define BY_ID(n) CV_OBJECT(struct lns_caller, by_id, n)
#define IN_LIST(n) CV_OBJECT(struct lns_caller, in_list, n)

static int
new_table(struct lns_callers *c, struct cv_table *table)
{
	uint64_t key[2];

	crypto_random(c->crypto, key, sizeof(key));
	return cv_table_init(table, c->capacity, key);
}

int
lns_callers_init(struct lns_callers *c, struct crypto *crypto, uint32_t capacity, uint32_t peers)
{
	uint32_t proved = 64;

	while (proved < peers && proved < UINT32_C(1) << 20)
		proved *= 2;
	*c = (struct lns_callers){
		.crypto = crypto, .capacity = capacity, .proved_mask = proved - 1};
	c->records = calloc(capacity, sizeof(c->records[0]));
	c->marks = calloc(capacity, sizeof(c->marks[0]));
	c->shares = calloc(LNS_SHARES, sizeof(c->shares[0]));
	c->proved = calloc(proved, sizeof(c->proved[0]));
	if (c->records == NULL || c->marks == NULL || c->shares == NULL || c->proved == NULL ||
		new_table(c, &c->by_opener) != 0 || new_table(c, &c->by_id) != 0)
		return CV_ERR_NOMEM;
	return 0;
}

void
lns_callers_fini(struct lns_callers *c)
{
	CV_LIST_EACH(&c->by_age, link, after)
	lns_secret_drop(IN_LIST(link)->secret);
	if (c->records != NULL)
		cv_wipe(c->records, c->capacity * sizeof(c->records[0]));
	free(c->records);
	free(c->marks);
	free(c->shares);
	free(c->proved);
	cv_table_fini(&c->by_opener);
	cv_table_fini(&c->by_id);
}

uint64_t
lns_opener_hash(const struct cv_table *table, const struct lns_opener *opener)
{
	/* bytes, hashed: no padding */
	struct {
		uint8_t ip[16];
		uint16_t family, listener, port, zero;
		uint32_t id;
	} key = {.family = opener->peer.ip.family,
		.listener = opener->listener,
		.port = opener->peer.port,
		.id = opener->id};

	_Static_assert(sizeof(key) == 28, "no padding in a hashed key");
	memcpy(key.ip, opener->peer.ip.bytes, sizeof(key.ip));
	return cv_table_hash(table, &key, sizeof(key));
}

bool
lns_opener_equal(const struct lns_opener *a, const struct lns_opener *b)
{
	return a->listener == b->listener && a->id == b->id &&
	       cv_endpoint_equal(&a->peer, &b->peer);
}

struct lns_caller *
lns_callers_find(const struct lns_callers *c, const struct lns_opener *opener)
{
	uint64_t hash = lns_opener_hash(&c->by_opener, opener);

	for (struct cv_node *n = cv_table_first(&c->by_opener, hash); n != NULL;
		n = cv_table_next(n))
		if (lns_opener_equal(&BY_OPENER(n)->opener, opener))
			return BY_OPENER(n);
	return NULL;
}

static uint64_t
id_hash(const struct lns_callers *c, uint16_t listener, uint16_t tunnel_id)
{
	uint32_t key = (uint32_t)listener << 16 | tunnel_id;

	return cv_table_hash(&c->by_id, &key, sizeof(key));
}

struct lns_caller *
lns_callers_by_id(const struct lns_callers *c, uint16_t listener, uint16_t tunnel_id)
{
	uint64_t hash = id_hash(c, listener, tunnel_id);

	for (struct cv_node *n = cv_table_first(&c->by_id, hash); n != NULL; n = cv_table_next(n))
		if (BY_ID(n)->opener.listener == listener && BY_ID(n)->tunnel_id == tunnel_id)
			return BY_ID(n);
	return NULL;
}

uint16_t
lns_callers_share(const struct lns_callers *c, const struct cv_ip *ip)
{
	size_t len = ip->family == CV_IPV4 ? 3 : 6;

	return (uint16_t)(cv_table_hash(&c->by_opener, ip->bytes, len) >> 32);
}

static struct lns_proved *
proved_slot(const struct lns_callers *c, const struct cv_ip *ip, uint32_t *tag)
{
	/* an IPv6 host has a /64 to choose from */
	uint64_t hash = cv_table_hash(&c->by_id, ip->bytes, ip->family == CV_IPV4 ? 4 : 8);

	*tag = (uint32_t)(hash >> 32);
	return &c->proved[hash & c->proved_mask];
}

void
lns_callers_prove(struct lns_callers *c, const struct cv_ip *ip, uint64_t now)
{
	uint32_t tag;
	struct lns_proved *slot = proved_slot(c, ip, &tag);

	*slot = (struct lns_proved){
		.tag = tag, .until_s = (uint32_t)((now + LNS_PROVED_NS) / CV_NS_PER_S)};
}

static bool
is_proved(const struct lns_callers *c, const struct cv_ip *ip, uint64_t now)
{
	uint32_t tag;
	const struct lns_proved *slot = proved_slot(c, ip, &tag);

	return slot->tag == tag && slot->until_s > now / CV_NS_PER_S;
}

/*
 * One of a few drawn: who is of the prefix that exceeds its share the most, else any that has not
 * proved itself, else any; of a prefix that exceeds its share also first who has not proved itself.
 * Of one listener, or of all (LNS_ANY_LISTENER) where the table is full. NULL: none was drawn.
 */
static struct lns_caller *
victim(const struct lns_callers *c, uint16_t listener)
{
	uint32_t share = c->capacity / LNS_SHARE_DIVISOR + 1, worst = 0;
	struct lns_caller *found = NULL;

	for (unsigned i = 0, seen = 0; i < LNS_FORGET_DRAWS && seen < LNS_FORGET_TRIES; i++) {
		uint32_t drawn = crypto_random_u32(c->crypto) % c->capacity;
		const struct lns_mark *mark = &c->marks[drawn];
		uint32_t held = c->shares[mark->share];
		uint32_t rank = 2 * (held > share ? held : 0) + (mark->proved ? 1 : 2);

		if (listener != LNS_ANY_LISTENER &&
			(c->records[drawn].tunnel_id == 0 || /* a free one */
				c->records[drawn].opener.listener != listener))
			continue;
		seen++;
		if (rank > worst) {
			worst = rank;
			found = &c->records[drawn];
		}
	}
	return found;
}

struct lns_caller *
lns_callers_add(struct lns_callers *c, uint64_t now, const struct lns_opener *opener,
	uint16_t tunnel_id, bool *forgot)
{
	struct lns_caller *caller;
	struct cv_link *free_one;
	struct lns_mark *mark;

	*forgot = c->count == c->capacity;
	if (*forgot)
		lns_callers_remove(c, victim(c, LNS_ANY_LISTENER));
	free_one = cv_list_first(&c->free);
	if (free_one != NULL)
		cv_unlink(free_one);
	/* of the records that were never used, the first stands behind all that are */
	caller = free_one != NULL ? IN_LIST(free_one) : &c->records[c->count];
	*caller = (struct lns_caller){.at = now, .opener = *opener, .tunnel_id = tunnel_id};
	mark = &c->marks[caller - c->records];
	*mark = (struct lns_mark){.share = lns_callers_share(c, &opener->peer.ip),
		.proved = is_proved(c, &opener->peer.ip, now)};
	c->count++;
	c->shares[mark->share]++;
	cv_list_append(&c->by_age, &caller->in_list);
	cv_table_add(&c->by_opener, &caller->by_opener, lns_opener_hash(&c->by_opener, opener));
	cv_table_add(&c->by_id, &caller->by_id, id_hash(c, opener->listener, tunnel_id));
	return caller;
}

void
lns_callers_touch(struct lns_callers *c, struct lns_caller *caller, uint64_t now)
{
	caller->at = now;
	cv_unlink(&caller->in_list);
	cv_list_append(&c->by_age, &caller->in_list);
}

void
lns_callers_remove(struct lns_callers *c, struct lns_caller *caller)
{
	cv_table_remove(&c->by_opener, &caller->by_opener);
	cv_table_remove(&c->by_id, &caller->by_id);
	cv_unlink(&caller->in_list);
	c->shares[c->marks[caller - c->records].share]--;
	c->count--;
	lns_secret_drop(caller->secret);
	cv_wipe(caller, sizeof(*caller));
	cv_list_push(&c->free, &caller->in_list);
}

uint16_t
lns_callers_forget(struct lns_callers *c, uint16_t listener)
{
	struct lns_caller *caller = victim(c, listener);
	uint16_t tunnel_id;

	if (caller == NULL)
		return 0;
	tunnel_id = caller->tunnel_id;
	lns_callers_remove(c, caller);
	return tunnel_id;
}

/* With the keys, so that what was hashed by them is found again. */
static void
keep_keys(struct lns_callers *to, struct lns_callers *from)
{
	struct lns_proved *proved = to->proved;
	uint32_t proved_mask = to->proved_mask;

	memcpy(to->by_opener.key, from->by_opener.key, sizeof(to->by_opener.key));
	memcpy(to->by_id.key, from->by_id.key, sizeof(to->by_id.key));
	to->proved = from->proved;
	to->proved_mask = from->proved_mask;
	from->proved = proved;
	from->proved_mask = proved_mask;
}

static void
move_caller(struct lns_callers *to, struct lns_caller *old)
{
	bool forgot;
	struct lns_caller *new =
		lns_callers_add(to, old->at, &old->opener, old->tunnel_id, &forgot);

	new->message = old->message;
	new->failed = old->failed;
	new->credit = old->credit;
	new->identity = old->identity;
	memcpy(new->challenge, old->challenge, sizeof(new->challenge));
	new->secret = old->secret;
	old->secret = NULL;
}

void
lns_callers_resize(struct lns_callers *c, struct lns_callers *spare)
{
	struct cv_list by_age = {0};
	struct lns_callers old;
	struct cv_link *link;

	if (c->records != NULL)
		keep_keys(spare, c);
	while ((link = cv_list_first(&c->by_age)) != NULL) {
		cv_unlink(link);
		cv_list_append(&by_age, link);
	}
	old = *c;
	*c = *spare; /* its lists are empty */
	*spare = old;
	spare->by_age = spare->free = (struct cv_list){0};
	CV_LIST_EACH(&by_age, aged, after)
	move_caller(c, IN_LIST(aged));
}

uint64_t
lns_callers_expire(struct lns_callers *c, uint64_t now)
{
	struct cv_link *oldest;

	while ((oldest = cv_list_first(&c->by_age)) != NULL) {
		uint64_t ends = cv_time_add(IN_LIST(oldest)->at, LNS_CALLER_NS);

		if (ends > now)
			return ends;
		lns_callers_remove(c, IN_LIST(oldest));
	}
	return CV_TIME_NEVER;
}
