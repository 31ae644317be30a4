/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters with a list of rules: what packets of either family, in either direction, get by them. */
#include "inner6.h"

#include "datapath/worker/permit.h"

enum { TCP4 = 6, GRE = 47, OTHER = 0x0a580142 };

static const struct policy open4 = {.kind = DP_FILTER_ANY, .clients_reachable = true};

static struct cv_prefix
prefix(const char *text)
{
	struct cv_prefix p;

	assert_int_equal(cv_prefix_parse(text, &p), 0);
	return p;
}

/* A's filter, or that of both. */
static void
set_list(struct bench *b, bool both, const struct cv_rule *rules, unsigned n)
{
	struct dp_filter filter = {.kind = DP_FILTER_LIST, .list = rules, .list_count = n};

	assert_int_equal(dp_filter_set(b->dp, GROUP_A, &filter), 0);
	if (both)
		assert_int_equal(dp_filter_set(b->dp, GROUP_B, &filter), 0);
}

static void
up(struct bench *b)
{
	struct policy policy = open4;

	bench6_up(b, 0, 0);
	policy6(b, GROUP_A, &policy);
	policy6(b, GROUP_B, &policy);
}

/* Sends; DP_DROP_COUNT: it must arrive, else be dropped for that cause. */
static void
expect(struct bench *b, bool from_a, const uint8_t *packet, size_t len, enum dp_drop_cause cause)
{
	uint64_t before = cause == DP_DROP_COUNT ? 0 : drops(b, cause);
	struct wire wire = {.protocol = wire_ip_version(packet) == 6 ? WIRE_PPP_IPV6 : 0};
	unsigned came = 0;

	put_data(b, from_a, &wire, packet, len);
	if (cause != DP_DROP_COUNT)
		assert_int_equal(drops(b, cause), before + 1);
	while (take_frame(b).len != 0)
		came++;
	if (cause == DP_DROP_COUNT)
		assert_int_equal(came, 1);
}

/* A packet between A and B with ports, or what they are of another protocol. */
static void
send(struct bench *b, bool from_a, bool six, uint8_t protocol, uint16_t source, uint16_t target,
	enum dp_drop_cause cause)
{
	uint8_t packet[FRAME_MAX];
	unsigned header = six ? WIRE_IPV6 : WIRE_IPV4;

	if (six)
		packet6(packet, from_a ? A_6 : B_6, from_a ? B_6 : A_6, protocol, 100);
	else
		inner_packet(packet, from_a ? INNER_A : INNER_B, from_a ? INNER_B : INNER_A,
			protocol, 100);
	wire_put16(packet + header, source);
	wire_put16(packet + header + 2, target);
	expect(b, from_a, packet, 100, cause);
}

