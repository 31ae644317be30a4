/* SPDX-License-Identifier: BSD-3-Clause */
/* What trees say of a packet is what the first rule of the list says that is about it. */
#include "harness.h"

#include "datapath/rules.h"

enum { MOST = 16384, ASKED = 4000 };

static uint64_t number = 88172645463325252u;

static uint32_t
next(uint32_t below)
{
	return random_below(&number, below);
}

static struct cv_rule rules[MOST];

struct asked {
	struct cv_ip client, peer;
	uint16_t client_port, peer_port;
	uint8_t protocol;
};

/* How rules of a set are: from how many places addresses are, and how much is left open. */
struct manner {
	uint32_t places;
	uint32_t open; /* of 100: a dimension is */
	uint32_t protocols;
	bool sides, ways; /* rules name sides' ports, and ways */
};

/* Close to each other, so that prefixes meet and lie in each other; some far away. */
static struct cv_ip
address(const struct manner *m, bool six)
{
	uint32_t place = next(20) == 0 ? next(UINT32_MAX) : next(m->places);
	struct cv_ip ip = cv_ipv4(UINT32_C(0x0a000000) + place);

	if (!six)
		return ip;
	memmove(ip.bytes + 4, ip.bytes, 4);
	memcpy(ip.bytes, "\x20\x01\x0d\xb8", 4);
	if (next(3) == 0)
		ip.bytes[8] = (uint8_t)next(256);
	if (next(3) == 0)
		ip.bytes[15] = (uint8_t)next(3);
	ip.family = CV_IPV6;
	return ip;
}

static struct cv_prefix
prefix(const struct manner *m, bool six)
{
	static const uint8_t lengths[] = {0, 1, 8, 24, 31, 32},
			     lengths6[] = {0, 32, 63, 64, 65, 127, 128};
	struct cv_prefix p = {.ip = address(m, six)};

	p.length = six ? (next(2) ? 64 : lengths6[next(RTE_DIM(lengths6))])
		       : lengths[next(RTE_DIM(lengths))];
	if (next(2) == 0)
		p.length = (uint8_t)(six ? 48 + next(81) : 12 + next(21));
	for (unsigned bit = p.length; bit < (six ? 128U : 32U); bit++)
		p.ip.bytes[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
	return p;
}

static uint16_t
port(void)
{
	static const uint16_t odd[] = {1, 2, 80, 443, 500, 4500, 65534, 65535};

	return next(3) == 0 ? odd[next(RTE_DIM(odd))] : (uint16_t)(1 + next(UINT16_MAX));
}

static struct cv_port_range
range(void)
{
	struct cv_port_range r = {.low = port()};

	r.high = next(2) == 0 ? r.low : port();
	if (r.high < r.low)
		r.high = r.low;
	return r;
}

static uint8_t
protocol(const struct manner *m)
{
	static const uint8_t known[] = {
		WIRE_UDP, WIRE_TCP, WIRE_ESP, WIRE_SCTP, WIRE_ICMP, WIRE_ICMPV6, 0, 255};

	return known[next(m->protocols)];
}

static void
draw(const struct manner *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct cv_rule *r = &rules[i];
		bool six = next(2) != 0, both = next(2) != 0;

		*r = (struct cv_rule){.denies = next(3) == 0, .any_protocol = next(100) < m->open};
		if (!r->any_protocol)
			r->protocol = protocol(m);
		if (next(100) >= m->open)
			r->peer = prefix(m, six);
		if (next(100) >= m->open && both)
			r->client = prefix(m, six);
		if (m->ways)
			r->way = (uint8_t)next(3);
		if (r->protocol != WIRE_UDP && r->protocol != WIRE_TCP && r->protocol != WIRE_SCTP)
			continue;
		if (next(100) >= m->open) {
			struct cv_port_range either = range();

			r->port_low = either.low;
			r->port_high = either.high;
		}
		if (m->sides && next(2) == 0)
			r->peer_port = range();
		if (m->sides && next(4) == 0)
			r->client_port = range();
	}
}

static bool
has_port(struct cv_port_range r, uint16_t p)
{
	return r.high == 0 || (p >= r.low && p <= r.high);
}

static bool
is_about(const struct cv_rule *r, enum cv_way way, const struct asked *a)
{
	struct cv_port_range either = {r->port_low, r->port_high};

	return (r->way == CV_WAY_BOTH || r->way == way) &&
	       (r->any_protocol || r->protocol == a->protocol) &&
	       (r->peer.ip.family == 0 || cv_prefix_contains(&r->peer, &a->peer)) &&
	       (r->client.ip.family == 0 || cv_prefix_contains(&r->client, &a->client)) &&
	       has_port(r->peer_port, a->peer_port) && has_port(r->client_port, a->client_port) &&
	       (has_port(either, a->peer_port) || has_port(either, a->client_port));
}

