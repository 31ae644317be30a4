/* SPDX-License-Identifier: BSD-3-Clause */
#include "valid.h"

#include <assert.h>

#include "wire/ipv4.h"
#include "wire/ipv6.h"

enum { OPTIONS_MOST = WIRE_IPV4_MOST - WIRE_IPV4, UNIT = 8, EXTENSIONS_MOST = 6 };

static const uint8_t protocols[] = {WIRE_ESP, WIRE_ESP, WIRE_AH, WIRE_UDP, WIRE_UDP, WIRE_TCP,
	WIRE_ICMP, WIRE_SCTP, 4, 41, 47, 253};

struct random
random_of(uint64_t seed)
{
	struct random r = {seed * UINT64_C(0x9e3779b97f4a7c15) | 1};

	for (unsigned i = 0; i < 8; i++)
		(void)random_number(&r, 2);
	return r;
}

uint32_t
random_number(struct random *r, uint32_t below)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (uint32_t)((r->state >> 32) * below >> 32);
}

bool
random_hit(struct random *r, uint32_t n)
{
	return random_number(r, n) == 0;
}

void
random_bytes(struct random *r, uint8_t *out, size_t len)
{
	/* each eighth byte alone is drawn: who carries them reads none of them */
	for (size_t i = 0; i < len; i += UNIT) {
		uint64_t bytes;

		(void)random_number(r, 2);
		bytes = r->state;
		memcpy(out + i, &bytes, len - i < UNIT ? len - i : UNIT);
	}
}

/* Few are long; lengths are odd as often as not. */
static size_t
length(struct random *r, size_t least, size_t most)
{
	if (least >= most)
		return least;
	if (random_hit(r, 4))
		return least + random_number(r, (uint32_t)(most - least + 1));
	return least + random_number(r, (uint32_t)(most - least < 200 ? most - least + 1 : 200));
}

static uint8_t
hops(struct random *r)
{
	if (random_hit(r, 64))
		return (uint8_t)random_number(r, 2);
	return (uint8_t)(random_hit(r, 4) ? 2 + random_number(r, 254) : 64);
}

/* Options that any router passes on (RFC 791 section 3.1), padded to whole words. */
static size_t
options(struct random *r, uint8_t *out)
{
	/* record route, time stamp, router alert, security, two that nobody knows, by type */
	static const uint8_t types[] = {7, 68, 148, 130, 0x5e, 0xde};
	size_t len = 0, wanted = 1 + random_number(r, OPTIONS_MOST);

	while (len + 2 <= wanted) {
		uint8_t type = types[random_number(r, sizeof(types))];
		size_t bytes = type == 148 ? 4 : 2 + random_number(r, 10);

		if (random_hit(r, 3)) {
			out[len++] = WIRE_OPTION_NOP;
			continue;
		}
		if (len + bytes > OPTIONS_MOST)
			break;
		random_bytes(r, out + len, bytes);
		out[len] = type;
		out[len + 1] = (uint8_t)bytes;
		len += bytes;
	}
	while (len % 4 != 0)
		out[len++] = WIRE_OPTION_END;
	return len;
}

/* Where it stands in a packet that was cut, if it was; len: what is behind the header, of which a
 * fragment that others follow has whole units. Returns the field. */
static uint16_t
fragment4(struct random *r, size_t *len)
{
	uint16_t field = random_hit(r, 3) ? WIRE_IPV4_DONT : 0;

	if (!random_hit(r, 6) || *len < UNIT)
		return field;
	if (random_hit(r, 2)) {
		*len -= *len % UNIT;
		field |= WIRE_IPV4_MORE;
		if (random_hit(r, 2))
			return field;
	}
	return (uint16_t)(field | (1 + random_number(r, random_hit(r, 8) ? 7900 : 300)));
}

size_t
valid4(struct random *r, uint32_t source_be, uint32_t target_be, size_t most, uint8_t *out)
{
	struct wire_ipv4 h = {.tos = (uint8_t)random_number(r, 256),
		.id = (uint16_t)random_number(r, 65536),
		.ttl = hops(r),
		.protocol = protocols[random_number(r, sizeof(protocols))],
		.source_be = source_be,
		.target_be = target_be};
	size_t header = WIRE_IPV4, behind;

	assert(most >= WIRE_IPV4_MOST);
	if (random_hit(r, 5))
		header += options(r, out + WIRE_IPV4);
	behind = length(r, header, most) - header;
	h.fragment = fragment4(r, &behind);
	h.length = (uint16_t)(header + behind);
	wire_ipv4_write(out, &h);
	out[0] = (uint8_t)(0x40 | header / 4);
	random_bytes(r, out + header, behind);
	wire_ipv4_finish(out);
	return header + behind;
}

/* Extension headers in an order that RFC 8200 section 4.1 has, and what follows them: *next says
 * what stands first. Returns where what they end with begins; *units: it has whole units only. */
static size_t
extensions(struct random *r, uint8_t *out, uint8_t *next, uint8_t last, bool *units)
{
	static const uint8_t kinds[] = {
		WIRE_TARGET_OPTIONS, WIRE_ROUTING, WIRE_FRAGMENT, WIRE_TARGET_OPTIONS};
	unsigned n = random_number(r, EXTENSIONS_MOST + 1);
	bool cut = false;
	size_t at = WIRE_IPV6;

	for (unsigned i = 0; i < n; i++) {
		uint8_t kind = i == 0 && random_hit(r, 3) ? WIRE_HOP_BY_HOP
							  : kinds[random_number(r, sizeof(kinds))];
		size_t bytes = 8 * (1 + random_number(r, 4));
		uint16_t field;

		if (kind == WIRE_FRAGMENT && cut)
			continue;
		if (kind == WIRE_FRAGMENT)
			bytes = WIRE_FRAGMENT_HEADER;
		*next = kind;
		next = out + at;
		random_bytes(r, out + at, bytes);
		if (kind == WIRE_ROUTING)
			out[at + 2] |= 1; /* any type but the one that none may have */
		out[at + 1] = (uint8_t)(bytes / 8 - 1);
		at += bytes;
		if (kind != WIRE_FRAGMENT)
			continue;
		cut = true;
		out[at - 7] = 0;
		field = (uint16_t)(random_hit(r, 2) ? 0 : random_number(r, 300) << 3);
		*units = random_hit(r, 2);
		wire_put16(out + at - 6, field | *units);
		if (field != 0)
			break; /* what follows is out of the middle of something */
	}
	*next = last;
	return at;
}

size_t
valid6(struct random *r, const uint8_t source[16], const uint8_t target[16], size_t most,
	uint8_t *out)
{
	uint8_t last =
		random_hit(r, 10) ? WIRE_NOTHING : protocols[random_number(r, sizeof(protocols))];
	struct wire_ipv6 h = {.traffic_class = (uint8_t)random_number(r, 256),
		.flow = random_number(r, 1 << 20),
		.hops = hops(r)};
	size_t at = WIRE_IPV6, len;
	bool units = false;

	if (last == WIRE_ICMP)
		last = WIRE_ICMPV6;
	h.next = last;
	if (random_hit(r, 3))
		at = extensions(r, out, &h.next, last, &units);
	assert(at <= most);
	len = length(r, at, most);
	if (units)
		len -= (len - at) % UNIT;
	memcpy(h.source, source, sizeof(h.source));
	memcpy(h.target, target, sizeof(h.target));
	h.payload = (uint16_t)(len - WIRE_IPV6);
	wire_ipv6_write(out, &h);
	random_bytes(r, out + at, len - at);
	return len;
}
