/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration, out of its file. */
#include <stdlib.h>

#include "common/files.h"
#include "daemon.h"

int
daemon_read_config(const char *path, struct cfg_errors *errors, struct cfg **out)
{
	static const struct cfg_files files = {.read = files_read};
	uint8_t *text;
	size_t len;
	unsigned mode;
	int rc;

	*out = NULL;
	if (files_read(NULL, path, CFG_FILE_MAX, &text, &len, &mode) != 0)
		return CV_ERR_IO;
	rc = cfg_load(path, (const char *)text, len, &files, errors, out);
	free(text);
	return rc;
}

struct cfg *
daemon_load_config(const char *path)
{
	struct cfg_errors errors = {0};
	struct cfg *cfg;
	int rc = daemon_read_config(path, &errors, &cfg);

	files_print_errors("culvertd", path, rc, &errors);
	cfg_errors_free(&errors);
	return rc == 0 ? cfg : NULL;
}
