/* SPDX-License-Identifier: BSD-3-Clause */
/* What follows for a table from what the kernel says of it: in the ways that FRR's changes come. */
#include <stdio.h>

#include "kernel.h"

static struct told told;

/* The next change is this one: a prefix and its next hops in order, or "discard" or "gone". */
static void
expect(struct rtnl_table *t, const char *wanted)
{
	char text[512], ip[CV_IP_TEXT], prefix[CV_PREFIX_TEXT];
	struct rtnl_change c;
	size_t used;

	assert_true(rtnl_table_change(t, &c));
	used = (size_t)snprintf(text, sizeof(text), "%s", cv_prefix_text(&c.to, prefix));
	if (c.way != RTNL_WAY_VIA)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %s",
			c.way == RTNL_WAY_DISCARD ? "discard" : "gone");
	for (uint32_t i = 0; i < c.n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %s@%u",
			cv_ip_text(&c.hops[i].ip, ip), c.hops[i].link);
	assert_string_equal(text, wanted);
}

static void
expect_none(struct rtnl_table *t)
{
	struct rtnl_change c;

	assert_false(rtnl_table_change(t, &c));
}

static void
test_comes_and_goes(void **state)
{
	struct rtnl_table *t = new_table(100);

	(void)state;
	begin_route(&told, "0.0.0.0/0");
	hop(&told, "192.0.2.2", UP1);
	begin_route(&told, "2001:db8::/32");
	hop(&told, "fe80::2", UP2);
	begin_route_as(&told, RTM_NEWROUTE, "198.51.100.0/24", 20, RTN_BLACKHOLE, BGP);
	begin_route_as(&told, RTM_NEWROUTE, "198.51.101.0/24", 20, RTN_UNREACHABLE, BGP);
	hear(t, &told);
	expect(t, "0.0.0.0/0 192.0.2.2@5");
	expect(t, "2001:db8::/32 fe80::2@7");
	expect(t, "198.51.100.0/24 discard");
	expect(t, "198.51.101.0/24 discard");
	expect_none(t);

	begin_route_as(&told, RTM_DELROUTE, "0.0.0.0/0", 20, RTN_UNICAST, BGP);
	begin_route_as(&told, RTM_DELROUTE, "198.51.100.0/24", 20, RTN_BLACKHOLE, BGP);
	begin_route_as(&told, RTM_DELROUTE, "203.0.113.0/24", 20, RTN_UNICAST, BGP);
	hear(t, &told);
	expect(t, "0.0.0.0/0 gone");
	expect(t, "198.51.100.0/24 gone");
	expect_none(t);
	rtnl_table_free(t);
}

/* IPv4's changes are one message, IPv6's two: nobody is told of what was between them. */
static void
test_net_effect(void **state)
{
	static const struct two both[] = {{"fe80::1", UP1, 0}, {"fe80::2", UP2, 0}};
	struct rtnl_table *t = new_table(100);

	(void)state;
	begin_route(&told, "::/0");
	multipath(&told, both, 2);
	hear(t, &told);
	expect(t, "::/0 fe80::1@5 fe80::2@7");
	begin_route_as(&told, RTM_DELROUTE, "::/0", 20, RTN_UNICAST, BGP);
	begin_route(&told, "::/0");
	hop(&told, "fe80::2", UP2);
	hear(t, &told);
	expect(t, "::/0 fe80::2@7");
	expect_none(t);
	/* what came and went at once was nothing */
	begin_route(&told, "2001:db8::/32");
	hop(&told, "fe80::2", UP2);
	begin_route_as(&told, RTM_DELROUTE, "2001:db8::/32", 20, RTN_UNICAST, BGP);
	hear(t, &told);
	expect_none(t);
	/* nor is the same again */
	begin_route(&told, "::/0");
	hop(&told, "fe80::2", UP2);
	hear(t, &told);
	expect_none(t);
	rtnl_table_free(t);
}

