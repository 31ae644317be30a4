/* SPDX-License-Identifier: BSD-3-Clause */
/* What a real gateway answers, and what nobody should. */
#include "sample.h"

static struct ike_response said;

/* The datagram has its exact size, for a sanitizer. */
static int
read_as(const struct ike_ask *ask, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);
	int rc;

	assert_non_null(copy);
	if (len != 0)
		memcpy(copy, data, len);
	memset(&said, 0xff, sizeof(said));
	rc = ike_read_response(seeded, ask, (struct cv_bytes){copy, len}, &said);
	free(copy);
	return rc;
}

#define READ(ask, array) read_as(ask, array, sizeof(array))

static void
test_accepted(void **state)
{
	struct ike_ask ask = sample("192.0.2.11", "192.0.2.1", IKE_PORT);

	(void)state;
	assert_int_equal(READ(&ask, accepted_500), 0);
	assert_true(said.accepted && said.nat_detection);
	assert_false(said.nat_here || said.nat_there || said.cookie || said.version1);
	assert_int_equal(said.error, 0);
	ask = sample("192.0.2.11", "192.0.2.1", IKE_NATT_PORT);
	assert_int_equal(READ(&ask, accepted_4500), 0);
	assert_true(said.accepted && said.nat_detection && !said.nat_here && !said.nat_there);
	/* with a marker where there should be none, and the other way round */
	assert_int_equal(READ(&ask, accepted_500), CV_ERR_UNKNOWN);
	ask.marker = false;
	assert_int_equal(READ(&ask, accepted_4500), CV_ERR_UNKNOWN);
}

/* The gateway saw another address than we have; it has another one than we know. */
static void
test_nat(void **state)
{
	struct ike_ask ask = sample("10.0.0.2", "192.0.2.1", IKE_PORT);

	(void)state;
	assert_int_equal(READ(&ask, accepted_nat), 0);
	assert_true(said.accepted && said.nat_detection && said.nat_here && !said.nat_there);
	ask = sample("192.0.2.11", "198.51.100.1", IKE_PORT);
	assert_int_equal(READ(&ask, accepted_500), 0);
	assert_true(said.nat_there && !said.nat_here);
	/* another port alone is a NAT, too */
	ask = sample("192.0.2.11", "192.0.2.1", IKE_PORT);
	ask.from.port++;
	assert_int_equal(READ(&ask, accepted_500), 0);
	assert_true(said.nat_here && !said.nat_there);
}

static void
test_refused(void **state)
{
	struct ike_ask ask = sample("192.0.2.11", "192.0.2.1", IKE_PORT);

	(void)state;
	assert_int_equal(READ(&ask, refused_proposal), 0);
	assert_int_equal(said.error, IKE_NO_PROPOSAL_CHOSEN);
	assert_false(said.accepted || said.cookie || said.nat_detection || said.nat_here);
	assert_int_equal(READ(&ask, refused_ke), 0);
	assert_int_equal(said.error, IKE_INVALID_KE_PAYLOAD);
	assert_int_equal(READ(&ask, cookie), 0);
	assert_true(said.cookie && !said.accepted && said.error == 0);
}

/* The head of a message under construction: our SPI, then what is given. */
static uint8_t room[4096];
static size_t used;

static void
begin(uint8_t next, uint8_t version, uint8_t exchange, uint8_t flags)
{
	memset(room, 0, IKE_HEADER);
	memcpy(room, refused_ke, IKE_SPI_BYTES);
	room[16] = next;
	room[17] = version;
	room[18] = exchange;
	room[19] = flags;
	used = IKE_HEADER;
}

static void
add(const void *bytes, size_t len)
{
	memcpy(room + used, bytes, len);
	used += len;
}

static int
finish(const struct ike_ask *ask)
{
	room[26] = (uint8_t)(used >> 8);
	room[27] = (uint8_t)used;
	return read_as(ask, room, used);
}

/* RFC 2408 section 3.14: an Informational exchange of one that speaks IKEv1 alone. */
static void
test_version_1(void **state)
{
	struct ike_ask ask = sample("192.0.2.11", "192.0.2.1", IKE_PORT);

	(void)state;
	begin(11, 0x10, 5, 0);
	add("\0\0\0\x0c\0\0\0\1\1\0\0\5", 12);
	assert_int_equal(finish(&ask), 0);
	assert_true(said.version1 && !said.accepted && !said.nat_detection);
	assert_int_equal(said.error, IKE_INVALID_MAJOR_VERSION);
	begin(11, 0x10, 5, 0);
	add("\0\0\0\x0b\0\0\0\1\1\0\0", 11);
	assert_int_equal(finish(&ask), CV_ERR_MALFORMED);
	begin(0, 0x30, 34, 0x20);
	assert_int_equal(finish(&ask), CV_ERR_VERSION);
}

