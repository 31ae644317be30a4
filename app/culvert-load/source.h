/* SPDX-License-Identifier: BSD-3-Clause */
/* Which UDP port each tunnel comes from, where none was named. */
#ifndef LOAD_SOURCE_H
#define LOAD_SOURCE_H

#include <stdint.h>

#include "crypto/crypto.h"

enum {
	SOURCE_FIRST = 1024,
	SOURCE_PORTS = 65536 - SOURCE_FIRST, /* that a random one is one of */
};

/* Of n tunnels, of which tunnel t has address t % addresses: random, and each its own on its
 * address; at most SOURCE_PORTS have the same. */
void source_choose(struct crypto *c, uint16_t *ports, uint32_t n, uint32_t addresses);

#endif
