/* SPDX-License-Identifier: BSD-3-Clause */
/* No target: planted.sh sees that the first input is found, and that the second is not. */
#include "fuzz.h"

#include <unistd.h>

int
fuzz_one(const uint8_t *data, size_t len)
{
	static volatile unsigned n;

	while (len == 4 && memcmp(data, "spin", 4) == 0)
		n++;
	if (len == 4 && memcmp(data, "wait", 4) == 0)
		sleep(3); /* as on a busy machine: time passes, and none of it is ours */
	return 0;
}