static void
test_no_answer(void **state)
{
	struct ike_ask ask = sample("192.0.2.11", "192.0.2.1", IKE_PORT);
	uint8_t other[sizeof(refused_ke)];

	(void)state;
	/* our own request come back */
	assert_int_equal(READ(&ask, request_500), CV_ERR_UNKNOWN);
	memcpy(other, refused_ke, sizeof(other));
	other[7] ^= 1;
	assert_int_equal(READ(&ask, other), CV_ERR_UNKNOWN);
	/* INFORMATIONAL; a later message; the initiator's flag */
	begin(0, 0x20, 37, 0x20);
	assert_int_equal(finish(&ask), CV_ERR_UNKNOWN);
	begin(0, 0x20, 34, 0x20);
	room[23] = 1;
	assert_int_equal(finish(&ask), CV_ERR_UNKNOWN);
	begin(0, 0x20, 34, 0x28);
	assert_int_equal(finish(&ask), CV_ERR_UNKNOWN);
	/* no response at all */
	begin(0, 0x20, 34, 0);
	assert_int_equal(finish(&ask), CV_ERR_UNKNOWN);
	/* ESP in UDP */
	ask.marker = true;
	assert_int_equal(READ(&ask, refused_ke), CV_ERR_UNKNOWN);
	/* nothing is told by an empty one but that it came */
	ask.marker = false;
	begin(0, 0x20, 34, 0x20);
	assert_int_equal(finish(&ask), 0);
	assert_true(!said.accepted && said.error == 0);
}

static void
test_malformed(void **state)
{
	struct ike_ask ask = sample("192.0.2.11", "192.0.2.1", IKE_PORT);
	uint8_t longer[sizeof(accepted_500) + 1] = {0};

	(void)state;
	for (size_t len = 0; len < sizeof(accepted_500); len++)
		assert_int_equal(read_as(&ask, accepted_500, len), CV_ERR_TRUNCATED);
	memcpy(longer, accepted_500, sizeof(accepted_500));
	assert_int_equal(READ(&ask, longer), CV_ERR_MALFORMED);
	/* payloads: shorter than their header, beyond the end, an SPI beyond the end, one that is
	 * announced and not there, bytes behind the last */
	static const struct {
		uint8_t bytes[16];
		size_t len;
	} wrong[] = {
		{"\0\0\0\3", 4},
		{"\0\0\0\0", 4},
		{"\0\0\0\x09\0\0\0\x0e", 8},
		{"\0\0\0\x08\0\1\0\x0e", 8},
		{"\0\0\0\7\0\0\0", 7},
		{"\x29\0\0\x08\0\0\0\x0e", 8},
		{"\0\0\0\x08\0\0\0\x0e\0\0\0\0", 12},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin(41, 0x20, 34, 0x20);
		add(wrong[i].bytes, wrong[i].len);
		assert_int_equal(finish(&ask), CV_ERR_MALFORMED);
	}
}

/* However many payloads there are, few are looked at; hashes of a wrong length are none of ours. */
static void
test_many(void **state)
{
	struct ike_ask ask = sample("192.0.2.11", "192.0.2.1", IKE_PORT);

	(void)state;
	for (unsigned n = IKE_PAYLOADS_MAX; n <= IKE_PAYLOADS_MAX + 1; n++) {
		begin(41, 0x20, 34, 0x20);
		for (unsigned i = 0; i < n; i++) {
			add("\x29\0\0\x0c\0\0\x40\4hash", 12);
			room[used - 9] = 12;
			room[used - 12] = i + 1 < n ? 41 : 0;
		}
		assert_int_equal(finish(&ask), n > IKE_PAYLOADS_MAX ? CV_ERR_MALFORMED : 0);
	}
	assert_false(said.nat_detection);
	begin(41, 0x20, 34, 0x20);
	add("\x29\0\0\x0c\0\0\x40\4hash\0\0\0\x08\0\0\x40\5", 20);
	assert_int_equal(finish(&ask), 0);
	assert_true(said.nat_detection && said.nat_here && said.nat_there && !said.accepted);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(ike_error_name(14), "NO_PROPOSAL_CHOSEN");
	assert_string_equal(ike_error_name(17), "INVALID_KE_PAYLOAD");
	assert_string_equal(ike_error_name(5), "INVALID_MAJOR_VERSION");
	assert_string_equal(ike_error_name(7), "INVALID_SYNTAX");
	assert_null(ike_error_name(0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_nat),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
