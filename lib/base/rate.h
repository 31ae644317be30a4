/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much may pass in a time: the parameters of RFC 2698's two-rate three-colour marker, and how
 * people write them.
 */
#ifndef CV_RATE_H
#define CV_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of IP packets in a second, in kbit (1,000), and bursts in bytes. */
struct cv_rate {
	uint32_t committed; /* 0: nothing is said; CV_RATE_NONE: there is no limit */
	uint32_t peak;      /* at least that */
	uint32_t committed_burst, peak_burst;
};

/* From the client and to it. */
struct cv_rates {
	struct cv_rate in, out;
};

#define CV_RATE_NONE UINT32_MAX

enum {
	CV_RATE_MIN = 8,
	CV_RATE_MAX = 400 * 1000 * 1000,
	CV_RATE_BURST_MIN = 10 * 1000, /* the largest packet of any port passes */
	CV_RATE_BURST_MAX = 100 * 1000 * 1000,
	CV_RATE_TEXT = 64,
};

/*
 * "none", or COMMITTED[/PEAK] and, behind a space, COMMITTED-BURST[/PEAK-BURST], as 10Mbit,
 * 10Mbit/20Mbit or 10Mbit/20Mbit 100kB/200kB. Without a peak it is the committed rate: what is over
 * is dropped. A burst that is not said is a tenth of a second of its rate, and at least 16 kB.
 * Returns NULL, or what is wrong, in words; *out is untouched then.
 */
const char *cv_rate_parse(const char *text, struct cv_rate *out);
/* The shortest text that means it; "" where nothing is said. Returns out. */
const char *cv_rate_text(const struct cv_rate *rate, char out[CV_RATE_TEXT]);

static inline bool
cv_rate_equal(const struct cv_rate *a, const struct cv_rate *b)
{
	return a->committed == b->committed && a->peak == b->peak &&
	       a->committed_burst == b->committed_burst && a->peak_burst == b->peak_burst;
}

static inline bool
cv_rates_equal(const struct cv_rates *a, const struct cv_rates *b)
{
	return cv_rate_equal(&a->in, &b->in) && cv_rate_equal(&a->out, &b->out);
}

/* Whether it limits anything. */
static inline bool
cv_rate_limits(const struct cv_rate *rate)
{
	return rate->committed != 0 && rate->committed != CV_RATE_NONE;
}

#endif
