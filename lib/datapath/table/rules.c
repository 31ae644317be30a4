/* SPDX-License-Identifier: BSD-3-Clause */
/* A list of rules made into what workers ask: what it says of a protocol alone, and trees. */
#include <stdlib.h>
#include <string.h>

#include "datapath/table/cuts.h"
#include "datapath/worker/permit.h"

/* Bits of an address that are its upper dimension. */
static unsigned
upper_bits(bool six)
{
	return six ? 64 : 32;
}

static uint64_t
ones(unsigned bits)
{
	return bits == 0 ? 0 : UINT64_MAX >> (64 - bits);
}

/* The whole of a family's space, in which IPv4 has no lower halves. */
static struct dp_space
whole_of(bool six)
{
	struct dp_space s = {0};

	s.high[DP_DIM_PEER] = s.high[DP_DIM_CLIENT] = ones(upper_bits(six));
	s.high[DP_DIM_PEER_PORT] = s.high[DP_DIM_CLIENT_PORT] = UINT16_MAX;
	s.high[DP_DIM_PROTOCOL] = UINT8_MAX;
	if (six)
		s.high[DP_DIM_PEER_LOW] = s.high[DP_DIM_CLIENT_LOW] = UINT64_MAX;
	return s;
}

static uint64_t
half_of(const uint8_t *bytes)
{
	return rte_be_to_cpu_64(wire_load64(bytes));
}

/* The first `length` of `bits` bits are given. */
static void
narrow(struct dp_space *s, unsigned d, uint64_t value, unsigned length, unsigned bits)
{
	uint64_t rest = ones(bits - length);

	s->low[d] = value & ~rest;
	s->high[d] = value | rest;
}

static bool
is_prefix(const struct cv_prefix *p)
{
	return p->ip.family == 0 || (p->ip.family == CV_IPV4 && p->length <= 32) ||
	       (p->ip.family == CV_IPV6 && p->length <= 128);
}

/* False: the rule is not about the family. */
static bool
set_prefix(struct dp_space *s, const struct cv_prefix *p, bool six, unsigned upper, unsigned lower)
{
	if (p->ip.family == 0)
		return true;
	if (six != (p->ip.family == CV_IPV6))
		return false;
	if (!six) {
		narrow(s, upper, cv_ipv4_value(&p->ip), p->length, 32);
		return true;
	}
	narrow(s, upper, half_of(p->ip.bytes), p->length < 64 ? p->length : 64, 64);
	narrow(s, lower, half_of(p->ip.bytes + 8), p->length < 64 ? 0 : p->length - 64U, 64);
	return true;
}

static void
set_ports(struct dp_space *s, unsigned d, uint16_t low, uint16_t high)
{
	if (high == 0)
		return;
	if (low > s->low[d])
		s->low[d] = low;
	if (high < s->high[d])
		s->high[d] = high;
}

/* Appends a space unless nothing is in it. */
static void
put_space(struct dp_space *spaces, uint32_t *n, const struct dp_space *s)
{
	if (s->low[DP_DIM_PEER_PORT] <= s->high[DP_DIM_PEER_PORT] &&
		s->low[DP_DIM_CLIENT_PORT] <= s->high[DP_DIM_CLIENT_PORT])
		spaces[(*n)++] = *s;
}

/* Of protocols that have no ports a rule with ports says nothing: it is about one that has. */
static void
add_rule(struct dp_space *spaces, uint32_t *n, const struct cv_rule *r, uint32_t order, bool six,
	enum cv_way way)
{
	struct dp_space s = whole_of(six);

	if ((r->way != CV_WAY_BOTH && r->way != way) ||
		!set_prefix(&s, &r->peer, six, DP_DIM_PEER, DP_DIM_PEER_LOW) ||
		!set_prefix(&s, &r->client, six, DP_DIM_CLIENT, DP_DIM_CLIENT_LOW))
		return;
	s.order = order;
	s.says = !r->denies ? DP_RULES_PERMIT : r->any_protocol ? DP_RULES_DENY_ALL : DP_RULES_DENY;
	if (!r->any_protocol)
		s.low[DP_DIM_PROTOCOL] = s.high[DP_DIM_PROTOCOL] = r->protocol;
	set_ports(&s, DP_DIM_PEER_PORT, r->peer_port.low, r->peer_port.high);
	set_ports(&s, DP_DIM_CLIENT_PORT, r->client_port.low, r->client_port.high);
	if (r->port_high == 0) {
		put_space(spaces, n, &s);
		return;
	}
	for (unsigned d = DP_DIM_PEER_PORT; d <= DP_DIM_CLIENT_PORT; d++) {
		struct dp_space side = s;

		set_ports(&side, d, r->port_low, r->port_high);
		put_space(spaces, n, &side);
	}
}

