/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is announced by a table of the kernel's: pools, and networks behind sessions, as these come,
 * change and go. The kernel is a list of what it was asked for.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>

#include "culvertd/kernel.h"
#include "datapath/routes.h"
#include "unit/rtnl/kernel.h"

enum {
	ROUTES = 400,
	REALM = 3, /* ID */
	OTHER = 4, /* of the realm that has no table at first */
	SLOT = 7,
};

struct mnl_socket {
	int dummy;
};

static struct mnl_socket ask;
static struct daemon d;
static struct announced *announced;

/* ---- a kernel ---- */

static struct rtnl_route routes[ROUTES];
static unsigned n_routes, asked;
static int refuses; /* an errno; 0: it does as it is told */
static int error;

static struct rtnl_route *
same_as(const struct rtnl_route *r)
{
	for (unsigned i = 0; i < n_routes; i++)
		if (cv_prefix_equal(&routes[i].to, &r->to) && routes[i].table == r->table &&
			routes[i].metric == r->metric)
			return &routes[i];
	return NULL;
}

ssize_t
mnl_socket_sendto(const struct mnl_socket *s, const void *request, size_t len)
{
	struct cv_reader r = cv_reader(request, len);
	struct rtnl_message m;
	struct rtnl_route *there;

	assert_ptr_equal(s, &ask);
	assert_int_equal(rtnl_next(&r, &m), 1);
	assert_true(m.kind == RTNL_ROUTE || m.kind == RTNL_ROUTE_GONE);
	assert_int_equal(m.route.protocol, NETLINK_PROTOCOL);
	assert_int_equal(m.route.way, RTNL_WAY_DISCARD);
	asked++;
	error = -refuses;
	if (refuses != 0)
		return (ssize_t)len;
	there = same_as(&m.route);
	if (m.kind == RTNL_ROUTE && there == NULL) {
		assert_true(n_routes < ROUTES);
		routes[n_routes++] = m.route;
	} else if (m.kind == RTNL_ROUTE_GONE && there != NULL) {
		*there = routes[--n_routes];
	} else if (m.kind == RTNL_ROUTE_GONE) {
		error = -ESRCH;
	}
	return (ssize_t)len;
}

