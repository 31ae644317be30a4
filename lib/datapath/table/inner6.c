/* SPDX-License-Identifier: BSD-3-Clause */
/* What a session has of IPv6: the /64 of its link and what it was delegated. */
#include "datapath/table/groups.h"
#include "datapath/table/realms.h"
#include "datapath/table/sessions.h"

static bool
is_delegated(const struct dp_session *s)
{
	return s->delegated.ip.family == CV_IPV6;
}

static bool
same_prefix(const struct cv_prefix *a, const struct cv_prefix *b)
{
	return a->length == b->length && cv_ip_equal(&a->ip, &b->ip);
}

bool
dp_inner6_equal(const struct dp_session *a, const struct dp_session *b)
{
	return same_prefix(&a->prefix6, &b->prefix6) && same_prefix(&a->delegated, &b->delegated) &&
	       memcmp(a->interface_id, b->interface_id, sizeof(a->interface_id)) == 0;
}

/* A prefix that a client may have. */
static bool
is_network(const struct cv_prefix *p)
{
	static const uint8_t nothing[8];
	uint64_t net = dp_net_of(p->ip.bytes);

	return p->ip.family == CV_IPV6 && p->length > 0 && p->length <= DP_LINK_BITS &&
	       dp_net_usable(net, p->length) && dp_net_cut(net, p->length) == net &&
	       memcmp(p->ip.bytes + 8, nothing, sizeof(nothing)) == 0;
}

/* Whether one is in the other, which is no longer. */
static bool
is_in(const struct cv_prefix *inner, const struct cv_prefix *outer)
{
	return inner->ip.family == CV_IPV6 && inner->length >= outer->length &&
	       dp_net_cut(dp_net_of(inner->ip.bytes), outer->length) == dp_net_of(outer->ip.bytes);
}

/* How many of a session's networks are in one, which is shorter. */
static unsigned
own_inside(const struct dp_session *own, const struct cv_prefix *p)
{
	return (unsigned)(own->prefix6.length > p->length && is_in(&own->prefix6, p)) +
	       (own->delegated.length > p->length && is_in(&own->delegated, p));
}

/*
 * Nobody's, or the session's own: neither it, nor a part of it, nor what it is a part of is
 * another's. Who has the longer one of two that overlap would get the other's packets.
 */
static int
check_network(struct dp *dp, uint32_t slot, uint16_t realm, const struct cv_prefix *p)
{
	const struct dp_cold *c = &dp->cold[slot];
	const struct dp_session *own =
		c->installed && c->told->open6 && c->told->realm == realm ? c->told : NULL;
	uint64_t net = dp_net_of(p->ip.bytes);
	unsigned holder;

	if (!is_network(p) || dp_route6_inside(dp, realm, net, p->length))
		return CV_ERR_CONFIG;
	if (dp_realm6_room(dp, realm, net, p->length) != 0)
		return CV_ERR_NOMEM;
	if (dp_realm6_get(dp, realm, net, p->length) != DP_ROUTE_NOBODY &&
		(own == NULL ||
			(!same_prefix(&own->prefix6, p) && !same_prefix(&own->delegated, p))))
		return CV_ERR_EXISTS;
	holder = dp_realm6_holder(dp, realm, net, p->length);
	if (holder != 0 &&
		(own == NULL || holder != own->delegated.length || !is_in(p, &own->delegated)))
		return CV_ERR_EXISTS;
	if (dp_covers6_inside(dp->realms6[realm], net, p->length) !=
		(own == NULL ? 0 : own_inside(own, p)))
		return CV_ERR_EXISTS;
	return 0;
}

int
dp_inner6_check(struct dp *dp, uint32_t slot, const struct dp_session *s)
{
	int rc;

	if (dp->groups[s->group] == NULL || dp->filters[s->filter] == NULL ||
		s->prefix6.length != DP_LINK_BITS)
		return CV_ERR_CONFIG;
	rc = check_network(dp, slot, s->realm, &s->prefix6);
	if (rc != 0 || s->delegated.ip.family == 0)
		return rc;
	return is_in(&s->prefix6, &s->delegated) ? CV_ERR_CONFIG
						 : check_network(dp, slot, s->realm, &s->delegated);
}

void
dp_inner6_put(struct dp *dp, const struct dp_session *s, uint32_t word)
{
	dp_realm6_put(dp, s->realm, dp_net_of(s->prefix6.ip.bytes), DP_LINK_BITS, word);
	if (is_delegated(s))
		dp_realm6_put(
			dp, s->realm, dp_net_of(s->delegated.ip.bytes), s->delegated.length, word);
}

void
dp_inner6_write(struct dp *dp, uint32_t slot)
{
	const struct dp_session *s = dp->cold[slot].told;
	struct dp_inner6 own = {.link = dp_net_of(s->prefix6.ip.bytes)};

	if (is_delegated(s)) {
		own.delegated = dp_net_of(s->delegated.ip.bytes);
		own.bits = s->delegated.length;
	}
	memcpy(own.interface_id, s->interface_id, sizeof(own.interface_id));
	if (own.link != 0)
		own.class = dp_class6_of(dp, own.link);
	if (memcmp(&dp->inner6[slot], &own, sizeof(own)) != 0) /* its pages may not be there */
		dp->inner6[slot] = own;
}
