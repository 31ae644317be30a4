/* SPDX-License-Identifier: BSD-3-Clause */
/* The interface, routes and rules of a client, in a network namespace of the test's own; what the
 * kernel makes of them is asked of iproute2. Skipped where none can be made. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>

#include "common/netlink.h"
#include "culvert-client/routes.h"
#include "culvert-client/tun.h"

enum { TABLE = 1701, RULES_FAMILY = 2 + 4 * 2 };

static bool alone;
static struct cv_prefix to[3];

static int
setup(void **state)
{
	static const char *const texts[] = {"192.0.2.1/32", "10.88.0.0/16", "2001:db8:1::/48"};

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		if (cv_prefix_parse(texts[i], &to[i]) != 0)
			return -1;
	alone = unshare(CLONE_NEWNET) == 0 && system("ip link set lo up") == 0;
	return 0;
}

/* Lines that a command prints with a word in them. */
static unsigned
lines(const char *command, const char *word)
{
	FILE *f = popen(command, "r");
	char line[512];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, word) != NULL;
	pclose(f);
	return n;
}

static bool
leads(const char *query, const char *device)
{
	char command[256];

	snprintf(command, sizeof(command), "ip %s 2>&1", query);
	return lines(command, device) == 1;
}

static struct cv_ip
address(const char *text)
{
	struct cv_ip ip;

	assert_int_equal(cv_ip_parse(text, &ip), 0);
	return ip;
}

static void
begin(struct tun *t, struct routes *r)
{
	if (!alone)
		skip();
	*r = (struct routes){.ask = netlink_open(), .table = TABLE, .to = to, .n_to = 3};
	assert_non_null(r->ask);
	assert_int_equal(tun_open(t, "l2tp-test"), 0);
	r->link = t->index;
	assert_int_equal(routes_link(r->ask, t->index, 1380), 0);
}

static void
end(struct tun *t, struct routes *r)
{
	tun_close(t);
	mnl_socket_close(r->ask);
	assert_int_equal(lines("ip link", "l2tp-test"), 0);
}

static void
test_set_and_clear(void **state)
{
	struct cv_ip four = address("10.88.1.2"), six = address("2001:db8:9::2");
	struct cv_ip other = address("10.88.1.3");
	struct routes r;
	struct tun t;

	(void)state;
	begin(&t, &r);
	assert_int_equal(lines("ip link", "mtu 1380"), 1);
	assert_int_equal(routes_set(&r, &four), 0);
	assert_int_equal(routes_set(&r, &six), 0);
	assert_int_equal(lines("ip -4 rule", "1701:"), RULES_FAMILY);
	assert_int_equal(lines("ip -6 rule", "1701:"), 2 + 4);
	assert_int_equal(lines("ip route show table 1701", "src 10.88.1.2"), 3);
	/* IPsec goes there, and what has our address; nothing else does */
	assert_true(leads("route get 192.0.2.1 ipproto udp dport 4500", "l2tp-test"));
	assert_true(leads("route get 192.0.2.1 ipproto udp dport 500", "src 10.88.1.2"));
	assert_true(leads("route get 10.88.0.7 ipproto udp dport 500", "l2tp-test"));
	assert_true(leads("route get 203.0.113.9 from 10.88.1.2", "l2tp-test"));
	assert_false(leads("route get 192.0.2.1 ipproto udp dport 4501", "l2tp-test"));
	assert_false(leads("route get 192.0.2.1 ipproto tcp dport 4500", "l2tp-test"));
	assert_false(leads("route get 192.0.2.1", "l2tp-test"));
	assert_false(leads("route get 192.0.2.2 ipproto udp dport 4500", "l2tp-test"));
	assert_true(leads("-6 route get 2001:db8:1::7 ipproto udp dport 500", "l2tp-test"));
	assert_false(leads("-6 route get 2001:db8:1::7 ipproto tcp dport 500", "l2tp-test"));
	assert_true(leads("-6 route get 2001:db8:5::7 from 2001:db8:9::2", "l2tp-test"));
	/* of one family alone */
	routes_drop(&r, CV_IPV6);
	assert_int_equal(lines("ip -6 rule", "1701:"), 0);
	assert_int_equal(lines("ip -6 addr show dev l2tp-test", "2001:db8:9::2"), 0);
	assert_int_equal(lines("ip -4 rule", "1701:"), RULES_FAMILY);
	assert_int_equal(routes_set(&r, &six), 0);
	/* another address: nothing of the old one stays */
	assert_int_equal(routes_set(&r, &other), 0);
	assert_int_equal(lines("ip -4 rule", "1701:"), RULES_FAMILY);
	assert_int_equal(lines("ip route show table 1701", "src 10.88.1.2"), 0);
	assert_int_equal(lines("ip route show table 1701", "src 10.88.1.3"), 3);
	assert_int_equal(lines("ip addr", "10.88.1.2/"), 0);
	routes_clear(&r);
	assert_int_equal(lines("ip -4 rule; ip -6 rule", "1701"), 0);
	assert_int_equal(lines("ip route show table 1701; ip -6 route show table 1701", "dev"), 0);
	assert_int_equal(lines("ip addr show dev l2tp-test", "inet"), 0);
	end(&t, &r);
}

/* To a movable one no rule leads; who looks at the table finds it there or not. The others are as
 * ever. */
