/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel says, into a table: messages as one read of the socket gives them, or (fix)
 * bodies whose header is written here, of a type by choice, in between sweeps and links that come
 * and go. Whatever was said, who was told of each change knows what the table would say anew.
 */
#include "rtnl/rtnl.h"
#include "fuzz.h"

#include <linux/rtnetlink.h>

enum { TABLE = 254, OWN = 201, MOST = 32, LINKS = 8, HEADER = 16, STEPS_MAX = 100000 };

/* What somebody was told last. */
struct known {
	struct rtnl_change is;
	bool again; /* it came once more */
};

struct world {
	struct rtnl_table *t;
	bool up[LINKS];
	struct known known[MOST];
	unsigned n, marks;
};

static bool
same_change(const struct rtnl_change *a, const struct rtnl_change *b)
{
	if (a->way != b->way || a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (a->hops[i].link != b->hops[i].link || a->hops[i].weight != b->hops[i].weight ||
			!cv_ip_equal(&a->hops[i].ip, &b->hops[i].ip))
			return false;
	return true;
}

static struct known *
known_of(struct world *w, const struct cv_prefix *to)
{
	for (unsigned i = 0; i < w->n; i++)
		if (cv_prefix_equal(&w->known[i].is.to, to))
			return &w->known[i];
	return NULL;
}

static void
check_change(const struct world *w, const struct rtnl_change *c)
{
	FUZZ_CHECK(c->to.ip.family == CV_IPV4 || c->to.ip.family == CV_IPV6);
	FUZZ_CHECK(c->to.length <= (c->to.ip.family == CV_IPV4 ? 32 : 128));
	FUZZ_CHECK(c->n <= RTNL_HOPS && (c->way != RTNL_WAY_VIA || c->n != 0));
	for (uint32_t i = 0; i < c->n && c->way == RTNL_WAY_VIA; i++)
		FUZZ_CHECK(c->hops[i].link < LINKS && w->up[c->hops[i].link] && !c->hops[i].dead &&
			   c->hops[i].ip.family == c->to.ip.family);
}

/* all: everything is told again, and has to be what was known. */
static void
drain(struct world *w, bool all)
{
	struct rtnl_change c;

	for (unsigned step = 0; rtnl_table_change(w->t, &c); step++) {
		struct known *k = known_of(w, &c.to);

		FUZZ_CHECK(step < STEPS_MAX);
		check_change(w, &c);
		FUZZ_CHECK(k != NULL ? c.mark == k->is.mark : c.mark == 0);
		FUZZ_CHECK(k != NULL || c.way != RTNL_WAY_NONE);
		FUZZ_CHECK(!all || (k != NULL && same_change(&k->is, &c)));
		if (c.way == RTNL_WAY_NONE) {
			rtnl_table_mark(w->t, &c.to, 0);
			*k = w->known[--w->n];
			continue;
		}
		if (k == NULL) {
			FUZZ_CHECK(w->n < MOST);
			k = &w->known[w->n++];
		}
		k->is = c;
		k->is.mark = ++w->marks;
		k->again = all;
		rtnl_table_mark(w->t, &c.to, k->is.mark);
	}
}

static void
hear(struct world *w, const uint8_t *data, size_t len)
{
	struct cv_reader r = cv_reader(data, len);
	struct rtnl_message m;
	int rc;

	for (size_t n = 0; (rc = rtnl_next(&r, &m)) != 0; n++) {
		FUZZ_CHECK(n <= len / HEADER);
		FUZZ_CHECK(rc > 0 || m.kind == RTNL_OTHER);
		if (rc > 0)
			rtnl_table_input(w->t, &m);
	}
}

/* A message of a type by choice, with the record's bytes as its body. */
static void
hear_body(struct world *w, const struct fuzz_record *r)
{
	static const uint16_t types[8] = {RTM_NEWROUTE, RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWNEXTHOP,
		RTM_NEWNEXTHOP, RTM_DELNEXTHOP, RTM_NEWLINK, NLMSG_ERROR};
	uint8_t buf[HEADER + FUZZ_RECORD_BYTES];
	struct nlmsghdr h = {
		.nlmsg_len = (uint32_t)(HEADER + r->len), .nlmsg_type = types[r->choice]};

	memcpy(buf, &h, sizeof(h));
	memcpy(buf + HEADER, r->bytes, r->len);
	hear(w, buf, HEADER + r->len);
}

static void
act(struct world *w, const struct fuzz_record *r)
{
	uint8_t link = r->len == 0 ? 0 : r->bytes[0] % LINKS;

	switch (r->choice) {
	case 4:
		rtnl_table_sweep(w->t);
		break;
	case 5:
		rtnl_table_swept(w->t);
		break;
	case 6:
		w->up[link] = !w->up[link];
		FUZZ_CHECK(rtnl_table_link(w->t, link, w->up[link]) == 1);
		FUZZ_CHECK(rtnl_table_link(w->t, link, w->up[link]) == 0);
		break;
	default:
		hear(w, r->bytes, r->len);
		break;
	}
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	static struct world w;
	const struct rtnl_params params = {
		.table = TABLE, .own_protocol = OWN, .most = MOST, .key = {1, 2}};
	struct cv_reader in = cv_reader(data, len);
	struct rtnl_counts counts;
	struct fuzz_record r;

	w = (struct world){.t = rtnl_table_new(&params)};
	FUZZ_CHECK(w.t != NULL);
	for (uint32_t link = 1; link < LINKS; link += 2) {
		w.up[link] = true;
		FUZZ_CHECK(rtnl_table_link(w.t, link, true) == 1);
	}
	while (fuzz_next(&in, &r)) {
		if (r.wait)
			drain(&w, false);
		r.fix ? hear_body(&w, &r) : act(&w, &r);
		fuzz_done(&r);
	}
	drain(&w, false);
	rtnl_table_counts(w.t, &counts);
	FUZZ_CHECK(counts.prefixes <= MOST && w.n <= counts.prefixes);
	rtnl_table_again(w.t);
	drain(&w, true);
	for (unsigned i = 0; i < w.n; i++)
		FUZZ_CHECK(w.known[i].again);
	rtnl_table_free(w.t);
	return 0;
}