/* Of a route with several next hops one may go alone. */
static void
test_hop_gone(void **state)
{
	static const struct two both[] = {{"fe80::1", UP1, 0}, {"fe80::2", UP2, 0}};
	struct rtnl_table *t = new_table(100);

	(void)state;
	begin_route(&told, "::/0");
	multipath(&told, both, 2);
	hear(t, &told);
	expect(t, "::/0 fe80::1@5 fe80::2@7");
	begin_route_as(&told, RTM_DELROUTE, "::/0", 20, RTN_UNICAST, BGP);
	hop(&told, "fe80::1", UP2); /* which it does not have */
	hear(t, &told);
	expect_none(t);
	begin_route_as(&told, RTM_DELROUTE, "::/0", 20, RTN_UNICAST, BGP);
	hop(&told, "fe80::1", UP1);
	hear(t, &told);
	expect(t, "::/0 fe80::2@7");
	begin_route_as(&told, RTM_DELROUTE, "::/0", 20, RTN_UNICAST, BGP);
	hop(&told, "fe80::2", UP2);
	hear(t, &told);
	expect(t, "::/0 gone");
	/* all of them at once, and of what has one without saying which */
	begin_route(&told, "::/0");
	multipath(&told, both, 2);
	begin_route_as(&told, RTM_DELROUTE, "::/0", 20, RTN_UNICAST, BGP);
	multipath(&told, both, 2);
	begin_route(&told, "2001:db8::/32");
	hop(&told, "fe80::1", UP1);
	hear(t, &told);
	expect(t, "2001:db8::/32 fe80::1@5");
	begin_route_as(&told, RTM_DELROUTE, "2001:db8::/32", 20, RTN_UNICAST, BGP);
	hear(t, &told);
	expect(t, "2001:db8::/32 gone");
	expect_none(t);
	rtnl_table_free(t);
}

static void
test_metric(void **state)
{
	struct rtnl_table *t = new_table(100);

	(void)state;
	begin_route_as(&told, RTM_NEWROUTE, "0.0.0.0/0", 30, RTN_UNICAST, BGP);
	hop(&told, "192.0.2.6", UP2);
	begin_route(&told, "0.0.0.0/0");
	hop(&told, "192.0.2.2", UP1);
	hear(t, &told);
	expect(t, "0.0.0.0/0 192.0.2.2@5");
	/* the better one leads nowhere, but as long as it does */
	assert_int_equal(rtnl_table_link(t, UP1, false), 1);
	expect(t, "0.0.0.0/0 192.0.2.6@7");
	assert_int_equal(rtnl_table_link(t, UP1, false), 0);
	assert_int_equal(rtnl_table_link(t, UP1, true), 1);
	expect(t, "0.0.0.0/0 192.0.2.2@5");
	begin_route_as(&told, RTM_DELROUTE, "0.0.0.0/0", 20, RTN_UNICAST, BGP);
	hear(t, &told);
	expect(t, "0.0.0.0/0 192.0.2.6@7");
	begin_route_as(&told, RTM_DELROUTE, "0.0.0.0/0", 30, RTN_UNICAST, BGP);
	hear(t, &told);
	expect(t, "0.0.0.0/0 gone");
	rtnl_table_free(t);
}

static void
test_not_ours(void **state)
{
	static const uint8_t protocols[] = {RTPROT_KERNEL, RTPROT_REDIRECT, RTPROT_RA, OWN};
	struct rtnl_counts counts;
	struct rtnl_table *t = new_table(100);

	(void)state;
	for (unsigned i = 0; i < sizeof(protocols); i++) {
		begin_route_as(&told, RTM_NEWROUTE, "0.0.0.0/0", 20, RTN_UNICAST, protocols[i]);
		hop(&told, "192.0.2.2", UP1);
	}
	begin_route(&told, "0.0.0.0/0"); /* of another table, whose number has 32 bits */
	attribute_u32(&told, RTA_TABLE, TABLE + 256);
	hop(&told, "192.0.2.2", UP1);
	hear(t, &told);
	rtnl_table_counts(t, &counts);
	assert_int_equal(counts.prefixes, 0);
	/* ways that lead nowhere: another link, another family, dead, and to whoever is meant */
	begin_route(&told, "10.0.0.0/8");
	hop(&told, "192.0.2.2", 1);
	begin_route(&told, "10.1.0.0/16");
	hop(&told, "192.0.2.2", UP1);
	begin_route(&told, "10.2.0.0/16");
	attribute_u32(&told, RTA_OIF, UP1);
	begin_route(&told, "10.3.0.0/16");
	multipath(&told,
		(const struct two[]){
			{"192.0.2.2", UP1, RTNH_F_DEAD}, {"192.0.2.6", UP2, RTNH_F_LINKDOWN}},
		2);
	begin_route_as(&told, RTM_NEWROUTE, "10.4.0.0/16", 20, RTN_LOCAL, BGP);
	begin_route_as(&told, RTM_NEWROUTE, "10.5.0.0/16", 20, RTN_THROW, BGP);
	begin_route(&told, "10.6.0.0/16");
	attribute(&told, RTA_VIA, "\x0a\0\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x02", 18);
	attribute_u32(&told, RTA_OIF, UP1);
	hear(t, &told);
	expect(t, "10.1.0.0/16 192.0.2.2@5");
	expect_none(t);
	rtnl_table_free(t);
}

