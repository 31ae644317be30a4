/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses, routes and rules by rtnetlink. */
#include "routes.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "common/netlink.h"
#include "wire/ipv6.h"

enum {
	REQUEST = 256, /* bytes, more than any request here has */
	SWEEP_MOST = 65536,
	LINK_LOCAL_BITS = 64,
	/* of the route to everybody, which only what has our address takes: charon looks at all
	 * tables and not at rules, and would prefer one that is as good as the main table's */
	DEFAULT_METRIC = 1 << 24,
};

/* What is IPsec to a destination: a protocol, and for UDP a port. */
static const struct {
	uint8_t protocol;
	uint16_t port;
} ipsec[] = {{IPPROTO_ESP, 0}, {IPPROTO_AH, 0}, {IPPROTO_UDP, 500}, {IPPROTO_UDP, 4500}};

struct rule {
	struct cv_prefix from, to; /* family 0: any; not both */
	uint8_t protocol, action;
	uint16_t to_port; /* 0: any */
	uint32_t table;
	uint32_t mark; /* 0: any */
};

static uint8_t
family_of(const struct cv_ip *ip)
{
	return ip->family == CV_IPV4 ? AF_INET : AF_INET6;
}

static size_t
bytes_of(const struct cv_ip *ip)
{
	return ip->family == CV_IPV4 ? 4 : 16;
}

static bool
is_link_local(const struct cv_ip *ip)
{
	return ip->family == CV_IPV6 && wire_ipv6_link_local(ip->bytes);
}

static struct cv_prefix
host(const struct cv_ip *ip)
{
	return (struct cv_prefix){*ip, (uint8_t)(8 * bytes_of(ip))};
}

static struct nlmsghdr *
begin(char *buf, uint16_t add, uint16_t gone, bool wanted)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = wanted ? add : gone;
	h->nlmsg_flags = NLM_F_REQUEST;
	if (wanted)
		h->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	return h;
}

/* ---- the interface ---- */

int
routes_link(struct mnl_socket *ask, unsigned link, uint16_t mtu)
{
	char buf[REQUEST];
	struct nlmsghdr *h = begin(buf, RTM_NEWLINK, 0, true);
	struct ifinfomsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	h->nlmsg_flags = NLM_F_REQUEST;
	m->ifi_family = AF_UNSPEC;
	m->ifi_index = (int)link;
	m->ifi_flags = m->ifi_change = IFF_UP;
	mnl_attr_put_u32(h, IFLA_MTU, mtu);
	return netlink_ask(ask, h);
}

static int
tell_address(const struct routes *r, const struct cv_ip *ip, bool wanted)
{
	char buf[REQUEST];
	struct nlmsghdr *h = begin(buf, RTM_NEWADDR, RTM_DELADDR, wanted);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ifa_family = family_of(ip);
	/* the kernel makes the route to other link-local addresses of it, and none to others */
	m->ifa_prefixlen = is_link_local(ip) ? LINK_LOCAL_BITS : host(ip).length;
	m->ifa_flags = ip->family == CV_IPV6 ? IFA_F_NODAD : 0;
	m->ifa_index = r->link;
	mnl_attr_put(h, IFA_LOCAL, bytes_of(ip), ip->bytes);
	mnl_attr_put(h, IFA_ADDRESS, bytes_of(ip), ip->bytes);
	return netlink_ask(r->ask, h);
}

/* ---- routes ---- */

