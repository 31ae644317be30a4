/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/rate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint32_t of;
};

static const struct unit rate_units[] = {{"kbit", 1}, {"Mbit", 1000}, {"Gbit", 1000 * 1000}};
static const struct unit burst_units[] = {{"kB", 1000}, {"MB", 1000 * 1000}};

enum { RATE_UNITS = 3, BURST_UNITS = 2, DEFAULT_BURST = 16 * 1000 };

/* A number and one of the units, and where they end; NULL: there is no such thing. A value that is
 * too large is UINT32_MAX. */
static const char *
read_value(const char *text, const struct unit *units, size_t n, uint32_t *out)
{
	uint64_t value = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || text[0] == '0')
		return NULL;
	for (size_t i = 0; i < digits; i++)
		if (value <= UINT32_MAX)
			value = value * 10 + (uint64_t)(text[i] - '0');
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(text + digits, units[i].name, len) != 0)
			continue;
		value *= units[i].of;
		*out = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
		return text + digits + len;
	}
	return NULL;
}

/* ONE or ONE/TWO; *two stays where it is not there. Where they end, or NULL. */
static const char *
read_pair(const char *text, const struct unit *units, size_t n, uint32_t *one, uint32_t *two)
{
	text = read_value(text, units, n, one);
	if (text == NULL || *text != '/')
		return text;
	return read_value(text + 1, units, n, two);
}

static uint32_t
default_burst(uint32_t rate)
{
	uint64_t bytes = ((uint64_t)rate / 8 / 10 + 1) * 1000; /* whole kB */

	if (bytes > CV_RATE_BURST_MAX)
		return CV_RATE_BURST_MAX;
	return bytes < DEFAULT_BURST ? DEFAULT_BURST : (uint32_t)bytes;
}

static const char *
check(const struct cv_rate *r)
{
	if (r->committed < CV_RATE_MIN || r->committed > CV_RATE_MAX || r->peak > CV_RATE_MAX)
		return "a rate is from 8kbit to 400Gbit";
	if (r->peak < r->committed)
		return "the peak rate, behind the /, is below the committed one";
	if (r->committed_burst < CV_RATE_BURST_MIN || r->committed_burst > CV_RATE_BURST_MAX ||
		r->peak_burst < CV_RATE_BURST_MIN || r->peak_burst > CV_RATE_BURST_MAX)
		return "a burst is from 10kB to 100MB";
	return NULL;
}

const char *
cv_rate_parse(const char *text, struct cv_rate *out)
{
	struct cv_rate r = {0};
	const char *wrong;

	if (strcmp(text, "none") == 0) {
		*out = (struct cv_rate){.committed = CV_RATE_NONE};
		return NULL;
	}
	text = read_pair(text, rate_units, RATE_UNITS, &r.committed, &r.peak);
	if (text == NULL || (*text != '\0' && *text != ' '))
		return "a rate is a whole number and kbit, Mbit or Gbit, as 10Mbit, or committed "
		       "and peak, as 10Mbit/20Mbit";
	if (*text == ' ')
		text = read_pair(
			text + 1, burst_units, BURST_UNITS, &r.committed_burst, &r.peak_burst);
	if (text == NULL || *text != '\0')
		return "behind the rate stands a burst, a whole number and kB or MB, as 10Mbit "
		       "100kB, or that of each rate, as 10Mbit/20Mbit 100kB/200kB";
	if (r.peak == 0 && r.peak_burst != 0)
		return "two bursts, but only one rate";
	if (r.committed_burst == 0)
		r.committed_burst = default_burst(r.committed);
	if (r.peak == 0) {
		r.peak = r.committed;
		r.peak_burst = r.committed_burst;
	} else if (r.peak_burst == 0) {
		r.peak_burst = default_burst(r.peak);
	}
	wrong = check(&r);
	if (wrong == NULL)
		*out = r;
	return wrong;
}

static size_t
put_value(char *out, size_t used, const char *before, uint32_t value, const struct unit *units,
	size_t n)
{
	while (n > 1 && value % units[n - 1].of != 0)
		n--;
	return used + (size_t)snprintf(out + used, CV_RATE_TEXT - used, "%s%" PRIu32 "%s", before,
			      value / units[n - 1].of, units[n - 1].name);
}

const char *
cv_rate_text(const struct cv_rate *r, char out[CV_RATE_TEXT])
{
	bool one = r->peak == r->committed && r->peak_burst == r->committed_burst;
	size_t used = 0;

	out[0] = '\0';
	if (r->committed == CV_RATE_NONE)
		snprintf(out, CV_RATE_TEXT, "none");
	if (!cv_rate_limits(r))
		return out;
	used = put_value(out, used, "", r->committed, rate_units, RATE_UNITS);
	if (!one)
		used = put_value(out, used, "/", r->peak, rate_units, RATE_UNITS);
	if (r->committed_burst == default_burst(r->committed) &&
		(one || r->peak_burst == default_burst(r->peak)))
		return out;
	used = put_value(out, used, " ", r->committed_burst, burst_units, BURST_UNITS);
	if (!one)
		put_value(out, used, "/", r->peak_burst, burst_units, BURST_UNITS);
	return out;
}
