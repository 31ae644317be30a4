/* SPDX-License-Identifier: BSD-3-Clause */
/* What the list of a filter says of a packet, which is its client's or for him. */
#include "datapath/worker/permit.h"

static uint64_t
half(const uint8_t *bytes)
{
	return rte_be_to_cpu_64(wire_load64(bytes));
}

enum dp_rules_say
dp_list_ask(const struct dp_filter_table *t, enum dp_direction way, bool six, const uint8_t *ip,
	uint8_t protocol, const uint8_t *ports)
{
	struct dp_rules_key key;
	const uint8_t *from = ip + (six ? WIRE_IPV6_SOURCE : WIRE_IPV4_SOURCE);
	const uint8_t *to = ip + (six ? WIRE_IPV6_TARGET : WIRE_IPV4_TARGET);
	const uint8_t *client = way == DP_IN ? from : to, *peer = way == DP_IN ? to : from;
	uint16_t source = ports == NULL ? 0 : wire_get16(ports);
	uint16_t target = ports == NULL ? 0 : wire_get16(ports + 2);

	key.at[DP_DIM_PEER] = six ? half(peer) : wire_get32(peer);
	key.at[DP_DIM_CLIENT] = six ? half(client) : wire_get32(client);
	key.at[DP_DIM_PEER_PORT] = way == DP_IN ? target : source;
	key.at[DP_DIM_CLIENT_PORT] = way == DP_IN ? source : target;
	key.at[DP_DIM_PROTOCOL] = protocol;
	key.at[DP_DIM_PEER_LOW] = six ? half(peer + 8) : 0;
	key.at[DP_DIM_CLIENT_LOW] = six ? half(client + 8) : 0;
	return dp_rules_ask(t->listed, six, way, &key);
}

bool
dp_list_permits_plain(
	const struct dp_filter_table *t, unsigned ways, bool six, const uint8_t *ip, unsigned len)
{
	uint8_t protocol = six ? ip[WIRE_IPV6_NEXT] : ip[WIRE_IPV4_PROTOCOL];
	uint8_t verdict = t->verdict[protocol];
	unsigned header = six ? WIRE_IPV6 : WIRE_IPV4;
	uint16_t fragment = six ? 0 : wire_ipv4_fragment_be(ip);
	const uint8_t *ports = NULL;

	if (verdict != DP_BY_LIST && verdict != DP_BY_LIST_PORTS)
		return false;
	if ((fragment & (WIRE_IPV4_MORE_BE | WIRE_IPV4_OFFSET_BE)) == WIRE_IPV4_MORE_BE)
		return false;
	if (protocol == WIRE_TCP && (six || dp_tcp_opens4(ip, len)))
		return false;
	if (verdict == DP_BY_LIST_PORTS) {
		if ((fragment & WIRE_IPV4_OFFSET_BE) != 0 || len < header + DP_PORTS)
			return false;
		ports = ip + header;
	}
	for (unsigned way = DP_IN; way <= DP_OUT; way++)
		if ((ways >> way & 1) != 0 && dp_list_ask(t, (enum dp_direction)way, six, ip,
						      protocol, ports) != DP_RULES_PERMIT)
			return false;
	return true;
}
