/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration file, with files that exist in memory alone. */
#include <errno.h>
#include <stdlib.h>

#include "config/client.h"
#include "config/diff.h"
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

static const struct cfg_files files = {.read = read_file};

static const char base[] = "ports: [{name: wan, device: 'tap:a'}]\n"
			   "listeners: [{address: 192.0.2.1/24}]\n"
			   "tunnels: {secrets: [{secret-file: a}, {secret: none}]}\n"
			   "groups: [{name: clients, address: 10.88.0.1, pool: 10.88.1.0/24}]\n"
			   "users-file: users\n";

/* As the reload of what runs, of another file: every entry has a path, and no secret. */
static void
compare(struct cfg *cfg)
{
	char path[CFG_PATH_TEXT], was[CFG_VALUE_TEXT], is[CFG_VALUE_TEXT];
	struct cfg_errors errors = {0};
	struct cfg_diff diff;
	struct cfg *old;

	FUZZ_CHECK(cfg_load("f.yaml", base, sizeof(base) - 1, &files, &errors, &old) == 0);
	cfg_errors_free(&errors);
	FUZZ_CHECK(cfg_continue(cfg, old) == 0);
	FUZZ_CHECK(cfg_diff(old, cfg, &diff) == 0);
	cfg_free(old);
	for (size_t i = 0; i < diff.n; i++) {
		const struct cfg_change *c = &diff.changes[i];
		const char *texts[] = {cfg_change_old(&diff, c, was), cfg_change_new(&diff, c, is)};

		FUZZ_CHECK(cfg_change_path(c, path)[0] != '\0' && strlen(path) < sizeof(path) - 1);
		FUZZ_CHECK(cfg_effect_name(c->effect)[0] != '\0');
		FUZZ_CHECK(!c->secret || (texts[0] == NULL && texts[1] == NULL));
	}
	cfg_diff_free(&diff);
	FUZZ_CHECK(cfg_diff(cfg, cfg, &diff) == 0 && diff.n == 0);
	cfg_diff_free(&diff);
}

/* The same bytes as the client's configuration. */
static void
client(const uint8_t *data, size_t len)
{
	struct cfg_errors errors = {0};
	struct cfg_client *cfg = NULL;
	int rc = cfg_client_load("f.yaml", (const char *)data, len, &files, &errors, &cfg);

	FUZZ_CHECK(rc == 0 || rc == CV_ERR_CONFIG);
	FUZZ_CHECK((rc == 0) == (cfg != NULL) && (rc == 0) == (errors.errors == 0));
	if (rc == 0)
		FUZZ_CHECK(cfg_connection_find(cfg, cfg->connections[0].name) != NULL);
	cfg_client_free(cfg);
	cfg_errors_free(&errors);
}

int
fuzz_one(const uint8_t *data, size_t len)
{
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
	if (rc == 0)
		compare(cfg);
	cfg_free(cfg);
	cfg_errors_free(&errors);
	client(data, len);
	return 0;
}
