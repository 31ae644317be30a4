/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames of the load generator: ARP, what is for it, and what is broken or for others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "culvert-load/side.h"

enum { FIRST = 0xcb007101, N = 5, OWN = 0xc000023c, LNS = 0xc0000201, PAYLOAD = 33 };

static const uint8_t lns_mac[WIRE_MAC] = {2, 0, 0, 0, 0, 1};

static struct side
new_side(void)
{
	return (struct side){
		.mac = {2, 0, 0, 0, 0, 9}, .first = FIRST, .n = N, .own = OWN, .next_hop = LNS};
}

/* Read from memory that ends where the frame does. */
static struct side_frame
read_frame(struct side *s, const uint8_t *frame, size_t len, uint8_t reply[SIDE_ARP])
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);
	struct side_frame f;

	assert_non_null(copy);
	memcpy(copy, frame, len);
	side_read(s, copy, len, reply, &f);
	free(copy);
	return f;
}

static void
arp(uint8_t frame[SIDE_ARP], uint16_t operation, uint32_t target)
{
	const struct side s = new_side();

	wire_ether_write(frame, s.mac, lns_mac, WIRE_TYPE_ARP);
	wire_arp_write(frame + WIRE_ETHER, operation, lns_mac, wire_swap32(LNS), NULL,
		wire_swap32(target));
}

static void
arp_is_answered_for_our_addresses(void **state)
{
	static const uint32_t ours[] = {FIRST, FIRST + N - 1, OWN};
	static const uint32_t others[] = {FIRST - 1, FIRST + N, LNS, 0, UINT32_MAX};
	uint8_t frame[SIDE_ARP], reply[SIDE_ARP];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct side s = new_side();

		arp(frame, WIRE_ARP_REQUEST, ours[i]);
		assert_int_equal(read_frame(&s, frame, sizeof(frame), reply).kind, SIDE_ANSWER);
		assert_memory_equal(reply, lns_mac, WIRE_MAC);
		assert_int_equal(
			wire_get16(reply + WIRE_ETHER + WIRE_ARP_OPERATION), WIRE_ARP_REPLY);
		assert_int_equal(wire_get32(reply + WIRE_ETHER + WIRE_ARP_SENDER_IP), ours[i]);
		assert_memory_equal(reply + WIRE_ETHER + WIRE_ARP_SENDER_MAC, s.mac, WIRE_MAC);
		assert_true(s.found); /* who asks has told where it is */
		assert_memory_equal(s.next_mac, lns_mac, WIRE_MAC);
	}
	for (unsigned i = 0; i < 5; i++) {
		struct side s = new_side();

		arp(frame, WIRE_ARP_REQUEST, others[i]);
		assert_int_equal(read_frame(&s, frame, sizeof(frame), reply).kind, SIDE_NOTHING);
		assert_false(s.found);
	}
}

static void
the_next_hop_is_found(void **state)
{
	struct side s = new_side();
	uint8_t frame[SIDE_ARP], reply[SIDE_ARP];

	(void)state;
	side_ask(&s, frame);
	assert_int_equal(wire_get32(frame + WIRE_ETHER + WIRE_ARP_TARGET_IP), LNS);
	assert_int_equal(wire_get32(frame + WIRE_ETHER + WIRE_ARP_SENDER_IP), OWN);
	arp(frame, WIRE_ARP_REPLY, OWN);
	frame[WIRE_ETHER + WIRE_ARP_SENDER_IP + 3] ^= 1; /* somebody else */
	assert_int_equal(read_frame(&s, frame, sizeof(frame), reply).kind, SIDE_NOTHING);
	assert_false(s.found);
	arp(frame, WIRE_ARP_REPLY, OWN);
	assert_int_equal(read_frame(&s, frame, sizeof(frame), reply).kind, SIDE_NOTHING);
	assert_true(s.found);
}

/* As the LNS sends one. */
static size_t
datagram(uint8_t *frame)
{
	struct side s = new_side(), lns = {0};

	memcpy(lns.mac, lns_mac, WIRE_MAC);
	memcpy(lns.next_mac, s.mac, WIRE_MAC);
	memset(frame + SIDE_OUTER, 0x5a, PAYLOAD);
	side_write_udp(&lns, frame, LNS, 1701, FIRST + 2, 40000, PAYLOAD, true);
	return SIDE_OUTER + PAYLOAD;
}

static void
a_datagram_is_read(void **state)
{
	uint8_t frame[256] = {0}, reply[SIDE_ARP];
	size_t len = datagram(frame);
	struct side s = new_side();
	struct side_frame f;

	(void)state;
	assert_true(wire_udp_sum_right(
		frame + WIRE_ETHER + WIRE_IPV4, wire_swap32(LNS), wire_swap32(FIRST + 2)));
	side_read(&s, frame, len + 7, reply, &f); /* Ethernet's padding */
	assert_int_equal(f.kind, SIDE_UDP);
	assert_int_equal(f.source, LNS);
	assert_int_equal(f.target, FIRST + 2);
	assert_int_equal(f.source_port, 1701);
	assert_int_equal(f.target_port, 40000);
	assert_int_equal(f.payload.len, PAYLOAD);
	assert_ptr_equal(f.payload.data, frame + SIDE_OUTER);
	frame[0] ^= 4; /* another MAC address */
	side_read(&s, frame, len, reply, &f);
	assert_int_equal(f.kind, SIDE_NOTHING);
	frame[0] ^= 4;
	wire_put16(frame + WIRE_ETHER + WIRE_IPV4_FRAGMENT, WIRE_IPV4_MORE);
	wire_ipv4_finish(frame + WIRE_ETHER);
	side_read(&s, frame, len, reply, &f);
	assert_int_equal(f.kind, SIDE_IP);
}

/* Cut anywhere, and each byte changed: what is read stays within the frame (the sanitizers look).
 */
static void
broken_frames(void **state)
{
	uint8_t frame[256] = {0}, reply[SIDE_ARP];
	size_t len = datagram(frame);
	struct side s = new_side();

	(void)state;
	for (size_t n = 0; n < len; n++)
		assert_int_equal(read_frame(&s, frame, n, reply).kind, SIDE_NOTHING);
	for (unsigned i = WIRE_ETHER; i < SIDE_OUTER; i++)
		for (unsigned v = 0; v < 256; v++) {
			struct side_frame f;
			uint8_t was = frame[i];

			frame[i] = (uint8_t)v;
			if (wire_ipv4_header(frame + WIRE_ETHER) >= WIRE_IPV4)
				wire_ipv4_finish(frame + WIRE_ETHER);
			f = read_frame(&s, frame, len, reply);
			assert_true(f.kind == SIDE_NOTHING || f.ip_len <= len - WIRE_ETHER);
			assert_true(f.kind != SIDE_UDP || f.payload.len <= len - SIDE_OUTER);
			frame[i] = was;
			wire_ipv4_finish(frame + WIRE_ETHER);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arp_is_answered_for_our_addresses),
		cmocka_unit_test(the_next_hop_is_found),
		cmocka_unit_test(a_datagram_is_read),
		cmocka_unit_test(broken_frames),
	};

	return cmocka_run_group_tests_name("side", tests, NULL, NULL);
}
