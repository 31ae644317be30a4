/* SPDX-License-Identifier: BSD-3-Clause */
/* Files for lib/config, which knows none: configurations, secrets, users. Any thread. */
#ifndef COMMON_FILES_H
#define COMMON_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

/* struct cfg_files.read: a whole file in new memory. 0, or CV_ERR_IO with errno. */
int files_read(
	void *ctx, const char *path, size_t max, uint8_t **data, size_t *len, unsigned *mode);

/* Says on stderr why a configuration was not loaded: rc, for CV_ERR_IO with errno, and each
 * finding. */
void files_print_errors(
	const char *program, const char *path, int rc, const struct cfg_errors *errors);

#endif
