/* SPDX-License-Identifier: BSD-3-Clause */
/* Echo requests of every form to our inner and outer address (RFC 1812 section 4.3.3.6): in
 * fragments, with options, larger than what the way back carries. */
#include "harness.h"

enum { ICMP = 1, MORE = 0x2000, OFFSET = 0x1fff, DATA_MAX = 4000 };

/* An echo request from outside comes in one frame, one from a client in a tunnel. */
struct where {
	struct bench b;
	bool outside;
	uint32_t from, us;
};

static void
up(struct where *w, bool outside)
{
	bench_up(&w->b, 0, 0);
	w->outside = outside;
	w->from = outside ? PEER_A : INNER_A;
	w->us = outside ? LNS_IP : INNER_LNS;
}

static void
put(struct where *w, const uint8_t *packet, size_t len)
{
	uint8_t frame[FRAME_MAX];

	if (!w->outside) {
		put_data(&w->b, true, &(struct wire){0}, packet, len);
		return;
	}
	memcpy(frame, w->b.dp->ports[0].mac, 6);
	memcpy(frame + 6, "\2\0\0\0\0\11", 6);
	wire_store16(frame + 12, 0x0008);
	memcpy(frame + WIRE_ETHER, packet, len);
	put_frame(&w->b, frame, WIRE_ETHER + len);
}

/* The next answer, its header checked; 0: none. */
static size_t
take(struct where *w, uint8_t *got)
{
	struct frame_bytes f;
	size_t len;

	if (w->outside) {
		f = take_frame(&w->b);
		len = f.len == 0 ? 0 : f.len - WIRE_ETHER;
		memcpy(got, f.bytes + WIRE_ETHER, len);
	} else {
		len = take_inner(&w->b, true, got);
	}
	if (len == 0)
		return 0;
	assert_int_equal(rte_bswap16(wire_load16(got + 2)), len);
	assert_int_equal(wire_fold(wire_sum(got, (got[0] & 15u) * 4)), 0xffff);
	assert_int_equal(rte_be_to_cpu_32(wire_load32(got + 12)), w->us);
	assert_int_equal(rte_be_to_cpu_32(wire_load32(got + 16)), w->from);
	assert_int_equal(got[8], 64);
	return len;
}

/* An echo request's ICMP part: header and data. */
static void
request(uint8_t *icmp, size_t len)
{
	for (size_t i = 0; i < len; i++)
		icmp[i] = (uint8_t)(i * 11 + len);
	icmp[0] = 8;
	icmp[1] = 0;
	wire_store16(icmp + 2, 0);
	wire_store16(icmp + 2, wire_checksum(wire_sum(icmp, len)));
}

/* Its part from `at` on, as a fragment. */
static void
put_part(struct where *w, const uint8_t *icmp, size_t len, size_t at, size_t bytes, uint16_t id)
{
	uint8_t packet[FRAME_MAX];

	inner_packet(packet, w->from, w->us, ICMP, 20 + bytes);
	memcpy(packet + 20, icmp + at, bytes);
	wire_store16(packet + 4, id);
	wire_store16(packet + 6, rte_bswap16((uint16_t)(at / 8 | (at + bytes < len ? MORE : 0u))));
	inner_checksum(packet);
	put(w, packet, 20 + bytes);
}

/* Puts the answers together, as the sender will; returns the bytes that came. */
static size_t
put_together(struct where *w, uint8_t *icmp, size_t most)
{
	uint8_t got[FRAME_MAX];
	size_t len, bytes = 0;

	memset(icmp, 0, DATA_MAX);
	while ((len = take(w, got)) != 0) {
		unsigned at = (rte_bswap16(wire_load16(got + 6)) & OFFSET) * 8u;

		assert_true(len <= most);
		assert_int_equal(wire_load16(got + 6) & 0x0040, 0); /* DF */
		assert_true(at + len - 20 <= DATA_MAX);
		memcpy(icmp + at, got + 20, len - 20);
		bytes += len - 20;
	}
	return bytes;
}

