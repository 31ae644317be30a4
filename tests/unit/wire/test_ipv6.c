/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6: the header, extension headers that lie about their length, addresses made of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ipv6.h"

enum { BYTES = 200 };

/* A packet with a payload, in memory of its exact size. */
static uint8_t *
packet(uint8_t next, const uint8_t *payload, size_t len)
{
	struct wire_ipv6 h = {.next = next, .hops = 64, .payload = (uint16_t)len};
	uint8_t *ip = malloc(WIRE_IPV6 + len);

	assert_non_null(ip);
	wire_ipv6_write(ip, &h);
	if (len != 0)
		memcpy(ip + WIRE_IPV6, payload, len);
	return ip;
}

static void
header(void **state)
{
	struct wire_ipv6 h = {.traffic_class = 0xb8,
		.flow = 0xfedcb,
		.payload = 3,
		.next = WIRE_UDP,
		.hops = 7,
		.source = {0x20, 1, [15] = 1},
		.target = {0x20, 1, [15] = 2}};
	struct wire_ipv6 got;
	uint8_t ip[WIRE_IPV6 + 3], again[WIRE_IPV6];

	(void)state;
	wire_ipv6_write(ip, &h);
	assert_memory_equal(ip, "\x6b\x8f\xed\xcb\x00\x03\x11\x07", 8);
	assert_true(wire_ipv6_read(ip, sizeof(ip), &got));
	assert_memory_equal(ip + WIRE_IPV6_SOURCE, h.source, sizeof(h.source));
	assert_memory_equal(ip + WIRE_IPV6_TARGET, h.target, sizeof(h.target));
	wire_ipv6_write(again, &got);
	assert_memory_equal(again, ip, WIRE_IPV6);
	assert_int_equal(got.payload, h.payload);
	assert_true(wire_ipv6_read(ip, BYTES, &got)); /* padding of the frame behind it */
	for (size_t len = 0; len < sizeof(ip); len++) {
		uint8_t *exact = malloc(len + 1);

		memcpy(exact + 1, ip, len);
		assert_false(wire_ipv6_read(exact + 1, len, &got));
		free(exact);
	}
	ip[0] = 0x45;
	assert_false(wire_ipv6_read(ip, sizeof(ip), &got));
}

static void
extension_headers(void **state)
{
	static const uint8_t chain[] = {WIRE_ROUTING, 0, 1, 4, 0, 0, 0, 0,        /* hop by hop */
		WIRE_TARGET_OPTIONS, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* routing */
		WIRE_ESP, 0, 1, 4, 0, 0, 0, 0, 1, 2, 3, 4};
	struct wire_upper upper;

	(void)state;
	for (size_t len = 0; len <= sizeof(chain); len++) {
		uint8_t *ip = packet(WIRE_HOP_BY_HOP, chain, len);

		assert_int_equal(wire_ipv6_upper(ip, WIRE_IPV6 + len, &upper), len >= 32);
		if (len >= 32) {
			assert_int_equal(upper.protocol, WIRE_ESP);
			assert_int_equal(upper.at, WIRE_IPV6 + 32);
			assert_false(upper.fragment);
		}
		free(ip);
	}
}

/* One that has nodes to go to still; one that has arrived has not (RFC 8200 section 4.4). */
static void
a_route_that_goes_on(void **state)
{
	static const uint8_t there[] = {WIRE_UDP, 0, 0, 0, 0, 0, 0, 0},
			     on_its_way[] = {WIRE_UDP, 0, 4, 1, 0, 0, 0, 0};
	uint8_t *ip = packet(WIRE_ROUTING, there, sizeof(there));
	struct wire_upper upper;

	(void)state;
	assert_true(wire_ipv6_upper(ip, WIRE_IPV6 + sizeof(there), &upper));
	assert_false(upper.routed);
	free(ip);
	ip = packet(WIRE_ROUTING, on_its_way, sizeof(on_its_way));
	assert_true(wire_ipv6_upper(ip, WIRE_IPV6 + sizeof(on_its_way), &upper));
	assert_true(upper.routed);
	free(ip);
}

