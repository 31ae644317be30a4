/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a session lives. The control side draws random session IDs until this function names a
 * free slot, and stores the session there, in its own table and in the data path's. So every
 * look-up finds its session at the first touch, with no probe chain, and the IDs stay
 * unguessable.
 */
#ifndef CV_SLOT_H
#define CV_SLOT_H

#include <stdint.h>

/* The mask of a table for so many sessions: at least twice as many slots, less one. */
static inline uint32_t
cv_slot_mask(uint32_t sessions)
{
	uint32_t slots = 64;

	while (slots < UINT32_C(0x80000000) && slots / 2 < sessions)
		slots *= 2;
	return slots - 1;
}

/*
 * local_address: index of the listener; seed: random, per process; mask: table size (a power of
 * two, at least twice the sessions allowed) minus one.
 */
static inline uint32_t
cv_session_slot(uint64_t seed, uint16_t local_address, uint16_t tunnel_id, uint16_t session_id,
	uint32_t mask)
{
	uint64_t key = (uint64_t)local_address << 32 | (uint32_t)tunnel_id << 16 | session_id;

	key = (key ^ seed) * UINT64_C(0x9e3779b97f4a7c15);
	key ^= key >> 32;
	key *= UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(key >> 32) & mask;
}

#endif
