/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/nd.h"

static const uint8_t all_nodes[WIRE_IPV6_ADDRESS] = {0xff, 0x02, [15] = 1};

/* Options: all must have a length; the link-layer address of Ethernet has 6 bytes. */
static bool
read_options(const uint8_t *nd, size_t len, uint8_t wanted, const uint8_t **mac)
{
	*mac = NULL;
	for (size_t at = WIRE_ND_OPTIONS; at < len;) {
		size_t bytes;

		if (len - at < 2 || nd[at + 1] == 0)
			return false;
		bytes = (size_t)nd[at + 1] * 8;
		if (bytes > len - at)
			return false;
		if (nd[at] == wanted && bytes == 8)
			*mac = nd + at + 2;
		at += bytes;
	}
	return true;
}

static bool
is_solicited_node(const uint8_t *target, const uint8_t *about)
{
	uint8_t expected[WIRE_IPV6_ADDRESS];

	wire_ipv6_solicited(about, expected);
	return wire_ipv6_equal(target, expected);
}

bool
wire_nd_read(const uint8_t *ip, size_t len, struct wire_nd *out)
{
	const uint8_t *nd = ip + WIRE_IPV6;
	struct wire_ipv6 h;
	bool solicit;

	if (!wire_ipv6_read(ip, len, &h) || h.next != WIRE_ICMPV6 || h.hops != WIRE_ND_HOPS ||
		h.payload < WIRE_ND_OPTIONS)
		return false;
	if ((nd[0] != WIRE_ND_SOLICIT && nd[0] != WIRE_ND_ADVERT) || nd[WIRE_ICMP_CODE] != 0 ||
		!wire_icmpv6_sum_right(nd, h.payload, h.source, h.target))
		return false;
	solicit = nd[0] == WIRE_ND_SOLICIT;
	*out = (struct wire_nd){.type = nd[0],
		.flags = solicit ? 0 : nd[4],
		.source = ip + WIRE_IPV6_SOURCE,
		.target = ip + WIRE_IPV6_TARGET,
		.about = nd + WIRE_ND_TARGET};
	if (wire_ipv6_multicast(out->about) || wire_ipv6_multicast(out->source))
		return false;
	if (!read_options(nd, h.payload, solicit ? WIRE_ND_OPTION_SOURCE : WIRE_ND_OPTION_TARGET,
		    &out->mac))
		return false;
	if (!solicit) /* nobody was asked by all nodes */
		return !wire_ipv6_unspecified(out->source) &&
		       (!wire_ipv6_multicast(out->target) || (out->flags & WIRE_ND_SOLICITED) == 0);
	return !wire_ipv6_unspecified(out->source) ||
	       (out->mac == NULL && is_solicited_node(out->target, out->about));
}

/* Header, message and option around what the caller gives. */
static size_t
write_packet(uint8_t *ip, const uint8_t *source, const uint8_t *target, uint8_t type, uint8_t flags,
	const uint8_t *about, const uint8_t *mac)
{
	size_t bytes = WIRE_ND_OPTIONS + (mac != NULL ? 8 : 0);
	struct wire_ipv6 h = {
		.next = WIRE_ICMPV6, .hops = WIRE_ND_HOPS, .payload = (uint16_t)bytes};
	uint8_t *nd = ip + WIRE_IPV6;

	memcpy(h.source, source, WIRE_IPV6_ADDRESS);
	memcpy(h.target, target, WIRE_IPV6_ADDRESS);
	wire_ipv6_write(ip, &h);
	memset(nd, 0, WIRE_ND_TARGET);
	nd[0] = type;
	nd[4] = flags;
	memcpy(nd + WIRE_ND_TARGET, about, WIRE_IPV6_ADDRESS);
	if (mac != NULL) {
		nd[WIRE_ND_OPTIONS] =
			type == WIRE_ND_SOLICIT ? WIRE_ND_OPTION_SOURCE : WIRE_ND_OPTION_TARGET;
		nd[WIRE_ND_OPTIONS + 1] = 1;
		memcpy(nd + WIRE_ND_OPTIONS + 2, mac, 6);
	}
	wire_icmpv6_finish(nd, bytes, h.source, h.target);
	return WIRE_IPV6 + bytes;
}

size_t
wire_nd_write_solicit(uint8_t *ip, const uint8_t source[WIRE_IPV6_ADDRESS], const uint8_t mac[6],
	const uint8_t *to, const uint8_t about[WIRE_IPV6_ADDRESS])
{
	uint8_t group[WIRE_IPV6_ADDRESS];

	wire_ipv6_solicited(about, group);
	return write_packet(ip, source, to != NULL ? to : group, WIRE_ND_SOLICIT, 0, about,
		wire_ipv6_unspecified(source) ? NULL : mac);
}

size_t
wire_nd_write_advert(
	uint8_t *ip, const struct wire_nd *solicit, const uint8_t mac[6], uint8_t flags)
{
	bool from_nobody = wire_ipv6_unspecified(solicit->source);

	return write_packet(ip, solicit->about, from_nobody ? all_nodes : solicit->source,
		WIRE_ND_ADVERT, (uint8_t)(flags | (from_nobody ? 0 : WIRE_ND_SOLICITED)),
		solicit->about, mac);
}