static void
is_answer(const uint8_t *icmp, const uint8_t *asked, size_t len)
{
	assert_int_equal(icmp[0], 0);
	assert_int_equal(wire_fold(wire_sum(icmp, len)), 0xffff);
	assert_memory_equal(icmp + 4, asked + 4, len - 4);
}

static void
echo_in_fragments_is_answered(void **state)
{
	static uint8_t asked[DATA_MAX], got[DATA_MAX];
	static const size_t cuts[] = {0, 1200, 2000, 3008, 4000};
	struct where w;

	(void)state;
	for (int outside = 0; outside < 2; outside++) {
		up(&w, outside);
		request(asked, DATA_MAX);
		for (size_t i = 0; i + 1 < RTE_DIM(cuts); i++)
			put_part(&w, asked, DATA_MAX, cuts[i], cuts[i + 1] - cuts[i], 77);
		assert_int_equal(put_together(&w, got, 1500), DATA_MAX);
		is_answer(got, asked, DATA_MAX);
		/* later fragments that follow nothing are not */
		put_part(&w, asked, DATA_MAX, cuts[1], 100, 78);
		assert_int_equal(take_frame(&w.b).len, 0);
		/* nor those of what is no request: two of us would go on for ever */
		asked[0] = 0;
		put_part(&w, asked, DATA_MAX, 0, 800, 79);
		put_part(&w, asked, DATA_MAX, 800, 800, 79);
		assert_int_equal(take_frame(&w.b).len, 0);
		dp_follow_drain(w.b.dp->workers[0]);
		bench_down(&w.b);
	}
}

static void
fragments_of_a_clients_echo_come_in_any_order(void **state)
{
	static uint8_t asked[DATA_MAX], got[DATA_MAX];
	struct where w;

	(void)state;
	up(&w, false);
	request(asked, DATA_MAX);
	put_part(&w, asked, DATA_MAX, 2400, 1600, 77);
	put_part(&w, asked, DATA_MAX, 1200, 1200, 77);
	put_part(&w, asked, DATA_MAX, 0, 1200, 77);
	assert_int_equal(put_together(&w, got, 1400), DATA_MAX);
	is_answer(got, asked, DATA_MAX);
	bench_down(&w.b);
}

/* A client may send more than it takes; a device may have put a request together. */
static void
an_answer_fits_the_way_back(void **state)
{
	static uint8_t asked[DATA_MAX], got[DATA_MAX];
	uint8_t packet[FRAME_MAX];
	struct where w;

	(void)state;
	for (int outside = 0; outside < 2; outside++) {
		struct session_ip ip = {.address = cv_ipv4(INNER_A),
			.group = GROUP_A,
			.filter = GROUP_A,
			.mtu = 576};

		up(&w, outside);
		w.b.dp->ports[0].mtu = outside ? 576 : 1500;
		assert_int_equal(session_open(w.b.dp, w.b.slot_a, &ip), 0);
		request(asked, 1300);
		inner_packet(packet, w.from, w.us, ICMP, 1320);
		packet[6] = 0x40;
		memcpy(packet + 20, asked, 1300);
		inner_checksum(packet);
		put(&w, packet, 1320);
		assert_int_equal(put_together(&w, got, 576), 1300);
		is_answer(got, asked, 1300);
		/* and so a fragment's answer does */
		put_part(&w, asked, 1300, 0, 1200, 9);
		put_part(&w, asked, 1300, 1200, 100, 9);
		assert_int_equal(put_together(&w, got, 576), 1300);
		is_answer(got, asked, 1300);
		bench_down(&w.b);
	}
}

/* As if nobody had asked before. */
static void
unlimited(struct where *w)
{
	struct dp_worker *worker = w->b.dp->workers[0];

	worker->limits[w->b.slot_a].echoes = 0;
	memset(worker->echo_rates, 0, sizeof(worker->echo_rates));
	worker->echoes.level = worker->echoes.second;
}

