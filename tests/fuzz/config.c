/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration file, with files that exist in memory alone. */
#include <errno.h>
#include <stdlib.h>

#include "config/config.h"
#include "fuzz.h"

static int
read_file(void *ctx, const char *path, size_t max, uint8_t **data, size_t *len, unsigned *mode)
{
	static const char users[] = "carol:hush\n# none\ndave:hush:clients:10.88.1.9\n";
	const char *text = strstr(path, "users") != NULL ? users : "hush\n";

	(void)ctx;
	(void)max;
	errno = ENOENT;
	if (strstr(path, "no") != NULL)
		return CV_ERR_IO;
	*len = strlen(text);
	*data = malloc(*len + 1);
	FUZZ_CHECK(*data != NULL);
	memcpy(*data, text, *len + 1);
	*mode = strstr(path, "open") != NULL ? 0644 : 0600;
	return 0;
}

int
fuzz_one(const uint8_t *data, size_t len)
{
	static const struct cfg_files files = {.read = read_file};
	struct cfg_errors errors = {0};
	struct cfg *cfg = NULL;
	char text[1024];
	int rc = cfg_load("f.yaml", (const char *)data, len, &files, &errors, &cfg);

	FUZZ_CHECK(rc == 0 || rc == CV_ERR_CONFIG);
	FUZZ_CHECK((rc == 0) == (cfg != NULL) && (rc == 0) == (errors.errors == 0));
	for (size_t i = 0; i < errors.n; i++)
		FUZZ_CHECK(strlen(cfg_error_text(&errors.items[i], text, sizeof(text))) > 10);
	if (rc == 0)
		FUZZ_CHECK(cfg->n_ports > 0 && cfg->n_listeners > 0 && cfg->n_groups > 0);
	cfg_free(cfg);
	cfg_errors_free(&errors);
	return 0;
}
