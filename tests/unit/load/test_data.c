/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets of the load generator: what was lost, doubled, swapped, changed is seen as that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "culvert-load/data.h"
#include "wire/ipv4.h"

enum { FLOWS = 3, KEPT = 80, SIZE = 200 };

static struct data d;
static uint8_t kept[KEPT][DATA_MOST];

static int
begin(void **state)
{
	(void)state;
	return data_init(&d, FLOWS, 7);
}

static int
end(void **state)
{
	(void)state;
	data_free(&d);
	return 0;
}

/* As a router does. */
static void
hop(uint8_t *ip)
{
	ip[WIRE_IPV4_TTL]--;
	wire_ipv4_finish(ip);
}

static void
send_to(unsigned i, size_t size, uint32_t flow)
{
	data_write(&d, kept[i], size, flow, 0x0100000a, 0x0200000a, 1000);
	hop(kept[i]);
}

static void
receive(unsigned i, uint32_t flow)
{
	data_read(&d, kept[i], wire_ipv4_length(kept[i]), flow, 5000);
}

static void
what_is_right_is_received(void **state)
{
	static const size_t sizes[] = {DATA_LEAST, 53, 59, 60, 61, 1400, DATA_MOST};

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		send_to(i, sizes[i], i % FLOWS);
		assert_int_equal(wire_ipv4_length(kept[i]), sizes[i]);
		assert_int_equal(kept[i][WIRE_IPV4_PROTOCOL], WIRE_ESP);
		receive(i, i % FLOWS);
		assert_int_equal(d.counters.received, i + 1);
	}
	assert_int_equal(d.counters.sent, d.counters.received);
	assert_int_equal(d.counters.sent_bytes, d.counters.received_bytes);
	assert_int_equal(d.latency.n, d.counters.received);
	assert_int_equal(d.latency.min, 4000);
	assert_int_equal(d.counters.reordered + d.counters.doubled + d.counters.old, 0);
}

/* Each bit of a packet, but for those of the fields that routers may change. */
static void
each_changed_bit_is_seen(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 8 * SIZE; bit++) {
		uint64_t before = d.counters.received, aside = d.counters.old + d.counters.others;

		send_to(0, SIZE, 1);
		kept[0][bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (bit / 8 < WIRE_IPV4)
			wire_ipv4_finish(kept[0]);
		if (bit / 8 == WIRE_IPV4_TOS || bit / 8 == WIRE_IPV4_ID ||
			bit / 8 == WIRE_IPV4_ID + 1 || bit / 8 == WIRE_IPV4_SUM ||
			bit / 8 == WIRE_IPV4_SUM + 1 ||
			(bit / 8 >= WIRE_IPV4_FRAGMENT && bit / 8 < WIRE_IPV4_TTL) ||
			(bit / 8 >= WIRE_IPV4_SOURCE && bit / 8 < WIRE_IPV4) ||
			(bit / 8 >= 32 && bit / 8 < 48 && bit / 8 >= 40)) /* when it was sent */
			continue;
		data_read(&d, kept[0], SIZE, 1, 5000);
		assert_int_equal(d.counters.received, before);
		assert_true(d.counters.wrong_content + d.counters.wrong_place +
				    d.counters.wrong_ttl + d.counters.old + d.counters.others -
				    aside >
			    0);
	}
	assert_true(d.counters.wrong_ttl > 0 && d.counters.wrong_place > 0);
}

static void
each_length_is_its_own(void **state)
{
	(void)state;
	send_to(0, SIZE, 0);
	for (size_t len = 0; len < SIZE; len++)
		data_read(&d, kept[0], len, 0, 0);
	data_read(&d, kept[0], SIZE + 1, 0, 0);
	assert_int_equal(d.counters.received, 0);
	assert_int_equal(d.counters.wrong_content, SIZE + 1);
}

static void
order_and_doubles(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEPT; i++)
		send_to(i, SIZE, 2);
	receive(0, 2);
	receive(3, 2);
	receive(1, 2);
	receive(3, 2);
	receive(1, 2);
	assert_int_equal(d.counters.received, 3);
	assert_int_equal(data_lost(&d, 2), KEPT - 3);
	assert_int_equal(data_lost(&d, 1), 0);
	assert_int_equal(d.counters.reordered, 1);
	assert_int_equal(d.counters.doubled, 2);
	receive(70, 2);
	receive(8, 2); /* 62 before it: known still */
	receive(2, 2); /* not any more */
	assert_int_equal(d.counters.received, 5);
	assert_int_equal(d.counters.reordered, 2);
	assert_int_equal(d.counters.doubled, 3);
	receive(71, 1);
	assert_int_equal(d.counters.wrong_place, 1);
}