ssize_t
mnl_socket_recvfrom(const struct mnl_socket *s, void *buf, size_t len)
{
	struct told told = {0};

	assert_ptr_equal(s, &ask);
	begin(&told, NLMSG_ERROR, &error, sizeof(error));
	assert_true(told.len <= len);
	memcpy(buf, told.bytes, told.len);
	return (ssize_t)told.len;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What the kernel has, in the order of texts. */
static void
expect(const char *wanted)
{
	char lines[ROUTES][64], prefix[CV_PREFIX_TEXT], text[ROUTES * 64] = "";
	size_t used = 0;

	for (unsigned i = 0; i < n_routes; i++)
		snprintf(lines[i], sizeof(lines[i]), "%s@%u", cv_prefix_text(&routes[i].to, prefix),
			routes[i].table);
	qsort(lines, n_routes, sizeof(lines[0]), by_text);
	for (unsigned i = 0; i < n_routes; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%s%s", i == 0 ? "" : " ", lines[i]);
	assert_string_equal(text, wanted);
	assert_int_equal(announced_count(announced), n_routes);
}

/* ---- sessions, by slot ---- */

static struct {
	struct dp_session is;
	struct cv_prefix at[CV_FRAMED_MAX];
	unsigned n;
	bool there;
} sessions[ROUTES];

int
dp_session_get(const struct dp *dp, uint32_t slot, struct dp_session *out)
{
	(void)dp;
	*out = sessions[slot].is;
	return sessions[slot].there ? 0 : CV_ERR_UNKNOWN;
}

bool
dp_framed_get(const struct dp *dp, uint32_t slot, unsigned index, struct cv_prefix *out)
{
	(void)dp;
	if (!sessions[slot].there || index >= sessions[slot].n)
		return false;
	*out = sessions[slot].at[index];
	return true;
}

static void
behind(uint32_t slot, const char *prefix)
{
	assert_int_equal(cv_prefix_parse(prefix, &sessions[slot].at[sessions[slot].n++]), 0);
}

static void
session(uint32_t slot, uint16_t realm, const char *a, const char *b)
{
	sessions[slot].there = true;
	sessions[slot].is = (struct dp_session){.open = true, .open6 = true, .realm = realm};
	sessions[slot].n = 0;
	if (a != NULL)
		behind(slot, a);
	if (b != NULL)
		behind(slot, b);
	announced_session(announced, &d, d.cfg, slot, &ask);
}

static void
session_ends(uint32_t slot)
{
	sessions[slot].there = false;
	announced_session(announced, &d, d.cfg, slot, &ask);
}

/* ---- configurations ---- */

static struct cfg_realm realms[] = {{.name = "one", .id = REALM}, {.name = "two", .id = OTHER}};
static struct cv_prefix pool, pool6;
static struct cfg_group groups[] = {
	{.realm = 0, .pool = &pool, .n_pool = 1, .pool6 = &pool6, .n_pool6 = 1}};
static struct cfg_kernel_table tables[] = {
	{.realm = 0, .table = 254, .announce = CFG_ANNOUNCE_POOLS, .metric = 1701},
	{.realm = 1, .table = 254, .announce = CFG_ANNOUNCE_POOLS, .metric = 1701}};

static const struct cfg first = {.realms = realms,
	.n_realms = 2,
	.groups = groups,
	.n_groups = 1,
	.kernel_tables = tables,
	.n_kernel_tables = 1};

static void
follow(const struct cfg *cfg)
{
	d.cfg = cfg;
	announced_follow(announced, &d, cfg, &ask);
}

/* ---- checks ---- */

static void
networks_come_and_go_with_sessions(void **state)
{
	(void)state;
	session(SLOT, REALM, "192.0.2.0/25", "2001:db8:7::/48");
	expect("10.0.0.0/16@254 192.0.2.0/25@254 2001:db8:7::/48@254 2001:db8::/48@254");
	session(SLOT + 1, REALM, "198.51.100.8/32", NULL);
	asked = 0;
	session(SLOT + 1, REALM, "198.51.100.8/32", NULL); /* nothing has changed */
	assert_int_equal(asked, 0);
	session(SLOT, REALM, "192.0.2.0/25", "192.0.2.128/26");
	expect("10.0.0.0/16@254 192.0.2.0/25@254 192.0.2.128/26@254 198.51.100.8/32@254 "
	       "2001:db8::/48@254");
	assert_int_equal(asked, 2);
	session_ends(SLOT);
	expect("10.0.0.0/16@254 198.51.100.8/32@254 2001:db8::/48@254");
	session(SLOT + 1, REALM, NULL, NULL);
	expect("10.0.0.0/16@254 2001:db8::/48@254");
	session_ends(SLOT + 1);
	session_ends(SLOT + 2);
	expect("10.0.0.0/16@254 2001:db8::/48@254");
}

/* What it is not open for would lead to nobody. */
static void
families_that_are_not_open_are_not_announced(void **state)
{
	(void)state;
	session(SLOT, REALM, "192.0.2.0/25", "2001:db8:7::/48");
	sessions[SLOT].is.open = false;
	announced_session(announced, &d, d.cfg, SLOT, &ask);
	expect("10.0.0.0/16@254 2001:db8:7::/48@254 2001:db8::/48@254");
	sessions[SLOT].is.open = true;
	sessions[SLOT].is.open6 = false;
	announced_session(announced, &d, d.cfg, SLOT, &ask);
	expect("10.0.0.0/16@254 192.0.2.0/25@254 2001:db8::/48@254");
	session_ends(SLOT);
}

/* Realms may share a table: one's network stays while another's goes. */
static void
what_two_want_stays_until_both_have_gone(void **state)
{
	struct cfg both = first;

	(void)state;
	session(SLOT, REALM, "192.0.2.0/25", NULL);
	session(SLOT + 1, OTHER, "192.0.2.0/25", "198.51.100.0/24");
	expect("10.0.0.0/16@254 192.0.2.0/25@254 2001:db8::/48@254");
	both.n_kernel_tables = 2;
	follow(&both);
	expect("10.0.0.0/16@254 192.0.2.0/25@254 198.51.100.0/24@254 2001:db8::/48@254");
	session_ends(SLOT);
	expect("10.0.0.0/16@254 192.0.2.0/25@254 198.51.100.0/24@254 2001:db8::/48@254");
	session_ends(SLOT + 1);
	expect("10.0.0.0/16@254 2001:db8::/48@254");
	follow(&first);
}

static void
a_reload_moves_and_withdraws_them(void **state)
{
	struct cfg_kernel_table table = tables[0];
	struct cfg cfg = first;

	(void)state;
	session(SLOT, REALM, "192.0.2.0/25", NULL);
	cfg.kernel_tables = &table;
	table.announce_table = 1701;
	follow(&cfg);
	expect("10.0.0.0/16@1701 192.0.2.0/25@1701 2001:db8::/48@1701");
	session_ends(SLOT);
	expect("10.0.0.0/16@1701 2001:db8::/48@1701");
	session(SLOT, REALM, "192.0.2.0/25", NULL);
	table.announce = CFG_ANNOUNCE_OFF;
	follow(&cfg);
	expect("");
	session(SLOT, REALM, "192.0.2.128/25", NULL);
	expect("");
	follow(&first);
	expect("10.0.0.0/16@254 192.0.2.128/25@254 2001:db8::/48@254");
	follow(NULL); /* it stops */
	expect("");
	session_ends(SLOT);
	expect("");
	follow(&first);
}

/* What the kernel refuses is asked for again with the next reload, and leaves nothing behind. */
static void
what_was_refused_is_tried_again(void **state)
{
	(void)state;
	refuses = ENOMEM;
	session(SLOT, REALM, "192.0.2.0/25", NULL);
	session(SLOT + 1, REALM, "192.0.2.128/25", NULL);
	session_ends(SLOT + 1);
	refuses = 0;
	asked = 0;
	follow(&first);
	assert_int_equal(asked, 1);
	expect("10.0.0.0/16@254 192.0.2.0/25@254 2001:db8::/48@254");
	session_ends(SLOT);
}

/* Of a life before that ended suddenly. */
static void
what_is_found_and_nobody_wants_goes(void **state)
{
	struct rtnl_route r = {.table = 254,
		.metric = 1701,
		.protocol = NETLINK_PROTOCOL,
		.way = RTNL_WAY_DISCARD};

	(void)state;
	session(SLOT, REALM, "192.0.2.0/25", NULL);
	assert_int_equal(cv_prefix_parse("192.0.2.0/25", &r.to), 0);
	announced_found(announced, &r, &ask);
	assert_int_equal(cv_prefix_parse("192.0.2.128/25", &r.to), 0);
	routes[n_routes++] = r;
	announced_found(announced, &r, &ask);
	expect("10.0.0.0/16@254 192.0.2.0/25@254 2001:db8::/48@254");
	session_ends(SLOT);
}

/* What somebody takes out is put back; what we take out ourselves is not. */
static void
what_others_take_out_comes_again(void **state)
{
	struct rtnl_route r = {.table = 254,
				  .metric = 1701,
				  .protocol = NETLINK_PROTOCOL,
				  .way = RTNL_WAY_DISCARD},
			  *there;

	(void)state;
	session(SLOT, REALM, "192.0.2.0/25", NULL);
	assert_int_equal(cv_prefix_parse("192.0.2.0/25", &r.to), 0);
	there = same_as(&r);
	assert_non_null(there);
	*there = routes[--n_routes];
	assert_true(announced_gone(announced, &r));
	announced_again(announced, &d, &ask);
	expect("10.0.0.0/16@254 192.0.2.0/25@254 2001:db8::/48@254");
	asked = 0;
	announced_again(announced, &d, &ask);
	assert_int_equal(asked, 0);
	/* it is there again already */
	assert_true(announced_gone(announced, &r));
	announced_found(announced, &r, &ask);
	announced_again(announced, &d, &ask);
	assert_int_equal(asked, 0);
	/* of another protocol it is none of ours */
	r.protocol = BGP;
	assert_false(announced_gone(announced, &r));
	r.protocol = NETLINK_PROTOCOL;
	session_ends(SLOT);
	assert_false(announced_gone(announced, &r));
	expect("10.0.0.0/16@254 2001:db8::/48@254");
}

static void
many_come_and_go(void **state)
{
	char text[32];

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (uint32_t slot = 0; slot < ROUTES - 2; slot++) {
			snprintf(text, sizeof(text), "172.16.%u.%u/32", slot / 256, slot % 256);
			session(slot, REALM, text, NULL);
		}
		assert_int_equal(n_routes, ROUTES);
		follow(&first);
		assert_int_equal(n_routes, ROUTES);
		for (uint32_t slot = 0; slot < ROUTES - 2; slot++)
			session_ends(slot);
		expect("10.0.0.0/16@254 2001:db8::/48@254");
	}
}

static int
up(void **state)
{
	(void)state;
	announced = announced_new();
	if (announced == NULL || cv_prefix_parse("10.0.0.0/16", &pool) != 0 ||
		cv_prefix_parse("2001:db8::/48", &pool6) != 0)
		return -1;
	follow(&first);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	announced_free(announced);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_come_and_go_with_sessions),
		cmocka_unit_test(families_that_are_not_open_are_not_announced),
		cmocka_unit_test(what_two_want_stays_until_both_have_gone),
		cmocka_unit_test(a_reload_moves_and_withdraws_them),
		cmocka_unit_test(what_was_refused_is_tried_again),
		cmocka_unit_test(what_is_found_and_nobody_wants_goes),
		cmocka_unit_test(what_others_take_out_comes_again),
		cmocka_unit_test(many_come_and_go),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, up, down);
}
