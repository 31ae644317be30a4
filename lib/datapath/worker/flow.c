/* SPDX-License-Identifier: BSD-3-Clause */
#include "datapath/worker/flow.h"

#include "wire/ipv4.h"
#include "wire/ipv6.h"

/* What tells flows between two hosts apart, of len bytes behind the headers. */
static uint32_t
id_of(uint8_t protocol, const uint8_t *at, size_t len)
{
	enum { AH_SPI = 4 };

	switch (protocol) {
	case WIRE_TCP:
	case WIRE_UDP:
	case WIRE_SCTP:
	case WIRE_ESP:
		return len < 4 ? 0 : wire_load32(at);
	case WIRE_AH:
		return len < AH_SPI + 4 ? 0 : wire_load32(at + AH_SPI);
	default:
		return 0;
	}
}

static uint64_t
mix(uint64_t sum, uint64_t more)
{
	return dp_hash64(sum ^ more);
}

static uint32_t
flow4(const struct dp *dp, const uint8_t *ip, size_t len)
{
	unsigned header = wire_ipv4_header(ip);
	uint8_t protocol = ip[WIRE_IPV4_PROTOCOL];
	bool whole = (wire_ipv4_fragment_be(ip) & (WIRE_IPV4_MORE_BE | WIRE_IPV4_OFFSET_BE)) == 0;
	uint32_t id = whole && len > header ? id_of(protocol, ip + header, len - header) : 0;
	uint64_t hosts = (uint64_t)wire_ipv4_source_be(ip) << 32 | wire_ipv4_target_be(ip);

	return dp_hash(dp, mix(mix(dp->slot_seed, hosts), (uint64_t)id << 8 | protocol));
}

static uint32_t
flow6(const struct dp *dp, const uint8_t *ip, size_t len)
{
	struct wire_upper upper;
	uint64_t sum = dp->slot_seed;
	uint32_t id = 0;

	if (!wire_ipv6_upper(ip, len, &upper))
		upper = (struct wire_upper){.protocol = WIRE_NOTHING};
	else if (!upper.fragment && upper.at < len)
		id = id_of(upper.protocol, ip + upper.at, len - upper.at);
	for (unsigned i = 0; i < 2 * WIRE_IPV6_ADDRESS; i += 8)
		sum = mix(sum, wire_load64(ip + WIRE_IPV6_SOURCE + i));
	return dp_hash(dp, mix(sum, (uint64_t)id << 8 | upper.protocol));
}

uint32_t
dp_flow_of(const struct dp *dp, const uint8_t *inner, uint16_t len, bool six)
{
	return six ? flow6(dp, inner, len) : flow4(dp, inner, len);
}
