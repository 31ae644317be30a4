/* SPDX-License-Identifier: BSD-3-Clause */
/* Address, control and protocol fields in all their forms. */
#include "harness.h"

static void
parse(const char *hex, int rc, uint16_t protocol, size_t payload)
{
	uint8_t bytes[32];
	size_t len = from_hex(hex, bytes, sizeof(bytes));
	struct ppp_frame f;

	assert_int_equal(ppp_frame_parse(bytes, len, &f), rc);
	if (rc != 0)
		return;
	assert_int_equal(f.protocol, protocol);
	assert_int_equal(f.payload.len, payload);
	assert_ptr_equal(f.payload.data, bytes + len - payload);
}

static void
test_forms(void **state)
{
	(void)state;
	parse("ff03 0021 45", 0, PPP_IP, 1);
	parse("ff03 21 45", 0, PPP_IP, 1);
	parse("0021 45", 0, PPP_IP, 1);
	parse("21 45", 0, PPP_IP, 1);
	parse("ff03 c021 0101", 0, PPP_LCP, 2);
	parse("c021", 0, PPP_LCP, 0);
	parse("21", 0, PPP_IP, 0);
	parse("ff", 0, 0xff, 0); /* compressed protocol 0xff, not half an address field */
	parse("ff 05", 0, 0xff, 1);
	/* against the rule of odd and even octets: a protocol that nobody knows */
	parse("c020 01", 0, 0xc020, 1);
	parse("ff03 0020 45", 0, 0x0020, 1);
}

static void
test_broken(void **state)
{
	struct ppp_frame f;

	(void)state;
	assert_int_equal(ppp_frame_parse(NULL, 0, &f), CV_ERR_TRUNCATED);
	parse("ff03", CV_ERR_TRUNCATED, 0, 0);
	parse("c0", CV_ERR_TRUNCATED, 0, 0);
	parse("ff03 00", CV_ERR_TRUNCATED, 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_broken),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