static void
the_first_rule_that_is_about_a_packet_counts(void **state)
{
	const struct cv_rule rules[] = {
		{.protocol = WIRE_UDP, .denies = true, .peer_port = {53, 53}},
		{.protocol = WIRE_UDP, .peer_port = {50, 60}},
		{.protocol = WIRE_UDP, .peer = prefix("10.88.1.2"), .client_port = {7000, 7000}},
		{.protocol = WIRE_UDP,
			.peer = prefix("2001:db8:b::/48"),
			.port_low = 9,
			.port_high = 9},
		{.protocol = WIRE_ESP, .peer = prefix("10.88.1.0/24")},
		{.protocol = WIRE_ESP, .denies = true},
		{.any_protocol = true, .client = prefix("2001:db8:a:a::/64")},
	};
	struct bench b;

	(void)state;
	up(&b);
	set_list(&b, false, rules, RTE_DIM(rules));
	send(&b, true, false, WIRE_UDP, 1, 53, DP_DROP_POLICY_SENDER);
	send(&b, true, false, WIRE_UDP, 1, 54, DP_DROP_COUNT);
	send(&b, true, false, WIRE_UDP, 54, 1, DP_DROP_POLICY_SENDER);
	send(&b, false, false, WIRE_UDP, 54, 1, DP_DROP_COUNT); /* A's peer is its sender */
	send(&b, false, false, WIRE_UDP, 53, 1, DP_DROP_POLICY_RECEIVER);
	send(&b, true, false, WIRE_UDP, 7000, 1, DP_DROP_COUNT);
	send(&b, false, false, WIRE_UDP, 1, 7000, DP_DROP_COUNT);
	send(&b, false, false, WIRE_UDP, 7000, 1, DP_DROP_POLICY_RECEIVER);
	send(&b, true, true, WIRE_UDP, 9, 1, DP_DROP_COUNT);
	send(&b, true, true, WIRE_UDP, 1, 9, DP_DROP_COUNT);
	send(&b, true, true, WIRE_UDP, 1, 53, DP_DROP_POLICY_SENDER);
	send(&b, true, true, WIRE_UDP, 1, 1, DP_DROP_COUNT); /* by the last one */
	send(&b, true, false, WIRE_ESP, 0, 0, DP_DROP_COUNT);
	send(&b, true, true, WIRE_ESP, 0, 0, DP_DROP_POLICY_SENDER);
	send(&b, true, false, TCP4, 0, 0, DP_DROP_POLICY_SENDER);
	send(&b, true, true, 99, 0, 0, DP_DROP_COUNT);
	bench_down(&b);
}

/* The same filter is asked for each of both whom it is about. */
static void
rules_name_ways(void **state)
{
	const struct cv_rule rules[] = {
		{.protocol = WIRE_ESP, .way = CV_WAY_IN, .client = prefix("10.88.1.1")},
		{.protocol = WIRE_ESP, .way = CV_WAY_OUT, .client = prefix("10.88.1.2")},
		{.protocol = WIRE_AH, .way = CV_WAY_IN},
		{.protocol = WIRE_UDP, .way = CV_WAY_OUT, .denies = true, .client_port = {22, 22}},
		{.protocol = WIRE_UDP},
	};
	struct dp_session s;
	struct bench b;

	(void)state;
	up(&b);
	set_list(&b, true, rules, RTE_DIM(rules));
	for (unsigned same = 0; same < 2; same++) {
		send(&b, true, false, WIRE_ESP, 0, 0, DP_DROP_COUNT);
		send(&b, false, false, WIRE_ESP, 0, 0, DP_DROP_POLICY_SENDER);
		send(&b, true, false, WIRE_AH, 0, 0, DP_DROP_POLICY_RECEIVER);
		send(&b, true, true, WIRE_AH, 0, 0, DP_DROP_POLICY_RECEIVER);
		send(&b, true, false, WIRE_UDP, 22, 1, DP_DROP_COUNT);
		send(&b, true, false, WIRE_UDP, 1, 22, DP_DROP_POLICY_RECEIVER);
		send(&b, true, true, WIRE_UDP, 1, 22, DP_DROP_POLICY_RECEIVER);
		/* once more with one filter for both */
		assert_int_equal(dp_session_get(b.dp, b.slot_b, &s), 0);
		s.filter = GROUP_A;
		assert_int_equal(dp_session_set(b.dp, &s, NULL), 0);
	}
	bench_down(&b);
}

/* An ICMP error of A's about a packet of B's to `to`; returns its length. */
static size_t
error4(uint8_t *out, uint8_t protocol, uint32_t to, uint16_t source, uint16_t target)
{
	inner_packet(out, INNER_A, INNER_B, WIRE_ICMP, 20 + 8 + 28);
	out[20] = 3;
	out[21] = 4;
	inner_packet(out + 28, INNER_B, to, protocol, 28);
	wire_put16(out + 48, source);
	wire_put16(out + 50, target);
	return 56;
}

