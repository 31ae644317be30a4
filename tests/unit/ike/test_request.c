/* SPDX-License-Identifier: BSD-3-Clause */
/* The request, byte for byte, and that nothing is written beyond its room. */
#include "sample.h"

static uint8_t out[IKE_REQUEST_MAX];

static void
test_port_500(void **state)
{
	struct ike_ask ask = sample("192.0.2.11", "192.0.2.1", IKE_PORT);
	int len = ike_write_request(seeded, &ask, out, sizeof(out));

	(void)state;
	assert_int_equal(len, sizeof(request_500));
	assert_memory_equal(out, request_500, sizeof(request_500));
}

/* On 4500 it has the marker in front, which its length doesn't count, and another hash. */
static void
test_port_4500(void **state)
{
	struct ike_ask ask = sample("192.0.2.11", "192.0.2.1", IKE_NATT_PORT);
	int len = ike_write_request(seeded, &ask, out, sizeof(out));
	size_t hash = sizeof(request_500) - CRYPTO_SHA1_BYTES;

	(void)state;
	assert_int_equal(len, sizeof(request_500) + IKE_MARKER_BYTES);
	assert_memory_equal(out, "\0\0\0\0", IKE_MARKER_BYTES);
	assert_memory_equal(out + IKE_MARKER_BYTES, request_500, hash);
	assert_memory_not_equal(
		out + IKE_MARKER_BYTES + hash, request_500 + hash, CRYPTO_SHA1_BYTES);
}

/* A group that no gateway has: offered last in both proposals, and the value is of it. */
static void
test_stateless(void **state)
{
	static const uint8_t group[] = {0, 0, 0, 8, 4, 0, 0, 1},
			     ke[] = {0x28, 0, 0, 104, 0, 1, 0, 0};
	struct ike_ask ask = sample("192.0.2.11", "192.0.2.1", IKE_PORT);
	size_t len = sizeof(request_500) + 2 * sizeof(group) - (IKE_KE_BYTES - 96);
	const uint8_t *first, *second, *value;

	(void)state;
	ask.stateless = true;
	assert_int_equal(ike_write_request(seeded, &ask, out, sizeof(out)), len);
	first = memmem(out, len, group, sizeof(group));
	assert_non_null(first);
	second = memmem(first + 8, len - (size_t)(first + 8 - out), group, sizeof(group));
	assert_non_null(second);
	value = memmem(second, len - (size_t)(second - out), ke, sizeof(ke));
	assert_ptr_equal(value, second + sizeof(group));
	assert_int_equal(value[8], ask.ke[0] & 0x7f);
	assert_memory_equal(value + 9, ask.ke + 1, 95);
}

static void
test_ipv6(void **state)
{
	struct ike_ask ask = sample("2001:db8::11", "2001:db8::1", IKE_PORT);
	uint8_t text[16 + 16 + 2] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7};
	struct cv_bytes whole = {text, sizeof(text)};
	uint8_t hash[CRYPTO_SHA1_BYTES];
	int len = ike_write_request(seeded, &ask, out, sizeof(out));

	(void)state;
	assert_int_equal(len, sizeof(request_500));
	memcpy(text + 16, ask.to.ip.bytes, 16);
	text[32] = IKE_PORT >> 8;
	text[33] = IKE_PORT & 0xff;
	assert_int_equal(crypto_sha1(seeded, &whole, 1, hash), 0);
	assert_memory_equal(out + len - CRYPTO_SHA1_BYTES, hash, sizeof(hash));
}

static void
test_no_room(void **state)
{
	struct ike_ask ask = sample("192.0.2.11", "192.0.2.1", IKE_NATT_PORT);

	(void)state;
	for (size_t room = 0; room < sizeof(request_500) + IKE_MARKER_BYTES; room++) {
		uint8_t *exact = malloc(room == 0 ? 1 : room);

		assert_non_null(exact);
		assert_int_equal(ike_write_request(seeded, &ask, exact, room), CV_ERR_SPACE);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_port_500),
		cmocka_unit_test(test_port_4500),
		cmocka_unit_test(test_stateless),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_no_room),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
