/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DSCP and ECN, between all families outside and inside: what leaves says what the group wants
 * (RFC 2983) and what the peer can tell on (RFC 9601, 6040), and what congestion did to what came
 * is told inside. By the fast way and by the stages.
 */
#include "outer6.h"

enum {
	ECN = 3,
	CE = 3,
	ECT_1 = 1,
	ECT_0 = 2,
	EF = 46,
	LEN = 100,
	HEADERS4 = WIRE_ETHER + WIRE_IPV4 + WIRE_UDP_HEADER, /* in front of L2TP */
	DATA4 = HEADERS4 + 6 + 4,
};

#define LINK_1 "2001:db8:c:c::/64"
#define LINK_2 "2001:db8:d:d::/64"

/* From A or 1 to B or 2. */
struct way {
	bool from6, to6; /* outside */
	bool six;        /* inside */
};

static void
bring_up(struct bench *b, bool ecn, bool fixed)
{
	static const char *const links[] = {LINK_1, LINK_2};

	up6(b, ecn ? DP_SEND_ECN : 0);
	policy6(b, GROUP_A, &any6);
	policy6(b, GROUP_B, &any6);
	for (uint16_t g = GROUP_A; fixed && g <= GROUP_B; g++) {
		struct dp_group group;

		assert_int_equal(dp_group_get(b->dp, g, &group), 0);
		group.dscp_fixed = true;
		group.dscp = EF;
		assert_int_equal(dp_group_set(b->dp, g, &group), 0);
	}
	open6(b, b->slot_a, LINK_A, NULL);
	open6(b, b->slot_b, LINK_B, NULL);
	for (uint16_t i = 0; i < 2; i++)
		open6(b,
			cv_session_slot(b->dp->slot_seed, SERVICE_6, TUNNEL,
				(uint16_t)(SESSION_1 + i), b->dp->slot_mask),
			links[i], NULL);
	while (take_frame(b).len != 0)
		;
}

static void
make_inner(const struct way *way, uint8_t class, uint8_t *packet)
{
	static const char *const from[] = {A_6, "2001:db8:c:c::1"}, *const to[] = {
									    B_6, "2001:db8:d:d::1"};

	if (way->six) {
		packet6(packet, from[way->from6], to[way->to6], ESP, LEN);
		wire_put32(packet, UINT32_C(6) << 28 | (uint32_t) class << 20 | 0x12345);
		return;
	}
	inner_packet(
		packet, way->from6 ? INNER_1 : INNER_A, way->to6 ? INNER_2 : INNER_B, ESP, LEN);
	packet[WIRE_IPV4_TOS] = class;
	inner_checksum(packet);
}

static void
send(struct bench *b, const struct way *way, uint8_t outer, const uint8_t *packet)
{
	struct wire wire = {.protocol = way->six ? WIRE_PPP_IPV6 : WIRE_PPP_IP, .tos = outer};
	uint8_t frame[FRAME_MAX], *ip = frame + WIRE_ETHER;
	size_t bytes;

	if (!way->from6) {
		put_data(b, true, &wire, packet, LEN);
		return;
	}
	bytes = make_data(b, frame, SESSION_1, 0, packet, LEN);
	frame[DATA - 1] = (uint8_t)wire.protocol;
	wire_put32(ip, UINT32_C(6) << 28 | (uint32_t)outer << 20 | 0x54321);
	wire_udp_finish6(ip + WIRE_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
	put_frame(b, frame, bytes);
}

/* What ECN is told inside (RFC 6040 section 4.2); false: it can't be. */
static bool
told_inside(uint8_t class, uint8_t outer, uint8_t *out)
{
	*out = class;
	if ((outer & ECN) == CE)
		*out = class | CE;
	else if ((outer & ECN) == ECT_1 && (class & ECN) == ECT_0)
		*out = (uint8_t)((class & ~ECN) | ECT_1);
	return (outer & ECN) != CE || (class & ECN) != 0;
}

static void
check_outer(const struct frame_bytes *f, const struct way *way, uint8_t expected)
{
	const uint8_t *ip = f->bytes + WIRE_ETHER, *udp = ip + (way->to6 ? WIRE_IPV6 : WIRE_IPV4);

	assert_int_equal(wire_ip_version(ip), way->to6 ? 6 : 4);
	if (!way->to6) {
		assert_int_equal(ip[WIRE_IPV4_TOS], expected);
		assert_true(wire_ipv4_sum_right(ip, WIRE_IPV4));
		assert_true(
			wire_udp_sum_right(udp, wire_ipv4_source_be(ip), wire_ipv4_target_be(ip)));
		return;
	}
	assert_int_equal(wire_ipv6_class(ip), expected);
	assert_int_not_equal(wire_get32(ip) & 0xfffff, 0); /* the flow label beside it */
	assert_true(wire_udp_sum_right6(udp, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET));
}

/* One packet; fails where anything is not as the rules say. */
static void
pass(struct bench *b, const struct way *way, uint8_t class, uint8_t outer, bool ecn, bool fixed)
{
	uint8_t packet[LEN], wanted[LEN], inside;
	uint64_t lost = drops(b, DP_DROP_INGRESS_CONGESTION);
	size_t headers = way->to6 ? DATA : DATA4;
	struct frame_bytes f;

	make_inner(way, class, packet);
	send(b, way, outer, packet);
	f = take_frame(b);
	if (!told_inside(class, outer, &inside)) {
		assert_int_equal(f.len, 0);
		assert_int_equal(drops(b, DP_DROP_INGRESS_CONGESTION), lost + 1);
		return;
	}
	assert_int_equal(f.len, headers + LEN);
	make_inner(way, inside, wanted);
	wanted[way->six ? WIRE_IPV6_HOPS : WIRE_IPV4_TTL]--;
	if (!way->six)
		inner_checksum(wanted);
	assert_memory_equal(f.bytes + headers, wanted, LEN);
	check_outer(
		&f, way, (uint8_t)((fixed ? EF << 2 : inside & ~ECN) | (ecn ? inside & ECN : 0)));
}

static void
all_ways(bool ecn, bool fixed)
{
	struct bench b;

	bring_up(&b, ecn, fixed);
	for (unsigned n = 0; n < 16; n++) {
		struct way way = {.from6 = n & 1, .to6 = n & 2, .six = n & 4};

		b.dp->workers[0]->stages_only = (n & 8) != 0;
		for (unsigned class = 0; class < 256; class ++)
			for (unsigned outer = 0; outer < 4; outer++)
				/* whatever DSCP it came with */
				pass(&b, &way, (uint8_t) class,
					(uint8_t)(((class * 5 + outer) << 2) | outer), ecn, fixed);
	}
	bench_down(&b);
}

static void
uniform_to_who_does_not_tell_ecn(void **state)
{
	(void)state;
	all_ways(false, false);
}

static void
uniform_to_who_tells_it(void **state)
{
	(void)state;
	all_ways(true, false);
}

static void
pipe_to_who_does_not_tell_ecn(void **state)
{
	(void)state;
	all_ways(false, true);
}

static void
pipe_to_who_tells_it(void **state)
{
	(void)state;
	all_ways(true, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uniform_to_who_does_not_tell_ecn),
		cmocka_unit_test(uniform_to_who_tells_it),
		cmocka_unit_test(pipe_to_who_does_not_tell_ecn),
		cmocka_unit_test(pipe_to_who_tells_it),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
