/* SPDX-License-Identifier: BSD-3-Clause */
/* What routers say of paths, over either family. */
#ifndef DATAPATH_PATH_H
#define DATAPATH_PATH_H

#include "harness.h"

/* A byte of what is said, and what comes of another one there. */
struct forgery {
	unsigned at;
	enum dp_drop_cause cause;
};

/* A frame that would make the path to a session narrower is dropped with each of them, though its
 * checksum is right, which sum() writes. */
static inline void
expect_forged(struct bench *b, uint32_t slot, const uint8_t *said, size_t len,
	void (*sum)(uint8_t *frame, size_t len), const struct forgery *cases, unsigned n)
{
	uint16_t mtu = dp_session_mtu(b->dp, slot);

	for (unsigned i = 0; i < n; i++) {
		uint64_t before = drops(b, cases[i].cause);
		uint8_t frame[FRAME_MAX];

		memcpy(frame, said, len);
		frame[cases[i].at] ^= 0x11;
		sum(frame, len);
		put_frame(b, frame, len);
		if (drops(b, cases[i].cause) != before + 1)
			print_error("case %u\n", i);
		assert_int_equal(drops(b, cases[i].cause), before + 1);
		assert_int_equal(dp_session_mtu(b->dp, slot), mtu);
	}
	/* and makes it so as it is */
	put_frame(b, said, len);
	assert_true(dp_session_mtu(b->dp, slot) < mtu);
}

#endif
