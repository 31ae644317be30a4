/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages as the kernel sends them. */
#ifndef TEST_RTNL_KERNEL_H
#define TEST_RTNL_KERNEL_H

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/err.h"
#include "rtnl/rtnl.h"

enum { TABLE = 254, OWN = 201, BGP = 186, UP1 = 5, UP2 = 7 };

struct told {
	uint8_t bytes[4096];
	size_t len, message; /* where the last message begins */
};

static inline void
put(struct told *t, const void *data, size_t len)
{
	assert_true(t->len + len + 4 <= sizeof(t->bytes));
	if (len != 0)
		memcpy(t->bytes + t->len, data, len);
	t->len += len;
	while (t->len % 4 != 0)
		t->bytes[t->len++] = 0;
}

/* The lengths of what surrounds it follow. */
static inline void
finish(struct told *t)
{
	struct nlmsghdr h;

	memcpy(&h, t->bytes + t->message, sizeof(h));
	h.nlmsg_len = (uint32_t)(t->len - t->message);
	memcpy(t->bytes + t->message, &h, sizeof(h));
}

static inline void
begin(struct told *t, uint16_t type, const void *body, size_t len)
{
	struct nlmsghdr h = {.nlmsg_type = type};

	t->message = t->len;
	put(t, &h, sizeof(h));
	put(t, body, len);
	finish(t);
}

static inline void
attribute(struct told *t, uint16_t type, const void *value, size_t len)
{
	struct rtattr a = {.rta_type = type, .rta_len = (uint16_t)(sizeof(a) + len)};

	put(t, &a, sizeof(a));
	put(t, value, len);
	finish(t);
}

static inline void
attribute_u32(struct told *t, uint16_t type, uint32_t value)
{
	attribute(t, type, &value, sizeof(value));
}

static inline size_t
bytes_of(const struct cv_ip *ip)
{
	return ip->family == CV_IPV4 ? 4 : 16;
}

static inline void
address(struct told *t, uint16_t type, const char *text)
{
	struct cv_ip ip;

	assert_int_equal(cv_ip_parse(text, &ip), 0);
	attribute(t, type, ip.bytes, bytes_of(&ip));
}

/* A route of BGP in the table of a metric; what it leads to is added. */
static inline void
begin_route_as(struct told *t, uint16_t what, const char *to, uint32_t metric, uint8_t type,
	uint8_t protocol)
{
	struct rtmsg m = {.rtm_table = TABLE, .rtm_protocol = protocol, .rtm_type = type};
	struct cv_prefix p;

	assert_int_equal(cv_prefix_parse(to, &p), 0);
	m.rtm_family = p.ip.family == CV_IPV4 ? AF_INET : AF_INET6;
	m.rtm_dst_len = p.length;
	begin(t, what, &m, sizeof(m));
	attribute_u32(t, RTA_TABLE, TABLE);
	if (p.length != 0)
		attribute(t, RTA_DST, p.ip.bytes, bytes_of(&p.ip));
	attribute_u32(t, RTA_PRIORITY, metric);
}

static inline void
begin_route(struct told *t, const char *to)
{
	begin_route_as(t, RTM_NEWROUTE, to, 20, RTN_UNICAST, BGP);
}

static inline void
hop(struct told *t, const char *gateway, uint32_t link)
{
	address(t, RTA_GATEWAY, gateway);
	attribute_u32(t, RTA_OIF, link);
}

struct two {
	const char *gateway;
	int link;
	unsigned flags;
};

static inline void
multipath(struct told *t, const struct two *hops, unsigned n)
{
	uint8_t list[512];
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		struct cv_ip ip;
		struct rtnexthop next = {
			.rtnh_ifindex = hops[i].link, .rtnh_flags = (uint8_t)hops[i].flags};
		struct rtattr a = {.rta_type = RTA_GATEWAY};

		assert_int_equal(cv_ip_parse(hops[i].gateway, &ip), 0);
		a.rta_len = (uint16_t)(sizeof(a) + bytes_of(&ip));
		next.rtnh_len = (uint16_t)(sizeof(next) + a.rta_len);
		memcpy(list + at, &next, sizeof(next));
		memcpy(list + at + sizeof(next), &a, sizeof(a));
		memcpy(list + at + sizeof(next) + sizeof(a), ip.bytes, bytes_of(&ip));
		at += next.rtnh_len;
	}
	attribute(t, RTA_MULTIPATH, list, at);
}

static inline void
object(struct told *t, uint16_t what, uint32_t id, const char *gateway, uint32_t link)
{
	struct nhmsg m = {.nh_family = AF_INET};

	begin(t, what, &m, sizeof(m));
	attribute_u32(t, NHA_ID, id);
	if (gateway != NULL) {
		address(t, NHA_GATEWAY, gateway);
		attribute_u32(t, NHA_OIF, link);
	}
}

static inline void
group(struct told *t, uint32_t id, const uint32_t *ids, unsigned n)
{
	struct nexthop_grp members[8] = {{0}};
	struct nhmsg m = {0};

	for (unsigned i = 0; i < n; i++)
		members[i].id = ids[i];
	begin(t, RTM_NEWNEXTHOP, &m, sizeof(m));
	attribute_u32(t, NHA_ID, id);
	attribute(t, NHA_GROUP, members, n * sizeof(members[0]));
}

/* All that was told, which is right, goes into the table. */
static inline void
hear(struct rtnl_table *table, struct told *t)
{
	struct cv_reader r = cv_reader(t->bytes, t->len);
	struct rtnl_message m;
	int rc;

	while ((rc = rtnl_next(&r, &m)) > 0)
		rtnl_table_input(table, &m);
	assert_int_equal(rc, 0);
	t->len = 0;
}

static inline struct rtnl_table *
new_table(uint32_t most)
{
	struct rtnl_params params = {
		.table = TABLE, .own_protocol = OWN, .most = most, .key = {1, 2}};
	struct rtnl_table *t = rtnl_table_new(&params);

	assert_non_null(t);
	assert_int_equal(rtnl_table_link(t, UP1, true), 1);
	assert_int_equal(rtnl_table_link(t, UP2, true), 1);
	return t;
}

#endif
