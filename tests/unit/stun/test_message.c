/* SPDX-License-Identifier: BSD-3-Clause */
/* The format of messages: the vectors of RFC 5769 and RFC 8489, and what is no message. */
#include "vectors.h"

#include "../seeded.h"
#include "crypto/crypto.h"

/* MESSAGE-INTEGRITY (RFC 8489 section 14.5): over what is before it, with a length up to its end.
 */
static void
check_integrity(const struct stun_message *m, struct cv_bytes key)
{
	uint8_t sum[CRYPTO_SHA1_BYTES], head[4];
	struct cv_bytes value, parts[2];
	size_t before;

	assert_true(find(m, STUN_MESSAGE_INTEGRITY, &value));
	assert_int_equal(value.len, CRYPTO_SHA1_BYTES);
	before = (size_t)(value.data - m->whole.data) - 4;
	memcpy(head, m->whole.data, 2);
	head[2] = (uint8_t)((before + 24 - STUN_HEADER) >> 8);
	head[3] = (uint8_t)(before + 24 - STUN_HEADER);
	parts[0] = BYTES(head);
	parts[1] = (struct cv_bytes){m->whole.data + 4, before - 4};
	assert_int_equal(crypto_hmac_sha1(seeded, key, parts, 2, sum), 0);
	assert_memory_equal(sum, value.data, sizeof(sum));
}

static const struct cv_bytes password = {(const uint8_t *)"VOkJxbRl1RmTxUk/WvJxBt", 22};

static void
check_types(const struct stun_message *m, const uint16_t *types, size_t n)
{
	struct stun_cursor c = stun_attributes(m);
	struct stun_attribute a;

	for (size_t i = 0; i < n; i++) {
		assert_true(stun_next(&c, &a));
		assert_int_equal(a.type, types[i]);
	}
	assert_false(stun_next(&c, &a));
}

static void
test_sample_request(void **state)
{
	static const uint16_t types[] = {STUN_SOFTWARE, 0x0024, 0x8029, STUN_USERNAME,
		STUN_MESSAGE_INTEGRITY, STUN_FINGERPRINT};
	struct stun_message m;
	struct cv_bytes value;

	(void)state;
	assert_int_equal(stun_parse(BYTES(sample_request), &m), 0);
	assert_int_equal(m.class, STUN_REQUEST);
	assert_int_equal(m.method, STUN_BINDING);
	assert_true(m.cookie);
	assert_ptr_equal(m.id, sample_request + 4);
	assert_memory_equal(m.id + 4, "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae", 12);
	check_types(&m, types, 6);
	assert_true(find(&m, STUN_SOFTWARE, &value));
	assert_int_equal(value.len, 16);
	assert_memory_equal(value.data, "STUN test client", 16);
	assert_true(find(&m, STUN_USERNAME, &value)); /* its padding is of spaces */
	assert_int_equal(value.len, 9);
	assert_memory_equal(value.data, "evtj:h6vY", 9);
	check_integrity(&m, password);
	assert_non_null(m.fingerprint);
	assert_true(stun_fingerprint_right(&m));
	assert_int_equal(stun_fingerprint(sample_request, sizeof(sample_request) - 8), 0xe57a3bcf);
}