/* Whether it says the same of all packets of its protocols. */
static bool
is_sweeping(const struct cv_rule *r)
{
	return r->way == CV_WAY_BOTH && r->client.ip.family == 0 && r->peer.ip.family == 0 &&
	       !cv_rule_names_ports(r);
}

/* What the list says of a protocol without a look at the packet, or what is to be looked at. */
static void
add_verdict(uint8_t *verdict, bool *ended, const struct cv_rule *r, uint8_t protocol)
{
	bool icmp = protocol == WIRE_ICMP || protocol == WIRE_ICMPV6;

	if (*ended)
		return;
	*ended = is_sweeping(r);
	if (*ended && *verdict == DP_DENY) {
		if (r->denies)
			*verdict = icmp && r->any_protocol ? DP_BY_QUOTE : DP_DENY;
		else
			*verdict = protocol == WIRE_TCP ? DP_PERMIT_TCP : DP_PERMIT;
		return;
	}
	if (cv_rule_names_ports(r))
		*verdict = DP_BY_LIST_PORTS;
	else if (*verdict == DP_DENY)
		*verdict = DP_BY_LIST;
}

static void
fill_verdicts(struct dp_rules *out, const struct cv_rule *rules, size_t n)
{
	bool ended[256] = {false};

	for (size_t i = 0; i < n; i++) {
		if (!rules[i].any_protocol) {
			add_verdict(&out->verdict[rules[i].protocol], &ended[rules[i].protocol],
				&rules[i], rules[i].protocol);
			continue;
		}
		for (unsigned p = 0; p < 256; p++)
			add_verdict(&out->verdict[p], &ended[p], &rules[i], (uint8_t)p);
	}
	if (out->verdict[WIRE_ICMP] == DP_DENY && !ended[WIRE_ICMP])
		out->verdict[WIRE_ICMP] = DP_BY_QUOTE;
	if (out->verdict[WIRE_ICMPV6] == DP_DENY && !ended[WIRE_ICMPV6])
		out->verdict[WIRE_ICMPV6] = DP_BY_QUOTE;
}

static struct dp_box4
box4_of(const struct dp_space *s)
{
	return (struct dp_box4){.peer = (uint32_t)s->low[DP_DIM_PEER],
		.peer_span = (uint32_t)(s->high[DP_DIM_PEER] - s->low[DP_DIM_PEER]),
		.client = (uint32_t)s->low[DP_DIM_CLIENT],
		.client_span = (uint32_t)(s->high[DP_DIM_CLIENT] - s->low[DP_DIM_CLIENT]),
		.peer_port = (uint16_t)s->low[DP_DIM_PEER_PORT],
		.peer_ports = (uint16_t)(s->high[DP_DIM_PEER_PORT] - s->low[DP_DIM_PEER_PORT]),
		.client_port = (uint16_t)s->low[DP_DIM_CLIENT_PORT],
		.client_ports =
			(uint16_t)(s->high[DP_DIM_CLIENT_PORT] - s->low[DP_DIM_CLIENT_PORT]),
		.protocol = (uint8_t)s->low[DP_DIM_PROTOCOL],
		.protocols = (uint8_t)(s->high[DP_DIM_PROTOCOL] - s->low[DP_DIM_PROTOCOL]),
		.says = s->says,
		.order = s->order};
}

static struct dp_box6
box6_of(const struct dp_space *s)
{
	struct dp_box4 b = box4_of(s);

	return (struct dp_box6){.peer = s->low[DP_DIM_PEER],
		.peer_span = s->high[DP_DIM_PEER] - s->low[DP_DIM_PEER],
		.client = s->low[DP_DIM_CLIENT],
		.client_span = s->high[DP_DIM_CLIENT] - s->low[DP_DIM_CLIENT],
		.peer_low = s->low[DP_DIM_PEER_LOW],
		.peer_low_span = s->high[DP_DIM_PEER_LOW] - s->low[DP_DIM_PEER_LOW],
		.client_low = s->low[DP_DIM_CLIENT_LOW],
		.client_low_span = s->high[DP_DIM_CLIENT_LOW] - s->low[DP_DIM_CLIENT_LOW],
		.peer_port = b.peer_port,
		.peer_ports = b.peer_ports,
		.client_port = b.client_port,
		.client_ports = b.client_ports,
		.protocol = b.protocol,
		.protocols = b.protocols,
		.says = b.says,
		.order = b.order};
}

/* A list on its way: the spaces of each family and way, and what has been made of them. */
struct making {
	struct dp_rules head;
	struct dp_trees_maker maker;
	struct dp_box4 *boxes4;
	struct dp_box6 *boxes6;
	uint32_t count4, count6;
};

