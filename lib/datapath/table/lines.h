/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How session.c has a session's lines written: lines.c and reach.c. The control thread's.
 */
#ifndef DP_TABLE_LINES_H
#define DP_TABLE_LINES_H

#include <rte_byteorder.h>

#include "datapath/dp.h"

/* Its inner IPv4 address, in network order. */
static inline uint32_t
dp_lines_address(const struct dp_session *s)
{
	return rte_cpu_to_be_32(cv_ipv4_value(&s->address));
}

/* Whether workers may be at them, for either family. */
bool dp_lines_open(const struct dp *dp, uint32_t slot);
/* What may change under traffic. */
void dp_lines_write_profile(struct dp *dp, uint32_t slot);
/* What leads to it. */
uint32_t dp_lines_route_word(const struct dp *dp, uint32_t slot);
/* Where its address leads: it has a word, so this can't fail. */
void dp_lines_put_route(struct dp *dp, const struct dp_session *s, uint32_t word);
/* Takes away how its address is found, in the lines or in what waits to get there. */
void dp_lines_shut4(struct dp *dp, uint32_t slot);
/* Likewise its prefixes. */
void dp_lines_shut6(struct dp *dp, uint32_t slot);
/* Takes away how it is found at all. */
void dp_lines_unlink(struct dp *dp, uint32_t slot);

/* One family alone: not until it is told, or at once. */
void dp_reach_hold(struct dp *dp, uint32_t slot, bool six, bool held);
/* What the control thread was given to send leaves before any packet for it. Where the other
 * family waits too, it does so for as long. */
void dp_reach_tell(struct dp *dp, uint32_t slot, bool six);

#endif
