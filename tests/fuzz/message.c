/* SPDX-License-Identifier: BSD-3-Clause */
/* The AVPs of a control message, read without a secret and with one, which opens hidden ones. */
#include "l2tp/message.h"
#include "fuzz.h"

static void
parse(struct cv_bytes secret, struct cv_bytes payload)
{
	struct l2tp_fault fault = {.text = ""};
	struct l2tp_message m;
	int rc = l2tp_message_parse(fuzz_crypto(), secret, payload, &m, &fault);

	FUZZ_CHECK(rc == 0 || rc == CV_ERR_UNKNOWN || rc == CV_ERR_MALFORMED);
	if (rc == CV_ERR_MALFORMED)
		FUZZ_CHECK(fault.error != 0 && fault.text[0] != '\0');
	for (unsigned i = 0; rc == 0 && i < L2TP_AVP_COUNT; i++) {
		unsigned sum = 0;

		for (size_t at = 0; l2tp_has(&m, i) && at < m.value[i].len; at++)
			sum += m.value[i].data[at]; /* each byte is there to be read */
		FUZZ_CHECK(sum <= 255 * L2TP_VALUE_MAX);
	}
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	struct cv_bytes payload = {data, len};

	if (len == 0)
		return 0; /* a ZLB is no message */
	parse((struct cv_bytes){0}, payload);
	parse((struct cv_bytes){fuzz_secret, FUZZ_SECRET_BYTES}, payload);
	return 0;
}