/* With objects a route need not say more than an ID, and one message moves all that name it. */
static void
test_objects(void **state)
{
	static const uint32_t both[] = {11, 12}, one[] = {12};
	struct rtnl_table *t = new_table(100);

	(void)state;
	object(&told, RTM_NEWNEXTHOP, 11, "192.0.2.2", UP1);
	object(&told, RTM_NEWNEXTHOP, 12, "192.0.2.6", UP2);
	group(&told, 20, both, 2);
	begin_route(&told, "10.0.0.0/8");
	attribute_u32(&told, RTA_NH_ID, 20);
	begin_route(&told, "10.1.0.0/16");
	attribute_u32(&told, RTA_NH_ID, 11);
	begin_route(&told, "10.2.0.0/16"); /* it says its hops, too, which the object overrules */
	attribute_u32(&told, RTA_NH_ID, 12);
	hop(&told, "192.0.2.2", UP1);
	hear(t, &told);
	expect(t, "10.0.0.0/8 192.0.2.2@5 192.0.2.6@7");
	expect(t, "10.1.0.0/16 192.0.2.2@5");
	expect(t, "10.2.0.0/16 192.0.2.6@7");
	expect_none(t);

	group(&told, 20, one, 1);
	hear(t, &told);
	expect(t, "10.0.0.0/8 192.0.2.6@7");
	expect_none(t);
	/* a member that changes moves what names the group, too */
	object(&told, RTM_NEWNEXTHOP, 12, "192.0.2.9", UP2);
	hear(t, &told);
	expect(t, "10.2.0.0/16 192.0.2.9@7");
	expect(t, "10.0.0.0/8 192.0.2.9@7");
	expect_none(t);
	rtnl_table_free(t);
}

/* An object takes its routes with it, and the kernel says nothing of them. */
static void
test_object_gone(void **state)
{
	static const uint32_t both[] = {11, 12};
	struct rtnl_counts counts;
	struct rtnl_table *t = new_table(100);

	(void)state;
	object(&told, RTM_NEWNEXTHOP, 11, "192.0.2.2", UP1);
	object(&told, RTM_NEWNEXTHOP, 12, "192.0.2.6", UP2);
	group(&told, 20, both, 2);
	begin_route(&told, "10.0.0.0/8");
	attribute_u32(&told, RTA_NH_ID, 20);
	begin_route(&told, "10.1.0.0/16");
	attribute_u32(&told, RTA_NH_ID, 11);
	hear(t, &told);
	expect(t, "10.0.0.0/8 192.0.2.2@5 192.0.2.6@7");
	expect(t, "10.1.0.0/16 192.0.2.2@5");

	/* though there is another one of its ID at once */
	object(&told, RTM_DELNEXTHOP, 11, NULL, 0);
	object(&told, RTM_NEWNEXTHOP, 11, "192.0.2.2", UP1);
	hear(t, &told);
	expect(t, "10.1.0.0/16 gone");
	expect(t, "10.0.0.0/8 192.0.2.2@5 192.0.2.6@7");
	expect_none(t);
	object(&told, RTM_DELNEXTHOP, 11, NULL, 0);
	hear(t, &told);
	expect(t, "10.0.0.0/8 192.0.2.6@7");
	object(&told, RTM_DELNEXTHOP, 20, NULL, 0);
	hear(t, &told);
	expect(t, "10.0.0.0/8 gone");
	expect_none(t);
	rtnl_table_counts(t, &counts);
	assert_int_equal(counts.prefixes, 0);
	assert_int_equal(counts.objects, 1);
	rtnl_table_free(t);
}