static void
fragments(void **state)
{
	static const struct {
		uint8_t bytes[8];
		bool later, more;
		uint16_t offset;
	} want[] = {{{WIRE_UDP, 0, 0, 1, 1, 2, 3, 4}, false, true, 0},
		{{WIRE_UDP, 0, 0x05, 0xa9, 1, 2, 3, 4}, true, true, 0x05a8},
		{{WIRE_UDP, 0, 0xff, 0xf8, 1, 2, 3, 4}, true, false, 0xfff8}};
	struct wire_upper upper;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		uint8_t *ip = packet(WIRE_FRAGMENT, want[i].bytes, 8);

		assert_true(wire_ipv6_upper(ip, WIRE_IPV6 + 8, &upper));
		assert_true(upper.fragment);
		assert_int_equal(upper.later, want[i].later);
		assert_int_equal(upper.more, want[i].more);
		assert_int_equal(upper.offset, want[i].offset);
		assert_int_equal(upper.id, 0x01020304);
		assert_int_equal(upper.protocol, WIRE_UDP);
		assert_int_equal(upper.at, WIRE_IPV6 + 8);
		free(ip);
	}
}

/* What stands behind the header of a later fragment is data, whatever it looks like. */
static void
a_later_fragment_is_not_walked(void **state)
{
	static const uint8_t bytes[] = {WIRE_TARGET_OPTIONS, 0, 0, 8, 0, 0, 0, 1, WIRE_UDP, 99};
	uint8_t *ip = packet(WIRE_FRAGMENT, bytes, sizeof(bytes));
	struct wire_upper upper;

	(void)state;
	assert_true(wire_ipv6_upper(ip, WIRE_IPV6 + sizeof(bytes), &upper));
	assert_int_equal(upper.protocol, WIRE_TARGET_OPTIONS);
	assert_int_equal(upper.at, WIRE_IPV6 + 8);
	free(ip);
}

static void
liars_are_refused(void **state)
{
	uint8_t many[8 * (WIRE_IPV6_HEADERS_MOST + 1)],
		long_one[8] = {WIRE_UDP, 1}, hop_later[16] = {WIRE_HOP_BY_HOP, 0, [8] = WIRE_UDP};
	struct wire_upper upper;
	uint8_t *ip;

	(void)state;
	memset(many, 0, sizeof(many));
	for (size_t i = 0; i < sizeof(many); i += 8)
		many[i] = WIRE_TARGET_OPTIONS;
	many[sizeof(many) - 16] = WIRE_UDP;
	ip = packet(WIRE_TARGET_OPTIONS, many, sizeof(many) - 8);
	assert_true(wire_ipv6_upper(ip, WIRE_IPV6 + sizeof(many) - 8, &upper));
	free(ip);
	many[sizeof(many) - 16] = WIRE_TARGET_OPTIONS;
	many[sizeof(many) - 8] = WIRE_UDP;
	ip = packet(WIRE_TARGET_OPTIONS, many, sizeof(many));
	assert_false(wire_ipv6_upper(ip, WIRE_IPV6 + sizeof(many), &upper));
	free(ip);
	ip = packet(WIRE_ROUTING, long_one, sizeof(long_one)); /* says 16 bytes */
	assert_false(wire_ipv6_upper(ip, WIRE_IPV6 + sizeof(long_one), &upper));
	free(ip);
	ip = packet(WIRE_TARGET_OPTIONS, hop_later, sizeof(hop_later));
	assert_false(wire_ipv6_upper(ip, WIRE_IPV6 + sizeof(hop_later), &upper));
	free(ip);
}

/* A routing header of type 0 is told, whatever it leaves to be done; a fragment of a fragment is
 * refused. */
