/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"

#include <errno.h>

enum { FAKE_FILES = 16 };

static const struct fake_file standard_files[] = {
	{"tunnel.secret", "tunnel-hush\n", 12, 0600, 0},
	{"alice.secret", "alice-hush\n", 11, 0600, 0},
	{"bob.secret", "bob-hush", 8, 0600, 0},
	{"headquarters.secret", "hq-hush\n", 8, 0600, 0},
	{"isp.secret", "isp-hush\n", 9, 0600, 0},
	{"branch-7.secret", "branch-hush\n", 12, 0600, 0},
	{"users.txt", "# comment\n\ncarol:carol-hush\n", 28, 0600, 0},
	{"folder/tunnel.secret", "folder-hush\r\n", 13, 0600, 0},
};

static struct fake_file files[FAKE_FILES];
static size_t n_files;

static const char ports[] = "ports:\n  - { name: wan, device: \"af_packet:lns0\" }\n";
static const char listeners[] = "listeners:\n  - { address: 192.0.2.1/24 }\n";
static const char tunnels[] = "tunnels:\n  secrets:\n    - { secret-file: tunnel.secret }\n";
static const char groups[] =
	"groups:\n  - { name: clients, address: 10.88.0.1, pool: 10.88.1.0/24 }\n";
static const char *const sections[] = {ports, listeners, tunnels, groups};

const char *
with_rest(char *out, size_t capacity, const char *snippet)
{
	int used = snprintf(out, capacity, "%s", snippet);

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		size_t key = strcspn(sections[i], ":") + 1;
		const char *at = snippet;

		/* the key at the beginning of a line */
		while (at != NULL && strncmp(at, sections[i], key) != 0) {
			at = strchr(at, '\n');
			at += at != NULL;
		}
		if (at == NULL)
			used += snprintf(out + used, capacity - (size_t)used, "%s", sections[i]);
		assert_true(used > 0 && (size_t)used < capacity);
	}
	return out;
}

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

const struct cfg_files fake_files = {.read = read_fake};

void
load_as(struct loaded *t, const char *file, const char *text, size_t len)
{
	size_t used = 0;

	*t = (struct loaded){0};
	t->rc = cfg_load(file, text, len, &fake_files, &t->errors, &t->cfg);
	for (size_t i = 0; i < t->errors.n && used < sizeof(t->text) - 1024; i++) {
		cfg_error_text(&t->errors.items[i], t->text + used, 1024);
		used += strlen(t->text + used);
		used += (size_t)sprintf(t->text + used, "\n");
	}
	assert_int_equal(t->rc == 0, t->cfg != NULL);
	assert_true(t->rc == 0 || t->rc == CV_ERR_CONFIG || t->rc == CV_ERR_NOMEM);
	if (t->rc != CV_ERR_NOMEM)
		assert_int_equal(t->rc == 0, t->errors.errors == 0);
	/* every secret of the fake files says "hush", and no error may */
	assert_null(strstr(t->text, "hush"));
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
wants_errors(const char *snippet, const char *lines)
{
	static char text[64 * 1024];
	struct loaded t;

	load(&t, with_rest(text, sizeof(text), snippet));
	assert_string_equal(t.text, lines);
	unload(&t);
}

void
wants_all(const struct bad *bad, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wants_errors(bad[i].snippet, bad[i].lines);
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
