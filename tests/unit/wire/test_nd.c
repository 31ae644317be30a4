/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbor Discovery: what we write is taken, and each thing that RFC 4861 sections 7.1.1 and 7.1.2
 * forbid is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/nd.h"

static const uint8_t us[16] = {0x20, 1, 0x0d, 0xb8, [15] = 1},
		     them[16] = {0x20, 1, 0x0d, 0xb8, [15] = 2}, nobody[16],
		     mac[6] = {2, 4, 6, 8, 1, 3}, all_nodes[16] = {0xff, 2, [15] = 1};

/* Read from memory of its exact size. */
static bool
read_exactly(const uint8_t *ip, size_t len, struct wire_nd *nd)
{
	uint8_t *exact = malloc(len + 1);
	bool right;

	assert_non_null(exact);
	memcpy(exact + 1, ip, len);
	right = wire_nd_read(exact + 1, len, nd);
	free(exact);
	return right;
}

static void
solicit_and_answer(void **state)
{
	uint8_t ask[WIRE_ND_PACKET], answer[WIRE_ND_PACKET], group[16];
	struct wire_nd asked, told;

	(void)state;
	assert_int_equal(wire_nd_write_solicit(ask, them, mac, NULL, us), WIRE_ND_PACKET);
	assert_true(wire_nd_read(ask, sizeof(ask), &asked));
	wire_ipv6_solicited(us, group);
	assert_int_equal(asked.type, WIRE_ND_SOLICIT);
	assert_memory_equal(asked.source, them, 16);
	assert_memory_equal(asked.target, group, 16);
	assert_memory_equal(asked.about, us, 16);
	assert_memory_equal(asked.mac, mac, 6);
	assert_int_equal(
		wire_nd_write_advert(answer, &asked, mac, WIRE_ND_OVERRIDE), sizeof(answer));
	assert_true(wire_nd_read(answer, sizeof(answer), &told));
	assert_int_equal(told.type, WIRE_ND_ADVERT);
	assert_int_equal(told.flags, WIRE_ND_OVERRIDE | WIRE_ND_SOLICITED);
	assert_memory_equal(told.source, us, 16);
	assert_memory_equal(told.target, them, 16);
	assert_memory_equal(told.about, us, 16);
	assert_memory_equal(told.mac, mac, 6);
	wire_nd_write_solicit(ask, them, mac, us, us); /* of one that is known */
	assert_true(wire_nd_read(ask, sizeof(ask), &asked));
	assert_memory_equal(asked.target, us, 16);
}

/* Whether an address is free (RFC 4862): asked by nobody, told to all. */
static void
duplicate_detection(void **state)
{
	uint8_t ask[WIRE_ND_PACKET], answer[WIRE_ND_PACKET];
	struct wire_nd asked, told;
	size_t len = wire_nd_write_solicit(ask, nobody, mac, NULL, us);

	(void)state;
	assert_int_equal(len, WIRE_IPV6 + WIRE_ND_OPTIONS);
	assert_true(wire_nd_read(ask, len, &asked));
	assert_null(asked.mac);
	wire_nd_write_advert(answer, &asked, mac, 0);
	assert_true(wire_nd_read(answer, sizeof(answer), &told));
	assert_memory_equal(told.target, all_nodes, 16);
	assert_int_equal(told.flags, 0);
}

/* The packet with one byte changed and its checksum right again. */
static bool
taken_with(const uint8_t *packet, size_t len, size_t at, uint8_t value)
{
	uint8_t ip[WIRE_ND_PACKET + 8];
	struct wire_nd nd;

	memcpy(ip, packet, len);
	ip[at] = value;
	wire_icmpv6_finish(
		ip + WIRE_IPV6, len - WIRE_IPV6, ip + WIRE_IPV6_SOURCE, ip + WIRE_IPV6_TARGET);
	return read_exactly(ip, len, &nd);
}

static void
what_the_rfc_discards(void **state)
{
	enum { ND = WIRE_IPV6, OPTION = WIRE_IPV6 + WIRE_ND_OPTIONS };
	uint8_t ask[WIRE_ND_PACKET], answer[WIRE_ND_PACKET], free_ask[WIRE_ND_PACKET];
	size_t len = sizeof(ask), free_len;
	struct wire_nd nd;

	(void)state;
	wire_nd_write_solicit(ask, them, mac, NULL, us);
	assert_true(wire_nd_read(ask, len, &nd));
	wire_nd_write_advert(answer, &nd, mac, 0);
	free_len = wire_nd_write_solicit(free_ask, nobody, mac, NULL, us);
	assert_true(taken_with(ask, len, ND, WIRE_ND_SOLICIT));
	assert_false(taken_with(ask, len, WIRE_IPV6_HOPS, 254)); /* through a router */
	assert_false(taken_with(ask, len, WIRE_IPV6_NEXT, WIRE_UDP));
	assert_false(taken_with(ask, len, ND, WIRE_ND_ROUTER_ADVERT));
	assert_false(taken_with(ask, len, ND + WIRE_ICMP_CODE, 1));
	assert_false(taken_with(ask, len, ND + WIRE_ND_TARGET, 0xff)); /* about a group */
	assert_false(taken_with(ask, len, WIRE_IPV6_SOURCE, 0xff));    /* from one */
	assert_false(taken_with(ask, len, OPTION + 1, 0));             /* an endless option, */
	assert_false(taken_with(ask, len, OPTION + 1, 2));             /* one beyond the packet */
	assert_false(taken_with(free_ask, free_len, WIRE_IPV6_TARGET + 15, 9)); /* other group */
	assert_false(taken_with(answer, len, WIRE_IPV6_SOURCE, 0xff));
	/* told to a group, as if it had asked */
	assert_false(taken_with(answer, len, WIRE_IPV6_TARGET, 0xff));
	ask[ND + WIRE_ICMP_SUM] ^= 1;
	assert_false(read_exactly(ask, len, &nd));
}

/* Nobody who has no address yet tells where it is. */
static void
nobody_tells_no_mac(void **state)
{
	uint8_t ask[WIRE_ND_PACKET];
	struct wire_nd nd;

	(void)state;
	wire_nd_write_solicit(ask, them, mac, NULL, us);
	memset(ask + WIRE_IPV6_SOURCE, 0, 16);
	wire_icmpv6_finish(ask + WIRE_IPV6, sizeof(ask) - WIRE_IPV6, ask + WIRE_IPV6_SOURCE,
		ask + WIRE_IPV6_TARGET);
	assert_false(wire_nd_read(ask, sizeof(ask), &nd));
}

static void
cut_anywhere(void **state)
{
	uint8_t ask[WIRE_ND_PACKET];
	struct wire_nd nd;

	(void)state;
	for (size_t len = 0; len < sizeof(ask); len++) {
		wire_nd_write_solicit(ask, them, mac, NULL, us);
		if (len >= WIRE_IPV6) {
			wire_put16(ask + WIRE_IPV6_LENGTH, (uint16_t)(len - WIRE_IPV6));
			wire_icmpv6_finish(ask + WIRE_IPV6, len - WIRE_IPV6, ask + WIRE_IPV6_SOURCE,
				ask + WIRE_IPV6_TARGET);
		}
		/* whole without its option it is one without */
		assert_int_equal(read_exactly(ask, len, &nd), len == WIRE_IPV6 + WIRE_ND_OPTIONS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(solicit_and_answer),
		cmocka_unit_test(duplicate_detection),
		cmocka_unit_test(what_the_rfc_discards),
		cmocka_unit_test(nobody_tells_no_mac),
		cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