static enum dp_rules_say
say(size_t n, enum cv_way way, const struct asked *a)
{
	for (size_t i = 0; i < n; i++)
		if (is_about(&rules[i], way, a))
			return !rules[i].denies        ? DP_RULES_PERMIT
			       : rules[i].any_protocol ? DP_RULES_DENY_ALL
						       : DP_RULES_DENY;
	return DP_RULES_NOTHING;
}

static uint64_t
half(const uint8_t *bytes)
{
	return rte_be_to_cpu_64(wire_load64(bytes));
}

static struct dp_rules_key
key_of(const struct asked *a)
{
	struct dp_rules_key k = {.at = {[DP_DIM_PEER_PORT] = a->peer_port,
					 [DP_DIM_CLIENT_PORT] = a->client_port,
					 [DP_DIM_PROTOCOL] = a->protocol}};

	if (a->peer.family == CV_IPV4) {
		k.at[DP_DIM_PEER] = cv_ipv4_value(&a->peer);
		k.at[DP_DIM_CLIENT] = cv_ipv4_value(&a->client);
		return k;
	}
	k.at[DP_DIM_PEER] = half(a->peer.bytes);
	k.at[DP_DIM_CLIENT] = half(a->client.bytes);
	k.at[DP_DIM_PEER_LOW] = half(a->peer.bytes + 8);
	k.at[DP_DIM_CLIENT_LOW] = half(a->client.bytes + 8);
	return k;
}

/* Mostly near a rule: an address in a prefix of it, or a neighbour of that. */
static struct asked
ask(const struct manner *m, size_t n, bool six)
{
	const struct cv_rule *r = &rules[next((uint32_t)n)];
	struct asked a = {.client = address(m, six),
		.peer = address(m, six),
		.protocol = r->any_protocol || next(10) == 0 ? protocol(m) : r->protocol};

	if (r->peer.ip.family == a.peer.family && next(4) != 0) {
		a.peer = r->peer.ip;
		a.peer.bytes[six ? 15 : 3] ^= (uint8_t)next(2);
	}
	if (r->client.ip.family == a.client.family && next(4) != 0)
		a.client = r->client.ip;
	if (a.protocol != WIRE_UDP && a.protocol != WIRE_TCP && a.protocol != WIRE_SCTP)
		return a;
	a.client_port = next(3) == 0 ? r->port_low : port();
	a.peer_port = next(3) == 0 ? r->peer_port.high : port();
	if (next(4) == 0)
		a.peer_port = r->port_high;
	if (next(8) == 0)
		a.peer_port++;
	return a;
}

static unsigned said[4];

static void
compare(const struct manner *m, size_t n, unsigned asked)
{
	struct dp_rules *made = dp_rules_make(rules, n);

	assert_non_null(made);
	for (unsigned i = 0; i < asked; i++) {
		bool six = next(2) != 0;
		struct asked a = ask(m, n, six);
		struct dp_rules_key key = key_of(&a);

		for (unsigned way = 0; way < 2; way++) {
			enum dp_rules_say wanted = say(n, way + CV_WAY_IN, &a);

			assert_int_equal(dp_rules_ask(made, six, way, &key), wanted);
			said[wanted]++;
		}
	}
	dp_rules_free(made);
}

static const struct manner manners[] = {
	{64, 0, 4, false, false},
	{65536, 20, 8, true, true},
	{4, 50, 8, true, false},
	{1U << 24, 5, 2, false, true},
	{1U << 20, 90, 3, true, true},
};

static void
first_rule_counts(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		const struct manner *m = &manners[round % RTE_DIM(manners)];
		size_t n = 1 + next(round % 7 == 0 ? 400 : 24);

		draw(m, n);
		compare(m, n, 500);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_true(said[i] > 1000);
}

static void
many_rules(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RTE_DIM(manners); i++) {
		draw(&manners[i], 1000);
		compare(&manners[i], 1000, ASKED);
	}
	for (unsigned i = 0; i < RTE_DIM(manners); i++) {
		draw(&manners[i], MOST);
		compare(&manners[i], MOST, ASKED / 8);
	}
}

/* Rules of ports alone, of either side: most of them go through any cut. Packets are still compared
 * with few, and three boxes of each family are room for a rule. */
static void
trees_are_bounded(void **state)
{
	enum { BOXES = 3, FEW = 16 };
	struct dp_rules *made;

	(void)state;
	for (size_t i = 0; i < MOST; i++) {
		rules[i] = (struct cv_rule){
			.protocol = WIRE_UDP, .port_low = (uint16_t)(1 + next(UINT16_MAX - 10))};
		rules[i].port_high = (uint16_t)(rules[i].port_low + next(10));
	}
	made = dp_rules_make(rules, MOST);
	assert_non_null(made);
	assert_in_range(made->worst, 1, FEW);
	assert_in_range(made->bytes, MOST,
		BOXES * MOST * (sizeof(struct dp_box4) + sizeof(struct dp_box6)));
	dp_rules_free(made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_rule_counts),
		cmocka_unit_test(many_rules),
		cmocka_unit_test(trees_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