static size_t
error6(uint8_t *out, uint8_t protocol, const char *to, uint16_t source, uint16_t target)
{
	packet6(out, A_6, B_6, WIRE_ICMPV6, 48 + 60);
	out[40] = 2;
	packet6(out + 48, B_6, to, protocol, 60);
	wire_put16(out + 88, source);
	wire_put16(out + 90, target);
	return 108;
}

/* A's filter: what B sent to A, or through it, went out to A's side, and its error comes in. */
static void
errors_pass_where_what_they_quote_does(void **state)
{
	struct cv_rule rules[] = {
		{.protocol = WIRE_ICMP, .denies = true, .peer = prefix("10.88.1.9")},
		{.protocol = WIRE_UDP, .way = CV_WAY_OUT, .client_port = {4500, 4500}},
		{.protocol = WIRE_ESP, .way = CV_WAY_OUT, .client = prefix("10.88.1.1")},
		{.protocol = WIRE_ESP, .way = CV_WAY_OUT, .client = prefix("2001:db8:a:a::/64")},
		{.protocol = WIRE_AH, .way = CV_WAY_IN},
		{.any_protocol = true, .denies = true},
	};
	uint8_t p[FRAME_MAX];
	struct bench b;

	(void)state;
	up(&b);
	for (unsigned round = 0; round < 2; round++) {
		enum dp_drop_cause named = round == 0 ? DP_DROP_COUNT : DP_DROP_POLICY_SENDER;

		set_list(&b, false, rules, RTE_DIM(rules));
		expect(&b, true, p, error4(p, WIRE_UDP, INNER_A, 1, 4500), named);
		expect(&b, true, p, error4(p, WIRE_UDP, INNER_A, 4500, 1), DP_DROP_POLICY_SENDER);
		expect(&b, true, p, error4(p, WIRE_ESP, INNER_A, 0, 0), named);
		expect(&b, true, p, error4(p, WIRE_ESP, OTHER, 0, 0), DP_DROP_POLICY_SENDER);
		expect(&b, true, p, error4(p, WIRE_AH, INNER_A, 0, 0), DP_DROP_POLICY_SENDER);
		error4(p, WIRE_UDP, INNER_A, 1, 4500);
		wire_put16(p + 28 + WIRE_IPV4_FRAGMENT, 9); /* of which no ports are known */
		expect(&b, true, p, 56, DP_DROP_POLICY_SENDER);
		expect(&b, true, p, error6(p, WIRE_UDP, A_6, 1, 4500), DP_DROP_COUNT);
		expect(&b, true, p, error6(p, WIRE_UDP, A_6, 4500, 1), DP_DROP_POLICY_SENDER);
		expect(&b, true, p, error6(p, WIRE_ESP, A_6, 0, 0), DP_DROP_COUNT);
		expect(&b, true, p, error6(p, WIRE_ESP, "2001:db8:9::1", 0, 0),
			DP_DROP_POLICY_SENDER);
		expect(&b, true, p, error6(p, WIRE_AH, A_6, 0, 0), DP_DROP_POLICY_SENDER);
		/* a rule that names ICMP, of IPv4, forbids its errors */
		rules[0].peer = prefix("10.88.1.2");
	}
	bench_down(&b);
}

/* A list that says nothing of ICMP leaves its errors to what they quote; one that denies it, as all
 * there is of it, does not. */
