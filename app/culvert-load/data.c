/* SPDX-License-Identifier: BSD-3-Clause */
#include "culvert-load/data.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "wire/ipv4.h"

/* Behind the IP header: ESP's SPI and sequence number, the flow, its number, when it was sent. */
enum {
	AT_RUN = WIRE_IPV4,
	AT_LOW = AT_RUN + 4, /* the lower half of the number, as ESP has it */
	AT_FLOW = AT_LOW + 4,
	AT_NUMBER = AT_FLOW + 4,
	AT_TIME = AT_NUMBER + 8,
	AT_FILL = AT_TIME + 8,
	REMEMBERED = 64,
};

_Static_assert((int)AT_FILL <= (int)DATA_LEAST, "all that is looked at fits");

int
data_init(struct data *d, uint32_t flows, uint32_t run)
{
	*d = (struct data){.run = run, .n = flows, .flows = calloc(flows, sizeof(d->flows[0]))};
	return d->flows == NULL ? CV_ERR_NOMEM : 0;
}

void
data_free(struct data *d)
{
	free(d->flows);
	d->flows = NULL;
}

void
data_begin(struct data *d)
{
	d->run++;
	memset(d->flows, 0, d->n * sizeof(d->flows[0]));
	memset(&d->counters, 0, sizeof(d->counters));
	memset(&d->latency, 0, sizeof(d->latency));
}

void
data_end(struct data *d)
{
	d->run++;
}

/* What fills a packet: each word follows from number, flow and place. */
static uint64_t
filling(uint64_t number, uint32_t flow)
{
	return (number << 20 ^ flow) * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

static void
fill(uint8_t *p, size_t len, uint64_t word)
{
	uint64_t step = word;

	for (; len >= 8; len -= 8, p += 8, word += step)
		memcpy(p, &word, 8);
	memcpy(p, &word, len);
}

static bool
filled(const uint8_t *p, size_t len, uint64_t word)
{
	uint64_t step = word, wrong = 0;

	for (; len >= 8; len -= 8, p += 8, word += step)
		wrong |= wire_load64(p) ^ word;
	return wrong == 0 && memcmp(p, &word, len) == 0;
}

void
data_write(struct data *d, uint8_t *ip, size_t size, uint32_t flow, uint32_t source_be,
	uint32_t target_be, uint64_t now)
{
	const struct wire_ipv4 h = {.ttl = DATA_TTL,
		.protocol = WIRE_ESP,
		.length = (uint16_t)size,
		.source_be = source_be,
		.target_be = target_be};
	uint64_t number = d->flows[flow].sent++;

	d->counters.sent++;
	d->counters.sent_bytes += size;
	wire_ipv4_write(ip, &h);
	wire_put32(ip + AT_RUN, d->run);
	wire_put32(ip + AT_LOW, (uint32_t)number);
	wire_put32(ip + AT_FLOW, flow);
	memcpy(ip + AT_NUMBER, &number, 8);
	memcpy(ip + AT_TIME, &now, 8);
	fill(ip + AT_FILL, size - AT_FILL, filling(number, flow));
}

void
data_take_back(struct data *d, uint32_t flow, size_t size)
{
	d->flows[flow].sent--;
	d->counters.sent--;
	d->counters.sent_bytes -= size;
}

/* Whether this number has not come before; a bit a number for the last 64. What is older can't be
 * told from what was doubled, and counts as that. */
static bool
is_new(struct data *d, struct flow *f, uint64_t number)
{
	uint64_t back;

	if (number >= f->next) {
		uint64_t ahead = number - f->next + 1;

		f->seen = ahead >= REMEMBERED ? 1 : f->seen << ahead | 1;
		f->next = number + 1;
		return true;
	}
	back = f->next - 1 - number;
	if (back >= REMEMBERED || (f->seen >> back & 1) != 0) {
		d->counters.doubled++;
		return false;
	}
	f->seen |= UINT64_C(1) << back;
	d->counters.reordered++;
	return true;
}

uint32_t
data_flow_of(const uint8_t *ip)
{
	return wire_get32(ip + AT_FLOW);
}

void
data_read(struct data *d, const uint8_t *ip, size_t len, uint32_t flow, uint64_t now)
{
	uint64_t number, sent;

	if (len >= WIRE_IPV4 && ip[WIRE_IPV4_PROTOCOL] != WIRE_ESP) {
		d->counters.others++;
		return;
	}
	if (len < DATA_LEAST || ip[0] != 0x45 || wire_ipv4_length(ip) != len ||
		!wire_ipv4_sum_right(ip, WIRE_IPV4)) {
		d->counters.wrong_content++;
		return;
	}
	if (wire_get32(ip + AT_RUN) != d->run) {
		d->counters.old++;
		return;
	}
	memcpy(&number, ip + AT_NUMBER, 8);
	memcpy(&sent, ip + AT_TIME, 8);
	if (wire_get32(ip + AT_FLOW) != flow) {
		d->counters.wrong_place++;
	} else if (number >= d->flows[flow].sent || (uint32_t)number != wire_get32(ip + AT_LOW) ||
		   !filled(ip + AT_FILL, len - AT_FILL, filling(number, flow))) {
		d->counters.wrong_content++;
	} else if (ip[WIRE_IPV4_TTL] != DATA_TTL - 1) {
		d->counters.wrong_ttl++;
	} else if (is_new(d, &d->flows[flow], number)) {
		d->flows[flow].received++;
		d->counters.received++;
		d->counters.received_bytes += len;
		histogram_add(&d->latency, now > sent ? now - sent : 0);
	}
}

uint64_t
data_lost(const struct data *d, uint32_t flow)
{
	return d->flows[flow].sent - d->flows[flow].received;
}