static void
check_response(struct cv_bytes bytes, const char *ip, uint32_t fingerprint)
{
	static const uint16_t types[] = {
		STUN_SOFTWARE, STUN_XOR_MAPPED_ADDRESS, STUN_MESSAGE_INTEGRITY, STUN_FINGERPRINT};
	struct cv_endpoint ep, want = endpoint(ip, 32853);
	uint8_t room[64];
	struct cv_writer w = cv_writer(room, sizeof(room));
	struct stun_message m;
	struct cv_bytes value;

	assert_int_equal(stun_parse(bytes, &m), 0);
	assert_int_equal(m.class, STUN_SUCCESS);
	assert_int_equal(m.method, STUN_BINDING);
	check_types(&m, types, 4);
	assert_true(find(&m, STUN_SOFTWARE, &value));
	assert_int_equal(value.len, 11);
	assert_memory_equal(value.data, "test vector", 11);
	assert_true(find(&m, STUN_XOR_MAPPED_ADDRESS, &value));
	assert_int_equal(stun_read_address(value, m.id, &ep), 0);
	assert_true(cv_endpoint_equal(&ep, &want));
	check_integrity(&m, password);
	assert_int_equal(stun_fingerprint(bytes.data, bytes.len - 8), fingerprint);
	/* and is written as it was */
	stun_write_address(&w, STUN_XOR_MAPPED_ADDRESS, &want, m.id);
	assert_int_equal(cv_written(&w), value.len + 4);
	assert_memory_equal(room, value.data - 4, value.len + 4);
}

static void
test_sample_responses(void **state)
{
	(void)state;
	check_response(BYTES(response_ipv4), "192.0.2.1", 0xc07d4c96);
	check_response(BYTES(response_ipv6), "2001:db8:1234:5678:11:2233:4455:6677", 0xc8fb0b4c);
}

static void
test_long_term_credentials(void **state)
{
	static const uint16_t types[] = {
		STUN_USERNAME, STUN_NONCE, STUN_REALM, STUN_MESSAGE_INTEGRITY};
	static const uint16_t hashed[] = {
		STUN_USERHASH, STUN_NONCE, STUN_REALM, STUN_MESSAGE_INTEGRITY_SHA256};
	uint8_t key[CRYPTO_MD5_BYTES];
	struct cv_bytes parts[5] = {[1] = {(const uint8_t *)":", 1},
		[3] = {(const uint8_t *)":", 1},
		[4] = {(const uint8_t *)"TheMatrIX", 9}};
	struct stun_message m;

	(void)state;
	assert_int_equal(stun_parse(BYTES(long_term_request), &m), 0);
	check_types(&m, types, 4);
	assert_null(m.fingerprint);
	assert_true(stun_fingerprint_right(&m));
	assert_true(find(&m, STUN_USERNAME, &parts[0]));
	assert_true(find(&m, STUN_REALM, &parts[2]));
	assert_int_equal(parts[0].len, 18);
	assert_int_equal(parts[2].len, 11);
	assert_int_equal(crypto_md5(seeded, parts, 5, key), 0);
	check_integrity(&m, BYTES(key));

	assert_int_equal(stun_parse(BYTES(hash_request), &m), 0);
	check_types(&m, hashed, 4);
	assert_true(find(&m, STUN_NONCE, &parts[0]));
	assert_int_equal(parts[0].len, 41);
	assert_memory_equal(parts[0].data, "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA", 41);
}

/* Every class and method: their bits lie between each other (section 5). */
static void
test_every_type(void **state)
{
	static const struct {
		enum stun_class class;
		uint16_t method, type;
	} known[] = {
		{STUN_REQUEST, 1, 0x0001},
		{STUN_INDICATION, 1, 0x0011},
		{STUN_SUCCESS, 1, 0x0101},
		{STUN_ERROR, 1, 0x0111},
		{STUN_REQUEST, 0xfff, 0x3eef},
		{STUN_REQUEST, 0x080, 0x0200},
	};
	uint8_t bytes[STUN_HEADER];
	struct stun_message m;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct cv_writer w = cv_writer(bytes, sizeof(bytes));

		stun_write_header(&w, known[i].class, known[i].method, sample_request + 4);
		assert_int_equal(bytes[0] << 8 | bytes[1], known[i].type);
	}
	for (unsigned class = STUN_REQUEST; class <= STUN_ERROR; class ++)
		for (unsigned method = 0; method < 4096; method++) {
			struct cv_writer w = cv_writer(bytes, sizeof(bytes));

			stun_write_header(
				&w, (enum stun_class) class, (uint16_t)method, sample_request + 4);
			assert_int_equal(stun_parse(BYTES(bytes), &m), 0);
			assert_int_equal(m.class, class);
			assert_int_equal(m.method, method);
		}
}

