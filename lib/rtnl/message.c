/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of rtnetlink (RFC 3549), which are in the machine's byte order, taken apart. */
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/err.h"
#include "rtnl/rtnl.h"

enum {
	FAMILY_IPV4 = 2, /* AF_INET */
	FAMILY_IPV6 = 10,
	FLAG_UP = 1 << 0, /* IFF_UP, IFF_RUNNING */
	FLAG_RUNNING = 1 << 6,
	TYPE_BITS = 0x3fff, /* of an attribute's type: others are flags */
	ATTRIBUTES = 64,    /* types that are looked at are below */
};

struct attributes {
	struct cv_bytes of[ATTRIBUTES];
};

/* A structure of the kernel's, which may stand anywhere. */
static bool
take(struct cv_reader *r, void *out, size_t len)
{
	const uint8_t *p = cv_read_bytes(r, len);

	if (p == NULL)
		return false;
	memcpy(out, p, len);
	return true;
}

/* What fills up to the next one may be missing at the end. */
static void
skip_padding(struct cv_reader *r, size_t len)
{
	size_t padding = (4 - len % 4) % 4;

	(void)cv_read_bytes(r, padding < cv_remaining(r) ? padding : cv_remaining(r));
}

static bool
read_attributes(struct cv_reader *r, struct attributes *out)
{
	struct rtattr a;

	memset(out, 0, sizeof(*out));
	while (take(r, &a, sizeof(a))) {
		const uint8_t *value;
		unsigned type;

		if (a.rta_len < sizeof(a))
			return false;
		value = cv_read_bytes(r, a.rta_len - sizeof(a));
		if (value == NULL)
			return false;
		type = a.rta_type & TYPE_BITS;
		if (type < ATTRIBUTES)
			out->of[type] = (struct cv_bytes){value, a.rta_len - sizeof(a)};
		skip_padding(r, a.rta_len);
	}
	return true;
}

static bool
has(const struct attributes *a, unsigned type)
{
	return a->of[type].data != NULL;
}

/* False: it is there, and is none. */
static bool
get_u32(const struct attributes *a, unsigned type, uint32_t *out)
{
	if (!has(a, type))
		return true;
	if (a->of[type].len != sizeof(*out))
		return false;
	memcpy(out, a->of[type].data, sizeof(*out));
	return true;
}

static size_t
address_bytes(unsigned family)
{
	return family == FAMILY_IPV4 ? 4 : family == FAMILY_IPV6 ? 16 : 0;
}

static bool
set_ip(struct cv_ip *out, unsigned family, struct cv_bytes bytes)
{
	*out = (struct cv_ip){.family = family == FAMILY_IPV4 ? CV_IPV4 : CV_IPV6};
	if (bytes.len == 0 || bytes.len != address_bytes(family))
		return false;
	memcpy(out->bytes, bytes.data, bytes.len);
	return true;
}

/* RTA_VIA: a family of two bytes, and an address of it. */
static bool
set_via(struct cv_ip *out, struct cv_bytes bytes)
{
	uint16_t family;

	if (bytes.len < sizeof(family))
		return false;
	memcpy(&family, bytes.data, sizeof(family));
	return set_ip(out, family, (struct cv_bytes){bytes.data + 2, bytes.len - 2});
}

static bool
read_hop(const struct attributes *a, unsigned family, struct rtnl_hop *hop)
{
	if (has(a, RTA_GATEWAY))
		return set_ip(&hop->ip, family, a->of[RTA_GATEWAY]);
	return !has(a, RTA_VIA) || set_via(&hop->ip, a->of[RTA_VIA]);
}

