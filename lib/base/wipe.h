/* SPDX-License-Identifier: BSD-3-Clause */
/* Secrets leave no copy behind. */
#ifndef CV_WIPE_H
#define CV_WIPE_H

#include <stddef.h>

/* Makes bytes zeros that no compiler leaves out as dead. NULL with len 0 is taken. */
void cv_wipe(void *buf, size_t len);

#endif