/* An echo request with so many bytes of options; returns the answer's header length. */
static unsigned
with_options(struct where *w, const void *options, unsigned bytes, uint8_t *got)
{
	uint8_t packet[FRAME_MAX];
	unsigned header = 20 + bytes;
	size_t len = inner_packet(packet, w->from, w->us, ICMP, header + 40);

	packet[0] = (uint8_t)(0x40 | header / 4);
	memcpy(packet + 20, options, bytes);
	request(packet + header, 40);
	inner_checksum(packet);
	unlimited(w);
	put(w, packet, len);
	if (take(w, got) == 0)
		return 0;
	is_answer(got + header, packet + header, 40);
	return header;
}

static void
options_that_record_the_way_name_us(void **state)
{
	uint8_t got[FRAME_MAX];
	struct where w;

	(void)state;
	for (int outside = 0; outside < 2; outside++) {
		uint32_t us;

		up(&w, outside);
		us = rte_cpu_to_be_32(w.us);
		/* record route with room for two, one taken; then it is full */
		assert_int_equal(with_options(&w, "\7\13\10\1\2\3\4\0\0\0\0\0", 12, got), 32);
		assert_memory_equal(got + 20, "\7\13\14\1\2\3\4", 7);
		assert_int_equal(wire_load32(got + 27), us);
		assert_int_equal(with_options(&w, "\7\7\10\1\2\3\4\0", 8, got), 28);
		assert_memory_equal(got + 20, "\7\7\10\1\2\3\4\0", 8);
		/* time alone, time with address, and no room: counted */
		assert_int_equal(with_options(&w, "\1\1\1\1\104\10\5\0\0\0\0\0", 12, got), 32);
		assert_memory_equal(got + 24, "\104\10\11\0", 4);
		assert_int_equal(got[28] & 0x80, 0x80);
		assert_int_equal(with_options(&w, "\104\14\5\1\0\0\0\0\0\0\0\0", 12, got), 32);
		assert_memory_equal(got + 20, "\104\14\15\1", 4);
		assert_int_equal(wire_load32(got + 24), us);
		assert_int_equal(got[28] & 0x80, 0x80);
		assert_int_equal(with_options(&w, "\104\10\11\0\1\2\3\4", 8, got), 28);
		assert_memory_equal(got + 20, "\104\10\11\20\1\2\3\4", 8);
		/* a time for somebody else is none for us */
		assert_int_equal(with_options(&w, "\104\14\5\3\1\2\3\4\0\0\0\0", 12, got), 32);
		assert_memory_equal(got + 20, "\104\14\5\3\1\2\3\4\0\0\0\0", 12);
		bench_down(&w.b);
	}
}

/* Options whose lengths and pointers lie, and source routes: dropped or left alone. */
static void
odd_options_do_no_harm(void **state)
{
	uint8_t got[FRAME_MAX], options[40];
	uint64_t seed = 7;
	struct where w;

	(void)state;
	for (int outside = 0; outside < 2; outside++) {
		up(&w, outside);
		assert_int_equal(with_options(&w, "\203\7\4\1\2\3\4\0", 8, got), 0);
		assert_int_equal(with_options(&w, "\7\50\4\0", 4, got), 0);
		assert_int_equal(with_options(&w, "\7\1\4\0", 4, got), 0);
		for (unsigned i = 0; i < 20000; i++) {
			for (size_t k = 0; k < sizeof(options); k++) {
				seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
				options[k] = (uint8_t)(seed >> 33 & 31);
			}
			options[0] = i % 2 == 0 ? 7 : 68;
			(void)with_options(&w, options, 4 + i % 10 * 4, got);
		}
		bench_down(&w.b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo_in_fragments_is_answered),
		cmocka_unit_test(fragments_of_a_clients_echo_come_in_any_order),
		cmocka_unit_test(an_answer_fits_the_way_back),
		cmocka_unit_test(options_that_record_the_way_name_us),
		cmocka_unit_test(odd_options_do_no_harm),
	};

	if (harness_eal() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
