/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of the kernel's taken apart, and what is none. */
#include <stdlib.h>

#include "kernel.h"

static int
next(struct told *t, struct rtnl_message *m)
{
	struct cv_reader r = cv_reader(t->bytes, t->len);
	int rc = rtnl_next(&r, m);

	t->len = 0;
	return rc;
}

static void
test_route(void **state)
{
	static const struct two hops[] = {{"192.0.2.2", UP1, 0}, {"192.0.2.6", UP2, RTNH_F_DEAD}};
	struct told t = {0};
	struct rtnl_message m;

	(void)state;
	begin_route(&t, "203.0.113.0/24");
	multipath(&t, hops, 2);
	assert_int_equal(next(&t, &m), 1);
	assert_int_equal(m.kind, RTNL_ROUTE);
	assert_int_equal(m.route.table, TABLE);
	assert_int_equal(m.route.metric, 20);
	assert_int_equal(m.route.protocol, BGP);
	assert_int_equal(m.route.to.length, 24);
	assert_int_equal(m.route.n, 2);
	assert_int_equal(m.route.hops[0].link, UP1);
	assert_int_equal(m.route.hops[0].weight, 1);
	assert_false(m.route.hops[0].dead);
	assert_true(m.route.hops[1].dead);
	assert_int_equal(cv_ipv4_value(&m.route.hops[1].ip), 0xc0000206);
	begin_route_as(&t, RTM_DELROUTE, "::/0", 20, RTN_UNICAST, BGP);
	assert_int_equal(next(&t, &m), 1);
	assert_int_equal(m.kind, RTNL_ROUTE_GONE);
	assert_int_equal(m.route.to.ip.family, CV_IPV6);
}

static void
test_others(void **state)
{
	struct ifinfomsg link = {.ifi_index = UP1, .ifi_flags = 1};
	int error = -2;
	struct told t = {0};
	struct rtnl_message m;

	(void)state;
	begin(&t, RTM_NEWLINK, &link, sizeof(link));
	attribute(&t, IFLA_IFNAME, "up1", 4);
	assert_int_equal(next(&t, &m), 1);
	assert_int_equal(m.kind, RTNL_LINK);
	assert_int_equal(m.link.index, UP1);
	assert_true(m.link.up);
	assert_false(m.link.running);
	assert_string_equal(m.link.name, "up1");
	begin(&t, RTM_DELLINK, &link, sizeof(link));
	attribute(&t, IFLA_IFNAME, "0123456789012345", 16); /* without a NUL */
	assert_int_equal(next(&t, &m), 1);
	assert_int_equal(m.kind, RTNL_LINK_GONE);
	assert_string_equal(m.link.name, "012345678901234");
	begin(&t, NLMSG_ERROR, &error, sizeof(error));
	assert_int_equal(next(&t, &m), 1);
	assert_int_equal(m.kind, RTNL_ERROR);
	assert_int_equal(m.error, -2);
	begin(&t, NLMSG_DONE, NULL, 0);
	assert_int_equal(next(&t, &m), 1);
	assert_int_equal(m.kind, RTNL_DONE);
	begin(&t, NLMSG_OVERRUN, NULL, 0);
	assert_int_equal(next(&t, &m), 1);
	assert_int_equal(m.kind, RTNL_LOST);
	begin(&t, 9999, NULL, 0);
	assert_int_equal(next(&t, &m), 1);
	assert_int_equal(m.kind, RTNL_OTHER);
	assert_int_equal(next(&t, &m), 0);
}

/* What is wrong is none, and what follows is read. */
static void
test_wrong(void **state)
{
	struct told t = {0};
	struct rtnl_message m;
	struct cv_reader r;

	(void)state;
	begin_route(&t, "203.0.113.0/24");
	attribute(&t, RTA_GATEWAY, "\1\2\3", 3); /* no address */
	begin_route(&t, "203.0.113.0/24");
	attribute(&t, RTA_PRIORITY, "\1\2", 2);
	begin_route(&t, "203.0.113.0/24");
	attribute(&t, RTA_DST, "\1\2\3\4", 4); /* of more bits than its length */
	begin_route(&t, "203.0.113.0/24");
	attribute(&t, RTA_VIA, "\1", 1);
	begin_route(&t, "203.0.113.0/24");
	attribute(&t, RTA_MULTIPATH, "\4\0\0\0\0\0\0\0", 8); /* shorter than itself */
	begin_route(&t, "203.0.113.0/24");
	attribute(&t, RTA_MULTIPATH, "\xff\0\0\0\0\0\0\0", 8); /* longer than the list */
	begin(&t, RTM_NEWROUTE, "\2", 1);
	group(&t, 0, NULL, 0);
	begin_route(&t, "203.0.113.0/24");
	r = cv_reader(t.bytes, t.len);
	for (unsigned i = 0; i < 8; i++) {
		assert_true(rtnl_next(&r, &m) < 0);
		assert_int_equal(m.kind, RTNL_OTHER);
	}
	assert_int_equal(rtnl_next(&r, &m), 1);
	assert_int_equal(m.kind, RTNL_ROUTE);
	assert_int_equal(rtnl_next(&r, &m), 0);
}

/* Cut short anywhere, or with any byte another, nothing is read beyond; memory of its own size says
 * so to a sanitizer. */
static void
test_cut_and_broken(void **state)
{
	static const struct two hops[] = {{"fe80::2", UP1, 0}, {"fe80::6", UP2, 0}};
	static const uint32_t ids[] = {1, 2};
	struct told t = {0};
	struct rtnl_table *table = new_table(100);

	(void)state;
	group(&t, 20, ids, 2);
	begin_route(&t, "2001:db8::/32");
	multipath(&t, hops, 2);
	for (size_t i = 0; i < t.len; i++)
		for (unsigned bits = 0; bits <= 8; bits++) {
			size_t len = bits == 8 ? i : t.len;
			uint8_t *copy = malloc(len == 0 ? 1 : len);
			struct cv_reader r = cv_reader(copy, len);
			struct rtnl_message m;
			unsigned messages = 0;

			memcpy(copy, t.bytes, len);
			if (bits < 8)
				copy[i] ^= (uint8_t)(1u << bits);
			for (int rc; (rc = rtnl_next(&r, &m)) != 0; messages++)
				if (rc > 0)
					rtnl_table_input(table, &m);
			assert_true(messages <= len / sizeof(struct nlmsghdr) + 1);
			free(copy);
		}
	rtnl_table_free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_cut_and_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
