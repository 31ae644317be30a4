/* SPDX-License-Identifier: BSD-3-Clause */
/* Router advertisements and when they come. */
#include "base/time.h"
#include "client.h"

static uint8_t packet[AUTO6_PACKET_MAX];

/* The n-th option of a type, from 0, or NULL. */
static const uint8_t *
nd_option(size_t len, uint8_t type)
{
	for (size_t at = WIRE_IPV6 + 16; at < len; at += 8u * packet[at + 1]) {
		assert_int_not_equal(packet[at + 1], 0);
		assert_true(at + 8u * packet[at + 1] <= len);
		if (packet[at] == type)
			return packet + at;
	}
	return NULL;
}

static void
test_advertised(void **state)
{
	struct auto6_terms t = terms();
	size_t len = auto6_write_advert(packet, &t);
	const uint8_t *icmp = packet + WIRE_IPV6, *o;
	struct wire_ipv6 h;

	(void)state;
	assert_true(wire_ipv6_read(packet, len, &h));
	assert_int_equal(h.payload, len - WIRE_IPV6);
	assert_int_equal(h.hops, 255);
	assert_memory_equal(h.source, t.local.bytes, 16);
	assert_memory_equal(h.target, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	assert_true(wire_icmpv6_sum_right(icmp, h.payload, h.source, h.target));
	assert_int_equal(icmp[0], WIRE_ND_ROUTER_ADVERT);
	assert_int_equal(icmp[5], 0x40); /* O, not M */
	assert_int_equal(wire_get16(icmp + 6), AUTO6_ROUTER_S);
	o = nd_option(len, 5);
	assert_non_null(o);
	assert_int_equal(wire_get32(o + 4), 1400);
	o = nd_option(len, 3);
	assert_non_null(o);
	assert_int_equal(o[2], 64);
	assert_int_equal(o[3], 0x40); /* A, not L */
	assert_int_equal(wire_get32(o + 4), AUTO6_VALID_S);
	assert_int_equal(wire_get32(o + 8), AUTO6_PREFERRED_S);
	assert_memory_equal(o + 16, t.prefix.ip.bytes, 16);
	o = nd_option(len, 25);
	assert_non_null(o);
	assert_int_equal(o[1], 5);
	assert_memory_equal(o + 8, t.dns[0].bytes, 16);
	assert_memory_equal(o + 24, t.dns[1].bytes, 16);

	/* what there is not, is not said */
	t.mtu = 0;
	t.dns[0].family = 0;
	len = auto6_write_advert(packet, &t);
	assert_null(nd_option(len, 5));
	assert_null(nd_option(len, 25));
	assert_non_null(nd_option(len, 3));
}

static void
test_schedule(void **state)
{
	static const uint64_t soon_s[] = {0, 4, 16};
	struct auto6_schedule s;
	uint64_t now = 77 * CV_NS_PER_S, before;

	(void)state;
	auto6_schedule_begin(&s, now);
	for (unsigned i = 0; i < 3; i++) {
		now += soon_s[i] * CV_NS_PER_S;
		assert_int_equal(s.at, now);
		if (i != 0)
			assert_false(auto6_schedule_due(&s, now - 1, 0));
		assert_true(auto6_schedule_due(&s, now, 0));
	}
	/* then at random, so that links that opened together do not stay together */
	for (uint32_t i = 0; i < 1000; i++) {
		before = now;
		now = s.at;
		assert_in_range(now - before, AUTO6_ADVERT_LEAST_S * CV_NS_PER_S,
			AUTO6_ADVERT_MOST_S * CV_NS_PER_S);
		assert_true(auto6_schedule_due(&s, now, i * 2654435761u));
	}
	/* three may be lost before a client has no router */
	assert_true(3 * AUTO6_ADVERT_MOST_S <= AUTO6_ROUTER_S);
	auto6_schedule_stop(&s);
	assert_false(auto6_schedule_due(&s, CV_TIME_NEVER - 1, 0));
	auto6_schedule_begin(&s, now);
	assert_true(auto6_schedule_due(&s, now, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_advertised),
		cmocka_unit_test(test_schedule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