/* What is no message gives an error; has_fingerprint: of what is one. */
static int
parse_exact(const uint8_t *data, size_t len, bool *has_fingerprint)
{
	struct cv_bytes copy = copy_of(data, len);
	struct stun_message m;
	int rc = stun_parse(copy, &m);

	*has_fingerprint = rc == 0 && m.fingerprint != NULL;
	drop_copy(copy);
	return rc;
}

static int
parse_copy(const uint8_t *data, size_t len)
{
	bool has_fingerprint;

	return parse_exact(data, len, &has_fingerprint);
}

/* Cut anywhere, with bytes behind, with any bit wrong: no message. */
static void
test_cut_and_broken(void **state)
{
	uint8_t bytes[sizeof(sample_request) + 4];
	unsigned without = 0;

	(void)state;
	for (size_t len = 0; len < sizeof(sample_request); len++)
		assert_int_equal(parse_copy(sample_request, len), CV_ERR_TRUNCATED);
	memcpy(bytes, sample_request, sizeof(sample_request));
	for (size_t more = 1; more <= 4; more++)
		assert_int_equal(
			parse_copy(bytes, sizeof(sample_request) + more), CV_ERR_MALFORMED);
	for (size_t bit = 0; bit < 8 * sizeof(sample_request); bit++) {
		bool has_fingerprint;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (parse_exact(bytes, sizeof(sample_request), &has_fingerprint) == 0) {
			/* no longer there: another type, or in the attribute before it */
			assert_false(has_fingerprint);
			without++;
		}
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(without, 16 + 2); /* USERNAME and MESSAGE-INTEGRITY reach over it */
	assert_int_equal(parse_copy(bytes, sizeof(sample_request)), 0);
}

static void
test_lengths(void **state)
{
	static const struct {
		uint8_t type, len;
		const char *body;
		size_t body_len;
		int rc;
	} cases[] = {
		{0x00, 0, "", 0, 0}, {0x40, 0, "", 0, CV_ERR_MALFORMED}, /* the first two bits */
		{0x80, 0, "", 0, CV_ERR_MALFORMED},
		{0x00, 1, "\0", 1, CV_ERR_MALFORMED}, /* no multiple of 4 */
		{0x00, 2, "\0\0", 2, CV_ERR_MALFORMED},
		{0x00, 6, "\x80\x22\0\2ab", 6, CV_ERR_MALFORMED},
		{0x00, 4, "", 0, CV_ERR_TRUNCATED},             /* beyond the datagram */
		{0x00, 0, "\x80\x22\0\0", 4, CV_ERR_MALFORMED}, /* below it */
		{0x00, 4, "\x80\x22\0\0", 4, 0},                /* an empty attribute */
		{0x00, 4, "\x80\x22\0\1", 4, CV_ERR_MALFORMED}, /* beyond the message */
		{0x00, 8, "\x80\x22\0\4abcd", 8, 0},
		{0x00, 8, "\x80\x22\0\5abcd", 8, CV_ERR_MALFORMED},
		{0x00, 8,
			"\x80\x22\xff\xff"
			"abcd",
			8, CV_ERR_MALFORMED},
		{0x00, 8, "\x80\x22\0\1a\xff\xff\xff", 8, 0},       /* padding may be anything */
		{0x00, 8, "\x80\x28\0\3abcd", 8, CV_ERR_MALFORMED}, /* FINGERPRINT too short, */
		{0x00, 12, "\x80\x28\0\5abcdefgh", 12, CV_ERR_MALFORMED},       /* too long, */
		{0x00, 4, "\x80\x28\0\0", 4, CV_ERR_MALFORMED},                 /* empty, */
		{0x00, 8, "\x80\x28\0\4\x93\xb7\x80\xdf", 8, CV_ERR_MALFORMED}, /* wrong */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[64] = {cases[i].type, 1, 0, cases[i].len, 0x21, 0x12, 0xa4, 0x42};

		memcpy(bytes + STUN_HEADER, cases[i].body, cases[i].body_len);
		if (parse_copy(bytes, STUN_HEADER + cases[i].body_len) != cases[i].rc)
			fail_msg("case %zu", i);
	}
}

/* The header by itself says as much, of attributes that nobody looks at. */
static void
test_header_alone(void **state)
{
	(void)state;
	for (size_t more = 0; more <= 8; more++) {
		uint8_t bytes[STUN_HEADER + 8] = {1, 1, 0, (uint8_t)more, 0x21, 0x12, 0xa4, 0x42};
		struct cv_bytes copy = copy_of(bytes, STUN_HEADER + more);
		struct stun_message m;
		int rc = stun_parse_header(copy, &m);

		assert_int_equal(rc, more % 4 == 0 ? 0 : CV_ERR_MALFORMED);
		if (rc == 0)
			assert_null(m.fingerprint);
		drop_copy(copy);
	}
}

/* FINGERPRINT in its place is taken, not before another attribute, nor twice. */
static void
test_fingerprint_is_last(void **state)
{
	uint8_t bytes[64];

	(void)state;
	for (unsigned form = 0; form < 3; form++) {
		struct cv_writer w = cv_writer(bytes, sizeof(bytes));

		stun_write_header(&w, STUN_REQUEST, STUN_BINDING, sample_request + 4);
		if (form != 0) {
			uint8_t sum[4];
			uint32_t right;

			/* right for its place, were it the last one */
			cv_patch_u16(&w, 2, 8);
			right = stun_fingerprint(bytes, STUN_HEADER);
			for (unsigned i = 0; i < 4; i++)
				sum[i] = (uint8_t)(right >> (24 - 8 * i));
			stun_write_attribute(&w, STUN_FINGERPRINT, sum, 4);
			assert_int_equal(parse_copy(bytes, cv_written(&w)), 0);
			if (form == 1)
				stun_write_attribute(&w, STUN_SOFTWARE, "ab", 2);
		}
		stun_write_finish(&w, form != 1);
		assert_false(w.failed);
		assert_int_equal(
			parse_copy(bytes, cv_written(&w)), form == 0 ? 0 : CV_ERR_MALFORMED);
	}
}

/* What follows an integrity is not covered by it, and ignored (section 9). */
static void
test_behind_integrity(void **state)
{
	static const uint16_t first[] = {STUN_REALM, STUN_MESSAGE_INTEGRITY,
		STUN_MESSAGE_INTEGRITY_SHA256, STUN_FINGERPRINT};
	static const uint16_t second[] = {
		STUN_REALM, STUN_MESSAGE_INTEGRITY_SHA256, STUN_FINGERPRINT};
	uint8_t bytes[256], sum[32] = {0};
	struct stun_message m;

	(void)state;
	for (unsigned sha256 = 0; sha256 < 2; sha256++) {
		struct cv_writer w = cv_writer(bytes, sizeof(bytes));

		stun_write_header(&w, STUN_REQUEST, STUN_BINDING, sample_request + 4);
		stun_write_attribute(&w, STUN_REALM, "r", 1);
		if (sha256 == 0)
			stun_write_attribute(&w, STUN_MESSAGE_INTEGRITY, sum, 20);
		else
			stun_write_attribute(&w, STUN_MESSAGE_INTEGRITY_SHA256, sum, 32);
		stun_write_attribute(&w, STUN_USERNAME, "u", 1);
		if (sha256 == 0)
			stun_write_attribute(&w, STUN_MESSAGE_INTEGRITY_SHA256, sum, 32);
		else
			stun_write_attribute(&w, STUN_MESSAGE_INTEGRITY, sum, 20);
		stun_write_attribute(&w, STUN_SOFTWARE, "s", 1);
		stun_write_finish(&w, true);
		assert_int_equal(stun_parse((struct cv_bytes){bytes, cv_written(&w)}, &m), 0);
		if (sha256 == 0)
			check_types(&m, first, 4);
		else
			check_types(&m, second, 3);
	}
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int rc;
	} cases[] = {
		{"\0\1\0\7\1\2\3\4", 8, 0},
		{"\xff\1\0\7\1\2\3\4", 8, 0}, /* the first byte means nothing */
		{"\0\1\0\7\1\2\3", 7, CV_ERR_MALFORMED},
		{"\0\1\0\7\1\2\3\4\5", 9, CV_ERR_MALFORMED},
		{"\0\1\0\7", 4, CV_ERR_MALFORMED},
		{"\0\1", 2, CV_ERR_MALFORMED},
		{"", 0, CV_ERR_MALFORMED},
		{"\0\2\0\7\1\2\3\4", 8, CV_ERR_MALFORMED},
		{"\0\2\0\7"
		 "0123456789abcdef",
			20, 0},
		{"\0\2\0\7"
		 "0123456789abcdefg",
			21, CV_ERR_MALFORMED},
		{"\0\3\0\7\1\2\3\4", 8, CV_ERR_UNKNOWN},
		{"\0\0\0\7", 4, CV_ERR_UNKNOWN},
	};
	struct cv_endpoint ep;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cv_bytes copy = copy_of(cases[i].bytes, cases[i].len);

		if (stun_read_address(copy, NULL, &ep) != cases[i].rc)
			fail_msg("case %zu", i);
		if (cases[i].rc == 0)
			assert_int_equal(ep.port, 7);
		drop_copy(copy);
	}
}

