/* SPDX-License-Identifier: BSD-3-Clause */
/* The L2TP header, and the first look at what may be an SCCRQ. */
#include "l2tp/header.h"
#include "fuzz.h"
#include "l2tp/tunnel.h"

static bool
inside(struct cv_bytes part, const uint8_t *data, size_t len)
{
	return part.data >= data && part.data + part.len <= data + len;
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	struct l2tp_peek peek;
	struct l2tp_header h;
	int rc = l2tp_header_parse(data, len, &h);

	FUZZ_CHECK(rc == 0 || rc == CV_ERR_VERSION || rc == CV_ERR_TRUNCATED ||
		   rc == CV_ERR_MALFORMED);
	if (rc == 0)
		FUZZ_CHECK(inside(h.payload, data, len));
	if (rc == 0 && h.is_control)
		FUZZ_CHECK(h.has_length && h.has_sequence);
	if (l2tp_peek(data, len, &peek) == 0 && peek.host_name.len != 0)
		FUZZ_CHECK(rc == 0 && inside(peek.host_name, data, len));
	return 0;
}
