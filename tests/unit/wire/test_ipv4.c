/* SPDX-License-Identifier: BSD-3-Clause */
/* Ethernet, ARP, IPv4, UDP and ICMP: what is written is what the RFCs draw, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ether.h"
#include "wire/icmp.h"
#include "wire/udp.h"

static const uint8_t mac_a[6] = {2, 0, 0, 0, 0, 0xa}, mac_b[6] = {2, 0, 0, 0, 0, 0xb};

static void
ether_and_arp(void **state)
{
	static const uint8_t want[WIRE_ETHER + WIRE_ARP] = {2, 0, 0, 0, 0, 0xb, 2, 0, 0, 0, 0, 0xa,
		0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 0xa, 192, 0, 2, 1, 2, 0, 0, 0, 0,
		0xb, 192, 0, 2, 9};
	uint8_t frame[sizeof(want)];

	(void)state;
	wire_ether_write(frame, mac_b, mac_a, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REPLY, mac_a, wire_swap32(0xc0000201), mac_b,
		wire_swap32(0xc0000209));
	assert_memory_equal(frame, want, sizeof(want));
	assert_int_equal(wire_ether_type_be(frame), WIRE_TYPE_ARP_BE);
	assert_true(wire_arp_right(frame + WIRE_ETHER));
	wire_arp_write(frame + WIRE_ETHER, WIRE_ARP_REQUEST, mac_a, 1, NULL, 2);
	assert_memory_equal(frame + WIRE_ETHER + WIRE_ARP_TARGET_MAC, "\0\0\0\0\0\0", 6);
	assert_int_equal(wire_load16(frame + WIRE_ETHER + WIRE_ARP_OPERATION), WIRE_ARP_REQUEST_BE);
	for (size_t i = 0; i < 6; i++) { /* another hardware, protocol or length */
		frame[WIRE_ETHER + i] ^= 1;
		assert_false(wire_arp_right(frame + WIRE_ETHER));
		frame[WIRE_ETHER + i] ^= 1;
	}
}

/* Constants as the CPU loads them are those in host order, swapped. */
static void
orders_agree(void **state)
{
	static const uint16_t pairs[][2] = {{WIRE_TYPE_IPV4, WIRE_TYPE_IPV4_BE},
		{WIRE_TYPE_ARP, WIRE_TYPE_ARP_BE}, {WIRE_TYPE_VLAN, WIRE_TYPE_VLAN_BE},
		{WIRE_TYPE_IPV6, WIRE_TYPE_IPV6_BE}, {WIRE_ARP_REQUEST, WIRE_ARP_REQUEST_BE},
		{WIRE_ARP_REPLY, WIRE_ARP_REPLY_BE}, {WIRE_IPV4_DONT, WIRE_IPV4_DONT_BE},
		{WIRE_IPV4_MORE, WIRE_IPV4_MORE_BE}, {WIRE_IPV4_OFFSET, WIRE_IPV4_OFFSET_BE}};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_int_equal(wire_swap16(pairs[i][0]), pairs[i][1]);
}

static void
ipv4(void **state)
{
	static const uint8_t want[WIRE_IPV4] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00,
		0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
	const struct wire_ipv4 h = {.length = 0x73,
		.fragment = WIRE_IPV4_DONT,
		.ttl = 64,
		.protocol = WIRE_UDP,
		.source_be = wire_swap32(0xc0a80001),
		.target_be = wire_swap32(0xc0a800c7)};
	uint8_t ip[WIRE_IPV4_MOST];

	(void)state;
	memset(ip, 0xee, sizeof(ip));
	wire_ipv4_write(ip, &h);
	assert_memory_equal(ip, want, sizeof(want));
	assert_int_equal(wire_ip_version(ip), 4);
	assert_int_equal(wire_ipv4_header(ip), WIRE_IPV4);
	assert_int_equal(wire_ipv4_length(ip), 0x73);
	assert_int_equal(wire_ipv4_source_be(ip), h.source_be);
	assert_int_equal(wire_ipv4_target_be(ip), h.target_be);
	assert_int_equal(wire_ipv4_fragment_be(ip), WIRE_IPV4_DONT_BE);
	assert_true(wire_ipv4_sum_right(ip, WIRE_IPV4));
	ip[0] = 0x4f; /* with options */
	memset(ip + WIRE_IPV4, WIRE_OPTION_NOP, 40);
	assert_false(wire_ipv4_sum_right(ip, wire_ipv4_header(ip)));
	wire_ipv4_finish(ip);
	assert_true(wire_ipv4_sum_right(ip, 60));
	ip[59] ^= 1;
	assert_false(wire_ipv4_sum_right(ip, 60));
}

static void
martians(void **state)
{
	static const uint32_t bad[] = {0, 0x00ffffff, 0x7f000001, 0xe0000001, 0xffffffff},
			      good[] = {0x01000000, 0x7effffff, 0x80000000, 0xdfffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(wire_ipv4_martian(wire_swap32(bad[i])));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_false(wire_ipv4_martian(wire_swap32(good[i])));
}

static void
udp(void **state)
{
	uint8_t d[WIRE_UDP_HEADER + 5] = {[8] = 'h', 'e', 'l', 'l', 'o'};
	uint8_t a[16] = {0x20, 1, [15] = 1}, b[16] = {0x20, 1, [15] = 2};

	(void)state;
	wire_udp_write(d, 1701, 40000, sizeof(d));
	assert_memory_equal(d, "\x06\xa5\x9c\x40\x00\x0d\x00\x00", 8);
	assert_int_equal(wire_udp_length(d), sizeof(d));
	assert_true(wire_udp_sum_right(d, 1, 2)); /* none */
	assert_false(wire_udp_sum_right6(d, a, b));
	wire_udp_finish(d, 1, 2);
	assert_true(wire_udp_sum_right(d, 1, 2));
	assert_false(wire_udp_sum_right(d, 1, 3));
	d[12] ^= 1;
	assert_false(wire_udp_sum_right(d, 1, 2));
	wire_udp_finish6(d, a, b);
	assert_true(wire_udp_sum_right6(d, a, b));
	assert_false(wire_udp_sum_right6(d, a, a));
}

/* A sum that comes out as 0 is sent as all ones: 0 would say that there is none. */
static void
udp_never_zero(void **state)
{
	uint8_t d[WIRE_UDP_HEADER + 2] = {0};

	(void)state;
	wire_udp_write(d, 0, 0, sizeof(d));
	wire_put16(d + 8, (uint16_t)(0xffff - 17 - 2 * sizeof(d)));
	wire_udp_finish(d, 0, 0);
	assert_int_equal(wire_load16(d + WIRE_UDP_SUM), 0xffff);
	assert_true(wire_udp_sum_right(d, 0, 0));
}

static void
icmp(void **state)
{
	uint8_t m[WIRE_ICMP_HEADER + 3] = {
		WIRE_ICMP_ECHO, 0, 0x55, 0x55, 0, 1, 0, 2, 'a', 'b', 'c'};

	(void)state;
	wire_icmp_finish(m, sizeof(m));
	assert_int_equal(wire_fold(wire_sum(m, sizeof(m))), WIRE_SUM_RIGHT);
	for (unsigned type = 0; type < 256; type++)
		assert_int_equal(wire_icmp_is_error((uint8_t)type),
			type != 0 && type != 8 && type != 13 && type != 14);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ether_and_arp),
		cmocka_unit_test(orders_agree),
		cmocka_unit_test(ipv4),
		cmocka_unit_test(martians),
		cmocka_unit_test(udp),
		cmocka_unit_test(udp_never_zero),
		cmocka_unit_test(icmp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