/* Nothing is written beyond the room; what is too long for a length fails. */
static void
test_room(void **state)
{
	struct cv_endpoint ep = endpoint("2001:db8::1", 40000);
	uint8_t id[STUN_ID] = {0x21, 0x12, 0xa4, 0x42}, *large;
	struct cv_writer w;

	(void)state;
	for (size_t room = 0; room <= 64; room++) {
		uint8_t *out = malloc(room == 0 ? 1 : room);

		assert_non_null(out);
		w = cv_writer(out, room);
		stun_write_header(&w, STUN_SUCCESS, STUN_BINDING, id);
		stun_write_address(&w, STUN_XOR_MAPPED_ADDRESS, &ep, id);
		stun_write_attribute(&w, STUN_SOFTWARE, "abc", 3);
		stun_write_finish(&w, true);
		assert_int_equal(w.failed, room < 20 + 24 + 8 + 8);
		free(out);
	}
	large = calloc(1, 80000);
	assert_non_null(large);
	w = cv_writer(large, 80000);
	stun_write_header(&w, STUN_REQUEST, STUN_BINDING, id);
	stun_write_zeros(&w, STUN_PADDING, 65536);
	assert_true(w.failed);
	for (unsigned extra = 0; extra < 2; extra++) {
		struct stun_message m;

		w = cv_writer(large, 80000);
		stun_write_header(&w, STUN_REQUEST, STUN_BINDING, id);
		stun_write_zeros(&w, STUN_PADDING, 65532 - 4 - 8 + 4 * extra);
		stun_write_finish(&w, true);
		assert_int_equal(w.failed, extra != 0);
		if (extra == 0)
			assert_int_equal(
				stun_parse((struct cv_bytes){large, cv_written(&w)}, &m), 0);
	}
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample_request),
		cmocka_unit_test(test_sample_responses),
		cmocka_unit_test(test_long_term_credentials),
		cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_cut_and_broken),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_header_alone),
		cmocka_unit_test(test_fingerprint_is_last),
		cmocka_unit_test(test_behind_integrity),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, seeded_setup, seeded_teardown);
}
