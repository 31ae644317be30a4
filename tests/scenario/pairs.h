/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations by chance, of few names each, so that two of them have much in common. */
#ifndef SCENARIO_PAIRS_H
#define SCENARIO_PAIRS_H

#include <stddef.h>
#include <stdint.h>

enum {
	PAIRS_LISTENERS = 4,
	PAIRS_FILTERS = 3,
	PAIRS_GROUPS = 5,
	PAIRS_REALMS = 2,
	PAIRS_VLANS = 4,
	PAIRS_INTERFACES = 4,
	PAIRS_ROUTES = 3,
	PAIRS_USERS = 8, /* u0 ..., all with the password of secret files named "alice" */
	PAIRS_TEXT = 8192,
};

/* Writes YAML for a seed into out, of PAIRS_TEXT bytes; the same for the same seed. A variant (0:
 * the thing itself) is another in some of its choices. */
void pairs_config(uint64_t seed, uint64_t variant, char *out);

#endif