/* The boxes of a family's trees, out of the numbers of spaces that the maker has. */
static bool
keep_boxes(struct making *m, const struct dp_space *spaces, bool six, uint32_t cuts_before)
{
	uint32_t base = six ? m->count6 : m->count4, more = m->maker.box_count;
	void *grown = six ? realloc(m->boxes6, (base + more + 1UL) * sizeof(m->boxes6[0]))
			  : realloc(m->boxes4, (base + more + 1UL) * sizeof(m->boxes4[0]));

	if (grown == NULL)
		return false;
	if (six)
		m->boxes6 = grown;
	else
		m->boxes4 = grown;
	for (uint32_t i = 0; i < more; i++) {
		if (six)
			m->boxes6[base + i] = box6_of(&spaces[m->maker.boxes[i]]);
		else
			m->boxes4[base + i] = box4_of(&spaces[m->maker.boxes[i]]);
	}
	for (uint32_t i = cuts_before; i < m->maker.cut_count; i++)
		if (m->maker.cuts[i].dim == DP_DIMS)
			m->maker.cuts[i].to += base;
	*(six ? &m->count6 : &m->count4) += more;
	m->maker.box_count = 0;
	return true;
}

static bool
make_trees(struct making *m, const struct cv_rule *rules, size_t n, struct dp_space *spaces,
	bool six, enum cv_way way)
{
	struct dp_space whole = whole_of(six);
	uint32_t count = 0, cuts_before = m->maker.cut_count;

	for (size_t i = 0; i < n; i++)
		add_rule(spaces, &count, &rules[i], (uint32_t)i, six, way);
	dp_trees_make(&m->maker, spaces, count, &whole, &m->head.trees[six][way - CV_WAY_IN]);
	if (m->maker.failed || !keep_boxes(m, spaces, six, cuts_before))
		return false;
	if (m->maker.worst > m->head.worst)
		m->head.worst = m->maker.worst;
	return true;
}

/* All in one piece. */
static struct dp_rules *
join(struct making *m)
{
	size_t cuts = m->maker.cut_count * sizeof(m->maker.cuts[0]);
	size_t boxes4 = m->count4 * sizeof(m->boxes4[0]);
	size_t boxes6 = m->count6 * sizeof(m->boxes6[0]);
	size_t at = (sizeof(m->head) + DP_LINE - 1) & ~(size_t)(DP_LINE - 1);
	struct dp_rules *out;

	m->head.boxes4 = (uint32_t)at;
	m->head.cuts = (uint32_t)(at + boxes4);
	m->head.boxes6 = (uint32_t)(at + boxes4 + cuts);
	m->head.bytes = at + boxes4 + cuts + boxes6;
	out = m->head.bytes > UINT32_MAX
		      ? NULL
		      : aligned_alloc(DP_LINE, RTE_ALIGN_CEIL(m->head.bytes, (size_t)DP_LINE));
	if (out == NULL)
		return NULL;
	*out = m->head;
	if (boxes4 != 0)
		memcpy((uint8_t *)out + m->head.boxes4, m->boxes4, boxes4);
	if (cuts != 0)
		memcpy((uint8_t *)out + m->head.cuts, m->maker.cuts, cuts);
	if (boxes6 != 0)
		memcpy((uint8_t *)out + m->head.boxes6, m->boxes6, boxes6);
	return out;
}

bool
dp_rule_usable(const struct cv_rule *r)
{
	bool ports = !r->any_protocol && dp_has_ports(r->protocol);

	return r->way <= CV_WAY_OUT && (ports || !cv_rule_names_ports(r)) &&
	       (r->client.ip.family == 0 || r->peer.ip.family == 0 ||
		       r->client.ip.family == r->peer.ip.family) &&
	       is_prefix(&r->client) && is_prefix(&r->peer) && r->port_low <= r->port_high &&
	       r->client_port.low <= r->client_port.high && r->peer_port.low <= r->peer_port.high;
}

void
dp_rules_free(struct dp_rules *rules)
{
	free(rules);
}

struct dp_rules *
dp_rules_make(const struct cv_rule *rules, size_t n)
{
	struct dp_space *spaces = n > DP_MAX_LIST ? NULL : malloc((2 * n + 1) * sizeof(*spaces));
	struct making m = {0};
	struct dp_rules *out = NULL;
	bool one_way = false, made = spaces != NULL;

	for (size_t i = 0; i < n && made; i++) {
		one_way |= rules[i].way != CV_WAY_BOTH;
		made = dp_rule_usable(&rules[i]);
	}
	if (!made)
		goto end;
	fill_verdicts(&m.head, rules, n);
	for (unsigned six = 0; six < DP_RULES_FAMILIES && made; six++) {
		made = make_trees(&m, rules, n, spaces, six, CV_WAY_IN);
		if (one_way && made)
			made = make_trees(&m, rules, n, spaces, six, CV_WAY_OUT);
		else
			m.head.trees[six][1] = m.head.trees[six][0];
	}
	if (made)
		out = join(&m);
end:
	free(spaces);
	free(m.maker.cuts);
	free(m.maker.boxes);
	free(m.boxes4);
	free(m.boxes6);
	return out;
}
