/* SPDX-License-Identifier: BSD-3-Clause */
/* When a question is sent again until it is answered: at once, then after intervals each of which
 * is twice the one before; after the last one it is over. Time is the caller's. */
#ifndef CV_RETRY_H
#define CV_RETRY_H

#include "base/time.h"

struct cv_retry {
	uint64_t at, interval_ns; /* CV_TIME_NEVER: over, or not begun */
	unsigned left;            /* times that it is still sent */
};

enum cv_retry_due { CV_RETRY_WAIT, CV_RETRY_SEND, CV_RETRY_OVER };

/* `sends` times, at 0, 1, 3, 7 ... intervals; it is over at 2^sends - 1. */
static inline struct cv_retry
cv_retry_begin(uint64_t now, uint64_t interval_ns, unsigned sends)
{
	return (struct cv_retry){.at = now, .interval_ns = interval_ns, .left = sends};
}

/* What is to be done now; each is told once. */
static inline enum cv_retry_due
cv_retry_due(struct cv_retry *r, uint64_t now)
{
	if (r->at == CV_TIME_NEVER || now < r->at)
		return CV_RETRY_WAIT;
	if (r->left == 0) {
		r->at = CV_TIME_NEVER;
		return CV_RETRY_OVER;
	}
	r->left--;
	r->at = cv_time_add(now, r->interval_ns);
	r->interval_ns = cv_time_add(r->interval_ns, r->interval_ns);
	return CV_RETRY_SEND;
}

static inline void
cv_retry_end(struct cv_retry *r)
{
	r->at = CV_TIME_NEVER;
}

#endif
