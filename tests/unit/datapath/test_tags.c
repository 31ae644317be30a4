/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames with IEEE 802.1Q tags: priority tags (VLAN ID 0) are taken as if there were none, and what
 * is answered or relayed leaves without; frames of a VLAN are dropped. */
#include "harness.h"

enum { TAG = 4, PRIORITIES = 8 };

/* Puts a tag behind the MAC addresses; returns the new length. */
static size_t
tag(uint8_t *frame, size_t len, unsigned priority, unsigned vlan)
{
	memmove(frame + 12 + TAG, frame + 12, len - 12);
	wire_store16(frame + 12, 0x0081);
	frame[14] = (uint8_t)(priority << 5 | vlan >> 8);
	frame[15] = (uint8_t)vlan;
	return len + TAG;
}

static size_t
arp_request(const struct bench *b, uint8_t *frame)
{
	size_t len = bench_arp(b, PEER_A, frame);

	frame[21] = 1; /* a request */
	return len;
}

static size_t
echo_request(const struct bench *b, uint8_t *frame)
{
	uint8_t *ip = frame + WIRE_ETHER, *icmp = ip + WIRE_IPV4;

	bench_udp(b, PEER_A, PORT_A, "12345678", 8, frame);
	ip[9] = 1;
	inner_checksum(ip);
	memset(icmp, 0, 16);
	icmp[0] = 8;
	wire_store16(icmp + 2, wire_checksum(wire_sum(icmp, 16)));
	return WIRE_ETHER + WIRE_IPV4 + 16;
}

static void
priority_tagged_frames_are_taken(void **state)
{
	static const uint8_t sccrq[] = {0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0};
	uint8_t frame[FRAME_MAX], packet[FRAME_MAX], got[FRAME_MAX];
	struct wire wire = {.length = true};
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	inner_packet(packet, INNER_A, INNER_B, 50, 1300);
	for (unsigned priority = 0; priority < PRIORITIES; priority++) {
		struct frame_bytes f;
		struct dp_punt punt;
		size_t len;

		put_frame(&b, frame, tag(frame, arp_request(&b, frame), priority, 0));
		f = take_frame(&b);
		assert_int_equal(f.len, 42);
		assert_int_equal(wire_load16(f.bytes + 12), 0x0608);
		assert_int_equal(wire_load16(f.bytes + 20), 0x0200);

		put_frame(&b, frame, tag(frame, echo_request(&b, frame), priority, 0));
		f = take_frame(&b);
		assert_int_equal(f.len, WIRE_ETHER + WIRE_IPV4 + 16);
		assert_int_equal(wire_load16(f.bytes + 12), 0x0008);
		assert_int_equal(f.bytes[WIRE_ETHER + WIRE_IPV4], 0);

		bench_udp(&b, PEER_A, PORT_A, sccrq, sizeof(sccrq), frame);
		put_frame(&b, frame, tag(frame, 42 + sizeof(sccrq), priority, 0));
		assert_true(dp_punt_next(b.dp, &punt));
		assert_int_equal(punt.len, sizeof(sccrq));
		assert_memory_equal(punt.data, sccrq, sizeof(sccrq));
		dp_punt_release(b.dp, &punt);

		inner_packet(packet, INNER_A, INNER_B, 50, 1300);
		len = build_data(&b, true, &wire, packet, 1300, frame);
		put_frame(&b, frame, tag(frame, len, priority, 0));
		packet[8]--;
		inner_checksum(packet);
		assert_int_equal(take_inner(&b, false, got), 1300); /* checks its headers */
		assert_memory_equal(got, packet, 1300);
	}
	bench_down(&b);
}

static void
frames_of_a_vlan_are_dropped(void **state)
{
	static const unsigned vlans[] = {1, 2, 0x100, 0x800, 0xfff};
	uint8_t frame[FRAME_MAX];
	struct bench b;

	(void)state;
	bench_up(&b, 0, 0);
	for (unsigned i = 0; i < RTE_DIM(vlans); i++) {
		put_frame(&b, frame, tag(frame, arp_request(&b, frame), i, vlans[i]));
		assert_int_equal(take_frame(&b).len, 0);
		assert_int_equal(drops(&b, DP_DROP_CLASSIFY_VLAN), i + 1);
	}
	/* a tag behind a tag, a tag cut short */
	put_frame(&b, frame, tag(frame, tag(frame, arp_request(&b, frame), 0, 0), 0, 0));
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_ETHERTYPE), 1);
	tag(frame, arp_request(&b, frame), 0, 0);
	put_frame(&b, frame, 17);
	put_frame(&b, frame, 18);
	assert_int_equal(drops(&b, DP_DROP_CLASSIFY_RUNT), 2);
	bench_down(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(priority_tagged_frames_are_taken),
		cmocka_unit_test(frames_of_a_vlan_are_dropped),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