static bool
read_multipath(struct cv_bytes list, unsigned family, struct rtnl_route *route)
{
	struct cv_reader r = cv_reader(list.data, list.len);
	struct rtnexthop next;

	while (take(&r, &next, sizeof(next))) {
		struct rtnl_hop hop = {0};
		struct attributes a;
		struct cv_reader inner;

		if (next.rtnh_len < sizeof(next) || cv_remaining(&r) < next.rtnh_len - sizeof(next))
			return false;
		inner = cv_reader(r.pos, next.rtnh_len - sizeof(next));
		(void)cv_read_bytes(&r, next.rtnh_len - sizeof(next));
		skip_padding(&r, next.rtnh_len);
		if (!read_attributes(&inner, &a) || !read_hop(&a, family, &hop))
			return false;
		hop.link = (uint32_t)next.rtnh_ifindex;
		hop.weight = (uint16_t)(next.rtnh_hops + 1);
		hop.dead = (next.rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) != 0;
		if (route->n < RTNL_HOPS)
			route->hops[route->n++] = hop;
	}
	return true;
}

static enum rtnl_way
way_of(uint8_t type)
{
	if (type == RTN_UNICAST)
		return RTNL_WAY_VIA;
	return type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT
		       ? RTNL_WAY_DISCARD
		       : RTNL_WAY_NONE;
}