static void
what_gets_around_a_policy(void **state)
{
	static const uint8_t type_0[] = {WIRE_ESP, 0, 0, 0, 0, 0, 0, 0},
			     type_4[] = {WIRE_ESP, 0, 4, 0, 0, 0, 0, 0},
			     twice[] = {WIRE_FRAGMENT, 0, 0, 1, 0, 0, 0, 1, WIRE_ESP, 0, 0, 1, 0, 0,
				     0, 2};
	struct wire_upper upper;
	uint8_t *ip = packet(WIRE_ROUTING, type_0, sizeof(type_0));

	(void)state;
	assert_true(wire_ipv6_upper(ip, WIRE_IPV6 + sizeof(type_0), &upper));
	assert_true(upper.source_route);
	free(ip);
	ip = packet(WIRE_ROUTING, type_4, sizeof(type_4));
	assert_true(wire_ipv6_upper(ip, WIRE_IPV6 + sizeof(type_4), &upper));
	assert_false(upper.source_route);
	free(ip);
	ip = packet(WIRE_FRAGMENT, twice, sizeof(twice));
	assert_false(wire_ipv6_upper(ip, WIRE_IPV6 + sizeof(twice), &upper));
	free(ip);
}

/* Of a packet that goes on behind what is there, only that is walked. */
static void
the_first_bytes_of_a_packet(void **state)
{
	static const uint8_t chain[] = {
		WIRE_ROUTING, 0, 1, 4, 0, 0, 0, 0, WIRE_ESP, 0, 4, 0, 0, 0, 0, 0, 1, 2, 3, 4};
	struct wire_upper upper;

	(void)state;
	for (size_t len = 0; len <= sizeof(chain); len++) {
		uint8_t *ip = packet(WIRE_TARGET_OPTIONS, chain, len);

		wire_put16(ip + WIRE_IPV6_LENGTH, 1400);
		assert_false(wire_ipv6_upper(ip, WIRE_IPV6 + len, &upper));
		assert_int_equal(wire_ipv6_upper_of_part(ip, WIRE_IPV6 + len, &upper), len >= 16);
		if (len >= 16)
			assert_int_equal(upper.protocol, WIRE_ESP);
		/* nor beyond what the header says, if that is less */
		wire_put16(ip + WIRE_IPV6_LENGTH, 15);
		assert_false(wire_ipv6_upper_of_part(ip, WIRE_IPV6 + len, &upper));
		free(ip);
	}
}

static void
addresses(void **state)
{
	static const uint8_t a[16] = {0x20, 0x01, 0x0d, 0xb8, [12] = 0x12, 0x34, 0x56, 0x78},
			     solicited[16] = {0xff, 2, [11] = 1, 0xff, 0x34, 0x56, 0x78},
			     of_mac[16] = {0xfe, 0x80, [8] = 0x02, 0x1b, 0x63, 0xff, 0xfe, 0x84,
				     0x45, 0xe6},
			     mac[6] = {0x00, 0x1b, 0x63, 0x84, 0x45, 0xe6}, zeros[16];
	uint8_t out[16], group[6];

	(void)state;
	wire_ipv6_solicited(a, out);
	assert_memory_equal(out, solicited, 16);
	wire_ipv6_multicast_mac(out, group);
	assert_memory_equal(group, "\x33\x33\xff\x34\x56\x78", 6);
	wire_ipv6_of_mac(mac, out);
	assert_memory_equal(out, of_mac, 16);
	assert_true(wire_ipv6_link_local(of_mac));
	assert_false(wire_ipv6_link_local(a));
	assert_true(wire_ipv6_multicast(solicited));
	assert_false(wire_ipv6_multicast(a));
	assert_true(wire_ipv6_unspecified(zeros));
	for (size_t i = 0; i < 16; i++) {
		memset(out, 0, sizeof(out));
		out[i] = 1;
		assert_false(wire_ipv6_unspecified(out));
		assert_false(wire_ipv6_equal(out, zeros));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header),
		cmocka_unit_test(extension_headers),
		cmocka_unit_test(a_route_that_goes_on),
		cmocka_unit_test(fragments),
		cmocka_unit_test(a_later_fragment_is_not_walked),
		cmocka_unit_test(liars_are_refused),
		cmocka_unit_test(what_gets_around_a_policy),
		cmocka_unit_test(the_first_bytes_of_a_packet),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