static void
test_movable(void **state)
{
	struct cv_ip four = address("10.88.1.2"), was = four;
	struct routes r;
	struct tun t;

	(void)state;
	begin(&t, &r);
	r.n_movable = 1;
	assert_int_equal(routes_set(&r, &four), 0);
	assert_int_equal(lines("ip -4 rule", "1701:"), 2 + 4);
	assert_int_equal(lines("ip route show table 1701", "192.0.2.1 dev l2tp-test"), 1);
	assert_false(leads("route get 192.0.2.1 ipproto udp dport 4500", "l2tp-test"));
	assert_true(leads("route get 192.0.2.1 from 10.88.1.2", "l2tp-test"));
	assert_true(leads("route get 10.88.0.7 ipproto udp dport 500", "l2tp-test"));
	assert_int_equal(routes_prefer(&r, true), 0);
	assert_int_equal(lines("ip route show table 1701", "192.0.2.1 dev"), 0);
	assert_int_equal(lines("ip route show table 1701", "10.88.0.0/16 dev"), 1);
	assert_true(leads("route get 192.0.2.1 from 10.88.1.2", "l2tp-test"));
	/* with another address it is wanted where it was */
	four = address("10.88.1.3");
	assert_int_equal(routes_set(&r, &four), 0);
	assert_true(cv_ip_equal(&r.was[0], &was));
	assert_int_equal(lines("ip route show table 1701", "192.0.2.1 dev"), 0);
	assert_int_equal(routes_prefer(&r, false), 0);
	assert_int_equal(routes_prefer(&r, false), 0);
	assert_int_equal(lines("ip route show table 1701", "192.0.2.1 dev l2tp-test"), 1);
	routes_clear(&r);
	assert_int_equal(routes_prefer(&r, true), 0);
	assert_int_equal(lines("ip route show table 1701", "dev"), 0);
	end(&t, &r);
}

/* The gateway is the LNS, too, and it takes L2TP on UDP 4500. */
static void
test_spares_the_lns(void **state)
{
	struct cv_ip four = address("10.88.1.2");
	struct routes r;
	struct tun t;

	(void)state;
	begin(&t, &r);
	assert_int_equal(system("ip link add up0 type veth peer name up1 && "
				"ip link set up1 up && ip link set up0 up && "
				"ip addr add 198.51.100.2/24 dev up0 && "
				"ip route add 192.0.2.0/24 dev up0"),
		0);
	r.lns = address("192.0.2.1");
	assert_true(routes_meet(&r, &r.lns));
	assert_int_equal(routes_set(&r, &four), 0);
	assert_true(leads("route get 192.0.2.1 ipproto udp dport 4500 mark 1701", "up0"));
	assert_true(leads("route get 192.0.2.1 ipproto udp sport 4500 dport 4500", "l2tp-test"));
	/* what has the table's number as its mark looks for another way */
	assert_true(leads("route get 192.0.2.1 ipproto udp dport 500", "l2tp-test"));
	assert_true(leads("route get 192.0.2.1 ipproto udp dport 500 mark 1701", "up0"));
	/* rather nowhere than into itself */
	assert_int_equal(system("ip route del 192.0.2.0/24"), 0);
	assert_false(leads("route get 192.0.2.1 ipproto udp dport 4500 mark 1701", "l2tp-test"));
	routes_clear(&r);
	end(&t, &r);
}

/* The interface's own, and a way to the other end's. */
static void
test_link_local(void **state)
{
	struct cv_ip first = address("fe80::1:2"), second = address("fe80::1:3");
	struct routes r;
	struct tun t;

	(void)state;
	begin(&t, &r);
	assert_int_equal(lines("ip -6 addr show dev l2tp-test", "fe80"), 0);
	assert_int_equal(routes_link6(&r, &first), 0);
	assert_int_equal(lines("ip -6 addr show dev l2tp-test", "fe80::1:2/64 scope link"), 1);
	assert_true(leads("-6 route get fe80::7 oif l2tp-test", "src fe80::1:2"));
	assert_int_equal(routes_link6(&r, &second), 0);
	assert_int_equal(routes_link6(&r, &second), 0);
	assert_int_equal(lines("ip -6 addr show dev l2tp-test", "fe80"), 1);
	assert_int_equal(lines("ip -6 addr show dev l2tp-test", "fe80::1:3/64 scope link"), 1);
	routes_clear(&r);
	assert_int_equal(lines("ip -6 addr show dev l2tp-test", "fe80"), 0);
	end(&t, &r);
}

/* A run that crashed leaves its rules. Those of others stay. */
static void
test_sweep(void **state)
{
	struct cv_ip four = address("10.88.1.2");
	struct routes r;
	struct tun t;

	(void)state;
	begin(&t, &r);
	assert_int_equal(routes_set(&r, &four), 0);
	assert_int_equal(
		system("ip rule add from 203.0.113.1 lookup 77 priority 1701 && "
		       "ip rule add from 203.0.113.2 lookup 1701 priority 1702 protocol 201"),
		0);
	tun_close(&t);
	assert_int_equal(lines("ip rule", "1701:"), RULES_FAMILY + 1);
	assert_int_equal(routes_sweep(r.ask, TABLE), RULES_FAMILY);
	assert_int_equal(lines("ip rule", "1701:"), 1);
	assert_int_equal(lines("ip rule", "1702:"), 1);
	assert_int_equal(lines("ip route show table 1701 2>&1", "dev"), 0);
	mnl_socket_close(r.ask);
}

static void
test_interface_is_taken(void **state)
{
	struct tun t, second;
	struct routes r;

	(void)state;
	begin(&t, &r);
	assert_int_equal(tun_open(&second, "l2tp-test"), EBUSY);
	assert_int_equal(tun_open(&second, "lo"), EEXIST);
	assert_int_equal(second.fd, -1);
	end(&t, &r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_and_clear),
		cmocka_unit_test(test_movable),
		cmocka_unit_test(test_spares_the_lns),
		cmocka_unit_test(test_link_local),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_interface_is_taken),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