static void
errors_have_no_rule_or_one(void **state)
{
	struct cv_rule rules[] = {
		{.protocol = WIRE_ESP},
		{.protocol = WIRE_ICMP, .denies = true},
		{.protocol = WIRE_ICMPV6, .denies = true},
	};
	uint8_t p[FRAME_MAX];
	struct bench b;

	(void)state;
	up(&b);
	set_list(&b, false, rules, 1);
	expect(&b, true, p, error4(p, WIRE_ESP, INNER_A, 0, 0), DP_DROP_COUNT);
	expect(&b, true, p, error6(p, WIRE_ESP, A_6, 0, 0), DP_DROP_COUNT);
	expect(&b, true, p, error4(p, WIRE_AH, INNER_A, 0, 0), DP_DROP_POLICY_SENDER);
	expect(&b, true, p, error6(p, WIRE_AH, A_6, 0, 0), DP_DROP_POLICY_SENDER);
	set_list(&b, false, rules, RTE_DIM(rules));
	expect(&b, true, p, error4(p, WIRE_ESP, INNER_A, 0, 0), DP_DROP_POLICY_SENDER);
	expect(&b, true, p, error6(p, WIRE_ESP, A_6, 0, 0), DP_DROP_POLICY_SENDER);
	bench_down(&b);
}

/* Both halves of an address count, of either end, and the ports of either way. */
static void
each_end_has_its_own(void **state)
{
	const struct cv_rule rules[] = {
		{.protocol = WIRE_ESP, .client = prefix(A_6 "/128")},
		{.protocol = WIRE_AH, .peer = prefix(B_6 "/128")},
		{.protocol = GRE, .client = prefix(B_6 "/128")},
		{.protocol = WIRE_SCTP, .peer_port = {36412, 36412}},
	};
	uint8_t packet[FRAME_MAX];
	struct bench b;

	(void)state;
	up(&b);
	set_list(&b, false, rules, RTE_DIM(rules));
	for (unsigned from_a = 0; from_a < 2; from_a++) {
		enum dp_drop_cause denied =
			from_a ? DP_DROP_POLICY_SENDER : DP_DROP_POLICY_RECEIVER;
		uint16_t source = from_a ? 9 : 36412, target = from_a ? 36412 : 9;

		send(&b, from_a, true, WIRE_ESP, 0, 0, DP_DROP_COUNT);
		send(&b, from_a, true, WIRE_AH, 0, 0, DP_DROP_COUNT);
		send(&b, from_a, true, GRE, 0, 0, denied);
		for (unsigned six = 0; six < 2; six++) {
			send(&b, from_a, six, WIRE_SCTP, source, target, DP_DROP_COUNT);
			send(&b, from_a, six, WIRE_SCTP, target, source, denied);
		}
	}
	packet6(packet, "2001:db8:a:a::2", B_6, WIRE_ESP, 100);
	expect(&b, true, packet, 100, DP_DROP_POLICY_SENDER);
	packet6(packet, A_6, "2001:db8:b:b::2", WIRE_AH, 100);
	expect(&b, true, packet, 100, DP_DROP_POLICY_SENDER);
	bench_down(&b);
}

static size_t
part4(uint8_t *out, uint8_t protocol, uint16_t id, unsigned offset, uint16_t port)
{
	inner_packet(out, INNER_A, INNER_B, protocol, 60);
	wire_put16(out + WIRE_IPV4_ID, id);
	wire_put16(out + WIRE_IPV4_FRAGMENT, (uint16_t)(0x2000 | offset));
	wire_put16(out + 20, port);
	wire_put16(out + 22, port);
	inner_checksum(out);
	return 60;
}

static size_t
part6(uint8_t *out, uint8_t protocol, uint32_t id, unsigned offset, uint16_t port)
{
	packet6(out, A_6, B_6, 44, 120);
	out[WIRE_IPV6] = protocol;
	out[WIRE_IPV6 + 1] = 0;
	wire_put16(out + WIRE_IPV6 + 2, (uint16_t)(offset << 3 | 1));
	wire_put32(out + WIRE_IPV6 + 4, id);
	wire_put16(out + WIRE_IPV6 + 8, port);
	wire_put16(out + WIRE_IPV6 + 10, port);
	return 120;
}