static int
tell_route(
	const struct routes *r, const struct cv_prefix *to, const struct cv_ip *source, bool wanted)
{
	char buf[REQUEST];
	struct nlmsghdr *h = begin(buf, RTM_NEWROUTE, RTM_DELROUTE, wanted);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->rtm_family = family_of(&to->ip);
	m->rtm_dst_len = to->length;
	m->rtm_protocol = NETLINK_PROTOCOL;
	m->rtm_type = RTN_UNICAST;
	m->rtm_scope = source->family == CV_IPV4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	m->rtm_table = RT_TABLE_UNSPEC;
	mnl_attr_put_u32(h, RTA_TABLE, r->table);
	mnl_attr_put_u32(h, RTA_OIF, r->link);
	if (to->length != 0)
		mnl_attr_put(h, RTA_DST, bytes_of(&to->ip), to->ip.bytes);
	else
		mnl_attr_put_u32(h, RTA_PRIORITY, DEFAULT_METRIC);
	mnl_attr_put(h, RTA_PREFSRC, bytes_of(source), source->bytes);
	return netlink_ask(r->ask, h);
}

/* ---- rules ---- */

static int
tell_rule(const struct routes *r, const struct rule *rule)
{
	char buf[REQUEST];
	struct nlmsghdr *h = begin(buf, RTM_NEWRULE, 0, true);
	struct fib_rule_hdr *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	const struct cv_prefix *to = &rule->to, *from = &rule->from;
	struct fib_rule_port_range port = {rule->to_port, rule->to_port};

	h->nlmsg_flags =
		NLM_F_REQUEST | NLM_F_CREATE; /* in their order, as they have one priority */
	m->family = family_of(to->ip.family != 0 ? &to->ip : &from->ip);
	m->action = rule->action;
	mnl_attr_put_u32(h, FRA_PRIORITY, r->table);
	mnl_attr_put_u8(h, FRA_PROTOCOL, NETLINK_PROTOCOL);
	if (rule->action == FR_ACT_TO_TBL)
		mnl_attr_put_u32(h, FRA_TABLE, rule->table);
	if (to->ip.family != 0) {
		m->dst_len = to->length;
		mnl_attr_put(h, FRA_DST, bytes_of(&to->ip), to->ip.bytes);
	}
	if (from->ip.family != 0) {
		m->src_len = from->length;
		mnl_attr_put(h, FRA_SRC, bytes_of(&from->ip), from->ip.bytes);
	}
	if (rule->protocol != 0)
		mnl_attr_put_u8(h, FRA_IP_PROTO, rule->protocol);
	if (rule->mark != 0)
		mnl_attr_put_u32(h, FRA_FWMARK, rule->mark);
	if (rule->to_port != 0)
		mnl_attr_put(h, FRA_DPORT_RANGE, sizeof(port), &port);
	return netlink_ask(r->ask, h);
}

/* Of a priority, whatever they say. */
static unsigned
remove_rules(struct mnl_socket *ask, uint32_t priority, uint8_t family)
{
	for (unsigned n = 0;; n++) {
		char buf[REQUEST];
		struct nlmsghdr *h = begin(buf, 0, RTM_DELRULE, false);
		struct fib_rule_hdr *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

		m->family = family;
		mnl_attr_put_u32(h, FRA_PRIORITY, priority);
		mnl_attr_put_u8(h, FRA_PROTOCOL, NETLINK_PROTOCOL);
		if (n == SWEEP_MOST || netlink_ask(ask, h) != 0)
			return n;
	}
}

unsigned
routes_sweep(struct mnl_socket *ask, uint32_t table)
{
	return remove_rules(ask, table, AF_INET) + remove_rules(ask, table, AF_INET6);
}

bool
routes_meet(const struct routes *r, const struct cv_ip *lns)
{
	for (size_t i = 0; i < r->n_to; i++)
		if (cv_prefix_contains(&r->to[i], lns))
			return true;
	return false;
}

/* Where whom IPsec reaches is also the LNS, what has the mark goes there as it would without us,
 * and rather nowhere than into the tunnel. */
static int
spare_lns(const struct routes *r)
{
	struct rule rule = {.to = host(&r->lns),
		.protocol = IPPROTO_UDP,
		.action = FR_ACT_TO_TBL,
		.mark = r->table,
		.table = RT_TABLE_MAIN};
	int error = tell_rule(r, &rule);

	rule.action = FR_ACT_UNREACHABLE;
	return error != 0 ? error : tell_rule(r, &rule);
}

