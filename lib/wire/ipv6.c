/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/ipv6.h"

bool
wire_ipv6_read(const uint8_t *ip, size_t len, struct wire_ipv6 *h)
{
	uint32_t first;

	if (len < WIRE_IPV6 || wire_ip_version(ip) != 6)
		return false;
	first = wire_get32(ip);
	*h = (struct wire_ipv6){.traffic_class = (uint8_t)(first >> 20),
		.flow = first & UINT32_C(0xfffff),
		.payload = wire_get16(ip + WIRE_IPV6_LENGTH),
		.next = ip[WIRE_IPV6_NEXT],
		.hops = ip[WIRE_IPV6_HOPS]};
	memcpy(h->source, ip + WIRE_IPV6_SOURCE, WIRE_IPV6_ADDRESS);
	memcpy(h->target, ip + WIRE_IPV6_TARGET, WIRE_IPV6_ADDRESS);
	return h->payload <= len - WIRE_IPV6;
}

static void
take_fragment(const uint8_t *header, struct wire_upper *upper)
{
	uint16_t field = wire_get16(header + 2);

	upper->fragment = true;
	upper->offset = field & 0xfff8;
	upper->later = upper->offset != 0;
	upper->more = (field & 1) != 0;
	upper->id = wire_get32(header + 4);
}

/* Within `end` bytes. */
static bool
walk(const uint8_t *ip, size_t end, struct wire_upper *upper)
{
	*upper = (struct wire_upper){.protocol = ip[WIRE_IPV6_NEXT], .at = WIRE_IPV6};
	for (unsigned n = 0; wire_ipv6_is_extension(upper->protocol) && !upper->later; n++) {
		const uint8_t *header = ip + upper->at;
		size_t bytes;

		if (n == WIRE_IPV6_HEADERS_MOST || upper->at + 8 > end ||
			(upper->protocol == WIRE_HOP_BY_HOP && n != 0) ||
			(upper->protocol == WIRE_FRAGMENT && upper->fragment))
			return false;
		bytes = upper->protocol == WIRE_FRAGMENT ? WIRE_FRAGMENT_HEADER
							 : ((size_t)header[1] + 1) * 8;
		if (bytes > end - upper->at)
			return false;
		if (upper->protocol == WIRE_FRAGMENT)
			take_fragment(header, upper);
		if (upper->protocol == WIRE_ROUTING && header[3] != 0)
			upper->routed = true;
		if (upper->protocol == WIRE_ROUTING && header[WIRE_ROUTING_TYPE] == 0)
			upper->source_route = true;
		upper->protocol = header[0];
		upper->at += bytes;
	}
	return true;
}

bool
wire_ipv6_upper(const uint8_t *ip, size_t len, struct wire_upper *upper)
{
	size_t end = WIRE_IPV6 + (size_t)wire_get16(ip + WIRE_IPV6_LENGTH);

	*upper = (struct wire_upper){.protocol = WIRE_NOTHING};
	return end <= len && walk(ip, end, upper);
}

bool
wire_ipv6_upper_of_part(const uint8_t *ip, size_t len, struct wire_upper *upper)
{
	size_t end = WIRE_IPV6 + (size_t)wire_get16(ip + WIRE_IPV6_LENGTH);

	return walk(ip, end < len ? end : len, upper);
}

void
wire_ipv6_solicited(const uint8_t address[WIRE_IPV6_ADDRESS], uint8_t out[WIRE_IPV6_ADDRESS])
{
	static const uint8_t prefix[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};

	memcpy(out, prefix, sizeof(prefix));
	memcpy(out + 13, address + 13, 3);
}

void
wire_ipv6_multicast_mac(const uint8_t address[WIRE_IPV6_ADDRESS], uint8_t mac[6])
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, address + 12, 4);
}

void
wire_ipv6_of_mac(const uint8_t mac[6], uint8_t out[WIRE_IPV6_ADDRESS])
{
	memset(out, 0, 8);
	out[0] = 0xfe;
	out[1] = 0x80;
	memcpy(out + 8, mac, 3);
	out[8] ^= 2; /* the universal/local bit, inverted */
	out[11] = 0xff;
	out[12] = 0xfe;
	memcpy(out + 13, mac + 3, 3);
}