static bool
is_prefix(const struct cv_prefix *p, unsigned bits)
{
	if (p->length > bits)
		return false;
	for (unsigned i = p->length; i < bits; i++)
		if ((p->ip.bytes[i / 8] >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

static bool
read_route_hops(const struct attributes *a, const struct rtmsg *m, struct rtnl_route *route)
{
	struct rtnl_hop *hop = &route->hops[0];

	if (has(a, RTA_MULTIPATH))
		return read_multipath(a->of[RTA_MULTIPATH], m->rtm_family, route);
	if (!has(a, RTA_OIF) && !has(a, RTA_GATEWAY) && !has(a, RTA_VIA))
		return true;
	hop->weight = 1;
	hop->dead = (m->rtm_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) != 0;
	route->n = 1;
	return get_u32(a, RTA_OIF, &hop->link) && read_hop(a, m->rtm_family, hop);
}

static int
read_route(struct cv_reader *r, bool gone, struct rtnl_message *out)
{
	struct rtnl_route *route = &out->route;
	struct attributes a;
	struct rtmsg m;

	if (!take(r, &m, sizeof(m)))
		return CV_ERR_TRUNCATED;
	if (address_bytes(m.rtm_family) == 0)
		return 0;
	*route = (struct rtnl_route){.table = m.rtm_table,
		.tos = m.rtm_tos,
		.protocol = m.rtm_protocol,
		.cloned = (m.rtm_flags & RTM_F_CLONED) != 0,
		.way = way_of(m.rtm_type)};
	route->to.length = m.rtm_dst_len;
	route->to.ip.family = m.rtm_family == FAMILY_IPV4 ? CV_IPV4 : CV_IPV6;
	if (!read_attributes(r, &a) ||
		(has(&a, RTA_DST) && !set_ip(&route->to.ip, m.rtm_family, a.of[RTA_DST])) ||
		!is_prefix(&route->to, 8 * (unsigned)address_bytes(m.rtm_family)) ||
		!get_u32(&a, RTA_TABLE, &route->table) ||
		!get_u32(&a, RTA_PRIORITY, &route->metric) ||
		!get_u32(&a, RTA_NH_ID, &route->object) || !read_route_hops(&a, &m, route))
		return CV_ERR_MALFORMED;
	out->kind = gone ? RTNL_ROUTE_GONE : RTNL_ROUTE;
	return 0;
}

static int
read_object(struct cv_reader *r, bool gone, struct rtnl_message *out)
{
	struct rtnl_object *o = &out->object;
	struct attributes a;
	struct cv_reader group;
	struct nexthop_grp member;
	struct nhmsg m;

	if (!take(r, &m, sizeof(m)))
		return CV_ERR_TRUNCATED;
	*o = (struct rtnl_object){.way = RTNL_WAY_VIA, .hop = {.weight = 1}};
	if (!read_attributes(r, &a) || !get_u32(&a, NHA_ID, &o->id) || o->id == 0 ||
		!get_u32(&a, NHA_OIF, &o->hop.link) ||
		(has(&a, NHA_GATEWAY) && !set_ip(&o->hop.ip, m.nh_family, a.of[NHA_GATEWAY])) ||
		a.of[NHA_GROUP].len % sizeof(member) != 0)
		return CV_ERR_MALFORMED;
	if (has(&a, NHA_BLACKHOLE))
		o->way = RTNL_WAY_DISCARD;
	o->hop.dead = (m.nh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) != 0;
	group = cv_reader(a.of[NHA_GROUP].data, a.of[NHA_GROUP].len);
	while (take(&group, &member, sizeof(member)) && o->n < RTNL_HOPS) {
		o->members[o->n].id = member.id;
		o->members[o->n++].weight = (uint16_t)(member.weight + 1);
	}
	if (has(&a, NHA_GROUP) && o->n == 0)
		o->way = RTNL_WAY_NONE;
	out->kind = gone ? RTNL_OBJECT_GONE : RTNL_OBJECT;
	return 0;
}

static int
read_link(struct cv_reader *r, bool gone, struct rtnl_message *out)
{
	struct rtnl_link *link = &out->link;
	struct attributes a;
	struct ifinfomsg m;
	size_t len;

	if (!take(r, &m, sizeof(m)))
		return CV_ERR_TRUNCATED;
	*link = (struct rtnl_link){.index = (uint32_t)m.ifi_index,
		.up = (m.ifi_flags & FLAG_UP) != 0,
		.running = (m.ifi_flags & FLAG_RUNNING) != 0};
	if (!read_attributes(r, &a))
		return CV_ERR_MALFORMED;
	len = a.of[IFLA_IFNAME].len;
	if (has(&a, IFLA_IFNAME))
		memcpy(link->name, a.of[IFLA_IFNAME].data, len < RTNL_NAME ? len : RTNL_NAME - 1);
	out->kind = gone ? RTNL_LINK_GONE : RTNL_LINK;
	return 0;
}

static int
read_payload(struct cv_reader *r, const struct nlmsghdr *h, struct rtnl_message *out)
{
	switch (h->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return read_route(r, h->nlmsg_type == RTM_DELROUTE, out);
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		return read_object(r, h->nlmsg_type == RTM_DELNEXTHOP, out);
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return read_link(r, h->nlmsg_type == RTM_DELLINK, out);
	case NLMSG_OVERRUN:
		out->kind = RTNL_LOST;
		return 0;
	case NLMSG_DONE: /* whose error old kernels leave out */
		if (cv_remaining(r) >= sizeof(out->error))
			(void)take(r, &out->error, sizeof(out->error));
		out->kind = RTNL_DONE;
		return 0;
	case NLMSG_ERROR:
		if (!take(r, &out->error, sizeof(out->error)))
			return CV_ERR_TRUNCATED;
		out->kind = RTNL_ERROR;
		return 0;
	default:
		return 0;
	}
}

int
rtnl_next(struct cv_reader *r, struct rtnl_message *m)
{
	struct cv_reader payload;
	struct nlmsghdr h;
	int rc;

	*m = (struct rtnl_message){.kind = RTNL_OTHER};
	if (cv_remaining(r) == 0 || r->failed)
		return 0;
	if (!take(r, &h, sizeof(h)) || h.nlmsg_len < sizeof(h) ||
		cv_remaining(r) < h.nlmsg_len - sizeof(h)) {
		r->pos = r->end;
		return CV_ERR_TRUNCATED;
	}
	m->sequence = h.nlmsg_seq;
	m->interrupted = (h.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
	payload = cv_reader(r->pos, h.nlmsg_len - sizeof(h));
	(void)cv_read_bytes(r, h.nlmsg_len - sizeof(h));
	skip_padding(r, h.nlmsg_len);
	rc = read_payload(&payload, &h, m);
	if (rc == 0)
		return 1;
	m->kind = RTNL_OTHER;
	return rc;
}
