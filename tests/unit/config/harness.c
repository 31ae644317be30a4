/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"

#include <errno.h>

enum { FAKE_FILES = 16 };

static const struct fake_file standard_files[] = {
	{"tunnel.secret", "tunnel-hush\n", 12, 0600, 0},
	{"alice.secret", "alice-hush\n", 11, 0600, 0},
	{"bob.secret", "bob-hush", 8, 0600, 0},
	{"users.txt", "# comment\n\ncarol:carol-hush\n", 28, 0600, 0},
	{"folder/tunnel.secret", "folder-hush\r\n", 13, 0600, 0},
};

static struct fake_file files[FAKE_FILES];
static size_t n_files;

const char minimal[] = "ports:\n"
		       "  - { name: wan, device: \"af_packet:lns0\" }\n"
		       "listeners:\n"
		       "  - { address: 192.0.2.1/24 }\n"
		       "tunnels:\n"
		       "  secrets:\n"
		       "    - { secret-file: tunnel.secret }\n"
		       "groups:\n"
		       "  - { name: clients, address: 10.88.0.1, pool: 10.88.1.0/24 }\n";

void
files_reset(void)
{
	n_files = 0;
}

void
file_set(const char *path, const char *bytes, size_t len, unsigned mode, int error)
{
	assert_true(n_files < FAKE_FILES);
	files[n_files++] = (struct fake_file){path, bytes, len, mode, error};
}

static const struct fake_file *
find(const char *path)
{
	for (size_t i = 0; i < n_files; i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	for (size_t i = 0; i < sizeof(standard_files) / sizeof(standard_files[0]); i++)
		if (strcmp(standard_files[i].path, path) == 0)
			return &standard_files[i];
	return NULL;
}

static int
read_fake(void *ctx, const char *path, size_t max, uint8_t **data, size_t *len, unsigned *mode)
{
	const struct fake_file *file = find(path);

	(void)ctx;
	if (file == NULL || file->error != 0 || file->len > max) {
		errno = file == NULL ? ENOENT : file->error != 0 ? file->error : EFBIG;
		return CV_ERR_IO;
	}
	*data = malloc(file->len + 1);
	assert_non_null(*data);
	memcpy(*data, file->bytes, file->len);
	*len = file->len;
	*mode = file->mode;
	return 0;
}

void
load_as(struct loaded *t, const char *file, const char *text, size_t len)
{
	static const struct cfg_files fake = {.read = read_fake};
	size_t used = 0;

	*t = (struct loaded){0};
	t->rc = cfg_load(file, text, len, &fake, &t->errors, &t->cfg);
	for (size_t i = 0; i < t->errors.n && used < sizeof(t->text) - 1024; i++) {
		cfg_error_text(&t->errors.items[i], t->text + used, 1024);
		used += strlen(t->text + used);
		used += (size_t)sprintf(t->text + used, "\n");
	}
	assert_int_equal(t->rc == 0, t->cfg != NULL);
	assert_int_equal(t->rc == 0, t->errors.errors == 0);
}

void
load_bytes(struct loaded *t, const char *text, size_t len)
{
	load_as(t, "t.yaml", text, len);
}

void
load(struct loaded *t, const char *text)
{
	load_bytes(t, text, strlen(text));
}

void
unload(struct loaded *t)
{
	cfg_free(t->cfg);
	cfg_errors_free(&t->errors);
}

void
wants_errors(const char *text, const char *lines)
{
	struct loaded t;

	load(&t, text);
	assert_string_equal(t.text, lines);
	unload(&t);
}

char *
read_source(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *bytes = calloc(1, 64 * 1024);

	assert_non_null(f);
	assert_non_null(bytes);
	*len = fread(bytes, 1, 64 * 1024 - 1, f);
	fclose(f);
	return bytes;
}