/* 63 numbers before the highest are known, and no more; what is that far ahead makes all before it
 * unknown. */
static void
as_far_back_as_is_remembered(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEPT; i++)
		send_to(i, SIZE, 0);
	receive(0, 0);
	receive(1, 0);
	receive(65, 0);
	receive(64, 0);
	receive(2, 0);
	assert_int_equal(d.counters.doubled, 0);
	assert_int_equal(d.counters.reordered, 2);
	receive(1, 0);
	assert_int_equal(d.counters.doubled, 1);
	assert_int_equal(d.counters.received, 5);
}

static void
an_old_run_is_left_out(void **state)
{
	(void)state;
	send_to(0, SIZE, 0);
	data_begin(&d);
	receive(0, 0);
	assert_int_equal(d.counters.old, 1);
	assert_int_equal(d.counters.received + d.counters.sent + d.counters.wrong_content, 0);
	/* a number that was never sent */
	send_to(0, SIZE, 0);
	d.flows[0].sent = 0;
	receive(0, 0);
	assert_int_equal(d.counters.wrong_content, 1);
}

static void
what_comes_after_the_end_is_too_late(void **state)
{
	(void)state;
	send_to(0, SIZE, 0);
	send_to(1, SIZE, 0);
	receive(0, 0);
	data_end(&d);
	receive(1, 0);
	assert_int_equal(d.counters.received, 1);
	assert_int_equal(d.counters.sent, 2);
	assert_int_equal(d.counters.old, 1);
	assert_int_equal(d.latency.n, 1);
}

static void
what_no_port_took_is_written_again(void **state)
{
	(void)state;
	send_to(2, SIZE, 0);
	data_write(&d, kept[0], SIZE, 0, 1, 2, 3);
	data_take_back(&d, 0, SIZE);
	assert_int_equal(d.counters.sent, 1);
	assert_int_equal(data_lost(&d, 0), 1);
	assert_int_equal(d.counters.sent_bytes, SIZE);
	data_write(&d, kept[1], SIZE, 0, 1, 2, 3);
	assert_memory_equal(kept[0], kept[1], SIZE);
	assert_int_equal(d.counters.sent, 2);
}

static void
quantiles(void **state)
{
	static struct histogram h;

	(void)state;
	assert_int_equal(histogram_quantile(&h, 0.5), 0);
	for (uint64_t i = 1; i <= 100000; i++)
		histogram_add(&h, i);
	for (unsigned percent = 1; percent <= 100; percent++) {
		uint64_t right = percent * 1000u, said = histogram_quantile(&h, percent / 100.0);

		assert_true(said >= right && said <= right + right / 16);
	}
	assert_int_equal(h.min, 1);
	assert_int_equal(h.max, 100000);
	histogram_add(&h, UINT64_MAX);
	histogram_add(&h, 0);
	assert_true(histogram_quantile(&h, 1) == UINT64_MAX);
	assert_int_equal(histogram_quantile(&h, 0), 0);
}

/* A class ends with its top, and the next begins behind it. */
static void
classes(void **state)
{
	static struct histogram h;

	(void)state;
	for (unsigned i = 0; i < HISTOGRAM_CLASSES; i++) {
		uint64_t top = histogram_top(i);

		histogram_add(&h, top);
		if (i + 1 < HISTOGRAM_CLASSES)
			histogram_add(&h, top + 1);
		assert_int_equal(h.counts[i], i == 0 ? 1 : 2);
	}
	assert_true(h.max == UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_right_is_received, begin, end),
		cmocka_unit_test_setup_teardown(each_changed_bit_is_seen, begin, end),
		cmocka_unit_test_setup_teardown(each_length_is_its_own, begin, end),
		cmocka_unit_test_setup_teardown(order_and_doubles, begin, end),
		cmocka_unit_test_setup_teardown(as_far_back_as_is_remembered, begin, end),
		cmocka_unit_test_setup_teardown(an_old_run_is_left_out, begin, end),
		cmocka_unit_test_setup_teardown(what_comes_after_the_end_is_too_late, begin, end),
		cmocka_unit_test_setup_teardown(what_no_port_took_is_written_again, begin, end),
		cmocka_unit_test(quantiles),
		cmocka_unit_test(classes),
	};

	return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}
