/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of IPv4 headers (RFC 791 section 3.1): which may pass, and what an answer of ours writes
 * into those that record the way (RFC 1812 section 4.3.3.6). */
#include <rte_byteorder.h>

#include "datapath/worker/answers.h"

enum {
	STAMP_ALONE = 0,
	STAMP_WITH_ADDRESS = 1,
	STAMP_PRESPECIFIED = 3,
	OVERFLOW_MAX = 15,
};

bool
dp_options_harmless(const uint8_t *ip, unsigned header)
{
	for (unsigned at = WIRE_IPV4; at < header && ip[at] != WIRE_OPTION_END;) {
		if (ip[at] == WIRE_OPTION_NOP) {
			at++;
			continue;
		}
		if (ip[at] == WIRE_OPTION_LSRR || ip[at] == WIRE_OPTION_SSRR || at + 1 >= header ||
			ip[at + 1] < 2 || at + ip[at + 1] > header)
			return false;
		at += ip[at + 1];
	}
	return true;
}

/* option: type, length, pointer (from 1), addresses. */
static void
record_route(uint8_t *option, uint32_t us)
{
	unsigned pointer = option[2];

	if (pointer < 4 || pointer + 3 > option[1])
		return;
	wire_store32(option + pointer - 1, us);
	option[2] = (uint8_t)(pointer + 4);
}

/* option: type, length, pointer, overflow and flag, then times or addresses and times. */
static void
stamp(uint8_t *option, uint32_t us, uint32_t time_be)
{
	unsigned pointer = option[2], flag = option[3] & 15, bytes = flag == STAMP_ALONE ? 4 : 8;
	uint8_t *entry = option + pointer - 1;

	if (pointer < 5 ||
		(flag != STAMP_ALONE && flag != STAMP_WITH_ADDRESS && flag != STAMP_PRESPECIFIED))
		return;
	if (pointer + bytes - 1 > option[1]) {
		if (flag != STAMP_PRESPECIFIED && option[3] >> 4 != OVERFLOW_MAX)
			option[3] = (uint8_t)(option[3] + 16);
		return;
	}
	if (flag == STAMP_PRESPECIFIED && wire_load32(entry) != us)
		return;
	if (flag == STAMP_WITH_ADDRESS)
		wire_store32(entry, us);
	wire_store32(entry + bytes - 4, time_be);
	option[2] = (uint8_t)(pointer + bytes);
}

void
dp_options_record(uint8_t *ip, unsigned header, uint32_t us, uint32_t now_ms)
{
	/* not since midnight, which the highest bit says */
	uint32_t time_be = rte_cpu_to_be_32(now_ms | UINT32_C(0x80000000));

	for (unsigned at = WIRE_IPV4; at < header && ip[at] != WIRE_OPTION_END;) {
		if (ip[at] == WIRE_OPTION_NOP) {
			at++;
			continue;
		}
		if (ip[at] == WIRE_OPTION_RECORD_ROUTE && ip[at + 1] >= 3)
			record_route(ip + at, us);
		else if (ip[at] == WIRE_OPTION_TIMESTAMP && ip[at + 1] >= 4)
			stamp(ip + at, us, time_be);
		at += ip[at + 1];
	}
}