static void
later_fragments_follow_where_ports_count(void **state)
{
	const struct cv_rule rules[] = {
		{.protocol = WIRE_UDP, .way = CV_WAY_IN, .peer_port = {4500, 4500}},
		{.protocol = WIRE_ESP, .peer = prefix("10.88.1.0/30")},
		{.protocol = WIRE_ESP, .peer = prefix("2001:db8:b:b::/64")},
		{.protocol = WIRE_AH, .peer = prefix("10.88.1.9")},
	};
	uint8_t p[FRAME_MAX];
	struct bench b;

	(void)state;
	up(&b);
	set_list(&b, false, rules, RTE_DIM(rules));
	expect(&b, true, p, part4(p, WIRE_UDP, 1, 0, 4500), DP_DROP_COUNT);
	expect(&b, true, p, part4(p, WIRE_UDP, 1, 5, 0), DP_DROP_COUNT);
	expect(&b, true, p, part4(p, WIRE_UDP, 2, 0, 4501), DP_DROP_POLICY_SENDER);
	put_data(&b, true, &(struct wire){0}, p, part4(p, WIRE_UDP, 2, 5, 0));
	assert_int_equal(edges(&b, DP_EDGE_POLICY_WAIT), 1);
	expect(&b, true, p, part6(p, WIRE_UDP, 1, 0, 4500), DP_DROP_COUNT);
	expect(&b, true, p, part6(p, WIRE_UDP, 1, 9, 0), DP_DROP_COUNT);
	put_data(&b, true, &(struct wire){.protocol = WIRE_PPP_IPV6}, p,
		part6(p, WIRE_UDP, 2, 9, 0));
	assert_int_equal(edges(&b, DP_EDGE_POLICY_WAIT), 2);
	/* by addresses alone, in whatever order */
	expect(&b, true, p, part4(p, WIRE_ESP, 3, 5, 0), DP_DROP_COUNT);
	expect(&b, true, p, part6(p, WIRE_ESP, 3, 9, 0), DP_DROP_COUNT);
	expect(&b, true, p, part4(p, WIRE_AH, 3, 5, 0), DP_DROP_POLICY_SENDER);
	expect(&b, true, p, part6(p, WIRE_AH, 3, 9, 0), DP_DROP_POLICY_SENDER);
	/* cut before its ports */
	inner_packet(p, INNER_A, INNER_B, WIRE_UDP, 23);
	expect(&b, true, p, 23, DP_DROP_POLICY_SHORT);
	inner_packet(p, INNER_A, INNER_B, WIRE_ESP, 23);
	expect(&b, true, p, 23, DP_DROP_COUNT);
	dp_follow_drain(b.dp->workers[0]);
	bench_down(&b);
}

/* What the stages change or remember, or look at longer, the fast way leaves to them. */
static void
what_is_plain_is_permitted_at_once(void **state)
{
	const struct cv_rule rules[] = {
		{.protocol = WIRE_TCP, .peer = prefix("10.88.1.2")},
		{.protocol = WIRE_UDP, .peer_port = {53, 53}},
	};
	const unsigned in = 1U << DP_IN, out = 1U << DP_OUT;
	const struct dp_filter_table *t;
	uint8_t p[FRAME_MAX];
	struct bench b;

	(void)state;
	up(&b);
	set_list(&b, false, rules, RTE_DIM(rules));
	t = dp_filter_of(b.dp, GROUP_A);
	inner_packet(p, INNER_A, INNER_B, WIRE_TCP, 60);
	p[WIRE_IPV4 + 13] = 0x10; /* ACK */
	assert_true(dp_filter_permits_plain(t, in, false, p, 60));
	assert_false(dp_filter_permits_plain(t, out, false, p, 60));
	assert_false(dp_filter_permits_plain(t, in | out, false, p, 60));
	p[WIRE_IPV4 + 13] = 0x02; /* SYN: its MSS may be changed */
	assert_false(dp_filter_permits_plain(t, in, false, p, 60));
	set_list(&b, true, &(struct cv_rule){.protocol = WIRE_TCP}, 1);
	assert_false(dp_filter_permits_plain(dp_filter_of(b.dp, GROUP_B), in, false, p, 60));
	inner_packet(p, INNER_A, INNER_B, WIRE_UDP, 60);
	wire_put16(p + WIRE_IPV4 + 2, 53);
	assert_true(dp_filter_permits_plain(t, in, false, p, 60));
	assert_false(dp_filter_permits_plain(t, in, false, p, WIRE_IPV4 + 3));
	wire_put16(p + WIRE_IPV4_FRAGMENT, 0x2000); /* the first one: others ask for it */
	assert_false(dp_filter_permits_plain(t, in, false, p, 60));
	wire_put16(p + WIRE_IPV4_FRAGMENT, 9);
	assert_false(dp_filter_permits_plain(t, in, false, p, 60));
	bench_down(&b);
}