static int
lead(const struct routes *r, const struct cv_prefix *to)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < sizeof(ipsec) / sizeof(ipsec[0]); i++) {
		struct rule rule = {.to = *to,
			.protocol = ipsec[i].protocol,
			.action = FR_ACT_TO_TBL,
			.to_port = ipsec[i].port,
			.table = r->table};

		error = tell_rule(r, &rule);
	}
	return error;
}

/* ---- all of a family ---- */

static struct cv_prefix
everybody(const struct cv_ip *relay)
{
	return (struct cv_prefix){.ip = {.family = relay->family}};
}

/* Routes do not go with the address that is their source, as they are in no main table. */
static void
clear(struct routes *r, struct cv_ip *relay)
{
	struct cv_prefix all = everybody(relay);

	if (relay->family == 0)
		return;
	(void)remove_rules(r->ask, r->table, family_of(relay));
	for (size_t i = 0; i < r->n_to; i++)
		if (r->to[i].ip.family == relay->family)
			(void)tell_route(r, &r->to[i], relay, false);
	(void)tell_route(r, &all, relay, false);
	(void)tell_address(r, relay, false);
	r->was[relay->family == CV_IPV6] = *relay;
	relay->family = 0;
}

int
routes_set(struct routes *r, const struct cv_ip *relay)
{
	struct cv_ip *ours = &r->relay[relay->family == CV_IPV6];
	struct cv_prefix all = everybody(relay);
	struct rule from = {.from = host(relay), .action = FR_ACT_TO_TBL, .table = r->table};
	/* what looks whether there is another way; `to` is everybody of the family */
	struct rule marked = {.to = everybody(relay),
		.action = FR_ACT_TO_TBL,
		.table = RT_TABLE_MAIN,
		.mark = r->table};
	int error;

	clear(r, ours);
	*ours = *relay;
	error = tell_address(r, relay, true);
	if (error == 0)
		error = tell_route(r, &all, relay, true);
	if (error == 0 && r->lns.family == relay->family && routes_meet(r, &r->lns))
		error = spare_lns(r);
	if (error == 0)
		error = tell_rule(r, &marked);
	if (error == 0)
		error = tell_rule(r, &from);
	for (size_t i = 0; error == 0 && i < r->n_to; i++) {
		if (r->to[i].ip.family != relay->family)
			continue;
		if (i >= r->n_movable || !r->direct)
			error = tell_route(r, &r->to[i], relay, true);
		if (error == 0 && i >= r->n_movable)
			error = lead(r, &r->to[i]);
	}
	return error;
}

int
routes_prefer(struct routes *r, bool direct)
{
	int error = 0;

	if (r->direct == direct)
		return 0;
	r->direct = direct;
	for (size_t i = 0; error == 0 && i < r->n_movable; i++) {
		const struct cv_ip *relay = &r->relay[r->to[i].ip.family == CV_IPV6];

		if (relay->family != 0)
			error = tell_route(r, &r->to[i], relay, !direct);
	}
	return error;
}

void
routes_drop(struct routes *r, enum cv_family family)
{
	clear(r, &r->relay[family == CV_IPV6]);
}

int
routes_link6(struct routes *r, const struct cv_ip *local)
{
	if (cv_ip_equal(&r->link6, local))
		return 0;
	if (r->link6.family != 0)
		(void)tell_address(r, &r->link6, false);
	r->link6 = *local;
	return tell_address(r, local, true);
}

void
routes_clear(struct routes *r)
{
	for (unsigned i = 0; i < ROUTES_FAMILIES; i++)
		clear(r, &r->relay[i]);
	if (r->link6.family != 0)
		(void)tell_address(r, &r->link6, false);
	r->link6.family = 0;
}
