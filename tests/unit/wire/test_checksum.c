/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums as RFC 1071 has them, of any length and at any place, and with both pseudo headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/checksum.h"

/* RFC 1071 section 1, word by word, in network order. */
static uint16_t
by_the_book(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	if (len % 2 != 0)
		sum += (uint32_t)p[len - 1] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void
any_length_and_place(void **state)
{
	uint8_t bytes[200];
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(x >> 24);
	}
	for (size_t at = 0; at < 8; at++)
		for (size_t len = 0; at + len <= sizeof(bytes); len++)
			assert_int_equal(wire_swap16(wire_fold(wire_sum(bytes + at, len))),
				by_the_book(bytes + at, len, 0));
	assert_int_equal(wire_fold(wire_sum20(bytes)), wire_fold(wire_sum(bytes, 20)));
}

/* All ones stay all ones: 0 is left for "no checksum". */
static void
zero_only_of_zeros(void **state)
{
	uint8_t bytes[64];

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(wire_fold(wire_sum(bytes, sizeof(bytes))), 0);
	assert_int_equal(wire_checksum_udp(wire_sum(bytes, sizeof(bytes))), 0xffff);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(wire_fold(wire_sum(bytes, sizeof(bytes))), 0xffff);
	assert_int_equal(wire_checksum(wire_sum(bytes, sizeof(bytes))), 0);
	assert_int_equal(wire_checksum_udp(wire_sum(bytes, sizeof(bytes))), 0xffff);
}

/* A header of RFC 1071's kind: 4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7 is right. */
static void
a_known_header(void **state)
{
	uint8_t ip[20] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61,
		0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

	(void)state;
	assert_int_equal(wire_fold(wire_sum20(ip)), WIRE_SUM_RIGHT);
	wire_store16(ip + 10, 0);
	assert_int_equal(wire_swap16(wire_checksum(wire_sum20(ip))), 0xb861);
}

static void
a_word_replaced(void **state)
{
	uint8_t ip[20] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61,
		0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

	(void)state;
	for (uint32_t value = 0; value <= UINT16_MAX; value += 257) {
		uint16_t before = wire_load16(ip + 4);

		wire_put16(ip + 4, (uint16_t)value);
		wire_checksum_replace(ip + 10, before, wire_load16(ip + 4));
		assert_int_equal(wire_fold(wire_sum20(ip)), WIRE_SUM_RIGHT);
	}
}

static void
pseudo_headers(void **state)
{
	static const uint8_t of4[12] = {192, 0, 2, 1, 198, 51, 100, 7, 0, 17, 0x12, 0x34};
	uint8_t of6[40] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1, [16] = 0xfe, 0x80, [31] = 9};

	(void)state;
	assert_int_equal(wire_swap16(wire_fold(wire_sum_pseudo(
				 wire_load32(of4), wire_load32(of4 + 4), wire_load16(of4 + 10)))),
		by_the_book(of4, sizeof(of4), 0));
	wire_put32(of6 + 32, 0x00012345); /* more than 16 bits: a jumbogram's length */
	of6[39] = 58;
	assert_int_equal(wire_swap16(wire_fold(wire_sum_pseudo6(of6, of6 + 16, 0x00012345, 58))),
		by_the_book(of6, sizeof(of6), 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_length_and_place),
		cmocka_unit_test(zero_only_of_zeros),
		cmocka_unit_test(a_known_header),
		cmocka_unit_test(a_word_replaced),
		cmocka_unit_test(pseudo_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