/* After an overrun all is dumped: what is not among it is gone, what is stays untouched. */
static void
test_sweep(void **state)
{
	struct rtnl_counts counts;
	struct rtnl_table *t = new_table(100);

	(void)state;
	object(&told, RTM_NEWNEXTHOP, 11, "192.0.2.2", UP1);
	object(&told, RTM_NEWNEXTHOP, 12, "192.0.2.2", UP1);
	for (unsigned i = 0; i < 4; i++) {
		char to[20];

		snprintf(to, sizeof(to), "10.%u.0.0/16", i);
		begin_route(&told, to);
		attribute_u32(&told, RTA_NH_ID, i < 2 ? 11 : 12);
	}
	hear(t, &told);
	for (unsigned i = 0; i < 4; i++) {
		struct rtnl_change c;

		assert_true(rtnl_table_change(t, &c));
	}
	rtnl_table_sweep(t);
	object(&told, RTM_NEWNEXTHOP, 11, "192.0.2.2", UP1);
	begin_route(&told, "10.1.0.0/16");
	attribute_u32(&told, RTA_NH_ID, 11);
	begin_route(&told, "10.9.0.0/16");
	attribute_u32(&told, RTA_NH_ID, 11);
	hear(t, &told);
	expect(t, "10.9.0.0/16 192.0.2.2@5");
	expect_none(t);
	rtnl_table_swept(t);
	for (unsigned i = 0; i < 3; i++) {
		struct rtnl_change c;

		assert_true(rtnl_table_change(t, &c));
		assert_int_equal(c.way, RTNL_WAY_NONE);
		assert_int_not_equal(c.to.ip.bytes[1], 1);
	}
	/* what an object that is gone moved is told, unchanged, and nothing else */
	for (struct rtnl_change c; rtnl_table_change(t, &c);)
		assert_int_equal(c.way, RTNL_WAY_VIA);
	rtnl_table_counts(t, &counts);
	assert_int_equal(counts.prefixes, 2);
	assert_int_equal(counts.objects, 1);
	rtnl_table_free(t);
}

static void
test_bounds(void **state)
{
	struct rtnl_counts counts;
	struct rtnl_table *t = new_table(1000);

	(void)state;
	for (unsigned i = 0; i < 1500; i++) {
		char to[24];

		snprintf(to, sizeof(to), "10.%u.%u.0/24", i / 256, i % 256);
		begin_route(&told, to);
		hop(&told, "192.0.2.2", UP1);
		hear(t, &told);
	}
	rtnl_table_counts(t, &counts);
	assert_int_equal(counts.prefixes, 1000);
	assert_int_equal(counts.refused, 500);
	/* there is room again when some are gone */
	begin_route_as(&told, RTM_DELROUTE, "10.0.7.0/24", 20, RTN_UNICAST, BGP);
	hear(t, &told);
	for (struct rtnl_change c; rtnl_table_change(t, &c);)
		;
	begin_route(&told, "10.5.200.0/24");
	hop(&told, "192.0.2.2", UP1);
	hear(t, &told);
	expect(t, "10.5.200.0/24 192.0.2.2@5");
	for (uint32_t id = 1; id <= RTNL_OBJECTS + 10; id++) {
		object(&told, RTM_NEWNEXTHOP, id, "192.0.2.2", UP1);
		hear(t, &told);
	}
	rtnl_table_counts(t, &counts);
	assert_int_equal(counts.objects, RTNL_OBJECTS);
	assert_int_equal(counts.refused, 510);
	rtnl_table_free(t);
}

static void
test_again(void **state)
{
	struct rtnl_table *t = new_table(100);

	(void)state;
	begin_route(&told, "10.0.0.0/8");
	hop(&told, "192.0.2.2", UP1);
	hear(t, &told);
	expect(t, "10.0.0.0/8 192.0.2.2@5");
	expect_none(t);
	rtnl_table_again(t);
	expect(t, "10.0.0.0/8 192.0.2.2@5");
	expect_none(t);
	rtnl_table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_and_goes),
		cmocka_unit_test(test_net_effect),
		cmocka_unit_test(test_hop_gone),
		cmocka_unit_test(test_metric),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_object_gone),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
