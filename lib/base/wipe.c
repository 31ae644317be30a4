/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/wipe.h"

#include <string.h>

void
cv_wipe(void *buf, size_t len)
{
	if (len != 0)
		explicit_bzero(buf, len);
}