static void
a_list_is_kept_as_it_was_told(void **state)
{
	struct cv_rule rules[] = {{.protocol = WIRE_ESP},
		{.protocol = WIRE_TCP, .denies = true, .port_low = 1, .port_high = 1}};
	struct cv_prefix gateway = prefix("10.88.1.9");
	struct dp_filter filter = {.kind = DP_FILTER_LIST,
				 .list = rules,
				 .list_count = RTE_DIM(rules),
				 .gateways = &gateway,
				 .gateway_count = 1},
			 got;
	size_t before;
	struct bench b;

	(void)state;
	up(&b);
	assert_int_equal(dp_filter_set(b.dp, 77, &filter), 0);
	dp_graces_poll(b.dp);
	before = b.dp->table_bytes;
	rules[0].protocol = WIRE_AH; /* copied */
	assert_int_equal(dp_filter_get(b.dp, 77, &got), 0);
	assert_int_equal(got.kind, DP_FILTER_LIST);
	assert_int_equal(got.list_count, 2);
	assert_int_equal(got.list[0].protocol, WIRE_ESP);
	assert_true(cv_rule_equal(&got.list[1], &rules[1]));
	assert_int_equal(got.gateway_count, 1);
	assert_int_equal(dp_filter_set(b.dp, 77, &got), 0); /* out of itself */
	/* what can't be is refused, and the filter stays */
	for (unsigned i = 0; i < 7; i++) {
		struct cv_rule *r = &rules[1];

		*r = (struct cv_rule){.protocol = WIRE_TCP};
		if (i == 0)
			r->protocol = WIRE_ESP, r->peer_port = (struct cv_port_range){1, 2};
		else if (i == 1)
			r->peer_port = (struct cv_port_range){2, 1};
		else if (i == 2)
			r->way = 3;
		else if (i == 3)
			r->client = prefix("10.0.0.0/8"), r->peer = prefix("2001:db8::/32");
		else if (i == 4)
			r->peer = (struct cv_prefix){cv_ipv4(0), 33};
		else if (i == 5)
			r->any_protocol = true, r->protocol = 0, r->port_low = r->port_high = 9;
		else
			filter.kind = DP_FILTER_ANY;
		assert_int_equal(dp_filter_set(b.dp, 77, &filter), CV_ERR_CONFIG);
	}
	assert_int_equal(dp_filter_get(b.dp, 77, &got), 0);
	assert_int_equal(got.list[1].denies, true);
	dp_graces_poll(b.dp);
	assert_int_equal(b.dp->table_bytes, before);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_rule_that_is_about_a_packet_counts),
		cmocka_unit_test(rules_name_ways),
		cmocka_unit_test(errors_pass_where_what_they_quote_does),
		cmocka_unit_test(errors_have_no_rule_or_one),
		cmocka_unit_test(each_end_has_its_own),
		cmocka_unit_test(later_fragments_follow_where_ports_count),
		cmocka_unit_test(what_is_plain_is_permitted_at_once),
		cmocka_unit_test(a_list_is_kept_as_it_was_told),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
